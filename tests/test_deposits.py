"""Payouts become bank deposits by payout id: what is in them, what is missing, what already stands."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import cash_scenario as cash
import pytest
from cash_scenario import BANK, FEES, FUNDS, World, day, deposits_of, entries_of, posted
from hypothesis import given
from hypothesis import strategies as st

from toolkit.books import (
    Account,
    DocumentKind,
    JournalEntry,
    JournalLine,
    Preferences,
    SalesDocument,
    Transfer,
    TxnType,
)
from toolkit.money import ZERO, total
from toolkit.plan import Action, Kind, Plan, Standing, operation_key
from toolkit.problems import Severity

ONE_PAYOUT = """
    invoice 0001 Factory 2026-01-01 500.00
    paid 0001 card 2026-01-03 500.00 charge=ch_1
    invoice 0002 Studio 2026-01-01 300.00
    paid 0002 ach 2026-01-02 300.00
    payout po_1 2026-01-05
      charge ch_1 2026-01-03 500.00 14.80
      charge ch_2 2026-01-02 300.00 2.40 invoice=0002
"""


def codes(plan: Plan) -> dict[str, str]:
    return dict(plan.held)


def what(plan: Plan) -> str:
    return " ".join(problem.what for problem in plan.problems)


# ---- the ordinary payout


def test_a_payout_becomes_one_deposit_of_its_payments_with_the_fee_as_one_negative_line() -> None:
    plan = posted(ONE_PAYOUT, accounts={"processing_fee_class": "Overhead"}).plan()
    (deposit,) = deposits_of(plan)
    assert deposit.total == Decimal("782.80")
    assert deposit.txn_date == day("2026-01-05")
    assert deposit.account_id == BANK
    fees = [line for line in deposit.lines if line.link is None]
    assert [(line.account_id, line.amount, line.class_id) for line in fees] == [(FEES, Decimal("-17.20"), "7")]
    linked = [line.link for line in deposit.lines if line.link]
    assert [(link.txn_type, link.amount) for link in linked] == [
        (TxnType.PAYMENT, Decimal("300.00")),
        (TxnType.PAYMENT, Decimal("500.00")),
    ]


def test_the_deposit_carries_the_short_stamp_and_says_why() -> None:
    (operation,) = posted(ONE_PAYOUT).plan().operations
    assert operation.key == operation_key(cash.REALM, Kind.DEPOSIT, "po_1")
    assert operation.record.private_note == f"Coworks payout po_1 · {operation.key[:4]}"  # type: ignore[union-attr]
    assert operation.reason == "Rule 1, payout id: 2 payments, processing fee 17.20."
    assert operation.amount == Decimal("782.80")


def test_the_same_month_planned_again_after_posting_changes_nothing() -> None:
    again = posted(ONE_PAYOUT).deposited().plan()
    assert again.operations == ()
    assert again.unchanged == (operation_key(cash.REALM, Kind.DEPOSIT, "po_1"),)
    assert again.problems == ()


def test_the_plan_relies_on_each_payment_as_it_stands_and_on_the_closing_date() -> None:
    plan = posted(ONE_PAYOUT).plan()
    facts = {fact.of: fact.value for fact in plan.facts}
    assert facts["closing date"] == "none"
    assert facts["bank account"] == f"{BANK} Checking"
    assert sum(name.startswith("Payment ") for name in facts) == 2


@pytest.mark.parametrize("status", ["in_transit", "pending", "failed", "canceled"])
def test_a_payout_that_has_not_arrived_is_not_posted_and_stops_nothing(status: str) -> None:
    plan = posted(ONE_PAYOUT.replace("2026-01-05", f"2026-01-05 status={status}")).plan()
    assert plan.operations == ()
    assert plan.held == ()
    assert [problem.severity for problem in plan.problems] == [Severity.NOTE]


@pytest.mark.parametrize(
    ("switches", "words"),
    [({"invoices": True}, "Payments are entered elsewhere"), ({}, "Both switches are off")],
)
def test_without_push_transactions_there_are_no_bank_deposits(switches: dict[str, bool], words: str) -> None:
    plan = posted(ONE_PAYOUT, push=switches).plan()
    assert plan.operations == ()
    assert words in what(plan)


# ---- gaps are reported, never searched


def test_a_charge_that_is_not_in_quickbooks_is_named_with_its_day_and_amount() -> None:
    plan = posted(ONE_PAYOUT, skip=("0002/payment/1",)).plan()
    assert plan.operations == ()
    assert codes(plan) == {"po_1": "payout-short"}
    assert what(plan).startswith("$300.00 short: charge of January 2 ($300.00, invoice 0002) is not in QuickBooks")


def test_an_equal_payment_of_another_team_never_fills_a_gap() -> None:
    other = "invoice 0003 Twin 2026-01-01 300.00\npaid 0003 ach 2026-01-02 300.00\n"
    plan = posted(other + ONE_PAYOUT, skip=("0002/payment/1",)).plan()
    assert codes(plan) == {"po_1": "payout-short"}
    assert plan.operations == ()


def test_two_equal_payments_on_one_invoice_in_different_payouts_are_a_question_unless_a_day_tells_them_apart() -> None:
    told = """
        invoice 0001 Factory 2026-01-01 600.00
        paid 0001 card 2026-01-03 300.00
        paid 0001 card {second} 300.00
        payout po_1 2026-01-05
          charge - 2026-01-03 300.00 9.00 invoice=0001
        payout po_2 2026-01-06
          charge - {second} 300.00 9.00 invoice=0001
    """
    assert len(posted(told.format(second="2026-01-04")).plan().operations) == 2
    tied = posted(told.format(second="2026-01-03")).plan()
    assert codes(tied) == {"po_1": "payout-short", "po_2": "payout-short"}
    assert "nothing tells them apart" in what(tied)


def test_two_equal_payments_on_one_invoice_in_the_same_payout_are_no_choice() -> None:
    plan = posted("""
        invoice 0001 Factory 2026-01-01 600.00
        paid 0001 card 2026-01-03 300.00
        paid 0001 card 2026-01-03 300.00
        payout po_1 2026-01-05
          charge - 2026-01-03 300.00 9.00 invoice=0001
          charge - 2026-01-03 300.00 9.00 invoice=0001
    """).plan()
    (deposit,) = deposits_of(plan)
    assert len({line.link.txn_id for line in deposit.lines if line.link}) == 2


def test_one_charge_may_pay_several_invoices() -> None:
    (deposit,) = deposits_of(
        posted("""
            invoice 0001 Factory 2026-01-01 200.00
            paid 0001 card 2026-01-03 200.00 charge=ch_1
            invoice 0002 Factory 2026-01-01 100.00
            paid 0002 card 2026-01-03 100.00 charge=ch_1
            payout po_1 2026-01-05
              charge ch_1 2026-01-03 300.00 9.00
        """).plan()
    )
    assert [line.amount for line in deposit.lines if line.link] == [Decimal("200.00"), Decimal("100.00")]


def test_rows_that_do_not_come_to_the_payout_hold_it_with_the_difference() -> None:
    plan = posted(ONE_PAYOUT.replace("2026-01-05", "2026-01-05 amount=780.00")).plan()
    assert codes(plan) == {"po_1": "payout-detail"}
    assert "-2.80 is not explained" in what(plan).replace("$", "")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"voided": True, "total": ZERO}, "is voided in QuickBooks"),
        ({"total": Decimal("499.99")}, "stands in QuickBooks with $499.99"),
        ({"deposit_account_id": BANK}, "was not put into Payments to deposit"),
    ],
)
def test_a_payment_that_cannot_be_deposited_holds_its_payout_in_words(change: dict[str, object], words: str) -> None:
    world = cash.change_payment(posted(ONE_PAYOUT), 0, lambda one: replace(one, **change))  # type: ignore[arg-type]
    plan = world.plan()
    assert codes(plan) == {"po_1": "payout-unusable"}
    assert words in what(plan)


def test_a_payment_deleted_in_quickbooks_holds_its_payout() -> None:
    world = posted(ONE_PAYOUT)
    plan = replace(world, books=replace(world.books, payments=world.books.payments[1:])).plan()
    assert "was deleted in QuickBooks" in what(plan)
    assert plan.operations == ()


# ---- what already stands


def test_payments_adopted_from_another_integration_count_like_our_own() -> None:
    world = posted(ONE_PAYOUT)
    adopted = {key: replace(one, standing=Standing.ADOPTED) for key, one in world.done.items()}
    assert len(replace(world, done=adopted).plan().operations) == 1


def test_without_a_posting_log_payments_are_found_by_their_stamp() -> None:
    world = posted(ONE_PAYOUT)
    named = {one.qbo_id: one for one in world.done.values()}
    payments = tuple(
        replace(one, private_note=f"Coworks {named[one.id].coworks_id[:4]} · {named[one.id].key[:4]}")
        for one in world.books.payments
    )
    plan = replace(world, done={}, books=replace(world.books, payments=payments)).plan()
    assert len(plan.operations) == 1


def test_a_deposit_that_holds_exactly_these_payments_is_adopted() -> None:
    world = posted(ONE_PAYOUT)
    plan = cash.with_deposit(world, BANK, "2026-01-06", "782.80", *world.books.payments).plan()
    assert plan.operations == ()
    assert [(one.qbo_id, one.rule) for one in plan.adoptions] == [("900", "exactly these payments")]


def test_a_deposit_with_our_stamp_is_adopted_though_the_posting_log_is_lost() -> None:
    world = posted(ONE_PAYOUT)
    key = operation_key(cash.REALM, Kind.DEPOSIT, "po_1")
    note = f"Coworks payout po_1 · {key[:4]}"
    plan = cash.with_deposit(world, BANK, "2026-01-05", "782.80", *world.books.payments, note=note).plan()
    assert [one.rule for one in plan.adoptions] == ["stamp"]


@pytest.mark.parametrize(
    ("amount", "take", "words"),
    [("800.00", 2, "holds 2 of its 2 and 0 others"), ("500.00", 1, "holds 1 of its 2 and 0 others")],
)
def test_payments_in_another_bank_deposit_hold_the_payout_and_name_it(amount: str, take: int, words: str) -> None:
    world = posted(ONE_PAYOUT)
    plan = cash.with_deposit(world, BANK, "2026-01-04", amount, *world.books.payments[:take]).plan()
    assert codes(plan) == {"po_1": "already-deposited"}
    assert words in what(plan)


@pytest.mark.parametrize("far", [-7, 0, 7])
@pytest.mark.parametrize("entity", ["deposit", "sales receipt", "journal entry", "transfer"])
def test_bank_money_that_is_already_booked_within_seven_days_stops_the_deposit(entity: str, far: int) -> None:
    plan = booked(entity, far).plan()
    assert codes(plan) == {"po_1": "already-booked"}
    assert entity in what(plan).replace("bank deposit", "deposit")
    assert "(id 900)" in what(plan)


@pytest.mark.parametrize("far", [-8, 8])
@pytest.mark.parametrize("entity", ["deposit", "sales receipt", "journal entry", "transfer"])
def test_an_entry_eight_days_away_is_another_one(entity: str, far: int) -> None:
    assert len(booked(entity, far).plan().operations) == 1


def booked(entity: str, far: int) -> World:
    """The world with a foreign entry of the payout's amount on its bank account, `far` days from its arrival."""
    world, on, amount = posted(ONE_PAYOUT), day("2026-01-05") + timedelta(days=far), Decimal("782.80")
    books = world.books
    match entity:
        case "deposit":
            return cash.with_deposit(world, BANK, on.isoformat(), "782.80")
        case "sales receipt":
            receipt = SalesDocument(
                kind=DocumentKind.SALES_RECEIPT,
                number="77",
                customer_id="",
                txn_date=on,
                total=amount,
                deposit_account_id=BANK,
                id="900",
            )
            books = replace(books, documents=(*books.documents, receipt))
        case "journal entry":
            lines = (
                JournalLine(account_id=BANK, amount=amount, id="0"),
                JournalLine(account_id="79", amount=-amount, id="1"),
            )
            entry = JournalEntry(number="8", txn_date=on, lines=lines, id="900")
            books = replace(books, journal_entries=(entry,))
        case _:
            moved = Transfer(id="900", from_account_id="77", to_account_id=BANK, txn_date=on, amount=amount)
            books = replace(books, transfers=(moved,))
    return replace(world, books=books)


