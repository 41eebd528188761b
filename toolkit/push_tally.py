"""What one push knows and notes in the posting log: what stands, what came of each operation, what went wrong."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from toolkit import push_words
from toolkit.counterparts import STANDS
from toolkit.plan import Adoption, Operation, Outcome, Plan, Posted, Standing, Written
from toolkit.posting_log import Event, PostingLog
from toolkit.problems import OutcomeUnknown, Problem, ToolkitError
from toolkit.push_answers import Answer

FollowedBy = Callable[[Posted], Iterable[Posted]]
"""Further entries that are true once an operation is done; written in the same moment."""


def alone(_posted: Posted) -> Iterable[Posted]:
    """Nothing follows."""
    return ()


@dataclass(slots=True, kw_only=True)
class Tally:
    """One push's knowledge; lives in one thread. `ids` and `owners` are read by workers meanwhile.

    `ids` are QuickBooks' ids of the keys that stand, `owners` the keys of records by (entity, id).
    """

    plan: Plan
    log: PostingLog
    run_id: str
    followed_by: FollowedBy = alone
    ids: dict[str, str] = field(default_factory=dict)
    owners: dict[tuple[str, str], str] = field(default_factory=dict)
    undone: set[str] = field(default_factory=set)
    written: dict[str, Written] = field(default_factory=dict)
    trouble: list[ToolkitError] = field(default_factory=list)
    notes: list[Problem] = field(default_factory=list)
    planned: dict[str, Operation] = field(init=False)
    unchanged: int = 0

    def __post_init__(self) -> None:
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
        """Something that ends the run; the same trouble of several parcels is said once."""
        if error.problem not in [one.problem for one in self.trouble]:
            self.trouble.append(error)

    def settle(self, requestid: str, answers: Sequence[Answer], still_open: Collection[str]) -> bool:
        """Note the answers of a batch; False (and trouble) when they cannot be: they are looked up next time."""
        events = [self._event(one) for one in answers]
        following = [
            Event(posted=posted, action=one.action)
            for one in events
            if one.posted.standing is Standing.DONE
            for posted in self.followed_by(one.posted)
        ]
        try:
            self.log.settle_batch(requestid, [*events, *following], still_open=still_open)
        except ToolkitError as error:
            self.in_trouble(error)
            return False
        for answer in answers:
            self._took(answer)
        return True

    def close(self, requestid: str, answers: Sequence[Answer], still_open: Collection[str]) -> None:
        """Note what never arrived; the plan's own operations among it are still to be sent, in a batch of their own."""
        try:
            self.log.settle_batch(requestid, [self._event(one) for one in answers], still_open=still_open)
        except ToolkitError as error:
            self.in_trouble(error)

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
            digest=self.plan.digest,
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
            digest=self.plan.digest,
            note=one.rule,
            coworks_id=one.coworks_id,
        )

    # ---- the end

    def end(self, *, stopped: bool, crashed: bool) -> None:
        """Note how the run ended; a posting log that cannot be written is already among the trouble."""
        states = {one.standing for one in self.written.values()}
        failed = bool(self.trouble) or crashed
        state = "stopped" if stopped else "unknown" if Standing.UNKNOWN in states else "failed" if failed else "done"
        with suppress(ToolkitError):
            self.log.end_run(self.run_id, state=state, summary=self._summary())
            if state == "done":
                self.log.finish_plan(self.plan.digest)

    def _summary(self) -> str:
        counted = Counter(one.standing for one in self.written.values())
        said = f"{counted[Standing.DONE]} of {len(self.planned)} operations written"
        more = [f"{counted[one]} {one}" for one in (Standing.FAILED, Standing.UNKNOWN) if counted[one]]
        return ", ".join([said, *more])

    def outcome(self, blocked: Iterable[Operation]) -> Outcome:
        """What the push did, in plan order; `blocked` were not sent because something they need does not stand."""
        for operation in blocked:
            self.written.setdefault(operation.key, push_words.blocked(operation))
        in_order = tuple(self.written[one.key] for one in self.plan.operations if one.key in self.written)
        problems = [one.problem for one in in_order if one.problem]
        problems += [error.problem for error in self.trouble]
        return Outcome(
            run=self.run_id,
            digest=self.plan.digest,
            written=in_order,
            adopted=len(self.plan.adoptions),
            unchanged=self.unchanged,
            held=len(self.plan.held),
            stopped=bool(self.trouble),
            problems=(*dict.fromkeys(problems), *self.notes),
            exit_codes=tuple(sorted({error.exit_code for error in self.trouble} | _codes(in_order))),
        )


def _codes(written: Iterable[Written]) -> set[int]:
    codes = {Standing.UNKNOWN: OutcomeUnknown.exit_code, Standing.FAILED: 3}
    return {codes.get(one.standing, 3) for one in written if one.problem or one.standing in codes}
