"""The posting log is lost, old, restored from a backup or of another version: nothing is posted again.

Everything goes through the command line, on the sample company's two months with voids, refunds, bank deposits, numbers
with a suffix and entries that somebody made by hand.
"""

from __future__ import annotations

import json
import shutil
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from drills import NOON, books_of, prepare, wrong_links
from made_companies import copy_of_sample
from person import Person

from toolkit import stages
from toolkit.cli import cli
from toolkit.counterparts import STANDS
from toolkit.open_company import open_company
from toolkit.plan import Kind
from toolkit.posting_log import open_log
from toolkit.qbo import wire
from toolkit.qbo.exact_json import Json

MONTHS = ("2026-01", "2026-02")
Said = dict[str, Any]


def ask(folder: Path, *arguments: str) -> Said:
    """What a command says, as JSON."""
    where = ["--company", str(folder), "--reports", str(folder / "reports"), "--json"]
    result = CliRunner().invoke(cli, [arguments[0], *where, *arguments[1:]])
    assert result.stdout, result.output
    said: Said = json.loads(result.stdout.strip().splitlines()[-1])
    return said


def post(folder: Path, month: str) -> list[Said]:
    """Post a month and its bank deposits."""
    return [ask(folder, stage, "--period", month, "--approve", "auto") for stage in ("push", "deposits")]


