"""Undeposited Funds: every open item with age and reason, and their sum against QuickBooks' balance as of the day.

Gross charges not yet paid out - refunds not yet paid out + checks and cash on hand = QuickBooks' balance.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date

from toolkit.books import Balances, BankDeposit, DocumentKind, JournalEntry, ReceivedPayment, SalesDocument, TxnType
from toolkit.chart import named
from toolkit.counterparts import Found, find_refund, stamped
from toolkit.deposit_lines import counterpart
from toolkit.judging import Bench
from toolkit.model import BillingPayment, Method, Payout, PayoutStatus, Refund
from toolkit.money import ZERO, Money, dollars, total
from toolkit.plan import Standing
from toolkit.proof import Item, Reason, Section
from toolkit.settlement import day, payment_id, refund_id

PROCESSOR = frozenset({Method.CARD, Method.ACH})
"""Methods whose money comes by payout; all others are checks or cash on hand until a bank deposit holds them."""

OVERDUE_DAYS = 7
"""Card and ACH payments older than this without a payout were most likely never paid out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Held:
    """One amount that QuickBooks holds in Undeposited Funds on the day."""

    entity: str
    id: str
    amount: Money
    on: date
    label: str
    customer_id: str = ""
    stamped: bool = False


def section(bench: Bench, balances: Balances) -> Section:
    """The Undeposited Funds section: report = QuickBooks' closing balance, one item an open amount. Linear.

    What only QuickBooks has (an orphan) is listed as it stands; a duplicate of a Coworks payment is not explained.
    """
    held = {(one.entity, one.id, one.label): one for one in _held(bench)}
    by_record = {(one.entity, one.id): name for name, one in held.items()}
    items: list[Item] = []
    known: set[tuple[str, Money, date]] = set()
    for item, found in _expected(bench):
        name = by_record.get(_record_name(found))
        quickbooks = _taken_from(held, name, item, found) if name else ZERO
        if isinstance(found.record, ReceivedPayment):
            known.add((found.record.customer_id, found.record.total, found.record.txn_date))
        if item.coworks or quickbooks:
            items.append(_with_quickbooks(item, quickbooks))
    items += [_left_over(bench, one, known) for one in held.values()]
    items.sort(key=lambda item: (item.on or date.min, item.label, item.key))
    return Section(name="Undeposited Funds", report=balances.undeposited.closing, items=tuple(items))


_Name = tuple[str, str, str]


def _taken_from(held: dict[_Name, _Held], name: _Name, item: Item, found: Found) -> Money:
    """What QuickBooks holds for one Coworks payment: its whole record, or its share of a check for several invoices."""
    one = held.get(name)
    if one is None:
        return ZERO
    record = found.record
    several = isinstance(record, ReceivedPayment) and len(record.links) > 1
    if not several or not item.coworks or one.amount <= item.coworks:
        return held.pop(name).amount
    held[name] = replace(one, amount=one.amount - item.coworks)
    return item.coworks


def _record_name(found: Found) -> tuple[str, str]:
    record = found.record
    if isinstance(record, ReceivedPayment):
        return "Payment", record.id
    if isinstance(record, SalesDocument):
        return str(record.kind), record.id
    return ("JournalEntry", record.id) if isinstance(record, JournalEntry) else ("", "")


# What Coworks expects.


def _expected(bench: Bench) -> Iterator[tuple[Item, Found]]:
    for invoice in bench.invoices.values():
        for payment in invoice.payments:
            if payment.paid_on <= bench.as_of and payment.amount and payment.method is not Method.BALANCE:
                yield _payment_item(bench, payment, invoice.team)
        for refund in invoice.refunds:
            if refund.refunded_on <= bench.as_of:
                yield _refund_item(bench, refund, invoice.team)


def _payment_item(bench: Bench, payment: BillingPayment, team: str) -> tuple[Item, Found]:
    found = counterpart(bench.counterparts, bench.invoices, payment)
    payout = bench.settlement.payout_of_payment.get(payment_id(payment))
    age = (bench.as_of - payment.paid_on).days
    reason, words, waits = _payment_state(bench, payment, found, payout)
    item = Item(
        key=found.key,
        label=f"Payment of {day(payment.paid_on)} on invoice {payment.invoice_number}",
        reason=reason,
        sentence=f"{dollars(payment.amount)}, {age} days: {words}",
        coworks=payment.amount if waits else ZERO,
        on=payment.paid_on,
        age_days=age,
        who=team,
    )
    return item, found


