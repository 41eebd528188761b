"""The posting log: what was begun, done, failed and unknown, written before QuickBooks is asked for anything.

Events are appended and never changed; what stands is the newest event of a key. A batch is recorded with its members
and its requestid before it is sent, and each member is settled when its answer is recorded: whatever is killed in
between, the next run finds the open batch and looks it up. Amounts are whole cents, moments are aware UTC.
"""

from __future__ import annotations

import os
import socket
import sqlite3
import time
import zlib
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from toolkit import disk
from toolkit import plan as plans
from toolkit.plan import Done, Plan, Posted, Standing
from toolkit.posting_lease import HEARTBEAT_SECONDS, Lease
from toolkit.posting_log_schema import batch, event, member, migrate, plan, run, sign_off
from toolkit.posting_rows import (
    Event,
    Member,
    OpenBatch,
    Row,
    Run,
    SignOff,
    begun_of,
    event_of,
    event_row,
    member_of,
    member_row,
    posted_of,
    run_of,
    sign_off_of,
)
from toolkit.problems import CompanyBusy, OutcomeUnknown, Problem, Severity, ToolkitError, UsageError

__all__ = ["HEARTBEAT_SECONDS", "Event", "Member", "OpenBatch", "PostingLog", "Run", "SignOff", "open_log"]

Clock = Callable[[], datetime]
PATIENCE = 30.0
"""Seconds to wait for another process that is writing."""
WRITING = "posting_log_writing"
"""Execution option of a transaction that will write: it takes SQLite's write lock at once."""


