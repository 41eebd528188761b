"""Sales tax of a sales transaction: outside QuickBooks, by code as a person sets it, or automated."""

from __future__ import annotations

from decimal import Decimal

from toolkit.emulator import fault, references
from toolkit.emulator.amounts import cents, money, plain
from toolkit.emulator.books import Books, reference_id
from toolkit.emulator.records import Body, Draft, Record


def _rates(books: Books, code: Record) -> list[Record]:
    details = (code.body.get("SalesTaxRateList") or {}).get("TaxRateDetail") or []
    found = [
        books.find("TaxRate", id)
        for id in (reference_id(detail.get("TaxRateRef")) for detail in details)
        if id is not None
    ]
    return [rate for rate in found if rate is not None]


def _code(books: Books, ref: Body | None) -> Record | None:
    if not ref:
        return None
    if ref.get("value") in ("TAX", "NON"):
        return None
    return books.referred("TaxCode", ref)


def _automated_code(books: Books) -> Record | None:
    ref = books.preference("TaxPrefs", "TaxGroupCodeRef")
    if ref:
        return _code(books, ref)
    return next((code for code in books.list_of("TaxCode").values() if code.active and _rates(books, code)), None)


def _tax_line(rate: Record, tax: int, taxable: int) -> Body:
    return {
        "Amount": money(tax),
        "DetailType": "TaxLineDetail",
        "TaxLineDetail": {
            "TaxRateRef": {"value": str(rate.id)},
            "PercentBased": True,
            "TaxPercent": plain(Decimal(rate.body.get("RateValue", 0))),
            "NetAmountTaxable": money(taxable),
        },
    }


def _computed(books: Books, code: Record, taxable: int) -> list[tuple[Record, int]]:
    percent = Decimal(100)
    return [
        (rate, cents(Decimal(taxable) * Decimal(rate.body.get("RateValue", 0)) / percent / 100))
        for rate in _rates(books, code)
    ]


def _spread(computed: list[tuple[Record, int]], total: int) -> list[tuple[Record, int]]:
    if not computed:
        return []
    rate, first = computed[0]
    return [(rate, first + total - sum(tax for _, tax in computed)), *computed[1:]]


def of(books: Books, draft: Draft, taxable: int) -> tuple[Body, int]:
    """
    The TxnTaxDetail of a sale and its tax in cents, for this many taxable cents.

    Raises Fault 2500 for an unknown tax code.
    """
    given = draft.fields.get("TxnTaxDetail") or {}
    if books.preference("TaxPrefs", "UsingSalesTax") is False:
        return {"TotalTax": 0}, 0
    automated = books.switches["sales_tax"] == "automated"
    code = _automated_code(books) if automated and taxable else _code(books, given.get("TxnTaxCodeRef"))
    computed = _computed(books, code, taxable) if code else []
    total = sum(tax for _, tax in computed)
    override = given.get("TotalTax")
    if override is not None and (not automated or books.switches["tax_override"] == "accept"):
        total = cents(override)
        if total < 0:
            raise fault.business("The tax amount must be 0 or greater.")
    if automated and total:
        total += int(books.switches["tax_cent"])
    detail: Body = {"TxnTaxCodeRef": references.bare(code)} if code else {}
    detail["TotalTax"] = money(total)
    if computed:
        detail["TaxLine"] = [_tax_line(rate, tax, taxable) for rate, tax in _spread(computed, total)]
    return detail, total


def liability(books: Books) -> Record:
    """The account that collects sales tax."""
    for subtype in ("GlobalTaxPayable", "SalesTaxPayable"):
        found = references.first_account(books, subtype=subtype)
        if found is not None:
            return found
    found = references.first_account(books, type="Other Current Liability")
    if found is None:
        raise fault.business("A sales tax liability account is needed for this transaction.")
    return found
