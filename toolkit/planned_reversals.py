"""Credit notes, refunds and voids: income is reversed once, and nothing in a closed period is ever voided.

Intuit: a credit memo settles an invoice through a payment of zero that links both; a refund receipt takes money out of
an account and reverses income by itself; a void zeroes the document at its original date and is refused while payments
are applied; an applied payment in a bank deposit cannot be changed before the bank deposit is deleted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from toolkit import chart, counterparts, matching, numbering, settlement
from toolkit.books import (
    PENDING,
    Account,
    DocumentKind,
    JournalEntry,
    JournalLine,
    Link,
    ReceivedPayment,
    SalesDocument,
    SalesLine,
    TxnType,
)
from toolkit.frame import NOTHING, Frame, Part, hold, joined, problem
from toolkit.matching import Ambiguous, Identity, Match, Wanted
from toolkit.model import BillingLine, Invoice, LineKind, Method, Refund
from toolkit.money import ZERO, Money, share, show, total
from toolkit.names import fold
from toolkit.numbering import Taken
from toolkit.plan import Action, Adoption, Kind, Operation, pending
from toolkit.planned_invoices import Posting, already_there, auto_applied, is_split_parent, is_voided, state
from toolkit.planned_lines import Prices, build
from toolkit.planned_payments import Tills
from toolkit.problems import Problem


@dataclass(frozen=True, slots=True)
class Memo:
    """A credit memo of an invoice, standing or planned, and what of it is still unused."""

    document_id: str
    document: SalesDocument
    is_new: bool
    unused: Money


@dataclass(frozen=True, slots=True)
class Credited:
    """What the credits of one invoice add to the plan; `applied` is what this plan newly settles by them."""

    part: Part
    memos: tuple[Memo, ...] = ()
    applied: Money = ZERO

    @property
    def total(self) -> Money:
        """The income that the memos reverse."""
        return total(memo.document.total for memo in self.memos)


@dataclass(slots=True)
class Bench:
    """What reversals are made with: prices, tills, and the numbers held so far (`taken` is mutated)."""

    prices: Prices
    where: Tills
    taken: Taken


# ---- credit notes


def plan_credits(frame: Frame, posting: Posting, bench: Bench) -> Credited:
    """A credit memo and its application for every credit note on the invoice, in the order of its lines."""
    notes = [line for line in posting.invoice.lines if line.kind is LineKind.CREDIT_NOTE and line.amount]
    done = Credited(NOTHING, _standing_void_memo(frame, posting))
    for count, line in enumerate(notes, start=1):
        # the report has no day of a credit note: the invoice's own day, or the first day of the period that reports it
        day = frame.open_day(max(posting.invoice.invoice_date, frame.first))
        name = f"{posting.invoice.number}/credit/{count}"
        lines = _credited_lines(frame, posting, line, bench)
        if isinstance(lines, Problem):
            return replace(done, part=joined((done.part, hold(lines))))
        made = _credit(frame, posting, name, day, lines, bench, posting.open_balance - done.applied)
        done = Credited(joined((done.part, made.part)), (*done.memos, *made.memos), done.applied + made.applied)
    return done


def _standing_void_memo(frame: Frame, posting: Posting) -> tuple[Memo, ...]:
    """The credit memo that an earlier run put in the place of a void, if there is one."""
    who = matching.identity(frame.known, Kind.CREDIT_MEMO, f"{posting.invoice.number}/credit/void")
    document = frame.known.standing.documents.get(who.posted.qbo_id) if who.stands and who.posted else None
    return (Memo(document.id, document, is_new=False, unused=document.balance),) if document else ()


def _credited_lines(frame: Frame, posting: Posting, note: BillingLine, bench: Bench) -> tuple[SalesLine, ...] | Problem:
    """The credit note on the product of the line that it names, else spread over the invoice's lines by amount."""
    lines = _document_lines(frame, posting, bench)
    if isinstance(lines, Problem):
        return lines
    charges = [line for line in posting.lines if fold(line.name) == fold(note.name) and line.amount > ZERO]
    if note.name.strip() and charges:
        built = build(
            posting.invoice,
            (replace(charges[0], amount=-note.amount, quantity=None, unit_price=None),),
            bench.prices,
            frame,
        )
        if not isinstance(built, Problem):
            return tuple(replace(line, description=note.description or line.description) for line in built.lines)
    return _spread(lines, -note.amount)


