"""Opening a company: practice books that are not there, or are another company's, are said before anything is made."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from made_companies import copy_of_sample

from toolkit.open_company import free_run_name, open_company
from toolkit.problems import UsageError


def test_a_company_whose_practice_books_are_missing_is_not_given_empty_ones(tmp_path: Path) -> None:
    folder = copy_of_sample(tmp_path)
    (folder / "qbo.json").unlink()
    with pytest.raises(UsageError) as refused, open_company(folder, environ={}):
        pass
    assert "qbo.json" in refused.value.problem.what
    assert not (folder / "qbo.db").exists()


def test_practice_books_of_another_company_are_refused_with_both_ids(tmp_path: Path) -> None:
    folder = copy_of_sample(tmp_path)
    toml = folder / "company.toml"
    toml.write_text(toml.read_text().replace("9130495895871361", "9130000000000000002"))
    with pytest.raises(UsageError) as refused, open_company(folder, environ={}):
        pass
    said = refused.value.problem.what
    assert "9130495895871361" in said
    assert "9130000000000000002" in said


def test_a_company_without_an_id_may_begin_with_empty_books(tmp_path: Path) -> None:
    folder = copy_of_sample(tmp_path)
    (folder / "qbo.json").unlink()
    toml = folder / "company.toml"
    toml.write_text(toml.read_text().replace('realm = "9130495895871361"', ""))
    with open_company(folder, environ={}) as company:
        assert company.emulated is not None


def test_a_run_is_never_given_the_name_of_an_earlier_one(tmp_path: Path) -> None:
    """Whatever chance and a clock that stands still give."""
    moment = datetime(2026, 1, 5, 9, 30, 1, tzinfo=UTC)
    drawn = iter([7, 7, 7, 8])
    with open_company(copy_of_sample(tmp_path), environ={}, now=lambda: moment) as company:
        first = free_run_name(moment, company.log, lambda bits: next(drawn))
        company.log.begin_run(first, command="push billing", period="2026-01", digest="", approved_by="Dana")
        second = free_run_name(moment, company.log, lambda bits: next(drawn))
        assert (first, second) == ("20260105-093001-00000007", "20260105-093001-00000008")
        assert len({company.new_run() for _ in range(2000)}) == 2000
