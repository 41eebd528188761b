"""Who is billed: the teams and guests of a Billing report, each once, with what identifies them in QuickBooks."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

from toolkit import numbering
from toolkit.model import Invoice
from toolkit.names import fold
from toolkit.settings import Guests

SHARED_GUEST = "guests"
"""The Coworks id of the one customer that stands for all guests."""

_SEPARATORS = re.compile(r"[,;\s]+")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_LONGEST_EMAIL = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Team:
    """One payer of the report.

    `coworks_id` is what its operation key is made from: `team/<number prefix>`, else `team/<name>`, or `guests`.
    `emails` are all of its invoices', folded, the latest first; `admin_emails` those of its latest invoice, as typed.
    `prefix` is "" where numbers tell nothing about the payer.
    """

    coworks_id: str
    name: str
    prefix: str
    emails: tuple[str, ...]
    admin_emails: tuple[str, ...]
    admin_name: str
    is_guest: bool
    namesakes: bool = False
    """Whether another team of the report has the same name."""
    email_shared_with: tuple[str, ...] = ()
    """Folded names of other teams of the report that use one of its e-mails."""

    @property
    def is_shared_guest(self) -> bool:
        """Whether this is the one customer for all guests."""
        return self.coworks_id == SHARED_GUEST


@lru_cache(maxsize=100_000)
def emails_of(text: str) -> tuple[str, ...]:
    """The valid addresses in a cell that may hold a list, as typed, each once, in order.

    Intuit: an address has an @ and a dot and at most 100 characters.
    """
    found = (part for part in _SEPARATORS.split(text.strip()) if _EMAIL.fullmatch(part) and len(part) <= _LONGEST_EMAIL)
    return tuple(dict.fromkeys(found))


def teams_of(invoices: Iterable[Invoice], guests: Guests, guest_customer: str) -> dict[str, Team]:
    """The team of every invoice, by invoice number; teams that share a number prefix are told apart by name.

    The order of the invoices decides nothing.
    """
    ordered = sorted(invoices, key=lambda invoice: (invoice.invoice_date, invoice.number), reverse=True)
    prefixes = _own_prefixes(ordered)
    grouped: dict[str, list[Invoice]] = defaultdict(list)
    for invoice in ordered:
        grouped[_identity(invoice, guests, prefixes[invoice.number])].append(invoice)
    teams = {name: _team(name, found, guest_customer, prefixes[found[0].number]) for name, found in grouped.items()}
    teams = _told_apart(teams)
    return {invoice.number: teams[name] for name, found in grouped.items() for invoice in found}


def _own_prefixes(invoices: Iterable[Invoice]) -> dict[str, str]:
    """The prefix that stands for one payer alone, by invoice number; "" where teams share it or it is not Coworks'."""
    prefixes: dict[str, str] = {}
    names: dict[str, str] = {}
    shared = set()
    for invoice in invoices:
        prefix = prefixes[invoice.number] = numbering.prefix(invoice.number)
        name = fold(invoice.team)
        if names.setdefault(prefix, name) != name:
            shared.add(prefix)
    own = {prefix for prefix in names if numbering.is_coworks_prefix(prefix) and prefix not in shared}
    return {number: prefix if prefix in own else "" for number, prefix in prefixes.items()}


def _identity(invoice: Invoice, guests: Guests, prefix: str) -> str:
    if invoice.is_guest and guests is Guests.SHARED:
        return SHARED_GUEST
    if prefix:
        return f"team/{prefix.casefold()}"
    if not invoice.is_guest:
        return f"team/{fold(invoice.team)}"
    emails = emails_of(invoice.email)
    return f"team/{emails[0].casefold()}" if emails else SHARED_GUEST


def _team(coworks_id: str, invoices: list[Invoice], guest_customer: str, prefix: str) -> Team:
    latest = invoices[0]
    if coworks_id == SHARED_GUEST:
        return Team(
            coworks_id=SHARED_GUEST,
            name=guest_customer,
            prefix="",
            emails=(),
            admin_emails=(),
            admin_name="",
            is_guest=True,
        )
    emails = dict.fromkeys(email.casefold() for invoice in invoices for email in emails_of(invoice.email))
    name = latest.team
    if latest.is_guest:
        name = next((one.admin_name for one in invoices if one.admin_name.strip()), next(iter(emails), latest.team))
    return Team(
        coworks_id=coworks_id,
        name=name,
        prefix=prefix,
        emails=tuple(emails),
        admin_emails=next((found for one in invoices if (found := emails_of(one.email))), ()),
        admin_name=next((one.admin_name for one in invoices if one.admin_name.strip()), ""),
        is_guest=latest.is_guest,
    )


def _told_apart(teams: Mapping[str, Team]) -> dict[str, Team]:
    named: dict[str, int] = defaultdict(int)
    mailed: dict[str, set[str]] = defaultdict(set)
    for team in teams.values():
        named[fold(team.name)] += 1
        for email in () if team.is_guest else team.emails:
            mailed[email].add(fold(team.name))
    return {name: _with_neighbors(team, named, mailed) for name, team in teams.items()}


def _with_neighbors(team: Team, named: Mapping[str, int], mailed: Mapping[str, set[str]]) -> Team:
    own = fold(team.name)
    others = {name for email in team.emails for name in mailed.get(email, ()) if name != own}
    alone = named[own] == 1
    if alone and (not others or team.is_guest):
        return team
    return replace(team, namesakes=not alone, email_shared_with=() if team.is_guest else tuple(sorted(others)))
