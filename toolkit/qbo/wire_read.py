"""Intuit's JSON as our records: what QuickBooks says, without its decorations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from toolkit.books import (
    Account,
    BankDeposit,
    ClassTracking,
    Customer,
    DepositLine,
    DocumentKind,
    Item,
    JournalEntry,
    JournalLine,
    Link,
    ListEntry,
    OtherName,
    Preferences,
    ReceivedPayment,
    Record,
    SalesDocument,
    SalesLine,
    Transfer,
    TxnType,
)
from toolkit.money import ZERO
from toolkit.qbo.exact_json import Json
from toolkit.qbo.wire import amount, reference

_LINKABLE = frozenset(str(kind) for kind in TxnType)


def record(entity: str, json: Json) -> Record:
    """The record of an answer to a write; raises `ValueError` for an entity that we never write."""
    if entity in _SALES:
        return sales_document(DocumentKind(entity), json)
    if entity == "Customer":
        return customer(json)
    if entity == "Payment":
        return payment(json)
    if entity == "Deposit":
        return deposit(json)
    if entity == "JournalEntry":
        return journal_entry(json)
    raise ValueError(f"no record for {entity}")


_SALES = frozenset(str(kind) for kind in DocumentKind)


def customer(json: Json) -> Customer:
    """A customer; the address field is a comma list, each address kept as typed."""
    address = str((json.get("PrimaryEmailAddr") or {}).get("Address") or "")
    return Customer(
        id=str(json["Id"]),
        display_name=str(json.get("DisplayName") or ""),
        company_name=str(json.get("CompanyName") or ""),
        given_name=str(json.get("GivenName") or ""),
        family_name=str(json.get("FamilyName") or ""),
        emails=tuple(one for one in (part.strip() for part in address.split(",")) if one),
        active=_active(json),
        parent_id=reference(json, "ParentRef"),
        full_name=str(json.get("FullyQualifiedName") or json.get("DisplayName") or ""),
        balance=amount(json.get("Balance")),
        sync_token=str(json.get("SyncToken") or ""),
    )


def other_name(kind: str, json: Json) -> OtherName:
    """A vendor or employee."""
    name = str(json.get("DisplayName") or "")
    return OtherName(id=str(json["Id"]), kind=kind, display_name=name, active=_active(json))


def item(json: Json) -> Item:
    """A product/service."""
    name = str(json.get("Name") or "")
    return Item(
        id=str(json["Id"]),
        name=name,
        full_name=str(json.get("FullyQualifiedName") or name),
        type=str(json.get("Type") or ""),
        active=_active(json),
        class_id=reference(json, "ClassRef"),
        income_account_id=reference(json, "IncomeAccountRef"),
        taxable=bool(json.get("Taxable")),
    )


def list_entry(json: Json) -> ListEntry:
    """A class, location, payment method, term or tax code."""
    name = str(json.get("Name") or "")
    return ListEntry(
        id=str(json["Id"]), name=name, full_name=str(json.get("FullyQualifiedName") or name), active=_active(json)
    )


def account(json: Json) -> Account:
    """An account of the chart; `balance` is CurrentBalance, of now: never a proof of a month."""
    name = str(json.get("Name") or "")
    return Account(
        id=str(json["Id"]),
        name=name,
        full_name=str(json.get("FullyQualifiedName") or name),
        type=str(json.get("AccountType") or ""),
        subtype=str(json.get("AccountSubType") or ""),
        classification=str(json.get("Classification") or ""),
        active=_active(json),
        balance=amount(json.get("CurrentBalance")),
        number=str(json.get("AcctNum") or ""),
    )


def sales_document(kind: DocumentKind, json: Json) -> SalesDocument:
    """A sales form; a credit memo's `balance` is what is left of it to apply."""
    return SalesDocument(
        kind=kind,
        number=str(json.get("DocNumber") or ""),
        customer_id=reference(json, "CustomerRef"),
        txn_date=day(json["TxnDate"]),
        total=amount(json.get("TotalAmt")),
        lines=tuple(_sales_lines(json.get("Line") or ())),
        due_date=day(json["DueDate"]) if json.get("DueDate") else None,
        balance=amount(json.get("RemainingCredit", json.get("Balance"))),
        location_id=reference(json, "DepartmentRef"),
        class_id=reference(json, "ClassRef"),
        bill_email=str((json.get("BillEmail") or {}).get("Address") or ""),
        private_note=str(json.get("PrivateNote") or ""),
        deposit_account_id=reference(json, "DepositToAccountRef"),
        payment_method_id=reference(json, "PaymentMethodRef"),
        reference=str(json.get("PaymentRefNum") or ""),
        total_tax=amount((json.get("TxnTaxDetail") or {}).get("TotalTax")),
        links=tuple(_links(json.get("LinkedTxn") or (), None)),
        voided=voided(json),
        term_id=reference(json, "SalesTermRef"),
        **_standing(json),
    )


