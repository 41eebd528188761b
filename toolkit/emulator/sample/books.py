"""qbo.json: the emulated QuickBooks company as it stands before the first run. Amounts are written with two places."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from toolkit.emulator.sample import catalog
from toolkit.emulator.sample.catalog import ACCOUNTS, CLASSES, LOCATIONS, PRODUCT_NAMED, PRODUCTS
from toolkit.emulator.sample.documents import Invoice, Line
from toolkit.emulator.sample.operator import Team
from toolkit.emulator.sample.special import HARBOR_EMAIL, PAID_BEFORE, POSTED_BEFORE, Specials

Json = dict[str, Any]

COMPANY_NAME = "Commonground Coworking LLC"
LOCATION_IDS = {name: str(place) for place, name in enumerate(LOCATIONS.values(), 1)}
TERM_DUE_ON_RECEIPT = "1"
METHOD_IDS = {"cash": "1", "check": "2", "card": "3", "ach": "4", "wire": "5"}
FIRST_KNOWN_CUSTOMER = 1000
"""Customers of ordinary teams, when they are asked for, have ids from here on."""


class Dollars:
    """An amount that JSON shows as a number with two places, without ever being a binary fraction."""

    def __init__(self, cents: int) -> None:
        self.text = f"{'-' if cents < 0 else ''}{abs(cents) // 100}.{abs(cents) % 100:02d}"


def to_json(value: object) -> str:
    """Compact JSON of dicts, lists, texts, whole numbers, flags and `Dollars`."""
    if isinstance(value, Dollars):
        return value.text
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)}: {to_json(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(to_json, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


def ref(id_: str) -> Json:
    """A reference to another object by id."""
    return {"value": id_}


def preferences(first: date) -> Json:
    """What is switched on: custom transaction numbers, classes per line, locations; the books before are closed."""
    return {
        "SalesFormsPrefs": {
            "CustomTxnNumbers": True,
            "AllowDeposit": True,
            "AllowDiscount": True,
            "AllowServiceDate": True,
            "AutoApplyCredit": False,
            "ETransactionPaymentEnabled": False,
            "DefaultTerms": ref("3"),
        },
        "AccountingInfoPrefs": {
            "ClassTrackingPerTxn": False,
            "ClassTrackingPerTxnLine": True,
            "TrackDepartments": True,
            "DepartmentTerminology": "Location",
            "UseAccountNumbers": False,
            "FirstMonthOfFiscalYear": "January",
            "BookCloseDate": (first - timedelta(days=1)).isoformat(),
        },
        "TaxPrefs": {"UsingSalesTax": False, "PartnerTaxEnabled": False},
        "CurrencyPrefs": {"MultiCurrencyEnabled": False, "HomeCurrency": ref("USD")},
        "ReportPrefs": {"ReportBasis": "Accrual"},
    }


def company_info() -> Json:
    """Who the company is."""
    address = {"Line1": "200 Commons Street", "City": "Durham", "CountrySubDivisionCode": "NC", "PostalCode": "27701"}
    return {
        "CompanyName": COMPANY_NAME,
        "LegalName": COMPANY_NAME,
        "CompanyAddr": {**address, "Country": "USA"},
        "Country": "US",
        "Email": {"Address": "books@commonground.example"},
        "FiscalYearStartMonth": "January",
        "DefaultTimeZone": "America/New_York",
        "SupportedLanguages": "en",
    }


def fixed_lists() -> dict[str, list[Json]]:
    """Every list but the customers."""
    return {
        "Account": [
            {"Id": one.id, "Name": one.name, "AccountType": one.type, "AccountSubType": one.subtype} for one in ACCOUNTS
        ],
        "Class": [{"Id": id_, "Name": name} for name, id_ in CLASSES.items()],
        "Department": [{"Id": id_, "Name": name} for name, id_ in LOCATION_IDS.items()],
        "PaymentMethod": [
            {"Id": "1", "Name": "Cash", "Type": "NON_CREDIT_CARD"},
            {"Id": "2", "Name": "Check", "Type": "NON_CREDIT_CARD"},
            {"Id": "3", "Name": "Credit Card", "Type": "CREDIT_CARD"},
            {"Id": "4", "Name": "ACH", "Type": "NON_CREDIT_CARD"},
            {"Id": "5", "Name": "Wire", "Type": "NON_CREDIT_CARD"},
        ],
        "Term": [
            {"Id": "1", "Name": "Due on receipt", "Type": "STANDARD", "DueDays": 0},
            {"Id": "2", "Name": "Net 15", "Type": "STANDARD", "DueDays": 15},
            {"Id": "3", "Name": "Net 30", "Type": "STANDARD", "DueDays": 30},
        ],
        "Item": [_item(product) for product in PRODUCTS]
        + [
            {
                "Id": "26",
                "Name": "Coffee Subscription",
                "Type": "Service",
                "IncomeAccountRef": ref("87"),
                "Active": False,
            }
        ],
        "Vendor": [
            {"Id": "301", "DisplayName": "Stripe"},
            {"Id": "302", "DisplayName": "City Power & Light"},
            {
                "Id": "303",
                "DisplayName": "Acme Cleaning LLC",
                "PrimaryEmailAddr": {"Address": "billing@acme-cleaning.example"},
            },
        ],
        "Employee": [{"Id": "304", "DisplayName": "Dana Whitfield", "GivenName": "Dana", "FamilyName": "Whitfield"}],
    }


def _item(product: catalog.Product) -> Json:
    item: Json = {
        "Id": product.id,
        "Name": product.name,
        "Type": "Service",
        "IncomeAccountRef": ref(product.account),
        "Taxable": False,
    }
    if product.class_name:
        item["ClassRef"] = ref(CLASSES[product.class_name])
    return item


def customer(id_: str, name: str, admin: str = "", email: str = "", **more: object) -> Json:
    """A customer as a person or Coworks' own integration made it."""
    given, _, family = admin.partition(" ")
    made: Json = {"Id": id_, "DisplayName": name}
    if admin:
        made |= {"CompanyName": name, "GivenName": given, "FamilyName": family}
    if email:
        made["PrimaryEmailAddr"] = {"Address": email}
    return made | more


