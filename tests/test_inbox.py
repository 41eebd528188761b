"""Files of the inbox are known by what is in them, and belong to the month of their dates."""

from __future__ import annotations

from pathlib import Path

import pytest
from made_reports import cells, csv_bytes, paid, report, row, workbook
from test_payouts import CHARGE_HEADER, PAYOUT_HEADER, charge, payout

from toolkit import inbox
from toolkit.problems import UsageError

PAYOUTS = {"Payouts": [PAYOUT_HEADER, payout()], "Charges": [CHARGE_HEADER, charge()]}


@pytest.fixture
def january(tmp_path: Path) -> Path:
    (tmp_path / "2026-01").mkdir()
    return tmp_path / "2026-01"


def names(found: inbox.Inbox) -> tuple[list[str], list[str], list[str]]:
    return (
        [path.name for path in found.billing],
        [path.name for path in found.payouts],
        [problem.code for problem in found.problems],
    )


def test_workbooks_are_known_by_their_tabs_not_by_their_names(january: Path) -> None:
    report(january / "a.xlsx", unpaid=[row()])
    workbook(january / "billing.xlsx", PAYOUTS)
    assert names(inbox.find(january.parent, "2026-01")) == (["a.xlsx"], ["billing.xlsx"], [])


def test_csv_files_are_known_by_their_headers(january: Path) -> None:
    (january / "one.csv").write_bytes(csv_bytes(cells([row(status="Unpaid")])))
    (january / "two.csv").write_bytes(csv_bytes(PAYOUTS["Payouts"]))
    (january / "three.csv").write_bytes(csv_bytes(PAYOUTS["Charges"]))
    assert names(inbox.find(january.parent, "2026-01")) == (["one.csv"], ["three.csv", "two.csv"], [])


def test_a_folder_of_csv_files_is_one_report(january: Path) -> None:
    (january / "billing").mkdir()
    (january / "billing" / "unpaid.csv").write_bytes(csv_bytes(cells([row()])))
    assert names(inbox.find(january.parent, "2026-01")) == (["billing"], [], [])


def test_an_unknown_file_is_a_problem_and_hidden_ones_are_none(january: Path) -> None:
    report(january / "billing.xlsx", unpaid=[row()])
    (january / "shopping.csv").write_text("milk,eggs\n1,2\n", encoding="utf-8")
    (january / ".DS_Store").write_bytes(b"x")
    (january / "~$billing.xlsx").write_bytes(b"x")
    found = inbox.find(january.parent, "2026-01")
    assert names(found) == (["billing.xlsx"], [], ["unknown-file"])
    assert found.problems[0].where == "shopping.csv"


@pytest.mark.parametrize(("name", "at"), [("billing.xlsx", 0), ("payouts.xlsx", 1), ("export.xlsx", 0)])
def test_a_file_that_cannot_be_opened_is_left_to_its_reader_to_complain_about(
    january: Path, name: str, at: int
) -> None:
    (january / name).write_bytes(b"PK\x03\x04cut")
    assert names(inbox.find(january.parent, "2026-01"))[at] == [name]


def test_a_billing_report_that_lacks_a_column_is_still_known(january: Path) -> None:
    rows = [[cell for at, cell in enumerate(one) if at != 3] for one in cells([row()])]
    (january / "billing.csv").write_bytes(csv_bytes(rows))
    assert names(inbox.find(january.parent, "2026-01")) == (["billing.csv"], [], [])


def test_headers_of_their_own_are_known_with_their_aliases(january: Path) -> None:
    (january / "x.csv").write_text("Rechnung,Summe\nC957F1A7-0008,5\n", encoding="utf-8")
    assert names(inbox.find(january.parent, "2026-01"))[2] == ["unknown-file"]
    aliases = {"invoice_number": ["Rechnung"], "total": ["Summe"]}
    assert names(inbox.find(january.parent, "2026-01", aliases)) == (["x.csv"], [], [])


def test_later_downloads_come_later(january: Path) -> None:
    for name in ("billing (10).xlsx", "billing.xlsx", "billing (2).xlsx"):
        report(january / name, unpaid=[row()])
    found, _, _ = names(inbox.find(january.parent, "2026-01"))
    assert found == ["billing.xlsx", "billing (2).xlsx", "billing (10).xlsx"]


def test_files_of_the_inbox_itself_belong_to_the_month_of_most_of_their_dates(january: Path) -> None:
    folder = january.parent
    february = {"invoice_date": "2026-02-05", "paid_date": "2026-02-06"}
    report(folder / "new.xlsx", paid=[paid(**february), paid("AAAAAAAA-0001", invoice_date="2026-01-20")])
    workbook(folder / "money.xlsx", {"Payouts": [PAYOUT_HEADER, payout(on="2026-02-09")]})
    report(january / "billing.xlsx", unpaid=[row()])
    assert inbox.periods(folder) == ("2026-01", "2026-02")
    assert names(inbox.find(folder, "2026-01")) == (["billing.xlsx"], [], [])
    assert names(inbox.find(folder, "2026-02")) == (["new.xlsx"], ["money.xlsx"], [])


def test_a_loose_file_without_any_date_is_a_problem_of_every_month(january: Path) -> None:
    (january.parent / "notes.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    report(january / "billing.xlsx", unpaid=[row()])
    assert names(inbox.find(january.parent, "2026-01"))[2] == ["unknown-file"]
    assert inbox.periods(january.parent) == ("2026-01",)


def test_months_are_folders_that_are_months_and_hold_something(tmp_path: Path) -> None:
    for name in ("2026-02", "2026-01", "2026-13", "old", "2026-1", "2026-03"):
        (tmp_path / name).mkdir()
        if name != "2026-03":
            report(tmp_path / name / "billing.xlsx", unpaid=[row()])
    assert inbox.periods(tmp_path) == ("2026-01", "2026-02")
    assert inbox.periods(tmp_path / "none") == ()


def test_what_is_no_month_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        inbox.find(tmp_path, "January")