def test_a_deposit_deleted_in_quickbooks_is_not_posted_again_without_a_person() -> None:
    world = posted(ONE_PAYOUT).deposited()
    plan = replace(world, books=replace(world.books, deposits=())).plan()
    assert codes(plan) == {"po_1": "bank-deposit-deleted"}
    assert plan.operations == ()


def test_what_was_undone_waits_for_its_release_and_comes_back_as_the_next_generation() -> None:
    world = posted(ONE_PAYOUT).deposited()
    key = operation_key(cash.REALM, Kind.DEPOSIT, "po_1")
    undone = replace(world.done[key], standing=Standing.UNDONE)
    gone = replace(world, books=replace(world.books, deposits=()))
    assert codes(replace(gone, done=world.done | {key: undone}).plan()) == {"po_1": "undone"}
    released = replace(undone, note="released")
    (operation,) = replace(gone, done=world.done | {key: released}).plan().operations
    assert (operation.key, operation.generation) == (operation_key(cash.REALM, Kind.DEPOSIT, "po_1", 2), 2)


@pytest.mark.parametrize(
    "closed",
    [
        {"preferences": Preferences(custom_numbers=True, book_close_date=day("2026-01-05"))},
        {"policy": {"reported_through": day("2026-01-31")}},
    ],
)
def test_nothing_is_posted_into_a_closed_period(closed: dict[str, object]) -> None:
    plan = posted(ONE_PAYOUT, **closed).plan()
    assert codes(plan) == {"po_1": "closed-period"}


