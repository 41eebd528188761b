"""Reading the books: everything once, then only what changed; and never half old, half new."""

from __future__ import annotations

import random
import re
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import requests
from fake_intuit import Reply, asked, client_of, ok

from toolkit.books import (
    Account,
    BankDeposit,
    Books,
    Customer,
    DepositLine,
    DocumentKind,
    Link,
    ReceivedPayment,
    SalesDocument,
    SalesLine,
    TxnType,
)
from toolkit.emulator.adapter import EmulatorAdapter, LoopbackAdapter
from toolkit.emulator.app import EmulatorApp
from toolkit.emulator.company import Company
from toolkit.plan import Action, Kind, Operation
from toolkit.problems import NeedsPerson, OutcomeUnknown, QuickBooksRefused, Unreachable
from toolkit.qbo import balances as balances_module
from toolkit.qbo import books_cache, wire
from toolkit.qbo import snapshot as snapshot_module
from toolkit.qbo.client import Client
from toolkit.qbo.limits import AppLimits, Limits, Rates
from toolkit.qbo.session import Session
from toolkit.qbo.snapshot import read_balances, read_books
from toolkit.qbo.tokens import FileStore
from toolkit.settings import Environment, Settings

D = Decimal
REALM = "9130350000000001"
SEPTEMBER = datetime(2026, 9, 2, 12, 0, tzinfo=UTC)


# a QuickBooks of rows


class RowBooks:
    """Answers queries and change data capture over plain rows, and lets a test meddle before any call."""

    def __init__(self) -> None:
        # Every company has accounts.
        bank = {"Id": "35", "SyncToken": "0", "Name": "Checking", "AccountType": "Bank"}
        self.rows: dict[str, dict[str, dict[str, Any]]] = {"Account": {"35": bank}}
        self.changes: list[tuple[datetime, str, dict[str, Any]]] = []
        self.now = SEPTEMBER
        self.meddle: Callable[[str], None] = lambda what: None
        self.refused: dict[str, str] = {}
        self.lock = threading.RLock()
        self.asked: list[str] = []

    def put(self, entity: str, record_id: int, **fields: Any) -> None:
        with self.lock:
            stamped = {"MetaData": {"LastUpdatedTime": self.now.isoformat()}}
            row = {"Id": str(record_id), "SyncToken": "0", "TxnDate": "2026-09-01", **stamped, **fields}
            self.rows.setdefault(entity, {})[str(record_id)] = row
            self.changes.append((self.now, entity, row))

    def drop(self, entity: str, record_id: int) -> None:
        with self.lock:
            self.rows[entity].pop(str(record_id))
            gone = {"Id": str(record_id), "status": "Deleted", "MetaData": {"LastUpdatedTime": self.now.isoformat()}}
            self.changes.append((self.now, entity, gone))

    def __call__(self, request: requests.PreparedRequest) -> Reply:
        path = str(request.url).partition("?")[0].rpartition("/9130/")[2]
        what = asked(request).get("query", path)
        with self.lock:
            self.asked.append(what)
            self.meddle(what)
            self.now += timedelta(milliseconds=10)
            return self.answer(path, request)

    def answer(self, path: str, request: requests.PreparedRequest) -> Reply:
        clock = {"time": self.now.isoformat(timespec="milliseconds")}
        if path.startswith("companyinfo"):
            return ok({"CompanyInfo": {"Id": "1", "CompanyName": "Rows"}, **clock})
        if path == "preferences":
            return ok({"Preferences": {"SalesFormsPrefs": {"CustomTxnNumbers": True}}, **clock})
        if path == "cdc":
            return ok({**self.cdc(asked(request)), **clock})
        return self.page(asked(request)["query"], clock)

    def cdc(self, params: dict[str, str]) -> dict[str, Any]:
        since = datetime.fromisoformat(params["changedSince"])
        newest: dict[tuple[str, str], dict[str, Any]] = {}
        for at, entity, row in self.changes:
            if at.replace(microsecond=0) >= since:
                newest[entity, row["Id"]] = row
        rows = list(newest.items())[:1000]
        parts = [{entity: [row for (one, _), row in rows if one == entity]} for entity in params["entities"].split(",")]
        return {"CDCResponse": [{"QueryResponse": [part if next(iter(part.values())) else {} for part in parts]}]}

    def page(self, text: str, clock: dict[str, str]) -> Reply:
        entity = text.split(" FROM ")[1].split(maxsplit=1)[0]
        if entity in self.refused:
            error = {"code": self.refused[entity], "Message": "no", "Detail": "no"}
            return ok({"Fault": {"Error": [error], "type": "ValidationFault"}}, 400)
        rows = sorted(self.rows.get(entity, {}).values(), key=lambda row: int(row["Id"]))
        since = re.search(r"TxnDate >= '([^']+)'", text)
        if since:
            rows = [row for row in rows if row["TxnDate"] >= since[1]]
        if "COUNT(*)" in text:
            return ok({"QueryResponse": {"totalCount": len(rows)}, **clock})
        place = re.search(r"STARTPOSITION (\d+) MAXRESULTS (\d+)", text)
        assert place
        start = int(place[1]) - 1
        found = rows[start : start + int(place[2])]
        return ok({"QueryResponse": {entity: found} if found else {}, **clock})


