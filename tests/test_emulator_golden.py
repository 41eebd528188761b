"""What real sandbox rows show of e-mails, Undeposited Funds, deposits, voids and numbers, played on the emulator.

Sources: expected records of airbyte source-quickbooks (an Intuit sandbox company, 2023) and the recordings of
minimul/qbo_api; amounts, ids and kinds of links are theirs, names of no consequence are not.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from recorded_books import names_seed, seed
from recorded_facts import all_rows
from report_books import sale
from report_reading import NOON, company_of, lines, report, summaries

from toolkit.emulator.company import Company

Body = dict[str, Any]
Post = Callable[..., Body]
UNDEPOSITED, CHECKING = "4", "35"


def _line(amount: str, item: str = "1") -> Body:
    detail = {"ItemRef": {"value": item}}
    return {"Amount": Decimal(amount), "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": detail}


def _paid(id: int, amount: str, **more: Any) -> Body:
    return {"Payment": {"Id": str(id), "CustomerRef": {"value": "1"}, "TotalAmt": Decimal(amount), **more}}


def _of(source: int, amount: str, kind: str = "Payment") -> Body:
    return {
        "Amount": Decimal(amount),
        "LinkedTxn": [{"TxnId": str(source), "TxnType": kind, "TxnLineId": "0"}],
    }


CUSTOMERS = {"Customer": [{"Id": "1", "DisplayName": "One"}, {"Id": "2", "DisplayName": "Two"}]}


def call(company: Company, method: str, path: str, content: Body | None = None, **params: str) -> tuple[int, Body]:
    """Status and body of one call."""
    sent = json.dumps(content).encode() if content is not None else b""
    answer = company.call(method, path, params, sent, "application/json")
    body: Body = json.loads(answer.body)
    return answer.status, body


def read(company: Company, entity: str, id: int) -> Body:
    """One object."""
    status, body = call(company, "GET", f"{entity.lower()}/{id}")
    assert status == 200, body
    found: Body = body[entity]
    return found


def rows(company: Company, query: str) -> list[Body]:
    """The objects a query answers."""
    status, body = call(company, "GET", "query", query=query)
    assert status == 200, body
    found: list[Body] = next((value for value in body["QueryResponse"].values() if isinstance(value, list)), [])
    return found


# -- e-mails are shared


@pytest.fixture(scope="module")
def recorded_customers(tmp_path_factory: pytest.TempPathFactory) -> Company:
    """The recorded customer list; its ids 7, 8, 9 (a parent and its sub-customers) and 16, 20 share an address."""
    made = names_seed("Customer", all_rows("all__customers"))
    shared = {"7": "sports@example.com", "8": "sports@example.com", "9": "sports@example.com"}
    shared |= {"16": "shared@example.com", "20": "Shared@Example.com"}
    for body in made["lists"]["Customer"]:
        if "PrimaryEmailAddr" in body:
            body["PrimaryEmailAddr"]["Address"] = shared.get(body["Id"], f"own-{body['Id']}@example.com")
    return company_of(tmp_path_factory.mktemp("customers"), made)


@pytest.mark.parametrize(
    ("address", "ids", "parents"),
    [
        ("sports@example.com", {"7", "8", "9"}, {None, "7"}),
        ("shared@example.com", {"16", "20"}, {None}),
        ("own-1@example.com", {"1"}, {None}),
        ("nobody@example.com", set(), set()),
    ],
)
def test_one_address_finds_every_customer_that_has_it(
    recorded_customers: Company, address: str, ids: set[str], parents: set[str | None]
) -> None:
    """A look-up by e-mail may find a parent with its sub-customers, or strangers; the query cannot tell them apart."""
    found = rows(recorded_customers, f"SELECT * FROM Customer WHERE PrimaryEmailAddr = '{address}'")
    assert {row["Id"] for row in found} == ids
    assert {row.get("ParentRef", {}).get("value") for row in found} == parents


# -- Undeposited Funds


def _deposited_and_not() -> list[Body]:
    """Payments 98, 101, 116 in bank deposit 121; 120 and 128 still undeposited."""
    amounts = {98: "868.15", 101: "108.00", 116: "220.00", 120: "1675.52", 128: "387.00"}
    paid = [_paid(id, amount) for id, amount in amounts.items()]
    lines = [_of(id, amounts[id]) for id in (98, 101, 116)]
    banked = {"Id": "121", "DepositToAccountRef": {"value": CHECKING}, "Line": lines}
    return [*paid, {"Deposit": banked}]


@pytest.fixture
def undeposited(tmp_path: Path) -> Company:
    return company_of(tmp_path, seed(lists=CUSTOMERS, transactions=_deposited_and_not()))


def test_undeposited_funds_is_what_no_deposit_holds(undeposited: Company) -> None:
    """2062.52 = payments 120 + 128, in the account, the general ledger and the balance sheet."""
    account = read(undeposited, "Account", 4)
    assert account["CurrentBalance"] == 2062.52
    ledger = report(undeposited, "GeneralLedger", account=UNDEPOSITED, date_macro="All", columns="rbal_nat_amount")
    assert lines(ledger)[-2].strip() == "2062.52"
    assert "      Undeposited Funds | 2062.52" in lines(report(undeposited, "BalanceSheet"))


def test_a_deposited_payment_still_names_undeposited_funds(undeposited: Company) -> None:
    payments = {id: read(undeposited, "Payment", id) for id in (98, 101, 116, 120, 128)}
    assert {body["DepositToAccountRef"]["value"] for body in payments.values()} == {UNDEPOSITED}
    in_deposit = {
        id for id, body in payments.items() if {"TxnId": "121", "TxnType": "Deposit"} in body.get("LinkedTxn", [])
    }
    assert in_deposit == {98, 101, 116}


def test_depositing_does_not_touch_the_payment(tmp_path: Path) -> None:
    """SyncToken and LastUpdatedTime stay, so change data capture of payments never shows it."""
    company = company_of(tmp_path, seed(lists=CUSTOMERS, transactions=[_paid(98, "868.15")]))
    before = read(company, "Payment", 98)
    company.set_clock(NOON + timedelta(hours=2))
    banked = {"DepositToAccountRef": {"value": CHECKING}, "Line": [{"Amount": 868.15, "LinkedTxn": [
        {"TxnId": "98", "TxnType": "Payment", "TxnLineId": "0"}]}]}  # fmt: skip
    assert call(company, "POST", "deposit", banked)[0] == 200
    after = read(company, "Payment", 98)
    assert (after["SyncToken"], after["MetaData"]) == (before["SyncToken"], before["MetaData"])
    since = (NOON + timedelta(hours=1)).isoformat()
    _, changes = call(company, "GET", "cdc", entities="Payment,Deposit", changedSince=since)
    payments, deposits = changes["CDCResponse"][0]["QueryResponse"]
    assert payments == {}
    assert len(deposits["Deposit"]) == 1


def test_applying_a_payment_moves_the_invoices_token_on(tmp_path: Path) -> None:
    made = [sale("Invoice", 96, "1", "2026-03-01", [_line("387.00")], DepartmentRef=None)]
    company = company_of(tmp_path, seed(lists=CUSTOMERS, transactions=[_without_location(made[0])]))
    applied = {"CustomerRef": {"value": "1"}, "TotalAmt": 387, "Line": [
        {"Amount": 387, "LinkedTxn": [{"TxnId": "96", "TxnType": "Invoice"}]}]}  # fmt: skip
    assert read(company, "Invoice", 96)["SyncToken"] == "0"
    status, body = call(company, "POST", "payment", applied)
    assert status == 200
    invoice = read(company, "Invoice", 96)
    assert (invoice["SyncToken"], invoice["Balance"]) == ("1", 0)
    assert invoice["LinkedTxn"] == [{"TxnId": body["Payment"]["Id"], "TxnType": "Payment"}]


def _without_location(made: Body) -> Body:
    return {kind: {key: value for key, value in body.items() if value is not None} for kind, body in made.items()}


# -- the shape of deposit lines


def test_a_linked_deposit_line_has_no_id_number_or_detail_type(tmp_path: Path) -> None:
    """As in bank deposits 102 and 121: the source's method and check number, nothing else; detail lines are whole."""
    method = {"PaymentMethodRef": {"value": "2"}, "PaymentRefNum": "1053"}
    paid = [_paid(101, "108.00", **method), _paid(98, "50.00")]
    company = company_of(tmp_path, seed(lists=CUSTOMERS, transactions=paid))
    fee = {"Amount": -3.2, "DetailType": "DepositLineDetail", "DepositLineDetail": {"AccountRef": {"value": "8"}}}
    sent = {"DepositToAccountRef": {"value": CHECKING}, "Line": [
        {"Amount": 108, "LinkedTxn": [{"TxnId": "101", "TxnType": "Payment", "TxnLineId": "0"}]},
        {"Amount": 50, "LinkedTxn": [{"TxnId": "98", "TxnType": "Payment", "TxnLineId": "0"}]},
        fee,
    ]}  # fmt: skip
    status, body = call(company, "POST", "deposit", sent)
    assert status == 200, body
    first, second, last = body["Deposit"]["Line"]
    assert set(first) == {"Amount", "LinkedTxn", "DepositLineDetail"}
    assert first["DepositLineDetail"]["PaymentMethodRef"]["value"] == "2"
    assert first["DepositLineDetail"]["CheckNum"] == "1053"
    assert not {"Id", "LineNum", "DetailType"} & set(second)
    assert {"Id", "LineNum", "DetailType"} <= set(last)
    assert body["Deposit"]["TotalAmt"] == 154.8


