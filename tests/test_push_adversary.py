"""What a hostile network, a busy person and a wrong clock can do to one push, one sentence each."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from made_companies import bare_company, month_plan
from person import Person

from toolkit.approval import Approval
from toolkit.books import Customer
from toolkit.emulator.admin import set_switch
from toolkit.open_company import OpenCompany, open_company
from toolkit.plan import Action, Adoption, Kind, Outcome, Plan, Standing
from toolkit.posting_log import Member, PostingLog, open_log
from toolkit.posting_rows import Event
from toolkit.problems import CompanyBusy
from toolkit.push import Situation, push
from toolkit.qbo import exact_json, wire_read
from toolkit.qbo.session import Session

PLAN = {"invoices": 4, "teams": 2}
Meddling = Callable[[Callable[[], requests.Response], dict[str, Any]], requests.Response]
"""Is given the sending of a batch and its body, and gives the answer that arrives."""


@pytest.fixture
def company(tmp_path: Path) -> Iterator[OpenCompany]:
    with open_company(bare_company(tmp_path)) as opened:
        switch(opened, quotas="off")
        _ = opened.realm
        yield opened


def switch(company: OpenCompany, **values: str) -> None:
    assert company.emulated is not None
    with company.emulated.transaction():
        for name, value in values.items():
            set_switch(company.emulated, name, value)


class Killed(BaseException):
    """The process is gone; nothing tidies up after it but the lease."""


@contextmanager
def meddling(monkeypatch: pytest.MonkeyPatch, nth: int, meddle: Meddling, *, path: str = "batch") -> Iterator[None]:
    """Let someone between the two meddle with the nth POST to that path, and with none after it."""
    send, seen = Session.send, 0

    def sending(session: Session, method: str, url: str, **more: Any) -> requests.Response:
        nonlocal seen
        wanted = method == "POST" and url.partition("?")[0].endswith(f"/{path}")
        seen += wanted
        if not wanted or seen != nth:
            return send(session, method, url, **more)
        return meddle(lambda: send(session, method, url, **more), exact_json.loads(more["body"].decode()))

    with monkeypatch.context() as patched:
        patched.setattr(Session, "send", sending)
        yield
    assert seen >= nth, "the meddler must have been there"


def post(company: OpenCompany, plan: Plan, code: str = "", run: str = "run-1") -> Outcome:
    situation = Situation(
        client=company.client, log=company.log, settings=company.settings, run_id=run, sleep=lambda _seconds: None
    )
    return push(plan, approval=Approval(code=code or plan.digest), situation=situation)


def killed_with_answer(company: OpenCompany, monkeypatch: pytest.MonkeyPatch, nth: int, plan: Plan) -> None:
    """Push, and be gone when the nth batch has been carried out and its answer is not written down yet."""

    def gone(sending: Callable[[], requests.Response], _body: dict[str, Any]) -> requests.Response:
        sending()
        raise Killed

    with meddling(monkeypatch, nth, gone), pytest.raises(Killed):
        post(company, plan, run="struck")


def in_books(company: OpenCompany) -> dict[str, int]:
    return {entity: company.client.count(entity) for entity in ("Customer", "Invoice", "Payment")}


WHOLE = {"Customer": 2, "Invoice": 4, "Payment": 4}


# ---- a person at work at the same time


def renumber(person: Person) -> None:
    person.change("Invoice", "C957F1A7-0002", DocNumber="HAND-1")


def rewrite_memo(person: Person) -> None:
    person.change("Invoice", "C957F1A7-0002", PrivateNote="call them about this one")


@pytest.mark.parametrize("work", [renumber, rewrite_memo])
@pytest.mark.parametrize("requestid", ["replay", "ignore", "6000"])
def test_what_a_person_changed_while_its_answer_was_lost_is_found_and_not_posted_again(
    work: Callable[[Person], None], requestid: str, company: OpenCompany, monkeypatch: pytest.MonkeyPatch
) -> None:
    switch(company, requestid=requestid, duplicate_number_warning="off")
    killed_with_answer(company, monkeypatch, 2, month_plan(**PLAN))
    work(Person(company))
    outcome = post(company, month_plan(**PLAN), run="again")
    assert in_books(company) == WHOLE
    assert [one.standing for one in outcome.written if one.standing is not Standing.DONE] == []


def test_a_cut_plan_that_is_resumed_by_its_code_does_not_post_what_the_books_have_by_now(
    company: OpenCompany, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The plan made now recognizes an invoice that look-ups cannot: its number, customer and date were changed."""
    switch(company, requestid="ignore", duplicate_number_warning="off")
    plan = month_plan(**PLAN)
    killed_with_answer(company, monkeypatch, 2, plan)
    person = Person(company)
    person.change("Invoice", "C957F1A7-0002", DocNumber="HAND-1", TxnDate="2025-12-01", DueDate="2025-12-31")
    found = person.find("Invoice", "HAND-1")
    (key,) = [one.key for one in plan.operations if one.label == "C957F1A7-0002"]
    adoption = Adoption(
        key=key, kind=Kind.INVOICE, entity="Invoice", qbo_id=found["Id"], number="HAND-1",
        amount=plan.operations[2].amount, rule="stamp", label="C957F1A7-0002",
    )  # fmt: skip
    rest = tuple(one for one in plan.operations if one.key != key)
    now = replace(plan, operations=rest, adoptions=(adoption,))
    outcome = post(company, now, code=plan.digest, run="again")
    assert outcome.digest == plan.digest
    assert in_books(company) == WHOLE
    assert company.log.replay()[key].qbo_id == found["Id"]


