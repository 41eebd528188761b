"""However a push ends, its account adds up: done, failed, in doubt, waiting for these, not sent before it ended."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from made_companies import bare_company, copy_of_sample, month_plan
from test_push import MOMENTS, interrupting, post, switch

from toolkit import push_words, report_outcome
from toolkit.cli import cli
from toolkit.money import ZERO
from toolkit.open_company import OpenCompany, open_company
from toolkit.plan import Action, Adoption, Kind, Outcome, Plan, Standing, Written
from toolkit.posting_log import PostingLog
from toolkit.problems import CompanyBusy, OutcomeUnknown, ToolkitError, UsageError, worst_exit
from toolkit.push_stop import Stopped
from toolkit.push_tally import Tally

NEVER = "cut_before:batch@{}x60"
"""One batch never arrives, however often it goes: its outcome stays in doubt."""
LAPSED = "subscription_lapsed:batch@{}"


@pytest.fixture
def company(tmp_path: Path) -> Iterator[OpenCompany]:
    with open_company(bare_company(tmp_path)) as opened:
        switch(opened, quotas="off")
        _ = opened.realm
        yield opened


def account(outcome: Outcome) -> tuple[int, ...]:
    return (outcome.ended(Standing.DONE), *outcome.left.values())


def noted(company: OpenCompany) -> int:
    return sum(1 for one in company.log.replay().values() if one.standing is Standing.DONE)


def test_what_waits_for_an_entry_in_doubt_is_counted_apart_from_what_failed(company: OpenCompany) -> None:
    """The customers are in doubt; no invoice and no payment was ever sent."""
    switch(company, fault=NEVER.format(1))
    outcome = post(company, month_plan())
    assert outcome.left == {"failed": 0, "unknown": 3, "waiting": 80, "not_sent": 0}
    text = report_outcome.outcome_text(outcome, month_plan())
    assert "Of 3 the outcome is not known" in text
    assert "80 wait for these and were not sent." in text
    assert "were not posted" not in text
    assert "posted nothing" not in text, "three may stand"
    (run,) = company.log.runs()
    assert (run.state, run.summary) == ("unknown", "0 of 83 operations written, 3 unknown, 80 waiting")


def test_a_lapsed_subscription_refuses_some_and_what_needs_these_waits(company: OpenCompany) -> None:
    switch(company, fault=LAPSED.format(1))
    outcome = post(company, month_plan())
    assert outcome.left == {"failed": 3, "unknown": 0, "waiting": 80, "not_sent": 0}
    text = report_outcome.outcome_text(outcome, month_plan())
    assert "nothing was posted, QuickBooks refused what was sent" in text
    assert "posted nothing" not in text, "3 writes were sent"
    (run,) = company.log.runs()
    assert run.summary == "0 of 83 operations written, 3 failed, 80 waiting"


@pytest.mark.parametrize("fault", [NEVER, LAPSED])
@pytest.mark.parametrize("batch", [1, 2, 3, 4])
def test_the_account_of_a_run_that_ends_early_adds_up(company: OpenCompany, fault: str, batch: int) -> None:
    switch(company, fault=fault.format(batch))
    outcome = post(company, month_plan())
    assert sum(account(outcome)) == 83
    assert outcome.ended(Standing.DONE) == noted(company)
    switch(company, fault="off", subscription="active")
    again = post(company, month_plan(), run="run-2")
    assert (outcome.ended(Standing.DONE) + again.ended(Standing.DONE), sum(again.left.values())) == (83, 0)


@pytest.mark.parametrize("nth", [1, 2, 3])
def test_an_answer_that_cannot_be_written_down_is_in_doubt_and_not_called_unsent(
    company: OpenCompany, monkeypatch: pytest.MonkeyPatch, nth: int
) -> None:
    whole, calls = PostingLog.settle_batch, iter(range(1, 1000))

    def full(*args: Any, **kwargs: Any) -> None:
        if next(calls) >= nth:
            raise OutcomeUnknown(push_words.unexplained(month_plan(), 1))
        whole(*args, **kwargs)

    with monkeypatch.context() as patched:
        patched.setattr(PostingLog, "settle_batch", full)
        outcome = post(company, month_plan())
    in_books = sum(company.client.count(entity) for entity in ("Customer", "Invoice", "Payment"))
    assert (outcome.ended(Standing.DONE) + outcome.left["unknown"], sum(account(outcome))) == (in_books, 83)
    assert "what is known of it is noted" in report_outcome.outcome_text(outcome, month_plan())


TORN = replace(push_words.unexplained(month_plan(), 1), code="posting-log-unwritable")


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (UsageError(TORN), OutcomeUnknown(TORN)),
        (UsageError(replace(TORN, code="posting-log-damaged")), OutcomeUnknown(TORN)),
        (UsageError(TORN), UsageError(TORN)),
        (CompanyBusy(TORN), CompanyBusy(TORN)),
    ],
)
def test_whatever_was_met_first_an_answer_that_is_not_noted_is_exit_6(
    company: OpenCompany, monkeypatch: pytest.MonkeyPatch, first: ToolkitError, second: ToolkitError
) -> None:
    """The next batch cannot be begun, and then the answers in hand cannot be noted."""

    def failing(name: str, *, nth: int, error: ToolkitError) -> None:
        whole, calls = getattr(PostingLog, name), iter(range(1, 1000))

        def failed(*args: Any, **kwargs: Any) -> None:
            if next(calls) >= nth:
                raise error
            whole(*args, **kwargs)

        patched.setattr(PostingLog, name, failed)

    with monkeypatch.context() as patched:
        failing("begin_batch", nth=3, error=first)
        failing("settle_batch", nth=2, error=second)
        outcome = post(company, month_plan())
    assert outcome.left["unknown"] > 0
    assert worst_exit(outcome.exit_codes) == 6, outcome.exit_codes
    text = report_outcome.outcome_text(outcome, month_plan())
    assert "something was sent, and what came of it could not be noted; the next run looks it up first" in text
    assert "everything posted so far is noted" not in text


def test_entries_of_another_plan_that_cannot_be_noted_are_not_called_nothing(company: OpenCompany) -> None:
    """An earlier run's entries were found, and the posting log could not take it: nothing of this plan was sent."""
    outcome = Outcome(run="r", digest="d", written=(), not_sent=4, stopped=True, problems=(TORN,), exit_codes=(6,))
    text = report_outcome.outcome_text(outcome, month_plan())
    assert "nothing is known to be posted yet" in text
    assert "posted nothing" not in text
    assert "could not be noted; the next run looks it up first" in text


