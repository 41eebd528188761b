"""Every invoice of the report: adopted, unchanged, created, or held with the reason; never twice, never guessed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from toolkit import counterparts, invoice_problems, matching, numbering
from toolkit.bench import Bench
from toolkit.books import DocumentKind, SalesDocument, SalesLine
from toolkit.frame import Frame, Part, hold
from toolkit.matching import Ambiguous, Identity, Match, PaymentWanted, Wanted
from toolkit.model import BillingLine, Invoice
from toolkit.money import ZERO, Money, total
from toolkit.plan import Action, Adoption, Fact, Kind, Operation, pending
from toolkit.planned_customers import Payer, question
from toolkit.planned_lines import Built, build
from toolkit.postings import (
    Posting,
    billed_lines,
    identity_of,
    is_reversed,
    never_posted,
    payment_identity,
    state,
    void_identity,
)
from toolkit.problems import Problem
from toolkit.teams import emails_of

_LONGEST_EMAIL = 100


@dataclass(frozen=True, slots=True)
class Planned:
    """What an invoice adds to the plan, and its posting if something may hang on it."""

    part: Part
    posting: Posting | None = None


@dataclass(frozen=True, slots=True)
class _Case:
    """One invoice with its payer, identity and lines, before it is known what becomes of it."""

    invoice: Invoice
    payer: Payer
    who: Identity
    lines: tuple[BillingLine, ...]
    whole: Money


def plan_invoice(bench: Bench, invoice: Invoice, payer: Payer) -> Planned:
    """One invoice's part of the plan; a number that it gets is held from then on (`bench.taken` is mutated)."""
    lines = billed_lines(invoice)
    case = _Case(invoice, payer, identity_of(bench.frame, invoice), lines, total(line.amount for line in lines))
    never = never_posted(invoice, bench.children)
    if case.who.undone:
        return Planned(hold(never or invoice_problems.undone(invoice, case.who.posted.run if case.who.posted else "")))
    known = bench.frame.known
    found = matching.find_document(known, case.who, _wanted(case)) or _renumbered(bench.frame, invoice)
    if isinstance(found, Match):
        if found.record is not None and found.record.voided and is_reversed(invoice, bench.children):
            return Planned(_voided_on_both_sides(bench.frame, case, found.record, found.rule))
        return _standing(case, found)
    stopped = _stopped(bench.frame, case, found, never)
    return _create(bench, case) if stopped is None else Planned(hold(stopped))


def _wanted(case: _Case) -> Wanted:
    """What to look for in QuickBooks: an invoice, or a credit memo for a negative total."""
    return Wanted(
        kind=DocumentKind.INVOICE if case.whole >= ZERO else DocumentKind.CREDIT_MEMO,
        number=case.invoice.number,
        customer_id=case.payer.known_id,
        total=abs(case.whole),
        txn_date=case.invoice.invoice_date,
        due_date=case.invoice.due_date,
    )


def _renumbered(frame: Frame, invoice: Invoice) -> Ambiguous | None:
    """Number and memo may have been changed, and the posting log lost: our payment on it still tells it."""
    payments = (
        PaymentWanted(payment_identity(frame, one), one.invoice_number, one.amount, one.paid_on)
        for one in invoice.payments
        if one.amount
    )
    others = (number for number in frame.seen if number != invoice.number)
    return matching.renumbered(frame.known, payments, others) if invoice.payments else None


# ---- QuickBooks has it


def _voided_on_both_sides(frame: Frame, case: _Case, document: SalesDocument, rule: str) -> Part:
    """Nothing to do; what the posting log does not know yet, of the invoice and of its void, is noted there."""
    void = void_identity(frame, case.invoice)
    adoptions = []
    if not case.who.stands:
        adoptions.append(_adopted(case.invoice, case.who, document, rule))
    if not void.stands:
        label = f"Void {document.number} · {case.invoice.team}"
        adoptions.append(replace(_adopted(case.invoice, void, document, rule), kind=Kind.VOID, label=label))
    unchanged = (case.who.key,) if case.who.stands else ()
    return Part(adoptions=tuple(adoptions), unchanged=unchanged, facts=(state(document),) if adoptions else ())


