"""The one loop that writes to QuickBooks: record, send, record; exactly the plan that was approved, or nothing.

What is about to be sent is first written to the posting log, with its requestid. A lost answer is looked up before
anything goes again, and goes again under the same requestid. Operations travel in batches, as many in flight as
QuickBooks' limits allow; the posting log is written from this thread only.
"""

from __future__ import annotations

import hashlib
import os
import threading
import time
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from typing import TypeVar

from toolkit import push_recovery, push_stop, push_words
from toolkit.approval import Approval, check
from toolkit.carrier import Brake, Carrier, Delivery, Halted
from toolkit.plan import Adoption, Operation, Outcome, Plan
from toolkit.posting_log import HEARTBEAT_SECONDS, Member, PostingLog
from toolkit.problems import ToolkitError, Unsafe
from toolkit.push_answers import Answer, in_doubt, never_arrived
from toolkit.push_choice import choose
from toolkit.push_recovery import Leftover, Seeking
from toolkit.push_tally import Tally
from toolkit.qbo.client import Client
from toolkit.settings import Settings
from toolkit.undo import STAGE
from toolkit.waves import ONE_BY_ONE, Parcel, Waves

IN_FLIGHT = 12
"""Requests under way at once: ten a second at 0.6 s and more a batch needs no more, and Intuit allows ten a second."""
_SLICE = 0.25
"""Seconds at most until somebody who asks for the end is heard, while nothing else happens."""

Progress = Callable[[int, int, str], None]
"""Told after every answer: operations settled, operations in all, a word on what is happening."""
Result = TypeVar("Result")


