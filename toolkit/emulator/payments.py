"""Payments: what they are applied to, what stays unapplied, and the documents they change."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from toolkit.emulator import fault, links, references, writing
from toolkit.emulator.amounts import cents, money
from toolkit.emulator.books import Books, reference_id
from toolkit.emulator.headers import DEPOSITABLE, currency, dated, tracked_department
from toolkit.emulator.kinds import KINDS
from toolkit.emulator.ledger import RECEIVABLE
from toolkit.emulator.records import Body, Draft, Link, Posting, Record

_NAME_VALUE: Body = {
    "name": "{http://schema.intuit.com/finance/v3}NameValue",
    "declaredType": "com.intuit.schema.finance.v3.NameValue",
    "scope": "javax.xml.bind.JAXBElement$GlobalScope",
}
_TARGETS = ("Invoice", "CreditMemo", "JournalEntry")


@dataclass(slots=True)
class Applied:
    """What the lines of a payment come to, in cents: charges paid, credits used."""

    charges: int = 0
    credits: int = 0
    links: list[Link] = field(default_factory=list)
    out: list[Body] = field(default_factory=list)


def journal_open(books: Books, record: Record, customer_id: str, without: int | None) -> int:
    """What a journal entry leaves open on the customer's receivables, in cents: above 0 a charge, below 0 a credit."""
    net = 0
    for line in record.body.get("Line", ()):
        detail = line.get("JournalEntryLineDetail") or {}
        account = books.find("Account", reference_id(detail.get("AccountRef")) or 0)
        entity = (detail.get("Entity") or {}).get("EntityRef") or {}
        if account and references.account_type(account) == RECEIVABLE and entity.get("value") == customer_id:
            amount = cents(line.get("Amount", 0))
            net += amount if detail.get("PostingType") == "Debit" else -amount
    used = links.applied(books, record.id, without)
    return net - used if net > 0 else net + used


def _extras(record: Record, open_cents: int) -> Body:
    values = {
        "txnId": str(record.id),
        "txnOpenBalance": format(money(open_cents) if open_cents else 0, ""),
        "txnReferenceNumber": record.doc_number,
    }
    any = [
        {
            **_NAME_VALUE,
            "value": {"Name": name, "Value": value},
            "nil": False,
            "globalScope": True,
            "typeSubstituted": False,
        }
        for name, value in values.items()
        if value is not None
    ]
    return {"any": any}


def _wrong_customer(books: Books, record: Record, customer: Record) -> bool:
    if record.entity == "JournalEntry" or record.customer_id == str(customer.id):
        return False
    # A parent that is billed for its sub-customers may pay their invoices.
    owner = books.find("Customer", int(record.customer_id)) if record.customer_id else None
    while owner is not None and "ParentRef" in owner.body:
        parent = books.find("Customer", reference_id(owner.body["ParentRef"]) or 0)
        if parent is not None and parent.id == customer.id:
            return False
        owner = parent
    return True


def _target(books: Books, linked: Body) -> Record:
    kind, id = linked.get("TxnType"), linked.get("TxnId")
    if kind not in _TARGETS:
        raise fault.business(f"Transactions of type {kind} cannot be linked to a payment.")
    if not (isinstance(id, str) and id.isdecimal() and len(id) < 19):
        raise fault.invalid_id(id)
    record = books.find(kind, int(id))
    if record is None or record.deleted:
        raise fault.not_found()
    return record


def _open_of(books: Books, draft: Draft, target: Record) -> tuple[int, bool]:
    """What a document leaves open without this payment, in cents, and whether that is a credit."""
    mine = draft.old.id if draft.old else None
    if target.entity == "JournalEntry":
        left = journal_open(books, target, str(draft.customer_id), mine)
        return abs(left), left < 0
    return (target.total or 0) - links.applied(books, target.id, mine), target.entity == "CreditMemo"


def _apply(books: Books, draft: Draft, applied: Applied, target: Record, amount: int) -> None:
    earlier = sum(link.amount for link in applied.links if link.to_id == target.id)
    left, is_credit = _open_of(books, draft, target)
    if amount < 0 or amount + earlier > left:
        raise fault.business(
            "The amount applied to a transaction cannot be more than its open balance.",
            "Le montant appliqué à une opération ne peut pas dépasser son solde.",
        )
    if is_credit:
        applied.credits += amount
    else:
        applied.charges += amount
    applied.links.append(Link(target.entity, target.id, amount))
    out: Body = {"Amount": money(amount), "LinkedTxn": [{"TxnId": str(target.id), "TxnType": target.entity}]}
    if books.switches.on("payment_line_extras"):
        out["LineEx"] = _extras(target, left)
    applied.out.append(out)


