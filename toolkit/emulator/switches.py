"""
The named switches of an emulated company: every behaviour that QuickBooks leaves open or that a rehearsal wants to
change.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Switch:
    """
    One switch: its name, the values it takes ("0.." means a whole number, "text" anything), its default, what it
    does, and why it exists.
    """

    name: str
    values: tuple[str, ...]
    default: str
    does: str
    source: str

    def accepts(self, value: str) -> bool:
        """Whether this value can be set."""
        if self.values == ("0..",):
            return value.isdecimal() and len(value) <= 6
        return self.values == ("text",) or value in self.values


_COUNT = ("0..",)
_TEXT = ("text",)
_ON_OFF = ("on", "off")

SWITCHES: tuple[Switch, ...] = (
    Switch("quotas", _ON_OFF, "on", "counts requests and answers 429 over the limits", "Intuit: limits and throttles"),
    Switch("requests_per_minute", _COUNT, "500", "requests a minute of one company", "Intuit: limits and throttles"),
    Switch(
        "requests_per_second",
        _COUNT,
        "10",
        "token bucket of requests a second of one company and app",
        "Intuit: limits and throttles",
    ),
    Switch(
        "batches_per_minute", _COUNT, "40", "batches a minute of one app in one company", "Intuit: limits and throttles"
    ),
    Switch(
        "realm_batches_per_minute", _COUNT, "120", "batches a minute of one company, all apps", "Intuit blog 2025-08-13"
    ),
    Switch("latency_ms", _COUNT, "0", "waits this long before answering a call", "ours"),
    Switch("batch_latency_ms", _COUNT, "0", "waits this long before answering a batch", "ours"),
    Switch(
        "refresh_rotation_h",
        _COUNT,
        "24",
        "hours after which a refresh answers a new refresh token",
        "Intuit: OAuth 2.0 guide",
    ),
    Switch("fault", _TEXT, "", "NAME@N: the Nth matching call meets this fault", "ours"),
    Switch("seed", _COUNT, "0", "start of the pseudo-random values", "ours"),
    Switch("custom_numbers", _ON_OFF, "on", "Preferences.SalesFormsPrefs.CustomTxnNumbers", "Intuit: Preferences"),
    Switch(
        "duplicate_number_warning",
        _ON_OFF,
        "on",
        "the hidden setting: a repeated number is refused with 6140 (needs custom_numbers=on)",
        "public reports: not readable through the API",
    ),
    Switch(
        "void_with_payments",
        ("refuse", "unapply"),
        "refuse",
        "voiding an invoice that has payments: 6000, or its payments become unapplied",
        "documentation and production reports disagree",
    ),
    Switch(
        "delete_with_payments",
        ("refuse", "unapply"),
        "refuse",
        "deleting an invoice that has payments: 6000, or its payments become unapplied",
        "refusal text unverified",
    ),
    Switch(
        "edit_below_paid",
        ("unapply", "refuse"),
        "unapply",
        "an invoice changed to less than what is applied to it: the excess becomes unapplied, or 6000",
        "unverified",
    ),
    Switch(
        "void_again",
        ("same", "refuse"),
        "same",
        "voiding what is already void: unchanged answer, or 6000",
        "unverified",
    ),
    Switch(
        "wrong_customer",
        ("unapplied", "refuse"),
        "unapplied",
        "a payment linked to another customer's document: kept unapplied without a word, or 6000",
        "public report, unverified",
    ),
    Switch(
        "requestid",
        ("replay", "ignore", "6000"),
        "replay",
        "a repeated requestid answers the first response, posts again, or answers 6000",
        "Intuit: basic field definitions; public reports",
    ),
    Switch("requestid_hours", _COUNT, "24", "how long a requestid is remembered", "production report, unverified"),
    Switch(
        "requestid_faults",
        ("again", "replay"),
        "again",
        "whether a Fault is remembered under its requestid",
        "unverified",
    ),
    Switch(
        "name_contention",
        _ON_OFF,
        "off",
        "a second name in one batch, or at the same moment, is refused: one name at a time",
        "public reports",
    ),
    Switch(
        "auto_apply_credit",
        _ON_OFF,
        "off",
        "credits apply themselves to the oldest invoice, unapplied payments to the next one",
        "sandbox rows, likely",
    ),
    Switch(
        "language",
        ("en", "fr"),
        "en",
        "language of Fault details and of transaction type names in them",
        "a French recording",
    ),
    Switch(
        "subscription",
        ("active", "lapsed"),
        "active",
        "lapsed: reads answer, writes answer 6190",
        "Intuit: error codes",
    ),
    Switch(
        "subscription_status", ("403", "400"), "403", "HTTP status of the 6190 answer", "seen both ways, unverified"
    ),
    Switch(
        "sales_tax",
        ("manual", "automated"),
        "manual",
        "automated: QuickBooks computes the tax and replaces the code",
        "Intuit: Preferences.TaxPrefs.PartnerTaxEnabled",
    ),
    Switch(
        "tax_override",
        ("accept", "replace"),
        "accept",
        "automated sales tax: a TotalTax in the request is kept, or replaced by the computed one",
        "likely",
    ),
    Switch(
        "tax_cent",
        ("0", "1", "-1"),
        "0",
        "cents that automated sales tax adds to its figure",
        "public report of one-cent differences",
    ),
    Switch(
        "tax_code_default",
        ("NON", "item"),
        "NON",
        "line without TaxCodeRef: NON, or TAX when the item is taxable",
        "one recording with one item",
    ),
    Switch(
        "line_item_missing",
        ("refuse", "description"),
        "refuse",
        "sales line without ItemRef: 6440, or kept as a text line of amount 0",
        "unverified",
    ),
    Switch(
        "item_accounts",
        ("any", "income"),
        "any",
        "accounts a service item may post to: income, other current liability and expense, or income only",
        "how-tos and the API page disagree",
    ),
    Switch("query_lag_s", _COUNT, "0", "seconds until a new object is seen by query and reports", "public reports"),
    Switch("report_cells", _COUNT, "400000", "most cells a report may hold, else 10100; 0 is without limit", "likely"),
    Switch(
        "report_parameters",
        ("refuse", "ignore"),
        "refuse",
        "a parameter a report has not: 2010, or ignored",
        "unverified",
    ),
    Switch("max_results", ("clamp", "refuse"), "clamp", "MAXRESULTS over 1000: 1000 rows, or 4001", "unverified"),
    Switch(
        "cdc_days",
        _COUNT,
        "30",
        "how far back changedSince may go; 0 is without limit",
        "Intuit: change data capture; a recording went further",
    ),
    Switch("deposit_zero", ("allow", "refuse"), "allow", "a bank deposit whose total is 0", "unverified"),
    Switch("deposit_negative", ("refuse", "allow"), "refuse", "a bank deposit whose total is below 0", "likely"),
    Switch(
        "deposit_refund_sign",
        ("negative", "positive"),
        "negative",
        "sign of the Amount of a linked refund receipt",
        "unverified",
    ),
    Switch(
        "deposit_amount",
        ("refuse", "source"),
        "refuse",
        "linked line whose Amount is not the source's: 6000, or the source's amount is used",
        "likely: one payment cannot be deposited in parts",
    ),
    Switch(
        "deposited_reapply",
        ("allow", "refuse"),
        "allow",
        "applying a deposited payment to another document: allowed, or 6540",
        "unverified",
    ),
    Switch(
        "currency_ref",
        ("accept", "refuse"),
        "accept",
        "CurrencyRef sent in a company without multicurrency",
        "production report",
    ),
    Switch(
        "payment_line_extras",
        _ON_OFF,
        "on",
        "payment lines answer LineEx with the document's number and open balance",
        "Intuit: Payment sample",
    ),
    Switch(
        "requestid_body",
        ("replay", "600"),
        "replay",
        "a known requestid with another body: the first response all the same, or 600",
        "unverified",
    ),
    Switch(
        "closed_books",
        ("6210", "6200", "5010"),
        "6210",
        "code of a change on or before the closing date; 5010 is also that of a stale object",
        "Intuit: error codes; one public report of 5010",
    ),
    Switch(
        "untracked",
        ("drop", "refuse"),
        "drop",
        "a class or location the company does not track: dropped without a word, or 5030",
        "likely, differs by plan",
    ),
    Switch(
        "payment_department",
        ("drop", "keep"),
        "drop",
        "DepartmentRef of a payment: dropped, or kept where locations are tracked",
        "in the schema, behavior unverified",
    ),
    Switch(
        "other_voids",
        ("refuse", "allow"),
        "refuse",
        "voiding a credit memo or refund receipt with operation=void: unsupported, or done",
        "unverified",
    ),
    Switch(
        "voided_status",
        _ON_OFF,
        "off",
        "change data capture shows status Voided on voided transactions",
        "in the schema, unverified",
    ),
    Switch(
        "bad_email_invoice",
        _TEXT,
        "",
        "Id of an invoice whose stored e-mail address makes every query that finds it answer 4002",
        "public report: a .NET SDK issue",
    ),
    Switch(
        "deactivate_with_balance",
        ("refuse", "allow"),
        "refuse",
        "making a customer or account with a balance inactive: 6220, or allowed",
        "likely",
    ),
    Switch(
        "editor",
        _TEXT,
        "Emulated User",
        "the name in the text of a stale object",
        "recorded: the last editor's display name",
    ),
)

_BY_NAME = {switch.name: switch for switch in SWITCHES}


class UnknownSwitch(ValueError):
    """A switch name or value that does not exist; its text is a sentence for a person."""


def checked(name: str, value: str) -> str:
    """The value, if the switch exists and takes it. Raises UnknownSwitch otherwise."""
    switch = _BY_NAME.get(name)
    if switch is None:
        raise UnknownSwitch(f"There is no switch {name!r}. Switches: {', '.join(sorted(_BY_NAME))}.")
    if not switch.accepts(value):
        raise UnknownSwitch(f"Switch {name} does not take {value!r}. It takes: {', '.join(switch.values)}.")
    return value


class Switches(Mapping[str, str]):
    """
    The switches of one company, read through `read` (stored values) and changed through `write`; unset ones have
    their default.
    """

    def __init__(self, read: Callable[[], Mapping[str, str]], write: Callable[[str, str], None]) -> None:
        self._read = read
        self._write = write

    def __getitem__(self, name: str) -> str:
        return self._read().get(name) or _BY_NAME[name].default

    def __iter__(self) -> Iterator[str]:
        return iter(_BY_NAME)

    def __len__(self) -> int:
        return len(_BY_NAME)

    def on(self, name: str) -> bool:
        """Whether an on/off switch is on."""
        return self[name] == "on"

    def number(self, name: str) -> int:
        """A whole-number switch as int."""
        return int(self[name])

    def set(self, name: str, value: str) -> None:
        """Stores a value. Raises UnknownSwitch for an unknown name or value."""
        self._write(name, checked(name, value))

    def update(self, values: Mapping[str, str]) -> None:
        """Stores several values, all or none. Raises UnknownSwitch."""
        for name, value in values.items():
            checked(name, value)
        for name, value in values.items():
            self._write(name, value)
