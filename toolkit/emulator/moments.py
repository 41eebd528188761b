"""
Times as QuickBooks writes them: the Pacific offset with daylight saving, to the second in MetaData, to the
millisecond in `time`.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

PACIFIC = ZoneInfo("America/Los_Angeles")


def stored(moment: datetime) -> str:
    """The moment as the sortable text kept in the database: UTC, whole seconds."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def parsed(text: str) -> datetime:
    """A stored or ISO text as an aware UTC datetime; a text without offset is read as UTC. Raises ValueError."""
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)


def given(text: str) -> datetime:
    """
    A client's time as aware UTC: an offset if there is one, else Pacific as the company server reads it.

    Raises ValueError.
    """
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=PACIFIC)).astimezone(UTC)


@lru_cache(maxsize=4096)
def shown(text: str) -> str:
    """A stored time as MetaData shows it, for example 2022-09-02T05:58:56-07:00."""
    return parsed(text).astimezone(PACIFIC).isoformat(timespec="seconds")


def answer_time(moment: datetime) -> str:
    """The `time` of an answer, for example 2022-09-02T05:58:56.463-07:00."""
    return moment.astimezone(PACIFIC).isoformat(timespec="milliseconds")


def today(moment: datetime) -> date:
    """The company's calendar day at that moment."""
    return moment.astimezone(PACIFIC).date()
