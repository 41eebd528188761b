"""The worker of the drills: reads jobs as JSON lines, forks a process for each, and says how each ended."""

from __future__ import annotations

import faulthandler
import json
import os
import signal
import socket
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from drills import Job, Result, advance
from made_companies import month_plan

import toolkit.push
from toolkit import stages
from toolkit.approval import Approval
from toolkit.emulator.adapter import EmulatorAdapter
from toolkit.emulator.company import Company
from toolkit.open_company import OpenCompany, open_company, utc_now
from toolkit.plan import Outcome, Plan, Standing
from toolkit.posting_log import PostingLog
from toolkit.problems import ToolkitError
from toolkit.push import Situation, push
from toolkit.qbo.limits import Rates
from toolkit.qbo.session import Session

FAST = Rates(
    requests_per_second=100_000,
    requests_per_minute=10_000_000,
    batches_per_minute=10_000_000,
    realm_batches_per_minute=10_000_000,
    first_pause_after_throttle=0.01,
    pause_after_throttle=0.05,
)


MOST_SECONDS = 120
"""Real seconds after which jobs are given up: a drill that hangs is a failed drill, not a hung suite."""


class Trap:
    """Sends this process a signal at the nth of the wanted points.

    `files` is held while a file is used that other processes need too. A stop strikes only between such uses: it stops
    all threads at once, and the emulated QuickBooks, which here is in the same process, must not stop in the midst of
    a write as no QuickBooks ever does.
    """

    def __init__(self, job: Job) -> None:
        self._at, self._left = job.at, job.nth
        self._signal = getattr(signal, f"SIG{job.signal}", None) if job.signal else None
        self._lock = threading.Lock()
        self.files: AbstractContextManager[Any] = threading.RLock() if job.signal == "STOP" else nullcontext()

    def at(self, point: str) -> None:
        """Reach a point."""
        if self._signal is None or point != self._at:
            return
        with self._lock:
            self._left -= 1
            if self._left:
                return
        with self.files:
            os.kill(os.getpid(), self._signal)
            if self._signal == signal.SIGSTOP:
                time.sleep(0.2)  # another thread may take the signal, and this one run on for a moment

    def set(self) -> None:
        """Lay the trap around every commit of the posting log and every request."""
        writing, send = PostingLog._writing, Session.send

        @contextmanager
        def trapped(log: PostingLog) -> Iterator[Any]:
            with self.files, writing(log) as connection:
                yield connection
                self.at("commit")
            self.at("committed")

        def sending(session: Session, method: str, url: str, **more: Any) -> Any:
            self.at("send" if method == "POST" else "ask")
            with self.files:
                answer = send(session, method, url, **more)
            self.at("answer" if method == "POST" else "told")
            return answer

        PostingLog._writing = trapped  # type: ignore[method-assign]
        Session.send = sending  # type: ignore[method-assign, assignment]


def clock_of(folder: str, files: AbstractContextManager[Any]) -> tuple[Callable[[], datetime], Callable[[float], None]]:
    """The emulated company's own clock, and a sleep that moves it on."""
    company = Company.open(Path(folder) / "qbo.db")

    def sleep(seconds: float) -> None:
        with files, company.transaction():
            company.set_clock(company.now() + timedelta(seconds=seconds))
        time.sleep(0.001)  # so that the main thread finds the time for its heartbeats

    return company.now, sleep


def work(job: Job) -> Result:
    """Push once."""
    if job.host:
        socket.gethostname = lambda: job.host
    trap = Trap(job)
    now, sleep = (utc_now, None) if job.real_time or job.url else clock_of(job.folder, trap.files)
    toolkit.push.HEARTBEAT_SECONDS = 0.01  # the wait between looks at the clock, in real seconds
    if sleep:
        EmulatorAdapter.__init__.__kwdefaults__["sleep"] = sleep  # a slow answer takes the company's time, not ours
    trap.set()
    with open_company(job.folder, qbo_url=job.url, environ={}, rates=FAST, now=now) as company:
        company.client._sleep = sleep or (lambda seconds: threading.Event().wait(min(seconds, 0.05)))
        _ = company.realm
        waiting = {"sleep": sleep} if sleep else {}
        outcome = post(replace(company, **waiting), job)
    return of_outcome(outcome)


