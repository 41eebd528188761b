"""Every payment of a posted invoice: adopted, unchanged, created and applied, or held with the reason.

Intuit: a Payment names the invoices it settles; more than an invoice's open balance is refused; the reference takes 21
characters; a payment without an account goes to Undeposited Funds, so the account is always sent by its id.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from toolkit import chart, counterparts, matching, settlement
from toolkit.books import Account, Link, ReceivedPayment, TxnType
from toolkit.frame import NOTHING, Frame, Part, hold, joined, problem
from toolkit.matching import Ambiguous, Identity, PaymentMatch, PaymentWanted
from toolkit.model import BillingPayment, Invoice, InvoiceStatus, Method
from toolkit.money import ZERO, Money, show, total
from toolkit.numbering import LONGEST
from toolkit.plan import Action, Adoption, Fact, Kind, Operation
from toolkit.planned_invoices import Posting
from toolkit.problems import Problem

METHOD_NAMES: dict[Method, tuple[str, ...]] = {
    Method.CARD: ("credit card", "card", "stripe", "visa"),
    Method.ACH: ("ach", "bank transfer", "eft", "direct debit", "e-check"),
    Method.CHECK: ("check", "cheque"),
    Method.CASH: ("cash",),
    Method.WIRE: ("wire", "wire transfer", "bank transfer"),
}
"""What payment methods are called in QuickBooks companies, most usual first."""


@dataclass(frozen=True, slots=True)
class Tills:
    """Where money of each method goes, and what QuickBooks calls the method; or why an account is not known."""

    accounts: dict[Method, Account | Problem]
    methods: dict[Method, str]


def tills(frame: Frame) -> Tills:
    """The deposit-to account and the payment method's id for every method; each is looked up once."""
    funds = chart.undeposited_funds(frame.books, frame.settings)
    chosen = frame.settings.accounts.methods
    accounts = {method: _account(frame, method, chosen.get(method, ""), funds) for method in Method}
    named = {entry.name.strip().casefold(): entry.id for entry in frame.books.payment_methods if entry.active}
    methods = {
        method: next((named[name] for name in METHOD_NAMES.get(method, ()) if name in named), "") for method in Method
    }
    return Tills(accounts, methods)


def _account(frame: Frame, method: Method, wanted: str, funds: Account | Problem) -> Account | Problem:
    if not wanted:
        return funds
    found = chart.named(frame.books.accounts, wanted)
    if len(found) == 1 and found[0].type in ("Bank", "Other Current Asset"):
        return found[0]
    return Problem(
        code="account-not-chosen",
        where=f"company.toml, accounts.methods.{method}",
        what=f"{wanted!r} is not one active bank or other current asset account of QuickBooks.",
        why="A payment can only be put into an account that holds money.",
        do=f"Name it in accounts.methods.{method} as QuickBooks spells it, or as #id.",
        candidates=tuple(one.full_name or one.name for one in found),
    )


def plan_payments(frame: Frame, posting: Posting, credited: Money, where: Tills) -> Part:
    """The payments of one invoice. `credited` is what this plan's credit memos settle of it."""
    invoice = posting.invoice
    incomplete = _paid_without_payment(posting, credited)
    if incomplete is not None:
        return hold(incomplete)
    wanted = {one.who.key: (one, paid) for one, paid in _wanted(frame, invoice)}
    found = _found(frame, posting, [one for one, _ in wanted.values()])
    parts = []
    still_open = posting.open_balance - credited
    for key, (one, payment) in wanted.items():
        part, settled = _payment(frame, posting, payment, one.who, found.get(key), still_open, where)
        still_open -= settled
        parts.append(part)
    parts.append(_unknown_to_coworks(frame, posting, found))
    return joined(parts)


def _wanted(frame: Frame, invoice: Invoice) -> list[tuple[PaymentWanted, BillingPayment]]:
    ordered = sorted(invoice.payments, key=lambda one: (one.paid_on, one.occurrence, one.payment_id))
    return [
        (
            PaymentWanted(
                matching.identity(frame.known, Kind.PAYMENT, settlement.payment_id(payment)),
                payment.invoice_number,
                payment.amount,
                payment.paid_on,
            ),
            payment,
        )
        for payment in ordered
        if payment.amount
    ]


def _found(frame: Frame, posting: Posting, wanted: Sequence[PaymentWanted]) -> dict[str, PaymentMatch | Ambiguous]:
    document_id = "" if posting.is_new else posting.document_id
    return matching.find_payments(frame.known, document_id, wanted)


