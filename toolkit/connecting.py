"""Connect a company and say whether its books are ready to be posted to: switches, numbers, classes, credits."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import urlsplit

from toolkit.books import ClassTracking, Preferences
from toolkit.open_company import OpenCompany
from toolkit.problems import Problem, QuickBooksRefused, Severity
from toolkit.qbo import wire_read
from toolkit.qbo.callback import connect_in_browser
from toolkit.settings import Environment, Mode

LOCAL_REDIRECT = "http://localhost:8765/callback"
BROWSER_SECONDS = 300.0

COPIED_LISTS = (
    "Account", "Item", "Class", "Department", "PaymentMethod", "Term", "TaxCode", "Customer", "Vendor", "Employee",
)  # fmt: skip
COPIED_OPEN = ("Invoice", "CreditMemo", "Payment")


class Ask(Protocol):
    """Puts a question to the person; a secret one is not shown while typed."""

    def __call__(self, question: str, *, secret: bool = False) -> str:
        """The person's answer."""


@dataclass(frozen=True, kw_only=True)
class Connected:
    """A connection and what was found there; `days_left` until it ends by itself if unused."""

    company_name: str
    realm: str
    environment: Environment
    days_left: int | None
    mode: Mode
    preferences: Preferences
    problems: tuple[Problem, ...]


def connect(company: OpenCompany, *, ask: Ask, show: Callable[[str], None]) -> Connected:
    """Connect, asking once for the app's keys and leading through Intuit's sign-in; an emulated company needs neither.

    Raises `ReconnectNeeded` when consent is refused, nobody finishes, or it is another company than company.toml's.
    """
    session = company.session
    if company.settings.quickbooks.environment is not Environment.EMULATOR and not _connected(company):
        if session.connection is None:
            session.keys(ask("Client ID of the Intuit app"), ask("Client secret", secret=True))
        redirect = ask(f"Redirect address registered with Intuit (Enter for {LOCAL_REDIRECT})") or LOCAL_REDIRECT
        if urlsplit(redirect).scheme == "http":
            connect_in_browser(
                session, redirect, open_page=lambda page: show(f"Open in a browser: {page}"), seconds=BROWSER_SECONDS
            )
        else:
            page, state = session.begin(redirect)
            show(f"Open in a browser: {page}")
            session.finish(ask("Paste the whole address that the browser ends at", secret=True), state, redirect)
    return look(company)


def _connected(company: OpenCompany) -> bool:
    known = company.session.connection
    return known is not None and known.connected


def look(company: OpenCompany) -> Connected:
    """The connection as it is, with what posting needs and does not have; two metered reads, nothing is changed."""
    realm = company.realm
    preferences = wire_read.preferences(company.client.preferences())
    company_info, _ = company.client.company_info()
    return Connected(
        company_name=str(company_info.get("CompanyName") or ""),
        realm=realm,
        environment=company.settings.quickbooks.environment,
        days_left=company.session.days_left(),
        mode=company.settings.mode,
        preferences=preferences,
        problems=(*_switches(company.settings.mode), *_missing(preferences)),
    )


def _switches(mode: Mode) -> tuple[Problem, ...]:
    if mode is Mode.NOTHING:
        what = "Both switches are off, so nothing will be posted."
        do = "Set push.invoices or push.transactions to true in company.toml or on the connect page."
        return (_note("switched-off", what, "Connecting alone posts nothing.", do),)
    if mode is Mode.INVOICES:
        what = "Only invoices are posted; payments are entered elsewhere."
        do = "Set push.transactions to true if payments and bank deposits shall be posted too."
        return (_note("invoices-only", what, "Such a month cannot be signed off as tied.", do),)
    return ()


def _missing(preferences: Preferences) -> tuple[Problem, ...]:
    found: list[Problem] = []
    if not preferences.custom_numbers:
        found.append(_custom_numbers())
    if preferences.class_tracking is ClassTracking.OFF:
        do = "In QuickBooks: Settings, Account and settings, Advanced, Categories, Track classes."
        found.append(_note("classes-off", "Classes are switched off.", "No line can carry a class.", do))
    if not preferences.locations:
        do = "In QuickBooks: Settings, Account and settings, Advanced, Categories, Track locations."
        found.append(_note("locations-off", "Locations are switched off.", "No invoice can carry its campus.", do))
    if preferences.auto_apply_credit or preferences.auto_apply_payments:
        do = "In QuickBooks: Settings, Account and settings, Advanced, Automation, Automatically apply credits: off."
        why = "QuickBooks would apply credits to invoices of its own choice, and Coworks' own would not fit any more."
        found.append(_note("auto-apply", "QuickBooks applies credits by itself.", why, do))
    found.append(
        _note(
            "coworks-integration",
            "If Coworks' own QuickBooks integration is still on, it posts the same invoices.",
            "What it posted is found and never posted again, but two that post at once can double an invoice.",
            "In Coworks, switch off Push Invoices and Push Transactions of its QuickBooks integration.",
        )
    )
    return tuple(found)


def _custom_numbers() -> Problem:
    return Problem(
        code="custom-numbers-off",
        where="QuickBooks settings",
        what="Custom transaction numbers are off.",
        why="Invoices would not keep their Coworks number, and could not be found again by it.",
        do="In QuickBooks: Settings, Account and settings, Sales, Sales form content, Custom transaction numbers: on.",
    )


def _note(code: str, what: str, why: str, do: str) -> Problem:
    return Problem(code=code, where="QuickBooks settings", what=what, why=why, do=do, severity=Severity.NOTE)


def copy_books(company: OpenCompany) -> str:
    """Bring the lists and open items of the connected company into qbo.json, to rehearse on; a sentence says what came.

    Reading a connected company needs no `--live`. Raises `QuickBooksRefused` if it is an emulated one already.
    """
    if company.settings.quickbooks.environment is Environment.EMULATOR:
        raise QuickBooksRefused(_already_a_copy(), fault_code="", status=0, intuit_tid="")
    client = company.client
    lists = {entity: client.query_all(entity, where=_everyone(entity)) for entity in COPIED_LISTS}
    opened = {entity: client.query_all(entity, where="Balance > '0'") for entity in COPIED_OPEN[:2]}
    copied: dict[str, Any] = {
        "format": 1,
        "realm_id": company.realm,
        "clock": None,
        "switches": {},
        "company_info": client.company_info()[0],
        "preferences": client.preferences(),
        "lists": lists,
        "transactions": [{entity: one} for entity, rows in opened.items() for one in rows],
    }
    path = company.folder / "qbo.json"
    path.write_text(json.dumps(copied, ensure_ascii=False, indent=1, default=str), encoding="utf-8")
    names = sum(len(rows) for rows in lists.values())
    items = sum(len(rows) for rows in opened.values())
    return f'{names} list entries and {items} open items are in {path.name}; set environment = "emulator" to rehearse.'


def _everyone(entity: str) -> str:
    return "" if entity in ("TaxCode",) else "Active IN (true, false)"


def _already_a_copy() -> Problem:
    return Problem(
        code="already-emulated",
        where="connect --copy",
        what="This company is the practice QuickBooks already.",
        why="A copy is made of connected books, to rehearse on.",
        do="Set environment to production or sandbox in company.toml, connect, then copy.",
    )
