"""`coworks-qbo connect` with a person at the browser: asked once, told which company it is, bound to it."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests
from IPython.core.error import StdinNotImplementedError
from troubled_world import PERIOD, Browser, World, bound_by_permissions, quickbooks, world

from toolkit import pages_connect, stages
from toolkit import settings as company_settings
from toolkit.connecting import Answer
from toolkit.emulator import tokens
from toolkit.open_company import open_company
from toolkit.pages import Page
from toolkit.problems import ReconnectNeeded
from toolkit.settings import Environment

REALM = "9130495895871361"
HTTPS = "https://localhost/quickbooks"
"""An address of ours on the internet: its page need not exist, the person pastes where the browser ends."""


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return quickbooks(tmp_path_factory.mktemp("template"))


@pytest.fixture
def here(tmp_path: Path, template: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """A company that was never connected and whose company.toml names no company ID."""
    with world(tmp_path, template, monkeypatch) as made:
        made.store.clear()
        made.company.connection().execute("DELETE FROM oauth_grant")
        made.edit(f'realm = "{REALM}"', 'realm = ""')
        yield made


def realm_of(here: World) -> str:
    return company_settings.read(here.folder / "company.toml").quickbooks.realm


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@pytest.mark.parametrize("way", ["pasted", "by itself"])
def test_connecting_asks_once_names_the_company_and_binds_the_folder_to_it(here: World, way: str) -> None:
    redirect = HTTPS if way == "pasted" else f"http://localhost:{free_port()}/callback"
    person = Browser(here, redirect=redirect)
    before = (here.folder / "company.toml").read_text(encoding="utf-8")
    said = here.run("connect")
    assert said.exit == 0, said.brief
    assert len(person.asked) == (4 if way == "pasted" else 3)
    [named] = [one for one in person.shown if one.startswith("QuickBooks answered for")]
    assert named == f"QuickBooks answered for Commonground Coworking LLC, company ID {REALM}."
    after = (here.folder / "company.toml").read_text(encoding="utf-8")
    assert after == before.replace('realm = ""', f'realm = "{REALM}"'), "comments and all the rest stay"
    person.asked.clear()
    again = here.run("connect")
    assert (again.exit, again.json["company_id"], person.asked) == (0, REALM, [])
    assert here.run("status").json["days_left"] == 100
    assert here.push().exit == 0


def test_another_company_than_the_one_that_is_named_is_refused_and_nothing_is_stored(here: World) -> None:
    here.edit('realm = ""', 'realm = "42"')
    Browser(here, redirect=HTTPS)
    said = here.run("connect")
    assert (said.exit, said.codes) == (7, ["wrong-company"])
    assert here.store.load().access_token == ""  # type: ignore[union-attr]
    assert realm_of(here) == "42"
    assert here.company.connection().execute("SELECT COUNT(*) FROM oauth_token").fetchone()[0] == 2, "no code was used"


def test_the_company_id_stays_when_another_company_is_chosen_later(here: World) -> None:
    person = Browser(here, redirect=HTTPS)
    assert here.run("connect").exit == 0
    here.run("disconnect")
    person.came = f"{HTTPS}?code=x&state=y&realmId=42"
    assert realm_of(here) == REALM
    said = here.run("preview")
    assert (said.exit, said.codes) == (7, ["not-connected"])


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ("{redirect}?error=access_denied&state={state}", "consent-refused"),
        ("{redirect}?code=AB11old&realmId=9130495895871361&state={state}", "connection-not-made"),
        ("{redirect}?code=AB11x&realmId=9130495895871361&state=somebody-else", "foreign-callback"),
        ("{redirect}?code=AB11x&realmId=9130495895871361", "foreign-callback"),
        ("{redirect}?code=AB11x&state={state}", "connection-not-made"),
        ("{redirect}", "foreign-callback"),
        ("", "foreign-callback"),
        ("not an address [", "foreign-callback"),
    ],
)
def test_an_answer_that_connects_nothing_is_said_and_nothing_is_stored(here: World, answer: str, code: str) -> None:
    person = Browser(here, redirect=HTTPS)
    ask = person.ask

    def pasted(question: str, *, secret: bool = False) -> str:
        if "Paste" in question:
            return answer.format(redirect=HTTPS, state=person.states[-1])
        return ask(question, secret=secret)

    here.monkeypatch.setattr("toolkit.cli._ask", pasted)
    said = here.run("connect")
    assert (said.exit, said.codes) == (7, [code])
    stored = here.store.load()
    assert stored is not None
    assert not stored.connected
    assert realm_of(here) == ""
    here.monkeypatch.setattr("toolkit.cli._ask", ask)
    person.asked.clear()
    assert here.run("connect").exit == 0
    assert not any("Client" in one for one in person.asked), "the keys are stored already"


def test_keys_that_intuit_refuses_are_asked_for_again(here: World) -> None:
    person = Browser(here, redirect=HTTPS, keys=("emulator", "mistyped"))
    said = here.run("connect")
    assert (said.exit, said.codes) == (7, ["app-keys-refused"])
    person.keys = ("emulator", "emulator")
    assert here.run("connect").exit == 0


def test_a_mistyped_client_id_is_corrected_with_new_keys(here: World) -> None:
    """Intuit's page refuses it, so nothing comes back from which it could be known."""
    person = Browser(here, redirect=HTTPS, keys=("mistyped", "emulator"))
    said = here.run("connect")
    assert said.exit == 7
    assert f"coworks-qbo connect --company {here.folder} --new-keys" in said.text
    person.keys = ("emulator", "emulator")
    person.asked.clear()
    assert here.run("connect").exit == 7
    assert not any("Client" in one for one in person.asked)
    assert here.run("connect", "--new-keys").exit == 0
    assert here.run("preview").exit == 0