def _payment(
    frame: Frame,
    posting: Posting,
    payment: BillingPayment,
    who: Identity,
    found: PaymentMatch | Ambiguous | None,
    still_open: Money,
    where: Tills,
) -> tuple[Part, Money]:
    """The part of one payment, and what this plan newly settles by it."""
    invoice = posting.invoice
    if who.undone:
        return hold(_undone(invoice, payment)), ZERO
    if isinstance(found, Ambiguous):
        return hold(_unclear(invoice, payment, found)), ZERO
    if isinstance(found, PaymentMatch):
        return _standing(posting, payment, who, found), ZERO
    account = where.accounts[payment.method]
    stopped = _not_now(frame, posting, payment, still_open, account)
    if stopped is not None:
        return hold(stopped), ZERO
    assert isinstance(account, Account)
    settled = min(payment.amount, still_open)
    operation = _operation(posting, payment, who, settled, account, where.methods[payment.method])
    return Part(
        operations=(operation,), facts=_relied_on(frame, posting), problems=_over(posting, payment, settled)
    ), settled


def _standing(posting: Posting, payment: BillingPayment, who: Identity, found: PaymentMatch) -> Part:
    if who.stands:
        return Part(unchanged=(who.key,))
    record = found.record
    said = f"{record.total} {record.txn_date} customer #{record.customer_id}" if record else ""
    adoption = Adoption(
        key=who.key,
        kind=Kind.PAYMENT,
        entity="Payment",
        qbo_id=found.qbo_id,
        number=payment.invoice_number,
        amount=-payment.amount,
        rule=found.rule,
        label=_label(posting.invoice),
        coworks_id=who.coworks_id,
    )
    return Part(adoptions=(adoption,), facts=(Fact(of=f"Payment #{found.qbo_id}", value=said),))


def _label(invoice: Invoice) -> str:
    return f"Payment of {invoice.number} · {invoice.team}"


