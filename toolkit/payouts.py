"""The Payouts report to records: each payout once, with its charges; what does not net to it is a Problem."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

from toolkit.billing_columns import CHARGE, PAYOUT, check_columns, is_total, known_words, word
from toolkit.billing_rows import even, item, picker
from toolkit.cells import Cell, Cells, DayFirst
from toolkit.model import Charge, ChargeType, InputFile, Payout, Payouts, PayoutStatus, Source
from toolkit.money import Money, show, total
from toolkit.problems import Problem, Severity, stops_everything
from toolkit.settings import parse_period
from toolkit.table_problems import day_first, empty
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

STATUSES: dict[str, PayoutStatus] = {
    "paid": PayoutStatus.PAID,
    "deposited": PayoutStatus.PAID,
    "in_transit": PayoutStatus.IN_TRANSIT,
    "pending": PayoutStatus.PENDING,
    "failed": PayoutStatus.FAILED,
    "canceled": PayoutStatus.CANCELED,
    "cancelled": PayoutStatus.CANCELED,
}

TYPES: dict[str, ChargeType] = {
    # Stripe's reporting categories and balance transaction types, docs.stripe.com/reports/reporting-categories.
    "charge": ChargeType.CHARGE,
    "payment": ChargeType.CHARGE,
    "refund": ChargeType.REFUND,
    "partial_refund": ChargeType.REFUND,
    "payment_refund": ChargeType.REFUND,
    "partial_capture_reversal": ChargeType.REFUND,
    "dispute": ChargeType.DISPUTE,
    "chargeback": ChargeType.DISPUTE,
    "dispute_reversal": ChargeType.DISPUTE_REVERSAL,
    "charge_failure": ChargeType.CHARGE_FAILURE,
    "payment_failure_refund": ChargeType.CHARGE_FAILURE,
    "refund_failure": ChargeType.REFUND_FAILURE,
    "fee": ChargeType.FEE,
    "stripe_fee": ChargeType.FEE,
    "network_cost": ChargeType.FEE,
    "adjustment": ChargeType.ADJUSTMENT,
    "other_adjustment": ChargeType.ADJUSTMENT,
    "payout_reversal": ChargeType.PAYOUT_REVERSAL,
    "payout_failure": ChargeType.PAYOUT_REVERSAL,
}

_OWN_MOVE = frozenset({"payout", "payout_minimum_balance_hold"})
"""Rows of Stripe's reports that are the payout itself, not something in it."""


def read(
    paths: Sequence[Path], *, period: str, zone: ZoneInfo, columns: Mapping[str, Sequence[str]] | None = None
) -> Payouts:
    """The Payouts report of one month (YYYY-MM): payouts by arrival date and id, each id once, the later file wins.

    Charges keep the order of the report, signed as they move the payout; without any, or if they do not net to it, the
    payout has an item Problem (a note while it is not paid yet). No payouts at all is a valid month; a report none of
    whose dates lie in the month is a file Problem. Raises `UsageError` as `billing.read`.
    """
    first, last = parse_period(period)
    extra = check_columns(columns or {})
    read_all = _Report(period, zone, extra)
    for path in paths:
        _read_path(read_all, path)
    payouts = _with_charges(read_all)
    problems = read_all.problems
    if payouts and not stops_everything(problems) and not any(_touches(one, first, last) for one in payouts):
        problems.append(_wrong_period(period, read_all.files, payouts))
    ordered = tuple(sorted(payouts, key=lambda one: (one.arrival_date, one.payout_id)))
    return Payouts(period=period, payouts=ordered, problems=tuple(problems), files=tuple(read_all.files))


@dataclass(slots=True)
class _Report:
    period: str
    zone: ZoneInfo
    extra: Mapping[str, Sequence[str]]
    payouts: dict[str, Payout] = field(default_factory=dict)
    charges: dict[str, list[Charge]] = field(default_factory=dict)
    unread: set[str] = field(default_factory=set)
    has_charges: bool = False
    files: list[InputFile] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def _read_path(report: _Report, path: Path) -> None:
    files = sorted(one for one in path.iterdir() if one.is_file()) if path.is_dir() else [path]
    for file in files:
        opened = open_file(file)
        rows = 0
        if opened.problem is not None:
            report.problems.append(opened.problem)
        else:
            rows = _read_file(report, opened)
        report.files.append(opened.input_file(rows, report.period))


