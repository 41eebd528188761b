"""What was paid on an invoice and what was given back, from the rows of however many tabs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date

from toolkit.billing_columns import METHODS, PAID_STATES, word
from toolkit.billing_rows import Draft, Head, Stated, held
from toolkit.cells import Cell
from toolkit.model import BillingPayment, InvoiceStatus, Method, Refund
from toolkit.money import ZERO, Money, show, total

_OPEN = frozenset({InvoiceStatus.UNPAID, InvoiceStatus.SCHEDULED, InvoiceStatus.FAILED})
_REFUNDED = frozenset({InvoiceStatus.REFUNDED, InvoiceStatus.PARTIALLY_REFUNDED})


def method_of(cell: Cell) -> Method:
    """The payment method that a cell names; OTHER if it names none that we know."""
    return METHODS.get(word(cell), Method.OTHER)


def payments_of(heads: Sequence[Stated], overall: InvoiceStatus, amount: Money) -> tuple[BillingPayment, ...]:
    """What was paid: one payment an id, or a date, amount and method; a Refunded row only repeats its Paid row."""
    if len(heads) == 1:
        only = _payment(heads[0], amount, alone=True)
        return () if only is None else (only,)
    found: dict[tuple[object, ...], BillingPayment] = {}
    repeats: list[BillingPayment] = []
    for stated in heads:
        if stated.status in _OPEN and overall not in _OPEN:
            continue
        payment = _payment(stated, amount, alone=False)
        if payment is None:
            continue
        if stated.status in _REFUNDED:
            repeats.append(payment)
            continue
        key = (payment.payment_id,) if payment.payment_id else (payment.paid_on, payment.amount, payment.method)
        _same_amount(stated.draft, found.setdefault(key, payment), payment)
    if repeats:
        _add_repeats(heads[0].draft, found, repeats)
    named = {(one.paid_on, one.amount, one.method) for one in found.values() if one.payment_id}
    return in_order(
        one for one in found.values() if one.payment_id or (one.paid_on, one.amount, one.method) not in named
    )


def _add_repeats(
    draft: Draft, found: dict[tuple[object, ...], BillingPayment], repeats: Sequence[BillingPayment]
) -> None:
    anonymous = any(not known.payment_id for known in found.values())
    for payment in repeats:
        if payment.payment_id and not anonymous:
            _same_amount(draft, found.setdefault((payment.payment_id,), payment), payment)
        elif not found:
            found[payment.paid_on, payment.amount, payment.method] = payment


def _same_amount(draft: Draft, known: BillingPayment, other: BillingPayment) -> None:
    if (known.amount, known.paid_on) != (other.amount, other.paid_on):
        raise held(
            draft,
            "payment-twice",
            f"Payment {known.payment_id} of invoice {draft.number} stands twice: {show(known.amount)} on "
            f"{known.paid_on} and {show(other.amount)} on {other.paid_on}.",
            "Which of them was received would be a guess.",
            "Look the payment up in Coworks and correct the wrong row.",
        )


def _paid(stated: Stated, amount: Money) -> Money:
    draft, head = stated.draft, stated.head
    value = draft.cells.amount(head["amount_paid"])
    if value is not None:
        return value
    told = "amount_paid" not in draft.has or head["paid_date"] not in ("", None)
    if stated.status not in PAID_STATES or not told:
        return ZERO
    return amount - (draft.cells.amount(head["applied_balance"]) or ZERO)


def _payment(stated: Stated, amount: Money, *, alone: bool) -> BillingPayment | None:
    draft, head, status = stated.draft, stated.head, stated.status
    cells = draft.cells
    value = _paid(stated, amount)
    if value <= ZERO:
        return None
    if status in _OPEN:
        raise held(
            draft,
            "unpaid-with-payment",
            f"Invoice {draft.number} is {status} and yet {show(value)} is paid on it.",
            "Coworks has no part payments, so one of the two is wrong.",
            "Look the invoice up in Coworks and export the report again.",
        )
    paid_on = cells.day(head["paid_date"], "paid_date" in draft.has.utc)
    if paid_on is None:
        if status not in (InvoiceStatus.PAID, InvoiceStatus.MARKED_AS_PAID) and not alone:
            return None
        raise held(
            draft,
            "no-paid-date",
            f"Invoice {draft.number} is paid, but its paid date is missing.",
            "The payment's date decides its month and its bank deposit.",
            "Give the paid date in the report.",
        )
    return BillingPayment(
        invoice_number=draft.number,
        payment_id=cells.own(head["payment_id"]),
        occurrence=1,
        paid_on=paid_on,
        amount=value,
        method=method_of(head["payment_method"]),
        reference=cells.own(head["reference"]),
        charge_id=cells.own(head["charge_id"]),
        payout_id=cells.text(head["payout_id"]),
        source=draft.table.source(head.row),
    )


def in_order(payments: Iterable[BillingPayment]) -> tuple[BillingPayment, ...]:
    """The payments of one invoice in date order, numbered from 1."""
    found = tuple(payments)
    if len(found) < 2:
        return found
    ordered = sorted(found, key=lambda one: (one.paid_on, one.payment_id, one.amount, one.method))
    return tuple(
        one if one.occurrence == place else replace(one, occurrence=place) for place, one in enumerate(ordered, start=1)
    )


def refunds_in_order(refunds: Iterable[Refund]) -> tuple[Refund, ...]:
    """The refunds of one invoice in date order, numbered from 1."""
    found = tuple(refunds)
    if len(found) < 2:
        return found
    ordered = sorted(found, key=lambda one: (one.refunded_on, one.refund_id, one.amount))
    return tuple(
        one if one.occurrence == place else replace(one, occurrence=place) for place, one in enumerate(ordered, start=1)
    )


def refunds_of(heads: Sequence[Stated], payments: Sequence[BillingPayment], amount: Money) -> tuple[Refund, ...]:
    """What was given back: one refund an id, or a date and amount; raises `Held` if its date or amount is missing."""
    found: dict[tuple[object, ...], Refund] = {}
    undated = False
    if len(heads) == 1 and heads[0].status not in _REFUNDED and heads[0].head["amount_refunded"] == "":
        return ()
    for stated in heads:
        if stated.status not in _REFUNDED and stated.head["amount_refunded"] == "":
            continue
        value = _refunded(stated, total(one.amount for one in payments) or amount)
        if value <= ZERO:
            continue
        draft, head = stated.draft, stated.head
        refunded_on = draft.cells.day(head["refunded_date"], "refunded_date" in draft.has.utc)
        if refunded_on is None:
            undated = True
            continue
        refund = _refund(draft, head, refunded_on, value)
        known = found.setdefault((refund.refund_id,) if refund.refund_id else (refunded_on, value), refund)
        _same_refund(draft, known, refund)
    if undated and not found:
        draft = heads[0].draft
        raise held(
            draft,
            "no-refund-date",
            f"Invoice {draft.number} is refunded, but the date of the refund is missing.",
            "The refund's date decides its month.",
            "Give the refunded date in the report.",
        )
    named = {(one.refunded_on, one.amount) for one in found.values() if one.refund_id}
    return refunds_in_order(
        one for one in found.values() if one.refund_id or (one.refunded_on, one.amount) not in named
    )


def _same_refund(draft: Draft, known: Refund, other: Refund) -> None:
    if (known.amount, known.refunded_on) != (other.amount, other.refunded_on):
        raise held(
            draft,
            "refund-twice",
            f"Refund {known.refund_id} of invoice {draft.number} stands twice: {show(known.amount)} on "
            f"{known.refunded_on} and {show(other.amount)} on {other.refunded_on}.",
            "Which of them was given back would be a guess.",
            "Look the refund up in Coworks and correct the wrong row.",
        )


def check_refundable(draft: Draft, status: InvoiceStatus, refunds: Sequence[Refund]) -> None:
    """Raises `Held` if money was given back on an invoice that nobody has paid."""
    if refunds and status in _OPEN:
        raise held(
            draft,
            "unpaid-with-refund",
            f"Invoice {draft.number} is {status} and yet {show(total(one.amount for one in refunds))} is refunded on "
            "it.",
            "Only money that came in can be given back, so one of the two is wrong.",
            "Look the invoice up in Coworks and export the report again.",
        )


def _refunded(stated: Stated, whole: Money) -> Money:
    """How much one head says was given back; `whole` if it is refunded and names no amount."""
    draft = stated.draft
    value = draft.cells.amount(stated.head["amount_refunded"])
    if value is not None:
        return abs(value)
    if stated.status is InvoiceStatus.PARTIALLY_REFUNDED:
        raise held(
            draft,
            "no-refund-amount",
            f"Invoice {draft.number} is partially refunded, but the amount is missing.",
            "How much was given back would be a guess.",
            "Give the amount refunded in the report.",
        )
    return whole if stated.status is InvoiceStatus.REFUNDED else ZERO


def _refund(draft: Draft, head: Head, refunded_on: date, value: Money) -> Refund:
    return Refund(
        invoice_number=draft.number,
        refund_id=draft.cells.own(head["refund_id"]),
        occurrence=1,
        refunded_on=refunded_on,
        amount=value,
        reason=draft.cells.text(head["refund_reason"]),
        payout_id=draft.cells.text(head["refund_payout_id"]),
        source=draft.table.source(head.row),
    )
