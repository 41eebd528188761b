"""What QuickBooks' own reports say as of a day: ledger sections, open items, trial balance.

Never from an account's CurrentBalance, which is of now. Layouts are those of recorded reports (minimul/qbo_api) and of
Intuit's samples; a report stops at 400,000 cells (developer.intuit.com), so a long one is read in shorter spans.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from toolkit import chart
from toolkit.books import Account, Balances, Books, LedgerBalance, LedgerRow, OpenItem, TrialRow
from toolkit.money import ZERO, Money, parse, total
from toolkit.problems import NeedsPerson, OutcomeUnknown, Problem, QuickBooksRefused, Severity
from toolkit.qbo.client import Client
from toolkit.qbo.exact_json import Json
from toolkit.settings import Settings

_LEDGER_COLUMNS = "tx_date,txn_type,doc_num,name,subt_nat_amount,rbal_nat_amount"
_TOO_BIG = "10100"
# Intuit: 400,000 cells a report; six columns, and a quarter kept in hand for what is not in the books that were read.
MOST_ROWS = 400_000 // 6 * 3 // 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Closing:
    """The two reports of a day that are short whatever the month held: open items and trial balance."""

    start: date
    as_of: date
    open_items: tuple[OpenItem, ...]
    trial_balance: tuple[TrialRow, ...]


def read_closing(client: Client, *, start: date, as_of: date) -> Closing:
    """Open items and trial balance as of `as_of`, inclusive; two metered reads. Raises as `read_balances`."""
    return Closing(
        start=start,
        as_of=as_of,
        open_items=_open_items(client, as_of),
        trial_balance=_trial_balance(client, start, as_of),
    )


def closing_balances(closing: Closing, books: Books, settings: Settings) -> Balances:
    """The closing balances without the postings that led to them; bank accounts are left out.

    Raises `NeedsPerson` when an account is not clear.
    """
    receivable, undeposited = _settled(chart.receivable(books, settings)), _undeposited(books, settings)
    return Balances(
        start=closing.start,
        as_of=closing.as_of,
        receivable=_closed(closing, receivable),
        undeposited=_closed(closing, undeposited) if undeposited else _empty("", "Undeposited Funds"),
        banks=(),
        open_items=closing.open_items,
        trial_balance=closing.trial_balance,
    )


def _closed(closing: Closing, account: Account) -> LedgerBalance:
    amount = total(row.amount for row in closing.trial_balance if row.account_id == account.id)
    return LedgerBalance(
        account_id=account.id, account_name=account.full_name or account.name, opening=amount, rows=(), closing=amount
    )


def read_balances(client: Client, books: Books, settings: Settings, *, start: date, as_of: date) -> Balances:
    """Ledger sections from `start` to `as_of` (both inclusive), open items and trial balance as of `as_of`.

    Accounts are those of `settings`, else by type (every active bank account when none is named). Three metered reads,
    one more for each further 50,000 postings or so of the month. Raises `NeedsPerson` when an account is not clear,
    `OutcomeUnknown` when
    a report does not add up.
    """
    receivable = _settled(chart.receivable(books, settings))
    undeposited = _undeposited(books, settings)
    banks = _banks(books, settings)
    wanted = [receivable, *banks, *([undeposited] if undeposited else [])]
    ledgers = _joined_ledgers(client, wanted, spans(books, start, as_of))
    closing = read_closing(client, start=start, as_of=as_of)
    return Balances(
        start=start,
        as_of=as_of,
        receivable=ledgers[receivable.id],
        undeposited=ledgers[undeposited.id] if undeposited else _empty("", "Undeposited Funds"),
        banks=tuple(ledgers[bank.id] for bank in banks),
        open_items=closing.open_items,
        trial_balance=closing.trial_balance,
    )


def _settled(account: Account | Problem) -> Account:
    if isinstance(account, Problem):
        raise NeedsPerson(account)
    return account


def _undeposited(books: Books, settings: Settings) -> Account | None:
    """None where the company has none yet: QuickBooks makes it at its first use."""
    named = settings.accounts.undeposited_funds
    if not named and not any(account.subtype == "UndepositedFunds" for account in books.accounts):
        return None
    return _settled(chart.undeposited_funds(books, settings))


def _banks(books: Books, settings: Settings) -> tuple[Account, ...]:
    endings = [*settings.accounts.banks]
    if settings.accounts.bank:
        endings.append("")
    if not endings:
        return tuple(account for account in books.accounts if account.type == "Bank" and account.active)
    named = [_settled(chart.bank(books, settings, ending)) for ending in endings]
    return tuple({account.id: account for account in named}.values())


# the general ledger


Ledgers = dict[str, LedgerBalance]
Span = tuple[date, date]


def spans(books: Books, start: date, end: date, most: int = MOST_ROWS) -> tuple[Span, ...]:
    """The days from `start` to `end` (inclusive) in as few spans as have room for their postings in one report each."""
    expected = _expected_rows(books)
    found, first, rows = list[Span](), start, 0
    for day in (start + timedelta(days=number) for number in range((end - start).days + 1)):
        if rows and rows + expected[day] > most:
            found.append((first, day - timedelta(days=1)))
            first, rows = day, 0
        rows += expected[day]
    return (*found, (first, end))


def _expected_rows(books: Books) -> Counter[date]:
    """How many rows each day will have in the ledgers of receivables, Undeposited Funds and bank accounts."""
    expected = Counter(one.txn_date for one in books.documents)
    for payment in books.payments:
        expected[payment.txn_date] += 2
    for deposit in books.deposits:
        expected[deposit.txn_date] += 1 + len(deposit.lines)
    for entry in books.journal_entries:
        expected[entry.txn_date] += len(entry.lines)
    return expected


def _joined_ledgers(client: Client, accounts: Sequence[Account], parts: Sequence[Span]) -> Ledgers:
    ledgers = _ledgers(client, accounts, *parts[0])
    for start, end in parts[1:]:
        later = _ledgers(client, accounts, start, end)
        ledgers = {one.id: _joined(ledgers[one.id], later[one.id], end) for one in accounts}
    return ledgers


def _ledgers(client: Client, accounts: Sequence[Account], start: date, end: date) -> Ledgers:
    """Each account's section; read in halves where a report is too big or does not add up to its own totals."""
    try:
        report = client.report(
            "GeneralLedger",
            start_date=start.isoformat(),
            end_date=end.isoformat(),
            account=",".join(account.id for account in accounts),
            columns=_LEDGER_COLUMNS,
            accounting_method="Accrual",
        )
        found = _sections(report)
        ledgers = {one.id: found.get(one.id) or _empty(one.id, one.full_name or one.name) for one in accounts}
        if all(_adds_up(ledger) for ledger in ledgers.values()):
            return ledgers
    except QuickBooksRefused as refused:
        if refused.fault_code != _TOO_BIG:
            raise
    if start >= end:
        raise _does_not_add_up("GeneralLedger", end)
    middle = start + (end - start) // 2
    first = _ledgers(client, accounts, start, middle)
    second = _ledgers(client, accounts, middle + timedelta(days=1), end)
    return {one.id: _joined(first[one.id], second[one.id], end) for one in accounts}