def _payment_state(
    bench: Bench, payment: BillingPayment, found: Found, payout: Payout | None
) -> tuple[Reason, str, bool]:
    """Reason, words, and whether the money waits in Undeposited Funds on the day."""
    if _elsewhere(bench, payment, found):
        return Reason.ON_HAND, "went to another account than Undeposited Funds.", False
    if payout and _paid_out(bench, payout):
        return Reason.NOT_DEPOSITED, f"paid out on {day(payout.arrival_date)}, bank deposit missing.", False
    if payout and payout.arrival_date > bench.as_of:
        return Reason.IN_TRANSIT, f"in transit, arrives on {day(payout.arrival_date)}.", True
    if payment.method not in PROCESSOR or _before_the_reports(bench, payment, found):
        deposited = _deposited(bench, found)
        return Reason.ON_HAND, "already in a bank deposit." if deposited else "on hand.", not deposited
    age = (bench.as_of - payment.paid_on).days
    if age > OVERDUE_DAYS:
        return Reason.NEVER_PAID_OUT, "no payout holds it: never paid out?", True
    return Reason.IN_TRANSIT, "in transit, its payout is not in the report yet.", True


def _elsewhere(bench: Bench, payment: BillingPayment, found: Found) -> bool:
    """Whether the company puts this method elsewhere, or an adopted payment stands elsewhere."""
    if bench.funds is None:
        return False
    wanted = bench.settings.accounts.methods.get(str(payment.method), "")
    if wanted and bench.funds not in named(bench.counterparts.books.accounts, wanted):
        return True
    adopted = found.posted is None or found.posted.standing is Standing.ADOPTED
    record = found.record
    return adopted and isinstance(record, ReceivedPayment) and record.deposit_account_id not in ("", bench.funds.id)


def _paid_out(bench: Bench, payout: Payout) -> bool:
    go_live = bench.settings.policy.go_live
    arrived = payout.status is PayoutStatus.PAID and payout.arrival_date <= bench.as_of
    return arrived and not (go_live and payout.arrival_date < go_live)


def _before_the_reports(bench: Bench, payment: BillingPayment, found: Found) -> bool:
    """Adopted payments that no payout of our reports holds: QuickBooks' own bank deposits say what became of them."""
    adopted = found.posted is None or found.posted.standing is Standing.ADOPTED
    return adopted and found.record is not None and payment_id(payment) not in bench.settlement.payout_of_payment


def _deposited(bench: Bench, found: Found) -> bool:
    entity, qbo_id = _record_name(found)
    if not qbo_id:
        return False
    holding = bench.counterparts.deposits_of.get((TxnType(entity), qbo_id), ())
    return any(deposit.txn_date <= bench.as_of for deposit in holding)


def _refund_item(bench: Bench, refund: Refund, team: str) -> tuple[Item, Found]:
    found = find_refund(bench.counterparts, refund)
    payout = bench.settlement.payout_of_refund.get(refund_id(refund))
    age = (bench.as_of - refund.refunded_on).days
    record = found.record
    elsewhere = (
        isinstance(record, SalesDocument)
        and bench.funds is not None
        and record.deposit_account_id not in ("", bench.funds.id)
    )
    paid_out = bool(payout and _paid_out(bench, payout)) or (payout is None and _deposited(bench, found))
    waits = not elsewhere and not paid_out
    words = "not netted in a payout yet." if waits else "netted in a payout, bank deposit missing."
    item = Item(
        key=found.key,
        label=f"Refund of {day(refund.refunded_on)} on invoice {refund.invoice_number}",
        reason=Reason.REFUND,
        sentence=f"{dollars(-refund.amount)}, {age} days: {words}",
        coworks=-refund.amount if waits else ZERO,
        on=refund.refunded_on,
        age_days=age,
        who=team,
    )
    return item, found


def _with_quickbooks(item: Item, quickbooks: Money) -> Item:
    if item.coworks == quickbooks:
        return replace(item, quickbooks=quickbooks)
    words = f"{item.sentence} QuickBooks holds {dollars(quickbooks)} of it, {dollars(item.coworks)} is expected."
    reason = item.reason if quickbooks else Reason.NOT_IN_QUICKBOOKS
    return replace(item, quickbooks=quickbooks, sentence=words, reason=reason)


# What QuickBooks holds.


