"""What a page says while it works: how far, how fast, how long still, and what is waited for."""

from __future__ import annotations

import pytest

from toolkit.panels.parts import Work, pace_words


@pytest.mark.parametrize(
    ("done", "total", "seconds", "said"),
    [
        (0, 157, 9.0, "0 of 157"),
        (30, 157, 0.5, "30 of 157"),
        (30, 157, 2.5, "30 of 157 · 12 a second · about 11 seconds left"),
        (1, 2, 1.0, "1 of 2 · 1 a second · about 1 second left"),
        (10, 50, 20.0, "10 of 50 · 30 a minute · about 2 minutes left"),
        (1, 3, 30.0, "1 of 3 · 2 a minute · about 1 minute left"),
        (157, 157, 13.0, "157 of 157"),
    ],
)
def test_the_pace_is_said_with_the_time_that_is_left(done: int, total: int, seconds: float, said: str) -> None:
    assert pace_words(done, total, seconds) == said


def test_what_was_waited_for_is_gone_with_the_next_answer() -> None:
    now = [100.0]
    work = Work()
    work.clock = lambda: now[0]
    work.progress(0, 5, "waiting 12 s: QuickBooks is busy")
    assert work.said == "0 of 5 · waiting 12 s: QuickBooks is busy"
    now[0] += 2
    work.progress(4, 5, "")
    assert (work.word, work.said) == ("", "4 of 5 · 2 a second · about 1 second left")
