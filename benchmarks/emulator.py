"""
How fast the emulated QuickBooks Online creates, opens and imports, beside a bare spike of the same shape.

    python benchmarks/emulator.py [--invoices 100000] [--batches 400] [--rounds 3]

The company of `--invoices` invoices is imported from a qbo.json made here (import time), opened by a new process
(open time) and served over loopback HTTP by a process pinned to one core, the client on another; batches of 30 creates
go over one connection. The spike is the same door with an application that parses the batch and inserts the same JSON
and the same number of postings into the same tables, with no rules. Both also report creates per second of the
server's own processor time, which other programs on the machine do not disturb. Memory is the server's resident set
after the run.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import resource
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from statistics import median
from typing import Any

from toolkit.emulator import tokens
from toolkit.emulator.app import TABLES, EmulatorApp
from toolkit.emulator.company import Company
from toolkit.emulator.door import Door, stop_on_signals
from toolkit.emulator.store import connect

REALM = "9130350000000001"
CUSTOMERS = 1_000
IN_BATCH = 30


def invoice(number: int) -> dict[str, Any]:
    """An invoice of two lines as the product posts it."""
    return {
        "CustomerRef": {"value": str(number % CUSTOMERS + 1)},
        "DocNumber": f"C957F1A7-{number:07d}",
        "TxnDate": f"2026-01-{number % 28 + 1:02d}",
        "DueDate": "2026-02-15",
        "PrivateNote": f"Coworks C957F1A7-{number:07d} · 3f9a",
        "BillEmail": {"Address": "billing@example.com"},
        "EmailStatus": "NotSet",
        "PrintStatus": "NotSet",
        "AllowOnlineCreditCardPayment": False,
        "AllowOnlineACHPayment": False,
        "Line": [_line("Hot desk, January", "1", 250, 1, 250), _line("Meeting room", "2", 49.5, 3, 16.5)],
    }


def _line(text: str, item: str, amount: float, qty: int, price: float) -> dict[str, Any]:
    detail = {"ItemRef": {"value": item}, "Qty": qty, "UnitPrice": price, "TaxCodeRef": {"value": "NON"}}
    return {"Description": text, "Amount": amount, "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": detail}


def batch(first: int) -> bytes:
    """A batch body of thirty creates."""
    items = [{"bId": f"b{n}", "operation": "create", "Invoice": invoice(first + n)} for n in range(IN_BATCH)]
    return json.dumps({"BatchItemRequest": items}).encode()


def write_seed(path: Path, invoices: int) -> None:
    """A qbo.json with that many invoices."""
    customers = [{"Id": str(n), "DisplayName": f"Team {n}"} for n in range(1, CUSTOMERS + 1)]
    transactions = [{"Invoice": {"Id": str(n + 1), **invoice(n)}} for n in range(invoices)]
    seed = {"format": 1, "realm_id": REALM, "lists": {"Customer": customers}, "transactions": transactions}
    path.write_text(json.dumps(seed | {"switches": {"quotas": "off"}}), encoding="utf-8")


# -- servers -----------------------------------------------------------------------------------------------------------


def _run(app: Callable[..., Iterable[bytes]], access: str) -> None:
    stop_on_signals()
    door = Door(app, "127.0.0.1", 0)  # type: ignore[arg-type]  # any WSGI application will do
    print(json.dumps({"port": door.port, "access": access}), flush=True)
    try:
        door.run()
    except (SystemExit, KeyboardInterrupt):
        door.close()


def serve_emulator(db: Path) -> None:
    """Serves the company of this file."""
    company = Company.open(db)
    company.ensure(TABLES)
    _run(EmulatorApp([company]), tokens.grant(company, "com.intuit.quickbooks.accounting").access)


class Spike:
    """The least a server of this shape must do: parse, insert the same JSON and postings at once, answer it."""

    def __init__(self, db: Path) -> None:
        self.connection: sqlite3.Connection = connect(db)
        row = self.connection.execute("SELECT max(id) FROM object WHERE entity = 'Invoice'").fetchone()
        self.last = int(row[0] or 0)

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
        answer = self._insert(json.loads(body)["BatchItemRequest"])
        start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(answer)))])
        return [answer]

    def _insert(self, items: list[dict[str, Any]]) -> bytes:
        objects, postings, answers = [], [], []
        for item in items:
            self.last += 1
            made = {"Id": str(self.last), "SyncToken": "0", **item["Invoice"]}
            text = json.dumps(made)
            answers.append(f'{{"Invoice":{text},"bId":"{item["bId"]}"}}')
            number, day, name = made["DocNumber"], made["TxnDate"], made["CustomerRef"]["value"]
            objects.append(("Invoice", self.last, number, day, name, text))
            postings += [("Invoice", self.last, line, day, number, name) for line in range(3)]
        self.connection.execute("BEGIN IMMEDIATE")
        self.connection.executemany(
            "INSERT INTO object (entity, id, sync_token, active, deleted, voided, doc_number, txn_date, customer_id, "
            "created, updated, next_line, body) VALUES (?, ?, 0, 1, 0, 0, ?, ?, ?, '2026', '2026', 1, ?)",
            objects,
        )
        self.connection.executemany(
            "INSERT INTO posting (txn_type, txn_id, line, date, doc_number, account_id, amount, name_type, name_id, "
            "created) VALUES (?, ?, ?, ?, ?, '84', 0, 'Customer', ?, '2026')",
            postings,
        )
        self.connection.execute("COMMIT")
        return f'{{"BatchItemResponse":[{",".join(answers)}]}}'.encode()


# -- measuring ---------------------------------------------------------------------------------------------------------


def _child(*arguments: str, core: int = 0) -> subprocess.Popen[str]:
    pinned = [sys.executable, __file__, *arguments, "--core", str(core)]
    return subprocess.Popen(pinned, stdout=subprocess.PIPE, text=True)


def _cpu(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _resident(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return int(next(row for row in status.splitlines() if row.startswith("VmRSS")).split()[1]) / 1024


def creates(server: str, db: Path, bodies: list[bytes]) -> dict[str, float]:
    """Creates a second over loopback HTTP: wall clock, and of the server's processor time; its memory in MB."""
    process = _child(server, str(db))
    assert process.stdout is not None
    try:
        told = json.loads(process.stdout.readline())
        connection = http.client.HTTPConnection("127.0.0.1", told["port"], timeout=120)
        headers = {
            "Authorization": f"Bearer {told['access']}",
            "Content-Type": "application/json",
            "Accept": "application/json",
        }
        _send(connection, headers, bodies[0], "warm")
        spent, began = _cpu(process.pid), time.perf_counter()
        for place, body in enumerate(bodies[1:]):
            _send(connection, headers, body, f"r{place}")
        wall, used = time.perf_counter() - began, _cpu(process.pid) - spent
        made = IN_BATCH * (len(bodies) - 1)
        return {"wall": made / wall, "cpu": made / used, "memory_mb": _resident(process.pid)}
    finally:
        process.terminate()
        process.wait(timeout=30)


