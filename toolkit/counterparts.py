"""Which QuickBooks record is this Coworks record? Posting log, then stamp, then invoice and amount if that is unique.

For the stages after posting (bank deposits, proof): they look up what stands, they never decide to post an invoice.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

from toolkit.books import (
    BankDeposit,
    Books,
    DocumentKind,
    JournalEntry,
    ReceivedPayment,
    SalesDocument,
    TxnType,
)
from toolkit.model import Billing, BillingPayment, Invoice, Payout, Refund
from toolkit.plan import Done, Kind, Posted, Standing, operation_key
from toolkit.settlement import payment_id, refund_id

_STAMP = re.compile(r"Coworks (?:payout )?(\S.*?) · ([0-9a-f]{4})(?![0-9a-f])")
_PART = re.compile("/(?:credit|payment|refund)/")

STANDS = frozenset({Standing.DONE, Standing.ADOPTED})
"""Standings under which a counterpart is expected in QuickBooks."""

LATEST = 9
"""How many generations of a key are looked for among the stamps when the posting log is silent."""

_ENTITIES: Mapping[Kind, tuple[str, ...]] = {
    Kind.INVOICE: ("Invoice", "CreditMemo"),
    Kind.PAYMENT: ("Payment",),
    Kind.CREDIT_MEMO: ("CreditMemo",),
    Kind.CREDIT_APPLICATION: ("Payment",),
    Kind.REFUND: ("RefundReceipt", "JournalEntry", "Payment"),
    Kind.DEPOSIT: ("Deposit",),
    Kind.JOURNAL_ENTRY: ("JournalEntry",),
}
"""As what a record of each kind may carry its stamp."""

Record = TypeVar("Record", SalesDocument, ReceivedPayment, BankDeposit, JournalEntry)
Transaction = SalesDocument | ReceivedPayment | BankDeposit | JournalEntry


def invoice_id(invoice: Invoice) -> str:
    """The Coworks id of an invoice that its operation key is made from."""
    return invoice.coworks_id or invoice.number


def stamp(name: str, key: str) -> str:
    """The short readable mark in PrivateNote: `Coworks C957F1A7-0009 · 3f9a`."""
    return f"Coworks {name} · {key[:4]}"


def payout_stamp(payout_id: str, key: str) -> str:
    """The mark of a payout's bank deposit: `Coworks payout po_1 · 3f9a`."""
    return stamp(f"payout {payout_id}", key)


def stamped(private_note: str) -> tuple[str, str] | None:
    """The name and the four hex digits of the stamp in a private note, None if it has none."""
    found = _STAMP.search(private_note)
    return (found[1], found[2]) if found else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The counterpart of one Coworks record.

    `record` is None when QuickBooks holds none (or none was read); `rule` names how it was found; `outside` says that
    it stands in the posting log and is dated before the books that were read.
    """

    key: str
    coworks_id: str
    posted: Posted | None = None
    record: Transaction | None = None
    rule: str = ""
    outside: bool = False

    @property
    def gone(self) -> bool:
        """Whether the posting log says it stands and QuickBooks no longer has it."""
        return self.record is None and not self.outside and self.posted is not None and self.posted.standing in STANDS


@dataclass(frozen=True, slots=True, kw_only=True)
class Counterparts:
    """The books and the posting log, ready to be asked; made once by `index`, linear in both."""

    books: Books
    posted: Mapping[tuple[Kind, str], Posted]
    done: Done
    documents: Mapping[str, SalesDocument]
    payments: Mapping[str, ReceivedPayment]
    deposits: Mapping[str, BankDeposit]
    entries: Mapping[str, JournalEntry]
    stamps: Mapping[tuple[str, str, str], tuple[Transaction, ...]]
    marked: frozenset[str]
    """The names in the stamps."""
    payments_of_document: Mapping[str, tuple[ReceivedPayment, ...]]
    deposits_of: Mapping[tuple[TxnType, str], tuple[BankDeposit, ...]]
    ours: frozenset[tuple[str, str]]
    """(entity, id) of everything that the posting log calls ours."""
    keys: Mapping[tuple[str, str], frozenset[str]]
    """The keys under which the posting log knows a QuickBooks record, standing or taken back."""


def index(books: Books, done: Done) -> Counterparts:
    """The books by id, by stamp and by link; nothing is mutated."""
    posted: dict[tuple[Kind, str], Posted] = {}
    for one in done.values():
        name = (one.kind, one.coworks_id)
        if one.coworks_id and (name not in posted or posted[name].generation < one.generation):
            posted[name] = one
    settled: dict[str, list[ReceivedPayment]] = defaultdict(list)
    for payment in books.payments:
        for link in payment.links:
            if link.txn_type is TxnType.INVOICE:
                settled[link.txn_id].append(payment)
    holding: dict[tuple[TxnType, str], list[BankDeposit]] = defaultdict(list)
    for deposit in books.deposits:
        for line in deposit.lines:
            if line.link:
                holding[line.link.txn_type, line.link.txn_id].append(deposit)
    stamps = _stamps(books)
    return Counterparts(
        books=books,
        posted=posted,
        done=done,
        documents={one.id: one for one in books.documents},
        payments={one.id: one for one in books.payments},
        deposits={one.id: one for one in books.deposits},
        entries={one.id: one for one in books.journal_entries},
        stamps=stamps,
        marked=frozenset(name for _, name, _ in stamps),
        payments_of_document={name: tuple(found) for name, found in settled.items()},
        deposits_of={name: tuple(found) for name, found in holding.items()},
        ours=frozenset((one.entity, one.qbo_id) for one in done.values() if one.qbo_id and one.standing in STANDS),
        keys=_keys(done),
    )


def _keys(done: Done) -> dict[tuple[str, str], frozenset[str]]:
    found: dict[tuple[str, str], set[str]] = defaultdict(set)
    for one in done.values():
        if one.qbo_id:
            found[one.entity, one.qbo_id].add(one.key)
    return {name: frozenset(keys) for name, keys in found.items()}


def _stamps(books: Books) -> dict[tuple[str, str, str], tuple[Transaction, ...]]:
    found: dict[tuple[str, str, str], list[Transaction]] = defaultdict(list)
    every: Iterable[Transaction] = (*books.documents, *books.payments, *books.deposits, *books.journal_entries)
    for record in every:
        mark = stamped(record.private_note)
        if mark:
            found[entity_of(record), *mark].append(record)
    return {name: tuple(records) for name, records in found.items()}


def entity_of(record: Transaction) -> str:
    """Intuit's entity name of a transaction."""
    match record:
        case SalesDocument():
            return str(record.kind)
        case ReceivedPayment():
            return "Payment"
        case BankDeposit():
            return "Deposit"
        case JournalEntry():
            return "JournalEntry"


