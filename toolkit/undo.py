"""A run's entries of the posting log → the plan that takes them back, in reverse order; refused item by item.

Nothing is taken back that is in a bank deposit, reconciled (unknown counts as reconciled) or closed, or that other
records stand on. Intuit: invoices and payments are voided; bank deposits, journal entries, credit memos and refund
receipts can only be deleted; customers only made inactive.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from toolkit.books import (
    BankDeposit,
    Books,
    Customer,
    DocumentKind,
    JournalEntry,
    ReceivedPayment,
    SalesDocument,
    TxnType,
)
from toolkit.counterparts import Counterparts, Transaction, entity_of, index
from toolkit.money import ZERO, Money, show
from toolkit.plan import Action, Done, Fact, Kind, Operation, Plan, Posted, Standing, operation_key
from toolkit.problems import Problem
from toolkit.settings import Settings

SUFFIX = "/undo"
"""Ends the Coworks id of an operation that takes another back: its key is its own, so that both stand in the log."""

_ACTIONS = {
    "Customer": Action.DEACTIVATE,
    "Invoice": Action.VOID,
    "Payment": Action.VOID,
    "CreditMemo": Action.DELETE,
    "RefundReceipt": Action.DELETE,
    "Deposit": Action.DELETE,
    "JournalEntry": Action.DELETE,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Taking:
    """One entry of the run and what stands for it in QuickBooks."""

    posted: Posted
    record: Transaction | Customer


def make_plan(
    run: Collection[Posted],
    books: Books,
    done: Done,
    settings: Settings,
    *,
    company: str,
    period: str,
    cleared: Mapping[tuple[str, str], bool] | None = None,
) -> Plan:
    """The reverse of one run: what it created is voided, deleted or made inactive, last things first.

    `cleared` says by (entity, id) what is known of reconciliation; what it does not name counts as reconciled if it
    moves a bank account. Entries that were adopted are left as they are. What cannot be taken back is held with its
    reason; nothing that it stands on is taken back either. Linear. Pure: nothing is mutated or raised.
    """
    desk = _Desk(books, index(books, done), settings, cleared or {})
    takings: list[_Taking] = []
    gone: set[tuple[str, str]] = set()
    refused: list[tuple[Posted, Problem]] = []
    for posted in sorted((one for one in run if _created(one)), key=_reverse):
        found = desk.standing(posted)
        reason = "is not in QuickBooks any more" if found is None else desk.refusal(posted, found, gone)
        if found is None or reason:
            refused.append((posted, _refused(posted, reason)))
        else:
            takings.append(_Taking(posted=posted, record=found))
            gone.add((posted.entity, posted.qbo_id))
    return Plan(
        stage="undo",
        company=company,
        realm=books.realm,
        period=period,
        operations=_operations(books.realm, takings),
        held=tuple((posted_id(one), problem.code) for one, problem in refused),
        problems=tuple(problem for _, problem in refused),
        facts=tuple(_fact(one) for one in takings),
    )


def _created(posted: Posted) -> bool:
    return posted.standing is Standing.DONE and bool(posted.qbo_id) and not posted.coworks_id.endswith(SUFFIX)


def posted_id(posted: Posted) -> str:
    """What a person knows the record by: its number, else its Coworks id."""
    return posted.number or posted.coworks_id


def _reverse(posted: Posted) -> tuple[int, str, str]:
    return _REVERSE.index(posted.kind), posted.number, posted.key


_REVERSE = (
    Kind.DEPOSIT,
    Kind.JOURNAL_ENTRY,
    Kind.CREDIT_APPLICATION,
    Kind.REFUND,
    Kind.PAYMENT,
    Kind.CREDIT_MEMO,
    Kind.VOID,
    Kind.INVOICE,
    Kind.CUSTOMER,
)
"""What stands on others goes first."""


class _Desk:
    """What stands on what in the books."""

    def __init__(
        self, books: Books, counterparts: Counterparts, settings: Settings, cleared: Mapping[tuple[str, str], bool]
    ) -> None:
        self._books = books
        self._of = counterparts
        self._settings = settings
        self._cleared = cleared
        self._banks = {account.id for account in books.accounts if account.type == "Bank"}
        self._customers = {customer.id: customer for customer in books.customers}
        self._used: dict[str, list[tuple[str, str]]] = {}
        records: tuple[SalesDocument | ReceivedPayment, ...] = (*books.documents, *books.payments)
        for record in records:
            self._used.setdefault(record.customer_id, []).append((entity_of(record), record.id))

    def standing(self, posted: Posted) -> Transaction | Customer | None:
        """The record as it stands, None if QuickBooks has it no longer."""
        if posted.entity == "Customer":
            return self._customers.get(posted.qbo_id)
        records: Mapping[str, Transaction] = {
            "Payment": self._of.payments,
            "Deposit": self._of.deposits,
            "JournalEntry": self._of.entries,
        }.get(posted.entity, self._of.documents)  # type: ignore[assignment]
        return records.get(posted.qbo_id)

    def refusal(self, posted: Posted, record: Transaction | Customer, gone: Collection[tuple[str, str]]) -> str:
        """Why it cannot be taken back, "" if it can; `gone` is what is taken back before it, by (entity, id)."""
        if posted.kind is Kind.VOID:
            return "was voided, and QuickBooks cannot take a void back"
        if isinstance(record, Customer):
            others = [one for one in self._used.get(record.id, ()) if one not in gone]
            return f"has {len(others)} other transactions" if others else ""
        if isinstance(record, SalesDocument | ReceivedPayment) and record.voided:
            return "is voided already"
        closed = self._closed(record.txn_date)
        if closed:
            return f"is dated {record.txn_date}, and the books are closed through {closed}"
        return self._in_deposit(record, gone) or self._reconciled(record) or self._settled(record, gone)

    def _closed(self, on: date) -> date | None:
        policy = self._settings.policy
        days = (self._books.preferences.book_close_date, policy.reported_through, policy.sales_tax_filed_through)
        closed = max((one for one in days if one), default=None)
        return closed if closed and on <= closed else None

    def _in_deposit(self, record: Transaction, gone: Collection[tuple[str, str]]) -> str:
        entity = entity_of(record)
        if entity not in tuple(TxnType):
            return ""
        holding = self._of.deposits_of.get((TxnType(entity), record.id), ())
        left = [one for one in holding if ("Deposit", one.id) not in gone]
        if not left:
            return ""
        return f"is in the bank deposit of {left[0].txn_date} for ${show(left[0].total)} (id {left[0].id})"

    def _reconciled(self, record: Transaction) -> str:
        if not self._moves_a_bank(record):
            return ""
        known = self._cleared.get((entity_of(record), record.id))
        if known is False:
            return ""
        return "is reconciled" if known else "moves a bank account, and whether it is reconciled is not known"

    def _moves_a_bank(self, record: Transaction) -> bool:
        match record:
            case BankDeposit():
                return record.account_id in self._banks
            case JournalEntry():
                return any(line.account_id in self._banks for line in record.lines)
            case ReceivedPayment():
                return record.deposit_account_id in self._banks
            case SalesDocument():
                return record.deposit_account_id in self._banks

    def _settled(self, record: Transaction, gone: Collection[tuple[str, str]]) -> str:
        """A document that other payments or credits are applied to stays."""
        if not isinstance(record, SalesDocument):
            return ""
        kind = TxnType(record.kind)
        applied = [
            payment
            for payment in self._applied_to(record, kind)
            if ("Payment", payment.id) not in gone and not payment.voided
        ]
        return f"has {len(applied)} payments or credits applied that are not taken back" if applied else ""

    def _applied_to(self, record: SalesDocument, kind: TxnType) -> Sequence[ReceivedPayment]:
        if record.kind is DocumentKind.INVOICE:
            return self._of.payments_of_document.get(record.id, ())
        return [
            payment
            for payment in self._books.payments
            if any(link.txn_type is kind and link.txn_id == record.id for link in payment.links)
        ]


def _operations(realm: str, takings: Sequence[_Taking]) -> tuple[Operation, ...]:
    """The operations in reverse order; each waits for those whose records refer to its own."""
    referring: dict[str, list[str]] = {}
    made: list[Operation] = []
    for taking in takings:
        made.append(_operation(realm, taking, tuple(referring.get(taking.posted.qbo_id, ()))))
        for name in _refers_to(taking.record):
            referring.setdefault(name, []).append(made[-1].key)
    return tuple(made)


def _operation(realm: str, taking: _Taking, needs: tuple[str, ...]) -> Operation:
    posted = taking.posted
    return Operation(
        key=_undo_key(realm, posted),
        kind=posted.kind,
        action=_ACTIONS[posted.entity],
        entity=posted.entity,
        record=taking.record,
        label=f"Take back {posted.entity} {posted_id(posted)}",
        reason=f"Created by run {posted.run}." if posted.run else "Created by this run.",
        amount=-posted.amount,
        needs=needs,
        coworks_id=f"{posted.coworks_id}{SUFFIX}",
        generation=posted.generation,
    )


def _undo_key(realm: str, posted: Posted) -> str:
    return operation_key(realm, posted.kind, f"{posted.coworks_id}{SUFFIX}", posted.generation)


def _refers_to(record: Transaction | Customer) -> set[str]:
    """The ids that a record stands on: its customer and what it links.

    QuickBooks counts customers and transactions apart, so an id may mean either and a little more is waited for.
    """
    match record:
        case BankDeposit():
            return {line.link.txn_id for line in record.lines if line.link}
        case ReceivedPayment():
            return {record.customer_id, *(link.txn_id for link in record.links)}
        case SalesDocument():
            return {record.customer_id}
        case JournalEntry():
            return {line.customer_id for line in record.lines if line.customer_id}
        case Customer():
            return set()


def _fact(taking: _Taking) -> Fact:
    record = taking.record
    amount: Money = ZERO if isinstance(record, Customer | JournalEntry) else record.total
    return Fact(of=f"{taking.posted.entity} #{taking.posted.qbo_id}", value=f"{amount} token {record.sync_token}")


def _refused(posted: Posted, reason: str) -> Problem:
    return Problem(
        code="not-taken-back",
        where=f"{posted.entity} {posted.qbo_id}",
        what=f"{posted.entity} {posted_id(posted)} {reason}.",
        why="Taking it back would change what the bank, a closed period or other records stand on.",
        do="Undo what stands on it first, or correct it in QuickBooks by hand.",
        key=posted_id(posted),
    )


def undone(plan: Plan, done: Done, written: Collection[str]) -> tuple[Posted, ...]:
    """The entries to append once an undo plan was carried out: each original key whose reverse was written, as undone.

    `written` are the keys of the plan's operations that were done. In plan order.
    """
    originals = {_undo_key(plan.realm, one): one for one in done.values() if not one.coworks_id.endswith(SUFFIX)}
    return tuple(
        replace(originals[operation.key], standing=Standing.UNDONE)
        for operation in plan.operations
        if operation.key in written and operation.key in originals
    )
