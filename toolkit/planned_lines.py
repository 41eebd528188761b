"""A Coworks invoice's lines as QuickBooks lines: product, class, location, tax, quantity, discounts in their place.

Intuit: the API does not copy a product's class to the line; TaxCodeRef of a line defaults from places that cannot be
relied on, so it is always sent; quantity times unit price must equal the amount rounded half-up, else fault 6070.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache

from toolkit import mapping as product_mapping
from toolkit.books import Account, ClassTracking, Item, ListEntry, SalesLine
from toolkit.frame import Frame, names_of, problem
from toolkit.model import FEES, BillingLine, Invoice, LineKind
from toolkit.money import ZERO, Money, round_cents, share, total
from toolkit.names import fold
from toolkit.problems import Problem
from toolkit.settings import SalesTax

TAXED, UNTAXED = "TAX", "NON"

_NOT_CHARGES = tuple(sorted(FEES | {LineKind.DISCOUNT, LineKind.CREDIT_NOTE, LineKind.BALANCE}))
"""A tuple: comparing a few members is quicker than hashing one, and a year has a million lines."""

_folded = lru_cache(maxsize=100_000)(fold)


@dataclass(frozen=True, slots=True)
class Price:
    """What a billing line is sold as: ids of product and class, and the mapping rule that said so."""

    item_id: str
    class_id: str
    rule: str


@dataclass(frozen=True, slots=True)
class Built:
    """The lines of one document, with what stands on the document itself."""

    lines: tuple[SalesLine, ...]
    class_id: str = ""
    total_tax: Money = ZERO


class Prices:
    """Products, classes and locations of one company; each question of the mapping is answered once and kept."""

    def __init__(self, frame: Frame) -> None:
        self._frame = frame
        books = frame.books
        self._items: dict[str, Item] = {item.id: item for item in books.items}
        self._classes: dict[str, ListEntry] = {entry.id: entry for entry in books.classes}
        self._locations: dict[str, ListEntry] = {entry.id: entry for entry in books.locations}
        self._income = {one.id: one.name for one in books.accounts if _is_income(one)}
        self._item_names = names_of(books.items, fold)
        self._class_names = names_of(books.classes, fold)
        self._location_names = names_of(books.locations, fold)
        self._prices: dict[tuple[str, ...], Price] = {}
        self._places: dict[str, str] = {}
        rules = frame.mapping.rules
        self._invoices = {fold(rule.name) for rule in rules if rule.kind == "invoice"}
        self._discounts = {fold(rule.name) for rule in rules if rule.kind == "discount" and rule.product}

    def names_discount(self, line: BillingLine) -> bool:
        """Whether mapping.csv has a row for this discount (or one for all of them)."""
        return bool(self._discounts) and (_folded(line.name) in self._discounts or "" in self._discounts)

    def price(self, invoice: Invoice, line: BillingLine) -> Price | Problem:
        """What the line is sold as, or why it cannot be."""
        by_invoice = invoice.number if self._invoices and fold(invoice.number) in self._invoices else ""
        asked = (line.kind._value_, line.name, line.campus, invoice.campus, invoice.category, by_invoice)
        known = self._prices.get(asked)
        if known is not None:
            return known
        answer = self._ask(invoice, line)
        if isinstance(answer, Price):
            self._prices[asked] = answer
        return answer

    def _ask(self, invoice: Invoice, line: BillingLine) -> Price | Problem:
        default = self._frame.settings.policy.default_product
        choice = product_mapping.product_for(self._frame.mapping, invoice, line, default)
        if isinstance(choice, Problem):
            return replace(choice, key=invoice.number)
        item = self._item(invoice, choice.product)
        if isinstance(item, Problem):
            return item
        if line.kind in product_mapping.OWED and item.income_account_id in self._income:
            return _earned(invoice, line, item, self._income[item.income_account_id])
        class_id = self._class(invoice, choice.class_name, item)
        return class_id if isinstance(class_id, Problem) else Price(item.id, class_id, choice.rule)

    def _item(self, invoice: Invoice, name: str) -> Item | Problem:
        ids = _look_up(self._item_names, name)
        if len(ids) != 1:
            return _unknown(invoice, "product/service", name, ids)
        item = self._items[ids[0]]
        if not item.active or item.type in ("Category", "Group"):
            return _unusable(
                invoice, "product/service", name, "inactive" if not item.active else "a category or bundle"
            )
        return item

    def _class(self, invoice: Invoice, name: str, item: Item) -> str | Problem:
        tracking = self._frame.books.preferences.class_tracking
        if name and tracking is ClassTracking.OFF:
            return _switched_off(invoice, "Classes", name)
        if tracking is ClassTracking.OFF:
            return ""
        if not name:
            return self._default_class(invoice, item)
        ids = _look_up(self._class_names, name)
        if len(ids) != 1:
            return _unknown(invoice, "class", name, ids)
        return ids[0] if self._classes[ids[0]].active else _unusable(invoice, "class", name, "inactive")

    def _default_class(self, invoice: Invoice, item: Item) -> str | Problem:
        entry = self._classes.get(item.class_id)
        if entry is not None and not entry.active:
            return _unusable(invoice, f"class of the product/service {item.name}", entry.name, "inactive")
        return item.class_id

    def location(self, invoice: Invoice) -> str | Problem:
        """The id of the QuickBooks location of the invoice's campus; "" where the company or the mapping has none."""
        if invoice.campus in self._places:
            return self._places[invoice.campus]
        answer = self._place(invoice)
        if isinstance(answer, str):
            self._places[invoice.campus] = answer
        return answer

    def _place(self, invoice: Invoice) -> str | Problem:
        name = product_mapping.location_for(self._frame.mapping, invoice.campus)
        if isinstance(name, Problem):
            return replace(name, key=invoice.number)
        if not name:
            return ""
        if not self._frame.books.preferences.locations:
            return _switched_off(invoice, "Locations", name)
        ids = _look_up(self._location_names, name)
        if len(ids) != 1:
            return _unknown(invoice, "location", name, ids)
        return ids[0] if self._locations[ids[0]].active else _unusable(invoice, "location", name, "inactive")


