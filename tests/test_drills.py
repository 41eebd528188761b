"""Whatever is killed, cut, repeated or run twice at once: the books equal those of the undisturbed run."""

from __future__ import annotations

import json
import os
import shutil
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from drill_schedules import MONTHS, Schedule, Verdict, made, play, undisturbed
from drills import (
    Drillmaster,
    Job,
    Place,
    advance,
    books_of,
    drillmaster,
    planted,
    prepare,
    settings,
    still_planted,
    wrong_links,
)
from made_companies import copy_of_sample

from toolkit.emulator.injection import KINDS

SMALL: dict[str, Any] = {"invoices": 35, "teams": 2, "halves": 4, "referenced": 10}
END_OF_MONTHS = datetime(2026, 3, 3, 17, tzinfo=UTC)
TINY: dict[str, Any] = {"invoices": 5, "teams": 2}
FEW: dict[str, Any] = {"invoices": 6, "teams": 2, "halves": 2, "referenced": 3}
Steps = tuple[dict[str, Any], ...]


@pytest.fixture(scope="module")
def master() -> Iterator[Drillmaster]:
    with drillmaster() as made_one:
        yield made_one


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    return Place(tmp_path_factory.mktemp("drills"))


@pytest.fixture(scope="module")
def expected(master: Drillmaster, place: Place) -> dict[str, Any]:
    return undisturbed(master, place, ({"plan": SMALL},))


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Place:
    folder = tmp_path_factory.mktemp("months")
    return Place(folder, copy_of_sample(folder), END_OF_MONTHS)


@pytest.fixture(scope="module")
def right_months(master: Drillmaster, sample: Place) -> dict[str, Any]:
    return undisturbed(master, sample, MONTHS)


@pytest.mark.parametrize("at", ["commit", "committed", "send", "answer", "ask", "told"])
def test_killed_at_any_point_and_resumed_the_books_are_those_of_the_undisturbed_run(
    at: str, master: Drillmaster, place: Place, expected: dict[str, Any]
) -> None:
    """kill -9 before and after each write of the posting log, and before and after each call to QuickBooks."""
    struck = 0
    for nth in range(1, 60):
        folder = place.fresh()
        (first,) = master.run(Job(folder=str(folder), plan=SMALL, run="struck", at=at, nth=nth, signal="KILL"))
        if not first.killed:
            break
        struck += 1
        (second,) = master.run(Job(folder=str(folder), plan=SMALL, run="again"))
        assert second.clean, f"killed at {at} {nth}: {second}"
        assert books_of(folder) == expected, f"killed at {at} {nth}"
        if nth % 5 == 0:
            (third,) = master.run(Job(folder=str(folder), plan=SMALL, run="once more"))
            assert (third.writes, third.clean) == (0, True), f"killed at {at} {nth}: {third}"
    assert struck >= {"commit": 14, "committed": 14, "send": 4, "answer": 4}.get(at, 0), "the trap must strike"


@pytest.mark.parametrize("requestid", ["replay", "ignore", "6000"])
@pytest.mark.parametrize("nth", [1, 2, 3, 4])
def test_killed_with_the_answer_in_hand_nothing_relies_on_requestid_alone(
    nth: int, requestid: str, master: Drillmaster, place: Place, expected: dict[str, Any]
) -> None:
    folder = place.fresh()
    settings(folder, lookup_wait_seconds=12)
    prepare(folder, requestid=requestid, query_lag_s="10")
    struck = Job(folder=str(folder), plan=SMALL, run="struck", at="answer", nth=nth, signal="KILL")
    assert master.run(struck)[0].killed
    (second,) = master.run(Job(folder=str(folder), plan=SMALL, run="again"))
    assert second.clean, second
    assert books_of(folder) == expected


def test_a_fresh_plan_after_a_kill_doubles_nothing_and_leaves_nothing_open(master: Drillmaster, place: Place) -> None:
    """The cut plan had more in it than the one that is approved next: what arrived of it is noted all the same."""
    for nth in range(6, 15, 2):
        folder = place.fresh()
        master.run(Job(folder=str(folder), plan=SMALL, run="struck", at="committed", nth=nth, signal="KILL"))
        posted = len(books_of(folder)["transactions"])
        (second,) = master.run(Job(folder=str(folder), plan=TINY | {"halves": 4, "referenced": 10}, run="fresh"))
        assert second.clean, second
        (third,) = master.run(Job(folder=str(folder), plan=SMALL, run="whole"))
        assert third.clean, third
        assert len(books_of(folder)["transactions"]) == 74 >= posted
        (fourth,) = master.run(Job(folder=str(folder), plan=SMALL, run="after"))
        assert fourth.writes == 0


