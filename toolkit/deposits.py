"""Payouts and payments → the deposit plan: each payout one bank deposit, proved by its id, total to the cent.

Rung 1 of the ladder: the payout names its charges. A gap is reported, never searched for.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date
from functools import partial

from toolkit import already_booked, chart, corrections, deposit_lines, deposit_problems
from toolkit.already_booked import Booked
from toolkit.books import Account, BankDeposit, Books, DepositLine, ListEntry, TxnType
from toolkit.corrections import Correction
from toolkit.counterparts import Counterparts, find_deposit, index, key_of, payout_stamp, register_by_number
from toolkit.deposit_lines import Contents, Ground
from toolkit.model import Billing, Payout, Payouts, PayoutStatus
from toolkit.money import ZERO, Money, show, text, total
from toolkit.plan import Action, Adoption, Done, Fact, Kind, Operation, Plan, Posted, Standing, ordered
from toolkit.problems import Problem, Severity, stops_everything
from toolkit.settings import Mode, Settings
from toolkit.settlement import DEAD, Settlement, day, payment_id, refund_id, settle


@dataclass(slots=True)
class _Draft:
    """What is decided about one payout."""

    payout: Payout
    operations: tuple[Operation, ...] = ()
    adoptions: tuple[Adoption, ...] = ()
    unchanged: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()
    facts: tuple[Fact, ...] = ()
    uses: tuple[tuple[str, str], ...] = field(default=())
    """(type, id) of the QuickBooks records it would put into the deposit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Desk:
    ground: Ground
    booked: Booked
    settings: Settings
    books: Books


def make_plan(
    payouts: Payouts,
    register: Billing,
    books: Books,
    done: Done,
    settings: Settings,
    *,
    company: str,
    period: str,
) -> Plan:
    """The bank deposits to be made, adopted or held, one for each payout with status paid; linear in all inputs.

    A deposit's lines sum to the payout's amount exactly; each payment is in at most one. The order of the input
    decides nothing. What cannot be proved is held with a Problem in words. Pure: nothing is mutated or raised.
    """
    plan = Plan(stage="deposits", company=company, realm=books.realm, period=period)
    if settings.mode is not Mode.TRANSACTIONS:
        return replace(plan, problems=(*payouts.problems, deposit_problems.no_transactions(settings.mode)))
    if stops_everything(payouts.problems):
        return replace(plan, problems=payouts.problems)
    funds = chart.undeposited_funds(books, settings)
    if isinstance(funds, Problem) and not any(one.status is PayoutStatus.PAID for one in payouts.payouts):
        return replace(plan, problems=payouts.problems)  # QuickBooks makes the account at its first use
    if isinstance(funds, Problem):
        held = tuple((one.payout_id, funds.code) for one in payouts.payouts if one.status is PayoutStatus.PAID)
        return replace(plan, problems=(*payouts.problems, funds), held=held)
    desk = _desk(settle(payouts.payouts, register), register, index(books, done), funds, settings)
    in_order = sorted(payouts.payouts, key=lambda one: (one.arrival_date, one.payout_id))
    drafts = _each_once([_draft(desk, payout) for payout in in_order])
    return _assembled(plan, payouts, drafts, desk)


def _desk(
    settlement: Settlement, register: Billing, counterparts: Counterparts, funds: Account, settings: Settings
) -> _Desk:
    ground = Ground(
        settlement=settlement,
        invoices=register_by_number(register),
        counterparts=counterparts,
        settings=settings,
        funds=funds,
    )
    books = counterparts.books
    booked = already_booked.foreign_entries(books, counterparts.ours)
    return _Desk(ground=ground, booked=booked, settings=settings, books=books)


def _assembled(plan: Plan, payouts: Payouts, drafts: list[_Draft], desk: _Desk) -> Plan:
    operations = ordered(operation for draft in drafts for operation in draft.operations)
    held = tuple(
        (draft.payout.payout_id, problem.code)
        for draft in drafts
        for problem in draft.problems
        if problem.severity is not Severity.NOTE
    )
    common = (_closing_fact(desk.books),) if operations else ()
    return replace(
        plan,
        operations=operations,
        adoptions=tuple(adoption for draft in drafts for adoption in draft.adoptions),
        unchanged=tuple(key for draft in drafts for key in draft.unchanged),
        held=held,
        problems=(*payouts.problems, *(problem for draft in drafts for problem in draft.problems)),
        facts=(*common, *dict.fromkeys(fact for draft in drafts for fact in draft.facts)),
    )


