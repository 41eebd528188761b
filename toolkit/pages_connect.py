"""Connecting from a page: a sign-in that a person does in the browser, asked about before it is stored, and the two
switches in company.toml.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from getpass import getpass
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import tomlkit
from tomlkit.items import Table

from toolkit import connecting, pages
from toolkit import settings as company_settings
from toolkit.connecting import Connected
from toolkit.open_company import URL_VARIABLE
from toolkit.pages import Page
from toolkit.pages_look import Shown, sentence
from toolkit.problems import Problem, ReconnectNeeded, Severity, UsageError
from toolkit.qbo import connection_words
from toolkit.qbo.callback import Callback
from toolkit.settings import Environment, Settings

SECONDS = 300.0
"""How long a person has to finish signing in."""


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """A sign-in that was begun: the page to open, what must come back with it, and where to.

    `local` says that the browser can come back to this machine by itself; otherwise its address is pasted.
    """

    address: str
    state: str
    redirect: str
    local: bool


@dataclass(frozen=True, kw_only=True)
class Calls:
    """What the connect panel's buttons call: the functions below, for one page."""

    begin: Callable[[str], Attempt]
    wait: Callable[[Attempt], str]
    question: Callable[[str], str]
    store: Callable[[Attempt, str], Connected]
    switch: Callable[[bool, bool], Settings]


def calls(page: Page) -> Calls:
    """The calls for this page."""
    return Calls(
        begin=lambda redirect: begin(page, redirect),
        wait=wait,
        question=lambda came: question(page, came),
        store=lambda attempt, came: store(page, attempt, came),
        switch=lambda invoices, transactions: set_switches(page, invoices=invoices, transactions=transactions),
    )


def look(page: Page, *, headless: bool = False) -> Connected | Problem:
    """The connection as it is; without one the Problem that says what to do (headless it is raised)."""
    try:
        return pages.look(page)
    except ReconnectNeeded as error:
        if headless:
            raise
        return error.problem


def ask_keys(
    page: Page, *, headless: bool = False, ask: Callable[[str], str] = input, hidden: Callable[[str], str] = getpass
) -> Shown:
    """Ask once for the keys of the Intuit app and store them in the token store; says what was done.

    They are typed into a prompt that is not kept: never a widget, a parameter or an output.
    """
    session = page.company.session
    if _emulated(page):
        return sentence("The practice QuickBooks needs no keys.")
    if session.connection is not None:
        return sentence("The keys of the Intuit app are stored.")
    if headless:
        return sentence("The keys of the Intuit app are not stored yet: open this page, or run coworks-qbo connect.")
    session.keys(ask("Client ID of the Intuit app: ").strip(), hidden("Client secret (not shown): ").strip())
    return sentence("The keys of the Intuit app are stored now.")


def begin(page: Page, redirect: str = "", environ: Mapping[str, str] = os.environ) -> Attempt:
    """Begin a sign-in; `redirect` is the address registered with Intuit, "" for the one on this machine.

    Raises `ReconnectNeeded` when the app's keys are not stored, `UsageError` when there is no page to sign in at.
    """
    session = page.company.session
    redirect = redirect.strip() or connecting.LOCAL_REDIRECT
    if _emulated(page):
        base = environ.get(URL_VARIABLE, "")
        if not base:
            raise UsageError(_no_sign_in_page())
        session.ensure()  # its keys are known to everybody
        address, state = session.begin(redirect)
        parts = urlsplit(address)
        return Attempt(
            address=f"{base.rstrip('/')}{parts.path}?{parts.query}", state=state, redirect=redirect, local=True
        )
    address, state = session.begin(redirect)
    return Attempt(address=address, state=state, redirect=redirect, local=urlsplit(redirect).scheme == "http")


def _emulated(page: Page) -> bool:
    return page.company.settings.quickbooks.environment is Environment.EMULATOR


def wait(attempt: Attempt, seconds: float = SECONDS) -> str:
    """The address that the browser came back to; raises `ReconnectNeeded` when nobody finished in time."""
    try:
        listener = Callback(attempt.redirect)
    except OSError as error:
        raise UsageError(connection_words.port_taken(attempt.redirect, str(error.strerror))) from None
    with listener:
        try:
            return listener.wait(seconds)
        except TimeoutError as error:
            raise ReconnectNeeded(connection_words.ended(str(error), "timeout")) from None


def company_of(came: str) -> str:
    """The company ID that an address names, "" if it names none."""
    return parse_qs(urlsplit(came.strip()).query).get("realmId", [""])[0]


def question(page: Page, came: str) -> str:
    """What is asked before the connection is stored."""
    found, wanted = company_of(came), page.company.settings.quickbooks.realm
    if not found:
        return "That address names no company. Copy the whole address from the browser, or begin again."
    if not wanted:
        return f"QuickBooks answered for company ID {found}. Shall {page.company.name} post to these books?"
    if found == wanted:
        return f"QuickBooks answered for company ID {found}, the one that company.toml names. Connect to it?"
    return (
        f"QuickBooks answered for company ID {found}, but company.toml names {wanted}: it will be refused. "
        "Begin again and choose the right company."
    )


def store(page: Page, attempt: Attempt, came: str) -> Connected:
    """Connect with the address that came back, store the connection, and look at the books it leads to."""
    page.company.session.finish(came, attempt.state, attempt.redirect)
    return connecting.look(page.company)


# ---- the two switches


def set_switches(page: Page, *, invoices: bool, transactions: bool) -> Settings:
    """Write the two switches into company.toml, comments kept, and read the settings anew.

    Transactions includes invoices. Raises `UsageError` if the file cannot be understood; then nothing is written.
    """
    path = page.company.folder / "company.toml"
    document = tomlkit.parse(path.read_text(encoding="utf-8-sig"))
    if "push" not in document:
        document["push"] = tomlkit.table()
    push = document["push"]
    assert isinstance(push, Table)
    push["invoices"] = invoices or transactions
    push["transactions"] = transactions
    text = tomlkit.dumps(document)
    company_settings.from_dict(tomlkit.parse(text).unwrap(), where=path)
    _replace(path, text)
    return company_settings.read(path)


def _replace(path: Path, text: str) -> None:
    fresh = path.with_name(f".{path.name}.new")
    fresh.write_text(text, encoding="utf-8")
    fresh.replace(path)


def _no_sign_in_page() -> Problem:
    return Problem(
        code="no-sign-in-page",
        where="QuickBooks connection",
        what="The practice QuickBooks is not served on this machine, so there is no page to sign in at.",
        why="Without a server the practice company connects itself, and nobody has to sign in.",
        do="Start the pages with: python3 dev.py lab",
        severity=Severity.NOTE,
    )
