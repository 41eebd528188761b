"""
The entities of the service: where each one's ids come from, in which order its keys are written, which keys a client
cannot set.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Group = Literal["transaction", "name", "list", "tax", "single", "attachable"]


@dataclass(frozen=True, slots=True)
class Kind:
    """One entity. `element` is how a 2500 calls it; `first_id` starts its own number space when it has one."""

    entity: str
    group: Group
    series: str
    first_id: int
    element: str
    order: tuple[str, ...]
    read_only: frozenset[str]


_HEAD = "domain sparse Id SyncToken MetaData"
_PERSON = (
    "Title GivenName MiddleName FamilyName Suffix FullyQualifiedName CompanyName DisplayName PrintOnCheckName Active "
    "PrimaryPhone AlternatePhone Mobile Fax PrimaryEmailAddr WebAddr DefaultTaxCodeRef"
)
_SALES = (
    f"{_HEAD} CustomField DocNumber TxnDate DepartmentRef CurrencyRef ExchangeRate PrivateNote LinkedTxn Line "
    f"TxnTaxDetail "
    "CustomerRef CustomerMemo BillAddr ShipAddr FreeFormAddress ClassRef SalesTermRef DueDate TotalAmt "
    "ApplyTaxAfterDiscount "
    "PrintStatus EmailStatus BillEmail BillEmailCc BillEmailBcc Balance RemainingCredit PaymentMethodRef PaymentRefNum "
    "DepositToAccountRef DeliveryInfo"
)
_ORDERS: dict[str, str] = {
    "Customer": f"Taxable BillAddr ShipAddr Notes Job BillWithParent ParentRef Level SalesTermRef "
    f"PaymentMethodRef Balance "
    f"BalanceWithJobs CurrencyRef PreferredDeliveryMethod ResaleNum {_HEAD} {_PERSON}",
    "Vendor": f"BillAddr TaxIdentifier TermRef Balance AcctNum Vendor1099 CurrencyRef {_HEAD} {_PERSON}",
    "Employee": f"SSN PrimaryAddr BillableTime BirthDate HiredDate {_HEAD} {_PERSON}",
    "Item": f"Name Sku Description Active SubItem ParentRef Level FullyQualifiedName Taxable SalesTaxIncluded "
    f"UnitPrice Type "
    f"IncomeAccountRef PurchaseDesc PurchaseTaxIncluded PurchaseCost ExpenseAccountRef AssetAccountRef TrackQtyOnHand "
    f"QtyOnHand InvStartDate ClassRef {_HEAD}",
    "Class": f"Name SubClass ParentRef FullyQualifiedName Active {_HEAD}",
    "Department": f"Name SubDepartment ParentRef FullyQualifiedName Active Address {_HEAD}",
    "Account": f"Name SubAccount ParentRef Description FullyQualifiedName Active Classification AccountType "
    f"AccountSubType "
    f"AcctNum CurrentBalance CurrentBalanceWithSubAccounts CurrencyRef {_HEAD}",
    "PaymentMethod": f"Name Active Type {_HEAD}",
    "Term": f"Name Active Type DiscountPercent DueDays DiscountDays DayOfMonthDue DueNextMonthDays {_HEAD}",
    "TaxCode": f"Name Description Active Hidden Taxable TaxGroup SalesTaxRateList PurchaseTaxRateList {_HEAD}",
    "TaxRate": f"Name Description Active RateValue AgencyRef SpecialTaxType DisplayType EffectiveTaxRate {_HEAD}",
    "Invoice": f"AllowIPNPayment AllowOnlinePayment AllowOnlineCreditCardPayment AllowOnlineACHPayment {_SALES}",
    "SalesReceipt": _SALES,
    "CreditMemo": f"RemainingCredit {_SALES}",
    "RefundReceipt": _SALES,
    "Payment": "CustomerRef DepositToAccountRef PaymentMethodRef PaymentRefNum TotalAmt UnappliedAmt ProcessPayment "
    f"{_HEAD} TxnDate CurrencyRef ExchangeRate PrivateNote LinkedTxn Line",
    "Deposit": f"DepositToAccountRef TotalAmt {_HEAD} TxnDate DepartmentRef CurrencyRef ExchangeRate "
    f"PrivateNote Line CashBack",
    "JournalEntry": f"Adjustment {_HEAD} DocNumber TxnDate CurrencyRef ExchangeRate PrivateNote LinkedTxn Line "
    f"TxnTaxDetail TotalAmt",
    "Transfer": f"FromAccountRef ToAccountRef Amount {_HEAD} TxnDate CurrencyRef PrivateNote LinkedTxn",
    "Purchase": f"AccountRef PaymentMethodRef PaymentType EntityRef Credit TotalAmt PrintStatus {_HEAD} "
    f"DocNumber TxnDate "
    "DepartmentRef CurrencyRef ExchangeRate PrivateNote LinkedTxn Line TxnTaxDetail",
    "Attachable": f"FileName FileAccessUri TempDownloadUri Size ContentType Category Note {_HEAD} AttachableRef",
    "CompanyInfo": "CompanyName LegalName CompanyAddr CustomerCommunicationAddr LegalAddr CompanyEmailAddr "
    "CustomerCommunicationEmailAddr PrimaryPhone CompanyStartDate EmployerId FiscalYearStartMonth Country Email "
    "WebAddr "
    f"SupportedLanguages DefaultTimeZone NameValue {_HEAD}",
    "Preferences": "AccountingInfoPrefs ProductAndServicesPrefs SalesFormsPrefs EmailMessagesPrefs "
    "VendorAndPurchasesPrefs "
    f"TimeTrackingPrefs TaxPrefs CurrencyPrefs ReportPrefs OtherPrefs {_HEAD}",
}
_ALWAYS_READ_ONLY = "Id SyncToken MetaData domain sparse status AttachableRef"
_SALES_READ_ONLY = (
    "TotalAmt Balance HomeTotalAmt HomeBalance LinkedTxn RemainingCredit DeliveryInfo "
    "InvoiceLink RecurDataRef AutoDocNumber"
)
_READ_ONLY: dict[str, str] = {
    "Customer": "FullyQualifiedName Balance BalanceWithJobs OpenBalanceDate Level IsProject OverDueBalance "
    "TotalRevenue TotalExpense",
    "Vendor": "Balance OpenBalanceDate FullyQualifiedName",
    "Employee": "FullyQualifiedName",
    "Item": "FullyQualifiedName Level AvgCost QtyOnPurchaseOrder QtyOnSalesOrder",
    "Class": "FullyQualifiedName",
    "Department": "FullyQualifiedName",
    "Account": "FullyQualifiedName CurrentBalance CurrentBalanceWithSubAccounts",
    "Invoice": _SALES_READ_ONLY + " AllowIPNPayment AllowOnlinePayment",
    "SalesReceipt": _SALES_READ_ONLY,
    "CreditMemo": _SALES_READ_ONLY,
    "RefundReceipt": _SALES_READ_ONLY,
    "Payment": "UnappliedAmt LinkedTxn DocNumber",
    "Deposit": "TotalAmt HomeTotalAmt LinkedTxn DocNumber",
    "JournalEntry": "TotalAmt HomeTotalAmt LinkedTxn",
    "Transfer": "LinkedTxn",
    "Purchase": "TotalAmt LinkedTxn",
    "Attachable": "FileAccessUri TempDownloadUri Size ThumbnailFileAccessUri ThumbnailTempDownloadUri",
}
_ELEMENTS = {
    "Customer": "Names", "Vendor": "Names", "Employee": "Names", "Item": "Items", "Class": "Classes",
    "Department": "Departments",
    "Account": "Accounts", "PaymentMethod": "PaymentMethods", "Term": "Terms", "TaxCode": "TaxCodes",
    "TaxRate": "TaxRates",
}  # fmt: skip
NAMES = ("Customer", "Vendor", "Employee")
LISTS = ("Account", "Item", "Class", "Department", "PaymentMethod", "Term", "TaxCode", "TaxRate")
NUMBERED = ("Invoice", "SalesReceipt", "RefundReceipt", "CreditMemo")
"""The four sales transactions that share one number series."""
TRANSACTIONS = (*NUMBERED, "Payment", "Deposit", "JournalEntry", "Transfer", "Purchase")
_LONG_IDS = {"Class": 5000000000000000001, "Attachable": 5000000000000500001}


def _group(entity: str) -> Group:
    if entity in TRANSACTIONS:
        return "transaction"
    if entity in NAMES:
        return "name"
    if entity in ("TaxCode", "TaxRate"):
        return "tax"
    if entity == "Attachable":
        return "attachable"
    return "list" if entity in LISTS else "single"


def _kind(entity: str, order: str) -> Kind:
    group = _group(entity)
    series = {"transaction": "txn", "name": "name"}.get(group, entity)
    read_only = _READ_ONLY.get(entity, "")
    always = _ALWAYS_READ_ONLY.replace(" AttachableRef", "") if entity == "Attachable" else _ALWAYS_READ_ONLY
    keys = tuple(dict.fromkeys(order.split()))
    return Kind(
        entity,
        group,
        series,
        _LONG_IDS.get(entity, 1),
        _ELEMENTS.get(entity, "Txn"),
        keys,
        frozenset((always + " " + read_only).split()),
    )


KINDS: dict[str, Kind] = {entity: _kind(entity, order) for entity, order in _ORDERS.items()}
BY_PATH: dict[str, Kind] = {entity.lower(): kind for entity, kind in KINDS.items()}

PSEUDO_IDS = {"TAX": -1, "NON": -2}
"""The two tax codes of US companies whose Id is a word, and the number under which each is stored."""

ELSEWHERE = (
    "Bill", "BillPayment", "Budget", "CompanyCurrency", "CustomerType", "Estimate", "ExchangeRate", "JournalCode",
    "PurchaseOrder",
    "RecurringTransaction", "ReimburseCharge", "TaxAgency", "TimeActivity", "VendorCredit",
)  # fmt: skip
"""
Entities of the real service that are not kept here: a query or change data capture of them answers that there are
none.
"""