def said() -> tuple[list[str], Callable[[str], None]]:
    told: list[str] = []
    return told, told.append


def invoices(books: Books) -> list[str]:
    return [one.id for one in books.documents]


def same(one: Books, other: Books) -> bool:
    return replace(one, reads=0, server_time=SEPTEMBER) == replace(other, reads=0, server_time=SEPTEMBER)


def filled(count: int = 3) -> RowBooks:
    books = RowBooks()
    books.put("Customer", 1, DisplayName="Factory Inc.")
    for number in range(1, count + 1):
        books.put("Invoice", number, DocNumber=f"N{number}", CustomerRef={"value": "1"})
    books.now += timedelta(minutes=10)
    return books


def test_the_first_read_takes_each_list_once_and_looks_for_changes() -> None:
    client, _, _ = client_of(filled())
    books = read_books(client)
    assert (books.company_name, books.realm, books.preferences.custom_numbers) == ("Rows", "9130", True)
    assert invoices(books) == ["1", "2", "3"]
    # company, preferences, 18 lists and transactions, changes
    assert books.reads == client.reads == 21


@pytest.mark.parametrize("empty", [1, 2])
def test_a_chart_of_accounts_that_comes_empty_is_asked_for_again_and_never_stored(tmp_path: Path, empty: int) -> None:
    rows = filled()
    accounts = rows.rows.pop("Account")
    seen: list[str] = []

    def come_back(what: str) -> None:
        seen.extend([what] if " FROM Account " in what else [])
        if len(seen) > empty:
            rows.rows["Account"] = accounts

    rows.meddle = come_back
    client, _, _ = client_of(rows)
    assert [one.name for one in read_books(client, cache=tmp_path / "books.db").accounts] == ["Checking"]


def test_a_company_without_accounts_is_no_answer_and_leaves_no_stored_books(tmp_path: Path) -> None:
    rows = filled()
    del rows.rows["Account"]
    client, _, _ = client_of(rows)
    with pytest.raises(Unreachable) as raised:
        read_books(client, cache=tmp_path / "books.db")
    assert raised.value.problem.code == "answer-not-understood"
    assert not (tmp_path / "books.db").exists()


def test_stored_books_without_accounts_are_read_again(tmp_path: Path) -> None:
    cache = tmp_path / "books.db"
    client, _, _ = client_of(filled())
    holding = snapshot_module.read_anew(client, cache=cache)
    holding.rows["Account"] = {}
    books_cache.save(cache, holding, None)
    told, say = said()
    assert len(read_books(client, cache=cache, say=say).accounts) == 1
    assert "chart of accounts" in told[0]


@pytest.mark.parametrize("count", [3, 2_500])
def test_a_second_read_costs_two_reads_whatever_the_size(tmp_path: Path, count: int) -> None:
    rows = filled(count)
    client, _, _ = client_of(rows)
    first = read_books(client, cache=tmp_path / "books.db")
    second = read_books(client, cache=tmp_path / "books.db")
    assert same(first, second)
    assert second.reads == 2


def test_a_second_read_right_after_a_burst_of_ours_is_as_cheap(tmp_path: Path) -> None:
    """Changes are asked for a little back, and there may lie more rows than QuickBooks lists at once."""
    rows = filled(5)
    for number in range(6, 1_900):
        rows.put("Invoice", number, CustomerRef={"value": "1"})
    rows.now += timedelta(seconds=3)
    client, _, _ = client_of(rows)
    first = read_books(client, cache=tmp_path / "books.db")
    second = read_books(client, cache=tmp_path / "books.db")
    assert same(first, second)
    assert second.reads == 2


