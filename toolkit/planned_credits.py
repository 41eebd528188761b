"""Credit memos: what Coworks took back of an invoice, and its application to that invoice.

Intuit: a credit memo settles an invoice through a payment of zero that links both.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from toolkit import counterparts, invoice_problems, matching, numbering
from toolkit.bench import Bench
from toolkit.books import PENDING, DocumentKind, Link, ReceivedPayment, SalesDocument, SalesLine, TxnType
from toolkit.frame import NOTHING, Frame, Part, hold, joined, problem
from toolkit.matching import Ambiguous, Identity, Match
from toolkit.model import BillingLine, Invoice, LineKind
from toolkit.money import ZERO, Money, share, show, total
from toolkit.names import fold
from toolkit.plan import Action, Adoption, Fact, Kind, Operation, pending
from toolkit.planned_lines import build
from toolkit.postings import Posting, is_reversed, state
from toolkit.problems import Problem


@dataclass(frozen=True, slots=True)
class Memo:
    """A credit memo of an invoice, standing or planned, and what of it is still unused."""

    document_id: str
    document: SalesDocument
    unused: Money

    @property
    def needs(self) -> tuple[str, ...]:
        """The operation that creates it, if this plan does."""
        return (self.document_id.removeprefix(PENDING),) if self.document_id.startswith(PENDING) else ()


@dataclass(frozen=True, slots=True)
class Credited:
    """What the credits of one invoice add to the plan; `applied` is what this plan newly settles by them."""

    part: Part
    memos: tuple[Memo, ...] = ()
    applied: Money = ZERO

    @property
    def total(self) -> Money:
        """The income that the memos reverse."""
        return total(memo.document.total for memo in self.memos)

    @property
    def lines(self) -> tuple[SalesLine, ...]:
        """What of which product the memos reverse."""
        return tuple(line for memo in self.memos for line in memo.document.lines)


@dataclass(frozen=True, slots=True)
class Reversal:
    """One credit memo that should stand: its Coworks id, its day, its lines, and what is open on the invoice."""

    coworks_id: str
    day: date
    lines: tuple[SalesLine, ...]
    still_open: Money

    @property
    def amount(self) -> Money:
        """What it takes back."""
        return total(line.amount for line in self.lines)


def void_memo_id(invoice: Invoice) -> str:
    """The Coworks id of the credit memo that takes the place of a void."""
    return f"{invoice.number}/credit/void"


def void_memo_identity(frame: Frame, invoice: Invoice) -> Identity:
    """The identity of that credit memo in the posting log."""
    return matching.identity(frame.known, Kind.CREDIT_MEMO, void_memo_id(invoice))


def plan_credits(bench: Bench, posting: Posting) -> Credited:
    """A credit memo and its application for every credit note on the invoice, in the order of its lines.

    The memo that an earlier run put in the place of a void is among the memos.
    """
    if posting.is_new and posting.lines is posting.invoice.lines:
        return Credited(NOTHING)
    notes = [line for line in posting.invoice.lines if line.kind is LineKind.CREDIT_NOTE and line.amount]
    done = _standing_void_memo(bench, posting)
    for count, note in enumerate(notes, start=1):
        lines = _credited_lines(bench, posting, note)
        if isinstance(lines, Problem):
            return replace(done, part=joined((done.part, hold(lines))))
        # the report has no day of a credit note: the invoice's own day, or the first day of the period that reports it
        day = bench.frame.open_day(max(posting.invoice.invoice_date, bench.frame.first))
        wanted = Reversal(f"{posting.invoice.number}/credit/{count}", day, lines, posting.open_balance - done.applied)
        made = credit(bench, posting, wanted)
        done = Credited(joined((done.part, made.part)), (*done.memos, *made.memos), done.applied + made.applied)
    return done


def _standing_void_memo(bench: Bench, posting: Posting) -> Credited:
    """By posting log or stamp; tied to its invoice where the run that made it (or the log since) was cut."""
    frame = bench.frame
    who = void_memo_identity(frame, posting.invoice)
    found = [] if who.undone else _void_memos(frame, posting, who)
    memos = tuple(Memo(one.id, one, unused=one.balance) for one in found)
    if len(memos) > 1:
        several = Ambiguous(
            "posted-twice", "QuickBooks has several credit memos in the place of its void.", tuple(found)
        )
        used = tuple(replace(memo, unused=ZERO) for memo in memos)
        return Credited(hold(invoice_problems.already_there(posting.invoice, several)), used)
    if not memos:
        return Credited(NOTHING)
    made = NOTHING if who.stands else _adopted(posting, who, found[0], "stamp")
    if _application(frame, who.coworks_id).stands:
        return Credited(made, memos)
    still_open = posting.open_balance if is_reversed(posting.invoice, bench.children) else ZERO
    wanted = Reversal(who.coworks_id, frame.open_day(found[0].txn_date), found[0].lines, still_open)
    return _applied(frame, posting, made, memos[0], wanted)


def _void_memos(frame: Frame, posting: Posting, who: Identity) -> list[SalesDocument]:
    if who.stands and who.posted:
        logged = frame.known.standing.documents.get(who.posted.qbo_id)
        return [logged] if logged else []
    return [one for one in _stamped(frame, posting, who, DocumentKind.CREDIT_MEMO) if not one.voided]


# ---- lines


def _credited_lines(bench: Bench, posting: Posting, note: BillingLine) -> tuple[SalesLine, ...] | Problem:
    """The credit note on the product of the line that it names, else spread over the invoice's lines by amount."""
    charges = [line for line in posting.lines if fold(line.name) == fold(note.name) and line.amount > ZERO]
    if note.name.strip() and charges:
        model = replace(charges[0], amount=-note.amount, quantity=None, unit_price=None)
        built = build(posting.invoice, (model,), bench.prices, bench.frame)
        if not isinstance(built, Problem):
            return tuple(replace(line, description=note.description or line.description) for line in built.lines)
    lines = document_lines(bench, posting)
    return lines if isinstance(lines, Problem) else spread(lines, -note.amount)


