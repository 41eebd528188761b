"""One Coworks record and its QuickBooks counterpart → one verdict with a sentence."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from toolkit.books import (
    Account,
    DocumentKind,
    JournalEntry,
    ReceivedPayment,
    Record,
    SalesDocument,
    TxnType,
)
from toolkit.counterparts import (
    Counterparts,
    Found,
    Transaction,
    entity_of,
    find_invoice,
    find_refund,
)
from toolkit.deposit_lines import counterpart
from toolkit.edits import customer_of, edits_of
from toolkit.model import BillingPayment, Invoice, InvoiceStatus, Method, Refund
from toolkit.money import ZERO, Money, dollars, total
from toolkit.plan import Kind, Standing
from toolkit.problems import Problem
from toolkit.proof import Finding, Subject, Verdict
from toolkit.settings import Mode, Settings
from toolkit.settlement import Settlement, day


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """What every record of one proof is judged by; `questions` are the blocking problems by the record they name."""

    counterparts: Counterparts
    invoices: Mapping[str, Invoice]
    children: Mapping[str, tuple[Invoice, ...]]
    settlement: Settlement
    settings: Settings
    questions: Mapping[str, Problem]
    credits: Mapping[str, Money]
    """Our credit memos on an invoice that stands, by invoice number, positive."""
    funds: Account | None
    start: date
    as_of: date
    sent: Mapping[str, Record] = field(default_factory=dict)
    """What the month's approved plans asked for, by key, as far as they are known."""
    unlogged: Mapping[str, str] = field(default_factory=dict)
    """The month of each invoice number and payout id that the posting log was lost of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A finding with the record it was made of, for the sections."""

    finding: Finding
    found: Found


def credits_by_invoice(counterparts: Counterparts) -> dict[str, Money]:
    """What our credit memos (`<number>/credit/<n>`) took off each invoice, positive, live ones only."""
    sums: dict[str, Money] = defaultdict(lambda: ZERO)
    for posted in counterparts.done.values():
        number, credit, _ = posted.coworks_id.rpartition("/credit/")
        memo = counterparts.documents.get(posted.qbo_id) if credit and posted.kind is Kind.CREDIT_MEMO else None
        if memo and memo.kind is DocumentKind.CREDIT_MEMO and not memo.voided:
            sums[number] += memo.total
    return dict(sums)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What is compared for one record, whatever its kind."""

    subject: Subject
    name: str
    label: str
    amount: Money
    on: date
    who: str
    found: Found
    worth: Money
    """What QuickBooks says it is worth, 0.00 if it has none."""


def finding_of(case: Case, verdict: Verdict, words: str) -> Finding:
    """The finding of a verdict, in a sentence that begins with the record's label."""
    record = case.found.record
    return Finding(
        key=case.found.key,
        subject=case.subject,
        name=case.name,
        verdict=verdict,
        sentence=f"{case.label}: {words}",
        coworks=case.amount,
        quickbooks=case.worth,
        on=case.on,
        who=case.who,
        entity=entity_of(record) if record else "",
        qbo_id=record.id if record else "",
    )


def absent_finding(bench: Bench, case: Case, names: Sequence[str]) -> Finding | None:
    """The verdict of a record that QuickBooks does not hold, None if it does."""
    found = case.found
    if found.record is not None:
        return None
    if found.outside:
        return finding_of(case, Verdict.AGREES, "stands in the posting log, dated before the books that were read.")
    if found.gone and found.posted:
        words = f"was posted (id {found.posted.qbo_id}) and is no longer in QuickBooks."
        return finding_of(case, Verdict.CHANGED_IN_QUICKBOOKS, words)
    question = next((bench.questions[name] for name in names if name in bench.questions), None)
    if question:
        verdict = Verdict.QUESTION if question.candidates else Verdict.HELD
        return finding_of(case, verdict, question.what)
    if found.posted and found.posted.standing is Standing.UNDONE and found.posted.note.startswith("released"):
        return finding_of(case, Verdict.MISSING, "was undone and released; the next push posts it again.")
    verdict, words = _WITHOUT_COUNTERPART.get(found.posted.standing if found.posted else None) or _unposted(
        bench, names
    )
    return finding_of(case, verdict, words or f"{dollars(case.amount)} in Coworks, not in QuickBooks.")


