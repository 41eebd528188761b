"""Panels without a browser: traits, clicks, blockers in sentences, approval dropped, work stopped, nothing secret."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import ipywidgets as widgets
import pytest

from tests.prepared_home import FIRST, fresh, opened, post
from toolkit import mapping, pages, pages_connect, pages_lines, pages_map
from toolkit import settings as company_settings
from toolkit.connecting import Answer
from toolkit.mapping import Rule
from toolkit.open_company import HOME_VARIABLE
from toolkit.pages import Page
from toolkit.pages_look import Shown, sentence
from toolkit.panels import connect, deposits, month_end, parts, parts_posting, preview, push, start
from toolkit.panels import map as mapping_panel
from toolkit.panels.parts_grid import Column, Edit, EditGrid
from toolkit.panels.parts_posting import PostingModel
from toolkit.problems import DoesNotTie, Problem, ReconnectNeeded, Stale
from toolkit.push import Progress


@pytest.fixture
def home(tmp_path: Path) -> Path:
    fresh(tmp_path / "home")
    return tmp_path / "home"


@pytest.fixture
def page(home: Path) -> Page:
    return pages.open_page("sample", FIRST, environ={HOME_VARIABLE: str(home)})


@pytest.fixture(autouse=True)
def works(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[parts.Work]]:
    """Every piece of work that a panel makes, so that a test can wait for it."""
    made: list[parts.Work] = []
    real = parts.Work.__init__

    def remembered(self: parts.Work) -> None:
        real(self)
        made.append(self)

    monkeypatch.setattr(parts.Work, "__init__", remembered)
    yield made


def all_widgets(root: Any) -> Iterator[Any]:
    yield root
    for child in getattr(root, "children", ()):
        yield from all_widgets(child)


def named(root: Any, words: str) -> Any:
    """The one button or box to tick that says so."""
    found = [one for one in all_widgets(root) if words in getattr(one, "description", "")]
    assert len(found) == 1, [getattr(one, "description", "") for one in all_widgets(root)]
    return found[0]


def said(root: Any) -> str:
    """All that the panel shows."""
    return " ".join(one.value for one in all_widgets(root) if isinstance(one, widgets.HTML))


def press(root: Any, words: str, works: list[parts.Work]) -> str:
    named(root, words).click()
    return works[-1].wait()


# ---- models


def test_changing_an_input_drops_the_approval() -> None:
    model = PostingModel(code="a1", company="sample")
    for trait, value in (("code", "b2"), ("typed", "sam"), ("live", True), ("company", "x"), ("refusals", ["no"])):
        model.approved = True
        setattr(model, trait, value)
        assert model.approved is False, trait


TYPE_IT = "These are real books. Type the company's name, hill, to post to them."


@pytest.mark.parametrize(
    ("given", "blocked_by"),
    [
        ({}, ["Nothing is posted until you approve the plan."]),
        ({"approved": True}, []),
        ({"approved": True, "refusals": ["The plan is stale."]}, ["The plan is stale."]),
        ({"live": True, "approved": True}, [TYPE_IT]),
        ({"live": True, "typed": "hil", "approved": True}, [TYPE_IT]),
        ({"live": True, "typed": " hill ", "approved": True}, []),
        ({"nothing_left": True, "refusals": ["x"]}, []),
    ],
)  # fmt: skip
def test_what_blocks_is_said_in_sentences(given: dict[str, Any], blocked_by: list[str]) -> None:
    approved = given.pop("approved", False)
    model = PostingModel(code="a1", company="hill", **given)
    model.approved = approved
    assert model.blockers == blocked_by


# ---- work


def test_work_runs_in_a_thread_and_shows_its_result(works: list[parts.Work]) -> None:
    work = parts.Work()
    seen: list[str] = []

    def action(progress: Progress) -> Shown:
        seen.append(threading.current_thread().name)
        progress(1, 2, "half")
        return sentence("all done")

    assert work.start(action)
    assert work.wait() == parts.DONE
    assert (work.done, work.total, work.shown.text) == (1, 2, "all done")
    assert seen != [threading.main_thread().name]


def test_only_one_piece_of_work_at_a_time() -> None:
    work, go = parts.Work(), threading.Event()
    assert work.start(lambda progress: sentence(str(go.wait(10))))
    assert not work.start(lambda progress: sentence("second"))
    go.set()
    work.wait()
    assert work.shown.text == "True"


def test_stop_interrupts_once_at_the_next_answer() -> None:
    work, go, told = parts.Work(), threading.Event(), []

    def action(progress: Progress) -> Shown:
        go.wait(10)
        try:
            progress(1, 3, "")
        except KeyboardInterrupt:
            told.append("stopped")
            progress(1, 3, "answers in hand")  # not interrupted again
            raise
        return sentence("not stopped")

    work.start(action)
    work.stop()
    go.set()
    assert work.wait() == parts.STOPPED
    assert told == ["stopped"]
    assert "posting log" in work.shown.text


def test_a_problem_is_shown_in_its_words_and_a_bug_without_its_trace(caplog: pytest.LogCaptureFixture) -> None:
    work = parts.Work()
    problem = Problem(code="stale", where="here", what="It has changed.", why="So it is refused.", do="Look again.")

    def refused(_progress: Progress) -> Shown:
        raise Stale(problem)

    work.start(refused)
    assert work.wait() == parts.FAILED
    assert all(word in work.shown.html for word in ("It has changed.", "So it is refused.", "Look again.", "here"))
    work.start(lambda progress: sentence(str(1 // 0)))
    assert work.wait() == parts.FAILED
    assert "not foreseen (ZeroDivisionError)" in work.shown.html
    assert "Traceback" not in work.shown.html


# ---- the grid


def grid() -> EditGrid:
    columns = (
        Column(name="name", label="name"),
        Column(name="product", label="product", kind="choice", choices=("Desks", "Rooms")),
        Column(name="one", label="one", kind="toggle"),
    )
    rows = [
        {"id": "a", "name": "A", "product": "Desks", "one": False},
        {"id": "b", "name": "B", "product": "Gone", "one": False, "off": ["one"]},
    ]
    return EditGrid("things", columns, rows)


@pytest.mark.parametrize(
    ("edit", "taken"),
    [
        (Edit(id="a", column="product", value="Rooms"), True),
        (Edit(id="a", column="product", value=""), True),
        (Edit(id="a", column="one", value=True), True),
        (Edit(id="a", column="product", value="Nowhere"), False),  # QuickBooks has no such product
        (Edit(id="a", column="name", value="C"), False),  # a text cell
        (Edit(id="a", column="one", value="yes"), False),
        (Edit(id="b", column="one", value=True), False),  # does not apply to this row
        (Edit(id="z", column="product", value="Rooms"), False),
        (Edit(id="a", column="nothing", value="Rooms"), False),
    ],
)
@pytest.mark.parametrize("browser", [False, True])
def test_every_edit_is_checked_wherever_it_comes_from(edit: Edit, taken: bool, browser: bool) -> None:
    table = grid()
    if browser:
        message = {"edits": [{"id": edit.id, "column": edit.column, "value": edit.value}]}
        table._handle_custom_msg(message, [])
    else:
        assert table.apply([edit]) == (() if taken else (edit,))
    assert table.edits == ((edit,) if taken else ())


def test_a_cell_changed_back_is_no_edit_and_loading_forgets() -> None:
    table = grid()
    table.apply([Edit(id="a", column="product", value="Rooms"), Edit(id="a", column="product", value="Desks")])
    assert table.edits == ()
    table.apply([Edit(id="b", column="product", value="Rooms")])
    table.load([{"id": "b", "name": "B", "product": "Rooms", "one": False}])
    assert (table.edits, len(table.rows)) == ((), 1)


# ---- 00 start


def test_start_shows_where_a_company_stands(page: Page, home: Path) -> None:
    text = start.shown(pages.status(page), FIRST).text
    assert "9130495895871361" in text
    assert "2026-01" in text
    assert "not signed off" in text
    assert pages.companies({HOME_VARIABLE: str(home)}) == ("sample",)


def test_start_looks_at_another_company(page: Page, home: Path, works: list[parts.Work]) -> None:
    def look(name: str) -> Any:
        return pages.status_of(name, {HOME_VARIABLE: str(home)})

    root = start.panel(pages.status(page), ("sample", "nowhere"), look, period=FIRST)
    chooser = next(one for one in all_widgets(root) if isinstance(one, widgets.Dropdown))
    chooser.value = "nowhere"
    assert works[-1].wait() == parts.FAILED
    assert "There is no company folder" in said(root)
    chooser.value = "sample"
    assert works[-1].wait() == parts.DONE


# ---- 01 connect


def test_connect_shows_the_green_check_with_name_id_and_days(page: Page) -> None:
    """A1: a green check and a success message; A7: custom transaction numbers are checked; A19: the seven steps."""
    root = connect.panel(pages_connect.look(page), pages_connect.calls(page), settings=page.company.settings)
    shown = said(root)
    assert "✓" in shown
    assert "Connected to Commonground Coworking LLC, company ID 9130495895871361" in shown
    assert "days left" in shown
    assert "Custom transaction numbers" in shown
    assert all(f"{number}. " in shown for number in range(1, 8))


def test_connect_writes_the_two_switches_and_keeps_comments(page: Page, home: Path) -> None:
    """A2: transactions includes invoices; nothing is saved before the button."""
    path = home / "companies" / "sample" / "company.toml"
    before = path.read_text()
    root = connect.panel(pages_connect.look(page), pages_connect.calls(page), settings=page.company.settings)
    invoices, transactions = named(root, "Push invoices"), named(root, "Push transactions")
    transactions.value = False
    assert path.read_text() == before
    named(root, "Save the switches").click()
    found = company_settings.read(path)
    assert (found.push.invoices, found.push.transactions) == (True, False)
    assert "payments are entered elsewhere" in said(root)
    invoices.value = False
    named(root, "Save the switches").click()
    assert "nothing will be posted" in said(root)
    transactions.value = True
    assert invoices.value is True
    named(root, "Save the switches").click()
    assert path.read_text() == before


def test_connect_asks_before_it_stores(page: Page, works: list[parts.Work]) -> None:
    """A1: the answer names a company; only Yes stores it. The pasted address does not stay on the page."""
    answered: list[tuple[Any, str]] = []
    stored: list[Answer] = []
    refused: list[Answer] = []
    attempt = pages_connect.Attempt(address="https://x/y", state="s", redirect="https://mine/cb", local=False)
    made = Answer(company_name="Commonground", realm="9130495895871361", session=page.company.session)
    found = pages_connect.look(page)
    assert not isinstance(found, Problem)
    calls = replace(
        pages_connect.calls(page),
        begin=lambda redirect: attempt,
        answer=lambda begun, came: answered.append((begun, came)) or made,
        refuse=refused.append,
        store=lambda kept: stored.append(kept) or found,
    )
    root = connect.panel(found, calls, settings=page.company.settings)
    assert press(root, "Sign in", works) == parts.DONE
    assert "https://x/y" in said(root)
    address = "https://mine/cb?code=secret-code&state=s&realmId=9130495895871361"
    pasted = named(root, "Address pasted")
    pasted.value = address
    works[-1].wait()
    assert "Commonground, company ID 9130495895871361, the one that company.toml names" in said(root)
    assert pasted.value == ""
    assert "secret-code" not in said(root)
    assert answered == [(attempt, address)]
    assert stored == []
    press(root, "Sign in", works)
    assert refused == [made], "an answer that nobody took is given back"
    pasted.value = address
    works[-1].wait()
    press(root, "Yes, connect", works)
    assert stored == [made]


def test_the_name_is_shown_before_a_company_is_bound(page: Page) -> None:
    made = Answer(company_name="Commonground", realm="42", session=page.company.session)
    bound = page.company.settings.quickbooks
    unbound = page.company.settings.model_copy(update={"quickbooks": bound.model_copy(update={"realm": ""})})
    asked = pages_connect.question(replace(page, company=replace(page.company, settings=unbound)), made)
    assert asked == "QuickBooks answered for Commonground, company ID 42. Shall sample post to these books?"


def test_a_failed_connection_says_what_to_do(page: Page) -> None:
    problem = Problem(code="x", where="here", what="Not connected.", why="Nothing can be read.", do="Connect it.")
    root = connect.panel(problem, pages_connect.calls(page), settings=page.company.settings)
    assert "Not connected." in said(root)
    assert "Connect it." in said(root)


def test_keys_are_asked_for_in_a_prompt_and_never_shown(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages_connect, "_emulated", lambda page: False)
    session = page.company.session
    monkeypatch.setattr(type(session), "connection", property(lambda self: None))
    kept: list[tuple[str, str]] = []
    monkeypatch.setattr(session, "keys", lambda one, two: kept.append((one, two)))
    shown = pages_connect.ask_keys(page, ask=lambda words: "id-1 ", hidden=lambda words: "very-secret")
    assert kept == [("id-1 ", "very-secret")], "the session cuts blanks off"
    assert "very-secret" not in shown.html + shown.text
    assert "not stored yet" in pages_connect.ask_keys(page, headless=True).text


# ---- 02 map


def test_map_lists_what_has_no_row_first_with_a_suggestion(page: Page, home: Path) -> None:
    """A10: unmapped names with QuickBooks' live products to choose from; nothing is applied by itself."""
    mapping.update(home / "companies" / "sample" / "mapping.csv", lambda old: _without(old, "plan", "Hot Desk"))
    found = pages_map.to_map(page)
    first = pages_map.name_rows(found)[0]
    assert (first["kind"], first["name"], first["product"], first["mark"]) == ("plan", "Hot Desk", "", True)
    assert "Hot Desk Memberships" in first["hint"]
    assert "1 names (2,786.00) have no row" in pages_map.waiting(found)
    assert "Other Coworks Revenue" in pages_map.waiting(found)
    assert pages_map.suggested(found) == [(first["id"], "product", "Hot Desk Memberships")]


