"""A scripted Intuit for tests of the client alone: a requests adapter that answers what it is told, and remembers."""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests
from requests.adapters import BaseAdapter, HTTPAdapter
from urllib3 import HTTPResponse

from toolkit.qbo.addresses import ADDRESSES, Addresses
from toolkit.qbo.client import Client
from toolkit.qbo.limits import AppLimits, Limits, Rates
from toolkit.settings import Environment

Reply = tuple[int, bytes, Mapping[str, str]]
Script = Callable[[requests.PreparedRequest], "Reply | Exception"]


def ok(body: object, status: int = 200, **headers: str) -> Reply:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return (
        status,
        raw,
        {"Content-Type": "application/json", "intuit_tid": "1-5f732f5f-25dcb83b777d318c396aaf06", **headers},
    )


class ScriptedAdapter(BaseAdapter):
    """Answers with `script(request)`; an exception it returns is raised."""

    def __init__(self, script: Script) -> None:
        super().__init__()
        self.script = script
        self.requests: list[requests.PreparedRequest] = []
        self._lock = threading.Lock()
        self._builder = HTTPAdapter()

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        with self._lock:
            self.requests.append(request)
        answered = self.script(request)
        if isinstance(answered, Exception):
            raise answered
        status, body, headers = answered
        raw = HTTPResponse(body=io.BytesIO(body), status=status, headers=dict(headers), preload_content=False)
        return self._builder.build_response(request, raw)

    def close(self) -> None:
        pass


def in_turn(*answers: Reply | Exception) -> Script:
    """Each answer once, in order; more calls fail the test."""
    left = list(answers)
    lock = threading.Lock()

    def script(request: requests.PreparedRequest) -> Reply | Exception:
        with lock:
            if not left:
                raise AssertionError(f"an unexpected call: {request.method} {request.url}")
            return left.pop(0)

    return script


def asked(request: requests.PreparedRequest) -> dict[str, str]:
    return {
        name: values[0] for name, values in parse_qs(urlsplit(str(request.url)).query, keep_blank_values=True).items()
    }


class Clock:
    """Seconds that pass only when somebody sleeps."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.slept: list[float] = []
        self._lock = threading.Lock()

    def __call__(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        with self._lock:
            self.seconds += seconds
            self.slept.append(seconds)

    def now(self) -> datetime:
        return datetime.fromtimestamp(1_790_000_000 + self.seconds, UTC)


class PlainSession:
    """A session without OAuth: what the client needs and no more."""

    realm = "9130"
    mark = "9130 x"

    def __init__(self, adapter: BaseAdapter) -> None:
        self._http = requests.Session()
        self._http.mount("https://", adapter)
        self.tokens = ["first"]
        self.renewed: list[str] = []

    @property
    def addresses(self) -> Addresses:
        return ADDRESSES[Environment.EMULATOR]

    def ensure(self) -> None:
        pass

    def token(self) -> str:
        return self.tokens[-1]

    def renew(self, spent: str) -> None:
        self.renewed.append(spent)
        self.tokens.append(f"token {len(self.tokens) + 1}")

    def scrubbed(self, content: bytes) -> bytes:
        return content

    def send(
        self, method: str, url: str, *, params: Mapping[str, str], body: bytes | None, headers: Mapping[str, str]
    ) -> requests.Response:
        return self._http.request(
            method, url, params=dict(params), data=body, headers=dict(headers), allow_redirects=False
        )


def client_of(script: Script, *, rates: Rates | None = None, **options: Any) -> tuple[Client, ScriptedAdapter, Clock]:
    adapter, clock = ScriptedAdapter(script), Clock()
    limits = Limits(clock=clock, sleep=clock.sleep, app=AppLimits(rates))
    client = Client(PlainSession(adapter), limits, sleep=clock.sleep, jitter=lambda: 0.5, **options)
    return client, adapter, clock
