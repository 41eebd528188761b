"""What the pages show of undoing a run: the runs of the month, what would be undone, what stays, what came of it."""

from __future__ import annotations

from toolkit import undoing, undoing_release, undoing_report
from toolkit.approval import Approval
from toolkit.pages import Page
from toolkit.pages_look import EMPTY, Shown, fold, good, note, problems, sentence, table
from toolkit.plan import Outcome
from toolkit.posting_log import Run
from toolkit.push import Progress, silent
from toolkit.report_outcome import left_lines
from toolkit.undoing import UndoReview


def runs(page: Page) -> tuple[Run, ...]:
    """The runs that posted something to this month, newest first; QuickBooks is not asked."""
    return tuple(one for one in undoing.undoable(page.company.log.runs()) if one.period == page.period)


def called(run: Run) -> str:
    """A run as a person chooses it: when, what, how much, its name."""
    what = "bank deposits" if run.command == "push deposits" else "customers, invoices, payments"
    return f"{run.started_at:%m/%d/%Y %H:%M} UTC, {what}: {run.summary or run.state} ({run.id})"


def review(page: Page, run: str) -> UndoReview:
    """What undoing that run would change; changes nothing in QuickBooks. Raises as `undoing.review`."""
    return undoing.review(page.company, run)


def take_back(page: Page, made: UndoReview, code: str, progress: Progress = silent, live: bool = False) -> Outcome:
    """Undo what was looked at, planned again first. Raises as `undoing.take_back`."""
    approval = Approval(code=code, live=live or page.live, by="undo panel")
    return undoing.take_back(page.company, undoing.review(page.company, made.run.id), approval, progress)


def release(page: Page, run: str) -> Shown:
    """Let all that was undone of the run be posted again."""
    return good(undoing_report.released_text(undoing_release.release(page.company, run, by="undo panel")))


def listed(found: tuple[Run, ...]) -> Shown:
    """The runs of the month, for who has no buttons."""
    if not found:
        return sentence("No run has posted anything to this month yet, so there is nothing to undo.", quiet=True)
    rows = [(one.id, f"{one.started_at:%m/%d/%Y %H:%M}", one.command, one.approved_by, one.summary) for one in found]
    header = ("run", "UTC", "what", "approved by", "what came of it")
    return table(header, rows) + note("Nothing is undone here without a person. coworks-qbo undo RUN does the same.")


def shown(made: UndoReview) -> Shown:
    """What would be undone, entry by entry, and what stays and why."""
    if made.nothing_left:
        return note(undoing_report.nothing_text(made))
    operations = made.plan.operations
    rows = [(*undoing_report.cells(one)[:3], abs(one.amount) or "") for one in operations]
    said = [line.strip() for line in (*undoing_report.counted(made.plan), *undoing_report.notes(made))]
    return (
        table(("what would be undone",), [(" ".join(line.split()),) for line in said])
        + fold(f"All {len(rows)}, in this order", table(("how", "what", "date", "amount"), rows, most=len(rows) or 1))
        + problems(made.plan.problems)
        + (note(f"Approval code of exactly this: {made.plan.digest}. Nothing has been changed.") if rows else EMPTY)
    )


def outcome(done: Outcome, made: UndoReview) -> Shown:
    """What was undone, what failed or is unknown, and how it is posted again."""
    took = undoing_report.done_words(done, made.plan.operations)
    if not done.run:
        return good("Nothing was left to undo; QuickBooks was not changed.")
    view = good(f"{', '.join(took)}. Run {done.run}.") if took else EMPTY
    for line in left_lines(done, failed="could not be undone (see below)", again="press again"):
        view = view + note(line)
    if done.stopped:
        view = view + note("It stopped early; what was undone is noted, and pressing again goes on from there.")
    again = "What was undone is not posted again until you release it."
    return view + (sentence(again) if took else EMPTY) + problems(done.problems)
