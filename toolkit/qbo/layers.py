"""One call to QuickBooks, layer by layer: each layer has one concern and is named for it.

    send -> _with_retries -> _with_fresh_token -> _within_limits -> _once

Policy (developer.intuit.com error-codes; field reports of lost answers): sent again are reads without an answer, and
anything that was throttled or never left. A write whose answer is lost is never sent again from here.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from email.utils import parsedate_to_datetime
from typing import Self

import requests
import urllib3.exceptions

from toolkit.problems import Problem, ReconnectNeeded, Severity, Throttled, Unreachable
from toolkit.qbo import connection_words, fault_words, faults
from toolkit.qbo.exact_json import loads
from toolkit.qbo.exchange import Answer, Call, Connected, Counters, NoAnswer, Retry
from toolkit.qbo.faults import Fault
from toolkit.qbo.limits import Limits, Sleep

MINOR_VERSION = "75"
"""Served for every call since 2025-08-01 (blogs.intuit.com 2025-01-21); said all the same."""
LONGEST_PAUSE = 600.0
"""The most seconds that one answer can make everybody wait; QuickBooks' limits are counted by the minute."""


class _NotSent(Exception):
    """The call did not reach QuickBooks."""


class _Lost(Exception):
    """The call may have reached QuickBooks, and there is no usable answer."""


class _Misread(_Lost):
    """An answer came whole, and it answers something else."""


class _Refused(Exception):
    def __init__(self, fault: Fault, retry_after: float | None) -> None:
        super().__init__(fault.code)
        self.fault, self.retry_after = fault, retry_after


