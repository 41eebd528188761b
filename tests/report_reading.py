"""Reading report answers in tests: rows as plain lists of texts."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from toolkit.emulator.company import Company

Report = dict[str, Any]
NOON = datetime(2026, 3, 31, 19, 0, tzinfo=UTC)


def company_of(folder: Path, seed: Mapping[str, Any], now: datetime = NOON) -> Company:
    """A company made from a qbo.json mapping, its clock stopped."""
    start = {"format": 1, "realm_id": "9130350000000001", "clock": now.isoformat()}
    return Company.open(folder / "qbo.db", seed={**start, **seed})


def ask(company: Company, name: str, **params: str) -> tuple[int, Any]:
    """Status and body of a report call; `class_` stands for the parameter class."""
    named = {key.rstrip("_"): value for key, value in params.items()}
    answer = company.call("GET", f"reports/{name}", named, b"", "application/json")
    return answer.status, json.loads(answer.body)


def report(company: Company, name: str, **params: str) -> Report:
    """The answer of a report call that must succeed."""
    status, body = ask(company, name, **params)
    assert status == 200, body
    assert "time" not in body
    answer: Report = body
    return answer


def fault_code(company: Company, name: str, **params: str) -> str:
    """The code of a refused report call."""
    status, body = ask(company, name, **params)
    assert status == 400, body
    return str(body["Fault"]["Error"][0]["code"])


def _texts(cells: Mapping[str, Any]) -> list[str]:
    return [cell["value"] for cell in cells["ColData"]]


def walk(rows: Mapping[str, Any], depth: int = 0) -> Iterator[tuple[str, int, dict[str, Any]]]:
    """Every row as (header, data or summary; its depth; the row), from top to bottom."""
    for row in rows.get("Row", []):
        if "ColData" in row:
            yield "data", depth, row
        if "Header" in row:
            yield "header", depth, row
        if "Rows" in row:
            yield from walk(row["Rows"], depth + 1)
        if "Summary" in row:
            yield "summary", depth, row


def lines(answer: Report) -> list[str]:
    """The report as text lines: indented, cells that are not empty joined by a bar."""
    parts = {"data": lambda row: row, "header": lambda row: row["Header"], "summary": lambda row: row["Summary"]}
    return [
        "  " * depth + " | ".join(text for text in _texts(parts[kind](row)) if text)
        for kind, depth, row in walk(answer["Rows"])
    ]


def summaries(answer: Report) -> dict[str, list[Decimal]]:
    """Total rows by title: their amounts, blanks as 0."""
    return {
        row["Summary"]["ColData"][0]["value"]: [Decimal(text or 0) for text in _texts(row["Summary"])[1:]]
        for kind, _, row in walk(answer["Rows"])
        if kind == "summary"
    }


def titles(answer: Report) -> list[str]:
    """Column titles."""
    return [column["ColTitle"] for column in answer["Columns"]["Column"]]


def option(answer: Report, name: str) -> str:
    """One option of the Header."""
    return next(str(one["Value"]) for one in answer["Header"]["Option"] if one["Name"] == name)
