"""The reports of an open company's inbox: each month is read once, and again when one byte of its files has changed."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from toolkit import billing, inbox, payouts
from toolkit.model import Billing, Payouts
from toolkit.problems import Problem
from toolkit.settings import Settings


@dataclass(frozen=True, kw_only=True)
class MonthReports:
    """One month's own reports; `problems` are of the files and the Billing report (payouts keep theirs)."""

    billing: Billing
    payouts: Payouts
    problems: tuple[Problem, ...]


class ReportsInHand:
    """One company's reports, safe to use from many threads; `folder` is the company's."""

    def __init__(self, folder: Path) -> None:
        self._inbox, self._voids = folder / "inbox", folder / "voids.csv"
        self._lock = threading.Lock()
        self._known: dict[str, tuple[str, MonthReports]] = {}

    def month(self, settings: Settings, period: str) -> MonthReports:
        """The month's reports as they are now; only time zone and column names of the settings matter.

        What cannot be read is among the problems; raises `UsageError` for a period or column names that are none.
        """
        with self._lock:
            seal = self._seal(settings, period)
            known = self._known.get(period)
            if known is None or known[0] != seal or not seal:
                known = self._known[period] = seal, self._read(settings, period)
            return known[1]

    def _read(self, settings: Settings, period: str) -> MonthReports:
        found = inbox.find(self._inbox, period, settings.columns)
        bills = billing.read(
            found.billing,
            period=period,
            zone=settings.zone,
            columns=settings.columns,
            voids=self._voids if self._voids.exists() else None,
        )
        paid_out = payouts.read(found.payouts, period=period, zone=settings.zone, columns=settings.columns)
        return MonthReports(billing=bills, payouts=paid_out, problems=(*found.problems, *bills.problems))

    def _seal(self, settings: Settings, period: str) -> str:
        """A hash of everything that the month is read from; "" if a file of it cannot be read: then it is not kept."""
        seal = hashlib.sha256(repr((str(settings.zone), settings.columns)).encode())
        try:
            for path in self._files(period):
                seal.update(hashlib.sha256(str(path).encode()).digest())
                seal.update(hashlib.sha256(path.read_bytes()).digest())
        except OSError:
            return ""
        return seal.hexdigest()

    def _files(self, period: str) -> Iterator[Path]:
        """Files in the inbox itself count for the month of the dates they hold, so they belong to every month."""
        loose = (path for path in self._inbox.glob("*") if path.is_file())
        own = (path for path in (self._inbox / period).rglob("*") if path.is_file())
        yield from sorted((*loose, *own, *([self._voids] if self._voids.exists() else [])))