def test_the_deposit_total_is_its_lines_less_the_cash_back(tmp_path: Path) -> None:
    company = company_of(tmp_path, seed(lists=CUSTOMERS, transactions=[_paid(98, "868.15")]))
    sent = {
        "DepositToAccountRef": {"value": CHECKING},
        "Line": [{"Amount": 868.15, "LinkedTxn": [{"TxnId": "98", "TxnType": "Payment", "TxnLineId": "0"}]}],
        "CashBack": {"AccountRef": {"value": "36"}, "Amount": 68.15, "Memo": "till"},
    }
    status, body = call(company, "POST", "deposit", sent)
    assert (status, body["Deposit"]["TotalAmt"]) == (200, 800)
    sheet = summaries(report(company, "BalanceSheet"))
    assert sheet["Total Bank Accounts"] == [Decimal("868.15")]


@pytest.mark.parametrize("side", ["0", "1"])
def test_a_journal_entry_is_deposited_by_its_line(tmp_path: Path, side: str) -> None:
    """The link names the entry's line; only the line in Undeposited Funds can be taken."""
    into = {"0": UNDEPOSITED, "1": "25"} if side == "0" else {"0": "25", "1": UNDEPOSITED}
    sides = {"Debit": into["0" if side == "0" else "1"], "Credit": "25"}
    order = ("Debit", "Credit") if side == "0" else ("Credit", "Debit")
    posted = [
        {"Amount": Decimal("40.00"), "DetailType": "JournalEntryLineDetail",
         "JournalEntryLineDetail": {"PostingType": kind, "AccountRef": {"value": sides[kind]}}}
        for kind in order
    ]  # fmt: skip
    company = company_of(tmp_path, seed(transactions=[{"JournalEntry": {"Id": "5", "Line": posted}}]))
    link = {"TxnId": "5", "TxnType": "JournalEntry", "TxnLineId": side}
    sent = {"DepositToAccountRef": {"value": CHECKING}, "Line": [{"Amount": 40, "LinkedTxn": [link]}]}
    status, body = call(company, "POST", "deposit", sent)
    assert status == 200, body
    assert body["Deposit"]["Line"][0]["LinkedTxn"] == [link]
    assert read(company, "Account", 4)["CurrentBalance"] == 0
    again = call(company, "POST", "deposit", sent)
    assert again[0] == 400