def _document_lines(frame: Frame, posting: Posting, bench: Bench) -> tuple[SalesLine, ...] | Problem:
    if posting.document is not None and any(line.amount for line in posting.document.lines):
        return posting.document.lines
    built = build(posting.invoice, posting.lines, bench.prices, frame)
    return built if isinstance(built, Problem) else built.lines


def _spread(lines: Sequence[SalesLine], amount: Money, less: Sequence[SalesLine] = ()) -> tuple[SalesLine, ...]:
    """`amount` over the lines by what is left of each after `less`, to the cent; lines without a share are left out."""
    left = _left(lines, less)
    weights = left if total(left) else tuple(line.amount for line in lines)
    parts = share(amount, weights)
    return tuple(
        replace(line, amount=part, quantity=None, unit_price=None, id="")
        for line, part in zip(lines, parts, strict=True)
        if part
    )


def _left(lines: Sequence[SalesLine], less: Sequence[SalesLine]) -> tuple[Money, ...]:
    gone: dict[tuple[str, str], Money] = {}
    for line in less:
        place = (line.item_id, line.class_id)
        gone[place] = gone.get(place, ZERO) + line.amount
    left = []
    for line in lines:
        place = (line.item_id, line.class_id)
        used = min(line.amount, gone.get(place, ZERO)) if line.amount > ZERO else ZERO
        gone[place] = gone.get(place, ZERO) - used
        left.append(line.amount - used)
    return tuple(left)


def _credit(
    frame: Frame,
    posting: Posting,
    name: str,
    day: date,
    lines: tuple[SalesLine, ...],
    bench: Bench,
    still_open: Money,
) -> Credited:
    who = matching.identity(frame.known, Kind.CREDIT_MEMO, name)
    if who.undone:
        return Credited(hold(_undone(posting.invoice, "Its credit memo")))
    amount = total(line.amount for line in lines)
    found = _find_memo(frame, posting, who, amount, day)
    if isinstance(found, Ambiguous):
        return Credited(hold(already_there(posting.invoice, found)))
    if isinstance(found, Match):
        return _standing_credit(frame, posting, who, found, amount, still_open, day)
    if frame.books.preferences.auto_apply_credit:
        return Credited(hold(auto_applied(posting.invoice)))
    number = numbering.counted_number(posting.invoice.number, "CM", bench.taken)
    if isinstance(number, Problem):
        return Credited(hold(number))
    document = _memo(posting, who, bench.taken.take(number), day, lines)
    made = Part(operations=(_memo_operation(posting, who, document),))
    memo = Memo(pending(who.key), document, is_new=True, unused=document.total)
    return _applied(frame, posting, who, memo, still_open, day, made)


def _find_memo(frame: Frame, posting: Posting, who: Identity, amount: Money, day: date) -> Match | Ambiguous | None:
    wanted = Wanted(
        kind=DocumentKind.CREDIT_MEMO,
        number=posting.invoice.number,
        customer_id=posting.customer_id,
        total=amount,
        txn_date=day,
    )
    if who.stands:
        return matching.find_document(frame.known, who, wanted)
    marked = frame.known.standing.stamps.get(("CreditMemo", posting.invoice.number, who.key[:4]), ())
    found = [one for one in marked if isinstance(one, SalesDocument)]
    if not found:
        found = [one for one in _numbered_like(frame, posting, "CM") if one.total == amount]
    if len(found) > 1:
        return Ambiguous("already-there", "QuickBooks has several such credit memos.", tuple(found))
    return Match("number, customer and total", found[0].id, found[0]) if found else None


