"""The connection: state, tokens kept and renewed once for everybody, and no secret anywhere but in the store."""

from __future__ import annotations

import json
import logging
import os
import stat
import subprocess
import sys
import textwrap
import threading
import time
import traceback
from base64 import b64encode
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit
from urllib.request import urlopen

import pytest
import requests
from fake_intuit import Reply, Script, ScriptedAdapter, ok

from toolkit.emulator.adapter import EmulatorAdapter
from toolkit.emulator.app import EmulatorApp
from toolkit.emulator.company import Company
from toolkit.problems import ReconnectNeeded, ToolkitError, Unreachable, UsageError
from toolkit.qbo import session as session_module
from toolkit.qbo.callback import Callback, came_back
from toolkit.qbo.client import Client
from toolkit.qbo.limits import Limits
from toolkit.qbo.session import DEVELOPMENT_REDIRECT, Session
from toolkit.qbo.tokens import Connection, FileStore, KeyringStore, keyring_works, open_store
from toolkit.settings import Environment

NOW = datetime(2026, 2, 2, 17, 0, tzinfo=UTC)
REALM = "9130350000000001"
CLIENT_ID, CLIENT_SECRET = "PLANTED-CLIENT-ID", "PLANTED-CLIENT-SECRET"
CODE, ACCESS, REFRESH = "PLANTED-CODE", "PLANTED-ACCESS", "PLANTED-REFRESH"
NEXT_ACCESS, NEXT_REFRESH = "PLANTED-NEXT-ACCESS", "PLANTED-NEXT-REFRESH"
PLANTED = (CLIENT_ID, CLIENT_SECRET, CODE, ACCESS, REFRESH, NEXT_ACCESS, NEXT_REFRESH)
TOKEN = {
    "token_type": "bearer",
    "access_token": ACCESS,
    "expires_in": 3600,
    "refresh_token": REFRESH,
    "x_refresh_token_expires_in": 8726400,
}
NEXT = TOKEN | {"access_token": NEXT_ACCESS, "refresh_token": NEXT_REFRESH}
COMPANY = {"CompanyInfo": {"Id": "1"}, "time": "2026-02-02T09:00:00.000-08:00"}


class MemoryStore:
    """A store that remembers every save."""

    def __init__(self, connection: Connection | None = None) -> None:
        self.connection = connection
        self.saved: list[Connection] = []
        self.lock = threading.Lock()

    def load(self) -> Connection | None:
        return self.connection

    def save(self, connection: Connection) -> None:
        self.connection = connection
        self.saved.append(connection)

    def clear(self) -> None:
        self.connection = None

    def locked(self) -> Any:
        return self.lock


def connected(**changes: Any) -> Connection:
    fields: dict[str, Any] = {
        "client_id": CLIENT_ID,
        "client_secret": CLIENT_SECRET,
        "environment": "sandbox",
        "realm": REALM,
        "access_token": ACCESS,
        "refresh_token": REFRESH,
        "access_ends": NOW + timedelta(hours=1),
        "connected_at": NOW,
    }
    return Connection(**(fields | changes))


def sandbox(script: Script, store: Any = None, realm: str = REALM) -> tuple[Session, ScriptedAdapter, Any]:
    adapter = ScriptedAdapter(script)
    store = store if store is not None else MemoryStore(connected())
    return Session(store, Environment.SANDBOX, realm=realm, now=lambda: NOW, adapter=adapter), adapter, store


def intuit(token: object = TOKEN, status: int = 200) -> Script:
    """Token endpoint, revoke and books; the books know only the newest access token."""

    def script(request: requests.PreparedRequest) -> Reply:
        if "tokens/bearer" in str(request.url):
            return ok(token, status)
        if "tokens/revoke" in str(request.url):
            return ok(b"")
        return ok(COMPANY)

    return script


def read_company(session: Session) -> requests.Response:
    return session.send(
        "GET", f"{session.addresses.company(REALM)}/companyinfo/{REALM}", params={}, body=None, headers={}
    )


