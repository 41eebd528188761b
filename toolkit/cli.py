"""The command line: arguments in, one of the stages called, text or one JSON object out, a documented exit code."""

from __future__ import annotations

import functools
import json
import logging
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from tqdm import tqdm

from toolkit import (
    connecting,
    disk,
    pack,
    plan,
    report,
    report_company,
    report_outcome,
    stages,
    undoing,
    undoing_release,
    undoing_report,
)
from toolkit.approval import Approval
from toolkit.cli_group import Commands
from toolkit.cli_words import problem_with_company, with_company
from toolkit.emulator.sample import command as sample_command
from toolkit.emulator.server import command as emulator_command
from toolkit.money import text as money_text
from toolkit.open_company import OpenCompany, home, open_company
from toolkit.plan import Outcome
from toolkit.problems import DoesNotTie, Problem, ReconnectNeeded, Severity, ToolkitError, blocking, worst_exit
from toolkit.push_stop import Stopped
from toolkit.qbo import connection_words

if TYPE_CHECKING:
    from toolkit import month_end

DEFAULT_COMPANY = "companies/sample"


@dataclass(frozen=True, kw_only=True)
class Asked:
    """The options that every command has; `named` is the company as the person gave it, "" for the default one."""

    company: str
    named: str
    period: str
    as_json: bool
    qbo_url: str
    live: bool
    reports: Path | None


@dataclass(kw_only=True)
class Said:
    """What a command has to say: text for people, further JSON keys, problems and exit codes.

    `named` is the company as the person gave it: commands quoted in the words are completed with it. `posts` says that
    the command was asked to post, so that something may have been posted when it is stopped.
    """

    company: str = ""
    named: str = ""
    period: str = ""
    posts: bool = False
    text: list[str] = field(default_factory=list)
    more: dict[str, Any] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    exits: list[int] = field(default_factory=list)
    reads: int = 0
    writes: int = 0

    def add_problems(self, problems: tuple[Problem, ...]) -> None:
        """Add them, each once, and exit 3 if any of them needs a person."""
        self.problems += [one for one in problems if one not in self.problems]
        if blocking(problems):
            self.exits.append(3)

    def completed(self) -> Said:
        """The same with every quoted command naming the company."""
        text = [with_company(one, self.named) for one in self.text]
        return replace(self, text=text, problems=[problem_with_company(one, self.named) for one in self.problems])


Body = Callable[..., None]
"""(company, period, asked, said, **the command's own options) -> None."""
Month = Callable[[OpenCompany], str]


def _a_name(_context: click.Context, _option: click.Parameter, given: str | None) -> str | None:
    """The company as given, None for the default one; blank it would be the current folder, or the sample."""
    if given is not None and not given.strip():
        raise click.BadParameter("It is blank. Name a folder under companies/, or leave --company out for the sample.")
    return given


company_option = click.option(
    "--company", default=None, callback=_a_name, help=f"The company's folder.  [default: {DEFAULT_COMPANY}]"
)


def options(function: Callable[..., None]) -> Callable[..., None]:
    """The options that every command of a company has."""
    for option in reversed(
        (
            company_option,
            click.option("--period", default="", help="The month, YYYY-MM.  [default: earliest not signed off]"),
            click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout, people's text on stderr."),
            click.option(
                "--qbo-url",
                default="",
                envvar="COWORKS_QBO_URL",
                help="Loopback address of the emulated company's server.",
            ),
            click.option("--live", is_flag=True, help="Say explicitly that real books may be written."),
            click.option("--reports", type=click.Path(path_type=Path), default=None, help="Where evidence folders go."),
        )
    ):
        function = option(function)
    return function


def on_company(name: str, *, month: Month | None = stages.default_period) -> Callable[[Body], click.Command]:
    """Make a command of a function that works on one open company, and on the month `month` finds if none is given.

    A command that needs no report finds "" without any: it works in every trouble.
    """

    def made(body: Body) -> click.Command:
        @functools.wraps(body)
        def run(company: str | None, **given: Any) -> None:
            own = {key: given.pop(key) for key in list(given) if key not in Asked.__dataclass_fields__}
            asked = Asked(company=company or str(home() / DEFAULT_COMPANY), named=company or "", **given)
            posts = bool(own.get("approve"))
            sys.exit(_run(name, functools.partial(body, **own), asked, month=month, posts=posts))

        return click.command(name, help=(body.__doc__ or "").strip())(options(run))

    return made