def _numbered_like(frame: Frame, posting: Posting, ending: str) -> list[SalesDocument]:
    """Live documents of this customer that carry the invoice's number with that ending and are nobody's yet."""
    kind = DocumentKind.CREDIT_MEMO if ending == "CM" else DocumentKind.REFUND_RECEIPT
    start = f"{posting.invoice.number}-{ending}".casefold()
    return [
        one
        for one in frame.known.by_number.get(numbering.base(posting.invoice.number), ())
        if one.kind is kind
        and one.customer_id == posting.customer_id
        and one.number.casefold().startswith(start)
        and not one.voided
        and (str(kind), one.id) not in frame.known.logged
        and not counterparts.stamped(one.private_note)
    ]


def _memo(posting: Posting, who: Identity, number: str, day: date, lines: tuple[SalesLine, ...]) -> SalesDocument:
    amount = total(line.amount for line in lines)
    document = posting.document
    return SalesDocument(
        kind=DocumentKind.CREDIT_MEMO,
        number=number,
        customer_id=posting.customer_id,
        txn_date=day,
        total=amount,
        lines=lines,
        balance=amount,
        location_id=document.location_id if document else "",
        class_id=document.class_id if document else "",
        bill_email=document.bill_email if document else "",
        private_note=counterparts.stamp(posting.invoice.number, who.key),
    )


def _memo_operation(posting: Posting, who: Identity, document: SalesDocument) -> Operation:
    return Operation(
        key=who.key,
        kind=Kind.CREDIT_MEMO,
        action=Action.CREATE,
        entity="CreditMemo",
        record=document,
        label=f"Credit memo {document.number} · {posting.invoice.team}",
        reason=f"Coworks took back {show(document.total)} of invoice {posting.invoice.number}.",
        amount=-document.total,
        needs=posting.needs,
        coworks_id=who.coworks_id,
        generation=who.generation,
    )


def _standing_credit(
    frame: Frame, posting: Posting, who: Identity, found: Match, amount: Money, still_open: Money, day: date
) -> Credited:
    document = found.record
    if document is None:
        return Credited(Part(unchanged=(who.key,)))
    if who.stands:
        made = Part(unchanged=(who.key,))
    else:
        adoption = Adoption(
            key=who.key,
            kind=Kind.CREDIT_MEMO,
            entity="CreditMemo",
            qbo_id=document.id,
            number=document.number,
            amount=-amount,
            rule=found.rule,
            label=f"Credit memo {document.number} · {posting.invoice.team}",
            coworks_id=who.coworks_id,
        )
        made = Part(adoptions=(adoption,), facts=(state(document),))
    memo = Memo(document.id, document, is_new=False, unused=document.balance)
    return _applied(frame, posting, who, memo, still_open, day, made)


def _applied(
    frame: Frame, posting: Posting, of: Identity, memo: Memo, still_open: Money, day: date, made: Part
) -> Credited:
    """The memo's zero payment onto the invoice, as far as both are open; none if it was applied before."""
    who = matching.identity(frame.known, Kind.CREDIT_APPLICATION, of.coworks_id)
    amount = min(memo.unused, still_open)
    if who.stands or amount <= ZERO:
        kept = Part(unchanged=(who.key,)) if who.stands else NOTHING
        return Credited(joined((made, kept)), (memo,))
    operation = _application(
        posting,
        who,
        day,
        Link(txn_type=TxnType.INVOICE, txn_id=posting.document_id, amount=amount),
        Link(txn_type=TxnType.CREDIT_MEMO, txn_id=memo.document_id, amount=amount),
        needs=(*posting.needs, *_needs(memo)),
    )
    unused = replace(memo, unused=memo.unused - amount)
    return Credited(joined((made, Part(operations=(operation,)))), (unused,), amount)


def _needs(memo: Memo) -> tuple[str, ...]:
    return (memo.document_id.removeprefix(PENDING),) if memo.is_new else ()


