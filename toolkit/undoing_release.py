"""Releasing what was taken back, so that a later run posts it again, under the next generation of its key."""

from __future__ import annotations

import os
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from toolkit import counterparts, undo, undoing_words
from toolkit.books import PENDING, Customer, ReceivedPayment, SalesDocument
from toolkit.counterparts import STANDS
from toolkit.open_company import OpenCompany
from toolkit.plan import Done, Operation, Posted, Standing
from toolkit.posting_log import Event
from toolkit.problems import OutcomeUnknown, QuickBooksRefused, Unsafe, UsageError
from toolkit.qbo import wire_read
from toolkit.undoing import RELEASE, RELEASED, operations_of

_KEY = re.compile(r"[0-9a-f]{4,24}")
_NOT_FOUND = "610"


@dataclass(frozen=True, kw_only=True)
class Released:
    """What may be posted again; `labels` name it for people. `already` says that it had all been released before."""

    run: str
    entries: tuple[Posted, ...]
    labels: tuple[str, ...]
    already: bool = False


def release(company: OpenCompany, name: str, *, by: str) -> Released:
    """Release what goes by that name, with the customer it needs: a key or the beginning of one, an invoice number, a
    payout, a customer's name, or a run that was undone.

    Only what was taken back is released, and what QuickBooks shows as deleted or voided. Raises `UsageError` for a name
    that is not known or means several keys, `Unsafe` for what stands, `OutcomeUnknown` for what nobody knows of yet.
    """
    shelf = _Shelf.of(company)
    found = shelf.named(name)
    if not found:
        empty = next((one for one in company.log.runs() if one.id == name), None)
        raise UsageError(undoing_words.wrote_nothing(empty) if empty else undoing_words.unknown_name(name))
    free = [one for one in found if _is_undone(one) or (not shelf.is_run(name) and _is_gone(company, one))]
    if not free:
        return _nothing(name, found, shelf)
    released = shelf.with_what_they_need(free)
    run = company.new_run()
    with company.log.holding(run, pid=os.getpid()):
        period = next((one.period for one in company.log.runs() if one.id == free[0].run), "")
        company.log.begin_run(run, command=f"{RELEASE} {name}", period=period, digest="", approved_by=by)
        company.log.record(Event(posted=_released(one, run), action=RELEASE) for one in released)
        company.log.end_run(run, state="done", summary=f"{len(released)} released for posting again")
    return Released(run=run, entries=tuple(released), labels=tuple(shelf.label(one) for one in released))


def _nothing(name: str, found: Iterable[Posted], shelf: _Shelf) -> Released:
    if shelf.is_run(name) and not any(one.standing is Standing.UNDONE for one in found):
        again = tuple(dict.fromkeys(one.run for one in found if one.standing in STANDS and not shelf.wrote(name, one)))
        raise Unsafe(undoing_words.posted_again(name, again) if again else undoing_words.not_undone(name))
    for one in found:
        if one.standing in STANDS and not shelf.is_run(name):
            raise Unsafe(undoing_words.still_stands(name, one))
        if one.standing in (Standing.UNKNOWN, Standing.BEGUN):
            raise OutcomeUnknown(undoing_words.not_known_yet(name))
    before = tuple(one for one in found if one.standing is Standing.UNDONE)
    if not before:
        raise UsageError(undoing_words.unknown_name(name))
    return Released(run="", entries=before, labels=tuple(shelf.label(one) for one in before), already=True)


def _is_undone(posted: Posted) -> bool:
    return posted.standing is Standing.UNDONE and not posted.note.startswith(RELEASED)


def _released(posted: Posted, run: str) -> Posted:
    note = RELEASED if posted.standing is Standing.UNDONE else f"{RELEASED}: it was gone from QuickBooks"
    return replace(posted, standing=Standing.UNDONE, note=note, run=run)


def _is_gone(company: OpenCompany, posted: Posted) -> bool:
    """Whether it stood, and somebody deleted or voided it in QuickBooks; one metered read."""
    if posted.standing not in STANDS:
        return False
    _ = company.realm
    try:
        body = company.client.read(posted.entity, posted.qbo_id)
    except QuickBooksRefused as refused:
        if refused.fault_code != _NOT_FOUND:
            raise
        return True
    return posted.entity != "Customer" and wire_read.voided(body)


