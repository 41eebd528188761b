"""Carry one parcel to QuickBooks and bring back one answer an operation, whatever happens on the way.

Runs in worker threads and writes no log. A request whose answer is lost is looked up, not sooner than the company's
`lookup_wait` after it was sent (queries lag behind writes); what is not found goes again under the same requestid and
item ids. requestid alone is never trusted: it can be ignored or expire.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from toolkit import lookup
from toolkit.books import PENDING, Customer, ReceivedPayment, Record, SalesDocument
from toolkit.money import ZERO, show, total
from toolkit.plan import Action, Operation, Standing
from toolkit.problems import OutcomeUnknown, Problem, QuickBooksRefused, ToolkitError
from toolkit.qbo import fault_words, wire, wire_read
from toolkit.qbo.client import BatchAnswer, BatchItem, Client, NoAnswer
from toolkit.qbo.exact_json import Json
from toolkit.qbo.faults import Fault
from toolkit.waves import Lane, Parcel

TRIES = 4
"""Times that a parcel with a lost answer is sent in all before its outcome is left unknown for the next run."""
STALE_TRIES = 3
REPLAYED = frozenset({"600", "6000"})
"""A requestid that is used again may be answered so instead of with the first answer: then nothing is known yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came of one operation; `alone` asks for it to go once more by itself (a name list was busy)."""

    operation: Operation
    standing: Standing
    qbo_id: str = ""
    number: str = ""
    sync_token: str = ""
    requestid: str = ""
    problem: Problem | None = None
    alone: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One parcel's answers; `settled` unless its outcome is still open; `trouble` ends the run after this parcel."""

    requestid: str
    answers: tuple[Answer, ...]
    settled: bool = True
    trouble: ToolkitError | None = None


class Carrier:
    """Carries parcels for one run; `ids` gives the QuickBooks id of every key that stands, and grows meanwhile."""

    def __init__(
        self, client: Client, ids: Mapping[str, str], lookup_wait: float, sleep: Callable[[float], None]
    ) -> None:
        self._client = client
        self._ids = ids
        self._lookup_wait = lookup_wait
        self._sleep = sleep
        self.server_time: datetime | None = None
        """QuickBooks' own clock at the latest answer: the watermark of what we have seen."""

    def deliver(self, parcel: Parcel, requestid: str, bids: Mapping[str, str]) -> Delivery:
        """Send a parcel for the first time."""
        return self._carry(parcel, requestid, bids, known_sent=False)

    def recover(self, parcel: Parcel, requestid: str, bids: Mapping[str, str]) -> Delivery:
        """Finish a parcel that an earlier run may have sent: look it up first."""
        return self._carry(parcel, requestid, bids, known_sent=True)

    def _carry(self, parcel: Parcel, requestid: str, bids: Mapping[str, str], *, known_sent: bool) -> Delivery:
        try:
            if parcel.lane is Lane.CHANGES:
                answers = tuple(self._change(one, requestid) for one in parcel.operations)
            else:
                answers = self._create(parcel.operations, requestid, bids, look_first=known_sent)
        except OutcomeUnknown as error:
            unknown = tuple(_unknown(one, error) for one in parcel.operations)
            return Delivery(requestid=requestid, answers=unknown, settled=False, trouble=error)
        except ToolkitError as error:
            # Nothing of this parcel was accepted: it is as if it had never been sent.
            return Delivery(requestid=requestid, answers=(), trouble=error)
        return Delivery(requestid=requestid, answers=tuple(replace(one, requestid=requestid) for one in answers))

    # ---- creations, in batches

    def _create(
        self, operations: Sequence[Operation], requestid: str, bids: Mapping[str, str], *, look_first: bool
    ) -> tuple[Answer, ...]:
        answers: dict[str, Answer] = {}
        rest, faults = list(operations), dict[str, Fault]()
        lost: Exception | None = None
        for _ in range(TRIES):
            if look_first:
                answers |= self._look_up(rest, after=self._lookup_wait)
                rest = [one for one in rest if one.key not in answers]
            if not rest:
                break
            try:
                back = self._client.batch(self._items(rest, bids), requestid)
            except NoAnswer as error:
                look_first, lost, faults = True, error, {}
                continue
            self._saw(back)
            faults = _faults(rest, bids, back)
            answers |= self._read_answers(rest, bids, back, resent=look_first)
            rest, look_first, lost = [one for one in rest if one.key not in answers], True, None
        return self._given_up(operations, answers, rest, faults, lost)

    def _given_up(
        self,
        operations: Sequence[Operation],
        answers: dict[str, Answer],
        rest: Sequence[Operation],
        faults: Mapping[str, Fault],
        lost: Exception | None,
    ) -> tuple[Answer, ...]:
        """All answers, when every one is known: a refusal that outlives the look-ups is a refusal, silence is not."""
        if rest and (lost is not None or any(one.key not in faults for one in rest)):
            raise OutcomeUnknown(_lost_problem(rest)) from lost
        found = self._look_up(rest, after=self._lookup_wait)
        answers |= {one.key: found.get(one.key) or _refused(one, faults[one.key]) for one in rest}
        return tuple(answers[one.key] for one in operations)

    def _saw(self, back: Sequence[BatchAnswer]) -> None:
        times = [one.time for one in back if one.time is not None]
        self.server_time = max([*times, *([self.server_time] if self.server_time else [])], default=None)

    def _items(self, operations: Sequence[Operation], bids: Mapping[str, str]) -> list[BatchItem]:
        return [BatchItem(bid=bids[one.key], request=wire.to_json(one, self._resolve)) for one in operations]

    def _read_answers(
        self, operations: Sequence[Operation], bids: Mapping[str, str], back: Sequence[BatchAnswer], *, resent: bool
    ) -> dict[str, Answer]:
        """Answers that settle their operation; an item that QuickBooks was unwell about, or left out, stays open."""
        by_bid = {one.bid: one for one in back}
        found: dict[str, Answer] = {}
        for operation in operations:
            answer = by_bid.get(bids[operation.key])
            if answer is None:
                continue
            read = self._read_answer(operation, answer, resent=resent)
            if read is not None:
                found[operation.key] = read
        return found

    def _read_answer(self, operation: Operation, answer: BatchAnswer, *, resent: bool) -> Answer | None:
        if answer.json is not None:
            return standing(operation, wire_read.record(operation.entity, answer.json))
        fault = answer.fault
        if fault is None or fault.try_later or (resent and fault.code in REPLAYED and not fault.name_locked):
            return None
        if fault.name_locked:
            return Answer(operation=operation, standing=Standing.BEGUN, alone=True)
        if fault.code in ("6140", "6240"):
            # Taken: perhaps by ourselves, when an earlier answer was lost and the requestid was not honoured.
            mine = self._look_up([operation]).get(operation.key)
            if mine is not None:
                return mine
        return _refused(operation, fault)

    def _look_up(self, operations: Sequence[Operation], *, after: float = 0.0) -> dict[str, Answer]:
        if not operations:
            return {}
        if after:
            self._sleep(after)
        found = lookup.find(self._client, operations, self._resolve)
        by_key = {one.key: one for one in operations}
        return {key: standing(by_key[key], record) for key, record in found.items()}

    # ---- changes of what stands, one by one

    def _change(self, operation: Operation, requestid: str) -> Answer:
        """Void, update or delete: read what stands now, then send; a stale token is read again, at most three times."""
        lost: Exception | None = None
        for attempt in range(STALE_TRIES + TRIES):
            if lost is not None:
                self._sleep(self._lookup_wait)
            now = self._now(operation)
            settled = _settled_change(operation, now)
            if settled is not None or now is None:
                return settled or _gone(operation)
            request = wire.to_json(self._fresh(operation, now), self._resolve)
            try:
                return _changed(operation, self._client.write(request, f"{requestid[:30]}{attempt:02d}"))
            except NoAnswer as error:
                lost = error
            except QuickBooksRefused as refused:
                if refused.fault_code != "5010" or attempt + 1 >= STALE_TRIES:
                    return Answer(operation=operation, standing=Standing.FAILED, problem=refused.problem)
        raise OutcomeUnknown(_lost_problem([operation])) from lost

    def _now(self, operation: Operation) -> Json | None:
        try:
            return self._client.read(operation.entity, operation.record.id)
        except QuickBooksRefused as refused:
            if refused.fault_code != "610":
                raise
            return None

    @staticmethod
    def _fresh(operation: Operation, now: Json) -> Operation:
        token = str(now.get("SyncToken") or "0")
        return replace(operation, record=replace(operation.record, sync_token=token))

    def _resolve(self, reference: str) -> str:
        return self._ids[reference.removeprefix(PENDING)]


