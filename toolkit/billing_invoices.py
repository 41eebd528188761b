"""Drafts of one invoice number, from however many tabs, to one Invoice or the problems that hold it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from toolkit.billing_columns import (
    LIST_TABS,
    STATUSES,
    STRENGTH,
    TAB_STATUS,
    TYPE_OF_KIND,
    TYPES,
    word,
)
from toolkit.billing_rows import PLACE, Draft, Head, Held, Stated, Words, held, item, line_kind, unreadable
from toolkit.billing_settlement import check_refundable, in_order, payments_of, refunds_in_order, refunds_of
from toolkit.cells import Cell, number_text
from toolkit.model import (
    FEES,
    BillingLine,
    BillingPayment,
    Invoice,
    InvoiceStatus,
    InvoiceType,
    LineKind,
    Refund,
)
from toolkit.money import ZERO, Money, show, total
from toolkit.problems import Problem, Severity

_IDENTITY = ("team", "invoice_date", "total", "currency", "campus", "due_date")
_SAME_EVERYWHERE = ("invoice_date", "total", "currency")
_STRENGTH = {status: place for place, status in enumerate(STRENGTH)}
_TAB_PLACE = {tab: place for place, tab in enumerate(LIST_TABS)}


@dataclass(slots=True)
class Built:
    """One number, decided: the invoice, or None if its problems hold it."""

    invoice: Invoice | None
    problems: tuple[Problem, ...] = ()


@dataclass(slots=True, kw_only=True)
class Apart:
    """What tables of their own say of one number; None if the report has no such table."""

    lines: Sequence[BillingLine] = ()
    payments: Sequence[BillingPayment] | None = None
    refunds: Sequence[Refund] | None = None


def build(drafts: Sequence[Draft], apart: Apart) -> Built:
    """The invoice that these drafts of one number describe, with what tables of their own say of it."""
    if len(drafts) > 1:
        drafts = sorted(drafts, key=lambda draft: _TAB_PLACE[draft.tab])
    first = drafts[0]
    if first.problems or len(drafts) > 1:
        problems = [problem for draft in drafts for problem in draft.problems]
        if any(problem.severity is not Severity.NOTE for problem in problems):
            return Built(None, tuple(problems))
    try:
        return Built(_Reading(drafts).invoice(apart), _repeated_rows(drafts))
    except Held as stopped:
        return Built(None, (stopped.problem,))
    except ValueError as error:
        return Built(None, (unreadable(first.source, first.number, error),))


def _repeated_rows(drafts: Iterable[Draft]) -> tuple[Problem, ...]:
    return tuple(
        Problem(
            code="repeated-row",
            where=str(draft.table.source(row)),
            what=f"This row of invoice {draft.number} repeats an earlier row of the tab exactly.",
            why="It was counted once.",
            do="Nothing, unless the invoice really has the same line twice.",
            severity=Severity.NOTE,
            key=draft.number,
        )
        for draft in drafts
        for row in draft.repeats
    )


class _Reading:
    """The drafts of one number in the order of their word, with the cells that count."""

    def __init__(self, drafts: Sequence[Draft]) -> None:
        self.drafts = drafts
        self.first = drafts[0]
        self.number = self.first.number
        self.cells = self.first.cells
        self.merged = self._merge()

    def _merge(self) -> tuple[Cell, ...]:
        if len(self.drafts) == len(self.first.heads) == 1:
            return self.first.heads[0].cells
        heads = [head.cells for draft in self.drafts for head in draft.heads]
        for draft in self.drafts:
            if len(draft.heads) > 1:
                self._agree(_IDENTITY, draft.heads, "duplicate-number", "twice in one tab")
        if len(self.drafts) > 1:
            self._agree(_SAME_EVERYWHERE, [draft.heads[0] for draft in self.drafts], "tabs-disagree", "in two tabs")
        return tuple(next((cell for cell in cells if cell not in ("", None)), "") for cells in zip(*heads, strict=True))

    def _agree(self, names: Sequence[str], heads: Sequence[Head], code: str, where: str) -> None:
        for name in names:
            said = {self._meaning(name, head[name]) for head in heads if head[name] not in ("", None)}
            if len(said) > 1:
                values = " and ".join(sorted(str(one) for one in said))
                raise Held(
                    item(
                        code,
                        self.first.source,
                        f"Invoice {self.number} stands {where} with different content "
                        f"({name.replace('_', ' ')}: {values}).",
                        "Which of them Coworks means would be a guess, so the invoice is held.",
                        "Look the invoice up in Coworks and correct or delete the wrong row.",
                        key=self.number,
                    )
                )

    def _meaning(self, name: str, cell: Cell) -> object:
        if name == "total":
            return self.cells.money(cell)
        if name.endswith("_date"):
            return self.day(name, cell)
        return number_text(cell).strip().casefold()

    def text(self, name: str) -> str:
        return self.cells.text(self.merged[PLACE[name]])

    def own(self, name: str) -> str:
        return self.cells.own(self.merged[PLACE[name]])

    def day(self, name: str, cell: Cell | None = None, draft: Draft | None = None) -> date | None:
        cell = self.merged[PLACE[name]] if cell is None else cell
        return self.cells.day(cell, name in (draft or self.first).has.utc)

    def amount(self, name: str) -> Money | None:
        return self.cells.amount(self.merged[PLACE[name]])

    def held(self, code: str, what: str, why: str, do: str) -> Held:
        return held(self.first, code, what, why, do)

    def invoice(self, apart: Apart) -> Invoice:
        issued = self.day("invoice_date")
        if issued is None:
            raise self.held(
                "no-invoice-date",
                f"Invoice {self.number} has no invoice date.",
                "The date decides the month it belongs to.",
                "Give the date in the report.",
            )
        team = self.text("team")
        if not team:
            raise self.held(
                "no-team",
                f"Invoice {self.number} names no team.",
                "Without it there is no customer to bill (non-members are called Guest).",
                "Give the team in the report.",
            )
        lines, amount = self._lines_and_total(apart.lines)
        heads = [Stated(draft, head, self.status_of(draft, head)) for draft in self.drafts for head in draft.heads]
        status = min([one.status for one in heads], key=_STRENGTH.__getitem__) if len(heads) > 1 else heads[0].status
        payments = payments_of(heads, status, amount) if apart.payments is None else in_order(apart.payments)
        refunds = refunds_of(heads, payments, amount) if apart.refunds is None else refunds_in_order(apart.refunds)
        check_refundable(self.first, status, refunds)
        return self._record(issued, team, lines, amount, status, payments, refunds)

    def _record(  # noqa: PLR0917 - the parts that were worked out, in order
        self,
        issued: date,
        team: str,
        lines: tuple[BillingLine, ...],
        amount: Money,
        status: InvoiceStatus,
        payments: tuple[BillingPayment, ...],
        refunds: tuple[Refund, ...],
    ) -> Invoice:
        paid = total([one.amount for one in payments]) if payments else ZERO
        back = total([one.amount for one in refunds]) if refunds else ZERO
        if status is InvoiceStatus.REFUNDED and ZERO < back < paid:
            status = InvoiceStatus.PARTIALLY_REFUNDED
        text, own = self.text, self.own
        return Invoice(
            number=self.number,
            coworks_id=own("invoice_id"),
            team=team,
            email=text("customer_email"),
            admin_name=text("admin_name"),
            campus=text("campus"),
            status=status,
            type=self._type(lines),
            invoice_date=issued,
            due_date=self.day("due_date") or issued,
            lines=lines,
            total=amount,
            amount_paid=paid,
            amount_refunded=back,
            applied_balance=self.amount("applied_balance") or ZERO,
            payments=payments,
            refunds=refunds,
            voided_on=self.day("closed_date") if status is InvoiceStatus.VOIDED else None,
            split_from=own("split_from"),
            currency=text("currency").upper() or "USD",
            memo=own("memo"),
            category=text("category"),
            url=own("coworks_invoice_url"),
            tabs=tuple([draft.table.sheet or str(draft.tab) for draft in self.drafts]),
            source=self.first.source,
        )

    def status_of(self, draft: Draft, head: Head) -> InvoiceStatus:
        """The status that one head says, else that of its tab."""
        said = word(head["status"])
        if said:
            found = STATUSES.get(said)
            if found is None:
                raise self.held(
                    "unknown-status",
                    f"The status {number_text(head['status'])!r} of invoice {self.number} is not one we know.",
                    "What to do with the invoice depends on its status.",
                    f"Correct the status ({', '.join(InvoiceStatus)}).",
                )
            return found
        of_tab = TAB_STATUS.get(draft.tab)
        if of_tab is None:
            raise self.held(
                "no-status",
                f"Invoice {self.number} has no status.",
                "What to do with the invoice depends on its status.",
                "Give its status in the report.",
            )
        return of_tab

    def _type(self, lines: Sequence[BillingLine]) -> InvoiceType:
        said = word(self.merged[PLACE["invoice_type"]])
        if said in TYPES:
            return TYPES[said]
        if said:
            raise ValueError(f"{said!r} is no type of invoice (known: {', '.join(InvoiceType)})")
        return next((TYPE_OF_KIND[line.kind] for line in lines if line.kind in TYPE_OF_KIND), InvoiceType.ONE_OFF)

    def _lines_and_total(self, apart: Sequence[BillingLine]) -> tuple[tuple[BillingLine, ...], Money]:
        stated = self.amount("total")
        draft = self.first if self.first.lines else next((one for one in self.drafts if one.lines), None)
        if draft is None and not apart:
            return self._one_row(stated)
        lines = lines_once(draft, stated) if draft is not None else tuple(apart)
        if lines is None:
            raise self.held(
                "duplicate-line",
                f"Invoice {self.number} has two different lines with the same line number.",
                "Which of them Coworks means would be a guess, so the invoice is held.",
                "Look the invoice up in Coworks and correct or delete the wrong row.",
            )
        summed = total([line.amount for line in lines])
        if stated is None or summed == stated:
            return lines, summed
        parts = [] if FEES & {line.kind for line in lines} else self._parts(summed, stated)
        if parts:
            return (*lines, *parts), stated
        raise self._does_not_sum(summed, stated)

    def _does_not_sum(self, summed: Money, stated: Money) -> Held:
        off = f"{show(stated - summed)} is missing" if stated > summed else f"{show(summed - stated)} is too much"
        return self.held(
            "lines-do-not-sum",
            f"The lines of invoice {self.number} sum to {show(summed)}, but its total is {show(stated)}: {off}.",
            "QuickBooks computes the total from the lines, so it would differ from Coworks.",
            "Look the invoice up in Coworks and correct the report, or export it again.",
        )

    def _parts(self, base: Money, stated: Money) -> list[BillingLine]:
        """The discount, fee and tax columns as lines, if `base` with them makes the total; else none."""
        parts = self._component_lines()
        return parts if parts and base + total(part.amount for part in parts) == stated else []

    def _component_lines(self) -> list[BillingLine]:
        wanted = (
            ("discount", LineKind.DISCOUNT, "Discount"),
            ("fees", LineKind.TRANSACTION_FEE, "Transaction Fee"),
            ("transaction_fee", LineKind.TRANSACTION_FEE, "Transaction Fee"),
            ("custom_fee", LineKind.CUSTOM_FEE, "Custom Fee"),
            ("tax", LineKind.TAX_FEE, "Sales Tax"),
        )
        found: list[BillingLine] = []
        for column, kind, name in wanted:
            value = self.amount(column)
            if value:
                signed = -abs(value) if kind is LineKind.DISCOUNT else value
                found.append(self._line(kind, name, name, signed))
        return found

    def _line(self, kind: LineKind, name: str, description: str, amount: Money) -> BillingLine:
        return BillingLine(kind=kind, name=name, description=description, amount=amount, source=self.first.source)

    def _one_row(self, stated: Money | None) -> tuple[tuple[BillingLine, ...], Money]:
        """The lines of an invoice whose columns say description, subtotal, discount, fees, tax and total."""
        subtotal, parts = self.amount("subtotal"), self._component_lines()
        if stated is None and subtotal is None:
            raise self.held(
                "no-amount",
                f"Invoice {self.number} has neither lines nor a total.",
                "There is nothing to post.",
                "Give its amounts in the report.",
            )
        added = total(part.amount for part in parts)
        if stated is None:
            assert subtotal is not None
            stated = subtotal + added
        base = stated - added
        less = total(part.amount for part in parts if part.kind is LineKind.DISCOUNT)
        # A subtotal is printed before the discount by some exports and after it by others; the total tells which.
        if subtotal is not None and subtotal not in (base, base + less):
            raise self._does_not_sum(subtotal + added, stated)
        return (self._main_line(base), *parts), stated

    def _main_line(self, base: Money) -> BillingLine:
        said = next((draft.words for draft in self.drafts if draft.words), [])
        if len(said) > 1:
            raise self.held(
                "line-without-amount",
                f"Invoice {self.number} has several lines and none of them says its amount.",
                "How the total spreads over them would be a guess.",
                "Export the report with the amount of each line.",
            )
        _, description, plan, kind = said[0] if said else Words(0, "", "", "")
        name = plan or description or self.text("invoice_type") or "Invoice"
        start, end = self.day("period_start"), self.day("period_end")
        of = line_kind(kind, self.merged[PLACE["invoice_type"]], negative=False)
        line = self._line(of, name, description or name, base)
        return replace(line, service_start=start, service_end=end) if start or end else line


def _with_blank_lines(draft: Draft) -> tuple[BillingLine, ...]:
    """The lines of a draft, and one of 0.00 for each row that has words and no amount."""
    blank = (
        BillingLine(
            kind=line_kind(said.kind, "", negative=False),
            name=said.name or said.description,
            description=said.description or said.name,
            amount=ZERO,
            source=draft.table.source(said.row),
        )
        for said in draft.words
        if said.description or said.name
    )
    return (*draft.lines, *blank)


def lines_once(draft: Draft, stated: Money | None) -> tuple[BillingLine, ...] | None:
    """The lines of a draft, each once though settlement rows may repeat them; None if one number names two lines."""
    if draft.words:
        return _with_blank_lines(draft)
    lines = tuple(draft.lines)
    numbers = [number for number in draft.line_numbers if number]
    if len(numbers) == len(lines):
        return lines if len(set(numbers)) == len(numbers) else _by_number(draft)
    summed = total(line.amount for line in lines)
    if stated is None or summed == stated or len(lines) < 2:
        return lines
    return _one_copy(lines, summed, stated)


def _content(line: BillingLine) -> tuple[object, ...]:
    return (line.kind, line.name, line.description, line.amount, line.quantity, line.service_start, line.service_end)


def _by_number(draft: Draft) -> tuple[BillingLine, ...] | None:
    kept: dict[str, BillingLine] = {}
    for number, line in zip(draft.line_numbers, draft.lines, strict=True):
        known = kept.setdefault(number, line)
        if known is not line and _content(known) != _content(line):
            return None
    return tuple(kept.values())


def _one_copy(lines: tuple[BillingLine, ...], summed: Money, stated: Money) -> tuple[BillingLine, ...]:
    """The lines once, if they are whole copies of one set (a row per line and refund) that makes the total."""
    copies = int(summed / stated) if stated and summed % stated == 0 else 0
    counts = Counter(_content(line) for line in lines)
    if copies < 2 or any(count % copies for count in counts.values()):
        return lines
    left = {content: count // copies for content, count in counts.items()}
    kept: list[BillingLine] = []
    for line in lines:
        content = _content(line)
        if left[content]:
            left[content] -= 1
            kept.append(line)
    return tuple(kept)
