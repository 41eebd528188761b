"""Why an invoice is held, in words a person can act on."""

from __future__ import annotations

from toolkit.books import SalesDocument
from toolkit.frame import Frame, problem
from toolkit.matching import RENUMBERED, Ambiguous
from toolkit.model import Invoice
from toolkit.money import Money, show, total
from toolkit.problems import Problem


def undone(invoice: Invoice, run: str = "") -> Problem:
    """A person took the invoice back, with that run."""
    return problem(
        invoice,
        "undone",
        "It was posted, and then undone by a person.",
        "What a person took back is not posted again on its own.",
        again(invoice, run),
    )


def again(invoice: Invoice, run: str = "") -> str:
    """How what was taken back is posted again: this invoice, or all that went with that run."""
    whole = f" (or release {run} for all that was undone with it)" if run else ""
    return f"If it shall be posted again: coworks-qbo release {invoice.number}{whole}"


def gone(invoice: Invoice, qbo_id: str) -> Problem:
    """The posting log has it, QuickBooks no longer."""
    return problem(
        invoice,
        "deleted-in-quickbooks",
        f"It was posted as #{qbo_id}, which QuickBooks no longer has.",
        "Posting it again could double it, and its payments have nothing to stand on.",
        f"Find out who deleted it; after coworks-qbo release {invoice.number} the next plan posts it again.",
    )


def voided_there(invoice: Invoice, document: SalesDocument, *, logged: bool = True) -> Problem:
    """Voided in QuickBooks, alive in Coworks. Only what is `logged` can be released."""
    return problem(
        invoice,
        "voided-in-quickbooks",
        f"It stands in Coworks, but {document.number} (#{document.id}) is voided in QuickBooks.",
        "Coworks expects this money and QuickBooks does not; a void cannot be taken back.",
        "Void it in Coworks too (or in voids.csv). If it shall be posted again, "
        + (
            f"under a new number: coworks-qbo release {invoice.number}"
            if logged
            else f"delete the voided one (#{document.id}) in QuickBooks; the next plan posts it anew."
        ),
    )


def total_differs(invoice: Invoice, document: SalesDocument, whole: Money) -> Problem:
    """Coworks and QuickBooks disagree on the total."""
    return problem(
        invoice,
        "changed-since-posted",
        f"Coworks says {show(whole)}, QuickBooks says {show(document.total)} on {document.number} (#{document.id}).",
        "Payments, refunds and the month's totals would be right for one of them only.",
        "Find out which is right and correct the other one.",
    )


def before_go_live(frame: Frame, invoice: Invoice) -> Problem:
    """An invoice of the old books; a note, unless a later payment needs it."""
    later = any(not frame.is_before_go_live(one.paid_on) for one in invoice.payments)
    return problem(
        invoice,
        "before-go-live",
        f"It is dated {invoice.invoice_date}, before go-live, and QuickBooks has no such invoice.",
        "What lies before go-live is in the opening balance; posting it would count it twice.",
        "Apply its payment by hand to the opening balance."
        if later
        else "There is nothing to do: it belongs to the old books.",
        note=not later,
    )


def closed(frame: Frame, invoice: Invoice) -> Problem:
    """Dated on a closed day."""
    return problem(
        invoice,
        "closed-period",
        f"It is dated {invoice.invoice_date}; the books are closed through {frame.closed_through}.",
        "Reported figures would change; QuickBooks refuses it where the books are closed.",
        "Open the period, or enter it by hand in the open period with a memo of its date.",
    )


def before_period(frame: Frame, invoice: Invoice) -> Problem:
    """Older than the period, and unknown to every report before."""
    return problem(
        invoice,
        "before-period",
        f"It is dated {invoice.invoice_date}, before {frame.period}; neither QuickBooks nor an earlier report has it.",
        "It may be in an opening balance or under another number; posting it could count it twice.",
        "Add that month's report to the inbox, or set policy.go_live in company.toml to the first day to be posted.",
    )


def foreign(frame: Frame, invoice: Invoice) -> Problem:
    """Not in the currency of the books."""
    home = frame.books.preferences.home_currency
    return problem(
        invoice,
        "foreign-currency",
        f"It is in {invoice.currency.upper()}; the books are in {home}.",
        "An exchange rate would have to be guessed.",
        "Enter it in QuickBooks by hand.",
    )


def does_not_sum(invoice: Invoice) -> Problem:
    """Lines and total disagree."""
    summed = total(line.amount for line in invoice.lines)
    return problem(
        invoice,
        "lines-do-not-sum",
        f"Its lines sum to {show(summed)}, its total is {show(invoice.total)}.",
        "QuickBooks computes the total from the lines, so it would not be Coworks' total.",
        "Export the report again; if it stays, correct the invoice in Coworks.",
    )


def zero(invoice: Invoice) -> Problem:
    """A $0 invoice that the company does not post."""
    return problem(
        invoice,
        "zero-invoice",
        "It is over 0.00.",
        "The company does not post invoices of 0.00 (policy.post_zero_invoices).",
        "There is nothing to do.",
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


_NEAR = "If it is this one, make number, customer, total and date in QuickBooks the same; if not, renumber it there."
_PAID_THERE = (
    "If it is this one, renumbered, give it its number {} again in QuickBooks, with Coworks' total and date; "
    "if not, take the payment off it there."
)


def already_there(invoice: Invoice, found: Ambiguous) -> Problem:
    """The question whether a document in QuickBooks is this invoice."""
    return problem(
        invoice,
        found.code,
        f"{found.why} It may be this invoice.",
        "Posting it again would count the revenue twice; taking another invoice for it would lose it.",
        _PAID_THERE.format(invoice.number) if found.code == RENUMBERED else _NEAR,
        candidates=tuple(_described(one) for one in found.candidates if isinstance(one, SalesDocument)),
    )


def _described(document: SalesDocument) -> str:
    said = f"{document.kind} {document.number} of {document.txn_date} over {show(document.total)}"
    return f"{said}, customer #{document.customer_id} (#{document.id})"