def test_new_keys_are_asked_for_although_the_connection_stands(here: World) -> None:
    person = Browser(here, redirect=HTTPS)
    assert here.run("connect").exit == 0
    person.asked.clear()
    assert here.run("connect", "--new-keys").exit == 0
    assert len(person.asked) == 4


@pytest.mark.parametrize("keys", [("", "secret"), ("id", " "), ("", "")])
def test_blank_keys_are_refused_and_what_was_stored_stays(here: World, keys: tuple[str, str]) -> None:
    Browser(here, redirect=HTTPS, keys=keys)
    said = here.run("connect")
    assert (said.exit, said.codes) == (7, ["keys-missing"])
    assert here.store.load() is None
    made = here.connect()
    assert here.run("connect", "--new-keys").codes == ["keys-missing"]
    assert here.store.load() == made


@pytest.mark.parametrize("still", ["connected", "disconnected"])
def test_keys_of_another_environment_are_not_used_but_asked_for(here: World, still: str) -> None:
    person = Browser(here, redirect=HTTPS)
    assert here.run("connect").exit == 0
    if still == "disconnected":
        here.run("disconnect")
    here.edit('"sandbox"', '"production"')
    here.edit(f'realm = "{REALM}"', 'realm = ""')
    person.asked.clear()
    assert here.run("connect").exit == 0
    assert [one for one in person.asked if "Client" in one] == ["Client ID of the Intuit app", "Client secret"]
    stored = here.store.load()
    assert stored is not None
    assert stored.environment == "production"


def test_a_page_does_not_sign_in_with_keys_of_another_environment(here: World) -> None:
    here.connect()
    here.edit('"sandbox"', '"production"')
    with open_company(here.folder) as company:
        page = Page(company=company, period=PERIOD)
        with pytest.raises(ReconnectNeeded, match="test company"):
            pages_connect.begin(page, HTTPS)
        asked: list[str] = []

        def typed(question: str) -> str:
            asked.append(question)
            return "emulator"

        pages_connect.ask_keys(page, ask=typed, hidden=typed)
        assert len(asked) == 2
        assert pages_connect.begin(page, HTTPS).state


def test_a_connection_stored_without_an_environment_goes_on(here: World) -> None:
    here.connect(environment="")
    person = Browser(here, redirect=HTTPS)
    assert here.run("connect").exit == 0
    assert person.asked == []


def test_a_page_without_a_prompt_says_where_keys_are_asked_for(here: World) -> None:
    def voila(question: str) -> str:
        raise StdinNotImplementedError("raw_input was called, but this frontend does not support input requests.")

    with open_company(here.folder) as company:
        page = Page(company=company, period=PERIOD)
        said = pages_connect.ask_keys(page, ask=voila, hidden=voila)
        assert "coworks-qbo connect" in said.text
        assert "JupyterLab" in said.text
        assert here.store.load() is None
        said = pages_connect.ask_keys(page, ask=lambda question: " ", hidden=lambda question: "secret")
        assert "left blank" in said.text
        assert here.store.load() is None


