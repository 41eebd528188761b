"""The body of an object as it is stored: its order of keys, the keys every entity carries, changes from inside."""

from __future__ import annotations

from typing import Any

from toolkit.emulator import moments
from toolkit.emulator.amounts import rendered
from toolkit.emulator.books import Books
from toolkit.emulator.kinds import KINDS, Kind
from toolkit.emulator.records import Body, Record


def ordered(kind: Kind, body: Body) -> Body:
    """The body in the order of keys seen on the wire; keys without a known place come last."""
    placed = {key: body[key] for key in kind.order if key in body}
    if len(placed) < len(body):
        placed.update((key, value) for key, value in body.items() if key not in placed)
    return placed


def head(id: int, sync_token: int, created: str, updated: str) -> Body:
    """The keys every entity carries."""
    return {
        "domain": "QBO",
        "sparse": False,
        "Id": str(id),
        "SyncToken": str(sync_token),
        "MetaData": {"CreateTime": moments.shown(created), "LastUpdatedTime": moments.shown(updated)},
    }


def rewrite(books: Books, record: Record, changes: Body, *, bump: bool, **columns: Any) -> Record:
    """
    Stores changed keys of an object outside of a client's update; a value of None removes the key.

    With `bump` its SyncToken and time move on (a payment applied to an invoice),
    without they stay (a payment deposited).
    """
    kind = KINDS[record.entity]
    body = {key: value for key, value in (record.body | changes).items() if value is not None}
    token = record.sync_token + 1 if bump else record.sync_token
    updated = books.stamp if bump else record.updated
    body = ordered(kind, body | head(record.id, token, record.created, updated))
    columns = {"sync_token": token, "updated": updated, "text": rendered(body), "parsed": None} | columns
    values = {name: getattr(record, name) for name in Record.__slots__}
    changed = Record(**(values | columns))
    books.update(changed)
    return changed
