"""
The books of one company while a call is answered: finding objects, following references, the moment, the settings.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime
from typing import Any

from toolkit.emulator import fault, moments, store
from toolkit.emulator.kinds import KINDS, LISTS
from toolkit.emulator.records import COLUMNS, INSERT, UPDATE, Body, Record
from toolkit.emulator.switches import Switches

_SELECT = f"SELECT {COLUMNS} FROM object"
_MOST_NAMES = 20_000
_TOTAL = (
    "INSERT INTO total VALUES (?, ?, ?, ?) "
    "ON CONFLICT (entity, id) DO UPDATE SET amount = amount + excluded.amount, touched = excluded.touched"
)


def reference_id(ref: Any) -> int | None:
    """The id in a reference as int; None when there is none or it is no number."""
    value = ref.get("value") if isinstance(ref, dict) else None
    return (
        int(value) if isinstance(value, str) and value.isdecimal() and len(value) < 20 and int(value) < 2**63 else None
    )


class Books:
    """
    One company's state behind the rules.

    Lists are cached in memory and forgotten when another process has committed (PRAGMA data_version) or a
    transaction is undone.
    """

    def __init__(self, connection: sqlite3.Connection, real_now: Callable[[], datetime]) -> None:
        self.connection = connection
        self.switches = Switches(self.stored_switches, self._write_switch)
        self.importing = False
        self._real_now = real_now
        self._version = -1
        self._meta: dict[str, str] | None = None
        self._lists: dict[str, dict[int, Record]] = {}
        self._names: dict[tuple[str, int], Record] = {}
        self._settings: dict[str, Body] = {}
        self._switches: dict[str, str] | None = None
        self._memo: dict[str, Any] = {}
        self._counters: dict[str, int] = {}
        self._counted: set[str] = set()
        self._totals: list[tuple[str, str, int]] = []
        self.inside = False
        self.stamp = ""
        self.stamp_shown = ""
        self.today = ""
        self.moment = datetime.fromtimestamp(0, UTC)

    # -- settings --------------------------------------------------------------------------------------------

    @property
    def meta(self) -> dict[str, str]:
        """The company's stored settings: realm, clock, switches and bodies of Preferences and CompanyInfo."""
        if self._meta is None:
            self._meta = dict(self.connection.execute("SELECT key, value FROM meta").fetchall())
        return self._meta

    def set_meta(self, key: str, value: str | None) -> None:
        """Stores a setting; None removes it."""
        if value is None:
            self.connection.execute("DELETE FROM meta WHERE key = ?", (key,))
        else:
            self.connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))
        self._meta = self._switches = None
        self._settings.clear()

    def stored_switches(self) -> dict[str, str]:
        """The switches that were set, by name; a new mapping after each change."""
        self.refresh()
        if self._switches is None:
            self._switches = {key[7:]: value for key, value in self.meta.items() if key.startswith("switch.")}
        return self._switches

    def _write_switch(self, name: str, value: str) -> None:
        self.set_meta(f"switch.{name}", value)

    def setting(self, entity: str) -> Body:
        """The body of Preferences or CompanyInfo; do not change it."""
        if entity not in self._settings:
            rows = self.connection.execute(f"{_SELECT} WHERE entity = ? AND id = 1", (entity,)).fetchall()
            self._settings[entity] = Record(*rows[0]).body if rows else {}
        return self._settings[entity]

    def preference(self, section: str, name: str) -> Any:
        """One preference, for example ("AccountingInfoPrefs", "TrackDepartments"); None when unset."""
        return self.setting("Preferences").get(section, {}).get(name)

    # -- time ------------------------------------------------------------------------------------------------

    def now(self) -> datetime:
        """The company's moment: its set clock if there is one, else the given or real time."""
        clock = self.meta.get("clock")
        return moments.parsed(clock) if clock else self._real_now()

    def begin(self) -> None:
        """Starts a call: takes its moment, and forgets cached lists that another process changed."""
        self.refresh()
        self.set_moment(self.now())

    def set_moment(self, moment: datetime) -> None:
        """The moment with which everything of this call is stamped."""
        if moment != self.moment or not self.stamp:
            self.moment = moment
            self.stamp = moments.stored(moment)
            self.stamp_shown = moments.shown(self.stamp)
            self.today = moments.today(moment).isoformat()

    # -- caches ----------------------------------------------------------------------------------------------

    def refresh(self) -> None:
        """Forgets caches when another connection has committed since; inside a transaction none can have."""
        if self.inside:
            return
        version = self.connection.execute("PRAGMA data_version").fetchone()[0]
        if version != self._version:
            self._version = version
            self.forget()

    def forget(self) -> None:
        """Forgets all caches, and what was not flushed."""
        self._meta = self._switches = None
        for cache in (self._lists, self._names, self._settings, self._memo, self._counters):
            cache.clear()
        self._counted.clear()
        self._totals.clear()

    def memo(self, key: str, compute: Callable[[], Any]) -> Any:
        """What `compute` gave for this key; computed again when a small list or a setting changed."""
        if key not in self._memo:
            self._memo[key] = compute()
        return self._memo[key]

    def list_of(self, entity: str) -> dict[int, Record]:
        """All objects of a small list, by id; do not change it."""
        if entity not in self._lists:
            rows = self.connection.execute(f"{_SELECT} WHERE entity = ? ORDER BY id", (entity,))
            self._lists[entity] = {row[1]: Record(*row) for row in rows}
        return self._lists[entity]

    # -- finding ---------------------------------------------------------------------------------------------

    def find(self, entity: str, id: int) -> Record | None:
        """The object, also when inactive or deleted; None when there never was one."""
        if entity in LISTS:
            return self.list_of(entity).get(id)
        found = self._names.get((entity, id))
        if found is None:
            row = self.connection.execute(f"{_SELECT} WHERE entity = ? AND id = ?", (entity, id)).fetchone()
            if row is None:
                return None
            found = Record(*row)
            if KINDS[entity].group == "name":
                if len(self._names) >= _MOST_NAMES:
                    self._names.clear()
                self._names[entity, id] = found
        return found

    def live(self, entity: str, id: int) -> Record:
        """The object to read or change. Raises Fault 610 when it is missing or deleted."""
        found = self.find(entity, id)
        if found is None:
            raise fault.not_found()
        if found.deleted:
            raise fault.deleted()
        return found

    def referred(self, entity: str, ref: Any) -> Record:
        """What a reference points to. Raises Fault 2500 for nothing, or for something inactive (an import may)."""
        id = reference_id(ref)
        found = self.find(entity, id) if id is not None else None
        if found is None or found.deleted:
            raise fault.invalid_reference(KINDS[entity].element, ref.get("value") if isinstance(ref, dict) else None)
        if not found.active and not self.importing:
            raise fault.inactive_reference()
        return found

    def select(self, where: str, parameters: Iterable[Any] = ()) -> list[Record]:
        """Objects by SQL condition (ours, never a client's text)."""
        return [Record(*row) for row in self.connection.execute(f"{_SELECT} WHERE {where}", tuple(parameters))]

    @contextmanager
    def attempt(self, *, writes_last: bool = False) -> Iterator[None]:
        """
        One item of a batch: if an exception leaves it, what it wrote is undone. Must run inside a transaction.

        `writes_last` says that nothing is refused once something is written, and saves the savepoint; a refusal after
        a write is then a bug and raises RuntimeError, which undoes the whole transaction.
        """
        before, totals = self.connection.total_changes, len(self._totals)
        try:
            with nullcontext() if writes_last else store.savepoint(self.connection):
                yield
        except BaseException as error:
            del self._totals[totals:]
            if self.connection.total_changes != before:
                if writes_last:
                    raise RuntimeError("refused after a write") from error
                self.forget_objects()
            raise

    def forget_objects(self) -> None:
        """Forgets cached objects and settings; counters and totals of this transaction stay."""
        for cache in (self._lists, self._names, self._settings, self._memo):
            cache.clear()
        self._meta = self._switches = None

    # -- writing ---------------------------------------------------------------------------------------------

    def next_value(self, name: str, first: int) -> int:
        """The next value of a counter; values of what is refused are not given again."""
        value = self._counter(name)
        self._counters[name] = first if value is None else value + 1
        self._counted.add(name)
        return self._counters[name]

    def _counter(self, name: str) -> int | None:
        if name not in self._counters:
            row = self.connection.execute("SELECT value FROM counter WHERE name = ?", (name,)).fetchone()
            if row is None:
                return None
            self._counters[name] = row[0]
        return self._counters[name]

    def new_id(self, series: str, first: int) -> int:
        """The next id of a number space."""
        return self.next_value(f"id.{series}", first)

    def reserve(self, name: str, used: int) -> None:
        """Makes a counter continue after a value that was used from outside (an imported Id)."""
        self._counters[name] = max(self._counter(name) or 0, used)
        self._counted.add(name)

    def add_totals(self, sums: Mapping[tuple[str, str], int]) -> None:
        """Moves running totals, in cents, by (Account, Customer or Vendor; id)."""
        self._totals.extend((entity, id, amount) for (entity, id), amount in sums.items())

    def flush(self) -> None:
        """Writes counters and running totals that are still in memory. Not inside an attempt that may be undone."""
        if self._counted:
            rows = [(name, self._counters[name]) for name in self._counted]
            self.connection.executemany("INSERT OR REPLACE INTO counter VALUES (?, ?)", rows)
            self._counted.clear()
        if self._totals:
            sums: dict[tuple[str, str], int] = {}
            for entity, id, amount in self._totals:
                sums[entity, id] = sums.get((entity, id), 0) + amount
            rows_ = [(entity, id, amount, self.stamp) for (entity, id), amount in sums.items()]
            self.connection.executemany(_TOTAL, rows_)
            self._totals.clear()

    def insert(self, record: Record) -> None:
        """Writes a new object."""
        self.connection.execute(INSERT, record.row())
        self._remember(record)

    def update(self, record: Record) -> None:
        """Writes a changed object."""
        row = record.row()
        self.connection.execute(UPDATE, (*row[2:], record.entity, record.id))
        self._remember(record)

    def _remember(self, record: Record) -> None:
        if record.entity in self._lists:
            self._lists[record.entity][record.id] = record
            self._memo.clear()
        self._names.pop((record.entity, record.id), None)
        if self._settings.pop(record.entity, None) is not None:
            self._memo.clear()

    def realm(self) -> str:
        """The company ID."""
        return self.meta["realm_id"]

    def read_json(self, key: str) -> Any:
        """A setting that is stored as JSON; None when unset."""
        text = self.meta.get(key)
        return json.loads(text) if text else None
