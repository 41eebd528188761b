"""The stages of one company's month, each a function of an open company: what the command line, the notebooks and
papermill all call.

Reading stages write nothing but files in the evidence folder; only `post` and `post_deposits` write to QuickBooks, and
only an approved plan.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from pathlib import Path

from toolkit import (
    billing,
    deposits,
    entries,
    hindsight,
    inbox,
    mapping,
    mapping_suggestions,
    money,
    pack,
    planning,
    reminders,
    tieout,
    undo,
    unread,
)
from toolkit import plan as plans
from toolkit.approval import Approval
from toolkit.books import Balances, Books, Record
from toolkit.mapping import Mapping, Pin
from toolkit.mapping_suggestions import Suggestion, Unmapped
from toolkit.model import Billing, InputFile, Payouts
from toolkit.open_company import OpenCompany
from toolkit.plan import Action, Done, Kind, Outcome, Plan, Standing
from toolkit.posting_log import Event, Run, SignOff
from toolkit.problems import Problem, Severity, UsageError, blocking
from toolkit.proof import Proof
from toolkit.push import Progress, Situation, push, silent
from toolkit.qbo.snapshot import read_balances
from toolkit.reminders import Reminders
from toolkit.settings import Mode, Settings, parse_period

PLAN_FILE = "plan.json"
DEPOSITS_PLAN_FILE = "deposits-plan.json"

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


@dataclass(frozen=True, kw_only=True)
class Review:
    """A plan as it is put before a person, with what it was made from; `path` is its file in the evidence folder."""

    plan: Plan
    gathered: Gathered
    books: Books
    path: Path


@dataclass(frozen=True, kw_only=True)
class Proved:
    """A month's proof with what it was made from."""

    proof: Proof
    gathered: Gathered
    books: Books
    balances: Balances


def default_period(company: OpenCompany) -> str:
    """The earliest month in the inbox that is not signed off, the latest if all are; `UsageError` without any."""
    months = inbox.periods(company.folder / "inbox", company.settings.columns)
    if not months:
        raise UsageError(_empty_inbox(company))
    signed = {one.period for one in company.log.sign_offs()}
    return next((month for month in months if month not in signed), months[-1])


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


def _recognized(company: OpenCompany, gathered: Gathered, books: Books) -> Gathered:
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


def review(company: OpenCompany, period: str, *, keep: bool = True) -> Review:
    """Plan the month's customers, invoices, payments, credits, refunds and voids; changes nothing in QuickBooks.

    With `keep` the plan is written as plan.json, the one that was reviewed.
    """
    gathered = gather(company, period)
    read = company.books.now()
    gathered = _recognized(company, gathered, read)
    plan, books = _settled(company, read, lambda books: _planned(company, gathered, books))
    made = Review(
        plan=_with_problems(plan, gathered.problems),
        gathered=gathered,
        books=books,
        path=company.pack(period) / PLAN_FILE,
    )
    return _kept(made) if keep else made


def review_deposits(company: OpenCompany, period: str) -> Review:
    """Plan the month's bank deposits, kept as deposits-plan.json; changes nothing in QuickBooks."""
    gathered = gather(company, period)
    read = company.books.now()
    gathered = _recognized(company, gathered, read)
    plan, books = _settled(
        company,
        read,
        lambda books: deposits.make_plan(
            gathered.payouts,
            gathered.register,
            books,
            gathered.done,
            gathered.settings,
            company=company.name,
            period=period,
        ),
    )
    path = company.pack(period) / DEPOSITS_PLAN_FILE
    plan = _unadvised(plan, gathered)
    return _kept(Review(plan=_readable(plan, gathered), gathered=gathered, books=books, path=path))


_GAPS = ("payout-short", "payout-unusable")


def _unadvised(plan: Plan, gathered: Gathered) -> Plan:
    """The plan of bank deposits without advice about payments that only the posting log's loss makes look missing."""
    kept = tuple(one for one in plan.problems if one.code not in _GAPS)
    if not gathered.unlogged or len(kept) == len(plan.problems):
        return plan
    said = tuple(unread.unlogged(month, needed=True) for month in gathered.unlogged)
    held = tuple((name, unread.UNLOGGED if code in _GAPS else code) for name, code in plan.held)
    return replace(plan, problems=(*said, *kept), held=held)


def _planned(company: OpenCompany, gathered: Gathered, books: Books) -> Plan:
    return planning.make_plan(
        gathered.billing,
        gathered.mapping,
        gathered.pins,
        books,
        gathered.done,
        gathered.settings,
        company=company.name,
        period=gathered.period,
        earlier=gathered.earlier,
    )


