"""The generated sample: its files agree, hold every special case, and the committed one is up to date."""

from __future__ import annotations

import csv
import json
import re
from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner
from python_calamine import CalamineWorkbook

from toolkit import billing, settings
from toolkit.emulator.company import Company
from toolkit.emulator.sample import command, write_company
from toolkit.emulator.sample.figures import Figures, figures_of
from toolkit.emulator.sample.months import Operator, Size
from toolkit.problems import blocking

COMMITTED = Path(__file__).parents[1] / "companies" / "sample"
CENT = Decimal("0.01")
LIST_TABS = ("Paid", "Refunded", "Unpaid", "Marked As Paid", "Failed")
Row = dict[str, Any]


def money(cell: object) -> Decimal:
    return Decimal(str(cell or 0)).quantize(CENT)


def sheet(path: Path, tab: str) -> list[Row]:
    if path.with_suffix("").is_dir():
        with (path.with_suffix("") / f"{tab}.csv").open(encoding="utf-8", newline="") as file:
            return [dict(row) for row in csv.DictReader(file)]
    rows = CalamineWorkbook.from_path(str(path)).get_sheet_by_name(tab).to_python(skip_empty_area=False)
    return [dict(zip(rows[0], row, strict=True)) for row in rows[1:]]


def day(cell: object) -> date | None:
    if not cell:
        return None
    return cell if isinstance(cell, date) else date.fromisoformat(str(cell))


@dataclass
class MonthFiles:
    period: str
    tabs: dict[str, list[Row]]
    summary: list[Row]
    payouts: list[Row]
    charges: list[Row]

    @property
    def invoices(self) -> dict[str, list[Row]]:
        """The rows of each number in the first tab that lists it."""
        found: dict[str, list[Row]] = {}
        for rows in self.tabs.values():
            by_number = defaultdict(list)
            for row in rows:
                by_number[row["Invoice Number"]].append(row)
            for number, own in by_number.items():
                found.setdefault(number, own)
        return found

    def head(self, team: str) -> list[Row]:
        return [rows[0] for rows in self.invoices.values() if rows[0]["Team"] == team]


def month_files(folder: Path) -> list[MonthFiles]:
    found = []
    for inbox in sorted((folder / "inbox").iterdir()):
        book, payouts = inbox / "billing.xlsx", inbox / "payouts.xlsx"
        found.append(
            MonthFiles(
                period=inbox.name,
                tabs={tab: sheet(book, tab) for tab in LIST_TABS},
                summary=sheet(book, "Billing Summary"),
                payouts=sheet(payouts, "Payouts"),
                charges=sheet(payouts, "Charges"),
            )
        )
    return found


def mapping(folder: Path) -> list[Row]:
    with (folder / "mapping.csv").open(encoding="utf-8", newline="") as file:
        return [dict(row) for row in csv.DictReader(file)]


SHAPES = (
    {},
    {"invoices": 1, "months": 1},
    {"invoices": 7, "months": 3, "seed": 5},
    {"invoices": 620, "months": 3, "seed": 9},
)


@pytest.fixture(scope="module", params=SHAPES, ids=lambda shape: str(shape.get("invoices", "sample")))
def made(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, int]]:
    folder = tmp_path_factory.mktemp("made") / "sample"
    write_company(folder, **request.param)
    return folder, {"invoices": 65, "months": 2, "seed": 1} | request.param


@pytest.fixture(scope="module")
def sample() -> list[MonthFiles]:
    return month_files(COMMITTED)


