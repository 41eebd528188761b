"""Every page in JupyterLab in headless Chromium: open, run all, press its button, read what came of it.

Screenshots go to COWORKS_SCREENSHOTS if that names a folder.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.browser import lab
from tests.prepared_home import FIRST, fresh, opened
from toolkit import mapping
from toolkit import settings as company_settings

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not lab.CHROMIUM, reason="NO BROWSER TEST WAS RUN: install chromium (apt-get install chromium)"),
]

PAGES = (
    "00_start_here", "01_connect", "02_map", "03_preview", "04_push", "05_deposits", "06_month_end",
)  # fmt: skip


@dataclass
class Desk:
    """An accountant's screen: JupyterLab over a home of its own, beside the practice QuickBooks."""

    page: Any
    address: str
    home: Path
    errors: list[str]

    def run(self, notebook: str) -> None:
        """Open the page and run all its cells; no cell may fail."""
        lab.open_and_run(self.page, self.address, notebook)
        assert self.page.locator(".jp-Notebook .jp-OutputArea-output[data-mime-type*='error']").count() == 0

    def keep(self, name: str) -> None:
        """Keep a screenshot where somebody asked for them."""
        folder = os.environ.get("COWORKS_SCREENSHOTS", "")
        if folder:
            self.page.screenshot(path=str(Path(folder) / f"{name}.png"))

    def text(self, words: str | re.Pattern[str]) -> Any:
        """What is to be read on the page; waits for it."""
        found = self.page.locator(".jp-Notebook").get_by_text(words).first
        found.wait_for()
        return found

    def press(self, label: str) -> None:
        """Press the button."""
        self.page.get_by_role("button", name=label).first.click()

    def tick(self, label: str) -> None:
        """Tick the box."""
        self.page.get_by_role("checkbox", name=label).first.check()


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """One desk for all pages, in their order: what one page posts the next one finds."""
    home = tmp_path_factory.mktemp("desk") / "home"
    company = fresh(home)
    with (
        lab.practice_quickbooks(company, home) as quickbooks,
        lab.jupyter_lab(home, COWORKS_QBO_URL=quickbooks) as address,
        lab.browser(height=2400) as page,
    ):
        errors: list[str] = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        yield Desk(page=page, address=address, home=home, errors=errors)


def test_00_start_says_where_the_company_stands(desk: Desk) -> None:
    desk.run("00_start_here")
    desk.text("company ID 9130495895871361")
    desk.press("Look again")
    desk.text("To work on it, write company")
    desk.keep("00_start_here")


def test_01_connect_by_signing_in_at_quickbooks(desk: Desk) -> None:
    """A1: sign in at QuickBooks, come back, be asked, see the green check; A2: the two switches are saved."""
    desk.run("01_connect")
    desk.text("Connected to Commonground Coworking LLC")
    desk.press("Sign in at QuickBooks")
    link = desk.text("Open QuickBooks' sign-in page")
    with desk.page.context.expect_page() as opened_page:
        link.click()
    consent = opened_page.value
    consent.get_by_role("button", name="Connect").click()
    consent.get_by_text("go back to the notebook").wait_for()
    desk.page.bring_to_front()
    desk.text("the one that company.toml names. Connect to it?")
    desk.press("Yes, connect these books")
    desk.text(re.compile("Connected to Commonground Coworking LLC[.]"))
    switches = desk.home / "companies" / "sample" / "company.toml"
    desk.page.get_by_role("checkbox", name="Push transactions").first.uncheck()
    desk.press("Save the switches")
    desk.text("payments are entered elsewhere, so the month cannot be signed off as tied.")
    assert company_settings.read(switches).push.transactions is False
    desk.tick("Push transactions")
    desk.press("Save the switches")
    desk.text("Saved in company.toml. Invoices and payments are posted.")
    assert company_settings.read(switches).push.transactions is True
    assert "# The two switches" in switches.read_text()
    desk.keep("01_connect")


def test_02_map_by_choosing_a_product(desk: Desk) -> None:
    """A10: the dropdown of a plan holds QuickBooks' products; a one-off invoice gets one category (A12)."""
    desk.run("02_map")
    path = desk.home / "companies" / "sample" / "mapping.csv"
    before = path.read_bytes()
    desk.page.get_by_label("product/service of Virtual Office").select_option("Member Services")
    desk.page.get_by_label("its category of 6DE9D277-0023").select_option("Event Space")
    desk.text("3 cells are changed and not saved yet.")
    assert desk.page.get_by_label("one category of 6DE9D277-0023").is_checked()
    desk.keep("02_map_changed")
    desk.press("Save mapping.csv")
    desk.text("Saved: 2 rows written")
    rules = {(one.kind, one.name, one.campus): one.product for one in mapping.read(path).rules}
    assert rules["plan", "Virtual Office", ""] == "Member Services"
    assert rules["invoice", "6DE9D277-0023", ""] == "Event Space"
    desk.page.get_by_label("one category of 6DE9D277-0023").uncheck()
    desk.page.get_by_label("product/service of Virtual Office").select_option("Virtual Offices")
    desk.press("Save mapping.csv")
    desk.text("Saved: 1 rows written, 1 taken out")
    assert path.read_bytes() == before
    desk.keep("02_map")


