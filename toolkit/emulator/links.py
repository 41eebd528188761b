"""Which transaction is applied to or deposited with which, kept on both sides: LinkedTxn, open balances, SyncTokens."""

from __future__ import annotations

from toolkit.emulator import bodies
from toolkit.emulator.amounts import money
from toolkit.emulator.books import Books
from toolkit.emulator.records import Body, Link, Record

_INSERT = "INSERT INTO link VALUES (?, ?, ?, ?, ?, ?, ?)"


def from_record(books: Books, id: int) -> list[Link]:
    """What this transaction is applied to or contains, in line order."""
    rows = books.connection.execute(
        "SELECT to_type, to_id, amount, to_line FROM link WHERE from_id = ? ORDER BY from_line", (id,)
    )
    return [Link(*row) for row in rows]


def into(books: Books, id: int, from_type: str) -> list[tuple[int, int, str | None]]:
    """The (transaction id, cents, line) of that type which are linked to this transaction, oldest first."""
    return books.connection.execute(
        "SELECT from_id, amount, to_line FROM link WHERE to_id = ? AND from_type = ? ORDER BY from_id, from_line",
        (id, from_type),
    ).fetchall()


def applied(books: Books, id: int, without: int | None = None) -> int:
    """Cents of payments applied to a document, leaving one payment out."""
    row = books.connection.execute(
        "SELECT coalesce(sum(amount), 0) FROM link WHERE to_id = ? AND from_type = 'Payment' AND from_id <> ?",
        (id, without or 0),
    ).fetchone()
    return int(row[0])


def deposit_of(books: Books, id: int, without: int | None = None) -> int | None:
    """The bank deposit a transaction is in (leaving one out); None when it is in none."""
    row = books.connection.execute(
        "SELECT from_id FROM link WHERE to_id = ? AND from_type = 'Deposit' AND from_id <> ?", (id, without or 0)
    ).fetchone()
    return int(row[0]) if row else None


def replace(books: Books, record: Record, new: list[Link]) -> None:
    """Stores what this transaction is linked to, and brings every document on the other side up to date."""
    old = from_record(books, record.id) if record.sync_token or record.deleted == 0 else []
    if old == new:
        return
    if old:
        books.connection.execute("DELETE FROM link WHERE from_id = ?", (record.id,))
    rows = [
        (record.entity, record.id, line, link.to_type, link.to_id, link.to_line, link.amount)
        for line, link in enumerate(new)
    ]
    books.connection.executemany(_INSERT, rows)
    before, after = _amounts(old), _amounts(new)
    for target in dict.fromkeys((*before, *after)):
        if before.get(target) != after.get(target):
            _refresh(books, *target, bump=record.entity == "Payment")


def _amounts(found: list[Link]) -> dict[tuple[str, int], list[tuple[str | None, int]]]:
    by_target: dict[tuple[str, int], list[tuple[str | None, int]]] = {}
    for link in found:
        by_target.setdefault((link.to_type, link.to_id), []).append((link.to_line, link.amount))
    return by_target


def linked(books: Books, id: int) -> list[Body]:
    """The LinkedTxn of a document: who is linked to it, oldest first."""
    rows = books.connection.execute(
        "SELECT DISTINCT from_type, from_id FROM link WHERE to_id = ? ORDER BY from_id", (id,)
    ).fetchall()
    return [{"TxnId": str(from_id), "TxnType": from_type} for from_type, from_id in rows]


def _refresh(books: Books, entity: str, id: int, *, bump: bool) -> None:
    record = books.find(entity, id)
    if record is None or record.deleted:
        return
    changes: Body = {"LinkedTxn": linked(books, id) or ([] if entity == "Invoice" else None)}
    columns: dict[str, object] = {}
    if entity in ("Invoice", "CreditMemo") and record.total is not None:
        open_cents = record.total - applied(books, id)
        changes["Balance"] = money(open_cents)
        if entity == "CreditMemo":
            changes["RemainingCredit"] = money(open_cents)
        columns["balance"] = open_cents
    bodies.rewrite(books, record, changes, bump=bump, **columns)
