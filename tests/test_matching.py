"""Which QuickBooks document or payment is this Coworks record: each rule, its near misses, and what is only there."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from scenario import REALM, World, billing_of, books_of, day, read

from toolkit import matching
from toolkit.books import DocumentKind
from toolkit.counterparts import stamp
from toolkit.matching import Ambiguous, Match, PaymentMatch, PaymentWanted, Wanted
from toolkit.plan import Kind, operation_key

N = "C957F1A7-0009"
WANTED = Wanted(
    kind=DocumentKind.INVOICE,
    number=N,
    customer_id="58",
    total=Decimal("500.00"),
    txn_date=day("01-20"),
    due_date=day("02-03"),
)


def find(world: World) -> Match | Ambiguous | None:
    known = matching.index(books_of(world), world.posted)
    return matching.find_document(known, matching.identity(known, Kind.INVOICE, N), WANTED)


@pytest.mark.parametrize(
    ("row", "rule"),
    [
        (f"document 77 | {N} | 58 | 01-20 | 500", "number, customer, total and date"),
        (f"document 77 | {N.lower()} | 58 | 01-20 | 500", "number, customer, total and date"),
        (f"document 77 | {N} | 58 | 01-21 | 500", "number, customer, total and date"),
        (f"document 77 | {N} | 58 | 01-05 | 500 | due=02-03", "number, customer, total and date"),
        (f"document 77 | {N}-CW1 | 58 | 01-20 | 500", "number, customer, total and date"),
        (f"document 77 | {N} | 58 | 01-20 | 500 | voided", "number and customer, voided"),
        ("document 77 | ANY-1 | 59 | 01-02 | 1 | note=MINE", "stamp"),
        (f"document 77 | X | 59 | 01-02 | 1\nposted invoice {N} | 77", "posting log"),
        (f"posted invoice {N} | 77", "posting log"),
    ],
)
def test_the_rule_that_finds_our_invoice_is_named(row: str, rule: str) -> None:
    mine = stamp(N, operation_key(REALM, Kind.INVOICE, N))
    found = find(read(f"QuickBooks\n{row.replace('MINE', chr(34) + mine + chr(34))}"))
    assert isinstance(found, Match)
    assert (found.rule, found.qbo_id) == (rule, "77")


@pytest.mark.parametrize(
    "row",
    [
        "",
        f"document 77 | {N} | 58 | 01-20 | 120",
        f"document 77 | {N} | 59 | 01-20 | 500 | voided",
        f"document 77 | {N} | 58 | 01-20 | 500 | voided\nposted invoice {N} | 77 | undone released",
        "document 77 | C957F1A7-0010 | 58 | 01-20 | 500",
        f"document 77 | {N}-CM1 | 58 | 01-20 | 500 | kind=CreditMemo",
        f"document 77 | {N}1 | 58 | 01-20 | 500",
        f'document 77 | {N} | 58 | 01-20 | 500 | note="Coworks C957F1A7-0007 · abcd"',
        f"document 77 | {N} | 58 | 01-20 | 500\nposted invoice C957F1A7-0007 | 77",
    ],
)
def test_what_is_not_ours_is_not_found(row: str) -> None:
    assert find(read(f"QuickBooks\n{row}")) is None


@pytest.mark.parametrize(
    ("rows", "code", "ids"),
    [
        (f"document 77 | {N} | 58 | 01-05 | 500", "already-there", ["77"]),
        (f"document 77 | {N} | 59 | 01-20 | 500", "already-there", ["77"]),
        (f"document 77 | {N} | 58 | 01-20 | 500 | kind=SalesReceipt", "already-there", ["77"]),
        (
            f"document 77 | {N} | 58 | 01-20 | 500\ndocument 78 | {N}-CW1 | 58 | 01-20 | 500",
            "posted-twice",
            ["77", "78"],
        ),
        (
            f"document 77 | {N} | 58 | 01-20 | 500 | voided\ndocument 78 | {N} | 58 | 01-20 | 500 | voided",
            "already-there",
            ["77", "78"],
        ),
        (f"document 77 | {N} | 58 | 01-20 | 0", "already-there", ["77"]),
    ],
)
def test_a_near_miss_is_a_question_with_its_candidates(rows: str, code: str, ids: list[str]) -> None:
    found = find(read(f"QuickBooks\n{rows}"))
    assert isinstance(found, Ambiguous)
    assert (found.code, [one.id for one in found.candidates]) == (code, ids)


def test_an_invoice_dated_before_the_books_that_were_read_is_outside_not_gone() -> None:
    """Absence says nothing then."""
    world = read(f"QuickBooks\nposted invoice {N} | 77")
    known = matching.index(replace(books_of(world), since=day("02-01")), world.posted)
    found = matching.find_document(known, matching.identity(known, Kind.INVOICE, N), WANTED)
    assert isinstance(found, Match)
    assert (found.record, found.outside) == (None, True)


@pytest.mark.parametrize(
    ("received", "wanted", "pairs"),
    [
        (["90 01-03 500"], ["01-03 500"], {"1": "90"}),
        (["90 01-09 500"], ["01-03 500"], {"1": "90"}),
        (["90 01-03 400"], ["01-03 500"], {}),
        (["90 01-03 250", "91 01-09 250"], ["01-09 250", "01-03 250"], {"1": "91", "2": "90"}),
        (["90 01-04 250", "91 01-09 250"], ["01-03 250", "01-09 250"], {"1": "90", "2": "91"}),
        (["90 01-09 250"], ["01-03 250", "01-09 250"], {"2": "90"}),
        (["90 01-04 250", "91 01-05 250"], ["01-03 250"], {"1": "?"}),
        (["90 01-03 250", "91 01-05 250"], ["01-03 250"], {"1": "90"}),
    ],
)
def test_payments_of_one_invoice_are_found_by_amount_and_told_apart_by_date(
    received: list[str], wanted: list[str], pairs: dict[str, str]
) -> None:
    rows = [f"document 77 | {N} | 58 | 01-01 | 2000"]
    for one in received:
        qbo_id, on, amount = one.split()
        rows.append(f"received {qbo_id} | 58 | {on} | {amount} | 77 {amount}")
    world = read("QuickBooks\n" + "\n".join(rows))
    known = matching.index(books_of(world), {})
    asked = [
        PaymentWanted(matching.Identity(str(place), str(place)), N, Decimal(one.split()[1]), day(one.split()[0]))
        for place, one in enumerate(wanted, start=1)
    ]
    found = matching.find_payments(known, "77", asked)
    told = {key: one.qbo_id if isinstance(one, PaymentMatch) else "?" for key, one in found.items()}
    assert told == pairs


def test_A22_documents_made_in_quickbooks_are_listed_as_only_there() -> None:
    """By hand, by another program; not ours by log, stamp, or number and total, and not voided."""
    world = read(f"""
    Coworks
    invoice {N} | F | 01-01 | unpaid | plan Hot Desk 500
    invoice C957F1A7-0010 | F | 01-02 | unpaid | plan Hot Desk 500
    QuickBooks
    document 77 | {N} | 58 | 01-01 | 500
    document 78 | 1042 | 58 | 01-09 | 75
    document 79 | 1043 | 58 | 01-05 | 60 | kind=SalesReceipt
    document 80 | 1044 | 58 | 01-06 | 50 | voided
    document 81 | C957F1A7-0010 | 58 | 01-10 | 120
    document 82 | C957F1A7-0010-CW1 | 58 | 01-02 | 500
    document 83 | ODD-1 | 58 | 01-03 | 9 | note="Coworks C957F1A7-0001 · abcd"
    document 84 | ODD-2 | 58 | 01-03 | 9
    posted invoice C957F1A7-0002 | 84
    """)
    found = matching.only_in_quickbooks(billing_of(world).invoices, books_of(world), world.posted)
    assert [one.number for one in found] == ["1043", "1042", "C957F1A7-0010"]
