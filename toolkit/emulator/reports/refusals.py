"""Why a report is refused. Intuit publishes the codes; the texts here are ours where no recording shows one."""

from __future__ import annotations

from datetime import date

from toolkit.emulator.fault import VALIDATION, Fault, Problem, feature_not_supported, invalid_date, unsupported


def _invalid(code: str, message: str, detail: str, element: str) -> Fault:
    return Fault(Problem(code, message, detail, element), type=VALIDATION)


def unknown_report(name: str) -> Fault:
    """Code 500: there is no report of that name here."""
    return unsupported(f"reports/{name[:100]}")


def unknown_parameter(report: str, name: str) -> Fault:
    """Code 2010: the report has no such parameter."""
    detail = f"Property Name:{name[:100]} is not a parameter of the report {report}"
    return _invalid("2010", "Request has invalid or unsupported property", detail, name[:100])


def not_computed(report: str, name: str) -> Fault:
    """Code 5030: Intuit documents the parameter, this emulator does not compute it."""
    return feature_not_supported(f"parameter {name} of the report {report} is not emulated")


def cash_not_computed(report: str) -> Fault:
    """Code 5030: the cash basis is not computed here."""
    return feature_not_supported(f"accounting_method=Cash of the report {report} is not emulated; ask for Accrual")


def bad_value(name: str, value: str, wanted: str) -> Fault:
    """Code 2170: a value the parameter does not take."""
    detail = f"Invalid Enumeration : {name} should be {wanted}. Supplied value:{value[:100]}"
    return _invalid("2170", "Invalid Enumeration", detail, name)


def bad_date(name: str, value: str) -> Fault:
    """Code 2060: not a date."""
    return invalid_date(name, value)


def bad_range(name: str, start: date, end: date) -> Fault:
    """Code 2190: a period that ends before it starts."""
    detail = f"The start date should not be after the end date. Supplied value:{start.isoformat()} to {end.isoformat()}"
    return _invalid("2190", "Invalid Date Range", detail, name)


def too_many_cells(limit: int) -> Fault:
    """Code 10100: the answer would hold more cells than a report may (Intuit: 400,000)."""
    detail = f"The report holds more than {limit} cells. Please reduce the date range."
    return _invalid("10100", "Report result is too large", detail, "")
