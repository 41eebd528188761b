"""The company folder around the reports: company.toml, mapping.csv, customers.csv and voids.csv."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from hashlib import sha256
from pathlib import Path

from toolkit.emulator.sample import catalog
from toolkit.emulator.sample.catalog import DISCOUNTS, LOCATIONS, PLANS, ROOMS, SERVICES
from toolkit.emulator.sample.documents import Invoice
from toolkit.emulator.sample.months import Size
from toolkit.emulator.sample.special import Specials

MAPPING_HEADER = ("kind", "name", "campus", "product", "class", "location")
CUSTOMERS_HEADER = ("team", "number_prefix", "email", "customer_id", "note")
VOIDS_HEADER = ("invoice_number", "voided_on", "reason")


def realm_of(seed: int, name: str) -> str:
    """A company ID that depends on the seed and the folder's name: sixteen digits that begin as Intuit's do."""
    digest = sha256(f"{seed}/{name}".encode()).hexdigest()
    return f"9130{int(digest[:12], 16) % 10**12:012d}"


def write_csv(path: Path, header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Writes one UTF-8 CSV file."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def mapping_rows(film: Invoice | None) -> list[tuple[str, ...]]:
    """The mapping of everything the operator sells; `film` is the one-off invoice whose category is chosen here."""
    rows: list[tuple[str, ...]] = [("campus", campus, "", "", "", location) for campus, location in LOCATIONS.items()]
    rows += [("plan", plan.name, "", plan.product, "", "") for plan in PLANS]
    rows += [
        ("plan", plan.name, catalog.RIVERSIDE, plan.product, "Riverside Offices", "")
        for plan in PLANS
        if plan.product == "Private Offices"
    ]
    rows.append(("day_pass", catalog.DAY_PASS.name, "", catalog.DAY_PASS.product, "", ""))
    rows += [("external_booking", room.name, "", room.product, "", "") for room in ROOMS]
    rows += [("one_off", service.name, "", service.product, "", "") for service in SERVICES]
    rows.append(("one_off", "Team room", "", "Meeting Rooms", "", ""))
    rows.append(("transaction_fee", catalog.TRANSACTION_FEE, "", catalog.TRANSACTION_FEE_PRODUCT, "", ""))
    rows += [("custom_fee", fee.name, "", fee.product, "", "") for fee in catalog.CUSTOM_FEES]
    rows += [("discount", name, "", catalog.DISCOUNT_PRODUCT, "", "") for name in DISCOUNTS]
    rows.append(("deposit", catalog.SECURITY_DEPOSIT, "", catalog.SECURITY_DEPOSIT_PRODUCT, "", ""))
    if film is not None:
        rows.append(("invoice", film.number, "", "Event Space", "", ""))
    rows.append(("default", "", "", catalog.DEFAULT_PRODUCT, "", ""))
    return rows


def pin_rows(specials: Specials | None) -> list[tuple[str, ...]]:
    """The pins: two teams share one admin and one e-mail, so a person says which customer is which."""
    if specials is None:
        return []
    note = "Renata Kaplan runs both firms with one e-mail address"
    return [
        (team.name, team.prefix, team.email, customer, note)
        for key, customer in (("harbor_legal", "211"), ("harbor_title", "212"))
        for team in (specials.teams[key],)
    ]


def void_rows(specials: Specials | None) -> list[tuple[str, ...]]:
    """A person's answer about the invoice that vanished from the second month's report."""
    gone = specials.cases.get("pine") if specials else None
    if gone is None or gone.vanished_on is None:
        return []
    return [(gone.number, gone.vanished_on.isoformat(), "Closed in Coworks: the room was not used")]


_TOML = """\
# Settings of one company. A line that starts with # is a note for people. Amounts are US dollars in quotes.

# Dates in the reports are days in this time zone.
timezone = "America/New_York"

[quickbooks]
# emulator: a practice QuickBooks on this computer. sandbox: Intuit's test company. production: the real books.
environment = "emulator"
# The company ID of these books.
realm = "{realm}"

[push]
# The two switches of the Coworks integration. With both off nothing is posted.
invoices = true
# Payments too (this includes invoices).
transactions = true

[limits]
# What may be posted without a person's approval code (--approve auto), per run.
auto_documents = {documents}
auto_amount = "{amount}"
auto_voids = {voids}

[policy]
# The product/service for anything that mapping.csv does not name. "" would stop such an invoice instead.
default_product = "{default_product}"
# Non-members: one shared customer ("shared"), or a customer each ("own").
guests = "shared"
guest_customer = "Coworks Guests"
# When a vendor, an employee or an inactive customer holds a new customer's name: "suffix" adds to it, "ask" asks.
taken_name = "suffix"
# Invoices of $0.00 are posted, without a payment.
post_zero_invoices = true
# Sales tax: "outside" QuickBooks (a fee on a liability account) or "inside".
sales_tax = "outside"

[accounts]
# Names of accounts in QuickBooks; "" lets the toolkit find the account by its type.
bank = "Checking"
undeposited_funds = "Undeposited Funds"
# What the card processor keeps of each charge (an expense; not the transaction fee that members pay).
processing_fee = "Processing Fees"
processing_fee_class = "Services"
disputes = "Disputes Receivable"

[accounts.banks]
# Bank account by the last four digits that a payout names.
"4321" = "Checking"
"""


def settings_text(realm: str, size: Size) -> str:
    """company.toml for people, with limits that allow a whole month without an approval code."""
    return _TOML.format(
        realm=realm,
        documents=max(1000, size.invoices * 10),
        amount=f"{max(250_000, size.invoices * 4_000)}.00",
        voids=10 + size.invoices // 10,
        default_product=catalog.DEFAULT_PRODUCT,
    )
