"""One open company follows its books: which truth each question gets, and what it costs."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import requests
from fake_intuit import Reply, client_of, ok
from test_qbo_snapshot import RowBooks, filled, invoices, said, same

from toolkit.books import Account, Books, TrialRow
from toolkit.qbo.balances import MOST_ROWS, Closing, closing_balances, spans
from toolkit.qbo.books_in_hand import BooksInHand
from toolkit.qbo.client import Client
from toolkit.qbo.snapshot import read_books
from toolkit.qbo.wire import Verb, WireRequest
from toolkit.settings import Settings

JANUARY = {"start": date(2026, 1, 1), "as_of": date(2026, 1, 31)}


class Ledgers(RowBooks):
    """Rows, preferences that a person may change, writes, and two short reports."""

    def __init__(self) -> None:
        super().__init__()
        self.custom_numbers = True
        self.put("Account", 84, Name="Accounts Receivable", AccountType="Accounts Receivable", Active=True)

    def answer(self, path: str, request: requests.PreparedRequest) -> Reply:
        clock = {"time": self.now.isoformat(timespec="milliseconds")}
        if path == "preferences":
            return ok({"Preferences": {"SalesFormsPrefs": {"CustomTxnNumbers": self.custom_numbers}}, **clock})
        if path.startswith("reports/"):
            return ok({"Columns": {}, "Rows": {}})
        if path == "customer":
            self.put("Customer", 2, DisplayName="Ours")
            return ok({"Customer": self.rows["Customer"]["2"], **clock})
        return super().answer(path, request)


@pytest.fixture
def rows() -> Ledgers:
    made = Ledgers()
    made.rows = filled().rows | made.rows
    made.now += timedelta(minutes=10)
    return made


def reads(client: Client, ask: Any) -> int:
    before = client.reads
    ask()
    return client.reads - before


def write(client: Client) -> None:
    client.write(WireRequest(entity="Customer", verb=Verb.CREATE, body={"DisplayName": "Ours"}), "one")


def test_each_look_costs_one_read_and_the_last_one_can_be_had_again(rows: Ledgers, tmp_path: Path) -> None:
    client, _, _ = client_of(rows)
    books = BooksInHand(client, tmp_path / "books.db")
    first = books.now()
    assert reads(client, books.now) == 1
    rows.put("Invoice", 9, DocNumber="new")
    assert reads(client, books.last) == 0
    assert invoices(books.last()) == invoices(first)
    assert invoices(books.now()) == [*invoices(first), "9"]
    assert same(books.last(), read_books(client))


def test_another_process_begins_with_what_was_stored(rows: Ledgers, tmp_path: Path) -> None:
    client, _, _ = client_of(rows)
    first = BooksInHand(client, tmp_path / "books.db").now()
    later = BooksInHand(client, tmp_path / "books.db")
    assert reads(client, later.now) == 1
    assert same(later.last(), first)


def test_what_we_wrote_is_never_missing_from_the_last_look(rows: Ledgers, tmp_path: Path) -> None:
    client, _, _ = client_of(rows)
    books = BooksInHand(client, tmp_path / "books.db")
    books.now()
    write(client)
    assert reads(client, books.last) == 1
    assert [one.display_name for one in books.last().customers] == ["Factory Inc.", "Ours"]


def test_settings_are_read_when_they_are_asked_for_and_once_for_each_look(rows: Ledgers, tmp_path: Path) -> None:
    client, _, _ = client_of(rows)
    books = BooksInHand(client, tmp_path / "books.db")
    assert books.now().preferences.custom_numbers
    assert reads(client, books.with_settings) == 0, "a whole read has them"
    rows.custom_numbers = False
    books.now()
    assert reads(client, books.with_settings) == 1
    assert reads(client, books.with_settings) == 0
    assert not books.last().preferences.custom_numbers
    assert not BooksInHand(client, tmp_path / "books.db").now().preferences.custom_numbers, "they were stored"


def test_tax_codes_are_renewed_with_the_settings_once_a_day(rows: Ledgers, tmp_path: Path) -> None:
    client, _, _ = client_of(rows)
    books = BooksInHand(client, tmp_path / "books.db")
    books.now()
    rows.put("TaxCode", 5, Name="New")
    rows.now += timedelta(hours=25)
    books.now()
    assert reads(client, books.with_settings) == 2
    assert [one.name for one in books.last().tax_codes] == ["New"]
    books.now()
    assert reads(client, books.with_settings) == 1


def test_closing_balances_hold_until_something_changes(rows: Ledgers, tmp_path: Path) -> None:
    client, _, _ = client_of(rows)
    books = BooksInHand(client, tmp_path / "books.db")

    def closing() -> None:
        books.closing(Settings(), **JANUARY)

    books.now()
    assert reads(client, closing) == 2
    books.now()
    assert reads(client, closing) == 0, "nothing changed"
    rows.put("Invoice", 9, DocNumber="new")
    books.now()
    assert reads(client, closing) == 2, "somebody else wrote"
    write(client)
    assert reads(client, closing) == 3, "we wrote"


@pytest.mark.parametrize("gone", [False, True], ids=["another process wrote it", "somebody deleted it"])
def test_a_store_that_is_not_as_we_left_it_is_stored_whole(rows: Ledgers, tmp_path: Path, gone: bool) -> None:
    client, _, _ = client_of(rows)
    cache = tmp_path / "books.db"
    books = BooksInHand(client, cache)
    books.now()
    rows.put("Invoice", 8, DocNumber="between")
    if gone:
        cache.unlink()
    else:
        BooksInHand(client, cache).now()
    rows.put("Invoice", 9, DocNumber="new")
    books.now()
    whole = read_books(client)
    assert same(books.with_settings(), whole)
    rows.now += timedelta(minutes=10)
    later = BooksInHand(client, cache)
    assert reads(client, later.now) == 1
    assert same(later.with_settings(), whole)


def test_a_new_connection_is_not_served_from_the_old_books(rows: Ledgers, tmp_path: Path) -> None:
    client, _, _ = client_of(rows)
    told, say = said()
    books = BooksInHand(client, tmp_path / "books.db", say)
    books.now()
    client._session.mark = "9130 anew"  # type: ignore[misc]
    assert reads(client, books.last) > 2
    assert told == ["The company was connected anew; everything is read again."]


def test_the_name_is_asked_for_once_for_each_connection(rows: Ledgers, tmp_path: Path) -> None:
    client, _, _ = client_of(rows)
    books = BooksInHand(client, tmp_path / "books.db")
    assert reads(client, books.company_name) == 1
    books.now()
    assert (reads(client, books.company_name), books.company_name()) == (0, "Rows")
    client._session.mark = "9130 anew"  # type: ignore[misc]
    assert reads(client, books.company_name) == 1


def test_after_many_entries_of_our_own_the_books_are_read_at_once_but_not_beside_a_very_large_plan(
    rows: Ledgers, tmp_path: Path
) -> None:
    client, _, _ = client_of(rows)
    books = BooksInHand(client, tmp_path / "books.db")
    books.now()
    assert reads(client, lambda: books.keep_up(600)) == 0
    assert reads(client, lambda: books.keep_up(700)) == 1
    assert reads(client, lambda: books.keep_up(100_000)) == 0, "the next run reads them, in a memory of its own"


def test_threads_share_one_look(rows: Ledgers, tmp_path: Path) -> None:
    client, _, _ = client_of(rows)
    books = BooksInHand(client, tmp_path / "books.db")
    books.now()
    found: list[Any] = []
    threads = [threading.Thread(target=lambda: found.append(books.now())) for _ in range(8)]
    before = client.reads
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert client.reads - before == 8
    assert all(same(one, books.last()) for one in found)


def test_a_long_read_says_how_far_it_is(tmp_path: Path) -> None:
    client, _, _ = client_of(filled(25_000))
    told, say = said()
    BooksInHand(client, tmp_path / "books.db", say).now()
    assert told == [f"Reading the books of Rows: {count} records so far …" for count in ("10,000", "20,000")]


# ---- long months and closing balances


def busy(*days: int, documents: int) -> Books:
    """Books with that many invoices on each of these days of January."""
    found = read_books(client_of(filled())[0])
    made = tuple(
        replace(found.documents[0], id=f"{day}{number}", txn_date=date(2026, 1, day))
        for day in days
        for number in range(documents)
    )
    return replace(found, documents=made)


@pytest.mark.parametrize(
    ("days", "most", "wanted"),
    [
        ((), 10, [(1, 31)]),
        ((5, 20), 10, [(1, 31)]),
        ((5, 20), 9, [(1, 19), (20, 31)]),
        ((1, 2, 3), 10, [(1, 2), (3, 31)]),
        ((31,), 4, [(1, 31)]),
    ],
)
def test_a_ledger_is_asked_for_in_as_few_parts_as_have_room(
    days: tuple[int, ...], most: int, wanted: list[tuple[int, int]]
) -> None:
    parts = spans(busy(*days, documents=5), date(2026, 1, 1), date(2026, 1, 31), most)
    assert [(first.day, last.day) for first, last in parts] == wanted


def test_sixteen_thousand_paid_invoices_are_one_ledger() -> None:
    assert MOST_ROWS >= 3 * 16_000


def test_closing_balances_are_the_trial_balance_and_what_is_open() -> None:
    books = busy(documents=0)
    receivable = Account(id="84", name="Accounts Receivable", type="Accounts Receivable")
    funds = Account(id="4", name="Undeposited Funds", type="Other Current Asset", subtype="UndepositedFunds")
    rows = tuple(
        TrialRow(account_id=one, account_name="", amount=Decimal(amount)) for one, amount in (("84", 7), ("9", 1))
    )
    closing = Closing(start=date(2026, 1, 1), as_of=date(2026, 1, 31), open_items=(), trial_balance=rows)
    found = closing_balances(closing, replace(books, accounts=(receivable, funds)), Settings())
    assert (found.receivable.closing, found.undeposited.closing, found.banks) == (Decimal(7), Decimal(0), ())