def special_customers(specials: Specials) -> list[Json]:
    """Those that the special cases find: made by Coworks, under another name, shared, inactive, with a sub-customer."""
    teams = specials.teams
    return [
        *(
            customer(str(201 + place), teams[key].name, teams[key].admin, teams[key].email)
            for place, key in enumerate(POSTED_BEFORE)
        ),
        customer("211", "Harbor Legal Associates", email=HARBOR_EMAIL),
        customer("212", "Harbor Title Company", email=HARBOR_EMAIL),
        customer("213", "Maria Lopez Photography", email="maria@lopez-photo.example"),
        customer("214", "Greenline Partners", email="billing@greenline.example, ivan.barros@greenline.example"),
        customer("215", "Kestrel Group", email="office@kestrel-group.example"),
        customer("216", "Kestrel Second Floor", email="office@kestrel-group.example", ParentRef=ref("215"), Job=True),
        customer("217", "Juniper Design (deleted)", Active=False),
        customer("218", "Former Member LLC (deleted)", email="hello@former-member.example", Active=False),
        customer("219", "Corner Coffee Cart", "Bea Larson", "bea@corner-coffee.example"),
    ]


def product_of(line: Line) -> str:
    """The product that the sample's mapping gives to a line of the invoices posted earlier."""
    named: Iterable[catalog.Plan | catalog.Service] = (*catalog.PLANS, *catalog.SERVICES, *catalog.CUSTOM_FEES)
    products = {one.name: one.product for one in named}
    if line.kind == "transaction_fee":
        return catalog.TRANSACTION_FEE_PRODUCT
    return products[line.name]


def _sales_line(line: Line, campus: str) -> Json:
    product = PRODUCT_NAMED[product_of(line)]
    detail: Json = {"ItemRef": ref(product.id), "Qty": 1, "UnitPrice": Dollars(line.amount)}
    office = line.kind == "plan" and product.name == "Private Offices" and campus == catalog.RIVERSIDE
    class_name = "Riverside Offices" if office else product.class_name
    if class_name:
        detail["ClassRef"] = ref(CLASSES[class_name])
    return {
        "Amount": Dollars(line.amount),
        "Description": line.description,
        "DetailType": "SalesItemLineDetail",
        "SalesItemLineDetail": detail,
    }


def posted_invoice(id_: str, customer_id: str, invoice: Invoice) -> Json:
    """The invoice as Coworks' own integration posts it: same number, lines and dates, and no stamp of ours."""
    team = invoice.team
    return {
        "Id": id_,
        "DocNumber": invoice.number,
        "TxnDate": invoice.issued.isoformat(),
        "DueDate": invoice.due.isoformat(),
        "CustomerRef": ref(customer_id),
        "DepartmentRef": ref(LOCATION_IDS[LOCATIONS[team.campus]]),
        "BillEmail": {"Address": team.email},
        "Line": [_sales_line(line, team.campus) for line in invoice.lines],
    }


def hand_made(id_: str, number: str, customer_id: str, on: date, *, words: str, cents: int) -> Json:
    """An invoice that the accountant made in QuickBooks."""
    product = PRODUCT_NAMED["Member Services"]
    line = {
        "Amount": Dollars(cents),
        "Description": words,
        "DetailType": "SalesItemLineDetail",
        "SalesItemLineDetail": {"ItemRef": ref(product.id), "ClassRef": ref(CLASSES["Services"])},
    }
    return {
        "Id": id_,
        "DocNumber": number,
        "TxnDate": on.isoformat(),
        "DueDate": (on + timedelta(days=30)).isoformat(),
        "CustomerRef": ref(customer_id),
        "DepartmentRef": ref("1"),
        "Line": [line],
        "PrivateNote": "Made by hand",
    }


