"""
Posting invoices and payments, beside python-quickbooks' `save()` and `batch_create`, over the same emulated network.

    python benchmarks/push.py [--rounds 3] [--save 600] [--large] [--full] [--memory [100000]] [--no-small]

Each contender posts the same 300 invoices and 300 payments to a fresh company of its own, served over loopback HTTP by
a process of its own: 150 ms a call, 600 ms a batch, quotas on (10 requests a second, 500 and 40 batches a minute).
Customers are known, the plan is approved, the books are read; the time is from the first request to the last answer.
Afterwards the books are looked at: everything is there, once, and every invoice is paid. Figures are the median of
`--rounds`, with the fastest and the slowest.

`--save N` measures `save()`, once, on the first N of the 600 and extrapolates the rest, marked. `--large` posts 10,000
and 10,000 on a clock 20 times faster: the server's minute lasts 3 seconds, calls take 8 ms and batches 30 ms; `save()`
is measured on 300 and extrapolated. `--full` does it in real time (17 minutes, ours alone). `--memory` pushes a plan of
100,000 operations without limits and reports the resident set of the pushing process, the plan it was given included.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from statistics import median
from typing import Any

import psutil
from emulated_network import CUSTOMERS, FASTER, FREE, ITEM, REAL, REALM, Network, check, served
from peers import Measured, batched, pairs, saved

from toolkit.approval import Approval
from toolkit.books import DocumentKind, Link, ReceivedPayment, SalesDocument, SalesLine, TxnType
from toolkit.open_company import OpenCompany, open_company
from toolkit.plan import Action, Kind, Operation, Outcome, Plan, operation_key, ordered, pending
from toolkit.push import Situation, push

BATCHES_A_MINUTE = 40
IN_BATCH = 30

# ---- the plan


def month(invoices: int) -> Plan:
    """Invoices of known customers, each with a payment that settles it."""
    operations: list[Operation] = []
    for number in range(invoices):
        bill = _invoice(number)
        operations += [bill, _payment(number, bill)]
    return Plan(stage="billing", company="bench", realm=REALM, period="2026-01", operations=ordered(operations))


def _invoice(number: int) -> Operation:
    name = f"C957F1A7-{number:05d}"
    key = operation_key(REALM, Kind.INVOICE, name)
    amount = Decimal(100 + number % 400).quantize(Decimal("0.01"))
    day = date(2026, 1, 1) + timedelta(number % 28)
    record = SalesDocument(
        kind=DocumentKind.INVOICE,
        number=name,
        customer_id=str(number % CUSTOMERS + 1),
        txn_date=day,
        due_date=day + timedelta(30),
        total=amount,
        lines=(SalesLine(amount=amount, item_id=ITEM, description="Hot desk"),),
        private_note=f"Coworks {name} · {key[:4]}",
    )
    return Operation(
        key=key,
        kind=Kind.INVOICE,
        action=Action.CREATE,
        entity="Invoice",
        record=record,
        label=name,
        reason="benchmark",
        amount=amount,
        coworks_id=name,
    )


def _payment(number: int, bill: Operation) -> Operation:
    key = operation_key(REALM, Kind.PAYMENT, f"{bill.coworks_id}/payment/1")
    billed = bill.record
    assert isinstance(billed, SalesDocument)
    record = ReceivedPayment(
        customer_id=billed.customer_id,
        txn_date=billed.txn_date + timedelta(2),
        total=billed.total,
        links=(Link(txn_type=TxnType.INVOICE, txn_id=pending(bill.key), amount=billed.total),),
        reference=f"ch_{number:012d}",
        private_note=f"Coworks {bill.label} · {key[:4]}",
    )
    return Operation(
        key=key,
        kind=Kind.PAYMENT,
        action=Action.CREATE,
        entity="Payment",
        record=record,
        label=f"payment of {bill.label}",
        reason="benchmark",
        amount=-bill.amount,
        needs=(bill.key,),
        coworks_id=bill.coworks_id,
    )


# ---- ours


def ours(plan: Plan, network: Network) -> Measured:
    """push(): recorded, batched, in flight together."""
    with served(network) as (folder, told):
        with open_company(folder, qbo_url=told["base_url"], environ={}, rates=network.rates) as company:
            moments = _watched(company)
            began = time.monotonic()
            outcome = _pushed(plan, company, network)
            whole = time.monotonic() - began
        check(told, len(plan.operations) // 2)
    return Measured(
        name="push",
        seconds=max(moments) - min(moments),
        calls=outcome.calls,
        reads=outcome.reads,
        note=f"{whole:.2f} s with the posting log's first and last words",
    )


def _pushed(plan: Plan, company: OpenCompany, network: Network) -> Outcome:
    situation = Situation(
        client=company.client,
        log=company.log,
        settings=company.settings,
        run_id=company.new_run(),
        in_flight=network.in_flight,
    )
    outcome = push(plan, approval=Approval(code=plan.digest), situation=situation)
    if outcome.count(Action.CREATE) != len(plan.operations):
        raise SystemExit(f"not everything was posted: {outcome.problems}")
    return outcome


def _watched(company: OpenCompany) -> list[float]:
    """The moments at which requests leave and answers come, filled while the client works; it is connected already."""
    _ = company.realm
    moments: list[float] = []
    send = company.session.send

    def sending(*arguments: Any, **more: Any) -> Any:
        moments.append(time.monotonic())
        answer = send(*arguments, **more)
        moments.append(time.monotonic())
        return answer

    company.session.send = sending  # type: ignore[method-assign]
    return moments


# ---- tables


@dataclass(frozen=True)
class Rounds:
    """The same measured several times."""

    all: tuple[Measured, ...]

    @property
    def middle(self) -> Measured:
        """The round with the median time (of an even number, the faster of the two in the middle)."""
        by_time = sorted(self.all, key=lambda one: one.seconds)
        return by_time[(len(by_time) - 1) // 2]

    @property
    def spread(self) -> str:
        """Fastest to slowest."""
        seconds = [one.seconds for one in self.all]
        return f"{min(seconds):.2f} to {max(seconds):.2f}" if len(seconds) > 1 else "one round"


def repeated(rounds: int, measure: Callable[[], Measured]) -> Rounds:
    """Measured that often, one after the other."""
    return Rounds(tuple(measure() for _ in range(rounds)))


def table(title: str, rows: Sequence[Rounds]) -> None:
    """One row a contender, with its ratio to ours."""
    mine = rows[0].middle.seconds
    print(f"\n{title}\n")
    print("| | seconds | spread | calls | look-ups | times ours | |\n|---|---:|---:|---:|---:|---:|---|")
    for row in rows:
        one = row.middle
        ratio = f"{one.seconds / mine:.1f}"
        print(f"| {one.name} | {one.seconds:.2f} | {row.spread} | {one.calls} | {one.reads} | {ratio} | {one.note} |")
    sys.stdout.flush()


def small(rounds: int, most: int) -> None:
    """300 + 300."""
    plan = month(300)
    rows = [
        repeated(rounds, lambda: ours(plan, REAL)),
        repeated(rounds, lambda: batched(pairs(plan), REAL)),
        repeated(1, lambda: saved(pairs(plan), REAL, most)),
    ]
    table("300 invoices + 300 payments; 150 ms a call, 600 ms a batch, 10 a second, 40 batches a minute", rows)


def large(rounds: int) -> None:
    """Bound by the quota, on a faster clock: how much of it is used."""
    plan = month(10_000)
    mine = repeated(rounds, lambda: ours(plan, FASTER))
    peers = [repeated(1, lambda: batched(pairs(plan), FASTER)), repeated(1, lambda: saved(pairs(plan), FASTER, 300))]
    table("10,000 invoices + 10,000 payments, 20 times faster: 40 batches in 3 s, 30 ms a batch", [mine, *peers])
    share_of_quota(mine, FASTER)


def full() -> None:
    """Bound by the quota, in real time."""
    mine = repeated(1, lambda: ours(month(10_000), REAL))
    table("10,000 invoices + 10,000 payments, in real time: 40 batches in 60 s, 600 ms a batch", [mine])
    share_of_quota(mine, REAL)


def share_of_quota(mine: Rounds, network: Network) -> None:
    """The quota's own time is that of a client that sends forty at once at the start of every minute."""
    batches = -(-20_000 // IN_BATCH)
    allowed = (batches - 1) // BATCHES_A_MINUTE * network.minute + network.batch_ms / 1000
    used = median(100 * allowed / one.seconds for one in mine.all)
    print(f"\nThe quota allows {batches} batches in {allowed:.1f} s: {used:.1f} % of it used.")


# ---- memory


def memory(operations: int) -> None:
    """The pushing process alone, in a process of its own; the server is another."""
    answer = subprocess.run(
        [sys.executable, __file__, "--pushing", str(operations)], check=True, stdout=subprocess.PIPE, text=True
    )
    told = json.loads(answer.stdout.splitlines()[-1])
    print(f"\nMemory, {operations:,} planned operations (MB, resident set of the pushing process)\n")
    print("| programs loaded | plan made | peak of the push | seconds |\n|---:|---:|---:|---:|")
    print(f"| {told['before']} | {told['plan']} | {told['peak']} | {told['seconds']:.0f} |")


def pushing(operations: int) -> None:
    """In the measured process."""
    before = _resident()
    plan = month(operations // 2)
    made, began = _resident(), time.monotonic()
    with (
        served(FREE) as (folder, told),
        open_company(folder, qbo_url=told["base_url"], environ={}, rates=FREE.rates) as company,
    ):
        _ = company.realm
        _pushed(plan, company, FREE)
    # Linux counts in kilobytes, macOS in bytes.
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1e3 if sys.platform == "linux" else 1e6)
    print(json.dumps({"before": before, "plan": made, "peak": int(peak), "seconds": time.monotonic() - began}))


def _resident() -> int:
    return int(psutil.Process().memory_info().rss / 1e6)


def main() -> None:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--save", type=int, default=600)
    parser.add_argument("--no-small", action="store_true")
    parser.add_argument("--large", action="store_true")
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--memory", type=int, nargs="?", const=100_000, default=0)
    parser.add_argument("--pushing", type=int, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.pushing:
        pushing(asked.pushing)
        return
    print(f"{platform.python_implementation()} {platform.python_version()}, {os.cpu_count()} cores, {date.today()}")
    if not asked.no_small:
        small(asked.rounds, asked.save)
    if asked.large:
        large(asked.rounds)
    if asked.full:
        full()
    if asked.memory:
        memory(asked.memory)


if __name__ == "__main__":
    main()
