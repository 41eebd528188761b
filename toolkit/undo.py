"""A run's entries of the posting log → the plan that takes them back, in reverse order; refused item by item.

Nothing is taken back that is in a bank deposit, reconciled (unknown counts as reconciled) or closed, that was changed
in QuickBooks since, or that other records stand on. Intuit: invoices and payments are voided; bank deposits, journal
entries, credit memos and refund receipts can only be deleted; customers only made inactive.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from toolkit.books import (
    PENDING,
    BankDeposit,
    Books,
    Customer,
    JournalEntry,
    Link,
    ReceivedPayment,
    Record,
    SalesDocument,
)
from toolkit.counterparts import index
from toolkit.money import ZERO
from toolkit.plan import Action, Done, Fact, Kind, Operation, Plan, Posted, Standing, operation_key
from toolkit.problems import Problem, Severity
from toolkit.settings import Settings
from toolkit.undo_desk import Desk, Marks, Name, Refusal

NOTED = "this is noted, nothing is sent."
"""Ends the reason of an operation whose work is done already, by whoever it was."""
SUFFIX = "/undo"
"""Ends the Coworks id of an operation that takes another back: its key is its own, so that both stand in the log."""
STAGE = "undo"
"""Begins the stage of a plan that takes a run back; the run's name stands behind it."""

_ACTIONS = {
    "Customer": Action.DEACTIVATE,
    "Invoice": Action.VOID,
    "Payment": Action.VOID,
    "CreditMemo": Action.DELETE,
    "RefundReceipt": Action.DELETE,
    "Deposit": Action.DELETE,
    "JournalEntry": Action.DELETE,
}

_REVERSE = (
    Kind.DEPOSIT,
    Kind.CREDIT_APPLICATION,
    Kind.JOURNAL_ENTRY,
    Kind.REFUND,
    Kind.PAYMENT,
    Kind.CREDIT_MEMO,
    Kind.VOID,
    Kind.INVOICE,
    Kind.CUSTOMER,
)
"""What stands on others goes first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One entry of a run: how it was answered, by which action, and as what it was posted.

    `wanted` is the record as it was sent, with its id and with references resolved; None if no plan tells any more.
    """

    posted: Posted
    action: Action = Action.CREATE
    wanted: Record | None = None
    label: str = ""

    @property
    def name(self) -> str:
        """What a person knows it by."""
        return self.label or f"{self.posted.entity} {self.posted.number or self.posted.coworks_id}"

    @property
    def stands_as(self) -> Name:
        """Entity and id in QuickBooks."""
        return self.posted.entity, self.posted.qbo_id


@dataclass(frozen=True, slots=True, kw_only=True)
class _Taking:
    """One entry of the run, what stands for it in QuickBooks, and what was done already by whoever it was."""

    entry: Entry
    record: Record
    already: str = ""


def make_plan(
    run: Iterable[Entry],
    books: Books,
    done: Done,
    settings: Settings,
    *,
    company: str,
    period: str,
    run_id: str = "",
    marks: Marks | None = None,
    gone: Collection[Name] = (),
) -> Plan:
    """The reverse of one run: what it created is voided, deleted or made inactive, last things first.

    `marks` is what is known of reconciliation; what moves a bank account and is not in it counts as reconciled. `gone`
    are records that QuickBooks was asked for by id and has no more. Entries that were adopted are left as they are.
    What cannot be taken back is held with its reason, and so is what it stands on. What is voided, deleted or inactive
    already is planned all the same: nothing is sent then, it is only noted. Linear. Pure: nothing is mutated or raised.
    """
    desk = Desk(books, index(books, done), settings, marks or {}, run_id)
    takings: list[_Taking] = []
    taken: set[Name] = set()
    refused: list[tuple[Entry, Refusal]] = []
    for entry in sorted((one for one in run if _was_created(one)), key=_reverse):
        found = _taking(entry, desk, gone, taken)
        if isinstance(found, Refusal):
            refused.append((entry, found))
        else:
            takings.append(found)
            taken.add(entry.stands_as)
    return Plan(
        stage=f"{STAGE} {run_id}".strip(),
        company=company,
        realm=books.realm,
        period=period,
        operations=_operations(books.realm, takings),
        held=tuple((one.name, "not-undone") for one, _ in refused),
        problems=tuple(_refused(one, reason) for one, reason in refused),
        facts=tuple(_fact(one) for one in takings if not one.already),
    )


