"""The posting log is lost after voids and second postings: what is voided in QuickBooks is not posted anew, and what
stands there under a later generation is ours.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from drills import books_of, prepare
from made_companies import copy_of_sample
from made_reports import workbook
from person import Person
from python_calamine import CalamineWorkbook
from test_lost_logs import Said, ask, lose

from toolkit.open_company import open_company

ADOPTED = "ED4D2348-0012"
"""An invoice that stood in QuickBooks before, without our stamp."""


def without_invoice(path: Path, number: str) -> None:
    """Write a Billing report again without that invoice, its total and the summary of its tab."""
    book = CalamineWorkbook.from_path(str(path))
    tabs = {name: book.get_sheet_by_name(name).to_python() for name in book.sheet_names}
    tabs.pop("Billing Summary")
    tabs = {name: [row for row in rows if number not in row] for name, rows in tabs.items()}
    workbook(path, tabs)


def void_in_february(folder: Path, number: str, *, answered: bool = True) -> None:
    without_invoice(folder / "inbox" / "2026-02" / "billing.xlsx", number)
    if answered:
        with (folder / "voids.csv").open("a", encoding="utf-8") as file:
            file.write(f"{number},2026-02-14,Closed in Coworks\n")


def pushed(folder: Path, month: str) -> Said:
    said = ask(folder, "push", "--period", month, "--approve", "auto")
    assert said["exit"] in (0, 3), said
    return said


def codes(said: Said, number: str) -> list[str]:
    return [one["code"] for one in said["problems"] if one["key"] == number and one["severity"] != "note"]


@pytest.fixture(scope="module")
def voided(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Both months posted; February's run has voided an invoice that was adopted, not made by us."""
    folder = copy_of_sample(tmp_path_factory.mktemp("voided"))
    prepare(folder, quotas="off")
    pushed(folder, "2026-01")
    void_in_february(folder, ADOPTED)
    assert pushed(folder, "2026-02")["voided"] == 3
    return folder


def copied(posted: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "sample"
    shutil.copytree(posted, folder)
    return folder


def test_an_adopted_invoice_that_we_voided_is_not_posted_anew_when_the_log_is_lost(
    voided: Path, tmp_path: Path
) -> None:
    folder = copied(voided, tmp_path)
    books = books_of(folder)
    lose(folder, "posting-log.db")
    runs = [pushed(folder, month) for month in ("2026-01", "2026-02")]
    assert [(one["exit"], one["qbo_writes"], one["problems"] if one["exit"] else 0) for one in runs] == [(0, 0, 0)] * 2
    assert books_of(folder) == books


def test_our_own_invoice_whose_memo_was_cleared_before_we_voided_it_is_recognized_too(tmp_path: Path) -> None:
    folder = copy_of_sample(tmp_path)
    prepare(folder, quotas="off")
    pushed(folder, "2026-01")
    with open_company(folder, reports=folder / "reports") as company:
        Person(company).change("Invoice", "A364A048-0026", PrivateNote="as agreed on the phone")
    assert pushed(folder, "2026-02")["voided"] == 2
    lose(folder, "posting-log.db")
    assert [pushed(folder, month)["qbo_writes"] for month in ("2026-01", "2026-02")] == [0, 0]


def test_a_voided_invoice_that_coworks_did_not_void_is_asked_about_until_it_is_deleted(
    voided: Path, tmp_path: Path
) -> None:
    """Voided by hand, or the later report is not there yet: what it says to do can be done, and is enough."""
    folder = copied(voided, tmp_path)
    shutil.rmtree(folder / "inbox" / "2026-02")
    (folder / "voids.csv").unlink()
    lose(folder, "posting-log.db")
    said = ask(folder, "push", "--period", "2026-01", "--approve", "auto")
    assert (said["exit"], said["qbo_writes"], codes(said, ADOPTED)) == (3, 0, ["voided-in-quickbooks"])
    (asked,) = [one for one in said["problems"] if one["key"] == ADOPTED]
    assert "release" not in asked["do"]
    assert "delete the voided one" in asked["do"]
    with open_company(folder, reports=folder / "reports") as company:
        person = Person(company)
        person.delete("Invoice", person.find("Invoice", ADOPTED))
    posted = ask(folder, "push", "--period", "2026-01", "--approve", "auto")
    assert (posted["created"], codes(posted, ADOPTED)) == (1, [])
