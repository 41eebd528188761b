"""What a page of the notebooks works on: one open company and month, its stages, and the line that ties them out.

The notebooks, their panels and papermill all call these same functions; nothing here draws a button. A tie-out line
states the books, not the run, so it reads the same when the page is run again.
"""

from __future__ import annotations

import atexit
import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from toolkit import connecting, disk, mapping, pack, plan, reminders, report, stages
from toolkit.approval import Approval
from toolkit.connecting import Connected
from toolkit.mapping import Rule
from toolkit.money import text
from toolkit.open_company import HOME_VARIABLE, URL_VARIABLE, OpenCompany, folder_of, home, open_company
from toolkit.plan import Outcome, Plan
from toolkit.problems import (
    DoesNotTie,
    Problem,
    Stale,
    ToolkitError,
    Unapproved,
    blocking,
)
from toolkit.proof import Proof
from toolkit.push import Progress, silent
from toolkit.reminders import Reminders
from toolkit.stages import Gathered, Mapped, Proved, Review, Status

REPORTS_VARIABLE = "COWORKS_REPORTS"
TALLY_VARIABLE = "COWORKS_TALLY"
"""A file that a page keeps its count in, for the run that started it: calls, problems, exit codes."""


@dataclass(frozen=True, kw_only=True)
class Page:
    """One open company and month; `live` is the explicit word for real books, `approve` an approval code or `auto`."""

    company: OpenCompany
    period: str
    live: bool = False
    approve: str = ""
    tally: Tally = field(default_factory=lambda: Tally(""))
    after_posting: list[Callable[[], None]] = field(default_factory=list, compare=False, repr=False)
    """Called whenever a posting of this page has ended, whatever came of it."""


@dataclass(slots=True)
class Tally:
    """What a page has met so far, kept in `path` ("" keeps nothing)."""

    path: str
    problems: list[Problem] = field(default_factory=list)
    exits: set[int] = field(default_factory=set)
    lines: list[str] = field(default_factory=list)
    reads_before: int = 0
    writes_before: int = 0

    def begin(self, company: OpenCompany) -> None:
        """Count from here: the company may have been open before."""
        self.reads_before, self.writes_before = company.client.reads, company.client.writes

    def add(
        self, page: Page, *, problems: tuple[Problem, ...] = (), exits: tuple[int, ...] = (), line: str = ""
    ) -> None:
        """Note them, each once; a problem that needs a person is exit 3."""
        self.problems += [one for one in problems if one not in self.problems]
        self.exits |= {*exits, *((3,) if blocking(problems) else ())}
        self.lines += [line] if line else []
        if self.path:
            client = page.company.client
            kept = {
                "reads": client.reads - self.reads_before,
                "writes": client.writes - self.writes_before,
                "problems": [one.as_json() for one in self.problems],
                "exits": sorted(self.exits),
                "lines": self.lines,
            }
            Path(self.path).write_text(json.dumps(kept, ensure_ascii=False), encoding="utf-8")


_OPEN: dict[tuple[str, ...], OpenCompany] = {}
"""What this process has open: one posting log, one connection and one pace for all pages of a company."""


def open_page(
    company: str, period: str = "", *, live: bool = False, approve: str = "", environ: Mapping[str, str] = os.environ
) -> Page:
    """The company, open until the process ends; without `period` the earliest month not signed off.

    Raises `UsageError` for a folder, settings or a month that cannot be used.
    """
    tally = Tally(environ.get(TALLY_VARIABLE, ""))
    with _told(tally):
        opened = _opened(company, environ)
        tally.begin(opened)
        return Page(
            company=opened,
            period=period or stages.default_period(opened),
            live=live,
            approve=approve,
            tally=tally,
        )


def _opened(company: str, environ: Mapping[str, str]) -> OpenCompany:
    """The company as it is open already, unless its settings or its address have changed since."""
    folder, reports = folder_of(company, environ), environ.get(REPORTS_VARIABLE, "")
    settings = (folder / "company.toml").read_text(encoding="utf-8", errors="replace")
    key = (str(folder), settings, reports, environ.get(URL_VARIABLE, ""), environ.get(HOME_VARIABLE, ""))
    if key not in _OPEN:
        stack = ExitStack()
        _OPEN[key] = stack.enter_context(
            open_company(folder, reports=Path(reports) if reports else None, environ=environ, say=print)
        )
        atexit.register(stack.close)
    return _OPEN[key]


