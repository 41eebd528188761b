"""May this plan be posted? The person's word, the company's limits and the live switch, checked before sending."""

from __future__ import annotations

from dataclasses import dataclass

from toolkit.money import Money, cents, from_cents, show
from toolkit.plan import Action, Kind, Plan
from toolkit.problems import NeedsPerson, NotLive, Problem, Unsafe, stops_everything
from toolkit.settings import Environment, Settings

AUTO = "auto"


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """What a person said: the approval code they saw, or `auto` (only within the company's limits).

    `live` is the explicit word for books that are not emulated; `by` is who or what said it.
    """

    code: str
    live: bool = False
    by: str = "command line"

    @property
    def automatic(self) -> bool:
        """Whether no person looked at this plan."""
        return self.code == AUTO


def check(plan: Plan, approval: Approval, settings: Settings) -> None:
    """Nothing, if the plan may be posted; raises `NeedsPerson` (a file problem), `NotLive` or `Unsafe`."""
    if stops_everything(plan.problems):
        raise NeedsPerson(next(one for one in plan.problems if stops_everything([one])))
    if settings.quickbooks.environment is not Environment.EMULATOR and not approval.live:
        raise NotLive(_not_live(plan, settings))
    if approval.automatic:
        for too_much in _beyond(plan, settings):
            raise Unsafe(_unsafe(plan, too_much))


def documents(plan: Plan) -> int:
    """How many documents the plan touches (customers are names, not documents)."""
    return sum(1 for one in plan.operations if one.kind is not Kind.CUSTOMER)


def dollars(plan: Plan) -> Money:
    """What all its creations come to, signs dropped."""
    return from_cents(sum(abs(cents(one.amount)) for one in plan.operations if one.action is Action.CREATE))


def voids(plan: Plan) -> int:
    """How many documents it voids or deletes."""
    return sum(1 for one in plan.operations if one.action in (Action.VOID, Action.DELETE))


def _beyond(plan: Plan, settings: Settings) -> tuple[str, ...]:
    limits = settings.limits
    found: list[str] = []
    if documents(plan) > limits.auto_documents:
        found.append(f"{documents(plan)} documents, and auto_documents is {limits.auto_documents}")
    if dollars(plan) > limits.auto_amount:
        found.append(f"{show(dollars(plan))}, and auto_amount is {show(limits.auto_amount)}")
    if voids(plan) > limits.auto_voids:
        found.append(f"{voids(plan)} voids, and auto_voids is {limits.auto_voids}")
    return tuple(found)


def _unsafe(plan: Plan, too_much: str) -> Problem:
    return Problem(
        code="beyond-limits",
        where=f"{plan.company} {plan.period}",
        what=f"This plan is larger than the company allows without a person: {too_much}.",
        why="An unusually large run is more often a wrong file than a large month.",
        do=f"Look at the preview and approve it by its code, {plan.digest}; or raise [limits] in company.toml.",
    )


def _not_live(plan: Plan, settings: Settings) -> Problem:
    sandbox = settings.quickbooks.environment is Environment.SANDBOX
    which, why = (
        (
            f"Intuit's test company {plan.realm} (sandbox)",
            "It is no practice on this computer",
        )
        if sandbox
        else (f"real books, company {plan.realm} (production)", "What is posted there stays")
    )
    return Problem(
        code="not-live",
        where=f"{plan.company} {plan.period}",
        what=f"This would write to {which}.",
        why=f"{why}: it is only written when that is said explicitly, each time.",
        do="Run again with --live, or rehearse on a copy first (coworks-qbo connect --copy).",
    )
