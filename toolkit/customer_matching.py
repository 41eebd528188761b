"""Which QuickBooks customer is this team? A ladder of rules, each named; what is not certain is a question.

Pin → posting log → number prefix seen before → e-mail → exact name → nobody: create. Intuit: e-mails are not unique,
may be comma lists and are compared here rather than in a query; a display name is unique among customers, vendors and
employees, but a sub-customer may repeat a top-level name; inactive names are hidden from queries and cannot be used.
"""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeGuard

from toolkit import counterparts, numbering
from toolkit.books import Books, Customer
from toolkit.mapping import Pin
from toolkit.names import before_deletion, fold
from toolkit.plan import Posted, Standing
from toolkit.settings import TakenName
from toolkit.teams import Team

NEW = "new"
"""What a person writes as customer_id in customers.csv to say: none of these, make a new customer."""

LONGEST_NAME = 100
"""Characters of a name: Intuit takes 500 in newer companies, 100 in all."""

_FORBIDDEN = str.maketrans({":": "-", "\t": " ", "\n": " ", "\r": " "})


@dataclass(frozen=True, slots=True)
class CustomerIndex:
    """The customers of one company by everything the ladder asks for; ids in numeric order."""

    by_id: Mapping[str, Customer]
    by_email: Mapping[str, tuple[str, ...]]
    by_name: Mapping[str, tuple[str, ...]]
    by_prefix: Mapping[str, tuple[str, ...]]
    stamped: frozenset[str]
    """Ids of the customers that have a document with our stamp."""
    holders: Mapping[str, str]
    """Who holds a folded name so that no new customer can take it, in words."""


@dataclass(frozen=True, slots=True)
class CustomerFound:
    """The customer, and the rule that found it."""

    rule: str
    customer: Customer


@dataclass(frozen=True, slots=True)
class CustomerUnclear:
    """Why it is not certain who this is, with the customers it could be."""

    code: str
    why: str
    candidates: tuple[Customer, ...] = ()


Answer = CustomerFound | CustomerUnclear | None
"""None: nobody fits, a customer is created."""


def index(books: Books) -> CustomerIndex:
    """The ladder's index; linear in the books, nothing is mutated."""
    by_id = {customer.id: customer for customer in books.customers}
    emails: dict[str, set[str]] = defaultdict(set)
    names: dict[str, set[str]] = defaultdict(set)
    prefixes: dict[str, set[str]] = defaultdict(set)
    for customer in books.customers:
        if customer.active:
            names[fold(customer.full_name or customer.display_name)].add(customer.id)
            for email in customer.emails:
                emails[email.strip().casefold()].add(customer.id)
    for document in books.documents:
        prefix = numbering.prefix(document.number)
        if numbering.is_coworks_prefix(prefix) and document.customer_id in by_id:
            prefixes[prefix].add(document.customer_id)
    return CustomerIndex(
        by_id=by_id,
        by_email=_in_order(emails),
        by_name=_in_order(names),
        by_prefix=_in_order(prefixes),
        stamped=frozenset(one.customer_id for one in books.documents if counterparts.stamped(one.private_note)),
        holders=_holders(books),
    )


def _in_order(found: Mapping[str, set[str]]) -> dict[str, tuple[str, ...]]:
    return {name: tuple(sorted(ids, key=_numeric)) for name, ids in found.items()}


def _numeric(qbo_id: str) -> tuple[int, str]:
    return len(qbo_id), qbo_id


def _holders(books: Books) -> dict[str, str]:
    held: dict[str, str] = {}
    for other in sorted(books.other_names, key=lambda one: _numeric(one.id)):
        held[fold(other.display_name)] = f"{other.kind.lower()} {other.display_name}"
    for customer in sorted(books.customers, key=lambda one: _numeric(one.id)):
        name = customer.full_name or customer.display_name
        words = "customer" if customer.active else "inactive customer"
        held[fold(name)] = f"{words} {name} (#{customer.id})"
        if not customer.active:
            held.setdefault(fold(before_deletion(name)), f"{words} {name} (#{customer.id})")
    return held


def find_customer(team: Team, known: CustomerIndex, pins: Sequence[Pin], posted: Posted | None) -> Answer:
    """The customer of a team by the first rule that proves one, a question, or None: create it."""
    pinned = _pinned(team, known, pins)
    if pinned is not None:
        return None if isinstance(pinned, str) else pinned
    logged = _logged(known, posted)
    if logged is None:
        found = _proved(team, known)
        return _gone(posted, known) if found is None and _stands(posted) else found
    return CustomerFound("posting log", logged) if _is_still(logged, team, known) else _stranger(logged, team, known)


def _proved(team: Team, known: CustomerIndex) -> Answer:
    """What QuickBooks' own customers and documents say."""
    if not team.is_shared_guest:
        for rule in (_by_prefix, _by_email):
            answer = rule(team, known)
            if answer is not None:
                return answer
    return _by_name(team, known)


