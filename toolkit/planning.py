"""The posting plan: what the books need so that each Coworks record stands in them exactly once.

Pure: billing, mapping, books and posting log in, one Plan out. The order of the input decides nothing. Bank deposits
are another plan, made after this one is posted.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date

from toolkit import billing as billing_report
from toolkit import collector
from toolkit.bench import Bench, bench
from toolkit.books import PENDING, Books, Preferences, ReceivedPayment, SalesDocument
from toolkit.frame import NOTHING, Frame, Part, frame_of, joined
from toolkit.mapping import Mapping, Pin
from toolkit.model import Billing, Invoice, InvoiceStatus
from toolkit.plan import Adoption, Done, Fact, Kind, Plan, ordered
from toolkit.planned_credits import plan_credits
from toolkit.planned_customers import payers
from toolkit.planned_invoices import plan_invoice
from toolkit.planned_payments import plan_payments
from toolkit.planned_refunds import plan_refunds
from toolkit.planned_voids import plan_void
from toolkit.postings import Posting, effective, identity_of
from toolkit.problems import Problem, Severity, stops_everything
from toolkit.settings import Mode, SalesTax, Settings

STAGE = "billing"


def make_plan(  # noqa: PLR0917 - the six inputs of the story
    billing: Billing,
    mapping: Mapping,
    pins: Sequence[Pin],
    books: Books,
    done: Done,
    settings: Settings,
    *,
    company: str,
    period: str,
    earlier: Billing | None = None,
    signed_through: date | None = None,
) -> Plan:
    """What to post for one month: customers, invoices, payments, credits, refunds, voids, in safe order.

    `earlier` is the register of all months before (for vanished and split invoices), `signed_through` the last day of
    the last signed-off period. Invoices dated outside the period are posted under their own date if they are new, not
    before go-live, and open; else they bring only their payments. Raises `UsageError` if `period` is no month.
    """
    with collector.at_rest():
        frame = frame_of(
            billing,
            mapping,
            books,
            done,
            settings,
            company=company,
            period=period,
            earlier=earlier,
            signed_through=signed_through,
        )
        stops = (*billing.problems, *_stops(frame, billing))
        if settings.mode is Mode.NOTHING or stops_everything(stops):
            return _plan(frame, Part(problems=(*_switched_off(settings), *stops)))
        questions = _vanished(frame, billing, earlier)
        posted = _post(frame, _to_decide(frame, billing), pins)
        return _plan(frame, joined((_held_by_reader(billing), questions, posted, _relied_on(frame, posted))))


# ---- what stops everything


def _switched_off(settings: Settings) -> tuple[Problem, ...]:
    if settings.mode is not Mode.NOTHING:
        return ()
    off = Problem(
        code="switched-off",
        where="company.toml, [push]",
        what="Nothing will be posted: push.invoices and push.transactions are both off.",
        why="Connecting alone posts nothing; the two switches say what shall be.",
        do="Set push.invoices = true, or push.transactions = true for invoices and payments.",
        severity=Severity.NOTE,
    )
    return (off,)


def _stops(frame: Frame, billing: Billing) -> tuple[Problem, ...]:
    preferences, settings = frame.books.preferences, frame.settings
    found = (
        _wrong_company(frame.books, settings),
        _wrong_period(billing, frame.period),
        _no_own_numbers(preferences),
        _no_sales_tax(preferences, settings),
    )
    return tuple(problem for problem in found if problem is not None)


def _stop(code: str, where: str, what: str, why: str, do: str) -> Problem:
    return Problem(code=code, where=where, what=what, why=why, do=do, severity=Severity.FILE)


def _wrong_company(books: Books, settings: Settings) -> Problem | None:
    wanted = settings.quickbooks.realm
    if not wanted or wanted == books.realm:
        return None
    return _stop(
        "wrong-company",
        "company.toml, quickbooks.realm",
        f"The settings are for company ID {wanted}, these books are {books.realm} ({books.company_name}).",
        "One operator's bills must not reach another's books.",
        "Connect to the right company, or correct quickbooks.realm.",
    )


def _wrong_period(billing: Billing, period: str) -> Problem | None:
    if billing.period == period:
        return None
    return _stop(
        "wrong-period",
        f"inbox/{billing.period}",
        f"The report is of {billing.period}, the plan is for {period}.",
        "Invoices would be judged by the wrong month's dates.",
        f"Plan {billing.period}, or put the report of {period} into the inbox.",
    )


def _no_own_numbers(preferences: Preferences) -> Problem | None:
    if preferences.custom_numbers:
        return None
    return _stop(
        "custom-numbers-off",
        "QuickBooks",
        "Custom transaction numbers are switched off in QuickBooks.",
        "QuickBooks would number invoices itself, and they could not be found under their Coworks numbers.",
        "In QuickBooks: Account and settings > Sales > Sales form content > Custom transaction numbers: on.",
    )


def _no_sales_tax(preferences: Preferences, settings: Settings) -> Problem | None:
    if settings.policy.sales_tax is SalesTax.OUTSIDE or preferences.uses_sales_tax:
        return None
    return _stop(
        "sales-tax-off",
        "company.toml, policy.sales_tax",
        "Sales tax is to be inside QuickBooks, but QuickBooks does not use sales tax.",
        "QuickBooks would drop the tax from every invoice.",
        "Set up sales tax in QuickBooks, or set policy.sales_tax to outside.",
    )


# ---- what is to be decided


def _held_by_reader(billing: Billing) -> Part:
    codes = {problem.key: problem.code for problem in billing.problems if problem.key}
    held = tuple((number, codes.get(number, "unreadable")) for number in sorted(billing.held))
    return Part(held=held, problems=billing.problems)


def _vanished(frame: Frame, billing: Billing, earlier: Billing | None) -> Part:
    if earlier is None:
        return NOTHING
    posted = {
        invoice.number: invoice.invoice_date for invoice in frame.earlier.values() if identity_of(frame, invoice).stands
    }
    found = billing_report.vanished(earlier, billing, posted)
    questions = tuple(problem for problem in found if problem not in billing.problems)
    return Part(held=tuple((one.key, one.code) for one in questions if one.key), problems=questions)


def _to_decide(frame: Frame, billing: Billing) -> tuple[Invoice, ...]:
    """The report's invoices and the earlier ones that voids.csv answers for, in date and number order."""
    listed = {invoice.number for invoice in billing.invoices} | billing.held
    answered = [
        replace(known, status=InvoiceStatus.VOIDED, voided_on=void.voided_on, void_reason=void.reason)
        for void in billing.voids
        if void.voided_on <= frame.last
        and void.invoice_number not in listed
        and (known := frame.earlier.get(void.invoice_number)) is not None
    ]
    return tuple(sorted((*billing.invoices, *answered), key=lambda one: (one.invoice_date, one.number)))


