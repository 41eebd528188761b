"""The posting log remembers before it acts, and one company has one writer."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import NoReturn

import pytest
import sqlalchemy as sa

from toolkit import posting_lease
from toolkit.books import DocumentKind, SalesDocument
from toolkit.plan import Action, Kind, Operation, Plan, Posted, Standing
from toolkit.posting_log import Event, Member, PostingLog, open_log
from toolkit.problems import CompanyBusy, UsageError

NOON = datetime(2026, 2, 1, 12, tzinfo=UTC)


class SettableClock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> SettableClock:
    return SettableClock()


@pytest.fixture
def log(tmp_path: Path, clock: SettableClock) -> Iterator[PostingLog]:
    yield open_log(tmp_path / "posting-log.db", realm="9130", clock=clock)


def posted(key: str, standing: Standing, **more: object) -> Posted:
    return Posted(key=key, kind=Kind.INVOICE, entity="Invoice", standing=standing, **more)  # type: ignore[arg-type]


def event(key: str, standing: Standing, **more: object) -> Event:
    return Event(posted=posted(key, standing, **more), action="create")


def member(bid: str, key: str) -> Member:
    return Member(bid=bid, key=key, kind=Kind.INVOICE, entity="Invoice")


def a_plan() -> Plan:
    record = SalesDocument(
        kind=DocumentKind.INVOICE, number="A-1", customer_id="1", txn_date=date(2026, 1, 2), total=Decimal("5.00")
    )
    one = Operation(
        key="k1", kind=Kind.INVOICE, action=Action.CREATE, entity="Invoice", record=record, label="A-1", reason="new"
    )
    return Plan(stage="billing", company="sample", realm="9130", period="2026-01", operations=(one,))


def test_a_batch_is_known_before_it_is_answered(log: PostingLog) -> None:
    log.begin_batch("r1", run_id="run", digest="d", members=[member("1", "k1"), member("2", "k2")])

    assert {key: one.standing for key, one in log.replay().items()} == {"k1": Standing.BEGUN, "k2": Standing.BEGUN}
    assert [one.requestid for one in log.open_batches()] == ["r1"]
    assert log.open_batches()[0].members == (member("1", "k1"), member("2", "k2"))


def test_batches_of_the_last_minute_are_known_to_the_next_process(log: PostingLog, clock: SettableClock) -> None:
    """Answered or not; an entry that went alone was no batch."""
    pair = [member("1", "k1"), member("2", "k2")]
    log.begin_batch("old", run_id="run", digest="d", members=pair)
    clock.now = NOON + timedelta(seconds=90)
    log.begin_batch("new", run_id="run", digest="d", members=[member("1", "k3"), member("2", "k4")])
    log.begin_batch("void", run_id="run", digest="d", members=[member("1", "k5")])
    log.settle_batch("new", [event("k3", Standing.DONE, qbo_id="17"), event("k4", Standing.DONE, qbo_id="18")])
    clock.now = NOON + timedelta(seconds=100)
    assert log.sent_since(clock.now - timedelta(minutes=1)) == (NOON + timedelta(seconds=90),)


def test_answers_close_the_batch_and_stand(log: PostingLog) -> None:
    log.begin_batch("r1", run_id="run", digest="d", members=[member("1", "k1")])
    log.settle_batch("r1", [event("k1", Standing.DONE, qbo_id="17", number="A-1", amount=Decimal("12.30"))])

    known = log.replay()["k1"]
    assert (known.standing, known.qbo_id, known.amount) == (Standing.DONE, "17", Decimal("12.30"))
    assert log.open_batches() == ()


def test_the_newest_event_of_a_key_stands_and_history_is_kept(log: PostingLog) -> None:
    for standing in (Standing.FAILED, Standing.DONE, Standing.UNDONE):
        log.record([event("k1", standing)])

    assert log.replay()["k1"].standing is Standing.UNDONE
    assert [one.standing for one in log.history("k1")] == [Standing.FAILED, Standing.DONE, Standing.UNDONE]


def test_a_done_key_stays_done_while_an_old_batch_of_it_is_open(log: PostingLog) -> None:
    log.record([event("k1", Standing.DONE, qbo_id="17")])
    log.begin_batch("r1", run_id="run", digest="d", members=[member("1", "k1")])
    assert log.replay()["k1"].standing is Standing.DONE


def test_a_begun_plan_comes_back_whole_until_it_is_finished(log: PostingLog) -> None:
    plan = a_plan()
    log.begin_plan(plan)
    log.begin_plan(plan)

    assert log.begun_plan(plan.digest) == plan
    assert log.unfinished_digests() == (plan.digest,)
    log.finish_plan(plan.digest)
    assert log.begun_plan(plan.digest) is None


def test_everything_survives_reopening(log: PostingLog, tmp_path: Path, clock: SettableClock) -> None:
    log.begin_run("run-1", command="push", period="2026-01", digest="d", approved_by="auto")
    log.record([event("k1", Standing.DONE, qbo_id="17", run="run-1")])
    log.sign("2026-01", signed_by="Dana", proof_sha256="ab")

    again = open_log(tmp_path / "posting-log.db", realm="9130", clock=clock)
    assert again.replay() == log.replay()
    assert [one.posted.key for one in again.written_by("run-1")] == ["k1"]
    assert [(one.id, one.state) for one in again.runs()] == [("run-1", "cut off")]
    assert [one.signed_by for one in again.sign_offs()] == ["Dana"]


def test_a_second_live_run_is_refused_and_may_go_when_the_first_has_ended(
    log: PostingLog, tmp_path: Path, clock: SettableClock
) -> None:
    other = open_log(tmp_path / "posting-log.db", realm="9130", clock=clock)
    with (
        log.holding("first", pid=os.getpid()),
        pytest.raises(
            CompanyBusy, match=r"Another run \(process \d+ on .*, last seen \d\d/\d\d/\d{4} \d\d:\d\d:\d\d UTC\)"
        ),
        other.holding("second", pid=os.getpid()),
    ):
        pass
    with other.holding("second", pid=os.getpid()):
        other.heartbeat()


def test_a_dead_process_on_this_machine_loses_its_lease_at_once(log: PostingLog, tmp_path: Path) -> None:
    script = (
        "import os,sys; from pathlib import Path; from datetime import datetime, UTC\n"
        "from toolkit.posting_log import open_log\n"
        "log = open_log(Path(sys.argv[1]), realm='9130', clock=lambda: datetime.now(UTC))\n"
        "log.lease.take('dead', pid=os.getpid(), host=__import__('socket').gethostname()); os._exit(9)\n"
    )
    subprocess.run([sys.executable, "-c", script, str(tmp_path / "posting-log.db")], check=False)

    with log.holding("alive", pid=os.getpid()):
        log.heartbeat()


NOBODY = 2**22 + 1
"""No process has this pid."""


@pytest.mark.parametrize(
    "seen",
    [("boot pid:[1]", "boot pid:[2]"), ("", "boot pid:[2]"), ("boot pid:[1]", ""), ("boot pid:[1]", "later pid:[1]")],
    ids=["two containers", "WSL beside Windows", "Windows beside WSL", "two machines of one name"],
)
def test_a_run_that_cannot_be_seen_from_here_is_not_called_dead(
    log: PostingLog, tmp_path: Path, clock: SettableClock, monkeypatch: pytest.MonkeyPatch, seen: tuple[str, str]
) -> None:
    """Of the same host's name, and of other processes: it is another machine's, and lives until it is silent."""
    other = open_log(tmp_path / "posting-log.db", realm="9130", clock=clock)
    monkeypatch.setattr(posting_lease, "_seen_here", lambda: seen[0])
    log.lease.take("theirs", pid=NOBODY, host="laptop")
    monkeypatch.setattr(posting_lease, "_seen_here", lambda: seen[1])
    clock.now = NOON + timedelta(seconds=59)
    with pytest.raises(CompanyBusy, match=rf"process {NOBODY} on laptop, last"):
        other.lease.take("ours", pid=os.getpid(), host="laptop")
    clock.now = NOON + timedelta(seconds=61)
    watched: list[float] = []
    other.lease.take("ours", pid=os.getpid(), host="laptop", watch=watched.append)
    assert len(watched) == 1
    with pytest.raises(CompanyBusy, match="because this one was silent for more than a minute"):
        log.heartbeat()


def test_a_dead_run_that_would_be_seen_from_here_is_taken_over_at_once(log: PostingLog, tmp_path: Path) -> None:
    """Also one that an earlier version of this toolkit began: its lease says the host's name only."""
    log.lease.take("dead", pid=NOBODY, host="laptop")
    log.lease.take("again", pid=NOBODY, host="laptop")
    with sqlite3.connect(tmp_path / "posting-log.db") as connection:
        connection.execute("UPDATE lease SET host = 'laptop'")
    connection.close()
    log.lease.take("after it", pid=os.getpid(), host="laptop")


