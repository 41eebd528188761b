"""A month as a table: what Coworks says, what QuickBooks holds, and what shall be done, one line each.

A test's docstring is its first sentence, then a table:

    Coworks
    invoice C957F1A7-0008 | Factory Inc. | 01-01 | unpaid | plan Hot Desk 500
    payment C957F1A7-0008 | 01-05 | 500 | card
    QuickBooks
    customer 58 | Factory Inc. | ann@factory.example
    plan
    create invoice C957F1A7-0008 500.00 Factory Inc. 01-01
    create payment 500.00 C957F1A7-0008 01-05 Undeposited Funds

Under `plan`, every line is one operation, adoption, held invoice, note or stop, in the plan's order; lines that start
with `line` show a document's lines. Dates without a year are of 2026. A row that starts with `|` goes on with the row
above. `told` parses, plans and compares; the test may look further.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from toolkit import counterparts, planning
from toolkit.books import (
    Account,
    BankDeposit,
    Books,
    ClassTracking,
    Customer,
    DepositLine,
    DocumentKind,
    Item,
    JournalEntry,
    Link,
    ListEntry,
    OtherName,
    Preferences,
    ReceivedPayment,
    SalesDocument,
    SalesLine,
    TxnType,
)
from toolkit.mapping import Mapping, Pin, Rule
from toolkit.model import (
    Billing,
    BillingLine,
    BillingPayment,
    Invoice,
    InvoiceStatus,
    InvoiceType,
    LineKind,
    Method,
    Refund,
    Source,
    Void,
)
from toolkit.money import parse, total
from toolkit.plan import Kind, Operation, Plan, Posted, Standing, operation_key
from toolkit.problems import Severity
from toolkit.settings import Settings, from_dict

REALM = "9130"
FUNDS, RECEIVABLE = "4", "84"
SOURCE = Source(file="billing.xlsx", sheet="Unpaid", row=2)

ACCOUNTS = (
    Account(id=FUNDS, name="Undeposited Funds", type="Other Current Asset", subtype="UndepositedFunds"),
    Account(id="35", name="Checking", type="Bank", subtype="Checking"),
    Account(id="36", name="Card Clearing", type="Other Current Asset", subtype="OtherCurrentAssets"),
    Account(id=RECEIVABLE, name="Accounts Receivable", type="Accounts Receivable", subtype="AccountsReceivable"),
    Account(id="79", name="Sales", type="Income", subtype="SalesOfProductIncome"),
    Account(id="90", name="Owed to Others", type="Other Current Liability", subtype="OtherCurrentLiabilities"),
)
ITEMS = (
    Item(id="1", name="Memberships"),
    Item(id="2", name="Private Offices", class_id="5000000000000000002"),
    Item(id="3", name="Day Passes"),
    Item(id="4", name="Meeting Rooms", class_id="5000000000000000003"),
    Item(id="5", name="Transaction Fees"),
    Item(id="6", name="Community Fees"),
    Item(id="7", name="Member Services"),
    Item(id="8", name="Member Discounts"),
    Item(id="9", name="Old Product", active=False),
    Item(id="10", name="Sales Tax Collected"),
)
CLASSES = (
    ListEntry(id="5000000000000000002", name="Offices"),
    ListEntry(id="5000000000000000003", name="Rooms"),
)
LOCATIONS = (ListEntry(id="1", name="Downtown"), ListEntry(id="2", name="Riverside House"))
METHODS = (ListEntry(id="1", name="Check"), ListEntry(id="2", name="Credit Card"))
MAPPED = """
plan | Hot Desk | Memberships
plan | Private Office | Private Offices
day_pass | Day Pass | Day Passes
external_booking | Board Room | Meeting Rooms
transaction_fee | Transaction fee | Transaction Fees
custom_fee | Community fee | Community Fees
custom_fee | Sales tax | Sales Tax Collected
one_off | Mail | Member Services
discount | Founders | Member Discounts
plan | Retired | Old Product
campus | Downtown | | | Downtown
campus | Riverside | | | Riverside House
"""


@dataclass
class World:
    """Everything a table says, before it becomes records."""

    invoices: dict[str, Invoice] = field(default_factory=dict)
    earlier: dict[str, Invoice] = field(default_factory=dict)
    voids: list[Void] = field(default_factory=list)
    customers: list[Customer] = field(default_factory=list)
    other_names: list[OtherName] = field(default_factory=list)
    documents: list[SalesDocument] = field(default_factory=list)
    payments: list[ReceivedPayment] = field(default_factory=list)
    deposits: list[BankDeposit] = field(default_factory=list)
    items: list[Item] = field(default_factory=lambda: list(ITEMS))
    posted: dict[str, Posted] = field(default_factory=dict)
    pins: list[Pin] = field(default_factory=list)
    rules: list[Rule] = field(default_factory=list)
    settings: dict[str, Any] = field(default_factory=dict)
    preferences: dict[str, Any] = field(default_factory=dict)
    period: str = "2026-01"
    expected: list[str] = field(default_factory=list)


def day(text: str) -> date:
    return date.fromisoformat(text if text[:2] == "20" else f"2026-{text}")


# ---- reading a table


def read(text: str) -> World:
    """The world that a table tells; unknown words raise."""
    world = World()
    for row in MAPPED.strip().splitlines():
        _rule(world, row)
    section = ""
    for row in _rows(text):
        if row in ("Coworks", "earlier", "QuickBooks", "plan"):
            section = row
        elif row and section == "plan":
            world.expected.append(" ".join(row.split()))
        elif row and section:
            _row(world, row, section == "earlier")
    return world


def _rows(text: str) -> Iterable[str]:
    """The table's rows; one that starts with `|` goes on with the row above."""
    rows: list[str] = []
    for row in (raw.strip() for raw in text.splitlines()):
        if row.startswith("|") and rows:
            rows[-1] += f" {row}"
        else:
            rows.append(row)
    return rows