class PostingLog:
    """One company's posting log; safe for several processes, each from one thread at a time."""

    def __init__(self, engine: Engine, *, realm: str, clock: Clock, environment: str = "", zone: tzinfo = UTC) -> None:
        self._engine = engine
        self._realm = realm
        self.clock = clock
        self.lease = Lease(self._writing, clock, zone)
        with self._writing() as connection:
            migrate(connection, realm=realm, environment=environment)

    def close(self) -> None:
        """Close the file."""
        self._engine.dispose()

    # ---- what stands

    def replay(self) -> Done:
        """The newest standing of every key; nothing is written.

        A key that was begun and not answered is BEGUN, unless it stands by an earlier answer or is known as UNKNOWN.
        """
        newest = sa.select(sa.func.max(event.c.seq)).group_by(event.c.key)
        with self._reading() as connection:
            found = connection.execute(sa.select(event).where(event.c.seq.in_(newest)).order_by(event.c.seq))
            standing: dict[str, Posted] = {row.key: posted_of(row) for row in found}
            for row in connection.execute(_open_members()):
                known = standing.get(row.key)
                if known is None or known.standing is Standing.FAILED:
                    standing[row.key] = begun_of(row, known)
        return standing

    def history(self, key: str) -> tuple[Posted, ...]:
        """Every event of one key, oldest first."""
        with self._reading() as connection:
            found = connection.execute(sa.select(event).where(event.c.key == key).order_by(event.c.seq))
            return tuple(posted_of(row) for row in found)

    def written_by(self, run_id: str) -> tuple[Event, ...]:
        """Every event of one run, in order: its manifest."""
        return self.events([run_id])

    def events(self, runs: Iterable[str]) -> tuple[Event, ...]:
        """Every event of those runs, in order."""
        with self._reading() as connection:
            found = connection.execute(sa.select(event).where(event.c.run.in_(list(runs))).order_by(event.c.seq))
            return tuple(event_of(row) for row in found)

    # ---- plans

    def begin_plan(self, approved: Plan) -> None:
        """Keep the approved plan whole, so that a cut run resumes exactly it; it is unfinished from now on."""
        with self._writing() as connection:
            mine = sa.update(plan).where(plan.c.digest == approved.digest).values(finished_at="")
            if connection.execute(mine).rowcount:
                return
        row = {
            "digest": approved.digest,
            "stage": approved.stage,
            "period": approved.period,
            "body": _packed(approved),
            "begun_at": self._now_text(),
            "finished_at": "",
        }
        with self._writing() as connection:
            connection.execute(sa.insert(plan), row)

    def begun_plan(self, digest: str) -> Plan | None:
        """The plan with this approval code, if it was begun and not finished; else None."""
        return self._plan((plan.c.digest == digest) & (plan.c.finished_at == ""))

    def kept_plan(self, digest: str) -> Plan | None:
        """The plan with this approval code, finished or not; None if it was never begun."""
        return self._plan(plan.c.digest == digest)

    def _plan(self, where: sa.ColumnElement[bool]) -> Plan | None:
        with self._reading() as connection:
            row = connection.execute(sa.select(plan.c.body).where(where)).first()
        return plans.from_json(zlib.decompress(row.body)) if row else None

    def plans(self, period: str) -> tuple[Plan, ...]:
        """Every plan that was begun for a period, oldest first: what was approved."""
        with self._reading() as connection:
            found = connection.execute(sa.select(plan.c.body).where(plan.c.period == period).order_by(plan.c.begun_at))
            return tuple(plans.from_json(zlib.decompress(row.body)) for row in found)

    def unfinished_digests(self) -> tuple[str, ...]:
        """Approval codes of plans that were begun and not finished, oldest first."""
        with self._reading() as connection:
            found = connection.execute(
                sa.select(plan.c.digest).where(plan.c.finished_at == "").order_by(plan.c.begun_at)
            )
            return tuple(row.digest for row in found)

    def finish_plan(self, digest: str) -> None:
        """Mark the plan finished: nothing of it is left to send.

        Earlier plans of the same stage and period that have no open batch are over with it: they cannot be resumed.
        """
        waiting = sa.select(batch.c.digest).where(batch.c.settled == 0)
        with self._writing() as connection:
            mine = connection.execute(sa.select(plan.c.stage, plan.c.period).where(plan.c.digest == digest)).first()
            if mine is None:
                return
            over = (plan.c.stage == mine.stage) & (plan.c.period == mine.period) & plan.c.digest.not_in(waiting)
            open_ones = (plan.c.finished_at == "") & ((plan.c.digest == digest) | over)
            connection.execute(sa.update(plan).where(open_ones).values(finished_at=self._now_text()))

    # ---- batches

    def begin_batch(self, requestid: str, *, run_id: str, digest: str, members: Sequence[Member]) -> None:
        """Record a batch before it is sent; raises `CompanyBusy` if the lease was lost meanwhile."""
        with self._writing() as connection:
            self.lease.beat(connection)
            now = self._now_text()
            head = {"requestid": requestid, "run": run_id, "digest": digest, "begun_at": now, "sent_at": now}
            connection.execute(sa.insert(batch), head | {"settled": 0})
            connection.execute(sa.insert(member), [member_row(requestid, one) for one in members])

    def touch_batch(self, requestid: str, *, run_id: str, digest: str) -> None:
        """Record that an open batch is sent once more, now, by this run and as this plan has it."""
        with self._writing() as connection:
            self.lease.beat(connection)
            sent = {"sent_at": self._now_text(), "run": run_id, "digest": digest}
            connection.execute(sa.update(batch).where(batch.c.requestid == requestid).values(**sent))

    def settle_batch(self, requestid: str, events: Iterable[Event], *, still_open: Collection[str] = ()) -> None:
        """Record the answers of a batch, in one transaction; members with a key in `still_open` stay unanswered.

        Raises `CompanyBusy` if the lease was lost meanwhile: whoever holds it now looks the batch up and knows better.
        """
        now = self._now_text()
        rows = [event_row(one, now) for one in events]
        mine = member.c.requestid == requestid
        answered = mine & member.c.key.not_in(list(still_open)) if still_open else mine
        try:
            with self._writing() as connection:
                self.lease.beat(connection)
                if rows:
                    connection.execute(sa.insert(event), rows)
                connection.execute(sa.update(member).where(answered).values(settled=1))
                if not still_open:
                    connection.execute(sa.update(batch).where(batch.c.requestid == requestid).values(settled=1))
        except UsageError as error:  # QuickBooks has answered and we cannot write it down: look it up next time
            raise OutcomeUnknown(error.problem) from error

    def record(self, events: Iterable[Event]) -> None:
        """Append events that no batch brought (adoptions, releases, undone keys), in one transaction.

        Raises `CompanyBusy` if a lease was held and lost.
        """
        rows = [event_row(one, self._now_text()) for one in events]
        if rows:
            with self._writing() as connection:
                self.lease.beat(connection)
                connection.execute(sa.insert(event), rows)

    def open_batches(self) -> tuple[OpenBatch, ...]:
        """Batches without all answers, oldest first, each with the members that have none."""
        with self._reading() as connection:
            heads = connection.execute(sa.select(batch).where(batch.c.settled == 0).order_by(batch.c.begun_at)).all()
            return tuple(_open_batch(connection, head) for head in heads)

    def sent_since(self, moment: datetime) -> tuple[datetime, ...]:
        """When each batch of several entries after that moment (aware) was sent, ascending, whoever sent it."""
        members = sa.select(sa.func.count()).where(member.c.requestid == batch.c.requestid).scalar_subquery()
        lately = batch.c.sent_at > moment.astimezone(UTC).isoformat()
        with self._reading() as connection:
            found = connection.execute(
                sa.select(batch.c.sent_at).where(lately & (members > 1)).order_by(batch.c.sent_at)
            )
            return tuple(datetime.fromisoformat(row.sent_at) for row in found)

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
        """Every run, oldest first; one that has no end and does not live any more was cut off."""
        with self._reading() as connection:
            living = self.lease.live_holder(connection, pid=os.getpid(), host=socket.gethostname())
            found = connection.execute(sa.select(run).order_by(run.c.started_at, run.c.id))
            return tuple(_as_it_stands(run_of(row), living) for row in found)

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
        return tuple(sign_off_of(row) for row in found)

    # ---- the lease: one writer a company

    @contextmanager
    def holding(
        self, holder: str, *, pid: int, host: str | None = None, watch: Callable[[float], None] | None = None
    ) -> Iterator[None]:
        """Hold the company while the body runs; raises `CompanyBusy` if another live run holds it.

        A dead process's lease on this machine is taken over at once, one of another machine or container after 60
        seconds without a heartbeat, and after it was watched for a while (`watch` waits for seconds; None takes our
        clock's word).
        """
        self.lease.take(holder, pid=pid, host=host or socket.gethostname(), watch=watch)
        try:
            yield
        finally:
            with suppress(ToolkitError):  # a full disk: the lease dies with this process anyway
                self.lease.release()

    def heartbeat(self) -> None:
        """Say that this run lives; raises `CompanyBusy` if the lease was taken over."""
        with self._writing() as connection:
            self.lease.beat(connection)

    # ---- plumbing

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        with (
            _in_words(self._engine),
            self._engine.connect().execution_options(**{WRITING: True}) as connection,
            connection.begin(),
        ):
            yield connection

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        with _in_words(self._engine), self._engine.connect() as connection:
            yield connection

    def _now_text(self) -> str:
        return self.clock().astimezone(UTC).isoformat()


