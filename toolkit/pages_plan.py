"""A plan on a page: what would happen and why, what it comes to by product, class, location and customer, its entries,
and what came of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from toolkit import entries, report_outcome
from toolkit.books import PENDING, BankDeposit, Books, Customer, SalesDocument, SalesLine
from toolkit.entries import Entry
from toolkit.money import ZERO, Money, show, total
from toolkit.pages_look import EMPTY, Cell, Shown, beside, fold, good, heading, note, problems, sentence, stack, table
from toolkit.plan import Action, Kind, Operation, Outcome, Plan, Standing
from toolkit.problems import stops_everything
from toolkit.reminders import STEPS, Reminders
from toolkit.report import ACTIONS, KINDS, count
from toolkit.stages import Gathered, Review

SHOWN_ENTRIES = 60
"""Entries that are listed under the plan; all of them are in entries.csv of the month-end pack."""


def inputs(gathered: Gathered) -> Shown:
    """The files that were read, and what the Billing report holds by status."""
    files = [
        (one.name, one.period, one.rows, f"{one.size_bytes:,} bytes", f"{one.sha256[:12]}…") for one in gathered.files
    ]
    invoices = gathered.billing.invoices
    states: dict[str, list[Money]] = {}
    for one in invoices:
        states.setdefault(str(one.status).replace("_", " "), []).append(one.total)
    by_state = [(name, len(amounts), total(amounts)) for name, amounts in sorted(states.items())]
    sums = ("all", len(invoices), total(one.total for one in invoices))
    return (
        heading("Files")
        + table(("file", "month", "rows", "size", "SHA-256"), files)
        + heading(f"Invoices in the Billing report of {gathered.period}")
        + table(("status in Coworks", "invoices", "amount"), by_state, sums=sums)
        + problems(gathered.problems)
    )


def opening(plan: Plan) -> Shown:
    """The plan in one or two sentences, the first thing that is read."""
    return sentence(opening_words(plan))


def opening_words(plan: Plan) -> str:
    """The plan in one or two sentences, the first thing that is read."""
    if stops_everything(plan.problems):
        return "Nothing can be planned: a file cannot be trusted as it is (see below). Nothing has been changed."
    made = [
        f"{count(len(found), kind)} {_would(action)}{_of(found)}"
        for kind in KINDS
        for action in ACTIONS
        if (found := [one for one in plan.operations if one.kind is kind and one.action is action])
    ]
    said = f"{_listed(made)}." if made else "Nothing is left to post."
    if plan.adoptions:
        said += f" {len(plan.adoptions)} are in QuickBooks already and are noted as posted, not posted again."
    if plan.unchanged:
        said += f" {len(plan.unchanged)} stand there as they should."
    if plan.held:
        said += f" {len(plan.held)} are held until a person has decided."
    return f"{said} Nothing has been changed."


def _size(found: list[Operation]) -> Cell:
    """What they come to, without a sign: the kind says which way it moves; nothing for names."""
    return abs(total(one.amount for one in found)) or ""


def _would(action: Action) -> str:
    return {
        Action.CREATE: "would be created",
        Action.UPDATE: "would be made active again",
        Action.VOID: "would be voided",
        Action.DELETE: "would be deleted",
        Action.DEACTIVATE: "would be made inactive",
    }[action]


def _of(found: list[Operation]) -> str:
    amount = abs(total(one.amount for one in found))
    return f" ({show(amount)})" if amount else ""


def _listed(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def summary(made: Review) -> Shown:
    """What would happen, grouped; below each group its operations with their reasons."""
    plan = made.plan
    rows: list[tuple[Cell, ...]] = [
        (KINDS[kind][1], action_words, len(found), _size(found))
        for kind in KINDS
        for action, action_words in ACTIONS.items()
        if (found := [one for one in plan.operations if one.kind is kind and one.action is action])
    ]
    if plan.adoptions:
        rows.append(
            ("already in QuickBooks", "to note as posted", len(plan.adoptions), total(a.amount for a in plan.adoptions))
        )
    if plan.unchanged:
        rows.append(("already posted", "nothing to do", len(plan.unchanged), ""))
    if plan.held:
        rows.append(("held", "a person decides", len(plan.held), ""))
    return (
        opening(plan)
        + table(("what", "what would happen", "number", "amount"), rows)
        + _renumbered(plan)
        + stack(fold(f"Every {name}, with its reason", found) for name, found in _operations(plan))
        + fold(f"{len(plan.adoptions)} already in QuickBooks", _adopted(plan))
        + problems(plan.problems)
    )


def _operations(plan: Plan) -> Iterable[tuple[str, Shown]]:
    for kind, words in KINDS.items():
        found = [one for one in plan.operations if one.kind is kind]
        rows = [(one.label, abs(one.amount) or "", one.reason) for one in found]
        yield words[0], table(("what", "amount", "why"), rows)


def _adopted(plan: Plan) -> Shown:
    rows = [(one.label, one.amount, one.rule) for one in plan.adoptions]
    return table(("what", "amount", "recognized by"), rows)


def _renumbered(plan: Plan) -> Shown:
    """Invoices that get another number, because QuickBooks used theirs for something else."""
    found = [one for one in plan.operations if "-CW" in getattr(one.record, "number", "")]
    return stack(note(f"{one.label}: {one.reason}") for one in found)


# ---- totals


def totals(made: Review) -> Shown:
    """What the plan's invoices come to by product/service, class, location and customer; each sums to the same."""
    lines = list(_lines(made.plan))
    if not lines:
        return EMPTY
    books, plan = made.books, made.plan
    items = {one.id: one.full_name or one.name for one in books.items}
    classes = {one.id: one.full_name or one.name for one in books.classes}
    locations = {one.id: one.full_name or one.name for one in books.locations}
    customers = _customers(books, plan)
    parts = (
        ("product/service", lambda document, line: items.get(line.item_id, "")),
        ("class", lambda document, line: classes.get(line.class_id or document.class_id, "no class")),
        ("location", lambda document, line: locations.get(document.location_id, "no location")),
        ("customer", lambda document, line: customers.get(document.customer_id, "")),
    )
    return heading("Invoices to be posted, added up") + beside(*(_added(name, lines, of) for name, of in parts))


