"""Document numbers: one series for invoices, sales receipts, refund receipts and credit memos."""

from __future__ import annotations

from toolkit.emulator import fault
from toolkit.emulator.books import Books
from toolkit.emulator.kinds import NUMBERED
from toolkit.emulator.records import Draft

_FIRST = 1001
_MARKS = ",".join("?" * len(NUMBERED))
_HOLDER = (
    "SELECT entity, id FROM object WHERE doc_number = ? COLLATE NOCASE AND doc_number = ? AND deleted = 0 "
    f"AND +entity IN ({_MARKS}) AND NOT (entity = ? AND id = ?) LIMIT 1"
)


def assign(books: Books, draft: Draft) -> None:
    """
    Gives the draft its number: the client's, the next one, or none.

    With custom numbers a missing one stays missing; without, the next is given. Raises Fault 6140 when the number is
    taken,
    the hidden warning is on, custom numbers are on and the call does not allow duplicates.
    """
    number = draft.fields.get("DocNumber")
    custom = books.switches.on("custom_numbers")
    automatic = "AutoDocNumber" in draft.sent or number == "AUTO_GENERATE"
    if number == "AUTO_GENERATE" or (number is None and draft.old is None and (automatic or not custom)):
        number = str(books.next_value("number", _FIRST))
    if number is None:
        draft.body.pop("DocNumber", None)
        return
    draft.doc_number = draft.body["DocNumber"] = number
    if draft.old is not None and draft.old.doc_number == number:
        return
    checked = custom and books.switches.on("duplicate_number_warning") and not books.importing
    if checked and "allowduplicatedocnum" not in draft.options:
        _refuse_duplicate(books, draft, number)


def _refuse_duplicate(books: Books, draft: Draft, number: str) -> None:
    but = draft.old.id if draft.old else 0
    row = books.connection.execute(_HOLDER, (number, number, *NUMBERED, draft.entity, but)).fetchone()
    if row is not None:
        raise fault.duplicate_number(number, *fault.TYPE_NAMES[row[0]], int(row[1]))
