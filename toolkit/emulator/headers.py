"""The header of every transaction: its date, currency, class and location."""

from __future__ import annotations

from toolkit.emulator import fault, references
from toolkit.emulator.books import Books
from toolkit.emulator.names import CURRENCY
from toolkit.emulator.records import Body, Draft

DEPOSITABLE = ("Bank", "Other Current Asset")
"""The account types that payments and deposits may go to."""
NEGATIVE = ("Transaction amount must be 0 or greater.", "Le montant de l'opération doit être de 0 ou plus.")


def untracked(books: Books, body: Body, field: str) -> None:
    """Drops a field the company does not track, without a word; or raises Fault 5030 if the switch says so."""
    if body.pop(field, None) is not None and books.switches["untracked"] == "refuse":
        raise fault.feature_not_supported("Class tracking" if field == "ClassRef" else "Location tracking")


def tracked_class(books: Books, draft: Draft) -> str | None:
    """The class of a whole transaction, if the company tracks classes so."""
    if books.preference("AccountingInfoPrefs", "ClassTrackingPerTxn"):
        record = references.normalize(books, draft, "ClassRef", "Class")
        return str(record.id) if record else None
    untracked(books, draft.body, "ClassRef")
    return None


def tracked_department(books: Books, draft: Draft) -> str | None:
    """The location of a transaction, if the company tracks locations."""
    if books.preference("AccountingInfoPrefs", "TrackDepartments"):
        record = references.normalize(books, draft, "DepartmentRef", "Department")
        return str(record.id) if record else None
    untracked(books, draft.body, "DepartmentRef")
    return None


def currency(books: Books, draft: Draft) -> None:
    """Answers the home currency. Raises Fault 6000 for a CurrencyRef if the switch says so."""
    if "CurrencyRef" in draft.sent and draft.old is None and books.switches["currency_ref"] == "refuse":
        raise fault.business("Multicurrency is not enabled for this company.")
    draft.body["CurrencyRef"] = CURRENCY
    if not books.preference("CurrencyPrefs", "MultiCurrencyEnabled"):
        draft.body.pop("ExchangeRate", None)


def dated(books: Books, draft: Draft) -> str:
    """The transaction's date: the client's, else the company's today."""
    draft.txn_date = draft.body["TxnDate"] = draft.fields.get("TxnDate") or books.today
    return draft.txn_date