def _unposted(bench: Bench, names: Sequence[str]) -> tuple[Verdict, str]:
    """Of what the posting log does not know: missing, unless the log was lost of its month."""
    month = next((bench.unlogged[name] for name in names if name in bench.unlogged), "")
    words = f"not recognized yet: the posting log does not know what was posted for {month}; run push for it first."
    return (Verdict.HELD, words) if month else (Verdict.MISSING, "")


_SENT = (Verdict.QUESTION, "was sent and its outcome is not known; run the push again.")
_WITHOUT_COUNTERPART: Mapping[Standing | None, tuple[Verdict, str]] = {
    Standing.UNDONE: (Verdict.HELD, "was undone, and has not been released for posting again."),
    Standing.UNKNOWN: _SENT,
    Standing.BEGUN: _SENT,
}


def compared_finding(case: Case, expected: Money, on: date, differences: Sequence[str] = ()) -> Finding:
    """Amount, date and whatever else was found to differ → agrees, adopted, differs or changed in QuickBooks."""
    said = list(differences)
    adopted = case.found.posted is None or case.found.posted.standing is Standing.ADOPTED
    if case.worth != expected:
        said.insert(0, f"{dollars(expected)} in Coworks, {dollars(case.worth)} in QuickBooks")
    same_month = (on.year, on.month) == (case.on.year, case.on.month)
    if on != case.on and not (adopted and same_month):
        said.append(f"dated {day(case.on)} in Coworks, {day(on)} in QuickBooks")
    if not said:
        verdict = Verdict.ADOPTED if adopted else Verdict.AGREES
        how = f" (found by {case.found.rule})" if adopted else ""
        return finding_of(case, verdict, f"{dollars(expected)} in Coworks and in QuickBooks{how}.")
    changed = not adopted and case.found.posted is not None and abs(case.found.posted.amount) == abs(case.amount)
    verdict = Verdict.CHANGED_IN_QUICKBOOKS if changed else Verdict.DIFFERS
    return finding_of(case, verdict, f"{'; '.join(said)}.")


# Invoices.


def judge_invoice(bench: Bench, invoice: Invoice) -> Judged:
    """The verdict of one Coworks invoice (or split parent, or void)."""
    found = find_invoice(bench.counterparts, invoice)
    record = found.record if isinstance(found.record, SalesDocument) else None
    sign = -1 if record and record.kind is DocumentKind.CREDIT_MEMO else 1
    case = Case(
        subject=Subject.INVOICE,
        name=invoice.number,
        label=f"Invoice {invoice.number} of {invoice.team}",
        amount=invoice.total,
        on=invoice.invoice_date,
        who=invoice.team,
        found=found,
        worth=sign * record.total if record else ZERO,
    )
    return Judged(finding=_invoice_finding(bench, invoice, case, record), found=found)


def _invoice_finding(bench: Bench, invoice: Invoice, case: Case, record: SalesDocument | None) -> Finding:
    unposted = _not_to_be_posted(bench, invoice)
    if record is None and unposted:
        return finding_of(case, Verdict.VOIDED if is_voided(invoice) else Verdict.NOT_POSTED, unposted)
    absent = absent_finding(bench, case, (invoice.number,))
    if absent or record is None:
        return absent or finding_of(case, Verdict.MISSING, "not in QuickBooks.")
    if is_voided(invoice) or is_split(bench, invoice):
        return _reversed_finding(bench, invoice, case, record)
    if record.voided:
        return finding_of(case, Verdict.CHANGED_IN_QUICKBOOKS, "was voided in QuickBooks and stands in Coworks.")
    if invoice.number in bench.questions:
        return finding_of(case, Verdict.QUESTION, bench.questions[invoice.number].what)
    credit = bench.credits.get(invoice.number, ZERO)
    expected = case.worth if case.worth - credit == invoice.total else invoice.total
    compared = compared_finding(
        case, expected, record.txn_date, _customer_difference(bench, invoice, case.found, record)
    )
    sent = bench.sent.get(case.found.key)
    edits = edits_of(case.found, record, sent, bench.counterparts.books) if compared.verdict is Verdict.AGREES else []
    return finding_of(case, Verdict.EDITED_IN_QUICKBOOKS, f"{'; '.join(edits)}.") if edits else compared


