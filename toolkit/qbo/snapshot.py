"""The books, read: whole the first time, afterwards only what changed since.

Sources: developer.intuit.com (cdc: 30 days back, 1000 rows a call, not for tax codes); field reports: pages are no
snapshot, customers and accounts get a new time at each posting, queries can lag a write by seconds.
"""

from __future__ import annotations

import sqlite3
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
from toolkit.qbo.books_cache import DamagedCache, Holding
from toolkit.qbo.client import PAGE, Client
from toolkit.qbo.exact_json import Json
from toolkit.qbo.sources import BY_ENTITY, CHANGING, EVERY_STATE, SOURCES, Source

__all__ = ["read_balances", "read_books"]

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
# Feature not supported, permission denied, business validation: the company's plan or the person's role lacks the list.
_LACKING = frozenset({"5030", "5020", "6000"})


def _silent(text: str) -> None:
    """Says nothing."""


def read_books(client: Client, *, since: date | None = None, cache: Path | None = None, say: Say = _silent) -> Books:
    """The books of the connected company: lists whole, transactions dated `since` (inclusive; None: all).

    With `cache` (the company's books.db) only changes are asked for where that is safe, and the file is brought up to
    date; `say` is told in words when the books are read anew although there was a cache. Consistent under concurrent
    change: what is changed while the pages are read is read again. Raises what `Client.send` raises.
    """
    before = client.reads
    holding = _from_cache(client, cache, since, say) if cache is not None else None
    if holding is None:
        holding = _whole(client, since)
        _store(cache, holding, None, say)
    return _books(client, holding, since, client.reads - before)


def _from_cache(client: Client, cache: Path, since: date | None, say: Say) -> Holding | None:
    """The cached books brought up to date, None when they must be read anew."""
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
    if not _covers(holding.since, since):
        return None
    return _brought_up(client, holding, cache, say)


def _covers(held: date | None, asked: date | None) -> bool:
    return held is None or (asked is not None and held <= asked)


def _brought_up(client: Client, holding: Holding, cache: Path, say: Say) -> Holding | None:
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
    _renew_settings(client, holding, touched)
    _store(cache, holding, touched, say)
    return holding


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
        inside = [customer for at, customer in times if at >= holding.server_time - overlap]
        # A posting gives its customer a new time too.
        if len(inside) + len(set(inside)) <= _ROOM:
            return overlap
    return _OVERLAPS[-1]


def _renew_settings(client: Client, holding: Holding, touched: set[tuple[str, str]]) -> None:
    """Read what change data capture does not tell: preferences each time, tax codes daily."""
    holding.preferences = wire_read.preferences(client.preferences())
    if holding.server_time - holding.lists_at > _LISTS_LAST:
        for source in SOURCES:
            if not source.changes:
                old = holding.rows[source.entity]
                holding.rows[source.entity] = _all_of(client, source, None)
                touched |= {(source.entity, one) for one in old.keys() | holding.rows[source.entity].keys()}
        holding.lists_at = holding.server_time


def _whole(client: Client, since: date | None) -> Holding:
    """Everything, read in parallel, with what changed meanwhile read again."""
    for _ in range(_TRIES):
        holding = _pages(client, since)
        if _settled(client, holding):
            return holding
    raise _too_busy()


def _pages(client: Client, since: date | None) -> Holding:
    company, now = client.company_info()
    if now is None:
        raise _no_clock()
    with ThreadPoolExecutor(client.parallel) as pool:
        settings = pool.submit(client.preferences)
        reading = {source.entity: pool.submit(_all_of, client, source, since) for source in SOURCES}
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


def _all_of(client: Client, source: Source, since: date | None) -> dict[str, Any]:
    where = EVERY_STATE
    if source.dated:
        where = f"TxnDate >= '{since.isoformat()}'" if since else ""
    try:
        found = client.query_all(source.entity, where=where, columns=source.columns)
    except QuickBooksRefused as refused:
        if source.optional and refused.fault_code in _LACKING:
            return {}
        raise
    return {str(json["Id"]): source.read(json) for json in found}


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


def _apply(holding: Holding, changed: dict[str, list[Json]]) -> set[tuple[str, str]]:
    """Put changed rows in place of the held ones; returns which (entity, id) now differ."""
    touched: set[tuple[str, str]] = set()
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


def _store(cache: Path | None, holding: Holding, touched: set[tuple[str, str]] | None, say: Say) -> None:
    if cache is None:
        return
    try:
        books_cache.save(cache, holding, touched)
    except (OSError, sqlite3.Error) as error:
        # Without the file the next read is only slower: the books in hand are good.
        say(f"The books could not be stored in {cache.name} ({type(error).__name__}); the next run reads them again.")


def _books(client: Client, holding: Holding, since: date | None, reads: int) -> Books:
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
