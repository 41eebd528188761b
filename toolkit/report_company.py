"""Where a company stands, in words and for programs: connection, mapping, posting log, runs."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import tzinfo
from typing import Any

from toolkit.connecting import Connected, Disconnected
from toolkit.mapping import KIND_OF_LINE, OWED, Mapping
from toolkit.mapping_suggestions import unmapped
from toolkit.model import Invoice, LineKind
from toolkit.money import show, text
from toolkit.posting_log import Run
from toolkit.settings import Mode
from toolkit.stages import Mapped, Status

_NO_DEFAULT = {KIND_OF_LINE[kind] for kind in OWED} - {KIND_OF_LINE[kind] for kind in LineKind if kind not in OWED}
"""Kinds of rows that only what is owed has: without a row it is held, never sold as a default product."""

MODES = {
    Mode.NOTHING: "both off, nothing will be posted",
    Mode.INVOICES: "invoices only; payments are entered elsewhere",
    Mode.TRANSACTIONS: "invoices and payments",
}


def default_line(mapping: Mapping, invoices: Iterable[Invoice], default_product: str) -> str:
    """Which names go to a default product because no row names them, the largest amount first; "" if none does."""
    rows = [one.product for one in mapping.rules if one.kind == "default" and not one.campus and one.product]
    missing = [one for one in unmapped(mapping, invoices) if one.kind != "campus" and one.kind not in _NO_DEFAULT]
    product = next(iter(rows), default_product)
    if not missing or not product:
        return ""
    names = "; ".join(f"{one.kind.replace('_', ' ')} {one.name!r} ({show(one.amount)})" for one in missing)
    return f"No row of mapping.csv names these, so they go to {product!r}: {names}."


def status_text(status: Status, *, runs: bool = False) -> str:
    """Where the company stands, in words."""
    environment = status.settings.quickbooks.environment
    lines = [f"{status.company}, company ID {status.realm or 'not known yet'}, {environment}"]
    lines.append(f"  {connection_line(status)}")
    lines.append(f"  switches: {MODES[status.settings.mode]}")
    signed = {one.period: f"signed off by {one.signed_by}" for one in status.sign_offs}
    lines += [f"  {month}: {signed.get(month, 'not signed off')}" for month in status.months]
    lines += [f"  {number:>6}  {standing} in the posting log" for standing, number in status.standings]
    lines += _open_lines(status)
    if runs:
        lines += [_run_line(one) for one in status.runs]
    return "\n".join(lines)


def connection_line(status: Status) -> str:
    """What is known of the connection without asking QuickBooks, which may have ended it since."""
    if status.stored_environment not in ("", status.settings.quickbooks.environment):
        return f"the stored connection is of {status.stored_environment}; run coworks-qbo connect"
    if not status.connected:
        return "not connected yet"
    since = f" on {status.stored_on:%m/%d/%Y}" if status.stored_on else ""
    if status.good_until is None:
        return f"connection stored{since}"
    return f"connection stored{since}, good until about {status.good_until:%m/%d/%Y} unless it was ended in QuickBooks"


def _open_lines(status: Status) -> list[str]:
    """What a run that lives has under way, or what was sent and begun and waits for the command that resumes it."""
    living = tuple(running_line(one, status.settings.zone) for one in running(status))
    if living:
        sent = f"  {status.unanswered:>6}  sent without an answer yet, by the run that is posting now"
        return [*([sent] if status.unanswered else []), *(f"  {one}" for one in living)]
    begun = {one.digest: one for one in status.runs}
    cut = {digest: begun.get(digest) for digest in status.unfinished}
    command = "the undo below" if cut and all(_undoes(one) for one in cut.values()) else "push"
    sent = f"  {status.unanswered:>6}  sent without an answer yet: run {command} again, it looks them up first"
    plans = [
        f"  plan {digest} was begun and not finished: coworks-qbo {_resuming(run)} --approve {digest}"
        for digest, run in cut.items()
    ]
    return [*([sent] if status.unanswered else []), *plans]


def running(status: Status) -> tuple[Run, ...]:
    """The run that holds the company and lives, if there is one."""
    return tuple(one for one in status.runs if one.state == "running")


def running_line(run: Run, zone: tzinfo) -> str:
    """That a run is under way, and since when by the company's clock."""
    began = f"{run.started_at.astimezone(zone):%m/%d/%Y %H:%M %Z}"
    what = " ".join((run.command, run.period)).strip()
    return f"run {run.id} ({what}) is running now, since {began}; wait until it has ended"


def _undoes(run: Run | None) -> bool:
    return run is not None and run.command.startswith("undo ")


