"""Voids: an invoice that Coworks voided or split after it was posted. Nothing in a closed period is ever voided.

Intuit: a void zeroes the document at its original date, and is refused (or leaves the money behind) while payments are
applied; a payment in a bank deposit cannot be changed before that bank deposit is deleted.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

from toolkit import counterparts, numbering
from toolkit.bench import Bench
from toolkit.books import DocumentKind, SalesDocument, TxnType
from toolkit.frame import NOTHING, Frame, Part, hold, problem
from toolkit.model import Invoice
from toolkit.money import ZERO, Money, show, total
from toolkit.plan import Action, Kind, Operation, Posted
from toolkit.planned_credits import (
    Credited,
    Reversal,
    credit,
    document_lines,
    find_memo,
    spread,
    undone,
    void_memo_id,
    void_memo_identity,
)
from toolkit.postings import Posting, identity_of, is_reversed, is_split_parent, is_voided, state, void_identity
from toolkit.problems import Problem


def plan_void(bench: Bench, posting: Posting, credited: Credited) -> Part:
    """A void where the period is open, a credit memo where it is closed, or what has to be undone first.

    A credit memo too where one stands already, or where only a rest is left: a void would take the whole back. Nothing
    if Coworks neither voided nor split it, if credits and refunds have reversed it whole, or if they are a question.
    """
    invoice = posting.invoice
    if not is_reversed(invoice, bench.children):
        return NOTHING
    left = posting.total - credited.total - total(refund.amount for refund in invoice.refunds)
    if left <= ZERO or credited.part.held:
        return NOTHING
    stopped = next(_reasons(bench.frame, posting, credited), None)
    if stopped is not None:
        return hold(stopped)
    document = posting.document
    if document is None or bench.frame.is_closed(document.txn_date) or _is_for_memo(bench, posting, credited, left):
        return _by_memo(bench, posting, credited, left)
    return _void(bench, posting, document)


def _is_for_memo(bench: Bench, posting: Posting, credited: Credited, left: Money) -> bool:
    """Whether a credit memo stands for it already, or the rest that is left is open: then only that is taken back."""
    who = void_memo_identity(bench.frame, posting.invoice)
    rest_is_open = left < posting.total and not posting.is_new and posting.open_balance - credited.applied >= left
    return rest_is_open or find_memo(bench.frame, posting, who, left) is not None


def _reasons(frame: Frame, posting: Posting, credited: Credited) -> Iterator[Problem]:
    """Why it is reversed neither by a void nor by a credit memo, most telling first."""
    void, memo = void_identity(frame, posting.invoice), void_memo_identity(frame, posting.invoice)
    if void.undone or memo.undone:
        yield undone(posting.invoice, *(("Its void", void) if void.undone else ("Its credit memo", memo)))
    if memo.stands and memo.posted and posting.document is not None:
        yield _memo_changed(posting.invoice, memo.posted)
    unclaimed = _unclaimed(frame, posting, credited)
    if unclaimed:
        yield _memo_unclear(posting.invoice, unclaimed)


def _unclaimed(frame: Frame, posting: Posting, credited: Credited) -> tuple[SalesDocument, ...]:
    """Live credit memos with our stamp of this invoice that are none of those that the plan knows."""
    claimed = {memo.document_id for memo in credited.memos}
    return tuple(
        one
        for one in frame.known.by_number.get(numbering.base(posting.invoice.number), ())
        if one.kind is DocumentKind.CREDIT_MEMO
        and not one.voided
        and one.id not in {*claimed, posting.document_id}
        and (counterparts.stamped(one.private_note) or ("",))[0] == posting.invoice.number
    )


def _void(bench: Bench, posting: Posting, document: SalesDocument) -> Part:
    frame = bench.frame
    who = void_identity(frame, posting.invoice)
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
    foreign = (one for one in settling if one.total or not counterparts.stamped(one.private_note))  # not our own ties
    for payment in sorted(foreign, key=lambda one: (one.txn_date, len(one.id), one.id)):
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


def _memo_changed(invoice: Invoice, memo: Posted) -> Problem:
    return problem(
        invoice,
        "changed-since-posted",
        f"Its credit memo {memo.number} (#{memo.qbo_id}), posted in the place of a void, no longer stands as it was.",
        "It was deleted or changed in QuickBooks; reversing the invoice again could take the money back twice.",
        "Find out who changed it, and enter it again as it was. If it was deleted and the invoice shall be reversed "
        f"again: coworks-qbo release {invoice.number}",
    )


def _memo_unclear(invoice: Invoice, found: tuple[SalesDocument, ...]) -> Problem:
    return problem(
        invoice,
        "already-there",
        "QuickBooks has a credit memo of it with our stamp, which neither the report nor the posting log explains.",
        "If it stands in the place of the void, reversing the invoice would take the money back twice.",
        "If it does, take our stamp out of its memo in QuickBooks: the next plan notes it. If not, delete it there.",
        candidates=(f"{one.number} of {one.txn_date} over {show(one.total)} (#{one.id})" for one in found),
    )


def _undated(invoice: Invoice) -> Problem:
    return problem(
        invoice,
        "void-without-date",
        "Coworks voided it, and the report does not say when.",
        "Its period is closed, so a credit memo takes the place of the void and needs its day.",
        "Add the invoice with the day of the void to voids.csv.",
    )
