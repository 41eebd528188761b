"""Which QuickBooks document or payment is this Coworks record? Exact rules, each named; a near miss is a question.

Posting log → stamp → number, customer, total and date → number and customer of what is voided. Asked before a number is
given: a number held by our own invoice is not a conflict. Payments: posting log → stamp → invoice and amount. Intuit:
several documents may carry one number, voided ones too. Coworks' own integration writes `<number>-CW1` where a number
was taken: those are looked at as well.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from toolkit import counterparts, numbering
from toolkit.books import Books, DocumentKind, ReceivedPayment, SalesDocument, TxnType
from toolkit.counterparts import STANDS, Counterparts
from toolkit.model import Invoice
from toolkit.money import ZERO, Money
from toolkit.plan import Done, Kind, Posted, Standing, operation_key

_RELEASED = "released"
RENUMBERED = "renumbered-in-quickbooks"
_RENUMBERED = "Our own payment of it is on another invoice in QuickBooks, which nothing else calls its own."
_OVER_ZERO = "QuickBooks has its number for this customer over 0.00, as a voided one is."
_DAY_APART = 1
"""A posting at 11 p.m. local time is the next day in UTC: one day of difference is still the same date."""


@dataclass(frozen=True, slots=True)
class Index:
    """The books and the posting log, ready to be asked; made once, linear in both."""

    standing: Counterparts
    by_number: Mapping[str, tuple[SalesDocument, ...]]
    """Documents of the four kinds by `numbering.base`, in numeric id order, voided ones included."""
    logged: Mapping[tuple[str, str], Posted]
    """What the posting log calls ours, by (entity, id)."""
    realm: str
    suffix: str


@dataclass(frozen=True, slots=True)
class Identity:
    """The key of one Coworks record: what it is (or would be) posted under, and how it stands.

    `undone` says that a person undid it and has not released it: it must not be posted again.
    """

    key: str
    coworks_id: str
    posted: Posted | None = None
    undone: bool = False
    generation: int = 1

    @property
    def stands(self) -> bool:
        """Whether the posting log expects a counterpart in QuickBooks."""
        return self.posted is not None and self.posted.standing in STANDS

    @property
    def is_known(self) -> bool:
        """Whether the posting log knows the record, of this generation or of an earlier one that was released."""
        return self.posted is not None or self.generation > 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A document that should stand in QuickBooks; `customer_id` is "" while the customer is only planned."""

    kind: DocumentKind
    number: str
    customer_id: str
    total: Money
    txn_date: date
    due_date: date | None = None


@dataclass(frozen=True, slots=True)
class Match:
    """The QuickBooks record and the rule that found it; `record` None: logged, but not among the books."""

    rule: str
    qbo_id: str
    record: SalesDocument | None
    outside: bool = False
    """Dated before the books that were read, so its absence means nothing."""


@dataclass(frozen=True, slots=True)
class Ambiguous:
    """Why it is not certain whether QuickBooks has it already, with the documents it could be."""

    code: str
    why: str
    candidates: tuple[SalesDocument | ReceivedPayment, ...] = ()


@dataclass(frozen=True, slots=True)
class PaymentMatch:
    """The QuickBooks payment of a Coworks payment, and the rule that found it."""

    rule: str
    qbo_id: str
    record: ReceivedPayment | None


def index(books: Books, done: Done, suffix: str = "CW") -> Index:
    """The index of one company; nothing is mutated."""
    numbered: dict[str, list[SalesDocument]] = defaultdict(list)
    for document in sorted(books.documents, key=lambda one: (len(one.id), one.id)):
        if document.number.strip():
            numbered[numbering.base(document.number)].append(document)
    logged = {(one.entity, one.qbo_id): one for one in done.values() if one.qbo_id and one.standing in STANDS}
    return Index(
        standing=counterparts.index(books, done),
        by_number={name: tuple(found) for name, found in numbered.items()},
        logged=logged,
        realm=books.realm,
        suffix=suffix,
    )


