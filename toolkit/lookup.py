"""What became of operations whose answer was lost: QuickBooks is asked by number, reference, name or date.

A stamp cannot be queried, so candidates are fetched by what can be (Intuit: DocNumber, PaymentRefNum, CustomerRef,
TxnDate, DisplayName) and compared by stamp on our side.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Protocol

from toolkit.books import BankDeposit, Customer, JournalEntry, ReceivedPayment, Record, SalesDocument
from toolkit.plan import Operation
from toolkit.qbo import wire_read
from toolkit.qbo.exact_json import Json
from toolkit.qbo.wire import Resolve, in_list, query_text

PAGE = 1000


class Asks(Protocol):
    """Whoever can put one query to QuickBooks."""

    def query(self, text: str) -> Sequence[Json]:
        """The rows of one page."""


def find(client: Asks, operations: Sequence[Operation], resolve: Resolve) -> dict[str, Record]:
    """The records that QuickBooks holds for those creations, by key; absent keys were not found.

    Nothing is guessed: a document counts as ours only with our stamp in its private note, a customer only with the very
    name and e-mail that we sent. One to a few metered reads an entity.
    """
    found: dict[str, Record] = {}
    by_entity: dict[str, list[Operation]] = {}
    for operation in operations:
        by_entity.setdefault(operation.entity, []).append(operation)
    for entity, group in by_entity.items():
        for where in _conditions(group, resolve):
            candidates = _all(client, entity, where)
            found |= _ours(group, candidates)
    return found


def _conditions(group: Sequence[Operation], resolve: Resolve) -> tuple[str, ...]:
    first = group[0].record
    if isinstance(first, Customer):
        names = [one.record.display_name for one in group if isinstance(one.record, Customer)]
        return (f"DisplayName IN {in_list(names)} AND Active IN (true, false)",)
    if isinstance(first, SalesDocument):
        return (f"DocNumber IN {in_list([_number(one.record) for one in group])}",)
    if isinstance(first, ReceivedPayment):
        return _payment_conditions([one.record for one in group if isinstance(one.record, ReceivedPayment)], resolve)
    return (_dates(one.record.txn_date for one in group if not isinstance(one.record, Customer)),)


def _payment_conditions(payments: Sequence[ReceivedPayment], resolve: Resolve) -> tuple[str, ...]:
    referenced = [one.reference for one in payments if one.reference]
    bare = [one for one in payments if not one.reference]
    conditions = [f"PaymentRefNum IN {in_list(referenced)}"] if referenced else []
    if bare:
        customers = sorted({_id(one.customer_id, resolve) for one in bare})
        conditions.append(f"CustomerRef IN {in_list(customers)} AND {_dates(one.txn_date for one in bare)}")
    return tuple(conditions)


def _id(reference: str, resolve: Resolve) -> str:
    return resolve(reference) if reference.startswith("key:") else reference


def _number(record: Record) -> str:
    return record.number if isinstance(record, SalesDocument) else ""


def _dates(days: Iterable[date]) -> str:
    known = sorted(days)
    return f"TxnDate >= '{known[0].isoformat()}' AND TxnDate <= '{known[-1].isoformat()}'"


def _all(client: Asks, entity: str, where: str) -> list[Record]:
    rows: list[Json] = []
    while True:
        page = client.query(query_text(entity, where=where, start=len(rows) + 1, size=PAGE))
        rows += page
        if len(page) < PAGE:
            return [wire_read.record(entity, row) for row in rows]


def _ours(group: Sequence[Operation], candidates: Sequence[Record]) -> dict[str, Record]:
    by_mark: Mapping[str, Record] = {_mark(one): one for one in candidates}
    return {one.key: by_mark[_mark(one.record)] for one in group if _mark(one.record) in by_mark}


def _mark(record: Record) -> str:
    """What makes a record of ours recognizable; "" never matches a wanted record, which always has a mark."""
    if isinstance(record, Customer):
        return f"{record.display_name.casefold()}|{','.join(sorted(mail.casefold() for mail in record.emails))}"
    note = record.private_note.strip()
    return f"{note}|{_sum(record)}" if note else ""


def _sum(record: SalesDocument | ReceivedPayment | BankDeposit | JournalEntry) -> str:
    return "" if isinstance(record, JournalEntry) else str(record.total)
