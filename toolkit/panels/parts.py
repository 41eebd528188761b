"""What every panel is made of: a model that knows what blocks it and drops its approval, work in a thread with a bar
and a Stop button, and widgets that show what pages_look makes.
"""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Callable
from typing import Any

import ipywidgets as widgets
from traitlets import Bool, HasTraits, Instance, Int, List, Unicode, observe

from toolkit.pages_look import EMPTY, Shown, good, note, problem, stack, stop, styled
from toolkit.problems import Problem, Severity, ToolkitError
from toolkit.push import Progress
from toolkit.push_stop import Stopped
from toolkit.report_outcome import account_line

log = logging.getLogger(__name__)

IDLE, WORKING, DONE, FAILED, STOPPED = "idle", "working", "done", "failed", "stopped"


class Model(HasTraits):
    """What a step is about: what blocks it (sentences), whether a person approved, and what came of it.

    Traits named in `inputs` drop the approval when they change. `ready` is what pressing the button does, said when
    nothing blocks; "" says nothing.
    """

    blockers: Any = List(Unicode())
    ready: Any = Unicode("")
    approved: Any = Bool(False)
    inputs: tuple[str, ...] = ()

    def __init__(self, **values: Any) -> None:
        super().__init__(**values)
        if self.inputs:
            self.observe(self._input_changed, names=list(self.inputs))
        self.look()

    def _input_changed(self, _change: Any) -> None:
        self.approved = False
        self.look()

    @observe("approved")
    def _approved(self, _change: Any) -> None:
        self.look()

    def look(self) -> None:
        """Find out anew what blocks."""
        self.blockers = self.what_blocks()

    def what_blocks(self) -> list[str]:
        """The sentences that stand in the way, in the order in which a person settles them."""
        return []


def pace_words(done: int, total: int, seconds: float) -> str:
    """How far, how fast and how long still, from what was done in those seconds: "30 of 157 · 12 a second · …".

    Rate and time are left out for the first second and while nothing is done; minutes are rounded up.
    """
    said = f"{done} of {total}"
    if seconds < 1 or done <= 0 or done >= total:
        return said
    rate, left = done / seconds, math.ceil((total - done) * seconds / done)
    speed = f"{rate:.0f} a second" if rate >= 1 else f"{max(round(rate * 60), 1)} a minute"
    number, unit = (left, "second") if left < 60 else (math.ceil(left / 60), "minute")
    return f"{said} · {speed} · about {number} {unit}{'' if number == 1 else 's'} left"


class Work(HasTraits):
    """One piece of work at a time, in a thread of its own; `shown` is what came of it.

    The work is a function of a `Progress`; Stop makes that Progress interrupt it once, at its next answer.
    """

    state: Any = Unicode(IDLE)
    done: Any = Int(0)
    total: Any = Int(0)
    word: Any = Unicode("")
    shown: Any = Instance(Shown, args=("", ""))

    def __init__(self) -> None:
        super().__init__()
        self.clock: Callable[[], float] = time.monotonic
        self._began: float | None = None
        self._stopping = False
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self, action: Callable[[Progress], Shown]) -> bool:
        """Begin, unless something is under way; says whether it began."""
        if self.state == WORKING:
            return False
        self._stop.clear()
        self._began, self._stopping = None, False
        self.done, self.total, self.word, self.shown = 0, 0, "", EMPTY
        self.state = WORKING
        self._thread = threading.Thread(target=self._run, args=(action,), daemon=True)
        self._thread.start()
        return True

    def stop(self) -> None:
        """Ask it to end after the answer in hand."""
        if self.state == WORKING:
            self._stopping = True
            self.word = "stopping after the answers in hand"
            self._stop.set()

    def wait(self, seconds: float = 60.0) -> str:
        """Wait until it has ended; returns the state it ended in."""
        if self._thread is not None:
            self._thread.join(seconds)
        return str(self.state)

    def progress(self, done: int, total: int, word: str) -> None:
        """Told after every answer; raises KeyboardInterrupt once after Stop was pressed."""
        self._began = self.clock() if self._began is None else self._began
        self.done, self.total = done, max(total, 1)
        if word or not self._stopping:  # what was waited for is over with the next answer
            self.word = word
        if self._stop.is_set():
            self._stop.clear()
            raise KeyboardInterrupt

    @property
    def said(self) -> str:
        """How far it is, how fast and how long still, and the word of the moment."""
        began = self._began if self._began is not None else self.clock()
        pace = pace_words(self.done, self.total, self.clock() - began) if self.total else ""
        return " · ".join(one for one in (pace, self.word) if one) or "reading …"

    def _run(self, action: Callable[[Progress], Shown]) -> None:
        try:
            shown, state = action(self.progress), DONE
        except ToolkitError as error:
            shown, state = problem(error.problem), FAILED
        except Stopped as stopped:
            shown, state = note(f"{account_line(stopped.outcome)} {_STOPPED}"), STOPPED
        except KeyboardInterrupt:
            shown, state = note(_STOPPED), STOPPED
        except Exception as error:
            log.exception("a panel's work failed")
            shown, state = problem(_bug(error)), FAILED
        self.word = ""
        self.shown = shown
        self.state = state


