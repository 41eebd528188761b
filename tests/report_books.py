"""Small books for the report tests: a coworking space with two classes, two locations, three customers."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

Body = dict[str, Any]
DESKS, ROOMS = "5000000000000000010", "5000000000000000020"
NORTH, SOUTH = "1", "2"
BANK, UNDEPOSITED, RECEIVABLE, FEES, MEMBERSHIPS, BOOKINGS = "35", "4", "84", "8", "1", "82"

LISTS: Body = {
    "Class": [{"Id": DESKS, "Name": "Desks"}, {"Id": ROOMS, "Name": "Rooms"}],
    "Department": [{"Id": NORTH, "Name": "North"}, {"Id": SOUTH, "Name": "South"}],
    "Item": [
        {"Id": "1", "Name": "Membership", "Type": "Service", "IncomeAccountRef": {"value": MEMBERSHIPS}},
        {"Id": "2", "Name": "Meeting room", "Type": "Service", "IncomeAccountRef": {"value": BOOKINGS}},
    ],
    "Customer": [
        {"Id": "1", "DisplayName": "Ash Works"},
        {"Id": "2", "DisplayName": "Birch Studio"},
        {"Id": "3", "DisplayName": "Kitchen", "ParentRef": {"value": "2"}, "Job": True},
    ],
    "Vendor": [{"Id": "9", "DisplayName": "Processor"}],
}
PREFERENCES: Body = {"AccountingInfoPrefs": {"ClassTrackingPerTxnLine": True, "TrackDepartments": True}}


def line(item: str, amount: str, class_id: str = DESKS, quantity: int = 0) -> Body:
    """A sales line; with a quantity also the unit price."""
    detail: Body = {"ItemRef": {"value": item}, "ClassRef": {"value": class_id}}
    if quantity:
        detail |= {"Qty": quantity, "UnitPrice": Decimal(amount) / quantity}
    return {"Amount": Decimal(amount), "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": detail}


def sale(kind: str, id: int, customer: str, day: str, lines: list[Body], **more: Any) -> Body:
    """A sales form; North unless said otherwise."""
    head: Body = {"Id": str(id), "CustomerRef": {"value": customer}, "TxnDate": day, "DocNumber": f"N-{id}"}
    return {kind: {**head, "DepartmentRef": {"value": NORTH}, "Line": lines, **more}}


def payment(id: int, customer: str, day: str, amount: str, links: dict[str, str]) -> Body:
    """A payment with the invoices it is applied to."""
    applied = [
        {"Amount": Decimal(part), "LinkedTxn": [{"TxnId": to, "TxnType": "Invoice"}]} for to, part in links.items()
    ]
    head: Body = {"Id": str(id), "CustomerRef": {"value": customer}, "TxnDate": day, "TotalAmt": Decimal(amount)}
    return {"Payment": {**head, "PaymentRefNum": f"ch-{id}", "Line": applied}}


def deposit(id: int, day: str, payments: dict[str, str], fee: str = "") -> Body:
    """A bank deposit of payments, less a fee."""
    lines: list[Body] = [
        {"Amount": Decimal(part), "LinkedTxn": [{"TxnId": to, "TxnType": "Payment", "TxnLineId": "0"}]}
        for to, part in payments.items()
    ]
    if fee:
        detail = {"AccountRef": {"value": FEES}}
        lines.append({"Amount": -Decimal(fee), "DetailType": "DepositLineDetail", "DepositLineDetail": detail})
    return {"Deposit": {"Id": str(id), "TxnDate": day, "DepositToAccountRef": {"value": BANK}, "Line": lines}}


def entry(id: int, day: str, *sides: tuple[str, str, str], **more: Any) -> Body:
    """A journal entry of (Debit or Credit, account, amount) sides."""
    lines = []
    for side, account, amount in sides:
        detail: Body = {"PostingType": side, "AccountRef": {"value": account}}
        if account == RECEIVABLE:
            detail["Entity"] = {"EntityRef": {"value": "1"}, "Type": "Customer"}
        lines.append(
            {"Amount": Decimal(amount), "DetailType": "JournalEntryLineDetail", "JournalEntryLineDetail": detail}
        )
    return {"JournalEntry": {"Id": str(id), "TxnDate": day, "Line": lines, **more}}


QUARTER: list[Body] = [
    entry(1, "2025-12-15", ("Debit", BANK, "1000.00"), ("Credit", MEMBERSHIPS, "1000.00")),
    sale("Invoice", 10, "1", "2026-01-05", [line("1", "300.00", quantity=2)], DueDate="2026-01-20"),
    sale(
        "Invoice",
        11,
        "2",
        "2026-02-01",
        [line("1", "200.00"), line("2", "80.50", ROOMS)],
        DueDate="2026-03-03",
        DepartmentRef={"value": SOUTH},
        PrivateNote="Coworks B-11",
    ),
    sale("Invoice", 12, "3", "2026-03-02", [line("2", "45.25", ROOMS)], DueDate="2026-04-01"),
    payment(20, "1", "2026-02-10", "300.00", {"10": "300.00"}),
    payment(21, "2", "2026-03-20", "100.50", {"11": "80.50"}),
    sale("CreditMemo", 30, "1", "2026-03-05", [line("1", "50.00", quantity=1)]),
    sale("SalesReceipt", 31, "2", "2026-03-06", [line("2", "25.00", ROOMS)]),
    deposit(40, "2026-02-12", {"20": "300.00"}, fee="9.00"),
    entry(50, "2026-03-31", ("Debit", FEES, "4.00"), ("Credit", BANK, "4.00"), DocNumber="JE-1"),
]
"""One quarter; money in January's invoice was deposited in February less a fee."""


def books(transactions: list[Body] | None = None, **more: Any) -> Body:
    """A qbo.json of the space with these transactions."""
    return {"lists": LISTS, "preferences": PREFERENCES, "transactions": transactions or [], **more}
