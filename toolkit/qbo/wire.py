"""Operations as Intuit's JSON: what is sent for each record, and every quirk of it with its reason.

Sources are Intuit's API reference pages (developer.intuit.com), its public schema (Finance.xsd) and recorded traffic
(minimul/qbo_api); where only other projects report a rule, the project is named.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any

from toolkit.books import (
    PENDING,
    BankDeposit,
    Customer,
    DepositLine,
    DocumentKind,
    JournalEntry,
    JournalLine,
    Link,
    ReceivedPayment,
    Record,
    SalesDocument,
    SalesLine,
)
from toolkit.money import ZERO, Money, cents, round_cents
from toolkit.plan import Action, Operation
from toolkit.qbo.exact_json import Json

Resolve = Callable[[str], str]
"""Gives the QuickBooks id for a reference `key:<operation key>`."""


class Verb(StrEnum):
    """What Intuit calls the operation."""

    CREATE = "create"
    UPDATE = "update"
    VOID = "void"
    DELETE = "delete"


@dataclass(frozen=True, slots=True, kw_only=True)
class WireRequest:
    """One write, ready for a single call or as an item of a batch; `include` is Intuit's word of the same name."""

    entity: str
    verb: Verb
    body: Json
    include: str = ""

    @property
    def path(self) -> str:
        """What follows the company ID in the address: the entity in lower case."""
        return self.entity.lower()

    @property
    def params(self) -> dict[str, str]:
        """Query parameters of the single call (without minorversion and requestid)."""
        params: dict[str, str] = {}
        if self.verb is Verb.DELETE:
            params["operation"] = "delete"
        elif self.verb is Verb.VOID:
            # Intuit: an invoice is voided by operation=void; payments, receipts by operation=update with include=void.
            params["operation"] = "void" if self._voids_directly else "update"
        includes = [word for word in (self.include, "void" if self._voids_by_update else "") if word]
        if includes:
            params["include"] = ",".join(includes)
        return params

    def as_item(self, bid: str) -> Json:
        """The item of a batch; `bid` (at most 10 characters) comes back with its answer."""
        verb = Verb.UPDATE if self._voids_by_update else self.verb
        item: Json = {"bId": bid, "operation": str(verb), self.entity: self.body}
        options = [word for word in (self.include, "void" if self._voids_by_update else "") if word]
        if options:
            # Intuit .NET SDK issue 175: in a batch the include values travel as optionsData.
            item["optionsData"] = ",".join(options)
        return item

    @property
    def _voids_directly(self) -> bool:
        return self.verb is Verb.VOID and self.entity == DocumentKind.INVOICE

    @property
    def _voids_by_update(self) -> bool:
        return self.verb is Verb.VOID and not self._voids_directly


_VOIDABLE = frozenset({"Invoice", "Payment", "SalesReceipt", "RefundReceipt"})
_LISTS = frozenset({"Customer"})


def to_json(operation: Operation, resolve: Resolve, *, include: str = "") -> WireRequest:
    """The request that carries out one operation, with references resolved by `resolve`.

    Updates are sparse; a void, delete or deactivation sends id and sync token of the record as it stands. `include`
    adds Intuit's include values, such as `allowduplicatedocnum`. Raises `ValueError` for an action that Intuit does
    not have for that entity (a void of a bank deposit, a delete of a customer), and whatever `resolve` raises.
    """
    record, entity = operation.record, operation.entity
    if operation.action is Action.CREATE:
        return WireRequest(entity=entity, verb=Verb.CREATE, body=body(record, resolve), include=include)
    if operation.action is Action.UPDATE:
        changed = _standing(record) | {"sparse": True} | body(record, resolve)
        if isinstance(record, Customer):
            changed["Active"] = record.active  # Intuit: a change of an inactive name is refused without it
        return WireRequest(entity=entity, verb=Verb.UPDATE, body=changed, include=include)
    if operation.action is Action.VOID:
        return _void(entity, record, include)
    if operation.action is Action.DELETE:
        return _delete(entity, record, include)
    return _deactivate(entity, record, include)


def _void(entity: str, record: Record, include: str) -> WireRequest:
    if entity not in _VOIDABLE:
        raise ValueError(f"Intuit has no void for {entity}: it is deleted")
    sparse: Json = {} if entity == DocumentKind.INVOICE else {"sparse": True}
    return WireRequest(entity=entity, verb=Verb.VOID, body=_standing(record) | sparse, include=include)


def _delete(entity: str, record: Record, include: str) -> WireRequest:
    if entity in _LISTS:
        raise ValueError(f"Intuit has no delete for {entity}: it is made inactive")
    return WireRequest(entity=entity, verb=Verb.DELETE, body=_standing(record), include=include)


def _deactivate(entity: str, record: Record, include: str) -> WireRequest:
    if entity not in _LISTS:
        raise ValueError(f"only names of a list are made inactive, not {entity}")
    body = _standing(record) | {"sparse": True, "Active": False}
    return WireRequest(entity=entity, verb=Verb.UPDATE, body=body, include=include)