_STOPPED = "Stopped. Everything that was answered is in the posting log; press again, and it goes on from there."


def _bug(error: Exception) -> Problem:
    return Problem(
        code="bug",
        where="this page",
        what=f"Something happened that was not foreseen ({type(error).__name__}).",
        why="The work stopped where it stood; what was posted until then is in the posting log.",
        do="Run the page again: that is safe. If it happens again, tell who looks after this toolkit.",
        severity=Severity.FILE,
    )


# ---- views


def wide() -> widgets.Layout:
    """As wide as the page; made when used, for a page without a person builds no widget at all."""
    return widgets.Layout(width="100%")


def html(shown: Shown = EMPTY) -> widgets.HTML:
    """A widget that shows it."""
    return widgets.HTML(value=styled(shown.html) if shown.html else "", layout=wide())


def put(view: widgets.HTML, shown: Shown) -> None:
    """Show something else in the widget."""
    view.value = styled(shown.html) if shown.html else ""


def blockers_view(model: Model) -> widgets.HTML:
    """The sentences that block, or one that says what pressing the button does."""
    view = html()

    def draw(_change: Any = None) -> None:
        ready = good(model.ready) if model.ready else EMPTY
        put(view, stack(stop(one) for one in model.blockers) if model.blockers else ready)

    model.observe(draw, names=["blockers", "ready"])
    draw()
    return view


def button(label: str, *, style: str = "primary", tooltip: str = "") -> widgets.Button:
    """A button that is as wide as its words."""
    return widgets.Button(
        description=label,
        button_style=style,
        tooltip=tooltip or label,
        layout=widgets.Layout(width="auto", padding="0 1rem", align_self="flex-start"),
    )


def work_view(work: Work, start: widgets.Button) -> widgets.VBox:
    """The button that begins, the one that stops, the bar, and below them what came of it."""
    halt = button("Stop", style="warning", tooltip="Ends after the answers in hand; nothing is lost")
    bar = widgets.IntProgress(min=0, max=1, layout=widgets.Layout(width="16rem"))
    word, result = widgets.Label(), html()
    running = widgets.HBox([halt, bar, word], layout=widgets.Layout(display="none"))

    def moved(_change: Any = None) -> None:
        bar.max, bar.value = max(work.total, 1), work.done
        word.value = work.said

    def turned(_change: Any = None) -> None:
        busy = work.state == WORKING
        running.layout.display = "" if busy else "none"
        start.disabled = busy
        moved()

    work.observe(moved, names=["done", "total", "word"])
    work.observe(turned, names=["state"])
    work.observe(lambda change: put(result, change["new"]), names=["shown"])
    halt.on_click(lambda _: work.stop())
    return widgets.VBox([widgets.HBox([start, running]), result], layout=wide())


def box(*parts: widgets.Widget) -> widgets.VBox:
    """A panel: its parts under each other in one frame."""
    frame = widgets.Layout(
        width="100%",
        max_width="64rem",
        border="1px solid var(--jp-border-color2, #cbd5df)",
        padding="0.4rem 1rem 0.8rem",
        margin="0.4rem 0",
    )
    return widgets.VBox(list(parts), layout=frame)


def checkbox(label: str) -> widgets.Checkbox:
    """A box to tick, with its words beside it."""
    return widgets.Checkbox(description=label, indent=False, layout=widgets.Layout(width="auto"))


def line(label: str, *, hint: str = "", width: str = "26rem") -> widgets.Text:
    """A line to type into; what is typed counts at once."""
    return widgets.Text(
        description=label,
        placeholder=hint,
        continuous_update=True,
        layout=widgets.Layout(width=width),
        style={"description_width": "initial"},
    )
