"""Bank deposits: what lies in Undeposited Funds is moved to a bank account, with fees and other lines beside it."""

from __future__ import annotations

from dataclasses import dataclass, field

from toolkit.emulator import fault, links, references
from toolkit.emulator.amounts import cents, money
from toolkit.emulator.books import Books, reference_id
from toolkit.emulator.headers import DEPOSITABLE, NEGATIVE, currency, dated, tracked_department
from toolkit.emulator.records import Body, Draft, Link, Posting, Record
from toolkit.emulator.sales_lines import known_lines, line_id

_ACCOUNT_REF = "Line.DepositLineDetail.AccountRef"
_LINKABLE = ("Payment", "SalesReceipt", "RefundReceipt", "JournalEntry", "Transfer")
_ENTITIES = {"customer": "Customer", "vendor": "Vendor", "employee": "Employee"}


@dataclass(slots=True)
class _Reading:
    """The state of reading one deposit's lines."""

    books: Books
    draft: Draft
    known: frozenset[str]
    department: str | None
    total: int = 0
    out: list[Body] = field(default_factory=list)


def _journal_amount(books: Books, source: Record, line: str | None) -> tuple[int, str]:
    """
    The cents and account of the journal entry's line that lies in Undeposited Funds; the line is named by its Id or
    its place.
    """
    rows = source.body.get("Line", [])
    for index, row in enumerate(rows):
        detail = row["JournalEntryLineDetail"]
        account = books.find("Account", reference_id(detail["AccountRef"]) or 0)
        named = line is None or line in (row.get("Id"), str(index))
        if named and account is not None and account.body.get("AccountSubType") == "UndepositedFunds":
            amount = cents(row["Amount"])
            return (amount if detail["PostingType"] == "Debit" else -amount), str(account.id)
    raise _not_there()


def _not_there() -> fault.Fault:
    return fault.business(
        "The transaction you are trying to deposit is not in Undeposited Funds.",
        "L'opération à déposer ne se trouve pas dans les fonds non déposés.",
    )


def _in_hand(books: Books, source: Record, line: str | None) -> tuple[int, str]:
    """
    What a source brings into Undeposited Funds, in cents (a refund takes out), and that account.

    Raises Fault 6000.
    """
    if source.voided:
        raise _not_there()
    if source.entity == "JournalEntry":
        return _journal_amount(books, source, line)
    key = "ToAccountRef" if source.entity == "Transfer" else "DepositToAccountRef"
    account = books.find("Account", reference_id(source.body.get(key)) or 0)
    if account is None or account.body.get("AccountSubType") != "UndepositedFunds":
        raise _not_there()
    return (-1 if source.entity == "RefundReceipt" else 1) * (source.total or 0), str(account.id)


def _source(books: Books, linked: Body) -> Record:
    kind, id = linked.get("TxnType"), linked.get("TxnId")
    if kind not in _LINKABLE:
        raise fault.business(f"Transactions of type {kind} cannot be linked to a deposit.")
    if not (isinstance(id, str) and id.isascii() and id.isdecimal() and len(id) < 19):
        raise fault.invalid_id(id)
    record = books.find(kind, int(id))
    if record is None or record.deleted:
        raise fault.not_found()
    return record


def _double(books: Books, source: Record, line: str | None, mine: int | None, draft: Draft) -> bool:
    elsewhere = [
        to_line
        for from_id, _, to_line in links.into(books, source.id, "Deposit")
        if from_id != mine and (source.entity != "JournalEntry" or to_line == line)
    ]
    here = any(
        link.to_id == source.id and (source.entity != "JournalEntry" or link.to_line == line) for link in draft.links
    )
    return bool(elsewhere) or here


def _linked_line(reading: _Reading, line: Body, linked: Body) -> None:
    books, draft = reading.books, reading.draft
    source = _source(books, linked)
    named = linked.get("TxnLineId") if source.entity == "JournalEntry" else None
    worth, account = _in_hand(books, source, named)
    if _double(books, source, named, draft.old.id if draft.old else None, draft):
        raise fault.business(
            "This transaction has already been deposited.",
            "Cette opération a déjà été déposée.",
        )
    expected = abs(worth) if source.entity == "RefundReceipt" and _positive(books) else worth
    given = line.get("Amount")
    if given is not None and cents(given) != expected and books.switches["deposit_amount"] == "refuse":
        raise fault.business("The amount of a deposit line must be the amount of the transaction it is linked to.")
    out: Body = {"Amount": money(expected), "LinkedTxn": [_shown_link(source, linked, named)]}
    detail = _source_detail(source)
    if detail:
        out["DepositLineDetail"] = detail
    reading.out.append(out)
    reading.total += worth
    draft.links.append(Link(source.entity, source.id, worth, named))
    kind = "Customer" if source.customer_id else None
    memo = line.get("Description")
    draft.postings.append(Posting(account, -worth, kind, source.customer_id, None, reading.department, memo=memo))


def _positive(books: Books) -> bool:
    return books.switches["deposit_refund_sign"] == "positive"


def _shown_link(source: Record, linked: Body, named: str | None) -> Body:
    line = named if named is not None else linked.get("TxnLineId") or "0"
    return {"TxnId": str(source.id), "TxnType": source.entity, "TxnLineId": line}


