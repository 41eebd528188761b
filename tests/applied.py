"""A plan carried out on records alone: the books and the posting log as they would stand after a push that succeeds."""

from __future__ import annotations

from dataclasses import replace

from toolkit.books import Books, Customer, JournalEntry, Link, ReceivedPayment, SalesDocument, TxnType
from toolkit.money import ZERO
from toolkit.plan import Action, Done, Operation, Plan, Posted, Standing


def applied(plan: Plan, books: Books, done: Done) -> tuple[Books, Done]:
    """Books and posting log after every operation and adoption of the plan; ids continue after the largest."""
    posted = dict(done)
    ids: dict[str, str] = {}
    last = 10_000 + len(books.documents) + len(books.payments) + len(books.journal_entries) + len(books.customers)
    for operation in plan.operations:
        missing = [key for key in operation.needs if key not in ids]
        assert not missing, f"{operation.label} comes before what it needs"
        last += 1
        name = getattr(operation.record, "id", "") or str(last)
        ids[operation.key] = name
        books = _written(operation, name, ids, books)
        posted[operation.key] = _logged(operation, name)
    for adoption in plan.adoptions:
        posted[adoption.key] = Posted(
            key=adoption.key,
            kind=adoption.kind,
            entity=adoption.entity,
            standing=Standing.ADOPTED,
            qbo_id=adoption.qbo_id,
            number=adoption.number,
            amount=adoption.amount,
            coworks_id=adoption.coworks_id,
        )
    return books, posted


def _logged(operation: Operation, qbo_id: str) -> Posted:
    return Posted(
        key=operation.key,
        kind=operation.kind,
        entity=operation.entity,
        standing=Standing.DONE,
        qbo_id=qbo_id,
        number=getattr(operation.record, "number", ""),
        amount=operation.amount,
        generation=operation.generation,
        coworks_id=operation.coworks_id,
    )


def _resolved(reference: str, ids: dict[str, str]) -> str:
    return ids[reference.removeprefix("key:")] if reference.startswith("key:") else reference


def _written(operation: Operation, name: str, ids: dict[str, str], books: Books) -> Books:
    match operation.record:
        case Customer() as customer:
            return replace(books, customers=(*books.customers, replace(customer, id=name)))
        case SalesDocument() as document if operation.action is Action.VOID:
            return _voided(document.id, books)
        case SalesDocument() as document:
            made = replace(document, id=name, customer_id=_resolved(document.customer_id, ids), sync_token="0")
            return replace(books, documents=(*books.documents, made))
        case ReceivedPayment() as payment:
            return _paid(payment, name, ids, books)
        case JournalEntry() as entry:
            lines = tuple(replace(line, customer_id=_resolved(line.customer_id, ids)) for line in entry.lines)
            return replace(books, journal_entries=(*books.journal_entries, replace(entry, id=name, lines=lines)))
    raise AssertionError(operation)


def _voided(qbo_id: str, books: Books) -> Books:
    documents = tuple(
        replace(one, voided=True, total=ZERO, balance=ZERO, private_note="Voided") if one.id == qbo_id else one
        for one in books.documents
    )
    return replace(books, documents=documents)


def _paid(payment: ReceivedPayment, name: str, ids: dict[str, str], books: Books) -> Books:
    links = tuple(
        Link(txn_type=link.txn_type, txn_id=_resolved(link.txn_id, ids), amount=link.amount, line_id=link.line_id)
        for link in payment.links
    )
    settled = {link.txn_id: link.amount for link in links if link.txn_type is not TxnType.JOURNAL_ENTRY}
    for one in books.documents:
        assert settled.get(one.id, ZERO) <= one.balance, f"{one.number} would be settled twice"
    documents = tuple(
        replace(one, balance=one.balance - settled[one.id]) if one.id in settled else one for one in books.documents
    )
    made = replace(payment, id=name, links=links, customer_id=_resolved(payment.customer_id, ids))
    return replace(books, documents=documents, payments=(*books.payments, made))
