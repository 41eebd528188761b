"""Why an entry of a run cannot be taken back: what stands on it, what the bank has, what is closed, what was changed.

Intuit: what is in a bank deposit cannot be changed (6540), what is matched to the bank feed not deleted (6480), nothing
in a closed period (6200, 6210), and a void cannot be taken back.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from toolkit.books import (
    BankDeposit,
    Books,
    Customer,
    JournalEntry,
    Link,
    ReceivedPayment,
    Record,
    SalesDocument,
    TxnType,
)
from toolkit.counterparts import Counterparts, Transaction, entity_of
from toolkit.money import Money, dollars
from toolkit.plan import Kind, Standing
from toolkit.settings import Settings

Marks = Mapping[str, str]
"""What QuickBooks' reports show in the cleared column, by transaction id: "" for neither, "C" cleared, "R" reconciled.

An id that is not in it is not known, and counts as reconciled.
"""

Name = tuple[str, str]
"""A record of QuickBooks by entity and id."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why it stays, as a part of a sentence that the record begins, and what a person can do."""

    why: str
    do: str
    harmless: bool = False
    """Whether nothing is wrong with leaving it."""


class Desk:
    """What stands on what in the books; made once, linear in them."""

    def __init__(
        self, books: Books, counterparts: Counterparts, settings: Settings, marks: Marks, run: str = ""
    ) -> None:
        """`run` is the run that is taken back."""
        self._of, self._marks, self._run = counterparts, marks, run
        live = [one for one in counterparts.done.values() if one.standing is Standing.DONE]
        self._runs = {(one.entity, one.qbo_id): one.run for one in live}
        self._voided = {(one.entity, one.qbo_id): one.run for one in live if one.kind is Kind.VOID}
        self._closed_through = _closed_through(books, settings)
        self._banks = {account.id for account in books.accounts if account.type == "Bank"}
        self._customers = {customer.id: customer for customer in books.customers}
        self._applied = _applied(books.payments)
        self._used = _used(books)

    def voided_with_coworks(self, name: Name) -> Refusal | None:
        """Why a void of our own stays: Coworks voided it too, so that taking the first posting back changes nothing."""
        run = self._voided.get(name)
        if run is None:
            return None
        return Refusal(f"was voided by run {run}, as in Coworks", "There is nothing to do.", harmless=True)

    def find(self, entity: str, qbo_id: str) -> Record | None:
        """The record as it stands, None if the books have it not."""
        if entity == "Customer":
            return self._customers.get(qbo_id)
        if entity == "Payment":
            return self._of.payments.get(qbo_id)
        if entity == "Deposit":
            return self._of.deposits.get(qbo_id)
        if entity == "JournalEntry":
            return self._of.entries.get(qbo_id)
        document = self._of.documents.get(qbo_id)
        return document if document and entity_of(document) == entity else None

    def refusal(self, record: Record, wanted: Record | None, gone: Collection[Name]) -> Refusal | None:
        """Why it cannot be taken back, None if it can.

        `wanted` is the record as it was posted (None if that is not known), `gone` is what is taken back before it.
        """
        if isinstance(record, Customer):
            return _changed(record, wanted) or self._has_others(record, gone)
        return (
            self._closed(record.txn_date)
            or self._in_deposit(record, gone)
            or self._reconciled(record)
            or self._settled(record, gone)
            or _changed(record, wanted)
        )

    def _closed(self, on: date) -> Refusal | None:
        closed = self._closed_through
        if closed is None or on > closed:
            return None
        return Refusal(
            f"is dated {_day(on)}, and the books are closed through {_day(closed)}",
            "Correct it with an entry in the open period, such as a credit memo.",
        )

    def _in_deposit(self, record: Transaction, gone: Collection[Name]) -> Refusal | None:
        holding = self._of.deposits_of.get((TxnType(entity_of(record)), record.id), ())
        left = [one for one in holding if ("Deposit", one.id) not in gone]
        if not left:
            return None
        run = self._runs.get(("Deposit", left[0].id), "")
        if run:  # all that one run has deposited goes with one command: said once
            return Refusal("is in a bank deposit", f"Undo run {run} first, which made that bank deposit.")
        found = f"the bank deposit of {_day(left[0].txn_date)} for {dollars(left[0].total)}"
        return Refusal(f"is in {found}, which somebody entered", "Delete that bank deposit first.")

    def _reconciled(self, record: Transaction) -> Refusal | None:
        """Of a bank deposit, also what it holds: a journal entry that stays in the bank needs its other half."""
        marks = (self._marks.get(one.id, _UNKNOWN) for one in self.in_the_bank(record))
        return next((why for mark in marks if (why := _MARKED.get(mark, _NOT_KNOWN))), None)

    def in_the_bank(self, record: Record) -> tuple[Transaction, ...]:
        """What a bank reconciliation can have ticked off: the record, and the journal entries that a deposit holds."""
        if isinstance(record, Customer) or not self._moves_a_bank(record):
            return ()
        if not isinstance(record, BankDeposit):
            return (record,)
        links = (line.link for line in record.lines if line.link and line.link.txn_type is TxnType.JOURNAL_ENTRY)
        entries = (self._of.entries.get(link.txn_id) for link in links)
        return (record, *(one for one in entries if one is not None and self._moves_a_bank(one)))

    def _moves_a_bank(self, record: Transaction) -> bool:
        match record:
            case BankDeposit():
                return True
            case JournalEntry():
                return any(line.account_id in self._banks for line in record.lines)
            case ReceivedPayment() | SalesDocument():
                return record.deposit_account_id in self._banks

    def _settled(self, record: Transaction, gone: Collection[Name]) -> Refusal | None:
        """What other payments or credits are applied to stays."""
        applied = self._applied.get((entity_of(record), record.id), ())
        left = [one for one in applied if ("Payment", one.id) not in gone]
        if not left:
            return None
        foreign = [one for one in left if ("Payment", one.id) not in self._runs]
        if foreign:
            one = foreign[0]
            what = f"a payment of {_day(one.txn_date)} for {dollars(one.total)}" if one.total else "a credit"
            return Refusal(f"has {what} applied that somebody entered", "Take that off it in QuickBooks first.")
        runs = sorted({self._runs["Payment", one.id] for one in left} - {self._run})
        if runs:
            return Refusal("has a payment applied that another run posted", f"Undo run {runs[-1]} first.")
        return Refusal("has a payment applied that stays", "It can go when its payment can go.")

    def _has_others(self, customer: Customer, gone: Collection[Name]) -> Refusal | None:
        left = [one for one in self._used.get(customer.id, ()) if one not in gone]
        if not left:
            return None
        return Refusal("has transactions or sub-customers that stay", "There is nothing to do.", harmless=True)