def _run(name: str, body: Body, asked: Asked, *, month: Month | None, posts: bool) -> int:
    said = Said(company=asked.company, named=asked.named, period=asked.period, posts=posts)
    with _told(said), ExitStack() as stack:
        company = stack.enter_context(
            open_company(asked.company, qbo_url=asked.qbo_url, reports=asked.reports, waiting=_waiting, say=_say)
        )
        said.company = company.name
        said.period = asked.period or (month(company) if month else "")
        try:
            body(company, said.period, asked, said)
        finally:
            said.reads, said.writes = company.client.reads, company.client.writes
    return _print(name, said, as_json=asked.as_json)


@contextmanager
def _told(said: Said) -> Iterator[None]:
    """Whatever ends the body is said: in words with its exit code, or as a bug."""
    try:
        with disk.in_words():
            yield
    except ToolkitError as error:
        said.problems += [error.problem] if error.problem not in said.problems else []
        said.exits.append(error.exit_code)
    except KeyboardInterrupt:
        kept = "Everything answered so far is in the posting log" if said.posts else "Nothing was posted"
        said.text.append(f"Stopped. {kept}; run the same command again.")
        said.exits = [130]
    except Exception as error:
        logging.getLogger(__name__).exception("a bug")
        said.problems.append(_bug(error))
        said.exits.append(1)


def _print(name: str, said: Said, *, as_json: bool) -> int:
    said = said.completed()
    code = 130 if said.exits == [130] else worst_exit(said.exits or [0])
    people = [*said.text, report.problems_text(said.problems)] if said.problems else said.text
    click.echo("\n".join(one for one in people if one), err=as_json)
    if as_json:
        click.echo(json.dumps(_object(name, said, code), ensure_ascii=False))
    return code


def _object(name: str, said: Said, code: int) -> dict[str, Any]:
    return {
        "command": name,
        "company": said.company,
        "period": said.period,
        "exit": code,
        "problems": [one.as_json() for one in said.problems],
        "qbo_reads": said.reads,
        "qbo_writes": said.writes,
        **said.more,
    }


def _say(line: str) -> None:
    click.echo(line, err=True)


def _waiting(seconds: float, why: str) -> None:
    click.echo(f"waiting {seconds:.0f} s: {why}", err=True)


def _bug(error: Exception) -> Problem:
    return Problem(
        code="bug",
        where="this toolkit",
        what=f"Something happened that was not foreseen: {type(error).__name__}.",
        why="The run was stopped where it stood; what was posted until then is in the posting log.",
        do="Send the lines above to whoever looks after this toolkit; running again is safe.",
        severity=Severity.FILE,
    )


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(package_name="coworks-qbo")
def cli() -> None:
    """Post Coworks billing to QuickBooks Online exactly once, make the bank deposits, and prove the month."""


cli.add_command(sample_command, "sample")
cli.add_command(emulator_command, "emulator")


@cli.add_command
@on_company("preview")
def preview(company: OpenCompany, period: str, asked: Asked, said: Said) -> None:
    """Show what would be posted, and why; print the approval code. Changes nothing in QuickBooks."""
    reviewed = stages.review(company, period)
    _review(reviewed, said)
    said.text.append(report.filters_line(reviewed.gathered.billing))
    found, policy = reviewed.gathered, reviewed.gathered.settings.policy
    said.text.append(report_company.default_line(found.mapping, found.billing.invoices, policy.default_product))
    said.text += stages.reminder_lines(stages.forecast(company, reviewed.books, reviewed.plan))


def _review(reviewed: stages.Review, said: Said, changes: str = report.UNCHANGED) -> None:
    said.text.append(report.plan_text(reviewed.plan, changes=changes))
    said.more |= _planned(reviewed.plan)
    said.add_problems(reviewed.plan.problems)


def _planned(made: plan.Plan) -> dict[str, Any]:
    operations = [
        {
            "key": one.key,
            "action": str(one.action),
            "kind": str(one.kind),
            "entity": one.entity,
            "label": one.label,
            "reason": one.reason,
            "amount": money_text(one.amount),
        }
        for one in made.operations
    ]
    return {"digest": made.digest, "operations": operations, "counts": plan.counts(made), "totals": plan.totals(made)}


@cli.add_command
@click.option("--approve", default="", help="The approval code of the preview, or `auto` within the company's limits.")
@on_company("push")
def push(company: OpenCompany, period: str, asked: Asked, said: Said, *, approve: str) -> None:
    """Post exactly the plan that was previewed: customers, invoices, payments, credits, refunds, voids."""
    reviewed = stages.review(company, period)
    outcome = _post(company, reviewed, approve, asked, said)
    said.add_problems(reviewed.plan.problems)
    said.add_problems(outcome.problems)


