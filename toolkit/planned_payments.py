"""Every payment of a posted invoice: adopted, unchanged, created and applied, or held with the reason.

Intuit: a Payment names the invoices it settles; more than an invoice's open balance is refused; the reference takes 21
characters; a payment without an account goes to Undeposited Funds, so the account is always sent by its id.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from toolkit import counterparts, matching, payment_problems
from toolkit.bench import Bench
from toolkit.books import Account, Link, ReceivedPayment, TxnType
from toolkit.frame import NOTHING, Frame, Part, hold, joined, problem
from toolkit.matching import Ambiguous, Identity, PaymentMatch, PaymentWanted
from toolkit.model import BillingPayment, Invoice, InvoiceStatus, Method
from toolkit.money import ZERO, Money, show, total
from toolkit.numbering import LONGEST
from toolkit.plan import Action, Adoption, Fact, Kind, Operation
from toolkit.postings import Posting, payment_identity
from toolkit.problems import Problem

Found = Mapping[str, PaymentMatch | Ambiguous]

_PAID = (InvoiceStatus.PAID, InvoiceStatus.MARKED_AS_PAID)


@dataclass(frozen=True, slots=True)
class _Due:
    """One Coworks payment under its identity, and the posting it settles."""

    posting: Posting
    payment: BillingPayment
    who: Identity

    @property
    def label(self) -> str:
        return f"Payment of {self.posting.invoice.number} · {self.posting.invoice.team}"


def plan_payments(bench: Bench, posting: Posting, credited: Money) -> Part:
    """The payments of one invoice. `credited` is what this plan's credit memos settle of it."""
    if posting.is_new and _is_simply_open(posting.invoice):
        return NOTHING
    missing = _paid_without_payment(posting, credited)
    if missing is not None:
        return hold(missing)
    dues = _dues(bench.frame, posting)
    found = _look_up(bench.frame, posting, dues)
    parts = []
    still_open = posting.open_balance - credited
    for due in dues:
        part, settled = _payment(bench, due, found.get(due.who.key), still_open)
        still_open -= settled
        parts.append(part)
    if not any(part.problems for part in parts):
        parts.append(_left_open(posting, still_open))
    parts.append(_unknown_to_coworks(bench.frame, posting, found))
    return joined(parts)


def _is_simply_open(invoice: Invoice) -> bool:
    return invoice.status is InvoiceStatus.UNPAID and not invoice.payments and not invoice.applied_balance


def _left_open(posting: Posting, still_open: Money) -> Part:
    """What Coworks counts as settled and QuickBooks would leave open: account balance, or a payment that is short."""
    invoice = posting.invoice
    owed = max(invoice.total - total(one.amount for one in invoice.payments) - invoice.applied_balance, ZERO)
    if invoice.applied_balance > ZERO and still_open > owed:
        return hold(payment_problems.from_balance(invoice, still_open - owed))
    if invoice.status in _PAID and still_open > ZERO:
        return hold(payment_problems.short(invoice, still_open))
    return NOTHING


def _dues(frame: Frame, posting: Posting) -> list[_Due]:
    ordered = sorted(posting.invoice.payments, key=lambda one: (one.paid_on, one.occurrence, one.payment_id))
    return [_Due(posting, one, payment_identity(frame, one)) for one in ordered if one.amount]


def _look_up(frame: Frame, posting: Posting, dues: list[_Due]) -> Found:
    wanted = [
        PaymentWanted(due.who, due.payment.invoice_number, due.payment.amount, due.payment.paid_on) for due in dues
    ]
    return matching.find_payments(frame.known, "" if posting.is_new else posting.document_id, wanted)


def _payment(bench: Bench, due: _Due, found: PaymentMatch | Ambiguous | None, still_open: Money) -> tuple[Part, Money]:
    """The part of one payment, and what this plan newly settles by it."""
    if due.who.undone:
        run = due.who.posted.run if due.who.posted else ""
        return hold(payment_problems.undone(due.posting.invoice, due.payment, run)), ZERO
    if isinstance(found, Ambiguous):
        return hold(payment_problems.unclear(due.posting.invoice, due.payment, found)), ZERO
    if isinstance(found, PaymentMatch):
        return _standing(bench.frame, due, found), ZERO
    stopped = next(_reasons(bench, due, still_open), None)
    return (hold(stopped), ZERO) if stopped is not None else _create(bench, due, still_open)


def _drift(frame: Frame, due: _Due, found: PaymentMatch) -> Problem | None:
    """Why a payment that was posted no longer stands as it was; None if it does."""
    record, payment, invoice = found.record, due.payment, due.posting.invoice
    if record is None:
        since = frame.books.since
        unread = since is not None and payment.paid_on < since
        return None if unread else payment_problems.gone(invoice, payment, found.qbo_id)
    if record.voided:
        return payment_problems.voided_there(invoice, payment, record)
    several = sum(1 for link in record.links if link.txn_type is TxnType.INVOICE) > 1
    if record.total != payment.amount and not several:
        return payment_problems.changed_there(invoice, payment, record)
    return None


def _standing(frame: Frame, due: _Due, found: PaymentMatch) -> Part:
    record = found.record
    if due.who.stands:
        changed = _drift(frame, due, found)
        return hold(changed) if changed else Part(unchanged=(due.who.key,))
    if record and record.voided:
        return hold(payment_problems.voided_there(due.posting.invoice, due.payment, record, logged=False))
    said = f"{record.total} {record.txn_date} customer #{record.customer_id}" if record else ""
    adoption = Adoption(
        key=due.who.key,
        kind=Kind.PAYMENT,
        entity="Payment",
        qbo_id=found.qbo_id,
        number=due.payment.invoice_number,
        amount=-due.payment.amount,
        rule=found.rule,
        label=due.label,
        coworks_id=due.who.coworks_id,
    )
    return Part(adoptions=(adoption,), facts=(Fact(of=f"Payment #{found.qbo_id}", value=said),))


