"""Automatic application of credits: what QuickBooks does by itself when that preference is on."""

from __future__ import annotations

from decimal import Decimal

from toolkit.emulator import payments
from toolkit.emulator.books import Books
from toolkit.emulator.records import Body, Record


def _line(record: Record, amount: int) -> Body:
    linked = [{"TxnId": str(record.id), "TxnType": record.entity}]
    return {"Amount": Decimal(amount).scaleb(-2), "LinkedTxn": linked}


def _open(books: Books, entity: str, customer_id: str | None) -> list[Record]:
    condition = "entity = ? AND customer_id = ? AND deleted = 0 AND voided = 0 AND balance > 0 ORDER BY txn_date, id"
    return books.select(condition, (entity, customer_id))


def _use(books: Books, credit: Record, invoice: Record) -> None:
    """
    A payment of 0 that QuickBooks makes itself, linking both (seen in sandbox rows one second after a credit memo).
    """
    amount = min(credit.balance or 0, invoice.balance or 0)
    lines = [_line(invoice, amount), _line(credit, amount)]
    reference = {"value": str(invoice.customer_id)}
    payments.create(books, {"CustomerRef": reference, "TotalAmt": Decimal(0), "TxnDate": books.today, "Line": lines})


def _apply_payment(books: Books, payment: Record, invoice: Record) -> None:
    amount = min(payment.balance or 0, invoice.balance or 0)
    kept = [{"Amount": line["Amount"], "LinkedTxn": line["LinkedTxn"]} for line in payment.body.get("Line", ())]
    payments.change(books, payment, {"Line": [*kept, _line(invoice, amount)]})


def after_create(books: Books, record: Record) -> None:
    """
    Applies a new credit memo to the customer's oldest open invoices, or open credits and payments to a new invoice.
    """
    if books.importing or not books.switches.on("auto_apply_credit"):
        return
    if record.entity == "CreditMemo":
        for invoice in _open(books, "Invoice", record.customer_id):
            credit = books.live("CreditMemo", record.id)
            if (credit.balance or 0) > 0:
                _use(books, credit, invoice)
    elif record.entity == "Invoice":
        for payment in _open(books, "Payment", record.customer_id):
            invoice = books.live("Invoice", record.id)
            if (invoice.balance or 0) > 0:
                _apply_payment(books, payment, invoice)
        for credit in _open(books, "CreditMemo", record.customer_id):
            invoice = books.live("Invoice", record.id)
            if (invoice.balance or 0) > 0:
                _use(books, credit, invoice)
