"""What a report must know of the company besides its books."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any

from toolkit.emulator.moments import PACIFIC


@dataclass(frozen=True, slots=True)
class CompanyFacts:
    """Settings that change a report's shape.

    `fiscal_month` is the first month of the fiscal year, 1 to 12. `cell_limit` is the largest number
    of cells an answer may hold (Intuit: 400,000); 0 lifts it. `seen_until` is the stored time (sortable UTC
    text) after which made objects are not seen yet, "" for all seen: reports can lag a fresh write. With
    `strict_parameters` a parameter that the report does not have is refused, else it is ignored.
    """

    currency: str = "USD"
    fiscal_month: int = 1
    time_zone: tzinfo = PACIFIC
    report_basis: str = "Accrual"
    track_departments: bool = False
    department_word: str = "Location"
    customer_word: str = "Customer"
    cell_limit: int = 400_000
    seen_until: str = ""
    strict_parameters: bool = True


_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)


def _single(connection: sqlite3.Connection, entity: str) -> dict[str, Any]:
    row = connection.execute("SELECT body FROM object WHERE entity = ? AND deleted = 0 LIMIT 1", (entity,)).fetchone()
    body: dict[str, Any] = json.loads(row[0]) if row else {}
    return body


def read_facts(connection: sqlite3.Connection, *, seen_until: str = "") -> CompanyFacts:
    """The facts as the company's Preferences and CompanyInfo say them; defaults for what they leave out."""
    preferences, info = _single(connection, "Preferences"), _single(connection, "CompanyInfo")
    accounting = preferences.get("AccountingInfoPrefs", {})
    month = accounting.get("FirstMonthOfFiscalYear") or info.get("FiscalYearStartMonth")
    currency = preferences.get("CurrencyPrefs", {}).get("HomeCurrency", {}).get("value")
    words = {"Customers": "Customer", "Clients": "Client"}
    return CompanyFacts(
        currency=str(currency or "USD"),
        fiscal_month=_MONTHS.index(month) + 1 if month in _MONTHS else 1,
        report_basis=str(preferences.get("ReportPrefs", {}).get("ReportBasis") or "Accrual"),
        track_departments=bool(accounting.get("TrackDepartments")),
        department_word=str(accounting.get("DepartmentTerminology") or "Location"),
        customer_word=words.get(str(accounting.get("CustomerTerminology")), "Customer"),
        seen_until=seen_until,
    )
