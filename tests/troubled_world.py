"""A connected company whose QuickBooks is the emulator over loopback HTTP, and everything that can go wrong with it.

The company is one of Intuit's sandbox, so that no path of emulated companies is taken: its calls to Intuit's addresses
are carried to the loopback server. Waits are short; the clock and the disk are the world's to spoil.
"""

from __future__ import annotations

import ctypes
import functools
import json
import os
import shutil
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import click
import drills
import pytest
import requests
import sqlalchemy as sa
from click.testing import CliRunner
from emulator_doors import listening
from made_companies import copy_of_sample

from toolkit import cli as command_line
from toolkit import open_company as opening
from toolkit.emulator import tokens as emulated_tokens
from toolkit.emulator.adapter import LoopbackAdapter
from toolkit.emulator.app import TABLES, EmulatorApp
from toolkit.emulator.company import Company
from toolkit.emulator.oauth import ACCOUNTING
from toolkit.emulator.web import ConnectionCut
from toolkit.qbo import session as session_module
from toolkit.qbo.limits import Rates
from toolkit.qbo.tokens import Connection, FileStore

FAST = Rates(
    requests_per_second=100_000,
    requests_per_minute=10_000_000,
    batches_per_minute=10_000_000,
    realm_batches_per_minute=10_000_000,
    first_pause_after_throttle=0.001,
    pause_after_throttle=0.002,
)
PERIOD = "2026-01"
Environ = dict[str, Any]
Misdeed = Callable[[Environ, Callable[..., Any]], list[bytes] | None]
"""Answers a call instead of QuickBooks, or gives None to let it pass, or raises `ConnectionCut`."""


@dataclass
class Gate:
    """The emulator with somebody in front of it."""

    app: EmulatorApp
    misdeed: Misdeed | None = None
    calls: list[str] = field(default_factory=list)

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Any:
        """Answer, unless the misdeed does."""
        self.calls.append(f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}")
        if self.misdeed is not None:
            answered = self.misdeed(environ, start_response)
            if answered is not None:
                return answered
        return self.app(environ, start_response)


@dataclass(frozen=True)
class Said:
    """What a command said: its exit code, its JSON object, and all that a person could read."""

    exit: int
    json: dict[str, Any]
    text: str

    @property
    def brief(self) -> str:
        """Enough of it to see what happened."""
        return f"exit {self.exit}: {sorted(set(self.codes))} {self.text[:1500]}"

    @property
    def codes(self) -> list[str]:
        return [one["code"] for one in self.json.get("problems", [])]


