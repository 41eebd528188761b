"""What went wrong, in words a person can act on: Problem values, and the exception tree for broken worlds.

ToolkitError            exit code   1  a bug
├── UsageError                      2  settings, mapping syntax, unknown parameters
├── NeedsPerson                     3  problems that a person must settle; nothing unsafe was done
├── Refused                         4  unapproved, stale, unsafe, not live, another run holds the company
│   ├── Unapproved  ├── Stale  ├── Unsafe  ├── NotLive  └── CompanyBusy
├── Unreachable                     5  QuickBooks cannot be reached, or throttles
│   └── Throttled
├── OutcomeUnknown                  6  sent, no answer, not yet found: run again
├── ReconnectNeeded                 7  the connection to QuickBooks is gone
├── DoesNotTie                      8  the month does not agree
└── QuickBooksRefused               3  QuickBooks answered a fault we do not know how to cure
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """What a Problem stops."""

    FILE = "file"
    """Nothing of the file can be trusted: nothing is planned."""
    ITEM = "item"
    """One record and what hangs on it are held; the rest goes on."""
    NOTE = "note"
    """Worth reading; stops nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing a person must know: code, where, what, why it matters, what to do.

    `code` is a stable kebab-case word for programs; `where` names file, sheet and row, or the document;
    `key` is the invoice number (or other record) that is held because of it, "" if none; `candidates` are
    the possible answers when the Problem is a question.
    """

    code: str
    where: str
    what: str
    why: str
    do: str
    severity: Severity = Severity.ITEM
    key: str = ""
    candidates: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.where}: {self.what} {self.why} {self.do}"

    def as_json(self) -> dict[str, object]:
        """The public JSON form: code, where, what, why, do (and severity, key, candidates)."""
        return {
            "code": self.code,
            "where": self.where,
            "what": self.what,
            "why": self.why,
            "do": self.do,
            "severity": str(self.severity),
            "key": self.key,
            "candidates": list(self.candidates),
        }


def blocking(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """The problems that need a person (all but notes), in order."""
    return tuple(problem for problem in problems if problem.severity is not Severity.NOTE)


def stops_everything(problems: Iterable[Problem]) -> bool:
    """Whether any of them is a file problem, so that nothing may be planned."""
    return any(problem.severity is Severity.FILE for problem in problems)


class ToolkitError(Exception):
    """Root of all our exceptions; carries one Problem in words and the exit code of its class."""

    exit_code = 1

    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem


class UsageError(ToolkitError):
    """Wrong settings, mapping syntax, options or parameters."""

    exit_code = 2


class NeedsPerson(ToolkitError):
    """A question or problem that only a person can settle; nothing unsafe was done."""

    exit_code = 3


class Refused(ToolkitError):
    """We will not do this as asked."""

    exit_code = 4


class Unapproved(Refused):
    """No approval code was given, or not the one of this plan."""


class Stale(Refused):
    """What was reviewed is no longer what would be done."""


class Unsafe(Refused):
    """More would be done than the company's limits allow."""


class NotLive(Refused):
    """A live company needs the explicit word."""


class CompanyBusy(Refused):
    """Another run holds this company."""


class Unreachable(ToolkitError):
    """QuickBooks cannot be reached."""

    exit_code = 5


class Throttled(Unreachable):
    """QuickBooks says: too many requests, for longer than we were willing to wait."""


class OutcomeUnknown(ToolkitError):
    """A request was sent and its outcome could not be learned; run again."""

    exit_code = 6


class ReconnectNeeded(ToolkitError):
    """The connection has ended (revoked, expired, wrong company): connect again."""

    exit_code = 7


class DoesNotTie(ToolkitError):
    """The month does not agree to the cent."""

    exit_code = 8


class QuickBooksRefused(NeedsPerson):
    """QuickBooks answered a fault; carries its code, HTTP status and `intuit_tid`."""

    def __init__(self, problem: Problem, *, fault_code: str, status: int, intuit_tid: str, detail: str = "") -> None:
        super().__init__(problem)
        self.fault_code = fault_code
        self.status = status
        self.intuit_tid = intuit_tid
        self.detail = detail


_PRECEDENCE = (1, 2, 7, 5, 6, 4, 8, 3, 0)


def worst_exit(codes: Iterable[int]) -> int:
    """The one exit code to give when several apply: 1, 2, 7, 5, 6, 4, 8, 3, else 0."""
    present = set(codes)
    return next((code for code in _PRECEDENCE if code in present), 0)