def _was_created(entry: Entry) -> bool:
    posted = entry.posted
    return posted.standing is Standing.DONE and bool(posted.qbo_id) and not posted.coworks_id.endswith(SUFFIX)


def _reverse(entry: Entry) -> tuple[int, str, str, str]:
    on = "" if isinstance(entry.wanted, Customer | None) else entry.wanted.txn_date.isoformat()
    return _REVERSE.index(entry.posted.kind), on, entry.name, entry.posted.key


def _taking(entry: Entry, desk: Desk, gone: Collection[Name], taken: Collection[Name]) -> _Taking | Refusal:
    """How the entry is taken back, or why it is not."""
    record = desk.find(*entry.stands_as)
    if not _is_reversible(entry):
        return _IRREVERSIBLE.get(entry.action, _CHANGED)
    if record is None:
        if entry.stands_as in gone and entry.wanted is not None:
            return _Taking(entry=entry, record=entry.wanted, already="It is gone from QuickBooks already")
        return _NOT_SHOWN
    if isinstance(record, Customer) and not record.active:
        return _Taking(entry=entry, record=record, already="It is inactive already")
    if isinstance(record, SalesDocument | ReceivedPayment) and record.voided:
        return desk.voided_with_coworks(entry.stands_as) or _Taking(
            entry=entry, record=record, already="It is voided already"
        )
    return desk.refusal(record, entry.wanted, taken) or _Taking(entry=entry, record=record)


def _is_reversible(entry: Entry) -> bool:
    """What was created; and a customer that was made active again, the only thing that is changed in place."""
    made_active = entry.action is Action.UPDATE and entry.posted.kind is Kind.CUSTOMER
    return (entry.action is Action.CREATE and entry.posted.kind is not Kind.VOID) or made_active


_BY_HAND = "Enter it again in QuickBooks by hand, if it shall stand."
_VOIDED = Refusal("was voided by this run, and QuickBooks cannot take a void back", _BY_HAND)
_CHANGED = Refusal("was only changed by this run, and it is not known what it was before", "Correct it in QuickBooks.")
_IRREVERSIBLE = {
    Action.CREATE: _VOIDED,
    Action.VOID: _VOIDED,
    Action.DELETE: Refusal("was deleted by this run, and QuickBooks cannot bring it back", _BY_HAND),
}
_NOT_SHOWN = Refusal(
    "was posted, and QuickBooks does not show it in its lists yet", "Wait a minute and look at the preview again."
)


def _operations(realm: str, takings: Sequence[_Taking]) -> tuple[Operation, ...]:
    """The operations in reverse order; each waits for those whose records refer to its own."""
    referring: dict[str, list[str]] = {}
    made: list[Operation] = []
    for taking in takings:
        made.append(_operation(realm, taking, tuple(referring.get(taking.entry.posted.qbo_id, ()))))
        for name in _refers_to(taking.record) | _refers_to(taking.entry.wanted):
            referring.setdefault(name, []).append(made[-1].key)
    return tuple(made)


def _operation(realm: str, taking: _Taking, needs: tuple[str, ...]) -> Operation:
    posted = taking.entry.posted
    return Operation(
        key=undo_key(realm, posted),
        kind=posted.kind,
        action=_action(posted),
        entity=posted.entity,
        # Tokens and times move whenever anything is linked: they are read anew right before the change.
        record=_timeless(taking.record),
        label=taking.entry.name,
        reason=f"{taking.already}: {NOTED}" if taking.already else _reason(posted),
        amount=ZERO if taking.already else -posted.amount,
        needs=needs,
        coworks_id=_undo_id(posted),
        generation=posted.generation,
    )


def _action(posted: Posted) -> Action:
    # A payment of $0.00 only ties a credit to an invoice: there is no amount to void, deleting it unties them.
    return Action.DELETE if posted.kind is Kind.CREDIT_APPLICATION else _ACTIONS[posted.entity]


def _timeless(record: Record) -> Record:
    if isinstance(record, Customer):
        return replace(record, sync_token="")
    return replace(record, sync_token="", created_at=None, updated_at=None)


def _reason(posted: Posted) -> str:
    return f"Posted by run {posted.run}." if posted.run else "Posted by this run."


def is_noted(operation: Operation) -> bool:
    """Whether there is nothing left to take back, so that it is only noted."""
    return operation.reason.endswith(NOTED)