def voided(json: Json) -> bool:
    """Whether the transaction was voided.

    Recorded: there is no status field; the amount is 0 and the private note starts with "Voided" (the word is put
    before a note that was there). Intuit's schema also knows `status: Voided`.
    """
    if json.get("status") == "Voided":
        return True
    noted = str(json.get("PrivateNote") or "").startswith("Voided")
    return noted and not amount(json.get("TotalAmt"))


def _sales_lines(lines: Any) -> Iterator[SalesLine]:
    for line in lines:
        kind = line.get("DetailType")
        if kind == "SubTotalLineDetail":
            continue
        if kind == "GroupLineDetail":
            yield from _sales_lines((line.get("GroupLineDetail") or {}).get("Line") or ())
            continue
        yield _sales_line(line, kind)


def _sales_line(line: Json, kind: str | None) -> SalesLine:
    detail = line.get("SalesItemLineDetail") or {}
    worth = amount(line.get("Amount"))
    return SalesLine(
        # Recorded: a discount line's amount is positive and taken off the total.
        amount=-worth if kind == "DiscountLineDetail" else worth,
        item_id=reference(detail, "ItemRef"),
        description=str(line.get("Description") or ""),
        quantity=_number(detail.get("Qty")),
        unit_price=_number(detail.get("UnitPrice")),
        class_id=reference(detail, "ClassRef"),
        tax_code=reference(detail, "TaxCodeRef") or "NON",
        service_date=day(detail["ServiceDate"]) if detail.get("ServiceDate") else None,
        id=str(line.get("Id") or ""),
    )


def payment(json: Json) -> ReceivedPayment:
    """A payment with the documents it settles.

    Whether it was deposited is not taken from here: depositing leaves account, sync token and time as they were
    (recorded), so that state comes from the bank deposits' lines. `LineEx` is left out: it cannot be sent back.
    """
    return ReceivedPayment(
        customer_id=reference(json, "CustomerRef"),
        txn_date=day(json["TxnDate"]),
        total=amount(json.get("TotalAmt")),
        links=tuple(link for line in json.get("Line") or () for link in _line_links(line)),
        unapplied=amount(json.get("UnappliedAmt")),
        deposit_account_id=reference(json, "DepositToAccountRef"),
        payment_method_id=reference(json, "PaymentMethodRef"),
        reference=str(json.get("PaymentRefNum") or ""),
        private_note=str(json.get("PrivateNote") or ""),
        voided=voided(json),
        **_standing(json),
    )


def deposit(json: Json) -> BankDeposit:
    """A bank deposit; a line that links something we have no word for is kept with its amount, without link."""
    return BankDeposit(
        account_id=reference(json, "DepositToAccountRef"),
        txn_date=day(json["TxnDate"]),
        total=amount(json.get("TotalAmt")),
        lines=tuple(_deposit_line(line) for line in json.get("Line") or ()),
        private_note=str(json.get("PrivateNote") or ""),
        location_id=reference(json, "DepartmentRef"),
        **_standing(json),
    )


def _deposit_line(line: Json) -> DepositLine:
    detail = line.get("DepositLineDetail") or {}
    return DepositLine(
        amount=amount(line.get("Amount")),
        link=next(_line_links(line), None),
        account_id=reference(detail, "AccountRef"),
        class_id=reference(detail, "ClassRef"),
        description=str(line.get("Description") or ""),
    )


def journal_entry(json: Json) -> JournalEntry:
    """A journal entry; debits positive, credits negative, description lines left out."""
    lines = (line for line in json.get("Line") or () if line.get("JournalEntryLineDetail"))
    return JournalEntry(
        number=str(json.get("DocNumber") or ""),
        txn_date=day(json["TxnDate"]),
        lines=tuple(_journal_line(line) for line in lines),
        private_note=str(json.get("PrivateNote") or ""),
        **_standing(json),
    )


