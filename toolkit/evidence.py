"""A proved month's evidence folder, and the forecast of reminders that goes with it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from toolkit import entries, money, pack, reminders
from toolkit.books import Balances, Books
from toolkit.gathering import Gathered
from toolkit.model import InputFile
from toolkit.open_company import OpenCompany
from toolkit.plan import Plan
from toolkit.posting_log import Event
from toolkit.proof import Proof
from toolkit.reminders import Reminders


@dataclass(frozen=True, kw_only=True)
class Proved:
    """A month's proof with what it was made from."""

    proof: Proof
    gathered: Gathered
    books: Books
    balances: Balances


def write_pack(company: OpenCompany, proved: Proved) -> Path:
    """Write the month's evidence folder and give its path; `month-end.html` in it is the page to open."""
    period = proved.proof.period
    approved = company.log.plans(period)
    runs = tuple(one for one in company.log.runs() if one.period == period)
    evidence = pack.Evidence(
        proof=proved.proof,
        books=proved.books,
        plans=approved,
        entries=tuple(
            one for made in approved for one in entries.of_plan(made, proved.books, proved.gathered.settings)
        ),
        posted=tuple(_log_row(one) for one in company.log.events(one.id for one in runs)),
        runs=runs,
        inputs=tuple((_input_path(company, file), file) for file in proved.gathered.files),
        reminders=reminder_lines(forecast(company, proved.books)),
        balances=proved.balances,
    )
    folder = company.pack(period)
    pack.write(folder, evidence)
    return folder


def forecast(company: OpenCompany, books: Books, plan: Plan | None = None) -> Reminders:
    """Which open invoices QuickBooks could remind, once the plan is posted, as of today where the company is."""
    today = company.now().astimezone(company.settings.zone).date()
    return reminders.forecast(books, plan, today=today, days=company.settings.policy.reminder_days)


def reminder_lines(found: Reminders) -> tuple[str, ...]:
    """The forecast in sentences: how many can be reminded, how many would go out tomorrow, who cannot be and why."""
    lines = [
        f"{found.ready} open invoices of {money.show(found.ready_amount)} can be reminded by QuickBooks.",
        f"{len(found.tomorrow)} reminders would go out tomorrow by the schedule in company.toml; "
        f"{len(found.at_most)} invoices are due and could be reminded if a schedule is switched on now.",
    ]
    lines += [f"{one.number} ({one.customer}) cannot be reminded: {one.reason}." for one in found.cannot]
    return tuple(lines)


def _input_path(company: OpenCompany, file: InputFile) -> Path:
    of_month = company.folder / "inbox" / file.period / file.name
    return of_month if of_month.exists() else company.folder / "inbox" / file.name


def _log_row(event: Event) -> dict[str, str]:
    posted = event.posted
    return {
        "at_utc": f"{posted.at:%Y-%m-%d %H:%M:%S}" if posted.at else "",
        "run": posted.run,
        "what": f"{event.action} {posted.kind}",
        "coworks": posted.coworks_id,
        "standing": str(posted.standing),
        "quickbooks": f"{posted.entity} {posted.qbo_id}".strip(),
        "number": posted.number,
        "amount": money.text(posted.amount),
        "key": posted.key,
        "note": posted.note,
    }
