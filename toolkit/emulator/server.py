"""Serve emulated companies over HTTP on this machine, and say in one JSON line how to reach them."""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Any, TextIO

import click

from toolkit.emulator import oauth, tokens
from toolkit.emulator.admin import Refused, moment, set_switch
from toolkit.emulator.app import TABLES, EmulatorApp
from toolkit.emulator.company import Company
from toolkit.emulator.door import Door, stop_on_signals

HOST = "127.0.0.1"
EMPTY = "empty"
FIRST_REALM = 9_130_350_000_000_001
PRINTED_SCOPE = f"{oauth.ACCOUNTING} openid profile email"


class Unusable(Exception):
    """The options cannot be served; the text is a sentence for the person."""


@dataclass(frozen=True, slots=True)
class Served:
    """One open company and the file its state lives in."""

    company: Company
    state: Path


def serve(
    companies: Sequence[str],
    *,
    port: int = 0,
    admin: bool = False,
    switches: Sequence[tuple[str, str]] = (),
    state: Path | None = None,
    now: datetime | None = None,
    out: TextIO = sys.stdout,
    host: str = HOST,
    log: TextIO | None = None,
) -> int:
    """Serve until SIGTERM or SIGINT, then return 0.

    `companies` are folders or the word "empty"; `port` 0 takes a free one; `state` is the file to keep one company's
    state in instead of its folder's qbo.db; `now` sets the companies' clocks. Once connections are accepted one JSON
    line goes to `out`, flushed. Requests are written to `log` if given. Raises Unusable before anything is served.
    """
    stop_on_signals()
    with ExitStack() as stack:
        try:
            served = _open_all(companies, state, stack)
            _prepare(served, switches, now)
            door = _listen(EmulatorApp([each.company for each in served], admin=admin, log=log), host, port)
            stack.callback(door.close)
            _announce(served, host, door.port, out)
            print(f"Emulated QuickBooks Online on http://{_shown(host)}:{door.port}", file=sys.stderr, flush=True)
            door.run()
        except (SystemExit, KeyboardInterrupt):
            pass
    print("The emulator has ended.", file=sys.stderr, flush=True)
    return 0


def _open_all(names: Sequence[str], state: Path | None, stack: ExitStack) -> list[Served]:
    if state is not None and len(names) != 1:
        raise Unusable("--state keeps one company; name exactly one --company with it.")
    folders = {place: _open(Path(name), state) for place, name in enumerate(names) if name != EMPTY}
    realms = [each.company.realm_id for each in folders.values()]
    if len(set(realms)) != len(realms):
        raise Unusable(f"Two companies have the same company ID (realm): {', '.join(realms)}.")
    free = (str(realm) for realm in count(FIRST_REALM) if str(realm) not in realms)
    return [folders.get(place) or _open_empty(state, next(free), stack) for place in range(len(names))]


def _open_empty(state: Path | None, realm: str, stack: ExitStack) -> Served:
    state = state or _passing_folder(stack) / "qbo.db"
    return Served(Company.open(state, seed={"format": 1, "realm_id": realm}), state)


def _open(folder: Path, state: Path | None) -> Served:
    seed = folder / "qbo.json"
    if not seed.is_file() and not (folder / "qbo.db").is_file():
        raise Unusable(f"{folder} holds neither qbo.json nor qbo.db, so there is no emulated company in it.")
    state = state or folder / "qbo.db"
    try:
        return Served(Company.open(state, seed=seed if seed.is_file() else None), state)
    except (ValueError, KeyError) as wrong:
        raise Unusable(f"{folder} cannot be served: {wrong}") from wrong


def _passing_folder(stack: ExitStack) -> Path:
    folder = Path(tempfile.mkdtemp(prefix="emulated-company-"))
    stack.callback(shutil.rmtree, folder, ignore_errors=True)
    return folder


def _prepare(served: Sequence[Served], switches: Sequence[tuple[str, str]], now: datetime | None) -> None:
    for each in served:
        each.company.ensure(TABLES)
        try:
            for name, value in switches:
                set_switch(each.company, name, value)
        except Refused as refused:
            raise Unusable(str(refused)) from None
        if now is not None:
            each.company.set_clock(now)


