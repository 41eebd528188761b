"""The notebooks keep their shape, run alone and in order without a person, and refuse what they should refuse."""

from __future__ import annotations

import ast
import shutil
from pathlib import Path
from typing import Any

import nbformat
import papermill
import pytest

from tests.made_companies import copy_of_sample
from tests.prepared_home import FIRST, ROOT, fresh, opened, prepared
from toolkit import month_end
from toolkit.month_end_kernel import parameters_of
from toolkit.open_company import HOME_VARIABLE
from toolkit.problems import UsageError

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
NAMES = [
    "00_start_here", "01_connect", "02_map", "03_preview", "04_push", "05_deposits", "06_month_end",
]  # fmt: skip
POSTING = {"04_push", "05_deposits"}
TIE_OUT = {"nbval-check-output", "keep_output"}


def read(path: Path) -> Any:
    return nbformat.read(path, as_version=4)


def tags(cell: Any) -> set[str]:
    return set(cell.metadata.get("tags", []))


def code(notebook: Any) -> list[Any]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


each = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def test_there_are_seven_pages() -> None:
    assert [path.stem for path in NOTEBOOKS] == NAMES


# ---- shape


@each
def test_a_page_asks_a_question_and_says_what_it_reads_changes_and_how_to_undo(path: Path) -> None:
    first = read(path).cells[0]
    assert first.cell_type == "markdown"
    assert first.source.startswith("# ")
    assert first.source.splitlines()[0].endswith("?")
    assert "read" in first.source.lower()
    assert "change" in first.source.lower()
    assert "undo" in first.source.lower()


@each
def test_a_page_has_one_parameters_cell_of_commented_literals_in_the_second_place(path: Path) -> None:
    notebook = read(path)
    marked = [place for place, cell in enumerate(notebook.cells) if "parameters" in tags(cell)]
    assert marked == [1]
    lines = notebook.cells[1].source.splitlines()
    for line in lines:
        node = ast.parse(line).body[0]
        assert isinstance(node, ast.AnnAssign)
        assert isinstance(node.annotation, ast.Name)
        assert node.annotation.id in ("str", "bool")
        assert isinstance(node.value, ast.Constant)
        assert "  # " in line
    wanted = {"company", "period", "headless"} | ({"approve", "live"} if path.stem in POSTING else set())
    assert {line.split(":")[0] for line in lines} == wanted
    assert parameters_of(path) == wanted


@each
def test_cells_are_thin_and_define_nothing(path: Path) -> None:
    notebook = read(path)
    for cell in code(notebook):
        assert len(cell.source.splitlines()) <= 10
        for node in ast.walk(ast.parse(cell.source)):
            assert not isinstance(node, ast.FunctionDef | ast.ClassDef | ast.Lambda | ast.For | ast.While | ast.Try)
    texts = [cell for cell in notebook.cells if cell.cell_type == "markdown"]
    assert len(texts) >= len(code(notebook))


@each
def test_only_the_tie_out_line_is_kept_with_its_count(path: Path) -> None:
    notebook = read(path)
    assert "widgets" not in notebook.metadata
    last = code(notebook)[-1]
    assert tags(last) >= TIE_OUT
    assert last.execution_count == len(code(notebook))
    assert [output.output_type for output in last.outputs] == ["stream"]
    assert len(last.outputs[0].text.strip().splitlines()) == 1
    for cell in code(notebook)[:-1]:
        assert not cell.outputs
        assert cell.execution_count is None
        assert not tags(cell) & TIE_OUT


@each
def test_pages_come_in_one_order_and_end_with_the_next_page(path: Path) -> None:
    notebook = read(path)
    headings = [line for cell in notebook.cells for line in cell.source.splitlines() if line.startswith("## ")]
    assert [one.split(".")[0] for one in headings[:3]] == ["## 1", "## 2", "## 3"]
    assert headings[3].startswith("## What to check")
    assert ".panel(" in code(notebook)[-2].source
    end = notebook.cells[-1]
    assert end.cell_type == "markdown"
    linked = NAMES[(NAMES.index(path.stem) + 1) % len(NAMES)]
    assert f"{linked}.ipynb" in end.source


# ---- run alone


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return prepared(tmp_path_factory.mktemp("pages") / "home")


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch, home: Path) -> Path:
    monkeypatch.setenv(HOME_VARIABLE, str(home))
    return home


