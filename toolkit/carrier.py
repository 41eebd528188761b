"""Carry one parcel to QuickBooks and bring back what is known of each operation, whatever happens on the way.

Runs in worker threads and writes no log. A request whose answer is lost is looked up, not sooner than the company's
`lookup_wait` after it (queries lag behind writes); what is not found goes again under the same requestid and item ids.
requestid alone is never trusted: it can be ignored or expire. What stays in doubt is said to be, never guessed.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from toolkit import lookup, push_answers
from toolkit.books import PENDING, Record
from toolkit.lookup import Taken
from toolkit.plan import Operation, Standing
from toolkit.problems import OutcomeUnknown, Problem, QuickBooksRefused, ToolkitError
from toolkit.push_answers import Answer
from toolkit.qbo import fault_words, wire, wire_read
from toolkit.qbo.client import BatchAnswer, BatchItem, Client, NoAnswer
from toolkit.qbo.exact_json import Json
from toolkit.qbo.faults import Fault
from toolkit.waves import ONE_BY_ONE, Lane, Parcel

TRIES = 4
"""Times that a parcel with a lost answer is sent in all before its outcome is left unknown for the next run."""
STALE_TRIES = 3
REPLAYED = frozenset({"600", "6000"})
"""A requestid that is used again may be answered so instead of with the first answer: then nothing is known yet."""
TAKEN = frozenset({"6140", "6240"})
"""The number or the name is taken: perhaps by ourselves, when an earlier answer was lost."""
LAPSED = frozenset({"6190"})
"""The whole company refuses writes: nothing more needs to be sent."""
_SLICE = 0.25


class Halted(Exception):
    """The run is ending, or has lost its hold of the company: this was not sent."""


class Brake:
    """Keeps workers from sending once the run is ending or its lease is no longer sure."""

    def __init__(self, sure: Callable[[], bool], sleep: Callable[[float], None]) -> None:
        """`sure` says whether this run certainly still holds the company; `sleep` waits for seconds."""
        self._sure, self._sleep = sure, sleep
        self._pulled = False  # no Event: a signal pulls it too, and may come while its lock is held

    @property
    def pulled(self) -> bool:
        """Whether the run is ending."""
        return self._pulled

    def pull(self) -> None:
        """Nothing more is sent from now on."""
        self._pulled = True

    def check(self) -> None:
        """Called right before every write: raises `Halted` when it must not be sent."""
        if self.pulled or not self._sure():
            raise Halted

    def pause(self, seconds: float) -> None:
        """Wait, in small steps; raises `Halted` as soon as the run is ending."""
        left = seconds
        while left > 0:
            if self.pulled:
                raise Halted
            self._sleep(min(_SLICE, left))
            left -= _SLICE


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """What is known of a parcel's operations.

    An operation without an answer was surely not carried out, unless `in_doubt` says why that is not known.
    `trouble` ends the run.
    """

    requestid: str
    answers: tuple[Answer, ...]
    in_doubt: Problem | None = None
    trouble: ToolkitError | None = None


@dataclass(slots=True)
class _Trip:
    """One parcel under way: the answers so far, and whether what has none may have been carried out."""

    parcel: Parcel
    requestid: str
    bids: Mapping[str, str]
    maybe_done: bool
    answers: dict[str, Answer] = field(default_factory=dict)
    faults: dict[str, Fault] = field(default_factory=dict)
    refused_at_once: dict[str, Fault] = field(default_factory=dict)
    silent: bool = False
    trouble: ToolkitError | None = None

    @property
    def rest(self) -> list[Operation]:
        return [one for one in self.parcel.operations if one.key not in self.answers]

    def take(self, found: Mapping[str, Answer]) -> None:
        self.answers |= {key: replace(one, requestid=self.requestid) for key, one in found.items()}

    def delivery(self) -> Delivery:
        rest = self.rest
        doubt = push_answers.lost(rest) if rest and self.maybe_done else None
        if doubt is not None and self.silent and self.trouble is None:
            self.trouble = OutcomeUnknown(doubt)
        known = tuple(self.answers[one.key] for one in self.parcel.operations if one.key in self.answers)
        return Delivery(requestid=self.requestid, answers=known, in_doubt=doubt, trouble=self.trouble)


class Carrier:
    """Carries parcels for one run; `ids` gives the QuickBooks id of every key that stands, and grows meanwhile.

    `taken` names the key that a record (entity, id) belongs to. Safe to use from many threads.
    """

    def __init__(
        self, client: Client, ids: Mapping[str, str], *, taken: Taken, lookup_wait: float, brake: Brake
    ) -> None:
        self._client = client
        self._ids = ids
        self._stood = taken
        self._claims: dict[tuple[str, str], str] = {}
        self._lookup_wait = lookup_wait
        self._brake = brake
        self._lock = threading.Lock()
        self.server_time: datetime | None = None
        """QuickBooks' own clock at the latest answer: the watermark of what we have seen."""

    def seek(self, operations: Sequence[Operation], wait: float) -> dict[str, Record]:
        """Look for creations of an earlier run after `wait` seconds: the records found, by key.

        Raises what `Client.query_all` raises, and `Halted`.
        """
        self._brake.pause(wait)
        return self._find(operations)

    def deliver(self, parcel: Parcel, requestid: str, bids: Mapping[str, str], *, admitted: bool = False) -> Delivery:
        """Send a parcel; one with a requestid of its own was perhaps carried out before, and was just looked for.

        `admitted` says that its place in the limits is taken.
        """
        trip = _Trip(parcel, requestid, bids, maybe_done=bool(parcel.requestid))
        try:
            if parcel.lane in ONE_BY_ONE:
                self._change(trip, parcel.operations[0])
            else:
                self._create(trip, admitted=admitted)
        except Halted:
            trip.silent = False
        except ToolkitError as error:
            trip.trouble = error
        return trip.delivery()

    # ---- creations, in batches

    def _create(self, trip: _Trip, *, admitted: bool) -> None:
        for attempt in range(TRIES):
            if attempt:
                self._brake.pause(self._lookup_wait)
                trip.take(self._look_up(trip.rest))
                self._believe(trip)
            if not trip.rest:
                return
            self._send(trip, admitted=admitted and not attempt)
            if not trip.rest:
                return
        self._brake.pause(self._lookup_wait)
        trip.take(self._look_up(trip.rest))
        self._give_up(trip)

    def _send(self, trip: _Trip, *, admitted: bool) -> None:
        """Send what has no answer yet; what has none afterwards may have been carried out."""
        rest, again = trip.rest, trip.maybe_done
        items = [BatchItem(bid=trip.bids[one.key], request=wire.to_json(one, self._resolve)) for one in rest]
        try:
            back = self._client.batch(items, trip.requestid, admitted=admitted, before=self._brake.check)
        except NoAnswer:
            trip.maybe_done = trip.silent = True
            trip.faults = {}
            return
        trip.silent, trip.faults = False, {}
        self._saw(back)
        self._read_answers(trip, rest, back, again=again)
        trip.maybe_done = True

    def _saw(self, back: Sequence[BatchAnswer]) -> None:
        times = [one.time for one in back if one.time is not None]
        self.server_time = max([*times, *([self.server_time] if self.server_time else [])], default=None)

    def _read_answers(
        self, trip: _Trip, sent: Sequence[Operation], back: Sequence[BatchAnswer], *, again: bool
    ) -> None:
        """Answers that settle their operation; an item that QuickBooks was unwell about, or left out, stays open."""
        by_bid = {one.bid: one for one in back}
        for operation in sent:
            answer = by_bid.get(trip.bids[operation.key])
            if answer is None:
                continue
            if answer.fault is not None:
                trip.faults[operation.key] = answer.fault
                if answer.fault.code in LAPSED:
                    trip.trouble = fault_words.refusal(answer.fault, "QuickBooks subscription")
                if answer.fault.code in REPLAYED and not again:
                    trip.refused_at_once[operation.key] = answer.fault
            may_go_alone = not trip.parcel.alone and (again or len(sent) > 1) and trip.parcel.lane is Lane.NAMES
            read = self._read_answer(operation, answer, may_go_alone=may_go_alone)
            if read is not None:
                trip.take({operation.key: read})

    def _read_answer(self, operation: Operation, answer: BatchAnswer, *, may_go_alone: bool) -> Answer | None:
        if answer.json is not None:
            record = wire_read.record(operation.entity, answer.json)
            ours = not lookup.is_other(operation.record, record) and self._claim(operation, record.id)
            return push_answers.stands(operation, record) if ours else None
        if answer.fault is None or answer.fault.try_later or answer.fault.throttled:
            return None
        return self._read_refusal(operation, answer.fault, may_go_alone=may_go_alone)

    def _read_refusal(self, operation: Operation, fault: Fault, *, may_go_alone: bool) -> Answer | None:
        """The answer that a refusal settles; None when the operation must be looked up first."""
        if fault.code == "6000" and may_go_alone:
            # "One name at a time" is said in the company's language, so any refusal among several names is tried alone,
            # under new ids: a name cannot be taken twice.
            return Answer(operation=operation, standing=Standing.BEGUN, alone=True)
        if fault.code in REPLAYED:
            return None  # also at the first sending: what lies between may have delivered it twice
        if fault.code in TAKEN:
            if not fault.holder:
                return None  # perhaps it is ourselves who hold it: it is looked up
            mine = self._holder(operation, fault)
            if mine is not None:
                return mine
        return push_answers.refused(operation, fault)

    def _holder(self, operation: Operation, fault: Fault) -> Answer | None:
        """The answer when it is this very bill that holds the number: a requestid that was not honored, or a person."""
        json = self._read(operation.entity, fault.holder)
        if json is None:
            return None
        records = [wire_read.record(operation.entity, json)]
        found = lookup.paired([operation], records, self._taken)
        found = found or lookup.twins([operation], records, self._resolve, self._taken)
        held = found.get(operation.key)
        return push_answers.stands(operation, held) if held and self._claim(operation, held.id) else None

    def _believe(self, trip: _Trip) -> None:
        """What the first sending was refused with, once it was looked up: nothing of it stands, so it is a refusal."""
        for operation in trip.rest:
            fault = trip.refused_at_once.pop(operation.key, None)
            if fault is not None:
                trip.take({operation.key: push_answers.refused(operation, fault)})

    def _give_up(self, trip: _Trip) -> None:
        """What the look-ups did not find is settled only by a refusal that leaves no doubt; silence is none.

        A number or name that is taken cannot have been posted twice. Any other refusal of a repeated request may only
        mean that it was repeated, until so much time has passed that the look-ups are conclusive.
        """
        for operation in trip.rest:
            fault = trip.faults.get(operation.key)
            if fault is not None and (fault.code in TAKEN or trip.parcel.firm):
                trip.take({operation.key: push_answers.refused(operation, fault)})

    def _look_up(self, operations: Sequence[Operation]) -> dict[str, Answer]:
        by_key = {one.key: one for one in operations}
        return {key: push_answers.stands(by_key[key], one) for key, one in self._find(operations).items()}

    def _find(self, operations: Sequence[Operation]) -> dict[str, Record]:
        found = lookup.find(self._client, operations, self._resolve, self._taken) if operations else {}
        by_key = {one.key: one for one in operations}
        return {key: record for key, record in found.items() if self._claim(by_key[key], record.id)}

    # ---- whose a record is

    def _taken(self, entity: str, record_id: str) -> str:
        """The key that a record belongs to: noted before, or claimed by an answer of this run; "" if nobody's."""
        return self._stood(entity, record_id) or self._claims.get((entity, record_id), "")

    def _claim(self, operation: Operation, record_id: str) -> bool:
        """Whether the record is this operation's from now on: one record never stands for two of them."""
        with self._lock:
            owner = self._taken(operation.entity, record_id)
            if not owner:
                self._claims[operation.entity, record_id] = operation.key
        return owner in ("", operation.key)

    # ---- changes of what stands, one by one

    def inspect(self, operation: Operation) -> Answer | None:
        """Whether a change of an earlier run was carried out, None if it was not; nothing is sent."""
        return push_answers.settled_change(operation, self._read(operation.entity, operation.record.id))

    def _change(self, trip: _Trip, operation: Operation) -> None:
        """Void, delete or make inactive: read what stands now, compare it with what was reviewed, then send.

        A stale token is read again, at most three times; a lost answer is found by reading.
        """
        for attempt in range(STALE_TRIES + TRIES):
            now = self._read(operation.entity, operation.record.id)
            answer = push_answers.settled_change(operation, now) or push_answers.moved(operation, now)
            if answer is None and now is not None:
                answer = self._attempt(trip, operation, now, attempt)
            if answer is not None:
                trip.take({operation.key: answer})
                return
            self._brake.pause(self._lookup_wait if trip.silent else 0.0)

    def _attempt(self, trip: _Trip, operation: Operation, now: Json, attempt: int) -> Answer | None:
        """Send a change once; None when it has to be read and tried again."""
        token = str(now.get("SyncToken") or "0")
        fresh = replace(operation, record=replace(operation.record, sync_token=token))
        request = wire.to_json(fresh, self._resolve)
        try:
            body = self._client.write(request, f"{trip.requestid[:30]}{attempt:02d}", before=self._brake.check)
        except NoAnswer:
            trip.maybe_done = trip.silent = True
            return None
        except QuickBooksRefused as refused:
            stale = refused.problem.code == "changed-meanwhile"
            busy = refused.fault_code == "6000" and trip.parcel.lane is Lane.NAME_CHANGES
            if (stale or busy) and attempt + 1 < STALE_TRIES:
                self._brake.pause(self._lookup_wait if busy else 0.0)
                return None
            if refused.fault_code in LAPSED:
                trip.trouble = refused
            # What lies between may have delivered it twice: then it is the second delivery that was refused.
            done = self.inspect(operation)
            return done or Answer(operation=operation, standing=Standing.FAILED, problem=refused.problem)
        return push_answers.changed(operation, body)

    def _read(self, entity: str, record_id: str) -> Json | None:
        """The record as it stands now, None if there is none; reading by id does not lag behind writes."""
        try:
            return self._client.read(entity, record_id)
        except QuickBooksRefused as refused:
            if refused.fault_code != "610":
                raise
            return None

    def _resolve(self, reference: str) -> str:
        return self._ids[reference.removeprefix(PENDING)]
