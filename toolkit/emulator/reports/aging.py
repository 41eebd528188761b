"""AgedReceivables and AgedReceivableDetail: open amounts by how long they are past due."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from toolkit.emulator.reports.accounts import read_chart
from toolkit.emulator.reports.answer import as_of, check_cells, header, report
from toolkit.emulator.reports.customer_rows import CustomerRows
from toolkit.emulator.reports.detail import Entry, Layout, Lookup, chosen
from toolkit.emulator.reports.grid import Row, Vector, cell, column, section
from toolkit.emulator.reports.parameters import Query
from toolkit.emulator.reports.periods import Period
from toolkit.emulator.reports.receivables import OpenItem, asked_for, read_customers, receivable_items

_SHARED = frozenset({"customer", "department", "report_date", "aging_method", "aging_period", "num_periods"})
SUMMARY_KNOWN = _SHARED | {"date_macro", "sort_order", "accounting_method"}
SUMMARY_DOCUMENTED: frozenset[str] = frozenset()
DETAIL_KNOWN = _SHARED | {
    "past_due",
    "columns",
    "sort_by",
    "sort_order",
    "accounting_method",
    "start_duedate",
    "end_duedate",
}
DETAIL_DOCUMENTED = frozenset({"term", "shipvia", "custom1", "custom2", "custom3", "custom_pp"})
# Start and end dates do nothing in the aging reports (public field notes); they are taken and not looked at.
IGNORED = frozenset({"start_date", "end_date"})

DEFAULT = ("tx_date", "txn_type", "doc_num", "cust_name", "due_date", "subt_amount", "subt_open_bal")
SUPPORTED = (
    "tx_date",
    "txn_type",
    "doc_num",
    "cust_name",
    "dept_name",
    "memo",
    "due_date",
    "past_due",
    "subt_amount",
    "subt_open_bal",
)


@dataclass(frozen=True, slots=True)
class Buckets:
    """Aging steps: what is not yet due, then `count` steps of `days` days, the last one open-ended."""

    day: date
    days: int
    count: int

    def past_due(self, item: OpenItem) -> int:
        """Days past due, negative before the due date."""
        return (self.day - date.fromisoformat(item.due_date)).days

    def place(self, item: OpenItem) -> int:
        """0 for current, else the step's number from 1."""
        late = self.past_due(item)
        return 0 if late <= 0 else min((late - 1) // self.days + 1, self.count)

    def title(self, place: int) -> str:
        """A step's name: Current, 1 - 30, ..., 91 and over."""
        if place == 0:
            return "Current"
        first = (place - 1) * self.days + 1
        return f"{first} and over" if place == self.count else f"{first} - {place * self.days}"

    def long_title(self, place: int) -> str:
        """A step's name in the detail report: 1 - 30 days past due, 91 or more days past due."""
        if place == 0:
            return "Current"
        return self.title(place).replace("and over", "or more") + " days past due"


def _buckets(query: Query, day: date) -> Buckets:
    method = query.choice("aging_method", ("Report_Date", "Current"), "Report_Date")
    days = query.whole("aging_period", 30, 1, 9999) or 30
    count = query.whole("num_periods", 4, 1, 100) or 4
    return Buckets(query.today if method == "Current" else day, days, count)


def _summary_period(query: Query) -> Period:
    """The report date as a period; a macro's end is the report date (as Intuit's sample shows)."""
    day = query.day("report_date")
    if day is not None:
        return Period(day, day)
    return query.macro("date_macro", query.text("date_macro") or "Today")


def _by_customer(buckets: Buckets, items: Sequence[OpenItem]) -> dict[str, Vector]:
    sums: dict[str, list[int | None]] = {}
    for item in items:
        if item.open:
            row = sums.setdefault(item.customer_id, [None] * (buckets.count + 2))
            for place in (buckets.place(item), -1):
                row[place] = (row[place] or 0) + item.open
    return {customer: tuple(row) for customer, row in sums.items()}


def aged_receivables(connection: sqlite3.Connection, query: Query, now: datetime) -> Row:
    """Open amounts by customer and aging step, as of the report date."""
    query.receivables_basis()
    period = _summary_period(query)
    buckets = _buckets(query, period.end)
    items = asked_for(query, receivable_items(connection, read_chart(connection), period.end))
    own = _by_customer(buckets, items)
    check_cells(query, len(own), buckets.count + 3)
    rows = CustomerRows.of(read_customers(connection), own, buckets.count + 2).rows(descending=query.descending())
    titles = [*(buckets.title(place) for place in range(buckets.count + 1)), "Total"]
    columns = [column("", "Customer"), *(column(title, "Money") for title in titles)]
    head = header(query, now, period=period, options=(as_of(period.end),), empty=not rows)
    return report(head, columns, rows)


def open_entry(item: OpenItem, account_id: str = "", late: int | None = None) -> Entry:
    """An open item as a detail row."""
    return Entry(
        date=item.date,
        entity=item.entity,
        txn_id=item.txn_id,
        number=item.number,
        name_type="Customer",
        name_id=item.customer_id,
        department_id=item.department_id,
        memo=item.memo,
        account_id=account_id,
        due_date=item.due_date,
        amount=item.amount,
        debit=item.amount,
        open=item.open,
        extra={} if late is None else {"past_due": str(late)},
    )


def _due(query: Query, items: Sequence[OpenItem], buckets: Buckets) -> list[OpenItem]:
    """The open items the due date range and the least days past due leave."""
    window = query.range_of("duedate")
    least = query.whole("past_due", None, 0, 99999)
    return [
        item
        for item in items
        if item.open
        and (window is None or window.start.isoformat() <= item.due_date <= window.end.isoformat())
        and (least is None or buckets.past_due(item) >= least)
    ]


def default_columns(query: Query, default: Sequence[str], after: str) -> list[str]:
    """The default columns; with location tracking the location comes after the named one."""
    columns = list(default)
    if query.facts.track_departments:
        columns.insert(columns.index(after) + 1, "dept_name")
    return columns


def aged_receivable_detail(connection: sqlite3.Connection, query: Query, now: datetime) -> Row:
    """Open transactions as of the report date, in sections from the oldest aging step to what is not yet due."""
    query.receivables_basis()
    day = query.day("report_date") or query.today
    buckets = _buckets(query, day)
    chart = read_chart(connection)
    layout = Layout(chosen(query, SUPPORTED, default_columns(query, DEFAULT, "cust_name")), Lookup(connection, chart))
    items = _due(query, asked_for(query, receivable_items(connection, chart, day)), buckets)
    check_cells(query, len(items), len(layout.columns))
    steps: dict[int, list[Entry]] = {}
    for item in items:
        steps.setdefault(buckets.place(item), []).append(open_entry(item, late=buckets.past_due(item)))
    rows = [
        layout.group(cell(buckets.long_title(place)), layout.sorted(query, steps[place]))
        for place in sorted(steps, reverse=True)
    ]
    if rows:
        everything = [entry for entries in steps.values() for entry in entries]
        rows.append(section(summary=layout.total("TOTAL", everything)))
    made = header(query, now, options=(as_of(day),), empty=not rows)
    # Intuit's sample answers the end of the period and no start.
    head = {"Time": made["Time"], "ReportName": made["ReportName"], "EndPeriod": day.isoformat(), **made}
    return report(head, layout.definitions(), rows)
