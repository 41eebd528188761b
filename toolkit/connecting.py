"""Connect a company and say whether its books are ready to be posted to: switches, numbers, classes, credits."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from toolkit import settings as company_settings
from toolkit import settings_file
from toolkit.books import ClassTracking, Preferences
from toolkit.open_company import OpenCompany
from toolkit.problems import (
    OutcomeUnknown,
    Problem,
    QuickBooksRefused,
    ReconnectNeeded,
    Severity,
    ToolkitError,
    Unreachable,
    UsageError,
)
from toolkit.qbo import wire_read
from toolkit.qbo.callback import came_back, leads_here
from toolkit.qbo.session import DEVELOPMENT_REDIRECT, Session
from toolkit.settings import Environment, Mode

LOCAL_REDIRECT = DEVELOPMENT_REDIRECT
BROWSER_SECONDS = 300.0

COPIED_LISTS = (
    "Account", "Item", "Class", "Department", "PaymentMethod", "Term", "TaxCode", "Customer", "Vendor", "Employee",
)  # fmt: skip
COPIED_OPEN = ("Invoice", "CreditMemo")
_NOT_REHEARSED = ("posting-log.db*", "books.db*", "qbo.db*", "qbo.json", "tokens*", ".*", "plan*.json")


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


@dataclass(frozen=True, kw_only=True)
class Disconnected:
    """What came of disconnecting: was there a connection, was it ended at Intuit too, are the app's keys still here."""

    connected: bool
    ended: bool
    keys_kept: bool


@dataclass(frozen=True, kw_only=True)
class Answer:
    """A sign-in that succeeded and is not stored yet: which company it is of, "" for a name that could not be read."""

    company_name: str
    realm: str
    session: Session


def connect(company: OpenCompany, *, ask: Ask, show: Callable[[str], None], new_keys: bool = False) -> Connected:
    """Connect, asking once for the app's keys and leading through Intuit's sign-in; an emulated company needs neither.

    Keys belong to an environment: for another one, and with `new_keys`, they are asked for again. The company ID goes
    into company.toml if that names none. Raises `ReconnectNeeded` when a key is blank, consent is refused, nobody
    finishes, or it is another company than company.toml's; no connection is stored then.
    """
    if company.settings.quickbooks.environment is Environment.EMULATOR:
        found = look(company)
        write_realm(company, found.realm)
        return found
    keys_refused = False
    if _connected(company) and not new_keys:
        try:
            return look(company)
        except ReconnectNeeded as error:
            show(f"{error.problem.what} You are led through the sign-in once more.")
            keys_refused = error.problem.code == "app-keys-refused"
    if new_keys or keys_refused or not company.session.has_keys:
        company.session.keys(ask("Client ID of the Intuit app"), ask("Client secret", secret=True))
    made = answer(company, *_signed_in(company.session, ask, show))
    show(f"QuickBooks answered for {made.company_name or 'a company without a name'}, company ID {made.realm}.")
    return store(company, made)


def _connected(company: OpenCompany) -> bool:
    known = company.session.connection
    return known is not None and known.connected


def _signed_in(session: Session, ask: Ask, show: Callable[[str], None]) -> tuple[str, str, str]:
    """The address that came back, and the state and the redirect address of the attempt."""
    redirect = ask(f"Redirect address registered with Intuit (Enter for {LOCAL_REDIRECT})").strip() or LOCAL_REDIRECT
    page, state = session.begin(redirect)
    said = f"Open in a browser: {page}"
    if leads_here(redirect):
        return came_back(redirect, seconds=BROWSER_SECONDS, open_page=lambda: show(said)), state, redirect
    show(said)
    return ask("Paste the whole address that the browser ends at", secret=True), state, redirect


def answer(company: OpenCompany, came: str, state: str, redirect: str) -> Answer:
    """What the address that came back connects to; its tokens are held in memory until `store`.

    Raises `ReconnectNeeded` as `Session.answered`; keys that Intuit refuses are forgotten, to be asked for again.
    """
    session = company.session
    try:
        made = session.answered(came, state, redirect)
    except ReconnectNeeded as error:
        if error.problem.code == "app-keys-refused":
            session.forget()
        raise
    try:
        name = str(company.client.through(made).company_info()[0].get("CompanyName") or "")
    except (Unreachable, OutcomeUnknown, QuickBooksRefused):
        name = ""  # the code is spent, so the connection is not thrown away for want of a name
    return Answer(company_name=name, realm=made.realm, session=made)