def _standing(case: _Case, found: Match) -> Planned:
    drift = _drift(case, found)
    if drift is not None:
        return Planned(hold(drift))
    document = found.record
    posting = Posting(
        invoice=case.invoice,
        payer=case.payer,
        who=case.who,
        document_id=found.qbo_id,
        customer_id=document.customer_id if document else case.payer.customer_id,
        document=document,
        lines=case.lines,
        total=case.whole,
    )
    if case.who.stands:
        return Planned(Part(unchanged=(case.who.key,)), posting)
    assert document is not None  # only the posting log knows documents that were not read
    adoption = _adopted(case.invoice, case.who, document, found.rule)
    return Planned(Part(adoptions=(adoption,), facts=(state(document),)), posting)


def _adopted(invoice: Invoice, who: Identity, document: SalesDocument, rule: str) -> Adoption:
    return Adoption(
        key=who.key,
        kind=Kind.INVOICE,
        entity=str(document.kind),
        qbo_id=document.id,
        number=document.number,
        amount=document.total if document.kind is DocumentKind.INVOICE else -document.total,
        rule=rule,
        label=f"Invoice {invoice.number} · {invoice.team}",
        coworks_id=who.coworks_id,
    )


def _drift(case: _Case, found: Match) -> Problem | None:
    document = found.record
    if document is None:
        return None if found.outside else invoice_problems.gone(case.invoice, found.qbo_id)
    if document.voided:
        return invoice_problems.voided_there(case.invoice, document, logged=case.who.stands)
    if document.total != abs(case.whole):
        return invoice_problems.total_differs(case.invoice, document, abs(case.whole))
    return None


# ---- QuickBooks does not have it


def _stopped(frame: Frame, case: _Case, found: Ambiguous | None, never: Problem | None) -> Problem | None:
    """The first reason why the invoice is not created, if there is one."""
    return next(_reasons(frame, case, found, never), None)


def _reasons(frame: Frame, case: _Case, found: Ambiguous | None, never: Problem | None) -> Iterator[Problem]:
    invoice = case.invoice
    if never is not None and found is None:
        yield never
    if case.payer.unclear:
        yield question(invoice, case.payer)
    if found is not None:
        yield invoice_problems.already_there(invoice, found)
    yield from _wrong_time(frame, invoice)
    if invoice.currency.strip().upper() != frame.books.preferences.home_currency.upper():
        yield invoice_problems.foreign(frame, invoice)
    summed = total(line.amount for line in invoice.lines) if invoice.lines is not case.lines else case.whole
    if summed != invoice.total:
        yield invoice_problems.does_not_sum(invoice)
    if not case.whole and not frame.settings.policy.post_zero_invoices:
        yield invoice_problems.zero(invoice)
    if case.whole < ZERO and frame.books.preferences.auto_apply_credit:
        yield invoice_problems.auto_applied(invoice)


def _wrong_time(frame: Frame, invoice: Invoice) -> Iterator[Problem]:
    """An older invoice that no report before had is posted only if the company has said from when on (go-live)."""
    if frame.is_before_go_live(invoice.invoice_date):
        yield invoice_problems.before_go_live(frame, invoice)
    if frame.is_closed(invoice.invoice_date):
        yield invoice_problems.closed(frame, invoice)
    unheard_of = invoice.number not in frame.earlier and frame.settings.policy.go_live is None
    if invoice.invoice_date < frame.first and unheard_of:
        yield invoice_problems.before_period(frame, invoice)