def document_lines(bench: Bench, posting: Posting) -> tuple[SalesLine, ...] | Problem:
    """The lines of the invoice's document as they stand; built again from the report where they were not read."""
    if posting.document is not None and any(line.amount for line in posting.document.lines):
        return posting.document.lines
    built = build(posting.invoice, posting.lines, bench.prices, bench.frame)
    return built if isinstance(built, Problem) else built.lines


def spread(lines: Sequence[SalesLine], amount: Money, less: Sequence[SalesLine] = ()) -> tuple[SalesLine, ...]:
    """`amount` over the lines by what is left of each after `less`, to the cent; lines without a share are left out."""
    left = _left(lines, less)
    weights = left if total(left) else tuple(line.amount for line in lines)
    return tuple(
        replace(line, amount=part, quantity=None, unit_price=None, id="")
        for line, part in zip(lines, share(amount, weights), strict=True)
        if part
    )


def _left(lines: Sequence[SalesLine], less: Sequence[SalesLine]) -> tuple[Money, ...]:
    gone: dict[tuple[str, str], Money] = {}
    for line in less:
        place = (line.item_id, line.class_id)
        gone[place] = gone.get(place, ZERO) + line.amount
    left = []
    for line in lines:
        place = (line.item_id, line.class_id)
        used = min(line.amount, gone.get(place, ZERO)) if line.amount > ZERO else ZERO
        gone[place] = gone.get(place, ZERO) - used
        left.append(line.amount - used)
    return tuple(left)


# ---- one credit memo


def credit(bench: Bench, posting: Posting, wanted: Reversal) -> Credited:
    """The credit memo: adopted, unchanged, created or held; and its zero payment as far as both are open."""
    who = matching.identity(bench.frame.known, Kind.CREDIT_MEMO, wanted.coworks_id)
    if who.undone:
        return Credited(hold(undone(posting.invoice, "Its credit memo", who)))
    found = find_memo(bench.frame, posting, who, wanted.amount)
    if isinstance(found, Ambiguous):
        return Credited(hold(invoice_problems.already_there(posting.invoice, found)))
    if isinstance(found, Match):
        return _standing(bench.frame, posting, who, found, wanted)
    if bench.frame.books.preferences.auto_apply_credit:
        return Credited(hold(invoice_problems.auto_applied(posting.invoice)))
    number = numbering.counted_number(posting.invoice.number, "CM", bench.taken)
    if isinstance(number, Problem):
        return Credited(hold(number))
    document = _document(posting, who, bench.taken.take(number), wanted)
    made = Part(operations=(_operation(posting, who, document),))
    return _applied(bench.frame, posting, made, Memo(pending(who.key), document, unused=document.total), wanted)


