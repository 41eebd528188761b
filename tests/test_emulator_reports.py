"""Reports of small books, row by row, and what must hold of the reports of any books."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from report_books import (
    BANK,
    DESKS,
    MEMBERSHIPS,
    NORTH,
    QUARTER,
    RECEIVABLE,
    ROOMS,
    SOUTH,
    UNDEPOSITED,
    books,
    deposit,
    entry,
    line,
    payment,
    sale,
)
from report_reading import NOON, ask, company_of, fault_code, lines, option, report, summaries, titles, walk

from toolkit.emulator import reports
from toolkit.emulator.company import Company
from toolkit.emulator.reports.grid import money_text
from toolkit.emulator.reports.periods import Period, macro_period, slices_of

FIRST_QUARTER = {"start_date": "2026-01-01", "end_date": "2026-03-31"}


@pytest.fixture(scope="module")
def quarter(tmp_path_factory: pytest.TempPathFactory) -> Company:
    return company_of(tmp_path_factory.mktemp("quarter"), books(QUARTER))


GENERAL_LEDGER = """
Checking
  Beginning Balance | 1000.00
  2026-02-12 | Deposit | -Split- | 291.00 | 1291.00
  2026-03-31 | Journal Entry | JE-1 | Bank Charges | -4.00 | 1287.00
Total for Checking | 287.00
Accounts Receivable (A/R)
  2026-01-05 | Invoice | N-10 | Ash Works | Services | 300.00 | 300.00
  2026-02-01 | Invoice | N-11 | Birch Studio | Coworks B-11 | -Split- | 280.50 | 580.50
  2026-02-10 | Payment | ch-20 | Ash Works | Undeposited Funds | -300.00 | 280.50
  2026-03-02 | Invoice | N-12 | Birch Studio:Kitchen | Design income | 45.25 | 325.75
  2026-03-05 | Credit Memo | N-30 | Ash Works | Services | -50.00 | 275.75
  2026-03-20 | Payment | ch-21 | Birch Studio | Undeposited Funds | -100.50 | 175.25
Total for Accounts Receivable (A/R) | 175.25
Undeposited Funds
  2026-02-10 | Payment | ch-20 | Ash Works | Accounts Receivable (A/R) | 300.00 | 300.00
  2026-02-12 | Deposit | Ash Works | Checking | -300.00 | 0.00
  2026-03-06 | Sales Receipt | N-31 | Birch Studio | Design income | 25.00 | 25.00
  2026-03-20 | Payment | ch-21 | Birch Studio | Accounts Receivable (A/R) | 100.50 | 125.50
Total for Undeposited Funds | 125.50
Retained Earnings
  Beginning Balance | 1000.00
Total for Retained Earnings
Design income
  2026-02-01 | Invoice | N-11 | Birch Studio | Accounts Receivable (A/R) | 80.50 | 80.50
  2026-03-02 | Invoice | N-12 | Birch Studio:Kitchen | Accounts Receivable (A/R) | 45.25 | 125.75
  2026-03-06 | Sales Receipt | N-31 | Birch Studio | Undeposited Funds | 25.00 | 150.75
Total for Design income | 150.75
Services
  2026-01-05 | Invoice | N-10 | Ash Works | Accounts Receivable (A/R) | 300.00 | 300.00
  2026-02-01 | Invoice | N-11 | Birch Studio | Accounts Receivable (A/R) | 200.00 | 500.00
  2026-03-05 | Credit Memo | N-30 | Ash Works | Accounts Receivable (A/R) | -50.00 | 450.00
Total for Services | 450.00
Bank Charges
  2026-02-12 | Deposit | Checking | 9.00 | 9.00
  2026-03-31 | Journal Entry | JE-1 | Checking | 4.00 | 13.00
Total for Bank Charges | 13.00
"""
TRANSACTION_LIST = """
2026-01-05 | Invoice | N-10 | Yes | Ash Works | North | Accounts Receivable (A/R) | Services | 300.00
2026-02-01 | Invoice | N-11 | Yes | Birch Studio | South | Coworks B-11 | Accounts Receivable (A/R) | -Split- | 280.50
2026-02-10 | Payment | ch-20 | Yes | Ash Works | Undeposited Funds | Accounts Receivable (A/R) | 300.00
2026-02-12 | Deposit | Yes | Checking | -Split- | 291.00
2026-03-02 | Invoice | N-12 | Yes | Birch Studio:Kitchen | North | Accounts Receivable (A/R) | Design income | 45.25
2026-03-05 | Credit Memo | N-30 | Yes | Ash Works | North | Accounts Receivable (A/R) | Services | -50.00
2026-03-06 | Sales Receipt | N-31 | Yes | Birch Studio | North | Undeposited Funds | Design income | 25.00
2026-03-20 | Payment | ch-21 | Yes | Birch Studio | Undeposited Funds | Accounts Receivable (A/R) | 100.50
2026-03-31 | Journal Entry | JE-1 | Yes | Bank Charges | Checking | 4.00
"""
TRIAL_BALANCE = """
Checking | 1287.00
Accounts Receivable (A/R) | 175.25
Undeposited Funds | 125.50
Retained Earnings | 1000.00
Design income | 150.75
Services | 450.00
Bank Charges | 13.00
TOTAL | 1600.75 | 1600.75
"""
ITEM_SALES = """
Meeting room | 150.75 | 25.09 %
Membership | 1.00 | 450.00 | 74.91 % | 450.00
TOTAL | 600.75 | 100.00 %
"""
AGING = """
Ash Works | -50.00 | -50.00
Birch Studio | 180.00 | 180.00
  Kitchen | 45.25 | 45.25