def test_a_connection_that_was_ended_in_quickbooks_is_made_again_by_connecting(here: World) -> None:
    person = Browser(here, redirect=HTTPS)
    assert here.run("connect").exit == 0
    tokens.disconnect(here.company)
    assert here.run("preview").codes == ["connection-ended"]
    person.asked.clear()
    said = here.run("connect")
    assert said.exit == 0, said.brief
    assert len(person.asked) == 2, "the redirect address and the answer; not the keys"
    assert here.run("preview").exit == 0


def test_status_says_what_is_known_of_the_connection_without_asking(here: World) -> None:
    here.connect(
        connected_at=datetime(2026, 1, 6, 3, 0, tzinfo=UTC), refresh_ends=datetime(2026, 4, 17, 3, 0, tzinfo=UTC)
    )
    tokens.disconnect(here.company)
    calls = len(here.gate.calls)
    said = here.run("status")
    assert "connection stored on 01/05/2026, good until about 04/16/2026 unless it was ended in QuickBooks" in said.text
    assert (said.json["stored_on"], said.json["good_until"]) == ("2026-01-05", "2026-04-16")
    assert len(here.gate.calls) == calls


def test_status_says_that_the_connection_is_of_another_environment(here: World) -> None:
    here.connect()
    here.edit('"sandbox"', '"production"')
    said = here.run("status")
    assert "the stored connection is of sandbox; run coworks-qbo connect" in said.text
    assert (said.json["connected"], said.json["stored_environment"]) == (False, "sandbox")
    here.connect(environment="production", connected_at=None, refresh_ends=None)
    assert "  connection stored\n" in here.run("status").text


def test_nobody_there_to_ask_is_said_and_does_not_hang(here: World) -> None:
    said = here.run("connect", typed="")
    assert (said.exit, said.codes) == (7, ["nobody-answered"])
    said = here.run("connect", typed="emulator\nemulator\n")
    assert (said.exit, said.codes) == (7, ["nobody-answered"])


def test_a_port_that_is_taken_is_said(here: World) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        Browser(here, redirect=f"http://localhost:{taken.getsockname()[1]}/callback")
        said = here.run("connect")
    assert (said.exit, said.codes) == (2, ["callback-port-taken"])


def test_a_company_toml_that_cannot_be_written_is_said_with_what_to_write(here: World) -> None:
    """The connection is kept: its code is spent, and only a line is missing."""
    Browser(here, redirect=HTTPS)
    (here.folder / ".company.toml.new").mkdir()
    with bound_by_permissions():
        said = here.run("connect")
    assert (said.exit, said.codes) == (2, ["settings-unwritable"])
    assert f'realm = "{REALM}" under [quickbooks]' in said.json["problems"][0]["do"]
    (here.folder / ".company.toml.new").rmdir()
    assert here.run("preview").exit == 0


def test_disconnecting_ends_it_at_intuit_and_forgets_the_tokens(here: World) -> None:
    Browser(here, redirect=HTTPS)
    assert here.run("connect").exit == 0
    assert tokens.connected(here.company) == 1
    said = here.run("disconnect")
    assert (said.exit, tokens.connected(here.company)) == (0, 0)
    assert "Disconnected." in said.text
    assert "client ID and secret are kept" in said.text
    assert here.run("preview").codes == ["not-connected"]


@pytest.mark.parametrize("place", ["file", "keyring"])
def test_disconnecting_can_forget_the_keys_too(here: World, place: str) -> None:
    keyring = Keyring()
    if place == "keyring":
        here.monkeypatch.setattr("toolkit.open_company._keyring", lambda: keyring)
    person = Browser(here, redirect=HTTPS)
    assert here.run("connect").exit == 0
    said = here.run("disconnect", "--forget-keys")
    assert (said.exit, tokens.connected(here.company)) == (0, 0)
    assert "kept" not in said.text
    assert (here.store.load(), keyring.kept) == (None, {})
    person.asked.clear()
    assert here.run("connect").exit == 0
    assert len(person.asked) == 4


