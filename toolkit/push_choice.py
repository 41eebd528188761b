"""Which plan an approval code names: the one made now, or the very one that a cut run began, if nothing has moved."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from toolkit.approval import Approval
from toolkit.books import PENDING
from toolkit.counterparts import STANDS
from toolkit.plan import Action, Done, Operation, Plan
from toolkit.posting_log import PostingLog
from toolkit.problems import Problem, Stale, Unapproved
from toolkit.qbo import wire
from toolkit.qbo.exact_json import Json
from toolkit.undo import STAGE


def choose(plan: Plan, approval: Approval, log: PostingLog) -> Plan:
    """The plan that the approval code names: the one made now, or the very one that an earlier run began.

    The code of a plan that was carried out whole names the one made now, when that has nothing to do any more. Raises
    `Unapproved` without a code, and `Stale` when the code is of neither, when a fact that the begun plan relied on has
    changed since, or when what is left of it would be posted differently now, or not at all.
    """
    if approval.automatic or approval.code == plan.digest:
        return plan
    if not approval.code:
        raise Unapproved(_unapproved(plan))
    begun = log.begun_plan(approval.code)
    if begun is None:
        return _carried_out(plan, approval.code, log)
    moved = moved_since(begun, plan, log.replay())
    if moved:
        raise Stale(_stale(plan, approval.code, moved))
    return begun


def _carried_out(plan: Plan, code: str, log: PostingLog) -> Plan:
    kept = log.kept_plan(code)
    if kept is None or (kept.stage, kept.period) != (plan.stage, plan.period):
        raise Stale(_stale(plan, code, ""))
    if plan.operations:
        raise Stale(_stale(plan, code, "", "That plan has been carried out already; what is left is another one."))
    return plan


def moved_since(begun: Plan, now: Plan, done: Done) -> str:
    """In words, why the begun plan cannot be resumed; "" if it can. What the posting log wrote is no reason."""
    fresh = {fact.of: fact.value for fact in now.facts}
    for fact in begun.facts:
        if fact.of in fresh and fresh[fact.of] != fact.value:
            return f"{fact.of} was {fact.value!r} and is {fresh[fact.of]!r}"
    ids = {one.key: one.qbo_id for one in now.adoptions}  # what the cut run posted and could not write down any more
    ids |= {key: one.qbo_id for key, one in done.items() if one.standing in STANDS}
    planned = {one.key: one for one in now.operations}
    for operation in begun.operations:
        if operation.key not in ids and operation.key not in now.unchanged:
            moved = _differs(operation, planned.get(operation.key), ids)
            if moved:
                return moved
    return ""


def _differs(begun: Operation, now: Operation | None, ids: Mapping[str, str]) -> str:
    if now is None:
        return f"{begun.label} would not be posted any more"
    if (begun.action, begun.entity) != (now.action, now.entity):
        return f"{begun.label} would be posted in another way"
    if begun.action is not Action.CREATE:
        return "" if begun.record.id == now.record.id else f"{begun.label} would concern another record"
    if begun.record == now.record:
        return ""
    was, would = _body(begun, ids), _body(now, ids)
    names = sorted(name for name in was.keys() | would.keys() if was.get(name) != would.get(name))
    return f"{begun.label} would be posted with another {_listed(names)}" if names else ""


def _body(operation: Operation, ids: Mapping[str, str]) -> Json:
    """What would be sent, with what stands by now in place of what was to be created."""
    return wire.body(operation.record, lambda reference: ids.get(reference.removeprefix(PENDING), reference))


def _listed(names: Collection[str]) -> str:
    return ", ".join(names)


def _unapproved(plan: Plan) -> Problem:
    return Problem(
        code="unapproved",
        where=f"{plan.company} {plan.period}",
        what="No approval code was given.",
        why="QuickBooks is only written with a plan that a person has seen.",
        do=f"Look at the preview, then run again with --approve {plan.digest}.",
    )


def _stale(plan: Plan, code: str, moved: str, why: str = "") -> Problem:
    inputs = (
        "The books" if plan.stage.startswith(STAGE) else "The billing report, the mapping, the settings or the books"
    )
    why = f"Since then {moved}." if moved else why or f"{inputs} have changed, or the code is of something else."
    return Problem(
        code="stale",
        where=f"{plan.company} {plan.period}",
        what=f"The approval code {code} is not that of the plan as it would be posted now ({plan.digest}).",
        why=why,
        do="Look at the preview again and approve its new code.",
    )
