"""Which Coworks payments and refunds are in which payout: ids first, then invoice and amount where that is unambiguous.

Nothing here knows QuickBooks. Nothing is searched: a row of a payout's detail that names no known payment stays open,
with the reason in words.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Generic, TypeVar

from toolkit.model import Billing, BillingPayment, Charge, ChargeType, Payout, PayoutStatus, Refund
from toolkit.money import Money, show

DEAD = frozenset({PayoutStatus.FAILED, PayoutStatus.CANCELED})
"""Payouts that never reached the bank: their charges go out again in a later one."""

_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)

Paid = TypeVar("Paid", BillingPayment, Refund)


def day(when: date) -> str:
    """A date as people say it, without the year: `October 2`."""
    return f"{_MONTHS[when.month - 1]} {when.day}"


def payment_id(payment: BillingPayment) -> str:
    """The Coworks id of a payment that its operation key is made from."""
    return payment.payment_id or f"{payment.invoice_number}/payment/{payment.occurrence}"


def refund_id(refund: Refund) -> str:
    """The Coworks id of a refund that its operation key is made from."""
    return refund.refund_id or f"{refund.invoice_number}/refund/{refund.occurrence}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """One row of a payout's detail with the payments or the refund that it is; `why` says why none was found."""

    charge: Charge
    payments: tuple[BillingPayment, ...] = ()
    refund: Refund | None = None
    rule: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """What is in each payout, both ways.

    `rows` by payout id, in (created_on, charge_id, type, invoice, gross) order; none for a failed or canceled payout.
    `payout_of_payment` and `payout_of_refund` are by
    Coworks id and name live payouts only (not failed or canceled). `twice` are Coworks ids that two live payouts claim.
    """

    rows: Mapping[str, tuple[Settled, ...]]
    payout_of_payment: Mapping[str, Payout]
    payout_of_refund: Mapping[str, Payout]
    twice: frozenset[str] = frozenset()


def settle(payouts: Sequence[Payout], register: Billing) -> Settlement:
    """The payments and refunds in each live payout; linear in rows; the order of the input decides nothing.

    A failed or canceled payout claims nothing and has no rows; the live payout whose reversal row names it (the money
    went back into the processor's balance and out again) takes over its rows. Nothing is mutated or raised.
    """
    payments = _Pool([payment for invoice in register.invoices for payment in invoice.payments], _payment_ids)
    refunds = _Pool([refund for invoice in register.invoices for refund in invoice.refunds], _refund_ids)
    rows = _live_rows(payouts)
    found = _resolve([row for mine in rows.values() for row in mine], payments, refunds)
    return _both_ways(payouts, {name: tuple(found[id(row)] for row in mine) for name, mine in rows.items()})


def _live_rows(payouts: Sequence[Payout]) -> dict[str, list[Charge]]:
    dead = {payout.payout_id: payout for payout in payouts if payout.status in DEAD}
    rows: dict[str, list[Charge]] = {}
    for payout in sorted(payouts, key=lambda one: (one.arrival_date, one.payout_id)):
        mine: list[Charge] = []
        for row in payout.charges:
            returned = dead.get(row.charge_id) if row.type is ChargeType.PAYOUT_REVERSAL else None
            if returned and returned.amount == row.gross and payout.status not in DEAD:
                mine += dead.pop(row.charge_id).charges
            else:
                mine.append(row)
        rows[payout.payout_id] = [] if payout.status in DEAD else sorted(mine, key=_charge_order)
    return rows


def _charge_order(charge: Charge) -> tuple[date, str, str, str, Money]:
    return charge.created_on, charge.charge_id, charge.type, charge.invoice_number, charge.gross


def _payment_ids(payment: BillingPayment) -> tuple[str, ...]:
    return tuple(sorted({one for one in (payment.charge_id, payment.payment_id) if one}))


def _refund_ids(refund: Refund) -> tuple[str, ...]:
    return (refund.refund_id,) if refund.refund_id else ()


