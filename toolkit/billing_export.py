"""One export of the Billing report, whatever its shape: its tabs read, its invoices built, checked against itself."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from toolkit.billing_columns import (
    HEAD,
    LINE,
    LIST_TABS,
    NOT_RECEIVED,
    PAYMENT,
    REFUND,
    SUMMARY,
    UNUSED_TABS,
    Tab,
    known_words,
    tab_of,
    word,
)
from toolkit.billing_invoices import Apart, build
from toolkit.billing_rows import LineReader, TabRows, even, item, picker, read_tab, unreadable
from toolkit.billing_settlement import method_of
from toolkit.billing_totals import (
    Summary,
    TabTotal,
    check_total_row,
    compare,
    nothing_in,
    read_summary,
    tab_total,
)
from toolkit.cells import Cells
from toolkit.model import Billing, BillingLine, BillingPayment, InputFile, Invoice, Refund
from toolkit.money import Money
from toolkit.problems import Problem, Severity, stops_everything
from toolkit.table_problems import empty
from toolkit.tables import (
    Columns,
    Damaged,
    Opened,
    Table,
    columns,
    disagreeing,
    duplicate_header,
    missing_column,
    normal,
    open_file,
)

_LIST = {**HEAD, **LINE}
_LINES = {"invoice_number": HEAD["invoice_number"], **LINE, "invoice_type": HEAD["invoice_type"]}
_ALIASES: dict[Tab, dict[str, tuple[str, ...]]] = {
    **dict.fromkeys(LIST_TABS, _LIST),
    Tab.SUMMARY: SUMMARY,
    Tab.LINES: _LINES,
    Tab.PAYMENTS: PAYMENT,
    Tab.REFUNDS: REFUND,
}
_REQUIRED: dict[Tab, tuple[str, ...]] = {
    **dict.fromkeys(LIST_TABS, ("invoice_number", "team", "invoice_date")),
    Tab.LINES: ("invoice_number", "amount"),
    Tab.PAYMENTS: ("invoice_number", "paid_date", "amount_paid"),
    Tab.REFUNDS: ("invoice_number", "refunded_date", "amount_refunded"),
}


@dataclass(slots=True)
class _Export:
    """One export while it is read."""

    period: str
    zone: ZoneInfo
    extra: Mapping[str, Sequence[str]]
    lists: list[tuple[TabRows, Columns, Cells]] = field(default_factory=list)
    summary: Summary | None = None
    lines: dict[str, list[BillingLine]] = field(default_factory=dict)
    payments: dict[str, list[BillingPayment]] | None = None
    refunds: dict[str, list[Refund]] | None = None
    files: list[InputFile] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    rows: int = 0


def read_export(
    group: Sequence[tuple[Path, str]], period: str, zone: ZoneInfo, extra: Mapping[str, Sequence[str]]
) -> Billing:
    """The invoices and problems of the files of one export, each with the name to call it by; order as found."""
    export = _Export(period, zone, extra)
    for path, name in group:
        opened = open_file(path, name)
        export.rows = 0
        if opened.problem is not None:
            export.problems.append(opened.problem)
        else:
            _read_file(export, opened)
        export.files.append(opened.input_file(export.rows, period))
    return _finish(export)


def _read_file(export: _Export, opened: Opened) -> None:
    known = known_words(_LIST, SUMMARY, PAYMENT, REFUND, extra=export.extra)
    for sheet in opened.sheets:
        table = opened.table(sheet, known)
        if isinstance(table, Problem):
            export.problems.append(table)
            continue
        name = sheet or Path(opened.name).stem
        if table is None:
            if not sheet:
                export.problems.append(empty(opened.name))
            continue
        try:
            _read_table(export, table, _kind(table, name, export))
        except Damaged as error:
            export.problems.append(error.problem)


def _kind(table: Table, name: str, export: _Export) -> Tab | None:
    tab = tab_of(name)
    if tab is not None or normal(name) in UNUSED_TABS:
        return tab
    found = columns(table.header, _LIST, export.extra)
    listed = "invoice_number" in found and ("total" in found or "amount" in found)
    if listed or not table.sheet:
        return Tab.INVOICES
    export.problems.append(
        Problem(
            code="unknown-tab",
            where=str(table.source()),
            what="This tab is not part of a Billing report that we know.",
            why="It was not read.",
            do="Nothing, if it holds no invoices.",
            severity=Severity.NOTE,
        )
    )
    return None


def _read_table(export: _Export, table: Table, tab: Tab | None) -> None:
    if tab is None or tab is Tab.PAYOUTS:
        return
    found = columns(table.header, _ALIASES[tab], export.extra)
    cells = Cells(export.zone, table.decimal_comma)
    if tab is Tab.SUMMARY:
        export.summary = read_summary(table, found, cells)
        if export.summary is None:
            export.problems.append(_unknown_summary(table))
        return
    if _lacks(export, table, tab, found):
        return
    if tab is Tab.LINES:
        _read_lines(export, table, found, cells)
    elif tab is Tab.PAYMENTS:
        _read_payments(export, table, found, cells)
    elif tab is Tab.REFUNDS:
        _read_refunds(export, table, found, cells)
    else:
        rows = read_tab(table, tab, found, cells)
        export.rows += rows.rows
        export.problems.extend(rows.problems)
        export.lists.append((rows, found, cells))


def _lacks(export: _Export, table: Table, tab: Tab, found: Columns) -> bool:
    missing = [name for name in _REQUIRED[tab] if name not in found]
    if tab in LIST_TABS and not {"total", "amount", "subtotal"} & set(found.at):
        missing.append("total")
    if tab is Tab.INVOICES and "status" not in found:
        missing.append("status")
    if missing:
        export.problems.append(missing_column(table, missing))
        return True
    word_twice = disagreeing(table, found.doubled) if found.doubled else ""
    if word_twice:
        export.problems.append(duplicate_header(table, word_twice))
    return bool(word_twice)


def _unknown_summary(table: Table) -> Problem:
    return Problem(
        code="summary-not-read",
        where=str(table.source()),
        what="The Billing Summary is laid out in a way that we do not know.",
        why="The rows could not be checked against it.",
        do="Compare the totals by eye, or name its headers under [columns] in company.toml.",
        severity=Severity.NOTE,
    )


def _read_lines(export: _Export, table: Table, found: Columns, cells: Cells) -> None:
    width = len(table.header)
    reader, number_at = LineReader(table, found, cells, width), found.at["invoice_number"]
    for row, raw in table.rows():
        export.rows += 1
        full, _ = even(raw, width)
        number = cells.text(full[number_at])
        try:
            line, _ = reader(full, row)
        except ValueError as error:
            export.problems.append(unreadable(table.source(row), number, error))
            continue
        if isinstance(line, BillingLine):
            export.lines.setdefault(number, []).append(line)
        else:
            export.problems.append(unreadable(table.source(row), number, ValueError("the line has no amount")))


def _read_payments(export: _Export, table: Table, found: Columns, cells: Cells) -> None:
    export.payments = export.payments or {}
    pick = picker(tuple(PAYMENT), found, len(table.header))
    for row, raw in table.rows():
        export.rows += 1
        cell = dict(zip(PAYMENT, pick(even(raw, len(table.header))[0]), strict=True))
        number = cells.text(cell["invoice_number"])
        if word(cell["payment_state"]) in NOT_RECEIVED:
            continue
        try:
            paid_on = cells.day(cell["paid_date"], "paid_date" in found.utc)
            amount = cells.money(cell["amount_paid"])
            if paid_on is None:
                raise ValueError("the payment has no date")
        except ValueError as error:
            export.problems.append(unreadable(table.source(row), number, error))
            continue
        payment = BillingPayment(
            invoice_number=number,
            payment_id=cells.text(cell["payment_id"]),
            occurrence=1,
            paid_on=paid_on,
            amount=amount,
            method=method_of(cell["payment_method"]),
            reference=cells.text(cell["reference"]),
            charge_id=cells.text(cell["charge_id"]),
            payout_id=cells.text(cell["payout_id"]),
            source=table.source(row),
        )
        export.payments.setdefault(number, []).append(payment)


def _read_refunds(export: _Export, table: Table, found: Columns, cells: Cells) -> None:
    export.refunds = export.refunds or {}
    pick = picker(tuple(REFUND), found, len(table.header))
    for row, raw in table.rows():
        export.rows += 1
        cell = dict(zip(REFUND, pick(even(raw, len(table.header))[0]), strict=True))
        number = cells.text(cell["invoice_number"])
        if word(cell["refund_state"]) in NOT_RECEIVED:
            continue
        try:
            refunded_on = cells.day(cell["refunded_date"], "refunded_date" in found.utc)
            amount = abs(cells.money(cell["amount_refunded"]))
            if refunded_on is None:
                raise ValueError("the refund has no date")
        except ValueError as error:
            export.problems.append(unreadable(table.source(row), number, error))
            continue
        refund = Refund(
            invoice_number=number,
            refund_id=cells.text(cell["refund_id"]),
            occurrence=1,
            refunded_on=refunded_on,
            amount=amount,
            reason=cells.text(cell["refund_reason"]),
            payout_id=cells.text(cell["refund_payout_id"]),
            source=table.source(row),
        )
        export.refunds.setdefault(number, []).append(refund)


def _finish(export: _Export) -> Billing:
    """The invoices of one export, and whether it agrees with itself."""
    export.problems.extend(_lacks_by_rows(export))
    by_number: dict[str, list[int]] = {}
    for place, (rows, _, _) in enumerate(export.lists):
        for number in rows.drafts:
            by_number.setdefault(number, []).append(place)
    invoices: list[Invoice] = []
    held: set[str] = set()
    amounts: dict[str, Money | None] = {}
    broken = _broken(export)
    for number, places in by_number.items():
        drafts = [export.lists[place][0].drafts[number] for place in places]
        built = build(drafts, _apart(export, number))
        export.problems.extend(built.problems)
        if built.invoice is None or number in broken:
            held.add(number)
            amounts[number] = _stated(export, places, number)
        else:
            invoices.append(built.invoice)
            amounts[number] = built.invoice.total
        _let_go(export, places, number)
    _strangers(export, by_number)
    _self_check(export, amounts)
    return Billing(
        period=export.period,
        invoices=tuple(invoices),
        problems=tuple(export.problems),
        held=frozenset(held),
        files=tuple(export.files),
        exported_at=_local(export),
    )


def _let_go(export: _Export, places: Sequence[int], number: str) -> None:
    """Forget the cells of an invoice that is built: they are the larger part of a report in memory."""
    for place in places:
        rows = export.lists[place][0]
        if rows.total_row is None:
            rows.drafts[number].forget()


def _lacks_by_rows(export: _Export) -> list[Problem]:
    """Missing columns that only the rows show to be needed: dates of payments and refunds, amounts of several lines."""
    problems: list[Problem] = []
    for rows, found, _ in export.lists:
        wanted: list[str] = []
        if rows.tab in (Tab.PAID, Tab.MARKED_AS_PAID) and export.payments is None:
            wanted.append("paid_date")
        if rows.tab is Tab.REFUNDED and export.refunds is None:
            wanted.append("refunded_date")
        if not export.lines and any(len(draft.words) > 1 for draft in rows.drafts.values()):
            wanted.append("amount")
        missing = [name for name in wanted if name not in found]
        if missing and rows.drafts:
            problems.append(missing_column(rows.table, missing))
    return problems


def _broken(export: _Export) -> set[str]:
    return {problem.key for problem in export.problems if problem.severity is Severity.ITEM and problem.key}


_NOTHING_APART = Apart()


def _apart(export: _Export, number: str) -> Apart:
    if not export.lines and export.payments is None and export.refunds is None:
        return _NOTHING_APART
    return Apart(
        lines=export.lines.get(number, ()),
        payments=None if export.payments is None else export.payments.get(number, ()),
        refunds=None if export.refunds is None else export.refunds.get(number, ()),
    )


def _stated(export: _Export, places: Sequence[int], number: str) -> Money | None:
    """What a held invoice says its total is, None if that cannot be read."""
    for place in places:
        rows, found, cells = export.lists[place]
        draft = rows.drafts[number]
        try:
            amount = cells.amount(draft.heads[0]["total"]) if draft.heads and "total" in found else None
        except ValueError:
            amount = None
        if amount is not None:
            return amount
    return None


def _strangers(export: _Export, known: Collection[str]) -> None:
    """Lines, payments and refunds of invoices that the report does not list."""
    tables: tuple[tuple[str, Mapping[str, Sequence[BillingLine | BillingPayment | Refund]]], ...] = (
        ("line", export.lines),
        ("payment", export.payments or {}),
        ("refund", export.refunds or {}),
    )
    for what, found in tables:
        for number, records in found.items():
            if number not in known:
                export.problems.append(
                    item(
                        "unknown-invoice",
                        records[0].source,
                        f"This {what} belongs to invoice {number or '(no number)'}, which the report does not list.",
                        "It has nothing to be posted on.",
                        "Export the report so that it covers the invoice too.",
                        key=number,
                    )
                )


def _self_check(export: _Export, amounts: Mapping[str, Money | None]) -> None:
    if stops_everything(export.problems):
        return
    found: dict[Tab, TabTotal] = {}
    for rows, at, cells in export.lists:
        found[rows.tab] = tab_total(rows, amounts)
        wrong = check_total_row(rows, at, cells, amounts)
        if wrong is not None:
            export.problems.append(wrong)
    if export.summary is None:
        return
    everything = [amounts[number] for number in amounts]
    union = TabTotal(
        numbers=set(amounts),
        amount=sum((amount for amount in everything if amount is not None), Money("0.00")),
        unnumbered=sum(one.unnumbered for one in found.values()),
        unreadable=sum(1 for amount in everything if amount is None),
    )
    export.problems.extend(compare(export.summary, found, union))
    if not amounts and not stops_everything(export.problems):
        where = ", ".join(file.name for file in export.files)
        export.problems.append(nothing_in(where, export.period, confirmed=True))


def _local(export: _Export) -> datetime | None:
    moment = export.summary.exported_at if export.summary else None
    return moment.astimezone(export.zone) if moment else None