def _draft(desk: _Desk, payout: Payout) -> _Draft:
    """The first rule that applies decides; the last is the deposit itself."""
    for rule in (_not_paid, _already_posted, _before_go_live, _unreadable):
        decided = rule(desk, payout)
        if decided:
            return decided
    bank = chart.bank(desk.books, desk.settings, payout.bank_last4)
    if isinstance(bank, Problem):
        return _hold(payout, replace(bank, key=payout.payout_id, where=deposit_problems.where(payout)))
    found = deposit_lines.contents(desk.ground, payout)
    draft = _with_contents(desk, payout, bank, found)
    draft.uses = tuple((line.link.txn_type, line.link.txn_id) for line in found.lines if line.link)
    return draft


def _with_contents(desk: _Desk, payout: Payout, bank: Account, found: Contents) -> _Draft:
    """Every part is known or the payout is held: gaps, then what already holds these payments, then what is booked."""
    if found.gaps:
        by_hand = _made_by_hand(desk, payout, bank, found)
        return by_hand or _hold(payout, deposit_problems.short(payout, found.gaps))
    claimed = _claimed_twice(desk, payout)
    if claimed:
        return _hold(payout, claimed)
    standing = _holding(desk, found.lines)
    if standing:
        return _adopted_or_held(desk, payout, bank, found.lines, standing)
    booked = already_booked.near(desk.booked, bank.id, payout.amount, payout.arrival_date)
    if booked and payout.amount:
        return _hold(payout, deposit_problems.already_booked(payout, bank, tuple(one.words for one in booked)))
    closed = _closed_through(desk)
    if closed and payout.arrival_date <= closed:
        return _hold(payout, deposit_problems.closed(payout, closed))
    return _posted(desk, payout, bank, found)


def _hold(payout: Payout, problem: Problem) -> _Draft:
    return _Draft(payout, problems=(problem,))


# What is said before a payout's detail is looked at.


def _not_paid(desk: _Desk, payout: Payout) -> _Draft | None:
    if payout.status is PayoutStatus.PAID:
        return None
    posted = find_deposit(desk.ground.counterparts, payout)
    if posted.record and payout.status in DEAD:
        return _hold(payout, deposit_problems.failed_after_posting(payout, posted.record.id))
    return _hold(payout, deposit_problems.not_paid(payout))


def _already_posted(desk: _Desk, payout: Payout) -> _Draft | None:
    found = find_deposit(desk.ground.counterparts, payout)
    if found.posted and found.posted.standing is Standing.UNDONE and not _released(found.posted):
        return _hold(payout, deposit_problems.undone(payout))
    if found.gone and found.posted:
        return _hold(payout, deposit_problems.deleted(payout, found.posted))
    if found.outside or (found.record and found.rule == "posting log"):
        return _Draft(payout, unchanged=(found.key,))
    if isinstance(found.record, BankDeposit):
        return _Draft(payout, adoptions=(_adoption(payout, found.key, found.record, "stamp"),))
    return None


def _released(posted: Posted) -> bool:
    return posted.note.startswith("released")


def _before_go_live(desk: _Desk, payout: Payout) -> _Draft | None:
    go_live = desk.settings.policy.go_live
    if go_live is None or payout.arrival_date >= go_live:
        return None
    return _hold(payout, deposit_problems.before_go_live(payout, go_live))


def _unreadable(desk: _Desk, payout: Payout) -> _Draft | None:
    home = desk.books.preferences.home_currency
    if payout.currency.upper() != home.upper():
        return _hold(payout, deposit_problems.currency(payout, home))
    rows = desk.ground.settlement.rows[payout.payout_id]
    detail = total(row.charge.net for row in rows)
    if detail == payout.amount and (rows or not payout.amount):
        return None
    return _hold(payout, deposit_problems.detail(payout, len(rows), detail))


# What already stands.


