"""The month's proof: every record one verdict, three balances explained to the cent, or what is wrong named."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import cash_scenario as cash
import pytest
from cash_scenario import BANK, FUNDS, World, day, posted
from hypothesis import given
from hypothesis import strategies as st

from toolkit import tieout
from toolkit.books import DocumentKind, JournalEntry, JournalLine, Link, ReceivedPayment, SalesDocument, TxnType
from toolkit.model import InvoiceStatus
from toolkit.money import ZERO, total
from toolkit.plan import Kind, Standing, operation_key
from toolkit.problems import Problem, Severity
from toolkit.proof import Proof, Reason, Verdict

CENT = Decimal("0.01")

MONTH = """
    invoice 0001 Factory 2026-01-01 500.00
    paid 0001 card 2026-01-03 500.00 charge=ch_1
    invoice 0002 Studio 2026-01-01 300.00
    paid 0002 ach 2026-01-02 300.00 charge=ch_2
    refund 0002 2026-01-04 100.00 id=re_1
    invoice 0003 Atelier 2026-01-01 120.00
    invoice 0004 Bakery 2026-01-01 80.00
    paid 0004 check 2026-01-20 80.00
    invoice 0005 Gallery 2026-01-15 250.00
    paid 0005 card 2026-01-30 250.00 charge=ch_5
    invoice 0006 Late 2026-01-15 90.00
    paid 0006 card 2026-02-02 90.00 charge=ch_6
    payout po_1 2026-01-05
      charge ch_1 2026-01-03 500.00 14.80
      charge ch_2 2026-01-02 300.00 2.40
      refund re_1 2026-01-04 -100.00 0.00
    payout po_2 2026-02-03
      charge ch_5 2026-01-30 250.00 7.55
      charge ch_6 2026-02-02 90.00 2.91
