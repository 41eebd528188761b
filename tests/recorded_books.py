"""Brings an emulated company into the state each recording was made in, as far as the recording shows it."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from recorded_facts import all_rows, body_of, recording

Body = dict[str, Any]

ITEMS = [
    {"Id": "1", "Name": "Services", "Type": "Service", "IncomeAccountRef": {"value": "1"}},
    {"Id": "4", "Name": "Design", "Type": "Service", "IncomeAccountRef": {"value": "82"}},
    *(
        {"Id": id, "Name": name, "Type": "Service", "IncomeAccountRef": {"value": "1"}}
        for id, name in (
            ("5", "Rock Fountain"),
            ("6", "Gardening"),
            ("7", "Installation"),
            ("8", "Lighting"),
            ("10", "Pest Control"),
            ("11", "Pump"),
            ("13", "Rocks"),
            ("14", "Services 14"),
            ("16", "Sod"),
            ("17", "Soil"),
            ("18", "Trimming"),
            ("3", "Concrete"),
        )
    ),
]
CREW = {"SalesFormsPrefs": {"CustomField": [
    {"CustomField": [{"Name": "SalesFormsPrefs.UseSalesCustom1", "Type": "BooleanType", "BooleanValue": True}]},
    {"CustomField": [{"Name": "SalesFormsPrefs.SalesCustomName1", "Type": "StringType", "StringValue": "Crew #"}]},
]}}  # fmt: skip


def seed(**parts: Any) -> Body:
    """A qbo.json with the recorded sandbox's products and custom field."""
    made: Body = {"format": 1, "realm_id": "9130350000000001", "preferences": CREW, "lists": {"Item": ITEMS}}
    lists = {**made["lists"], **parts.pop("lists", {})}
    return {**made, **parts, "lists": lists}


def invoice(id: int, customer: str, amount: Decimal, **more: Any) -> Body:
    """An invoice of one line over Services."""
    line = {"Amount": amount, "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": {"ItemRef": {"value": "1"}}}
    return {"Invoice": {"Id": str(id), "CustomerRef": {"value": customer}, "Line": [line], **more}}


def owed(id: int, vendor: str, amount: Decimal) -> Body:
    """A journal entry that owes a vendor something."""
    return {"JournalEntry": {"Id": str(id), "Line": [
        _posting("Debit", "17", amount),
        _posting("Credit", "33", amount, {"EntityRef": {"value": vendor}, "Type": "Vendor"}),
    ]}}  # fmt: skip


def _posting(side: str, account: str, amount: Decimal, entity: Body | None = None) -> Body:
    detail: Body = {"PostingType": side, "AccountRef": {"value": account}}
    if entity:
        detail["Entity"] = entity
    return {"Amount": amount, "DetailType": "JournalEntryLineDetail", "JournalEntryLineDetail": detail}


def names_seed(entity: str, rows: list[Body]) -> Body:
    """Name rows as recorded, with what they owe or are owed."""
    bodies = [body_of(row) for row in rows]
    make = invoice if entity == "Customer" else owed
    transactions = [
        make(900_000 + place, body["Id"], body["Balance"]) for place, body in enumerate(bodies) if body.get("Balance")
    ]
    parents = {body["ParentRef"]["value"] for body in bodies if "ParentRef" in body}
    known = {body["Id"] for body in bodies}
    missing = [{"Id": id, "DisplayName": f"Parent {id}"} for id in sorted(parents - known)]
    return seed(lists={entity: [*missing, *bodies]}, transactions=transactions)


def transactions_seed(entity: str, rows: list[Body], **parts: Any) -> Body:
    """Transactions as recorded, with the customers and deposits they name."""
    bodies = [body_of(row) for row in rows]
    customers = {body["CustomerRef"]["value"]: body["CustomerRef"]["name"] for body in bodies if "CustomerRef" in body}
    listed = [{"Id": id, "DisplayName": name.rpartition(":")[2]} for id, name in customers.items()]
    deposits: dict[str, list[Body]] = {}
    for body in bodies:
        for link in body.pop("LinkedTxn", []):
            if link["TxnType"] == "Deposit":
                deposits.setdefault(link["TxnId"], []).append(body)
        body.pop("TxnStatus", None)
    made = [{entity: body} for body in bodies]
    made += [{"Deposit": _deposit(id, entity, found)} for id, found in deposits.items()]
    return seed(lists={"Customer": listed}, transactions=made, **parts)


