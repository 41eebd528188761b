"""A finished month costs nothing: 0 writes and at most 12 metered reads, counted where Intuit counts, at any size."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import nbformat
import pytest
from click.testing import CliRunner
from metered import MONTHS, Meter, finished, metered

from toolkit import month_end
from toolkit.books import Books
from toolkit.cli import cli
from toolkit.emulator.company import Company
from toolkit.open_company import HOME_VARIABLE, URL_VARIABLE, open_company
from toolkit.pages import REPORTS_VARIABLE, TALLY_VARIABLE
from toolkit.qbo.sources import SOURCES

ROOT = Path(__file__).resolve().parents[1]
MOST = 12
BY_HAND = ("00_start_here", *month_end.NOTEBOOKS)


@dataclass(frozen=True)
class Finished:
    """A company whose two months are posted, behind a meter; `looks` are the reads of looking after each post."""

    folder: Path
    meter: Meter
    looks: list[int]

    @property
    def reports(self) -> Path:
        return self.folder.parent / "reports"


@pytest.fixture(scope="module", params=[65, 1_100], ids=["65 invoices", "1,100 invoices"])
def company(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Finished]:
    """More than 1,000 invoices are more changes than QuickBooks lists, and more than one page of each kind."""
    folder = tmp_path_factory.mktemp("metered") / "company"
    looks = finished(folder, request.param)
    with metered(folder) as meter:
        yield Finished(folder, meter, looks)


@pytest.fixture(autouse=True)
def counted(company: Finished, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(HOME_VARIABLE, str(ROOT))
    company.meter.begin()


def test_looking_again_right_after_posting_costs_one_read(company: Finished) -> None:
    """Our own postings are not read back by the next run, however many they were."""
    assert company.looks == [1, 1, 1, 1]


def test_through_the_notebooks_in_one_run(company: Finished) -> None:
    month = month_end.run(company.folder, MONTHS[1], approve="auto", qbo_url=company.meter.url, reports=company.reports)
    assert (month.exit_code, month.ties) == (0, True)
    assert (month.reads, month.writes) == (company.meter.reads, company.meter.writes), "what we say is what was metered"
    assert company.meter.writes == 0
    assert company.meter.reads == 11


def test_through_the_notebooks_stepped_through_by_a_person_in_one_kernel(
    company: Finished, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(URL_VARIABLE, company.meter.url)
    monkeypatch.setenv(REPORTS_VARIABLE, str(company.reports))
    monkeypatch.setenv(TALLY_VARIABLE, "")
    for name in BY_HAND:
        step_through(name, company=str(company.folder), period=MONTHS[0])
    assert company.meter.writes == 0
    assert company.meter.reads <= MOST
    assert "unexplained 0.00" in capsys.readouterr().out.splitlines()[-1]


def step_through(name: str, **parameters: str) -> None:
    names: dict[str, Any] = {}
    for cell in nbformat.read(ROOT / "notebooks" / f"{name}.ipynb", as_version=4).cells:
        if cell.cell_type == "code":
            exec(cell.source, names)
            if "parameters" in cell.metadata.get("tags", []):
                names |= parameters


@pytest.mark.parametrize("period", MONTHS)
def test_command_by_command(company: Finished, period: str) -> None:
    """Each command is a process of its own: one read where nothing is left to do, and the three reports of a proof."""
    reads = {}
    for command in (["preview"], ["push", "--approve", "auto"], ["deposits", "--approve", "auto"], ["tie-out"]):
        company.meter.begin()
        options = ["--company", str(company.folder), "--period", period, "--reports", str(company.reports), "--json"]
        ran = CliRunner().invoke(cli, [*command, *options, "--qbo-url", company.meter.url])
        said = json.loads(ran.stdout)
        assert (said["exit"], said["qbo_reads"], company.meter.writes) == (0, company.meter.reads, 0)
        reads[command[0]] = company.meter.reads
    assert reads == {"preview": 1, "push": 1, "deposits": 1, "tie-out": 4}
    assert sum(reads.values()) <= MOST


def test_where_changes_are_no_longer_listed_all_is_read_once_and_said(company: Finished) -> None:
    """Intuit lists changes of 30 days; after that the books are read anew, and the run after it is as cheap as ever."""
    ahead(company.folder, days=31)
    told: list[str] = []
    reads = []
    for _ in range(2):
        with open_company(company.folder, qbo_url=company.meter.url, say=told.append) as opened:
            books = opened.books.now()
            reads.append(opened.client.reads)
    # Company, preferences, each kind, and what changed meanwhile; a refused question for changes is not metered.
    assert reads == [3 + len(SOURCES) + further(books), 1]
    assert sum("everything is read again" in line for line in told) == 1


def ahead(folder: Path, *, days: int) -> None:
    company = Company.open(folder / "qbo.db")
    company.set_clock(company.now() + timedelta(days=days))
    company.close()


def further(books: Books) -> int:
    """A count and the further pages of each kind that has 1,000 records or more."""
    kinds = Counter([type(one).__name__ for one in (*books.payments, *books.customers, *books.deposits)])
    kinds += Counter(one.kind for one in books.documents)
    return sum(1 + (number - 1) // 1000 for number in kinds.values() if number >= 1000)
