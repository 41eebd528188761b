"""An emulated company for tests of its books: calls by body, answers as plain values, a clock that moves."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from toolkit.emulator.company import Answer, Company

Body = dict[str, Any]
START = datetime(2026, 1, 15, 18, 0, 0, 463000, tzinfo=UTC)
UNDEPOSITED, CHECKING, BANK_CHARGES, RECEIVABLE, SERVICES = "4", "35", "8", "84", "1"


@dataclass
class Clock:
    """A moment that tests move."""

    moment: datetime = START

    def __call__(self) -> datetime:
        return self.moment

    def advance(self, **by: float) -> None:
        self.moment += timedelta(**by)


@dataclass
class Books:
    """A company with its clock; calls raise AssertionError when they are answered otherwise than expected."""

    company: Company
    clock: Clock = field(default_factory=Clock)

    @staticmethod
    def open(folder: Path, *, seed: Mapping[str, Any] | None = None, **switches: str) -> Books:
        clock = Clock()
        company = Company.open(folder / "qbo.db", seed=seed, now=clock)
        with company.transaction():
            company.switches.update(switches)
        return Books(company, clock)

    def switch(self, **values: str) -> None:
        with self.company.transaction():
            self.company.switches.update(values)

    def raw(self, method: str, path: str, body: Any = None, **params: str) -> Answer:
        sent = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body, default=str).encode()
        return self.company.call(method, path, params, sent, "application/json")

    def answer(self, method: str, path: str, body: Any = None, **params: str) -> tuple[int, Body]:
        answer = self.raw(method, path, body, **params)
        return answer.status, json.loads(answer.body, parse_float=Decimal)

    def post(self, entity: str, body: Any, **params: str) -> Body:
        status, answer = self.answer("POST", entity.lower(), body, **params)
        assert status == 200, answer
        made: Body = answer[entity]
        return made

    def get(self, entity: str, id: str) -> Body:
        status, answer = self.answer("GET", f"{entity.lower()}/{id}")
        assert status == 200, answer
        found: Body = answer[entity]
        return found

    def refusal(self, method: str, path: str, body: Any = None, **params: str) -> Body:
        """The first Error of a Fault."""
        status, answer = self.answer(method, path.lower(), body, **params)
        assert status >= 400, answer
        error: Body = answer["Fault"]["Error"][0]
        return error

    def refused(self, entity: str, body: Any, **params: str) -> Body:
        return self.refusal("POST", entity, body, **params)

    def code(self, entity: str, body: Any, **params: str) -> str:
        return str(self.refused(entity, body, **params)["code"])

    def query(self, text: str) -> Body:
        status, answer = self.answer("GET", "query", query=text)
        assert status == 200, answer
        found: Body = answer["QueryResponse"]
        return found

    def rows(self, text: str) -> list[Body]:
        found = self.query(text)
        return next((value for value in found.values() if isinstance(value, list)), [])

    def batch(self, *items: Body, **params: str) -> list[Body]:
        status, answer = self.answer("POST", "batch", {"BatchItemRequest": list(items)}, **params)
        assert status == 200, answer
        found: list[Body] = answer["BatchItemResponse"]
        return found

    def customer(self, name: str = "Amy's Bird Sanctuary", **fields: Any) -> Body:
        return self.post("Customer", {"DisplayName": name, **fields})

    def invoice(self, customer: Body | str, amount: Any = "100.00", **fields: Any) -> Body:
        return self.post("Invoice", invoice(customer, amount, **fields))

    def payment(self, customer: Body | str, amount: Any, *invoices: Body, **fields: Any) -> Body:
        return self.post("Payment", payment(customer, amount, *invoices, **fields))

    def deposit(self, *lines: Body, to: str = CHECKING, **fields: Any) -> Body:
        return self.post("Deposit", {"DepositToAccountRef": {"value": to}, "Line": list(lines), **fields})

    def balance(self, account: str) -> Decimal:
        return Decimal(self.get("Account", account)["CurrentBalance"])

    def sound(self) -> None:
        assert self.company.check() == []


def ref(of: Body | str) -> Body:
    return {"value": of if isinstance(of, str) else of["Id"]}


def line(amount: Any = "100.00", item: str = "1", **detail: Any) -> Body:
    return {
        "Amount": amount,
        "DetailType": "SalesItemLineDetail",
        "SalesItemLineDetail": {"ItemRef": {"value": item}, **detail},
    }


def invoice(customer: Body | str, amount: Any = "100.00", **fields: Any) -> Body:
    return {"CustomerRef": ref(customer), "Line": [line(amount)], **fields}


def applied(amount: Any, to: Body, kind: str = "Invoice") -> Body:
    return {"Amount": amount, "LinkedTxn": [{"TxnId": to["Id"], "TxnType": kind}]}


def payment(customer: Body | str, amount: Any, *invoices: Body, **fields: Any) -> Body:
    lines = [applied(str(found["TotalAmt"]), found) for found in invoices]
    return {"CustomerRef": ref(customer), "TotalAmt": amount, "Line": lines, **fields}


def linked(of: Body, amount: Any, kind: str = "Payment", line_id: str = "0") -> Body:
    return {"Amount": amount, "LinkedTxn": [{"TxnId": of["Id"], "TxnType": kind, "TxnLineId": line_id}]}


def fee(amount: Any, account: str = BANK_CHARGES, **detail: Any) -> Body:
    return {
        "Amount": amount,
        "DetailType": "DepositLineDetail",
        "DepositLineDetail": {"AccountRef": {"value": account}, **detail},
    }


def token(of: Body, **more: Any) -> Body:
    return {"Id": of["Id"], "SyncToken": of["SyncToken"], **more}