def _claimed_twice(desk: _Desk, payout: Payout) -> Problem | None:
    rows = desk.ground.settlement.rows[payout.payout_id]
    names = [payment_id(payment) for row in rows for payment in row.payments]
    names += [refund_id(row.refund) for row in rows if row.refund]
    shared = sorted(set(names) & desk.ground.settlement.twice)
    return deposit_problems.claimed_twice(payout, ", ".join(shared)) if shared else None


def _holding(desk: _Desk, lines: Iterable[DepositLine]) -> dict[str, BankDeposit]:
    of = desk.ground.counterparts.deposits_of
    links = [line.link for line in lines if line.link]
    return {
        deposit.id: deposit
        for link in links
        for deposit in of.get((link.txn_type, link.txn_id), ())
        if link.txn_type is not TxnType.JOURNAL_ENTRY
        or any(line.link and line.link.line_id == link.line_id for line in deposit.lines)
    }


def _made_by_hand(desk: _Desk, payout: Payout, bank: Account, found: Contents) -> _Draft | None:
    """A payout that also holds charges of others was deposited by a person: all we know is in it, and its total."""
    wanted = {(line.link.txn_type, line.link.txn_id) for line in found.lines if line.link}
    key, _ = key_of(desk.ground.counterparts, Kind.DEPOSIT, payout.payout_id)
    for deposit in _holding(desk, found.lines).values():
        held = {(line.link.txn_type, line.link.txn_id) for line in deposit.lines if line.link}
        if wanted <= held and _is_this_payout(deposit, payout, bank):
            rule = "all its known payments and its exact total"
            return _Draft(payout, adoptions=(_adoption(payout, key, deposit, rule),))
    return None


def _is_this_payout(deposit: BankDeposit, payout: Payout, bank: Account) -> bool:
    near = abs(deposit.txn_date - payout.arrival_date) <= already_booked.WINDOW
    return deposit.total == payout.amount and deposit.account_id == bank.id and near


def _adopted_or_held(
    desk: _Desk, payout: Payout, bank: Account, lines: tuple[DepositLine, ...], standing: dict[str, BankDeposit]
) -> _Draft:
    """A deposit that holds exactly these payments, of this amount, on this account, near this day, is ours."""
    wanted = {(line.link.txn_type, line.link.txn_id) for line in lines if line.link}
    key, _ = key_of(desk.ground.counterparts, Kind.DEPOSIT, payout.payout_id)
    for deposit in standing.values():
        held = {(line.link.txn_type, line.link.txn_id) for line in deposit.lines if line.link}
        if held == wanted and _is_this_payout(deposit, payout, bank):
            return _Draft(payout, adoptions=(_adoption(payout, key, deposit, "exactly these payments"),))
    return _hold(payout, deposit_problems.already_deposited(payout, standing, wanted))


def _adoption(payout: Payout, key: str, deposit: BankDeposit, rule: str) -> Adoption:
    return Adoption(
        key=key,
        kind=Kind.DEPOSIT,
        entity="Deposit",
        qbo_id=deposit.id,
        number="",
        amount=deposit.total,
        rule=rule,
        label=_label(payout),
        coworks_id=payout.payout_id,
    )


def _each_once(drafts: list[_Draft]) -> list[_Draft]:
    """No QuickBooks record in two of the planned deposits: if two payouts reach for it, both are held."""
    wanted = Counter(use for draft in drafts if draft.operations or draft.adoptions for use in draft.uses)
    return [
        _hold(draft.payout, deposit_problems.claimed_twice(draft.payout, ", ".join(shared)))
        if (shared := sorted({f"{kind} {name}" for kind, name in draft.uses if wanted[kind, name] > 1}))
        and (draft.operations or draft.adoptions)
        else draft
        for draft in drafts
    ]


# The deposit.


