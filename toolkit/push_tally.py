"""What one push knows and notes in the posting log: what stands, what came of each operation, what went wrong."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace

from toolkit import push_words, undo
from toolkit.counterparts import STANDS
from toolkit.plan import Adoption, Operation, Outcome, Plan, Posted, Standing, Written
from toolkit.posting_log import Event, PostingLog
from toolkit.problems import OutcomeUnknown, Problem, ToolkitError, UsageError
from toolkit.push_answers import Answer


@dataclass(slots=True, kw_only=True)
class Tally:
    """One push's knowledge; lives in one thread. `ids` and `owners` are read by workers meanwhile.

    `ids` are QuickBooks' ids of the keys that stand, `owners` the keys of records by (entity, id). `open` are keys that
    were sent, by this run or an earlier one, and have no answer that could be noted: they are in doubt while they have
    none.
    """

    plan: Plan
    log: PostingLog
    run_id: str
    ids: dict[str, str] = field(default_factory=dict)
    owners: dict[tuple[str, str], str] = field(default_factory=dict)
    undone: set[str] = field(default_factory=set)
    open: set[str] = field(default_factory=set)
    written: dict[str, Written] = field(default_factory=dict)
    trouble: list[ToolkitError] = field(default_factory=list)
    notes: list[Problem] = field(default_factory=list)
    planned: dict[str, Operation] = field(init=False)
    digest: str = field(init=False)
    unchanged: int = 0
    adopted: int = 0

    def __post_init__(self) -> None:
        self.digest = self.plan.digest  # once: it takes reading the whole plan
        self.planned = {one.key: one for one in self.plan.operations}

    def know(self) -> None:
        """Read what stands and what a person took back: what is done is not sent, what was undone is refused."""
        for one in self.log.replay().values():
            if one.standing in STANDS:
                self._stands(one.key, one.entity, one.qbo_id)
            elif one.standing is Standing.UNDONE:
                self.undone.add(one.key)
        self.unchanged = len(self.plan.unchanged) + sum(1 for key in self.planned if key in self.ids)
        for key in self.planned.keys() & self.undone:
            self.written[key] = push_words.undone(self.planned[key])

    @property
    def to_send(self) -> list[Operation]:
        """The plan's operations that neither stand nor are settled otherwise, in plan order."""
        return [one for one in self.plan.operations if one.key not in self.ids and one.key not in self.written]

    def owner(self, entity: str, record_id: str) -> str:
        """The key that a record belongs to, "" if it is nobody's."""
        return self.owners.get((entity, record_id), "")

    def _stands(self, key: str, entity: str, qbo_id: str) -> None:
        self.ids[key] = qbo_id
        self.owners[entity, qbo_id] = key

    # ---- noting

    def in_trouble(self, error: ToolkitError) -> None:
        """Something that ends the run; the same trouble of several parcels is said once, whichever parcel it met.

        It is said as what weighs most: that something was sent, and it is not known what came of it.
        """
        codes = [one.problem.code for one in self.trouble]
        if error.problem.code not in codes:
            self.trouble.append(error)
        elif isinstance(error, OutcomeUnknown):
            self.trouble[codes.index(error.problem.code)] = error

    def settle(self, requestid: str, answers: Sequence[Answer], still_open: Collection[str]) -> bool:
        """Note the answers of a batch; False (and trouble) when they cannot be: they are looked up next time."""
        events = [self._event(one) for one in answers]
        try:
            # In the same moment: whichever run learns that something was taken back, it is undone from then on.
            undone = [one for event in events for one in self._undone(event.posted)]
            self.log.settle_batch(requestid, [*events, *undone], still_open=still_open)
        except ToolkitError as error:
            self.in_trouble(OutcomeUnknown(error.problem) if isinstance(error, UsageError) else error)
            self.open |= {*still_open, *(one.operation.key for one in answers)}
            return False
        for answer in answers:
            self._took(answer)
        return True

    def _undone(self, posted: Posted) -> Iterable[Event]:
        """What no longer stands because this was done: nothing, unless it takes an earlier entry back."""
        key = undo.original_key(posted)
        if not key or posted.standing is not Standing.DONE:
            return
        before = self.log.history(key)
        if before and before[-1].standing in STANDS:
            yield Event(posted=replace(before[-1], standing=Standing.UNDONE, run=self.run_id, note=""), action="undo")

    def close(self, requestid: str, answers: Sequence[Answer], still_open: Collection[str]) -> None:
        """Note what never arrived; the plan's own operations among it are still to be sent, in a batch of their own."""
        try:
            self.log.settle_batch(requestid, [self._event(one) for one in answers], still_open=still_open)
        except ToolkitError as error:
            self.in_trouble(error)
            return
        self.open -= {one.operation.key for one in answers}

    def _took(self, answer: Answer) -> None:
        operation = answer.operation
        if operation.key in self.planned:
            self.written[operation.key] = Written(
                key=operation.key,
                action=operation.action,
                entity=operation.entity,
                standing=answer.standing,
                qbo_id=answer.qbo_id,
                number=answer.number,
                problem=answer.problem,
            )
        if answer.standing is Standing.DONE:
            self._stands(operation.key, operation.entity, answer.qbo_id)

    def _event(self, answer: Answer) -> Event:
        operation = answer.operation
        posted = Posted(
            key=operation.key,
            kind=operation.kind,
            entity=operation.entity,
            standing=answer.standing,
            qbo_id=answer.qbo_id,
            number=answer.number,
            amount=operation.amount,
            sync_token=answer.sync_token,
            run=self.run_id,
            digest=self.digest,
            note=answer.problem.code if answer.problem else answer.note,
            generation=operation.generation,
            coworks_id=operation.coworks_id,
        )
        return Event(posted=posted, action=str(operation.action), requestid=answer.requestid)

    def adopt(self, adoptions: Iterable[Adoption]) -> None:
        """Note what QuickBooks had already; what stands by now, by whatever run, is left as it is noted."""
        fresh = [one for one in adoptions if one.key not in self.ids]
        try:
            self.log.record(Event(posted=self._adopted(one), action="adopt") for one in fresh)
        except ToolkitError as error:
            self.in_trouble(error)
            return
        for one in fresh:
            self._stands(one.key, one.entity, one.qbo_id)
        self.adopted += len(fresh)

    def _adopted(self, one: Adoption) -> Posted:
        return Posted(
            key=one.key,
            kind=one.kind,
            entity=one.entity,
            standing=Standing.ADOPTED,
            qbo_id=one.qbo_id,
            number=one.number,
            amount=one.amount,
            run=self.run_id,
            digest=self.digest,
            note=one.rule,
            coworks_id=one.coworks_id,
        )

    # ---- the end

    def end(self, outcome: Outcome, *, stopped: bool, crashed: bool) -> None:
        """Note how the run ended; a posting log that cannot be written is already among the trouble."""
        failed = bool(self.trouble) or crashed
        unknown = outcome.ended(Standing.UNKNOWN)
        state = "stopped" if stopped else "unknown" if unknown else "failed" if failed else "done"
        with suppress(ToolkitError):
            self.log.end_run(self.run_id, state=state, summary=self._summary(outcome))
            if state == "done":
                self.log.finish_plan(self.digest)

    def _summary(self, outcome: Outcome) -> str:
        said = f"{outcome.ended(Standing.DONE)} of {len(self.planned)} operations written"
        return ", ".join([said, *push_words.left_words(outcome)])

    def outcome(self, blocked: Iterable[Operation]) -> Outcome:
        """What the push did, in plan order; `blocked` were not sent because something they need does not stand."""
        for operation in blocked:
            self.written.setdefault(operation.key, push_words.blocked(operation))
        for operation in self.to_send:
            if operation.key in self.open:
                self.written[operation.key] = push_words.in_doubt(operation)
        in_order = tuple(self.written[one.key] for one in self.plan.operations if one.key in self.written)
        problems = [error.problem for error in self.trouble]
        problems += [one.problem for one in in_order if one.problem and not self._follows(one.problem)]
        return Outcome(
            run=self.run_id,
            digest=self.digest,
            written=in_order,
            adopted=self.adopted,
            unchanged=self.unchanged,
            held=len(self.plan.held),
            not_sent=len(self.to_send),
            stopped=bool(self.trouble),
            problems=(*dict.fromkeys(problems), *self.notes),
            exit_codes=tuple(sorted(self._exits())),
        )

    def _exits(self) -> set[int]:
        """How the run ended; a file that cannot be used weighs less than what was sent and is not known."""
        exits = {error.exit_code for error in self.trouble} | _codes(self.written.values())
        return exits - {UsageError.exit_code} if OutcomeUnknown.exit_code in exits else exits

    def _follows(self, problem: Problem) -> bool:
        """Whether it only follows from what ended the run: then that is said, and not each record that it stopped."""
        known = {error.problem.code for error in self.trouble}
        return bool(known) and problem.code in {*known, push_words.BLOCKED}


def _codes(written: Iterable[Written]) -> set[int]:
    codes = {Standing.UNKNOWN: OutcomeUnknown.exit_code, Standing.FAILED: 3}
    return {codes.get(one.standing, 3) for one in written if one.problem or one.standing in codes}
