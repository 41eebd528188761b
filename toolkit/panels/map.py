"""02_map: what each plan, pass, booking, fee and campus is in QuickBooks, chosen from its own lists."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ipywidgets as widgets
from traitlets import Any as Anything
from traitlets import Int

from toolkit import pages_map
from toolkit.mapping import Rule
from toolkit.pages_look import EMPTY, Shown, good, heading, note, problems, sentence, stack, stop, table
from toolkit.pages_map import ToMap
from toolkit.panels import parts
from toolkit.panels.parts_grid import Column, Edit, EditGrid
from toolkit.push import Progress

Save = Callable[[tuple[Rule, ...], tuple[Rule, ...]], ToMap]
"""Writes the first rules into mapping.csv, takes the second out, and reads everything anew."""


class MapModel(parts.Model):
    """The month's names beside the mapping, and how many cells were edited and not saved."""

    found: Any = Anything()
    edited: Any = Int(0)


def shown(found: ToMap) -> Shown:
    """The mapping as a table, what is missing and what might fit."""
    rows = pages_map.name_rows(found)
    cells = [tuple(str(row[name]) for name in _HEADER) for row in rows]
    offs = [tuple(str(row[name]) for name in _INVOICE_HEADER) for row in pages_map.invoice_rows(found)]
    return (
        state(found)
        + table(tuple(_HEADER.values()), cells, most=40)
        + (heading("One-off invoices") + table(tuple(_INVOICE_HEADER.values()), offs) if offs else EMPTY)
        + problems(found.mapped.problems)
    )


_HEADER = {
    "kind": "kind",
    "name": "name in Coworks",
    "campus": "only at campus",
    "billed": "this month",
    "product": "product/service",
    "class": "class",
    "location": "location",
    "hint": "suggestion",
}
_INVOICE_HEADER = {"name": "invoice", "team": "team", "lines": "lines", "amount": "amount", "product": "one category"}


def state(found: ToMap) -> Shown:
    """Whether every name has a row, and what QuickBooks does not have any more."""
    said = pages_map.waiting(found)
    first = stop(said) if said else good(f"Every name of {found.gathered.period} has a row in mapping.csv.")
    return first + stack(stop(one) for one in pages_map.gone(found))


def panel(found: ToMap, save: Save, *, headless: bool = False) -> widgets.Widget | Shown:
    """The mapping to be edited, with the one-off invoices below; `save` is what the button calls."""
    if headless:
        return shown(found)
    return view(MapModel(found=found), parts.Work(), save)


def name_grid(found: ToMap) -> EditGrid:
    """The table of names."""
    mapped = found.mapped
    columns = [
        Column(name="kind", label="kind", width="8rem"),
        Column(name="name", label="name in Coworks", width="minmax(7rem,1.2fr)"),
        Column(name="campus", label="only at", width="4.8rem"),
        Column(name="billed", label="billed (lines)", kind="amount", width="6.8rem"),
        Column(
            name="product", label="product/service", kind="choice", choices=mapped.products, width="minmax(9rem,1.4fr)"
        ),
        Column(
            name="class",
            label="class",
            kind="choice",
            choices=mapped.classes,
            blank="the product's own",
            width="minmax(7rem,1fr)",
        ),
        Column(name="location", label="location", kind="choice", choices=mapped.locations, blank="none", width="6rem"),
    ]
    if mapped.suggestions:
        columns.append(Column(name="hint", label="suggestion", width="minmax(11rem,1.3fr)"))
    return EditGrid("Products, classes and locations", columns, pages_map.name_rows(found))


def invoice_grid(found: ToMap) -> EditGrid:
    """The table of one-off invoices."""
    columns = (
        Column(name="name", label="invoice", width="8rem"),
        Column(name="team", label="team", width="minmax(7rem,1fr)"),
        Column(name="lines", label="lines", width="minmax(7rem,1.2fr)"),
        Column(name="amount", label="amount", kind="amount", width="5rem"),
        Column(name="one", label="one category", kind="toggle", width="6.5rem"),
        Column(
            name="product",
            label="its category",
            kind="choice",
            choices=found.mapped.products,
            blank="each line by its own kind",
            width="minmax(10rem,1.3fr)",
        ),
        Column(name="hint", label="", width="6.5rem"),
    )
    return EditGrid("One-off invoices", columns, pages_map.invoice_rows(found), follow=_one_category)


