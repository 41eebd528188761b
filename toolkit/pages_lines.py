"""The one line under each page that ties it out: it states the books, not the run, so it reads the same every time."""

from __future__ import annotations

from datetime import date

from toolkit import pages, report, stages
from toolkit.connecting import Connected
from toolkit.money import show, total
from toolkit.pages import Page, does_not_tie
from toolkit.pages_map import ToMap, gone
from toolkit.plan import Kind
from toolkit.problems import DoesNotTie, Problem
from toolkit.proof import BLOCKING, Proof, Subject, Verdict
from toolkit.stages import Proved, Review

_ASIDE = frozenset({Verdict.NOT_POSTED, Verdict.IN_TRANSIT, Verdict.ONLY_IN_QUICKBOOKS})


def reports(page: Page) -> str:
    """The months in the inbox and what they hold."""
    gathered = pages.gather(page)
    amount = show(total(one.total for one in gathered.billing.invoices))
    held = len(gathered.billing.held)
    return _line(
        page,
        f"{page.period}: {len(gathered.billing.invoices)} invoices of {amount} in the Billing report, "
        f"{len(gathered.payouts.payouts)} payouts in the Payouts report, {held} rows that cannot be read",
    )


def connection(page: Page, found: Connected | Problem) -> str:
    """Which books, and whether Coworks' numbers, classes and locations fit into them."""
    if isinstance(found, Problem):
        return _line(page, f"{page.company.name} is not connected")
    wishes = found.preferences
    return _line(
        page,
        f"{found.company_name}, company ID {found.realm}: custom transaction numbers "
        f"{'on' if wishes.custom_numbers else 'OFF'}, classes {_classes(str(wishes.class_tracking))}, "
        f"locations {'on' if wishes.locations else 'off'}",
    )


def _classes(tracking: str) -> str:
    return {"off": "off", "line": "on each line", "transaction": "one for each form"}[tracking]


def mapping(page: Page, to_map: ToMap) -> str:
    """How many names of the month are mapped, and whether every product, class and location named exists."""
    found, wrong = to_map.mapped, len(gone(to_map))
    return _line(
        page,
        f"{len(found.mapping.rules)} rows in mapping.csv, {len(found.unmapped)} names of {page.period} without a row, "
        f"{wrong} entries that QuickBooks does not have",
    )


def preview(page: Page, made: Review) -> str:
    """Every invoice of the month: to be posted or standing, or not posted with its reason."""
    known = made.gathered.billing.invoices
    held = {number for number, _ in made.plan.held} & {one.number for one in known}
    aside = {one.key for one in made.plan.problems if one.key} & {one.number for one in known} - held
    sound = [one for one in known if one.number not in held | aside]
    return _line(
        page,
        f"{page.period}: {len(sound)} of {len(known)} invoices, {show(total(one.total for one in sound))}, are in "
        f"QuickBooks or planned; {len(aside)} set aside with a reason, {len(held)} held",
    )


def posted(page: Page) -> str:
    """How many invoices and payments stand in QuickBooks as Coworks has them, up to the month's last day."""
    proof = stages.standing(page.company, page.period)
    parts = [_standing(proof, Subject.INVOICE, Kind.INVOICE), _standing(proof, Subject.PAYMENT, Kind.PAYMENT)]
    return _line(
        page,
        f"{' and '.join(parts)} in QuickBooks through {_day(proof.as_of)}; "
        f"accounts receivable unexplained {show(proof.receivable.unexplained)}",
    )


def deposits(page: Page) -> str:
    """How many payouts stand in QuickBooks as bank deposits, and what Undeposited Funds still holds."""
    proof = stages.standing(page.company, page.period)
    transit = sum(1 for one in proof.findings if one.verdict is Verdict.IN_TRANSIT)
    return _line(
        page,
        f"{_standing(proof, Subject.PAYOUT, Kind.DEPOSIT)} of {show(proof.deposits.report)} in QuickBooks through "
        f"{_day(proof.as_of)}, {transit} in transit; {proof.undeposited.name} holds {show(proof.undeposited.report)}, "
        f"unexplained {show(proof.undeposited.unexplained)}",
    )


def month_end(page: Page, proved: Proved) -> str:
    """Whether the month ties; running without a person, one that does not is told to who started the run."""
    proof = proved.proof
    parts = ", ".join(f"{one.name} {show(one.report)}" for one in proof.sections)
    if not proof.ties:
        page.tally.add(page, problems=(does_not_tie(proof),), exits=(DoesNotTie.exit_code,))
    word = "ties" if proof.ties else f"does not tie ({len(proof.obstacles)} open points)"
    return _line(page, f"{page.period} {word}: {parts}; unexplained {show(report.unexplained(proof))}")


def _line(page: Page, line: str) -> str:
    page.tally.add(page, line=line)
    return line


def _standing(proof: Proof, subject: Subject, kind: Kind) -> str:
    found = [one for one in proof.findings if one.subject is subject and one.verdict not in _ASIDE]
    stands = sum(1 for one in found if one.verdict not in BLOCKING)
    return f"{stands} of {report.count(len(found), kind)}"


def _day(day: date) -> str:
    return f"{day:%B} {day.day}, {day.year}"
