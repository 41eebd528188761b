"""Writes company.toml: one setting at a time, comments and order kept, never a file that cannot be read again."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from pathlib import Path

import tomlkit

from toolkit import settings as company_settings
from toolkit.problems import Problem, Severity, UsageError
from toolkit.settings import Environment, Settings


def write_switches(path: Path, *, invoices: bool, transactions: bool) -> Settings:
    """Write the two switches and give the settings as they are then; transactions includes invoices.

    Raises `UsageError` if the file cannot be understood or not be written; then it is left as it was.
    """
    return _write(path, "push", {"invoices": invoices or transactions, "transactions": transactions})


def write_realm(path: Path, realm: str) -> Settings:
    """Write the company ID and give the settings as they are then; raises as `write_switches`."""
    return _write(path, "quickbooks", {"realm": realm})


def write_environment(path: Path, environment: Environment) -> Settings:
    """Write which QuickBooks it is and give the settings as they are then; raises as `write_switches`."""
    return _write(path, "quickbooks", {"environment": str(environment)})


def _write(path: Path, section: str, values: Mapping[str, object]) -> Settings:
    company_settings.read(path)  # what is wrong with it is said in words, before anything is changed
    try:
        text = path.read_bytes().decode("utf-8-sig")
        fresh = _with(text, section, values)
        made = company_settings.from_dict(tomlkit.parse(fresh).unwrap(), where=path)
        _replace(path.resolve(), fresh.encode())
    except OSError as error:
        raise UsageError(_unwritable(path, error, section, values)) from None
    return made


def _with(text: str, section: str, values: Mapping[str, object]) -> str:
    """The text of a company.toml with the values in that section, the section added when there is none."""
    document = tomlkit.parse(text)
    if section not in document:
        document[section] = tomlkit.table()
    table = document[section]
    assert isinstance(table, MutableMapping)  # a table of any spelling; settings.read has seen that it is one
    for name, value in values.items():
        table[name] = value
    return tomlkit.dumps(document)


def _replace(path: Path, content: bytes) -> None:
    """Swap the file whole: a reader sees the old one or the new one, with the rights that it had."""
    fresh = path.with_name(f".{path.name}.new")
    try:
        fresh.write_bytes(content)
        fresh.chmod(path.stat().st_mode & 0o7777)
        fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)


def _unwritable(path: Path, error: OSError, section: str, values: Mapping[str, object]) -> Problem:
    shown = ", ".join(f"{name} = {tomlkit.item(value).as_string()}" for name, value in values.items())
    return Problem(
        code="settings-unwritable",
        where=f"{path.parent.name}/{path.name}",
        what=f"The settings cannot be written: {error.strerror or type(error).__name__}.",
        why="company.toml is as it was before.",
        do=f"Make the folder writable or free some space and try again, or write {shown} under [{section}] yourself.",
        severity=Severity.FILE,
    )
