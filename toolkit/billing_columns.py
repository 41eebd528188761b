"""What Coworks' Billing report calls things: tabs, headers, kinds, states, types, methods.

Only part of the columns is public (Coworks help 5955439: the seven tabs, Team, Campus, Coworks Invoice URL), so every
name here is an alias table; `[columns]` of company.toml adds to it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from functools import lru_cache

from toolkit.cells import Cell
from toolkit.model import InvoiceStatus, InvoiceType, LineKind, Method
from toolkit.problems import Problem, Severity, UsageError
from toolkit.tables import normal


class Tab(StrEnum):
    """What a tab (or CSV) of a Billing report is."""

    SUMMARY = "Billing Summary"
    PAYOUTS = "Payouts"
    PAID = "Paid"
    REFUNDED = "Refunded"
    UNPAID = "Unpaid"
    MARKED_AS_PAID = "Marked As Paid"
    FAILED = "Failed"
    INVOICES = "Invoices"
    LINES = "Lines"
    PAYMENTS = "Payments"
    REFUNDS = "Refunds"


LIST_TABS = (Tab.PAID, Tab.MARKED_AS_PAID, Tab.REFUNDED, Tab.UNPAID, Tab.FAILED, Tab.INVOICES)
"""Tabs of invoices, in the order in which their word counts when two tabs describe one invoice."""

_TAB_NAMES: dict[Tab, tuple[str, ...]] = {
    Tab.SUMMARY: ("billing_summary", "summary"),
    Tab.PAYOUTS: ("payouts", "payout", "charges"),
    Tab.PAID: ("paid", "paid_invoices"),
    Tab.REFUNDED: ("refunded", "refunded_invoices"),
    Tab.UNPAID: ("unpaid", "unpaid_invoices", "open"),
    Tab.MARKED_AS_PAID: ("marked_as_paid", "marked_paid", "mark_as_paid"),
    Tab.FAILED: ("failed", "failed_invoices", "failed_payments"),
    Tab.INVOICES: ("invoices", "billing", "all", "all_invoices", "billing_report"),
    Tab.LINES: ("lines", "line_items", "invoice_lines", "invoice_line_items"),
    Tab.PAYMENTS: ("payments",),
    Tab.REFUNDS: ("refunds",),
}
_TABS = {name: tab for tab, names in _TAB_NAMES.items() for name in names}

UNUSED_TABS = frozenset({"teams", "campuses", "memberships", "active_memberships", "disputes", "bank"})
"""Tables that Coworks can export and that posting does not need."""


def tab_of(name: str) -> Tab | None:
    """The tab of that name in any spelling, None if it is not one of a Billing report."""
    return _TABS.get(normal(name))


HEAD: dict[str, tuple[str, ...]] = {
    "invoice_number": ("number", "invoice_no", "invoice_num", "coworks_invoice_number", "doc_number", "invoice"),
    "invoice_id": ("coworks_invoice_id", "stripe_invoice_id"),
    "coworks_invoice_url": ("invoice_url", "url", "coworks_url", "invoice_link"),
    "team": ("team_name", "customer", "customer_name", "member", "member_name"),
    "campus": ("campus_name", "community", "team_campus", "location"),
    "status": ("invoice_status", "state", "invoice_state"),
    "invoice_type": ("type",),
    "customer_email": ("email", "billing_email", "team_email", "admin_email", "billing_emails", "e_mail"),
    "admin_name": ("admin", "team_admin", "contact", "contact_name", "billing_admin"),
    "invoice_date": (
        "date",
        "issued",
        "issue_date",
        "issued_date",
        "date_issued",
        "created",
        "created_date",
        "created_at",
    ),
    "due_date": ("due", "due_on", "date_due"),
    "paid_date": ("paid_on", "date_paid", "payment_date", "paid_at"),
    "closed_date": ("closed_on", "closed_at", "voided_on", "void_date", "voided_date"),
    "total": ("invoice_total", "total_amount", "grand_total", "invoice_amount"),
    "subtotal": ("sub_total", "net_amount"),
    "discount": ("discounts", "discount_amount", "total_discount"),
    "fees": ("fee", "fee_total", "total_fees"),
    "transaction_fee": ("transaction_fees", "processing_fee", "processing_fees"),
    "custom_fee": ("custom_fees",),
    "tax": ("taxes", "sales_tax", "tax_amount", "tax_fee", "tax_fees"),
    "amount_due": ("due_amount", "balance_due", "open_balance"),
    "amount_paid": ("paid_amount", "payment_amount"),
    "amount_refunded": ("refunded_amount", "refund_amount"),
    "applied_balance": ("balance_applied", "account_balance_applied", "applied_account_balance"),
    "refunded_date": ("refund_date", "refunded_on", "date_refunded", "refunded_at"),
    "refund_id": (),
    "refund_reason": ("reason",),
    "refund_payout_id": (),
    "payment_method": ("method", "payment_source", "paid_with"),
    "payment_id": ("transaction_id", "payment_intent", "payment_intent_id"),
    "reference": ("payment_reference", "check_number", "check_no", "cheque_number", "ref"),
    "charge_id": ("charge",),
    "payout_id": ("payout",),
    "split_from": ("parent_invoice", "parent", "original_invoice"),
    "category": ("product", "product_service", "quickbooks_category"),
    "currency": (),
    "memo": ("note", "notes", "message"),
    "period_start": ("billing_period_start",),
    "period_end": ("billing_period_end",),
}
"""Columns that say the same on every row of an invoice."""

LINE: dict[str, tuple[str, ...]] = {
    "line_no": ("line", "line_number", "no"),
    "kind": ("line_kind", "line_type", "item_type", "line_item_type"),
    "plan_name": ("plan", "membership", "item", "item_name", "line_name"),
    "description": ("line_description", "details", "line_item"),
    "quantity": ("qty", "hours", "units"),
    "unit_price": ("price", "rate", "unit_amount"),
    "amount": ("line_amount", "line_total", "extended_amount"),
    "service_start": ("service_period_start", "start_date", "line_period_start"),
    "service_end": ("service_period_end", "end_date", "line_period_end"),
    "campus_of_service": ("service_campus", "line_campus"),
    "taxable": ("is_taxable",),
}
"""Columns of one line of an invoice."""

SUMMARY: dict[str, tuple[str, ...]] = {
    "tab": ("status", "category", "type", "name", "billing_summary", "summary"),
    "invoices": ("count", "number_of_invoices", "invoice_count", "number"),
    "total": ("amount", "total_amount", "sum"),
}
"""Columns of the Billing Summary."""

PAYMENT: dict[str, tuple[str, ...]] = {
    "invoice_number": HEAD["invoice_number"],
    "payment_id": (*HEAD["payment_id"], "id"),
    "paid_date": (*HEAD["paid_date"], "date", "created"),
    "amount_paid": (*HEAD["amount_paid"], "amount"),
    "payment_method": HEAD["payment_method"],
    "payment_state": ("state", "status"),
    "reference": HEAD["reference"],
    "charge_id": HEAD["charge_id"],
    "payout_id": HEAD["payout_id"],
}
"""Columns of a table of payments."""

REFUND: dict[str, tuple[str, ...]] = {
    "invoice_number": HEAD["invoice_number"],
    "refund_id": ("id",),
    "refunded_date": (*HEAD["refunded_date"], "date", "created"),
    "amount_refunded": (*HEAD["amount_refunded"], "amount"),
    "refund_reason": HEAD["refund_reason"],
    "refund_state": ("state", "status"),
    "refund_payout_id": ("payout_id", "payout"),
}
"""Columns of a table of refunds."""

VOIDS: dict[str, tuple[str, ...]] = {
    "invoice_number": HEAD["invoice_number"],
    "voided_on": ("voided_date", "void_date", "closed_date", "date"),
    "reason": ("note", "why"),
}
"""Columns of voids.csv."""

PAYOUT: dict[str, tuple[str, ...]] = {
    "payout_id": ("id", "payout", "automatic_payout_id"),
    "arrival_date": ("arrival", "arrives_on", "automatic_payout_effective_at", "date"),
    "amount": ("net", "payout_amount", "total"),
    "statement_descriptor": ("descriptor", "statement_description"),
    "status": ("state", "payout_status"),
    "created": ("created_at", "created_date"),
    "currency": (),
    "bank_last4": ("last4", "bank_account_last4", "bank"),
}
"""Columns of the Payouts tab (Coworks help 8301036: id, arrival_date, amount, statement_descriptor, status)."""

CHARGE: dict[str, tuple[str, ...]] = {
    "payout_id": ("payout", "automatic_payout_id"),
    "balance_txn_id": ("balance_transaction_id", "balance_transaction"),
    "charge_id": ("charge", "source_id", "source"),
    "type": ("reporting_category", "category", "charge_type"),
    "gross": ("amount", "gross_amount"),
    "fee": ("fees", "processing_fee", "stripe_fee"),
    "net": ("net_amount",),
    "invoice_number": HEAD["invoice_number"],
    "team": HEAD["team"],
    "created": ("created_at", "created_date", "date"),
    "available_on": ("available_on_utc", "available"),
}
"""Columns of the Charges tab, Stripe's payout reconciliation names beside Coworks'."""

CANONICAL = frozenset(name for table in (HEAD, LINE, SUMMARY, PAYMENT, REFUND, VOIDS, PAYOUT, CHARGE) for name in table)
"""Every name that `[columns]` of company.toml may extend."""


def known_words(*aliases: Mapping[str, Iterable[str]], extra: Mapping[str, Iterable[str]]) -> frozenset[str]:
    """Every normal header word of these tables, by which a header row is recognized."""
    words = {normal(word) for table in aliases for name, others in table.items() for word in (name, *others)}
    return frozenset(words | {normal(word) for others in extra.values() for word in others})


STATUSES: dict[str, InvoiceStatus] = {
    "scheduled": InvoiceStatus.SCHEDULED,
    "draft": InvoiceStatus.SCHEDULED,
    "upcoming": InvoiceStatus.SCHEDULED,
    "unpaid": InvoiceStatus.UNPAID,
    "open": InvoiceStatus.UNPAID,
    "sent": InvoiceStatus.UNPAID,
    "overdue": InvoiceStatus.UNPAID,
    "past_due": InvoiceStatus.UNPAID,
    "pending": InvoiceStatus.UNPAID,
    "processing": InvoiceStatus.UNPAID,
    "paid": InvoiceStatus.PAID,
    "marked_as_paid": InvoiceStatus.MARKED_AS_PAID,
    "marked_paid": InvoiceStatus.MARKED_AS_PAID,
    "failed": InvoiceStatus.FAILED,
    "payment_failed": InvoiceStatus.FAILED,
    "refunded": InvoiceStatus.REFUNDED,
    "partially_refunded": InvoiceStatus.PARTIALLY_REFUNDED,
    "partial_refund": InvoiceStatus.PARTIALLY_REFUNDED,
    "closed": InvoiceStatus.VOIDED,
    "closed_void": InvoiceStatus.VOIDED,
    "void": InvoiceStatus.VOIDED,
    "voided": InvoiceStatus.VOIDED,
    "canceled": InvoiceStatus.VOIDED,
    "cancelled": InvoiceStatus.VOIDED,
    "paused": InvoiceStatus.PAUSED,
    "split": InvoiceStatus.SPLIT,
}

TAB_STATUS: dict[Tab, InvoiceStatus] = {
    Tab.PAID: InvoiceStatus.PAID,
    Tab.REFUNDED: InvoiceStatus.REFUNDED,
    Tab.UNPAID: InvoiceStatus.UNPAID,
    Tab.MARKED_AS_PAID: InvoiceStatus.MARKED_AS_PAID,
    Tab.FAILED: InvoiceStatus.FAILED,
}

STRENGTH = (
    InvoiceStatus.VOIDED,
    InvoiceStatus.SPLIT,
    InvoiceStatus.PARTIALLY_REFUNDED,
    InvoiceStatus.REFUNDED,
    InvoiceStatus.MARKED_AS_PAID,
    InvoiceStatus.PAID,
    InvoiceStatus.PAUSED,
    InvoiceStatus.FAILED,
    InvoiceStatus.UNPAID,
    InvoiceStatus.SCHEDULED,
)
"""Which status wins when two tabs of one export describe an invoice: the one that came later in its life."""

PAID_STATES = frozenset(
    {
        InvoiceStatus.PAID,
        InvoiceStatus.MARKED_AS_PAID,
        InvoiceStatus.REFUNDED,
        InvoiceStatus.PARTIALLY_REFUNDED,
    }
)

TYPES: dict[str, InvoiceType] = {
    "membership": InvoiceType.MEMBERSHIP,
    "memberships": InvoiceType.MEMBERSHIP,
    "plan": InvoiceType.MEMBERSHIP,
    "recurring": InvoiceType.MEMBERSHIP,
    "subscription": InvoiceType.MEMBERSHIP,
    "one_off": InvoiceType.ONE_OFF,
    "oneoff": InvoiceType.ONE_OFF,
    "one_time": InvoiceType.ONE_OFF,
    "custom": InvoiceType.ONE_OFF,
    "day_pass": InvoiceType.DAY_PASS,
    "daypass": InvoiceType.DAY_PASS,
    "external_booking": InvoiceType.EXTERNAL_BOOKING,
    "booking": InvoiceType.EXTERNAL_BOOKING,
    "overage": InvoiceType.OVERAGE,
    "overages": InvoiceType.OVERAGE,
    "proration": InvoiceType.PRORATION,
}

KINDS: dict[str, LineKind] = {
    "plan": LineKind.PLAN,
    "membership": LineKind.PLAN,
    "proration": LineKind.PRORATION,
    "discount": LineKind.DISCOUNT,
    "coupon": LineKind.DISCOUNT,
    "day_pass": LineKind.DAY_PASS,
    "daypass": LineKind.DAY_PASS,
    "booking": LineKind.BOOKING,
    "external_booking": LineKind.BOOKING,
    "room_booking": LineKind.BOOKING,
    "one_off": LineKind.ONE_OFF,
    "oneoff": LineKind.ONE_OFF,
    "one_time": LineKind.ONE_OFF,
    "charge": LineKind.ONE_OFF,
    "transaction_fee": LineKind.TRANSACTION_FEE,
    "processing_fee": LineKind.TRANSACTION_FEE,
    "custom_fee": LineKind.CUSTOM_FEE,
    "fee": LineKind.CUSTOM_FEE,
    "tax_fee": LineKind.TAX_FEE,
    "tax": LineKind.TAX_FEE,
    "sales_tax": LineKind.TAX_FEE,
    "deposit": LineKind.DEPOSIT,
    "security_deposit": LineKind.DEPOSIT,
    "credit_note": LineKind.CREDIT_NOTE,
    "credit": LineKind.CREDIT_NOTE,
    "balance": LineKind.BALANCE,
    "account_balance": LineKind.BALANCE,
}

KIND_OF_TYPE: dict[InvoiceType, LineKind] = {
    InvoiceType.MEMBERSHIP: LineKind.PLAN,
    InvoiceType.ONE_OFF: LineKind.ONE_OFF,
    InvoiceType.DAY_PASS: LineKind.DAY_PASS,
    InvoiceType.EXTERNAL_BOOKING: LineKind.BOOKING,
    InvoiceType.OVERAGE: LineKind.BOOKING,
    InvoiceType.PRORATION: LineKind.PRORATION,
}
"""What a line without a kind is, by the invoice it is on."""

TYPE_OF_KIND: dict[LineKind, InvoiceType] = {
    LineKind.PLAN: InvoiceType.MEMBERSHIP,
    LineKind.DAY_PASS: InvoiceType.DAY_PASS,
    LineKind.BOOKING: InvoiceType.EXTERNAL_BOOKING,
    LineKind.PRORATION: InvoiceType.PRORATION,
}
"""What an invoice without a type is, by its first line of these kinds; one-off if it has none."""

METHODS: dict[str, Method] = {
    "card": Method.CARD,
    "credit_card": Method.CARD,
    "debit_card": Method.CARD,
    "visa": Method.CARD,
    "mastercard": Method.CARD,
    "amex": Method.CARD,
    "american_express": Method.CARD,
    "discover": Method.CARD,
    "stripe": Method.CARD,
    "ach": Method.ACH,
    "ach_debit": Method.ACH,
    "us_bank_account": Method.ACH,
    "bank_account": Method.ACH,
    "check": Method.CHECK,
    "cheque": Method.CHECK,
    "cash": Method.CASH,
    "wire": Method.WIRE,
    "wire_transfer": Method.WIRE,
    "bank_transfer": Method.WIRE,
    "balance": Method.BALANCE,
    "account_balance": Method.BALANCE,
    "credit": Method.BALANCE,
}

NOT_RECEIVED = frozenset({"pending", "failed", "processing", "canceled", "cancelled", "requires_action"})
"""States of a payment or refund in which no money has moved."""

TOTAL_WORDS = frozenset({"total", "totals", "grand_total", "sum", "subtotal"})


def is_total(row: Iterable[object]) -> bool:
    """Whether the first cell with anything in it says that this row is the sum of those above."""
    for cell in row:
        if cell not in ("", None):
            return isinstance(cell, str) and normal(cell) in TOTAL_WORDS
    return False


@lru_cache(maxsize=4096)
def word(cell: Cell) -> str:
    """A status, kind or type as one comparable word."""
    return normal(cell) if cell else ""


def check_columns(extra: Mapping[str, Sequence[str]]) -> Mapping[str, Sequence[str]]:
    """`extra` by canonical name; raises `UsageError` for a name that no table has."""
    named = {normal(name): words for name, words in extra.items()}
    unknown = sorted(set(named) - CANONICAL)
    if unknown:
        raise UsageError(
            Problem(
                code="company-toml",
                where="company.toml [columns]",
                what=f"{', '.join(unknown)} is no column that we read.",
                why="A header alias must name the column that it stands for.",
                do=f"Use one of: {', '.join(sorted(CANONICAL))}.",
                severity=Severity.FILE,
            )
        )
    return named
