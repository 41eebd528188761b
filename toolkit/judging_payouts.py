"""The verdict on each payout: the bank deposit that QuickBooks should have of it."""

from __future__ import annotations

from toolkit.books import Account, BankDeposit, JournalEntry
from toolkit.counterparts import find_deposit, find_entry, find_refund
from toolkit.deposit_lines import counterpart
from toolkit.judging import Bench, Case, Judged, absent_finding, compared_finding, finding_of
from toolkit.model import Payout, PayoutStatus
from toolkit.money import ZERO, Money, dollars, total
from toolkit.proof import Finding, Subject, Verdict
from toolkit.settings import Mode
from toolkit.settlement import DEAD, day


def judge_payout(bench: Bench, payout: Payout, bank: Account | None) -> Judged:
    """The verdict of one payout against its bank deposit (and, if negative, the entry that goes with it)."""
    found = find_deposit(bench.counterparts, payout)
    deposit = found.record if isinstance(found.record, BankDeposit) else None
    case = Case(
        subject=Subject.PAYOUT,
        name=payout.payout_id,
        label=f"Payout {payout.payout_id} of {day(payout.arrival_date)}",
        amount=payout.amount,
        on=payout.arrival_date,
        who=payout.statement_descriptor,
        found=found,
        worth=deposit.total + bank_entry(bench, payout)[1] if deposit else ZERO,
    )
    return Judged(finding=_payout_finding(bench, payout, case, deposit, bank), found=found)


def bank_entry(bench: Bench, payout: Payout) -> tuple[str, Money]:
    """Id and bank effect of the journal entry that carries a negative payout's net; ("", 0.00) if there is none."""
    if payout.amount >= 0:
        return "", ZERO
    entry = find_entry(bench.counterparts, f"{payout.payout_id}/negative", payout).record
    if not isinstance(entry, JournalEntry):
        return "", ZERO
    banks = {account.id for account in bench.counterparts.books.accounts if account.type == "Bank"}
    return entry.id, total(line.amount for line in entry.lines if line.account_id in banks)


def _payout_finding(
    bench: Bench, payout: Payout, case: Case, deposit: BankDeposit | None, bank: Account | None
) -> Finding:
    if deposit is None or payout.arrival_date > bench.as_of:
        unposted = _payout_not_posted(bench, payout)
        if unposted:
            return finding_of(case, *unposted)
    absent = absent_finding(bench, case, (payout.payout_id,))
    if absent or deposit is None:
        return absent or finding_of(case, Verdict.MISSING, "not in QuickBooks.")
    if payout.status in DEAD:
        return finding_of(case, Verdict.DIFFERS, f"is {payout.status}, and its bank deposit stands in QuickBooks.")
    differences = []
    if bank and deposit.account_id != bank.id:
        differences.append(f"is in another account than {bank.name}")
    differences += _contents_difference(bench, payout, deposit)
    return compared_finding(case, payout.amount, deposit.txn_date, differences)


def _payout_not_posted(bench: Bench, payout: Payout) -> tuple[Verdict, str] | None:
    go_live = bench.settings.policy.go_live
    if payout.status in DEAD:
        return Verdict.NOT_POSTED, f"is {payout.status}: its charges go out again in a later payout."
    if payout.status is not PayoutStatus.PAID or payout.arrival_date > bench.as_of:
        return Verdict.IN_TRANSIT, f"{dollars(payout.amount)} is on its way to the bank on {day(bench.as_of)}."
    if go_live and payout.arrival_date < go_live:
        return Verdict.NOT_POSTED, f"arrived before go-live ({go_live.isoformat()})."
    if bench.settings.mode is Mode.INVOICES:
        return Verdict.NOT_POSTED, "payments are entered elsewhere."
    return None


def _contents_difference(bench: Bench, payout: Payout, deposit: BankDeposit) -> list[str]:
    """The payments and refunds that the payout holds and the bank deposit does not."""
    inside = {line.link.txn_id for line in deposit.lines if line.link}
    absent = 0
    for row in bench.settlement.rows.get(payout.payout_id, ()):
        found = [counterpart(bench.counterparts, bench.invoices, payment) for payment in row.payments]
        found += [find_refund(bench.counterparts, row.refund)] if row.refund else []
        absent += sum(one.record is not None and one.record.id not in inside for one in found)
    return [f"holds {absent} fewer of the payout's payments and refunds"] if absent else []
