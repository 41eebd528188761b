"""A Coworks invoice with its whole fate, and how it stands on a given day. Amounts in cents."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import NamedTuple

from toolkit.emulator.sample.catalog import (
    COMMUNITY_FEE,
    DISCOUNTS,
    TRANSACTION_FEE,
    Service,
    half_up,
    pass_through_fee,
)
from toolkit.emulator.sample.operator import Team, pays_community_fee

ONE = Decimal(1)
PROCESSED = frozenset({"card", "ach"})
"""Ways to pay that go through the processor and reach the bank in a payout."""


class Line(NamedTuple):
    """One line of an invoice. `unit_price` None means: the amount itself, of a quantity of one."""

    kind: str
    name: str
    description: str
    amount: int
    start: date | None = None
    end: date | None = None
    campus: str = ""
    quantity: Decimal = ONE
    unit_price: Decimal | None = None


@dataclass(slots=True)
class Refund:
    """Money given back through the processor."""

    on: date
    amount: int
    reason: str
    refund_id: str = ""
    payout_id: str = ""


@dataclass(slots=True)
class Invoice:
    """One invoice and everything that will happen to it, each with its day; a report shows what happened so far."""

    team: Team
    type: str
    issued: date
    due: date
    lines: tuple[Line, ...]
    number: str = ""
    coworks_id: str = ""
    method: str = ""
    paid_on: date | None = None
    reference: str = ""
    payment_id: str = ""
    charge_id: str = ""
    payout_id: str = ""
    failed_on: date | None = None
    refund: Refund | None = None
    closed_on: date | None = None
    vanished_on: date | None = None
    split_on: date | None = None
    split_from: Invoice | None = None
    category: str = ""
    memo: str = ""
    case: str = ""
    total: int = field(init=False)

    def __post_init__(self) -> None:
        self.total = sum(line.amount for line in self.lines)

    @property
    def processed(self) -> bool:
        """Whether its payment goes through the processor."""
        return self.method in PROCESSED and self.total > 0


def status(invoice: Invoice, on: date) -> str:
    """What Coworks says of the invoice at the end of that day, in its own words."""
    if invoice.closed_on and invoice.closed_on <= on:
        return "Closed"
    if invoice.split_on and invoice.split_on <= on:
        return "Split"
    if invoice.refund and invoice.refund.on <= on:
        return "Refunded" if invoice.refund.amount == invoice.total else "Partially refunded"
    if invoice.paid_on and invoice.paid_on <= on:
        return "Paid" if invoice.processed else "Marked as Paid"
    if invoice.failed_on and invoice.failed_on <= on:
        return "Failed"
    return "Unpaid"


TABS = ("Paid", "Refunded", "Unpaid", "Marked As Paid", "Failed")
_TABS_OF = {
    "Closed": ("Unpaid",),
    "Split": ("Unpaid",),
    "Failed": ("Unpaid", "Failed"),
    "Unpaid": ("Unpaid",),
    "Paid": ("Paid",),
    "Marked as Paid": ("Marked As Paid",),
}


def tabs(invoice: Invoice, on: date) -> tuple[str, ...]:
    """The tabs of the Billing report that list it: a failed one is also unpaid, a refunded one also paid."""
    stands = status(invoice, on)
    if stands in _TABS_OF:
        return _TABS_OF[stands]
    return ("Paid" if invoice.processed else "Marked As Paid", "Refunded")


def is_open(invoice: Invoice, on: date) -> bool:
    """Whether it is still to be paid at the end of that day."""
    if invoice.vanished_on and invoice.vanished_on <= on:
        return False
    return invoice.total > 0 and status(invoice, on) in ("Unpaid", "Failed")


def is_listed(invoice: Invoice, first: date, last: date) -> bool:
    """Whether the report of that month lists it: issued, paid, refunded, closed or split in it, or still unpaid."""
    if invoice.issued > last or (invoice.vanished_on and invoice.vanished_on <= last):
        return False
    events = (
        invoice.issued,
        invoice.paid_on,
        invoice.refund.on if invoice.refund else None,
        invoice.closed_on,
        invoice.split_on,
    )
    return is_open(invoice, last) or any(day is not None and first <= day <= last for day in events)


def is_finished(invoice: Invoice, on: date) -> bool:
    """Whether nothing more happens to it after that day."""
    if is_open(invoice, on) and not (invoice.vanished_on and invoice.vanished_on <= on):
        return False
    return not (invoice.refund and invoice.refund.on > on)


def plan_lines(team: Team, start: date, end: date) -> list[Line]:
    """The membership and, right after it, the discount that reduces it."""
    plan = team.plan
    assert plan is not None, team.name
    lines = [Line("plan", plan.name, f"{plan.name} membership", plan.price, start, end, team.campus)]
    if team.discount:
        percent = DISCOUNTS[team.discount]
        off = half_up(plan.price * percent, 100)
        lines.append(Line("discount", team.discount, f"{team.discount} ({percent}%)", -off, start, end, team.campus))
    return lines


def service_line(service: Service, on: date, campus: str, kind: str = "one_off") -> Line:
    """One of a service, day pass or custom fee."""
    return Line(kind, service.name, service.name, service.price, on, on, campus)


def hours_line(room: Service, on: date, campus: str, hours: Decimal) -> Line:
    """A room by the hour."""
    amount = half_up(int(hours * 100) * room.price, 100)
    text = f"{room.name}, {hours.normalize():f} hours"
    return Line("booking", room.name, text, amount, on, on, campus, hours, Decimal(room.price).scaleb(-2))


def prorated_line(team: Team, start: date, end: date, days: int) -> Line:
    """The part of a month's plan from `start` to `end`, by the day; the price of a day has four decimals."""
    plan = team.plan
    assert plan is not None, team.name
    used = (end - start).days + 1
    daily = Decimal(half_up(plan.price * 100, days)).scaleb(-4)
    amount = half_up(int(daily.scaleb(4)) * used, 100)
    text = f"{plan.name}, {used} of {days} days"
    return Line("proration", plan.name, text, amount, start, end, team.campus, Decimal(used), daily)


def with_fees(team: Team, lines: list[Line], on: date, method: str) -> tuple[Line, ...]:
    """The lines, then the custom fee of the campus, then the transaction fee that Coworks passes on for the method."""
    done = list(lines)
    if any(line.kind == "plan" for line in lines) and pays_community_fee(team):
        done.append(service_line(COMMUNITY_FEE, on, team.campus, "custom_fee"))
    fee = pass_through_fee(method, sum(line.amount for line in done)) if team.charges_fees else 0
    if fee:
        words = "Card fee 2.9% + $0.30" if method == "card" else "ACH fee 0.8%, at most $5.00"
        done.append(Line("transaction_fee", TRANSACTION_FEE, words, fee, on, on, team.campus))
    return tuple(done)


def month_after(start: date) -> date:
    """The last day of a service month that begins on `start` (day 28 or earlier)."""
    following = date(start.year + start.month // 12, start.month % 12 + 1, start.day)
    return following - timedelta(days=1)
