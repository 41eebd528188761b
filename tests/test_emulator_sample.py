"""The generated sample: its files agree with each other at every size, and the doors to it."""

from __future__ import annotations

import json
import re
from collections import Counter
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from sample_files import CENT, COMMITTED, LIST_TABS, contents, day, figures_for, mapping, money, month_files

from toolkit import billing, settings
from toolkit.emulator.company import Company
from toolkit.emulator.sample import command, write_company
from toolkit.problems import blocking

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
