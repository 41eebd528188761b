"""What a payout's bank deposit would hold: each row of its detail as a line, or as a gap with the reason in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from toolkit import chart, corrections
from toolkit.books import Account, DepositLine, JournalEntry, Link, ReceivedPayment, SalesDocument, TxnType
from toolkit.corrections import Against, Correction
from toolkit.counterparts import Counterparts, Found, find_entry, find_invoice, find_payment, find_refund, key_of
from toolkit.model import BillingPayment, Charge, ChargeType, Invoice, Payout
from toolkit.money import ZERO, Money, show, total
from toolkit.plan import Kind, Operation, Standing, operation_key
from toolkit.problems import Problem
from toolkit.settings import Settings
from toolkit.settlement import Settled, Settlement, day


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What every payout of one plan is judged on: Coworks' side, QuickBooks' side, the settings, the funds account."""

    settlement: Settlement
    invoices: Mapping[str, Invoice]
    counterparts: Counterparts
    settings: Settings
    funds: Account


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """A part of the payout that no QuickBooks record stands for: `amount` as it moves the payout."""

    amount: Money
    words: str
    absent: bool = True
    """Whether the record is simply not in QuickBooks; False: it is there and cannot be used."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """The lines of one payout's bank deposit without fee and net; `gaps` say what is missing, with the reason."""

    lines: tuple[DepositLine, ...] = ()
    entries: tuple[Operation, ...] = ()
    standing_entries: tuple[str, ...] = ()
    fee: Money = ZERO
    gaps: tuple[Gap, ...] = ()
    payments: int = 0
    refunds: int = 0
    cancelled: int = 0


def contents(ground: Ground, payout: Payout) -> Contents:
    """The deposit lines of a payout in row order; lines + fee + gaps = the payout's amount, always.

    The fee is what lies between gross and net, whatever sign the report gives fees, plus rows that are fees alone.
    """
    rows = ground.settlement.rows[payout.payout_id]
    moot = _cancelling(ground, rows)
    lines: list[DepositLine] = []
    carried: list[Correction | str] = []
    gaps: list[Gap] = []
    seen: Counter[tuple[str, str]] = Counter()
    for at, row in enumerate(rows):
        seen[row.charge.type, row.charge.charge_id] += 1
        if at in moot or row.charge.type is ChargeType.FEE or not row.charge.gross:
            continue
        if row.charge.type in (ChargeType.CHARGE, ChargeType.REFUND):
            found = _money(ground, row)
        else:
            found = _correction(ground, payout, row.charge, seen[row.charge.type, row.charge.charge_id], carried)
        if isinstance(found, Gap):
            gaps.append(found)
        else:
            lines += found
    return Contents(
        lines=tuple(lines),
        entries=tuple(one.operation for one in carried if isinstance(one, Correction)),
        standing_entries=tuple(one for one in carried if isinstance(one, str)),
        fee=total(_fee(row.charge) for row in rows),
        gaps=tuple(gaps),
        payments=sum(line.link is not None and line.link.txn_type is TxnType.PAYMENT for line in lines),
        refunds=sum(row.refund is not None for row in rows),
        cancelled=len(moot),
    )


def _fee(row: Charge) -> Money:
    return row.net if row.type is ChargeType.FEE else row.net - row.gross


_OPPOSITE = {ChargeType.CHARGE_FAILURE: ChargeType.CHARGE, ChargeType.REFUND_FAILURE: ChargeType.REFUND}


def _cancelling(ground: Ground, rows: tuple[Settled, ...]) -> frozenset[int]:
    """Positions of rows that undo each other within the payout and that Coworks never counted as money.

    An ACH debit that fails before settlement is a charge and its failure in one payout; the invoice stayed unpaid.
    """
    unclaimed: dict[tuple[str, str, Money], list[int]] = {}
    for at, row in enumerate(rows):
        if not row.payments and row.refund is None and row.charge.type in (ChargeType.CHARGE, ChargeType.REFUND):
            name = row.charge.charge_id or row.charge.invoice_number
            unclaimed.setdefault((row.charge.type, name, row.charge.gross), []).append(at)
    moot: set[int] = set()
    for at, row in enumerate(rows):
        opposite = _OPPOSITE.get(row.charge.type)
        name = row.charge.charge_id or row.charge.invoice_number
        waiting = unclaimed.get((opposite, name, -row.charge.gross), []) if opposite and name else []
        if waiting:
            moot |= {at, waiting.pop()}
    return frozenset(moot)


def _money(ground: Ground, row: Settled) -> list[DepositLine] | Gap:
    """The payments (or the refund) of one row as linked lines, or why they cannot be."""
    charge = row.charge
    kind = "refund" if charge.type is ChargeType.REFUND else "charge"
    what = f"{kind} of {day(charge.created_on)} (${show(abs(charge.gross))}{_whose(charge)})"
    if row.why or (not row.payments and row.refund is None):
        return Gap(amount=charge.gross, words=f"{what} is not in QuickBooks: {row.why or 'it names no payment'}")
    if row.refund is not None:
        return _one(ground, what, find_refund(ground.counterparts, row.refund), charge.gross)
    lines: list[DepositLine] = []
    for payment in row.payments:
        found = _one(ground, what, counterpart(ground.counterparts, ground.invoices, payment), payment.amount)
        if isinstance(found, Gap):
            return Gap(amount=charge.gross, words=found.words, absent=found.absent)
        lines += found
    return lines


