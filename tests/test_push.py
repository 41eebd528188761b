"""Exactly the approved plan is posted, each operation once, whatever is lost on the way."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from made_companies import bare_company, month_plan

from toolkit.approval import Approval
from toolkit.emulator import injection
from toolkit.open_company import OpenCompany, open_company
from toolkit.plan import Action, Outcome, Plan, Standing
from toolkit.posting_log import PostingLog
from toolkit.problems import NotLive, Stale, Unapproved, Unsafe
from toolkit.push import Situation, push
from toolkit.push_tally import Tally
from toolkit.settings import Environment
from toolkit.waves import Waves


@pytest.fixture
def company(tmp_path: Path) -> Iterator[OpenCompany]:
    with open_company(bare_company(tmp_path)) as opened:
        switch(opened, quotas="off")
        _ = opened.realm
        yield opened


def switch(company: OpenCompany, *, fault: str = "", **values: str) -> None:
    """Set switches of the emulated company, and arm a fault such as `lost_answer:write@2`."""
    assert company.emulated is not None
    with company.emulated.transaction():
        company.emulated.switches.update(values)
        if fault:
            injection.plant(company.emulated, fault)


def post(company: OpenCompany, plan: Plan, code: str | None = None, run: str = "run-1") -> Outcome:
    situation = Situation(
        client=company.client, log=company.log, settings=company.settings, run_id=run, sleep=lambda _seconds: None
    )
    return push(plan, approval=Approval(code=plan.digest if code is None else code), situation=situation)


def in_books(company: OpenCompany) -> dict[str, int]:
    return {entity: company.client.count(entity) for entity in ("Customer", "Invoice", "Payment")}


def test_every_operation_of_the_plan_is_posted_once(company: OpenCompany) -> None:
    outcome = post(company, month_plan())

    assert [one for one in outcome.written if one.problem] == []
    assert outcome.count(Action.CREATE) == 83
    assert in_books(company) == {"Customer": 3, "Invoice": 40, "Payment": 40}
    assert all(row["Balance"] == 0 for row in company.client.query_all("Invoice"))


def test_a_second_run_of_the_same_plan_writes_nothing(company: OpenCompany) -> None:
    post(company, month_plan())
    again = post(company, month_plan(), run="run-2")
    assert (again.writes, again.written) == (0, ())
    assert in_books(company) == {"Customer": 3, "Invoice": 40, "Payment": 40}


def test_the_code_of_a_plan_that_is_carried_out_posts_nothing_more_and_says_so(company: OpenCompany) -> None:
    """Whoever was cut at the very end and runs the same command again is not told that the books have changed."""
    plan = month_plan()
    post(company, plan)
    nothing = replace(plan, operations=(), unchanged=tuple(one.key for one in plan.operations))
    again = post(company, nothing, plan.digest, run="run-2")
    assert (again.writes, again.written, again.problems) == (0, (), ())
    with pytest.raises(Stale) as refused:
        post(company, month_plan(extra_cents=1), plan.digest, run="run-3")
    assert "has been carried out already" in refused.value.problem.why


@pytest.mark.parametrize(
    ("code", "error"), [("", Unapproved), ("0123456789abcdef", Stale)], ids=["no approval code", "another plan's code"]
)
def test_nothing_is_posted_without_the_code_of_this_very_plan(
    company: OpenCompany, code: str, error: type[Exception]
) -> None:
    with pytest.raises(error):
        post(company, month_plan(), code)
    assert in_books(company) == {"Customer": 0, "Invoice": 0, "Payment": 0}
    assert company.log.replay() == {}


def test_auto_posts_only_within_the_companys_limits(company: OpenCompany) -> None:
    limits = company.settings.limits.model_copy(update={"auto_documents": 10})
    strict = replace(company, settings=company.settings.model_copy(update={"limits": limits}))
    with pytest.raises(Unsafe, match="80 documents, and auto_documents is 10"):
        post(strict, month_plan(), "auto")
    assert post(company, month_plan(), "auto").count(Action.CREATE) == 83


def test_real_books_need_the_explicit_word(company: OpenCompany) -> None:
    quickbooks = company.settings.quickbooks.model_copy(update={"environment": Environment.PRODUCTION})
    live = replace(company, settings=company.settings.model_copy(update={"quickbooks": quickbooks}))
    with pytest.raises(NotLive, match="--live"):
        post(live, month_plan())


FAULTS = (
    "lost_answer", "cut_before", "cut_answer", "truncated_json", "empty_answer", "error_500", "error_500_after",
    "html_error", "html_error_after", "unavailable", "token_expired",
)  # fmt: skip


@pytest.mark.parametrize("requestid", ["replay", "ignore", "6000"])
@pytest.mark.parametrize("call", range(1, 5))
@pytest.mark.parametrize("fault", FAULTS)
def test_whatever_is_lost_is_looked_up_and_nothing_is_doubled(
    company: OpenCompany, fault: str, call: int, requestid: str
) -> None:
    switch(company, fault=f"{fault}:batch@{call}", requestid=requestid)
    outcome = post(company, month_plan())
    assert [one.problem for one in outcome.written if one.standing is not Standing.DONE] == []
    assert in_books(company) == {"Customer": 3, "Invoice": 40, "Payment": 40}
    assert company.log.open_batches() == ()
    assert outcome.writes >= 83, "0 writes would say that nothing can have been changed"


def interrupting(monkeypatch: pytest.MonkeyPatch, owner: type, name: str, *, nth: int) -> None:
    """Ctrl-C arrives right after the `nth` call of a method, and once more after the next."""
    whole: Callable[..., Any] = getattr(owner, name)
    calls = iter(range(1, 10_000))

    def interrupted(*args: Any, **kwargs: Any) -> Any:
        found = whole(*args, **kwargs)
        if next(calls) in (nth, nth + 1):
            signal.raise_signal(signal.SIGINT)
        return found

    monkeypatch.setattr(owner, name, interrupted)


def summary(done: int) -> str:
    """The account of a run that was stopped when so many were done, as `status --runs` shows it."""
    return f"{done} of 83 operations written" + (f", {83 - done} not sent" if done < 83 else "")


MOMENTS = [
    (PostingLog, "begin_batch"), (PostingLog, "settle_batch"), (Tally, "settle"), (Tally, "_took"),
    (Waves, "landed"), (Waves, "settle"), (Waves, "parcels"), (PostingLog, "end_run"),
]  # fmt: skip


@pytest.mark.parametrize("nth", [1, 2])
@pytest.mark.parametrize(("owner", "name"), MOMENTS, ids=[f"{owner.__name__}.{name}" for owner, name in MOMENTS])
def test_whenever_ctrl_c_comes_the_answers_in_hand_are_noted_and_counted(
    company: OpenCompany, monkeypatch: pytest.MonkeyPatch, owner: type, name: str, nth: int
) -> None:
    before = signal.getsignal(signal.SIGINT)
    with monkeypatch.context() as patched:
        interrupting(patched, owner, name, nth=1 if name == "end_run" else nth)
        with pytest.raises(KeyboardInterrupt):
            post(company, month_plan())
    assert signal.getsignal(signal.SIGINT) is before
    noted = sum(1 for one in company.log.replay().values() if one.standing is Standing.DONE)
    assert noted == sum(in_books(company).values()), "what is in QuickBooks is noted"
    assert company.log.open_batches() == (), "what is not is not left open"
    (run,) = company.log.runs()
    assert (run.ended_at is not None, run.summary) == (True, summary(noted))
    post(company, month_plan(), run="run-2")
    assert in_books(company) == {"Customer": 3, "Invoice": 40, "Payment": 40}


@pytest.mark.parametrize("thread", ["main thread", "another thread"])
def test_whoever_is_told_of_the_progress_may_stop_it_without_cutting_the_account(
    company: OpenCompany, thread: str
) -> None:
    """As the Stop button of a page does, from a thread of its own; here at every word that it is told."""
    ended: list[BaseException] = []
    words: list[str] = []

    def stop(_done: int, _total: int, word: str) -> None:
        words.append(word)
        raise KeyboardInterrupt

    def run() -> None:
        situation = Situation(
            client=company.client, log=company.log, settings=company.settings, run_id="run-1", progress=stop
        )
        try:
            push(month_plan(), approval=Approval(code=month_plan().digest), situation=situation)
        except KeyboardInterrupt as error:
            ended.append(error)

    if thread == "main thread":
        run()
    else:
        worker = threading.Thread(target=run)
        worker.start()
        worker.join(30)
    assert len(ended) == 1
    assert len(words) < 100
    noted = sum(1 for one in company.log.replay().values() if one.standing is Standing.DONE)
    assert 0 < noted == sum(in_books(company).values())
    assert company.log.open_batches() == ()
    assert company.log.runs()[0].summary == summary(noted)
