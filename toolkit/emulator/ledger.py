"""
The double-entry ledger under everything: postings, running totals by account and customer, and the proof that it
balances.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

from toolkit.emulator.books import Books
from toolkit.emulator.records import Posting, Record

_INSERT = "INSERT INTO posting VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)"
RECEIVABLE = "Accounts Receivable"
PAYABLE = "Accounts Payable"


class Unbalanced(AssertionError):
    """A transaction whose debits are not its credits: a bug of the rules, never of a client."""


def _kinds(books: Books) -> dict[str, str]:
    """Which accounts are receivables (of customers) or payables (of vendors)."""
    named = {RECEIVABLE: "Customer", PAYABLE: "Vendor"}
    accounts = books.list_of("Account").values()
    return {str(a.id): named[a.body["AccountType"]] for a in accounts if a.body.get("AccountType") in named}


def _sums(books: Books, postings: Iterable[Posting], sign: int) -> dict[tuple[str, str], int]:
    kinds = books.memo("ledger.kinds", lambda: _kinds(books))
    sums: dict[tuple[str, str], int] = {}
    for posting in postings:
        amount = sign * posting.amount
        key = ("Account", posting.account_id)
        sums[key] = sums.get(key, 0) + amount
        name = posting.name_type
        if posting.name_id is not None and name is not None and kinds.get(posting.account_id) == name:
            key = (name, posting.name_id)
            sums[key] = sums.get(key, 0) + amount
    return sums


def _row(record: Record, line: int, posting: Posting) -> tuple[object, ...]:
    before = (record.entity, record.id, line, record.txn_date, record.doc_number)
    return (*before, *posting, record.due_date, record.created)


def post(books: Books, record: Record, postings: list[Posting]) -> None:
    """Writes a transaction's postings. Raises Unbalanced when they do not add up to 0."""
    if sum(posting.amount for posting in postings) != 0:
        raise Unbalanced(f"{record.entity} {record.id}: {[(p.account_id, p.amount) for p in postings]}")
    kept = [posting for posting in postings if posting.amount or posting.item_id]
    if kept:
        books.connection.executemany(_INSERT, [_row(record, line, posting) for line, posting in enumerate(kept)])
        books.add_totals(_sums(books, kept, 1))


def unpost(books: Books, id: int) -> None:
    """Removes a transaction's postings."""
    rows = books.connection.execute(
        "SELECT account_id, amount, name_type, name_id FROM posting WHERE txn_id = ?", (id,)
    ).fetchall()
    if rows:
        books.connection.execute("DELETE FROM posting WHERE txn_id = ?", (id,))
        books.add_totals(_sums(books, [Posting(*row) for row in rows], -1))


def total(books: Books, entity: str, id: int) -> tuple[int, str]:
    """
    Balance in cents (debit positive) of an Account, of a Customer's receivables or a Vendor's payables; and when it
    last moved.
    """
    row = books.connection.execute(
        "SELECT amount, touched FROM total WHERE entity = ? AND id = ?", (entity, str(id))
    ).fetchone()
    return (int(row[0]), str(row[1])) if row else (0, "")


_BROKEN: tuple[tuple[str, str], ...] = (
    (
        "{} {} does not balance by {} cents",
        "SELECT txn_type, txn_id, sum(amount) s FROM posting GROUP BY txn_id HAVING s <> 0",
    ),
    (
        "account {}: total {}, postings {}",
        "SELECT t.id, t.amount, coalesce((SELECT sum(amount) FROM posting p WHERE p.account_id = t.id), 0) posted "
        "FROM total t WHERE t.entity = 'Account' AND t.amount <> posted",
    ),
    (
        "customer {}: total {}, postings {}",
        "WITH receivable AS (SELECT CAST(id AS TEXT) id FROM object WHERE entity = 'Account' "
        "AND json_extract(body, '$.AccountType') = 'Accounts Receivable'), "
        "posted AS (SELECT name_id id, sum(amount) amount FROM posting JOIN receivable r ON r.id = account_id "
        "WHERE name_type = 'Customer' GROUP BY name_id) "
        "SELECT t.id, t.amount, coalesce(p.amount, 0) FROM total t LEFT JOIN posted p ON p.id = t.id "
        "WHERE t.entity = 'Customer' AND t.amount <> coalesce(p.amount, 0)",
    ),
    (
        "{} {} posts though it is deleted or void",
        "SELECT DISTINCT p.txn_type, p.txn_id FROM posting p JOIN object o ON o.entity = p.txn_type "
        "AND o.id = p.txn_id WHERE o.deleted = 1 OR (o.voided = 1 AND p.amount <> 0)",
    ),
    (
        "{} {} is linked to {} {}, which is gone",
        "SELECT l.from_type, l.from_id, l.to_type, l.to_id FROM link l LEFT JOIN object o "
        "ON o.entity = l.to_type AND o.id = l.to_id WHERE o.id IS NULL OR o.deleted = 1",
    ),
    (
        "{} {} has {} cents applied to it, more than its total {}",
        "SELECT o.entity, o.id, sum(l.amount) s, o.total FROM link l JOIN object o ON o.entity = l.to_type "
        "AND o.id = l.to_id WHERE l.from_type = 'Payment' AND o.entity <> 'JournalEntry' "
        "GROUP BY o.id HAVING s > o.total",
    ),
    (
        "{} {} has balance {}, but {} cents are open",
        "SELECT o.entity, o.id, o.balance, o.total - coalesce((SELECT sum(amount) FROM link l WHERE l.to_id = o.id "
        "AND l.from_type = 'Payment'), 0) open FROM object o WHERE o.entity IN ('Invoice', 'CreditMemo') "
        "AND o.deleted = 0 AND o.balance <> open",
    ),
)


def check(connection: sqlite3.Connection) -> list[str]:
    """
    Proves the ledger: sentences about what is wrong, none when all is right.

    Each transaction's debits equal its credits, the running totals equal the postings, every link is to a live
    transaction and within what that is worth, open balances are totals less what is applied.
    """
    return [sentence.format(*row) for sentence, sql in _BROKEN for row in connection.execute(sql)]
