"""05_deposits: each payout as one bank deposit of its payments less the fee; posted when a person approves."""

from __future__ import annotations

import ipywidgets as widgets

from toolkit import pages_plan
from toolkit.pages_look import Shown
from toolkit.panels import parts, parts_posting
from toolkit.panels.parts_posting import Line, Post, PostingModel
from toolkit.settings import Environment, Mode, Settings
from toolkit.stages import Review

OFF = "Payments are not posted (push.transactions is off), so there is nothing to deposit."


def panel(
    made: Review,
    post: Post,
    after: Line,
    *,
    settings: Settings,
    company: str,
    approve: str = "",
    headless: bool = False,
) -> widgets.Widget | Shown:
    """The planned bank deposits with their approval and the button that posts them; `after` is the line after that.

    Headless, `approve` (a code, or `auto` within the company's limits) does what the button does; "" posts nothing.
    """
    off = "" if settings.mode is Mode.TRANSACTIONS else OFF
    body, nothing_left = pages_plan.payouts(made), not (made.plan.operations or made.plan.adoptions)
    if headless:
        return parts_posting.without_a_person(
            body, made.plan, post, approve=approve, nothing_left=nothing_left, refusal=off
        )
    model = PostingModel(
        code=made.plan.digest,
        what="the plan of bank deposits",
        nothing_left=nothing_left,
        refusals=[off] if off else [],
        company=company,
        live=settings.quickbooks.environment is not Environment.EMULATOR,
    )
    return parts_posting.view(
        model,
        parts.Work(),
        body,
        lambda progress: parts_posting.posted(model, made.plan, post, after, progress),
    )