def identity(known: Index, kind: Kind, coworks_id: str, name: str = "") -> Identity:
    """The identity of a Coworks record; a released one gets its next generation. `name` is the one in its stamp."""
    key, posted = counterparts.key_of(known.standing, kind, coworks_id, name)
    generation = _generation(known, kind, coworks_id, key, posted)
    if posted is None or posted.standing is not Standing.UNDONE:
        return Identity(key, coworks_id, posted, generation=generation)
    if not posted.note.startswith(_RELEASED):
        return Identity(key, coworks_id, posted, undone=True, generation=generation)
    following = generation + 1
    return Identity(operation_key(known.realm, kind, coworks_id, following), coworks_id, generation=following)


def _generation(known: Index, kind: Kind, coworks_id: str, key: str, posted: Posted | None) -> int:
    """Which generation the key is of: what is adopted under a later one is noted without it."""
    if (posted is not None and posted.generation > 1) or key == operation_key(known.realm, kind, coworks_id):
        return posted.generation if posted else 1
    keys = counterparts.generations(known.realm, kind, coworks_id)
    return keys.index(key) + 1 if key in keys else 1


def find_document(known: Index, who: Identity, wanted: Wanted) -> Match | Ambiguous | None:
    """The document that already is this Coworks record, a question, or None: QuickBooks does not have it."""
    if who.stands and who.posted:
        record = known.standing.documents.get(who.posted.qbo_id)
        since = known.standing.books.since
        outside = record is None and since is not None and wanted.txn_date < since
        return Match("posting log", who.posted.qbo_id, record, outside)
    marked = known.standing.stamps.get((str(wanted.kind), wanted.number, who.key[:4]), ())
    stamped = tuple(one for one in marked if isinstance(one, SalesDocument))
    if len(stamped) == 1:
        return Match("stamp", stamped[0].id, stamped[0])
    if stamped:
        return Ambiguous("posted-twice", "QuickBooks has it more than once, each with our stamp.", stamped)
    holders = known.by_number.get(numbering.base(wanted.number))
    if not holders:
        return None
    numbered = [one for one in holders if is_nobodys(known, one)]
    twins = [one for one in numbered if _is_number(one.number, wanted.number, known.suffix)]
    found = _by_number(wanted, twins)
    return found if found or who.is_known else _by_void(wanted, twins)


def _by_void(wanted: Wanted, twins: Sequence[SalesDocument]) -> Match | Ambiguous | None:
    """What is voided under this number for this customer: total and balance are zero now, so they say nothing."""
    of = [one for one in twins if wanted.customer_id and one.customer_id == wanted.customer_id]
    gone = tuple(one for one in of if one.kind is wanted.kind and not one.total)
    if len(gone) == 1 and gone[0].voided:
        return Match("number and customer, voided", gone[0].id, gone[0])
    return Ambiguous("already-there", _OVER_ZERO, gone) if gone else None


def _by_number(wanted: Wanted, twins: Sequence[SalesDocument]) -> Match | Ambiguous | None:
    near = [one for one in twins if one.total == wanted.total and not one.voided]
    same = [one for one in near if one.kind is wanted.kind and one.customer_id == wanted.customer_id]
    dated = [one for one in same if _same_date(one, wanted)]
    if len(dated) == 1:
        return Match("number, customer, total and date", dated[0].id, dated[0])
    if dated:
        return Ambiguous("posted-twice", "QuickBooks has it more than once.", tuple(dated))
    if same:
        why = "QuickBooks has the same number, customer and total under another date."
        return Ambiguous("already-there", why, tuple(same))
    alike = tuple(one for one in near if one.kind is wanted.kind and _same_date(one, wanted))
    if alike:
        return Ambiguous("already-there", "QuickBooks has the same number, total and date for another customer.", alike)
    other = tuple(one for one in near if one.customer_id == wanted.customer_id and _same_date(one, wanted))
    if other:
        return Ambiguous("already-there", f"QuickBooks has it as a {_words(other[0].kind)}.", other)
    return None