def _resuming(run: Run | None) -> str:
    """The command that a cut run is resumed with."""
    if run is None:
        return "push"
    if _undoes(run):
        return run.command
    return f"{'deposits' if run.command == 'push deposits' else 'push'} --period {run.period}"


def _run_line(run: Run) -> str:
    said = ", ".join(one for one in (run.state, run.summary) if one)
    approved = f" ({run.digest})" if run.digest else ""
    return (
        f"  {run.started_at:%Y-%m-%d %H:%M} UTC  {run.id}  {' '.join((run.command, run.period)).strip()}, "
        f"approved by {run.approved_by}{approved}: {said}"
    )


def status_json(status: Status, *, runs: bool = False) -> dict[str, Any]:
    """Where the company stands, for programs."""
    found: dict[str, Any] = {
        "company_id": status.realm,
        "environment": str(status.settings.quickbooks.environment),
        "mode": str(status.settings.mode),
        "connected": status.connected,
        "days_left": status.days_left,
        "stored_environment": status.stored_environment,
        "stored_on": str(status.stored_on or ""),
        "good_until": str(status.good_until or ""),
        "months": [
            {"period": one, "signed_by": next((s.signed_by for s in status.sign_offs if s.period == one), "")}
            for one in status.months
        ],
        "standings": {str(standing): number for standing, number in status.standings},
        "unfinished": list(status.unfinished),
        "unanswered": status.unanswered,
    }
    if runs:
        found["runs"] = [
            {
                "run": one.id,
                "command": one.command,
                "period": one.period,
                "digest": one.digest,
                "approved_by": one.approved_by,
                "started_at": one.started_at.isoformat(),
                "ended_at": one.ended_at.isoformat() if one.ended_at else "",
                "state": one.state,
                "summary": one.summary,
            }
            for one in status.runs
        ]
    return found


def mapped_text(mapped: Mapped) -> str:
    """The mapping as lines, what is missing and what might fit."""
    lines = [
        f"  {rule.kind:<18} {rule.name:<32} {rule.campus:<14} {rule.product or rule.location}"
        for rule in mapped.mapping.rules
    ]
    if not mapped.unmapped:
        return "\n".join([*lines, "", "Every name in this month's bills has a row in mapping.csv."])
    lines += ["", "Without a row in mapping.csv:"]
    for one in mapped.unmapped:
        fits = [s.product for s in mapped.suggestions if (s.kind, s.name) == (one.kind, one.name)]
        hint = f"  perhaps: {', '.join(fits)}" if fits else ""
        lines.append(f"  {one.kind:<18} {one.name:<32} {one.lines:>4} lines {show(one.amount):>12}{hint}")
    return "\n".join(lines)


def mapped_json(mapped: Mapped) -> dict[str, Any]:
    """The missing names and suggestions, for programs."""
    return {
        "rules": len(mapped.mapping.rules),
        "unmapped": [
            {"kind": one.kind, "name": one.name, "campus": one.campus, "lines": one.lines, "amount": text(one.amount)}
            for one in mapped.unmapped
        ],
        "suggestions": [
            {"kind": one.kind, "name": one.name, "product": one.product, "reason": one.reason}
            for one in mapped.suggestions
        ],
    }


def connected_text(found: Connected) -> str:
    """The green check: which company, which ID, how long."""
    days = f", {found.days_left} days left" if found.days_left is not None else ""
    return (
        f"\u2713 Connected to {found.company_name} (company ID {found.realm}, {found.environment}{days}).\n"
        f"  Switches: {MODES[found.mode]}."
    )


def connected_json(found: Connected) -> dict[str, Any]:
    """The connection, for programs."""
    return {
        "company_name": found.company_name,
        "company_id": found.realm,
        "environment": str(found.environment),
        "days_left": found.days_left,
        "mode": str(found.mode),
    }


def disconnected_text(found: Disconnected) -> str:
    """What came of disconnecting: ended at Intuit too, or only forgotten here; and where the app's keys are."""
    kept = "The client ID and secret are kept; coworks-qbo disconnect --forget-keys removes them too."
    return " ".join([_ended_text(found), *([kept] if found.keys_kept else [])])


def _ended_text(found: Disconnected) -> str:
    if not found.connected:
        return "There was no connection to end."
    if found.ended:
        return "Disconnected. Nothing in QuickBooks was changed."
    return (
        "The connection is forgotten here, but Intuit did not accept the client ID and secret that would end it there. "
        "In QuickBooks, open Apps, My apps, and disconnect it. Nothing in the books was changed."
    )
