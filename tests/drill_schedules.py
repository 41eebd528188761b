"""Seeded random fault schedules: what a bad day does to one company's push, and the run that must come out of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from drills import Drillmaster, Job, Place, Result, advance, books_of, prepare, settings

FAULTS = (
    "lost_answer", "cut_before", "cut_answer", "truncated_json", "empty_answer", "error_500", "error_500_after",
    "html_error", "html_error_after", "unavailable", "throttled", "token_expired",
)  # fmt: skip
PLACES = ("batch", "batch", "batch", "write", "any", "query", "read", "token")
POINTS = {"commit": 16, "committed": 16, "send": 6, "answer": 6, "ask": 3, "told": 3}
"""Where a push can be struck, and how often a small push gets there."""
MOST_RUNS = 12


@dataclass(kw_only=True)
class Schedule:
    """One seed's bad day: the plan, the company's switches, and rounds of faults, kills and rivals."""

    seed: int
    plan: dict[str, Any] = field(default_factory=dict)
    first: int = 0
    switches: dict[str, str] = field(default_factory=dict)
    lookup_wait: int = 0
    rounds: list[Round] = field(default_factory=list)


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
    """The schedule of a seed, always the same."""
    chance = Random(seed)
    invoices = chance.choice((3, 12, 35, 64))
    plan = {
        "invoices": invoices,
        "teams": chance.choice((1, 3, 5)),
        "halves": chance.choice((0, 0, invoices // 2, invoices)),
        "referenced": chance.choice((0, 0, invoices // 3, invoices)),
    }
    lag = chance.choice((0, 0, 0, 10, 40))
    requestid = chance.choice(("replay", "replay", "ignore", "6000"))
    # A requestid that is ignored leaves only the look-ups: then the company's wait must be longer than the lag.
    waits = (lag + 1, lag + 20) if requestid == "ignore" else (0, 5, lag + 1)
    return Schedule(
        seed=seed,
        plan=plan,
        first=chance.randrange(1, invoices + 1),
        lookup_wait=chance.choice(waits),
        switches={
            "requestid": requestid,
            "query_lag_s": str(lag),
            "requestid_faults": chance.choice(("again", "again", "replay")),
            "name_contention": chance.choice(("off", "on")),
            "duplicate_number_warning": chance.choice(("on", "off")),
            "language": chance.choice(("en", "en", "fr")),
        },
        rounds=[_round(chance) for _ in range(chance.randrange(1, 5))],
    )


def _round(chance: Random) -> Round:
    at = chance.choice(tuple(POINTS)) if chance.random() < 0.6 else ""
    return Round(
        faults=",".join(_fault(chance) for _ in range(chance.choice((0, 1, 2, 4, 8)))),
        at=at,
        nth=chance.randrange(1, POINTS[at]) if at else 0,
        signal=chance.choice(("KILL", "KILL", "KILL", "INT")) if at else "",
        rival=chance.random() < 0.25,
        partial=chance.random() < 0.3,
        pause=chance.choice((0, 0, 1, 30, 90, 2000)),
    )


def _fault(chance: Random) -> str:
    times = chance.choice((1, 1, 1, 2, 3, 6))
    name = chance.choice(FAULTS)
    place = chance.choice(PLACES)
    return f"{name}:{place}@{chance.randrange(1, 10)}" + (f"x{times}" if times > 1 else "")


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What came of a schedule: the differences from the undisturbed books (none is right), and how each run ended."""

    seed: int
    lost: list[str]
    extra: list[str]
    runs: list[Result]

    @property
    def right(self) -> bool:
        """Whether the books equal the undisturbed ones, and the last run had nothing left to say."""
        return not self.lost and not self.extra and self.runs[-1].clean


def play(master: Drillmaster, place: Place, schedule: Schedule, expected: dict[str, Any]) -> Verdict:
    """Live through the bad day, then push undisturbed until nothing is left, and compare the books."""
    folder = place.fresh()
    settings(folder, lookup_wait_seconds=schedule.lookup_wait)
    prepare(folder, **schedule.switches)
    runs: list[Result] = []
    for nth, bad in enumerate(schedule.rounds):
        prepare(folder, faults=bad.faults or "off")
        runs += master.run(*_jobs(folder, schedule, bad, nth))
        advance(folder, bad.pause)
    prepare(folder, faults="off")
    for nth in range(MOST_RUNS):
        runs += master.run(Job(folder=str(folder), plan=schedule.plan, run=f"calm-{nth}"))
        if runs[-1].clean:
            break
        advance(folder, 120)
    found = books_of(folder)
    return Verdict(seed=schedule.seed, lost=_without(expected, found), extra=_without(found, expected), runs=runs)


def _jobs(folder: Path, schedule: Schedule, bad: Round, nth: int) -> list[Job]:
    plan = schedule.plan | ({"invoices": schedule.first} if bad.partial else {})
    first = Job(folder=str(folder), plan=plan, run=f"run-{nth}", at=bad.at, nth=bad.nth, signal=bad.signal)
    rival = Job(folder=str(folder), plan=schedule.plan, run=f"rival-{nth}")
    return [first, rival] if bad.rival else [first]


def _without(one: dict[str, Any], other: dict[str, Any]) -> list[str]:
    """What one has and the other has not, each as often as it is too often."""
    left: list[str] = []
    for name, rows in one.items():
        rest = list(other[name])
        for row in rows:
            if row in rest:
                rest.remove(row)
            else:
                left.append(row)
    return left


def undisturbed(master: Drillmaster, place: Place, plan: dict[str, Any]) -> dict[str, Any]:
    """The books after the plan's push on a good day."""
    folder = place.fresh()
    (result,) = master.run(Job(folder=str(folder), plan=plan))
    assert result.clean, result
    return books_of(folder)
