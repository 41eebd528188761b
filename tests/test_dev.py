"""dev.py: which practice companies the pages are served with, and starting as root."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import dev

REALM = '[quickbooks]\nenvironment = "emulator"\nrealm = "{}"\n'


def company(folder: Path, name: str, toml: str, books: str = "qbo.json") -> None:
    (folder / name).mkdir()
    (folder / name / "company.toml").write_text(toml, encoding="utf-8")
    if books:
        (folder / name / books).touch()


def test_every_practice_company_is_served_the_sample_first(tmp_path: Path) -> None:
    company(tmp_path, "sample", REALM.format(1))
    company(tmp_path, "another", REALM.format(2), "qbo.db")
    company(tmp_path, "begun", '[quickbooks]\nrealm = "3"\n')
    assert [one.name for one in dev.practice_companies(tmp_path)] == ["sample", "another", "begun"]


@pytest.mark.parametrize(
    ("toml", "books"),
    [
        ('[quickbooks]\nenvironment = "production"\nrealm = "2"\n', "qbo.json"),
        (REALM.format(2), ""),
        (REALM.format(1), "qbo.json"),
        ('[quickbooks]\nenvironment = "emulator"\n', "qbo.json"),
        ("[quickbooks", "qbo.json"),
    ],
    ids=["real books", "no books", "the same company ID", "no company ID", "company.toml cut"],
)
def test_what_one_server_cannot_tell_apart_or_has_no_books_is_left_out(tmp_path: Path, toml: str, books: str) -> None:
    company(tmp_path, "sample", REALM.format(1))
    company(tmp_path, "other", toml, books)
    assert [one.name for one in dev.practice_companies(tmp_path)] == ["sample"]


@pytest.mark.parametrize(("user", "told"), [(0, True), (1000, False)])
def test_root_in_a_container_may_open_the_lab(monkeypatch: pytest.MonkeyPatch, user: int, told: bool) -> None:
    ran: list[list[str | Path]] = []
    monkeypatch.setattr(os, "geteuid", lambda: user, raising=False)
    monkeypatch.setattr(dev, "beside_quickbooks", lambda command: ran.append(command) or 0)
    assert dev.lab(["--no-browser"]) == 0
    assert ("--allow-root" in ran[0]) is told
    assert ran[0][-1] == "--no-browser"