def _create(bench: Bench, case: _Case) -> Planned:
    location = bench.prices.location(case.invoice)
    if isinstance(location, Problem):
        return Planned(hold(location))
    built = build(case.invoice, case.lines, bench.prices, bench.frame)
    if isinstance(built, Problem):
        return Planned(hold(built))
    number = _number(bench, case, built)
    if isinstance(number, Problem):
        where = f"Invoice {case.invoice.number} ({case.invoice.source})"
        return Planned(hold(replace(number, where=where, key=case.invoice.number)))
    document = _document(case, built, location, bench.taken.take(number))
    posting = Posting(
        invoice=case.invoice,
        payer=case.payer,
        who=case.who,
        document_id=pending(case.who.key),
        customer_id=case.payer.customer_id,
        document=document,
        lines=case.lines,
        total=case.whole,
    )
    facts = (_holders(bench.frame, case.invoice),)
    return Planned(Part(operations=(_operation(case, document),), facts=facts), posting)


def _number(bench: Bench, case: _Case, built: Built) -> str | Problem:
    if _sum(built) < ZERO:
        return numbering.counted_number(case.invoice.number, "CM", bench.taken)
    return numbering.free_number(case.invoice.number, bench.taken, bench.frame.settings.policy.number_suffix)


def _sum(built: Built) -> Money:
    return total(line.amount for line in built.lines) + built.total_tax


def _document(case: _Case, built: Built, location: str, number: str) -> SalesDocument:
    whole = _sum(built)
    is_credit = whole < ZERO
    return SalesDocument(
        kind=DocumentKind.CREDIT_MEMO if is_credit else DocumentKind.INVOICE,
        number=number,
        customer_id=case.payer.customer_id,
        txn_date=case.invoice.invoice_date,
        total=abs(whole),
        lines=tuple(_turned(line) for line in built.lines) if is_credit else built.lines,
        due_date=None if is_credit else case.invoice.due_date,
        balance=abs(whole),
        location_id=location,
        class_id=built.class_id,
        bill_email=bill_email(case.invoice),
        private_note=counterparts.stamp(case.invoice.number, case.who.key),
        total_tax=-built.total_tax if is_credit else built.total_tax,
    )


def _turned(line: SalesLine) -> SalesLine:
    """The line with the other sign: what an invoice takes, a credit memo gives."""
    quantity = -line.quantity if line.quantity is not None else None
    return replace(line, amount=-line.amount, quantity=quantity)


def bill_email(invoice: Invoice) -> str:
    """Where QuickBooks sends the invoice and its reminders: as many of the addresses as fit, "" if none is valid."""
    kept: tuple[str, ...] = ()
    for email in emails_of(invoice.email):
        if len(", ".join((*kept, email))) <= _LONGEST_EMAIL:
            kept = (*kept, email)
    return ", ".join(kept)


def _operation(case: _Case, document: SalesDocument) -> Operation:
    is_credit = document.kind is DocumentKind.CREDIT_MEMO
    customer = case.payer.operation
    return Operation(
        key=case.who.key,
        kind=Kind.INVOICE,
        action=Action.CREATE,
        entity=str(document.kind),
        record=document,
        label=f"Invoice {case.invoice.number} · {case.invoice.team}",
        reason=_reason(case, document),
        amount=-document.total if is_credit else document.total,
        needs=(customer.key,) if customer else (),
        coworks_id=case.who.coworks_id,
        generation=case.who.generation,
    )


def _reason(case: _Case, document: SalesDocument) -> str:
    said = f"Not in QuickBooks yet; customer by {case.payer.rule}."
    if document.kind is DocumentKind.CREDIT_MEMO:
        return f"{said} Its total is negative, so it is a credit memo."
    if document.number == case.invoice.number:
        return said
    holder = "the invoice that was undone" if case.who.generation > 1 else "another document there"
    return f"{said} The number {case.invoice.number} is held by {holder}, so it becomes {document.number}."


def _holders(frame: Frame, invoice: Invoice) -> Fact:
    """Who else holds the number, without what we created ourselves."""
    held = frame.known.by_number.get(numbering.base(invoice.number))
    if not held:
        return Fact(of=f"number {invoice.number}", value="free")
    foreign = sorted(f"{one.kind} #{one.id} {one.number}" for one in held if not matching.is_own_work(frame.known, one))
    return Fact(of=f"number {invoice.number}", value=", ".join(foreign) or "free")
