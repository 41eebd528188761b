"""The panel of both pages that post: a plan, its approval, for real books the typed company name, and one button."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ipywidgets as widgets
from traitlets import Bool, List, Unicode

from toolkit import pages_plan
from toolkit.pages_look import Shown, good, note
from toolkit.panels import parts
from toolkit.plan import Outcome, Plan
from toolkit.push import Progress, silent

Post = Callable[[str, Progress, bool], Outcome]
"""Posts the plan with that approval code; the last one is the explicit word for real books."""
Line = Callable[[], str]
"""The page's tie-out line as it is now."""


class PostingModel(parts.Model):
    """What is to be posted under which approval code, and what a person has said to it.

    `refusals` are sentences that no approval overcomes: a stale plan, switches that are off.
    """

    code: Any = Unicode("")
    what: Any = Unicode("the plan")
    nothing_left: Any = Bool(False)
    refusals: Any = List(Unicode())
    company: Any = Unicode("")
    live: Any = Bool(False)
    typed: Any = Unicode("")
    inputs = ("code", "refusals", "company", "live", "typed", "nothing_left")

    def what_blocks(self) -> list[str]:
        """What stands between this plan and the books."""
        if self.nothing_left:
            return []
        said = list(self.refusals)
        if self.live and self.typed.strip() != self.company:
            said.append(f"These are real books. Type the company's name, {self.company}, to post to them.")
        if not self.approved:
            said.append(f"Nothing is posted until you approve {self.what}.")
        return said


def view(model: PostingModel, work: parts.Work, body: Shown, post: Callable[[Progress], Shown]) -> widgets.VBox:
    """The widgets of the model; `post` is what the button does, in a thread."""
    approve = parts.checkbox(f"I have looked at {model.what} {model.code} and approve it")
    name = parts.line("Company name", hint=model.company)
    start = parts.button("Post to QuickBooks")
    widgets.link((model, "approved"), (approve, "value"))
    widgets.link((model, "typed"), (name, "value"))

    def offered(_change: Any = None) -> None:
        name.layout.display = "" if model.live and not model.nothing_left else "none"
        approve.layout.display = "none" if model.nothing_left else ""
        start.layout.display = "none" if model.nothing_left else ""
        model.ready = "" if model.nothing_left else f"Pressing the button posts exactly {model.what}, once."

    def pressed(_button: Any) -> None:
        if not (model.blockers or model.nothing_left):
            work.start(post)

    model.observe(offered, names=["nothing_left", "live"])
    offered()
    start.on_click(pressed)
    return parts.box(parts.html(body), name, approve, parts.blockers_view(model), parts.work_view(work, start))


def posted(model: PostingModel, plan: Plan, post: Post, after: Line, progress: Progress) -> Shown:
    """Post, and show what came of it with the page's tie-out line as it is then."""
    done = post(model.code, progress, model.live)
    model.approved = False
    model.nothing_left = not done.problems
    return pages_plan.outcome(done, plan) + good(after())


def without_a_person(body: Shown, plan: Plan, post: Post, *, approve: str, nothing_left: bool, refusal: str) -> Shown:
    """The same without buttons: posts if `approve` is given; raises as `post` does."""
    if refusal:
        return body + note(refusal)
    if nothing_left:
        return body
    if not approve:
        return body + note("No approval was given, so nothing is posted.")
    return body + pages_plan.outcome(post(approve, silent, False), plan)