def find_memo(frame: Frame, posting: Posting, who: Identity, amount: Money) -> Match | Ambiguous | None:
    """The credit memo over that amount that QuickBooks has already, a question, or None."""
    if who.stands and who.posted:
        return Match("posting log", who.posted.qbo_id, frame.known.standing.documents.get(who.posted.qbo_id))
    found = renumbered(frame, posting, who, DocumentKind.CREDIT_MEMO, amount)
    if len(found) > 1:
        return Ambiguous("already-there", "QuickBooks has several such credit memos.", tuple(found))
    return Match(_rule(found[0]), found[0].id, found[0]) if found else None


def _rule(found: SalesDocument) -> str:
    return "stamp" if counterparts.stamped(found.private_note) else "number, customer and total"


def renumbered(frame: Frame, posting: Posting, who: Identity, kind: DocumentKind, amount: Money) -> list[SalesDocument]:
    """Documents that may be this credit memo or refund: with its stamp; else live, nobody's yet, with the invoice's
    number and `-CM` or `-RF`, and the same customer and total.
    """
    known = frame.known
    stamped = _stamped(frame, posting, who, kind)
    if stamped:
        return stamped
    start = f"{posting.invoice.number}-{'CM' if kind is DocumentKind.CREDIT_MEMO else 'RF'}".casefold()
    return [
        one
        for one in known.by_number.get(numbering.base(posting.invoice.number), ())
        if (one.kind, one.customer_id, one.total) == (kind, posting.customer_id, amount)
        and one.number.casefold().startswith(start)
        and not one.voided
        and matching.is_nobodys(known, one)
    ]


def _stamped(frame: Frame, posting: Posting, who: Identity, kind: DocumentKind) -> list[SalesDocument]:
    marked = frame.known.standing.stamps.get((str(kind), posting.invoice.number, who.key[:4]), ())
    return [one for one in marked if isinstance(one, SalesDocument)]


def _document(posting: Posting, who: Identity, number: str, wanted: Reversal) -> SalesDocument:
    of = posting.document
    return SalesDocument(
        kind=DocumentKind.CREDIT_MEMO,
        number=number,
        customer_id=posting.customer_id,
        txn_date=wanted.day,
        total=wanted.amount,
        lines=wanted.lines,
        balance=wanted.amount,
        location_id=of.location_id if of else "",
        class_id=of.class_id if of else "",
        bill_email=of.bill_email if of else "",
        private_note=counterparts.stamp(posting.invoice.number, who.key),
    )


def _operation(posting: Posting, who: Identity, document: SalesDocument) -> Operation:
    return Operation(
        key=who.key,
        kind=Kind.CREDIT_MEMO,
        action=Action.CREATE,
        entity="CreditMemo",
        record=document,
        label=f"Credit memo {document.number} · {posting.invoice.team}",
        reason=f"Coworks took back {show(document.total)} of invoice {posting.invoice.number}.",
        amount=-document.total,
        needs=posting.needs,
        coworks_id=who.coworks_id,
        generation=who.generation,
    )


def _standing(frame: Frame, posting: Posting, who: Identity, found: Match, wanted: Reversal) -> Credited:
    document = found.record
    if document is None:
        return Credited(Part(unchanged=(who.key,)))
    made = Part(unchanged=(who.key,)) if who.stands else _adopted(posting, who, document, found.rule)
    return _applied(frame, posting, made, Memo(document.id, document, unused=document.balance), wanted)


def _adopted(posting: Posting, who: Identity, document: SalesDocument, rule: str) -> Part:
    adoption = Adoption(
        key=who.key,
        kind=Kind.CREDIT_MEMO,
        entity="CreditMemo",
        qbo_id=document.id,
        number=document.number,
        amount=-document.total,
        rule=rule,
        label=f"Credit memo {document.number} · {posting.invoice.team}",
        coworks_id=who.coworks_id,
    )
    return Part(adoptions=(adoption,), facts=(state(document),))


