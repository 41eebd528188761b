"""What happens in each month: invoices issued, paid, failed, refunded, closed and split, then the payouts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from random import Random

from toolkit.emulator.sample.catalog import DAY_PASS, ROOMS, SERVICES
from toolkit.emulator.sample.documents import (
    Invoice,
    Line,
    Refund,
    hours_line,
    is_finished,
    is_listed,
    is_open,
    month_after,
    plan_lines,
    service_line,
    with_fees,
)
from toolkit.emulator.sample.operator import GUEST, Prefixes, Team, guest, pick, teams
from toolkit.emulator.sample.settlement import Charge, Payout, Processor, token
from toolkit.emulator.sample.special import Specials


@dataclass(slots=True)
class Month:
    """One month: every invoice that its report lists (by date and number), and its payouts.

    `payouts` arrived in the month, `in_transit` are made but arrive later; `pending` charges wait for their payout;
    `paid` are the invoices paid in the month, `refunded` those refunded in it, `open` those open at its end.
    """

    period: str
    first: date
    last: date
    listed: list[Invoice]
    issued: list[Invoice]
    payouts: list[Payout]
    in_transit: list[Payout]
    pending: list[Charge]
    paid: list[Invoice] = field(default_factory=list)
    refunded: list[Invoice] = field(default_factory=list)
    open: list[Invoice] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Size:
    """How much is generated: invoices a month, number of months, first month (its first day), seed, special cases."""

    invoices: int
    months: int
    first: date
    seed: int
    special_cases: bool

    @property
    def teams(self) -> int:
        """Member teams: twelve of thirteen invoices are of members, so 60 teams make 65 invoices a month."""
        return max(1, self.invoices * 12 // 13)


def month_bounds(first: date, index: int) -> tuple[date, date]:
    """First and last day of the index-th month (0-based) from `first`."""
    whole = first.year * 12 + first.month - 1 + index
    start = date(whole // 12, whole % 12 + 1, 1)
    following = date((whole + 1) // 12, (whole + 1) % 12 + 1, 1)
    return start, following - timedelta(days=1)


class Operator:
    """The whole sample in the making: its teams, what is open between months, and what the processor holds."""

    def __init__(self, size: Size) -> None:
        self.size = size
        self.random = Random(f"{size.seed}/{size.invoices}/operator")
        self.specials = Specials(size.first) if size.special_cases else None
        special = list(self.specials.teams.values()) if self.specials else []
        self.prefixes = Prefixes(self.random, [team.prefix for team in special])
        for team in special:
            team.prefix = team.prefix or self.prefixes.new()
        self.ordinary = list(teams(self.random, max(1, size.teams - len(special)), self.prefixes))
        self.returning = [team for team in special if team.plan] + self.ordinary
        self.processor = Processor(f"{size.seed}/{size.invoices}")
        self._carried: list[Invoice] = []
        self._in_transit: list[Payout] = []

    def months(self) -> Iterator[Month]:
        """Each month in turn; what a month yields may be dropped when the next is asked for."""
        for index in range(self.size.months):
            yield self._month(index)

    def _month(self, index: int) -> Month:
        first, last = month_bounds(self.size.first, index)
        issued = self._issue(index, first, last)
        known = self._carried + issued
        self._settle_payments(known, first, last)
        made = self._in_transit + self.processor.settle(last)
        self._in_transit = [payout for payout in made if payout.arrives > last]
        self._carried = [invoice for invoice in known if not is_finished(invoice, last)]
        return Month(
            period=f"{first:%Y-%m}",
            first=first,
            last=last,
            listed=[invoice for invoice in known if is_listed(invoice, first, last)],
            issued=issued,
            payouts=[payout for payout in made if payout.arrives <= last],
            in_transit=self._in_transit,
            pending=self.processor.pending(),
            paid=[i for i in known if i.paid_on and first <= i.paid_on <= last and i.total],
            refunded=[i for i in known if i.refund and first <= i.refund.on <= last],
            open=[invoice for invoice in known if is_open(invoice, last)],
        )

    def _settle_payments(self, known: list[Invoice], first: date, last: date) -> None:
        for invoice in known:
            if invoice.processed and invoice.paid_on and first <= invoice.paid_on <= last:
                self.processor.take(invoice)
            if invoice.refund and first <= invoice.refund.on <= last:
                self.processor.give_back(invoice)

    def _issue(self, index: int, first: date, last: date) -> list[Invoice]:
        random = Random(f"{self.size.seed}/{self.size.invoices}/month {index}")
        issued = self.specials.month(index, self.prefixes) if self.specials else []
        scripted = {id(invoice.team) for invoice in issued}
        # A small sample tells its story with the scripted cases alone; a large one has some of everything.
        plain = self.specials is not None and index < 2 and self.size.invoices < 500
        members = self.ordinary if self.specials and index == 0 else self.returning
        for team in members:
            if len(issued) >= self.size.invoices:
                break
            if id(team) not in scripted:
                issued.append(membership(random, team, first, plain=plain))
        while len(issued) < self.size.invoices:
            issued.append(extra(random, self.ordinary, self.prefixes, first))
        issued.sort(key=lambda invoice: invoice.issued)
        for invoice in issued:
            self._number(invoice)
        return issued

    def _number(self, invoice: Invoice) -> None:
        team = invoice.team
        invoice.number = f"{team.prefix}-{team.next_number:04d}"
        team.next_number += 1
        salt = self.size.seed
        invoice.coworks_id = token("in", salt, invoice.number)
        if invoice.processed and invoice.paid_on:
            invoice.payment_id = token("pi", salt, invoice.number)
            invoice.charge_id = token("ch", salt, invoice.number)
        if invoice.refund:
            invoice.refund.refund_id = token("re", salt, invoice.number)


def membership(random: Random, team: Team, first: date, *, plain: bool = False) -> Invoice:
    """A member's invoice of the month, with how and when it will be paid; a plain one is paid as agreed."""
    start = first.replace(day=team.bill_day)
    lines = plan_lines(team, start, month_after(start))
    if team.extra:
        lines.append(service_line(SERVICES[team.extra % 4], start, team.campus))
    invoice = Invoice(
        team=team,
        type="Membership",
        issued=start,
        due=start if team.method == "card" else start + timedelta(days=15),
        lines=with_fees(team, lines, start, team.method),
        method=team.method,
    )
    _pay(random, invoice)
    if not plain:
        _change_fate(random, invoice)
    return invoice


