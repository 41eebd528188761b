"""README.md of a generated company: one page for the accountant who practises on it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from importlib import resources
from textwrap import fill

from toolkit.emulator.sample.books import (
    COMPANY_NAME,
    HAND_MADE_CENTS,
    HAND_MADE_DAY,
    HAND_MADE_NUMBER,
    ONLY_IN_QUICKBOOKS,
    ONLY_IN_QUICKBOOKS_CENTS,
)
from toolkit.emulator.sample.documents import Invoice
from toolkit.emulator.sample.figures import Figures
from toolkit.emulator.sample.months import Operator
from toolkit.emulator.sample.special import PAID_BEFORE, POSTED_BEFORE, Specials


def money(cents: int) -> str:
    """Cents as $1,234.50."""
    return f"{'-' if cents < 0 else ''}${abs(cents) // 100:,}.{abs(cents) % 100:02d}"


def day(on: date | None) -> str:
    """A day as January 5; "" for none."""
    return f"{on:%B} {on.day}" if on else ""


class _Case:
    """What the page says of one special invoice, in words."""

    def __init__(self, invoice: Invoice) -> None:
        self.number = invoice.number
        self.amount = money(invoice.total)
        self.named = f"{invoice.number} ({invoice.team.name.strip()}, {self.amount})"
        self.issued, self.paid = day(invoice.issued), day(invoice.paid_on)
        self.closed = day(invoice.closed_on or invoice.vanished_on)
        self.refunded = day(invoice.refund.on) if invoice.refund else ""
        self.refund = money(invoice.refund.amount) if invoice.refund else ""


def tell(operator: Operator, figures: Sequence[Figures]) -> str:
    """The page: what the company is, what each month must come to, and, if it has them, the special cases."""
    size = operator.size
    page = _template("story.md").format(
        company=COMPANY_NAME,
        teams=size.teams,
        invoices=size.invoices,
        months=size.months,
        seed=size.seed,
        table=_table(figures),
    )
    if operator.specials and size.months > 1:
        page += _filled(_template("cases.md").format(**_words(operator.specials, size.first)))
    return page


def _filled(text: str) -> str:
    """The text with its list items wrapped again, now that names and numbers stand in them."""
    items = text.replace("\n  ", " ").split("\n")
    return "\n".join(fill(one, 120, subsequent_indent="  ", break_on_hyphens=False) for one in items)


def _template(name: str) -> str:
    return resources.files("toolkit.emulator.sample").joinpath(name).read_text(encoding="utf-8")


def _words(specials: Specials, first: date) -> dict[str, object]:
    cases = specials.cases
    return {case: _Case(invoice) for case, invoice in cases.items()} | {
        "posted": ", ".join(cases[key].number for key in POSTED_BEFORE),
        "paid": ", ".join(cases[key].number for key in PAID_BEFORE),
        "hand_made_on": day(first.replace(day=HAND_MADE_DAY)),
        "hand_made_number": HAND_MADE_NUMBER,
        "hand_made_amount": money(HAND_MADE_CENTS),
        "only_number": ONLY_IN_QUICKBOOKS,
        "only_amount": money(ONLY_IN_QUICKBOOKS_CENTS),
        "closed_through": day(first - timedelta(days=1)),
    }


_ROWS = (
    ("Invoices issued in Coworks", "issued", ""),
    ("· of these split, not posted", "split_parents", ""),
    ("Invoices in QuickBooks for the month", "posted", "posted_amount"),
    ("· of these posted earlier by Coworks itself, adopted", "adopted", ""),
    ("Customers made", "new_customers", ""),
    ("Payments", "paid", "paid_amount"),
    ("· of these posted earlier by Coworks itself, adopted", "adopted_payments", ""),
    ("Refunds", "refunded", "refunded_amount"),
    ("Invoices voided in Coworks", "voided", "voided_amount"),
    ("Bank deposits (payouts that arrived)", "payouts", "bank"),
    ("· charges in them", "", "charges"),
    ("· less refunds in them", "", "refunds"),
    ("· less processing fees", "", "fees"),
    ("**Accounts receivable, month-end**", "", "receivable"),
    ("· open Coworks invoices", "open", "open_amount"),
    ("· only in QuickBooks", "", "only_in_quickbooks"),
    ("**Undeposited Funds, month-end**", "", "undeposited"),
    ("· charges less refunds not yet at the bank", "", "in_transit"),
    ("· checks, cash and wires on hand", "", "by_hand"),
)


def _table(figures: Sequence[Figures]) -> str:
    lines = ["| | " + " | ".join(f"{one.period} | " for one in figures) + "|", "|---" + "|--:|--:" * len(figures) + "|"]
    for words, count, amount in _ROWS:
        cells = [
            f"{f'{getattr(one, count):,}' if count else ''} | {money(getattr(one, amount)) if amount else ''}"
            for one in figures
        ]
        lines.append(f"| {words} | " + " | ".join(cells) + " |")
    return "\n".join(lines)