def _read_file(report: _Report, opened: Opened) -> int:
    """The data rows of one file. A later file's word on a payout replaces an earlier one's, with all its charges."""
    known = known_words(PAYOUT, CHARGE, extra=report.extra)
    here = _Report(report.period, report.zone, report.extra)
    rows, recognized = 0, False
    for sheet in opened.sheets:
        table = opened.table(sheet, known)
        if isinstance(table, Problem):
            report.problems.append(table)
        elif table is not None:
            name = normal(sheet or Path(opened.name).stem)
            kind = "charges" if _holds_charges(table, name, report.extra) else name
            recognized = recognized or kind in {"charges", "payouts", "payout"} or not sheet
            if sheet and kind not in {"charges", "payouts", "payout"}:
                continue
            rows += _read_table(here, table, charges=kind == "charges")
    if not recognized and not any(problem.where.startswith(opened.name) for problem in report.problems):
        report.problems.append(empty(opened.name))
    for payout_id in here.payouts.keys() & here.charges.keys():
        report.charges.pop(payout_id, None)
    report.payouts.update(here.payouts)
    for payout_id, charges in here.charges.items():
        report.charges.setdefault(payout_id, []).extend(charges)
    report.problems.extend(here.problems)
    report.has_charges = report.has_charges or here.has_charges
    report.unread |= here.unread
    return rows


def _holds_charges(table: Table, name: str, extra: Mapping[str, Sequence[str]]) -> bool:
    if name in {"charges", "charge"}:
        return True
    if name in {"payouts", "payout"}:
        return False
    found = columns(table.header, CHARGE, extra)
    return "payout_id" in found and "gross" in found and ("net" in found or "fee" in found)


def _read_table(report: _Report, table: Table, *, charges: bool) -> int:
    aliases = CHARGE if charges else PAYOUT
    required = ("payout_id", "type", "gross") if charges else ("payout_id", "arrival_date", "amount", "status")
    found = columns(table.header, aliases, report.extra)
    missing = [name for name in required if name not in found]
    twice = disagreeing(table, found.doubled) if found.doubled and not missing else ""
    if missing or twice:
        report.problems.append(missing_column(table, missing) if missing else duplicate_header(table, twice))
        return 0
    report.has_charges = report.has_charges or charges
    cells = Cells(report.zone, table.decimal_comma)
    width, pick, rows = len(table.header), picker(tuple(aliases), found, len(table.header)), 0
    try:
        for row, raw in table.rows():
            full, _ = even(raw, width)
            if is_total(full):
                continue
            rows += 1
            said = dict(zip(aliases, pick(full), strict=True))
            _add_row(report, said, found, cells, table.source(row), charges=charges)
    except Damaged as error:
        report.problems.append(error.problem)
    return rows


def _add_row(
    report: _Report, said: Mapping[str, Cell], found: Columns, cells: Cells, source: Source, *, charges: bool
) -> None:
    payout_id = cells.text(said["payout_id"])
    try:
        if charges:
            charge = _charge(said, found, cells, source)
            if charge is not None:
                report.charges.setdefault(charge.payout_id, []).append(charge)
        else:
            _add_payout(report, _payout(said, found, cells, source))
    except DayFirst as error:
        report.problems.append(day_first(source, str(error)))
    except ValueError as error:
        report.unread.add(payout_id)
        report.problems.append(_unreadable(source, payout_id, error))


def _add_payout(report: _Report, payout: Payout) -> None:
    known = report.payouts.get(payout.payout_id)
    if known is not None and replace(known, source=payout.source) != payout:
        report.unread.add(payout.payout_id)
        report.problems.append(
            item(
                "duplicate-payout",
                payout.source,
                f"Payout {payout.payout_id} stands twice with different content ({show(known.amount)} on "
                f"{known.arrival_date}, {show(payout.amount)} on {payout.arrival_date}).",
                "Which of them reached the bank would be a guess.",
                "Look the payout up in Coworks and delete the wrong row.",
                key=payout.payout_id,
            )
        )
        return
    report.payouts[payout.payout_id] = payout


def _payout(said: Mapping[str, Cell], found: Columns, cells: Cells, source: Source) -> Payout:
    payout_id = cells.text(said["payout_id"])
    if not payout_id:
        raise ValueError("the payout has no id")
    arrival = cells.day(said["arrival_date"], "arrival_date" in found.utc)
    if arrival is None:
        raise ValueError("the payout has no arrival date")
    amount = cells.amount(said["amount"])
    if amount is None:
        raise ValueError("the payout has no amount")
    status = STATUSES.get(word(said["status"]))
    if status is None:
        raise ValueError(f"{cells.text(said['status'])!r} is no status of a payout (known: {', '.join(PayoutStatus)})")
    return Payout(
        payout_id=payout_id,
        arrival_date=arrival,
        amount=amount,
        status=status,
        charges=(),
        bank_last4=_last4(cells.text(said["bank_last4"])),
        statement_descriptor=cells.text(said["statement_descriptor"]),
        currency=cells.text(said["currency"]).upper() or "USD",
        source=source,
    )


