"""The month-end pack as a workbook: the proof as formulas over its items, everything else as filterable lists."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from toolkit.entries import Entry
from toolkit.money import show
from toolkit.proof import Section
from toolkit.report import VERDICTS
from toolkit.shown import Shown

FIXED = datetime(2026, 1, 1)
"""Creation date written into the file, so that the same month gives the same bytes."""


def workbook(shown: Shown) -> bytes:
    """The workbook's bytes; names that look like formulas are text, amounts are numbers with their exact cents."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    book.set_properties({"title": f"{shown.proof.company} {shown.proof.period}", "created": FIXED})
    sheets = _Sheets(book)
    items = _item_rows(shown.proof.sections)
    _summary(sheets, shown, {section.name: section for section in shown.proof.sections})
    sheets.table("Items", ITEM_HEADS, items)
    sheets.table("Records", RECORD_HEADS, _record_rows(shown))
    sheets.table("Entries", ENTRY_HEADS, _entry_rows(shown.entries))
    sheets.table("Only in QuickBooks", RECORD_HEADS, _only_rows(shown))
    sheets.table("Questions", QUESTION_HEADS, _question_rows(shown))
    sheets.table("Inputs", INPUT_HEADS, _input_rows(shown))
    sheets.table("Runs", RUN_HEADS, _run_rows(shown))
    book.close()
    return out.getvalue()


ITEM_HEADS = ("Section", "Date", "What", "Who", "Why", "Age, days", "Expected", "QuickBooks", "Difference", "Sentence")
RECORD_HEADS = ("Kind", "Name", "Who", "Date", "Verdict", "Coworks", "QuickBooks", "QuickBooks id", "Sentence")
ENTRY_HEADS = ("Date", "Number", "Entry", "Account", "Debit", "Credit", "Name", "Class", "Location", "Memo", "Why")
QUESTION_HEADS = ("Code", "Where", "What", "Why it matters", "What to do")
INPUT_HEADS = ("File", "Month", "Rows", "Bytes", "SHA-256")
RUN_HEADS = ("Run", "Began (UTC)", "What", "Approved by", "Approval code", "How it ended", "Summary")


