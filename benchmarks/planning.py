"""
Reading a Billing report and planning its month, beside pandas only reading the same file.

    python benchmarks/planning.py [--invoices 100000] [--rounds 3] [--files workbook csv]

The report is made here: three lines an invoice (a plan, a one-off, a transaction fee), two invoices a team, nine of ten
paid by card, 37 columns as Coworks exports them; once as a workbook with its tabs Paid and Unpaid, once as one CSV. All
teams are customers of the books already. Each measurement is a process of its own: seconds are of the processor (both
work in one thread, and other programs disturb those least) without the start of Python, memory is the peak resident
set. pandas reads every tab with calamine, and the CSV as text.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any
from zoneinfo import ZoneInfo

REALM = "9130000000000001"
PERIOD = "2026-01"
FILES = {"workbook": "billing.xlsx", "csv": "billing.csv"}
HEADER = (
    *("Team", "Campus", "Coworks Invoice URL", "Invoice Number", "Status", "Invoice Type", "Customer Email"),
    *("Admin Name", "Invoice Date", "Due Date", "Paid Date", "Closed Date", "Line No", "Kind", "Plan Name"),
    *("Description", "Quantity", "Unit Price", "Amount", "Service Start", "Service End", "Campus Of Service"),
    *("Taxable", "Total", "Amount Due", "Amount Paid", "Amount Refunded", "Refunded Date", "Refund ID"),
    *("Payment Method", "Payment ID", "Reference", "Charge ID", "Payout ID", "Split From", "Category", "Memo"),
)

# ---- the report


def team_of(number: int) -> str:
    """Two invoices a team."""
    return f"Team {number // 2}"


def rows_of(number: int) -> Iterator[dict[str, Any]]:
    """The three lines of one invoice, by header."""
    issued, paid = date(2026, 1, 1) + timedelta(number % 28), number % 10 != 9
    cents = (29900 + number % 300 * 100, 1500, 942)
    total = sum(cents) / 100
    head: dict[str, Any] = {
        "Team": team_of(number),
        "Campus": "Downtown",
        "Coworks Invoice URL": f"https://coworks.example/invoices/in_{number:024x}",
        "Invoice Number": f"{number // 2:08X}-{number % 2 + 1:04d}",
        "Status": "Paid" if paid else "Unpaid",
        "Invoice Type": "Membership",
        "Customer Email": f"admin{number // 2}@team.example",
        "Admin Name": "Alice Abbott",
        "Invoice Date": issued,
        "Due Date": issued + timedelta(14),
        "Total": total,
        "Amount Due": 0 if paid else total,
        "Amount Paid": total if paid else 0,
        "Campus Of Service": "Downtown",
        "Taxable": "No",
    }
    if paid:
        head |= {
            "Paid Date": issued,
            "Payment Method": "card",
            "Payment ID": f"pi_{number:024x}",
            "Charge ID": f"ch_{number:024x}",
            "Payout ID": f"po_{number // 500:024x}",
        }
    kinds = (("plan", "Hot Desk"), ("one_off", "Locker rental"), ("transaction_fee", "Transaction fee"))
    for line, ((kind, name), amount) in enumerate(zip(kinds, cents, strict=True), start=1):
        yield head | {
            "Line No": line,
            "Kind": kind,
            "Plan Name": name,
            "Description": f"{name}, January",
            "Quantity": 1,
            "Unit Price": amount / 100,
            "Amount": amount / 100,
            "Service Start": issued,
            "Service End": issued + timedelta(30),
        }


def write_workbook(path: Path, invoices: int) -> None:
    """Tabs Paid and Unpaid; dates as dates, numbers as numbers."""
    import xlsxwriter

    book = xlsxwriter.Workbook(str(path), {"constant_memory": True, "strings_to_urls": False})
    dated = book.add_format({"num_format": "yyyy-mm-dd"})
    for tab, unpaid in (("Paid", False), ("Unpaid", True)):
        sheet = book.add_worksheet(tab)
        sheet.write_row(0, 0, HEADER)
        numbers = (number for number in range(invoices) if (number % 10 == 9) is unpaid)
        for place, row in enumerate((row for number in numbers for row in rows_of(number)), start=1):
            for column, name in enumerate(HEADER):
                cell = row.get(name, "")
                if isinstance(cell, date):
                    sheet.write_datetime(place, column, datetime(cell.year, cell.month, cell.day), dated)
                elif cell != "":
                    sheet.write(place, column, cell)
    book.close()


def write_csv(path: Path, invoices: int) -> None:
    """One table of all invoices; their state is a column."""
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, HEADER, restval="")
        writer.writeheader()
        for number in range(invoices):
            writer.writerows(rows_of(number))


# ---- the contenders, each in a process of its own


def ours(path: Path, invoices: int) -> dict[str, float]:
    """Report to approval code."""
    from toolkit import billing, planning, settings
    from toolkit.mapping import Mapping, Rule

    books = _books(invoices)
    chosen = settings.from_dict({"timezone": "America/New_York", "push": {"transactions": True}}, where=path)
    products = {
        "plan": ("Hot Desk", "Memberships"),
        "one_off": ("Locker rental", "Member Services"),
        "transaction_fee": ("Transaction fee", "Transaction Fees"),
    }
    rules = [Rule(kind=kind, name=name, product=product) for kind, (name, product) in products.items()]
    mapping = Mapping((*rules, Rule(kind="campus", name="Downtown", location="Downtown")))
    began = time.process_time()
    report = billing.read([path], period=PERIOD, zone=ZoneInfo("America/New_York"))
    read = time.process_time()
    plan = planning.make_plan(report, mapping, (), books, {}, chosen, company="bench", period=PERIOD)
    planned = time.process_time()
    digest = plan.digest
    done = time.process_time()
    wanted = invoices + sum(number % 10 != 9 for number in range(invoices))
    if len(plan.operations) != wanted or not digest:
        raise SystemExit(f"{len(plan.operations)} operations instead of {wanted}: {plan.problems[:3]}")
    return {"read": read - began, "plan": planned - read, "digest": done - planned, "seconds": done - began}


def _books(invoices: int) -> Any:
    from toolkit.books import Account, Books, Customer, Item, ListEntry, Preferences

    products = ("Memberships", "Member Services", "Transaction Fees")
    teams = range((invoices + 1) // 2)
    return Books(
        realm=REALM,
        company_name="Bench",
        server_time=datetime(2026, 2, 3, tzinfo=UTC),
        preferences=Preferences(custom_numbers=True, locations=True),
        accounts=(
            Account(id="4", name="Undeposited Funds", type="Other Current Asset", subtype="UndepositedFunds"),
            Account(id="84", name="Accounts Receivable", type="Accounts Receivable", subtype="AccountsReceivable"),
            Account(id="79", name="Sales", type="Income", subtype="SalesOfProductIncome"),
        ),
        items=tuple(Item(id=str(at), name=name, income_account_id="79") for at, name in enumerate(products, start=1)),
        locations=(ListEntry(id="1", name="Downtown"),),
        payment_methods=(ListEntry(id="2", name="Credit Card"),),
        customers=tuple(
            Customer(id=str(one + 1), display_name=f"Team {one}", emails=(f"admin{one}@team.example",)) for one in teams
        ),
    )


def theirs(path: Path, _invoices: int) -> dict[str, float]:
    """File to data frames, and no more."""
    import pandas

    began = time.process_time()
    if path.suffix == ".xlsx":
        pandas.read_excel(path, sheet_name=None, engine="calamine")
    else:
        pandas.read_csv(path, dtype=str)
    return {"seconds": time.process_time() - began}


CONTENDERS: dict[str, Callable[[Path, int], dict[str, float]]] = {"ours": ours, "pandas": theirs}


def measured(contender: str, path: Path, invoices: int) -> dict[str, float]:
    """What a process of its own says of itself; memory in MB."""
    command = [sys.executable, __file__, "--measure", contender, str(path), "--invoices", str(invoices)]
    answer = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    told: dict[str, float] = json.loads(answer.stdout)
    return told


def peak_mb() -> float:
    """Of this process so far; Linux counts in kilobytes, macOS in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1e3 if sys.platform == "linux" else 1e6)


