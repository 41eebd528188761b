"""Customers, vendors and employees: one name space, defaults on create, sub-customers, deactivation."""

from __future__ import annotations

import re

from toolkit.emulator import fault, ledger, references
from toolkit.emulator.books import Books
from toolkit.emulator.kinds import NAMES
from toolkit.emulator.records import Body, Draft, Record

_PARTS = ("Title", "GivenName", "MiddleName", "FamilyName", "Suffix")
_FORBIDDEN = re.compile(r"[:\t\r\n]")
_DELETED = re.compile(r" \(deleted(?:-\d+)?\)$")
_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+$")
_DEEPEST = 5
CURRENCY: Body = {"value": "USD", "name": "United States Dollar"}


def key_of(name: str) -> str:
    """The form in which names are compared: without regard to case."""
    return name.casefold()


def check_email(text: str) -> None:
    """Raises Fault 2210 unless each of the comma-separated addresses has the shape of one."""
    for part in text.split(","):
        if not _ADDRESS.match(part.strip()):
            raise fault.invalid_email(text)


def taken(books: Books, entities: tuple[str, ...], key: str, but: Record | None) -> bool:
    """Whether another object of these entities has this name."""
    marks = ",".join("?" * len(entities))
    rows = books.connection.execute(
        f"SELECT entity, id FROM object WHERE name_key = ? AND entity IN ({marks})", (key, *entities)
    )
    return any(but is None or row != (but.entity, but.id) for row in rows)


def deactivated(books: Books, entities: tuple[str, ...], name: str, parent: str, but: Record | None) -> str:
    """The name of an object made inactive: " (deleted)" is appended (recorded), numbered if that is taken too."""
    if _DELETED.search(name):
        return name
    found, count = f"{name} (deleted)", 1
    while taken(books, entities, key_of(parent + found), but):
        count += 1
        found = f"{name} (deleted-{count})"
    return found


def named(books: Books, entities: tuple[str, ...], draft: Draft, name: str, parent: str) -> str:
    """The name as stored after the Active flag was looked at. `parent` is its full name with a colon, or empty."""
    if not draft.active:
        return deactivated(books, entities, name, parent, draft.old)
    if draft.old is not None and not draft.old.active:
        plain = _DELETED.sub("", name)
        return name if taken(books, entities, key_of(parent + plain), draft.old) else plain
    return name


def _display_name(fields: Body) -> str:
    name = fields.get("DisplayName") or " ".join(fields[part] for part in _PARTS if fields.get(part))
    if not name.strip():
        raise fault.no_name()
    return str(name).strip()


def _check_characters(fields: Body) -> None:
    for field in (*_PARTS, "DisplayName", "PrintOnCheckName"):
        if field in fields and _FORBIDDEN.search(fields[field]):
            raise fault.invalid_characters(field)


def _parent(books: Books, draft: Draft) -> str:
    parent = (
        references.normalize(books, draft, "ParentRef", "Customer", named=False) if draft.entity == "Customer" else None
    )
    if parent is None:
        return ""
    if draft.old is not None and (parent.id == draft.old.id or f"{parent.name}:".startswith(f"{draft.old.name}:")):
        raise fault.business("A customer cannot be its own parent.")
    level = str(parent.name).count(":") + 1
    if level >= _DEEPEST:
        raise fault.business("You can only have up to 5 levels of sub-customers.")
    draft.body["Level"], draft.body["Job"] = level, True
    return f"{parent.name}:"


def _addresses(books: Books, draft: Draft) -> None:
    for field in ("BillAddr", "ShipAddr", "PrimaryAddr"):
        address = draft.body.get(field)
        if address and "Id" not in address:
            draft.body[field] = {"Id": str(books.new_id("address", 1)), **address}


def _customer(books: Books, draft: Draft) -> None:
    body = draft.body
    defaults: Body = {"Taxable": True, "Job": False, "BillWithParent": False, "PreferredDeliveryMethod": "Print"}
    body.update({key: value for key, value in defaults.items() if key not in body})
    body["Balance"], body["BalanceWithJobs"] = 0, 0
    group = books.preference("TaxPrefs", "TaxGroupCodeRef")
    # Recorded: a customer made through the API gets the company's tax group, an older one may have none.
    if "DefaultTaxCodeRef" not in body and body["Taxable"] and group and not books.importing:
        body["DefaultTaxCodeRef"] = {"value": group["value"]}
    references.normalize(books, draft, "SalesTermRef", "Term", named=False)
    references.normalize(books, draft, "PaymentMethodRef", "PaymentMethod", named=False)


def build(books: Books, draft: Draft) -> None:
    """The rules of a customer, vendor or employee; raises Fault 6080, 2040, 2210, 2500, 6220 or 6240."""
    fields, body = draft.fields, draft.body
    _check_characters(fields)
    name = _display_name(fields)
    draft.active = fields.get("Active", True)
    email = (fields.get("PrimaryEmailAddr") or {}).get("Address")
    if email:
        check_email(email)
    parent = _parent(books, draft)
    _closing(books, draft)
    name = named(books, NAMES, draft, name, parent)
    full = parent + name
    if not books.importing and taken(books, NAMES, key_of(full), draft.old):
        # Recorded for a customer of a customer's name: the detail of lists; public reports show the longer one.
        same = taken(books, (draft.entity,), key_of(full), draft.old)
        raise fault.duplicate_list_name() if same else fault.duplicate_name()
    body["DisplayName"], body["Active"] = name, draft.active
    body.setdefault("PrintOnCheckName", name)
    _addresses(books, draft)
    if draft.entity == "Customer":
        _customer(books, draft)
    elif draft.entity == "Vendor":
        body["Balance"] = 0
        body.setdefault("Vendor1099", False)
    if draft.entity == "Employee":
        body.setdefault("BillableTime", False)
    else:
        body["CurrencyRef"] = CURRENCY
    if draft.entity == "Customer":
        body["FullyQualifiedName"] = full
    draft.name, draft.name_key, draft.label, draft.email = full, key_of(full), key_of(name), email


def _closing(books: Books, draft: Draft) -> None:
    old = draft.old
    if draft.active or old is None or not old.active or books.switches["deactivate_with_balance"] == "allow":
        return
    if ledger.total(books, draft.entity, old.id)[0] != 0:
        raise fault.has_balance()
