"""Journal entries, transfers and purchases."""

from __future__ import annotations

from toolkit.emulator import fault, ledger, links, references
from toolkit.emulator.amounts import cents, grouped, money, plain
from toolkit.emulator.books import Books, reference_id
from toolkit.emulator.headers import NEGATIVE, currency, dated, tracked_department
from toolkit.emulator.records import Body, Draft, Posting, Record
from toolkit.emulator.sales_lines import checked_amount, known_lines, line_id

_CASH = ("Bank", "Credit Card", "Other Current Asset", "Other Current Liability", "Equity", "Fixed Asset",
"Other Asset",
         "Long Term Liability")  # fmt: skip


def _guard_linked(books: Books, draft: Draft, changed: bool) -> None:
    """Raises Fault 6540 when what lies in a bank deposit would change, 6000 when what is applied would."""
    if draft.old is None or not changed:
        return
    if links.deposit_of(books, draft.old.id) is not None:
        raise fault.deposited()
    if links.applied(books, draft.old.id):
        raise fault.business("A transaction that is linked to a payment cannot be changed.")


def _journal_entity(books: Books, detail: Body, account: Record) -> tuple[Body | None, str | None, str | None]:
    given = detail.get("Entity") or {}
    ref = given.get("EntityRef")
    if not ref:
        if references.account_type(account) in (ledger.RECEIVABLE, ledger.PAYABLE):
            need = "customer" if references.account_type(account) == ledger.RECEIVABLE else "vendor"
            raise fault.business(f"When you use {account.name}, you must choose a {need} in the Name field.")
        return None, None, None
    kind = given.get("Type") or "Customer"
    record = books.referred(kind, ref)
    return {"Type": kind, "EntityRef": references.shown(record)}, kind, str(record.id)


def _journal_line(books: Books, draft: Draft, line: Body, index: int, out: list[Body]) -> int:
    if line.get("DetailType") is None:
        raise fault.required("Line.DetailType")
    if line["DetailType"] == "DescriptionOnly":
        out.append({"Id": str(index), "Description": line.get("Description", ""), "DetailType": "DescriptionOnly"})
        return 0
    detail = line.get("JournalEntryLineDetail") or {}
    for field in ("PostingType", "AccountRef"):
        if not detail.get(field):
            raise fault.required(f"Line.JournalEntryLineDetail.{field}")
    if line.get("Amount") is None:
        raise fault.required("Line.Amount")
    account = books.referred("Account", detail["AccountRef"])
    entity, kind, name = _journal_entity(books, detail, account)
    shown: Body = {"PostingType": detail["PostingType"]}
    if entity:
        shown["Entity"] = entity
    shown["AccountRef"] = references.shown(account)
    tracked = _tracked(books, detail, shown)
    amount = cents(line["Amount"])
    # Journal entry lines are numbered from 0; a bank deposit names them so in TxnLineId.
    row: Body = {"Id": str(index)}
    if line.get("Description"):
        row["Description"] = line["Description"]
    out.append(row | {"Amount": money(amount), "DetailType": "JournalEntryLineDetail", "JournalEntryLineDetail": shown})
    signed = amount if detail["PostingType"] == "Debit" else -amount
    draft.postings.append(Posting(str(account.id), signed, kind, name, *tracked, memo=line.get("Description")))
    return signed


def _tracked(books: Books, detail: Body, shown: Body) -> tuple[str | None, str | None]:
    """Class and location of a journal line, where the company tracks them."""
    ids: list[str | None] = [None, None]
    for place, (field, entity, prefs) in enumerate((
        ("ClassRef", "Class", ("ClassTrackingPerTxn", "ClassTrackingPerTxnLine")),
        ("DepartmentRef", "Department", ("TrackDepartments",)),
    )):  # fmt: skip
        if detail.get(field) and any(books.preference("AccountingInfoPrefs", pref) for pref in prefs):
            record = books.referred(entity, detail[field])
            shown[field], ids[place] = references.shown(record), str(record.id)
    return ids[0], ids[1]


def build_entry(books: Books, draft: Draft) -> None:
    """
    A journal entry; raises Fault 2020, 2300 (debits are not credits), 2500, 6000 (receivables without a name), 6540.
    """
    fields, body = draft.fields, draft.body
    given = fields.get("Line") or []
    if not given:
        raise fault.required("Line")
    dated(books, draft)
    out: list[Body] = []
    signed = [_journal_line(books, draft, line, index, out) for index, line in enumerate(given)]
    debits, credits = sum(s for s in signed if s > 0), -sum(s for s in signed if s < 0)
    if debits != credits:
        raise fault.unbalanced(grouped(debits), grouped(credits))
    draft.total = debits
    body["Line"], body["TotalAmt"] = out, money(debits)
    body.setdefault("Adjustment", False)
    body["TxnTaxDetail"] = {}
    draft.doc_number = fields.get("DocNumber")
    currency(books, draft)
    linked = links.linked(books, draft.old.id) if draft.old else []
    if linked:
        body["LinkedTxn"] = linked
    old = draft.old
    _guard_linked(books, draft, old is not None and (old.txn_date != draft.txn_date or old.body["Line"] != out))


