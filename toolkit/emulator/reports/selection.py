"""Which postings a report looks at: its id filters as one SQL condition."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from toolkit.emulator.reports.parameters import Query


@dataclass(frozen=True, slots=True)
class Condition:
    """SQL over the posting table and its arguments."""

    sql: str
    arguments: tuple[object, ...] = ()

    def both(self, other: Condition) -> Condition:
        """The condition that needs this one and the other."""
        return Condition(f"{self.sql} AND {other.sql}", self.arguments + other.arguments)


ALL = Condition("1")


def within(column: str, values: Sequence[str]) -> Condition:
    """The column is one of the values; everything when there are none."""
    if not values:
        return ALL
    return Condition(f"{column} IN ({','.join('?' * len(values))})", tuple(values))


def _named(query: Query) -> Condition:
    parts = [
        within("name_id", query.ids(parameter)).both(Condition("name_type = ?", (kind,)))
        for parameter, kind in (("customer", "Customer"), ("vendor", "Vendor"), ("employee", "Employee"))
        if query.ids(parameter)
    ]
    if not parts:
        return ALL
    joined = " OR ".join(f"({part.sql})" for part in parts)
    return Condition(f"({joined})", tuple(value for part in parts for value in part.arguments))


def postings_asked_for(query: Query) -> Condition:
    """The posting lines the customer, vendor, employee, class, department, item filters leave."""
    condition = _named(query)
    for parameter, column in (("class", "class_id"), ("department", "department_id"), ("item", "item_id")):
        condition = condition.both(within(column, query.ids(parameter)))
    return condition
