"""What a person changed in QuickBooks on a posted document that moves no money between customers or months."""

from __future__ import annotations

from collections import defaultdict

from toolkit.books import PENDING, Books, Record, SalesDocument
from toolkit.counterparts import Found
from toolkit.money import ZERO, Money
from toolkit.plan import Done


def edits_of(found: Found, record: SalesDocument, sent: Record | None, books: Books) -> list[str]:
    """Each edit as words: another number than was posted, lines of other products than the approved plan asked for.

    `sent` is None where the plan is not known any more (a lost posting log): then only the number is compared.
    """
    edits = []
    if found.posted and found.posted.number and record.number != found.posted.number:
        edits.append(f"was posted as {found.posted.number} and is now {record.number or 'without a number'}")
    if isinstance(sent, SalesDocument) and _by_product(sent) != _by_product(record):
        names = {one.id: one.full_name or one.name for one in books.items}
        changed = _by_product(record).items() - _by_product(sent).items()
        listed = ", ".join(sorted({names.get(item, item) for item, _ in changed}))
        edits.append(f"its lines are of other products than were posted ({listed})")
    return edits


def customer_of(sent: Record | None, done: Done) -> str:
    """The id of the customer that the approved plan put a document on, "" if that is not known any more."""
    if not isinstance(sent, SalesDocument):
        return ""
    if not sent.customer_id.startswith(PENDING):
        return sent.customer_id
    made = done.get(sent.customer_id.removeprefix(PENDING))
    return made.qbo_id if made else ""


def _by_product(document: SalesDocument) -> dict[str, Money]:
    sums: dict[str, Money] = defaultdict(lambda: ZERO)
    for line in document.lines:
        sums[line.item_id] += line.amount
    return dict(sums)
