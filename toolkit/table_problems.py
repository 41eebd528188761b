"""What can be wrong with a file of rows, in words: damaged, locked, empty, dates in another order."""

from __future__ import annotations

from toolkit.model import Source
from toolkit.problems import Problem, Severity


def damaged(file: str, what: str) -> Problem:
    """The file Problem for a truncated, damaged or unreadable file."""
    return Problem(
        code="file-damaged",
        where=file,
        what=f"This file is damaged or incomplete: {what}.",
        why="A half-read file would leave invoices out, so nothing of it is used.",
        do="Download the report again and replace the file.",
        severity=Severity.FILE,
    )


def locked(file: str) -> Problem:
    """The file Problem for a workbook behind a password."""
    return Problem(
        code="file-locked",
        where=file,
        what="This workbook is protected with a password.",
        why="It cannot be read without it, and we never ask for passwords of files.",
        do="Save a copy without a password in its place.",
        severity=Severity.FILE,
    )


def empty(file: str, sheet: str = "") -> Problem:
    """The file Problem for a file without any row."""
    return Problem(
        code="file-empty",
        where=f"{file}, tab {sheet}" if sheet else file,
        what="This file is empty.",
        why="An empty report looks like a month without billing, which would hide real invoices.",
        do="Download the report again and replace the file.",
        severity=Severity.FILE,
    )


def day_first(source: Source, what: str) -> Problem:
    """The file Problem for dates that are written with the day before the month."""
    return Problem(
        code="day-first-dates",
        where=str(source),
        what=f"Dates are written with the day before the month: {what}.",
        why="05/01/2026 would then be January 5, not May 1, and no one can tell from the file alone.",
        do="Export with US or ISO dates (2026-01-31), or set the column's format to date before saving.",
        severity=Severity.FILE,
    )