@dataclass(frozen=True, kw_only=True)
class _Shelf:
    """Everything of the posting log that may be named, the newest generation of each, with how it was sent."""

    done: Done
    entries: Mapping[str, Posted]
    sent: Mapping[str, Operation]
    newest: Mapping[tuple[str, str], str]
    """The key of the newest generation of each record."""
    runs: Mapping[str, tuple[str, ...]]
    """The keys that each run posted or took back."""

    @classmethod
    def of(cls, company: OpenCompany) -> _Shelf:
        """The shelf of one company."""
        done = company.log.replay()
        newest = undo.newest(done)
        entries = {one.key: one for one in newest.values()}
        runs: dict[str, list[str]] = defaultdict(list)
        for event in company.log.events(one.id for one in company.log.runs()):
            runs[event.posted.run].append(event.posted.key)
        return cls(
            done=done,
            entries=entries,
            newest={name: one.key for name, one in newest.items()},
            sent=operations_of(company.log, list(entries.values()), ""),
            runs={run: tuple(keys) for run, keys in runs.items()},
        )

    def named(self, name: str) -> list[Posted]:
        """What goes by that name, in the order of the posting log; several keys that only begin so are an error."""
        if name in self.entries:
            return [self.entries[name]]
        wanted = name.strip().casefold()
        called = [one for one in self.entries.values() if wanted in self._names(one)]
        return called or self._of_run(name) or self._by_beginning(wanted)

    def _names(self, posted: Posted) -> set[str]:
        operation = self.sent.get(posted.key)
        names = {posted.number, posted.coworks_id}
        if operation is not None and isinstance(operation.record, Customer):
            names.add(operation.record.display_name)
        elif operation is not None and not isinstance(operation.record, Customer):
            stamp = counterparts.stamped(operation.record.private_note)
            names.add(stamp[0] if stamp else "")
        return {one.casefold() for one in names if one}

    def is_run(self, name: str) -> bool:
        """Whether a run is called so, or only one begins so."""
        return bool(self._run(name))

    def wrote(self, name: str, posted: Posted) -> bool:
        """Whether the run of that name posted this very generation."""
        return posted.key in self.runs.get(self._run(name), ())

    def _run(self, name: str) -> str:
        runs = [one for one in self.runs if one == name] or [one for one in self.runs if one.startswith(name)]
        return runs[0] if len(runs) == 1 and len(name) >= len("20260102") else ""

    def _of_run(self, name: str) -> list[Posted]:
        """What became of the records that the run posted or took back."""
        known = [self.done[key] for key in self.runs.get(self._run(name), ()) if key in self.done]
        names = (undo.record_name(one) for one in known)
        keys = dict.fromkeys(self.newest[one] for one in names if one in self.newest)
        return [self.entries[key] for key in keys]

    def _by_beginning(self, name: str) -> list[Posted]:
        found = [one for key, one in self.entries.items() if _KEY.fullmatch(name) and key.startswith(name)]
        if len(found) > 1:
            raise UsageError(undoing_words.ambiguous_key(name, found))
        return found

    def with_what_they_need(self, free: Iterable[Posted]) -> list[Posted]:
        """They, and what was taken back too and they cannot be posted without: their customers, entries they link."""
        found: dict[str, Posted] = {}
        waiting = list(free)
        while waiting:
            one = waiting.pop(0)
            if one.key not in found:
                found[one.key] = one
                waiting += [need for need in self._needs(one) if _is_undone(need)]
        return list(found.values())

    def _needs(self, posted: Posted) -> list[Posted]:
        operation = self.sent.get(posted.key)
        if operation is None:
            return []
        keys = set(operation.needs)
        record = operation.record
        if isinstance(record, SalesDocument | ReceivedPayment) and not record.customer_id.startswith(PENDING):
            named = (one.key for one in self.entries.values() if _is(one, "Customer", record.customer_id))
            keys |= set(named)
        return [self.entries[key] for key in sorted(keys) if key in self.entries]

    def label(self, posted: Posted) -> str:
        """What a person knows it by."""
        operation = self.sent.get(posted.key)
        return operation.label if operation else f"{posted.entity} {posted.number or posted.coworks_id}"


def _is(posted: Posted, entity: str, qbo_id: str) -> bool:
    return (posted.entity, posted.qbo_id) == (entity, qbo_id)
