"""The books, read: whole the first time, afterwards only what changed since.

Sources: developer.intuit.com (cdc: 30 days back, 1000 rows a call, not for tax codes); field reports: pages are no
snapshot, customers and accounts get a new time at each posting, queries can lag a write by seconds.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from toolkit.books import Books
from toolkit.problems import OutcomeUnknown, Problem, QuickBooksRefused, Severity, Unreachable
from toolkit.qbo import books_cache, wire_read
from toolkit.qbo.balances import read_balances
from toolkit.qbo.books_cache import DamagedCache, Holding, Touched
from toolkit.qbo.client import PAGE, Client
from toolkit.qbo.exact_json import Json
from toolkit.qbo.sources import BY_ENTITY, CHANGING, EVERY_STATE, SOURCES, Source

__all__ = [
    "Say",
    "begin",
    "bring_up",
    "company_name",
    "read_anew",
    "read_balances",
    "read_books",
    "renew_settings",
    "silent",
    "state",
]

Say = Callable[[str], None]

# Intuit: change data capture reaches 30 days back and gives 1000 rows; a day and a few rows are kept in hand.
_REACH = timedelta(days=29)
_MOST_CHANGES = 1000
# Changes are asked for from a little before the last read, since queries can lag a write: as far back as rows that are
# known to have changed there leave room in the answer.
_OVERLAPS = tuple(timedelta(seconds=seconds) for seconds in (300, 60, 15, 2, 0))
_ROOM = 500
_CHANGING = [source.entity for source in CHANGING]
_LISTS_LAST = timedelta(days=1)
_TRIES = 3
_SECOND = 1.0
# Ten pages: at Intuit's ten requests a second, a sentence each second or two.
_EACH = 10_000
# Feature not supported, permission denied, business validation: the company's plan or the person's role lacks the list.
_LACKING = frozenset({"5030", "5020", "6000"})


def silent(text: str) -> None:
    """Says nothing."""


def read_books(client: Client, *, since: date | None = None, cache: Path | None = None, say: Say = silent) -> Books:
    """The books of the connected company: lists whole, transactions dated `since` (inclusive; None: all).

    With `cache` (the company's books.db) only changes are asked for where that is safe, and the file is brought up to
    date; `say` is told in words when the books are read anew although there was a cache. Consistent under concurrent
    change: what is changed while the pages are read is read again. Raises what `Client.send` raises.
    """
    before = client.reads
    holding, whole = begin(client, since=since, cache=cache, say=say)
    if not whole:
        renew_settings(client, holding, cache, say)
    return state(client, holding, since=since, reads=client.reads - before)


def begin(
    client: Client, *, since: date | None = None, cache: Path | None = None, say: Say = silent
) -> tuple[Holding, bool]:
    """The stored books brought up to date but for the settings, or all read anew; and whether it was all."""
    holding = _stored(client, cache, since, say) if cache is not None else None
    if holding is not None and bring_up(client, holding, cache, say) is not None:
        return holding, False
    return read_anew(client, since=since, cache=cache, say=say), True


def read_anew(client: Client, *, since: date | None = None, cache: Path | None = None, say: Say = silent) -> Holding:
    """Everything, read in parallel, with what changed meanwhile read again; stored in `cache`."""
    for number in range(_TRIES):
        if number:
            client.rest(_SECOND)  # a burst in the very second that a read began in lies before the next one
        holding = _pages(client, since, say)
        if not holding.rows["Account"]:
            continue
        if _settled(client, holding):
            _store(cache, holding, None, say)
            return holding
    raise _too_busy() if holding.rows["Account"] else _no_accounts()


def _stored(client: Client, cache: Path, since: date | None, say: Say) -> Holding | None:
    """The cached books as they were stored, None when they must be read anew."""
    try:
        holding = books_cache.load(cache)
    except DamagedCache as damaged:
        say(f"The stored books ({cache.name}) cannot be used ({damaged}); everything is read again.")
        cache.unlink(missing_ok=True)
        return None
    if holding is None:
        return None
    if holding.mark != client.mark:
        say("The company was connected anew; everything is read again.")
        return None
    if not holding.rows.get("Account"):
        say("The stored books have no chart of accounts; everything is read again.")
        return None
    return holding if _covers(holding.since, since) else None


def company_name(cache: Path, mark: str) -> str:
    """The company's name as it was stored with the books of that connection, "" if it is not known."""
    try:
        return books_cache.company_name(cache, mark)
    except DamagedCache:
        return ""


def _covers(held: date | None, asked: date | None) -> bool:
    return held is None or (asked is not None and held <= asked)


def bring_up(client: Client, holding: Holding, cache: Path | None, say: Say = silent) -> Touched | None:
    """Put what changed since the last read into the holding and into `cache`; one metered read.

    Returns which (entity, id) differ now; None, with the reason said, when everything must be read anew. Preferences
    and tax codes are not among it: see `renew_settings`.
    """
    reach = holding.server_time - _overlap(holding)
    try:
        changed, now = client.cdc(_CHANGING, reach)
    except QuickBooksRefused as refused:
        say(f"QuickBooks does not say what changed (code {refused.fault_code}); everything is read again.")
        return None
    reason = _unsafe(holding, changed, now)
    if reason or now is None:
        say(f"{reason}; everything is read again.")
        return None
    touched = _apply(holding, changed)
    holding.server_time = now
    _store(cache, holding, touched, say)
    return touched


def _unsafe(holding: Holding, changed: dict[str, list[Json]], now: datetime | None) -> str:
    """Why a list of changes cannot be relied on, "" if it can."""
    if now is None or now < holding.server_time:
        return "QuickBooks' clock went back"
    if now - holding.server_time > _REACH:
        return "The last read is more than 29 days ago, further than QuickBooks lists changes"
    if sum(map(len, changed.values())) >= _MOST_CHANGES:
        return "More changed than the 1,000 rows that QuickBooks lists"
    return ""


def _overlap(holding: Holding) -> timedelta:
    """How far before the last read changes are asked for: the furthest that known changes leave room for."""
    times = [
        (record.updated_at, getattr(record, "customer_id", ""))
        for source in CHANGING
        for record in holding.rows.get(source.entity, {}).values()
        if getattr(record, "updated_at", None) is not None
    ]
    for overlap in _OVERLAPS:
        # The question has whole seconds, so it reaches back to the second's beginning.
        reach = (holding.server_time - overlap).replace(microsecond=0)
        inside = [customer for at, customer in times if at >= reach]
        # A posting gives its customer a new time too.
        if len(inside) + len(set(inside)) <= _ROOM:
            return overlap
    return _OVERLAPS[-1]


def renew_settings(client: Client, holding: Holding, cache: Path | None, say: Say = silent) -> bool:
    """Read what change data capture does not tell: preferences (one metered read), tax codes once a day.

    Returns whether anything of it differs from what was held.
    """
    before = holding.preferences
    holding.preferences = wire_read.preferences(client.preferences())
    touched = _renewed_lists(client, holding) if holding.server_time - holding.lists_at > _LISTS_LAST else set()
    _store(cache, holding, touched, say)
    return bool(touched) or holding.preferences != before


def _renewed_lists(client: Client, holding: Holding) -> Touched:
    touched: Touched = set()
    for source in SOURCES:
        if not source.changes:
            old, new = holding.rows[source.entity], _all_of(client, source, None)
            holding.rows[source.entity] = new
            touched |= {(source.entity, one) for one in old.keys() | new.keys() if old.get(one) != new.get(one)}
    holding.lists_at = holding.server_time
    return touched


def _pages(client: Client, since: date | None, say: Say) -> Holding:
    company, now = client.company_info()
    if now is None:
        raise _no_clock()
    heard = _Heard(str(company.get("CompanyName") or client.realm), say)
    with ThreadPoolExecutor(client.parallel) as pool:
        settings = pool.submit(client.preferences)
        reading = {source.entity: pool.submit(_all_of, client, source, since, heard.rows) for source in SOURCES}
        rows = {entity: future.result() for entity, future in reading.items()}
        preferences = wire_read.preferences(settings.result())
    return Holding(
        mark=client.mark,
        company_name=str(company.get("CompanyName") or ""),
        preferences=preferences,
        lists_at=now,
        server_time=now,
        since=since,
        rows=rows,
    )


class _Heard:
    """Tells a waiting person how far a long read has come; a short one says nothing."""

    def __init__(self, company: str, say: Say) -> None:
        self._company, self._say = company, say
        self._lock = threading.Lock()
        self._count = 0

    def rows(self, number: int) -> None:
        """So many more have come."""
        with self._lock:
            before, self._count = self._count, self._count + number
            if before // _EACH != self._count // _EACH:
                self._say(f"Reading the books of {self._company}: {self._count // _EACH * _EACH:,} records so far …")


def _unheard(_rows: int) -> None:
    """Nobody waits."""


def _all_of(
    client: Client, source: Source, since: date | None, heard: Callable[[int], None] = _unheard
) -> dict[str, Any]:
    where = EVERY_STATE
    if source.dated:
        where = f"TxnDate >= '{since.isoformat()}'" if since else ""

    def records(rows: list[Json]) -> dict[str, Any]:
        heard(len(rows))
        return {str(json["Id"]): source.read(json) for json in rows}

    try:
        pages = client.query_pages(source.entity, records, where=where, columns=source.columns)
    except QuickBooksRefused as refused:
        if source.optional and refused.fault_code in _LACKING:
            return {}
        raise
    return {key: record for page in pages for key, record in page.items()}


def _settled(client: Client, holding: Holding) -> bool:
    """Bring in what changed since the first page; False when too much did, and all must be read again.

    A page is no snapshot: a row that leaves a list moves the later ones up by one, over the edge of a page that was
    already read. So lists of several pages that lost a row are read again.
    """
    known: set[tuple[str, str]] = set()
    for _ in range(_TRIES):
        began = holding.server_time
        changed, now = client.cdc(_CHANGING, began - _overlap(holding))
        if sum(map(len, changed.values())) >= _MOST_CHANGES:
            # Perhaps another program filled the minutes before: what counts is what changed since the first page.
            changed, now = client.cdc(_CHANGING, began)
        if now is None or sum(map(len, changed.values())) >= _MOST_CHANGES:
            return False
        gone = {one for source in CHANGING for one in _lost_rows(holding, source, changed[source.entity], began)}
        left = [BY_ENTITY[entity] for entity in sorted({entity for entity, _ in gone - known})]
        known |= gone  # what is read again below is read without them
        _apply(holding, changed)
        holding.server_time = now
        if not left:
            return True
        for source in left:
            holding.rows[source.entity] = _all_of(client, source, holding.since)
    return False


def _lost_rows(holding: Holding, source: Source, changed: Iterable[Json], began: datetime) -> Iterator[tuple[str, str]]:
    """The rows (entity, id) that left a list of several pages since `began`; Intuit's times have whole seconds."""
    if len(holding.rows[source.entity]) < PAGE:
        return  # one page is one answer
    floor = began.replace(microsecond=0)
    for json in changed:
        if _leaves(holding, source, json) and _changed_at(json, floor) >= floor:
            yield source.entity, str(json["Id"])


def _changed_at(json: Json, unknown: datetime) -> datetime:
    said = (json.get("MetaData") or {}).get("LastUpdatedTime")
    return wire_read.moment(said) if said else unknown


def _leaves(holding: Holding, source: Source, json: Json) -> bool:
    """Whether the row is deleted, or dated out of what is held."""
    if json.get("status") == "Deleted":
        return True
    if not source.dated or holding.since is None:
        return False
    return wire_read.day(json["TxnDate"]) < holding.since


def _apply(holding: Holding, changed: dict[str, list[Json]]) -> Touched:
    """Put changed rows in place of the held ones; returns which (entity, id) now differ."""
    touched: Touched = set()
    for entity, rows in changed.items():
        source, held = BY_ENTITY[entity], holding.rows.setdefault(entity, {})
        for json in rows:
            record_id = str(json["Id"])
            new = None if _leaves(holding, source, json) else source.read(json)
            if held.get(record_id) == new:
                continue
            touched.add((entity, record_id))
            if new is None:
                held.pop(record_id, None)
            else:
                held[record_id] = new
    return touched


def _store(cache: Path | None, holding: Holding, touched: Touched | None, say: Say) -> None:
    if cache is None:
        return
    try:
        books_cache.save(cache, holding, touched)
    except (OSError, sqlite3.Error) as error:
        # Without the file the next read is only slower: the books in hand are good.
        say(f"The books could not be stored in {cache.name} ({type(error).__name__}); the next run reads them again.")


def state(client: Client, holding: Holding, *, since: date | None = None, reads: int = 0) -> Books:
    """The holding as Books: transactions dated `since` (inclusive; None: all that is held)."""
    fields: dict[str, list[Any]] = {}
    for source in SOURCES:
        rows: Iterable[Any] = holding.rows[source.entity].values()
        if source.dated and since is not None and since != holding.since:
            rows = (row for row in rows if row.txn_date >= since)
        fields.setdefault(source.field, []).extend(rows)
    ordered = {name: tuple(sorted(rows, key=_numeric)) for name, rows in fields.items()}
    books = Books(
        realm=client.realm,
        company_name=holding.company_name,
        server_time=holding.server_time,
        preferences=holding.preferences,
        since=since,
        reads=reads,
    )
    return replace(books, **ordered)  # type: ignore[arg-type]


def _numeric(record: Any) -> tuple[int, str]:
    """Ids are digits, too long for some to be numbers elsewhere; TAX and NON are tax codes' ids."""
    return len(record.id), record.id


def _no_clock() -> OutcomeUnknown:
    return OutcomeUnknown(
        Problem(
            code="no-server-time",
            where="QuickBooks company information",
            what="QuickBooks answered without its time.",
            why="Changes are followed by QuickBooks' own clock.",
            do="Run again later.",
            severity=Severity.FILE,
        )
    )


def _too_busy() -> Unreachable:
    return Unreachable(
        Problem(
            code="books-moving",
            where="QuickBooks",
            what="The books changed faster than they could be read, three times in a row.",
            why="A plan made from half old, half new books could be wrong.",
            do="Wait until the other program has finished, then run again.",
            severity=Severity.FILE,
        )
    )


def _no_accounts() -> Unreachable:
    return Unreachable(
        Problem(
            code="answer-not-understood",
            where="QuickBooks chart of accounts",
            what="QuickBooks answered three times that the company has no accounts at all.",
            why="Every company has some, so this is not an answer to rely on; nothing of it was kept.",
            do="Run again later; check in QuickBooks that the chart of accounts is there.",
            severity=Severity.FILE,
        )
    )
