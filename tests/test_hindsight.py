"""An earlier month looked back at knows of the invoices that were voided since, and of nothing else."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from toolkit.hindsight import voided_by_us, with_later_voids
from toolkit.model import Billing, Invoice, InvoiceStatus, InvoiceType, Source, Void
from toolkit.plan import Kind, Posted, Standing

SOURCE = Source(file="billing.xlsx", row=2)
LATER = date(2026, 2, 12)


def invoice(number: str, status: InvoiceStatus = InvoiceStatus.UNPAID, voided_on: date | None = None) -> Invoice:
    return Invoice(
        number=number,
        coworks_id=f"in_{number}",
        team="Factory Inc.",
        email="",
        admin_name="",
        campus="",
        status=status,
        type=InvoiceType.MEMBERSHIP,
        invoice_date=date(2026, 1, 5),
        due_date=date(2026, 1, 5),
        lines=(),
        total=Decimal("500.00"),
        voided_on=voided_on,
        source=SOURCE,
    )


def month(period: str, *invoices: Invoice, voids: tuple[Void, ...] = ()) -> Billing:
    return Billing(period=period, invoices=invoices, voids=voids)


def posted(coworks_id: str, standing: Standing, kind: Kind = Kind.VOID) -> Posted:
    return Posted(key=coworks_id, kind=kind, entity="Invoice", standing=standing, coworks_id=coworks_id)


@pytest.mark.parametrize(
    ("one", "known"),
    [
        (posted("in_A-1/void", Standing.DONE), {"in_A-1"}),
        (posted("in_A-1/void", Standing.ADOPTED), {"in_A-1"}),
        (posted("in_A-1/void", Standing.FAILED), set()),
        (posted("in_A-1/void", Standing.UNDONE), set()),
        (posted("in_A-1", Standing.DONE, Kind.INVOICE), set()),
    ],
    ids=["our void stands", "it was found", "it failed", "it was undone", "an invoice is no void"],
)
def test_only_voids_that_stand_by_our_posting_count(one: Posted, known: set[str]) -> None:
    assert voided_by_us({one.key: one}) == known


def test_a_void_in_a_later_report_is_seen_from_the_month_of_the_invoice() -> None:
    january = month("2026-01", invoice("A-1"), invoice("A-2"))
    february = month("2026-02", invoice("A-1", InvoiceStatus.VOIDED, LATER))

    seen = with_later_voids(january, [february], frozenset({"in_A-1"}))
    assert [(one.number, one.status, one.voided_on) for one in seen.invoices] == [
        ("A-1", InvoiceStatus.VOIDED, LATER),
        ("A-2", InvoiceStatus.UNPAID, None),
    ]


def test_a_void_answered_in_voids_csv_is_seen_as_well() -> None:
    answer = Void(invoice_number="A-1", voided_on=LATER, reason="closed", source=SOURCE)
    seen = with_later_voids(month("2026-01", invoice("A-1"), voids=(answer,)), [], frozenset({"in_A-1"}))
    assert seen.invoices[0].voided_on == LATER


def test_a_later_void_that_is_not_posted_leaves_the_month_as_it_was() -> None:
    january = month("2026-01", invoice("A-1"))
    february = month("2026-02", invoice("A-1", InvoiceStatus.VOIDED, LATER))
    assert with_later_voids(january, [february], frozenset()) == january
    assert with_later_voids(january, [february], frozenset({"in_other"})) == january
