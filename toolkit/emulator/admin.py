"""The paths by which a test or a person changes the emulated world; absent unless the server was started with --admin.

They are not Intuit's and need no token. With several companies, `?realm=` names the one that is meant.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from toolkit.emulator import injection, tokens
from toolkit.emulator.amounts import rendered
from toolkit.emulator.web import Reply, Request, json_reply

if TYPE_CHECKING:
    from toolkit.emulator.company import Company

PREFIX = "/_emulator/"
DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


class Refused(Exception):
    """What the caller asked cannot be done; the text says why."""


def answer(companies: Mapping[str, Company], request: Request) -> Reply | None:
    """Answer a request under /_emulator/; None when it is none of these. Mistakes get 400 and `error`."""
    doer = DOERS.get((request.method, request.path[len(PREFIX) :].rstrip("/")))
    if doer is None:
        return None
    try:
        company = _company(companies, request)
        with company.transaction():
            done = doer(company, _content(request))
        # Amounts in a snapshot are exact decimals.
        return Reply(200, rendered(done).encode())
    except Refused as refused:
        return json_reply(400, {"error": str(refused)})


def _company(companies: Mapping[str, Company], request: Request) -> Company:
    realm = request.query.get("realm") or (next(iter(companies)) if len(companies) == 1 else "")
    if realm not in companies:
        raise Refused("name the company: ?realm=" + " or ?realm=".join(companies))
    return companies[realm]


def _content(request: Request) -> dict[str, Any]:
    if not request.body:
        return {}
    try:
        content = json.loads(request.body)
    except ValueError as wrong:
        raise Refused(f"the body is not JSON: {wrong}") from None
    if not isinstance(content, dict):
        raise Refused("the body must be a JSON object")
    return content


def _switches(company: Company, _: dict[str, Any]) -> dict[str, Any]:
    return shown_switches(company)


def _set_switches(company: Company, content: dict[str, Any]) -> dict[str, Any]:
    for name, value in content.items():
        set_switch(company, name, value)
    return shown_switches(company)


def shown_switches(company: Company) -> dict[str, Any]:
    """Return every switch with its value; `fault` is the list of faults still to come."""
    return {**company.switches, "fault": injection.waiting(company)}


def set_switch(company: Company, name: str, value: object) -> None:
    """Set one switch from a word or a JSON value; Refused (with a sentence) for an unknown name or a wrong value."""
    try:
        if name == "fault":
            injection.plant(company, ",".join(map(str, value)) if isinstance(value, list) else str(value))
        else:
            company.switches.set(name, _word(value))
    except ValueError as wrong:
        raise Refused(str(wrong)) from None


def _word(value: object) -> str:
    """Return a JSON value as the word a switch takes: true and false are on and off."""
    if isinstance(value, bool):
        return "on" if value else "off"
    return str(value)


def _clock(company: Company, _: dict[str, Any]) -> dict[str, Any]:
    return {"now": company.now().isoformat()}


def _set_clock(company: Company, content: dict[str, Any]) -> dict[str, Any]:
    """Fix the clock at `now` (null lets it run again), or move it by `advance_s` seconds."""
    if "advance_s" in content:
        company.set_clock(company.now() + timedelta(seconds=_number(content["advance_s"])))
    elif "now" in content:
        company.set_clock(None if content["now"] is None else moment(content["now"]))
    else:
        raise Refused("give now (an ISO moment with offset, or null) or advance_s (seconds)")
    return _clock(company, content)


def moment(text: object) -> datetime:
    """Read an ISO moment; one without an offset is refused, because it could mean two moments."""
    try:
        read = datetime.fromisoformat(str(text))
    except ValueError:
        raise Refused(f"{text!r} is not an ISO moment, for example 2026-02-01T09:00:00-08:00") from None
    if read.tzinfo is None:
        raise Refused(f"{text!r} has no offset; write for example {text}Z")
    return read


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Refused("advance_s must be a number of seconds")
    return float(value)


def _snapshot(company: Company, _: dict[str, Any]) -> dict[str, Any]:
    return company.snapshot()


def _restore(company: Company, content: dict[str, Any]) -> dict[str, Any]:
    try:
        company.restore(content)
    except (KeyError, ValueError, TypeError) as wrong:
        raise Refused(f"this is not a company's snapshot: {wrong}") from None
    return {"restored": company.realm_id}


def _disconnect(company: Company, _: dict[str, Any]) -> dict[str, Any]:
    return {"disconnected": tokens.disconnect(company)}


def _reconcile(company: Company, content: dict[str, Any]) -> dict[str, Any]:
    """Mark an account's postings up to a date, inclusive, as reconciled."""
    account, until = content.get("account"), content.get("until")
    if not isinstance(account, str) or not isinstance(until, str) or not DAY.fullmatch(until):
        raise Refused('give account (an Account Id as text) and until ("YYYY-MM-DD")')
    return {"reconciled": company.reconcile(account, until)}


def _check(company: Company, _: dict[str, Any]) -> dict[str, Any]:
    return {"wrong": company.check()}


DOERS = {
    ("GET", "switches"): _switches,
    ("POST", "switches"): _set_switches,
    ("GET", "clock"): _clock,
    ("POST", "clock"): _set_clock,
    ("GET", "snapshot"): _snapshot,
    ("POST", "snapshot"): _restore,
    ("POST", "disconnect"): _disconnect,
    ("POST", "reconcile"): _reconcile,
    ("GET", "check"): _check,
}
