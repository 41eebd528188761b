"""Commands quoted in messages are those of the company that was given, each completed once, prose left alone."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner
from made_companies import copy_of_sample

from toolkit import approval
from toolkit.cli import cli
from toolkit.cli_words import OF_A_COMPANY, problem_with_company, with_company
from toolkit.plan import Plan
from toolkit.problems import NotLive
from toolkit.qbo import connection_words
from toolkit.qbo.exchange import Call
from toolkit.settings import from_dict


@pytest.mark.parametrize(
    ("text", "completed"),
    [
        (
            "coworks-qbo push --period 2026-01 --approve X",
            "coworks-qbo push --company hill --period 2026-01 --approve X",
        ),
        ("Connect again (coworks-qbo connect).", "Connect again (coworks-qbo connect --company hill)."),
        ("Look for it with coworks-qbo status --runs.", "Look for it with coworks-qbo status --company hill --runs."),
        (
            "take it back: coworks-qbo undo A and coworks-qbo undo B",
            "take it back: coworks-qbo undo --company hill A and coworks-qbo undo --company hill B",
        ),
        ("prove it: coworks-qbo tie-out", "prove it: coworks-qbo tie-out --company hill"),
        ("Rehearse: coworks-qbo preview --company other", "Rehearse: coworks-qbo preview --company other"),
        ("Run coworks-qbo connect with --company, or wait.", "Run coworks-qbo connect with --company, or wait."),
        (
            "coworks-qbo undo A, then coworks-qbo undo B --company other",
            "coworks-qbo undo --company hill A, then coworks-qbo undo B --company other",
        ),
        ("coworks-qbo push --help lists what it takes.", "coworks-qbo push --help lists what it takes."),
        ("make one with: coworks-qbo sample companies/NAME.", "make one with: coworks-qbo sample companies/NAME."),
        ("Connect again, then preview and push again.", "Connect again, then preview and push again."),
        ("Run the push again: status --runs is prose here.", "Run the push again: status --runs is prose here."),
        ("coworks-qbo pushes and coworks-qbo map-like words", "coworks-qbo pushes and coworks-qbo map-like words"),
        ("", ""),
    ],
)
def test_every_quoted_command_names_the_company_once(text: str, completed: str) -> None:
    assert with_company(text, "hill") == completed
    assert with_company(completed, "hill") == completed, "completed once, it stays"
    assert with_company(text, "") == text, "no company was given: the default one is meant"


def test_a_folder_with_a_blank_is_one_word_of_the_shell() -> None:
    said = with_company("coworks-qbo status --runs", "my books/hill")
    assert shlex.split(said) == ["coworks-qbo", "status", "--company", "my books/hill", "--runs"]


def test_a_problem_keeps_all_but_its_words() -> None:
    bare = connection_words.not_connected()
    said = problem_with_company(bare, "hill")
    assert "coworks-qbo connect --company hill, or" in said.do
    assert (said.code, said.where, said.severity, said.key) == (bare.code, bare.where, bare.severity, bare.key)


def test_the_commands_of_a_company_are_those_that_take_one() -> None:
    takes = {name for name, one in cli.commands.items() if any(each.name == "company" for each in one.params)}
    assert set(OF_A_COMPANY) == takes


@pytest.mark.parametrize("as_json", [False, True], ids=["people", "json"])
def test_what_a_command_says_names_its_company(tmp_path: Path, as_json: bool) -> None:
    folder = str(copy_of_sample(tmp_path))
    asked = ["undo", "nonsense", "--company", folder, *(["--json"] if as_json else [])]
    CliRunner().invoke(cli, ["push", "--company", folder, "--approve", "auto", "--reports", str(tmp_path / "reports")])
    said = CliRunner().invoke(cli, asked)
    assert said.exit_code == 2
    words = json.loads(said.stdout)["problems"][0]["do"] if as_json else " ".join(said.output.split())
    assert f"coworks-qbo status --company {folder} --runs" in words


@pytest.mark.parametrize("command", ["preview", "status", "push", "demo"])
@pytest.mark.parametrize("blank", ["", "  "])
def test_a_company_without_a_name_is_refused_in_words(command: str, blank: str) -> None:
    said = CliRunner().invoke(cli, [command, "--company", blank, "--json"])
    found = json.loads(said.stdout)
    assert (said.exit_code, found["exit"], found["command"]) == (2, 2, command)
    assert [one["code"] for one in found["problems"]] == ["usage"]
    assert "--company" in found["problems"][0]["what"]
    assert (found["qbo_reads"], found["qbo_writes"]) == (0, 0)


@pytest.mark.parametrize(
    ("arguments", "kept"),
    [
        (("preview",), "Nothing was posted"),
        (("connect",), "Nothing was posted"),
        (("deposits",), "Nothing was posted"),
        (("push", "--approve", "auto"), "Everything answered so far is in the posting log"),
    ],
)
def test_what_is_stopped_says_whether_something_can_have_been_posted(
    arguments: tuple[str, ...], kept: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("toolkit.cli.open_company", interrupted)
    said = CliRunner().invoke(cli, [*arguments, "--company", str(tmp_path)])
    assert (said.exit_code, said.output) == (130, f"Stopped. {kept}; run the same command again.\n")


@pytest.mark.parametrize(("environment", "called"), [("sandbox", "(sandbox)"), ("production", "real books")])
def test_the_word_for_books_at_intuit_says_which_books_they_are(environment: str, called: str) -> None:
    found = from_dict({"quickbooks": {"environment": environment, "realm": "9130"}}, where=Path("company.toml"))
    plan = Plan(company="hill", period="2026-01", realm="9130", stage="billing")
    with pytest.raises(NotLive) as refused:
        approval.check(plan, approval.Approval(code="x"), found)
    assert called in refused.value.problem.what
    assert ("eal books" in str(refused.value.problem)) is (environment == "production")


def test_the_books_changes_are_called_so() -> None:
    assert Call(method="GET", path="cdc").name == "QuickBooks changes"
