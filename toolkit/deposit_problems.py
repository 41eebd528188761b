"""Why a payout is not made into a bank deposit, in words: what, why it matters, what to do."""

from __future__ import annotations

from datetime import date

from toolkit.books import Account, BankDeposit, TxnType
from toolkit.deposit_lines import Gap
from toolkit.model import Payout
from toolkit.money import Money, dollars, total
from toolkit.plan import Posted
from toolkit.problems import Problem, Severity
from toolkit.settings import Mode
from toolkit.settlement import day


def where(payout: Payout) -> str:
    """The place that a problem names: the payout, its arrival and its row."""
    return f"payout {payout.payout_id} of {day(payout.arrival_date)} ({payout.source})"


def _problem(payout: Payout, *, code: str, what: str, why: str, do: str, severity: Severity = Severity.ITEM) -> Problem:
    return Problem(code=code, where=where(payout), what=what, why=why, do=do, severity=severity, key=payout.payout_id)


def no_transactions(mode: Mode) -> Problem:
    """The note of a company whose payments are not posted by this toolkit."""
    what = (
        "Payments are entered elsewhere: no bank deposits are made."
        if mode is Mode.INVOICES
        else "Both switches are off: no bank deposits are made."
    )
    return Problem(
        code="no-bank-deposits",
        where="company.toml, push",
        what=what,
        why="Bank deposits are made of the payments that this toolkit posts.",
        do="Set push.transactions = true to post payments and their bank deposits.",
        severity=Severity.NOTE,
    )


def short(payout: Payout, gaps: tuple[Gap, ...]) -> Problem:
    """ "$300.00 short: one charge of October 2 is not in QuickBooks", and every gap by name."""
    missing = total(gap.amount for gap in gaps)
    side = "short" if missing > 0 else "over"
    listed = "; ".join(gap.words for gap in gaps)
    unusable = any(not gap.absent for gap in gaps)
    return _problem(
        payout,
        code="payout-unusable" if unusable else "payout-short",
        what=f"{dollars(abs(missing))} {side}: {listed}.",
        why="A bank deposit without it would not be the amount that the bank shows; nothing is searched to fill it.",
        do="Settle what is named in QuickBooks or Coworks, post the month's payments, then plan again."
        if unusable
        else "Post the missing payment or refund first; if it is not from Coworks, enter this bank deposit by hand.",
    )


def claimed_twice(payout: Payout, names: str) -> Problem:
    """Two payouts claim one payment or refund."""
    return _problem(
        payout,
        code="payment-in-two-payouts",
        what=f"Another payout claims the same payment: {names}.",
        why="A payment can be put into one bank deposit only, and which one is not to be guessed.",
        do="Look the charge up at the processor and correct the Payouts report that is wrong.",
    )


def undone(payout: Payout) -> Problem:
    """The bank deposit was undone and not released."""
    return _problem(
        payout,
        code="undone",
        what="Its bank deposit was undone.",
        why="What was undone is not posted again until a person releases it.",
        do=f"If it shall be posted again: coworks-qbo release {payout.payout_id}",
    )


def deleted(payout: Payout, posted: Posted) -> Problem:
    """The bank deposit that was posted is no longer in QuickBooks."""
    return _problem(
        payout,
        code="bank-deposit-deleted",
        what=f"Its bank deposit (id {posted.qbo_id}) was posted and is no longer in QuickBooks.",
        why="Someone deleted it; posting it again without asking could double what they made in its place.",
        do=f"Restore it in QuickBooks, or run coworks-qbo release {payout.payout_id} to post it again.",
    )


def failed_after_posting(payout: Payout, qbo_id: str) -> Problem:
    """The payout failed and its bank deposit stands."""
    return _problem(
        payout,
        code="payout-failed-after-posting",
        what=f"The payout is {payout.status}, and its bank deposit (id {qbo_id}) stands in QuickBooks.",
        why="The money never reached the bank: it is in the processor's balance again.",
        do="Delete the bank deposit if it is open and not reconciled; otherwise enter Dr Undeposited Funds / Cr Bank.",
    )


