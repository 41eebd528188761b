"""Journal entries for what a payout holds besides charges, refunds and fees: disputes, returns, negative nets.

Each entry has its Undeposited Funds line first, so that the payout's bank deposit can link it as line "0" (Intuit:
a link to a journal entry names the entry's line in TxnLineId, counted from 0).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from toolkit.books import JournalEntry, JournalLine, Link, TxnType
from toolkit.counterparts import payout_stamp
from toolkit.model import Charge, ChargeType, Payout
from toolkit.money import ZERO, Money, show
from toolkit.plan import Action, Kind, Operation, pending

Identity = Callable[[Kind, str], tuple[str, int]]
"""The key and generation under which a Coworks record is posted."""

FUNDS_LINE = "0"
"""The line of our journal entries that stands on Undeposited Funds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """A journal entry and the link by which the payout's bank deposit carries its Undeposited Funds line."""

    operation: Operation
    link: Link


@dataclass(frozen=True, slots=True, kw_only=True)
class Against:
    """The other side of the entry: an account, and for accounts receivable the customer."""

    account_id: str
    customer_id: str = ""


_WORDS = {
    ChargeType.DISPUTE: "Dispute opened",
    ChargeType.DISPUTE_REVERSAL: "Dispute won",
    ChargeType.CHARGE_FAILURE: "Payment returned",
    ChargeType.REFUND_FAILURE: "Refund failed",
    ChargeType.ADJUSTMENT: "Adjustment",
}

TO_RECEIVABLE = frozenset({ChargeType.CHARGE_FAILURE, ChargeType.REFUND_FAILURE})
"""Rows that move the customer's balance: a returned payment is owed again, a failed refund is owed to the customer."""

TO_DISPUTES = frozenset({ChargeType.DISPUTE, ChargeType.DISPUTE_REVERSAL, ChargeType.ADJUSTMENT})
"""Rows that wait on the disputes account until they are decided."""


def negative(identity: Identity, payout: Payout, funds_id: str, bank_id: str) -> Correction:
    """Dr Undeposited Funds / Cr Bank for the net of a payout that took money out of the bank, dated its arrival."""
    return _correction(
        identity,
        payout,
        coworks_id=f"{payout.payout_id}/negative",
        on_funds=-payout.amount,
        funds_id=funds_id,
        against=Against(account_id=bank_id),
        words=f"Negative payout {payout.payout_id}: ${show(-payout.amount)} taken from the bank",
        bank=payout.amount,
    )


def of_row(identity: Identity, payout: Payout, row: Charge, nth: int, *, funds_id: str, against: Against) -> Correction:
    """The entry of one row that is neither charge nor refund nor fee, for its gross; dated the payout's arrival.

    `nth` (1-based) tells rows of the same type and charge apart, in the order of the payout's rows.
    """
    name = row.charge_id or row.invoice_number or "row"
    about = f" of {row.team}" if row.team else ""
    return _correction(
        identity,
        payout,
        coworks_id=f"{payout.payout_id}/{row.type}/{name}/{nth}",
        on_funds=row.gross,
        funds_id=funds_id,
        against=against,
        words=f"{_WORDS[row.type]}{about}: ${show(abs(row.gross))} in payout {payout.payout_id}",
    )


def _correction(
    identity: Identity,
    payout: Payout,
    *,
    coworks_id: str,
    on_funds: Money,
    funds_id: str,
    against: Against,
    words: str,
    bank: Money = ZERO,
) -> Correction:
    key, generation = identity(Kind.JOURNAL_ENTRY, coworks_id)
    entry = JournalEntry(
        number=f"CW-{key[:8].upper()}",
        txn_date=payout.arrival_date,
        lines=(
            JournalLine(account_id=funds_id, amount=on_funds, description=words),
            JournalLine(
                account_id=against.account_id, customer_id=against.customer_id, amount=-on_funds, description=words
            ),
        ),
        private_note=payout_stamp(payout.payout_id, key),
    )
    operation = Operation(
        key=key,
        kind=Kind.JOURNAL_ENTRY,
        action=Action.CREATE,
        entity="JournalEntry",
        record=entry,
        label=words,
        reason="Carried by the payout's bank deposit through Undeposited Funds.",
        amount=bank,
        coworks_id=coworks_id,
        generation=generation,
    )
    link = Link(txn_type=TxnType.JOURNAL_ENTRY, txn_id=pending(key), amount=on_funds, line_id=FUNDS_LINE)
    return Correction(operation=operation, link=link)
