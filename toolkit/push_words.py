"""What a push has to say that QuickBooks did not say: in words for people."""

from __future__ import annotations

from collections.abc import Sequence

from toolkit.plan import Operation, Outcome, Plan, Standing, Written
from toolkit.problems import Problem, Severity

BLOCKED = "needs-another"


def blocked(operation: Operation) -> Written:
    """Not sent, because something it needs does not stand."""
    return _held(
        operation,
        code=BLOCKED,
        standing=Standing.WAITING,
        what="It was not sent, because something it needs was not posted or is in doubt.",
        why="A payment can only be applied to an invoice that stands in QuickBooks.",
        do="Settle the other problem first, then run again.",
    )


def undone(operation: Operation) -> Written:
    """Not sent, because a person took it back."""
    return _held(
        operation,
        code="undone",
        what="It was not sent: it was posted before, and then undone by a person.",
        why="What a person took back is not posted again on its own.",
        do=f"If it shall be posted again: coworks-qbo release {operation.key}, then preview.",
    )


def in_doubt(operation: Operation) -> Written:
    """Sent, by this run or an earlier one, and without an answer that is noted: what ended the run says why."""
    return Written(key=operation.key, action=operation.action, entity=operation.entity, standing=Standing.UNKNOWN)


def _held(
    operation: Operation, *, code: str, what: str, why: str, do: str, standing: Standing = Standing.FAILED
) -> Written:
    problem = Problem(code=code, where=operation.label, what=what, why=why, do=do, key=operation.coworks_id)
    return Written(
        key=operation.key,
        action=operation.action,
        entity=operation.entity,
        standing=standing,
        problem=problem,
    )


def left_words(outcome: Outcome) -> list[str]:
    """How many were not done, a few words each: "30 failed", "25 waiting", "56 not sent"."""
    return [f"{number} {end.replace('_', ' ')}" for end, number in outcome.left.items() if number]


def other_company(plan: Plan, realm: str) -> Problem:
    """The plan is for another company than the one that is connected."""
    return Problem(
        code="wrong-company",
        where=f"{plan.company} {plan.period}",
        what=f"The plan is for the company with ID {plan.realm}, but {realm} is connected.",
        why="One operator's bills must not reach another's books.",
        do="Connect to the right company, or correct quickbooks.realm in company.toml, then preview again.",
        severity=Severity.FILE,
    )


def never_arrived(plan: Plan, operations: Sequence[Operation]) -> Problem:
    """What an earlier run had begun under another plan, and what QuickBooks does not have."""
    names = ", ".join(one.label for one in operations[:3]) + (" …" if len(operations) > 3 else "")
    return Problem(
        code="never-arrived",
        where=names,
        what=f"{len(operations)} entries that an earlier run had begun never arrived in QuickBooks.",
        why=f"They were looked up; the plan {plan.digest} does not have them, so they were not sent again.",
        do="Nothing: what is still wanted of them is planned anew.",
        severity=Severity.NOTE,
    )


def unexplained(plan: Plan, members: int) -> Problem:
    """Open entries of which not even the plan is known."""
    return Problem(
        code="left-open-unknown",
        where=f"{plan.company} {plan.period}",
        what=f"{members} entries of an earlier run have no answer, and its plan is not in the posting log any more.",
        why="Without the plan they cannot be looked for.",
        do="Plan the month they belong to again: what stands is recognized by its stamp.",
        severity=Severity.ITEM,
    )