def callback(**answer: str) -> str:
    return f"{DEVELOPMENT_REDIRECT}?{urlencode(answer)}"


# connecting


def test_the_page_to_open_asks_for_accounting_only_with_a_new_state_each_time() -> None:
    session, adapter, _ = sandbox(intuit())
    page, state = session.begin(DEVELOPMENT_REDIRECT)
    asked = {name: values[0] for name, values in parse_qs(urlsplit(page).query).items()}
    assert page.startswith("https://appcenter.intuit.com/connect/oauth2?")
    assert asked == {
        "client_id": CLIENT_ID,
        "response_type": "code",
        "scope": "com.intuit.quickbooks.accounting",
        "redirect_uri": DEVELOPMENT_REDIRECT,
        "state": state,
    }
    assert len(state) >= 30
    assert session.begin(DEVELOPMENT_REDIRECT)[1] != state
    assert not adapter.requests


def test_connecting_exchanges_the_code_and_stores_company_and_tokens() -> None:
    session, adapter, store = sandbox(intuit(), MemoryStore(), realm="")
    session.keys(CLIENT_ID, CLIENT_SECRET)
    _, state = session.begin(DEVELOPMENT_REDIRECT)
    made = session.finish(callback(code=CODE, state=state, realmId=REALM), state, DEVELOPMENT_REDIRECT)
    [exchange] = adapter.requests
    assert exchange.url == "https://oauth.platform.intuit.com/oauth2/v1/tokens/bearer"
    basic = b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode()
    assert exchange.headers["Authorization"] == f"Basic {basic}"
    assert parse_qs(str(exchange.body)) == {
        "grant_type": ["authorization_code"],
        "code": [CODE],
        "redirect_uri": [DEVELOPMENT_REDIRECT],
    }
    assert (made.realm, made.access_token, made.refresh_token) == (REALM, ACCESS, REFRESH)
    assert store.connection == made
    assert session.days_left() == 101
    assert session.realm == REALM


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ({"code": CODE, "realmId": REALM, "state": "somebody-else"}, "foreign-callback"),
        ({"code": CODE, "realmId": REALM}, "foreign-callback"),
        ({"error": "access_denied", "state": "STATE"}, "consent-refused"),
        ({"error": "invalid_scope"}, "connection-not-made"),
        ({"realmId": REALM, "state": "STATE"}, "connection-not-made"),
        ({"code": CODE, "state": "STATE"}, "connection-not-made"),
        ({"code": CODE, "realmId": "9999", "state": "STATE"}, "wrong-company"),
    ],
)
def test_an_answer_that_is_not_ours_or_not_whole_connects_nothing(answer: dict[str, str], code: str) -> None:
    session, adapter, store = sandbox(intuit())
    with pytest.raises(ReconnectNeeded) as raised:
        session.finish(callback(**answer), "STATE", DEVELOPMENT_REDIRECT)
    assert (raised.value.problem.code, raised.value.exit_code) == (code, 7)
    assert not adapter.requests
    assert not store.saved


def test_a_used_code_is_told_in_words() -> None:
    session, _, store = sandbox(intuit({"error": "invalid_grant"}, 400))
    with pytest.raises(ReconnectNeeded):
        session.finish(callback(code=CODE, realmId=REALM, state="S"), "S", DEVELOPMENT_REDIRECT)
    assert not store.saved


def test_bad_app_keys_are_told_apart() -> None:
    session, _, _ = sandbox(intuit({"error": "invalid_client"}, 401))
    with pytest.raises(ReconnectNeeded, match="client ID and secret") as raised:
        session.renew(ACCESS)
    assert raised.value.problem.code == "app-keys-refused"


