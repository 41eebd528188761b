"""The door to one emulated company: a call comes in as path, parameters and body, an answer goes out."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from toolkit.emulator import fault, moments, operations, reports, seed, store
from toolkit.emulator.amounts import rendered
from toolkit.emulator.books import Books
from toolkit.emulator.kinds import BY_PATH
from toolkit.emulator.switches import Switches

JSON = "application/json;charset=utf-8"
_REALM = "9130350000000000001"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a call answers."""

    status: int
    body: bytes
    content_type: str = JSON
    headers: Mapping[str, str] = field(default_factory=dict)


def _real_now() -> datetime:
    return datetime.now(UTC)


class Company:
    """One emulated company: its file, its clock, its switches, and `call`."""

    def __init__(self, connection: sqlite3.Connection, now: Callable[[], datetime]) -> None:
        self._connection = connection
        self._lock = threading.RLock()
        self.books = Books(connection, now)
        self._depth = 0

    @staticmethod
    def open(
        db: Path, *, seed: Path | Mapping[str, Any] | None = None, now: Callable[[], datetime] | None = None
    ) -> Company:
        """
        The company of this file, made from `seed` (a qbo.json, its mapping, or None for an empty US company) when absent.

        `now` gives aware UTC times. Raises SeedError when the seed cannot be used.
        """
        company = Company(store.connect(db), now or _real_now)
        if "realm_id" not in company.books.meta:
            company._fill(seed)
        return company

    def _fill(self, given: Path | Mapping[str, Any] | None) -> None:
        from toolkit.emulator.seed import fill, load

        with self.transaction():
            if "realm_id" not in self.books.meta:
                fill(self.books, load(given), _REALM)

    @property
    def realm_id(self) -> str:
        """The company ID."""
        return self.books.realm()

    @property
    def switches(self) -> Switches:
        """The company's switches, as stored now."""
        return self.books.switches

    def now(self) -> datetime:
        """The company's moment, aware UTC: its set clock, else the given or real time."""
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
                yield
            except BaseException:
                self._connection.execute("ROLLBACK")
                self.books.forget()
                raise
            else:
                self._connection.execute("COMMIT")
            finally:
                self._depth = 0

    def close(self) -> None:
        """Closes the file."""
        self._connection.close()

    def snapshot(self) -> dict[str, Any]:
        """The whole company as a qbo.json mapping; numbers are int and Decimal."""
        with self._lock:
            self.books.begin()
            return seed.export(self.books)

    def call(self, method: str, path: str, params: Mapping[str, str], body: bytes, content_type: str) -> Answer:
        """
        Answers one call; `path` is what follows /v3/company/<realm>/. Faults become answers, nothing is raised for what a client sent.
        """
        with self._lock:
            try:
                return self._answered(method.upper(), path.strip("/"), params, body, content_type)
            except fault.Fault as refused:
                return self._refusal(refused)
            except RecursionError:
                return self._refusal(fault.unparsable())

    def _answered(self, method: str, path: str, params: Mapping[str, str], body: bytes, content_type: str) -> Answer:
        from toolkit.emulator import query

        parts = path.split("/")
        if parts == ["query"]:
            self.books.begin()
            text = params.get("query") or body.decode("utf-8", "replace")
            return self._wrapped(query.answer(self.books, text))
        if method == "GET" and parts[0] == "reports" and len(parts) == 2:
            return self._report(parts[1], params)
        kind = BY_PATH.get(parts[0])
        if kind is None:
            raise fault.no_resource(f"/v3/company/{self.realm_id}/{path}")
        if method == "GET" and len(parts) == 2:
            self.books.begin()
            from toolkit.emulator.writing import _id_of

            record = self.books.live(kind.entity, _id_of({"Id": parts[1]}))
            return self._wrapped(f'"{kind.entity}":{operations.answer(self.books, record)}')
        if method == "POST" and len(parts) == 1:
            with self.transaction():
                options = frozenset(params.get("include", "").split(","))
                record = operations.write(self.books, kind, _parsed(body), options)
                return self._wrapped(f'"{kind.entity}":{operations.answer(self.books, record)}')
        raise fault.no_resource(f"/v3/company/{self.realm_id}/{path}")

    def _report(self, name: str, params: Mapping[str, str]) -> Answer:
        """A report; it carries no `time` (recorded), and does not see what is younger than the lag."""
        self.books.begin()
        now, lag = self.books.moment, self.switches.number("query_lag_s")
        seen_until = moments.stored(now - timedelta(seconds=lag)) if lag else ""
        facts = reports.read_facts(self._connection, seen_until=seen_until)
        today = moments.today(now)
        made = reports.render(self._connection, name, params, today=today, now=now, company=facts)
        return Answer(200, rendered(made).encode())

    def _wrapped(self, inner: str) -> Answer:
        return Answer(200, f'{{{inner},"time":"{moments.answer_time(self.books.moment)}"}}'.encode())

    def _refusal(self, refused: fault.Fault) -> Answer:
        body: dict[str, Any] = {"Fault": refused.body(self.switches["language"])}
        if refused.timed:
            body["time"] = moments.answer_time(self.now())
        return Answer(refused.status, rendered(body).encode(), "application/json")


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body, parse_float=Decimal)
    except ValueError:
        raise fault.unparsable() from None
