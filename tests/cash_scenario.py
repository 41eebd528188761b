"""A coworking month told in the accountant's words, and the books as they stand once it is posted.

    invoice 0001 Factory 2026-01-01 500.00            status=unpaid voided=DATE split_from=NUMBER
    paid 0001 card 2026-01-03 500.00                  charge=ch_1
    refund 0001 2026-01-10 100.00                     id=re_1
    payout po_1 2026-01-05                            status=in_transit last4=1111 amount=1.00
      charge ch_1 2026-01-03 500.00 14.80             invoice=0001 (gross, then the fee as the processor prints it)
      refund re_1 2026-01-04 -100.00 0.00

`posted` gives the books with every invoice, payment and refund of the story in them; `apply` posts a plan of bank
deposits; `balances` works the ledgers out by itself, from debits and credits, never from the code under test.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from typing import Any

from toolkit import deposits, tieout
from toolkit.books import (
    Account,
    Balances,
    BankDeposit,
    Books,
    Customer,
    DepositLine,
    DocumentKind,
    Item,
    JournalEntry,
    LedgerBalance,
    LedgerRow,
    Link,
    ListEntry,
    OpenItem,
    Preferences,
    ReceivedPayment,
    SalesDocument,
    SalesLine,
    TxnType,
)
from toolkit.model import (
    Billing,
    BillingLine,
    BillingPayment,
    Charge,
    ChargeType,
    Invoice,
    InvoiceStatus,
    InvoiceType,
    LineKind,
    Method,
    Payout,
    Payouts,
    PayoutStatus,
    Refund,
    Source,
)
from toolkit.money import ZERO, Money, parse, total
from toolkit.plan import Done, Kind, Plan, Posted, Standing, operation_key
from toolkit.proof import Proof
from toolkit.settings import Settings
from toolkit.settlement import payment_id, refund_id

REALM = "9130"
SOURCE = Source(file="story", row=1)
FUNDS, RECEIVABLE, BANK, OTHER_BANK, FEES, INCOME, DISPUTES = "4", "84", "35", "36", "51", "79", "90"

ACCOUNTS = (
    Account(id=FUNDS, name="Payments to deposit", type="Other Current Asset", subtype="UndepositedFunds"),
    Account(id=BANK, name="Checking", type="Bank", subtype="Checking"),
    Account(id=FEES, name="Processing Fees", type="Expense", classification="Expense"),
    Account(id=INCOME, name="Memberships", type="Income", classification="Revenue"),
    Account(id=RECEIVABLE, name="Accounts Receivable (A/R)", type="Accounts Receivable"),
    Account(id=DISPUTES, name="Disputes receivable", type="Other Current Asset"),
)


def settings(**changes: Any) -> Settings:
    """Transactions on, fees to their account; `accounts` and `policy` may be overridden."""
    raw: dict[str, Any] = {
        "push": {"transactions": True},
        "accounts": {"processing_fee": "Processing Fees"} | changes.pop("accounts", {}),
    }
    return Settings.model_validate(raw | changes)


@dataclass(frozen=True)
class World:
    """Both sides of one company, and what the posting log knows."""

    register: Billing
    payouts: Payouts
    books: Books
    done: dict[str, Posted]
    settings: Settings = field(default_factory=settings)

    def plan(self, **changes: Any) -> Plan:
        world = replace(self, **changes)
        return deposits.make_plan(
            world.payouts,
            world.register,
            world.books,
            world.done,
            world.settings,
            company="test",
            period=self.register.period,
        )

    def deposited(self) -> World:
        """The world after its plan of bank deposits is posted."""
        return apply(self.plan(), self)

    def prove(self, *, start: str = "2026-01-01", as_of: str = "2026-01-31", **changes: Any) -> Proof:
        problems = changes.pop("plan_problems", ())
        given = changes.pop("balances", None)
        world = replace(self, **changes)
        return tieout.prove(
            world.register,
            world.payouts,
            world.books,
            given or balances(world.books, day(start), day(as_of)),
            world.done,
            world.settings,
            company="test",
            period=self.register.period,
            plan_problems=problems,
        )


def day(text: str) -> date:
    return date.fromisoformat(text)


# ---- the story


def story(text: str, *, period: str = "2026-01") -> tuple[Billing, Payouts]:
    """Coworks' two reports as the text tells them."""
    invoices: dict[str, Invoice] = {}
    payouts: dict[str, Payout] = {}
    current = ""
    for line in text.strip().splitlines():
        words = [word for word in line.split() if "=" not in word]
        extra = dict(word.split("=", 1) for word in line.split() if "=" in word)
        if not words:
            continue
        match words[0]:
            case "invoice":
                invoices[words[1]] = _invoice(words, extra)
            case "paid":
                invoices[words[1]] = _paid(invoices[words[1]], words, extra)
            case "refund" if not line.startswith(" " * 2) or current == "":
                invoices[words[1]] = _refunded(invoices[words[1]], words, extra)
            case "payout":
                current = words[1]
                payouts[current] = _payout(words, extra)
            case _:
                payouts[current] = _row(payouts[current], words, extra)
    ordered = sorted(invoices.values(), key=lambda one: (one.invoice_date, one.number))
    arriving = sorted(payouts.values(), key=lambda one: (one.arrival_date, one.payout_id))
    return Billing(period=period, invoices=tuple(ordered)), Payouts(period=period, payouts=tuple(arriving))