Total Birch Studio | 45.25 | 180.00 | 225.25
TOTAL | 45.25 | 130.00 | 0.00 | 0.00 | 0.00 | 175.25
"""
AGING_BEFORE_THE_PAYMENT = """
Ash Works | 300.00 | 300.00
Birch Studio | 280.50 | 280.50
TOTAL | 280.50 | 300.00 | 0.00 | 0.00 | 0.00 | 580.50
"""
AGING_DETAIL = """
1 - 30 days past due
  2026-02-01 | Invoice | N-11 | Birch Studio | South | 2026-03-03 | 280.50 | 200.00
  2026-03-05 | Credit Memo | N-30 | Ash Works | North | 2026-03-05 | -50.00 | -50.00
  2026-03-20 | Payment | ch-21 | Birch Studio | 2026-03-20 | -100.50 | -20.00
Total for 1 - 30 days past due | 130.00 | 130.00
Current
  2026-03-02 | Invoice | N-12 | Birch Studio:Kitchen | North | 2026-04-01 | 45.25 | 45.25
Total for Current | 45.25 | 45.25
TOTAL | 175.25 | 175.25
"""
PROFIT = """
Income
  Design income | 150.75
  Services | 450.00
Total Income | 600.75
Gross Profit | 600.75
Expenses
  Bank Charges | 13.00
Total Expenses | 13.00
Net Operating Income | 587.75
Net Income | 587.75
"""
PROFIT_BY_LOCATION = """
Income
  Design income | 70.25 | 80.50 | 150.75
  Services | 250.00 | 200.00 | 450.00
Total Income | 320.25 | 280.50 | 0.00 | 600.75
Gross Profit | 320.25 | 280.50 | 0.00 | 600.75
Expenses
  Bank Charges | 13.00 | 13.00
Total Expenses | 0.00 | 0.00 | 13.00 | 13.00
Net Operating Income | 320.25 | 280.50 | -13.00 | 587.75
Net Income | 320.25 | 280.50 | -13.00 | 587.75
"""
PROFIT_BY_CLASS = """
Income
  Design income | 150.75 | 150.75
  Services | 450.00 | 450.00
Total Income | 450.00 | 150.75 | 0.00 | 600.75
Gross Profit | 450.00 | 150.75 | 0.00 | 600.75
Expenses
  Bank Charges | 13.00 | 13.00
Total Expenses | 0.00 | 0.00 | 13.00 | 13.00
Net Operating Income | 450.00 | 150.75 | -13.00 | 587.75
Net Income | 450.00 | 150.75 | -13.00 | 587.75
"""
PROFIT_OF_ROOMS = """
Income
  Design income | 150.75
Total Income | 150.75
Gross Profit | 150.75
Expenses
Total Expenses | 0.00
Net Operating Income | 150.75
Net Income | 150.75
"""
BALANCE_SHEET = """
ASSETS
  Current Assets
    Bank Accounts
      Checking | 1287.00
    Total Bank Accounts | 1287.00
    Accounts Receivable
      Accounts Receivable (A/R) | 175.25
    Total Accounts Receivable | 175.25
    Other Current Assets
      Undeposited Funds | 125.50
    Total Other Current Assets | 125.50
  Total Current Assets | 1587.75
TOTAL ASSETS | 1587.75
LIABILITIES AND EQUITY
  Equity
    Retained Earnings | 1000.00
    Net Income | 587.75
  Total Equity | 1587.75
TOTAL LIABILITIES AND EQUITY | 1587.75
"""
CUSTOMER_BALANCE = """
Ash Works | -50.00
Birch Studio | 180.00
  Kitchen | 45.25
Total Birch Studio | 225.25
TOTAL | 175.25
"""
CUSTOMER_BALANCE_DETAIL = """
Birch Studio
  2026-02-01 | Invoice | N-11 | South | 2026-03-03 | 280.50 | 200.00 | 200.00
  2026-03-20 | Payment | ch-21 | 2026-03-20 | -100.50 | -20.00 | 180.00