def _change_fate(random: Random, invoice: Invoice) -> None:
    """Some are paid late, some after a failed attempt, a few are closed or refunded."""
    fate = random.random()
    if fate < 0.03 and invoice.processed:
        invoice.failed_on = invoice.issued
        invoice.paid_on = invoice.issued + timedelta(days=5 + int(random.random() * 40))
    elif fate < 0.06:
        invoice.paid_on = invoice.due + timedelta(days=20 + int(random.random() * 30))
    elif fate < 0.065:
        invoice.paid_on, invoice.reference = None, ""
        invoice.closed_on = invoice.issued.replace(day=28) + timedelta(days=10 + int(random.random() * 10))
    elif fate < 0.075 and invoice.method == "card" and invoice.paid_on:
        later = invoice.paid_on + timedelta(days=4 + int(random.random() * 10))
        invoice.refund = Refund(on=later, amount=invoice.total, reason="Cancelled")


def _pay(random: Random, invoice: Invoice) -> None:
    invoice.paid_on = invoice.issued if invoice.team.name == GUEST else _paid_on(random, invoice)
    if invoice.method == "check":
        invoice.reference = str(1000 + int(random.random() * 9000))
    if invoice.method == "wire":
        invoice.reference = f"WIRE{int(random.random() * 10**9):09d}"


def _paid_on(random: Random, invoice: Invoice) -> date:
    wait = {"card": 0, "ach": 0, "check": 5, "wire": 6, "cash": 2}[invoice.method]
    spread = {"card": 1, "ach": 2, "check": 8, "wire": 5, "cash": 4}[invoice.method]
    if invoice.method == "card" and random.random() < 0.1:
        spread = 6
    return invoice.issued + timedelta(days=wait + int(random.random() * spread))


def extra(random: Random, members: list[Team], prefixes: Prefixes, first: date) -> Invoice:
    """An invoice beside the memberships: a guest's day pass or room, a member's room or one-off services."""
    day = first + timedelta(days=1 + int(random.random() * 26))
    kind = random.random()
    team = guest(random, prefixes) if kind < 0.6 else pick(random, members)
    if kind < 0.35:
        lines, type_ = [service_line(DAY_PASS, day, team.campus, "day_pass")], "Day Pass"
    elif kind < 0.75:
        lines, type_ = [_hours(random, day, team)], "External Booking"
    else:
        first_one = int(random.random() * 4)
        chosen = {first_one, int(random.random() * 5)}
        lines, type_ = [service_line(SERVICES[one], day, team.campus) for one in sorted(chosen)], "One-off"
    method = team.method if team.name != GUEST else "card"
    invoice = Invoice(
        team=team,
        type=type_,
        issued=day,
        due=day if method == "card" else day + timedelta(days=15),
        lines=with_fees(team, lines, day, method),
        method=method,
    )
    _pay(random, invoice)
    return invoice


def _hours(random: Random, day: date, team: Team) -> Line:
    hours = Decimal(2 + int(random.random() * 12)) / 2
    return hours_line(pick(random, ROOMS), day, team.campus, hours)
