"""Change data capture: what was made, changed or deleted since a moment."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from toolkit.emulator import fault, moments, operations, records
from toolkit.emulator.amounts import rendered
from toolkit.emulator.books import Books
from toolkit.emulator.kinds import BY_PATH, ELSEWHERE, Kind
from toolkit.emulator.records import Record

MOST = 1000
_NOT_TOLD = ("TaxCode", "TaxRate", "CompanyInfo", "Preferences", "JournalCode", "TaxAgency", "TimeActivity")
_CHANGED = "entity = ? AND updated >= ? ORDER BY deleted, updated, id LIMIT ?"
_CHANGED_OR_POSTED = (
    "entity = ? AND (updated >= ? OR EXISTS (SELECT 1 FROM total t WHERE t.entity = object.entity "
    "AND t.id = CAST(object.id AS TEXT) AND t.touched >= ?)) ORDER BY deleted, updated, id LIMIT ?"
)


def _since(books: Books, text: str | None) -> datetime:
    if not text:
        raise fault.required("changedSince")
    try:
        # A plus sign that was not encoded arrives as a blank.
        since = moments.given(text.strip().replace(" ", "+"))
    except (ValueError, OverflowError):
        raise fault.invalid_date("changedSince", text) from None
    days = min(books.switches.number("cdc_days"), 36_500)
    if days and since < books.moment - timedelta(days=days):
        raise fault.business(f"The changedSince value must be within the last {days} days.")
    return since


def _kinds(text: str | None) -> list[Kind | None]:
    names = [name.strip() for name in (text or "").split(",") if name.strip()]
    if not names:
        raise fault.required("entities")
    found: list[Kind | None] = []
    elsewhere = {name.lower() for name in ELSEWHERE}
    for name in names:
        kind = BY_PATH.get(name.lower())
        if kind is not None and kind.entity not in _NOT_TOLD:
            found.append(kind)
        elif name.lower() in elsewhere and name not in _NOT_TOLD:
            found.append(None)
        else:
            raise fault.query_invalid(f"invalid context declaration: {name[:100]}")
    return found


def _changed(books: Books, kind: Kind, since: str, most: int) -> list[Record]:
    if kind.entity in ("Customer", "Vendor", "Account"):
        return books.select(_CHANGED_OR_POSTED, (kind.entity, since, since, most))
    return books.select(_CHANGED, (kind.entity, since, most))


def _shown(books: Books, record: Record) -> str:
    if record.deleted:
        times = {"LastUpdatedTime": moments.shown(record.updated)}
        return rendered({"domain": "QBO", "status": "Deleted", "Id": str(record.id), "MetaData": times})
    text = operations.answer(books, record)
    if record.voided and books.switches.on("voided_status"):
        return rendered({"status": "Voided", **records.parse(text)})
    return text


def answer(books: Books, params: Mapping[str, str]) -> str:
    """
    The inner text of the answer: one QueryResponse for each entity asked for, in that order, deleted ones after live
    ones.

    Times are inclusive; at most 1000 objects in all. Raises Fault 2020, 2060, 4001, or 6000 for a moment too long ago.
    """
    books.flush()
    kinds = _kinds(params.get("entities"))
    since = moments.stored(_since(books, params.get("changedSince")))
    left, parts = MOST, []
    for kind in kinds:
        rows = _changed(books, kind, since, left) if kind and left else []
        left -= len(rows)
        if kind is None or not rows:
            parts.append("{}")
            continue
        texts = ",".join(_shown(books, row) for row in rows)
        parts.append(f'{{"{kind.entity}":[{texts}],"startPosition":1,"maxResults":{len(rows)}}}')
    return f'"CDCResponse":[{{"QueryResponse":[{",".join(parts)}]}}]'
