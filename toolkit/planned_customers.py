"""Every team's customer: found by the ladder, or created with the team's name and its admin's name and e-mail."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from toolkit import counterparts, customer_matching, matching
from toolkit.books import Customer
from toolkit.customer_matching import CustomerIndex, CustomerUnclear
from toolkit.frame import Frame, problem
from toolkit.mapping import Pin
from toolkit.matching import Identity
from toolkit.model import Invoice
from toolkit.money import ZERO
from toolkit.names import before_deletion, fold
from toolkit.plan import Action, Adoption, Kind, Operation, Standing, pending
from toolkit.problems import Problem
from toolkit.teams import Team, teams_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Payer:
    """The customer that an invoice is for: `customer_id` is an id or `key:…`, `unclear` says why there is none."""

    team: Team
    customer_id: str = ""
    rule: str = ""
    operation: Operation | None = None
    adoption: Adoption | None = None
    unclear: CustomerUnclear | None = None

    @property
    def known_id(self) -> str:
        """The id in QuickBooks; "" while the customer is only planned."""
        return "" if self.operation else self.customer_id


def payers(frame: Frame, invoices: Iterable[Invoice], pins: Sequence[Pin]) -> dict[str, Payer]:
    """The payer of every invoice, by invoice number; each team is resolved once."""
    policy = frame.settings.policy
    teams = teams_of(invoices, policy.guests, policy.guest_customer)
    known = customer_matching.index(frame.books)
    distinct = {team.coworks_id: team for team in teams.values()}
    found = {name: _payer(frame, team, known, pins) for name, team in distinct.items()}
    created = _created(frame, known, [one.team for one in found.values() if not one.customer_id and not one.unclear])
    resolved = found | created
    return {number: resolved[team.coworks_id] for number, team in teams.items()}


def _payer(frame: Frame, team: Team, known: CustomerIndex, pins: Sequence[Pin]) -> Payer:
    who = matching.identity(frame.known, Kind.CUSTOMER, team.coworks_id)
    if who.undone:
        return Payer(team=team, unclear=_undone(team))
    answer = customer_matching.find_customer(team, known, pins, who.posted)
    if answer is None:
        return _made_active_again(frame, team, known, who) or Payer(team=team)
    if isinstance(answer, CustomerUnclear):
        return Payer(team=team, unclear=answer)
    pinned_or_logged = who.stands or answer.rule.startswith("pinned")
    adoption = None if pinned_or_logged else _adoption(who.key, team, answer.customer, answer.rule)
    return Payer(team=team, customer_id=answer.customer.id, rule=answer.rule, adoption=adoption)


def _made_active_again(frame: Frame, team: Team, known: CustomerIndex, who: Identity) -> Payer | None:
    """The team's own customer, made inactive when a run was undone and released since; None if there is none."""
    _, posted = counterparts.key_of(frame.known.standing, Kind.CUSTOMER, team.coworks_id)
    undone = posted is not None and posted.standing is Standing.UNDONE
    customer = known.by_id.get(posted.qbo_id) if posted and undone else None
    if customer is None or customer.active:
        return None
    name = before_deletion(customer.display_name)
    record = replace(customer, active=True, display_name=name, full_name=before_deletion(customer.full_name))
    operation = Operation(
        key=who.key,
        kind=Kind.CUSTOMER,
        action=Action.UPDATE,
        entity="Customer",
        record=replace(record, sync_token="", balance=ZERO),
        label=f"Customer {name}",
        reason="It was made inactive when a run was undone, and is released: it is made active again.",
        coworks_id=team.coworks_id,
        generation=who.generation,
    )
    return Payer(team=team, customer_id=pending(who.key), rule="posting log, made active again", operation=operation)


def _adoption(key: str, team: Team, customer: Customer, rule: str) -> Adoption:
    return Adoption(
        key=key,
        kind=Kind.CUSTOMER,
        entity="Customer",
        qbo_id=customer.id,
        number="",
        amount=ZERO,
        rule=rule,
        label=f"Customer {customer.display_name}",
        coworks_id=team.coworks_id,
    )


def _created(frame: Frame, known: CustomerIndex, teams: Sequence[Team]) -> dict[str, Payer]:
    wanted = customer_matching.wanted_names(teams)
    return {team.coworks_id: _new(frame, known, team, wanted) for team in teams}


def _new(frame: Frame, known: CustomerIndex, team: Team, wanted: Mapping[str, int]) -> Payer:
    name = fold(customer_matching.clean_name(team.name))
    others = wanted[name] > 1
    customer = customer_matching.new_customer(team, known, frame.settings.policy.taken_name, others)
    if isinstance(customer, CustomerUnclear):
        return Payer(team=team, unclear=customer)
    who = matching.identity(frame.known, Kind.CUSTOMER, team.coworks_id)
    operation = Operation(
        key=who.key,
        kind=Kind.CUSTOMER,
        action=Action.CREATE,
        entity="Customer",
        record=customer,
        label=f"Customer {customer.display_name}",
        reason=_reason(team, customer),
        coworks_id=team.coworks_id,
        generation=who.generation,
    )
    return Payer(team=team, customer_id=pending(who.key), rule="create", operation=operation)


def _reason(team: Team, customer: Customer) -> str:
    asked = f"No customer has {'its e-mail or' if team.emails else ''} its name."
    if customer.display_name != customer_matching.clean_name(team.name):
        return f"{asked} The plain name is taken, so the number prefix stands behind it."
    return asked


def _undone(team: Team) -> CustomerUnclear:
    return CustomerUnclear("undone", f"The customer of {team.name!r} was made inactive when a run was undone.")


def question(invoice: Invoice, payer: Payer) -> Problem:
    """The Problem of an invoice whose customer is not certain, with the customers it could be."""
    unclear = payer.unclear or CustomerUnclear("customer-unclear", "It is not certain whose invoice this is.")
    if unclear.code == "undone":
        return problem(
            invoice,
            "customer-undone",
            unclear.why,
            "What a person took back is not posted again on its own.",
            f'If it shall be used again: coworks-qbo release "{payer.team.name}"',
        )
    return problem(
        invoice,
        unclear.code,
        f"The customer of {payer.team.name!r} is not certain. {unclear.why}",
        "An invoice on the wrong customer is sent to, and paid by, the wrong people.",
        "Write the team with its customer_id (or the word new) into customers.csv; an inactive customer has to be made "
        "active first.",
        candidates=tuple(f"{one.full_name or one.display_name} (#{one.id})" for one in unclear.candidates),
    )
