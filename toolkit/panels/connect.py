"""01_connect: the green check, a sign-in that asks before it is stored, the two switches, and what posting needs."""

from __future__ import annotations

from html import escape
from typing import Any

import ipywidgets as widgets
from traitlets import Any as Anything
from traitlets import Bool, Unicode

from toolkit.connecting import Connected
from toolkit.pages_connect import Attempt, Calls
from toolkit.pages_look import EMPTY, Shown, fold, good, heading, note, problems, sentence, stack, stop, table
from toolkit.panels import parts
from toolkit.problems import Problem, ToolkitError
from toolkit.push import Progress
from toolkit.reminders import STEPS
from toolkit.settings import Environment, Mode, Settings

MODES = {
    Mode.NOTHING: "Both switches are off: nothing will be posted.",
    Mode.INVOICES: "Invoices are posted; payments are entered elsewhere, so the month cannot be signed off as tied.",
    Mode.TRANSACTIONS: "Invoices and payments are posted.",
}


class ConnectModel(parts.Model):
    """The connection, the sign-in under way, and the two switches as they would be saved."""

    found: Any = Anything()
    attempt: Any = Anything()
    answer: Any = Anything()
    invoices: Any = Bool(False)
    transactions: Any = Bool(False)
    saved: Any = Unicode("")
    inputs = ("attempt", "answer")

    def what_blocks(self) -> list[str]:
        """What stands between the answer that came back and a stored connection."""
        if self.attempt is None:
            return []
        if self.answer is None:
            return ["Sign in at QuickBooks in the page that opens, then come back here."]
        return []


def shown(found: Connected) -> Shown:
    """The green check with name, company ID and days left, the switches, and what posting needs."""
    days = f", {found.days_left} days left if it is not used" if found.days_left is not None else ""
    kind = {Environment.EMULATOR: "practice books on this computer", Environment.SANDBOX: "Intuit's test company"}
    place = kind.get(found.environment, "real books")
    check = good(f"Connected to {found.company_name}, company ID {found.realm} ({place}{days}).")
    return check + sentence(MODES[found.mode]) + needs(found) + problems(found.problems) + reminder_steps()


def needs(found: Connected) -> Shown:
    """What posting needs of the books, and whether they have it."""
    wishes = found.preferences
    classes = {"off": "off", "line": "on, one for each line", "transaction": "on, one for each form"}
    closing = wishes.book_close_date
    rows = (
        ("Custom transaction numbers", "on" if wishes.custom_numbers else "OFF", "invoices keep their Coworks number"),
        ("Classes", classes[str(wishes.class_tracking)], "a product's class goes on its line"),
        ("Locations", "on" if wishes.locations else "off", "a campus becomes the invoice's location"),
        ("Credits applied by QuickBooks", "on" if wishes.auto_apply_credit else "off", "must be off"),
        ("Books closed through", f"{closing:%B} {closing.day}, {closing.year}" if closing else "never", "is respected"),
    )
    return heading("What posting needs of QuickBooks") + table(("setting", "it is", "why it matters"), rows)


def reminder_steps() -> Shown:
    """How reminders are switched on in QuickBooks."""
    steps = stack(sentence(f"{place}. {step}") for place, step in enumerate(STEPS, start=1))
    return fold("Reminders are sent by QuickBooks: how to switch them on, in seven steps", steps)


def not_connected(found: Problem) -> Shown:
    """Why there is no connection, and what to do."""
    return stop(f"{found.what} {found.why}") + sentence(found.do)


def panel(
    first: Connected | Problem, calls: Calls, *, settings: Settings, headless: bool = False
) -> widgets.Widget | Shown:
    """The connection with the sign-in and the switches; headless it shows how things stand."""
    body = shown(first) if isinstance(first, Connected) else not_connected(first)
    if headless:
        return body
    push = settings.push
    model = ConnectModel(
        found=first if isinstance(first, Connected) else None,
        invoices=push.invoices or push.transactions,
        transactions=push.transactions,
    )
    return view(model, parts.Work(), body, calls)


def view(model: ConnectModel, work: parts.Work, first: Shown, calls: Calls) -> widgets.VBox:
    """The widgets of the model: how it stands, the two switches, the sign-in."""
    body = parts.html(first)
    return parts.box(body, switches(model, calls), sign_in(model, work, body, calls))