@contextmanager
def _told(tally: Tally, page: Page | None = None) -> Iterator[None]:
    """What stops a page is in its tally too, as the Problem it is."""
    try:
        with disk.in_words():
            yield
    except ToolkitError as error:
        if page is not None:
            tally.add(page, problems=(error.problem,), exits=(error.exit_code,))
        elif tally.path:
            kept = {"problems": [error.problem.as_json()], "exits": [error.exit_code]}
            Path(tally.path).write_text(json.dumps(kept, ensure_ascii=False), encoding="utf-8")
        raise


# ---- gather


def companies(environ: Mapping[str, str] = os.environ) -> tuple[str, ...]:
    """The names of the companies on this machine, in name order."""
    return tuple(sorted(one.parent.name for one in (home(environ) / "companies").glob("*/company.toml")))


def status_of(company: str, environ: Mapping[str, str] = os.environ) -> Status:
    """Where another company stands; raises `UsageError` if its folder or settings cannot be used."""
    with open_company(company, environ=environ) as opened:
        return stages.status(opened)


def here() -> Path:
    """The folder that a notebook runs in."""
    return Path.cwd()


def status(page: Page) -> Status:
    """Where the company stands: switches, months, posting log; QuickBooks is not asked."""
    return stages.status(page.company)


def gather(page: Page) -> Gathered:
    """Every input of the month, read; QuickBooks is not asked."""
    with _told(page.tally, page):
        gathered = stages.gather(page.company, page.period)
        page.tally.add(page, problems=gathered.problems)
        return gathered


def look(page: Page) -> Connected:
    """The connection as it is and what posting needs; nothing is changed."""
    with _told(page.tally, page):
        found = connecting.look(page.company)
        page.tally.add(page, problems=found.problems)
        return found


def mapped(page: Page) -> Mapped:
    """The mapping beside the month's names and QuickBooks' live products, classes and locations."""
    with _told(page.tally, page):
        found = stages.mapped(page.company, page.period)
        page.tally.add(page, problems=found.problems)
        return found


def save_rules(page: Page, rules: tuple[Rule, ...], dropped: tuple[Rule, ...] = ()) -> Mapped:
    """Write `rules` into mapping.csv, take the `dropped` ones out, and read the mapping again.

    Rows that somebody else changed meanwhile stay as they are; raises `UsageError` if the file cannot be read.
    """
    gone = {mapping.key_of(one) for one in dropped}

    def change(old: mapping.Mapping) -> mapping.Mapping:
        kept = mapping.Mapping(tuple(one for one in old.rules if mapping.key_of(one) not in gone))
        return mapping.with_rules(kept, rules)

    mapping.update(page.company.folder / "mapping.csv", change)
    return mapped(page)


# ---- decide


def review(page: Page) -> Review:
    """The month's posting plan, kept as plan.json; changes nothing in QuickBooks."""
    with _told(page.tally, page):
        made = stages.review(page.company, page.period)
        page.tally.add(page, problems=made.plan.problems)
        return made


def review_deposits(page: Page) -> Review:
    """The month's bank-deposit plan, kept as deposits-plan.json; changes nothing in QuickBooks."""
    with _told(page.tally, page):
        made = stages.review_deposits(page.company, page.period)
        page.tally.add(page, problems=made.plan.problems)
        return made


def who_is_reminded(page: Page, made: Review) -> Reminders:
    """What QuickBooks' own reminders would do once the plan is posted."""
    today = page.company.now().astimezone(page.company.settings.zone).date()
    return reminders.forecast(made.books, made.plan, today=today)


def review_again(page: Page) -> tuple[Review, Reminders]:
    """The plan from everything read again, with its reminders."""
    made = review(page)
    return made, who_is_reminded(page, made)


@dataclass(frozen=True, kw_only=True)
class Reviewed:
    """The plan that was reviewed on the preview page (None if there is none) beside the plan as it would be made now.

    `resumable` says that the reviewed plan was begun and cut short: it is then finished, not judged again.
    """

    seen: Plan | None
    now: Review
    resumable: bool

    @property
    def nothing_left(self) -> bool:
        """Whether QuickBooks already holds all of it."""
        return not (self.resumable or self.now.plan.operations or self.now.plan.adoptions)

    @property
    def code(self) -> str:
        """The approval code to give: that of the reviewed plan."""
        return self.seen.digest if self.seen else ""

    @property
    def stale(self) -> Problem | None:
        """Why the reviewed plan may not be posted any more; None if it may, or if nothing is left to post."""
        if self.nothing_left or self.resumable:
            return None
        if self.seen is None:
            return _never_reviewed(self.now.plan)
        return None if self.seen.digest == self.now.plan.digest else _stale(self.seen, self.now.plan)


