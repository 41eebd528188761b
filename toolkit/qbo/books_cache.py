"""books.db: the books as they were read last, so that the next read asks QuickBooks for changes only."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from toolkit.books import Preferences
from toolkit.qbo.sources import BY_ENTITY

VERSION = "1"
_SCHEMA = """
CREATE TABLE IF NOT EXISTS fact(name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS record(
  entity TEXT NOT NULL, id TEXT NOT NULL, body BLOB NOT NULL, PRIMARY KEY(entity, id)) WITHOUT ROWID;
"""
_PREFERENCES: TypeAdapter[Preferences] = TypeAdapter(Preferences)

Rows = dict[str, dict[str, Any]]
"""Records by entity and id."""
Touched = set[tuple[str, str]]
"""Records, as (entity, id)."""


@dataclass(slots=True, kw_only=True)
class Holding:
    """The books in hand: records, and as of when by QuickBooks' own clock.

    `mark` names the connection they were read through, `since` the date from which transactions are held (None: all).
    `stored_as` is the server time of what the file held when this was last read from it or written to it.
    """

    mark: str
    company_name: str
    preferences: Preferences
    lists_at: datetime
    server_time: datetime
    since: date | None
    rows: Rows = field(default_factory=dict)
    stored_as: str = ""


class DamagedCache(Exception):
    """The file is not one of ours, or of another version."""


def load(path: Path) -> Holding | None:
    """What was stored, None if nothing; raises `DamagedCache` for a file that cannot be used."""
    if not path.exists():
        return None
    try:
        with _opened(path) as connection:
            facts = dict(connection.execute("SELECT name, value FROM fact"))
            if not facts:
                return None
            if facts.get("version") != VERSION:
                raise DamagedCache("made by another version")
            return _holding(facts, connection.execute("SELECT entity, id, body FROM record"))
    except (sqlite3.DatabaseError, ValidationError, ValueError, KeyError) as error:
        raise DamagedCache(type(error).__name__) from None


def company_name(path: Path, mark: str) -> str:
    """The company's name of the books stored under that connection, "" if there are none; raises `DamagedCache`."""
    if not path.exists():
        return ""
    try:
        with _opened(path) as connection:
            facts = dict(connection.execute("SELECT name, value FROM fact"))
    except sqlite3.DatabaseError as error:
        raise DamagedCache(type(error).__name__) from None
    return facts.get("company_name", "") if facts.get("mark") == mark else ""


def _holding(facts: dict[str, str], stored: Iterable[tuple[str, str, bytes]]) -> Holding:
    rows: Rows = {entity: {} for entity in BY_ENTITY}
    for entity, record_id, body in stored:
        rows[entity][record_id] = BY_ENTITY[entity].record.validate_json(body)
    since = facts["since"]
    return Holding(
        mark=facts["mark"],
        company_name=facts["company_name"],
        preferences=_PREFERENCES.validate_json(facts["preferences"]),
        lists_at=datetime.fromisoformat(facts["lists_at"]),
        server_time=datetime.fromisoformat(facts["server_time"]),
        since=date.fromisoformat(since) if since else None,
        rows=rows,
        stored_as=facts["server_time"],
    )


def save(path: Path, holding: Holding, changed: Iterable[tuple[str, str]] | None = None) -> None:
    """Store the holding; `changed` names the (entity, id) that differ from what was stored of it, None means all.

    One transaction: another process sees the old books or the new ones; when another one has written the file since,
    or it is gone, all is stored. Raises `OSError` or `sqlite3.Error`.
    """
    with _opened(path) as connection:
        connection.execute("BEGIN IMMEDIATE")
        found = connection.execute("SELECT value FROM fact WHERE name = 'server_time'").fetchone()
        if changed is None or found != (holding.stored_as,):
            connection.execute("DELETE FROM record")
            changed = ((entity, record_id) for entity, held in holding.rows.items() for record_id in held)
        for entity, record_id in changed:
            _store(connection, entity, record_id, holding.rows[entity].get(record_id))
        connection.executemany("INSERT OR REPLACE INTO fact VALUES(?, ?)", _facts(holding).items())
        connection.execute("COMMIT")
    holding.stored_as = holding.server_time.isoformat()


def _store(connection: sqlite3.Connection, entity: str, record_id: str, record: Any) -> None:
    if record is None:
        connection.execute("DELETE FROM record WHERE entity = ? AND id = ?", (entity, record_id))
        return
    body = BY_ENTITY[entity].record.dump_json(record)
    connection.execute("INSERT OR REPLACE INTO record VALUES(?, ?, ?)", (entity, record_id, body))


def _facts(holding: Holding) -> dict[str, str]:
    return {
        "version": VERSION,
        "mark": holding.mark,
        "company_name": holding.company_name,
        "preferences": _PREFERENCES.dump_json(holding.preferences).decode(),
        "lists_at": holding.lists_at.isoformat(),
        "server_time": holding.server_time.isoformat(),
        "since": holding.since.isoformat() if holding.since else "",
    }


@contextmanager
def _opened(path: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(path, timeout=30, isolation_level=None)) as connection:
        connection.executescript(_SCHEMA)
        yield connection
