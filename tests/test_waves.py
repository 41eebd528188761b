"""Parcels are full, names go one batch at a time, and nothing goes before what it needs."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from toolkit.books import Customer, DocumentKind, ReceivedPayment, SalesDocument
from toolkit.plan import Action, Kind, Operation
from toolkit.waves import BATCH_SIZE, Lane, Parcel, Waves


def operation(
    key: str, *, needs: tuple[str, ...] = (), kind: Kind = Kind.INVOICE, action: Action = Action.CREATE
) -> Operation:
    records = {
        Kind.CUSTOMER: Customer(display_name=key),
        Kind.INVOICE: SalesDocument(
            kind=DocumentKind.INVOICE, number=key, customer_id="1", txn_date=date(2026, 1, 1), total=Decimal("1.00")
        ),
        Kind.PAYMENT: ReceivedPayment(customer_id="1", txn_date=date(2026, 1, 1), total=Decimal("1.00")),
    }
    return Operation(
        key=key,
        kind=kind,
        action=action,
        entity=kind.title(),
        record=records[kind],
        label=key,
        reason="test",
        needs=needs,
    )


def month(invoices: int) -> list[Operation]:
    bills = [operation(f"i{n}") for n in range(invoices)]
    return bills + [operation(f"p{n}", needs=(f"i{n}",), kind=Kind.PAYMENT) for n in range(invoices)]


def drain(waves: Waves, room: int = 1000) -> list[Parcel]:
    """Answer every parcel in the order it was sent."""
    sent: list[Parcel] = []
    while parcels := waves.parcels(room):
        for parcel in parcels:
            sent.append(parcel)
            waves.landed(parcel)
            for one in parcel.operations:
                waves.settle(one, stands=True)
    return sent


def test_three_hundred_invoices_and_payments_are_twenty_batches() -> None:
    waves = Waves(month(300), standing=())
    first = waves.parcels(1000)
    assert [len(one.operations) for one in first] == [30] * 10
    later = 0
    for parcel in first:
        waves.landed(parcel)
        for one in parcel.operations:
            waves.settle(one, stands=True)
        later += len(waves.parcels(1000))
    assert later == 10


def test_payments_go_as_soon_as_their_invoices_stand_while_others_are_in_flight() -> None:
    waves = Waves(month(60), standing=())
    first, second = waves.parcels(1000)
    waves.landed(first)
    for one in first.operations:
        waves.settle(one, stands=True)
    (third,) = waves.parcels(1000)
    assert {one.kind for one in third.operations} == {Kind.PAYMENT}
    assert len(second.operations) == BATCH_SIZE


def test_only_one_batch_of_names_is_in_flight() -> None:
    waves = Waves([operation(f"c{n}", kind=Kind.CUSTOMER) for n in range(70)], standing=())
    (first,) = waves.parcels(1000)
    assert (first.lane, len(first.operations)) == (Lane.NAMES, 30)
    assert waves.parcels(1000) == ()


def test_a_name_that_was_refused_as_one_of_several_goes_alone() -> None:
    waves = Waves([operation(f"c{n}", kind=Kind.CUSTOMER) for n in range(3)], standing=())
    (first,) = waves.parcels(1000)
    waves.landed(first)
    waves.settle(first.operations[0], stands=True)
    for one in first.operations[1:]:
        waves.again_alone(one)
    (alone,) = waves.parcels(1000)
    assert len(alone.operations) == 1


def test_what_needs_a_failed_operation_is_blocked_with_all_that_hangs_on_it() -> None:
    chain = [operation("a"), operation("b", needs=("a",)), operation("c", needs=("b",)), operation("d")]
    waves = Waves(chain, standing=())
    (first,) = waves.parcels(1000)
    waves.landed(first)
    for one in first.operations:
        waves.settle(one, stands=one.key != "a")
    assert [one.key for one in waves.blocked] == ["b", "c"]
    assert waves.remaining == 0


def test_a_change_travels_alone() -> None:
    waves = Waves([operation("v1", action=Action.VOID), operation("v2", action=Action.VOID)], standing=())
    assert [len(one.operations) for one in waves.parcels(1000)] == [1, 1]


@given(st.lists(st.lists(st.integers(0, 30), max_size=3), max_size=60), st.integers(1, 5))
def test_every_operation_goes_exactly_once_and_after_what_it_needs(needs: list[list[int]], room: int) -> None:
    operations = [
        operation(str(n), needs=tuple(str(one) for one in wanted if one < n)) for n, wanted in enumerate(needs)
    ]
    gone: list[str] = []
    for parcel in drain(Waves(operations, standing=()), room):
        assert len(parcel.operations) <= BATCH_SIZE
        assert all(set(one.needs) <= set(gone) for one in parcel.operations)
        gone += [one.key for one in parcel.operations]
    assert sorted(gone) == sorted(one.key for one in operations)
