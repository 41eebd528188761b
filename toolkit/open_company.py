"""Open one company: settings, posting log and a client, emulated or live. The one place that wires them.

Here the edges are: the clock, randomness, the environment and the file system come in here and are handed on as
arguments.
"""

from __future__ import annotations

import os
import random
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import keyring
import requests
from requests.adapters import BaseAdapter

from toolkit import disk
from toolkit import settings as company_settings
from toolkit.emulator.adapter import EmulatorAdapter, LoopbackAdapter
from toolkit.emulator.app import EmulatorApp
from toolkit.emulator.company import Company as EmulatedCompany
from toolkit.emulator.seed import SeedError
from toolkit.emulator.store import StateError
from toolkit.posting_log import PostingLog, open_log
from toolkit.problems import Problem, Severity, UsageError
from toolkit.qbo.books_in_hand import BooksInHand
from toolkit.qbo.client import Client
from toolkit.qbo.limits import AppLimits, Limits, Rates, Waiting
from toolkit.qbo.session import Session
from toolkit.qbo.snapshot import Say, silent
from toolkit.qbo.tokens import open_store
from toolkit.reports_in_hand import ReportsInHand
from toolkit.settings import Environment, Settings

HOME_VARIABLE = "COWORKS_HOME"
URL_VARIABLE = "COWORKS_QBO_URL"
PASSPHRASE_VARIABLE = "COWORKS_TOKEN_PASSPHRASE"

_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


def utc_now() -> datetime:
    """This moment, aware UTC."""
    return datetime.now(UTC)


def home(environ: Mapping[str, str] = os.environ) -> Path:
    """Where `companies/`, `notebooks/` and `reports/` are: beside `toolkit/`, or where COWORKS_HOME says."""
    given = environ.get(HOME_VARIABLE)
    return Path(given).resolve() if given else Path(__file__).resolve().parents[1]


def folder_of(company: str | Path, environ: Mapping[str, str] = os.environ) -> Path:
    """The company's folder: a path, or the name of one under `companies/`; raises `UsageError` if there is none."""
    named = home(environ) / "companies" / str(company)
    found = next((one for one in (Path(company), named) if (one / "company.toml").is_file()), None)
    if found is None:
        raise UsageError(_no_company(str(company)))
    return found.resolve()


@dataclass(frozen=True, kw_only=True)
class OpenCompany:
    """One company, ready to read and post; `new_run` gives a name for each run in the posting log, unique for ever."""

    folder: Path
    name: str
    settings: Settings
    session: Session
    client: Client
    books: BooksInHand
    inbox: ReportsInHand
    log: PostingLog
    reports: Path
    new_run: Callable[[], str]
    now: Callable[[], datetime] = utc_now
    sleep: Callable[[float], None] = time.sleep
    emulated: EmulatedCompany | None = field(default=None, repr=False)

    @property
    def realm(self) -> str:
        """The company ID that is connected (an emulated company connects itself); raises `ReconnectNeeded`."""
        self.session.ensure()
        return self.client.realm

    def pack(self, period: str) -> Path:
        """The evidence folder of a period, `reports/<name>/<period>`, made when absent."""
        folder = self.reports / self.name / period
        folder.mkdir(parents=True, exist_ok=True)
        return folder


@contextmanager
def open_company(
    company: str | Path,
    *,
    qbo_url: str = "",
    reports: Path | None = None,
    waiting: Waiting | None = None,
    rates: Rates | None = None,
    environ: Mapping[str, str] = os.environ,
    now: Callable[[], datetime] = utc_now,
    say: Say = silent,
) -> Iterator[OpenCompany]:
    """The company, open while the body runs; `say` hears of a long read of its books.

    `qbo_url` (or COWORKS_QBO_URL) is the loopback address of a server of the emulated company; without it the emulated
    books are opened in this process. Raises `UsageError` for a folder, settings or an address that cannot be used.
    """
    folder = folder_of(company, environ)
    settings = company_settings.read(folder / "company.toml")
    with ExitStack() as stack:
        emulated, adapter = _door(folder, settings, qbo_url or environ.get(URL_VARIABLE, ""), stack)
        live = settings.quickbooks.environment is not Environment.EMULATOR
        store = open_store(
            folder, sleep=time.sleep, keyring=_keyring() if live else None, passphrase=_passphrase(environ)
        )
        realm = settings.quickbooks.realm or (emulated.realm_id if emulated else "")
        session = Session(store, settings.quickbooks.environment, realm=realm, now=now, adapter=adapter)
        environment = settings.quickbooks.environment
        log = open_log(folder / "posting-log.db", realm=realm, clock=now, environment=environment, zone=settings.zone)
        stack.callback(log.close)
        limits = _limits(rates or Rates(), waiting, log, now())
        client = Client(session, limits, sleep=time.sleep, jitter=random.random)
        yield OpenCompany(
            folder=folder,
            name=folder.name,
            settings=settings,
            session=session,
            client=client,
            books=BooksInHand(client, folder / "books.db", say),
            inbox=ReportsInHand(folder),
            log=log,
            reports=reports or home(environ) / "reports",
            new_run=lambda: free_run_name(now(), log, random.SystemRandom().getrandbits),
            now=now,
            emulated=emulated,
        )