class Layers:
    """Sends calls to one company, safe to use from many threads.

    `sleep` waits for seconds and `jitter` gives 0 to 1, both from the edge of the program. `attempts` is how often a
    call is sent at most when the network or QuickBooks is unwell, `throttles` how many 429 in a row it sits out.
    """

    def __init__(
        self,
        session: Connected,
        limits: Limits,
        *,
        sleep: Sleep,
        jitter: Callable[[], float],
        attempts: int = 5,
        throttles: int = 6,
        first_pause: float = 1.0,
        parallel: int = 8,
    ) -> None:
        self._session, self._limits = session, limits
        self._sleep, self._jitter = sleep, jitter
        self._attempts, self._throttles, self._first_pause = attempts, throttles, first_pause
        self._parallel = parallel
        self._lock = threading.Lock()
        self._spent = Counters()
        self._unanswered: set[str] = set()

    def through(self, session: Connected) -> Self:
        """The same client over another connection, in the same limits."""
        return type(self)(session, self._limits, sleep=self._sleep, jitter=self._jitter, parallel=self._parallel)

    @property
    def realm(self) -> str:
        """The company ID that is connected (an emulated company connects itself at the first use)."""
        self._session.ensure()
        return self._session.realm

    @property
    def mark(self) -> str:
        """Changes when the company is connected anew."""
        self._session.ensure()
        return self._session.mark

    @property
    def parallel(self) -> int:
        """How many calls may usefully be in flight."""
        return self._parallel

    @property
    def reads(self) -> int:
        """Metered reads so far."""
        return self._spent.reads

    @property
    def writes(self) -> int:
        """Writes so far that were answered or may have been carried out: 0 only if nothing can have changed."""
        return self._spent.writes

    @property
    def sent(self) -> int:
        """How often something that writes was sent, answered or not: what was read before is old once this moves."""
        return self._spent.sent

    @property
    def calls(self) -> int:
        """HTTP calls sent so far, repetitions included."""
        return self._spent.calls

    def rest(self, seconds: float) -> None:
        """Wait."""
        self._sleep(seconds)

    def admit(self, *, batch: bool = False) -> tuple[float, str]:
        """Take a place in the limits for one call now: (0.0, ""), or the seconds until there is one, and why."""
        return self._limits.admit(batch=batch)

    def send(self, call: Call) -> Answer:
        """The answer to one call.

        Raises `QuickBooksRefused` for a refusal that no repetition cures, `Throttled` and `Unreachable` after the
        allowed repetitions, `NoAnswer` for a write without an answer, `ReconnectNeeded` when the connection is gone.
        """
        try:
            answer = self._with_retries(call)
        except NoAnswer:
            self._count_writes(call, answered=False)
            raise
        self._count(reads=call.reads)
        self._count_writes(call, answered=True)
        self._limits.succeeded()
        return answer

    def _with_retries(self, call: Call) -> Answer:
        failures = throttles = 0
        while True:
            try:
                return self._with_fresh_token(call)
            except _Refused as refused:
                if refused.fault.throttled:
                    throttles += 1
                    self._sit_out(call, refused, throttles)
                    call = replace(call, admitted=False)
                    continue
                self._give_up_unless_passing(call, refused.fault)
                error: Exception = refused
            except (_NotSent, Unreachable) as not_sent:
                error = not_sent
            except _Lost as lost:
                if call.retry is Retry.NEVER:
                    raise NoAnswer(_no_answer(call, str(lost)), requestid=call.requestid) from None
                error = lost
            call = replace(call, admitted=False)
            failures += 1
            if failures >= self._attempts:
                raise _out_of_tries(call, error) from None
            self._sleep(self._first_pause * 2 ** (failures - 1) * (0.5 + self._jitter()))

    def _sit_out(self, call: Call, refused: _Refused, throttles: int) -> None:
        if throttles > self._throttles:
            raise Throttled(fault_words.problem(refused.fault, call.name)) from None
        self._limits.throttled(retry_after=refused.retry_after, jitter=self._jitter())

    def _give_up_unless_passing(self, call: Call, fault: Fault) -> None:
        if not fault.try_later:
            raise fault_words.refusal(fault, call.name) from None
        if call.retry is Retry.NEVER:
            # A server failure can come after the work was done: that is for the sender to look up.
            reason = fault_words.problem(fault, call.name)
            raise NoAnswer(reason, requestid=call.requestid) from None

    def _with_fresh_token(self, call: Call) -> Answer:
        self._session.ensure()
        spent = self._session.token()
        try:
            return self._within_limits(call)
        except _Refused as refused:
            if not _connection_refused(refused.fault):
                raise
        # Renewing cures an expired token, and tells for sure whether the connection itself was ended.
        self._session.renew(spent)
        try:
            return self._within_limits(replace(call, admitted=False))
        except _Refused as refused:
            if not _connection_refused(refused.fault):
                raise
            raise ReconnectNeeded(fault_words.problem(refused.fault, call.name)) from None

    def _within_limits(self, call: Call) -> Answer:
        if not call.admitted:
            self._limits.acquire(batch=call.batch)
        if call.before is not None:
            call.before()
        return self._once(call)

    def _once(self, call: Call) -> Answer:
        self._count(calls=1, sent=1 if call.writes else 0)
        url = f"{self._session.addresses.company(self._session.realm)}/{call.path}"
        params = {"minorversion": MINOR_VERSION, **call.params}
        if call.requestid:
            params["requestid"] = call.requestid
        # Intuit answers XML unless JSON is asked for; requests asks for gzip by itself.
        headers = {"Accept": call.accept, "Accept-Encoding": "gzip, deflate"}
        if call.body is not None:
            headers["Content-Type"] = call.content_type
        try:
            response = self._session.send(call.method, url, params=params, body=call.body, headers=headers)
        except requests.RequestException as error:
            raise _network(error) from None
        return _read(call, response, self._session.scrubbed(response.content))

    def _count_writes(self, call: Call, *, answered: bool) -> None:
        """Count the writes of a call, once for all its repetitions: they can be carried out only once."""
        with self._lock:
            if call.requestid not in self._unanswered:
                self._spent.writes += call.writes
            if call.requestid and not answered:
                self._unanswered.add(call.requestid)

    def _count(self, *, reads: int = 0, calls: int = 0, sent: int = 0) -> None:
        with self._lock:
            self._spent.reads += reads
            self._spent.calls += calls
            self._spent.sent += sent


