"""mapping.csv and customers.csv: which product/service, class and location a billing line and its campus stand for.

Names match whatever their case, blanks and accents' form. The row of a campus beats the general one. Two rows that
contradict each other answer nothing: that is a Problem, never the first of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from toolkit.mapping_file import Table, read_rows, write_rows
from toolkit.model import FEES, BillingLine, Invoice, LineKind, Source
from toolkit.names import fold
from toolkit.problems import Problem, Severity, UsageError

HEADER = ("kind", "name", "campus", "product", "class", "location")
PINS_HEADER = ("team", "number_prefix", "email", "customer_id", "note")
KINDS = (
    "plan",
    "day_pass",
    "external_booking",
    "one_off",
    "transaction_fee",
    "custom_fee",
    "discount",
    "deposit",
    "campus",
    "invoice",
    "default",
)
"""What a row may be about: a kind of line, a campus, one invoice, or everything that no other row names."""

KIND_OF_LINE = {
    LineKind.PLAN: "plan",
    LineKind.PRORATION: "plan",
    LineKind.DISCOUNT: "discount",
    LineKind.DAY_PASS: "day_pass",
    LineKind.BOOKING: "external_booking",
    LineKind.ONE_OFF: "one_off",
    LineKind.TRANSACTION_FEE: "transaction_fee",
    LineKind.CUSTOM_FEE: "custom_fee",
    LineKind.TAX_FEE: "custom_fee",
    LineKind.DEPOSIT: "deposit",
    LineKind.CREDIT_NOTE: "discount",
    LineKind.BALANCE: "one_off",
}
"""The kind of row that a line is looked up under; Coworks models sales tax as a custom fee."""

REDUCTIONS = frozenset({LineKind.DISCOUNT, LineKind.CREDIT_NOTE})
OWED = frozenset({LineKind.TAX_FEE, LineKind.DEPOSIT, LineKind.BALANCE})
"""Sales tax, security deposits, account balances: owed to somebody, not earned; a default would make them income."""

_OWED_NAMES = {
    LineKind.TAX_FEE: "Sales tax",
    LineKind.DEPOSIT: "Security deposit",
    LineKind.BALANCE: "Account balance",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One row of mapping.csv. Blank `name` is every name of the kind, blank `campus` every campus.

    `product`, `class_name` and `location` are QuickBooks names (full names accepted) or ids as `#12`.
    """

    kind: str
    name: str = ""
    campus: str = ""
    product: str = ""
    class_name: str = ""
    location: str = ""
    source: Source = field(default_factory=lambda: Source(file="mapping.csv"), compare=False)


@dataclass(frozen=True, slots=True)
class Choice:
    """What a line is sold as, by name, and the row that says so. Blank `class_name` leaves the product's own class."""

    product: str
    class_name: str
    rule: str


_Key = tuple[str, str, str]


@dataclass(frozen=True)
class Mapping:
    """The rows of one company's mapping.csv, in their order."""

    rules: tuple[Rule, ...] = ()

    @cached_property
    def by_key(self) -> dict[_Key, tuple[Rule, ...]]:
        """The rows by (kind, folded name, folded campus); more than one is a repetition or a contradiction."""
        found: dict[_Key, tuple[Rule, ...]] = {}
        for rule in self.rules:
            found[key_of(rule)] = (*found.get(key_of(rule), ()), rule)
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Pin:
    """One row of customers.csv: this team is that QuickBooks customer (an id), whatever its name or e-mail say."""

    team: str
    number_prefix: str
    email: str
    customer_id: str
    note: str
    source: Source


def key_of(rule: Rule) -> _Key:
    """What makes two rows the same row."""
    return rule.kind, fold(rule.name), fold(rule.campus)


def read(path: Path) -> Mapping:
    """The rows of mapping.csv; an absent or empty file is an empty mapping.

    Raises `UsageError`, naming the row, for a missing column, an unknown kind or a file that cannot be read.
    """
    table = read_rows(path, HEADER, required=("kind", "name", "product"))
    return Mapping(tuple(_rule(cells, source) for cells, source in table.rows))


def _rule(cells: dict[str, str], source: Source) -> Rule:
    kind = cells["kind"].strip().casefold().replace(" ", "_").replace("-", "_")
    if kind not in KINDS:
        raise UsageError(
            Problem(
                code="mapping-syntax",
                where=str(source),
                what=f"{cells['kind']!r} is not a kind of row.",
                why="A row that is not understood could put money on the wrong product.",
                do=f"Use one of: {', '.join(KINDS)}.",
                severity=Severity.FILE,
            )
        )
    return Rule(
        kind=kind,
        name=cells["name"],
        campus=cells["campus"],
        product=cells["product"],
        class_name=cells["class"],
        location=cells["location"],
        source=source,
    )


