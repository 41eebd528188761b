"""Commands that messages quote, completed with the company that the person gave: copied, they act on that one."""

from __future__ import annotations

import re
import shlex
from dataclasses import replace

from toolkit.problems import Problem

OF_A_COMPANY = (
    *("preview", "push", "deposits", "undo", "release", "tie-out"),
    *("status", "map", "connect", "disconnect", "demo"),
)
"""The commands that take --company; what only names another command is left as it is."""

_QUOTED = re.compile(
    rf"\bcoworks-qbo (?:{'|'.join(OF_A_COMPANY)})(?![\w-])"
    r"(?! --help\b)"
    r"(?!(?:(?!coworks-qbo ).)*? --company\b)",
    re.DOTALL,
)
"""A command with the program's name before it; prose that only uses a command's word ("connect again") is none."""


def with_company(text: str, company: str) -> str:
    """The text with ` --company` in every quoted command that does not say one yet; "" completes nothing."""
    if not company:
        return text
    named = f" --company {shlex.quote(company)}"
    return _QUOTED.sub(lambda found: found[0] + named, text)


def problem_with_company(problem: Problem, company: str) -> Problem:
    """The same problem, the commands in its words completed."""
    what, why, do = (with_company(one, company) for one in (problem.what, problem.why, problem.do))
    return replace(problem, what=what, why=why, do=do)
