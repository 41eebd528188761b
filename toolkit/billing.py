"""The Billing report to records: every row becomes part of an invoice, or a Problem naming file, tab and row."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from zoneinfo import ZoneInfo

from toolkit import collector
from toolkit.billing_columns import Tab, check_columns, tab_of
from toolkit.billing_export import read_export
from toolkit.billing_merge import apply_voids, merge, merge_exports, read_voids, vanished
from toolkit.billing_totals import early_export, filters_on, nothing_in, of_another_month, wrong_period
from toolkit.model import Billing
from toolkit.problems import Problem, Severity, stops_everything
from toolkit.settings import parse_period

__all__ = ["merge", "read", "read_voids", "vanished"]


def read(
    paths: Sequence[Path],
    *,
    period: str,
    zone: ZoneInfo,
    columns: Mapping[str, Sequence[str]] | None = None,
    voids: Path | None = None,
) -> Billing:
    """The Billing report of one month (YYYY-MM) from its workbook, CSV files or folder of CSV files.

    Several exports of the month are merged, the later in `paths` wins. Dates are local to `zone`. `columns` are further
    header aliases by canonical name. `voids` is voids.csv, which may be absent. What is wrong is in `problems`; raises
    `UsageError` only for a `period` that is no month or a name in `columns` that is no column.
    """
    first, last = parse_period(period)
    extra = check_columns(columns or {})
    with collector.at_rest():
        exports = [read_export(group, period, zone, extra) for group in _exports(paths)]
    answers, misread = read_voids(voids, zone) if voids is not None and voids.exists() else ((), ())
    billing = apply_voids(merge_exports(exports, period, answers), answers, last)
    billing = replace(billing, problems=(*billing.problems, *misread))
    problems = [*billing.problems]
    where = ", ".join(file.name for file in billing.files) or f"inbox/{period}"
    if not exports:
        problems.append(_no_report(period))
    elif not stops_everything(problems):
        problems.extend(_month_problems(billing, exports, where))
    invoices = tuple(sorted(billing.invoices, key=lambda one: (one.invoice_date, one.number)))
    return replace(billing, invoices=invoices, problems=tuple(problems), filters_on=filters_on(invoices, first, last))


def _month_problems(billing: Billing, exports: Sequence[Billing], where: str) -> Iterator[Problem]:
    first, last = parse_period(billing.period)
    if not billing.invoices and not billing.held:
        confirmed = any(problem.code == "empty-month" for export in exports for problem in export.problems)
        if not confirmed:
            yield nothing_in(where, billing.period, confirmed=False)
    elif billing.invoices and of_another_month(billing.invoices, first, last):
        yield wrong_period(where, billing.period, billing.invoices)
    if billing.exported_at is not None and billing.exported_at.date() <= last:
        yield early_export(where, billing.period, billing.exported_at.date())


def _no_report(period: str) -> Problem:
    return Problem(
        code="no-billing-report",
        where=f"inbox/{period}",
        what=f"There is no Billing report for {period}.",
        why="Invoices and payments are posted from it.",
        do=f"In Coworks, download the Billing report for {period} and put it into inbox/{period}/.",
        severity=Severity.FILE,
    )


def _exports(paths: Sequence[Path]) -> list[list[tuple[Path, str]]]:
    """The files of each export: a workbook or a single CSV alone; CSVs named like tabs, and folders, together."""
    exports: list[list[tuple[Path, str]]] = []
    tabs: dict[Path, list[tuple[Path, str]]] = {}
    for path in paths:
        if path.is_dir():
            files = sorted(one for one in path.iterdir() if one.is_file() and not one.name.startswith((".", "~")))
            exports.append([(one, f"{path.name}/{one.name}") for one in files])
        elif path.suffix.casefold() in {".csv", ".txt", ".tsv"} and tab_of(path.stem) not in (None, Tab.INVOICES):
            if path.parent not in tabs:
                tabs[path.parent] = []
                exports.append(tabs[path.parent])
            tabs[path.parent].append((path, path.name))
        else:
            exports.append([(path, path.name)])
    return exports
