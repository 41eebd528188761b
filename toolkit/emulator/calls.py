"""The calls of the service: which path and method does what."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import Decimal
from typing import Any, NoReturn

from toolkit.emulator import (
    attachments,
    batch,
    changes,
    delivery,
    fault,
    moments,
    operations,
    query,
    replay,
    reports,
    voiding,
    writing,
)
from toolkit.emulator.amounts import rendered
from toolkit.emulator.books import Books
from toolkit.emulator.kinds import BY_PATH, ELSEWHERE, NAMES, PSEUDO_IDS, Kind
from toolkit.emulator.operations import one_name_at_a_time
from toolkit.emulator.records import Record

__all__ = ["Answer", "Call", "answer", "check_texts", "one_name_at_a_time"]

JSON = "application/json;charset=utf-8"
_NAME_PATHS = frozenset(name.lower() for name in NAMES)
_ELSEWHERE_PATHS = frozenset(name.lower() for name in ELSEWHERE)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a call answers."""

    status: int
    body: bytes
    content_type: str = JSON
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Call:
    """One call: `parts` is the path behind the company ID, split at slashes."""

    method: str
    parts: tuple[str, ...]
    params: Mapping[str, str]
    body: bytes
    content_type: str

    @property
    def writes(self) -> bool:
        """Whether the call may change the books."""
        return self.method == "POST" and self.parts != ("query",)

    @property
    def names(self) -> bool:
        """Whether the call writes a name outside of a batch."""
        return self.method == "POST" and self.parts[0] in _NAME_PATHS


def check_texts(call: Call) -> None:
    """Raises Fault 2010 or 4000 for texts that are no Unicode (lone surrogates)."""
    try:
        "/".join((*call.parts, *call.params.keys(), *call.params.values())).encode()
    except UnicodeEncodeError:
        raise fault.query_unparsable("Invalid content.") if "query" in call.params else fault.unparsable() from None


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)


def parsed(body: bytes) -> Any:
    """A JSON body with exact numbers. Raises Fault 2010 for anything else."""
    try:
        value = json.loads(body, parse_float=Decimal, parse_constant=_no_constant)
        if b"\\ud" in body.lower():
            json.dumps(value, ensure_ascii=False, default=str).encode()
    except (ValueError, RecursionError):
        raise fault.unparsable() from None
    return value


def wrapped(books: Books, inner: str) -> Answer:
    """A successful answer: the inner text with the `time`."""
    return Answer(200, f'{{{inner},"time":"{moments.answer_time(books.moment)}"}}'.encode())


def _of(record: Record, books: Books) -> str:
    return f'"{record.entity}":{operations.answer(books, record)}'


def _path(books: Books, call: Call) -> str:
    return f"/v3/company/{books.realm()}/{'/'.join(call.parts)}"


def answer(books: Books, call: Call) -> Answer:
    """Answers a call. Must run inside a transaction when it writes; raises Fault."""
    found = _FIXED.get((call.method, call.parts[0])) if len(call.parts) == 1 else None
    if found is not None:
        return found(books, call)
    if call.method == "GET" and call.parts[0] in ("reports", "download") and len(call.parts) >= 2:
        return _report(books, call) if call.parts[0] == "reports" else _download(books, call)
    kind = BY_PATH.get(call.parts[0])
    if kind is None:
        return _elsewhere(books, call)
    if call.method == "GET":
        return _get(books, call, kind)
    if call.method == "POST":
        return _replayed(books, call, lambda: _post(books, call, kind))
    raise fault.no_resource(_path(books, call))


def _elsewhere(books: Books, call: Call) -> Answer:
    if call.parts[0] in _ELSEWHERE_PATHS and call.method == "GET" and len(call.parts) == 2:
        writing.id_of({"Id": call.parts[1]})
        raise fault.not_found()
    raise fault.no_resource(_path(books, call))


def _get(books: Books, call: Call, kind: Kind) -> Answer:
    parts = call.parts
    if kind.group == "single":
        if len(parts) == 1 or (len(parts) == 2 and parts[1] in ("1", books.realm())):
            return wrapped(books, _of(books.live(kind.entity, 1), books))
        raise fault.not_found() if len(parts) == 2 else fault.no_resource(_path(books, call))
    if len(parts) == 2:
        word = PSEUDO_IDS.get(parts[1]) if kind.entity == "TaxCode" else None
        id = word if word is not None else writing.id_of({"Id": parts[1]})
        return wrapped(books, _of(books.live(kind.entity, id), books))
    if len(parts) == 3 and parts[2] == "pdf":
        record = books.live(kind.entity, writing.id_of({"Id": parts[1]}))
        return Answer(200, delivery.pdf(books, record), "application/pdf")
    raise fault.no_resource(_path(books, call))