def _pinned(team: Team, known: CustomerIndex, pins: Sequence[Pin]) -> CustomerFound | CustomerUnclear | str | None:
    wanted = sorted({pin.customer_id.strip().lstrip("#") for pin in pins if _fits(pin, team)}, key=_numeric)
    if not wanted:
        return None
    if len(wanted) > 1:
        found = tuple(known.by_id[one] for one in wanted if one in known.by_id)
        return CustomerUnclear("pins-disagree", f"customers.csv names several customers: {', '.join(wanted)}.", found)
    if wanted[0].casefold() == NEW:
        return NEW
    customer = known.by_id.get(wanted[0])
    if customer is None or not customer.active:
        state = "is inactive" if customer else "does not exist"
        return CustomerUnclear(
            "pin-unusable", f"customers.csv names customer #{wanted[0]}, which {state} in QuickBooks."
        )
    return CustomerFound("pinned in customers.csv", customer)


def _fits(pin: Pin, team: Team) -> bool:
    if not pin.customer_id.strip():
        return False
    if pin.number_prefix.strip():
        return pin.number_prefix.strip().casefold() == team.prefix.casefold()
    name, email = fold(pin.team), pin.email.strip().casefold()
    if team.is_guest and name == "guest":
        name = "" if email or team.is_shared_guest else name
        return not email or email in team.emails
    return bool(name or email) and (not name or name == fold(team.name)) and (not email or email in team.emails)


def _stands(posted: Posted | None) -> TypeGuard[Posted]:
    return posted is not None and posted.standing in (Standing.DONE, Standing.ADOPTED)


def _logged(known: CustomerIndex, posted: Posted | None) -> Customer | None:
    """The active customer under the id that the team was posted to, whoever that is now."""
    customer = known.by_id.get(posted.qbo_id) if _stands(posted) else None
    return customer if customer and customer.active else None


def _is_still(customer: Customer, team: Team, known: CustomerIndex) -> bool:
    """Whether anything but the id says that this is the team: in other books an id is somebody else.

    An accountant may rename a customer or change its e-mail: its name, an e-mail or the numbers of its documents are
    enough. Numbers that tell nothing about the payer leave our stamp on one of its documents.
    """
    names = {fold(team.name), fold(clean_name(team.name)), fold(suffixed(clean_name(team.name), team))}
    if (_names(customer) | {fold(customer.full_name)}) & names or _mails(customer) & set(team.emails):
        return True
    return customer.id in (known.by_prefix.get(team.prefix, ()) if team.prefix else known.stamped)


def _stranger(customer: Customer, team: Team, known: CustomerIndex) -> CustomerUnclear:
    found = _proved(team, known)
    others = (found.customer,) if isinstance(found, CustomerFound) else found.candidates if found else ()
    why = (
        f"It was posted to customer #{customer.id} before, which in QuickBooks is {customer.display_name!r}: neither "
        "name, e-mail nor an invoice says that this is the team. The posting log may be of other books."
    )
    return CustomerUnclear("customer-changed", why, tuple(dict.fromkeys((customer, *others))))


def _gone(posted: Posted, known: CustomerIndex) -> CustomerUnclear:
    customer = known.by_id.get(posted.qbo_id)
    state = "has been made inactive or merged" if customer else "is gone"
    return CustomerUnclear(
        "customer-gone",
        f"Customer #{posted.qbo_id}, which this team was posted to before, {state} in QuickBooks.",
        (customer,) if customer else (),
    )


def _by_prefix(team: Team, known: CustomerIndex) -> CustomerFound | CustomerUnclear | None:
    hits = [known.by_id[one] for one in known.by_prefix.get(team.prefix, ()) if known.by_id[one].active]
    if not hits:
        return None
    if len(hits) == 1:
        return CustomerFound(f"number prefix {team.prefix} seen before", hits[0])
    mailed = [one for one in hits if _mails(one) & set(team.emails)]
    if len(mailed) == 1:
        return CustomerFound(f"number prefix {team.prefix} and e-mail", mailed[0])
    why = f"Invoices numbered {team.prefix}-… stand in QuickBooks for {len(hits)} customers."
    return CustomerUnclear("customer-unclear", why, tuple(hits))


