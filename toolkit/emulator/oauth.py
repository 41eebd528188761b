"""Intuit's OAuth 2.0 endpoints: authorize, token, revoke, user info, discovery.

Sources: developer.intuit.com OAuth pages, intuit/oauth-pythonclient, intuit/oauth-jsclient (mocks and changelog).
"""

from __future__ import annotations

import binascii
import json
from base64 import b64decode
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

from toolkit.emulator import identity, pages, tokens
from toolkit.emulator.web import Reply, Request, json_reply, parse_query

if TYPE_CHECKING:
    from toolkit.emulator.company import Company

CLIENT_ID = CLIENT_SECRET = "emulator"
ACCOUNTING = "com.intuit.quickbooks.accounting"
SCOPES = frozenset(
    {
        ACCOUNTING,
        "com.intuit.quickbooks.payment",
        "openid",
        "profile",
        "email",
        "phone",
        "address",
        "intuit_name",
        "project-management.project",
        "app-foundations.custom-field-definitions",
        "app-foundations.custom-field-definitions.read",
        "app-foundations.custom-dimensions.read",
        "payroll.compensation.read",
        "time-tracking.time-entry",
        "indirect-tax.tax-calculation.quickbooks",
    }
)
AUTHORIZE = "/connect/oauth2"
TOKEN = "/oauth2/v1/tokens/bearer"
REVOKE = "/v2/oauth2/tokens/revoke"
USERINFO = "/v1/openid_connect/userinfo"
JWKS = "/op/v1/jwks"
DISCOVERY = ("/.well-known/openid_configuration", "/.well-known/openid_sandbox_configuration")

Companies = Mapping[str, "Company"]


def answer(companies: Companies, request: Request) -> Reply | None:
    """Answer a request to one of the OAuth addresses; None when the path is none of them."""
    path = request.path.rstrip("/")
    if path in DISCOVERY:
        return discovery(request.base_url)
    doers = {AUTHORIZE: authorize, TOKEN: token, REVOKE: revoke, USERINFO: identity.userinfo, JWKS: identity.keys}
    doer = doers.get(path)
    return doer(companies, request) if doer else None


def discovery(base_url: str) -> Reply:
    """Return the discovery document, every address under the one the client used."""
    return json_reply(
        200,
        {
            "issuer": f"{base_url}{identity.ISSUER}",
            "authorization_endpoint": f"{base_url}{AUTHORIZE}",
            "token_endpoint": f"{base_url}{TOKEN}",
            "userinfo_endpoint": f"{base_url}{USERINFO}",
            "revocation_endpoint": f"{base_url}{REVOKE}",
            "jwks_uri": f"{base_url}{JWKS}",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "scopes_supported": ["openid", "email", "profile", "address", "phone"],
            "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
            "claims_supported": [
                "aud",
                "exp",
                "iat",
                "iss",
                "realmid",
                "sub",
            ],
        },
    )


def authorize(companies: Companies, request: Request) -> Reply:
    """Show the page with Connect and Deny, or answer what was chosen with a redirect to the app.

    `approve=1` (headless) or the page's own button connects, `approve=0` denies, `realmId` names the company. An
    address that is not loopback and an unknown app get a page, never a redirect.
    """
    asked = dict(request.query)
    if request.method == "POST":
        asked |= parse_query(request.body.decode("utf-8", "replace"))
    if asked.get("client_id") != CLIENT_ID:
        return pages.refusal("Sorry, but emulator didn't connect: the client_id is not the emulator's.")
    if not is_loopback(asked.get("redirect_uri", "")):
        return pages.refusal("The redirect_uri query parameter value is invalid: it is not a loopback address.")
    wrong = _wrong_parameter(asked)
    if wrong:
        return _redirect(asked, {"error": wrong[0], "error_description": wrong[1]})
    if "approve" not in asked:
        return pages.consent(companies, asked)
    return _decide(companies, asked)


def _decide(companies: Companies, asked: Mapping[str, str]) -> Reply:
    if asked["approve"] != "1":
        return _redirect(asked, {"error": "access_denied", "error_description": "The user did not give consent"})
    realm = asked.get("realmId") or (next(iter(companies)) if len(companies) == 1 else "")
    if realm not in companies:
        what = "Choose one company: add realmId=" + " or ".join(companies)
        return _redirect(asked, {"error": "invalid_request", "error_description": what})
    code = tokens.new_code(companies[realm], asked["redirect_uri"], asked["scope"])
    return _redirect(asked, {"code": code, "realmId": realm})


def _wrong_parameter(asked: Mapping[str, str]) -> tuple[str, str] | None:
    if asked.get("response_type") != "code":
        return "unsupported_response_type", "response_type must be code"
    scopes = asked.get("scope", "").split()
    if not scopes or not set(scopes) <= SCOPES:
        return "invalid_scope", "The scope query parameter is missing or names an unknown scope"
    if not asked.get("state"):
        return "invalid_request", "The state query parameter is missing"
    return None


