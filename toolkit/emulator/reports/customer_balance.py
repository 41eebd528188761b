"""CustomerBalance and CustomerBalanceDetail: what each customer owes, and of which transactions."""

from __future__ import annotations

import sqlite3
from datetime import date, datetime

from toolkit.emulator.reports.accounts import read_chart
from toolkit.emulator.reports.aging import default_columns, open_entry
from toolkit.emulator.reports.answer import as_of, check_cells, header, report
from toolkit.emulator.reports.customer_rows import CustomerRows
from toolkit.emulator.reports.detail import Entry, Layout, Lookup, chosen
from toolkit.emulator.reports.grid import Row, Vector, column, section
from toolkit.emulator.reports.parameters import Query
from toolkit.emulator.reports.periods import Period
from toolkit.emulator.reports.receivables import OpenItem, asked_for, read_customers, receivable_items

SUMMARY_KNOWN = frozenset(
    {"customer", "department", "date_macro", "report_date", "arpaid", "sort_order", "accounting_method"}
)
SUMMARY_DOCUMENTED = frozenset({"summarize_column_by", "aging_method"})
DETAIL_KNOWN = SUMMARY_KNOWN | {"columns", "sort_by", "start_duedate", "end_duedate", "duedate_macro"}
DETAIL_DOCUMENTED = SUMMARY_DOCUMENTED | {"term", "shipvia", "custom1", "custom2", "custom3"}

DEFAULT = ("tx_date", "txn_type", "doc_num", "due_date", "subt_amount", "subt_open_bal", "rbal_open_bal")
SUPPORTED = (
    "tx_date",
    "txn_type",
    "doc_num",
    "cust_name",
    "dept_name",
    "memo",
    "due_date",
    "subt_amount",
    "subt_open_bal",
    "rbal_open_bal",
)


def _through(query: Query) -> tuple[Period, date]:
    """The header's period and the last day that counts: the macro's end, or the report date."""
    day = query.day("report_date")
    period = query.macro("date_macro", query.text("date_macro") or "All")
    return period, day or period.end


def _printed(query: Query) -> date:
    return query.day("report_date") or query.today


def _paid_or_not(query: Query, items: list[OpenItem], default: str) -> list[OpenItem]:
    wanted = query.choice("arpaid", ("All", "Paid", "Unpaid"), default)
    return [item for item in items if wanted == "All" or (item.open == 0) == (wanted == "Paid")]


def customer_balance(connection: sqlite3.Connection, query: Query, now: datetime) -> Row:
    """What each customer owes, customers that owe nothing left out."""
    query.receivables_basis()
    period, through = _through(query)
    items = asked_for(query, receivable_items(connection, read_chart(connection), through))
    sums: dict[str, int] = {}
    for item in _paid_or_not(query, items, "All"):
        sums[item.customer_id] = sums.get(item.customer_id, 0) + item.open
    own: dict[str, Vector] = {customer: (cents,) for customer, cents in sums.items() if cents}
    check_cells(query, len(own), 2)
    rows = CustomerRows.of(read_customers(connection), own, 1).rows(descending=query.descending())
    head = header(query, now, period=period, options=(as_of(_printed(query)),), empty=not rows)
    return report(head, [column("", "Customer"), column("Total", "Money")], rows)


def _running(entries: list[Entry]) -> list[Entry]:
    balance = 0
    for entry in entries:
        balance += entry.open or 0
        entry.balance = balance
    return entries


def _within_due(query: Query, items: list[OpenItem]) -> list[OpenItem]:
    window = query.range_of("duedate")
    if window is None:
        return items
    return [item for item in items if window.start.isoformat() <= item.due_date <= window.end.isoformat()]


def customer_balance_detail(connection: sqlite3.Connection, query: Query, now: datetime) -> Row:
    """Each customer's open transactions (arpaid=All or Paid for others) with a running balance."""
    query.receivables_basis()
    period, through = _through(query)
    chart = read_chart(connection)
    lookup = Lookup(connection, chart)
    layout = Layout(chosen(query, SUPPORTED, default_columns(query, DEFAULT, "doc_num")), lookup)
    items = asked_for(query, receivable_items(connection, chart, through))
    items = _within_due(query, _paid_or_not(query, items, "Unpaid"))
    check_cells(query, len(items), len(layout.columns))
    by_customer: dict[str, list[Entry]] = {}
    for item in items:
        by_customer.setdefault(item.customer_id, []).append(open_entry(item))
    order = sorted(by_customer, key=lambda customer: (lookup.name("Customer", customer).lower(), customer))
    rows = [
        layout.group(lookup.named("Customer", customer), layout.sorted(query, _running(by_customer[customer])))
        for customer in order
    ]
    if rows:
        everything = [entry for entries in by_customer.values() for entry in entries]
        rows.append(section(summary=layout.total("TOTAL", everything)))
    head = header(query, now, period=period, options=(as_of(_printed(query)),), empty=not rows)
    return report(head, layout.definitions(), rows)
