"""Exactly the approved plan is posted, each operation once, whatever is lost on the way."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from made_companies import bare_company, month_plan

from toolkit.approval import Approval
from toolkit.emulator import injection
from toolkit.open_company import OpenCompany, open_company
from toolkit.plan import Action, Outcome, Plan, Standing
from toolkit.problems import NotLive, Stale, Unapproved, Unsafe
from toolkit.push import Situation, push
from toolkit.settings import Environment


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
