"""Which operations may go now, and in which parcels: at most 30 a batch, dependants as soon as what they need stands.

Pure bookkeeping over a plan's operations: no clock, no network. Intuit takes at most 30 items a batch, runs them
independently (one item cannot refer to another's new id) and refuses parallel writes to its name lists.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import StrEnum

from toolkit.plan import Action, Kind, Operation

BATCH_SIZE = 30
"""Intuit's limit of items in one batch; more is refused with code 1040."""


class Lane(StrEnum):
    """How an operation travels: names one batch at a time, new documents in parallel batches, changes one by one."""

    NAMES = "names"
    DOCUMENTS = "documents"
    CHANGES = "changes"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """Operations that go in one request; none needs another of them."""

    lane: Lane
    operations: tuple[Operation, ...]


def lane_of(operation: Operation) -> Lane:
    """Names and new documents can go in batches; an update, void or delete needs a fresh read and goes alone."""
    if operation.action is not Action.CREATE:
        return Lane.CHANGES
    return Lane.NAMES if operation.kind is Kind.CUSTOMER else Lane.DOCUMENTS


class Waves:
    """The operations still to go; `parcels` hands out what may go now, `settle` reports what came of one."""

    def __init__(self, operations: Iterable[Operation], standing: Collection[str]) -> None:
        """`standing` are keys that already stand in QuickBooks; operations with such a key are left out."""
        self._waiting: dict[str, set[str]] = {}
        self._dependants: dict[str, list[Operation]] = {}
        self._ready: dict[Lane, deque[Operation]] = {lane: deque() for lane in Lane}
        self._alone: deque[Operation] = deque()
        self._in_flight: dict[Lane, int] = dict.fromkeys(Lane, 0)
        self.blocked: list[Operation] = []
        mine = [one for one in operations if one.key not in standing]
        coming = {one.key for one in mine}
        for operation in mine:
            self._admit(operation, {key for key in operation.needs if key in coming})
        self.remaining = len(mine)

    def _admit(self, operation: Operation, missing: set[str]) -> None:
        if not missing:
            self._ready[lane_of(operation)].append(operation)
            return
        self._waiting[operation.key] = missing
        for key in missing:
            self._dependants.setdefault(key, []).append(operation)

    def reclaim(self, operations: Iterable[Operation]) -> Parcel:
        """A parcel that an earlier run had sent: its operations are in flight again, out of turn."""
        claimed = tuple(operations)
        keys = {one.key for one in claimed}
        for lane, queue in self._ready.items():
            self._ready[lane] = deque(one for one in queue if one.key not in keys)
        for key in keys:
            self._waiting.pop(key, None)
        parcel = Parcel(lane=lane_of(claimed[0]), operations=claimed)
        self._in_flight[parcel.lane] += 1
        return parcel

    def parcels(self, room: int) -> tuple[Parcel, ...]:
        """At most `room` parcels that may go now, marked as in flight.

        A batch that is not full waits as long as an answer in flight may still fill it.
        """
        found: list[Parcel] = []
        for lane in Lane:
            while len(found) < room and self._may_send(lane):
                found.append(self._take(lane))
        return tuple(found)

    def _may_send(self, lane: Lane) -> bool:
        ready = len(self._ready[lane])
        if lane is Lane.NAMES:
            return self._in_flight[lane] == 0 and bool(ready or self._alone)
        if not ready:
            return False
        if lane is Lane.CHANGES:
            return True
        return ready >= BATCH_SIZE or not self._waiting or not any(self._in_flight.values())

    def _take(self, lane: Lane) -> Parcel:
        alone = lane is Lane.CHANGES or (lane is Lane.NAMES and bool(self._alone))
        queue = self._alone if lane is Lane.NAMES and self._alone else self._ready[lane]
        size = 1 if alone else BATCH_SIZE
        taken = tuple(queue.popleft() for _ in range(min(size, len(queue))))
        self._in_flight[lane] += 1
        return Parcel(lane=lane, operations=taken)

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
