"""The Billing report as files: every shape and encoding, what is wrong with a whole file, and its checks on itself."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_reports import HEADER, Row, cells, codes, csv_bytes, one, paid, read, read_rows, report, row, workbook

from toolkit.model import Billing, InvoiceStatus, Source
from toolkit.problems import Severity, stops_everything

ROWS = [
    row("AAAAAAAA-0001", "1,250.50", team="Café Zoë", status="Unpaid"),
    paid("BBBBBBBB-0001", "$80.00", status="Paid"),
    paid(
        "CCCCCCCC-0001", "60", status="Marked as Paid", total="63", line_no=1, payment_method="check", amount_paid="63"
    ),
    paid(
        "CCCCCCCC-0001", "3", status="Marked as Paid", total="63", line_no=2, payment_method="check", amount_paid="63"
    ),
]


def facts(found: Billing) -> list[tuple[Any, ...]]:
    """What a report says, without where it says it."""
    return [
        (
            *(invoice.number, invoice.team, str(invoice.total), invoice.invoice_date, invoice.status),
            tuple((line.kind, line.name, str(line.amount)) for line in invoice.lines),
            tuple((one.paid_on, str(one.amount), one.method) for one in invoice.payments),
        )
        for invoice in found.invoices
    ]


@pytest.fixture
def expected(tmp_path: Path) -> list[tuple[Any, ...]]:
    folder = tmp_path / "expected"
    folder.mkdir()
    found = read_rows(folder, unpaid=ROWS[:1], paid=ROWS[1:2], marked_as_paid=ROWS[2:])
    assert found.problems == ()
    return facts(found)


# ---- shapes and encodings (81 to 84)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_81_82_one_csv_of_any_encoding_and_delimiter_is_the_same_report(
    tmp_path: Path, expected: list[tuple[Any, ...]], encoding: str, delimiter: str
) -> None:
    path = tmp_path / "billing.csv"
    path.write_bytes(csv_bytes(cells(ROWS), delimiter=delimiter, encoding=encoding))
    found = read(path)
    assert found.problems == ()
    assert facts(found) == expected


def _as_folder(folder: Path, named: dict[str, Sequence[Row]]) -> list[Path]:
    folder.mkdir(parents=True, exist_ok=True)
    for name, rows in named.items():
        (folder / f"{name}.csv").write_bytes(csv_bytes(cells(rows)))
    return sorted(folder.iterdir())


@pytest.mark.parametrize("names", [("Paid", "Unpaid", "Marked As Paid"), ("paid", "unpaid", "marked_as_paid")])
def test_83_a_folder_of_csv_files_named_like_the_tabs_is_one_report(
    tmp_path: Path, expected: list[tuple[Any, ...]], names: tuple[str, str, str]
) -> None:
    rows = dict(zip(names, (ROWS[1:2], ROWS[:1], ROWS[2:]), strict=True))
    files = _as_folder(tmp_path / "billing", rows)
    by_folder, by_file = read(tmp_path / "billing"), read(*files)
    assert by_folder.problems == by_file.problems == ()
    assert facts(by_folder) == facts(by_file) == expected
    assert [file.name for file in by_folder.files] == [f"billing/{path.name}" for path in files]


def test_83_one_tab_with_a_status_a_row_is_a_report_too(tmp_path: Path, expected: list[tuple[Any, ...]]) -> None:
    assert facts(read(workbook(tmp_path / "export.xlsx", {"Sheet1": cells(ROWS)}))) == expected


def test_84_reordered_headers_say_the_same(tmp_path: Path, expected: list[tuple[Any, ...]]) -> None:
    path = tmp_path / "billing.csv"
    path.write_bytes(csv_bytes(cells(ROWS, HEADER[::-1])))
    assert facts(read(path)) == expected


def test_84_canonical_names_are_headers_in_any_spelling(tmp_path: Path, expected: list[tuple[Any, ...]]) -> None:
    header, *rows = cells(ROWS)
    spelled = [name.lower().replace(" ", "_") for name in header]
    (tmp_path / "billing.csv").write_bytes(csv_bytes([spelled, *rows]))
    assert facts(read(tmp_path / "billing.csv")) == expected


def test_84_a_renamed_header_is_named_under_columns(tmp_path: Path, expected: list[tuple[Any, ...]]) -> None:
    header, *rows = cells(ROWS)
    renamed = ["Firm" if name == "Team" else name for name in header]
    (tmp_path / "billing.csv").write_bytes(csv_bytes([renamed, *rows]))
    without = read(tmp_path / "billing.csv")
    assert codes(without.problems) == ["missing-column"]
    assert "Team" in without.problems[0].what
    assert "Firm" in without.problems[0].what
    assert '[columns] in company.toml, for example: team = "My header"' in without.problems[0].do
    assert without.invoices == ()
    assert facts(read(tmp_path / "billing.csv", columns={"team": ["Firm"]})) == expected


@pytest.mark.parametrize("column", ["Invoice Number", "Team", "Invoice Date", "Status"])
def test_84_a_missing_column_is_one_file_problem(tmp_path: Path, column: str) -> None:
    header = [name for name in HEADER if name != column]
    rows = [{name: cell for name, cell in one.items() if name != column} for one in ROWS]
    (tmp_path / "billing.csv").write_bytes(csv_bytes(cells(rows, header)))
    found = read(tmp_path / "billing.csv")
    assert codes(found.problems) == ["missing-column"]
    assert found.problems[0].severity is Severity.FILE
    assert column in found.problems[0].what


@pytest.mark.parametrize(
    ("tab", "column", "rows"),
    [
        ("Paid", "Paid Date", [paid()]),
        ("Marked As Paid", "Paid Date", [paid()]),
        ("Refunded", "Refunded Date", [paid(amount_refunded="5", refunded_date="2026-01-09")]),
        ("Unpaid", "Amount", [row(total="150"), row(amount="50", total="150", plan_name="Locker")]),
    ],
)
def test_84_a_column_that_the_rows_need_is_missed_as_a_file_problem(
    tmp_path: Path, tab: str, column: str, rows: list[Row]
) -> None:
    header = [name for name in HEADER if name != column]
    kept = [{name: cell for name, cell in one.items() if name != column} for one in rows]
    found = read(workbook(tmp_path / "billing.xlsx", {tab: cells(kept, header)}))
    assert codes(found.problems)[0] == "missing-column"
    assert column in found.problems[0].what
    alone = {tab: [header]} if tab != "Unpaid" else {}
    assert read(workbook(tmp_path / "billing.xlsx", alone | {"Unpaid": cells([row()])})).problems == ()


def test_unknown_columns_and_tabs_stop_nothing(tmp_path: Path) -> None:
    sheets = {"Paid": cells([paid(mood="good")]), "Notes": [["Hello"], ["World"]], "Teams": [["team_id"], ["1"]]}
    found = read(workbook(tmp_path / "billing.xlsx", sheets))
    assert [invoice.number for invoice in found.invoices] == ["C957F1A7-0008"]
    assert [(problem.code, problem.severity) for problem in found.problems] == [("unknown-tab", Severity.NOTE)]


CANONICAL: dict[str, list[list[Any]]] = {
    "invoices": [
        ["invoice_number", "invoice_id", "team", "status", "invoice_date", "total", "amount_paid"],
        ["C957F1A7-0008", "in_1", "Factory Inc.", "Paid", "2026-01-05", "103.00", "103.00"],
    ],
    "lines": [
        ["invoice_number", "line_no", "description", "kind", "plan_name", "amount"],
        ["C957F1A7-0008", 1, "January", "plan", "Hot Desk", "100.00"],
        ["C957F1A7-0008", 2, "", "transaction_fee", "Transaction fee", "3.00"],
    ],
    "payments": [
        ["payment_id", "invoice_number", "date", "amount", "method", "state", "charge_id", "payout_id"],
        ["py_0", "C957F1A7-0008", "2026-01-05", "103.00", "ach", "failed", "", ""],
        ["py_1", "C957F1A7-0008", "2026-01-07", "103.00", "card", "succeeded", "ch_1", "po_1"],
    ],
    "refunds": [
        ["refund_id", "invoice_number", "date", "amount", "reason", "payout_id", "status"],
        ["re_0", "C957F1A7-0008", "2026-01-08", "9.00", "", "", "failed"],
        ["re_1", "C957F1A7-0008", "2026-01-09", "3.00", "goodwill", "po_2", "succeeded"],
    ],
}


@pytest.mark.parametrize("shape", ["tabs", "files"])
def test_49_tables_of_lines_payments_and_refunds_are_joined_by_number(tmp_path: Path, shape: str) -> None:
    if shape == "tabs":
        found = read(workbook(tmp_path / "billing.xlsx", CANONICAL))
    else:
        (tmp_path / "billing").mkdir()
        for name, rows in CANONICAL.items():
            (tmp_path / "billing" / f"{name}.csv").write_bytes(csv_bytes(rows))
        found = read(tmp_path / "billing")
    invoice = one(found)
    assert [str(line.amount) for line in invoice.lines] == ["100.00", "3.00"]
    assert [(one.payment_id, one.paid_on, one.payout_id) for one in invoice.payments] == [
        ("py_1", date(2026, 1, 7), "po_1")
    ]
    assert [(one.refund_id, str(one.amount), one.payout_id) for one in invoice.refunds] == [("re_1", "3.00", "po_2")]
    assert (invoice.coworks_id, invoice.amount_paid, invoice.amount_refunded) == ("in_1", 103, 3)


@pytest.mark.parametrize("table", ["lines", "payments", "refunds"])
def test_what_belongs_to_an_invoice_that_is_not_listed_is_named(tmp_path: Path, table: str) -> None:
    header, *rows = CANONICAL[table]
    stray = ["DDDDDDDD-0001" if cell == "C957F1A7-0008" else cell for cell in rows[-1]]
    found = read(workbook(tmp_path / "billing.xlsx", CANONICAL | {table: [header, *rows, stray]}))
    assert [(problem.code, problem.key) for problem in found.problems] == [("unknown-invoice", "DDDDDDDD-0001")]


# ---- what is wrong with a whole file


def test_85_a_doubled_header_is_a_file_problem_if_its_columns_disagree(tmp_path: Path) -> None:
    header, *rows = cells([row(status="Unpaid")])
    same, other = [[*one, one[header.index("Total")]] for one in rows], [[*one, "7.00"] for one in rows]
    path = tmp_path / "billing.csv"
    path.write_bytes(csv_bytes([[*header, "Total"], *same]))
    assert read(path).problems == ()
    path.write_bytes(csv_bytes([[*header, "Total"], *other]))
    found = read(path)
    assert codes(found.problems) == ["duplicate-header"]
    assert stops_everything(found.problems)


@pytest.mark.parametrize(
    ("total", "fine"),
    [({"Total": "160.00"}, True), ({"Amount": "160"}, True), ({"Total": "260"}, True), ({"Total": "150"}, False)],
)
def test_86_a_total_row_is_recognized_and_checked(tmp_path: Path, total: Row, fine: bool) -> None:
    rows = [row(line_no=1), row("AAAAAAAA-0001", "60", line_no=1)]
    if total == {"Total": "260"}:
        rows = [row(total="100", amount="50", line_no=at) for at in (1, 2)] + rows[1:]
    found = read_rows(tmp_path, unpaid=[*rows, {"Team": "Total"} | total])
    assert codes(found.problems) == ([] if fine else ["totals-differ"])
    assert len(found.invoices) == 2
    if not fine:
        assert found.problems[0].severity is Severity.FILE


@pytest.mark.parametrize("word", ["Total", "TOTAL:", "Grand Total", "Totals"])
def test_86_a_total_row_may_begin_with_its_word_in_the_number_column(tmp_path: Path, word: str) -> None:
    header = ["Invoice Number", *(name for name in HEADER if name != "Invoice Number")]
    rows = cells([row(status="Unpaid"), {"Invoice Number": word, "Total": "100"}], header)
    (tmp_path / "billing.csv").write_bytes(csv_bytes(rows))
    assert one(read(tmp_path / "billing.csv")).number == "C957F1A7-0008"


def test_88_90_totals_of_all_tabs_are_those_of_the_billing_summary(tmp_path: Path) -> None:
    summary = [
        ["Tab", "Invoices", "Total"],
        ["Paid", 1, 80],
        ["Refunded", 0, 0],
        ["Unpaid", 1, "1,250.50"],
        ["Marked As Paid", 1, 63.0],
        ["Failed", 1, "$1,250.50"],
        ["Total", 3, 1393.5],
    ]
    tabs = {
        "unpaid": ROWS[:1],
        "paid": ROWS[1:2],
        "marked_as_paid": ROWS[2:],
        "failed": [ROWS[0] | {"Status": "Failed"}],
    }
    assert read(report(tmp_path / "billing.xlsx", summary, **tabs)).problems == ()


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (["Unpaid", 2, 100], "2 invoices and 100.00 for Unpaid"),
        (["Unpaid", 1, "100.01"], "difference 0.01"),
        (["Failed", 1, 50], "for Failed"),
        (["Total", 2, 150], "for all tabs"),
    ],
)
def test_a_summary_that_says_otherwise_is_a_file_problem(tmp_path: Path, line: list[Any], words: str) -> None:
    plain = {"Unpaid": ["Unpaid", 1, 100], "Failed": ["Failed", 0, 0], "Total": ["Total", 1, 100]}
    lines = list((plain | {line[0]: line}).values())
    found = read(report(tmp_path / "billing.xlsx", [["Tab", "Invoices", "Total"], *lines], unpaid=[row()]))
    assert codes(found.problems) == ["totals-differ"]
    assert words in found.problems[0].what
    assert stops_everything(found.problems)


def test_an_invoice_that_is_held_does_not_make_the_whole_file_wrong(tmp_path: Path) -> None:
    summary = [["Tab", "Invoices", "Total"], ["Unpaid", 3, 260.01], ["Total", 3, 260.01]]
    rows = [row(total="100.01"), row("AAAAAAAA-0001"), row("BBBBBBBB-1", "60")]
    found = read(report(tmp_path / "billing.xlsx", summary, unpaid=rows))
    assert sorted(codes(found.problems)) == ["damaged-number", "lines-do-not-sum"]


def test_a_summary_of_another_shape_is_only_said(tmp_path: Path) -> None:
    found = read(report(tmp_path / "billing.xlsx", [["January was a good month"]], unpaid=[row()]))
    assert [(problem.code, problem.severity) for problem in found.problems] == [("summary-not-read", Severity.NOTE)]


@pytest.mark.parametrize("period", ["2025-12", "2026-02"])
def test_the_report_of_another_month_is_a_file_problem(tmp_path: Path, period: str) -> None:
    path = report(tmp_path / "billing.xlsx", paid=[paid()])
    found = read(path, period=period)
    assert codes(found.problems) == ["wrong-period"]
    assert stops_everything(found.problems)
    assert "2026-01-05" in found.problems[0].what


@pytest.mark.parametrize(
    "said",
    [
        {"paid_date": "2026-02-03"},
        {"refunded_date": "2026-02-03", "amount_refunded": "5", "status": "Refunded"},
        {"status": "Closed", "closed_date": "2026-02-03"},
    ],
)
def test_one_date_in_the_month_is_enough(tmp_path: Path, said: Row) -> None:
    assert read(report(tmp_path / "billing.xlsx", paid=[paid(**said)]), period="2026-02").problems == ()


@pytest.mark.parametrize(
    ("summary", "severity"),
    [
        ([], Severity.FILE),
        ([["Tab", "Invoices", "Total"], ["Paid", 0, 0], ["Unpaid", 0, 0], ["Total", 0, 0]], Severity.NOTE),
    ],
)
def test_89_an_empty_month_is_believed_only_if_its_summary_says_so(
    tmp_path: Path, summary: list[list[Any]], severity: Severity
) -> None:
    found = read(report(tmp_path / "billing.xlsx", summary))
    assert [(problem.code, problem.severity) for problem in found.problems] == [("empty-month", severity)]


def test_an_empty_file_and_a_month_without_a_file_are_file_problems(tmp_path: Path) -> None:
    (tmp_path / "billing.xlsx").write_bytes(b"")
    assert codes(read(tmp_path / "billing.xlsx").problems)[0] == "file-empty"
    assert codes(read().problems) == ["no-billing-report"]
    assert stops_everything(read().problems)


@pytest.mark.parametrize("share", [0.3, 0.6, 0.9, 0.999])
def test_91_a_truncated_workbook_gives_nothing_but_its_problem(tmp_path: Path, share: float) -> None:
    path = report(tmp_path / "billing.xlsx", unpaid=[row(f"AAAAAAAA-{at:04d}") for at in range(300)])
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * share)])
    found = read(path)
    assert found.invoices == ()
    assert codes(found.problems)[0] == "file-damaged"
    assert stops_everything(found.problems)


def test_91_a_csv_that_breaks_off_stops_everything(tmp_path: Path) -> None:
    content = csv_bytes(cells(ROWS))
    (tmp_path / "billing.csv").write_bytes(content[: len(content) - 60])
    assert stops_everything(read(tmp_path / "billing.csv").problems)


def test_92_iso_us_serial_and_text_dates_may_stand_in_one_file(tmp_path: Path) -> None:
    dates = ["2026-01-05", "1/5/2026", 46027, date(2026, 1, 5), "Jan 5, 2026", "2026-01-06T03:00:00Z"]
    rows = [row(f"AAAAAAAA-{at:04d}", invoice_date=on) for at, on in enumerate(dates)]
    found = read_rows(tmp_path, unpaid=rows)
    assert found.problems == ()
    assert {invoice.invoice_date for invoice in found.invoices} == {date(2026, 1, 5)}


def test_92_dates_with_the_day_first_stop_the_file_because_no_other_can_be_trusted(tmp_path: Path) -> None:
    found = read_rows(
        tmp_path, unpaid=[row(invoice_date="05/01/2026"), row("AAAAAAAA-0001", invoice_date="13/01/2026")]
    )
    assert "day-first-dates" in codes(found.problems)
    assert stops_everything(found.problems)


def test_moments_of_a_utc_column_are_local_dates(tmp_path: Path) -> None:
    late = row() | {"Created (UTC)": "2026-02-01 03:00:00"}
    header = [name for name in HEADER if name != "Invoice Date"]
    del late["Invoice Date"]
    found = read(workbook(tmp_path / "billing.xlsx", {"Unpaid": cells([late], header)}))
    assert one(found).invoice_date == date(2026, 1, 31)


@pytest.mark.parametrize(("moment", "early"), [("2026-01-31T20:00:00Z", True), ("2026-02-02T00:00:00Z", False)])
def test_93_an_export_from_before_the_months_end_is_said(tmp_path: Path, moment: str, early: bool) -> None:
    summary = [["Tab", "Invoices", "Total"], ["Unpaid", 1, 100], ["Total", 1, 100], ["Exported at", moment, ""]]
    found = read(report(tmp_path / "billing.xlsx", summary, unpaid=[row()]))
    assert codes(found.problems) == (["early-export"] if early else [])
    assert found.exported_at is not None


# ---- several exports (87), voids, registers


def test_87_of_overlapping_exports_the_later_wins(tmp_path: Path) -> None:
    first = report(tmp_path / "1.xlsx", unpaid=[row(), row("AAAAAAAA-0001")])
    second = report(tmp_path / "2.xlsx", paid=[paid()], unpaid=[row("AAAAAAAA-0001"), row("BBBBBBBB-0001")])
    found = read(first, second)
    assert found.problems == ()
    assert [(invoice.number, invoice.status) for invoice in found.invoices] == [
        ("AAAAAAAA-0001", InvoiceStatus.UNPAID),
        ("BBBBBBBB-0001", InvoiceStatus.UNPAID),
        ("C957F1A7-0008", InvoiceStatus.PAID),
    ]
    assert [file.name for file in found.files] == ["1.xlsx", "2.xlsx"]


def test_87_exports_of_two_campuses_complement_each_other(tmp_path: Path) -> None:
    first = report(tmp_path / "downtown.xlsx", unpaid=[row(), row("AAAAAAAA-0001")])
    second = report(tmp_path / "riverside.xlsx", unpaid=[row("BBBBBBBB-0001")])
    found = read(first, second)
    assert (found.problems, len(found.invoices)) == ((), 3)


def test_what_a_later_full_export_has_no_more_is_a_question(tmp_path: Path) -> None:
    first = report(tmp_path / "1.xlsx", unpaid=[row(), row("AAAAAAAA-0001"), row("BBBBBBBB-0001")])
    second = report(tmp_path / "2.xlsx", unpaid=[row("AAAAAAAA-0001"), row("BBBBBBBB-0001")])
    found = read(first, second)
    assert [(problem.code, problem.key) for problem in found.problems] == [("invoice-vanished", "C957F1A7-0008")]
    assert found.problems[0].candidates == ("voided", "split", "paused")
    assert found.held == {"C957F1A7-0008"}
    answers = _voids(tmp_path, "C957F1A7-0008,2026-01-20,Closed")
    answered = read(first, second, voids=answers)
    assert answered.problems == ()
    assert {one.number: one.status for one in answered.invoices}["C957F1A7-0008"] is InvoiceStatus.VOIDED


def test_a_problem_that_a_later_export_has_cured_is_gone(tmp_path: Path) -> None:
    first = report(tmp_path / "1.xlsx", unpaid=[row(total="100.01"), row("AAAAAAAA-0001")])
    second = report(tmp_path / "2.xlsx", unpaid=[row(), row("AAAAAAAA-0001")])
    assert (read(first, second).problems, read(first, second).held) == ((), frozenset())
    assert codes(read(second, first).problems) == ["lines-do-not-sum"]


def _voids(folder: Path, *rows: str, header: str = "invoice_number,voided_on,reason") -> Path:
    path = folder / "voids.csv"
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return path


def test_a_row_of_voids_csv_voids_its_invoice_on_its_day(tmp_path: Path) -> None:
    path = report(tmp_path / "billing.xlsx", unpaid=[row()])
    invoice = one(read(path, voids=_voids(tmp_path, "C957F1A7-0008,1/20/2026,wrong room")))
    assert (invoice.status, invoice.voided_on) == (InvoiceStatus.VOIDED, date(2026, 1, 20))
    assert invoice.void_reason == "wrong room"


def test_a_void_of_a_later_month_does_not_touch_this_one(tmp_path: Path) -> None:
    path = report(tmp_path / "billing.xlsx", unpaid=[row()])
    found = read(path, voids=_voids(tmp_path, "C957F1A7-0008,2026-02-03,"))
    assert one(found).status is InvoiceStatus.UNPAID
    assert [void.voided_on for void in found.voids] == [date(2026, 2, 3)]


def test_closed_without_a_date_is_a_question_that_voids_csv_answers(tmp_path: Path) -> None:
    path = report(tmp_path / "billing.xlsx", unpaid=[row(status="Closed")])
    asked = read(path)
    assert [(problem.code, problem.key) for problem in asked.problems] == [("void-without-date", "C957F1A7-0008")]
    assert (asked.invoices, asked.held) == ((), {"C957F1A7-0008"})
    answered = read(path, voids=_voids(tmp_path, "C957F1A7-0008,2026-01-20,"))
    assert one(answered).voided_on == date(2026, 1, 20)


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        (["C957F1A7-0008,,forgot"], "has no date"),
        (["C957F1A7-0008,soon,"], "cannot be read"),
        ([",2026-01-20,"], "names no invoice"),
        (["C957F1A7-0008,2026-01-20,", "C957F1A7-0008,2026-01-21,"], "two different dates"),
    ],
)
def test_a_row_of_voids_csv_that_says_too_little_is_named(tmp_path: Path, rows: list[str], words: str) -> None:
    found = read(report(tmp_path / "billing.xlsx", unpaid=[row()]), voids=_voids(tmp_path, *rows))
    assert codes(found.problems) == ["void-answer"]
    assert words in found.problems[0].what
    assert found.problems[0].where.startswith("voids.csv, row")


def test_a_voids_csv_without_its_column_is_a_file_problem_and_an_empty_one_is_none(tmp_path: Path) -> None:
    path = report(tmp_path / "billing.xlsx", unpaid=[row()])
    assert codes(read(path, voids=_voids(tmp_path, "x", header="invoice_number")).problems) == ["missing-column"]
    (tmp_path / "voids.csv").write_bytes(b"")
    assert read(path, voids=tmp_path / "voids.csv").problems == ()
    assert read(path, voids=tmp_path / "none.csv").problems == ()


# ---- every row becomes a record or a problem


_AMOUNT = st.sampled_from(["100.00", "(5.00)", "x", "", "0", "$12.50"])
_NUMBER = st.sampled_from(["AAAAAAAA-0001", "AAAAAAAA-0002", "BBBBBBBB-0001", "1E+05", ""])
_STATUS = st.sampled_from(["Paid", "Unpaid", "Refunded", "Marked as Paid", "Closed", "Limbo", ""])
_DATE = st.sampled_from(["2026-01-05", "1/7/2026", "", "never", "2026-02-01T01:00:00Z"])


@settings(max_examples=120, deadline=None)
@given(st.lists(st.tuples(_NUMBER, _AMOUNT, _STATUS, _DATE, _DATE), max_size=6))
def test_every_row_becomes_part_of_an_invoice_or_a_problem(
    tmp_path_factory: pytest.TempPathFactory, said: list[tuple[str, str, str, str, str]]
) -> None:
    path = tmp_path_factory.mktemp("any") / "billing.csv"
    rows = [
        row(number, amount, total="", status=status, invoice_date=on, paid_date=then, line_no=at, amount_paid="")
        for at, (number, amount, status, on, then) in enumerate(said, start=1)
    ]
    path.write_bytes(csv_bytes(cells(rows)))
    found = read(path)
    built = {invoice.number: invoice for invoice in found.invoices}
    assert not set(built) & found.held
    assert {
        problem.key for problem in found.problems if problem.severity is Severity.ITEM and problem.key
    } <= found.held
    for at, (number, amount, *_) in enumerate(said, start=2):
        where = str(Source(file="billing.csv", row=at))
        if number in built:
            lines = [str(line.source) for line in built[number].lines]
            assert where in lines or amount == "", where
        else:
            assert number in found.held or any(problem.where == where for problem in found.problems), where
    for invoice in found.invoices:
        assert invoice.total == sum(line.amount for line in invoice.lines)


def test_problems_say_what_where_why_and_what_to_do(tmp_path: Path) -> None:
    rows = [row(total="1"), row(""), row("1E+05"), row("AAAAAAAA-0001", status="Limbo"), row("AAAAAAAA-0002", "x")]
    found = read_rows(tmp_path, unpaid=rows)
    assert len(found.problems) == 5
    for problem in found.problems:
        assert all(
            text and text[0].isupper() and text.endswith(".") for text in (problem.what, problem.why, problem.do)
        )
        assert problem.where.startswith("billing.xlsx, tab Unpaid, row ")
