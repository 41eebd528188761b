"""Transaction detail reports: one row a transaction or posting, with the columns a caller may choose."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal

from toolkit.emulator.reports import refusals
from toolkit.emulator.reports.accounts import Chart
from toolkit.emulator.reports.directory import PEOPLE, read_names
from toolkit.emulator.reports.grid import EMPTY, Cell, Row, cell, column, data_row, money_cell, section
from toolkit.emulator.reports.parameters import Query

SPLIT: Cell = {"value": "-Split-", "id": ""}
NO_NAME: Cell = {"value": "", "id": ""}

# How reports call a transaction type (recorded: Invoice, Sales Receipt); a purchase by its payment type.
LABELS: Mapping[str, str] = {
    "SalesReceipt": "Sales Receipt",
    "CreditMemo": "Credit Memo",
    "RefundReceipt": "Refund",
    "JournalEntry": "Journal Entry",
    "Purchase": "Expense",
}
_PURCHASES = {"Check": "Check", "CreditCard": "Credit Card Expense", "Cash": "Expense"}


@dataclass(slots=True)
class Entry:
    """One detail row before it is laid out. Amounts are cents in the account's natural sign."""

    date: str
    entity: str
    txn_id: int
    number: str = ""
    name_type: str = ""
    name_id: str = ""
    department_id: str = ""
    class_id: str = ""
    item_id: str = ""
    quantity: str = ""
    memo: str = ""
    account_id: str = ""
    split: Cell = field(default_factory=lambda: EMPTY)
    due_date: str = ""
    created: str = ""
    amount: int = 0
    debit: int = 0
    balance: int | None = None
    open: int | None = None
    extra: Mapping[str, str] = field(default_factory=dict)


class Lookup:
    """Names and shared cells for laying out entries."""

    def __init__(self, connection: sqlite3.Connection, chart: Chart) -> None:
        self.chart = chart
        self.names = read_names(connection, (*PEOPLE, "Item", "Class", "Department"))
        self._cells: dict[tuple[str, str], Cell] = {}
        self._dates: dict[str, Cell] = {}
        self._purchases = _purchase_labels(connection)

    def name(self, entity: str, identity: str) -> str:
        """The full name of a list row."""
        return self.names.get((entity, identity), "")

    def named(self, entity: str, identity: str) -> Cell:
        """A cell with the row's full name and id; empty value and id when there is none."""
        if not identity:
            return NO_NAME
        key = (entity, identity)
        if key not in self._cells:
            self._cells[key] = {"value": self.names.get(key, ""), "id": identity}
        return self._cells[key]

    def account(self, identity: str) -> Cell:
        """A cell with the account's full name and id."""
        if not identity:
            return NO_NAME
        key = ("Account", identity)
        if key not in self._cells:
            self._cells[key] = {"value": self.chart.by_id[identity].full_name, "id": identity}
        return self._cells[key]

    def day(self, text: str) -> Cell:
        """A date cell."""
        if text not in self._dates:
            self._dates[text] = cell(text)
        return self._dates[text]

    def label(self, entity: str, txn_id: int) -> str:
        """What reports call the transaction's type."""
        if entity == "Purchase":
            return self._purchases.get(txn_id, LABELS[entity])
        return LABELS.get(entity, entity)


def _purchase_labels(connection: sqlite3.Connection) -> dict[int, str]:
    rows = connection.execute(
        "SELECT id, json_extract(body, '$.PaymentType'), json_extract(body, '$.Credit')"
        " FROM object WHERE entity = 'Purchase'"
    )
    return {
        int(identity): "Credit Card Credit" if credit else _PURCHASES.get(str(kind), "Expense")
        for identity, kind, credit in rows
    }


Maker = Callable[[Lookup, Entry], Cell]


@dataclass(frozen=True, slots=True)
class DetailColumn:
    """One column a detail report can show; `total` says which entry amount its section totals add."""

    key: str
    title: str
    make: Maker
    total: Callable[[Entry], int] | None = None


def _person(kind: str) -> Maker:
    return lambda lookup, entry: lookup.named(kind, entry.name_id if entry.name_type == kind else "")


def _rate(entry: Entry) -> Cell:
    quantity = Decimal(entry.quantity or 0)
    if not quantity:
        return EMPTY
    return cell(str((Decimal(abs(entry.amount)) / 100 / quantity).quantize(Decimal("0.01"), ROUND_HALF_UP)))


def _extra(key: str) -> Maker:
    return lambda lookup, entry: cell(entry.extra.get(key, ""))


def _sided(entry: Entry, side: int) -> Cell:
    return money_cell(entry.debit * side) if entry.debit * side > 0 else EMPTY


