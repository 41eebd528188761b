"""What a month is decided from besides QuickBooks, gathered from the company's folder: reports, mapping, pins, log."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from toolkit import billing, hindsight, inbox, mapping, unread
from toolkit.books import Books
from toolkit.mapping import Mapping, Pin
from toolkit.model import Billing, InputFile, Payouts
from toolkit.open_company import OpenCompany
from toolkit.plan import Done
from toolkit.problems import Problem, Severity, UsageError
from toolkit.settings import Settings, parse_period

Reports = dict[str, Billing]


@dataclass(frozen=True, kw_only=True)
class Gathered:
    """What a month is decided from, besides QuickBooks: files, mapping, pins, posting log and settings.

    `billing` and `payouts` are the period's own reports; `earlier` is the register of the months before; `register` and
    `all_payouts` unite everything up to and with the period. `files` are all inputs with their hashes. `reports` are
    the Billing reports up to and with the period, by month; `unlogged` the months of them that the posting log was lost
    of, once the books are read.
    """

    period: str
    settings: Settings
    billing: Billing
    earlier: Billing | None
    register: Billing
    payouts: Payouts
    all_payouts: Payouts
    mapping: Mapping
    pins: tuple[Pin, ...]
    done: Done
    problems: tuple[Problem, ...]
    files: tuple[InputFile, ...]
    reports: Reports = field(default_factory=dict)
    unlogged: tuple[str, ...] = ()


def default_period(company: OpenCompany) -> str:
    """The earliest month in the inbox that is not signed off, the latest if all are; `UsageError` without any."""
    period = known_period(company)
    if not period:
        raise UsageError(empty_inbox(company))
    return period


def known_period(company: OpenCompany) -> str:
    """The same for what needs no report, "" without any."""
    months = inbox.periods(company.folder / "inbox", company.settings.columns)
    signed = {one.period for one in company.log.sign_offs()}
    return next((month for month in months if month not in signed), months[-1] if months else "")


def gather(company: OpenCompany, period: str) -> Gathered:
    """Every input of the month as it is now; a file problem is among `problems`, nothing is raised but `UsageError`."""
    parse_period(period)
    settings = with_sign_offs(company)
    months = inbox.periods(company.folder / "inbox", company.settings.columns)
    upto = sorted({period, *(month for month in months if month < period)})
    reports = {month: company.inbox.month(settings, month) for month in upto}
    current = reports[period]
    before = [reports[month].billing for month in upto if month < period]
    earlier = billing.merge(before, before[-1].period) if before else None
    done = company.log.replay()
    voided = hindsight.voided_by_us(done)
    later = [company.inbox.month(settings, month).billing for month in months if month > period and voided]
    register = hindsight.with_later_voids(billing.merge([*before, current.billing], period), later, voided)
    known = [reports[month].payouts for month in reports]
    first, last = parse_period(period)
    unread_payouts = (
        *unread.of_earlier_months(problem for one in known[:-1] for problem in one.problems),
        *unread.no_payouts_report(current.billing, current.payouts, settings.mode, first, last),
    )
    return Gathered(
        period=period,
        settings=settings,
        billing=hindsight.with_later_voids(current.billing, later, voided),
        earlier=earlier,
        register=register,
        payouts=replace(current.payouts, problems=(*unread_payouts, *current.payouts.problems)),
        all_payouts=_united(known, period),
        mapping=mapping.read(company.folder / "mapping.csv"),
        pins=mapping.read_pins(company.folder / "customers.csv"),
        done=done,
        problems=(
            *unread.not_posted_yet(_never_run(company, {month: reports[month].billing for month in upto[:-1]})),
            *unread.of_earlier_months(problem for month in upto[:-1] for problem in reports[month].problems),
            *current.problems,
        ),
        files=tuple(file for one in reports.values() for file in (*one.billing.files, *one.payouts.files)),
        reports={month: one.billing for month, one in reports.items()},
    )


def recognized(company: OpenCompany, gathered: Gathered, books: Books) -> Gathered:
    """The month's input beside the books: what a lost or replaced posting log does not know is seen from their stamps.

    Months of which that is all there is are called so, and invoices that a later month's run has voided are void.
    """
    lost = [month for month, one in gathered.reports.items() if hindsight.is_unlogged(one, books, gathered.done)]
    names = {f"inbox/{month}" for month in lost}
    said = [one for one in gathered.problems if one.code != unread.NOT_POSTED or one.where not in names]
    notes = (unread.unlogged(month, needed=False) for month in lost if month < gathered.period)
    known = replace(gathered, unlogged=tuple(lost), problems=(*notes, *said))
    voided = hindsight.voided_there(gathered.register, books, gathered.done)
    if not voided:
        return known
    months = inbox.periods(company.folder / "inbox", company.settings.columns)
    later = [company.inbox.month(known.settings, month).billing for month in months if month > known.period]
    return replace(
        known,
        billing=hindsight.with_later_voids(known.billing, later, voided),
        register=hindsight.with_later_voids(known.register, later, voided),
    )


def _never_run(company: OpenCompany, reports: dict[str, Billing]) -> list[str]:
    run = {one.period for one in company.log.runs()}
    return [month for month, report in reports.items() if report.invoices and month not in run]


def _united(reports: Sequence[Payouts], period: str) -> Payouts:
    """All payouts known, each id once: the later report wins."""
    by_id = {one.payout_id: one for report in reports for one in report.payouts}
    ordered = sorted(by_id.values(), key=lambda one: (one.arrival_date, one.payout_id))
    return Payouts(
        period=period,
        payouts=tuple(ordered),
        problems=reports[-1].problems if reports else (),
        files=tuple(file for report in reports for file in report.files),
    )


def with_sign_offs(company: OpenCompany) -> Settings:
    """The settings, with a signed-off month counted as reported: nothing in it is changed any more."""
    signed = [parse_period(one.period)[1] for one in company.log.sign_offs()]
    policy = company.settings.policy
    through = max([*signed, *([policy.reported_through] if policy.reported_through else [])], default=None)
    return company.settings.model_copy(update={"policy": policy.model_copy(update={"reported_through": through})})


def empty_inbox(company: OpenCompany) -> Problem:
    """There is nothing that could be posted."""
    return Problem(
        code="empty-inbox",
        where=f"{company.name}/inbox",
        what="There is no report in the inbox.",
        why="A month is posted from Coworks' Billing report and Payouts report.",
        do="In Coworks, download both reports for a month and put them into inbox/YYYY-MM/.",
        severity=Severity.FILE,
    )
