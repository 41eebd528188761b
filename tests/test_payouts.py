"""The Payouts report: payouts with their charges, and what does not net."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from made_reports import codes, csv_bytes, read_payouts, workbook

from toolkit.model import ChargeType, Payouts, PayoutStatus
from toolkit.problems import Severity, stops_everything

PAYOUT_HEADER = ["id", "arrival_date", "amount", "statement_descriptor", "status", "created", "currency", "bank_last4"]
CHARGE_HEADER = ["payout_id", "balance_txn_id", "charge_id", "type", "gross", "fee", "net", "invoice_number", "team"]
CHARGE_HEADER += ["created", "available_on"]


def payout(payout_id: str = "po_1", amount: Any = "95.80", on: Any = "2026-01-09", status: str = "paid") -> list[Any]:
    return [payout_id, on, amount, "COWORKS", status, "2026-01-07", "usd", "4242"]


def charge(payout_id: str = "po_1", gross: Any = "100", fee: Any = "4.20", kind: str = "charge") -> list[Any]:
    net = "" if "" in (gross, fee) else f"{float(gross) - float(fee):.2f}"
    moment = "2026-01-07T15:00:00Z"
    return [payout_id, "txn_1", "ch_1", kind, gross, fee, net, "C957F1A7-0008", "Factory Inc.", moment, "2026-01-08"]


def report(folder: Path, payouts: list[list[Any]], charges: list[list[Any]]) -> Path:
    sheets = {"Payouts": [PAYOUT_HEADER, *payouts], "Charges": [CHARGE_HEADER, *charges]}
    return workbook(folder / "payouts.xlsx", sheets)


def read(folder: Path, payouts: list[list[Any]], charges: list[list[Any]]) -> Payouts:
    return read_payouts(report(folder, payouts, charges))


def test_a_payout_stands_with_its_charges(tmp_path: Path) -> None:
    found = read(tmp_path, [payout()], [charge()])
    assert found.problems == ()
    (one,) = found.payouts
    assert (one.payout_id, one.arrival_date, one.amount) == ("po_1", date(2026, 1, 9), one.charges[0].net)
    assert (one.status, one.bank_last4, one.currency) == (PayoutStatus.PAID, "4242", "USD")
    (row,) = one.charges
    assert (row.type, row.charge_id, row.created_on) == (ChargeType.CHARGE, "ch_1", date(2026, 1, 7))
    assert (row.gross, str(row.fee), row.invoice_number, row.team) == (100, "4.20", "C957F1A7-0008", "Factory Inc.")
    assert str(row.source) == "payouts.xlsx, tab Charges, row 2"
    assert [(file.name, file.rows) for file in found.files] == [("payouts.xlsx", 2)]


@pytest.mark.parametrize(
    ("said", "reads_as"),
    [
        ("charge", ChargeType.CHARGE),
        ("payment", ChargeType.CHARGE),
        ("Refund", ChargeType.REFUND),
        ("refund_failure", ChargeType.REFUND_FAILURE),
        ("charge_failure", ChargeType.CHARGE_FAILURE),
        ("dispute", ChargeType.DISPUTE),
        ("dispute_reversal", ChargeType.DISPUTE_REVERSAL),
        ("fee", ChargeType.FEE),
        ("other_adjustment", ChargeType.ADJUSTMENT),
        ("payout_reversal", ChargeType.PAYOUT_REVERSAL),
    ],
)
def test_56_57_58_67_every_kind_of_row_keeps_its_sign(tmp_path: Path, said: str, reads_as: ChargeType) -> None:
    found = read(tmp_path, [payout(amount="75.80")], [charge(), charge(gross="-20", fee="0", kind=said)])
    assert found.problems == ()
    assert [(one.type, int(one.gross)) for one in found.payouts[0].charges] == [
        (ChargeType.CHARGE, 100),
        (reads_as, -20),
    ]


@pytest.mark.parametrize("status", ["paid", "in_transit", "In Transit", "pending", "failed", "canceled"])
def test_63_every_status_is_kept(tmp_path: Path, status: str) -> None:
    found = read(tmp_path, [payout(status=status)], [charge()])
    assert found.payouts[0].status == status.lower().replace(" ", "_")


def test_62_a_negative_payout_is_read_as_one(tmp_path: Path) -> None:
    found = read(tmp_path, [payout(amount="(20.00)")], [charge(gross="-20", fee="0", kind="refund")])
    assert (found.problems, found.payouts[0].amount) == ((), -20)


def test_60_69_two_equal_payouts_of_one_day_are_two_and_one_may_span_the_months_end(tmp_path: Path) -> None:
    rows = [payout("po_2", on="2026-02-02"), payout("po_3"), payout("po_1")]
    found = read(tmp_path, rows, [charge(one) for one in ("po_1", "po_2", "po_3")])
    assert [one.payout_id for one in found.payouts] == ["po_1", "po_3", "po_2"]
    assert found.problems == ()


@pytest.mark.parametrize(
    ("status", "severity"), [("paid", Severity.ITEM), ("in_transit", Severity.NOTE), ("failed", Severity.NOTE)]
)
def test_charges_that_do_not_net_to_the_payout_are_named_with_the_difference(
    tmp_path: Path, status: str, severity: Severity
) -> None:
    found = read(tmp_path, [payout(amount="395.80", status=status)], [charge()])
    assert [(one.code, one.severity, one.key) for one in found.problems] == [("payout-does-not-net", severity, "po_1")]
    assert "difference 300.00" in found.problems[0].what
    assert len(found.payouts) == 1


def test_64_a_payout_without_detail_is_said(tmp_path: Path) -> None:
    path = workbook(tmp_path / "payouts.xlsx", {"Payouts": [PAYOUT_HEADER, payout()]})
    found = read_payouts(path)
    assert codes(found.problems) == ["payout-without-detail"]
    assert len(found.payouts) == 1


@pytest.mark.parametrize(("payout_id", "words"), [("po_9", "payout po_9"), ("", "no payout yet")])
def test_charges_of_no_payout_are_said_and_stop_nothing(tmp_path: Path, payout_id: str, words: str) -> None:
    found = read(tmp_path, [payout()], [charge(), charge(payout_id)])
    assert [(one.code, one.severity) for one in found.problems] == [("charges-without-payout", Severity.NOTE)]
    assert words in found.problems[0].what


@pytest.mark.parametrize(
    ("bad_payout", "bad_charge", "words"),
    [
        (payout(on="soon"), charge(), "is no date"),
        (payout(on=""), charge(), "no arrival date"),
        (payout(amount=""), charge(), "no amount"),
        (payout(status="lost"), charge(), "is no status"),
        (payout(), charge(kind="magic"), "is no type"),
        (payout(), [*charge()[:6], "95.81", *charge()[7:]], "is not net"),
    ],
)
def test_a_row_that_cannot_be_read_holds_its_payout(
    tmp_path: Path, bad_payout: list[Any], bad_charge: list[Any], words: str
) -> None:
    found = read(tmp_path, [bad_payout, payout("po_2")], [bad_charge, charge("po_2")])
    assert [one.payout_id for one in found.payouts] == ["po_2"]
    assert "unreadable-cell" in codes(found.problems)
    assert any(words in one.what and one.key == "po_1" for one in found.problems)


def test_one_payout_id_with_two_contents_holds_it_and_the_same_row_twice_is_one(tmp_path: Path) -> None:
    found = read(tmp_path, [payout(), payout(amount="1")], [charge()])
    assert (codes(found.problems), found.payouts) == (["duplicate-payout"], ())
    assert len(read(tmp_path, [payout(), payout()], [charge()]).payouts) == 1


def test_a_later_file_has_the_last_word_on_a_payout(tmp_path: Path) -> None:
    early, late = tmp_path / "a", tmp_path / "b"
    early.mkdir()
    late.mkdir()
    first = report(early, [payout(amount="50", status="in_transit")], [charge(gross="50", fee="0")])
    second = report(late, [payout()], [charge()])
    found = read_payouts(first, second)
    assert found.problems == ()
    assert [(one.status, len(one.charges)) for one in found.payouts] == [(PayoutStatus.PAID, 1)]


def test_stripes_own_names_of_columns_are_read(tmp_path: Path) -> None:
    (tmp_path / "charges.csv").write_bytes(
        csv_bytes(
            [
                [
                    "automatic_payout_id",
                    "balance_transaction_id",
                    "created_utc",
                    "reporting_category",
                    "gross",
                    "fee",
                    "net",
                ],
                ["po_1", "txn_1", "2026-01-08 03:00:00", "charge", "100.00", "4.20", "95.80"],
                ["po_1", "txn_2", "2026-01-09 03:00:00", "payout", "-95.80", "0.00", "-95.80"],
            ]
        )
    )
    (tmp_path / "payouts.csv").write_bytes(csv_bytes([PAYOUT_HEADER, payout()]))
    found = read_payouts(tmp_path / "payouts.csv", tmp_path / "charges.csv")
    assert found.problems == ()
    assert [(one.charge_id, one.created_on) for one in found.payouts[0].charges] == [("txn_1", date(2026, 1, 7))]


def test_last_four_digits_keep_the_zeros_that_a_number_lost(tmp_path: Path) -> None:
    row = payout()
    row[-1] = 42
    assert read(tmp_path, [row], [charge()]).payouts[0].bank_last4 == "0042"


def test_a_fee_or_a_net_that_is_missing_follows_from_the_others(tmp_path: Path) -> None:
    without_fee = [cell if at != 5 else "" for at, cell in enumerate(charge())]
    without_net = [cell if at != 6 else "" for at, cell in enumerate(charge("po_2"))]
    found = read(tmp_path, [payout(), payout("po_2")], [without_fee, without_net])
    assert found.problems == ()
    assert [str(one.charges[0].fee) for one in found.payouts] == ["4.20", "4.20"]


def test_a_charge_without_a_date_has_that_of_its_payout(tmp_path: Path) -> None:
    found = read(tmp_path, [payout()], [[*charge()[:9], "", ""]])
    assert found.payouts[0].charges[0].created_on == date(2026, 1, 9)


@pytest.mark.parametrize("column", ["arrival_date", "amount", "status", "id"])
def test_a_missing_column_is_one_file_problem(tmp_path: Path, column: str) -> None:
    at = PAYOUT_HEADER.index(column)
    rows = [[cell for place, cell in enumerate(one) if place != at] for one in (PAYOUT_HEADER, payout())]
    found = read_payouts(workbook(tmp_path / "payouts.xlsx", {"Payouts": rows}))
    assert codes(found.problems) == ["missing-column"]
    assert stops_everything(found.problems)


def test_a_header_of_their_own_is_named_under_columns(tmp_path: Path) -> None:
    header = ["Bank day" if one == "arrival_date" else one for one in PAYOUT_HEADER]
    path = workbook(tmp_path / "payouts.xlsx", {"Payouts": [header, payout()], "Charges": [CHARGE_HEADER, charge()]})
    assert codes(read_payouts(path).problems) == ["missing-column", "charges-without-payout"]
    assert read_payouts(path, columns={"arrival_date": ["Bank day"]}).problems == ()


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04cut"])
def test_91_an_empty_or_damaged_file_is_a_file_problem(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "payouts.xlsx").write_bytes(content)
    assert stops_everything(read_payouts(tmp_path / "payouts.xlsx").problems)


def test_the_report_of_another_month_is_a_file_problem(tmp_path: Path) -> None:
    found = read_payouts(report(tmp_path, [payout()], [charge()]), period="2026-03")
    assert codes(found.problems) == ["wrong-period"]


def test_no_payouts_is_a_month_too(tmp_path: Path) -> None:
    assert read_payouts().problems == ()
    assert read(tmp_path, [], []).problems == ()


def test_a_total_row_is_no_payout(tmp_path: Path) -> None:
    found = read(tmp_path, [payout(), ["Total", "", "95.80"]], [charge(), ["Total", "", "", "", 100, 4.2, 95.8]])
    assert (found.problems, len(found.payouts)) == ((), 1)