def test_two_pushers_at_once_post_once_and_the_second_is_told(
    master: Drillmaster, place: Place, expected: dict[str, Any]
) -> None:
    folder = place.fresh()
    prepare(folder, batch_latency_ms="150")
    results = master.run(*(Job(folder=str(folder), plan=SMALL, run=f"pusher-{one}") for one in range(3)))
    assert sorted(one.error for one in results) == ["", "CompanyBusy", "CompanyBusy"], results
    assert {one.exits[0] for one in results if one.error} == {4}
    assert books_of(folder) == expected


def test_a_dead_machine_is_taken_over_after_a_minute_and_not_before(
    master: Drillmaster, place: Place, expected: dict[str, Any]
) -> None:
    folder = place.fresh()
    struck = Job(folder=str(folder), plan=SMALL, run="far", at="answer", nth=2, signal="KILL", host="far-away")
    assert master.run(struck)[0].killed
    advance(folder, 50)
    (early,) = master.run(Job(folder=str(folder), plan=SMALL, run="early", host="here"))
    assert early.error == "CompanyBusy"
    advance(folder, 20)
    (late,) = master.run(Job(folder=str(folder), plan=SMALL, run="late", host="here"))
    assert late.clean, late
    assert books_of(folder) == expected


def test_a_machine_that_slept_sends_nothing_more_once_it_was_taken_over(master: Drillmaster, place: Place) -> None:
    """It stops with a batch recorded and not yet sent; the other finishes; it wakes and finds its hold is gone."""
    folder = place.fresh()
    prepare(folder, requestid="ignore")
    settings(folder, lookup_wait_seconds=0)
    sleeper = Job(folder=str(folder), plan=FEW, run="sleeper", at="committed", nth=8, signal="STOP", host="laptop")
    other = Job(folder=str(folder), plan=FEW, run="other", host="server", after=120)
    slept, took_over = master.run(sleeper, other)
    assert took_over.clean, took_over
    assert (slept.exits, slept.writes) == ([4], slept.writes), slept
    assert "company-busy" in slept.problems
    assert books_of(folder) == undisturbed(master, place, ({"plan": FEW},))


@pytest.mark.parametrize("requestid", ["replay", "6000"])
@pytest.mark.parametrize("nth", [1, 2, 3])
def test_a_machine_that_fell_asleep_with_a_request_in_hand_doubles_nothing_when_it_wakes(
    nth: int, requestid: str, master: Drillmaster, place: Place
) -> None:
    """It had asked whether it still holds the company, and sends hours later what the other has sent by then.

    Nothing on our side can hold it back: what saves the books is that both send under the same requestid.
    """
    right = undisturbed(master, place, ({"plan": FEW},))
    folder = place.fresh()
    prepare(folder, requestid=requestid)
    sleeper = Job(folder=str(folder), plan=FEW, run="sleeper", at="send", nth=nth, signal="STOP", host="laptop")
    other = Job(folder=str(folder), plan=FEW, run="other", host="server", after=7200)
    slept, took_over = master.run(sleeper, other)
    assert took_over.clean, took_over
    assert slept.exits, slept
    assert books_of(folder) == right
    assert wrong_links(folder) == []


def test_a_paused_process_of_this_machine_keeps_the_company(master: Drillmaster, place: Place) -> None:
    folder = place.fresh()
    paused = Job(folder=str(folder), plan=FEW, run="paused", at="committed", nth=6, signal="STOP")
    other = Job(folder=str(folder), plan=FEW, run="other", after=7200)
    first, second = master.run(paused, other)
    assert second.error == "CompanyBusy", second
    assert first.clean or first.exits, first
    (last,) = master.run(Job(folder=str(folder), plan=FEW, run="last"))
    assert last.clean, last