def test_02_map_filters_by_one_column_and_asks_before_it_sets_many(desk: Desk) -> None:
    grid = desk.page.get_by_role("group", name="Products, classes and locations")
    grid.get_by_label("Column to filter by").select_option("name")
    grid.get_by_label("Words to filter by").fill("private office")
    grid.get_by_text("6 of 31 rows").wait_for()
    grid.get_by_label("Column to set").select_option("class")
    grid.get_by_label("Value to set").select_option("Services")
    grid.get_by_role("button", name="Set for all shown").click()
    grid.get_by_text("class of 6 rows becomes Services?").wait_for()
    grid.get_by_role("button", name="Yes, 6 rows").click()
    desk.text("6 cells are changed and not saved yet.")
    desk.keep("02_map_many")


def test_03_preview_shows_the_plan_and_reads_again(desk: Desk) -> None:
    desk.run("03_preview")
    desk.text("57 invoices would be created (27,862.20)")
    desk.text("C957F1A7-0009-CW1")
    desk.press("Read everything again")
    desk.text("Read again: the plan is the same.")
    desk.page.get_by_text("Entry by entry").click()
    desk.keep("03_preview")


def test_04_push_posts_after_approval(desk: Desk) -> None:
    desk.run("04_push")
    desk.press("Post to QuickBooks")
    desk.text("Nothing is posted until you approve the plan.")
    desk.tick("I have looked at the plan")
    desk.text("Pressing the button posts exactly the plan, once.")
    desk.press("Post to QuickBooks")
    desk.text("Posted 46 customers, 57 invoices, 53 payments and 1 refund receipt.")
    desk.text("64 of 64 invoices and 56 of 56 payments in QuickBooks")
    desk.keep("04_push")


def test_05_deposits_posts_each_payout(desk: Desk) -> None:
    desk.run("05_deposits")
    desk.tick("I have looked at the plan of bank deposits")
    desk.press("Post to QuickBooks")
    desk.text("Posted 10 bank deposits.")
    desk.text("10 of 10 bank deposits of 20,792.58")
    desk.keep("05_deposits")


def test_05_a_run_is_undone_released_and_posted_again(desk: Desk) -> None:
    """What was posted wrongly: choose the run, look, approve, undo; it comes back only once it is released."""
    desk.run("05_deposits")
    desk.page.get_by_label("Run", exact=True).select_option(index=1)
    desk.press("Look at what undoing it would change")
    desk.text("10 bank deposits to delete $20,792.58")
    desk.text("Nothing is undone until you approve it.")
    desk.tick("I have looked at what would be undone")
    desk.keep("05_undo")
    desk.press("Undo this run")
    desk.text("10 bank deposits deleted.")
    desk.keep("05_undone")
    desk.press("Release it for posting again")
    desk.text("Released for posting again")
    desk.run("05_deposits")
    desk.tick("I have looked at the plan of bank deposits")
    desk.press("Post to QuickBooks")
    desk.text("10 of 10 bank deposits of 20,792.58")


def test_06_month_end_ties_and_is_signed_off(desk: Desk) -> None:
    desk.run("06_month_end")
    desk.text("2026-01 ties: everything agrees")
    desk.page.get_by_role("heading", name="Only in QuickBooks").wait_for()
    assert desk.page.locator(".jp-Notebook .cw svg").count() == 2
    desk.page.get_by_label("Your name").fill("Pat Accountant")
    desk.tick("I have looked at the proof")
    desk.press("Sign off 2026-01")
    desk.text("2026-01 is signed off by Pat Accountant.")
    desk.keep("06_month_end")
    with opened(desk.home) as company:
        assert [(one.period, one.signed_by) for one in company.log.sign_offs()] == [(FIRST, "Pat Accountant")]


def test_the_month_end_page_opens_and_asks_nobody_else(desk: Desk) -> None:
    page = desk.page.context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    address = (desk.home / "reports" / "sample" / FIRST / "month-end.html").as_uri()
    page.goto(address)
    page.get_by_text("The month ties.").wait_for()
    assert asked == [address]
    page.close()


def test_no_page_threw_an_error(desk: Desk) -> None:
    assert desk.errors == []


def test_the_same_pages_are_an_app_without_code(desk: Desk, tmp_path: Path) -> None:
    """Voila shows the panels and no code cell."""
    home = tmp_path / "home"
    fresh(home)
    page = desk.page.context.new_page()
    with lab.voila(home) as address:
        page.goto(f"{address}/voila/render/03_preview.ipynb")
        page.get_by_role("button", name="Read everything again").wait_for()
        page.get_by_text("57 invoices would be created").first.wait_for()
        assert page.locator(".jp-CodeCell .jp-InputArea:visible").count() == 0
        page.get_by_role("button", name="Read everything again").click()
        page.get_by_text("Read again: the plan is the same.").wait_for()
        folder = os.environ.get("COWORKS_SCREENSHOTS", "")
        if folder:
            page.screenshot(path=str(Path(folder) / "voila_03_preview.png"))
    page.close()
