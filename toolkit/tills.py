"""Where money of each payment method goes, and what QuickBooks calls the method; looked up once a plan."""

from __future__ import annotations

from dataclasses import dataclass

from toolkit import chart
from toolkit.books import Account
from toolkit.frame import Frame
from toolkit.model import Method
from toolkit.problems import Problem

METHOD_NAMES: dict[Method, tuple[str, ...]] = {
    Method.CARD: ("credit card", "card", "stripe", "visa"),
    Method.ACH: ("ach", "bank transfer", "eft", "direct debit", "e-check"),
    Method.CHECK: ("check", "cheque"),
    Method.CASH: ("cash",),
    Method.WIRE: ("wire", "wire transfer", "bank transfer"),
}
"""What payment methods are called in QuickBooks companies, most usual first."""


@dataclass(frozen=True, slots=True)
class Tills:
    """Where money of each method goes, and what QuickBooks calls the method; or why an account is not known."""

    accounts: dict[Method, Account | Problem]
    methods: dict[Method, str]


def tills(frame: Frame) -> Tills:
    """The deposit-to account and the payment method's id for every method; each is looked up once."""
    funds = chart.undeposited_funds(frame.books, frame.settings)
    chosen = frame.settings.accounts.methods
    accounts = {method: _account(frame, method, chosen.get(method, ""), funds) for method in Method}
    named = {entry.name.strip().casefold(): entry.id for entry in frame.books.payment_methods if entry.active}
    methods = {
        method: next((named[name] for name in METHOD_NAMES.get(method, ()) if name in named), "") for method in Method
    }
    return Tills(accounts, methods)


def _account(frame: Frame, method: Method, wanted: str, funds: Account | Problem) -> Account | Problem:
    if not wanted:
        return funds
    found = chart.named(frame.books.accounts, wanted)
    if len(found) == 1 and found[0].type in ("Bank", "Other Current Asset"):
        return found[0]
    return Problem(
        code="account-not-chosen",
        where=f"company.toml, accounts.methods.{method}",
        what=f"{wanted!r} is not one active bank or other current asset account of QuickBooks.",
        why="A payment can only be put into an account that holds money.",
        do=f"Name it in accounts.methods.{method} as QuickBooks spells it, or as #id.",
        candidates=tuple(one.full_name or one.name for one in found),
    )