class World:
    """One company folder, its QuickBooks, and the command line."""

    def __init__(self, folder: Path, template: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = copy_of_sample(folder)
        self.reports = folder / "reports"
        self.monkeypatch = monkeypatch
        shutil.copytree(template, folder / "quickbooks")
        self.company = Company.open(folder / "quickbooks" / "qbo.db")
        self.gate = Gate(EmulatorApp([self.company]))
        self.store = FileStore(self.folder, sleep=time.sleep)
        self.url = ""
        drills.settings(self.folder, lookup_wait_seconds=0.1)
        self.edit('"emulator"', '"sandbox"')
        self.clock: Callable[[], datetime] = lambda: datetime.now(UTC)

    # ---- how it is wired

    def wire(self, url: str) -> None:
        """Carry Intuit's addresses to the loopback server, and keep waits and limits short."""
        self.url = url
        patch = self.monkeypatch.setattr
        patch(session_module, "HTTPAdapter", lambda **options: LoopbackAdapter(url, **options))
        patch(opening, "_keyring", lambda: None)
        opened = functools.partial(opening.open_company, rates=FAST, now=lambda: self.clock())  # noqa: PLW0108 - it changes
        patch(command_line, "open_company", opened)
        patch(opening.time, "sleep", _hurried(time.sleep))
        self.monkeypatch.delenv("COWORKS_QBO_URL", raising=False)
        self.connect()

    def connect(self, **changes: Any) -> Connection:
        """Store a good connection, with `changes`."""
        issued = emulated_tokens.grant(self.company, ACCOUNTING)
        fields: dict[str, Any] = {
            "client_id": "emulator",
            "client_secret": "emulator",
            "environment": "sandbox",
            "realm": self.company.realm_id,
            "access_token": issued.access,
            "refresh_token": issued.refresh,
            "access_ends": datetime.now(UTC) + timedelta(hours=1),
            "refresh_ends": datetime.now(UTC) + timedelta(days=101),
            "connected_at": datetime.now(UTC),
        }
        made = Connection(**(fields | changes))
        self.store = FileStore(self.folder, sleep=time.sleep)
        self.store.save(made)
        return made

    def edit(self, old: str, new: str) -> None:
        """Change company.toml."""
        path = self.folder / "company.toml"
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new), encoding="utf-8")

    # ---- what a person does

    def run(self, *arguments: str, company: Path | None = None, typed: str = "") -> Said:
        """One command; whatever happens it ends in words and with a documented code."""
        name, *more = arguments
        where = ["--company", str(company or self.folder), "--reports", str(self.reports), "--json"]
        month = ["--period", PERIOD] if name in ("preview", "push", "deposits", "tie-out", "map") else []
        result = CliRunner().invoke(command_line.cli, [name, *where, *month, *more], input=typed)
        assert "Traceback" not in result.output, result.output
        assert result.exit_code in (0, 2, 3, 4, 5, 6, 7, 8, 130), f"{result.exit_code}: {result.output}"
        said = Said(result.exit_code, json.loads(result.stdout.strip().splitlines()[-1]), result.output)
        assert said.json["exit"] == result.exit_code
        return said

    def push(self) -> Said:
        """Post the month within its limits."""
        return self.run("push", "--approve", "auto", "--live")

    def dies_after(self, *, batches: int) -> None:
        """Push in a process of its own that dies, as by kill -9, when that many batches are answered."""
        child = os.fork()
        if not child:
            left, send = [batches], session_module.Session.send

            def last(session: Any, method: str, url: str, **more: Any) -> Any:
                answer = send(session, method, url, **more)
                left[0] -= url.endswith("/batch")
                return answer if left[0] else os._exit(9)

            session_module.Session.send = last  # type: ignore[method-assign]
            self.push()
            os._exit(0)
        _, status = os.waitpid(child, 0)
        assert os.waitstatus_to_exitcode(status) == 9, "it died in the midst"

    def books(self) -> dict[str, Any]:
        """What is in QuickBooks, without what differs between two equal histories."""
        assert self.company.check() == []
        return drills.canonical(self.company.snapshot())


class Browser:
    """A person who is asked by `connect`, signs in at QuickBooks' page, and pastes where the browser ends.

    `keys` and `redirect` are what they type; `choice` is added to the page's address: `approve=1`, or `approve=0`.
    """

    def __init__(self, here: World, *, redirect: str, keys: tuple[str, str] = ("emulator", "emulator")) -> None:
        self.here, self.redirect, self.keys = here, redirect, keys
        self.choice = "approve=1"
        self.asked: list[str] = []
        self.shown: list[str] = []
        self.states: list[str] = []
        self.came = ""
        here.monkeypatch.setattr(command_line, "_ask", self.ask)
        echo = click.echo

        def listening(message: Any = None, **options: Any) -> None:
            self.see(str(message))
            echo(message, **options)

        here.monkeypatch.setattr(click, "echo", listening)

    def ask(self, question: str, *, secret: bool = False) -> str:
        """Answer a question."""
        self.asked.append(question)
        if "Client ID" in question:
            return self.keys[0]
        if "secret" in question:
            assert secret, "it is not shown while typed"
            return self.keys[1]
        if "Redirect" in question:
            return self.redirect
        assert secret, "a pasted address holds a code"
        return self.came

    def see(self, message: str) -> None:
        """Read what is shown, and open the page if there is one to open."""
        self.shown.append(message)
        if not message.startswith("Open in a browser: "):
            return
        page = urlsplit(message.removeprefix("Open in a browser: "))
        assert page.hostname == "appcenter.intuit.com"
        self.states.append(parse_qs(page.query)["state"][0])
        opened = requests.get(
            f"{self.here.url}{page.path}?{page.query}&{self.choice}", allow_redirects=False, timeout=10
        )
        self.came = opened.headers.get("Location", "")
        if self.came.startswith("http://localhost:"):
            assert requests.get(self.came, timeout=10).status_code == 200


def _hurried(sleep: Callable[[float], None]) -> Callable[[float], None]:
    return lambda seconds: sleep(min(seconds, 0.005))