def open_log(path: Path, *, realm: str, clock: Clock, environment: str = "", zone: tzinfo = UTC) -> PostingLog:
    """The posting log in that SQLite file, made when absent and migrated when older.

    Raises `UsageError` if the folder cannot be written (nothing has been sent then), if the file is damaged, or if the
    log belongs to another company, another environment or a newer version of this toolkit; `CompanyBusy` if another
    program holds it.
    """
    engine = sa.create_engine(f"sqlite:///{path}", connect_args={"timeout": PATIENCE})

    @sa.event.listens_for(engine, "connect")
    def _pragmas(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None  # SQLAlchemy begins; the driver's own late BEGIN would let two runs race
        cursor = connection.cursor()
        _write_ahead(cursor)
        cursor.execute("PRAGMA synchronous=FULL")  # the record must outlive a power cut: it is what prevents duplicates
        cursor.close()

    @sa.event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        writing = connection.get_execution_options().get(WRITING, False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")

    return PostingLog(engine, realm=realm, clock=clock, environment=environment, zone=zone)


def _packed(plan: Plan) -> bytes:
    """The plan's text, compressed piece by piece: a large one is never in memory as text."""
    packer = zlib.compressobj(1)
    return b"".join([*map(packer.compress, plans.pieces(plan)), packer.flush()])


def _write_ahead(cursor: sqlite3.Cursor) -> None:
    """Readers beside the writer. SQLite does not wait by itself when two processes switch a new file at once."""
    for left in reversed(range(100)):
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as error:
            if not left or "locked" not in str(error):
                raise
            time.sleep(0.05)


def _as_it_stands(found: Run, living: str) -> Run:
    cut = found.state == "running" and found.id != living
    return replace(found, state="cut off") if cut else found


def _open_batch(connection: Connection, head: Row) -> OpenBatch:
    open_members = (member.c.requestid == head.requestid) & (member.c.settled == 0)
    found = connection.execute(sa.select(member).where(open_members))
    return OpenBatch(
        requestid=head.requestid,
        run=head.run,
        digest=head.digest,
        begun_at=datetime.fromisoformat(head.begun_at),
        members=tuple(member_of(row) for row in found),
    )


def _open_members() -> sa.Select[Any]:
    joined = sa.join(member, batch, member.c.requestid == batch.c.requestid)
    columns = (member.c.key, member.c.kind, member.c.entity, batch.c.run, batch.c.digest, batch.c.begun_at)
    return sa.select(*columns).select_from(joined).where((batch.c.settled == 0) & (member.c.settled == 0))


@contextmanager
def _in_words(engine: Engine) -> Iterator[None]:
    """The database's own complaints as ours; a broken rule of the tables stays what it is, a bug."""
    try:
        yield
    except sa.exc.OperationalError as error:
        if "locked" in str(error.orig):
            raise CompanyBusy(_held_open()) from error
        raise UsageError(_unwritable(disk.of_database(error.orig, engine.url.database))) from error
    except sa.exc.IntegrityError:
        raise
    except sa.exc.DatabaseError as error:
        raise UsageError(_damaged(str(error.orig))) from error


def _unwritable(detail: str) -> Problem:
    return Problem(
        code="posting-log-unwritable",
        where="posting log",
        what=f"The posting log cannot be written: {detail}.",
        why="Nothing is sent to QuickBooks that is not first written down here.",
        do="Free some disk space or make the company's folder writable, then run again: what was sent is looked up.",
        severity=Severity.FILE,
    )


def _held_open() -> Problem:
    return Problem(
        code="posting-log-busy",
        where="posting log",
        what="Another program has had the posting log open for writing too long to wait for it.",
        why="Nothing is sent to QuickBooks that is not first written down there.",
        do="Close other runs and programs that have posting-log.db open, then run again: what was sent is looked up.",
        severity=Severity.FILE,
    )


def _damaged(detail: str) -> Problem:
    return Problem(
        code="posting-log-damaged",
        where="posting-log.db",
        what=f"The posting log cannot be read: {detail}.",
        why="It decides what is already posted.",
        do="Restore it from a backup; or move it away, and the next run finds what was posted by stamps and numbers.",
        severity=Severity.FILE,
    )
