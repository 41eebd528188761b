"""What an answer of QuickBooks says of one operation: it stands, stands differently, was refused, or has moved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from toolkit.books import BankDeposit, Customer, JournalEntry, ReceivedPayment, Record, SalesDocument
from toolkit.money import ZERO, show, total
from toolkit.plan import Action, Operation, Standing
from toolkit.problems import Problem
from toolkit.qbo import fault_words, wire, wire_read
from toolkit.qbo.exact_json import Json
from toolkit.qbo.faults import Fault


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came of one operation; `alone` asks for it to go once more by itself (a name list was busy).

    `note` is kept in the posting log where there is no problem to name.
    """

    operation: Operation
    standing: Standing
    qbo_id: str = ""
    number: str = ""
    sync_token: str = ""
    requestid: str = ""
    problem: Problem | None = None
    alone: bool = False
    note: str = ""


def stands(operation: Operation, record: Record) -> Answer:
    """The answer for a record that stands, compared with what was wanted: a cent of difference is a Problem."""
    return Answer(
        operation=operation,
        standing=Standing.DONE,
        qbo_id=record.id,
        number=getattr(record, "number", ""),
        sync_token=record.sync_token,
        problem=_difference(operation, record),
    )


def _difference(operation: Operation, record: Record) -> Problem | None:
    wanted = operation.record
    if isinstance(wanted, Customer) or isinstance(record, Customer):
        return None
    sums = (getattr(wanted, "total", ZERO), getattr(record, "total", ZERO))
    if sums[0] != sums[1]:
        return _differs(operation, f"its total is {show(sums[1])}, not {show(sums[0])}")
    if isinstance(wanted, ReceivedPayment) and isinstance(record, ReceivedPayment) and wanted.links:
        expected = wanted.total - total(link.amount for link in wanted.links if link.txn_type == "Invoice")
        if wanted.total and record.unapplied != expected:
            return _differs(operation, f"{show(record.unapplied)} of it is not applied, instead of {show(expected)}")
    if isinstance(wanted, SalesDocument) and isinstance(record, SalesDocument) and wanted.number != record.number:
        return _differs(operation, f"its number is {record.number!r}, not {wanted.number!r}")
    return None


def settled_change(operation: Operation, now: Json | None) -> Answer | None:
    """The answer when there is nothing left to change: it is gone, voided or inactive already; None if there is."""
    done = Answer(operation=operation, standing=Standing.DONE, qbo_id=operation.record.id)
    if now is None:
        return done if operation.action in (Action.DELETE, Action.VOID) else _gone(operation)
    if operation.action is Action.VOID and wire_read.voided(now):
        return replace(done, sync_token=str(now.get("SyncToken") or ""), number=str(now.get("DocNumber") or ""))
    if operation.action is Action.DEACTIVATE and now.get("Active") is False:
        return replace(done, sync_token=str(now.get("SyncToken") or ""))
    return None


def moved(operation: Operation, now: Json | None) -> Answer | None:
    """A refusal when what stands now is not what was reviewed; None if it is.

    The sync token alone says nothing: our own payments and voids move it on what they are linked to.
    """
    if now is None or operation.action is Action.UPDATE:
        return None
    how = _moved(operation.record, wire_read.record(operation.entity, now))
    if not how and operation.action is Action.VOID and operation.entity == "Invoice":
        kept = [one for one in now.get("LinkedTxn") or () if one.get("TxnType") == "Payment"]
        how = "payments are applied to it" if kept else ""
    balance = wire.amount(now.get("Balance"))
    if not how and operation.action is Action.DEACTIVATE and balance:
        how = f"its balance is {show(balance)}"
    return (
        Answer(operation=operation, standing=Standing.FAILED, problem=_changed_problem(operation, how)) if how else None
    )


def _moved(reviewed: Record, now: Record) -> str:
    for what, name in _ESSENTIAL[type(reviewed)].items():
        before, after = getattr(reviewed, name), getattr(now, name)
        if before != after:
            return f"its {what} was {before} and is {after}"
    return ""


_ESSENTIAL: dict[type, dict[str, str]] = {
    Customer: {"name": "display_name"},
    SalesDocument: {"number": "number", "customer": "customer_id", "date": "txn_date", "total": "total"},
    ReceivedPayment: {"customer": "customer_id", "date": "txn_date", "total": "total"},
    BankDeposit: {"bank account": "account_id", "date": "txn_date", "total": "total"},
    JournalEntry: {"number": "number", "date": "txn_date"},
}
"""What a person looked at when the change was approved."""


def changed(operation: Operation, body: Json) -> Answer:
    """The answer to a change that was carried out."""
    return Answer(
        operation=operation,
        standing=Standing.DONE,
        qbo_id=operation.record.id,
        number=str(body.get("DocNumber") or ""),
        sync_token=str(body.get("SyncToken") or ""),
    )


def refused(operation: Operation, fault: Fault) -> Answer:
    """The answer to an operation that QuickBooks will not carry out, in its own words."""
    problem = fault_words.problem(fault, operation.label, key=operation.coworks_id)
    return Answer(operation=operation, standing=Standing.FAILED, problem=problem)


def in_doubt(operation: Operation, requestid: str, why: Problem) -> Answer:
    """The answer to an operation that was sent, and of which nothing is known."""
    return Answer(operation=operation, standing=Standing.UNKNOWN, requestid=requestid, problem=why)


def never_arrived(operation: Operation, requestid: str) -> Answer:
    """The answer to an operation that was begun, is not in QuickBooks, and is not wanted in this way any more."""
    return Answer(operation=operation, standing=Standing.FAILED, requestid=requestid, note="never-arrived")


def lost(operations: Sequence[Operation]) -> Problem:
    """Operations that were sent and of which nothing is known."""
    names = ", ".join(one.label for one in operations[:3]) + (" …" if len(operations) > 3 else "")
    return Problem(
        code="outcome-unknown",
        where=names,
        what=f"{len(operations)} operations were sent, and what became of them could not be learned.",
        why="They may or may not stand in QuickBooks; sending them blindly could post them twice.",
        do="Run the same command again: it looks each of them up before it sends anything.",
    )


def _gone(operation: Operation) -> Answer:
    problem = Problem(
        code="gone",
        where=operation.label,
        what="QuickBooks no longer has it.",
        why="What is not there cannot be changed.",
        do="Look at the preview again: it now plans without it.",
        key=operation.coworks_id,
    )
    return Answer(operation=operation, standing=Standing.FAILED, problem=problem)


def _differs(operation: Operation, how: str) -> Problem:
    return Problem(
        code="posted-differs",
        where=operation.label,
        what=f"It was posted, but {how}.",
        why="QuickBooks computes totals itself; a difference of a cent means that the two books disagree.",
        do="Open it in QuickBooks and correct it there; the tie-out will show whether it agrees.",
        key=operation.coworks_id,
    )


def _changed_problem(operation: Operation, how: str) -> Problem:
    return Problem(
        code="changed-meanwhile",
        where=operation.label,
        what=f"Somebody changed it in QuickBooks since it was reviewed: {how}.",
        why="What was approved is not what would be taken back now.",
        do="Look at the preview again and approve its new code.",
        key=operation.coworks_id,
    )
