"""What one cell says: exact numbers, amounts, company-local dates. Never a float that is money."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from toolkit import money
from toolkit.money import ZERO, Money

Cell = str | float | int | bool | date | datetime | time | timedelta | None
Row = Sequence[Cell]


def number_text(cell: Cell) -> str:
    """A cell as text; a workbook's number as the shortest decimal that Excel shows for it (15 digits), never a float.

    Excel keeps 15 significant digits, so 1234.5600000000001 in the file is the 1234.56 a person typed.
    """
    if isinstance(cell, str):
        return cell
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, float):
        return format(Decimal(format(cell, ".15g")), "f")
    return cell.isoformat() if isinstance(cell, date | time) else str(cell)


_LONGEST = 20
_GROUPED = re.compile(r"\d{1,3}(,\d{3})+(\.\d*)?|\d*(\.\d*)?")
_COMMA = re.compile(r"(\d{1,3}(\.\d{3})+|\d+),(\d{1,2}|\d{4,})")
_SIGNS = str.maketrans("", "", "$() -\u2212+\u00a0\u202f\u2013\u2014")


def amount_text(cell: Cell, *, decimal_comma: bool = False) -> str:
    """The text that `money.parse` may be given; raises `ValueError` where commas could mean two amounts.

    In a semicolon file `99,00` and `1.234,50` are decimal commas; `1,234` alone is refused there.
    """
    text = number_text(cell).strip()
    bare = re.sub(r"(?i)usd", "", text).translate(_SIGNS)
    if "e" in bare.casefold() or len(bare) > _LONGEST:
        # Excel shows 123,456 as 1.23E+05: the digits that it left out are gone.
        raise ValueError(f"{text!r} is no amount, or Excel has shortened it: write it as 1234.50")
    if "," not in bare:
        return text
    if decimal_comma and _COMMA.fullmatch(bare):
        return text.replace(".", "").replace(",", ".")
    if _GROUPED.fullmatch(bare) and not (decimal_comma and "." not in bare):
        return text
    raise ValueError(f"{text!r} can be read as two amounts: write it as 1234.50")


_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ](\d{1,2}:\d{2}.*))?")
_SLASHED = re.compile(r"(\d{1,4})/(\d{1,2})/(\d{2,4})(?:,?[T ]\s*(\d{1,2}:\d{2}.*))?")
_DOTTED = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})")
_NUMBER = re.compile(r"\d{1,11}(\.\d+)?")
_WORDED = ("%b %d, %Y", "%B %d, %Y", "%d %b %Y", "%d %B %Y", "%d-%b-%Y", "%b %d %Y", "%B %d %Y", "%Y%m%d")
_EPOCH_1900 = date(1899, 12, 30)
_SERIALS = range(20_000, 80_000)


class DayFirst(ValueError):
    """A date that only makes sense with the day first, so that its neighbors cannot be trusted as month first."""


def day(  # noqa: PLR0911 - one way out per way of writing a date
    cell: Cell, zone: ZoneInfo, *, utc: bool = False
) -> date | None:
    """The company-local date of a cell, None if blank; raises `ValueError` if it is none (`DayFirst` for 13/01/2026).

    ISO, US (month first), month names, Excel serials, Unix seconds. A moment with Z or an offset, or any moment of
    a column that is `utc`, becomes the local date of `zone`; a moment without is local already.
    """
    if isinstance(cell, datetime):
        return _local(cell, zone, utc)
    if isinstance(cell, date):
        return cell
    text = number_text(cell).strip()
    if text in {"", "-", "–", "—", "N/A", "n/a"}:
        return None
    if match := _ISO.fullmatch(text):
        return _with_time(date(int(match[1]), int(match[2]), int(match[3])), match[4], zone, utc)
    if match := _SLASHED.fullmatch(text):
        return _with_time(_slashed(match), match[4], zone, utc)
    if match := _DOTTED.fullmatch(text):
        return date(int(match[3]), int(match[2]), int(match[1]))
    if _NUMBER.fullmatch(text) and len(text.partition(".")[0]) != 8:
        return _serial(Decimal(text), zone, utc)
    return _worded(text)


def _local(moment: datetime, zone: ZoneInfo, utc: bool) -> date:
    if moment.tzinfo is None and utc:
        moment = moment.replace(tzinfo=UTC)
    return moment.astimezone(zone).date() if moment.tzinfo else moment.date()


def _slashed(match: re.Match[str]) -> date:
    if len(match[1]) == 4:
        return date(int(match[1]), int(match[2]), int(match[3]))
    month, day_of_month, year = int(match[1]), int(match[2]), int(match[3])
    if month > 12 >= day_of_month:
        raise DayFirst(f"{match[0]!r} has the day before the month")
    return date(year + 2000 if year < 100 else year, month, day_of_month)


def _with_time(on: date, clock: str | None, zone: ZoneInfo, utc: bool) -> date:
    if not clock:
        return on
    clock = re.sub(r"(?i)\s*(utc|gmt|z)$", "+00:00", clock.strip())
    if match := re.fullmatch(r"(?i)(\d{1,2})(:[\d:.]+)\s*([ap])\.?m\.?(.*)", clock):
        hour = int(match[1]) % 12 + (12 if match[3].lower() == "p" else 0)
        clock = f"{hour:02d}{match[2]}{match[4]}"
    clock = re.sub(r"\s*([+-]\d{2}):?(\d{2})?$", lambda m: f"{m[1]}:{m[2] or '00'}", clock)
    return _local(datetime.combine(on, time.fromisoformat(clock if clock[1:2] != ":" else f"0{clock}")), zone, utc)


def _serial(number: Decimal, zone: ZoneInfo, utc: bool) -> date:
    whole = int(number)
    if whole in _SERIALS:
        # Excel counts days from 1899-12-30 (its 1900 leap-year mistake included).
        moment = datetime.combine(_EPOCH_1900, time()) + timedelta(days=whole, seconds=int((number % 1) * 86_400))
        return _local(moment, zone, utc)
    if 10**9 <= whole < 4 * 10**9:
        return datetime.fromtimestamp(whole, UTC).astimezone(zone).date()
    raise ValueError(f"{number} is no date")


def _worded(text: str) -> date:
    for form in _WORDED:
        try:
            return datetime.strptime(text, form).date()
        except ValueError:
            continue
    raise ValueError(f"{text!r} is no date")


_YES = frozenset({"true", "yes", "y", "1", "x", "taxable"})


@dataclass(slots=True)
class Cells:
    """What cells say, remembered: a report repeats the same dates, amounts and names on most of its rows.

    The dictionaries are that memory; a loop over many rows may look into them before it asks.
    """

    zone: ZoneInfo
    decimal_comma: bool = False
    days: dict[Cell, date | None] = field(default_factory=dict)
    utc_days: dict[Cell, date | None] = field(default_factory=dict)
    amounts: dict[Cell, Money | None] = field(default_factory=dict)
    numbers: dict[Cell, Decimal | None] = field(default_factory=dict)
    texts: dict[Cell, str] = field(default_factory=dict)

    def text(self, cell: Cell) -> str:
        """The cell as text without outer spaces; equal texts are one object."""
        found = self.texts.get(cell) if type(cell) is str else number_text(cell).strip()
        if found is None:
            found = self.texts[cell] = number_text(cell).strip()
        return found

    def own(self, cell: Cell) -> str:
        """As `text`, for columns whose cells are all different (ids, addresses): not remembered."""
        return cell.strip() if type(cell) is str else number_text(cell).strip()

    def money(self, cell: Cell) -> Money:
        """The amount in dollars, half-up to the cent; blank is 0.00; raises `ValueError` if it is none."""
        return self.amount(cell) or ZERO

    def amount(self, cell: Cell) -> Money | None:
        """As `money`, but None for a blank cell: blank and zero are not the same answer."""
        if cell not in self.amounts:
            text = amount_text(cell, decimal_comma=self.decimal_comma)
            self.amounts[cell] = money.parse(text) if text else None
        return self.amounts[cell]

    def exact(self, cell: Cell) -> Decimal | None:
        """The number with all its decimals, None if blank; raises `ValueError` if it is none."""
        if cell not in self.numbers:
            text = amount_text(cell, decimal_comma=self.decimal_comma)
            self.numbers[cell] = money.parse_exact(text) if text else None
        return self.numbers[cell]

    def day(self, cell: Cell, utc: bool = False) -> date | None:
        """The company-local date, None if blank; raises as `day`."""
        days = self.utc_days if utc else self.days
        if cell not in days:
            days[cell] = day(cell, self.zone, utc=utc)
        return days[cell]

    def flag(self, cell: Cell) -> bool:
        """Whether the cell says yes."""
        return number_text(cell).strip().casefold() in _YES
