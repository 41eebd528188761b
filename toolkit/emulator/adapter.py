"""Two `requests` adapters: one runs the emulator in this process, one goes to a server on this machine."""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from urllib.parse import unquote_to_bytes, urlsplit

import requests
from requests.adapters import BaseAdapter, HTTPAdapter
from urllib3 import HTTPResponse
from urllib3.exceptions import ProtocolError

from toolkit.emulator.app import EmulatorApp
from toolkit.emulator.web import IN_PROCESS, ConnectionCut, Environ

ORIGIN = "https://emulator.invalid"
LOOPBACK_HOSTS = ("127.0.0.1", "localhost", "::1")

Timeout = float | tuple[float | None, float | None] | None


class _Impatient(ConnectionCut):
    """The client's read timeout passed while the emulator slept."""


class EmulatorAdapter(BaseAdapter):
    """Answers every request it is mounted for from an application in this process, faults and timeouts too."""

    def __init__(self, app: EmulatorApp, *, sleep: Callable[[float], None] = time.sleep):
        super().__init__()
        self._app = app
        self._sleep = sleep
        # requests' own translation of a raw answer into a Response, and nothing else of it.
        self._builder = HTTPAdapter()

    def send(  # noqa: PLR0917  # requests' own signature
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: Timeout = None,
        verify: bool | str = True,
        cert: Any = None,
        proxies: Mapping[str, str] | None = None,
    ) -> requests.Response:
        """Return the application's answer; raises requests' ConnectionError or ReadTimeout where a fault says so.

        Raises sqlite3.OperationalError, after all was undone, when the company's file cannot be read or written.
        """
        environ = _environ(request)
        environ["emulator.sleep"] = self._patience(timeout)
        environ[IN_PROCESS] = True
        started: list[Any] = []

        def start_response(status: str, headers: list[tuple[str, str]]) -> None:
            started[:] = [status, headers]

        try:
            body = b"".join(self._app(environ, start_response))
        except _Impatient:
            raise requests.ReadTimeout(f"Read timed out. (read timeout={_read_timeout(timeout)})") from None
        except ConnectionCut:
            cut = ConnectionResetError(104, "Connection reset by peer")
            raise requests.ConnectionError(ProtocolError("Connection aborted.", cut), request=request) from None
        return self._builder.build_response(request, _raw(str(request.method), started, body))

    def _patience(self, timeout: Timeout) -> Callable[[float], None]:
        """Return a sleep that raises _Impatient once all sleeps of a call exceed the client's read timeout."""
        left = _read_timeout(timeout)

        def sleep(seconds: float) -> None:
            nonlocal left
            if left is not None and seconds >= left:
                self._sleep(left)
                raise _Impatient
            self._sleep(seconds)
            left = None if left is None else left - seconds

        return sleep

    def close(self) -> None:
        """Do nothing: the companies belong to who opened them."""


def _read_timeout(timeout: Timeout) -> float | None:
    return timeout[1] if isinstance(timeout, tuple) else timeout


def _raw(method: str, started: list[Any], body: bytes) -> HTTPResponse:
    status, headers = started
    return HTTPResponse(
        body=io.BytesIO(body),
        headers=headers,
        status=int(status[:3]),
        reason=status[4:],
        preload_content=False,
        decode_content=False,
        request_method=method,
        # A body that ends before its Content-Length is then what it is over HTTP: an incomplete read.
        enforce_content_length=True,
    )


def _environ(request: requests.PreparedRequest) -> Environ:
    parts = urlsplit(str(request.url))
    body = _body(request.body)
    environ: Environ = {
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(parts.path).decode("latin-1"),
        "QUERY_STRING": parts.query,
        "SERVER_NAME": parts.hostname or "",
        "SERVER_PORT": str(parts.port or (443 if parts.scheme == "https" else 80)),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": parts.netloc.rpartition("@")[2],
        "wsgi.url_scheme": parts.scheme,
        "wsgi.input": io.BytesIO(body),
    }
    for name, value in request.headers.items():
        key = name.upper().replace("-", "_")
        text = value.decode("latin-1") if isinstance(value, bytes) else value
        environ[key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"] = text
    environ["CONTENT_LENGTH"] = str(len(body))
    return environ


def _body(body: bytes | str | Iterable[bytes] | None) -> bytes:
    if body is None:
        return b""
    if isinstance(body, bytes):
        return body
    if isinstance(body, str):
        return body.encode()
    return b"".join(body)


class LoopbackAdapter(HTTPAdapter):
    """Carries requests for the emulator's address to an HTTP server on this machine, and to nowhere else.

    A client then keeps speaking of https, as its OAuth library demands, without that demand being switched off.
    """

    def __init__(self, base_url: str, **options: Any):
        super().__init__(**options)
        parts = urlsplit(base_url)
        if parts.scheme != "http" or parts.hostname not in LOOPBACK_HOSTS:
            raise ValueError(f"{base_url!r} is not a loopback address such as http://127.0.0.1:8080")
        self._origin = f"{parts.scheme}://{parts.netloc}"

    def send(self, request: requests.PreparedRequest, *args: Any, **options: Any) -> requests.Response:
        """Send the request to the server, whatever host it names, bypassing any proxy of the environment."""
        parts = urlsplit(str(request.url))
        carried = request.copy()
        carried.url = self._origin + parts.path + (f"?{parts.query}" if parts.query else "")
        options["proxies"] = {}
        response = super().send(carried, *args, **options)
        # The client asked the emulator's address; redirects and cookies must not learn the other one.
        response.url, response.request = str(request.url), request
        return response
