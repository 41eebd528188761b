"""What follows when an element of a list is renamed: its children's full names, its name wherever it is shown."""

from __future__ import annotations

from toolkit.emulator import bodies, names
from toolkit.emulator.amounts import rendered
from toolkit.emulator.books import Books
from toolkit.emulator.records import Record

_PERSON = ("Entity", "EntityRef")
_FIELDS: dict[str, tuple[str, ...]] = {
    "Customer": ("CustomerRef", *_PERSON),
    "Vendor": _PERSON,
    "Employee": _PERSON,
    "Item": ("ItemRef", "GroupItemRef", "ParentRef"),
    "Class": ("ClassRef",),
    "Department": ("DepartmentRef",),
    "PaymentMethod": ("PaymentMethodRef",),
    "Account": (
        "AccountRef", "DepositToAccountRef", "IncomeAccountRef", "ExpenseAccountRef", "AssetAccountRef",
        "DiscountAccountRef",        "FromAccountRef", "ToAccountRef",
    ),
}  # fmt: skip


def _shown(record: Record) -> str:
    """The name that references to this record show."""
    return str(record.body["Name"] if record.entity in ("Item", "PaymentMethod") else record.name)


def _references(books: Books, old: Record, new: Record) -> None:
    before, after = _shown(old), _shown(new)
    if before == after:
        return
    for field in _FIELDS.get(new.entity, ()):
        start = f'"{field}":{{"value":"{new.id}","name":'
        books.connection.execute(
            "UPDATE object SET body = replace(body, ?, ?) WHERE instr(body, ?) > 0",
            (start + rendered(before), start + rendered(after), start),
        )


def after(books: Books, old: Record, new: Record) -> None:
    """Renames all levels of children and every reference's display name; no SyncToken and no time moves by it."""
    _references(books, old, new)
    prefix = f"{old.name}:"
    marks = "entity = ? AND name >= ? AND name < ? ORDER BY name"
    for child in books.select(marks, (old.entity, prefix, f"{old.name};")):
        full = f"{new.name}:{str(child.name)[len(prefix) :]}"
        changed = bodies.rewrite(
            books, child, {"FullyQualifiedName": full}, bump=False, name=full, name_key=names.key_of(full)
        )
        _references(books, child, changed)
    books.forget_objects()
