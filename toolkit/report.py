"""What the stages found, as plain text for people; the words are an accountant's."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from toolkit.model import Billing
from toolkit.money import ZERO, Money, show, total
from toolkit.plan import Action, Kind, Operation, Plan
from toolkit.problems import Problem, Severity
from toolkit.proof import Finding, Proof, Section, Verdict

WIDTH = 100
NAMED = 8
"""Records of one and the same problem that are named; forty names hide what is to be done."""

KINDS = {
    Kind.CUSTOMER: ("customer", "customers"),
    Kind.INVOICE: ("invoice", "invoices"),
    Kind.PAYMENT: ("payment", "payments"),
    Kind.CREDIT_MEMO: ("credit memo", "credit memos"),
    Kind.CREDIT_APPLICATION: ("applied credit", "applied credits"),
    Kind.REFUND: ("refund receipt", "refund receipts"),
    Kind.VOID: ("void", "voids"),
    Kind.DEPOSIT: ("bank deposit", "bank deposits"),
    Kind.JOURNAL_ENTRY: ("journal entry", "journal entries"),
}

ACTIONS = {
    Action.CREATE: "to create",
    Action.UPDATE: "to make active again",
    Action.VOID: "to void",
    Action.DELETE: "to delete",
    Action.DEACTIVATE: "to make inactive",
}

VERDICTS = {
    Verdict.AGREES: "agree",
    Verdict.ADOPTED: "were in QuickBooks already and agree",
    Verdict.EDITED_IN_QUICKBOOKS: "agree, and were renumbered or filed differently in QuickBooks",
    Verdict.VOIDED: "voided in both",
    Verdict.IN_TRANSIT: "in transit to the bank",
    Verdict.ONLY_IN_QUICKBOOKS: "only in QuickBooks",
    Verdict.NOT_POSTED: "not posted, by rule",
    Verdict.DIFFERS: "differ",
    Verdict.MISSING: "missing in QuickBooks",
    Verdict.HELD: "held",
    Verdict.QUESTION: "questions for a person",
    Verdict.CHANGED_IN_QUICKBOOKS: "changed in QuickBooks since posting",
}


def count(number: int, kind: Kind) -> str:
    """A number with its noun: "1 invoice", "62 invoices"."""
    return f"{number} {KINDS[kind][0 if number == 1 else 1]}"


UNCHANGED = "Nothing in QuickBooks has been changed."


def plan_text(plan: Plan, *, changes: str = UNCHANGED) -> str:
    """The plan in words: what would be done with amounts, what is there already, what is held, the approval code."""
    lines = [f"{plan.company}, {plan.period}", ""]
    lines += _operation_lines(plan) or ["Nothing is to be posted."]
    if plan.adoptions:
        lines.append(f"  {len(plan.adoptions):>6}  already in QuickBooks, will be noted as posted (not posted again)")
    if plan.unchanged:
        lines.append(f"  {len(plan.unchanged):>6}  stand in QuickBooks as they should")
    if plan.held:
        lines.append(f"  {len(plan.held):>6}  held until a person has decided (see below)")
    lines += ["", *_renumbered(plan)]
    to_do = plan.operations or plan.adoptions
    lines.append(f"{changes} {f'Approval code of this plan: {plan.digest}' if to_do else ''}".strip())
    return "\n".join(lines)


def _operation_lines(plan: Plan) -> list[str]:
    lines: list[str] = []
    for kind in KINDS:
        for action, words in ACTIONS.items():
            found = [one for one in plan.operations if one.kind is kind and one.action is action]
            if found:
                amount = "" if kind is Kind.CUSTOMER else show(total(one.amount for one in found))
                lines.append(f"  {len(found):>6}  {KINDS[kind][0 if len(found) == 1 else 1]} {words:<24} {amount:>16}")
    return lines


def _renumbered(plan: Plan) -> list[str]:
    """Invoices that get another number, because QuickBooks used theirs for something else."""
    renamed = [one for one in plan.operations if one.kind is Kind.INVOICE and _suffixed(one)]
    return [f"  {one.label}: {one.reason}" for one in renamed] + ([""] if renamed else [])


def _suffixed(operation: Operation) -> bool:
    number = getattr(operation.record, "number", "")
    return operation.action is Action.CREATE and "-CW" in number


def filters_line(billing: Billing) -> str:
    """Which date the Billing report was found to select by."""
    by = {"issued": "the day invoices were issued", "paid": "the day they were paid"}
    words = by.get(billing.filters_on, "the day invoices were issued and the day they were paid")
    return f"The Billing report lists by {words}."


def problems_text(problems: Sequence[Problem]) -> str:
    """Problems and questions, one paragraph each: where, what, why it matters, what to do."""
    stopping = [one for one in problems if one.severity is not Severity.NOTE]
    notes = [one for one in problems if one.severity is Severity.NOTE]
    parts = [_paragraphs(f"{len(stopping)} to settle:", stopping), _paragraphs("To note:", notes)]
    return "\n".join(part for part in parts if part)


def _paragraphs(title: str, problems: Sequence[Problem]) -> str:
    if not problems:
        return ""
    alike: dict[tuple[str, ...], list[Problem]] = {}
    for one in problems:
        alike.setdefault(_but_for_the_record(one), []).append(one)
    return "\n".join(["", title, *(_paragraph(found) for found in alike.values())])


def _but_for_the_record(problem: Problem) -> tuple[str, ...]:
    """What a problem says whichever record it is about: fifty invoices of one unmapped plan are one thing to do."""
    said = (problem.what, problem.why, problem.do)
    bare = (text.replace(problem.key, "") if problem.key else text for text in said)
    return (problem.code, *bare, *problem.candidates, "" if problem.key else problem.where)


def _paragraph(found: Sequence[Problem]) -> str:
    problem = found[0]
    text = f"{problem.where}: {problem.what} {problem.why} {problem.do}"
    if problem.candidates:
        text += f" Candidates: {'; '.join(problem.candidates)}."
    if len(found) > 1:
        text += f" The same for {len(found) - 1} more: {_named(found[1:])}."
    lines = textwrap.wrap(text, WIDTH - 4, break_long_words=False, break_on_hyphens=False)  # commands are copied whole
    return textwrap.indent("\n".join(lines), "    ").replace("    ", "  - ", 1)


def _named(problems: Sequence[Problem]) -> str:
    names = [one.key or one.where for one in problems]
    if len(names) <= NAMED + 1:
        return ", ".join(names)
    return f"{', '.join(names[:NAMED])}, and {len(names) - NAMED} others (--json names them all)"


def proof_text(proof: Proof) -> str:
    """The month's proof in words: verdicts, the three balances item by item where they differ, whether it ties."""
    lines = [f"{proof.company}, {proof.period}, as of {proof.as_of:%B} {proof.as_of.day}, {proof.as_of.year}", ""]
    for verdict, number in proof.counts.items():
        lines += [f"  {number:>6}  {VERDICTS[verdict]}"] if number else []
        lines += _edited(proof) if verdict is Verdict.EDITED_IN_QUICKBOOKS else []
    lines.append("")
    for section in proof.sections:
        lines += _section_lines(section)
    if proof.ties:
        lines.append(f"{proof.period} ties. Unexplained: {show(proof.unexplained)}.")
    else:
        lines += [f"{proof.period} does not tie:", *(_wrapped(one) for one in proof.obstacles)]
    return "\n".join(lines)


