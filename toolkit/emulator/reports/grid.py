"""The JSON pieces of a report answer: cells, rows, sections, columns, header.

Every value is a string. Cells may be shared between rows, so an answer is read, not changed.
Key order is the recorded one (minimul/qbo_api spec/vcr, reports/gl and reports/profit_and_loss).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

Cell = dict[str, str]
Row = dict[str, Any]
Vector = tuple[int | None, ...]

EMPTY: Cell = {"value": ""}


def money_text(cents: int | None) -> str:
    """Cents as reports print them: two decimals always ("0.00" too), nothing for None."""
    if cents is None:
        return ""
    sign = "-" if cents < 0 else ""
    whole, part = divmod(abs(cents), 100)
    return f"{sign}{whole}.{part:02d}"


def money_cell(cents: int | None) -> Cell:
    """One money cell; the shared empty cell for None."""
    return EMPTY if cents is None else {"value": money_text(cents)}


def cell(value: str, identity: str | None = None) -> Cell:
    """One cell; with an id key when an identity (even an empty one) is given."""
    if identity is not None:
        return {"value": value, "id": identity}
    return {"value": value} if value else EMPTY


def data_row(cells: Sequence[Cell], *, group: str | None = None, typed: bool = True) -> Row:
    """A leaf row. Intuit's summary lists (trial balance, aging, balances) leave out the type."""
    row: Row = {"ColData": list(cells)}
    if typed:
        row["type"] = "Data"
    if group is not None:
        row["group"] = group
    return row


def section(
    *,
    header: Sequence[Cell] | None = None,
    rows: Sequence[Row] | None = None,
    summary: Sequence[Cell] | None = None,
    group: str | None = None,
) -> Row:
    """A section row; parts that are None are left out, as in the recordings."""
    row: Row = {}
    if header is not None:
        row["Header"] = {"ColData": list(header)}
    if rows is not None:
        row["Rows"] = {"Row": list(rows)}
    if summary is not None:
        row["Summary"] = {"ColData": list(summary)}
    row["type"] = "Section"
    if group is not None:
        row["group"] = group
    return row


def rows_of(rows: Sequence[Row]) -> Row:
    """The Rows container; an empty report answers an empty one."""
    return {"Row": list(rows)} if rows else {}


def column(title: str, kind: str, meta: Mapping[str, str] | None = None) -> Row:
    """One column definition; meta becomes MetaData name and value pairs."""
    made: Row = {"ColTitle": title, "ColType": kind}
    if meta:
        made["MetaData"] = [{"Name": name, "Value": value} for name, value in meta.items()]
    return made


def add_vectors(vectors: Iterable[Vector], width: int) -> Vector:
    """Column sums; a column in which no vector has a value stays None."""
    sums: list[int | None] = [None] * width
    for vector in vectors:
        for place, value in enumerate(vector):
            if value is not None:
                sums[place] = (sums[place] or 0) + value
    return tuple(sums)


def negate(vector: Vector) -> Vector:
    """The vector with every present value's sign turned."""
    return tuple(None if value is None else -value for value in vector)


def filled(vector: Vector) -> Vector:
    """The vector with absent values as zero, for total rows."""
    return tuple(value or 0 for value in vector)


def vector_cells(vector: Vector) -> list[Cell]:
    """Money cells for a vector."""
    return [money_cell(value) for value in vector]