_UNKNOWN = "?"
_NOT_KNOWN = Refusal(
    "moves a bank account, and QuickBooks does not say whether it is reconciled, which counts as reconciled",
    "Look in the bank register; if it is not reconciled, take it back there by hand.",
)
_MARKED = {
    "": None,
    "C": Refusal(
        "is cleared: in QuickBooks a line of the bank feed was matched to it",
        "Undo that match in QuickBooks first, or correct it with an entry of its own.",
    ),
    "R": Refusal(
        "is reconciled with the bank statement",
        "Correct it with an entry of its own; taking it back would break the reconciliation.",
    ),
    _UNKNOWN: _NOT_KNOWN,
}


def _closed_through(books: Books, settings: Settings) -> date | None:
    policy = settings.policy
    days = (books.preferences.book_close_date, policy.reported_through, policy.sales_tax_filed_through)
    return max((one for one in days if one), default=None)


def _applied(payments: Iterable[ReceivedPayment]) -> dict[Name, list[ReceivedPayment]]:
    """Live payments by what they are applied to: invoices, credit memos, journal entries."""
    found: dict[Name, list[ReceivedPayment]] = defaultdict(list)
    for payment in payments:
        for link in () if payment.voided else payment.links:
            found[str(link.txn_type), link.txn_id].append(payment)
    return found


def _used(books: Books) -> dict[str, list[Name]]:
    """What refers to each customer; what is voided refers to nobody that matters."""
    used: dict[str, list[Name]] = defaultdict(list)
    sales: tuple[SalesDocument | ReceivedPayment, ...] = (*books.documents, *books.payments)
    for record in sales:
        if not record.voided:
            used[record.customer_id].append((entity_of(record), record.id))
    for entry in books.journal_entries:
        for customer_id in {line.customer_id for line in entry.lines if line.customer_id}:
            used[customer_id].append(("JournalEntry", entry.id))
    for customer in books.customers:
        if customer.parent_id and customer.active:
            used[customer.parent_id].append(("Customer", customer.id))
    return used


# ---- changed in QuickBooks since it was posted


def _changed(record: Record, wanted: Record | None) -> Refusal | None:
    """What somebody changed in QuickBooks since it was posted, None if nothing that matters or if that is not known.

    Sync tokens say nothing: our own payments and voids move them on what they are linked to.
    """
    if wanted is None or type(record) is not type(wanted):
        return None
    now, then = _content(record), _content(wanted)
    # What was left open when it was sent, such as the account of a payment, QuickBooks fills in itself.
    names = [name for name in then if then[name] != "" and then[name] != now[name]]
    if not names:
        return None
    return Refusal(
        f"was changed in QuickBooks since it was posted: another {', '.join(names)}",
        "Look at it in QuickBooks, and take it back there by hand if it shall go.",
    )


def _content(record: Record) -> dict[str, object]:
    """What a person would miss if it went: money, day, name, and where it counts."""
    match record:
        case Customer():
            return {"name": record.display_name}
        case SalesDocument():
            return {
                "number": record.number,
                "customer": record.customer_id,
                "date": record.txn_date,
                "total": record.total,
                "location": record.location_id,
                "lines": [(line.item_id, line.amount, line.class_id) for line in record.lines],
            }
        case ReceivedPayment():
            return {
                "customer": record.customer_id,
                "date": record.txn_date,
                "amount": record.total,
                "account": record.deposit_account_id,
                "application": _links(record.links),
            }
        case BankDeposit():
            return {
                "bank account": record.account_id,
                "date": record.txn_date,
                "total": record.total,
                "content": sorted((_links((line.link,)) if line.link else [], line.amount) for line in record.lines),
            }
        case JournalEntry():
            return {
                "date": record.txn_date,
                "lines": sorted((line.account_id, line.amount, line.customer_id) for line in record.lines),
            }


def _links(links: Iterable[Link]) -> list[tuple[str, str, Money]]:
    return sorted((str(link.txn_type), link.txn_id, link.amount) for link in links)


def _day(on: date) -> str:
    return f"{on:%m/%d/%Y}"
