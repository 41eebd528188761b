"""The layered send: what is sent again, what never is, and what comes out as an exception."""

from __future__ import annotations

import json
import re
import threading
import zlib
from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import requests
import urllib3
from fake_intuit import Reply, asked, client_of, in_turn, ok

from toolkit.problems import OutcomeUnknown, QuickBooksRefused, ReconnectNeeded, Throttled, ToolkitError, Unreachable
from toolkit.qbo.client import BatchItem, Client, NoAnswer
from toolkit.qbo.exact_json import Json
from toolkit.qbo.wire import Verb, WireRequest

FAULTS = {
    one["name"]: one for one in json.loads(Path(__file__).with_name("fault_bodies.json").read_text(encoding="utf-8"))
}
INVOICE = {"Invoice": {"Id": "1", "TotalAmt": 100.10}, "time": "2022-09-02T05:58:56.463-07:00"}
WRITE = WireRequest(entity="Invoice", verb=Verb.CREATE, body={"DocNumber": "é", "Line": [{"Amount": Decimal("0.10")}]})


def fault(name: str, **headers: str) -> Reply:
    return ok(FAULTS[name]["body"].encode(), FAULTS[name]["status"], **headers)


def refused_connection() -> Exception:
    pool = urllib3.HTTPSConnectionPool("emulator.invalid")
    inner = urllib3.exceptions.NewConnectionError(pool, "refused")  # type: ignore[arg-type]
    return requests.ConnectionError(urllib3.exceptions.MaxRetryError(pool, "/", inner))


RESET = requests.ConnectionError(urllib3.exceptions.ProtocolError("Connection aborted.", ConnectionResetError(104)))
TIMED_OUT = requests.ReadTimeout("slow")
HTML = ok(b"<html><body>502 Bad Gateway</body></html>", 502)
EMPTY = ok(b"", 503)
CUT = ok(b'{"Invoice":{"Id":"1","Tot')
SYSTEM = fault("10000_system_fault")
THROTTLE = fault("429_throttle_xml")
EXPIRED = fault("401_token_expired")

PASSING = [RESET, TIMED_OUT, HTML, EMPTY, CUT, SYSTEM, refused_connection(), requests.exceptions.ChunkedEncodingError()]


@pytest.mark.parametrize("failure", PASSING, ids=str)
def test_a_read_is_sent_again_while_the_network_or_quickbooks_is_unwell(failure: Any) -> None:
    client, adapter, clock = client_of(in_turn(failure, failure, ok(INVOICE)))
    assert client.read("Invoice", "1")["TotalAmt"] == Decimal("100.10")
    assert len(adapter.requests) == 3
    assert clock.slept == [1.0, 2.0]
    assert (client.reads, client.writes, client.calls) == (1, 0, 3)


@pytest.mark.parametrize("failure", PASSING, ids=str)
def test_a_read_gives_up_in_words(failure: Any) -> None:
    client, adapter, _ = client_of(in_turn(*[failure] * 5))
    with pytest.raises(Unreachable) as raised:
        client.read("Invoice", "1")
    assert raised.value.exit_code == 5
    assert len(adapter.requests) == 5


@pytest.mark.parametrize("failure", [RESET, TIMED_OUT, HTML, EMPTY, CUT, SYSTEM], ids=str)
def test_a_write_without_an_answer_is_never_sent_again(failure: Any) -> None:
    client, adapter, _ = client_of(in_turn(failure))
    with pytest.raises(NoAnswer) as raised:
        client.write(WRITE, "run-1")
    assert raised.value.requestid == "run-1"
    assert isinstance(raised.value, OutcomeUnknown)
    assert len(adapter.requests) == 1


@pytest.mark.parametrize("failure", [refused_connection(), requests.ConnectTimeout(), THROTTLE, EXPIRED], ids=str)
def test_a_write_that_was_surely_not_done_goes_again_under_the_same_requestid(failure: Any) -> None:
    client, adapter, _ = client_of(in_turn(failure, ok(INVOICE)))
    assert client.write(WRITE, "run-1")["Id"] == "1"
    assert [asked(request)["requestid"] for request in adapter.requests] == ["run-1", "run-1"]