def _deposit(id: str, entity: str, bodies: list[Body]) -> Body:
    lines = [
        {"Amount": body["TotalAmt"], "LinkedTxn": [{"TxnId": body["Id"], "TxnType": entity, "TxnLineId": "0"}]}
        for body in bodies
    ]
    return {"Id": id, "TxnDate": "2015-10-08", "DepositToAccountRef": {"value": "35"}, "Line": lines}


def answered(name: str, place: int, *keys: str) -> Any:
    """One part of a recorded answer."""
    part = recording(name)["exchanges"][place]["answer"]
    for key in keys:
        part = part[key]
    return part


def customer_one() -> Body:
    """The customer of the recorded invoices, as the customer list shows it."""
    row = next(row for row in all_rows("all__customers") if row["Id"] == "=1")
    body: Body = body_of(row)
    address = body_of(answered("create__invoice", 0, "Invoice", "BillAddr"))
    return {**body, "BillAddr": address, "ShipAddr": address}


def _invoices(name: str) -> Body:
    body = body_of(answered(name, 0, "Invoice"))
    body.pop("LinkedTxn")
    return seed(lists={"Customer": [customer_one()]}, transactions=[{"Invoice": body}])


def _next(**counters: int) -> Body:
    """Number spaces that go on where the recorded company's stood."""
    return {f"id.{series}" if series in ("txn", "name", "Attachable") else series: last
            for series, last in counters.items()}  # fmt: skip


def _create_invoice() -> Body:
    return seed(lists={"Customer": [customer_one()]}, counters=_next(txn=265, number=1042))


def _one_list_row(entity: str, name: str) -> Callable[[], Body]:
    def make() -> Body:
        body = body_of(answered(name, 0, entity))
        if entity == "Account":
            body["Name"] = body.pop("FullyQualifiedName")
            return seed(lists={"Account": [body, *_accounts_needed()]})
        return seed(lists={entity: [body]})

    return make


def _accounts_needed() -> list[Body]:
    kinds = (
        ("1", "Services", "Income"),
        ("4", "Undeposited Funds", "Other Current Asset"),
        ("82", "Design income", "Income"),
        ("84", "Accounts Receivable (A/R)", "Accounts Receivable"),
    )
    return [{"Id": id, "Name": name, "AccountType": kind} for id, name, kind in kinds]


def _sales_receipt() -> Body:
    return transactions_seed("SalesReceipt", [answered("update__sales_receipt", 0, "SalesReceipt")])


def _batch() -> Body:
    rows = answered("batch__basic", 0, "BatchItemResponse")[3]["QueryResponse"]["SalesReceipt"]
    return transactions_seed("SalesReceipt", rows, counters=_next(name=70))


def _attachments() -> Body:
    return seed(
        lists={"Customer": [{"Id": "1", "DisplayName": "Amy's Bird Sanctuary"}]},
        transactions=[invoice(75, "1", Decimal(10))],
        counters=_next(Attachable=5000000000000503623),
    )


def _estimates_as_invoices() -> Body:
    rows = answered("cdc__basic", 0, "CDCResponse")[0]["QueryResponse"][0]["Estimate"]
    return transactions_seed("Invoice", rows, switches={"cdc_days": "0"})


def _holder() -> Body:
    return seed(lists={"Customer": [{"Id": "29", "DisplayName": "Weiskopf Consulting"}]})


def _name_rows(entity: str, name: str) -> Callable[[], Body]:
    return lambda: names_seed(entity, all_rows(name))


_LEDGER_ACCOUNTS = """1|Services|Income|
2|Retained Earnings|Equity|
4|Undeposited Funds|Other Current Asset|
17|Rent or Lease|Expense|
24|Utilities|Expense|
33|Accounts Payable (A/P)|Accounts Payable|
34|Opening Balance Equity|Equity|
35|Checking|Bank|
36|Savings|Bank|
37|Truck|Fixed Asset|
38|Original Cost|Fixed Asset|37
41|Mastercard|Credit Card|
43|Loan Payable|Other Current Liability|
44|Notes Payable|Long Term Liability|
77|Telephone|Expense|24
81|Inventory Asset|Other Current Asset|
82|Design income|Income|
84|Accounts Receivable (A/R)|Accounts Receivable|
90|Board of Equalization Payable|Other Current Liability|"""


