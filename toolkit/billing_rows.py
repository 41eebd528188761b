"""The rows of one tab gathered by invoice number: a Draft an invoice and tab, before anything is decided about it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from operator import itemgetter
from typing import Any, NamedTuple

from toolkit.billing_columns import HEAD, KIND_OF_TYPE, KINDS, LINE, TOTAL_WORDS, TYPES, Tab, is_total, word
from toolkit.cells import Cell, Cells, DayFirst, number_text
from toolkit.model import BillingLine, InvoiceStatus, LineKind, Source
from toolkit.money import ZERO
from toolkit.problems import Problem, Severity
from toolkit.table_problems import day_first
from toolkit.tables import Columns, Table

HEAD_NAMES = tuple(HEAD)
PLACE = {name: index for index, name in enumerate(HEAD_NAMES)}
"""Where a head column is in `Head.cells`."""


_TOTALS = frozenset(word[:5] for word in TOTAL_WORDS)


@dataclass(slots=True)
class Head:
    """The invoice-level cells of a row, in HEAD order ("" where the tab has no such column)."""

    row: int
    cells: tuple[Cell, ...]

    def __getitem__(self, name: str) -> Cell:
        return self.cells[PLACE[name]]


class Words(NamedTuple):
    """What a row without a line amount says its invoice is for."""

    row: int
    description: str
    name: str
    kind: Cell


@dataclass(slots=True)
class Draft:
    """What one tab says about one invoice number.

    `heads` are the different sets of invoice-level cells, `lines` the line of each row that has one, beside its
    line number. `words` are the row, description, plan name and kind of rows without a line amount;
    `repeats` are rows that said nothing new.
    """

    number: str
    tab: Tab
    table: Table
    cells: Cells
    has: Columns
    heads: list[Head] = field(default_factory=list)
    lines: list[BillingLine] = field(default_factory=list)
    line_numbers: list[str] = field(default_factory=list)
    words: list[Words] = field(default_factory=list)
    repeats: list[int] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def forget(self) -> None:
        """Let go of the rows; what the draft was asked for must have been asked."""
        self.heads, self.lines, self.line_numbers, self.words = [], [], [], []

    @property
    def source(self) -> Source:
        """The first row that named the invoice."""
        return self.table.source(self.heads[0].row)


class Held(Exception):
    """This invoice cannot be built; carries the item Problem."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem


@dataclass(slots=True)
class Stated:
    """One head with the status that it, or its tab, says."""

    draft: Draft
    head: Head
    status: InvoiceStatus


def held(draft: Draft, code: str, what: str, why: str, do: str) -> Held:
    """The exception that holds the invoice of a draft."""
    return Held(item(code, draft.source, what, why, do, key=draft.number))


@dataclass(slots=True)
class TabRows:
    """A tab, read: its drafts by number, and what the tab itself says as its total."""

    table: Table
    tab: Tab
    drafts: dict[str, Draft] = field(default_factory=dict)
    rows: int = 0
    unnumbered: int = 0
    total_row: tuple[int, tuple[Cell, ...]] | None = None
    problems: list[Problem] = field(default_factory=list)


def item(code: str, source: Source, what: str, why: str, do: str, *, key: str = "") -> Problem:
    """An item Problem at one row."""
    return Problem(code=code, where=str(source), what=what, why=why, do=do, severity=Severity.ITEM, key=key)


def picker(names: Sequence[str], columns: Columns, width: int) -> Callable[[Sequence[Cell]], tuple[Any, ...]]:
    """A function that takes these columns out of a row that is `width` long and has one blank cell behind it."""
    return itemgetter(*(columns.at.get(name, width) for name in names))


def even(row: Sequence[Cell], width: int) -> tuple[list[Cell], bool]:
    """The row cut or filled to `width` and one blank cell behind it; and whether cells with something were cut off."""
    cells = list(row)
    if len(cells) < width:
        cells.extend([""] * (width - len(cells)))
    spilled = len(cells) > width and any(cell not in ("", None) for cell in cells[width:])
    del cells[width:]
    cells.append("")
    return cells, spilled


