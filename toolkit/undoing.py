"""Taking a run back: which run, what it created, the plan that reverses it, and posting that plan.

The plan is reviewed, approved and carried out like any other: by its code, by the same loop, with the same posting log.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from toolkit import plan as plans
from toolkit import stages, undo, undoing_words
from toolkit.approval import Approval
from toolkit.books import Books
from toolkit.counterparts import STANDS, index
from toolkit.open_company import OpenCompany
from toolkit.plan import Action, Done, Operation, Outcome, Plan, Posted, Standing
from toolkit.posting_log import Event, PostingLog, Run
from toolkit.problems import OutcomeUnknown, QuickBooksRefused, UsageError
from toolkit.push import Progress, Situation, push, silent
from toolkit.qbo.balances import read_marks
from toolkit.settings import Settings
from toolkit.undo import Entry
from toolkit.undo_desk import Desk, Name

RELEASE = "release"
"""The command of a run that released keys."""
RELEASED = "released"
"""Begins the note of an undone entry that may be posted again."""
_NOT_FOUND = "610"


@dataclass(frozen=True, kw_only=True)
class UndoReview:
    """The plan that takes a run back, as it is put before a person.

    `adopted` and `before` count the run's entries that were only noted, and that were taken back already; of the latter
    `again` counts by run those that were posted again, and `released` those that the next push will post again.
    """

    run: Run
    plan: Plan
    books: Books
    settings: Settings
    path: Path
    adopted: int = 0
    before: int = 0
    again: tuple[tuple[str, int], ...] = ()
    released: int = 0

    @property
    def nothing_left(self) -> bool:
        """Whether nothing of the run stands that it could take back or would have to refuse."""
        return not (self.plan.operations or self.plan.held)


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """What one run did: its entries that stand, and how many it only noted or were undone since."""

    entries: tuple[Entry, ...]
    adopted: int
    before: int
    again: tuple[tuple[str, int], ...]
    released: int


def undoable(runs: Iterable[Run]) -> tuple[Run, ...]:
    """The runs that posted something, newest first."""
    return tuple(one for one in reversed(tuple(runs)) if one.command.startswith("push "))


def find_run(log: PostingLog, name: str) -> Run:
    """The run with that name, or the only one whose name begins so; raises `UsageError` if it is none to take back."""
    runs = log.runs()
    known = undoable(runs)
    found = [one for one in runs if one.id == name] or [one for one in known if name and one.id.startswith(name)]
    found = found or [one for one in runs if name and one.id.startswith(name)]
    if len(found) != 1:
        raise UsageError(undoing_words.ambiguous(name, found) if found else undoing_words.unknown_run(name, known))
    if found[0] not in known:
        raise UsageError(undoing_words.posted_nothing(found[0]))
    return found[0]


def review(company: OpenCompany, name: str, period: str = "") -> UndoReview:
    """Plan to take back what that run created; changes nothing in QuickBooks.

    Raises `UsageError` for a run that is not known, posted nothing or is not of `period` (if that is given), and
    `OutcomeUnknown` for one with entries of which nobody knows whether they arrived.
    """
    run = find_run(company.log, name)
    if period not in ("", run.period):
        raise UsageError(undoing_words.other_month(run, period))
    _ = company.realm  # an emulated company connects itself here
    if any(one.run == run.id for one in company.log.open_batches()):
        raise OutcomeUnknown(undoing_words.not_finished(run))
    settings = stages.with_sign_offs(company)
    company.books.now()
    books = company.books.with_settings()  # the closing date decides what may be undone
    done = company.log.replay()
    found = manifest(company.log, run, done)
    desk = Desk(books, index(books, done), settings, {})
    made = undo.make_plan(
        found.entries,
        books,
        done,
        settings,
        company=company.name,
        period=run.period,
        run_id=run.id,
        marks=_marks(company, found.entries, desk),
        gone=_gone(company, found.entries, desk),
    )
    path = company.pack(run.period) / f"undo-{run.id}.json"
    path.write_bytes(plans.to_json(made))
    return UndoReview(
        run=run,
        plan=made,
        books=books,
        settings=settings,
        path=path,
        adopted=found.adopted,
        before=found.before,
        again=found.again,
        released=found.released,
    )


def manifest(log: PostingLog, run: Run, done: Done) -> Manifest:
    """What the run's answers say that it did, beside how that stands now."""
    answered = [one for one in log.written_by(run.id) if _is_answer(one)]
    standing = [one for one in answered if done[one.posted.key].standing is Standing.DONE]
    sent = operations_of(log, [one.posted for one in standing], run.period)
    ids = {key: one.qbo_id for key, one in done.items() if one.standing in STANDS}
    before = [done[one.posted.key] for one in answered if done[one.posted.key].standing is Standing.UNDONE]
    newest = undo.newest(done)
    became = [newest.get(undo.record_name(one), one) for one in before]
    return Manifest(
        entries=tuple(_entry(one, sent.get(one.posted.key), ids) for one in standing),
        adopted=sum(1 for one in log.written_by(run.id) if one.posted.standing is Standing.ADOPTED),
        before=len(before),
        again=tuple(Counter(one.run for one in became if one.standing in STANDS).items()),
        released=sum(1 for one in became if one.standing is Standing.UNDONE and one.note.startswith(RELEASED)),
    )


