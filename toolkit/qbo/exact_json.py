"""JSON with exact numbers: a Decimal is printed as it stands, and no number ever becomes a float."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

Json = dict[str, Any]
"""A JSON object as read: numbers are int or Decimal."""


_plain = json.JSONEncoder(ensure_ascii=False).encode  # made once: a batch has thousands of texts


def dumps(value: object) -> str:
    """Compact JSON text; Decimals with all their digits, never in exponent form.

    Raises `TypeError` for a float (Intuit compares Qty times UnitPrice with Amount to the cent, code 6070) and for
    anything that JSON has no form for.
    """
    if value is None or isinstance(value, str | bool | int):
        return _plain(value)
    if isinstance(value, Decimal):
        return _number(value)
    if isinstance(value, dict | Mapping):
        return "{" + ",".join([f"{_plain(str(name))}:{dumps(inner)}" for name, inner in value.items()]) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join([dumps(inner) for inner in value]) + "]"
    raise TypeError(f"no exact JSON form for {type(value).__name__}")


def _number(value: Decimal) -> str:
    if not value.is_finite():
        raise TypeError(f"no JSON form for {value}")
    return f"{value:f}"


def loads(text: str | bytes) -> Any:
    """The value of JSON text, fractions as Decimal; raises `ValueError` for text that is not JSON."""
    return json.loads(text, parse_float=Decimal)