def test_the_day_after_the_closing_date_is_open() -> None:
    open_books = Preferences(custom_numbers=True, book_close_date=day("2026-01-04"))
    assert len(posted(ONE_PAYOUT, preferences=open_books).plan().operations) == 1


# ---- accounts

TWO_BANKS = (*cash.ACCOUNTS, Account(id=cash.OTHER_BANK, name="Savings", type="Bank"))


@pytest.mark.parametrize(
    ("accounts", "last4", "account"),
    [
        ({"bank": "savings"}, "", cash.OTHER_BANK),
        ({"bank": "#36"}, "", cash.OTHER_BANK),
        ({"bank": "Checking", "banks": {"1111": "Savings"}}, "1111", cash.OTHER_BANK),
        ({"bank": "Checking", "banks": {"1111": "Savings"}}, "", BANK),
        ({"banks": {"1111": "Savings"}}, "2222", None),
        ({}, "", None),
        ({"bank": "Current"}, "", None),
    ],
)
def test_the_bank_account_is_the_one_that_was_named_or_a_question(
    accounts: dict[str, object], last4: str, account: str | None
) -> None:
    told = ONE_PAYOUT.replace("2026-01-05", f"2026-01-05 last4={last4}") if last4 else ONE_PAYOUT
    plan = posted(told, accounts=accounts, chart=TWO_BANKS).plan()
    assert [deposit.account_id for deposit in deposits_of(plan)] == ([account] if account else [])
    assert codes(plan) == ({} if account else {"po_1": "account-not-chosen"})


