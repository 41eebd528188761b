"""Products/services, classes, locations, accounts, payment methods, terms and tax lists."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from toolkit.emulator import fault, ledger, names, references
from toolkit.emulator.amounts import plain
from toolkit.emulator.books import Books
from toolkit.emulator.records import Draft

_SUB_FLAGS = {"Item": "SubItem", "Class": "SubClass", "Department": "SubDepartment", "Account": "SubAccount"}
_CLASSIFICATION = {
    "Bank": "Asset", "Accounts Receivable": "Asset", "Other Current Asset": "Asset", "Fixed Asset": "Asset",
    "Other Asset": "Asset",
    "Accounts Payable": "Liability", "Credit Card": "Liability", "Other Current Liability": "Liability",
    "Long Term Liability": "Liability", "Equity": "Equity", "Income": "Revenue", "Other Income": "Revenue",
    "Expense": "Expense",
    "Other Expense": "Expense", "Cost of Goods Sold": "Expense",
}  # fmt: skip
_FIRST_SUBTYPE = {
    "Bank": "Checking", "Accounts Receivable": "AccountsReceivable", "Other Current Asset": "OtherCurrentAssets",
    "Fixed Asset": "OtherFixedAssets", "Other Asset": "OtherLongTermAssets", "Accounts Payable": "AccountsPayable",
    "Credit Card": "CreditCard", "Other Current Liability": "OtherCurrentLiabilities",
    "Long Term Liability": "OtherLongTermLiabilities", "Equity": "OpeningBalanceEquity", "Income": "ServiceFeeIncome",
    "Other Income": "OtherMiscellaneousIncome", "Expense": "OtherMiscellaneousServiceCost",
    "Other Expense": "OtherMiscellaneousExpense",
    "Cost of Goods Sold": "SuppliesMaterialsCogs",
}  # fmt: skip
_TYPE_OF_SUBTYPE = {subtype: type for type, subtype in _FIRST_SUBTYPE.items()} | {
    "UndepositedFunds": "Other Current Asset", "Savings": "Bank", "CashOnHand": "Bank",
    "SalesOfProductIncome": "Income",
    "DiscountsRefundsGiven": "Income", "BankCharges": "Expense", "SalesTaxPayable": "Other Current Liability",
}  # fmt: skip
_ITEM_TYPES = (
    "Income",
    "Other Income",
    "Other Current Liability",
    "Expense",
    "Cost of Goods Sold",
    "Other Expense",
    "Long Term Liability",
)


def _name(books: Books, draft: Draft, forbidden: str) -> None:
    """Sets the name, the full name below its parent and the Active flag. Raises Fault 2020, 2040, 2500, 6240."""
    entity, body = draft.entity, draft.body
    name = str(draft.fields.get("Name", "")).strip()
    if not name:
        raise fault.required("Name")
    if any(character in name for character in forbidden):
        raise fault.invalid_characters("Name")
    parent = _parent(books, draft)
    draft.active = draft.fields.get("Active", True)
    name = names.named(books, (entity,), draft, name, parent)
    full = parent + name
    if not books.importing and names.taken(books, (entity,), names.key_of(full), draft.old):
        raise fault.duplicate_list_name()
    body["Name"], body["Active"] = name, draft.active
    if entity in _SUB_FLAGS:
        body["FullyQualifiedName"] = full
    draft.name, draft.name_key, draft.label = full, names.key_of(full), names.key_of(name)


def _parent(books: Books, draft: Draft) -> str:
    if draft.entity not in _SUB_FLAGS:
        return ""
    parent = references.normalize(books, draft, "ParentRef", draft.entity, named=draft.entity == "Item")
    flag = _SUB_FLAGS[draft.entity]
    if parent is None:
        if draft.fields.get(flag) is True and not books.importing:
            raise fault.required("ParentRef")
        if draft.entity == "Item":
            draft.body.pop(flag, None)
        else:
            draft.body[flag] = False
        return ""
    if draft.old is not None and (parent.id == draft.old.id or f"{parent.name}:".startswith(f"{draft.old.name}:")):
        raise fault.business("An element of a list cannot be its own parent.")
    if str(parent.name).count(":") >= 4:
        raise fault.business("You can only have up to 5 levels in a list.")
    draft.body[flag] = True
    if draft.entity == "Item":
        draft.body["Level"] = str(parent.name).count(":") + 1
    return f"{parent.name}:"


def _item(books: Books, draft: Draft) -> None:
    _name(books, draft, ":\t\r\n")
    fields, body = draft.fields, draft.body
    kind = body.setdefault("Type", "Service")
    if kind not in ("Category", "Group"):
        _item_accounts(books, draft, kind)
        body.setdefault("Taxable", False)
        body["UnitPrice"] = plain(fields.get("UnitPrice", Decimal(0)))
        body["PurchaseCost"] = plain(fields.get("PurchaseCost", Decimal(0)))
        body["TrackQtyOnHand"] = fields.get("TrackQtyOnHand", False)
    elif kind == "Category":
        body.pop("UnitPrice", None)
        _guard_category(books, draft)
    references.normalize(books, draft, "ClassRef", "Class")
    if "QtyOnHand" in fields:
        body["QtyOnHand"] = plain(fields["QtyOnHand"])


def _guard_category(books: Books, draft: Draft) -> None:
    """Raises Fault 6000 when a category that still has active elements would be made inactive."""
    if draft.active or draft.old is None or not draft.old.active:
        return
    below = f"{draft.old.name}:"
    if any(item.active and str(item.name).startswith(below) for item in books.list_of("Item").values()):
        raise fault.business("A category with products or services in it cannot be made inactive.")


def _item_accounts(books: Books, draft: Draft, kind: str) -> None:
    any_type = books.switches["item_accounts"] == "any" or books.importing
    income = references.account_of(
        books, draft, "IncomeAccountRef", _ITEM_TYPES if any_type else ("Income", "Other Income")
    )
    if income is None and "ExpenseAccountRef" not in draft.fields:
        raise fault.required("IncomeAccountRef")
    references.normalize(books, draft, "ExpenseAccountRef", "Account")
    references.normalize(books, draft, "AssetAccountRef", "Account")
    if kind == "Inventory":
        for field in ("AssetAccountRef", "ExpenseAccountRef", "QtyOnHand", "InvStartDate"):
            if field not in draft.fields:
                raise fault.required(field)


def _account(books: Books, draft: Draft) -> None:
    fields, body = draft.fields, draft.body
    if "AccountType" not in fields and "AccountSubType" not in fields:
        raise fault.account_type_missing()
    subtype = fields.get("AccountSubType")
    type = fields.get("AccountType") or _TYPE_OF_SUBTYPE.get(str(subtype))
    if type is None:
        raise fault.account_type_missing()
    closing = draft.old is not None and draft.old.active and not fields.get("Active", True)
    refused = closing and books.switches["deactivate_with_balance"] == "refuse"
    if refused and draft.old is not None and ledger.total(books, "Account", draft.old.id)[0]:
        raise fault.has_balance()
    _name(books, draft, '":\t\r\n')
    body["AccountType"] = type
    body["AccountSubType"] = subtype or _FIRST_SUBTYPE.get(type, "")
    body["Classification"] = _CLASSIFICATION.get(type, "Asset")
    body["CurrentBalance"], body["CurrentBalanceWithSubAccounts"] = 0, 0
    body["CurrencyRef"] = names.CURRENCY


def _tracked(preference: str, feature: str) -> Callable[[Books, Draft], None]:
    def build(books: Books, draft: Draft) -> None:
        on = any(books.preference("AccountingInfoPrefs", name) for name in preference.split())
        if not on and not books.importing:
            raise fault.feature_not_supported(feature)
        _name(books, draft, ":\t\r\n")

    return build


def _payment_method(books: Books, draft: Draft) -> None:
    _name(books, draft, "\t\r\n")
    draft.body.setdefault("Type", "NON_CREDIT_CARD")


def _term(books: Books, draft: Draft) -> None:
    _name(books, draft, "\t\r\n")
    fields, body = draft.fields, draft.body
    for field in ("DueDays", "DayOfMonthDue"):
        if field in fields and not 0 <= fields[field] <= 999:
            raise fault.invalid_number(field, fields[field])
    if "DayOfMonthDue" in fields:
        body["Type"] = "DATE_DRIVEN"
    else:
        body["Type"] = "STANDARD"
        body.setdefault("DueDays", 0)
        body["DiscountPercent"] = plain(fields.get("DiscountPercent", Decimal(0)))
        body.setdefault("DiscountDays", 0)


def _tax(books: Books, draft: Draft) -> None:
    """Tax codes and rates come with the company; through the API they are made by a tax service of its own."""
    if not books.importing and draft.old is None:
        raise fault.unsupported(f"Create {draft.entity}")
    _name(books, draft, "\t\r\n")
    if "RateValue" in draft.fields:
        draft.body["RateValue"] = plain(draft.fields["RateValue"])


BUILDERS: dict[str, Callable[[Books, Draft], None]] = {
    "Item": _item,
    "Account": _account,
    "Class": _tracked("ClassTrackingPerTxn ClassTrackingPerTxnLine", "Class tracking"),
    "Department": _tracked("TrackDepartments", "Location tracking"),
    "PaymentMethod": _payment_method,
    "Term": _term,
    "TaxCode": _tax,
    "TaxRate": _tax,
}