def _standing(record: Record) -> Json:
    if not record.id or not record.sync_token:
        raise ValueError("a record that stands in QuickBooks has an id and a sync token")
    return {"Id": record.id, "SyncToken": record.sync_token}


def body(record: Record, resolve: Resolve) -> Json:
    """The bare entity that Intuit expects: never wrapped in its own name (that is code 2010), money as Decimal."""
    if isinstance(record, Customer):
        return customer_body(record, resolve)
    if isinstance(record, SalesDocument):
        return sales_body(record, resolve)
    if isinstance(record, ReceivedPayment):
        return payment_body(record, resolve)
    if isinstance(record, BankDeposit):
        return deposit_body(record, resolve)
    return journal_body(record, resolve)


def customer_body(customer: Customer, resolve: Resolve) -> Json:
    """A customer: names, e-mail addresses as one comma list, parent (a sub-customer is a Job to Intuit)."""
    names = {
        "DisplayName": customer.display_name,
        "CompanyName": customer.company_name,
        "GivenName": customer.given_name,
        "FamilyName": customer.family_name,
    }
    body: Json = {name: value for name, value in names.items() if value}
    if customer.emails:
        body["PrimaryEmailAddr"] = {"Address": ",".join(customer.emails)}
    if customer.parent_id:
        body |= {"Job": True, "ParentRef": _ref(customer.parent_id, resolve)}
    return body


def sales_body(document: SalesDocument, resolve: Resolve) -> Json:
    """An invoice, sales receipt, credit memo or refund receipt.

    `GlobalTaxCalculation` is never sent (Intuit: for companies outside the US only), nor CurrencyRef (a company with
    one currency was reported to refuse it), nor TotalAmt (QuickBooks adds up itself, and ignores it).
    """
    body: Json = {"CustomerRef": _ref(document.customer_id, resolve), "TxnDate": document.txn_date.isoformat()}
    if document.number:
        body["DocNumber"] = document.number
    body["Line"] = [_sales_line(line, resolve) for line in document.lines]
    body |= _refs(
        resolve,
        ClassRef=document.class_id,
        DepartmentRef=document.location_id,
        SalesTermRef=document.term_id,
        PaymentMethodRef=document.payment_method_id,
        DepositToAccountRef=document.deposit_account_id,
    )
    body |= _texts(PaymentRefNum=document.reference, PrivateNote=document.private_note)
    if document.bill_email:
        # Recorded: QuickBooks does not copy the customer's e-mail to the invoice, and reminds nobody without it.
        body["BillEmail"] = {"Address": document.bill_email}
    body |= _sales_tax(document)
    # Recorded: without these a new invoice is queued for printing; nothing shall be mailed or printed by itself.
    body |= {"EmailStatus": "NotSet", "PrintStatus": "NotSet"}
    if document.kind is DocumentKind.INVOICE:
        body |= _invoice_only(document)
    return body


def _invoice_only(document: SalesDocument) -> Json:
    return {
        # Recorded: without DueDate QuickBooks puts in the company's default terms, whatever the bill said.
        "DueDate": (document.due_date or document.txn_date).isoformat(),
        # The bill is paid through Coworks: a Pay button on QuickBooks' copy would collect it twice.
        "AllowOnlineCreditCardPayment": False,
        "AllowOnlineACHPayment": False,
    }


def _sales_tax(document: SalesDocument) -> Json:
    taxed = document.total_tax or any(line.tax_code != "NON" for line in document.lines)
    # Intuit: with automated sales tax a TotalTax that is sent overrides the computed one.
    return {"TxnTaxDetail": {"TotalTax": document.total_tax}} if taxed else {}


def _sales_line(line: SalesLine, resolve: Resolve) -> Json:
    detail: Json = {"ItemRef": _ref(line.item_id, resolve)} | _quantity(line)
    detail |= _refs(resolve, ClassRef=line.class_id)
    # Recorded with one item only: omitted, it became NON, and may follow the item instead. So it is always said.
    detail["TaxCodeRef"] = {"value": line.tax_code or "NON"}
    if line.service_date:
        detail["ServiceDate"] = line.service_date.isoformat()
    sent: Json = {"Id": line.id} if line.id else {}
    sent |= _texts(Description=line.description)
    return sent | {"Amount": line.amount, "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": detail}


def _quantity(line: SalesLine) -> Json:
    """Qty and UnitPrice, only together and only when they multiply to Amount half-up: else Intuit refuses (6070)."""
    if line.quantity is None or line.unit_price is None:
        return {}
    if round_cents(line.quantity * line.unit_price) != round_cents(line.amount):
        return {}
    return {"Qty": line.quantity, "UnitPrice": line.unit_price}


def payment_body(payment: ReceivedPayment, resolve: Resolve) -> Json:
    """A payment; no links is an empty Line, which un-applies what stood there (Intuit: Line is replaced whole)."""
    body: Json = {
        "CustomerRef": _ref(payment.customer_id, resolve),
        "TxnDate": payment.txn_date.isoformat(),
        "TotalAmt": payment.total,
        "Line": [{"Amount": link.amount, "LinkedTxn": [_linked(link, resolve)]} for link in payment.links],
    }
    body |= _refs(resolve, DepositToAccountRef=payment.deposit_account_id, PaymentMethodRef=payment.payment_method_id)
    return body | _texts(PaymentRefNum=payment.reference, PrivateNote=payment.private_note)