def _journal_line(line: Json) -> JournalLine:
    detail = line["JournalEntryLineDetail"]
    worth = amount(line.get("Amount"))
    entity = detail.get("Entity") or {}
    return JournalLine(
        account_id=reference(detail, "AccountRef"),
        amount=-worth if detail.get("PostingType") == "Credit" else worth,
        description=str(line.get("Description") or ""),
        customer_id=reference(entity, "EntityRef") if entity.get("Type") == "Customer" else "",
        class_id=reference(detail, "ClassRef"),
        location_id=reference(detail, "DepartmentRef"),
        id=str(line.get("Id") or ""),
    )


def transfer(json: Json) -> Transfer:
    """A transfer between two accounts."""
    return Transfer(
        id=str(json["Id"]),
        from_account_id=reference(json, "FromAccountRef"),
        to_account_id=reference(json, "ToAccountRef"),
        txn_date=day(json["TxnDate"]),
        amount=amount(json.get("Amount")),
    )


def _line_links(line: Json) -> Iterator[Link]:
    yield from _links(line.get("LinkedTxn") or (), line.get("Amount"))


def _links(linked: Any, settled: Any) -> Iterator[Link]:
    """Links to transactions we have a word for; Intuit puts one on a line, so its amount is the first's."""
    left = amount(settled)
    for one in linked:
        if one.get("TxnType") not in _LINKABLE:
            continue
        line_id = str(one.get("TxnLineId") or "")
        yield Link(txn_type=TxnType(one["TxnType"]), txn_id=str(one["TxnId"]), amount=left, line_id=line_id)
        left = ZERO


def preferences(json: Json) -> Preferences:
    """The settings that change what may be posted; absent ones are off."""
    sales = json.get("SalesFormsPrefs") or {}
    books = json.get("AccountingInfoPrefs") or {}
    tax = json.get("TaxPrefs") or {}
    currency = json.get("CurrencyPrefs") or {}
    return Preferences(
        custom_numbers=bool(sales.get("CustomTxnNumbers")),
        class_tracking=_class_tracking(books),
        locations=bool(books.get("TrackDepartments")),
        uses_sales_tax=bool(tax.get("UsingSalesTax")),
        automated_sales_tax=bool(tax.get("PartnerTaxEnabled")),
        multicurrency=bool(currency.get("MultiCurrencyEnabled")),
        home_currency=reference(currency, "HomeCurrency") or "USD",
        auto_apply_credit=bool(sales.get("AutoApplyCredit")),
        auto_apply_payments=bool(sales.get("AutoApplyPayments")),
        book_close_date=day(books["BookCloseDate"]) if books.get("BookCloseDate") else None,
        default_terms=reference(sales, "DefaultTerms"),
    )


def _class_tracking(books: Mapping[str, Any]) -> ClassTracking:
    if books.get("ClassTrackingPerTxnLine"):
        return ClassTracking.LINE
    return ClassTracking.TRANSACTION if books.get("ClassTrackingPerTxn") else ClassTracking.OFF


def moment(text: str) -> datetime:
    """A time stamp of Intuit's (Pacific time with offset) as aware UTC; raises `ValueError` if it has no offset."""
    read = datetime.fromisoformat(text)
    if read.tzinfo is None:
        raise ValueError(f"a time without offset: {text}")
    return read.astimezone(UTC)


def day(text: Any) -> date:
    """A date of Intuit's: company-local, and some carry a time behind it that says nothing."""
    return date.fromisoformat(str(text)[:10])


def _active(json: Json) -> bool:
    return json.get("Active") is not False


def _number(value: Any) -> Decimal | None:
    return None if value is None else Decimal(str(value))


def _standing(json: Json) -> dict[str, Any]:
    meta = json.get("MetaData") or {}
    created, updated = meta.get("CreateTime"), meta.get("LastUpdatedTime")
    return {
        "id": str(json["Id"]),
        "sync_token": str(json.get("SyncToken") or ""),
        "created_at": moment(created) if created else None,
        "updated_at": moment(updated) if updated else None,
    }