def test_a_burst_within_one_second_is_not_cut_in_the_middle(tmp_path: Path) -> None:
    """The question has whole seconds: what lies before the moment in the same second comes back as well."""
    rows = filled(5)
    began = rows.now = rows.now.replace(microsecond=100_000)
    for number in range(6, 1_106):
        rows.now = began + timedelta(milliseconds=0 if number < 700 else 800)
        rows.put("Invoice", number, CustomerRef={"value": "1"})
    rows.now = began + timedelta(seconds=15)
    client, _, _ = client_of(rows)
    read_books(client, cache=tmp_path / "books.db")
    assert read_books(client, cache=tmp_path / "books.db").reads == 2


def test_changes_additions_deletions_and_inactive_names_are_brought_in(tmp_path: Path) -> None:
    rows = filled()
    client, _, _ = client_of(rows)
    read_books(client, cache=tmp_path / "books.db")
    rows.put("Invoice", 2, DocNumber="edited", CustomerRef={"value": "1"})
    rows.put("Invoice", 4, DocNumber="new")
    rows.drop("Invoice", 1)
    rows.put("Customer", 1, DisplayName="Factory Inc. (deleted)", Active=False)
    rows.put("Vendor", 9, DisplayName="Team A")
    again = read_books(client, cache=tmp_path / "books.db")
    assert [(one.id, one.number) for one in again.documents] == [("2", "edited"), ("3", "N3"), ("4", "new")]
    assert not again.customers[0].active
    assert again.other_names[0].kind == "Vendor"
    whole = read_books(client)
    assert same(again, whole)
    assert same(read_books(client, cache=tmp_path / "books.db"), whole), "what was stored is what was said"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda rows: setattr(rows, "now", rows.now + timedelta(days=31)), "29 days"),
        (lambda rows: setattr(rows, "now", rows.now - timedelta(days=1)), "clock went back"),
        (lambda rows: [rows.put("Invoice", 10 + number) for number in range(1_000)], "1,000 rows"),
    ],
)
def test_where_changes_cannot_be_relied_on_all_is_read_again_and_said(
    tmp_path: Path, change: Callable[[RowBooks], object], words: str
) -> None:
    rows = filled()
    client, _, _ = client_of(rows)
    read_books(client, cache=tmp_path / "books.db")
    rows.now += timedelta(hours=1)
    change(rows)
    rows.now += timedelta(seconds=2)
    told, say = said()
    again = read_books(client, cache=tmp_path / "books.db", say=say)
    assert len(told) == 1
    assert words in told[0]
    rows.now += timedelta(hours=1)
    assert same(again, read_books(client))


def test_a_new_connection_reads_all_again(tmp_path: Path) -> None:
    client, _, _ = client_of(filled())
    read_books(client, cache=tmp_path / "books.db")
    other, _, _ = client_of(filled(5))
    other._session.mark = "9130 anew"  # type: ignore[misc]
    told, say = said()
    assert len(read_books(other, cache=tmp_path / "books.db", say=say).documents) == 5
    assert "connected anew" in told[0]


@pytest.mark.parametrize("content", [b"", b"not a database at all, but long enough to be looked at" * 40])
def test_a_damaged_store_is_replaced(tmp_path: Path, content: bytes) -> None:
    cache = tmp_path / "books.db"
    cache.write_bytes(content)
    client, _, _ = client_of(filled())
    told, say = said()
    assert len(read_books(client, cache=cache, say=say).documents) == 3
    assert len(told) == (1 if content else 0)
    assert read_books(client, cache=cache).reads == 2


def test_a_store_of_another_version_is_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    client, _, _ = client_of(filled())
    read_books(client, cache=tmp_path / "books.db")
    monkeypatch.setattr(books_cache, "VERSION", "next")
    told, say = said()
    assert read_books(client, cache=tmp_path / "books.db", say=say).reads == 21
    assert len(told) == 1


def test_a_store_that_cannot_be_written_only_costs_time(tmp_path: Path) -> None:
    client, _, _ = client_of(filled())
    told, say = said()
    assert len(read_books(client, cache=tmp_path / "no" / "such" / "books.db", say=say).documents) == 3
    assert "could not be stored" in told[0]


