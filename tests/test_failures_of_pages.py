"""What goes wrong while the month runs through its notebooks ends in the same sentences and exit codes."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
import pytest
from click.testing import CliRunner
from drills import prepare
from prepared_home import FIRST, fresh

from toolkit import month_end
from toolkit.cli import cli
from toolkit.open_company import HOME_VARIABLE


@dataclass(frozen=True)
class Row:
    name: str
    make: Callable[[Path, Path], list[str] | None]
    """What is done to the company's folder and the reports; options of the command."""
    exit: int
    code: str
    page: str = ""
    """The page that stops, and is kept with its cell marked; "" if none is begun, or none stops."""


def never_connected(folder: Path, reports: Path) -> None:
    path = folder / "company.toml"
    path.write_text(path.read_text(encoding="utf-8").replace('"emulator"', '"sandbox"'), encoding="utf-8")


def lapsed(folder: Path, reports: Path) -> None:
    prepare(folder, subscription="lapsed")


def server_gone(folder: Path, reports: Path) -> list[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return ["--qbo-url", f"http://127.0.0.1:{free.getsockname()[1]}"]


def damaged_log(folder: Path, reports: Path) -> None:
    (folder / "posting-log.db").write_bytes(b"no database" * 500)


def damaged_tokens(folder: Path, reports: Path) -> None:
    (folder / "tokens.enc").write_bytes(b"{")


def file_for_reports(folder: Path, reports: Path) -> None:
    reports.write_text("mine")


def file_for_pages(folder: Path, reports: Path) -> None:
    pack = reports / folder.name / FIRST
    pack.mkdir(parents=True)
    (pack / "notebooks").write_text("mine")


def folder_for_plan(folder: Path, reports: Path) -> None:
    (reports / folder.name / FIRST / "plan.json").mkdir(parents=True)


def no_inbox(folder: Path, reports: Path) -> None:
    (folder / "inbox").rename(folder / "outbox")


ROWS = (
    Row("never connected", never_connected, 7, "not-connected", "01_connect"),
    Row("subscription lapsed", lapsed, 3, "subscription-ended"),
    Row("server gone", server_gone, 5, "intuit-unreachable", "01_connect"),
    Row("posting log damaged", damaged_log, 2, "posting-log-damaged"),
    Row("token file damaged", damaged_tokens, 7, "token-store-unreadable"),
    Row("a file where the reports go", file_for_reports, 2, "file-unusable"),
    Row("a file where the pages go", file_for_pages, 2, "file-unusable"),
    Row("a folder where the plan goes", folder_for_plan, 2, "file-unusable", "03_preview"),
    Row("no inbox", no_inbox, 2, "empty-inbox"),
)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_a_month_that_cannot_go_on_says_why_and_keeps_the_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, row: Row
) -> None:
    home, reports = tmp_path / "home", tmp_path / "reports"
    folder = fresh(home)
    monkeypatch.setenv(HOME_VARIABLE, str(home))
    monkeypatch.delenv("COWORKS_QBO_URL", raising=False)
    monkeypatch.setattr(month_end, "NOTEBOOKS", ("01_connect", "03_preview", "04_push"))
    more = row.make(folder, reports) or []
    result = CliRunner().invoke(cli, ["demo", "--company", str(folder), "--reports", str(reports), "--json", *more])
    assert "Traceback" not in result.output
    said: dict[str, Any] = json.loads(result.stdout)
    problems = [one for month in said.get("months", []) for one in month["problems"]] + said["problems"]
    assert (result.exit_code, row.code in {one["code"] for one in problems}) == (row.exit, True), result.output[:2000]
    if row.page:
        [first, *_] = said["months"]
        stopped = Path(first["notebooks"][-1])
        assert stopped.stem == row.page
        cells = nbformat.read(stopped, as_version=4).cells  # type: ignore[no-untyped-call]
        assert any("papermill-error-cell-tag" in cell.metadata.get("tags", []) for cell in cells)
