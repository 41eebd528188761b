"""The month's proof: every record one verdict; A/R, Undeposited Funds and bank deposits tie to 0.00, or say why not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date

from toolkit import chart, funds_proof, judging, judging_payouts, receivable_proof
from toolkit.books import (
    Account,
    Balances,
    BankDeposit,
    Books,
    DocumentKind,
    LedgerBalance,
    ReceivedPayment,
    Record,
    SalesDocument,
)
from toolkit.counterparts import STANDS, Counterparts, Transaction, entity_of, index, register_by_number, stamped
from toolkit.judging import Bench, Judged
from toolkit.model import Billing, Invoice, Payout, Payouts, PayoutStatus
from toolkit.money import ZERO, Money, dollars, total
from toolkit.plan import Done, Kind, Posted
from toolkit.problems import Problem, Severity, blocking
from toolkit.proof import Finding, IncomeRow, Item, Proof, Reason, RollForward, Section, Subject, Verdict
from toolkit.settings import Mode, Settings
from toolkit.settlement import day, settle


def prove(  # noqa: PLR0917 (the public order of what is proved)
    register: Billing,
    payouts: Payouts,
    books: Books,
    balances: Balances,
    done: Done,
    settings: Settings,
    *,
    company: str,
    period: str,
    plan_problems: Sequence[Problem] = (),
    sent: Mapping[str, Record] | None = None,
    unlogged: Mapping[str, str] | None = None,
) -> Proof:
    """The proof of one month as of `balances.as_of`, inclusive; linear in all inputs, independent of their order.

    `register` and `payouts` hold all months up to the period; `sent` is what approved plans asked for, by key;
    `unlogged` has the month of each invoice and payout that a lost posting log does not know, by number or id. Raises
    `AssertionError` if its own parts do not sum, which would be a bug. Nothing is mutated.
    """
    days = (balances.start, balances.as_of)
    bench = _bench(register, payouts, index(books, done), settings, days=days, plan_problems=plan_problems)
    bench = replace(bench, sent=sent or {}, unlogged=unlogged or {})
    judged = list(_judged(bench, payouts, settings))
    findings = [one.finding for one in judged]
    findings += _only_in_quickbooks(bench, judged)
    findings += _held_in_register(register, plan_problems, findings)
    findings.sort(key=lambda one: (list(Subject).index(one.subject), one.on or date.min, one.name, one.key))
    deposits, bank_accounts = _deposits(bench, payouts, judged, balances)
    dates = tuple(receivable_proof.missing_dates(bench))
    proof = Proof(
        company=company,
        realm=books.realm,
        period=period,
        start=balances.start,
        as_of=balances.as_of,
        findings=tuple(findings),
        receivable=receivable_proof.section(bench, balances),
        undeposited=funds_proof.section(bench, balances),
        deposits=deposits,
        roll_forwards=tuple(map(_rolled, (balances.receivable, balances.undeposited, *bank_accounts))),
        income=_income(books, balances),
        problems=(*plan_problems, *dates),
        payments_elsewhere=settings.mode is Mode.INVOICES,
        counts=Counter(one.verdict for one in findings),
    )
    _check(proof)
    return proof


def _bench(
    register: Billing,
    payouts: Payouts,
    counterparts: Counterparts,
    settings: Settings,
    *,
    days: tuple[date, date],
    plan_problems: Sequence[Problem],
) -> Bench:
    children: dict[str, tuple[Invoice, ...]] = {}
    for invoice in register.invoices:
        if invoice.split_from:
            children[invoice.split_from] = (*children.get(invoice.split_from, ()), invoice)
    funds = chart.undeposited_funds(counterparts.books, settings)
    return Bench(
        counterparts=counterparts,
        invoices=register_by_number(register),
        children=children,
        settlement=settle(payouts.payouts, register),
        settings=settings,
        questions={one.key: one for one in reversed(blocking(plan_problems)) if one.key},
        credits=judging.credits_by_invoice(counterparts),
        funds=funds if isinstance(funds, Account) else None,
        start=days[0],
        as_of=days[1],
    )


def _judged(bench: Bench, payouts: Payouts, settings: Settings) -> Iterator[Judged]:
    for invoice in bench.invoices.values():
        yield judging.judge_invoice(bench, invoice)
        for payment in invoice.payments:
            yield judging.judge_payment(bench, payment)
        for refund in invoice.refunds:
            yield judging.judge_refund(bench, refund)
    for payout in payouts.payouts:
        bank = chart.bank(bench.counterparts.books, settings, payout.bank_last4)
        yield judging_payouts.judge_payout(bench, payout, bank if isinstance(bank, Account) else None)


# What only one side has.


def _only_in_quickbooks(bench: Bench, judged: Sequence[Judged]) -> Iterator[Finding]:
    """Documents, payments and bank deposits of the period that are no Coworks record's counterpart."""
    matched = {
        (entity_of(one.found.record), one.found.record.id) for one in judged if one.found.record is not None
    } | bench.counterparts.ours
    books = bench.counterparts.books
    records: tuple[Transaction, ...] = (*books.documents, *books.payments, *books.deposits)
    for record in records:
        known = (entity_of(record), record.id) in matched
        moved = not isinstance(record, ReceivedPayment) or record.total
        if known or not moved or not bench.start <= record.txn_date <= bench.as_of or _is_void(record):
            continue
        yield _only(record)