def _posted(desk: _Desk, payout: Payout, bank: Account, found: Contents) -> _Draft:
    fee_line = _fee_line(desk, payout, found.fee)
    if isinstance(fee_line, Problem):
        return _hold(payout, replace(fee_line, key=payout.payout_id, where=deposit_problems.where(payout)))
    lines, entries = list(found.lines), list(found.entries)
    unchanged = list(found.standing_entries)
    if payout.amount < 0:
        made = corrections.negative(partial(deposit_lines.identity, desk.ground), payout, desk.ground.funds.id, bank.id)
        carried: list[Correction | str] = []
        lines.append(deposit_lines.carry(desk.ground, payout, made, carried))
        entries += [one.operation for one in carried if isinstance(one, Correction)]
        unchanged += [one for one in carried if isinstance(one, str)]
    lines += fee_line
    key, generation = deposit_lines.identity(desk.ground, Kind.DEPOSIT, payout.payout_id)
    deposit = _deposit(payout, bank, tuple(lines), key)
    operation = Operation(
        key=key,
        kind=Kind.DEPOSIT,
        action=Action.CREATE,
        entity="Deposit",
        record=deposit,
        label=_label(payout),
        reason=_reason(found),
        amount=deposit.total,
        needs=tuple(one.key for one in entries),
        coworks_id=payout.payout_id,
        generation=generation,
    )
    facts = _facts(desk, bank, deposit)
    return _Draft(payout, operations=(*entries, operation), unchanged=tuple(unchanged), facts=facts)


def _deposit(payout: Payout, bank: Account, lines: tuple[DepositLine, ...], key: str) -> BankDeposit:
    """The deposit, its total the sum of its lines: the payout's amount, or 0.00 where an entry carries a negative."""
    whole = total(line.amount for line in lines)
    expected = max(payout.amount, ZERO)
    if whole != expected:
        raise AssertionError(f"payout {payout.payout_id}: lines of {whole} for a bank deposit of {expected}")
    return BankDeposit(
        account_id=bank.id,
        txn_date=payout.arrival_date,
        total=whole,
        lines=lines,
        private_note=payout_stamp(payout.payout_id, key),
    )


def _fee_line(desk: _Desk, payout: Payout, fee: Money) -> list[DepositLine] | Problem:
    """The processing fee as one line, negative as it leaves the deposit; none if it is 0.00."""
    if not fee:
        return []
    account = chart.processing_fee(desk.books, desk.settings)
    of_class = chart.fee_class(desk.books, desk.settings)
    if isinstance(account, Problem):
        return account
    if isinstance(of_class, Problem):
        return of_class
    class_id = of_class.id if isinstance(of_class, ListEntry) else ""
    words = f"Processing fee of payout {payout.payout_id}"
    return [DepositLine(amount=fee, account_id=account.id, class_id=class_id, description=words)]


def _label(payout: Payout) -> str:
    return f"Bank deposit of payout {payout.payout_id} · {day(payout.arrival_date)} · ${show(payout.amount)}"


def _reason(found: Contents) -> str:
    parts = [f"{found.payments} payment{'s' if found.payments != 1 else ''}"]
    if found.refunds:
        parts.append(f"{found.refunds} refund{'s' if found.refunds != 1 else ''}")
    if found.entries or found.standing_entries:
        parts.append(f"{len(found.entries) + len(found.standing_entries)} by journal entry")
    if found.fee:
        parts.append(f"processing fee {show(-found.fee)}")
    if found.cancelled:
        parts.append(f"{found.cancelled} rows that cancel out")
    return f"Rule 1, payout id: {', '.join(parts)}."


def _facts(desk: _Desk, bank: Account, deposit: BankDeposit) -> tuple[Fact, ...]:
    """What the deposit relies on: its accounts and each record it links, as they stand (deposits change neither)."""
    funds = desk.ground.funds
    accounts = (
        Fact(of="account of undeposited funds", value=f"{funds.id} {funds.name}"),
        Fact(of="bank account", value=f"{bank.id} {bank.name}"),
    )
    links = (line.link for line in deposit.lines if line.link and not line.link.txn_id.startswith("key:"))
    linked = tuple(
        Fact(of=f"{link.txn_type} {link.txn_id}", value=f"{text(link.amount)} in {funds.name}, in no bank deposit")
        for link in links
    )
    return accounts + linked


# Closed periods.


def _closed_through(desk: _Desk) -> date | None:
    """The last day on which nothing may be posted: the later of QuickBooks' closing date and what was reported."""
    days = (desk.books.preferences.book_close_date, desk.settings.policy.reported_through)
    return max((one for one in days if one), default=None)


def _closing_fact(books: Books) -> Fact:
    return Fact(of="closing date", value=str(books.preferences.book_close_date or "none"))
