"""Facts of recorded QuickBooks answers, and how an answer is compared with them.

The files under tests/recordings were transcribed from recordings of an Intuit sandbox company, 2020 and 2022
(github minimul/qbo_api, spec/vcr, MIT). A fact is written as:

    "=text"   exactly this text                 "#100.00"  exactly this number, as printed
    "~regex"  a text of this form               "#money", "#int", "#plain"  a number of this form
    "@time", "@time.ms", "@date", "@text", "@email", "@digits", "@address"  a text of this kind
    {"rows": [[form, {...}], ...]}  a list of objects: a form of the file, with its own facts over it
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "recordings"
REALM_MARK = "-COMPANY_ID-"

KINDS = {
    "@time": re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d"),
    "@time.ms": re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}[+-]\d\d:\d\d"),
    "@date": re.compile(r"\d{4}-\d\d-\d\d"),
    "@text": re.compile(r".+", re.DOTALL),
    "@email": re.compile(r"[^@ ]+@[^@ ]+"),
    "@digits": re.compile(r"\d+"),
    "@address": re.compile(r"https://.+"),
    "#money": re.compile(r"-?\d+\.\d\d"),
    "#int": re.compile(r"-?\d+"),
    "#plain": re.compile(r"-?\d+(\.\d*[1-9])?"),
}

# Properties that QuickBooks answers today and did not when the recordings were made without a minor version.
NEWER = {
    "Invoice": {"HomeBalance", "HomeTotalAmt", "FreeFormAddress", "ShipFromAddr", "Deposit", "BillEmail"},
    "Customer": {"IsProject", "ClientEntityId", "PrimaryTaxIdentifier"},
    "SalesReceipt": {"FreeFormAddress", "ShipFromAddr", "HomeBalance", "HomeTotalAmt"},
}


class Number(str):
    """A number as the text it was printed as."""


def parsed(text: str | bytes) -> Any:
    """JSON with numbers kept as they were printed."""
    return json.loads(text, parse_int=Number, parse_float=Number)


@cache
def recording(name: str) -> dict[str, Any]:
    """One file of facts."""
    facts: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    return facts


def names() -> list[str]:
    """Every recording."""
    return sorted(path.stem for path in FOLDER.glob("*__*.json"))


def rows_of(name: str, listed: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The rows of a list fact, forms filled in."""
    if "rows_of" in listed:
        name = listed["rows_of"]
        found = [rows for exchange in recording(name)["exchanges"] for rows in _lists(exchange["answer"])]
        return [row for one in found for row in rows_of(name, one)]
    forms = recording(name)["forms"]
    return [_filled(forms[form], own) for form, own in listed["rows"]]


def _lists(answer: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for value in answer.get("QueryResponse", {}).values():
        if isinstance(value, dict) and "rows" in value:
            yield value


def _filled(form: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    """A row's facts: what the form leaves open is its own, or what follows from its display name."""
    row = {**form, **own}
    for key in ("FullyQualifiedName", "PrintOnCheckName"):
        if key in form and key not in own and "DisplayName" in own:
            row[key] = own["DisplayName"]
    if "SyncToken" in form and "SyncToken" not in own:
        row["SyncToken"] = "=0"
    return row


def all_rows(name: str) -> list[dict[str, Any]]:
    """The rows of every list in a recording, in order, each once."""
    seen: dict[str, dict[str, Any]] = {}
    for exchange in recording(name)["exchanges"]:
        answer = exchange.get("answer", {}).get("QueryResponse", {})
        for value in answer.values():
            if isinstance(value, dict):
                seen.update({row["Id"]: row for row in rows_of(name, value)})
            elif isinstance(value, list):
                seen.update({row["Id"]: row for row in value})
    return list(seen.values())


@dataclass(frozen=True)
class Comparison:
    """Compares answers of one company with the facts of one recording."""

    name: str
    realm: str

    def differences(self, fact: Any, answer: Any, path: str = "", entity: str = "") -> list[str]:
        """Where an answer is not what was recorded, in words; nothing when it is."""
        if isinstance(fact, dict) and ("rows" in fact or "rows_of" in fact):
            fact = rows_of(self.name, fact)
        if isinstance(fact, dict):
            return self._object(fact, answer, path, entity)
        if isinstance(fact, list):
            return self._list(fact, answer, path, entity)
        if not isinstance(fact, str):
            return [] if answer is fact else [f"{path}: {answer!r}, recorded {fact!r}"]
        return _text(fact.replace(REALM_MARK, self.realm), answer, path)

    def _object(self, fact: dict[str, Any], answer: Any, path: str, entity: str) -> list[str]:
        if not isinstance(answer, dict):
            return [f"{path}: {answer!r}, recorded an object"]
        allowed = {*fact, *NEWER.get(entity, ())}
        found = [f"{path}.{key}: missing" for key in fact if key not in answer]
        found += [f"{path}.{key}: not recorded ({answer[key]!r})" for key in answer if key not in allowed]
        for key, value in fact.items():
            if key in answer:
                found += self.differences(value, answer[key], f"{path}.{key}", key)
        return found

    def _list(self, fact: list[Any], answer: Any, path: str, entity: str) -> list[str]:
        if not isinstance(answer, list):
            return [f"{path}: {answer!r}, recorded a list"]
        if len(answer) != len(fact):
            return [f"{path}: {len(answer)} elements, recorded {len(fact)}"]
        pairs = enumerate(zip(fact, answer, strict=True))
        return [
            line for place, (one, other) in pairs for line in self.differences(one, other, f"{path}[{place}]", entity)
        ]


def _text(fact: str, answer: Any, path: str) -> list[str]:
    number = fact.startswith("#")
    if not isinstance(answer, str) or isinstance(answer, Number) is not number:
        return [f"{path}: {answer!r}, recorded {fact}"]
    if fact in KINDS:
        fits = KINDS[fact].fullmatch(answer) is not None
    elif fact.startswith("~"):
        fits = re.fullmatch(fact[1:], answer) is not None
    else:
        fits = answer == fact[1:]
    return [] if fits else [f"{path}: {answer!r}, recorded {fact}"]


_SAMPLES = {
    "@time": "2015-10-01T12:00:00-07:00",
    "@date": "1984-10-02",
    "@text": "Sample",
    "@email": "someone@example.com",
    "@digits": "1",
}


def body_of(fact: Any) -> Any:
    """An object that has a fact's form: exact values as recorded, samples for the rest."""
    if isinstance(fact, dict):
        return {key: body_of(value) for key, value in fact.items()}
    if isinstance(fact, list):
        return [body_of(value) for value in fact]
    if not isinstance(fact, str):
        return fact
    if fact in _SAMPLES:
        return _SAMPLES[fact]
    if fact.startswith("#"):
        return Decimal(0) if fact in KINDS else Decimal(fact[1:])
    return fact[1:]
