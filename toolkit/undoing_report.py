"""Undoing in words and for programs: what would be taken back, what stays and why, what came of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from toolkit import money, plan, undo
from toolkit.books import Customer
from toolkit.money import dollars, total
from toolkit.plan import Action, Operation, Outcome, Plan, Standing
from toolkit.report import KINDS, UNCHANGED
from toolkit.report_outcome import left_lines, spent_line
from toolkit.undoing import UndoReview
from toolkit.undoing_release import Released
from toolkit.undoing_words import run_line

_LISTED = 200
"""Lines of the table; a larger run is listed whole in the plan file."""

TO_DO = {Action.VOID: "to void", Action.DELETE: "to delete", Action.DEACTIVATE: "to make inactive"}
VERBS = {Action.VOID: "void", Action.DELETE: "delete", Action.DEACTIVATE: "make inactive"}
DONE = {Action.VOID: "voided", Action.DELETE: "deleted", Action.DEACTIVATE: "made inactive"}


def review_text(made: UndoReview, *, approved: bool = False) -> str:
    """The run, what would be taken back of it entry by entry, how much stays, the approval code."""
    lines = ["Run " + run_line(made.run), ""]
    if made.nothing_left:
        lines.append(nothing_text(made))
        return "\n".join(lines)
    lines += counted(made.plan)
    if made.plan.held:
        lines.append(f"  {len(made.plan.held):>6}  {_entries(len(made.plan.held))} that cannot be undone (see below)")
    lines += [f"  {words}" for words in notes(made)]
    if not approved:
        lines += ["", *_table(made)]
    code = f"Approval code of this plan: {made.plan.digest}" if made.plan.operations else ""
    lines += ["", " ".join(one for one in ("" if approved else UNCHANGED, code) if one)]
    if code and not approved:
        lines.append(f"To undo it, run the same command with --approve {made.plan.digest}")
    return "\n".join(lines).rstrip()


def counted(made: Plan) -> list[str]:
    """How many of what would be taken back, with amounts."""
    lines = []
    left = [one for one in made.operations if not undo.is_noted(one)]
    for kind in dict.fromkeys(one.kind for one in left):
        for action, words in TO_DO.items():
            found = [one for one in left if one.kind is kind and one.action is action]
            if found:
                name = KINDS[kind][0 if len(found) == 1 else 1]
                amount = "" if action is Action.DEACTIVATE else dollars(abs(total(one.amount for one in found)))
                lines.append(f"  {len(found):>6}  {name + ' ' + words:<40} {amount:>16}".rstrip())
    noted = len(made.operations) - len(left)
    if noted:
        lines.append(f"  {noted:>6}  {_entries(noted)} voided, deleted or inactive already, will be noted as undone")
    return lines or ["Nothing of it can be undone."]


def notes(made: UndoReview) -> list[str]:
    """What of the run is left alone because it was never created by it, or is undone already."""
    found = []
    if made.before:
        found.append(f"{made.before:>6}  {_entries(made.before)} undone before")
    if made.adopted:
        words = (
            "was in QuickBooks before the run and stays" if made.adopted == 1 else "were in QuickBooks before the run"
        )
        found.append(f"{made.adopted:>6}  {words}" + ("" if made.adopted == 1 else " and stay"))
    return found


def nothing_text(made: UndoReview) -> str:
    """Why nothing is left to undo."""
    if not made.before:
        return "This run created nothing in QuickBooks, so there is nothing to undo."
    said = [f"Nothing of this run is left to undo: all {made.before} entries were undone before."]
    said += _since(made)
    left = made.before - made.released - sum(number for _, number in made.again)
    if left:
        said.append(
            f"To post {'them' if left == made.before else f'the other {left}'} again: coworks-qbo release {made.run.id}"
        )
    return " ".join(said)


def _since(made: UndoReview) -> list[str]:
    """What became of entries that were undone before: posted again, and by which run, or released."""
    found = []
    for run, number in made.again:
        who = "They were" if number == made.before else f"{number} {'was' if number == 1 else 'were'}"
        what = "it" if number == 1 else "them"
        found.append(f"{who} posted again by run {run}; to take {what} back: coworks-qbo undo {run}.")
    if made.released:
        number = made.released
        who = "They are" if number == made.before else f"{number} {'is' if number == 1 else 'are'}"
        found.append(f"{who} released; the next push posts {'it' if number == 1 else 'them'}.")
    return found


def _table(made: UndoReview) -> list[str]:
    rows = [cells(one) for one in made.plan.operations[:_LISTED]]
    wide = min(max((len(label) for _, label, _, _ in rows), default=0), 64)
    lines = [f"  {verb:<13}  {label:<{wide}}  {on:<10}  {amount:>12}".rstrip() for verb, label, on, amount in rows]
    more = len(made.plan.operations) - len(rows)
    return lines + ([f"  … and {more} more; all of them are in {made.path}"] if more > 0 else [])


def cells(operation: Operation) -> tuple[str, str, str, str]:
    """What is done to what, its date and its amount as it stands."""
    record = operation.record
    on = "" if isinstance(record, Customer) else f"{record.txn_date:%m/%d/%Y}"
    verb = "note" if undo.is_noted(operation) else VERBS[operation.action]
    amount = "" if isinstance(record, Customer) or not operation.amount else dollars(abs(operation.amount))
    return verb, operation.label, on, amount


def _entries(number: int) -> str:
    return "entry" if number == 1 else "entries"


def outcome_text(outcome: Outcome, made: UndoReview) -> str:
    """What was taken back, by kind, what failed, and how it is posted again."""
    done = done_words(outcome, made.plan.operations)
    if not outcome.run:
        return "QuickBooks was not changed."
    lines = [f"Run {outcome.run}: {', '.join(done) or _nothing(outcome)}."]
    lines += left_lines(outcome, failed="could not be undone (see below)")
    if outcome.stopped:
        lines.append("The run stopped early; what was undone so far is noted, and running again resumes it.")
    if done:
        lines.append("It is not posted again on its own. If it shall be:")
        lines.append(f"  coworks-qbo release {made.run.id}   (all of it; or one invoice number, payout or customer)")
    lines.append(spent_line(outcome))
    return "\n".join(lines)


def _nothing(outcome: Outcome) -> str:
    return "nothing is known to be undone yet" if outcome.ended(Standing.UNKNOWN) else "nothing was undone"


def done_words(outcome: Outcome, operations: Iterable[Operation]) -> list[str]:
    """What was taken back, kind by kind: "57 invoices voided"."""
    stands = {one.key for one in outcome.written if one.standing is Standing.DONE}
    done = [one for one in operations if one.key in stands]
    found = Counter((one.kind, one.action) for one in done if not undo.is_noted(one))
    words = [
        f"{number} {KINDS[kind][0 if number == 1 else 1]} {DONE[action]}" for (kind, action), number in found.items()
    ]
    noted = len(done) - found.total()
    return words + ([f"{noted} noted that {'was' if noted == 1 else 'were'} undone already"] if noted else [])


def review_json(made: UndoReview) -> dict[str, Any]:
    """The plan for programs."""
    return {
        "undoes": made.run.id,
        "digest": made.plan.digest,
        "operations": [
            {
                "key": one.key,
                "action": str(one.action),
                "kind": str(one.kind),
                "entity": one.entity,
                "label": one.label,
                "reason": one.reason,
                "amount": money.text(one.amount),
            }
            for one in made.plan.operations
        ],
        "counts": plan.counts(made.plan),
        "totals": plan.totals(made.plan),
        "refused": len(made.plan.held),
        "undone_before": made.before,
        "posted_again": dict(made.again),
        "released": made.released,
        "adopted": made.adopted,
    }


def outcome_json(outcome: Outcome) -> dict[str, Any]:
    """What was taken back, for programs."""
    return {
        "run": outcome.run,
        "voided": outcome.count(Action.VOID),
        "deleted": outcome.count(Action.DELETE),
        "deactivated": outcome.count(Action.DEACTIVATE),
        "held": outcome.held,
        **outcome.left,
    }


def released_text(found: Released) -> str:
    """What may be posted again, and what to do next."""
    if found.already:
        return f"It was released before: {_listed(found.labels)}. It is planned again already."
    return (
        f"Released for posting again: {_listed(found.labels)}.\n"
        "Nothing in QuickBooks has been changed. It is planned again from now on, and posted once."
    )


def _listed(labels: tuple[str, ...]) -> str:
    shown = "; ".join(labels[:12])
    return f"{shown}; and {len(labels) - 12} more" if len(labels) > 12 else shown


def released_json(found: Released) -> dict[str, Any]:
    """What may be posted again, for programs."""
    return {
        "run": found.run,
        "already": found.already,
        "released": [
            {"key": one.key, "kind": str(one.kind), "label": label}
            for one, label in zip(found.entries, found.labels, strict=True)
        ],
    }