def _redirect(asked: Mapping[str, str], answered: dict[str, str]) -> Reply:
    if asked.get("state"):
        answered["state"] = asked["state"]
    uri = asked["redirect_uri"]
    joint = "&" if urlsplit(uri).query else "?"
    return Reply(302, b"", "", [("Location", f"{uri}{joint}{urlencode(answered)}")])


def is_loopback(address: str) -> bool:
    """Tell whether an address leads back to this machine; Intuit takes http://localhost for development keys."""
    try:
        parts = urlsplit(address)
        host = parts.hostname or ""
    except ValueError:
        return False
    named = host in ("localhost", "127.0.0.1", "::1") or host.endswith(".localhost")
    clean = address.isascii() and address.isprintable() and " " not in address
    return parts.scheme in ("http", "https") and named and not parts.fragment and clean


def token(companies: Companies, request: Request) -> Reply:
    """Exchange a code or a refresh token; errors are flat JSON with `error`, as Intuit's are."""
    if request.method != "POST":
        return refused("invalid_request", "POST is required")
    form = parse_query(request.body.decode("utf-8", "replace"))
    if not is_client(request, form):
        return json_reply(401, {"error": "invalid_client"})
    kind = form.get("grant_type", "")
    if kind == "authorization_code":
        return _exchange(companies, request, form)
    if kind == "refresh_token":
        return _refresh(companies, request, form)
    return refused("unsupported_grant_type" if kind else "invalid_request")


def _exchange(companies: Companies, request: Request, form: Mapping[str, str]) -> Reply:
    code, redirect_uri = form.get("code"), form.get("redirect_uri")
    if not code or not redirect_uri:
        return refused("invalid_request", "code and redirect_uri are required")
    for company in companies.values():
        issued = tokens.use_code(company, code, redirect_uri)
        if issued:
            return _issued(company, request, issued)
    return refused("invalid_grant", "Invalid authorization code")


def _refresh(companies: Companies, request: Request, form: Mapping[str, str]) -> Reply:
    value = form.get("refresh_token")
    if not value:
        return refused("invalid_request", "refresh_token is required")
    for company in companies.values():
        issued = tokens.refresh(company, value)
        if issued:
            return _issued(company, request, issued, openid=False)
    return refused("invalid_grant", "Incorrect or invalid refresh token")


def _issued(company: Company, request: Request, issued: tokens.Issued, *, openid: bool = True) -> Reply:
    body: dict[str, Any] = {
        "token_type": "bearer",
        "access_token": issued.access,
        "expires_in": tokens.ACCESS_SECONDS,
        "refresh_token": issued.refresh,
        "x_refresh_token_expires_in": issued.refresh_seconds,
    }
    if (request.header("x-include-refresh-token-hard-expires-in") or "").lower() == "true":
        body["x_refresh_token_hard_expires_in"] = issued.hard_seconds
    if openid and "openid" in issued.scope.split():
        body["id_token"] = identity.id_token(company, f"{request.base_url}{identity.ISSUER}", CLIENT_ID)
    return json_reply(200, body, [("Cache-Control", "no-cache, no-store"), ("Pragma", "no-cache")])


def revoke(companies: Companies, request: Request) -> Reply:
    """End the grant of an access or refresh token: 200 without a body."""
    text = request.body.decode("utf-8", "replace")
    if request.method != "POST":
        return refused("invalid_request", "POST is required")
    try:
        asked = json.loads(text)
    except ValueError:
        asked = parse_query(text)
    asked = asked if isinstance(asked, dict) else {}
    if not is_client(request, asked):
        return json_reply(401, {"error": "invalid_client"})
    value = asked.get("token")
    if not isinstance(value, str) or not value:
        return refused("invalid_request", "token is required")
    if not any(tokens.revoke(company, value) for company in companies.values()):
        return refused("invalid_grant", "Token invalid")
    return Reply(200, b"", "")


def is_client(request: Request, form: Mapping[str, Any]) -> bool:
    """Tell whether the app showed its id and secret, by Basic or in the form."""
    header = request.header("Authorization") or ""
    if not header.lower().startswith("basic "):
        return form.get("client_id") == CLIENT_ID and form.get("client_secret") == CLIENT_SECRET
    try:
        shown = b64decode(header[6:].strip(), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return False
    return shown == f"{CLIENT_ID}:{CLIENT_SECRET}"


def refused(error: str, description: str = "") -> Reply:
    """Return the token endpoint's 400."""
    body = {"error": error} | ({"error_description": description} if description else {})
    return json_reply(400, body)
