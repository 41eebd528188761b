"""Every published fault body is understood, and said in words a person can act on.

tests/fault_bodies.json holds the bodies as facts, each with the public source it was seen in.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from toolkit.qbo import fault_words, faults
from toolkit.qbo.faults import Fault

BODIES: dict[str, dict[str, Any]] = {
    one["name"]: one for one in json.loads(Path(__file__).with_name("fault_bodies.json").read_text(encoding="utf-8"))
}
TID = "1-5f732f5f-25dcb83b777d318c396aaf06"


def fault(name: str) -> Fault:
    body = BODIES[name]
    read = faults.read(body["status"], body["body"].encode(), intuit_tid=TID)
    assert read is not None
    return read


# name of the body, Intuit's code, our code
KNOWN = [
    ("10000_system_fault", "10000", "quickbooks-busy"),
    ("2010_failed_to_parse", "2010", "request-not-understood"),
    ("2010_unrecognized_field", "2010", "request-not-understood"),
    ("2020_deposit_line_accountref", "2020", "request-not-understood"),
    ("2020_missing_line", "2020", "request-not-understood"),
    ("2030_invalid_id", "2030", "request-not-understood"),
    ("2050_too_long", "2050", "too-long"),
    ("2500_invalid_reference", "2500", "not-found"),
    ("4000_parser", "4000", "query-refused"),
    ("4001_not_queryable", "4001", "query-refused"),
    ("4001_unknown_entity", "4001", "query-refused"),
    ("4002_processing", "4002", "query-failed"),
    ("401_token_expired", "3200", "connection-expired"),
    ("403_application_authorization_failed", "3100", "connection-ended"),
    ("429_throttle_xml", "3001", "throttled"),
    ("500_unsupported_operation", "500", "request-not-understood"),
    ("5010_account_period_closed", "5010", "closed-period"),
    ("5010_stale", "5010", "changed-meanwhile"),
    ("6000_business_txn_amount", "6000", "refused"),
    ("6070_amount_mismatch", "6070", "amount-mismatch"),
    ("610_deleted_txn", "610", "not-found"),
    ("610_object_not_found", "610", "not-found"),
    ("6140_duplicate_doc_number", "6140", "number-taken"),
    ("6190_subscription", "6190", "subscription-ended"),
    ("6210_closed_books", "6210", "closed-period"),
    ("6240_duplicate_name_full", "6240", "name-taken"),
    ("6240_duplicate_name_null_detail", "6240", "name-taken"),
    ("6540_deposited", "6540", "deposited"),
    ("oauth_invalid_client", "invalid_client", "app-keys-refused"),
    ("oauth_invalid_grant_refresh", "invalid_grant", "connection-ended"),
    ("oauth_invalid_grant_token_invalid", "invalid_grant", "connection-ended"),
]
INSIDE_200 = "6000_attachable_missing_entity"


def test_the_table_covers_every_published_body() -> None:
    assert {name for name, _, _ in KNOWN} | {INSIDE_200} == set(BODIES)


@pytest.mark.parametrize(("name", "code", "ours"), KNOWN)
def test_a_published_body_is_read_and_said_in_words(name: str, code: str, ours: str) -> None:
    read = fault(name)
    assert (read.code, read.status, read.intuit_tid) == (code, BODIES[name]["status"], TID)
    said = fault_words.problem(read, "Invoice C-1", key="C-1")
    assert (said.code, said.where, said.key) == (ours, "Invoice C-1", "C-1")
    assert TID in said.what
    assert code in said.what
    assert all(text.endswith(".") for text in (said.what, said.why, said.do))


def test_a_fault_inside_http_200_is_found_in_its_item() -> None:
    body = json.loads(BODIES[INSIDE_200]["body"])
    assert faults.read(200, json.dumps(body).encode()) is None, "the upload as a whole succeeded"
    inner = faults.of_item(body["AttachableResponse"][0], intuit_tid=TID)
    assert inner is not None
    assert (inner.code, inner.type) == ("6000", "ValidationFault")


def test_a_whole_answer_of_200_with_a_fault_is_a_fault() -> None:
    read = faults.read(200, BODIES["5010_stale"]["body"].encode())
    assert read is not None
    assert read.stale


def test_the_expired_token_is_never_repeated() -> None:
    """The recorded detail of a 3200 holds part of the token."""
    read = fault("401_token_expired")
    assert "AB01REDACTED" in read.detail
    assert "AB01REDACTED" not in str(fault_words.problem(read, "query"))


def test_several_errors_in_one_fault_are_all_kept() -> None:
    errors = [
        {"Message": "first", "Detail": "a", "code": "2050", "element": "DocNumber"},
        {"Message": "second", "Detail": "b", "code": "2210"},
    ]
    read = faults.read(400, json.dumps({"Fault": {"Error": errors, "type": "ValidationFault"}}).encode())
    assert read is not None
    assert (read.code, read.element, read.others) == ("2050", "DocNumber", ("2210: b",))


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        (502, b"<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>", "502 Bad Gateway"),
        (503, b"", ""),
        (504, b"upstream request timeout", "upstream"),
        (500, b"{\"Fault\":", ""),
        (400, b"<!DOCTYPE x [<!ENTITY a \"b\">]><x>&a;</x>", ""),
        (400, b"[]", ""),
        (400, b'{"Fault":{"Error":[],"type":"x"}}', ""),
    ],
)  # fmt: skip
def test_bodies_of_load_balancers_and_broken_ones_are_tolerated(status: int, body: bytes, words: str) -> None:
    read = faults.read(status, body)
    assert read is not None
    assert (read.code, read.status) == ("", status)
    assert words in read.message
    assert f"HTTP {status}" in fault_words.problem(read, "query").what


@pytest.mark.parametrize("body", [b'{"Invoice":{"Id":"1"}}', b"%PDF-1.4 <x>", b"", b'{"error":null}'])
def test_a_success_is_no_fault(body: bytes) -> None:
    assert faults.read(200, body) is None


@pytest.mark.parametrize(
    ("name", "throttled", "later", "stale", "closed"),
    [
        ("429_throttle_xml", True, False, False, False),
        ("10000_system_fault", False, True, False, False),
        ("5010_stale", False, False, True, False),
        ("5010_account_period_closed", False, False, False, True),
        ("6210_closed_books", False, False, False, True),
        ("500_unsupported_operation", False, False, False, False),
        ("6240_duplicate_name_full", False, False, False, False),
    ],
)
def test_what_a_fault_allows(name: str, throttled: bool, later: bool, stale: bool, closed: bool) -> None:
    read = fault(name)
    assert (read.throttled, read.try_later, read.stale, read.closed) == (throttled, later, stale, closed)


def test_the_old_form_of_throttling_is_known() -> None:
    """PHP SDK issue 54: in 2016 the same fault came as 403."""
    read = faults.read(403, BODIES["429_throttle_xml"]["body"].encode())
    assert read is not None
    assert read.throttled


@pytest.mark.parametrize(
    ("detail", "holder"),
    [
        ("... DocNumber=X is assigned to TxnType=Invoice with TxnId=17984", "17984"),
        ("Numéro de document en double : DocNumber=X TxnType=Facture TxnId=12", "12"),
        ("something else", ""),
    ],
)
def test_the_holder_of_a_number_is_found_in_any_language(detail: str, holder: str) -> None:
    assert Fault(code="6140", message="", detail=detail).holder == holder


def test_an_unknown_code_gets_quickbooks_own_words_and_the_exception_carries_all() -> None:
    read = Fault(code="98765", message="New rule", detail="Nobody knows it", status=400, intuit_tid=TID)
    refused = fault_words.refusal(read, "Invoice C-1")
    assert (refused.fault_code, refused.status, refused.intuit_tid) == ("98765", 400, TID)
    assert "Nobody knows it" in str(refused)
    assert refused.exit_code == 3
