"""Batches: up to 30 items, each on its own, answered in order."""

from __future__ import annotations

from typing import Any

from toolkit.emulator import fault, operations, query, replay, voiding
from toolkit.emulator.amounts import rendered
from toolkit.emulator.books import Books
from toolkit.emulator.kinds import KINDS, NAMES, Kind

MOST = 30
_WORDS = ("bId", "operation", "optionsData", "Query", "CDCQuery")


def _entity(item: dict[str, Any]) -> tuple[Kind, Any]:
    for name, value in item.items():
        kind = KINDS.get(name)
        if kind is not None:
            return kind, value
        if name not in _WORDS:
            raise fault.unknown_property(name, "BatchItemRequest", [*_WORDS, *KINDS])
    raise fault.unparsable()


def _run(books: Books, item: Any, named_before: bool) -> str:
    """One item's answer without its bId."""
    if not isinstance(item, dict):
        raise fault.unparsable()
    if "Query" in item:
        return query.answer(books, str(item["Query"]))
    kind, value = _entity(item)
    operation = str(item.get("operation") or "create").lower()
    options = frozenset(part.strip() for part in str(item.get("optionsData") or "").split(","))
    if kind.group == "name" and named_before and books.switches.on("name_contention"):
        raise operations.one_name_at_a_time()
    if kind.group != "transaction":
        books.flush()
    with books.attempt(writes_last=_writes_last(books, kind, operation, value)):
        return f'"{kind.entity}":{_operate(books, kind, operation, value, options)}'


def _writes_last(books: Books, kind: Kind, operation: str, value: Any) -> bool:
    """A new transaction is checked before anything is written, unless credits apply themselves afterwards."""
    new = operation == "create" and isinstance(value, dict) and value.get("Id") is None
    return new and kind.group == "transaction" and not books.switches.on("auto_apply_credit")


def _operate(books: Books, kind: Kind, operation: str, value: Any, options: frozenset[str]) -> str:
    if operation == "delete":
        return voiding.delete(books, kind, value)
    if operation == "void" or (operation == "update" and "void" in options):
        # A batch item says void either way, for payments too (public examples).
        voiding.guard(books, kind, by_include=True)
        return operations.answer(books, voiding.void(books, kind, value))
    if operation not in ("create", "update"):
        raise fault.unsupported(operation)
    if operation == "update" and not (isinstance(value, dict) and value.get("Id")):
        raise fault.required("Id")
    return operations.answer(books, operations.write(books, kind, value, options))


def items_of(value: Any) -> list[Any]:
    """The items of a batch body. Raises Fault 2010, or 1040 for more than 30."""
    items = value.get("BatchItemRequest") if isinstance(value, dict) else None
    if not isinstance(items, list) or set(value) - {"BatchItemRequest"}:
        raise fault.unparsable()
    if len(items) > MOST:
        raise fault.batch_too_large(MOST)
    return items


def _bid(item: Any) -> str:
    bid = item.get("bId") if isinstance(item, dict) else None
    return "" if bid is None or isinstance(bid, dict | list) else str(bid)


def answer(books: Books, value: Any, requestid: str) -> str:
    """
    The inner text of a batch's answer. Must run inside a transaction; items are independent of each other.

    Under a requestid, an item that was done before (same bId) answers as it did then. Raises Fault 1040, 2010,
    2130 as a whole.
    """
    items = items_of(value)
    bids = [_bid(item) for item in items]
    replay.check_batch(requestid, bids)
    known = replay.Items(books, requestid)
    answers: list[str] = []
    named = False
    for item, bid in zip(items, bids, strict=True):
        answers.append(_item(books, item, bid, named, known))
        named = named or (isinstance(item, dict) and any(name in item for name in NAMES))
    known.store()
    return f'"BatchItemResponse":[{",".join(answers)}]'


def _item(books: Books, item: Any, bid: str, named: bool, known: replay.Items) -> str:
    """One item's answer: as it was before, or as it is now."""
    tail = f',"bId":{rendered(bid)}}}' if bid else "}"
    try:
        before = known.find(bid, item)
        if before is not None:
            return before
        text = "{" + _run(books, item, named) + tail
    except fault.Fault as refused:
        text = f'{{"Fault":{rendered(refused.body(books.switches["language"]))}{tail}'
        if books.switches["requestid_faults"] == "again" or bid in known:
            return text
    except RecursionError:
        return f'{{"Fault":{rendered(fault.unparsable().body())}{tail}'
    known.keep(bid, item, text)
    return text
