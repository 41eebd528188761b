"""The emulator's HTTP door: waitress on a loopback address, with connections that can be cut."""

from __future__ import annotations

import contextlib
import logging
import select
import signal
import threading
from typing import Any

from waitress import wasyncore
from waitress.channel import ClientDisconnected, HTTPChannel
from waitress.server import create_server
from waitress.task import WSGITask

from toolkit.emulator.app import EmulatorApp
from toolkit.emulator.web import MAX_UPLOAD_BYTES, ConnectionCut

# Calls wait for latency and slow answers with a thread each; one company's work is serialized by its database anyway.
THREADS = 64


class CuttableTask(WSGITask):  # type: ignore[misc]  # waitress has no types
    """One request that ends without a byte of answer when the application cuts its connection."""

    def execute(self) -> None:
        """Run the application; a cut looks to waitress like a client that has gone, and closes the connection."""
        try:
            super().execute()
        except ConnectionCut:
            raise ClientDisconnected from None


class CuttableChannel(HTTPChannel):  # type: ignore[misc]  # waitress has no types
    """A connection whose requests can be cut."""

    task_class = CuttableTask


class Door:
    """A listening server; `port` is the real one, chosen by the system when 0 was asked for."""

    def __init__(self, app: EmulatorApp, host: str, port: int):
        # Waitress warns of every answer shorter than its Content-Length; here that is a fault someone asked for.
        logging.getLogger("waitress").setLevel(logging.CRITICAL)
        self._server: Any = create_server(
            app,
            host=host,
            port=port,
            threads=THREADS,
            ident=None,
            connection_limit=1_000,
            channel_timeout=300,
            max_request_body_size=MAX_UPLOAD_BYTES + 1,
            inbuf_overflow=MAX_UPLOAD_BYTES,
            asyncore_use_poll=hasattr(select, "poll"),
            clear_untrusted_proxy_headers=True,
        )
        self._server.channel_class = CuttableChannel
        self.port = int(self._server.effective_port)
        self._ended = threading.Event()
        self._ended.set()

    def run(self) -> None:
        """Serve until the process gets SIGTERM or SIGINT, or `close` is called from another thread."""
        self._ended.clear()
        try:
            self._server.run()
        finally:
            self._ended.set()

    def close(self) -> None:
        """Stop listening and end all connections; calls at work get a moment to end."""
        if not self._ended.is_set():
            # Sockets may only be closed by the thread that waits on them.
            with contextlib.suppress(OSError):
                self._server.trigger.pull_trigger(self._close_sockets)
            self._ended.wait(5)
        self._close_sockets()
        self._server.task_dispatcher.shutdown(cancel_pending=True, timeout=1)

    def _close_sockets(self) -> None:
        wasyncore.close_all(self._server._map, ignore_all=True)


def stop_on_signals() -> None:
    """Let SIGTERM end the process the way SIGINT does: by an exception in the main thread."""
    if threading.current_thread() is not threading.main_thread():
        return

    def stop(number: int, frame: object) -> None:
        raise SystemExit(0)

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