@pytest.mark.parametrize("accounts", [{"processing_fee": ""}, {"processing_fee": "Fees of old"}])
def test_a_fee_without_its_account_holds_the_payout(accounts: dict[str, str]) -> None:
    assert codes(posted(ONE_PAYOUT, accounts=accounts).plan()) == {"po_1": "account-not-chosen"}


def test_two_accounts_for_undeposited_funds_hold_everything() -> None:
    twice = (*cash.ACCOUNTS, Account(id="5", name="Undeposited Funds", subtype="UndepositedFunds"))
    plan = posted(ONE_PAYOUT, chart=twice).plan()
    assert plan.operations == ()
    assert plan.problems[0].candidates == ("Payments to deposit", "Undeposited Funds")


def test_a_company_without_the_account_yet_and_without_payouts_is_not_asked_for_it() -> None:
    new = tuple(account for account in cash.ACCOUNTS if account.id != FUNDS)
    plan = posted("invoice 0001 Factory 2026-01-01 5.00", chart=new).plan()
    assert (plan.operations, plan.problems) == ((), ())


# ---- negative payouts

NEGATIVE = """
    invoice 0001 Factory 2026-01-01 300.00
    paid 0001 card 2026-01-03 300.00 charge=ch_1
    invoice 0002 Studio 2025-12-01 408.00
    paid 0002 card 2025-12-03 408.00
    refund 0002 2026-01-04 408.00 id=re_1
    payout po_1 2026-01-05
      charge ch_1 2026-01-03 300.00 12.00
      refund re_1 2026-01-04 -408.00 0.00
"""


def test_a_negative_payout_is_an_entry_and_a_deposit_of_zero() -> None:
    """Charges 300, refunds 408, fee 12: the bank loses 120; funds +300 - 408 - 12 + 120 = 0."""
    plan = posted(NEGATIVE).plan()
    (entry,), (deposit,) = entries_of(plan), deposits_of(plan)
    assert [(line.account_id, line.amount) for line in entry.lines] == [
        (FUNDS, Decimal("120.00")),
        (BANK, Decimal("-120.00")),
    ]
    assert entry.txn_date == deposit.txn_date == day("2026-01-05")
    assert deposit.total == ZERO
    assert sorted(line.amount for line in deposit.lines) == [Decimal(x) for x in ("-408", "-12", "120", "300")]
    made, deposit_operation = plan.operations
    carried = [line.link for line in deposit.lines if line.link and line.link.txn_type is TxnType.JOURNAL_ENTRY]
    assert [(link.txn_id, link.line_id) for link in carried] == [(f"key:{made.key}", "0")]
    assert deposit_operation.needs == (made.key,)
    assert (made.amount, deposit_operation.amount) == (Decimal("-120.00"), ZERO)
    assert len(entry.number) <= 21