def _last4(text: str) -> str:
    """The last four digits; a workbook that took them for a number has dropped their leading zeros."""
    digits = "".join(one for one in text if one.isdigit())[-4:]
    return digits.zfill(4) if digits else ""


def _charge(said: Mapping[str, Cell], found: Columns, cells: Cells, source: Source) -> Charge | None:
    kind = word(said["type"])
    if kind in _OWN_MOVE:
        return None
    known = TYPES.get(kind)
    if known is None:
        raise ValueError(f"{cells.text(said['type'])!r} is no type of charge (known: {', '.join(ChargeType)})")
    gross = cells.money(said["gross"])
    fee, net = cells.amount(said["fee"]), cells.amount(said["net"])
    if fee is None:
        fee = gross - net if net is not None else Money("0.00")
    if net is None:
        net = gross - fee
    if gross - fee != net:
        raise ValueError(f"gross {show(gross)} less fee {show(fee)} is not net {show(net)}")
    created = cells.day(said["created"], "created" in found.utc)
    available = cells.day(said["available_on"], "available_on" in found.utc)
    return Charge(
        payout_id=cells.text(said["payout_id"]),
        charge_id=cells.text(said["charge_id"]) or cells.text(said["balance_txn_id"]),
        type=known,
        gross=gross,
        fee=fee,
        net=net,
        created_on=created or available or _NO_DAY,
        invoice_number=cells.text(said["invoice_number"]),
        team=cells.text(said["team"]),
        source=source,
    )


_NO_DAY = date.min
"""Stands for a charge whose row has no date, until its payout gives it the arrival date."""


def _with_charges(report: _Report) -> list[Payout]:
    """Every payout with its charges; those that cannot be trusted are left out, each with its Problem."""
    whole: list[Payout] = []
    for payout_id, payout in report.payouts.items():
        charges = report.charges.get(payout_id, [])
        if payout_id in report.unread:
            continue
        if total(one.net for one in charges) != payout.amount:
            report.problems.append(_does_not_net(payout, charges, report.has_charges))
        dated = (one if one.created_on != _NO_DAY else replace(one, created_on=payout.arrival_date) for one in charges)
        whole.append(replace(payout, charges=tuple(dated)))
    for payout_id, charges in report.charges.items():
        if payout_id not in report.payouts:
            report.problems.append(_no_payout(charges))
    return whole


def _does_not_net(payout: Payout, charges: Sequence[Charge], has_charges: bool) -> Problem:
    off = payout.amount - total(one.net for one in charges)
    what = f"The {len(charges)} charges of payout {payout.payout_id} net to {show(payout.amount - off)}, but it is "
    if not charges:
        what = f"Payout {payout.payout_id} has no charges in the report, but it is "
    moved = payout.status is PayoutStatus.PAID
    return Problem(
        code="payout-does-not-net" if has_charges else "payout-without-detail",
        where=str(payout.source),
        what=f"{what}{show(payout.amount)} (difference {show(off)}).",
        why="A bank deposit is made of its charges; what is missing is never searched for by amount.",
        do="Download the Payouts report again with its Charges tab, for the months that the payout covers.",
        severity=Severity.ITEM if moved else Severity.NOTE,
        key=payout.payout_id,
    )


def _no_payout(charges: Sequence[Charge]) -> Problem:
    payout_id = charges[0].payout_id
    whose = f"payout {payout_id}, which the Payouts tab does not list" if payout_id else "no payout yet"
    return Problem(
        code="charges-without-payout",
        where=str(charges[0].source),
        what=f"{len(charges)} charges of net {show(total(one.net for one in charges))} belong to {whose}.",
        why="They are not in any bank deposit of this month.",
        do="There is nothing to do if they are paid out later, or their payout is in the report of another month.",
        severity=Severity.NOTE,
        key=charges[0].payout_id,
    )


def _unreadable(source: Source, payout_id: str, error: ValueError) -> Problem:
    return item(
        "unreadable-cell",
        source,
        f"A row of payout {payout_id or '(no id)'} cannot be read: {error}.",
        "Amounts and dates are never guessed, so this payout is held.",
        "Correct the cell in the report, or export it again.",
        key=payout_id,
    )


def _touches(payout: Payout, first: date, last: date) -> bool:
    return first <= payout.arrival_date <= last or any(first <= one.created_on <= last for one in payout.charges)


def _wrong_period(period: str, files: Sequence[InputFile], payouts: Sequence[Payout]) -> Problem:
    dates = sorted(one.arrival_date for one in payouts)
    return Problem(
        code="wrong-period",
        where=", ".join(file.name for file in files),
        what=f"No payout of this report arrives in {period}: its arrival dates run from {dates[0]} to {dates[-1]}.",
        why="It is the report of another month, so nothing of it is used.",
        do=f"Download the Payouts report for {period}, or put this file into the folder of its own month.",
        severity=Severity.FILE,
    )