def _listen(app: EmulatorApp, host: str, port: int) -> Door:
    try:
        return Door(app, host, port)
    except OSError as wrong:
        raise Unusable(f"Port {port} of {host} cannot be used: {wrong.strerror or wrong}") from wrong


def _announce(served: Sequence[Served], host: str, port: int, out: TextIO) -> None:
    base_url = f"http://{_shown(host)}:{port}"
    common = {
        "base_url": base_url,
        "port": port,
        "client_id": oauth.CLIENT_ID,
        "client_secret": oauth.CLIENT_SECRET,
        "discovery_url": f"{base_url}{oauth.DISCOVERY[1]}",
    }
    entries = [common | _entry(each) for each in served]
    line = entries[0] if len(entries) == 1 else common | {"companies": entries}
    out.write(json.dumps(line) + "\n")
    out.flush()


def _entry(each: Served) -> dict[str, Any]:
    issued = tokens.grant(each.company, PRINTED_SCOPE)
    return {
        "state": str(each.state.resolve()),
        "realm_id": each.company.realm_id,
        "access_token": issued.access,
        "refresh_token": issued.refresh,
    }


def _shown(host: str) -> str:
    return f"[{host}]" if ":" in host else host


class SwitchType(click.ParamType[tuple[str, str]]):
    """NAME=VALUE."""

    name = "NAME=VALUE"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, str]:
        """Return name and value; the name itself is checked when the company is open."""
        if isinstance(value, tuple):
            return value
        name, sign, text = str(value).partition("=")
        if not sign:
            self.fail(f"{value!r} is not NAME=VALUE.", param, ctx)
        return name, text


class MomentType(click.ParamType[datetime]):
    """An ISO moment with its offset."""

    name = "ISO"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """Return the moment, aware."""
        try:
            return value if isinstance(value, datetime) else moment(value)
        except Refused as refused:
            self.fail(str(refused), param, ctx)


def _default_companies() -> tuple[str, ...]:
    sample = Path(__file__).parents[2] / "companies" / "sample"
    return (str(sample),) if (sample / "qbo.json").is_file() else (EMPTY,)


@click.command("emulator")
@click.option("--port", default=0, show_default=True, type=click.IntRange(0, 65535), help="0 takes a free port.")
@click.option(
    "--company",
    "companies",
    multiple=True,
    metavar="DIR|empty",
    help="A company folder, or an empty company; several are served together. Default: the sample company.",
)
@click.option(
    "--state",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Keep the company's state in this file instead of its folder's qbo.db.",
)
@click.option("--now", type=MomentType(), help="Set the companies' clock, for example 2026-02-01T09:00:00-08:00.")
@click.option(
    "--switch",
    "switches",
    multiple=True,
    type=SwitchType(),
    help="Change a behavior, see docs/emulator.md; may be repeated.",
)
@click.option("--admin", is_flag=True, help="Also answer /_emulator/: switches, clock, snapshot, disconnect.")
@click.option(
    "--host",
    default=HOST,
    show_default=True,
    metavar="ADDRESS",
    help="Listen elsewhere than on this machine. Unwise: there is no encryption, the client secret is public, and"
    " whoever reaches the port can connect an app and read and change everything.",
)
@click.option("--verbose", is_flag=True, help="Write each request to stderr.")
def command(  # noqa: PLR0917  # click passes one argument for each option
    port: int,
    companies: tuple[str, ...],
    state: Path | None,
    now: datetime | None,
    switches: tuple[tuple[str, str], ...],
    admin: bool,
    host: str,
    verbose: bool,
) -> None:
    """Serve an emulated QuickBooks Online on this machine.

    When connections are accepted, one JSON line on stdout says where and with which tokens. SIGTERM and Ctrl-C end it.
    """
    chosen = companies or _default_companies()
    log = sys.stderr if verbose else None
    try:
        code = serve(chosen, port=port, admin=admin, switches=switches, state=state, now=now, host=host, log=log)
    except Unusable as wrong:
        raise click.UsageError(str(wrong)) from None
    sys.exit(code)