def _when(paid: BillingPayment | Refund) -> date:
    return paid.paid_on if isinstance(paid, BillingPayment) else paid.refunded_on


@dataclass(slots=True)
class _Pool(Generic[Paid]):
    """Payments (or refunds) not yet claimed by a payout's row, found by id or by invoice and amount."""

    paid: Sequence[Paid]
    ids: Callable[[Paid], tuple[str, ...]]
    by_id: dict[str, list[Paid]] = field(default_factory=lambda: defaultdict(list))
    by_amount: dict[tuple[str, Money], list[Paid]] = field(default_factory=lambda: defaultdict(list))
    claimed: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        for one in sorted(self.paid, key=lambda one: (_when(one), one.invoice_number, one.occurrence)):
            self.by_amount[one.invoice_number, one.amount].append(one)
            for name in self.ids(one):
                self.by_id[name].append(one)

    def free(self, invoice_number: str, amount: Money) -> list[Paid]:
        """What is still unclaimed on that invoice with that amount, in date order."""
        return [one for one in self.by_amount.get((invoice_number, amount), ()) if id(one) not in self.claimed]

    def claim(self, found: Iterable[Paid]) -> None:
        self.claimed.update(id(one) for one in found)


def _resolve(charges: Sequence[Charge], payments: _Pool[BillingPayment], refunds: _Pool[Refund]) -> dict[int, Settled]:
    """Every row by identity of its record: ids over all rows first, so that no weaker rule takes what an id proves."""
    found: dict[int, Settled] = {}
    for charge in sorted(charges, key=_charge_order):
        if charge.type is ChargeType.CHARGE:
            _by_id(charge, payments, found)
        elif charge.type is ChargeType.REFUND:
            _refund_by_id(charge, refunds, found)
        else:
            found[id(charge)] = Settled(charge=charge, rule="type")
    open_rows = [charge for charge in charges if id(charge) not in found]
    for (kind, number, gross), rows in sorted(_grouped(open_rows, payments).items()):
        if kind is ChargeType.CHARGE:
            pairs = _pair(rows, payments.free(number, gross))
            payments.claim(pairs.values())
            for charge in rows:
                payment = pairs.get(id(charge))
                found[id(charge)] = (
                    Settled(charge=charge, payments=(payment,), rule="invoice and amount")
                    if payment
                    else Settled(charge=charge, why=_why_not(charge, number, len(payments.free(number, gross))))
                )
        else:
            given = _pair(rows, refunds.free(number, -gross))
            refunds.claim(given.values())
            for charge in rows:
                refund = given.get(id(charge))
                found[id(charge)] = (
                    Settled(charge=charge, refund=refund, rule="invoice and amount")
                    if refund
                    else Settled(charge=charge, why=_why_not(charge, number, len(refunds.free(number, -gross))))
                )
    return found


def _by_id(charge: Charge, payments: _Pool[BillingPayment], found: dict[int, Settled]) -> None:
    """One charge may pay several invoices: all payments of its id, if they sum to it."""
    named = payments.by_id.get(charge.charge_id, []) if charge.charge_id else []
    if not named:
        return
    whole = sum(one.amount for one in named)
    if whole != charge.gross:
        why = f"Coworks says ${show(Money(whole))} was paid with it, the payout says ${show(charge.gross)}"
        found[id(charge)] = Settled(charge=charge, payments=tuple(named), why=why, rule="charge id")
    else:
        found[id(charge)] = Settled(charge=charge, payments=tuple(named), rule="charge id")
    payments.claim(named)


def _refund_by_id(charge: Charge, refunds: _Pool[Refund], found: dict[int, Settled]) -> None:
    named = refunds.by_id.get(charge.charge_id, []) if charge.charge_id else []
    if len(named) == 1 and named[0].amount == -charge.gross:
        found[id(charge)] = Settled(charge=charge, refund=named[0], rule="refund id")
        refunds.claim(named)


