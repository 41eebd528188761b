"""The month-end pack as one HTML page that needs nothing else: no script, no address, everything escaped."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from toolkit import charts
from toolkit.entries import totals_by_account
from toolkit.money import show
from toolkit.plan import Plan, counts
from toolkit.proof import Proof, Subject
from toolkit.report import KINDS, VERDICTS, unexplained
from toolkit.shown import Shown

TEMPLATES = Path(__file__).parent / "templates"
MOST_ENTRIES = 400
"""Entries listed on the page; all of them are in the workbook and in entries.csv."""


def page(shown: Shown) -> str:
    """The page; the same pack gives the same text."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    environment.filters |= {"money": show, "day": _day}
    proof = shown.proof
    return environment.get_template("month-end.html.j2").render(
        shown=shown,
        proof=proof,
        verdicts=[(VERDICTS[verdict], number) for verdict, number in proof.counts.items() if number],
        unexplained=unexplained(proof),
        posted=[(plan, _posted(plan)) for plan in shown.plans],
        accounts=totals_by_account(shown.entries),
        entries=shown.entries[:MOST_ENTRIES],
        more_entries=max(0, len(shown.entries) - MOST_ENTRIES),
        aging=Markup(charts.aging(proof.receivable)),
        funds_by_day=Markup(charts.balance_by_day(shown.funds_by_day, proof.undeposited.name)),
        payouts=[one for one in proof.findings if one.subject is Subject.PAYOUT],
        blocking=[one for one in proof.findings if one.blocks],
        month=_month(proof),
    )


def _posted(plan: Plan) -> list[tuple[str, int]]:
    names = {str(kind): words for kind, words in KINDS.items()}
    found = []
    for name, number in counts(plan).items():
        action, kind = name.split(" ", 1)
        found.append((f"{names[kind][0 if number == 1 else 1]} ({action})", number))
    return found


def _month(proof: Proof) -> str:
    return f"{proof.start:%B %Y}"


def _day(day: date | None) -> str:
    return f"{day:%b} {day.day}, {day.year}" if day else ""
