"""Report parameters: what each report takes, checked before anything is computed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation

from toolkit.emulator.reports import refusals
from toolkit.emulator.reports.facts import CompanyFacts
from toolkit.emulator.reports.periods import Period, macro_period

# These say how to talk, not what to report; any call may carry them (Intuit's basic field definitions;
# testing_migration is in Intuit's .NET SDK changelog of 2026). Quick zoom addresses (qzurl) are not made.
TRANSPORT = frozenset({"minorversion", "requestid", "include", "testing_migration", "qzurl"})

DATES = frozenset({"start_date", "end_date", "date_macro"})
NAMES = frozenset({"customer", "vendor", "employee"})
DIMENSIONS = frozenset({"department", "class"})


@dataclass(frozen=True, slots=True)
class Query:
    """A report call: its name, its parameters, and the moment it is asked at."""

    report: str
    given: Mapping[str, str]
    today: date
    facts: CompanyFacts

    def text(self, name: str) -> str:
        """The parameter's text, stripped; "" when absent."""
        return self.given.get(name, "").strip()

    def ids(self, name: str) -> list[str]:
        """A comma-separated id list; every id must be digits."""
        parts = [part.strip() for part in self.text(name).split(",") if part.strip()]
        for part in parts:
            if not part.isdigit():
                raise refusals.bad_value(name, part, "a list of ids")
        return parts

    def words(self, name: str) -> list[str]:
        """A comma-separated word list."""
        return [part.strip() for part in self.text(name).split(",") if part.strip()]

    def choice(self, name: str, allowed: Sequence[str], default: str) -> str:
        """One of the allowed values, in any case, as Intuit spells it."""
        given = self.text(name)
        if not given:
            return default
        for value in allowed:
            if value.lower() == given.lower():
                return value
        raise refusals.bad_value(name, given, "one of " + ", ".join(allowed))

    def day(self, name: str) -> date | None:
        """A YYYY-MM-DD date, or None when absent."""
        given = self.text(name)
        if not given:
            return None
        try:
            if len(given) != 10:
                raise ValueError(given)
            return date.fromisoformat(given)
        except ValueError:
            raise refusals.bad_date(name, given) from None

    def whole(self, name: str, default: int | None, least: int, most: int) -> int | None:
        """A whole number within inclusive bounds."""
        given = self.text(name)
        if not given:
            return default
        if not given.isdigit() or not least <= int(given) <= most:
            raise refusals.bad_value(name, given, f"a whole number from {least} to {most}")
        return int(given)

    def cents(self, name: str) -> int | None:
        """A money amount in cents, or None when absent."""
        given = self.text(name)
        if not given:
            return None
        try:
            amount = Decimal(given) * 100
        except InvalidOperation:
            raise refusals.bad_value(name, given, "an amount") from None
        if not amount.is_finite() or amount != amount.to_integral_value():
            raise refusals.bad_value(name, given, "an amount of at most two decimals")
        return int(amount)

    def descending(self) -> bool:
        """True when sort_order asks for it."""
        return self.choice("sort_order", ("ascend", "descend"), "ascend") == "descend"

    def macro(self, name: str, value: str, today: date | None = None) -> Period:
        """The period of a date macro."""
        period = macro_period(value, today or self.today, self.facts.fiscal_month)
        if period is None:
            raise refusals.bad_value(name, value, "a date macro of Intuit's Report.xsd")
        return period

    def period(self, default_macro: str) -> Period:
        """The report's period: explicit dates win over date_macro, and that over the report's default.

        With one bound given, the other comes from the default macro as of the given end (Intuit says only
        that the macro is used).
        """
        start, end = self.day("start_date"), self.day("end_date")
        if start is None and end is None:
            return self.macro("date_macro", self.text("date_macro") or default_macro)
        last = end or max(self.today, start or self.today)
        first = start or self.macro("date_macro", default_macro, last).start
        return self.span("start_date", first, last)

    def range_of(self, stem: str) -> Period | None:
        """A further date range such as start_duedate, end_duedate, duedate_macro; None when absent."""
        start, end = self.day(f"start_{stem}"), self.day(f"end_{stem}")
        macro = self.text(f"{stem}_macro")
        if start is None and end is None:
            return self.macro(f"{stem}_macro", macro) if macro else None
        every = self.macro("date_macro", "All")
        return self.span(f"start_{stem}", start or every.start, end or every.end)

    def span(self, name: str, start: date, end: date) -> Period:
        """A period whose bounds must be in order."""
        if start > end:
            raise refusals.bad_range(name, start, end)
        return Period(start, end)

    def basis(self) -> str:
        """The accounting method asked for, else the company's; the cash basis is refused: it is not computed."""
        return self._accrual(self.facts.report_basis)

    def receivables_basis(self) -> None:
        """Refuse the cash basis where it is asked for; what customers owe has no other basis than accrual."""
        self._accrual("Accrual")

    def _accrual(self, default: str) -> str:
        method = self.choice("accounting_method", ("Accrual", "Cash"), default)
        if method == "Cash":
            raise refusals.cash_not_computed(self.report)
        return method


def check_names(
    report: str, given: Iterable[str], known: Iterable[str], documented: Iterable[str], *, strict: bool
) -> None:
    """Refuse a parameter this emulator does not compute though the report has it and, if strict, one it has not."""
    known_names = TRANSPORT | set(known)
    for name in given:
        if name in known_names:
            continue
        if name in set(documented):
            raise refusals.not_computed(report, name)
        if strict:
            raise refusals.unknown_parameter(report, name)
