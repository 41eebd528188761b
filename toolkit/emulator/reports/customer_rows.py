"""Money by customer, sub-customers inside their parents: the rows of aging and balance summaries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from toolkit.emulator.reports.grid import Row, Vector, add_vectors, cell, data_row, filled, section, vector_cells
from toolkit.emulator.reports.receivables import Person


@dataclass(frozen=True, slots=True)
class CustomerRows:
    """The customer tree and each customer's own vector; the tree's order is the rows' order."""

    people: Mapping[str, Person]
    children: Mapping[str, list[Person]]
    own: Mapping[str, Vector]
    width: int

    @classmethod
    def of(cls, people: Mapping[str, Person], own: Mapping[str, Vector], width: int) -> CustomerRows:
        """Rows for these customers."""
        children: dict[str, list[Person]] = {}
        for person in people.values():
            children.setdefault(person.parent, []).append(person)
        return cls(people, children, own, width)

    def rows(self, *, descending: bool = False) -> list[Row]:
        """All rows and, when there is one, the TOTAL; what names no customer comes last."""
        tops = [person for person in self.people.values() if person.parent not in self.people]
        if descending:
            tops.reverse()
        branches = [self._branch(person) for person in tops]
        rows = [row for found, _ in branches for row in found]
        nameless = self.own.get("")
        if nameless is not None:
            rows.append(data_row([cell("Not Specified"), *vector_cells(nameless)], typed=False))
        if not rows:
            return []
        total = add_vectors((*(vector for _, vector in branches), nameless or self._nothing), self.width)
        return [*rows, section(summary=[cell("TOTAL"), *vector_cells(filled(total))], group="GrandTotal")]

    @property
    def _nothing(self) -> Vector:
        return (None,) * self.width

    def _branch(self, person: Person) -> tuple[list[Row], Vector]:
        own = self.own.get(person.id)
        under = [self._branch(child) for child in self.children.get(person.id, [])]
        inner = [row for rows, _ in under for row in rows]
        if not inner:
            if own is None:
                return [], self._nothing
            return [data_row([cell(person.name, person.id), *vector_cells(own)], typed=False)], own
        total = add_vectors((own or self._nothing, *(vector for _, vector in under)), self.width)
        row = section(
            header=[cell(person.name, person.id), *vector_cells(own or self._nothing)],
            rows=inner,
            summary=[cell(f"Total {person.name}"), *vector_cells(total)],
        )
        return [row], total