def _source_detail(source: Record) -> Body:
    """What a linked line shows of its source (seen in sandbox rows): payment method and check number, if there."""
    detail: Body = {}
    if "PaymentMethodRef" in source.body:
        detail["PaymentMethodRef"] = {"value": source.body["PaymentMethodRef"]["value"]}
    if "PaymentRefNum" in source.body:
        detail["CheckNum"] = source.body["PaymentRefNum"]
    return detail


def _entity(books: Books, ref: Body) -> tuple[Body, str, str]:
    kind = _ENTITIES.get(str(ref.get("type", "customer")).lower())
    if kind is None:
        raise fault.invalid_reference("Names", ref.get("value"))
    record = books.referred(kind, ref)
    shown = {"value": str(record.id), "name": record.name, "type": kind.upper()}
    return shown, kind, str(record.id)


def _detail_line(reading: _Reading, line: Body) -> None:
    books = reading.books
    detail = line.get("DepositLineDetail") or {}
    if not detail.get("AccountRef"):
        raise fault.required(_ACCOUNT_REF)
    account = books.referred("Account", detail["AccountRef"])
    if line.get("Amount") is None:
        raise fault.required("Line.Amount")
    amount = cents(line["Amount"])
    shown: Body = {}
    name: tuple[str | None, str | None] = (None, None)
    if detail.get("Entity"):
        shown["Entity"], *rest = _entity(books, detail["Entity"])
        name = (rest[0], rest[1])
    class_id = None
    if detail.get("ClassRef") and _classes(books):
        record = books.referred("Class", detail["ClassRef"])
        shown["ClassRef"], class_id = references.shown(record), str(record.id)
    shown["AccountRef"] = references.shown(account)
    if detail.get("PaymentMethodRef"):
        shown["PaymentMethodRef"] = references.bare(books.referred("PaymentMethod", detail["PaymentMethodRef"]))
    for plain in ("CheckNum", "TxnType", "TaxCodeRef", "TaxApplicableOn"):
        if detail.get(plain):
            shown[plain] = detail[plain]
    out: Body = {"Id": line_id(reading.draft, reading.known, line), "LineNum": len(reading.out) + 1}
    if line.get("Description"):
        out["Description"] = line["Description"]
    out |= {"Amount": money(amount), "DetailType": "DepositLineDetail", "DepositLineDetail": shown}
    reading.out.append(out)
    reading.total += amount
    memo = line.get("Description")
    reading.draft.postings.append(Posting(str(account.id), -amount, *name, class_id, reading.department, memo=memo))


def _classes(books: Books) -> bool:
    names = ("ClassTrackingPerTxn", "ClassTrackingPerTxnLine")
    return any(books.preference("AccountingInfoPrefs", name) for name in names)


def _cash_back(books: Books, draft: Draft, department: str | None) -> int:
    given = draft.fields.get("CashBack") or {}
    if not given.get("Amount"):
        draft.body.pop("CashBack", None)
        return 0
    if not given.get("AccountRef"):
        raise fault.required("CashBack.AccountRef")
    account = books.referred("Account", given["AccountRef"])
    amount = cents(given["Amount"])
    if amount < 0:
        raise fault.business("The amount of cash back must be 0 or greater.")
    memo = given.get("Memo")
    draft.body["CashBack"] = {"AccountRef": references.shown(account), "Amount": money(amount)} | (
        {"Memo": memo} if memo else {}
    )
    draft.postings.append(Posting(str(account.id), amount, department_id=department, memo=memo))
    return amount


def _is_linked(line: Body) -> bool:
    return any(linked.get("TxnId") for linked in line.get("LinkedTxn") or ())


def _lines(reading: _Reading) -> None:
    given = reading.draft.fields.get("Line") or []
    if not given:
        raise fault.required("Line")
    for line in given:
        if _is_linked(line):
            # Asked for as a detail line, a linked line needs an account like any other (public report).
            if line.get("DetailType") and not (line.get("DepositLineDetail") or {}).get("AccountRef"):
                raise fault.required(_ACCOUNT_REF)
            for linked in line["LinkedTxn"]:
                _linked_line(reading, line, linked)
        elif line.get("DetailType") is None:
            raise fault.required("Line.DetailType")
        else:
            _detail_line(reading, line)


def build(books: Books, draft: Draft) -> None:
    """
    The rules of a bank deposit: Dr the bank for its total, Cr Undeposited Funds for linked lines and each line's
    account for the others.

    Raises Fault 2020, 2500, 6000 (not in hand, deposited twice, wrong amount, negative), 6430.
    """
    account = references.account_of(books, draft, "DepositToAccountRef", DEPOSITABLE)
    if account is None:
        raise fault.required("DepositToAccountRef")
    dated(books, draft)
    department = tracked_department(books, draft)
    reading = _Reading(books, draft, known_lines(draft.old), department)
    _lines(reading)
    total = reading.total - _cash_back(books, draft, department)
    if total < 0 and books.switches["deposit_negative"] == "refuse":
        raise fault.business(*NEGATIVE)
    if total == 0 and books.switches["deposit_zero"] == "refuse":
        raise fault.business("You must set a transaction amount.", "Vous devez indiquer un montant.")
    draft.total = total
    draft.body["Line"], draft.body["TotalAmt"] = reading.out, money(total)
    currency(books, draft)
    for unused in ("TxnTaxDetail", "TxnStatus", "GlobalTaxCalculation"):
        draft.body.pop(unused, None)
    memo = draft.body.get("PrivateNote")
    draft.postings.insert(0, Posting(str(account.id), total, department_id=department, memo=memo))
