"""Deleting and voiding: what it takes, what it leaves behind."""

from __future__ import annotations

from typing import Any

from toolkit.emulator import bodies, fault, ledger, links, operations, payments, schema, writing
from toolkit.emulator.amounts import rendered
from toolkit.emulator.books import Books
from toolkit.emulator.kinds import NUMBERED, Kind
from toolkit.emulator.records import Body, Record

VOIDED_BY_OPERATION = ("Invoice",)
VOIDED_BY_INCLUDE = ("Payment", "SalesReceipt")
VOIDED_IF_SWITCHED = ("CreditMemo", "RefundReceipt")


def guard(books: Books, kind: Kind, *, by_include: bool) -> None:
    """Raises Fault 500 when this entity cannot be voided so: by `operation=void`, or an update with `include=void`."""
    allowed = VOIDED_BY_OPERATION + (VOIDED_BY_INCLUDE if by_include else ())
    if books.switches["other_voids"] == "allow":
        allowed += VOIDED_IF_SWITCHED
    if kind.entity not in allowed:
        raise fault.unsupported("void")


def _target(books: Books, kind: Kind, value: Any) -> Record:
    sent = schema.read(kind.entity, value)
    operations.guard_subscription(books)
    if sent.get("Id") is None:
        raise fault.required("Id")
    record = writing.current(books, kind, sent, token_needed=kind.group != "attachable")
    if kind.group == "transaction":
        operations.guard_closed(books, record.txn_date)
        if links.deposit_of(books, record.id) is not None:
            raise fault.deposited()
    return record


def delete(books: Books, kind: Kind, value: Any) -> str:
    """
    Deletes a transaction or attachment; the answer's inner text.

    Lists and names cannot be deleted, only made inactive.
    """
    if kind.group not in ("transaction", "attachable"):
        raise fault.unsupported(f"Delete {kind.entity}")
    record = _target(books, kind, value)
    _release(books, record, books.switches["delete_with_payments"], "delete")
    writing.tombstone(books, record)
    return rendered({"domain": "QBO", "status": "Deleted", "Id": str(record.id)})


def _release(books: Books, record: Record, policy: str, action: str) -> None:
    """Deals with the payments applied to a document: refuses with 6000, or makes them unapplied."""
    if not links.into(books, record.id, "Payment"):
        return
    if policy == "refuse":
        raise fault.business(
            f"You cannot {action} this transaction because it is linked to a payment. Remove the payment from "
            f"it first.",
            "Cette opération est liée à un paiement. Retirez-la d'abord du paiement.",
        )
    payments.unapply(books, record, 0)


def void(books: Books, kind: Kind, value: Any) -> Record:
    """
    Voids an invoice, sales receipt or payment: zero amounts at its original date, "Voided" before its memo, its
    number kept.
    """
    record = _target(books, kind, value)
    if record.voided:
        if books.switches["void_again"] == "refuse":
            raise fault.business("This transaction has already been voided.")
        return record
    if record.entity in NUMBERED:
        _release(books, record, books.switches["void_with_payments"], "void")
        record = books.live(kind.entity, record.id)
    note = record.body.get("PrivateNote")
    changes: Body = {"PrivateNote": f"Voided - {note}" if note else "Voided", "TotalAmt": 0, **_zeroed(record)}
    ledger.unpost(books, record.id)
    if record.entity == "Payment":
        links.replace(books, record, [])
    return bodies.rewrite(books, record, changes, bump=True, voided=1, total=0, balance=0)


def _zeroed(record: Record) -> Body:
    if record.entity == "Payment":
        return {"UnappliedAmt": 0, "Line": []}
    zero: Body = {
        "Line": [_zero_line(line) for line in record.body["Line"]],
        "TxnTaxDetail": {"TotalTax": 0},
        "Balance": 0,
    }
    return zero | ({"RemainingCredit": 0} if record.entity == "CreditMemo" else {})


def _zero_line(line: Body) -> Body:
    """A line of a voided sale: Amount 0, Qty 0 where there was one, no UnitPrice; item and tax code stay (recorded)."""
    zero = dict(line)
    if "Amount" in zero:
        zero["Amount"] = 0
    detail = zero.get("SalesItemLineDetail")
    if detail is not None:
        kept = {key: value for key, value in detail.items() if key != "UnitPrice"}
        zero["SalesItemLineDetail"] = kept | ({"Qty": 0} if "Qty" in kept else {})
    return zero