def _invoice(words: list[str], extra: dict[str, str]) -> Invoice:
    amount = parse(words[4])
    return Invoice(
        number=words[1],
        coworks_id=f"in_{words[1]}",
        team=words[2],
        email=f"{words[2].lower()}@example.com",
        admin_name="Ann",
        campus="",
        status=InvoiceStatus(extra.get("status", "unpaid")),
        type=InvoiceType.MEMBERSHIP,
        invoice_date=day(words[3]),
        due_date=day(words[3]),
        lines=(BillingLine(kind=LineKind.PLAN, name="Desk", description="Desk", amount=amount, source=SOURCE),),
        total=amount,
        applied_balance=parse(extra.get("balance", "0")),
        voided_on=day(extra["voided"]) if "voided" in extra else None,
        split_from=extra.get("split_from", ""),
        source=SOURCE,
    )


def _paid(invoice: Invoice, words: list[str], extra: dict[str, str]) -> Invoice:
    payment = BillingPayment(
        invoice_number=invoice.number,
        payment_id="",
        occurrence=len(invoice.payments) + 1,
        paid_on=day(words[3]),
        amount=parse(words[4]),
        method=Method(words[2]),
        charge_id=extra.get("charge", ""),
        payout_id=extra.get("payout", ""),
        source=SOURCE,
    )
    return replace(
        invoice,
        payments=(*invoice.payments, payment),
        amount_paid=invoice.amount_paid + payment.amount,
        status=InvoiceStatus.PAID if invoice.status is InvoiceStatus.UNPAID else invoice.status,
    )


def _refunded(invoice: Invoice, words: list[str], extra: dict[str, str]) -> Invoice:
    refund = Refund(
        invoice_number=invoice.number,
        refund_id=extra.get("id", ""),
        occurrence=len(invoice.refunds) + 1,
        refunded_on=day(words[2]),
        amount=parse(words[3]),
        source=SOURCE,
    )
    return replace(invoice, refunds=(*invoice.refunds, refund))


def _payout(words: list[str], extra: dict[str, str]) -> Payout:
    return Payout(
        payout_id=words[1],
        arrival_date=day(words[2]),
        amount=parse(extra.get("amount", "0")),
        status=PayoutStatus(extra.get("status", "paid")),
        charges=(),
        bank_last4=extra.get("last4", ""),
        currency=extra.get("currency", "usd"),
        statement_descriptor="said" if "amount" in extra else "",
        source=SOURCE,
    )


def _row(payout: Payout, words: list[str], extra: dict[str, str]) -> Payout:
    gross, fee = parse(words[3]), parse(words[4])
    row = Charge(
        payout_id=payout.payout_id,
        charge_id="" if words[1] == "-" else words[1],
        type=ChargeType(words[0]),
        gross=gross,
        fee=fee,
        net=gross - fee,
        created_on=day(words[2]),
        invoice_number=extra.get("invoice", ""),
        source=SOURCE,
    )
    said = payout.statement_descriptor == "said"
    return replace(payout, charges=(*payout.charges, row), amount=payout.amount if said else payout.amount + row.net)


