"""JupyterLab and a headless Chromium for tests: servers on loopback, folders of their own, no request outside."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from toolkit.open_company import HOME_VARIABLE

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), "")
QUIET = (
    "--no-sandbox",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-dev-shm-usage",
)
READY_SECONDS = 60


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def served(command: list[str], address: str, log: Path, cwd: Path, **more: str) -> Iterator[str]:
    """A server that answers at `address` while the body runs."""
    with log.open("wb") as out:
        process = subprocess.Popen(command, cwd=cwd, stdout=out, stderr=out, env=os.environ | more)
        try:
            _until_ready(address, process, log)
            yield address
        finally:
            process.terminate()
            process.wait(timeout=20)


def _until_ready(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(READY_SECONDS * 5):
        if process.poll() is not None:
            raise RuntimeError(log.read_text(errors="replace")[-2000:])
        try:
            urllib.request.urlopen(address, timeout=2).close()
            return
        except OSError:
            time.sleep(0.2)
    raise TimeoutError(log.read_text(errors="replace")[-2000:])


def _own_folders(home: Path) -> dict[str, str]:
    return {
        HOME_VARIABLE: str(home),
        "JUPYTER_CONFIG_PATH": str(home / "notebooks" / ".jupyter"),
        "JUPYTERLAB_SETTINGS_DIR": str(home / "lab" / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(home / "lab" / "workspaces"),
        "JUPYTER_CONFIG_DIR": str(home / "lab" / "config"),
        "JUPYTER_DATA_DIR": str(home / "lab" / "data"),
        "JUPYTER_RUNTIME_DIR": str(home / "lab" / "run"),
        "IPYTHONDIR": str(home / "lab" / "ipython"),
    }


@contextmanager
def jupyter_lab(home: Path, **more: str) -> Iterator[str]:
    """JupyterLab over the notebooks of a home; gives its address."""
    port = free_port()
    command = [sys.executable, "-m", "jupyter", "lab", "--no-browser", "--allow-root", f"--port={port}"]
    command += ["--ip=127.0.0.1", "--ServerApp.port_retries=0", "--IdentityProvider.token="]
    command += [f"--notebook-dir={home}", "--ServerApp.disable_check_xsrf=True"]
    address = f"http://127.0.0.1:{port}"
    with served(command, f"{address}/api", home / "lab.log", home, **_own_folders(home), **more):
        yield address


@contextmanager
def practice_quickbooks(company: Path, home: Path) -> Iterator[str]:
    """A server of the company's emulated QuickBooks; gives its address."""
    port = free_port()
    command = [sys.executable, "-m", "toolkit.emulator", f"--port={port}", "--company", str(company)]
    address = f"http://127.0.0.1:{port}"
    with served(command, address, home / "quickbooks.log", home):
        yield address


@contextmanager
def voila(home: Path, **more: str) -> Iterator[str]:
    """The notebooks of a home as an app; gives its address."""
    port = free_port()
    command = [sys.executable, "-m", "voila", str(home / "notebooks"), "--no-browser", f"--port={port}"]
    address = f"http://127.0.0.1:{port}"
    with served(command, address, home / "voila.log", home, **_own_folders(home), **more):
        yield address


@contextmanager
def browser(width: int = 1280, height: int = 1500) -> Iterator[Any]:
    """A page of a headless Chromium that can reach this machine only."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        chromium = play.chromium.launch(executable_path=CHROMIUM, args=list(QUIET))
        context = chromium.new_context(viewport={"width": width, "height": height})
        context.route("**/*", lambda route: route.continue_() if _local(route.request.url) else route.abort())
        page = context.new_page()
        page.set_default_timeout(60_000)
        yield page
        chromium.close()


def _local(url: str) -> bool:
    return url.startswith(
        ("http://127.0.0.1", "ws://127.0.0.1", "http://localhost", "data:", "blob:", "about:", "file:")
    )


def open_and_run(page: Any, address: str, notebook: str) -> None:
    """Open a notebook in JupyterLab and run all its cells; returns when the last one has its output."""
    page.goto(f"{address}/lab/tree/notebooks/{notebook}.ipynb?reset")
    page.wait_for_selector(".jp-Notebook .jp-Cell")
    page.get_by_text("| Idle").wait_for()
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_text("Run All Cells", exact=True).first.click()
    last = page.locator(".jp-Notebook .jp-CodeCell").last
    last.locator(".jp-InputPrompt", has_text=re.compile(r"\[\d+\]")).wait_for()
    last.locator(".jp-OutputArea-output").first.wait_for(state="attached")
