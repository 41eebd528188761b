"""What mapping.csv does not name yet, and what it might be: suggestions for a person, never applied."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Mapping as NamedProducts
from dataclasses import dataclass

from rapidfuzz import fuzz, process

from toolkit.mapping import KIND_OF_LINE, REDUCTIONS, Choice, Mapping, product_for
from toolkit.model import Invoice
from toolkit.money import ZERO, Money
from toolkit.names import fold

_SIMILAR = 70.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Unmapped:
    """A name of the report that no row gives a product: on how many lines, of what sum."""

    kind: str
    name: str
    campus: str
    lines: int
    amount: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """A product that an unmapped name might be; `score` 0 to 100, `reason` in words."""

    kind: str
    name: str
    campus: str
    product: str
    score: float
    reason: str


def unmapped(mapping: Mapping, invoices: Iterable[Invoice]) -> tuple[Unmapped, ...]:
    """The names without a row of their own, the largest amount first; campuses follow, with what is billed there."""
    found: dict[tuple[str, str], tuple[str, str, int, Money]] = {}
    for kind, name, campus, amount in _nameless(mapping, invoices):
        key = (kind, fold(name))
        first, at, lines, sum_so_far = found.get(key, (name, campus, 0, ZERO))
        found[key] = (first, at if fold(at) == fold(campus) else "", lines + 1, sum_so_far + amount)
    rows = [
        Unmapped(kind=kind, name=name, campus=campus, lines=lines, amount=amount)
        for (kind, _), (name, campus, lines, amount) in found.items()
    ]
    return tuple(sorted(rows, key=lambda one: (one.kind == "campus", -abs(one.amount), one.kind, fold(one.name))))


def _nameless(mapping: Mapping, invoices: Iterable[Invoice]) -> Iterator[tuple[str, str, str, Money]]:
    for invoice in invoices:
        if invoice.campus and ("campus", fold(invoice.campus), "") not in mapping.by_key:
            yield "campus", invoice.campus, "", invoice.total
        for line in invoice.lines:
            choice = product_for(mapping, invoice, line, "")
            own = isinstance(choice, Choice) and not choice.rule.startswith("default")
            if not own and line.kind not in REDUCTIONS:
                yield KIND_OF_LINE[line.kind], line.name, line.campus or invoice.campus, line.amount


def suggest(
    mapping: Mapping,
    missing: Iterable[Unmapped],
    products: Sequence[str],
    *,
    locations: Sequence[str] = (),
    used_before: NamedProducts[str, str] | None = None,
) -> tuple[Suggestion, ...]:
    """For each missing name the likely products of `products` (campuses: of `locations`), best first, at most three.

    By what the same name was booked to before (`used_before`: name to product), by its row at another campus
    or in another kind, by similar names. Nothing is applied: a person chooses. Order of `missing` is kept.
    """
    before = {fold(name): product for name, product in (used_before or {}).items()}
    found: list[Suggestion] = []
    for one in missing:
        choices = locations if one.kind == "campus" else products
        ranked = {
            product: (score, reason) for product, score, reason in reversed([*_reasons(mapping, one, choices, before)])
        }
        best = sorted(ranked.items(), key=lambda pair: (-pair[1][0], pair[0]))[:3]
        found.extend(
            Suggestion(kind=one.kind, name=one.name, campus=one.campus, product=product, score=score, reason=reason)
            for product, (score, reason) in best
        )
    return tuple(found)


def _reasons(
    mapping: Mapping, one: Unmapped, choices: Sequence[str], before: NamedProducts[str, str]
) -> Iterator[tuple[str, float, str]]:
    """Products with score and reason, the strongest reason of a product first."""
    offered = {fold(choice): choice for choice in choices}
    booked = before.get(fold(one.name))
    if one.kind != "campus" and booked is not None and fold(booked) in offered:
        yield offered[fold(booked)], 100.0, "the same name was booked to it before"
    for rule in mapping.rules:
        if one.kind != "campus" and fold(rule.name) == fold(one.name) and fold(rule.product) in offered:
            yield offered[fold(rule.product)], 95.0, f"the same name has it in row {rule.source.row}"
    for text, score, _ in process.extract(fold(one.name), list(offered), scorer=fuzz.WRatio, limit=3):
        if score >= _SIMILAR:
            yield offered[text], round(min(score, 90.0), 1), "its name is similar"
    rules = {fold(rule.name): rule for rule in mapping.rules if rule.kind == one.kind and rule.name and rule.product}
    for text, score, _ in process.extract(fold(one.name), list(rules), scorer=fuzz.WRatio, limit=1):
        product = fold(rules[text].product)
        if score >= _SIMILAR and product in offered:
            yield offered[product], round(min(score, 89.0), 1), f"the similar name {rules[text].name!r} has it"
