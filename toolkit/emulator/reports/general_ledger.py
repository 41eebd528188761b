"""GeneralLedger: every account with its beginning balance, its postings and a running balance."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby

from toolkit.emulator.reports import refusals
from toolkit.emulator.reports.accounts import TYPE_ORDER, Account, Chart, balances, read_chart
from toolkit.emulator.reports.answer import check_cells, header, report
from toolkit.emulator.reports.detail import SPLIT, Entry, Layout, Lookup, chosen
from toolkit.emulator.reports.grid import Row, cell, section
from toolkit.emulator.reports.parameters import DATES, DIMENSIONS, NAMES, Query
from toolkit.emulator.reports.periods import Period, fiscal_year_start
from toolkit.emulator.reports.selection import ALL, Condition, postings_asked_for, within

DEFAULT = ("tx_date", "txn_type", "doc_num", "name", "memo", "split_acc", "subt_nat_amount", "rbal_nat_amount")
SUPPORTED = (
    "account_name",
    "tx_date",
    "txn_type",
    "doc_num",
    "name",
    "cust_name",
    "vend_name",
    "emp_name",
    "item_name",
    "dept_name",
    "klass_name",
    "memo",
    "quantity",
    "rate",
    "create_date",
    "split_acc",
    "debt_amt",
    "credit_amt",
    "subt_nat_amount",
    "rbal_nat_amount",
)
KNOWN = (
    DATES
    | NAMES
    | DIMENSIONS
    | {
        "account",
        "account_type",
        "source_account_type",
        "item",
        "columns",
        "accounting_method",
        "sort_by",
        "sort_order",
    }
)
DOCUMENTED = frozenset({"source_account", "summarize_column_by"})

# The account on the other side: the first other line. A journal entry of three lines has no such account,
# and a document's first line none if it has several others.
_LINES = """
SELECT p.account_id, p.date, p.txn_type, p.txn_id, p.doc_number, p.name_type, p.name_id, p.department_id,
       p.class_id, p.item_id, p.quantity, p.memo, p.created, p.amount, p.line,
       (SELECT COUNT(*) FROM posting o WHERE o.txn_id = p.txn_id AND o.line <> p.line AND o.amount <> 0),
       (SELECT o.account_id FROM posting o WHERE o.txn_id = p.txn_id AND o.line <> p.line AND o.amount <> 0
        ORDER BY o.line LIMIT 1),
       (SELECT MIN(o.line) FROM posting o WHERE o.txn_id = p.txn_id AND o.amount <> 0)
FROM posting p
WHERE p.date BETWEEN ? AND ? AND p.amount <> 0 AND {condition}
ORDER BY p.account_id, p.date, p.created, p.txn_id, p.line
"""


@dataclass(frozen=True, slots=True)
class Ledger:
    """What the sections are built from: chart, layout, opening balances, entries by account."""

    query: Query
    chart: Chart
    layout: Layout
    opening: dict[str, int]
    entries: dict[str, list[Entry]]

    def branch(self, account: Account) -> tuple[list[Row], list[Entry]]:
        """An account's section, its sub-accounts inside, and all their entries; no row when nothing is there."""
        own = self.entries.get(account.id, [])
        rows = self._own_rows(account, own)
        under = [self.branch(child) for child in self.chart.below(account)]
        inner = [row for below, _ in under for row in below]
        if not rows and not inner:
            return [], []
        everything = [*own, *(entry for _, below in under for entry in below)]
        title = account.name + (" with sub-accounts" if rows and inner else "")
        made = section(
            header=self.layout.titled(cell(account.name, account.id)),
            rows=[*rows, *inner],
            summary=self.layout.total(f"Total for {title}", everything),
        )
        return [made], everything

    def _own_rows(self, account: Account, entries: list[Entry]) -> list[Row]:
        start = self.opening.get(account.id, 0) * account.sign
        running = start
        for entry in entries:
            running += entry.amount
            entry.balance = running
        first = [self.layout.opening("Beginning Balance", start)] if start else []
        return [*first, *(self.layout.row(entry) for entry in self.layout.sorted(self.query, entries))]