def _is_void(record: Transaction) -> bool:
    return isinstance(record, SalesDocument | ReceivedPayment) and record.voided


_WORDS = {
    "Invoice": "Invoice",
    "SalesReceipt": "Sales receipt",
    "CreditMemo": "Credit memo",
    "RefundReceipt": "Refund receipt",
    "Payment": "Payment",
    "Deposit": "Bank deposit",
}


def _only(record: Transaction) -> Finding:
    entity = entity_of(record)
    name = record.number if isinstance(record, SalesDocument) else record.id
    amount = ZERO if not isinstance(record, SalesDocument | ReceivedPayment | BankDeposit) else record.total
    marked = stamped(record.private_note)
    words = (
        "carries our stamp and is no Coworks record we know" if marked else "entered in QuickBooks, not from Coworks"
    )
    return Finding(
        key=f"qbo:{entity}:{record.id}",
        subject=Subject.QUICKBOOKS,
        name=name,
        verdict=Verdict.QUESTION if marked else Verdict.ONLY_IN_QUICKBOOKS,
        sentence=f"{_WORDS[entity]} {name} of {day(record.txn_date)} for {dollars(amount)}: {words}.",
        quickbooks=amount,
        on=record.txn_date,
        entity=entity,
        qbo_id=record.id,
    )


def _held_in_register(
    register: Billing, plan_problems: Sequence[Problem], findings: Sequence[Finding]
) -> Iterator[Finding]:
    """Invoices whose rows could not be read: named, with an amount that nobody knows."""
    judged = {one.name for one in findings if one.subject is Subject.INVOICE}
    said = {one.key: one.what for one in reversed((*register.problems, *plan_problems)) if one.key}
    for number in sorted(register.held - judged):
        words = said.get(number, "its rows in the report could not be read")
        yield Finding(
            key=f"held:{number}",
            subject=Subject.INVOICE,
            name=number,
            verdict=Verdict.HELD,
            sentence=f"Invoice {number}: {words}",
        )


# Bank deposits.


def _deposits(
    bench: Bench, payouts: Payouts, judged: Sequence[Judged], balances: Balances
) -> tuple[Section, tuple[LedgerBalance, ...]]:
    """Each payout that arrived in the period against its bank deposit's row in the bank account's ledger."""
    found = {one.finding.name: one for one in judged if one.finding.subject is Subject.PAYOUT}
    ledger = _ledger(balances)
    items: list[Item] = []
    banks: set[str] = set()
    for payout in sorted(payouts.payouts, key=lambda one: (one.arrival_date, one.payout_id)):
        judgment = found[payout.payout_id]
        if payout.status is not PayoutStatus.PAID or not bench.start <= payout.arrival_date <= bench.as_of:
            continue
        if judgment.finding.verdict is Verdict.NOT_POSTED:
            continue
        deposit = judgment.found.record
        if isinstance(deposit, BankDeposit):
            banks.add(deposit.account_id)
        items.append(_payout_item(bench, payout, judgment, ledger))
    section = Section(name="Bank deposits", report=total(item.quickbooks for item in items), items=tuple(items))
    return section, tuple(one for one in balances.banks if one.account_id in banks)


Ledger = Mapping[tuple[str, str], Money]


def _ledger(balances: Balances) -> Ledger:
    """Bank ledger amounts by (account id, transaction id); an account that was read has ("id", "") as well."""
    rows: dict[tuple[str, str], Money] = {}
    for bank in balances.banks:
        rows[bank.account_id, ""] = ZERO
        for row in bank.rows:
            rows[bank.account_id, row.txn_id] = rows.get((bank.account_id, row.txn_id), ZERO) + row.amount
    return rows


def _payout_item(bench: Bench, payout: Payout, judgment: Judged, ledger: Ledger) -> Item:
    deposit = judgment.found.record
    booked, words = ZERO, "no bank deposit in QuickBooks."
    if isinstance(deposit, BankDeposit):
        entry_id, entry_amount = judging_payouts.bank_entry(bench, payout)
        read = (deposit.account_id, "") in ledger
        in_period = bench.start <= deposit.txn_date <= bench.as_of
        if read and in_period:
            booked = ledger.get((deposit.account_id, deposit.id), ZERO)
            booked += ledger.get((deposit.account_id, entry_id), ZERO) if entry_id else ZERO
        else:
            booked = deposit.total + entry_amount
        words = f"{dollars(payout.amount)} paid out, {dollars(booked)} in the bank account."
    return Item(
        key=judgment.found.key,
        label=f"Payout {payout.payout_id} of {day(payout.arrival_date)}",
        reason=Reason.PAYOUT if booked == payout.amount else Reason.DIFFERENT,
        sentence=words,
        coworks=payout.amount,
        quickbooks=booked,
        on=payout.arrival_date,
        age_days=(bench.as_of - payout.arrival_date).days,
    )


