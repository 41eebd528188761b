"""What a later month knows of an earlier one: invoices that we have voided in QuickBooks since, and what the books know
that a lost or replaced posting log does not.

QuickBooks zeroes a void at the invoice's own date, so whoever looks back at an earlier month finds it changed. The
month's own export still lists the invoice as it stood then; here it learns of the void.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date

from toolkit.books import Books, DocumentKind, SalesDocument
from toolkit.counterparts import STANDS, generations, invoice_id, stamped
from toolkit.model import Billing, Invoice, InvoiceStatus
from toolkit.numbering import same
from toolkit.plan import Done, Kind, Standing
from toolkit.settlement import payment_id


def voided_by_us(done: Done) -> frozenset[str]:
    """Coworks ids of the invoices whose void stands in QuickBooks: posted by us, or found there and adopted."""
    return frozenset(
        one.coworks_id.removesuffix("/void")
        for one in done.values()
        if one.kind is Kind.VOID and one.standing in (Standing.DONE, Standing.ADOPTED)
    )


def is_unlogged(report: Billing, books: Books, done: Done) -> bool:
    """Whether the posting log knows no invoice of the report, and the books carry our stamp of one or of its payment:
    the log was lost or replaced since that month was posted. Linear in the report and the books.
    """
    logged = {one.coworks_id for one in done.values() if one.kind is Kind.INVOICE}
    if not report.invoices or any(invoice_id(one) in logged for one in report.invoices):
        return False
    marks = {mark for one in books.documents if (mark := stamped(one.private_note))}
    marks |= {mark for one in books.payments if (mark := stamped(one.private_note))}
    return bool(marks) and any(mark in marks for invoice in report.invoices for mark in _marks(invoice, books.realm))


def _marks(invoice: Invoice, realm: str) -> Iterable[tuple[str, str]]:
    """The stamps of an invoice and of its payments, of every generation."""
    yield from _own_marks(invoice, realm)
    for payment in invoice.payments:
        keys = generations(realm, Kind.PAYMENT, payment_id(payment))
        yield from ((payment.invoice_number, key[:4]) for key in keys)


def _own_marks(invoice: Invoice, realm: str) -> set[tuple[str, str]]:
    return {(invoice.number, key[:4]) for key in generations(realm, Kind.INVOICE, invoice_id(invoice))}


def voided_there(report: Billing, books: Books, done: Done) -> frozenset[str]:
    """Coworks ids of the report's open invoices that are void in QuickBooks: by the posting log's id, by our stamp of
    which none lives, or, where the log is silent, by a number that nobody's void has and nothing that stands; without
    those that a person took back by the posting log.
    """
    invoices = [one for one in books.documents if one.kind is DocumentKind.INVOICE]
    void = [one for one in invoices if one.voided]
    if not void:
        return frozenset()
    ours = sorted((one for one in done.values() if one.kind is Kind.INVOICE), key=lambda one: one.generation)
    standing = {one.coworks_id: one.qbo_id if one.standing in STANDS else "" for one in ours}
    ids = {one.id for one in void}
    silent = [one for one in report.invoices if one.voided_on is None and invoice_id(one) not in standing]
    logged = [one for one in report.invoices if one.voided_on is None and standing.get(invoice_id(one)) in ids]
    return frozenset(invoice_id(one) for one in (*logged, *_void_unlogged(silent, void, books)))


def _void_unlogged(invoices: Iterable[Invoice], void: Sequence[SalesDocument], books: Books) -> list[Invoice]:
    live = [one for one in books.documents if not one.voided]
    marks = {stamped(one.private_note) for one in void}
    living = {stamped(one.private_note) for one in live if one.kind is DocumentKind.INVOICE}
    numbers = {same(one.number) for one in void if stamped(one.private_note) is None}
    numbers -= {same(one.number) for one in live}

    def is_void(invoice: Invoice) -> bool:
        own = _own_marks(invoice, books.realm)
        return not own & living and (bool(own & marks) or same(invoice.number) in numbers)

    return [one for one in invoices if is_void(one)]


def with_later_voids(known: Billing, later: Sequence[Billing], ours: frozenset[str]) -> Billing:
    """`known` with the invoices marked that were voided later, in Coworks and by us; order and the rest as they were.

    The day of the void comes from a later report or from voids.csv (rows after the month are kept in `known.voids`).
    """
    if not ours:
        return known
    days = {void.invoice_number: void.voided_on for void in known.voids}
    days |= {
        invoice.number: invoice.voided_on
        for report in later
        for invoice in report.invoices
        if invoice.status is InvoiceStatus.VOIDED and invoice.voided_on
    }
    return replace(known, invoices=tuple(_seen(invoice, days, ours) for invoice in known.invoices))


def _seen(invoice: Invoice, days: dict[str, date], ours: frozenset[str]) -> Invoice:
    if invoice.voided_on or invoice.number not in days or invoice_id(invoice) not in ours:
        return invoice
    return replace(invoice, status=InvoiceStatus.VOIDED, voided_on=days[invoice.number])
