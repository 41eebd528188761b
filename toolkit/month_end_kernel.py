"""Runs one notebook through papermill in a kernel of its own: this Python, a given environment, no open port."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import nbformat
import papermill
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import NBClientEngine, papermill_engines

ENGINE = "coworks-qbo"
START_SECONDS = 60
# A Unix socket's path has at most 103 characters on macOS, 107 on Linux.
_LONGEST_SOCKET = 100


class Kernel(AsyncKernelManager):
    """A kernel of the Python that runs this, whatever kernels the user has installed under the name python3."""

    @property
    def kernel_spec(self) -> KernelSpec:
        """Our own Python, without the history file that kernels would share and lock."""
        command = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        quiet = ["--HistoryManager.enabled=False", "--IPKernelApp.log_level=ERROR"]
        return KernelSpec(argv=[*command, *quiet], display_name="Python 3", language="python")


class Engine(NBClientEngine):  # type: ignore[misc]
    """papermill's own engine, with our kernel and the environment that the caller gives."""

    @classmethod
    def execute_managed_notebook(cls, nb_man: Any, kernel_name: str, **options: Any) -> Any:
        """Execute the cells; a failing one is marked in the notebook."""
        with tempfile.TemporaryDirectory(prefix="cw") as private:
            client = PapermillNotebookClient(
                nb_man,
                km=Kernel(connection_file=str(Path(private) / "kernel.json"), transport=_transport(private)),
                timeout=None,
                startup_timeout=START_SECONDS,
                kernel_name=kernel_name,
                resources={"metadata": {"path": options["folder"]}},
            )
            return client.execute(env=options["environment"], cwd=options["folder"])


papermill_engines.register(ENGINE, Engine)


def _transport(folder: str) -> str:
    """Sockets in a private folder where the system has them: a kernel's TCP ports are open to the whole machine."""
    return "ipc" if os.name == "posix" and len(folder) + len("/kernel-ipc-1") <= _LONGEST_SOCKET else "tcp"


def run_notebook(
    notebook: Path, output: Path, parameters: Mapping[str, str | bool], environment: Mapping[str, str]
) -> None:
    """Run `notebook` in its folder and keep it as `output`, without widget state, failing cells marked.

    Raises `papermill.PapermillExecutionError` for a failing cell, after the notebook has been kept.
    """
    try:
        papermill.execute_notebook(
            notebook,
            output,
            parameters=dict(parameters),
            engine_name=ENGINE,
            kernel_name="python3",
            language="python",
            progress_bar=False,
            request_save_on_cell_execute=False,
            folder=str(notebook.parent),
            environment={**os.environ, **environment},
        )
    finally:
        _without_widgets(output)


def _without_widgets(output: Path) -> None:
    if output.exists():
        kept = nbformat.read(output, as_version=4)  # type: ignore[no-untyped-call]
        if kept.metadata.pop("widgets", None) is not None:
            nbformat.write(kept, output)  # type: ignore[no-untyped-call]


def parameters_of(notebook: Path) -> frozenset[str]:
    """The names that the notebook's parameters cell declares."""
    return frozenset(papermill.inspect_notebook(str(notebook)))
