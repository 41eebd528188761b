"""Refunds: money given back. A refund receipt reverses the income; after a credit memo only the cash goes out.

Intuit: a refund receipt takes money out of an account and reverses income by itself. Income is reversed once per line.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from toolkit import chart, counterparts, invoice_problems, matching, numbering, settlement
from toolkit.bench import Bench
from toolkit.books import Account, DocumentKind, JournalEntry, JournalLine, Link, SalesDocument, TxnType
from toolkit.frame import NOTHING, Frame, Part, hold, joined, problem
from toolkit.matching import Ambiguous, Identity
from toolkit.model import Invoice, Method, Refund
from toolkit.money import ZERO, Money, share, show, total
from toolkit.plan import Action, Adoption, Fact, Kind, Operation, pending
from toolkit.planned_credits import (
    Credited,
    Memo,
    application,
    applied_before,
    document_lines,
    renumbered,
    spread,
    undone,
)
from toolkit.postings import Posting, state
from toolkit.problems import Problem

RECEIVABLE_LINE = "0"
"""The line of our cash-out entry that stands on accounts receivable."""


def plan_refunds(bench: Bench, posting: Posting, credited: Credited) -> Part:
    """A refund receipt for every refund whose income is not reversed yet, else the cash-out against the credit memo."""
    if not posting.invoice.refunds:
        return NOTHING
    left = posting.total - credited.total
    parts = []
    for refund in sorted(posting.invoice.refunds, key=lambda one: (one.refunded_on, one.occurrence, one.refund_id)):
        who = matching.identity(bench.frame.known, Kind.REFUND, settlement.refund_id(refund), posting.invoice.number)
        if who.stands:
            parts.append(Part(unchanged=(who.key,)))
        elif who.undone:
            parts.append(hold(undone(posting.invoice, "Its refund")))
        elif refund.amount <= _overpaid(posting, credited):
            parts.append(hold(_of_overpayment(posting.invoice, refund)))
            continue
        elif refund.amount > left and credited.memos:
            parts.append(_cash_out(bench.frame, posting, refund, who, credited.memos))
            continue
        else:
            parts.append(_by_receipt(bench, posting, refund, who, credited, left))
        left -= refund.amount if not _was_cash_out(who) else ZERO
    return joined(parts)


def _was_cash_out(who: Identity) -> bool:
    return who.posted is not None and who.posted.entity == "JournalEntry"


def _overpaid(posting: Posting, credited: Credited) -> Money:
    """What the customer paid beyond the invoice: giving that back takes no income away."""
    due = posting.total - credited.total
    return max(total(payment.amount for payment in posting.invoice.payments) - due, ZERO) if due > ZERO else ZERO


# ---- refund receipts


def _by_receipt(  # noqa: PLR0917 - one refund, what it is of, and what is left of that
    bench: Bench, posting: Posting, refund: Refund, who: Identity, credited: Credited, left: Money
) -> Part:
    found = renumbered(bench.frame, posting, who, DocumentKind.REFUND_RECEIPT, refund.amount)
    dated = [one for one in found if one.txn_date == refund.refunded_on] or found
    if len(dated) > 1:
        several = Ambiguous("already-there", "QuickBooks has several such refund receipts.", tuple(dated))
        return hold(invoice_problems.already_there(posting.invoice, several))
    if dated:
        return _adopted(posting, who, dated[0])
    stopped = next(_reasons(bench, posting, refund, left), None)
    return hold(stopped) if stopped is not None else _create(bench, posting, refund, who, credited)


def _adopted(posting: Posting, who: Identity, document: SalesDocument) -> Part:
    adoption = Adoption(
        key=who.key,
        kind=Kind.REFUND,
        entity="RefundReceipt",
        qbo_id=document.id,
        number=document.number,
        amount=-document.total,
        rule="stamp" if counterparts.stamped(document.private_note) else "number, customer and total",
        label=f"Refund {document.number} · {posting.invoice.team}",
        coworks_id=who.coworks_id,
    )
    return Part(adoptions=(adoption,), facts=(state(document),))


def _reasons(bench: Bench, posting: Posting, refund: Refund, left: Money) -> Iterator[Problem]:
    account = bench.where.accounts[_method(posting)]
    if bench.frame.is_before_go_live(refund.refunded_on):
        yield _of_the_old_books(posting.invoice, refund)
    if isinstance(account, Problem):
        yield _no_account(posting.invoice, account)
    if refund.amount <= ZERO or refund.amount > left:
        yield _too_large(posting, refund)


def _create(bench: Bench, posting: Posting, refund: Refund, who: Identity, credited: Credited) -> Part:
    lines = document_lines(bench, posting)
    if isinstance(lines, Problem):
        return hold(lines)
    number = numbering.counted_number(posting.invoice.number, "RF", bench.taken, refund.occurrence)
    if isinstance(number, Problem):
        return hold(number)
    account = bench.where.accounts[_method(posting)]
    assert isinstance(account, Account)  # else it was held
    tax = _tax_share(posting, refund.amount)
    of = posting.document
    record = SalesDocument(
        kind=DocumentKind.REFUND_RECEIPT,
        number=bench.taken.take(number),
        customer_id=posting.customer_id,
        txn_date=bench.frame.open_day(refund.refunded_on),
        total=refund.amount,
        lines=spread(lines, refund.amount - tax, credited.lines),
        location_id=of.location_id if of else "",
        class_id=of.class_id if of else "",
        bill_email=of.bill_email if of else "",
        private_note=counterparts.stamp(posting.invoice.number, who.key),
        deposit_account_id=account.id,
        payment_method_id=bench.where.methods[_method(posting)],
        total_tax=tax,
    )
    return Part(operations=(_operation(posting, refund, who, record, account.name),))


def _operation(posting: Posting, refund: Refund, who: Identity, record: SalesDocument, account: str) -> Operation:
    why = f" ({refund.reason})" if refund.reason else ""
    spread_over = "spread over the invoice's lines by amount" if len(record.lines) > 1 else "on the invoice's product"
    return Operation(
        key=who.key,
        kind=Kind.REFUND,
        action=Action.CREATE,
        entity="RefundReceipt",
        record=record,
        label=f"Refund {record.number} · {posting.invoice.team}",
        reason=f"Refunded in Coworks on {refund.refunded_on}{why}; {spread_over}; from {account}.",
        amount=-record.total,
        needs=posting.needs,
        coworks_id=who.coworks_id,
        generation=who.generation,
    )


def _tax_share(posting: Posting, amount: Money) -> Money:
    document = posting.document
    if document is None or not document.total_tax:
        return ZERO
    return share(amount, (document.total_tax, document.total - document.total_tax))[0]


def _method(posting: Posting) -> Method:
    """The method that the invoice was paid by, so that the refund leaves the account that the payment went to."""
    methods = {payment.method for payment in posting.invoice.payments}
    return methods.pop() if len(methods) == 1 else Method.OTHER


# ---- cash out against a credit memo


def _cash_out(frame: Frame, posting: Posting, refund: Refund, who: Identity, memos: tuple[Memo, ...]) -> Part:
    """Dr accounts receivable / Cr Undeposited Funds, linked to the memo by a zero payment: income is reversed once."""
    entries = _stamped_entries(frame, posting, who)
    if entries:
        return _cash_out_adopted(frame, posting, refund, who, entries, memos)
    memo = next((one for one in memos if one.unused >= refund.amount), None)
    if memo is None:
        return hold(_credit_used(posting.invoice, refund))
    receivable = chart.receivable(frame.books, frame.settings)
    funds = chart.undeposited_funds(frame.books, frame.settings)
    if isinstance(receivable, Problem):
        return hold(_no_account(posting.invoice, receivable))
    if isinstance(funds, Problem):
        return hold(_no_account(posting.invoice, funds))
    entry = _entry(posting, refund, who, receivable, funds, frame)
    used = _credit_use(frame, posting, refund, who, replace(entry, id=pending(who.key)), memo)
    return Part(operations=(_cash_out_operation(posting, refund, who, entry), used))


def _credit_use(  # noqa: PLR0917 - the cash that was given back, and the memo it uses
    frame: Frame, posting: Posting, refund: Refund, who: Identity, entry: JournalEntry, memo: Memo
) -> Operation:
    """The zero payment that lets the entry use the memo: a part of the refund, which comes after that entry."""
    settles = Link(txn_type=TxnType.JOURNAL_ENTRY, txn_id=entry.id, amount=refund.amount, line_id=RECEIVABLE_LINE)
    applied = application(posting, _using(frame, posting, who), entry.txn_date, settles, memo)
    return replace(applied, kind=Kind.REFUND, label=_use_label(posting))


def _using(frame: Frame, posting: Posting, who: Identity) -> Identity:
    return matching.identity(frame.known, Kind.REFUND, f"{who.coworks_id}/cash-out", posting.invoice.number)


def _use_label(posting: Posting) -> str:
    return f"Refund of {posting.invoice.number} · {posting.invoice.team}: credit used"


def _stamped_entries(frame: Frame, posting: Posting, who: Identity) -> tuple[JournalEntry, ...]:
    marked = frame.known.standing.stamps.get(("JournalEntry", posting.invoice.number, who.key[:4]), ())
    return tuple(one for one in marked if isinstance(one, JournalEntry))


def _cash_out_adopted(  # noqa: PLR0917 - one refund, and what QuickBooks has of it
    frame: Frame,
    posting: Posting,
    refund: Refund,
    who: Identity,
    entries: tuple[JournalEntry, ...],
    memos: tuple[Memo, ...],
) -> Part:
    """The cash went out before the posting log was lost; a cut run may have left the memo unused."""
    entry = entries[0]
    if len(entries) > 1 or all(line.amount != refund.amount for line in entry.lines):
        why = "QuickBooks has our entry of its refund more than once, or over another amount."
        return hold(invoice_problems.already_there(posting.invoice, Ambiguous("already-there", why)))
    adoption = Adoption(
        key=who.key,
        kind=Kind.REFUND,
        entity="JournalEntry",
        qbo_id=entry.id,
        number=entry.number,
        amount=-refund.amount,
        rule="stamp",
        label=f"Refund of {posting.invoice.number} · {posting.invoice.team}",
        coworks_id=who.coworks_id,
    )
    fact = Fact(of=f"JournalEntry #{entry.id}", value=f"{entry.number} {refund.amount} {entry.txn_date}")
    used = _used_before_or_now(frame, posting, refund, who, entry, memos)
    return joined((Part(adoptions=(adoption,), facts=(fact,)), used))


def _used_before_or_now(  # noqa: PLR0917 - one refund, its entry, and the memos it may use
    frame: Frame, posting: Posting, refund: Refund, who: Identity, entry: JournalEntry, memos: tuple[Memo, ...]
) -> Part:
    before = applied_before(frame, posting, _using(frame, posting, who))
    if before is not None:
        told = (replace(one, kind=Kind.REFUND, label=_use_label(posting)) for one in before.adoptions)
        return replace(before, adoptions=tuple(told))
    memo = next((one for one in memos if one.unused >= refund.amount), None)
    return Part(operations=(_credit_use(frame, posting, refund, who, entry, memo),)) if memo else NOTHING


def _cash_out_operation(posting: Posting, refund: Refund, who: Identity, entry: JournalEntry) -> Operation:
    return Operation(
        key=who.key,
        kind=Kind.REFUND,
        action=Action.CREATE,
        entity="JournalEntry",
        record=entry,
        label=f"Refund of {posting.invoice.number} · {posting.invoice.team}",
        reason="A credit memo has reversed the income already, so only the cash goes out.",
        amount=-refund.amount,
        needs=posting.needs,
        coworks_id=who.coworks_id,
        generation=who.generation,
    )


def _entry(  # noqa: PLR0917 - an entry has two accounts
    posting: Posting, refund: Refund, who: Identity, receivable: Account, funds: Account, frame: Frame
) -> JournalEntry:
    words = f"Refund of {posting.invoice.number}"
    owed = JournalLine(
        account_id=receivable.id, amount=refund.amount, description=words, customer_id=posting.customer_id
    )
    return JournalEntry(
        number=f"CW-{who.key[:8].upper()}",
        txn_date=frame.open_day(refund.refunded_on),
        lines=(owed, JournalLine(account_id=funds.id, amount=-refund.amount, description=words)),
        private_note=counterparts.stamp(posting.invoice.number, who.key),
    )


# ---- why not


def _no_account(invoice: Invoice, found: Problem) -> Problem:
    return problem(invoice, found.code, found.what, found.why, found.do, candidates=found.candidates)


def _credit_used(invoice: Invoice, refund: Refund) -> Problem:
    return problem(
        invoice,
        "credit-used",
        f"{show(refund.amount)} was refunded, but its credit memo has been used already.",
        "The same credit would be given twice.",
        "Find what the credit memo settled in QuickBooks and free it, then plan again.",
    )


def _of_overpayment(invoice: Invoice, refund: Refund) -> Problem:
    return problem(
        invoice,
        "overpayment-refunded",
        f"{show(refund.amount)} was refunded of what the customer had paid too much.",
        "The invoice stays paid, so no income is reversed: a refund receipt would be wrong.",
        "Enter a journal entry: debit accounts receivable (the customer), credit Undeposited Funds; apply the "
        "unapplied payment to it.",
    )


def _too_large(posting: Posting, refund: Refund) -> Problem:
    return problem(
        posting.invoice,
        "refund-too-large",
        f"{show(refund.amount)} was refunded, more than is left of its {show(posting.total)}.",
        "Income can be reversed once only; the rest is something else, such as a dispute.",
        "Find out what the rest is and enter it by hand.",
    )


def _of_the_old_books(invoice: Invoice, refund: Refund) -> Problem:
    return problem(
        invoice,
        "refund-before-go-live",
        f"A refund of {show(refund.amount)} is dated {refund.refunded_on}, before go-live.",
        "It is in the old books; it is never posted.",
        "There is nothing to do if the opening balance has it.",
        note=True,
    )