def deposit_body(deposit: BankDeposit, resolve: Resolve) -> Json:
    """A bank deposit: linked lines bare, amounts on accounts (fees negative) with their detail."""
    body: Json = {
        "DepositToAccountRef": _ref(deposit.account_id, resolve),
        "TxnDate": deposit.txn_date.isoformat(),
        "Line": [_deposit_line(line, resolve) for line in deposit.lines],
    }
    body |= _refs(resolve, DepartmentRef=deposit.location_id)
    return body | _texts(PrivateNote=deposit.private_note)


def _deposit_line(line: DepositLine, resolve: Resolve) -> Json:
    if line.link is not None:
        # python-quickbooks issue 329: a DetailType on a linked line makes QuickBooks demand an account (2020).
        return {"Amount": line.amount, "LinkedTxn": [_linked(line.link, resolve, line_id="0")]}
    detail = _refs(resolve, AccountRef=line.account_id, ClassRef=line.class_id)
    sent: Json = {"Amount": line.amount} | _texts(Description=line.description)
    return sent | {"DetailType": "DepositLineDetail", "DepositLineDetail": detail}


def journal_body(entry: JournalEntry, resolve: Resolve) -> Json:
    """A journal entry; raises `ValueError` when its lines do not sum to zero (Intuit would answer 2300)."""
    if sum(cents(line.amount) for line in entry.lines):
        raise ValueError(f"journal entry {entry.number} is not balanced")
    body: Json = {"TxnDate": entry.txn_date.isoformat(), "Line": [_journal_line(one, resolve) for one in entry.lines]}
    return body | _texts(DocNumber=entry.number, PrivateNote=entry.private_note)


def _journal_line(line: JournalLine, resolve: Resolve) -> Json:
    detail: Json = {
        "PostingType": "Debit" if line.amount >= ZERO else "Credit",
        "AccountRef": _ref(line.account_id, resolve),
    }
    detail |= _refs(resolve, ClassRef=line.class_id, DepartmentRef=line.location_id)
    if line.customer_id:
        # Intuit: a line on accounts receivable needs the customer, and here the reference is nested one deeper.
        detail["Entity"] = {"Type": "Customer", "EntityRef": _ref(line.customer_id, resolve)}
    sent: Json = {"Id": line.id} if line.id else {}
    sent |= _texts(Description=line.description)
    sent |= {"Amount": abs(line.amount), "DetailType": "JournalEntryLineDetail", "JournalEntryLineDetail": detail}
    return sent


def _linked(link: Link, resolve: Resolve, *, line_id: str = "") -> Json:
    linked: Json = {"TxnId": _resolved(link.txn_id, resolve), "TxnType": str(link.txn_type)}
    named = link.line_id or line_id
    return linked | {"TxnLineId": named} if named else linked


def _resolved(reference: str, resolve: Resolve) -> str:
    return resolve(reference) if reference.startswith(PENDING) else reference


def _ref(reference: str, resolve: Resolve) -> Json:
    return {"value": _resolved(reference, resolve)}


def _refs(resolve: Resolve, **references: str) -> Json:
    return {name: _ref(reference, resolve) for name, reference in references.items() if reference}


def _texts(**texts: str) -> Json:
    return {name: text for name, text in texts.items() if text}


def literal(text: str) -> str:
    r"""A query literal in single quotes; a quote in it becomes `\'` (recorded: not doubled), a backslash `\\`."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def in_list(texts: Sequence[str]) -> str:
    """The bracketed list of an IN: `('5', '6')`."""
    return "(" + ", ".join(literal(text) for text in texts) + ")"


def query_text(
    entity: str, *, columns: str = "*", where: str = "", order: str = "Id", start: int = 1, size: int = 1000
) -> str:
    """A SELECT with its page: `start` is 1-based, `size` at most 1000; always ordered: Intuit promises none."""
    condition = f" WHERE {where}" if where else ""
    return f"SELECT {columns} FROM {entity}{condition} ORDERBY {order} STARTPOSITION {start} MAXRESULTS {size}"


def count_text(entity: str, *, where: str = "") -> str:
    """A SELECT COUNT(*)."""
    condition = f" WHERE {where}" if where else ""
    return f"SELECT COUNT(*) FROM {entity}{condition}"


def amount(value: Any) -> Money:
    """A money value of an answer (Intuit prints zero as 0 and else two decimals); absent is 0.00."""
    return round_cents(value if isinstance(value, Decimal) else Decimal(str(value or 0)))


def reference(json: Mapping[str, Any], name: str) -> str:
    """The id in a reference, "" if absent."""
    ref = json.get(name)
    return str(ref.get("value") or "") if isinstance(ref, Mapping) else ""
