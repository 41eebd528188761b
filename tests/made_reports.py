"""Billing and Payouts reports made cell by cell for tests: what is not said has a plain, correct default."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import xlsxwriter

from toolkit import billing, payouts
from toolkit.model import Billing, Invoice, Payouts
from toolkit.problems import Problem

ZONE = ZoneInfo("America/New_York")
HEADER = (
    *("Team", "Campus", "Coworks Invoice URL", "Invoice Number", "Status", "Invoice Type", "Customer Email"),
    *("Admin Name", "Invoice Date", "Due Date", "Paid Date", "Closed Date", "Line No", "Kind", "Plan Name"),
    *("Description", "Quantity", "Unit Price", "Amount", "Service Start", "Service End", "Campus Of Service"),
    *("Taxable", "Total", "Amount Due", "Amount Paid", "Amount Refunded", "Refunded Date", "Refund ID"),
    *("Payment Method", "Payment ID", "Reference", "Charge ID", "Payout ID", "Split From", "Category", "Memo"),
)
TABS = ("Paid", "Refunded", "Unpaid", "Marked As Paid", "Failed")

Row = dict[str, Any]
Sheets = Mapping[str, Sequence[Sequence[Any]]]


def row(number: str = "C957F1A7-0008", amount: Any = "100.00", **said: Any) -> Row:
    """One line of an unpaid invoice; words like `paid_date` stand for the headers of the report."""
    plain: Row = {
        "Team": "Factory Inc.",
        "Campus": "Downtown",
        "Invoice Number": number,
        "Invoice Date": "2026-01-05",
        "Due Date": "2026-01-15",
        "Kind": "plan",
        "Plan Name": "Hot Desk",
        "Description": "Hot Desk, January",
        "Amount": amount,
        "Total": amount,
    }
    return plain | {heading(name): cell for name, cell in said.items()}


def paid(number: str = "C957F1A7-0008", amount: Any = "100.00", **said: Any) -> Row:
    """One line of an invoice that was paid by card on the day it was issued."""
    plain = {"paid_date": "2026-01-05", "amount_paid": amount, "payment_method": "card", "payment_id": f"py_{number}"}
    return row(number, amount, **(plain | said))


def heading(name: str) -> str:
    special = {"refund_id": "Refund ID", "payment_id": "Payment ID", "charge_id": "Charge ID", "payout_id": "Payout ID"}
    return special.get(name, name.replace("_", " ").title())


def cells(rows: Sequence[Row], header: Sequence[str] = HEADER) -> list[list[Any]]:
    """Header and rows; columns that a row has and the header does not are added at the end."""
    wide = list(dict.fromkeys([*header, *(name for one in rows for name in one)]))
    return [wide, *([one.get(name, "") for name in wide] for one in rows)]


def workbook(path: Path, sheets: Sheets) -> Path:
    """A workbook with these tabs: numbers as numbers, dates as dates, everything else as text."""
    book = xlsxwriter.Workbook(str(path), {"strings_to_urls": False, "strings_to_formulas": False})
    dated = book.add_format({"num_format": "yyyy-mm-dd"})
    for name, rows in sheets.items():
        sheet = book.add_worksheet(name)
        for line, one in enumerate(rows):
            for column, cell in enumerate(one):
                if isinstance(cell, date):
                    sheet.write_datetime(line, column, cell, dated)
                elif isinstance(cell, (int, float)) and not isinstance(cell, bool):
                    sheet.write_number(line, column, cell)
                elif cell != "":
                    sheet.write(line, column, cell)
    book.close()
    return path


def report(path: Path, summary: Sequence[Sequence[Any]] = (), **tabs: Sequence[Row]) -> Path:
    """A Billing report as Coworks lays it out; `marked_as_paid=[…]` fills that tab, the others are empty."""
    named = {name.replace("_", " ").title(): rows for name, rows in tabs.items()}
    sheets: dict[str, Sequence[Sequence[Any]]] = {"Billing Summary": summary} if summary else {}
    return workbook(path, sheets | {tab: cells(named.get(tab, ())) for tab in TABS})


def csv_bytes(
    rows: Sequence[Sequence[Any]], *, delimiter: str = ",", encoding: str = "utf-8", end: str = "\r\n"
) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter, lineterminator=end).writerows(rows)
    return text.getvalue().encode(encoding)


def read(*paths: Path, period: str = "2026-01", **how: Any) -> Billing:
    return billing.read(paths, period=period, zone=ZONE, **how)


def read_rows(folder: Path, **tabs: Sequence[Row]) -> Billing:
    """What a report with these rows reads as."""
    return read(report(folder / "billing.xlsx", **tabs))


def read_payouts(*paths: Path, period: str = "2026-01", **how: Any) -> Payouts:
    return payouts.read(paths, period=period, zone=ZONE, **how)


def one(found: Billing) -> Invoice:
    """The only invoice of a report without problems."""
    assert [str(problem) for problem in found.problems] == []
    (invoice,) = found.invoices
    return invoice


def codes(problems: Sequence[Problem]) -> list[str]:
    return [problem.code for problem in problems]


def money(text: str) -> Decimal:
    return Decimal(text)
