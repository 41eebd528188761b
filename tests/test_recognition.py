"""The posting log is lost after voids and second postings: what is voided in QuickBooks is not posted anew, and what
stands there under a later generation is ours.
"""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from drills import books_of, prepare
from made_companies import copy_of_sample
from made_reports import workbook
from person import Person
from python_calamine import CalamineWorkbook
from scenario import REALM, read
from scenario import books_of as books_of_world
from test_lost_logs import Said, ask, linked, lose, post
from test_matching import WANTED, N

from toolkit import matching
from toolkit.counterparts import stamp
from toolkit.open_company import open_company
from toolkit.plan import Kind, Posted, Standing, operation_key

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


# ---- posted, undone, released, posted again


def undone(folder: Path) -> str:
    """January posted and its run undone: the run."""
    prepare(folder, quotas="off")
    run = str(pushed(folder, "2026-01")["run"])
    code = ask(folder, "undo", run)["digest"]
    assert ask(folder, "undo", run, "--approve", code)["exit"] == 0
    return run


@pytest.fixture(scope="module")
def taken_back(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    folder = copy_of_sample(tmp_path_factory.mktemp("undone"))
    return folder, undone(folder)


@pytest.fixture(scope="module")
def again(taken_back: tuple[Path, str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """January posted a second time, its bank deposits too."""
    folder = copied(taken_back[0], tmp_path_factory.mktemp("again"))
    assert ask(folder, "release", taken_back[1])["exit"] == 0
    assert pushed(folder, "2026-01")["created"] > 100
    assert ask(folder, "deposits", "--period", "2026-01", "--approve", "auto")["exit"] == 0
    return folder


def test_a_second_posting_is_recognized_when_the_log_is_lost(again: Path, tmp_path: Path) -> None:
    folder, intact = copied(again, tmp_path), copied(again, tmp_path / "intact")
    links, books = linked(folder), books_of(folder)
    lose(folder, "posting-log.db")
    seen = ask(folder, "preview", "--period", "2026-01")
    assert (seen["operations"], [one for one in seen["problems"] if one["severity"] != "note"]) == ([], [])
    for said in post(folder, "2026-01"):
        assert (said["exit"], said["qbo_writes"]) == (0, 0), said["problems"]
    assert books_of(folder) == books
    rebuilt = linked(folder)
    assert {name: one for name, one in rebuilt.items() if links.get(name) != one} == {}
    taken = {name for name in links if name[1].endswith("/undo") or name[0] is Kind.CUSTOMER}
    assert set(links) - set(rebuilt) - taken == set()
    february, without_loss = post(folder, "2026-02"), post(intact, "2026-02")
    same = ("exit", "created", "voided", "held", "qbo_writes")
    assert [[one[name] for name in same] for one in february] == [[one[name] for name in same] for one in without_loss]
    assert february[0]["voided"] == 2
    lose(folder, "posting-log.db")
    for month in ("2026-01", "2026-02"):
        for said in post(folder, month):
            assert (said["exit"], said["qbo_writes"]) == (0, 0), said["problems"]


def test_a_recognized_second_posting_is_released_into_the_third(again: Path, tmp_path: Path) -> None:
    """What was voided by hand since, and is released, gets a key and a number of its own."""
    folder, number = copied(again, tmp_path), "C039F19B-0019"
    lose(folder, "posting-log.db")
    pushed(folder, "2026-01")
    with open_company(folder, reports=folder / "reports") as company:
        person = Person(company)
        invoice = person.find("Invoice", f"{number}-CW1")
        person.void("Invoice", invoice)
    assert codes(pushed(folder, "2026-01"), number)
    assert ask(folder, "release", f"{number}-CW1")["exit"] == 0
    seen = ask(folder, "preview", "--period", "2026-01")
    made = [one for one in seen["operations"] if one["kind"] == "invoice"]
    assert [f"becomes {number}-CW2" in one["reason"] for one in made] == [True]


def test_what_was_undone_only_is_held_as_voided_there_and_the_way_out_is_true(
    taken_back: tuple[Path, str], tmp_path: Path
) -> None:
    folder = copied(taken_back[0], tmp_path)
    lose(folder, "posting-log.db")
    seen = ask(folder, "push", "--period", "2026-01", "--approve", "auto")
    assert (seen["exit"], seen["qbo_writes"]) == (3, 0)
    held = [one for one in seen["problems"] if one["severity"] != "note"]
    assert {one["code"] for one in held} == {"voided-in-quickbooks", "payment-voided-in-quickbooks"}
    assert not [one for one in held if "release" in one["do"]]
    standing = {name: one for name, one in linked(folder).items() if one[0] == "Payment"}
    with open_company(folder, reports=folder / "reports") as company:
        person = Person(company)
        void = {one["Id"] for one in person.all("Payment") if str(one.get("PrivateNote", "")).startswith("Voided")}
        assert void and not void & {qbo_id for _, qbo_id in standing.values()}
        asked = next(one for one in held if one["code"] == "payment-voided-in-quickbooks")
        (gone,) = [one for one in person.all("Payment") if f"(#{one['Id']})" in asked["do"]]
        person.delete("Payment", gone)
        number = next(one["key"] for one in held if one["code"] == "voided-in-quickbooks")
        person.delete("Invoice", person.find("Invoice", number))
    posted = ask(folder, "push", "--period", "2026-01", "--approve", "auto")
    assert posted["created"] == 3, "that payment, that invoice, and its customer, which the undo had made inactive"
    assert codes(posted, number) == ["payment-voided-in-quickbooks"]


def book(*documents: tuple[str, int, bool]) -> matching.Index:
    """Books with an invoice of each id, stamped as that generation of `N` (with that number), void or not."""
    rows = "\n".join(f"document {one} | {N} | 58 | 01-20 | 500{' | voided' * void}" for one, _, void in documents)
    made = books_of_world(read(f"QuickBooks\n{rows}"))
    keys = [operation_key(REALM, Kind.INVOICE, N, generation) for _, generation, _ in documents]
    marked = [replace(one, private_note=stamp(N, key)) for one, key in zip(made.documents, keys, strict=True)]
    return matching.index(replace(made, documents=tuple(marked)), {})


@pytest.mark.parametrize(
    ("documents", "generation", "found"),
    [
        ((("77", 1, False),), 1, "77"),
        ((("77", 1, True), ("78", 2, False)), 2, "78"),
        ((("78", 3, False),), 3, "78"),
        ((("77", 1, True), ("78", 2, False), ("79", 3, True)), 2, "78"),
        ((("77", 1, True), ("78", 2, True)), 2, "78"),
    ],
    ids=["the first", "the second", "the earlier ones deleted", "only one lives", "all void: the newest"],
)
def test_where_the_log_is_silent_the_living_generation_is_the_record(
    documents: tuple[tuple[str, int, bool], ...], generation: int, found: str
) -> None:
    known = book(*documents)
    who = matching.identity(known, Kind.INVOICE, N, N)
    assert (who.generation, who.key) == (generation, operation_key(REALM, Kind.INVOICE, N, generation))
    match = matching.find_document(known, who, WANTED)
    assert isinstance(match, matching.Match)
    assert (match.rule, match.qbo_id) == ("stamp", found)


def test_what_the_log_knows_under_another_key_is_no_generation_of_this_one() -> None:
    known = book(("77", 2, False))
    other = Posted(key="0" * 24, kind=Kind.INVOICE, entity="Invoice", standing=Standing.DONE, qbo_id="77")
    known = matching.index(known.standing.books, {other.key: other})
    assert matching.identity(known, Kind.INVOICE, N, N).generation == 1