def _kinds(query: Query) -> list[str]:
    """Account types asked for; Intuit writes them without blanks."""
    words = query.words("account_type") or query.words("source_account_type")
    by_word = {kind.replace(" ", "").lower(): kind for kind in TYPE_ORDER}
    for word in words:
        if word.lower() not in by_word:
            raise refusals.bad_value("account_type", word, "an account type")
    return [by_word[word.lower()] for word in words]


def _accounts_asked_for(query: Query, chart: Chart) -> Condition:
    kinds = _kinds(query)
    condition = within("account_id", query.ids("account"))
    if kinds:
        ids = [account.id for account in chart.by_id.values() if account.kind in kinds]
        condition = condition.both(within("account_id", ids or [""]))
    return condition


def _entry(chart: Chart, lookup: Lookup, line: tuple[object, ...]) -> Entry:
    texts = ["" if value is None else str(value) for value in line[:13]]
    amount, own_line, others, other, head = line[13:]
    alone = others == 1 or (own_line != head and texts[2] != "JournalEntry")
    return Entry(
        account_id=texts[0],
        date=texts[1],
        entity=texts[2],
        txn_id=int(texts[3]),
        number=texts[4],
        name_type=texts[5],
        name_id=texts[6],
        department_id=texts[7],
        class_id=texts[8],
        item_id=texts[9],
        quantity=texts[10],
        memo=texts[11],
        created=texts[12],
        amount=int(str(amount)) * chart.by_id[texts[0]].sign,
        debit=int(str(amount)),
        split=lookup.account(str(other)) if alone and other is not None else SPLIT,
    )


def entries_by_account(
    connection: sqlite3.Connection, chart: Chart, lookup: Lookup, period: Period, condition: Condition
) -> Iterator[tuple[str, list[Entry]]]:
    """Each account's entries of the period, in date, then creation order."""
    lines = connection.execute(
        _LINES.format(condition=condition.sql),
        (period.start.isoformat(), period.end.isoformat(), *condition.arguments),
    )
    for account_id, group in groupby(lines, key=lambda line: str(line[0])):
        yield account_id, [_entry(chart, lookup, line) for line in group]


def _count(connection: sqlite3.Connection, period: Period, condition: Condition) -> int:
    sql = f"SELECT COUNT(*) FROM posting WHERE date BETWEEN ? AND ? AND amount <> 0 AND {condition.sql}"
    bounds = (period.start.isoformat(), period.end.isoformat())
    return int(connection.execute(sql, (*bounds, *condition.arguments)).fetchone()[0])


def _opening(
    connection: sqlite3.Connection, query: Query, chart: Chart, day: date, accounts: Condition
) -> dict[str, int]:
    """Balances before a day; income and expense since the start of that day's fiscal year.

    All accounts are summed where retained earnings, which gathers earlier years' profit, is among the asked for.
    """
    kept = chart.retained_earnings.id
    narrow = accounts if kept not in accounts.arguments else ALL
    condition = postings_asked_for(query).both(narrow)
    found = balances(
        connection,
        chart,
        through=day - timedelta(days=1),
        year_start=fiscal_year_start(day, query.facts.fiscal_month),
        condition=condition.sql,
        arguments=condition.arguments,
    )
    asked = accounts.arguments
    return {account_id: cents for account_id, cents in found.items() if not asked or account_id in asked}


def general_ledger(connection: sqlite3.Connection, query: Query, now: datetime) -> Row:
    """The general ledger of a period.

    Only accounts with a beginning balance or entries have a section, sub-accounts inside their parents; an account
    that begins at nothing has no Beginning Balance row (both as recorded). Amounts and balances are in the account's
    natural sign.
    """
    basis = query.basis()
    period = query.period("This Month-to-date")
    chart = read_chart(connection)
    columns = chosen(query, SUPPORTED, DEFAULT)
    accounts = _accounts_asked_for(query, chart)
    condition = postings_asked_for(query).both(accounts)
    check_cells(query, _count(connection, period, condition), len(columns))
    lookup = Lookup(connection, chart)
    layout = Layout(columns, lookup)
    opening = _opening(connection, query, chart, period.start, accounts)
    entries = dict(entries_by_account(connection, chart, lookup, period, condition))
    ledger = Ledger(query, chart, layout, opening, entries)
    rows = [row for account in chart.tops(*TYPE_ORDER) for row in ledger.branch(account)[0]]
    head = header(query, now, period=period, basis=basis, empty=not rows)
    return report(head, layout.definitions(), rows)