def free_run_name(moment: datetime, log: PostingLog, draw: Callable[[int], int]) -> str:
    """A name no run of the posting log has: the moment and 8 hex digits; `draw(bits)` gives a random integer."""
    taken = {one.id for one in log.runs()}
    names = (f"{moment:%Y%m%d-%H%M%S}-{draw(32):08x}" for _ in range(1000))
    return next(name for name in names if name not in taken)


def _limits(rates: Rates, waiting: Waiting | None, log: PostingLog, moment: datetime) -> Limits:
    """The pace of one process, with what the one before it has spent of QuickBooks' minute."""
    limits = Limits(clock=time.monotonic, sleep=time.sleep, app=AppLimits(rates), waiting=waiting)
    sent = log.sent_since(moment - timedelta(seconds=rates.minute))
    limits.recall((moment - at).total_seconds() for at in sent)
    return limits


def _door(
    folder: Path, settings: Settings, qbo_url: str, stack: ExitStack
) -> tuple[EmulatedCompany | None, BaseAdapter | None]:
    if settings.quickbooks.environment is not Environment.EMULATOR:
        if qbo_url:
            raise UsageError(_bad_url(qbo_url, "it is only for an emulated company"))
        return None, None
    if qbo_url:
        if urlsplit(qbo_url).scheme != "http" or urlsplit(qbo_url).hostname not in _LOOPBACK:
            raise UsageError(_bad_url(qbo_url, "it is not a loopback address such as http://127.0.0.1:8080"))
        return None, LoopbackAdapter(qbo_url, pool_maxsize=16)
    seed, realm = folder / "qbo.json", settings.quickbooks.realm
    if realm and not seed.exists() and not (folder / "qbo.db").exists():
        raise UsageError(
            _unusable_books(folder.name, f"there is no qbo.json to begin company {realm} with.", _BRING_BOOKS)
        )
    try:
        emulated = EmulatedCompany.open(folder / "qbo.db", seed=seed if seed.exists() else None)
        stack.callback(emulated.close)
        app = EmulatorApp([emulated])
    except (SeedError, StateError) as error:
        if isinstance(error.__cause__, sqlite3.OperationalError):
            raise UsageError(_closed_books(folder.name, error.__cause__)) from error
        raise UsageError(_unusable_books(folder.name, str(error))) from error
    except sqlite3.Error as error:
        raise UsageError(_closed_books(folder.name, error)) from error
    if realm and emulated.realm_id != realm:
        words = f"it is that of company {emulated.realm_id}, and company.toml says {realm}."
        raise UsageError(_unusable_books(folder.name, words, _BRING_BOOKS))
    return emulated, _InWords(app, folder.name)


class _InWords(EmulatorAdapter):
    """The emulated books in this process; what their file refuses (a full disk, a read-only folder) is said in words.

    A call that is refused so was rolled back: it did nothing.
    """

    def __init__(self, app: EmulatorApp, company: str) -> None:
        super().__init__(app)
        self._company = company

    def send(self, request: requests.PreparedRequest, *args: Any, **options: Any) -> requests.Response:
        """The answer; raises `UsageError` too."""
        try:
            return super().send(request, *args, **options)
        except sqlite3.OperationalError as error:
            raise UsageError(_closed_books(self._company, error)) from error


def _keyring() -> keyring.backend.KeyringBackend:
    return keyring.get_keyring()


def _passphrase(environ: Mapping[str, str]) -> Callable[[], str] | None:
    given = environ.get(PASSPHRASE_VARIABLE)
    return (lambda: given) if given else None


def _no_company(company: str) -> Problem:
    return Problem(
        code="no-company",
        where=company,
        what=f"There is no company folder {company!r} with a company.toml in it.",
        why="Everything that is known of a company, from its switches to its posting log, lives in that folder.",
        do="Name a folder under companies/, or make one with: coworks-qbo sample companies/NAME.",
        severity=Severity.FILE,
    )


_BEGIN_ANEW = "Move qbo.db, posting-log.db and books.db of this company away together to begin the practice again."
_MAKE_ROOM = "Free some disk space, or make the company's folder writable for you, then run again."
_BRING_BOOKS = "Put the qbo.json of this company into its folder, or correct realm."


def _unusable_books(company: str, why: str, do: str = _BEGIN_ANEW) -> Problem:
    return Problem(
        code="practice-books",
        where=f"{company}/qbo.db",
        what=f"The practice QuickBooks of this company cannot be opened: {why}",
        why="Without it nothing can be rehearsed; real books are not touched by this.",
        do=do,
        severity=Severity.FILE,
    )


def _closed_books(company: str, error: sqlite3.Error) -> Problem:
    return _unusable_books(company, f"{disk.of_database(error)}.", _MAKE_ROOM)


def _bad_url(url: str, why: str) -> Problem:
    return Problem(
        code="qbo-url",
        where="--qbo-url",
        what=f"{url!r} cannot be used: {why}.",
        why="Books and tokens must never travel to another machine without encryption.",
        do="Leave --qbo-url away, or give the address that coworks-qbo emulator printed.",
        severity=Severity.FILE,
    )
