"""The two pictures of a month, as SVG text, the same on every run: receivables by age, Undeposited Funds by day.

matplotlib is loaded when a picture is drawn: half a second that commands without one need not wait.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING

from toolkit.money import ZERO, Money, show
from toolkit.proof import Item, Section

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

AGES = ((0, "not yet due … 30 days"), (31, "31 … 60"), (61, "61 … 90"), (91, "over 90"))
INK, BAR, SOFT = "#1f2933", "#2f6f9f", "#cbd5df"


def aging(section: Section) -> str:
    """Open receivables by age in days since the invoice date, as SVG; "" if nothing is open."""
    sums = [ZERO for _ in AGES]
    for item in section.items:
        if item.quickbooks:
            sums[_bucket(item)] += item.quickbooks
    if not any(sums):
        return ""
    figure = _figure(2.0)
    axes = figure.subplots()
    names = [name for _, name in AGES]
    bars = axes.barh(names[::-1], [float(one) for one in sums[::-1]], color=BAR)
    axes.bar_label(bars, labels=[show(one) for one in sums[::-1]], padding=4, color=INK)
    axes.margins(x=0.2)
    axes.xaxis.set_visible(False)
    return _svg(figure, axes)


def _bucket(item: Item) -> int:
    return max(place for place, (first, _) in enumerate(AGES) if max(item.age_days, 0) >= first)


def balance_by_day(days: Sequence[tuple[date, Money]], name: str) -> str:
    """An account's closing balance by day as SVG; "" for fewer than two days."""
    if len(days) < 2:
        return ""
    from matplotlib.dates import DateFormatter
    from matplotlib.ticker import FuncFormatter

    figure = _figure(2.2)
    axes = figure.subplots()
    axes.step([day for day, _ in days], [float(one) for _, one in days], where="post", color=BAR)  # type: ignore[arg-type]
    axes.fill_between(
        [day for day, _ in days],  # type: ignore[arg-type]
        [float(one) for _, one in days],
        step="post",
        color=BAR,
        alpha=0.15,
    )
    axes.xaxis.set_major_formatter(DateFormatter("%b %d"))  # type: ignore[no-untyped-call]
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    axes.set_ylabel(name)
    return _svg(figure, axes)


def _figure(height: float) -> Figure:
    from matplotlib.figure import Figure

    return Figure(figsize=(7.5, height), layout="constrained")


def _svg(figure: Figure, axes: Axes) -> str:
    from matplotlib import rc_context

    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_color(SOFT)
    axes.tick_params(colors=INK, length=0)
    out = io.StringIO()
    # The salt and the missing date make the same month the same bytes.
    with rc_context({"svg.hashsalt": "month-end", "svg.fonttype": "none", "font.family": "sans-serif"}):
        figure.savefig(out, format="svg", metadata={"Date": None}, bbox_inches="tight")
    text = out.getvalue()
    return text[text.index("<svg") :]
