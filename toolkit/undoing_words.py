"""What is said about runs that cannot be taken back and names that cannot be released."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from toolkit.plan import Posted
from toolkit.posting_log import Run
from toolkit.problems import Problem

_SHOWN = 5


def run_line(run: Run) -> str:
    """A run in one line: its name, what it was, when, and who approved it."""
    return f"{run.id}: {run.command} {run.period}, {run.started_at:%m/%d/%Y %H:%M} UTC, approved by {run.approved_by}"


def command_of(run: Run) -> str:
    """The command that a run is resumed with."""
    return "deposits" if run.command == "push deposits" else "push"


def unknown_run(name: str, runs: Sequence[Run]) -> Problem:
    """No run of this company is called so."""
    return Problem(
        code="unknown-run",
        where=f"run {name}",
        what=f"This company's posting log has no run {name!r}.",
        why="Only what this company's own runs posted can be taken back; each company has a posting log of its own.",
        do="Look for the run with coworks-qbo status --runs, and give its name or the beginning of it."
        if runs
        else "There is nothing to undo: no run has posted anything to this company yet.",
        candidates=tuple(run_line(one) for one in runs[:_SHOWN]),
    )


def ambiguous(name: str, runs: Sequence[Run]) -> Problem:
    """Several runs begin so."""
    return Problem(
        code="ambiguous-run",
        where=f"run {name}",
        what=f"{len(runs)} runs begin with {name!r}.",
        why="Which one is meant is not to be guessed.",
        do="Give more of the run's name.",
        candidates=tuple(run_line(one) for one in runs[-_SHOWN:]),
    )


def posted_nothing(run: Run) -> Problem:
    """The run took something back or released something itself."""
    return Problem(
        code="not-a-posting-run",
        where=f"run {run.id}",
        what=f"This run ({run.command}) posted nothing, so there is nothing of it to take back.",
        why="A void cannot be taken back in QuickBooks; what was undone can only be posted again.",
        do="To post again what it took back, use coworks-qbo release with an invoice number or the run's name.",
    )


def wrote_nothing(run: Run) -> Problem:
    """The run is known, and no entry was noted by it."""
    return Problem(
        code="nothing-to-release",
        where=f"run {run.id}",
        what=f"This run ({run.command}) noted no entry of its own: nothing of it was undone.",
        why="Only what was posted once and taken back can be released for posting again.",
        do="There is nothing to do: what it was to post is planned by the next preview.",
    )


def other_month(run: Run, period: str) -> Problem:
    """A month was given that is not the run's."""
    return Problem(
        code="other-month",
        where=f"run {run.id}",
        what=f"This run is of {run.period}, not of {period}.",
        why="A run is taken back whole; the month is the run's own.",
        do="Leave --period out, or choose a run of that month from coworks-qbo status --runs.",
    )


def not_finished(run: Run) -> Problem:
    """Entries of the run have no answer yet."""
    return Problem(
        code="run-not-finished",
        where=f"run {run.id}",
        what="This run sent entries of which nobody knows yet whether they arrived.",
        why="What is not known to stand cannot be taken back, and would be left behind.",
        do=f"Run coworks-qbo {command_of(run)} --period {run.period} with its approval code once more: "
        "it looks them up before it sends anything. Then undo the later run first, and this one after it.",
    )


def unknown_name(name: str) -> Problem:
    """Nothing that could be released is called so."""
    return Problem(
        code="nothing-to-release",
        where=name,
        what=f"Nothing in this company's posting log is called {name!r}.",
        why="Only what was posted once can be released for posting again.",
        do="Give an invoice number, a payout, a customer's name, the run that was undone, or a key of the posting log.",
    )


def ambiguous_key(name: str, found: Iterable[Posted]) -> Problem:
    """Several keys begin so."""
    return Problem(
        code="ambiguous-key",
        where=name,
        what=f"Several keys of the posting log begin with {name!r}.",
        why="Which one is meant is not to be guessed.",
        do="Give more of the key, or an invoice number.",
        candidates=tuple(f"{one.key} ({one.kind} {one.number or one.coworks_id})" for one in list(found)[:_SHOWN]),
    )


def still_stands(name: str, found: Posted) -> Problem:
    """It is in QuickBooks: releasing it would post it twice."""
    return Problem(
        code="still-stands",
        where=name,
        what=f"{found.entity} {found.number or found.coworks_id} stands in QuickBooks (id {found.qbo_id}).",
        why="Releasing it would post it a second time.",
        do=f"If it is wrong, take it back first: coworks-qbo undo {found.run}" if found.run else "Void it there first.",
    )


def not_undone(name: str) -> Problem:
    """Nothing of the run was taken back."""
    return Problem(
        code="still-stands",
        where=f"run {name}",
        what="Nothing of this run was undone: what it posted stands in QuickBooks.",
        why="Releasing it would post it a second time.",
        do=f"If it is wrong, take it back first: coworks-qbo undo {name}",
    )


def posted_again(name: str, runs: Sequence[str]) -> Problem:
    """What was undone of the run stands again, by a later run."""
    return Problem(
        code="still-stands",
        where=f"run {name}",
        what=f"What this run posted was undone, released and posted again by {by_runs(runs)}.",
        why="Released now, it would be posted a second time.",
        do=f"If it is wrong, take it back first: {' and '.join(f'coworks-qbo undo {one}' for one in runs)}",
    )


def by_runs(runs: Sequence[str]) -> str:
    """Runs by their names."""
    return f"{'run' if len(runs) == 1 else 'runs'} {', '.join(runs)}"


def not_known_yet(name: str) -> Problem:
    """It was sent, and nobody knows whether it arrived."""
    return Problem(
        code="outcome-unknown",
        where=name,
        what="It was sent, and nobody knows yet whether it arrived.",
        why="Released now, it could be posted twice.",
        do="Run the push again first: it looks it up.",
    )