def test_a_browser_on_this_machine_connects_by_itself() -> None:
    session, _, _ = sandbox(intuit(), realm="")
    redirect = "http://localhost:8766/callback"
    page, state = session.begin(redirect)
    pages: list[bytes] = []

    def browser() -> None:
        assert parse_qs(urlsplit(page).query)["state"] == [state]
        with urlopen(f"{redirect}?{urlencode({'code': CODE, 'state': state, 'realmId': REALM})}") as answer:
            pages.append(answer.read())

    came = came_back(redirect, seconds=10, open_page=browser)
    assert session.finish(came, state, redirect).realm == REALM
    assert b"close this page" in pages[0]


def test_a_callback_that_never_comes_ends_in_words() -> None:
    with pytest.raises(ReconnectNeeded, match="Nobody finished"):
        came_back("http://localhost:8767/callback", seconds=0.05)


def test_an_answer_is_looked_at_before_it_is_stored() -> None:
    """What nobody wants is given back to Intuit, and the store never saw it."""
    session, adapter, store = sandbox(intuit(NEXT), realm="")
    answered = session.answered(callback(code=CODE, state="S", realmId=REALM), "S", DEVELOPMENT_REDIRECT)
    assert answered.realm == REALM
    assert not store.saved
    assert session.token() == ACCESS
    answered.disconnect()
    assert json.loads(adapter.requests[-1].body or b"") == {"token": NEXT_REFRESH}
    assert not store.saved


@pytest.mark.parametrize(
    "redirect",
    ["https://example.com/callback", "http://192.168.0.5:80/", "http://example.com/", "http://localhost:port/"],
)
def test_the_listener_takes_addresses_of_this_machine_only(redirect: str) -> None:
    with pytest.raises(ValueError, match="paste"):
        Callback(redirect)


def test_new_keys_drop_tokens_of_old_ones_and_same_keys_keep_them() -> None:
    session, _, store = sandbox(intuit())
    session.keys(CLIENT_ID, CLIENT_SECRET)
    assert store.connection.connected
    session.keys("other", "keys")
    assert not store.connection.connected


# talking


@pytest.mark.parametrize(
    "url",
    [
        "http://sandbox-quickbooks.api.intuit.com/v3/company/1/query",
        "https://quickbooks.api.intuit.com/v3/company/1/query",
        "https://sandbox-quickbooks.api.intuit.com.example.com/v3/company/1/query",
        "https://emulator.invalid/v3/company/1/query",
    ],
)
def test_tokens_go_to_this_companys_address_only(url: str) -> None:
    session, adapter, _ = sandbox(intuit())
    with pytest.raises(UsageError) as raised:
        session.send("GET", url, params={}, body=None, headers={})
    assert raised.value.problem.code == "insecure-address"
    assert not adapter.requests


