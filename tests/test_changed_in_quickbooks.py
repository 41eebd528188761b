"""What people change in QuickBooks after a posting is found by the next proof, and no push repairs it silently."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from drills import books_of, prepare
from made_companies import copy_of_sample
from person import Person
from test_lost_logs import ask

from toolkit.open_company import open_company
from toolkit.qbo.exact_json import Json

MONTH = "2026-02"
CHANGED = "changed_in_quickbooks"
LINE = ("DetailType", "Description", "Amount")


@pytest.fixture(scope="module")
def posted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = copy_of_sample(tmp_path_factory.mktemp("posted"))
    prepare(folder, quotas="off")
    for month in ("2026-01", MONTH):
        for stage in ("push", "deposits"):
            assert ask(folder, stage, "--period", month, "--approve", "auto")["exit"] == 0
    assert ask(folder, "tie-out", "--period", MONTH)["ties"], "and the books are read: from now on only changes are"
    return folder


@pytest.fixture
def company(posted: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "sample"
    shutil.copytree(posted, folder)
    return folder


# ---- what people do


def open_invoice(person: Person) -> Json:
    """The month's only invoice that nobody has paid."""
    return next(one for one in person.all("Invoice", f"TxnDate >= '{MONTH}-01'") if one["Balance"])


def undeposited(person: Person) -> tuple[Json, Json]:
    """A payment that is in no bank deposit, and its invoice."""
    links = [line["LinkedTxn"] for one in person.all("Deposit") for line in one["Line"] if line.get("LinkedTxn")]
    held = {one["TxnId"] for linked in links for one in linked}
    payments = person.all("Payment", f"TxnDate >= '{MONTH}-01'")
    free = next(one for one in payments if one["Id"] not in held and one["TotalAmt"] and len(one["Line"]) == 1)
    (link,) = free["Line"][0]["LinkedTxn"]
    return free, next(one for one in person.all("Invoice") if one["Id"] == link["TxnId"])


def last_deposit(person: Person) -> Json:
    return person.all("Deposit")[-1]


def lines(invoice: Json, **first: Any) -> list[Json]:
    """The lines of an invoice as a person saves them again, the first one changed."""
    kept = [line for line in invoice["Line"] if line["DetailType"] != "SubTotalLineDetail"]
    detail = {"ItemRef": kept[0]["SalesItemLineDetail"]["ItemRef"]} | first.pop("detail", {})
    mine = {name: kept[0][name] for name in LINE if name in kept[0]} | {"SalesItemLineDetail": detail} | first
    return [mine, *kept[1:]]


def make_dearer(person: Person) -> None:
    invoice = open_invoice(person)
    person.edit("Invoice", invoice, Line=lines(invoice, Amount=invoice["Line"][0]["Amount"] + 1))


def move_to_another_customer(person: Person) -> None:
    invoice = open_invoice(person)
    other = next(one for one in person.all("Customer") if one["Id"] != invoice["CustomerRef"]["value"])
    person.edit("Invoice", invoice, CustomerRef={"value": other["Id"]})


def date_another_day(person: Person) -> None:
    person.edit("Invoice", open_invoice(person), TxnDate="2026-02-20")


def renumber(person: Person) -> None:
    person.edit("Invoice", open_invoice(person), DocNumber="HAND-9")


def file_under_another_product(person: Person) -> None:
    invoice = open_invoice(person)
    (other,) = person.all("Item", "Name = 'Other Coworks Revenue'")
    person.edit("Invoice", invoice, Line=lines(invoice, detail={"ItemRef": {"value": other["Id"]}}))


def void_invoice(person: Person) -> None:
    person.void("Invoice", open_invoice(person))


def delete_invoice(person: Person) -> None:
    person.delete("Invoice", open_invoice(person))


def unapply(person: Person) -> None:
    payment, _ = undeposited(person)
    person.edit("Payment", payment, TotalAmt=payment["TotalAmt"], Line=[])


def apply_elsewhere(person: Person) -> None:
    payment, invoice = undeposited(person)
    item = {"ItemRef": invoice["Line"][0]["SalesItemLineDetail"]["ItemRef"]}
    line = {"Amount": payment["TotalAmt"], "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": item}
    body = {"CustomerRef": payment["CustomerRef"], "DocNumber": "HAND-8", "TxnDate": "2026-02-10", "Line": [line]}
    other = person.enter("Invoice", body)
    link = {"Amount": payment["TotalAmt"], "LinkedTxn": [{"TxnId": other["Id"], "TxnType": "Invoice"}]}
    person.edit("Payment", payment, TotalAmt=payment["TotalAmt"], Line=[link])


