"""An editable table in the browser: dropdowns and ticks, thousands of rows; every edit is checked here too."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anywidget
from traitlets import List, Unicode

HERE = Path(__file__).parent
Value = str | bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column; `kind` is text, amount, choice or toggle. Blank is always a possible choice, shown as `blank`."""

    name: str
    label: str
    kind: str = "text"
    choices: tuple[str, ...] = ()
    blank: str = "–"
    width: str = "1fr"

    def as_json(self) -> dict[str, Any]:
        """The column as the page needs it."""
        return {
            "name": self.name,
            "label": self.label,
            "kind": self.kind,
            "choices": list(self.choices),
            "blank": self.blank,
            "width": self.width,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """One cell that was changed to `value`."""

    id: str
    column: str
    value: Value


class EditGrid(anywidget.AnyWidget):
    """Rows are dicts with an `id`; `off` in a row lists columns that do not apply to it, `mark` makes it stand out.

    The browser sends what was edited, never whole rows; `edits` holds what differs from the rows as they were given.
    """

    _esm = HERE / "edit_grid.js"
    _css = HERE / "edit_grid.css"
    label: Any = Unicode("").tag(sync=True)
    columns: Any = List().tag(sync=True)
    rows: Any = List().tag(sync=True)

    def __init__(
        self,
        label: str,
        columns: Sequence[Column],
        rows: Sequence[Mapping[str, Any]],
        *,
        follow: Callable[[Edit], Iterable[Edit]] = lambda edit: (),
    ) -> None:
        self._follow = follow
        self._columns = {one.name: one for one in columns}
        self._first: dict[str, dict[str, Any]] = {}
        self._now: dict[str, dict[str, Any]] = {}
        self._listeners: list[Callable[[], None]] = []
        super().__init__(label=label, columns=[one.as_json() for one in columns])
        self.load(rows)
        self.on_msg(self._heard)

    def load(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Show these rows; edits that were not saved are gone."""
        self._first = {str(row["id"]): dict(row) for row in rows}
        self._now = {key: dict(row) for key, row in self._first.items()}
        self.rows = [dict(row) for row in rows]
        self._tell()

    @property
    def edits(self) -> tuple[Edit, ...]:
        """What differs from the rows as they were given, in their order."""
        return tuple(
            Edit(id=key, column=name, value=row[name])
            for key, row in self._now.items()
            for name in self._columns
            if row.get(name) != self._first[key].get(name)
        )

    def row(self, key: str) -> Mapping[str, Any]:
        """The row as it is now."""
        return self._now[key]

    def now(self) -> tuple[Mapping[str, Any], ...]:
        """All rows as they are now, in their order."""
        return tuple(self._now.values())

    def on_edit(self, listener: Callable[[], None]) -> None:
        """Call `listener` after each change."""
        self._listeners.append(listener)

    def apply(self, edits: Iterable[Edit]) -> tuple[Edit, ...]:
        """Take the edits that make sense, with what follows from each; returns those that were refused."""
        taken: list[Edit] = []
        refused: list[Edit] = []
        for edit in edits:
            if self._makes_sense(edit):
                taken += self._take(edit)
            else:
                refused.append(edit)
        self.send({"set": [{"id": one.id, "column": one.column, "value": one.value} for one in taken]})
        self._tell()
        return tuple(refused)

    def _take(self, edit: Edit) -> list[Edit]:
        """Change the cell, and those that follow from it; returns all of them."""
        all_of_it = [edit, *(one for one in self._follow(edit) if self._makes_sense(one))]
        for one in all_of_it:
            self._now[one.id][one.column] = one.value
        return all_of_it

    def _makes_sense(self, edit: Edit) -> bool:
        column, row = self._columns.get(edit.column), self._now.get(edit.id)
        if column is None or row is None or edit.column in row.get("off", ()):
            return False
        if column.kind == "toggle":
            return isinstance(edit.value, bool)
        return column.kind == "choice" and edit.value in ("", *column.choices)

    def _heard(self, _widget: Any, content: Any, _buffers: Any) -> None:
        """Edits from the browser: checked as any others; a refused one is put back as it was."""
        back: list[dict[str, Any]] = []
        for given in content.get("edits", ()) if isinstance(content, dict) else ():
            edit = Edit(id=str(given.get("id")), column=str(given.get("column")), value=given.get("value"))
            if self._makes_sense(edit):
                followers = self._take(edit)[1:]
                back += [{"id": one.id, "column": one.column, "value": one.value} for one in followers]
            elif edit.id in self._now and edit.column in self._columns:
                value = self._now[edit.id].get(edit.column, "")
                back.append({"id": edit.id, "column": edit.column, "value": value, "saved": True})
        if back:
            self.send({"set": back})
        self._tell()

    def _tell(self) -> None:
        for listener in self._listeners:
            listener()
