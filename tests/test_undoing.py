"""A run is taken back and released on real (emulated) books: once, resumable, and the proof tells the truth."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from drill_worker import FAST, Trap
from drills import Job, books_of, prepare
from made_companies import bare_company, copy_of_sample, month_plan

from toolkit import report_company, stages, undo, undoing, undoing_release, undoing_report, undoing_words
from toolkit.approval import Approval
from toolkit.books import (
    Balances,
    Books,
    Customer,
    DocumentKind,
    JournalEntry,
    JournalLine,
    Link,
    ReceivedPayment,
    Record,
    SalesDocument,
    SalesLine,
    TxnType,
)
from toolkit.open_company import OpenCompany, open_company
from toolkit.panels import start
from toolkit.plan import Action, Kind, Operation, Outcome, Plan, Posted, Standing, operation_key, ordered, pending
from toolkit.posting_log import Event, Member
from toolkit.problems import (
    OutcomeUnknown,
    QuickBooksRefused,
    Severity,
    Stale,
    Unapproved,
    Unsafe,
    UsageError,
    blocking,
)
from toolkit.proof import Subject, Verdict
from toolkit.push import Situation, push
from toolkit.qbo.balances import read_balances, read_marks
from toolkit.qbo.books_in_hand import BooksInHand
from toolkit.qbo.client import Client
from toolkit.qbo.snapshot import read_books
from toolkit.undoing import UndoReview

UNDONE = Standing.UNDONE
FIRST, LAST = date(2026, 1, 1), date(2026, 1, 31)


@contextmanager
def opened(folder: Path) -> Iterator[OpenCompany]:
    with open_company(folder, environ={}, rates=FAST, reports=folder.parent / "reports") as company:
        _ = company.realm
        yield replace(company, sleep=lambda _seconds: None)


def post(company: OpenCompany, review: Any, period: str = "2026-01") -> Outcome:
    made = review(company, period)
    return stages.post(company, made, Approval(code=made.plan.digest))


def undo_run(company: OpenCompany, run: str) -> tuple[UndoReview, Outcome]:
    made = undoing.review(company, run)
    return made, undoing.take_back(company, made, Approval(code=made.plan.digest))


def figures(company: OpenCompany) -> dict[str, Any]:
    """Receivables, Undeposited Funds, banks, income: everything that the trial balance and the aging say."""
    books = read_books(company.client, cache=company.folder / "books.db")
    found: Balances = read_balances(company.client, books, company.settings, start=FIRST, as_of=LAST)
    return {
        "receivable": found.receivable.closing,
        "funds": found.undeposited.closing,
        "banks": [one.closing for one in found.banks],
        "trial balance": sorted((row.account_name, row.amount) for row in found.trial_balance if row.amount),
        "open": sorted((one.number, one.open_balance) for one in found.open_items),
    }


# ---- a month of the sample company, there and back


@dataclass
class Month:
    """What the sample's January looked like before, and the two runs that posted it and were undone."""

    folder: Path
    before: dict[str, Any]
    posting: str
    deposits: str
    reviews: list[UndoReview]
    outcomes: list[Outcome]


@pytest.fixture(scope="module")
def month(tmp_path_factory: pytest.TempPathFactory) -> Month:
    folder = copy_of_sample(tmp_path_factory.mktemp("month"))
    prepare(folder, quotas="off")
    with opened(folder) as company:
        before = figures(company)
    with opened(folder) as company:
        posting, deposits = post(company, stages.review).run, post(company, stages.review_deposits).run
        done = [undo_run(company, deposits), undo_run(company, posting)]
    return Month(folder, before, posting, deposits, [one for one, _ in done], [one for _, one in done])


@pytest.fixture
def undone(month: Month, tmp_path: Path) -> Path:
    """The sample whose January was posted and undone, to do with as one likes."""
    return Path(shutil.copytree(month.folder, tmp_path / "sample"))


def test_everything_the_runs_created_is_taken_back_and_nothing_else(month: Month) -> None:
    assert [one.problems for one in month.outcomes] == [(), ()]
    assert [one.plan.held for one in month.reviews] == [(), ()]
    assert month.reviews[1].adopted == 20
    assert {(one.action, one.kind) for one in month.reviews[1].plan.operations} == {
        (Action.DELETE, Kind.REFUND),
        (Action.VOID, Kind.PAYMENT),
        (Action.VOID, Kind.INVOICE),
        (Action.DEACTIVATE, Kind.CUSTOMER),
    }


