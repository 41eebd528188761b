"""An emulated company behind a server that counts as Intuit meters: reads, a query inside a batch too, and writes."""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from toolkit import stages
from toolkit.approval import Approval
from toolkit.emulator.admin import set_switch
from toolkit.emulator.app import EmulatorApp
from toolkit.emulator.company import Company
from toolkit.emulator.door import Door
from toolkit.emulator.sample.writing import write_company
from toolkit.open_company import open_company
from toolkit.qbo.limits import Rates

UNPACED = Rates(
    requests_per_second=1e6, requests_per_minute=10**9, batches_per_minute=10**9, realm_batches_per_minute=10**9
)
MONTHS = ("2026-01", "2026-02")
Environ = dict[str, Any]


class Meter:
    """A WSGI application in front of the emulator's: what came in, by Intuit's count."""

    def __init__(self, app: Callable[..., Iterable[bytes]], url: str = "") -> None:
        self._app, self.url = app, url
        self._lock = threading.Lock()
        self.reads = self.writes = 0
        self.asked: list[str] = []

    def __call__(self, environ: Environ, start_response: Any) -> Iterable[bytes]:
        method, path = str(environ["REQUEST_METHOD"]), str(environ["PATH_INFO"])
        if path.startswith("/v3/company/"):
            self._count(method, path.split("/", 4)[4], environ)
        return self._app(environ, start_response)

    def _count(self, method: str, path: str, environ: Environ) -> None:
        reads, writes = (1, 0) if method == "GET" or path == "query" else (0, 1)
        if path == "batch":
            body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
            environ["wsgi.input"] = io.BytesIO(body)
            items = json.loads(body)["BatchItemRequest"]
            reads = sum(1 for one in items if "Query" in one)
            writes = len(items) - reads
        with self._lock:
            self.reads += reads
            self.writes += writes
            self.asked.append(f"{method} {path}")

    def begin(self) -> None:
        """Count from here."""
        self.reads = self.writes = 0
        self.asked.clear()


@contextmanager
def metered(folder: Path) -> Iterator[Meter]:
    """The emulated company of a folder on a loopback port, counted."""
    company = Company.open(folder / "qbo.db")
    meter = Meter(EmulatorApp([company]))
    door = Door(meter, "127.0.0.1", 0)  # type: ignore[arg-type]
    meter.url = f"http://127.0.0.1:{door.port}"
    thread = threading.Thread(target=door.run, daemon=True)
    thread.start()
    try:
        yield meter
    finally:
        door.close()
        thread.join(10)
        company.close()


def finished(folder: Path, invoices: int) -> list[int]:
    """Make a company of that many invoices a month, both months posted with their bank deposits, without any pace.

    Returns the metered reads of looking again after each of the four posts, in a process's place.
    """
    write_company(folder, invoices=invoices, months=len(MONTHS))
    reads = []
    for period in MONTHS:
        for review in (stages.review, stages.review_deposits):
            with open_company(folder, reports=folder.parent / "reports", rates=UNPACED) as opened:
                assert opened.emulated is not None
                set_switch(opened.emulated, "quotas", "off")
                made = review(opened, period)
                outcome = stages.post(opened, made, Approval(code=made.plan.digest, by="test"))
                assert not outcome.problems, outcome.problems
            with open_company(folder, reports=folder.parent / "reports") as opened:
                assert not review(opened, period).plan.operations
                reads.append(opened.client.reads)
    return reads
