"""The cycle collector at rest while very many records are made."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def at_rest() -> Iterator[None]:
    """The cycle collector off inside, and afterwards as it was.

    Records have no cycles, and walking a million of them over and over takes a quarter of the time. What was made is
    old to the collector afterwards: as young objects it would all be walked at the next allocation.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.freeze()
            gc.unfreeze()  # from the frozen, everything comes back as the oldest generation, unwalked
            gc.enable()