def _held(bench: Bench) -> Iterator[_Held]:
    """Everything on Undeposited Funds that no bank deposit dated up to the day has taken out.

    Intuit: a deposited payment still names Undeposited Funds; only the bank deposit's lines say that it left.
    """
    if bench.funds is None:
        return
    taken = _taken(bench)
    for one in _movements(bench, bench.funds.id):
        if one.on <= bench.as_of and one.amount and (one.entity, one.id) not in taken:
            yield one


def _taken(bench: Bench) -> set[tuple[str, str]]:
    """(entity, id) of what is in a bank deposit by the day; a journal entry's line as (JournalEntry, id/line)."""
    taken: set[tuple[str, str]] = set()
    for deposit in bench.counterparts.books.deposits:
        if deposit.txn_date > bench.as_of:
            continue
        for line in deposit.lines:
            if line.link and line.link.txn_type is TxnType.JOURNAL_ENTRY and line.link.line_id:
                taken.add(("JournalEntry", f"{line.link.txn_id}/{line.link.line_id}"))
            elif line.link:
                taken.add((str(line.link.txn_type), line.link.txn_id))
    return taken


def _movements(bench: Bench, funds: str) -> Iterator[_Held]:
    books = bench.counterparts.books
    for payment in books.payments:
        if payment.deposit_account_id in ("", funds) and not payment.voided:
            yield _of_payment(payment)
    for document in books.documents:
        signs = {DocumentKind.SALES_RECEIPT: 1, DocumentKind.REFUND_RECEIPT: -1}
        if document.kind in signs and document.deposit_account_id in ("", funds) and not document.voided:
            yield _of_document(document, signs[document.kind] * document.total)
    for entry in books.journal_entries:
        for line in entry.lines:
            if line.account_id == funds:
                yield _of_entry(entry, line.id, line.amount)
    for transfer in books.transfers:
        moved = transfer.amount * ((transfer.to_account_id == funds) - (transfer.from_account_id == funds))
        yield _Held(entity="Transfer", id=transfer.id, amount=moved, on=transfer.txn_date, label="Transfer")
    for deposit in books.deposits:
        yield _of_deposit(deposit, funds)


def _of_payment(payment: ReceivedPayment) -> _Held:
    return _Held(
        entity="Payment",
        id=payment.id,
        amount=payment.total,
        on=payment.txn_date,
        label=f"Payment {payment.reference or payment.id}",
        customer_id=payment.customer_id,
        stamped=stamped(payment.private_note) is not None,
    )


def _of_document(document: SalesDocument, amount: Money) -> _Held:
    words = "Refund receipt" if amount < 0 else "Sales receipt"
    return _Held(
        entity=str(document.kind),
        id=document.id,
        amount=amount,
        on=document.txn_date,
        label=f"{words} {document.number}",
        customer_id=document.customer_id,
    )


def _of_entry(entry: JournalEntry, line_id: str, amount: Money) -> _Held:
    name = f"{entry.id}/{line_id}" if line_id else entry.id
    return _Held(
        entity="JournalEntry", id=name, amount=amount, on=entry.txn_date, label=f"Journal entry {entry.number}"
    )


def _of_deposit(deposit: BankDeposit, funds: str) -> _Held:
    """A bank deposit's plain line on the account itself (not a link) takes money out without saying whose."""
    plain = -total(line.amount for line in deposit.lines if line.account_id == funds and line.link is None)
    into = deposit.total if deposit.account_id == funds else ZERO
    return _Held(
        entity="Deposit", id=deposit.id, amount=plain + into, on=deposit.txn_date, label=f"Bank deposit {deposit.id}"
    )


def _left_over(bench: Bench, one: _Held, known: set[tuple[str, Money, date]]) -> Item:
    """What only QuickBooks holds: a duplicate of a Coworks payment, or an orphan listed by name."""
    twin = one.entity == "Payment" and (one.stamped or (one.customer_id, one.amount, one.on) in known)
    age = (bench.as_of - one.on).days
    words = (
        "the same customer, amount and day as a Coworks payment that is already in the books: entered twice?"
        if twin
        else "only in QuickBooks, not from Coworks."
    )
    return Item(
        key=f"qbo:{one.entity}:{one.id}",
        label=one.label,
        reason=Reason.DUPLICATE if twin else Reason.ORPHAN,
        sentence=f"{dollars(one.amount)}, {age} days: {words}",
        quickbooks=one.amount,
        listed=not twin,
        on=one.on,
        age_days=age,
    )