def reviewed(page: Page) -> Reviewed:
    """The plan file of the preview page, beside what would be planned now; the file is left as it was reviewed."""
    path = page.company.pack(page.period) / stages.PLAN_FILE
    kept = path.read_bytes() if path.exists() else None
    with _told(page.tally, page):
        now = stages.review(page.company, page.period, keep=False)
        page.tally.add(page, problems=now.plan.problems)
    seen = plan.from_json(kept) if kept else None
    unfinished = page.company.log.unfinished_digests()
    return Reviewed(seen=seen, now=now, resumable=seen is not None and seen.digest in unfinished)


# ---- do


def post(page: Page, approve: str, progress: Progress = silent, live: bool = False) -> Outcome:
    """Post the reviewed plan; planned again first, and refused if that is not what was reviewed.

    Raises `Stale`, `Unapproved`, `Unsafe`, `NotLive` or `CompanyBusy` before anything is sent.
    """
    with _told(page.tally, page):
        found = reviewed(page)
        if found.nothing_left:
            return _nothing(found.now.plan)
        if found.stale is not None:
            raise (Unapproved if found.seen is None else Stale)(found.stale)
        return _posted(page, found.now, approve, progress, live=live, by="04_push")


def post_deposits(page: Page, approve: str, progress: Progress = silent, live: bool = False) -> Outcome:
    """Post the bank deposits whose approval code was given; planned again first. Raises as `post`."""
    with _told(page.tally, page):
        made = review_deposits(page)
        if not (made.plan.operations or made.plan.adoptions):
            return _nothing(made.plan)
        return _posted(page, made, approve, progress, live=live, by="05_deposits")


def _nothing(plan: Plan) -> Outcome:
    """QuickBooks holds all of it already: no run, no write."""
    return Outcome(run="", digest=plan.digest, written=(), unchanged=len(plan.unchanged), held=len(plan.held))


def _posted(page: Page, made: Review, code: str, progress: Progress, *, live: bool, by: str) -> Outcome:
    approval = Approval(code=code, live=live or page.live, by=by)
    try:
        outcome = stages.post(page.company, made, approval, progress)
    finally:
        for renew in page.after_posting:
            renew()
    page.tally.add(page, problems=outcome.problems, exits=outcome.exit_codes)
    return outcome


# ---- prove


def prove(page: Page) -> Proved:
    """Everything read again, with a verdict for every record."""
    with _told(page.tally, page):
        found = stages.prove(page.company, page.period)
        page.tally.add(page, problems=found.proof.problems)
        return found


def write_pack(page: Page, proved: Proved) -> Path:
    """Write the month's evidence folder and give its path."""
    return stages.write_pack(page.company, proved)


def signed_by(page: Page) -> str:
    """Who signed the month off, "" if nobody did."""
    return next((one.signed_by for one in page.company.log.sign_offs() if one.period == page.period), "")


def sign_off(page: Page, proved: Proved, name: str) -> str:
    """Sign the month off and say so; raises `DoesNotTie` if anything stands against it."""
    if not proved.proof.ties:
        raise DoesNotTie(does_not_tie(proved.proof))
    stages.sign_off(page.company, proved, name, pack.proof_sha256(proved.proof))
    return f"{page.period} is signed off by {name}."


# ---- problems


def _never_reviewed(now: Plan) -> Problem:
    return Problem(
        code="not-reviewed",
        where=f"{now.company} {now.period}",
        what="There is no reviewed plan of this month.",
        why="QuickBooks is only written with a plan that a person has seen.",
        do="Open 03_preview, look at the plan, then come back to this page.",
    )


def _stale(seen: Plan, now: Plan) -> Problem:
    return Problem(
        code="stale",
        where=f"{now.company} {now.period}",
        what=f"What was reviewed (approval code {seen.digest}) is not what would be posted now ({now.digest}).",
        why="The billing report, the mapping, the settings or the books have changed since the preview.",
        do="Open 03_preview again, look at what changed, then come back to this page.",
    )


def does_not_tie(proof: Proof) -> Problem:
    """The month as a Problem: how much is unexplained and what stands first against sign-off."""
    return Problem(
        code="does-not-tie",
        where=f"{proof.company} {proof.period}",
        what=f"The month does not tie: unexplained {text(report.unexplained(proof))}, "
        f"{len(proof.obstacles)} open points.",
        why="Signing off would say that every amount is explained.",
        do=f"Settle the first point: {proof.obstacles[0] if proof.obstacles else ''}",
    )
