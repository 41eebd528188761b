"""Profit and loss, and balance sheet: accounts nested under their parents, one value a column."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from toolkit.emulator.reports.accounts import Account, Chart
from toolkit.emulator.reports.grid import (
    Row,
    Vector,
    add_vectors,
    cell,
    data_row,
    filled,
    section,
    vector_cells,
)


@dataclass(frozen=True, slots=True)
class Block:
    """Rows and their column totals (None where nothing was posted)."""

    rows: list[Row]
    total: Vector

    @property
    def empty(self) -> bool:
        """True when there is no row."""
        return not self.rows


@dataclass(frozen=True, slots=True)
class Statement:
    """The amounts a statement is laid out from: natural cents by account id, one a column."""

    chart: Chart
    amounts: Mapping[str, Vector]
    width: int

    @property
    def nothing(self) -> Vector:
        """A vector without values."""
        return (None,) * self.width

    def block(self, *kinds: str) -> Block:
        """The accounts of these types that have amounts, nested and summed."""
        return self._blocks(self._branch(account) for account in self.chart.tops(*kinds))

    def _blocks(self, blocks: Iterable[Block]) -> Block:
        made = list(blocks)
        rows = [row for block in made for row in block.rows]
        return Block(rows, add_vectors((block.total for block in made), self.width))

    def _branch(self, account: Account) -> Block:
        own = self.amounts.get(account.id)
        under = self._blocks(self._branch(child) for child in self.chart.below(account))
        if under.empty:
            if own is None:
                return Block([], self.nothing)
            return Block([data_row([cell(account.name, account.id), *vector_cells(own)])], own)
        total = add_vectors((under.total, own or self.nothing), self.width)
        row = section(
            header=[cell(account.name, account.id), *vector_cells(own or self.nothing)],
            rows=under.rows,
            summary=[cell(f"Total {account.name}"), *vector_cells(filled(total))],
        )
        return Block([row], total)

    def titled(self, title: str, total_title: str, group: str, block: Block) -> Row:
        """A section with a title row, the block's rows and a total row; no Rows when it is empty."""
        return section(
            header=[cell(title), *vector_cells(self.nothing)],
            rows=block.rows or None,
            summary=[cell(total_title), *vector_cells(block.total)],
            group=group,
        )

    def line(self, title: str, group: str, total: Vector) -> Row:
        """A section that is only a total row, such as Gross Profit."""
        return section(summary=[cell(title), *vector_cells(total)], group=group)
