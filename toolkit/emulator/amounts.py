"""
Numbers as QuickBooks prints them: money with two decimals (0 when zero), quantities and rates without trailing zeros.
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

import orjson

_DIGITS = 11
_LIMIT = 10**_DIGITS


def cents(amount: Decimal | int) -> int:
    """An amount as whole cents, half-up."""
    return int((amount * 100).to_integral_value(ROUND_HALF_UP)) if isinstance(amount, Decimal) else amount * 100


def money(amount: int) -> Decimal | int:
    """Cents as the number on the wire: two decimals, or 0 (seen in 331 of 331 recorded money values)."""
    return Decimal(amount).scaleb(-2) if amount else 0


def plain(value: Decimal | int) -> Decimal | int:
    """A quantity, price or percentage as on the wire: no trailing zeros (recorded: 75, 4.5, 22.5)."""
    if isinstance(value, int):
        return value
    return int(value) if value == value.to_integral_value() else value.normalize()


def grouped(amount: int) -> str:
    """Cents as text with thousands separators, as in the Detail of code 6070: 1,861.07."""
    return f"{Decimal(amount).scaleb(-2):,.2f}"


def _sane(found: Decimal) -> bool:
    """Finite, below 100 billion, and not of hundreds of decimals."""
    return found.is_finite() and (not found or -20 < found.adjusted() < _DIGITS)


def decimal_of(value: object) -> Decimal | None:
    """A JSON number, or a text that is one, as Decimal; None when it is not a finite number of sane size."""
    if type(value) is Decimal:
        found = value
    elif type(value) is int:
        return Decimal(value) if -_LIMIT < value < _LIMIT else None
    elif isinstance(value, str):
        try:
            found = Decimal(value.strip().replace(",", ""))
        except InvalidOperation:
            return None
    else:
        return None
    return found if _sane(found) else None


def _print(value: Any) -> orjson.Fragment:
    if isinstance(value, Decimal):
        return orjson.Fragment(format(value, "f"))
    raise TypeError(f"{type(value).__name__} cannot be written as JSON")


def rendered(body: object) -> str:
    """The JSON text of a body whose numbers are int or Decimal, in the order of its keys."""
    return orjson.dumps(body, default=_print).decode()
