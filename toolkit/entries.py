"""A plan as debits and credits with account names: what an accountant reads before anything is posted.

Intuit posts these entries itself from the forms that are sent; here they are worked out from the same records.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date

from toolkit import chart
from toolkit.books import (
    PENDING,
    Account,
    BankDeposit,
    Books,
    Customer,
    DepositLine,
    DocumentKind,
    JournalEntry,
    ReceivedPayment,
    SalesDocument,
)
from toolkit.money import ZERO, Money, total
from toolkit.plan import Action, Operation, Plan
from toolkit.problems import Problem
from toolkit.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryLine:
    """One line of an entry: debit or credit is positive, the other 0.00; names as QuickBooks spells them."""

    account_name: str
    debit: Money = ZERO
    credit: Money = ZERO
    name: str = ""
    class_name: str = ""
    location: str = ""
    memo: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What one operation does to the ledger; without lines, it moves none (a credit applied, a $0 invoice).

    `key` is the operation's, `number` the document's. Debits equal credits.
    """

    key: str
    date: date
    number: str
    label: str
    reason: str
    lines: tuple[EntryLine, ...]

    @property
    def amount(self) -> Money:
        """The sum of the debits, which is that of the credits."""
        return total(line.debit for line in self.lines)


def of_plan(plan: Plan, books: Books, settings: Settings | None = None) -> tuple[Entry, ...]:
    """The entries of a plan's operations in plan order; customers have none.

    `settings` name the receivable and Undeposited Funds accounts where the chart has several. Raises `AssertionError`
    if an entry that would be created does not balance, which would be a bug.
    """
    names = _Names.of(plan, books, settings or Settings())
    return tuple(
        _entry(operation, names) for operation in plan.operations if not isinstance(operation.record, Customer)
    )


def totals_by_account(entries: Iterable[Entry]) -> tuple[EntryLine, ...]:
    """Debits and credits by account over all entries, in account-name order; debits equal credits."""
    debits: dict[str, Money] = {}
    credits: dict[str, Money] = {}
    for entry in entries:
        for line in entry.lines:
            debits[line.account_name] = debits.get(line.account_name, ZERO) + line.debit
            credits[line.account_name] = credits.get(line.account_name, ZERO) + line.credit
    return tuple(EntryLine(account_name=name, debit=debits[name], credit=credits[name]) for name in sorted(debits))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Names:
    """What ids are called, new customers of the same plan included."""

    accounts: Mapping[str, str]
    items: Mapping[str, tuple[str, str]]
    customers: Mapping[str, str]
    classes: Mapping[str, str]
    locations: Mapping[str, str]
    payers: Mapping[str, str]
    receivable: str
    funds: str
    tax: str

    @classmethod
    def of(cls, plan: Plan, books: Books, settings: Settings) -> _Names:
        """The names of one company, read once."""
        new = {
            PENDING + operation.key: operation.record.display_name
            for operation in plan.operations
            if isinstance(operation.record, Customer)
        }
        taxed = (account for account in books.accounts if account.subtype in ("SalesTaxPayable", "GlobalTaxPayable"))
        return cls(
            accounts={account.id: _called(account) for account in books.accounts},
            items={item.id: (item.income_account_id, item.name) for item in books.items},
            customers={one.id: one.display_name for one in books.customers} | new,
            classes={one.id: one.full_name or one.name for one in books.classes},
            locations={one.id: one.full_name or one.name for one in books.locations},
            payers=_payers(books),
            receivable=_name_or(chart.receivable(books, settings), "Accounts receivable"),
            funds=_name_or(chart.undeposited_funds(books, settings), "Undeposited Funds"),
            tax=next((_called(account) for account in taxed), "Sales tax payable"),
        )

    def account(self, account_id: str, otherwise: str) -> str:
        """The account's name; `otherwise` where a form leaves the account to QuickBooks."""
        return self.accounts.get(account_id, f"account #{account_id}") if account_id else otherwise

    def income(self, item_id: str) -> str:
        """The income account of a product/service."""
        account_id, name = self.items.get(item_id, ("", f"product/service #{item_id}"))
        return self.account(account_id, f"income account of {name}")


def _called(account: Account) -> str:
    return account.full_name or account.name


def _name_or(account: Account | Problem, otherwise: str) -> str:
    return _called(account) if isinstance(account, Account) else otherwise


def _payers(books: Books) -> dict[str, str]:
    """Customer id by (type and id) of what a bank deposit can link."""
    payers = {f"Payment {payment.id}": payment.customer_id for payment in books.payments}
    return payers | {f"{document.kind} {document.id}": document.customer_id for document in books.documents}


