"""What would be done: operations in order, each with key, reason and amount; and what came of it.

The plan is what the accountant reviews, what is approved and what is pushed: the same object, by its digest.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from functools import cached_property

import orjson
from pydantic import TypeAdapter

from toolkit.books import PENDING, Record
from toolkit.money import ZERO, Money, text
from toolkit.problems import Problem


class Action(StrEnum):
    """What an operation does to the books."""

    CREATE = "create"
    UPDATE = "update"
    VOID = "void"
    DELETE = "delete"
    DEACTIVATE = "deactivate"


class Kind(StrEnum):
    """What a key stands for: the Coworks record (or payout) behind an operation."""

    CUSTOMER = "customer"
    INVOICE = "invoice"
    PAYMENT = "payment"
    CREDIT_MEMO = "credit_memo"
    CREDIT_APPLICATION = "credit_application"
    REFUND = "refund"
    VOID = "void"
    DEPOSIT = "deposit"
    JOURNAL_ENTRY = "journal_entry"


ORDER = (
    Kind.CUSTOMER,
    Kind.INVOICE,
    Kind.CREDIT_MEMO,
    Kind.PAYMENT,
    Kind.CREDIT_APPLICATION,
    Kind.REFUND,
    Kind.VOID,
    Kind.JOURNAL_ENTRY,
    Kind.DEPOSIT,
)
"""Customers before invoices before payments before deposits; voids after what they need undone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One write to QuickBooks.

    `key` is the identity of the Coworks record (see `operation_key`), unique in the plan. `entity` is Intuit's entity
    name. `record` is what shall stand in the books (for VOID, DELETE and DEACTIVATE: what stands there now, with id and
    sync token). References in it that start with `key:` name the operations in `needs`. `label` says it in one line for
    people ("Invoice C957F1A7-0008 · Factory Inc."), `reason` why, naming the rule. `amount` is signed as it moves A/R
    or the bank.
    """

    key: str
    kind: Kind
    action: Action
    entity: str
    record: Record
    label: str
    reason: str
    amount: Money = ZERO
    needs: tuple[str, ...] = ()
    coworks_id: str = ""
    generation: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Adoption:
    """A QuickBooks record that already is this Coworks record: noted in the posting log, never posted again."""

    key: str
    kind: Kind
    entity: str
    qbo_id: str
    number: str
    amount: Money
    rule: str
    label: str
    coworks_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One thing the plan relied on, so that a change of it makes the plan stale: `of` what, `value` as it stood."""

    of: str
    value: str


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Operations in order, adoptions, what is held and why, what already stands; `digest` is its approval code.

    `operations` are ordered by kind (see ORDER), then by date and number: never by the order of the input.
    `unchanged` are keys that stand in QuickBooks as they should. `held` maps a Coworks record (invoice number or
    payout id) to the code of the Problem that holds it.
    """

    stage: str
    company: str
    realm: str
    period: str
    operations: tuple[Operation, ...] = ()
    adoptions: tuple[Adoption, ...] = ()
    unchanged: tuple[str, ...] = ()
    held: tuple[tuple[str, str], ...] = ()
    problems: tuple[Problem, ...] = ()
    facts: tuple[Fact, ...] = ()

    @cached_property
    def digest(self) -> str:
        """The approval code: 16 hex digits over the operations, the adoptions and the facts they rely on."""
        code = hashlib.sha256(orjson.dumps((self.stage, self.company, self.realm, self.period))[:-1])
        for many in (self.operations, self.adoptions, self.facts):
            code.update(b",")
            for piece in _listed(many, b","):
                code.update(piece)
        code.update(b"]")
        return code.hexdigest()[:16]


_PLAN: TypeAdapter[Plan] = TypeAdapter(Plan)


def _exactly(value: object) -> str:
    if isinstance(value, Decimal):
        return str(value)
    raise TypeError(f"a plan holds no {type(value).__name__}")


def _listed(values: Iterable[object], between: bytes) -> Iterator[bytes]:
    yield b"["
    for place, value in enumerate(values):
        yield (between if place else b"") + orjson.dumps(value, default=_exactly)
    yield b"]"


def pieces(plan: Plan) -> Iterator[bytes]:
    """The plan as JSON, an operation a line, piece by piece: as text a large one takes as much memory as it does."""
    between = b"{"
    for one in fields(plan):
        value = getattr(plan, one.name)
        yield between + orjson.dumps(one.name) + b": "
        yield from _listed(value, b",\n") if isinstance(value, tuple) else [orjson.dumps(value)]
        between = b",\n"
    yield b"}\n"


def to_json(plan: Plan) -> bytes:
    """The plan as JSON, whole: `from_json` gives back an equal plan with the same digest."""
    return b"".join(pieces(plan))


def from_json(raw: bytes) -> Plan:
    """The plan that `to_json` wrote; raises `ValueError` if it is not one."""
    return _PLAN.validate_json(raw)


def operation_key(realm: str, kind: Kind, coworks_id: str, generation: int = 1) -> str:
    """The identity of one Coworks record in one company: 24 hex digits, the same for ever.

    `coworks_id` is Coworks' own id of the record; without one, invoice number, kind and occurrence in date order, never
    date or amount. `generation` counts deliberate re-creations (1-based): a released key is posted under the next one.
    """
    return hashlib.sha256("\x1f".join((realm, kind, coworks_id, str(generation))).encode()).hexdigest()[:24]


def pending(key: str) -> str:
    """A reference to the record that the operation with this key creates."""
    return PENDING + key


class Standing(StrEnum):
    """How a key stands in the posting log.

    WAITING is never noted there: it is what an Outcome says of an operation that was not sent, because something it
    needs failed or is in doubt.
    """

    BEGUN = "begun"
    DONE = "done"
    ADOPTED = "adopted"
    FAILED = "failed"
    UNKNOWN = "unknown"
    UNDONE = "undone"
    WAITING = "waiting"


@dataclass(frozen=True, slots=True, kw_only=True)
class Posted:
    """What the posting log knows of one key: its counterpart in QuickBooks and how it stands."""

    key: str
    kind: Kind
    entity: str
    standing: Standing
    qbo_id: str = ""
    number: str = ""
    amount: Money = ZERO
    sync_token: str = ""
    run: str = ""
    digest: str = ""
    at: datetime | None = None
    note: str = ""
    generation: int = 1
    coworks_id: str = ""


Done = Mapping[str, Posted]
"""Everything the posting log says, by key: the newest standing of each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """The answer to one operation."""

    key: str
    action: Action
    entity: str
    standing: Standing
    qbo_id: str = ""
    number: str = ""
    problem: Problem | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a push did: one Written an operation, in plan order, with counts for people and programs.

    `adopted` are records that this run noted as posted; `not_sent` operations have no Written, because the run ended
    before their turn.
    """

    run: str
    digest: str
    written: tuple[Written, ...]
    adopted: int = 0
    unchanged: int = 0
    held: int = 0
    not_sent: int = 0
    reads: int = 0
    writes: int = 0
    calls: int = 0
    stopped: bool = False
    problems: tuple[Problem, ...] = ()
    server_time: datetime | None = None
    exit_codes: tuple[int, ...] = ()

    def count(self, action: Action, standing: Standing = Standing.DONE) -> int:
        """How many operations of that action ended that way."""
        return sum(1 for one in self.written if one.action is action and one.standing is standing)

    def ended(self, standing: Standing) -> int:
        """How many operations ended that way."""
        return sum(1 for one in self.written if one.standing is standing)

    @property
    def left(self) -> dict[str, int]:
        """How many were not done, by how they ended; with those that are done, all that the run had to do.

        "failed" was refused, "unknown" is in doubt, "waiting" was not sent because it needs one of these, "not_sent"
        because the run ended before.
        """
        ends = (Standing.FAILED, Standing.UNKNOWN, Standing.WAITING)
        return {**{str(one): self.ended(one) for one in ends}, "not_sent": self.not_sent}


def ordered(operations: Iterable[Operation]) -> tuple[Operation, ...]:
    """The operations in the one order that is safe and independent of input order: kind, date, label, key."""
    return tuple(sorted(operations, key=_sort_key))


def _sort_key(operation: Operation) -> tuple[int, str, str, str]:
    moment = getattr(operation.record, "txn_date", None)
    return ORDER.index(operation.kind), str(moment or ""), operation.label, operation.key


def counts(plan: Plan) -> dict[str, int]:
    """Operations by "action kind", e.g. {"create invoice": 62}, in ORDER; kinds without operations are absent."""
    found: dict[str, int] = {}
    for operation in plan.operations:
        name = f"{operation.action} {operation.kind}"
        found[name] = found.get(name, 0) + 1
    return found


def totals(plan: Plan) -> dict[str, str]:
    """Amounts by kind as plain text with two places, e.g. {"invoice": "12340.00"}."""
    sums: dict[str, Money] = {}
    for operation in plan.operations:
        sums[operation.kind] = sums.get(operation.kind, ZERO) + operation.amount
    return {kind: text(amount) for kind, amount in sums.items()}
