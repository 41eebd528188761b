"""TrialBalance: every account's balance as a debit or a credit."""

from __future__ import annotations

import sqlite3
from datetime import datetime

from toolkit.emulator.reports.accounts import Account, balances, read_chart
from toolkit.emulator.reports.answer import header, report
from toolkit.emulator.reports.grid import EMPTY, Row, cell, column, data_row, money_cell, section
from toolkit.emulator.reports.parameters import DATES, Query
from toolkit.emulator.reports.periods import fiscal_year_start

KNOWN = DATES | {"accounting_method", "sort_order"}
DOCUMENTED = frozenset({"summarize_column_by"})


def _row(account: Account, cents: int) -> Row:
    """Debit or credit; an account that nets to nothing stands under debit with 0.00."""
    amounts = [money_cell(cents), EMPTY] if cents >= 0 else [EMPTY, money_cell(-cents)]
    return data_row([cell(account.full_name, account.id), *amounts], typed=False)


def trial_balance(connection: sqlite3.Connection, query: Query, now: datetime) -> Row:
    """Balances at the period's end, by account in chart order, and their two totals.

    Income and expense accounts count from the start of the fiscal year that holds the last day, whatever
    the period's first day; earlier profit is in retained earnings.
    """
    basis = query.basis()
    period = query.period("This Month-to-date")
    chart = read_chart(connection)
    start = fiscal_year_start(period.end, query.facts.fiscal_month)
    found = balances(connection, chart, through=period.end, year_start=start)
    kept = chart.retained_earnings
    accounts = [*chart.by_id.values(), *([] if kept.id else [kept])]
    rows = [_row(account, found[account.id]) for account in accounts if account.id in found]
    debits = sum(cents for cents in found.values() if cents > 0)
    credits = -sum(cents for cents in found.values() if cents < 0)
    if query.descending():
        rows.reverse()
    if rows:
        total = [cell("TOTAL"), money_cell(debits), money_cell(credits)]
        rows.append(section(summary=total, group="GrandTotal"))
    head = header(query, now, period=period, basis=basis, empty=not rows)
    columns = [column("", "Account"), column("Debit", "Money"), column("Credit", "Money")]
    return report(head, columns, rows)