@pytest.mark.parametrize("name", NAMES)
def test_each_page_runs_alone_headless_by_papermill_with_the_same_line(at: Path, tmp_path: Path, name: str) -> None:
    """papermill itself, not our runner; headless builds no widget."""
    out = tmp_path / "out.ipynb"
    source = ROOT / "notebooks" / f"{name}.ipynb"
    papermill.execute_notebook(
        source, out, parameters={"headless": True}, cwd=at / "notebooks", kernel_name="python3", progress_bar=False
    )
    ran = read(out)
    assert not ran.metadata.get("widgets")
    kept, line = code(read(source))[-1].outputs[0].text, code(ran)[-1].outputs[0].text
    assert line == kept


# ---- run in order


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A home of the test's own with nothing posted."""
    fresh(tmp_path / "home")
    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path / "home"))
    return tmp_path / "home"


def test_a_month_runs_from_reports_to_pack_and_again_writes_nothing(alone: Path) -> None:
    first = month_end.run("sample", FIRST, approve="auto")
    assert (first.exit_code, first.ties, first.problems and [p for p in first.problems if p.severity != "note"]) == (
        0, True, [],
    )  # fmt: skip
    assert first.writes == 46 + 57 + 53 + 1 + 10
    assert [name for name, _ in first.lines] == list(month_end.NOTEBOOKS)
    assert (first.pack / "month-end.html").exists()
    assert [one.stem for one in first.pages] == list(month_end.NOTEBOOKS)
    assert all(one.exists() for one in first.pages)
    again = month_end.run("sample", FIRST, approve="auto")
    assert (again.exit_code, again.writes, again.lines) == (0, 0, first.lines)


def test_without_approval_a_month_posts_nothing_and_does_not_tie(alone: Path) -> None:
    month = month_end.run("sample", FIRST)
    assert (month.exit_code, month.ties, month.writes) == (8, False, 0)
    assert month.as_json()["exit"] == 8


