"""04_push: post exactly the plan that was reviewed; a person ticks it, and for real books types the company's name."""

from __future__ import annotations

import ipywidgets as widgets

from toolkit import pages_plan
from toolkit.pages import Reviewed
from toolkit.pages_look import Shown, good, note, problem, problems
from toolkit.panels import parts, parts_posting
from toolkit.panels.parts_posting import Line, Post, PostingModel
from toolkit.problems import blocking
from toolkit.settings import Environment, Mode, Settings

OFF = "Both switches are off, so nothing is posted. 01_connect switches them on."


def panel(
    found: Reviewed,
    post: Post,
    after: Line,
    *,
    settings: Settings,
    company: str,
    approve: str = "",
    headless: bool = False,
) -> widgets.Widget | Shown:
    """The reviewed plan with its approval and the button that posts it; `after` is the tie-out line once it is posted.

    Headless, `approve` (a code, or `auto` within the company's limits) does what the button does; "" posts nothing.
    """
    off = OFF if settings.mode is Mode.NOTHING else ""
    body = shown(found)
    if headless:
        return parts_posting.without_a_person(
            body, found.now.plan, post, approve=approve, nothing_left=found.nothing_left, refusal=off
        )
    model = PostingModel(
        code=found.code,
        nothing_left=found.nothing_left,
        refusals=[*([off] if off else []), *_refused(found)],
        company=company,
        live=settings.quickbooks.environment is not Environment.EMULATOR,
    )
    return parts_posting.view(
        model,
        parts.Work(),
        body,
        lambda progress: parts_posting.posted(model, found.now.plan, post, after, progress),
    )


def _refused(found: Reviewed) -> list[str]:
    stale = found.stale
    return [f"{stale.what} {stale.why} {stale.do}"] if stale else []


def standing(found: Reviewed) -> Shown:
    """Whether the plan that was reviewed is still what would be posted."""
    if found.nothing_left:
        return good("Nothing is left to post: QuickBooks already holds this month's plan.")
    if found.resumable:
        return note("This plan was begun and cut short. Posting goes on where it stopped; nothing is posted twice.")
    if found.stale is not None:
        return problem(found.stale)
    return good(f"The plan that was reviewed, {found.code}, is still exactly what would be posted.")


def shown(found: Reviewed) -> Shown:
    """The plan, or what is still held when nothing is left to post."""
    if found.nothing_left:
        return standing(found) + problems(blocking(found.now.plan.problems))
    return pages_plan.summary(found.now)
