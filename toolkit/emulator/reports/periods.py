"""Report periods: Intuit's date macros, fiscal years, and the columns a period splits into.

All bounds are inclusive. Weeks run from Sunday to Saturday, as in a United States company.
Macro names are those of the DateMacro type in Intuit's Report.xsd.
"""

from __future__ import annotations

import calendar
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

FIRST_DAY = date(1900, 1, 1)
LAST_DAY = date(9999, 12, 31)


@dataclass(frozen=True, slots=True)
class Period:
    """Two inclusive bounds and the macro they came from ("" when dates were given)."""

    start: date
    end: date
    macro: str = ""

    @property
    def unbounded(self) -> bool:
        """True for the macro All, whose bounds are not printed."""
        return self.macro == "all"


def add_months(day: date, months: int) -> date:
    """The first day of the month that lies so many months from day's month."""
    ordinal = day.year * 12 + day.month - 1 + months
    return date(ordinal // 12, ordinal % 12 + 1, 1)


def month_end(day: date) -> date:
    """The last day of day's month."""
    return day.replace(day=calendar.monthrange(day.year, day.month)[1])


def fiscal_year_start(day: date, first_month: int) -> date:
    """The first day of the fiscal year that holds day."""
    year = day.year if day.month >= first_month else day.year - 1
    return date(year, first_month, 1)


def _quarter_start(day: date, first_month: int) -> date:
    start = fiscal_year_start(day, first_month)
    months = (day.year - start.year) * 12 + day.month - start.month
    return add_months(start, months // 3 * 3)


def _week_start(day: date) -> date:
    return day - timedelta(days=(day.weekday() + 1) % 7)


def _block(start: date, months: int) -> tuple[date, date]:
    return start, month_end(add_months(start, months - 1))


Span = tuple[date, date]


def unit_of(unit: str, day: date, fiscal_month: int, step: int = 0) -> Span:
    """The week, month, quarter or year that holds day, moved by `step` units.

    Units: week, month, fiscal quarter, fiscal year, calendar quarter, calendar year.
    """
    first_month = fiscal_month if unit.startswith("fiscal") else 1
    if unit == "week":
        start = _week_start(day) + timedelta(days=7 * step)
        return start, start + timedelta(days=6)
    if unit == "month":
        return _block(add_months(day, step), 1)
    if unit.endswith("quarter"):
        return _block(add_months(_quarter_start(day, first_month), 3 * step), 3)
    return _block(add_months(fiscal_year_start(day, first_month), 12 * step), 12)


_UNITS = ("week", "month", "fiscal quarter", "fiscal year", "calendar quarter", "calendar year")
_STEPS = {"this": 0, "last": -1, "next": 1}
_NO_NEXT_TO_DATE = {f"next {unit}-to-date" for unit in _UNITS}


def _same_place(span: Span, unit: str, today: date, fiscal_month: int) -> date:
    """The day of an earlier unit that lies as far in as today lies in its own."""
    now_start = unit_of(unit, today, fiscal_month)[0]
    if unit == "week":
        return span[0] + (today - now_start)
    months = (today.year - now_start.year) * 12 + today.month - now_start.month
    month = add_months(span[0], months)
    return month.replace(day=min(today.day, month_end(month).day))


def _unit_span(name: str, today: date, fiscal_month: int) -> Span | None:
    if name in _NO_NEXT_TO_DATE:
        return None
    to_date = name.endswith("-to-date")
    word, _, unit = name.removesuffix("-to-date").partition(" ")
    if word not in _STEPS or unit not in _UNITS:
        return None
    span = unit_of(unit, today, fiscal_month, _STEPS[word])
    return (span[0], _same_place(span, unit, today, fiscal_month)) if to_date else span


def _next_four_weeks(today: date) -> Span:
    start = unit_of("week", today, 1, 1)[0]
    return start, start + timedelta(days=27)


_SINGLE: dict[str, Callable[[date], Span]] = {
    "all": lambda today: (FIRST_DAY, LAST_DAY),
    "today": lambda today: (today, today),
    "yesterday": lambda today: (today - timedelta(days=1), today - timedelta(days=1)),
    "next 4 weeks": _next_four_weeks,
}


def macro_period(name: str, today: date, fiscal_month: int) -> Period | None:
    """The period a date macro names on a given day, or None for an unknown macro.

    The header prints the macro in lower case; where the fiscal year is the calendar year Intuit
    prints "calendar" for "fiscal" (its aging sample answers Last Fiscal Year so).
    """
    lowered = " ".join(name.lower().split())
    span = _SINGLE[lowered](today) if lowered in _SINGLE else _unit_span(lowered, today, fiscal_month)
    if span is None:
        return None
    printed = lowered.replace("fiscal", "calendar") if fiscal_month == 1 else lowered
    return Period(span[0], span[1], printed)


@dataclass(frozen=True, slots=True)
class Slice:
    """One time column: inclusive bounds and its title."""

    start: date
    end: date
    title: str


def _span_title(start: date, end: date) -> str:
    """A partial or many-month span, as "Jan 1-15, 2026" or "Jan - Mar, 2026"."""
    if (start.year, start.month) == (end.year, end.month):
        whole = start.day == 1 and end == month_end(end)
        days = str(start.day) if start == end else f"{start.day}-{end.day}"
        return f"{start:%b} {start.year}" if whole else f"{start:%b} {days}, {start.year}"
    if start.day == 1 and end == month_end(end):
        same = start.year == end.year
        return f"{start:%b} - {end:%b}, {end.year}" if same else f"{start:%b %Y} - {end:%b %Y}"
    return f"{start:%b} {start.day} - {end:%b} {end.day}, {end.year}"


_SLICE_UNITS = {
    "Week": "week",
    "Month": "month",
    "Quarter": "calendar quarter",
    "Year": "calendar year",
    "FiscalQuarter": "fiscal quarter",
    "FiscalYear": "fiscal year",
}


def slices_of(period: Period, by: str, fiscal_month: int) -> list[Slice]:
    """The time columns of a period, in order, cut at its bounds."""
    made: list[Slice] = []
    day = period.start
    while day <= period.end:
        end = day if by == "Days" else min(unit_of(_SLICE_UNITS[by], day, fiscal_month)[1], period.end)
        made.append(Slice(day, end, _span_title(day, end)))
        day = end + timedelta(days=1)
    return made


def whole_slices(period: Period, by: str, fiscal_month: int) -> list[Slice]:
    """The time spans that hold a period, in order, none of them cut."""
    if by == "Days":
        return slices_of(period, by, fiscal_month)
    start = unit_of(_SLICE_UNITS[by], period.start, fiscal_month)[0]
    end = unit_of(_SLICE_UNITS[by], period.end, fiscal_month)[1]
    return slices_of(Period(start, end), by, fiscal_month)