def _applied(frame: Frame, posting: Posting, made: Part, memo: Memo, wanted: Reversal) -> Credited:
    """With the memo's zero payment onto the invoice, as far as both are open; none if it was applied before."""
    who = _application(frame, wanted.coworks_id)
    amount = min(memo.unused, wanted.still_open)
    before = applied_before(frame, posting, who)
    if before is not None or amount <= ZERO:
        return Credited(joined((made, before or NOTHING)), (memo,))
    if who.undone:
        held = hold(undone(posting.invoice, "The application of its credit memo", who))
        return Credited(joined((made, held)), (memo,))
    settles = Link(txn_type=TxnType.INVOICE, txn_id=posting.document_id, amount=amount)
    operation = application(posting, who, wanted.day, settles, memo)
    unused = replace(memo, unused=memo.unused - amount)
    return Credited(joined((made, Part(operations=(operation,)))), (unused,), amount)


def _application(frame: Frame, coworks_id: str) -> Identity:
    return matching.identity(frame.known, Kind.CREDIT_APPLICATION, coworks_id)


def applied_before(frame: Frame, posting: Posting, who: Identity) -> Part | None:
    """The zero payment by posting log or stamp; None if there is none."""
    if who.stands:
        return Part(unchanged=(who.key,))
    marked = frame.known.standing.stamps.get(("Payment", posting.invoice.number, who.key[:4]), ())
    found = [one for one in marked if isinstance(one, ReceivedPayment) and not one.voided and not one.total]
    if len(found) > 1:
        several = Ambiguous("posted-twice", "QuickBooks has applied its credit memo more than once.", tuple(found))
        return hold(invoice_problems.already_there(posting.invoice, several))
    return _tie_adopted(posting, who, found[0]) if found else None


def _tie_adopted(posting: Posting, who: Identity, payment: ReceivedPayment) -> Part:
    adoption = Adoption(
        key=who.key,
        kind=Kind.CREDIT_APPLICATION,
        entity="Payment",
        qbo_id=payment.id,
        number=posting.invoice.number,
        amount=ZERO,
        rule="stamp",
        label=f"Credit applied to {posting.invoice.number} · {posting.invoice.team}",
        coworks_id=who.coworks_id,
    )
    said = f"{payment.total} {payment.txn_date} customer #{payment.customer_id}"
    return Part(adoptions=(adoption,), facts=(Fact(of=f"Payment #{payment.id}", value=said),))


def application(posting: Posting, who: Identity, day: date, settles: Link, memo: Memo) -> Operation:
    """The payment of zero that lets a credit memo settle an invoice (or the cash that was given back)."""
    uses = Link(txn_type=TxnType.CREDIT_MEMO, txn_id=memo.document_id, amount=settles.amount)
    planned = (settles.txn_id.removeprefix(PENDING),) if settles.txn_id.startswith(PENDING) else ()
    return Operation(
        key=who.key,
        kind=Kind.CREDIT_APPLICATION,
        action=Action.CREATE,
        entity="Payment",
        record=ReceivedPayment(
            customer_id=posting.customer_id,
            txn_date=day,
            total=ZERO,
            links=(settles, uses),
            private_note=counterparts.stamp(posting.invoice.number, who.key),
        ),
        label=f"Credit applied to {posting.invoice.number} · {posting.invoice.team}",
        reason=f"{show(settles.amount)} of the credit memo settles it; no money moves.",
        needs=(*planned, *memo.needs),
        coworks_id=who.coworks_id,
        generation=who.generation,
    )


def undone(invoice: Invoice, what: str, who: Identity | None = None) -> Problem:
    """A person took a credit memo, a refund or a void back; `who` tells with which run."""
    return problem(
        invoice,
        "undone",
        f"{what} was posted, and then undone by a person.",
        "What a person took back is not posted again on its own.",
        invoice_problems.again(invoice, who.posted.run if who and who.posted else ""),
    )