def _grouped(
    rows: Iterable[Charge], payments: _Pool[BillingPayment]
) -> dict[tuple[ChargeType, str, Money], list[Charge]]:
    """Rows by what could answer them; a refund that names only its charge is looked up by the charge's invoice."""
    groups: dict[tuple[ChargeType, str, Money], list[Charge]] = defaultdict(list)
    for charge in sorted(rows, key=_charge_order):
        number = charge.invoice_number
        paid = payments.by_id.get(charge.charge_id, []) if charge.charge_id and not number else []
        if len({one.invoice_number for one in paid}) == 1:
            number = paid[0].invoice_number
        groups[charge.type, number, charge.gross].append(charge)
    return groups


_SIGNS: tuple[tuple[Callable[[Charge], Hashable], Callable[[BillingPayment | Refund], Hashable]], ...] = (
    (lambda row: (row.payout_id, row.created_on), lambda paid: (paid.payout_id, _when(paid))),
    (lambda row: row.payout_id, lambda paid: paid.payout_id),
    (lambda row: row.created_on, _when),
    (lambda row: None, lambda paid: None),
)
"""What tells equal amounts on one invoice apart, strongest first: payout and day, payout, day, nothing."""


def _pair(rows: Sequence[Charge], free: Sequence[Paid]) -> dict[int, Paid]:
    """Rows to payments of equal amount on one invoice, by the first sign that leaves no choice; a tie pairs nothing.

    Several against as many is no choice where all rows are in one payout: the set is the same whichever is which.
    """
    left, waiting, pairs = list(rows), list(free), dict[int, Paid]()
    for sign_of_row, sign_of_paid in _SIGNS:
        for sign in dict.fromkeys(sign_of_row(row) for row in left):
            mine = [row for row in left if sign_of_row(row) == sign]
            theirs = [one for one in waiting if sign_of_paid(one) == sign and _may_be(one, mine[0])]
            if len(mine) == len(theirs) and len({row.payout_id for row in mine}) == 1:
                pairs |= {id(row): one for row, one in zip(mine, theirs, strict=True)}
        left = [row for row in left if id(row) not in pairs]
        taken = {id(one) for one in pairs.values()}
        waiting = [one for one in waiting if id(one) not in taken]
    return pairs


def _may_be(paid: BillingPayment | Refund, row: Charge) -> bool:
    """A payment that names another payout or another charge is not this row."""
    other_charge = isinstance(paid, BillingPayment) and paid.charge_id and row.charge_id not in ("", paid.charge_id)
    return paid.payout_id in ("", row.payout_id) and not other_charge


def _why_not(charge: Charge, number: str, free: int) -> str:
    kind = "refund" if charge.type is ChargeType.REFUND else "payment"
    amount = show(abs(charge.gross))
    if not number:
        return f"the payout names no invoice and no {kind} of ${amount} that Coworks knows"
    if free:
        return f"{free} {kind}s of ${amount} on invoice {number} could be it, and nothing tells them apart"
    return f"Coworks' Billing report has no {kind} of ${amount} on invoice {number} left for it"


def _both_ways(payouts: Sequence[Payout], rows: Mapping[str, tuple[Settled, ...]]) -> Settlement:
    of_payment: dict[str, Payout] = {}
    of_refund: dict[str, Payout] = {}
    twice: set[str] = set()
    for payout in sorted(payouts, key=lambda one: (one.arrival_date, one.payout_id)):
        if payout.status in DEAD:
            continue
        for row in rows[payout.payout_id]:
            for payment in row.payments:
                _claim(of_payment, payment_id(payment), payout, twice)
            if row.refund:
                _claim(of_refund, refund_id(row.refund), payout, twice)
    return Settlement(rows=rows, payout_of_payment=of_payment, payout_of_refund=of_refund, twice=frozenset(twice))


def _claim(claims: dict[str, Payout], coworks_id: str, payout: Payout, twice: set[str]) -> None:
    if coworks_id in claims:
        twice.add(coworks_id)
    else:
        claims[coworks_id] = payout