def _adds_up(ledger: LedgerBalance) -> bool:
    return ledger.opening + total(row.amount for row in ledger.rows) == ledger.closing


def _joined(first: LedgerBalance, second: LedgerBalance, end: date) -> LedgerBalance:
    # An account without postings in the second span may be left out of that report.
    opening = second.opening if second.rows or second.opening else first.closing
    if opening != first.closing:
        raise _does_not_add_up("GeneralLedger", end)
    return LedgerBalance(
        account_id=first.account_id,
        account_name=second.account_name,
        opening=first.opening,
        rows=first.rows + second.rows,
        closing=second.closing if second.rows else first.closing,
    )


def _empty(account_id: str, name: str) -> LedgerBalance:
    return LedgerBalance(account_id=account_id, account_name=name, opening=ZERO, rows=(), closing=ZERO)


def _sections(report: Json) -> dict[str, LedgerBalance]:
    columns = Columns.of(report)
    return {ledger.account_id: ledger for ledger in _each_section(report.get("Rows") or {}, columns)}


def _each_section(rows: Json, columns: Columns) -> Iterator[LedgerBalance]:
    for row in rows.get("Row") or ():
        inner = row.get("Rows") or {}
        head = ((row.get("Header") or {}).get("ColData") or [{}])[0]
        if head.get("id"):
            yield _section(str(head["id"]), str(head.get("value") or ""), inner.get("Row") or (), columns)
        yield from _each_section(inner, columns)


def _section(account_id: str, name: str, rows: Iterable[Json], columns: Columns) -> LedgerBalance:
    """One account's own rows: sub-accounts are sections inside it and stand for themselves.

    The row without a date is the beginning balance (its words are in the company's language).
    """
    opening, postings = ZERO, []
    for row in rows:
        if "ColData" not in row:
            continue
        if columns.day(row, "tx_date") is None:
            opening = columns.money(row, "rbal_nat_amount")
        else:
            postings.append(_posting(row, columns))
    closing = postings[-1].balance if postings else opening
    return LedgerBalance(
        account_id=account_id, account_name=name, opening=opening, rows=tuple(postings), closing=closing
    )


def _posting(row: Json, columns: Columns) -> LedgerRow:
    day = columns.day(row, "tx_date")
    assert day is not None
    return LedgerRow(
        txn_date=day,
        txn_type=columns.text(row, "txn_type"),
        txn_id=columns.id(row, "txn_type"),
        number=columns.text(row, "doc_num"),
        name=columns.text(row, "name"),
        amount=columns.money(row, "subt_nat_amount"),
        balance=columns.money(row, "rbal_nat_amount"),
    )


# the bank's ticks


