"""06_month_end: the proof, the pictures, the month-end pack, and a person's sign-off when everything ties."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import ipywidgets as widgets
from traitlets import Any as Anything
from traitlets import Unicode

from toolkit import pages_proof
from toolkit.pages_look import EMPTY, Shown, good, sentence
from toolkit.panels import parts
from toolkit.push import Progress
from toolkit.stages import Proved

READY = "Signing off says that every amount is explained; nothing in the month is changed after it."
Sign = Callable[[str], str]
"""Signs the month off under that name and says so."""


class MonthEndModel(parts.Model):
    """The proof, and the name of who signs."""

    proved: Any = Anything()
    name: Any = Unicode("")
    signed_by: Any = Unicode("")
    inputs = ("proved", "name", "signed_by")

    def what_blocks(self) -> list[str]:
        """What stands against sign-off; nothing once it is signed."""
        if self.proved is None or self.signed_by:
            return []
        said = list(self.proved.proof.obstacles)
        if not self.name.strip():
            said.append("Type your name to sign the month off.")
        if not self.approved:
            said.append("Say that you have looked at the proof.")
        return said


def panel(
    proved: Proved, pack: Path, sign: Sign, *, signed_by: str = "", headless: bool = False
) -> widgets.Widget | Shown:
    """The proof with pictures and the sign-off; nobody signs headless."""
    first = shown(proved, pack)
    if headless:
        return first
    return view(MonthEndModel(proved=proved, signed_by=signed_by), parts.Work(), first, sign)


def shown(proved: Proved, pack: Path) -> Shown:
    """The proof, the answer first, and where the pack is."""
    return (
        pages_proof.proof(proved.proof)
        + pages_proof.pictures(proved.proof, proved.balances)
        + sentence(f"Month-end pack: {pack / 'month-end.html'}", quiet=True)
    )


def view(model: MonthEndModel, work: parts.Work, first: Shown, sign: Sign) -> widgets.VBox:
    """The widgets of the model."""
    period = model.proved.proof.period
    name = parts.line("Your name", hint="as it shall stand under the month")
    looked = parts.checkbox(f"I have looked at the proof of {period}")
    start = parts.button(f"Sign off {period}")
    signed = parts.html()
    widgets.link((model, "name"), (name, "value"))
    widgets.link((model, "approved"), (looked, "value"))

    def offered(_change: Any = None) -> None:
        for one in (name, looked, start):
            one.layout.display = "none" if model.signed_by else ""
        parts.put(signed, good(f"{period} is signed off by {model.signed_by}.") if model.signed_by else EMPTY)
        model.ready = "" if model.signed_by else READY

    def pressed(_button: Any) -> None:
        if not (model.blockers or model.signed_by):
            work.start(lambda progress: _sign(model, sign, progress))

    model.observe(offered, names=["signed_by"])
    offered()
    start.on_click(pressed)
    blocks = parts.blockers_view(model)
    return parts.box(parts.html(first), name, looked, blocks, parts.work_view(work, start), signed)


def _sign(model: MonthEndModel, sign: Sign, _progress: Progress) -> Shown:
    sign(model.name.strip())
    model.signed_by = model.name.strip()
    return EMPTY
