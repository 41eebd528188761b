"""Writes a whole company folder, month by month, and the command that does so."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import click

from toolkit.emulator.sample.books import write_books
from toolkit.emulator.sample.company import (
    CUSTOMERS_HEADER,
    MAPPING_HEADER,
    VOIDS_HEADER,
    mapping_rows,
    pin_rows,
    realm_of,
    settings_text,
    void_rows,
    write_csv,
)
from toolkit.emulator.sample.figures import Figures, figures_of
from toolkit.emulator.sample.months import Operator, Size
from toolkit.emulator.sample.special import COUNT
from toolkit.emulator.sample.story import tell
from toolkit.emulator.sample.workbooks import LARGEST_WORKBOOK, write_month

_PERIOD = re.compile(r"(20\d\d)-(0[1-9]|1[0-2])")


def write_company(
    folder: Path,
    *,
    invoices: int = 65,
    months: int = 2,
    seed: int = 1,
    first_month: str = "2026-01",
    realm: str | None = None,
    special_cases: bool = True,
    as_csv: bool | None = None,
    known_customers: bool = False,
) -> None:
    """A company folder that previews without problems, posts and ties to 0.00: the same arguments give the same bytes.

    `invoices` are issued in each of `months` months from `first_month` (YYYY-MM) on; below 45 a month the special
    cases are left out. `realm` None makes a company ID of the seed and the folder's name. `as_csv` None writes
    workbooks up to 50,000 invoices a month and CSV folders above, True always CSV, False always workbooks.
    `known_customers` makes every member team a customer in QuickBooks beforehand. Files of these names are
    overwritten, others stay. Raises `ValueError` for counts below 1 or another month format.
    """
    match = _PERIOD.fullmatch(first_month)
    if not match or invoices < 1 or months < 1:
        raise ValueError("invoices and months are at least 1, and the first month is written YYYY-MM")
    first = date(int(match[1]), int(match[2]), 1)
    size = Size(invoices, months, first, seed, special_cases and invoices >= COUNT)
    csv_folders = invoices > LARGEST_WORKBOOK if as_csv is None else as_csv
    operator = Operator(size)
    folder.mkdir(parents=True, exist_ok=True)
    figures: list[Figures] = []
    for month in operator.months():
        figures.append(figures_of(month, operator.specials, figures))
        write_month(folder / "inbox", month, as_csv=csv_folders)
    company_id = realm or realm_of(seed, folder.resolve().name)
    _write_around(folder, operator, company_id, known_customers=known_customers)
    (folder / "README.md").write_text(tell(operator, figures), encoding="utf-8", newline="\n")


def _write_around(folder: Path, operator: Operator, realm: str, *, known_customers: bool) -> None:
    specials, first = operator.specials, operator.size.first
    film = specials.cases.get("tidal") if specials else None
    write_csv(folder / "mapping.csv", MAPPING_HEADER, mapping_rows(film))
    write_csv(folder / "customers.csv", CUSTOMERS_HEADER, pin_rows(specials))
    write_csv(folder / "voids.csv", VOIDS_HEADER, void_rows(specials) if operator.size.months > 1 else [])
    settings = settings_text(realm, operator.size)
    (folder / "company.toml").write_text(settings, encoding="utf-8", newline="\n")
    known = operator.ordinary if known_customers else ()
    write_books(folder / "qbo.json", realm=realm, first=first, specials=specials, known=known)


@click.command("sample")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path, file_okay=False))
@click.option("--invoices", default=65, show_default=True, type=click.IntRange(1), help="Invoices a month.")
@click.option("--months", default=2, show_default=True, type=click.IntRange(1), help="Months from January 2026 on.")
@click.option("--seed", default=1, show_default=True, type=int, help="The same seed gives the same company.")
@click.option("--csv", "as_csv", is_flag=True, help="Write CSV folders instead of workbooks.")
@click.option("--known-customers", is_flag=True, help="Member teams are customers in QuickBooks already.")
def command(folder: Path, *, invoices: int, months: int, seed: int, as_csv: bool, known_customers: bool) -> None:
    """Write a practice company of any size into DIR."""
    write_company(
        folder, invoices=invoices, months=months, seed=seed, as_csv=as_csv or None, known_customers=known_customers
    )
    click.echo(f"{folder}: {months} months of {invoices} invoices (seed {seed})")
    for path in sorted((folder / "inbox").rglob("*")):
        if path.is_file():
            click.echo(f"  {path.relative_to(folder)}  {path.stat().st_size:,} bytes")
    for name in ("company.toml", "mapping.csv", "customers.csv", "voids.csv", "qbo.json", "README.md"):
        click.echo(f"  {name}")
