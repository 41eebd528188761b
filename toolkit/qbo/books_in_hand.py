"""The books of an open company: read once, then followed by asking what changed, for as long as the company is open.

Every page and command asks here, and says which truth it needs: as of now (before planning and proving), with
QuickBooks' settings (before anything is posted), or as it was read last (the line under a page). All of the books are
held, not only a month's: a number may be taken since long, and old money may wait in Undeposited Funds.
"""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import date
from pathlib import Path

from toolkit.books import Balances, Books
from toolkit.problems import ToolkitError
from toolkit.qbo import snapshot
from toolkit.qbo.balances import Closing, closing_balances, read_closing
from toolkit.qbo.books_cache import Holding
from toolkit.qbo.client import Client
from toolkit.qbo.snapshot import Say, silent
from toolkit.settings import Settings

# Change data capture lists 1,000 rows, and each posting can give its customer a new time too.
_MANY = 650
# So many more records beside the plan that wrote them are a few hundred megabytes: the next run reads them alone.
_TOO_MANY = 20_000


class BooksInHand:
    """One company's books, safe to use from many threads; `cache` is its books.db, `say` hears of a long read."""

    def __init__(self, client: Client, cache: Path | None, say: Say = silent) -> None:
        self._client, self._cache, self._say = client, cache, say
        self._lock = threading.RLock()
        self._holding: Holding | None = None
        self._books: Books | None = None
        self._settings_read = False
        self._sent = -1
        self._closing: dict[tuple[date, date], Closing] = {}

    def now(self) -> Books:
        """The books as of now but for QuickBooks' settings: one metered read; the first time, or where changes cannot
        be listed, all is read. Raises what `Client.send` raises.
        """
        with self._lock:
            sent, before = self._client.sent, self._client.reads
            if sent != self._sent:
                self._closing.clear()
            books = self._followed() or self._opened()
            self._sent = sent
            self._books = replace(books, reads=self._client.reads - before)
            return self._books

    def with_settings(self) -> Books:
        """The books as they were read last, with preferences and tax codes as of now: one metered read, daily two."""
        with self._lock:
            books, holding, before = self.last(), self._holding, self._client.reads
            if not self._settings_read and holding is not None:
                changed = snapshot.renew_settings(self._client, holding, self._cache, self._say)
                self._settings_read = True
                spent = books.reads + self._client.reads - before
                fresh = snapshot.state(self._client, holding) if changed else books
                books = self._books = replace(fresh, reads=spent)
            return books

    def last(self) -> Books:
        """The books as they were read last; as of now if they were not read yet, or something was sent since."""
        with self._lock:
            books, holding = self._books, self._holding
            if books is None or holding is None or self._client.sent != self._sent or holding.mark != self._client.mark:
                return self.now()
            return books

    def closing(self, settings: Settings, *, start: date, as_of: date) -> Balances:
        """The closing balances that belong to `last`: two metered reads, none while the books stay as they were."""
        with self._lock:
            books = self.last()
            found = self._closing.get((start, as_of))
            if found is None:
                found = self._closing[start, as_of] = read_closing(self._client, start=start, as_of=as_of)
            return closing_balances(found, books, settings)

    def company_name(self) -> str:
        """The company's name as it is known with its books, else as QuickBooks says (one metered read)."""
        with self._lock:
            known = snapshot.company_name(self._cache, self._client.mark) if self._cache is not None else ""
            return known or str(self._client.company_info()[0].get("CompanyName") or "")

    def keep_up(self, written: int) -> None:
        """After `written` entries of our own: when they are too many for the next run to have them listed, read now.

        A failure is none, nor are so many that they would crowd the memory: the next run reads all.
        """
        if _MANY <= written < _TOO_MANY:
            try:
                self.now()
            except ToolkitError:
                return

    def _followed(self) -> Books | None:
        """The books in hand brought up to date; None if there are none, or changes cannot be listed."""
        holding, books = self._holding, self._books
        if holding is None or books is None or holding.mark != self._client.mark:
            return None
        touched = snapshot.bring_up(self._client, holding, self._cache, self._say)
        if touched is None:
            self._holding = self._books = None  # the old books are not held beside the new ones
            del holding, books
            self._holding = snapshot.read_anew(self._client, cache=self._cache, say=self._say)
            return self._taken(self._holding, whole=True)
        self._settings_read = False
        if touched:
            return self._taken(holding, whole=False)
        return replace(books, server_time=holding.server_time)

    def _opened(self) -> Books:
        self._holding, whole = snapshot.begin(self._client, cache=self._cache, say=self._say)
        return self._taken(self._holding, whole=whole)

    def _taken(self, holding: Holding, *, whole: bool) -> Books:
        self._closing.clear()
        self._settings_read = whole
        return snapshot.state(self._client, holding)