# ---- deciding


def _post(frame: Frame, invoices: tuple[Invoice, ...], pins: Sequence[Pin]) -> Part:
    known = payers(frame, invoices, pins)
    at = bench(frame)
    planned = [plan_invoice(at, effective(frame, one), known[one.number]) for one in invoices]
    postings = [one.posting for one in planned if one.posting is not None]
    decided = joined((*(one.part for one in planned), *(_what_hangs_on(at, posting) for posting in postings)))
    return joined((_customers(postings, decided), _waiting_for_this_plan(decided)))


def _waiting_for_this_plan(part: Part) -> Part:
    """With the needs of each operation that this plan itself meets; what stands already is waited for by nobody."""
    planned = {operation.key for operation in part.operations if operation.kind is not Kind.VOID}
    operations = tuple(
        replace(one, needs=tuple(key for key in one.needs if key in planned)) if one.kind is Kind.VOID else one
        for one in part.operations
    )
    return replace(part, operations=operations)


def _what_hangs_on(at: Bench, posting: Posting) -> Part:
    """Credits first, since they settle too; refunds see what credits have reversed; a void sees both."""
    credited = plan_credits(at, posting)
    parts = [credited.part]
    if at.frame.settings.mode is Mode.TRANSACTIONS:
        parts.append(plan_payments(at, posting, credited.applied))
        parts.append(plan_refunds(at, posting, credited))
    parts.append(plan_void(at, posting, credited))
    return joined(parts)


