"""One stored object, and the draft from which it is written."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, NamedTuple

Body = dict[str, Any]

COLUMNS = (
    "entity, id, sync_token, active, deleted, voided, name, name_key, label, doc_number, txn_date, due_date, "
    "customer_id, "
    "total, balance, email, created, updated, next_line, body"
)
INSERT = f"INSERT INTO object ({COLUMNS}) VALUES ({', '.join('?' * 20)})"
UPDATE = (
    "UPDATE object SET sync_token=?, active=?, deleted=?, voided=?, name=?, name_key=?, label=?, doc_number=?, "
    "txn_date=?, due_date=?, "
    "customer_id=?, total=?, balance=?, email=?, created=?, updated=?, next_line=?, body=? WHERE entity=? AND id=?"
)


def parse(text: str) -> Body:
    """A stored body; numbers keep the form they were printed in."""
    body: Body = json.loads(text, parse_float=Decimal)
    return body


@dataclass(slots=True)
class Record:
    """One row of the object table; `text` is the rendered JSON. Amounts are cents, times stored UTC texts."""

    entity: str
    id: int
    sync_token: int
    active: int
    deleted: int
    voided: int
    name: str | None
    name_key: str | None
    label: str | None
    doc_number: str | None
    txn_date: str | None
    due_date: str | None
    customer_id: str | None
    total: int | None
    balance: int | None
    email: str | None
    created: str
    updated: str
    next_line: int
    text: str
    parsed: Body | None = None

    @property
    def body(self) -> Body:
        """The body, parsed once; do not change it."""
        if self.parsed is None:
            self.parsed = parse(self.text)
        return self.parsed

    def row(self) -> tuple[Any, ...]:
        """The columns in table order."""
        return (
            self.entity, self.id, self.sync_token, self.active, self.deleted, self.voided, self.name,
            self.name_key, self.label,
            self.doc_number, self.txn_date, self.due_date, self.customer_id, self.total, self.balance, self.email,
            self.created,
            self.updated, self.next_line, self.text,
        )  # fmt: skip


class Posting(NamedTuple):
    """One side of a double entry: cents, debit positive."""

    account_id: str
    amount: int
    name_type: str | None = None
    name_id: str | None = None
    class_id: str | None = None
    department_id: str | None = None
    item_id: str | None = None
    quantity: str | None = None
    memo: str | None = None


class Link(NamedTuple):
    """
    An application: this transaction's line is about `amount` cents of that transaction (a journal entry's line by
    number).
    """

    to_type: str
    to_id: int
    amount: int
    to_line: str | None = None


@dataclass(slots=True)
class Draft:
    """
    What is about to be written: the fields a client means, and what the rules make of them.

    `fields` are the client's (merged over the old ones in a sparse update),
    without null and read-only ones; `body` starts as
    a copy and is completed by the rules; `old` is the record being changed, None on create.
    """

    entity: str
    fields: Body
    body: Body
    old: Record | None
    options: frozenset[str] = frozenset()
    sent: frozenset[str] = frozenset()
    active: bool = True
    voided: bool = False
    name: str | None = None
    name_key: str | None = None
    label: str | None = None
    doc_number: str | None = None
    txn_date: str | None = None
    due_date: str | None = None
    customer_id: str | None = None
    total: int | None = None
    balance: int | None = None
    email: str | None = None
    next_line: int = 1
    kept_lines: frozenset[str] = frozenset()
    postings: list[Posting] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)