@pytest.mark.parametrize(("owner", "name"), MOMENTS, ids=[f"{owner.__name__}.{name}" for owner, name in MOMENTS])
def test_a_run_that_is_stopped_hands_its_account_over(
    company: OpenCompany, monkeypatch: pytest.MonkeyPatch, owner: type, name: str
) -> None:
    with monkeypatch.context() as patched:
        interrupting(patched, owner, name, nth=1)
        with pytest.raises(Stopped) as stopped:
            post(company, month_plan())
    outcome = stopped.value.outcome
    done = noted(company)
    assert (outcome.run, outcome.ended(Standing.DONE), sum(account(outcome))) == ("run-1", done, 83)
    assert outcome.writes == done
    text = report_outcome.outcome_text(outcome, month_plan())
    assert (f"{83 - done} were not sent before the run ended." in text) == (done < 83)
    assert "Nothing was left to post" not in text


def test_a_run_that_finds_what_an_earlier_one_left_open_and_cannot_ask_calls_it_in_doubt(
    company: OpenCompany,
) -> None:
    switch(company, fault=NEVER.format(2))
    first = post(company, month_plan())
    assert first.left["unknown"] > 0
    switch(company, fault="unavailable:query@1x40")
    second = post(company, month_plan(), run="run-2")
    assert (second.ended(Standing.DONE), second.left["unknown"]) == (0, first.left["unknown"])
    assert second.left["not_sent"] == 83 - first.ended(Standing.DONE) - first.left["unknown"]
    assert "Nothing was left to post" not in report_outcome.outcome_text(second, month_plan())


def test_adoptions_are_counted_by_the_run_that_notes_them(company: OpenCompany) -> None:
    name = {"key": "there", "entity": "Invoice", "qbo_id": "4711", "number": "1", "rule": "stamp", "label": "Invoice 1"}
    there = Adoption(kind=Kind.INVOICE, amount=ZERO, **name)
    plan = replace(month_plan(), adoptions=(there,))
    assert post(company, plan).adopted == 1
    assert post(company, plan, run="run-2").adopted == 0


# ---- in words


