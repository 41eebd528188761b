"""Why a payment is held, in words a person can act on."""

from __future__ import annotations

from toolkit import matching
from toolkit.books import ReceivedPayment
from toolkit.frame import Frame, problem
from toolkit.invoice_problems import again
from toolkit.matching import Ambiguous
from toolkit.model import BillingPayment, Invoice
from toolkit.money import Money, show
from toolkit.postings import Posting
from toolkit.problems import Problem


def already_paid(frame: Frame, posting: Posting, payment: BillingPayment, still_open: Money) -> Problem:
    """Something else has settled the invoice in QuickBooks."""
    others = matching.foreign_payments(frame.known, posting.document_id)
    return problem(
        posting.invoice,
        "would-overpay",
        f"Coworks has a payment of {show(payment.amount)}, but only {show(still_open)} is open in QuickBooks.",
        "Something else has paid or credited it there; a second payment would overpay it.",
        "Find what settled it in QuickBooks; remove that, or leave it and mark this payment as entered by hand.",
        candidates=tuple(f"Payment of {one.txn_date} over {show(one.total)} (#{one.id})" for one in others),
    )


def would_wander(invoice: Invoice, payment: BillingPayment) -> Problem:
    """The rest of an overpayment would settle what nobody chose."""
    return problem(
        invoice,
        "automatic-payments",
        f"A payment of {show(payment.amount)} is more than the invoice, and QuickBooks applies payments by itself.",
        "The rest would settle another invoice that nobody chose.",
        "Switch it off in QuickBooks: Account and settings > Advanced > Automation > Automatically apply payments.",
    )


def from_balance(invoice: Invoice, amount: Money) -> Problem:
    """No money moved: the team used its credit."""
    return problem(
        invoice,
        "paid-from-balance",
        f"{show(amount)} was paid from the team's account balance.",
        "No money moved; in QuickBooks the customer's open credit has to be used, and which one is a choice.",
        "In QuickBooks, open Receive payment for the customer and apply the credit to this invoice.",
    )


def short(invoice: Invoice, still_open: Money) -> Problem:
    """Coworks calls it paid, and its payments do not make the total."""
    return problem(
        invoice,
        "paid-short",
        f"Coworks calls it paid, but its payments leave {show(still_open)} of it open in QuickBooks.",
        "Coworks has no part payments: a payment, a credit or a discount is missing, and A/R would show a debt.",
        "Look the invoice up in Coworks: export the report again, or enter the missing credit in Coworks.",
    )


def gone(invoice: Invoice, payment: BillingPayment, qbo_id: str) -> Problem:
    """The posting log has the payment, QuickBooks no longer."""
    return problem(
        invoice,
        "payment-deleted-in-quickbooks",
        f"Its payment of {show(payment.amount)} was posted as #{qbo_id}, which QuickBooks no longer has.",
        "Without it the invoice stands open though it is paid, unless another payment was put in its place; "
        "posting it again could double that one.",
        f"Find out who deleted it. If it shall be posted again: coworks-qbo release {invoice.number}",
    )


def voided_there(invoice: Invoice, payment: BillingPayment, record: ReceivedPayment, *, logged: bool = True) -> Problem:
    """Voided in QuickBooks, alive in Coworks. Only what is `logged` can be released."""
    anew = f"delete the voided one (#{record.id}) in QuickBooks; the next plan posts it anew."
    return problem(
        invoice,
        "payment-voided-in-quickbooks",
        f"Its payment of {show(payment.amount)} (#{record.id}) is voided in QuickBooks and stands in Coworks.",
        "Without it the invoice stands open though it is paid, unless another payment was put in its place.",
        "Find out who voided it. If it shall be posted again: "
        + (f"coworks-qbo release {invoice.number}" if logged else anew),
    )


def changed_there(invoice: Invoice, payment: BillingPayment, record: ReceivedPayment) -> Problem:
    """Coworks and QuickBooks disagree on the amount."""
    return problem(
        invoice,
        "payment-changed-in-quickbooks",
        f"Its payment of {show(payment.amount)} is one of {show(record.total)} in QuickBooks (#{record.id}).",
        "The invoice and the bank deposit would be right for one of them only.",
        "Find out which is right and correct the other one.",
    )


def negative(invoice: Invoice, payment: BillingPayment) -> Problem:
    """A payment below zero is a refund."""
    return problem(
        invoice,
        "negative-payment",
        f"A payment of {show(payment.amount)} is negative.",
        "Money given back is a refund, not a payment.",
        "Enter it as a refund in Coworks, or correct the report.",
    )


def before_go_live(invoice: Invoice, payment: BillingPayment) -> Problem:
    """A payment of the old books."""
    return problem(
        invoice,
        "payment-before-go-live",
        f"A payment of {show(payment.amount)} is dated {payment.paid_on}, before go-live.",
        "It is in the old books; it is never posted.",
        "There is nothing to do if the opening balance has it.",
        note=True,
    )


def closed(frame: Frame, invoice: Invoice, payment: BillingPayment) -> Problem:
    """A payment dated on a closed day."""
    return problem(
        invoice,
        "closed-period",
        f"A payment of {show(payment.amount)} is dated {payment.paid_on}; the books are closed through "
        f"{frame.closed_through}.",
        "Reported figures would change; QuickBooks refuses it where the books are closed.",
        "Open the period, or enter the payment by hand in the open period.",
    )


def undone(invoice: Invoice, payment: BillingPayment, run: str = "") -> Problem:
    """A person took the payment back, with that run."""
    return problem(
        invoice,
        "undone",
        f"Its payment of {show(payment.amount)} was posted, and then undone by a person.",
        "What a person took back is not posted again on its own.",
        again(invoice, run),
    )


def unclear(invoice: Invoice, payment: BillingPayment, found: Ambiguous) -> Problem:
    """The payment may be in QuickBooks already."""
    return problem(
        invoice,
        found.code,
        f"Its payment of {show(payment.amount)} may be in QuickBooks already. {found.why}",
        "Posting it again would pay the invoice twice.",
        "Correct the date in QuickBooks of the one that it is, or remove what is there twice.",
        candidates=tuple(f"#{one.id} of {one.txn_date} over {show(one.total)}" for one in found.candidates),
    )


def over(posting: Posting, payment: BillingPayment, settled: Money) -> tuple[Problem, ...]:
    """The note that a payment is more than is open; nothing if it is not."""
    if settled == payment.amount:
        return ()
    rest = payment.amount - settled
    note = problem(
        posting.invoice,
        "overpaid",
        f"A payment of {show(payment.amount)} is {show(rest)} more than is open.",
        "The rest stays with the customer as an unapplied payment.",
        "Give it back, or let the next invoice use it.",
        note=True,
    )
    return (note,)
