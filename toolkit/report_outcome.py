"""What a push did, in words: what was posted, and of the rest what failed, is in doubt, waits, was not sent."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from toolkit.plan import Action, Operation, Outcome, Plan, Standing
from toolkit.problems import OutcomeUnknown
from toolkit.push_words import left_words
from toolkit.report import KINDS, count


def outcome_text(outcome: Outcome, plan: Plan) -> str:
    """What a push did, by kind, with what failed or is unknown and what to do next."""
    lines = [f"Run {outcome.run}: {done_words(outcome, plan.operations)}."]
    if outcome.adopted:
        lines.append(f"{outcome.adopted} that were in QuickBooks already are now noted as posted.")
    if nothing_left(outcome) and not outcome.adopted:
        lines.append("Nothing was left to post; QuickBooks was not changed.")
    lines += left_lines(outcome)
    if outcome.stopped:
        lines.append(stopped_line(outcome))
    lines.append(spent_line(outcome))
    return "\n".join(lines)


def stopped_line(outcome: Outcome) -> str:
    """That the run stopped early, and whether what it posted until then is noted."""
    if not _in_doubt(outcome):
        return "The run stopped early; everything posted so far is noted, and running again resumes it."
    if any(one.code.startswith("posting-log-") for one in outcome.problems):
        return (
            "The run stopped early: something was sent, and what came of it could not be noted; "
            "the next run looks it up first."
        )
    return "The run stopped early; what is known of it is noted, and running again resumes it."


def _in_doubt(outcome: Outcome) -> bool:
    """Whether something was sent, by this run or an earlier one, of which it is not noted what came of it."""
    return bool(outcome.ended(Standing.UNKNOWN)) or OutcomeUnknown.exit_code in outcome.exit_codes


def nothing_left(outcome: Outcome) -> bool:
    """Whether the run had nothing to do: not so when it only ended before it could."""
    return not (outcome.written or outcome.not_sent or outcome.stopped)


def done_words(outcome: Outcome, operations: Iterable[Operation], *, last: str = ", ") -> str:
    """What was done: "posted 57 invoices; made 46 customers active again"; or how it stands that nothing was.

    `last` stands before the last of several kinds.
    """
    stands = {one.key for one in outcome.written if one.standing is Standing.DONE}
    done = [one for one in operations if one.key in stands]
    posted = _counted([one for one in done if one.action is not Action.UPDATE], last)
    active = _counted([one for one in done if one.action is Action.UPDATE], last)
    parts = [f"posted {posted}" if posted else "", f"made {active} active again" if active else ""]
    return "; ".join(part for part in parts if part) or _nothing(outcome)


def _counted(found: Sequence[Operation], last: str) -> str:
    parts = [count(number, kind) for kind in KINDS if (number := sum(1 for one in found if one.kind is kind))]
    return last.join(part for part in (", ".join(parts[:-1]), *parts[-1:]) if part)


def _nothing(outcome: Outcome) -> str:
    if _in_doubt(outcome):
        return "nothing is known to be posted yet"
    if outcome.writes and outcome.ended(Standing.FAILED):
        return "nothing was posted, QuickBooks refused what was sent"
    return "posted nothing"


def left_lines(
    outcome: Outcome, *, failed: str = "were not posted (see below)", again: str = "run the same command again"
) -> list[str]:
    """What was not done, and why: refused, in doubt, waiting for one of these, not sent before the run ended."""
    left = outcome.left
    lines = [f"{left['failed']} {failed}."] if left["failed"] else []
    if left["unknown"]:
        lines.append(f"Of {left['unknown']} the outcome is not known: {again}, it looks them up first.")
    if left["waiting"]:
        lines.append(_waiting(left["waiting"], left["failed"] + left["unknown"]))
    if left["not_sent"]:
        lines.append(f"{left['not_sent']} {_were(left['not_sent'])} not sent before the run ended.")
    return lines


def _waiting(number: int, others: int) -> str:
    verb = "waits" if number == 1 else "wait"
    if not others:
        return f"{number} {verb} for another that does not stand, and {_were(number)} not sent."
    return f"{number} {verb} for {'it' if others == 1 else 'these'} and {_were(number)} not sent."


def _were(number: int) -> str:
    return "was" if number == 1 else "were"


def account_line(outcome: Outcome) -> str:
    """A run's name and its counts in one sentence: "Run …: 46 done, 30 unknown, 25 waiting, 56 not sent."."""
    return f"Run {outcome.run}: {', '.join([f'{outcome.ended(Standing.DONE)} done', *left_words(outcome)])}."


def spent_line(outcome: Outcome) -> str:
    """What it took: requests that may change something count as writes, also those that were refused."""
    return f"{outcome.writes} writes and {outcome.reads} reads in {outcome.calls} calls to QuickBooks."


def outcome_json(outcome: Outcome) -> dict[str, Any]:
    """What a push did, for programs; created + updated + voided + what is left is all that it had to do."""
    return {
        "run": outcome.run,
        "digest": outcome.digest,
        "created": outcome.count(Action.CREATE),
        "updated": outcome.count(Action.UPDATE),
        "voided": outcome.count(Action.VOID),
        "adopted": outcome.adopted,
        "unchanged": outcome.unchanged,
        "held": outcome.held,
        **outcome.left,
    }
