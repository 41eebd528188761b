"""Whether an answer of QuickBooks answers what was asked: the wanted record in the wanted state, the wanted rows.

A cache or gateway between can hand out an answer that is whole and belongs to another question; taken for ours, it
would name the wrong record or say that there is none. Recorded traffic (minimul/qbo_api): a query without rows is
answered with an empty QueryResponse, a count with its totalCount, changes with a CDCResponse that lists QueryResponses.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from toolkit.qbo import wire_read
from toolkit.qbo.exact_json import Json
from toolkit.qbo.wire import Verb, WireRequest, amount

Understood = Callable[[Json], bool]
_FROM = re.compile(r"\bFROM\s+(\w+)", re.IGNORECASE)
_COUNTS = re.compile(r"\s*SELECT\s+COUNT\s*\(", re.IGNORECASE)


def asked_for(text: str) -> str:
    """The entity that a query asks for, "" if it names none."""
    found = _FROM.search(text)
    return found[1] if found else ""


def rows(json: Json, entity: str) -> list[Json] | None:
    """The rows of that entity in a query's answer, [] for none; None when this is not an answer to such a query."""
    response = json.get("QueryResponse")
    if not isinstance(response, dict) or "totalCount" in response:
        return None
    lists = {name.casefold(): value for name, value in response.items() if isinstance(value, list)}
    found = lists.get(entity.casefold())
    if found is None:
        return None if lists or response.get("maxResults") else []
    return found if all(isinstance(row, dict) for row in found) else None


def counted(json: Json) -> int | None:
    """The count in a count's answer; None when this is none."""
    response = json.get("QueryResponse")
    count = response.get("totalCount") if isinstance(response, dict) else None
    return int(count) if count is not None and str(count).isdecimal() else None


def to_query(text: str) -> Understood:
    """Whether JSON answers that SELECT."""
    if _COUNTS.match(text):
        return lambda json: counted(json) is not None
    entity = asked_for(text)
    return lambda json: rows(json, entity) is not None


def holds(entity: str, record_id: str = "") -> Understood:
    """Whether JSON holds one record of that entity, with that id unless "" (any id)."""

    def understood(json: Json) -> bool:
        record = json.get(entity)
        return isinstance(record, dict) and record_id in ("", str(record.get("Id")))

    return understood


def to_write(request: WireRequest) -> Understood:
    """Whether JSON holds the written record, with an id of its own or the one sent, in the state that was asked for."""
    record_id = str(request.body.get("Id") or "")
    held = holds(request.entity, record_id)

    def understood(json: Json) -> bool:
        return held(json) and bool(json[request.entity].get("Id")) and _became(request, json[request.entity])

    return understood


def _became(request: WireRequest, record: Json) -> bool:
    if request.verb is Verb.DELETE:
        return record.get("status") == "Deleted"
    if request.verb is Verb.VOID:
        # The note's first word is in the company's language; the amount is 0 in all of them.
        return wire_read.voided(record) or ("TotalAmt" in record and not amount(record["TotalAmt"]))
    wanted = request.body.get("Active")
    return wanted is None or record.get("Active") is wanted


def to_changes(entities: Sequence[str]) -> Understood:
    """Whether JSON lists changes, and none of entities that were not asked for."""
    wanted = set(entities)

    def understood(json: Json) -> bool:
        responses = json.get("CDCResponse")
        if not isinstance(responses, list) or not responses:
            return False
        return all(_changes(one, wanted) for one in responses)

    return understood


def _changes(response: Any, wanted: set[str]) -> bool:
    parts = response.get("QueryResponse") if isinstance(response, dict) else None
    if not isinstance(parts, list):
        return False
    return all(
        isinstance(part, dict) and {name for name, value in part.items() if isinstance(value, list)} <= wanted
        for part in parts
    )
