"""The emulator as one WSGI application over any number of companies; both doors, in-process and HTTP, carry it."""

from __future__ import annotations

import re
import sqlite3
import sys
import time
import traceback
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TextIO

from toolkit.emulator import admin, fault, gateway, identity, injection, oauth, pages, quotas, tokens
from toolkit.emulator.injection import Injected
from toolkit.emulator.web import (
    IN_PROCESS,
    JSON_SUCCESS,
    BadBody,
    ConnectionCut,
    Environ,
    Reply,
    Request,
    StartResponse,
    compress,
    parse_query,
    plain_body,
    read_request,
    send,
    service_headers,
    trace_id,
)

if TYPE_CHECKING:
    from toolkit.emulator.company import Company

PREFIX = "/v3/company/"
TABLES = tokens.SCHEMA + quotas.SCHEMA + injection.SCHEMA
# Recorded on 200 answers only (minimul/qbo_api spec/vcr); 400 answers carry none of them.
SUCCESS_HEADERS = [
    ("QBO-Version", "1988.128"),
    ("Service-Time", "total=1, db=1"),
    ("Expires", "0"),
    ("Cache-Control", "max-age=0, no-cache, no-store, must-revalidate, private"),
]
# A token shorter or longer than any Intuit issues is refused by its length alone.
TOKEN_LENGTHS = range(20, 4097)
# Intuit's TempDownloadUri is a signed address of a store that asks for no token; here it is the emulator's own.
DOWNLOAD = re.compile(r"download/\d+/.+", re.DOTALL)
OWN_DOWNLOADS = b'"TempDownloadUri":"https://emulator.invalid'
MALFORMED = "Malformed bearer token: too short or too long"

Sleep = Callable[[float], None]