def _without(old: mapping.Mapping, kind: str, name: str) -> mapping.Mapping:
    return mapping.Mapping(tuple(one for one in old.rules if (one.kind, one.name) != (kind, name)))


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("plan", "Private Office 2"),  # A10
        ("day_pass", "Day Pass"),  # A11
        ("external_booking", "Board Room"),  # A11
        ("transaction_fee", "Transaction fee"),  # A13
        ("custom_fee", "Late fee"),  # A14
    ],
)
def test_map_saves_a_choice_of_quickbooks_products(
    page: Page, home: Path, works: list[parts.Work], kind: str, name: str
) -> None:
    """A10, A11, A13, A14: the dropdown holds QuickBooks' products; Save writes mapping.csv."""
    root = mapping_panel.panel(pages_map.to_map(page), partial(pages_map.save, page))
    names = next(one for one in all_widgets(root) if isinstance(one, EditGrid))
    row = pages_map.row_id(Rule(kind=kind, name=name))
    choices = next(one["choices"] for one in names.columns if one["name"] == "product")
    assert "Member Services" in choices
    names.apply([Edit(id=row, column="product", value="Member Services")])
    path = home / "companies" / "sample" / "mapping.csv"
    assert _product(path, kind, name) != "Member Services"
    assert "1 cells are changed and not saved" in said(root)
    assert press(root, "Save mapping.csv", works) == parts.DONE
    assert _product(path, kind, name) == "Member Services"
    assert names.edits == ()


