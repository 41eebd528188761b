"""Every invoice of the report: adopted, unchanged, created, or held with the reason; never twice, never guessed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from toolkit import counterparts, matching, numbering
from toolkit.books import PENDING, DocumentKind, SalesDocument, SalesLine
from toolkit.frame import Frame, Part, hold, problem
from toolkit.matching import Ambiguous, Identity, Match, Wanted
from toolkit.model import BillingLine, Invoice, InvoiceStatus, LineKind
from toolkit.money import ZERO, Money, show, total
from toolkit.numbering import Taken
from toolkit.plan import Action, Adoption, Fact, Kind, Operation, pending
from toolkit.planned_customers import Payer, question
from toolkit.planned_lines import Built, Prices, build, inherited
from toolkit.problems import Problem
from toolkit.teams import emails_of

_LONGEST_EMAIL = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Posting:
    """An invoice with its QuickBooks document, standing or planned: what payments, credits and voids hang on.

    `document_id` is an id or `key:…`; `document` is None only for one dated before the books that were read. `lines`
    are the billing lines that the document holds (without credit notes).
    """

    invoice: Invoice
    payer: Payer
    who: Identity
    document_id: str
    customer_id: str
    document: SalesDocument | None
    lines: tuple[BillingLine, ...]

    @property
    def is_new(self) -> bool:
        """Whether this plan creates the document."""
        return self.document_id.startswith(PENDING)

    @property
    def total(self) -> Money:
        """The document's total before credit notes, as Coworks has it."""
        return total(line.amount for line in self.lines)

    @property
    def open_balance(self) -> Money:
        """What is open on the document before this plan's payments and credits."""
        if self.document is None or self.is_new:
            return self.total
        return self.document.balance

    @property
    def needs(self) -> tuple[str, ...]:
        """The operation that creates the document, if this plan does."""
        return (self.who.key,) if self.is_new else ()


@dataclass(frozen=True, slots=True)
class Planned:
    """What an invoice adds to the plan, and its posting if something may hang on it."""

    part: Part
    posting: Posting | None = None


def effective(frame: Frame, invoice: Invoice) -> Invoice:
    """The invoice as it is posted: a split child with what it takes from its parent (a child's child from its own)."""
    if not invoice.split_from:
        return invoice
    parent = frame.seen.get(invoice.split_from)
    depth = 0
    chain = [invoice]
    while parent is not None and depth < len(frame.seen) and parent.number not in {one.number for one in chain}:
        chain.append(parent)
        parent = frame.seen.get(parent.split_from) if parent.split_from else None
        depth += 1
    taken = chain.pop()
    while chain:
        taken = inherited(chain.pop(), taken)
    return taken


def billed_lines(invoice: Invoice) -> tuple[BillingLine, ...]:
    """The lines that the invoice itself holds: credit notes are documents of their own."""
    return tuple(line for line in invoice.lines if line.kind is not LineKind.CREDIT_NOTE)


def identity_of(frame: Frame, invoice: Invoice) -> Identity:
    """The identity of the invoice's document."""
    return matching.identity(frame.known, Kind.INVOICE, counterparts.invoice_id(invoice))


def wanted_document(invoice: Invoice, customer_id: str, whole: Money) -> Wanted:
    """What to look for in QuickBooks: an invoice, or a credit memo for a negative total."""
    return Wanted(
        kind=DocumentKind.INVOICE if whole >= ZERO else DocumentKind.CREDIT_MEMO,
        number=invoice.number,
        customer_id=customer_id,
        total=abs(whole),
        txn_date=invoice.invoice_date,
        due_date=invoice.due_date,
    )


def plan_invoice(
    frame: Frame, invoice: Invoice, payer: Payer, prices: Prices, taken: Taken, never: Problem | None = None
) -> Planned:
    """One invoice's part of the plan; `never` says why it is not posted if QuickBooks does not have it.

    `taken` is mutated: the number that it gets is held from then on.
    """
    who = identity_of(frame, invoice)
    if who.undone:
        return Planned(hold(never or _undone(invoice)))
    lines = billed_lines(invoice)
    whole = total(line.amount for line in lines)
    found = matching.find_document(frame.known, who, wanted_document(invoice, payer.known_id, whole))
    if isinstance(found, Match):
        return _standing(invoice, payer, who, found, lines, reversed_there=never is not None)
    if never is not None and found is None:
        return Planned(hold(never))
    if payer.unclear:
        return Planned(hold(question(invoice, payer)))
    if isinstance(found, Ambiguous):
        return Planned(hold(already_there(invoice, found)))
    stopped = _not_now(frame, invoice, whole)
    if stopped is not None:
        return Planned(hold(stopped))
    return _create(frame, invoice, payer, who, lines, prices, taken)


