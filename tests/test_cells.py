"""What one cell says: amounts, dates and exact numbers, as tables."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit.cells import Cells, DayFirst, amount_text, day, number_text

ZONE = ZoneInfo("America/New_York")


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (1234.5600000000001, "1234.56"),
        (0.1 + 0.2, "0.3"),
        (100000.0, "100000"),
        (1e22, "10000000000000000000000"),
        (-0.005, "-0.005"),
        (7, "7"),
        (True, "TRUE"),
        (None, ""),
        (date(2026, 1, 31), "2026-01-31"),
        ("  as is ", "  as is "),
    ],
)
def test_a_workbook_number_becomes_the_text_that_excel_shows(cell: object, text: str) -> None:
    assert number_text(cell) == text  # type: ignore[arg-type]


@given(st.integers(-(10**11), 10**11))
def test_cents_survive_the_way_through_a_workbook_exactly(cents: int) -> None:
    amount = Decimal(cents).scaleb(-2)
    assert Cells(ZONE).money(float(amount)) == amount


@pytest.mark.parametrize(
    ("cell", "amount"),
    [
        ("$1,234.50", "1234.50"),
        ("(50.00)", "-50.00"),
        ("($1,250.00)", "-1250.00"),
        ("50.00-", "-50.00"),
        ("-$5", "-5.00"),
        ("−5.00", "-5.00"),
        ("-0.00", "0.00"),
        ("", "0.00"),
        ("  ", "0.00"),
        ("-", "0.00"),
        ("USD 12.30", "12.30"),
        ("0.005", "0.01"),
        (1234.5, "1234.50"),
        (0.0, "0.00"),
        (33, "33.00"),
    ],
)
def test_amounts_as_people_and_workbooks_write_them(cell: object, amount: str) -> None:
    said = Cells(ZONE).money(cell)  # type: ignore[arg-type]
    assert str(said) == amount


@pytest.mark.parametrize(
    "cell", ["1.234,50", "99,00", "1,23,456", "12,34.5", "abc", "#REF!", "NaN", "1e999999", "1.23E+05", "9" * 25, True]
)
def test_what_could_be_two_amounts_or_none_is_refused(cell: object) -> None:
    with pytest.raises(ValueError, match=r".+"):
        Cells(ZONE).money(cell)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("cell", "amount"), [("99,00", "99.00"), ("1.234,50", "1234.50"), ("-5,5", "-5.50"), ("1,234.50", "1234.50")]
)
def test_a_semicolon_file_may_have_decimal_commas(cell: str, amount: str) -> None:
    assert str(Cells(ZONE, decimal_comma=True).money(cell)) == amount


def test_in_a_semicolon_file_a_lone_comma_before_three_digits_is_refused() -> None:
    with pytest.raises(ValueError, match="two amounts"):
        amount_text("1,234", decimal_comma=True)


def test_a_blank_amount_is_not_zero() -> None:
    assert Cells(ZONE).amount("") is None
    assert Cells(ZONE).amount(0.0) == 0
    assert Cells(ZONE).exact("") is None


def test_quantities_and_unit_prices_keep_every_decimal() -> None:
    assert Cells(ZONE).exact("12.903226") == Decimal("12.903226")
    assert Cells(ZONE).exact(0.25) == Decimal("0.25")


@pytest.mark.parametrize(
    ("cell", "on"),
    [
        ("2026-01-31", date(2026, 1, 31)),
        ("2026-1-5", date(2026, 1, 5)),
        ("1/5/2026", date(2026, 1, 5)),
        ("01/05/26", date(2026, 1, 5)),
        ("2026/01/05", date(2026, 1, 5)),
        ("31.01.2026", date(2026, 1, 31)),
        ("Jan 5, 2026", date(2026, 1, 5)),
        ("January 5, 2026", date(2026, 1, 5)),
        ("5 Jan 2026", date(2026, 1, 5)),
        ("20260105", date(2026, 1, 5)),
        (20260105.0, date(2026, 1, 5)),
        (46027.0, date(2026, 1, 5)),
        ("46027", date(2026, 1, 5)),
        (46027.99, date(2026, 1, 5)),
        (date(2026, 1, 5), date(2026, 1, 5)),
        (datetime(2026, 1, 5, 23, 30), date(2026, 1, 5)),
        ("", None),
        ("-", None),
        (None, None),
    ],
)
def test_dates_as_reports_write_them(cell: object, on: date | None) -> None:
    assert day(cell, ZONE) == on  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("cell", "utc", "on"),
    [
        ("2026-02-01T03:00:00Z", False, date(2026, 1, 31)),
        ("2026-02-01T05:00:00Z", False, date(2026, 2, 1)),
        ("2026-02-01 03:00:00 UTC", False, date(2026, 1, 31)),
        ("2026-02-01T03:00:00+00:00", False, date(2026, 1, 31)),
        ("2026-01-31T23:30:00-0500", False, date(2026, 1, 31)),
        ("2026-01-31 23:30:00", False, date(2026, 1, 31)),
        ("2026-02-01 03:00", True, date(2026, 1, 31)),
        ("2026-02-01", True, date(2026, 2, 1)),
        ("2/1/2026 3:00 AM", True, date(2026, 1, 31)),
        ("1/31/2026, 11:30 PM", False, date(2026, 1, 31)),
        (1769914800, False, date(2026, 1, 31)),
        (datetime(2026, 2, 1, 3, 0), True, date(2026, 1, 31)),
        (datetime(2026, 2, 1, 3, 0, tzinfo=UTC), False, date(2026, 1, 31)),
        (datetime(2026, 2, 1, 3, 0, tzinfo=timezone(timedelta(hours=-5))), False, date(2026, 2, 1)),
    ],
)
def test_moments_become_company_local_dates(cell: object, utc: bool, on: date) -> None:
    assert day(cell, ZONE, utc=utc) == on  # type: ignore[arg-type]


@pytest.mark.parametrize("cell", ["soon", "2026-13-01", "2026-02-30", "1/32/2026", "123", "99999999", "1/5"])
def test_what_is_no_date_is_refused(cell: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        day(cell, ZONE)


def test_a_day_before_the_month_is_told_apart_because_its_neighbors_cannot_be_trusted() -> None:
    with pytest.raises(DayFirst):
        day("31/01/2026", ZONE)


@given(st.dates(date(2015, 1, 1), date(2040, 12, 31)))
def test_every_way_of_writing_a_date_says_the_same_day(on: date) -> None:
    serial = (on - date(1899, 12, 30)).days
    written = [on.isoformat(), f"{on.month}/{on.day}/{on.year}", on.strftime("%b %d, %Y"), serial, str(serial), on]
    assert {day(cell, ZONE) for cell in written} == {on}
