"""What QuickBooks says, and what we want it to say: the same frozen records for both.

Ids are QuickBooks' own, as text ("" while a record is only wanted). A reference to something that the same plan
creates first is written `key:<operation key>`; push resolves it to an id. Amounts are US dollars with two places.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from toolkit.money import ZERO, Money

PENDING = "key:"
"""Prefix of a reference to a record that an earlier operation of the same plan creates."""


class DocumentKind(StrEnum):
    """The sales forms that share QuickBooks' one number series (values are Intuit's entity names)."""

    INVOICE = "Invoice"
    SALES_RECEIPT = "SalesReceipt"
    CREDIT_MEMO = "CreditMemo"
    REFUND_RECEIPT = "RefundReceipt"


class TxnType(StrEnum):
    """Intuit's names of transactions, as they stand in links."""

    INVOICE = "Invoice"
    PAYMENT = "Payment"
    SALES_RECEIPT = "SalesReceipt"
    CREDIT_MEMO = "CreditMemo"
    REFUND_RECEIPT = "RefundReceipt"
    DEPOSIT = "Deposit"
    JOURNAL_ENTRY = "JournalEntry"
    TRANSFER = "Transfer"


class ClassTracking(StrEnum):
    """Where the company puts classes."""

    OFF = "off"
    LINE = "line"
    TRANSACTION = "transaction"


