"""QuickBooks' API as calls: query, read, write, batch, report, change data capture.

Sources: developer.intuit.com (batch, cdc, queries); recorded traffic (minimul/qbo_api).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from toolkit.problems import QuickBooksRefused
from toolkit.qbo import faults, understanding
from toolkit.qbo.exact_json import Json, dumps
from toolkit.qbo.exchange import Answer, Call, NoAnswer, Retry
from toolkit.qbo.faults import Fault
from toolkit.qbo.layers import Layers
from toolkit.qbo.wire import WireRequest, count_text, query_text

__all__ = ["BATCH", "PAGE", "BatchAnswer", "BatchItem", "Client", "NoAnswer", "Retry"]

PAGE = 1000
BATCH = 30
# Longer queries go as a body: an address has its limits, a body has none.
_LONGEST_ADDRESS = 1500
Made = TypeVar("Made")


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
        return understanding.rows(self.ask(text).json, understanding.asked_for(text)) or []

    def ask(self, text: str) -> Answer:
        """The whole answer to one query, with QuickBooks' clock; one metered read."""
        understood = understanding.to_query(text)
        if len(text) <= _LONGEST_ADDRESS:
            call = Call(method="GET", path="query", params={"query": text}, reads=1, understood=understood)
        else:
            body, kind = text.encode(), "application/text"
            call = Call(method="POST", path="query", body=body, content_type=kind, reads=1, understood=understood)
        return self.send(call)

    def count(self, entity: str, *, where: str = "") -> int:
        """How many rows there are; one metered read."""
        return understanding.counted(self.ask(count_text(entity, where=where)).json) or 0

    def query_all(self, entity: str, *, where: str = "", columns: str = "*") -> list[Json]:
        """All rows by id: one read up to 999 rows, else a count and the further pages in parallel."""
        pages = self.query_pages(entity, lambda rows: rows, where=where, columns=columns)
        return list({str(row["Id"]): row for rows in pages for row in rows}.values())

    def query_pages(
        self, entity: str, made: Callable[[list[Json]], Made], *, where: str = "", columns: str = "*"
    ) -> list[Made]:
        """What `made` makes of each page of all rows by id, in order; a row can come twice where rows moved meanwhile.

        `made` is called as each page comes, perhaps from other threads, so that not all rows are held as JSON at once.
        """

        def page(start: int) -> tuple[int, Made]:
            rows = self._page(entity, where, columns, start, PAGE)
            return len(rows), made(rows)

        size, first = page(1)
        if size < PAGE:
            return [first]
        starts = range(PAGE + 1, self.count(entity, where=where) + 1, PAGE)
        with ThreadPoolExecutor(self._parallel) as pool:
            return [first, *(found for _, found in pool.map(page, starts))]

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
        understood = understanding.holds(entity, record_id)
        answer = self.send(Call(method="GET", path=f"{entity.lower()}/{record_id}", reads=1, understood=understood))
        return _inner(answer.json, entity)

    def company_info(self) -> tuple[Json, datetime | None]:
        """The company's own record, and QuickBooks' clock."""
        understood = understanding.holds("CompanyInfo")
        answer = self.send(Call(method="GET", path=f"companyinfo/{self.realm}", reads=1, understood=understood))
        return _inner(answer.json, "CompanyInfo"), answer.time

    def preferences(self) -> Json:
        """The company's settings."""
        understood = understanding.holds("Preferences")
        return _inner(
            self.send(Call(method="GET", path="preferences", reads=1, understood=understood)).json, "Preferences"
        )

    def report(self, name: str, **params: str) -> Json:
        """One report as QuickBooks lays it out; all values in it are text."""
        return self.send(Call(method="GET", path=f"reports/{name}", params=params, reads=1)).json

    def cdc(self, entities: Sequence[str], since: datetime) -> tuple[dict[str, list[Json]], datetime | None]:
        """What changed since a moment (aware), by entity, deletions as rows with status Deleted; and QuickBooks' clock.

        Intuit gives at most 1000 rows in all and 30 days: the caller checks both.
        """
        params = {"entities": ",".join(entities), "changedSince": since.isoformat(timespec="seconds")}
        understood = understanding.to_changes(entities)
        answer = self.send(Call(method="GET", path="cdc", params=params, reads=1, understood=understood))
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

        An answer of another record, or of one that is not as it was to become, is no answer: raises `NoAnswer`.
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
            understood=understanding.to_write(request),
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
        answered = _by_bid(answer.json.get("BatchItemResponse") or ())
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
            understood=understanding.holds(entity, record_id),
        )
        return _inner(self.send(call).json, entity)


def _inner(json: Json, entity: str) -> Json:
    inner: Json = json[entity]  # what has none was not understood, and did not come this far
    return inner


def _item(item: BatchItem) -> Json:
    if item.request is not None:
        return item.request.as_item(item.bid)
    return {"bId": item.bid, "Query": item.query}


def _by_bid(answers: Sequence[Json]) -> dict[str, Json]:
    """The answers by bid; a bid that came with more than one answer has none: which is its own is not known."""
    counted = Counter(str(one.get("bId") or "") for one in answers)
    return {bid: one for one in answers if counted[bid := str(one.get("bId") or "")] == 1}


def _batch_answer(item: BatchItem, answered: Json | None, answer: Answer) -> BatchAnswer:
    if answered is None:
        return BatchAnswer(bid=item.bid, missing=True, time=answer.time)
    fault = faults.of_item(answered, intuit_tid=answer.intuit_tid)
    if fault is not None:
        return BatchAnswer(bid=item.bid, fault=fault, time=answer.time)
    missing = BatchAnswer(bid=item.bid, missing=True, time=answer.time)
    if item.request is None:
        rows = understanding.rows(answered, understanding.asked_for(item.query))
        return missing if rows is None else BatchAnswer(bid=item.bid, rows=tuple(rows), time=answer.time)
    if not understanding.to_write(item.request)(answered):
        return missing
    entity = item.request.entity
    return BatchAnswer(bid=item.bid, entity=entity, json=answered[entity], time=answer.time)


def _check_batch(items: Sequence[BatchItem], requestid: str) -> None:
    bids = {item.bid for item in items}
    if not 1 <= len(items) <= BATCH or len(bids) != len(items):
        raise ValueError("a batch has 1 to 30 items with a bid each")
    if any(not 1 <= len(bid) <= 10 for bid in bids) or not 1 <= len(requestid) <= 36:
        raise ValueError("Intuit: a bid has at most 10 characters, a batch's requestid at most 36")
