"""Reads a generated company's files for the tests, independently of what the toolkit reads them with."""

from __future__ import annotations

import csv
import json
from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from python_calamine import CalamineWorkbook

from toolkit.emulator.sample.figures import Figures, figures_of
from toolkit.emulator.sample.months import Operator, Size

COMMITTED = Path(__file__).parents[1] / "companies" / "sample"
CENT = Decimal("0.01")
LIST_TABS = ("Paid", "Refunded", "Unpaid", "Marked As Paid", "Failed")
Row = dict[str, Any]


def money(cell: object) -> Decimal:
    return Decimal(str(cell or 0)).quantize(CENT)


def sheet(path: Path, tab: str) -> list[Row]:
    if path.with_suffix("").is_dir():
        with (path.with_suffix("") / f"{tab}.csv").open(encoding="utf-8", newline="") as file:
            return [dict(row) for row in csv.DictReader(file)]
    rows = CalamineWorkbook.from_path(str(path)).get_sheet_by_name(tab).to_python(skip_empty_area=False)
    return [dict(zip(rows[0], row, strict=True)) for row in rows[1:]]


def day(cell: object) -> date | None:
    if not cell:
        return None
    return cell if isinstance(cell, date) else date.fromisoformat(str(cell))


@dataclass
class MonthFiles:
    period: str
    tabs: dict[str, list[Row]]
    summary: list[Row]
    payouts: list[Row]
    charges: list[Row]

    @property
    def invoices(self) -> dict[str, list[Row]]:
        """The rows of each number in the first tab that lists it."""
        found: dict[str, list[Row]] = {}
        for rows in self.tabs.values():
            by_number = defaultdict(list)
            for row in rows:
                by_number[row["Invoice Number"]].append(row)
            for number, own in by_number.items():
                found.setdefault(number, own)
        return found

    def head(self, team: str) -> list[Row]:
        return [rows[0] for rows in self.invoices.values() if rows[0]["Team"] == team]


def month_files(folder: Path) -> list[MonthFiles]:
    found = []
    for inbox in sorted((folder / "inbox").iterdir()):
        book, payouts = inbox / "billing.xlsx", inbox / "payouts.xlsx"
        found.append(
            MonthFiles(
                period=inbox.name,
                tabs={tab: sheet(book, tab) for tab in LIST_TABS},
                summary=sheet(book, "Billing Summary"),
                payouts=sheet(payouts, "Payouts"),
                charges=sheet(payouts, "Charges"),
            )
        )
    return found


def mapping(folder: Path) -> list[Row]:
    with (folder / "mapping.csv").open(encoding="utf-8", newline="") as file:
        return [dict(row) for row in csv.DictReader(file)]


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def figures_for(invoices: int, months: int, seed: int) -> list[Figures]:
    operator = Operator(Size(invoices, months, date(2026, 1, 1), seed, invoices >= 45))
    figures: list[Figures] = []
    for month in operator.months():
        figures.append(figures_of(month, operator.specials, figures))
    return figures


def cells(path: Path) -> dict[str, list[list[Any]]]:
    book = CalamineWorkbook.from_path(str(path))
    return {name: book.get_sheet_by_name(name).to_python(skip_empty_area=False) for name in book.sheet_names}


def books() -> Row:
    found: Row = json.loads((COMMITTED / "qbo.json").read_text(encoding="utf-8"), parse_float=Decimal)
    return found


def lists() -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = books()["lists"]
    return found


def entities(name: str) -> list[Row]:
    return [one[name] for one in books()["transactions"] if name in one]


def is_other(entity: str, one: Row) -> bool:
    return entity != "Customer" or one.get("Active") is False
