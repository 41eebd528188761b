"""The emulator's two doors, its gateway, quotas, faults on demand, admin paths and its process."""

from __future__ import annotations

import gzip
import json
import re
import time
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from emulator_doors import NOW, OTHER, REALM, Client, in_process, listening, open_company, over_http, over_loopback

from toolkit.emulator import injection, quotas, tokens
from toolkit.emulator.adapter import LoopbackAdapter
from toolkit.emulator.admin import set_switch
from toolkit.emulator.app import EmulatorApp
from toolkit.emulator.company import Company
from toolkit.emulator.switches import SWITCHES

ROOT = Path(__file__).parents[1]
QUERY = "select * from Customer"


@pytest.fixture
def company(tmp_path: Path) -> Company:
    return open_company(tmp_path)


@pytest.fixture
def app(company: Company) -> EmulatorApp:
    return EmulatorApp([company], admin=True)


@pytest.fixture
def base(app: EmulatorApp) -> Iterator[str]:
    with listening(app) as base:
        yield base


@pytest.fixture(params=["in process", "http", "loopback"])
def client(request: pytest.FixtureRequest, app: EmulatorApp, company: Company) -> Client:
    if request.param == "in process":
        return in_process(app, company)
    base = request.getfixturevalue("base")
    return over_http(base, company) if request.param == "http" else over_loopback(base, company)


def names(client: Client) -> list[str]:
    found = client.api("GET", "query", params={"query": QUERY}).json()["QueryResponse"]
    return [customer["DisplayName"] for customer in found.get("Customer", [])]


