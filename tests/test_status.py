"""What `status` and 00_start_here say of a run that lives, and of one that was cut."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from made_companies import copy_of_sample

from toolkit import company_status
from toolkit.company_status import Status
from toolkit.open_company import OpenCompany, open_company
from toolkit.panels import start
from toolkit.posting_log import Run
from toolkit.report_company import status_text

NOON = datetime(2026, 2, 3, 17, 5, tzinfo=UTC)


@pytest.fixture
def company(tmp_path: Path) -> Iterator[OpenCompany]:
    with open_company(copy_of_sample(tmp_path), environ={}, now=lambda: NOON) as opened:
        yield opened


def cut(command: str, digest: str) -> Run:
    return Run(
        id=f"20260203-{digest}",
        command=command,
        period="2026-01",
        digest=digest,
        approved_by="Dana",
        started_at=NOON,
        ended_at=None,
        state="cut off",
        summary="",
    )


def left(company: OpenCompany, *runs: Run) -> Status:
    found = company_status.status(company)
    return replace(found, runs=runs, unfinished=tuple(one.digest for one in runs), unanswered=3)


def test_a_run_that_lives_is_running_now_and_is_not_to_be_resumed(company: OpenCompany) -> None:
    company.log.begin_run("run-1", command="push billing", period="2026-01", digest="d1", approved_by="Dana")
    with company.log.holding("run-1", pid=os.getpid()):
        living = replace(company_status.status(company), unfinished=("d1",), unanswered=3)
    since = "run run-1 (push billing 2026-01) is running now, since 02/03/2026 12:05 EST; wait until it has ended"
    assert since in status_text(living)
    assert since in start.shown(living).text
    assert "3  sent without an answer yet, by the run that is posting now" in status_text(living)
    for text in (status_text(living), start.shown(living).text):
        assert "not finished" not in text
        assert "--approve" not in text


@pytest.mark.parametrize(
    ("commands", "again", "resumed"),
    [
        (("push billing",), "run push again", ("push --period 2026-01 --approve d0",)),
        (("push deposits",), "run push again", ("deposits --period 2026-01 --approve d0",)),
        (("undo 20260101-a",), "run the undo below again", ("undo 20260101-a --approve d0",)),
        (
            ("undo 20260101-a", "push billing"),
            "run push again",
            ("undo 20260101-a --approve d0", "push --period 2026-01 --approve d1"),
        ),
    ],
)
def test_a_cut_run_is_resumed_by_its_own_command(
    company: OpenCompany, commands: tuple[str, ...], again: str, resumed: tuple[str, ...]
) -> None:
    text = status_text(left(company, *(cut(one, f"d{place}") for place, one in enumerate(commands))))
    assert f"3  sent without an answer yet: {again}, it looks them up first" in text
    for place, command in enumerate(resumed):
        assert f"plan d{place} was begun and not finished: coworks-qbo {command}" in text


def test_the_start_page_sends_a_cut_undo_to_its_panel(company: OpenCompany) -> None:
    text = start.shown(left(company, cut("undo 20260101-a", "d0"))).text
    assert "3 entries were sent without an answer: the undo panel at the end of 04_push looks them up first." in text
    assert "04_push looks them up first" not in text.replace("at the end of 04_push looks", "")
