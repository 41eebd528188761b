"""Months as one register, and what a later export no longer lists."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from made_reports import Row, codes, paid, read, report, row

from toolkit import billing
from toolkit.model import Billing, InvoiceStatus


def month(folder: Path, period: str, voids: str = "", **tabs: list[Row]) -> Billing:
    answers = folder / "voids.csv"
    answers.write_text(f"invoice_number,voided_on,reason\n{voids}\n", encoding="utf-8")
    return read(report(folder / f"{period}.xlsx", **tabs), period=period, voids=answers)


JANUARY = row(invoice_date="2026-01-05")
PAID_LATER = paid(paid_date="2026-02-03", invoice_date="2026-01-05")
FEBRUARY = row("AAAAAAAA-0002", invoice_date="2026-02-05")


def test_a_register_has_each_invoice_once_as_the_latest_month_knows_it(tmp_path: Path) -> None:
    first = month(tmp_path, "2026-01", unpaid=[JANUARY])
    second = month(tmp_path, "2026-02", paid=[PAID_LATER], unpaid=[FEBRUARY])
    register = billing.merge([second, first], "2026-02")
    assert [(one.number, one.status, one.amount_paid) for one in register.invoices] == [
        ("C957F1A7-0008", InvoiceStatus.PAID, 100),
        ("AAAAAAAA-0002", InvoiceStatus.UNPAID, 0),
    ]
    assert [file.name for file in register.files] == ["2026-01.xlsx", "2026-02.xlsx"]


def test_a_register_up_to_a_month_knows_nothing_of_later_months(tmp_path: Path) -> None:
    first = month(tmp_path, "2026-01", unpaid=[JANUARY])
    second = month(tmp_path, "2026-02", paid=[PAID_LATER])
    register = billing.merge([first, second], "2026-01")
    assert [one.status for one in register.invoices] == [InvoiceStatus.UNPAID]
    assert billing.merge([second], "2026-01").invoices == ()


@pytest.mark.parametrize(
    ("later", "amounts"),
    [
        (paid(invoice_date="2026-01-05"), ["100.00"]),
        (paid(invoice_date="2026-01-05", payment_id="py_2", paid_date="2026-02-01"), ["100.00", "100.00"]),
        (paid(invoice_date="2026-01-05", payment_id=""), ["100.00"]),
        (paid(invoice_date="2026-01-05", amount_paid="0"), ["100.00"]),
    ],
)
def test_payments_of_all_months_are_united_each_once(tmp_path: Path, later: Row, amounts: list[str]) -> None:
    first = month(tmp_path, "2026-01", paid=[paid(invoice_date="2026-01-05")])
    second = month(tmp_path, "2026-02", paid=[later], unpaid=[FEBRUARY])
    (invoice, _) = billing.merge([first, second], "2026-02").invoices
    assert [str(one.amount) for one in invoice.payments] == amounts
    assert [one.occurrence for one in invoice.payments] == list(range(1, len(amounts) + 1))
    assert invoice.amount_paid == sum(one.amount for one in invoice.payments)


def test_refunds_of_all_months_are_united_each_once(tmp_path: Path) -> None:
    def refunded(refund_id: str, on: str) -> Row:
        said = {"refund_id": refund_id, "refunded_date": on, "amount_refunded": "10", "invoice_date": "2026-01-05"}
        return paid(**said)

    first = month(tmp_path, "2026-01", refunded=[refunded("re_1", "2026-01-20")])
    second = month(tmp_path, "2026-02", refunded=[refunded("re_1", "2026-01-20"), refunded("re_2", "2026-02-20")])
    (invoice,) = billing.merge([first, second], "2026-02").invoices
    assert [(one.refund_id, one.occurrence) for one in invoice.refunds] == [("re_1", 1), ("re_2", 2)]
    assert invoice.amount_refunded == 20


def test_merging_is_the_same_in_any_order_of_months(tmp_path: Path) -> None:
    first = month(tmp_path, "2026-01", unpaid=[JANUARY])
    second = month(tmp_path, "2026-02", paid=[PAID_LATER], unpaid=[FEBRUARY])
    assert billing.merge([first, second], "2026-02") == billing.merge([second, first], "2026-02")


def test_an_invoice_that_only_the_last_month_holds_stays_as_it_was_known(tmp_path: Path) -> None:
    first = month(tmp_path, "2026-01", unpaid=[JANUARY])
    second = month(tmp_path, "2026-02", unpaid=[row(invoice_date="2026-01-05", status="Limbo"), FEBRUARY])
    register = billing.merge([first, second], "2026-02")
    assert [one.number for one in register.invoices] == ["C957F1A7-0008", "AAAAAAAA-0002"]
    assert (codes(register.problems), register.held) == (["unknown-status"], frozenset())


def test_a_void_answered_in_a_later_month_is_in_its_register(tmp_path: Path) -> None:
    answer = "C957F1A7-0008,2026-02-12,closed"
    first = month(tmp_path, "2026-01", voids=answer, unpaid=[JANUARY])
    second = month(tmp_path, "2026-02", voids=answer, unpaid=[FEBRUARY])
    assert billing.merge([first], "2026-01").invoices[0].status is InvoiceStatus.UNPAID
    voided = billing.merge([first, second], "2026-02").invoices[0]
    assert (voided.status, voided.voided_on) == (InvoiceStatus.VOIDED, date(2026, 2, 12))


NUMBER = "C957F1A7-0008"
OLD_AND_OPEN = row("BBBBBBBB-0001", invoice_date="2026-01-03")


@pytest.mark.parametrize(
    ("case", "before", "now", "asked"),
    [
        (
            "an open one, and the export lists older open ones",
            {"unpaid": [JANUARY]},
            [OLD_AND_OPEN, FEBRUARY],
            [NUMBER],
        ),
        ("an open one, but the export lists no older ones", {"unpaid": [JANUARY]}, [FEBRUARY], []),
        ("a paid one of an earlier month", {"paid": [paid(invoice_date="2026-01-05")]}, [OLD_AND_OPEN, FEBRUARY], []),
        ("still there", {"unpaid": [JANUARY]}, [OLD_AND_OPEN, JANUARY], []),
        (
            "voided already",
            {"unpaid": [JANUARY | {"Status": "Closed", "Closed Date": "2026-01-20"}]},
            [OLD_AND_OPEN, FEBRUARY],
            [],
        ),
    ],
)
def test_what_a_later_export_should_list_and_does_not_is_asked(
    tmp_path: Path, case: str, before: dict[str, list[Row]], now: list[Row], asked: list[str]
) -> None:
    earlier = month(tmp_path, "2026-01", **before)
    current = month(tmp_path, "2026-02", unpaid=now)
    found = billing.vanished(earlier, current, {NUMBER})
    assert [problem.key for problem in found] == asked, case
    assert codes(found) == ["invoice-vanished"] * len(asked)


def test_only_what_was_posted_is_asked_about(tmp_path: Path) -> None:
    earlier = month(tmp_path, "2026-01", unpaid=[JANUARY])
    current = month(tmp_path, "2026-02", unpaid=[OLD_AND_OPEN, FEBRUARY])
    assert billing.vanished(earlier, current, ()) == ()


def test_an_answer_in_voids_csv_ends_the_question(tmp_path: Path) -> None:
    earlier = month(tmp_path, "2026-01", unpaid=[JANUARY])
    current = month(tmp_path, "2026-02", voids=f"{NUMBER},2026-02-12,closed", unpaid=[OLD_AND_OPEN])
    assert billing.vanished(earlier, current, {NUMBER}) == ()


def test_a_new_export_of_the_month_that_lost_a_posted_invoice_is_asked_about_by_its_date(tmp_path: Path) -> None:
    again = month(tmp_path, "2026-01", unpaid=[OLD_AND_OPEN])
    nothing = Billing(period="2025-12", invoices=())
    assert [one.key for one in billing.vanished(nothing, again, {NUMBER: date(2026, 1, 5)})] == [NUMBER]
    assert billing.vanished(nothing, again, {NUMBER: date(2026, 2, 5)}) == ()


@pytest.mark.parametrize(("posted", "found"), [((), ["void-answer"]), ((NUMBER,), [])])
def test_a_void_of_a_number_that_no_one_knows_is_named(
    tmp_path: Path, posted: tuple[str, ...], found: list[str]
) -> None:
    current = month(tmp_path, "2026-02", voids=f"{NUMBER},2026-02-12,closed", unpaid=[FEBRUARY])
    assert codes(billing.vanished(Billing(period="2026-01", invoices=()), current, posted)) == found
