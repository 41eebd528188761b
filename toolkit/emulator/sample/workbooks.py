"""The two reports as Coworks hands them over: billing and payouts, as workbooks or as folders of CSV files."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from contextlib import ExitStack, contextmanager
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import IO, Any, Protocol

import xlsxwriter

from toolkit.emulator.sample.documents import TABS, Invoice, Line, is_open, status, tabs
from toolkit.emulator.sample.months import Month
from toolkit.emulator.sample.settlement import Payout

Cell = str | int | date | Decimal | None
"""Text, a whole number, a day, or an amount or quantity; None is a blank cell."""

LIST_HEADER = (
    "Team", "Campus", "Coworks Invoice URL", "Invoice Number", "Status", "Invoice Type", "Customer Email", "Admin Name",
    "Invoice Date", "Due Date", "Paid Date", "Closed Date", "Line No", "Kind", "Plan Name", "Description", "Quantity",
    "Unit Price", "Amount", "Service Start", "Service End", "Campus Of Service", "Taxable", "Total", "Amount Due",
    "Amount Paid", "Amount Refunded", "Refunded Date", "Refund ID", "Payment Method", "Payment ID", "Reference",
    "Charge ID", "Payout ID", "Split From", "Category", "Memo",
)  # fmt: skip
SUMMARY_HEADER = ("Tab", "Invoices", "Total")
PAYOUT_HEADER = ("Payout ID", "Arrival Date", "Amount", "Status")
PAYOUTS_HEADER = ("id", "arrival_date", "amount", "statement_descriptor", "status", "created", "currency", "bank_last4")
CHARGES_HEADER = (
    "payout_id", "balance_txn_id", "charge_id", "type", "gross", "fee", "net", "invoice_number", "team", "created",
    "available_on",
)  # fmt: skip
DESCRIPTOR = "COWORKS STRIPE"
BANK_LAST4 = "4321"
LARGEST_WORKBOOK = 50_000
"""Invoices a month above which CSV is written: a workbook of that size takes a minute to write and to open."""

_EXCEL_DAY_ZERO = date(1899, 12, 30).toordinal()


def dollars(cents: int) -> Decimal:
    """Cents as dollars with two places."""
    return Decimal(cents).scaleb(-2)


class Sheet(Protocol):
    """A tab that takes rows."""

    def add(self, row: Iterable[Cell]) -> None:
        """Writes one row below the last."""


class Book(Protocol):
    """A report that takes tabs."""

    def sheet(self, name: str) -> Sheet:
        """A new tab after the last."""


class _WorkbookSheet:
    def __init__(self, sheet: Any, day_format: Any, money_format: Any) -> None:
        self._sheet = sheet
        self._day_format = day_format
        self._money_format = money_format
        self._row = 0

    def add(self, row: Iterable[Cell]) -> None:
        at, sheet = self._row, self._sheet
        for column, cell in enumerate(row):
            if cell is None or cell == "":
                continue
            if isinstance(cell, str):
                sheet.write_string(at, column, cell)
            elif isinstance(cell, Decimal):
                sheet.write_number(at, column, cell, self._money_format)
            elif isinstance(cell, date):
                sheet.write_number(at, column, cell.toordinal() - _EXCEL_DAY_ZERO, self._day_format)
            else:
                sheet.write_number(at, column, cell)
        self._row += 1


class _Workbook:
    def __init__(self, path: Path, created: date) -> None:
        self._book = xlsxwriter.Workbook(str(path), {"constant_memory": True, "strings_to_urls": False})
        # The moment of writing would make the same sample differ from one run to the next.
        self._book.set_properties({"created": datetime(created.year, created.month, created.day)})
        self._day_format = self._book.add_format({"num_format": "yyyy-mm-dd"})
        self._money_format = self._book.add_format({"num_format": "#,##0.00##"})

    def sheet(self, name: str) -> Sheet:
        return _WorkbookSheet(self._book.add_worksheet(name), self._day_format, self._money_format)

    def close(self) -> None:
        self._book.close()


class _CsvSheet:
    def __init__(self, file: IO[str]) -> None:
        self._writer = csv.writer(file, lineterminator="\n")

    def add(self, row: Iterable[Cell]) -> None:
        self._writer.writerow(row)


class _CsvFolder:
    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._files = ExitStack()

    def sheet(self, name: str) -> Sheet:
        path = self._folder / f"{name}.csv"
        return _CsvSheet(self._files.enter_context(path.open("w", encoding="utf-8", newline="")))

    def close(self) -> None:
        self._files.close()


@contextmanager
def _book(folder: Path, name: str, created: date, *, as_csv: bool) -> Any:
    book = _CsvFolder(folder / name) if as_csv else _Workbook(folder / f"{name}.xlsx", created)
    try:
        yield book
    finally:
        book.close()


def write_month(inbox: Path, month: Month, *, as_csv: bool) -> None:
    """Writes inbox/<YYYY-MM>/ with billing and payouts, as exported at the end of the month's last day."""
    folder = inbox / month.period
    folder.mkdir(parents=True, exist_ok=True)
    with _book(folder, "billing", month.last, as_csv=as_csv) as book:
        _write_billing(book, month)
    with _book(folder, "payouts", month.last, as_csv=as_csv) as book:
        _write_payouts(book, month)