def test_receivables_funds_banks_and_income_are_as_they_were_before(month: Month) -> None:
    with opened(month.folder) as company:
        assert figures(company) == month.before


def test_the_next_preview_plans_nothing_and_says_what_to_do(undone: Path, month: Month) -> None:
    with opened(undone) as company:
        made = stages.review(company, "2026-01").plan
        banked = stages.review_deposits(company, "2026-01").plan
    assert (made.operations, banked.operations) == ((), ())
    assert {code for _, code in (*made.held, *banked.held)} == {"undone"}
    assert all("coworks-qbo release" in one.do for one in blocking((*made.problems, *banked.problems)))


def test_a_second_undo_writes_nothing_and_says_that_it_was_done_before(undone: Path, month: Month) -> None:
    with opened(undone) as company:
        made = undoing.review(company, month.posting)
        assert (made.nothing_left, made.before) == (True, 157)
        outcome = undoing.take_back(company, made, Approval(code="whatever"))
        assert (outcome.writes, outcome.run) == (0, "")
        assert "all 157 entries were undone before" in undoing_report.review_text(made)


def test_the_proof_names_what_was_undone_and_calls_none_of_it_lost(undone: Path) -> None:
    with opened(undone) as company:
        proof = stages.prove(company, "2026-01").proof
    assert not proof.ties
    verdicts = Counter(one.verdict for one in proof.findings)
    assert verdicts[Verdict.MISSING] == verdicts[Verdict.CHANGED_IN_QUICKBOOKS] == 0
    held = [one.name for one in proof.findings if one.subject is Subject.INVOICE and one.verdict is Verdict.HELD]
    assert len(held) == 57
    assert any("and then undone by a person" in one for one in proof.obstacles)
    assert not [one for one in proof.problems if one.code == "changed-in-quickbooks"]


def test_what_is_released_is_posted_again_exactly_once(undone: Path, month: Month) -> None:
    with opened(undone) as company:
        undoing_release.release(company, month.posting, by="Dana")
        undoing_release.release(company, month.deposits, by="Dana")
        posted = post(company, stages.review)
        assert (posted.problems, posted.count(Action.CREATE), posted.count(Action.UPDATE)) == ((), 111, 46)
        assert post(company, stages.review_deposits).problems == ()
        again = stages.review(company, "2026-01").plan
        assert (again.operations, again.held) == ((), ())
        proof = stages.prove(company, "2026-01").proof
        assert proof.ties, proof.obstacles
        books = read_books(company.client, cache=company.folder / "books.db")
    live = Counter(re.sub(r"-CW\d+$", "", one.number) for one in books.documents if not one.voided and one.number)
    assert {number for number, times in live.items() if times > 1} <= {"C957F1A7-0009"}, "that one was made by hand"
    names = Counter(one.display_name for one in books.customers)
    assert {name for name, times in names.items() if times > 1} == set(), "no customer was made twice"
    taken = {one.record.id for one in month.reviews[1].plan.operations if one.kind is Kind.CUSTOMER}
    assert all(one.active and "(deleted)" not in one.display_name for one in books.customers if one.id in taken)


def standings_of(company: OpenCompany) -> dict[Standing, int]:
    return dict(stages.status(company).standings)


def test_an_undone_run_that_was_posted_again_names_the_run_that_did(undone: Path, month: Month) -> None:
    """Undo, release, push: neither undo nor release of the first run sends the person to the other."""
    with opened(undone) as company:
        assert standings_of(company) == {Standing.ADOPTED: 20, UNDONE: 167}
        undoing_release.release(company, month.posting, by="Dana")
        waiting = undoing_report.review_text(undoing.review(company, month.posting))
        assert "They are released; the next push posts them." in waiting
        assert "coworks-qbo release" not in waiting
        again = post(company, stages.review).run
        assert standings_of(company) == {Standing.DONE: 157, Standing.ADOPTED: 20, UNDONE: 10}
        made = undoing.review(company, month.posting)
        assert f"posted again by run {again}; to take them back: coworks-qbo undo {again}" in (
            undoing_report.review_text(made)
        )
        assert "coworks-qbo release" not in undoing_report.review_text(made)
        assert undoing_report.review_json(made)["posted_again"] == {again: 157}
        with pytest.raises(Unsafe) as refused:
            undoing_release.release(company, month.posting, by="Dana")
        assert f"posted again by run {again}" in refused.value.problem.what
        assert f"coworks-qbo undo {again}" in refused.value.problem.do


