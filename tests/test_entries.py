"""Planned operations as debits and credits: the journal summary of a coworking month, with account names."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import cash_scenario as cash
import pytest
from cash_scenario import BANK, day, posted
from hypothesis import given
from test_deposits import NEGATIVE, ONE_PAYOUT, months

from toolkit import entries
from toolkit.books import (
    Account,
    Customer,
    DocumentKind,
    Item,
    Link,
    ListEntry,
    ReceivedPayment,
    Record,
    SalesDocument,
    SalesLine,
    TxnType,
)
from toolkit.entries import Entry
from toolkit.money import ZERO, Money, total
from toolkit.plan import Action, Kind, Operation, Plan, pending

BOOKS = replace(
    posted("invoice 0001 Factory 2026-01-01 500.00").books,
    accounts=(*cash.ACCOUNTS, Account(id="91", name="Sales Tax", subtype="GlobalTaxPayable")),
    items=(
        Item(id="1", name="Desk", income_account_id="79"),
        Item(id="2", name="Deposit held", income_account_id="90"),
        Item(id="3", name="Odd"),
    ),
    locations=(ListEntry(id="8", name="Downtown"),),
)


def sale(kind: DocumentKind, *lines: SalesLine, tax: str = "0.00", **changes: object) -> SalesDocument:
    made = SalesDocument(
        kind=kind,
        number="0009",
        customer_id="101",
        txn_date=day("2026-01-09"),
        total=total(line.amount for line in lines) + Decimal(tax),
        lines=lines,
        location_id="8",
        total_tax=Decimal(tax),
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def line(amount: str, item: str = "1", **changes: object) -> SalesLine:
    return replace(SalesLine(amount=Decimal(amount), item_id=item, description="June"), **changes)  # type: ignore[arg-type]


def entry(record: Record, action: Action = Action.CREATE, kind: Kind = Kind.INVOICE) -> Entry:
    operation = Operation(key="k", kind=kind, action=action, entity="x", record=record, label="label", reason="why")
    (made,) = entries.of_plan(plan_of(operation), BOOKS)
    return made


def plan_of(*operations: Operation) -> Plan:
    return Plan(stage="billing", company="test", realm="9130", period="2026-01", operations=operations)


def told(made: Entry) -> list[tuple[str, Money, Money]]:
    return [(one.account_name, one.debit, one.credit) for one in made.lines]


D = Decimal
SUMMARY: list[tuple[str, Entry, list[tuple[str, Money, Money]]]] = [
    (
        "invoice: Dr A/R / Cr income, deposits held",
        entry(sale(DocumentKind.INVOICE, line("500.00"), line("100.00", "2"))),
        [
            ("Accounts Receivable (A/R)", D("600.00"), ZERO),
            ("Memberships", ZERO, D("500.00")),
            ("Disputes receivable", ZERO, D("100.00")),
        ],
    ),
    (
        "discount: a negative line debits its account",
        entry(sale(DocumentKind.INVOICE, line("500.00"), line("-50.00"))),
        [
            ("Accounts Receivable (A/R)", D("450.00"), ZERO),
            ("Memberships", ZERO, D("500.00")),
            ("Memberships", D("50.00"), ZERO),
        ],
    ),
    (
        "sales tax: Cr the tax account",
        entry(sale(DocumentKind.INVOICE, line("100.00"), tax="8.25")),
        [
            ("Accounts Receivable (A/R)", D("108.25"), ZERO),
            ("Memberships", ZERO, D("100.00")),
            ("Sales Tax", ZERO, D("8.25")),
        ],
    ),
    (
        "credit memo: Dr income / Cr A/R",
        entry(sale(DocumentKind.CREDIT_MEMO, line("40.00"))),
        [("Accounts Receivable (A/R)", ZERO, D("40.00")), ("Memberships", D("40.00"), ZERO)],
    ),
    (
        "refund: Dr income / Cr Undeposited Funds by its own name",
        entry(sale(DocumentKind.REFUND_RECEIPT, line("40.00"), deposit_account_id="4")),
        [("Payments to deposit", ZERO, D("40.00")), ("Memberships", D("40.00"), ZERO)],
    ),
    (
        "payment: Dr Undeposited Funds / Cr A/R",
        entry(ReceivedPayment(customer_id="101", txn_date=day("2026-01-09"), total=D("40.00")), kind=Kind.PAYMENT),
        [("Payments to deposit", D("40.00"), ZERO), ("Accounts Receivable (A/R)", ZERO, D("40.00"))],
    ),
    (
        "payment to the account of its method",
        entry(
            ReceivedPayment(customer_id="101", txn_date=day("2026-01-09"), total=D("40.00"), deposit_account_id=BANK),
            kind=Kind.PAYMENT,
        ),
        [("Checking", D("40.00"), ZERO), ("Accounts Receivable (A/R)", ZERO, D("40.00"))],
    ),
    (
        "void: the entry that stands, turned round",
        entry(sale(DocumentKind.INVOICE, line("500.00"), id="5"), Action.VOID, Kind.VOID),
        [("Accounts Receivable (A/R)", ZERO, D("500.00")), ("Memberships", D("500.00"), ZERO)],
    ),
    (
        "void of a document with lines that only QuickBooks knows",
        entry(sale(DocumentKind.INVOICE, line("500.00"), total=D("480.00"), id="5"), Action.VOID, Kind.VOID),
        [
            ("Accounts Receivable (A/R)", ZERO, D("480.00")),
            ("Memberships", D("500.00"), ZERO),
            ("other lines of the document", ZERO, D("20.00")),
        ],
    ),
    ("a $0 invoice moves nothing", entry(sale(DocumentKind.INVOICE, line("0.00"))), []),
    (
        "a credit applied moves nothing",
        entry(
            ReceivedPayment(
                customer_id="101",
                txn_date=day("2026-01-09"),
                total=ZERO,
                links=(Link(txn_type=TxnType.INVOICE, txn_id="5", amount=D("40.00")),),
            ),
            kind=Kind.CREDIT_APPLICATION,
        ),
        [],
    ),
    (
        "a payment that is only re-applied moves nothing",
        entry(
            ReceivedPayment(customer_id="101", txn_date=day("2026-01-09"), total=D("40.00"), id="6"),
            Action.UPDATE,
            Kind.PAYMENT,
        ),
        [],
    ),
    (
        "a product without an income account is named",
        entry(sale(DocumentKind.INVOICE, line("5.00", "3"))),
        [("Accounts Receivable (A/R)", D("5.00"), ZERO), ("income account of Odd", ZERO, D("5.00"))],
    ),
]


@pytest.mark.parametrize(("made", "expected"), [one[1:] for one in SUMMARY], ids=[one[0] for one in SUMMARY])
def test_the_journal_summary(made: Entry, expected: list[tuple[str, Money, Money]]) -> None:
    assert told(made) == expected


def test_a_payout_is_dr_bank_and_fees_cr_undeposited_funds_with_the_payers_named() -> None:
    world = posted(ONE_PAYOUT, accounts={"processing_fee_class": "Overhead"})
    (made,) = entries.of_plan(world.plan(), world.books)
    assert told(made) == [
        ("Checking", D("782.80"), ZERO),
        ("Payments to deposit", ZERO, D("300.00")),
        ("Payments to deposit", ZERO, D("500.00")),
        ("Processing Fees", D("17.20"), ZERO),
    ]
    assert [one.name for one in made.lines] == ["", "Studio", "Factory", ""]
    assert made.lines[-1].class_name == "Overhead"
    assert made.amount == D("800.00")


def test_a_negative_payout_is_two_entries_that_leave_nothing_in_undeposited_funds() -> None:
    world = posted(NEGATIVE)
    made = entries.of_plan(world.plan(), world.books)
    assert [told(one) for one in made] == [
        [("Payments to deposit", D("120.00"), ZERO), ("Checking", ZERO, D("120.00"))],
        [
            ("Payments to deposit", ZERO, D("300.00")),
            ("Payments to deposit", D("408.00"), ZERO),
            ("Payments to deposit", ZERO, D("120.00")),
            ("Processing Fees", D("12.00"), ZERO),
        ],
    ]
    by_account = {one.account_name: one.debit - one.credit for one in entries.totals_by_account(made)}
    assert by_account == {"Checking": D("-120.00"), "Payments to deposit": D("108.00"), "Processing Fees": D("12.00")}


def test_names_classes_and_locations_are_those_of_quickbooks_also_for_a_customer_of_the_same_plan() -> None:
    customer = Operation(
        key="c",
        kind=Kind.CUSTOMER,
        action=Action.CREATE,
        entity="Customer",
        record=Customer(display_name="New Team"),
        label="New Team",
        reason="",
    )
    document = sale(DocumentKind.INVOICE, line("5.00", class_id="7"), customer_id=pending("c"))
    invoice = replace(customer, key="i", kind=Kind.INVOICE, entity="Invoice", record=document, needs=("c",))
    (made,) = entries.of_plan(plan_of(customer, invoice), BOOKS)
    assert [(one.name, one.class_name, one.location) for one in made.lines] == [
        ("New Team", "", "Downtown"),
        ("New Team", "Overhead", "Downtown"),
    ]


def test_a_created_document_whose_lines_do_not_sum_is_a_bug_not_an_entry() -> None:
    with pytest.raises(AssertionError, match="debits and credits differ"):
        entry(sale(DocumentKind.INVOICE, line("5.00"), total=D("5.01")))


@given(months())
def test_every_entry_of_every_plan_balances_and_so_do_the_accounts(text: str) -> None:
    world = posted(text)
    made = entries.of_plan(world.plan(), world.books)
    assert [one.key for one in made] == [operation.key for operation in world.plan().operations]
    for one in made:
        assert total(part.debit for part in one.lines) == total(part.credit for part in one.lines) == one.amount
    sums = entries.totals_by_account(made)
    assert total(part.debit for part in sums) == total(part.credit for part in sums)
