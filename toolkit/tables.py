"""A file to rows: workbooks, CSV in any usual encoding, column tables with aliases.

Nothing here knows what a column means. Files are read whole or not at all: what cannot be opened is one file Problem.
"""

from __future__ import annotations

import codecs
import csv
import hashlib
import re
import unicodedata
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, PasswordError

from toolkit import disk
from toolkit.cells import Cell, Row, number_text
from toolkit.model import InputFile, Source
from toolkit.problems import Problem, Severity
from toolkit.table_problems import damaged, empty, locked

_WORKBOOK_MAGIC = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")
_HEADER_WITHIN = 20
csv.field_size_limit(1 << 24)


def normal(header: Cell) -> str:
    """A header as one comparable word: case, accents' form, spaces, dashes and underscores do not matter."""
    text = unicodedata.normalize("NFKC", number_text(header)).casefold()
    return re.sub(r"[^\w]+", "_", text.replace("#", " number ")).strip("_")


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """One tab or CSV with its header found; `rows()` gives what is below it, blank rows left out."""

    file: str
    sheet: str
    header: tuple[str, ...]
    header_row: int
    decimal_comma: bool = False
    _sheet: CalamineSheet | None = None
    _path: Path | None = None
    _encoding: str = ""
    _delimiter: str = ","

    def rows(self) -> Iterator[tuple[int, Row]]:
        """Every row under the header that has a cell; may be called again; raises `Damaged` if the file breaks off."""
        raw = _sheet_rows(self._sheet) if self._sheet is not None else _csv_rows(self)
        for number, row in raw:
            # `any` is the quick answer; a row of nothing but zeros is not blank either.
            if number > self.header_row and (any(row) or any(cell not in ("", None) for cell in row)):
                yield number, row

    def without_cells(self) -> Table:
        """The table by name only: a sheet that is read need not stay in memory."""
        return replace(self, _sheet=None)

    def source(self, row: int = 0) -> Source:
        """Where that row is, for records and problems."""
        return Source(file=self.file, sheet=self.sheet, row=row)


