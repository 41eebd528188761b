"""A19: reminders are QuickBooks' own; which invoices it can remind, which not and why, and how many go out tomorrow."""

from __future__ import annotations

import pytest
from scenario import books_of, day, plan_of, read

from toolkit import reminders

TABLE = """
    Coworks
    invoice AAAAAAA1-0001 | Acme | 01-01 | unpaid | plan Hot Desk 100 | email=a@acme.example due=01-09
    invoice AAAAAAA1-0002 | Acme | 01-02 | unpaid | plan Hot Desk 100 | due=01-09
    invoice AAAAAAA1-0003 | Acme | 01-03 | paid | plan Hot Desk 100 | email=a@acme.example due=01-09
    payment AAAAAAA1-0003 | 01-04 | 100 | card
    invoice AAAAAAA1-0004 | Acme | 01-04 | unpaid | plan Hot Desk 100 | email=a@acme.example due=01-31
    invoice AAAAAAA1-0005 | Acme | 01-05 | voided | plan Hot Desk 100 | voided=01-06
    QuickBooks
    customer 58 | Acme | a@acme.example
    document 70 | 1042 | 58 | 01-01 | 40
    document 71 | AAAAAAA1-0005 | 58 | 01-05 | 100
    document 72 | 1043 | 58 | 01-01 | 40 | kind=SalesReceipt
    posted invoice AAAAAAA1-0005 | 71
"""


def test_A19_reminder_readiness_counts_what_the_plan_leaves_open() -> None:
    """Paid by the plan, voided by the plan and sales receipts are not reminded."""
    world = read(TABLE)
    found = reminders.forecast(books_of(world), plan_of(world), today=day("01-10"), days=(2,))
    assert (found.ready, str(found.ready_amount)) == (2, "200.00")
    assert found.tomorrow == ("AAAAAAA1-0001",)
    assert found.at_most == ("AAAAAAA1-0001",)
    assert [(one.number, one.customer, one.reason) for one in found.cannot] == [
        ("1042", "Acme", "no valid e-mail address on it"),
        ("AAAAAAA1-0002", "Acme", "no valid e-mail address on it"),
    ]
    assert [one.code for one in found.problems] == ["no-reminder", "no-reminder"]


@pytest.mark.parametrize(
    ("today", "days", "going_out"),
    [
        ("01-05", (-3,), ("AAAAAAA1-0001",)),
        ("01-05", (3,), ()),
        ("01-08", (0,), ("AAAAAAA1-0001",)),
        ("01-30", (0, 22), ("AAAAAAA1-0001", "AAAAAAA1-0004")),
        ("01-30", (), ()),
    ],
)
def test_A19_reminders_go_out_by_the_schedule(today: str, days: tuple[int, ...], going_out: tuple[str, ...]) -> None:
    world = read(TABLE)
    assert reminders.forecast(books_of(world), plan_of(world), today=day(today), days=days).tomorrow == going_out


@pytest.mark.parametrize("days", [(1, 2, 3, 4), (91,), (-91,)])
def test_A19_a_schedule_that_quickbooks_does_not_have_is_refused(days: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="at most 3 reminders within 90 days"):
        reminders.forecast(books_of(read(TABLE)), None, today=day("01-10"), days=days)


def test_A19_every_posted_invoice_is_reminder_ready_but_for_a_missing_address() -> None:
    """Due date and e-mail are always sent."""
    world = read(TABLE)
    created = [one.record for one in plan_of(world).operations if one.entity == "Invoice" and one.action == "create"]
    assert all(getattr(record, "due_date", None) for record in created)
    assert [getattr(record, "bill_email", "") for record in created] == ["a@acme.example", "", *["a@acme.example"] * 2]


def test_A19_there_are_seven_steps_to_switch_reminders_on() -> None:
    assert len(reminders.STEPS) == 7
