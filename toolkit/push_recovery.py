"""Batches that an earlier run sent, or was about to send, and of which not every answer is recorded.

They are looked for before anything is sent, as they were begun, also when the plan that is approved now has nothing to
do with them. What stands is done. What does not goes again under its old ids if the approved plan still wants it, else
it is closed: it never arrived.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from toolkit.carrier import Carrier
from toolkit.plan import Action, Operation, Plan
from toolkit.posting_log import Member, OpenBatch, PostingLog
from toolkit.push_answers import Answer, stands
from toolkit.waves import Parcel, lane_of

FIRM = timedelta(minutes=15)
"""A batch that was begun so long ago is seen by any query: what the look-ups do not find then was not carried out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Leftover:
    """An open batch with its operations as they were sent last, by key; what no plan knows any more is `lost`."""

    batch: OpenBatch
    sent: Mapping[str, Operation]
    lost: tuple[Member, ...]

    @property
    def keys(self) -> set[str]:
        """Every key that is open."""
        return {*self.sent, *(one.key for one in self.lost)}

    def without(self, keys: Collection[str]) -> Leftover:
        """The leftover without operations that are answered."""
        sent = {key: operation for key, operation in self.sent.items() if key not in keys}
        return replace(self, sent=sent, lost=tuple(one for one in self.lost if one.key not in keys))


Seeking = dict[Future[dict[str, Answer]], Leftover]


def leftovers(log: PostingLog, plan: Plan) -> tuple[Leftover, ...]:
    """Every open batch, oldest first; its operations come from the plan it was begun under, else from `plan`."""
    mine = {one.key: one for one in plan.operations}
    found, open_ones = [], log.open_batches()
    known: dict[str, Mapping[str, Operation]] = {plan.digest: mine} if open_ones else {}
    for batch in open_ones:
        if batch.digest not in known:
            kept = log.kept_plan(batch.digest)
            known[batch.digest] = {one.key: one for one in kept.operations} if kept else {}
        begun = known[batch.digest]
        sources = {one.key: begun.get(one.key) or mine.get(one.key) for one in batch.members}
        sent = {key: operation for key, operation in sources.items() if operation is not None}
        lost = tuple(one for one in batch.members if one.key not in sent)
        found.append(Leftover(batch=batch, sent=sent, lost=lost))
    return tuple(found)


def seek(found: Iterable[Leftover], carrier: Carrier, pool: ThreadPoolExecutor, lookup_wait: float) -> Seeking:
    """Look for all of them at once, after `lookup_wait` seconds; each future gives the answers by key, or raises.

    The time that has passed since they were sent is no help: the machine's clock may have been set meanwhile.
    """
    return {pool.submit(_seek, one, carrier, lookup_wait): one for one in found if one.sent}


def _seek(leftover: Leftover, carrier: Carrier, wait: float) -> dict[str, Answer]:
    created = [one for one in leftover.sent.values() if one.action is Action.CREATE]
    found = carrier.seek(created, wait) if created else {}
    answers = {key: stands(leftover.sent[key], record) for key, record in found.items()}
    for operation in leftover.sent.values():
        inspected = carrier.inspect(operation) if operation.action is not Action.CREATE else None
        if inspected is not None:
            answers[operation.key] = inspected
    return {key: replace(one, requestid=leftover.batch.requestid) for key, one in answers.items()}


def to_send_again(
    leftover: Leftover, wanted: Mapping[str, Operation], standing: Collection[str], now: datetime
) -> Parcel | None:
    """What was not found and goes again under its old ids: `wanted` are the operations that may be sent, by key.

    An operation that still waits for another cannot have been sent before: it goes with the others in its turn.
    """
    ready = [wanted[key] for key in leftover.sent if key in wanted]
    ready = [one for one in ready if all(need in standing for need in one.needs)]
    if not ready:
        return None
    lane = lane_of(ready[0])
    together = tuple(one for one in ready if lane_of(one) is lane)
    bids = {one.key: one.bid for one in leftover.batch.members}
    return Parcel(
        lane=lane,
        operations=together,
        requestid=leftover.batch.requestid,
        bids={one.key: bids[one.key] for one in together},
        firm=now - leftover.batch.begun_at >= FIRM,
    )