# ---- the table


def compare(path: Path, invoices: int, rounds: int) -> None:
    """Medians over rounds, the two taking turns."""
    runs: dict[str, list[dict[str, float]]] = {name: [] for name in CONTENDERS}
    for _ in range(rounds):
        for name, found in runs.items():
            found.append(measured(name, path, invoices))
    mine, peer = ({key: median(run[key] for run in runs[name]) for key in runs[name][0]} for name in CONTENDERS)
    print(f"\n{path.name}, {invoices:,} invoices, {3 * invoices:,} lines, {path.stat().st_size / 1e6:.0f} MB\n")
    print("| | seconds | spread | peak MB |\n|---|---:|---:|---:|")
    print(f"| pandas reads | {peer['seconds']:.2f} | {_spread(runs['pandas'])} | {peer['peak']:.0f} |")
    print(f"| read and planned | {mine['seconds']:.2f} | {_spread(runs['ours'])} | {mine['peak']:.0f} |")
    for name, words in (("read", "of it reading"), ("plan", "of it planning"), ("digest", "of it the approval code")):
        print(f"| {words} | {mine[name]:.2f} | | |")
    ratios = [own["seconds"] / other["seconds"] for own, other in zip(runs["ours"], runs["pandas"], strict=True)]
    print(f"\nRatio {median(ratios):.1f} (by round {', '.join(f'{one:.1f}' for one in ratios)})", flush=True)


def _spread(runs: Sequence[dict[str, float]]) -> str:
    seconds = [run["seconds"] for run in runs]
    return f"{min(seconds):.2f} to {max(seconds):.2f}"


def main() -> None:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--invoices", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--files", nargs="+", choices=FILES, default=list(FILES))
    parser.add_argument("--measure", nargs=2, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.measure:
        contender, path = asked.measure
        told = CONTENDERS[contender](Path(path), asked.invoices)
        print(json.dumps(told | {"peak": peak_mb()}))
        return
    print(f"{platform.python_implementation()} {platform.python_version()}, {os.cpu_count()} cores, {date.today()}")
    with tempfile.TemporaryDirectory() as place:
        for kind in asked.files:
            path = Path(place) / FILES[kind]
            (write_workbook if kind == "workbook" else write_csv)(path, asked.invoices)
            compare(path, asked.invoices, asked.rounds)


if __name__ == "__main__":
    main()
