"""ItemSales: quantity, amount and margin by product/service."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal

from toolkit.emulator.reports.accounts import Chart, read_chart
from toolkit.emulator.reports.answer import header, report
from toolkit.emulator.reports.directory import read_names
from toolkit.emulator.reports.grid import EMPTY, Cell, Row, cell, column, data_row, money_cell
from toolkit.emulator.reports.parameters import DATES, DIMENSIONS, Query
from toolkit.emulator.reports.periods import Period
from toolkit.emulator.reports.selection import Condition, postings_asked_for, within

KNOWN = DATES | DIMENSIONS | {"customer", "item", "accounting_method", "summarize_column_by", "sort_order"}
DOCUMENTED = frozenset({"start_duedate", "end_duedate", "duedate_macro"})
SALES = ("Invoice", "SalesReceipt", "CreditMemo", "RefundReceipt")
RETURNS = ("CreditMemo", "RefundReceipt")
_CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Sold:
    """What was sold of one product/service; cents, credit memos and refunds taken off."""

    item_id: str
    quantity: Decimal
    amount: int
    cost: int


def _lines(
    connection: sqlite3.Connection, chart: Chart, period: Period, condition: Condition
) -> list[tuple[str, str, str, str, int]]:
    """(item, type, account, quantity, cents): item lines of any account, other lines only of income accounts."""
    income = within("account_id", [account.id for account in chart.by_id.values() if account.kind == "Income"] or [""])
    rows = connection.execute(
        "SELECT COALESCE(item_id, ''), txn_type, account_id, COALESCE(quantity, ''), amount FROM posting"
        f" WHERE date BETWEEN ? AND ? AND {within('txn_type', SALES).sql} AND {condition.sql}"
        f" AND (item_id IS NOT NULL OR {income.sql}) AND amount <> 0",
        (period.start.isoformat(), period.end.isoformat(), *SALES, *condition.arguments, *income.arguments),
    )
    return [(str(item), str(kind), str(account), str(count), int(cents)) for item, kind, account, count, cents in rows]


def sold(connection: sqlite3.Connection, chart: Chart, period: Period, condition: Condition) -> dict[str, Sold]:
    """Sales by item id; "" for sales that name no item, such as discounts."""
    made: dict[str, Sold] = {}
    for item, kind, account, count, cents in _lines(connection, chart, period, condition):
        before = made.get(item, Sold(item, Decimal(0), 0, 0))
        cost = cents if chart.by_id[account].kind == "Cost of Goods Sold" else 0
        quantity = Decimal(count or 0) * (-1 if kind in RETURNS else 1)
        made[item] = Sold(item, before.quantity + quantity, before.amount - cents + cost, before.cost + cost)
    return made


def _ratio(part: int, whole: int) -> Cell:
    if not whole:
        return EMPTY
    percent = (Decimal(part) * 100 / whole).quantize(_CENT, ROUND_HALF_UP)
    return cell(f"{percent} %")


def _average(one: Sold) -> Cell:
    if not one.quantity:
        return EMPTY
    return cell(str((Decimal(one.amount) / 100 / one.quantity).quantize(_CENT, ROUND_HALF_UP)))


def _cells(title: Cell, one: Sold, whole: int) -> list[Cell]:
    quantity = cell(str(one.quantity.quantize(_CENT, ROUND_HALF_UP))) if one.quantity else EMPTY
    margin = one.amount - one.cost
    tail = [money_cell(one.cost), money_cell(margin), _ratio(margin, one.amount)] if one.cost else [EMPTY] * 3
    return [title, quantity, money_cell(one.amount), _ratio(one.amount, whole), _average(one), *tail]


def _columns(period: Period) -> list[Row]:
    dates = {"StartDate": period.start.isoformat(), "EndDate": period.end.isoformat()}
    titles = (
        ("Quantity", dates),
        ("Amount", dates),
        ("% of Sales", None),
        ("Avg Price", None),
        ("COGS", dates),
        ("Gross Margin", None),
        ("Gross Margin %", None),
    )
    total = column("Total", "Money")
    total["Columns"] = {"Column": [column(title, "Money", meta) for title, meta in titles]}
    return [column("", "ProductsAndService"), total]


def _rows(found: Sequence[tuple[Cell, Sold]], nameless: Sold | None) -> list[Row]:
    everything = [*(one for _, one in found), *([nameless] if nameless else [])]
    if not everything:
        return []
    whole = sum(one.amount for one in everything)
    rows = [data_row(_cells(title, one, whole), typed=False) for title, one in found]
    if nameless:
        rows.append(data_row(_cells(cell("Not Specified"), nameless, whole), typed=False, group="**"))
    total = Sold("", Decimal(0), whole, sum(one.cost for one in everything))
    return [*rows, data_row(_cells(cell("TOTAL"), total, whole), typed=False, group="GrandTotal")]


def item_sales(connection: sqlite3.Connection, query: Query, now: datetime) -> Row:
    """Sales of a period by product/service, in name order; only summarize_column_by=Total is computed."""
    basis = query.basis()
    by = query.choice("summarize_column_by", ("Total",), "Total")
    period = query.period("This Month-to-date")
    found = sold(connection, read_chart(connection), period, postings_asked_for(query))
    names = read_names(connection, ("Item",))
    nameless = found.pop("", None)
    titled = sorted(
        ((names.get(("Item", one.item_id), ""), one) for one in found.values()),
        key=lambda pair: (pair[0].lower(), pair[1].item_id),
        reverse=query.descending(),
    )
    rows = _rows([(cell(name, one.item_id), one) for name, one in titled], nameless)
    head = header(query, now, period=period, basis=basis, by=by, empty=not rows)
    return report(head, _columns(period), rows)