class TestEverySize:
    """Holds for any company that the generator writes."""

    def test_each_month_issues_exactly_the_invoices_asked_for(self, made: tuple[Path, dict[str, int]]) -> None:
        folder, asked = made
        months = month_files(folder)
        assert len(months) == asked["months"]
        for month in months:
            issued = [
                n for n, rows in month.invoices.items() if f"{day(rows[0]['Invoice Date']):%Y-%m}" == month.period
            ]
            assert len(issued) == asked["invoices"]

    def test_lines_sum_to_the_total_that_each_row_repeats(self, made: tuple[Path, dict[str, int]]) -> None:
        for month in month_files(made[0]):
            for rows in month.invoices.values():
                assert {money(row["Total"]) for row in rows} == {sum(money(row["Amount"]) for row in rows)}

    def test_quantity_times_price_is_the_amount_rounded_half_up(self, made: tuple[Path, dict[str, int]]) -> None:
        for month in month_files(made[0]):
            for row in (row for rows in month.tabs.values() for row in rows):
                product = Decimal(str(row["Quantity"])) * Decimal(str(row["Unit Price"]))
                assert product.quantize(CENT, ROUND_HALF_UP) == money(row["Amount"])

    def test_the_summary_counts_and_sums_each_tab_and_the_whole(self, made: tuple[Path, dict[str, int]]) -> None:
        for month in month_files(made[0]):
            totals = {tab: {r["Invoice Number"]: money(r["Total"]) for r in rows} for tab, rows in month.tabs.items()}
            totals["Total"] = {number: total for tab in LIST_TABS for number, total in totals[tab].items()}
            for row in month.summary:
                own = totals.pop(row["Tab"])
                assert (int(row["Invoices"]), money(row["Total"])) == (len(own), sum(own.values()))
            assert not totals

    def test_every_payout_is_the_sum_of_its_charges_one_a_weekday(self, made: tuple[Path, dict[str, int]]) -> None:
        for month in month_files(made[0]):
            nets: Counter[str] = Counter()
            for charge in month.charges:
                assert money(charge["gross"]) - money(charge["fee"]) == money(charge["net"])
                nets[charge["payout_id"]] += money(charge["net"])  # type: ignore[assignment]
            days = [day(payout["arrival_date"]) for payout in month.payouts]
            assert len(set(days)) == len(days)
            assert all(one is not None and one.weekday() < 5 for one in days)
            for payout in month.payouts:
                assert money(payout["amount"]) == nets.pop(payout["id"]) > 0
            assert not nets

    def test_every_card_and_ach_payment_is_in_one_payout_or_still_under_way(
        self, made: tuple[Path, dict[str, int]]
    ) -> None:
        folder = made[0]
        charged: dict[str, Decimal] = {}
        paid: dict[str, tuple[Decimal, date]] = {}
        for month in month_files(folder):
            for charge in month.charges:
                if charge["type"] == "charge":
                    charged[charge["charge_id"]] = money(charge["gross"])
            for rows in month.invoices.values():
                if rows[0]["Charge ID"]:
                    paid_on = day(rows[0]["Paid Date"])
                    assert paid_on is not None
                    paid[rows[0]["Charge ID"]] = money(rows[0]["Amount Paid"]), paid_on
            last = max(paid_on for _, paid_on in paid.values())
        assert charged.items() <= {key: amount for key, (amount, _) in paid.items()}.items()
        missing = [paid_on for key, (_, paid_on) in paid.items() if key not in charged]
        assert all((last - paid_on).days <= 7 for paid_on in missing)

    def test_mapping_names_everything_that_is_billed(self, made: tuple[Path, dict[str, int]]) -> None:
        folder = made[0]
        kinds = {"booking": "external_booking", "proration": "plan"}
        rows = {(row["kind"], row["name"]) for row in mapping(folder)}
        for month in month_files(folder):
            for line in (line for lines in month.invoices.values() for line in lines if not line["Category"]):
                assert (kinds.get(line["Kind"], line["Kind"]), line["Plan Name"]) in rows
                assert not line["Campus"] or ("campus", line["Campus"]) in rows

    def test_mapping_names_only_what_quickbooks_has(self, made: tuple[Path, dict[str, int]]) -> None:
        lists = json.loads((made[0] / "qbo.json").read_text(encoding="utf-8"))["lists"]
        for column, entity in (("product", "Item"), ("class", "Class"), ("location", "Department")):
            known = {one["Name"] for one in lists[entity] if one.get("Active", True)}
            assert {row[column] for row in mapping(made[0])} - {""} <= known

    def test_the_toolkit_reads_every_report_without_a_problem(self, made: tuple[Path, dict[str, int]]) -> None:
        folder = made[0]
        zone = settings.read(folder / "company.toml").zone
        for inbox in sorted((folder / "inbox").iterdir()):
            read = billing.read([inbox / "billing.xlsx"], period=inbox.name, zone=zone, voids=folder / "voids.csv")
            assert blocking(read.problems) == ()

    def test_limits_allow_the_month_without_an_approval_code(self, made: tuple[Path, dict[str, int]]) -> None:
        folder, asked = made
        limits = settings.read(folder / "company.toml").limits
        for figures in figures_for(**asked):
            amount = figures.posted_amount + figures.paid_amount + figures.refunded_amount + figures.bank
            assert Decimal(amount) / 100 <= limits.auto_amount
            assert 3 * figures.posted + figures.paid + figures.payouts <= limits.auto_documents
            assert figures.voided <= limits.auto_voids

    def test_the_books_open_in_the_emulator_and_balance(
        self, made: tuple[Path, dict[str, int]], tmp_path: Path
    ) -> None:
        company = Company.open(tmp_path / "qbo.db", seed=made[0] / "qbo.json")
        assert company.realm_id == settings.read(made[0] / "company.toml").quickbooks.realm
        (total,) = company.connection().execute("SELECT sum(amount) FROM posting").fetchone()
        assert total == 0

    def test_the_same_arguments_give_the_same_bytes(self, made: tuple[Path, dict[str, int]], tmp_path: Path) -> None:
        folder, asked = made
        again = tmp_path / "sample"
        write_company(again, **asked)
        assert contents(again) == contents(folder)


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def figures_for(invoices: int, months: int, seed: int) -> list[Figures]:
    operator = Operator(Size(invoices, months, date(2026, 1, 1), seed, invoices >= 45))
    figures: list[Figures] = []
    for month in operator.months():
        figures.append(figures_of(month, operator.specials, figures))
    return figures


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


