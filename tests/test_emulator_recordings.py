"""Every recording of the real service is answered by the emulator as it was recorded.

Facts and their source: tests/recorded_facts.py. Compared are status, content type, header names, every key, JSON
types, number formats and texts.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from emulator_doors import Client, in_process
from recorded_books import STATES
from recorded_facts import Comparison, names, parsed, recording

from toolkit.emulator import tokens
from toolkit.emulator.app import TABLES, EmulatorApp
from toolkit.emulator.company import Company

REALM = "9130350000000001"
# When each recording was made; the other ones do not depend on the day.
MOMENTS = {
    "create__invoice": datetime(2020, 9, 29, 12, 58, 7, tzinfo=UTC),
    "create__customer": datetime(2020, 9, 29, 12, 58, 16, tzinfo=UTC),
    "reports__gl": datetime(2020, 9, 29, 15, 14, 2, tzinfo=UTC),
    "attachment__read_attachment": datetime(2020, 9, 29, 13, 33, 46, tzinfo=UTC),
    "void__invoice": datetime(2022, 9, 2, 12, 58, 56, tzinfo=UTC),
}
SWITCHES = {"quotas": "off", "custom_numbers": "off", "cdc_days": "0"}

# Where a recording is answered otherwise on purpose, with the reason; the values are what is answered instead.
CORRECTED: Mapping[str, Mapping[str, str]] = {
    # Recorded without a minor version: a parent's header then carried its sub-account's id and the sub-account's
    # none. Intuit's GeneralLedger page calls that broken and well-formed from minor version 3 on.
    "reports__gl": {
        ".Rows.Row[5].Header.ColData[0].id: '37', recorded =38": "Truck has an id of its own",
        ".Rows.Row[5].Rows.Row[0].Header.ColData[0].id: not recorded ('38')": "its sub-account too",
        ".Rows.Row[16].Header.ColData[0].id: '24', recorded =77": "Utilities has an id of its own",
        ".Rows.Row[16].Rows.Row[0].Header.ColData[0].id: not recorded ('77')": "its sub-account too",
    },
}


def _company(folder: Path, name: str) -> Company:
    company = Company.open(folder / "qbo.db", seed={**STATES[name](), "realm_id": REALM})
    company.ensure(TABLES)
    company.switches.update(SWITCHES)
    company.set_clock(MOMENTS.get(name, datetime(2020, 9, 29, 15, 0, tzinfo=UTC)))
    return company


def _send(client: Client, asked: Mapping[str, Any]) -> Any:
    options: dict[str, Any] = {"params": asked.get("query")}
    if "json" in asked:
        options["json"] = asked["json"]
    if "upload" in asked:
        upload = asked["upload"]
        metadata = ("attachment.json", json.dumps(upload["metadata"]), "application/json")
        content = (upload["metadata"]["FileName"], b"x" * upload["size"], upload["metadata"]["ContentType"])
        options["files"] = {"file_metadata_01": metadata, upload["part"]: content}
    return client.api(asked["method"], asked["path"], **options)


def _before(name: str, company: Company, client: Client) -> None:
    """What had happened before a recording that a state file cannot say."""
    if name in ("attachment__read_attachment", "attachment__delete_attachment"):
        assert _send(client, recording("attachment__create_for_invoice")["exchanges"][0]["request"]).status_code == 200
    if name == "error__401":
        tokens.expire_access(company, client.issued.access)


def _exchanges() -> list[Any]:
    return [
        pytest.param(name, place, id=f"{name}-{place}")
        for name in names()
        for place in range(len(recording(name)["exchanges"]))
        if name != "cdc__basic"
    ]


@pytest.mark.parametrize(("name", "place"), _exchanges())
def test_a_recorded_call_is_answered_as_recorded(name: str, place: int, tmp_path: Path) -> None:
    company = _company(tmp_path, name)
    client = in_process(EmulatorApp([company]), company)
    _before(name, company, client)
    exchanges = recording(name)["exchanges"]
    for earlier in exchanges[:place]:
        _send(client, earlier["request"])
    answer = _send(client, exchanges[place]["request"])
    assert _unlike(name, exchanges[place], answer) == []


def _unlike(name: str, exchange: Mapping[str, Any], answer: Any) -> list[str]:
    found: list[str] = []
    if answer.status_code != exchange["status"]:
        found.append(f"status {answer.status_code}, recorded {exchange['status']}: {answer.text[:300]}")
    kind = answer.headers.get("Content-Type")
    if kind != exchange["content_type"]:
        found.append(f"Content-Type {kind}, recorded {exchange['content_type']}")
    # The recorder wrote every header name with dashes, intuit_tid too.
    sent = {header.lower().replace("_", "-") for header in answer.headers}
    found += [f"header {header}: missing" for header in exchange["headers"] if header.lower() not in sent]
    if "answer" not in exchange:
        return [*found, *([] if answer.content.startswith(exchange["answer_starts"].encode()[:5]) else ["content"])]
    corrected = CORRECTED.get(name, {})
    body = Comparison(name, REALM).differences(exchange["answer"], parsed(answer.content))
    return [*found, *(line for line in body if line not in corrected)]


def test_every_correction_is_still_needed(tmp_path: Path) -> None:
    for name, corrected in CORRECTED.items():
        company = _company(tmp_path, name)
        answer = _send(in_process(EmulatorApp([company]), company), recording(name)["exchanges"][0]["request"])
        fact = recording(name)["exchanges"][0]["answer"]
        found = Comparison(name, REALM).differences(fact, parsed(answer.content))
        assert set(found) == set(corrected)


def test_every_recording_has_a_state() -> None:
    assert names() == sorted(STATES)


def test_change_data_capture_has_the_recorded_envelope_and_order(tmp_path: Path) -> None:
    """The recorded estimates are not kept here; as invoices of the same lines and times they come in the same order."""
    name = "cdc__basic"
    company = _company(tmp_path, name)
    client = in_process(EmulatorApp([company]), company)
    exchange = recording(name)["exchanges"][0]
    asked = exchange["request"]
    answer = _send(client, {**asked, "query": {**asked["query"], "entities": "invoice"}})
    estimates = exchange["answer"]["CDCResponse"][0]["QueryResponse"][0]
    body = parsed(answer.content)
    assert (answer.status_code, list(body)) == (200, ["CDCResponse", "time"])
    (one,) = body["CDCResponse"]
    (found,) = one["QueryResponse"]
    assert [row["Id"] for row in found["Invoice"]] == [row["Id"][1:] for row in estimates["Estimate"]]
    assert (found["startPosition"], found["maxResults"]) == ("1", "4")
    compare = Comparison(name, REALM)
    assert [compare.differences(_lines(row), _lines(mine)) for row, mine in _pairs(estimates, found)] == [[]] * 4


def _pairs(estimates: Mapping[str, Any], found: Mapping[str, Any]) -> list[tuple[Any, Any]]:
    return list(zip(estimates["Estimate"], found["Invoice"], strict=True))


def _lines(row: Mapping[str, Any]) -> Any:
    """The parts an estimate and an invoice share."""
    shared = ("Id", "MetaData", "CustomField", "DocNumber", "TxnDate", "CurrencyRef", "Line", "TxnTaxDetail")
    return {key: row[key] for key in (*shared, "CustomerRef", "CustomerMemo", "BillAddr", "TotalAmt")}


def test_an_entity_that_is_not_kept_here_has_no_changes(tmp_path: Path) -> None:
    company = _company(tmp_path, "cdc__basic")
    answer = _send(in_process(EmulatorApp([company]), company), recording("cdc__basic")["exchanges"][0]["request"])
    assert parsed(answer.content)["CDCResponse"] == [{"QueryResponse": [{}]}]