def _by_email(team: Team, known: CustomerIndex) -> CustomerFound | CustomerUnclear | None:
    ids = sorted({one for email in team.emails for one in known.by_email.get(email, ())}, key=_numeric)
    hits = _parents([known.by_id[one] for one in ids], known)
    if not hits:
        return None
    namesakes = [one for one in hits if _is_called(one, team)]
    if len(namesakes) == 1 and not team.namesakes:
        return CustomerFound("e-mail and name" if len(hits) > 1 else "e-mail", namesakes[0])
    if len(hits) > 1:
        why = f"The e-mail {', '.join(team.emails)} belongs to {len(hits)} QuickBooks customers."
        return CustomerUnclear("customer-unclear", why, tuple(hits))
    if all(_names(one) & set(team.email_shared_with) for one in hits):
        return None  # that customer is the other team of the report with this e-mail
    if team.email_shared_with or team.namesakes:
        why = f"Several teams of the report could be the customer with the e-mail {', '.join(team.emails)}."
        return CustomerUnclear("customer-unclear", why, tuple(hits))
    return CustomerFound("e-mail", hits[0])


def _parents(hits: list[Customer], known: CustomerIndex) -> list[Customer]:
    """Without those that are sub-customers of another hit."""
    ids = {one.id for one in hits}
    return [one for one in hits if not _ancestors(one, known) & ids]


def _ancestors(customer: Customer, known: CustomerIndex) -> set[str]:
    found: set[str] = set()
    at: Customer | None = customer
    while at and at.parent_id and at.parent_id not in found:
        found.add(at.parent_id)
        at = known.by_id.get(at.parent_id)
    return found


def _by_name(team: Team, known: CustomerIndex) -> CustomerFound | CustomerUnclear | None:
    own = known.by_name.get(fold(suffixed(clean_name(team.name), team)), ()) if team.prefix else ()
    if len(own) == 1:
        return CustomerFound("name with number prefix", known.by_id[own[0]])
    names = {fold(team.name), fold(clean_name(team.name))}
    ids = sorted({one for name in names for one in known.by_name.get(name, ())}, key=_numeric)
    hits = tuple(known.by_id[one] for one in ids)
    if not hits:
        return None
    differs = any(_mails(one) and team.emails and not _mails(one) & set(team.emails) for one in hits)
    if len(hits) == 1 and not differs and not team.namesakes:
        return CustomerFound("exact name", hits[0])
    why = "The name fits, the e-mail does not." if differs else "More than one team or customer has this name."
    return CustomerUnclear("customer-unclear", why, hits)


def _mails(customer: Customer) -> set[str]:
    return {email.strip().casefold() for email in customer.emails}


def _names(customer: Customer) -> set[str]:
    return {fold(name) for name in (customer.display_name, customer.company_name) if name}


def _is_called(customer: Customer, team: Team) -> bool:
    return bool(_names(customer) & {fold(team.name), fold(clean_name(team.name))})


def clean_name(name: str) -> str:
    """A name that QuickBooks takes: composed accents, no colon, tab or line break, single blanks, 100 characters."""
    composed = unicodedata.normalize("NFC", name).translate(_FORBIDDEN)
    return " ".join(composed.split())[:LONGEST_NAME].rstrip()


def suffixed(name: str, team: Team) -> str:
    """The name with the team's number prefix behind it, within the limit: `Acme (Coworks C957F1A7)`."""
    ending = f" (Coworks {team.prefix})" if team.prefix else " (Coworks)"
    return name[: LONGEST_NAME - len(ending)].rstrip() + ending


def new_customer(
    team: Team, known: CustomerIndex, policy: TakenName, wanted_by_others: bool
) -> Customer | CustomerUnclear:
    """The customer to create for a team: called as the team, with its admin's name and e-mails.

    A name that is taken (by a vendor, an employee, an inactive customer, or another new customer of the same plan) gets
    the team's number prefix behind it, or is a question, by policy.
    """
    name = clean_name(team.name)
    if not name:
        return CustomerUnclear("customer-nameless", "The report names no team.")
    taken = known.holders.get(fold(name), "")
    if taken or wanted_by_others:
        if policy is TakenName.ASK:
            return CustomerUnclear("name-taken", f"The name {name!r} is held by {taken or 'another new team'}.")
        name = suffixed(name, team)
        if fold(name) in known.holders:
            return CustomerUnclear("name-taken", f"The names {clean_name(team.name)!r} and {name!r} are both taken.")
    given, _, family = clean_name(team.admin_name).partition(" ")
    return Customer(
        display_name=name,
        company_name="" if team.is_guest else clean_name(team.name),
        given_name=given,
        family_name=family,
        emails=_listed(team.admin_emails),
        full_name=name,
    )


def _listed(emails: tuple[str, ...]) -> tuple[str, ...]:
    """As many of the addresses as fit into Intuit's 100 characters as a comma list."""
    kept: tuple[str, ...] = ()
    for email in emails:
        if len(", ".join((*kept, email))) <= LONGEST_NAME:
            kept = (*kept, email)
    return kept


def wanted_names(teams: Iterable[Team]) -> Mapping[str, int]:
    """How many new customers want each folded name."""
    counts: dict[str, int] = defaultdict(int)
    for team in teams:
        counts[fold(clean_name(team.name))] += 1
    return counts
