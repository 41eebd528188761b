"""The Billing report, case by case: what each way of laying out an invoice reads as, and what holds it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from made_reports import HEADER, Row, cells, codes, csv_bytes, money, one, paid, read, read_rows, report, row, workbook

from toolkit.model import FEES, Billing, InvoiceStatus, InvoiceType, LineKind, Method
from toolkit.problems import Severity, UsageError

# ---- one invoice, however many rows


def lines_of(found: Billing) -> list[tuple[str, str, str]]:
    return [(line.kind, line.name, str(line.amount)) for line in one(found).lines]


def test_rows_that_share_a_number_are_lines_of_one_invoice(tmp_path: Path) -> None:
    found = read_rows(
        tmp_path,
        unpaid=[
            row(total="87.90", line_no=1),
            row(total="87.90", line_no=2, kind="discount", plan_name="Founder", amount="(15.00)"),
            row(total="87.90", line_no=3, kind="transaction_fee", plan_name="Transaction fee", amount="$2.90"),
        ],
    )
    assert lines_of(found) == [
        ("plan", "Hot Desk", "100.00"),
        ("discount", "Founder", "-15.00"),
        ("transaction_fee", "Transaction fee", "2.90"),
    ]
    assert one(found).total == money("87.90")


ONE_ROW = ["Invoice Number", "Team", "Status", "Invoice Date", "Plan Name", "Description"]


@pytest.mark.parametrize(
    ("columns", "lines"),
    [
        ({"Total": "100"}, [("plan", "100.00")]),
        ({"Subtotal": "100", "Total": "100"}, [("plan", "100.00")]),
        (
            {"Subtotal": "100", "Discount": "10", "Fees": "3", "Tax": "7.44", "Total": "100.44"},
            [("plan", "100.00"), ("discount", "-10.00"), ("transaction_fee", "3.00"), ("tax_fee", "7.44")],
        ),
        (
            {"Subtotal": "90", "Discount": "(10)", "Fees": "3", "Total": "93"},
            [("plan", "100.00"), ("discount", "-10.00"), ("transaction_fee", "3.00")],
        ),
        (
            {"Discount": "-10", "Custom Fee": "5", "Transaction Fee": "3", "Total": "98"},
            [("plan", "100.00"), ("discount", "-10.00"), ("transaction_fee", "3.00"), ("custom_fee", "5.00")],
        ),
        ({"Subtotal": "100", "Fees": "3"}, [("plan", "100.00"), ("transaction_fee", "3.00")]),
    ],
)
def test_one_row_with_columns_for_its_parts_is_the_same_invoice(
    tmp_path: Path, columns: Row, lines: list[tuple[str, str]]
) -> None:
    said = {"Invoice Number": "C957F1A7-0008", "Team": "A", "Status": "Unpaid", "Invoice Date": "2026-01-05"}
    rows = cells([said | {"Plan Name": "Hot Desk", "Description": "January"} | columns], ONE_ROW)
    (tmp_path / "billing.csv").write_bytes(csv_bytes(rows))
    found = one(read(tmp_path / "billing.csv"))
    assert [(line.kind, str(line.amount)) for line in found.lines] == lines
    assert sum(line.amount for line in found.lines) == found.total


def test_both_ways_stand_in_one_file(tmp_path: Path) -> None:
    by_line = [row("AAAAAAAA-0001", "60", total="100"), row("AAAAAAAA-0001", "40", total="100", kind="booking")]
    at_once = row("BBBBBBBB-0001", "", total="103", subtotal="100", fees="3")
    found = read_rows(tmp_path, unpaid=[*by_line, at_once])
    assert found.problems == ()
    assert [[str(line.amount) for line in one.lines] for one in found.invoices] == [
        ["60.00", "40.00"],
        ["100.00", "3.00"],
    ]


def test_line_rows_with_the_fees_in_a_column_of_the_invoice_become_lines_too(tmp_path: Path) -> None:
    found = read_rows(tmp_path, unpaid=[row(amount="100", total="103.20", fees="3.20")])
    assert lines_of(found) == [("plan", "Hot Desk", "100.00"), ("transaction_fee", "Transaction Fee", "3.20")]


def test_what_a_line_says_is_kept(tmp_path: Path) -> None:
    said = {
        "quantity": "1.5",
        "unit_price": "66.66666667",
        "service_start": "12/20/2025",
        "service_end": "2026-01-19",
        "campus_of_service": "Riverside",
        "taxable": "yes",
    }
    line = one(read_rows(tmp_path, unpaid=[row(**said)])).lines[0]
    assert (line.quantity, line.unit_price) == (Decimal("1.5"), Decimal("66.66666667"))
    assert (line.service_start, line.service_end) == (date(2025, 12, 20), date(2026, 1, 19))
    assert (line.campus, line.taxable, line.description) == ("Riverside", True, "Hot Desk, January")
    assert str(line.source) == "billing.xlsx, tab Unpaid, row 2"


@pytest.mark.parametrize(
    ("kind", "invoice_type", "amount", "reads_as"),
    [
        ("plan", "", "5", LineKind.PLAN),
        ("Day Pass", "", "5", LineKind.DAY_PASS),
        ("External Booking", "", "5", LineKind.BOOKING),
        ("Security Deposit", "", "5", LineKind.DEPOSIT),
        ("Sales Tax", "", "5", LineKind.TAX_FEE),
        ("", "Membership", "5", LineKind.PLAN),
        ("", "one-off", "5", LineKind.ONE_OFF),
        ("", "External Booking", "5", LineKind.BOOKING),
        ("", "Overage", "5", LineKind.BOOKING),
        ("", "Membership", "-5", LineKind.DISCOUNT),
        ("credit_note", "Membership", "-5", LineKind.CREDIT_NOTE),
    ],
)
def test_a_line_without_a_kind_goes_by_its_invoice(
    tmp_path: Path, kind: str, invoice_type: str, amount: str, reads_as: LineKind
) -> None:
    rows = [row(amount=amount, total=amount, kind=kind, invoice_type=invoice_type)]
    assert one(read_rows(tmp_path, unpaid=rows)).lines[0].kind is reads_as


def test_a_line_called_transaction_fee_is_one_without_a_kind(tmp_path: Path) -> None:
    rows = [row(total="103", kind=""), row(amount="3", total="103", kind="", plan_name="Transaction fee (card)")]
    assert one(read_rows(tmp_path, unpaid=rows)).lines[1].kind in FEES


@pytest.mark.parametrize(
    ("said", "reads_as"),
    [("Membership", InvoiceType.MEMBERSHIP), ("One-Off", InvoiceType.ONE_OFF), ("", InvoiceType.DAY_PASS)],
)
def test_an_invoice_without_a_type_goes_by_its_lines(tmp_path: Path, said: str, reads_as: InvoiceType) -> None:
    rows = [row(invoice_type=said, kind="day_pass")]
    assert one(read_rows(tmp_path, unpaid=rows)).type is reads_as


def test_invoice_cells_are_kept_and_may_stand_on_its_first_row_only(tmp_path: Path) -> None:
    said = {
        "customer_email": " Ann@X.example ",
        "admin_name": "Ann Lee",
        "memo": "line one\nline two",
        "category": "Event Space",
        "split_from": "C957F1A7-0001",
        "currency": "usd",
        "Coworks Invoice URL": "http://app.coworks.example/i/1",
    }
    first = row(total="150") | {
        (name if " " in name else name.replace("_", " ").title()): v for name, v in said.items()
    }
    second = row(amount="50", total="", team="", campus="", invoice_date="", due_date="")
    invoice = one(read_rows(tmp_path, unpaid=[first, second]))
    assert (invoice.email, invoice.admin_name, invoice.category) == ("Ann@X.example", "Ann Lee", "Event Space")
    assert (invoice.split_from, invoice.currency, invoice.memo) == ("C957F1A7-0001", "USD", "line one\nline two")
    assert (invoice.url, invoice.total, len(invoice.lines)) == ("http://app.coworks.example/i/1", 150, 2)
    assert invoice.due_date == date(2026, 1, 15)


def test_a_guest_is_known_by_its_team(tmp_path: Path) -> None:
    assert one(read_rows(tmp_path, unpaid=[row(team=" Guest", campus="")])).is_guest


# ---- amounts (22 to 33)


@pytest.mark.parametrize(
    ("case", "amounts", "total"),
    [
        ("22 a $0 invoice", ["0.00"], "0.00"),
        ("22 a $0 invoice by proration", ["250", "-250"], "0.00"),
        ("23 a negative total", ["100", "-150"], "(50.00)"),
        ("24 a 100 % discount", ["99", "-99"], "$0.00"),
        ("25 a discount larger than the plan", ["99", "-120.00"], "-21.00"),
        ("30 fee lines only", ["2.90"], "2.90"),
        ("minus zero", ["-0.00", "5"], "5"),
    ],
)
def test_amounts_that_are_odd_but_right(tmp_path: Path, case: str, amounts: list[str], total: str) -> None:
    rows = [row(amount=amount, total=total, line_no=at, kind="") for at, amount in enumerate(amounts, start=1)]
    assert len(one(read_rows(tmp_path, unpaid=rows)).lines) == len(amounts), case


def test_26_proration_keeps_four_decimals_in_its_price_and_cents_in_its_amount(tmp_path: Path) -> None:
    rows = [row(amount="121.94", kind="proration", quantity="17", unit_price="7.1729")]
    line = one(read_rows(tmp_path, unpaid=rows)).lines[0]
    assert (line.unit_price, line.amount) == (Decimal("7.1729"), Decimal("121.94"))


def test_27_a_total_that_is_a_cent_off_holds_that_invoice_and_names_the_cent(tmp_path: Path) -> None:
    found = read_rows(tmp_path, unpaid=[row(total="100.01"), row("AAAAAAAA-0001")])
    (problem,) = found.problems
    assert (problem.code, problem.severity, problem.key) == ("lines-do-not-sum", Severity.ITEM, "C957F1A7-0008")
    assert "0.01 is missing" in problem.what
    assert problem.where == "billing.xlsx, tab Unpaid, row 2"
    assert found.held == {"C957F1A7-0008"}
    assert [invoice.number for invoice in found.invoices] == ["AAAAAAAA-0001"]


def test_28_an_account_balance_that_covers_all_leaves_no_payment(tmp_path: Path) -> None:
    said = {"amount_paid": "0.00", "applied_balance": "100.00", "amount_due": "0"}
    invoice = one(read_rows(tmp_path, paid=[paid(**said)]))
    assert (invoice.payments, invoice.applied_balance) == ((), 100)


def test_29_a_negative_balance_adds_to_what_is_paid(tmp_path: Path) -> None:
    invoice = one(read_rows(tmp_path, paid=[paid(amount_paid="120", applied_balance="-20")]))
    assert (invoice.total, invoice.amount_paid, invoice.applied_balance) == (100, 120, -20)


def test_31_tax_as_a_custom_fee_and_no_tax_for_an_exempt_team(tmp_path: Path) -> None:
    taxed = [row(total="108"), row(amount="8", total="108", kind="custom_fee", plan_name="Sales tax 8 %")]
    found = read_rows(tmp_path, unpaid=[*taxed, row("AAAAAAAA-0001")])
    assert [[line.kind for line in invoice.lines] for invoice in found.invoices] == [
        [LineKind.PLAN],
        [LineKind.PLAN, LineKind.CUSTOM_FEE],
    ]


def test_32_taxable_is_said_by_the_line(tmp_path: Path) -> None:
    rows = [row(total="150", taxable="TRUE"), row(amount="50", total="150", taxable="no")]
    assert [line.taxable for line in one(read_rows(tmp_path, unpaid=rows)).lines] == [True, False]


def test_33_another_currency_is_kept_as_said(tmp_path: Path) -> None:
    assert one(read_rows(tmp_path, unpaid=[row(currency="cad")])).currency == "CAD"


@pytest.mark.parametrize("cell", ["12.34.56", "free", "#REF!", "1.23E+05", "1.234,50"])
def test_an_amount_that_cannot_be_read_holds_its_invoice(tmp_path: Path, cell: str) -> None:
    found = read_rows(tmp_path, unpaid=[row(amount=cell, total="100"), row("AAAAAAAA-0001")])
    assert codes(found.problems) == ["unreadable-cell"]
    assert cell in found.problems[0].what
    assert found.held == {"C957F1A7-0008"}


# ---- identity (1 to 14) and numbers (15 to 21), as far as they are read


@pytest.mark.parametrize(
    "team",
    [
        "Guest",
        "Tab\tand  two blanks",
        "Studio: North",
        "x" * 120,
        "Cafe\u0301 Zoë",
        "🚀 Launchpad",
        "שלום עולם",
        "東京スペース",
        "O’Brien & Søn GmbH",
        "=CMD()",
        "+1 Club",
        "-Minus",
        "@home",
        "0012",
    ],
)
def test_6_7_90_a_name_is_text_whatever_it_looks_like(tmp_path: Path, team: str) -> None:
    assert one(read_rows(tmp_path, unpaid=[row(team=team)])).team == team
    (tmp_path / "billing.csv").write_bytes(csv_bytes(cells([row(team=team, status="Unpaid")])))
    assert one(read(tmp_path / "billing.csv")).team == team


def test_1_2_5_one_email_for_two_teams_or_none_is_no_problem_of_the_reader(tmp_path: Path) -> None:
    rows = [
        row("AAAAAAAA-0001", customer_email="a@x.example"),
        row("BBBBBBBB-0001", customer_email="a@x.example", campus="Riverside"),
        row("CCCCCCCC-0001", customer_email=""),
    ]
    assert [invoice.email for invoice in read_rows(tmp_path, unpaid=rows).invoices] == ["a@x.example"] * 2 + [""]


@pytest.mark.parametrize("number", ["C957F1A7-0008", "C957F1A7-0008-CW1", "INV-77", "10234", "x" * 30])
def test_19_20_numbers_of_other_shapes_and_lengths_are_kept(tmp_path: Path, number: str) -> None:
    assert one(read_rows(tmp_path, unpaid=[row(number)])).number == number


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        ("1E+05", "scientific"),
        ("9.57E+12", "scientific"),
        (957000000000.0, "scientific"),
        ("C957F1A7-8", "leading zeros"),
        ("957F1A7-0008", "leading zeros"),
        ("c957f1a7-0008", "lower case"),
        (date(2026, 1, 8), "a date"),
    ],
)
def test_18_a_number_that_excel_has_damaged_holds_its_invoice(tmp_path: Path, cell: object, words: str) -> None:
    found = read_rows(tmp_path, unpaid=[row(cell), row("AAAAAAAA-0001")])  # type: ignore[arg-type]
    assert codes(found.problems) == ["damaged-number"]
    assert words in found.problems[0].what
    assert found.problems[0].severity is Severity.ITEM
    assert [invoice.number for invoice in found.invoices] == ["AAAAAAAA-0001"]


def test_a_row_without_a_number_is_named(tmp_path: Path) -> None:
    found = read_rows(tmp_path, unpaid=[row(""), row("AAAAAAAA-0001")])
    assert codes(found.problems) == ["no-invoice-number"]
    assert "Factory Inc." in found.problems[0].what
    assert found.problems[0].where == "billing.xlsx, tab Unpaid, row 2"


@pytest.mark.parametrize(
    ("first", "second", "words"),
    [
        ({}, {"team": "Other Inc."}, "team"),
        ({"total": "200"}, {"total": "250"}, "total"),
        ({}, {"invoice_date": "2026-01-06"}, "invoice date"),
        ({"line_no": 1, "total": "100"}, {"line_no": 1, "amount": "50", "total": "100"}, "line number"),
    ],
)
def test_a_number_twice_in_one_tab_with_different_content_is_held(
    tmp_path: Path, first: Row, second: Row, words: str
) -> None:
    found = read_rows(tmp_path, unpaid=[row(**first), row(**second)])
    assert found.invoices == ()
    assert found.held == {"C957F1A7-0008"}
    assert codes(found.problems)[0] in {"duplicate-number", "duplicate-line"}
    assert words in found.problems[0].what


def test_the_same_row_twice_counts_once_and_says_so(tmp_path: Path) -> None:
    at_once = row(amount="", total="100")
    found = read_rows(tmp_path, unpaid=[at_once, at_once])
    assert [invoice.total for invoice in found.invoices] == [100]
    assert codes(found.problems) == ["repeated-row"]
    assert found.problems[0].severity is Severity.NOTE


def test_the_same_line_twice_under_one_line_number_counts_once(tmp_path: Path) -> None:
    found = read_rows(tmp_path, unpaid=[row(line_no=1), row(line_no=1)])
    assert len(one(found).lines) == 1


def test_two_equal_lines_that_make_the_total_are_two_lines(tmp_path: Path) -> None:
    assert len(one(read_rows(tmp_path, unpaid=[row(total="200"), row(total="200")])).lines) == 2


# ---- settlement


@pytest.mark.parametrize(
    ("said", "method"),
    [
        *(("card", Method.CARD), ("Credit Card", Method.CARD), ("ACH", Method.ACH), ("us_bank_account", Method.ACH)),
        *(("Cheque", Method.CHECK), ("check", Method.CHECK), ("Cash", Method.CASH), ("Wire Transfer", Method.WIRE)),
        *(("Account Balance", Method.BALANCE), ("", Method.OTHER), ("barter", Method.OTHER)),
    ],
)
def test_a_paid_row_brings_its_payment(tmp_path: Path, said: str, method: Method) -> None:
    more = {"payment_method": said, "reference": "1042", "charge_id": "ch_1", "payout_id": "po_1"}
    invoice = one(read_rows(tmp_path, paid=[paid(**more)]))
    (payment,) = invoice.payments
    assert (payment.method, payment.paid_on, payment.amount) == (method, date(2026, 1, 5), 100)
    assert (payment.payment_id, payment.reference) == ("py_C957F1A7-0008", "1042")
    assert (payment.charge_id, payment.payout_id, payment.occurrence) == ("ch_1", "po_1", 1)
    assert (invoice.status, invoice.amount_paid) == (InvoiceStatus.PAID, 100)


@pytest.mark.parametrize(
    ("columns", "payments"),
    [
        ({"amount_paid": "80.00"}, ["80.00"]),
        ({"amount_paid": ""}, ["100.00"]),
        ({"amount_paid": "0.00"}, []),
        ({"amount_paid": "", "applied_balance": "30"}, ["70.00"]),
        ({"amount_paid": "120"}, ["120.00"]),
    ],
)
def test_the_payment_is_the_amount_paid(tmp_path: Path, columns: Row, payments: list[str]) -> None:
    invoice = one(read_rows(tmp_path, marked_as_paid=[paid(**columns)]))
    assert [str(one.amount) for one in invoice.payments] == payments
    assert invoice.status is InvoiceStatus.MARKED_AS_PAID


def test_22_a_zero_invoice_brings_no_payment(tmp_path: Path) -> None:
    assert one(read_rows(tmp_path, marked_as_paid=[paid(amount="0")])).payments == ()


def test_a_report_without_the_column_amount_paid_means_the_total(tmp_path: Path) -> None:
    header = [name for name in HEADER if name != "Amount Paid"]
    said = paid()
    del said["Amount Paid"]
    path = workbook(tmp_path / "billing.xlsx", {"Paid": cells([said], header)})
    assert [str(one.amount) for one in one(read(path)).payments] == ["100.00"]


def test_a_payment_of_several_rows_is_one_payment(tmp_path: Path) -> None:
    rows = [paid(total="150", amount_paid="150"), paid(amount="50", total="150", amount_paid="150")]
    invoice = one(read_rows(tmp_path, paid=rows))
    assert [str(one.amount) for one in invoice.payments] == ["150.00"]


@pytest.mark.parametrize(
    ("second", "occurrences"),
    [
        ({"payment_id": "py_2"}, 2),
        ({"payment_id": "", "payment_method": "check"}, 2),
        ({}, 1),
    ],
)
def test_42_marked_paid_and_then_charged_too_are_two_payments(tmp_path: Path, second: Row, occurrences: int) -> None:
    invoice = one(read_rows(tmp_path, paid=[paid()], marked_as_paid=[paid(**second)]))
    assert [payment.occurrence for payment in invoice.payments] == list(range(1, occurrences + 1))


def test_40_a_duplicate_payment_in_two_rows_of_one_tab_is_two_payments_in_date_order(tmp_path: Path) -> None:
    rows = [paid(payment_id="py_2", paid_date="2026-01-09", line_no=1), paid(payment_id="py_1", line_no=1)]
    payments = one(read_rows(tmp_path, paid=rows)).payments
    assert [(one.payment_id, one.occurrence) for one in payments] == [("py_1", 1), ("py_2", 2)]


def test_44_45_paid_in_another_month_or_before_the_invoice_is_kept_as_said(tmp_path: Path) -> None:
    rows = [paid(paid_date="2026-02-03"), paid("AAAAAAAA-0001", paid_date="2025-12-30")]
    found = read_rows(tmp_path, paid=rows)
    assert [invoice.payments[0].paid_on for invoice in found.invoices] == [date(2025, 12, 30), date(2026, 2, 3)]


@pytest.mark.parametrize("tab", ["unpaid", "failed"])
def test_an_unpaid_invoice_with_money_on_it_is_held(tmp_path: Path, tab: str) -> None:
    found = read_rows(tmp_path, **{tab: [paid(status="Unpaid")]})
    assert codes(found.problems) == ["unpaid-with-payment"]


@pytest.mark.parametrize("tab", ["unpaid", "failed"])
def test_an_unpaid_invoice_with_a_refund_on_it_is_held(tmp_path: Path, tab: str) -> None:
    found = read_rows(tmp_path, **{tab: [row(status="Unpaid", amount_refunded="40", refunded_date="2026-01-20")]})
    assert codes(found.problems) == ["unpaid-with-refund"]


@pytest.mark.parametrize(("amount", "date"), [("70", "2026-01-20"), ("60", "2026-01-21")])
def test_one_refund_with_two_amounts_or_days_is_held(tmp_path: Path, amount: str, date: str) -> None:
    refunded = {"status": "Partially Refunded", "refund_id": "re_1"}
    found = read_rows(
        tmp_path,
        paid=[paid(**refunded, amount_refunded="60", refunded_date="2026-01-20")],
        refunded=[paid(**refunded, amount_refunded=amount, refunded_date=date)],
    )
    assert codes(found.problems) == ["refund-twice"]


def test_a_paid_invoice_without_a_date_is_held(tmp_path: Path) -> None:
    assert codes(read_rows(tmp_path, paid=[paid(paid_date="")]).problems) == ["no-paid-date"]


def test_43_paused_and_then_paid_brings_the_payment(tmp_path: Path) -> None:
    invoice = one(read_rows(tmp_path, paid=[paid(status="Paid")], unpaid=[row(status="Paused")]))
    assert (invoice.status, len(invoice.payments)) == (InvoiceStatus.PAID, 1)


def test_34_35_36_split_parents_and_children_say_so_and_a_parent_may_be_elsewhere(tmp_path: Path) -> None:
    rows = [
        row("AAAAAAAA-0001", "1000", status="Split"),
        row("AAAAAAAA-0002", "500", split_from="AAAAAAAA-0001"),
        row("AAAAAAAA-0003", "500", split_from="AAAAAAAA-0001", status="Split"),
        row("AAAAAAAA-0004", "250", split_from="AAAAAAAA-0003"),
        row("BBBBBBBB-0009", "250", split_from="BBBBBBBB-0001"),
    ]
    found = {invoice.number: invoice for invoice in read_rows(tmp_path, unpaid=rows).invoices}
    assert found["AAAAAAAA-0001"].status is InvoiceStatus.SPLIT
    assert found["AAAAAAAA-0004"].split_from == "AAAAAAAA-0003"
    assert found["BBBBBBBB-0009"].split_from == "BBBBBBBB-0001"


# ---- the same invoice in two tabs (88)


def test_88_failed_repeats_unpaid_and_refunded_repeats_paid(tmp_path: Path) -> None:
    refund = {"amount_refunded": "100.00", "refunded_date": "2026-01-20", "refund_id": "re_1"}
    found = read_rows(
        tmp_path,
        unpaid=[row("AAAAAAAA-0001")],
        failed=[row("AAAAAAAA-0001")],
        paid=[paid()],
        refunded=[paid(**refund)],
    )
    assert found.problems == ()
    failed, refunded = found.invoices
    assert (failed.status, failed.tabs, failed.payments) == (InvoiceStatus.FAILED, ("Unpaid", "Failed"), ())
    assert (refunded.status, refunded.tabs) == (InvoiceStatus.REFUNDED, ("Paid", "Refunded"))
    assert [len(refunded.lines), len(refunded.payments), len(refunded.refunds)] == [1, 1, 1]
    assert refunded.refunds[0].amount == 100


@pytest.mark.parametrize("column", ["total", "invoice_date"])
def test_88_two_tabs_that_contradict_each_other_hold_the_invoice(tmp_path: Path, column: str) -> None:
    other = row(**{column: "2026-01-07" if "date" in column else "90"}, kind="plan")
    other["Amount"] = other["Total"]
    found = read_rows(tmp_path, unpaid=[row()], failed=[other])
    assert codes(found.problems) == ["tabs-disagree"]
    assert "in two tabs" in found.problems[0].what
    assert column.replace("_", " ") in found.problems[0].what


@pytest.mark.parametrize(
    ("columns", "amounts", "status"),
    [
        ({"amount_refunded": "", "refunded_date": "2026-01-20"}, ["100.00"], InvoiceStatus.REFUNDED),
        ({"amount_refunded": "(40.00)", "refunded_date": "2026-01-20"}, ["40.00"], InvoiceStatus.PARTIALLY_REFUNDED),
        (
            {"amount_refunded": "40", "refunded_date": "2026-02-20", "status": "Partially refunded"},
            ["40.00"],
            InvoiceStatus.PARTIALLY_REFUNDED,
        ),
    ],
)
def test_46_47_a_refunded_row_brings_its_refund(
    tmp_path: Path, columns: Row, amounts: list[str], status: InvoiceStatus
) -> None:
    invoice = one(read_rows(tmp_path, refunded=[paid(**columns)]))
    assert [str(one.amount) for one in invoice.refunds] == amounts
    assert (invoice.status, len(invoice.payments)) == (status, 1)
    assert invoice.amount_refunded == sum(one.amount for one in invoice.refunds)


@pytest.mark.parametrize("numbered", [True, False])
def test_48_two_partial_refunds_are_two_refunds_and_the_lines_count_once(tmp_path: Path, numbered: bool) -> None:
    def lines(refund: Row) -> list[Row]:
        first = paid(amount="60", total="100", amount_paid="100", line_no=1 if numbered else "", **refund)
        second = paid(amount="40", total="100", amount_paid="100", line_no=2 if numbered else "", **refund)
        return [first, second]

    later = {"amount_refunded": "30", "refunded_date": "2026-01-25", "refund_id": "re_2"}
    earlier = {"amount_refunded": "20", "refunded_date": "2026-01-20", "refund_id": "re_1"}
    invoice = one(read_rows(tmp_path, refunded=[*lines(later), *lines(earlier)]))
    assert [(one.refund_id, one.occurrence, str(one.amount)) for one in invoice.refunds] == [
        ("re_1", 1, "20.00"),
        ("re_2", 2, "30.00"),
    ]
    assert (len(invoice.lines), len(invoice.payments), invoice.amount_refunded) == (2, 1, 50)


@pytest.mark.parametrize(
    ("columns", "code"),
    [
        ({"amount_refunded": "40", "refunded_date": ""}, "no-refund-date"),
        ({"status": "Partially refunded", "refunded_date": "2026-01-20"}, "no-refund-amount"),
    ],
)
def test_a_refund_that_does_not_say_when_or_how_much_is_held(tmp_path: Path, columns: Row, code: str) -> None:
    assert codes(read_rows(tmp_path, refunded=[paid(**columns)]).problems) == [code]


# ---- states


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ("Scheduled", InvoiceStatus.SCHEDULED),
        ("Unpaid", InvoiceStatus.UNPAID),
        ("Overdue", InvoiceStatus.UNPAID),
        ("FAILED", InvoiceStatus.FAILED),
        ("paused", InvoiceStatus.PAUSED),
        ("Split", InvoiceStatus.SPLIT),
        ("", InvoiceStatus.UNPAID),
    ],
)
def test_the_status_column_says_more_than_the_tab(tmp_path: Path, said: str, status: InvoiceStatus) -> None:
    assert one(read_rows(tmp_path, unpaid=[row(status=said)])).status is status


def test_an_unknown_status_holds_its_invoice(tmp_path: Path) -> None:
    found = read_rows(tmp_path, unpaid=[row(status="Limbo")])
    assert codes(found.problems) == ["unknown-status"]


@pytest.mark.parametrize("said", ["Closed", "void", "VOIDED", "Closed/Void", "Canceled"])
def test_closed_in_coworks_is_voided_on_its_closed_date(tmp_path: Path, said: str) -> None:
    invoice = one(read_rows(tmp_path, unpaid=[row(status=said, closed_date="2026-01-20")]))
    assert (invoice.status, invoice.voided_on) == (InvoiceStatus.VOIDED, date(2026, 1, 20))


def test_52_a_closed_date_without_the_status_voids_nothing(tmp_path: Path) -> None:
    invoice = one(read_rows(tmp_path, unpaid=[row(status="Unpaid", closed_date="2026-01-20")]))
    assert (invoice.status, invoice.voided_on) == (InvoiceStatus.UNPAID, None)


def test_53_void_after_payment_keeps_the_payment(tmp_path: Path) -> None:
    rows = [paid(status="Closed", closed_date="2026-01-20")]
    invoice = one(read_rows(tmp_path, unpaid=rows))
    assert (invoice.status, len(invoice.payments)) == (InvoiceStatus.VOIDED, 1)


# ---- which date the report filters on


@pytest.mark.parametrize(
    ("dates", "learned"),
    [
        ([("2026-01-05", "2026-01-06")], "issued"),
        ([("2026-01-05", "2026-02-06")], "issued"),
        ([("2025-12-05", "2026-01-06")], "paid"),
        ([("2025-12-05", "2026-01-06"), ("2026-01-05", "2026-01-05")], "paid"),
        ([("2025-12-05", "2026-01-06"), ("2026-01-05", "2026-02-05")], "both"),
    ],
)
def test_which_date_the_report_selects_by_is_learned(
    tmp_path: Path, dates: list[tuple[str, str]], learned: str
) -> None:
    rows = [paid(f"AAAAAAAA-{at:04d}", invoice_date=on, paid_date=then) for at, (on, then) in enumerate(dates)]
    assert read_rows(tmp_path, paid=rows).filters_on == learned


def test_invoices_come_in_date_and_number_order_whatever_the_rows_do(tmp_path: Path) -> None:
    rows = [row("BBBBBBBB-0001"), row("AAAAAAAA-0002", invoice_date="2026-01-20"), row("AAAAAAAA-0001")]
    there, back = tmp_path / "a", tmp_path / "b"
    for folder in (there, back):
        folder.mkdir()
    first = read_rows(there, unpaid=rows)
    second = read_rows(back, unpaid=rows[::-1])
    numbers = [invoice.number for invoice in first.invoices]
    assert numbers == ["AAAAAAAA-0001", "BBBBBBBB-0001", "AAAAAAAA-0002"]
    assert numbers == [invoice.number for invoice in second.invoices]


def test_an_alias_for_no_column_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="tema is no column"):
        read(report(tmp_path / "billing.xlsx", unpaid=[row()]), columns={"tema": ["Firm"]})
