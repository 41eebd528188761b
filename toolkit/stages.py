"""The stages of one company's month, each a function of an open company: what the command line, the notebooks and
papermill all call.

Reading stages write nothing but files in the evidence folder; only `post` and `post_deposits` write to QuickBooks, and
only an approved plan.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from toolkit import deposits, mapping, mapping_suggestions, planning, tieout, unread
from toolkit import plan as plans
from toolkit.approval import Approval
from toolkit.books import Balances, Books, Record
from toolkit.company_status import Status, status
from toolkit.evidence import Proved, forecast, reminder_lines, write_pack
from toolkit.gathering import (
    Gathered,
    default_period,
    empty_inbox,
    gather,
    known_period,
    recognized,
    with_sign_offs,
)
from toolkit.mapping import Mapping
from toolkit.mapping_suggestions import Suggestion, Unmapped
from toolkit.open_company import OpenCompany
from toolkit.plan import Action, Kind, Outcome, Plan
from toolkit.problems import Problem, Severity, blocking
from toolkit.proof import Proof
from toolkit.push import Progress, Situation, push, silent
from toolkit.qbo.snapshot import read_balances
from toolkit.settings import Mode, parse_period

__all__ = [
    "DEPOSITS_PLAN_FILE",
    "PLAN_FILE",
    "Gathered",
    "Mapped",
    "Proved",
    "Review",
    "Status",
    "default_period",
    "empty_inbox",
    "forecast",
    "gather",
    "known_period",
    "mapped",
    "post",
    "prove",
    "reminder_lines",
    "review",
    "review_deposits",
    "sign_off",
    "standing",
    "status",
    "with_sign_offs",
    "write_pack",
]

PLAN_FILE = "plan.json"
DEPOSITS_PLAN_FILE = "deposits-plan.json"


@dataclass(frozen=True, kw_only=True)
class Review:
    """A plan as it is put before a person, with what it was made from; `path` is its file in the evidence folder."""

    plan: Plan
    gathered: Gathered
    books: Books
    path: Path


def review(company: OpenCompany, period: str, *, keep: bool = True) -> Review:
    """Plan the month's customers, invoices, payments, credits, refunds and voids; changes nothing in QuickBooks.

    With `keep` the plan is written as plan.json, the one that was reviewed.
    """
    gathered = gather(company, period)
    read = company.books.now()
    gathered = recognized(company, gathered, read)
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
    gathered = recognized(company, gathered, read)
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
    gathered = recognized(company, gathered, read)
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
    gathered = recognized(company, gathered, read)
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