def test_transactions_are_read_since_a_date_and_a_longer_store_serves_a_shorter_question(tmp_path: Path) -> None:
    rows = filled()
    rows.put("Invoice", 4, TxnDate="2026-07-01")
    rows.put("Invoice", 5, TxnDate="2026-08-01")
    rows.now += timedelta(minutes=10)
    client, _, _ = client_of(rows)
    cache = tmp_path / "books.db"
    assert invoices(read_books(client, since=date(2026, 8, 1), cache=cache)) == ["1", "2", "3", "5"]
    later = read_books(client, since=date(2026, 9, 1), cache=cache)
    assert (invoices(later), later.reads, later.since) == (["1", "2", "3"], 2, date(2026, 9, 1))
    earlier = read_books(client, since=date(2026, 7, 1), cache=cache)
    assert (invoices(earlier), earlier.reads) == (["1", "2", "3", "4", "5"], 21)
    assert len(read_books(client, cache=cache).documents) == 5


def test_a_document_dated_out_of_the_window_leaves_the_books(tmp_path: Path) -> None:
    rows = filled()
    client, _, _ = client_of(rows)
    read_books(client, since=date(2026, 9, 1), cache=tmp_path / "books.db")
    rows.put("Invoice", 2, TxnDate="2026-08-31")
    assert invoices(read_books(client, since=date(2026, 9, 1), cache=tmp_path / "books.db")) == ["1", "3"]


# while others work


def test_a_row_deleted_between_two_pages_hides_no_other_row() -> None:
    """Deleting row 5 moves row 1001 onto the first page, which was already read."""
    rows = filled(2_000)

    def meddle(what: str) -> None:
        if "COUNT" in what and "Invoice" in what and "5" in rows.rows["Invoice"]:
            rows.drop("Invoice", 5)

    rows.meddle = meddle
    client, _, _ = client_of(rows)
    books = read_books(client)
    assert invoices(books) == [str(number) for number in range(1, 2_001) if number != 5]


def test_a_row_written_while_the_pages_are_read_is_not_missed() -> None:
    rows = filled(1_500)

    def meddle(what: str) -> None:
        if "Customer" in what and "2" not in rows.rows["Customer"]:
            rows.put("Customer", 2, DisplayName="New")
            rows.put("Invoice", 9_999, CustomerRef={"value": "2"})

    rows.meddle = meddle
    client, _, _ = client_of(rows)
    books = read_books(client)
    assert [one.id for one in books.customers] == ["1", "2"]
    assert "9999" in invoices(books)


def test_books_that_never_stand_still_are_not_taken_for_read() -> None:
    rows = filled(3)
    count = iter(range(10_000_000))

    def meddle(what: str) -> None:
        if what == "cdc":
            for _ in range(1_000):
                rows.put("Vendor", 100 + next(count), DisplayName="x")

    rows.meddle = meddle
    client, _, _ = client_of(rows)
    with pytest.raises(Unreachable) as raised:
        read_books(client)
    assert raised.value.problem.code == "books-moving"


def test_a_burst_of_another_program_just_before_is_no_hindrance() -> None:
    rows = filled(3)
    for number in range(1_200):
        rows.put("Vendor", number, DisplayName=f"V{number}")
    rows.now += timedelta(seconds=20)
    client, _, _ = client_of(rows)
    assert len(read_books(client).other_names) == 1_200


@pytest.mark.parametrize("code", ["5030", "5020", "6000"])
def test_lists_that_the_plan_or_the_person_lacks_are_empty(code: str) -> None:
    rows = filled()
    rows.refused = dict.fromkeys(("Class", "Department", "Vendor", "Employee"), code)
    client, _, _ = client_of(rows)
    books = read_books(client)
    assert (books.classes, books.locations, books.other_names) == ((), (), ())


def test_a_refused_list_that_is_needed_is_an_error() -> None:
    rows = filled()
    rows.refused = {"Customer": "5020"}
    client, _, _ = client_of(rows)
    with pytest.raises(QuickBooksRefused):
        read_books(client)


def test_a_refused_question_for_changes_reads_all_again(tmp_path: Path) -> None:
    rows = filled()
    client, _, _ = client_of(rows)
    read_books(client, cache=tmp_path / "books.db")
    real, failed = rows.answer, []

    def answer(path: str, request: requests.PreparedRequest) -> Reply:
        if path == "cdc" and not failed:
            failed.append(path)
            return ok({"Fault": {"Error": [{"code": "2070", "Message": "range"}], "type": "ValidationFault"}}, 400)
        return real(path, request)

    rows.answer = answer  # type: ignore[method-assign]
    told, say = said()
    assert len(read_books(client, cache=tmp_path / "books.db", say=say).documents) == 3
    assert "2070" in told[0]


