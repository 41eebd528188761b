"""Voids: an invoice that Coworks voided or split after it was posted. Nothing in a closed period is ever voided.

Intuit: a void zeroes the document at its original date, and is refused (or leaves the money behind) while payments are
applied; a payment in a bank deposit cannot be changed before that bank deposit is deleted.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from toolkit.bench import Bench
from toolkit.books import DocumentKind, SalesDocument, TxnType
from toolkit.frame import NOTHING, Frame, Part, hold, problem
from toolkit.model import Invoice
from toolkit.money import ZERO, Money, show, total
from toolkit.plan import Action, Kind, Operation
from toolkit.planned_credits import Credited, Reversal, credit, document_lines, spread, undone, void_memo_id
from toolkit.postings import Posting, identity_of, is_reversed, is_split_parent, is_voided, state, void_identity
from toolkit.problems import Problem


def plan_void(bench: Bench, posting: Posting, credited: Credited) -> Part:
    """A void where the period is open, a credit memo where it is closed, or what has to be undone first.

    Nothing if Coworks neither voided nor split it, or if credits and refunds have reversed it whole.
    """
    invoice = posting.invoice
    if not is_reversed(invoice, bench.children):
        return NOTHING
    left = posting.total - credited.total - total(refund.amount for refund in invoice.refunds)
    if left <= ZERO:
        return NOTHING
    if posting.document is None or bench.frame.is_closed(posting.document.txn_date):
        return _by_memo(bench, posting, credited, left)
    return _void(bench, posting, posting.document)


def _void(bench: Bench, posting: Posting, document: SalesDocument) -> Part:
    frame = bench.frame
    who = void_identity(frame, posting.invoice)
    if who.undone:
        return hold(undone(posting.invoice, "Its void"))
    if posting.is_new or document.balance != document.total:
        return hold(_undo_first(frame, posting))
    if document.kind is not DocumentKind.INVOICE:
        return hold(_no_void(posting.invoice, document))
    # a split invoice goes only when its parts stand
    needs = tuple(identity_of(frame, part).key for part in bench.children.get(posting.invoice.number, ()))
    operation = Operation(
        key=who.key,
        kind=Kind.VOID,
        action=Action.VOID,
        entity=str(document.kind),
        record=document,
        label=f"Void {document.number} · {posting.invoice.team}",
        reason=_why(posting.invoice, is_split_parent(posting.invoice, bench.children)),
        amount=-document.total,
        needs=needs,
        coworks_id=who.coworks_id,
        generation=who.generation,
    )
    return Part(operations=(operation,), facts=(state(document),))


def _why(invoice: Invoice, is_split: bool) -> str:
    if is_split:
        return "Split in Coworks: its parts are posted in its place."
    why = f" ({invoice.void_reason})" if invoice.void_reason else ""
    return f"Voided in Coworks on {invoice.voided_on}{why}; its date is open and nothing is applied to it."


def _by_memo(bench: Bench, posting: Posting, credited: Credited, left: Money) -> Part:
    event = posting.invoice.voided_on or _day_of_split(bench, posting.invoice)
    if event is None:
        return hold(_undated(posting.invoice))
    lines = document_lines(bench, posting)
    if isinstance(lines, Problem):
        return hold(lines)
    whole = not credited.lines and total(line.amount for line in lines) == left
    reversed_lines = tuple(replace(line, id="") for line in lines) if whole else spread(lines, left, credited.lines)
    still_open = posting.open_balance - credited.applied
    wanted = Reversal(void_memo_id(posting.invoice), bench.frame.open_day(event), reversed_lines, still_open)
    return credit(bench, posting, wanted).part


def _day_of_split(bench: Bench, invoice: Invoice) -> date | None:
    parts = bench.children.get(invoice.number, ())
    return parts[0].invoice_date if parts else None


# ---- why not


def _undo_first(frame: Frame, posting: Posting) -> Problem:
    """What a person must undo before the invoice can be voided, in order."""
    steps = list(_steps(frame, posting))
    what = "Coworks voided it" if is_voided(posting.invoice) else "Coworks split it"
    return problem(
        posting.invoice,
        "void-with-payments",
        f"{what}, but payments or credits are applied to it{' in this very plan' if posting.is_new else ''}.",
        "QuickBooks refuses to void it, or would leave the money without an invoice.",
        f"First {'; then '.join(steps)}; then plan again."
        if steps
        else "Refund the payment in Coworks, then plan again.",
        candidates=steps,
    )


def _steps(frame: Frame, posting: Posting) -> list[str]:
    standing = frame.known.standing
    steps: list[str] = []
    settling = standing.payments_of_document.get(posting.document_id, ())
    for payment in sorted(settling, key=lambda one: (one.txn_date, len(one.id), one.id)):
        steps += [
            f"delete the bank deposit of {deposit.txn_date} over {show(deposit.total)} (#{deposit.id})"
            for deposit in standing.deposits_of.get((TxnType.PAYMENT, payment.id), ())
        ]
        steps.append(
            f"take the payment of {payment.txn_date} over {show(payment.total)} (#{payment.id}) off the invoice"
        )
    return steps


def _no_void(invoice: Invoice, document: SalesDocument) -> Problem:
    return problem(
        invoice,
        "credit-memo-void",
        f"Coworks voided it, and in QuickBooks it is the credit memo {document.number} (#{document.id}).",
        "QuickBooks cannot void a credit memo, only delete it.",
        "Delete it in QuickBooks by hand.",
    )


def _undated(invoice: Invoice) -> Problem:
    return problem(
        invoice,
        "void-without-date",
        "Coworks voided it, and the report does not say when.",
        "Its period is closed, so a credit memo takes the place of the void and needs its day.",
        "Add the invoice with the day of the void to voids.csv.",
    )
