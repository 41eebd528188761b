"""What the emulated operator sells, and the QuickBooks products, accounts and classes behind it. Amounts in cents."""

from __future__ import annotations

from typing import NamedTuple

DOWNTOWN = "Downtown"
RIVERSIDE = "Riverside"
CAMPUSES = (DOWNTOWN, RIVERSIDE)
LOCATIONS = {DOWNTOWN: "Downtown", RIVERSIDE: "Riverside House"}
"""The campus in Coworks and the location in QuickBooks: one of them has another name there, as happens."""


class Plan(NamedTuple):
    """A membership plan: its name in Coworks, its monthly price, and the QuickBooks product it is mapped to."""

    name: str
    price: int
    product: str


HOT_DESK = Plan("Hot Desk", 19900, "Hot Desk Memberships")
HOT_DESK_PLUS = Plan("Hot Desk Plus", 29900, "Hot Desk Memberships")
DEDICATED_DESK = Plan("Dedicated Desk", 45000, "Dedicated Desk Memberships")
OFFICE_2 = Plan("Private Office 2", 98000, "Private Offices")
OFFICE_4 = Plan("Private Office 4", 180000, "Private Offices")
OFFICE_8 = Plan("Private Office 8", 320000, "Private Offices")
VIRTUAL = Plan("Virtual Office", 7900, "Virtual Offices")
PLANS = (HOT_DESK, HOT_DESK_PLUS, DEDICATED_DESK, OFFICE_2, OFFICE_4, OFFICE_8, VIRTUAL)
PLAN_SHARES = (26, 22, 20, 12, 7, 2, 11)
"""How often each plan is sold, in percent."""


class Service(NamedTuple):
    """Something sold beside the plans: its name in Coworks, its price, and its QuickBooks product."""

    name: str
    price: int
    product: str


MAIL = Service("Mail handling", 2500, "Member Services")
LOCKER = Service("Locker rental", 3500, "Member Services")
PRINTING = Service("Printing", 1840, "Member Services")
PARKING = Service("Parking space", 12000, "Member Services")
SET_UP = Service("Set-up fee", 15000, "Member Services")
EVENT = Service("Event hosting", 64000, "Member Services")
SERVICES = (MAIL, LOCKER, PRINTING, PARKING, SET_UP, EVENT)

DAY_PASS = Service("Day Pass", 3500, "Day Passes")
BOARD_ROOM = Service("Board Room", 8000, "Meeting Rooms")
FOCUS_ROOM = Service("Focus Room", 4500, "Meeting Rooms")
EVENT_LOFT = Service("Event Loft", 15000, "Event Space")
ROOMS = (BOARD_ROOM, FOCUS_ROOM, EVENT_LOFT)
"""Rooms, priced by the hour."""

COMMUNITY_FEE = Service("Community fee", 1500, "Community Fees")
LATE_FEE = Service("Late fee", 3500, "Late Fees")
CUSTOM_FEES = (COMMUNITY_FEE, LATE_FEE)
TRANSACTION_FEE = "Transaction fee"
TRANSACTION_FEE_PRODUCT = "Transaction Fees"
SECURITY_DEPOSIT = "Security deposit"
SECURITY_DEPOSIT_PRODUCT = "Security Deposits"

FOUNDING = "Founding member discount"
NONPROFIT = "Nonprofit discount"
FIRST_MONTH_FREE = "First month free"
DISCOUNTS = {FOUNDING: 10, NONPROFIT: 15, FIRST_MONTH_FREE: 100}
"""Discounts by name, in percent of the line that they reduce."""
DISCOUNT_PRODUCT = "Member Discounts"
DEFAULT_PRODUCT = "Other Coworks Revenue"

CLASSES = {
    "Memberships": "5000000000000085681",
    "Offices": "5000000000000085682",
    "Drop-in": "5000000000000085683",
    "Services": "5000000000000085684",
    "Riverside Offices": "5000000000000085685",
}
"""Class names and their ids: QuickBooks gives classes nineteen digits."""


class Product(NamedTuple):
    """A QuickBooks product/service: id, name, account id, class name ("" for none)."""

    id: str
    name: str
    account: str
    class_name: str


