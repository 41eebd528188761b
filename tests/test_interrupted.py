"""A push that is ended from outside: Ctrl-C, SIGTERM, kill -9. What stands is said, and running again resumes.

Real processes of the command line, on the sample company whose QuickBooks takes a second for each batch.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from drills import books_of, prepare, wrong_links
from made_companies import copy_of_sample
from test_lost_logs import ask

Said = dict[str, Any]
MONTH = ("--period", "2026-01", "--approve", "auto")


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = copy_of_sample(tmp_path_factory.mktemp("fresh"))
    prepare(folder, quotas="off", batch_latency_ms="0")
    assert ask(folder, "preview", "--period", "2026-01")["exit"] == 0
    return folder


@pytest.fixture(scope="module")
def right(fresh: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("right") / "sample"
    shutil.copytree(fresh, folder)
    assert ask(folder, "push", *MONTH)["exit"] == 0
    return books_of(folder)


@pytest.fixture
def company(fresh: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "sample"
    shutil.copytree(fresh, folder)
    prepare(folder, batch_latency_ms="900")
    return folder


def begin(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    """A command in a process of its own."""
    where = ["--company", str(folder), "--reports", str(folder / "reports"), "--json"]
    command = [sys.executable, "-m", "toolkit.cli", arguments[0], *where, *arguments[1:]]
    environ = {name: value for name, value in os.environ.items() if not name.startswith("COWORKS")}
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environ)


def wait_for_entries(folder: Path, wanted: int) -> None:
    """Wait until so many customers stand in QuickBooks: the push is in its midst."""
    for _ in range(600):
        if len(books_of(folder)["customers"]) >= wanted:
            return
        time.sleep(0.05)
    raise AssertionError("the push never got under way")


def ended(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    out, err = process.communicate(timeout=60)
    return process.returncode, out, err


def standings(folder: Path) -> tuple[dict[str, int], int, list[str]]:
    said = ask(folder, "status")
    return said["standings"], said["unanswered"], said["unfinished"]


@pytest.mark.parametrize(
    "signals", [(signal.SIGINT,), (signal.SIGTERM,), (signal.SIGINT, signal.SIGINT, signal.SIGTERM)]
)
def test_a_signal_ends_cleanly_says_what_stands_and_running_again_resumes(
    signals: tuple[signal.Signals, ...], company: Path, right: dict[str, Any]
) -> None:
    """A second and a third Ctrl-C change nothing: the answers in hand are still written down."""
    before = len(books_of(company)["customers"])
    process = begin(company, "push", *MONTH)
    wait_for_entries(company, before + 1)
    for one in signals:
        process.send_signal(one)
        time.sleep(0.05)
    code, out, err = ended(process)
    assert code == 130, err
    assert "Traceback" not in err
    assert json.loads(out.strip().splitlines()[-1])["exit"] == 130
    assert "Stopped. Everything answered so far is in the posting log; run the same command again." in err
    counted, unanswered, unfinished = standings(company)
    assert counted["done"] >= 30
    assert unanswered == 0, "every answer in hand was written down"
    assert len(unfinished) == 1
    prepare(company, batch_latency_ms="0")
    again = ask(company, "push", *MONTH)
    assert (again["exit"], again["created"] + counted["done"]) == (0, 157)
    assert books_of(company) == right
    assert wrong_links(company) == []
    assert standings(company) == ({"done": 157, "adopted": 20}, 0, [])


def test_after_kill_9_status_says_what_was_sent_without_an_answer(company: Path, right: dict[str, Any]) -> None:
    before = len(books_of(company)["customers"])
    process = begin(company, "push", *MONTH)
    wait_for_entries(company, before + 1)
    process.kill()
    assert ended(process)[0] == -signal.SIGKILL
    counted, unanswered, unfinished = standings(company)
    assert unanswered == counted["begun"] > 0
    assert len(unfinished) == 1
    text = said(company, "status")
    assert f"{unanswered}  sent without an answer yet: run push again, it looks them up first" in text
    resumes = f"coworks-qbo push --company {company} --period 2026-01 --approve {unfinished[0]}"
    assert f"plan {unfinished[0]} was begun and not finished: {resumes}" in text
    prepare(company, batch_latency_ms="0")
    again = ask(company, "push", "--period", "2026-01", "--approve", unfinished[0])
    assert (again["exit"], again.get("digest")) == (0, unfinished[0]), again["problems"]
    assert books_of(company) == right
    assert standings(company) == ({"done": 157, "adopted": 20}, 0, [])


def said(folder: Path, command: str, *arguments: str) -> str:
    from click.testing import CliRunner

    from toolkit.cli import cli

    return CliRunner().invoke(cli, [command, "--company", str(folder), *arguments]).output


def test_what_is_failed_and_what_is_unknown_is_counted_apart(company: Path, right: dict[str, Any]) -> None:
    """One batch is never answered, and from the next on the company refuses to be written."""
    prepare(company, batch_latency_ms="0", faults="lost_answer:batch@2x5,unavailable:query@1x40")
    process = begin(company, "push", *MONTH)
    code, out, err = ended(process)
    cut = json.loads(out.strip().splitlines()[-1])
    assert code in (5, 6, 7), err
    _, unanswered, unfinished = standings(company)
    assert cut["unknown"] + cut["failed"] + cut["created"] <= 157
    assert unanswered > 0
    assert len(unfinished) == 1
    prepare(company, faults="off")
    assert ask(company, "push", *MONTH)["exit"] == 0
    assert books_of(company) == right
    assert standings(company) == ({"done": 157, "adopted": 20}, 0, [])


def test_a_cut_run_of_bank_deposits_is_resumed_with_its_own_command(company: Path) -> None:
    prepare(company, batch_latency_ms="0")
    assert ask(company, "push", *MONTH)["exit"] == 0
    prepare(company, faults="subscription_lapsed:batch@1")
    cut = ask(company, "deposits", *MONTH)
    assert cut["exit"] != 0
    prepare(company, faults="off", subscription="active")
    _, _, (digest,) = standings(company)
    assert f"deposits --company {company} --period 2026-01 --approve {digest}" in said(company, "status")
    again = ask(company, "deposits", "--period", "2026-01", "--approve", digest)
    assert (again["exit"], again["created"]) == (0, 10)
    assert ask(company, "tie-out", "--period", "2026-01")["ties"]