def _product(path: Path, kind: str, name: str) -> str:
    found = [one for one in mapping.read(path).rules if (one.kind, one.name, one.campus) == (kind, name, "")]
    return found[0].product


def test_map_puts_a_campus_on_a_location(page: Page, home: Path, works: list[parts.Work]) -> None:
    """A16: a campus row has locations to choose from, and neither product nor class."""
    root = mapping_panel.panel(pages_map.to_map(page), partial(pages_map.save, page))
    names = next(one for one in all_widgets(root) if isinstance(one, EditGrid))
    row = pages_map.row_id(Rule(kind="campus", name="Downtown"))
    refused = names.apply([Edit(id=row, column="product", value="Day Passes")])
    assert len(refused) == 1
    names.apply([Edit(id=row, column="location", value="Riverside House")])
    assert press(root, "Save mapping.csv", works) == parts.DONE
    rules = mapping.read(home / "companies" / "sample" / "mapping.csv").rules
    assert next(one.location for one in rules if one.name == "Downtown") == "Riverside House"


def test_a_one_off_invoice_has_a_toggle_for_one_category(page: Page, home: Path, works: list[parts.Work]) -> None:
    """A12: on, one category covers all its lines but fees; off, each line goes by its own kind."""
    root = mapping_panel.panel(pages_map.to_map(page), partial(pages_map.save, page))
    invoices = [one for one in all_widgets(root) if isinstance(one, EditGrid)][1]
    number = "6DE9D277-0023"
    path = home / "companies" / "sample" / "mapping.csv"
    invoices.apply([Edit(id=number, column="one", value=True)])
    named(root, "Save mapping.csv").click()
    assert f"Choose the category of {number}." in said(root)
    invoices.apply([Edit(id=number, column="product", value="Event Space")])
    press(root, "Save mapping.csv", works)
    assert _category(path, number) == "Event Space"
    invoices.apply([Edit(id=number, column="one", value=False)])
    assert invoices.row(number)["product"] == ""
    press(root, "Save mapping.csv", works)
    assert _category(path, number) == ""
    assert _category(path, "9BC099E3-0025") == "Event Space"


