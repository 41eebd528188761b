"""The pages are checked on a temporary copy of the sample company whose first month is posted, never on the checkout.

nbval runs no fixtures for notebook cells: the copy is made before the session, and its address is in the environment
(COWORKS_HOME) only while a notebook's cells run, so that no other test sees it.

Ctrl-C is heard as in a terminal, wherever the tests are started from.
"""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
from collections.abc import Generator
from pathlib import Path

import pytest

HOME = pytest.StashKey[Path]()
VARIABLE = "COWORKS_HOME"


def pytest_configure() -> None:
    """Hear Ctrl-C: what a shell or a scheduler runs behind is started deaf to it, and so is all that it starts."""
    if signal.getsignal(signal.SIGINT) in (signal.SIG_IGN, None):
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_sessionstart(session: pytest.Session) -> None:
    """Make the copy, if notebooks are to be run."""
    if session.config.getoption("nbval", False) or session.config.getoption("nbval_lax", False):
        from tests.prepared_home import prepared

        session.config.stash[HOME] = prepared(Path(tempfile.mkdtemp(prefix="coworks-pages-")) / "home")


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Take the copy away."""
    home = session.config.stash.get(HOME, None)
    if home is not None:
        shutil.rmtree(home.parent, ignore_errors=True)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Show the copy to the kernel that a notebook's first cell starts."""
    home = item.config.stash.get(HOME, None)
    if home is None or type(item).__name__ != "IPyNbCell":
        return (yield)
    before = os.environ.get(VARIABLE)
    os.environ[VARIABLE] = str(home)
    try:
        return (yield)
    finally:
        if before is None:
            del os.environ[VARIABLE]
        else:
            os.environ[VARIABLE] = before