# ---- the books once the billing is posted


class Ids:
    """QuickBooks' ids, counted up."""

    def __init__(self, start: int = 100) -> None:
        self.last = start

    def __call__(self) -> str:
        self.last += 1
        return str(self.last)


def posted(text: str, **changes: Any) -> World:
    """Everything that the story bills, posted by us: invoices, payments into Undeposited Funds, refund receipts."""
    register, payouts = story(text, period=changes.pop("period", "2026-01"))
    skip = frozenset(changes.pop("skip", ()))
    ids = Ids()
    customers = {team: ids() for team in sorted({invoice.team for invoice in register.invoices})}
    documents: list[SalesDocument] = []
    payments: list[ReceivedPayment] = []
    done: dict[str, Posted] = {}
    for invoice in register.invoices:
        if invoice.number in skip or invoice.status in (InvoiceStatus.SPLIT, InvoiceStatus.SCHEDULED):
            continue
        document = _document(invoice, customers[invoice.team], ids())
        documents.append(document)
        _log(done, Kind.INVOICE, invoice.coworks_id, "Invoice", document.id, invoice.total)
        for payment in invoice.payments:
            if payment_id(payment) in skip:
                continue
            received = _received(payment, document, ids())
            payments.append(received)
            _log(done, Kind.PAYMENT, payment_id(payment), "Payment", received.id, -payment.amount)
        for refund in invoice.refunds:
            if refund_id(refund) in skip:
                continue
            receipt = _receipt(refund, document, ids())
            documents.append(receipt)
            _log(done, Kind.REFUND, refund_id(refund), "RefundReceipt", receipt.id, -refund.amount)
    books = Books(
        realm=REALM,
        company_name="Test",
        server_time=datetime(2026, 2, 1, tzinfo=UTC),
        preferences=changes.pop("preferences", Preferences(custom_numbers=True)),
        accounts=changes.pop("chart", ACCOUNTS),
        items=(Item(id="1", name="Desk", income_account_id=INCOME),),
        classes=(ListEntry(id="7", name="Overhead"),),
        customers=tuple(Customer(id=name, display_name=team) for team, name in customers.items()),
        documents=tuple(documents),
        payments=tuple(payments),
    )
    return World(register, payouts, books, done, changes.pop("settings", settings(**changes)))


def _document(invoice: Invoice, customer: str, qbo_id: str) -> SalesDocument:
    live = ZERO if invoice.voided_on else invoice.total
    return SalesDocument(
        kind=DocumentKind.INVOICE,
        number=invoice.number,
        customer_id=customer,
        txn_date=invoice.invoice_date,
        due_date=invoice.due_date,
        total=live,
        lines=(SalesLine(amount=live, item_id="1"),),
        voided=invoice.voided_on is not None,
        id=qbo_id,
    )


def _received(payment: BillingPayment, document: SalesDocument, qbo_id: str) -> ReceivedPayment:
    link = Link(txn_type=TxnType.INVOICE, txn_id=document.id, amount=payment.amount)
    return ReceivedPayment(
        customer_id=document.customer_id,
        txn_date=payment.paid_on,
        total=payment.amount,
        links=(link,),
        deposit_account_id=FUNDS,
        id=qbo_id,
    )


def _receipt(refund: Refund, document: SalesDocument, qbo_id: str) -> SalesDocument:
    return SalesDocument(
        kind=DocumentKind.REFUND_RECEIPT,
        number=f"{refund.invoice_number}-RF{refund.occurrence}",
        customer_id=document.customer_id,
        txn_date=refund.refunded_on,
        total=refund.amount,
        lines=(SalesLine(amount=refund.amount, item_id="1"),),
        deposit_account_id=FUNDS,
        id=qbo_id,
    )


def _log(  # noqa: PLR0917
    done: dict[str, Posted], kind: Kind, coworks_id: str, entity: str, qbo_id: str, amount: Money
) -> None:
    key = operation_key(REALM, kind, coworks_id)
    done[key] = Posted(
        key=key,
        kind=kind,
        entity=entity,
        standing=Standing.DONE,
        qbo_id=qbo_id,
        amount=amount,
        coworks_id=coworks_id,
    )