def _category(path: Path, number: str) -> str:
    return next((one.product for one in mapping.read(path).rules if (one.kind, one.name) == ("invoice", number)), "")


def test_the_same_plan_may_be_another_product_at_one_campus(page: Page, home: Path, works: list[parts.Work]) -> None:
    root = mapping_panel.panel(pages_map.to_map(page), partial(pages_map.save, page))
    names = next(one for one in all_widgets(root) if isinstance(one, EditGrid))
    which, where = (one for one in all_widgets(root) if isinstance(one, widgets.Dropdown))
    which.value = pages_map.row_id(Rule(kind="plan", name="Hot Desk"))
    where.value = "Riverside"
    named(root, "Add a row").click()
    new = pages_map.row_id(Rule(kind="plan", name="Hot Desk", campus="Riverside"))
    names.apply([Edit(id=new, column="product", value="Day Passes")])
    assert press(root, "Save mapping.csv", works) == parts.DONE
    rules = mapping.read(home / "companies" / "sample" / "mapping.csv").rules
    found = {one.campus: one.product for one in rules if one.name == "Hot Desk"}
    assert found == {"": "Hot Desk Memberships", "Riverside": "Day Passes"}


def test_a_product_that_quickbooks_does_not_have_is_said(page: Page, home: Path) -> None:
    path = home / "companies" / "sample" / "mapping.csv"
    path.write_text(path.read_text().replace("Virtual Office,,Virtual Offices", "Virtual Office,,Virtuel Offices"))
    found = pages_map.to_map(page)
    assert pages_map.gone(found) == ("plan Virtual Office: QuickBooks has no active product Virtuel Offices.",)
    assert "Virtuel Offices" in mapping_panel.state(found).text


