"""Create, read, update, delete and void of one object, as a client asks for them."""

from __future__ import annotations

from collections.abc import Callable

from toolkit.emulator import (
    attachments,
    auto_apply,
    deposits,
    fault,
    journal,
    ledger,
    lists,
    names,
    payments,
    preferences,
    renaming,
    sales,
    schema,
    writing,
)
from toolkit.emulator.amounts import money, rendered
from toolkit.emulator.bodies import ordered
from toolkit.emulator.books import Books
from toolkit.emulator.kinds import KINDS, Kind
from toolkit.emulator.moments import shown as shown_time
from toolkit.emulator.records import Body, Draft, Record

_BUILDERS: dict[str, Callable[[Books, Draft], None]] = {
    "Customer": names.build, "Vendor": names.build, "Employee": names.build,
    "Invoice": sales.build, "SalesReceipt": sales.build, "CreditMemo": sales.build, "RefundReceipt": sales.build,
    "Payment": payments.build, "Deposit": deposits.build, "JournalEntry": journal.build_entry,
    "Transfer": journal.build_transfer, "Purchase": journal.build_purchase, "Attachable": attachments.build,
    "Preferences": preferences.build, "CompanyInfo": preferences.build,
    **lists.BUILDERS,
}  # fmt: skip


def build(books: Books, draft: Draft) -> None:
    """Runs the rules of the draft's entity."""
    _BUILDERS[draft.entity](books, draft)


def guard_closed(books: Books, *dates: str | None) -> None:
    """Raises Fault 6210 when one of the dates is on or before the closing date."""
    closed = books.preference("AccountingInfoPrefs", "BookCloseDate")
    if closed and any(day is not None and day <= closed for day in dates):
        raise fault.books_closed(books.switches["closed_books"])


def guard_subscription(books: Books) -> None:
    """Raises Fault 6190 when the subscription lapsed."""
    if books.switches["subscription"] == "lapsed":
        raise fault.lapsed(books.switches.number("subscription_status"))


def write(books: Books, kind: Kind, value: object, options: frozenset[str]) -> Record:
    """Creates the object, or changes it when it has an Id."""
    sent = schema.read(kind.entity, value)
    guard_subscription(books)
    if sent.get("Id") is None:
        draft = writing.draft_create(kind, sent, options)
    else:
        old = writing.current(books, kind, sent)
        draft = writing.draft_update(kind, sent, old, options)
    build(books, draft)
    if kind.group == "transaction":
        guard_closed(books, draft.txn_date, draft.old.txn_date if draft.old else None)
    record = writing.save(books, draft)
    if draft.old is None:
        auto_apply.after_create(books, record)
    elif draft.old.name != record.name:
        renaming.after(books, draft.old, record)
    return record


def one_name_at_a_time() -> fault.Fault:
    """6000: names are written one after the other."""
    return fault.business(
        "You can only add or edit one name at a time.", "Vous ne pouvez ajouter ou modifier qu'un nom à la fois."
    )


def answer(books: Books, record: Record) -> str:
    """The object as JSON text: the stored body, with balances and times that the ledger rules."""
    if record.entity in ("Customer", "Vendor", "Account"):
        return rendered(_with_balance(books, record))
    if record.entity == "Preferences":
        return rendered(ordered(KINDS["Preferences"], preferences.shown(books)))
    return record.text


def _with_balance(books: Books, record: Record) -> Body:
    amount, touched = ledger.total(books, record.entity, record.id)
    return balanced(record, amount, touched, books)


def balanced(record: Record, amount: int, touched: str, books: Books) -> Body:
    """
    The body with its balance from the ledger; a posting moves LastUpdatedTime on but not the SyncToken (seen in
    sandbox rows).
    """
    body = dict(record.body)
    if record.entity == "Vendor":
        amount = -amount
    body["CurrentBalance" if record.entity == "Account" else "Balance"] = money(amount)
    if record.entity == "Account":
        body["CurrentBalanceWithSubAccounts"] = money(amount + _below(books, record))
    elif record.entity == "Customer":
        body["BalanceWithJobs"] = money(amount + _below(books, record))
    if touched > record.updated:
        body["MetaData"] = {**body["MetaData"], "LastUpdatedTime": shown_time(touched)}
    return body


def _below(books: Books, record: Record) -> int:
    row = books.connection.execute(
        "SELECT coalesce(sum(t.amount), 0) FROM object o JOIN total t ON t.entity = o.entity AND t.id = "
        "CAST(o.id AS TEXT) "
        "WHERE o.entity = ? AND o.name >= ? AND o.name < ?",
        (record.entity, f"{record.name}:", f"{record.name};"),
    ).fetchone()
    return int(row[0])
