"""References on the wire: `{"value": id, "name": display}`; only the id is read."""

from __future__ import annotations

from toolkit.emulator import fault, ledger
from toolkit.emulator.books import Books
from toolkit.emulator.records import Body, Draft, Record

_BY_OWN_NAME = ("Item", "PaymentMethod", "Term")


def shown(record: Record) -> Body:
    """
    A reference to an object with its display name (the full one, except for products/services, methods and terms).
    """
    name = record.body["Name"] if record.entity in _BY_OWN_NAME else record.name
    return {"value": str(record.id), "name": name}


def bare(record: Record) -> Body:
    """A reference without name, as some fields are answered."""
    return {"value": str(record.id)}


def normalize(books: Books, draft: Draft, field: str, entity: str, *, named: bool = True) -> Record | None:
    """
    Checks a reference of the draft and writes it as QuickBooks answers it; None when it is not there.

    Raises Fault 2500.
    """
    ref = draft.fields.get(field)
    if ref is None:
        return None
    record = books.referred(entity, ref)
    draft.body[field] = shown(record) if named else bare(record)
    return record


def account_type(record: Record) -> str:
    """The AccountType of an account."""
    return str(record.body.get("AccountType", ""))


def _matching_account(books: Books, type: str, subtype: str) -> Record | None:
    for record in books.list_of("Account").values():
        fits = not type or account_type(record) == type
        if record.active and fits and (not subtype or record.body.get("AccountSubType") == subtype):
            return record
    return None


def first_account(books: Books, *, type: str = "", subtype: str = "") -> Record | None:
    """The active account with the lowest id of this type or subtype."""
    found: Record | None = books.memo(f"account.{type}.{subtype}", lambda: _matching_account(books, type, subtype))
    return found


def receivable(books: Books) -> Record:
    """Accounts Receivable."""
    found = first_account(books, type=ledger.RECEIVABLE)
    if found is None:
        raise fault.business("An accounts receivable account is needed for this transaction.")
    return found


def undeposited(books: Books) -> Record:
    """Undeposited Funds, found by its subtype: its name and id differ between companies."""
    found = first_account(books, subtype="UndepositedFunds")
    if found is None:
        raise fault.business("Select a bank account for this deposit.")
    return found


def account_of(books: Books, draft: Draft, field: str, types: tuple[str, ...], *, named: bool = True) -> Record | None:
    """The account a field names, of one of these types. Raises Fault 2500 or 6430."""
    record = normalize(books, draft, field, "Account", named=named)
    if record is not None and account_type(record) not in types:
        raise fault.wrong_account_type(field)
    return record
