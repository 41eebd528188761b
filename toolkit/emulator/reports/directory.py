"""Names of customers, vendors, employees, products, classes and locations, as reports print them."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence

Names = Callable[[str, str], str]


def read_names(connection: sqlite3.Connection, entities: Sequence[str]) -> dict[tuple[str, str], str]:
    """(entity, id) to the full name, parents before a colon; inactive and deleted ones included."""
    marks = ",".join("?" * len(entities))
    rows = connection.execute(
        "SELECT entity, id, COALESCE(json_extract(body, '$.FullyQualifiedName'),"
        " json_extract(body, '$.DisplayName'), json_extract(body, '$.Name'), name)"
        f" FROM object WHERE entity IN ({marks})",
        tuple(entities),
    )
    return {(str(entity), str(identity)): str(name or "") for entity, identity, name in rows}


PEOPLE = ("Customer", "Vendor", "Employee")
