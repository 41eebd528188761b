"""Is the bank money of a payout already booked by someone else? The entries that would be doubled, by name."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from toolkit.books import Books, DocumentKind
from toolkit.counterparts import stamped
from toolkit.money import Money, show
from toolkit.settlement import day

WINDOW = timedelta(days=7)
"""How far from the arrival date an entry still counts as the same bank line, both ways, inclusive."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BankEntry:
    """One transaction that moves a bank account: `amount` positive where money comes in."""

    entity: str
    id: str
    txn_date: date
    amount: Money
    words: str


Booked = Mapping[tuple[str, Money], tuple[BankEntry, ...]]
"""Foreign bank entries by (account id, amount), in (date, entity, id) order."""


def foreign_entries(books: Books, ours: Collection[tuple[str, str]]) -> Booked:
    """Every deposit, sales receipt, journal line and transfer on a bank account that is not ours; linear.

    `ours` are (entity, id) from the posting log; records that carry our stamp are ours too.
    """
    banks = {account.id for account in books.accounts if account.type == "Bank"}
    found: dict[tuple[str, Money], list[BankEntry]] = defaultdict(list)
    for account_id, note, entry in _bank_entries(books):
        if account_id in banks and (entry.entity, entry.id) not in ours and stamped(note) is None:
            found[account_id, entry.amount].append(entry)
    ordered = {name: sorted(some, key=lambda one: (one.txn_date, one.entity, one.id)) for name, some in found.items()}
    return {name: tuple(some) for name, some in ordered.items()}


def near(booked: Booked, account_id: str, amount: Money, on: date) -> tuple[BankEntry, ...]:
    """The foreign entries of that amount on that account within seven days of `on`, inclusive."""
    return tuple(one for one in booked.get((account_id, amount), ()) if abs(one.txn_date - on) <= WINDOW)


def _bank_entries(books: Books) -> Iterator[tuple[str, str, BankEntry]]:
    for deposit in books.deposits:
        yield (
            deposit.account_id,
            deposit.private_note,
            _entry("Deposit", "bank deposit", deposit.id, deposit.txn_date, deposit.total),
        )
    for receipt in books.documents:
        if receipt.kind is DocumentKind.SALES_RECEIPT and not receipt.voided:
            words = f"sales receipt {receipt.number}".strip()
            entry = _entry("SalesReceipt", words, receipt.id, receipt.txn_date, receipt.total)
            yield receipt.deposit_account_id, receipt.private_note, entry
    for journal in books.journal_entries:
        words = f"journal entry {journal.number}".strip()
        for line in journal.lines:
            yield (
                line.account_id,
                journal.private_note,
                _entry("JournalEntry", words, journal.id, journal.txn_date, line.amount),
            )
    for transfer in books.transfers:
        for account_id, amount in (
            (transfer.to_account_id, transfer.amount),
            (transfer.from_account_id, -transfer.amount),
        ):
            yield account_id, "", _entry("Transfer", "transfer", transfer.id, transfer.txn_date, amount)


def _entry(entity: str, words: str, qbo_id: str, on: date, amount: Money) -> BankEntry:
    said = f"{words} of {day(on)} for ${show(abs(amount))} (id {qbo_id})"
    return BankEntry(entity=entity, id=qbo_id, txn_date=on, amount=amount, words=said)