@contextmanager
def world(folder: Path, template: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """A world in which nothing is wrong yet."""
    made = World(folder, template, monkeypatch)
    with listening(made.gate) as url:  # type: ignore[arg-type]
        made.wire(url)
        yield made
    made.company.close()


def quickbooks(folder: Path) -> Path:
    """The sample company's books in a folder of their own, as they are before anything is posted."""
    sample = copy_of_sample(folder)
    made = folder / "quickbooks"
    made.mkdir()
    company = Company.open(made / "qbo.db", seed=sample / "qbo.json")
    company.ensure(TABLES)
    company.switches.set("quotas", "off")
    company.close()
    return made


# ---- QuickBooks


def api(environ: Environ) -> bool:
    """Whether a call is to the books, not to the token endpoint."""
    return "/v3/company/" in environ["PATH_INFO"]


def answering(
    status: str,
    body: bytes,
    kind: str = "application/json",
    *,
    where: str = "",
    after: int = 0,
    everywhere: bool = False,
) -> Misdeed:
    """This answer to every call to the books whose path or query holds `where`, after the first `after` of them."""
    seen = [0]

    def misdeed(environ: Environ, start_response: Callable[..., Any]) -> list[bytes] | None:
        if not (everywhere or api(environ)) or where not in f"{environ['PATH_INFO']}?{environ['QUERY_STRING']}":
            return None
        seen[0] += 1
        if seen[0] <= after:
            return None
        start_response(status, [("Content-Type", kind), ("Content-Length", str(len(body)))])
        return [body]

    return misdeed


def cutting(*, where: str = "", after: int = 0, done: bool = False) -> Misdeed:
    """Every such call is cut after the first `after`; with `done` its work is carried out all the same."""
    seen = [0]

    def misdeed(environ: Environ, start_response: Callable[..., Any]) -> list[bytes] | None:
        if where not in environ["PATH_INFO"]:
            return None
        seen[0] += 1
        if seen[0] <= after:
            return None
        raise ConnectionCut

    return misdeed


def hanging(seconds: float, *, where: str = "", after: int = 0) -> Misdeed:
    """Every such call is carried out, and answered too late."""
    seen = [0]

    def misdeed(environ: Environ, start_response: Callable[..., Any]) -> list[bytes] | None:
        if where not in environ["PATH_INFO"]:
            return None
        seen[0] += 1
        if seen[0] > after:
            threading.Event().wait(seconds)
        return None

    return misdeed


def fault(code: str, words: str, status: str = "400 Bad Request", *, where: str = "") -> Misdeed:
    """A refusal of every such call, in Intuit's own form."""
    error = {"Message": words, "Detail": words, "code": code, "element": ""}
    body = {"Fault": {"Error": [error], "type": "ValidationFault"}, "time": "2026-02-02T09:00:00.000-08:00"}
    return answering(status, json.dumps(body).encode(), where=where)


# ---- this machine


_OVERRIDE = 0b110
"""CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH: what lets root write where nobody may."""


class _Header(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


class _Words(ctypes.Structure):
    _fields_ = (("effective", ctypes.c_uint32), ("permitted", ctypes.c_uint32), ("inheritable", ctypes.c_uint32))


@contextmanager
def bound_by_permissions() -> Iterator[None]:
    """Rights of files count for this thread (and those it starts) even when the tests run as root."""
    if os.geteuid() != 0:
        yield
        return
    libc = ctypes.CDLL(None, use_errno=True)
    header, words = _Header(0x20080522, 0), (_Words * 2)()
    assert libc.capget(ctypes.byref(header), words) == 0
    before = words[0].effective
    words[0].effective &= ~_OVERRIDE
    assert libc.capset(ctypes.byref(header), words) == 0
    try:
        yield
    finally:
        words[0].effective = before
        assert libc.capset(ctypes.byref(header), words) == 0


@contextmanager
def rights(path: Path, mode: int) -> Iterator[None]:
    """That file or folder with those rights only, while the body runs."""
    before = path.stat().st_mode
    path.chmod(mode)
    try:
        with bound_by_permissions():
            yield
    finally:
        path.chmod(before)


@contextmanager
def full_disk(name: str, pages: int) -> Iterator[None]:
    """SQLite files of that name may grow by so many pages of 4,096 bytes, then their disk is full."""

    def limit(connection: sqlite3.Connection, _record: object) -> None:
        path = connection.execute("PRAGMA database_list").fetchone()[2]
        if path.endswith(name):
            [used] = connection.execute("PRAGMA page_count").fetchone()
            connection.execute(f"PRAGMA max_page_count={max(1, used + pages)}")

    sa.event.listen(sa.Engine, "connect", limit)
    try:
        yield
    finally:
        sa.event.remove(sa.Engine, "connect", limit)
