"""What every invoice of a plan is decided with; made once, and the numbers that it hands out are kept here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from toolkit.frame import Frame
from toolkit.model import Invoice
from toolkit.numbering import Taken
from toolkit.plan import Kind
from toolkit.planned_lines import Prices
from toolkit.postings import children_of
from toolkit.tills import Tills, tills


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """The frame with prices, tills, the parts of split invoices, and the numbers held so far (`taken` is mutated)."""

    frame: Frame
    prices: Prices
    where: Tills
    taken: Taken
    children: Mapping[str, tuple[Invoice, ...]]


def bench(frame: Frame) -> Bench:
    """The bench of one plan."""
    return Bench(
        frame=frame,
        prices=Prices(frame),
        where=tills(frame),
        taken=Taken(_numbers_held(frame)),
        children=children_of(frame.seen.values()),
    )


def _numbers_held(frame: Frame) -> Iterable[str]:
    """Every number in the books, voided documents' too, and what the posting log says stands beyond the books read."""
    yield from (document.number for document in frame.books.documents)
    yield from (posted.number for posted in frame.known.logged.values() if posted.kind is not Kind.PAYMENT)
