"""The lines of a sales transaction: amounts checked, references followed, the subtotal appended, the discount taken."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from toolkit.emulator import fault, headers, references
from toolkit.emulator.amounts import cents, grouped, money, plain
from toolkit.emulator.books import Books, reference_id
from toolkit.emulator.records import Body, Draft, Posting, Record

_RESERVED = ("SHIPPING_ITEM_ID", "GRATUITY_ITEM_ID")


@dataclass(slots=True)
class Lines:
    """What the lines come to, in cents; `credits` are the income sides with positive amounts."""

    subtotal: int = 0
    taxable: int = 0
    discount: int = 0
    credits: list[Posting] = field(default_factory=list)
    out: list[Body] = field(default_factory=list)


@dataclass(slots=True)
class _Reading:
    """The state of reading one transaction's lines."""

    books: Books
    draft: Draft
    known: frozenset[str]
    lines: Lines
    department: str | None
    class_id: str | None
    discounts: list[Body] = field(default_factory=list)
    per_line_class: bool = False


def line_id(draft: Draft, known: frozenset[str], line: Body) -> str:
    """The Id of a line: its old one if the transaction has it, else the next one."""
    id = line.get("Id")
    if isinstance(id, str) and (id in known or id in draft.kept_lines):
        return id
    draft.next_line += 1
    return str(draft.next_line - 1)


def known_lines(old: Record | None) -> frozenset[str]:
    """The line Ids a transaction has now."""
    return frozenset(line["Id"] for line in old.body.get("Line", ()) if "Id" in line) if old else frozenset()


def checked_amount(line: Body, detail: Body) -> int:
    """A line's Amount in cents. Raises Fault 2020 when missing, 6070 when it is not Qty times UnitPrice (half-up)."""
    amount = line.get("Amount")
    qty, price = detail.get("Qty"), detail.get("UnitPrice")
    if amount is None:
        if qty and price:
            return cents(qty * price)
        raise fault.required("Line.Amount")
    given = cents(amount)
    if qty and price and cents(qty * price) != given:
        raise fault.amount_mismatch(grouped(given))
    return given


def _item_line(reading: _Reading, line: Body) -> None:
    detail = line.get("SalesItemLineDetail") or {}
    books = reading.books
    ref = detail.get("ItemRef")
    if ref is None:
        if books.switches["line_item_missing"] == "refuse":
            raise fault.line_incomplete()
        return _text_line(reading, line)
    amount = checked_amount(line, detail)
    item = None if ref.get("value") in _RESERVED else books.referred("Item", ref)
    if item is not None and item.body.get("Type") == "Category":
        raise fault.business("A category cannot be used on a transaction.")
    out_detail = _item_detail(reading, detail, ref, item)
    out = _line(reading, line, amount, "SalesItemLineDetail", out_detail)
    reading.lines.out.append(out)
    reading.lines.subtotal += amount
    if out_detail["TaxCodeRef"]["value"] != "NON":
        reading.lines.taxable += amount
    qty = out_detail.get("Qty")
    reading.lines.credits.append(
        Posting(
            _income_account(books, item), amount, None, None,
            out_detail.get("ClassRef", {}).get("value") or reading.class_id,
            reading.department, str(item.id) if item else None, str(qty) if qty is not None else None,
            line.get("Description"),
        )
    )  # fmt: skip
    return None


def _income_account(books: Books, item: Record | None) -> str:
    if item is not None:
        for key in ("IncomeAccountRef", "ExpenseAccountRef"):
            id = reference_id(item.body.get(key))
            if id is not None:
                return str(id)
    found = references.first_account(books, type="Income")
    if found is None:
        raise fault.line_incomplete()
    return str(found.id)


def _item_detail(reading: _Reading, detail: Body, ref: Body, item: Record | None) -> Body:
    out: Body = {"ItemRef": references.shown(item) if item else {"value": ref["value"]}}
    class_ref = detail.get("ClassRef")
    if class_ref and reading.per_line_class:
        out["ClassRef"] = references.shown(reading.books.referred("Class", class_ref))
    elif class_ref:
        headers.untracked(reading.books, {"ClassRef": class_ref}, "ClassRef")
    if detail.get("UnitPrice"):
        out["UnitPrice"] = plain(detail["UnitPrice"])
    if detail.get("Qty"):
        out["Qty"] = plain(detail["Qty"])
    account = detail.get("ItemAccountRef")
    if account and account.get("value"):
        out["ItemAccountRef"] = account
    out["TaxCodeRef"] = _line_tax_code(reading.books, detail.get("TaxCodeRef"), item)
    if detail.get("ServiceDate"):
        out["ServiceDate"] = detail["ServiceDate"]
    return out