def _entry(operation: Operation, names: _Names) -> Entry:
    lines = tuple(line for line in _lines(operation, names) if line.debit or line.credit)
    if operation.action in (Action.VOID, Action.DELETE):
        lines = tuple(replace(line, debit=line.credit, credit=line.debit) for line in lines)
    if total(line.debit for line in lines) != total(line.credit for line in lines):
        raise AssertionError(f"{operation.label}: debits and credits differ")
    record = operation.record
    assert not isinstance(record, Customer)
    number = record.number if isinstance(record, SalesDocument | JournalEntry) else ""
    return Entry(
        key=operation.key,
        date=record.txn_date,
        number=number,
        label=operation.label,
        reason=operation.reason,
        lines=lines,
    )


def _lines(operation: Operation, names: _Names) -> Iterator[EntryLine]:
    record = operation.record
    if operation.action is Action.UPDATE or isinstance(record, Customer):
        return
    match record:
        case SalesDocument():
            yield from _sale(record, names, standing=bool(record.id))
        case ReceivedPayment():
            yield from _payment(record, names)
        case BankDeposit():
            yield from _deposit(record, names)
        case JournalEntry():
            yield from _journal(record, names)


Side = Callable[[str, Money], EntryLine]


def _debit(account: str, amount: Money) -> EntryLine:
    """`amount` as a debit, as a credit if negative."""
    return EntryLine(account_name=account, debit=max(amount, ZERO), credit=max(-amount, ZERO))


def _credit(account: str, amount: Money) -> EntryLine:
    """`amount` as a credit, as a debit if negative."""
    return _debit(account, -amount)


def _sale(document: SalesDocument, names: _Names, *, standing: bool) -> Iterator[EntryLine]:
    """An invoice debits A/R and credits income; credit memo and refund receipt the other way round."""
    gives_back = document.kind in (DocumentKind.CREDIT_MEMO, DocumentKind.REFUND_RECEIPT)
    cash = document.kind in (DocumentKind.SALES_RECEIPT, DocumentKind.REFUND_RECEIPT)
    customer = names.customers.get(document.customer_id, "")
    location = names.locations.get(document.location_id, "")
    total_side: Side = _credit if gives_back else _debit
    line_side: Side = _debit if gives_back else _credit
    account = names.account(document.deposit_account_id, names.funds) if cash else names.receivable
    memo = f"{document.kind} {document.number}"
    yield replace(total_side(account, document.total), name=customer, location=location, memo=memo)
    for line in document.lines:
        yield replace(
            line_side(names.income(line.item_id), line.amount),
            name=customer,
            class_name=names.classes.get(line.class_id or document.class_id, ""),
            location=location,
            memo=line.description or names.items.get(line.item_id, ("", ""))[1],
        )
    if document.total_tax:
        yield replace(line_side(names.tax, document.total_tax), name=customer, location=location, memo="Sales tax")
    rest = document.total - document.total_tax - total(line.amount for line in document.lines)
    if standing and rest:
        # a document made in QuickBooks may carry discounts or shipping of its own
        yield replace(line_side("other lines of the document", rest), name=customer, location=location)


def _payment(payment: ReceivedPayment, names: _Names) -> Iterator[EntryLine]:
    customer = names.customers.get(payment.customer_id, "")
    memo = f"Payment {payment.reference}".strip()
    yield replace(
        _debit(names.account(payment.deposit_account_id, names.funds), payment.total), name=customer, memo=memo
    )
    yield replace(_credit(names.receivable, payment.total), name=customer, memo=memo)


def _deposit(deposit: BankDeposit, names: _Names) -> Iterator[EntryLine]:
    """Dr bank, Dr fees / Cr Undeposited Funds: a linked line takes its money out of Undeposited Funds."""
    yield replace(_debit(names.account(deposit.account_id, "bank"), deposit.total), memo="Bank deposit")
    for line in deposit.lines:
        account = names.funds if line.link else names.account(line.account_id, names.funds)
        yield replace(
            _credit(account, line.amount),
            name=_payer(line, names),
            class_name=names.classes.get(line.class_id, ""),
            location=names.locations.get(deposit.location_id, ""),
            memo=line.description or _linked(line),
        )


def _payer(line: DepositLine, names: _Names) -> str:
    customer = names.payers.get(f"{line.link.txn_type} {line.link.txn_id}", "") if line.link else ""
    return names.customers.get(customer, "")


_WORDS = {
    "Payment": "Payment",
    "RefundReceipt": "Refund",
    "SalesReceipt": "Sales receipt",
    "JournalEntry": "Journal entry",
}


def _linked(line: DepositLine) -> str:
    if line.link is None:
        return ""
    reference = "of this plan" if line.link.txn_id.startswith(PENDING) else line.link.txn_id
    return f"{_WORDS.get(line.link.txn_type, str(line.link.txn_type))} {reference}"


def _journal(entry: JournalEntry, names: _Names) -> Iterator[EntryLine]:
    for line in entry.lines:
        yield replace(
            _debit(names.account(line.account_id, ""), line.amount),
            name=names.customers.get(line.customer_id, ""),
            class_name=names.classes.get(line.class_id, ""),
            location=names.locations.get(line.location_id, ""),
            memo=line.description,
        )