def _widened(row: Sequence[Cell], width: int) -> bool:
    """Whether a row had the right length, and has now the blank cell behind it; in place, since a row is read once."""
    if type(row) is not list or len(row) != width:
        return False
    row.append("")
    return True


def read_tab(table: Table, tab: Tab, columns: Columns, cells: Cells) -> TabRows:
    """Every row of the tab in a draft or in a problem; raises `Damaged` if the file breaks off."""
    named = table.without_cells()
    read = TabRows(table=named, tab=tab)
    width = len(table.header)
    head_of, line_of = picker(HEAD_NAMES, columns, width), LineReader(table, columns, cells, width)
    drafts, rows = read.drafts, 0
    number_at = columns.at["invoice_number"]
    for row, raw in table.rows():
        full, spilled = (raw, False) if _widened(raw, width) else even(raw, width)
        cell = full[number_at]
        number = cell.strip() if type(cell) is str else number_text(cell)
        if not number or (number[:5].casefold() in _TOTALS and is_total(full)):
            _unnumbered(read, columns, row, full)
            continue
        rows += 1
        draft = drafts.get(number)
        if draft is None:
            draft = drafts[number] = Draft(number, tab, named, cells, columns)
            if type(cell) is not str or not _SOUND.fullmatch(number):
                _check_number(draft, cell, row)
        if spilled:
            draft.problems.append(_spilled(table, row, number, width))
        cells_of_head = head_of(full)
        heads = draft.heads
        if not heads or heads[-1].cells != cells_of_head:
            _add_head(heads, row, cells_of_head)
        try:
            line, line_number = line_of(full, row)
        except ValueError as error:
            draft.problems.append(unreadable(table.source(row), number, error))
            continue
        if type(line) is BillingLine:
            draft.lines.append(line)
            draft.line_numbers.append(line_number)
        elif isinstance(line, Words):
            _add_words(draft, line)
    read.rows += rows
    return read


def _add_head(heads: list[Head], row: int, cells: tuple[Cell, ...]) -> None:
    if all(known.cells != cells for known in heads):
        heads.append(Head(row, cells))


def _add_words(draft: Draft, words: Words) -> None:
    if not any(known[1:] == words[1:] for known in draft.words):
        draft.words.append(words)
    elif all(head.row != words.row for head in draft.heads):
        draft.repeats.append(words.row)


def unreadable(source: Source, number: str, error: ValueError) -> Problem:
    """A cell that is not what its column holds; a file Problem if dates are written day first."""
    if isinstance(error, DayFirst):
        return day_first(source, str(error))
    return item(
        "unreadable-cell",
        source,
        f"A cell of invoice {number} cannot be read: {error}.",
        "Amounts and dates are never guessed, so this invoice is held.",
        "Correct the cell in the report, or export it again.",
        key=number,
    )


def _unnumbered(read: TabRows, columns: Columns, row: int, full: Sequence[Cell]) -> None:
    if is_total(full):
        read.total_row = (row, tuple(full))
        return
    read.rows += 1
    read.unnumbered += 1
    team = columns.at.get("team")
    name = number_text(full[team]).strip() if team is not None else ""
    read.problems.append(
        item(
            "no-invoice-number",
            read.table.source(row),
            f"This row has no invoice number{f' (team {name})' if name else ''}.",
            "Without its number an invoice cannot be posted exactly once.",
            "Give the number in the report, or delete the row if the invoice is a draft.",
        )
    )


def _spilled(table: Table, row: int, number: str, width: int) -> Problem:
    return item(
        "too-many-cells",
        table.source(row),
        f"The row of invoice {number} has more cells than the {width} headers.",
        "A comma inside a text has probably shifted the amounts, so this invoice is held.",
        "Export the report again, or put the text into quotes.",
        key=number,
    )


_SOUND = re.compile(r"[0-9A-F]{8}-\d{4}")
_SCIENTIFIC = re.compile(r"\d(\.\d+)?[eE]\+?\d+")
_SHAPE = re.compile(r"([0-9A-Fa-f]{1,8})-(\d{1,4})")


