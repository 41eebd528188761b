"""TransactionList: one row a transaction, flat or in groups."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from toolkit.emulator.reports.accounts import TYPE_ORDER, Chart, read_chart
from toolkit.emulator.reports.aging import default_columns
from toolkit.emulator.reports.answer import check_cells, header, report
from toolkit.emulator.reports.detail import NO_NAME, SPLIT, Entry, Layout, Lookup, chosen
from toolkit.emulator.reports.grid import Cell, Row, cell
from toolkit.emulator.reports.parameters import DATES, NAMES, Query
from toolkit.emulator.reports.periods import Period, whole_slices
from toolkit.emulator.reports.transaction_filters import Filters, Transaction, filters_of

DEFAULT = (
    "tx_date",
    "txn_type",
    "doc_num",
    "is_no_post",
    "name",
    "memo",
    "account_name",
    "other_account",
    "subt_nat_home_amount",
)
SUPPORTED = (
    "tx_date",
    "txn_type",
    "doc_num",
    "is_no_post",
    "name",
    "cust_name",
    "vend_name",
    "emp_name",
    "dept_name",
    "memo",
    "cust_msg",
    "due_date",
    "term_name",
    "pmt_mthd",
    "create_date",
    "last_mod_date",
    "is_ar_paid",
    "is_cleared",
    "account_name",
    "other_account",
    "debt_amt",
    "credit_amt",
    "subt_nat_home_amount",
)
_RANGES = ("duedate", "createdate", "moddate")
KNOWN = (
    DATES
    | NAMES
    | {f"{edge}_{stem}" for stem in _RANGES for edge in ("start", "end")}
    | {f"{stem}_macro" for stem in _RANGES}
    | {
        "name",
        "class",
        "department",
        "payment_method",
        "arpaid",
        "cleared",
        "transaction_type",
        "docnum",
        "bothamount",
        "source_account",
        "source_account_type",
        "group_by",
        "columns",
        "sort_by",
        "sort_order",
    }
)
DOCUMENTED = frozenset({"appaid", "memo", "term", "printed"})

GROUPS = (
    "None",
    "Name",
    "Customer",
    "Vendor",
    "Employee",
    "Account",
    "Transaction Type",
    "Location",
    "Payment Method",
    "Day",
    "Week",
    "Month",
    "Quarter",
    "Year",
    "Fiscal Quarter",
    "Fiscal Year",
)
_NAME_OF = {"Name": "", "Customer": "Customer", "Vendor": "Vendor", "Employee": "Employee"}
_UNIT_OF = {"Day": "Days", "Fiscal Quarter": "FiscalQuarter", "Fiscal Year": "FiscalYear"}


@dataclass(frozen=True, slots=True)
class Ranks:
    """How a group orders: by place, then by title."""

    place: int
    title: Cell


def _entry(chart: Chart, lookup: Lookup, one: Transaction) -> Entry:
    account = one.account_id
    sign = chart.by_id[account].sign if account in chart.by_id else 1
    return Entry(
        date=one.date,
        entity=one.entity,
        txn_id=one.id,
        number=one.number,
        name_type=one.name_type,
        name_id=one.name_id,
        department_id=one.department_id,
        memo=one.memo,
        account_id=account if account in chart.by_id else "",
        split=_split(lookup, one),
        due_date=one.due_date,
        created=one.created[:10],
        amount=one.amount * sign,
        debit=one.amount,
        extra={
            "last_mod_date": one.updated[:10],
            "pmt_mthd": one.payment_method,
            "term_name": one.term,
            "cust_msg": one.customer_memo,
            "is_ar_paid": one.receivable_state,
            "is_cleared": one.cleared_mark,
        },
    )


def _split(lookup: Lookup, one: Transaction) -> Cell:
    """The account on the other side, or -Split- when there are several."""
    if one.others == 0:
        return NO_NAME
    return lookup.account(one.other_account_id) if one.others == 1 else SPLIT


def _by_time(query: Query, by: str, entries: list[Entry]) -> Callable[[Entry], Ranks]:
    """Groups of time, from the entries' first day to their last."""
    days = [date.fromisoformat(entry.date) for entry in entries]
    spans = whole_slices(Period(min(days), max(days)), _UNIT_OF.get(by, by), query.facts.fiscal_month)
    starts: Mapping[int, Cell] = {span.start.toordinal(): cell(span.title) for span in spans}
    places = sorted(starts)

    def rank(entry: Entry) -> Ranks:
        start = max(place for place in places if place <= date.fromisoformat(entry.date).toordinal())
        return Ranks(start, starts[start])

    return rank


def _by_word(by: str, lookup: Lookup) -> Callable[[Entry], Ranks]:
    def rank(entry: Entry) -> Ranks:
        if by in _NAME_OF:
            fits = bool(entry.name_id) and _NAME_OF[by] in ("", entry.name_type)
            title = lookup.named(entry.name_type, entry.name_id) if fits else NO_NAME
        elif by == "Account":
            account = lookup.chart.by_id.get(entry.account_id)
            place = TYPE_ORDER.index(account.kind) if account and account.kind in TYPE_ORDER else len(TYPE_ORDER)
            return Ranks(place, lookup.account(entry.account_id))
        elif by == "Location":
            title = lookup.named("Department", entry.department_id)
        else:
            payment = by == "Payment Method"
            title = cell(entry.extra["pmt_mthd"] if payment else lookup.label(entry.entity, entry.txn_id))
        return Ranks(0, title) if title["value"] else Ranks(len(TYPE_ORDER), cell("Not Specified"))

    return rank


def _grouped(query: Query, layout: Layout, by: str, entries: list[Entry]) -> list[Row]:
    if by == "None" or not entries:
        return [layout.row(entry) for entry in entries]
    worded = by in _NAME_OF or by in ("Account", "Location", "Payment Method", "Transaction Type")
    rank = _by_word(by, layout.lookup) if worded else _by_time(query, by, entries)
    groups: dict[tuple[int, str, str], tuple[Cell, list[Entry]]] = {}
    for entry in entries:
        ranks = rank(entry)
        key = (ranks.place, ranks.title["value"].lower(), ranks.title.get("id", ""))
        groups.setdefault(key, (ranks.title, []))[1].append(entry)
    return [layout.group(*groups[key]) for key in sorted(groups)]


def transaction_list(connection: sqlite3.Connection, query: Query, now: datetime) -> Row:
    """The transactions of a period in date order; voided ones with an amount of 0.00, deleted ones not at all."""
    by = query.choice("group_by", GROUPS, "None")
    period = query.period("This Month-to-date")
    chart = read_chart(connection)
    lookup = Lookup(connection, chart)
    layout = Layout(chosen(query, SUPPORTED, default_columns(query, DEFAULT, "name")), lookup)
    filters: Filters = filters_of(connection, query, chart, lookup)
    found = filters.read(connection, period)
    check_cells(query, len(found), len(layout.columns))
    entries = layout.sorted(query, [_entry(chart, lookup, one) for one in found])
    rows = _grouped(query, layout, by, entries)
    head = header(query, now, period=period, empty=not rows)
    return report(head, layout.definitions(), rows)