def write(path: Path, mapping: Mapping) -> None:
    """mapping.csv made to say exactly `mapping`, in its order; the file is replaced whole or not at all.

    Cells that begin with = + - @ are written so that a spreadsheet takes them as text; `read` gives them back equal.
    Two people who change single rows at once use `update`, which loses neither.
    """
    with write_rows(path, HEADER) as table:
        table.rows = _cells(mapping)


def update(path: Path, change: Callable[[Mapping], Mapping]) -> Mapping:
    """mapping.csv read, changed and written while no other `update` or `write` can come between; what was written.

    Raises `UsageError` as `read`, and then nothing is written.
    """
    with write_rows(path, HEADER) as table:
        changed = change(read(path))
        table.rows = _cells(changed)
    return changed


def _cells(mapping: Mapping) -> tuple[tuple[str, ...], ...]:
    return tuple(
        (rule.kind, rule.name, rule.campus, rule.product, rule.class_name, rule.location) for rule in mapping.rules
    )


def with_rules(mapping: Mapping, rules: Iterable[Rule]) -> Mapping:
    """`mapping` with each of `rules` in the place of the row about the same thing, else at the end."""
    new = {key_of(rule): rule for rule in rules}
    kept: list[Rule] = []
    for rule in mapping.rules:
        key = key_of(rule)
        if key in new and all(key_of(one) != key for one in kept):
            kept.append(new[key])
        elif key not in new:
            kept.append(rule)
    known = {key_of(rule) for rule in kept}
    return Mapping((*kept, *(rule for key, rule in new.items() if key not in known)))


def read_pins(path: Path) -> tuple[Pin, ...]:
    """The rows of customers.csv in their order; an absent or empty file has none. Raises `UsageError` as `read`."""
    table: Table = read_rows(path, PINS_HEADER, required=("team", "customer_id"))
    return tuple(
        Pin(
            team=cells["team"],
            number_prefix=cells["number_prefix"],
            email=cells["email"],
            customer_id=cells["customer_id"],
            note=cells["note"],
            source=source,
        )
        for cells, source in table.rows
    )


def write_pins(path: Path, pins: Sequence[Pin]) -> None:
    """customers.csv made to say exactly `pins`, in their order; as `write`."""
    with write_rows(path, PINS_HEADER) as table:
        table.rows = tuple((pin.team, pin.number_prefix, pin.email, pin.customer_id, pin.note) for pin in pins)


def product_for(mapping: Mapping, invoice: Invoice, line: BillingLine, default_product: str) -> Choice | Problem:
    """What `line` of `invoice` is sold as, by the first rule that answers; a Problem if none does or two contradict.

    Fees go by their own kind, and so do security deposits and account balances that have a row. Every other line of an
    invoice that has a row of its own (kind invoice), or of an invoice with a category chosen in Coworks, goes by that.
    Else the row of its kind, name and campus (the campus of service, else the team's); a discount without a row is sold
    as the line it reduces. Else the default row, else `default_product`, else a Problem. What is owed and not earned
    (sales tax, security deposits, account balances) never takes a default.
    """
    if line.kind in OWED:
        return _owed(mapping, invoice, line)
    if line.kind not in FEES:
        whole = _whole_invoice(mapping, invoice)
        if whole is not None:
            return whole
    found = _own(mapping, invoice, line)
    if found is not None:
        return found
    if line.kind in REDUCTIONS:
        reduced = reduced_by(invoice, line)
        if reduced is not None:
            return _inherited(product_for(mapping, invoice, reduced, default_product), reduced)
    return _default(mapping, invoice, line, default_product)


def _owed(mapping: Mapping, invoice: Invoice, line: BillingLine) -> Choice | Problem:
    found = _own(mapping, invoice, line)
    if found is None and line.kind not in FEES:
        found = _whole_invoice(mapping, invoice)
    if found is not None:
        return found
    kind = KIND_OF_LINE[line.kind]
    return Problem(
        code="unmapped",
        where=str(line.source),
        what=f"{_OWED_NAMES[line.kind]} {line.name!r} on invoice {invoice.number} has no product/service.",
        why="It is owed, not earned: the default product would make it income, so this invoice is held.",
        do=f"Add a row {kind},{line.name} to mapping.csv with a product/service on a liability account.",
        key=invoice.number,
    )


def _whole_invoice(mapping: Mapping, invoice: Invoice) -> Choice | Problem | None:
    found = _answer(mapping, invoice.number, (("invoice", fold(invoice.number), ""),))
    if found is not None or not invoice.category:
        return found
    name = fold(invoice.category)
    mapped = _answer(mapping, invoice.number, (("one_off", name, fold(invoice.campus)), ("one_off", name, "")))
    return mapped or Choice(invoice.category, "", f"category {invoice.category!r} chosen in Coworks")


def _own(mapping: Mapping, invoice: Invoice, line: BillingLine) -> Choice | Problem | None:
    kind, name, campus = KIND_OF_LINE[line.kind], fold(line.name), fold(line.campus or invoice.campus)
    keys = ((kind, name, campus), (kind, name, ""), (kind, "", campus), (kind, "", ""))
    return _answer(mapping, invoice.number, keys)


