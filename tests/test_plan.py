"""A plan as text: whole, in pieces, and under one approval code however it came into memory."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit import plan as plans
from toolkit.books import DocumentKind, SalesDocument, SalesLine
from toolkit.plan import Action, Adoption, Fact, Kind, Operation, Plan
from toolkit.problems import Problem, Severity

WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
CENTS = st.decimals(-(10**9), 10**9, places=2, allow_nan=False)


def operation(key: str, label: str, amount: Decimal) -> Operation:
    line = SalesLine(amount=amount, item_id="1", quantity=Decimal("1E+3"), unit_price=Decimal("0.10"))
    record = SalesDocument(
        kind=DocumentKind.INVOICE,
        number=key,
        customer_id="1",
        txn_date=date(2026, 1, 2),
        total=amount,
        lines=(line,),
    )
    return Operation(
        key=key,
        kind=Kind.INVOICE,
        action=Action.CREATE,
        entity="Invoice",
        record=record,
        label=label,
        reason="new",
        amount=amount,
        needs=("k0",),
    )


@given(st.lists(st.tuples(WORDS, CENTS), max_size=4), WORDS)
def test_a_plan_comes_back_from_its_text_as_it_was(rows: list[tuple[str, Decimal]], word: str) -> None:
    plan = Plan(
        stage="billing",
        company=word,
        realm="9130",
        period="2026-01",
        operations=tuple(operation(f"k{at}", label, amount) for at, (label, amount) in enumerate(rows, start=1)),
        adoptions=(
            Adoption(
                key="a",
                kind=Kind.PAYMENT,
                entity="Payment",
                qbo_id="7",
                number=word,
                amount=Decimal(5),
                rule="",
                label="",
            ),
        ),
        unchanged=("u", word),
        held=(("A-1", "unmapped"),),
        problems=(
            Problem(code="c", where=word, what="w", why="y", do="d", severity=Severity.NOTE, candidates=(word,)),
        ),
        facts=(Fact(of="customer #1", value=word),),
    )
    again = plans.from_json(plans.to_json(plan))
    assert (again, again.digest) == (plan, plan.digest)


def test_a_large_plan_is_written_in_pieces_of_one_operation() -> None:
    plan = Plan(
        stage="billing",
        company="sample",
        realm="9130",
        period="2026-01",
        operations=tuple(operation(f"k{number}", "", Decimal(number)) for number in range(500)),
    )
    pieces = list(plans.pieces(plan))
    assert max(map(len, pieces)) < len(plans.to_json(plan)) / 400
    assert b"".join(pieces).count(b"\n") >= 500


@pytest.mark.parametrize(
    ("operations", "code"),
    [((), "5478a6d5e08ab92d"), ((operation("k1", "Invoice A-1 · Café", Decimal("12.30")),), "02394059404b2701")],
)
def test_approval_codes_stay_the_same_from_version_to_version(operations: tuple[Operation, ...], code: str) -> None:
    """A code that was approved before an update of this toolkit still names its plan."""
    plan = Plan(stage="billing", company="sample", realm="9130", period="2026-01", operations=operations)
    assert plan.digest == code
