"""The posting log: what was begun, done, failed and unknown, written before QuickBooks is asked for anything.

Events are appended and never changed; what stands is the newest event of a key. A batch is recorded with its members
and its requestid before it is sent and settled when each answer is recorded: whatever is killed in between, the next
run finds the open batch and looks it up. Amounts are whole cents, moments are aware UTC.
"""

from __future__ import annotations

import socket
import sqlite3
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil
import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from toolkit import plan as plans
from toolkit.money import cents, from_cents
from toolkit.plan import Done, Kind, Plan, Posted, Standing
from toolkit.posting_log_schema import LEASE_SECONDS, batch, event, lease, member, meta, migrate, plan, run, sign_off
from toolkit.problems import CompanyBusy, OutcomeUnknown, Problem, UsageError

Clock = Callable[[], datetime]
WRITING = "posting_log_writing"
"""Execution option of a transaction that will write: it takes SQLite's write lock at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One operation in a batch: its id there (`bId`, at most 10 characters) and its key."""

    bid: str
    key: str
    kind: Kind
    entity: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenBatch:
    """A batch whose answers are not all recorded; it may or may not have reached QuickBooks."""

    requestid: str
    digest: str
    begun_at: datetime
    members: tuple[Member, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One thing that happened to one key; `action` is the operation's."""

    posted: Posted
    action: str
    requestid: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One command that could write: who approved which plan, when it began and ended, and how."""

    id: str
    command: str
    period: str
    digest: str
    approved_by: str
    started_at: datetime
    ended_at: datetime | None
    state: str
    summary: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SignOff:
    """A person's word that a period is finished."""

    period: str
    signed_by: str
    signed_at: datetime
    proof_sha256: str


class PostingLog:
    """One company's posting log; safe for several processes, each from one thread at a time."""

    def __init__(self, engine: Engine, *, realm: str, clock: Clock) -> None:
        self._engine = engine
        self._realm = realm
        self._clock = clock
        self._holder = ""
        with self._writing() as connection:
            migrate(connection, realm=realm)

    def close(self) -> None:
        """Close the file."""
        self._engine.dispose()

    # ---- what stands

    def replay(self) -> Done:
        """The newest standing of every key, begun and unanswered ones included; nothing is written."""
        standing: dict[str, Posted] = {}
        with self._reading() as connection:
            for row in connection.execute(sa.select(event).order_by(event.c.seq)):
                standing[row.key] = _posted(row)
            for row in connection.execute(_open_members()):
                known = standing.get(row.key)
                if known is None or known.standing in (Standing.FAILED, Standing.UNKNOWN):
                    standing[row.key] = _begun(row, known)
        return standing

    def history(self, key: str) -> tuple[Posted, ...]:
        """Every event of one key, oldest first."""
        with self._reading() as connection:
            found = connection.execute(sa.select(event).where(event.c.key == key).order_by(event.c.seq))
            return tuple(_posted(row) for row in found)

    def written_by(self, run_id: str) -> tuple[Event, ...]:
        """Every event of one run, in order: its manifest."""
        with self._reading() as connection:
            found = connection.execute(sa.select(event).where(event.c.run == run_id).order_by(event.c.seq))
            return tuple(Event(posted=_posted(row), action=row.action, requestid=row.requestid) for row in found)

    # ---- plans

    def begin_plan(self, approved: Plan) -> None:
        """Keep the approved plan whole, so that a cut run resumes exactly it; a second call changes nothing."""
        row = {
            "digest": approved.digest,
            "stage": approved.stage,
            "period": approved.period,
            "body": zlib.compress(plans.to_json(approved), 1),
            "begun_at": self._now_text(),
            "finished_at": "",
        }
        with self._writing() as connection:
            if connection.execute(sa.select(plan.c.digest).where(plan.c.digest == approved.digest)).first() is None:
                connection.execute(sa.insert(plan), row)

    def begun_plan(self, digest: str) -> Plan | None:
        """The plan with this approval code, if it was begun and not finished; else None."""
        with self._reading() as connection:
            where = (plan.c.digest == digest) & (plan.c.finished_at == "")
            row = connection.execute(sa.select(plan.c.body).where(where)).first()
        return plans.from_json(zlib.decompress(row.body)) if row else None

    def plans(self, period: str) -> tuple[Plan, ...]:
        """Every plan that was begun for a period, oldest first: what was approved."""
        with self._reading() as connection:
            found = connection.execute(sa.select(plan.c.body).where(plan.c.period == period).order_by(plan.c.begun_at))
            return tuple(plans.from_json(zlib.decompress(row.body)) for row in found)

    def events(self, runs: Iterable[str]) -> tuple[Event, ...]:
        """Every event of those runs, in order."""
        with self._reading() as connection:
            found = connection.execute(sa.select(event).where(event.c.run.in_(list(runs))).order_by(event.c.seq))
            return tuple(Event(posted=_posted(row), action=row.action, requestid=row.requestid) for row in found)

    def unfinished_digests(self) -> tuple[str, ...]:
        """Approval codes of plans that were begun and not finished, oldest first."""
        with self._reading() as connection:
            found = connection.execute(
                sa.select(plan.c.digest).where(plan.c.finished_at == "").order_by(plan.c.begun_at)
            )
            return tuple(row.digest for row in found)

    def finish_plan(self, digest: str) -> None:
        """Mark the plan finished: nothing of it is left to send."""
        with self._writing() as connection:
            connection.execute(sa.update(plan).where(plan.c.digest == digest).values(finished_at=self._now_text()))

    # ---- batches

    def begin_batch(self, requestid: str, *, run_id: str, digest: str, members: Sequence[Member]) -> None:
        """Record a batch before it is sent; raises `CompanyBusy` if the lease was lost meanwhile."""
        with self._writing() as connection:
            self._beat(connection)
            head = {"requestid": requestid, "run": run_id, "digest": digest, "begun_at": self._now_text()}
            connection.execute(sa.insert(batch), head | {"settled": 0})
            connection.execute(sa.insert(member), [_member_row(requestid, one) for one in members])

    def touch_batch(self, requestid: str) -> None:
        """Record that an open batch is sent once more, now (the look-up waits count from here)."""
        with self._writing() as connection:
            self._beat(connection)
            connection.execute(sa.update(batch).where(batch.c.requestid == requestid).values(begun_at=self._now_text()))

    def settle_batch(self, requestid: str, events: Iterable[Event]) -> None:
        """Record the answers of a batch and close it, in one transaction."""
        rows = [self._row(one) for one in events]
        try:
            with self._writing() as connection:
                if rows:
                    connection.execute(sa.insert(event), rows)
                connection.execute(sa.update(batch).where(batch.c.requestid == requestid).values(settled=1))
        except UsageError as error:  # QuickBooks has answered and we cannot write it down: look it up next time
            raise OutcomeUnknown(error.problem) from error

    def record(self, events: Iterable[Event]) -> None:
        """Append events that no batch brought (adoptions, releases, undone keys), in one transaction."""
        rows = [self._row(one) for one in events]
        if rows:
            with self._writing() as connection:
                connection.execute(sa.insert(event), rows)

    def open_batches(self) -> tuple[OpenBatch, ...]:
        """Batches without all answers, oldest first."""
        with self._reading() as connection:
            heads = connection.execute(sa.select(batch).where(batch.c.settled == 0).order_by(batch.c.begun_at)).all()
            return tuple(self._open_batch(connection, head) for head in heads)

    def _open_batch(self, connection: Connection, head: sa.Row[tuple[object, ...]]) -> OpenBatch:
        found = connection.execute(sa.select(member).where(member.c.requestid == head.requestid))
        return OpenBatch(
            requestid=head.requestid,
            digest=head.digest,
            begun_at=datetime.fromisoformat(head.begun_at),
            members=tuple(Member(bid=row.bid, key=row.key, kind=Kind(row.kind), entity=row.entity) for row in found),
        )

    # ---- runs, sign-off, watermark

    def begin_run(self, run_id: str, *, command: str, period: str, digest: str, approved_by: str) -> None:
        """Record that a command that can write has begun."""
        row = {
            "id": run_id,
            "command": command,
            "period": period,
            "digest": digest,
            "approved_by": approved_by,
            "started_at": self._now_text(),
            "ended_at": "",
            "state": "running",
            "summary": "",
        }
        with self._writing() as connection:
            connection.execute(sa.insert(run), row)

    def end_run(self, run_id: str, *, state: str, summary: str = "") -> None:
        """Record how a run ended: "done", "stopped", "unknown" or "failed"."""
        with self._writing() as connection:
            done = {"ended_at": self._now_text(), "state": state, "summary": summary}
            connection.execute(sa.update(run).where(run.c.id == run_id).values(**done))

    def runs(self) -> tuple[Run, ...]:
        """Every run, oldest first."""
        with self._reading() as connection:
            return tuple(_run(row) for row in connection.execute(sa.select(run).order_by(run.c.started_at, run.c.id)))

    def sign(self, period: str, *, signed_by: str, proof_sha256: str) -> None:
        """Record a person's sign-off of a period; a later one of the same period replaces it."""
        row = {"period": period, "signed_by": signed_by, "signed_at": self._now_text(), "proof_sha256": proof_sha256}
        with self._writing() as connection:
            connection.execute(sa.delete(sign_off).where(sign_off.c.period == period))
            connection.execute(sa.insert(sign_off), row)

    def sign_offs(self) -> tuple[SignOff, ...]:
        """Every sign-off, by period."""
        with self._reading() as connection:
            found = connection.execute(sa.select(sign_off).order_by(sign_off.c.period)).all()
        return tuple(
            SignOff(
                period=row.period,
                signed_by=row.signed_by,
                signed_at=datetime.fromisoformat(row.signed_at),
                proof_sha256=row.proof_sha256,
            )
            for row in found
        )

    def note(self, name: str) -> str:
        """A named value (such as the watermark of the last write), "" if never set."""
        with self._reading() as connection:
            row = connection.execute(sa.select(meta.c.value).where(meta.c.name == name)).first()
        return str(row.value) if row else ""

    def set_note(self, name: str, value: str) -> None:
        """Set a named value."""
        with self._writing() as connection:
            connection.execute(sa.delete(meta).where(meta.c.name == name))
            connection.execute(sa.insert(meta), {"name": name, "value": value})

    # ---- the lease: one writer a company

    @contextmanager
    def holding(self, holder: str, *, pid: int, host: str | None = None) -> Iterator[None]:
        """Hold the company while the body runs; raises `CompanyBusy` if another live run holds it.

        A dead process's lease on this machine is taken over at once, one of another machine after 60 seconds without
        a heartbeat.
        """
        self._take(holder, pid=pid, host=host or socket.gethostname())
        try:
            yield
        finally:
            self._let_go()

    def heartbeat(self) -> None:
        """Say that this run lives; raises `CompanyBusy` if the lease was taken over."""
        with self._writing() as connection:
            self._beat(connection)

    def _take(self, holder: str, *, pid: int, host: str) -> None:
        with self._writing() as connection:
            row = connection.execute(sa.select(lease)).first()
            if row is not None and self._still_held(dict(row._mapping), host):
                raise CompanyBusy(_busy(dict(row._mapping)))
            connection.execute(sa.delete(lease))
            mine = {"holder": holder, "host": host, "pid": pid, "pid_started": _started(pid)}
            connection.execute(sa.insert(lease), mine | {"beat_at": self._now_text()})
        self._holder = holder

    def _still_held(self, row: Mapping[str, object], host: str) -> bool:
        if row["host"] == host:
            return _started(int(str(row["pid"]))) == row["pid_started"] != ""
        quiet = self._clock() - datetime.fromisoformat(str(row["beat_at"]))
        return quiet < timedelta(seconds=LEASE_SECONDS)

    def _beat(self, connection: Connection) -> None:
        if not self._holder:
            return
        beat = sa.update(lease).where(lease.c.holder == self._holder).values(beat_at=self._now_text())
        if connection.execute(beat).rowcount == 0:
            raise CompanyBusy(_busy({"host": "another machine", "pid": "?", "beat_at": self._now_text()}))

    def _let_go(self) -> None:
        with self._writing() as connection:
            connection.execute(sa.delete(lease).where(lease.c.holder == self._holder))
        self._holder = ""

    # ---- plumbing

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        try:
            with self._engine.connect().execution_options(**{WRITING: True}) as connection, connection.begin():
                yield connection
        except sa.exc.OperationalError as error:
            raise UsageError(_unwritable(str(error.orig))) from error

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        with self._engine.connect() as connection:
            yield connection

    def _now_text(self) -> str:
        return self._clock().astimezone(UTC).isoformat()

    def _row(self, one: Event) -> dict[str, object]:
        posted = one.posted
        return {
            "at": self._now_text(),
            "run": posted.run,
            "digest": posted.digest,
            "key": posted.key,
            "generation": posted.generation,
            "kind": str(posted.kind),
            "action": one.action,
            "entity": posted.entity,
            "standing": str(posted.standing),
            "qbo_id": posted.qbo_id,
            "number": posted.number,
            "amount_cents": cents(posted.amount),
            "sync_token": posted.sync_token,
            "coworks_id": posted.coworks_id,
            "note": posted.note,
            "requestid": one.requestid,
        }


def open_log(path: Path, *, realm: str, clock: Clock) -> PostingLog:
    """The posting log in that SQLite file, made when absent and migrated when older.

    Raises `UsageError` if the folder cannot be written (nothing has been sent then), or if the log belongs to another
    company or to a newer version of this toolkit.
    """
    engine = sa.create_engine(f"sqlite:///{path}", connect_args={"timeout": 30})

    @sa.event.listens_for(engine, "connect")
    def _pragmas(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None  # SQLAlchemy begins; the driver's own late BEGIN would let two runs race
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA synchronous=FULL")  # the record must outlive a power cut: it is what prevents duplicates
        cursor.close()

    @sa.event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        writing = connection.get_execution_options().get(WRITING, False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")

    return PostingLog(engine, realm=realm, clock=clock)


def _member_row(requestid: str, one: Member) -> dict[str, str]:
    return {"requestid": requestid, "bid": one.bid, "key": one.key, "kind": str(one.kind), "entity": one.entity}


def _open_members() -> sa.Select[tuple[object, ...]]:
    joined = sa.join(member, batch, member.c.requestid == batch.c.requestid)
    columns = (member.c.key, member.c.kind, member.c.entity, batch.c.run, batch.c.digest, batch.c.begun_at)
    return sa.select(*columns).select_from(joined).where(batch.c.settled == 0)


def _posted(row: sa.Row[tuple[object, ...]]) -> Posted:
    return Posted(
        key=row.key,
        kind=Kind(row.kind),
        entity=row.entity,
        standing=Standing(row.standing),
        qbo_id=row.qbo_id,
        number=row.number,
        amount=from_cents(row.amount_cents),
        sync_token=row.sync_token,
        run=row.run,
        digest=row.digest,
        at=datetime.fromisoformat(row.at),
        note=row.note,
        generation=row.generation,
        coworks_id=row.coworks_id,
    )


def _begun(row: sa.Row[tuple[object, ...]], known: Posted | None) -> Posted:
    return Posted(
        key=row.key,
        kind=Kind(row.kind),
        entity=row.entity,
        standing=Standing.BEGUN,
        run=row.run,
        digest=row.digest,
        at=datetime.fromisoformat(row.begun_at),
        generation=known.generation if known else 1,
    )


def _run(row: sa.Row[tuple[object, ...]]) -> Run:
    return Run(
        id=row.id,
        command=row.command,
        period=row.period,
        digest=row.digest,
        approved_by=row.approved_by,
        started_at=datetime.fromisoformat(row.started_at),
        ended_at=datetime.fromisoformat(row.ended_at) if row.ended_at else None,
        state=row.state,
        summary=row.summary,
    )


def _started(pid: int) -> str:
    """When that process of this machine began ("" if there is none): a pid alone may have been given to another."""
    try:
        return f"{psutil.Process(pid).create_time():.2f}"
    except psutil.Error:
        return ""


def _busy(row: Mapping[str, object]) -> Problem:
    return Problem(
        code="company-busy",
        where="posting log",
        what=f"Another run (process {row['pid']} on {row['host']}, seen {row['beat_at']}) is posting to this company.",
        why="Two runs at once could both decide to post the same invoice.",
        do="Wait until it has ended, then run again; it is not lost if that run has died.",
    )


def _unwritable(detail: str) -> Problem:
    return Problem(
        code="posting-log-unwritable",
        where="posting log",
        what=f"The posting log cannot be written: {detail}.",
        why="Nothing is sent to QuickBooks that is not first written down here, so nothing has been sent now.",
        do="Free some disk space or make the company's folder writable, then run again.",
    )