class EmulatorApp:
    """A WSGI application; calls for one company are serialized by its database, others run beside."""

    def __init__(self, companies: Sequence[Company], *, admin: bool = False, log: TextIO | None = None):
        self.companies = {company.realm_id: company for company in companies}
        if len(self.companies) != len(companies):
            raise ValueError("two companies have the same company ID (realm)")
        self.admin = admin
        self.log = log
        for company in companies:
            company.ensure(TABLES)

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request; raises ConnectionCut where a fault cuts it, and nothing else."""
        began = time.perf_counter()
        request = None
        try:
            request = read_request(environ)
            reply = self._answer(request)
        except BadBody:
            reply = gateway.rendered(fault.unparsable(), self._now())
        except ConnectionCut:
            self._log(request, "cut", began)
            raise
        except Exception as error:
            if isinstance(error, sqlite3.OperationalError) and IN_PROCESS in environ:
                raise  # the company's file is on this machine: its owner can make room, or give the right to write
            traceback.print_exc(file=self.log or sys.stderr)
            reply = gateway.rendered(fault.system_failure(), self._now())
        if request is not None:
            self._finish(request, reply)
        self._log(request, str(reply.status), began)
        return send(reply, start_response, head=request is not None and request.method == "HEAD")

    def _answer(self, request: Request) -> Reply:
        if request.path.startswith(PREFIX):
            return self._api(request)
        if request.path.rstrip("/") == oauth.TOKEN:
            return self._token(request)
        answered = oauth.answer(self.companies, request)
        if answered is None and self.admin and request.path.startswith(admin.PREFIX):
            answered = admin.answer(self.companies, request)
        if answered is None:
            answered = self._page(request)
        return answered or gateway.unsupported(request, self._now())

    def _page(self, request: Request) -> Reply | None:
        if request.path == "/" and request.method in ("GET", "HEAD"):
            return pages.start(self.companies, request.base_url)
        if request.path == "/app/disconnect" and request.method == "POST":
            company = self.companies.get(parse_query(request.body.decode("utf-8", "replace")).get("realmId", ""))
            if company is not None:
                tokens.disconnect(company)
            return Reply(302, b"", "", [("Location", "/")])
        return None

    def _token(self, request: Request) -> Reply:
        matches = injection.place_matcher(request.method, "token")
        for company in self.companies.values():
            struck = injection.strike(company, matches)
            if struck:
                return self._struck_call(request, company, struck, lambda: oauth.token(self.companies, request))
        return oauth.token(self.companies, request)

    def _api(self, request: Request) -> Reply:
        realm, _, path = request.path[len(PREFIX) :].partition("/")
        company = self.companies.get(realm)
        if company is None:
            return self._unserved(request)
        if request.method == "GET" and DOWNLOAD.fullmatch(path):
            return _call(company, request, path)
        admitted = self._admit(company, request, path)
        if isinstance(admitted, Reply):
            return admitted
        struck, latency = admitted

        def call() -> Reply:
            return _call(company, request, path)

        reply = self._struck_call(request, company, struck, call) if struck else call()
        if latency:
            # After the work, so that a client that stops waiting has, as at Intuit, an unknown outcome.
            _sleep(request, latency / 1000)
        return reply

    def _admit(self, company: Company, request: Request, path: str) -> Reply | tuple[Injected | None, int]:
        """Return the gateway's refusal, or the fault that strikes this call and its latency in ms.

        One transaction for token, limits and faults: they are read and counted together, by one thread at a time.
        """
        batch = path == "batch"
        value = identity.bearer_value(request) or ""
        with company.transaction():
            refusal = _refusal(company, value)
            if refusal is None and not quotas.admit(company, batch=batch):
                return gateway.throttled(company.now())
            if refusal is None:
                struck = injection.strike(company, injection.place_matcher(request.method, path))
                return struck, company.switches.number("batch_latency_ms" if batch else "latency_ms")
        return self._refused(company, value, refusal)

    def _refused(self, company: Company, value: str, refusal: str) -> Reply:
        """Return the 401 or 403 for a refusal. Outside every transaction: other companies have locks of their own."""
        if refusal == "unknown":
            refusal = "forbidden" if self._opens_another(value) else "expired"
        if refusal == "forbidden":
            return gateway.not_authorized(company.now())
        detail = MALFORMED if refusal == "malformed" else f"Token {refusal}: {value}"
        return gateway.token_refused(detail, company.now())

    def _unserved(self, request: Request) -> Reply:
        """Return the refusal for a company that is not here: 403 with a token of another company, else 401."""
        now = self._now()
        value = identity.bearer_value(request) or ""
        if len(value) not in TOKEN_LENGTHS:
            return gateway.token_refused(MALFORMED, now)
        if self._opens_another(value):
            return gateway.not_authorized(now)
        return gateway.token_refused(f"Token expired: {value}", now)

    def _opens_another(self, value: str) -> bool:
        """Tell whether the token is active for a company served here. Must run outside every transaction."""
        found = (tokens.bearer(company, value) for company in self.companies.values())
        return any(known is not None and known.state == "active" for known in found)

    def _struck_call(self, request: Request, company: Company, struck: Injected, call: Callable[[], Reply]) -> Reply:
        """Do one call with a fault in it."""
        if struck.name == "late_commit":
            return _late(request, struck.seconds, call)
        if struck.before:
            return self._before(request, company, struck) or call()
        reply = call()
        if struck.name == "slow_answer":
            _sleep(request, struck.seconds)
        return _spoil(struck.name, reply, _moment(company))

    def _before(self, request: Request, company: Company, struck: Injected) -> Reply | None:
        """Return the answer that comes in place of the call, or None when the call goes on in a changed world."""
        if struck.name == "subscription_lapsed":
            with company.transaction():
                company.switches.set("subscription", "lapsed")
        if struck.name == "token_expired":
            tokens.expire_access(company, identity.bearer_value(request) or "")
        if struck.name == "disconnected":
            tokens.disconnect(company)
        if struck.name in ("token_expired", "disconnected"):
            value = identity.bearer_value(request) or ""
            with company.transaction():
                refusal = _refusal(company, value)
            return self._refused(company, value, refusal) if refusal else None
        return _instead(struck.name, _moment(company))

    def _finish(self, request: Request, reply: Reply) -> None:
        trace = trace_id()
        reply.headers.append(("intuit_tid", trace))
        if not request.path.startswith("/v3/"):
            return
        if reply.status in (200, 400):
            reply.headers.extend(service_headers(trace))
        if reply.status == 200 and reply.content_type.startswith("application/json"):
            reply.headers.extend(SUCCESS_HEADERS)
        if request.header("Accept") is None and reply.content_type.startswith("application/json"):
            gateway.as_xml(reply)
        compress(request, reply)

    def _now(self) -> datetime:
        for company in self.companies.values():
            return _moment(company)
        return datetime.now(UTC)

    def _log(self, request: Request | None, outcome: str, began: float) -> None:
        if self.log is not None and request is not None:
            spent = (time.perf_counter() - began) * 1000
            self.log.write(f"{request.method} {request.path} {outcome} {spent:.1f} ms\n")


def _refusal(company: Company, value: str) -> str | None:
    """Return why a token does not open this company (malformed, forbidden, unknown or its state), None if it does."""
    if len(value) not in TOKEN_LENGTHS:
        return "malformed"
    known = tokens.bearer(company, value)
    if known is None:
        return "unknown"
    if known.state == "active" and oauth.ACCOUNTING in known.scope.split():
        return None
    return "forbidden" if known.state in ("active", "disconnected") else known.state


def _moment(company: Company) -> datetime:
    # Under the company's lock: what it keeps in memory may be renewed by another thread at this moment.
    with company.reading():
        return company.now()


def _call(company: Company, request: Request, path: str) -> Reply:
    if request.method not in ("GET", "POST"):
        return gateway.unsupported(request, _moment(company))
    kind = request.header("Content-Type") or ""
    body = plain_body(request)
    if not kind.startswith("multipart/") and not _is_utf8(body):
        return gateway.rendered(fault.unparsable(), _moment(company))
    answer = company.call(request.method, path, request.query, body, kind)
    content_type = answer.content_type
    if answer.status == 200 and content_type == "application/json":
        content_type = JSON_SUCCESS
    # The address of an attachment's file is of the server that was asked.
    content = answer.body.replace(OWN_DOWNLOADS, b'"TempDownloadUri":"' + request.base_url.encode())
    return Reply(answer.status, content, content_type, list(answer.headers.items()))


def _late(request: Request, seconds: float, call: Callable[[], Reply]) -> Reply:
    try:
        _sleep(request, seconds)
    except ConnectionCut:
        # In-process there is nobody left to work once the client stops waiting: the late work is done at that moment.
        call()
        raise
    return call()


def _is_utf8(body: bytes) -> bool:
    # Intuit takes UTF-8 alone; a zero byte means UTF-16 or UTF-32, which Python's JSON reader would accept.
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return b"\0" not in body


def _instead(name: str, now: datetime) -> Reply | None:
    if name == "cut_before":
        raise ConnectionCut
    if name == "error_500":
        return gateway.rendered(fault.system_failure(), now)
    if name == "html_error":
        return gateway.html_page(502, "Bad Gateway")
    if name == "unavailable":
        return Reply(503, b"", "")
    if name == "throttled":
        return gateway.throttled(now)
    return None


def _spoil(name: str, reply: Reply, now: datetime) -> Reply:
    """Return what is left of an answer when a fault strikes after the work."""
    if name == "lost_answer":
        raise ConnectionCut
    if name == "error_500_after":
        return gateway.rendered(fault.system_failure(), now)
    if name == "html_error_after":
        return gateway.html_page(504, "Gateway Timeout")
    if name == "empty_answer":
        reply.body = b""
    if name == "truncated_json":
        reply.body = reply.body[: len(reply.body) // 2]
    if name == "cut_answer":
        reply.cut_after = len(reply.body) // 2
    return reply


def _sleep(request: Request, seconds: float) -> None:
    # The in-process door brings its own sleep, which ends when the client's patience does.
    sleep: Sleep = request.environ.get("emulator.sleep", time.sleep)
    sleep(seconds)
