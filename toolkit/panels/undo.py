"""Undo a run: choose it, look at what would be voided, deleted or made inactive and what stays, approve, undo."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import ipywidgets as widgets
from traitlets import Any as Anything
from traitlets import Bool, Unicode

from toolkit import pages_undo
from toolkit.pages_look import EMPTY, Shown, note
from toolkit.panels import parts
from toolkit.plan import Outcome
from toolkit.posting_log import Run
from toolkit.problems import ToolkitError
from toolkit.push import Progress
from toolkit.settings import Environment, Settings
from toolkit.undoing import UndoReview

Runs = Callable[[], tuple[Run, ...]]
Look = Callable[[str], UndoReview]
TakeBack = Callable[[UndoReview, str, Progress, bool], Outcome]
"""Undoes what was looked at, under that approval code; the last one is the explicit word for real books."""
Release = Callable[[str], Shown]
Hear = Callable[[Callable[[], None]], None]
"""Takes what is to be called whenever a posting of the same page has ended."""


class UndoModel(parts.Model):
    """The run that was chosen, what undoing it would change (its code), and what a person has said to it.

    `undone` says that something of it may be released, `ended` that it was just taken back and nothing was left over.
    """

    run: Any = Unicode("")
    made: Any = Anything()
    code: Any = Unicode("")
    company: Any = Unicode("")
    live: Any = Bool(False)
    typed: Any = Unicode("")
    undone: Any = Bool(False)
    ended: Any = Bool(False)
    inputs = ("run", "code", "company", "live", "typed", "ended")

    def what_blocks(self) -> list[str]:
        """What stands between a person and undoing it."""
        if not self.run or self.ended:
            return []
        if not self.code:
            return ["Look first at what undoing it would change."]
        said = []
        if self.live and self.typed.strip() != self.company:
            said.append(f"These are real books. Type the company's name, {self.company}, to undo in them.")
        if not self.approved:
            said.append("Nothing is undone until you approve it.")
        return said

    def looked(self, made: UndoReview | None) -> None:
        """Something else is looked at, or nothing any more."""
        self.made, self.ended = made, False
        self.code = made.plan.digest if made is not None and made.plan.operations else ""
        self.undone = made is not None and made.nothing_left and made.before > 0


def panel(
    runs: Runs,
    look: Look,
    take_back: TakeBack,
    release: Release,
    *,
    settings: Settings,
    company: str,
    hear: Hear | None = None,
    headless: bool = False,
) -> widgets.Widget | Shown:
    """The runs of the month to choose from; headless only their list: nothing is ever undone without a person.

    With `hear` the choice is renewed when a posting of the page has ended.
    """
    found = runs()
    if headless:
        return pages_undo.listed(found)
    model = UndoModel(company=company, live=settings.quickbooks.environment is not Environment.EMULATOR)
    return view(model, runs, look, take_back, release, hear=hear)


def view(
    model: UndoModel, runs: Runs, look: Look, take_back: TakeBack, release: Release, *, hear: Hear | None = None
) -> widgets.VBox:
    """The widgets of the model."""
    looking, undoing, body = parts.Work(), parts.Work(), parts.html()
    which = widgets.Dropdown(options=_choices(runs()), description="Run", layout=parts.wide())
    widgets.link((model, "run"), (which, "value"))
    if hear is not None:
        hear(lambda: _renew(which, model, runs))

    def chosen(_change: Any) -> None:
        model.looked(None)
        parts.put(body, EMPTY)

    def read(_progress: Progress) -> Shown:
        run = model.run
        _renew(which, model, runs)  # a run that was posted meanwhile by another page or command
        if not run:
            return note("Choose a run.")
        model.looked(look(run))
        parts.put(body, pages_undo.shown(model.made))
        return EMPTY

    def act(progress: Progress) -> Shown:
        made = model.made
        done = take_back(made, model.code, progress, model.live)
        parts.put(body, EMPTY)  # what would be undone is said no longer: it is
        model.looked(None)
        model.undone, model.ended = bool(done.written), not (done.stopped or any(done.left.values()))
        return pages_undo.outcome(done, made)

    model.observe(chosen, names=["run"])
    start = parts.button("Look at what undoing it would change", style="")
    start.on_click(lambda _: looking.start(read))
    return parts.box(
        which, parts.work_view(looking, start), body, _approval(model), _doing(model, undoing, act, release)
    )


def _renew(which: widgets.Dropdown, model: UndoModel, runs: Runs) -> None:
    """The choices as they are now; what is chosen stays chosen. A posting log that cannot be read changes nothing."""
    run = model.run
    with suppress(ToolkitError):
        which.options = _choices(runs())  # the choice itself falls back to none
        model.run = run


def _choices(found: tuple[Run, ...]) -> list[tuple[str, str]]:
    nothing = "choose a run" if found else "no run has posted anything to this month yet"
    return [(nothing, ""), *((pages_undo.called(one), one.id) for one in found)]


def _approval(model: UndoModel) -> widgets.VBox:
    """The box to tick and, for real books, the line to type into; only when there is something to undo."""
    approve = parts.checkbox("I have looked at what would be undone and approve it")
    name = parts.line("Company name", hint=model.company)
    widgets.link((model, "approved"), (approve, "value"))
    widgets.link((model, "typed"), (name, "value"))

    def offered(_change: Any = None) -> None:
        approve.layout.display = "" if model.code else "none"
        name.layout.display = "" if model.code and model.live else "none"

    model.observe(offered, names=["code", "live"])
    offered()
    return widgets.VBox([name, approve, parts.blockers_view(model)], layout=parts.wide())


def _doing(model: UndoModel, work: parts.Work, act: Callable[[Progress], Shown], release: Release) -> widgets.VBox:
    """The button that undoes, and the one that releases what is undone."""
    start = parts.button("Undo this run", style="danger")
    again = parts.button("Release it for posting again", style="")

    def offered(_change: Any = None) -> None:
        start.layout.display = "" if model.code else "none"
        again.layout.display = "" if model.undone else "none"

    def pressed(_button: Any) -> None:
        if model.code and not model.blockers:
            work.start(act)

    def released(_progress: Progress) -> Shown:
        model.undone = False
        return release(model.run)

    model.observe(offered, names=["code", "undone"])
    offered()
    start.on_click(pressed)
    again.on_click(lambda _: work.start(released))
    return widgets.VBox([parts.work_view(work, start), again], layout=parts.wide())