def test_an_entry_that_stands_without_its_deposit_is_linked_not_posted_again() -> None:
    world = posted(NEGATIVE)
    after = world.deposited()
    key = operation_key(cash.REALM, Kind.DEPOSIT, "po_1")
    half = replace(
        after, books=replace(after.books, deposits=()), done={k: v for k, v in after.done.items() if k != key}
    )
    plan = half.plan()
    (deposit,) = deposits_of(plan)
    assert entries_of(plan) == []
    (entry,) = after.books.journal_entries
    links = [line.link for line in deposit.lines if line.link and line.link.txn_type is TxnType.JOURNAL_ENTRY]
    assert [(link.txn_id, link.line_id) for link in links] == [(entry.id, "0")]


# ---- the edge cases that concern cash, by their numbers in the catalogue

CARD = "invoice 0001 Factory 2026-01-01 500.00\npaid 0001 card 2026-01-03 500.00 charge=ch_1\n"
DISPUTES = {"accounts": {"disputes": "Disputes receivable"}}

EDGE_CASES: list[tuple[str, str, dict[str, object], dict[str, str], dict[str, str]]] = [
    (
        "46 full refund in the same payout: the processor keeps its fee",
        CARD
        + """refund 0001 2026-01-04 500.00 id=re_1
        invoice 0002 Studio 2026-01-01 100.00
        paid 0002 card 2026-01-03 100.00 charge=ch_2
        payout po_1 2026-01-05
          charge ch_1 2026-01-03 500.00 14.80
          charge ch_2 2026-01-03 100.00 3.20
          refund re_1 2026-01-04 -500.00 0.00""",
        {},
        {"po_1": "82.00"},
        {},
    ),
    (
        "47 partial refund next month is its own linked line of the later payout",
        CARD
        + """refund 0001 2026-02-04 120.00 id=re_1
        invoice 0002 Studio 2026-02-01 300.00
        paid 0002 card 2026-02-03 300.00 charge=ch_2
        payout po_1 2026-01-05
          charge ch_1 2026-01-03 500.00 14.80
        payout po_2 2026-02-05
          charge ch_2 2026-02-03 300.00 9.00
          refund re_1 2026-02-04 -120.00 0.00""",
        {},
        {"po_1": "485.20", "po_2": "171.00"},
        {},
    ),
    (
        "48 two partial refunds of one invoice, told apart by their days",
        CARD
        + """refund 0001 2026-01-04 100.00
        refund 0001 2026-01-06 100.00
        payout po_1 2026-01-05
          charge ch_1 2026-01-03 500.00 14.80
          refund - 2026-01-04 -100.00 0.00 invoice=0001
        invoice 0002 Studio 2026-01-01 300.00
        paid 0002 card 2026-01-03 300.00 charge=ch_2
        payout po_2 2026-01-07
          charge ch_2 2026-01-03 300.00 9.00
          refund - 2026-01-06 -100.00 0.00 invoice=0001""",
        {},
        {"po_1": "385.20", "po_2": "191.00"},
        {},
    ),
    (
        "49 refund failed in the same payout and Coworks never counted it: the rows cancel out",
        CARD
        + """payout po_1 2026-01-05
          charge ch_1 2026-01-03 500.00 14.80
          refund re_1 2026-01-04 -100.00 0.00 invoice=0001
          refund_failure re_1 2026-01-04 100.00 0.00 invoice=0001""",
        {},
        {"po_1": "485.20"},
        {},
    ),
    (
        "55 ACH failed before settlement: charge and failure in one payout cancel out",
        """invoice 0001 Factory 2026-01-01 500.00
        invoice 0002 Studio 2026-01-01 300.00
        paid 0002 card 2026-01-03 300.00 charge=ch_2
        payout po_1 2026-01-05
          charge py_1 2026-01-02 500.00 0.00 invoice=0001
          charge_failure py_1 2026-01-03 -500.00 0.00 invoice=0001
          charge ch_2 2026-01-03 300.00 9.00""",
        {},
        {"po_1": "291.00"},
        {},
    ),
    (
        "56 ACH returned after its deposit: an entry against A/R of the customer, carried by the later payout",
        CARD
        + """invoice 0002 Studio 2026-01-01 700.00
        paid 0002 card 2026-01-08 700.00 charge=ch_2
        payout po_1 2026-01-05
          charge ch_1 2026-01-03 500.00 14.80
        payout po_2 2026-01-10
          charge ch_2 2026-01-08 700.00 20.60
          charge_failure ch_1 2026-01-09 -500.00 4.00 invoice=0001""",
        DISPUTES,
        {"po_1": "485.20", "po_2": "175.40"},
        {},
    ),
    (
        "57 dispute opened, and won in a later payout",
        CARD
        + """invoice 0002 Studio 2026-01-01 700.00
        paid 0002 card 2026-01-08 700.00 charge=ch_2
        payout po_1 2026-01-10
          charge ch_1 2026-01-03 500.00 14.80
          charge ch_2 2026-01-08 700.00 20.60
          dispute dp_1 2026-01-09 -500.00 15.00
        payout po_2 2026-01-28
          dispute_reversal dp_1 2026-01-26 500.00 0.00""",
        DISPUTES,
        {"po_1": "649.60", "po_2": "500.00"},
        {},
    ),
    (
        "58 dispute without an account for it is held with words",
        CARD
        + """payout po_1 2026-01-10
          charge ch_1 2026-01-03 500.00 14.80
          dispute dp_1 2026-01-09 -200.00 15.00""",
        {},
        {},
        {"po_1": "payout-unusable"},
    ),
    (
        "60 payout spans month-end: January's charge, dated on its arrival in February",
        CARD.replace("2026-01-03", "2026-01-30")
        + """payout po_1 2026-02-02
          charge ch_1 2026-01-30 500.00 14.80""",
        {},
        {"po_1": "485.20"},
        {},
    ),
    (
        "61 payout spans go-live: the charge from before is the residual",
        CARD
        + """payout po_1 2026-01-05
          charge ch_0 2025-12-30 250.00 7.55
          charge ch_1 2026-01-03 500.00 14.80""",
        {"policy": {"go_live": "2026-01-01"}},
        {},
        {"po_1": "payout-short"},
    ),
    (
        "61 payout that arrived before go-live belongs to the old books",
        CARD.replace("2026-01", "2025-12")
        + """payout po_1 2025-12-05
          charge ch_1 2025-12-03 500.00 14.80""",
        {"policy": {"go_live": "2026-01-01"}},
        {},
        {},
    ),
    ("62 negative payout: an entry and a deposit of zero", NEGATIVE, {}, {"po_1": "0.00"}, {}),
    (
        "63 failed then retried: the failed one claims nothing",
        CARD
        + """payout po_1 2026-01-05 status=failed
          charge ch_1 2026-01-03 500.00 14.80
        payout po_2 2026-01-08
          charge ch_1 2026-01-03 500.00 14.80""",
        {},
        {"po_2": "485.20"},
        {},
    ),
    (
        "63 failed and its money went out again by a reversal row: the later payout takes over its charges",
        CARD
        + """invoice 0002 Studio 2026-01-01 300.00
        paid 0002 card 2026-01-06 300.00 charge=ch_2
        payout po_1 2026-01-05 status=failed
          charge ch_1 2026-01-03 500.00 14.80
        payout po_2 2026-01-08
          payout_reversal po_1 2026-01-06 485.20 0.00
          charge ch_2 2026-01-06 300.00 9.00""",
        {},
        {"po_2": "776.20"},
        {},
    ),
    (
        "64 instant payout is not itemized by the processor",
        CARD + "payout po_1 2026-01-05 amount=485.20",
        {},
        {},
        {"po_1": "payout-detail"},
    ),
    (
        "65 charges that are not Coworks' are the residual",
        CARD
        + """payout po_1 2026-01-05
          charge ch_1 2026-01-03 500.00 14.80
          charge ch_9 2026-01-03 40.00 1.46""",
        {},
        {},
        {"po_1": "payout-short"},
    ),
    (
        "66 two processor accounts, one bank: two payouts, two deposits",
        CARD
        + """invoice 0002 Studio 2026-01-01 300.00
        paid 0002 card 2026-01-03 300.00 charge=ch_2
        payout po_1 2026-01-05
          charge ch_1 2026-01-03 500.00 14.80
        payout po_2 2026-01-05
          charge ch_2 2026-01-03 300.00 9.00""",
        {},
        {"po_1": "485.20", "po_2": "291.00"},
        {},
    ),
    (
        "67 fee-only adjustment goes to the fee line",
        CARD
        + """payout po_1 2026-01-05
          charge ch_1 2026-01-03 500.00 14.80
          adjustment adj_1 2026-01-04 0.00 2.00
          fee fee_1 2026-01-04 -1.00 0.00""",
        {},
        {"po_1": "482.20"},
        {},
    ),
    (
        "67 payout of nothing but a fee: the bank pays it, by entry and a deposit of zero",
        "payout po_1 2026-01-05\n  fee fee_1 2026-01-04 -9.00 0.00\n" + "invoice 0001 Factory 2026-01-01 1.00",
        {},
        {"po_1": "0.00"},
        {},
    ),
    (
        "69 two equal payouts on the same day are two deposits of their own payments",
        """invoice 0001 Factory 2026-01-01 300.00
        paid 0001 card 2026-01-03 300.00 charge=ch_1
        invoice 0002 Studio 2026-01-01 300.00
        paid 0002 card 2026-01-03 300.00 charge=ch_2
        payout po_1 2026-01-05
          charge ch_1 2026-01-03 300.00 9.00
        payout po_2 2026-01-05
          charge ch_2 2026-01-03 300.00 9.00""",
        {},
        {"po_1": "291.00", "po_2": "291.00"},
        {},
    ),
]


