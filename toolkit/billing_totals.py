"""Does a Billing report agree with itself and with its month? Its Billing Summary, total rows, dates and coverage."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from toolkit.billing_columns import LIST_TABS, Tab, is_total, tab_of, word
from toolkit.billing_rows import TabRows
from toolkit.cells import Cells, number_text
from toolkit.model import Invoice, Source
from toolkit.money import ZERO, Money, show, total
from toolkit.problems import Problem, Severity
from toolkit.tables import Columns, Table, cell_at


@dataclass(slots=True)
class Summary:
    """What the Billing Summary says: (invoices, total) by tab, and of all."""

    source: Source
    tabs: dict[Tab, tuple[int | None, Money]] = field(default_factory=dict)
    all: tuple[int | None, Money] | None = None
    exported_at: datetime | None = None


@dataclass(slots=True)
class TabTotal:
    """What the rows of a tab say: how many numbers, the totals of those that could be read, and what could not."""

    numbers: set[str] = field(default_factory=set)
    amount: Money = ZERO
    unnumbered: int = 0
    unreadable: int = 0


_EXPORTED = frozenset({"exported_at", "exported", "generated", "generated_at", "export_date", "downloaded_at"})


def read_summary(table: Table, columns: Columns, cells: Cells) -> Summary | None:
    """The Billing Summary as numbers; None if it is laid out in a way we do not know. Raises `Damaged`."""
    if "tab" not in columns or "total" not in columns:
        return None
    found = Summary(table.source())
    for _, row in table.rows():
        label = cell_at(row, columns.at["tab"])
        if word(label) in _EXPORTED:
            found.exported_at = _moment(number_text(cell_at(row, columns.at["tab"] + 1)))
            continue
        try:
            amount = cells.money(cell_at(row, columns.at["total"]))
            count = cells.exact(cell_at(row, columns.at["invoices"])) if "invoices" in columns else None
        except ValueError:
            return None
        pair = (None if count is None else int(count), amount)
        tab = tab_of(number_text(label))
        if tab in LIST_TABS:
            found.tabs[tab] = pair
        elif is_total(row):
            found.all = pair
    return found if found.tabs else None


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    return moment if moment.tzinfo else None


def tab_total(read: TabRows, amounts: Mapping[str, Money | None]) -> TabTotal:
    """The numbers of a tab and the sum of their totals; `amounts` has each number's, None if unreadable."""
    known = [amounts.get(number) for number in read.drafts]
    return TabTotal(
        numbers=set(read.drafts),
        amount=total(amount for amount in known if amount is not None),
        unnumbered=read.unnumbered,
        unreadable=sum(1 for amount in known if amount is None),
    )


def compare(summary: Summary, found: Mapping[Tab, TabTotal], union: TabTotal) -> tuple[Problem, ...]:
    """One file Problem for every tab, and for the whole, that is not what the Billing Summary says."""
    problems = [
        problem
        for tab, stated in summary.tabs.items()
        for problem in _difference(summary.source, str(tab), stated, [found.get(tab, TabTotal())])
    ]
    if summary.all is not None:
        # Coworks does not say whether its last line counts an invoice of two tabs once or twice: either agrees.
        listed = _added(found[tab] for tab in found if tab in summary.tabs)
        problems.extend(_difference(summary.source, "all tabs", summary.all, [union, listed]))
    return tuple(problems)


def _added(parts: Iterable[TabTotal]) -> TabTotal:
    added = TabTotal()
    for place, part in enumerate(parts):
        added.numbers |= {f"{place}:{number}" for number in part.numbers}
        added.amount += part.amount
        added.unnumbered += part.unnumbered
        added.unreadable += part.unreadable
    return added


def _difference(
    source: Source, name: str, stated: tuple[int | None, Money], candidates: Sequence[TabTotal]
) -> tuple[Problem, ...]:
    if any(_agrees(stated, found) for found in candidates):
        return ()
    found, (count, amount) = candidates[0], stated
    said = f"{count} invoices and {show(amount)}" if count is not None else show(amount)
    return (
        Problem(
            code="totals-differ",
            where=str(source),
            what=f"The Billing Summary says {said} for {name}, but its rows are {len(found.numbers)} invoices and "
            f"{show(found.amount)} (difference {show(amount - found.amount)}).",
            why="Rows are missing, doubled or changed, so nothing of this report can be trusted.",
            do="Download the report again and replace the file; do not edit its rows.",
            severity=Severity.FILE,
        ),
    )


def _agrees(stated: tuple[int | None, Money], found: TabTotal) -> bool:
    count, amount = stated
    counted = len(found.numbers)
    return (count is None or counted <= count <= counted + found.unnumbered) and (
        amount == found.amount or bool(found.unreadable or found.unnumbered)
    )