def _answer(mapping: Mapping, number: str, keys: Sequence[_Key]) -> Choice | Problem | None:
    """The first key with a row that names a product."""
    for key in dict.fromkeys(keys):
        rules = [rule for rule in mapping.by_key.get(key, ()) if rule.product]
        if len({(rule.product, rule.class_name) for rule in rules}) > 1:
            return contradiction(rules, number)
        if rules:
            return Choice(rules[0].product, rules[0].class_name, said_by(rules[0]))
    return None


def said_by(rule: Rule) -> str:
    """A row in words, for reasons: `plan 'Hot Desk' at North (mapping.csv, row 4)`."""
    name = f" {rule.name!r}" if rule.name else ""
    campus = f" at {rule.campus}" if rule.campus else ""
    return f"{rule.kind}{name}{campus} ({rule.source})"


def reduced_by(invoice: Invoice, line: BillingLine) -> BillingLine | None:
    """The line that a discount reduces: the nearest charge before it, else the first after it; None without any."""
    place = next((place for place, one in enumerate(invoice.lines) if one is line), None)
    if place is None:
        place = invoice.lines.index(line) if line in invoice.lines else len(invoice.lines)
    before = (one for one in reversed(invoice.lines[:place]) if one.kind not in FEES | REDUCTIONS)
    after = (one for one in invoice.lines[place:] if one.kind not in FEES | REDUCTIONS)
    return next(before, None) or next(after, None)


def _inherited(found: Choice | Problem, reduced: BillingLine) -> Choice | Problem:
    if isinstance(found, Problem):
        return found
    return replace(found, rule=f"as the line it reduces ({reduced.name}): {found.rule}")


def _default(mapping: Mapping, invoice: Invoice, line: BillingLine, default_product: str) -> Choice | Problem:
    campus = fold(line.campus or invoice.campus)
    found = _answer(mapping, invoice.number, (("default", "", campus), ("default", "", "")))
    if found is not None:
        return found
    if default_product:
        return Choice(default_product, "", "default product (company.toml)")
    kind = KIND_OF_LINE[line.kind]
    return Problem(
        code="unmapped",
        where=str(line.source),
        what=f"{kind.replace('_', ' ').capitalize()} {line.name!r} on invoice {invoice.number} has no product/service.",
        why="Without one QuickBooks cannot book the line, so this invoice is held.",
        do=f"Add a row {kind},{line.name} to mapping.csv, or choose a default product.",
        key=invoice.number,
    )


def location_for(mapping: Mapping, campus: str) -> str | Problem:
    """The QuickBooks location of a campus; "" for a blank campus (guests) or a row that leaves it blank on purpose."""
    if not campus.strip():
        return ""
    rules = mapping.by_key.get(("campus", fold(campus), ""), ())
    if len({rule.location for rule in rules}) > 1:
        return contradiction(rules, "")
    if rules:
        return rules[0].location
    return Problem(
        code="unknown-campus",
        where=f"campus {campus}",
        what=f"The campus {campus!r} has no row in mapping.csv.",
        why="Its invoices would stand without a location, so they are held.",
        do=f"Add a row campus,{campus},,,,<QuickBooks location> (leave the location blank if it has none).",
    )


def contradiction(rules: Sequence[Rule], number: str) -> Problem:
    """The item Problem for rows about the same thing that do not say the same."""
    rows = ", ".join(str(rule.source.row) for rule in rules)
    return Problem(
        code="mapping-contradiction",
        where=str(rules[0].source),
        what=f"Rows {rows} of {rules[0].source.file} are about the same {rules[0].kind} "
        f"{rules[0].name!r} and contradict each other.",
        why="Which of them counts would be a guess.",
        do="Delete all but one of them.",
        key=number,
        candidates=tuple(sorted({rule.product or rule.location for rule in rules})),
    )


def problems(mapping: Mapping) -> tuple[Problem, ...]:
    """What is wrong with rows that can be read: contradictions (item), repetitions and rows without product (note)."""
    found: list[Problem] = []
    for rules in mapping.by_key.values():
        if len({(rule.product, rule.class_name, rule.location) for rule in rules}) > 1:
            found.append(contradiction(rules, ""))
        elif len(rules) > 1:
            found.append(_note("mapping-repeated", rules[1], "repeats an earlier row", "Delete it."))
        if rules[0].kind != "campus" and not rules[0].product:
            found.append(_note("mapping-blank", rules[0], "names no product", "Choose a product, or delete the row."))
    return tuple(found)


def _note(code: str, rule: Rule, what: str, do: str) -> Problem:
    return Problem(
        code=code,
        where=str(rule.source),
        what=f"The row {said_by(rule)} {what}.",
        why="It changes nothing.",
        do=do,
        severity=Severity.NOTE,
    )