def _send(connection: http.client.HTTPConnection, headers: dict[str, str], body: bytes, requestid: str) -> None:
    connection.request("POST", f"/v3/company/{REALM}/batch?requestid={requestid}", body, headers)
    answer = connection.getresponse()
    text = answer.read()
    if answer.status != 200 or b'"Fault"' in text:
        raise SystemExit(f"refused: {answer.status} {text[:500]!r}")


def _told(*arguments: str) -> tuple[float, float]:
    """What a child process measured of itself: seconds (without the start of Python), peak memory in MB."""
    found = subprocess.run([sys.executable, __file__, *arguments], capture_output=True, text=True, check=True)
    seconds, memory = json.loads(found.stdout)
    return seconds, memory


def _own_peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def measure(invoices: int, batches: int, rounds: int) -> dict[str, Any]:
    """All figures; creates are medians over rounds, the two servers taking turns."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        seed, db = folder / "qbo.json", folder / "qbo.db"
        write_seed(seed, invoices)
        imported, import_memory = _told("import", str(db))
        opened = median(_told("open", str(db))[0] for _ in range(rounds))
        bodies = [batch(invoices + place * IN_BATCH) for place in range(batches)]
        runs: dict[str, list[dict[str, float]]] = {"emulator": [], "spike": []}
        for _ in range(rounds):
            for server, found in runs.items():
                copy = folder / f"{server}.db"
                shutil.copyfile(db, copy)
                found.append(creates(server, copy, bodies))
                for file in folder.glob(f"{server}.db*"):
                    file.unlink()
        size = db.stat().st_size / 1e6
    ours, bare = ({key: median(run[key] for run in runs[name]) for key in runs[name][0]} for name in runs)
    return {
        "invoices": invoices,
        "creates_per_second": round(ours["wall"]),
        "spike_creates_per_second": round(bare["wall"]),
        "ratio": round(ours["wall"] / bare["wall"], 2),
        "creates_per_cpu_second": round(ours["cpu"]),
        "spike_creates_per_cpu_second": round(bare["cpu"]),
        "cpu_ratio": round(ours["cpu"] / bare["cpu"], 2),
        "open_seconds": round(opened, 3),
        "import_seconds": round(imported, 1),
        "imported_per_second": round(invoices / imported),
        "server_memory_mb": round(ours["memory_mb"]),
        "import_peak_memory_mb": round(import_memory),
        "file_mb": round(size),
    }


def _open_only(db: Path) -> None:
    began = time.perf_counter()
    company = Company.open(db)
    answer = company.call(
        "GET", "query", {"query": "select * from Invoice where DocNumber = 'C957F1A7-0000001'"}, b"", ""
    )
    assert b"C957F1A7-0000001" in answer.body
    print(json.dumps([time.perf_counter() - began, _own_peak()]))


def _import_only(db: Path) -> None:
    began = time.perf_counter()
    company = Company.open(db, seed=db.with_suffix(".json"))
    spent = time.perf_counter() - began
    company.connection().execute("PRAGMA wal_checkpoint(TRUNCATE)")
    company.close()
    print(json.dumps([spent, _own_peak()]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "what", nargs="?", choices=("measure", "emulator", "spike", "open", "import"), default="measure"
    )
    parser.add_argument("db", nargs="?", type=Path)
    parser.add_argument("--invoices", type=int, default=100_000)
    parser.add_argument("--batches", type=int, default=400)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--core", type=int)
    asked = parser.parse_args()
    cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    if asked.core is not None and cores:
        os.sched_setaffinity(0, {cores[asked.core % len(cores)]})
    if asked.what == "emulator":
        serve_emulator(asked.db)
    elif asked.what == "spike":
        _run(Spike(asked.db), "")
    elif asked.what == "open":
        _open_only(asked.db)
    elif asked.what == "import":
        _import_only(asked.db)
    else:
        if len(cores) > 1:
            os.sched_setaffinity(0, set(cores[1:]))
        print(json.dumps(measure(asked.invoices, asked.batches, asked.rounds), indent=2))


if __name__ == "__main__":
    main()