def _edited(proof: Proof) -> list[str]:
    """What a person changed that does not stand against the month, the first few by name."""
    found = [one.sentence for one in proof.findings if one.verdict is Verdict.EDITED_IN_QUICKBOOKS]
    more = [f"and {len(found) - NAMED} more, all in month-end.html"] if len(found) > NAMED else []
    return [f"          - {one}" for one in (*found[:NAMED], *more)]


def _section_lines(section: Section) -> list[str]:
    lines = [f"  {section.name:<28} QuickBooks {show(section.report):>14}   expected {show(section.expected):>14}"]
    lines[0] += f"   unexplained {show(section.unexplained):>12}"
    lines += [f"    {reason!s:<42} {show(amount):>14}" for reason, amount in section.bridge.items()]
    return [*lines, ""]


def _wrapped(sentence: str) -> str:
    return textwrap.fill(sentence, WIDTH, initial_indent="  - ", subsequent_indent="    ")


def only_in_quickbooks(proof: Proof) -> tuple[Finding, ...]:
    """What stands in QuickBooks and is no Coworks record: never copied to Coworks, listed every month."""
    return tuple(one for one in proof.findings if one.verdict is Verdict.ONLY_IN_QUICKBOOKS)


def unexplained(proof: Proof) -> Money:
    """The largest unexplained amount of any part by size, signed; 0.00 when all are: never a sum that could cancel."""
    parts = [part.unexplained for part in proof.sections] + [part.unexplained for part in proof.roll_forwards]
    return max(parts, key=abs, default=ZERO)
