"""Making a company: from a qbo.json, or an empty US one; and writing one back."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from importlib import resources
from pathlib import Path
from typing import Any

from toolkit.emulator import bodies, fault, ledger, moments, operations, preferences, schema, writing
from toolkit.emulator.amounts import rendered
from toolkit.emulator.bodies import head, ordered
from toolkit.emulator.books import Books
from toolkit.emulator.kinds import KINDS, PSEUDO_IDS, TRANSACTIONS
from toolkit.emulator.records import Body, Draft, Record

_LIST_ORDER = (
    "Account", "TaxRate", "TaxCode", "Term", "PaymentMethod", "Class", "Department", "Item", "Customer", "Vendor",
    "Employee",
)  # fmt: skip
_RANK = {"Payment": 1, "Deposit": 2}
FORMAT = 1


class SeedError(ValueError):
    """A qbo.json that cannot be read or whose transactions QuickBooks would refuse; its text is for a person."""


def us_sandbox() -> Body:
    """The lists, preferences and company info of the empty US company."""
    text = resources.files("toolkit.emulator").joinpath("us_sandbox.json").read_text(encoding="utf-8")
    chart: Body = json.loads(text, parse_float=Decimal)
    chart["lists"]["Account"] = [
        {"Id": str(id), "Name": name, "AccountType": type, "AccountSubType": subtype}
        for id, name, type, subtype in chart["Account"]
    ]
    return chart


def load(seed: Path | Mapping[str, Any] | None) -> Body:
    """The qbo.json as a mapping with exact numbers. Raises SeedError."""
    if seed is None:
        return {"format": FORMAT}
    try:
        text = seed.read_text(encoding="utf-8-sig") if isinstance(seed, Path) else rendered_seed(seed)
        found = json.loads(text, parse_float=Decimal)
    except (OSError, ValueError) as error:
        raise SeedError(f"The company file cannot be read: {error}") from error
    if not isinstance(found, dict) or found.get("format", FORMAT) != FORMAT:
        raise SeedError(f"The company file is not of format {FORMAT}.")
    return found


def rendered_seed(seed: Mapping[str, Any]) -> str:
    """A mapping as JSON text, its Decimals exact."""
    return rendered(dict(seed))


def fill(books: Books, seed: Body, realm_id: str) -> None:
    """Makes the empty database a company. Must run inside a transaction; raises SeedError."""
    chart = us_sandbox()
    books.set_meta("realm_id", str(seed.get("realm_id") or realm_id))
    if seed.get("clock"):
        books.set_meta("clock", str(seed["clock"]))
    books.switches.update({name: str(value) for name, value in (seed.get("switches") or {}).items()})
    books.begin()
    books.importing = True
    try:
        _single(books, "CompanyInfo", chart["company_info"] | (seed.get("company_info") or {}))
        wanted = seed.get("preferences") or {}
        sections = {
            key: {**chart["preferences"].get(key, {}), **value}
            for key, value in wanted.items()
            if isinstance(value, dict)
        }
        plain = {key: wanted[key] for key in ("SyncToken", "MetaData") if key in wanted}
        _single(books, "Preferences", chart["preferences"] | sections | plain)
        preferences.follow(books, wanted)
        _lists(books, chart["lists"] | (seed.get("lists") or {}))
        _transactions(books, seed.get("transactions") or ())
        books.flush()
        _leftovers(books, seed)
    finally:
        books.importing = False


def _single(books: Books, entity: str, body: Body) -> None:
    kind = KINDS[entity]
    fields = {key: value for key, value in body.items() if key not in kind.read_only}
    text = rendered(ordered(kind, fields | head(1, 0, books.stamp, books.stamp)))
    stamp = books.stamp
    record = Record(
        entity, 1, 0, 1, 0, 0, None, None, None, None, None, None, None, None, None, None, stamp, stamp, 1, text
    )  # fmt: skip
    books.insert(record)
    if _exported(body):
        _as_it_was(books, record, body)


def _pseudo_codes(books: Books) -> None:
    """US companies have two tax codes for lines besides the group codes of their agencies."""
    stamp = books.stamp
    for name, id in PSEUDO_IDS.items():
        taxable = name == "TAX"
        fields = {"Name": name, "Description": name, "Active": True, "Taxable": taxable, "TaxGroup": False}
        body = ordered(KINDS["TaxCode"], fields | head(id, 0, stamp, stamp) | {"Id": name})
        key = name.casefold()
        record = Record(
            "TaxCode", id, 0, 1, 0, 0, name, key, key, None, None, None, None, None, None, None, stamp, stamp, 1,
            rendered(body),
        )  # fmt: skip
        books.insert(record)


def _lists(books: Books, lists: Body) -> None:
    _pseudo_codes(books)
    for entity in _LIST_ORDER:
        bodies = lists.get(entity) or ()
        for body in sorted(
            bodies, key=lambda body: str(body.get("FullyQualifiedName") or "").count(":") + ("ParentRef" in body)
        ):
            record = place(books, entity, body)
            if _exported(body):
                _as_it_was(books, record, body)


def place(books: Books, entity: str, body: Body) -> Record:
    """One object of a qbo.json through the same rules as a client's, keeping its Id. Raises SeedError."""
    kind = KINDS.get(entity)
    if kind is None:
        raise SeedError(f"The company file has an entity {entity!r}, which is not kept here.")
    try:
        sent = schema.read(entity, body)
        draft = writing.draft_create(kind, sent, frozenset())
        _keep_lines(draft)
        operations.build(books, draft)
        record = writing.save(books, draft, _given_id(books, body, kind.series))
    except fault.Fault as refused:
        number = body.get("DocNumber") or body.get("DisplayName") or body.get("Name") or body.get("Id")
        raise SeedError(f"{entity} {number}: {refused}") from refused
    return record