def _operation(
    posting: Posting, payment: BillingPayment, who: Identity, settled: Money, account: Account, method_id: str
) -> Operation:
    record = ReceivedPayment(
        customer_id=posting.customer_id,
        txn_date=payment.paid_on,
        total=payment.amount,
        links=(Link(txn_type=TxnType.INVOICE, txn_id=posting.document_id, amount=settled),) if settled else (),
        unapplied=payment.amount - settled,
        deposit_account_id=account.id,
        payment_method_id=method_id,
        reference=reference(payment)[:LONGEST],
        private_note=_note(payment, who),
    )
    needs = posting.needs or ((posting.payer.operation.key,) if posting.payer.operation else ())
    return Operation(
        key=who.key,
        kind=Kind.PAYMENT,
        action=Action.CREATE,
        entity="Payment",
        record=record,
        label=_label(posting.invoice),
        reason=f"Paid in Coworks by {payment.method} on {payment.paid_on}; to {account.name}.",
        amount=-payment.amount,
        needs=needs,
        coworks_id=who.coworks_id,
        generation=who.generation,
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
    others = ", ".join(f"#{one.id}" for one in matching.foreign_payments(frame.known, posting.document_id))
    return (Fact(of=f"payments on #{posting.document_id} made in QuickBooks", value=others or "none"),)


def _over(posting: Posting, payment: BillingPayment, settled: Money) -> tuple[Problem, ...]:
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


def _not_now(
    frame: Frame, posting: Posting, payment: BillingPayment, still_open: Money, account: Account | Problem
) -> Problem | None:
    invoice = posting.invoice
    if payment.method is Method.BALANCE:
        return _from_balance(invoice, payment)
    if payment.amount < ZERO:
        return _negative(invoice, payment)
    if frame.is_before_go_live(payment.paid_on):
        return _before_go_live(invoice, payment)
    if frame.is_closed(payment.paid_on):
        return _closed(frame, invoice, payment)
    if isinstance(account, Problem):
        return problem(invoice, account.code, account.what, account.why, account.do, account.candidates)
    if payment.amount > still_open and not posting.is_new:
        return _already_paid(frame, posting, payment, still_open)
    if payment.amount > still_open and frame.books.preferences.auto_apply_payments:
        return _would_wander(invoice, payment)
    return None


def _already_paid(frame: Frame, posting: Posting, payment: BillingPayment, still_open: Money) -> Problem:
    others = matching.foreign_payments(frame.known, posting.document_id)
    return problem(
        posting.invoice,
        "would-overpay",
        f"Coworks has a payment of {show(payment.amount)}, but only {show(still_open)} is open in QuickBooks.",
        "Something else has paid or credited it there; a second payment would overpay it.",
        "Find what settled it in QuickBooks; remove that, or leave it and mark this payment as entered by hand.",
        candidates=tuple(f"Payment of {one.txn_date} over {show(one.total)} (#{one.id})" for one in others),
    )


def _would_wander(invoice: Invoice, payment: BillingPayment) -> Problem:
    return problem(
        invoice,
        "automatic-payments",
        f"A payment of {show(payment.amount)} is more than the invoice, and QuickBooks applies payments by itself.",
        "The rest would settle another invoice that nobody chose.",
        "Switch it off in QuickBooks: Account and settings > Advanced > Automation > Automatically apply payments.",
    )


def _from_balance(invoice: Invoice, payment: BillingPayment) -> Problem:
    return problem(
        invoice,
        "paid-from-balance",
        f"{show(payment.amount)} was paid from the team's account balance.",
        "No money moved; in QuickBooks the customer's open credit has to be used, and which one is a choice.",
        "In QuickBooks, open Receive payment for the customer and apply the credit to this invoice.",
    )


def _negative(invoice: Invoice, payment: BillingPayment) -> Problem:
    return problem(
        invoice,
        "negative-payment",
        f"A payment of {show(payment.amount)} is negative.",
        "Money given back is a refund, not a payment.",
        "Enter it as a refund in Coworks, or correct the report.",
    )


def _before_go_live(invoice: Invoice, payment: BillingPayment) -> Problem:
    return problem(
        invoice,
        "payment-before-go-live",
        f"A payment of {show(payment.amount)} is dated {payment.paid_on}, before go-live.",
        "It is in the old books; it is never posted.",
        "Nothing, if the opening balance has it.",
        note=True,
    )


def _closed(frame: Frame, invoice: Invoice, payment: BillingPayment) -> Problem:
    return problem(
        invoice,
        "closed-period",
        f"A payment of {show(payment.amount)} is dated {payment.paid_on}; the books are closed through "
        f"{frame.closed_through}.",
        "Reported figures would change; QuickBooks refuses it where the books are closed.",
        "Open the period, or enter the payment by hand in the open period.",
    )


def _undone(invoice: Invoice, payment: BillingPayment) -> Problem:
    return problem(
        invoice,
        "undone",
        f"Its payment of {show(payment.amount)} was posted, and then undone by a person.",
        "What a person took back is not posted again on its own.",
        "Release its key if it shall be posted again.",
    )


def _unclear(invoice: Invoice, payment: BillingPayment, found: Ambiguous) -> Problem:
    return problem(
        invoice,
        found.code,
        f"Its payment of {show(payment.amount)} may be in QuickBooks already. {found.why}",
        "Posting it again would pay the invoice twice.",
        "Correct the date in QuickBooks of the one that it is, or remove what is there twice.",
        candidates=tuple(f"#{one.id} of {one.txn_date} over {show(one.total)}" for one in found.candidates),
    )


def _paid_without_payment(posting: Posting, credited: Money) -> Problem | None:
    invoice = posting.invoice
    paid = invoice.status in (InvoiceStatus.PAID, InvoiceStatus.MARKED_AS_PAID)
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


def _unknown_to_coworks(frame: Frame, posting: Posting, found: dict[str, PaymentMatch | Ambiguous]) -> Part:
    """Payments made in QuickBooks on an invoice of ours that Coworks does not know: named in every run."""
    if posting.is_new:
        return NOTHING
    used = {one.qbo_id for one in found.values() if isinstance(one, PaymentMatch)}
    asked = {one.id for other in found.values() if isinstance(other, Ambiguous) for one in other.candidates}
    extra = [
        one
        for one in matching.foreign_payments(frame.known, posting.document_id)
        if one.id not in used | asked and one.total
    ]
    if not extra:
        return NOTHING
    amount = total(matching.applied(one, posting.document_id) for one in extra)
    note = problem(
        posting.invoice,
        "paid-only-in-quickbooks",
        f"{len(extra)} payments of {show(amount)} on it were made in QuickBooks and are not in Coworks.",
        "Coworks will go on asking the customer for this money.",
        "Mark it as paid in Coworks, or remove the payment in QuickBooks.",
        candidates=(f"#{one.id} of {one.txn_date} over {show(one.total)}" for one in extra),
        note=True,
    )
    return Part(problems=(note,))
