"""Intuit's OAuth flow as the emulator plays it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from emulator_doors import CALLBACK, NOW, OTHER, REALM, Client, in_process, listening, open_company
from intuitlib.client import AuthClient
from intuitlib.enums import Scopes
from intuitlib.exceptions import AuthClientError

from toolkit.emulator import identity, oauth, tokens
from toolkit.emulator.app import EmulatorApp
from toolkit.emulator.company import Company

BASIC = ("emulator", "emulator")
TOKEN = oauth.TOKEN
DAY = timedelta(days=1)


@pytest.fixture
def company(tmp_path: Path) -> Company:
    return open_company(tmp_path)


@pytest.fixture
def other(tmp_path: Path) -> Company:
    return open_company(tmp_path, OTHER)


@pytest.fixture
def client(company: Company) -> Client:
    return in_process(EmulatorApp([company]), company)


@pytest.fixture
def client_of_two(company: Company, other: Company) -> Client:
    return in_process(EmulatorApp([company, other]), company)


def asked(**changes: str | None) -> dict[str, str]:
    parameters: dict[str, str | None] = {
        "client_id": "emulator",
        "response_type": "code",
        "scope": "com.intuit.quickbooks.accounting",
        "redirect_uri": CALLBACK,
        "state": "s&1",
        "approve": "1",
    }
    return {name: value for name, value in (parameters | changes).items() if value is not None}


def authorize(client: Client, **changes: str | None) -> requests.Response:
    return client.request("GET", "/connect/oauth2", params=asked(**changes))


def redirected(response: requests.Response) -> dict[str, str]:
    assert response.status_code == 302, response.text
    return {name: values[0] for name, values in parse_qs(urlsplit(response.headers["Location"]).query).items()}


def token(client: Client, auth: tuple[str, str] | None = BASIC, **form: str) -> requests.Response:
    headers = {"Authorization": None}
    return client.request("POST", TOKEN, data=form, auth=auth, headers=headers)  # type: ignore[arg-type]


def exchange(client: Client, code: str, redirect_uri: str = CALLBACK) -> requests.Response:
    return token(client, grant_type="authorization_code", code=code, redirect_uri=redirect_uri)


def refresh(client: Client, value: str) -> requests.Response:
    return token(client, grant_type="refresh_token", refresh_token=value)


def status_with(client: Client, access: str, realm: str = REALM) -> int:
    path = f"/v3/company/{realm}/companyinfo/{realm}"
    return client.request("GET", path, headers={"Authorization": f"Bearer {access}"}).status_code


class TestAuthorize:
    def test_headless_approval_answers_code_state_and_realm(self, client: Client) -> None:
        answered = authorize(client)
        assert answered.headers["Location"].startswith(CALLBACK + "?")
        values = redirected(answered)
        assert values.keys() == {"code", "state", "realmId"}
        assert values["state"] == "s&1"
        assert values["realmId"] == REALM
        assert len(values["code"]) <= 512

    @pytest.mark.parametrize(
        ("changes", "error"),
        [
            ({"response_type": "token"}, "unsupported_response_type"),
            ({"response_type": None}, "unsupported_response_type"),
            ({"scope": "everything"}, "invalid_scope"),
            ({"scope": None}, "invalid_scope"),
            ({"state": None}, "invalid_request"),
            ({"approve": "0"}, "access_denied"),
            ({"realmId": "1"}, "invalid_request"),
        ],
    )
    def test_errors_come_in_the_redirect(self, client: Client, changes: dict[str, str | None], error: str) -> None:
        values = redirected(authorize(client, **changes))
        assert values["error"] == error
        assert values["error_description"]
        assert "code" not in values
        assert values.get("state") == ("s&1" if changes != {"state": None} else None)

    @pytest.mark.parametrize(
        "changes",
        [
            {"client_id": "somebody"},
            {"redirect_uri": "https://example.com/callback"},
            {"redirect_uri": "http://localhost.example.com/"},
            {"redirect_uri": "http://localhost@example.com/"},
            {"redirect_uri": "javascript:alert(1)"},
            {"redirect_uri": "http://localhost/\r\nX: y"},
            {"redirect_uri": "http://[::1"},
            {"redirect_uri": None},
        ],
    )
    def test_a_foreign_app_or_address_gets_a_page_and_never_a_redirect(
        self, client: Client, changes: dict[str, str | None]
    ) -> None:
        answered = authorize(client, **changes)
        assert answered.status_code == 400
        assert "Location" not in answered.headers

    @pytest.mark.parametrize(
        "address", ["http://localhost", "http://127.0.0.1:9/x?y=1", "https://localhost/a", "http://[::1]:80/"]
    )
    def test_any_loopback_address_is_accepted(self, client: Client, address: str) -> None:
        assert "code" in redirected(authorize(client, redirect_uri=address))

    def test_the_page_names_the_company_escapes_what_it_shows_and_connects(self, client: Client) -> None:
        page = authorize(client, approve=None, state='"><script>', scope="com.intuit.quickbooks.accounting")
        assert page.status_code == 200
        assert page.headers["Content-Type"].startswith("text/html")
        assert ">Connect<" in page.text
        assert ">Deny<" in page.text
        assert REALM in page.text
        assert "<script" not in page.text
        clicked = asked(realmId=REALM)
        values = redirected(client.request("POST", "/connect/oauth2", data=clicked))
        assert exchange(client, values["code"]).status_code == 200

    def test_several_companies_are_chosen_from_and_never_guessed(self, client_of_two: Client) -> None:
        assert redirected(authorize(client_of_two))["error"] == "invalid_request"
        page = authorize(client_of_two, approve=None).text
        assert REALM in page
        assert OTHER in page
        values = redirected(authorize(client_of_two, realmId=OTHER))
        access = exchange(client_of_two, values["code"]).json()["access_token"]
        assert status_with(client_of_two, access, OTHER) == 200


class TestCode:
    def test_the_answer_is_intuits(self, client: Client) -> None:
        answered = exchange(client, redirected(authorize(client))["code"])
        assert answered.status_code == 200
        body = answered.json()
        assert body.keys() == {
            "token_type",
            "access_token",
            "expires_in",
            "refresh_token",
            "x_refresh_token_expires_in",
        }
        assert (body["token_type"], body["expires_in"], body["x_refresh_token_expires_in"]) == (
            "bearer",
            3600,
            8726400,
        )
        assert len(body["access_token"]) > 500
        assert status_with(client, body["access_token"]) == 200

    def test_a_code_works_once(self, client: Client) -> None:
        code = redirected(authorize(client))["code"]
        assert exchange(client, code).status_code == 200
        again = exchange(client, code)
        assert again.status_code == 400
        assert again.json()["error"] == "invalid_grant"

    def test_a_code_ends_after_five_minutes(self, client: Client, company: Company) -> None:
        code = redirected(authorize(client))["code"]
        company.set_clock(NOW + timedelta(minutes=5, seconds=1))
        assert exchange(client, code).json()["error"] == "invalid_grant"

    def test_a_code_is_for_the_address_it_was_sent_to(self, client: Client) -> None:
        code = redirected(authorize(client))["code"]
        assert exchange(client, code, "http://localhost:9/other").json()["error"] == "invalid_grant"

    def test_credentials_may_stand_in_the_form(self, client: Client) -> None:
        code = redirected(authorize(client))["code"]
        answered = token(
            client,
            None,
            grant_type="authorization_code",
            code=code,
            redirect_uri=CALLBACK,
            client_id="emulator",
            client_secret="emulator",
        )
        assert answered.status_code == 200

    @pytest.mark.parametrize(
        ("auth", "form", "status", "error"),
        [
            (("emulator", "wrong"), {"grant_type": "refresh_token"}, 401, "invalid_client"),
            (None, {"grant_type": "refresh_token"}, 401, "invalid_client"),
            (BASIC, {"grant_type": "password"}, 400, "unsupported_grant_type"),
            (BASIC, {}, 400, "invalid_request"),
            (BASIC, {"grant_type": "authorization_code", "code": "x"}, 400, "invalid_request"),
            (BASIC, {"grant_type": "refresh_token"}, 400, "invalid_request"),
        ],
    )
    def test_refusals_are_flat_json(
        self, client: Client, auth: tuple[str, str] | None, form: dict[str, str], status: int, error: str
    ) -> None:
        answered = token(client, auth, **form)
        assert answered.status_code == status
        assert answered.headers["Content-Type"] == "application/json"
        assert answered.json()["error"] == error
        assert answered.json().keys() <= {"error", "error_description"}


class TestRefresh:
    def test_an_unknown_value_gets_intuits_words(self, client: Client) -> None:
        answered = refresh(client, "AB11nothing")
        assert answered.status_code == 400
        assert answered.json() == {
            "error": "invalid_grant",
            "error_description": "Incorrect or invalid refresh token",
        }

    def test_within_a_day_the_value_stays_and_the_access_token_is_new(self, client: Client, company: Company) -> None:
        company.set_clock(NOW + timedelta(hours=23))
        body = refresh(client, client.issued.refresh).json()
        assert body["refresh_token"] == client.issued.refresh
        assert body["access_token"] != client.issued.access
        assert status_with(client, body["access_token"]) == 200

    def test_after_a_day_it_rotates_and_the_old_value_answers_the_new_one_for_another_day(
        self, client: Client, company: Company
    ) -> None:
        old = client.issued.refresh
        company.set_clock(NOW + DAY)
        new = refresh(client, old).json()["refresh_token"]
        assert new != old
        company.set_clock(NOW + DAY + timedelta(hours=23))
        assert refresh(client, old).json()["refresh_token"] == new
        company.set_clock(NOW + 2 * DAY + timedelta(seconds=1))
        assert refresh(client, old).json()["error"] == "invalid_grant"
        assert refresh(client, new).status_code == 200

    def test_rotation_follows_its_switch(self, client: Client, company: Company) -> None:
        company.switches.set("refresh_rotation_h", "0")
        first = refresh(client, client.issued.refresh).json()["refresh_token"]
        assert first != client.issued.refresh
        assert refresh(client, first).json()["refresh_token"] != first

    def test_use_extends_a_life_of_101_days_up_to_five_years(self, client: Client, company: Company) -> None:
        value = client.issued.refresh
        for days in range(100, 1800, 100):
            company.set_clock(NOW + timedelta(days=days))
            value = refresh(client, value).json()["refresh_token"]
        company.set_clock(NOW + timedelta(days=1790))
        assert refresh(client, value).json()["x_refresh_token_expires_in"] == 35 * 86_400
        company.set_clock(NOW + timedelta(days=1825))
        assert refresh(client, value).json()["error"] == "invalid_grant"

    def test_unused_it_ends_after_101_days(self, client: Client, company: Company) -> None:
        company.set_clock(NOW + timedelta(seconds=8_726_400))
        assert refresh(client, client.issued.refresh).json()["error"] == "invalid_grant"

    def test_the_hard_expiry_is_told_when_asked(self, client: Client) -> None:
        answered = client.request(
            "POST",
            TOKEN,
            data={"grant_type": "refresh_token", "refresh_token": client.issued.refresh},
            auth=BASIC,
            headers={"Authorization": None, "x-include-refresh-token-hard-expires-in": "true"},  # type: ignore[dict-item]
        )
        assert answered.json()["x_refresh_token_hard_expires_in"] == 5 * 365 * 86_400

    def test_another_process_shares_tokens_and_only_hashes_are_in_the_file(
        self, client: Client, tmp_path: Path
    ) -> None:
        reopened = open_company(tmp_path)
        assert status_with(in_process(EmulatorApp([reopened]), reopened), client.issued.access) == 200
        stored = b"".join(path.read_bytes() for path in tmp_path.iterdir())
        assert client.issued.access.encode() not in stored
        assert client.issued.refresh.encode() not in stored


class TestAccess:
    def test_an_access_token_lives_an_hour_of_the_companys_clock(self, client: Client, company: Company) -> None:
        company.set_clock(NOW + timedelta(seconds=3_599))
        assert status_with(client, client.issued.access) == 200
        company.set_clock(NOW + timedelta(seconds=3_600))
        answered = client.api("GET", "companyinfo/" + REALM)
        assert answered.status_code == 401
        assert answered.headers["WWW-Authenticate"] == 'Bearer realm="Intuit", error="invalid_token"'
        assert answered.headers["Content-Type"] == "application/json"
        body = answered.json()
        assert body.pop("time") == int(company.now().timestamp() * 1000)
        assert body["fault"] == {
            "error": [
                {
                    "message": "message=AuthenticationFailed; errorCode=003200; statusCode=401",
                    "detail": f"Token expired: {client.issued.access}",
                    "code": "3200",
                    "element": None,
                }
            ],
            "type": "AUTHENTICATION",
        }
        assert list(body) == [
            "warnings",
            "intuitObject",
            "fault",
            "report",
            "queryResponse",
            "batchItemResponse",
            "attachableResponse",
            "syncErrorResponse",
            "requestId",
            "status",
            "cdcresponse",
        ]

    @pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer x", "Basic abc", "Bearer " + "x" * 5000])
    def test_a_missing_or_malformed_token_is_401(self, client: Client, header: str | None) -> None:
        headers: Any = {"Authorization": header}
        answered = client.api("GET", "companyinfo/" + REALM, headers=headers)
        assert answered.status_code == 401
        error = answered.json()["fault"]["error"][0]
        assert (error["code"], error["detail"]) == ("3200", "Malformed bearer token: too short or too long")

    def test_the_token_of_another_company_is_403(self, client_of_two: Client) -> None:
        for realm in (OTHER, "1234567890"):
            answered = client_of_two.request("GET", f"/v3/company/{realm}/companyinfo/{realm}")
            assert answered.status_code == 403
            fault = answered.json()["fault"]
            assert fault["type"] == "SERVICE"
            assert fault["error"][0] == {
                "message": "message=ApplicationAuthorizationFailed; errorCode=003100; statusCode=403",
                "detail": None,
                "code": "3100",
                "element": None,
            }

    def test_a_token_without_the_accounting_scope_is_403(self, client: Client, company: Company) -> None:
        assert status_with(client, tokens.grant(company, "openid").access) == 403


class TestEnds:
    @pytest.mark.parametrize("which", ["access", "refresh"])
    def test_revoking_either_token_ends_both(self, client: Client, which: str) -> None:
        answered = client.request(
            "POST",
            oauth.REVOKE,
            json={"token": getattr(client.issued, which)},
            auth=BASIC,
            headers={"Authorization": None},  # type: ignore[dict-item]
        )
        assert (answered.status_code, answered.content) == (200, b"")
        assert status_with(client, client.issued.access) == 401
        assert refresh(client, client.issued.refresh).json()["error"] == "invalid_grant"

    @pytest.mark.parametrize(
        ("auth", "content", "status"),
        [(BASIC, {"token": "no"}, 400), (BASIC, {}, 400), (BASIC, [], 400), (("a", "b"), {"token": "x"}, 401)],
    )
    def test_a_wrong_revocation_is_refused(
        self, client: Client, auth: tuple[str, str], content: object, status: int
    ) -> None:
        headers: Any = {"Authorization": None}
        answered = client.request("POST", oauth.REVOKE, json=content, auth=auth, headers=headers)
        assert answered.status_code == status

    def test_a_person_disconnects_on_the_start_page(self, client: Client) -> None:
        assert "1 connected" in client.request("GET", "/").text
        assert client.request("POST", "/app/disconnect", data={"realmId": REALM}).status_code == 302
        assert status_with(client, client.issued.access) == 403
        assert refresh(client, client.issued.refresh).json()["error"] == "invalid_grant"
        assert "not connected" in client.request("GET", "/").text


class TestOfficialClient:
    """intuit-oauth, Intuit's own Python client, unchanged: its environment argument may be a discovery address."""

    @pytest.fixture
    def base(self, tmp_path: Path) -> Iterator[str]:
        # Its check of the id_token reads the machine's clock, so the company's runs too.
        with listening(EmulatorApp([open_company(tmp_path, fixed=False)])) as base:
            yield base

    @pytest.mark.parametrize("path", oauth.DISCOVERY)
    def test_the_whole_flow(self, base: str, path: str) -> None:
        auth = AuthClient("emulator", "emulator", CALLBACK, base + path)
        url = auth.get_authorization_url([Scopes.ACCOUNTING, Scopes.OPENID, Scopes.EMAIL])
        assert url.startswith(base)
        values = redirected(requests.get(url + "&approve=1", allow_redirects=False, timeout=10))
        assert values["state"] == auth.state_token
        auth.get_bearer_token(values["code"], values["realmId"])
        assert auth.realm_id == REALM
        assert auth.id_token, "its own check of the signed id_token refused it"
        assert auth.get_user_info().json()["sub"] == identity.SUBJECT
        first = auth.access_token
        auth.refresh()
        assert auth.access_token != first
        assert auth.revoke()
        with pytest.raises(AuthClientError) as refused:
            auth.refresh()
        assert json.loads(refused.value.content)["error"] == "invalid_grant"

    def test_the_discovery_document_is_built_from_the_host_the_client_used(self, base: str) -> None:
        headers = {"Host": "localhost:9999"}
        document = requests.get(base + oauth.DISCOVERY[0] + "/", headers=headers, timeout=10).json()
        addresses = [value for value in document.values() if isinstance(value, str)]
        assert len(addresses) == 6
        assert all(address.startswith("http://localhost:9999/") for address in addresses)
        assert "code_challenge_methods_supported" not in document
