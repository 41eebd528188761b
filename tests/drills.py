"""Drills: pushes in processes of their own that are killed, cut and run twice at once, and the books compared.

A worker process imports everything once and forks for each push, so that a real kill -9 costs milliseconds. Time is the
emulated company's own clock, which every wait moves on: a minute's wait takes no time.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from made_companies import bare_company

from toolkit.counterparts import stamped
from toolkit.emulator import injection
from toolkit.emulator.admin import set_switch
from toolkit.emulator.app import TABLES
from toolkit.emulator.company import Company
from toolkit.plan import Kind, Standing
from toolkit.posting_log import open_log

NOON = datetime(2026, 2, 2, 17, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class Job:
    """One push in a process of its own.

    `plan` are arguments of `made_companies.month_plan`; `stage` instead plans the company's month itself ("billing" or
    "deposits"). `strike` is what happens at the `nth` of the `at` points: "commit" (right before a commit of the
    posting log), "committed" (right after), "send" (before a request leaves), "answer" (an answer is in hand).
    `signal` is KILL, INT, TERM or STOP, "" for none. `after` waits for the job before it to stop, then lets so many
    seconds pass.
    """

    folder: str
    run: str = "run"
    plan: dict[str, Any] = field(default_factory=dict)
    stage: str = ""
    period: str = "2026-01"
    approve: str = ""
    at: str = ""
    nth: int = 0
    signal: str = ""
    host: str = ""
    after: int = 0
    url: str = ""
    real_time: bool = False


@dataclass(frozen=True, kw_only=True)
class Result:
    """How a push ended: `killed` by which signal (0: not), else its exit codes and counts, or the error's name.

    `stopped` says that a person asked it to end, and that it did before all was posted.
    """

    killed: int = 0
    error: str = ""
    words: str = ""
    exits: list[int] = field(default_factory=list)
    stopped: bool = False
    done: int = 0
    failed: list[str] = field(default_factory=list)
    unknown: int = 0
    writes: int = 0
    reads: int = 0
    calls: int = 0
    adopted: int = 0
    digest: str = ""
    problems: list[str] = field(default_factory=list)

    @property
    def clean(self) -> bool:
        """Whether the push finished without anything left to say."""
        return not (self.killed or self.error or self.exits or self.stopped)


class Drillmaster:
    """Runs jobs in the worker process, one after the other, or two at once."""

    def __init__(self) -> None:
        self._worker = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("drill_worker.py"))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(self, *jobs: Job) -> list[Result]:
        """The results of jobs that run at the same time."""
        assert self._worker.stdin is not None
        assert self._worker.stdout is not None
        self._worker.stdin.write(json.dumps([asdict(one) for one in jobs]) + "\n")
        self._worker.stdin.flush()
        return [Result(**one) for one in json.loads(self._worker.stdout.readline())]

    def close(self) -> None:
        """End the worker."""
        assert self._worker.stdin is not None
        self._worker.stdin.close()
        self._worker.wait(20)


@contextmanager
def drillmaster() -> Iterator[Drillmaster]:
    """A worker for as long as the body runs."""
    made = Drillmaster()
    try:
        yield made
    finally:
        made.close()


class Place:
    """Company folders copied from one that is ready: an empty company whose clock stands at NOON, without limits."""

    def __init__(self, folder: Path, company: Path | None = None, clock: datetime = NOON) -> None:
        self._folder, self._count = folder, 0
        self.template = company or bare_company(folder / "template")
        with self.emulated(self.template) as opened:
            opened.set_clock(clock)
            set_switch(opened, "quotas", "off")

    def fresh(self) -> Path:
        """A new folder."""
        self._count += 1
        made = self._folder / f"drill-{self._count}"
        shutil.copytree(self.template, made)
        return made

    def clear(self) -> None:
        """Remove all folders made so far."""
        for made in self._folder.glob("drill-*"):
            shutil.rmtree(made)

    @staticmethod
    @contextmanager
    def emulated(folder: Path) -> Iterator[Company]:
        """The emulated company of a folder, as another process sees it."""
        opened = Company.open(folder / "qbo.db", seed=folder / "qbo.json")
        opened.ensure(TABLES)
        try:
            yield opened
        finally:
            opened.close()


def prepare(folder: Path, *, faults: str = "", **switches: str) -> None:
    """Set switches and plant faults of an emulated company that nobody has open; "off" takes faults away."""
    with Place.emulated(folder) as opened, opened.transaction():
        for name, value in switches.items():
            set_switch(opened, name, value)
        if faults:
            injection.plant(opened, faults)


def still_planted(folder: Path) -> Counter[str]:
    """How often each fault is still to strike."""
    found: Counter[str] = Counter()
    with Place.emulated(folder) as opened:
        for one in injection.waiting(opened):
            wanted = injection.parse(one)[0]
            found[wanted.name] += wanted.times
    return found


def planted(faults: str) -> Counter[str]:
    """How often each fault of a text would strike."""
    found: Counter[str] = Counter()
    for wanted in injection.parse(faults):
        found[wanted.name] += wanted.times
    return found


def settings(folder: Path, **limits: object) -> None:
    """Write [limits] anew."""
    path = folder / "company.toml"
    head, _, rest = path.read_text(encoding="utf-8").partition("[limits]\n")
    after = rest[rest.index("\n[") + 1 :] if "\n[" in rest else ""
    rows = {"auto_documents": 100000, "auto_amount": '"100000000.00"', "auto_voids": 1000} | limits
    mine = "".join(f"{name} = {value}\n" for name, value in rows.items())
    path.write_text(f"{head}[limits]\n{mine}\n{after}", "utf-8")


def advance(folder: Path, seconds: float) -> None:
    """Let time pass in an emulated company."""
    with Place.emulated(folder) as opened:
        opened.set_clock(opened.now() + timedelta(seconds=seconds))


def books_of(folder: Path) -> dict[str, Any]:
    """The emulated company's books without what differs between two equal histories: ids, tokens, times."""
    with Place.emulated(folder) as opened:
        assert opened.check() == [], "debits are credits everywhere"
        books = opened.snapshot()
        return canonical(books) | {"balances": _balances(opened, books)}