Total for Birch Studio | 180.00 | 180.00
TOTAL | 180.00 | 180.00
"""
UNDEPOSITED_ONLY = """
Undeposited Funds
  2026-02-10 | Ash Works | 300.00
  2026-02-12 | Ash Works | -300.00
  2026-03-06 | Birch Studio | 25.00
  2026-03-20 | Birch Studio | 100.50
Total for Undeposited Funds | 125.50
"""
SALES_OF_MEMBERSHIPS = """
Services
  Membership | Desks | 2 | 150.00 | 300.00
  Membership | Desks | 200.00
  Membership | Desks | 1 | 50.00 | 50.00
Total for Services | 50.00 | 500.00
"""
BY_CUSTOMER = """
Ash Works
  2026-03-05 | Credit Memo | N-30 | -50.00
Total for Ash Works | -50.00
Birch Studio
  2026-03-06 | Sales Receipt | N-31 | 25.00
  2026-03-20 | Payment | ch-21 | 100.50
Total for Birch Studio | 125.50
Birch Studio:Kitchen
  2026-03-02 | Invoice | N-12 | 45.25
Total for Birch Studio:Kitchen | 45.25
Not Specified
  2026-03-31 | Journal Entry | JE-1 | 4.00
Total for Not Specified | 4.00
"""
SHORT = {"columns": "subt_nat_home_amount,doc_num,txn_type,tx_date"}

TABLE: list[tuple[str, dict[str, str], str]] = [
    ("GeneralLedger", FIRST_QUARTER, GENERAL_LEDGER),
    ("TransactionList", FIRST_QUARTER, TRANSACTION_LIST),
    ("TrialBalance", {"end_date": "2026-03-31"}, TRIAL_BALANCE),
    ("ItemSales", FIRST_QUARTER, ITEM_SALES),
    ("AgedReceivables", {}, AGING),
    ("AgedReceivables", {"report_date": "2026-02-05"}, AGING_BEFORE_THE_PAYMENT),
    ("AgedReceivableDetail", {}, AGING_DETAIL),
    ("ProfitAndLoss", FIRST_QUARTER, PROFIT),
    ("ProfitAndLoss", {**FIRST_QUARTER, "summarize_column_by": "Departments"}, PROFIT_BY_LOCATION),
    ("ProfitAndLoss", {**FIRST_QUARTER, "summarize_column_by": "Classes"}, PROFIT_BY_CLASS),
    ("ProfitAndLoss", {**FIRST_QUARTER, "class": ROOMS}, PROFIT_OF_ROOMS),
    ("BalanceSheet", FIRST_QUARTER, BALANCE_SHEET),
    ("CustomerBalance", {}, CUSTOMER_BALANCE),
    ("CustomerBalanceDetail", {"customer": "2"}, CUSTOMER_BALANCE_DETAIL),
    (
        "GeneralLedger",
        {**FIRST_QUARTER, "account": UNDEPOSITED, "columns": "tx_date,subt_nat_amount,name"},
        UNDEPOSITED_ONLY,
    ),
    ("TransactionList", {"group_by": "Customer", **SHORT}, BY_CUSTOMER),
    (
        "GeneralLedger",
        {**FIRST_QUARTER, "account": MEMBERSHIPS, "columns": "item_name,klass_name,quantity,rate,credit_amt,debt_amt"},
        SALES_OF_MEMBERSHIPS,
    ),
]


@pytest.mark.parametrize(("name", "params", "expected"), TABLE)
def test_small_books_give_exactly_these_rows(
    quarter: Company, name: str, params: dict[str, str], expected: str
) -> None:
    assert lines(report(quarter, name, **params)) == expected.strip("\n").split("\n")


def test_ids_stand_in_the_recorded_cells(quarter: Company) -> None:
    """Transaction id with its type, customer id with the name, account id with the split; empty ids too."""
    ledger = report(quarter, "GeneralLedger", **FIRST_QUARTER)
    rows = [row for kind, _, row in walk(ledger["Rows"]) if kind == "data"]
    invoice = next(row for row in rows if row["ColData"][2]["value"] == "N-11")
    assert invoice == {
        "ColData": [
            {"value": "2026-02-01"},
            {"value": "Invoice", "id": "11"},
            {"value": "N-11"},
            {"value": "Birch Studio", "id": "2"},
            {"value": "Coworks B-11"},
            {"value": "-Split-", "id": ""},
            {"value": "280.50"},
            {"value": "580.50"},
        ],
        "type": "Data",
    }
    fee = next(row for row in rows if row["ColData"][6]["value"] == "9.00")
    assert fee["ColData"][3:6] == [{"value": "", "id": ""}, {"value": ""}, {"value": "Checking", "id": "35"}]
    assert ledger["Rows"]["Row"][0]["Header"]["ColData"][0] == {"value": "Checking", "id": "35"}


def test_columns_come_in_the_reports_own_order(quarter: Company) -> None:
    answer = report(quarter, "AgedReceivableDetail", columns="due_date,cust_name")
    assert [column["ColType"] for column in answer["Columns"]["Column"]] == ["cust_name", "due_date"]


HEADERS: list[tuple[str, dict[str, str], dict[str, str]]] = [
    ("GeneralLedger", {}, {"DateMacro": "this month-to-date", "StartPeriod": "2026-03-01", "EndPeriod": "2026-03-31"}),
    ("ProfitAndLoss", {}, {"DateMacro": "this calendar year-to-date", "StartPeriod": "2026-01-01"}),
    ("ProfitAndLoss", FIRST_QUARTER, {"SummarizeColumnsBy": "Total", "ReportBasis": "Accrual"}),
    ("ProfitAndLoss", {"date_macro": "Last Fiscal Year"}, {"DateMacro": "last calendar year"}),
    ("AgedReceivables", {}, {"DateMacro": "today", "StartPeriod": "2026-03-31", "EndPeriod": "2026-03-31"}),
    ("AgedReceivableDetail", {"report_date": "2026-02-05"}, {"EndPeriod": "2026-02-05"}),
    ("CustomerBalance", {"customer": "1"}, {"DateMacro": "all", "Customer": "1"}),
    ("TransactionList", {"department": NORTH}, {"Department": NORTH, "ReportName": "TransactionList"}),
]


@pytest.mark.parametrize(("name", "params", "expected"), HEADERS)
def test_the_header_says_what_was_asked(
    quarter: Company, name: str, params: dict[str, str], expected: dict[str, str]
) -> None:
    header = report(quarter, name, **params)["Header"]
    assert {key: header[key] for key in expected} == expected
    assert header["Time"] == "2026-03-31T12:00:00-07:00"


def test_explicit_dates_leave_no_date_macro(quarter: Company) -> None:
    assert "DateMacro" not in report(quarter, "GeneralLedger", **FIRST_QUARTER)["Header"]


def test_a_report_without_rows_says_so(tmp_path: Path) -> None:
    empty = company_of(tmp_path, books())
    for name in reports.REPORTS:
        answer = report(empty, name)
        assert option(answer, "NoReportData") == "true"
        if name != "ProfitAndLoss":
            assert answer["Rows"] == {}


REFUSED: list[tuple[str, dict[str, str], str]] = [
    ("CashFlow", {}, "500"),
    ("generalledger", {}, "500"),
    ("GeneralLedger", {"colour": "red"}, "2010"),
    ("GeneralLedger", {"start_date": "01/31/2026"}, "2060"),
    ("GeneralLedger", {"start_date": "2026-13-01"}, "2060"),
    ("GeneralLedger", {"start_date": "2026-03-02", "end_date": "2026-03-01"}, "2190"),
    ("GeneralLedger", {"date_macro": "This Decade"}, "2170"),
    ("GeneralLedger", {"date_macro": "Next Month-to-date"}, "2170"),
    ("GeneralLedger", {"account": "4 or 1=1"}, "2170"),
    ("GeneralLedger", {"columns": "tx_date,nonsense"}, "2170"),
    ("GeneralLedger", {"sort_by": "nonsense"}, "2170"),
    ("GeneralLedger", {"source_account": "35"}, "5030"),
    ("ProfitAndLoss", {"accounting_method": "Cash"}, "5030"),
    ("BalanceSheet", {"accounting_method": "Cash"}, "5030"),
    ("TrialBalance", {"accounting_method": "Cash"}, "5030"),
    ("ProfitAndLoss", {"accounting_method": "Barter"}, "2170"),
    ("ProfitAndLoss", {"summarize_column_by": "Weekday"}, "2170"),
    ("BalanceSheet", {"summarize_column_by": "Classes"}, "2170"),
    ("AgedReceivables", {"aging_period": "0"}, "2170"),
    ("AgedReceivables", {"num_periods": "four"}, "2170"),
    ("TransactionList", {"arpaid": "Perhaps"}, "2170"),
    ("TransactionList", {"transaction_type": "Barter"}, "2170"),
    ("TransactionList", {"group_by": "Mood"}, "2170"),
    ("TransactionList", {"bothamount": "12.345"}, "2170"),
    ("TransactionList", {"bothamount": "NaN"}, "2170"),
]


@pytest.mark.parametrize(("name", "params", "code"), REFUSED)
def test_what_is_not_there_is_refused(quarter: Company, name: str, params: dict[str, str], code: str) -> None:
    assert fault_code(quarter, name, **params) == code


def test_parameters_that_only_say_how_to_talk_are_taken(quarter: Company) -> None:
    assert ask(quarter, "TrialBalance", minorversion="75", requestid="a", testing_migration="true")[0] == 200


LISTED: list[tuple[dict[str, str], list[str]]] = [
    ({"transaction_type": "ReceivePayment"}, ["ch-20", "ch-21"]),
    ({"transaction_type": "SalesReceipt,CreditMemo"}, ["N-30", "N-31"]),
    ({"transaction_type": "Bill"}, []),
    ({"arpaid": "Paid"}, ["N-10", "ch-20"]),
    ({"arpaid": "Unpaid"}, ["N-11", "N-12", "N-30", "ch-21"]),
    ({"cleared": "Deposited"}, ["ch-20"]),
    ({"docnum": "N-12"}, ["N-12"]),
    ({"bothamount": "50.00"}, ["N-30"]),
    ({"customer": "3"}, ["N-12"]),
    ({"department": SOUTH}, ["N-11"]),
    ({"class": ROOMS}, ["N-11", "N-12", "N-31"]),
    ({"source_account_type": "AccountsReceivable"}, ["N-10", "N-11", "N-12", "N-30"]),
    ({"start_duedate": "2026-03-01", "end_duedate": "2026-03-31"}, ["N-11"]),
    ({"sort_by": "subt_nat_home_amount", "transaction_type": "Invoice"}, ["N-12", "N-11", "N-10"]),
    ({"sort_by": "doc_num", "sort_order": "descend", "arpaid": "Paid"}, ["N-10", "ch-20"]),
]


@pytest.mark.parametrize(("params", "numbers"), LISTED)
def test_the_transaction_list_is_filtered(quarter: Company, params: dict[str, str], numbers: list[str]) -> None:
    answer = report(quarter, "TransactionList", **FIRST_QUARTER, **params)
    rows = [row["ColData"][2]["value"] for kind, _, row in walk(answer["Rows"]) if kind == "data"]
    assert rows == numbers


def test_what_a_person_reconciled_is_listed_as_such(tmp_path: Path) -> None:
    company = company_of(tmp_path, books(QUARTER))
    assert company.reconcile(BANK, "2026-02-28") > 0
    answer = report(company, "TransactionList", **FIRST_QUARTER, cleared="Reconciled", columns="txn_type,is_cleared")
    assert lines(answer) == ["Deposit | R"]
    rest = lines(report(company, "TransactionList", **FIRST_QUARTER, cleared="Uncleared"))
    assert len(rest) == 8


def test_a_payment_method_is_found_by_its_name(tmp_path: Path) -> None:
    card = payment(2, "1", "2026-03-02", "10.00", {})
    card["Payment"]["PaymentMethodRef"] = {"value": "3"}
    company = company_of(tmp_path, books([card, payment(3, "1", "2026-03-03", "10.00", {})]))
    answer = report(company, "TransactionList", payment_method="Visa", columns="doc_num,pmt_mthd")
    assert lines(answer) == ["ch-2 | Visa"]


def test_a_voided_invoice_is_listed_with_nothing_and_posts_nothing(tmp_path: Path) -> None:
    company = company_of(tmp_path, books([sale("Invoice", 10, "1", "2026-03-05", [line("1", "300.00")])]))
    answer = company.call("POST", "invoice", {"operation": "void"}, b'{"Id":"10","SyncToken":"0"}', "application/json")
    assert answer.status == 200
    assert lines(report(company, "TransactionList", columns="doc_num,subt_nat_home_amount")) == ["N-10 | 0.00"]
    assert report(company, "GeneralLedger")["Rows"] == {}
    assert report(company, "AgedReceivables")["Rows"] == {}


def test_a_deleted_invoice_is_in_no_report(tmp_path: Path) -> None:
    company = company_of(tmp_path, books([sale("Invoice", 10, "1", "2026-03-05", [line("1", "300.00")])]))
    body = b'{"Id":"10","SyncToken":"0"}'
    assert company.call("POST", "invoice", {"operation": "delete"}, body, "application/json").status == 200
    assert all(option(report(company, name), "NoReportData") == "true" for name in reports.REPORTS)


def test_a_credit_joined_to_an_invoice_by_a_payment_of_nothing_closes_both(tmp_path: Path) -> None:
    joined = payment(3, "1", "2026-03-20", "0", {"10": "50.00"})
    credit = {"Amount": Decimal("50.00"), "LinkedTxn": [{"TxnId": "2", "TxnType": "CreditMemo"}]}
    joined["Payment"]["Line"].append(credit)
    transactions = [
        sale("Invoice", 10, "1", "2026-03-01", [line("1", "300.00")]),
        sale("CreditMemo", 2, "1", "2026-03-10", [line("1", "50.00")]),
        joined,
    ]
    company = company_of(tmp_path, books(transactions))
    assert summaries(report(company, "CustomerBalanceDetail"))["TOTAL"][-2] == Decimal("250.00")
    paid = report(company, "CustomerBalanceDetail", arpaid="Paid", columns="txn_type,subt_open_bal")
    assert lines(paid)[1:-2] == ["  Credit Memo | 0.00", "  Payment | 0.00"]
    assert summaries(report(company, "AgedReceivables", report_date="2026-03-19"))["TOTAL"][-1] == Decimal("250.00")


def test_aging_steps_follow_the_caller(quarter: Company) -> None:
    answer = report(quarter, "AgedReceivables", aging_period="10", num_periods="3")
    assert titles(answer) == ["", "Current", "1 - 10", "11 - 20", "21 and over", "Total"]
    assert summaries(answer)["TOTAL"] == [Decimal(text) for text in ("45.25", "0", "-20.00", "150.00", "175.25")]


def test_a_fiscal_year_that_starts_in_july_moves_profit_into_retained_earnings(tmp_path: Path) -> None:
    seed = books(QUARTER)
    seed["preferences"] = {"AccountingInfoPrefs": {**seed["preferences"]["AccountingInfoPrefs"]}}
    seed["preferences"]["AccountingInfoPrefs"]["FirstMonthOfFiscalYear"] = "July"
    company = company_of(tmp_path, seed)
    assert "Retained Earnings" not in str(report(company, "TrialBalance"))
    later = lines(report(company, "TrialBalance", start_date="2026-07-01", end_date="2026-07-31"))
    assert "Retained Earnings | 1587.75" in later
    assert report(company, "ProfitAndLoss")["Header"]["DateMacro"] == "this fiscal year-to-date"


def test_sub_accounts_stand_inside_their_parent(tmp_path: Path) -> None:
    accounts = [
        {"Id": "84", "Name": "Accounts Receivable (A/R)", "AccountType": "Accounts Receivable"},
        {"Id": "35", "Name": "Checking", "AccountType": "Bank"},
        {"Id": "7", "Name": "Space", "AccountType": "Expense"},
        {"Id": "70", "Name": "Rent", "AccountType": "Expense", "SubAccount": True, "ParentRef": {"value": "7"}},
    ]
    spent = [
        entry(1, "2026-03-01", ("Debit", "70", "500.00"), ("Credit", "35", "500.00")),
        entry(2, "2026-03-02", ("Debit", "7", "20.00"), ("Credit", "35", "20.00")),
    ]
    seed = {"lists": {"Account": accounts, "Item": []}, "transactions": spent}
    company = company_of(tmp_path, seed)
    assert lines(report(company, "ProfitAndLoss"))[3:9] == [
        "Expenses",
        "  Space | 20.00",
        "    Rent | 500.00",
        "  Total Space | 520.00",
        "Total Expenses | 520.00",
        "Net Operating Income | -520.00",
    ]
    ledger = lines(
        report(company, "GeneralLedger", columns="tx_date,split_acc,subt_nat_amount", account_type="Expense")
    )
    assert ledger == [
        "Space",
        "  2026-03-02 | Checking | 20.00",
        "  Rent",
        "    2026-03-01 | Checking | 500.00",
        "  Total for Rent | 500.00",
        "Total for Space with sub-accounts | 520.00",
    ]
    assert lines(report(company, "TrialBalance"))[1:3] == ["Space | 20.00", "Space:Rent | 500.00"]


def test_a_lagging_company_does_not_report_what_is_fresh(tmp_path: Path) -> None:
    company = company_of(tmp_path, books([sale("Invoice", 10, "1", "2026-03-05", [line("1", "300.00")])]))
    company.switches.update({"query_lag_s": "60"})
    company.set_clock(NOON + timedelta(days=1))
    seen = {"start_date": "2026-03-01", "end_date": "2026-03-31"}
    assert option(report(company, "GeneralLedger", **seen), "NoReportData") == "false"
    body = b'{"CustomerRef":{"value":"1"},"TotalAmt":5,"TxnDate":"2026-03-09"}'
    assert company.call("POST", "payment", {}, body, "application/json").status == 200
    assert len(lines(report(company, "TransactionList", **seen))) == 1
    company.set_clock(NOON + timedelta(days=1, seconds=61))
    assert len(lines(report(company, "TransactionList", **seen))) == 2
    company.set_clock(NOON - timedelta(days=1))  # set back: what was made later is history
    assert len(lines(report(company, "TransactionList", **seen))) == 2


def test_switches_lift_the_cell_limit_and_the_refusal_of_unknown_parameters(tmp_path: Path) -> None:
    company = company_of(tmp_path, books(QUARTER))
    company.switches.update({"report_cells": "8"})
    assert fault_code(company, "GeneralLedger", **FIRST_QUARTER) == "10100"
    company.switches.update({"report_cells": "0", "report_parameters": "ignore"})
    assert ask(company, "GeneralLedger", colour="red", **FIRST_QUARTER)[0] == 200
    assert fault_code(company, "GeneralLedger", source_account="35") == "5030"


def test_more_cells_than_allowed_are_refused_and_fewer_are_not(quarter: Company) -> None:
    def make(limit: int) -> Any:
        facts = reports.CompanyFacts(cell_limit=limit)
        connection = quarter.connection()
        return reports.render(
            connection, "GeneralLedger", FIRST_QUARTER, today=date(2026, 3, 31), now=NOON, company=facts
        )

    rows = 3 + 3 + 6 + 4 + 3 + 3 + 2 - 3 - 1
    assert make(rows * 8)["Header"]["ReportName"] == "GeneralLedger"
    with pytest.raises(reports.refusals.Fault) as refused:
        make(rows * 8 - 1)
    assert refused.value.code == "10100"


@pytest.mark.parametrize(
    ("cents", "text"), [(0, "0.00"), (5, "0.05"), (-5, "-0.05"), (123456, "1234.56"), (-100, "-1.00"), (None, "")]
)
def test_report_money_always_has_two_decimals(cents: int | None, text: str) -> None:
    assert money_text(cents) == text


MACROS: list[tuple[str, str, str]] = [
    ("Today", "2026-05-14", "2026-05-14"),
    ("Yesterday", "2026-05-13", "2026-05-13"),
    ("This Week", "2026-05-10", "2026-05-16"),
    ("This Week-to-date", "2026-05-10", "2026-05-14"),
    ("Last Week", "2026-05-03", "2026-05-09"),
    ("Last Week-to-date", "2026-05-03", "2026-05-07"),
    ("Next Week", "2026-05-17", "2026-05-23"),
    ("Next 4 Weeks", "2026-05-17", "2026-06-13"),
    ("This Month", "2026-05-01", "2026-05-31"),
    ("This Month-to-date", "2026-05-01", "2026-05-14"),
    ("Last Month", "2026-04-01", "2026-04-30"),
    ("Last Month-to-date", "2026-04-01", "2026-04-14"),
    ("Next Month", "2026-06-01", "2026-06-30"),
    ("This Calendar Quarter", "2026-04-01", "2026-06-30"),
    ("Last Calendar Quarter", "2026-01-01", "2026-03-31"),
    ("Last Calendar Quarter-to-date", "2026-01-01", "2026-02-14"),
    ("This Calendar Year", "2026-01-01", "2026-12-31"),
    ("Last Calendar Year-to-date", "2025-01-01", "2025-05-14"),
    ("Next Calendar Year", "2027-01-01", "2027-12-31"),
    ("This Fiscal Quarter", "2026-05-01", "2026-07-31"),
    ("This Fiscal Year", "2026-02-01", "2027-01-31"),
    ("This Fiscal Year-to-date", "2026-02-01", "2026-05-14"),
    ("Last Fiscal Year", "2025-02-01", "2026-01-31"),
    ("Next Fiscal Quarter", "2026-08-01", "2026-10-31"),
]


@pytest.mark.parametrize(("name", "start", "end"), MACROS)
def test_date_macros_of_a_thursday_in_may(name: str, start: str, end: str) -> None:
    """The fiscal year starts in February here, weeks start on Sunday."""
    period = macro_period(name, date(2026, 5, 14), fiscal_month=2)
    assert period == Period(date.fromisoformat(start), date.fromisoformat(end), name.lower())


def test_a_month_to_date_ends_with_the_shorter_month() -> None:
    period = macro_period("Last Month-to-date", date(2026, 3, 31), fiscal_month=1)
    assert period is not None
    assert period.end == date(2026, 2, 28)


DAYS = st.dates(date(2020, 1, 1), date(2030, 12, 31))
UNITS = st.sampled_from(["Days", "Week", "Month", "Quarter", "Year", "FiscalQuarter", "FiscalYear"])


@given(DAYS, st.integers(0, 800), UNITS, st.integers(1, 12))
def test_time_columns_cover_a_period_without_gap_or_overlap(start: date, days: int, unit: str, month: int) -> None:
    end = start + timedelta(days=days)
    spans = slices_of(Period(start, end), unit, month)
    assert (spans[0].start, spans[-1].end) == (start, end)
    assert all(one.end + timedelta(days=1) == other.start for one, other in pairwise(spans))


# -- any books

CENTS = st.integers(1, 50_000)
MONTHS = st.integers(0, 150).map(lambda days: (date(2026, 1, 1) + timedelta(days=days)).isoformat())


def _money(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02d}"


@st.composite
def any_books(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Sales, credits, payments in full, in part or on account, deposits, entries; dated over five months."""
    made: list[dict[str, Any]] = []
    open_invoices: list[tuple[str, str, int]] = []
    undeposited: list[tuple[str, int]] = []
    customers = st.sampled_from(["1", "2", "3"])
    for id in range(100, 100 + draw(st.integers(1, 14))):
        kind = draw(st.sampled_from(["Invoice", "Invoice", "CreditMemo", "SalesReceipt", "pay", "deposit", "entry"]))
        if kind in ("Invoice", "CreditMemo", "SalesReceipt"):
            amounts = draw(st.lists(CENTS, min_size=1, max_size=3))
            rows = [line(draw(st.sampled_from("12")), _money(cents), draw(st.sampled_from([DESKS, ROOMS])))
                    for cents in amounts]  # fmt: skip
            customer, place = draw(customers), draw(st.sampled_from([NORTH, SOUTH]))
            made.append(sale(kind, id, customer, draw(MONTHS), rows, DepartmentRef={"value": place}))
            if kind == "Invoice":
                open_invoices.append((str(id), customer, sum(amounts)))
        elif kind == "pay":
            cents, links, customer = draw(CENTS), {}, draw(customers)
            if open_invoices and draw(st.booleans()):
                invoice, customer, owed = open_invoices.pop(draw(st.integers(0, len(open_invoices) - 1)))
                part = draw(st.integers(1, owed))
                links, cents = {invoice: _money(part)}, part + draw(st.sampled_from([0, 0, 1234]))
            made.append(payment(id, customer, draw(MONTHS), _money(cents), links))
            undeposited.append((str(id), cents))
        elif kind == "deposit" and undeposited:
            source, cents = undeposited.pop()
            fee = draw(st.integers(0, min(cents, 500)))
            made.append(deposit(id, draw(MONTHS), {source: _money(cents)}, _money(fee) if fee else ""))
        elif kind == "entry":
            amount = _money(draw(CENTS))
            debit, credit = draw(st.permutations([BANK, MEMBERSHIPS, RECEIVABLE, UNDEPOSITED]))[:2]
            made.append(entry(id, draw(MONTHS), ("Debit", debit, amount), ("Credit", credit, amount)))
    return made


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