def test_only_what_was_released_of_a_run_is_said_to_be_posted_again(undone: Path, month: Month) -> None:
    with opened(undone) as company:
        undoing_release.release(company, "4BC46318-0024", by="Dana")
        again = post(company, stages.review).run
        said = undoing_report.review_text(undoing.review(company, month.posting))
    assert f"3 were posted again by run {again}; to take them back: coworks-qbo undo {again}." in said
    assert f"To post the other 154 again: coworks-qbo release {month.posting}" in said


def test_releasing_an_invoice_brings_it_back_with_its_payment_and_customer_and_nothing_else(undone: Path) -> None:
    with opened(undone) as company:
        found = undoing_release.release(company, "4BC46318-0024", by="Dana")
        assert {one.kind for one in found.entries} == {Kind.INVOICE, Kind.PAYMENT, Kind.CUSTOMER}
        made = stages.review(company, "2026-01").plan
        assert [(one.action, one.kind) for one in made.operations] == [
            (Action.UPDATE, Kind.CUSTOMER),
            (Action.CREATE, Kind.INVOICE),
            (Action.CREATE, Kind.PAYMENT),
        ]
        outcome = stages.post(company, stages.review(company, "2026-01"), Approval(code=made.digest))
        assert [one.standing for one in outcome.written] == [Standing.DONE] * 3
        again, taken = undo_run(company, outcome.run)
        assert {(one.action, one.kind) for one in again.plan.operations} == {
            (Action.VOID, Kind.PAYMENT),
            (Action.VOID, Kind.INVOICE),
            (Action.DEACTIVATE, Kind.CUSTOMER),
        }
        assert taken.problems == ()
        assert stages.review(company, "2026-01").plan.operations == ()


def test_what_was_released_and_not_posted_yet_is_said_by_the_proof(undone: Path) -> None:
    with opened(undone) as company:
        undoing_release.release(company, "4BC46318-0024", by="Dana")
        proof = stages.prove(company, "2026-01").proof
    (found,) = [one for one in proof.findings if one.name == "4BC46318-0024" and one.subject is Subject.INVOICE]
    assert found.verdict is Verdict.MISSING
    assert "was undone and released; the next push posts it again" in found.sentence


def test_a_release_can_be_given_in_many_ways_and_twice(undone: Path, month: Month) -> None:
    with opened(undone) as company:
        done = company.log.replay()
        invoice = next(one for one in done.values() if one.number == "4BC46318-0024" and one.standing is UNDONE)
        found = undoing_release.release(company, invoice.key[:9], by="Dana")
        assert invoice.key in {one.key for one in found.entries}
        again = undoing_release.release(company, invoice.key, by="Dana")
        assert (again.already, again.run) == (True, "")
        customer = undoing_release.release(company, "pine street press", by="Dana")
        assert customer.labels == ("Customer Pine Street Press",)
        rest = undoing_release.release(company, month.reviews[1].run.id[:22], by="Dana")
        assert len(rest.entries) > 100
        released = [one for one in company.log.replay().values() if one.note == "released"]
        assert {one.standing for one in released} == {Standing.UNDONE}
        assert [one.command for one in company.log.runs()][-1].startswith("release ")


@pytest.mark.parametrize(
    ("name", "error", "words"),
    [
        ("nonsense", UsageError, "Nothing in this company's posting log is called 'nonsense'"),
        ("", UsageError, "Nothing in this company's posting log is called ''"),
        ("ffffffffffff", UsageError, "is called 'ffffffffffff'"),
    ],
)
def test_a_name_that_is_not_known_cannot_be_released(
    undone: Path, name: str, error: type[Exception], words: str
) -> None:
    with opened(undone) as company, pytest.raises(error, match=re.escape(words)):
        undoing_release.release(company, name, by="Dana")


def test_a_run_that_noted_nothing_is_known_and_has_nothing_to_release(undone: Path) -> None:
    """Killed before its first answer, for instance."""
    with opened(undone) as company:
        company.log.begin_run("cut", command="push billing", period="2026-01", digest="", approved_by="Dana")
        with pytest.raises(UsageError, match="noted no entry of its own"):
            undoing_release.release(company, "cut", by="Dana")


