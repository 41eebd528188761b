"""Rows of Coworks' own integration that are about the whole way: connecting, reading the report, custom fees."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest
from made_companies import copy_of_sample

from toolkit import billing, connecting, report_company, stages
from toolkit.books import SalesDocument
from toolkit.model import LineKind
from toolkit.open_company import OpenCompany, open_company
from toolkit.problems import ReconnectNeeded
from toolkit.settings import Mode


@pytest.fixture
def company(tmp_path: Path) -> Iterator[OpenCompany]:
    with open_company(copy_of_sample(tmp_path), reports=tmp_path / "reports", environ={}) as opened:
        yield opened


def nobody(question: str, *, secret: bool = False) -> str:
    raise AssertionError(f"an emulated company asks nothing, not {question!r}")


def test_A1_connecting_ends_in_a_green_check_with_company_id_and_days_left(company: OpenCompany) -> None:
    found = connecting.connect(company, ask=nobody, show=lambda _line: None)
    text = report_company.connected_text(found)
    assert text.startswith("✓ Connected to Commonground Coworking LLC")
    assert found.realm in text
    assert "100 days left" in text


def test_A1_an_answer_that_we_did_not_ask_for_is_refused(company: OpenCompany) -> None:
    company.session.keys("emulator", "emulator")
    page, state = company.session.begin("http://localhost:8765/callback")
    assert "state=" in page
    stolen = f"http://localhost:8765/callback?code=abc&realmId={company.settings.quickbooks.realm}&state=not-ours"
    with pytest.raises(ReconnectNeeded):
        company.session.finish(stolen, state, "http://localhost:8765/callback")


def test_A2_both_switches_off_are_said_when_connecting(company: OpenCompany) -> None:
    assert company.settings.mode is Mode.TRANSACTIONS
    assert {one.code for one in connecting._switches(Mode.NOTHING)} == {"switched-off"}
    assert {one.code for one in connecting._switches(Mode.INVOICES)} == {"invoices-only"}


def test_A14_each_custom_fee_goes_to_its_own_product(company: OpenCompany) -> None:
    reviewed = stages.review(company, "2026-01")
    items = {one.id: one.full_name or one.name for one in reviewed.books.items}
    rules = {one.name: one.product for one in reviewed.gathered.mapping.rules if one.kind == "custom_fee"}
    bills = {one.number: one for one in reviewed.gathered.billing.invoices}
    seen: set[str] = set()
    for operation in reviewed.plan.operations:
        document = operation.record
        if not isinstance(document, SalesDocument) or document.number not in bills:
            continue
        for line in bills[document.number].lines:
            if line.kind is LineKind.CUSTOM_FEE:
                posted = [
                    one
                    for one in document.lines
                    if one.amount == line.amount and items[one.item_id] == rules[line.name]
                ]
                assert posted, f"{document.number}: {line.name} is not on {rules[line.name]}"
                seen.add(line.name)
    assert seen == set(rules)


def test_A20_the_report_is_read_whole_from_every_tab_and_checked_against_its_summary(company: OpenCompany) -> None:
    path = company.folder / "inbox" / "2026-02" / "billing.xlsx"
    read = billing.read([path], period="2026-02", zone=company.settings.zone)
    assert read.problems == ()
    tabs = {tab for invoice in read.invoices for tab in invoice.tabs}
    assert {"Paid", "Refunded", "Unpaid", "Marked As Paid", "Failed"} <= tabs
    summary = {row[0]: row[1:] for row in openpyxl.load_workbook(path)["Billing Summary"].iter_rows(values_only=True)}
    assert len(read.invoices) == summary["Total"][0]
    assert sum((one.total for one in read.invoices), Decimal("0.00")) == Decimal(str(summary["Total"][1]))


def test_A22_invoices_made_in_quickbooks_are_listed_and_never_copied(company: OpenCompany) -> None:
    proof = stages.prove(company, "2026-01").proof
    only = {one.name for one in proof.findings if one.verdict == "only_in_quickbooks"}
    assert {"QB-2001", "C957F1A7-0009"} <= only