def made(*ends: tuple[Action, Standing]) -> tuple[Outcome, Plan]:
    """An outcome of customers that ended so, and its plan."""
    base = month_plan(teams=len(ends), invoices=0)
    operations = tuple(replace(one, action=action) for one, (action, _) in zip(base.operations, ends, strict=True))
    written = tuple(
        Written(key=one.key, action=one.action, entity=one.entity, standing=standing)
        for one, (_, standing) in zip(operations, ends, strict=True)
    )
    return Outcome(run="r", digest="d", written=written), replace(base, operations=operations)


CREATED, ACTIVE = (Action.CREATE, Standing.DONE), (Action.UPDATE, Standing.DONE)


@pytest.mark.parametrize(
    ("ends", "words"),
    [
        ([CREATED, CREATED], "posted 2 customers"),
        ([ACTIVE, ACTIVE], "made 2 customers active again"),
        ([CREATED, ACTIVE], "posted 1 customer; made 1 customer active again"),
        ([(Action.CREATE, Standing.UNKNOWN)], "nothing is known to be posted yet"),
        ([(Action.CREATE, Standing.WAITING)], "posted nothing"),
        ([], "posted nothing"),
    ],
)
def test_what_was_done_is_said_as_what_it_was(ends: list[tuple[Action, Standing]], words: str) -> None:
    outcome, plan = made(*ends)
    assert report_outcome.done_words(outcome, plan.operations) == words


@pytest.mark.parametrize(
    ("ends", "line"),
    [
        ([Standing.FAILED, Standing.WAITING], "1 waits for it and was not sent."),
        ([Standing.FAILED, Standing.UNKNOWN, Standing.WAITING], "1 waits for these and was not sent."),
        ([Standing.UNKNOWN, Standing.WAITING, Standing.WAITING], "2 wait for it and were not sent."),
        ([Standing.WAITING], "1 waits for another that does not stand, and was not sent."),
    ],
)
def test_what_waits_is_said_with_what_it_waits_for(ends: list[Standing], line: str) -> None:
    outcome, _ = made(*((Action.CREATE, one) for one in ends))
    assert line in report_outcome.left_lines(outcome)


# ---- on the command line

KEYS = {"run", "digest", "created", "updated", "voided", "adopted", "unchanged", "held", "failed", "unknown", "waiting"}


@pytest.fixture
def sample(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("COWORKS_QBO_URL", raising=False)
    return copy_of_sample(tmp_path)


def ask(folder: Path, command: str, *arguments: str) -> tuple[dict[str, Any], Result]:
    where = ["--company", str(folder), "--reports", str(folder / "reports"), "--json"]
    result = CliRunner().invoke(cli, [command, *where, *arguments])
    return json.loads(result.stdout.strip().splitlines()[-1]), result


def stopping(monkeypatch: pytest.MonkeyPatch, *, nth: int) -> None:
    """Ctrl-C arrives while the answers of the nth batch are noted."""
    whole: Callable[..., bool] = Tally.settle
    calls = iter(range(1, 1000))

    def settled(*args: Any, **kwargs: Any) -> bool:
        if next(calls) == nth:
            signal.raise_signal(signal.SIGINT)
        return whole(*args, **kwargs)

    monkeypatch.setattr(Tally, "settle", settled)


def test_a_stopped_command_says_its_run_and_its_counts(sample: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        stopping(patched, nth=2)
        cut, shown = ask(sample, "push", "--period", "2026-01", "--approve", "auto")
    assert cut["exit"] == 130
    assert cut.keys() >= KEYS
    assert cut["created"] >= 46
    assert cut["created"] + cut["failed"] + cut["unknown"] + cut["waiting"] + cut["not_sent"] == 157
    assert f"Run {cut['run']}: posted 46 customers" in shown.stderr
    assert f"{cut['not_sent']} were not sent before the run ended." in shown.stderr
    again, _ = ask(sample, "push", "--period", "2026-01", "--approve", "auto")
    assert (again["exit"], again["created"] + cut["created"], again["adopted"]) == (0, 157, 0)
    with monkeypatch.context() as patched:
        stopping(patched, nth=1)
        code = ask(sample, "undo", again["run"])[0]["digest"]
        cut, shown = ask(sample, "undo", again["run"], "--approve", code)
    assert (cut["exit"], cut["undoes"]) == (130, again["run"])
    assert cut["voided"] + cut["deleted"] + cut["waiting"] + cut["not_sent"] > 0
    assert f"Run {cut['run']}: " in shown.stderr
