"""A person at work in QuickBooks: what bookkeepers do to entries by hand, past the toolkit's own client."""

from __future__ import annotations

import itertools
from typing import Any

from toolkit.open_company import OpenCompany
from toolkit.qbo.client import Client
from toolkit.qbo.exact_json import Json
from toolkit.qbo.wire import Verb, WireRequest

_COUNT = itertools.count()


class Person:
    """Works in the books of an open company."""

    def __init__(self, company: OpenCompany) -> None:
        self._client: Client = company.client

    def find(self, entity: str, number: str) -> Json:
        """The only entry with that number (payments: reference; customers: name)."""
        column = {"Payment": "PaymentRefNum", "Customer": "DisplayName"}.get(entity, "DocNumber")
        (row,) = self._client.query_all(entity, where=f"{column} = '{number}'")
        return row

    def all(self, entity: str, where: str = "") -> list[Json]:
        """Every entry of a kind."""
        return self._client.query_all(entity, where=where)

    def enter(self, entity: str, body: Json) -> Json:
        """Enter something new."""
        return self._write(WireRequest(entity=entity, verb=Verb.CREATE, body=body))

    def change(self, entity: str, number: str, **fields: Any) -> Json:
        """Change fields of the entry with that number."""
        return self.edit(entity, self.find(entity, number), **fields)

    def edit(self, entity: str, row: Json, **fields: Any) -> Json:
        """Change fields of an entry that is on the screen."""
        kept = {"CustomerRef": row["CustomerRef"]} if "CustomerRef" in row else {}
        body = {"Id": row["Id"], "SyncToken": row["SyncToken"], "sparse": True} | kept | fields
        return self._write(WireRequest(entity=entity, verb=Verb.UPDATE, body=body))

    def void(self, entity: str, row: Json) -> Json:
        """Void an invoice or a payment."""
        body = {"Id": row["Id"], "SyncToken": row["SyncToken"]} | ({} if entity == "Invoice" else {"sparse": True})
        return self._write(WireRequest(entity=entity, verb=Verb.VOID, body=body))

    def delete(self, entity: str, row: Json) -> Json:
        """Delete an entry."""
        body = {"Id": row["Id"], "SyncToken": row["SyncToken"]}
        return self._write(WireRequest(entity=entity, verb=Verb.DELETE, body=body))

    def pay(self, invoice: Json) -> Json:
        """Receive the payment of a whole invoice by hand."""
        line = {"Amount": invoice["Balance"], "LinkedTxn": [{"TxnId": invoice["Id"], "TxnType": "Invoice"}]}
        body = {"CustomerRef": invoice["CustomerRef"], "TotalAmt": invoice["Balance"], "Line": [line]}
        return self.enter("Payment", body)

    def _write(self, request: WireRequest) -> Json:
        return self._client.write(request, f"person-{next(_COUNT)}-{id(self)}")
