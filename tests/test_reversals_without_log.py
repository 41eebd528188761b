"""The credit memo in the place of a void is known by its stamp when the posting log is lost; undone, it stays undone.

Everything that is posted goes through the command line: the sample's January is signed off, so that February's two
voids become credit memos, each tied to its invoice by a payment of zero.
"""

from __future__ import annotations

import shutil
from collections import Counter
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import scenario
from drills import books_of, prepare, wrong_links
from made_companies import copy_of_sample
from person import Person
from scenario import REALM, World, plan_of, read, tell
from test_lost_logs import Said, ask, assert_nothing_was_written, linked, lose, post, proved, run_all

from toolkit.books import JournalEntry, JournalLine, Link, ReceivedPayment, TxnType
from toolkit.counterparts import stamp
from toolkit.money import parse
from toolkit.open_company import open_company
from toolkit.plan import Kind, operation_key

JANUARY, FEBRUARY = "2026-01", "2026-02"
REVERSALS = {Kind.CREDIT_MEMO, Kind.CREDIT_APPLICATION}
Reversals = dict[tuple[Kind, str], tuple[str, str]]


@pytest.fixture(scope="module")
def january(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The company with its first month posted; not signed off."""
    folder = copy_of_sample(tmp_path_factory.mktemp("january"))
    prepare(folder, quotas="off")
    for said in post(folder, JANUARY):
        assert said["exit"] == 0, said
    return folder


@pytest.fixture(scope="module")
def by_memos(january: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The company after both months; the first was signed off before the second was posted."""
    folder = tmp_path_factory.mktemp("memos") / "sample"
    shutil.copytree(january, folder)
    assert ask(folder, "tie-out", "--period", JANUARY, "--sign", "Dana")["exit"] == 0
    for said in post(folder, FEBRUARY):
        assert said["exit"] == 0, said
    assert len(reversals(folder)) == 4
    return folder


@pytest.fixture
def copied(by_memos: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "sample"
    shutil.copytree(by_memos, folder)
    return folder


def reversals(folder: Path) -> Reversals:
    """The credit memos and their applications that the posting log links."""
    return {name: one for name, one in linked(folder).items() if name[0] in REVERSALS and " " not in name[1]}


def preview(folder: Path) -> Said:
    return ask(folder, "preview", "--period", FEBRUARY)


def agreed(folder: Path) -> list[tuple[bool, str, dict[str, int]]]:
    """What the proof says of both months, whether a record was posted or noted again."""
    found = []
    for ties, cents, verdicts in proved(folder):
        counts: Counter[str] = Counter()
        for verdict, count in verdicts.items():
            counts["agrees" if verdict == "adopted" else verdict] += count
        found.append((ties, cents, dict(counts)))
    return found


# ---- the posting log is lost, and the sign-off with it


@pytest.mark.parametrize("backup", [False, True], ids=["deleted", "from before the sign-off"])
def test_without_the_log_the_memos_are_known_by_their_stamps_and_nothing_is_voided(
    backup: bool, january: Path, copied: Path
) -> None:
    books, known, tied = books_of(copied), reversals(copied), agreed(copied)
    lose(copied, "posting-log.db")
    for file in january.glob("posting-log.db*") if backup else ():
        shutil.copy(file, copied / file.name)
    assert_nothing_was_written(run_all(copied))
    assert reversals(copied) == known
    assert books_of(copied) == books
    assert agreed(copied) == tied
    assert_nothing_was_written(run_all(copied))
    assert wrong_links(copied) == []


def test_a_memo_whose_tie_was_taken_off_is_tied_again_and_its_invoice_not_voided(copied: Path) -> None:
    """As a run leaves it that is cut between the two, and as our own advice once asked for it."""
    known = reversals(copied)
    with open_company(copied, reports=copied / "reports") as company:
        person = Person(company)
        ties = {qbo_id for (kind, _), (_, qbo_id) in known.items() if kind is Kind.CREDIT_APPLICATION}
        for row in [one for one in person.all("Payment") if one["Id"] in ties]:
            person.delete("Payment", row)
    lose(copied, "posting-log.db")
    assert [one["exit"] for one in post(copied, JANUARY)] == [0, 0]
    assert preview(copied)["counts"] == {"create credit_application": 2}
    again = post(copied, FEBRUARY)[0]
    assert (again["exit"], again["voided"], again["created"]) == (0, 0, 2)
    assert set(reversals(copied)) == set(known)
    assert_nothing_was_written(run_all(copied))


# ---- what an invoice's reversal may be


VOIDED = """
Coworks
period 2026-02
invoice C957F1A7-0001 | F | 01-01 | voided | plan Hot Desk 500{credit} | voided=02-10
QuickBooks
{closing}
customer 58 | F |
document 77 | C957F1A7-0001 | 58 | 01-01 | 500
{more}
posted customer team/c957f1a7 | 58
posted invoice C957F1A7-0001 | 77
"""
CLOSED = "prefers book_close_date 2026-01-31"
MEMO = "document 79 | C957F1A7-0001-CM1 | 58 | 02-10 | 500 | kind=CreditMemo balance={}"


def voided(more: str = "", *, closing: str = "", credit: str = "") -> World:
    return read(VOIDED.format(more=more, closing=closing, credit=credit))


def stamped(
    world: World, *, kind: Kind = Kind.CREDIT_MEMO, of: str = "C957F1A7-0001/credit/void", nth: int = 1
) -> World:
    """The world with our stamp on its credit memos, under that generation of the key."""
    mark = stamp("C957F1A7-0001", operation_key(REALM, kind, of, nth))
    world.documents = [replace(one, private_note=mark) if one.kind == "CreditMemo" else one for one in world.documents]
    return world


def told(world: World) -> list[str]:
    return tell(plan_of(world), world)


def tied(world: World, amount: str, of: str) -> World:
    """The world with our payment of zero on its invoice, which uses the credit memo."""
    mark = stamp("C957F1A7-0001", operation_key(REALM, Kind.CREDIT_APPLICATION, of))
    (zero,) = world.payments
    uses = Link(txn_type=TxnType.CREDIT_MEMO, txn_id="79", amount=zero.links[0].amount)
    world.payments = [replace(zero, links=(*zero.links, uses), private_note=mark)]
    return world


@pytest.mark.parametrize("closing", ["", CLOSED], ids=["open", "closed"])
def test_a_stamped_memo_in_the_place_of_the_void_is_adopted_with_its_tie(closing: str) -> None:
    more = f"{MEMO.format(0)}\nreceived 90 | 58 | 02-10 | 0 | 77 500"
    world = tied(stamped(voided(more, closing=closing)), "500", "C957F1A7-0001/credit/void")
    plan = plan_of(world)
    assert (plan.operations, plan.held, plan.problems) == ((), (), ())
    assert {(one.kind, one.entity, one.qbo_id, one.rule) for one in plan.adoptions} == {
        (Kind.CREDIT_MEMO, "CreditMemo", "79", "stamp"),
        (Kind.CREDIT_APPLICATION, "Payment", "90", "stamp"),
    }


@pytest.mark.parametrize("closing", ["", CLOSED], ids=["open", "closed"])
def test_a_memo_that_a_bookkeeper_entered_in_the_place_of_the_void_is_adopted_and_nothing_voided(closing: str) -> None:
    plan = plan_of(voided(MEMO.format(500), closing=closing))
    assert [one.kind for one in plan.operations] == [Kind.CREDIT_APPLICATION]
    assert [one.qbo_id for one in plan.adoptions] == ["79"]


@pytest.mark.parametrize("closing", ["", CLOSED], ids=["open", "closed"])
def test_two_memos_with_the_stamp_are_a_question(closing: str) -> None:
    more = f"{MEMO.format(500)}\n{MEMO.format(500).replace('79', '80')}"
    assert told(stamped(voided(more, closing=closing))) == ["hold C957F1A7-0001 posted-twice", "unchanged 1"]


@pytest.mark.parametrize("closing", ["", CLOSED], ids=["open", "closed"])
def test_a_memo_with_our_stamp_of_a_key_that_nobody_knows_any_more_is_a_question(closing: str) -> None:
    """Nothing that Coworks has now explains it."""
    world = stamped(voided(MEMO.format(500), closing=closing), nth=99)
    assert told(world) == ["hold C957F1A7-0001 already-there", "unchanged 1"]


@pytest.mark.parametrize("more", ["", MEMO.format(0).replace("| 500 |", "| 0 |")], ids=["deleted", "zeroed"])
def test_where_our_memo_was_taken_away_by_hand_nothing_is_voided(more: str) -> None:
    world = voided(f"{more}\nposted credit_memo C957F1A7-0001/credit/void | 79")
    assert told(world) == ["hold C957F1A7-0001 changed-since-posted", "unchanged 1"]


def test_with_a_credit_note_of_ours_only_the_rest_is_reversed_and_no_tie_of_ours_is_taken_off() -> None:
    """A void would take the 50.00 of the credit memo back a second time."""
    memo = "document 79 | C957F1A7-0001-CM1 | 58 | 01-01 | 50 | kind=CreditMemo balance=0"
    of = "C957F1A7-0001/credit/1"
    more = f"{memo}\nreceived 90 | 58 | 01-01 | 0 | 77 50\nposted credit_memo {of} | 79"
    world = tied(voided(more, credit=" + credit_note Mail -50"), "50", of)
    world.documents = [replace(one, private_note="") for one in world.documents]
    assert [one for one in told(world) if not one.startswith(("line", "adopt"))] == [
        "create credit memo C957F1A7-0001-CM2 450.00 F 02-10",
        "apply 450.00 of C957F1A7-0001-CM2 to C957F1A7-0001 02-10",
        "unchanged 2",
    ]


# ---- the cash that was given back against the memo


REFUNDED = """
Coworks
period 2026-02
invoice C957F1A7-0001 | A | 01-01 | voided | plan Hot Desk 500 | voided=02-10
payment C957F1A7-0001 | 01-09 | 500 | card
refund C957F1A7-0001 | 02-12 | 500
QuickBooks
prefers book_close_date 2026-01-31
customer 58 | A |
document 77 | C957F1A7-0001 | 58 | 01-01 | 500
received 90 | 58 | 01-09 | 500 | 77 500
document 79 | C957F1A7-0001-CM1 | 58 | 02-10 | 500 | kind=CreditMemo balance={}
"""
REFUND = "C957F1A7-0001/refund/1"


def cashed_out(monkeypatch: pytest.MonkeyPatch, *, unused: str = "0", amount: str = "500", times: int = 1) -> World:
    """The refunded invoice without any posting log; QuickBooks has our entry of the cash and, if used, its tie."""
    mark = stamp("C957F1A7-0001", operation_key(REALM, Kind.REFUND, REFUND))
    lines = (JournalLine(account_id="84", amount=parse(amount)), JournalLine(account_id="4", amount=-parse(amount)))
    entry = JournalEntry(number="CW-1", txn_date=date(2026, 2, 12), lines=lines, private_note=mark, id="95")
    tie = ReceivedPayment(
        customer_id="58",
        txn_date=date(2026, 2, 12),
        total=parse("0"),
        links=(),
        private_note=stamp("C957F1A7-0001", operation_key(REALM, Kind.REFUND, f"{REFUND}/cash-out")),
        id="96",
    )
    world = stamped(read(REFUNDED.format(unused)))
    world.payments += [tie] if unused == "0" else []
    made = scenario.books_of
    entries = tuple(replace(entry, id=str(95 + 100 * nth)) for nth in range(times))
    monkeypatch.setattr(scenario, "books_of", lambda one: replace(made(one), journal_entries=entries))
    return world


def test_cash_given_back_against_the_memo_is_adopted_with_its_tie(monkeypatch: pytest.MonkeyPatch) -> None:
    plan = plan_of(cashed_out(monkeypatch))
    assert (plan.operations, plan.held) == ((), ())
    adopted = {(one.coworks_id, one.entity, one.qbo_id) for one in plan.adoptions if one.kind is Kind.REFUND}
    assert adopted == {(REFUND, "JournalEntry", "95"), (f"{REFUND}/cash-out", "Payment", "96")}


def test_cash_given_back_that_a_cut_run_left_untied_is_tied_and_not_given_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    plan = plan_of(cashed_out(monkeypatch, unused="500"))
    (tie,) = plan.operations
    assert isinstance(tie.record, ReceivedPayment)
    assert [one.txn_id for one in tie.record.links] == ["95", "79"]
    assert tie.coworks_id == f"{REFUND}/cash-out"


@pytest.mark.parametrize("changed", [{"amount": "400"}, {"times": 2}], ids=["amount", "twice"])
def test_cash_given_back_that_is_not_as_it_was_is_a_question(
    changed: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = plan_of(cashed_out(monkeypatch, unused="500", **changed))
    assert (plan.operations, plan.held) == ((), (("C957F1A7-0001", "already-there"),))


# ---- a person took it back


@pytest.mark.parametrize("closing", ["", CLOSED], ids=["open", "closed"])
@pytest.mark.parametrize("undone", ["credit_memo C957F1A7-0001/credit/void | 79", "void C957F1A7-0001/void | 77"])
def test_a_reversal_that_was_undone_is_not_posted_again_in_its_other_form(undone: str, closing: str) -> None:
    world = voided(f"posted {undone} | undone", closing=closing)
    assert told(world) == ["hold C957F1A7-0001 undone", "unchanged 1"]
    assert "coworks-qbo release C957F1A7-0001" in plan_of(world).problems[0].do


@pytest.mark.parametrize(("closing", "kind"), [("", Kind.VOID), (CLOSED, Kind.CREDIT_MEMO)], ids=["open", "closed"])
def test_a_released_reversal_is_posted_again_in_the_form_of_its_day(closing: str, kind: Kind) -> None:
    plan = plan_of(voided("posted credit_memo C957F1A7-0001/credit/void | 79 | undone released", closing=closing))
    assert plan.operations[0].kind is kind
    assert plan.held == ()


def test_a_tie_that_was_undone_alone_is_not_tied_again() -> None:
    more = f"{MEMO.format(500)}\nposted credit_memo C957F1A7-0001/credit/void | 79\n"
    world = voided(more + "posted credit_application C957F1A7-0001/credit/void | 90 | undone")
    assert told(world) == ["hold C957F1A7-0001 undone", "unchanged 1"]


def reported(folder: Path, through: str) -> None:
    """Set (or with "" take away) the day through which the books were reported."""
    settings = folder / "company.toml"
    kept = [line for line in settings.read_text(encoding="utf-8").splitlines() if "reported_through" not in line]
    if through:
        kept.insert(kept.index("[policy]") + 1, f'reported_through = "{through}"')
    settings.write_text("\n".join(kept) + "\n", encoding="utf-8")


def test_undone_memos_are_not_voids_once_the_closing_date_is_set_back_until_they_are_released(
    january: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "sample"
    shutil.copytree(january, folder)
    reported(folder, "2026-01-31")
    run = ask(folder, "push", "--period", FEBRUARY, "--approve", "auto")["run"]
    numbers = {name.partition("/")[0] for _, name in reversals(folder)}
    assert len(numbers) == 2
    code = ask(folder, "undo", run)["digest"]
    ask(folder, "undo", run, "--approve", code)
    assert reversals(folder) == {}
    reported(folder, "")
    held = preview(folder)
    assert "void void" not in held["counts"]
    assert {one["code"] for one in held["problems"] if one["key"] in numbers} == {"undone"}
    for count, number in enumerate(sorted(numbers), start=1):
        ask(folder, "release", number)
        assert preview(folder)["counts"]["void void"] == count
