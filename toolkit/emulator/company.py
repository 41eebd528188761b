"""The door to one emulated company: a call comes in as path, parameters and body, an answer goes out."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from toolkit.emulator import calls, fault, ledger, moments, seed, store
from toolkit.emulator.amounts import rendered
from toolkit.emulator.books import Books
from toolkit.emulator.calls import Answer, Call
from toolkit.emulator.switches import Switches

__all__ = ["Answer", "Company"]

_REALM = "9130350000000000001"
_OURS = ("meta", "counter", "object", "posting", "total", "link", "replay", "upload", "reconciled")


def _real_now() -> datetime:
    return datetime.now(UTC)


class Company:
    """One emulated company: its file, its clock, its switches, and `call`. May be shared by threads."""

    def __init__(self, connection: sqlite3.Connection, now: Callable[[], datetime]) -> None:
        self._connection = connection
        self._lock = threading.RLock()
        self._depth = 0
        self._writing_names, self._counting = 0, threading.Lock()
        self.books = Books(connection, now)
        self.switches = Switches(self._read_switches, self._write_switch)
        """The company's switches, as stored now."""

    @staticmethod
    def open(
        db: Path, *, seed: Path | Mapping[str, Any] | None = None, now: Callable[[], datetime] | None = None
    ) -> Company:
        """
        The company of this file, made from `seed` (a qbo.json, its mapping,
        or None for an empty US company) when absent.

        `now` gives aware UTC times. Raises SeedError when the seed cannot be used.
        """
        company = Company(store.connect(db), now or _real_now)
        if "realm_id" not in company.books.meta:
            company._fill(seed)
        return company

    def _fill(self, given: Path | Mapping[str, Any] | None) -> None:
        with self.transaction():
            if "realm_id" not in self.books.meta:
                seed.fill(self.books, seed.load(given), _REALM)

    @property
    def realm_id(self) -> str:
        """The company ID."""
        with self._lock:
            return self.books.realm()

    # One connection serves all threads. A read beside another thread's transaction would drop what that one has in
    # hand, and SQLite refuses at once ("locked") to begin a write on a connection that still reads an older state.

    def _read_switches(self) -> Mapping[str, str]:
        with self._lock:
            return self.books.stored_switches()

    def _write_switch(self, name: str, value: str) -> None:
        with self.transaction():
            self.books.switches.set(name, value)

    def now(self) -> datetime:
        """The company's moment, aware UTC: its set clock, else the given or real time."""
        with self._lock:
            self.books.refresh()
            return self.books.now()

    def set_clock(self, moment: datetime | None) -> None:
        """Stops the company's clock at a moment; None lets it run again."""
        with self.transaction():
            self.books.set_meta("clock", moment.astimezone(UTC).isoformat() if moment else None)

    def connection(self) -> sqlite3.Connection:
        """The open database, for tables of other owners."""
        return self._connection

    def ensure(self, schema_sql: str) -> None:
        """Creates further tables (CREATE TABLE IF NOT EXISTS …)."""
        with self._lock:
            self._connection.executescript(schema_sql)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """One BEGIN IMMEDIATE … COMMIT; an exception undoes all of it. Inside another one it joins it."""
        with self._lock:
            if self._depth:
                yield
                return
            self._connection.execute("BEGIN IMMEDIATE")
            self._depth = 1
            try:
                self.books.begin()
                self.books.inside = True
                yield
                self.books.flush()
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:  # a full disk ends it by itself
                    self._connection.execute("ROLLBACK")
                self.books.forget()
                raise
            finally:
                self._depth, self.books.inside = 0, False

    @contextmanager
    def reading(self) -> Iterator[None]:
        """One unchanging view of the file for everything inside."""
        with self._lock:
            if self._depth:
                yield
                return
            self._connection.execute("BEGIN")
            self._depth = 1
            try:
                self.books.begin()
                self.books.inside = True
                yield
            finally:
                self._depth, self.books.inside = 0, False
                self._connection.execute("COMMIT")

    def close(self) -> None:
        """Closes the file."""
        self._connection.close()

    def check(self) -> list[str]:
        """Sentences about what is wrong in the ledger and its links; none when debits are credits everywhere."""
        with self.reading():
            return ledger.check(self._connection)

    def snapshot(self) -> dict[str, Any]:
        """
        The whole company as `json.loads` would read its qbo.json; settings, lists, transactions, what was deleted.
        """
        with self.reading():
            snapshot: dict[str, Any] = json.loads(rendered(seed.export(self.books)))
            return snapshot

    def restore(self, snapshot: Mapping[str, Any]) -> None:
        """
        Puts the company back to a snapshot (or any qbo.json), keeping its company ID and others' tables.

        Raises SeedError.
        """
        content = seed.load(snapshot)
        with self.transaction():
            realm = self.realm_id
            for table in _OURS:
                self._connection.execute(f"DELETE FROM {table}")
            self.books.forget()
            seed.fill(self.books, content | {"realm_id": realm}, realm)

    def reconcile(self, account_id: str, until: str) -> int:
        """
        Marks the account's postings up to a date (inclusive) as reconciled, as a person does; how many transactions
        that touched.
        """
        with self.transaction():
            sql = (
                "INSERT OR IGNORE INTO reconciled "
                "SELECT DISTINCT txn_id, account_id, ? FROM posting WHERE account_id = ? AND date <= ?"
            )
            return self._connection.execute(sql, (self.books.stamp, account_id, until)).rowcount

    def call(self, method: str, path: str, params: Mapping[str, str], body: bytes, content_type: str) -> Answer:
        """
        Answers one call; `path` is what follows /v3/company/<realm>/.

        Faults become answers; nothing is raised for what a client sent.
        """
        call = Call(method.upper(), tuple(path.strip("/").split("/")), params, body, content_type)
        try:
            with self._one_name(call):
                calls.check_texts(call)
                with self.transaction() if call.writes else self.reading():
                    return calls.answer(self.books, call)
        except fault.Fault as refused:
            return self._refusal(refused)
        except RecursionError:
            return self._refusal(fault.unparsable())

    @contextmanager
    def _one_name(self, call: Call) -> Iterator[None]:
        """Counts calls that write a name; with `name_contention` a second one at the same moment is refused."""
        if not call.names:
            yield
            return
        with self._counting:
            self._writing_names += 1
            alone = self._writing_names == 1
        try:
            if not alone and self.switches.on("name_contention"):
                raise calls.one_name_at_a_time()
            yield
        finally:
            with self._counting:
                self._writing_names -= 1

    def _refusal(self, refused: fault.Fault) -> Answer:
        with self._lock:
            body: dict[str, Any] = {"Fault": refused.body(self.switches["language"])}
            if refused.timed:
                body["time"] = moments.answer_time(self.now())
        return Answer(refused.status, rendered(body).encode(), "application/json")
