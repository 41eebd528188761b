"""No secret leaves the token store: whole runs with known tokens, and afterwards every byte that they left is searched.

Every token, code, state and key that was ever given out is looked for: in the company's folder, the reports with their
executed notebooks and workbooks, the home folder, SQLite files (also page by page), what was printed, what was logged
at DEBUG, and the texts of errors.
"""

from __future__ import annotations

import io
import json
import logging
import sqlite3
import traceback
import zipfile
import zlib
from base64 import b64encode
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from emulator_doors import listening
from prepared_home import FIRST, fresh
from troubled_world import Browser, Misdeed, World, quickbooks, world

from toolkit import month_end
from toolkit.emulator import injection, oauth
from toolkit.emulator import tokens as emulated_tokens
from toolkit.emulator.app import EmulatorApp
from toolkit.emulator.company import Company
from toolkit.open_company import HOME_VARIABLE, PASSPHRASE_VARIABLE, open_company
from toolkit.problems import ToolkitError

CLIENT_ID, CLIENT_SECRET = "PLANTED-client-id-4711", "PLANTED-client-secret-4712"
PASSPHRASE = "PLANTED correct horse battery staple"
HTTPS = "https://localhost/quickbooks"


class Ledger:
    """Every secret that was ever given out, in each form that it could be written in."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.secrets: set[str] = set()
        put, code = emulated_tokens._put, emulated_tokens.new_code

        def putting(connection: Any, value: str, *more: Any) -> None:
            self.secrets.add(value)
            put(connection, value, *more)

        def coding(*args: Any) -> str:
            made = code(*args)
            self.secrets.add(made)
            return made

        patch.setattr(emulated_tokens, "_put", putting)
        patch.setattr(emulated_tokens, "new_code", coding)

    def found_in(self, content: bytes) -> list[str]:
        """The secrets that stand in it."""
        found = []
        for secret in self.secrets:
            forms = {secret.encode(), quote(secret).encode(), json.dumps(secret)[1:-1].encode()}
            if any(form in content for form in forms):
                found.append(secret[:24])
        return found


def contents(path: Path) -> Iterator[tuple[str, bytes]]:
    """What a file holds: its bytes, and those of what is packed in it."""
    raw = path.read_bytes()
    yield path.name, raw
    if raw.startswith(b"PK\x03\x04"):
        with zipfile.ZipFile(io.BytesIO(raw)) as packed:
            for name in packed.namelist():
                yield f"{path.name}/{name}", packed.read(name)
    if raw.startswith(b"SQLite format 3"):
        with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as connection:
            for [table] in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
                for row in connection.execute(f'SELECT * FROM "{table}"'):
                    for cell in row:
                        yield f"{path.name}/{table}", _unpacked(cell)
        connection.close()


def _unpacked(cell: object) -> bytes:
    if isinstance(cell, bytes):
        try:
            return zlib.decompress(cell)
        except zlib.error:
            return cell
    return str(cell).encode()


def search(ledger: Ledger, *folders: Path) -> tuple[int, list[str]]:
    """How many files there are, and which of them hold a secret; the search itself is proved on the way."""
    files = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    found = [
        f"{path}: {where} {secrets}"
        for path in files
        for where, content in contents(path)
        if (secrets := ledger.found_in(content))
    ]
    planted = folders[0] / "planted.txt"
    planted.write_text(f"x {next(iter(ledger.secrets))} y")
    assert ledger.found_in(planted.read_bytes()), "the search finds what is there"
    planted.unlink()
    return len(files), found


class Heard(logging.Handler):
    """Every record of every logger at DEBUG, with its traceback."""

    def __init__(self) -> None:
        super().__init__(level=0)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(f"{record.name} {self.format(record)} {record.args!r}")


@pytest.fixture
def heard() -> Iterator[Heard]:
    handler, root = Heard(), logging.getLogger()
    names = [name for name in logging.root.manager.loggerDict if not name.startswith(("tests", "asyncio", "waitress"))]
    levels = {name: logging.getLogger(name).level for name in ["", *names]}
    root.addHandler(handler)
    for name in levels:
        logging.getLogger(name).setLevel(logging.DEBUG)
    yield handler
    root.removeHandler(handler)
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)


def echoing(status: str, code: str = "10000", *, every: int = 1, where: str = "/v3/") -> Misdeed:
    """A server that repeats what was sent to it: headers and body, in the words of its refusal."""
    seen = [0]

    def misdeed(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes] | None:
        if where not in environ["PATH_INFO"]:
            return None
        seen[0] += 1
        if seen[0] % every:
            return None
        sent = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0)).decode()
        words = f"You sent {environ.get('HTTP_AUTHORIZATION', '')} and {sent}"
        error = {"Message": words, "Detail": words, "code": code, "element": words}
        body: dict[str, Any] = {"Fault": {"Error": [error], "type": "SystemFault"}}
        if "tokens" in environ["PATH_INFO"]:
            body = {"error": "invalid_grant", "error_description": words}
        start_response(status, [("Content-Type", "application/json")])
        return [json.dumps(body).encode()]

    return misdeed


@pytest.fixture
def here(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.setattr(oauth, "CLIENT_ID", CLIENT_ID)
    monkeypatch.setattr(oauth, "CLIENT_SECRET", CLIENT_SECRET)
    monkeypatch.setenv(PASSPHRASE_VARIABLE, PASSPHRASE)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    (tmp_path / "home").mkdir()
    with world(tmp_path, quickbooks(tmp_path_factory.mktemp("template")), monkeypatch) as made:
        made.store.clear()
        yield made


def test_a_run_with_faults_that_repeat_every_secret_leaves_none_anywhere(
    here: World, heard: Heard, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    ledger = Ledger(monkeypatch)
    ledger.secrets |= {CLIENT_ID, CLIENT_SECRET, PASSPHRASE}
    ledger.secrets |= {b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode()}
    here.company.switches.set("refresh_rotation_h", "0")
    person = Browser(here, redirect=HTTPS, keys=(CLIENT_ID, CLIENT_SECRET))
    texts = []

    def run(*arguments: str, exits: tuple[int, ...] = (0,), misdeed: Misdeed | None = None) -> None:
        here.gate.misdeed = misdeed
        said = here.run(*arguments)
        texts.append(said.text)
        assert said.exit in exits, said.brief

    run("connect", exits=(7,), misdeed=echoing("400 Bad Request", where="/tokens/"))
    run("connect")
    issued = len(ledger.secrets)
    run("preview", exits=(5,), misdeed=echoing("500 Internal Server Error"))
    run("preview", exits=(3,), misdeed=echoing("400 Bad Request", "6000"))
    injection.plant(here.company, "token_expired:query@3,token_expired:batch@2,lost_answer:batch@4,html_error:batch@5")
    run("push", "--approve", "auto", "--live", exits=(0, 5, 6), misdeed=echoing("500 Internal Server Error", every=9))
    run("push", "--approve", "auto", "--live")
    assert len(ledger.secrets) >= issued + 4, "it was renewed meanwhile, and the refresh token rotated"
    run("deposits", "--approve", "auto", "--live")
    run("tie-out", "--sign", "Dana")
    run("status", "--runs")
    injection.plant(here.company, "token_expired@1")
    run("preview", exits=(7,), misdeed=echoing("400 Bad Request", where="/tokens/"))
    texts += errors_of(here)
    run("connect", exits=(0,))
    run("disconnect")
    ledger.secrets |= set(person.states)

    opened = [line for line in person.shown if line.startswith("Open in a browser: ")]
    printed = "".join(capfd.readouterr())
    for page in opened:  # the address to open cannot do without client ID and state, and is for the person's eyes
        texts = [text.replace(page, "") for text in texts]
        printed = printed.replace(page, "")
    files, found = search(ledger, here.folder, here.reports, here.folder.parent / "home")
    assert found == []
    assert files > 15
    assert {"posting-log.db", "books.db", "company.toml"} <= {path.name for path in here.folder.iterdir()}
    for told in (texts, heard.lines, [printed]):
        assert [secret for one in told for secret in ledger.found_in(one.encode())] == []
    assert any("urllib3" in line for line in heard.lines), "the trap for log lines works"
    assert not any(line.startswith(("requests_oauthlib", "oauthlib")) for line in heard.lines)


def errors_of(here: World) -> list[str]:
    """Tracebacks of what is raised, and how every object on the way shows itself."""
    texts = []
    with open_company(here.folder) as company:
        session, client = company.session, company.client
        kept = session.connection
        for work in (
            lambda: session.finish(f"{HTTPS}?code=x&state=y&realmId=1", "z", HTTPS),
            lambda: session.send("GET", "http://example.com/", params={}, body=None, headers={}),
            lambda: session.renew(session.token()),
            client.company_info,
        ):
            try:
                work()  # type: ignore[no-untyped-call]
            except ToolkitError as error:
                texts += [traceback.format_exc(), repr(error), repr(error.problem), repr(error.__context__)]
        shown = (company, session, client, kept, session.addresses, session._http, session._store, vars(client))
        texts += [f"{one!r} {one!s}" for one in shown]
    assert len(texts) >= 16
    return texts


def test_a_month_through_papermill_leaves_no_token_anywhere(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch, heard: Heard
) -> None:
    """The pages run in a kernel of their own; tokens expire and rotate, and answers are lost meanwhile."""
    ledger = Ledger(monkeypatch)
    home = tmp_path / "home"
    folder = fresh(home)
    for name, value in {HOME_VARIABLE: home, "HOME": home, "IPYTHONDIR": home / ".ipython"}.items():
        monkeypatch.setenv(name, str(value))
    company = Company.open(quickbooks(tmp_path_factory.mktemp("template")) / "qbo.db")
    company.switches.set("refresh_rotation_h", "0")
    injection.plant(company, "token_expired:query@5,token_expired:batch@2,lost_answer:batch@3,error_500:query@9")
    with listening(EmulatorApp([company])) as url:
        month = month_end.run(folder, FIRST, approve="auto", qbo_url=url, say=heard.lines.append)
    assert month.exit_code == 0, month.problems
    assert month.ties
    assert len(month.pages) >= 5
    assert len(ledger.secrets) >= 5, "tokens were issued, renewed and rotated"
    files, found = search(ledger, folder, home)
    assert found == []
    assert files > 30
    assert [secret for line in (*heard.lines, month.text()) for secret in ledger.found_in(line.encode())] == []
    company.close()
