"""Whatever the world does, a person reads a sentence that says what to do, and nothing is lost.

Each row is one trouble and one command: how it ends, and by what name. Afterwards the trouble is cured, the month is
pushed again, and the books must equal those of a run that nothing disturbed.
"""

from __future__ import annotations

import errno
import io
import json
import os
import shutil
import socket
import sqlite3
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import unquote_plus

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from made_companies import copy_of_sample
from requests.adapters import HTTPAdapter
from troubled_world import (
    Misdeed,
    Said,
    World,
    answering,
    cutting,
    fault,
    full_disk,
    hanging,
    quickbooks,
    rights,
    world,
)

from toolkit import open_company as opening
from toolkit.emulator import injection, tokens
from toolkit.qbo import session as session_module

HTML = b"<html><body><h1>Our service is under maintenance</h1></body></html>"
DENIED = (
    b'{"warnings":null,"fault":{"error":[{"message":"message=ApplicationAuthorizationFailed; errorCode=003100; '
    b'statusCode=403","detail":null,"code":"3100","element":null}],"type":"SERVICE"},"time":1790000000000}'
)
PUSH = ("push", "--approve", "auto", "--live")
READS = (("preview",), ("tie-out",), ("connect",), PUSH)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return quickbooks(tmp_path_factory.mktemp("template"))


