"""One company's month from the reports to the month-end pack: the notebooks in order, by papermill, nobody needed."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nbclient.exceptions import DeadKernelError
from papermill.exceptions import PapermillExecutionError

from toolkit import problems as problem_types
from toolkit import stages
from toolkit.month_end_kernel import Kernel, kernel, parameters_of
from toolkit.open_company import URL_VARIABLE, folder_of, home, open_company
from toolkit.pages import REPORTS_VARIABLE, TALLY_VARIABLE
from toolkit.problems import DoesNotTie, Problem, Severity, ToolkitError, UsageError, worst_exit
from toolkit.push_stop import Stopped
from toolkit.settings import parse_period

NOTEBOOKS = ("01_connect", "02_map", "03_preview", "04_push", "05_deposits", "06_month_end")
"""The pages of a month, in order; 00_start_here is for people."""

Say = Callable[[str], None]
Parameters = Mapping[str, str | bool]


def quiet(_line: str) -> None:
    """Nobody listens."""


@dataclass(frozen=True, kw_only=True)
class Month:
    """What came of one company's month; `pages` are the executed notebooks, `lines` their tie-out lines by name."""

    company: str
    period: str
    pack: Path
    exit_code: int
    ties: bool
    problems: tuple[Problem, ...] = ()
    lines: tuple[tuple[str, str], ...] = ()
    pages: tuple[Path, ...] = ()
    reads: int = 0
    writes: int = 0

    def as_json(self) -> dict[str, Any]:
        """The month for programs."""
        return {
            "company": self.company,
            "period": self.period,
            "pack": str(self.pack),
            "exit": self.exit_code,
            "ties": self.ties,
            "problems": [one.as_json() for one in self.problems],
            "tie_out": dict(self.lines),
            "notebooks": [str(one) for one in self.pages],
            "qbo_reads": self.reads,
            "qbo_writes": self.writes,
        }

    def text(self) -> str:
        """The month for people: each page's tie-out line, what is to settle, where the pack is."""
        said = [f"{self.company}, {self.period}", *(f"  {line}" for _, line in self.lines)]
        said += [f"  ! {one}" for one in problem_types.blocking(self.problems)]
        said.append(f"  {self.writes} entries written to QuickBooks.")
        page = self.pack / "month-end.html"
        said.append(f"  Month-end pack: {page if page.exists() else self.pack}")
        return "\n".join(said)


def run(
    company: str | Path,
    period: str,
    *,
    approve: str = "",
    live: bool = False,
    qbo_url: str = "",
    reports: Path | None = None,
    say: Say = quiet,
    more: Parameters | None = None,
) -> Month:
    """Run the month's notebooks in order and say what came of it; the executed pages are in `<pack>/notebooks/`.

    `approve` is an approval code for 04_push, `auto` for both posting pages (within the company's limits), "" to post
    nothing. `more` are further parameters, each known to at least one page. A page that cannot go on is kept with its
    failing cell marked, the pages after it are not run, and the month carries the documented exit code. Raises
    `UsageError` for parameters, folders or months that cannot be used.
    """
    order = _Order(
        folder=folder_of(company), approve=approve, live=live, qbo_url=qbo_url, reports=reports, more=more or {}
    )
    _refuse_unknown(order.more)
    with kernel(home() / "notebooks") as running:
        return _run(order, period, running, say)


def demo(folder: str | Path, *, qbo_url: str = "", reports: Path | None = None, say: Say = quiet) -> tuple[Month, ...]:
    """Every month of the company's inbox in order, posted within its limits and proved; nothing is signed off.

    Run again it writes nothing to QuickBooks. Raises `UsageError` if the folder or its settings cannot be used.
    """
    order = _Order(folder=folder_of(folder), approve="auto", qbo_url=qbo_url, reports=reports)
    with open_company(order.folder, qbo_url=qbo_url, reports=reports) as opened:
        months = stages.status(opened).months or (stages.default_period(opened),)
    found: list[Month] = []
    with kernel(home() / "notebooks") as running:
        for period in months:
            found.append(_run(order, period, running, say))
            if found[-1].exit_code:
                break
    return tuple(found)


@dataclass(frozen=True, kw_only=True)
class _Order:
    """What was asked for, whatever the month."""

    folder: Path
    approve: str = ""
    live: bool = False
    qbo_url: str = ""
    reports: Path | None = None
    more: Parameters = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        """What every page finds in its environment."""
        found = {REPORTS_VARIABLE: str(self.reports.resolve()) if self.reports else ""}
        return {**found, **({URL_VARIABLE: self.qbo_url} if self.qbo_url else {})}

    def parameters(self, name: str, period: str) -> dict[str, str | bool]:
        """What the page is told: of all there is, what its parameters cell declares."""
        # A person's code is for the plan they saw, which is 04_push's; bank deposits are planned after it.
        approve = self.approve if self.approve == "auto" or name == "04_push" else ""
        given: dict[str, str | bool] = {
            "company": str(self.folder),
            "period": period,
            "headless": True,
            "live": self.live,
            "approve": approve,
        }
        declared = parameters_of(_notebook(name))
        return {key: value for key, value in {**given, **self.more}.items() if key in declared}


