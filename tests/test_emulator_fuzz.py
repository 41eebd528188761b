"""Bodies of the schema's own words with wrong values: each gets an answer of QuickBooks, and the books stay sound."""

from __future__ import annotations

import json
from typing import Any

import pytest
from books_company import Books, applied, fee, invoice, line, payment, ref
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from toolkit.emulator.kinds import BY_PATH, KINDS
from toolkit.emulator.schema import TYPES

HOSTILE = (
    None, True, False, 0, -1, 1, 5, 10**30, "1", "", " ", "0", "-5", "1e5", "1e400", "abc", "2026-02-30", "9999-12-31",
    "0001-01-01", "'; DROP TABLE object; --", "\x00", "é" * 30, "x" * 5000, [], {}, [[]], [None], {"value": "1"},
    {"value": 1}, {"value": None}, {"value": "99999999999999999999"}, {"value": "٣"}, {"a": {"b": {"c": 1}}}, "Invoice",
    "SalesItemLineDetail", "NON", 1.005, -0.0,
)  # fmt: skip
VALUES = (
    st.sampled_from(HOSTILE)
    | st.integers(-(10**12), 10**12)
    | st.floats(-1e9, 1e9, allow_nan=False)
    | st.text(max_size=12)
)
SETTINGS = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> Books:
    books = Books.open(tmp_path_factory.mktemp("fuzz"))
    customer = books.customer("Team")
    books.payment(customer, 100, books.invoice(customer))
    books.deposit(fee(5, "1"))
    return books


@st.composite
def bodies(draw: st.DrawFn, type_name: str, depth: int = 0) -> dict[str, Any]:
    """An object of a schema type, its properties holding anything, sometimes what belongs there."""
    props = draw(st.lists(st.sampled_from(sorted(TYPES[type_name])), max_size=6, unique=True))
    body: dict[str, Any] = {}
    for prop in props:
        code = TYPES[type_name][prop].lstrip("[")
        if code in TYPES and TYPES[code] and depth < 3 and draw(st.booleans()):
            inner = draw(bodies(code, depth + 1))
            body[prop] = [inner] if TYPES[type_name][prop].startswith("[") else inner
        else:
            body[prop] = draw(VALUES)
    if draw(st.integers(0, 20)) == 0:
        body[draw(st.text(max_size=8))] = draw(VALUES)
    return body


def is_one_of_quickbooks_answers(books: Books, status: int, text: bytes) -> None:
    assert status in (200, 400), text[:300]
    answer = json.loads(text)
    if status == 400:
        error = answer["Fault"]["Error"][0]
        assert error["code"].isdecimal()
        assert error["Message"]
        assert error["Detail"]
        assert "Traceback" not in text.decode()


@pytest.mark.parametrize("entity", sorted(KINDS))
@given(data=st.data())
@SETTINGS
def test_any_body_of_schema_words_is_answered(books: Books, entity: str, data: st.DataObject) -> None:
    body = data.draw(bodies(entity))
    operation = data.draw(st.sampled_from(["", "", "update", "delete", "void", "explode"]))
    answer = books.raw(
        "POST", entity.lower(), body, operation=operation, include=data.draw(st.sampled_from(["", "void"]))
    )
    is_one_of_quickbooks_answers(books, answer.status, answer.body)
    books.sound()


GOOD = {
    "Invoice": lambda: invoice("1", 100, DocNumber=None, Line=[line(100, Qty=4, UnitPrice=25)]),
    "Payment": lambda: payment("1", 5, PaymentRefNum="a", Line=[applied(1, {"Id": "1"})]),
    "Deposit": lambda: {"DepositToAccountRef": ref("35"), "Line": [fee(5, "1"), fee(-1)], "CashBack": {"Amount": 1}},
    "CreditMemo": lambda: invoice("1", 5, BillEmail={"Address": "a@b.co"}),
    "RefundReceipt": lambda: invoice("1", 5, DepositToAccountRef=ref("4")),
    "Customer": lambda: {"DisplayName": "a", "PrimaryEmailAddr": {"Address": "a@b.co"}, "BillAddr": {"Line1": "x"}},
    "Transfer": lambda: {"FromAccountRef": ref("35"), "ToAccountRef": ref("36"), "Amount": 5},
    "Attachable": lambda: {"Note": "a", "AttachableRef": [{"EntityRef": {"type": "Invoice", "value": "1"}}]},
}  # fmt: skip


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a body."""
    found = [path] if path else []
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in inner:
        found += places(child, (*path, key))
    return found


@pytest.mark.parametrize("entity", sorted(GOOD))
def test_a_good_body_with_one_wrong_value_is_answered(books: Books, entity: str) -> None:
    for path in places(GOOD[entity]()):
        for value in HOSTILE:
            body = GOOD[entity]()
            holder = body
            for key in path[:-1]:
                holder = holder[key]
            holder[path[-1]] = value
            answer = books.raw("POST", entity.lower(), body)
            is_one_of_quickbooks_answers(books, answer.status, answer.body)
    books.sound()


PARTS = [*sorted(BY_PATH), "1", "0", "-1", "1.5", "pdf", "send", "query", "batch", "cdc", "x", ""]
PARAMETERS = ["query", "operation", "include", "requestid", "entities", "changedSince", "sendTo"]


@given(
    path=st.lists(st.sampled_from(PARTS), max_size=4),
    method=st.sampled_from(["GET", "POST", "PUT"]),
    body=st.binary(max_size=40),
    params=st.dictionaries(st.sampled_from(PARAMETERS), st.text(max_size=15)),
)
@SETTINGS
def test_any_path_is_answered(books: Books, path: list[str], method: str, body: bytes, params: dict[str, str]) -> None:
    answer = books.company.call(method, "/".join(path), params, body, "application/json")
    if answer.content_type != "application/pdf":
        is_one_of_quickbooks_answers(books, answer.status, answer.body)


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 200_000,
        b'{"Line":' * 5_000 + b"1" + b"}" * 5_000,
        b'{"DisplayName":"\\ud800"}',
        '{"DisplayName":"é"}'.encode("latin-1"),
        b'{"TotalAmt":' + b"9" * 10_000 + b"}",
        b'{"TotalAmt":NaN}',
        b'{"LineEx":1e999999999}',
        b"\xef\xbb\xbf{}",
    ],
    ids=["brackets", "nested", "surrogate", "latin-1", "digits", "NaN", "exponent", "mark"],
)
@pytest.mark.parametrize("path", ["customer", "payment", "batch"])
def test_what_is_no_json_of_ours_is_answered(books: Books, path: str, body: bytes) -> None:
    answer = books.company.call("POST", path, {}, body, "application/json")
    assert answer.status == 400
    is_one_of_quickbooks_answers(books, answer.status, answer.body)


def test_lines_nested_three_hundred_times_are_answered(books: Books) -> None:
    opened, closed = b'{"DetailType":"GroupLineDetail","GroupLineDetail":{"Line":[', b"]}}"
    body = b'{"CustomerRef":{"value":"1"},"Line":[' + opened * 300 + closed * 300 + b"]}"
    assert books.code("invoice", body) == "2010"