def _application(
    posting: Posting, who: Identity, day: date, settles: Link, uses: Link, needs: tuple[str, ...]
) -> Operation:
    record = ReceivedPayment(
        customer_id=posting.customer_id,
        txn_date=day,
        total=ZERO,
        links=(settles, uses),
        private_note=counterparts.stamp(posting.invoice.number, who.key),
    )
    return Operation(
        key=who.key,
        kind=Kind.CREDIT_APPLICATION,
        action=Action.CREATE,
        entity="Payment",
        record=record,
        label=f"Credit applied to {posting.invoice.number} · {posting.invoice.team}",
        reason=f"{show(settles.amount)} of the credit memo settles it; no money moves.",
        needs=needs,
        coworks_id=who.coworks_id,
        generation=who.generation,
    )


# ---- refunds


def plan_refunds(frame: Frame, posting: Posting, credited: Credited, bench: Bench) -> Part:
    """A refund receipt for every refund whose income is not reversed yet, else the cash-out against the credit memo."""
    reversed_so_far = credited.total
    parts = []
    ordered = sorted(posting.invoice.refunds, key=lambda one: (one.refunded_on, one.occurrence, one.refund_id))
    memos = credited.memos
    for refund in ordered:
        by_receipt = refund.amount <= posting.total - reversed_so_far
        if by_receipt or not memos:
            parts.append(_refund_receipt(frame, posting, refund, credited, bench, by_receipt))
            reversed_so_far += refund.amount if by_receipt else ZERO
        else:
            parts.append(_cash_out(frame, posting, refund, memos))
    return joined(parts)


def _refund_receipt(
    frame: Frame, posting: Posting, refund: Refund, credited: Credited, bench: Bench, fits: bool
) -> Part:
    who = matching.identity(frame.known, Kind.REFUND, settlement.refund_id(refund))
    if who.stands:
        return Part(unchanged=(who.key,))
    found = _find_refund(frame, posting, refund, who)
    if isinstance(found, Ambiguous):
        return hold(already_there(posting.invoice, found))
    if isinstance(found, SalesDocument):
        return _adopted_refund(posting, who, found)
    account = _till(posting, bench.where)
    stopped = _refund_stopped(frame, posting, refund, who, account, fits)
    if stopped is not None:
        return hold(stopped)
    assert isinstance(account, Account)
    return _new_refund(frame, posting, refund, who, account, credited, bench)


def _new_refund(
    frame: Frame, posting: Posting, refund: Refund, who: Identity, account: Account, credited: Credited, bench: Bench
) -> Part:
    lines = _document_lines(frame, posting, bench)
    if isinstance(lines, Problem):
        return hold(lines)
    number = numbering.counted_number(posting.invoice.number, "RF", bench.taken, refund.occurrence)
    if isinstance(number, Problem):
        return hold(number)
    tax = _tax_share(posting, refund.amount)
    less = tuple(line for memo in credited.memos for line in memo.document.lines)
    record = SalesDocument(
        kind=DocumentKind.REFUND_RECEIPT,
        number=bench.taken.take(number),
        customer_id=posting.customer_id,
        txn_date=frame.open_day(refund.refunded_on),
        total=refund.amount,
        lines=_spread(lines, refund.amount - tax, less),
        location_id=posting.document.location_id if posting.document else "",
        class_id=posting.document.class_id if posting.document else "",
        bill_email=posting.document.bill_email if posting.document else "",
        private_note=counterparts.stamp(posting.invoice.number, who.key),
        deposit_account_id=account.id,
        payment_method_id=bench.where.methods[_method(posting)],
        total_tax=tax,
    )
    return Part(operations=(_refund_operation(posting, refund, who, record, account),))


