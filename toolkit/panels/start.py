"""00_start_here: which company, which month, what is ready and which page comes next; nothing is changed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ipywidgets as widgets
from traitlets import Any as Anything
from traitlets import Unicode

from toolkit.pages_look import EMPTY, Shown, good, heading, note, sentence, stack, stop, table
from toolkit.panels import parts
from toolkit.problems import ToolkitError
from toolkit.push import Progress
from toolkit.report_company import MODES, connection_line, running, running_line
from toolkit.stages import Status

Look = Callable[[str], Status]
"""Where the company of that name stands."""


UNDO = "the undo panel at the end of 04_push"


class StartModel(parts.Model):
    """The company that is looked at, and where it stands."""

    company: Any = Unicode("")
    status: Any = Anything()
    inputs = ("company",)


def shown(status: Status, period: str = "") -> Shown:
    """Where a company stands: connection, switches, its months, and what is left open in the posting log."""
    books = status.settings.quickbooks
    rows = [(one, _signed(status, one), "this page's month" if one == period else "") for one in status.months]
    place = "practice books on this computer" if books.environment.value == "emulator" else str(books.environment)
    facts = (
        ("QuickBooks", f"company ID {status.realm or 'not known yet'} ({place})"),
        ("Connection", _connection(status)),
        ("Switches", MODES[status.settings.mode]),
        ("Posting log", ", ".join(f"{number} {standing}" for standing, number in status.standings) or "empty"),
        ("Runs", f"{len(status.runs)}"),
    )
    return (
        heading(status.company)
        + table(("what", "how it stands"), facts)
        + (heading("Months in the inbox") + table(("month", "sign-off", ""), rows) if rows else _empty(status))
        + _open(status)
    )


def _connection(status: Status) -> str:
    return (
        connection_line(status)
        if status.connected or status.stored_environment
        else "not made yet: 01_connect makes it"
    )


def _signed(status: Status, period: str) -> str:
    return next(
        (f"signed off by {one.signed_by}" for one in status.sign_offs if one.period == period), "not signed off"
    )


def _empty(status: Status) -> Shown:
    return stop(f"There is no report in companies/{status.company}/inbox. Download both from Coworks, for one month.")


def _open(status: Status) -> Shown:
    living = running(status)
    if living:
        return stack(note(f"The {running_line(one, status.settings.zone)}.") for one in living)
    begun = {one.digest: one.command for one in status.runs}
    who = {digest: _resuming(begun.get(digest, "")) for digest in status.unfinished}
    shown = EMPTY
    if status.unanswered:
        page = UNDO if who and set(who.values()) == {UNDO} else "04_push"
        shown = shown + note(f"{status.unanswered} entries were sent without an answer: {page} looks them up first.")
    for digest, page in who.items():
        shown = shown + note(f"The plan {digest} was begun and not finished: {page} goes on with it.")
    return shown if shown.html else good("Nothing is left open from earlier runs.")


def _resuming(command: str) -> str:
    """Which page goes on with what that command began."""
    if command.startswith("undo "):
        return UNDO
    return "05_deposits" if command == "push deposits" else "04_push"


def on_this_computer(companies: tuple[str, ...]) -> Shown:
    """The companies that have a folder here."""
    number = f"{len(companies)} {'company' if len(companies) == 1 else 'companies'}"
    return sentence(f"{number} on this computer: {', '.join(companies)}.")


def panel(
    status: Status, companies: tuple[str, ...], look: Look, *, period: str = "", headless: bool = False
) -> widgets.Widget | Shown:
    """Where a company stands, with a choice of the others."""
    if headless:
        return shown(status, period)
    return view(StartModel(company=status.company, status=status), parts.Work(), shown(status, period), companies, look)


def view(model: StartModel, work: parts.Work, first: Shown, companies: tuple[str, ...], look: Look) -> widgets.VBox:
    """The widgets of the model."""
    body = parts.html(first)
    names = tuple(dict.fromkeys((*companies, model.company)))
    which = widgets.Dropdown(options=names, description="Company", layout=widgets.Layout(width="24rem"))
    start = parts.button("Look again", style="")
    widgets.link((model, "company"), (which, "value"))

    def read(_progress: Progress) -> Shown:
        try:
            model.status = look(model.company)
        except ToolkitError:
            parts.put(body, EMPTY)
            raise
        parts.put(body, shown(model.status))
        return note(f'To work on it, write company = "{model.company}" into the second cell of each page.')

    model.observe(lambda _: work.start(read), names=["company"])
    start.on_click(lambda _: work.start(read))
    return parts.box(body, which, parts.work_view(work, start))