def counterpart(counterparts: Counterparts, invoices: Mapping[str, Invoice], payment: BillingPayment) -> Found:
    """The QuickBooks payment of a Coworks payment, its invoice in mind."""
    invoice = invoices.get(payment.invoice_number)
    return find_payment(counterparts, payment, find_invoice(counterparts, invoice) if invoice else None)


def _whose(charge: Charge) -> str:
    named = [name for name in (charge.team, charge.invoice_number and f"invoice {charge.invoice_number}") if name]
    return "".join(f", {name}" for name in named)


def _one(ground: Ground, what: str, found: Found, amount: Money) -> list[DepositLine] | Gap:
    """One QuickBooks record as a linked line of `amount`, if it stands, is of that amount and waits for a deposit."""
    record = found.record
    if record is None:
        words = "was deleted in QuickBooks" if found.gone else "is not in QuickBooks"
        if found.outside:
            words = "is dated before the books that were read"
        return Gap(amount=amount, words=f"{what} {words}", absent=not found.outside)
    if isinstance(record, JournalEntry):
        return _entry_line(ground, what, record, amount)
    if not isinstance(record, ReceivedPayment | SalesDocument) or record.voided:
        return Gap(amount=amount, words=f"{what} is voided in QuickBooks (id {record.id})", absent=False)
    if record.total != abs(amount):
        words = f"{what} stands in QuickBooks with ${show(record.total)} (id {record.id})"
        return Gap(amount=amount, words=words, absent=False)
    if record.deposit_account_id not in ("", ground.funds.id):
        words = f"{what} was not put into {ground.funds.name} in QuickBooks (id {record.id})"
        return Gap(amount=amount, words=words, absent=False)
    kind = TxnType.PAYMENT if isinstance(record, ReceivedPayment) else TxnType(record.kind)
    return [DepositLine(amount=amount, link=Link(txn_type=kind, txn_id=record.id, amount=amount))]


def _entry_line(ground: Ground, what: str, entry: JournalEntry, amount: Money) -> list[DepositLine] | Gap:
    lines = [line for line in entry.lines if line.account_id == ground.funds.id and line.amount == amount]
    if len(lines) != 1:
        words = f"{what} has no line of its amount on {ground.funds.name} in journal entry {entry.number}"
        return Gap(amount=amount, words=words, absent=False)
    return [DepositLine(amount=amount, link=link_to_entry(entry, lines[0].id, amount))]


def link_to_entry(entry: JournalEntry, line_id: str, amount: Money) -> Link:
    """A link to one line of a journal entry that stands in QuickBooks."""
    return Link(txn_type=TxnType.JOURNAL_ENTRY, txn_id=entry.id, amount=amount, line_id=line_id)


def _correction(
    ground: Ground, payout: Payout, row: Charge, nth: int, carried: list[Correction | str]
) -> list[DepositLine] | Gap:
    against = _against(ground, row)
    if isinstance(against, str):
        words = f"{_name(row)} of {day(row.created_on)} (${show(abs(row.gross))}{_whose(row)}) {against}"
        return Gap(amount=row.gross, words=words, absent=False)
    made = corrections.of_row(partial(identity, ground), payout, row, nth, funds_id=ground.funds.id, against=against)
    return [carry(ground, payout, made, carried)]


def carry(ground: Ground, payout: Payout, made: Correction, carried: list[Correction | str]) -> DepositLine:
    """The deposit line that carries a journal entry: the one that stands if it does, else the one to be made first."""
    stands = find_entry(ground.counterparts, made.operation.coworks_id, payout)
    if isinstance(stands.record, JournalEntry):
        on_funds = [line for line in stands.record.lines if line.account_id == ground.funds.id]
        carried.append(stands.key)
        line_id = on_funds[0].id if on_funds else corrections.FUNDS_LINE
        return DepositLine(amount=made.link.amount, link=link_to_entry(stands.record, line_id, made.link.amount))
    carried.append(made)
    return DepositLine(amount=made.link.amount, link=made.link)


def identity(ground: Ground, kind: Kind, coworks_id: str) -> tuple[str, int]:
    """The key to post under and its generation: the next one for what was undone and released."""
    key, posted = key_of(ground.counterparts, kind, coworks_id)
    if posted and posted.standing is Standing.UNDONE:
        following = posted.generation + 1
        return operation_key(ground.counterparts.books.realm, kind, coworks_id, following), following
    return key, posted.generation if posted else 1


def _name(row: Charge) -> str:
    return str(row.type).replace("_", " ")


def _against(ground: Ground, row: Charge) -> Against | str:
    """The account a correction is booked against, or why that is a person's decision."""
    if row.type not in corrections.TO_DISPUTES | corrections.TO_RECEIVABLE:
        return "needs a person: what it stands for is not in the report"
    if not ground.settings.accounts.disputes:
        return "needs a person: no account for disputes and adjustments is set (accounts.disputes)"
    books = ground.counterparts.books
    account = (
        chart.disputes(books, ground.settings)
        if row.type in corrections.TO_DISPUTES
        else chart.receivable(books, ground.settings)
    )
    if isinstance(account, Problem):
        return f"needs a person: {account.what}"
    if row.type in corrections.TO_DISPUTES:
        return Against(account_id=account.id)
    invoice = ground.invoices.get(row.invoice_number)
    document = find_invoice(ground.counterparts, invoice).record if invoice else None
    if not isinstance(document, SalesDocument):
        return "needs a person: its invoice is not in QuickBooks, so its customer is not known"
    return Against(account_id=account.id, customer_id=document.customer_id)
