"""The pacing against a server that counts as Intuit's documentation says, on a clock of our own."""

from __future__ import annotations

import threading
from collections import deque

import pytest
from fake_intuit import Clock

from toolkit.qbo.limits import AppLimits, Limits, Rates


class CountingServer:
    """Refuses beyond 10 a second (bucket of 10), 500 a minute, 40 batches a minute."""

    def __init__(self) -> None:
        self.tokens, self.at = 10.0, 0.0
        self.calls: deque[float] = deque()
        self.batches: deque[float] = deque()

    def admits(self, now: float, *, batch: bool) -> bool:
        self.tokens, self.at = min(10.0, self.tokens + (now - self.at) * 10), now
        for window in (self.calls, self.batches):
            while window and window[0] <= now - 60:
                window.popleft()
        if self.tokens < 1 or len(self.calls) >= 500 or (batch and len(self.batches) >= 40):
            return False
        self.tokens -= 1
        self.calls.append(now)
        if batch:
            self.batches.append(now)
        return True


def limits(clock: Clock, **rates: float) -> Limits:
    return Limits(clock=clock, sleep=clock.sleep, app=AppLimits(Rates(**rates)))  # type: ignore[arg-type]


@pytest.mark.parametrize("batch", [False, True])
@pytest.mark.parametrize("delays", [(0.0,), (0.06, 0.0, 0.03)])
def test_a_server_with_the_same_limits_never_refuses(batch: bool, delays: tuple[float, ...]) -> None:
    """Calls arrive up to 60 ms late and bunched up."""
    clock, server = Clock(), CountingServer()
    paced = limits(clock)
    arrivals = []
    for number in range(1_300 if not batch else 200):
        paced.acquire(batch=batch)
        arrivals.append(clock.seconds + delays[number % len(delays)])
    assert all(server.admits(at, batch=batch) for at in sorted(arrivals))


def test_calls_use_nearly_all_of_the_minute() -> None:
    clock = Clock()
    paced = limits(clock)
    for _ in range(2_500):
        paced.acquire()
    assert 2_500 / clock.seconds * 60 >= 0.97 * 500


def test_twenty_batches_go_at_once_but_for_the_limit_of_a_second() -> None:
    clock = Clock()
    paced = limits(clock)
    for _ in range(20):
        paced.acquire(batch=True)
    assert clock.seconds < 1.3


def test_batches_use_nearly_all_of_their_minutes() -> None:
    clock = Clock()
    paced = limits(clock)
    for _ in range(400):
        paced.acquire(batch=True)
    assert 400 / clock.seconds * 60 >= 0.97 * 40


def test_limits_are_adjustable_for_a_faster_company() -> None:
    """Ten thousand documents on a company whose batches run twenty times as fast."""
    clock = Clock()
    paced = limits(clock, batches_per_minute=800, realm_batches_per_minute=2_400, requests_per_minute=10_000,
                   requests_per_second=200.0)  # fmt: skip
    for _ in range(3_200):
        paced.acquire(batch=True)
    assert 3_200 / clock.seconds * 60 >= 0.95 * 800


def test_reads_do_not_wait_behind_batches() -> None:
    clock = Clock()
    paced = limits(clock)
    for _ in range(40):
        paced.acquire(batch=True)
    before = clock.seconds
    paced.acquire()
    assert clock.seconds - before < 0.2


def test_two_companies_of_one_app_share_its_batches() -> None:
    clock, app = Clock(), AppLimits()
    first, second = (Limits(clock=clock, sleep=clock.sleep, app=app) for _ in range(2))
    for _ in range(20):
        first.acquire(batch=True)
        second.acquire(batch=True)
    assert second.acquire(batch=True) > 50


def test_what_an_earlier_process_sent_is_still_counted_until_its_minute_is_over() -> None:
    """Thirty batches were sent 40 s ago, and one at a moment that the clock has not reached (it was set back)."""
    clock, server = Clock(), CountingServer()
    clock.seconds = 40.0
    assert all(server.admits(second / 10, batch=True) for second in range(30))
    paced = limits(clock)
    paced.recall([*(40 - second / 10 for second in range(30)), -5.0])
    waited = []
    for _ in range(40):
        waited.append(paced.acquire(batch=True))
        assert server.admits(clock.seconds, batch=True)
    assert sum(waited[:10]) < 1
    assert 15 < sum(waited) < 25


@pytest.mark.parametrize(("retry_after", "pause"), [(None, 2.1), (7.0, 7.35)])
def test_after_a_throttle_everybody_waits_and_is_told_why(retry_after: float | None, pause: float) -> None:
    clock, told = Clock(), list[tuple[float, str]]()
    paced = Limits(clock=clock, sleep=clock.sleep, waiting=lambda seconds, why: told.append((seconds, why)))
    paced.throttled(retry_after=retry_after, jitter=0.5)
    assert paced.acquire() == pytest.approx(pause)
    assert told == [(pytest.approx(pause), "QuickBooks asked us to wait")]


def test_the_pace_is_cut_once_a_throttle_and_comes_back_with_success() -> None:
    clock = Clock()
    paced = limits(clock)
    for _ in range(5):  # five calls in flight meet the same throttle
        paced.throttled(retry_after=None, jitter=0.0)
    assert paced.share == pytest.approx(2 / 3)
    paced.acquire()
    paced.throttled(retry_after=None, jitter=0.0)
    assert paced.share == pytest.approx(4 / 9)
    for _ in range(60):
        paced.succeeded()
    assert paced.share == 1.0


def test_the_pace_never_falls_below_a_quarter() -> None:
    clock = Clock()
    paced = limits(clock)
    for _ in range(20):
        paced.throttled(retry_after=1.0, jitter=0.0)
        paced.acquire()
    assert paced.share == 0.25
    for _ in range(30):
        paced.acquire(batch=True)
    assert clock.seconds < 400


def test_short_waits_are_not_told() -> None:
    clock, told = Clock(), list[float]()
    paced = Limits(clock=clock, sleep=clock.sleep, waiting=lambda seconds, why: told.append(seconds))
    for _ in range(12):
        paced.acquire()
    assert not told


def test_threads_share_one_allowance() -> None:
    clock, server, refused = Clock(), CountingServer(), list[float]()
    paced = limits(clock)
    lock = threading.Lock()

    def work() -> None:
        for _ in range(50):
            with lock:  # the clock stands still between being let through and being counted
                paced.acquire()
                if not server.admits(clock.seconds, batch=False):
                    refused.append(clock.seconds)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not refused
    assert len(server.calls) <= 500


def test_each_further_throttle_in_a_row_waits_longer_up_to_intuits_minute() -> None:
    clock = Clock()
    paced, pauses = limits(clock), list[float]()
    for _ in range(4):
        pauses.append(paced.throttled(retry_after=None, jitter=0.0))
        paced.acquire()
    assert pauses == [2.0, 12.0, 60.0, 60.0]
    paced.succeeded()
    assert paced.throttled(retry_after=None, jitter=0.0) == 2.0
