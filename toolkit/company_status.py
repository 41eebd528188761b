"""Where a company stands, by its folder and posting log alone: QuickBooks is not asked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from toolkit import inbox, undo
from toolkit.open_company import OpenCompany
from toolkit.plan import Standing
from toolkit.posting_log import Run, SignOff
from toolkit.settings import Settings


@dataclass(frozen=True, kw_only=True)
class Status:
    """Where a company stands: its switches, signed-off months, the posting log's counts, runs, open batches."""

    company: str
    realm: str
    settings: Settings
    days_left: int | None
    connected: bool
    """A connection of company.toml's environment is stored; whether QuickBooks has ended it is not known."""
    stored_environment: str
    """Which environment the stored connection is of, "" for none (or one that was stored without)."""
    stored_on: date | None
    good_until: date | None
    months: tuple[str, ...]
    sign_offs: tuple[SignOff, ...]
    standings: tuple[tuple[Standing, int], ...]
    unfinished: tuple[str, ...]
    unanswered: int
    runs: tuple[Run, ...]


def status(company: OpenCompany) -> Status:
    """Read the company's folder and posting log; QuickBooks is not asked."""
    done = company.log.replay()
    connection = company.session.connection
    stored = connection if connection is not None and connection.connected else None
    counted = undo.standings(done)
    return Status(
        company=company.name,
        realm=company.settings.quickbooks.realm or (connection.realm if connection else ""),
        settings=company.settings,
        days_left=company.session.days_left(),
        connected=stored is not None and company.session.has_keys,
        stored_environment=stored.environment if stored else "",
        stored_on=_local(company, stored.connected_at if stored else None),
        good_until=_local(company, stored.ends if stored else None),
        months=inbox.periods(company.folder / "inbox", company.settings.columns),
        sign_offs=company.log.sign_offs(),
        standings=tuple((one, counted[one]) for one in Standing if counted[one]),
        unfinished=company.log.unfinished_digests(),
        unanswered=sum(len(one.members) for one in company.log.open_batches()),
        runs=company.log.runs(),
    )


def _local(company: OpenCompany, moment: datetime | None) -> date | None:
    return moment.astimezone(company.settings.zone).date() if moment else None
