"""Names as people mean them: equal whatever their case, blanks and the form of their accents."""

from __future__ import annotations

import unicodedata


def fold(name: str) -> str:
    """A name as it is compared: composed accents, single blanks, no case."""
    return " ".join(unicodedata.normalize("NFC", name).split()).casefold()
