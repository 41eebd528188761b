"""Names as people mean them: equal whatever their case, blanks and the form of their accents."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_DELETED = re.compile(r" \(deleted(?:[- ]\d+)?\)\Z")


@lru_cache(maxsize=100_000)  # a month names the same teams and products again and again
def fold(name: str) -> str:
    """A name as it is compared: composed accents, single blanks, no case."""
    return " ".join(unicodedata.normalize("NFC", name).split()).casefold()


def before_deletion(name: str) -> str:
    """The name that an inactive entry had: QuickBooks adds " (deleted)", numbered if that is taken too, to its name."""
    return _DELETED.sub("", name)