def standing(operation: Operation, record: Record) -> Answer:
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


def _settled_change(operation: Operation, now: Json | None) -> Answer | None:
    """The answer when there is nothing left to do: it is gone, or voided already."""
    done = Answer(operation=operation, standing=Standing.DONE, qbo_id=operation.record.id)
    if now is None:
        return done if operation.action in (Action.DELETE, Action.VOID) else _gone(operation)
    if operation.action is Action.VOID and wire_read.voided(now):
        return replace(done, sync_token=str(now.get("SyncToken") or ""), number=str(now.get("DocNumber") or ""))
    if operation.action is Action.DEACTIVATE and now.get("Active") is False:
        return done
    return None


def _changed(operation: Operation, body: Json) -> Answer:
    return Answer(
        operation=operation,
        standing=Standing.DONE,
        qbo_id=operation.record.id,
        number=str(body.get("DocNumber") or ""),
        sync_token=str(body.get("SyncToken") or ""),
    )


def _faults(operations: Sequence[Operation], bids: Mapping[str, str], back: Sequence[BatchAnswer]) -> dict[str, Fault]:
    by_bid = {one.bid: one.fault for one in back if one.fault is not None}
    return {one.key: by_bid[bids[one.key]] for one in operations if bids[one.key] in by_bid}


def _refused(operation: Operation, fault: Fault) -> Answer:
    problem = fault_words.problem(fault, operation.label, key=operation.coworks_id)
    return Answer(operation=operation, standing=Standing.FAILED, problem=problem)


def _unknown(operation: Operation, error: OutcomeUnknown) -> Answer:
    return Answer(operation=operation, standing=Standing.UNKNOWN, problem=error.problem)


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


def _lost_problem(operations: Sequence[Operation]) -> Problem:
    names = ", ".join(one.label for one in operations[:3]) + (" …" if len(operations) > 3 else "")
    return Problem(
        code="outcome-unknown",
        where=names,
        what=f"{len(operations)} operations were sent and QuickBooks' answer was lost each time.",
        why="They may or may not stand in QuickBooks; sending them blindly could post them twice.",
        do="Run the same command again: it looks each of them up before it sends anything.",
    )