def already_deposited(payout: Payout, standing: dict[str, BankDeposit], wanted: set[tuple[TxnType, str]]) -> Problem:
    """Its payments are in other bank deposits."""
    said = []
    for deposit in sorted(standing.values(), key=lambda one: (one.txn_date, one.id)):
        inside = {(line.link.txn_type, line.link.txn_id) for line in deposit.lines if line.link}
        said.append(
            f"the bank deposit of {day(deposit.txn_date)} for {dollars(deposit.total)} (id {deposit.id}) holds "
            f"{len(inside & wanted)} of its {len(wanted)} and {len(inside - wanted)} others"
        )
    return _problem(
        payout,
        code="already-deposited",
        what=f"For this payout of {dollars(payout.amount)}, {'; '.join(said)}.",
        why="A payment can be in one bank deposit only, so this payout cannot be deposited as it is.",
        do="Correct that bank deposit to this payout's payments and fee, or delete it and plan again.",
    )


def already_booked(payout: Payout, bank: Account, entries: tuple[str, ...]) -> Problem:
    """The same amount is on the bank account already."""
    return Problem(
        code="already-booked",
        where=where(payout),
        what=f"{dollars(payout.amount)} is already in {bank.name}: {'; '.join(entries)}.",
        why="Most likely the bank feed's line was added as income; a bank deposit beside it would count it twice.",
        do="Remove that entry in QuickBooks (or undo its bank match), then plan again.",
        key=payout.payout_id,
        candidates=entries,
    )


def closed(payout: Payout, closed: date) -> Problem:
    """It arrived on or before the closing date."""
    return _problem(
        payout,
        code="closed-period",
        what=f"It arrived on or before the closing date ({closed.isoformat()}).",
        why="Nothing is posted into books that are closed or reported.",
        do="Move the closing date for the time of posting, or enter it in the open period by hand.",
    )


def not_paid(payout: Payout) -> Problem:
    """The note of a payout that has not arrived."""
    said = str(payout.status).replace("_", " ")
    return _problem(
        payout,
        code="payout-not-paid",
        what=f"The payout of {dollars(payout.amount)} is {said}; no bank deposit is made for it.",
        why="Only a payout that has arrived is money in the bank; until then its payments wait where they are.",
        do="There is nothing to do: it is posted when the report says paid.",
        severity=Severity.NOTE,
    )


def before_go_live(payout: Payout, go_live: date) -> Problem:
    """The note of a payout that belongs to the books before go-live."""
    return _problem(
        payout,
        code="payout-before-go-live",
        what=f"The payout of {dollars(payout.amount)} arrived before go-live ({go_live.isoformat()}).",
        why="Its bank deposit belongs to the books as they were kept before.",
        do="There is nothing to do if those books have it.",
        severity=Severity.NOTE,
    )


def currency(payout: Payout, home: str) -> Problem:
    """The payout is not in the books' currency."""
    return _problem(
        payout,
        code="payout-currency",
        what=f"The payout is in {payout.currency.upper()}, the books are in {home}.",
        why="An exchange rate would have to be guessed.",
        do="Enter this bank deposit in QuickBooks by hand.",
    )


def detail(payout: Payout, rows: int, net: Money) -> Problem:
    """The payout's rows are absent, or do not come to its amount."""
    if rows:
        what = (
            f"Its {rows} rows come to {dollars(net)} after fees, the payout is {dollars(payout.amount)}: "
            f"{dollars(payout.amount - net)} is not explained."
        )
    else:
        what = f"The report does not say which charges are in the payout of {dollars(payout.amount)}."
    return _problem(
        payout,
        code="payout-detail",
        what=what,
        why="Which payments a bank deposit holds is taken from the payout's detail, never from a sum that fits.",
        do="Export the Payouts report again with its Charges tab; the processor does not itemize instant payouts.",
    )
