"""One writer a company: a lease in the posting log, kept alive by heartbeats, taken over from the dead."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import psutil
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from toolkit.posting_log_schema import LEASE_SECONDS, lease
from toolkit.posting_rows import Row
from toolkit.problems import CompanyBusy, Problem

HEARTBEAT_SECONDS = 5.0
"""A run says at least this often that it lives."""
_SURE = timedelta(seconds=LEASE_SECONDS / 2)

Writing = Callable[[], AbstractContextManager[Connection]]


@dataclass(frozen=True, slots=True)
class Displaced:
    """A lease that was taken over from a dead run: whose it was and when it last said that it lived."""

    holder: str
    beat_at: datetime

    @property
    def over_by(self) -> datetime:
        """The latest moment at which that run can have done anything."""
        return self.beat_at + timedelta(seconds=2 * HEARTBEAT_SECONDS)


class Lease:
    """The lease of one company as one process sees it; `writing` opens a transaction of the posting log."""

    def __init__(self, writing: Writing, clock: Callable[[], datetime]) -> None:
        self._writing, self._clock = writing, clock
        self._holder = ""
        self._beat_at: datetime | None = None
        self.displaced: Displaced | None = None
        """The lease that `take` found abandoned, if it did."""

    @property
    def fresh(self) -> bool:
        """Whether the last heartbeat is so recent that nobody can have taken the lease over; no database is asked.

        A machine that slept finds out here, before it sends anything more.
        """
        return self._beat_at is not None and self._clock() - self._beat_at < _SURE

    @property
    def due(self) -> bool:
        """Whether it is time for a heartbeat."""
        return self._beat_at is not None and (self._clock() - self._beat_at).total_seconds() >= HEARTBEAT_SECONDS

    def take(self, holder: str, *, pid: int, host: str) -> None:
        """Take the lease; raises `CompanyBusy` while another live run holds it."""
        with self._writing() as connection:
            row = connection.execute(sa.select(lease)).first()
            if row is not None:
                if self._still_held(row, host):
                    raise CompanyBusy(_busy(row.pid, row.host, row.beat_at))
                self.displaced = Displaced(row.holder, datetime.fromisoformat(row.beat_at))
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

    def _still_held(self, row: Row, host: str) -> bool:
        if row.host == host:
            begun = _started(int(row.pid))
            return bool(begun) and begun == str(row.pid_started)
        quiet = self._clock() - datetime.fromisoformat(row.beat_at)
        return quiet < timedelta(seconds=LEASE_SECONDS)

    def _now(self) -> str:
        return self._clock().astimezone(UTC).isoformat()


def _started(pid: int) -> str:
    """When that process of this machine began ("" if there is none): a pid alone may have been given to another."""
    try:
        process = psutil.Process(pid)
        if process.status() == psutil.STATUS_ZOMBIE:  # it has ended, and only its parent has not looked yet
            return ""
        return f"{process.create_time():.2f}"
    except psutil.Error:
        return ""


def _busy(pid: object, host: str, beat_at: str) -> Problem:
    return Problem(
        code="company-busy",
        where="posting log",
        what=f"Another run (process {pid} on {host}, seen {beat_at}) is posting to this company.",
        why="Two runs at once could both decide to post the same invoice.",
        do="Wait until it has ended, then run again; it is not lost if that run has died.",
    )


def _lost() -> Problem:
    return Problem(
        code="company-busy",
        where="posting log",
        what="Another run has taken this company over, because this one was silent for more than a minute.",
        why="Two runs at once could both decide to post the same invoice.",
        do="Nothing more is sent from here. Wait until the other run has ended, then run again.",
    )
