"""Money is exact, and what cannot be money is refused in words, however it is written."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from toolkit import money
from toolkit.problems import UsageError
from toolkit.settings import from_dict

TOO_LARGE = ["1e999999", "-1e999999", "9" * 30, "1" * 5_000, 10**40, Decimal("1e999999"), Decimal("Infinity"), "NaN"]


@pytest.mark.parametrize("written", TOO_LARGE, ids=lambda one: f"{type(one).__name__} {str(one)[:12]}")
def test_what_is_too_large_to_be_exact_is_no_amount(written: str | int | Decimal) -> None:
    with pytest.raises(ValueError, match="not an amount") as refused:
        money.parse(written)
    assert len(str(refused.value)) < 120, "a message does not repeat a million digits"
    with pytest.raises(ValueError, match="not an amount"):
        money.round_cents(Decimal(written) if not isinstance(written, Decimal) else written)


@pytest.mark.parametrize(
    ("written", "amount"),
    [
        ("$1,234.50", "1234.50"), ("(50.00)", "-50.00"), ("50.00-", "-50.00"), ("−5", "-5.00"), ("", "0.00"),
        ("0.005", "0.01"), ("-0.005", "-0.01"), ("-0.001", "0.00"), ("1e-999999", "0.00"),
        ("999999999999999999.99", "999999999999999999.99"),
    ],
)  # fmt: skip
def test_amounts_are_read_half_up_to_the_cent(written: str, amount: str) -> None:
    assert str(money.parse(written)) == amount


@pytest.mark.parametrize("written", ["1e999999", "much", 10**30, True])
def test_a_limit_that_is_no_amount_is_a_complaint_about_company_toml(written: object) -> None:
    with pytest.raises(UsageError, match=r"limits\.auto_amount"):
        from_dict({"limits": {"auto_amount": written}}, where=Path("a/company.toml"))
