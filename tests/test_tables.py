"""Files to rows: encodings, delimiters, header rows, damaged and locked files, column tables."""

from __future__ import annotations

import codecs
import hashlib
import zipfile
from datetime import date
from pathlib import Path

import openpyxl
import pytest
from made_reports import csv_bytes, workbook

from toolkit.problems import Problem, Severity
from toolkit.tables import Damaged, Table, columns, disagreeing, normal, open_file

ROWS = [["Team", "Total"], ["O’Brien & Søn", "1.00"], ["Café; “Zoë”", "2.00"]]
KNOWN = frozenset({"team", "total"})


def table_of(path: Path, sheet: str = "") -> Table:
    opened = open_file(path)
    assert opened.problem is None
    found = opened.table(sheet or opened.sheets[0], KNOWN)
    assert isinstance(found, Table)
    return found


def rows_of(path: Path) -> list[list[str]]:
    return [[str(cell) for cell in row] for _, row in table_of(path).rows()]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_81_82_every_usual_encoding_and_delimiter_gives_the_same_rows(
    tmp_path: Path, encoding: str, delimiter: str
) -> None:
    rows = [[cell.replace("ø", "ö") for cell in row] for row in ROWS]
    path = tmp_path / "any.csv"
    path.write_bytes(csv_bytes(rows, delimiter=delimiter, encoding=encoding))
    assert rows_of(path) == rows[1:]
    assert table_of(path).header == ("Team", "Total")


@pytest.mark.parametrize("mark", [codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE])
def test_81_utf_16_is_known_by_its_mark_in_both_byte_orders(tmp_path: Path, mark: bytes) -> None:
    encoding = "utf-16-le" if mark == codecs.BOM_UTF16_LE else "utf-16-be"
    path = tmp_path / "any.csv"
    path.write_bytes(mark + csv_bytes(ROWS, encoding=encoding))
    assert rows_of(path) == ROWS[1:]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_line_end_will_do(tmp_path: Path, end: str) -> None:
    path = tmp_path / "any.csv"
    path.write_bytes(csv_bytes(ROWS, end=end))
    assert rows_of(path) == ROWS[1:]


def test_excels_own_word_for_the_delimiter_is_obeyed(tmp_path: Path) -> None:
    path = tmp_path / "any.csv"
    path.write_bytes(b"sep=;\r\n" + csv_bytes(ROWS, delimiter=";"))
    assert rows_of(path) == ROWS[1:]


def test_83_a_workbook_named_csv_is_read_as_the_workbook_it_is(tmp_path: Path) -> None:
    path = workbook(tmp_path / "report.csv", {"Paid": ROWS})
    assert rows_of(path) == ROWS[1:]


def test_a_csv_named_xlsx_is_read_as_the_csv_it_is(tmp_path: Path) -> None:
    path = tmp_path / "report.xlsx"
    path.write_bytes(csv_bytes(ROWS))
    assert rows_of(path) == ROWS[1:]


def test_rows_are_counted_as_a_spreadsheet_shows_them(tmp_path: Path) -> None:
    sheet = [["Billing report"], [], ["Team", "Total"], ["A", 1], ["", ""], ["B", date(2026, 1, 5)]]
    table = table_of(workbook(tmp_path / "report.xlsx", {"Paid": sheet}))
    assert (table.header_row, [number for number, _ in table.rows()]) == (3, [4, 6])
    assert str(table.source(6)) == "report.xlsx, tab Paid, row 6"
    assert list(table.rows()) == list(table.rows())


def test_a_row_of_nothing_but_zeros_is_not_blank(tmp_path: Path) -> None:
    table = table_of(workbook(tmp_path / "report.xlsx", {"Paid": [["Team", "Total"], [0, 0]]}))
    assert len(list(table.rows())) == 1


def test_a_line_break_inside_a_cell_is_part_of_the_cell(tmp_path: Path) -> None:
    path = tmp_path / "any.csv"
    path.write_bytes(csv_bytes([["Team", "Total"], ['two\nlines, "quoted"', "1"]]))
    assert rows_of(path) == [['two\nlines, "quoted"', "1"]]


def test_a_tab_without_a_cell_is_no_table(tmp_path: Path) -> None:
    opened = open_file(workbook(tmp_path / "report.xlsx", {"Paid": [], "Unpaid": ROWS}))
    assert opened.table("Paid", KNOWN) is None


WHOLE = b"PK\x03\x04"