def cells(path: Path) -> dict[str, list[list[Any]]]:
    book = CalamineWorkbook.from_path(str(path))
    return {name: book.get_sheet_by_name(name).to_python(skip_empty_area=False) for name in book.sheet_names}


def books() -> Row:
    found: Row = json.loads((COMMITTED / "qbo.json").read_text(encoding="utf-8"), parse_float=Decimal)
    return found


def lists() -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = books()["lists"]
    return found


def entities(name: str) -> list[Row]:
    return [one[name] for one in books()["transactions"] if name in one]


def is_other(entity: str, one: Row) -> bool:
    return entity != "Customer" or one.get("Active") is False


class TestDoors:
    """The function's options and the command."""

    def test_csv_folders_say_the_same_as_workbooks(self, tmp_path: Path) -> None:
        write_company(tmp_path / "one" / "sample", as_csv=True)
        for workbook, folder in zip(month_files(COMMITTED), month_files(tmp_path / "one" / "sample"), strict=True):
            assert folder.invoices.keys() == workbook.invoices.keys()
            for number, rows in folder.invoices.items():
                same = workbook.invoices[number]
                assert [list(map(plain, row.values())) for row in rows] == [list(map(plain, r.values())) for r in same]

    def test_known_customers_are_in_quickbooks_beforehand(self, tmp_path: Path) -> None:
        write_company(tmp_path, invoices=30, known_customers=True)
        customers = json.loads((tmp_path / "qbo.json").read_text(encoding="utf-8"))["lists"]["Customer"]
        billed = {row["Team"] for rows in month_files(tmp_path)[1].invoices.values() for row in rows}
        assert billed - {"Guest"} <= {one["DisplayName"] for one in customers}

    @pytest.mark.parametrize(
        "wrong", [{"invoices": 0}, {"months": 0}, {"first_month": "2026-13"}, {"first_month": "January"}]
    )
    def test_impossible_sizes_are_refused(self, tmp_path: Path, wrong: dict[str, Any]) -> None:
        with pytest.raises(ValueError, match="at least 1"):
            write_company(tmp_path, **wrong)

    def test_another_first_month_crosses_the_year(self, tmp_path: Path) -> None:
        write_company(tmp_path, invoices=50, months=3, first_month="2025-11")
        months = month_files(tmp_path)
        assert [month.period for month in months] == ["2025-11", "2025-12", "2026-01"]
        assert "November 12" in (tmp_path / "README.md").read_text(encoding="utf-8")

    def test_the_command_says_what_it_wrote(self, tmp_path: Path) -> None:
        asked = [str(tmp_path / "small"), "--invoices", "3", "--months", "1", "--seed", "4"]
        result = CliRunner().invoke(command, asked)
        assert result.exit_code == 0
        for name in ("2026-01", "billing.xlsx", "payouts.xlsx", "company.toml", "mapping.csv", "qbo.json"):
            assert name in result.output

    def test_another_seed_or_name_is_another_company(self, tmp_path: Path) -> None:
        realms = set()
        for name, seed in (("one", 1), ("one", 2), ("two", 1)):
            write_company(tmp_path / name, invoices=2, months=1, seed=seed)
            realms.add(settings.read(tmp_path / name / "company.toml").quickbooks.realm)
        assert len(realms) == 3


def plain(cell: object) -> object:
    """A cell of either form as text that compares."""
    if isinstance(cell, float) or (isinstance(cell, str) and re.fullmatch(r"-?\d+(\.\d+)?", cell)):
        return Decimal(str(cell)).normalize()
    return str(cell) if cell else ""