def _row(world: World, row: str, earlier: bool) -> None:
    head, *cells = (cell.strip() for cell in row.split("|"))
    verb, _, name = head.partition(" ")
    readers: dict[str, Callable[[World, str, list[str]], None]] = {
        "customer": _customer,
        "vendor": _other_name,
        "employee": _other_name,
        "document": _document,
        "received": _received,
        "deposit": _deposit,
        "posted": _posted,
        "pin": _pin,
        "set": _setting,
        "prefers": _preference,
        "maps": _maps,
        "product": _product,
        "payment": _payment,
        "refund": _refund,
        "void": _void,
    }
    if verb == "invoice":
        _invoice(world.earlier if earlier else world.invoices, name, cells)
    elif verb == "period":
        world.period = name
    elif verb in ("vendor", "employee"):
        _other_name(world, name, [verb, *cells])
    else:
        readers[verb](world, name, cells)


def _options(text: str) -> dict[str, str]:
    """`campus="Down Town" email=a@b.example closed` as a dict; a bare word is its own value."""
    found = re.findall(r'(\w+)=(?:"([^"]*)"|(\S+))|(\w+)', text)
    return {name or word: quoted or bare or word for name, quoted, bare, word in found}


def _invoice(into: dict[str, Invoice], number: str, cells: list[str]) -> None:
    team, on, status, lines, *rest = cells
    told = _options(rest[0] if rest else "")
    billed = tuple(_line(one.strip(), day(on)) for one in lines.split(" + ")) if lines else ()
    into[number] = Invoice(
        number=number,
        coworks_id=told.get("id", ""),
        team=team,
        email=told.get("email", ""),
        admin_name=told.get("admin", ""),
        campus=told.get("campus", ""),
        status=InvoiceStatus(status.replace(" ", "_")),
        type=InvoiceType(told.get("type", "membership")),
        invoice_date=day(on),
        due_date=day(told["due"]) if "due" in told else day(on),
        lines=billed,
        total=parse(told["total"]) if "total" in told else total(line.amount for line in billed),
        applied_balance=parse(told.get("balance", "0")),
        voided_on=day(told["voided"]) if "voided" in told else None,
        split_from=told.get("split", ""),
        currency=told.get("currency", "USD"),
        category=told.get("category", ""),
        source=SOURCE,
    )


_KINDS = sorted((str(kind) for kind in LineKind), key=len, reverse=True)


def _line(text: str, on: date) -> BillingLine:
    """`plan Hot Desk 500 2x250 taxed from 01-01`"""
    found = re.fullmatch(
        rf"({'|'.join(_KINDS)}) (.*?) ?(-?[\d.]+)(?: (-?[\d.]+)x(-?[\d.]+))?( taxed)?(?: from (\S+))?", text
    )
    assert found, text
    kind, name, amount, quantity, price, taxed, start = found.groups()
    return BillingLine(
        kind=LineKind(kind),
        name=name,
        description=name,
        amount=parse(amount),
        quantity=Decimal(quantity) if quantity else None,
        unit_price=Decimal(price) if price else None,
        service_start=day(start) if start else on,
        taxable=bool(taxed),
        source=SOURCE,
    )


