"""What a month must come to once it is posted: the figures that its proof will show. Amounts in cents."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from toolkit.emulator.sample.books import HAND_MADE_CENTS, ONLY_IN_QUICKBOOKS_CENTS
from toolkit.emulator.sample.documents import Invoice
from toolkit.emulator.sample.months import Month
from toolkit.emulator.sample.operator import GUEST
from toolkit.emulator.sample.settlement import Charge
from toolkit.emulator.sample.special import PAID_BEFORE, POSTED_BEFORE, Specials

_FOUND = frozenset({*POSTED_BEFORE, "harbor_legal", "harbor_title", "lopez", "greenline", "kestrel"})
"""Special teams that are customers in QuickBooks before the first run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """One month's figures; counts of documents, amounts in cents.

    `posted` are invoices that stand in QuickBooks because of the month (`adopted` of them stood there before), without
    split parents; `paid` payments likewise. `voided` were voided in Coworks in the month. `charges`, `refunds` and
    `fees` are those of the `payouts` that arrived, their amount is `bank`. `receivable` and `undeposited` are balances
    at the end of the month: `by_hand` are the checks, cash and wires since the first month in it, and
    `only_in_quickbooks` the invoices that Coworks does not know. `new_customers` are first billed this month and not in
    QuickBooks; `seen` are the names of all made so far.
    """

    period: str
    last: date
    issued: int
    posted: int
    posted_amount: int
    adopted: int
    split_parents: int
    paid: int
    paid_amount: int
    adopted_payments: int
    refunded: int
    refunded_amount: int
    voided: int
    voided_amount: int
    payouts: int
    charges: int
    refunds: int
    fees: int
    bank: int
    open: int
    open_amount: int
    only_in_quickbooks: int
    receivable: int
    in_transit: int
    by_hand: int
    undeposited: int
    new_customers: int
    seen: frozenset[str]


def figures_of(month: Month, specials: Specials | None, earlier: Sequence[Figures]) -> Figures:
    """The figures of a month, given those before it."""
    opening = not earlier
    posted = [invoice for invoice in month.issued if not invoice.split_on]
    by_hand = (earlier[-1].by_hand if earlier else 0) + _sum(i for i in month.paid if not i.processed)
    arrived = [charge for payout in month.payouts for charge in payout.charges]
    on_the_way = [charge for payout in month.in_transit for charge in payout.charges] + month.pending
    in_transit = sum(charge.gross for charge in on_the_way)
    voided = _voided(month, specials)
    only = HAND_MADE_CENTS + ONLY_IN_QUICKBOOKS_CENTS if specials else 0
    names = _customers(month.issued, specials)
    seen = earlier[-1].seen if earlier else frozenset()
    return Figures(
        period=month.period,
        last=month.last,
        issued=len(month.issued),
        posted=len(posted),
        posted_amount=_sum(posted),
        adopted=len(POSTED_BEFORE) if specials and opening else 0,
        split_parents=len(month.issued) - len(posted),
        paid=len(month.paid),
        paid_amount=_sum(month.paid),
        adopted_payments=len(PAID_BEFORE) if specials and opening else 0,
        refunded=len(month.refunded),
        refunded_amount=sum(i.refund.amount for i in month.refunded if i.refund),
        voided=len(voided),
        voided_amount=_sum(voided),
        payouts=len(month.payouts),
        charges=_gross(arrived, "charge"),
        refunds=-_gross(arrived, "refund"),
        fees=sum(charge.fee for charge in arrived),
        bank=sum(payout.amount for payout in month.payouts),
        open=len(month.open),
        open_amount=_sum(month.open),
        only_in_quickbooks=only,
        receivable=_sum(month.open) + only,
        in_transit=in_transit,
        by_hand=by_hand,
        undeposited=in_transit + by_hand,
        new_customers=len(names - seen),
        seen=seen | names,
    )


def _sum(invoices: object) -> int:
    return sum(invoice.total for invoice in invoices)  # type: ignore[attr-defined]


def _gross(charges: Sequence[Charge], type_: str) -> int:
    return sum(charge.gross for charge in charges if charge.type == type_)


def _voided(month: Month, specials: Specials | None) -> list[Invoice]:
    closed = [i for i in month.listed if i.closed_on and month.first <= i.closed_on <= month.last]
    gone = [i for i in (specials.cases.values() if specials else ()) if i.vanished_on]
    return closed + [i for i in gone if i.vanished_on and month.first <= i.vanished_on <= month.last]


def _customers(issued: Sequence[Invoice], specials: Specials | None) -> frozenset[str]:
    found = {specials.teams[key].name for key in _FOUND} if specials else set()
    return frozenset(GUEST if i.team.name == GUEST else i.team.name for i in issued) - found