@pytest.mark.parametrize(
    ("told", "changes", "expected", "held"), [case[1:] for case in EDGE_CASES], ids=[case[0] for case in EDGE_CASES]
)
def test_edge_cases_of_cash(
    told: str, changes: dict[str, object], expected: dict[str, str], held: dict[str, str]
) -> None:
    plan = posted(told, **changes).plan()
    totals = {one.coworks_id: str(one.record.total) for one in plan.operations if one.kind is Kind.DEPOSIT}  # type: ignore[union-attr]
    assert totals == expected
    assert codes(plan) == held


@pytest.mark.parametrize(
    ("told", "changes"),
    [(case[1], case[2]) for case in EDGE_CASES if case[3]],
    ids=[case[0] for case in EDGE_CASES if case[3]],
)
def test_edge_cases_once_posted_leave_nothing_to_do(told: str, changes: dict[str, object]) -> None:
    again = posted(told, **changes).deposited().plan()
    assert again.operations == ()
    assert again.held == ()


def test_50_refund_of_a_closed_periods_invoice_is_a_line_of_the_open_payout() -> None:
    plan = posted(NEGATIVE, preferences=Preferences(book_close_date=day("2025-12-31"))).plan()
    assert len(deposits_of(plan)) == 1


def test_56_the_returned_payment_is_owed_again_by_its_customer() -> None:
    (told, changes) = next((case[1], case[2]) for case in EDGE_CASES if case[0].startswith("56"))
    world = posted(told, **changes)
    (entry,) = entries_of(world.plan())
    invoice = next(one for one in world.books.documents if one.number == "0001")
    assert [(line.account_id, line.amount, line.customer_id) for line in entry.lines] == [
        (FUNDS, Decimal("-500.00"), ""),
        (cash.RECEIVABLE, Decimal("500.00"), invoice.customer_id),
    ]


