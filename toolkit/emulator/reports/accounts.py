"""The chart of accounts as reports order and sign it, and the balances the ledger gives it."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date

# Balance sheet order, then profit and loss order (order of sections in the recorded general ledger).
TYPE_ORDER = (
    "Bank",
    "Accounts Receivable",
    "Other Current Asset",
    "Fixed Asset",
    "Other Asset",
    "Accounts Payable",
    "Credit Card",
    "Other Current Liability",
    "Long Term Liability",
    "Equity",
    "Income",
    "Cost of Goods Sold",
    "Expense",
    "Other Income",
    "Other Expense",
)
_DEBIT_TYPES = frozenset((*TYPE_ORDER[:5], "Cost of Goods Sold", "Expense", "Other Expense"))
PROFIT_TYPES = frozenset(TYPE_ORDER[10:])
RECEIVABLE = "Accounts Receivable"


@dataclass(frozen=True, slots=True)
class Account:
    """One account; `sign` turns a debit-positive amount into the account's natural one."""

    id: str
    name: str
    full_name: str
    kind: str
    subtype: str
    parent: str

    @property
    def sign(self) -> int:
        """+1 where debits increase the account, else -1."""
        return 1 if self.kind in _DEBIT_TYPES else -1

    @property
    def in_profit(self) -> bool:
        """True for accounts of the profit and loss statement."""
        return self.kind in PROFIT_TYPES


@dataclass(frozen=True, slots=True)
class Chart:
    """All accounts by id, in report order, with their direct sub-accounts."""

    by_id: Mapping[str, Account]
    children: Mapping[str, list[Account]] = field(default_factory=dict)

    def tops(self, *kinds: str) -> Iterator[Account]:
        """Accounts of these types without a parent of the same type, in report order."""
        for account in self.by_id.values():
            parent = self.by_id.get(account.parent)
            if account.kind in kinds and (parent is None or parent.kind != account.kind):
                yield account

    def below(self, account: Account) -> list[Account]:
        """Direct sub-accounts, in name order."""
        return [child for child in self.children.get(account.id, []) if child.kind == account.kind]

    @property
    def retained_earnings(self) -> Account:
        """The account that earlier fiscal years' profit is shown in; one without an id if there is none."""
        for account in self.by_id.values():
            if account.subtype == "RetainedEarnings":
                return account
        return Account("", "Retained Earnings", "Retained Earnings", "Equity", "RetainedEarnings", "")

    def receivables(self) -> list[str]:
        """Ids of the accounts receivable."""
        return [account.id for account in self.by_id.values() if account.kind == RECEIVABLE]


def _order(account: Account) -> tuple[int, str, int]:
    place = TYPE_ORDER.index(account.kind) if account.kind in TYPE_ORDER else len(TYPE_ORDER)
    return place, account.full_name.lower(), int(account.id)


def _account(identity: int, body: str | bytes) -> Account:
    facts = json.loads(body)
    name = str(facts.get("Name", ""))
    return Account(
        id=str(identity),
        name=name,
        full_name=str(facts.get("FullyQualifiedName") or name),
        kind=str(facts.get("AccountType", "")),
        subtype=str(facts.get("AccountSubType", "")),
        parent=str(facts.get("ParentRef", {}).get("value", "")),
    )


def read_chart(connection: sqlite3.Connection) -> Chart:
    """The chart of accounts, inactive accounts included, in report order."""
    rows = connection.execute("SELECT id, body FROM object WHERE entity = 'Account' AND deleted = 0")
    accounts = sorted((_account(identity, body) for identity, body in rows), key=_order)
    children: dict[str, list[Account]] = {}
    for account in accounts:
        if account.parent:
            children.setdefault(account.parent, []).append(account)
    return Chart({account.id: account for account in accounts}, children)


def balances(
    connection: sqlite3.Connection,
    chart: Chart,
    *,
    through: date,
    year_start: date,
    condition: str = "1",
    arguments: tuple[object, ...] = (),
) -> dict[str, int]:
    """Debit-positive balances at the end of a day, in cents, of every account that ever had a posting.

    Profit and loss accounts count from `year_start`; what they earned before is in retained earnings.
    """
    rows = connection.execute(
        "SELECT account_id, SUM(amount), SUM(CASE WHEN date < ? THEN amount ELSE 0 END) FROM posting"
        f" WHERE date <= ? AND amount <> 0 AND {condition} GROUP BY account_id",
        (year_start.isoformat(), through.isoformat(), *arguments),
    )
    found: dict[str, int] = {}
    earlier = 0
    for account_id, total, before in rows:
        account = chart.by_id[str(account_id)]
        earned = before if account.in_profit else 0
        found[account.id] = found.get(account.id, 0) + total - earned
        earlier += earned
    if earlier:
        kept = chart.retained_earnings.id
        found[kept] = found.get(kept, 0) + earlier
    return found
