"""The account that a setting names, in one company's chart of accounts: by id, by name, or by subtype."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Protocol, TypeVar

from toolkit.books import Account, Books, ListEntry
from toolkit.problems import Problem
from toolkit.settings import Settings


class _Listed(Protocol):
    @property
    def id(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def full_name(self) -> str: ...
    @property
    def active(self) -> bool: ...


Entry = TypeVar("Entry", bound=_Listed)


def named(entries: Iterable[Entry], wanted: str) -> tuple[Entry, ...]:
    """The active entries that `wanted` names: `#12` is an id, otherwise the full name, otherwise the bare name.

    Names compare without case and outer blanks. More than one answer means that the name is ambiguous.
    """
    active = [entry for entry in entries if entry.active]
    if wanted.startswith("#"):
        return tuple(entry for entry in active if entry.id == wanted[1:])
    bare = wanted.strip().casefold()
    full = tuple(entry for entry in active if bare in ((entry.full_name or entry.name).casefold(),))
    return full or tuple(entry for entry in active if entry.name.casefold() == bare)


def undeposited_funds(books: Books, settings: Settings) -> Account | Problem:
    """The account where payments wait for their bank deposit: as set, else the one of that subtype.

    Intuit: the name may be "Undeposited Funds" or "Payments to deposit" and its id differs, so never by name or id.
    """
    return _account(
        books,
        settings.accounts.undeposited_funds,
        lambda account: account.subtype == "UndepositedFunds",
        "accounts.undeposited_funds",
        "the account where payments wait for their bank deposit",
    )


def receivable(books: Books, settings: Settings) -> Account | Problem:
    """The accounts-receivable account: as set, else the only one of that type."""
    return _account(
        books,
        settings.accounts.receivable,
        lambda account: account.type == "Accounts Receivable" or account.subtype == "AccountsReceivable",
        "accounts.receivable",
        "the accounts-receivable account",
    )


def bank(books: Books, settings: Settings, last4: str) -> Account | Problem:
    """The bank account of a payout: by its last four digits where `accounts.banks` is filled, else `accounts.bank`,
    else the only bank account there is.
    """
    if settings.accounts.banks and last4 not in settings.accounts.banks and last4:
        return _unset(f"accounts.banks.{last4}", f"the bank account that ends in {last4}", ())
    wanted = settings.accounts.banks.get(last4, "") or settings.accounts.bank
    return _account(
        books, wanted, lambda account: account.type == "Bank", "accounts.bank", "the bank account of the payouts"
    )


def processing_fee(books: Books, settings: Settings) -> Account | Problem:
    """The expense account of the processor's fees; it must be set."""
    return _account(
        books,
        settings.accounts.processing_fee,
        lambda account: False,
        "accounts.processing_fee",
        "the account for processing fees",
    )


def disputes(books: Books, settings: Settings) -> Account | Problem:
    """The account of disputed money; it must be set."""
    return _account(
        books,
        settings.accounts.disputes,
        lambda account: False,
        "accounts.disputes",
        "the account for disputes and adjustments",
    )


def fee_class(books: Books, settings: Settings) -> ListEntry | Problem | None:
    """The class of fee lines; None if the company wants none."""
    wanted = settings.accounts.processing_fee_class
    if not wanted:
        return None
    found = named(books.classes, wanted)
    if len(found) == 1:
        return found[0]
    return _unset(
        "accounts.processing_fee_class", "the class of the processing fee", tuple(one.name for one in found), wanted
    )


def _account(books: Books, wanted: str, fits: Callable[[Account], bool], setting: str, what: str) -> Account | Problem:
    if wanted:
        found = named(books.accounts, wanted)
    else:
        found = tuple(account for account in books.accounts if account.active and fits(account))
    if len(found) == 1:
        return found[0]
    return _unset(setting, what, tuple(one.full_name or one.name for one in found), wanted)


def _unset(setting: str, what: str, candidates: tuple[str, ...], wanted: str = "") -> Problem:
    if candidates:
        said = f"{len(candidates)} entries of QuickBooks could be {what}" + (f" {wanted!r}." if wanted else ".")
    elif wanted:
        said = f"QuickBooks has nothing called {wanted!r}, which company.toml names as {what}."
    else:
        said = f"No account of QuickBooks is chosen for {what}, and none can be told by its type."
    return Problem(
        code="account-not-chosen",
        where=f"company.toml, {setting}",
        what=said,
        why="Money that goes to a guessed account has to be found and moved later.",
        do=f"Name it in {setting}, as QuickBooks spells it or as #id.",
        candidates=candidates,
    )