def silent(_done: int, _total: int, _word: str) -> None:
    """Nobody listens."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """Everything a push works with; `run_id` is unique for ever, `sleep` waits in seconds.

    `in_flight` is how many requests are under way at once at most.
    """

    client: Client
    log: PostingLog
    settings: Settings
    run_id: str
    progress: Progress = silent
    sleep: Callable[[float], None] = time.sleep
    in_flight: int = IN_FLIGHT


def push(plan: Plan, *, approval: Approval, situation: Situation) -> Outcome:
    """Post exactly the approved plan and say what came of each operation, in plan order.

    `plan` is the plan made now; when the approval code is that of a plan that was begun and cut, that one is resumed.
    Raises `Unapproved`, `Stale`, `Unsafe`, `NotLive` or `CompanyBusy` before anything is sent; a fault of one operation
    is its Written's Problem, never an exception. QuickBooks becoming unreachable ends the run with an Outcome whose
    `problems` say so, and so does a posting log that cannot be written any more. Ctrl-C, once or often,
    finishes the answers in hand and then raises `Stopped`, a KeyboardInterrupt with the Outcome by then.
    """
    log = situation.log
    chosen = choose(plan, approval, log)
    check(chosen, approval, situation.settings)
    if situation.client.realm != chosen.realm:
        raise Unsafe(push_words.other_company(chosen, situation.client.realm))
    with log.holding(situation.run_id, pid=os.getpid(), watch=situation.sleep):
        log.begin_run(
            situation.run_id,
            command=chosen.stage if chosen.stage.startswith(STAGE) else f"push {chosen.stage}",
            period=chosen.period,
            digest=chosen.digest,
            approved_by=approval.by,
        )
        log.begin_plan(chosen)
        # A plan that is resumed was made before its own run was cut: what the one made now recognizes stands by now.
        return _Run(chosen, situation, recognized=() if chosen is plan else plan.adoptions).drive()


@dataclass(slots=True)
class _Run:
    """One push under way; lives in one thread, which alone writes the posting log."""

    plan: Plan
    situation: Situation
    recognized: tuple[Adoption, ...] = ()
    tally: Tally = field(init=False)
    brake: Brake = field(init=False)
    carrier: Carrier = field(init=False)
    waves: Waves = field(init=False)
    crash: Exception | None = None
    asked: int = 0
    told: int = 0
    sequence: int = 0
    total: int = 0
    idle: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        at = self.situation
        self.tally = Tally(plan=self.plan, log=at.log, run_id=at.run_id)
        self.brake = Brake(lambda: at.log.lease.fresh, at.sleep)
        self.carrier = Carrier(
            at.client,
            self.tally.ids,
            taken=self.tally.owner,
            lookup_wait=at.settings.limits.lookup_wait_seconds,
            brake=self.brake,
        )

    @property
    def log(self) -> PostingLog:
        return self.situation.log

    @property
    def stopping(self) -> bool:
        """Whether somebody asked for the end."""
        return self.asked > 0

    @property
    def over(self) -> bool:
        """Whether nothing more is sent."""
        return self.stopping or bool(self.tally.trouble) or self.crash is not None

    def drive(self) -> Outcome:
        """Settle what an earlier run left open, adopt, then send wave after wave until nothing is left."""
        with push_stop.asking(self._ask):
            return self._drive()

    def _drive(self) -> Outcome:
        client = self.situation.client
        reads, writes, calls = client.reads, client.writes, client.calls
        self.tally.know()
        self.total = len(self.tally.to_send)
        self.waves = Waves((), ())
        through = False
        try:
            with ThreadPoolExecutor(max_workers=self.situation.in_flight) as pool:
                self._prepare(pool)
                self._pump(pool)
            through = True
        except KeyboardInterrupt:
            self._ask()
        finally:
            outcome = replace(self.tally.outcome(self.waves.blocked), server_time=self.carrier.server_time)
            self.tally.end(outcome, stopped=self.stopping, crashed=self.crash is not None or not through)
        if self.crash is not None:
            raise self.crash
        outcome = replace(
            outcome, reads=client.reads - reads, writes=client.writes - writes, calls=client.calls - calls
        )
        if self.stopping:
            raise push_stop.Stopped(outcome)
        return outcome

    # ---- what an earlier run left open

    def _prepare(self, pool: ThreadPoolExecutor) -> None:
        """First what an earlier run sent and what QuickBooks had already: only then is it known what is to be sent."""
        missing = self._look_for(self._left_open(), pool)
        if self.over:
            return
        self.tally.adopt((*self.plan.adoptions, *self.recognized))
        wanted = {one.key: one for one in self.tally.to_send}
        left = [self._without_standing(one) for one in missing]
        again = [parcel for one in left if one.sent and (parcel := self._close(one, wanted)) is not None]
        if not self.over:
            self.waves = Waves(wanted.values(), self.tally.ids.keys())
            self.waves.send_again(again)

    def _left_open(self) -> list[Leftover]:
        """Open batches without what stands by now; what no plan knows any more stays open and is said."""
        found = []
        for one in push_recovery.leftovers(self.log, self.plan):
            left = self._without_standing(one)
            self.tally.open |= left.keys
            if left.lost:
                self.tally.notes.append(push_words.unexplained(self.plan, len(left.lost)))
            if left.sent:
                found.append(left)
        return found

    def _without_standing(self, one: Leftover) -> Leftover:
        """An open batch without what stands by now, which is settled."""
        left = one.without(self.tally.ids)
        if left.keys != one.keys:
            self.tally.settle(one.batch.requestid, (), left.keys)
        return left

    def _look_for(self, left: Sequence[Leftover], pool: ThreadPoolExecutor) -> list[Leftover]:
        """Note what stands of them; returns what of which batch does not."""
        missing: list[Leftover] = []
        lookup_wait = self.situation.settings.limits.lookup_wait_seconds
        seeking: Seeking = push_recovery.seek(left, self.carrier, pool, lookup_wait)
        while seeking:
            try:
                self._say("looking up what an earlier run had sent")
                ready = self._ready(seeking, HEARTBEAT_SECONDS)
                self._beat()
                for future in ready:
                    missing += self._found(seeking.pop(future), future)
            except KeyboardInterrupt:
                self._ask()
            self._tell()
        return missing

    def _found(self, one: Leftover, future: Future[dict[str, Answer]]) -> list[Leftover]:
        answers = self._result(future)
        if answers is None:
            return []
        left = one.without(answers)
        settled = not answers or self._settle(one.batch.requestid, list(answers.values()), left.keys)
        return [left] if settled and left.sent else []

    def _close(self, one: Leftover, wanted: dict[str, Operation]) -> Parcel | None:
        """What of it goes again; the rest is closed as never arrived."""
        again = push_recovery.to_send_again(one, wanted, self.tally.ids.keys(), self.log.clock())
        kept = {operation.key for operation in again.operations} if again else set[str]()
        over = one.without(kept).sent
        if over:
            closed = [never_arrived(operation, one.batch.requestid) for operation in over.values()]
            strangers = [answer for answer in closed if answer.operation.key not in wanted]
            if strangers:
                self.tally.notes.append(push_words.never_arrived(self.plan, [one.operation for one in strangers]))
            self.tally.close(one.batch.requestid, closed, kept | {member.key for member in one.lost})
        return again

    # ---- the loop

    def _pump(self, pool: ThreadPoolExecutor) -> None:
        in_flight: dict[Future[Delivery], Parcel] = {}
        while True:
            try:
                pause = HEARTBEAT_SECONDS if self.over else self._send_what_may_go(in_flight, pool)
                if not in_flight and (self.over or self.waves.next_lane() is None):
                    return
                self._wait(in_flight, pause)
                self._beat()
            except KeyboardInterrupt:
                self._ask()
            self._tell()

    def _send_what_may_go(self, in_flight: dict[Future[Delivery], Parcel], pool: ThreadPoolExecutor) -> float:
        """Send as much as there is room for; returns the seconds until it is worth asking again."""
        most = self.situation.in_flight
        while len(in_flight) < most and not self.over and (lane := self.waves.next_lane()) is not None:
            batch = lane not in ONE_BY_ONE
            if batch:
                seconds, why = self.situation.client.admit(batch=True)
                if seconds:
                    if seconds >= 1:
                        self._say(f"waiting {seconds:.0f} s: {why}")
                    return min(seconds, HEARTBEAT_SECONDS)
            for parcel in self.waves.parcels(1):
                self._send(parcel, in_flight, pool, admitted=batch)
        return HEARTBEAT_SECONDS

    def _send(
        self, parcel: Parcel, in_flight: dict[Future[Delivery], Parcel], pool: ThreadPoolExecutor, *, admitted: bool
    ) -> None:
        """Record a parcel, then hand it to a worker."""
        run, digest = self.situation.run_id, self.tally.digest
        requestid = parcel.requestid or self._requestid(parcel)
        bids = parcel.bids or {one.key: str(nth) for nth, one in enumerate(parcel.operations, start=1)}
        members = [
            Member(bid=bids[one.key], key=one.key, kind=one.kind, entity=one.entity) for one in parcel.operations
        ]
        try:
            if parcel.requestid:
                self.log.touch_batch(requestid, run_id=run, digest=digest)
            else:
                self.log.begin_batch(requestid, run_id=run, digest=digest, members=members)
        except ToolkitError as error:
            self.waves.put_back(parcel)
            self._in_trouble(error)
            return
        in_flight[pool.submit(self.carrier.deliver, parcel, requestid, bids, admitted=admitted)] = parcel

    def _requestid(self, parcel: Parcel) -> str:
        """Unlike any other: of this run and of these very records (Intuit: at most 36 characters for a batch)."""
        self.sequence += 1
        keys = "|".join(one.key for one in parcel.operations)
        words = f"{self.plan.realm}|{self.situation.run_id}|{self.sequence}|{keys}"
        return hashlib.sha256(words.encode()).hexdigest()[:32]

    def _wait(self, in_flight: dict[Future[Delivery], Parcel], pause: float) -> None:
        for future in self._ready(in_flight, pause):
            self._land(in_flight.pop(future), future)

    def _ready(self, under_way: Collection[Future[Result]], pause: float) -> Collection[Future[Result]]:
        """What has come within `pause` seconds; sooner, with nothing, when somebody asks for the end."""
        ready: Collection[Future[Result]] = ()
        while pause > 0 and not ready and self.told == self.asked:
            if under_way:
                ready, _ = wait(under_way, timeout=min(_SLICE, pause), return_when=FIRST_COMPLETED)
            else:
                self.idle.wait(min(_SLICE, pause))
            pause -= _SLICE
        return ready

    def _land(self, parcel: Parcel, future: Future[Delivery]) -> None:
        delivery = self._result(future)
        if delivery is None:  # a bug: the batch stays open, and is looked up next time
            self.tally.open |= {one.key for one in parcel.operations}
            self.waves.landed(parcel)
            return
        if delivery.trouble is not None:
            self._in_trouble(delivery.trouble)
        answered = {one.operation.key for one in delivery.answers}
        rest = [one for one in parcel.operations if one.key not in answered]
        final = [one for one in delivery.answers if not one.alone]
        doubt = delivery.in_doubt
        if doubt is not None:
            final += [in_doubt(one, delivery.requestid, doubt) for one in rest]
        if not self._settle(delivery.requestid, final, {one.key for one in rest} if doubt else set()):
            self.waves.landed(parcel)
            return
        if rest and doubt is None:  # surely not sent: the next to go, in a new batch
            self.waves.put_back(replace(parcel, operations=tuple(rest)))
        else:
            self.waves.landed(parcel)
        for one in delivery.answers:
            if one.alone:
                self.waves.again_alone(one.operation)
        for one in final:
            self.waves.settle(one.operation, stands=one.operation.key in self.tally.ids)
        self._say("")

    # ---- what ends it

    def _result(self, future: Future[Result]) -> Result | None:
        """What a worker brings; trouble ends the run, a bug ends it too, but not before the others have landed."""
        try:
            return future.result()
        except Halted:
            return None
        except ToolkitError as error:
            self._in_trouble(error)
        except Exception as error:
            self.crash = self.crash or error
            self.brake.pull()
        return None

    def _settle(self, requestid: str, answers: Sequence[Answer], still_open: set[str]) -> bool:
        settled = self.tally.settle(requestid, answers, still_open)
        if not settled:
            self.brake.pull()
        return settled

    def _beat(self) -> None:
        if self.log.lease.due:
            try:
                self.log.heartbeat()
            except ToolkitError as error:
                self._in_trouble(error)

    def _in_trouble(self, error: ToolkitError) -> None:
        self.tally.in_trouble(error)
        self.brake.pull()

    def _ask(self) -> None:
        """Somebody wants the end: nothing more is sent. Called in the midst of anything, by Ctrl-C.

        The answers in hand are finished and noted: a request that is under way cannot be called back.
        """
        self.asked += 1
        self.brake.pull()

    def _tell(self) -> None:
        """Say that we heard it, each time."""
        if self.told < self.asked:
            word = "still finishing the answers in hand" if self.told else "stopping after the answers in hand"
            self.told = self.asked
            self._say(word)

    def _say(self, word: str) -> None:
        """Tell how far it is; whoever listens asks for the end by KeyboardInterrupt (the Stop button of a page)."""
        try:
            self.situation.progress(len(self.tally.written), self.total, word)
        except KeyboardInterrupt:
            if not self.stopping:
                self._ask()