def apply(plan: Plan, world: World) -> World:
    """The books and the posting log after a deposit plan is posted: entries get ids, deposits link them."""
    ids = Ids(max(int(one.id) for one in _records(world.books)) + 1000)
    made: dict[str, str] = {}
    books, done = world.books, dict(world.done)
    for operation in plan.operations:
        made[operation.key] = ids()
        record = operation.record
        if isinstance(record, JournalEntry):
            lines = tuple(replace(line, id=str(at)) for at, line in enumerate(record.lines))
            entry = replace(record, id=made[operation.key], lines=lines)
            books = replace(books, journal_entries=(*books.journal_entries, entry))
        elif isinstance(record, BankDeposit):
            lines_ = tuple(replace(line, link=_resolved(line.link, made)) for line in record.lines)
            books = replace(books, deposits=(*books.deposits, replace(record, id=made[operation.key], lines=lines_)))
        _log(done, operation.kind, operation.coworks_id, operation.entity, made[operation.key], operation.amount)
    for one in plan.adoptions:
        _log(done, one.kind, one.coworks_id, one.entity, one.qbo_id, one.amount)
        done[one.key] = replace(done[one.key], standing=Standing.ADOPTED)
    return replace(world, books=books, done=done)


def _resolved(link: Link | None, made: dict[str, str]) -> Link | None:
    if link is None or not link.txn_id.startswith("key:"):
        return link
    return replace(link, txn_id=made[link.txn_id.removeprefix("key:")])


def _records(books: Books) -> Iterator[Any]:
    yield from books.documents
    yield from books.payments
    yield from books.deposits
    yield from books.journal_entries
    yield from books.customers


# ---- QuickBooks' reports, from debits and credits


@dataclass(frozen=True)
class Posting:
    account: str
    on: date
    txn_type: str
    txn_id: str
    amount: Money


def postings(books: Books) -> Iterator[Posting]:
    """Every debit (positive) and credit (negative) of the books."""
    for document in books.documents:
        yield from _document_postings(document)
    for payment in books.payments:
        if not payment.voided:
            name = ("Payment", payment.id)
            yield Posting(payment.deposit_account_id or FUNDS, payment.txn_date, *name, payment.total)
            yield Posting(RECEIVABLE, payment.txn_date, *name, -payment.total)
    for deposit in books.deposits:
        yield Posting(deposit.account_id, deposit.txn_date, "Deposit", deposit.id, deposit.total)
        for line in deposit.lines:
            account = FUNDS if line.link else line.account_id
            yield Posting(account, deposit.txn_date, "Deposit", deposit.id, -line.amount)
    for entry in books.journal_entries:
        for line_ in entry.lines:
            yield Posting(line_.account_id, entry.txn_date, "Journal Entry", entry.id, line_.amount)
    for transfer in books.transfers:
        yield Posting(transfer.to_account_id, transfer.txn_date, "Transfer", transfer.id, transfer.amount)
        yield Posting(transfer.from_account_id, transfer.txn_date, "Transfer", transfer.id, -transfer.amount)


def _document_postings(document: SalesDocument) -> Iterator[Posting]:
    amount = ZERO if document.voided else document.total
    cash = document.deposit_account_id or FUNDS
    account, sign, name = {
        DocumentKind.INVOICE: (RECEIVABLE, 1, "Invoice"),
        DocumentKind.CREDIT_MEMO: (RECEIVABLE, -1, "Credit Memo"),
        DocumentKind.SALES_RECEIPT: (cash, 1, "Sales Receipt"),
        DocumentKind.REFUND_RECEIPT: (cash, -1, "Refund"),
    }[document.kind]
    yield Posting(account, document.txn_date, name, document.id, sign * amount)
    yield Posting(INCOME, document.txn_date, name, document.id, -sign * amount)


def balances(books: Books, start: date, as_of: date) -> Balances:
    """The ledgers of A/R, Undeposited Funds and the banks, and what is open on A/R, as QuickBooks would report them."""
    every = list(postings(books))
    banks = [account for account in books.accounts if account.type == "Bank"]
    return Balances(
        start=start,
        as_of=as_of,
        receivable=_ledger(every, RECEIVABLE, "Accounts Receivable (A/R)", start, as_of),
        undeposited=_ledger(every, FUNDS, "Payments to deposit", start, as_of),
        banks=tuple(_ledger(every, bank.id, bank.name, start, as_of) for bank in banks),
        open_items=tuple(_open_items(books, as_of)),
    )


