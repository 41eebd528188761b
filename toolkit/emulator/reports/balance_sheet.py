"""BalanceSheet: assets, liabilities and equity at the end of a period, or of each time column."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from toolkit.emulator.reports.accounts import Chart, balances, read_chart
from toolkit.emulator.reports.answer import check_cells, header, report
from toolkit.emulator.reports.grid import Row, Vector, add_vectors, cell, column, data_row, filled, vector_cells
from toolkit.emulator.reports.parameters import DATES, DIMENSIONS, NAMES, Query
from toolkit.emulator.reports.periods import Period, Slice, fiscal_year_start, slices_of
from toolkit.emulator.reports.profit_and_loss import STANDARD
from toolkit.emulator.reports.selection import Condition, postings_asked_for
from toolkit.emulator.reports.statements import Block, Statement
from toolkit.emulator.reports.summarize import TIME_UNITS, clipped

KNOWN = DATES | NAMES | DIMENSIONS | {"item", "accounting_method", "summarize_column_by", "sort_order"}
DOCUMENTED = frozenset({"adjusted_gain_loss"})


@dataclass(frozen=True, slots=True)
class Part:
    """One section of the sheet: its title, total title and group, and what it holds."""

    title: str
    total: str
    group: str
    kinds: tuple[str, ...] = ()
    parts: tuple[Part, ...] = ()


_CURRENT_ASSETS = (
    Part("Bank Accounts", "Total Bank Accounts", "BankAccounts", ("Bank",)),
    Part("Accounts Receivable", "Total Accounts Receivable", "AR", ("Accounts Receivable",)),
    Part("Other Current Assets", "Total Other Current Assets", "OtherCurrentAssets", ("Other Current Asset",)),
)
ASSETS = Part(
    "ASSETS",
    "TOTAL ASSETS",
    "TotalAssets",
    parts=(
        Part("Current Assets", "Total Current Assets", "CurrentAssets", parts=_CURRENT_ASSETS),
        Part("Fixed Assets", "Total Fixed Assets", "FixedAssets", ("Fixed Asset",)),
        Part("Other Assets", "Total Other Assets", "OtherAssets", ("Other Asset",)),
    ),
)
_CURRENT_LIABILITIES = (
    Part("Accounts Payable", "Total Accounts Payable", "AP", ("Accounts Payable",)),
    Part("Credit Cards", "Total Credit Cards", "CreditCards", ("Credit Card",)),
    Part(
        "Other Current Liabilities",
        "Total Other Current Liabilities",
        "OtherCurrentLiabilities",
        ("Other Current Liability",),
    ),
)
LIABILITIES = Part(
    "Liabilities",
    "Total Liabilities",
    "Liabilities",
    parts=(
        Part("Current Liabilities", "Total Current Liabilities", "CurrentLiabilities", parts=_CURRENT_LIABILITIES),
        Part("Long-Term Liabilities", "Total Long-Term Liabilities", "LongTermLiabilities", ("Long Term Liability",)),
    ),
)


def _section(statement: Statement, part: Part) -> Block:
    """A part with what lies under it; no row when there is nothing."""
    inner = [_section(statement, below) for below in part.parts]
    if part.kinds:
        inner.append(statement.block(*part.kinds))
    rows = [row for block in inner for row in block.rows]
    if not rows:
        return Block([], statement.nothing)
    total = filled(add_vectors((block.total for block in inner), statement.width))
    return Block([statement.titled(part.title, part.total, part.group, Block(rows, total))], total)


def _equity(statement: Statement, profit: Vector | None) -> Block:
    """Equity accounts and this fiscal year's profit so far, which is a row and no account."""
    accounts = statement.block("Equity")
    rows = list(accounts.rows)
    if profit is not None:
        rows.append(data_row([cell("Net Income"), *vector_cells(profit)], group="NetIncome"))
    if not rows:
        return Block([], statement.nothing)
    total = filled(add_vectors((accounts.total, profit or statement.nothing), statement.width))
    return Block([statement.titled("Equity", "Total Equity", "Equity", Block(rows, total))], total)


def layout(statement: Statement, profit: Vector | None) -> list[Row]:
    """The two halves of the sheet; none when the books are empty."""
    assets = _section(statement, ASSETS)
    owed = [_section(statement, LIABILITIES), _equity(statement, profit)]
    owed_rows = [row for block in owed for row in block.rows]
    if not (assets.rows or owed_rows):
        return []
    total = filled(add_vectors((block.total for block in owed), statement.width))
    title, total_title = "LIABILITIES AND EQUITY", "TOTAL LIABILITIES AND EQUITY"
    half = statement.titled(title, total_title, "TotalLiabilitiesAndEquity", Block(owed_rows, total))
    if assets.rows:
        return [*assets.rows, half]
    zero = Block([], filled(statement.nothing))
    return [statement.titled(ASSETS.title, ASSETS.total, ASSETS.group, zero), half]


def _ends(query: Query, period: Period, by: str) -> list[Slice]:
    if by == "Total":
        return [Slice(period.start, period.end, "Total")]
    return slices_of(period, by, query.facts.fiscal_month)


def _at(connection: sqlite3.Connection, chart: Chart, query: Query, day: date, condition: Condition) -> dict[str, int]:
    start = fiscal_year_start(day, query.facts.fiscal_month)
    return balances(
        connection,
        chart,
        through=day,
        year_start=start,
        condition=condition.sql,
        arguments=condition.arguments,
    )


def _vectors(chart: Chart, columns: Sequence[Mapping[str, int]]) -> tuple[dict[str, Vector], Vector | None]:
    """Natural balance sheet balances by account, and the profit of the fiscal year so far."""
    ids = {account_id for found in columns for account_id in found}
    kept = {chart.retained_earnings.id: chart.retained_earnings, **chart.by_id}
    sheet = {
        account_id: tuple(
            None if account_id not in found else found[account_id] * kept[account_id].sign for found in columns
        )
        for account_id in ids
        if not kept[account_id].in_profit
    }
    earning = [account_id for account_id in ids if kept[account_id].in_profit]
    profit = tuple(-sum(found.get(account_id, 0) for account_id in earning) for found in columns)
    return sheet, profit if earning else None


def _columns(slices: Sequence[Slice], by: str) -> list[Row]:
    first = column("", "Account", {"ColKey": "account"})
    if by == "Total":
        return [first, column("Total", "Money", {"ColKey": "total"})]
    dated = [
        column(
            part.title,
            "Money",
            {"StartDate": part.start.isoformat(), "EndDate": part.end.isoformat(), "ColKey": part.title},
        )
        for part in slices
    ]
    return [first, *dated]


def balance_sheet(connection: sqlite3.Connection, query: Query, now: datetime) -> Row:
    """The balance sheet at the period's end; summarize_column_by takes Total and the time units."""
    basis = query.basis()
    by = query.choice("summarize_column_by", ("Total", *TIME_UNITS), "Total")
    period = query.period("This Fiscal Year-to-date")
    chart = read_chart(connection)
    slices = _ends(query, clipped(connection, period), by)
    condition = postings_asked_for(query)
    found = [_at(connection, chart, query, part.end, condition) for part in slices]
    sheet, profit = _vectors(chart, found)
    check_cells(query, len(sheet), len(slices) + 1)
    rows = layout(Statement(chart, sheet, len(slices)), profit)
    head = header(query, now, period=period, basis=basis, by=by, options=(STANDARD,), empty=not rows)
    return report(head, _columns(slices, by), rows)