def _refund_operation(
    posting: Posting, refund: Refund, who: Identity, record: SalesDocument, account: Account
) -> Operation:
    why = f" ({refund.reason})" if refund.reason else ""
    spread = "spread over the invoice's lines by amount" if len(record.lines) > 1 else "on the invoice's product"
    return Operation(
        key=who.key,
        kind=Kind.REFUND,
        action=Action.CREATE,
        entity="RefundReceipt",
        record=record,
        label=f"Refund {record.number} · {posting.invoice.team}",
        reason=f"Refunded in Coworks on {refund.refunded_on}{why}; {spread}; from {account.name}.",
        amount=-record.total,
        needs=posting.needs,
        coworks_id=who.coworks_id,
        generation=who.generation,
    )


def _tax_share(posting: Posting, amount: Money) -> Money:
    document = posting.document
    if document is None or not document.total_tax:
        return ZERO
    return share(amount, (document.total_tax, document.total - document.total_tax))[0]


def _method(posting: Posting) -> Method:
    methods = {payment.method for payment in posting.invoice.payments}
    return methods.pop() if len(methods) == 1 else Method.OTHER


def _till(posting: Posting, where: Tills) -> Account | Problem:
    return where.accounts[_method(posting)]


def _refund_stopped(
    frame: Frame, posting: Posting, refund: Refund, who: Identity, account: Account | Problem, fits: bool
) -> Problem | None:
    invoice = posting.invoice
    if who.undone:
        return _undone(invoice, "Its refund")
    if frame.is_before_go_live(refund.refunded_on):
        return _old_refund(invoice, refund)
    if isinstance(account, Problem):
        return problem(invoice, account.code, account.what, account.why, account.do, account.candidates)
    if refund.amount <= ZERO or not fits:
        return _refund_too_large(posting, refund)
    return None


def _find_refund(frame: Frame, posting: Posting, refund: Refund, who: Identity) -> SalesDocument | Ambiguous | None:
    marked = frame.known.standing.stamps.get(("RefundReceipt", posting.invoice.number, who.key[:4]), ())
    found = [one for one in marked if isinstance(one, SalesDocument)]
    if not found:
        found = [one for one in _numbered_like(frame, posting, "RF") if one.total == refund.amount]
        dated = [one for one in found if one.txn_date == refund.refunded_on]
        found = dated or found
    if len(found) > 1:
        return Ambiguous("already-there", "QuickBooks has several such refund receipts.", tuple(found))
    return found[0] if found else None


def _adopted_refund(posting: Posting, who: Identity, document: SalesDocument) -> Part:
    adoption = Adoption(
        key=who.key,
        kind=Kind.REFUND,
        entity="RefundReceipt",
        qbo_id=document.id,
        number=document.number,
        amount=-document.total,
        rule="stamp" if counterparts.stamped(document.private_note) else "number, customer and total",
        label=f"Refund {document.number} · {posting.invoice.team}",
        coworks_id=who.coworks_id,
    )
    return Part(adoptions=(adoption,), facts=(state(document),))


def _cash_out(frame: Frame, posting: Posting, refund: Refund, memos: tuple[Memo, ...]) -> Part:
    """Dr accounts receivable / Cr Undeposited Funds, linked to the memo by a zero payment: income is reversed once."""
    who = matching.identity(frame.known, Kind.REFUND, settlement.refund_id(refund))
    if who.stands:
        return Part(unchanged=(who.key,))
    memo = next((one for one in memos if one.unused >= refund.amount), None)
    receivable = chart.receivable(frame.books, frame.settings)
    funds = chart.undeposited_funds(frame.books, frame.settings)
    if who.undone:
        return hold(_undone(posting.invoice, "Its refund"))
    if memo is None:
        return hold(_credit_used(posting.invoice, refund))
    for account in (receivable, funds):
        if isinstance(account, Problem):
            return hold(
                problem(posting.invoice, account.code, account.what, account.why, account.do, account.candidates)
            )
    assert isinstance(receivable, Account)
    assert isinstance(funds, Account)
    entry = _cash_out_entry(frame, posting, refund, who, receivable, funds)
    applied = _application(
        posting,
        matching.identity(frame.known, Kind.CREDIT_APPLICATION, f"{who.coworks_id}/cash-out"),
        entry.txn_date,
        Link(txn_type=TxnType.JOURNAL_ENTRY, txn_id=pending(who.key), amount=refund.amount, line_id="0"),
        Link(txn_type=TxnType.CREDIT_MEMO, txn_id=memo.document_id, amount=refund.amount),
        needs=(who.key, *_needs(memo)),
    )
    operation = Operation(
        key=who.key,
        kind=Kind.REFUND,
        action=Action.CREATE,
        entity="JournalEntry",
        record=entry,
        label=f"Refund of {posting.invoice.number} · {posting.invoice.team}",
        reason="A credit memo has reversed the income already, so only the cash goes out.",
        amount=-refund.amount,
        needs=posting.needs,
        coworks_id=who.coworks_id,
        generation=who.generation,
    )
    return Part(operations=(operation, applied))


