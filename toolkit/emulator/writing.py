"""Creating, changing and removing objects: the one place that numbers, stamps and stores what the rules made."""

from __future__ import annotations

from collections.abc import Callable

from toolkit.emulator import fault, ledger, links, schema
from toolkit.emulator.amounts import rendered
from toolkit.emulator.bodies import head, ordered
from toolkit.emulator.books import Books
from toolkit.emulator.kinds import KINDS, Kind
from toolkit.emulator.records import Body, Draft, Record

Rule = Callable[[Books, Draft], None]
KEPT = ("DocNumber", "TxnDate", "DepositToAccountRef", "PrintStatus", "EmailStatus", "Active", "PaymentType")
"""Header values that survive a full update which leaves them out (recorded for a sales receipt)."""


def id_of(fields: Body) -> int:
    """The Id of a body or path as int. Raises Fault 2030 when it is no number."""
    id = fields.get("Id")
    text = id.strip() if isinstance(id, str) else ""
    if not (text.isascii() and text.isdecimal() and len(text) < 20 and int(text) < 2**63):
        raise fault.invalid_id(id)
    return int(text)


def current(books: Books, kind: Kind, fields: Body, token_needed: bool = True) -> Record:
    """The object a client wants to change. Raises Fault 2030, 610, 2020 (no SyncToken) or 5010 (an old one)."""
    record = books.live(kind.entity, id_of(fields))
    token = fields.get("SyncToken")
    if token is None:
        if token_needed:
            raise fault.required("SyncToken")
    elif str(token).strip() != str(record.sync_token):
        raise fault.stale(books.switches["editor"])
    return record


def _record(books: Books, kind: Kind, draft: Draft, id: int) -> Record:
    old = draft.old
    token, created = (old.sync_token + 1, old.created) if old else (0, books.stamp)
    body = ordered(kind, draft.body | head(id, token, created, books.stamp))
    return Record(
        kind.entity, id, token, int(draft.active), 0, int(draft.voided), draft.name, draft.name_key, draft.label,
        draft.doc_number,
        draft.txn_date, draft.due_date, draft.customer_id, draft.total, draft.balance, draft.email, created,
        books.stamp,
        draft.next_line, rendered(body),
    )  # fmt: skip


def _same(kind: Kind, draft: Draft, old: Record) -> bool:
    body = ordered(kind, draft.body | head(old.id, old.sync_token, old.created, old.updated))
    return old.active == int(draft.active) and rendered(body) == rendered(ordered(kind, old.body))


def save(books: Books, draft: Draft, id: int | None = None) -> Record:
    """
    Writes the draft and everything that follows from it: postings, links, what they change on other documents.

    A change that changes nothing keeps SyncToken and times (recorded). `id` is that of an import.
    """
    kind = KINDS[draft.entity]
    old = draft.old
    draft.voided = draft.voided and not draft.total
    if old is not None:
        if _same(kind, draft, old):
            return old
        record = _record(books, kind, draft, old.id)
        books.update(record)
        ledger.unpost(books, old.id) if kind.group == "transaction" else None
    else:
        record = _record(books, kind, draft, id if id is not None else books.new_id(kind.series, kind.first_id))
        books.insert(record)
    if kind.group == "transaction":
        ledger.post(books, record, draft.postings)
        if draft.links or old is not None:
            links.replace(books, record, draft.links)
    return record


def draft_create(kind: Kind, sent: Body, options: frozenset[str]) -> Draft:
    """A draft from a client's new object (already read against the schema)."""
    fields = {key: value for key, value in schema.present(sent).items() if key not in kind.read_only}
    return Draft(kind.entity, fields, dict(fields), None, options, frozenset(sent))


def _base(kind: Kind, sent: Body, old: Record) -> Body:
    """What a change starts from: in a sparse update all of the old, in a full one the header values that are kept."""
    writable = {key: value for key, value in old.body.items() if key not in kind.read_only}
    if sent.get("sparse") is True:
        return writable
    return {key: value for key, value in writable.items() if key in KEPT}


def draft_update(kind: Kind, sent: Body, old: Record, options: frozenset[str]) -> Draft:
    """A draft from a client's change of an object; a property sent as null or empty text is cleared."""
    fields = _base(kind, sent, old)
    for key, value in sent.items():
        if key in kind.read_only:
            continue
        if value is None:
            fields.pop(key, None)
        else:
            fields[key] = value
    draft = Draft(kind.entity, fields, dict(fields), old, options, frozenset(sent))
    draft.next_line, draft.active, draft.voided = old.next_line, bool(old.active), bool(old.voided)
    return draft


def tombstone(books: Books, record: Record) -> None:
    """
    Removes a transaction or attachment: its postings and links go, its number is free, change data capture still
    tells of it.
    """
    if KINDS[record.entity].group == "transaction":
        ledger.unpost(books, record.id)
        links.replace(books, record, [])
    values = {name: getattr(record, name) for name in Record.__slots__}
    values |= {
        "deleted": 1,
        "name_key": None,
        "label": None,
        "doc_number": None,
        "txn_date": None,
        "customer_id": None,
        "updated": books.stamp,
    }
    books.update(Record(**values))