def _standing(
    invoice: Invoice, payer: Payer, who: Identity, found: Match, lines: tuple[BillingLine, ...], reversed_there: bool
) -> Planned:
    if reversed_there and found.record is not None and found.record.voided:
        return Planned(Part(unchanged=(who.key,) if who.stands else ()))
    drift = _drift(invoice, found, lines)
    if drift is not None:
        return Planned(hold(drift))
    document = found.record
    posting = Posting(
        invoice=invoice,
        payer=payer,
        who=who,
        document_id=found.qbo_id,
        customer_id=document.customer_id if document else payer.customer_id,
        document=document,
        lines=lines,
    )
    if who.stands:
        return Planned(Part(unchanged=(who.key,)), posting)
    assert document is not None  # only the posting log knows documents that were not read
    return Planned(Part(adoptions=(_adopted(invoice, who, document, found.rule),), facts=(state(document),)), posting)


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


def state(document: SalesDocument) -> Fact:
    """What the plan relies on of a document that it found: never its balance, which our own payments move."""
    voided = ", voided" if document.voided else ""
    said = f"{document.number} {document.total} {document.txn_date} customer #{document.customer_id}{voided}"
    return Fact(of=f"{document.kind} #{document.id}", value=said)


def _drift(invoice: Invoice, found: Match, lines: tuple[BillingLine, ...]) -> Problem | None:
    document = found.record
    if document is None:
        return None if found.outside else _gone(invoice, found.qbo_id)
    if document.voided:
        return _voided_there(invoice, document)
    whole = abs(total(line.amount for line in lines))
    return _total_differs(invoice, document, whole) if document.total != whole else None


def _gone(invoice: Invoice, qbo_id: str) -> Problem:
    return problem(
        invoice,
        "deleted-in-quickbooks",
        f"It was posted as #{qbo_id}, which QuickBooks no longer has.",
        "Posting it again could double it, and its payments have nothing to stand on.",
        "Find out who deleted it; then release its key, and the next plan posts it again.",
    )


def _voided_there(invoice: Invoice, document: SalesDocument) -> Problem:
    return problem(
        invoice,
        "voided-in-quickbooks",
        f"It stands in Coworks, but {document.number} (#{document.id}) is voided in QuickBooks.",
        "Coworks expects this money and QuickBooks does not; a void cannot be taken back.",
        "Void it in Coworks too (or in voids.csv), or release its key: the next plan posts it under a new number.",
    )


def _total_differs(invoice: Invoice, document: SalesDocument, whole: Money) -> Problem:
    return problem(
        invoice,
        "changed-since-posted",
        f"Coworks says {show(whole)}, QuickBooks says {show(document.total)} on {document.number} (#{document.id}).",
        "Payments, refunds and the month's totals would be right for one of them only.",
        "Find out which is right and correct the other one.",
    )


def _undone(invoice: Invoice) -> Problem:
    return problem(
        invoice,
        "undone",
        "It was posted, and then undone by a person.",
        "What a person took back is not posted again on its own.",
        "Release its key if it shall be posted again.",
    )


def already_there(invoice: Invoice, found: Ambiguous) -> Problem:
    """The question whether a document in QuickBooks is this invoice."""
    return problem(
        invoice,
        found.code,
        f"{found.why} It may be this invoice.",
        "Posting it again would count the revenue twice; taking another invoice for it would lose it.",
        "If it is this one, make number, customer, total and date in QuickBooks the same; if not, renumber it there.",
        candidates=tuple(_described(one) for one in found.candidates if isinstance(one, SalesDocument)),
    )


def _described(document: SalesDocument) -> str:
    said = f"{document.kind} {document.number} of {document.txn_date} over {show(document.total)}"
    return f"{said}, customer #{document.customer_id} (#{document.id})"


