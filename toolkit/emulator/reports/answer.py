"""The frame of every report: its Header, Columns and Rows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from toolkit.emulator.reports import refusals
from toolkit.emulator.reports.grid import Row, rows_of
from toolkit.emulator.reports.parameters import Query
from toolkit.emulator.reports.periods import Period

# Header keys that echo id filters, in schema order (Report.xsd, ReportHeader).
_ECHOES = (
    ("Customer", "customer"),
    ("Vendor", "vendor"),
    ("Employee", "employee"),
    ("Item", "item"),
    ("Class", "class"),
    ("Department", "department"),
)


def header(
    query: Query,
    now: datetime,
    *,
    period: Period | None = None,
    basis: str = "",
    by: str = "",
    options: Sequence[tuple[str, str]] = (),
    empty: bool,
) -> Row:
    """The report Header; the moment is printed in the company's server zone, to the second."""
    made: Row = {
        "Time": now.astimezone(query.facts.time_zone).replace(microsecond=0).isoformat(),
        "ReportName": query.report,
    }
    if period is not None and period.macro:
        made["DateMacro"] = period.macro
    if basis:
        made["ReportBasis"] = basis
    if period is not None and not period.unbounded:
        made["StartPeriod"] = period.start.isoformat()
        made["EndPeriod"] = period.end.isoformat()
    if by:
        made["SummarizeColumnsBy"] = by
    made["Currency"] = query.facts.currency
    made.update({key: query.text(name) for key, name in _ECHOES if query.text(name)})
    pairs = [*options, ("NoReportData", "true" if empty else "false")]
    made["Option"] = [{"Name": name, "Value": value} for name, value in pairs]
    return made


def report(head: Row, columns: Sequence[Row], rows: Sequence[Row]) -> Row:
    """The whole answer."""
    return {"Header": head, "Columns": {"Column": list(columns)}, "Rows": rows_of(rows)}


def check_cells(query: Query, rows: int, columns: int) -> None:
    """Refuse an answer larger than the report cell limit, before it is built."""
    if query.facts.cell_limit and rows * columns > query.facts.cell_limit:
        raise refusals.too_many_cells(query.facts.cell_limit)


def as_of(day: date) -> tuple[str, str]:
    """The report_date option of reports that have one."""
    return "report_date", day.isoformat()
