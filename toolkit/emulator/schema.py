"""The properties, types and lengths that the service knows; reading a client's body against them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from importlib import resources
from typing import Any

from toolkit.emulator import fault
from toolkit.emulator.amounts import decimal_of

_FILE = json.loads(resources.files("toolkit.emulator").joinpath("schema.json").read_text(encoding="utf-8"))
TYPES: dict[str, dict[str, str]] = _FILE["types"]
_ENUMS: dict[str, frozenset[str]] = {name: frozenset(values) for name, values in _FILE["enums"].items()}
_DEEPEST = 24

# Lengths of the API's own pages; the schema's are outdated (it says 11 for DocNumber, the service says 21).
_NAMES = {
    "Title": 16, "Suffix": 16, "GivenName": 100, "MiddleName": 100, "FamilyName": 100, "CompanyName": 100,
    "DisplayName": 500, "PrintOnCheckName": 110, "Notes": 2000, "ResaleNum": 16,
}  # fmt: skip
_TXN = {"DocNumber": 21, "PrivateNote": 4000, "PaymentRefNum": 21}
LENGTHS: dict[str, dict[str, int]] = {
    "Customer": _NAMES, "Vendor": _NAMES, "Employee": _NAMES,
    "Item": {"Name": 100, "Description": 4000, "PurchaseDesc": 1000, "Sku": 100},
    "Class": {"Name": 100}, "Department": {"Name": 100},
    "Account": {"Name": 100, "AcctNum": 7, "Description": 100},
    "PaymentMethod": {"Name": 31}, "Term": {"Name": 31},
    "Attachable": {"Note": 2000, "FileName": 1000},
    "Line": {"Description": 4000},
    "MemoRef": {"value": 1000},
    "EmailAddress": {"Address": 100},
    "TelephoneNumber": {"FreeFormNumber": 30},
    "WebSiteAddress": {"URI": 1000},
    "CustomField": {"StringValue": 31},
    "PhysicalAddress": {
        "Line1": 500, "Line2": 500, "Line3": 500, "Line4": 500, "Line5": 500,
        "City": 255, "Country": 255, "CountrySubDivisionCode": 255, "PostalCode": 30,
    },
    **dict.fromkeys(("Invoice", "SalesReceipt", "CreditMemo", "RefundReceipt", "Payment", "Deposit",
    "JournalEntry", "Transfer", "Purchase"), _TXN),
}  # fmt: skip

_DATE = re.compile(r"(\d{4}-\d{2}-\d{2})(?:[T ].*|Z|[+-]\d{2}:?\d{2})?$", re.DOTALL)
Body = dict[str, Any]
_Reader = Callable[[Any, str, int], Any]


def _text(value: Any, path: str, _depth: int) -> Any:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | Decimal):
        return str(value)
    raise fault.unparsable()


def _number(value: Any, path: str, _depth: int) -> Any:
    if not isinstance(value, str | int | Decimal) or isinstance(value, bool):
        raise fault.unparsable()
    found = decimal_of(value)
    if found is None:
        raise fault.invalid_number(path, value)
    return found


def _whole(value: Any, path: str, depth: int) -> Any:
    found = _number(value, path, depth)
    if found != found.to_integral_value():
        raise fault.invalid_number(path, value)
    return int(found)


def _boolean(value: Any, path: str, _depth: int) -> Any:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.strip().lower() in ("true", "false"):
        return value.strip().lower() == "true"
    if isinstance(value, int):
        return value != 0
    raise fault.unparsable()


def _day(value: Any, path: str, _depth: int) -> Any:
    if not isinstance(value, str):
        raise fault.unparsable()
    match = _DATE.match(value.strip())
    try:
        return date.fromisoformat(match.group(1)).isoformat() if match else date.fromisoformat("").isoformat()
    except ValueError:
        raise fault.invalid_date(path, value) from None


def _nothing(_value: Any, _path: str, _depth: int) -> Any:
    """Extension points ("…Ex", LineEx) are answered but not taken."""
    return None


def _enumeration(name: str) -> _Reader:
    allowed = _ENUMS[name]

    def read(value: Any, path: str, depth: int) -> Any:
        if isinstance(value, str) and value in allowed:
            return value
        if isinstance(value, dict | list):
            raise fault.unparsable()
        raise fault.invalid_enumeration(value)

    return read


def _many(reader: _Reader) -> _Reader:
    def read(value: Any, path: str, depth: int) -> Any:
        if isinstance(value, dict):
            value = [value]
        if not isinstance(value, list):
            raise fault.unparsable()
        return [reader(item, path, depth) for item in value if item is not None]

    return read


def _reference(value: Any, path: str, depth: int) -> Any:
    """A reference; the common form, an id alone, needs no further look."""
    if isinstance(value, dict) and len(value) == 1 and type(value.get("value")) is str:
        return value if value["value"] else {}
    return read_type("ReferenceType", value, path + ".", depth + 1)


def _complex(name: str) -> _Reader:
    def read(value: Any, path: str, depth: int) -> Any:
        return read_type(name, value, path + ".", depth + 1)

    return read


_SIMPLE: dict[str, _Reader] = {
    "string": _text, "id": _text, "decimal": _number, "int": _whole, "boolean": _boolean, "date": _day,
    "dateTime": _text,
    "IntuitAnyType": _nothing, "ReferenceType": _reference,
}  # fmt: skip


def _reader(code: str) -> _Reader:
    if code.startswith("["):
        return _many(_reader(code[1:]))
    if code.startswith("="):
        return _enumeration(code[1:])
    return _SIMPLE.get(code) or _complex(code)


_READERS = {
    name: {prop: (_reader(code), LENGTHS.get(name, {}).get(prop)) for prop, code in props.items()}
    for name, props in TYPES.items()
}


def read_type(name: str, value: Any, path: str, depth: int) -> Body:
    """The value as an object of this schema type; see `read`. Below the top, null and empty texts are dropped."""
    if not isinstance(value, dict) or depth > _DEEPEST:
        raise fault.unparsable()
    readers = _READERS[name]
    clean: Body = {}
    for prop, sent in value.items():
        known = readers.get(prop)
        if known is None:
            raise fault.unknown_property(prop, name, list(readers))
        if sent is None or sent == "":
            if not depth:
                clean[prop] = None
            continue
        reader, limit = known
        found = sent if reader is _text and type(sent) is str else reader(sent, path + prop, depth)
        if limit is not None and len(found) > limit:
            raise fault.too_long(path + prop, limit, len(found))
        clean[prop] = found
    return clean


def read(entity: str, value: Any) -> Body:
    """
    A client's body, checked against the schema of its entity.

    Unknown properties raise 2010, wrong types 2010, 2060, 2080 or 2170, long texts 2050. Real clients send empty
    texts and null for what they do not mean: both come out as None at the top and not at all below. Numbers come out
    as Decimal or int, dates as YYYY-MM-DD texts.
    """
    return read_type(entity, value, "", 0)


def present(body: Body) -> Body:
    """The read body without what was sent as null or empty text."""
    return {prop: value for prop, value in body.items() if value is not None}