class Damaged(Exception):
    """The file broke off while its rows were read; carries the file Problem."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem


@dataclass(slots=True, kw_only=True)
class Opened:
    """A file that was opened: its identity, the names of its tabs ("" for a CSV), or the Problem that stopped it."""

    path: Path
    name: str
    sha256: str = ""
    size_bytes: int = 0
    sheets: tuple[str, ...] = ()
    problem: Problem | None = None
    _book: CalamineWorkbook | None = None
    _encoding: str = ""
    _delimiter: str = ","

    def table(self, sheet: str, known: Collection[str]) -> Table | Problem | None:
        """That tab with its header row found by the `known` normal words; None if the tab has no cells at all."""
        if self._book is None:
            return self._text_table(known)
        try:
            loaded = self._book.get_sheet_by_name(sheet)
        except (CalamineError, OSError) as error:
            return damaged(self.name, f"tab {sheet} cannot be read ({error})")
        found = _find_header(_sheet_rows(loaded), known)
        if found is None:
            return None
        return Table(file=self.name, sheet=sheet, header=found[1], header_row=found[0], _sheet=loaded)

    def _text_table(self, known: Collection[str]) -> Table | Problem | None:
        bare = Table(
            file=self.name,
            sheet="",
            header=(),
            header_row=0,
            decimal_comma=self._delimiter == ";",
            _path=self.path,
            _encoding=self._encoding,
            _delimiter=self._delimiter,
        )
        try:
            found = _find_header(_csv_rows(bare), known)
        except Damaged as error:
            return error.problem
        if found is None:
            return None
        return Table(
            file=self.name,
            sheet="",
            header=found[1],
            header_row=found[0],
            decimal_comma=bare.decimal_comma,
            _path=self.path,
            _encoding=self._encoding,
            _delimiter=self._delimiter,
        )

    def input_file(self, rows: int, period: str) -> InputFile:
        """The record of this file for the evidence folder."""
        return InputFile(name=self.name, sha256=self.sha256, size_bytes=self.size_bytes, rows=rows, period=period)


def open_file(path: Path, name: str = "") -> Opened:
    """The file opened by its content, not by its name; `problem` is set if it is missing, empty, locked or damaged."""
    opened = Opened(path=path, name=name or path.name)
    try:
        start, opened.sha256, opened.size_bytes, encoding = _look(path)
    except OSError as error:
        shut = isinstance(error, PermissionError)  # whole, but not for us, or open in Excel
        words = f"it cannot be opened ({error.strerror or error})"
        opened.problem = disk.refused(error) if shut else damaged(opened.name, words)
        return opened
    if opened.size_bytes == 0:
        opened.problem = empty(opened.name)
    elif start.startswith(_WORKBOOK_MAGIC):
        _open_workbook(opened)
    elif not encoding:
        opened.problem = damaged(opened.name, "its letters are in no encoding we know (UTF-8, UTF-16, Windows-1252)")
    else:
        opened.sheets, opened._encoding = ("",), encoding
        opened._delimiter = _delimiter(start, encoding)
    return opened


def _open_workbook(opened: Opened) -> None:
    try:
        opened._book = CalamineWorkbook.from_path(str(opened.path))
        opened.sheets = tuple(opened._book.sheet_names)
    except PasswordError:
        opened.problem = locked(opened.name)
    except (CalamineError, OSError) as error:
        protected = "EncryptedPackage".encode("utf-16-le") in opened.path.read_bytes()
        opened.problem = locked(opened.name) if protected else damaged(opened.name, f"{error}".strip().lower())


def _look(path: Path) -> tuple[bytes, str, int, str]:
    """First 64 KiB, SHA-256, size, and the encoding if the whole of it decodes ("" if not)."""
    digest, size, start = hashlib.sha256(), 0, b""
    decoder: codecs.IncrementalDecoder | None = None
    encoding = ""
    with path.open("rb") as stream:
        while chunk := stream.read(1 << 20):
            if not size:
                start = chunk[: 1 << 16]
                encoding = "" if start.startswith(_WORKBOOK_MAGIC) else _guess(start)
                decoder = codecs.getincrementaldecoder(encoding)() if encoding else None
            digest.update(chunk)
            size += len(chunk)
            decoder, encoding = _still_decodes(decoder, encoding, chunk)
    if encoding == "cp1252" and b"\x00" in start:
        encoding = ""
    return start, digest.hexdigest(), size, encoding


def _still_decodes(
    decoder: codecs.IncrementalDecoder | None, encoding: str, chunk: bytes
) -> tuple[codecs.IncrementalDecoder | None, str]:
    if decoder is None:
        return None, encoding
    try:
        decoder.decode(chunk)
    except UnicodeDecodeError:
        # Excel's plain "CSV" on Windows is Windows-1252; whatever is not valid UTF-8 is read as that.
        return None, "cp1252"
    return decoder, encoding


def _guess(start: bytes) -> str:
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    pairs = max(1, len(start) // 2)
    if start[1::2].count(0) > 0.6 * pairs:
        return "utf-16-le"
    if start[0::2].count(0) > 0.6 * pairs:
        return "utf-16-be"
    return "utf-8-sig"


def _delimiter(start: bytes, encoding: str) -> str:
    lines = start.decode(encoding, errors="replace").lstrip("\ufeff").splitlines()
    for line in lines:
        if line.lower().startswith("sep=") and len(line) > 4:
            return line[4]
        bare = re.sub(r'"[^"]*"', "", line)
        if bare.strip():
            return max(",;\t|", key=bare.count)
    return ","


def _sheet_rows(sheet: CalamineSheet) -> Iterator[tuple[int, Row]]:
    first = sheet.start[0] if sheet.start else 0
    return enumerate(sheet.iter_rows(), start=first + 1)


def _csv_rows(table: Table) -> Iterator[tuple[int, Row]]:
    assert table._path is not None
    width = len(table.header)
    try:
        with table._path.open(encoding=table._encoding, newline="") as stream:
            number = 0
            row: list[str] = []
            for number, row in enumerate(csv.reader(stream, delimiter=table._delimiter, strict=True), start=1):
                yield number, row
        if width and 0 < len(row) < width and number > table.header_row and _breaks_off(table._path, table._encoding):
            raise Damaged(
                damaged(table.file, f"its last row (row {number}) breaks off after {len(row)} of {width} cells")
            )
    except (csv.Error, UnicodeDecodeError) as error:
        raise Damaged(damaged(table.file, f"it breaks off or is garbled ({error})")) from None


def _breaks_off(path: Path, encoding: str) -> bool:
    with path.open("rb") as stream:
        stream.seek(max(0, path.stat().st_size - 4))
        return not stream.read().decode(encoding.removesuffix("-sig"), errors="replace").endswith(("\n", "\r"))


def _find_header(rows: Iterator[tuple[int, Row]], known: Collection[str]) -> tuple[int, tuple[str, ...]] | None:
    """The first row with two known words or more, else the first row with a cell: (1-based row, cells as text)."""
    fallback: tuple[int, tuple[str, ...]] | None = None
    for number, row in rows:
        words = tuple(number_text(cell).strip().lstrip("\ufeff") for cell in row)
        if not any(words):
            continue
        if sum(1 for word in words if normal(word) in known) >= 2:
            return number, words
        if fallback is None and not (len(words) == 1 and words[0].lower().startswith("sep=")):
            fallback = number, words
        if number >= _HEADER_WITHIN:
            break
    return fallback


@dataclass(frozen=True, slots=True)
class Columns:
    """Where each canonical column is in one table; `unknown` headers are kept in it by name and read by nobody."""

    at: Mapping[str, int]
    utc: frozenset[str] = frozenset()
    doubled: tuple[tuple[str, int, int], ...] = ()
    unknown: tuple[str, ...] = ()

    def __contains__(self, name: object) -> bool:
        return name in self.at


def columns(
    header: Sequence[str], aliases: Mapping[str, Sequence[str]], extra: Mapping[str, Sequence[str]] | None = None
) -> Columns:
    """The place of each canonical column by its own name, then `extra`, then `aliases`, in that order of preference.

    A header that ends in "(UTC)" is the same column, and its moments are UTC. A header that occurs twice is `doubled`:
    (header, first index, other index). A header is used by one canonical column only.
    """
    places: dict[str, list[int]] = {}
    utc_words: set[str] = set()
    for index, word in enumerate(header):
        bare = normal(word)
        if bare.endswith("_utc"):
            bare = bare.removesuffix("_utc")
            utc_words.add(bare)
        if bare:
            places.setdefault(bare, []).append(index)
    at, utc, doubled, used = _claim(places, utc_words, aliases, extra or {})
    unknown = tuple(header[spots[0]] for word, spots in places.items() if word not in used)
    return Columns(at, frozenset(utc), tuple(doubled), unknown)


def _claim(
    places: Mapping[str, list[int]],
    utc_words: Collection[str],
    aliases: Mapping[str, Sequence[str]],
    extra: Mapping[str, Sequence[str]],
) -> tuple[dict[str, int], set[str], list[tuple[str, int, int]], set[str]]:
    at: dict[str, int] = {}
    utc: set[str] = set()
    doubled: list[tuple[str, int, int]] = []
    used: set[str] = set()
    own = {name: [normal(word) for word in extra.get(name, ())] for name in aliases}
    spoken_for = {word for words in own.values() for word in words}
    for name, others in aliases.items():
        wanted = [*own[name], *(word for word in (name, *others) if word not in spoken_for)]
        word = next((word for word in wanted if word in places and word not in used), None)
        if word is None:
            continue
        used.add(word)
        at[name] = places[word][0]
        if word in utc_words:
            utc.add(name)
        doubled.extend((word, places[word][0], other) for other in places[word][1:])
    return at, utc, doubled, used


def disagreeing(table: Table, doubled: Sequence[tuple[str, int, int]]) -> str:
    """The first doubled header whose two columns do not say the same in every row; "" if all do."""
    for word, first, other in doubled:
        for _, row in table.rows():
            if cell_at(row, first) != cell_at(row, other):
                return word
    return ""


def cell_at(row: Row, index: int) -> Cell:
    """The cell, or "" where a row is shorter than its header."""
    return row[index] if index < len(row) else ""


def missing_column(table: Table, names: Sequence[str]) -> Problem:
    """The file Problem for required columns that no header of the table names."""
    wanted = ", ".join(name.replace("_", " ").title() for name in names)
    return Problem(
        code="missing-column",
        where=str(table.source(table.header_row)),
        what=f"There is no column for {wanted} (the headers are: {', '.join(word for word in table.header if word)}).",
        why="Without it the invoices cannot be read safely, so nothing of this file is used.",
        do=f"Export the report with that column, or name the header to use under [columns] in company.toml, "
        f'for example: {names[0]} = "My header".',
        severity=Severity.FILE,
    )


def duplicate_header(table: Table, word: str) -> Problem:
    """The file Problem for a header that stands over two columns which do not agree."""
    return Problem(
        code="duplicate-header",
        where=str(table.source(table.header_row)),
        what=f"Two columns are headed {word!r} and they do not say the same.",
        why="Which of the two counts would be a guess.",
        do="Rename or delete one of the two columns.",
        severity=Severity.FILE,
    )