@dataclass(frozen=True, slots=True, kw_only=True)
class Preferences:
    """The settings of the QuickBooks company that change what may be posted."""

    custom_numbers: bool = False
    class_tracking: ClassTracking = ClassTracking.OFF
    locations: bool = False
    uses_sales_tax: bool = False
    automated_sales_tax: bool = False
    multicurrency: bool = False
    home_currency: str = "USD"
    auto_apply_credit: bool = False
    auto_apply_payments: bool = False
    book_close_date: date | None = None
    default_terms: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    """A QuickBooks customer; `emails` holds each address of its comma list, as typed."""

    id: str = ""
    display_name: str
    company_name: str = ""
    given_name: str = ""
    family_name: str = ""
    emails: tuple[str, ...] = ()
    active: bool = True
    parent_id: str = ""
    full_name: str = ""
    balance: Money = ZERO
    sync_token: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherName:
    """A vendor or employee: it holds a display name that no customer can take."""

    id: str
    kind: str
    display_name: str
    active: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A product/service."""

    id: str
    name: str
    full_name: str = ""
    type: str = "Service"
    active: bool = True
    class_id: str = ""
    income_account_id: str = ""
    taxable: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ListEntry:
    """A class, location, payment method, term or tax code."""

    id: str
    name: str
    full_name: str = ""
    active: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """An account of the chart; `balance` is as signed by QuickBooks' CurrentBalance."""

    id: str
    name: str
    full_name: str = ""
    type: str = ""
    subtype: str = ""
    classification: str = ""
    active: bool = True
    balance: Money = ZERO
    number: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SalesLine:
    """One line of a sales form; `amount` signed, `tax_code` "TAX" or "NON" (or a code's id)."""

    amount: Money
    item_id: str
    description: str = ""
    quantity: Decimal | None = None
    unit_price: Decimal | None = None
    class_id: str = ""
    tax_code: str = "NON"
    service_date: date | None = None
    id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A link to another transaction; `line_id` names a line of a journal entry, `amount` what the link settles."""

    txn_type: TxnType
    txn_id: str
    amount: Money = ZERO
    line_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SalesDocument:
    """An invoice, sales receipt, credit memo or refund receipt.

    `lines` without QuickBooks' subtotal line. `links` are what QuickBooks shows on it (payments, deposits).
    """

    kind: DocumentKind
    number: str
    customer_id: str
    txn_date: date
    total: Money
    lines: tuple[SalesLine, ...] = ()
    due_date: date | None = None
    balance: Money = ZERO
    location_id: str = ""
    class_id: str = ""
    bill_email: str = ""
    private_note: str = ""
    deposit_account_id: str = ""
    payment_method_id: str = ""
    reference: str = ""
    total_tax: Money = ZERO
    links: tuple[Link, ...] = ()
    voided: bool = False
    term_id: str = ""
    id: str = ""
    sync_token: str = ""
    created_at: datetime | None = None
    updated_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedPayment:
    """A QuickBooks Payment; `links` are the documents it settles, with the amount applied to each."""

    customer_id: str
    txn_date: date
    total: Money
    links: tuple[Link, ...] = ()
    unapplied: Money = ZERO
    deposit_account_id: str = ""
    payment_method_id: str = ""
    reference: str = ""
    private_note: str = ""
    voided: bool = False
    id: str = ""
    sync_token: str = ""
    created_at: datetime | None = None
    updated_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DepositLine:
    """A line of a bank deposit: a link to money in Undeposited Funds, or an amount on an account (fees negative)."""

    amount: Money
    link: Link | None = None
    account_id: str = ""
    class_id: str = ""
    description: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BankDeposit:
    """A QuickBooks Deposit: money out of Undeposited Funds (and fees) into a bank account."""

    account_id: str
    txn_date: date
    total: Money
    lines: tuple[DepositLine, ...]
    private_note: str = ""
    location_id: str = ""
    id: str = ""
    sync_token: str = ""
    created_at: datetime | None = None
    updated_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalLine:
    """A line of a journal entry; `amount` is positive for a debit, negative for a credit."""

    account_id: str
    amount: Money
    description: str = ""
    customer_id: str = ""
    class_id: str = ""
    location_id: str = ""
    id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalEntry:
    """A journal entry; its lines sum to zero."""

    number: str
    txn_date: date
    lines: tuple[JournalLine, ...]
    private_note: str = ""
    id: str = ""
    sync_token: str = ""
    created_at: datetime | None = None
    updated_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer:
    """A transfer between two balance-sheet accounts."""

    id: str
    from_account_id: str
    to_account_id: str
    txn_date: date
    amount: Money


Record = Customer | SalesDocument | ReceivedPayment | BankDeposit | JournalEntry


@dataclass(frozen=True, slots=True, kw_only=True)
class Books:
    """One QuickBooks company, read at one moment; every tuple is ordered by numeric id.

    Documents, payments, deposits and entries are those that the reader was asked for (all, or since a date: `since`);
    lists are whole, inactive rows included. `server_time` is QuickBooks' own clock at the read, `reads` the metered
    reads spent.
    """

    realm: str
    company_name: str
    server_time: datetime
    preferences: Preferences
    accounts: tuple[Account, ...] = ()
    items: tuple[Item, ...] = ()
    classes: tuple[ListEntry, ...] = ()
    locations: tuple[ListEntry, ...] = ()
    payment_methods: tuple[ListEntry, ...] = ()
    terms: tuple[ListEntry, ...] = ()
    tax_codes: tuple[ListEntry, ...] = ()
    customers: tuple[Customer, ...] = ()
    other_names: tuple[OtherName, ...] = ()
    documents: tuple[SalesDocument, ...] = ()
    payments: tuple[ReceivedPayment, ...] = ()
    deposits: tuple[BankDeposit, ...] = ()
    journal_entries: tuple[JournalEntry, ...] = ()
    transfers: tuple[Transfer, ...] = ()
    since: date | None = None
    reads: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerRow:
    """One posting of the general ledger on one account; `amount` positive where it raises the natural balance."""

    txn_date: date
    txn_type: str
    txn_id: str
    number: str
    name: str
    amount: Money
    balance: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenItem:
    """One open row of the A/R aging detail: `open_balance` is negative for credits."""

    txn_type: str
    txn_id: str
    number: str
    customer: str
    txn_date: date
    due_date: date | None
    open_balance: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerBalance:
    """One account's opening balance, movement rows and closing balance over a period, natural sign."""

    account_id: str
    account_name: str
    opening: Money
    rows: tuple[LedgerRow, ...]
    closing: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialRow:
    """One account's balance on the trial balance; `amount` positive for a debit."""

    account_id: str
    account_name: str
    amount: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Balances:
    """What QuickBooks' own reports say as of `as_of` (the period's last day, inclusive); never from CurrentBalance."""

    start: date
    as_of: date
    receivable: LedgerBalance
    undeposited: LedgerBalance
    banks: tuple[LedgerBalance, ...]
    open_items: tuple[OpenItem, ...]
    trial_balance: tuple[TrialRow, ...] = field(default=())