# reports


def cells(*values: str | tuple[str, str]) -> dict[str, Any]:
    made = [{"value": one} if isinstance(one, str) else {"value": one[0], "id": one[1]} for one in values]
    return {"ColData": made, "type": "Data"}


LEDGER = ("tx_date", "txn_type", "doc_num", "name", "memo", "split_acc", "subt_nat_amount", "rbal_nat_amount")


def columns(*kinds: str) -> dict[str, Any]:
    return {"Column": [{"ColTitle": kind, "ColType": kind} for kind in kinds]}


def test_a_ledger_section_reads_as_recorded() -> None:
    """minimul/qbo_api spec/vcr reports gl, 2020: A/R of the sandbox, with its beginning balance row."""
    report = {
        "Columns": columns(*LEDGER),
        "Rows": {
            "Row": [
                {
                    "Header": {"ColData": [{"value": "Accounts Receivable (A/R)", "id": "84"}]},
                    "Rows": {
                        "Row": [
                            cells("Beginning Balance", "", "", "", "", "", "", "5004.02"),
                            cells("2020-09-29", ("Invoice", "264"), "1041", ("Amy's Bird Sanctuary", "1"), "",
                                  ("Services", "1"), "100.00", "5104.02"),
                        ]
                    },
                    "Summary": {"ColData": [{"value": "Total for Accounts Receivable (A/R)"}]},
                    "type": "Section",
                }
            ]
        },
    }  # fmt: skip
    [(account, ledger)] = balances_module._sections(report).items()
    assert (account, ledger.opening, ledger.closing) == ("84", D("5004.02"), D("5104.02"))
    [row] = ledger.rows
    assert (row.txn_type, row.txn_id, row.number, row.name, row.amount) == (
        "Invoice", "264", "1041", "Amy's Bird Sanctuary", D("100.00"),
    )  # fmt: skip


class Ledger:
    """A GeneralLedger of daily postings of 10.00 on account 4 that is cut after `most` rows, as a big report is."""

    def __init__(self, most: int, chains: bool = True) -> None:
        self.most, self.chains = most, chains
        self.spans: list[str] = []

    def __call__(self, request: requests.PreparedRequest) -> Reply:
        params = asked(request)
        first, last = (date.fromisoformat(params[name]) for name in ("start_date", "end_date"))
        self.spans.append(f"{first.day}-{last.day}")
        opening = D("10.00") * (first - date(2026, 1, 1)).days
        rows = [cells("Solde d'ouverture", "", "", "", "", "", "", str(opening))]
        day, balance = first, opening
        while day <= last:
            balance += 10
            rows.append(cells(day.isoformat(), ("Payment", str(day.day)), "", "", "", "", "10.00", str(balance)))
            day += timedelta(days=1)
        shown = rows if len(rows) <= self.most else [*rows[: self.most - 1], rows[-1]]
        if not self.chains:
            shown[0]["ColData"][7]["value"] = "1.00"
        section = {"Header": {"ColData": [{"value": "Undeposited Funds", "id": "4"}]}, "Rows": {"Row": shown}}
        return ok({"Columns": columns(*LEDGER), "Rows": {"Row": [section]}})


JANUARY = (date(2026, 1, 1), date(2026, 1, 31))


def test_a_ledger_too_long_for_one_report_is_read_in_shorter_spans() -> None:
    server = Ledger(most=10)
    client, _, _ = client_of(server)
    [ledger] = balances_module._ledgers(client, [Account(id="4", name="UF")], *JANUARY).values()
    assert [row.txn_date.day for row in ledger.rows] == list(range(1, 32))
    assert (ledger.opening, ledger.closing) == (D("0.00"), D("310.00"))
    assert len(server.spans) == client.reads == 7


def test_a_ledger_that_never_adds_up_proves_nothing() -> None:
    client, _, _ = client_of(Ledger(most=1_000, chains=False))
    with pytest.raises(OutcomeUnknown):
        balances_module._ledgers(client, [Account(id="4", name="UF")], *JANUARY)


# on the emulator, through both doors

