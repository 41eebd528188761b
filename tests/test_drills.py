"""Whatever is killed, cut, repeated or run twice at once: the books equal those of the undisturbed run."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from drill_schedules import made, play, undisturbed
from drills import Drillmaster, Job, Place, advance, books_of, drillmaster, prepare, settings

SMALL: dict[str, Any] = {"invoices": 35, "teams": 2, "halves": 4, "referenced": 10}
TINY: dict[str, Any] = {"invoices": 5, "teams": 2}


@pytest.fixture(scope="module")
def master() -> Iterator[Drillmaster]:
    with drillmaster() as made_one:
        yield made_one


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    return Place(tmp_path_factory.mktemp("drills"))


@pytest.fixture(scope="module")
def expected(master: Drillmaster, place: Place) -> dict[str, Any]:
    return undisturbed(master, place, SMALL)


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


def test_a_machine_that_slept_sends_nothing_more_once_it_was_taken_over(
    master: Drillmaster, place: Place, expected: dict[str, Any]
) -> None:
    """It stops with a batch recorded and not yet sent; the other finishes; it wakes and finds its hold is gone."""
    folder = place.fresh()
    prepare(folder, requestid="ignore")
    settings(folder, lookup_wait_seconds=0)
    sleeper = Job(folder=str(folder), plan=SMALL, run="sleeper", at="committed", nth=9, signal="STOP", host="laptop")
    other = Job(folder=str(folder), plan=SMALL, run="other", host="server", after=120)
    slept, took_over = master.run(sleeper, other)
    assert took_over.clean, took_over
    assert (slept.exits, slept.writes) == ([4], slept.writes), slept
    assert "company-busy" in slept.problems
    assert books_of(folder) == expected


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


SHORT = range(0, 12)
LONG = range(0, 1000)


def drill(seeds: range, master: Drillmaster, place: Place) -> list[str]:
    """What went wrong, a line a seed."""
    known: dict[str, dict[str, Any]] = {}
    wrong = []
    for seed in seeds:
        schedule = made(seed)
        name = json.dumps(schedule.plan)
        if name not in known:
            known[name] = undisturbed(master, place, schedule.plan)
        verdict = play(master, place, schedule, known[name])
        bugs = [run.words for run in verdict.runs if 1 in run.exits]
        if not verdict.right or bugs:
            wrong.append(f"{schedule}: {len(verdict.lost)} lost, {verdict.extra[:2]} extra; {verdict.runs[-1]} {bugs}")
        place.clear()
    return wrong


def test_a_few_random_bad_days_end_with_the_right_books(master: Drillmaster, tmp_path: Path) -> None:
    assert drill(SHORT, master, Place(tmp_path)) == []


@pytest.mark.drill
def test_a_thousand_random_bad_days_end_with_the_right_books(master: Drillmaster, tmp_path: Path) -> None:
    """0 duplicates, 0 lost, 0 wrong links: losses, storms, 401s, throttles, kills, Ctrl-C, two at once, query lag."""
    assert drill(LONG, master, Place(tmp_path)) == []