def _read(call: Call, response: requests.Response, content: bytes) -> Answer:
    tid = response.headers.get("intuit_tid", "")
    fault = faults.read(response.status_code, content, intuit_tid=tid)
    if fault is not None:
        raise _Refused(fault, _retry_after(response.headers))
    if response.status_code >= 300:
        raise _Lost(f"an unexpected redirection, HTTP {response.status_code}")
    if call.accept != "application/json":
        return Answer(json={}, body=content, intuit_tid=tid)
    try:
        parsed = loads(content.decode("utf-8"))
    except ValueError:
        raise _Lost("an answer that is cut or not JSON") from None
    if not isinstance(parsed, dict):
        raise _Lost("an answer that is not an object")
    if call.understood is not None and not call.understood(parsed):
        raise _Misread("an answer to something else than what was asked")
    return Answer(json=parsed, body=content, intuit_tid=tid)


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds that a Retry-After header asks for: a number, or a date beside the answer's own Date (RFC 9110, 10.2.3).

    At most `LONGEST_PAUSE`. None without a usable header, and for a date that has no Date beside it: no clock of this
    machine is trusted.
    """
    text = headers.get("Retry-After", "").strip()
    try:
        asked = float(text) if text.isdecimal() else _between(headers.get("Date", ""), text)
    except (TypeError, ValueError):  # no date, or one with an offset beside one without
        return None
    return min(max(0.0, asked), LONGEST_PAUSE)


def _between(earlier: str, later: str) -> float:
    return (parsedate_to_datetime(later) - parsedate_to_datetime(earlier)).total_seconds()


def _network(error: requests.RequestException) -> _NotSent | _Lost:
    """Whether the call was surely not sent: only when no connection could be made at all."""
    words = connection_words.broken(error)
    if isinstance(error, requests.ConnectTimeout | requests.exceptions.ProxyError):
        return _NotSent(words)
    if isinstance(error, requests.exceptions.SSLError) and "CERTIFICATE_VERIFY_FAILED" in str(error):
        return _NotSent("the server's certificate is not trusted")  # other TLS failures can come after the request
    cause: object = error.args[0] if error.args else None
    reason = getattr(cause, "reason", cause)
    if isinstance(reason, urllib3.exceptions.NewConnectionError):
        return _NotSent(words)
    return _Lost(words)


def _connection_refused(fault: Fault) -> bool:
    """Whether the token or the connection is refused: 401, or 403 for a company that is not (any more) connected."""
    if fault.status == 401 or fault.code in faults.TOKEN_SPENT:
        return True
    return fault.status == 403 and fault.code in faults.DISCONNECTED


def _no_answer(call: Call, reason: str) -> Problem:
    return Problem(
        code="no-answer",
        where=call.name,
        what=f"Something was sent to QuickBooks and no answer came ({reason}).",
        why="It may have been posted or not; posting it again without looking could double it.",
        do="Run again: what was posted is found first, and only the rest is posted.",
        severity=Severity.ITEM,
    )


def _out_of_tries(call: Call, error: Exception) -> Unreachable:
    if isinstance(error, Unreachable):
        return error
    if isinstance(error, _Refused):
        return Unreachable(fault_words.problem(error.fault, call.name))
    if isinstance(error, _Misread):
        return Unreachable(_not_understood(call))
    return Unreachable(
        Problem(
            code="quickbooks-unreachable",
            where=call.name,
            what=f"QuickBooks could not be reached ({error}).",
            why="Nothing was posted by this call.",
            do="Check the network, then run again.",
            severity=Severity.FILE,
        )
    )


def _not_understood(call: Call) -> Problem:
    return Problem(
        code="answer-not-understood",
        where=call.name,
        what="QuickBooks answered several times with something else than what was asked for.",
        why="Taking it for the answer could miss what stands in the books, and post it a second time.",
        do="Run again later; if it goes on, something between here and QuickBooks changes its answers.",
        severity=Severity.FILE,
    )