def _not_to_be_posted(bench: Bench, invoice: Invoice) -> str:
    """Why an invoice rightly has no counterpart, "" if it should have one."""
    go_live = bench.settings.policy.go_live
    if is_voided(invoice) and not invoice.payments:
        return "was voided in Coworks before it was posted."
    if is_split(bench, invoice):
        return "was split in Coworks; its children stand for it."
    if invoice.status is InvoiceStatus.SCHEDULED:
        return "is scheduled in Coworks, not issued yet."
    if go_live and invoice.invoice_date < go_live:
        return f"is dated before go-live ({go_live.isoformat()})."
    if not invoice.total and not bench.settings.policy.post_zero_invoices:
        return "is for $0.00, which this company does not post."
    return ""


def is_voided(invoice: Invoice) -> bool:
    """Whether Coworks (or voids.csv) says that the invoice is void."""
    return invoice.voided_on is not None or invoice.status is InvoiceStatus.VOIDED


def is_split(bench: Bench, invoice: Invoice) -> bool:
    """Whether it is a split parent: its children count, it never does."""
    return invoice.status is InvoiceStatus.SPLIT or invoice.number in bench.children


def _reversed_finding(bench: Bench, invoice: Invoice, case: Case, record: SalesDocument) -> Finding:
    gone = "split" if is_split(bench, invoice) else "voided"
    if record.voided:
        return finding_of(case, Verdict.VOIDED, f"was {gone} in Coworks and is void in QuickBooks.")
    refunded = total(refund.amount for refund in invoice.refunds)
    if invoice.refunds and bench.credits.get(invoice.number, ZERO) + refunded >= record.total:
        return finding_of(case, Verdict.VOIDED, f"was {gone} in Coworks and is reversed by refund in QuickBooks.")
    if bench.credits.get(invoice.number, ZERO) == record.total:
        return finding_of(case, Verdict.VOIDED, f"was {gone} in Coworks and is reversed by credit memo in QuickBooks.")
    if invoice.number in bench.questions:
        return finding_of(case, Verdict.HELD, bench.questions[invoice.number].what)
    later = invoice.voided_on is not None and invoice.voided_on > bench.as_of
    if later:
        return finding_of(case, Verdict.AGREES, f"was voided in Coworks after the period, on {invoice.voided_on}.")
    return finding_of(case, Verdict.DIFFERS, f"was {gone} in Coworks, {dollars(case.worth)} in QuickBooks.")


def _customer_difference(bench: Bench, invoice: Invoice, found: Found, record: SalesDocument) -> list[str]:
    """Where the approved plan or the posting log knows the customer, the document must be on it."""
    prefix = invoice.number.rpartition("-")[0]
    names = [f"team/{name}" for name in (prefix, invoice.team.strip().casefold()) if name]
    known = {
        bench.counterparts.posted[Kind.CUSTOMER, name].qbo_id
        for name in names
        if (Kind.CUSTOMER, name) in bench.counterparts.posted
    } - {""}
    planned = customer_of(bench.sent.get(found.key), bench.counterparts.done)
    known = {planned} if planned else known
    return ["is on another customer in QuickBooks"] if known and record.customer_id not in known else []


# Payments and refunds.


def judge_payment(bench: Bench, payment: BillingPayment) -> Judged:
    """The verdict of one Coworks payment."""
    found = counterpart(bench.counterparts, bench.invoices, payment)
    record = found.record if isinstance(found.record, ReceivedPayment) else None
    invoice = bench.invoices.get(payment.invoice_number)
    case = Case(
        subject=Subject.PAYMENT,
        name=payment.invoice_number,
        label=f"Payment of {day(payment.paid_on)} on invoice {payment.invoice_number}",
        amount=payment.amount,
        on=payment.paid_on,
        who=invoice.team if invoice else "",
        found=found,
        worth=_paid_with(bench, payment, record) if record else ZERO,
    )
    return Judged(finding=_payment_finding(bench, payment, case, record), found=found)