def test_a_plan_that_was_not_reviewed_as_it_is_now_is_refused(
    alone: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The preview is looked at, then mapping.csv changes: 04_push stops, its page is kept with the cell marked."""
    monkeypatch.setattr(month_end, "NOTEBOOKS", ("03_preview",))
    assert month_end.run("sample", FIRST).exit_code == 0
    mapping = alone / "companies" / "sample" / "mapping.csv"
    mapping.write_text(mapping.read_text().replace("Hot Desk Plus,,Hot Desk Memberships", "Hot Desk Plus,,Day Passes"))
    monkeypatch.setattr(month_end, "NOTEBOOKS", ("04_push", "05_deposits"))
    month = month_end.run("sample", FIRST, approve="auto")
    assert (month.exit_code, month.writes, [one.stem for one in month.pages]) == (4, 0, ["04_push"])
    assert [one.code for one in month.problems if one.severity != "note"] == ["stale"]
    marked = [cell for cell in read(month.pages[0]).cells if "papermill-error-cell-tag" in tags(cell)]
    assert len(marked) >= 1


def test_a_plan_that_nobody_reviewed_is_refused(alone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(month_end, "NOTEBOOKS", ("04_push",))
    month = month_end.run("sample", FIRST, approve="auto")
    assert (month.exit_code, month.writes) == (4, 0)
    assert [one.code for one in month.problems if one.severity != "note"] == ["not-reviewed"]
    assert not (alone / "reports" / "sample" / FIRST / "plan.json").exists()


def test_a_wrong_code_is_refused(alone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(month_end, "NOTEBOOKS", ("03_preview", "04_push"))
    month = month_end.run("sample", FIRST, approve="0123456789abcdef")
    assert (month.exit_code, month.writes) == (4, 0)


def test_the_reviewed_code_posts(alone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(month_end, "NOTEBOOKS", ("03_preview",))
    month_end.run("sample", FIRST)
    from toolkit import plan

    code = plan.from_json((alone / "reports" / "sample" / FIRST / "plan.json").read_bytes()).digest
    monkeypatch.setattr(month_end, "NOTEBOOKS", ("04_push",))
    month = month_end.run("sample", FIRST, approve=code)
    assert (month.exit_code, month.writes) == (0, 157)
    with opened(alone) as company:
        assert [(one.approved_by, one.digest) for one in company.log.runs()] == [("04_push", code)]


def test_both_switches_off_posts_nothing_and_says_why(alone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A2: connecting is not enough."""
    settings = alone / "companies" / "sample" / "company.toml"
    settings.write_text(settings.read_text().replace("invoices = true", "invoices = false").replace(
        "transactions = true", "transactions = false"))  # fmt: skip
    monkeypatch.setattr(month_end, "NOTEBOOKS", ("01_connect", "03_preview", "04_push"))
    month = month_end.run("sample", FIRST, approve="auto")
    assert month.writes == 0
    assert "switched-off" in {one.code for one in month.problems}
    page = month.pages[-1].read_text(encoding="utf-8")
    assert "Both switches are off" in page


# ---- bad input


def test_an_unknown_parameter_is_refused(at: Path) -> None:
    with pytest.raises(UsageError) as raised:
        month_end.run("sample", FIRST, more={"perod": "2026-02"})
    assert raised.value.problem.code == "unknown-parameter"
    assert "perod" in raised.value.problem.what


@pytest.mark.parametrize("period", ["2026-13", "January", "2026-1"])
def test_a_month_that_is_none_is_refused(at: Path, period: str) -> None:
    with pytest.raises(UsageError):
        month_end.run("sample", period)


@pytest.mark.parametrize(
    ("broken", "exit_code"),
    [
        ("mapping", 2),  # a row of unknown kind
        ("truncated", 3),  # a workbook that ends in the middle
        ("missing", 3),  # no Billing report
    ],
)
def test_a_broken_input_stops_before_anything_is_posted(
    alone: Path, monkeypatch: pytest.MonkeyPatch, broken: str, exit_code: int
) -> None:
    company = alone / "companies" / "sample"
    report = company / "inbox" / FIRST / "billing.xlsx"
    if broken == "mapping":
        with (company / "mapping.csv").open("a") as file:
            file.write("plam,Hot Desk,,Day Passes,,\n")
    elif broken == "truncated":
        report.write_bytes(report.read_bytes()[:9000])
    else:
        report.unlink()
    monkeypatch.setattr(month_end, "NOTEBOOKS", ("03_preview", "04_push"))
    month = month_end.run("sample", FIRST, approve="auto")
    assert month.writes == 0
    assert month.exit_code == exit_code
    stopping = [one for one in month.problems if one.severity != "note"]
    assert stopping
    assert all(one.where and one.what and one.why and one.do for one in stopping)
    assert "Traceback" not in month.text()


def test_a_broken_company_toml_is_refused(alone: Path) -> None:
    path = alone / "companies" / "sample" / "company.toml"
    path.write_text(path.read_text().replace("invoices = true", "invoice = true"))
    with pytest.raises(UsageError) as raised:
        month_end.run("sample", FIRST)
    assert "push.invoice" in raised.value.problem.what


def test_a_bug_in_a_page_is_exit_1_and_marked(alone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = alone / "notebooks" / "03_preview.ipynb"
    notebook = read(page)
    code(notebook)[2].source = "1 / 0"
    nbformat.write(notebook, page)
    monkeypatch.setattr(month_end, "NOTEBOOKS", ("03_preview", "04_push"))
    month = month_end.run("sample", FIRST, approve="auto")
    assert (month.exit_code, [one.code for one in month.problems], len(month.pages)) == (1, ["bug"], 1)
    assert "ZeroDivisionError" in month.pages[0].read_text(encoding="utf-8")


def test_a_kernel_that_dies_is_exit_1_and_running_again_finishes(alone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = alone / "notebooks" / "03_preview.ipynb"
    whole = page.read_bytes()
    notebook = read(page)
    code(notebook)[2].source = "import os\nos._exit(9)"
    nbformat.write(notebook, page)
    monkeypatch.setattr(month_end, "NOTEBOOKS", ("03_preview", "04_push"))
    month = month_end.run("sample", FIRST, approve="auto")
    assert (month.exit_code, [one.code for one in month.problems], month.writes) == (1, ["bug"], 0)
    page.write_bytes(whole)
    assert month_end.run("sample", FIRST, approve="auto").writes == 157


# ---- the kept lines can fail


def test_a_wrong_kept_line_fails_nbval(tmp_path: Path) -> None:
    """Without its execution count nbval would compare nothing: the guard above keeps the counts."""
    import subprocess
    import sys

    folder = tmp_path / "checkout"
    shutil.copytree(ROOT / "notebooks", folder / "notebooks")
    copy_of_sample(folder / "companies")
    page = folder / "notebooks" / "00_start_here.ipynb"
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--nbval-lax", "--nbval-current-env"]
    import os

    environment = os.environ | {HOME_VARIABLE: str(folder), "PYTHONPATH": str(ROOT)}
    for wrong, code_wanted in (("65 invoices", 0), ("64 invoices", 1)):
        page.write_text(page.read_text(encoding="utf-8").replace("65 invoices", wrong), encoding="utf-8")
        ran = subprocess.run(
            [*command, str(page)], cwd=folder, env=environment, capture_output=True, text=True, check=False
        )
        assert ran.returncode == code_wanted, ran.stdout