# ---- 03 preview


def test_preview_shows_everything_and_reads_again(page: Page, home: Path, works: list[parts.Work]) -> None:
    """A3, A6, A15 to A17: every invoice with product, class and location; entries as debits and credits; A21."""
    made, reminded = pages.review_again(page)
    root = preview.panel(made, reminded, partial(pages.review_again, page))
    shown = said(root)
    for words in (
        "57 invoices would be created (27,862.20)",
        "C957F1A7-0009-CW1",
        "product/service",
        "Riverside House",
        "Accounts Receivable",
        "ready for QuickBooks",
        made.plan.digest,
    ):
        assert words in shown, words
    assert press(root, "Read everything again", works) == parts.DONE
    assert "the plan is the same" in said(root)
    path = home / "companies" / "sample" / "mapping.csv"
    path.write_text(path.read_text().replace("Hot Desk Plus,,Hot Desk Memberships", "Hot Desk Plus,,Day Passes"))
    assert press(root, "Read everything again", works) == parts.DONE
    assert "the plan has changed" in said(root)
    assert made.plan.digest not in said(root)


# ---- 04 push


def pushing(page: Page) -> Any:
    return push.panel(
        pages.reviewed(page),
        partial(pages.post, page),
        partial(pages_lines.posted, page),
        settings=page.company.settings,
        company=page.company.name,
    )


def test_push_posts_the_reviewed_plan_once_at_the_button(page: Page, works: list[parts.Work]) -> None:
    """A3, A8: nothing before the approval; then the very plan, and its tie-out line drawn by the panel."""
    pages.review(page)
    root = pushing(page)
    button = named(root, "Post to QuickBooks")
    button.click()  # not approved
    assert works[-1].state == parts.IDLE
    assert "until you approve" in said(root)
    named(root, "I have looked").value = True
    assert "Pressing the button posts exactly the plan, once." in said(root)
    button.click()
    assert works[-1].wait() == parts.DONE
    assert "Pressing the button" not in said(root)
    assert "57 invoices" in said(root)
    assert "64 of 64 invoices and 56 of 56 payments" in said(root)
    writes = page.company.client.writes
    again = pushing(page)
    assert "Nothing is left to post" in said(again)
    named(again, "Post to QuickBooks").click()
    assert page.company.client.writes == writes


def test_push_refuses_what_changed_between_the_tick_and_the_button(
    page: Page, home: Path, works: list[parts.Work]
) -> None:
    """The guard is in the posting, not in the button."""
    pages.review(page)
    root = pushing(page)
    named(root, "I have looked").value = True
    path = home / "companies" / "sample" / "mapping.csv"
    path.write_text(path.read_text().replace("Hot Desk Plus,,Hot Desk Memberships", "Hot Desk Plus,,Day Passes"))
    assert press(root, "Post to QuickBooks", works) == parts.FAILED
    assert "is not what would be posted now" in said(root)
    assert page.company.client.writes == 0
    assert "03_preview" in said(pushing(page))