def test_57_a_dispute_waits_on_its_account_and_its_fee_is_in_the_fee_line() -> None:
    (told, changes) = next((case[1], case[2]) for case in EDGE_CASES if case[0].startswith("57"))
    plan = posted(told, **changes).plan()
    opened, won = entries_of(plan)
    assert [line.amount for line in opened.lines] == [Decimal("-500.00"), Decimal("500.00")]
    assert [line.amount for line in won.lines] == [Decimal("500.00"), Decimal("-500.00")]
    fee = [line.amount for line in deposits_of(plan)[0].lines if line.account_id == FEES]
    assert fee == [Decimal("-50.40")]


def test_65_a_payout_with_foreign_charges_that_a_person_deposited_is_adopted() -> None:
    told = next(case[1] for case in EDGE_CASES if case[0].startswith("65"))
    world = posted(told)
    plan = cash.with_deposit(world, BANK, "2026-01-05", "523.74", *world.books.payments).plan()
    assert [one.rule for one in plan.adoptions] == ["all its known payments and its exact total"]


def test_68_the_bank_posting_a_day_later_is_still_the_same_money() -> None:
    assert codes(booked("deposit", 1).plan()) == {"po_1": "already-booked"}


def test_70_check_deposits_are_never_put_into_a_payout() -> None:
    told = "invoice 0009 Till 2026-01-01 485.20\npaid 0009 check 2026-01-04 485.20\n" + ONE_PAYOUT
    world = posted(told)
    (deposit,) = deposits_of(world.plan())
    check = next(one for one in world.books.payments if one.total == Decimal("485.20"))
    assert check.id not in {line.link.txn_id for line in deposit.lines if line.link}