@pytest.mark.parametrize("at", ["commit", "committed", "send", "answer"])
def test_ctrl_c_finishes_the_answers_in_hand_and_running_again_resumes(
    at: str, master: Drillmaster, place: Place, expected: dict[str, Any]
) -> None:
    for nth in (5, 8, 10, 12) if at.startswith("commit") else (1, 2, 4):
        folder = place.fresh()
        (first,) = master.run(Job(folder=str(folder), plan=SMALL, run="struck", at=at, nth=nth, signal="INT"))
        assert (first.error, first.exits) == ("KeyboardInterrupt", [130]), f"{at} {nth}: {first}"
        (second,) = master.run(Job(folder=str(folder), plan=SMALL, run="again"))
        assert second.clean, second
        assert books_of(folder) == expected


def test_the_plan_that_was_cut_is_resumed_by_its_code(
    master: Drillmaster, place: Place, expected: dict[str, Any]
) -> None:
    folder = place.fresh()
    master.run(Job(folder=str(folder), plan=SMALL, run="struck", at="answer", nth=3, signal="KILL"))
    code = master.run(Job(folder=str(place.fresh()), plan=SMALL))[0].digest
    (resumed,) = master.run(Job(folder=str(folder), plan=SMALL, run="again", approve=code))
    assert resumed.clean, resumed
    assert resumed.digest == code
    assert books_of(folder) == expected


def test_a_cut_plan_is_stale_when_what_is_left_of_it_would_be_posted_differently(
    master: Drillmaster, place: Place
) -> None:
    folder = place.fresh()
    master.run(Job(folder=str(folder), plan=SMALL, run="struck", at="answer", nth=2, signal="KILL"))
    before = books_of(folder)
    code = master.run(Job(folder=str(place.fresh()), plan=SMALL))[0].digest
    dearer = SMALL | {"extra_cents": 1}
    (refused,) = master.run(Job(folder=str(folder), plan=dearer, run="again", approve=code))
    assert (refused.error, refused.exits) == ("Stale", [4])
    assert "would be posted with another Line" in refused.words
    assert books_of(folder) == before


REQUESTIDS = ("replay", "ignore", "6000")


def live_through(master: Drillmaster, folder: Path, steps: Steps, faults: str, requestid: str) -> Counter[str]:
    """Do the steps with those faults planted before each, each again until it is clean; returns what struck."""
    settings(folder, lookup_wait_seconds=1)
    prepare(folder, requestid=requestid)
    struck: Counter[str] = Counter()
    for nth, step in enumerate(steps):
        prepare(folder, faults=faults)
        for again in range(6):
            (result,) = master.run(Job(folder=str(folder), run=f"run-{nth}-{again}", **step))
            if not again:
                struck += planted(faults) - still_planted(folder)
            if result.clean:
                break
            prepare(folder, faults="off", subscription="active")
            advance(folder, 120)
        assert result.clean, f"{faults} {requestid} {step}: {result}"
        prepare(folder, faults="off", subscription="active")
    return struck


@pytest.mark.parametrize("requestid", REQUESTIDS)
def test_every_fault_at_every_kind_of_batch_leaves_the_books_of_the_undisturbed_run(
    requestid: str, master: Drillmaster, place: Place
) -> None:
    """Customers, invoices, payments: the faults are the emulator's own list, so that a new one cannot be forgotten."""
    right = undisturbed(master, place, ({"plan": FEW},))
    for nth, name in enumerate(KINDS):
        call = 1 + (nth + REQUESTIDS.index(requestid)) % 3
        folder = place.fresh()
        struck = live_through(master, folder, ({"plan": FEW},), f"{name}:batch@{call}", requestid)
        assert struck[name], f"{name} must have struck"
        assert books_of(folder) == right, f"{name} at batch {call}"
        assert wrong_links(folder) == []


@pytest.mark.drill
@pytest.mark.parametrize("requestid", REQUESTIDS)
@pytest.mark.parametrize("name", KINDS)
def test_every_fault_in_every_step_of_two_months_leaves_the_books_of_the_undisturbed_months(
    name: str, requestid: str, master: Drillmaster, sample: Place, right_months: dict[str, Any]
) -> None:
    """Through posting, bank deposits, voids and refunds: at the first write, at a later one, and at a query."""
    faults = f"{name}:batch@1,{name}:write@3,{name}:query@2"
    folder = sample.fresh()
    struck = live_through(master, folder, MONTHS, faults, requestid)
    assert struck[name] >= 4, "it must have struck in every step"
    assert books_of(folder) == right_months
    assert wrong_links(folder) == []
    sample.clear()


