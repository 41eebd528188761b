"""Ctrl-C while a push is under way only asks it to end: an exception in the midst of noting an answer would lose it."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from toolkit.plan import Outcome

ENDING = (signal.SIGINT, signal.SIGTERM)


class Stopped(KeyboardInterrupt):
    """Somebody ended a push: `outcome` is what it had done by then."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(f"run {outcome.run} was stopped")
        self.outcome = outcome


@contextmanager
def asking(stop: Callable[[], None]) -> Iterator[None]:
    """While the body runs, whatever would raise KeyboardInterrupt in it calls `stop` instead, as often as it comes.

    `stop` is called in the midst of anything, so it must not take a lock. Only in the main thread, where signals
    arrive (Python: signal handlers can be set there alone); what ignores Ctrl-C, or ends on SIGTERM in another way,
    goes on doing so.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    kept = {one: signal.getsignal(one) for one in ENDING}
    ours = [one for one, handler in kept.items() if handler is signal.default_int_handler]
    try:
        for one in ours:
            signal.signal(one, lambda _number, _frame: stop())
        yield
    finally:
        for one in ours:
            signal.signal(one, kept[one])
