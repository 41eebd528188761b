"""A report that is missing or cannot be read is named by every stage that needs it, and is never a month that ties."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from made_companies import copy_of_sample

from toolkit import report_company, stages
from toolkit.approval import Approval
from toolkit.open_company import OpenCompany, open_company
from toolkit.problems import Problem, blocking

FIRST, SECOND = "2026-01", "2026-02"


@pytest.fixture
def company(tmp_path: Path) -> Iterator[OpenCompany]:
    with open_company(copy_of_sample(tmp_path), reports=tmp_path / "reports", environ={}) as opened:
        yield opened


def report(company: OpenCompany, period: str, name: str) -> Path:
    return company.folder / "inbox" / period / name


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:3000])


def codes(problems: tuple[Problem, ...]) -> list[str]:
    return sorted({one.code for one in blocking(problems)})


def test_bank_deposits_say_that_the_billing_report_is_broken_and_nothing_else(company: OpenCompany) -> None:
    cut(report(company, FIRST, "billing.xlsx"))
    plan = stages.review_deposits(company, FIRST).plan
    assert (codes(plan.problems), plan.operations) == (["file-damaged"], ())


@pytest.mark.parametrize("name", ["billing.xlsx", "payouts.xlsx"])
def test_a_broken_report_of_an_earlier_month_is_named_and_stops_what_needs_it(company: OpenCompany, name: str) -> None:
    """Without it January's invoices would look unknown, and their payments unpaid."""
    cut(report(company, FIRST, name))
    deposits = stages.review_deposits(company, SECOND).plan
    assert (codes(deposits.problems), deposits.operations) == (["file-damaged"], ())
    assert "file-damaged" in codes(stages.prove(company, SECOND).proof.problems)
    plan = stages.review(company, SECOND).plan
    assert bool(plan.operations) is (name == "payouts.xlsx")
    assert ("file-damaged" in codes(plan.problems)) is (name == "billing.xlsx")


def test_a_missing_payouts_report_is_asked_for_and_the_month_does_not_tie(company: OpenCompany) -> None:
    """Card payments were taken: money that never leaves Undeposited Funds is not a month that is done."""
    report(company, FIRST, "payouts.xlsx").unlink()
    reviewed = stages.review(company, FIRST)
    assert codes(reviewed.plan.problems) == []
    stages.post(company, reviewed, Approval(code=reviewed.plan.digest))
    assert codes(stages.review_deposits(company, FIRST).plan.problems) == ["no-payouts-report"]
    proof = stages.prove(company, FIRST).proof
    assert not proof.ties
    assert any("no Payouts report for 2026-01" in one for one in proof.obstacles)


def test_a_month_without_card_payments_needs_no_payouts_report(company: OpenCompany) -> None:
    toml = company.folder / "company.toml"
    toml.write_text(toml.read_text().replace("transactions = true", "transactions = false"))
    report(company, FIRST, "payouts.xlsx").unlink()
    with open_company(company.folder, reports=company.reports, environ={}) as invoices_only:
        assert codes(stages.review_deposits(invoices_only, FIRST).plan.problems) == []


def test_an_earlier_month_that_was_never_posted_is_noted_and_stops_nothing(company: OpenCompany) -> None:
    plan = stages.review(company, SECOND).plan
    assert [one.where for one in plan.problems if one.code == "earlier-month-not-posted"] == ["inbox/2026-01"]
    assert plan.operations
    first = stages.review(company, FIRST)
    stages.post(company, first, Approval(code=first.plan.digest))
    assert "earlier-month-not-posted" not in {one.code for one in stages.review(company, SECOND).plan.problems}


def test_the_preview_says_what_goes_to_the_default_product(company: OpenCompany) -> None:
    path = company.folder / "mapping.csv"
    rows = path.read_text().splitlines(keepends=True)
    path.write_text("".join(row for row in rows if not row.startswith("plan,Hot Desk,")))
    found = stages.review(company, FIRST).gathered
    assert report_company.default_line(found.mapping, found.billing.invoices, "Other Coworks Revenue") == (
        "No row of mapping.csv names these, so they go to 'Other Coworks Revenue': plan 'Hot Desk' (2,786.00)."
    )


def test_the_preview_says_nothing_of_defaults_when_all_is_mapped(company: OpenCompany) -> None:
    found = stages.review(company, FIRST).gathered
    assert not report_company.default_line(found.mapping, found.billing.invoices, "Other Coworks Revenue")
