"""ProfitAndLoss: income, cost of goods sold, expenses, other income and expenses, net income."""

from __future__ import annotations

import sqlite3
from datetime import datetime

from toolkit.emulator.reports.accounts import Chart, read_chart
from toolkit.emulator.reports.answer import check_cells, header, report
from toolkit.emulator.reports.grid import Row, Vector, add_vectors, filled, negate
from toolkit.emulator.reports.parameters import DATES, DIMENSIONS, NAMES, Query
from toolkit.emulator.reports.selection import Condition, postings_asked_for
from toolkit.emulator.reports.statements import Block, Statement
from toolkit.emulator.reports.summarize import EVERY_SUMMARY, Grid, summarized

KNOWN = DATES | NAMES | DIMENSIONS | {"item", "accounting_method", "summarize_column_by", "sort_order"}
DOCUMENTED = frozenset({"adjusted_gain_loss"})
STANDARD = ("AccountingStandard", "GAAP")


def _profit_lines(chart: Chart) -> Condition:
    ids = [account.id for account in chart.by_id.values() if account.in_profit]
    return Condition(f"account_id IN ({','.join('?' * len(ids))})", tuple(ids))


def natural(chart: Chart, grid: Grid) -> dict[str, Vector]:
    """The grid's amounts in each account's natural sign."""
    return {
        account_id: vector if chart.by_id[account_id].sign > 0 else negate(vector)
        for account_id, vector in grid.amounts.items()
    }


def _less(width: int, first: Vector, second: Vector) -> Vector:
    return add_vectors((first, negate(second)), width)


def _optional(statement: Statement, title: str, group: str, block: Block) -> list[Row]:
    """A section that is shown only when it has rows; its total row reads Total and its title."""
    return [] if block.empty else [statement.titled(title, f"Total {title}", group, _whole(block))]


def _whole(block: Block) -> Block:
    """The block with absent column totals as zero: the report has data."""
    return Block(block.rows, filled(block.total))


def layout(statement: Statement) -> list[Row]:
    """The statement's rows, in the recorded order of groups; totals are blank when nothing was posted."""
    kinds = ("Income", "Cost of Goods Sold", "Expense", "Other Income", "Other Expense")
    income, cogs, expenses, other_in, other_out = (statement.block(kind) for kind in kinds)
    width = statement.width
    seal = filled if statement.amounts else (lambda vector: vector)
    gross = _less(width, income.total, cogs.total)
    operating = _less(width, gross, expenses.total)
    other = _less(width, other_in.total, other_out.total)
    net = add_vectors((operating, other), width)
    rows = [
        statement.titled("Income", "Total Income", "Income", Block(income.rows, seal(income.total))),
        *_optional(statement, "Cost of Goods Sold", "COGS", cogs),
        statement.line("Gross Profit", "GrossProfit", seal(gross)),
        statement.titled("Expenses", "Total Expenses", "Expenses", Block(expenses.rows, seal(expenses.total))),
        statement.line("Net Operating Income", "NetOperatingIncome", seal(operating)),
        *_optional(statement, "Other Income", "OtherIncome", other_in),
        *_optional(statement, "Other Expenses", "OtherExpenses", other_out),
    ]
    if not (other_in.empty and other_out.empty):
        rows.append(statement.line("Net Other Income", "NetOtherIncome", seal(other)))
    return [*rows, statement.line("Net Income", "NetIncome", seal(net))]


def profit_and_loss(connection: sqlite3.Connection, query: Query, now: datetime) -> Row:
    """The profit and loss of a period, by any of Intuit's column summaries."""
    basis = query.basis()
    by = query.choice("summarize_column_by", EVERY_SUMMARY, "Total")
    period = query.period("This Fiscal Year-to-date")
    chart = read_chart(connection)
    condition = postings_asked_for(query).both(_profit_lines(chart))
    grid = summarized(connection, query, period, condition, by)
    check_cells(query, len(grid.amounts), grid.width + 1)
    statement = Statement(chart, natural(chart, grid), grid.width)
    empty = not grid.amounts
    head = header(query, now, period=period, basis=basis, by=by, options=(STANDARD,), empty=empty)
    return report(head, grid.columns, layout(statement))
