"""Whatever comes in, one of Intuit's answers goes out: no stack trace, no hang, and the server goes on."""

from __future__ import annotations

import contextlib
import json
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from emulator_doors import REALM, Client, in_process, listening, open_company, over_http
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from toolkit.emulator.app import EmulatorApp
from toolkit.emulator.company import Company


@pytest.fixture
def company(tmp_path: Path) -> Company:
    return open_company(tmp_path)


@pytest.fixture
def base(company: Company) -> Iterator[str]:
    with listening(EmulatorApp([company])) as base:
        yield base


class TestBadRequests:
    """Whatever comes in over HTTP gets one of Intuit's answers, and the server goes on."""

    NONSENSE = (
        b"",
        b"null",
        b"[]",
        b'"x"',
        b"{",
        b"{]",
        b'{"a":1}' * 3,
        b'{"DisplayName":null}',
        b'{"DisplayName":["a"]}',
        b'{"DisplayName":{"value":"a"}}',
        b'{"DisplayName":"\\ud800"}',
        b'{"DisplayName":"\xff\xfe"}',
        '{"DisplayName":"é"}'.encode("utf-16"),
        b'{"DisplayName":"a","Active":"maybe"}',
        b'{"DisplayName":"a","PrimaryEmailAddr":"x"}',
        b'{"DisplayName":"a","Id":{},"SyncToken":[]}',
        b'{"Customer":{"DisplayName":"a"}}',
        b"{" * 100_000,
        b"[" * 100_000,
        b'{"DisplayName":' + b"9" * 5_000 + b"}",
        b'{"TotalAmt":1e999999,"Line":[{"Amount":-1e999999}]}',
        b'{"TotalAmt":NaN}',
        b"<Customer><DisplayName>a</DisplayName></Customer>",
    )

    @pytest.mark.parametrize("path", ["customer", "invoice", "payment", "deposit", "batch", "preferences"])
    @pytest.mark.parametrize("body", NONSENSE, ids=lambda body: repr(body[:24]))
    def test_a_body_that_means_nothing_is_a_400(self, base: str, company: Company, path: str, body: bytes) -> None:
        client = over_http(base, company)
        answered = client.api("POST", path, data=body, headers={"Content-Type": "application/json"})
        assert answered.status_code == 400, answered.text
        assert answered.json()["Fault"]["Error"][0]["code"]
        assert "Traceback" not in answered.text

    @pytest.mark.parametrize("path", ["customer", "batch"])
    def test_ten_megabytes_are_a_400_and_no_hang(self, base: str, company: Company, path: str) -> None:
        client = over_http(base, company)
        began = time.monotonic()
        answered = client.post(path, {"DisplayName": "x" * 10_000_000})
        assert answered.status_code == 400
        assert answered.json()["Fault"]["Error"][0]["code"] == "2010"
        assert time.monotonic() - began < 10

    @pytest.mark.parametrize(
        "query",
        [
            "",
            "select",
            "select * from",
            "select * from Customer where",
            "select * from Customer; drop table object",
            "select * from object",
            "select * from Customer where DisplayName = 'a' or 1=1",
            "select * from Customer where DisplayName = '''",
            "select * from Customer where Id = '1' union select * from object --",
            "select * from Customer startposition 0",
            "select * from Customer maxresults x",
            "select * from Customer where DisplayName = 'é",
            "\x00",
            "select * from Customer where DisplayName in (" + ",".join(["'a'"] * 5000),
            "(" * 50_000,
        ],
        ids=lambda query: repr(query[:40]),
    )
    def test_a_query_that_means_nothing_is_a_400(self, base: str, company: Company, query: str) -> None:
        client = over_http(base, company)
        headers = {"Content-Type": "application/text"}
        answered = client.api("POST", "query", data=query.encode(), headers=headers)
        assert answered.status_code == 400, answered.text
        assert answered.json()["Fault"]["Error"][0]["code"] in {"4000", "4001", "2010", "2020"}

    @pytest.mark.parametrize(
        "path",
        [
            "customer/%00",
            "customer/%ff",
            "customer/-1",
            "customer/99999999999999999999999999",
            "customer/1%2F2",
            "%2e%2e/%2e%2e/etc/passwd",
            "customer/1'--",
            "reports/Nonsense",
            "reports/GeneralLedger?start_date=soon",
            "cdc?entities=Customer&changedSince=soon",
            "cdc",
            "invoice/1/pdf",
            "companyinfo/x",
            "customer?requestid=" + "x" * 300,
        ],
    )
    def test_a_path_that_means_nothing_is_a_400(self, base: str, company: Company, path: str) -> None:
        answered = over_http(base, company).api("GET", path)
        assert answered.status_code == 400, answered.text
        assert answered.json()["Fault"]["Error"][0]["code"]

    def test_raw_rubbish_on_the_socket_ends_and_the_server_goes_on(self, base: str, company: Company) -> None:
        host, port = base.removeprefix("http://").split(":")
        for rubbish in (
            b"\x00\x01\x02\r\n\r\n",
            b"GET\r\n\r\n",
            b"GET / HTTP/9.9\r\n\r\n",
            b"POST /v3/company/1/customer HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n",
            b"POST /v3/company/1/customer HTTP/1.1\r\nHost: x\r\nContent-Length: 999999999999\r\n\r\n",
            b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 100_000 + b"\r\n",
            b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        ):
            with socket.create_connection((host, int(port)), timeout=10) as connection:
                connection.settimeout(10)
                with contextlib.suppress(ConnectionError):
                    connection.sendall(rubbish)
                    connection.shutdown(socket.SHUT_WR)
                    while connection.recv(65536):
                        pass
        assert over_http(base, company).api("GET", "companyinfo/" + REALM).status_code == 200


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=8,
)
FIELDS = st.sampled_from(
    [
        "Id",
        "SyncToken",
        "sparse",
        "Line",
        "CustomerRef",
        "value",
        "Amount",
        "DetailType",
        "SalesItemLineDetail",
        "ItemRef",
        "Qty",
        "UnitPrice",
        "TotalAmt",
        "TxnDate",
        "DocNumber",
        "LinkedTxn",
        "TxnId",
        "TxnType",
        "DepositToAccountRef",
        "DisplayName",
        "Active",
        "MetaData",
        "TxnTaxDetail",
        "BatchItemRequest",
        "bId",
        "operation",
        "Invoice",
        "Query",
    ]
)
PATHS = st.sampled_from(
    [
        "customer",
        "invoice",
        "payment",
        "deposit",
        "creditmemo",
        "refundreceipt",
        "salesreceipt",
        "journalentry",
        "transfer",
        "purchase",
        "item",
        "class",
        "department",
        "account",
        "attachable",
        "preferences",
        "companyinfo",
        "batch",
        "query",
        "upload",
        "cdc",
        "reports/GeneralLedger",
        "invoice/1/send",
        "customer/1",
        "term",
        "paymentmethod",
        "taxcode",
    ]
)
PARAMETERS = st.dictionaries(
    st.sampled_from(["operation", "include", "requestid", "query", "entities", "changedSince", "start_date"]),
    st.sampled_from(["", "delete", "void", "update", "x", "Customer", "2026-01-01", "select * from Invoice"])
    | st.text(max_size=30),
    max_size=3,
)
BODIES = st.dictionaries(FIELDS, JSON_VALUES | st.dictionaries(FIELDS, JSON_VALUES, max_size=4), max_size=6)
KINDS = st.sampled_from(["application/json", "application/text", "multipart/form-data; boundary=x", "text/xml", ""])
WORDS = [
    "select",
    "*",
    "count(*)",
    "from",
    "Customer",
    "Invoice",
    "where",
    "Id",
    "DocNumber",
    "TxnDate",
    "=",
    "in",
    "(",
    ")",
    "like",
    "'%a%'",
    "'1'",
    "and",
    "or",
    "orderby",
    "desc",
    "startposition",
    "maxresults",
    "0",
    "1",
    "99999999999",
    ",",
    "true",
    "MetaData.LastUpdatedTime",
    "'2026-01-01'",
    ">",
    "<=",
    "!=",
    "--",
    ";",
    "\\'",
]
QUERIES = st.text(max_size=80) | st.lists(st.sampled_from(WORDS), max_size=14).map(" ".join)
fuzzing = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


