"""The query language."""

from __future__ import annotations

import re

from toolkit.emulator import fault, operations
from toolkit.emulator.books import Books
from toolkit.emulator.kinds import BY_PATH


def answer(books: Books, text: str) -> str:
    """Placeholder."""
    match = re.match(r"\s*select\s+\*\s+from\s+(\w+)", text, re.I)
    if not match:
        raise fault.query_unparsable("Encountered")
    kind = BY_PATH.get(match.group(1).lower())
    if kind is None:
        raise fault.query_invalid(f"invalid context declaration: {match.group(1)}")
    rows = books.select("entity = ? AND deleted = 0 AND active = 1 ORDER BY id LIMIT 1000", (kind.entity,))
    if not rows:
        return '"QueryResponse":{}'
    texts = ",".join(operations.answer(books, row) for row in rows)
    return f'"QueryResponse":{{"{kind.entity}":[{texts}],"startPosition":1,"maxResults":{len(rows)}}}'