def _paid_with(bench: Bench, payment: BillingPayment, record: ReceivedPayment) -> Money:
    """The whole payment, or what one check for several invoices settles of this one."""
    invoice = bench.invoices.get(payment.invoice_number)
    document = find_invoice(bench.counterparts, invoice).record if invoice and len(record.links) > 1 else None
    if document is None:
        return record.total
    return total(link.amount for link in record.links if link.txn_id == document.id)


def _payment_finding(bench: Bench, payment: BillingPayment, case: Case, record: ReceivedPayment | None) -> Finding:
    if record is None:
        unposted = _payment_not_posted(bench, payment)
        if unposted:
            return finding_of(case, Verdict.NOT_POSTED, unposted)
    absent = absent_finding(bench, case, (payment.invoice_number, case.found.coworks_id))
    if absent or record is None:
        return absent or finding_of(case, Verdict.MISSING, "not in QuickBooks.")
    if record.voided:
        return finding_of(case, Verdict.CHANGED_IN_QUICKBOOKS, "was voided in QuickBooks and stands in Coworks.")
    return compared_finding(case, payment.amount, record.txn_date, _unapplied(bench, payment, record))


def _payment_not_posted(bench: Bench, payment: BillingPayment) -> str:
    go_live = bench.settings.policy.go_live
    if bench.settings.mode is Mode.INVOICES:
        return "payments are entered elsewhere."
    if payment.method is Method.BALANCE or not payment.amount:
        return "no money moved: it was settled from the customer's balance."
    return f"was paid before go-live ({go_live.isoformat()})." if go_live and payment.paid_on < go_live else ""


def _unapplied(bench: Bench, payment: BillingPayment, record: ReceivedPayment) -> list[str]:
    """A payment must settle its invoice, or the entry by which it was returned."""
    invoice = bench.invoices.get(payment.invoice_number)
    document = find_invoice(bench.counterparts, invoice).record if invoice else None
    if document is None or (invoice and is_voided(invoice)):
        return []
    applied = any(link.txn_id == document.id and link.txn_type is TxnType.INVOICE for link in record.links)
    returned = any(link.txn_type is TxnType.JOURNAL_ENTRY for link in record.links)
    return [] if applied or returned else ["is not applied to its invoice in QuickBooks"]


def judge_refund(bench: Bench, refund: Refund) -> Judged:
    """The verdict of one Coworks refund."""
    found = find_refund(bench.counterparts, refund)
    record = found.record
    invoice = bench.invoices.get(refund.invoice_number)
    case = Case(
        subject=Subject.REFUND,
        name=refund.invoice_number,
        label=f"Refund of {day(refund.refunded_on)} on invoice {refund.invoice_number}",
        amount=refund.amount,
        on=refund.refunded_on,
        who=invoice.team if invoice else "",
        found=found,
        worth=_refund_worth(bench, record),
    )
    return Judged(finding=_refund_finding(bench, refund, case, record), found=found)


def _refund_worth(bench: Bench, record: Transaction | None) -> Money:
    if isinstance(record, JournalEntry):
        return -total(line.amount for line in record.lines if bench.funds and line.account_id == bench.funds.id)
    return record.total if isinstance(record, SalesDocument) else ZERO


def _refund_finding(bench: Bench, refund: Refund, case: Case, record: Transaction | None) -> Finding:
    go_live = bench.settings.policy.go_live
    if record is None and bench.settings.mode is Mode.INVOICES:
        return finding_of(case, Verdict.NOT_POSTED, "payments and refunds are entered elsewhere.")
    if record is None and go_live and refund.refunded_on < go_live:
        return finding_of(case, Verdict.NOT_POSTED, f"was given before go-live ({go_live.isoformat()}).")
    absent = absent_finding(bench, case, (refund.invoice_number, case.found.coworks_id))
    if absent or record is None:
        return absent or finding_of(case, Verdict.MISSING, "not in QuickBooks.")
    if isinstance(record, SalesDocument) and record.voided:
        return finding_of(case, Verdict.CHANGED_IN_QUICKBOOKS, "was voided in QuickBooks and stands in Coworks.")
    return compared_finding(case, refund.amount, record.txn_date)


# Payouts.
