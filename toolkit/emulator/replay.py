"""requestid: the answer of a call that was already made."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from toolkit.emulator import fault, moments
from toolkit.emulator.books import Books

_LONGEST = 50
_BATCH_LONGEST = 36
_BID_LONGEST = 10


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


def find(books: Books, requestid: str, bid: str = "") -> Stored | None:
    """The answer given before under this requestid (and bId). Raises Fault 6000 when the switch says so."""
    if not requestid or books.switches["requestid"] == "ignore":
        return None
    row = books.connection.execute(
        "SELECT status, content_type, body FROM replay WHERE requestid = ? AND bid = ? AND at >= ?",
        (requestid, bid, _since(books)),
    ).fetchone()
    if row is None:
        return None
    if books.switches["requestid"] == "6000":
        raise fault.business("The request id has already been used.")
    return Stored(*row)


def keep(books: Books, requestid: str, answers: list[tuple[str, Stored]]) -> None:
    """Remembers answers by bId ("" for a single call) and forgets those whose time is over."""
    if not requestid or not answers:
        return
    execute = books.connection.execute
    execute("DELETE FROM replay WHERE at < ?", (_since(books),))
    rows = [(requestid, bid, books.stamp, kept.status, kept.content_type, kept.text) for bid, kept in answers]
    books.connection.executemany("INSERT OR REPLACE INTO replay VALUES (?, ?, ?, ?, ?, ?)", rows)