def _line_tax_code(books: Books, ref: Any, item: Record | None) -> Body:
    value = ref.get("value") if ref else None
    if value is None:
        taxable = books.switches["tax_code_default"] == "item" and item is not None and item.body.get("Taxable")
        return {"value": "TAX" if taxable else "NON"}
    if value in ("TAX", "NON"):
        return {"value": value}
    # US companies only know the two pseudo codes on a line; a group code's id is for TxnTaxCodeRef.
    raise fault.invalid_tax_code(value)


def _line(reading: _Reading, line: Body, amount: int, kind: str, detail: Body) -> Body:
    out: Body = {"Id": line_id(reading.draft, reading.known, line), "LineNum": len(reading.lines.out) + 1}
    if line.get("Description"):
        out["Description"] = line["Description"]
    out["Amount"], out["DetailType"], out[kind] = money(amount), kind, detail
    return out


def _text_line(reading: _Reading, line: Body) -> None:
    out: Body = {"Id": line_id(reading.draft, reading.known, line), "LineNum": len(reading.lines.out) + 1}
    if line.get("Description"):
        out["Description"] = line["Description"]
    out["DetailType"], out["DescriptionLineDetail"] = "DescriptionOnly", {}
    reading.lines.out.append(out)


def _group_line(reading: _Reading, line: Body) -> None:
    detail = line.get("GroupLineDetail") or {}
    group = reading.books.referred("Item", detail.get("GroupItemRef"))
    outer, before = reading.lines.out, reading.lines.subtotal
    reading.lines.out = []
    for inner in detail.get("Line") or ():
        _item_line(reading, inner)
    inner_out, reading.lines.out = reading.lines.out, outer
    shown = {
        "GroupItemRef": references.shown(group),
        "Quantity": plain(detail.get("Quantity") or Decimal(1)),
        "Line": inner_out,
    }
    out = _line(reading, line, reading.lines.subtotal - before, "GroupLineDetail", shown)
    outer.append(out)


def _discount(reading: _Reading, line: Body) -> None:
    detail = line.get("DiscountLineDetail") or {}
    percent = detail.get("DiscountPercent")
    lines = reading.lines
    if detail.get("PercentBased"):
        if percent is None:
            raise fault.discount_incomplete()
        amount = cents(Decimal(lines.subtotal) * percent / 10000)
    elif line.get("Amount") is not None:
        amount = cents(line["Amount"])
    else:
        raise fault.discount_incomplete()
    account = _discount_account(reading.books, detail)
    shown: Body = {"PercentBased": bool(detail.get("PercentBased"))}
    if detail.get("PercentBased") and percent is not None:
        shown["DiscountPercent"] = plain(percent)
    shown["DiscountAccountRef"] = references.shown(account)
    lines.out.append({"Amount": money(amount), "DetailType": "DiscountLineDetail", "DiscountLineDetail": shown})
    if amount:
        lines.credits.append(Posting(str(account.id), -amount, None, None, reading.class_id, reading.department))
    lines.discount += amount


def _discount_account(books: Books, detail: Body) -> Record:
    ref = detail.get("DiscountAccountRef")
    if ref:
        return books.referred("Account", ref)
    found = references.first_account(books, subtype="DiscountsRefundsGiven") or references.first_account(
        books, type="Income"
    )
    if found is None:
        raise fault.discount_incomplete()
    return found


_READERS = {"SalesItemLineDetail": _item_line, "DescriptionOnly": _text_line, "GroupLineDetail": _group_line}


def read(books: Books, draft: Draft, department: str | None, class_id: str | None) -> Lines:
    """
    The lines of a sales transaction as they are answered, with the appended subtotal and the discount behind it.

    Raises Fault 2020 (no line, no DetailType), 2500, 6070, 6090, 6100,
    6440. Subtotals and tax lines of the client are dropped.
    """
    given = draft.fields.get("Line") or []
    per_line = bool(books.preference("AccountingInfoPrefs", "ClassTrackingPerTxnLine"))
    reading = _Reading(books, draft, known_lines(draft.old), Lines(), department, class_id, per_line_class=per_line)
    for line in given:
        kind = line.get("DetailType")
        if kind is None:
            raise fault.required("Line.DetailType")
        if kind == "DiscountLineDetail":
            reading.discounts.append(line)
        elif kind in _READERS:
            _READERS[kind](reading, line)
        elif kind not in ("SubTotalLineDetail", "TaxLineDetail"):
            raise fault.business(f"Line detail {kind} cannot be used on this transaction.")
    if not reading.lines.out:
        raise fault.required("Line")
    lines = reading.lines
    lines.out.append({"Amount": money(lines.subtotal), "DetailType": "SubTotalLineDetail", "SubTotalLineDetail": {}})
    if books.preference("SalesFormsPrefs", "AllowDiscount") is not False:
        for line in reading.discounts:
            _discount(reading, line)
    return lines