def _is_answer(event: Event) -> bool:
    mine = event.posted.standing is Standing.DONE and event.action in tuple(Action)
    return mine and not event.posted.coworks_id.endswith(undo.SUFFIX)


def _entry(event: Event, sent: Operation | None, ids: dict[str, str]) -> Entry:
    posted = event.posted
    wanted = undo.resolved(sent.record, posted.qbo_id, ids) if sent and posted.qbo_id else None
    return Entry(posted=posted, action=Action(event.action), wanted=wanted, label=sent.label if sent else "")


def operations_of(log: PostingLog, entries: Sequence[Posted], period: str) -> dict[str, Operation]:
    """The operations behind those entries by key, from the plans they were sent under, else any plan of the period."""
    wanted = {one.key for one in entries}
    found: dict[str, Operation] = {}
    for digest in dict.fromkeys(one.digest for one in entries):
        kept = log.kept_plan(digest)
        found |= {one.key: one for one in kept.operations if one.key in wanted} if kept else {}
    if period and wanted - found.keys():
        for kept in log.plans(period):
            found = {one.key: one for one in kept.operations if one.key in wanted} | found
    return found


def _marks(company: OpenCompany, entries: Iterable[Entry], desk: Desk) -> dict[str, str]:
    """The bank's ticks over the days on which the run moves a bank account; without any, nothing is asked."""
    records = (desk.find(*one.stands_as) for one in entries)
    days = [moves.txn_date for record in records if record is not None for moves in desk.in_the_bank(record)]
    return read_marks(company.client, min(days), max(days)) if days else {}


def _gone(company: OpenCompany, entries: Iterable[Entry], desk: Desk) -> set[Name]:
    """What QuickBooks does not have when it is asked by id: queries may lag behind what was posted a moment ago."""
    missing = [one.stands_as for one in entries if desk.find(*one.stands_as) is None]
    return {one for one in missing if one[1] and not is_there(company, one)}


def is_there(company: OpenCompany, name: Name) -> bool:
    """Whether QuickBooks has that record, by id; one metered read."""
    try:
        company.client.read(*name)
    except QuickBooksRefused as refused:
        if refused.fault_code != _NOT_FOUND:
            raise
        return False
    return True


def take_back(company: OpenCompany, reviewed: UndoReview, approval: Approval, progress: Progress = silent) -> Outcome:
    """Carry out exactly the approved plan; raises as `push` does before anything is sent.

    With nothing left to take back nothing is sent, whatever the code, unless it is that of a plan that was cut.
    """
    made = reviewed.plan
    if not made.operations and approval.code not in company.log.unfinished_digests():
        return Outcome(run="", digest=made.digest, written=(), held=len(made.held))
    situation = Situation(
        client=company.client,
        log=company.log,
        settings=reviewed.settings,
        run_id=company.new_run(),
        progress=progress,
        sleep=company.sleep,
    )
    return push(made, approval=approval, situation=situation)