def _settled(company: OpenCompany, books: Books, make: Callable[[Books], Plan]) -> tuple[Plan, Books]:
    """The plan made from the books as they were just read, and the books it was made from.

    QuickBooks' settings (closing date, own numbers, classes) decide only over what is still to be posted or settled:
    they are asked for when there is such a thing, so that a finished month does not pay for them.
    """
    plan = make(books)
    if not (plan.operations or plan.adoptions or plan.held or blocking(plan.problems)):
        return plan, books
    settled = company.books.with_settings()
    same = (settled.preferences, settled.tax_codes) == (books.preferences, books.tax_codes)
    return (plan if same else make(settled)), settled


def _readable(plan: Plan, gathered: Gathered) -> Plan:
    """The plan with the input's problems; where a report cannot be read, only that: the rest would follow from it."""
    known = (*gathered.problems, *gathered.payouts.problems)
    broken = tuple(one for one in known if one.severity is Severity.FILE)
    if broken:
        return replace(plan, operations=(), adoptions=(), held=(), problems=broken)
    return _with_problems(plan, gathered.payouts.problems)


def _with_problems(plan: Plan, problems: Sequence[Problem]) -> Plan:
    """The plan with the input's problems before its own; a file problem leaves nothing to post."""
    known = set(plan.problems)
    united = (*(one for one in problems if one not in known), *plan.problems)
    if any(one.severity is Severity.FILE for one in united):
        return replace(plan, operations=(), adoptions=(), problems=united)
    return replace(plan, problems=united)


def _kept(made: Review) -> Review:
    with made.path.open("wb") as file:
        file.writelines(plans.pieces(made.plan))
    return made


def post(company: OpenCompany, reviewed: Review, approval: Approval, progress: Progress = silent) -> Outcome:
    """Post exactly the approved plan; raises as `push` does before anything is sent."""
    outcome = push(reviewed.plan, approval=approval, situation=_situation(company, reviewed.gathered, progress))
    if not outcome.stopped:
        company.books.keep_up(outcome.writes)
    return outcome


def _situation(company: OpenCompany, gathered: Gathered, progress: Progress) -> Situation:
    return Situation(
        client=company.client,
        log=company.log,
        settings=gathered.settings,
        run_id=company.new_run(),
        progress=progress,
        sleep=company.sleep,
    )


def prove(company: OpenCompany, period: str) -> Proved:
    """Read everything again and say, for every record, whether Coworks, QuickBooks, payouts and bank agree."""
    gathered = gather(company, period)
    read = company.books.now()
    gathered = _recognized(company, gathered, read)
    problems, books = _plan_problems(company, gathered, read)
    first, last = parse_period(period)
    balances = read_balances(company.client, books, gathered.settings, start=first, as_of=last)
    approved = (one for plan in company.log.plans(period) for one in plan.operations)
    sent = {one.key: one.record for one in approved if one.kind is Kind.INVOICE and one.action is Action.CREATE}
    return _proved(company, gathered, (books, balances), problems, sent)


def standing(company: OpenCompany, period: str) -> Proof:
    """What stands of the month in QuickBooks as it was read last, in verdicts and closing balances; for the line under
    a page. What this process wrote since is read; what others changed since is for the next page, and for `prove`.
    """
    gathered = gather(company, period)
    read = company.books.last()
    gathered = _recognized(company, gathered, read)
    problems, books = _plan_problems(company, gathered, read)
    first, last = parse_period(period)
    balances = company.books.closing(gathered.settings, start=first, as_of=last)
    return _proved(company, gathered, (books, balances), problems).proof


def _proved(
    company: OpenCompany,
    gathered: Gathered,
    read: tuple[Books, Balances],
    problems: tuple[Problem, ...],
    sent: dict[str, Record] | None = None,
) -> Proved:
    books, balances = read
    proof = tieout.prove(
        gathered.register,
        gathered.all_payouts,
        books,
        balances,
        gathered.done,
        gathered.settings,
        company=company.name,
        period=gathered.period,
        plan_problems=_with_the_lost(gathered, problems),
        sent=sent,
        unlogged=_unlogged_names(gathered),
    )
    return Proved(proof=proof, gathered=gathered, books=books, balances=balances)


def _with_the_lost(gathered: Gathered, problems: tuple[Problem, ...]) -> tuple[Problem, ...]:
    """The problems, and first what stands against the proof: the months that the posting log was lost of."""
    said = (unread.unlogged(month, needed=True) for month in gathered.unlogged)
    return (*said, *(one for one in problems if one.code != unread.UNLOGGED))