@pytest.fixture(scope="module")
def undisturbed(template: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The books of a month that nothing disturbed."""
    with pytest.MonkeyPatch.context() as patch, world(tmp_path_factory.mktemp("calm"), template, patch) as calm:
        assert calm.push().exit == 0
        return calm.books()


@pytest.fixture
def here(tmp_path: Path, template: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    with world(tmp_path, template, monkeypatch) as made:
        yield made


def reads_well(said: Said) -> None:
    """Every problem is three sentences, and the text a person sees holds them."""
    assert said.json["problems"], "a refusal says why"
    for problem in said.json["problems"]:
        for name in ("what", "why", "do"):
            assert problem[name].strip().endswith((".", "?", ")")), problem
        assert "Error" not in problem["what"].split("QuickBooks says")[0].replace("Errno", ""), problem
    first = said.json["problems"][-1]
    assert first["do"] in said.text


def ends_well(here: World, undisturbed: dict[str, Any]) -> None:
    """Pushed again, the books are those of the undisturbed run, and a further push writes nothing."""
    here.gate.misdeed = None
    again = here.push()
    assert again.exit == 0, again.brief
    assert here.books() == undisturbed
    assert here.push().json["qbo_writes"] == 0


# ---- QuickBooks and the connection

Make = Callable[[World], "AbstractContextManager[Any] | None"]
"""Brings the trouble about; what it gives is the time that the trouble lasts."""


@dataclass(frozen=True)
class Row:
    name: str
    make: Make
    exit: int
    code: str
    commands: tuple[tuple[str, ...], ...] = (("preview",), PUSH)
    cure: Callable[[World], object] = lambda here: None
    says: str = ""


def maintenance(**when: Any) -> Misdeed:
    return answering("503 Service Unavailable", HTML, "text/html", **when)


def gate(misdeed: Callable[[], Any]) -> Make:
    def make(here: World) -> None:
        here.gate.misdeed = misdeed()

    return make


def disconnected_in_quickbooks(here: World) -> None:
    tokens.disconnect(here.company)


def expired_after_100_days(here: World) -> None:
    """Nobody used the connection for 102 days: both tokens are over, at Intuit and by our own clock."""
    here.connect(access_ends=datetime.now(UTC) - timedelta(days=102), refresh_token="AB11over")


def spent(**changes: Any) -> Make:
    def make(here: World) -> None:
        here.connect(access_ends=datetime.now(UTC) - timedelta(hours=1), **changes)

    return make


def another_company(here: World) -> None:
    here.connect(realm="9130000000000042")


def other_environment(here: World) -> None:
    here.connect(environment="production")


def never_connected(here: World) -> None:
    here.store.clear()


def switch(name: str, value: str, **more: str) -> Make:
    def make(here: World) -> None:
        here.company.switches.update({name: value, **more})

    return make


def active_again(here: World) -> None:
    here.company.switches.set("subscription", "active")


def planted(text: str) -> Make:
    return lambda here: injection.plant(here.company, text)


def impatient(misdeed: Callable[[], Any]) -> Make:
    """Somebody who waits 0.3 s for an answer instead of 130."""

    def make(here: World) -> None:
        here.monkeypatch.setattr(session_module, "TIMEOUT", (5.0, 0.3))
        send = session_module.Session.send.__kwdefaults__
        here.monkeypatch.setitem(send, "timeout", (5.0, 0.3))
        here.gate.misdeed = misdeed()

    return make


def patient(here: World) -> None:
    here.monkeypatch.setitem(session_module.Session.send.__kwdefaults__, "timeout", (10.0, 130.0))


def nobody_listens(here: World) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        gone = f"http://127.0.0.1:{free.getsockname()[1]}"
    loopback = opening.LoopbackAdapter
    here.monkeypatch.setattr(session_module, "HTTPAdapter", lambda **options: loopback(gone, **options))


def somebody_listens(here: World) -> None:
    loopback = opening.LoopbackAdapter
    here.monkeypatch.setattr(session_module, "HTTPAdapter", lambda **options: loopback(here.url, **options))


@contextmanager
def leading(here: World, resolve: Callable[..., Any]) -> Iterator[None]:
    """Real https to Intuit's own names, which lead where `resolve` says."""
    real = socket.getaddrinfo
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        here.monkeypatch.delenv(name, raising=False)
    here.monkeypatch.setattr(session_module, "HTTPAdapter", HTTPAdapter)

    def looked_up(host: Any, *args: Any, **options: Any) -> Any:
        return resolve(host) if str(host).endswith("intuit.com") else real(host, *args, **options)

    here.monkeypatch.setattr(socket, "getaddrinfo", looked_up)
    try:
        yield
    finally:
        here.monkeypatch.setattr(socket, "getaddrinfo", real)


def no_such_name(here: World) -> AbstractContextManager[Any]:
    def resolve(host: object) -> Any:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    return leading(here, resolve)


@contextmanager
def somebody_in_between(here: World) -> Iterator[None]:
    """A server that answers for Intuit's names with a certificate that nobody vouches for."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(_certificate(here.reports.parent))
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        ended = threading.Event()

        def serve() -> None:
            while not ended.is_set():
                try:
                    client, _ = server.accept()
                    with client, context.wrap_socket(client, server_side=True) as secured:
                        secured.recv(1)
                except (OSError, TimeoutError):
                    continue

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        address = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", server.getsockname()[1]))
        with leading(here, lambda host: [address]):
            yield
        ended.set()
        thread.join(5)


def _certificate(folder: Path) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "sandbox-quickbooks.api.intuit.com")])
    now = datetime.now(UTC)
    made = x509.CertificateBuilder(issuer_name=name, subject_name=name, public_key=key.public_key())
    made = made.serial_number(1).not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
    made = made.add_extension(x509.SubjectAlternativeName([x509.DNSName("*.api.intuit.com")]), critical=False)
    signed = made.sign(key, hashes.SHA256())
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = folder / "server.pem"
    path.write_bytes(private + signed.public_bytes(serialization.Encoding.PEM))
    return path


def connect_anew(here: World) -> None:
    here.connect()


def token_service_down(here: World) -> None:
    """The access token is spent, and the service that renews it shows a maintenance page."""
    spent()(here)
    down = maintenance(everywhere=True)
    here.gate.misdeed = lambda environ, start: down(environ, start) if "tokens" in environ["PATH_INFO"] else None


QUICKBOOKS = (
    Row("never connected", never_connected, 7, "not-connected", (("preview",), ("tie-out",), PUSH), connect_anew),
    Row("wrong client secret", spent(client_secret="wrong"), 7, "app-keys-refused", cure=connect_anew, says="keys"),
    Row("disconnected in QuickBooks", disconnected_in_quickbooks, 7, "connection-ended", cure=connect_anew),
    Row("not used for 100 days", expired_after_100_days, 7, "connection-ended", cure=connect_anew),
    Row("another company", another_company, 7, "wrong-company", (*READS[:2], PUSH), connect_anew, "company.toml names"),
    Row("another environment", other_environment, 7, "wrong-environment", (*READS[:2], PUSH), connect_anew),
    Row("app not authorized", gate(lambda: answering("403 Forbidden", DENIED)), 7, "connection-ended"),
    Row(
        "role without the right",
        gate(lambda: fault("5020", "Permission denied", where="/batch")), 3, "permission", (PUSH,),
    ),
    Row("subscription lapsed", switch("subscription", "lapsed"), 3, "subscription-ended", (PUSH,), active_again),
    Row(
        "subscription lapsed, as HTTP 400", switch("subscription", "lapsed", subscription_status="400"),
        3, "subscription-ended", (PUSH,), active_again,
    ),
    Row(
        "subscription lapses in the midst", planted("subscription_lapsed:batch@3"),
        3, "subscription-ended", (PUSH,), active_again,
    ),
    Row("maintenance page", gate(maintenance), 5, "quickbooks-busy", READS),
    Row(
        "maintenance begins in the midst",
        gate(lambda: maintenance(after=24)),
        5, "quickbooks-busy", (PUSH,),
    ),
    Row("throttled without end", planted("throttled@1x100000"), 5, "throttled", READS, planted("off")),
    Row("token service down", token_service_down, 5, "intuit-unreachable"),
    Row(
        "hung while read",
        impatient(lambda: hanging(0.6, where="/query")), 5, "quickbooks-unreachable", (("preview",),), patient,
    ),
    Row(
        "writes without an answer", gate(lambda: maintenance(where="/batch", after=1)),
        6, "outcome-unknown", (PUSH,),
    ),
    Row("server gone", nobody_listens, 5, "quickbooks-unreachable", READS, somebody_listens, "network"),
    Row("server goes in the midst", gate(lambda: cutting(where="/v3/", after=24)), 5, "outcome-unknown", (PUSH,)),
    Row("no such name", no_such_name, 5, "quickbooks-unreachable", READS, somebody_listens, "network"),
    Row(
        "not Intuit's certificate",
        somebody_in_between, 5, "quickbooks-unreachable", (("preview",),), somebody_listens, "certificate",
    ),
    Row(
        "an answer that is not JSON",
        gate(lambda: answering("200 OK", b"<html>hotel wifi</html>", "text/html")), 5, "quickbooks-unreachable", READS,
    ),
    Row("redirected", gate(lambda: answering("302 Found", b"")), 5, "quickbooks-unreachable"),
)  # fmt: skip


@pytest.mark.parametrize("row", QUICKBOOKS, ids=lambda row: row.name)
def test_a_trouble_with_quickbooks_is_said_and_nothing_is_lost(
    here: World, undisturbed: dict[str, Any], row: Row
) -> None:
    with row.make(here) or nullcontext():
        for command in row.commands:
            said = here.run(*command)
            assert (said.exit, row.code in said.codes) == (row.exit, True), said.brief
            assert row.says in said.text
            reads_well(said)
    row.cure(here)
    ends_well(here, undisturbed)


def test_what_stops_the_whole_run_is_said_once_and_first(here: World) -> None:
    """Not one complaint for each record that it kept from being posted."""
    here.company.switches.set("subscription", "lapsed")
    said = here.push()
    weighty = [one for one in said.json["problems"] if one["severity"] != "note"]
    assert [one["code"] for one in weighty] == ["subscription-ended"]
    assert weighty[0]["do"] == "Renew the subscription in QuickBooks, then run again."


def test_a_write_that_is_answered_too_late_is_found_and_the_run_goes_on(
    here: World, undisturbed: dict[str, Any]
) -> None:
    impatient(lambda: hanging(0.6, where="/batch", after=1))(here)
    assert here.push().exit == 0
    patient(here)
    ends_well(here, undisturbed)


# ---- the clock of this machine


@pytest.mark.parametrize("hours", [-24, -1, 1, 24], ids=lambda hours: f"{hours:+d} h")
@pytest.mark.parametrize("lag", [0, 2])
def test_a_clock_that_is_wrong_changes_nothing(here: World, undisturbed: dict[str, Any], hours: int, lag: int) -> None:
    """The end of a token, the changes since the last read, the wait before a look-up: none trusts this clock."""
    here.clock = lambda: datetime.now(UTC) + timedelta(hours=hours)
    here.company.switches.set("query_lag_s", str(lag))
    assert here.run("preview").exit == 0
    assert here.push().exit == 0
    assert here.books() == undisturbed
    here.clock = lambda: datetime.now(UTC)
    assert here.push().json["qbo_writes"] == 0


@pytest.mark.parametrize("hours", [-24, -1, 1, 24], ids=lambda hours: f"{hours:+d} h")
def test_a_clock_that_jumps_in_the_midst_of_a_run_changes_nothing(
    here: World, undisturbed: dict[str, Any], hours: int
) -> None:
    def jumped() -> datetime:
        posted = sum("/batch" in call for call in here.gate.calls)
        return datetime.now(UTC) + timedelta(hours=hours if posted >= 2 else 0)

    here.clock = jumped
    said = here.push()
    assert said.exit == 0, said.brief
    assert here.books() == undisturbed
    ends_well(here, undisturbed)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="a process that dies in the midst is made by fork")
@pytest.mark.parametrize("jump", [timedelta(days=-1), timedelta(hours=1)], ids=["back", "ahead"])
def test_a_clock_that_jumped_between_a_killed_run_and_the_next_posts_nothing_twice(
    here: World, undisturbed: dict[str, Any], jump: timedelta
) -> None:
    """What was sent a moment ago is not yet seen by queries, however long ago this machine believes that it was."""
    here.company.switches.update({"query_lag_s": "2", "requestid": "ignore", "duplicate_number_warning": "off"})
    here.edit("lookup_wait_seconds = 0.1", "lookup_wait_seconds = 4")
    here.dies_after(batches=4)
    here.clock = lambda: datetime.now(UTC) + jump
    said = here.push()
    assert said.exit == 0, said.brief
    assert here.books() == undisturbed


# ---- the disk, the folders and the files of this machine


def harmed(name: str, content: bytes | None) -> Make:
    """That file of the company with other content, None for none; put back afterwards."""

    @contextmanager
    def harm(here: World) -> Iterator[None]:
        path = here.folder / name
        kept = here.reports.parent / "kept"
        path.rename(kept)
        if content is not None:
            path.write_bytes(content)
        yield
        if path.exists():
            path.unlink()
        kept.rename(path)

    return harm


def closed(name: str, mode: int = 0o500) -> Make:
    """That file or folder of the company ("" for the folder itself) with those rights only."""
    return lambda here: rights(here.folder / name, mode)


def reports_closed(here: World) -> AbstractContextManager[Any]:
    here.reports.mkdir(exist_ok=True)
    return rights(here.reports, 0o500)


@contextmanager
def file_in_the_way(here: World) -> Iterator[None]:
    """Where the reports should go there is a file."""
    shutil.rmtree(here.reports, ignore_errors=True)
    here.reports.write_text("mine")
    yield
    here.reports.unlink()


@contextmanager
def no_space_for_reports(here: World) -> Iterator[None]:
    """The disk of the reports is full: files can be made there, and nothing can be written into them."""
    opened = Path.open

    class Full(io.RawIOBase):
        def writable(self) -> bool:
            return True

        def write(self, content: Any, /) -> int:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def full(path: Path, mode: str = "r", *more: Any, **options: Any) -> Any:
        handle = opened(path, mode, *more, **options)
        if here.reports not in path.parents or "w" not in mode:
            return handle
        handle.close()
        return Full()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Path, "open", full)
        yield


@contextmanager
def posting_log_held(here: World) -> Iterator[None]:
    """Another program has the posting log open and writes for ever."""
    here.run("status")
    held = sqlite3.connect(here.folder / "posting-log.db", isolation_level=None, check_same_thread=False)
    held.execute("BEGIN IMMEDIATE")
    here.monkeypatch.setattr("toolkit.posting_log.PATIENCE", 0.2)
    yield
    held.execute("ROLLBACK")
    held.close()


def begun(make: Make) -> Make:
    """The trouble after a first command, so that every file of the company is there."""

    def after(here: World) -> AbstractContextManager[Any] | None:
        assert here.run("preview").exit == 0
        return make(here)

    return after


@contextmanager
def passphrase(here: World, wrong: str | None) -> Iterator[None]:
    """The connection was stored with a passphrase, and now it is another one, or none."""
    stored = here.store.load()
    assert stored is not None
    here.store.clear()
    here.monkeypatch.setattr(opening, "_passphrase", lambda environ: lambda: "right")
    opening.open_store(here.folder, sleep=lambda seconds: None, passphrase=lambda: "right").save(stored)
    here.monkeypatch.setattr(opening, "_passphrase", lambda environ: (lambda: wrong) if wrong else None)
    yield
    here.monkeypatch.setattr(opening, "_passphrase", lambda environ: lambda: "right")


class ClosedKeyring:
    def __getattr__(self, name: str) -> Any:
        raise RuntimeError("no keyring daemon")


@contextmanager
def keyring_closed(here: World) -> Iterator[None]:
    """The connection is in a keyring that this session cannot open."""
    kept = here.folder.parent / "kept"
    kept.mkdir()
    for name in ("tokens.enc", "tokens.key"):
        (here.folder / name).rename(kept / name)
    (here.folder / "tokens.keyring").touch()
    here.monkeypatch.setattr(opening, "_keyring", ClosedKeyring)
    yield
    here.monkeypatch.setattr(opening, "_keyring", lambda: None)
    (here.folder / "tokens.keyring").unlink()
    for path in kept.iterdir():
        path.rename(here.folder / path.name)


@contextmanager
def log_of_another_company(here: World) -> Iterator[None]:
    here.run("status")
    with sqlite3.connect(here.folder / "posting-log.db") as connection:
        connection.execute("UPDATE meta SET value = '42' WHERE name = 'realm'")
        connection.execute("INSERT INTO run VALUES('x', '', '', '', '', '2026-01-01T00:00:00+00:00', '', 'done', '')")
    connection.close()
    yield
    for path in here.folder.glob("posting-log.db*"):
        path.unlink()


def unreadable_key(here: World) -> AbstractContextManager[Any] | None:
    return harmed("tokens.key", b"b3RoZXIgbWFjaGluZSBvdGhlciBtYWNoaW5lIG90aGU=")(here)


ALL = (("preview",), ("tie-out",), ("status",), PUSH)
DISK = (
    Row("company.toml gone", harmed("company.toml", None), 2, "no-company", ALL),
    Row("company.toml may not be read", closed("company.toml", 0), 2, "file-unusable", ALL),
    Row("company.toml cut", harmed("company.toml", b"[push"), 2, "company-toml", ALL),
    Row(
        "inbox gone",
        harmed("inbox", None), 2, "empty-inbox", (("preview", "--period", ""), ("tie-out", "--period", "")),
    ),
    Row("inbox may not be read", closed("inbox", 0), 2, "file-unusable", (("preview",), PUSH)),
    Row("the month may not be read", closed("inbox/2026-01", 0), 2, "file-unusable", (("preview",), PUSH)),
    Row("a report may not be read", closed("inbox/2026-01/billing.xlsx", 0), 3, "file-unusable", (("preview",), PUSH)),
    Row("mapping.csv may not be read", closed("mapping.csv", 0), 2, "file-unusable", (("preview",), PUSH)),
    Row("reports folder read-only", reports_closed, 2, "file-unusable", (("preview",), PUSH)),
    Row("no space for the reports", no_space_for_reports, 2, "disk-full", (("preview",), PUSH)),
    Row("a file where the reports go", file_in_the_way, 2, "file-unusable", (("preview",), PUSH)),
    Row("company folder read-only, new", closed(""), 2, "posting-log-unwritable", ALL),
    Row("company folder read-only", begun(closed("")), 2, "posting-log-unwritable", ALL),
    Row("posting log read-only", begun(closed("posting-log.db", 0o400)), 2, "posting-log-unwritable", (PUSH,)),
    Row("posting log may not be read", begun(closed("posting-log.db", 0)), 2, "posting-log-unwritable", ALL),
    Row(
        "posting log no database",
        begun(harmed("posting-log.db", b"not a database" * 99)), 2, "posting-log-damaged", ALL,
    ),
    Row("posting log held", posting_log_held, 4, "posting-log-busy", ALL),
    Row("posting log of another company", log_of_another_company, 2, "posting-log-foreign", ALL),
    Row("no space for a posting log", lambda here: full_disk("posting-log.db", 1), 2, "posting-log-unwritable", ALL),
    Row("token file damaged", harmed("tokens.enc", b"{"), 7, "token-store-unreadable", ALL),
    Row("token file of another machine", unreadable_key, 7, "token-store-unreadable", ALL),
    Row("token key lost", harmed("tokens.key", None), 7, "token-store-unreadable", ALL),
    Row("token file may not be read", closed("tokens.enc", 0), 2, "file-unusable", ALL),
    Row("wrong passphrase", lambda here: passphrase(here, "wrong"), 2, "token-store-locked", ALL),
    Row("no passphrase", lambda here: passphrase(here, None), 2, "token-store-locked", ALL),
    Row("keyring closed", keyring_closed, 7, "keyring-closed", ALL),
)  # fmt: skip


@pytest.mark.skipif(os.name != "posix", reason="rights of files as POSIX has them")
@pytest.mark.parametrize("row", DISK, ids=lambda row: row.name)
def test_a_trouble_with_this_machine_is_said_and_nothing_is_lost(
    here: World, undisturbed: dict[str, Any], row: Row
) -> None:
    before = here.books()
    with row.make(here) or nullcontext():
        for command in row.commands:
            said = here.run(*command)
            assert (said.exit, row.code in said.codes) == (row.exit, True), f"{command} {said.brief}"
            reads_well(said)
        assert here.books() == before
    row.cure(here)
    ends_well(here, undisturbed)


def test_without_any_report_status_says_everything_that_is_known(here: World, undisturbed: dict[str, Any]) -> None:
    """It is the command of whoever is in trouble, and needs no report; nor do connecting and disconnecting."""
    here.gate.misdeed = maintenance(where="/batch", after=1)
    cut = here.push()
    here.gate.misdeed = None
    assert cut.json["unknown"] > 0
    with harmed("inbox", None)(here) or nullcontext():
        said = here.run("status", "--period", "", "--runs")
        assert (said.exit, said.codes) == (0, ["empty-inbox"]), said.brief
        assert (said.json["period"], said.json["unanswered"]) == ("", cut.json["unknown"])
        assert [one["run"] for one in said.json["runs"]] == [cut.json["run"]]
        for words in ("connection stored", "sent without an answer yet", cut.json["run"], "There is no report"):
            assert words in said.text
        assert here.run("connect", "--period", "").exit == 0
    ends_well(here, undisturbed)


@pytest.mark.parametrize("pages", [0, 1, 3, 6, 9, 10, 12, 15, 18, 21])
def test_a_disk_that_fills_in_the_midst_of_a_push_loses_nothing(
    here: World, undisturbed: dict[str, Any], pages: int
) -> None:
    """The posting log may grow by so many pages; what was sent and could not be noted is looked up."""
    assert here.run("preview").exit == 0
    with full_disk("posting-log.db", pages):
        said = here.push()
    in_doubt = said.json.get("unknown", 0) > 0
    assert said.exit == (6 if in_doubt else 2), said.brief
    assert said.codes.count("posting-log-unwritable") == 1
    assert "Free some disk space" in said.text
    assert ("what came of it could not be noted; the next run looks it up first" in said.text) == in_doubt
    assert not in_doubt or "everything posted so far is noted" not in said.text
    reads_well(said)
    ends_well(here, undisturbed)


def test_a_renewed_connection_that_cannot_be_stored_is_not_lost(here: World, undisturbed: dict[str, Any]) -> None:
    """Intuit gave a new key and the disk is full: the old key, which is stored, still works for a day."""
    here.company.switches.set("refresh_rotation_h", "0")
    before = here.connect(access_ends=datetime.now(UTC) - timedelta(minutes=1))
    with monkeypatched_disk():
        said = here.run("preview")
    assert (said.exit, said.codes) == (2, ["token-store-unwritable"])
    reads_well(said)
    assert here.store.load() == before
    ends_well(here, undisturbed)
    kept = here.store.load()
    assert kept is not None
    assert kept.refresh_token != before.refresh_token


@contextmanager
def monkeypatched_disk() -> Iterator[None]:
    """No file of the token store can be synced to a full disk."""

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("toolkit.qbo.tokens.os.fsync", full)
        yield


@pytest.mark.parametrize("mode", [0, 0o400])
@pytest.mark.parametrize("content", [None, b"", b"no database at all" * 99])
def test_the_cache_of_the_books_may_be_anything(
    here: World, undisturbed: dict[str, Any], content: bytes | None, mode: int
) -> None:
    """books.db only saves reading: whatever is wrong with it, the books are read anew."""
    assert here.run("preview").exit == 0
    path = here.folder / "books.db"
    if content is not None:
        for part in here.folder.glob("books.db*"):
            part.unlink()
        path.write_bytes(content)
    with rights(path, mode):
        assert here.push().exit == 0
    assert here.books() == undisturbed


def test_a_company_id_that_was_wrong_at_first_can_be_corrected(here: World, undisturbed: dict[str, Any]) -> None:
    """A posting log with nothing in it is bound to the company that is named when something is."""
    here.edit('realm = "9130495895871361"', 'realm = "42"')
    assert here.run("preview").codes == ["wrong-company"]
    here.edit('realm = "42"', 'realm = "9130495895871361"')
    ends_well(here, undisturbed)


# ---- practice books, opened in this process


@pytest.fixture
def practice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Said]:
    from click.testing import CliRunner

    from toolkit.cli import cli

    monkeypatch.delenv("COWORKS_QBO_URL", raising=False)
    folder = copy_of_sample(tmp_path)

    def run(*arguments: str) -> Said:
        where = ["--company", str(folder), "--reports", str(tmp_path / "reports"), "--json"]
        result = CliRunner().invoke(cli, [arguments[0], *where, *arguments[1:]])
        assert "Traceback" not in result.output, result.output
        assert result.exit_code != 1, result.output
        return Said(result.exit_code, json.loads(result.stdout.strip().splitlines()[-1]), result.output)

    return run


def test_practice_books_on_a_full_disk_are_said_in_words(practice: Callable[..., Said], tmp_path: Path) -> None:
    first = practice("preview")
    assert first.exit == 0, first.brief
    with small_files(tmp_path / "sample", "qbo.db"):
        said = practice("push", "--approve", "auto")
    assert said.exit in (2, 6), said.brief
    assert "practice-books" in said.codes
    assert "Free some disk space" in said.text
    reads_well(said)
    assert practice("push", "--approve", "auto").exit == 0
    assert practice("deposits", "--approve", "auto").exit == 0
    assert practice("tie-out").json["ties"] is True


@contextmanager
def small_files(folder: Path, name: str) -> Iterator[None]:
    """SQLite files of that name, opened by anybody in this process, may not grow."""
    real = sqlite3.connect

    def connect(path: Any, *args: Any, **options: Any) -> sqlite3.Connection:
        made: sqlite3.Connection = real(path, *args, **options)
        if str(path).endswith(name):
            [used] = made.execute("PRAGMA page_count").fetchone()
            made.execute(f"PRAGMA max_page_count={used + 2}")
        return made

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sqlite3, "connect", connect)
        yield


@pytest.mark.skipif(os.name != "posix", reason="rights of files as POSIX has them")
def test_practice_books_in_a_read_only_folder_are_said_in_words(practice: Callable[..., Said], tmp_path: Path) -> None:
    with rights(tmp_path / "sample", 0o500):
        said = practice("preview")
    assert (said.exit, said.codes) == (2, ["practice-books"])
    assert "make the company's folder writable" in said.text
    reads_well(said)
    assert practice("preview").exit == 0
    with rights(tmp_path / "sample" / "qbo.db", 0o400):
        said = practice("push", "--approve", "auto")
    assert (said.exit, said.codes) == (2, ["practice-books"])
    reads_well(said)


# ---- what a plan of QuickBooks does not have


def test_a_plan_without_classes_is_read_as_one_that_has_none(here: World, undisturbed: dict[str, Any]) -> None:
    """Simple Start and Essentials answer 5030 to questions about classes; a month that names none is posted."""
    refused = fault("5030", "The following feature is not supported : Class")
    asked: list[str] = []

    def classless(environ: Any, start_response: Any) -> Any:
        text = unquote_plus(environ["QUERY_STRING"])
        if "FROM Class" not in text:
            return None
        asked.append(text)
        return refused(environ, start_response)

    here.gate.misdeed = classless
    said = here.push()
    assert asked
    assert said.exit == 0, said.brief
    assert here.books() == undisturbed
