"""The frame of a posting plan: what it is made from, which days are open, and the parts it is put together from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

from toolkit import matching
from toolkit.books import Books, Item, ListEntry, Preferences
from toolkit.mapping import Mapping as ProductMapping
from toolkit.matching import Index
from toolkit.model import Billing, Invoice
from toolkit.names import before_deletion
from toolkit.plan import Adoption, Done, Fact, Operation
from toolkit.problems import Problem, Severity
from toolkit.settings import Settings, parse_period


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """Everything that decides one period's plan; read only.

    `first` and `last` are the period's days, both inclusive; nothing dated on or before `closed_through` is touched.
    `earlier` are the invoices of earlier reports by number; `seen` those and this report's.
    """

    company: str
    period: str
    first: date
    last: date
    closed_through: date | None
    settings: Settings
    mapping: ProductMapping
    books: Books
    known: Index
    earlier: Mapping[str, Invoice]
    seen: Mapping[str, Invoice]

    def is_closed(self, day: date) -> bool:
        """Whether nothing may be dated that day."""
        return self.closed_through is not None and day <= self.closed_through

    def open_day(self, event: date) -> date:
        """The day of the event, or the first open day after it if that is closed."""
        if self.closed_through is None or event > self.closed_through:
            return event
        return self.closed_through + timedelta(days=1)

    def is_before_go_live(self, day: date) -> bool:
        """Whether that day lies before the company's go-live."""
        go_live = self.settings.policy.go_live
        return go_live is not None and day < go_live


def frame_of(
    billing: Billing,
    mapping: ProductMapping,
    books: Books,
    done: Done,
    settings: Settings,
    *,
    company: str,
    period: str,
    earlier: Billing | None,
    signed_through: date | None,
) -> Frame:
    """The frame; indices are built here, once. Raises `UsageError` for a period that is not YYYY-MM."""
    first, last = parse_period(period)
    before = {invoice.number: invoice for invoice in earlier.invoices} if earlier else {}
    return Frame(
        company=company,
        period=period,
        first=first,
        last=last,
        closed_through=closed_through(settings, books.preferences, signed_through),
        settings=settings,
        mapping=mapping,
        books=books,
        known=matching.index(books, done, settings.policy.number_suffix),
        earlier=before,
        seen=before | {invoice.number: invoice for invoice in billing.invoices},
    )


def closed_through(settings: Settings, preferences: Preferences, signed_through: date | None) -> date | None:
    """The last closed day, inclusive: the latest of QuickBooks' closing date, the last signed-off period, what has been
    reported and what sales tax has been filed through; None if nothing is closed.
    """
    policy = settings.policy
    days = (preferences.book_close_date, signed_through, policy.reported_through, policy.sales_tax_filed_through)
    return max((day for day in days if day is not None), default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What one invoice, or one step, adds to the plan."""

    operations: tuple[Operation, ...] = ()
    adoptions: tuple[Adoption, ...] = ()
    unchanged: tuple[str, ...] = ()
    held: tuple[tuple[str, str], ...] = ()
    problems: tuple[Problem, ...] = ()
    facts: tuple[Fact, ...] = ()


NOTHING = Part()


@dataclass(slots=True)
class _Pile:
    operations: list[Operation] = field(default_factory=list)
    adoptions: list[Adoption] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    held: list[tuple[str, str]] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    facts: list[Fact] = field(default_factory=list)


def joined(parts: Iterable[Part]) -> Part:
    """All parts as one, in their order."""
    filled = [part for part in parts if part is not NOTHING]
    if len(filled) < 2:
        return filled[0] if filled else NOTHING
    pile = _Pile()
    for part in filled:
        pile.operations += part.operations
        pile.adoptions += part.adoptions
        pile.unchanged += part.unchanged
        pile.held += part.held
        pile.problems += part.problems
        pile.facts += part.facts
    return Part(
        operations=tuple(pile.operations),
        adoptions=tuple(pile.adoptions),
        unchanged=tuple(pile.unchanged),
        held=tuple(pile.held),
        problems=tuple(pile.problems),
        facts=tuple(pile.facts),
    )


def problem(
    invoice: Invoice, code: str, what: str, why: str, do: str, *, candidates: Iterable[str] = (), note: bool = False
) -> Problem:
    """A problem of one invoice, named by its number and the row it was read from."""
    return Problem(
        code=code,
        where=f"Invoice {invoice.number} ({invoice.source})",
        what=what,
        why=why,
        do=do,
        severity=Severity.NOTE if note else Severity.ITEM,
        key=invoice.number,
        candidates=tuple(candidates),
    )


def hold(found: Problem) -> Part:
    """The part of an invoice that a problem holds (a note holds nothing)."""
    if found.severity is Severity.NOTE:
        return Part(problems=(found,))
    return Part(held=((found.key, found.code),), problems=(found,))


Entries = Mapping[str, tuple[Item, ...]] | Mapping[str, tuple[ListEntry, ...]]


def names_of(entries: Iterable[Item | ListEntry], fold: Callable[[str], str]) -> dict[str, tuple[str, ...]]:
    """Ids by `#id`, by folded full name and by folded bare name; a full name wins over a bare one; active ones win."""
    full: dict[str, list[Item | ListEntry]] = {}
    bare: dict[str, list[Item | ListEntry]] = {}
    for entry in entries:
        full.setdefault(f"#{entry.id}", []).append(entry)
        full.setdefault(fold(_as_it_was(entry, entry.full_name or entry.name)), []).append(entry)
        bare.setdefault(fold(_as_it_was(entry, entry.name)), []).append(entry)
    return {name: _active_first(found) for name, found in {**bare, **full}.items()}


def _as_it_was(entry: Item | ListEntry, name: str) -> str:
    return name if entry.active else before_deletion(name)


def _active_first(entries: list[Item | ListEntry]) -> tuple[str, ...]:
    active = tuple(entry.id for entry in entries if entry.active)
    return active or tuple(entry.id for entry in entries)
