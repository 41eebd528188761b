"""What a later month knows of an earlier one: invoices that we have voided in QuickBooks since.

QuickBooks zeroes a void at the invoice's own date, so whoever looks back at an earlier month finds it changed. The
month's own export still lists the invoice as it stood then; here it learns of the void.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from toolkit.counterparts import invoice_id
from toolkit.model import Billing, Invoice, InvoiceStatus
from toolkit.plan import Done, Kind, Standing


def voided_by_us(done: Done) -> frozenset[str]:
    """Coworks ids of the invoices whose void stands in QuickBooks: posted by us, or found there and adopted."""
    return frozenset(
        one.coworks_id.removesuffix("/void")
        for one in done.values()
        if one.kind is Kind.VOID and one.standing in (Standing.DONE, Standing.ADOPTED)
    )


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
