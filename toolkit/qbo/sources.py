"""Which lists and transactions make up the books, and how each is read: one table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from pydantic import TypeAdapter

from toolkit.books import (
    Account,
    BankDeposit,
    Customer,
    DocumentKind,
    Item,
    JournalEntry,
    ListEntry,
    OtherName,
    ReceivedPayment,
    SalesDocument,
    Transfer,
)
from toolkit.qbo import wire_read
from toolkit.qbo.exact_json import Json

EVERY_STATE = "Active IN (true, false)"
"""Intuit hides inactive rows of a list unless the question mentions Active."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One entity of Intuit's: the field of Books it fills, its reader, and how it may be asked for.

    `dated` ones are read since a date; `listed` ones whole, inactive rows included. `changes` tells whether change data
    capture covers it. `optional` ones may be refused where the company's plan or the person's role lacks them.
    """

    entity: str
    field: str
    record: TypeAdapter[Any]
    read: Callable[[Json], Any]
    dated: bool = False
    columns: str = "*"
    changes: bool = True
    optional: bool = False


def _list(entity: str, field: str, kind: type, read: Callable[[Json], Any], **more: Any) -> Source:
    return Source(entity=entity, field=field, record=TypeAdapter(kind), read=read, **more)


def _form(kind: DocumentKind) -> Source:
    reader = partial(wire_read.sales_document, kind)
    return Source(entity=str(kind), field="documents", record=TypeAdapter(SalesDocument), read=reader, dated=True)


def _dated(entity: str, field: str, kind: type, read: Callable[[Json], Any]) -> Source:
    return Source(entity=entity, field=field, record=TypeAdapter(kind), read=read, dated=True)


_NAMES = {"columns": "Id, DisplayName, Active", "optional": True}

SOURCES: tuple[Source, ...] = (
    _list("Account", "accounts", Account, wire_read.account),
    _list("Item", "items", Item, wire_read.item),
    _list("Class", "classes", ListEntry, wire_read.list_entry, optional=True),
    _list("Department", "locations", ListEntry, wire_read.list_entry, optional=True),
    _list("PaymentMethod", "payment_methods", ListEntry, wire_read.list_entry),
    _list("Term", "terms", ListEntry, wire_read.list_entry),
    # Intuit: change data capture does not cover tax codes.
    _list("TaxCode", "tax_codes", ListEntry, wire_read.list_entry, changes=False, optional=True),
    _list("Customer", "customers", Customer, wire_read.customer),
    _list("Vendor", "other_names", OtherName, partial(wire_read.other_name, "Vendor"), **_NAMES),
    _list("Employee", "other_names", OtherName, partial(wire_read.other_name, "Employee"), **_NAMES),
    *(_form(kind) for kind in DocumentKind),
    _dated("Payment", "payments", ReceivedPayment, wire_read.payment),
    _dated("Deposit", "deposits", BankDeposit, wire_read.deposit),
    _dated("JournalEntry", "journal_entries", JournalEntry, wire_read.journal_entry),
    _dated("Transfer", "transfers", Transfer, wire_read.transfer),
)
CHANGING = tuple(source for source in SOURCES if source.changes)
BY_ENTITY = {source.entity: source for source in SOURCES}