def read_marks(client: Client, start: date, end: date) -> dict[str, str]:
    """The cleared column by transaction id, `start` to `end` inclusive: "" for neither, "C" cleared, "R" reconciled.

    No field of a transaction tells it: Intuit shows it in this report alone. Nothing is known of an id that is not
    there, nor of any if QuickBooks will not make the report or leaves the column out. One metered read, more for a
    span too big for one report.
    """
    try:
        report = client.report(
            "TransactionList",
            start_date=start.isoformat(),
            end_date=end.isoformat(),
            columns="tx_date,txn_type,is_cleared",
        )
    except QuickBooksRefused as refused:
        if refused.fault_code != _TOO_BIG or start >= end:
            return {}
        middle = start + (end - start) // 2
        return read_marks(client, start, middle) | read_marks(client, middle + timedelta(days=1), end)
    columns = Columns.of(report)
    if "is_cleared" not in columns.at:
        return {}
    return {columns.id(row, "txn_type"): columns.text(row, "is_cleared") for row in _posted_rows(report, columns)}


# aging and trial balance


def _open_items(client: Client, as_of: date) -> tuple[OpenItem, ...]:
    # Intuit: the aging reports look at report_date; start and end dates do nothing.
    report = client.report("AgedReceivableDetail", report_date=as_of.isoformat(), aging_method="Report_Date")
    columns = Columns.of(report)
    return tuple(_open_item(row, columns) for row in _posted_rows(report, columns))


def _open_item(row: Json, columns: Columns) -> OpenItem:
    day = columns.day(row, "tx_date")
    assert day is not None
    return OpenItem(
        txn_type=columns.text(row, "txn_type"),
        txn_id=columns.id(row, "txn_type"),
        number=columns.text(row, "doc_num"),
        customer=columns.text(row, "cust_name", "name"),
        txn_date=day,
        due_date=columns.day(row, "due_date"),
        open_balance=columns.money(row, "subt_open_bal", "open_bal"),
    )


def _posted_rows(report: Json, columns: Columns) -> Iterator[Json]:
    return (row for row in _data_rows(report.get("Rows") or {}) if columns.day(row, "tx_date") is not None)


def _data_rows(rows: Json) -> Iterator[Json]:
    for row in rows.get("Row") or ():
        if "ColData" in row:
            yield row
        yield from _data_rows(row.get("Rows") or {})


def _trial_balance(client: Client, start: date, as_of: date) -> tuple[TrialRow, ...]:
    report = client.report(
        "TrialBalance", start_date=start.isoformat(), end_date=as_of.isoformat(), accounting_method="Accrual"
    )
    rows = tuple(_trial_row(row["ColData"]) for row in _data_rows(report.get("Rows") or {}))
    if total(row.amount for row in rows):
        raise _does_not_add_up("TrialBalance", as_of)
    return rows


def _trial_row(cells: Sequence[Json]) -> TrialRow:
    """Account, debit, credit: the three columns that every trial balance has."""
    debit, credit = (parse(str(cell.get("value") or "")) for cell in cells[1:3])
    account_id, name = str(cells[0].get("id") or ""), str(cells[0].get("value") or "")
    return TrialRow(account_id=account_id, account_name=name, amount=debit - credit)


@dataclass(frozen=True, slots=True)
class Columns:
    """Where each column of a report stands, by Intuit's column type; cells beyond the columns are never looked at."""

    at: dict[str, int]

    @classmethod
    def of(cls, report: Json) -> Columns:
        """The columns that a report says it has."""
        told = (report.get("Columns") or {}).get("Column") or ()
        return cls({str(column.get("ColType") or ""): place for place, column in enumerate(told)})

    def _cell(self, row: Json, names: Sequence[str]) -> Any:
        for name in names:
            place = self.at.get(name)
            if place is not None and place < len(row["ColData"]):
                return row["ColData"][place]
        return {}

    def text(self, row: Json, *names: str) -> str:
        """The cell's text, "" if the report has no such column."""
        return str(self._cell(row, names).get("value") or "")

    def id(self, row: Json, *names: str) -> str:
        """The id behind the cell."""
        return str(self._cell(row, names).get("id") or "")

    def money(self, row: Json, *names: str) -> Money:
        """The cell's amount; blank is 0.00."""
        return parse(self.text(row, *names))

    def day(self, row: Json, *names: str) -> date | None:
        """The cell's date, None if it is none."""
        try:
            return date.fromisoformat(self.text(row, *names))
        except ValueError:
            return None


def _does_not_add_up(report: str, end: date) -> OutcomeUnknown:
    return OutcomeUnknown(
        Problem(
            code="report-does-not-add-up",
            where=f"QuickBooks {report}",
            what=f"QuickBooks' report up to {end.isoformat()} does not add up to its own totals.",
            why="A proof needs a whole report; this one is cut, or the books changed while it was made.",
            do="Run again in a minute; if it stays, open the report in QuickBooks and compare.",
            severity=Severity.FILE,
        )
    )