def _payment(world: World, number: str, cells: list[str]) -> None:
    on, amount, method, *rest = cells
    invoice = world.invoices[number]
    payment = BillingPayment(
        invoice_number=number,
        payment_id="",
        occurrence=len(invoice.payments) + 1,
        paid_on=day(on),
        amount=parse(amount),
        method=Method(method),
        reference=rest[0] if rest else "",
        source=SOURCE,
    )
    world.invoices[number] = replace(
        invoice, payments=(*invoice.payments, payment), amount_paid=invoice.amount_paid + payment.amount
    )


def _refund(world: World, number: str, cells: list[str]) -> None:
    on, amount, *rest = cells
    invoice = world.invoices[number]
    refund = Refund(
        invoice_number=number,
        refund_id="",
        occurrence=len(invoice.refunds) + 1,
        refunded_on=day(on),
        amount=parse(amount),
        reason=rest[0] if rest else "",
        source=SOURCE,
    )
    world.invoices[number] = replace(invoice, refunds=(*invoice.refunds, refund))


def _void(world: World, number: str, cells: list[str]) -> None:
    world.voids.append(Void(invoice_number=number, voided_on=day(cells[0]), reason="", source=SOURCE))


def _customer(world: World, qbo_id: str, cells: list[str]) -> None:
    name, emails, *rest = [*cells, ""]
    told = _options(rest[0]) if rest else {}
    parent = told.get("parent", "")
    above = next((one.full_name for one in world.customers if one.id == parent), "")
    world.customers.append(
        Customer(
            id=qbo_id,
            display_name=name,
            emails=tuple(one.strip() for one in emails.split(",") if one.strip()),
            active="inactive" not in told,
            parent_id=parent,
            full_name=f"{above}:{name}" if above else name,
        )
    )


def _other_name(world: World, qbo_id: str, cells: list[str]) -> None:
    world.other_names.append(OtherName(id=qbo_id, kind=cells[0], display_name=cells[1]))


def _document(world: World, qbo_id: str, cells: list[str]) -> None:
    number, customer, on, amount, *rest = cells
    told = _options(rest[0] if rest else "")
    voided = "voided" in told
    amount = "0" if voided else amount
    kind = DocumentKind(told.get("kind", "Invoice"))
    world.documents.append(
        SalesDocument(
            kind=kind,
            number=number,
            customer_id=customer,
            txn_date=day(on),
            due_date=day(told["due"]) if "due" in told else None,
            total=parse(amount),
            balance=parse(told.get("balance", amount)),
            lines=(SalesLine(amount=parse(amount), item_id=told.get("item", "1")),),
            private_note=_stamped(told.get("note", ""), number) or ("Voided" if voided else ""),
            voided=voided,
            id=qbo_id,
            sync_token="0",
        )
    )


def _stamped(note: str, number: str) -> str:
    """The note with the stamp of the invoice of that number where it says STAMP."""
    return note.replace("STAMP", counterparts.stamp(number, operation_key(REALM, Kind.INVOICE, number)))


def _received(world: World, qbo_id: str, cells: list[str]) -> None:
    customer, on, amount, *links = cells
    settled = tuple(
        Link(txn_type=TxnType.INVOICE, txn_id=link.split()[0], amount=parse(link.split()[1])) for link in links
    )
    world.payments.append(
        ReceivedPayment(
            customer_id=customer,
            txn_date=day(on),
            total=parse(amount),
            links=settled,
            deposit_account_id=FUNDS,
            id=qbo_id,
            sync_token="0",
        )
    )
    for link in settled:
        place = next(place for place, one in enumerate(world.documents) if one.id == link.txn_id)
        one = world.documents[place]
        world.documents[place] = replace(one, balance=one.balance - link.amount)


def _deposit(world: World, qbo_id: str, cells: list[str]) -> None:
    on, payment, amount = cells
    link = Link(txn_type=TxnType.PAYMENT, txn_id=payment, amount=parse(amount))
    line = DepositLine(amount=parse(amount), link=link)
    world.deposits.append(BankDeposit(account_id="35", txn_date=day(on), total=parse(amount), lines=(line,), id=qbo_id))