ITEM = {"Id": "90", "Name": "Hot desk", "Type": "Service", "IncomeAccountRef": {"value": "1"}}


@pytest.fixture
def emulated(tmp_path: Path) -> Company:
    seed = {
        "format": 1,
        "realm_id": REALM,
        "switches": {"quotas": "off"},
        "preferences": {"SalesFormsPrefs": {"CustomTxnNumbers": True}},
    }
    return Company.open(tmp_path / "qbo.db", seed=seed)


def client_for(folder: Path, adapter: requests.adapters.BaseAdapter) -> Client:
    store = FileStore(folder, sleep=time.sleep)
    session = Session(store, Environment.EMULATOR, realm=REALM, now=lambda: datetime.now(UTC), adapter=adapter)
    fast = AppLimits(Rates(requests_per_second=1_000.0, requests_per_minute=100_000))
    limits = Limits(clock=time.monotonic, sleep=time.sleep, app=fast)
    return Client(session, limits, sleep=time.sleep, jitter=lambda: 0.5)


@pytest.fixture(params=["in-process", "http"])
def client(request: pytest.FixtureRequest, tmp_path: Path, emulated: Company) -> Iterator[Client]:
    app = EmulatorApp([emulated])
    if request.param == "in-process":
        yield client_for(tmp_path, EmulatorAdapter(app))
        return
    from werkzeug.serving import make_server

    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield client_for(tmp_path, LoopbackAdapter(f"http://127.0.0.1:{server.server_port}"))
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class Poster:
    """Writes records through our own wire and client, one by one."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.count = 0

    def __call__(self, record: Any, entity: str, action: Action = Action.CREATE) -> dict[str, Any]:
        self.count += 1
        operation = Operation(
            key=str(self.count), kind=Kind.INVOICE, action=action, entity=entity, record=record, label="", reason=""
        )
        request = wire.to_json(operation, lambda reference: reference)
        return self.client.write(request, f"test-{id(self)}-{self.count}")


def item_of(books: Books) -> str:
    return next(item.id for item in books.items if item.type == "Service")


def invoice(customer: str, item: str, number: str, amount: str = "100.00", day: int = 5) -> SalesDocument:
    return SalesDocument(
        kind=DocumentKind.INVOICE,
        number=number,
        customer_id=customer,
        txn_date=date(2026, 1, day),
        due_date=date(2026, 1, day),
        total=D(amount),
        lines=(SalesLine(amount=D(amount), item_id=item, description="Desk"),),
        private_note=f"Coworks {number} · 3f9a",
    )


def payment(customer: str, invoice_id: str, amount: str, day: int = 6) -> ReceivedPayment:
    link = Link(txn_type=TxnType.INVOICE, txn_id=invoice_id, amount=D(amount))
    return ReceivedPayment(customer_id=customer, txn_date=date(2026, 1, day), total=D(amount), links=(link,))


def make_item(client: Client) -> None:
    request = wire.WireRequest(
        entity="Item", verb=wire.Verb.CREATE,
        body={"Name": "Hot desk", "Type": "Service", "IncomeAccountRef": {"value": _income(client)}},
    )  # fmt: skip
    client.write(request, "item")


def _income(client: Client) -> str:
    return str(client.query("SELECT * FROM Account WHERE AccountType = 'Income' MAXRESULTS 1")[0]["Id"])


def _account(books: Books, kind: str) -> str:
    return next(account.id for account in books.accounts if account.type == kind)


def test_a_month_written_is_the_month_read_and_its_balances_add_up(client: Client) -> None:
    make_item(client)
    books, post = read_books(client), Poster(client)
    customer = post(Customer(display_name="O’Brien & Søn", emails=("pay@example.com",)), "Customer")["Id"]
    first = post(invoice(customer, item_of(books), "C957F1A7-0008", "500.00"), "Invoice")["Id"]
    post(invoice(customer, item_of(books), "C957F1A7-0009", "80.55"), "Invoice")
    paid = post(payment(customer, first, "500.00"), "Payment")["Id"]
    lines = (
        DepositLine(amount=D("500.00"), link=Link(txn_type=TxnType.PAYMENT, txn_id=paid)),
        DepositLine(amount=D("-14.80"), account_id=_account(books, "Expense"), description="Processing fee"),
    )
    bank = next(account.id for account in books.accounts if account.name == "Checking")
    post(BankDeposit(account_id=bank, txn_date=date(2026, 1, 8), total=D("485.20"), lines=lines), "Deposit")

    after = read_books(client)
    assert [(one.number, one.total, one.balance) for one in after.documents] == [
        ("C957F1A7-0008", D("500.00"), D("0.00")),
        ("C957F1A7-0009", D("80.55"), D("80.55")),
    ]
    assert after.documents[0].private_note == "Coworks C957F1A7-0008 · 3f9a"
    assert after.deposits[0].total == D("485.20")
    assert after.deposits[0].lines[0].link == Link(
        txn_type=TxnType.PAYMENT, txn_id=paid, amount=D("500.00"), line_id="0"
    )
    assert after.customers[-1].emails == ("pay@example.com",)

    before = client.reads
    proof = read_balances(client, after, Settings(), start=date(2026, 1, 1), as_of=date(2026, 1, 31))
    assert client.reads - before == 3
    assert proof.receivable.closing == D("80.55")
    assert [row.amount for row in proof.receivable.rows] == [D("500.00"), D("80.55"), D("-500.00")]
    assert (proof.undeposited.closing, len(proof.undeposited.rows)) == (D("0.00"), 2)
    assert {one.account_name: one.closing for one in proof.banks}["Checking"] == D("485.20")
    [open_item] = proof.open_items
    assert (open_item.number, open_item.open_balance, open_item.customer) == (
        "C957F1A7-0009", D("80.55"), "O’Brien & Søn",
    )  # fmt: skip
    by_account = {row.account_id: row.amount for row in proof.trial_balance}
    assert by_account[proof.receivable.account_id] == D("80.55")
    earlier = read_balances(client, after, Settings(), start=date(2026, 1, 1), as_of=date(2026, 1, 5))
    assert earlier.receivable.closing == D("580.55"), "as of the day, not of now"
    assert sum(one.open_balance for one in earlier.open_items) == D("580.55")


def test_two_possible_receivable_accounts_are_asked_about(client: Client) -> None:
    books = read_books(client)
    doubled = replace(
        books, accounts=(*books.accounts, replace(books.accounts[0], id="999", type="Accounts Receivable"))
    )
    with pytest.raises(NeedsPerson):
        read_balances(client, doubled, Settings(), start=date(2026, 1, 1), as_of=date(2026, 1, 31))


@pytest.mark.parametrize("seed", range(3))
def test_the_stored_books_brought_up_to_date_are_the_books_read_whole(
    tmp_path: Path, emulated: Company, seed: int
) -> None:
    """Any history of creations, payments, voids, deletions and names made inactive, read at any points."""
    client = client_for(tmp_path, EmulatorAdapter(EmulatorApp([emulated])))
    make_item(client)
    chance, post, cache = random.Random(seed), Poster(client), tmp_path / "books.db"
    item = item_of(read_books(client, cache=cache))
    for step in range(40):
        _something(chance, post, read_books(client, cache=cache), item, step)
        if chance.random() < 0.3:
            stored = read_books(client, cache=cache)
            assert stored.reads == 2
            assert same(stored, read_books(client))
    assert same(read_books(client, cache=cache), read_books(client))


def _something(chance: random.Random, post: Poster, books: Books, item: str, step: int) -> None:
    idle = [one for one in books.documents if not one.voided and one.balance == one.total]
    payments = [one for one in books.payments if not one.voided]
    doing = chance.choice(["customer", "invoice", "invoice", "payment", "void", "delete payment", "inactive"])
    if doing == "customer" or not books.customers:
        post(Customer(display_name=f"Team {step}"), "Customer")
    elif doing == "invoice":
        active = [one.id for one in books.customers if one.active]
        if active:
            post(invoice(chance.choice(active), item, f"N-{step}", str(chance.randrange(1, 10**6) / D(100))), "Invoice")
    elif doing == "payment" and idle:
        chosen = chance.choice(idle)
        if next(one for one in books.customers if one.id == chosen.customer_id).active:
            post(payment(chosen.customer_id, chosen.id, str(chosen.total)), "Payment")
    elif doing == "void" and idle:
        post(chance.choice(idle), "Invoice", Action.VOID)
    elif doing == "delete payment" and payments:
        post(chance.choice(payments), "Payment", Action.DELETE)
    elif doing == "inactive":
        free = [one for one in books.customers if one.active and not one.balance]
        if free:
            post(chance.choice(free), "Customer", Action.DEACTIVATE)
