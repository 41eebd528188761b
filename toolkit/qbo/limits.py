"""How fast QuickBooks may be asked: one place that all threads of a process go through.

Intuit (learn/limits-and-throttles; blogs.intuit.com 2025-08-13): 500 requests a minute a company, 10 a second a
company and app, 40 batches a minute an app, 120 a minute a company. A refused call is answered 429 without Retry-After;
the advice is to wait a minute.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

Clock = Callable[[], float]
Sleep = Callable[[float], None]
Waiting = Callable[[float, str], None]
"""Told of every wait of half a second or more, before it: seconds and the reason in words."""


# A wait this short (seconds) is none: one that is shorter than the clock can count would never be over.
_MOMENT = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """Intuit's limits, adjustable; `minute` is its length in seconds (shorter where a test company runs faster).

    `pause_after_throttle` is Intuit's advice; the first 429 in a row waits only `first_pause_after_throttle`, which is
    enough when it was the second's limit (another program, or our own last run, spent it), then six times as long each.
    `margin` (a share of 1) is kept back from the limit of a second, and added to the length of the minute: requests
    that leave evenly arrive bunched up.
    """

    requests_per_second: float = 10.0
    requests_per_minute: int = 500
    batches_per_minute: int = 40
    realm_batches_per_minute: int = 120
    minute: float = 60.0
    margin: float = 0.01
    pause_after_throttle: float = 60.0
    first_pause_after_throttle: float = 2.0
    slowest: float = 0.25


@dataclass(slots=True)
class _Window:
    """At most `most` in any `seconds`."""

    most: int
    seconds: float
    taken: deque[float] = field(default_factory=deque)

    def wait(self, now: float, share: float) -> float:
        while self.taken and now - self.taken[0] >= self.seconds:
            self.taken.popleft()
        most = max(1, int(self.most * share))
        if len(self.taken) < most:
            return 0.0
        return self.seconds - (now - self.taken[len(self.taken) - most])

    def take(self, now: float) -> None:
        self.taken.append(now)

    def recall(self, moments: Iterable[float]) -> None:
        self.taken = deque(sorted([*self.taken, *moments]))


@dataclass(slots=True)
class _Bucket:
    """Bursts up to `size`, then `rate` a second."""

    size: float
    rate: float
    tokens: float
    at: float

    def wait(self, now: float, share: float) -> float:
        self.tokens = min(self.size, self.tokens + max(0.0, now - self.at) * self.rate * share)
        self.at = now
        return 0.0 if self.tokens >= 1 else (1 - self.tokens) / (self.rate * share)

    def take(self, now: float) -> None:
        self.wait(now, 1.0)
        self.tokens -= 1


_Gate = _Window | _Bucket


class AppLimits:
    """The limit that all companies of one app share: batches a minute."""

    def __init__(self, rates: Rates | None = None) -> None:
        self.rates = rates or Rates()
        self.lock = threading.RLock()
        self.batches = _Window(self.rates.batches_per_minute, self.rates.minute * (1 + self.rates.margin))


class Limits:
    """The limits of one company; `acquire` returns when a call may be sent.

    Shared by all threads that talk to the company. `clock` gives monotonic seconds, `sleep` waits for seconds,
    `waiting` is told why. After a 429 everybody pauses and the pace is cut by a third, and comes back with success.
    """

    def __init__(
        self, *, clock: Clock, sleep: Sleep, app: AppLimits | None = None, waiting: Waiting | None = None
    ) -> None:
        self._app = app or AppLimits()
        self._rates = self._app.rates
        self._clock, self._sleep = clock, sleep
        self._waiting: Waiting = waiting or (lambda seconds, why: None)
        window = self._rates.minute * (1 + self._rates.margin)
        # One place of the burst is kept back: a burst that is delayed on its way meets the calls sent after it.
        size = max(1.0, self._rates.requests_per_second - 1)
        rate = self._rates.requests_per_second * (1 - 4 * self._rates.margin)
        self._calls: tuple[_Gate, ...] = (
            _Bucket(size, rate, size, clock()),
            _Window(self._rates.requests_per_minute, window),
        )
        self._batches: tuple[_Gate, ...] = (
            *self._calls,
            _Window(self._rates.realm_batches_per_minute, window),
            self._app.batches,
        )
        self._share, self._paused_until, self._throttles = 1.0, 0.0, 0

    def recall(self, ages: Iterable[float]) -> None:
        """Count batches that an earlier process sent so many seconds ago: QuickBooks' minute does not end with it."""
        with self._app.lock:
            now = self._clock()
            moments = [now - age for age in ages if age >= 0]
            for gate in self._batches:
                if isinstance(gate, _Window):
                    gate.recall(moments)

    def admit(self, *, batch: bool = False) -> tuple[float, str]:
        """Count one call (or one batch) that may be sent now: (0.0, ""), or the seconds until one may, and why."""
        return self._take(batch)

    def acquire(self, *, batch: bool = False) -> float:
        """Wait until one call (or one batch) may be sent and count it; returns the seconds waited."""
        waited = 0.0
        while True:
            seconds, why = self._take(batch)
            if not seconds:
                return waited
            if seconds >= 0.5:
                self._waiting(seconds, why)
            self._sleep(seconds)
            waited += seconds

    def _take(self, batch: bool) -> tuple[float, str]:
        gates = self._batches if batch else self._calls
        with self._app.lock:
            now = self._clock()
            if now < self._paused_until:
                return self._paused_until - now, "QuickBooks asked us to wait"
            seconds = max(gate.wait(now, self._share) for gate in gates)
            if seconds > _MOMENT:
                return seconds, "Intuit's limit of requests a minute"
            for gate in gates:
                gate.take(now)
            return 0.0, ""

    def throttled(self, *, retry_after: float | None, jitter: float) -> float:
        """Note a 429: nobody sends for Retry-After seconds, else for the pause; returns the pause in seconds.

        `jitter` (0 to 1) adds up to a tenth, so that several machines do not come back in the same moment.
        """
        with self._app.lock:
            now = self._clock()
            if now >= self._paused_until:  # several calls in flight meet the same throttle: one cut
                self._share = max(self._rates.slowest, self._share * 2 / 3)
                self._throttles += 1
            advised = self._rates.first_pause_after_throttle * 6 ** (self._throttles - 1)
            base = min(self._rates.pause_after_throttle, advised) if retry_after is None else retry_after
            pause = base * (1 + 0.1 * jitter)
            self._paused_until = max(self._paused_until, now + pause)
        return pause

    def succeeded(self) -> None:
        """Note a call that was let through: the pace comes back by a hundredth."""
        with self._app.lock:
            self._share = min(1.0, self._share + 0.01)
            if self._clock() >= self._paused_until:
                self._throttles = 0

    @property
    def share(self) -> float:
        """The share of Intuit's limits in use now, 1.0 when nothing was throttled lately."""
        return self._share
