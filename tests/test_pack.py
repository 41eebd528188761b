"""The evidence folder can be read alone, is the same on every run, and no name in it is ever a formula."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest
from made_companies import copy_of_sample

from toolkit import charts, pack, report, stages
from toolkit.approval import Approval
from toolkit.open_company import OpenCompany, open_company
from toolkit.plan import from_json
from toolkit.problems import Problem
from toolkit.proof import Item, Proof, Reason, Section, Verdict
from toolkit.report_html import page
from toolkit.report_xlsx import workbook
from toolkit.shown import Shown, funds_by_day

PERIOD = "2026-01"


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenCompany]:
    """The sample with January posted and banked."""
    folder = tmp_path_factory.mktemp("pack")
    with open_company(copy_of_sample(folder), reports=folder / "reports", environ={}) as opened:
        stages.post(opened, stages.review(opened, PERIOD), Approval(code="auto"))
        stages.post(opened, stages.review_deposits(opened, PERIOD), Approval(code="auto"))
        yield opened


@pytest.fixture(scope="module")
def proved(company: OpenCompany) -> stages.Proved:
    return stages.prove(company, PERIOD)


@pytest.fixture(scope="module")
def folder(company: OpenCompany, proved: stages.Proved) -> Path:
    return stages.write_pack(company, proved)


def shown_of(proof: Proof, **more: object) -> Shown:
    return Shown(proof=proof, plans=(), entries=(), runs=(), inputs=(), reminders=(), **more)  # type: ignore[arg-type]


def test_the_folder_holds_what_an_auditor_needs(folder: Path) -> None:
    wanted = {
        "month-end.html", "month-end.xlsx", "proof.json", "books.json", "inputs.json", "entries.csv",
        "posting-log.csv", "plan.json", "deposits-plan.json", "inputs",
    }  # fmt: skip
    assert {one.name for one in folder.iterdir()} >= wanted


def test_inputs_are_kept_with_their_hashes(folder: Path) -> None:
    listed = json.loads((folder / "inputs.json").read_text(encoding="utf-8"))
    assert {one["file"] for one in listed} == {"billing.xlsx", "payouts.xlsx"}
    for one in listed:
        content = (folder / "inputs" / one["period"] / one["file"]).read_bytes()
        assert hashlib.sha256(content).hexdigest() == one["sha256"]
        assert len(content) == one["bytes"]


def test_written_again_every_file_is_the_same_bytes(company: OpenCompany, folder: Path) -> None:
    def contents() -> dict[str, bytes]:
        return {one.name: one.read_bytes() for one in folder.iterdir() if one.is_file()}

    before = contents()
    stages.write_pack(company, stages.prove(company, PERIOD))
    after = contents()
    books = {"books.json"}  # holds QuickBooks' clock at the read
    assert {name for name in before if before[name] != after[name]} <= books


def test_what_was_approved_stays_in_the_pack_when_a_later_run_has_nothing_to_do(
    company: OpenCompany, folder: Path
) -> None:
    approved = company.log.plans(PERIOD)
    assert sum(len(one.operations) for one in approved) == 167
    page_text = (folder / "month-end.html").read_text(encoding="utf-8")
    assert all(one.digest in page_text for one in approved)
    assert from_json((folder / "plan.json").read_bytes()).period == PERIOD


def test_the_page_needs_nothing_from_outside_and_says_that_the_month_ties(folder: Path) -> None:
    text = (folder / "month-end.html").read_text(encoding="utf-8")
    assert "The month ties." in text
    without_names = re.sub(r'xmlns(:\w+)?="[^"]*"', "", text)
    assert not re.search(r"<(script|link|iframe|img)\b|url\((?!#)|@import|(src|href)=\"http", without_names)


def test_a_name_that_looks_like_markup_or_a_formula_is_only_text(proved: stages.Proved) -> None:
    name = "=CMD()<script>alert(1)</script>"
    finding = replace(proved.proof.findings[0], who=name)
    proof = replace(proved.proof, findings=(finding, *proved.proof.findings[1:]))
    assert "<script>" not in page(shown_of(proof))
    book = openpyxl.load_workbook(io.BytesIO(workbook(shown_of(proof))))
    cell = next(cell for row in book["Records"].iter_rows() for cell in row if cell.value == name)
    assert cell.data_type == "s"


def test_no_cell_of_a_csv_is_a_formula(folder: Path) -> None:
    for name in ("entries.csv", "posting-log.csv"):
        rows = list(csv.reader((folder / name).read_text(encoding="utf-8-sig").splitlines()))
        assert len(rows) > 100
        for cell in (cell for row in rows for cell in row):
            assert not cell.startswith(("=", "+", "@")), cell
            assert not cell.startswith("-") or re.fullmatch(r"-\d+\.\d\d", cell), cell


def test_the_workbook_sums_what_it_lists(folder: Path, proved: stages.Proved) -> None:
    formulas = openpyxl.load_workbook(folder / "month-end.xlsx")
    values = openpyxl.load_workbook(folder / "month-end.xlsx", data_only=True)
    assert formulas["Summary"]["B6"].value == '=SUMIF(Items!A:A,"Accounts receivable",Items!G:G)'
    for row, section in enumerate(proved.proof.sections, start=6):
        listed = sum(
            Decimal(str(cells[6].value))
            for cells in values["Items"].iter_rows(min_row=2)
            if cells[0].value == section.name
        )
        assert listed == section.expected == Decimal(str(values["Summary"].cell(row, 2).value))


def test_entries_balance_and_come_to_the_books(folder: Path) -> None:
    with (folder / "entries.csv").open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    debits = sum(Decimal(row["debit"] or 0) for row in rows)
    credits = sum(Decimal(row["credit"] or 0) for row in rows)
    assert debits == credits > 0


def test_the_fingerprint_of_a_proof_changes_with_a_cent(proved: stages.Proved) -> None:
    first = proved.proof.findings[0]
    other = replace(
        proved.proof, findings=(replace(first, coworks=first.coworks + Decimal("0.01")), *proved.proof.findings[1:])
    )
    assert pack.proof_sha256(proved.proof) != pack.proof_sha256(other)


def test_undeposited_funds_by_day_end_at_the_reports_balance(proved: stages.Proved) -> None:
    days = funds_by_day(proved.balances)
    assert (len(days), days[0][0], days[-1][0]) == (31, date(2026, 1, 1), date(2026, 1, 31))
    assert days[-1][1] == proved.balances.undeposited.closing


@pytest.mark.parametrize(
    ("age_days", "place"), [(-5, 0), (30, 0), (31, 1), (60, 1), (61, 2), (90, 2), (91, 3), (400, 3)]
)
def test_receivables_are_drawn_by_age(age_days: int, place: int) -> None:
    item = Item(key="k", label="A", reason=Reason.OPEN, sentence="", quickbooks=Decimal("12.34"), age_days=age_days)
    text = charts.aging(Section(name="Accounts receivable", report=Decimal("12.34"), items=(item,)))
    sums = re.findall(r">(\d+\.\d\d)<", text)
    assert sums[::-1].index("12.34") == place


def test_nothing_open_draws_nothing() -> None:
    assert charts.aging(Section(name="Accounts receivable", report=Decimal("0.00"))) == ""


def test_many_problems_of_one_kind_are_one_paragraph_that_names_every_record() -> None:
    """And two kinds stay two, whatever they share."""

    def unmapped(number: str, plan: str) -> Problem:
        return Problem(
            code="unmapped",
            where=f"billing.xlsx, row {number}",
            what=f"Plan {plan!r} on invoice {number} has no product/service.",
            why="QuickBooks cannot book the line.",
            do=f"Add a row plan,{plan} to mapping.csv.",
            key=number,
        )

    text = report.problems_text([unmapped("A-1", "Hot"), unmapped("A-2", "Hot"), unmapped("A-3", "Cold")])
    assert text.count("  - ") == 2
    assert "3 to settle" in text
    assert "The same for 1 more: A-2." in " ".join(text.split())
    assert "A-3" in text
    many = report.problems_text([unmapped(f"B-{number}", "Hot") for number in range(30)])
    assert "B-8, and 21 others (--json names them all)." in " ".join(many.split())


def test_many_differences_of_one_reason_are_one_sentence_and_a_finding_is_not_said_twice(
    proved: stages.Proved,
) -> None:
    items = tuple(
        Item(key=f"k{place}", label=f"Payment {place}", reason=Reason.NOT_DEPOSITED, sentence="late.", quickbooks=one)
        for place, one in enumerate([Decimal("10.00")] * 4)
    )
    section = replace(proved.proof.undeposited, items=items)
    obstacles = replace(proved.proof, undeposited=section).obstacles
    assert [one for one in obstacles if "Payment 0" in one] == [
        "4 differences in Undeposited Funds, together $40.00: paid out, bank deposit missing. "
        "The first: Payment 0: late."
    ]
    wrong = replace(proved.proof.findings[0], key="k1", verdict=Verdict.MISSING, sentence="Payment 1 is missing.")
    few = replace(proved.proof, undeposited=replace(section, items=items[:2]), findings=(wrong,))
    assert [one for one in few.obstacles if "Payment" in one] == ["Payment 0: late.", "Payment 1 is missing."]


def test_a_month_that_does_not_tie_says_so_everywhere(proved: stages.Proved) -> None:
    short = replace(proved.proof.receivable, report=proved.proof.receivable.report - Decimal("0.01"))
    proof = replace(proved.proof, receivable=short)
    assert "does not tie" in page(shown_of(proof))
    assert "does not tie" in report.proof_text(proof)
    book = openpyxl.load_workbook(io.BytesIO(workbook(shown_of(proof))), data_only=True)
    assert book["Summary"]["A3"].value == "The month does not tie yet."
    assert report.unexplained(proof) == Decimal("-0.01")
