"""A Coworks invoice as it is posted: which lines it holds, what a split takes from its parent, what is never posted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from toolkit import counterparts, matching, settlement
from toolkit.books import PENDING, SalesDocument
from toolkit.frame import Frame, problem
from toolkit.matching import Identity
from toolkit.model import BillingLine, BillingPayment, Invoice, InvoiceStatus, LineKind
from toolkit.money import Money, show, total
from toolkit.plan import Fact, Kind
from toolkit.planned_customers import Payer
from toolkit.planned_lines import inherited
from toolkit.problems import Problem


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
    total: Money
    """The document's total before credit notes, as Coworks has it."""

    @property
    def is_new(self) -> bool:
        """Whether this plan creates the document."""
        return self.document_id.startswith(PENDING)

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
    if all(line.kind is not LineKind.CREDIT_NOTE for line in invoice.lines):
        return invoice.lines
    return tuple(line for line in invoice.lines if line.kind is not LineKind.CREDIT_NOTE)


def identity_of(frame: Frame, invoice: Invoice) -> Identity:
    """The identity of the invoice's document."""
    return matching.identity(frame.known, Kind.INVOICE, counterparts.invoice_id(invoice), invoice.number)


def payment_identity(frame: Frame, payment: BillingPayment) -> Identity:
    """The identity of a payment; its stamp bears the number of the invoice that it was made on."""
    return matching.identity(frame.known, Kind.PAYMENT, settlement.payment_id(payment), payment.invoice_number)


def void_identity(frame: Frame, invoice: Invoice) -> Identity:
    """The identity of the void of an invoice in the posting log."""
    return matching.identity(frame.known, Kind.VOID, f"{counterparts.invoice_id(invoice)}/void")


def never_posted(invoice: Invoice, children: Mapping[str, tuple[Invoice, ...]]) -> Problem | None:
    """Why an invoice that QuickBooks does not have is never posted: it is not one (yet), or no longer; None if it is.

    A voided invoice that was paid is posted all the same: its payment and its refund went through the bank.
    """
    if invoice.status is InvoiceStatus.SCHEDULED:
        return _never(invoice, "scheduled", "It is only scheduled in Coworks.", "It is posted once Coworks issues it.")
    if is_split_parent(invoice, children):
        return _split(invoice, children.get(invoice.number, ()))
    if is_voided(invoice) and not invoice.payments:
        return _never(
            invoice, "voided-before-posting", "It was voided before it was posted.", "There is nothing to void."
        )
    return None


def _split(invoice: Invoice, parts: tuple[Invoice, ...]) -> Problem:
    summed = total(part.total for part in parts)
    if not parts or summed == invoice.total:
        why = "Its parts are posted instead, so that nothing counts twice."
        return _never(invoice, "split-parent", "It was split.", why)
    return problem(
        invoice,
        "split-parent",
        f"It was split; its parts come to {show(summed)}, it was over {show(invoice.total)}.",
        "Its parts are posted instead, as Coworks has them; a part that is missing would be missing revenue.",
        "Look in Coworks whether all parts are in the report; fees added to the parts explain a difference too.",
        note=True,
    )


def _never(invoice: Invoice, code: str, what: str, why: str) -> Problem:
    return problem(invoice, code, what, why, "There is nothing to do.", note=True)


def is_voided(invoice: Invoice) -> bool:
    """Whether Coworks (or voids.csv) says it is voided."""
    return invoice.status is InvoiceStatus.VOIDED or invoice.voided_on is not None


def is_reversed(invoice: Invoice, children: Mapping[str, tuple[Invoice, ...]]) -> bool:
    """Whether the invoice itself no longer counts in Coworks: voided, or split into parts."""
    return is_voided(invoice) or is_split_parent(invoice, children)


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


def state(document: SalesDocument) -> Fact:
    """What the plan relies on of a document that it found: never its balance, which our own payments move."""
    voided = ", voided" if document.voided else ""
    said = f"{document.number} {document.total} {document.txn_date} customer #{document.customer_id}{voided}"
    return Fact(of=f"{document.kind} #{document.id}", value=said)
