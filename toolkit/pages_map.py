"""The mapping as a person edits it: a row for each name of the month and each row of mapping.csv, and back to rules."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from toolkit import pages
from toolkit.mapping import KIND_OF_LINE, Rule, key_of
from toolkit.model import Invoice, InvoiceType
from toolkit.money import ZERO, Money, show, total
from toolkit.names import fold
from toolkit.pages import Page
from toolkit.stages import Gathered, Mapped

LABELS = {
    "campus": "campus",
    "plan": "plan",
    "day_pass": "day pass",
    "external_booking": "external booking",
    "one_off": "one-off line",
    "transaction_fee": "transaction fee",
    "custom_fee": "custom fee",
    "discount": "discount",
    "deposit": "security deposit",
    "default": "anything else",
}
"""The kinds of row as a person calls them, in the order of the list; invoices have a table of their own."""

SEPARATOR = "\u241f"


@dataclass(frozen=True, kw_only=True)
class ToMap:
    """A month's names beside the mapping; `default_product` is that of company.toml, "" for none."""

    mapped: Mapped
    gathered: Gathered
    default_product: str

    @property
    def campuses(self) -> tuple[str, ...]:
        """The campuses of the month, in name order."""
        return tuple(sorted({one.campus for one in self.gathered.billing.invoices if one.campus}))


def to_map(page: Page) -> ToMap:
    """The mapping, the month's names, and QuickBooks' live products, classes and locations."""
    return _to_map(page, pages.mapped(page))


def save(page: Page, rules: tuple[Rule, ...], dropped: tuple[Rule, ...] = ()) -> ToMap:
    """Write the rules into mapping.csv (and take the dropped ones out), and read everything anew."""
    return _to_map(page, pages.save_rules(page, rules, dropped))


def _to_map(page: Page, mapped: Mapped) -> ToMap:
    policy = page.company.settings.policy
    return ToMap(mapped=mapped, gathered=pages.gather(page), default_product=policy.default_product)


# ---- names


def name_rows(found: ToMap) -> list[dict[str, Any]]:
    """A row for each name without a row of its own, largest amount first, then each row of mapping.csv."""
    billed = _billed(found.gathered.billing.invoices)
    missing = [_missing(found, one.kind, one.name, one.lines, one.amount) for one in found.mapped.unmapped]
    rules = [one for one in found.mapped.mapping.rules if one.kind in LABELS]
    ordered = sorted(rules, key=lambda one: list(LABELS).index(one.kind))
    return [*missing, *(_known(one, billed.get((one.kind, fold(one.name)), (0, ZERO))) for one in ordered)]


def _billed(invoices: Iterable[Invoice]) -> Mapping[tuple[str, str], tuple[int, Money]]:
    found: dict[tuple[str, str], tuple[int, Money]] = {}
    for invoice in invoices:
        for kind, name, amount in _named(invoice):
            lines, sum_so_far = found.get((kind, fold(name)), (0, ZERO))
            found[kind, fold(name)] = (lines + 1, sum_so_far + amount)
    return found


def _named(invoice: Invoice) -> Iterable[tuple[str, str, Money]]:
    yield from ((KIND_OF_LINE[line.kind], line.name, line.amount) for line in invoice.lines)
    if invoice.campus:
        yield "campus", invoice.campus, invoice.total


def _row(rule: Rule, lines: int, amount: Money) -> dict[str, Any]:
    campus = rule.kind == "campus"
    return {
        "id": row_id(rule),
        "kind": LABELS[rule.kind],
        "name": rule.name or ("every name" if rule.kind != "default" else "no other row"),
        "campus": rule.campus,
        "billed": f"{show(amount)} ({lines})" if lines else "",
        "product": rule.product,
        "class": rule.class_name,
        "location": rule.location,
        "off": ["product", "class"] if campus else ["location"],
    }


def _known(rule: Rule, billed: tuple[int, Money]) -> dict[str, Any]:
    return {**_row(rule, *(billed if not rule.campus else (0, ZERO))), "hint": "", "mark": False}


def _missing(found: ToMap, kind: str, name: str, lines: int, amount: Money) -> dict[str, Any]:
    row = _row(Rule(kind=kind, name=name), lines, amount)
    best = next((one for one in found.mapped.suggestions if (one.kind, one.name) == (kind, name)), None)
    return {**row, "hint": f"perhaps {best.product}: {best.reason}" if best else "", "mark": True}


