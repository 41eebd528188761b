"""05_deposits: each payout as one bank deposit of its payments less the fee; posted when a person approves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ipywidgets as widgets
from traitlets import Any as Anything
from traitlets import Bool, Unicode

from toolkit import pages_plan
from toolkit.pages_look import EMPTY, Shown, note
from toolkit.panels import parts
from toolkit.plan import Outcome
from toolkit.push import Progress
from toolkit.settings import Mode, Settings
from toolkit.stages import Review

Post = Callable[[str, Progress, bool], Outcome]


class DepositsModel(parts.Model):
    """The bank deposits that are planned, whether they are approved, and for real books the name that was typed."""

    made: Any = Anything()
    company: Any = Unicode("")
    live: Any = Bool(False)
    typed: Any = Unicode("")
    posts: Any = Unicode(str(Mode.TRANSACTIONS))
    inputs = ("made", "typed", "live", "company")

    def what_blocks(self) -> list[str]:
        """What stands between these bank deposits and the books."""
        if self.made is None:
            return []
        if self.posts != Mode.TRANSACTIONS:
            return ["Payments are not posted (push.transactions is off), so there is nothing to deposit."]
        if nothing_left(self.made):
            return []
        said = []
        if self.live and self.typed.strip() != self.company:
            said.append(f"These are real books. Type the company's name, {self.company}, to post to them.")
        if not self.approved:
            said.append("Nothing is posted until you approve the bank deposits.")
        return said


def nothing_left(made: Review) -> bool:
    """Whether every payout that can be posted stands in QuickBooks."""
    return not (made.plan.operations or made.plan.adoptions)


def panel(
    made: Review, post: Post, *, settings: Settings, company: str, approve: str = "", headless: bool = False
) -> widgets.Widget | Shown:
    """The planned bank deposits with their approval and the button that posts them.

    Headless, `approve` (a code, or `auto` within the company's limits) does what the button does; "" posts nothing.
    """
    if headless:
        return _headless(made, post, settings, approve)
    live = settings.quickbooks.environment.value != "emulator"
    model = DepositsModel(made=made, company=company, live=live, posts=str(settings.mode))
    return view(model, parts.Work(), post)


def _headless(made: Review, post: Post, settings: Settings, approve: str) -> Shown:
    shown = pages_plan.payouts(made)
    if settings.mode is not Mode.TRANSACTIONS:
        return shown + note("Payments are not posted (push.transactions is off), so no bank deposit is made.")
    if nothing_left(made) or not approve:
        return shown + (EMPTY if nothing_left(made) else note("No approval was given, so nothing is posted."))
    return shown + pages_plan.outcome(post(approve, lambda done, total, word: None, False), made.plan)


def view(model: DepositsModel, work: parts.Work, post: Post) -> widgets.VBox:
    """The widgets of the model."""
    body = parts.html(pages_plan.payouts(model.made))
    approve = parts.checkbox(f"I have looked at these bank deposits ({model.made.plan.digest}) and approve them")
    name = parts.line("Company name", hint="only for real books")
    start = parts.button("Post the bank deposits")
    widgets.link((model, "approved"), (approve, "value"))
    widgets.link((model, "typed"), (name, "value"))
    name.layout.display = "" if model.live else "none"
    approve.layout.display = "none" if nothing_left(model.made) else "auto"

    def pressed(_button: Any) -> None:
        if not model.blockers and not nothing_left(model.made):
            work.start(lambda progress: _post(model, post, progress))

    start.on_click(pressed)
    ready = "" if nothing_left(model.made) else "Pressing the button makes exactly these bank deposits, once."
    return parts.box(body, name, approve, parts.blockers_view(model, ready), parts.work_view(work, start))


def _post(model: DepositsModel, post: Post, progress: Progress) -> Shown:
    made: Review = model.made
    done = post(made.plan.digest, progress, model.live)
    model.approved = False
    return pages_plan.outcome(done, made.plan)
