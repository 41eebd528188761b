"""What the posting log holds, as records: members, open batches, events, runs, sign-offs; and rows as records."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from toolkit.money import cents, from_cents
from toolkit.plan import Kind, Posted, Standing

Row = sa.Row[Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One operation in a batch: its id there (`bId`, at most 10 characters) and its key."""

    bid: str
    key: str
    kind: Kind
    entity: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenBatch:
    """A batch whose answers are not all recorded; it may or may not have reached QuickBooks.

    `members` are those without an answer. `digest` names the plan that it was sent from last, `begun_at` is when it was
    recorded first.
    """

    requestid: str
    run: str
    digest: str
    begun_at: datetime
    members: tuple[Member, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One thing that happened to one key; `action` is the operation's."""

    posted: Posted
    action: str
    requestid: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One command that could write: who approved which plan, when it began and ended, and how."""

    id: str
    command: str
    period: str
    digest: str
    approved_by: str
    started_at: datetime
    ended_at: datetime | None
    state: str
    summary: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SignOff:
    """A person's word that a period is finished."""

    period: str
    signed_by: str
    signed_at: datetime
    proof_sha256: str


def event_row(one: Event, at: str) -> dict[str, object]:
    """The row of an event that happened `at` (ISO, UTC)."""
    posted = one.posted
    return {
        "at": at,
        "run": posted.run,
        "digest": posted.digest,
        "key": posted.key,
        "generation": posted.generation,
        "kind": str(posted.kind),
        "action": one.action,
        "entity": posted.entity,
        "standing": str(posted.standing),
        "qbo_id": posted.qbo_id,
        "number": posted.number,
        "amount_cents": cents(posted.amount),
        "sync_token": posted.sync_token,
        "coworks_id": posted.coworks_id,
        "note": posted.note,
        "requestid": one.requestid,
    }


def posted_of(row: Row) -> Posted:
    """What an event says of its key."""
    return Posted(
        key=row.key,
        kind=Kind(row.kind),
        entity=row.entity,
        standing=Standing(row.standing),
        qbo_id=row.qbo_id,
        number=row.number,
        amount=from_cents(row.amount_cents),
        sync_token=row.sync_token,
        run=row.run,
        digest=row.digest,
        at=datetime.fromisoformat(row.at),
        note=row.note,
        generation=row.generation,
        coworks_id=row.coworks_id,
    )


def event_of(row: Row) -> Event:
    """The event of a row."""
    return Event(posted=posted_of(row), action=row.action, requestid=row.requestid)


def begun_of(row: Row, known: Posted | None) -> Posted:
    """What a member of an open batch says of its key; `known` is what was known of it before."""
    return Posted(
        key=row.key,
        kind=Kind(row.kind),
        entity=row.entity,
        standing=Standing.BEGUN,
        run=row.run,
        digest=row.digest,
        at=datetime.fromisoformat(row.begun_at),
        generation=known.generation if known else 1,
        coworks_id=known.coworks_id if known else "",
        number=known.number if known else "",
    )


def member_row(requestid: str, one: Member) -> dict[str, object]:
    """The row of a member that has no answer yet."""
    return {
        "requestid": requestid,
        "bid": one.bid,
        "key": one.key,
        "kind": str(one.kind),
        "entity": one.entity,
        "settled": 0,
    }


def member_of(row: Row) -> Member:
    """The member of a row."""
    return Member(bid=row.bid, key=row.key, kind=Kind(row.kind), entity=row.entity)


def run_of(row: Row) -> Run:
    """The run of a row."""
    return Run(
        id=row.id,
        command=row.command,
        period=row.period,
        digest=row.digest,
        approved_by=row.approved_by,
        started_at=datetime.fromisoformat(row.started_at),
        ended_at=datetime.fromisoformat(row.ended_at) if row.ended_at else None,
        state=row.state,
        summary=row.summary,
    )


def sign_off_of(row: Row) -> SignOff:
    """The sign-off of a row."""
    return SignOff(
        period=row.period,
        signed_by=row.signed_by,
        signed_at=datetime.fromisoformat(row.signed_at),
        proof_sha256=row.proof_sha256,
    )
