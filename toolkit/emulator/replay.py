"""requestid: the answer of a call that was already made."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta

from toolkit.emulator import fault, moments
from toolkit.emulator.amounts import rendered
from toolkit.emulator.books import Books

_LONGEST = 50
_BATCH_LONGEST = 36
_BID_LONGEST = 10
_ITEMS = "items"


@dataclass(frozen=True, slots=True)
class Stored:
    """An answer under its requestid: HTTP status, content type, text."""

    status: int
    content_type: str
    text: str


def check_length(requestid: str) -> None:
    """Raises Fault 2130 for a requestid over 50 characters."""
    if len(requestid) > _LONGEST:
        raise fault.invalid_request_id(len(requestid))


def check_batch(requestid: str, bids: list[str]) -> None:
    """Raises Fault 2130 when a batch's requestid is over 36 characters or, with one, a bId over 10."""
    if len(requestid) > _BATCH_LONGEST:
        raise fault.invalid_request_id(len(requestid))
    longest = max((len(bid) for bid in bids), default=0)
    if requestid and longest > _BID_LONGEST:
        raise fault.invalid_request_id(len(requestid) + longest)


def _since(books: Books) -> str:
    return moments.stored(books.moment - timedelta(hours=books.switches.number("requestid_hours")))


def _stored(books: Books, requestid: str) -> list[Stored]:
    if not requestid or books.switches["requestid"] == "ignore":
        return []
    rows = books.connection.execute(
        "SELECT status, content_type, body FROM replay WHERE requestid = ? AND at >= ? ORDER BY rowid",
        (requestid, _since(books)),
    ).fetchall()
    return [Stored(*row) for row in rows]


def used_again() -> fault.Fault:
    """6000: what a repeated requestid answers when the switch says so."""
    return fault.business("The request id has already been used.")


def find(books: Books, requestid: str) -> Stored | None:
    """The answer a single call gave before under this requestid. Raises Fault 6000 when the switch says so."""
    found = next((stored for stored in _stored(books, requestid) if stored.content_type != _ITEMS), None)
    if found is not None and books.switches["requestid"] == "6000":
        raise used_again()
    return found


def find_items(books: Books, requestid: str) -> dict[str, str]:
    """The answers of batch items given before under this requestid, by bId."""
    items: dict[str, str] = {}
    for stored in _stored(books, requestid):
        if stored.content_type == _ITEMS:
            items.update(json.loads(stored.text))
    return items


def keep(books: Books, requestid: str, answer: Stored) -> None:
    """Remembers an answer and forgets those whose time is over."""
    books.connection.execute("DELETE FROM replay WHERE at < ?", (_since(books),))
    row = (requestid, books.stamp, answer.status, answer.content_type, answer.text)
    books.connection.execute("INSERT INTO replay VALUES (?, ?, ?, ?, ?)", row)


def keep_items(books: Books, requestid: str, items: list[tuple[str, str]]) -> None:
    """Remembers the answers of batch items by bId; items without one cannot be told apart and are not kept."""
    named = {bid: text for bid, text in items if bid}
    if requestid and named:
        keep(books, requestid, Stored(200, _ITEMS, rendered(named)))