class _Sheets:
    """The workbook's sheets with one look."""

    def __init__(self, book: xlsxwriter.Workbook) -> None:
        self.book = book
        self.head: Format = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})
        self.title: Format = book.add_format({"bold": True, "font_size": 14})
        self.bold: Format = book.add_format({"bold": True})
        self.amount: Format = book.add_format({"num_format": "#,##0.00;[Red]-#,##0.00"})
        self.sum: Format = book.add_format({"num_format": "#,##0.00;[Red]-#,##0.00", "bold": True, "top": 1})
        self.day: Format = book.add_format({"num_format": "yyyy-mm-dd"})
        self.good: Format = book.add_format({"bold": True, "font_color": "#1b7f4b"})
        self.bad: Format = book.add_format({"bold": True, "font_color": "#b42318"})

    def table(self, name: str, heads: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
        """One list with a filter, a frozen head and widths that fit."""
        sheet: Worksheet = self.book.add_worksheet(name)
        for column, head in enumerate(heads):
            sheet.write_string(0, column, head, self.head)
        for number, row in enumerate(rows, start=1):
            for column, value in enumerate(row):
                self.put(sheet, number, column, value)
        sheet.freeze_panes(1, 0)
        sheet.autofilter(0, 0, max(1, len(rows)), len(heads) - 1)
        for column, head in enumerate(heads):
            longest = max((len(_text(row[column])) for row in rows[:500]), default=0)
            sheet.set_column(column, column, min(60, max(len(head), longest) + 2))

    def put(self, sheet: Worksheet, row: int, column: int, value: Any) -> None:
        """One cell: money, whole number, date, or text that is never a formula."""
        if isinstance(value, Decimal):
            sheet.write_number(row, column, value, self.amount)
        elif isinstance(value, int):
            sheet.write_number(row, column, value)
        elif isinstance(value, date):
            sheet.write_datetime(row, column, datetime(value.year, value.month, value.day), self.day)
        else:
            sheet.write_string(row, column, _text(value))


def _text(value: Any) -> str:
    if isinstance(value, Decimal):
        return show(value)
    return "" if value is None else str(value)


def _summary(sheets: _Sheets, shown: Shown, sections: dict[str, Section]) -> None:
    proof = shown.proof
    sheet: Worksheet = sheets.book.add_worksheet("Summary")
    sheet.set_column(0, 0, 44)
    sheet.set_column(1, 3, 18)
    sheet.write_string(0, 0, f"{proof.company}: {proof.start:%B %Y}", sheets.title)
    sheet.write_string(1, 0, f"As of {proof.as_of.isoformat()}, company ID {proof.realm}")
    verdict = "The month ties to the cent." if proof.ties else "The month does not tie yet."
    sheet.write_string(2, 0, verdict, sheets.good if proof.ties else sheets.bad)
    for column, head in enumerate(("", "Expected", "QuickBooks' report", "Unexplained")):
        sheet.write_string(4, column, head, sheets.head)
    for row, section in enumerate(sections.values(), start=5):
        _section_row(sheets, sheet, row, section)
    row = 6 + len(sections)
    sheet.write_string(row, 0, "Records by verdict", sheets.bold)
    for at, (one, number) in enumerate(((one, number) for one, number in proof.counts.items() if number), row + 1):
        sheet.write_string(at, 0, VERDICTS[one])
        sheet.write_number(at, 1, number)
    for at, sentence in enumerate(proof.obstacles, row + 2 + len(proof.counts)):
        sheet.write_string(at, 0, sentence, sheets.bad)


def _section_row(sheets: _Sheets, sheet: Worksheet, row: int, section: Section) -> None:
    """Expected is a formula over the Items sheet; its value is written too, for viewers that do not calculate."""
    sheet.write_string(row, 0, section.name)
    name = section.name.replace('"', '""')
    sheet.write_formula(row, 1, f'=SUMIF(Items!A:A,"{name}",Items!G:G)', sheets.amount, section.expected)
    sheet.write_number(row, 2, section.report, sheets.amount)
    sheet.write_formula(row, 3, f"=ROUND(C{row + 1}-B{row + 1},2)", sheets.sum, section.unexplained)


def _item_rows(sections: Iterable[Section]) -> list[tuple[Any, ...]]:
    return [
        (
            section.name,
            item.on,
            item.label,
            item.who,
            str(item.reason),
            item.age_days,
            item.expected,
            item.quickbooks,
            item.difference,
            item.sentence,
        )
        for section in sections
        for item in section.items
    ]


def _record_rows(shown: Shown, wanted: Callable[[Any], bool] = lambda _: True) -> list[tuple[Any, ...]]:
    return [
        (
            str(one.subject),
            one.name,
            one.who,
            one.on,
            VERDICTS[one.verdict],
            one.coworks,
            one.quickbooks,
            one.qbo_id,
            one.sentence,
        )
        for one in shown.proof.findings
        if wanted(one)
    ]


def _only_rows(shown: Shown) -> list[tuple[Any, ...]]:
    only = set(shown.only_in_quickbooks)
    return _record_rows(shown, lambda one: one in only)


def _entry_rows(entries: Iterable[Entry]) -> list[tuple[Any, ...]]:
    return [
        (
            entry.date,
            entry.number,
            entry.label,
            line.account_name,
            line.debit if line.debit else "",
            line.credit if line.credit else "",
            line.name,
            line.class_name,
            line.location,
            line.memo,
            entry.reason,
        )
        for entry in entries
        for line in entry.lines
    ]


def _question_rows(shown: Shown) -> list[tuple[Any, ...]]:
    return [(one.code, one.where, one.what, one.why, one.do) for one in shown.proof.problems]


def _input_rows(shown: Shown) -> list[tuple[Any, ...]]:
    return [(one.name, one.period, one.rows, one.size_bytes, one.sha256) for one in shown.inputs]


def _run_rows(shown: Shown) -> list[tuple[Any, ...]]:
    return [
        (
            one.id,
            f"{one.started_at:%Y-%m-%d %H:%M}",
            one.command,
            one.approved_by,
            one.digest,
            one.state,
            one.summary,
        )
        for one in shown.runs
    ]
