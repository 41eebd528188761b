"""Which operations may go now, and in which parcels: at most 30 a batch, dependants as soon as what they need stands.

Pure bookkeeping over a plan's operations: no clock, no network. Intuit takes at most 30 items a batch, runs them
independently (one item cannot refer to another's new id) and refuses parallel writes to its name lists.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from toolkit.plan import Action, Kind, Operation

BATCH_SIZE = 30
"""Intuit's limit of items in one batch; more is refused with code 1040."""


class Lane(StrEnum):
    """How an operation travels: new names one batch at a time, changes of names one by one and never beside them, new
    documents in parallel batches, changes of documents one by one but in parallel.
    """

    NAMES = "names"
    NAME_CHANGES = "name changes"
    DOCUMENTS = "documents"
    CHANGES = "changes"


NAME_LISTS = (Lane.NAMES, Lane.NAME_CHANGES)
"""Lanes that write to Intuit's name lists: only one request of them at a time."""
ONE_BY_ONE = (Lane.CHANGES, Lane.NAME_CHANGES)
"""Lanes whose operations need a fresh read each, and go alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """Operations that go in one request; none needs another of them.

    `requestid` and `bids` (by key) are those of an earlier sending whose outcome is not known, else empty. `firm` says
    that so much time has passed since that its look-ups are conclusive, `alone` that a name goes by itself because it
    was refused among others: it does not ask for that again.
    """

    lane: Lane
    operations: tuple[Operation, ...]
    requestid: str = ""
    bids: Mapping[str, str] = field(default_factory=dict)
    firm: bool = False
    alone: bool = False


def lane_of(operation: Operation) -> Lane:
    """Names and new documents can go in batches; an update, void or delete needs a fresh read and goes alone."""
    name = operation.kind is Kind.CUSTOMER
    if operation.action is not Action.CREATE:
        return Lane.NAME_CHANGES if name else Lane.CHANGES
    return Lane.NAMES if name else Lane.DOCUMENTS


class Waves:
    """The operations still to go; `parcels` hands out what may go now, `settle` reports what came of one."""

    def __init__(self, operations: Iterable[Operation], standing: Collection[str]) -> None:
        """`standing` are keys that already stand in QuickBooks; operations with such a key are left out.

        What needs a key that neither stands nor comes is blocked from the start.
        """
        self._waiting: dict[str, set[str]] = {}
        self._dependants: dict[str, list[Operation]] = {}
        self._ready: dict[Lane, deque[Operation]] = {lane: deque() for lane in Lane}
        self._again: deque[Parcel] = deque()
        self._alone: deque[Operation] = deque()
        self._in_flight: dict[Lane, int] = dict.fromkeys(Lane, 0)
        self.blocked: list[Operation] = []
        mine = [one for one in operations if one.key not in standing]
        coming = {one.key for one in mine}
        self.remaining = len(mine)
        lost = [one for one in mine if any(key not in coming and key not in standing for key in one.needs)]
        for operation in mine:
            self._admit(operation, {key for key in operation.needs if key in coming})
        for operation in lost:
            self._block(operation)

    def _admit(self, operation: Operation, missing: set[str]) -> None:
        if not missing:
            self._ready[lane_of(operation)].append(operation)
            return
        self._waiting[operation.key] = missing
        for key in missing:
            self._dependants.setdefault(key, []).append(operation)

    def _block(self, operation: Operation) -> None:
        """An operation that can never go, with all that hangs on it."""
        if self._take_out({operation.key}):
            self.blocked.append(operation)
            self.settle(operation, stands=False)

    def _take_out(self, keys: Collection[str]) -> set[str]:
        """Take operations out of all queues; returns the keys that were in one."""
        gone = {key for key in keys if self._waiting.pop(key, None) is not None}
        for lane, queue in self._ready.items():
            here = {one.key for one in queue if one.key in keys}
            if here:
                self._ready[lane] = deque(one for one in queue if one.key not in here)
                gone |= here
        return gone

    def send_again(self, parcels: Iterable[Parcel]) -> None:
        """Parcels of an earlier run go first, under their old ids; their operations leave the ordinary queues."""
        again = tuple(parcels)
        self._take_out({one.key for parcel in again for one in parcel.operations})
        self._again += again

    def put_back(self, parcel: Parcel) -> None:
        """A parcel that was handed out and surely not sent: it is the next to go."""
        self._in_flight[parcel.lane] -= 1
        if parcel.requestid:
            self._again.appendleft(parcel)
        else:
            self._ready[parcel.lane].extendleft(reversed(parcel.operations))

    def next_lane(self) -> Lane | None:
        """The lane of the parcel that `parcels` would hand out next, None if nothing may go now."""
        again = self._next_again()
        if again is not None:
            return self._again[again].lane
        return next((lane for lane in Lane if self._may_send(lane)), None)

    def parcels(self, room: int) -> tuple[Parcel, ...]:
        """At most `room` parcels that may go now, marked as in flight.

        A batch that is not full waits as long as an answer in flight may still fill it.
        """
        found: list[Parcel] = []
        while len(found) < room and (parcel := self._next()) is not None:
            self._in_flight[parcel.lane] += 1
            found.append(parcel)
        return tuple(found)

    def _next(self) -> Parcel | None:
        again = self._next_again()
        if again is not None:
            parcel = self._again[again]
            del self._again[again]
            return parcel
        lane = next((lane for lane in Lane if self._may_send(lane)), None)
        return None if lane is None else self._filled(lane)

    def _next_again(self) -> int | None:
        return next(
            (at for at, one in enumerate(self._again) if one.lane not in NAME_LISTS or self._names_free()), None
        )

    def _names_free(self) -> bool:
        return not any(self._in_flight[lane] for lane in NAME_LISTS)

    def _may_send(self, lane: Lane) -> bool:
        ready = len(self._ready[lane])
        if lane in NAME_LISTS:
            return self._names_free() and bool(ready or (lane is Lane.NAMES and self._alone))
        if not ready:
            return False
        if lane is Lane.CHANGES:
            return True
        return ready >= BATCH_SIZE or not self._waiting or not (self._again or any(self._in_flight.values()))

    def _filled(self, lane: Lane) -> Parcel:
        alone = lane is Lane.NAMES and bool(self._alone)
        queue = self._alone if alone else self._ready[lane]
        size = 1 if alone or lane in ONE_BY_ONE else BATCH_SIZE
        taken = tuple(queue.popleft() for _ in range(min(size, len(queue))))
        return Parcel(lane=lane, operations=taken, alone=alone)

    def landed(self, parcel: Parcel) -> None:
        """A parcel is no longer in flight, whatever came of it."""
        self._in_flight[parcel.lane] -= 1

    def again_alone(self, operation: Operation) -> None:
        """A name goes once more, alone: QuickBooks said that only one name at a time can be added."""
        self._alone.append(operation)

    def settle(self, operation: Operation, *, stands: bool) -> None:
        """What came of an operation: its dependants become ready, or, if it does not stand, blocked for good."""
        self.remaining -= 1
        for dependant in self._dependants.pop(operation.key, []):
            missing = self._waiting.get(dependant.key)
            if missing is None:
                continue
            if not stands:
                del self._waiting[dependant.key]
                self.blocked.append(dependant)
                self.settle(dependant, stands=False)
                continue
            missing.discard(operation.key)
            if not missing:
                del self._waiting[dependant.key]
                self._ready[lane_of(dependant)].append(dependant)
