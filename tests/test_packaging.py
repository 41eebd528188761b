"""pyproject.toml is the one list of dependencies; the lock and environment.yml keep step with it."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")
ENVIRONMENT = (ROOT / "environment.yml").read_text(encoding="utf-8")


def name_of(requirement: str) -> str:
    return re.split(r"[<>=!~ ;\[]", requirement, maxsplit=1)[0].lower().replace("_", "-")


def declared() -> list[str]:
    extras = PROJECT["optional-dependencies"].values()
    return [*PROJECT["dependencies"], *(one for extra in extras for one in extra)]


def pins() -> dict[str, str]:
    return {name.lower(): version for name, version in re.findall(r"^([A-Za-z0-9._-]+)==([^ ;\\]+)", LOCK, re.M)}


def test_every_dependency_is_pinned_in_the_lock() -> None:
    assert {name_of(one) for one in declared()} - {name.replace("_", "-") for name in pins()} == set()


def test_every_pin_has_hashes_and_no_line_an_address() -> None:
    assert "://" not in LOCK
    blocks = re.split(r"\n(?=[A-Za-z0-9])", LOCK.strip())
    assert [block.split()[0] for block in blocks if "--hash=sha256:" not in block] == []


def test_the_pins_satisfy_what_pyproject_asks() -> None:
    for one in declared():
        asked = re.search(r">=([0-9.]+)", one)
        if asked:
            pinned = pins()[name_of(one)]
            assert _numbers(pinned) >= _numbers(asked[1]), one


def _numbers(version: str) -> list[int]:
    return [int(part) for part in re.findall(r"\d+", version)][:4]


def test_environment_yml_installs_the_project_and_names_the_same_python() -> None:
    assert f"python {PROJECT['requires-python']}".replace(" >=", ">=") in ENVIRONMENT
    listed = {line.strip().removeprefix("- ") for line in ENVIRONMENT.splitlines() if line.strip().startswith("- ")}
    asked = {one for one in PROJECT["dependencies"] if name_of(one) != "tzdata"}
    assert {name_of(one) for one in asked} <= {name_of(one) for one in listed}
    for one in asked:
        assert one.replace(" ", "") in listed or one in listed, one


def test_no_file_names_this_machine() -> None:
    suspicious = re.compile(r"/wor[k]/|/tm[p]/[a-z]+|pypi[.]org/simple|localhost:80\d\d/simple")
    for pattern in (
        "*.md",
        "*.toml",
        "*.yml",
        "*.lock",
        "toolkit/**/*.py",
        "notebooks/*.ipynb",
        "docs/*.md",
        ".ci/run",
    ):
        for path in ROOT.glob(pattern):
            assert not suspicious.search(path.read_text(encoding="utf-8")), path