def test_stop_ends_after_the_answers_in_hand_and_pressing_again_finishes(page: Page, works: list[parts.Work]) -> None:
    pages.review(page)
    root = pushing(page)
    work = works[-1]
    work.observe(lambda change: work.stop(), names=["done"])  # as if a person pressed Stop at the first answer
    named(root, "I have looked").value = True
    assert press(root, "Post to QuickBooks", works) == parts.STOPPED
    assert 0 < page.company.client.writes < 157
    assert "goes on from there" in said(root)
    (run,) = page.company.log.runs()
    assert f"Run {run.id}: {page.company.client.writes} done, " in said(root)
    work.unobserve_all("done")
    resumed = pushing(page)
    assert "begun and cut short" in push.standing(pages.reviewed(page)).text
    named(resumed, "I have looked").value = True
    assert press(resumed, "Post to QuickBooks", works) == parts.DONE
    assert page.company.client.writes == 157


def test_posting_failures_are_sentences() -> None:
    model = PostingModel(code="a1", company="x")
    work = parts.Work()

    def lost(_progress: Progress) -> Shown:
        raise ReconnectNeeded(
            Problem(code="ended", where="QuickBooks", what="It was ended.", why="Why.", do="Connect.")
        )

    root = parts_posting.view(model, work, sentence("plan"), lost)
    model.approved = True
    named(root, "Post to QuickBooks").click()
    assert work.wait() == parts.FAILED
    assert "It was ended." in said(root)


# ---- 05 deposits


def test_deposits_posts_each_payout_once(page: Page, works: list[parts.Work]) -> None:
    """A9: payments leave Undeposited Funds in the bank deposits they came in, less the fee."""
    made = pages.review(page)
    pages.post(page, made.plan.digest)
    planned = pages.review_deposits(page)
    root = deposits.panel(
        planned,
        partial(pages.post_deposits, page),
        partial(pages_lines.deposits, page),
        settings=page.company.settings,
        company=page.company.name,
    )
    shown = said(root)
    assert "10 bank deposits would be created (20,792.58)" in shown
    assert "-425.50" in shown
    named(root, "I have looked").value = True
    assert press(root, "Post to QuickBooks", works) == parts.DONE
    assert "10 of 10 bank deposits of 20,792.58" in said(root)


# ---- 06 month-end


def test_month_end_is_signed_by_a_person_who_looked(home: Path, page: Page, works: list[parts.Work]) -> None:
    """A22: what is only in QuickBooks is listed; signing needs a name, a look and 0.00."""
    post(home)
    proved = pages.prove(page)
    root = month_end.panel(proved, home, partial(pages.sign_off, page, proved))
    shown = said(root)
    assert "2026-01 ties" in shown
    assert "QB-2001" in shown
    assert "<svg" in shown
    named(root, "Sign off").click()
    assert works[-1].state == parts.IDLE
    named(root, "I have looked").value = True
    named(root, "Your name").value = "Pat"
    named(root, "Sign off").click()
    assert works[-1].state == parts.IDLE, "typing a name after looking drops the look"
    named(root, "I have looked").value = True
    assert press(root, "Sign off", works) == parts.DONE
    assert "is signed off by Pat" in said(root)
    with opened(home) as company:
        assert [(one.period, one.signed_by) for one in company.log.sign_offs()] == [(FIRST, "Pat")]


def test_a_month_that_does_not_tie_cannot_be_signed(home: Path, page: Page, works: list[parts.Work]) -> None:
    proved = pages.prove(page)
    root = month_end.panel(proved, home, partial(pages.sign_off, page, proved))
    named(root, "Your name").value = "Pat"
    named(root, "I have looked").value = True
    named(root, "Sign off").click()
    assert works[-1].state == parts.IDLE
    assert "unexplained" in said(root)
    with pytest.raises(DoesNotTie):
        pages.sign_off(page, proved, "Pat")


# ---- secrets


def test_no_panel_has_a_password_widget() -> None:
    for path in (Path(parts.__file__).parent).glob("*.py"):
        assert "Password" not in path.read_text(encoding="utf-8"), path.name


def test_headless_panels_are_no_widgets(page: Page) -> None:
    made, reminded = pages.review_again(page)
    assert isinstance(preview.panel(made, reminded, lambda: (made, reminded), headless=True), Shown)
    assert isinstance(
        mapping_panel.panel(pages_map.to_map(page), lambda a, b: pages_map.to_map(page), headless=True), Shown
    )