def store(company: OpenCompany, made: Answer) -> Connected:
    """Store the connection, write its company ID into company.toml if that names none, and look at its books."""
    company.session.keep(made.session)
    write_realm(company, made.realm)
    return look(company)


def refuse(made: Answer) -> None:
    """Give back a connection that nobody wants: it is ended at Intuit and was never stored."""
    with suppress(ToolkitError):  # it dies unused anyway
        made.session.disconnect()


def disconnect(company: OpenCompany, *, forget_keys: bool = False) -> Disconnected:
    """End the connection at Intuit and forget its tokens, and with `forget_keys` the app's keys too.

    Raises `Unreachable` when Intuit cannot be asked; everything is kept then.
    """
    connected = _connected(company)
    ended = company.session.disconnect()
    if forget_keys:
        company.session.forget()
    emulated = company.settings.quickbooks.environment is Environment.EMULATOR
    kept = not emulated and company.session.connection is not None
    return Disconnected(connected=connected, ended=ended, keys_kept=kept)


def write_realm(company: OpenCompany, realm: str) -> None:
    """Write the company ID into company.toml, if that names none yet: any other company is refused from then on."""
    path = company.folder / "company.toml"
    if not company_settings.read(path).quickbooks.realm:
        settings_file.write_realm(path, realm)


def look(company: OpenCompany) -> Connected:
    """The connection as it is, with what posting needs and does not have; nothing is changed.

    One metered read, and one for the company's name where it is not known with the books of this connection.
    """
    realm = company.realm
    preferences = wire_read.preferences(company.client.preferences())
    return Connected(
        company_name=company.books.company_name(),
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
    """Bring the lists and open items of the connected company into a company of its own to rehearse on, beside it.

    `<company>-rehearsal` gets the settings (as an emulated company), mapping and reports, and none of the connection,
    the posting log or the books read: what is rehearsed is never taken for posted. A sentence says what came. Reading a
    connected company needs no `--live`. Raises `UsageError` if that folder is there, or the company is emulated.
    """
    if company.settings.quickbooks.environment is Environment.EMULATOR:
        raise UsageError(_already_a_copy())
    folder = company.folder.with_name(f"{company.folder.name}-rehearsal")
    if folder.exists():
        raise UsageError(_rehearsed_before(folder))
    copied = _copied(company)
    shutil.copytree(company.folder, folder, ignore=shutil.ignore_patterns(*_NOT_REHEARSED))
    settings_file.write_environment(folder / "company.toml", Environment.EMULATOR)
    text = json.dumps(copied, ensure_ascii=False, indent=1, default=str)
    (folder / "qbo.json").write_text(text, encoding="utf-8")
    names = sum(len(rows) for rows in copied["lists"].values())
    return (
        f"{names} list entries and {len(copied['transactions'])} open items are in {folder.name}, a practice company "
        f"of its own. Rehearse there: coworks-qbo preview --company {folder}"
    )


def _copied(company: OpenCompany) -> dict[str, Any]:
    client = company.client
    lists = {entity: client.query_all(entity, where=_everyone(entity)) for entity in COPIED_LISTS}
    # QuickBooks' own two, TAX and NON, are in every company; their ids are no numbers.
    lists["TaxCode"] = [one for one in lists["TaxCode"] if str(one["Id"]).isdecimal()]
    opened = {entity: client.query_all(entity, where="Balance > '0'") for entity in COPIED_OPEN}
    return {
        "format": 1,
        "realm_id": company.realm,
        "clock": None,
        "switches": {},
        "company_info": client.company_info()[0],
        "preferences": client.preferences(),
        "lists": lists,
        "transactions": [{entity: one} for entity, rows in opened.items() for one in rows],
    }


def _everyone(entity: str) -> str:
    return "" if entity in ("TaxCode",) else "Active IN (true, false)"


def _rehearsed_before(folder: Path) -> Problem:
    return Problem(
        code="rehearsal-exists",
        where=folder.name,
        what="There is a company to rehearse on already.",
        why="What was rehearsed there would be mixed with the books as they are now.",
        do="Delete or rename that folder, then copy again.",
    )


def _already_a_copy() -> Problem:
    return Problem(
        code="already-emulated",
        where="connect --copy",
        what="This company is the practice QuickBooks already.",
        why="A copy is made of connected books, to rehearse on.",
        do="Set environment to production or sandbox in company.toml, connect, then copy.",
    )