# -- voids


def _voidable() -> list[Body]:
    receipt: Body = {"Id": "17", "DocNumber": "1008", "Line": [
        {"Amount": Decimal("337.50"), "DetailType": "SalesItemLineDetail",
         "SalesItemLineDetail": {"ItemRef": {"value": "4"}, "UnitPrice": 75, "Qty": Decimal("4.5")}}]}  # fmt: skip
    invoice: Body = {"Id": "264", "DocNumber": "1041", "TxnDate": "2026-01-15", "CustomerRef": {"value": "1"},
                     "Line": [_line("100.00")]}  # fmt: skip
    return [{"SalesReceipt": receipt}, {"Invoice": invoice}]


def test_a_voided_receipt_keeps_its_lines_with_nothing_on_them(tmp_path: Path) -> None:
    company = company_of(tmp_path, seed(lists=CUSTOMERS, transactions=_voidable()))
    sent = {"Id": "17", "SyncToken": "0", "sparse": True}
    status, body = call(company, "POST", "salesreceipt", sent, operation="update", include="void")
    assert status == 200, body
    voided = body["SalesReceipt"]
    assert voided["PrivateNote"].startswith("Voided")
    assert (voided["TotalAmt"], voided["DocNumber"], voided["SyncToken"]) == (0, "1008", "1")
    assert [(line["Amount"], line.get("SalesItemLineDetail", {}).get("Qty", 0)) for line in voided["Line"]] == [
        (0, 0),
        (0, 0),
    ]


