"""Which files of the inbox are which report of which month: told by tabs and headers, and by dates, never by name."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from pathlib import Path
from zoneinfo import ZoneInfo

from toolkit.billing_columns import (
    CHARGE,
    HEAD,
    LINE,
    PAYMENT,
    PAYOUT,
    REFUND,
    SUMMARY,
    Tab,
    check_columns,
    known_words,
    tab_of,
)
from toolkit.cells import day
from toolkit.problems import Problem, Severity
from toolkit.settings import parse_period
from toolkit.table_problems import damaged
from toolkit.tables import Damaged, Opened, Table, cell_at, columns, open_file

_LISTED = {**HEAD, **LINE}
_REPORT_TABS = frozenset(Tab) - {Tab.PAYOUTS, Tab.INVOICES}
_NOT_REPORTS = frozenset({"readme.md", "readme.txt", "thumbs.db", "desktop.ini"})
_ZONE = ZoneInfo("UTC")


class Report(StrEnum):
    """What a file of the inbox is."""

    BILLING = "billing"
    PAYOUTS = "payouts"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Inbox:
    """The files of one month, each list in the order in which they count: a later one wins."""

    billing: tuple[Path, ...] = ()
    payouts: tuple[Path, ...] = ()
    problems: tuple[Problem, ...] = ()


def find(inbox: Path, period: str, columns: Mapping[str, Sequence[str]] | None = None) -> Inbox:
    """The reports of `period` (YYYY-MM) in `inbox/<period>/`, and in `inbox/` itself by the dates they hold.

    A folder `billing/` or `payouts/` of CSV files is one report. Files count in the order of their names, those of
    `inbox/` before those of the month's own folder. A file that is neither report is a Problem. `columns` are further
    header aliases. Raises `UsageError` if `period` is no month.
    """
    parse_period(period)
    extra = check_columns(columns or {})
    billing: list[Path] = []
    payouts: list[Path] = []
    problems: list[Problem] = []
    for path in (*_loose(inbox, period, extra), *_entries(inbox / period)):
        kind = kind_of(path, extra)
        if kind is Report.UNKNOWN:
            problems.append(_unknown(path))
        elif kind is Report.BILLING:
            billing.append(path)
        else:
            payouts.append(path)
    return Inbox(billing=tuple(billing), payouts=tuple(payouts), problems=tuple(problems))


def periods(inbox: Path, columns: Mapping[str, Sequence[str]] | None = None) -> tuple[str, ...]:
    """The months (YYYY-MM) that have a file, ascending; files in `inbox/` itself count for the month of their dates."""
    extra = check_columns(columns or {})
    months = {path.name for path in _entries(inbox) if path.is_dir() and _is_month(path.name) and _entries(path)}
    months.update(month for path in _entries(inbox) if path.is_file() and (month := month_of(path, extra)))
    return tuple(sorted(months))


def _is_month(name: str) -> bool:
    year, dash, month = name.partition("-")
    return len(name) == 7 and dash == "-" and year.isdigit() and month.isdigit() and 1 <= int(month) <= 12


def _entries(folder: Path) -> list[Path]:
    """What a person put into a folder, in natural order of names: no hidden files, no open workbook's lock."""
    if not folder.is_dir():
        return []
    kept = (path for path in folder.iterdir() if not path.name.startswith((".", "~$")))
    return sorted((path for path in kept if path.name.casefold() not in _NOT_REPORTS), key=_natural)


def _natural(path: Path) -> tuple[tuple[int | str, ...], str]:
    """Browsers call a second download `billing (1).xlsx`: it comes after `billing.xlsx`, and (10) after (9)."""
    parts = re.split(r"(\d+)", path.stem.casefold())
    return tuple(int(part) if place % 2 else part for place, part in enumerate(parts)), path.suffix


def _loose(inbox: Path, period: str, extra: Mapping[str, Sequence[str]]) -> Iterator[Path]:
    """Files in the inbox itself that hold this month, and those that hold none (they are Problems of every month)."""
    for path in _entries(inbox):
        if path.is_file() and month_of(path, extra) in (period, ""):
            yield path