def _lines(books: Books, draft: Draft, customer: Record) -> Applied:
    applied = Applied()
    for line in draft.fields.get("Line") or ():
        amount = cents(line["Amount"]) if line.get("Amount") is not None else 0
        for linked in (line.get("LinkedTxn") or ()) if amount else ():
            target = _target(books, linked)
            if not _wrong_customer(books, target, customer):
                _apply(books, draft, applied, target, amount)
            elif books.switches["wrong_customer"] == "refuse":
                raise fault.business("The customer of the payment is not the one of the transaction it is linked to.")
    return applied


def guard_deposited(books: Books, draft: Draft, account: Any) -> None:
    """Raises Fault 6540 when amount, date or account of a deposited transaction would change."""
    old = draft.old
    if old is None or links.deposit_of(books, old.id) is None:
        return
    before = old.body.get("DepositToAccountRef", {}).get("value")
    moved = draft.total != old.total or draft.txn_date != old.txn_date or before != str(account.id)
    if moved or (books.switches["deposited_reapply"] == "refuse" and links.from_record(books, old.id) != draft.links):
        raise fault.deposited()


def build(books: Books, draft: Draft) -> None:
    """The rules of a payment: Dr where it is deposited to, Cr receivables for all of it, also the unapplied part."""
    fields, body = draft.fields, draft.body
    customer = references.normalize(books, draft, "CustomerRef", "Customer")
    if customer is None:
        raise fault.required("CustomerRef")
    if fields.get("TotalAmt") is None:
        raise fault.business("You must set a transaction amount.", "Vous devez indiquer un montant.")
    draft.customer_id = str(customer.id)
    draft.total = cents(fields["TotalAmt"])
    dated(books, draft)
    account = references.account_of(books, draft, "DepositToAccountRef", DEPOSITABLE, named=False)
    if account is None:
        account = references.undeposited(books)
        body["DepositToAccountRef"] = references.bare(account)
    references.normalize(books, draft, "PaymentMethodRef", "PaymentMethod", named=False)
    applied = _lines(books, draft, customer)
    unapplied = draft.total + applied.credits - applied.charges
    if draft.total < 0 or unapplied < 0:
        raise fault.business("The amount applied cannot be more than the amount of the payment.")
    draft.links = applied.links
    body["Line"], body["TotalAmt"], body["UnappliedAmt"] = applied.out, money(draft.total), money(unapplied)
    draft.balance = unapplied
    draft.doc_number = fields.get("PaymentRefNum")
    body["ProcessPayment"] = False
    currency(books, draft)
    for unused in ("ARAccountRef", "TxnTaxDetail"):
        body.pop(unused, None)
    department = None
    if books.switches["payment_department"] == "keep":
        department = tracked_department(books, draft)
    else:
        body.pop("DepartmentRef", None)
    linked = links.linked(books, draft.old.id) if draft.old else []
    if linked:
        body["LinkedTxn"] = linked
    guard_deposited(books, draft, account)
    _post(books, draft, account, department)


def _post(books: Books, draft: Draft, account: Record, department: str | None) -> None:
    if draft.total:
        memo = draft.body.get("PrivateNote")
        side = Posting(str(account.id), draft.total, "Customer", draft.customer_id, None, department, memo=memo)
        other = side._replace(account_id=str(references.receivable(books).id), amount=-draft.total)
        draft.postings = [side, other]


def reduce(books: Books, payment: Record, target: Record, less: int) -> None:
    """Applies a payment to one document by so many cents less; the amount becomes unapplied."""
    lines: list[Body] = []
    for link in links.from_record(books, payment.id):
        taken = less if link.to_id == target.id else 0
        if link.amount > taken:
            amount = Decimal(link.amount - taken).scaleb(-2)
            lines.append({"Amount": amount, "LinkedTxn": [{"TxnId": str(link.to_id), "TxnType": link.to_type}]})
    change(books, payment, {"Line": lines})


def change(books: Books, payment: Record, fields: Body) -> Record:
    """A sparse update of a payment from inside."""
    draft = writing.draft_update(KINDS["Payment"], {"sparse": True, **fields}, payment, frozenset())
    build(books, draft)
    return writing.save(books, draft)


def create(books: Books, fields: Body) -> Record:
    """A payment that QuickBooks makes itself."""
    draft = writing.draft_create(KINDS["Payment"], fields, frozenset())
    build(books, draft)
    return writing.save(books, draft)


def unapply(books: Books, record: Record, keep: int) -> None:
    """
    Takes applications off a document, the latest first, until no more than `keep` cents remain; what is taken becomes
    unapplied.
    """
    excess = links.applied(books, record.id) - keep
    for payment_id, amount, _ in reversed(links.into(books, record.id, "Payment")):
        if excess <= 0:
            return
        less = min(excess, amount)
        reduce(books, books.live("Payment", payment_id), record, less)
        excess -= less