def _unlogged_names(gathered: Gathered) -> dict[str, str]:
    """The month of each invoice and payout of the months that the posting log was lost of."""
    if not gathered.unlogged:
        return {}
    paid_out = {one.payout_id: f"{one.arrival_date:%Y-%m}" for one in gathered.all_payouts.payouts}
    names = {name: month for name, month in paid_out.items() if month in gathered.unlogged}
    return names | {one.number: month for month in gathered.unlogged for one in gathered.reports[month].invoices}


def _plan_problems(company: OpenCompany, gathered: Gathered, books: Books) -> tuple[tuple[Problem, ...], Books]:
    """What planning would still have to say about the month, so that the proof counts open questions; and the books."""
    if gathered.settings.mode is Mode.NOTHING:
        return gathered.problems, books
    plan, books = _settled(company, books, lambda books: _planned(company, gathered, books))
    paid_out = blocking(gathered.payouts.problems) if gathered.settings.mode is Mode.TRANSACTIONS else ()
    return _with_problems(plan, (*gathered.problems, *paid_out)).problems, books


def sign_off(company: OpenCompany, proved: Proved, signed_by: str, proof_sha256: str) -> None:
    """Record a person's sign-off; the caller has seen that the month ties."""
    company.log.sign(proved.proof.period, signed_by=signed_by, proof_sha256=proof_sha256)


@dataclass(frozen=True, kw_only=True)
class Mapped:
    """What names mean in QuickBooks, what is missing, what might fit; nothing of it is applied."""

    mapping: Mapping
    unmapped: tuple[Unmapped, ...]
    suggestions: tuple[Suggestion, ...]
    products: tuple[str, ...]
    classes: tuple[str, ...]
    locations: tuple[str, ...]
    problems: tuple[Problem, ...]


def mapped(company: OpenCompany, period: str) -> Mapped:
    """The mapping beside the month's names and QuickBooks' live products, classes and locations."""
    gathered = gather(company, period)
    books = company.books.now()
    missing = mapping_suggestions.unmapped(gathered.mapping, gathered.billing.invoices)
    products = tuple(one.full_name or one.name for one in books.items if one.active and one.type != "Category")
    locations = tuple(one.full_name or one.name for one in books.locations if one.active)
    return Mapped(
        mapping=gathered.mapping,
        unmapped=missing,
        suggestions=mapping_suggestions.suggest(gathered.mapping, missing, products, locations=locations),
        products=products,
        classes=tuple(one.full_name or one.name for one in books.classes if one.active),
        locations=locations,
        problems=(*gathered.problems, *mapping.problems(gathered.mapping)),
    )


@dataclass(frozen=True, kw_only=True)
class Status:
    """Where a company stands: its switches, signed-off months, the posting log's counts, runs, open batches."""

    company: str
    realm: str
    settings: Settings
    days_left: int | None
    connected: bool
    """A connection of company.toml's environment is stored; whether QuickBooks has ended it is not known."""
    stored_environment: str
    """Which environment the stored connection is of, "" for none (or one that was stored without)."""
    stored_on: date | None
    good_until: date | None
    months: tuple[str, ...]
    sign_offs: tuple[SignOff, ...]
    standings: tuple[tuple[Standing, int], ...]
    unfinished: tuple[str, ...]
    unanswered: int
    runs: tuple[Run, ...]


def status(company: OpenCompany) -> Status:
    """Read the company's folder and posting log; QuickBooks is not asked."""
    done = company.log.replay()
    connection = company.session.connection
    stored = connection if connection is not None and connection.connected else None
    counted = undo.standings(done)
    return Status(
        company=company.name,
        realm=company.settings.quickbooks.realm or (connection.realm if connection else ""),
        settings=company.settings,
        days_left=company.session.days_left(),
        connected=stored is not None and company.session.has_keys,
        stored_environment=stored.environment if stored else "",
        stored_on=_local(company, stored.connected_at if stored else None),
        good_until=_local(company, stored.ends if stored else None),
        months=inbox.periods(company.folder / "inbox", company.settings.columns),
        sign_offs=company.log.sign_offs(),
        standings=tuple((one, counted[one]) for one in Standing if counted[one]),
        unfinished=company.log.unfinished_digests(),
        unanswered=sum(len(one.members) for one in company.log.open_batches()),
        runs=company.log.runs(),
    )


def _local(company: OpenCompany, moment: datetime | None) -> date | None:
    return moment.astimezone(company.settings.zone).date() if moment else None


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


def _empty_inbox(company: OpenCompany) -> Problem:
    return Problem(
        code="empty-inbox",
        where=f"{company.name}/inbox",
        what="There is no report in the inbox.",
        why="A month is posted from Coworks' Billing report and Payouts report.",
        do="In Coworks, download both reports for a month and put them into inbox/YYYY-MM/.",
        severity=Severity.FILE,
    )