def row_id(rule: Rule) -> str:
    """What names a row in the table."""
    return SEPARATOR.join((rule.kind, rule.name, rule.campus))


def suggested(found: ToMap) -> list[tuple[str, str, str]]:
    """For each name without a row its best suggestion: row, column, value. Nothing is applied."""
    best: dict[tuple[str, str], tuple[str, str, str]] = {}
    for one in found.mapped.suggestions:
        column = "location" if one.kind == "campus" else "product"
        best.setdefault((one.kind, one.name), (row_id(Rule(kind=one.kind, name=one.name)), column, one.product))
    return list(best.values())


def rule_of(row: Mapping[str, Any]) -> Rule:
    """The rule that a row of the table says."""
    kind, name, campus = str(row["id"]).split(SEPARATOR)
    return Rule(
        kind=kind,
        name=name,
        campus=campus,
        product=str(row["product"] or ""),
        class_name=str(row["class"] or ""),
        location=str(row["location"] or ""),
    )


def gone(found: ToMap) -> tuple[str, ...]:
    """Sentences on products, classes and locations that rows name and QuickBooks does not have (any more)."""
    offered = {
        "product": {fold(one) for one in found.mapped.products},
        "class": {fold(one) for one in found.mapped.classes},
        "location": {fold(one) for one in found.mapped.locations},
    }
    return tuple(
        f"{LABELS.get(rule.kind, rule.kind)} {rule.name}: QuickBooks has no active {what} {value}."
        for rule in found.mapped.mapping.rules
        for what, value in (("product", rule.product), ("class", rule.class_name), ("location", rule.location))
        if value and not value.startswith("#") and fold(value) not in offered[what]
    )


# ---- one-off invoices


def one_offs(found: ToMap) -> tuple[Invoice, ...]:
    """The month's one-off invoices, in their order."""
    return tuple(one for one in found.gathered.billing.invoices if one.type is InvoiceType.ONE_OFF)


def invoice_rows(found: ToMap) -> list[dict[str, Any]]:
    """A row for each one-off invoice, with the category that covers all its lines except fees, if one is chosen."""
    chosen = {fold(one.name): one for one in found.mapped.mapping.rules if one.kind == "invoice"}
    return [_invoice_row(one, chosen.get(fold(one.number))) for one in one_offs(found)]


def _invoice_row(invoice: Invoice, rule: Rule | None) -> dict[str, Any]:
    category = rule.product if rule else invoice.category
    return {
        "id": invoice.number,
        "name": invoice.number,
        "team": invoice.team,
        "lines": ", ".join(line.name for line in invoice.lines),
        "amount": show(invoice.total),
        "one": bool(category),
        "product": category,
        "hint": "chosen in Coworks" if invoice.category and rule is None else "",
    }


def invoice_rules(found: ToMap, rows: Sequence[Mapping[str, Any]]) -> tuple[tuple[Rule, ...], tuple[Rule, ...]]:
    """The invoice rows to write and those to take out of mapping.csv, from the table as it is now."""
    before = {str(one["id"]): one for one in invoice_rows(found)}
    known = {key_of(one): one for one in found.mapped.mapping.rules if one.kind == "invoice"}
    new, dropped = [], []
    for row in rows:
        rule = Rule(kind="invoice", name=str(row["id"]), product=str(row["product"] or ""))
        if row == before[str(row["id"])]:
            continue
        if row["one"] and rule.product:
            new.append(rule)
        elif key_of(rule) in known:
            dropped.append(known[key_of(rule)])
    return tuple(new), tuple(dropped)


def waiting(found: ToMap) -> str:
    """What happens to the names without a row."""
    missing = [one for one in found.mapped.unmapped if one.kind != "campus"]
    if not missing:
        return ""
    amount = show(total(one.amount for one in missing))
    default = next((one.product for one in found.mapped.mapping.rules if one.kind == "default" and not one.campus), "")
    default = default or found.default_product
    where = f"they go to the default product {default}" if default else "their invoices are held"
    return f"{len(missing)} names ({amount}) have no row: until they have, {where}."