def test_what_a_later_run_voided_with_coworks_is_no_matter_of_the_undo(tmp_path: Path) -> None:
    """Coworks and QuickBooks both call it void: noted as undone, a release would post what nobody is billed for."""
    folder = copy_of_sample(tmp_path)
    prepare(folder, quotas="off")
    with opened(folder) as company:
        posting = post(company, stages.review).run
        post(company, lambda company, _: stages.review(company, "2026-02"))
    with opened(folder) as company:
        voids = by_kind(company, Kind.VOID)
        made, outcome = undo_run(company, posting)
        gone = {one.qbo_id for one in voids}
        assert gone and not gone & {one.record.id for one in made.plan.operations if one.kind is Kind.INVOICE}
        said = [one for one in made.plan.problems if "as in Coworks" in one.what]
        assert len(said) == len([one for one in voids if one.qbo_id in ids_of(company, posting)]) > 0
        assert not blocking(said)
        taken = [one for one in made.plan.operations if one.kind is Kind.INVOICE]
        assert f"{len(taken)} invoices voided" in undoing_report.outcome_text(outcome, made)


def ids_of(company: OpenCompany, run: str) -> set[str]:
    """QuickBooks' ids of the invoices that a run created."""
    return {one.posted.qbo_id for one in company.log.written_by(run) if one.posted.kind is Kind.INVOICE}