class TestFuzz:
    """One company for all examples of a test: what an example leaves behind is part of the next one's world."""

    @pytest.fixture
    def client(self, company: Company) -> Client:
        return in_process(EmulatorApp([company], admin=True), company)

    @fuzzing
    @given(call=st.tuples(st.sampled_from(["GET", "POST"]), PATHS), parameters=PARAMETERS, content=BODIES, kind=KINDS)
    def test_no_request_makes_a_server_error(
        self, client: Client, call: tuple[str, str], parameters: dict[str, str], content: dict[str, Any], kind: str
    ) -> None:
        body = json.dumps(content).encode()
        answered = client.api(*call, params=parameters, data=body, headers={"Content-Type": kind})
        assert answered.status_code in (200, 400), answered.text

    @fuzzing
    @given(text=QUERIES)
    def test_no_query_makes_a_server_error(self, client: Client, text: str) -> None:
        assert client.api("GET", "query", params={"query": text}).status_code in (200, 400)

    @fuzzing
    @given(path=st.text(max_size=40), method=st.sampled_from(["GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS"]))
    def test_no_path_makes_a_server_error(self, client: Client, path: str, method: str) -> None:
        quoted = quote(path, safe="/?&=")
        for way in (f"/v3/company/{REALM}/{quoted}", f"/{quoted}", f"/_emulator/{quoted}"):
            assert client.request(method, way).status_code < 500