def _cash_out_entry(
    frame: Frame, posting: Posting, refund: Refund, who: Identity, receivable: Account, funds: Account
) -> JournalEntry:
    words = f"Refund of {posting.invoice.number}"
    return JournalEntry(
        number=f"CW-{who.key[:8].upper()}",
        txn_date=frame.open_day(refund.refunded_on),
        lines=(
            JournalLine(
                account_id=receivable.id, amount=refund.amount, description=words, customer_id=posting.customer_id
            ),
            JournalLine(account_id=funds.id, amount=-refund.amount, description=words),
        ),
        private_note=counterparts.stamp(posting.invoice.number, who.key),
    )


def _credit_used(invoice: Invoice, refund: Refund) -> Problem:
    return problem(
        invoice,
        "credit-used",
        f"{show(refund.amount)} was refunded, but its credit memo has been used already.",
        "The same credit would be given twice.",
        "Find what the credit memo settled in QuickBooks and free it, then plan again.",
    )


def _refund_too_large(posting: Posting, refund: Refund) -> Problem:
    return problem(
        posting.invoice,
        "refund-too-large",
        f"{show(refund.amount)} was refunded, more than is left of its {show(posting.total)}.",
        "Income can be reversed once only; the rest is something else, such as a dispute.",
        "Find out what the rest is and enter it by hand.",
    )


def _old_refund(invoice: Invoice, refund: Refund) -> Problem:
    return problem(
        invoice,
        "refund-before-go-live",
        f"A refund of {show(refund.amount)} is dated {refund.refunded_on}, before go-live.",
        "It is in the old books; it is never posted.",
        "Nothing, if the opening balance has it.",
        note=True,
    )


def _undone(invoice: Invoice, what: str) -> Problem:
    return problem(
        invoice,
        "undone",
        f"{what} was posted, and then undone by a person.",
        "What a person took back is not posted again on its own.",
        "Release its key if it shall be posted again.",
    )


# ---- voids


def plan_void(
    frame: Frame, posting: Posting, children: Mapping[str, tuple[Invoice, ...]], credited: Credited, bench: Bench
) -> Part:
    """The void of a posted invoice that Coworks voided or split: a void, a credit memo, or what has to be undone first.

    Nothing if Coworks neither voided nor split it, or if refunds have reversed it whole.
    """
    invoice = posting.invoice
    split = is_split_parent(invoice, children)
    if not (is_voided(invoice) or split):
        return NOTHING
    event = invoice.voided_on or _day_of_split(children.get(invoice.number, ()))
    left = posting.total - credited.total - total(refund.amount for refund in invoice.refunds)
    if left <= ZERO:
        return NOTHING
    if posting.document is None or frame.is_closed(posting.document.txn_date):
        return _void_by_memo(frame, posting, event, left, credited, bench)
    return _void(frame, posting, split)


def _day_of_split(children: tuple[Invoice, ...]) -> date | None:
    return children[0].invoice_date if children else None


