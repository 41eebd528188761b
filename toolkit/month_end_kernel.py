"""Runs notebooks through papermill in one kernel: this Python, started once, emptied between pages, no open port.

Starting a kernel and importing everything takes longer than a page's own work, so the pages of a run share one. Each
page runs alone as well; what one leaves behind is cleared before the next.
"""

from __future__ import annotations

import logging
import os
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import nbformat
import papermill
from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from jupyter_core.utils import run_sync
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import NBClientEngine, papermill_engines

ENGINE = "coworks-qbo"
START_SECONDS = 60
# A Unix socket's path has at most 103 characters on macOS, 107 on Linux.
_LONGEST_SOCKET = 100


class Manager(AsyncKernelManager):
    """A kernel of the Python that runs this, whatever kernels the user has installed under the name python3."""

    @property
    def kernel_spec(self) -> KernelSpec:
        """Our own Python, without the history file that kernels would share and lock."""
        command = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        quiet = ["--HistoryManager.enabled=False", "--IPKernelApp.log_level=CRITICAL"]
        return KernelSpec(argv=[*command, *quiet], display_name="Python 3", language="python")

    def client(self, **kwargs: Any) -> AsyncKernelClient:  # type: ignore[override]
        """A client whose sockets end with the kernel, also where the kernel died or a person stopped the run."""
        return super().client(**{"context": self.context, **kwargs})


class Client(PapermillNotebookClient):  # type: ignore[misc]
    """papermill's client, on a kernel that may have run another page before."""

    environment: Mapping[str, str] = {}

    def papermill_execute_cells(self) -> None:
        """Empty the kernel, tell it this page's environment, then run the cells."""
        told = "\n".join(
            (
                "import os",
                f"os.environ.update({dict(self.environment)!r})",
                "get_ipython().reset(new_session=False)",
                "get_ipython().execution_count = 1",
            )
        )
        self.wait_for_reply(self.kc.execute(told, silent=True, store_history=False))
        super().papermill_execute_cells()


class Engine(NBClientEngine):  # type: ignore[misc]
    """papermill's own engine, on a kernel that is there already."""

    @classmethod
    def execute_managed_notebook(cls, nb_man: Any, kernel_name: str, **options: Any) -> Any:
        """Execute the cells; a failing one is marked in the notebook."""
        client = Client(
            nb_man,
            km=options["manager"],
            timeout=None,
            startup_timeout=START_SECONDS,
            kernel_name=kernel_name,
        )
        client.environment = options["environment"]
        try:
            return client.execute(cleanup_kc=False)
        finally:
            if client.kc is not None:
                client.kc.stop_channels()


papermill_engines.register(ENGINE, Engine)


class Kernel:
    """A running kernel that notebooks of one folder are run in, one after the other."""

    def __init__(self, manager: Manager) -> None:
        self._manager = manager

    def run(
        self, notebook: Path, output: Path, parameters: Mapping[str, str | bool], environment: Mapping[str, str]
    ) -> None:
        """Run `notebook` and keep it as `output`, without widget state, a failing cell marked.

        `environment` is set before its first cell. Raises `papermill.PapermillExecutionError` for a failing cell,
        after the notebook has been kept.
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
                manager=self._manager,
                environment=environment,
            )
        finally:
            _without_widgets(output)


@contextmanager
def kernel(folder: Path) -> Iterator[Kernel]:
    """A kernel in `folder`, ended when the body is left."""
    with tempfile.TemporaryDirectory(prefix="cw") as private:
        manager = Manager(connection_file=str(Path(private) / "kernel.json"), transport=_transport(private))
        run_sync(manager.start_kernel)(cwd=str(folder))
        try:
            yield Kernel(manager)
        except KeyboardInterrupt:
            # The kernel is in a session of its own: it is told to finish the answers in hand before it ends.
            run_sync(manager.interrupt_kernel)()
            # What nbclient was waiting for is not awaited any more; its complaints would bury what we say.
            for name in ("asyncio", "traitlets"):
                logging.getLogger(name).setLevel(logging.CRITICAL)
            raise
        finally:
            run_sync(manager.shutdown_kernel)()


def _transport(folder: str) -> str:
    """Sockets in a private folder where the system has them: a kernel's TCP ports are open to the whole machine."""
    return "ipc" if os.name == "posix" and len(folder) + len("/kernel-ipc-1") <= _LONGEST_SOCKET else "tcp"


def _without_widgets(output: Path) -> None:
    if output.exists():
        kept = nbformat.read(output, as_version=4)  # type: ignore[no-untyped-call]
        if kept.metadata.pop("widgets", None) is not None:
            nbformat.write(kept, output)  # type: ignore[no-untyped-call]


def parameters_of(notebook: Path) -> frozenset[str]:
    """The names that the notebook's parameters cell declares."""
    return frozenset(papermill.inspect_notebook(str(notebook)))