def check_total_row(
    read: TabRows, columns: Columns, cells: Cells, amounts: Mapping[str, Money | None]
) -> Problem | None:
    """The file Problem for a total row at the end of a tab that its rows do not make, by any way of adding them."""
    if read.total_row is None:
        return None
    row, full = read.total_row
    sums = _possible_sums(read, amounts)
    try:
        said = [cells.amount(full[columns.at[name]]) for name in ("total", "amount") if name in columns]
    except ValueError:
        said = []
    stated = [amount for amount in said if amount is not None]
    if not stated or sums is None or any(amount in sums for amount in stated):
        return None
    return Problem(
        code="totals-differ",
        where=str(read.table.source(row)),
        what=f"The total row says {show(stated[0])}, but the rows above it sum to {show(min(sums))}.",
        why="Rows are missing, doubled or changed, so nothing of this report can be trusted.",
        do="Download the report again and replace the file; do not edit its rows.",
        severity=Severity.FILE,
    )


def _possible_sums(read: TabRows, amounts: Mapping[str, Money | None]) -> set[Money] | None:
    """The totals once an invoice, once a row, and the line amounts; None if a total could not be read."""
    once, by_row, lines = ZERO, ZERO, ZERO
    for number, draft in read.drafts.items():
        amount = amounts.get(number)
        if amount is None:
            return None
        once += amount
        by_row += amount * max(len(draft.heads), len(draft.lines))
        lines += total(line.amount for line in draft.lines)
    return {once, by_row, lines}


def filters_on(invoices: Iterable[Invoice], first: date, last: date) -> str:
    """By which date the report was found to select: "issued", "paid", or "both"; "issued" if nothing tells.

    Only invoices with payments can tell: one dated outside the month and paid inside it came by its paid date, one
    dated inside and paid outside by its invoice date. `first` and `last` are inclusive.
    """
    by_paid = by_issued = False
    for invoice in invoices:
        if not invoice.payments:
            continue
        issued = first <= invoice.invoice_date <= last
        paid = any(first <= one.paid_on <= last for one in invoice.payments)
        by_paid = by_paid or (paid and not issued)
        by_issued = by_issued or (issued and not paid)
    if by_paid:
        return "both" if by_issued else "paid"
    return "issued"


def touches(invoice: Invoice, first: date, last: date) -> bool:
    """Whether any date of the invoice (issued, paid, refunded, voided) is in the month, both ends inclusive."""
    return any(first <= on <= last for on in dates_of(invoice))


def of_another_month(invoices: Sequence[Invoice], first: date, last: date) -> bool:
    """Whether a report belongs to another month: none of its dates lie in this one, or most were issued after it.

    A later month's export lists older invoices that are still open or were paid then, so some dates always fit.
    """
    inside = sum(first <= one.invoice_date <= last for one in invoices)
    after = sum(one.invoice_date > last for one in invoices)
    return after > inside or not any(touches(one, first, last) for one in invoices)


def dates_of(invoice: Invoice) -> tuple[date, ...]:
    """Every date on which something happened to the invoice."""
    found = [invoice.invoice_date, *(one.paid_on for one in invoice.payments)]
    found.extend(one.refunded_on for one in invoice.refunds)
    if invoice.voided_on is not None:
        found.append(invoice.voided_on)
    return tuple(found)


def wrong_period(where: str, period: str, invoices: Sequence[Invoice]) -> Problem:
    """The file Problem for the report of another month."""
    dates = sorted(on for invoice in invoices for on in dates_of(invoice))
    return Problem(
        code="wrong-period",
        where=where,
        what=f"This is not the report of {period}: its dates run from {dates[0]} to {dates[-1]}.",
        why="It is the report of another month, so nothing of it is used.",
        do=f"Download the Billing report for {period}, or put this file into the folder of its own month.",
        severity=Severity.FILE,
    )


def nothing_in(where: str, period: str, *, confirmed: bool) -> Problem:
    """The Problem for a report without an invoice: a note if its own Billing Summary says 0, else a file Problem."""
    return Problem(
        code="empty-month",
        where=where,
        what=f"This report has no invoices for {period}" + (", and its Billing Summary says so." if confirmed else "."),
        why="A month without billing is possible but rare; an empty export would hide real invoices.",
        do="Nothing, if nothing was billed." if confirmed else "Download the report again and replace the file.",
        severity=Severity.NOTE if confirmed else Severity.FILE,
    )


def early_export(where: str, period: str, on: date) -> Problem:
    """The note for a report that was exported before its month was over."""
    return Problem(
        code="early-export",
        where=where,
        what=f"This report was exported on {on}, before {period} was over.",
        why="Invoices and payments of the rest of the month are not in it.",
        do="Download it again after the month's end before you sign off.",
        severity=Severity.NOTE,
    )