def _replayed(books: Books, call: Call, do: Callable[[], Answer]) -> Answer:
    """Does a write, or answers as it was answered before under the same requestid."""
    requestid = call.params.get("requestid", "")
    replay.check_length(requestid)
    digest = replay.digest_of("/".join(call.parts), call.params.get("operation", ""), call.body) if requestid else ""
    before = replay.find(books, requestid, digest)
    if before is not None:
        return Answer(before.status, before.text.encode(), before.content_type)
    try:
        with books.attempt():
            done = do()
    except fault.Fault as refused:
        if not requestid or books.switches["requestid_faults"] == "again":
            raise
        body = {"Fault": refused.body(books.switches["language"]), "time": moments.answer_time(books.moment)}
        done = Answer(refused.status, rendered(body).encode(), "application/json")
    if requestid:
        replay.keep(books, requestid, replay.Stored(done.status, done.content_type, done.body.decode(), digest))
    return done


def _post(books: Books, call: Call, kind: Kind) -> Answer:
    parts = call.parts
    if len(parts) == 3 and parts[2] == "send":
        operations.guard_subscription(books)
        record = books.live(kind.entity, writing.id_of({"Id": parts[1]}))
        return wrapped(books, _of(delivery.send(books, record, call.params.get("sendTo")), books))
    if len(parts) != 1:
        raise fault.no_resource(_path(books, call))
    operation = call.params.get("operation", "").lower()
    options = frozenset(part.strip() for part in call.params.get("include", "").split(","))
    value = parsed(call.body)
    if operation == "delete":
        return wrapped(books, f'"{kind.entity}":{voiding.delete(books, kind, value)}')
    if operation == "void":
        voiding.guard(books, kind, by_include=False)
        return wrapped(books, _of(voiding.void(books, kind, value), books))
    if operation == "update" and "void" in options:
        voiding.guard(books, kind, by_include=True)
        return wrapped(books, _of(voiding.void(books, kind, value), books))
    if operation not in ("", "create", "update"):
        raise fault.unsupported(operation[:50])
    return wrapped(books, _of(operations.write(books, kind, value, options), books))


def _query(books: Books, call: Call) -> Answer:
    text = call.params.get("query")
    if text is None:
        text = call.body.decode("utf-8", "replace")
    return wrapped(books, query.answer(books, text))


def _batch(books: Books, call: Call) -> Answer:
    return wrapped(books, batch.answer(books, parsed(call.body), call.params.get("requestid", "")))


def _cdc(books: Books, call: Call) -> Answer:
    return wrapped(books, changes.answer(books, call.params))


def _upload(books: Books, call: Call) -> Answer:
    operations.guard_subscription(books)
    return wrapped(books, attachments.upload(books, call.content_type, call.body))


def _report(books: Books, call: Call) -> Answer:
    books.flush()
    lag = books.switches.number("query_lag_s")
    seen_until = moments.stored(books.moment - timedelta(seconds=lag)) if lag else ""
    facts = replace(
        reports.read_facts(books.connection, seen_until=seen_until),
        cell_limit=books.switches.number("report_cells"),
        strict_parameters=books.switches["report_parameters"] == "refuse",
    )
    today = moments.today(books.moment)
    name = "/".join(call.parts[1:])
    made = reports.render(books.connection, name, call.params, today=today, now=books.moment, company=facts)
    return Answer(200, rendered(made).encode())


def _download(books: Books, call: Call) -> Answer:
    content, content_type = attachments.content(books, writing.id_of({"Id": call.parts[1]}))
    return Answer(200, content, content_type)


_FIXED: dict[tuple[str, str], Callable[[Books, Call], Answer]] = {
    ("GET", "query"): _query,
    ("POST", "query"): _query,
    ("POST", "batch"): _batch,
    ("GET", "cdc"): _cdc,
    ("POST", "upload"): _upload,
}
