"""The value columns of a summarized report: one total, time spans, or one per class, customer and so on."""

from __future__ import annotations

import sqlite3
from bisect import bisect_right
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date

from toolkit.emulator.reports.directory import read_names
from toolkit.emulator.reports.grid import Row, Vector, column
from toolkit.emulator.reports.parameters import Query
from toolkit.emulator.reports.periods import Period, slices_of
from toolkit.emulator.reports.selection import Condition

TIME_UNITS = ("Days", "Week", "Month", "Quarter", "Year", "FiscalQuarter", "FiscalYear")
# How the summarizing word maps to what a posting line carries, and to the list that names it.
_LISTS = {
    "Customers": ("CASE WHEN name_type = 'Customer' THEN name_id END", "Customer"),
    "Vendors": ("CASE WHEN name_type = 'Vendor' THEN name_id END", "Vendor"),
    "Employees": ("CASE WHEN name_type = 'Employee' THEN name_id END", "Employee"),
    "Departments": ("department_id", "Department"),
    "Classes": ("class_id", "Class"),
    "ProductsAndServices": ("item_id", "Item"),
}
EVERY_SUMMARY = ("Total", *TIME_UNITS, *_LISTS)


@dataclass(frozen=True, slots=True)
class Grid:
    """Column definitions (the account column first) and debit-positive cents by account id.

    Every vector's last value is the row's total.
    """

    columns: list[Row]
    amounts: dict[str, Vector]

    @property
    def width(self) -> int:
        """Number of value columns."""
        return len(self.columns) - 1


def clipped(connection: sqlite3.Connection, period: Period) -> Period:
    """The period, with open bounds drawn in to the first and last posting."""
    if not period.unbounded:
        return period
    first, last = connection.execute("SELECT MIN(date), MAX(date) FROM posting").fetchone()
    if first is None:
        return Period(period.start, period.start, period.macro)
    return Period(date.fromisoformat(first), date.fromisoformat(last), period.macro)


def _account_column() -> Row:
    return column("", "Account", {"ColKey": "account"})


def _total_column(title: str) -> Row:
    return column(title, "Money", {"ColKey": "total"})


def _sums(
    connection: sqlite3.Connection, key: str, period: Period, condition: Condition
) -> Iterable[tuple[str, str, int]]:
    rows = connection.execute(
        f"SELECT account_id, COALESCE({key}, ''), SUM(amount) FROM posting"
        f" WHERE date BETWEEN ? AND ? AND {condition.sql} GROUP BY 1, 2",
        (period.start.isoformat(), period.end.isoformat(), *condition.arguments),
    )
    return ((str(account), str(value), cents) for account, value, cents in rows)


def _spread(sums: Iterable[tuple[str, int, int]], places: int) -> dict[str, Vector]:
    """(account, place, cents) to vectors with a total at the end."""
    made: dict[str, list[int | None]] = {}
    for account, place, cents in sums:
        vector = made.setdefault(account, [None] * (places + 1))
        vector[place] = (vector[place] or 0) + cents
        vector[-1] = (vector[-1] or 0) + cents if place != places else cents
    return {account: tuple(vector) for account, vector in made.items()}


def _by_total(connection: sqlite3.Connection, period: Period, condition: Condition) -> Grid:
    sums = ((account, cents) for account, _, cents in _sums(connection, "NULL", period, condition))
    return Grid([_account_column(), _total_column("Total")], {account: (cents,) for account, cents in sums})


def _by_time(connection: sqlite3.Connection, query: Query, period: Period, condition: Condition, by: str) -> Grid:
    spans = slices_of(period, by, query.facts.fiscal_month)
    starts = [span.start.isoformat() for span in spans]
    sums = (
        (account, bisect_right(starts, day) - 1, cents)
        for account, day, cents in _sums(connection, "date", period, condition)
    )
    columns = [
        column(
            span.title,
            "Money",
            {"StartDate": span.start.isoformat(), "EndDate": span.end.isoformat(), "ColKey": span.title},
        )
        for span in spans
    ]
    return Grid([_account_column(), *columns, _total_column("Total")], _spread(sums, len(spans)))


def _by_list(connection: sqlite3.Connection, period: Period, condition: Condition, by: str) -> Grid:
    key, entity = _LISTS[by]
    sums = list(_sums(connection, key, period, condition))
    names = read_names(connection, (entity,))
    title: Callable[[str], str] = lambda value: names.get((entity, value), "") if value else "Not Specified"  # noqa: E731
    values = sorted({value for _, value, _ in sums}, key=lambda value: (not value, title(value).lower(), value))
    place = {value: index for index, value in enumerate(values)}
    columns = [column(title(value), "Money", {"ColKey": value or "not_specified"}) for value in values]
    spread = _spread(((account, place[value], cents) for account, value, cents in sums), len(values))
    return Grid([_account_column(), *columns, _total_column("TOTAL")], spread)


def summarized(connection: sqlite3.Connection, query: Query, period: Period, condition: Condition, by: str) -> Grid:
    """Debit-positive cents by account and column, for the postings of a period that meet the condition."""
    within = clipped(connection, period)
    if by == "Total":
        return _by_total(connection, within, condition)
    if by in TIME_UNITS:
        return _by_time(connection, query, within, condition, by)
    return _by_list(connection, within, condition, by)
