"""Faults on demand: what a network, a server or a person can do to a call, at a chosen call."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from toolkit.emulator.company import Company


@dataclass(frozen=True, slots=True)
class Kind:
    """One fault: where in a call it strikes, which calls it counts unless told otherwise, what it does in words."""

    moment: str  # before the company is asked, or after it has committed
    where: str
    words: str


BEFORE, AFTER = "before", "after"

KINDS: dict[str, Kind] = {
    "lost_answer": Kind(AFTER, "write", "the work is done, then the connection is cut without an answer"),
    "cut_before": Kind(BEFORE, "any", "the connection is cut and nothing was done"),
    "cut_answer": Kind(AFTER, "any", "the work is done, the connection is cut in the middle of the answer"),
    "truncated_json": Kind(AFTER, "any", "the work is done, the answer arrives complete but its JSON ends early"),
    "empty_answer": Kind(AFTER, "any", "the work is done, 200 comes with an empty body"),
    "error_500": Kind(BEFORE, "any", "500 with code 10000 and nothing was done"),
    "error_500_after": Kind(AFTER, "write", "the work is done, then 500 with code 10000"),
    "html_error": Kind(BEFORE, "any", "502 with a load balancer's HTML page and nothing was done"),
    "html_error_after": Kind(AFTER, "write", "the work is done, then 504 with a load balancer's HTML page"),
    "unavailable": Kind(BEFORE, "any", "503 with an empty body and nothing was done"),
    "throttled": Kind(BEFORE, "any", "429 in XML and nothing was done"),
    "token_expired": Kind(BEFORE, "any", "the access token of this call ends early: 401 until it is refreshed"),
    "disconnected": Kind(BEFORE, "any", "a person disconnects the app: 403, and refreshing answers invalid_grant"),
    "subscription_lapsed": Kind(BEFORE, "any", "the subscription ends: reads work, writes answer 6190"),
    "slow_answer": Kind(AFTER, "any", "the work is done, the answer comes 30 s late"),
    "late_commit": Kind(BEFORE, "any", "the work itself begins 30 s late"),
}
WHERE = ("any", "read", "write", "batch", "query", "cdc", "upload", "reports", "token")
SLOW_SECONDS = 30.0

SCHEMA = """
CREATE TABLE IF NOT EXISTS injection(
  id INTEGER PRIMARY KEY, name TEXT NOT NULL, place TEXT NOT NULL, seconds REAL NOT NULL,
  remaining INTEGER NOT NULL, times INTEGER NOT NULL);
"""

SYNTAX = re.compile(
    r"(?P<name>[a-z0-9_]+)(?::(?P<place>[a-z]+))?(?::(?P<seconds>\d+(?:\.\d+)?))?@(?P<nth>\d+)(?:x(?P<times>\d+))?"
)


@dataclass(frozen=True, slots=True)
class Injected:
    """A fault that strikes now; seconds is for the slow ones."""

    name: str
    seconds: float

    @property
    def before(self) -> bool:
        """Tell whether it strikes before the company is asked."""
        return KINDS[self.name].moment == BEFORE


@dataclass(frozen=True, slots=True)
class Wanted:
    """A fault that was asked for: at the `nth` matching call from now, then at the following `times` - 1 too."""

    name: str
    place: str
    seconds: float
    nth: int
    times: int


def parse(text: str) -> list[Wanted]:
    """Read `NAME[:WHERE][:SECONDS]@N[xTIMES]`, several with commas; raise ValueError with a sentence for the person."""
    return [_parse_one(part.strip()) for part in text.split(",") if part.strip() not in ("", "off")]


def _parse_one(text: str) -> Wanted:
    found = SYNTAX.fullmatch(text)
    if not found:
        raise ValueError(f"{text!r} is not NAME@N, for example lost_answer@3")
    if found["name"] not in KINDS:
        raise ValueError(f"no fault is named {found['name']!r}; there are: {', '.join(KINDS)}")
    nth, times = int(found["nth"]), int(found["times"] or 1)
    if nth < 1 or times < 1:
        raise ValueError(f"{text!r}: calls are counted from 1")
    place = found["place"] or KINDS[found["name"]].where
    return Wanted(found["name"], place, float(found["seconds"] or SLOW_SECONDS), nth, times)


def plant(company: Company, text: str) -> None:
    """Add the faults a text asks for to those already waiting; an empty text or `off` takes all away."""
    wanted = parse(text)
    with company.transaction():
        connection = company.connection()
        if not wanted:
            connection.execute("DELETE FROM injection")
        connection.executemany(
            "INSERT INTO injection(name, place, seconds, remaining, times) VALUES(?,?,?,?,?)",
            [(w.name, w.place, w.seconds, w.nth, w.times) for w in wanted],
        )


def waiting(company: Company) -> list[str]:
    """Return the faults still to come, each as `NAME:WHERE@N`, N counted from now."""
    with company.transaction():
        rows = company.connection().execute("SELECT name, place, remaining, times FROM injection ORDER BY id")
        return [
            f"{name}:{place}@{remaining}" + (f"x{times}" if times > 1 else "")
            for name, place, remaining, times in rows.fetchall()
        ]


def strike(company: Company, matches: Callable[[str], bool]) -> Injected | None:
    """Count one call against every waiting fault whose place `matches`, and return the one that strikes, if any.

    Of two that are due at the same call the older strikes and the other waits for the next matching call.
    """
    struck = None
    with company.transaction():
        connection = company.connection()
        rows = connection.execute("SELECT id, name, place, seconds, remaining, times FROM injection ORDER BY id")
        for key, name, place, seconds, remaining, times in rows.fetchall():
            if not matches(place):
                continue
            due = remaining <= 1
            if due and struck is None:
                struck = Injected(name, seconds)
                _spend(company, key, times)
            elif not due:
                connection.execute("UPDATE injection SET remaining=remaining-1 WHERE id=?", (key,))
    return struck


def _spend(company: Company, key: int, times: int) -> None:
    if times > 1:
        company.connection().execute("UPDATE injection SET times=times-1 WHERE id=?", (key,))
    else:
        company.connection().execute("DELETE FROM injection WHERE id=?", (key,))


def place_matcher(method: str, path: str) -> Callable[[str], bool]:
    """Return the test whether a place word means this call; `path` follows the realm, or is `token`."""
    head = path.partition("/")[0].lower()
    reads = method == "GET" or head == "query"

    def matches(place: str) -> bool:
        if head == "token" or place == "token":
            return head == place
        return place in ("any", head, "read" if reads else "write")

    return matches
