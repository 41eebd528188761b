"""What became of operations whose answer was lost: QuickBooks is asked by number, reference, name or date.

A stamp cannot be queried, so candidates are fetched by what can be (Intuit: DocNumber, PaymentRefNum, CustomerRef,
TxnDate, DisplayName) and compared by stamp on our side.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from typing import Protocol

from toolkit import counterparts
from toolkit.books import PENDING, BankDeposit, Customer, JournalEntry, ReceivedPayment, Record, SalesDocument
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

    Nothing is guessed: a document counts as ours with our stamp in its private note, or without any stamp if it is the
    only one that says the very same (see `twins`); a customer only with the very name and e-mail that we sent; and no
    record counts for two keys. A number or a reference may have been changed by a person since: what is not found by it
    is looked for among its customer's documents of that day. One to three metered reads an entity.
    """
    found: dict[str, Record] = {}
    by_entity: dict[str, list[Operation]] = {}
    for operation in operations:
        by_entity.setdefault(operation.entity, []).append(operation)
    for entity, group in by_entity.items():
        rows: dict[str, Record] = {}
        for conditions in (_conditions, _further_conditions):
            left = [one for one in group if one.key not in found]
            for where in conditions(left, resolve) if left else ():
                rows |= {str(row["Id"]): wire_read.record(entity, row) for row in client.query_all(entity, where=where)}
            candidates = [one for one in rows.values() if one.id not in {record.id for record in found.values()}]
            found |= paired(left, candidates, taken)
        found |= twins([one for one in group if one.key not in found], list(rows.values()), resolve, taken)
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
    conditions = (f"PaymentRefNum IN {in_list(referenced)}",) if referenced else ()
    return conditions + _of_customers([one for one in payments if not one.reference], resolve)


def _further_conditions(group: Sequence[Operation], resolve: Resolve) -> tuple[str, ...]:
    """Where else what has a number or a reference could be, when it does not carry it any more."""
    records = [one.record for one in group]
    numbered = [one for one in records if isinstance(one, SalesDocument)]
    referenced = [one for one in records if isinstance(one, ReceivedPayment) and one.reference]
    return _of_customers([*numbered, *referenced], resolve)


def _of_customers(records: Sequence[SalesDocument | ReceivedPayment], resolve: Resolve) -> tuple[str, ...]:
    # What is for a customer that does not stand yet cannot have been sent.
    known = [(customer, one.txn_date) for one in records if (customer := _id(one.customer_id, resolve))]
    if not known:
        return ()
    customers = sorted({customer for customer, _ in known})
    return (f"CustomerRef IN {in_list(customers)} AND {_dates(on for _, on in known)}",)


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


def twins(
    group: Sequence[Operation], candidates: Sequence[Record], resolve: Resolve, taken: Taken
) -> dict[str, Record]:
    """Records without a stamp that say the very same as one operation, and nobody else's: a person rewrote the memo.

    Or somebody entered the same bill meanwhile: then it is this bill too, and is not posted beside it. Two that fit one
    operation, or one that fits two, are nobody's.
    """
    plain = [one for one in candidates if _is_plain(one) and not (group and taken(group[0].entity, one.id))]
    pairs = [(one, record) for one in group for record in plain if _says_the_same(one.record, record, resolve)]
    claims = Counter(one.key for one, _ in pairs), Counter(record.id for _, record in pairs)
    return {one.key: record for one, record in pairs if claims[0][one.key] == claims[1][record.id] == 1}


def _is_plain(record: Record) -> bool:
    if isinstance(record, Customer | JournalEntry):
        return False
    voided = isinstance(record, SalesDocument | ReceivedPayment) and record.voided
    return not voided and counterparts.stamped(record.private_note) is None


def _says_the_same(wanted: Record, record: Record, resolve: Resolve) -> bool:
    if _sum(wanted) != _sum(record) or _day(wanted) != _day(record):
        return False
    if isinstance(wanted, SalesDocument) and isinstance(record, SalesDocument):
        same = wanted.number.strip().casefold() == record.number.strip().casefold()
        return same and bool(wanted.number.strip()) and _id(wanted.customer_id, resolve) == record.customer_id
    if isinstance(wanted, ReceivedPayment) and isinstance(record, ReceivedPayment):
        mine, theirs = ({(_id(link.txn_id, resolve), link.amount) for link in one.links} for one in (wanted, record))
        return mine == theirs and _id(wanted.customer_id, resolve) == record.customer_id
    if isinstance(wanted, BankDeposit) and isinstance(record, BankDeposit):
        held = _deposited(wanted, resolve)
        return bool(held) and held == _deposited(record, resolve) and wanted.account_id == record.account_id
    return False


def _deposited(deposit: BankDeposit, resolve: Resolve) -> set[str]:
    return {_id(line.link.txn_id, resolve) for line in deposit.lines if line.link}


def _is_free(operations: Sequence[Operation], record: Record, taken: Taken) -> bool:
    owner = taken(operations[0].entity, record.id)
    return not owner or owner in {one.key for one in operations}


def _distance(wanted: Record, record: Record) -> tuple[bool, bool]:
    return _sum(wanted) != _sum(record), _day(wanted) != _day(record)


def mark(record: Record) -> str:
    """What makes a record of ours recognizable: the stamp, for customers name and e-mails; "" if it has none."""
    if isinstance(record, Customer):
        return f"{_spoken(record.display_name)}|{','.join(sorted(mail.casefold() for mail in record.emails))}"
    stamp = counterparts.stamped(record.private_note)
    return "|".join(stamp) if stamp else record.private_note.strip()


def is_other(wanted: Record, record: Record) -> bool:
    """Whether a record that came back is certainly not the one that was wanted: it carries another stamp of ours.

    A customer is another if its name is not what was sent but for spaces and case: two members can share an e-mail.
    """
    if isinstance(wanted, Customer) and isinstance(record, Customer):
        return _spoken(wanted.display_name) != _spoken(record.display_name)
    if isinstance(wanted, Customer) or isinstance(record, Customer):
        return True
    stamps = counterparts.stamped(wanted.private_note), counterparts.stamped(record.private_note)
    return None not in stamps and stamps[0] != stamps[1]


def _spoken(name: str) -> str:
    return " ".join(name.casefold().split())


def _sum(record: Record) -> Money:
    return ZERO if isinstance(record, Customer | JournalEntry) else record.total


def _day(record: Record) -> date | None:
    return None if isinstance(record, Customer) else record.txn_date
