"""Preferences and CompanyInfo: one object each; some preferences are switches, and stay in step with them."""

from __future__ import annotations

from typing import Any

from toolkit.emulator import fault
from toolkit.emulator.books import Books
from toolkit.emulator.records import Body, Draft

_AS_SWITCH: tuple[tuple[str, str, str, str, str], ...] = (
    ("SalesFormsPrefs", "CustomTxnNumbers", "custom_numbers", "on", "off"),
    ("SalesFormsPrefs", "AutoApplyCredit", "auto_apply_credit", "on", "off"),
    ("TaxPrefs", "PartnerTaxEnabled", "sales_tax", "automated", "manual"),
)
"""Section, preference, switch, the switch's value for true, for false."""


def shown(books: Books) -> Body:
    """Preferences as answered: the stored ones with those that a switch rules."""
    body = dict(books.setting("Preferences"))
    for section, name, switch, yes, _ in _AS_SWITCH:
        body[section] = {**body.get(section, {}), name: books.switches[switch] == yes}
    return body


def _merged(old: Any, new: Any) -> Any:
    if isinstance(old, dict) and isinstance(new, dict):
        return old | {key: _merged(old.get(key), value) for key, value in new.items()}
    return new


def follow(books: Books, sent: Body) -> None:
    """Sets the switches that the sent preferences rule."""
    for section, name, switch, yes, no in _AS_SWITCH:
        value = (sent.get(section) or {}).get(name)
        if value is not None:
            books.switches.set(switch, yes if value else no)


def build(books: Books, draft: Draft) -> None:
    """The rules of an update: sections merge, a closing date sent as null is lifted. Neither object can be created."""
    if draft.old is None:
        raise fault.unsupported(f"Create {draft.entity}")
    base = {key: value for key, value in draft.old.body.items() if key in draft.fields or draft.entity == "Preferences"}
    draft.body = {key: _merged(base.get(key), value) for key, value in (base | draft.fields).items()}
    if draft.entity == "Preferences":
        follow(books, draft.fields)
    draft.next_line = 1


def custom_fields(preferences: Body) -> list[Body]:
    """The custom fields of sales forms that are in use, as transactions echo them: DefinitionId, Name, Type."""
    entries = [
        entry
        for group in (preferences.get("SalesFormsPrefs") or {}).get("CustomField") or ()
        for entry in group.get("CustomField") or ()
    ]
    values = {entry.get("Name"): entry for entry in entries}
    shown = []
    for number in ("1", "2", "3"):
        used = values.get(f"SalesFormsPrefs.UseSalesCustom{number}", {}).get("BooleanValue")
        name = values.get(f"SalesFormsPrefs.SalesCustomName{number}", {}).get("StringValue")
        if name and used is not False:
            shown.append({"DefinitionId": number, "Name": name, "Type": "StringType"})
    return shown