def generations(realm: str, kind: Kind, coworks_id: str) -> tuple[str, ...]:
    """The keys of the first `LATEST` generations of a Coworks record."""
    return tuple(operation_key(realm, kind, coworks_id, one) for one in range(1, LATEST + 1))


def key_of(counterparts: Counterparts, kind: Kind, coworks_id: str, name: str = "") -> tuple[str, Posted | None]:
    """The key under which this Coworks record stands or would be posted, and what the posting log says of it.

    The newest generation that the posting log knows wins. Where it is silent, the stamps say it; without any, the
    first. `name` is the one in its stamp (its invoice's number), where the Coworks id does not begin with it.
    """
    known = counterparts.posted.get((kind, coworks_id))
    if known:
        return known.key, known
    key = operation_key(counterparts.books.realm, kind, coworks_id)
    if key not in counterparts.done:
        key = _stamped_key(counterparts, kind, coworks_id, name or _named(kind, coworks_id)) or key
    return key, counterparts.done.get(key)


def _named(kind: Kind, coworks_id: str) -> str:
    """The name that the stamp of a record bears, as its Coworks id tells it."""
    return coworks_id.split("/", maxsplit=1)[0] if kind is Kind.JOURNAL_ENTRY else _PART.split(coworks_id)[0]


def _stamped_key(counterparts: Counterparts, kind: Kind, coworks_id: str, name: str) -> str:
    """The key of the first generation that lives in QuickBooks by its stamp, else of the last one that is void there;
    "" without any. An earlier one that was taken back is history where a later one lives.
    """
    if name not in counterparts.marked:
        return ""
    void = ""
    for key in generations(counterparts.books.realm, kind, coworks_id):
        found = _marked(counterparts, kind, name, key)
        if any(not _is_void(one) for one in found):
            return key
        void = key if found else void
    return void


def _marked(counterparts: Counterparts, kind: Kind, name: str, key: str) -> list[Transaction]:
    """What carries the stamp of that key and is not known by the posting log under another one."""
    every = (one for entity in _ENTITIES.get(kind, ()) for one in counterparts.stamps.get((entity, name, key[:4]), ()))
    return [one for one in every if key in counterparts.keys.get((entity_of(one), one.id), {key})]


def _is_void(record: Transaction) -> bool:
    return isinstance(record, SalesDocument | ReceivedPayment) and record.voided


