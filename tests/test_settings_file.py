"""company.toml is written one setting at a time: everything else in it stays as a person wrote it."""

from __future__ import annotations

import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from toolkit import settings as company_settings
from toolkit.problems import UsageError
from toolkit.settings_file import write_realm, write_switches

WRITTEN = """\
# ours
timezone = "America/Chicago" # lake time

[quickbooks] # which books
environment = "sandbox"
realm = ""   # the company ID

[push]
invoices = true
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    made = tmp_path / "company.toml"
    made.write_bytes(WRITTEN.encode())
    return made


def test_only_the_company_id_changes(path: Path) -> None:
    made = write_realm(path, "9130")
    assert made == company_settings.read(path)
    assert path.read_text() == WRITTEN.replace('realm = ""', 'realm = "9130"')
    assert [one.name for one in path.parent.iterdir()] == ["company.toml"], "nothing is left beside it"


def test_transactions_include_invoices(path: Path) -> None:
    made = write_switches(path, invoices=False, transactions=True)
    assert (made.push.invoices, made.push.transactions) == (True, True)
    assert "# lake time" in path.read_text()


@pytest.mark.parametrize(
    "text",
    ["", 'quickbooks = {environment = "sandbox"}\n', 'quickbooks.environment = "sandbox"\n', "# only a note\n"],
    ids=["empty", "inline table", "dotted", "comment"],
)
def test_a_section_of_any_spelling_takes_the_company_id(path: Path, text: str) -> None:
    path.write_text(text)
    assert write_realm(path, "9130").quickbooks.realm == "9130"
    assert path.read_text().startswith(text.partition("}")[0])


def test_line_ends_and_rights_stay(path: Path) -> None:
    path.write_bytes(b"\xef\xbb\xbf" + WRITTEN.replace("\n", "\r\n").encode())
    path.chmod(0o640)
    write_realm(path, "9130")
    assert path.read_bytes() == WRITTEN.replace('realm = ""', 'realm = "9130"').replace("\n", "\r\n").encode()
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_a_link_stays_a_link(path: Path, tmp_path: Path) -> None:
    link = tmp_path / "elsewhere" / "company.toml"
    link.parent.mkdir()
    link.symlink_to(path)
    write_realm(link, "9130")
    assert link.is_symlink()
    assert company_settings.read(path).quickbooks.realm == "9130"


def cut(path: Path) -> None:
    path.write_text("[push")


def unknown(path: Path) -> None:
    path.write_text("pussh = 1")


def blocked(path: Path) -> None:
    path.with_name(".company.toml.new").mkdir()


@pytest.mark.parametrize("harm", [cut, unknown, blocked])
def test_what_cannot_be_understood_or_written_stays_as_it_was(path: Path, harm: Callable[[Path], None]) -> None:
    harm(path)
    before = path.read_bytes()
    with pytest.raises(UsageError):
        write_realm(path, "9130")
    assert path.read_bytes() == before
