"""The one loop that writes to QuickBooks: record, send, record; exactly the plan that was approved, or nothing.

What is about to be sent is first written to the posting log, with its requestid. A lost answer is looked up before
anything goes again, and goes again under the same requestid. Operations travel in batches, as many in flight as
QuickBooks' limits allow; the posting log is written from this thread only.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace

from toolkit.approval import Approval, check
from toolkit.carrier import Answer, Carrier, Delivery
from toolkit.plan import Adoption, Operation, Outcome, Plan, Posted, Standing, Written
from toolkit.posting_log import Event, Member, PostingLog
from toolkit.problems import OutcomeUnknown, Problem, Stale, ToolkitError, Unapproved
from toolkit.qbo.client import Client
from toolkit.settings import Settings
from toolkit.waves import Parcel, Waves

IN_FLIGHT = 12
"""Requests under way at once: ten a second at 0.6 s and more a batch needs no more, and Intuit allows ten a second."""
HEARTBEAT_SECONDS = 5.0

Progress = Callable[[int, int, str], None]
"""Told after every answer: operations settled, operations in all, a word on what is happening."""


def silent(_done: int, _total: int, _word: str) -> None:
    """Nobody listens."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """Everything a push works with; `run_id` is unique for ever, `sleep` waits in seconds."""

    client: Client
    log: PostingLog
    settings: Settings
    run_id: str
    progress: Progress = silent
    sleep: Callable[[float], None] = time.sleep
    monotonic: Callable[[], float] = time.monotonic


def push(plan: Plan, *, approval: Approval, situation: Situation) -> Outcome:
    """Post exactly the approved plan and say what came of each operation, in plan order.

    `plan` is the plan made now; when the approval code is that of a plan that was begun and cut, that one is resumed.
    Raises `Unapproved`, `Stale`, `Unsafe`, `NotLive` or `CompanyBusy` before anything is sent; a fault of one operation
    is its Written's Problem, never an exception. QuickBooks becoming unreachable ends the run with an Outcome whose
    `problems` say so. Ctrl-C finishes the answers in hand and then raises KeyboardInterrupt.
    """
    log, settings = situation.log, situation.settings
    chosen = choose(plan, approval, log)
    check(chosen, approval, settings)
    with log.holding(situation.run_id, pid=os.getpid()):
        log.begin_run(
            situation.run_id,
            command=f"push {chosen.stage}",
            period=chosen.period,
            digest=chosen.digest,
            approved_by=approval.by,
        )
        log.begin_plan(chosen)
        return _Run(chosen, situation).drive()


def choose(plan: Plan, approval: Approval, log: PostingLog) -> Plan:
    """The plan that the approval code names: the one made now, or the very one that an earlier run began.

    Raises `Unapproved` without a code and `Stale` when the code is of neither, or when a fact that the begun plan
    relied on has changed since.
    """
    if approval.automatic or approval.code == plan.digest:
        return plan
    if not approval.code:
        raise Unapproved(_unapproved(plan))
    begun = log.begun_plan(approval.code)
    if begun is None:
        raise Stale(_stale(plan, approval.code, ""))
    moved = _moved(begun, plan)
    if moved:
        raise Stale(_stale(plan, approval.code, moved))
    return begun


def _moved(begun: Plan, now: Plan) -> str:
    fresh = {fact.of: fact.value for fact in now.facts}
    for fact in begun.facts:
        if fact.of in fresh and fresh[fact.of] != fact.value:
            return f"{fact.of} was {fact.value} and is {fresh[fact.of]}"
    return ""


@dataclass(slots=True)
class _Run:
    """One push under way; lives in one thread, which alone writes the posting log."""

    plan: Plan
    situation: Situation
    ids: dict[str, str] = field(default_factory=dict)
    written: dict[str, Written] = field(default_factory=dict)
    trouble: list[ToolkitError] = field(default_factory=list)
    stopping: bool = False
    sequence: int = 0

    def drive(self) -> Outcome:
        """Adopt, settle what an earlier run left open, then send wave after wave until nothing is left."""
        client = self.situation.client
        reads, writes, calls = client.reads, client.writes, client.calls
        self._adopt(self.plan.adoptions)
        done = self.situation.log.replay()
        self.ids = {key: one.qbo_id for key, one in done.items() if one.standing in (Standing.DONE, Standing.ADOPTED)}
        standing = {one.key for one in self.plan.operations if one.key in self.ids}
        waves = Waves(self.plan.operations, standing)
        carrier = Carrier(client, self.ids, self.situation.settings.limits.lookup_wait_seconds, self.situation.sleep)
        state = "failed"
        try:
            with ThreadPoolExecutor(max_workers=IN_FLIGHT) as pool:
                self._pump(waves, carrier, pool)
            state = "stopped" if self.stopping else self._state()
        finally:
            self.situation.log.end_run(self.situation.run_id, state=state, summary=self._summary())
        if self._finished():
            self.situation.log.finish_plan(self.plan.digest)
        if self.stopping:
            raise KeyboardInterrupt
        outcome = replace(self._outcome(waves, standing), server_time=carrier.server_time)
        return replace(outcome, reads=client.reads - reads, writes=client.writes - writes, calls=client.calls - calls)

    # ---- the loop

    def _pump(self, waves: Waves, carrier: Carrier, pool: ThreadPoolExecutor) -> None:
        in_flight: dict[Future[Delivery], Parcel] = self._leftovers(waves, carrier, pool)
        while True:
            try:
                if not (self.stopping or self.trouble):
                    for parcel in waves.parcels(IN_FLIGHT - len(in_flight)):
                        in_flight[self._send(parcel, carrier, pool)] = parcel
                if not in_flight:
                    return
                ready, _ = wait(in_flight, timeout=HEARTBEAT_SECONDS, return_when=FIRST_COMPLETED)
                if not ready:
                    self.situation.log.heartbeat()
                for future in ready:
                    parcel = in_flight.pop(future)
                    self._land(parcel, future, waves)
            except KeyboardInterrupt:
                # The answers in hand are finished: a request that is under way cannot be called back.
                self.stopping = True
                self._say("stopping after the answers in hand")

    def _leftovers(self, waves: Waves, carrier: Carrier, pool: ThreadPoolExecutor) -> dict[Future[Delivery], Parcel]:
        """Batches that an earlier run sent or was about to send: looked up first, then sent under their old ids."""
        by_key = {one.key: one for one in self.plan.operations}
        in_flight: dict[Future[Delivery], Parcel] = {}
        for open_batch in self.situation.log.open_batches():
            members = [one for one in open_batch.members if one.key in by_key and one.key not in self.ids]
            if not members:
                self._forget(open_batch.requestid, open_batch.members)
                continue
            parcel = waves.reclaim([by_key[one.key] for one in members])
            bids = {one.key: one.bid for one in members}
            in_flight[pool.submit(carrier.recover, parcel, open_batch.requestid, bids)] = parcel
        return in_flight

    def _forget(self, requestid: str, members: Sequence[Member]) -> None:
        """An open batch of another plan: its operations are not ours to send; the next plan sees them as unknown."""
        if all(one.key in self.ids for one in members):
            self.situation.log.settle_batch(requestid, ())

    def _send(self, parcel: Parcel, carrier: Carrier, pool: ThreadPoolExecutor) -> Future[Delivery]:
        requestid = self._requestid()
        bids = {one.key: str(number) for number, one in enumerate(parcel.operations, start=1)}
        members = [
            Member(bid=bids[one.key], key=one.key, kind=one.kind, entity=one.entity) for one in parcel.operations
        ]
        self.situation.log.begin_batch(
            requestid, run_id=self.situation.run_id, digest=self.plan.digest, members=members
        )
        return pool.submit(carrier.deliver, parcel, requestid, bids)

    def _requestid(self) -> str:
        self.sequence += 1
        words = f"{self.plan.realm}|{self.situation.run_id}|{self.sequence}"
        return hashlib.sha256(words.encode()).hexdigest()[:32]

    # ---- what came back

    def _land(self, parcel: Parcel, future: Future[Delivery], waves: Waves) -> None:
        waves.landed(parcel)
        delivery = future.result()
        if delivery.trouble is not None:
            self.trouble.append(delivery.trouble)
        events: list[Event] = []
        for answer in delivery.answers:
            if answer.alone:
                waves.again_alone(answer.operation)
                continue
            written = self._written(answer)
            self.written[written.key] = written
            events.append(self._event(answer, written))
            if written.standing is Standing.DONE:
                self.ids[written.key] = written.qbo_id
            waves.settle(answer.operation, stands=written.standing is Standing.DONE)
        if delivery.settled:
            self.situation.log.settle_batch(delivery.requestid, events)
        else:
            self.situation.log.record(events)
        self._say("")

    def _written(self, answer: Answer) -> Written:
        operation = answer.operation
        return Written(
            key=operation.key,
            action=operation.action,
            entity=operation.entity,
            standing=answer.standing,
            qbo_id=answer.qbo_id,
            number=answer.number,
            problem=answer.problem,
        )

    def _event(self, answer: Answer, written: Written) -> Event:
        operation = answer.operation
        posted = Posted(
            key=operation.key,
            kind=operation.kind,
            entity=operation.entity,
            standing=written.standing,
            qbo_id=written.qbo_id,
            number=written.number,
            amount=operation.amount,
            sync_token=answer.sync_token,
            run=self.situation.run_id,
            digest=self.plan.digest,
            note=written.problem.code if written.problem else "",
            generation=operation.generation,
            coworks_id=operation.coworks_id,
        )
        return Event(posted=posted, action=str(operation.action), requestid=answer.requestid)

    def _adopt(self, adoptions: Iterable[Adoption]) -> None:
        self.situation.log.record(
            Event(
                posted=Posted(
                    key=one.key,
                    kind=one.kind,
                    entity=one.entity,
                    standing=Standing.ADOPTED,
                    qbo_id=one.qbo_id,
                    number=one.number,
                    amount=one.amount,
                    run=self.situation.run_id,
                    digest=self.plan.digest,
                    note=one.rule,
                    coworks_id=one.coworks_id,
                ),
                action="adopt",
            )
            for one in adoptions
        )

    # ---- the end

    def _finished(self) -> bool:
        states = {one.standing for one in self.written.values()}
        return not (self.stopping or self.trouble or Standing.UNKNOWN in states)

    def _state(self) -> str:
        if any(one.standing is Standing.UNKNOWN for one in self.written.values()):
            return "unknown"
        return "failed" if self.trouble else "done"

    def _summary(self) -> str:
        stands = sum(1 for one in self.written.values() if one.standing is Standing.DONE)
        return f"{stands} of {len(self.plan.operations)} operations written"

    def _outcome(self, waves: Waves, standing: set[str]) -> Outcome:
        for operation in waves.blocked:
            self.written.setdefault(operation.key, _blocked(operation))
        problems = [one.problem for one in self.written.values() if one.problem]
        problems += [error.problem for error in self.trouble]
        in_order = [self.written[one.key] for one in self.plan.operations if one.key in self.written]
        return Outcome(
            run=self.situation.run_id,
            digest=self.plan.digest,
            written=tuple(in_order),
            adopted=len(self.plan.adoptions),
            unchanged=len(self.plan.unchanged) + len(standing),
            held=len(self.plan.held),
            stopped=bool(self.trouble),
            problems=tuple(problems),
            exit_codes=tuple(sorted({error.exit_code for error in self.trouble} | self._codes())),
        )

    def _codes(self) -> set[int]:
        codes = {Standing.UNKNOWN: OutcomeUnknown.exit_code, Standing.FAILED: 3}
        return {codes[one.standing] for one in self.written.values() if one.standing in codes} | {
            3 for one in self.written.values() if one.problem
        }

    def _say(self, word: str) -> None:
        self.situation.progress(len(self.written), len(self.plan.operations), word)


def _blocked(operation: Operation) -> Written:
    problem = Problem(
        code="needs-another",
        where=operation.label,
        what="It was not sent, because something it needs was not posted.",
        why="A payment can only be applied to an invoice that stands in QuickBooks.",
        do="Settle the other problem first, then run again.",
        key=operation.coworks_id,
    )
    return Written(
        key=operation.key,
        action=operation.action,
        entity=operation.entity,
        standing=Standing.FAILED,
        problem=problem,
    )


def _unapproved(plan: Plan) -> Problem:
    return Problem(
        code="unapproved",
        where=f"{plan.company} {plan.period}",
        what="No approval code was given.",
        why="QuickBooks is only written with a plan that a person has seen.",
        do=f"Look at the preview, then run again with --approve {plan.digest}.",
    )


def _stale(plan: Plan, code: str, moved: str) -> Problem:
    why = (
        f"Since then {moved}." if moved else "The billing report, the mapping, the settings or the books have changed."
    )
    return Problem(
        code="stale",
        where=f"{plan.company} {plan.period}",
        what=f"The approval code {code} is not that of the plan as it would be posted now ({plan.digest}).",
        why=why,
        do="Look at the preview again and approve its new code.",
    )
