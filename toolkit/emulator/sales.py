"""Invoices, sales receipts, credit memos and refund receipts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from toolkit.emulator import fault, links, numbering, payments, preferences, references, sales_lines, tax
from toolkit.emulator.amounts import money
from toolkit.emulator.books import Books
from toolkit.emulator.headers import DEPOSITABLE, currency, dated, tracked_class, tracked_department
from toolkit.emulator.names import check_email
from toolkit.emulator.records import Body, Draft, Posting, Record


@dataclass(frozen=True, slots=True)
class Form:
    """How a kind of sale differs: the sign of its income, whether it is paid at once, whether it needs a customer."""

    sign: int
    paid: bool
    customer: bool


FORMS = {
    "Invoice": Form(1, False, True),
    "CreditMemo": Form(-1, False, True),
    "SalesReceipt": Form(1, True, False),
    "RefundReceipt": Form(-1, True, False),
}


def _custom_fields(books: Books, draft: Draft) -> list[Body]:
    definitions = books.memo("custom_fields", lambda: preferences.custom_fields(books.setting("Preferences")))
    given = {custom.get("DefinitionId"): custom for custom in draft.fields.get("CustomField") or ()}
    shown = []
    for definition in definitions:
        custom: Body = dict(definition)
        value = given.get(definition["DefinitionId"], {}).get("StringValue")
        if value:
            custom["StringValue"] = value
        shown.append(custom)
    return shown


def _due_date(books: Books, draft: Draft) -> str:
    if draft.fields.get("DueDate"):
        return str(draft.fields["DueDate"])
    ref = draft.fields.get("SalesTermRef") or books.preference("SalesFormsPrefs", "DefaultTerms")
    term = books.referred("Term", ref).body if ref and ref.get("value") else {}
    day = date.fromisoformat(str(draft.txn_date))
    try:
        if "DayOfMonthDue" in term:
            return _on_day(day, int(term["DayOfMonthDue"])).isoformat()
        return (day + timedelta(days=int(term.get("DueDays", 0)))).isoformat()
    except OverflowError:
        raise fault.invalid_date("TxnDate", day) from None


def _on_day(day: date, due: int) -> date:
    month = day.replace(day=1)
    if due < day.day:
        month = (month + timedelta(days=31)).replace(day=1)
    last = (month + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    return month.replace(day=min(max(due, 1), last.day))


def _customer(books: Books, draft: Draft, form: Form) -> Record | None:
    record = references.normalize(books, draft, "CustomerRef", "Customer")
    if record is None:
        if form.customer:
            raise fault.required("CustomerRef")
        return None
    draft.customer_id = str(record.id)
    customer = record.body
    for field in ("BillAddr", "ShipAddr") if draft.old is None else ():
        if field not in draft.body and field in customer:
            draft.body[field] = customer[field]
    for field in ("BillAddr", "ShipAddr"):
        address = draft.body.get(field)
        if address and "Id" not in address:
            draft.body[field] = {"Id": str(books.new_id("address", 1)), **address}
    return record


def _delivery(draft: Draft) -> None:
    body = draft.body
    body.setdefault("PrintStatus", "NeedToPrint")
    body.setdefault("EmailStatus", "NotSet")
    email = (body.get("BillEmail") or {}).get("Address")
    if email:
        check_email(email)
    elif body["EmailStatus"] == "NeedToSend":
        raise fault.email_required()


def _deposit_to(books: Books, draft: Draft, required: bool) -> Record:
    account = references.account_of(books, draft, "DepositToAccountRef", DEPOSITABLE)
    if account is None and required:
        raise fault.required("DepositToAccountRef")
    if account is None:
        account = references.undeposited(books)
        draft.body["DepositToAccountRef"] = references.shown(account)
    return account


def _paid_side(books: Books, draft: Draft, form: Form) -> Record:
    if not form.paid:
        draft.body.pop("DepositToAccountRef", None)
        return references.receivable(books)
    references.normalize(books, draft, "PaymentMethodRef", "PaymentMethod")
    return _deposit_to(books, draft, required=draft.entity == "RefundReceipt")


def _post(draft: Draft, form: Form, account: Record, lines: sales_lines.Lines, department: str | None) -> None:
    """
    Dr receivable (or cash) for the total; Cr income by line, less discount, and the tax collected.

    Signs are turned for credits.
    """
    kind, id = ("Customer", draft.customer_id) if draft.customer_id else (None, None)
    total = sum(side.amount for side in lines.credits)
    memo = draft.body.get("PrivateNote")
    first = Posting(str(account.id), form.sign * total, kind, id, None, department, memo=memo)
    sides = (side._replace(amount=-form.sign * side.amount, name_type=kind, name_id=id) for side in lines.credits)
    draft.postings = [first, *sides]


def build(books: Books, draft: Draft) -> None:
    """The rules of a sale; see `sales_lines.read`, `tax.of` and `numbering.assign` for the Faults."""
    form, body = FORMS[draft.entity], draft.body
    _customer(books, draft, form)
    dated(books, draft)
    department, class_id = tracked_department(books, draft), tracked_class(books, draft)
    account = _paid_side(books, draft, form)
    lines = sales_lines.read(books, draft, department, class_id)
    body["Line"] = lines.out
    body["TxnTaxDetail"], tax_cents = tax.of(books, draft, lines.taxable)
    draft.total = lines.subtotal - lines.discount + tax_cents
    if draft.total < 0:
        raise fault.business(
            "Transaction amount must be 0 or greater.", "Le montant de l'opération doit être de 0 ou plus."
        )
    currency(books, draft)
    _delivery(draft)
    body["CustomField"] = _custom_fields(books, draft)
    body.setdefault("ApplyTaxAfterDiscount", False)
    if draft.entity in ("Invoice", "CreditMemo"):
        references.normalize(books, draft, "SalesTermRef", "Term", named=False)
    if draft.entity == "Invoice":
        draft.due_date = body["DueDate"] = _due_date(books, draft)
        for flag in ("AllowIPNPayment", "AllowOnlinePayment", "AllowOnlineCreditCardPayment", "AllowOnlineACHPayment"):
            body.setdefault(flag, False)
    numbering.assign(books, draft)
    _amounts(books, draft, form)
    if form.paid:
        payments.guard_deposited(books, draft, account)
    if tax_cents:
        lines.credits.append(Posting(str(tax.liability(books).id), tax_cents, department_id=department))
    _post(draft, form, account, lines, department)


def _amounts(books: Books, draft: Draft, form: Form) -> None:
    body, total = draft.body, draft.total or 0
    body["TotalAmt"] = money(total)
    applied = links.applied(books, draft.old.id) if draft.old and not form.paid else 0
    if applied > total and draft.old is not None:
        if books.switches["edit_below_paid"] == "refuse":
            raise fault.business("The amount of a transaction cannot be less than what has been applied to it.")
        payments.unapply(books, draft.old, total)
        applied = links.applied(books, draft.old.id)
    draft.balance = 0 if form.paid else total - applied
    body["Balance"] = money(draft.balance)
    if draft.entity == "CreditMemo":
        body["RemainingCredit"] = money(draft.balance)
    linked = links.linked(books, draft.old.id) if draft.old else []
    if linked or draft.entity == "Invoice":
        body["LinkedTxn"] = linked