def test_a_run_that_lost_the_company_is_called_silent_only_if_it_was(log: PostingLog, tmp_path: Path) -> None:
    """A posting log that was put back from a backup does not know the run any more."""
    log.lease.take("run", pid=os.getpid(), host="laptop")
    with sqlite3.connect(tmp_path / "posting-log.db") as connection:
        connection.execute("DELETE FROM lease")
    connection.close()
    with pytest.raises(CompanyBusy) as lost:
        log.heartbeat()
    assert "silent" not in lost.value.problem.what
    assert "or the posting log was replaced" in lost.value.problem.what


def test_a_remote_lease_is_taken_over_only_after_a_minute_of_silence(
    log: PostingLog, tmp_path: Path, clock: SettableClock
) -> None:
    other = open_log(tmp_path / "posting-log.db", realm="9130", clock=clock)
    log.lease.take("remote", pid=1, host="far-away")

    clock.now = NOON + timedelta(seconds=59)
    with pytest.raises(CompanyBusy), other.holding("here", pid=os.getpid()):
        pass
    clock.now = NOON + timedelta(seconds=61)
    with other.holding("here", pid=os.getpid()), pytest.raises(CompanyBusy):
        log.heartbeat()


def test_whoever_lost_the_lease_cannot_begin_a_batch(log: PostingLog, tmp_path: Path, clock: SettableClock) -> None:
    log.lease.take("remote", pid=1, host="far-away")
    clock.now = NOON + timedelta(seconds=61)
    other = open_log(tmp_path / "posting-log.db", realm="9130", clock=clock)
    with other.holding("here", pid=os.getpid()), pytest.raises(CompanyBusy):
        log.begin_batch("r1", run_id="run", digest="d", members=[member("1", "k1")])
    assert other.open_batches() == ()


