"""Billing of several exports or months as one, what a person says was voided, and what has vanished."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

from toolkit.billing_columns import VOIDS, known_words
from toolkit.billing_rows import even, item, picker
from toolkit.billing_settlement import in_order, refunds_in_order
from toolkit.cells import Cell, Cells
from toolkit.model import Billing, BillingPayment, Invoice, InvoiceStatus, Refund, Source, Void
from toolkit.money import total
from toolkit.problems import Problem, Severity
from toolkit.settings import parse_period
from toolkit.tables import Damaged, columns, missing_column, open_file

_OPEN = frozenset({InvoiceStatus.UNPAID, InvoiceStatus.FAILED, InvoiceStatus.SCHEDULED, InvoiceStatus.PAUSED})


def merge(reports: Sequence[Billing], period: str) -> Billing:
    """All that is known up to and including `period` (YYYY-MM) as one register, in (invoice date, number) order.

    Reports of later months are left out; of an invoice in several the latest counts (by period, then by place), with
    the payments and refunds of all. An invoice that only the latest report holds back stays as the earlier one knew it.
    Voids dated up to the period's end are applied. `problems` are those of the last report, `files` those of all.
    """
    used = sorted((one for one in reports if one.period <= period), key=lambda one: one.period)
    if not used:
        return Billing(period=period, invoices=())
    register: dict[str, Invoice] = {}
    for report in used:
        for invoice in report.invoices:
            register[invoice.number] = united(register.get(invoice.number), invoice)
    last = used[-1]
    voids = tuple(dict.fromkeys(void for report in used for void in report.voids))
    merged = Billing(
        period=period,
        invoices=tuple(sorted(register.values(), key=lambda one: (one.invoice_date, one.number))),
        problems=last.problems,
        held=frozenset(last.held - register.keys()),
        files=tuple(file for report in used for file in report.files),
        filters_on=last.filters_on,
        exported_at=last.exported_at,
    )
    return apply_voids(merged, voids, parse_period(period)[1])


def united(earlier: Invoice | None, later: Invoice) -> Invoice:
    """The later word on an invoice, with the payments and refunds that either export knows."""
    if earlier is None or not (earlier.payments or earlier.refunds):
        return later
    payments = _payments(earlier.payments, later.payments)
    refunds = _refunds(earlier.refunds, later.refunds)
    if payments == later.payments and refunds == later.refunds:
        return later
    return replace(
        later,
        payments=payments,
        refunds=refunds,
        amount_paid=total(one.amount for one in payments),
        amount_refunded=total(one.amount for one in refunds),
    )


def _payments(earlier: Iterable[BillingPayment], later: Sequence[BillingPayment]) -> tuple[BillingPayment, ...]:
    ids = {one.payment_id for one in later if one.payment_id}
    seen = {(one.paid_on, one.amount) for one in later}
    kept = [one for one in earlier if (one.payment_id not in ids if one.payment_id and ids else _new(one, seen))]
    return in_order((*later, *kept))


def _new(payment: BillingPayment, seen: Collection[tuple[date, object]]) -> bool:
    return (payment.paid_on, payment.amount) not in seen


def _refunds(earlier: Iterable[Refund], later: Sequence[Refund]) -> tuple[Refund, ...]:
    ids = {one.refund_id for one in later if one.refund_id}
    seen = {(one.refunded_on, one.amount) for one in later}
    kept = [
        one
        for one in earlier
        if (one.refund_id not in ids if one.refund_id and ids else (one.refunded_on, one.amount) not in seen)
    ]
    return refunds_in_order((*later, *kept))


def merge_exports(exports: Sequence[Billing], period: str, voids: Sequence[Void]) -> Billing:
    """Several exports of one month as one: the later wins, and what a later full export no longer has is a question.

    A later file that repeats more than half of the numbers so far is a new export of the same list; one that repeats
    fewer is a part that complements it (a campus, say), and absence from it means nothing.
    """
    if len(exports) == 1:
        return exports[0]
    register: dict[str, Invoice] = {}
    held: set[str] = set()
    problems: dict[str, list[Problem]] = {}
    loose: list[Problem] = []
    answered = {void.invoice_number for void in voids}
    for export in exports:
        here = {invoice.number for invoice in export.invoices} | export.held
        before = set(register) | held
        if len(before & here) * 2 > len(before):
            for number in sorted(set(register) - here - answered):
                problems[number] = [_vanished(register.pop(number), export)]
                held.add(number)
        for number in here:
            problems.pop(number, None)
        held = (held - here) | export.held
        for number in export.held:
            register.pop(number, None)
        for problem in export.problems:
            (problems.setdefault(problem.key, []) if problem.key else loose).append(problem)
        for invoice in export.invoices:
            register[invoice.number] = united(register.get(invoice.number), invoice)
    return Billing(
        period=period,
        invoices=tuple(register.values()),
        problems=(*loose, *(problem for some in problems.values() for problem in some)),
        held=frozenset(held),
        files=tuple(file for export in exports for file in export.files),
        exported_at=max((one.exported_at for one in exports if one.exported_at), default=None),
    )


def read_voids(path: Path, zone: ZoneInfo) -> tuple[tuple[Void, ...], tuple[Problem, ...]]:
    """The rows of voids.csv (invoice_number, voided_on, reason) and what is wrong with them.

    A row without a date, with a date that is none, or with another date for the same invoice is an item Problem.
    """
    opened = open_file(path)
    if opened.problem is not None:
        return ((), (opened.problem,)) if opened.size_bytes else ((), ())
    table = opened.table(opened.sheets[0], known_words(VOIDS, extra={}))
    if table is None or isinstance(table, Problem):
        return (), (table,) if table else ()
    found = columns(table.header, VOIDS)
    missing = [name for name in ("invoice_number", "voided_on") if name not in found]
    if missing:
        return (), (missing_column(table, missing),)
    cells = Cells(zone, table.decimal_comma)
    voids: dict[str, Void] = {}
    problems: list[Problem] = []
    pick = picker(tuple(VOIDS), found, len(table.header))
    try:
        for row, raw in table.rows():
            number, on, reason = pick(even(raw, len(table.header))[0])
            answer = _void(cells.text(number), on, cells.text(reason), cells, table.source(row))
            known = voids.get(answer.invoice_number) if isinstance(answer, Void) else None
            if isinstance(answer, Problem):
                problems.append(answer)
            elif known is not None and known.voided_on != answer.voided_on:
                problems.append(_void_problem(answer.source, answer.invoice_number, "has two different dates"))
            else:
                voids[answer.invoice_number] = answer
    except Damaged as error:
        problems.append(error.problem)
    return tuple(voids.values()), tuple(problems)


def _void(number: str, on: Cell, reason: str, cells: Cells, source: Source) -> Void | Problem:
    try:
        voided_on = cells.day(on)
    except ValueError as error:
        return _void_problem(source, number, f"has a date that cannot be read ({error})")
    if not number:
        return _void_problem(source, "(none)", "names no invoice")
    if voided_on is None:
        return _void_problem(source, number, "has no date in voided_on")
    return Void(invoice_number=number, voided_on=voided_on, reason=reason, source=source)


def _void_problem(source: Source, number: str, what: str) -> Problem:
    return item(
        "void-answer",
        source,
        f"The void of invoice {number} {what}.",
        "The day of the void decides whether the invoice is voided or gets a credit memo.",
        "Give the day it was voided in Coworks, as 2026-01-31.",
        key=number,
    )


def _void_of_nothing(void: Void) -> Problem:
    return item(
        "void-answer",
        void.source,
        f"The void of invoice {void.invoice_number} names an invoice that is in no report and not in QuickBooks.",
        "Nothing is voided for it; the invoice that is meant may still stand.",
        "Correct the invoice number in voids.csv, or delete the row.",
        key=void.invoice_number,
    )


def apply_voids(billing: Billing, voids: Sequence[Void], last: date) -> Billing:
    """`billing` with what voids.csv answers up to `last` (inclusive) applied.

    An invoice that Coworks calls closed without saying when, and that no answer dates, is held with an item Problem.
    """
    answers = {void.invoice_number: void for void in voids if void.voided_on <= last}
    invoices: list[Invoice] = []
    problems: list[Problem] = []
    for invoice in billing.invoices:
        undated = invoice.status is InvoiceStatus.VOIDED and invoice.voided_on is None
        answer = answers.get(invoice.number)
        if answer is not None and (undated or invoice.status is not InvoiceStatus.VOIDED):
            invoices.append(
                replace(invoice, status=InvoiceStatus.VOIDED, voided_on=answer.voided_on, void_reason=answer.reason)
            )
        elif undated:
            problems.append(_undated(invoice))
        else:
            invoices.append(invoice)
    return replace(
        billing,
        invoices=tuple(invoices),
        problems=(*billing.problems, *problems),
        held=billing.held | {problem.key for problem in problems},
        voids=tuple(voids),
    )


def _undated(invoice: Invoice) -> Problem:
    return item(
        "void-without-date",
        invoice.source,
        f"Invoice {invoice.number} of {invoice.team} is closed in Coworks, but the report does not say since when.",
        "The day of the void decides whether the invoice is voided or gets a credit memo.",
        f"Add a row {invoice.number},<day it was closed>,<reason> to voids.csv.",
        key=invoice.number,
    )


def vanished(earlier: Billing, current: Billing, posted: Collection[str] | Mapping[str, date]) -> tuple[Problem, ...]:
    """One question for each posted invoice that a later export, which covers its date, lists in no tab.

    `posted` are invoice numbers, or invoice dates by number: with dates, invoices that `earlier` does not know are
    asked about too. An export covers the dates of its own month, and, if it lists older open invoices, the open ones as
    old as the oldest of them. What voids.csv answers, what is voided already and what is held is not asked about.
    A row of voids.csv that names an invoice known to neither export nor `posted` is an item Problem. In number order.
    """
    known = {invoice.number: invoice for invoice in earlier.invoices}
    listed = {invoice.number for invoice in current.invoices} | current.held
    answered = {void.invoice_number for void in (*earlier.voids, *current.voids)}
    first, last = parse_period(current.period)
    oldest = min((one.invoice_date for one in current.invoices if one.status in _OPEN), default=first)
    dates = dict(posted) if isinstance(posted, Mapping) else {}
    missing: list[Problem] = []
    for number in sorted(set(posted) - listed - answered):
        invoice = known.get(number)
        on = invoice.invoice_date if invoice else dates.get(number)
        if on is None or (invoice is not None and invoice.status is InvoiceStatus.VOIDED):
            continue
        still_open = invoice is not None and invoice.status in _OPEN and oldest <= on < first
        if first <= on <= last or still_open:
            missing.append(_vanished_problem(number, invoice.team if invoice else "", on, current))
    everyone = listed | known.keys() | set(posted)
    strangers = [void for void in current.voids if void.invoice_number not in everyone and void.voided_on <= last]
    return (
        *missing,
        *(_void_of_nothing(void) for void in strangers),
    )


def _vanished(invoice: Invoice, current: Billing) -> Problem:
    return _vanished_problem(invoice.number, invoice.team, invoice.invoice_date, current)


def _vanished_problem(number: str, team: str, on: date, current: Billing) -> Problem:
    return Problem(
        code="invoice-vanished",
        where=", ".join(file.name for file in current.files) or current.period,
        what=f"Invoice {number}{f' of {team}' if team else ''} of {on} is in no tab of this export, "
        "although an earlier one had it.",
        why="Coworks' report does not show voided invoices: was it voided, split or paused in Coworks? "
        "Absence alone never voids anything.",
        do=f"If it was voided, add a row {number},<day it was voided>,<reason> to voids.csv; "
        "if it was split or paused, add it to the report with that status.",
        severity=Severity.ITEM,
        key=number,
        candidates=("voided", "split", "paused"),
    )