@pytest.mark.parametrize(
    ("content", "code", "words"),
    [
        (b"", "file-empty", "empty"),
        (WHOLE + b"rubbish", "file-damaged", "damaged"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "file-damaged", "damaged"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"), "file-locked", "password"),
        (b"a\x00b\xff\xfe\x81,\x8d\n" * 3, "file-damaged", "letters"),
    ],
)
def test_91_a_file_that_cannot_be_read_whole_is_one_file_problem(
    tmp_path: Path, content: bytes, code: str, words: str
) -> None:
    path = tmp_path / "billing.xlsx"
    path.write_bytes(content)
    problem = open_file(path).problem
    assert problem is not None
    assert (problem.code, problem.severity) == (code, Severity.FILE)
    assert words in problem.what
    assert problem.where == "billing.xlsx"


def test_91_every_cut_of_a_workbook_is_a_file_problem(tmp_path: Path) -> None:
    whole = workbook(tmp_path / "whole.xlsx", {"Paid": ROWS * 50}).read_bytes()
    cut = tmp_path / "cut.xlsx"
    for size in range(4, len(whole), max(1, len(whole) // 40)):
        cut.write_bytes(whole[:size])
        problem = open_file(cut).problem
        assert problem is not None, size
        assert problem.code == "file-damaged"


def test_91_a_workbook_whose_tab_is_garbled_is_a_file_problem(tmp_path: Path) -> None:
    whole = workbook(tmp_path / "whole.xlsx", {"Paid": ROWS})
    bad = tmp_path / "bad.xlsx"
    with zipfile.ZipFile(whole) as source, zipfile.ZipFile(bad, "w") as target:
        for name in source.namelist():
            content = source.read(name)
            target.writestr(name, content[: len(content) // 2] if "sheet1" in name else content)
    opened = open_file(bad)
    found = opened.problem or opened.table("Paid", KNOWN)
    assert isinstance(found, Problem)
    assert found.code == "file-damaged"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b'Team,Total\nA,1\n"B', "breaks off"),
        (b"Team,Total\nA,1\nB", "breaks off after 1 of 2 cells"),
        ("Team,Total\nA,1\nCafé".encode()[:-1], "breaks off"),
    ],
)
def test_91_a_csv_that_breaks_off_is_a_file_problem(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "billing.csv"
    path.write_bytes(content)
    with pytest.raises(Damaged) as caught:
        list(table_of(path).rows())
    assert words in caught.value.problem.what
    assert caught.value.problem.severity is Severity.FILE


def test_a_short_last_row_with_its_line_end_is_only_short(tmp_path: Path) -> None:
    path = tmp_path / "billing.csv"
    path.write_bytes(b"Team,Total\nA,1\nB\n")
    assert rows_of(path) == [["A", "1"], ["B"]]


def test_a_missing_file_is_a_file_problem(tmp_path: Path) -> None:
    problem = open_file(tmp_path / "none.xlsx").problem
    assert problem is not None
    assert problem.severity is Severity.FILE


def test_a_file_is_known_by_its_hash_and_size(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"Team,Total\n")
    known = open_file(path).input_file(3, "2026-01")
    assert (known.name, known.size_bytes, known.rows, known.period) == ("a.csv", 11, 3, "2026-01")
    assert known.sha256 == hashlib.sha256(b"Team,Total\n").hexdigest()


def test_workbooks_of_other_programs_are_read_too(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "Paid"
    for row in ROWS:
        sheet.append(row)
    book.save(tmp_path / "other.xlsx")
    assert rows_of(tmp_path / "other.xlsx") == ROWS[1:]


@pytest.mark.parametrize(
    "header",
    ["Invoice Number", "invoice_number", " INVOICE  NUMBER ", "Invoice-Number", "Invoice\u00a0Number"],
)
def test_84_case_blanks_dashes_and_underscores_do_not_matter(header: str) -> None:
    assert normal(header) == "invoice_number"


ALIASES = {"team": ("customer", "name"), "total": ("amount",), "date": ("created",)}


@pytest.mark.parametrize(
    ("header", "extra", "at"),
    [
        (["Team", "Total"], {}, {"team": 0, "total": 1}),
        (["Amount", "Customer"], {}, {"team": 1, "total": 0}),
        (["Customer", "Team"], {}, {"team": 1}),
        (["Firm", "Total"], {"team": ["Firm"]}, {"team": 0, "total": 1}),
        (["Firm", "Team"], {"team": ["Firm"]}, {"team": 0}),
        (["Amount"], {"team": ["Amount"]}, {"team": 0}),
        (["Strange", ""], {}, {}),
    ],
)
def test_84_columns_are_found_by_name_extra_name_and_alias(
    header: list[str], extra: dict[str, list[str]], at: dict[str, int]
) -> None:
    assert columns(header, ALIASES, extra).at == at


def test_unknown_headers_are_kept_by_name_and_moments_in_utc_are_marked() -> None:
    found = columns(["Team", "Mood", "Created (UTC)"], ALIASES)
    assert found.unknown == ("Mood",)
    assert found.at == {"team": 0, "date": 2}
    assert found.utc == {"date"}


@pytest.mark.parametrize(("second", "word"), [("1.00", ""), ("2.00", "total")])
def test_85_a_doubled_header_matters_only_if_the_two_columns_disagree(tmp_path: Path, second: str, word: str) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(csv_bytes([["Team", "Total", "total"], ["A", "1.00", second]]))
    table = table_of(path)
    assert disagreeing(table, columns(table.header, ALIASES).doubled) == word