@pytest.mark.parametrize(("times", "seconds"), [(1, 2.1), (2, 2.1 + 12.6), (3, 2.1 + 12.6 + 63.0)])
def test_a_throttle_is_sat_out_longer_each_time_and_the_answer_still_comes(times: int, seconds: float) -> None:
    client, _, clock = client_of(in_turn(*[THROTTLE] * times, ok(INVOICE)))
    client.read("Invoice", "1")
    assert sum(clock.slept) == pytest.approx(seconds)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "5"}, 5.25),
        ({"Retry-After": "Sun, 01 Feb 2026 12:00:20 GMT", "Date": "Sun, 01 Feb 2026 12:00:00 GMT"}, 21),
        ({"Retry-After": "Sun, 01 Feb 2026 11:59:00 GMT", "Date": "Sun, 01 Feb 2026 12:00:00 GMT"}, 0),
        ({"Retry-After": "Sun, 01 Feb 2026 12:00:20 GMT"}, 2.1),  # beside no Date: the usual pause
        ({"Retry-After": "soon"}, 2.1),
        ({"Retry-After": "86400"}, 630),  # no answer makes a run wait for a day
    ],
)
def test_retry_after_is_honored_as_seconds_and_as_a_date(headers: dict[str, str], seconds: float) -> None:
    client, _, clock = client_of(in_turn(fault("429_throttle_xml", **headers), ok(INVOICE)))
    client.read("Invoice", "1")
    assert sum(clock.slept) == pytest.approx(seconds)


@pytest.mark.parametrize(
    ("answers", "writes"),
    [
        ((ok(INVOICE),), 1),
        ((RESET,), 1),
        ((SYSTEM,), 1),
        ((RESET, ok(INVOICE)), 1),
        ((RESET, RESET), 1),
        ((fault("5010_stale"),), 0),
        ((refused_connection(),) * 5, 0),
    ],
    ids=["answered", "lost", "server failure", "lost and repeated", "lost twice", "refused", "never left"],
)
def test_a_write_counts_once_if_it_may_have_been_carried_out_and_else_not(
    answers: tuple[Any, ...], writes: int
) -> None:
    client, adapter, _ = client_of(in_turn(*answers))
    while len(adapter.requests) < len(answers):
        with suppress(ToolkitError):
            client.write(WRITE, "run-1")
    assert client.writes == writes


def test_endless_throttling_ends_in_words() -> None:
    client, adapter, _ = client_of(in_turn(*[THROTTLE] * 7))
    with pytest.raises(Throttled):
        client.read("Invoice", "1")
    assert len(adapter.requests) == 7


def test_an_expired_token_is_renewed_once_and_the_call_repeated() -> None:
    client, adapter, _ = client_of(in_turn(EXPIRED, ok(INVOICE)))
    client.read("Invoice", "1")
    assert len(adapter.requests) == 2


def test_a_token_that_is_refused_again_ends_the_run() -> None:
    client, adapter, _ = client_of(in_turn(EXPIRED, EXPIRED))
    with pytest.raises(ReconnectNeeded) as raised:
        client.read("Invoice", "1")
    assert raised.value.exit_code == 7
    assert len(adapter.requests) == 2


def test_a_company_that_is_not_connected_ends_the_run_after_one_renewal() -> None:
    wrong = fault("403_application_authorization_failed")
    client, adapter, _ = client_of(in_turn(wrong, wrong))
    with pytest.raises(ReconnectNeeded) as raised:
        client.write(WRITE, "run-1")
    assert raised.value.problem.code == "connection-ended"
    assert len(adapter.requests) == 2


@pytest.mark.parametrize(
    "name", ["6240_duplicate_name_full", "5010_stale", "6190_subscription", "610_object_not_found"]
)
def test_a_refusal_is_told_at_once_with_its_tracking_number(name: str) -> None:
    client, adapter, _ = client_of(in_turn(fault(name)))
    with pytest.raises(QuickBooksRefused) as raised:
        client.write(WRITE, "run-1")
    assert raised.value.fault_code == name.split("_", maxsplit=1)[0]
    assert raised.value.intuit_tid == "1-5f732f5f-25dcb83b777d318c396aaf06"
    assert len(adapter.requests) == 1


def test_a_fault_inside_200_is_a_refusal() -> None:
    client, _, _ = client_of(in_turn(ok(FAULTS["5010_stale"]["body"].encode())))
    with pytest.raises(QuickBooksRefused, match="5010"):
        client.write(WRITE, "run-1")


def test_an_answer_without_the_record_is_an_unknown_outcome() -> None:
    client, _, _ = client_of(in_turn(ok({"time": "x"})))
    with pytest.raises(OutcomeUnknown):
        client.write(WRITE, "run-1")


def lot(entity: str, *ids: str) -> Reply:
    return ok({"QueryResponse": {entity: [{"Id": one} for one in ids]}, "time": INVOICE["time"]})


