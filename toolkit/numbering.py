"""Document numbers: the Coworks number where it is free, `-CW1` where something else holds it, at most 21 characters.

Intuit: invoices, sales receipts, credit memos and refund receipts of one company share one series; a number may have at
most 21 characters; voiding does not free a number; comparison ignores case.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator

from toolkit.problems import Problem

LONGEST = 21
"""Intuit's limit of DocNumber and of PaymentRefNum, in characters."""

_MOST_SUFFIXES = 999
_PREFIX = re.compile(r"(?P<prefix>\S.*?)-\d+")
_COUNTED = re.compile(r"-[A-Z]{1,4}\d{1,3}\Z", re.IGNORECASE)


def same(number: str) -> str:
    """What two equal numbers have in common: no case, no outer blanks."""
    return number.strip().casefold()


class Taken(Collection[str]):
    """Numbers that are held, compared without case; `take` adds one."""

    def __init__(self, numbers: Iterable[str] = ()) -> None:
        self._held = {same(number) for number in numbers if number.strip()}

    def __contains__(self, number: object) -> bool:
        return isinstance(number, str) and same(number) in self._held

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._held))

    def __len__(self) -> int:
        return len(self._held)

    def take(self, number: str) -> str:
        """`number`, held from now on (this object is mutated)."""
        self._held.add(same(number))
        return number


def free_number(wanted: str, taken: Collection[str], suffix: str = "CW") -> str | Problem:
    """`wanted` if nobody holds it, else the first free of `wanted-CW1`, `wanted-CW2` … `-CW999`.

    At most 21 characters: a number that cannot fit is a Problem, never shortened. `taken` is not mutated; pass a
    `Taken` when asking often, any other collection is copied.
    """
    held = taken if isinstance(taken, Taken) else Taken(taken)
    bare = wanted.strip()
    if not bare:
        return _no_number()
    if len(bare) > LONGEST:
        return _too_long(bare, bare)
    return bare if bare not in held else counted_number(bare, suffix, held)


def counted_number(number: str, suffix: str, taken: Collection[str], first: int = 1) -> str | Problem:
    """The first free of `<number>-<suffix><first>`, counting up to 999; a Problem if none fits in 21 characters.

    `C957F1A7-0009` with suffix "CM" becomes `C957F1A7-0009-CM1`: a credit memo; "RF" is a refund receipt.
    """
    held = taken if isinstance(taken, Taken) else Taken(taken)
    bare = number.strip()
    for count in range(first, _MOST_SUFFIXES + 1):
        candidate = f"{bare}-{suffix}{count}"
        if len(candidate) > LONGEST:
            return _too_long(bare, candidate)
        if candidate not in held:
            return candidate
    return _too_long(bare, f"{bare}-{suffix}{_MOST_SUFFIXES + 1}")


def base(number: str) -> str:
    """The number without one `-CW1`-like ending, folded: what a Coworks number and its twin have in common."""
    return _without_ending(number).casefold()


def prefix(number: str) -> str:
    """What stands before the running number (`C957F1A7` of `C957F1A7-0009`), upper case; "" if there is none."""
    found = _PREFIX.fullmatch(_without_ending(number))
    return found["prefix"].upper() if found else ""


def _without_ending(number: str) -> str:
    bare = number.strip()
    last = bare.rpartition("-")[2]
    return bare if last.isdigit() else _COUNTED.sub("", bare)


def is_coworks_prefix(text: str) -> bool:
    """Whether `text` has the form of the eight characters that Coworks' processor gives to one customer alone."""
    return len(text) == 8 and text.isascii() and text.isalnum() and any(character.isdigit() for character in text)


def _no_number() -> Problem:
    return Problem(
        code="no-number",
        where="invoice",
        what="The invoice has no number.",
        why="Without a number it cannot be found again, so it could be posted twice.",
        do="Number it in Coworks and export the report again.",
    )


def _too_long(number: str, wanted: str) -> Problem:
    return Problem(
        code="number-too-long",
        where=f"Invoice {number}",
        what=f"The number {wanted!r} has {len(wanted)} characters; QuickBooks takes {LONGEST}.",
        why="A shortened number could be another invoice's number, and nobody would find it under the Coworks number.",
        do="Give the invoice a shorter number in Coworks, or enter it in QuickBooks by hand with a memo of its number.",
        key=number,
    )