def _ledger(every: Iterable[Posting], account: str, name: str, start: date, as_of: date) -> LedgerBalance:
    mine = sorted((one for one in every if one.account == account), key=lambda one: (one.on, int(one.txn_id)))
    opening = total(one.amount for one in mine if one.on < start)
    rows: list[LedgerRow] = []
    running = opening
    for one in mine:
        if start <= one.on <= as_of and one.amount:
            running += one.amount
            rows.append(
                LedgerRow(
                    txn_date=one.on,
                    txn_type=one.txn_type,
                    txn_id=one.txn_id,
                    number="",
                    name="",
                    amount=one.amount,
                    balance=running,
                )
            )
    return LedgerBalance(account_id=account, account_name=name, opening=opening, rows=tuple(rows), closing=running)


def _open_items(books: Books, as_of: date) -> Iterator[OpenItem]:
    names = {one.id: one.display_name for one in books.customers}
    settled: dict[tuple[str, str], Money] = {}
    for payment in books.payments:
        if payment.voided or payment.txn_date > as_of:
            continue
        credits_used = total(one.amount for one in payment.links if one.txn_type is TxnType.CREDIT_MEMO)
        applied = total(one.amount for one in payment.links if one.txn_type is not TxnType.CREDIT_MEMO)
        for link in payment.links:
            name = (link.txn_type, link.txn_id)
            settled[name] = settled.get(name, ZERO) + link.amount
        if payment.total + credits_used - applied:
            yield _open("Payment", payment, names, -(payment.total + credits_used - applied))
    for document in books.documents:
        if document.voided or document.txn_date > as_of:
            continue
        left = document.total - settled.get((str(document.kind), document.id), ZERO)
        if left and document.kind is DocumentKind.INVOICE:
            yield _open("Invoice", document, names, left)
        if left and document.kind is DocumentKind.CREDIT_MEMO:
            yield _open("Credit Memo", document, names, -left)
    for entry in books.journal_entries:
        on_account = total(line.amount for line in entry.lines if line.account_id == RECEIVABLE)
        left = on_account - settled.get(("JournalEntry", entry.id), ZERO)
        if left and entry.txn_date <= as_of:
            yield _open("Journal Entry", entry, names, left)


def _open(txn_type: str, record: Any, names: dict[str, str], amount: Money) -> OpenItem:
    return OpenItem(
        txn_type=txn_type,
        txn_id=record.id,
        number=getattr(record, "number", ""),
        customer=names.get(getattr(record, "customer_id", ""), ""),
        txn_date=record.txn_date,
        due_date=getattr(record, "due_date", None),
        open_balance=amount,
    )


# ---- changes to the books


def with_deposit(world: World, account: str, on: str, amount: str, *links: ReceivedPayment, note: str = "") -> World:
    """A bank deposit that somebody made by hand, of these payments and the rest on the fee account."""
    lines = [
        DepositLine(amount=one.total, link=Link(txn_type=TxnType.PAYMENT, txn_id=one.id, amount=one.total))
        for one in links
    ]
    rest = parse(amount) - total(line.amount for line in lines)
    if rest:
        lines.append(DepositLine(amount=rest, account_id=FEES))
    made = BankDeposit(
        account_id=account, txn_date=day(on), total=parse(amount), lines=tuple(lines), private_note=note, id="900"
    )
    return replace(world, books=replace(world.books, deposits=(*world.books.deposits, made)))


def change_payment(world: World, at: int, change: Callable[[ReceivedPayment], ReceivedPayment]) -> World:
    """The world with one QuickBooks payment changed."""
    payments = list(world.books.payments)
    payments[at] = change(payments[at])
    return replace(world, books=replace(world.books, payments=tuple(payments)))


def deposits_of(plan: Plan) -> list[BankDeposit]:
    return [operation.record for operation in plan.operations if isinstance(operation.record, BankDeposit)]


def entries_of(plan: Plan) -> list[JournalEntry]:
    return [operation.record for operation in plan.operations if isinstance(operation.record, JournalEntry)]


def done_of(world: World) -> Done:
    return world.done
