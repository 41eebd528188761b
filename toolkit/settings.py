"""company.toml: the two switches, policies, accounts, limits; read once, complained about once, in words."""

from __future__ import annotations

import re
import tomllib
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo, available_timezones

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from toolkit.money import Money, parse
from toolkit.problems import Problem, Severity, UsageError


class Environment(StrEnum):
    """Where the company's books live."""

    EMULATOR = "emulator"
    SANDBOX = "sandbox"
    PRODUCTION = "production"


class Mode(StrEnum):
    """What the two switches of the Coworks integration together ask for."""

    NOTHING = "nothing"
    INVOICES = "invoices"
    TRANSACTIONS = "transactions"


class Guests(StrEnum):
    """How non-members become customers."""

    SHARED = "shared"
    OWN = "own"


class TakenName(StrEnum):
    """What to do when a vendor, an employee or an inactive customer holds a new customer's name."""

    SUFFIX = "suffix"
    ASK = "ask"


class SalesTax(StrEnum):
    """Where sales tax is computed."""

    OUTSIDE = "outside"
    INSIDE = "inside"


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class QuickBooks(_Section):
    """Which company, where. `realm` is its company ID; "" until connected."""

    environment: Environment = Environment.EMULATOR
    realm: str = ""


class Push(_Section):
    """Coworks' two switches: transactions includes invoices."""

    invoices: bool = False
    transactions: bool = False


ReminderDay = Annotated[int, Field(ge=-90, le=90)]


def _money(value: object) -> object:
    return parse(str(value)) if isinstance(value, int | str) and not isinstance(value, bool) else value


class Limits(_Section):
    """What `--approve auto` may post without a person: documents and dollars a run; voids never by default."""

    auto_documents: Annotated[int, Field(ge=0)] = 0
    auto_amount: Money = Money("0.00")
    auto_voids: Annotated[int, Field(ge=0)] = 0
    lookup_wait_seconds: Annotated[float, Field(ge=0)] = 5.0

    @field_validator("auto_amount", mode="before")
    @classmethod
    def _exact(cls, value: object) -> object:
        return _money(value)


class Policy(_Section):
    """Choices of the accountant; see docs for each. Dates are company-local, inclusive."""

    default_product: str = ""
    guests: Guests = Guests.SHARED
    guest_customer: str = "Coworks Guests"
    taken_name: TakenName = TakenName.SUFFIX
    post_zero_invoices: bool = True
    exchangeable_deposits: bool = False
    sales_tax: SalesTax = SalesTax.OUTSIDE
    go_live: date | None = None
    reported_through: date | None = None
    sales_tax_filed_through: date | None = None
    number_suffix: str = "CW"
    reminder_days: Annotated[tuple[ReminderDay, ...], Field(max_length=3)] = ()
    """QuickBooks' own reminder schedule (not readable through its API): days after the due date, negative before."""


class Accounts(_Section):
    """Names (or ids as `#12`) of QuickBooks accounts; "" means: found by subtype."""

    undeposited_funds: str = ""
    receivable: str = ""
    bank: str = ""
    processing_fee: str = ""
    processing_fee_class: str = ""
    disputes: str = ""
    banks: dict[str, str] = Field(default_factory=dict)
    """Bank account by the last four digits that the payout names."""
    methods: dict[str, str] = Field(default_factory=dict)
    """Deposit-to account by payment method (card, ach, check, cash, wire)."""


class Settings(_Section):
    """One company's settings; every section optional, every default safe."""

    timezone: str = "America/New_York"
    quickbooks: QuickBooks = QuickBooks()
    push: Push = Push()
    limits: Limits = Limits()
    policy: Policy = Policy()
    accounts: Accounts = Accounts()
    columns: dict[str, list[str]] = Field(default_factory=dict)
    """Further header aliases by canonical column name."""

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        if value not in available_timezones():
            raise ValueError(f"{value!r} is no time zone of the IANA list, such as America/New_York")
        return value

    @field_validator("columns", mode="before")
    @classmethod
    def _one_or_many(cls, value: object) -> object:
        if isinstance(value, dict):
            return {str(name): [alias] if isinstance(alias, str) else alias for name, alias in value.items()}
        return value

    @property
    def zone(self) -> ZoneInfo:
        """The company's time zone."""
        return ZoneInfo(self.timezone)

    @property
    def mode(self) -> Mode:
        """What the two switches ask for: transactions includes invoices."""
        if self.push.transactions:
            return Mode.TRANSACTIONS
        return Mode.INVOICES if self.push.invoices else Mode.NOTHING


def read(path: Path) -> Settings:
    """The settings of one company.toml; raises `UsageError` naming every mistake at once."""
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise UsageError(_complaint(path, "the file does not exist", "create it, or name another company")) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(_complaint(path, f"it is not valid TOML: {error}", "correct that line")) from None
    return from_dict(raw, where=path)


def from_dict(raw: dict[str, Any], *, where: Path) -> Settings:
    """Settings from parsed TOML; raises `UsageError` naming every mistake at once."""
    try:
        return Settings.model_validate(raw)
    except ValidationError as error:
        mistakes = "; ".join(_mistake(one["loc"], one["msg"]) for one in error.errors())
        raise UsageError(_complaint(where, mistakes, "correct the named settings and run again")) from None


def _mistake(location: tuple[int | str, ...], message: str) -> str:
    name = ".".join(str(part) for part in location)
    if "Extra inputs" in message:
        return f"{name} is not a setting"
    return f"{name}: {message.removeprefix('Value error, ')}"


def _complaint(path: Path, what: str, do: str) -> Problem:
    return Problem(
        code="company-toml",
        where=str(path.name) if not path.parent.name else f"{path.parent.name}/{path.name}",
        what=f"The settings cannot be used: {what}.",
        why="Settings decide what is posted where, so nothing is done with settings that are not understood.",
        do=f"{do[:1].upper()}{do[1:]}.",
        severity=Severity.FILE,
    )


_PERIOD = re.compile(r"(20\d\d)-(0[1-9]|1[0-2])")


def parse_period(text: str) -> tuple[date, date]:
    """First and last day (both inclusive) of a YYYY-MM month; raises `UsageError` for anything else."""
    match = _PERIOD.fullmatch(text.strip())
    if not match:
        raise UsageError(
            Problem(
                code="period",
                where="--period",
                what=f"{text!r} is not a month.",
                why="A run is about exactly one month.",
                do="Write it as YYYY-MM, for example 2026-01.",
                severity=Severity.FILE,
            )
        )
    year, month = int(match[1]), int(match[2])
    first = date(year, month, 1)
    following = date(year + month // 12, month % 12 + 1, 1)
    return first, date.fromordinal(following.toordinal() - 1)