def _words(kind: DocumentKind) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", kind).lower()


def is_nobodys(known: Index, document: SalesDocument) -> bool:
    """Whether neither the posting log nor a stamp calls the document ours."""
    return (str(document.kind), document.id) not in known.logged and not counterparts.stamped(document.private_note)


def is_own_work(known: Index, record: SalesDocument | ReceivedPayment) -> bool:
    """Whether we created it (not merely adopted it): such a record never makes a plan stale."""
    posted = known.logged.get((counterparts.entity_of(record), record.id))
    created = posted is not None and posted.standing is Standing.DONE
    return created or counterparts.stamped(record.private_note) is not None


def _is_number(held: str, wanted: str, suffix: str) -> bool:
    ending = numbering.same(held).removeprefix(numbering.same(wanted))
    return len(ending) < len(held.strip()) and bool(
        re.fullmatch(rf"(-(cw|{re.escape(suffix.casefold())})\d+)?", ending)
    )


def _same_date(document: SalesDocument, wanted: Wanted) -> bool:
    apart = abs((document.txn_date - wanted.txn_date).days)
    return apart <= _DAY_APART or (wanted.due_date is not None and document.due_date == wanted.due_date)


@dataclass(frozen=True, slots=True)
class PaymentWanted:
    """A Coworks payment, under its identity, that should settle one QuickBooks invoice."""

    who: Identity
    number: str
    amount: Money
    paid_on: date


def find_payments(
    known: Index, document_id: str, wanted: Sequence[PaymentWanted]
) -> dict[str, PaymentMatch | Ambiguous]:
    """What QuickBooks already has of the payments of one invoice, by key; absent: it has none.

    Payments of one amount on one invoice are told apart by date; more of them in QuickBooks than in Coworks, with dates
    that do not decide, is a question.
    """
    found: dict[str, PaymentMatch | Ambiguous] = {}
    open_ones = []
    for one in wanted:
        certain = _logged_or_stamped(known, one)
        if certain:
            found[one.who.key] = certain
        else:
            open_ones.append(one)
    if open_ones:
        free = _free_payments(known, document_id, found.values())
        for amount in sorted({one.amount for one in open_ones}):
            alike = [one for one in open_ones if one.amount == amount]
            candidates = [one for one in free if _settles(one, document_id, amount)]
            found |= _paired(alike, candidates)
    return found


def _logged_or_stamped(known: Index, wanted: PaymentWanted) -> PaymentMatch | Ambiguous | None:
    if wanted.who.stands and wanted.who.posted:
        qbo_id = wanted.who.posted.qbo_id
        return PaymentMatch("posting log", qbo_id, known.standing.payments.get(qbo_id))
    marked = known.standing.stamps.get(("Payment", wanted.number, wanted.who.key[:4]), ())
    stamped = tuple(one for one in marked if isinstance(one, ReceivedPayment))
    if len(stamped) == 1:
        return PaymentMatch("stamp", stamped[0].id, stamped[0])
    return (
        Ambiguous("paid-twice", "QuickBooks has it more than once, each with our stamp.", stamped) if stamped else None
    )


def renumbered(known: Index, payments: Iterable[PaymentWanted], claimed: Iterable[str]) -> Ambiguous | None:
    """The question whether our own payment of an invoice that is not found settles it under another number, or None.

    Documents that the posting log or a stamp calls ours, or that carry one of the `claimed` numbers, are others.
    """
    if not known.standing.stamps and not known.logged:
        return None
    ours = [found.record for one in payments if isinstance(found := _logged_or_stamped(known, one), PaymentMatch)]
    links = (link for one in ours if one and not one.voided for link in one.links)
    on = {link.txn_id: known.standing.documents.get(link.txn_id) for link in links if link.txn_type is TxnType.INVOICE}
    free = [one for one in on.values() if one and not one.voided and is_nobodys(known, one)]
    others = {numbering.base(number) for number in claimed} if free else set()
    unclaimed = tuple(one for one in free if numbering.base(one.number) not in others)
    return Ambiguous(RENUMBERED, _RENUMBERED, unclaimed) if unclaimed else None