def test_an_invoice_that_another_program_posted_meanwhile_is_adopted_and_not_called_a_failure(
    company: OpenCompany, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Coworks' own integration, or a person, enters the same bill between the preview and the push."""
    plan = month_plan(**PLAN)

    def enter_first(sending: Callable[[], requests.Response], body: dict[str, Any]) -> requests.Response:
        (bill,) = [one["Invoice"] for one in body["BatchItemRequest"] if one["Invoice"]["DocNumber"].endswith("0001")]
        Person(company).enter("Invoice", {name: value for name, value in bill.items() if name != "PrivateNote"})
        return sending()

    with meddling(monkeypatch, 2, enter_first):
        outcome = post(company, plan)
    assert [one.problem for one in outcome.written if one.standing is not Standing.DONE] == []
    assert in_books(company) == WHOLE


# ---- what arrives twice, out of order, or not whole


def twice(sending: Callable[[], requests.Response], _body: dict[str, Any]) -> requests.Response:
    sending()
    return sending()


def reversed_answers(answers: list[Any]) -> list[Any]:
    return answers[::-1]


def without_first(answers: list[Any]) -> list[Any]:
    return answers[1:]


def without_bids(answers: list[Any]) -> list[Any]:
    return [{name: value for name, value in one.items() if name != "bId"} for one in answers]


def one_bid_for_all(answers: list[Any]) -> list[Any]:
    return [one | {"bId": "1"} for one in answers]


def swapped_bids(answers: list[Any]) -> list[Any]:
    return [one | {"bId": other["bId"]} for one, other in zip(answers, answers[::-1], strict=True)]


def nothing(_answers: list[Any]) -> list[Any]:
    return []


def throttled_items(answers: list[Any]) -> list[Any]:
    fault = {"Error": [{"Message": "ThrottleExceeded", "code": "3001", "Detail": ""}], "type": "SERVICE"}
    return [{"Fault": fault, "bId": one["bId"]} for one in answers]


def ailing_items(answers: list[Any]) -> list[Any]:
    fault = {"Error": [{"Message": "An application error", "code": "10000", "Detail": ""}], "type": "SystemFault"}
    return [{"Fault": fault, "bId": one["bId"]} for one in answers]


MANGLED = (
    reversed_answers, without_first, without_bids, one_bid_for_all, swapped_bids, nothing, throttled_items,
    ailing_items,
)  # fmt: skip


@pytest.mark.parametrize("requestid", ["replay", "ignore", "6000"])
@pytest.mark.parametrize("nth", [1, 2, 3], ids=["customers", "invoices", "payments"])
@pytest.mark.parametrize("mangle", MANGLED)
def test_a_mangled_answer_links_nothing_wrongly_and_doubles_nothing(
    mangle: Callable[[list[Any]], list[Any]],
    nth: int,
    requestid: str,
    company: OpenCompany,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The work was done; the answers arrive reordered, without their ids, with one id, or as faults."""
    switch(company, requestid=requestid)

    def meddle(sending: Callable[[], requests.Response], _body: dict[str, Any]) -> requests.Response:
        answer = sending()
        said = answer.json()
        said["BatchItemResponse"] = mangle(said["BatchItemResponse"])
        answer._content = json.dumps(said).encode()
        return answer

    with meddling(monkeypatch, nth, meddle):
        outcome = post(company, month_plan(**PLAN))
    assert [one.problem for one in outcome.written if one.standing is not Standing.DONE] == []
    assert in_books(company) == WHOLE
    numbers = {row["Id"]: row["DocNumber"] for row in company.client.query_all("Invoice")}
    names = {row["Id"]: row["DisplayName"] for row in company.client.query_all("Customer")}
    for operation in month_plan(**PLAN).operations:
        stands = company.log.replay()[operation.key]
        if operation.kind is Kind.INVOICE:
            assert numbers[stands.qbo_id] == operation.label
        if operation.kind is Kind.CUSTOMER:
            assert names[stands.qbo_id] == operation.label


@pytest.mark.parametrize("requestid", ["replay", "ignore", "6000"])
def test_two_new_customers_who_share_an_email_are_not_taken_for_each_other(
    requestid: str, company: OpenCompany, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The item ids of their answers arrive swapped: the e-mail fits either, the name does not."""
    switch(company, requestid=requestid)
    plan = month_plan(**PLAN)
    shared = [
        replace(one, record=replace(one.record, emails=("office@example.com",)))
        if isinstance(one.record, Customer)
        else one
        for one in plan.operations
    ]
    plan = replace(plan, operations=tuple(shared))

    def swapped(sending: Callable[[], requests.Response], _body: dict[str, Any]) -> requests.Response:
        answer = sending()
        said = answer.json()
        said["BatchItemResponse"] = swapped_bids(said["BatchItemResponse"])
        answer._content = json.dumps(said).encode()
        return answer

    with meddling(monkeypatch, 1, swapped):
        outcome = post(company, plan)
    assert [one.problem for one in outcome.written if one.standing is not Standing.DONE] == []
    assert in_books(company) == WHOLE
    names = {row["Id"]: row["DisplayName"] for row in company.client.query_all("Customer")}
    known = company.log.replay()
    assert [names[known[one.key].qbo_id] for one in plan.operations if one.kind is Kind.CUSTOMER] == [
        "Team 0",
        "Team 1",
    ]
    owners = {row["DocNumber"]: row["CustomerRef"]["value"] for row in company.client.query_all("Invoice")}
    assert [names[owners[f"C957F1A7-{nth:04d}"]] for nth in range(4)] == ["Team 0", "Team 1"] * 2


@pytest.mark.parametrize("nth", [1, 2, 3], ids=["customers", "invoices", "payments"])
def test_one_record_that_is_answered_for_all_stands_for_one_of_them(
    nth: int, company: OpenCompany, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A cache between repeats the first item's record under each id, without its stamp and with each one's name."""

    def repeated(sending: Callable[[], requests.Response], body: dict[str, Any]) -> requests.Response:
        answer = sending()
        said = exact_json.loads(answer.content.decode())
        first, *_ = said["BatchItemResponse"]
        (entity,) = {"Customer", "Invoice", "Payment"} & first.keys()
        sent = {one["bId"]: one[entity] for one in body["BatchItemRequest"]}
        for one in said["BatchItemResponse"]:
            one[entity] = first[entity] | {
                name: sent[one["bId"]][name]
                for name in ("DisplayName", "PrivateNote", "TotalAmt", "DocNumber")
                if name in sent[one["bId"]]
            }
        answer._content = exact_json.dumps(said).encode()
        return answer

    with meddling(monkeypatch, nth, repeated):
        outcome = post(company, month_plan(**PLAN))
    assert in_books(company) == WHOLE
    known = company.log.replay()
    ids = [(one.entity, known[one.key].qbo_id) for one in month_plan(**PLAN).operations]
    assert len(set(ids)) == len(ids)
    assert [one.standing for one in outcome.written if one.standing is not Standing.DONE] == []


@pytest.mark.parametrize("requestid", ["replay", "6000"])
@pytest.mark.parametrize("nth", [1, 2, 3], ids=["customers", "invoices", "payments"])
def test_a_request_that_is_delivered_twice_is_believed_only_when_it_was_looked_up(
    nth: int, requestid: str, company: OpenCompany, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second delivery's answer arrives: with a requestid that is refused, it says of each that it failed."""
    switch(company, requestid=requestid)
    with meddling(monkeypatch, nth, twice):
        outcome = post(company, month_plan(**PLAN))
    assert [one.problem for one in outcome.written if one.standing is not Standing.DONE] == []
    assert in_books(company) == WHOLE
    assert all(row["Balance"] == 0 for row in company.client.query_all("Invoice"))


def test_a_plain_refusal_is_still_a_refusal_after_it_was_looked_up(company: OpenCompany) -> None:
    """Code 6000 is any broken rule of business; it does not stay unknown when nothing stands."""
    plan = month_plan(**PLAN)
    post(company, replace(plan, operations=plan.operations[:6]))
    person = Person(company)
    invoice = person.find("Invoice", "C957F1A7-0002")
    person.pay(invoice)
    switch(company, wrong_customer="refuse")
    outcome = post(company, plan, run="again")
    (paid,) = [one for one in outcome.written if one.standing is not Standing.DONE]
    assert paid.standing is Standing.FAILED, "the invoice was paid by hand meanwhile"
    assert in_books(company)["Payment"] == 4
    assert company.log.open_batches() == ()


@pytest.mark.parametrize("requestid", ["replay", "ignore", "6000"])
@pytest.mark.parametrize("void_again", ["same", "refuse"])
def test_a_change_that_is_delivered_twice_is_done_and_not_refused(
    requestid: str, void_again: str, company: OpenCompany, monkeypatch: pytest.MonkeyPatch
) -> None:
    switch(company, requestid=requestid, void_again=void_again)
    plan = month_plan(invoices=1, teams=1)
    post(company, plan)
    back = taken_back(company, plan)
    with meddling(monkeypatch, 1, twice, path="payment"), meddling(monkeypatch, 1, twice, path="invoice"):
        outcome = post(company, back, run="undo")
    assert [one.problem for one in outcome.written if one.standing is not Standing.DONE] == []


def another_id(record: dict[str, Any]) -> dict[str, Any]:
    return record | {"Id": "99999"}


def unchanged(record: dict[str, Any]) -> dict[str, Any]:
    return record | {"TotalAmt": 100, "PrivateNote": "", "Balance": 100}


@pytest.mark.parametrize("mangle", [another_id, unchanged])
@pytest.mark.parametrize("path", ["payment", "invoice"])
@pytest.mark.parametrize("carried_out", [True, False])
def test_a_void_that_is_answered_with_something_else_is_read_again(
    mangle: Callable[[dict[str, Any]], dict[str, Any]],
    path: str,
    carried_out: bool,
    company: OpenCompany,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whether it was carried out or not: in the end it is voided, and nothing is believed before it was read."""
    plan = month_plan(invoices=1, teams=1)
    post(company, plan)
    back = taken_back(company, plan)
    entity = path.capitalize()
    (stands,) = company.client.query_all(entity)

    def meddle(sending: Callable[[], requests.Response], _body: dict[str, Any]) -> requests.Response:
        answer = sending() if carried_out else company_reads(company, entity, stands["Id"])
        said = exact_json.loads(answer.content.decode())
        answer._content = exact_json.dumps(said | {entity: mangle(said[entity])}).encode()
        return answer

    with meddling(monkeypatch, 1, meddle, path=path):
        outcome = post(company, back, run="undo")
    assert [one.problem for one in outcome.written if one.standing is not Standing.DONE] == []
    assert all(wire_read.voided(company.client.read(entity, stands["Id"])) for entity, stands in voided_ids(company))


@pytest.mark.parametrize("entity", ["Payment", "Invoice"])
@pytest.mark.parametrize("times", [2, 100])
def test_a_read_that_is_answered_with_another_record_is_not_what_stands(
    times: int, entity: str, company: OpenCompany, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before a void: two wrong answers are asked again, endless ones end the run with nothing changed."""
    plan = month_plan(invoices=1, teams=1)
    post(company, plan)
    back = taken_back(company, plan)
    send, seen = Session.send, 0

    def sending(session: Session, method: str, url: str, **more: Any) -> requests.Response:
        nonlocal seen
        answer = send(session, method, url, **more)
        if method == "GET" and f"/{entity.lower()}/" in url and seen < times:
            seen += 1
            said = exact_json.loads(answer.content.decode())
            other = {"Id": "99999", "TotalAmt": 0, "PrivateNote": "Voided"}
            answer._content = exact_json.dumps(said | {entity: said[entity] | other}).encode()
        return answer

    with monkeypatch.context() as patched:
        patched.setattr(Session, "send", sending)
        outcome = post(company, back, run="undo")
    voided = [wire_read.voided(row) for row in company.client.query_all(entity)]
    states = [one.standing for one in outcome.written if one.entity == entity]
    assert voided == [times == 2]
    assert (states == [Standing.DONE]) is (times == 2)


def company_reads(company: OpenCompany, entity: str, record_id: str) -> requests.Response:
    """The answer of a read, as it comes over the wire."""
    answer = requests.Response()
    answer.status_code = 200
    answer._content = exact_json.dumps({entity: company.client.read(entity, record_id)}).encode()
    return answer


def voided_ids(company: OpenCompany) -> list[tuple[str, dict[str, Any]]]:
    return [(entity, row) for entity in ("Payment", "Invoice") for row in company.client.query_all(entity)]


def taken_back(company: OpenCompany, plan: Plan) -> Plan:
    """Void the only payment, then the only invoice of the plan."""
    payment, invoice = (next(one for one in plan.operations if one.entity == name) for name in ("Payment", "Invoice"))
    operations = [
        replace(one, key=f"{one.key[:22]}/v", action=Action.VOID, record=wire_read.record(one.entity, row), needs=())
        for one in (payment, invoice)
        for row in company.client.query_all(one.entity)
    ]
    second = replace(operations[1], needs=(operations[0].key,))
    return replace(plan, operations=(operations[0], second))


# ---- clocks


@dataclass
class Clock:
    now: datetime = datetime(2026, 2, 1, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def step(self, **by: float) -> None:
        self.now += timedelta(**by)


@contextmanager
def shared_log(folder: Path, clock: Clock) -> Iterator[PostingLog]:
    opened = open_log(folder / "posting-log.db", realm="1", clock=clock)
    try:
        yield opened
    finally:
        opened.close()


def test_a_clock_that_is_set_back_makes_no_heartbeat_look_fresh(tmp_path: Path) -> None:
    """Else a run would believe for an hour that it holds the company, say so to nobody, and lose it unnoticed."""
    clock = Clock()
    with shared_log(tmp_path, clock) as log, log.holding("run-1", pid=1, host="laptop"):
        assert (log.lease.fresh, log.lease.due) == (True, False)
        clock.step(hours=-1)
        assert (log.lease.fresh, log.lease.due) == (False, True)
        log.heartbeat()
        assert (log.lease.fresh, log.lease.due) == (True, False)


def test_answers_of_a_run_that_was_taken_over_do_not_overwrite_what_the_other_knows(tmp_path: Path) -> None:
    """The machine that slept wakes with an answer in hand; the other has looked it up long since."""
    clock = Clock()
    operation = month_plan(invoices=1, teams=1).operations[1]
    member = Member(bid="1", key=operation.key, kind=operation.kind, entity=operation.entity)

    def event(standing: Standing, run: str) -> Event:
        from toolkit.plan import Posted

        posted = Posted(
            key=operation.key, kind=operation.kind, entity=operation.entity, standing=standing, qbo_id="7", run=run
        )
        return Event(posted=posted, action="create")

    with shared_log(tmp_path, clock) as slept, shared_log(tmp_path, clock) as other:
        with pytest.raises(CompanyBusy), slept.holding("run-1", pid=1, host="laptop"):
            slept.begin_batch("b", run_id="run-1", digest="d", members=[member])
            clock.step(minutes=10)
            with other.holding("run-2", pid=2, host="server"):
                other.settle_batch("b", [event(Standing.DONE, "run-2")])
            slept.settle_batch("b", [event(Standing.UNKNOWN, "run-1")], still_open=[operation.key])
        assert other.replay()[operation.key].standing is Standing.DONE
        assert other.open_batches() == ()


def test_a_live_run_keeps_the_company_when_the_machines_clock_is_corrected(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The moment a process began is reckoned from the machine's clock by some systems, and moves with it."""
    import os

    import psutil

    clock = Clock()
    with shared_log(tmp_path, clock) as log, log.holding("run-1", pid=os.getpid(), host="here"):
        began = psutil.Process.create_time
        monkeypatch.setattr(psutil.Process, "create_time", lambda one: began(one) + 3600)
        monkeypatch.setattr(psutil, "boot_time", lambda: 0.0)
        with shared_log(tmp_path, clock) as other, pytest.raises(CompanyBusy):
            other.lease.take("run-2", pid=os.getpid(), host="here")


def test_a_live_run_on_another_machine_is_not_taken_over_because_our_clock_is_fast(tmp_path: Path) -> None:
    """Two machines' clocks are ten minutes apart: its heartbeats look old, and still they come."""
    theirs, ours = Clock(), Clock(now=Clock().now + timedelta(minutes=10))
    with shared_log(tmp_path, theirs) as far, shared_log(tmp_path, ours) as near:

        def watch(seconds: float) -> None:
            theirs.step(seconds=seconds)
            far.heartbeat()

        with far.holding("run-1", pid=1, host="far"), pytest.raises(CompanyBusy):
            near.lease.take("run-2", pid=2, host="near", watch=watch)


def test_a_run_that_could_not_let_go_does_not_lock_out_its_own_process(tmp_path: Path) -> None:
    """The disk was full when a notebook's run ended; the kernel lives on, and tries again when there is room."""
    import os

    clock = Clock()
    with shared_log(tmp_path, clock) as log:
        log.lease.take("run-1", pid=os.getpid(), host="here")
        clock.step(seconds=59)
        with shared_log(tmp_path, clock) as other, pytest.raises(CompanyBusy):
            other.lease.take("run-2", pid=os.getpid(), host="here")
        clock.step(seconds=2)
        with shared_log(tmp_path, clock) as other:
            other.lease.take("run-2", pid=os.getpid(), host="here")
            with pytest.raises(CompanyBusy):
                log.heartbeat()


def test_a_lost_answer_is_looked_up_late_enough_whatever_the_clock_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The clock was an hour slow when the run was killed; a look-up at once would come before QuickBooks shows it."""
    folder = bare_company(tmp_path)
    settings = folder / "company.toml"
    settings.write_text(settings.read_text("utf-8").replace("lookup_wait_seconds = 0", "lookup_wait_seconds = 7"))
    with open_company(folder) as company:
        killed_with_answer(company, monkeypatch, 2, month_plan(**PLAN))
        now, slept = company.log.clock(), list[float]()
        monkeypatch.setattr(company.log, "clock", lambda: now + timedelta(hours=1))
        situation = Situation(
            client=company.client, log=company.log, settings=company.settings, run_id="again", sleep=slept.append
        )
        push(month_plan(**PLAN), approval=Approval(code=month_plan(**PLAN).digest), situation=situation)
        assert sum(slept) >= 7
        assert in_books(company) == WHOLE


# ---- settings of the company


@pytest.mark.parametrize("requestid", ["replay", "ignore", "6000"])
@pytest.mark.parametrize("warning", ["on", "off"])
def test_numbers_that_quickbooks_gives_itself_are_said_and_nothing_is_doubled(
    requestid: str, warning: str, company: OpenCompany, monkeypatch: pytest.MonkeyPatch
) -> None:
    """ "Custom transaction numbers" is switched off after the plan was made, and an answer is lost as well."""
    switch(company, custom_numbers="off", requestid=requestid, duplicate_number_warning=warning)

    def renumbered(sending: Callable[[], requests.Response], body: dict[str, Any]) -> requests.Response:
        sending()
        for nth, row in enumerate(company.client.query_all("Invoice")):
            Person(company).edit("Invoice", row, DocNumber=f"{1001 + nth}")
        raise requests.ConnectionError("cut")

    with meddling(monkeypatch, 2, renumbered):
        outcome = post(company, month_plan(**PLAN))
    assert in_books(company) == WHOLE
    assert {one.standing for one in outcome.written} == {Standing.DONE}
    assert [one.problem.code for one in outcome.written if one.problem] == ["posted-differs"] * 4
    assert not [row for row in company.client.query_all("Invoice") if "-CW" in row["DocNumber"]]


@pytest.mark.parametrize("requestid", ["replay", "ignore", "6000"])
@pytest.mark.parametrize("contention", ["on", "off"])
def test_names_that_are_taken_by_ourselves_and_not_to_be_seen_yet_end_in_doubt_and_not_in_a_loop(
    contention: str, requestid: str, company: OpenCompany, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Queries lag, so that our own new customers look like somebody else's until they are seen."""
    switch(company, requestid=requestid, name_contention=contention, query_lag_s="600", requestid_faults="replay")
    killed_with_answer(company, monkeypatch, 1, month_plan(**PLAN))
    outcome = post(company, month_plan(**PLAN), run="again")
    assert outcome.calls < 80
    switch(company, query_lag_s="0")
    last = post(company, month_plan(**PLAN), run="later")
    assert [one.problem for one in last.written if one.standing is not Standing.DONE] == []
    assert in_books(company) == WHOLE