def _write_billing(book: Book, month: Month) -> None:
    summary, payouts = book.sheet("Billing Summary"), book.sheet("Payouts")
    sheets = {name: book.sheet(name) for name in TABS}
    for sheet in sheets.values():
        sheet.add(LIST_HEADER)
    counts, totals = dict.fromkeys(TABS, 0), dict.fromkeys(TABS, 0)
    for invoice in month.listed:
        for tab in tabs(invoice, month.last):
            counts[tab] += 1
            totals[tab] += invoice.total
            for row in invoice_rows(invoice, tab, month.last):
                sheets[tab].add(row)
    summary.add(SUMMARY_HEADER)
    for tab in TABS:
        summary.add((tab, counts[tab], dollars(totals[tab])))
    summary.add(("Total", len(month.listed), dollars(sum(invoice.total for invoice in month.listed))))
    payouts.add(PAYOUT_HEADER)
    for payout in (*month.payouts, *month.in_transit):
        payouts.add((payout.id, payout.arrives, dollars(payout.amount), payout_status(payout, month.last)))


def payout_status(payout: Payout, on: date) -> str:
    """The processor's word for it at the end of that day."""
    return "paid" if payout.arrives <= on else "in_transit"


def invoice_rows(invoice: Invoice, tab: str, on: date) -> list[list[Cell]]:
    """The rows of one invoice in one tab: one a line, the invoice's own cells repeated on each."""
    stands = "Unpaid" if tab == "Unpaid" and status(invoice, on) == "Failed" else status(invoice, on)
    head = _head(invoice, stands, on)
    tail = _tail(invoice, on)
    return [[*head, number, *_line(line), *tail] for number, line in enumerate(invoice.lines, 1)]


def _head(invoice: Invoice, stands: str, on: date) -> Sequence[Cell]:
    team = invoice.team
    ended = invoice.closed_on or invoice.split_on
    return (
        team.name,
        team.campus or None,
        f"https://coworks.example/invoices/{invoice.coworks_id}",
        invoice.number,
        stands,
        invoice.type,
        team.email or None,
        team.admin,
        invoice.issued,
        invoice.due,
        _upto(invoice.paid_on, on),
        _upto(ended, on),
    )


def _upto(day: date | None, on: date) -> date | None:
    return day if day and day <= on else None


def _line(line: Line) -> Sequence[Cell]:
    return (
        line.kind,
        line.name,
        line.description,
        line.quantity,
        dollars(line.amount) if line.unit_price is None else line.unit_price,
        dollars(line.amount),
        line.start,
        line.end,
        line.campus or None,
        "No",
    )


def _tail(invoice: Invoice, on: date) -> Sequence[Cell]:
    paid = bool(invoice.paid_on and invoice.paid_on <= on)
    refund = invoice.refund if invoice.refund and invoice.refund.on <= on else None
    return (
        dollars(invoice.total),
        dollars(invoice.total if is_open(invoice, on) else 0),
        dollars(invoice.total if paid else 0),
        dollars(refund.amount if refund else 0),
        refund.on if refund else None,
        refund.refund_id if refund else None,
        *((invoice.method, invoice.payment_id, invoice.reference, invoice.charge_id) if paid else (None,) * 4),
        invoice.payout_id if paid else None,
        invoice.split_from.number if invoice.split_from else None,
        invoice.category,
        invoice.memo,
    )


def _write_payouts(book: Book, month: Month) -> None:
    payouts, charges = book.sheet("Payouts"), book.sheet("Charges")
    payouts.add(PAYOUTS_HEADER)
    charges.add(CHARGES_HEADER)
    for payout in (*month.payouts, *month.in_transit):
        stands = payout_status(payout, month.last)
        amount = dollars(payout.amount)
        payouts.add((payout.id, payout.arrives, amount, DESCRIPTOR, stands, payout.created, "usd", BANK_LAST4))
        for row in _charge_rows(payout):
            charges.add(row)


def _charge_rows(payout: Payout) -> Iterable[Sequence[Cell]]:
    for charge in payout.charges:
        yield (
            payout.id,
            charge.balance_txn_id,
            charge.charge_id,
            charge.type,
            dollars(charge.gross),
            dollars(charge.fee),
            dollars(charge.net),
            charge.number,
            charge.team,
            charge.created,
            payout.created,
        )
