"""The group of all commands: what is refused before a command begins, and what its output meets, is said too."""

from __future__ import annotations

import contextlib
import json
import os
import sys
from collections.abc import Sequence
from typing import Any

import click

from toolkit import disk, report
from toolkit.problems import Problem, Severity, ToolkitError, UsageError

STOPPED = 130


class Commands(click.Group):
    """Commands whose arguments are refused in words with exit 2, and with --json in one object on stdout as well."""

    def main(  # type: ignore[override]
        self, args: Sequence[str] | None = None, *, standalone_mode: bool = True, **given: Any
    ) -> Any:
        """Run a command and end the process with its exit code (with `standalone_mode` off: as click does)."""
        arguments = list(sys.argv[1:] if args is None else args)
        if not standalone_mode:
            return super().main(arguments, standalone_mode=False, **given)
        as_json = "--json" in arguments  # not read by click yet
        try:
            with disk.in_words():
                found = super().main(arguments, standalone_mode=False, **given)
        except click.UsageError as wrong:
            wrong.show()
            command = next((one for one in arguments if one in self.commands), "")
            sys.exit(_refused(_wrong(wrong, command), command if as_json else None))
        except ToolkitError as error:
            _let_go_of_output()
            click.echo(report.problems_text([error.problem]), err=True)
            sys.exit(error.exit_code)
        except click.Abort:
            sys.exit(STOPPED)
        sys.exit(found if isinstance(found, int) else 0)


def _wrong(error: click.UsageError, command: str) -> Problem:
    called = f"coworks-qbo {command}".rstrip()
    return Problem(
        code="usage",
        where=called,
        what=error.format_message(),
        why="The command was not begun.",
        do=f"{called} --help lists what it takes.",
        severity=Severity.FILE,
    )


def _refused(problem: Problem, command: str | None) -> int:
    """Its exit code, after the object on stdout of the `command` that was asked for one (None: of none)."""
    code = UsageError(problem).exit_code
    if command is not None:
        said = {"command": command, "company": "", "period": "", "exit": code, "problems": [problem.as_json()]}
        click.echo(json.dumps(said | {"qbo_reads": 0, "qbo_writes": 0}, ensure_ascii=False))
    return code


def _let_go_of_output() -> None:
    """What could not be written to stdout is not tried again when the interpreter ends."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