# ---- a small company: refusals on real books


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five invoices with their payments, two customers, all posted by the run `first`."""
    folder = bare_company(tmp_path_factory.mktemp("small"))
    prepare(folder, quotas="off")
    with opened(folder) as company:
        made = month_plan(invoices=5, teams=2)
        situation = Situation(client=company.client, log=company.log, settings=company.settings, run_id="first")
        assert push(made, approval=Approval(code=made.digest), situation=situation).problems == ()
    return folder


@pytest.fixture
def small(template: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(template, tmp_path / "bare"))


def held(made: UndoReview) -> str:
    return " ".join(f"{one.where}: {one.what}" for one in made.plan.problems)


def test_a_run_is_found_by_the_beginning_of_its_name_and_only_a_posting_run_of_this_company(small: Path) -> None:
    with opened(small) as company:
        assert undoing.find_run(company.log, "fir").id == "first"
        with pytest.raises(UsageError, match="has no run 'second'"):
            undoing.find_run(company.log, "second")
        with pytest.raises(UsageError, match="has no run ''"):
            undoing.find_run(company.log, "")
        with pytest.raises(UsageError, match=r"This run is of 2026-01, not of 2026-02"):
            undoing.review(company, "first", "2026-02")
        _, outcome = undo_run(company, "first")
        with pytest.raises(UsageError, match="posted nothing, so there is nothing of it to take back"):
            undoing.review(company, outcome.run)
        company.log.begin_run("firsts", command="push billing", period="2026-01", digest="d", approved_by="Dana")
        company.log.begin_run("firstly", command="push billing", period="2026-01", digest="d", approved_by="Dana")
        with pytest.raises(UsageError, match="runs begin with 'firs'"):
            undoing.find_run(company.log, "firs")


def test_a_run_with_entries_of_unknown_outcome_is_not_undone(small: Path) -> None:
    with opened(small) as company:
        entry = next(iter(company.log.replay().values()))
        member = Member(bid="1", key="0" * 24, kind=entry.kind, entity=entry.entity)
        company.log.begin_batch("r" * 32, run_id="first", digest=entry.digest, members=[member])
        with pytest.raises(OutcomeUnknown, match="nobody knows yet whether they arrived") as refused:
            undoing.review(company, "first")
        assert refused.value.exit_code == 6
        assert "it looks them up before it sends anything" in refused.value.problem.do


@pytest.mark.parametrize("code", ["", "0123456789abcdef"])
def test_nothing_is_undone_without_the_right_approval_code(small: Path, code: str) -> None:
    before = books_of(small)
    with opened(small) as company:
        made = undoing.review(company, "first")
        with pytest.raises(Unapproved if not code else Stale):
            undoing.take_back(company, made, Approval(code=code))
    assert books_of(small) == before


def test_auto_undoes_only_within_the_limits_for_voids(small: Path) -> None:
    settings = small / "company.toml"
    settings.write_text(settings.read_text(encoding="utf-8").replace("auto_voids = 1000", "auto_voids = 9"), "utf-8")
    with opened(small) as company:
        made = undoing.review(company, "first")
        with pytest.raises(Unsafe, match="10 voids, and auto_voids is 9"):
            undoing.take_back(company, made, Approval(code="auto"))


def test_a_signed_off_month_is_not_undone(small: Path) -> None:
    with opened(small) as company:
        company.log.sign("2026-01", signed_by="Dana", proof_sha256="0")
        made = undoing.review(company, "first")
        assert made.plan.operations == ()
        assert "the books are closed through 01/31/2026" in held(made)
        assert {one.severity for one in made.plan.problems} == {Severity.ITEM, Severity.NOTE}


def bank_deposit(company: OpenCompany, *payments: str) -> str:
    """A bank deposit that somebody makes in QuickBooks; its id."""
    emulated = company.emulated
    assert emulated is not None
    rows = {str(row["Id"]): row for row in company.client.query_all("Payment")}
    bank = next(one for one in company.client.query_all("Account") if one["AccountType"] == "Bank")
    linked = [
        {"Amount": rows[one]["TotalAmt"], "LinkedTxn": [{"TxnId": one, "TxnType": "Payment", "TxnLineId": "0"}]}
        for one in payments
    ]
    return created(company, "Deposit", {"DepositToAccountRef": {"value": bank["Id"]}, "Line": linked})


def created(company: OpenCompany, entity: str, body: dict[str, Any]) -> str:
    """The id of what a person enters in QuickBooks itself."""
    answer = sent(company, entity, body)
    return str(answer["Id"])


def sent(company: OpenCompany, entity: str, body: dict[str, Any]) -> dict[str, Any]:
    emulated = company.emulated
    assert emulated is not None
    raw = json.dumps(body, default=str).encode()
    answer = emulated.call("POST", entity.lower(), {"minorversion": "75"}, raw, "application/json")
    assert answer.status == 200, answer.body
    found: dict[str, Any] = json.loads(answer.body)[entity]
    return found


def by_kind(company: OpenCompany, kind: Kind) -> list[Posted]:
    found = [one for one in company.log.replay().values() if one.kind is kind]
    return sorted(found, key=lambda one: int(one.qbo_id))


def test_a_payment_that_somebody_deposited_stays_with_its_invoice_and_customer(small: Path) -> None:
    with opened(small) as company:
        payment = by_kind(company, Kind.PAYMENT)[0]
        bank_deposit(company, payment.qbo_id)
        made, outcome = undo_run(company, "first")
        assert "is in the bank deposit of" in held(made)
        assert len(made.plan.held) == 3, "the payment, its invoice, their customer"
        assert outcome.problems == ()
        assert outcome.count(Action.VOID) == 8
        assert outcome.count(Action.DEACTIVATE) == 1


def test_a_bank_deposit_of_ours_that_was_reconciled_stays(tmp_path: Path, month: Month) -> None:
    folder = copy_of_sample(tmp_path)
    prepare(folder, quotas="off")
    with opened(folder) as company:
        post(company, stages.review)
        run = post(company, stages.review_deposits).run
        assert company.emulated is not None
        banks = [one["Id"] for one in company.client.query_all("Account") if one["AccountType"] == "Bank"]
        assert sum(company.emulated.reconcile(str(one), "2026-01-12") for one in banks)
        made = undoing.review(company, run)
    assert Counter(one.action for one in made.plan.operations) == {Action.DELETE: 5}
    assert len(made.plan.held) == 5
    assert {one.what for one in made.plan.problems} == {"It stays, because it is reconciled with the bank statement."}


@pytest.mark.parametrize("answer", ["refused", "without the column"])
def test_what_the_bank_says_counts_as_reconciled_when_quickbooks_does_not_tell(
    answer: str, small: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def told(_client: Client, name: str, **_parameters: str) -> dict[str, Any]:
        if answer == "refused":
            problem = undoing_words.unknown_name(name)
            raise QuickBooksRefused(problem, fault_code="5020", status=400, intuit_tid="")
        return {"Columns": {"Column": [{"ColType": "tx_date"}, {"ColType": "txn_type"}]}, "Rows": {}}

    with opened(small) as company:
        monkeypatch.setattr(Client, "report", told)
        assert read_marks(company.client, FIRST, LAST) == {}


def test_an_invoice_that_somebody_changed_stays_and_so_does_what_it_needs(small: Path) -> None:
    with opened(small) as company:
        invoice = by_kind(company, Kind.INVOICE)[0]
        body = company.client.read("Invoice", invoice.qbo_id)
        sent(company, "Invoice", {"Id": body["Id"], "SyncToken": body["SyncToken"], "sparse": True,
                                  "DocNumber": "BY-HAND"})  # fmt: skip
        made, outcome = undo_run(company, "first")
        assert "was changed in QuickBooks since it was posted: another number" in held(made)
        assert outcome.count(Action.VOID) == 9
        assert outcome.problems == ()


def test_what_changes_between_the_preview_and_the_undo_is_refused(small: Path) -> None:
    """Planned and approved, then somebody deposits one of the payments: it is stale, and nothing is sent."""
    with opened(small) as company:
        seen = undoing.review(company, "first")
        bank_deposit(company, by_kind(company, Kind.PAYMENT)[0].qbo_id)
        now = undoing.review(company, "first")
        with pytest.raises(Stale):
            undoing.take_back(company, now, Approval(code=seen.plan.digest))
        outcome = undoing.take_back(company, seen, Approval(code=seen.plan.digest))
        ends = {"failed": 1, "unknown": 0, "waiting": 2, "not_sent": 0}
        assert outcome.left == ends, "QuickBooks itself refuses the payment, and what waits for it is not sent"
        assert outcome.count(Action.VOID) == 8


def test_a_customer_with_a_balance_is_not_made_inactive(small: Path) -> None:
    """The balance comes from something that the toolkit does not read, so it is asked right before the change."""
    with opened(small) as company:
        made = undoing.review(company, "first")
        customer = by_kind(company, Kind.CUSTOMER)[0]
        item = company.client.query_all("Item")[0]["Id"]
        line = {"Amount": 10, "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": {"ItemRef": {"value": item}}}
        created(company, "Invoice", {"CustomerRef": {"value": customer.qbo_id}, "Line": [line]})
        outcome = undoing.take_back(company, made, Approval(code=made.plan.digest))
        (failed,) = [one for one in outcome.written if one.standing is Standing.FAILED]
        assert failed.problem is not None
        assert "its balance is 10.00" in failed.problem.what
        assert "stays" not in outcome.problems[0].what
        assert company.client.read("Customer", customer.qbo_id)["Active"] is True


def test_what_somebody_voided_already_is_noted_without_a_write(small: Path) -> None:
    with opened(small) as company:
        payment, invoice = by_kind(company, Kind.PAYMENT)[0], by_kind(company, Kind.INVOICE)[0]
        for entity, qbo_id in (("Payment", payment.qbo_id), ("Invoice", invoice.qbo_id)):
            body = company.client.read(entity, qbo_id)
            parameters = {"operation": "void"} if entity == "Invoice" else {"operation": "update", "include": "void"}
            emulated = company.emulated
            assert emulated is not None
            raw = f'{{"Id": "{qbo_id}", "SyncToken": "{body["SyncToken"]}", "sparse": true}}'.encode()
            assert emulated.call("POST", entity.lower(), parameters, raw, "application/json").status == 200
        made, outcome = undo_run(company, "first")
        assert sum("nothing is sent" in one.reason for one in made.plan.operations) == 2
        assert "       2  entries voided, deleted or inactive already" in undoing_report.review_text(made)
        assert "2 noted that were undone already" in undoing_report.outcome_text(outcome, made)
        assert (outcome.problems, outcome.writes) == ((), 10)
        undone = [one for one in company.log.replay().values() if one.standing is Standing.UNDONE]
        assert len(undone) == 12


def test_what_somebody_deleted_in_quickbooks_can_be_released_and_what_stands_cannot(small: Path) -> None:
    with opened(small) as company:
        invoice, payment = by_kind(company, Kind.INVOICE)[0], by_kind(company, Kind.PAYMENT)[0]
        with pytest.raises(Unsafe, match="stands in QuickBooks"):
            undoing_release.release(company, invoice.key, by="Dana")
        with pytest.raises(Unsafe, match="Nothing of this run was undone"):
            company.log.begin_run("2026010101-a", command="push x", period="", digest="", approved_by="")
            company.log.record([Event(posted=replace(invoice, run="2026010101-a"), action="create")])
            undoing_release.release(company, "2026010101", by="Dana")
        body = company.client.read("Payment", payment.qbo_id)
        raw = f'{{"Id": "{payment.qbo_id}", "SyncToken": "{body["SyncToken"]}"}}'.encode()
        assert company.emulated is not None
        company.emulated.call("POST", "payment", {"operation": "delete"}, raw, "application/json")
        found = undoing_release.release(company, payment.key, by="Dana")
        assert [one.key for one in found.entries] == [payment.key]
        now = company.log.replay()[payment.key]
        assert (now.standing, now.note) == (Standing.UNDONE, "released: it was gone from QuickBooks")


def credit_plan() -> Plan:
    """An invoice, a credit memo over part of it, the credit applied, a journal entry: the kinds that are deleted."""
    realm, on = "9130000000000001", date(2026, 1, 10)
    keys = {kind: operation_key(realm, kind, "C1-0001/credit") for kind in Kind}
    customer, invoice, memo = (pending(keys[one]) for one in (Kind.CUSTOMER, Kind.INVOICE, Kind.CREDIT_MEMO))

    def sale(kind: DocumentKind, number: str, amount: str) -> SalesDocument:
        lines = (SalesLine(amount=Decimal(amount), item_id="1"),)
        return SalesDocument(
            kind=kind, number=number, customer_id=customer, txn_date=on, total=Decimal(amount), lines=lines
        )

    applied = tuple(
        Link(txn_type=kind, txn_id=to, amount=Decimal("40.00"))
        for kind, to in ((TxnType.INVOICE, invoice), (TxnType.CREDIT_MEMO, memo))
    )
    lines = (
        JournalLine(account_id="84", amount=Decimal(5), customer_id=customer),
        JournalLine(account_id="79", amount=Decimal(-5)),
    )
    records: dict[Kind, Record] = {
        Kind.CUSTOMER: Customer(display_name="Credit Co."),
        Kind.INVOICE: sale(DocumentKind.INVOICE, "C1-0001", "100.00"),
        Kind.CREDIT_MEMO: sale(DocumentKind.CREDIT_MEMO, "C1-0001-CM1", "40.00"),
        Kind.CREDIT_APPLICATION: ReceivedPayment(customer_id=customer, txn_date=on, total=Decimal(0), links=applied),
        Kind.JOURNAL_ENTRY: JournalEntry(number="J1", txn_date=on, lines=lines),
    }
    needed = {Kind.CREDIT_APPLICATION: (keys[Kind.INVOICE], keys[Kind.CREDIT_MEMO])}
    operations = [
        Operation(
            key=keys[kind],
            kind=kind,
            action=Action.CREATE,
            entity=type(record).__name__.replace("ReceivedPayment", "Payment")
            if not isinstance(record, SalesDocument)
            else str(record.kind),
            record=record,
            label=str(kind),
            reason="",
            amount=getattr(record, "total", Decimal(0)),
            needs=needed.get(kind, () if kind is Kind.CUSTOMER else (keys[Kind.CUSTOMER],)),
            coworks_id=f"C1-0001/{kind}",
        )
        for kind, record in records.items()
    ]
    return Plan(stage="billing", company="bare", realm=realm, period="2026-01", operations=ordered(operations))


def test_credits_and_journal_entries_are_deleted_and_the_books_are_as_before(small: Path) -> None:
    with opened(small) as company:
        before = figures(company)
        made = credit_plan()
        situation = Situation(client=company.client, log=company.log, settings=company.settings, run_id="credits")
        posted = push(made, approval=Approval(code=made.digest), situation=situation)
        assert posted.problems == ()
        assert figures(company) != before
        seen, outcome = undo_run(company, "credits")
        assert [(one.kind, one.action) for one in seen.plan.operations] == [
            (Kind.CREDIT_APPLICATION, Action.DELETE),
            (Kind.JOURNAL_ENTRY, Action.DELETE),
            (Kind.CREDIT_MEMO, Action.DELETE),
            (Kind.INVOICE, Action.VOID),
            (Kind.CUSTOMER, Action.DEACTIVATE),
        ], held(seen)
        assert outcome.problems == ()
        assert figures(company) == before


# ---- killed in the midst


def struck(folder: Path, code: str, at: str, nth: int) -> bool:
    """Undo in a process of its own that is killed at that point; whether it was."""
    pid = os.fork()
    if pid == 0:
        try:
            Trap(Job(folder=str(folder), at=at, nth=nth, signal="KILL")).set()
            with opened(folder) as company:
                made = undoing.review(company, "first")
                undoing.take_back(company, made, Approval(code=code))
        finally:
            os._exit(0)
    _, status = os.waitpid(pid, 0)
    return os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL


@pytest.fixture(scope="module")
def undisturbed(template: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = Path(shutil.copytree(template, tmp_path_factory.mktemp("undisturbed") / "bare"))
    with opened(folder) as company:
        undo_run(company, "first")
    return books_of(folder)


def code_of(folder: Path) -> str:
    with opened(folder) as company:
        return undoing.review(company, "first").plan.digest


@pytest.mark.parametrize("at", ["commit", "committed", "send", "answer"])
def test_killed_anywhere_and_run_again_by_the_same_code_the_books_are_those_of_the_undisturbed_undo(
    at: str, template: Path, tmp_path: Path, undisturbed: dict[str, Any]
) -> None:
    hits = 0
    for nth in (1, 3, 4, 6, 9, 12):
        folder = Path(shutil.copytree(template, tmp_path / f"{at}-{nth}"))
        code = code_of(folder)
        hits += struck(folder, code, at, nth)
        with opened(folder) as company:
            made = undoing.review(company, "first")
            outcome = undoing.take_back(company, made, Approval(code=code))
            assert outcome.problems == (), f"{at} {nth}"
            assert company.log.unfinished_digests() == (), f"{at} {nth}"
            assert undoing.review(company, "first").nothing_left
            once = Counter(one.key for one in events(company) if one.standing is Standing.UNDONE)
            assert set(once.values()) == {1}, "each is noted as undone exactly once"
            assert len(once) == 12
        assert books_of(folder) == undisturbed, f"{at} {nth}"
    assert hits >= 4, "the trap must strike"


def events(company: OpenCompany) -> list[Posted]:
    return [one.posted for one in company.log.events(run.id for run in company.log.runs())]


def test_a_cut_undo_is_named_with_the_command_that_goes_on(template: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(template, tmp_path / "bare"))
    code = code_of(folder)
    assert struck(folder, code, "answer", 2)
    with opened(folder) as company:
        standing = stages.status(company)
    assert f"undo first --approve {code}" in report_company.status_text(standing)
    assert "undo panel at the end of 04_push goes on with it" in start.shown(standing).text


def test_what_quickbooks_does_not_show_yet_waits_and_is_not_taken_for_deleted(
    small: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Queries may lag behind writes; reading by id does not."""

    real = BooksInHand.with_settings

    def lagging(books: BooksInHand) -> Books:
        return replace(real(books), documents=(), payments=(), customers=())

    monkeypatch.setattr(BooksInHand, "with_settings", lagging)
    with opened(small) as company:
        made = undoing.review(company, "first")
        assert made.plan.operations == ()
        assert len(made.plan.held) == 12
        assert "QuickBooks does not show it in its lists yet" in held(made)