_Line = tuple[SalesDocument, SalesLine]


def _lines(plan: Plan) -> Iterable[_Line]:
    for one in plan.operations:
        if isinstance(one.record, SalesDocument) and one.kind is Kind.INVOICE and one.action is Action.CREATE:
            yield from ((one.record, line) for line in one.record.lines)


def _customers(books: Books, plan: Plan) -> Mapping[str, str]:
    known = {one.id: one.full_name or one.display_name for one in books.customers}
    new = {PENDING + one.key: one.record.display_name for one in plan.operations if isinstance(one.record, Customer)}
    return known | new


def _added(name: str, lines: list[_Line], of: Callable[[SalesDocument, SalesLine], str]) -> Shown:
    sums: dict[str, Money] = {}
    for document, line in lines:
        sums[of(document, line)] = sums.get(of(document, line), ZERO) + line.amount
    rows = sorted(sums.items(), key=lambda pair: (-abs(pair[1]), pair[0]))
    return table((name, "amount"), rows, sums=("all", total(sums.values())), most=12)


# ---- debits and credits


def ledger(made: Review) -> Shown:
    """The plan as debits and credits with account names: sums by account, then entry by entry."""
    found = entries.of_plan(made.plan, made.books, made.gathered.settings)
    moving = [one for one in found if one.lines]
    if not moving:
        return EMPTY
    by_account = entries.totals_by_account(moving)
    rows = [(line.account_name, line.debit or "", line.credit or "") for line in by_account]
    sums = ("all", total(line.debit for line in by_account), total(line.credit for line in by_account))
    more = len(moving) - SHOWN_ENTRIES
    return (
        heading("The same as debits and credits")
        + table(("account", "debit", "credit"), rows, sums=sums)
        + fold("Entry by entry", _entries(moving[:SHOWN_ENTRIES]) + (_more(more) if more > 0 else EMPTY))
    )


def _more(number: int) -> Shown:
    return sentence(f"and {number} more; all of them are in entries.csv of the month-end pack.", quiet=True)