def _not_now(frame: Frame, invoice: Invoice, whole: Money) -> Problem | None:
    """Why an invoice that QuickBooks does not have is not posted, if it is not."""
    if frame.is_before_go_live(invoice.invoice_date):
        return _before_go_live(frame, invoice)
    if frame.is_closed(invoice.invoice_date):
        return _closed(frame, invoice)
    never_handled = invoice.number not in frame.earlier and frame.settings.policy.go_live is None
    if invoice.invoice_date < frame.first and never_handled:
        return _before_period(frame, invoice)
    if invoice.currency.strip().upper() != frame.books.preferences.home_currency.upper():
        return _foreign(frame, invoice)
    if total(line.amount for line in invoice.lines) != invoice.total:
        return _does_not_sum(invoice)
    if not whole and not frame.settings.policy.post_zero_invoices:
        return _zero(invoice)
    if whole < ZERO and frame.books.preferences.auto_apply_credit:
        return auto_applied(invoice)
    return None


def _before_go_live(frame: Frame, invoice: Invoice) -> Problem:
    later = any(not frame.is_before_go_live(one.paid_on) for one in invoice.payments)
    return problem(
        invoice,
        "before-go-live",
        f"It is dated {invoice.invoice_date}, before go-live, and QuickBooks has no such invoice.",
        "What lies before go-live is in the opening balance; posting it would count it twice.",
        "Apply its payment by hand to the opening balance." if later else "Nothing: it belongs to the old books.",
        note=not later,
    )


def _closed(frame: Frame, invoice: Invoice) -> Problem:
    return problem(
        invoice,
        "closed-period",
        f"It is dated {invoice.invoice_date}; the books are closed through {frame.closed_through}.",
        "Reported figures would change; QuickBooks refuses it where the books are closed.",
        "Open the period, or enter it by hand in the open period with a memo of its date.",
    )


def _before_period(frame: Frame, invoice: Invoice) -> Problem:
    return problem(
        invoice,
        "before-period",
        f"It is dated {invoice.invoice_date}, before {frame.period}; neither QuickBooks nor an earlier report has it.",
        "It may be in an opening balance or under another number; posting it could count it twice.",
        "Add that month's report to the inbox, or set policy.go_live in company.toml to the first day to be posted.",
    )


def _foreign(frame: Frame, invoice: Invoice) -> Problem:
    home = frame.books.preferences.home_currency
    return problem(
        invoice,
        "foreign-currency",
        f"It is in {invoice.currency.upper()}; the books are in {home}.",
        "An exchange rate would have to be guessed.",
        "Enter it in QuickBooks by hand.",
    )


def _does_not_sum(invoice: Invoice) -> Problem:
    summed = total(line.amount for line in invoice.lines)
    return problem(
        invoice,
        "lines-do-not-sum",
        f"Its lines sum to {show(summed)}, its total is {show(invoice.total)}.",
        "QuickBooks computes the total from the lines, so it would not be Coworks' total.",
        "Export the report again; if it stays, correct the invoice in Coworks.",
    )


def _zero(invoice: Invoice) -> Problem:
    return problem(
        invoice,
        "zero-invoice",
        "It is over 0.00.",
        "The company does not post invoices of 0.00 (policy.post_zero_invoices).",
        "Nothing.",
        note=True,
    )


def auto_applied(invoice: Invoice) -> Problem:
    """The Problem of a credit while QuickBooks applies credits by itself."""
    return problem(
        invoice,
        "automatic-credits",
        "It carries a credit, and QuickBooks is set to apply credits by itself.",
        "QuickBooks would put the credit on the oldest open invoice, not on the one it is for.",
        "Switch it off in QuickBooks: Account and settings > Advanced > Automation > Automatically apply credits.",
    )


def _create(
    frame: Frame,
    invoice: Invoice,
    payer: Payer,
    who: Identity,
    lines: tuple[BillingLine, ...],
    prices: Prices,
    taken: Taken,
) -> Planned:
    location = prices.location(invoice)
    if isinstance(location, Problem):
        return Planned(hold(location))
    built = build(invoice, lines, prices, frame)
    if isinstance(built, Problem):
        return Planned(hold(built))
    number = _number(frame, invoice, built, taken)
    if isinstance(number, Problem):
        return Planned(hold(replace(number, where=f"Invoice {invoice.number} ({invoice.source})", key=invoice.number)))
    document = _document(invoice, payer, who, built, location, taken.take(number))
    operation = _operation(invoice, payer, who, document)
    posting = Posting(
        invoice=invoice,
        payer=payer,
        who=who,
        document_id=pending(who.key),
        customer_id=payer.customer_id,
        document=document,
        lines=lines,
    )
    return Planned(Part(operations=(operation,), facts=(_holders(frame, invoice),)), posting)


