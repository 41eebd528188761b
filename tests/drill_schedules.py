"""Seeded random fault schedules: what bad days do to one company's pushes, and the books that must come out of them.

Three kinds of work: one push of a plan made by hand (all three waves), the sample company's two months with voids,
refunds and bank deposits, and either of them over HTTP, through a proxy that misbehaves.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from typing import Any

from drills import (
    Drillmaster,
    Job,
    Place,
    Result,
    advance,
    books_of,
    planted,
    prepare,
    settings,
    still_planted,
    wrong_links,
)
from misbehaving_proxy import misbehaving, seeded

from toolkit.emulator.injection import KINDS

SLOW = ("slow_answer", "late_commit")
"""They take real seconds where the company's clock does not carry the wait: a schedule gives them few or none."""
LASTING = {"subscription_lapsed": {"subscription": "active"}}
"""What a fault leaves behind until a person mends it, and the switches that mend it; connecting is automatic."""
PLACES = ("batch", "batch", "batch", "write", "any", "query", "read", "token")
POINTS = {"commit": 16, "committed": 16, "send": 6, "answer": 6, "ask": 3, "told": 3}
"""Where a push can be struck, and how often a small push gets there."""
MOST_RUNS = 12
MONTHS = tuple(
    {"stage": stage, "period": month} for month in ("2026-01", "2026-02") for stage in ("billing", "deposits")
)


@dataclass(kw_only=True)
class Schedule:
    """One seed's bad days: the work, the company's switches, and rounds of faults, kills and rivals.

    `steps` are the jobs in their order; one that ends cleanly is followed by the next. `http` is the share of calls
    that a proxy spoils, 0 for no proxy.
    """

    seed: int
    steps: tuple[dict[str, Any], ...]
    first: int = 0
    switches: dict[str, str] = field(default_factory=dict)
    lookup_wait: float = 0
    http: float = 0
    rounds: list[Round] = field(default_factory=list)

    @property
    def months(self) -> bool:
        """Whether it is the sample company's months."""
        return "stage" in self.steps[0]


@dataclass(kw_only=True)
class Round:
    """One push (or two at once) with what happens to it; `pause` seconds pass afterwards."""

    faults: str = ""
    at: str = ""
    nth: int = 0
    signal: str = ""
    rival: bool = False
    partial: bool = False
    pause: int = 0