def test_disconnecting_what_was_never_connected_is_said(here: World) -> None:
    said = here.run("disconnect")
    assert said.exit == 0
    assert "There was no connection to end." in said.text
    assert "Disconnected." not in said.text


def test_disconnecting_with_refused_keys_says_where_to_end_it(here: World) -> None:
    here.connect(client_secret="mistyped")
    said = here.run("disconnect")
    assert said.exit == 0
    assert "In QuickBooks, open Apps, My apps, and disconnect it." in said.text
    assert tokens.connected(here.company) == 1


def test_a_copy_to_rehearse_on_is_a_company_of_its_own_that_can_be_previewed(here: World) -> None:
    here.connect()
    said = here.run("connect", "--copy")
    assert said.exit == 0, said.brief
    copy = here.folder.with_name(f"{here.folder.name}-rehearsal")
    assert company_settings.read(copy / "company.toml").quickbooks.environment is Environment.EMULATOR
    assert not [one.name for one in copy.iterdir() if one.name.startswith(("tokens", "posting-log", "books"))]
    with open_company(copy) as company:
        reviewed = stages.review(company, PERIOD)
    assert len(reviewed.plan.operations) > 50
    assert "rehearsal-exists" in here.run("connect", "--copy").codes


def test_an_emulated_company_without_an_id_is_bound_when_it_is_connected(here: World) -> None:
    here.edit('"sandbox"', '"emulator"')
    said = here.run("connect", "--qbo-url", here.url)
    assert said.exit == 0, said.brief
    assert realm_of(here) == REALM


def test_an_emulated_company_whose_server_is_another_companys_is_refused(here: World) -> None:
    here.edit('realm = ""', 'realm = "9130000000000042"')
    here.edit('"sandbox"', '"emulator"')
    said = here.run("preview", "--qbo-url", here.url)
    assert (said.exit, said.codes) == (7, ["wrong-company"])


class Keyring:
    """The operating system's keyring, as far as it is used."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service_name: str, username: str) -> str | None:
        return self.kept.get((service_name, username))

    def set_password(self, service_name: str, username: str, password: str) -> None:
        self.kept[service_name, username] = password

    def delete_password(self, service_name: str, username: str) -> None:
        del self.kept[service_name, username]


def test_with_a_keyring_nothing_secret_is_in_the_folder(here: World) -> None:
    keyring = Keyring()
    here.monkeypatch.setattr("toolkit.open_company._keyring", lambda: keyring)
    Browser(here, redirect=HTTPS)
    assert here.run("connect").exit == 0
    assert here.push().exit == 0
    left = {path.name: path.stat().st_size for path in here.folder.glob("tokens*")}
    assert left == {"tokens.keyring": 0, "tokens.lock": 0}
    assert len(keyring.kept) == 1


def test_a_redirect_address_that_leads_nowhere_here_is_pasted(here: World) -> None:
    """http to another machine is no address of this one: it is not listened on."""
    person = Browser(here, redirect="http://intranet.example/callback")
    said = here.run("connect")
    assert (said.exit, said.codes) == (7, ["foreign-callback"]), "Intuit refuses the address, so there is no answer"
    assert any("Paste" in question for question in person.asked)


def test_the_page_names_the_company_before_it_stores_and_gives_back_what_nobody_takes(here: World) -> None:
    with open_company(here.folder) as company:
        calls = pages_connect.calls(Page(company=company, period=PERIOD))
        company.session.keys("emulator", "emulator")

        def answered() -> Answer:
            attempt = calls.begin(HTTPS)
            assert not attempt.local
            assert attempt.state not in repr(attempt)
            page = urlsplit(attempt.address)
            opened = requests.get(f"{here.url}{page.path}?{page.query}&approve=1", allow_redirects=False, timeout=10)
            return calls.answer(attempt, opened.headers["Location"])

        made = answered()
        books = f"Commonground Coworking LLC, company ID {REALM}"
        assert calls.question(made) == f"QuickBooks answered for {books}. Shall sample post to these books?"
        stored = here.store.load()
        assert stored is not None
        assert not stored.connected
        assert tokens.connected(here.company) == 1
        calls.refuse(made)
        assert tokens.connected(here.company) == 0
        assert calls.store(answered()).company_name == "Commonground Coworking LLC"
        assert realm_of(here) == REALM
    assert here.run("preview").exit == 0