def _one_category(edit: Edit) -> tuple[Edit, ...]:
    """A category that is chosen ticks the box; a box that is cleared clears the category."""
    if edit.column == "product":
        return (Edit(id=edit.id, column="one", value=bool(edit.value)),)
    return (Edit(id=edit.id, column="product", value=""),) if edit.column == "one" and not edit.value else ()


def view(model: MapModel, work: parts.Work, save: Save) -> widgets.VBox:
    """The widgets of the model."""
    names, invoices = name_grid(model.found), invoice_grid(model.found)
    standing, unsaved = parts.html(state(model.found)), parts.html()
    fill = parts.button("Fill in the suggestions", style="", tooltip="Fills cells; nothing is saved by it")
    start = parts.button("Save mapping.csv")

    def edited() -> None:
        model.edited = len(names.edits) + len(invoices.edits)
        words = note(f"{model.edited} cells are changed and not saved yet.") if model.edited else EMPTY
        parts.put(unsaved, words + stack(stop(one) for one in toggled_without(invoices)))

    def pressed(_button: Any) -> None:
        if not toggled_without(invoices):
            work.start(lambda progress: _save(model, names, invoices, save, progress))

    def again(_change: Any) -> None:
        names.load(pages_map.name_rows(model.found))
        invoices.load(pages_map.invoice_rows(model.found))
        parts.put(standing, state(model.found))

    names.on_edit(edited)
    invoices.on_edit(edited)
    model.observe(again, names=["found"])
    fill.on_click(
        lambda _: names.apply([Edit(id=i, column=c, value=v) for i, c, v in pages_map.suggested(model.found)])
    )
    fill.layout.display = "" if model.found.mapped.suggestions else "none"
    start.on_click(pressed)
    return parts.box(
        standing,
        names,
        widgets.HBox([fill, for_one_campus(model, names)]),
        *((parts.html(heading("One-off invoices")), invoices) if pages_map.one_offs(model.found) else ()),
        unsaved,
        parts.work_view(work, start),
    )


def toggled_without(invoices: EditGrid) -> list[str]:
    """Sentences on one-off invoices that want one category and have none chosen."""
    return [f"Choose the category of {row['name']}." for row in invoices.now() if row["one"] and not row["product"]]


def for_one_campus(model: MapModel, names: EditGrid) -> widgets.HBox:
    """A row of its own for one name at one campus: the same plan, another product or class per site."""
    kinds = {one["id"]: f"{one['kind']}: {one['name']}" for one in names.now() if not one["campus"] and not one["mark"]}
    which = widgets.Dropdown(options=[(label, key) for key, label in kinds.items() if not key.startswith("campus")])
    where = widgets.Dropdown(options=model.found.campuses, layout=widgets.Layout(width="10rem"))
    add = parts.button("Add a row for this campus", style="")

    def pressed(_button: Any) -> None:
        base = names.row(which.value)
        rule = pages_map.rule_of(base)
        new = Rule(kind=rule.kind, name=rule.name, campus=str(where.value), product=rule.product)
        if pages_map.row_id(new) not in {one["id"] for one in names.now()}:
            edits = names.edits
            names.load([{**base, "id": pages_map.row_id(new), "campus": where.value, "billed": ""}, *names.rows])
            names.apply(edits)

    add.on_click(pressed)
    add.disabled = not (kinds and model.found.campuses)
    return widgets.HBox([which, where, add])


def _save(model: MapModel, names: EditGrid, invoices: EditGrid, save: Save, _progress: Progress) -> Shown:
    touched = dict.fromkeys(edit.id for edit in names.edits)
    known = {pages_map.row_id(one) for one in model.found.mapped.mapping.rules}
    added = [str(row["id"]) for row in names.now() if row["id"] not in known and not row["mark"]]
    rules = [pages_map.rule_of(names.row(key)) for key in dict.fromkeys([*touched, *added])]
    more, dropped = pages_map.invoice_rules(model.found, invoices.now())
    if not (rules or more or dropped):
        return sentence("Nothing was changed.", quiet=True)
    kept = tuple(
        one for one in rules if one.product or one.class_name or one.location or pages_map.row_id(one) in known
    )
    model.found = save((*kept, *more), dropped)
    return good(f"Saved: {len(kept) + len(more)} rows written, {len(dropped)} taken out of mapping.csv.")
