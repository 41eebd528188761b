"""What can go wrong with a connection, in words for the person who connects."""

from __future__ import annotations

from urllib.parse import urlsplit

import requests
from urllib3.exceptions import NewConnectionError

from toolkit.problems import Problem, Severity


def _connect_problem(code: str, what: str, why: str, do: str) -> Problem:
    return Problem(code=code, where="QuickBooks connection", what=what, why=why, do=do, severity=Severity.FILE)


def not_connected() -> Problem:
    """No connection is stored."""
    return _connect_problem(
        "not-connected",
        "This company is not connected to QuickBooks.",
        "Nothing can be read or posted without a connection.",
        "Connect it (coworks-qbo connect, or the connect page) as an administrator of the QuickBooks company.",
    )


def ended(reason: str, code: str) -> Problem:
    """Intuit refused the connection, the code or the keys, in its own words."""
    if code == "invalid_client":
        return _connect_problem(
            "app-keys-refused",
            f'Intuit does not accept the client ID and secret ("{reason}").',
            "Without the app's own keys nothing can be read or posted; nothing was posted.",
            "Copy both keys again from the app's page at developer.intuit.com (development keys for a test company, "
            "production keys for real books) and connect again (coworks-qbo connect).",
        )
    return _connect_problem(
        "connection-ended",
        f'Intuit does not accept the connection ("{reason}").',
        "It was ended in QuickBooks, was not used for 100 days, or a newer one replaced it; nothing was posted.",
        "Connect again (coworks-qbo connect).",
    )


def not_made(reason: str, code: str) -> Problem:
    """A sign-in did not lead to a connection: consent refused, a code used or too old, keys refused."""
    if code == "invalid_client":
        return ended(reason, code)
    if code == "access_denied":
        return _connect_problem(
            "consent-refused",
            "The connection was not allowed on Intuit's page.",
            "Nothing was stored and nothing was changed.",
            "Connect again (coworks-qbo connect) and agree there, as an administrator of the QuickBooks company.",
        )
    return _connect_problem(
        "connection-not-made",
        f'Intuit did not connect the company ("{reason}").',
        "The code in the address is good for one use and a few minutes; nothing was stored.",
        "Start connecting again (coworks-qbo connect), and use the whole new address at once.",
    )


def nobody_answered() -> Problem:
    """Nobody signed in, or nobody was there to be asked."""
    return _connect_problem(
        "nobody-answered",
        "Nobody finished signing in at QuickBooks.",
        "A connection is made by a person; nothing was stored and nothing was changed.",
        "Start connecting again (coworks-qbo connect) at a terminal, or on the page 01_connect. If Intuit's page said "
        "that the client ID is unknown, give the keys again: coworks-qbo connect --new-keys.",
    )


def blank_keys() -> Problem:
    """A key was left blank."""
    return _connect_problem(
        "keys-missing",
        "The client ID or the client secret was left blank.",
        "Without both of the app's own keys nobody can sign in; no keys were stored.",
        "Copy both from the app's page at developer.intuit.com and connect again (coworks-qbo connect).",
    )


def no_prompt() -> Problem:
    """A page without a prompt cannot ask for keys, and a widget would keep them."""
    return _connect_problem(
        "no-prompt",
        "The keys of the Intuit app are not stored for this company yet, and this page cannot ask for them.",
        "Keys are typed into a prompt that is kept nowhere, and pages without code have none.",
        "Run coworks-qbo connect with --company, or open this page in JupyterLab (python3 dev.py lab).",
    )


def wrong_company(found: str, wanted: str) -> Problem:
    """Connected to another company than company.toml names."""
    return _connect_problem(
        "wrong-company",
        f"The connection is to the QuickBooks company {found}, but company.toml names {wanted}."
        if found
        else f"The QuickBooks that answers does not have the company {wanted}, which company.toml names.",
        "Posting one operator's billing into another's books would be hard to undo.",
        "Connect again and choose the right company, or correct realm in company.toml.",
    )


_BOOKS = {"emulator": "the practice QuickBooks", "sandbox": "Intuit's test company", "production": "real books"}


def wrong_environment(found: str, wanted: str) -> Problem:
    """Connected to another environment than company.toml names."""
    return _connect_problem(
        "wrong-environment",
        f"The stored connection is to {_BOOKS.get(found, found)}, but company.toml says {wanted}: "
        f"{_BOOKS.get(wanted, wanted)}.",
        "Rehearsals and real books are never mixed.",
        "Connect again (coworks-qbo connect), or correct environment in company.toml.",
    )


def foreign_state() -> Problem:
    """The callback does not carry the state of this attempt."""
    return _connect_problem(
        "foreign-callback",
        "The address that came back does not belong to this attempt to connect.",
        "Somebody else's link could connect this company to other books.",
        "Start connecting again and use the address of that attempt only, whole. If Intuit's page said that the client "
        "ID is unknown, give the keys again: coworks-qbo connect --new-keys.",
    )


def not_reachable(what: str, reason: str) -> Problem:
    """Intuit gave no usable answer."""
    return _connect_problem(
        "intuit-unreachable",
        f"Intuit could not be reached to {what} ({reason}).",
        "The stored connection was left as it was.",
        "Check the network, then run again.",
    )


def insecure(url: str) -> Problem:
    """An address that is none of this company's."""
    parts = urlsplit(url)
    return _connect_problem(
        "insecure-address",
        f"The address {parts.scheme}://{parts.hostname} is not one of this company's QuickBooks addresses.",
        "Books and keys are sent encrypted and to Intuit only.",
        "Leave the addresses as they are; --qbo-url is for an emulated company on this machine.",
    )


def port_taken(redirect: str, reason: str) -> Problem:
    """The callback address cannot be listened on."""
    return _connect_problem(
        "callback-port-taken",
        f"This machine cannot listen on {redirect} ({reason}).",
        "Intuit sends the browser back to that address.",
        "End the other program that uses the port, or paste the callback address instead.",
    )


_BROKEN: tuple[tuple[type[Exception], str], ...] = (
    (requests.exceptions.SSLError, "the server's certificate is not trusted, or the encryption failed"),
    (requests.exceptions.ProxyError, "the network's proxy does not let it through"),
    (requests.exceptions.ConnectTimeout, "nobody answered the call"),
    (requests.exceptions.Timeout, "no answer came in time"),
    (requests.exceptions.ContentDecodingError, "the answer was damaged on the way"),
    (requests.exceptions.ChunkedEncodingError, "the answer was cut on the way"),
)
"""The first that fits: some of these are kinds of others."""


def broken(error: Exception) -> str:
    """What the network did, in a few words; never the error's own text, which can hold addresses and keys."""
    if isinstance(getattr(error.args[0] if error.args else None, "reason", None), NewConnectionError):
        return "there is no connection to it from here"
    return next((words for kind, words in _BROKEN if isinstance(error, kind)), "the connection was cut")
