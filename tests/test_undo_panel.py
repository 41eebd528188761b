"""The panel that undoes a run: chosen, looked at, approved, undone, released; and a list where nobody watches."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import ipywidgets as widgets
import pytest

from tests.prepared_home import FIRST, fresh, opened, prepared
from tests.test_panels import named, press, said
from toolkit import pages, pages_undo
from toolkit.open_company import HOME_VARIABLE
from toolkit.pages import Page
from toolkit.panels import parts, undo
from toolkit.panels.undo import UndoModel


@pytest.fixture(scope="module")
def posted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return prepared(tmp_path_factory.mktemp("posted") / "home")


@pytest.fixture
def page(posted: Path, tmp_path: Path) -> Page:
    """The sample's January, posted by a run and its bank deposits by another."""
    home = shutil.copytree(posted, tmp_path / "home")
    return pages.open_page("sample", FIRST, environ={HOME_VARIABLE: str(home)})


@pytest.fixture
def works(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[parts.Work]]:
    made: list[parts.Work] = []
    real = parts.Work.__init__

    def remembered(self: parts.Work) -> None:
        real(self)
        made.append(self)

    monkeypatch.setattr(parts.Work, "__init__", remembered)
    yield made


def panel(page: Page, **more: Any) -> Any:
    return undo.panel(
        partial(pages_undo.runs, page),
        partial(pages_undo.review, page),
        partial(pages_undo.take_back, page),
        partial(pages_undo.release, page),
        settings=page.company.settings,
        company=page.company.name,
        **more,
    )


def choices(root: Any) -> widgets.Dropdown:
    return root.children[0]


def look(root: Any, works: list[parts.Work]) -> str:
    named(root, "Look at what undoing").click()
    return works[-2].wait()


@pytest.mark.parametrize(
    ("given", "approved", "blocked_by"),
    [
        ({}, False, []),
        ({"run": "r"}, False, ["Look first at what undoing it would change."]),
        ({"run": "r", "code": "c"}, False, ["Nothing is undone until you approve it."]),
        ({"run": "r", "code": "c"}, True, []),
        (
            {"run": "r", "code": "c", "live": True},
            True,
            ["These are real books. Type the company's name, hill, to undo in them."],
        ),
        ({"run": "r", "code": "c", "live": True, "typed": "hill "}, True, []),
    ],
)
def test_what_blocks_is_said_in_sentences(given: dict[str, Any], approved: bool, blocked_by: list[str]) -> None:
    model = UndoModel(company="hill", **given)
    model.approved = approved
    assert model.blockers == blocked_by


def test_choosing_another_run_drops_the_approval() -> None:
    model = UndoModel(company="hill", run="r", code="c")
    model.approved = True
    model.run = "s"
    assert model.approved is False


def test_a_run_is_chosen_looked_at_approved_undone_and_released(page: Page, works: list[parts.Work]) -> None:
    root = panel(page)
    assert [label.split(": ")[0].split(", ", 1)[-1] for label, _ in choices(root).options] == [
        "choose a run",
        "bank deposits",
        "customers, invoices, payments",
    ]
    deposits = choices(root).options[1][1]
    choices(root).value = deposits
    assert "Look first" in said(root)
    assert look(root, works) == parts.DONE
    assert "10 bank deposits to delete $20,792.58" in said(root)
    assert page.company.client.writes == 0
    named(root, "Undo this run").click()  # not approved
    assert works[-1].state == parts.IDLE
    assert "Nothing is undone until you approve it." in said(root)
    named(root, "I have looked").value = True
    assert press(root, "Undo this run", works) == parts.DONE
    assert "10 bank deposits deleted" in said(root)
    assert "bank deposits to delete" not in said(root), "nothing of before stands beside what was done"
    assert "Look first" not in said(root)
    assert page.company.client.writes == 10
    assert named(root, "Undo this run").layout.display == "none", "it is done"
    assert press(root, "Release it for posting again", works) == parts.DONE
    assert "Released for posting again" in said(root)
    assert "Look first" not in said(root)
    assert len(pages.review_deposits(page).plan.operations) == 10


def test_what_cannot_be_undone_is_said_with_the_reason(page: Page, works: list[parts.Work]) -> None:
    root = panel(page)
    choices(root).value = choices(root).options[2][1]
    assert look(root, works) == parts.DONE
    assert "is in a bank deposit" in said(root)
    assert "entries that cannot be undone" not in said(root)


def test_a_run_that_was_posted_meanwhile_is_listed_at_the_next_look(page: Page, works: list[parts.Work]) -> None:
    root = panel(page)
    page.company.log.begin_run("2030-later", command="push billing", period=FIRST, digest="d", approved_by="Dana")
    choices(root).value = choices(root).options[1][1]
    assert look(root, works) == parts.DONE
    assert len(choices(root).options) == 4
    assert choices(root).value


def test_a_run_of_the_same_page_is_listed_as_soon_as_its_posting_has_ended(tmp_path: Path) -> None:
    fresh(tmp_path / "home")
    page = pages.open_page("sample", FIRST, environ={HOME_VARIABLE: str(tmp_path / "home")})
    root = panel(page, hear=page.after_posting.append)
    assert len(choices(root).options) == 1
    made = pages.review(page)
    with pytest.raises(NotImplementedError):
        pages.post(page, made.plan.digest, _never)
    assert len(choices(root).options) == 2, "a posting that broke off may have posted something"
    pages.post(page, made.plan.digest)
    assert choices(root).options[0][0] == "choose a run"
    first = choices(root).value = choices(root).options[1][1]
    pages.post_deposits(page, pages.review_deposits(page).plan.digest)
    assert (len(choices(root).options), choices(root).value) == (4, first), "what was chosen stays chosen"
    assert "bank deposits" in choices(root).options[1][0]


def _never(_done: int, _total: int, _word: str) -> None:
    raise NotImplementedError


def test_what_changed_between_the_look_and_the_button_is_refused(page: Page, works: list[parts.Work]) -> None:
    root = panel(page)
    choices(root).value = choices(root).options[1][1]
    look(root, works)
    named(root, "I have looked").value = True
    emulated = page.company.emulated
    assert emulated is not None
    for one in page.company.client.query_all("Account", where="AccountType = 'Bank'"):
        emulated.reconcile(str(one["Id"]), "2026-01-12")
    assert press(root, "Undo this run", works) == parts.FAILED
    assert "is not that of the plan as it would be posted now" in said(root)
    assert page.company.client.writes == 0


def test_headless_lists_the_runs_and_undoes_nothing(page: Page) -> None:
    shown = panel(page, headless=True)
    assert "Nothing is undone here without a person." in shown.text
    assert "push deposits" in shown.text
    assert page.company.client.calls == 0


def test_a_month_without_runs_says_so(tmp_path: Path) -> None:
    fresh(tmp_path / "home")
    empty = pages.open_page("sample", FIRST, environ={HOME_VARIABLE: str(tmp_path / "home")})
    assert "there is nothing to undo" in panel(empty, headless=True).text
    assert choices(panel(empty)).options == (("no run has posted anything to this month yet", ""),)
    with opened(tmp_path / "home") as company:
        assert company.log.runs() == ()
