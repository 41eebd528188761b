"""Money: exact dollars and cents. Floats are refused; `parse` is the only door from text."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

Money = Decimal

CENT = Decimal("0.01")
ZERO = Decimal("0.00")

_LARGEST = 17
"""Digits before the point, less one: more than any books hold, and few enough that cents stay exact."""
_BLANK = frozenset({"", "-", "–", "—"})
_STRIP = str.maketrans("", "", " $\u00a0\u202f,")


def parse(text: str | int | Decimal) -> Money:
    """The amount that a cell or a JSON string says, in dollars, rounded half-up to the cent.

    Accepts `$1,234.50`, `(50.00)` and `50.00-` for minus fifty, `−5`, blank (0.00), ints and Decimals.
    Nothing is mutated. Raises `TypeError` for a float (binary fractions are not money) and `ValueError`
    for anything that is not a number, or has more than 18 digits before the point.
    """
    return round_cents(parse_exact(text))


def parse_exact(text: str | int | Decimal) -> Decimal:
    """The number that a cell says with every decimal it has (quantities, unit prices); raises as `parse`."""
    if isinstance(text, bool) or not isinstance(text, str | int | Decimal):
        raise TypeError(f"money is never made from {type(text).__name__}: {text!r}")
    if isinstance(text, Decimal):
        number = text
    elif isinstance(text, int):
        number = Decimal(text)
    else:
        number = _from_text(text)
    if not number.is_finite() or number.adjusted() > _LARGEST:
        raise ValueError(f"not an amount: {_shortened(text)}")
    return number


def _shortened(text: object) -> str:
    """The text as a message can hold it: a million digits are not shown."""
    shown = repr(text)
    return shown if len(shown) <= 60 else f"{shown[:60]}…"


def _from_text(text: str) -> Decimal:
    bare = text.strip()
    if bare in _BLANK:
        return ZERO
    negative = False
    if bare.startswith("(") and bare.endswith(")"):
        negative, bare = True, bare[1:-1]
    elif bare.endswith("-"):
        negative, bare = True, bare[:-1]
    bare = bare.translate(_STRIP).replace("\u2212", "-")
    if bare[:3].upper() == "USD" or bare[-3:].upper() == "USD":
        bare = bare[3:] if bare[:3].upper() == "USD" else bare[:-3]
    try:
        number = Decimal(bare)
    except InvalidOperation:
        raise ValueError(f"not an amount: {_shortened(text)}") from None
    return -number if negative else number


def round_cents(number: Decimal) -> Money:
    """`number` rounded half-up (away from zero on the half) to two places; never minus zero.

    Raises `ValueError` for one that has too many digits to be rounded, or is no number.
    """
    try:
        rounded = number.quantize(CENT, ROUND_HALF_UP)
    except InvalidOperation:
        raise ValueError(f"not an amount: {_shortened(number)}") from None
    if not rounded.is_finite():
        raise ValueError(f"not an amount: {number}")
    return rounded if rounded else ZERO


def cents(amount: Money) -> int:
    """`amount` as whole cents; raises `ValueError` if it has fractions of a cent."""
    scaled = amount.scaleb(2)
    whole = int(scaled)
    if whole != scaled:
        raise ValueError(f"{amount} has fractions of a cent")
    return whole


def from_cents(whole: int) -> Money:
    """Whole cents as dollars with two places."""
    return Decimal(whole).scaleb(-2).quantize(CENT)


def total(amounts: Iterable[Money]) -> Money:
    """The exact sum with two places; 0.00 of nothing."""
    return sum(amounts, ZERO)


def text(amount: Money) -> str:
    """Plain form for files and JSON: `-1234.50`."""
    return str(round_cents(amount))


def show(amount: Money) -> str:
    """Form for people: `1,234.50`, minus in front: `-1,234.50`."""
    return f"{round_cents(amount):,.2f}"


def dollars(amount: Money) -> str:
    """Form in a sentence: `$1,234.50`, the minus before the sign: `-$617.70`."""
    return f"-${show(-amount)}" if round_cents(amount) < ZERO else f"${show(amount)}"


def share(amount: Money, weights: tuple[Money, ...]) -> tuple[Money, ...]:
    """`amount` split over `weights` in proportion, to the cent; the parts sum to `amount` exactly.

    Every running total is rounded half-up, so no part is off by more than a cent and the order decides
    nothing but where that cent lies. Raises `ValueError` if the weights sum to zero.
    """
    whole = total(weights)
    if not whole:
        raise ValueError("nothing to share by: the weights sum to zero")
    parts: list[Money] = []
    running, given = ZERO, ZERO
    for weight in weights:
        running += weight
        upto = round_cents(amount * running / whole)
        parts.append(upto - given)
        given = upto
    return tuple(parts)
