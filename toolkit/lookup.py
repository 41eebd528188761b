"""What became of operations whose answer was lost: QuickBooks is asked by number, reference, name or date.

A stamp cannot be queried, so candidates are fetched by what can be (Intuit: DocNumber, PaymentRefNum, CustomerRef,
TxnDate, DisplayName) and compared by stamp on our side.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from typing import Protocol

from toolkit import counterparts
from toolkit.books import PENDING, Customer, JournalEntry, ReceivedPayment, Record, SalesDocument
from toolkit.money import ZERO, Money
from toolkit.plan import Operation
from toolkit.qbo import wire_read
from toolkit.qbo.exact_json import Json
from toolkit.qbo.wire import Resolve, in_list

Taken = Callable[[str, str], str]
"""The key that a record (entity, id) already belongs to, "" if it is nobody's."""


class Asks(Protocol):
    """Whoever can put a query to QuickBooks."""

    def query_all(self, entity: str, *, where: str = "", columns: str = "*") -> list[Json]:
        """All rows that fit."""


def find(client: Asks, operations: Sequence[Operation], resolve: Resolve, taken: Taken) -> dict[str, Record]:
    """The records that QuickBooks holds for those creations, by key; absent keys were not found.

    Nothing is guessed: a document counts as ours only with our stamp in its private note, a customer only with the very
    name and e-mail that we sent, and no record counts for two keys. One or two metered reads an entity.
    """
    found: dict[str, Record] = {}
    by_entity: dict[str, list[Operation]] = {}
    for operation in operations:
        by_entity.setdefault(operation.entity, []).append(operation)
    for entity, group in by_entity.items():
        rows: dict[str, Record] = {}
        for where in _conditions(group, resolve):
            rows |= {str(row["Id"]): wire_read.record(entity, row) for row in client.query_all(entity, where=where)}
        found |= paired(group, list(rows.values()), taken)
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
    referenced = sorted({one.reference for one in payments if one.reference})
    conditions = [f"PaymentRefNum IN {in_list(referenced)}"] if referenced else []
    bare = [(_id(one.customer_id, resolve), one.txn_date) for one in payments if not one.reference]
    # A payment of a customer that does not stand yet cannot have been sent.
    known = [(customer, on) for customer, on in bare if customer]
    if known:
        customers = sorted({customer for customer, _ in known})
        conditions.append(f"CustomerRef IN {in_list(customers)} AND {_dates(on for _, on in known)}")
    return tuple(conditions)


def _id(reference: str, resolve: Resolve) -> str:
    if not reference.startswith(PENDING):
        return reference
    try:
        return resolve(reference)
    except KeyError:
        return ""


def _number(record: Record) -> str:
    return record.number if isinstance(record, SalesDocument) else ""


def _dates(days: Iterable[date]) -> str:
    known = sorted(days)
    return f"TxnDate >= '{known[0].isoformat()}' AND TxnDate <= '{known[-1].isoformat()}'"


def paired(group: Sequence[Operation], candidates: Sequence[Record], taken: Taken) -> dict[str, Record]:
    """Which candidate is which operation's, each candidate at most once; the closest in amount and date first.

    A stamp has four digits of the key: two payments of one invoice can share it, so what belongs to another key is
    left out, and of two that share it each gets one.
    """
    by_mark: dict[str, list[Record]] = {}
    for record in sorted(candidates, key=lambda one: (len(one.id), one.id)):
        by_mark.setdefault(mark(record), []).append(record)
    found: dict[str, Record] = {}
    alike: dict[str, list[Operation]] = {}
    for operation in group:
        alike.setdefault(mark(operation.record), []).append(operation)
    for name, operations in alike.items():
        free = [one for one in by_mark.get(name, ()) if name and _is_free(operations, one, taken)]
        pairs = sorted(
            (
                (_distance(one.record, record), at, nth)
                for at, one in enumerate(operations)
                for nth, record in enumerate(free)
            )
        )
        used: set[int] = set()
        for _, at, nth in pairs:
            if operations[at].key not in found and nth not in used:
                found[operations[at].key] = free[nth]
                used.add(nth)
    return found


def _is_free(operations: Sequence[Operation], record: Record, taken: Taken) -> bool:
    owner = taken(operations[0].entity, record.id)
    return not owner or owner in {one.key for one in operations}


def _distance(wanted: Record, record: Record) -> tuple[bool, bool]:
    return _sum(wanted) != _sum(record), _day(wanted) != _day(record)


def mark(record: Record) -> str:
    """What makes a record of ours recognizable: the stamp, for customers name and e-mails; "" if it has none."""
    if isinstance(record, Customer):
        return f"{record.display_name.casefold()}|{','.join(sorted(mail.casefold() for mail in record.emails))}"
    stamp = counterparts.stamped(record.private_note)
    return "|".join(stamp) if stamp else record.private_note.strip()


def is_other(wanted: Record, record: Record) -> bool:
    """Whether a record that came back is certainly not the one that was wanted: it carries another stamp of ours."""
    if isinstance(wanted, Customer) or isinstance(record, Customer):
        return type(wanted) is not type(record)
    stamps = counterparts.stamped(wanted.private_note), counterparts.stamped(record.private_note)
    return None not in stamps and stamps[0] != stamps[1]


def _sum(record: Record) -> Money:
    return ZERO if isinstance(record, Customer | JournalEntry) else record.total


def _day(record: Record) -> date | None:
    return None if isinstance(record, Customer) else record.txn_date
