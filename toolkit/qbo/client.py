"""QuickBooks' API as calls: query, read, write, batch, report, change data capture.

Sources: developer.intuit.com (batch, cdc, queries); recorded traffic (minimul/qbo_api).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from toolkit.problems import OutcomeUnknown, Problem, QuickBooksRefused, Severity
from toolkit.qbo import faults
from toolkit.qbo.exact_json import Json, dumps
from toolkit.qbo.faults import Fault
from toolkit.qbo.layers import Answer, Call, Layers, NoAnswer, Retry
from toolkit.qbo.wire import WireRequest, count_text, query_text

__all__ = ["BATCH", "PAGE", "BatchAnswer", "BatchItem", "Client", "NoAnswer", "Retry"]

PAGE = 1000
BATCH = 30
# Longer queries go as a body: an address has its limits, a body has none.
_LONGEST_ADDRESS = 1500


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchItem:
    """One item of a batch: a write or a query, under a `bid` of at most 10 characters, unique in the batch."""

    bid: str
    request: WireRequest | None = None
    query: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchAnswer:
    """The answer to one item: the record as it stands now, or the rows of a query, or a Fault, or neither (missing).

    `time` is QuickBooks' clock at the answer, aware UTC. A `missing` answer means that its outcome is not known.
    """

    bid: str
    entity: str = ""
    json: Json | None = None
    rows: tuple[Json, ...] = ()
    fault: Fault | None = None
    missing: bool = False
    time: datetime | None = None


class Client(Layers):
    """One company's QuickBooks, safe to use from many threads (see `Layers` for what each call may raise)."""

    def query(self, text: str) -> list[Json]:
        """The rows of one SELECT (one page, at most 1000)."""
        return self._rows(self.ask(text))

    def ask(self, text: str) -> Answer:
        """The whole answer to one query, with QuickBooks' clock; one metered read."""
        if len(text) <= _LONGEST_ADDRESS:
            return self.send(Call(method="GET", path="query", params={"query": text}, reads=1))
        body = text.encode()
        return self.send(Call(method="POST", path="query", body=body, content_type="application/text", reads=1))

    def count(self, entity: str, *, where: str = "") -> int:
        """How many rows there are; one metered read."""
        answer = self.ask(count_text(entity, where=where))
        return int(answer.json.get("QueryResponse", {}).get("totalCount", 0))

    def query_all(self, entity: str, *, where: str = "", columns: str = "*") -> list[Json]:
        """All rows by id: one read up to 999 rows, else a count and the further pages in parallel."""
        first = self._page(entity, where, columns, 1, PAGE)
        if len(first) < PAGE:
            return first
        starts = range(PAGE + 1, self.count(entity, where=where) + 1, PAGE)
        with ThreadPoolExecutor(self._parallel) as pool:
            pages = pool.map(lambda start: self._page(entity, where, columns, start, PAGE), starts)
            rows = [row for page in (first, *pages) for row in page]
        return list({str(row["Id"]): row for row in rows}.values())

    def _page(self, entity: str, where: str, columns: str, start: int, size: int) -> list[Json]:
        try:
            return self.query(query_text(entity, columns=columns, where=where, start=start, size=size))
        except QuickBooksRefused as refused:
            # Intuit .NET SDK issue 111: one stored bad e-mail address fails the query of its whole page.
            if refused.fault_code != "4002":
                raise
        if size == 1:
            text = query_text(entity, columns="Id", where=where, start=start, size=1)
            return [self.read(entity, str(row["Id"])) for row in self.query(text)]
        half = size // 2
        return self._page(entity, where, columns, start, half) + self._page(
            entity, where, columns, start + half, size - half
        )

    def read(self, entity: str, record_id: str) -> Json:
        """One record by id; raises `QuickBooksRefused` with code 610 when it is not there."""
        answer = self.send(Call(method="GET", path=f"{entity.lower()}/{record_id}", reads=1))
        return _inner(answer.json, entity)

    def company_info(self) -> tuple[Json, datetime | None]:
        """The company's own record, and QuickBooks' clock."""
        answer = self.send(Call(method="GET", path=f"companyinfo/{self.realm}", reads=1))
        return _inner(answer.json, "CompanyInfo"), answer.time

    def preferences(self) -> Json:
        """The company's settings."""
        return _inner(self.send(Call(method="GET", path="preferences", reads=1)).json, "Preferences")

    def report(self, name: str, **params: str) -> Json:
        """One report as QuickBooks lays it out; all values in it are text."""
        return self.send(Call(method="GET", path=f"reports/{name}", params=params, reads=1)).json

    def cdc(self, entities: Sequence[str], since: datetime) -> tuple[dict[str, list[Json]], datetime | None]:
        """What changed since a moment (aware), by entity, deletions as rows with status Deleted; and QuickBooks' clock.

        Intuit gives at most 1000 rows in all and 30 days: the caller checks both.
        """
        params = {"entities": ",".join(entities), "changedSince": since.isoformat(timespec="seconds")}
        answer = self.send(Call(method="GET", path="cdc", params=params, reads=1))
        changed: dict[str, list[Json]] = {entity: [] for entity in entities}
        for response in answer.json.get("CDCResponse") or ():
            for part in response.get("QueryResponse") or ():
                for entity in entities:
                    changed[entity] += part.get(entity) or []
        return changed, answer.time

    def pdf(self, entity: str, record_id: str) -> bytes:
        """A sales form as QuickBooks prints it."""
        path = f"{entity.lower()}/{record_id}/pdf"
        return self.send(Call(method="GET", path=path, accept="application/pdf", reads=1)).body

    def write(self, request: WireRequest, requestid: str, *, before: Callable[[], None] | None = None) -> Json:
        """One write alone; the record as it stands after it (for a deletion: domain, status, Id).

        `before` is called right before it is sent, and keeps it from being sent by raising.
        """
        call = Call(
            method="POST",
            path=request.path,
            params=request.params,
            body=dumps(request.body).encode(),
            retry=Retry.NEVER,
            requestid=requestid,
            writes=1,
            before=before,
        )
        return _inner(self.send(call).json, request.entity)

    def batch(
        self,
        items: Sequence[BatchItem],
        requestid: str,
        *,
        admitted: bool = False,
        before: Callable[[], None] | None = None,
    ) -> list[BatchAnswer]:
        """The answers to up to 30 items, in the order asked, matched by bid alone.

        Items are independent: each has its own record, rows or Fault. `requestid` is at most 36 characters (Intuit: the
        key of an item is requestid and bId together). `admitted` says that `admit` has taken its place in the limits;
        `before` is called right before each sending, and keeps the batch from being sent by raising. Raises
        `ValueError` for a batch that Intuit would not take.
        """
        _check_batch(items, requestid)
        body = dumps({"BatchItemRequest": [_item(item) for item in items]}).encode()
        writes = sum(1 for item in items if item.request is not None)
        answer = self.send(
            Call(
                method="POST",
                path="batch",
                body=body,
                retry=Retry.NEVER if writes else Retry.READS,
                requestid=requestid,
                reads=len(items) - writes,
                writes=writes,
                admitted=admitted,
                before=before,
            )
        )
        answered = {str(one.get("bId") or ""): one for one in answer.json.get("BatchItemResponse") or ()}
        return [_batch_answer(item, answered.get(item.bid), answer) for item in items]

    def email(self, entity: str, record_id: str, address: str, requestid: str) -> Json:
        """Have QuickBooks mail a sales form to `address`; the form as it stands after it."""
        call = Call(
            method="POST",
            path=f"{entity.lower()}/{record_id}/send",
            params={"sendTo": address},
            body=b"",
            content_type="application/octet-stream",
            retry=Retry.NEVER,
            requestid=requestid,
            writes=1,
        )
        return _inner(self.send(call).json, entity)

    def _rows(self, answer: Answer) -> list[Json]:
        return _rows(answer.json.get("QueryResponse") or {})