@pytest.mark.drill
@pytest.mark.parametrize("at", ["commit", "committed", "send", "answer"])
@pytest.mark.parametrize("step", range(4), ids=["bills", "deposits", "next bills", "next deposits"])
def test_killed_at_any_point_of_two_months_and_resumed_the_books_are_those_of_the_undisturbed_months(
    step: int, at: str, master: Drillmaster, sample: Place, right_months: dict[str, Any]
) -> None:
    """kill -9 between any two writes of the posting log, also among voids, refunds and bank deposits."""
    begun = sample.fresh()
    for before in MONTHS[:step]:
        assert master.run(Job(folder=str(begun), **before))[0].clean
    struck = 0
    for nth in range(1, 80):
        folder = begun.with_name(f"drill-struck-{nth}")
        shutil.copytree(begun, folder)
        (first,) = master.run(Job(folder=str(folder), run="struck", at=at, nth=nth, signal="KILL", **MONTHS[step]))
        if not first.killed:
            break
        struck += 1
        for after in MONTHS[step:]:
            (result,) = master.run(Job(folder=str(folder), run=f"after-{after}", **after))
            assert result.clean, f"killed at {at} {nth}: {result}"
        assert books_of(folder) == right_months, f"killed at {at} {nth}"
        assert wrong_links(folder) == []
        shutil.rmtree(folder)
    assert struck, "the trap must strike"
    sample.clear()


SHORT = range(0, 15)
SEEDS = range(*map(int, os.environ.get("DRILL_SEEDS", "0:1000").split(":")))
"""What the long drill plays; DRILL_SEEDS=250:500 plays a part of it."""


def drill(seeds: range, master: Drillmaster, bare: Place, sample: Place) -> tuple[list[str], Counter[str]]:
    """What went wrong, a line a seed, and what happened in all of them."""
    known: dict[str, dict[str, Any]] = {}
    wrong, happened = [], Counter[str]()
    for seed in seeds:
        schedule = made(seed)
        place = sample if schedule.months else bare
        name = json.dumps(schedule.steps)
        if name not in known:
            known[name] = undisturbed(master, place, schedule.steps)
        verdict = play(master, place, schedule, known[name])
        happened += verdict.happened
        happened.update({"schedules": 1, "pushes": len(verdict.runs), "schedules over HTTP": bool(schedule.http)})
        happened.update(
            {"schedules of whole months": schedule.months, "writes": sum(one.writes for one in verdict.runs)}
        )
        if not verdict.right:
            wrong.append(said(schedule, verdict))
        place.clear()
    return wrong, happened


def said(schedule: Schedule, verdict: Verdict) -> str:
    bugs = [one.words for one in verdict.runs if 1 in one.exits]
    return (
        f"{schedule}: {len(verdict.lost)} lost {verdict.lost[:2]}, {len(verdict.extra)} extra {verdict.extra[:2]}, "
        f"wrong links {verdict.wrong[:3]}; {verdict.runs[-1]} {bugs}"
    )


def test_a_few_random_bad_days_end_with_the_right_books(master: Drillmaster, tmp_path: Path, sample: Place) -> None:
    wrong, happened = drill(SHORT, master, Place(tmp_path), sample)
    assert wrong == []
    assert happened["signal KILL"] and sum(times for name, times in happened.items() if name in KINDS), happened


@pytest.mark.drill
def test_a_thousand_random_bad_days_end_with_the_right_books(
    master: Drillmaster, tmp_path: Path, sample: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    """0 duplicates, 0 lost, 0 wrong links: losses, storms, 401s, throttles, kills, Ctrl-C, two at once, query lag."""
    wrong, happened = drill(SEEDS, master, Place(tmp_path), sample)
    with capsys.disabled():
        print(f"\nseeds {SEEDS.start} to {SEEDS.stop - 1}:", json.dumps(happened, sort_keys=True, indent=1))
    assert wrong == []
    assert not KINDS.keys() - happened.keys() or len(SEEDS) < 200, "every fault must have struck"
