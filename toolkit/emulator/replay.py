"""requestid: the answer of a call that was already made."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from toolkit.emulator import fault, moments
from toolkit.emulator.amounts import rendered
from toolkit.emulator.books import Books

_LONGEST = 50
_BATCH_LONGEST = 36
_BID_LONGEST = 10
_ITEMS = "items"


@dataclass(frozen=True, slots=True)
class Stored:
    """An answer under its requestid: HTTP status, content type, text, a digest of what was asked ("" if not kept)."""

    status: int
    content_type: str
    text: str
    digest: str = ""


def digest_of(*parts: str | bytes) -> str:
    """A short digest of what is asked, by which a requestid used for something else is known."""
    joined = b"\0".join(part if isinstance(part, bytes) else part.encode() for part in parts)
    return hashlib.blake2b(joined, digest_size=12).hexdigest()


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
        "SELECT status, content_type, body, digest FROM replay WHERE requestid = ? AND at >= ? ORDER BY rowid",
        (requestid, _since(books)),
    ).fetchall()
    return [Stored(*row) for row in rows]


def _refusal(books: Books, requestid: str, before: str, digest: str) -> fault.Fault | None:
    """What a known requestid is refused with; None when it answers as before."""
    if books.switches["requestid"] == "6000":
        return fault.business("The request id has already been used.")
    if before and before != digest and books.switches["requestid_body"] == "600":
        return fault.duplicate_request_id(requestid)
    return None


def find(books: Books, requestid: str, digest: str) -> Stored | None:
    """The answer a single call gave before under this requestid. Raises Fault 6000 or 600 when the switches say so."""
    found = next((stored for stored in _stored(books, requestid) if stored.content_type != _ITEMS), None)
    refusal = _refusal(books, requestid, found.digest, digest) if found is not None else None
    if refusal is not None:
        raise refusal
    return found


class Items:
    """The batch items done before under a requestid, by bId."""

    def __init__(self, books: Books, requestid: str) -> None:
        self._books, self._requestid = books, requestid
        self._done: dict[str, list[str]] = {}
        self._kept: dict[str, list[str]] = {}
        for stored in _stored(books, requestid):
            if stored.content_type == _ITEMS:
                self._done.update(json.loads(stored.text))

    def _digest(self, item: Any) -> str:
        if self._books.switches["requestid_body"] == "replay":
            return ""
        return digest_of(json.dumps(item, sort_keys=True, default=str))

    def find(self, bid: str, item: Any) -> str | None:
        """The answer of this item if it was done before. Raises Fault 6000 or 600 when the switches say so."""
        if not bid or bid not in self._done:
            return None
        digest, text = self._done[bid]
        refusal = _refusal(self._books, self._requestid, digest, self._digest(item))
        if refusal is not None:
            raise refusal
        return text

    def __contains__(self, bid: str) -> bool:
        return bid in self._done

    def keep(self, bid: str, item: Any, text: str) -> None:
        """Remembers an answer; items without a bId cannot be told apart and are not kept."""
        if self._requestid and bid:
            self._kept[bid] = [self._digest(item), text]

    def store(self) -> None:
        """Writes what is to be remembered."""
        if self._kept:
            keep(self._books, self._requestid, Stored(200, _ITEMS, rendered(self._kept)))


def keep(books: Books, requestid: str, answer: Stored) -> None:
    """Remembers an answer and forgets those whose time is over."""
    books.connection.execute("DELETE FROM replay WHERE at < ?", (_since(books),))
    row = (requestid, books.stamp, answer.status, answer.content_type, answer.text, answer.digest)
    books.connection.execute("INSERT INTO replay VALUES (?, ?, ?, ?, ?, ?)", row)