# ---- the two switches


def switches(model: ConnectModel, calls: Calls) -> widgets.VBox:
    """Coworks' two switches; transactions includes invoices, and nothing is saved before the button."""
    invoices = parts.checkbox("Push invoices to QuickBooks")
    transactions = parts.checkbox("Push transactions to QuickBooks (payments; includes invoices)")
    save, said = parts.button("Save the switches", style=""), parts.html()
    widgets.link((model, "invoices"), (invoices, "value"))
    widgets.link((model, "transactions"), (transactions, "value"))

    def includes(_change: Any) -> None:
        if model.transactions:
            model.invoices = True
        model.saved = ""

    def pressed(_button: Any) -> None:
        try:
            settings = calls.switch(model.invoices, model.transactions)
        except ToolkitError as error:
            parts.put(said, problems((error.problem,)))
            return
        model.saved = str(settings.mode)
        parts.put(said, good(f"Saved in company.toml. {MODES[settings.mode]}"))

    model.observe(includes, names=["transactions", "invoices"])
    save.on_click(pressed)
    title = parts.html(
        heading("What is posted") + sentence("Connecting is not enough: nothing is posted while both are off.")
    )
    return widgets.VBox([title, invoices, transactions, save, said])


# ---- signing in


def sign_in(model: ConnectModel, work: parts.Work, body: widgets.HTML, calls: Calls) -> widgets.VBox:
    """The sign-in: a link, the answer (by itself or pasted), a question, and only then the store."""
    redirect = parts.line("Redirect address", hint="registered with Intuit; leave blank on this computer")
    pasted = parts.line("Address pasted from the browser", hint="https://…?code=…&state=…&realmId=…", width="44rem")
    start, keep = parts.button("Sign in at QuickBooks", style=""), parts.button("Yes, connect these books")
    link, asked = parts.html(), parts.html()
    pasted.layout.display = keep.layout.display = "none"

    def began(_button: Any) -> None:
        work.start(lambda progress: _begin(model, redirect.value, calls))

    def turned(_change: Any) -> None:
        attempt: Attempt | None = model.attempt
        parts.put(link, _link(attempt) if attempt else EMPTY)
        pasted.layout.display = "" if attempt and not attempt.local else "none"
        parts.put(asked, sentence(calls.question(model.answer)) if model.answer else EMPTY)
        keep.layout.display = "" if model.answer else "none"

    def typed(change: Any) -> None:
        came = change["new"]
        if came:
            pasted.value = ""  # it holds a code: it does not stay on the page
            work.start(lambda progress: _answer(model, came, calls))

    def kept(_button: Any) -> None:
        work.start(lambda progress: _store(model, body, calls, progress))

    model.observe(turned, names=["attempt", "answer"])
    pasted.observe(typed, names=["value"])
    start.on_click(began)
    keep.on_click(kept)
    title = parts.html(heading("Connect, or connect anew"))
    return widgets.VBox([title, redirect, link, pasted, asked, keep, parts.work_view(work, start)])


def _link(attempt: Attempt) -> Shown:
    address = escape(attempt.address)
    words = "Open QuickBooks' sign-in page"
    return Shown(f'<p><a href="{address}" target="_blank" rel="noopener">{words}</a></p>', f"{words}: {address}")


def _begin(model: ConnectModel, redirect: str, calls: Calls) -> Shown:
    if model.answer is not None:
        calls.refuse(model.answer)
    model.answer, model.attempt = None, None
    attempt = calls.begin(redirect)
    model.attempt = attempt
    if not attempt.local:
        return note("Sign in there, then paste the whole address that the browser ends at.")
    return _answer(model, calls.wait(attempt), calls)


def _answer(model: ConnectModel, came: str, calls: Calls) -> Shown:
    """Which company it is, before anything is stored; an attempt is good for one answer."""
    attempt, model.attempt = model.attempt, None
    if attempt is None:
        return note("That address belongs to no attempt. Sign in again.")
    model.answer = calls.answer(attempt, came)
    return EMPTY


def _store(model: ConnectModel, body: widgets.HTML, calls: Calls, _progress: Progress) -> Shown:
    made, model.answer = model.answer, None
    found = calls.store(made)
    model.found = found
    parts.put(body, shown(found))
    return good(f"Connected to {found.company_name}.")