def _rows(response: Mapping[str, Any]) -> list[Json]:
    return next((value for value in response.values() if isinstance(value, list)), [])


def _inner(json: Json, entity: str) -> Json:
    inner = json.get(entity)
    if not isinstance(inner, dict):
        raise _misread(entity)
    return inner


def _item(item: BatchItem) -> Json:
    if item.request is not None:
        return item.request.as_item(item.bid)
    return {"bId": item.bid, "Query": item.query}


def _batch_answer(item: BatchItem, answered: Json | None, answer: Answer) -> BatchAnswer:
    if answered is None:
        return BatchAnswer(bid=item.bid, missing=True, time=answer.time)
    fault = faults.of_item(answered, intuit_tid=answer.intuit_tid)
    if fault is not None:
        return BatchAnswer(bid=item.bid, fault=fault, time=answer.time)
    if item.request is None:
        rows = tuple(_rows(answered.get("QueryResponse") or {}))
        return BatchAnswer(bid=item.bid, rows=rows, time=answer.time)
    entity = item.request.entity
    record = answered.get(entity)
    if not isinstance(record, dict):
        return BatchAnswer(bid=item.bid, missing=True, time=answer.time)
    return BatchAnswer(bid=item.bid, entity=entity, json=record, time=answer.time)


def _check_batch(items: Sequence[BatchItem], requestid: str) -> None:
    bids = {item.bid for item in items}
    if not 1 <= len(items) <= BATCH or len(bids) != len(items):
        raise ValueError("a batch has 1 to 30 items with a bid each")
    if any(not 1 <= len(bid) <= 10 for bid in bids) or not 1 <= len(requestid) <= 36:
        raise ValueError("Intuit: a bid has at most 10 characters, a batch's requestid at most 36")


def _misread(entity: str) -> OutcomeUnknown:
    return OutcomeUnknown(
        Problem(
            code="answer-not-understood",
            where=f"QuickBooks {entity}",
            what=f"QuickBooks answered without the {entity} that was asked for.",
            why="What it did cannot be told from that answer.",
            do="Run again: what was posted is found first.",
            severity=Severity.ITEM,
        )
    )
