"""What goes to QuickBooks in one call and what comes back, and what is needed of the session that carries it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Protocol

import requests

from toolkit.problems import OutcomeUnknown, Problem
from toolkit.qbo.addresses import Addresses
from toolkit.qbo.exact_json import Json
from toolkit.qbo.wire_read import moment


class Retry(Enum):
    """What may be sent again when no answer came."""

    READS = "reads"
    """Anything: asking twice changes nothing."""
    NEVER = "never"
    """Only what was surely not carried out: a write whose answer is lost is looked up first, by whoever sent it."""


class NoAnswer(OutcomeUnknown):
    """A write was sent and no answer came: it may have been carried out or not; carries its `requestid`."""

    def __init__(self, problem: Problem, *, requestid: str) -> None:
        super().__init__(problem)
        self.requestid = requestid


_CALLED = {"cdc": "changes"}
"""Calls whose path is no word of an accountant."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One HTTP call: path below the company, and what the layers must know of it."""

    method: str
    path: str
    params: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    content_type: str = "application/json"
    accept: str = "application/json"
    retry: Retry = Retry.READS
    requestid: str = ""
    reads: int = 0
    writes: int = 0
    admitted: bool = False
    """Its place in the limits was taken beforehand (see `Layers.admit`); that holds for the first sending only."""
    understood: Callable[[Json], bool] | None = None
    """Whether parsed JSON answers this very question; what does not is no answer, as if it had been lost."""
    before: Callable[[], None] | None = None
    """Called right before each sending, after all waiting; what it raises keeps the call from being sent."""

    @property
    def batch(self) -> bool:
        """Whether it counts as a batch."""
        return self.path == "batch"

    @property
    def name(self) -> str:
        """What it is in words, for problems."""
        path = self.path.partition("?")[0]
        return f"QuickBooks {_CALLED.get(path, path)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A successful answer: parsed JSON ({} for other content), raw body and Intuit's tracking number."""

    json: Json
    body: bytes
    intuit_tid: str

    @property
    def time(self) -> datetime | None:
        """QuickBooks' own clock at the answer, aware UTC; reports and a few others have none."""
        said = self.json.get("time")
        return moment(said) if isinstance(said, str) else None


@dataclass(slots=True)
class Counters:
    """What was spent: metered reads (each query in a batch counts), writes, HTTP calls sent.

    `writes` were answered, or may have been carried out although no answer came; repeated under the same requestid they
    are the same writes. `sent` counts every sending of a call that writes, whether or not an answer came.
    """

    reads: int = 0
    writes: int = 0
    calls: int = 0
    sent: int = 0


class Connected(Protocol):
    """What is needed of a session (see `toolkit.qbo.session.Session`)."""

    @property
    def realm(self) -> str:
        """The company ID."""

    @property
    def mark(self) -> str:
        """Changes when the company is connected anew."""

    @property
    def addresses(self) -> Addresses:
        """Where the books are."""

    def ensure(self) -> None:
        """Have a token that should pass."""

    def token(self) -> str:
        """The access token in use."""

    def renew(self, spent: str) -> None:
        """Replace the token `spent`."""

    def scrubbed(self, content: bytes) -> bytes:
        """The content without any secret of the connection."""

    def send(
        self,
        method: str,
        url: str,
        *,
        params: Mapping[str, str],
        body: bytes | None,
        headers: Mapping[str, str],
    ) -> requests.Response:
        """One HTTP exchange."""