def void_identity(frame: Frame, invoice: Invoice) -> Identity:
    """The identity of the void of an invoice in the posting log."""
    return matching.identity(frame.known, Kind.VOID, f"{counterparts.invoice_id(invoice)}/void")


def _void(frame: Frame, posting: Posting, split: bool) -> Part:
    invoice = posting.invoice
    who = void_identity(frame, invoice)
    document = posting.document
    assert document is not None
    if who.undone:
        return hold(_undone(invoice, "Its void"))
    if posting.is_new or document.balance != document.total:
        return hold(_undo_first(frame, posting))
    if document.kind is not DocumentKind.INVOICE:
        return hold(_no_void(invoice, document))
    operation = Operation(
        key=who.key,
        kind=Kind.VOID,
        action=Action.VOID,
        entity=str(document.kind),
        record=document,
        label=f"Void {document.number} · {invoice.team}",
        reason=_why_void(invoice, split),
        amount=-document.total,
        coworks_id=who.coworks_id,
        generation=who.generation,
    )
    return Part(operations=(operation,), facts=(state(document),))


def _why_void(invoice: Invoice, split: bool) -> str:
    if split:
        return "Split in Coworks: its parts are posted in its place."
    why = f" ({invoice.void_reason})" if invoice.void_reason else ""
    return f"Voided in Coworks on {invoice.voided_on}{why}; its date is open and nothing is applied to it."


def _undo_first(frame: Frame, posting: Posting) -> Problem:
    """What a person must undo before the invoice can be voided, in order."""
    standing = frame.known.standing
    steps: list[str] = []
    settling = standing.payments_of_document.get(posting.document_id, ())
    for payment in sorted(settling, key=lambda one: (one.txn_date, len(one.id), one.id)):
        for deposit in standing.deposits_of.get((TxnType.PAYMENT, payment.id), ()):
            steps.append(f"delete the bank deposit of {deposit.txn_date} over {show(deposit.total)} (#{deposit.id})")
        steps.append(
            f"take the payment of {payment.txn_date} over {show(payment.total)} (#{payment.id}) off the invoice"
        )
    what = "Coworks voided it" if is_voided(posting.invoice) else "Coworks split it"
    return problem(
        posting.invoice,
        "void-with-payments",
        f"{what}, but payments or credits are applied to it{' in this very plan' if posting.is_new else ''}.",
        "QuickBooks refuses to void it, or would leave the money without an invoice.",
        f"First {'; then '.join(steps)}; then plan again."
        if steps
        else "Refund the payment in Coworks, or remove it, then plan again.",
        candidates=steps,
    )


def _no_void(invoice: Invoice, document: SalesDocument) -> Problem:
    return problem(
        invoice,
        "credit-memo-void",
        f"Coworks voided it, and in QuickBooks it is the credit memo {document.number} (#{document.id}).",
        "QuickBooks cannot void a credit memo, only delete it.",
        "Delete it in QuickBooks by hand.",
    )


def _void_by_memo(
    frame: Frame, posting: Posting, event: date | None, left: Money, credited: Credited, bench: Bench
) -> Part:
    if event is None:
        return hold(_undated(posting.invoice))
    lines = _document_lines(frame, posting, bench)
    if isinstance(lines, Problem):
        return hold(lines)
    less = tuple(line for memo in credited.memos for line in memo.document.lines)
    whole = not less and total(line.amount for line in lines) == left
    reversed_lines = tuple(replace(line, id="") for line in lines) if whole else _spread(lines, left, less)
    name = f"{posting.invoice.number}/credit/void"
    still_open = posting.open_balance - credited.applied
    return _credit(frame, posting, name, frame.open_day(event), reversed_lines, bench, still_open).part


def _undated(invoice: Invoice) -> Problem:
    return problem(
        invoice,
        "void-without-date",
        "Coworks voided it, and the report does not say when.",
        "Its period is closed, so a credit memo takes the place of the void and needs its day.",
        "Add the invoice with the day of the void to voids.csv.",
    )
