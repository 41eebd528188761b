"""Connecting from a page: a sign-in that a person does in the browser, asked about before it is stored, and the two
switches in company.toml.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from getpass import getpass
from urllib.parse import urlsplit

from IPython.core.error import StdinNotImplementedError

from toolkit import connecting, pages, settings_file
from toolkit.connecting import Answer, Connected
from toolkit.open_company import URL_VARIABLE
from toolkit.pages import Page
from toolkit.pages_look import Shown, problems, sentence
from toolkit.problems import Problem, ReconnectNeeded, Severity, UsageError
from toolkit.qbo import connection_words
from toolkit.qbo.callback import came_back, leads_here
from toolkit.settings import Environment, Settings

SECONDS = 300.0
"""How long a person has to finish signing in."""


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """A sign-in that was begun: the page to open, what must come back with it, and where to.

    `local` says that the browser can come back to this machine by itself; otherwise its address is pasted.
    """

    address: str = field(repr=False)
    state: str = field(repr=False)
    redirect: str
    local: bool


@dataclass(frozen=True, kw_only=True)
class Calls:
    """What the connect panel's buttons call: the functions below, for one page."""

    begin: Callable[[str], Attempt]
    wait: Callable[[Attempt], str]
    answer: Callable[[Attempt, str], Answer]
    question: Callable[[Answer], str]
    refuse: Callable[[Answer], None]
    store: Callable[[Answer], Connected]
    switch: Callable[[bool, bool], Settings]


def calls(page: Page) -> Calls:
    """The calls for this page."""
    return Calls(
        begin=lambda redirect: begin(page, redirect),
        wait=wait,
        answer=lambda attempt, came: connecting.answer(page.company, came, attempt.state, attempt.redirect),
        question=lambda made: question(page, made),
        refuse=connecting.refuse,
        store=lambda made: connecting.store(page.company, made),
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

    They are typed into a prompt that is not kept: never a widget, a parameter or an output. Where there is no prompt
    (Voila), and when one was left blank, nothing is stored and what to do is said.
    """
    session = page.company.session
    if _emulated(page):
        return sentence("The practice QuickBooks needs no keys.")
    if session.has_keys:
        return sentence("The keys of the Intuit app are stored. To give others: coworks-qbo connect --new-keys.")
    if headless:
        return sentence("The keys of the Intuit app are not stored yet: open this page, or run coworks-qbo connect.")
    try:
        session.keys(ask("Client ID of the Intuit app: "), hidden("Client secret (not shown): "))
    except StdinNotImplementedError:
        return problems((connection_words.no_prompt(),))
    except ReconnectNeeded as error:
        return problems((error.problem,))
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
    return Attempt(address=address, state=state, redirect=redirect, local=leads_here(redirect))


def _emulated(page: Page) -> bool:
    return page.company.settings.quickbooks.environment is Environment.EMULATOR


def wait(attempt: Attempt, seconds: float = SECONDS) -> str:
    """The address that the browser came back to; raises `ReconnectNeeded` when nobody finished in time."""
    return came_back(attempt.redirect, seconds=seconds)


def question(page: Page, made: Answer) -> str:
    """What is asked before the connection is stored: name and ID of the company that QuickBooks answered for."""
    books = f"{made.company_name or 'a company without a name'}, company ID {made.realm}"
    if page.company.settings.quickbooks.realm:
        return f"QuickBooks answered for {books}, the one that company.toml names. Connect to it?"
    return f"QuickBooks answered for {books}. Shall {page.company.name} post to these books?"


# ---- the two switches


def set_switches(page: Page, *, invoices: bool, transactions: bool) -> Settings:
    """Write the two switches into company.toml and read the settings anew; raises as `settings_file` does."""
    path = page.company.folder / "company.toml"
    return settings_file.write_switches(path, invoices=invoices, transactions=transactions)


def _no_sign_in_page() -> Problem:
    return Problem(
        code="no-sign-in-page",
        where="QuickBooks connection",
        what="The practice QuickBooks is not served on this machine, so there is no page to sign in at.",
        why="Without a server the practice company connects itself, and nobody has to sign in.",
        do="Start the pages with: python3 dev.py lab",
        severity=Severity.NOTE,
    )
