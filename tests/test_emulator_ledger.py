"""The double-entry ledger under the emulated books: each document's postings, balances, and the proof."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from books_company import CHECKING, UNDEPOSITED, Body, Books, applied, fee, invoice, line, linked, payment, ref, token

from toolkit.emulator import ledger
from toolkit.emulator.records import Posting


@pytest.fixture
def books(tmp_path: Path) -> Books:
    books = Books.open(tmp_path)
    books.customer("Team")
    return books


def postings(books: Books, made: Body) -> list[tuple[str, int]]:
    sql = "SELECT account_id, amount FROM posting WHERE txn_id = ? ORDER BY line"
    return [tuple(row) for row in books.company.connection().execute(sql, (int(made["Id"]),))]


DISCOUNT = {"Amount": 10, "DetailType": "DiscountLineDetail", "DiscountLineDetail": {"PercentBased": False}}
TAXED = {"TxnTaxDetail": {"TxnTaxCodeRef": {"value": "2"}}, "Line": [line(100, TaxCodeRef={"value": "TAX"})]}
ENTRY = {
    "Line": [
        {
            "Amount": 9,
            "DetailType": "JournalEntryLineDetail",
            "JournalEntryLineDetail": {"PostingType": side, "AccountRef": {"value": account}},
        }
        for side, account in (("Debit", "8"), ("Credit", "35"))
    ]
}
SPENT = {
    "AccountRef": {"value": "41"},
    "PaymentType": "CreditCard",
    "Line": [
        {
            "Amount": 9,
            "DetailType": "AccountBasedExpenseLineDetail",
            "AccountBasedExpenseLineDetail": {"AccountRef": {"value": "17"}},
        }
    ],
}


class TestPostings:
    """Debit positive, in cents."""

    TABLE: tuple[tuple[str, str, Body, list[tuple[str, int]]], ...] = (
        ("an invoice: receivables, income", "Invoice", invoice("1", 100), [("84", 10000), ("1", -10000)]),
        ("an invoice of two lines", "Invoice", invoice("1", Line=[line(70), line(-20)]),
         [("84", 5000), ("1", -7000), ("1", 2000)]),
        ("a discount is a debit", "Invoice", invoice("1", Line=[line(100), DISCOUNT]),
         [("84", 9000), ("1", -10000), ("86", 1000)]),
        ("tax is a liability", "Invoice", invoice("1", **TAXED), [("84", 10800), ("1", -10000), ("90", -800)]),
        ("a sales receipt: undeposited funds", "SalesReceipt", invoice("1", 100), [("4", 10000), ("1", -10000)]),
        ("a sales receipt to the bank", "SalesReceipt", invoice("1", 5, DepositToAccountRef={"value": "35"}),
         [("35", 500), ("1", -500)]),
        ("a credit memo turns it", "CreditMemo", invoice("1", 100), [("84", -10000), ("1", 10000)]),
        ("a refund pays out", "RefundReceipt", invoice("1", 100, DepositToAccountRef={"value": "35"}),
         [("35", -10000), ("1", 10000)]),
        ("a payment: undeposited funds, receivables", "Payment", payment("1", 100), [("4", 10000), ("84", -10000)]),
        ("a bank deposit of money without a document", "Deposit",
         {"DepositToAccountRef": {"value": "35"}, "Line": [fee(100, "1"), fee(-3)]},
         [("35", 9700), ("1", -10000), ("8", 300)]),
        ("a journal entry", "JournalEntry", ENTRY, [("8", 900), ("35", -900)]),
        ("a transfer", "Transfer",
         {"FromAccountRef": {"value": "35"}, "ToAccountRef": {"value": "36"}, "Amount": 9},
         [("36", 900), ("35", -900)]),
        ("a purchase by card", "Purchase", SPENT, [("41", -900), ("17", 900)]),
        ("a card credit", "Purchase", {**SPENT, "Credit": True}, [("41", 900), ("17", -900)]),
        ("nothing", "Invoice", invoice("1", 0), [("1", 0)]),
    )  # fmt: skip

    @pytest.mark.parametrize("row", TABLE, ids=[row[0] for row in TABLE])
    def test_what_a_document_posts(self, books: Books, row: tuple[str, str, Body, list[tuple[str, int]]]) -> None:
        _, entity, body, expected = row
        assert postings(books, books.post(entity, body)) == expected
        books.sound()

    def test_a_linked_line_takes_from_undeposited_funds(self, books: Books) -> None:
        paid = books.payment("1", 100)
        made = books.deposit(linked(paid, 100), fee(-3))
        assert postings(books, made) == [(CHECKING, 9700), (UNDEPOSITED, -10000), ("8", 300)]

    def test_a_credit_application_posts_nothing(self, books: Books) -> None:
        made, memo = books.invoice("1", 100), books.post("CreditMemo", invoice("1", 30))
        lines = [applied(30, made), applied(30, memo, "CreditMemo")]
        used = books.post("Payment", {"CustomerRef": {"value": "1"}, "TotalAmt": 0, "Line": lines})
        assert postings(books, used) == []

    def test_a_posting_carries_what_reports_need(self, books: Books) -> None:
        cls, place = books.post("Class", {"Name": "C"}), books.post("Department", {"Name": "D"})
        row = line(150, Qty=2, UnitPrice=75, ClassRef=ref(cls)) | {"Description": "Desk"}
        made = books.invoice(
            "1", Line=[row], DocNumber="7", DepartmentRef=ref(place), TxnDate="2026-01-03", DueDate="2026-01-09"
        )
        sql = (
            "SELECT txn_type, date, doc_number, name_type, name_id, class_id, department_id, item_id, quantity, memo, "
            "due_date, created FROM posting WHERE txn_id = ? AND line = 1"
        )
        found = books.company.connection().execute(sql, (int(made["Id"]),)).fetchone()
        assert found == (
            "Invoice", "2026-01-03", "7", "Customer", "1", cls["Id"], place["Id"], "1", "2", "Desk", "2026-01-09",
            "2026-01-15T18:00:00Z",
        )  # fmt: skip

    def test_a_change_posts_anew_and_a_void_or_deletion_not_at_all(self, books: Books) -> None:
        made = books.invoice("1", 100)
        changed = books.post("Invoice", token(made, sparse=True, Line=[line(40)]))
        assert postings(books, made) == [("84", 4000), ("1", -4000)]
        gone = books.post("Invoice", token(changed), operation="void")
        assert postings(books, made) == []
        books.post("Invoice", token(gone), operation="delete")
        books.sound()


class TestBalances:
    """Account.CurrentBalance is signed, debit positive; customers sum what lies below them."""

    def test_balances_come_from_the_ledger(self, books: Books) -> None:
        books.invoice("1", **TAXED)
        books.payment("1", 50)
        shown = {id: books.balance(id) for id in ("84", "1", "90", UNDEPOSITED)}
        assert shown == {"84": 58, "1": -100, "90": -8, UNDEPOSITED: 50}
        assert books.get("Customer", "1")["Balance"] == 58

    def test_a_parent_sums_its_sub_customers(self, books: Books) -> None:
        sub = books.customer("Sub", ParentRef={"value": "1"})
        books.invoice("1", 10)
        books.invoice(sub, 20)
        parent = books.get("Customer", "1")
        assert (parent["Balance"], parent["BalanceWithJobs"]) == (10, 30)

    def test_a_parent_account_sums_its_sub_accounts(self, books: Books) -> None:
        sub = books.post("Account", {"Name": "Petty", "AccountType": "Bank", "ParentRef": {"value": "35"}})
        books.deposit(fee(5, "1"), to=sub["Id"])
        checking = books.get("Account", "35")
        assert (checking["CurrentBalance"], checking["CurrentBalanceWithSubAccounts"]) == (0, 5)

    def test_balances_in_one_batch_follow_its_own_items(self, books: Books) -> None:
        answers = books.batch(
            {"bId": "1", "operation": "create", "Invoice": invoice("1", 10)},
            {"bId": "2", "operation": "create", "Invoice": invoice("77", 10)},
            {
                "bId": "3",
                "operation": "update",
                "Customer": {"Id": "1", "SyncToken": "0", "sparse": True, "Notes": "x"},
            },
            {"bId": "4", "Query": "select * from Customer where Balance = '10'"},
        )
        assert (answers[2]["Customer"]["Balance"], answers[3]["QueryResponse"]["maxResults"]) == (10, 1)
        books.sound()


class TestProof:
    """The check finds what is wrong."""

    BREAKS: tuple[tuple[str, str], ...] = (
        (
            "UPDATE posting SET amount = amount + 1 WHERE line = 0 AND txn_type = 'Invoice'",
            "does not balance by 1 cents",
        ),
        ("UPDATE total SET amount = amount + 1 WHERE entity = 'Account' AND id = '84'", "account 84: total"),
        ("UPDATE total SET amount = amount + 1 WHERE entity = 'Customer'", "customer 1: total"),
        ("UPDATE object SET deleted = 1 WHERE entity = 'Invoice'", "posts though it is deleted"),
        ("UPDATE object SET deleted = 1 WHERE entity = 'Invoice'", "which is gone"),
        ("UPDATE link SET amount = amount + 1", "more than its total"),
        ("UPDATE object SET balance = 5 WHERE entity = 'Invoice'", "balance"),
    )

    @pytest.mark.parametrize(("sql", "sentence"), BREAKS)
    def test_a_broken_ledger_is_found(self, books: Books, sql: str, sentence: str) -> None:
        made = books.invoice("1", 100)
        books.payment("1", 100, made)
        books.sound()
        books.company.connection().execute(sql)
        assert any(sentence in wrong for wrong in books.company.check()), books.company.check()

    def test_rules_that_do_not_balance_are_a_bug_and_not_an_answer(self, books: Books) -> None:
        made = books.invoice("1", 100)
        record = books.company.books.live("Invoice", int(made["Id"]))
        with pytest.raises(ledger.Unbalanced):
            ledger.post(books.company.books, record, [Posting("84", 1)])

    @pytest.mark.parametrize("fails_at", [1, 2, 3])
    def test_a_bug_in_the_middle_undoes_the_whole_call(
        self, books: Books, monkeypatch: pytest.MonkeyPatch, fails_at: int
    ) -> None:
        before, calls = books.company.snapshot(), iter(range(1, 9))
        real = ledger.post

        def failing(*given: Any) -> None:
            if next(calls) == fails_at:
                raise RuntimeError("the power is out")
            real(*given)

        monkeypatch.setattr(ledger, "post", failing)
        items = [{"bId": str(n), "operation": "create", "Invoice": invoice("1", 5)} for n in range(3)]
        with pytest.raises(RuntimeError):
            books.batch(*items)
        assert books.company.snapshot() == before
        books.sound()
