"""Reports that a month needs and nobody could read: what is not there must never look like a month that is done."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from toolkit.model import Billing, Method, Payouts
from toolkit.money import show, total
from toolkit.problems import Problem, Severity
from toolkit.settings import Mode

PROCESSED = frozenset({Method.CARD, Method.ACH})
"""Methods whose money the card processor holds until a payout."""

_MAY_BE_ABSENT = frozenset({"no-billing-report"})
"""An earlier month's folder may hold only a payouts report: Coworks was not used for invoices yet."""


def of_earlier_months(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """The file problems among those of the months before: without their reports this month cannot be judged."""
    return tuple(one for one in problems if one.severity is Severity.FILE and one.code not in _MAY_BE_ABSENT)


def no_payouts_report(billing: Billing, payouts: Payouts, mode: Mode, first: date, last: date) -> tuple[Problem, ...]:
    """The item Problem that a month with card payments (`first` to `last`, inclusive) has no Payouts report, if so."""
    if payouts.files or mode is not Mode.TRANSACTIONS:
        return ()
    taken = [
        payment.amount
        for invoice in billing.invoices
        for payment in invoice.payments
        if payment.method in PROCESSED and first <= payment.paid_on <= last
    ]
    return (_asked_for(billing.period, len(taken), show(total(taken))),) if taken else ()


UNLOGGED = "posting-log-new"
"""Code of the sentence about a month that the books know and the posting log does not."""


def unlogged(month: str, *, needed: bool) -> Problem:
    """The posting log was lost or replaced since that month was posted; an item where what is asked needs the month."""
    return Problem(
        code=UNLOGGED,
        where=f"inbox/{month}",
        what=f"The posting log does not know what was posted for {month}: it is new, or was replaced.",
        why="QuickBooks has entries of that month from an earlier run; until they are recognized they look missing.",
        do=f"Run preview and push for {month} first: it recognizes what is there, and posts nothing twice.",
        severity=Severity.ITEM if needed else Severity.NOTE,
    )


NOT_POSTED = "earlier-month-not-posted"


def not_posted_yet(months: Iterable[str]) -> tuple[Problem, ...]:
    """A note for each earlier month that has a report and no run: its payments may be in this month's payouts."""
    return tuple(
        Problem(
            code=NOT_POSTED,
            where=f"inbox/{month}",
            what=f"{month} has a Billing report and has never been posted.",
            why="Its payments may be in this month's payouts, and its open invoices are this month's opening balance.",
            do=f"Post {month} first.",
            severity=Severity.NOTE,
        )
        for month in months
    )


def _asked_for(period: str, count: int, amount: str) -> Problem:
    return Problem(
        code="no-payouts-report",
        where=f"inbox/{period}",
        what=f"There is no Payouts report for {period}, with {count} card and ACH payments of ${amount}.",
        why="It says which of them reached the bank together; without it they all stay in Undeposited Funds.",
        do=f"In Coworks, download the Payouts report for {period} and put it into inbox/{period}/.",
        severity=Severity.ITEM,
    )