def undo_key(realm: str, posted: Posted) -> str:
    """The key of the operation that takes an entry back."""
    return operation_key(realm, posted.kind, _undo_id(posted), posted.generation)


def _undo_id(posted: Posted) -> str:
    """The Coworks id for people, and the key that is taken back."""
    return f"{posted.coworks_id} {posted.key}{SUFFIX}".strip()


def newest(done: Done) -> dict[tuple[str, str], Posted]:
    """The newest generation of every record of the posting log, by kind and Coworks id; what took back is not one."""
    found: dict[tuple[str, str], Posted] = {}
    for one in done.values():
        name = record_name(one)
        if not one.coworks_id.endswith(SUFFIX) and found.get(name, one).generation <= one.generation:
            found[name] = one
    return found


def standings(done: Done) -> Counter[Standing]:
    """How many records of the posting log stand how, each counted once.

    An earlier generation that was taken back and posted again since is not counted; of the operations that took
    something back only those are that did not succeed: what they took back is what was undone.
    """
    last = newest(done)
    undoing = [one for one in done.values() if one.coworks_id.endswith(SUFFIX) and one.standing is not Standing.DONE]
    return Counter(one.standing for one in (*last.values(), *undoing))


def record_name(posted: Posted) -> tuple[str, str]:
    """What all generations of a record have in common: kind and Coworks id."""
    return str(posted.kind), posted.coworks_id or posted.key


def original_key(posted: Posted) -> str:
    """The key of what an operation took back; "" if it is not one that takes something back."""
    return posted.coworks_id.removesuffix(SUFFIX).rpartition(" ")[2] if posted.coworks_id.endswith(SUFFIX) else ""


def _refers_to(record: Record | None) -> set[str]:
    """The ids that a record stands on: its customer and what it links.

    QuickBooks counts customers and transactions apart, so an id may mean either and a little more is waited for.
    """
    match record:
        case BankDeposit():
            return {line.link.txn_id for line in record.lines if line.link}
        case ReceivedPayment():
            return {record.customer_id, *(link.txn_id for link in record.links)}
        case SalesDocument():
            return {record.customer_id}
        case JournalEntry():
            return {line.customer_id for line in record.lines if line.customer_id}
        case _:
            return set()


def _fact(taking: _Taking) -> Fact:
    """What the plan relies on: never balances or tokens, which our own payments and voids move."""
    record, posted = taking.record, taking.entry.posted
    if isinstance(record, Customer):
        value = record.display_name
    else:
        value = f"{ZERO if isinstance(record, JournalEntry) else record.total} of {record.txn_date}"
    return Fact(of=f"{posted.entity} #{posted.qbo_id}", value=value)


def _refused(entry: Entry, refusal: Refusal) -> Problem:
    return Problem(
        code="not-undone",
        where=entry.name,
        what=f"It stays, because it {refusal.why}.",
        why="Only a customer that nothing else refers to is made inactive."
        if refusal.harmless
        else "Taking it back would change what the bank, a closed period, a person or other entries stand on.",
        do=refusal.do,
        severity=Severity.NOTE if refusal.harmless else Severity.ITEM,
        key=entry.name,
    )


# ---- what was sent, as it stands


def resolved(record: Record, qbo_id: str, ids: Mapping[str, str]) -> Record:
    """A record as it was sent, with its id and with the ids of what the same plan created in place of its keys."""

    def real(reference: str) -> str:
        key = reference.removeprefix(PENDING)
        return ids.get(key, reference) if key != reference else reference

    def link(one: Link) -> Link:
        return replace(one, txn_id=real(one.txn_id))

    match record:
        case Customer():
            return replace(record, id=qbo_id, parent_id=real(record.parent_id))
        case SalesDocument():
            return replace(record, id=qbo_id, customer_id=real(record.customer_id))
        case ReceivedPayment():
            links = tuple(link(one) for one in record.links)
            return replace(record, id=qbo_id, customer_id=real(record.customer_id), links=links)
        case BankDeposit():
            lines = tuple(replace(one, link=link(one.link) if one.link else None) for one in record.lines)
            return replace(record, id=qbo_id, lines=lines)
        case JournalEntry():
            rows = tuple(replace(one, customer_id=real(one.customer_id)) for one in record.lines)
            return replace(record, id=qbo_id, lines=rows)