def build_transfer(books: Books, draft: Draft) -> None:
    """A transfer: Dr the account it goes to, Cr the account it comes from."""
    fields, body = draft.fields, draft.body
    accounts = []
    for field in ("FromAccountRef", "ToAccountRef"):
        account = references.account_of(books, draft, field, _CASH)
        if account is None:
            raise fault.required(field)
        accounts.append(account)
    if fields.get("Amount") is None:
        raise fault.required("Amount")
    source, target = accounts
    if source.id == target.id:
        raise fault.business("You cannot transfer funds to and from the same account.")
    draft.total = cents(fields["Amount"])
    if draft.total < 0:
        raise fault.business(*NEGATIVE)
    dated(books, draft)
    body["Amount"] = money(draft.total)
    currency(books, draft)
    linked = links.linked(books, draft.old.id) if draft.old else []
    if linked:
        body["LinkedTxn"] = linked
    memo = body.get("PrivateNote")
    draft.postings = [Posting(str(target.id), draft.total, memo=memo), Posting(str(source.id), -draft.total, memo=memo)]
    old = draft.old
    moved = old is not None and (
        (old.total, old.txn_date, old.body["ToAccountRef"]) != (draft.total, draft.txn_date, body["ToAccountRef"])
    )
    _guard_linked(books, draft, moved)


def _purchase_name(books: Books, draft: Draft) -> tuple[str | None, str | None]:
    ref = draft.fields.get("EntityRef")
    if not ref:
        return None, None
    kind = str(ref.get("type") or "Vendor").capitalize()
    if kind not in ("Vendor", "Customer", "Employee"):
        raise fault.invalid_reference("Names", ref.get("value"))
    record = books.referred(kind, ref)
    draft.body["EntityRef"] = {**references.shown(record), "type": kind}
    return kind, str(record.id)


def _purchase_line(books: Books, draft: Draft, line: Body, known: frozenset[str], department: str | None) -> Body:
    kind = line.get("DetailType")
    if kind is None:
        raise fault.required("Line.DetailType")
    detail = line.get(kind) or {}
    shown: Body = {}
    item_id = None
    if kind == "AccountBasedExpenseLineDetail":
        if not detail.get("AccountRef"):
            raise fault.required(f"Line.{kind}.AccountRef")
        account = books.referred("Account", detail["AccountRef"])
        shown["AccountRef"] = references.shown(account)
    elif kind == "ItemBasedExpenseLineDetail":
        account, item_id = _expense_item(books, detail, shown)
    else:
        raise fault.business(f"Line detail {kind} cannot be used on this transaction.")
    class_id, _ = _tracked(books, {"ClassRef": detail.get("ClassRef")}, shown)
    if detail.get("CustomerRef"):
        shown["CustomerRef"] = references.shown(books.referred("Customer", detail["CustomerRef"]))
    shown["BillableStatus"] = detail.get("BillableStatus") or "NotBillable"
    shown["TaxCodeRef"] = detail.get("TaxCodeRef") or {"value": "NON"}
    amount, memo = checked_amount(line, detail), line.get("Description")
    draft.postings.append(Posting(str(account.id), amount, None, None, class_id, department, item_id, memo=memo))
    row: Body = {"Id": line_id(draft, known, line)} | ({"Description": memo} if memo else {})
    return row | {"Amount": money(amount), "DetailType": kind, kind: shown}


def _expense_item(books: Books, detail: Body, shown: Body) -> tuple[Record, str]:
    item = books.referred("Item", detail.get("ItemRef"))
    id = reference_id(item.body.get("ExpenseAccountRef")) or reference_id(item.body.get("IncomeAccountRef"))
    account = books.find("Account", id) if id is not None else None
    if account is None:
        raise fault.line_incomplete()
    shown["ItemRef"] = references.shown(item)
    for field in ("UnitPrice", "Qty"):
        if detail.get(field):
            shown[field] = plain(detail[field])
    return account, str(item.id)


def build_purchase(books: Books, draft: Draft) -> None:
    """
    A purchase (cash, check or credit card): Dr what each line is for, Cr the account it was paid from; a credit the
    other way.
    """
    fields, body = draft.fields, draft.body
    account = references.account_of(books, draft, "AccountRef", _CASH)
    if account is None:
        raise fault.required("AccountRef")
    if not fields.get("PaymentType"):
        raise fault.required("PaymentType")
    given = fields.get("Line") or []
    if not given:
        raise fault.required("Line")
    dated(books, draft)
    department = tracked_department(books, draft)
    name = _purchase_name(books, draft)
    references.normalize(books, draft, "PaymentMethodRef", "PaymentMethod", named=False)
    known = known_lines(draft.old)
    body["Line"] = [_purchase_line(books, draft, line, known, department) for line in given]
    draft.total = sum(posting.amount for posting in draft.postings)
    if draft.total < 0:
        raise fault.business(*NEGATIVE)
    sign = -1 if fields.get("Credit") else 1
    sides = [side._replace(amount=sign * side.amount, name_type=name[0], name_id=name[1]) for side in draft.postings]
    memo = body.get("PrivateNote")
    paid = Posting(str(account.id), -sign * draft.total, *name, None, department, memo=memo)
    draft.postings = [paid, *sides]
    body["TotalAmt"] = money(draft.total)
    body.setdefault("Credit", False)
    body.setdefault("PrintStatus", "NotSet")
    draft.doc_number = fields.get("DocNumber")
    currency(books, draft)