def posted_payment(id_: str, customer_id: str, invoice_id: str, invoice: Invoice) -> Json:
    """The payment as Coworks' own integration posts it: applied to its invoice, in Undeposited Funds."""
    assert invoice.paid_on is not None
    return {
        "Id": id_,
        "TxnDate": invoice.paid_on.isoformat(),
        "CustomerRef": ref(customer_id),
        "TotalAmt": Dollars(invoice.total),
        "PaymentMethodRef": ref(METHOD_IDS[invoice.method]),
        "DepositToAccountRef": ref("4"),
        "Line": [{"Amount": Dollars(invoice.total), "LinkedTxn": [{"TxnId": invoice_id, "TxnType": "Invoice"}]}],
    }


HAND_MADE_NUMBER = "C957F1A7-0009"
HAND_MADE_CENTS = 7500
HAND_MADE_DAY = 12
ONLY_IN_QUICKBOOKS = "QB-2001"
ONLY_IN_QUICKBOOKS_CENTS = 18000
OPENING_CENTS = 1824000


def opening(first: date) -> Json:
    """The bank's opening balance."""

    def line(posting: str, account: str) -> Json:
        detail = {"PostingType": posting, "AccountRef": ref(account)}
        return {
            "Amount": Dollars(OPENING_CENTS),
            "DetailType": "JournalEntryLineDetail",
            "JournalEntryLineDetail": detail,
        }

    lines = [line("Debit", "35"), line("Credit", "34")]
    return {
        "Id": "1",
        "DocNumber": "OPEN-1",
        "TxnDate": first.isoformat(),
        "PrivateNote": "Opening balance",
        "Line": lines,
    }


def transactions(first: date, specials: Specials | None) -> Iterator[Json]:
    """What stands in the books already, in the order in which it was entered, each entered on its own day."""
    for entry in _entered(first, specials):
        for body in entry.values():
            moment = f"{body['TxnDate']}T10:00:00-05:00"
            body |= {"SyncToken": "0", "MetaData": {"CreateTime": moment, "LastUpdatedTime": moment}}
        yield entry


def _entered(first: date, specials: Specials | None) -> Iterator[Json]:
    yield {"JournalEntry": opening(first)}
    if specials is None:
        return
    for place, key in enumerate(POSTED_BEFORE):
        yield {"Invoice": posted_invoice(str(11 + place), str(201 + place), specials.cases[key])}
    for place, key in enumerate(PAID_BEFORE):
        at = POSTED_BEFORE.index(key)
        yield {"Payment": posted_payment(str(21 + place), str(201 + at), str(11 + at), specials.cases[key])}
    on, later = first.replace(day=HAND_MADE_DAY), first.replace(day=14)
    words = "Projector rental, made in QuickBooks"
    yield {"Invoice": hand_made("31", HAND_MADE_NUMBER, "201", on, words=words, cents=HAND_MADE_CENTS)}
    words = "Lobby pop-up, two days"
    yield {"Invoice": hand_made("32", ONLY_IN_QUICKBOOKS, "219", later, words=words, cents=ONLY_IN_QUICKBOOKS_CENTS)}


def write_books(path: Path, *, realm: str, first: date, specials: Specials | None, known: Iterable[Team]) -> None:
    """Writes qbo.json, one object a line; `known` are ordinary teams that are customers already."""
    with path.open("w", encoding="utf-8", newline="\n") as file:
        head: Json = {"format": 1, "realm_id": realm, "clock": None, "switches": {}}
        head |= {"company_info": company_info(), "preferences": preferences(first)}
        for name, value in head.items():
            file.write(f'{"{" if name == "format" else ","}\n"{name}": {to_json(value)}')
        file.write(',\n"lists": {')
        for name, rows in fixed_lists().items():
            file.write(f'\n "{name}": [')
            _write_rows(file.write, rows)
            file.write("],")
        file.write('\n "Customer": [')
        _write_rows(file.write, _customers(specials, known))
        file.write(']\n},\n"transactions": [')
        _write_rows(file.write, transactions(first, specials))
        file.write("]\n}\n")


def _customers(specials: Specials | None, known: Iterable[Team]) -> Iterator[Json]:
    if specials:
        yield from special_customers(specials)
    for place, team in enumerate(known):
        yield customer(str(FIRST_KNOWN_CUSTOMER + place), team.name, team.admin, team.email)


def _write_rows(write: Any, rows: Iterable[Json]) -> None:
    for place, row in enumerate(rows):
        write(("\n  " if not place else ",\n  ") + to_json(row))
