"""Which transactions a TransactionList shows, and what it must know of each."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass

from toolkit.emulator.reports import refusals
from toolkit.emulator.reports.accounts import TYPE_ORDER, Chart
from toolkit.emulator.reports.detail import Lookup
from toolkit.emulator.reports.parameters import Query
from toolkit.emulator.reports.periods import Period

SHOWN = (
    "Invoice",
    "SalesReceipt",
    "CreditMemo",
    "RefundReceipt",
    "Payment",
    "Deposit",
    "JournalEntry",
    "Transfer",
    "Purchase",
)
RECEIVABLES = ("Invoice", "CreditMemo", "Payment")
# Intuit's words for the transaction_type parameter: (entity, label a purchase must have).
_TYPES: dict[str, tuple[str, str]] = {
    "ReceivePayment": ("Payment", ""),
    "CreditRefund": ("RefundReceipt", ""),
    "Check": ("Purchase", "Check"),
    "CashPurchase": ("Purchase", "Expense"),
    "CreditCardCharge": ("Purchase", "Credit Card Expense"),
    "CreditCardCredit": ("Purchase", "Credit Card Credit"),
    **{entity: (entity, "") for entity in SHOWN},
}
# Documented types that no entity of this emulator has: they leave nothing.
_ELSEWHERE = (
    "Bill",
    "VendorCredit",
    "Credit",
    "BillPaymentCheck",
    "BillPaymentCreditCard",
    "Charge",
    "Statement",
    "BillableCharge",
    "TimeActivity",
    "Estimate",
    "InventoryQuantityAdjustment",
    "PurchaseOrder",
    "GlobalTaxPayment",
    "GlobalTaxAdjustment",
)

_SQL = f"""
SELECT o.entity, o.id, o.txn_date, COALESCE(o.doc_number, json_extract(o.body, '$.PaymentRefNum'), ''),
       o.customer_id, o.total, o.balance, o.due_date, o.created, o.updated,
       json_extract(o.body, '$.PrivateNote'), json_extract(o.body, '$.DepartmentRef.value'),
       json_extract(o.body, '$.PaymentMethodRef.value'), json_extract(o.body, '$.SalesTermRef.value'),
       json_extract(o.body, '$.CustomerMemo.value'), json_extract(o.body, '$.DepositToAccountRef.value'),
       json_extract(o.body, '$.EntityRef.value'), json_extract(o.body, '$.EntityRef.type'),
       h.account_id, h.amount,
       (SELECT COUNT(*) FROM posting p WHERE p.txn_id = o.id AND p.line <> h.line AND p.amount <> 0),
       (SELECT p.account_id FROM posting p WHERE p.txn_id = o.id AND p.line <> h.line AND p.amount <> 0
        ORDER BY p.line LIMIT 1),
       (SELECT GROUP_CONCAT(DISTINCT p.class_id) FROM posting p WHERE p.txn_id = o.id),
       EXISTS (SELECT 1 FROM link l WHERE l.to_id = o.id AND l.from_type = 'Deposit'),
       EXISTS (SELECT 1 FROM reconciled r WHERE r.txn_id = o.id)
FROM object o
LEFT JOIN posting h ON h.txn_id = o.id AND h.amount <> 0
     AND h.line = (SELECT MIN(m.line) FROM posting m WHERE m.txn_id = o.id AND m.amount <> 0)