def post(company: OpenCompany, job: Job) -> Outcome:
    """Plan and push as the job says."""
    if job.stage:
        review = stages.review if job.stage == "billing" else stages.review_deposits
        reviewed = review(replace(company, reports=company.folder / "reports"), job.period)
        code = job.approve or reviewed.plan.digest
        return stages.post(company, reviewed, Approval(code=code))
    plan = made(job)
    situation = Situation(
        client=company.client, log=company.log, settings=company.settings, run_id=job.run, sleep=company.sleep
    )
    return push(plan, approval=Approval(code=job.approve or plan.digest), situation=situation)


def made(job: Job) -> Plan:
    return month_plan(**job.plan)


def of_outcome(outcome: Outcome) -> Result:
    return Result(
        exits=list(outcome.exit_codes),
        stopped=outcome.stopped,
        done=outcome.ended(Standing.DONE),
        failed=[f"{one.problem}" for one in outcome.written if one.standing is Standing.FAILED],
        unknown=outcome.ended(Standing.UNKNOWN),
        writes=outcome.writes,
        reads=outcome.reads,
        calls=outcome.calls,
        adopted=outcome.adopted,
        digest=outcome.digest,
        problems=[one.code for one in outcome.problems],
    )


def child(job: Job, pipe: int) -> None:
    """In the forked process: work, say the result, and end without tidying up."""
    code = 0
    faulthandler.enable()
    for one in (signal.SIGINT, signal.SIGTERM):  # as the command line has it; what a shell runs behind ignores SIGINT
        signal.signal(one, signal.default_int_handler)
    try:
        result = work(job)
    except ToolkitError as error:
        result = Result(error=type(error).__name__, words=str(error), exits=[error.exit_code])
    except KeyboardInterrupt:
        result = Result(error="KeyboardInterrupt", exits=[130])
    except BaseException as error:
        result, code = Result(error=type(error).__name__, words=traceback.format_exc(), exits=[1]), 1
    with os.fdopen(pipe, "w") as out:
        json.dump(asdict(result), out)
    os._exit(code)


def start(job: Job) -> tuple[int, int]:
    """A forked process on a job: its id and the pipe of its result."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reading)
        child(job, writing)
    os.close(writing)
    return pid, reading


def end(pid: int, pipe: int) -> Result:
    """Wait for a process; one that stopped itself goes on first."""
    _, status = os.waitpid(pid, os.WUNTRACED)
    if os.WIFSTOPPED(status):
        os.kill(pid, signal.SIGCONT)
        _, status = os.waitpid(pid, 0)
    with os.fdopen(pipe) as said:
        text = said.read()
    if os.WIFSIGNALED(status):
        return Result(killed=os.WTERMSIG(status))
    return Result(**json.loads(text))


def together(jobs: list[Job]) -> list[Result]:
    """Run jobs at the same time; the results in their order."""
    running: list[tuple[int, int]] = []
    signal.alarm(MOST_SECONDS)
    try:
        for job in jobs:
            if job.after:
                os.waitid(os.P_PID, running[-1][0], os.WSTOPPED | os.WEXITED | os.WNOWAIT)
                advance(Path(job.folder), job.after)
            running.append(start(job))
        return [end(*one) for one in reversed(running)][::-1]
    except TimeoutError:
        for pid, _ in running:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGABRT)  # says on stderr where it was
                os.kill(pid, signal.SIGCONT)
        return [Result(error="TimeoutError", words=f"no end after {MOST_SECONDS} seconds", exits=[1]) for _ in jobs]
    finally:
        signal.alarm(0)


def give_up(number: int, frame: object) -> None:
    """The alarm's handler."""
    raise TimeoutError


def main() -> None:
    """Jobs that come in one line run at the same time."""
    signal.signal(signal.SIGALRM, give_up)
    for line in sys.stdin:
        results = together([Job(**one) for one in json.loads(line)])
        print(json.dumps([asdict(one) for one in results]), flush=True)


if __name__ == "__main__":
    main()
