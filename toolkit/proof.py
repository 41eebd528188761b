"""What the month's proof is made of: one verdict a record, items that sum to QuickBooks' own balances, what is left.

Nothing is computed here that could hide a difference: `unexplained` is always QuickBooks' report less what is expected.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from toolkit.money import ZERO, Money, dollars, show, total
from toolkit.problems import Problem, blocking


class Verdict(StrEnum):
    """What the proof says of one record."""

    AGREES = "agrees"
    ADOPTED = "adopted"
    DIFFERS = "differs"
    MISSING = "missing"
    HELD = "held"
    VOIDED = "voided"
    QUESTION = "question"
    ONLY_IN_QUICKBOOKS = "only_in_quickbooks"
    CHANGED_IN_QUICKBOOKS = "changed_in_quickbooks"
    EDITED_IN_QUICKBOOKS = "edited_in_quickbooks"
    IN_TRANSIT = "in_transit"
    NOT_POSTED = "not_posted"


BLOCKING = frozenset({Verdict.DIFFERS, Verdict.MISSING, Verdict.HELD, Verdict.QUESTION, Verdict.CHANGED_IN_QUICKBOOKS})
"""Verdicts that must be settled before the month is signed off. What was edited without moving money (another number,
another product) is shown and need not be: a bookkeeper may file a bill differently, and Coworks cannot say so.
"""

STANDING = frozenset({Verdict.AGREES, Verdict.ADOPTED, Verdict.VOIDED, Verdict.EDITED_IN_QUICKBOOKS})
"""Verdicts of records that stand in QuickBooks as they should."""


class Subject(StrEnum):
    """What a finding is about."""

    INVOICE = "invoice"
    PAYMENT = "payment"
    REFUND = "refund"
    PAYOUT = "payout"
    QUICKBOOKS = "quickbooks"


class Reason(StrEnum):
    """Why an amount is open, in the accountant's words."""

    OPEN = "open in both"
    DIFFERENT = "differs"
    NOT_IN_QUICKBOOKS = "not in QuickBooks"
    NOT_OPEN_IN_COWORKS = "settled in Coworks, open in QuickBooks"
    ONLY_IN_QUICKBOOKS = "only in QuickBooks"
    CREDIT = "customer credit"
    RETURNED = "returned payment"
    BEFORE_GO_LIVE = "before go-live"
    VOIDED_SINCE = "voided since, zeroed by QuickBooks at its own date"
    IN_TRANSIT = "in transit"
    ON_HAND = "check or cash on hand"
    REFUND = "refund not netted"
    NEVER_PAID_OUT = "never paid out"
    NOT_DEPOSITED = "paid out, bank deposit missing"
    ORPHAN = "not from Coworks"
    DUPLICATE = "duplicate"
    PAYOUT = "payout"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """The one verdict of one record; `coworks` and `quickbooks` are what each side says it is worth.

    `key` is its operation key, or `qbo:<entity>:<id>` for what only QuickBooks has; unique in a proof.
    """

    key: str
    subject: Subject
    name: str
    verdict: Verdict
    sentence: str
    coworks: Money = ZERO
    quickbooks: Money = ZERO
    on: date | None = None
    who: str = ""
    entity: str = ""
    qbo_id: str = ""

    @property
    def blocks(self) -> bool:
        """Whether it must be settled before sign-off."""
        return self.verdict in BLOCKING


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One open amount of a section: what Coworks expects, what QuickBooks holds.

    `listed` says that QuickBooks alone knows it and the bridge explains it (a credit, a QuickBooks-only invoice): then
    what QuickBooks holds is what is expected. `age_days` counts from `on` to the proof's day.
    """

    key: str
    label: str
    reason: Reason
    sentence: str
    coworks: Money = ZERO
    quickbooks: Money = ZERO
    listed: bool = False
    on: date | None = None
    age_days: int = 0
    who: str = ""

    @property
    def expected(self) -> Money:
        """What QuickBooks should hold for it."""
        return self.quickbooks if self.listed else self.coworks

    @property
    def difference(self) -> Money:
        """QuickBooks less expected; 0.00 if it agrees."""
        return self.quickbooks - self.expected


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One balance proved: `report` is QuickBooks' own figure as of the day, `items` are in (date, label, key) order.

    expected + unexplained = report, and unexplained = the items' differences + unlisted, both by construction.
    """

    name: str
    report: Money
    items: tuple[Item, ...] = ()

    @property
    def coworks(self) -> Money:
        """What Coworks alone says."""
        return total(item.coworks for item in self.items)

    @property
    def expected(self) -> Money:
        """Coworks' figure and the listed bridge."""
        return total(item.expected for item in self.items)

    @property
    def unexplained(self) -> Money:
        """QuickBooks' report less what is expected, signed."""
        return self.report - self.expected

    @property
    def unlisted(self) -> Money:
        """What the report holds beyond the records that were read, signed."""
        return self.report - total(item.quickbooks for item in self.items)

    @property
    def bridge(self) -> Mapping[Reason, Money]:
        """Expected amounts by reason, in order of first appearance; they sum to `expected`."""
        sums: dict[Reason, Money] = {}
        for item in self.items:
            sums[item.reason] = sums.get(item.reason, ZERO) + item.expected
        return sums

    @property
    def differences(self) -> tuple[Item, ...]:
        """The items where QuickBooks is not as expected, in order."""
        return tuple(item for item in self.items if item.difference)


