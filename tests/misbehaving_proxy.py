"""A TCP proxy on loopback that drops, cuts, repeats and delays HTTP requests, by a seed or by a list of misdeeds."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from random import Random

MISDEEDS = ("none", "drop", "cut", "halve", "twice", "stale", "delay", "late")
"""What can happen to a request: nothing; it is never passed on; its answer is dropped; its answer is cut in the middle;
it is passed on twice and the second answer given; or the first; it is held for a moment; the client is cut at once and
the request arrives afterwards.
"""
Choose = Callable[[bytes], str]


def seeded(seed: int, share: float = 0.3) -> Choose:
    """Misdeeds by chance, for that share of all requests to the API."""
    chance, lock = Random(seed), threading.Lock()

    def choose(request: bytes) -> str:
        with lock:
            bad = chance.random() < share
            return chance.choice(MISDEEDS) if bad and b"/v3/company/" in request.split(b"\r\n", 1)[0] else "none"

    return choose


@contextmanager
def misbehaving(port: int, choose: Choose, *, moment: float = 0.05) -> Iterator[str]:
    """The base URL of a proxy in front of a port of this machine, for as long as the body runs."""
    server = socket.create_server(("127.0.0.1", 0))
    server.settimeout(0.2)
    ended = threading.Event()

    def accept() -> None:
        while not ended.is_set():
            try:
                client, _ = server.accept()
            except TimeoutError:
                continue
            except OSError:
                return
            threading.Thread(target=_serve, args=(client, port, choose, moment), daemon=True).start()

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
    finally:
        ended.set()
        thread.join(5)
        server.close()


def _serve(client: socket.socket, port: int, choose: Choose, moment: float) -> None:
    with closing(client), suppress(OSError):
        client.settimeout(60)
        left = b""
        while True:
            request, left = _message(client, left)
            if not request:
                return
            if not _handle(client, request, port, choose(request), moment):
                return


def _handle(client: socket.socket, request: bytes, port: int, misdeed: str, moment: float) -> bool:
    """Do one misdeed; returns whether the connection stays open."""
    if misdeed == "drop":
        return False
    if misdeed == "late":
        client.shutdown(socket.SHUT_RDWR)
        time.sleep(moment)
        _exchange(request, port)
        return False
    if misdeed == "delay":
        time.sleep(moment)
    answer = _exchange(request, port)
    if misdeed in ("twice", "stale"):
        again = _exchange(request, port)
        answer = again if misdeed == "twice" else answer
    if misdeed == "cut" or not answer:  # the server itself may have hung up
        return False
    client.sendall(answer[: len(answer) // 2] if misdeed == "halve" else answer)
    return misdeed != "halve"


def _exchange(request: bytes, port: int) -> bytes:
    with closing(socket.create_connection(("127.0.0.1", port), timeout=60)) as server:
        server.sendall(request)
        answer, _ = _message(server, b"")
        return answer


def _message(source: socket.socket, left: bytes) -> tuple[bytes, bytes]:
    """One whole HTTP message and what came after it; empty when the other side has gone."""
    while b"\r\n\r\n" not in left:
        more = source.recv(65536)
        if not more:
            return b"", b""
        left += more
    head, _, _ = left.partition(b"\r\n\r\n")
    whole = len(head) + 4 + _length(head)
    while len(left) < whole:
        more = source.recv(65536)
        if not more:
            return b"", b""
        left += more
    return left[:whole], left[whole:]


def _length(head: bytes) -> int:
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"content-length":
            return int(value)
        if name.strip().lower() == b"transfer-encoding":
            raise OSError("chunked messages are not expected here")
    return 0
