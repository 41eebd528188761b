"""03_preview: what would be posted and why, read again at the press of a button; nothing is changed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ipywidgets as widgets
from traitlets import Any as Anything
from traitlets import Unicode

from toolkit import pages_plan
from toolkit.pages_look import Shown, note, sentence
from toolkit.panels import parts
from toolkit.push import Progress
from toolkit.reminders import Reminders
from toolkit.stages import Review

Look = Callable[[], tuple[Review, Reminders]]


class PreviewModel(parts.Model):
    """The plan that is looked at, and its approval code."""

    made: Any = Anything()
    code: Any = Unicode("")
    inputs = ("made",)


def shown(made: Review, reminded: Reminders) -> Shown:
    """Everything a person looks at before approving."""
    return (
        pages_plan.summary(made)
        + pages_plan.totals(made)
        + pages_plan.ledger(made)
        + pages_plan.reminded(reminded)
        + approval(made)
    )


def approval(made: Review) -> Shown:
    """The approval code, and what it stands for."""
    if not (made.plan.operations or made.plan.adoptions):
        return sentence("There is nothing to approve.", quiet=True)
    return note(f"Approval code of exactly this plan: {made.plan.digest}. 04_push posts it, and nothing else.")


def panel(made: Review, reminded: Reminders, again: Look, *, headless: bool = False) -> widgets.Widget | Shown:
    """The plan with a button that reads files and books again; `again` is what the page itself called."""
    if headless:
        return shown(made, reminded)
    return view(PreviewModel(made=made, code=made.plan.digest), parts.Work(), shown(made, reminded), again)


def view(model: PreviewModel, work: parts.Work, first: Shown, again: Look) -> widgets.VBox:
    """The widgets of the model."""
    body = parts.html(first)
    start = parts.button("Read everything again", style="", tooltip="Reads the reports, mapping.csv and QuickBooks")

    def read(_progress: Progress) -> Shown:
        made, reminded = again()
        same = made.plan.digest == model.code
        model.made, model.code = made, made.plan.digest
        parts.put(body, shown(made, reminded))
        return sentence("Read again: the plan is the same." if same else "Read again: the plan has changed.")

    start.on_click(lambda _: work.start(read))
    return parts.box(body, parts.work_view(work, start))
