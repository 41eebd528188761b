"""Accounts receivable: Coworks' invoices open at period end against QuickBooks' A/R report, item by item.

QuickBooks A/R = distinct Coworks invoices open on the day, later events rolled back by date, - customer credits
+ returned payments + QuickBooks-only and pre-go-live items, each listed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date

from toolkit.books import Balances, OpenItem, SalesDocument
from toolkit.counterparts import STANDS, find_invoice
from toolkit.judging import Bench, is_split, is_voided
from toolkit.model import BillingPayment, Invoice, InvoiceStatus
from toolkit.money import ZERO, Money, dollars, total
from toolkit.plan import Kind
from toolkit.problems import Problem
from toolkit.proof import Item, Reason, Section


def section(bench: Bench, balances: Balances) -> Section:
    """The A/R section: report = QuickBooks' closing balance; one item for each invoice open on either side, and for
    each other open item of QuickBooks' aging. Linear.
    """
    open_items = _by_transaction(balances.open_items)
    items: list[Item] = []
    for invoice in bench.invoices.values():
        item = _invoice_item(bench, invoice, open_items)
        if item:
            items.append(item)
    items += [_listed(bench, one) for rows in open_items.values() for one in rows]
    items.sort(key=lambda item: (item.on or date.min, item.label, item.key))
    return Section(name="Accounts receivable", report=balances.receivable.closing, items=tuple(items))


def _by_transaction(rows: Iterable[OpenItem]) -> dict[tuple[str, str], list[OpenItem]]:
    found: dict[tuple[str, str], list[OpenItem]] = {}
    for row in rows:
        found.setdefault((_entity(row.txn_type), row.txn_id), []).append(row)
    return found


def _entity(txn_type: str) -> str:
    """`Credit Memo`, `CREDITMEMO` and `CreditMemo` are one type: reports print names for people."""
    return txn_type.replace(" ", "").casefold()


def open_amount(bench: Bench, invoice: Invoice) -> Money:
    """What Coworks says is open on one invoice at the end of the day; payments and voids after it do not count.

    0.00 for credits (negative totals): those live in QuickBooks as customer credits and are listed there.
    """
    if invoice.invoice_date > bench.as_of or invoice.status is InvoiceStatus.SCHEDULED:
        return ZERO
    if is_voided(invoice) and (invoice.voided_on is None or invoice.voided_on <= bench.as_of):
        return ZERO
    paid = total(payment.amount for payment in invoice.payments if _counts(bench, payment))
    return max(invoice.total - paid - invoice.applied_balance, ZERO)


def _counts(bench: Bench, payment: BillingPayment) -> bool:
    """A payment counts by its date; one that came back counts until the day of its return."""
    return payment.paid_on <= bench.as_of


def _split_before(bench: Bench, invoice: Invoice) -> bool:
    """A split parent counts only while none of its children is dated yet: parent and children never both."""
    if not is_split(bench, invoice):
        return False
    children = bench.children.get(invoice.number, ())
    return not children or min(child.invoice_date for child in children) <= bench.as_of


def _invoice_item(bench: Bench, invoice: Invoice, open_items: dict[tuple[str, str], list[OpenItem]]) -> Item | None:
    found = find_invoice(bench.counterparts, invoice)
    record = found.record if isinstance(found.record, SalesDocument) else None
    if invoice.total < 0 or (record is None and _never_posted(bench, invoice)):
        return None
    coworks = ZERO if _split_before(bench, invoice) else open_amount(bench, invoice)
    rows = open_items.pop(("invoice", record.id), []) if record else []
    if found.outside and found.posted:
        rows = open_items.pop(("invoice", found.posted.qbo_id), [])
    quickbooks = total(row.open_balance for row in rows)
    if not coworks and not quickbooks:
        return None
    # QuickBooks zeroes a void at the invoice's own date, so an earlier month-end changes after the fact.
    since = bool(record and record.voided and invoice.voided_on and invoice.voided_on > bench.as_of)
    return Item(
        key=found.key,
        label=f"Invoice {invoice.number}",
        reason=Reason.VOIDED_SINCE if since else _reason(coworks, quickbooks),
        sentence=f"{dollars(coworks)} open in Coworks, {dollars(quickbooks)} in QuickBooks.",
        listed=since,
        coworks=coworks,
        quickbooks=quickbooks,
        on=invoice.invoice_date,
        age_days=(bench.as_of - invoice.due_date).days,
        who=invoice.team,
    )


def _never_posted(bench: Bench, invoice: Invoice) -> bool:
    """Split parents not posted before their split, and what belongs to the books before go-live."""
    go_live = bench.settings.policy.go_live
    return is_split(bench, invoice) or bool(go_live and invoice.invoice_date < go_live)


def _reason(coworks: Money, quickbooks: Money) -> Reason:
    if coworks == quickbooks:
        return Reason.OPEN
    if not quickbooks:
        return Reason.NOT_IN_QUICKBOOKS
    return Reason.NOT_OPEN_IN_COWORKS if not coworks else Reason.DIFFERENT


_LISTED_WORDS: Mapping[Reason, str] = {
    Reason.RETURNED: "a payment that came back, owed again.",
    Reason.CREDIT: "a credit of the customer, not used yet.",
    Reason.BEFORE_GO_LIVE: "open since before go-live.",
    Reason.ONLY_IN_QUICKBOOKS: "entered in QuickBooks, not from Coworks.",
}


def _listed(bench: Bench, row: OpenItem) -> Item:
    """An open item of QuickBooks that is no Coworks invoice: explained by the bridge, each by name."""
    reason = _listed_reason(bench, row)
    return Item(
        key=f"qbo:{row.txn_type}:{row.txn_id}",
        label=f"{row.txn_type} {row.number or row.txn_id}",
        reason=reason,
        sentence=f"{dollars(row.open_balance)}: {_LISTED_WORDS[reason]}",
        quickbooks=row.open_balance,
        listed=True,
        on=row.txn_date,
        age_days=(bench.as_of - (row.due_date or row.txn_date)).days,
        who=row.customer,
    )


def _listed_reason(bench: Bench, row: OpenItem) -> Reason:
    go_live = bench.settings.policy.go_live
    if _entity(row.txn_type) == "journalentry" and ("JournalEntry", row.txn_id) in bench.counterparts.ours:
        return Reason.RETURNED
    if row.open_balance < 0:
        return Reason.CREDIT
    if go_live and row.txn_date < go_live:
        return Reason.BEFORE_GO_LIVE
    return Reason.ONLY_IN_QUICKBOOKS


def missing_dates(bench: Bench) -> Iterator[Problem]:
    """A Problem for each invoice whose payment or void has no date: nothing can be rolled back without one."""
    paid = (InvoiceStatus.PAID, InvoiceStatus.MARKED_AS_PAID)
    for invoice in bench.invoices.values():
        dated = total(payment.amount for payment in invoice.payments)
        if invoice.status in paid and dated + invoice.applied_balance < min(invoice.amount_paid, invoice.total):
            yield _missing_date(invoice, "is paid in Coworks, and not every payment of it has a date")
        if invoice.status is InvoiceStatus.VOIDED and invoice.voided_on is None and _was_posted(bench, invoice):
            yield _missing_date(invoice, "is voided in Coworks, and the report does not say when")


def _was_posted(bench: Bench, invoice: Invoice) -> bool:
    posted = bench.counterparts.posted.get((Kind.INVOICE, invoice.coworks_id or invoice.number))
    return posted is not None and posted.standing in STANDS


def _missing_date(invoice: Invoice, what: str) -> Problem:
    return Problem(
        code="date-missing",
        where=str(invoice.source),
        what=f"Invoice {invoice.number} {what}.",
        why="What was open on the last day of the month is known only from dates.",
        do="Export the report with its dates, or give the date of a void in voids.csv.",
        key=invoice.number,
    )
