"""One company's month without a person, beside bare papermill over pages that only import, plus the work itself.

    python benchmarks/month_end.py [--invoices 65] [--rounds 3]

Three programs, each in a process of its own, in turn: our run of the month's six notebooks (from an empty QuickBooks to
the month-end pack); papermill alone over the same notebooks stripped to their parameters and imports, a kernel each as
papermill does it; and the stages called one after the other without notebooks. Aim: ours at most 1.5 times the other
two together. Medians of the rounds.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import nbformat
import papermill

from toolkit import connecting, month_end, stages
from toolkit.approval import Approval
from toolkit.emulator.sample.writing import write_company
from toolkit.open_company import open_company

ROOT = Path(__file__).resolve().parents[1]
PERIOD = "2026-01"
AIM = 1.5


def main() -> int:
    """Measure, print the table, and say whether the aim is met."""
    given = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    given.add_argument("--invoices", type=int, default=65)
    given.add_argument("--rounds", type=int, default=3)
    given.add_argument("--part", choices=["ours", "bare", "work"], help=argparse.SUPPRESS)
    given.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    asked = given.parse_args()
    if asked.part:
        print(json.dumps({"seconds": {"ours": ours, "bare": bare, "work": work}[asked.part](asked.folder)}))
        return 0
    with tempfile.TemporaryDirectory() as scratch:
        return _report(asked.invoices, _measured(Path(scratch), asked.invoices, asked.rounds))


def ours(folder: Path) -> dict[str, float]:
    """Our run of the month from empty books, and the same again when it is finished."""
    found = {}
    for name in ("first run", "second run"):
        began = time.perf_counter()
        month = month_end.run(folder, PERIOD, approve="auto", reports=folder.parent / "reports")
        found[name] = time.perf_counter() - began
        assert (month.exit_code, month.ties) == (0, True), month.text()
    return found


def bare(folder: Path) -> dict[str, float]:
    """papermill over the same notebooks with nothing but parameters and imports in them."""
    pages = folder.parent / "bare"
    pages.mkdir()
    for name in month_end.NOTEBOOKS:
        page = nbformat.read(ROOT / "notebooks" / f"{name}.ipynb", as_version=4)
        page.cells = [cell for cell in page.cells if cell.cell_type == "code"][:2]
        nbformat.write(page, pages / f"{name}.ipynb")
    began = time.perf_counter()
    for name in month_end.NOTEBOOKS:
        source, output = pages / f"{name}.ipynb", pages / f"{name}.out.ipynb"
        parameters = {"company": str(folder), "period": PERIOD, "headless": True}
        papermill.execute_notebook(
            source, output, parameters=parameters, cwd=ROOT / "notebooks", kernel_name="python3", progress_bar=False
        )
    return {"first run": time.perf_counter() - began}


def work(folder: Path) -> dict[str, float]:
    """What the pages do, without pages."""
    found = {}
    for name in ("first run", "second run"):
        began = time.perf_counter()
        with open_company(folder, reports=folder.parent / "reports") as company:
            connecting.look(company)
            stages.mapped(company, PERIOD)
            for review in (stages.review, stages.review_deposits):
                made = review(company, PERIOD)
                if made.plan.operations:
                    assert not stages.post(company, made, Approval(code="auto")).problems
            stages.write_pack(company, stages.prove(company, PERIOD))
        found[name] = time.perf_counter() - began
    return found


def _measured(scratch: Path, invoices: int, rounds: int) -> dict[str, dict[str, list[float]]]:
    seconds: dict[str, dict[str, list[float]]] = {}
    template = scratch / "template"
    write_company(template, invoices=invoices)
    for number in range(rounds):
        for part in ("ours", "bare", "work"):
            folder = scratch / f"{part}-{number}" / "company"
            shutil.copytree(template, folder)
            command = [sys.executable, __file__, "--part", part, "--folder", str(folder)]
            ran = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
            for name, taken in json.loads(ran.stdout.splitlines()[-1])["seconds"].items():
                seconds.setdefault(part, {}).setdefault(name, []).append(taken)
    return seconds


def _report(invoices: int, seconds: dict[str, dict[str, list[float]]]) -> int:
    middle = {part: {name: statistics.median(all_) for name, all_ in runs.items()} for part, runs in seconds.items()}
    imports, rounds = middle["bare"]["first run"], len(seconds["bare"]["first run"])
    print(f"One month of {invoices} invoices through six notebooks, seconds, medians of {rounds}")
    print(f"{'':12}{'ours':>8}{'bare papermill':>16}{'the work':>10}{'ratio':>8}")
    worst = 0.0
    for name, taken in middle["ours"].items():
        ratio = taken / (imports + middle["work"][name])
        worst = max(worst, ratio)
        print(f"{name:12}{taken:8.1f}{imports:16.1f}{middle['work'][name]:10.1f}{ratio:8.2f}")
    print(f"aim: at most {AIM}: {'met' if worst <= AIM else 'NOT met'}")
    return 0 if worst <= AIM else 1


if __name__ == "__main__":
    sys.exit(main())
