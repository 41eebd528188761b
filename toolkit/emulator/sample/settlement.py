"""The processor: charges and refunds gathered into one payout a business day. Amounts in cents."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from hashlib import sha256
from typing import NamedTuple

from toolkit.emulator.sample.catalog import half_up
from toolkit.emulator.sample.documents import Invoice

_DAYS = {"card": 2, "ach": 4}
"""Business days from a charge to the bank."""


class Charge(NamedTuple):
    """One row of a payout's detail; gross, fee and net as they move the payout."""

    type: str
    charge_id: str
    balance_txn_id: str
    gross: int
    fee: int
    net: int
    number: str
    team: str
    created: date
    invoice: Invoice


@dataclass(slots=True)
class Payout:
    """What reaches the bank on one day."""

    id: str
    arrives: date
    created: date
    charges: list[Charge] = field(default_factory=list)

    @property
    def amount(self) -> int:
        """The sum of the net amounts."""
        return sum(charge.net for charge in self.charges)


def business_day_after(day: date, count: int) -> date:
    """The count-th weekday after `day`: Friday, Saturday and Sunday share theirs."""
    while count:
        day += timedelta(days=1)
        if day.weekday() < 5:
            count -= 1
    return day


def business_day_before(day: date) -> date:
    """The last weekday before `day`."""
    day -= timedelta(days=1)
    while day.weekday() > 4:
        day -= timedelta(days=1)
    return day


def processor_fee(method: str, gross: int) -> int:
    """What the processor keeps of a charge: card 2.9 % + $0.30, ACH 0.8 % up to $5.00."""
    if method == "ach":
        return min(half_up(gross * 8, 1000), 500)
    return half_up(gross * 29, 1000) + 30


def token(prefix: str, *parts: object) -> str:
    """An id in the processor's style that depends on nothing but the parts."""
    return f"{prefix}_{sha256('/'.join(map(str, parts)).encode()).hexdigest()[:24]}"


class Processor:
    """Holds what is not yet paid out; each month settles what leaves in it."""

    def __init__(self, salt: str) -> None:
        self._salt = salt
        self._waiting: dict[date, list[Charge]] = {}

    def take(self, invoice: Invoice) -> None:
        """A customer pays: the charge waits for its payout."""
        assert invoice.paid_on is not None
        fee = processor_fee(invoice.method, invoice.total)
        arrives = business_day_after(invoice.paid_on, _DAYS[invoice.method])
        charge = Charge(
            "charge",
            invoice.charge_id,
            token("txn", self._salt, invoice.charge_id),
            invoice.total,
            fee,
            invoice.total - fee,
            invoice.number,
            invoice.team.name,
            invoice.paid_on,
            invoice,
        )
        self._waiting.setdefault(arrives, []).append(charge)

    def give_back(self, invoice: Invoice) -> None:
        """A refund: netted in a payout two business days later; the processor keeps its fee of the charge."""
        refund = invoice.refund
        assert refund is not None
        charge = Charge(
            "refund",
            invoice.charge_id,
            token("txn", self._salt, refund.refund_id),
            -refund.amount,
            0,
            -refund.amount,
            invoice.number,
            invoice.team.name,
            refund.on,
            invoice,
        )
        self._waiting.setdefault(business_day_after(refund.on, 2), []).append(charge)

    def settle(self, last: date) -> list[Payout]:
        """The payouts made on or before `last`, by arrival; their invoices and refunds learn the payout's id.

        A day that would pay out nothing or less keeps its rows for the next one, as a balance below zero is carried.
        """
        payouts: list[Payout] = []
        while self._waiting:
            day = min(self._waiting)
            if business_day_before(day) > last:
                break
            payout = Payout(token("po", self._salt, day), day, business_day_before(day), self._waiting.pop(day))
            if payout.amount <= 0:
                self._waiting.setdefault(business_day_after(day, 1), [])[:0] = payout.charges
                continue
            payout.charges.sort(key=lambda charge: (charge.created, charge.number, charge.type))
            _tell(payout)
            payouts.append(payout)
        return payouts

    def pending(self) -> list[Charge]:
        """What waits for a payout that is not yet made, by arrival."""
        return [charge for day in sorted(self._waiting) for charge in self._waiting[day]]


def _tell(payout: Payout) -> None:
    for charge in payout.charges:
        if charge.type == "refund":
            assert charge.invoice.refund is not None
            charge.invoice.refund.payout_id = payout.id
        else:
            charge.invoice.payout_id = payout.id