def test_a_void_empties_the_original_date_in_every_report(tmp_path: Path) -> None:
    company = company_of(tmp_path, seed(lists=CUSTOMERS, transactions=_voidable()[1:]))
    january = {"start_date": "2026-01-01", "end_date": "2026-01-31"}
    assert summaries(report(company, "ProfitAndLoss", **january))["Net Income"] == [Decimal(100)]
    assert call(company, "POST", "invoice", {"Id": "264", "SyncToken": "0"}, operation="void")[0] == 200
    assert summaries(report(company, "ProfitAndLoss", **january))["Net Income"] == [Decimal(0)]
    (row,) = rows(company, "SELECT * FROM Invoice WHERE DocNumber = '1041'")
    assert (row["TotalAmt"], row["TxnDate"], row["PrivateNote"]) == (0, "2026-01-15", "Voided")


# -- one number series

SALES = ("Invoice", "SalesReceipt", "RefundReceipt", "CreditMemo")


def _form(kind: str, **more: Any) -> Body:
    body: Body = {"CustomerRef": {"value": "1"}, "Line": [_line("10.00")], **more}
    return {**body, "DepositToAccountRef": {"value": CHECKING}} if kind == "RefundReceipt" else body


def _sent(company: Company, kind: str, **more: Any) -> tuple[int, Body]:
    body = json.loads(json.dumps(_form(kind, **more), default=float))
    return call(company, "POST", kind.lower(), body)


def test_invoices_receipts_refunds_and_memos_are_numbered_from_one_series(tmp_path: Path) -> None:
    """Receipts 1003 and 1008, refund 1020, memo 1026 lie among the invoices 1004 to 1037."""
    made = seed(lists=CUSTOMERS, counters={"number": 1002}, switches={"custom_numbers": "off"})
    company = company_of(tmp_path, made)
    order = ("SalesReceipt", "Invoice", "Invoice", "RefundReceipt", "CreditMemo", "Invoice")
    numbers = [_sent(company, kind)[1][kind]["DocNumber"] for kind in order]
    assert numbers == ["1003", "1004", "1005", "1006", "1007", "1008"]


@pytest.mark.parametrize("holder", SALES)
@pytest.mark.parametrize("asker", SALES)
def test_a_number_is_taken_by_any_of_the_four(tmp_path: Path, holder: str, asker: str) -> None:
    company = company_of(tmp_path, seed(lists=CUSTOMERS))
    status, body = _sent(company, holder, DocNumber="C957F1A7-0009")
    assert status == 200, body
    status, answer = _sent(company, asker, DocNumber="C957F1A7-0009")
    error = answer["Fault"]["Error"][0]
    assert (status, error["code"]) == (400, "6140")
    assert f"TxnId={body[holder]['Id']}" in error["Detail"]


def test_a_journal_entrys_number_is_of_another_series(tmp_path: Path) -> None:
    company = company_of(tmp_path, seed(lists=CUSTOMERS))
    assert _sent(company, "Invoice", DocNumber="7")[0] == 200
    posted = [
        {"Amount": 5, "DetailType": "JournalEntryLineDetail",
         "JournalEntryLineDetail": {"PostingType": kind, "AccountRef": {"value": account}}}
        for kind, account in (("Debit", "8"), ("Credit", CHECKING))
    ]  # fmt: skip
    assert call(company, "POST", "journalentry", {"DocNumber": "7", "Line": posted})[0] == 200
