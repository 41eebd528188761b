"""JSON with exact numbers: a Decimal is printed as it stands, and no number ever becomes a float."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

Json = dict[str, Any]
"""A JSON object as read: numbers are int or Decimal."""


def dumps(value: object) -> str:
    """Compact JSON text; Decimals with all their digits, never in exponent form.

    Raises `TypeError` for a float (Intuit compares Qty times UnitPrice with Amount to the cent, code 6070) and for
    anything that JSON has no form for.
    """
    parts: list[str] = []
    _write(value, parts)
    return "".join(parts)


def _write(value: object, parts: list[str]) -> None:
    if value is None or isinstance(value, bool | str | int):
        parts.append(json.dumps(value, ensure_ascii=False))
    elif isinstance(value, Decimal):
        parts.append(_number(value))
    elif isinstance(value, Mapping):
        _write_object(value, parts)
    elif isinstance(value, list | tuple):
        _write_array(value, parts)
    else:
        raise TypeError(f"no exact JSON form for {type(value).__name__}")


def _number(value: Decimal) -> str:
    if not value.is_finite():
        raise TypeError(f"no JSON form for {value}")
    return f"{value:f}"


def _write_object(value: Mapping[Any, Any], parts: list[str]) -> None:
    parts.append("{")
    for at, (name, inner) in enumerate(value.items()):
        parts.append(("," if at else "") + json.dumps(str(name), ensure_ascii=False) + ":")
        _write(inner, parts)
    parts.append("}")


def _write_array(value: list[Any] | tuple[Any, ...], parts: list[str]) -> None:
    parts.append("[")
    for at, inner in enumerate(value):
        if at:
            parts.append(",")
        _write(inner, parts)
    parts.append("]")


def loads(text: str | bytes) -> Any:
    """The value of JSON text, fractions as Decimal; raises `ValueError` for text that is not JSON."""
    return json.loads(text, parse_float=Decimal)