def _number(frame: Frame, invoice: Invoice, built: Built, taken: Taken) -> str | Problem:
    if total(line.amount for line in built.lines) + built.total_tax < ZERO:
        return numbering.counted_number(invoice.number, "CM", taken)
    return numbering.free_number(invoice.number, taken, frame.settings.policy.number_suffix)


def _document(invoice: Invoice, payer: Payer, who: Identity, built: Built, location: str, number: str) -> SalesDocument:
    whole = total(line.amount for line in built.lines) + built.total_tax
    is_credit = whole < ZERO
    return SalesDocument(
        kind=DocumentKind.CREDIT_MEMO if is_credit else DocumentKind.INVOICE,
        number=number,
        customer_id=payer.customer_id,
        txn_date=invoice.invoice_date,
        total=abs(whole),
        lines=tuple(turned(line) for line in built.lines) if is_credit else built.lines,
        due_date=None if is_credit else invoice.due_date,
        balance=abs(whole),
        location_id=location,
        class_id=built.class_id,
        bill_email=bill_email(invoice),
        private_note=counterparts.stamp(invoice.number, who.key),
        total_tax=-built.total_tax if is_credit else built.total_tax,
    )


def turned(line: SalesLine) -> SalesLine:
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


def _operation(invoice: Invoice, payer: Payer, who: Identity, document: SalesDocument) -> Operation:
    is_credit = document.kind is DocumentKind.CREDIT_MEMO
    renumbered = not is_credit and document.number != invoice.number
    reason = f"Not in QuickBooks yet; customer by {payer.rule}."
    if renumbered:
        reason += f" The number {invoice.number} is held by another document there, so it becomes {document.number}."
    if is_credit:
        reason += " Its total is negative, so it is a credit memo."
    return Operation(
        key=who.key,
        kind=Kind.INVOICE,
        action=Action.CREATE,
        entity=str(document.kind),
        record=document,
        label=f"Invoice {invoice.number} · {invoice.team}",
        reason=reason,
        amount=-document.total if is_credit else document.total,
        needs=(payer.operation.key,) if payer.operation else (),
        coworks_id=who.coworks_id,
        generation=who.generation,
    )


def _holders(frame: Frame, invoice: Invoice) -> Fact:
    """Who else holds the number, without what our posting log or our stamp calls ours."""
    held = frame.known.by_number.get(numbering.base(invoice.number), ())
    foreign = sorted(
        f"{one.kind} #{one.id} {one.number}"
        for one in held
        if (str(one.kind), one.id) not in frame.known.logged and not counterparts.stamped(one.private_note)
    )
    return Fact(of=f"number {invoice.number}", value=", ".join(foreign) or "free")


def never_posted(invoice: Invoice, children: Mapping[str, tuple[Invoice, ...]]) -> Problem | None:
    """Why an invoice that QuickBooks does not have is never posted: it is not one (yet), or no longer; None if it is.

    A voided invoice that was paid is posted all the same: its payment and its refund went through the bank.
    """
    if invoice.status is InvoiceStatus.SCHEDULED:
        return _never(invoice, "scheduled", "It is only scheduled in Coworks.", "It is posted once Coworks issues it.")
    if is_split_parent(invoice, children):
        return _never(
            invoice, "split-parent", "It was split.", "Its parts are posted instead, so that nothing counts twice."
        )
    if is_voided(invoice) and not invoice.payments:
        return _never(
            invoice, "voided-before-posting", "It was voided before it was posted.", "There is nothing to void."
        )
    return None


def is_voided(invoice: Invoice) -> bool:
    """Whether Coworks (or voids.csv) says it is voided."""
    return invoice.status is InvoiceStatus.VOIDED or invoice.voided_on is not None


def is_split_parent(invoice: Invoice, children: Mapping[str, tuple[Invoice, ...]]) -> bool:
    """Whether parts of it stand in its place."""
    return invoice.status is InvoiceStatus.SPLIT or invoice.number in children


def children_of(invoices: Iterable[Invoice]) -> dict[str, tuple[Invoice, ...]]:
    """The parts of every split invoice by its number, in date and number order."""
    found: dict[str, list[Invoice]] = {}
    for invoice in sorted(invoices, key=lambda one: (one.invoice_date, one.number)):
        if invoice.split_from:
            found.setdefault(invoice.split_from, []).append(invoice)
    return {number: tuple(parts) for number, parts in found.items()}


def _never(invoice: Invoice, code: str, what: str, why: str) -> Problem:
    return problem(invoice, code, what, why, "Nothing.", note=True)