def _post(company: OpenCompany, reviewed: stages.Review, approve: str, asked: Asked, said: Said) -> Outcome:
    approval = Approval(code=approve, live=asked.live, by="command line")
    with tqdm(total=len(reviewed.plan.operations), unit="entry", file=sys.stderr, disable=None) as bar:
        try:
            outcome = stages.post(company, reviewed, approval, _moving(bar))
        except Stopped as stopped:
            _posted(stopped.outcome, reviewed, said)
            raise
    _posted(outcome, reviewed, said)
    return outcome


def _posted(outcome: Outcome, reviewed: stages.Review, said: Said) -> None:
    said.text.append(report_outcome.outcome_text(outcome, reviewed.plan))
    said.more |= report_outcome.outcome_json(outcome)
    said.exits += outcome.exit_codes


def _moving(bar: tqdm[Any]) -> Callable[[int, int, str], None]:
    def moved(done: int, total: int, word: str) -> None:
        bar.total = total
        bar.update(done - bar.n)
        if word or getattr(bar, "postfix", None):  # what was waited for is over with the next answer
            bar.set_postfix_str(word)

    return moved


@cli.add_command
@click.option("--approve", default="", help="Post the planned bank deposits: the approval code, or `auto`.")
@on_company("deposits")
def deposits(company: OpenCompany, period: str, asked: Asked, said: Said, *, approve: str) -> None:
    """Plan the bank deposits of the payouts, and with --approve post them."""
    reviewed = stages.review_deposits(company, period)
    _review(reviewed, said, changes="" if approve else report.UNCHANGED)
    if approve:
        said.add_problems(_post(company, reviewed, approve, asked, said).problems)


@cli.add_command
@click.argument("run")
@click.option("--approve", default="", help="Undo what was previewed: its approval code, or `auto`.")
@on_company("undo", month=None)
def undo(company: OpenCompany, period: str, asked: Asked, said: Said, *, run: str, approve: str) -> None:
    """Show what taking back RUN would void, delete or make inactive, and with --approve do it.

    RUN is a run's name, or the beginning of it: `status --runs` lists them.
    """
    reviewed = undoing.review(company, run, period)
    said.period = reviewed.run.period
    said.text.append(undoing_report.review_text(reviewed, approved=bool(approve)))
    said.more |= undoing_report.review_json(reviewed)
    said.add_problems(reviewed.plan.problems)
    if approve:
        approval = Approval(code=approve, live=asked.live, by="command line")
        with tqdm(total=len(reviewed.plan.operations), unit="entry", file=sys.stderr, disable=None) as bar:
            try:
                outcome = undoing.take_back(company, reviewed, approval, _moving(bar))
            except Stopped as stopped:
                _undone(stopped.outcome, reviewed, said)
                raise
        _undone(outcome, reviewed, said)
        said.add_problems(outcome.problems)


def _undone(outcome: Outcome, reviewed: undoing.UndoReview, said: Said) -> None:
    said.text.append(undoing_report.outcome_text(outcome, reviewed))
    said.more |= undoing_report.outcome_json(outcome)
    said.exits += outcome.exit_codes


@cli.add_command
@click.argument("key")
@on_company("release", month=None)
def release(company: OpenCompany, period: str, asked: Asked, said: Said, *, key: str) -> None:
    """Let what was undone be posted again: by its invoice number, payout, customer, run or KEY."""
    found = undoing_release.release(company, key, by="command line")
    said.text.append(undoing_report.released_text(found))
    said.more |= undoing_report.released_json(found)


@cli.add_command
@click.option("--sign", default="", metavar="NAME", help="Sign the month off, if it ties.")
@on_company("tie-out")
def tie_out(company: OpenCompany, period: str, asked: Asked, said: Said, *, sign: str) -> None:
    """Prove that Coworks, QuickBooks, payouts and bank agree to the cent; with --sign, sign the month off."""
    proved = stages.prove(company, period)
    proof = proved.proof
    said.text.append(report.proof_text(proof))
    said.more |= {
        "ties": proof.ties,
        "unexplained": money_text(proof.unexplained),
        "verdicts": {str(verdict): count for verdict, count in proof.counts.items()},
    }
    said.add_problems(proof.problems)
    if not proof.ties:
        said.exits.append(DoesNotTie.exit_code)
    elif sign:
        stages.sign_off(company, proved, sign, pack.proof_sha256(proof))
        said.text.append(f"{period} is signed off by {sign}.")
        said.more["signed_by"] = sign


