"""The emulator as a process of its own, and its documentation."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from emulator_doors import OTHER

from toolkit.emulator import injection
from toolkit.emulator.company import Company
from toolkit.emulator.switches import SWITCHES

ROOT = Path(__file__).parents[1]
QUERY = "select * from Customer"


class Server:
    """The emulator as a process of its own."""

    def __init__(self, *options: str):
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": ""}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "toolkit.emulator", *options],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment,
            cwd=ROOT,
        )

    def line(self) -> dict[str, Any]:
        """What it said on standard output when it was ready."""
        assert self.process.stdout is not None
        text = self.process.stdout.readline()
        assert text, self.process.communicate()[1]
        told: dict[str, Any] = json.loads(text)
        return told

    def end(self, number: int = signal.SIGTERM) -> tuple[int, str, str]:
        """Its exit code, the rest of its output, its log."""
        self.process.send_signal(number)
        out, log = self.process.communicate(timeout=20)
        return self.process.returncode, out, log


@contextlib.contextmanager
def running(*options: str) -> Iterator[Server]:
    server = Server(*options)
    try:
        yield server
    finally:
        if server.process.poll() is None:
            server.process.kill()
        server.process.communicate()


def read(told: dict[str, Any], entry: dict[str, Any]) -> requests.Response:
    realm = entry["realm_id"]
    headers = {"Authorization": f"Bearer {entry['access_token']}", "Accept": "application/json"}
    url = f"{told['base_url']}/v3/company/{realm}/companyinfo/{realm}"
    return requests.get(url, headers=headers, timeout=20)


class TestProcess:
    @pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "SIGINT"])
    def test_it_says_one_line_serves_and_ends_with_0(self, number: int) -> None:
        with running("--company", "empty") as server:
            told = server.line()
            assert told.keys() == {
                "base_url",
                "port",
                "state",
                "realm_id",
                "client_id",
                "client_secret",
                "access_token",
                "refresh_token",
                "discovery_url",
            }
            assert told["base_url"] == f"http://127.0.0.1:{told['port']}"
            assert read(told, told).status_code == 200
            assert requests.get(told["discovery_url"], timeout=20).json()["issuer"].startswith(told["base_url"])
            code, out, log = server.end(number)
            assert (code, out) == (0, "")
            assert told["access_token"] not in log
            assert not Path(told["state"]).exists()

    def test_the_state_file_outlives_it_and_switches_and_clock_are_set(self, tmp_path: Path) -> None:
        state = tmp_path / "kept.db"
        options = ("--company", "empty", "--state", str(state))
        with running(*options, "--now", "2026-02-01T09:00:00-08:00", "--switch", "quotas=off", "--admin") as server:
            told = server.line()
            assert told["state"] == str(state.resolve())
            switches = requests.get(f"{told['base_url']}/_emulator/switches", timeout=20).json()
            assert switches["quotas"] == "off"
            assert read(told, told).json()["time"].startswith("2026-02-01T09:0")
            requests.post(
                f"{told['base_url']}/v3/company/{told['realm_id']}/customer",
                json={"DisplayName": "Kept"},
                headers={"Authorization": f"Bearer {told['access_token']}", "Accept": "application/json"},
                timeout=20,
            ).raise_for_status()
            assert server.end()[0] == 0
        company = Company.open(state)
        assert company.realm_id == told["realm_id"]
        kept = company.call("GET", "query", {"query": QUERY}, b"", "")
        assert json.loads(kept.body)["QueryResponse"]["Customer"][0]["DisplayName"] == "Kept"

    def test_folders_and_several_companies_are_served_together(self, tmp_path: Path) -> None:
        folder = tmp_path / "space"
        folder.mkdir()
        (folder / "qbo.json").write_text(json.dumps({"format": 1, "realm_id": OTHER}))
        with running("--company", str(folder), "--company", "empty") as server:
            told = server.line()
            assert len(told["companies"]) == 2
            assert told["companies"][0]["realm_id"] == OTHER
            assert told["companies"][0]["state"] == str((folder / "qbo.db").resolve())
            assert [read(told, each).status_code for each in told["companies"]] == [200, 200]
            server.end()

    @pytest.mark.parametrize(
        "options",
        [
            ("--switch", "nonsense=1"),
            ("--switch", "quotas"),
            ("--switch", "quotas=perhaps"),
            ("--switch", "fault=nothing@1"),
            ("--now", "noon"),
            ("--now", "2026-02-01T09:00:00"),
            ("--company", "no/such/folder"),
            ("--company", "empty", "--company", "empty", "--state", "x.db"),
            ("--port", "70000"),
            ("--nonsense",),
        ],
        ids=" ".join,
    )
    def test_wrong_options_end_it_with_2_and_a_sentence(self, options: tuple[str, ...]) -> None:
        if "--company" not in options:
            options = ("--company", "empty", *options)
        with running(*options) as server:
            out, log = server.process.communicate(timeout=20)
            assert (server.process.returncode, out) == (2, "")
            assert "Error:" in log
            assert "Traceback" not in log

    def test_a_port_in_use_ends_it_with_2(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = str(taken.getsockname()[1])
            with running("--company", "empty", "--port", port) as server:
                log = server.process.communicate(timeout=20)[1]
                assert server.process.returncode == 2
                assert "cannot be used" in log


class TestDocumentation:
    """docs/emulator.md names every switch and every fault with the words of the code."""

    TEXT = (ROOT / "docs" / "emulator.md").read_text(encoding="utf-8")

    @pytest.mark.parametrize("switch", SWITCHES, ids=lambda switch: switch.name)
    def test_every_switch_has_its_row(self, switch: Any) -> None:
        values = ", ".join(f"`{value}`" for value in switch.values)
        values = {"`0..`": "a whole number", "`text`": "a text"}.get(values, values)
        default = f"`{switch.default}`" if switch.default else "none"
        row = f"| `{switch.name}` | {values} | {default} | {switch.does} | {switch.source} |"
        assert row in self.TEXT, f"docs/emulator.md lacks the row\n{row}"

    def test_no_row_is_left_over(self) -> None:
        named = re.findall(r"^\| `(\w+)` \| .* \| .* \| .* \| .* \|$", self.TEXT, re.MULTILINE)
        assert named == [switch.name for switch in SWITCHES]

    @pytest.mark.parametrize("name", injection.KINDS)
    def test_every_fault_has_its_row(self, name: str) -> None:
        kind = injection.KINDS[name]
        row = f"| `{name}` | {kind.where} | {kind.words} |"
        assert row in self.TEXT, f"docs/emulator.md lacks the row\n{row}"