def test_a_charge_in_two_paid_payouts_holds_both() -> None:
    plan = posted(
        CARD
        + """payout po_1 2026-01-05
          charge ch_1 2026-01-03 500.00 14.80
        payout po_2 2026-01-06
          charge ch_1 2026-01-03 500.00 14.80"""
    ).plan()
    assert plan.operations == ()
    assert set(codes(plan)) == {"po_1", "po_2"}


def test_a_payout_that_failed_after_its_deposit_was_posted_needs_a_person() -> None:
    world = posted(ONE_PAYOUT).deposited()
    failed = tuple(replace(one, status=cash.PayoutStatus.FAILED) for one in world.payouts.payouts)
    plan = replace(world, payouts=replace(world.payouts, payouts=failed)).plan()
    assert codes(plan) == {"po_1": "payout-failed-after-posting"}


def test_a_payout_in_another_currency_is_held() -> None:
    plan = posted(ONE_PAYOUT.replace("2026-01-05", "2026-01-05 currency=cad")).plan()
    assert codes(plan) == {"po_1": "payout-currency"}


# ---- what holds for every month


@st.composite
def months(draw: st.DrawFn) -> str:
    """A month of random card payments, refunds and payouts, some charges unknown to Coworks."""
    lines: list[str] = []
    groups = draw(st.integers(1, 5))
    rows: dict[int, list[str]] = {group: [] for group in range(groups)}
    prices = st.sampled_from(["99.00", "250.00", "299.00", "299.01"])
    for number in range(draw(st.integers(1, 12))):
        amount, group = draw(prices), draw(st.integers(0, groups - 1))
        lines.append(f"invoice {number:04d} Team{number % 4} 2026-01-01 {amount}")
        named = f" charge=ch_{number}" if draw(st.booleans()) else ""
        lines.append(f"paid {number:04d} card 2026-01-03 {amount}{named}")
        invoice = f" invoice={number:04d}" if not named else ""
        rows[group].append(f"  charge ch_{number} 2026-01-03 {amount} 3.17{invoice}")
        if draw(st.integers(0, 4)) == 0:
            lines.append(f"refund {number:04d} 2026-01-04 50.00 id=re_{number}")
            rows[group].append(f"  refund re_{number} 2026-01-04 -50.00 0.00")
    if draw(st.booleans()):
        rows[0].append("  charge ch_x 2026-01-03 299.00 9.00")
    for group, some in rows.items():
        lines += [f"payout po_{group} 2026-01-{5 + group:02d}", *some]
    return "\n".join(lines)


@given(months())
def test_every_deposit_is_the_sum_of_its_lines_and_the_payouts_amount(told: str) -> None:
    world = posted(told)
    amounts = {payout.payout_id: payout.amount for payout in world.payouts.payouts}
    for operation in world.plan().operations:
        if operation.kind is Kind.DEPOSIT:
            lines = operation.record.lines  # type: ignore[union-attr]
            assert total(line.amount for line in lines) == max(amounts[operation.coworks_id], ZERO)


@given(months())
def test_every_payout_is_posted_or_held_with_words_and_no_payment_is_used_twice(told: str) -> None:
    world = posted(told)
    plan = world.plan()
    planned = {one.coworks_id for one in plan.operations if one.kind is Kind.DEPOSIT}
    empty = {one.payout_id for one in world.payouts.payouts if not one.charges}
    assert planned | set(codes(plan)) | empty == {one.payout_id for one in world.payouts.payouts}
    assert not planned & set(codes(plan))
    used = [line.link.txn_id for deposit in deposits_of(plan) for line in deposit.lines if line.link]
    assert len(used) == len(set(used))


@given(months(), st.randoms(use_true_random=False))
def test_the_order_of_the_input_decides_nothing(told: str, luck: random.Random) -> None:
    world = posted(told)

    def mixed(some: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(luck.sample(some, len(some)))

    payouts = mixed(tuple(replace(one, charges=mixed(one.charges)) for one in world.payouts.payouts))
    invoices = mixed(tuple(replace(one, payments=mixed(one.payments)) for one in world.register.invoices))
    plan = world.plan(
        payouts=replace(world.payouts, payouts=payouts),
        register=replace(world.register, invoices=invoices),
        books=replace(world.books, payments=mixed(world.books.payments), documents=mixed(world.books.documents)),
        done=dict(mixed(tuple(world.done.items()))),
    )
    assert plan == world.plan()
    assert plan.digest == world.plan().digest


@given(months())
def test_planning_mutates_nothing_and_only_creates(told: str) -> None:
    world = posted(told)
    before = repr(world)
    plan = world.plan()
    assert repr(world) == before
    assert {operation.action for operation in plan.operations} <= {Action.CREATE}
