"""04_push: post exactly the plan that was reviewed; a person ticks it, and for real books types the company's name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ipywidgets as widgets
from traitlets import Any as Anything
from traitlets import Bool, Unicode

from toolkit import pages_plan
from toolkit.pages import Reviewed
from toolkit.pages_look import EMPTY, Shown, good, note, problem, sentence, stack
from toolkit.panels import parts
from toolkit.plan import Outcome
from toolkit.problems import blocking
from toolkit.push import Progress
from toolkit.settings import Mode, Settings

Post = Callable[[str, Progress, bool], Outcome]
"""Posts the plan with that approval code; the last one is the explicit word for real books."""


class PushModel(parts.Model):
    """The reviewed plan, whether it is approved, and for real books the name that was typed."""

    found: Any = Anything()
    company: Any = Unicode("")
    live: Any = Bool(False)
    typed: Any = Unicode("")
    posts: Any = Unicode(str(Mode.TRANSACTIONS))
    inputs = ("found", "typed", "live", "company")

    def what_blocks(self) -> list[str]:
        """What stands between this plan and the books."""
        if self.found is None:
            return []
        if self.posts == Mode.NOTHING:
            return ["Both switches are off, so nothing is posted. Switch them on in 01_connect."]
        if self.found.nothing_left:
            return []
        stale = self.found.stale
        said = [f"{stale.what} {stale.why} {stale.do}"] if stale else []
        if self.live and self.typed.strip() != self.company:
            said.append(f"These are real books. Type the company's name, {self.company}, to post to them.")
        if not self.approved:
            said.append("Nothing is posted until you approve the plan.")
        return said


def panel(
    found: Reviewed, post: Post, *, settings: Settings, company: str, approve: str = "", headless: bool = False
) -> widgets.Widget | Shown:
    """The reviewed plan with its approval and the button that posts it.

    Headless, `approve` (a code, or `auto` within the company's limits) does what the button does; "" posts nothing.
    """
    if headless:
        return _headless(found, post, settings, approve)
    live = settings.quickbooks.environment.value != "emulator"
    model = PushModel(found=found, company=company, live=live, posts=str(settings.mode))
    return view(model, parts.Work(), post)


def _headless(found: Reviewed, post: Post, settings: Settings, approve: str) -> Shown:
    shown = reviewed(found)
    if settings.mode is Mode.NOTHING:
        return shown + note("Both switches are off in company.toml, so nothing is posted.")
    if found.nothing_left or not approve:
        return shown + (EMPTY if found.nothing_left else note("No approval was given, so nothing is posted."))
    return shown + pages_plan.outcome(post(approve, lambda done, total, word: None, False), found.now.plan)


def reviewed(found: Reviewed) -> Shown:
    """What was reviewed, or why it cannot be posted."""
    if found.nothing_left:
        held = stack(problem(one) for one in blocking(found.now.plan.problems))
        return good("Nothing is left to post: QuickBooks already holds this plan.") + held
    if found.resumable:
        return note("This plan was begun and cut short. Posting goes on where it stopped; nothing is posted twice.")
    if found.stale is not None:
        return problem(found.stale)
    return sentence(f"Reviewed plan, approval code {found.code}:") + pages_plan.summary(found.now)


def view(model: PushModel, work: parts.Work, post: Post) -> widgets.VBox:
    """The widgets of the model."""
    body = parts.html(reviewed(model.found))
    approve = parts.checkbox(f"I have looked at the plan {model.found.code} and approve it")
    name = parts.line("Company name", hint="only for real books")
    start = parts.button("Post to QuickBooks")
    widgets.link((model, "approved"), (approve, "value"))
    widgets.link((model, "typed"), (name, "value"))
    name.layout.display = "" if model.live else "none"
    approve.layout.display = "none" if model.found.nothing_left else "auto"

    def pressed(_button: Any) -> None:
        if not model.blockers and not model.found.nothing_left:
            work.start(lambda progress: _post(model, post, progress))

    start.on_click(pressed)
    ready = "" if model.found.nothing_left else "Pressing the button posts exactly this plan, once."
    return parts.box(body, name, approve, parts.blockers_view(model, ready), parts.work_view(work, start))


def _post(model: PushModel, post: Post, progress: Progress) -> Shown:
    found: Reviewed = model.found
    done = post(found.code, progress, model.live)
    model.approved = False
    return pages_plan.outcome(done, found.now.plan)