def _run(order: _Order, period: str, running: Kernel, say: Say) -> Month:
    with open_company(order.folder, qbo_url=order.qbo_url, reports=order.reports) as opened:
        period = period or stages.default_period(opened)
        parse_period(period)
        pack, name = opened.pack(period), opened.name
    met: list[_Met] = []
    for one in NOTEBOOKS:
        say(f"{name} {period}: {one} …")
        met.append(_run_page(running, one, pack, order.parameters(one, period), order.environment))
        if met[-1].failed:
            break
    return _month(name, period, pack, met)


# ---- one page


@dataclass(frozen=True, kw_only=True)
class _Met:
    """One page that was run."""

    name: str
    output: Path
    failed: bool
    exits: tuple[int, ...]
    problems: tuple[Problem, ...]
    lines: tuple[str, ...]
    reads: int
    writes: int


def _notebook(name: str) -> Path:
    return home() / "notebooks" / f"{name}.ipynb"


def _refuse_unknown(more: Parameters) -> None:
    known = frozenset().union(*(parameters_of(_notebook(one)) for one in NOTEBOOKS))
    unknown = sorted(set(more) - known)
    if unknown:
        raise UsageError(_unknown(unknown, sorted(known)))


def _run_page(running: Kernel, name: str, pack: Path, parameters: Parameters, environment: Mapping[str, str]) -> _Met:
    output = pack / "notebooks" / f"{name}.ipynb"
    output.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        tally = Path(scratch) / "tally.json"
        error: tuple[str, str] | None = None
        try:
            running.run(_notebook(name), output, parameters, {**environment, TALLY_VARIABLE: str(tally)})
        except PapermillExecutionError as raised:
            error = raised.ename, str(raised.evalue)
        except DeadKernelError:
            error = "DeadKernelError", "the kernel that ran the page ended"
        kept: dict[str, Any] = json.loads(tally.read_text(encoding="utf-8")) if tally.exists() else {}
    return _met(name, output, kept, error)


def _met(name: str, output: Path, kept: Mapping[str, Any], error: tuple[str, str] | None) -> _Met:
    found = tuple(_problem(one) for one in kept.get("problems", ()))
    exits = set(kept.get("exits", ()))
    if error is not None:
        code = _exit_code(error[0])
        exits.add(code)
        if not any(str(one) == error[1] for one in found):
            found = (*found, _failed(name, *error, code))
    return _Met(
        name=name,
        output=output,
        failed=error is not None,
        exits=tuple(sorted(exits)),
        problems=found,
        lines=tuple(kept.get("lines", ())),
        reads=int(kept.get("reads", 0)),
        writes=int(kept.get("writes", 0)),
    )


def _problem(kept: Mapping[str, Any]) -> Problem:
    return Problem(
        **{name: str(kept[name]) for name in ("code", "where", "what", "why", "do", "key")},
        severity=Severity(kept["severity"]),
        candidates=tuple(kept["candidates"]),
    )


def _exit_code(exception: str) -> int:
    """The exit code of one of our exceptions by its class name; 1 for any other: a bug."""
    if exception in (KeyboardInterrupt.__name__, Stopped.__name__):
        raise KeyboardInterrupt
    found = getattr(problem_types, exception, None)
    return int(found.exit_code) if isinstance(found, type) and issubclass(found, ToolkitError) else 1


def _failed(name: str, exception: str, said: str, code: int) -> Problem:
    what = said if code != 1 else f"Something happened that was not foreseen: {exception}."
    return Problem(
        code="bug" if code == 1 else "page-stopped",
        where=f"notebooks/{name}.ipynb",
        what=what,
        why="The page stopped there; what was posted until then is in the posting log.",
        do="Open the executed page in the month-end pack: the cell that failed is marked in it.",
        severity=Severity.FILE,
    )


# ---- the month


def _month(name: str, period: str, pack: Path, met: list[_Met]) -> Month:
    exits = {code for one in met for code in one.exits}
    problems = tuple(dict.fromkeys(problem for one in met for problem in one.problems))
    finished = len(met) == len(NOTEBOOKS) and not met[-1].failed
    return Month(
        company=name,
        period=period,
        pack=pack,
        exit_code=worst_exit(exits),
        ties=finished and DoesNotTie.exit_code not in exits,
        problems=problems,
        lines=tuple((one.name, line) for one in met for line in one.lines),
        pages=tuple(one.output for one in met),
        reads=sum(one.reads for one in met),
        writes=sum(one.writes for one in met),
    )


def _unknown(names: list[str], known: list[str]) -> Problem:
    return Problem(
        code="unknown-parameter",
        where="notebook parameters",
        what=f"No page has a parameter {', '.join(names)}.",
        why="papermill would take a misspelled parameter in silence, and the run would not do what was meant.",
        do=f"Use one of: {', '.join(known)}.",
        severity=Severity.FILE,
    )