def find_invoice(counterparts: Counterparts, invoice: Invoice) -> Found:
    """The QuickBooks invoice (or credit memo, for a negative total) of a Coworks invoice."""
    name = invoice_id(invoice)
    found = _find(
        counterparts,
        Kind.INVOICE,
        name,
        name=invoice.number,
        entities=("Invoice", "CreditMemo"),
        dated=invoice.invoice_date,
    )
    if found.posted or found.record or invoice.total >= 0:
        return found
    return _find(
        counterparts,
        Kind.CREDIT_MEMO,
        name,
        name=invoice.number,
        entities=("CreditMemo",),
        dated=invoice.invoice_date,
    )


def find_payment(counterparts: Counterparts, payment: BillingPayment, invoice: Found | None = None) -> Found:
    """The QuickBooks payment of a Coworks payment; `invoice` is its invoice's counterpart, for the last rule.

    Last rule: of the live payments on that QuickBooks invoice that are nobody's yet, the only one of that amount.
    """
    found = _find(
        counterparts,
        Kind.PAYMENT,
        payment_id(payment),
        name=payment.invoice_number,
        entities=("Payment",),
        dated=payment.paid_on,
    )
    if found.record or found.posted or invoice is None or not isinstance(invoice.record, SalesDocument):
        return found
    settling = counterparts.payments_of_document.get(invoice.record.id, ())
    candidates = [one for one in settling if _fits(counterparts, one, invoice.record.id, payment)]
    if len(candidates) != 1:
        return found
    return Found(key=found.key, coworks_id=found.coworks_id, record=candidates[0], rule="invoice and amount")


def _fits(counterparts: Counterparts, one: ReceivedPayment, document: str, payment: BillingPayment) -> bool:
    applied = sum(link.amount for link in one.links if link.txn_id == document and link.txn_type is TxnType.INVOICE)
    nobodys = ("Payment", one.id) not in counterparts.ours and stamped(one.private_note) is None
    return nobodys and not one.voided and payment.amount in (applied, one.total)


def find_refund(counterparts: Counterparts, refund: Refund) -> Found:
    """The QuickBooks refund receipt (or journal entry, where a credit memo came first) of a Coworks refund."""
    entities = ("RefundReceipt", "JournalEntry")
    return _find(
        counterparts,
        Kind.REFUND,
        refund_id(refund),
        name=refund.invoice_number,
        entities=entities,
        dated=refund.refunded_on,
    )


def find_deposit(counterparts: Counterparts, payout: Payout) -> Found:
    """The bank deposit that was posted or adopted for a payout (not yet one that merely holds its payments)."""
    name = f"payout {payout.payout_id}"
    return _find(
        counterparts, Kind.DEPOSIT, payout.payout_id, name=name, entities=("Deposit",), dated=payout.arrival_date
    )


def find_entry(counterparts: Counterparts, coworks_id: str, payout: Payout) -> Found:
    """The journal entry that was posted for a part of a payout (`<payout id>/negative` and the like)."""
    name = f"payout {payout.payout_id}"
    return _find(
        counterparts,
        Kind.JOURNAL_ENTRY,
        coworks_id,
        name=name,
        entities=("JournalEntry",),
        dated=payout.arrival_date,
    )


def _find(
    counterparts: Counterparts, kind: Kind, coworks_id: str, *, name: str, entities: tuple[str, ...], dated: date
) -> Found:
    bare = name.removeprefix("payout ")
    key, posted = key_of(counterparts, kind, coworks_id, bare)
    if posted and posted.standing in STANDS:
        record = _record(counterparts, posted.entity, posted.qbo_id)
        since = counterparts.books.since
        outside = record is None and since is not None and dated < since
        return Found(key=key, coworks_id=coworks_id, posted=posted, record=record, rule="posting log", outside=outside)
    undone = posted.qbo_id if posted and posted.standing is Standing.UNDONE else ""
    marked = [one for entity in entities for one in counterparts.stamps.get((entity, bare, key[:4]), ())]
    # What we took back ourselves stays in QuickBooks as a void: that is not the record any more.
    marked = [one for one in marked if one.id != undone]
    if len(marked) == 1:
        return Found(key=key, coworks_id=coworks_id, posted=posted, record=marked[0], rule="stamp")
    return Found(key=key, coworks_id=coworks_id, posted=posted)


def _record(counterparts: Counterparts, entity: str, qbo_id: str) -> Transaction | None:
    if entity in tuple(DocumentKind):
        document = counterparts.documents.get(qbo_id)
        return document if document and document.kind == entity else None
    if entity == "Payment":
        return counterparts.payments.get(qbo_id)
    return counterparts.deposits.get(qbo_id) if entity == "Deposit" else counterparts.entries.get(qbo_id)


def register_by_number(register: Billing) -> dict[str, Invoice]:
    """The register's invoices by number."""
    return {invoice.number: invoice for invoice in register.invoices}
