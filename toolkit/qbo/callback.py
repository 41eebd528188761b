"""Receives the browser that Intuit sends back: a page on this machine, for development keys, used once.

Intuit lets development keys lead back to http://localhost; production keys need an https address, whose callback is
pasted instead (docs/connect.md).
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import urlsplit

from toolkit.problems import ReconnectNeeded, UsageError
from toolkit.qbo import connection_words

_PAGE = (
    "<!doctype html><html lang=en><meta charset=utf-8><title>Connected</title>"
    "<p>QuickBooks has answered. You can close this page and go back to the notebook.</p></html>"
)


def leads_here(redirect: str) -> bool:
    """Whether a browser that is sent there comes to this machine, so that the answer need not be pasted."""
    try:
        parts = urlsplit(redirect)
        return parts.scheme == "http" and parts.hostname in ("localhost", "127.0.0.1") and parts.port != 0
    except ValueError:  # a port that is no number
        return False


class Callback:
    """A listener for one callback address; use as a context manager, and only for an address on this machine."""

    def __init__(self, redirect: str) -> None:
        parts = urlsplit(redirect)
        if not leads_here(redirect):
            raise ValueError(f"{redirect} does not lead to this machine: paste the address instead")
        self._path = parts.path or "/"
        self._origin = f"{parts.scheme}://{parts.netloc}"
        self._came = threading.Event()
        self._address = ""
        self._server = HTTPServer(("127.0.0.1", parts.port or 80), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True)

    def __enter__(self) -> Callback:
        """Start listening."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def port(self) -> int:
        """The port that is listened on."""
        return int(self._server.server_address[1])

    def wait(self, seconds: float) -> str:
        """The whole address that came back; raises `TimeoutError` when none came."""
        if not self._came.wait(seconds):
            raise TimeoutError("nobody finished connecting in the browser")
        return self._address

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        callback = self

        class Handler(BaseHTTPRequestHandler):
            """Answers the one page, remembers its address and logs nothing: the address holds the code."""

            def do_GET(self) -> None:
                """Take the callback, refuse the rest (browsers also ask for an icon)."""
                known = urlsplit(self.path).path == callback._path
                self.send_response(200 if known else 404)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.send_header("Referrer-Policy", "no-referrer")
                self.end_headers()
                if known:
                    self.wfile.write(_PAGE.encode())
                    callback._take(self.path)

            log_message: Callable[..., None] = staticmethod(lambda *args: None)

        return Handler

    def _take(self, path: str) -> None:
        if not self._came.is_set():
            self._address = f"{self._origin}{path}"
            self._came.set()


def came_back(redirect: str, *, seconds: float, open_page: Callable[[], object] = lambda: None) -> str:
    """The address that the browser came back to; `open_page` is called once it can come.

    Raises `ReconnectNeeded` when nobody finishes within `seconds`, `UsageError` when the callback's port is taken.
    """
    try:
        listener = Callback(redirect)
    except OSError as error:
        raise UsageError(connection_words.port_taken(redirect, str(error.strerror))) from None
    with listener:
        open_page()
        try:
            return listener.wait(seconds)
        except TimeoutError:
            raise ReconnectNeeded(connection_words.nobody_answered()) from None
