"""Opening a company: practice books that are not there, or are another company's, are said before anything is made."""

from __future__ import annotations

from pathlib import Path

import pytest
from made_companies import copy_of_sample

from toolkit.open_company import open_company
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