@cli.add_command
@click.option("--runs", is_flag=True, help="List every run: who approved what, when, and how it ended.")
@on_company("status", month=stages.known_period)
def status(company: OpenCompany, period: str, asked: Asked, said: Said, *, runs: bool) -> None:
    """Say where the company stands: connection, switches, signed-off months, what is done, failed, unknown."""
    standing = stages.status(company)
    said.text.append(report_company.status_text(standing, runs=runs))
    said.more |= report_company.status_json(standing, runs=runs)
    if not standing.months:
        said.add_problems((replace(stages.empty_inbox(company), severity=Severity.NOTE),))


@cli.add_command
@on_company("map")
def map_command(company: OpenCompany, period: str, asked: Asked, said: Said) -> None:
    """Show what each plan, pass, booking, fee and campus means in QuickBooks, and suggest what is missing."""
    mapped = stages.mapped(company, period)
    said.text.append(report_company.mapped_text(mapped))
    said.more |= report_company.mapped_json(mapped)
    said.add_problems(mapped.problems)


@cli.add_command
@click.option(
    "--copy",
    "copy",
    is_flag=True,
    help="Copy the lists and open items into a practice company beside it, to rehearse on.",
)
@click.option("--new-keys", is_flag=True, help="Ask for the Intuit app's client ID and secret again.")
@on_company("connect", month=stages.known_period)
def connect(company: OpenCompany, period: str, asked: Asked, said: Said, *, copy: bool, new_keys: bool) -> None:
    """Connect to QuickBooks: sign in there, come back here; check what posting needs."""
    made = connecting.connect(company, ask=_ask, show=lambda line: click.echo(line, err=True), new_keys=new_keys)
    said.text.append(report_company.connected_text(made))
    said.more |= report_company.connected_json(made)
    said.add_problems(made.problems)
    if copy:
        said.text.append(connecting.copy_books(company))


def _ask(question: str, *, secret: bool = False) -> str:
    try:
        return str(click.prompt(question, default="", show_default=False, hide_input=secret, err=True))
    except click.Abort:
        if sys.stdin.isatty():
            raise KeyboardInterrupt from None
        raise ReconnectNeeded(connection_words.nobody_answered()) from None


@cli.add_command
@click.option("--forget-keys", is_flag=True, help="Forget the Intuit app's client ID and secret too.")
@on_company("disconnect", month=stages.known_period)
def disconnect(company: OpenCompany, period: str, asked: Asked, said: Said, *, forget_keys: bool) -> None:
    """End the connection: the tokens are revoked at QuickBooks and forgotten here."""
    said.text.append(report_company.disconnected_text(connecting.disconnect(company, forget_keys=forget_keys)))


@cli.command()
@company_option
@click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout, people's text on stderr.")
@click.option(
    "--qbo-url", default="", envvar="COWORKS_QBO_URL", help="Loopback address of the emulated company's server."
)
@click.option("--reports", type=click.Path(path_type=Path), default=None, help="Where evidence folders go.")
def demo(company: str | None, as_json: bool, qbo_url: str, reports: Path | None) -> None:
    """Post the sample company's two months from empty to tied, through the notebooks, and say where the packs are."""
    folder = company or str(home() / DEFAULT_COMPANY)
    said = Said(company=Path(folder).name, named=company or "", posts=True)
    began = time.monotonic()
    with _told(said):
        from toolkit import month_end  # papermill and nbformat take two seconds to load, on every command

        say = functools.partial(click.echo, err=True)
        packs = month_end.demo(folder, qbo_url=qbo_url, reports=reports, say=say)
        _packs(packs, said)
        said.text.append(f"Done in {time.monotonic() - began:.0f} s.")
    sys.exit(_print("demo", said, as_json=as_json))


def _packs(months: tuple[month_end.Month, ...], said: Said) -> None:
    said.more["months"] = [one.as_json() for one in months]
    said.more["pack"] = str(months[-1].pack) if months else ""
    said.period = months[-1].period if months else ""
    for one in months:
        said.text.append(one.text())
        said.exits.append(one.exit_code)
        said.reads += one.reads
        said.writes += one.writes


def main(arguments: list[str] | None = None) -> None:
    """Run the command line; exits the process with the documented code."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure: Callable[..., None] | None = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="replace")
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr)
    if threading.current_thread() is threading.main_thread():
        # Whoever ends a push (a service manager, a closed session) gets what Ctrl-C gets: the answers in hand, and 130.
        signal.signal(signal.SIGTERM, signal.default_int_handler)
    cli.main(args=arguments, prog_name="coworks-qbo")


if __name__ == "__main__":
    main()