def damage(number: str, cell: Cell) -> str:
    """How Excel has damaged this invoice number, in words; "" if it has not.

    Coworks' numbers are those of Stripe: eight of 0-9 A-F, a dash, four digits (C957F1A7-0008).
    """
    if isinstance(cell, date):
        return "Excel has turned it into a date"
    if _SCIENTIFIC.fullmatch(number) or (isinstance(cell, float) and (cell >= 1e11 or cell != int(cell))):
        return "Excel has turned it into a scientific number"
    match = _SHAPE.fullmatch(number)
    if match is None:
        return ""
    if len(match[1]) < 8 or len(match[2]) < 4:
        return "it has lost its leading zeros"
    return "its letters have become lower case" if number != number.upper() else ""


def _check_number(draft: Draft, cell: Cell, row: int) -> None:
    how = damage(draft.number, cell)
    if how:
        draft.problems.append(
            item(
                "damaged-number",
                draft.table.source(row),
                f"The invoice number {draft.number} is damaged: {how}.",
                "The number is what ties the invoice to its payments and to QuickBooks.",
                "Export the report again without opening it in Excel, or correct the number (such as C957F1A7-0008).",
                key=draft.number,
            )
        )


_LINE_NAMES = (*LINE, "invoice_type", "period_start", "period_end")
_PLAIN = re.compile(r"(?i)\W*(transaction|processing) fees?\b.*")


class LineReader:
    """Rows of one table to billing lines; what repeats is worked out once."""

    def __init__(self, table: Table, columns: Columns, cells: Cells, width: int) -> None:
        self._file, self._sheet = table.file, table.sheet
        self._cells = cells
        self._pick = picker(_LINE_NAMES, columns, width)
        self._utc_start, self._utc_end = "service_start" in columns.utc, "service_end" in columns.utc
        self._kinds: dict[tuple[Cell, Cell, bool], LineKind] = {}

    def __call__(self, row: Sequence[Cell], number: int) -> tuple[BillingLine | Words, str]:
        """The line of a row (its words if it names no amount) and its line number; raises `ValueError` for a cell."""
        no, kind, plan, description, quantity, price, amount, start, end, campus, taxable, of, since, until = (
            self._pick(row)
        )
        cells = self._cells
        value = cells.amounts.get(amount) or cells.amount(amount)
        words = cells.texts.get(description) or cells.text(description)
        if value is None:
            return Words(number, words, cells.text(plan), kind), ""
        name = cells.texts.get(plan) or cells.text(plan) or words
        key = (kind, of, value < ZERO)
        known = self._kinds.get(key)
        if known is None:
            known = self._kinds[key] = line_kind(kind, of, negative=value < ZERO)
        if kind == "" and _PLAIN.fullmatch(name):
            known = LineKind.TRANSACTION_FEE
        line = BillingLine(
            kind=known,
            name=name,
            description=words or name,
            amount=value,
            quantity=cells.exact(quantity) if quantity != "" else None,
            unit_price=cells.exact(price) if price != "" else None,
            service_start=cells.day(since if start == "" else start, self._utc_start),
            service_end=cells.day(until if end == "" else end, self._utc_end),
            campus=cells.text(campus) if campus != "" else "",
            taxable=cells.flag(taxable) if taxable != "" else False,
            source=Source(file=self._file, sheet=self._sheet, row=number),
        )
        return line, cells.text(no) if no != "" else ""


def line_kind(kind: Cell, invoice_type: Cell, *, negative: bool) -> LineKind:
    """What a line is: by its own word, else a discount if negative, else by the invoice it is on, else a plan.

    Raises `ValueError` for a word that is no kind.
    """
    said = word(kind)
    if said:
        found = KINDS.get(said)
        if found is None:
            raise ValueError(f"{number_text(kind)!r} is no kind of line (known: {', '.join(LineKind)})")
        return found
    if negative:
        return LineKind.DISCOUNT
    of = TYPES.get(word(invoice_type))
    return KIND_OF_TYPE[of] if of else LineKind.PLAN