@pytest.mark.parametrize(
    ("free", "words"), [(0, "the disk is full."), (1 << 30, "the disk is full or does not answer.")]
)
def test_a_full_disk_that_sqlite_calls_an_input_output_error_is_called_full(
    log: PostingLog, monkeypatch: pytest.MonkeyPatch, free: int, words: str
) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda _folder: SimpleNamespace(total=free, used=0, free=free))

    def failing() -> NoReturn:
        raise sa.exc.OperationalError("INSERT", {}, sqlite3.OperationalError("disk I/O error"))

    monkeypatch.setattr(log._engine, "connect", failing)
    with pytest.raises(UsageError) as refused:
        log.heartbeat()
    assert refused.value.problem.what == f"The posting log cannot be written: {words}"


def test_a_log_of_another_company_is_refused_unless_nothing_is_in_it(
    log: PostingLog, tmp_path: Path, clock: SettableClock
) -> None:
    open_log(tmp_path / "posting-log.db", realm="5555", clock=clock).close()
    open_log(tmp_path / "posting-log.db", realm="9130", clock=clock).close()
    log.begin_run("r", command="push", period="2026-01", digest="d", approved_by="Dana")
    with pytest.raises(UsageError, match="company with ID 9130"):
        open_log(tmp_path / "posting-log.db", realm="4444", clock=clock)


def _opened(tmp_path: Path, environment: str, clock: SettableClock) -> PostingLog:
    return open_log(tmp_path / "posting-log.db", realm="9130", clock=clock, environment=environment)


@pytest.mark.parametrize(("made_in", "opened_in"), [("emulator", "production"), ("sandbox", "emulator")])
def test_a_log_of_another_environment_is_refused_unless_nothing_is_in_it(
    tmp_path: Path, clock: SettableClock, made_in: str, opened_in: str
) -> None:
    """Practice and real books may share a company ID, and an ID of one is a stranger in the other."""
    _opened(tmp_path, opened_in, clock).close()
    log = _opened(tmp_path, made_in, clock)
    log.begin_run("r", command="push", period="2026-01", digest="d", approved_by="Dana")
    with pytest.raises(UsageError, match=f"{made_in}.*environment = .{opened_in}") as refused:
        _opened(tmp_path, opened_in, clock)
    assert "posting-log.db and books.db" in refused.value.problem.do
    _opened(tmp_path, made_in, clock).close()


def test_a_used_log_that_names_no_environment_is_bound_to_the_first_it_is_opened_in(
    log: PostingLog, tmp_path: Path, clock: SettableClock
) -> None:
    log.begin_run("r", command="push", period="2026-01", digest="d", approved_by="Dana")
    _opened(tmp_path, "sandbox", clock).close()
    with pytest.raises(UsageError, match="sandbox company"):
        _opened(tmp_path, "production", clock)


def test_a_folder_that_cannot_be_written_is_said_in_words(tmp_path: Path, clock: SettableClock) -> None:
    with pytest.raises(UsageError, match="posting log cannot be written"):
        open_log(tmp_path / "no" / "such" / "posting-log.db", realm="1", clock=clock)
