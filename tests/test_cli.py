"""The command line is a contract: commands, JSON keys and exit codes that other programs are built on."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from made_companies import copy_of_sample

from toolkit.cli import cli

Invoke = Callable[..., Result]
JANUARY, FEBRUARY = "inbox/2026-01/billing.xlsx", "inbox/2026-02/billing.xlsx"
COMMON = {"command", "company", "period", "exit", "problems", "qbo_reads", "qbo_writes"}


@pytest.fixture
def sample(tmp_path: Path) -> Path:
    return copy_of_sample(tmp_path)


@pytest.fixture
def run(sample: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Invoke:
    monkeypatch.delenv("COWORKS_QBO_URL", raising=False)

    def invoke(*arguments: str, company: Path | None = None) -> Result:
        where = ["--company", str(company or sample), "--reports", str(tmp_path / "reports")]
        return CliRunner().invoke(cli, [arguments[0], *where, *arguments[1:]])

    return invoke


@pytest.fixture
def ask(run: Invoke) -> Callable[..., dict[str, Any]]:
    def asked(*arguments: str, **more: Any) -> dict[str, Any]:
        result = run(*arguments, "--json", **more)
        assert len(result.stdout.strip().splitlines()) == 1, "one object on stdout, the rest on stderr"
        answer: dict[str, Any] = json.loads(result.stdout)
        assert answer["exit"] == result.exit_code
        assert answer.keys() >= COMMON
        for problem in answer["problems"]:
            assert problem.keys() >= {"code", "where", "what", "why", "do"}
        return answer

    return asked


def test_preview_changes_nothing_and_says_what_would_be_done(ask: Callable[..., dict[str, Any]], sample: Path) -> None:
    first = ask("preview", "--period", "2026-01")
    again = ask("preview", "--period", "2026-01")
    assert first["exit"] == 0
    assert first["qbo_writes"] == again["qbo_writes"] == 0
    assert first["digest"] == again["digest"]
    assert first["counts"] == {"create customer": 46, "create invoice": 57, "create payment": 53, "create refund": 1}
    assert first["totals"]["invoice"] == "27862.20"
    assert {"key", "kind", "action", "entity", "label", "reason", "amount"} <= first["operations"][0].keys()


def test_the_month_goes_from_preview_to_tied_and_a_second_push_writes_nothing(
    ask: Callable[..., dict[str, Any]],
) -> None:
    digest = ask("preview")["digest"]
    pushed = ask("push", "--approve", digest)
    assert {name: pushed[name] for name in ("exit", "created", "voided", "failed", "unknown", "held")} == {
        "exit": 0, "created": 157, "voided": 0, "failed": 0, "unknown": 0, "held": 0,
    }  # fmt: skip
    banked = ask("deposits", "--approve", "auto")
    assert (banked["exit"], banked["created"]) == (0, 10)
    proved = ask("tie-out", "--sign", "Dana")
    assert (proved["exit"], proved["ties"], proved["unexplained"]) == (0, True, "0.00")
    assert ask("push", "--period", "2026-01", "--approve", "auto")["qbo_writes"] == 0
    assert ask("preview")["period"] == "2026-02", "the earliest month that is not signed off"


@pytest.mark.parametrize("approve", [(), ("--approve", "0123456789abcdef")], ids=["no code", "another code"])
def test_push_without_the_right_approval_code_exits_4_and_writes_nothing(
    ask: Callable[..., dict[str, Any]], approve: tuple[str, ...]
) -> None:
    refused = ask("push", *approve)
    assert (refused["exit"], refused["qbo_writes"]) == (4, 0)


def test_a_month_that_is_not_posted_does_not_tie_and_exits_8(ask: Callable[..., dict[str, Any]]) -> None:
    proved = ask("tie-out")
    assert (proved["exit"], proved["ties"]) == (8, False)


def test_live_books_need_the_word_and_a_connection(ask: Callable[..., dict[str, Any]], sample: Path) -> None:
    settings = sample / "company.toml"
    settings.write_text(settings.read_text(encoding="utf-8").replace('"emulator"', '"production"'), encoding="utf-8")
    assert ask("preview")["exit"] == 7


@pytest.mark.parametrize(
    ("break_it", "arguments", "code"),
    [
        (lambda folder: (folder / "company.toml").write_text("[push"), ("preview",), 2),
        (lambda folder: (folder / "qbo.json").write_text("{"), ("preview",), 2),
        (lambda folder: (folder / "qbo.db").write_text("not a database"), ("preview",), 2),
        (lambda folder: (folder / "company.toml").write_text("pussh = 1"), ("preview",), 2),
        (lambda folder: (folder / "mapping.csv").write_text("kind,product\nplan,Desk\n"), ("preview",), 2),
        (lambda folder: None, ("preview", "--period", "January"), 2),
        (lambda folder: None, ("preview", "--qbo-url", "https://example.com"), 2),
        (lambda folder: shutil.rmtree(folder / "inbox"), ("preview",), 2),
        (lambda folder: (folder / JANUARY).write_bytes(b"PK\x03\x04 cut"), ("preview",), 3),
        (lambda folder: (folder / JANUARY).write_bytes(b""), ("preview",), 3),
        (lambda folder: shutil.copy(folder / FEBRUARY, folder / JANUARY), ("preview",), 3),
        (lambda folder: (folder / "inbox/2026-01/notes.txt").write_text("hello"), ("preview",), 3),
        (lambda folder: (folder / "voids.csv").unlink(), ("preview", "--period", "2026-02"), 3),
    ],
    ids=[
        "company.toml cut", "qbo.json cut", "qbo.db damaged",
        "unknown setting", "mapping without its columns", "not a month", "not loopback",
        "no inbox", "truncated workbook", "empty file", "wrong month", "unknown file", "a vanished invoice",
    ],
)  # fmt: skip
def test_bad_input_is_one_clear_message_and_the_documented_code(
    ask: Callable[..., dict[str, Any]],
    sample: Path,
    break_it: Callable[[Path], object],
    arguments: tuple[str, ...],
    code: int,
) -> None:
    if "--period" in arguments and arguments[-1] == "2026-02":
        ask("push", "--period", "2026-01", "--approve", "auto")
    break_it(sample)
    answer = ask(*arguments)
    assert answer["exit"] == code
    assert answer["problems"], "a refusal says why"
    assert answer["qbo_writes"] == 0


def test_both_switches_off_say_that_nothing_will_be_posted(ask: Callable[..., dict[str, Any]], sample: Path) -> None:
    settings = sample / "company.toml"
    text = settings.read_text(encoding="utf-8")
    settings.write_text(
        text.replace("invoices = true", "invoices = false").replace("transactions = true", "transactions = false"),
        encoding="utf-8",
    )
    answer = ask("preview")
    assert answer["operations"] == []
    assert "switched-off" in {one["code"] for one in answer["problems"]}


def test_status_map_and_connect_answer(ask: Callable[..., dict[str, Any]]) -> None:
    assert ask("connect")["company_id"] == ask("status")["company_id"]
    assert ask("map")["unmapped"] == []
    assert ask("status", "--runs")["runs"] == []


UNDO_KEYS = {"undoes", "digest", "operations", "counts", "totals", "refused", "undone_before", "adopted"}


def test_a_run_is_previewed_undone_once_and_posted_again_only_when_released(ask: Callable[..., dict[str, Any]]) -> None:
    ask("push", "--approve", "auto")
    posted = ask("deposits", "--approve", "auto")
    runs = [one["run"] for one in ask("status", "--runs")["runs"]]
    assert runs[-1] == posted["run"]
    seen = ask("undo", posted["run"])
    assert (seen["exit"], seen["qbo_writes"], seen["period"]) == (0, 0, "2026-01")
    assert seen.keys() >= UNDO_KEYS
    assert seen["counts"] == {"delete deposit": 10}
    billing = ask("undo", runs[0])
    assert (billing["exit"], billing["refused"] > 0) == (3, True)
    assert {one["code"] for one in billing["problems"]} == {"not-undone"}
    refused = ask("undo", posted["run"], "--approve", "0123456789abcdef")
    assert (refused["exit"], refused["qbo_writes"]) == (4, 0)
    done = ask("undo", posted["run"], "--approve", seen["digest"])
    assert {name: done[name] for name in ("exit", "deleted", "voided", "deactivated", "failed", "unknown")} == {
        "exit": 0, "deleted": 10, "voided": 0, "deactivated": 0, "failed": 0, "unknown": 0,
    }  # fmt: skip
    again = ask("undo", posted["run"], "--approve", seen["digest"])
    assert (again["exit"], again["qbo_writes"], again["undone_before"]) == (0, 0, 10)
    held = ask("deposits", "--approve", "auto")
    assert (held["exit"], held["qbo_writes"], len(held["problems"])) == (3, 0, 11)
    released = ask("release", posted["run"])
    assert (released["exit"], len(released["released"]), released["already"]) == (0, 10, False)
    assert ask("release", posted["run"])["already"] is True
    assert ask("deposits", "--approve", "auto")["created"] == 10
    assert ask("release", posted["run"])["exit"] == 4, "it stands again"


@pytest.mark.parametrize(
    ("arguments", "code", "problem"),
    [
        (("undo", "nonsense"), 2, "unknown-run"),
        (("undo", ""), 2, "unknown-run"),
        (("release", "nonsense"), 2, "nothing-to-release"),
    ],
)
def test_a_name_that_is_not_known_is_said_and_exits_2(
    ask: Callable[..., dict[str, Any]], arguments: tuple[str, ...], code: int, problem: str
) -> None:
    answer = ask(*arguments)
    assert (answer["exit"], answer["qbo_writes"]) == (code, 0)
    assert [one["code"] for one in answer["problems"]] == [problem]


def test_an_unknown_command_or_option_exits_2(run: Invoke) -> None:
    assert CliRunner().invoke(cli, ["fly"]).exit_code == 2
    assert run("preview", "--fly").exit_code == 2


@pytest.mark.parametrize(
    "arguments", [("undo", "--json"), ("preview", "--json", "--fly"), ("push", "--json", "--approve")]
)
def test_a_refused_argument_is_one_object_too(arguments: tuple[str, ...], run: Invoke) -> None:
    said = run(*arguments)
    found = json.loads(said.stdout)
    assert (said.exit_code, found["exit"], found["command"]) == (2, 2, arguments[0])
    assert [one["code"] for one in found["problems"]] == ["usage"]
    assert (found["qbo_reads"], found["qbo_writes"]) == (0, 0)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full on this system")
@pytest.mark.parametrize("command", [["status"], ["sample", "/proc/nowhere/x"]])
def test_output_that_cannot_be_written_is_a_sentence(command: list[str], sample: Path) -> None:
    where = ["--company", str(sample)] if command == ["status"] else []
    asked = [sys.executable, "-m", "toolkit.cli", *command, *where]
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        ended = subprocess.run(asked, check=False, stdout=full, stderr=subprocess.PIPE, text=True)
    assert ended.returncode == 2, ended.stderr
    assert "Traceback" not in ended.stderr
    assert "again" in ended.stderr