def changes(*parts: Any) -> Reply:
    return ok({"CDCResponse": [{"QueryResponse": list(parts)}], "time": INVOICE["time"]})


NO_QUERY = [ok({"time": "x"}), ok(INVOICE), ok({"QueryResponse": None}), ok({"QueryResponse": {"totalCount": 1}})]
SINCE = datetime(2026, 1, 1, tzinfo=UTC)
READS: list[tuple[Any, list[Reply], Reply, Any]] = [
    (
        lambda client: client.read("Invoice", "1")["Id"],
        [ok({"Invoice": {"Id": "2"}}), ok({"Payment": {"Id": "1"}}), ok({"Invoice": {}}), ok({})],
        ok(INVOICE),
        "1",
    ),
    (
        lambda client: [row["Id"] for row in client.query_all("Account")],
        [*NO_QUERY, lot("Customer", "7"), ok({"QueryResponse": {"startPosition": 1, "maxResults": 2}})],
        lot("Account", "1", "2"),
        ["1", "2"],
    ),
    (lambda client: client.query_all("Account"), [lot("Customer", "7")], ok({"QueryResponse": {}, "time": "x"}), []),
    (
        lambda client: client.count("Account"),
        [ok({"time": "x"}), ok({"QueryResponse": {}}), lot("Account", "1")],
        ok({"QueryResponse": {"totalCount": 0}}),
        0,
    ),
    (
        lambda client: client.cdc(["Invoice"], SINCE)[0],
        [ok({"time": INVOICE["time"]}), ok(INVOICE), ok({"CDCResponse": []}), changes({"Customer": [{"Id": "1"}]})],
        changes({}),
        {"Invoice": []},
    ),
    (lambda client: client.preferences(), [ok({}), ok(INVOICE)], ok({"Preferences": {"Id": "1"}}), {"Id": "1"}),
    (lambda client: client.company_info()[0], [ok(INVOICE)], ok({"CompanyInfo": {"Id": "1"}}), {"Id": "1"}),
]


@pytest.mark.parametrize(
    ("ask", "wrong", "right", "found"), [(ask, one, right, found) for ask, all_, right, found in READS for one in all_]
)
def test_an_answer_to_another_question_is_no_answer_to_a_read(ask: Any, wrong: Reply, right: Reply, found: Any) -> None:
    client, adapter, _ = client_of(in_turn(wrong, wrong, right))
    assert ask(client) == found
    assert len(adapter.requests) == 3
    client, adapter, _ = client_of(in_turn(*[wrong] * 5))
    with pytest.raises(Unreachable) as raised:
        ask(client)
    assert raised.value.problem.code == "answer-not-understood"


def changing(verb: Verb, **fields: Any) -> WireRequest:
    return WireRequest(entity="Invoice", verb=verb, body={"Id": "1", "SyncToken": "0", **fields})


VOID, DELETE, INACTIVE = changing(Verb.VOID), changing(Verb.DELETE), changing(Verb.UPDATE, Active=False)
DONE: list[tuple[WireRequest, Json]] = [
    (WRITE, {"Id": "1", "TotalAmt": 0.10}),
    (VOID, {"Id": "1", "TotalAmt": 0, "PrivateNote": "Voided"}),
    (VOID, {"Id": "1", "TotalAmt": 0, "PrivateNote": "Annulé"}),
    (DELETE, {"Id": "1", "status": "Deleted", "domain": "QBO"}),
    (INACTIVE, {"Id": "1", "Active": False}),
]


@pytest.mark.parametrize(("request_", "record"), DONE)
def test_a_write_is_believed_when_the_answer_is_that_record_in_the_wanted_state(
    request_: WireRequest, record: Json
) -> None:
    client, _, _ = client_of(in_turn(ok({"Invoice": record})))
    assert client.write(request_, "run-1")["Id"] == "1"


@pytest.mark.parametrize(
    ("request_", "record"),
    [
        (WRITE, {"TotalAmt": 0.10}),
        *((asked_for, {**record, "Id": "2"}) for asked_for, record in DONE[1:]),
        *((asked_for, {"Id": "1", "TotalAmt": 100.1, "Active": True}) for asked_for, _ in DONE[1:]),
    ],
)
def test_a_write_that_is_answered_with_another_record_or_state_is_an_unknown_outcome(
    request_: WireRequest, record: Json
) -> None:
    client, adapter, _ = client_of(in_turn(ok({"Invoice": record})))
    with pytest.raises(NoAnswer):
        client.write(request_, "run-1")
    assert len(adapter.requests) == 1


