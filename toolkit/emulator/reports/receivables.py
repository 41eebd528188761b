"""What customers owe: each receivable transaction and how much of it was open at the end of a day.

A payment closes what it is applied to only when both are dated by then, so the open amounts of all
transactions always add up to the receivable account's balance at that day.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from toolkit.emulator.reports.accounts import Chart
from toolkit.emulator.reports.parameters import Query
from toolkit.emulator.reports.selection import within


@dataclass(slots=True)
class OpenItem:
    """One transaction's share of a customer's receivable; cents, what the customer owes is positive."""

    entity: str
    txn_id: int
    customer_id: str
    number: str
    date: str
    due_date: str
    department_id: str
    amount: int
    open: int
    memo: str = ""


Key = tuple[int, str]


def _items(connection: sqlite3.Connection, chart: Chart, through: date) -> dict[Key, OpenItem]:
    accounts = within("account_id", chart.receivables() or [""])
    rows = connection.execute(
        "SELECT txn_type, txn_id, name_id, doc_number, date, due_date, department_id, SUM(amount) FROM posting"
        f" WHERE {accounts.sql} AND date <= ? GROUP BY txn_id, name_id ORDER BY date, created, txn_id",
        (*accounts.arguments, through.isoformat()),
    )
    found: dict[Key, OpenItem] = {}
    for entity, txn_id, name_id, number, day, due, department, amount in rows:
        customer = str(name_id or "")
        item = OpenItem(entity, txn_id, customer, number or "", day, due or day, str(department or ""), amount, amount)
        found[txn_id, customer] = item
    return found


def _side(keys: list[Key] | None, customer: str) -> Key | None:
    """The item a link means: the only one, or (a journal entry with several names) the payer's."""
    if not keys:
        return None
    if len(keys) == 1:
        return keys[0]
    return next((key for key in keys if key[1] == customer), keys[0])


def _apply(connection: sqlite3.Connection, items: dict[Key, OpenItem], through: date) -> None:
    """Moves every application dated by `through` from the document to its payment."""
    by_txn: dict[int, list[Key]] = {}
    for key in items:
        by_txn.setdefault(key[0], []).append(key)
    day = through.isoformat()
    links = connection.execute(
        "SELECT l.from_id, l.to_id, l.amount, f.customer_id, f.txn_date FROM link l"
        " JOIN object f ON f.entity = 'Payment' AND f.id = l.from_id"
        " JOIN object t ON t.entity = l.to_type AND t.id = l.to_id"
        " WHERE l.from_type = 'Payment' AND f.txn_date <= ? AND t.txn_date <= ?",
        (day, day),
    )
    for payment_id, document_id, cents, customer_id, paid_on in links:
        customer = str(customer_id or "")
        document = _side(by_txn.get(document_id), customer)
        if document is None:
            continue
        payment = (payment_id, customer)
        if payment not in items:
            # A payment of zero only joins a credit to an invoice; it has no posting of its own.
            items[payment] = OpenItem("Payment", payment_id, customer, "", paid_on, paid_on, "", 0, 0)
        moved = cents if items[document].amount >= 0 else -cents
        items[document].open -= moved
        items[payment].open += moved


def receivable_items(connection: sqlite3.Connection, chart: Chart, through: date) -> list[OpenItem]:
    """Every receivable transaction dated by a day, oldest first, with what was open at its end (0 when settled)."""
    items = _items(connection, chart, through)
    _apply(connection, items, through)
    return sorted(items.values(), key=lambda item: (item.date, item.txn_id))


def asked_for(query: Query, items: Iterable[OpenItem]) -> list[OpenItem]:
    """The items the customer and department filters leave."""
    customers, departments = set(query.ids("customer")), set(query.ids("department"))
    return [
        item
        for item in items
        if (not customers or item.customer_id in customers) and (not departments or item.department_id in departments)
    ]


@dataclass(frozen=True, slots=True)
class Person:
    """A customer in the tree of customers and their sub-customers."""

    id: str
    name: str
    parent: str


def read_customers(connection: sqlite3.Connection) -> dict[str, Person]:
    """Every customer by id, parents before their sub-customers, names in order regardless of case."""
    rows = connection.execute(
        "SELECT id, COALESCE(json_extract(body, '$.DisplayName'), name),"
        " COALESCE(json_extract(body, '$.FullyQualifiedName'), name), json_extract(body, '$.ParentRef.value')"
        " FROM object WHERE entity = 'Customer'"
    )
    people = sorted(
        ((str(full or "").lower(), Person(str(identity), str(name or ""), str(parent or "")))
         for identity, name, full, parent in rows),
        key=lambda pair: (pair[0], int(pair[1].id)),
    )  # fmt: skip
    return {person.id: person for _, person in people}