"""


def month(**changes: Any) -> World:
    """January as posted and deposited; February's payout arrives after the proof's day."""
    return posted(MONTH, **changes).deposited()


def verdict(proof: Proof, name: str, subject: str = "") -> Verdict:
    (found,) = [one for one in proof.findings if one.name == name and (not subject or one.subject == subject)]
    return found.verdict


def said(proof: Proof) -> str:
    return " ".join(proof.obstacles)


# ---- a month that ties


def test_a_month_that_was_posted_and_deposited_ties_to_zero() -> None:
    proof = month().prove()
    assert proof.obstacles == ()
    assert proof.ties
    assert proof.unexplained == ZERO


def test_receivables_are_the_invoices_open_on_the_last_day_with_later_payments_rolled_back() -> None:
    section = month().prove().receivable
    assert {item.label: item.coworks for item in section.items} == {
        "Invoice 0003": Decimal("120.00"),
        "Invoice 0006": Decimal("90.00"),
    }
    assert section.report == section.expected == Decimal("210.00")


def test_every_open_item_of_undeposited_funds_has_an_age_and_a_reason() -> None:
    section = month().prove().undeposited
    assert [(item.coworks, item.age_days, item.reason) for item in section.items] == [
        (Decimal("80.00"), 11, Reason.ON_HAND),
        (Decimal("250.00"), 1, Reason.IN_TRANSIT),
    ]
    assert "arrives on February 3" in section.items[1].sentence
    assert section.bridge == {Reason.ON_HAND: Decimal("80.00"), Reason.IN_TRANSIT: Decimal("250.00")}


def test_roll_forwards_start_from_the_opening_balance_and_end_at_the_closing_one() -> None:
    proof = month().prove(start="2026-01-03")
    by_account = {one.account: one for one in proof.roll_forwards}
    receivable = by_account["Accounts Receivable (A/R)"]
    assert receivable.opening == Decimal("700.00")
    assert dict(receivable.movements) == {"Invoice": Decimal("340.00"), "Payment": Decimal("-830.00")}
    assert receivable.closing == Decimal("210.00")
    assert by_account["Checking"].unexplained == ZERO


def test_every_key_has_one_verdict_and_they_are_counted() -> None:
    proof = month().prove()
    keys = Counter(one.key for one in proof.findings)
    assert set(keys.values()) == {1}
    # 6 invoices, 5 payments, 1 refund, 1 payout agree; the other payout is on its way
    assert proof.counts == {Verdict.AGREES: 13, Verdict.IN_TRANSIT: 1}


# ---- verdicts


def test_adopted_records_are_called_so_and_stop_nothing() -> None:
    world = month()
    adopted = {key: replace(one, standing=Standing.ADOPTED) for key, one in world.done.items()}
    proof = replace(world, done=adopted).prove()
    assert proof.ties
    assert proof.counts == {Verdict.ADOPTED: 13, Verdict.IN_TRANSIT: 1}


VERDICTS: list[tuple[str, str, dict[str, Any], Verdict, bool]] = [
    (
        "a scheduled invoice is not posted",
        "invoice 0001 Factory 2026-01-01 5.00 status=scheduled",
        {},
        Verdict.NOT_POSTED,
        True,
    ),
    (
        "a void in Coworks that is void in QuickBooks",
        "invoice 0001 Factory 2026-01-01 5.00 voided=2026-01-09",
        {},
        Verdict.VOIDED,
        True,
    ),
    (
        "an invoice voided before it was posted",
        "invoice 0001 Factory 2026-01-01 5.00 voided=2026-01-09",
        {"skip": ("0001",)},
        Verdict.VOIDED,
        True,
    ),
    (
        "an invoice that is not posted",
        "invoice 0001 Factory 2026-01-01 5.00",
        {"skip": ("0001",)},
        Verdict.MISSING,
        False,
    ),
    (
        "an invoice from before go-live",
        "invoice 0001 Factory 2025-12-01 5.00",
        {"skip": ("0001",), "policy": {"go_live": "2026-01-01"}},
        Verdict.NOT_POSTED,
        True,
    ),
    (
        "a $0 invoice that the company does not post",
        "invoice 0001 Factory 2026-01-01 0.00",
        {"skip": ("0001",), "policy": {"post_zero_invoices": False}},
        Verdict.NOT_POSTED,
        True,
    ),
    ("a posted $0 invoice", "invoice 0001 Factory 2026-01-01 0.00", {}, Verdict.AGREES, True),
    (
        "a failed invoice is open like an unpaid one",
        "invoice 0001 Factory 2026-01-01 5.00 status=failed",
        {},
        Verdict.AGREES,
        True,
    ),
    ("a paused invoice is open", "invoice 0001 Factory 2026-01-01 5.00 status=paused", {}, Verdict.AGREES, True),
]


@pytest.mark.parametrize(
    ("told", "changes", "expected", "ties"), [one[1:] for one in VERDICTS], ids=[one[0] for one in VERDICTS]
)
def test_verdicts_of_invoices(told: str, changes: dict[str, Any], expected: Verdict, ties: bool) -> None:
    proof = posted(told, **changes).prove()
    assert verdict(proof, "0001", "invoice") is expected
    assert proof.ties is ties


def test_split_parents_never_count_beside_their_children() -> None:
    proof = posted("""
        invoice 0001 Factory 2026-01-01 1000.00 status=split
        invoice 0002 Factory 2026-01-10 500.00 split_from=0001
        invoice 0003 Factory 2026-01-10 500.00 split_from=0001
    """).prove()
    assert proof.receivable.coworks == Decimal("1000.00")
    assert verdict(proof, "0001", "invoice") is Verdict.NOT_POSTED
    assert proof.ties


def test_a_parent_posted_before_its_split_and_still_live_differs() -> None:
    world = posted("""
        invoice 0001 Factory 2026-01-01 1000.00
        invoice 0002 Factory 2026-01-10 500.00 split_from=0001
    """)
    proof = world.prove()
    assert verdict(proof, "0001", "invoice") is Verdict.DIFFERS
    assert proof.receivable.unexplained == Decimal("1000.00")


def test_a_question_of_the_plan_is_the_verdict_of_its_invoice() -> None:
    question = Problem(
        code="vanished", where="x", what="Voided, split or paused?", why="", do="", key="0003", candidates=("voided",)
    )
    proof = month().prove(plan_problems=(question,))
    assert verdict(proof, "0003", "invoice") is Verdict.QUESTION
    assert not proof.ties


def test_what_is_held_is_named_and_what_its_absence_leaves_unexplained_is_signed() -> None:
    held = Problem(code="unmapped", where="x", what="Plan Desk is not mapped.", why="", do="", key="0003")
    proof = month(skip=("0003",)).prove(plan_problems=(held,))
    assert verdict(proof, "0003", "invoice") is Verdict.HELD
    assert proof.receivable.unexplained == Decimal("-120.00")


def test_invoices_whose_rows_could_not_be_read_are_held_by_name() -> None:
    world = month()
    proof = replace(world, register=replace(world.register, held=frozenset({"0099"}))).prove()
    assert verdict(proof, "0099") is Verdict.HELD
    assert "Invoice 0099" in said(proof)


def test_invoices_only_says_that_payments_are_entered_elsewhere_and_never_ties() -> None:
    proof = posted("invoice 0003 Atelier 2026-01-01 120.00", push={"invoices": True}).prove()
    assert proof.unexplained == ZERO
    assert not proof.ties
    assert "Payments are entered elsewhere" in said(proof)


def test_notes_do_not_stand_against_sign_off() -> None:
    note = Problem(code="n", where="x", what="Only a note.", why="", do="", severity=Severity.NOTE)
    assert month().prove(plan_problems=(note,)).ties


def test_a_paid_invoice_without_a_paid_date_is_a_problem() -> None:
    world = posted("invoice 0001 Factory 2026-01-01 5.00 status=marked_as_paid")
    invoices = tuple(replace(one, amount_paid=Decimal("5.00")) for one in world.register.invoices)
    proof = replace(world, register=replace(world.register, invoices=invoices)).prove()
    assert [problem.code for problem in proof.problems] == ["date-missing"]
    assert not proof.ties


# ---- what only QuickBooks has


def test_an_invoice_made_in_quickbooks_is_listed_and_explained() -> None:
    world = month()
    made = SalesDocument(
        kind=DocumentKind.INVOICE,
        number="77",
        customer_id="",
        txn_date=day("2026-01-09"),
        total=Decimal("40.00"),
        id="901",
    )
    proof = replace(world, books=replace(world.books, documents=(*world.books.documents, made))).prove()
    assert verdict(proof, "77") is Verdict.ONLY_IN_QUICKBOOKS
    assert proof.receivable.bridge[Reason.ONLY_IN_QUICKBOOKS] == Decimal("40.00")
    assert proof.ties


def test_a_customer_credit_is_listed_with_its_sign() -> None:
    world = month()
    credit = SalesDocument(
        kind=DocumentKind.CREDIT_MEMO,
        number="78",
        customer_id="",
        txn_date=day("2026-01-09"),
        total=Decimal("40.00"),
        id="901",
    )
    proof = replace(world, books=replace(world.books, documents=(*world.books.documents, credit))).prove()
    assert proof.receivable.bridge[Reason.CREDIT] == Decimal("-40.00")
    assert proof.ties


def test_an_orphan_in_undeposited_funds_is_named_and_explained() -> None:
    proof = with_payment(month(), customer="999", amount="45.00", on="2026-01-10").prove()
    (item,) = [item for item in proof.undeposited.items if item.reason is Reason.ORPHAN]
    assert item.quickbooks == Decimal("45.00")
    assert proof.undeposited.unexplained == ZERO


def test_a_payment_that_was_entered_twice_is_a_duplicate_and_not_explained() -> None:
    world = month()
    twin = next(one for one in world.books.payments if one.total == Decimal("250.00"))
    proof = with_payment(world, customer=twin.customer_id, amount="250.00", on="2026-01-30").prove()
    assert proof.undeposited.unexplained == Decimal("250.00")
    assert [item.reason for item in proof.undeposited.differences] == [Reason.DUPLICATE]
    assert not proof.ties


def with_payment(world: World, *, customer: str, amount: str, on: str) -> World:
    extra = ReceivedPayment(
        customer_id=customer,
        txn_date=day(on),
        total=Decimal(amount),
        unapplied=Decimal(amount),
        deposit_account_id=FUNDS,
        id="902",
    )
    return replace(world, books=replace(world.books, payments=(*world.books.payments, extra)))


def test_a_card_payment_that_no_payout_holds_after_a_week_was_never_paid_out() -> None:
    proof = posted("invoice 0001 Factory 2026-01-01 5.00\npaid 0001 card 2026-01-03 5.00").prove()
    assert [(item.reason, item.age_days) for item in proof.undeposited.items] == [(Reason.NEVER_PAID_OUT, 28)]
    assert proof.ties


def test_a_refund_that_no_payout_has_netted_lowers_the_expected_balance() -> None:
    proof = posted("""
        invoice 0001 Factory 2026-01-01 500.00
        paid 0001 card 2026-01-30 500.00
        refund 0001 2026-01-31 60.00
    """).prove()
    assert proof.undeposited.bridge[Reason.REFUND] == Decimal("-60.00")
    assert proof.undeposited.report == Decimal("440.00")
    assert proof.ties


def test_a_check_in_a_bank_deposit_of_its_own_is_no_longer_on_hand() -> None:
    world = month()
    check = next(one for one in world.books.payments if one.total == Decimal("80.00"))
    proof = cash.with_deposit(world, BANK, "2026-01-22", "80.00", check).prove()
    assert Reason.ON_HAND not in proof.undeposited.bridge
    assert proof.ties


def test_one_check_for_two_invoices_is_two_payments_of_coworks() -> None:
    world = posted("""
        invoice 0001 Factory 2026-01-01 50.00
        paid 0001 check 2026-01-10 50.00
        invoice 0002 Factory 2026-01-01 30.00
        paid 0002 check 2026-01-10 30.00
    """)
    one, two = world.books.payments
    check = replace(one, total=Decimal("80.00"), links=(*one.links, *two.links))
    done = {
        key: replace(found, qbo_id=check.id, standing=Standing.ADOPTED) if found.kind is Kind.PAYMENT else found
        for key, found in world.done.items()
    }
    proof = replace(world, books=replace(world.books, payments=(check,)), done=done).prove()
    assert proof.obstacles == ()
    assert proof.undeposited.report == Decimal("80.00")


def test_a_payout_that_arrived_and_was_not_deposited_leaves_its_payments_unexplained() -> None:
    proof = posted(MONTH).prove()
    assert verdict(proof, "po_1") is Verdict.MISSING
    assert proof.undeposited.unexplained == Decimal("700.00")
    assert proof.deposits.unexplained == Decimal("-682.80")
    assert {item.reason for item in proof.undeposited.differences} == {Reason.NOT_DEPOSITED, Reason.REFUND}


def test_a_negative_payout_ties_through_its_entry() -> None:
    world = posted("""
        invoice 0001 Factory 2026-01-01 300.00
        paid 0001 card 2026-01-03 300.00 charge=ch_1
        invoice 0002 Studio 2026-01-01 500.00
        paid 0002 card 2026-01-03 500.00 charge=ch_2
        refund 0002 2026-01-09 408.00 id=re_1
        payout po_1 2026-01-05
          charge ch_2 2026-01-03 500.00 15.00
        payout po_2 2026-01-12
          charge ch_1 2026-01-03 300.00 12.00
          refund re_1 2026-01-09 -408.00 0.00
    """).deposited()
    proof = world.prove()
    assert proof.obstacles == ()
    assert [item.quickbooks for item in proof.deposits.items] == [Decimal("485.00"), Decimal("-120.00")]


def test_a_returned_payment_is_in_the_receivable_bridge() -> None:
    world = posted(
        """
        invoice 0001 Factory 2026-01-01 500.00
        paid 0001 ach 2026-01-03 500.00 charge=py_1
        invoice 0002 Studio 2026-01-01 700.00
        paid 0002 card 2026-01-08 700.00 charge=ch_2
        payout po_1 2026-01-05
          charge py_1 2026-01-03 500.00 4.00
        payout po_2 2026-01-10
          charge ch_2 2026-01-08 700.00 20.60
          charge_failure py_1 2026-01-09 -500.00 4.00 invoice=0001
        """,
        accounts={"disputes": "Disputes receivable"},
    ).deposited()
    proof = world.prove()
    assert proof.receivable.bridge == {Reason.RETURNED: Decimal("500.00")}
    assert proof.undeposited.report == ZERO
    assert proof.obstacles == ()


# ---- any single change of the books is found and named

Change = Callable[[World], World]


def books(world: World, **changes: Any) -> World:
    return replace(world, books=replace(world.books, **changes))


def document(number: str, **changes: Any) -> Change:
    def changed(world: World) -> World:
        return books(
            world,
            documents=tuple(replace(one, **changes) if one.number == number else one for one in world.books.documents),
        )

    return changed


def payment(amount: str, **changes: Any) -> Change:
    def changed(world: World) -> World:
        wanted = Decimal(amount)
        return books(
            world,
            payments=tuple(replace(one, **changes) if one.total == wanted else one for one in world.books.payments),
        )

    return changed


def without_document(number: str) -> Change:
    return lambda world: books(world, documents=tuple(one for one in world.books.documents if one.number != number))


def without_payment(amount: str) -> Change:
    return lambda world: books(
        world, payments=tuple(one for one in world.books.payments if one.total != Decimal(amount))
    )


def deposit(**changes: Any) -> Change:
    return lambda world: books(world, deposits=tuple(replace(one, **changes) for one in world.books.deposits))


MUTATIONS: list[tuple[str, Change, str]] = [
    ("an open invoice is deleted", without_document("0003"), "Invoice 0003"),
    ("a paid invoice is deleted", without_document("0001"), "Invoice 0001"),
    ("an open invoice is voided", document("0003", voided=True, total=ZERO), "Invoice 0003"),
    ("an open invoice grows by a cent", document("0003", total=Decimal("120.01")), "Invoice 0003"),
    ("a paid invoice shrinks by a cent", document("0001", total=Decimal("499.99")), "Invoice 0001"),
    ("an invoice moves to another month", document("0003", txn_date=day("2025-12-31")), "Invoice 0003"),
    ("a refund receipt is deleted", without_document("0002-RF1"), "Refund of January 4 on invoice 0002"),
    ("a refund receipt grows by a cent", document("0002-RF1", total=Decimal("100.01")), "invoice 0002"),
    ("a deposited payment is deleted", without_payment("500.00"), "Payment of January 3 on invoice 0001"),
    ("a payment in transit is deleted", without_payment("250.00"), "invoice 0005"),
    ("a check on hand is deleted", without_payment("80.00"), "invoice 0004"),
    ("a payment in transit grows by a cent", payment("250.00", total=Decimal("250.01")), "invoice 0005"),
    ("a check on hand shrinks by a cent", payment("80.00", total=Decimal("79.99")), "invoice 0004"),
    ("a payment is voided", payment("250.00", total=ZERO, voided=True, links=()), "invoice 0005"),
    ("a payment is taken off its invoice", payment("250.00", links=()), "invoice 0005"),
    ("a payment is moved to the bank account", payment("250.00", deposit_account_id=BANK), "invoice 0005"),
    ("a payment moves to the next month", payment("250.00", txn_date=day("2026-02-01")), "invoice 0005"),
    ("a bank deposit is deleted", lambda world: books(world, deposits=()), "Payout po_1"),
    ("a bank deposit grows by a cent", deposit(total=Decimal("682.81")), "Payout po_1"),
    ("a bank deposit moves to another account", deposit(account_id=cash.OTHER_BANK), "Payout po_1"),
    ("a bank deposit moves to the next month", deposit(txn_date=day("2026-02-05")), "Payout po_1"),
    ("a bank deposit moves by a day", deposit(txn_date=day("2026-01-06")), "Payout po_1"),
]


@pytest.mark.parametrize(("change", "name"), [one[1:] for one in MUTATIONS], ids=[one[0] for one in MUTATIONS])
@pytest.mark.parametrize("reports", ["recomputed", "as they were"])
def test_a_single_change_of_the_books_does_not_tie_and_is_named(change: Change, name: str, reports: str) -> None:
    world = month()
    assert world.prove().ties
    before = cash.balances(world.books, day("2026-01-01"), day("2026-01-31"))
    proof = change(world).prove(balances=None if reports == "recomputed" else before)
    assert not proof.ties
    assert name in said(proof)


def test_an_invoice_on_another_customer_is_named_where_the_posting_log_knows_the_customer() -> None:
    world = month()
    own = next(one.customer_id for one in world.books.documents if one.number == "0003")
    done = dict(world.done)
    cash._log(done, Kind.CUSTOMER, "team/atelier", "Customer", own, ZERO)
    known = replace(world, done=done)
    assert known.prove().ties
    proof = document("0003", customer_id="998")(known).prove()
    assert verdict(proof, "0003", "invoice") is Verdict.CHANGED_IN_QUICKBOOKS
    assert "another customer" in said(proof)


@given(st.data())
def test_any_cent_on_any_record_is_found(data: st.DataObject) -> None:
    world = month()
    kind = data.draw(st.sampled_from(["documents", "payments", "deposits"]))
    records = list(getattr(world.books, kind))
    at = data.draw(st.integers(0, len(records) - 1))
    if records[at].txn_date > day("2026-01-31") and kind == "deposits":
        return
    records[at] = replace(records[at], total=records[at].total + data.draw(st.sampled_from([CENT, -CENT])))
    proof = books(world, **{kind: tuple(records)}).prove()
    assert not proof.ties


@given(st.data())
def test_any_record_that_is_dropped_is_found(data: st.DataObject) -> None:
    world = month()
    kind = data.draw(st.sampled_from(["documents", "payments"]))
    records = list(getattr(world.books, kind))
    gone = records.pop(data.draw(st.integers(0, len(records) - 1)))
    proof = books(world, **{kind: tuple(records)}).prove()
    assert not proof.ties
    assert gone.id in said(proof)


@given(st.randoms(use_true_random=False))
def test_the_order_of_the_input_decides_nothing(luck: random.Random) -> None:
    world = month()

    def mixed(some: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(luck.sample(some, len(some)))

    other = replace(
        world,
        register=replace(world.register, invoices=mixed(world.register.invoices)),
        payouts=replace(world.payouts, payouts=mixed(world.payouts.payouts)),
        books=replace(world.books, documents=mixed(world.books.documents), payments=mixed(world.books.payments)),
        done=dict(mixed(tuple(world.done.items()))),
    )
    balances = cash.balances(world.books, day("2026-01-01"), day("2026-01-31"))
    assert other.prove(balances=balances) == world.prove(balances=balances)


@given(st.lists(st.sampled_from(MUTATIONS), max_size=4), st.sampled_from(["2026-01-04", "2026-01-20", "2026-01-31"]))
def test_parts_sum_to_totals_whatever_is_wrong(changes: list[tuple[str, Change, str]], as_of: str) -> None:
    world = month()
    for _, change, _ in changes:
        world = change(world)
    proof = world.prove(as_of=as_of)
    for part in proof.sections:
        assert part.expected + part.unexplained == part.report
        assert total(part.bridge.values()) == part.expected
        assert total(item.difference for item in part.items) + part.unlisted == part.unexplained
    parts = [*(part.unexplained for part in proof.sections), *(part.unexplained for part in proof.roll_forwards)]
    assert proof.unexplained == total(map(abs, parts))
    assert proof.ties is (proof.obstacles == ())


# ---- periods


def test_the_next_month_ties_with_the_books_as_they_went_on() -> None:
    proof = month().prove(start="2026-02-01", as_of="2026-02-28")
    assert proof.obstacles == ()
    assert [item.label for item in proof.deposits.items] == ["Payout po_2 of February 3"]
    assert proof.receivable.report == Decimal("120.00")


def test_what_only_quickbooks_reports_is_unlisted_and_signed() -> None:
    world = month()
    entry = JournalEntry(
        number="5",
        txn_date=day("2026-01-09"),
        lines=(
            JournalLine(account_id=FUNDS, amount=Decimal("33.00"), id="0"),
            JournalLine(account_id="79", amount=Decimal("-33.00"), id="1"),
        ),
        id="903",
    )
    seen = cash.balances(replace(world.books, journal_entries=(entry,)), day("2026-01-01"), day("2026-01-31"))
    proof = world.prove(balances=seen)
    assert proof.undeposited.unlisted == proof.undeposited.unexplained == Decimal("33.00")
    listed = books(world, journal_entries=(entry,)).prove(balances=seen)
    assert listed.undeposited.bridge[Reason.ORPHAN] == Decimal("33.00")
    assert listed.ties


def test_a_void_after_the_last_day_does_not_count_yet() -> None:
    world = posted("invoice 0001 Factory 2026-01-01 5.00")
    invoices = tuple(replace(one, voided_on=day("2026-02-03")) for one in world.register.invoices)
    proof = replace(world, register=replace(world.register, invoices=invoices)).prove()
    assert proof.receivable.coworks == Decimal("5.00")
    assert proof.ties


def test_an_invoice_closed_by_credit_memo_is_voided_by_it() -> None:
    world = posted("invoice 0001 Factory 2026-01-01 5.00")
    (invoice,) = world.register.invoices
    (bill,) = world.books.documents
    memo = replace(bill, kind=DocumentKind.CREDIT_MEMO, number="0001-CM1", id="904", txn_date=day("2026-01-20"))
    settles = ReceivedPayment(
        customer_id=bill.customer_id,
        txn_date=day("2026-01-20"),
        total=ZERO,
        links=(
            Link(txn_type=TxnType.INVOICE, txn_id=bill.id, amount=bill.total),
            Link(txn_type=TxnType.CREDIT_MEMO, txn_id="904", amount=bill.total),
        ),
        id="905",
    )
    done = dict(world.done)
    cash._log(done, Kind.CREDIT_MEMO, "0001/credit/void", "CreditMemo", "904", -bill.total)
    cash._log(done, Kind.CREDIT_APPLICATION, "0001/credit/void", "Payment", "905", ZERO)
    void = replace(invoice, status=InvoiceStatus.VOIDED, voided_on=day("2026-01-20"))
    proof = replace(
        books(world, documents=(bill, memo), payments=(settles,)),
        register=replace(world.register, invoices=(void,)),
        done=done,
    ).prove()
    assert verdict(proof, "0001", "invoice") is Verdict.VOIDED
    assert proof.obstacles == ()


# ---- changed in QuickBooks


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (document("0003", total=Decimal("121.00")), "was posted with $120.00 and is now $121.00"),
        (document("0003", voided=True, total=ZERO), "was voided in QuickBooks"),
        (without_document("0003"), "is no longer in QuickBooks"),
        (deposit(total=Decimal("1.00")), "was posted with $682.80 and is now $1.00"),
        (without_payment("80.00"), "is no longer in QuickBooks"),
    ],
)
def test_drift_names_what_was_changed_since_it_was_posted(change: Change, words: str) -> None:
    world = month()
    assert tieout.drift(world.books, world.done) == ()
    changed = change(replace(world, books=replace(world.books, deposits=world.books.deposits[:1])))
    told = tieout.drift(changed.books, without_second_deposit(world))
    assert [words in problem.what for problem in told] == [True]


def without_second_deposit(world: World) -> dict[str, Any]:
    return {key: one for key, one in world.done.items() if one.coworks_id != "po_2"}


def test_what_was_undone_is_no_drift() -> None:
    world = month()
    key = operation_key(cash.REALM, Kind.INVOICE, "in_0003")
    done = world.done | {key: replace(world.done[key], standing=Standing.UNDONE)}
    assert tieout.drift(without_document("0003")(world).books, done) == ()