@pytest.mark.parametrize(
    "answer", [lot("Customer", "1"), ok({"QueryResponse": None}), ok({"Payment": {"Id": "1"}}), ok({})]
)
def test_an_answer_to_another_question_in_a_batch_is_missing(answer: Reply) -> None:
    said = {**json.loads(answer[1]), "bId": "q"}
    client, _, _ = client_of(in_turn(ok({"BatchItemResponse": [said]})))
    [found] = client.batch([BatchItem(bid="q", query="SELECT * FROM Payment")], "r")
    assert found.missing


def test_a_redirect_is_never_followed_with_the_books_in_hand() -> None:
    client, _, _ = client_of(in_turn(*[ok(b"{}", 302, Location="https://elsewhere.example/")] * 5))
    with pytest.raises(Unreachable):
        client.read("Invoice", "1")


def test_what_goes_over_the_wire() -> None:
    client, adapter, _ = client_of(in_turn(ok(INVOICE), ok(INVOICE)))
    client.write(WRITE, "run-1")
    client.read("Invoice", "1")
    write, read = adapter.requests
    assert (write.method, str(write.url).partition("?")[0]) == (
        "POST",
        "https://emulator.invalid/v3/company/9130/invoice",
    )
    assert asked(write) == {"minorversion": "75", "requestid": "run-1"}
    assert write.body == '{"DocNumber":"é","Line":[{"Amount":0.10}]}'.encode()
    assert write.headers["Accept"] == "application/json"
    assert "gzip" in write.headers["Accept-Encoding"]
    assert asked(read) == {"minorversion": "75"}
    assert "Content-Type" not in read.headers


def test_compressed_answers_are_read() -> None:
    packed = zlib.compressobj(wbits=31)
    body = packed.compress(json.dumps(INVOICE).encode()) + packed.flush()
    client, _, _ = client_of(in_turn(ok(body, **{"Content-Encoding": "gzip"})))
    assert client.read("Invoice", "1")["Id"] == "1"


# queries


class Rows:
    """Answers queries over numbered rows, with pages as Intuit gives them; counts what was asked."""

    def __init__(self, count: int, bad: int | None = None) -> None:
        self.count, self.bad = count, bad
        self.queries: list[str] = []

    def __call__(self, request: requests.PreparedRequest) -> Reply:
        if "/invoice/" in str(request.url):
            return ok({"Invoice": {"Id": str(request.url).partition("/invoice/")[2].partition("?")[0]}})
        text = asked(request).get("query") or (request.body or b"").decode()  # type: ignore[union-attr]
        self.queries.append(text)
        if "COUNT(*)" in text:
            return ok({"QueryResponse": {"totalCount": self.count}, "time": "x"})
        found = re.search(r"STARTPOSITION (\d+) MAXRESULTS (\d+)", text)
        assert found
        start, size = int(found[1]), int(found[2])
        rows = [{"Id": str(number)} for number in range(start, min(start + size, self.count + 1))]
        if "SELECT *" in text and any(row["Id"] == str(self.bad) for row in rows):
            return fault("4002_processing")
        return ok({"QueryResponse": {"Invoice": rows} if rows else {}, "time": "x"})


@pytest.mark.parametrize(("count", "reads"), [(0, 1), (999, 1), (1_000, 2), (1_001, 3), (3_500, 5)])
def test_all_rows_come_with_the_fewest_reads(count: int, reads: int) -> None:
    rows = Rows(count)
    client, _, _ = client_of(rows)
    found = client.query_all("Invoice", where="TxnDate >= '2026-01-01'")
    assert [row["Id"] for row in found] == [str(number) for number in range(1, count + 1)]
    assert client.reads == reads
    assert all("ORDERBY Id" in text or "COUNT" in text for text in rows.queries)


def test_a_row_that_breaks_its_page_is_read_by_id() -> None:
    """Intuit .NET SDK issue 111: one stored bad e-mail address answers the whole page with 4002."""
    client, _, _ = client_of(Rows(1_500, bad=1_234))
    found = client.query_all("Invoice")
    assert [row["Id"] for row in found] == [str(number) for number in range(1, 1_501)]


def test_long_queries_travel_as_a_body() -> None:
    rows = Rows(0)
    client, adapter, _ = client_of(rows)
    client.query("SELECT * FROM Invoice WHERE Id IN (" + "'1'," * 500 + "'1') STARTPOSITION 1 MAXRESULTS 10")
    assert adapter.requests[0].method == "POST"
    assert adapter.requests[0].headers["Content-Type"] == "application/text"


