"""A run is taken back last things first, and whatever cannot be is refused by name."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import cash_scenario as cash
import pytest
from cash_scenario import BANK, World, day, posted

from toolkit import undo
from toolkit.books import Customer, Preferences
from toolkit.plan import Action, Kind, Plan, Posted, Standing

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


def plan(world: World, run: list[Posted] | None = None, **known: Any) -> Plan:
    entries = list(world.done.values()) if run is None else run
    return undo.make_plan(entries, world.books, world.done, world.settings, company="test", period="2026-01", **known)


def reasons(made: Plan) -> str:
    return " ".join(problem.what for problem in made.problems)


def test_a_run_is_taken_back_in_reverse_each_after_what_stands_on_it() -> None:
    made = plan(with_customers(posted(STORY)))
    assert [(one.entity, one.action) for one in made.operations] == [
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
    assert made.held == ()


def test_no_key_of_the_run_is_used_again_and_what_was_done_is_noted_as_undone() -> None:
    world = posted(STORY)
    made = plan(world)
    assert not {one.key for one in made.operations} & set(world.done)
    noted = undo.undone(made, world.done, {made.operations[0].key})
    assert [(one.kind, one.standing) for one in noted] == [(Kind.REFUND, Standing.UNDONE)]
    assert noted[0].key in world.done


def test_a_payment_in_a_bank_deposit_stays_and_so_does_its_invoice() -> None:
    world = posted(STORY).deposited()
    run = [one for one in world.done.values() if one.kind is not Kind.DEPOSIT]
    made = plan(world, run)
    assert [one.label for one in made.operations] == ["Take back Invoice in_0002"]
    assert "is in the bank deposit of 2026-01-05 for $385.20" in reasons(made)
    assert "has 1 payments or credits applied" in reasons(made)


@pytest.mark.parametrize(
    ("known", "words"),
    [(None, "whether it is reconciled is not known"), (True, "is reconciled"), (False, "")],
)
def test_a_bank_deposit_is_deleted_only_if_it_is_known_not_to_be_reconciled(known: bool | None, words: str) -> None:
    world = posted(STORY).deposited()
    (deposit,) = world.books.deposits
    made = plan(world, cleared={} if known is None else {("Deposit", deposit.id): known})
    taken = {one.entity for one in made.operations}
    assert ("Deposit" in taken) is ("Payment" in taken) is (known is False)
    assert words in reasons(made)


@pytest.mark.parametrize(
    "closed",
    [
        {"preferences": Preferences(book_close_date=day("2026-01-31"))},
        {"policy": {"reported_through": "2026-01-31"}},
        {"policy": {"sales_tax_filed_through": "2026-01-31"}},
    ],
)
def test_nothing_in_a_closed_period_is_taken_back(closed: dict[str, object]) -> None:
    made = plan(posted(STORY, **closed))
    assert made.operations == ()
    assert len(made.held) == 4
    assert "the books are closed through 2026-01-31" in reasons(made)


def test_an_invoice_that_somebody_paid_since_is_refused() -> None:
    world = posted(STORY)
    run = [one for one in world.done.values() if one.kind is Kind.INVOICE]
    assert [one.label for one in plan(world, run).operations] == ["Take back Invoice in_0002"]


def test_a_customer_with_other_transactions_stays_active() -> None:
    world = with_customers(posted(STORY))
    run = [one for one in world.done.values() if one.kind is Kind.CUSTOMER]
    made = plan(world, run)
    assert made.operations == ()
    assert "has 3 other transactions" in reasons(made)
    lonely = replace(world, books=replace(world.books, documents=(), payments=()))
    assert [type(one.record) for one in plan(lonely, run).operations] == [Customer, Customer]


def test_adopted_records_are_left_as_they_are() -> None:
    world = posted(STORY)
    adopted = [replace(one, standing=Standing.ADOPTED) for one in world.done.values()]
    made = plan(world, adopted)
    assert (made.operations, made.held) == ((), ())


def test_what_is_gone_or_voided_already_is_said() -> None:
    world = posted(STORY)
    documents = tuple(
        replace(one, voided=one.number == "0002") for one in world.books.documents if one.number != "0001"
    )
    made = plan(replace(world, books=replace(world.books, documents=documents)))
    assert "Invoice in_0002 is voided already." in reasons(made)
    assert "Invoice in_0001 is not in QuickBooks any more." in reasons(made)


def test_a_payment_put_into_the_bank_at_once_counts_as_reconciled_unless_it_is_known() -> None:
    world = cash.change_payment(posted(STORY), 0, lambda one: replace(one, deposit_account_id=BANK))
    run = [one for one in world.done.values() if one.kind is Kind.PAYMENT]
    assert "whether it is reconciled is not known" in reasons(plan(world, run))
    known = {("Payment", world.books.payments[0].id): False}
    assert len(plan(world, run, cleared=known).operations) == 1
