"""
A fresh emulated company behind loopback HTTP, in a process of its own: what the contenders of push.py work over.

    python benchmarks/emulated_network.py FOLDER NETWORK    serves one (push.py starts it so; NETWORK is JSON)
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from toolkit.emulator import quotas
from toolkit.emulator.company import Company
from toolkit.emulator.server import serve
from toolkit.push import IN_FLIGHT
from toolkit.qbo.limits import Rates

REALM = "9130000000000001"
CUSTOMERS = 50
ITEM = "1"
SETTINGS = f"""\
timezone = "America/New_York"
[quickbooks]
environment = "emulator"
realm = "{REALM}"
[push]
invoices = true
transactions = true
"""


@dataclass(frozen=True, kw_only=True)
class Network:
    """How long calls and batches take and what the quotas allow; `minute` is the server's minute in seconds.

    `margin` is what our client keeps back of a minute, see `Rates`; `in_flight` how many requests it has under way.
    """

    call_ms: int = 150
    batch_ms: int = 600
    quotas: str = "on"
    per_second: int = 10
    minute: float = 60.0
    margin: float = 0.01
    in_flight: int = IN_FLIGHT

    @property
    def rates(self) -> Rates:
        """What our client is told of it: Intuit's limits, and its own pauses, in this network's minutes."""
        if self.quotas == "off":
            big = 10**9
            return Rates(
                requests_per_second=big, requests_per_minute=big, batches_per_minute=big, realm_batches_per_minute=big
            )
        usual = Rates()
        return Rates(
            requests_per_second=float(self.per_second),
            minute=self.minute,
            margin=self.margin,
            pause_after_throttle=usual.pause_after_throttle * self.minute / 60,
            first_pause_after_throttle=usual.first_pause_after_throttle * self.minute / 60,
        )


REAL = Network()
# The margin is for requests that are held up on their way. On a faster clock the machine that does both sides' work is
# no faster: a hundredth of three seconds would be less than it needs to turn around, and a dozen requests at once would
# only hold each other up on two cores.
FASTER = Network(call_ms=8, batch_ms=30, per_second=200, minute=3.0, margin=0.03, in_flight=4)
FREE = Network(call_ms=0, batch_ms=0, quotas="off")


def write_company(folder: Path) -> Path:
    """A company without a transaction, with known customers and one product; numbers are its own."""
    folder.mkdir(parents=True)
    (folder / "company.toml").write_text(SETTINGS, encoding="utf-8")
    customers = [{"Id": str(one), "DisplayName": f"Team {one}"} for one in range(1, CUSTOMERS + 1)]
    item = {"Id": ITEM, "Name": "Hours", "Type": "Service", "IncomeAccountRef": {"value": "79"}}
    seed = {
        "format": 1,
        "realm_id": REALM,
        "preferences": {"SalesFormsPrefs": {"CustomTxnNumbers": True}},
        "lists": {"Customer": customers, "Item": [item]},
        "transactions": [],
    }
    (folder / "qbo.json").write_text(json.dumps(seed), encoding="utf-8")
    return folder


@contextmanager
def served(network: Network) -> Iterator[tuple[Path, dict[str, Any]]]:
    """A fresh company's folder and what its server said when it was ready; both are gone afterwards."""
    place = Path(tempfile.mkdtemp(prefix="push-benchmark-"))
    folder = write_company(place / "company")
    process = subprocess.Popen(
        [sys.executable, __file__, str(folder), json.dumps(asdict(network))],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert process.stdout is not None
        yield folder, json.loads(process.stdout.readline())
    finally:
        process.terminate()
        process.wait(20)
        shutil.rmtree(place)


def check(told: dict[str, Any], invoices: int) -> None:
    """A contender has really posted everything, once, and each payment has settled its invoice."""
    books = Company.open(Path(told["state"]))
    try:
        sql = "SELECT count(*), coalesce(sum(balance), 0) FROM object WHERE entity = ?"
        found = {name: books.connection().execute(sql, (name,)).fetchone() for name in ("Invoice", "Payment")}
    finally:
        books.close()
    if tuple(found["Invoice"]) != (invoices, 0) or found["Payment"][0] != invoices:
        raise SystemExit(f"the books hold {found} instead of {invoices} invoices and as many payments")


def main() -> int:
    """Serve until told to end."""
    folder, network = sys.argv[1], Network(**json.loads(sys.argv[2]))
    quotas.MINUTE = network.minute
    switches = {
        "latency_ms": network.call_ms,
        "batch_latency_ms": network.batch_ms,
        "quotas": network.quotas,
        "requests_per_second": network.per_second,
    }
    return serve([folder], switches=[(name, str(value)) for name, value in switches.items()])


if __name__ == "__main__":
    sys.exit(main())