@pytest.fixture(scope="module")
def january(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The company after its first month; a bookkeeper made two of the bank deposits by hand."""
    folder = copy_of_sample(tmp_path_factory.mktemp("january"))
    prepare(folder, quotas="off")
    assert ask(folder, "push", "--period", "2026-01", "--approve", "auto")["exit"] == 0
    with open_company(folder, reports=folder / "reports") as company:
        person = Person(company)
        deposit_check_by_hand(person)
        payout = stages.review_deposits(company, "2026-01").plan.operations[3].record
        person.enter("Deposit", {name: one for name, one in wire.body(payout, str).items() if name != "PrivateNote"})
    made = ask(folder, "deposits", "--period", "2026-01", "--approve", "auto")
    assert (made["exit"], made["adopted"], made["created"]) == (0, 1, 9)
    return folder


def deposit_check_by_hand(person: Person) -> None:
    (bank,) = person.all("Account", "Name = 'Checking'")
    (check,) = person.all("PaymentMethod", "Name = 'Check'")
    payment = next(one for one in person.all("Payment") if one.get("PaymentMethodRef", {}).get("value") == check["Id"])
    link = {"TxnId": payment["Id"], "TxnType": "Payment", "TxnLineId": "0"}
    line = {"Amount": payment["TotalAmt"], "LinkedTxn": [link]}
    person.enter("Deposit", {"DepositToAccountRef": {"value": bank["Id"]}, "TxnDate": "2026-01-20", "Line": [line]})


@pytest.fixture(scope="module")
def posted(january: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The company after both months."""
    folder = tmp_path_factory.mktemp("posted") / "sample"
    shutil.copytree(january, folder)
    for said in post(folder, "2026-02"):
        assert said["exit"] in (0, 3), said
    return folder


@pytest.fixture
def copied(posted: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "sample"
    shutil.copytree(posted, folder)
    return folder


def lose(folder: Path, *names: str) -> None:
    for name in names:
        for file in folder.glob(f"{name}*"):
            file.unlink()


def linked(folder: Path) -> dict[tuple[Kind, str], tuple[str, str]]:
    """What the posting log links: each Coworks record's entity and id in QuickBooks."""
    log = open_log(folder / "posting-log.db", realm="", clock=lambda: NOON)
    try:
        standing = [one for one in log.replay().values() if one.standing in STANDS]
        return {(one.kind, one.coworks_id): (one.entity, one.qbo_id) for one in standing}
    finally:
        log.close()


def run_all(folder: Path) -> list[Said]:
    """Both months, pushed and deposited once more: one thing said a run."""
    return [said for month in MONTHS for said in post(folder, month)]


def assert_nothing_was_written(runs: list[Said], *, said: tuple[str, ...] = ()) -> None:
    problems = [one["code"] for run in runs if run["exit"] for one in run["problems"] if one["severity"] != "note"]
    assert tuple(problems) == said
    assert [one["qbo_writes"] for one in runs] == [0, 0, 0, 0]


VOIDED_LATER = ("voided-in-quickbooks",) * 2
"""What the first month says of two invoices until the next month's run has found out again that we voided them."""


def proved(folder: Path) -> list[tuple[bool, str, dict[str, int]]]:
    found = [ask(folder, "tie-out", "--period", month) for month in MONTHS]
    return [(one["ties"], one["unexplained"], one["verdicts"]) for one in found]


@pytest.mark.parametrize("lost", [("posting-log.db",), ("posting-log.db", "books.db")], ids=["log", "log and cache"])
def test_with_the_log_deleted_everything_is_adopted_and_nothing_written(lost: tuple[str, ...], copied: Path) -> None:
    books, links = books_of(copied), linked(copied)
    lose(copied, *lost)
    assert_nothing_was_written(run_all(copied))
    assert books_of(copied) == books
    rebuilt = linked(copied)
    assert {name: one for name, one in rebuilt.items() if links.get(name) != one} == {}
    assert {name for name in links if name not in rebuilt and name[0] is not Kind.CUSTOMER} == set()
    assert [(ties, cents) for ties, cents, _ in proved(copied)] == [(True, "0.00")] * 2
    assert_nothing_was_written(run_all(copied))


def test_with_the_log_deleted_after_a_cut_run_only_the_rest_is_posted(
    posted: Path, january: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "sample"
    shutil.copytree(january, folder)
    prepare(folder, faults="subscription_lapsed:batch@3")
    cut = ask(folder, "push", "--period", "2026-02", "--approve", "auto")
    assert cut["exit"] != 0
    assert 0 < cut["created"] < 137, "it was cut in the middle"
    prepare(folder, faults="off", subscription="active")
    lose(folder, "posting-log.db")
    rest = run_all(folder)
    assert [one["exit"] for one in rest] == [0, 0, 0, 0]
    assert [one["created"] for one in rest[:2]] == [0, 0]
    assert cut["created"] + cut["voided"] + rest[2]["created"] + rest[2]["voided"] == 139
    assert books_of(folder) == books_of(posted)
    assert wrong_links(folder) == []


def test_an_older_backup_of_the_log_doubles_nothing(january: Path, copied: Path) -> None:
    """Restored after a crash of the disk: the log is a month behind the books."""
    books = books_of(copied)
    lose(copied, "posting-log.db")
    for file in january.glob("posting-log.db*"):
        shutil.copy(file, copied / file.name)
    assert_nothing_was_written(run_all(copied))
    assert books_of(copied) == books
    assert [(ties, cents) for ties, cents, _ in proved(copied)] == [(True, "0.00")] * 2


def test_a_backup_from_the_middle_of_a_run_doubles_nothing(january: Path, posted: Path, tmp_path: Path) -> None:
    """It says that batches are open which were answered long since, under requestids that nobody remembers."""
    folder, backup = tmp_path / "sample", tmp_path / "backup"
    shutil.copytree(january, folder)
    prepare(folder, faults="subscription_lapsed:batch@3", requestid="ignore", duplicate_number_warning="off")
    ask(folder, "push", "--period", "2026-02", "--approve", "auto")
    prepare(folder, faults="off", subscription="active")
    backup.mkdir()
    for file in folder.glob("posting-log.db*"):
        shutil.copy(file, backup / file.name)
    with sqlite3.connect(backup / "posting-log.db") as log:
        (run,) = log.execute("SELECT max(id) FROM run").fetchone()
        mine = "requestid IN (SELECT requestid FROM batch WHERE run = ?)"
        log.execute("DELETE FROM event WHERE run = ?", (run,))
        log.execute(f"UPDATE member SET settled = 0 WHERE {mine}", (run,))
        log.execute("UPDATE batch SET settled = 0 WHERE run = ?", (run,))
    for said in post(folder, "2026-02"):
        assert said["exit"] == 0, said["problems"]
    books = books_of(folder)
    lose(folder, "posting-log.db")
    for file in backup.iterdir():
        shutil.copy(file, folder / file.name)
    assert_nothing_was_written(run_all(folder))
    assert books_of(folder) == books == books_of(posted)
    assert wrong_links(folder) == []
    assert ask(folder, "status")["unanswered"] == 0


def as_version_1(folder: Path) -> None:
    """Make the log what the first version of the toolkit wrote: batches open or settled as a whole."""
    with sqlite3.connect(folder / "posting-log.db") as log:
        log.execute("ALTER TABLE batch DROP COLUMN sent_at")
        log.execute("ALTER TABLE member DROP COLUMN settled")
        log.execute("UPDATE meta SET value = '1' WHERE name = 'version'")


def test_an_older_log_is_migrated_and_the_next_run_writes_nothing(copied: Path) -> None:
    links, books = linked(copied), books_of(copied)
    as_version_1(copied)
    assert_nothing_was_written(run_all(copied))
    assert linked(copied) == links
    assert books_of(copied) == books
    with sqlite3.connect(copied / "posting-log.db") as log:
        assert log.execute("SELECT value FROM meta WHERE name = 'version'").fetchone() == ("2",)


def test_an_older_log_with_an_open_batch_is_migrated_and_the_batch_looked_up(
    january: Path, posted: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "sample"
    shutil.copytree(january, folder)
    prepare(folder, faults="subscription_lapsed:batch@3")
    ask(folder, "push", "--period", "2026-02", "--approve", "auto")
    prepare(folder, faults="off", subscription="active")
    with sqlite3.connect(folder / "posting-log.db") as log:
        (batch,) = log.execute("SELECT requestid FROM batch WHERE run = (SELECT max(id) FROM run) LIMIT 1").fetchone()
        log.execute("DELETE FROM event WHERE requestid = ?", (batch,))
        log.execute("UPDATE batch SET settled = 0 WHERE requestid = ?", (batch,))
    as_version_1(folder)
    assert ask(folder, "status")["unanswered"] > 0
    for said in post(folder, "2026-02"):
        assert said["exit"] == 0, said["problems"]
    assert books_of(folder) == books_of(posted)
    assert ask(folder, "status")["unanswered"] == 0


def test_a_newer_log_is_refused_with_what_to_do_and_left_as_it_is(copied: Path) -> None:
    with sqlite3.connect(copied / "posting-log.db") as log:
        log.execute("UPDATE meta SET value = '3' WHERE name = 'version'")
    refused = ask(copied, "push", "--period", "2026-02", "--approve", "auto")
    assert (refused["exit"], refused["qbo_writes"]) == (2, 0)
    assert refused["problems"][0]["what"] == "The posting log was written by a newer version of this toolkit."
    assert "pdate the toolkit" in refused["problems"][0]["do"]
    with sqlite3.connect(copied / "posting-log.db") as log:
        assert log.execute("SELECT value FROM meta WHERE name = 'version'").fetchone() == ("3",)


def test_a_log_that_is_no_database_is_refused_and_moving_it_away_loses_nothing(copied: Path) -> None:
    books = books_of(copied)
    lose(copied, "posting-log.db")
    (copied / "posting-log.db").write_bytes(b"not a database" * 500)
    refused = ask(copied, "push", "--period", "2026-02", "--approve", "auto")
    assert (refused["exit"], refused["problems"][0]["code"]) == (2, "posting-log-damaged")
    (copied / "posting-log.db").rename(copied / "damaged.db")
    assert_nothing_was_written(run_all(copied))
    assert books_of(copied) == books


def paid_by_us(person: Person) -> tuple[Json, Json]:
    """An invoice that we posted, and the payment by which we settled it whole."""
    ours = {one["Id"]: one for one in person.all("Invoice") if "Coworks" in one.get("PrivateNote", "")}
    for payment in person.all("Payment"):
        links = [link["TxnId"] for line in payment["Line"] for link in line["LinkedTxn"]]
        invoice = ours.get(links[0]) if len(links) == 1 else None
        if invoice and "Coworks" in payment.get("PrivateNote", "") and payment["TotalAmt"] == invoice["TotalAmt"]:
            return invoice, payment
    raise LookupError("no paid invoice")


def test_an_invoice_renumbered_and_without_its_memo_is_asked_about_not_posted_again(copied: Path) -> None:
    """Only our own payment on it still says which invoice it is."""
    with open_company(copied, reports=copied / "reports") as company:
        person = Person(company)
        invoice, _ = paid_by_us(person)
        person.edit("Invoice", invoice, DocNumber="HAND-7", PrivateNote="as agreed on the phone")
    books, number = books_of(copied), invoice["DocNumber"]
    lose(copied, "posting-log.db", "books.db")
    pushed = ask(copied, "push", "--period", "2026-01", "--approve", "auto")
    (asked,) = [one for one in pushed["problems"] if one["code"] == "renumbered-in-quickbooks"]
    assert (pushed["exit"], pushed["qbo_writes"]) == (3, 0)
    assert asked["what"].startswith("Our own payment of it is on another invoice in QuickBooks")
    assert number in asked["do"]
    assert "HAND-7" in asked["candidates"][0]
    assert books_of(copied) == books
    with open_company(copied, reports=copied / "reports") as company:
        Person(company).change("Invoice", "HAND-7", DocNumber=number)
    again = ask(copied, "push", "--period", "2026-01", "--approve", "auto")
    assert again["qbo_writes"] == 0
    assert "renumbered-in-quickbooks" not in {one["code"] for one in again["problems"]}
    assert (Kind.INVOICE, number) in linked(copied)


def said_of_the_log(said: Said) -> list[tuple[str, str]]:
    return [(one["where"], one["severity"]) for one in said["problems"] if one["code"] == "posting-log-new"]


def lose_the_stamp_of_a_paid_invoice(folder: Path) -> None:
    """The payment and the invoice are then found by number and amount only, by the month's own push."""
    with open_company(folder, reports=folder / "reports") as company:
        person = Person(company)
        invoice, payment = paid_by_us(person)
        person.edit("Invoice", invoice, PrivateNote="as agreed on the phone")
        person.edit("Payment", payment, PrivateNote="by phone", TotalAmt=payment["TotalAmt"], Line=payment["Line"])


def test_with_the_log_deleted_no_stage_calls_missing_what_is_there(copied: Path) -> None:
    """Until the month's own push has recognized it, what QuickBooks has of it is not known: that is what is said."""
    lose_the_stamp_of_a_paid_invoice(copied)
    with open_company(copied, reports=copied / "reports") as company:
        person = Person(company)
        for deposit in person.all("Deposit"):
            person.delete("Deposit", deposit)
    lose(copied, "posting-log.db", "books.db")
    deposits = ask(copied, "deposits", "--period", "2026-01")
    assert said_of_the_log(deposits) == [("inbox/2026-01", "item")]
    assert not [one for one in deposits["problems"] if "by hand" in one["do"] or "is not in QuickBooks" in one["what"]]
    proof = ask(copied, "tie-out", "--period", "2026-01")
    assert said_of_the_log(proof) == [("inbox/2026-01", "item")]
    assert not proof["ties"]
    assert "missing" not in proof["verdicts"]
    pushed = ask(copied, "preview", "--period", "2026-02")
    assert said_of_the_log(pushed) == [("inbox/2026-01", "note")]
    assert not [one for one in pushed["problems"] if "never been posted" in one["what"]]
    post(copied, "2026-01")
    assert said_of_the_log(ask(copied, "deposits", "--period", "2026-01")) == []
    assert said_of_the_log(ask(copied, "preview", "--period", "2026-02")) == []


def test_a_log_that_knows_the_month_or_books_without_our_stamps_are_not_called_lost(copied: Path) -> None:
    for stage in ("preview", "deposits", "tie-out"):
        assert said_of_the_log(ask(copied, stage, "--period", "2026-02")) == []