def _look_up(names: dict[str, tuple[str, ...]], wanted: str) -> tuple[str, ...]:
    return names.get(wanted.strip() if wanted.strip().startswith("#") else fold(wanted), ())


def _word(what: str) -> str:
    """`product` of `product/service`."""
    return what.split("/", maxsplit=1)[0].split(" ", maxsplit=1)[0]


def _unknown(invoice: Invoice, what: str, name: str, ids: Sequence[str]) -> Problem:
    several = bool(ids)
    return problem(
        invoice,
        f"ambiguous-{_word(what)}" if several else f"unknown-{_word(what)}",
        f"QuickBooks has {'several active entries' if several else 'no'} {what} called {name!r}.",
        "Revenue on the wrong one has to be found and moved later.",
        f"Choose an existing {what} in mapping.csv" + (", by #id." if several else f", or add {name!r} in QuickBooks."),
        candidates=tuple(f"#{one}" for one in ids),
    )


def _unusable(invoice: Invoice, what: str, name: str, state: str) -> Problem:
    return problem(
        invoice,
        f"unusable-{_word(what)}",
        f"The {what} {name!r} is {state} in QuickBooks.",
        "QuickBooks refuses new lines on it.",
        "Choose another in mapping.csv, or make it active in QuickBooks.",
    )


def _is_income(account: Account) -> bool:
    return account.classification == "Revenue" or account.type in ("Income", "Other Income")


def _earned(invoice: Invoice, line: BillingLine, item: Item, account: str) -> Problem:
    return problem(
        invoice,
        "owed-not-earned",
        f"{line.name!r} ({line.kind.replace('_', ' ')}) is mapped to {item.name!r}, which posts to the income account "
        f"{account!r}.",
        "Sales tax, security deposits and account balances are owed, not earned; income would be wrong.",
        "In mapping.csv, choose for it a product/service on a liability account.",
    )


def _switched_off(invoice: Invoice, what: str, name: str) -> Problem:
    return problem(
        invoice,
        f"{what.casefold()}-off",
        f"mapping.csv asks for {name!r}, but {what.casefold()} are switched off in QuickBooks.",
        "QuickBooks would drop it without a word, and reports by site would be empty.",
        f"Switch it on in QuickBooks (Account and settings > Advanced > Categories > Track {what.casefold()}), "
        "or blank it in mapping.csv.",
    )


def inherited(child: Invoice, parent: Invoice | None) -> Invoice:
    """A split invoice with what it takes from its parent: campus, category, type, products and service dates.

    A child whose one line only says "split" is spread over the parent's lines in proportion, to the cent; a child's own
    lines take service dates from the parent's line of the same name.
    """
    if parent is None:
        return child
    whole = total(line.amount for line in parent.lines)
    named = {fold(line.name) for line in parent.lines}
    if len(child.lines) == 1 and fold(child.lines[0].name) not in named and whole:
        lines = _spread(child.lines[0], parent.lines)
    else:
        lines = tuple(_dated(line, parent.lines) for line in child.lines)
    return replace(
        child,
        lines=lines,
        campus=child.campus or parent.campus,
        category=child.category or parent.category,
        type=parent.type,
    )


def _spread(line: BillingLine, over: Sequence[BillingLine]) -> tuple[BillingLine, ...]:
    parts = share(line.amount, tuple(one.amount for one in over))
    return tuple(
        replace(one, amount=part, quantity=None, unit_price=None, source=line.source)
        for one, part in zip(over, parts, strict=True)
        if part
    )


def _dated(line: BillingLine, parents: Iterable[BillingLine]) -> BillingLine:
    like = next((one for one in parents if fold(one.name) == fold(line.name) and one.kind is line.kind), None)
    if like is None or line.service_start is not None:
        return line
    return replace(line, service_start=like.service_start, service_end=like.service_end)


