"""
One company's state in one SQLite file: objects, postings, links, counters; any number of processes may open it at
once.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

FORMAT = 1


class StateError(ValueError):
    """A company file that this version cannot use; its text is a sentence for a person."""


SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS counter (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS object (
  entity TEXT NOT NULL, id INTEGER NOT NULL, sync_token INTEGER NOT NULL, active INTEGER NOT NULL,
  deleted INTEGER NOT NULL,
  voided INTEGER NOT NULL, name TEXT, name_key TEXT, label TEXT, doc_number TEXT, txn_date TEXT, due_date TEXT,
  customer_id TEXT,
  total INTEGER, balance INTEGER, email TEXT, created TEXT NOT NULL, updated TEXT NOT NULL, next_line INTEGER NOT NULL,
  body TEXT NOT NULL);
CREATE UNIQUE INDEX IF NOT EXISTS object_id ON object (entity, id);
CREATE INDEX IF NOT EXISTS object_updated ON object (entity, updated, id, deleted, active);
CREATE INDEX IF NOT EXISTS object_full_name ON object (entity, name) WHERE name IS NOT NULL;
CREATE INDEX IF NOT EXISTS object_label ON object (entity, label) WHERE label IS NOT NULL;
CREATE INDEX IF NOT EXISTS object_number ON object (doc_number COLLATE NOCASE, entity) WHERE doc_number IS NOT NULL;
CREATE INDEX IF NOT EXISTS object_name ON object (entity, name_key) WHERE name_key IS NOT NULL;
CREATE INDEX IF NOT EXISTS object_email ON object (entity, email COLLATE NOCASE) WHERE email IS NOT NULL;
CREATE INDEX IF NOT EXISTS object_date ON object (entity, txn_date) WHERE txn_date IS NOT NULL;
CREATE INDEX IF NOT EXISTS object_customer ON object (entity, customer_id COLLATE NOCASE) WHERE customer_id IS NOT NULL;
CREATE TABLE IF NOT EXISTS posting (
  txn_type TEXT NOT NULL, txn_id INTEGER NOT NULL, line INTEGER NOT NULL, date TEXT NOT NULL, doc_number TEXT,
  account_id TEXT NOT NULL, amount INTEGER NOT NULL, name_type TEXT, name_id TEXT, class_id TEXT, department_id TEXT,
  item_id TEXT, quantity TEXT, memo TEXT, due_date TEXT, created TEXT NOT NULL,
  PRIMARY KEY (txn_id, line)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS posting_account ON posting (account_id);
CREATE TABLE IF NOT EXISTS total (
  entity TEXT NOT NULL, id TEXT NOT NULL, amount INTEGER NOT NULL, touched TEXT NOT NULL,
  PRIMARY KEY (entity, id)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS link (
  from_type TEXT NOT NULL, from_id INTEGER NOT NULL, from_line INTEGER NOT NULL,
  to_type TEXT NOT NULL, to_id INTEGER NOT NULL, to_line TEXT, amount INTEGER NOT NULL,
  PRIMARY KEY (from_id, from_line)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS link_to ON link (to_id);
CREATE TABLE IF NOT EXISTS replay (requestid TEXT NOT NULL, at TEXT NOT NULL, status INTEGER NOT NULL,
  content_type TEXT NOT NULL, body TEXT NOT NULL, digest TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS replay_requestid ON replay (requestid);
CREATE INDEX IF NOT EXISTS replay_at ON replay (at);
CREATE TABLE IF NOT EXISTS upload (id INTEGER PRIMARY KEY, content BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS reconciled (txn_id INTEGER NOT NULL, account_id TEXT NOT NULL, at TEXT NOT NULL,
  PRIMARY KEY (txn_id, account_id)) WITHOUT ROWID;
"""


def connect(db: Path) -> sqlite3.Connection:
    """An open connection to the company's file, made (with its tables) when absent; transactions are begun by hand.

    Raises StateError for a file that is damaged, cannot be written, or is of another version.
    """
    db.parent.mkdir(parents=True, exist_ok=True)
    try:
        return _connect(db)
    except sqlite3.DatabaseError as error:
        raise StateError(f"{db} cannot be used ({error}).") from error


def _connect(db: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(db, timeout=60, isolation_level=None, check_same_thread=False, cached_statements=512)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("PRAGMA cache_size = -65536")
    connection.execute("PRAGMA temp_store = MEMORY")
    connection.execute("PRAGMA wal_autocheckpoint = 8000")
    _prepare(connection, db)
    return connection


def _prepare(connection: sqlite3.Connection, db: Path) -> None:
    """Makes the tables of a new file. Raises StateError for a file of another version."""
    if _version(connection) == FORMAT:
        return
    connection.execute("BEGIN IMMEDIATE")
    version = _version(connection)
    made = connection.execute("SELECT count(*) FROM sqlite_master WHERE name = 'object'").fetchone()[0]
    if version != FORMAT and made:
        connection.execute("ROLLBACK")
        raise StateError(f"{db} was written by another version of the emulator. Delete it to begin again.")
    if not made:
        for statement in SCHEMA.split(";"):
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {FORMAT}")
    connection.execute("COMMIT")


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


@contextmanager
def savepoint(connection: sqlite3.Connection) -> Iterator[None]:
    """Everything inside is kept, or, if an exception leaves it, undone. Must run inside a transaction."""
    connection.execute("SAVEPOINT item")
    try:
        yield
    except BaseException:
        if connection.in_transaction:  # a full disk ends it by itself
            connection.execute("ROLLBACK TO item")
            connection.execute("RELEASE item")
        raise
    connection.execute("RELEASE item")