def delete_payment(person: Person) -> None:
    person.delete("Payment", undeposited(person)[0])


def void_payment(person: Person) -> None:
    person.void("Payment", undeposited(person)[0])


def date_payment_another_day(person: Person) -> None:
    person.edit("Payment", undeposited(person)[0], TxnDate="2026-02-22")


def take_a_line_out_of_a_deposit(person: Person) -> None:
    deposit = last_deposit(person)
    person.edit("Deposit", deposit, Line=deposit["Line"][:-1])


def date_deposit_another_day(person: Person) -> None:
    person.edit("Deposit", last_deposit(person), TxnDate="2026-02-27")


def delete_deposit(person: Person) -> None:
    person.delete("Deposit", last_deposit(person))


WORK: tuple[tuple[Callable[[Person], None], str, str, bool, str], ...] = (
    # what a person does, the verdict, its words, whether the month still ties, what the next push says
    (make_dearer, "question", "Coworks says 79.00, QuickBooks says 80.00", False, "changed-since-posted"),
    (move_to_another_customer, CHANGED, "is on another customer in QuickBooks", False, ""),
    (date_another_day, CHANGED, "in Coworks, February 20", False, ""),
    (renumber, "edited_in_quickbooks", "and is now HAND-9", True, ""),
    (file_under_another_product, "edited_in_quickbooks", "than were posted (Other Coworks Revenue)", True, ""),
    (void_invoice, CHANGED, "was voided in QuickBooks", False, "voided-in-quickbooks"),
    (delete_invoice, CHANGED, "is no longer in QuickBooks", False, "deleted-in-quickbooks"),
    (unapply, CHANGED, "is not applied to its invoice", False, "paid-short"),
    (apply_elsewhere, CHANGED, "is not applied to its invoice", False, "paid-short"),
    (delete_payment, CHANGED, "is no longer in QuickBooks", False, "payment-deleted-in-quickbooks"),
    (void_payment, CHANGED, "was voided in QuickBooks", False, "payment-voided-in-quickbooks"),
    (date_payment_another_day, CHANGED, "in Coworks, February 22", False, ""),
    (take_a_line_out_of_a_deposit, CHANGED, "in Coworks, $36.32 in QuickBooks", False, ""),
    (date_deposit_another_day, CHANGED, "in Coworks, February 27", False, ""),
    (delete_deposit, CHANGED, "is no longer in QuickBooks", False, "bank-deposit-deleted"),
)


@pytest.mark.parametrize(("work", "verdict", "words", "ties", "said"), WORK, ids=[one[0].__name__ for one in WORK])
def test_the_proof_names_the_change_and_the_next_push_leaves_it_alone(  # noqa: PLR0917
    work: Callable[[Person], None], verdict: str, words: str, ties: bool, said: str, company: Path
) -> None:
    with open_company(company) as opened:
        work(Person(opened))
    changed = books_of(company)
    proof = ask(company, "tie-out", "--period", MONTH)
    assert proof["ties"] is ties
    assert proof["verdicts"][verdict] == 1
    assert words in found(company, verdict)
    runs = [ask(company, stage, "--period", MONTH, "--approve", "auto") for stage in ("push", "deposits")]
    assert [one["qbo_writes"] for one in runs] == [0, 0]
    problems = [one["code"] for run in runs for one in run["problems"] if one["severity"] != "note"]
    assert problems == ([said] if said else [])
    assert books_of(company) == changed, "nothing was repaired or posted again"


def found(company: Path, verdict: str) -> str:
    """The sentence of the only finding with that verdict, from the evidence folder."""
    from toolkit import stages

    with open_company(company, reports=company / "reports") as opened:
        (one,) = [one for one in stages.prove(opened, MONTH).proof.findings if one.verdict == verdict]
        return one.sentence


def test_an_edit_that_does_not_stand_against_the_month_is_named_in_the_text(company: Path) -> None:
    from toolkit import report, stages

    with open_company(company, reports=company / "reports") as opened:
        renumber(Person(opened))
        text = report.proof_text(stages.prove(opened, MONTH).proof)
    assert "1  agree, and were renumbered or filed differently in QuickBooks\n          - Invoice" in text
    assert "and is now HAND-9" in text


def test_the_change_is_found_by_what_changed_and_not_by_reading_all_again(company: Path) -> None:
    """Change data capture since the last reading: a handful of metered reads, also where something was deleted."""
    with open_company(company) as opened:
        delete_invoice(Person(opened))
    assert ask(company, "tie-out", "--period", MONTH)["qbo_reads"] <= 12