def build(invoice: Invoice, lines: Sequence[BillingLine], prices: Prices, frame: Frame) -> Built | Problem:
    """The document's lines in order, each discount after the line it reduces, or the first thing that stops them.

    Amounts are exactly the billing lines'; with sales tax inside QuickBooks the tax fee becomes `total_tax`.
    """
    charged, tax = _without_tax(lines) if frame.settings.policy.sales_tax is SalesTax.INSIDE else (lines, ZERO)
    if tax and not any(line.taxable for line in charged):
        return _untaxable(invoice, tax)
    built: list[SalesLine] = []
    for line, reduced in discounts_in_place(charged):
        price = _price(invoice, line, reduced, prices)
        if isinstance(price, Problem):
            return price
        model = reduced or line
        taxed = bool(tax) and model.taxable
        built.append(_sales_line(line, price, TAXED if taxed else UNTAXED, model.service_start))
    return _classed(invoice, built, tax, frame)


def _without_tax(lines: Sequence[BillingLine]) -> tuple[Sequence[BillingLine], Money]:
    tax = total(line.amount for line in lines if line.kind is LineKind.TAX_FEE)
    return [line for line in lines if line.kind is not LineKind.TAX_FEE], tax


def discounts_in_place(lines: Sequence[BillingLine]) -> list[tuple[BillingLine, BillingLine | None]]:
    """The lines with every discount right after the line it reduces, paired with that line (None for other lines).

    A discount names its line, or follows it: fees in between do not count.
    """
    discounts = [place for place, line in enumerate(lines) if line.kind is LineKind.DISCOUNT]
    if not discounts:
        return [(line, None) for line in lines]
    charges = [place for place, line in enumerate(lines) if line.kind not in _NOT_CHARGES]
    after: dict[int, list[int]] = {}
    for place in discounts:
        after.setdefault(_reduced(lines, place, charges), []).append(place)
    ordered: list[tuple[BillingLine, BillingLine | None]] = [(lines[one], None) for one in after.get(-1, ())]
    for place, line in enumerate(lines):
        if line.kind is not LineKind.DISCOUNT:
            ordered.append((line, None))
            ordered += [(lines[one], line) for one in after.get(place, ())]
    return ordered


def _reduced(lines: Sequence[BillingLine], discount: int, charges: Sequence[int]) -> int:
    if len(charges) == 1:
        return charges[0]
    own = _folded(lines[discount].name)
    named = [place for place in charges if lines[place].name and _folded(lines[place].name) == own]
    if len(named) == 1:
        return named[0]
    before = [place for place in charges if place < discount]
    return before[-1] if before else charges[0] if charges else -1


def _price(invoice: Invoice, line: BillingLine, reduced: BillingLine | None, prices: Prices) -> Price | Problem:
    if reduced is None:
        return prices.price(invoice, line)
    of_reduced = prices.price(invoice, reduced)
    if isinstance(of_reduced, Problem) or not prices.names_discount(line):
        return of_reduced  # a discount that no row names is less revenue of the line it reduces
    own = prices.price(invoice, line)
    return own if isinstance(own, Problem) else Price(own.item_id, of_reduced.class_id, own.rule)


def _sales_line(line: BillingLine, price: Price, tax_code: str, service_date: date | None) -> SalesLine:
    multiplies = (
        line.quantity is not None
        and line.unit_price is not None
        and round_cents(line.quantity * line.unit_price) == line.amount
    )
    return SalesLine(
        amount=line.amount,
        item_id=price.item_id,
        description=line.description or line.name,
        quantity=line.quantity if multiplies else None,
        unit_price=line.unit_price if multiplies else None,
        class_id=price.class_id,
        tax_code=tax_code,
        service_date=service_date,
    )


def _classed(invoice: Invoice, lines: list[SalesLine], tax: Money, frame: Frame) -> Built | Problem:
    if frame.books.preferences.class_tracking is not ClassTracking.TRANSACTION:
        return Built(tuple(lines), total_tax=tax)
    used = sorted({line.class_id for line in lines if line.class_id})
    if len(used) > 1:
        return _two_classes(invoice, [frame_name(frame, one) for one in used])
    bare = tuple(replace(line, class_id="") for line in lines)
    return Built(bare, class_id=used[0] if used else "", total_tax=tax)


def frame_name(frame: Frame, class_id: str) -> str:
    """The name of a class, for people."""
    return next((entry.full_name or entry.name for entry in frame.books.classes if entry.id == class_id), class_id)


def _two_classes(invoice: Invoice, names: Sequence[str]) -> Problem:
    return problem(
        invoice,
        "two-classes",
        f"Its products have {len(names)} classes: {', '.join(names)}.",
        "This company gives one class to a whole transaction, so one of them would be lost.",
        "Track classes per line in QuickBooks (Account and settings > Advanced > Categories), or choose in mapping.csv "
        "one class for these products.",
        candidates=names,
    )


def _untaxable(invoice: Invoice, tax: Money) -> Problem:
    return problem(
        invoice,
        "tax-mixture",
        f"It charges {tax} of sales tax, but none of its lines is taxable.",
        "QuickBooks computes tax from taxable lines; this amount would belong to none of them.",
        "Mark the taxable lines in Coworks' report, or set policy.sales_tax to outside.",
    )
