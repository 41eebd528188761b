"""companies/sample is what the generator writes, and holds every special case by name."""

from __future__ import annotations

import csv
import re
from collections import defaultdict
from datetime import date
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sample_files import (
    COMMITTED,
    MonthFiles,
    cells,
    contents,
    day,
    entities,
    figures_for,
    is_other,
    lists,
    mapping,
    money,
    month_files,
)

from toolkit import billing
from toolkit.emulator.company import Company
from toolkit.emulator.sample import write_company


@pytest.fixture(scope="module")
def sample() -> list[MonthFiles]:
    return month_files(COMMITTED)


class TestCommitted:
    """companies/sample is what the generator writes, and holds every case by name."""

    def test_it_is_exactly_what_the_generator_writes(self, tmp_path: Path) -> None:
        folder = tmp_path / "sample"
        write_company(folder)
        written = contents(folder)
        for name, expected in written.items():
            path = COMMITTED / name
            if name.endswith(".xlsx"):
                assert cells(path) == cells(folder / name), name
            else:
                assert path.read_text(encoding="utf-8") == expected.decode(), name
        assert {name for name in written if name.startswith("inbox")} == {
            str(path.relative_to(COMMITTED)) for path in (COMMITTED / "inbox").rglob("*") if path.is_file()
        }

    def test_team_a_has_a_number_that_was_taken_by_hand_in_quickbooks(self, sample: list[MonthFiles]) -> None:
        assert {row["Invoice Number"] for row in sample[0].head("Team A")} == {"C957F1A7-0008", "C957F1A7-0009"}
        invoices = {one["DocNumber"]: one for one in entities("Invoice")}
        assert {"C957F1A7-0008", "C957F1A7-0009"} <= invoices.keys()
        billed = sample[0].invoices["C957F1A7-0009"][0]
        assert Decimal(str(invoices["C957F1A7-0009"]["Line"][0]["Amount"])) != money(billed["Total"])

    def test_ten_documents_were_posted_earlier_without_a_stamp_and_as_billed(self, sample: list[MonthFiles]) -> None:
        billed = sample[0].invoices
        ours = [one for one in entities("Invoice") if one["DocNumber"] in billed and "PrivateNote" not in one]
        assert (len(ours), len(entities("Payment"))) == (7, 3)
        for one in ours:
            rows = billed[one["DocNumber"]]
            amounts = [Decimal(str(line["Amount"])) for line in one["Line"]]
            assert amounts == [money(row["Amount"]) for row in rows]
            assert one["TxnDate"] == str(day(rows[0]["Invoice Date"]))
        numbers = {one["Id"]: one["DocNumber"] for one in ours}
        for payment in entities("Payment"):
            rows = billed[numbers[payment["Line"][0]["LinkedTxn"][0]["TxnId"]]]
            assert Decimal(str(payment["TotalAmt"])) == money(rows[0]["Amount Paid"])
            assert "PrivateNote" not in payment

    def test_factory_inc_is_open_for_500_and_paid_in_february(self, sample: list[MonthFiles]) -> None:
        (january,), (february,) = sample[0].head("Factory Inc."), sample[1].head("Factory Inc.")
        assert (january["Status"], money(january["Amount Due"])) == ("Unpaid", Decimal("500.00"))
        assert (february["Status"], money(february["Amount Paid"])) == ("Paid", Decimal("500.00"))
        assert (january["Invoice Number"], january["Category"]) == (february["Invoice Number"], "Event Space")

    def test_one_void_has_a_status_and_a_date(self, sample: list[MonthFiles]) -> None:
        (january,), (february,) = sample[0].head("Lumen Collective"), sample[1].head("Lumen Collective")
        assert (january["Status"], february["Status"]) == ("Unpaid", "Closed")
        assert day(february["Closed Date"]) == date(2026, 2, 10)

    def test_one_void_vanished_and_is_answered(self, sample: list[MonthFiles]) -> None:
        (january,) = sample[0].head("Pine Street Press")
        assert january["Status"] == "Unpaid"
        assert sample[1].head("Pine Street Press") == []
        text = (COMMITTED / "voids.csv").read_text(encoding="utf-8").splitlines()
        assert text[0] == "invoice_number,voided_on,reason"
        assert [line.split(",")[:2] for line in text[1:]] == [[january["Invoice Number"], "2026-02-12"]]

    def test_without_the_answer_the_month_asks(self) -> None:
        zone = ZoneInfo("America/New_York")
        january, february = (
            billing.read([COMMITTED / "inbox" / period / "billing.xlsx"], period=period, zone=zone)
            for period in ("2026-01", "2026-02")
        )
        posted = [invoice.number for invoice in january.invoices]
        questions = billing.vanished(january, february, posted)
        (gone,) = [row["Invoice Number"] for row in month_files(COMMITTED)[0].head("Pine Street Press")]
        assert [question.key for question in questions] == [gone]

    def test_a_full_refund_is_netted_in_a_payout_and_the_fee_stays(self, sample: list[MonthFiles]) -> None:
        (row,) = sample[0].head("Gather Events Co.")
        assert row["Invoice Number"] in {one["Invoice Number"] for one in sample[0].tabs["Paid"]}
        assert row["Invoice Number"] in {one["Invoice Number"] for one in sample[0].tabs["Refunded"]}
        (refund,) = [one for one in sample[0].charges if one["type"] == "refund"]
        assert money(refund["gross"]) == -money(row["Total"]) == money(refund["net"])
        assert money(refund["fee"]) == 0

    def test_a_partial_refund_comes_a_month_later(self, sample: list[MonthFiles]) -> None:
        (first, *_) = sample[0].head("Slate Architecture")
        rows = [row for row in sample[1].tabs["Refunded"] if row["Team"] == "Slate Architecture"]
        assert {row["Invoice Number"] for row in rows} == {first["Invoice Number"]}
        assert {(row["Status"], money(row["Amount Refunded"])) for row in rows} == {
            ("Partially refunded", Decimal("100.00"))
        }

    def test_a_split_invoice_and_its_two_halves(self, sample: list[MonthFiles]) -> None:
        rows = sample[0].head("Twin Rivers Consulting")
        (parent,) = [row for row in rows if row["Status"] == "Split"]
        halves = [row for row in rows if row["Split From"] == parent["Invoice Number"]]
        assert len(halves) == 2
        assert sum(money(row["Total"]) for row in halves) == money(parent["Total"])
        assert {row["Status"] for row in halves} == {"Paid", "Unpaid"}

    def test_an_invoice_of_nothing_is_marked_as_paid(self, sample: list[MonthFiles]) -> None:
        (row,) = sample[0].head("Fern & Fable Books")
        assert (row["Status"], money(row["Total"]), row["Payment Method"]) == ("Marked as Paid", 0, "")

    def test_a_failed_invoice_stands_again_in_unpaid_and_one_is_paid_later(self, sample: list[MonthFiles]) -> None:
        failed = {row["Invoice Number"] for row in sample[0].tabs["Failed"]}
        assert failed <= {row["Invoice Number"] for row in sample[0].tabs["Unpaid"]}
        (row,) = [row for row in sample[1].head("Copper Kettle Media") if row["Invoice Number"] in failed]
        assert row["Status"] == "Paid"

    def test_payouts_are_in_transit_at_both_month_ends(self, sample: list[MonthFiles]) -> None:
        for month in sample:
            (transit,) = [one for one in month.payouts if one["status"] == "in_transit"]
            arrival = day(transit["arrival_date"])
            assert arrival is not None
            assert f"{arrival:%Y-%m}" > month.period
            made_in = {f"{day(one['created']):%Y-%m}" for one in month.charges if one["payout_id"] == transit["id"]}
            assert made_in == {month.period}
        arrived = {one["id"]: one["status"] for one in sample[1].payouts}
        assert [arrived[one["id"]] for one in sample[0].payouts if one["status"] == "in_transit"] == ["paid"]

    @pytest.mark.parametrize(
        "team",
        [
            "O’Brien & Søn GmbH",
            "=CMD()",
            "Studio: North",
            "Blue Heron Labs ",
            "🚀 Launchpad Ventures",
            "Acme Cleaning LLC",
        ],
    )
    def test_names_that_bite_are_billed(self, sample: list[MonthFiles], team: str) -> None:
        assert all(month.head(team) for month in sample)

    def test_a_vendor_an_employee_and_an_inactive_customer_hold_names_of_teams(self, sample: list[MonthFiles]) -> None:
        for entity in ("Vendor", "Employee", "Customer"):
            held = {one["DisplayName"].removesuffix(" (deleted)") for one in lists()[entity] if is_other(entity, one)}
            assert held & {row["Team"] for rows in sample[0].invoices.values() for row in rows}, entity

    def test_two_teams_share_an_email_and_are_pinned_to_their_customers(self, sample: list[MonthFiles]) -> None:
        with (COMMITTED / "customers.csv").open(encoding="utf-8", newline="") as file:
            pins = {row["team"]: row for row in csv.DictReader(file)}
        rows = [sample[0].head(team)[0] for team in ("Harbor Legal", "Harbor Title")]
        assert len({row["Customer Email"] for row in rows}) == 1
        for row in rows:
            assert row["Invoice Number"].startswith(pins[row["Team"]]["number_prefix"])
            assert pins[row["Team"]]["customer_id"] in {one["Id"] for one in lists()["Customer"]}

    def test_guests_have_no_campus_and_some_no_email(self, sample: list[MonthFiles]) -> None:
        guests = sample[0].head("Guest")
        assert {row["Campus"] for row in guests} == {""}
        assert {bool(row["Customer Email"]) for row in guests} == {True, False}

    def test_every_kind_of_line_type_and_method_occurs(self, sample: list[MonthFiles]) -> None:
        rows = [row for month in sample for rows in month.invoices.values() for row in rows]
        assert {row["Kind"] for row in rows} == {
            *(
                "plan",
                "proration",
                "discount",
                "day_pass",
                "booking",
                "one_off",
                "transaction_fee",
                "custom_fee",
                "deposit",
            )
        }
        assert {row["Invoice Type"] for row in rows} == {"Membership", "One-off", "Day Pass", "External Booking"}
        assert {row["Payment Method"] for row in rows} == {"", "card", "ach", "check", "cash", "wire"}

    def test_one_offs_have_a_category_a_mapped_one_or_none(self, sample: list[MonthFiles]) -> None:
        chosen = {row["name"] for row in mapping(COMMITTED) if row["kind"] == "invoice"}
        one_offs = [r[0] for month in sample for r in month.invoices.values() if r[0]["Invoice Type"] == "One-off"]
        assert any(row["Category"] for row in one_offs)
        assert chosen and chosen <= {row["Invoice Number"] for row in one_offs if not row["Category"]}
        assert any(not row["Category"] and row["Invoice Number"] not in chosen for row in one_offs)

    def test_an_invoice_of_the_accountant_is_only_in_quickbooks(self, sample: list[MonthFiles]) -> None:
        billed = {number for month in sample for number in month.invoices}
        assert [one["DocNumber"] for one in entities("Invoice") if one["DocNumber"] not in billed] == ["QB-2001"]

    def test_a_security_deposit_goes_to_a_liability(self) -> None:
        (product,) = [row["product"] for row in mapping(COMMITTED) if row["kind"] == "deposit"]
        (item,) = [one for one in lists()["Item"] if one["Name"] == product]
        accounts = {one["Id"]: one["AccountType"] for one in lists()["Account"]}
        assert accounts[item["IncomeAccountRef"]["value"]] == "Other Current Liability"

    def test_two_campuses_sixty_teams_and_numbers_as_stripe_writes_them(self, sample: list[MonthFiles]) -> None:
        rows = [row[0] for month in sample for row in month.invoices.values()]
        assert {row["Campus"] for row in rows} == {"Downtown", "Riverside", ""}
        assert len({row["Team"] for row in rows if row["Team"] != "Guest"}) == 60
        assert all(re.fullmatch(r"[0-9A-F]{8}-\d{4}", row["Invoice Number"]) for row in rows)
        prefixes = defaultdict(set)
        for row in rows:
            prefixes[row["Invoice Number"][:8]].add(row["Team"])
        assert all(len(teams) == 1 for teams in prefixes.values())

    def test_the_figures_of_the_page_follow_from_the_files(self, sample: list[MonthFiles]) -> None:
        page = (COMMITTED / "README.md").read_text(encoding="utf-8")
        only = Decimal("255.00")
        by_hand = Decimal(0)
        for month, figures in zip(sample, figures_for(65, 2, 1), strict=True):
            heads = {rows[0]["Invoice Number"]: rows[0] for rows in month.invoices.values()}
            due = sum(money(row["Amount Due"]) for row in heads.values())
            assert due + only == Decimal(figures.receivable) / 100
            paid = [row for row in heads.values() if f"{day(row['Paid Date']) or date.min:%Y-%m}" == month.period]
            by_hand += sum(money(row["Amount Paid"]) for row in paid if row["Payment Method"] not in ("card", "ach"))
            assert by_hand == Decimal(figures.by_hand) / 100
            bank = sum(money(one["amount"]) for one in month.payouts if one["status"] == "paid")
            assert bank == Decimal(figures.bank) / 100
            for shown in (due + only, Decimal(figures.undeposited) / 100, bank):
                assert f"${shown:,.2f}" in page

    def test_undeposited_funds_roll_forward_from_the_files(self, sample: list[MonthFiles]) -> None:
        held = Decimal(0)
        for month, figures in zip(sample, figures_for(65, 2, 1), strict=True):
            for rows in month.invoices.values():
                row = rows[0]
                if f"{day(row['Paid Date']) or date.min:%Y-%m}" == month.period:
                    held += money(row["Amount Paid"])
                if f"{day(row['Refunded Date']) or date.min:%Y-%m}" == month.period:
                    held -= money(row["Amount Refunded"])
            arrived = {one["id"] for one in month.payouts if one["status"] == "paid"}
            held -= sum(money(one["gross"]) for one in month.charges if one["payout_id"] in arrived)
            assert held == Decimal(figures.undeposited) / 100

    def test_its_books_hold_the_receivables_and_funds_of_what_coworks_posted(self, tmp_path: Path) -> None:
        company = Company.open(tmp_path / "qbo.db", seed=COMMITTED / "qbo.json")
        balances = dict(
            company.connection().execute("SELECT account_id, sum(amount) FROM posting GROUP BY account_id").fetchall()
        )
        invoiced = sum(Decimal(str(line["Amount"])) for one in entities("Invoice") for line in one["Line"])
        paid = sum(Decimal(str(one["TotalAmt"])) for one in entities("Payment"))
        assert balances["4"] == paid * 100
        assert balances["84"] == (invoiced - paid) * 100
