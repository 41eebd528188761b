#!/usr/bin/env python3
"""Set up and run the project with nothing but Python: `python3 dev.py demo | test | lab | app`.

Standard library only. The first call makes `.venv` beside this file from requirements.lock (with uv when it is on the
PATH, else pip) and compiles it; later calls find it ready.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
VENV = HERE / ".venv"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
PYTHON = BIN / ("python.exe" if os.name == "nt" else "python")
LOCK = HERE / "requirements.lock"
STAMP = VENV / "installed.sha256"
OLDEST = (3, 11)
PAGES = str(HERE / "notebooks" / ".jupyter")
"""Where Jupyter finds how the pages look."""

USAGE = """usage: python3 dev.py COMMAND

  demo   post the sample company's two months to a QuickBooks Online on this machine and prove them
  test   check style and types, run all tests and the notebooks
  lab    open the notebooks in JupyterLab
  app    open the same notebooks as an app, without code (Voila)
"""


def main(arguments: list[str]) -> int:
    commands = {"demo": demo, "test": test, "lab": lab, "app": app}
    if not arguments or arguments[0] not in commands:
        print(USAGE, file=sys.stderr)
        return 0 if arguments[:1] in (["-h"], ["--help"]) else 2
    if sys.version_info < OLDEST:
        print(f"Python 3.11 or newer is needed; this is {sys.version.split()[0]}.", file=sys.stderr)
        return 2
    set_up()
    return commands[arguments[0]](arguments[1:])


def demo(more: list[str]) -> int:
    return run([PYTHON, "-m", "toolkit.cli", "demo", *more])


def test(more: list[str]) -> int:
    checks: tuple[list[str | Path], ...] = (
        [PYTHON, "-m", "ruff", "format", "--check", "."],
        [PYTHON, "-m", "ruff", "check", "."],
        [PYTHON, "-m", "mypy"],
        [PYTHON, "-m", "pytest", *(more or ["tests", "notebooks", "--nbval-lax", "--nbval-current-env"])],
    )
    results = [run(check) for check in checks]
    return next((code for code in results if code), 0)


def lab(more: list[str]) -> int:
    # Jupyter refuses to run as root unless told; in a container everybody is root.
    root = ["--allow-root"] if getattr(os, "geteuid", lambda: 1)() == 0 else []
    return beside_quickbooks(
        [PYTHON, "-m", "jupyter", "lab", "--notebook-dir", HERE, "notebooks/00_start_here.ipynb", *root, *more]
    )


def app(more: list[str]) -> int:
    return beside_quickbooks([PYTHON, "-m", "voila", HERE / "notebooks", *more])


def beside_quickbooks(command: list[str | Path]) -> int:
    """Run a server of pages beside the practice QuickBooks Online, so that its sign-in page can be clicked."""
    folders = practice_companies(HERE / "companies")
    if not folders:
        return run(command, JUPYTER_CONFIG_PATH=PAGES)
    serve: list[str] = [str(PYTHON), "-m", "toolkit.emulator"]
    serve += [part for folder in folders for part in ("--company", str(folder))]
    with subprocess.Popen(serve, cwd=HERE, stdout=subprocess.PIPE, text=True, env=environment()) as quickbooks:
        try:
            assert quickbooks.stdout is not None
            # Without an answer (a damaged company: its reason was printed) each page opens its own practice books.
            address = json.loads(quickbooks.stdout.readline() or "{}").get("base_url", "")
            return run(command, COWORKS_QBO_URL=address, JUPYTER_CONFIG_PATH=PAGES)
        finally:
            quickbooks.terminate()


def practice_companies(companies: Path) -> list[Path]:
    """The folders with a practice QuickBooks, each company ID once, in name order but the sample first.

    One server tells companies apart by their ID, so those without one in company.toml are left out.
    """
    import tomllib

    found: dict[str, Path] = {}
    for path in sorted(companies.glob("*/company.toml"), key=lambda one: (one.parent.name != "sample", one)):
        try:
            books = tomllib.loads(path.read_text(encoding="utf-8-sig")).get("quickbooks", {})
        except (OSError, ValueError):
            continue  # the page that opens it says what is wrong
        there = any((path.parent / name).exists() for name in ("qbo.json", "qbo.db"))
        if there and books.get("realm") and books.get("environment", "emulator") == "emulator":
            found.setdefault(str(books["realm"]), path.parent)
    return list(found.values())


def set_up() -> None:
    """Make `.venv` from the lock, unless it is there and of this very lock."""
    wanted = hashlib.sha256(LOCK.read_bytes() + (HERE / "pyproject.toml").read_bytes() + str(HERE).encode()).hexdigest()
    if PYTHON.exists() and STAMP.exists() and STAMP.read_text(encoding="ascii") == wanted:
        return
    print("Setting up .venv (once; a minute or two) …", file=sys.stderr, flush=True)
    uv = shutil.which("uv")
    steps = with_uv(uv) if uv else with_pip()
    for step in steps:
        if run(step, quiet=True):
            sys.exit(f"Setting up failed at: {' '.join(map(str, step))}")
    STAMP.write_text(wanted, encoding="ascii")


def with_uv(uv: str) -> list[list[str | Path]]:
    # uv compiles nothing unless asked; uncompiled, every kernel start would compile pandas anew.
    install: list[str | Path] = [uv, "pip", "install", "-q", "--python", PYTHON, "--compile-bytecode"]
    return [
        [uv, "venv", "-q", "--clear", "--python", sys.executable, VENV],
        [*install, "--require-hashes", "-r", LOCK],
        [*install, "--no-deps", "--no-build-isolation", "-e", HERE],
    ]


def with_pip() -> list[list[str | Path]]:
    try:
        import ensurepip  # noqa: F401
    except ImportError:
        sys.exit("Python's venv module is missing; on Debian and Ubuntu: apt install python3-venv")
    pip: list[str | Path] = [PYTHON, "-m", "pip", "--disable-pip-version-check", "install", "-q", "--compile"]
    return [
        [sys.executable, "-m", "venv", "--clear", VENV],
        [*pip, "--require-hashes", "-r", LOCK],
        [*pip, "--no-deps", "--no-build-isolation", "-e", HERE],
    ]


def run(command: list[str | Path], *, quiet: bool = False, **more: str) -> int:
    if not quiet:
        print(f"$ {' '.join(Path(part).name if isinstance(part, Path) else part for part in command)}", file=sys.stderr)
    try:
        return subprocess.run(
            [str(part) for part in command], cwd=HERE, env=environment() | more, check=False
        ).returncode
    except KeyboardInterrupt:
        return 130


def environment() -> dict[str, str]:
    """This process's environment, with `.venv` first and bytecode allowed."""
    found = dict(os.environ)
    found.pop("PYTHONDONTWRITEBYTECODE", None)
    # Offices with a proxy that opens TLS have its certificate in the system's store, which uv ignores unless told.
    found |= {"UV_SYSTEM_CERTS": "1", "UV_NATIVE_TLS": "1", "PIP_NO_INPUT": "1"}
    found["PATH"] = f"{BIN}{os.pathsep}{found.get('PATH', '')}"
    return found


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
