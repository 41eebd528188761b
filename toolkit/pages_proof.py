"""A month's proof on a page: verdicts, the three balances and their bridges, what is only in QuickBooks, pictures."""

from __future__ import annotations

import os
from collections.abc import Iterable
from html import escape as escaped
from pathlib import Path
from urllib.parse import quote

from toolkit import charts
from toolkit.books import Balances
from toolkit.money import Money, show
from toolkit.pages_look import (
    EMPTY,
    Cell,
    Shown,
    beside,
    fold,
    good,
    heading,
    picture,
    problems,
    sentence,
    stack,
    stop,
    table,
)
from toolkit.proof import Finding, Proof, Section
from toolkit.report import VERDICTS, only_in_quickbooks, unexplained
from toolkit.shown import funds_by_day

FIRST = 8
"""Sentences against sign-off that stand open on the page."""


def proof(found: Proof) -> Shown:
    """The whole proof, the answer first."""
    return (
        answer(found)
        + verdicts(found)
        + beside(*(section(one) for one in found.sections))
        + roll_forwards(found)
        + elsewhere(found)
        + problems(found.problems)
    )


def answer_and_pack(found: Proof, pack: Path, here: Path) -> Shown:
    """Whether the month ties, and links to the month-end pack, relative to the folder `here`."""
    links = "".join(
        f'<a href="{escaped(quote(os.path.relpath(pack / name, here)))}" target="_blank">{name}</a> &nbsp; '
        for name in ("month-end.html", "month-end.xlsx")
    )
    return answer(found) + Shown(f"<p>Month-end pack: {links}</p>", f"Month-end pack: {pack}")


def answer(found: Proof) -> Shown:
    """Whether the month ties, and if not, every sentence that stands against it."""
    if found.ties:
        return good(f"{found.period} ties: everything agrees as of {_day(found)}, unexplained 0.00.")
    shown = stop(f"{found.period} does not tie yet: unexplained {show(unexplained(found))}.")
    first, rest = found.obstacles[:FIRST], found.obstacles[FIRST:]
    shown = shown + stack(sentence(f"• {one}") for one in first)
    return shown + fold(f"and {len(rest)} more", stack(sentence(f"• {one}") for one in rest))


def _day(found: Proof) -> str:
    return f"{found.as_of:%B} {found.as_of.day}, {found.as_of.year}"


def verdicts(found: Proof) -> Shown:
    """One verdict for every record, counted; those that must be settled are listed."""
    rows = [(words, found.counts.get(one, 0)) for one, words in VERDICTS.items() if found.counts.get(one)]
    open_ones = [one for one in found.findings if one.blocks]
    return (
        heading("Every record, one verdict")
        + table(("verdict", "records"), rows, sums=("all", len(found.findings)))
        + findings(open_ones)
        + fold("Every record", findings(found.findings))
    )


def findings(found: Iterable[Finding]) -> Shown:
    """Records with what each side says they are worth."""
    rows: list[tuple[Cell, ...]] = [
        (one.name, one.who, VERDICTS[one.verdict], one.coworks, one.quickbooks, one.sentence) for one in found
    ]
    return table(("record", "who", "verdict", "Coworks", "QuickBooks", "why"), rows)


def section(found: Section) -> Shown:
    """One balance: QuickBooks' own report, what is expected and why, item by item."""
    bridge: list[tuple[Cell, ...]] = [(str(reason), amount) for reason, amount in found.bridge.items()]
    items = [
        (one.label, one.who, str(one.reason), one.age_days, one.expected, one.quickbooks, one.difference)
        for one in found.items
    ]
    left = table(
        ("", "amount"),
        [*bridge, ("expected", found.expected), ("QuickBooks' report", found.report)],
        sums=("unexplained", found.unexplained),
    )
    header = ("item", "who", "why open", "days", "expected", "QuickBooks", "difference")
    return heading(found.name) + left + fold(f"{len(items)} items", table(header, items))


def roll_forwards(found: Proof) -> Shown:
    """Opening, movements and closing of each account, from QuickBooks' general ledger."""
    shown = [_roll(one.account, one.opening, one.movements, one.closing) for one in found.roll_forwards]
    return fold("From opening to closing balance", beside(*shown)) if shown else EMPTY


def _roll(account: str, opening: Money, movements: tuple[tuple[str, Money], ...], closing: Money) -> Shown:
    rows: list[tuple[Cell, ...]] = [("opening", opening), *movements]
    return heading(account) + table(("", "amount"), rows, sums=("closing", closing))


def elsewhere(found: Proof) -> Shown:
    """What was entered in QuickBooks and Coworks does not know: listed every month, never copied."""
    mine = only_in_quickbooks(found)
    if not mine:
        return heading("Only in QuickBooks") + sentence("Nothing: every invoice there is one of Coworks'.", quiet=True)
    rows = [(one.name, one.who, one.quickbooks, one.sentence) for one in mine]
    return heading("Only in QuickBooks") + table(("record", "who", "amount", "what it is"), rows)


def pictures(found: Proof, balances: Balances) -> Shown:
    """Receivables by age, and Undeposited Funds from day to day."""
    aging = charts.aging(found.receivable)
    funds = charts.balance_by_day(funds_by_day(balances), found.undeposited.name)
    return (
        heading("Accounts receivable by age") + picture(aging, "Open receivables by age in days") if aging else EMPTY
    ) + (heading(f"{found.undeposited.name} by day") + picture(funds, "Its closing balance by day") if funds else EMPTY)
