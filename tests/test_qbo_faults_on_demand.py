"""Our client against every fault the emulator can make, through both doors: what comes out, and what then stands."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import requests
from werkzeug.serving import make_server

from toolkit.emulator.adapter import EmulatorAdapter, LoopbackAdapter
from toolkit.emulator.admin import set_switch
from toolkit.emulator.app import EmulatorApp
from toolkit.emulator.company import Company
from toolkit.emulator.injection import KINDS
from toolkit.problems import QuickBooksRefused
from toolkit.qbo.client import BatchItem, Client, NoAnswer
from toolkit.qbo.limits import AppLimits, Limits, Rates
from toolkit.qbo.session import Session
from toolkit.qbo.tokens import FileStore
from toolkit.qbo.wire import Verb, WireRequest
from toolkit.settings import Environment

REALM = "9130350000000001"
TEAM = WireRequest(entity="Customer", verb=Verb.CREATE, body={"DisplayName": "Team A"})
FAST = Rates(requests_per_second=1_000.0, requests_per_minute=100_000, pause_after_throttle=0.01)
PATIENCE = 0.3

UNANSWERED = {
    "lost_answer", "cut_before", "cut_answer", "truncated_json", "empty_answer", "error_500", "error_500_after",
    "html_error", "html_error_after", "unavailable", "slow_answer", "late_commit",
}  # fmt: skip
CURED = {"throttled", "token_expired", "disconnected"}
REFUSED = {"subscription_lapsed"}


class Impatient(Session):
    """A session that gives up on an answer soon."""

    def send(self, method: str, url: str, **options: object) -> requests.Response:
        return super().send(method, url, **options, timeout=(1.0, PATIENCE))  # type: ignore[arg-type]


@pytest.fixture
def company(tmp_path: Path) -> Company:
    return Company.open(tmp_path / "qbo.db", seed={"format": 1, "realm_id": REALM, "switches": {"quotas": "off"}})


@pytest.fixture(params=["in-process", "http"])
def client(request: pytest.FixtureRequest, tmp_path: Path, company: Company) -> Iterator[Client]:
    app = EmulatorApp([company])
    if request.param == "in-process":
        yield connected(tmp_path, EmulatorAdapter(app))
        return
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield connected(tmp_path, LoopbackAdapter(f"http://127.0.0.1:{server.server_port}"))
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def connected(folder: Path, adapter: requests.adapters.BaseAdapter) -> Client:
    store = FileStore(folder, sleep=time.sleep)
    session = Impatient(store, Environment.EMULATOR, realm=REALM, now=lambda: datetime.now(UTC), adapter=adapter)
    limits = Limits(clock=time.monotonic, sleep=time.sleep, app=AppLimits(FAST))
    client = Client(session, limits, sleep=time.sleep, jitter=lambda: 0.5, first_pause=0.01)
    assert client.realm == REALM
    return client


def strike(company: Company, name: str, where: str) -> None:
    seconds = ":1" if name in ("slow_answer", "late_commit") else ""
    set_switch(company, "fault", f"{name}:{where}{seconds}@1")


def teams(client: Client) -> int:
    return client.count("Customer", where="DisplayName = 'Team A'")


def test_the_table_covers_every_fault() -> None:
    assert set(KINDS) == UNANSWERED | CURED | REFUSED


@pytest.mark.parametrize("name", sorted(KINDS))
def test_a_read_comes_through_every_fault(client: Client, company: Company, name: str) -> None:
    strike(company, name, "read")
    assert client.company_info()[0]["CompanyName"]


@pytest.mark.parametrize("batch", [False, True])
@pytest.mark.parametrize("name", sorted(UNANSWERED))
def test_a_write_without_answer_says_so_and_its_requestid_finds_it_again(
    client: Client, company: Company, name: str, batch: bool
) -> None:
    """Sent once only; asked again under its requestid by whoever looked first, it stands exactly once."""

    def send() -> str:
        if batch:
            [answer] = client.batch([BatchItem(bid="b1", request=TEAM)], "run-1")
            assert answer.json is not None
            return str(answer.json["Id"])
        return str(client.write(TEAM, "run-1")["Id"])

    strike(company, name, "write")
    with pytest.raises(NoAnswer) as raised:
        send()
    assert raised.value.requestid == "run-1"
    if name == "late_commit":
        time.sleep(1.2)
    assert send()
    assert teams(client) == 1


@pytest.mark.parametrize("name", sorted(CURED))
def test_a_write_that_was_turned_away_goes_through_once(client: Client, company: Company, name: str) -> None:
    strike(company, name, "write")
    assert client.write(TEAM, "run-1")["Id"]
    assert teams(client) == 1


def test_a_lapsed_subscription_reads_but_does_not_post(client: Client, company: Company) -> None:
    strike(company, "subscription_lapsed", "write")
    with pytest.raises(QuickBooksRefused) as raised:
        client.write(TEAM, "run-1")
    assert raised.value.problem.code == "subscription-ended"
    assert teams(client) == 0