def _balances(opened: Company, books: dict[str, Any]) -> list[str]:
    """What the ledger says of every account and customer, in cents, zeros left out."""
    names = {(entity, str(row["Id"])): row for entity, rows in books["lists"].items() for row in rows}
    rows = opened.connection().execute("SELECT entity, id, amount FROM total WHERE amount <> 0").fetchall()
    found = ((names.get((entity, str(one))) or {}, entity, cents) for entity, one, cents in rows)
    return sorted(f"{entity} {row.get('DisplayName') or row.get('Name')} {cents}" for row, entity, cents in found)


def wrong_links(folder: Path) -> list[str]:
    """What the posting log says that the books do not: an id that is not there, is another bill's, or is linked twice.

    A void and its invoice are one document; what was there before may be several Coworks records.
    """
    with Place.emulated(folder) as opened:
        rows = {(entity, str(body["Id"])): body for entity, body in map(_split, opened.snapshot()["transactions"])}
    log = open_log(folder / "posting-log.db", realm="", clock=lambda: NOON)
    try:
        standing = [one for one in log.replay().values() if one.standing is Standing.DONE and one.kind is not Kind.VOID]
    finally:
        log.close()
    wrong, seen = [], set()
    for one in standing:
        name = one.entity, one.qbo_id
        if name in seen:
            wrong.append(f"{name} is linked twice, also by {one.kind} {one.coworks_id or one.number}")
        seen.add(name)
        if one.entity != "Customer" and not _is_of(one.key, rows.get(name)):
            wrong.append(f"{name} is not of {one.kind} {one.coworks_id or one.number}: {rows.get(name)}")
    return wrong


def _is_of(key: str, row: dict[str, Any] | None) -> bool:
    mark = stamped(str(row.get("PrivateNote", ""))) if row else None
    return mark is not None and mark[1] == key[:4]


_LOST = ("Id", "SyncToken", "MetaData", "domain", "sparse", "LinkedTxn", "LineEx", "LineNum", "time")


def canonical(snapshot: dict[str, Any]) -> dict[str, Any]:
    """Customers by name; transactions as sorted texts, with references as names and links as numbers or stamps."""
    names = {
        (entity, str(row["Id"])): str(row.get("DisplayName") or row.get("Name") or row.get("DocNumber"))
        for entity, rows in snapshot["lists"].items()
        for row in rows
    }
    marks = {}
    for row in snapshot["transactions"]:
        entity, body = _split(row)
        marks[entity, str(body["Id"])] = f"{entity} {body.get('DocNumber', '')} {body.get('PrivateNote', '')}"
    customers = sorted(
        f"{row['DisplayName']} {row.get('Active')} {row.get('PrimaryEmailAddr')}"
        for row in snapshot["lists"].get("Customer", [])
    )
    transactions = sorted(
        json.dumps({"entity": entity} | _plain(body, names, marks), sort_keys=True, default=str)
        for entity, body in map(_split, snapshot["transactions"])
    )
    return {"customers": customers, "transactions": transactions}


def _split(row: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    ((entity, body),) = row.items()
    return entity, body


def _plain(value: Any, names: dict[tuple[str, str], str], marks: dict[tuple[str, str], str]) -> Any:
    if isinstance(value, list):
        return [_plain(one, names, marks) for one in value]
    if not isinstance(value, dict):
        return value
    plain = {name: _plain(one, names, marks) for name, one in value.items() if name not in _LOST}
    if "CustomerRef" in plain:
        plain["CustomerRef"] = names.get(("Customer", str(value["CustomerRef"]["value"])))
    if "LinkedTxn" in value:
        links = (marks.get((one["TxnType"], str(one["TxnId"])), f"nothing {one}") for one in value["LinkedTxn"])
        plain["LinkedTxn"] = sorted(links)
    return plain
