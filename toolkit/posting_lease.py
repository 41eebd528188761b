"""One writer a company: a lease in the posting log, kept alive by heartbeats, taken over from the dead.

Which processes are seen from here is more than the machine's name: a container has processes of its own, and so have
WSL and the Windows beside it, under one name. A process that cannot be seen is not dead: it is one of another machine.
"""

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

_SEPARATOR = "|"
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

        A lease of another machine (or container) that looks abandoned is first watched for more than two heartbeats,
        with `watch` (which waits for seconds): it may be our own clock that is wrong.
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
            mine = {
                "holder": holder,
                "host": f"{host}{_SEPARATOR}{_seen_here()}",
                "pid": pid,
                "pid_started": _started(pid),
            }
            connection.execute(sa.insert(lease), mine | {"beat_at": self._now()})
        self._holder, self._beat_at = holder, self._clock()

    def beat(self, connection: Connection) -> None:
        """Say that this run lives; raises `CompanyBusy` if the lease was taken over. Nothing if it was never taken."""
        if not self._holder:
            return
        now, last = self._clock(), self._beat_at
        beat = sa.update(lease).where(lease.c.holder == self._holder).values(beat_at=now.astimezone(UTC).isoformat())
        if connection.execute(beat).rowcount == 0:
            self._beat_at = None
            raise CompanyBusy(_lost(last is not None and now - last >= timedelta(seconds=LEASE_SECONDS)))
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
        if row is None or not _elsewhere(row, host) or not self._quiet(row):
            return None
        return row.holder, row.beat_at

    def _still_held(self, row: Row, pid: int, host: str) -> bool:
        if _elsewhere(row, host):
            return not self._quiet(row)
        begun = _started(int(row.pid))
        if not begun or begun != str(row.pid_started):
            return False
        # A run of this very process that has ended could not let go (a full disk): nobody keeps it alive.
        return int(row.pid) != pid or not self._quiet(row)

    def _busy(self, row: Row) -> Problem:
        seen = datetime.fromisoformat(row.beat_at).astimezone(self._zone)
        who = f"process {row.pid} on {row.host.partition(_SEPARATOR)[0]}, last seen {seen:%m/%d/%Y %H:%M:%S %Z}"
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


def _elsewhere(row: Row, host: str) -> bool:
    """Whether the holder is not among the processes seen from here; an older lease says the host's name only."""
    name, told, seen = row.host.partition(_SEPARATOR)
    return bool(name != host or (told and seen != _seen_here()))


def _seen_here() -> str:
    """Which processes are seen from here: which boot of which machine, and which container of it; "" if not known."""
    try:
        return f"{_boot()} {Path('/proc/self/ns/pid').readlink()}"
    except OSError:
        return ""


def _boot() -> str:
    return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()


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
        boot = _boot()
        after_name = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2]
    except OSError:
        return ""
    return f"{boot} {after_name.split()[19]}"


def _lost(silent: bool) -> Problem:
    taken = "Another run has taken this company over, because this one was silent for more than a minute."
    gone = "This run does not hold the company any more: another has taken it over, or the posting log was replaced."
    return Problem(
        code="company-busy",
        where="posting log",
        what=taken if silent else gone,
        why="Two runs at once could both decide to post the same invoice.",
        do="Nothing more is sent from here. Wait until the other run has ended, then run again.",
    )