PRODUCTS = (
    Product("11", "Hot Desk Memberships", "79", "Memberships"),
    Product("12", "Dedicated Desk Memberships", "79", "Memberships"),
    Product("13", "Private Offices", "82", "Offices"),
    Product("14", "Virtual Offices", "83", "Memberships"),
    Product("15", "Day Passes", "85", "Drop-in"),
    Product("16", "Meeting Rooms", "86", "Drop-in"),
    Product("17", "Event Space", "86", "Drop-in"),
    Product("18", "Member Services", "87", "Services"),
    Product("19", "Transaction Fees", "88", ""),
    Product("20", "Community Fees", "89", "Services"),
    Product("21", "Late Fees", "89", ""),
    Product("22", "Member Discounts", "90", ""),
    Product("23", "Security Deposits", "91", ""),
    Product("24", "Key Card Deposits", "91", ""),
    Product("25", "Other Coworks Revenue", "92", ""),
)
PRODUCT_NAMED = {product.name: product for product in PRODUCTS}


class Account(NamedTuple):
    """An account of the chart: id, name, AccountType, AccountSubType."""

    id: str
    name: str
    type: str
    subtype: str


ACCOUNTS = (
    Account("2", "Retained Earnings", "Equity", "RetainedEarnings"),
    Account("4", "Undeposited Funds", "Other Current Asset", "UndepositedFunds"),
    Account("33", "Accounts Payable (A/P)", "Accounts Payable", "AccountsPayable"),
    Account("34", "Opening Balance Equity", "Equity", "OpeningBalanceEquity"),
    Account("35", "Checking", "Bank", "Checking"),
    Account("36", "Savings", "Bank", "Savings"),
    Account("40", "Processing Fees", "Expense", "OtherMiscellaneousServiceCost"),
    Account("41", "Bank Charges", "Expense", "OtherMiscellaneousServiceCost"),
    Account("42", "Chargebacks and Disputes", "Expense", "OtherMiscellaneousServiceCost"),
    Account("43", "Bad Debts", "Expense", "BadDebts"),
    Account("44", "Disputes Receivable", "Other Current Asset", "OtherCurrentAssets"),
    Account("79", "Membership Income", "Income", "ServiceFeeIncome"),
    Account("82", "Office Income", "Income", "ServiceFeeIncome"),
    Account("83", "Virtual Office Income", "Income", "ServiceFeeIncome"),
    Account("84", "Accounts Receivable (A/R)", "Accounts Receivable", "AccountsReceivable"),
    Account("85", "Day Pass Income", "Income", "ServiceFeeIncome"),
    Account("86", "Meeting and Event Income", "Income", "ServiceFeeIncome"),
    Account("87", "Member Services Income", "Income", "ServiceFeeIncome"),
    Account("88", "Transaction Fee Income", "Income", "ServiceFeeIncome"),
    Account("89", "Fee Income", "Income", "ServiceFeeIncome"),
    Account("90", "Discounts Given", "Income", "DiscountsRefundsGiven"),
    Account("91", "Security Deposits Held", "Other Current Liability", "OtherCurrentLiabilities"),
    Account("92", "Other Coworks Income", "Income", "ServiceFeeIncome"),
    Account("93", "Uncategorized Income", "Income", "ServiceFeeIncome"),
    Account("94", "Unapplied Cash Payment Income", "Income", "UnappliedCashPaymentIncome"),
)


def half_up(numerator: int, denominator: int) -> int:
    """The quotient of two integers (denominator positive) rounded half away from zero, as money is."""
    sign = -1 if numerator < 0 else 1
    return sign * ((2 * abs(numerator) + denominator) // (2 * denominator))


def pass_through_fee(method: str, amount: int) -> int:
    """The transaction fee that Coworks adds to an invoice: card 2.9 % + $0.30, ACH 0.8 % up to $5.00, else 0."""
    if method == "card":
        return half_up(amount * 29, 1000) + 30
    if method == "ach":
        return min(half_up(amount * 8, 1000), 500)
    return 0
