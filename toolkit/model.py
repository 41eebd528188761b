"""What Coworks says: invoices, their lines, payments, refunds, payouts and charges. Frozen records, no behaviour.

Amounts are US dollars with two places (unit prices may have more). Dates are company-local. Every record
remembers its Source, so that a problem can say file, sheet and row.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from toolkit.money import ZERO, Money
from toolkit.problems import Problem


class LineKind(StrEnum):
    """What a billing line charges for; decides which mapping row prices it."""

    PLAN = "plan"
    PRORATION = "proration"
    DISCOUNT = "discount"
    DAY_PASS = "day_pass"
    BOOKING = "booking"
    ONE_OFF = "one_off"
    TRANSACTION_FEE = "transaction_fee"
    CUSTOM_FEE = "custom_fee"
    TAX_FEE = "tax_fee"
    DEPOSIT = "deposit"
    CREDIT_NOTE = "credit_note"
    BALANCE = "balance"


FEES = frozenset({LineKind.TRANSACTION_FEE, LineKind.CUSTOM_FEE, LineKind.TAX_FEE})


class InvoiceStatus(StrEnum):
    """States seen in Coworks; `closed` in Coworks is VOIDED here."""

    SCHEDULED = "scheduled"
    UNPAID = "unpaid"
    PAID = "paid"
    MARKED_AS_PAID = "marked_as_paid"
    FAILED = "failed"
    REFUNDED = "refunded"
    PARTIALLY_REFUNDED = "partially_refunded"
    VOIDED = "voided"
    PAUSED = "paused"
    SPLIT = "split"


class InvoiceType(StrEnum):
    """Where in Coworks the invoice was made."""

    MEMBERSHIP = "membership"
    ONE_OFF = "one_off"
    DAY_PASS = "day_pass"
    EXTERNAL_BOOKING = "external_booking"
    OVERAGE = "overage"
    PRORATION = "proration"


class Method(StrEnum):
    """How the customer paid."""

    CARD = "card"
    ACH = "ach"
    CHECK = "check"
    CASH = "cash"
    WIRE = "wire"
    BALANCE = "balance"
    OTHER = "other"


class PayoutStatus(StrEnum):
    """Stripe's payout states; only PAID is ever put into a bank deposit."""

    PAID = "paid"
    IN_TRANSIT = "in_transit"
    PENDING = "pending"
    FAILED = "failed"
    CANCELED = "canceled"


class ChargeType(StrEnum):
    """What a row of the payout's detail is."""

    CHARGE = "charge"
    REFUND = "refund"
    DISPUTE = "dispute"
    DISPUTE_REVERSAL = "dispute_reversal"
    CHARGE_FAILURE = "charge_failure"
    REFUND_FAILURE = "refund_failure"
    FEE = "fee"
    ADJUSTMENT = "adjustment"
    PAYOUT_REVERSAL = "payout_reversal"


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where a record was read: file name (not path), sheet ("" for CSV) and 1-based row."""

    file: str
    sheet: str = ""
    row: int = 0

    def __str__(self) -> str:
        sheet = f", tab {self.sheet}" if self.sheet else ""
        return f"{self.file}{sheet}, row {self.row}" if self.row else f"{self.file}{sheet}"


@dataclass(frozen=True, slots=True, kw_only=True)
class InputFile:
    """A file that was read: its name, SHA-256 in hex, size in bytes, data rows, and the period it belongs to."""

    name: str
    sha256: str
    size_bytes: int
    rows: int
    period: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BillingLine:
    """One line of a Coworks invoice; `amount` is signed (a discount is negative).

    `name` is the plan's, fee's or room's own name that the mapping knows; `description` is what the customer reads.
    """

    kind: LineKind
    name: str
    description: str
    amount: Money
    quantity: Decimal | None = None
    unit_price: Decimal | None = None
    service_start: date | None = None
    service_end: date | None = None
    campus: str = ""
    taxable: bool = False
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class BillingPayment:
    """Money that a customer paid on one invoice.

    `payment_id` is Coworks' or Stripe's id, "" if the report has none: then `occurrence` (1-based, in date order on
    its invoice) is what identifies it. `charge_id` and `payout_id` tie it to a payout; both "" for checks and cash.
    """

    invoice_number: str
    payment_id: str
    occurrence: int
    paid_on: date
    amount: Money
    method: Method
    reference: str = ""
    charge_id: str = ""
    payout_id: str = ""
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Refund:
    """Money given back on one invoice; `amount` positive."""

    invoice_number: str
    refund_id: str
    occurrence: int
    refunded_on: date
    amount: Money
    reason: str = ""
    payout_id: str = ""
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Invoice:
    """One Coworks invoice, however many rows and tabs it came from.

    `total` is what Coworks says; the lines sum to it (the reader made a Problem of any that do not).
    `category` is the product that a person chose for a whole one-off invoice, "" if none.
    `voided_on` is set from a status column or voids.csv only; absence never voids.
    """

    number: str
    coworks_id: str
    team: str
    email: str
    admin_name: str
    campus: str
    status: InvoiceStatus
    type: InvoiceType
    invoice_date: date
    due_date: date
    lines: tuple[BillingLine, ...]
    total: Money
    amount_paid: Money = ZERO
    amount_refunded: Money = ZERO
    applied_balance: Money = ZERO
    payments: tuple[BillingPayment, ...] = ()
    refunds: tuple[Refund, ...] = ()
    voided_on: date | None = None
    void_reason: str = ""
    split_from: str = ""
    currency: str = "USD"
    memo: str = ""
    category: str = ""
    url: str = ""
    tabs: tuple[str, ...] = ()
    source: Source

    @property
    def is_guest(self) -> bool:
        """Whether Coworks bills a non-member, whom its report calls "Guest"."""
        return self.team.strip().casefold() == "guest"


@dataclass(frozen=True, slots=True, kw_only=True)
class Void:
    """One row of voids.csv: a person's answer that an invoice was voided in Coworks."""

    invoice_number: str
    voided_on: date
    reason: str
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Billing:
    """A Billing report, read: every row became part of an invoice or of a problem.

    `invoices` are ordered by (invoice_date, number); each number occurs once. `period` is YYYY-MM. `held` are numbers
    whose rows had an item problem: they are named in `problems` and not in `invoices`. `filters_on` says which date
    the report was found to select by: "issued", "paid" or "both".
    """

    period: str
    invoices: tuple[Invoice, ...]
    problems: tuple[Problem, ...] = ()
    held: frozenset[str] = frozenset()
    files: tuple[InputFile, ...] = ()
    filters_on: str = "issued"
    voids: tuple[Void, ...] = ()
    exported_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """One row of a payout's detail: gross, fee and net are signed as they move the payout (a refund is negative)."""

    payout_id: str
    charge_id: str
    type: ChargeType
    gross: Money
    fee: Money
    net: Money
    created_on: date
    invoice_number: str = ""
    team: str = ""
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Payout:
    """What the processor sent to the bank; `amount` is net, may be negative; charges net to it or a Problem says so."""

    payout_id: str
    arrival_date: date
    amount: Money
    status: PayoutStatus
    charges: tuple[Charge, ...]
    bank_last4: str = ""
    statement_descriptor: str = ""
    currency: str = "USD"
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Payouts:
    """A Payouts report, read: payouts in (arrival_date, payout_id) order, each id once."""

    period: str
    payouts: tuple[Payout, ...]
    problems: tuple[Problem, ...] = ()
    files: tuple[InputFile, ...] = ()