def _closing(answer: dict[str, Any]) -> dict[str, Decimal]:
    """Closing balance by account: the last running balance of each section."""
    found: dict[str, Decimal] = {}
    for row in answer["Rows"].get("Row", []):
        balances = [one["ColData"][-1]["value"] for one in row["Rows"]["Row"]]
        found[row["Header"]["ColData"][0]["value"]] = Decimal(balances[-1])
    return found


def _trial(answer: dict[str, Any]) -> dict[str, Decimal]:
    """Debit less credit by account."""
    rows = [row["ColData"] for kind, _, row in walk(answer["Rows"]) if kind == "data"]
    return {row[0]["value"]: Decimal(row[1]["value"] or 0) - Decimal(row[2]["value"] or 0) for row in rows}


CREDIT_ACCOUNTS = {"Services", "Design income", "Retained Earnings"}


@settings(max_examples=40, deadline=None)
@given(any_books(), MONTHS)
def test_any_books_tie_in_every_report(folder: Path, transactions: list[dict[str, Any]], day: str) -> None:
    """
    At any day: debits are credits, assets are liabilities and equity, the general ledger ends where the trial
    balance stands, profit by class, location, customer or month is the whole profit, and what is aged by customer
    or open by transaction is the receivable account's balance.
    """
    made = folder / "qbo.db"
    for old in folder.glob("qbo.db*"):
        old.unlink()
    company = Company.open(made, seed={"format": 1, "realm_id": "1", **books(transactions)})
    year = {"start_date": "2026-01-01", "end_date": day}
    trial = report(company, "TrialBalance", **year)
    balances = _trial(trial)
    assert sum(balances.values()) == 0
    ledger = _closing(report(company, "GeneralLedger", **year))
    signed = {name: -cents if name in CREDIT_ACCOUNTS else cents for name, cents in ledger.items()}
    assert {name: cents for name, cents in balances.items() if cents} == {k: v for k, v in signed.items() if v}
    sheet = summaries(report(company, "BalanceSheet", **year))
    assert sheet.get("TOTAL ASSETS") == sheet.get("TOTAL LIABILITIES AND EQUITY")
    whole = summaries(report(company, "ProfitAndLoss", **year))["Net Income"]
    for by in ("Classes", "Departments", "Customers", "Month", "Week"):
        parts = summaries(report(company, "ProfitAndLoss", summarize_column_by=by, **year))["Net Income"]
        assert parts[-1] == sum(parts[:-1]) == whole[0]
    receivable = balances.get("Accounts Receivable (A/R)", Decimal(0))
    for name, place in (("AgedReceivables", -1), ("AgedReceivableDetail", -1), ("CustomerBalance", 0)):
        total = summaries(report(company, name, report_date=day)).get("TOTAL", [Decimal(0)])
        assert total[place] == receivable, name
    company.close()


def test_the_clock_is_the_companys(quarter: Company) -> None:
    assert quarter.now() == datetime(2026, 3, 31, 19, 0, tzinfo=UTC)