def kind_of(path: Path, extra: Mapping[str, Sequence[str]]) -> Report:
    """Which report a file or folder is. A file that cannot be opened is the report that its name says, so that its
    reader can complain about it.
    """
    if path.is_dir():
        found = {kind_of(one, extra) for one in _entries(path)}
        return next((kind for kind in (Report.BILLING, Report.PAYOUTS) if kind in found), Report.UNKNOWN)
    opened = open_file(path)
    if opened.problem is not None:
        return Report.PAYOUTS if "payout" in path.name.casefold() else Report.BILLING
    by_tabs = _by_tabs(opened)
    if by_tabs is not None:
        return by_tabs
    kinds = [_by_header(table) for table in _tables(opened, extra)]
    return next((kind for kind in kinds if kind is not Report.UNKNOWN), Report.UNKNOWN)


def _by_tabs(opened: Opened) -> Report | None:
    """By the names of the tabs of a workbook; None if they say nothing."""
    tabs = {tab_of(sheet) for sheet in opened.sheets if sheet}
    if tabs & _REPORT_TABS:
        return Report.BILLING
    return Report.PAYOUTS if Tab.PAYOUTS in tabs else None


def _tables(opened: Opened, extra: Mapping[str, Sequence[str]]) -> Iterator[tuple[Table, Mapping[str, Sequence[str]]]]:
    known = known_words(_LISTED, SUMMARY, PAYMENT, REFUND, PAYOUT, CHARGE, extra=extra)
    for sheet in opened.sheets:
        table = opened.table(sheet, known)
        if isinstance(table, Table):
            yield table, extra


def _by_header(found: tuple[Table, Mapping[str, Sequence[str]]]) -> Report:
    table, extra = found
    payout, charge = columns(table.header, PAYOUT, extra), columns(table.header, CHARGE, extra)
    if "arrival_date" in payout and "amount" in payout and "status" in payout and "payout_id" in payout:
        return Report.PAYOUTS
    if "payout_id" in charge and "gross" in charge and ("net" in charge or "fee" in charge):
        return Report.PAYOUTS
    listed = columns(table.header, _LISTED, extra)
    amounts = {"total", "amount", "subtotal", "amount_paid", "amount_refunded"} & set(listed.at)
    summary = columns(table.header, SUMMARY, extra)
    if ("invoice_number" in listed and amounts) or len(summary.at) == len(SUMMARY):
        return Report.BILLING
    # A report that lacks a column is still a report: its reader says what is missing.
    return Report.BILLING if len(listed.at) >= 6 else Report.UNKNOWN


def month_of(path: Path, extra: Mapping[str, Sequence[str]]) -> str:
    """The month (YYYY-MM) that most dates of a file lie in, the later of two equal; "" if it holds none."""
    opened = open_file(path)
    if opened.problem is not None:
        return ""
    found: Counter[str] = Counter()
    for table, _ in _tables(opened, extra):
        try:
            found.update(f"{on:%Y-%m}" for on in _dates(table, extra))
        except Damaged:
            return ""
    return max(found, key=lambda month: (found[month], month), default="")


def _dates(table: Table, extra: Mapping[str, Sequence[str]]) -> Iterator[date]:
    # "created" would be an invoice date too: a table with arrival dates is one of payouts.
    payout = columns(table.header, PAYOUT, extra)
    wanted = ("arrival_date",) if "arrival_date" in payout else ("invoice_date", "paid_date", "refunded_date")
    found = payout if "arrival_date" in payout else columns(table.header, _LISTED, extra)
    places = [found.at[name] for name in wanted if name in found]
    for _, row in table.rows():
        for place in places:
            try:
                on = day(cell_at(row, place), _ZONE)
            except ValueError:
                continue
            if on is not None:
                yield on


def _unknown(path: Path) -> Problem:
    opened = open_file(path) if path.is_file() else None
    if opened is not None and opened.problem is not None:
        return opened.problem
    if opened is not None and not opened.sheets:
        return damaged(path.name, "it has no tab")
    return Problem(
        code="unknown-file",
        where=path.name,
        what="This file is neither a Billing report nor a Payouts report: its tabs and headers are those of neither.",
        why="A report that is not recognized would be missing from the month.",
        do="Remove it from the inbox, or name its headers under [columns] in company.toml.",
        severity=Severity.ITEM,
    )