def test_whichever_run_learns_that_it_was_taken_back_notes_it_as_undone(template: Path, tmp_path: Path) -> None:
    """Killed with the answer in hand; then not the undo but a push of something else is run."""
    folder = Path(shutil.copytree(template, tmp_path / "bare"))
    assert struck(folder, code_of(folder), "answer", 2)
    with opened(folder) as company:
        other = month_plan(invoices=6, teams=3)
        situation = Situation(client=company.client, log=company.log, settings=company.settings, run_id="other")
        push(other, approval=Approval(code=other.digest), situation=situation)
        done = company.log.replay()
        taken = {undo.original_key(one) for one in done.values() if one.standing is Standing.DONE} - {""}
        assert taken
        assert {done[key].standing for key in taken} == {Standing.UNDONE}


def test_the_time_of_an_undo_is_in_the_list_of_runs(small: Path) -> None:
    with opened(small) as company:
        _, outcome = undo_run(company, "first")
        (_, run) = company.log.runs()
        assert (run.id, run.command, run.state) == (outcome.run, "undo first", "done")
        assert run.ended_at is not None
        assert run.ended_at <= datetime.now(UTC)
        assert Decimal(0) == sum(
            (one.amount for one in company.log.replay().values() if one.kind is Kind.CUSTOMER), Decimal(0)
        )
