"""The evidence folder of a month: what an auditor can read alone, with every input's hash.

inputs/            the files that were read, as they were     plan.json, deposits-plan.json  what was approved
inputs.json        their SHA-256, size, rows                  entries.csv                    it as debits and credits
books.json         QuickBooks as it was read for the proof    posting-log.csv                what was posted, by whom
proof.json         every verdict and section                  month-end.html, month-end.xlsx for people
notebooks/         the pages as they were run
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from toolkit.books import Balances, Books
from toolkit.entries import Entry
from toolkit.model import InputFile
from toolkit.money import text
from toolkit.plan import Plan
from toolkit.posting_log import Run
from toolkit.proof import Finding, Item, Proof, Section
from toolkit.report_html import page
from toolkit.report_xlsx import workbook
from toolkit.shown import Shown, funds_by_day

_BOOKS: TypeAdapter[Books] = TypeAdapter(Books)
RISKY = ("=", "+", "-", "@", "\t", "\r")
"""Cells that a spreadsheet would take for a formula."""


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """Everything that goes into the folder."""

    proof: Proof
    books: Books
    plans: tuple[Plan, ...]
    entries: tuple[Entry, ...]
    posted: tuple[dict[str, str], ...]
    runs: tuple[Run, ...]
    inputs: tuple[tuple[Path, InputFile], ...]
    reminders: tuple[str, ...]
    balances: Balances


def write(folder: Path, evidence: Evidence) -> tuple[Path, ...]:
    """Write the folder's files and give their paths, `month-end.html` first; nothing else in it is touched."""
    shown = Shown(
        proof=evidence.proof,
        plans=evidence.plans,
        entries=evidence.entries,
        runs=evidence.runs,
        inputs=tuple(file for _, file in evidence.inputs),
        reminders=evidence.reminders,
        company_name=evidence.books.company_name,
        funds_by_day=funds_by_day(evidence.balances),
    )
    files: dict[str, bytes] = {
        "month-end.html": page(shown).encode(),
        "month-end.xlsx": workbook(shown),
        "proof.json": _json(proof_object(evidence.proof)),
        "books.json": _BOOKS.dump_json(evidence.books, indent=1),
        "inputs.json": _json([_input(file) for _, file in evidence.inputs]),
        "entries.csv": _csv(entry_rows(evidence.entries)),
        "posting-log.csv": _csv(evidence.posted),
    }
    files |= {
        f"inputs/{file.period}/{file.name}": path.read_bytes() for path, file in evidence.inputs if path.is_file()
    }
    return tuple(_put(folder / name, content) for name, content in files.items())


def _put(path: Path, content: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.new")
    fresh.write_bytes(content)
    fresh.replace(path)
    return path


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=1).encode()


def _input(file: InputFile) -> dict[str, Any]:
    return {
        "file": file.name,
        "period": file.period,
        "sha256": file.sha256,
        "bytes": file.size_bytes,
        "rows": file.rows,
    }


def proof_object(proof: Proof) -> dict[str, Any]:
    """The proof as JSON values; money is text with two places."""
    return {
        "company": proof.company,
        "company_id": proof.realm,
        "period": proof.period,
        "as_of": proof.as_of.isoformat(),
        "ties": proof.ties,
        "unexplained": text(proof.unexplained),
        "obstacles": list(proof.obstacles),
        "verdicts": {str(verdict): number for verdict, number in proof.counts.items()},
        "sections": [_section(one) for one in proof.sections],
        "findings": [_finding(one) for one in proof.findings],
        "problems": [one.as_json() for one in proof.problems],
    }


def proof_sha256(proof: Proof) -> str:
    """The fingerprint of a proof, for the sign-off: SHA-256 in hex."""
    return hashlib.sha256(_json(proof_object(proof))).hexdigest()


def _section(section: Section) -> dict[str, Any]:
    return {
        "name": section.name,
        "quickbooks": text(section.report),
        "expected": text(section.expected),
        "unexplained": text(section.unexplained),
        "items": [_item(one) for one in section.items],
    }


def _item(item: Item) -> dict[str, Any]:
    return {
        "label": item.label,
        "who": item.who,
        "on": item.on.isoformat() if item.on else "",
        "age_days": item.age_days,
        "reason": str(item.reason),
        "coworks": text(item.coworks),
        "quickbooks": text(item.quickbooks),
        "difference": text(item.difference),
        "sentence": item.sentence,
    }


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "key": finding.key,
        "subject": str(finding.subject),
        "name": finding.name,
        "who": finding.who,
        "on": finding.on.isoformat() if finding.on else "",
        "verdict": str(finding.verdict),
        "coworks": text(finding.coworks),
        "quickbooks": text(finding.quickbooks),
        "quickbooks_id": finding.qbo_id,
        "sentence": finding.sentence,
    }


def entry_rows(entries: Iterable[Entry]) -> tuple[dict[str, str], ...]:
    """One row a line of each entry, in order: date, number, account, debit, credit, name, class, location, memo."""
    return tuple(
        {
            "date": entry.date.isoformat(),
            "number": entry.number,
            "entry": entry.label,
            "account": line.account_name,
            "debit": text(line.debit) if line.debit else "",
            "credit": text(line.credit) if line.credit else "",
            "name": line.name,
            "class": line.class_name,
            "location": line.location,
            "memo": line.memo,
            "reason": entry.reason,
        }
        for entry in entries
        for line in entry.lines
    )


def _csv(rows: Sequence[dict[str, str]]) -> bytes:
    """A CSV that Excel opens as text where a cell would be a formula; amounts keep their minus."""
    out = io.StringIO()
    if rows:
        writer = csv.DictWriter(out, fieldnames=list(rows[0]), lineterminator="\r\n")
        writer.writeheader()
        writer.writerows({name: _cell(value) for name, value in row.items()} for row in rows)
    return out.getvalue().encode("utf-8-sig")


def _cell(value: str) -> str:
    if value.startswith(RISKY) and not value.lstrip("-").replace(".", "", 1).isdigit():
        return f"'{value}"
    return value
