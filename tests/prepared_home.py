"""A home of its own (COWORKS_HOME) for tests of the pages: the sample company, fresh or with its first month posted."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from toolkit import stages
from toolkit.approval import Approval
from toolkit.open_company import HOME_VARIABLE, OpenCompany, open_company

ROOT = Path(__file__).resolve().parents[1]
FIRST = "2026-01"
STATE = ("qbo.db*", "posting-log.db*", "books.db*", "tokens*", "*.lock", ".*")


def fresh(home: Path, company: str = "sample") -> Path:
    """A home with the notebooks and the sample company as committed, nothing posted; returns the company's folder."""
    shutil.copytree(ROOT / "notebooks", home / "notebooks", ignore=shutil.ignore_patterns(".ipynb_checkpoints"))
    folder = home / "companies" / company
    shutil.copytree(ROOT / "companies" / "sample", folder, ignore=shutil.ignore_patterns(*STATE))
    return folder


@contextmanager
def opened(home: Path, company: str = "sample") -> Iterator[OpenCompany]:
    """The company of a home, open."""
    with open_company(company, environ={HOME_VARIABLE: str(home)}) as found:
        yield found


def post(home: Path, period: str = FIRST, company: str = "sample") -> None:
    """Post the month with its bank deposits, as the pages would, and leave its reviewed plans in the reports."""
    with opened(home, company) as found:
        for review in (stages.review, stages.review_deposits):
            made = review(found, period)
            outcome = stages.post(found, made, Approval(code=made.plan.digest, by="test"))
            assert not outcome.problems, outcome.problems


def prepared(home: Path) -> Path:
    """A home whose first month is posted; returns it."""
    fresh(home)
    post(home)
    return home
