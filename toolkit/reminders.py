"""Reminders are QuickBooks' own: which open invoices it can remind, which it cannot and why, how many go out tomorrow.

Intuit: reminders are switched on in Account and settings > Sales > Reminders, up to three of them, each up to 90 days
before or after the due date; they go to the invoice's own e-mail address. The schedule cannot be read through the API,
so a person tells it; without it only the upper bound can be said.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from toolkit.books import Books, Customer, DocumentKind, SalesDocument
from toolkit.money import ZERO, Money, total
from toolkit.plan import Action, Plan
from toolkit.problems import Problem, Severity
from toolkit.teams import emails_of

MOST_DAYS = 90
MOST_REMINDERS = 3

STEPS = (
    "In QuickBooks, open the gear ⚙ > Account and settings.",
    "Open its Sales page.",
    "Find Reminders there and click the pencil ✎.",
    "Switch on automatic invoice reminders.",
    "Open Reminder 1 and switch it on.",
    "Say how many days before or after the due date it goes out: 90 at most.",
    "Do the same for Reminders 2 and 3 if you want them.",
)
"""How reminders are switched on in QuickBooks, for the page and the guide."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unremindable:
    """An open invoice that QuickBooks cannot remind, and why."""

    number: str
    customer: str
    due_date: date | None
    balance: Money
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reminders:
    """What QuickBooks' reminders would do, by invoice number.

    `tomorrow` goes by the schedule; `at_most` is every open invoice that is due by tomorrow: so many go out if a
    schedule is switched on, or a back-fill is posted, without looking.
    """

    ready: int
    ready_amount: Money
    tomorrow: tuple[str, ...]
    at_most: tuple[str, ...]
    cannot: tuple[Unremindable, ...]

    @property
    def problems(self) -> tuple[Problem, ...]:
        """One note for each open invoice that cannot be reminded."""
        return tuple(_note(one) for one in self.cannot)


def forecast(books: Books, plan: Plan | None, *, today: date, days: Sequence[int] = ()) -> Reminders:
    """The reminders of every open invoice in the books, and of those that `plan` would create.

    `days` is the schedule: days after the due date (negative: before), at most three, each within 90 days. Raises
    `ValueError` for a schedule that QuickBooks does not have.
    """
    if len(days) > MOST_REMINDERS or any(abs(one) > MOST_DAYS for one in days):
        raise ValueError(f"QuickBooks has at most {MOST_REMINDERS} reminders within {MOST_DAYS} days: {list(days)}")
    names = _names(books, plan)
    open_ones = _unpaid(books, plan)
    reasons = {id(one): _why_not(one) for one in open_ones}
    ready = [one for one in open_ones if not reasons[id(one)]]
    morrow = today + timedelta(days=1)
    return Reminders(
        ready=len(ready),
        ready_amount=total(one.balance for one in ready),
        tomorrow=_numbers(one for one in ready if _due_in(one, morrow, days)),
        at_most=_numbers(one for one in ready if one.due_date is not None and one.due_date <= morrow),
        cannot=tuple(
            Unremindable(
                number=one.number,
                customer=names.get(one.customer_id, one.customer_id),
                due_date=one.due_date,
                balance=one.balance,
                reason=reasons[id(one)],
            )
            for one in open_ones
            if reasons[id(one)]
        ),
    )


def _names(books: Books, plan: Plan | None) -> dict[str, str]:
    names = {one.id: one.display_name for one in books.customers}
    for operation in plan.operations if plan else ():
        if isinstance(operation.record, Customer):
            names[f"key:{operation.key}"] = operation.record.display_name
    return names


def _unpaid(books: Books, plan: Plan | None) -> list[SalesDocument]:
    """Open invoices once the plan is posted, by number: what it voids is gone, what it pays is closed."""
    settled: dict[str, Money] = {}
    created: list[tuple[str, SalesDocument]] = []
    voided = set()
    for operation in plan.operations if plan else ():
        for link in getattr(operation.record, "links", ()) if operation.action is Action.CREATE else ():
            settled[link.txn_id] = settled.get(link.txn_id, ZERO) + link.amount
        if isinstance(operation.record, SalesDocument) and operation.action is Action.CREATE:
            created.append((f"key:{operation.key}", operation.record))
        elif operation.action is Action.VOID:
            voided.add(getattr(operation.record, "id", ""))
    standing = [(one.id, one) for one in books.documents if one.id not in voided]
    both = (*standing, *created)
    left = [
        one
        for name, one in both
        if one.kind is DocumentKind.INVOICE and not one.voided and one.balance - settled.get(name, ZERO) > ZERO
    ]
    return sorted(left, key=lambda one: (one.number, one.id))


def _why_not(document: SalesDocument) -> str:
    if not emails_of(document.bill_email):
        return "no valid e-mail address on it"
    if document.due_date is None:
        return "no due date"
    return ""


def _due_in(document: SalesDocument, day: date, days: Iterable[int]) -> bool:
    return document.due_date is not None and any(document.due_date + timedelta(days=one) == day for one in days)


def _numbers(documents: Iterable[SalesDocument]) -> tuple[str, ...]:
    return tuple(one.number for one in documents)


def _note(one: Unremindable) -> Problem:
    return Problem(
        code="no-reminder",
        where=f"Invoice {one.number} in QuickBooks",
        what=f"QuickBooks cannot remind {one.customer}: {one.reason}.",
        why="It stays open until somebody writes by hand.",
        do="Add the e-mail address to the team in Coworks, or to the invoice in QuickBooks.",
        severity=Severity.NOTE,
        key=one.number,
    )
