"""What arrives and what leaves: requests and replies, as both doors of the emulator see them."""

from __future__ import annotations

import gzip
import json
import random
import time
import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl
from uuid import UUID

StartResponse = Callable[[str, list[tuple[str, str]]], Any]
Environ = dict[str, Any]

JSON = "application/json"
JSON_SUCCESS = "application/json;charset=utf-8"
# Intuit's limit for an upload is 100 MB a request; for JSON it names none. An invoice of 10,000 lines (Intuit's own
# limit) is about 4 MB, so what is twice that cannot be meant.
MAX_JSON_BYTES = 8_000_000
MAX_UPLOAD_BYTES = 100_000_000
GZIP_FROM_BYTES = 8_000

REASONS = {
    200: "OK",
    302: "Found",
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    413: "Payload Too Large",
    429: "Too Many Requests",
    500: "Internal Server Error",
    502: "Bad Gateway",
    503: "Service Unavailable",
    504: "Gateway Timeout",
}

Header = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Request:
    """One request, its path decoded; `body` is as sent (still compressed if it was)."""

    method: str
    path: str
    query: Mapping[str, str]
    environ: Environ
    body: bytes

    def header(self, name: str) -> str | None:
        """Return a header's value, or None where it was not sent."""
        key = name.upper().replace("-", "_")
        if key not in ("CONTENT_TYPE", "CONTENT_LENGTH"):
            key = f"HTTP_{key}"
        value = self.environ.get(key)
        return None if value is None else str(value)

    @property
    def base_url(self) -> str:
        """The address the client used, from the Host header, so that a proxy in between stays in between."""
        host = self.header("Host") or f"{self.environ['SERVER_NAME']}:{self.environ['SERVER_PORT']}"
        return f"{self.environ.get('wsgi.url_scheme', 'http')}://{host}"


@dataclass(slots=True)
class Reply:
    """One answer; `cut_after` is the number of body bytes that really leave before the connection is cut."""

    status: int
    body: bytes = b""
    content_type: str = JSON
    headers: list[Header] = field(default_factory=list)
    cut_after: int | None = None


IN_PROCESS = "emulator.in_process"
"""Key of an environ whose caller runs the emulator itself and is told what the company's file refuses."""


class ConnectionCut(Exception):
    """The connection ends without an answer; each door shows it the way a broken network does."""


class BadBody(Exception):
    """The body cannot be read: too long, or not compressed as it says."""


def read_request(environ: Environ) -> Request:
    """Read one WSGI request to its end; a body longer than the upload limit raises BadBody unread."""
    raw_path = str(environ.get("PATH_INFO", "/")).encode("latin-1", "replace")
    return Request(
        method=str(environ["REQUEST_METHOD"]).upper(),
        path=raw_path.decode("utf-8", "replace"),
        query=parse_query(str(environ.get("QUERY_STRING", ""))),
        environ=environ,
        body=_read_body(environ),
    )


def parse_query(text: str) -> dict[str, str]:
    """Decode a query string; of a repeated name the last wins, as servlets that read one value show it."""
    return dict(parse_qsl(text, keep_blank_values=True, errors="replace", max_num_fields=None))


def _read_body(environ: Environ) -> bytes:
    try:
        length = int(environ.get("CONTENT_LENGTH") or 0)
    except ValueError:
        length = 0
    if length > MAX_UPLOAD_BYTES:
        raise BadBody
    return environ["wsgi.input"].read(length) if length > 0 else b""


def plain_body(request: Request) -> bytes:
    """Return the body decompressed; BadBody when it is over the limit for its kind or not what it says."""
    multipart = (request.header("Content-Type") or "").startswith("multipart/")
    limit = MAX_UPLOAD_BYTES if multipart else MAX_JSON_BYTES
    body = _inflate(request.body, (request.header("Content-Encoding") or "").strip().lower(), limit)
    if len(body) > limit:
        raise BadBody
    return body


def _inflate(body: bytes, encoding: str, limit: int) -> bytes:
    if encoding in ("", "identity"):
        return body
    if encoding not in ("gzip", "x-gzip", "deflate"):
        raise BadBody
    # 47 = a zlib or gzip header, whichever is there; the limit keeps a small bomb small.
    inflater = zlib.decompressobj(47)
    try:
        inflated = inflater.decompress(body, limit + 1)
    except zlib.error as broken:
        raise BadBody from broken
    if not inflater.eof and len(inflated) <= limit:
        raise BadBody
    return inflated


def trace_id() -> str:
    """Return a new intuit_tid; Intuit's have the shape 1-<8 hex of the second>-<24 hex>."""
    return f"1-{int(time.time()):08x}-{random.getrandbits(96):024x}"


def service_headers(trace: str) -> list[Header]:
    """Return what answers of the service itself carry and those of the gateway (401) do not, as recorded."""
    return [
        ("Strict-Transport-Security", "max-age=15552000"),
        ("X-Spanid", str(UUID(int=random.getrandbits(128), version=4))),
        ("X-Amzn-Trace-Id", f"Root={trace}"),
    ]


def json_reply(status: int, content: object, headers: Iterable[Header] = ()) -> Reply:
    """Return a reply of compact JSON."""
    body = json.dumps(content, separators=(",", ":"), ensure_ascii=False).encode()
    return Reply(status, body, JSON, list(headers))


def compress(request: Request, reply: Reply) -> None:
    """Compress a long reply in place when the client takes gzip."""
    if len(reply.body) < GZIP_FROM_BYTES or reply.cut_after is not None:
        return
    if "gzip" in (request.header("Accept-Encoding") or "").lower():
        # Level 1: on loopback the processor is the bottleneck, not the line.
        reply.body = gzip.compress(reply.body, compresslevel=1, mtime=0)
        reply.headers.append(("Content-Encoding", "gzip"))


def send(reply: Reply, start_response: StartResponse, *, head: bool = False) -> list[bytes]:
    """Hand a reply to the WSGI server; what a cut keeps back is still counted in Content-Length."""
    headers = [("Content-Length", str(len(reply.body))), *reply.headers]
    if reply.content_type:
        headers.insert(0, ("Content-Type", reply.content_type))
    start_response(f"{reply.status} {REASONS.get(reply.status, 'Unknown')}", headers)
    return [b"" if head else reply.body[: reply.cut_after]]