def _reasons(bench: Bench, due: _Due, still_open: Money) -> Iterator[Problem]:
    """Why a payment that QuickBooks does not have is not posted, most telling first."""
    frame, payment, posting = bench.frame, due.payment, due.posting
    account = bench.where.accounts[payment.method]
    if payment.method is Method.BALANCE:
        yield payment_problems.from_balance(posting.invoice, payment.amount)
    if payment.amount < ZERO:
        yield payment_problems.negative(posting.invoice, payment)
    if frame.is_before_go_live(payment.paid_on):
        yield payment_problems.before_go_live(posting.invoice, payment)
    if frame.is_closed(payment.paid_on):
        yield payment_problems.closed(frame, posting.invoice, payment)
    if isinstance(account, Problem):
        yield problem(
            posting.invoice, account.code, account.what, account.why, account.do, candidates=account.candidates
        )
    if payment.amount > still_open and not posting.is_new:
        yield payment_problems.already_paid(frame, posting, payment, still_open)
    if payment.amount > still_open and frame.books.preferences.auto_apply_payments:
        yield payment_problems.would_wander(posting.invoice, payment)


def _create(bench: Bench, due: _Due, still_open: Money) -> tuple[Part, Money]:
    account = bench.where.accounts[due.payment.method]
    assert isinstance(account, Account)  # else it was held
    settled = max(min(due.payment.amount, still_open), ZERO)
    record = _record(due, settled, account.id, bench.where.methods[due.payment.method])
    customer = due.posting.payer.operation
    operation = Operation(
        key=due.who.key,
        kind=Kind.PAYMENT,
        action=Action.CREATE,
        entity="Payment",
        record=record,
        label=due.label,
        reason=f"Paid in Coworks by {due.payment.method} on {due.payment.paid_on}; to {account.name}.",
        amount=-due.payment.amount,
        needs=due.posting.needs or ((customer.key,) if customer else ()),
        coworks_id=due.who.coworks_id,
        generation=due.who.generation,
    )
    over = payment_problems.over(due.posting, due.payment, settled)
    return Part(operations=(operation,), facts=_relied_on(bench.frame, due.posting), problems=over), settled


def _record(due: _Due, settled: Money, account_id: str, method_id: str) -> ReceivedPayment:
    link = Link(txn_type=TxnType.INVOICE, txn_id=due.posting.document_id, amount=settled)
    return ReceivedPayment(
        customer_id=due.posting.customer_id,
        txn_date=due.payment.paid_on,
        total=due.payment.amount,
        links=(link,) if settled else (),
        unapplied=due.payment.amount - settled,
        deposit_account_id=account_id,
        payment_method_id=method_id,
        reference=reference(due.payment)[:LONGEST],
        private_note=_note(due.payment, due.who),
    )


def reference(payment: BillingPayment) -> str:
    """What a person would look for: the check number or reference, else the processor's charge, whole."""
    return payment.reference.strip() or payment.charge_id.strip()


def _note(payment: BillingPayment, who: Identity) -> str:
    mark = counterparts.stamp(payment.invoice_number, who.key)
    whole = reference(payment)
    return f"{mark} · reference {whole}" if len(whole) > LONGEST else mark


def _relied_on(frame: Frame, posting: Posting) -> tuple[Fact, ...]:
    if posting.is_new:
        return ()
    on_it = frame.known.standing.payments_of_document.get(posting.document_id, ())
    others = sorted(f"#{one.id} {one.total}" for one in on_it if not matching.is_own_work(frame.known, one))
    return (Fact(of=f"payments on #{posting.document_id} made in QuickBooks", value=", ".join(others) or "none"),)


def _paid_without_payment(posting: Posting, credited: Money) -> Problem | None:
    invoice = posting.invoice
    paid = invoice.status in _PAID
    due = posting.total - credited - invoice.applied_balance
    if not paid or invoice.payments or due <= ZERO or _settled_there(posting):
        return None
    return problem(
        invoice,
        "paid-without-payment",
        f"Coworks calls it paid, but the report has no payment of its {show(due)}.",
        "Without day and method the payment cannot be put into the right bank deposit.",
        "Export the report with its payment columns (paid date, amount paid, method).",
    )


def _settled_there(posting: Posting) -> bool:
    return posting.document is not None and not posting.is_new and posting.document.balance == ZERO


def _counted(payments: int) -> str:
    return "a payment" if payments == 1 else f"{payments} payments"


def _unknown_to_coworks(frame: Frame, posting: Posting, found: Found) -> Part:
    """Payments made in QuickBooks on an invoice of ours that Coworks does not know: named in every run."""
    if posting.is_new:
        return NOTHING
    used = {one.qbo_id for one in found.values() if isinstance(one, PaymentMatch)}
    asked = {one.id for other in found.values() if isinstance(other, Ambiguous) for one in other.candidates}
    foreign = matching.foreign_payments(frame.known, posting.document_id)
    extra = [one for one in foreign if one.total and one.id not in used | asked]
    if not extra:
        return NOTHING
    amount = total(matching.applied(one, posting.document_id) for one in extra)
    note = problem(
        posting.invoice,
        "paid-only-in-quickbooks",
        f"{show(amount)} was paid on it in QuickBooks by {_counted(len(extra))} that Coworks does not know.",
        "Coworks will go on asking the customer for this money.",
        "Mark it as paid in Coworks, or remove the payment in QuickBooks.",
        candidates=(f"#{one.id} of {one.txn_date} over {show(one.total)}" for one in extra),
        note=True,
    )
    return Part(problems=(note,))
