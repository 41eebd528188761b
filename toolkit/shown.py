"""What a month-end pack shows, whatever its form."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from toolkit.books import Balances
from toolkit.entries import Entry
from toolkit.model import InputFile
from toolkit.money import ZERO, Money
from toolkit.plan import Plan
from toolkit.posting_log import Run
from toolkit.proof import Finding, Proof, Verdict


@dataclass(frozen=True, kw_only=True)
class Shown:
    """One company's month: the proof, the plans that were approved for it, their entries, who ran what, the inputs."""

    proof: Proof
    plans: tuple[Plan, ...]
    entries: tuple[Entry, ...]
    runs: tuple[Run, ...]
    inputs: tuple[InputFile, ...]
    reminders: tuple[str, ...]
    company_name: str = ""
    funds_by_day: tuple[tuple[date, Money], ...] = ()
    """Undeposited Funds at the end of each day of the month."""

    @property
    def only_in_quickbooks(self) -> tuple[Finding, ...]:
        """Entered in QuickBooks and unknown to Coworks: listed every month, never copied."""
        return tuple(one for one in self.proof.findings if one.verdict is Verdict.ONLY_IN_QUICKBOOKS)

    @property
    def renumbered(self) -> tuple[tuple[str, str], ...]:
        """Invoices whose number in QuickBooks is not Coworks' own: (Coworks' number, QuickBooks' number)."""
        return tuple(_renumbered(self.plans))


def _renumbered(plans: Iterable[Plan]) -> Iterable[tuple[str, str]]:
    for plan in plans:
        for operation in plan.operations:
            number = getattr(operation.record, "number", "")
            if operation.entity == "Invoice" and "-CW" in number:
                yield number.rpartition("-CW")[0], number


def funds_by_day(balances: Balances) -> tuple[tuple[date, Money], ...]:
    """Undeposited Funds at the end of each day from the first to the last of the proof, both inclusive."""
    changes: dict[date, Money] = {}
    for row in balances.undeposited.rows:
        changes[row.txn_date] = changes.get(row.txn_date, ZERO) + row.amount
    balance, days = balances.undeposited.opening, []
    for offset in range((balances.as_of - balances.start).days + 1):
        day = balances.start + timedelta(days=offset)
        balance += changes.get(day, ZERO)
        days.append((day, balance))
    return tuple(days)
