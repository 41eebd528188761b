"""Small CSV files that people edit in a spreadsheet: read by their headers, written whole, safe for two writers."""

from __future__ import annotations

import csv
import io
import re
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from toolkit.cells import number_text
from toolkit.model import Source
from toolkit.problems import Problem, Severity, UsageError
from toolkit.table_problems import damaged
from toolkit.tables import Damaged, cell_at, columns, open_file

_FORMULA = re.compile(r"'*[=+\-@\t\r]")
_GUARDED = re.compile(r"'+[=+\-@\t\r]")


@dataclass(slots=True)
class Table:
    """Rows by header, each with where it stands."""

    rows: tuple[tuple[dict[str, str], Source], ...] = ()


@dataclass(slots=True)
class NewRows:
    """Rows to be written, set by who holds the file."""

    rows: tuple[tuple[str, ...], ...] | None = None


def as_text(cell: str) -> str:
    """The cell so that a spreadsheet does not take it for a formula: an apostrophe before = + - @, tab and return."""
    return f"'{cell}" if _FORMULA.match(cell) else cell


def from_text(cell: str) -> str:
    """The cell that `as_text` wrote."""
    return cell[1:] if _GUARDED.match(cell) else cell


def read_rows(path: Path, header: Sequence[str], required: Sequence[str]) -> Table:
    """The rows of a file, blank ones left out; an absent or empty file has none.

    Raises `UsageError` if it cannot be read or lacks one of the `required` headers.
    """
    if not path.exists() or not path.stat().st_size:
        return Table()
    opened = open_file(path)
    if opened.problem is not None:
        raise UsageError(opened.problem)
    table = opened.table(opened.sheets[0], frozenset(header))
    if isinstance(table, Problem):
        raise UsageError(table)
    if table is None:
        return Table()
    found = columns(table.header, dict.fromkeys(header, ()))
    missing = [name for name in required if name not in found]
    if missing:
        raise UsageError(_missing(str(table.source(table.header_row)), missing, header))
    twice = [word for word, _, _ in found.doubled]
    if twice:
        raise UsageError(damaged(path.name, f"the header {twice[0]!r} stands twice"))
    places = [(name, found.at[name]) for name in header if name in found]
    blank = dict.fromkeys(header, "")
    try:
        rows = tuple(
            (
                {**blank, **{name: from_text(number_text(cell_at(row, at)).strip()) for name, at in places}},
                table.source(number),
            )
            for number, row in table.rows()
        )
    except Damaged as error:
        raise UsageError(error.problem) from None
    return Table(rows)


def _missing(where: str, names: Sequence[str], header: Sequence[str]) -> Problem:
    return Problem(
        code="mapping-syntax",
        where=where,
        what=f"There is no column {', '.join(names)}.",
        why="Rows without it cannot be understood.",
        do=f"The first row must be: {','.join(header)}",
        severity=Severity.FILE,
    )


@contextmanager
def write_rows(path: Path, header: Sequence[str]) -> Iterator[NewRows]:
    """Hold the file against other writers, and replace it whole with the rows that were set, if any were.

    A byte order mark is kept if the file has one, and given if a cell is not plain ASCII: Excel reads accents by it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    new = NewRows()
    with _held(path):
        yield new
        if new.rows is not None:
            _replace(path, header, new.rows)


def _replace(path: Path, header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows([as_text(cell) for cell in row] for row in rows)
    written = text.getvalue()
    marked = not written.isascii() or (path.exists() and path.read_bytes()[:3] == b"\xef\xbb\xbf")
    with tempfile.NamedTemporaryFile("wb", dir=path.parent, prefix=f".{path.name}.", delete=False) as draft:
        draft.write(written.encode("utf-8-sig" if marked else "utf-8"))
    fresh = Path(draft.name)
    try:
        fresh.chmod(path.stat().st_mode & 0o777 if path.exists() else 0o644)
        fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)


@contextmanager
def _held(path: Path) -> Iterator[None]:
    """One writer at a time, between threads and processes of this machine; the system frees it when the holder ends."""
    with path.with_name(f".{path.name}.lock").open("a+b") as stream:
        _lock(stream)
        try:
            yield
        finally:
            _unlock(stream)


if sys.platform == "win32":
    import msvcrt

    def _lock(stream: IO[bytes]) -> None:
        stream.seek(0)
        msvcrt.locking(stream.fileno(), msvcrt.LK_LOCK, 1)

    def _unlock(stream: IO[bytes]) -> None:
        stream.seek(0)
        msvcrt.locking(stream.fileno(), msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    def _lock(stream: IO[bytes]) -> None:
        fcntl.flock(stream, fcntl.LOCK_EX)

    def _unlock(stream: IO[bytes]) -> None:
        fcntl.flock(stream, fcntl.LOCK_UN)