def _posted(world: World, name: str, cells: list[str]) -> None:
    """`posted invoice C957F1A7-0008 | 77 | undone released`"""
    kind, _, coworks_id = name.partition(" ")
    told = _options(cells[1]) if len(cells) > 1 else {}
    standing = Standing.UNDONE if "undone" in told else Standing.DONE
    entities = {"invoice": "Invoice", "payment": "Payment", "customer": "Customer", "void": "Invoice"}
    key = operation_key(REALM, Kind(kind), coworks_id)
    world.posted[key] = Posted(
        key=key,
        kind=Kind(kind),
        entity=entities.get(kind, "CreditMemo"),
        standing=standing,
        qbo_id=cells[0],
        number=coworks_id,
        note="released" if "released" in told else "",
        coworks_id=coworks_id,
    )


def _pin(world: World, team: str, cells: list[str]) -> None:
    customer_id, *rest = cells
    told = _options(rest[0] if rest else "")
    world.pins.append(
        Pin(
            team=team,
            number_prefix=told.get("prefix", ""),
            email=told.get("email", ""),
            customer_id=customer_id,
            note="",
            source=SOURCE,
        )
    )


def _setting(world: World, name: str, cells: list[str]) -> None:
    path, _, value = name.partition(" ")
    section, _, key = path.partition(".")
    known = {"true": True, "false": False}
    where = world.settings.setdefault(section, {})
    for part in key.split(".")[:-1]:
        where = where.setdefault(part, {})
    where[key.rsplit(".", maxsplit=1)[-1]] = known.get(value, value)


def _preference(world: World, name: str, cells: list[str]) -> None:
    key, _, value = name.partition(" ")
    known: dict[str, object] = {"true": True, "false": False}
    if key == "book_close_date":
        world.preferences[key] = day(value)
    elif key == "class_tracking":
        world.preferences[key] = ClassTracking(value)
    else:
        world.preferences[key] = known.get(value, value)


def _maps(world: World, kind: str, cells: list[str]) -> None:
    _rule(world, " | ".join((kind, *cells)), first=True)


def _rule(world: World, row: str, first: bool = False) -> None:
    kind, name, product, class_name, location, campus = ([cell.strip() for cell in row.split("|")] + [""] * 5)[:6]
    rule = Rule(
        kind=kind, name=name, campus=campus, product=product, class_name=class_name, location=location, source=SOURCE
    )
    if first:
        world.rules = [one for one in world.rules if (one.kind, one.name, one.campus) != (kind, name, campus)]
    world.rules.append(rule)


def _product(world: World, qbo_id: str, cells: list[str]) -> None:
    name, *rest = cells
    told = _options(rest[0] if rest else "")
    world.items.append(
        Item(
            id=qbo_id,
            name=name,
            type=told.get("type", "Service"),
            class_id=told.get("class", ""),
            income_account_id=told.get("account", ""),
            active="inactive" not in told,
        )
    )


# ---- planning what it tells


def settings_of(world: World) -> Settings:
    raw: dict[str, Any] = {"push": {"invoices": True, "transactions": True}}
    for section, values in world.settings.items():
        raw[section] = raw.get(section, {}) | values
    return from_dict(raw, where=Path("company.toml"))


def books_of(world: World) -> Books:
    chosen: dict[str, Any] = {"custom_numbers": True, "class_tracking": ClassTracking.LINE, "locations": True}
    return Books(
        realm=REALM,
        company_name="Sandbox",
        server_time=datetime(2026, 2, 3, tzinfo=UTC),
        preferences=Preferences(**(chosen | world.preferences)),
        accounts=ACCOUNTS,
        items=tuple(world.items),
        classes=CLASSES,
        locations=LOCATIONS,
        payment_methods=METHODS,
        customers=tuple(world.customers),
        other_names=tuple(world.other_names),
        documents=tuple(world.documents),
        payments=tuple(world.payments),
        deposits=tuple(world.deposits),
    )


def billing_of(world: World) -> Billing:
    return Billing(period=world.period, invoices=tuple(world.invoices.values()), voids=tuple(world.voids))


def mapping_of(world: World) -> Mapping:
    return Mapping(rules=tuple(world.rules))


def plan_of(world: World) -> Plan:
    """The plan for the world's period; the earlier register is given if the table has one."""
    earlier = Billing(period="2025-12", invoices=tuple(world.earlier.values())) if world.earlier else None
    return planning.make_plan(
        billing_of(world),
        mapping_of(world),
        tuple(world.pins),
        books_of(world),
        world.posted,
        settings_of(world),
        company="sample",
        period=world.period,
        earlier=earlier,
    )