def _keep_lines(draft: Draft) -> None:
    """Lines of a qbo.json keep their Ids, as the transaction keeps its own; lines without one get the next."""
    lines = draft.fields.get("Line") or ()
    ids = [line["Id"] for line in lines if str(line.get("Id", "")).isdecimal()]
    if len(set(ids)) == len(ids):
        draft.kept_lines = frozenset(ids)
        draft.next_line = max((int(id) for id in ids), default=0) + 1


def _given_id(books: Books, body: Body, series: str) -> int | None:
    id = body.get("Id")
    if id is None:
        return None
    if not str(id).isdecimal():
        raise SeedError(f"Id {id!r} is not a number.")
    books.reserve(f"id.{series}", int(id))
    return int(id)


def _as_it_was(books: Books, record: Record, body: Body) -> Record:
    """An exported object keeps its SyncToken, times, void and delivery; one written by hand begins at 0 and now."""
    times, token = body["MetaData"], body["SyncToken"]
    created = moments.stored(moments.given(times["CreateTime"]))
    updated = moments.stored(moments.given(times.get("LastUpdatedTime") or times["CreateTime"]))
    record.created, record.updated, record.sync_token = created, updated, int(token)
    changes: Body = {"DeliveryInfo": body["DeliveryInfo"]} if "DeliveryInfo" in body else {}
    if str(body.get("PrivateNote", "")).startswith("Voided") and body.get("TotalAmt") == 0:
        record.voided = 1
        changes["Line"] = body["Line"]
        ledger.unpost(books, record.id)
    elif record.entity == "Payment":
        changes["Line"] = _with_extras(record.body["Line"], body.get("Line") or [])
    changed = bodies.rewrite(books, record, changes, bump=False)
    books.connection.execute(
        "UPDATE posting SET created = ? WHERE txn_id = ? AND txn_type = ?", (created, record.id, record.entity)
    )
    return changed


def _with_extras(lines: list[Body], given: list[Body]) -> list[Body]:
    """A payment's lines with the open balances that were told when it was made."""
    if len(lines) != len(given):
        return lines
    return [
        line | ({"LineEx": old["LineEx"]} if "LineEx" in old else {}) for line, old in zip(lines, given, strict=True)
    ]


def _transactions(books: Books, entries: Sequence[Body]) -> None:
    """All transactions in order; exported ones get their own tokens and times last, because payments move them."""
    exported: list[tuple[str, int, Body]] = []
    for number, entry in enumerate(entries):
        for entity, body in entry.items():
            record = place(books, entity, body)
            if _exported(body):
                exported.append((entity, record.id, body))
        if number % 1000 == 0:
            books.flush()
    for entity, id, body in exported:
        _as_it_was(books, books.live(entity, id), body)


def _exported(body: Body) -> bool:
    return "SyncToken" in body and "CreateTime" in (body.get("MetaData") or {})


def _leftovers(books: Books, seed: Body) -> None:
    for entity, id, updated in seed.get("deleted") or ():
        text = rendered({"Id": str(id)})
        books.insert(
            Record(entity, int(id), 0, 1, 1, 0, None, None, None, None, None, None, None, None, None, None,
            updated, updated, 1, text)
        )  # fmt: skip
    for entity, id, touched in seed.get("touched") or ():
        books.connection.execute(
            "INSERT INTO total VALUES (?, ?, 0, ?) ON CONFLICT (entity, id) DO UPDATE SET touched = excluded.touched",
            (entity, id, touched),
        )
    for name, value in (seed.get("counters") or {}).items():
        books.reserve(name, int(value))


def export(books: Books) -> Body:
    """The company as a qbo.json: settings, lists, transactions (payments after what they pay, bank deposits last)."""
    records = books.select("deleted = 0 AND id > 0 ORDER BY id")
    by_entity: dict[str, list[Body]] = {}
    for record in records:
        by_entity.setdefault(record.entity, []).append(record.body)
    transactions = sorted(
        (r for r in records if r.entity in TRANSACTIONS), key=lambda r: (_RANK.get(r.entity, 0), r.id)
    )
    meta = books.meta
    return {
        "format": FORMAT,
        "realm_id": books.realm(),
        "clock": meta.get("clock"),
        "switches": {key[7:]: value for key, value in meta.items() if key.startswith("switch.")},
        "company_info": by_entity["CompanyInfo"][0],
        "preferences": by_entity["Preferences"][0],
        "lists": {entity: by_entity.get(entity, []) for entity in _LIST_ORDER},
        "transactions": [{record.entity: record.body} for record in transactions],
        "deleted": books.connection.execute(
            "SELECT entity, id, updated FROM object WHERE deleted = 1 ORDER BY updated, id"
        ).fetchall(),
        "touched": books.connection.execute("SELECT entity, id, touched FROM total ORDER BY entity, id").fetchall(),
        "counters": dict(books.connection.execute("SELECT name, value FROM counter").fetchall()),
    }