class TestDoors:
    def test_both_doors_give_the_same_answers(self, tmp_path: Path) -> None:
        answers = []
        for place in ("a", "b"):
            company = open_company(tmp_path / place)
            app = EmulatorApp([company])
            if place == "a":
                answers.append(_story(in_process(app, company)))
            else:
                with listening(app) as base:
                    answers.append(_story(over_http(base, company)))
        for inside, outside in zip(*answers, strict=True):
            assert inside == outside

    def test_a_success_has_intuits_headers_and_a_refusal_has_not(self, client: Client) -> None:
        good = client.api("GET", "query", params={"query": QUERY})
        assert good.headers["Content-Type"] == "application/json;charset=utf-8"
        assert good.headers["QBO-Version"]
        assert "no-store" in good.headers["Cache-Control"]
        bad = client.api("GET", "invoice/999999")
        assert bad.status_code == 400
        assert bad.headers["Content-Type"] == "application/json"
        assert "QBO-Version" not in bad.headers
        for answered in (good, bad):
            assert re.fullmatch(r"1-[0-9a-f]{8}-[0-9a-f]{24}", answered.headers["intuit_tid"])
        assert good.headers["intuit_tid"] != bad.headers["intuit_tid"]

    @pytest.mark.parametrize(
        ("method", "path"),
        [
            ("GET", "/"),
            ("PUT", "/v3/company/9130350000000001/invoice"),
            ("DELETE", "/v3/company/9130350000000001/customer/1"),
            ("PATCH", "/v3/company/9130350000000001/customer"),
            ("GET", "/v3/customer/1/5"),
            ("GET", "/v2/anything"),
            ("GET", "/v3/company/9130350000000001/customer/1/5"),
            ("GET", "/v3/company/9130350000000001/nonsense"),
            ("GET", "/v3/company/9130350000000001/"),
        ],
    )
    def test_an_unknown_path_or_method_is_an_unsupported_operation(
        self, client: Client, method: str, path: str
    ) -> None:
        if path == "/":
            path = "/nonsense"
        answered = client.request(method, path)
        assert answered.status_code == 400
        error = answered.json()["Fault"]["Error"][0]
        assert (error["code"], error["Message"]) == ("500", "Unsupported Operation")
        assert error["Detail"].startswith("Operation ")
        assert error["Detail"].endswith(" is not supported.")
        assert answered.json()["Fault"]["type"] == "ValidationFault"

    def test_without_an_accept_header_answers_are_xml(self, client: Client) -> None:
        created = client.create("Customer", {"DisplayName": "A & B <c>"})
        headers: Any = {"Accept": None}
        space = "{http://schema.intuit.com/finance/v3}"
        good = client.api("GET", f"customer/{created['Id']}", headers=headers)
        assert good.headers["Content-Type"] == "application/xml;charset=utf-8"
        root = ET.fromstring(good.content)
        assert root.tag == f"{space}IntuitResponse"
        assert root.findtext(f"{space}Customer/{space}DisplayName") == "A & B <c>"
        bad = client.api("GET", "customer/999999", headers=headers)
        assert (bad.status_code, bad.headers["Content-Type"]) == (400, "application/xml")
        fault = ET.fromstring(bad.content).find(f"{space}Fault")
        assert fault is not None
        assert fault.get("type") == "ValidationFault"
        error = fault.find(f"{space}Error")
        assert error is not None
        assert error.get("code") == "610"

    def test_long_answers_are_compressed_for_those_who_take_it(self, client: Client) -> None:
        for number in range(30):
            client.create("Customer", {"DisplayName": f"Customer {number}"})
        packed = client.api("GET", "query", params={"query": QUERY})
        plain = client.api("GET", "query", params={"query": QUERY}, headers={"Accept-Encoding": "identity"})
        assert packed.headers["Content-Encoding"] == "gzip"
        assert "Content-Encoding" not in plain.headers
        assert packed.json()["QueryResponse"] == plain.json()["QueryResponse"]

    def test_compressed_requests_are_read_and_lying_ones_refused(self, client: Client) -> None:
        content = json.dumps({"DisplayName": "Packed"}).encode()
        headers = {"Content-Encoding": "gzip", "Content-Type": "application/json"}
        assert client.api("POST", "customer", data=gzip.compress(content), headers=headers).status_code == 200
        cases = [
            (content, "gzip"),
            (gzip.compress(content)[:-9], "gzip"),
            (gzip.compress(b" " * 9_000_000), "gzip"),
            (content, "br"),
        ]
        for body, encoding in cases:
            answered = client.api("POST", "customer", data=body, headers=headers | {"Content-Encoding": encoding})
            assert answered.status_code == 400
            assert answered.json()["Fault"]["Error"][0]["code"] == "2010"
        assert names(client) == ["Packed"]

    def test_an_unforeseen_error_is_a_system_fault_and_tells_nothing(
        self, client: Client, company: Company, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        def broken(*_: object) -> None:
            raise RuntimeError("the secret reason")

        monkeypatch.setattr(company, "call", broken)
        answered = client.api("GET", "companyinfo/" + REALM)
        assert answered.status_code == 500
        assert answered.json()["Fault"]["Error"][0]["code"] == "10000"
        assert answered.json()["Fault"]["type"] == "SystemFault"
        assert "secret" not in answered.text
        assert "the secret reason" in capsys.readouterr().err

    def test_the_loopback_adapter_goes_nowhere_else(self) -> None:
        for address in (
            "http://example.com",
            "https://127.0.0.1:1",
            "http://10.0.0.1:80",
            "http://127.0.0.1.example.com",
        ):
            with pytest.raises(ValueError, match="loopback"):
                LoopbackAdapter(address)

    def test_two_companies_of_one_id_cannot_be_served(self, tmp_path: Path) -> None:
        twins = [open_company(tmp_path / "a"), open_company(tmp_path / "b")]
        with pytest.raises(ValueError, match="same company ID"):
            EmulatorApp(twins)

    def test_several_companies_are_apart(self, tmp_path: Path) -> None:
        first, second = open_company(tmp_path), open_company(tmp_path, OTHER)
        app = EmulatorApp([first, second])
        one, two = in_process(app, first), in_process(app, second)
        one.create("Customer", {"DisplayName": "Only in the first"})
        assert names(one) == ["Only in the first"]
        assert names(two) == []

    def test_switches_and_tokens_are_read_beside_writes_of_other_threads_and_processes(self, tmp_path: Path) -> None:
        """SQLite refuses at once to begin a write on a connection that still reads an older state of the file."""
        company, beside = open_company(tmp_path), Company.open(tmp_path / f"{REALM}.db")

        def ask(number: int) -> None:
            for _ in range(400):
                company.switches.on("quotas")
                tokens.bearer(company, "x" * number)
                assert company.realm_id == REALM

        def write(one: Company) -> None:
            for number in range(400):
                with one.transaction():
                    one.connection().execute("INSERT OR REPLACE INTO meta VALUES ('note', ?)", (str(number),))

        with ThreadPoolExecutor(6) as pool:
            work = [pool.submit(ask, number) for number in range(3)]
            work += [pool.submit(write, one) for one in (company, company, beside)]
        assert [one.exception() for one in work] == [None] * 6

    def test_many_at_once_through_both_doors_lose_nothing_and_see_no_server_error(
        self, base: str, company: Company, tmp_path: Path
    ) -> None:
        beside = Company.open(tmp_path / f"{REALM}.db")
        makers = [over_http(base, company) for _ in range(6)]
        makers += [in_process(EmulatorApp([beside]), beside) for _ in range(2)]

        def work(place: int) -> list[int]:
            seen = []
            for number in range(12):
                client = makers[place]
                seen.append(client.post("customer", {"DisplayName": f"{place}-{number}"}).status_code)
                # The same name for all: one wins, the others are refused with a Fault, and nothing breaks.
                seen.append(client.post("customer", {"DisplayName": f"same {number}"}).status_code)
                seen.append(client.api("GET", "query", params={"query": QUERY}).status_code)
            return seen

        with ThreadPoolExecutor(len(makers)) as pool:
            answers = [status for seen in pool.map(work, range(len(makers))) for status in seen]
        assert set(answers) == {200, 400}
        expected = {f"{place}-{number}" for place in range(8) for number in range(12)}
        expected |= {f"same {number}" for number in range(12)}
        found = makers[0].api("GET", "query", params={"query": QUERY + " maxresults 1000"}).json()
        assert sorted(each["DisplayName"] for each in found["QueryResponse"]["Customer"]) == sorted(expected)
        assert answers.count(400) == 7 * 12


def _story(client: Client) -> list[tuple[int, dict[str, str], object]]:
    """What one client sees: statuses, headers that are not of this moment, bodies that are not of this moment."""
    created = client.create("Customer", {"DisplayName": "Żółw & Söhne"})
    path = f"customer/{created['Id']}"
    calls: list[tuple[str, str, dict[str, Any]]] = [
        ("GET", path, {}),
        ("GET", path, {"headers": {"Accept": None}}),
        ("GET", path, {"headers": {"Authorization": None}}),
        ("GET", "customer/x", {}),
        ("GET", "query", {"params": {"query": "select * from Customer where DisplayName = 'Żółw & Söhne'"}}),
        ("POST", "query", {"data": QUERY.encode(), "headers": {"Content-Type": "application/text"}}),
        ("POST", "customer", {"data": b"{", "headers": {"Content-Type": "application/json"}}),
        ("POST", "customer", {"json": {"DisplayName": "Żółw & Söhne"}}),
        ("POST", "batch", {"json": {"BatchItemRequest": [{"bId": "1", "Query": QUERY}]}}),
        ("HEAD", path, {}),
    ]
    answers = [client.api(method, way, **options) for method, way, options in calls]
    answers.append(client.request("GET", "/nonsense"))
    answers.append(client.request("POST", "/oauth2/v1/tokens/bearer", data={"grant_type": "x"}))
    return [(each.status_code, _lasting(each), _content(each)) for each in answers]


def _lasting(answered: requests.Response) -> dict[str, str]:
    passing = {"date", "intuit_tid", "content-length", "server", "connection", "x-spanid", "x-amzn-trace-id"}
    return {name.lower(): value for name, value in answered.headers.items() if name.lower() not in passing}


def _content(answered: requests.Response) -> object:
    return re.sub(r'("time":"[^"]*"|time="[^"]*")', "", answered.text)


class TestQuotas:
    @pytest.fixture
    def limited(self, company: Company) -> Company:
        company.switches.set("quotas", "on")
        return company

    def test_a_burst_over_ten_a_second_gets_the_xml_429(self, app: EmulatorApp, limited: Company) -> None:
        client = in_process(app, limited)
        answers = [client.api("GET", "companyinfo/" + REALM) for _ in range(20)]
        assert [each.status_code for each in answers[:10]] == [200] * 10
        refused = [each for each in answers if each.status_code == 429]
        assert refused
        assert refused[0].headers["Content-Type"] == "application/xml"
        root = ET.fromstring(refused[0].content)
        space = "{http://schema.intuit.com/finance/v3}"
        fault = root.find(f"{space}Fault")
        assert fault is not None
        assert fault.get("type") == "SERVICE"
        error = fault.find(f"{space}Error")
        assert error is not None
        assert error.get("code") == "3001"
        assert error.findtext(f"{space}Message") == "message=ThrottleExceeded; errorCode=003001; statusCode=429"
        assert error.findtext(f"{space}Detail") == "The request limit was reached.  Try again later"

    def test_a_second_gives_ten_more(self, limited: Company) -> None:
        assert [quotas.admit(limited, batch=False, now=100.0) for _ in range(11)] == [True] * 10 + [False]
        assert not quotas.admit(limited, batch=False, now=100.05)
        assert quotas.admit(limited, batch=False, now=100.15)
        assert [quotas.admit(limited, batch=False, now=110.0) for _ in range(11)] == [True] * 10 + [False]

    def test_no_minute_ever_holds_more_than_its_limit(self, limited: Company) -> None:
        moments = [1000 + step / 9 for step in range(1200)]
        admitted = [moment for moment in moments if quotas.admit(limited, batch=False, now=moment)]
        fullest = max(sum(1 for each in admitted if start <= each < start + 60) for start in admitted)
        assert fullest == 500

    @pytest.mark.parametrize(
        ("switches", "limit"),
        [
            ({}, 40),
            ({"batches_per_minute": "3"}, 3),
            ({"realm_batches_per_minute": "5"}, 5),
            ({"batches_per_minute": "300"}, 300),
            ({"batches_per_minute": "200", "realm_batches_per_minute": "150"}, 150),
        ],
    )
    def test_batches_have_a_limit_of_their_own(self, limited: Company, switches: dict[str, str], limit: int) -> None:
        limited.switches.update(switches)
        admitted = [quotas.admit(limited, batch=True, now=50 + step * 0.1) for step in range(limit + 5)]
        assert sum(admitted) == limit
        assert quotas.admit(limited, batch=False, now=60 + limit * 0.1)
        assert quotas.admit(limited, batch=True, now=50 + 61.0)

    def test_processes_share_the_limits(self, limited: Company, tmp_path: Path) -> None:
        beside = open_company(tmp_path, quotas="on")
        turns = [quotas.admit(each, batch=False, now=7.0) for each in [limited, beside] * 6]
        assert turns == [True] * 10 + [False] * 2

    def test_after_a_restart_of_the_machine_they_begin_anew(self, limited: Company) -> None:
        for step in range(500):
            assert quotas.admit(limited, batch=False, now=1e6 + step * 0.11)
        assert not quotas.admit(limited, batch=False, now=1e6 + 56)
        assert quotas.admit(limited, batch=False, now=3.0)

    def test_a_fixed_company_clock_does_not_stop_them(self, app: EmulatorApp, limited: Company) -> None:
        client = in_process(app, limited)
        assert limited.now() == NOW
        while client.api("GET", "companyinfo/" + REALM).status_code == 200:
            pass
        time.sleep(0.25)
        assert client.api("GET", "companyinfo/" + REALM).status_code == 200

    def test_latency_is_waited_after_the_work(self, app: EmulatorApp, company: Company) -> None:
        slept: list[float] = []
        client = in_process(app, company, sleep=slept.append)
        company.switches.update({"latency_ms": "150", "batch_latency_ms": "600"})
        client.api("GET", "companyinfo/" + REALM)
        client.post("batch", {"BatchItemRequest": [{"bId": "1", "Query": QUERY}]})
        assert slept == [0.15, 0.6]
        with pytest.raises(requests.ReadTimeout):
            client.post("customer", {"DisplayName": "Done all the same"}, timeout=(1, 0.1))
        company.switches.set("latency_ms", "0")
        assert names(client) == ["Done all the same"]


class Strike:
    """What one faulty create of a customer looks like."""

    def __init__(self, text: str, seen: object, *, done: bool):
        self.text, self.seen, self.done = text, seen, done

    def __repr__(self) -> str:
        return self.text


STRIKES = [
    Strike("lost_answer@1", requests.ConnectionError, done=True),
    Strike("cut_before@1", requests.ConnectionError, done=False),
    Strike("cut_answer@1", requests.exceptions.ChunkedEncodingError, done=True),
    Strike("truncated_json@1", requests.JSONDecodeError, done=True),
    Strike("empty_answer@1", requests.JSONDecodeError, done=True),
    Strike("error_500@1", 500, done=False),
    Strike("error_500_after@1", 500, done=True),
    Strike("html_error@1", 502, done=False),
    Strike("html_error_after@1", 504, done=True),
    Strike("unavailable@1", 503, done=False),
    Strike("throttled@1", 429, done=False),
    Strike("token_expired@1", 401, done=False),
    Strike("disconnected@1", 403, done=False),
    Strike("subscription_lapsed@1", 403, done=False),
    Strike("slow_answer:0.6@1", requests.ReadTimeout, done=True),
    Strike("late_commit:0.6@1", requests.ReadTimeout, done=True),
]


class TestFaults:
    @pytest.mark.parametrize("strike", STRIKES, ids=repr)
    def test_each_fault_looks_the_same_at_every_door_and_does_or_leaves_the_work(
        self, client: Client, company: Company, strike: Strike
    ) -> None:
        set_switch(company, "fault", strike.text)
        if isinstance(strike.seen, int):
            answered = client.post("customer", {"DisplayName": "Struck"}, timeout=0.3)
            assert answered.status_code == strike.seen
        else:
            with pytest.raises(strike.seen):  # type: ignore[call-overload]
                client.post("customer", {"DisplayName": "Struck"}, timeout=0.3).json()
        assert injection.waiting(company) == []
        time.sleep(0.7 if strike.seen is requests.ReadTimeout else 0)
        again = Client(client.base, company)
        again.session.adapters = client.session.adapters
        assert names(again) == (["Struck"] if strike.done else [])

    def test_every_fault_is_tried_above(self) -> None:
        assert {strike.text.partition("@")[0].partition(":")[0] for strike in STRIKES} == injection.KINDS.keys()

    def test_the_nth_matching_call_is_struck_and_calls_that_do_not_match_do_not_count(
        self, app: EmulatorApp, company: Company
    ) -> None:
        client = in_process(app, company)
        set_switch(company, "fault", "error_500:write@2,throttled:query@2,unavailable:invoice@1x2")
        seen = [
            client.api("GET", "query", params={"query": QUERY}).status_code,
            client.post("customer", {"DisplayName": "One"}).status_code,
            client.api("GET", "invoice/1").status_code,
            client.post("customer", {"DisplayName": "Two"}).status_code,
            client.api("GET", "query", params={"query": QUERY}).status_code,
            client.api("GET", "invoice/1").status_code,
            client.api("GET", "invoice/1").status_code,
            client.post("customer", {"DisplayName": "Two"}).status_code,
        ]
        assert seen == [200, 200, 503, 500, 429, 503, 400, 200]

    def test_of_two_that_are_due_together_the_second_waits_for_the_next_call(
        self, app: EmulatorApp, company: Company
    ) -> None:
        client = in_process(app, company)
        set_switch(company, "fault", "unavailable@1,error_500@1")
        seen = [client.api("GET", "companyinfo/" + REALM).status_code for _ in range(3)]
        assert seen == [503, 500, 200]

    def test_an_expired_token_stays_expired_until_it_is_refreshed(self, app: EmulatorApp, company: Company) -> None:
        client = in_process(app, company)
        set_switch(company, "fault", "token_expired@2")
        seen = [client.api("GET", "companyinfo/" + REALM).status_code for _ in range(4)]
        assert seen == [200, 401, 401, 401]

    def test_the_token_endpoint_can_lose_its_answer_too(self, client: Client, company: Company) -> None:
        company.switches.set("refresh_rotation_h", "0")
        set_switch(company, "fault", "lost_answer:token@1")
        form = {"grant_type": "refresh_token", "refresh_token": client.issued.refresh}
        with pytest.raises(requests.ConnectionError):
            client.request("POST", "/oauth2/v1/tokens/bearer", data=form, auth=("emulator", "emulator"))
        # The rotation happened; the value the client still has answers the new one.
        answered = client.request("POST", "/oauth2/v1/tokens/bearer", data=form, auth=("emulator", "emulator"))
        assert answered.status_code == 200
        assert answered.json()["refresh_token"] != client.issued.refresh

    @pytest.mark.parametrize(
        "text", ["nothing@1", "lost_answer", "lost_answer@0", "lost_answer@-1", "lost_answer@x", "@1", "throttled@1x0"]
    )
    def test_a_fault_that_cannot_be_is_refused_with_a_sentence(self, text: str) -> None:
        with pytest.raises(ValueError, match=r"."):
            injection.parse(text)

    def test_off_takes_all_away(self, company: Company) -> None:
        set_switch(company, "fault", "lost_answer@3,throttled@9")
        assert injection.waiting(company) == ["lost_answer:write@3", "throttled:any@9"]
        set_switch(company, "fault", "off")
        assert injection.waiting(company) == []


class TestAdmin:
    def test_it_is_absent_unless_asked_for(self, company: Company) -> None:
        client = in_process(EmulatorApp([company]), company)
        for method, path in (("GET", "switches"), ("POST", "switches"), ("GET", "snapshot"), ("POST", "clock")):
            answered = client.request(method, f"/_emulator/{path}", json={})
            assert answered.status_code == 400
            assert answered.json()["Fault"]["Error"][0]["code"] == "500"

    def test_switches_are_read_and_set(self, client: Client, company: Company) -> None:
        before = client.request("GET", "/_emulator/switches").json()
        assert before.keys() == {switch.name for switch in SWITCHES}
        wanted = {"latency_ms": 1, "custom_numbers": False, "fault": ["throttled@2", "lost_answer@7"]}
        after = client.request("POST", "/_emulator/switches", json=wanted).json()
        assert (after["latency_ms"], after["custom_numbers"]) == ("1", "off")
        assert after["fault"] == ["throttled:any@2", "lost_answer:write@7"]
        assert not company.switches.on("custom_numbers")

    @pytest.mark.parametrize(
        "content", [b'{"nonsense":"on"}', b'{"quotas":"perhaps"}', b'{"fault":"x@1"}', b"[]", b"{", b"\xff"]
    )
    def test_wrong_switches_are_refused_whole(self, client: Client, content: bytes) -> None:
        answered = client.request("POST", "/_emulator/switches", data=content)
        assert answered.status_code == 400
        assert answered.json()["error"]

    def test_the_clock_is_set_and_moved(self, client: Client, company: Company) -> None:
        told = client.request("POST", "/_emulator/clock", json={"now": "2026-03-01T09:00:00-08:00"}).json()
        assert told["now"] == "2026-03-01T17:00:00+00:00"
        client.request("POST", "/_emulator/clock", json={"advance_s": 90})
        assert company.now().isoformat() == "2026-03-01T17:01:30+00:00"
        assert client.request("GET", "/_emulator/clock").json() == {"now": "2026-03-01T17:01:30+00:00"}
        for wrong in ({"now": "noon"}, {"now": "2026-03-01T09:00:00"}, {"advance_s": "1"}, {}):
            assert client.request("POST", "/_emulator/clock", json=wrong).status_code == 400

    def test_a_snapshot_takes_the_company_back(self, client: Client) -> None:
        client.create("Customer", {"DisplayName": "Before"})
        taken = client.request("GET", "/_emulator/snapshot").json()
        client.create("Customer", {"DisplayName": "After"})
        assert client.request("POST", "/_emulator/snapshot", json=taken).status_code == 200
        assert names(client) == ["Before"]
        assert client.request("POST", "/_emulator/snapshot", json={"format": 7}).status_code == 400
        assert names(client) == ["Before"]

    def test_disconnecting_is_what_a_person_does_inside_quickbooks(self, client: Client) -> None:
        assert client.request("POST", "/_emulator/disconnect").json() == {"disconnected": 1}
        assert client.api("GET", "companyinfo/" + REALM).status_code == 403

    def test_an_account_is_reconciled_and_the_ledger_checked(self, client: Client) -> None:
        wanted = {"account": "35", "until": "2026-01-31"}
        assert client.request("POST", "/_emulator/reconcile", json=wanted).json() == {"reconciled": 0}
        for wrong in ({}, {"account": 35, "until": "2026-01-31"}, {"account": "35", "until": "January"}):
            assert client.request("POST", "/_emulator/reconcile", json=wrong).status_code == 400
        assert client.request("GET", "/_emulator/check").json() == {"wrong": []}

    def test_with_several_companies_one_must_be_named(self, tmp_path: Path) -> None:
        first, second = open_company(tmp_path), open_company(tmp_path, OTHER)
        client = in_process(EmulatorApp([first, second], admin=True), first)
        assert client.request("GET", "/_emulator/clock").status_code == 400
        client.request("POST", f"/_emulator/clock?realm={OTHER}", json={"advance_s": 60})
        assert (first.now(), second.now()) == (NOW, NOW + timedelta(seconds=60))