def _free_payments(
    known: Index, document_id: str, used: Iterable[PaymentMatch | Ambiguous]
) -> tuple[ReceivedPayment, ...]:
    gone = {one.qbo_id for one in used if isinstance(one, PaymentMatch)}
    return tuple(one for one in foreign_payments(known, document_id) if one.id not in gone)


def foreign_payments(known: Index, document_id: str) -> tuple[ReceivedPayment, ...]:
    """Live payments on a QuickBooks invoice that nobody posted from Coworks, by date and id.

    One check that settles several invoices stays in the list while only some of them have adopted it.
    """
    on_it = known.standing.payments_of_document.get(document_id, ())
    free = {one.id: one for one in on_it if not one.voided and _is_foreign(known, one, document_id)}
    return tuple(sorted(free.values(), key=lambda one: (one.txn_date, len(one.id), one.id)))


def _is_foreign(known: Index, payment: ReceivedPayment, document_id: str) -> bool:
    if counterparts.stamped(payment.private_note):
        return False
    posted = known.logged.get(("Payment", payment.id))
    # one check entered by hand may settle several invoices, and so be several Coworks payments
    several = sum(1 for link in payment.links if link.txn_type is TxnType.INVOICE) > 1
    return posted is None or (posted.standing is Standing.ADOPTED and several)


def applied(payment: ReceivedPayment, document_id: str) -> Money:
    """What a payment settles of one invoice."""
    links = (one for one in payment.links if one.txn_id == document_id and one.txn_type is TxnType.INVOICE)
    return sum((one.amount for one in links), ZERO)


def _settles(payment: ReceivedPayment, document_id: str, amount: Money) -> bool:
    if not payment.total:
        return False
    return applied(payment, document_id) == amount or (payment.total == amount and len(payment.links) == 1)


def _paired(
    wanted: Sequence[PaymentWanted], candidates: Sequence[ReceivedPayment]
) -> dict[str, PaymentMatch | Ambiguous]:
    found: dict[str, PaymentMatch | Ambiguous] = {}
    free = list(candidates)
    left = sorted(wanted, key=lambda one: (one.paid_on, one.who.key))
    for one in tuple(left):
        dated = [candidate for candidate in free if candidate.txn_date == one.paid_on]
        if dated:
            found[one.who.key] = PaymentMatch("invoice, amount and date", dated[0].id, dated[0])
            free.remove(dated[0])
            left.remove(one)
    if len(free) > len(left) > 0:
        why = f"QuickBooks has {len(free)} payments of this amount on the invoice, Coworks has {len(left)}."
        return found | {one.who.key: Ambiguous("payment-unclear", why, tuple(free)) for one in left}
    for one, candidate in zip(left, free, strict=False):
        found[one.who.key] = PaymentMatch("invoice and amount", candidate.id, candidate)
    return found


def only_in_quickbooks(register: Iterable[Invoice], books: Books, done: Done) -> tuple[SalesDocument, ...]:
    """Live sales documents that stand in QuickBooks and come from no Coworks record, by date and number.

    Not posted or adopted by the posting log, without our stamp, and not an invoice of the register by number and total.
    """
    ours = {(one.entity, one.qbo_id) for one in done.values() if one.qbo_id and one.standing in STANDS}
    totals: dict[str, set[Money]] = defaultdict(set)
    for invoice in register:
        totals[numbering.base(invoice.number)].add(abs(invoice.total))
    alone = (
        one
        for one in books.documents
        if not one.voided
        and (str(one.kind), one.id) not in ours
        and not counterparts.stamped(one.private_note)
        and one.total not in totals.get(numbering.base(one.number), ())
    )
    return tuple(sorted(alone, key=lambda one: (one.txn_date, one.number, len(one.id), one.id)))