def made(seed: int) -> Schedule:
    """The schedule of a seed, always the same: of ten, three are whole months and two go over HTTP."""
    chance = Random(seed)
    http = chance.choice((0.1, 0.3, 0.5)) if seed % 5 == 4 else 0
    months = seed % 10 in (2, 4, 7)
    invoices = chance.choice((3, 12, 35, 64))
    plan = {
        "invoices": invoices,
        "teams": chance.choice((1, 3, 5)),
        "halves": chance.choice((0, 0, invoices // 2, invoices)),
        "referenced": chance.choice((0, 0, invoices // 3, invoices)),
    }
    lag = 0 if http else chance.choice((0, 0, 0, 10, 40))
    # What a proxy delivers twice can only be told apart by a requestid that is honored or refused.
    requestid = chance.choice(("replay", "replay", "6000") if http else ("replay", "replay", "ignore", "6000"))
    # A requestid that is ignored leaves only the look-ups: then the company's wait must be longer than the lag.
    waits = (lag + 1, lag + 20) if requestid == "ignore" else (0, 5, lag + 1)
    rounds = chance.randrange(2, 7) if months else chance.randrange(1, 5)
    return Schedule(
        seed=seed,
        steps=MONTHS if months else ({"plan": plan},),
        first=chance.randrange(1, invoices + 1),
        lookup_wait=chance.choice((0, 0.1)) if http else chance.choice(waits),
        http=http,
        switches={
            "requestid": requestid,
            "query_lag_s": str(lag),
            "requestid_faults": chance.choice(("again", "again", "replay")),
            "requestid_body": chance.choice(("replay", "600")),
            "name_contention": chance.choice(("off", "on")),
            "duplicate_number_warning": chance.choice(("on", "off")),
            "void_again": chance.choice(("same", "refuse")),
            "language": chance.choice(("en", "en", "fr")),
        },
        rounds=[_round(chance, slow=not http) for _ in range(rounds)],
    )


def _round(chance: Random, *, slow: bool) -> Round:
    at = chance.choice(tuple(POINTS)) if chance.random() < 0.6 else ""
    names = [name for name in KINDS if slow or name not in SLOW]
    return Round(
        faults=",".join(_fault(chance, names) for _ in range(chance.choice((0, 1, 2, 4, 8)))),
        at=at,
        nth=chance.randrange(1, POINTS[at]) if at else 0,
        signal=chance.choice(("KILL", "KILL", "KILL", "INT", "TERM")) if at else "",
        rival=chance.random() < 0.25,
        partial=chance.random() < 0.3,
        pause=chance.choice((0, 0, 1, 30, 90, 2000)),
    )


def _fault(chance: Random, names: list[str]) -> str:
    times = chance.choice((1, 1, 1, 2, 3, 6))
    name = chance.choice(names)
    place = chance.choice(PLACES)
    return f"{name}:{place}@{chance.randrange(1, 10)}" + (f"x{times}" if times > 1 else "")


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What came of a schedule: the differences from the undisturbed books (none is right), and how each run ended.

    `happened` counts what really struck: faults, signals, rivals, misdeeds of the proxy.
    """

    seed: int
    lost: list[str]
    extra: list[str]
    wrong: list[str]
    runs: list[Result]
    happened: Counter[str]

    @property
    def right(self) -> bool:
        """Whether the books equal the undisturbed ones, every link is right, and the last run had nothing to say."""
        bugs = [one for one in self.runs if 1 in one.exits]
        return not (self.lost or self.extra or self.wrong or bugs) and self.runs[-1].clean


def play(master: Drillmaster, place: Place, schedule: Schedule, expected: dict[str, Any]) -> Verdict:
    """Live through the bad days, then push undisturbed until nothing is left, and compare the books."""
    folder = place.fresh()
    settings(folder, lookup_wait_seconds=schedule.lookup_wait)
    prepare(folder, **schedule.switches)
    happened: Counter[str] = Counter()
    with door(folder, schedule, happened) as url:
        runs, at = _bad_days(master, folder, schedule, url, happened)
    runs += _calm(master, folder, schedule, at)
    found = books_of(folder)
    lost, extra = without(expected, found), without(found, expected)
    return Verdict(seed=schedule.seed, lost=lost, extra=extra, wrong=wrong_links(folder), runs=runs, happened=happened)


def _bad_days(
    master: Drillmaster, folder: Path, schedule: Schedule, url: str, happened: Counter[str]
) -> tuple[list[Result], int]:
    runs: list[Result] = []
    at = 0
    for nth, bad in enumerate(schedule.rounds):
        prepare(folder, faults=bad.faults or "off")
        jobs = _jobs(folder, schedule, nth, at, url)
        results = master.run(*jobs)
        left = still_planted(folder)
        happened += planted(bad.faults) - left
        happened.update(
            f"signal {one.signal}" for one, result in zip(jobs, results, strict=True) if _struck(one, result)
        )
        happened.update(["two pushers"] if len(jobs) > 1 else [])
        happened.update(f"ended: {one.error or one.exits or 'cleanly'}" for one in results if not one.killed)
        prepare(folder, faults="off", **_mended())
        advance(folder, bad.pause)
        runs += results
        if results[0].clean and not bad.partial and at + 1 < len(schedule.steps):
            at += 1
    return runs, at


def _struck(job: Job, result: Result) -> bool:
    return bool(job.signal) and (result.killed > 0 or result.stopped or result.error == "KeyboardInterrupt")


def _mended() -> dict[str, str]:
    return {name: value for switches in LASTING.values() for name, value in switches.items()}


def _calm(master: Drillmaster, folder: Path, schedule: Schedule, at: int) -> list[Result]:
    """Push what is left, undisturbed, step by step; the last result is that of one run after all was posted."""
    runs: list[Result] = []
    for nth, step in enumerate((*schedule.steps[at:], schedule.steps[-1])):
        for again in range(MOST_RUNS):
            runs += master.run(Job(folder=str(folder), run=f"calm-{nth}-{again}", **step))
            if runs[-1].clean:
                break
            advance(folder, 120)
        else:
            return runs
    if runs[-1].writes:
        runs.append(replace(runs[-1], exits=[1], words="a finished push wrote again"))
    return runs


def _jobs(folder: Path, schedule: Schedule, nth: int, at: int, url: str) -> list[Job]:
    bad = schedule.rounds[nth]
    step = dict(schedule.steps[at])
    if bad.partial and "plan" in step:
        step["plan"] = step["plan"] | {"invoices": schedule.first}
    first = Job(folder=str(folder), run=f"run-{nth}", at=bad.at, nth=bad.nth, signal=bad.signal, url=url, **step)
    rival = Job(folder=str(folder), run=f"rival-{nth}", url=url, **schedule.steps[at])
    return [first, rival] if bad.rival else [first]


@contextmanager
def door(folder: Path, schedule: Schedule, happened: Counter[str]) -> Iterator[str]:
    """Where the pushes find QuickBooks: "" in their own process, or a server behind a proxy that misbehaves."""
    if not schedule.http:
        yield ""
        return
    choose = seeded(schedule.seed, schedule.http)

    def counting(request: bytes) -> str:
        misdeed = choose(request)
        if misdeed != "none":
            happened[f"proxy {misdeed}"] += 1
        return misdeed

    with served(folder) as port, misbehaving(port, counting, moment=0.02) as url:
        yield url


@contextmanager
def served(folder: Path) -> Iterator[int]:
    """The port of a process that serves an emulated company, for as long as the body runs."""
    command = [sys.executable, "-m", "toolkit.emulator", "--company", str(folder)]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        assert server.stdout is not None
        said = json.loads(server.stdout.readline())
        yield int(said["port"])
    finally:
        server.terminate()
        server.wait(20)


def without(one: dict[str, Any], other: dict[str, Any]) -> list[str]:
    """What one has and the other has not, each as often as it is too often."""
    left: list[str] = []
    for name, rows in one.items():
        counted = Counter(rows)
        counted.subtract(Counter(other[name]))
        left += [row for row, times in counted.items() for _ in range(times)]
    return left


def undisturbed(master: Drillmaster, place: Place, steps: tuple[dict[str, Any], ...]) -> dict[str, Any]:
    """The books after the work on a good day; no number has a suffix but those that the good day gave."""
    folder = place.fresh()
    for step in steps:
        (result,) = master.run(Job(folder=str(folder), **step))
        assert result.clean, result
    assert wrong_links(folder) == []
    return books_of(folder)
