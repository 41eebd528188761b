"""The report service of the emulated company: QuickBooks reports computed from the ledger."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from toolkit.emulator.moments import stored
from toolkit.emulator.reports import (
    aging,
    balance_sheet,
    customer_balance,
    general_ledger,
    item_sales,
    profit_and_loss,
    refusals,
    transaction_list,
    trial_balance,
)
from toolkit.emulator.reports.facts import CompanyFacts, read_facts
from toolkit.emulator.reports.parameters import Query, check_names

__all__ = ["REPORTS", "CompanyFacts", "Report", "read_facts", "render"]

Make = Callable[[sqlite3.Connection, Query, datetime], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Report:
    """One report: how it is made, the parameters it computes, and those Intuit documents beyond them."""

    make: Make
    known: frozenset[str]
    documented: frozenset[str]


def _report(make: Make, known: frozenset[str] | set[str], documented: frozenset[str]) -> Report:
    return Report(make, frozenset(known), frozenset(documented))


REPORTS: Mapping[str, Report] = {
    "GeneralLedger": _report(general_ledger.general_ledger, general_ledger.KNOWN, general_ledger.DOCUMENTED),
    "TransactionList": _report(transaction_list.transaction_list, transaction_list.KNOWN, transaction_list.DOCUMENTED),
    "TrialBalance": _report(trial_balance.trial_balance, trial_balance.KNOWN, trial_balance.DOCUMENTED),
    "ItemSales": _report(item_sales.item_sales, item_sales.KNOWN, item_sales.DOCUMENTED),
    "AgedReceivables": _report(aging.aged_receivables, aging.SUMMARY_KNOWN | aging.IGNORED, aging.SUMMARY_DOCUMENTED),
    "AgedReceivableDetail": _report(
        aging.aged_receivable_detail, aging.DETAIL_KNOWN | aging.IGNORED, aging.DETAIL_DOCUMENTED
    ),
    "ProfitAndLoss": _report(profit_and_loss.profit_and_loss, profit_and_loss.KNOWN, profit_and_loss.DOCUMENTED),
    "BalanceSheet": _report(balance_sheet.balance_sheet, balance_sheet.KNOWN, balance_sheet.DOCUMENTED),
    "CustomerBalance": _report(
        customer_balance.customer_balance, customer_balance.SUMMARY_KNOWN, customer_balance.SUMMARY_DOCUMENTED
    ),
    "CustomerBalanceDetail": _report(
        customer_balance.customer_balance_detail, customer_balance.DETAIL_KNOWN, customer_balance.DETAIL_DOCUMENTED
    ),
}
"""The reports there are, by the name in the path."""


@contextmanager
def _seen(connection: sqlite3.Connection, until: str, now: datetime) -> Iterator[None]:
    """Inside, the tables lack what was made since a time: views of this connection stand before them.

    What was made at a later moment than the clock's (it was set back) is history, not new.
    """
    if not until:
        yield
        return
    seen = f"created <= '{until}' OR created > '{stored(now)}'"
    for table in ("object", "posting"):
        connection.execute(f"CREATE TEMP VIEW {table} AS SELECT * FROM main.{table} WHERE {seen}")
    try:
        yield
    finally:
        for table in ("object", "posting"):
            connection.execute(f"DROP VIEW temp.{table}")


def render(
    connection: sqlite3.Connection,
    name: str,
    params: Mapping[str, str],
    *,
    today: date,
    now: datetime,
    company: CompanyFacts,
) -> dict[str, Any]:
    """The answer to GET reports/<name>: Header, Columns and Rows, every value a string.

    Reads only. `today` is the company's day (for date macros), `now` an aware moment (for the Header's Time).
    Raises Fault 500 for a report there is not, 2010 for a parameter it does not have, 5030 for one that is
    documented but not computed here and for the cash basis, 2060, 2170 and 2190 for bad values, 10100 for
    more cells than a report may hold. Cells may be shared inside the answer: read it, do not change it.
    """
    report = REPORTS.get(name)
    if report is None:
        raise refusals.unknown_report(name)
    check_names(name, params, report.known, report.documented, strict=company.strict_parameters)
    with _seen(connection, company.seen_until, now):
        return report.make(connection, Query(name, params, today, company), now)
