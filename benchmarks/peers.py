"""The same month posted with python-quickbooks as its documentation shows: `save()` one by one, and `batch_create`."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from emulated_network import Network, check, served
from intuitlib.client import AuthClient
from quickbooks import QuickBooks
from quickbooks.batch import batch_create
from quickbooks.exceptions import QuickbooksException
from quickbooks.objects import Invoice, Payment, PaymentLine, Ref, SalesItemLine, SalesItemLineDetail
from quickbooks.objects.base import LinkedTxn

from toolkit.books import ReceivedPayment, SalesDocument
from toolkit.emulator.adapter import ORIGIN, LoopbackAdapter
from toolkit.plan import Plan

IN_BATCH = 30
PATIENCE = 20


@dataclass(frozen=True, kw_only=True)
class Measured:
    """One contender's run; `seconds` from the first request to the last answer, `reads` are its look-ups."""

    name: str
    seconds: float
    calls: int
    reads: int = 0
    note: str = ""


Wanted = Sequence[tuple[SalesDocument, ReceivedPayment]]


def pairs(plan: Plan) -> Wanted:
    """Each invoice of a plan with the payment that settles it."""
    bills = {one.key: one.record for one in plan.operations if isinstance(one.record, SalesDocument)}
    found = [(bills[one.needs[0]], one.record) for one in plan.operations if isinstance(one.record, ReceivedPayment)]
    return [(bill, paid) for bill, paid in found if isinstance(bill, SalesDocument)]


def saved(wanted: Wanted, network: Network, most: int) -> Measured:
    """save(): one call after the other; measured on at most `most` of the writes, and extrapolated then."""
    few = min(len(wanted), max(1, most // 2))
    with served(network) as (_, told):
        books = _client(told)
        began = time.monotonic()
        bills = [_invoice(bill) for bill, _ in wanted[:few]]
        for bill in bills:
            _patiently(network, partial(bill.save, qb=books))
        for bill, (_, paid) in zip(bills, wanted, strict=False):
            _patiently(network, partial(_payment(paid, bill).save, qb=books))
        seconds = time.monotonic() - began
        check(told, few)
    note = "" if few == len(wanted) else f"measured on {2 * few} and extrapolated"
    return Measured(name="`save()`", seconds=seconds * len(wanted) / few, calls=2 * len(wanted), note=note)


def batched(wanted: Wanted, network: Network) -> Measured:
    """batch_create(): thirty at a time, one batch after the other."""
    with served(network) as (_, told):
        books = _client(told)
        began = time.monotonic()
        bills = _in_batches(books, network, [_invoice(bill) for bill, _ in wanted])
        _in_batches(books, network, [_payment(paid, bill) for bill, (_, paid) in zip(bills, wanted, strict=True)])
        seconds = time.monotonic() - began
        check(told, len(wanted))
    return Measured(name="`batch_create`", seconds=seconds, calls=2 * -(-len(wanted) // IN_BATCH))


def _in_batches(books: QuickBooks, network: Network, objects: Sequence[Any]) -> list[Any]:
    made: list[Any] = []
    for start in range(0, len(objects), IN_BATCH):
        chunk = list(objects[start : start + IN_BATCH])
        answer = _patiently(network, partial(batch_create, chunk, qb=books))
        if answer.faults:
            raise SystemExit(f"refused: {answer.faults[0].Error[0].Detail}")
        made += answer.successes
    return made


def _patiently(network: Network, do: Callable[[], Any]) -> Any:
    """Intuit's advice for a 429, in this network's time: wait a minute, try again."""
    for _ in range(PATIENCE):
        try:
            return do()
        except QuickbooksException as refused:
            if "429" not in str(refused) and "Throttle" not in str(refused):
                raise
            time.sleep(network.minute)
    raise SystemExit(f"throttled {PATIENCE} times in a row")


def _client(told: dict[str, Any]) -> QuickBooks:
    auth = AuthClient(
        told["client_id"],
        told["client_secret"],
        "http://localhost:8000/callback",
        told["discovery_url"],
        access_token=told["access_token"],
    )
    # Its OAuth library speaks https only, as does ours: the adapter carries that to the server on this machine.
    QuickBooks.api_url_v3 = f"{ORIGIN}/v3"
    books = QuickBooks(auth_client=auth, company_id=told["realm_id"], minorversion=75)
    books.session.mount(ORIGIN, LoopbackAdapter(told["base_url"]))
    return books


def _reference(to: str) -> Ref:
    made = Ref()
    made.value = to
    return made


def _invoice(wanted: SalesDocument) -> Invoice:
    made = Invoice()
    made.DocNumber, made.TxnDate = wanted.number, wanted.txn_date.isoformat()
    made.DueDate = (wanted.due_date or wanted.txn_date).isoformat()
    made.PrivateNote = wanted.private_note
    made.CustomerRef = _reference(wanted.customer_id)
    for one in wanted.lines:
        line = SalesItemLine()
        line.Amount, line.Description = float(one.amount), one.description
        line.SalesItemLineDetail = SalesItemLineDetail()
        line.SalesItemLineDetail.ItemRef = _reference(one.item_id)
        made.Line.append(line)
    return made


def _payment(wanted: ReceivedPayment, invoice: Invoice) -> Payment:
    made = Payment()
    made.TotalAmt, made.TxnDate = float(wanted.total), wanted.txn_date.isoformat()
    made.PaymentRefNum, made.PrivateNote = wanted.reference, wanted.private_note
    made.CustomerRef = _reference(wanted.customer_id)
    linked = LinkedTxn()
    linked.TxnId, linked.TxnType = invoice.Id, "Invoice"
    line = PaymentLine()
    line.Amount, line.LinkedTxn = float(wanted.total), [linked]
    made.Line = [line]
    return made
