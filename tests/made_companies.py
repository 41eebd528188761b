"""Companies for tests: a copy of the sample, or a small one with a plan made by hand, each in a folder of its own."""

from __future__ import annotations

import shutil
from datetime import date
from decimal import ROUND_DOWN, Decimal
from pathlib import Path

from toolkit.books import Customer, DocumentKind, Link, ReceivedPayment, SalesDocument, SalesLine, TxnType
from toolkit.plan import Action, Kind, Operation, Plan, operation_key, ordered, pending

SAMPLE = Path(__file__).resolve().parents[1] / "companies" / "sample"

SETTINGS = """\
timezone = "America/New_York"
[quickbooks]
environment = "emulator"
realm = "{realm}"
[push]
invoices = true
transactions = true
[limits]
auto_documents = 100000
auto_amount = "100000000.00"
auto_voids = 1000
lookup_wait_seconds = 0
"""


def copy_of_sample(folder: Path) -> Path:
    """A fresh copy of the sample company, as a newcomer has it."""
    copy = folder / "sample"
    shutil.copytree(SAMPLE, copy, ignore=shutil.ignore_patterns("qbo.db*", "posting-log.db*", "books.db*", "tokens*"))
    return copy


def bare_company(folder: Path, *, realm: str = "9130000000000001") -> Path:
    """A company with an empty US QuickBooks that takes custom numbers, and no reports."""
    made = folder / "bare"
    made.mkdir(parents=True)
    (made / "company.toml").write_text(SETTINGS.format(realm=realm), encoding="utf-8")
    (made / "qbo.json").write_text(
        f"""{{"format": 1, "realm_id": "{realm}", "clock": null, "switches": {{}}, "company_info": {{}},
        "preferences": {{"SalesFormsPrefs": {{"CustomTxnNumbers": true}}}},
        "lists": {{"Item": [{{"Id": "1", "Name": "Hours", "Type": "Service", "IncomeAccountRef": {{"value": "79"}}}}]}},
        "transactions": []}}""",
        encoding="utf-8",
    )
    return made


def month_plan(
    *,
    realm: str = "9130000000000001",
    invoices: int = 40,
    teams: int = 3,
    item: str = "1",
    halves: int = 0,
    referenced: int = 0,
    extra_cents: int = 0,
) -> Plan:
    """New customers, an invoice each in turn, and a payment of every invoice: all three waves.

    The first `halves` invoices are paid by two payments that only their stamps tell apart, the payments of the first
    `referenced` invoices carry a reference; `extra_cents` makes every invoice dearer.
    """
    operations: list[Operation] = []
    for team in range(teams):
        key = operation_key(realm, Kind.CUSTOMER, f"team/{team}")
        record = Customer(display_name=f"Team {team}", company_name=f"Team {team}", emails=(f"t{team}@example.com",))
        operations.append(_operation(key, Kind.CUSTOMER, "Customer", record, f"Team {team}"))
    for number in range(invoices):
        customer = operation_key(realm, Kind.CUSTOMER, f"team/{number % teams}")
        dollars = Decimal(100 + number) + Decimal(extra_cents) / 100
        name = f"C957F1A7-{number:04d}"
        parts = 2 if number < halves else 1
        operations += _bill_and_payments(realm, name, customer, item, dollars, parts, referenced=number < referenced)
    return Plan(stage="billing", company="bare", realm=realm, period="2026-01", operations=ordered(operations))


def _bill_and_payments(  # noqa: PLR0917 - what a bill consists of
    realm: str, number: str, customer: str, item: str, dollars: Decimal, parts: int, *, referenced: bool
) -> list[Operation]:
    amount = dollars.quantize(Decimal("0.01"))
    invoice = operation_key(realm, Kind.INVOICE, number)
    document = SalesDocument(
        kind=DocumentKind.INVOICE,
        number=number,
        customer_id=pending(customer),
        txn_date=date(2026, 1, 1),
        due_date=date(2026, 1, 31),
        total=amount,
        lines=(SalesLine(amount=amount, item_id=item, description="Desk"),),
        private_note=f"Coworks {number} · {invoice[:4]}",
    )
    both = (customer, invoice)
    made = [_operation(invoice, Kind.INVOICE, "Invoice", document, number, needs=(customer,), amount=amount)]
    half = (amount / parts).quantize(Decimal("0.01"), ROUND_DOWN)
    for nth in range(1, parts + 1):
        payment = operation_key(realm, Kind.PAYMENT, f"{number}/payment/{nth}")
        share = half if nth < parts else amount - half * (parts - 1)
        received = ReceivedPayment(
            customer_id=pending(customer),
            txn_date=date(2026, 1, 3),
            total=share,
            links=(Link(txn_type=TxnType.INVOICE, txn_id=pending(invoice), amount=share),),
            reference=f"ch_{number}" if referenced else "",
            private_note=f"Coworks {number} · {payment[:4]}",
        )
        made.append(
            _operation(payment, Kind.PAYMENT, "Payment", received, f"payment of {number}", needs=both, amount=share)
        )
    return made


def _operation(
    key: str,
    kind: Kind,
    entity: str,
    record: Customer | SalesDocument | ReceivedPayment,
    label: str,
    *,
    needs: tuple[str, ...] = (),
    amount: Decimal = Decimal("0.00"),
) -> Operation:
    return Operation(
        key=key,
        kind=kind,
        action=Action.CREATE,
        entity=entity,
        record=record,
        label=label,
        reason="made for a test",
        amount=amount,
        needs=needs,
    )