def test_plain_http_is_refused_whatever_the_environment_says(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "OAUTHLIB_INSECURE_TRANSPORT" not in os.environ
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")
    session, _, _ = sandbox(intuit())
    with pytest.raises(UsageError):
        session._http.get("http://127.0.0.1:1/")


def test_the_product_never_switches_the_transport_check_off() -> None:
    toolkit = Path(session_module.__file__).parents[1]
    assert not [path for path in toolkit.rglob("*.py") if "OAUTHLIB_INSECURE" in path.read_text(encoding="utf-8")]


def test_a_call_carries_the_token_and_follows_no_redirect() -> None:
    session, adapter, _ = sandbox(lambda request: ok(b"", 302, Location="https://elsewhere.example/"))
    session.ensure()
    assert read_company(session).status_code == 302
    [request] = adapter.requests
    assert request.headers["Authorization"] == f"Bearer {ACCESS}"


@pytest.mark.parametrize(
    ("stored", "code"),
    [
        (None, "not-connected"),
        (Connection(client_id="a", client_secret="b"), "not-connected"),
        (connected(realm="9999"), "wrong-company"),
        (connected(environment="production"), "wrong-environment"),
    ],
)
def test_nothing_is_sent_without_the_right_connection(stored: Connection | None, code: str) -> None:
    session, adapter, _ = sandbox(intuit(), MemoryStore(stored))
    with pytest.raises(ReconnectNeeded) as raised:
        session.ensure()
    assert raised.value.problem.code == code
    assert not adapter.requests


# renewing


def test_renewing_sends_client_credentials_and_stores_the_new_values_before_they_are_used() -> None:
    events: list[str] = []

    class Watched(MemoryStore):
        def save(self, connection: Connection) -> None:
            events.append(f"stored {connection.access_token}")
            super().save(connection)

    def script(request: requests.PreparedRequest) -> Reply:
        events.append(f"sent {str(request.headers.get('Authorization')).partition(' ')[2][:19]}")
        return intuit(NEXT)(request)  # type: ignore[return-value]

    session, adapter, store = sandbox(script, Watched(connected()))
    session.renew(ACCESS)
    read_company(session)
    refresh = adapter.requests[0]
    assert str(refresh.headers["Authorization"]).startswith("Basic ")
    assert parse_qs(str(refresh.body)) == {"grant_type": ["refresh_token"], "refresh_token": [REFRESH]}
    assert events[1:] == [f"stored {NEXT_ACCESS}", f"sent {NEXT_ACCESS}"]
    assert store.connection.refresh_token == NEXT_REFRESH


def test_a_token_that_cannot_be_stored_is_not_used() -> None:
    class Full(MemoryStore):
        def save(self, connection: Connection) -> None:
            raise UsageError(session_module.connection_words.not_connected())

    session, _, _ = sandbox(intuit(NEXT), Full(connected()))
    with pytest.raises(UsageError):
        session.renew(ACCESS)
    assert session.token() == ACCESS


@pytest.mark.parametrize(
    "lenient", [{"expires_in": "3600", "x_refresh_token_expires_in": "8726400"}, {"refresh_token": None}]
)
def test_token_answers_are_read_leniently(lenient: dict[str, Any]) -> None:
    session, _, store = sandbox(intuit({**TOKEN, "access_token": NEXT_ACCESS, **lenient}))
    session.renew(ACCESS)
    assert store.connection.access_ends == NOW + timedelta(hours=1)
    assert store.connection.refresh_token == REFRESH


def test_the_hard_end_is_asked_for_and_counts() -> None:
    session, adapter, _ = sandbox(intuit(NEXT | {"x_refresh_token_hard_expires_in": 10 * 86_400}))
    session.renew(ACCESS)
    assert adapter.requests[0].headers["x-include-refresh-token-hard-expires-in"] == "true"
    assert session.days_left() == 10


def test_a_token_near_its_end_is_renewed_before_it_is_used() -> None:
    session, adapter, _ = sandbox(intuit(NEXT), MemoryStore(connected(access_ends=NOW + timedelta(seconds=60))))
    session.ensure()
    assert session.token() == NEXT_ACCESS
    session.ensure()
    assert len(adapter.requests) == 1


def test_many_threads_renew_once() -> None:
    calls: list[str] = []

    def script(request: requests.PreparedRequest) -> Reply:
        calls.append(str(request.url))
        time.sleep(0.02)
        return ok(NEXT)

    session, _, _ = sandbox(script)
    start = threading.Barrier(16)

    def work() -> None:
        start.wait()
        session.renew(ACCESS)

    threads = [threading.Thread(target=work) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(calls) == 1
    assert session.token() == NEXT_ACCESS


def test_after_invalid_grant_the_store_is_read_again_before_giving_up() -> None:
    """Another program renewed meanwhile: its tokens are stored, ours are the ones that Intuit refused."""
    store = MemoryStore(connected())

    def script(request: requests.PreparedRequest) -> Reply:
        store.connection = connected(access_token=NEXT_ACCESS, refresh_token=NEXT_REFRESH)
        return ok({"error": "invalid_grant", "error_description": "Incorrect or invalid refresh token"}, 400)

    session, adapter, _ = sandbox(script, store)
    session.renew(ACCESS)
    assert session.token() == NEXT_ACCESS
    assert len(adapter.requests) == 1


@pytest.mark.parametrize(
    "body", [{"error": "invalid_grant"}, {"error_description": "Token invalid", "error": "invalid_grant"}]
)
def test_a_revoked_connection_asks_to_connect_again(body: dict[str, str]) -> None:
    session, _, store = sandbox(intuit(body, 400))
    with pytest.raises(ReconnectNeeded) as raised:
        session.renew(ACCESS)
    assert raised.value.exit_code == 7
    assert not store.saved


@pytest.mark.parametrize(
    "answer", [ok(b"<html>busy</html>", 503), ok({"error": "server_error"}, 500), requests.ConnectionError()]
)
def test_an_unwell_token_endpoint_leaves_the_connection_as_it_is(answer: Reply | Exception) -> None:
    session, _, store = sandbox(lambda request: answer)
    with pytest.raises(Unreachable):
        session.renew(ACCESS)
    assert not store.saved
    assert session.token() == ACCESS


def test_disconnecting_revokes_and_forgets_the_tokens_but_not_the_keys() -> None:
    session, adapter, store = sandbox(intuit())
    session.disconnect()
    [revoke] = adapter.requests
    assert revoke.url == "https://developer.api.intuit.com/v2/oauth2/tokens/revoke"
    assert json.loads(revoke.body or b"") == {"token": REFRESH}
    assert str(revoke.headers["Authorization"]).startswith("Basic ")
    assert (store.connection.client_secret, store.connection.refresh_token) == (CLIENT_SECRET, "")
    with pytest.raises(ReconnectNeeded):
        session.token()


# the store


class DictKeyring:
    def __init__(self, most: int = 10_000) -> None:
        self.kept: dict[tuple[str, str], str] = {}
        self.most = most

    def get_password(self, service_name: str, username: str) -> str | None:
        return self.kept.get((service_name, username))

    def set_password(self, service_name: str, username: str, password: str) -> None:
        if len(password) > self.most:
            raise OSError("too long for this keyring")
        self.kept[service_name, username] = password

    def delete_password(self, service_name: str, username: str) -> None:
        del self.kept[service_name, username]


class NoKeyring(DictKeyring):
    def set_password(self, service_name: str, username: str, password: str) -> None:
        raise RuntimeError("no backend")


class ForgetfulKeyring(DictKeyring):
    def get_password(self, service_name: str, username: str) -> str | None:
        return None


def test_a_working_keyring_is_used_and_nothing_is_left_of_the_trial(tmp_path: Path) -> None:
    keyring = DictKeyring()
    store = open_store(tmp_path, sleep=time.sleep, keyring=keyring)
    assert isinstance(store, KeyringStore)
    assert not keyring.kept
    store.save(connected())
    assert open_store(tmp_path, sleep=time.sleep, keyring=keyring).load() == connected()
    assert not list(tmp_path.glob("tokens.enc"))
    store.clear()
    assert not keyring.kept


@pytest.mark.parametrize("keyring", [None, NoKeyring(), ForgetfulKeyring(), DictKeyring(most=1_280)])
def test_without_a_keyring_that_works_the_file_is_used(tmp_path: Path, keyring: Any) -> None:
    store = open_store(tmp_path, sleep=time.sleep, keyring=keyring)
    assert isinstance(store, FileStore)
    assert store.load() is None
    store.save(connected())
    again = open_store(tmp_path, sleep=time.sleep, keyring=DictKeyring())
    assert isinstance(again, FileStore), "a folder keeps the store that it began with"
    assert again.load() == connected()


@pytest.mark.parametrize("passphrase", [None, lambda: "correct horse"])
def test_the_file_holds_no_secret_in_clear_and_is_private(tmp_path: Path, passphrase: Callable[[], str] | None) -> None:
    FileStore(tmp_path, sleep=time.sleep, passphrase=passphrase).save(connected())
    files = {path.name: path for path in tmp_path.iterdir()}
    assert set(files) == ({"tokens.enc"} if passphrase else {"tokens.enc", "tokens.key"})
    for path in files.values():
        assert not any(secret.encode() in path.read_bytes() for secret in (*PLANTED, REALM, "correct horse"))
        if os.name == "posix":
            assert stat.S_IMODE(path.stat().st_mode) == 0o600


def spoil_key(folder: Path) -> None:
    (folder / "tokens.key").write_bytes(b64encode(b"x" * 32))


def lose_key(folder: Path) -> None:
    (folder / "tokens.key").unlink()


def cut_file(folder: Path) -> None:
    (folder / "tokens.enc").write_bytes(b'{"version": 1, "sa')


def cut_key(folder: Path) -> None:
    (folder / "tokens.key").write_bytes(b"")


def other_shape(folder: Path) -> None:
    (folder / "tokens.enc").write_bytes(b"[1, 2]")


@pytest.mark.parametrize("harm", [spoil_key, lose_key, cut_key, cut_file, other_shape])
def test_a_file_that_can_never_be_read_again_asks_to_connect_again(
    tmp_path: Path, harm: Callable[[Path], None]
) -> None:
    FileStore(tmp_path, sleep=time.sleep).save(connected())
    harm(tmp_path)
    with pytest.raises(ReconnectNeeded) as raised:
        FileStore(tmp_path, sleep=time.sleep).load()
    assert raised.value.problem.code == "token-store-unreadable"


def test_a_wrong_passphrase_is_told_in_words(tmp_path: Path) -> None:
    FileStore(tmp_path, sleep=time.sleep, passphrase=lambda: "right").save(connected())
    for wrong in (lambda: "wrong", None):
        with pytest.raises(UsageError, match="passphrase") as raised:
            FileStore(tmp_path, sleep=time.sleep, passphrase=wrong).load()
        assert raised.value.problem.code == "token-store-locked"
    assert FileStore(tmp_path, sleep=time.sleep, passphrase=lambda: "right").load() == connected()


def test_a_keyring_that_is_closed_today_is_not_a_company_that_was_never_connected(tmp_path: Path) -> None:
    """A person connected at a desk, and cron runs without a desk: the connection is neither lost nor made anew."""
    keyring = DictKeyring()
    open_store(tmp_path, sleep=time.sleep, keyring=keyring).save(connected())
    for closed in (NoKeyring(), ForgetfulKeyring()):
        with pytest.raises(ReconnectNeeded, match="keyring cannot be opened"):
            open_store(tmp_path, sleep=time.sleep, keyring=closed)
    assert open_store(tmp_path, sleep=time.sleep, keyring=keyring).load() == connected()
    open_store(tmp_path, sleep=time.sleep, keyring=keyring).clear()
    assert isinstance(open_store(tmp_path, sleep=time.sleep, keyring=NoKeyring()), FileStore)


def test_a_keyring_that_breaks_meanwhile_is_told_in_words(tmp_path: Path) -> None:
    class Breaking(DictKeyring):
        def get_password(self, service_name: str, username: str) -> str | None:
            raise RuntimeError("locked")

    store = KeyringStore(tmp_path, Breaking(most=3), sleep=time.sleep)
    with pytest.raises(ReconnectNeeded):
        store.load()
    with pytest.raises(UsageError) as raised:
        store.save(connected())
    assert raised.value.problem.code == "token-store-unwritable"


def test_two_that_try_the_keyring_at_once_do_not_spoil_each_others_trial(tmp_path: Path) -> None:
    """What the one removes after its trial is not what the other is about to read."""

    class Shared(DictKeyring):
        def get_password(self, service_name: str, username: str) -> str | None:
            found = super().get_password(service_name, username)
            if self.most:
                self.most = 0  # the other one tries in the midst of this trial
                self.most = 10_000 if keyring_works(self) else 0
            return found

    assert keyring_works(Shared())


def test_a_folder_that_takes_nothing_is_told_in_words(tmp_path: Path) -> None:
    (tmp_path / "tokens.key").mkdir()
    (tmp_path / "tokens.enc").mkdir()
    with pytest.raises(UsageError) as raised:
        FileStore(tmp_path, sleep=time.sleep).save(connected())
    assert raised.value.problem.code == "token-store-unwritable"


def test_a_connection_shows_no_secret() -> None:
    shown = repr(connected()) + str(connected().issued(NEXT, NOW))
    assert not any(secret in shown for secret in PLANTED)
    assert REALM in shown


def test_a_lock_file_of_a_dead_holder_holds_nothing_up(tmp_path: Path) -> None:
    script = f"""
        import os, sys, time
        from pathlib import Path
        from toolkit.qbo.filelock import locked
        with locked(Path({str(tmp_path / "tokens.lock")!r}), sleep=time.sleep):
            os._exit(9)
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(script)], check=False)
    with FileStore(tmp_path, sleep=time.sleep).locked():
        pass


# on the emulator


@pytest.fixture
def emulated(tmp_path: Path) -> Company:
    return Company.open(tmp_path / "qbo.db", seed={"format": 1, "realm_id": REALM, "switches": {"quotas": "off"}})


def emulated_session(folder: Path, company: Company, realm: str = REALM) -> Session:
    store = FileStore(folder, sleep=time.sleep)
    adapter = EmulatorAdapter(EmulatorApp([company]))
    return Session(store, Environment.EMULATOR, realm=realm, now=lambda: datetime.now(UTC), adapter=adapter)


def client_of(session: Session) -> Client:
    limits = Limits(clock=time.monotonic, sleep=time.sleep)
    return Client(session, limits, sleep=time.sleep, jitter=lambda: 0.5)


@pytest.mark.parametrize("realm", [REALM, ""])
def test_an_emulated_company_connects_itself(tmp_path: Path, emulated: Company, realm: str) -> None:
    session = emulated_session(tmp_path, emulated, realm)
    assert client_of(session).company_info()[0]["CompanyName"]
    assert session.realm == REALM
    assert emulated_session(tmp_path, emulated).token() == session.token(), "the next command uses the same token"


def test_an_emulated_company_of_another_id_is_refused(tmp_path: Path, emulated: Company) -> None:
    with pytest.raises(ReconnectNeeded):
        client_of(emulated_session(tmp_path, emulated, "9999")).company_info()


@pytest.mark.parametrize("several", [False, True])
def test_a_practice_quickbooks_without_our_company_says_so(tmp_path: Path, emulated: Company, several: bool) -> None:
    other = Company.open(tmp_path / "other.db", seed={"format": 1, "realm_id": "9130350000000002"})
    adapter = EmulatorAdapter(EmulatorApp([emulated, other] if several else [emulated]))
    store = FileStore(tmp_path, sleep=time.sleep)
    session = Session(store, Environment.EMULATOR, realm="9999", now=lambda: datetime.now(UTC), adapter=adapter)
    with pytest.raises(ReconnectNeeded, match="9999") as raised:
        session.ensure()
    assert raised.value.problem.code == "wrong-company"
    assert store.load() is None


def test_an_emulated_company_made_anew_is_connected_anew(tmp_path: Path, emulated: Company) -> None:
    session = emulated_session(tmp_path, emulated)
    client = client_of(session)
    client.company_info()
    mark = client.mark
    other = Company.open(tmp_path / "anew.db", seed={"format": 1, "realm_id": REALM})
    again = client_of(emulated_session(tmp_path, other))
    assert again.company_info()[0]
    assert again.mark != mark


def test_disconnecting_an_emulated_company_ends_its_tokens(tmp_path: Path, emulated: Company) -> None:
    session = emulated_session(tmp_path, emulated)
    client_of(session).company_info()
    old = session.token()
    session.disconnect()
    session.ensure()
    assert session.token() != old


_RENEWER = """
    import sys, time
    from datetime import UTC, datetime
    from pathlib import Path
    from toolkit.emulator.adapter import EmulatorAdapter
    from toolkit.emulator.app import EmulatorApp
    from toolkit.emulator.company import Company
    from toolkit.qbo.session import Session
    from toolkit.qbo.tokens import FileStore
    from toolkit.settings import Environment

    folder, spent = Path(sys.argv[1]), sys.argv[2]
    adapter = EmulatorAdapter(EmulatorApp([Company.open(folder / "qbo.db")]))
    session = Session(FileStore(folder, sleep=time.sleep), Environment.EMULATOR, realm="",
                      now=lambda: datetime.now(UTC), adapter=adapter)
    session.renew(spent)
    print(session.token())
"""


def test_many_processes_renew_once(tmp_path: Path, emulated: Company) -> None:
    session = emulated_session(tmp_path, emulated)
    session.ensure()
    spent = session.token()
    command = [sys.executable, "-c", textwrap.dedent(_RENEWER), str(tmp_path), spent]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    session.renew(spent)
    told = {process.communicate(timeout=60)[0].strip() for process in running}
    assert told == {session.token()}
    assert told != {spent}
    issued = emulated.connection().execute("SELECT COUNT(*) FROM oauth_token WHERE kind = 'access'").fetchone()
    assert issued[0] == 2


# secrets


def test_planted_tokens_reach_no_log_and_no_error_even_at_debug() -> None:
    records: list[str] = []

    class Everything(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            records.append(f"{record.name} {self.format(record)}")

    handler, root = Everything(level=0), logging.getLogger()
    names = [name for name in logging.root.manager.loggerDict if name.partition(".")[0] in TALKATIVE]
    levels = {name: logging.getLogger(name).level for name in ["", *names]}
    root.addHandler(handler)
    try:
        for name in levels:
            logging.getLogger(name).setLevel(logging.DEBUG)
        logging.getLogger("urllib3").debug("seen")
        texts = _a_life_with_errors()
    finally:
        root.removeHandler(handler)
        for name, level in levels.items():
            logging.getLogger(name).setLevel(level)
    assert any("seen" in text for text in records), "the trap works"
    found = [text for text in (*records, *texts) for secret in PLANTED if secret in text]
    assert found == []


TALKATIVE = ("oauthlib", "requests_oauthlib", "requests", "urllib3")


def _a_life_with_errors() -> list[str]:
    """Connect, read, expire, renew, be refused, disconnect; the texts of every error on the way."""
    answers: list[Reply] = []

    def script(request: requests.PreparedRequest) -> Reply:
        return answers.pop(0) if answers else intuit(NEXT)(request)  # type: ignore[return-value]

    session, _, _ = sandbox(script, MemoryStore(), realm="")
    texts: list[str] = []

    def attempt(work: Callable[[], object]) -> None:
        try:
            work()
        except ToolkitError:
            texts.append(traceback.format_exc())

    client = client_of(session)
    session.keys(CLIENT_ID, CLIENT_SECRET)
    answers.append(ok(TOKEN))
    attempt(lambda: session.finish(callback(code=CODE, state="S", realmId=REALM), "S", DEVELOPMENT_REDIRECT))
    attempt(client.company_info)
    expired = {"fault": {"error": [{"code": "3200", "detail": f"Token expired: {ACCESS}"}], "type": "AUTHENTICATION"}}
    answers += [ok(expired, 401)]
    attempt(client.company_info)
    answers += [ok(expired, 401), ok({"error": "invalid_grant"}, 400)]
    attempt(client.company_info)
    answers += [ok(expired, 401), ok(NEXT | {"access_token": f"{NEXT_ACCESS}-2"}), ok(expired, 401)]
    attempt(client.company_info)
    attempt(lambda: session.finish(callback(code=CODE, state="X", realmId=REALM), "S", DEVELOPMENT_REDIRECT))
    attempt(session.disconnect)
    attempt(client.company_info)
    texts.append(repr(session.connection))
    assert len(texts) >= 5
    return texts