def test_special_characters_of_a_query_survive_the_address() -> None:
    rows = Rows(0)
    client, _, _ = client_of(rows)
    text = r"SELECT * FROM Customer WHERE DisplayName = 'A&B + Søn\'s 100%' STARTPOSITION 1 MAXRESULTS 1"
    client.query(text)
    assert rows.queries == [text]


def test_change_data_capture_gives_rows_by_entity_and_the_clock() -> None:
    body = {
        "CDCResponse": [
            {"QueryResponse": [{"Invoice": [{"Id": "1"}], "startPosition": 1, "maxResults": 1}, {},
                               {"Customer": [{"Id": "2"}, {"status": "Deleted", "Id": "3"}]}]}
        ],
        "time": "2022-09-02T05:58:56.463-07:00",
    }  # fmt: skip
    client, adapter, _ = client_of(in_turn(ok(body)))
    changed, now = client.cdc(["Invoice", "Payment", "Customer"], datetime(2026, 1, 1, tzinfo=UTC))
    assert {entity: len(rows) for entity, rows in changed.items()} == {"Invoice": 1, "Payment": 0, "Customer": 2}
    assert now == datetime(2022, 9, 2, 12, 58, 56, 463000, tzinfo=UTC)
    assert asked(adapter.requests[0])["changedSince"] == "2026-01-01T00:00:00+00:00"


# batches


def items(count: int) -> list[BatchItem]:
    return [BatchItem(bid=f"b{number}", request=WRITE) for number in range(count)]


def test_answers_are_matched_by_bid_alone() -> None:
    answers = [
        {"Fault": json.loads(FAULTS["5010_stale"]["body"])["Fault"], "bId": "b1"},
        {"QueryResponse": {"Payment": [{"Id": "9"}]}, "bId": "q"},
        {"Invoice": {"Id": "1"}, "bId": "b0"},
    ]
    client, adapter, _ = client_of(in_turn(ok({"BatchItemResponse": answers, "time": INVOICE["time"]})))
    asked_for = [*items(3), BatchItem(bid="q", query="SELECT * FROM Payment")]
    first, second, third, query = client.batch(asked_for, "run-1")
    assert first.json == {"Id": "1"}
    assert first.time == datetime(2022, 9, 2, 12, 58, 56, 463000, tzinfo=UTC)
    assert second.fault is not None
    assert second.fault.stale
    assert third.missing
    assert query.rows == ({"Id": "9"},)
    assert (client.reads, client.writes, client.calls) == (1, 3, 1)
    sent = json.loads(adapter.requests[0].body or b"")
    assert [one["bId"] for one in sent["BatchItemRequest"]] == ["b0", "b1", "b2", "q"]


@pytest.mark.parametrize(
    ("asked_for", "requestid"),
    [
        ([], "r"),
        (items(31), "r"),
        ([*items(1), *items(1)], "r"),
        (items(1), "r" * 37),
        (items(1), ""),
        ([BatchItem(bid="b" * 11, request=WRITE)], "r"),
    ],
)
def test_a_batch_that_intuit_would_not_take_never_leaves(asked_for: list[BatchItem], requestid: str) -> None:
    client, _, _ = client_of(in_turn())
    with pytest.raises(ValueError):
        client.batch(asked_for, requestid)


def test_a_batch_of_questions_may_be_asked_again() -> None:
    answered = ok({"BatchItemResponse": [{"QueryResponse": {}, "bId": "q"}]})
    client, _, _ = client_of(in_turn(RESET, answered))
    [answer] = client.batch([BatchItem(bid="q", query="SELECT * FROM Payment")], "r")
    assert answer.rows == ()
    assert not answer.missing


def test_failed_reads_are_not_counted_as_metered() -> None:
    client, _, _ = client_of(in_turn(fault("4001_unknown_entity")))
    with pytest.raises(QuickBooksRefused):
        client.query("SELECT * FROM Custmoer")
    assert (client.reads, client.calls) == (0, 1)


def test_threads_share_one_client() -> None:
    client, adapter, _ = client_of(lambda request: ok(INVOICE))
    failures: list[ToolkitError] = []

    def work(client: Client) -> None:
        try:
            for _ in range(25):
                client.read("Invoice", "1")
        except ToolkitError as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(client,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    assert client.reads == client.calls == len(adapter.requests) == 200