WHERE o.txn_date BETWEEN ? AND ? AND o.deleted = 0 AND o.entity IN ({",".join("?" * len(SHOWN))})
ORDER BY o.txn_date, o.created, o.id
"""


@dataclass(frozen=True, slots=True)
class Transaction:
    """One transaction; `amount` is what its first posting moves, cents, debit positive (0 when void)."""

    entity: str
    id: int
    date: str
    number: str
    name_type: str
    name_id: str
    amount: int
    open: int
    due_date: str
    created: str
    updated: str
    memo: str
    department_id: str
    payment_method: str
    term: str
    customer_memo: str
    account_id: str
    others: int
    other_account_id: str
    classes: tuple[str, ...]
    deposited: bool
    reconciled: bool
    total: int

    @property
    def receivable_state(self) -> str:
        """Paid or Unpaid for receivable transactions, else nothing."""
        if self.entity not in RECEIVABLES:
            return ""
        return "Unpaid" if self.open else "Paid"

    @property
    def cleared_mark(self) -> str:
        """R for reconciled, else nothing."""
        return "R" if self.reconciled else ""


Keep = Callable[[Transaction], bool]


@dataclass(frozen=True, slots=True)
class Filters:
    """All conditions of one call, and what is needed to read a transaction."""

    chart: Chart
    lookup: Lookup
    methods: dict[str, str]
    terms: dict[str, str]
    conditions: tuple[Keep, ...]

    def read(self, connection: sqlite3.Connection, period: Period) -> list[Transaction]:
        """The transactions of the period that meet every condition, in date, then creation order."""
        bounds = (period.start.isoformat(), period.end.isoformat())
        made = (self._transaction(row) for row in connection.execute(_SQL, (*bounds, *SHOWN)))
        return [one for one in made if all(keep(one) for keep in self.conditions)]

    def _transaction(self, row: tuple[object, ...]) -> Transaction:
        texts = ["" if value is None else str(value) for value in row]
        entity, customer, payee, payee_type = texts[0], texts[4], texts[16], texts[17]
        return Transaction(
            entity=entity,
            id=int(texts[1]),
            date=texts[2],
            number=texts[3],
            name_type="Customer" if customer else (payee_type or "Vendor") if payee else "",
            name_id=customer or payee,
            amount=int(texts[19] or 0),
            open=int(texts[6] or 0),
            due_date=texts[7],
            created=texts[8],
            updated=texts[9],
            memo=texts[10],
            department_id=texts[11],
            payment_method=self.methods.get(texts[12], ""),
            term=self.terms.get(texts[13], ""),
            customer_memo=texts[14],
            account_id=texts[18] or self._usual_account(entity, texts[15]),
            others=int(texts[20] or 0),
            other_account_id=texts[21],
            classes=tuple(texts[22].split(",")) if texts[22] else (),
            deposited=texts[23] == "1",
            reconciled=texts[24] == "1",
            total=int(texts[5] or 0),
        )

    def _usual_account(self, entity: str, deposit_to: str) -> str:
        """The account of a transaction that posts nothing: it is void or amounts to nothing."""
        if entity in ("Invoice", "CreditMemo"):
            return next(iter(self.chart.receivables()), "")
        return deposit_to


def _named(query: Query) -> list[Keep]:
    kept: list[Keep] = []
    for parameter, kind in (("customer", "Customer"), ("vendor", "Vendor"), ("employee", "Employee")):
        ids = set(query.ids(parameter))
        if ids:
            kept.append(lambda one, ids=ids, kind=kind: one.name_type == kind and one.name_id in ids)  # type: ignore[misc]
    return kept


def _member(query: Query) -> list[Keep]:
    """Conditions that are a set of ids or words."""
    kept = _named(query)
    names, departments = set(query.ids("name")), set(query.ids("department"))
    classes, accounts = set(query.ids("class")), set(query.ids("source_account"))
    methods = {word.lower() for word in query.words("payment_method")}
    numbers = set(query.words("docnum"))
    if names:
        kept.append(lambda one: one.name_id in names)
    if departments:
        kept.append(lambda one: one.department_id in departments)
    if classes:
        kept.append(lambda one: not classes.isdisjoint(one.classes))
    if accounts:
        kept.append(lambda one: one.account_id in accounts)
    if methods:
        kept.append(lambda one: one.payment_method.lower() in methods)
    if numbers:
        kept.append(lambda one: one.number in numbers)
    return kept


def _typed(query: Query, lookup: Lookup) -> list[Keep]:
    words = query.words("transaction_type")
    by_word = {word.lower(): word for word in (*_TYPES, *_ELSEWHERE)}
    for word in words:
        if word.lower() not in by_word:
            raise refusals.bad_value("transaction_type", word, "one of " + ", ".join(by_word.values()))
    if not words:
        return []
    wanted = {_TYPES.get(by_word[word.lower()], ("", "")) for word in words}

    def keep(one: Transaction) -> bool:
        return (one.entity, "") in wanted or (one.entity, lookup.label(one.entity, one.id)) in wanted

    return [keep]


def _account_kinds(query: Query, chart: Chart) -> list[Keep]:
    words = query.words("source_account_type")
    by_word = {kind.replace(" ", "").lower(): kind for kind in TYPE_ORDER}
    for word in words:
        if word.lower() not in by_word:
            raise refusals.bad_value("source_account_type", word, "an account type")
    if not words:
        return []
    kinds = {by_word[word.lower()] for word in words}
    return [lambda one: one.account_id in chart.by_id and chart.by_id[one.account_id].kind in kinds]


def _states(query: Query) -> list[Keep]:
    kept: list[Keep] = []
    paid = query.choice("arpaid", ("All", "Paid", "Unpaid"), "All")
    if paid != "All":
        kept.append(lambda one: one.receivable_state == paid)
    cleared = query.choice("cleared", ("Cleared", "Uncleared", "Reconciled", "Deposited"), "")
    tests: dict[str, Keep] = {
        "Cleared": lambda one: one.reconciled,
        "Reconciled": lambda one: one.reconciled,
        "Uncleared": lambda one: not one.reconciled,
        "Deposited": lambda one: one.deposited,
    }
    if cleared:
        kept.append(tests[cleared])
    amount = query.cents("bothamount")
    if amount is not None:
        kept.append(lambda one: abs(one.amount) == abs(amount))
    return kept


def _dated(query: Query) -> list[Keep]:
    kept: list[Keep] = []
    fields: dict[str, Callable[[Transaction], str]] = {
        "duedate": lambda one: one.due_date,
        "createdate": lambda one: one.created[:10],
        "moddate": lambda one: one.updated[:10],
    }
    for stem, read in fields.items():
        window = query.range_of(stem)
        if window is not None:
            first, last = window.start.isoformat(), window.end.isoformat()
            kept.append(lambda one, read=read, first=first, last=last: first <= read(one) <= last)  # type: ignore[misc]
    return kept


def _list_names(connection: sqlite3.Connection, entity: str) -> dict[str, str]:
    rows = connection.execute("SELECT id, name FROM object WHERE entity = ?", (entity,))
    return {str(identity): str(name or "") for identity, name in rows}


def filters_of(connection: sqlite3.Connection, query: Query, chart: Chart, lookup: Lookup) -> Filters:
    """The conditions a call asks for; a Fault for a value that no condition has."""
    conditions = (
        *_member(query),
        *_typed(query, lookup),
        *_account_kinds(query, chart),
        *_states(query),
        *_dated(query),
    )
    methods, terms = _list_names(connection, "PaymentMethod"), _list_names(connection, "Term")
    return Filters(chart, lookup, methods, terms, conditions)
