"""One writer a company: a lease in the posting log, kept alive by heartbeats, taken over from the dead."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path

import psutil
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from toolkit.posting_log_schema import LEASE_SECONDS, lease
from toolkit.posting_rows import Row
from toolkit.problems import CompanyBusy, Problem

HEARTBEAT_SECONDS = 5.0
"""A run says at least this often that it lives."""
_SURE = timedelta(seconds=LEASE_SECONDS / 2)

_WATCH_SECONDS = 2.5 * HEARTBEAT_SECONDS

Sleep = Callable[[float], None]
Writing = Callable[[], AbstractContextManager[Connection]]


class Lease:
    """The lease of one company as one process sees it; `writing` opens a transaction of the posting log.

    `zone` is the company's, for the moments that people are told.
    """

    def __init__(self, writing: Writing, clock: Callable[[], datetime], zone: tzinfo = UTC) -> None:
        self._writing, self._clock, self._zone = writing, clock, zone
        self._holder = ""
        self._beat_at: datetime | None = None

    @property
    def fresh(self) -> bool:
        """Whether the last heartbeat is so recent that nobody can have taken the lease over; no database is asked.

        A machine that slept finds out here, before it sends anything more. A heartbeat that lies in the future is none:
        the clock was set back since, and how long ago it was is not known.
        """
        return self._beat_at is not None and timedelta(0) <= self._clock() - self._beat_at < _SURE

    @property
    def due(self) -> bool:
        """Whether it is time for a heartbeat."""
        if self._beat_at is None:
            return False
        return not 0 <= (self._clock() - self._beat_at).total_seconds() < HEARTBEAT_SECONDS

    def take(self, holder: str, *, pid: int, host: str, watch: Sleep | None = None) -> None:
        """Take the lease; raises `CompanyBusy` while another live run holds it.

        A lease of another machine that looks abandoned is first watched for more than two heartbeats, with `watch`
        (which waits for seconds): it may be our own clock that is wrong.
        """
        silent = self._silent_elsewhere(host) if watch else None
        if watch and silent:
            watch(_WATCH_SECONDS)
        with self._writing() as connection:
            row = connection.execute(sa.select(lease)).first()
            if row is not None:
                alive = silent is not None and silent != (row.holder, row.beat_at)
                if alive or self._still_held(row, pid, host):
                    raise CompanyBusy(self._busy(row))
            connection.execute(sa.delete(lease))
            mine = {"holder": holder, "host": host, "pid": pid, "pid_started": _started(pid)}
            connection.execute(sa.insert(lease), mine | {"beat_at": self._now()})
        self._holder, self._beat_at = holder, self._clock()

    def beat(self, connection: Connection) -> None:
        """Say that this run lives; raises `CompanyBusy` if the lease was taken over. Nothing if it was never taken."""
        if not self._holder:
            return
        now = self._clock()
        beat = sa.update(lease).where(lease.c.holder == self._holder).values(beat_at=now.astimezone(UTC).isoformat())
        if connection.execute(beat).rowcount == 0:
            self._beat_at = None
            raise CompanyBusy(_lost())
        self._beat_at = now

    def release(self) -> None:
        """Let the lease go, if it is still ours."""
        holder, self._holder, self._beat_at = self._holder, "", None
        with self._writing() as connection:
            connection.execute(sa.delete(lease).where(lease.c.holder == holder))

    def live_holder(self, connection: Connection, *, pid: int, host: str) -> str:
        """The run that holds the company and lives, "" if there is none."""
        row = connection.execute(sa.select(lease)).first()
        return row.holder if row is not None and self._still_held(row, pid, host) else ""

    def _silent_elsewhere(self, host: str) -> tuple[str, str] | None:
        """Holder and last heartbeat of another machine's lease that looks abandoned by our clock."""
        with self._writing() as connection:
            row = connection.execute(sa.select(lease)).first()
        if row is None or row.host == host or not self._quiet(row):
            return None
        return row.holder, row.beat_at

    def _still_held(self, row: Row, pid: int, host: str) -> bool:
        if row.host != host:
            return not self._quiet(row)
        begun = _started(int(row.pid))
        if not begun or begun != str(row.pid_started):
            return False
        # A run of this very process that has ended could not let go (a full disk): nobody keeps it alive.
        return int(row.pid) != pid or not self._quiet(row)

    def _busy(self, row: Row) -> Problem:
        seen = datetime.fromisoformat(row.beat_at).astimezone(self._zone)
        who = f"process {row.pid} on {row.host}, last seen {seen:%m/%d/%Y %H:%M:%S %Z}"
        return Problem(
            code="company-busy",
            where="posting log",
            what=f"Another run ({who}) is posting to this company.",
            why="Two runs at once could both decide to post the same invoice.",
            do="Wait until it has ended, then run again; it is not lost if that run has died.",
        )

    def _quiet(self, row: Row) -> bool:
        return self._clock() - datetime.fromisoformat(row.beat_at) >= timedelta(seconds=LEASE_SECONDS)

    def _now(self) -> str:
        return self._clock().astimezone(UTC).isoformat()


def _started(pid: int) -> str:
    """When that process of this machine began ("" if there is none): a pid alone may have been given to another."""
    try:
        process = psutil.Process(pid)
        if process.status() == psutil.STATUS_ZOMBIE:  # it has ended, and only its parent has not looked yet
            return ""
        return _ticks(pid) or f"{process.create_time():.2f}"
    except psutil.Error:
        return ""


def _ticks(pid: int) -> str:
    """Where /proc says it: clock ticks after which boot, which setting the machine's clock does not change; else "".

    The moment in time is reckoned from the clock there, and would move with it: a live run would look like a dead one.
    """
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        after_name = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2]
    except OSError:
        return ""
    return f"{boot} {after_name.split()[19]}"


def _lost() -> Problem:
    return Problem(
        code="company-busy",
        where="posting log",
        what="Another run has taken this company over, because this one was silent for more than a minute.",
        why="Two runs at once could both decide to post the same invoice.",
        do="Nothing more is sent from here. Wait until the other run has ended, then run again.",
    )
