"""What can go wrong with a connection, in words for the person who connects."""

from __future__ import annotations

from urllib.parse import urlsplit

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
    keys = code == "invalid_client"
    return _connect_problem(
        "app-keys-refused" if keys else "connection-ended",
        f'Intuit does not accept {"the client ID and secret" if keys else "the connection"} ("{reason}").',
        "It was ended in QuickBooks, was not used for 100 days, or a newer one replaced it; nothing was posted.",
        "Copy both keys again from the app's page at developer.intuit.com."
        if keys
        else "Connect again (coworks-qbo connect).",
    )


def wrong_company(found: str, wanted: str) -> Problem:
    """Connected to another company than company.toml names."""
    return _connect_problem(
        "wrong-company",
        f"The connection is to the QuickBooks company {found or 'without ID'}, but company.toml names {wanted}.",
        "Posting one operator's billing into another's books would be hard to undo.",
        "Connect again and choose the right company, or correct realm in company.toml.",
    )


def wrong_environment(found: str, wanted: str) -> Problem:
    """Connected to another environment than company.toml names."""
    return _connect_problem(
        "wrong-environment",
        f"The stored connection is to the {found}, but company.toml says {wanted}.",
        "Rehearsals and real books are never mixed.",
        "Connect again (coworks-qbo connect), or correct environment in company.toml.",
    )


def foreign_state() -> Problem:
    """The callback does not carry the state of this attempt."""
    return _connect_problem(
        "foreign-callback",
        "The address that came back does not belong to this attempt to connect.",
        "Somebody else's link could connect this company to other books.",
        "Start connecting again and use the address of that attempt only, whole.",
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
