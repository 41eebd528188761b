"""Attachables: notes, and files uploaded as multipart forms."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from email import message_from_bytes, policy
from email.message import Message
from typing import Any

from toolkit.emulator import fault, schema, writing
from toolkit.emulator.amounts import rendered
from toolkit.emulator.books import Books
from toolkit.emulator.kinds import KINDS, TRANSACTIONS
from toolkit.emulator.records import Body, Draft, Record

_PART = re.compile(r"file_(metadata|content)_(\w+)$")
_LINKABLE = {name.lower(): name for name in (*TRANSACTIONS, "Customer", "Vendor", "Employee", "Item", "Account")}


def _linked(books: Books, reference: Body) -> Body:
    ref = reference.get("EntityRef") or {}
    kind, value = str(ref.get("type") or ""), str(ref.get("value") or "")
    entity = _LINKABLE.get(kind.lower())
    found = (
        books.find(entity, int(value)) if entity and value.isascii() and value.isdecimal() and len(value) < 19 else None
    )
    if found is None or found.deleted:
        shown = f"{kind[:50]} {value[:50]}"
        raise fault.business(f"The entity {shown} that you are trying to link does not exist. {shown}")
    linked: Body = {"EntityRef": {"value": value, "type": entity}}
    if reference.get("LineInfo"):
        linked["LineInfo"] = reference["LineInfo"]
    linked["IncludeOnSend"] = bool(reference.get("IncludeOnSend", False))
    return linked


def build(books: Books, draft: Draft) -> None:
    """
    The rules of a note or file's record.

    Raises Fault 2020 without note and file name, 6000 for a link to nothing.
    """
    fields, body = draft.fields, draft.body
    if not fields.get("Note") and not fields.get("FileName"):
        raise fault.required("Note")
    linked = [_linked(books, reference) for reference in fields.get("AttachableRef") or ()]
    body.pop("AttachableRef", None)
    if linked:
        body["AttachableRef"] = linked
    if draft.old is not None:
        body |= {
            key: draft.old.body[key] for key in ("FileAccessUri", "TempDownloadUri", "Size") if key in draft.old.body
        }


def _named_parts(content_type: str, body: bytes) -> list[tuple[str, Message]]:
    head = f"Content-Type: {content_type}\r\nMIME-Version: 1.0\r\n\r\n".encode("latin-1", "replace")
    message = message_from_bytes(head + body, policy=policy.compat32)
    parts = message.get_payload()
    if not message.is_multipart() or not isinstance(parts, list):
        raise fault.unparsable()
    found = []
    for part in parts:
        name = part.get_param("name", header="content-disposition") if isinstance(part, Message) else None
        if isinstance(name, str) and isinstance(part, Message):
            found.append((name, part))
    return found


def _metadata(part: Message) -> Any:
    payload = part.get_payload(decode=True)
    try:
        return json.loads(payload if isinstance(payload, bytes) else b"", parse_float=Decimal)
    except (ValueError, RecursionError):
        raise fault.unparsable() from None


def _content(part: Message) -> bytes:
    payload = part.get_payload(decode=True)
    return payload if isinstance(payload, bytes) else b""


def _store(books: Books, metadata: Any, part: Message) -> Record:
    sent = schema.read("Attachable", metadata)
    sent.setdefault("FileName", part.get_filename() or "file")
    sent.setdefault("ContentType", part.get_content_type())
    draft = writing.draft_create(KINDS["Attachable"], sent, frozenset())
    build(books, draft)
    content = _content(part)
    id = books.new_id("Attachable", KINDS["Attachable"].first_id)
    books.connection.execute("INSERT INTO upload VALUES (?, ?)", (id, content))
    draft.body["FileAccessUri"] = f"/v3/company/{books.realm()}/download/{id}"
    draft.body["TempDownloadUri"] = (
        f"https://emulator.invalid/v3/company/{books.realm()}/download/{id}/{draft.body['FileName']}"
    )
    draft.body["Size"] = len(content)
    return writing.save(books, draft, id)


def upload(books: Books, content_type: str, body: bytes) -> str:
    """
    Stores the files of a multipart form (file_metadata_N beside file_content_N); the answer's inner text,
    a Fault inside for each that fails.

    Must run inside a transaction. Raises Fault 2010 when the form cannot be read.
    """
    metadata: dict[str, Any] = {}
    contents: dict[str, Message] = {}
    for name, part in _named_parts(content_type, body):
        match = _PART.match(name)
        if match and match.group(1) == "metadata":
            metadata[match.group(2)] = part
        elif match:
            contents[match.group(2)] = part
    if not contents:
        raise fault.required("file_content_01")
    answers = []
    for number, part in contents.items():
        try:
            with books.attempt():
                about = _metadata(metadata[number]) if number in metadata else {}
                answers.append(f'{{"Attachable":{_store(books, about, part).text}}}')
        except fault.Fault as refused:
            answers.append(f'{{"Fault":{rendered(refused.body(books.switches["language"]))}}}')
    return f'"AttachableResponse":[{",".join(answers)}]'


def content(books: Books, id: int) -> tuple[bytes, str]:
    """An uploaded file's bytes and content type. Raises Fault 610."""
    record = books.live("Attachable", id)
    row = books.connection.execute("SELECT content FROM upload WHERE id = ?", (id,)).fetchone()
    if row is None:
        raise fault.not_found()
    return bytes(row[0]), str(record.body.get("ContentType") or "application/octet-stream")