def _entries(found: list[Entry]) -> Shown:
    rows = [
        (
            f"{one.date:%b} {one.date.day}" if place == 0 else "",
            one.label if place == 0 else "",
            f"{'  ' if line.credit else ''}{line.account_name}",
            line.debit or "",
            line.credit or "",
            line.class_name,
            line.location,
        )
        for one in found
        for place, line in enumerate(one.lines)
    ]
    return table(("date", "entry", "account", "debit", "credit", "class", "location"), rows, most=len(rows))


# ---- reminders


def reminded(found: Reminders) -> Shown:
    """What QuickBooks' reminders would do, and who cannot be reminded."""
    said = (
        f"{found.ready} open invoices of {show(found.ready_amount)} are ready for QuickBooks' reminders. "
        f"{len(found.at_most)} of them are due by tomorrow: so many could go out tomorrow if reminders are on."
    )
    rows = [(one.number, one.customer, one.balance, one.reason) for one in found.cannot]
    steps = stack(sentence(f"{place}. {step}") for place, step in enumerate(STEPS, start=1))
    return (
        heading("Reminders")
        + sentence(said)
        + fold(f"{len(rows)} cannot be reminded", table(("invoice", "customer", "open", "why"), rows))
        + fold("How to switch reminders on in QuickBooks", steps)
    )


# ---- bank deposits


def payouts(made: Review) -> Shown:
    """Each bank deposit that would be made, with its payments and the processing fee."""
    planned = [one for one in made.plan.operations if isinstance(one.record, BankDeposit)]
    rows = [_payout_row(one, made.books) for one in planned]
    header = ("arrived", "payout", "bank", "items", "gross", "fee", "bank deposit")
    return (
        opening(made.plan)
        + table(header, rows, sums=_payout_sums(planned) if rows else ())
        + stack(fold(one.label, _deposit_lines(one, made)) for one in planned)
        + problems(made.plan.problems)
    )


def _payout_sums(planned: list[Operation]) -> tuple[Cell, ...]:
    records = [one.record for one in planned if isinstance(one.record, BankDeposit)]
    lines = [line for record in records for line in record.lines]
    linked = [line for line in lines if line.link]
    fees = total(line.amount for line in lines if not line.link)
    return (
        "all",
        "",
        "",
        len(linked),
        total(line.amount for line in linked),
        fees,
        total(record.total for record in records),
    )


def _payout_row(one: Operation, books: Books) -> tuple[Cell, ...]:
    record = one.record
    assert isinstance(record, BankDeposit)
    linked = [line for line in record.lines if line.link]
    others = [line for line in record.lines if not line.link]
    account = next((found.name for found in books.accounts if found.id == record.account_id), record.account_id)
    return (
        f"{record.txn_date:%b} {record.txn_date.day}",
        one.coworks_id or one.label,
        account,
        len(linked),
        total(line.amount for line in linked),
        total(line.amount for line in others),
        record.total,
    )


def _deposit_lines(one: Operation, made: Review) -> Shown:
    found = entries.of_plan(
        Plan(stage="", company="", realm="", period="", operations=(one,)), made.books, made.gathered.settings
    )
    rows = [
        (line.account_name, line.name, line.memo, line.debit or "", line.credit or "")
        for entry in found
        for line in entry.lines
    ]
    return table(("account", "customer", "what", "debit", "credit"), rows, most=100)


# ---- what came of it


def _calls(number: int) -> str:
    return f"{number} call{'' if number == 1 else 's'}"


def outcome(done: Outcome, plan: Plan) -> Shown:
    """What a run did, what failed or is unknown, and what to do next."""
    words = report_outcome.done_words(done, plan.operations, last=" and ")
    nothing = report_outcome.nothing_left(done)
    said = "Nothing was left to post; QuickBooks was not changed." if nothing else f"{words[0].upper()}{words[1:]}."
    look = good if nothing or done.ended(Standing.DONE) else note
    shown = look(f"{said} Run {done.run}: {done.writes} entries in {_calls(done.calls)}." if done.run else said)
    if done.adopted:
        shown = shown + sentence(f"{done.adopted} that were in QuickBooks already are now noted as posted.")
    for line in report_outcome.left_lines(done, again="run again"):
        shown = shown + note(line)
    if done.stopped:
        shown = shown + note(report_outcome.stopped_line(done))
    return shown + problems(done.problems)