def _ledger() -> Body:
    """Books whose general ledger of September 2020 is the recorded one."""
    accounts = [line.split("|") for line in _LEDGER_ACCOUNTS.split("\n")]
    subtypes = {"2": "RetainedEarnings", "4": "UndepositedFunds"}
    listed = [
        {"Id": id, "Name": name, "AccountType": kind}
        | ({"AccountSubType": subtypes[id]} if id in subtypes else {})
        | ({"SubAccount": True, "ParentRef": {"value": parent}} if parent else {})
        for id, name, kind, parent in accounts
    ]
    transactions = [
        {"JournalEntry": {"Id": "1", "TxnDate": "2019-06-30", "Line": [
            _posting("Debit", "17", Decimal("48417.40")), _posting("Credit", "34", Decimal("48417.40")),
        ]}},
        {"JournalEntry": {"Id": "2", "TxnDate": "2020-02-01", "Line": _opening_lines()}},
        invoice(264, "1", Decimal(100), DocNumber="1041", TxnDate="2020-09-29"),
        invoice(265, "1", Decimal(100), DocNumber="1042", TxnDate="2020-09-29"),
        {"SalesReceipt": {**body_of(answered("update__sales_receipt", 0, "SalesReceipt"))}},
    ]  # fmt: skip
    people = {"Customer": [customer_one()], "Vendor": [{"Id": "30", "DisplayName": "Books by Bessie"}]}
    return seed(lists={"Account": listed, **people}, transactions=transactions)


def _opening_lines() -> list[Body]:
    debits = {
        "35": "976.00", "36": "800.00", "84": "5004.02", "81": "731.25", "4": "2062.52", "38": "13495.00",
        "17": "6300.00", "77": "520.52", "34": "57754.90",
    }  # fmt: skip
    credits = {"33": "58115.55", "41": "157.72", "90": "370.94", "43": "4000.00", "44": "25000.00"}
    lines = [_posting("Debit", account, Decimal(amount), _entity(account)) for account, amount in debits.items()]
    lines += [_posting("Credit", account, Decimal(amount), _entity(account)) for account, amount in credits.items()]
    return lines


def _entity(account: str) -> Body | None:
    if account == "84":
        return {"EntityRef": {"value": "1"}, "Type": "Customer"}
    return {"EntityRef": {"value": "30"}, "Type": "Vendor"} if account == "33" else None


STATES: dict[str, Callable[[], Body]] = {
    "all__alt_select": _name_rows("Customer", "all__alt_select"),
    "all__customers": _name_rows("Customer", "all__customers"),
    "all__employees_including_active": _name_rows("Employee", "all__employees_including_active"),
    "all__sales_receipts": lambda: transactions_seed("SalesReceipt", all_rows("all__sales_receipts")),
    "all__vendors_by_5": _name_rows("Vendor", "all__vendors_by_5"),
    "attachment__create_for_invoice": _attachments,
    "attachment__error_estimate": _attachments,
    "attachment__read_attachment": _attachments,
    "attachment__delete_attachment": _attachments,
    "batch__basic": _batch,
    "cdc__basic": _estimates_as_invoices,
    "create__customer": lambda: seed(counters=_next(name=69)),
    "create__invoice": _create_invoice,
    "deactivate__account": _one_list_row("Account", "deactivate__account"),
    "deactivate__employee": _one_list_row("Employee", "deactivate__employee"),
    "delete__invoice": lambda: _invoices("delete__invoice"),
    "error__400": _name_rows("Customer", "all__customers"),
    "error__400_json": seed,
    "error__401": seed,
    "error__500": seed,
    "error__validation": _holder,
    "get__display_name": _name_rows("Customer", "get__display_name"),
    "get__id": _one_list_row("Customer", "get__id"),
    "get__inactive_vendors": _name_rows("Vendor", "get__inactive_vendors"),
    "get_pdf__invoice": lambda: seed(
        lists={"Customer": [{"Id": "1", "DisplayName": "Amy's Bird Sanctuary"}]},
        transactions=[invoice(130, "1", Decimal("362.07"))],
    ),
    "misc__ampersand": _name_rows("Vendor", "misc__ampersand"),
    "reports__gl": _ledger,
    "reports__profit_and_loss": _ledger,
    "update__customer": _one_list_row("Customer", "update__customer"),
    "update__sales_receipt": _sales_receipt,
    "void__invoice": lambda: _invoices("void__invoice"),
}
"""How each recording's books are made."""