# Ledgers.


def _rolled(ledger: LedgerBalance) -> RollForward:
    sums: dict[str, Money] = {}
    for row in ledger.rows:
        sums[row.txn_type] = sums.get(row.txn_type, ZERO) + row.amount
    return RollForward(
        account=ledger.account_name,
        opening=ledger.opening,
        movements=tuple(sorted(sums.items())),
        closing=ledger.closing,
    )


def _income(books: Books, balances: Balances) -> tuple[IncomeRow, ...]:
    """Income accounts of the trial balance, credits positive, in the report's order; empty if it was not read."""
    kinds = {account.id: (account.type, account.classification) for account in books.accounts}
    return tuple(
        IncomeRow(account=row.account_name, amount=-row.amount)
        for row in balances.trial_balance
        if kinds.get(row.account_id, ("", ""))[0] in ("Income", "Other Income")
        or kinds.get(row.account_id, ("", ""))[1] == "Revenue"
    )


def _check(proof: Proof) -> None:
    """Parts sum to totals and each key has one verdict: by construction, and looked at all the same."""
    keys = Counter(finding.key for finding in proof.findings)
    twice = [key for key, times in keys.items() if times > 1]
    if twice:
        raise AssertionError(f"several verdicts for {twice[:3]}")
    for part in proof.sections:
        differences = total(item.difference for item in part.items)
        if part.expected + part.unexplained != part.report or differences + part.unlisted != part.unexplained:
            raise AssertionError(f"{part.name}: parts do not sum to the total")
        if total(part.bridge.values()) != part.expected:
            raise AssertionError(f"{part.name}: the bridge does not sum to what is expected")


# Changed in QuickBooks.


def drift(books: Books, done: Done) -> tuple[Problem, ...]:
    """A note for each posted record that was deleted, voided or given another total in QuickBooks since.

    In key order. Records dated before `books.since` may simply not have been read; those are not called deleted.
    """
    counterparts = index(books, done)
    problems = (_drifted(counterparts, posted) for _, posted in sorted(done.items()))
    return tuple(problem for problem in problems if problem)


_TRANSACTIONS = frozenset({*map(str, DocumentKind), "Payment", "Deposit", "JournalEntry"})


def _drifted(counterparts: Counterparts, posted: Posted) -> Problem | None:
    taken_back = posted.kind is Kind.VOID or posted.coworks_id.endswith("/undo")
    if posted.standing not in STANDS or posted.entity not in _TRANSACTIONS or taken_back:
        return None
    record = _standing_record(counterparts, posted)
    if record is None:
        return None if counterparts.books.since else _changed(posted, "is no longer in QuickBooks")
    if _is_void(record):
        void = counterparts.posted.get((Kind.VOID, f"{posted.coworks_id}/void"))
        return None if void and void.standing in STANDS else _changed(posted, "was voided in QuickBooks")
    if not isinstance(record, SalesDocument | ReceivedPayment | BankDeposit):
        return None
    if record.total != abs(posted.amount) and posted.kind in _AMOUNT_IS_TOTAL:
        return _changed(posted, f"was posted with {dollars(abs(posted.amount))} and is now {dollars(record.total)}")
    return None


_AMOUNT_IS_TOTAL = frozenset({Kind.INVOICE, Kind.PAYMENT, Kind.CREDIT_MEMO, Kind.REFUND, Kind.DEPOSIT})


def _standing_record(counterparts: Counterparts, posted: Posted) -> Transaction | None:
    if posted.entity == "Payment":
        return counterparts.payments.get(posted.qbo_id)
    if posted.entity == "Deposit":
        return counterparts.deposits.get(posted.qbo_id)
    if posted.entity == "JournalEntry":
        return counterparts.entries.get(posted.qbo_id)
    return counterparts.documents.get(posted.qbo_id)


def _changed(posted: Posted, what: str) -> Problem:
    name = posted.number or posted.coworks_id
    return Problem(
        code="changed-in-quickbooks",
        where=f"{posted.entity} {posted.qbo_id}",
        what=f"{str(posted.kind).replace('_', ' ').capitalize()} {name} {what}.".replace("  ", " "),
        why="The books no longer say what was posted, so the month may not tie.",
        do="Put it back in QuickBooks, or correct it in Coworks, so that both say the same.",
        severity=Severity.NOTE,
        key=posted.coworks_id,
    )