ALIKE = 3
"""Differences of one reason that are still named one by one where everything is said in sentences."""


def _told(part: Section, by_findings: Collection[str]) -> Iterator[str]:
    """A section's differences in sentences; what a finding says already is left to it, many of one reason are one."""
    alike: dict[Reason, list[Item]] = {}
    for item in part.differences:
        if item.key not in by_findings:
            alike.setdefault(item.reason, []).append(item)
    for reason, items in alike.items():
        if len(items) <= ALIKE:
            yield from (f"{item.label}: {item.sentence}" for item in items)
        else:
            off = total(item.difference for item in items)
            first = f"{items[0].label}: {items[0].sentence}"
            yield f"{len(items)} differences in {part.name}, together {dollars(off)}: {reason}. The first: {first}"


@dataclass(frozen=True, slots=True, kw_only=True)
class RollForward:
    """Opening + movements by kind of transaction = closing, from QuickBooks' general ledger."""

    account: str
    opening: Money
    movements: tuple[tuple[str, Money], ...]
    closing: Money

    @property
    def unexplained(self) -> Money:
        """Closing less opening and movements, signed."""
        return self.closing - self.opening - total(amount for _, amount in self.movements)


@dataclass(frozen=True, slots=True, kw_only=True)
class IncomeRow:
    """One income account of the trial balance; a credit balance is positive."""

    account: str
    amount: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """One company's month as of its last day: verdicts, three sections, roll-forwards, and whether it ties.

    `findings` are in (subject, date, name, key) order, each key once. `obstacles` are the sentences that stand against
    sign-off; it ties exactly if there are none.
    """

    company: str
    realm: str
    period: str
    start: date
    as_of: date
    findings: tuple[Finding, ...]
    receivable: Section
    undeposited: Section
    deposits: Section
    roll_forwards: tuple[RollForward, ...] = ()
    income: tuple[IncomeRow, ...] = ()
    problems: tuple[Problem, ...] = ()
    payments_elsewhere: bool = False
    counts: Mapping[Verdict, int] = field(default_factory=dict)

    @property
    def sections(self) -> tuple[Section, ...]:
        """Accounts receivable, Undeposited Funds, bank deposits."""
        return self.receivable, self.undeposited, self.deposits

    @property
    def unexplained(self) -> Money:
        """The sizes of all that sections and roll-forwards leave unexplained; 0.00 only if each of them is.

        Without signs: a payment that is missing lifts A/R and lowers Undeposited Funds, and must not cancel out.
        """
        rolled = total(abs(part.unexplained) for part in self.roll_forwards)
        return rolled + total(abs(part.unexplained) for part in self.sections)

    @property
    def obstacles(self) -> tuple[str, ...]:
        """Everything that stands against sign-off, in words."""
        said = [f"{part.name}: unexplained {show(part.unexplained)}." for part in self.sections if part.unexplained]
        said += [
            f"{part.account} roll-forward: unexplained {show(part.unexplained)}."
            for part in self.roll_forwards
            if part.unexplained
        ]
        blocking_findings = [finding for finding in self.findings if finding.blocks]
        told = {finding.key for finding in blocking_findings}
        said += [line for part in self.sections for line in _told(part, told)]
        said += [finding.sentence for finding in blocking_findings]
        said += [f"{problem.what} {problem.do}" for problem in blocking(self.problems)]
        if self.payments_elsewhere:
            said.append("Payments are entered elsewhere, so the month cannot be signed off as tied.")
        return tuple(dict.fromkeys(said))

    @property
    def ties(self) -> bool:
        """Whether every part is explained to 0.00 and nothing stands against sign-off."""
        return not self.obstacles
