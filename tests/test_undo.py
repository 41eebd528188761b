"""A run is taken back last things first, and whatever cannot be is refused by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import cash_scenario as cash
import pytest
from cash_scenario import BANK, World, day, posted

from toolkit import undo
from toolkit.books import Customer, JournalEntry, JournalLine, Link, Preferences, ReceivedPayment, Record, TxnType
from toolkit.counterparts import index
from toolkit.plan import Action, Kind, Plan, Posted, Standing, operation_key
from toolkit.problems import Severity
from toolkit.undo import Entry
from toolkit.undo_desk import Desk

STORY = """
    invoice 0001 Factory 2026-01-01 500.00
    paid 0001 card 2026-01-03 500.00 charge=ch_1
    refund 0001 2026-01-04 100.00 id=re_1
    invoice 0002 Studio 2026-01-01 300.00
    payout po_1 2026-01-05
      charge ch_1 2026-01-03 500.00 14.80
      refund re_1 2026-01-04 -100.00 0.00
"""


def with_customers(world: World) -> World:
    """The customers were created by the same run."""
    done = dict(world.done)
    for customer in world.books.customers:
        cash._log(done, Kind.CUSTOMER, f"team/{customer.display_name}", "Customer", customer.id, Decimal(0))
    return replace(world, done=done)


def standing(world: World, one: Posted) -> Record | None:
    return Desk(world.books, index(world.books, world.done), world.settings, {}).find(one.entity, one.qbo_id)


def entries(world: World, *kinds: Kind) -> list[Entry]:
    """The run: everything of the posting log (or of those kinds), as it was posted."""
    wanted = [one for one in world.done.values() if not kinds or one.kind in kinds]
    return [Entry(posted=one, wanted=standing(world, one)) for one in wanted]


def plan(world: World, run: list[Entry] | None = None, **known: Any) -> Plan:
    run = entries(world) if run is None else run
    return undo.make_plan(run, world.books, world.done, world.settings, company="test", period="2026-01", **known)


def reasons(made: Plan) -> str:
    return " ".join(f"{problem.where}: {problem.what} {problem.do}" for problem in made.problems)


def taken(made: Plan) -> list[tuple[str, Action]]:
    return [(one.entity, one.action) for one in made.operations]


def test_a_run_is_taken_back_in_reverse_each_after_what_stands_on_it() -> None:
    made = plan(with_customers(posted(STORY)), run_id="r-1")
    assert taken(made) == [
        ("RefundReceipt", Action.DELETE),
        ("Payment", Action.VOID),
        ("Invoice", Action.VOID),
        ("Invoice", Action.VOID),
        ("Customer", Action.DEACTIVATE),
        ("Customer", Action.DEACTIVATE),
    ]
    place = {one.key: at for at, one in enumerate(made.operations)}
    assert all(place[need] < place[one.key] for one in made.operations for need in one.needs)
    paid = next(one for one in made.operations if one.entity == "Payment")
    assert sum(paid.key in one.needs for one in made.operations) == 2, "its invoice and its customer wait for it"
    assert (made.held, made.stage) == ((), "undo r-1")


def test_bank_deposits_are_deleted_before_their_payments() -> None:
    world = posted(STORY).deposited()
    made = plan(world, marks={one.id: "" for one in world.books.deposits})
    assert taken(made)[0] == ("Deposit", Action.DELETE)
    deposit = made.operations[0].key
    assert {one.entity for one in made.operations if deposit in one.needs} == {"Payment", "RefundReceipt"}
    assert made.held == ()


def test_no_key_of_the_run_is_used_again_and_each_leads_back_to_what_it_takes_back() -> None:
    world = posted(STORY)
    made = plan(world)
    assert not {one.key for one in made.operations} & set(world.done)
    for one in made.operations:
        answer = Posted(
            key=one.key, kind=one.kind, entity=one.entity, standing=Standing.DONE, coworks_id=one.coworks_id
        )
        assert undo.original_key(answer) in world.done
    assert [undo.original_key(one) for one in world.done.values()] == [""] * len(world.done)


def test_the_second_generation_is_taken_back_under_a_key_of_its_own() -> None:
    world = posted(STORY)
    first = next(one for one in world.done.values() if one.kind is Kind.INVOICE)
    assert undo.undo_key("1", first) != undo.undo_key("1", replace(first, generation=2))


# ---- refusals, item by item


def deposited(world: World) -> World:
    return world.deposited()


def reported(world: World) -> World:
    policy = world.settings.policy.model_copy(update={"reported_through": day("2026-01-31")})
    return replace(world, settings=world.settings.model_copy(update={"policy": policy}))


def filed(world: World) -> World:
    policy = world.settings.policy.model_copy(update={"sales_tax_filed_through": day("2026-01-03")})
    return replace(world, settings=world.settings.model_copy(update={"policy": policy}))


def closed(world: World) -> World:
    return replace(world, books=replace(world.books, preferences=Preferences(book_close_date=day("2026-01-31"))))


def paid_by_hand(world: World) -> World:
    """Somebody received a payment on the second invoice in QuickBooks."""
    invoice = next(one for one in world.books.documents if one.number == "0002")
    link = Link(txn_type=TxnType.INVOICE, txn_id=invoice.id, amount=Decimal("20.00"))
    payment = ReceivedPayment(
        id="900", customer_id=invoice.customer_id, txn_date=day("2026-01-09"), total=Decimal("20.00"), links=(link,)
    )
    return replace(world, books=replace(world.books, payments=(*world.books.payments, payment)))


def at_the_bank(world: World) -> World:
    """The payment went into the bank account at once, without a bank deposit."""
    return cash.change_payment(world, 0, lambda one: replace(one, deposit_account_id=BANK))


def linked_by_entry(world: World) -> World:
    """A journal entry on A/R names the customers."""
    lines = tuple(JournalLine(account_id="84", amount=Decimal(0), customer_id=one.id) for one in world.books.customers)
    entry = JournalEntry(id="901", number="J1", txn_date=day("2026-01-20"), lines=lines)
    return replace(world, books=replace(world.books, journal_entries=(entry,)))


@pytest.mark.parametrize(
    ("change", "kinds", "stays", "words"),
    [
        (
            deposited,
            (Kind.PAYMENT,),
            1,
            "is in the bank deposit of 01/05/2026 for $385.20, which somebody entered. Delete",
        ),
        (deposited, (Kind.PAYMENT, Kind.INVOICE), 2, "has a payment applied that stays. It can go when its payment"),
        (deposited, (Kind.DEPOSIT,), 1, "does not say whether it is reconciled, which counts as reconciled"),
        (at_the_bank, (Kind.PAYMENT,), 1, "does not say whether it is reconciled, which counts as reconciled"),
        (closed, (), 4, "the books are closed through 01/31/2026"),
        (reported, (), 4, "the books are closed through 01/31/2026"),
        (filed, (Kind.PAYMENT, Kind.INVOICE), 3, "the books are closed through 01/03/2026"),
        (paid_by_hand, (Kind.INVOICE,), 2, "has a payment of 01/09/2026 for $20.00 applied that somebody entered"),
        (linked_by_entry, (Kind.CUSTOMER,), 2, "has transactions or sub-customers that stay"),
    ],
    ids=lambda one: getattr(one, "__name__", None),
)
def test_what_other_things_stand_on_stays_with_the_reason(
    change: Callable[[World], World], kinds: tuple[Kind, ...], stays: int, words: str
) -> None:
    world = change(with_customers(posted(STORY)))
    run = entries(world, *kinds) if kinds else entries(world, *(set(Kind) - {Kind.CUSTOMER}))
    made = plan(world, run)
    assert len(made.held) == stays
    assert words in reasons(made)
    assert {code for _, code in made.held} == {"not-undone"}


def test_a_bank_deposit_of_another_run_is_named_with_the_run() -> None:
    world = posted(STORY).deposited()
    done = {key: replace(one, run="r-bank" if one.kind is Kind.DEPOSIT else "r-1") for key, one in world.done.items()}
    world = replace(world, done=done)
    made = plan(world, entries(world, Kind.PAYMENT), run_id="r-1")
    assert "Undo run r-bank first, which made that bank deposit." in reasons(made)


@pytest.mark.parametrize(
    ("mark", "words"),
    [
        (None, "does not say whether it is reconciled"),
        ("R", "is reconciled with the bank statement"),
        ("C", "is cleared: in QuickBooks a line of the bank feed was matched to it"),
        ("X", "does not say whether it is reconciled"),
        ("", ""),
    ],
)
def test_a_bank_deposit_is_deleted_only_if_it_is_known_not_to_be_reconciled(mark: str | None, words: str) -> None:
    world = posted(STORY).deposited()
    (deposit,) = world.books.deposits
    made = plan(world, marks={} if mark is None else {deposit.id: mark})
    entities = {one.entity for one in made.operations}
    assert ("Deposit" in entities) is ("Payment" in entities) is (mark == "")
    assert words in reasons(made)


def test_a_bank_deposit_stays_when_the_journal_entry_that_it_carries_is_reconciled() -> None:
    world = posted(
        """
        invoice 0001 Factory 2026-01-01 50.00
        paid 0001 card 2026-01-03 50.00 charge=ch_1
        invoice 0002 Studio 2025-12-01 300.00
        paid 0002 card 2025-12-03 300.00
        refund 0002 2026-01-04 100.00 id=re_1
        payout po_1 2026-01-05
          charge ch_1 2026-01-03 50.00 1.80
          refund re_1 2026-01-04 -100.00 0.00
        """
    ).deposited()
    (deposit,), (entry,) = world.books.deposits, world.books.journal_entries
    run = entries(world, Kind.DEPOSIT, Kind.JOURNAL_ENTRY)
    assert plan(world, run, marks={deposit.id: "", entry.id: "R"}).operations == ()
    assert taken(plan(world, run, marks={deposit.id: "", entry.id: ""})) == [
        ("Deposit", Action.DELETE),
        ("JournalEntry", Action.DELETE),
    ]


CHANGES: dict[str, tuple[Kind, Callable[[Any], Any]]] = {
    "total": (Kind.INVOICE, lambda one: replace(one, total=one.total + 1)),
    "number": (Kind.INVOICE, lambda one: replace(one, number="0009")),
    "customer": (Kind.INVOICE, lambda one: replace(one, customer_id="77")),
    "date": (Kind.INVOICE, lambda one: replace(one, txn_date=day("2026-01-02"))),
    "location": (Kind.INVOICE, lambda one: replace(one, location_id="5")),
    "lines": (Kind.INVOICE, lambda one: replace(one, lines=())),
    "amount": (Kind.PAYMENT, lambda one: replace(one, total=one.total + 1)),
    "application": (Kind.PAYMENT, lambda one: replace(one, links=())),
    "name": (Kind.CUSTOMER, lambda one: replace(one, display_name="Renamed")),
}


@pytest.mark.parametrize("what", CHANGES)
def test_what_somebody_changed_in_quickbooks_since_stays(what: str) -> None:
    kind, change = CHANGES[what]
    world = with_customers(posted(STORY))
    run = [replace(one, wanted=change(one.wanted)) if one.posted.kind is kind else one for one in entries(world)]
    made = plan(world, run)
    assert f"was changed in QuickBooks since it was posted: another {what}" in reasons(made)
    assert kind not in {one.kind for one in made.operations}


def test_sync_tokens_and_balances_that_our_own_payments_move_are_no_change() -> None:
    world = posted(STORY)
    moved = tuple(replace(one, sync_token="7", balance=Decimal(0)) for one in world.books.documents)
    later = replace(world, books=replace(world.books, documents=moved))
    assert plan(later, entries(world)).held == ()
    assert [one.facts for one in (plan(world, entries(world)),)] == [plan(later, entries(world)).facts]


def test_a_customer_that_others_still_need_stays_active_and_that_is_only_a_note() -> None:
    world = with_customers(posted(STORY))
    made = plan(world, entries(world, Kind.CUSTOMER))
    assert made.operations == ()
    assert {one.severity for one in made.problems} == {Severity.NOTE}
    lonely = replace(world, books=replace(world.books, documents=(), payments=()))
    assert [type(one.record) for one in plan(lonely, entries(world, Kind.CUSTOMER)).operations] == [Customer, Customer]
    child = Customer(id="950", display_name="Child", parent_id=lonely.books.customers[0].id)
    parent = replace(lonely, books=replace(lonely.books, customers=(*lonely.books.customers, child)))
    assert len(plan(parent, entries(world, Kind.CUSTOMER)).operations) == 1


# ---- what is not there, not created, or taken back already


def test_adopted_and_undone_entries_are_left_as_they_are() -> None:
    world = posted(STORY)
    for state in (Standing.ADOPTED, Standing.UNDONE, Standing.FAILED):
        run = [replace(one, posted=replace(one.posted, standing=state)) for one in entries(world)]
        made = plan(world, run)
        assert (made.operations, made.held) == ((), ())


@pytest.mark.parametrize(
    ("action", "kind", "words"),
    [
        (Action.VOID, Kind.VOID, "was voided by this run, and QuickBooks cannot take a void back"),
        (Action.UPDATE, Kind.INVOICE, "was only changed by this run"),
        (Action.DELETE, Kind.INVOICE, "was deleted by this run, and QuickBooks cannot bring it back"),
    ],
)
def test_what_the_run_voided_changed_or_deleted_cannot_be_taken_back(action: Action, kind: Kind, words: str) -> None:
    world = posted(STORY)
    one = next(one for one in entries(world, Kind.INVOICE))
    made = plan(world, [replace(one, action=action, posted=replace(one.posted, kind=kind))])
    assert made.operations == ()
    assert words in reasons(made)


def test_a_customer_that_the_run_made_active_again_is_made_inactive_again() -> None:
    world = with_customers(posted(STORY))
    lonely = replace(world, books=replace(world.books, documents=(), payments=()))
    run = [replace(one, action=Action.UPDATE) for one in entries(world, Kind.CUSTOMER)]
    assert taken(plan(lonely, run)) == [("Customer", Action.DEACTIVATE)] * 2


def test_what_is_gone_or_voided_already_is_only_noted() -> None:
    world = posted(STORY)
    documents = tuple(
        replace(one, voided=one.number == "0002") for one in world.books.documents if one.number != "0001"
    )
    payments = tuple(replace(one, voided=True) for one in world.books.payments)
    later = replace(world, books=replace(world.books, documents=documents, payments=payments))
    gone = {("Invoice", one.id) for one in world.books.documents if one.number == "0001"}
    run = entries(world, Kind.INVOICE, Kind.PAYMENT)
    made = plan(later, run, gone=gone)
    assert len(made.operations) == 3
    assert all("this is noted, nothing is sent" in one.reason for one in made.operations)
    assert made.facts == ()
    unseen = plan(later, run)
    assert "QuickBooks does not show it in its lists yet" in reasons(unseen)
    assert len(unseen.operations) == 2


def test_what_was_sent_is_known_by_the_ids_that_its_references_got() -> None:
    key = operation_key("1", Kind.INVOICE, "0001")
    link = Link(txn_type=TxnType.INVOICE, txn_id=f"key:{key}", amount=Decimal(5))
    sent = ReceivedPayment(customer_id="key:abc", txn_date=day("2026-01-01"), total=Decimal(5), links=(link,))
    found = undo.resolved(sent, "12", {key: "7", "abc": "3"})
    assert isinstance(found, ReceivedPayment)
    assert (found.id, found.customer_id, found.links[0].txn_id) == ("12", "3", "7")