# ---- telling a plan


def tell(plan: Plan, world: World, *, lines: bool = False) -> list[str]:
    """The plan, one line an operation, adoption, held invoice, note or stop."""
    told: list[str] = []
    for operation in plan.operations:
        told.append(_told(operation, plan, world))
        if lines and isinstance(operation.record, SalesDocument):
            told += [_told_line(line, operation.record) for line in operation.record.lines]
    told += [f"adopt {adoption.kind} #{adoption.qbo_id} by {adoption.rule}" for adoption in plan.adoptions]
    told += [f"hold {number} {code}" for number, code in plan.held]
    told += [f"stop {one.code}" for one in plan.problems if one.severity is Severity.FILE]
    told += [f"note {one.key} {one.code}".replace("  ", " ") for one in plan.problems if one.severity is Severity.NOTE]
    if plan.unchanged:
        told.append(f"unchanged {len(plan.unchanged)}")
    return [" ".join(one.split()) for one in told]


def _short(moment: date) -> str:
    return moment.isoformat().removeprefix("2026-")


def _named(plan: Plan, world: World, reference: str) -> str:
    """The name or number behind a reference, be it an id or a `key:`."""
    for operation in plan.operations:
        if reference == f"key:{operation.key}":
            record = operation.record
            if isinstance(record, JournalEntry):
                return "the entry"
            return record.display_name if isinstance(record, Customer) else getattr(record, "number", operation.label)
    customers = {one.id: one.display_name for one in world.customers}
    documents = {one.id: one.number for one in world.documents}
    return documents.get(reference) or customers.get(reference) or f"#{reference}"


def _told(operation: Operation, plan: Plan, world: World) -> str:
    match operation.record:
        case Customer() as customer:
            return f"create customer {customer.display_name} {', '.join(customer.emails)}"
        case SalesDocument() as document if operation.kind is Kind.VOID:
            return f"void {document.number} {document.total}"
        case SalesDocument() as document:
            words = {"Invoice": "invoice", "CreditMemo": "credit memo", "RefundReceipt": "refund"}[document.kind]
            who = _named(plan, world, document.customer_id)
            return f"create {words} {document.number} {document.total} {who} {_short(document.txn_date)}"
        case ReceivedPayment() as payment if not payment.total:
            settles, uses = (_named(plan, world, link.txn_id) for link in payment.links)
            return f"apply {payment.links[0].amount} of {uses} to {settles} {_short(payment.txn_date)}"
        case ReceivedPayment() as payment:
            account = next(one.name for one in ACCOUNTS if one.id == payment.deposit_account_id)
            on = " ".join(_named(plan, world, link.txn_id) for link in payment.links)
            return f"create payment {payment.total} {on} {_short(payment.txn_date)} {account}"
        case JournalEntry() as entry:
            moved = ", ".join(f"{line.amount} on #{line.account_id}" for line in entry.lines)
            return f"create journal entry {moved} {_short(entry.txn_date)}"
    raise AssertionError(operation)


def _told_line(line: SalesLine, document: SalesDocument) -> str:
    item = next((one.name for one in ITEMS if one.id == line.item_id), f"#{line.item_id}")
    held = {one.id: one.name for one in CLASSES}
    marks = [f"line {line.amount} {item}"]
    if line.quantity is not None:
        marks.append(f"{line.quantity}x{line.unit_price}")
    if line.class_id or document.class_id:
        marks.append(f"class {held[line.class_id or document.class_id]}")
    if document.location_id:
        marks.append(f"at {next(one.name for one in LOCATIONS if one.id == document.location_id)}")
    return " ".join((*marks, line.tax_code))


# ---- the decorator


def told(test: Callable[[Plan], None]) -> Callable[[], None]:
    """The test with its docstring's table planned and compared first; it is called with the plan."""

    def scenario() -> None:
        world = read(test.__doc__ or "")
        plan = plan_of(world)
        lines = any(row.startswith("line ") for row in world.expected)
        assert tell(plan, world, lines=lines) == world.expected, _why(plan.problems)
        test(plan)

    scenario.__name__, scenario.__doc__, scenario.__module__ = test.__name__, test.__doc__, test.__module__
    return scenario


def _why(problems: Iterable[object]) -> str:
    return "\n".join(str(one) for one in problems)