_COLUMNS: tuple[DetailColumn, ...] = (
    DetailColumn("tx_date", "Date", lambda look, entry: look.day(entry.date)),
    DetailColumn(
        "txn_type",
        "Transaction Type",
        lambda look, entry: {"value": look.label(entry.entity, entry.txn_id), "id": str(entry.txn_id)},
    ),
    DetailColumn("doc_num", "Num", lambda look, entry: cell(entry.number)),
    DetailColumn("is_no_post", "Posting", lambda look, entry: cell("Yes")),
    DetailColumn("name", "Name", lambda look, entry: look.named(entry.name_type, entry.name_id)),
    DetailColumn("vend_name", "Vendor", _person("Vendor")),
    DetailColumn("emp_name", "Employee", _person("Employee")),
    DetailColumn("item_name", "Product/Service", lambda look, entry: look.named("Item", entry.item_id)),
    DetailColumn("klass_name", "Class", lambda look, entry: look.named("Class", entry.class_id)),
    DetailColumn("memo", "Memo/Description", lambda look, entry: cell(entry.memo)),
    DetailColumn("due_date", "Due Date", lambda look, entry: look.day(entry.due_date)),
    DetailColumn("quantity", "Qty", lambda look, entry: cell(entry.quantity)),
    DetailColumn("rate", "Rate", lambda look, entry: _rate(entry)),
    DetailColumn("account_name", "Account", lambda look, entry: look.account(entry.account_id)),
    DetailColumn("split_acc", "Split", lambda look, entry: entry.split),
    DetailColumn("other_account", "Split", lambda look, entry: entry.split),
    DetailColumn("create_date", "Create Date", lambda look, entry: cell(entry.created)),
    DetailColumn("last_mod_date", "Last Modified", _extra("last_mod_date")),
    DetailColumn("pmt_mthd", "Payment Method", _extra("pmt_mthd")),
    DetailColumn("term_name", "Terms", _extra("term_name")),
    DetailColumn("cust_msg", "Message", _extra("cust_msg")),
    DetailColumn("is_ar_paid", "A/R Paid", _extra("is_ar_paid")),
    DetailColumn("is_cleared", "Clr", _extra("is_cleared")),
    DetailColumn("past_due", "Past Due", _extra("past_due")),
    DetailColumn("debt_amt", "Debit", lambda look, entry: _sided(entry, 1), lambda entry: max(entry.debit, 0)),
    DetailColumn("credit_amt", "Credit", lambda look, entry: _sided(entry, -1), lambda entry: max(-entry.debit, 0)),
    *(
        DetailColumn(key, "Amount", lambda look, entry: money_cell(entry.amount), lambda entry: entry.amount)
        for key in ("subt_nat_amount", "subt_nat_home_amount", "subt_amount")
    ),
    DetailColumn(
        "subt_open_bal", "Open Balance", lambda look, entry: money_cell(entry.open), lambda entry: entry.open or 0
    ),
    *(
        DetailColumn(key, "Balance", lambda look, entry: money_cell(entry.balance))
        for key in ("rbal_nat_amount", "rbal_open_bal")
    ),
)


def columns_of(query: Query) -> dict[str, DetailColumn]:
    """Every detail column by key, titled in the company's words."""
    facts = query.facts
    titled = (
        DetailColumn("cust_name", facts.customer_word, _person("Customer")),
        DetailColumn(
            "dept_name", facts.department_word, lambda look, entry: look.named("Department", entry.department_id)
        ),
    )
    return {one.key: one for one in (*_COLUMNS, *titled)}


def chosen(query: Query, supported: Sequence[str], default: Sequence[str]) -> list[DetailColumn]:
    """The asked-for columns, in the report's own order whatever the caller's (as Intuit's samples show)."""
    asked = query.words("columns") or list(default)
    for key in asked:
        if key not in supported:
            raise refusals.bad_value("columns", key, "columns of " + ", ".join(supported))
    known = columns_of(query)
    return [known[key] for key in supported if key in asked]


@dataclass(frozen=True, slots=True)
class Layout:
    """The chosen columns and the lookup: how entries become rows."""

    columns: Sequence[DetailColumn]
    lookup: Lookup

    def definitions(self) -> list[Row]:
        """The Columns of the answer."""
        return [column(one.title, one.key) for one in self.columns]

    def row(self, entry: Entry) -> Row:
        """One data row."""
        return data_row([one.make(self.lookup, entry) for one in self.columns])

    def titled(self, title: Cell) -> list[Cell]:
        """A header: the title, then blanks."""
        return [title, *[EMPTY] * (len(self.columns) - 1)]

    def opening(self, title: str, balance: int) -> Row:
        """A row that shows only a running balance."""
        cells = [
            money_cell(balance) if one.key in ("rbal_nat_amount", "rbal_open_bal") else EMPTY for one in self.columns
        ]
        cells[0] = cell(title)
        return data_row(cells)

    def total(self, title: str, entries: Sequence[Entry]) -> list[Cell]:
        """A total row; its amounts stay blank when there is no entry."""
        cells = [
            money_cell(sum(one.total(entry) for entry in entries)) if one.total and entries else EMPTY
            for one in self.columns
        ]
        cells[0] = cell(title)
        return cells

    def group(self, title: Cell, entries: Sequence[Entry], rows: Iterable[Row] | None = None) -> Row:
        """A section with a header, its entries' rows and their total."""
        made = [self.row(entry) for entry in entries] if rows is None else list(rows)
        return section(header=self.titled(title), rows=made, summary=self.total(f"Total for {title['value']}", entries))

    def sorted(self, query: Query, entries: list[Entry]) -> list[Entry]:
        """The entries by the sort_by column (amounts as numbers); as they came when none is asked for."""
        key = query.text("sort_by")
        wanted = {one.key: one for one in self.columns}.get(key)
        if key and wanted is None:
            raise refusals.bad_value("sort_by", key, "a column of the report")
        if wanted is None:
            return entries[::-1] if query.descending() else entries
        order = _order(wanted, self.lookup)
        return sorted(entries, key=order, reverse=query.descending())


def _order(wanted: DetailColumn, lookup: Lookup) -> Callable[[Entry], tuple[int, str]]:
    if wanted.total is not None:
        total = wanted.total
        return lambda entry: (total(entry), "")
    return lambda entry: (0, wanted.make(lookup, entry)["value"].lower())