def _customers(postings: Iterable[Posting], decided: Part) -> Part:
    """The customers that are needed: created ones that an operation waits for, found ones that an invoice stands on."""
    needed = {key for operation in decided.operations for key in operation.needs}
    created = {}
    found: dict[str, Adoption] = {}
    for posting in postings:
        payer = posting.payer
        if payer.operation and payer.operation.key in needed:
            created[payer.operation.key] = payer.operation
        if payer.adoption and posting.customer_id == payer.customer_id:
            found[payer.adoption.key] = payer.adoption
    return Part(operations=tuple(created.values()), adoptions=tuple(found.values()))


# ---- what the plan relied on


def _relied_on(frame: Frame, part: Part) -> Part:
    """Preferences, and every product, class, location, account and customer that the operations name, each once."""
    if not part.operations and not part.adoptions:
        return NOTHING
    standing = _states(frame.books)
    used = sorted(_references([operation.record for operation in part.operations]))
    named = tuple(Fact(of=name, value=standing.get(name, "missing")) for name in used)
    return Part(facts=(_preferences(frame), *named))


def _references(records: Sequence[object]) -> set[str]:
    """What the records name in QuickBooks' lists, each once; what the plan itself creates is not among it."""
    documents = [one for one in records if isinstance(one, SalesDocument)]
    payments = [one for one in records if isinstance(one, ReceivedPayment)]
    lines = [line for one in documents for line in one.lines]
    ids = {
        "customer": {one.customer_id for one in documents} | {one.customer_id for one in payments},
        "account": {one.deposit_account_id for one in documents} | {one.deposit_account_id for one in payments},
        "location": {one.location_id for one in documents},
        "class": {one.class_id for one in documents} | {line.class_id for line in lines},
        "product/service": {line.item_id for line in lines},
    }
    return {f"{what} #{one}" for what, found in ids.items() for one in found if one and not one.startswith(PENDING)}


def _states(books: Books) -> dict[str, str]:
    states = {f"customer #{one.id}": _active(one.active) for one in books.customers}
    states |= {f"account #{one.id}": _active(one.active) for one in books.accounts}
    states |= {f"product/service #{one.id}": f"{_active(one.active)} class {one.class_id}" for one in books.items}
    states |= {f"class #{one.id}": _active(one.active) for one in books.classes}
    return states | {f"location #{one.id}": _active(one.active) for one in books.locations}


def _active(active: bool) -> str:
    return "active" if active else "inactive"


def _preferences(frame: Frame) -> Fact:
    chosen = frame.books.preferences
    said = (
        f"custom numbers {chosen.custom_numbers}; classes {chosen.class_tracking}; locations {chosen.locations}; "
        f"sales tax {chosen.uses_sales_tax}/{chosen.automated_sales_tax}; currency {chosen.home_currency}; "
        f"credits by themselves {chosen.auto_apply_credit}/{chosen.auto_apply_payments}; "
        f"closed through {frame.closed_through}; switches {frame.settings.mode}"
    )
    return Fact(of="preferences", value=said)


# ---- the plan itself


def _plan(frame: Frame, part: Part) -> Plan:
    """The part as a plan: everything in an order that the input cannot change."""
    return Plan(
        stage=STAGE,
        company=frame.company,
        realm=frame.books.realm,
        period=frame.period,
        operations=ordered(part.operations),
        adoptions=tuple(sorted(part.adoptions, key=lambda one: (one.kind, one.label, one.key))),
        unchanged=tuple(sorted(set(part.unchanged))),
        held=tuple(sorted(dict(reversed(part.held)).items())),
        problems=_in_order(part.problems),
        facts=tuple(sorted({fact.of: fact for fact in part.facts}.values(), key=lambda one: one.of)),
    )


_WEIGHT = {Severity.FILE: 0, Severity.ITEM: 1, Severity.NOTE: 2}


def _in_order(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    distinct = dict.fromkeys(problems)
    return tuple(sorted(distinct, key=lambda one: (_WEIGHT[one.severity], one.key, one.code, one.where, one.what)))
