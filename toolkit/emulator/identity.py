"""OpenID: who connected the app. The id_token is signed with a key of the company, made when it is first wanted."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from toolkit.emulator import tokens
from toolkit.emulator.web import Reply, Request, json_reply

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

    from toolkit.emulator.company import Company

ISSUER = "/op/v1"
SUBJECT = "b053d994-07d5-468d-b7ee-22e349d2e739"


def bearer_value(request: Request) -> str | None:
    """Return the access token a request carries, or None when it carries none."""
    kind, _, value = (request.header("Authorization") or "").partition(" ")
    return value.strip() if kind.lower() == "bearer" else None


def userinfo(companies: Mapping[str, Company], request: Request) -> Reply:
    """Return the person behind an access token that was granted with the scope openid."""
    value = bearer_value(request)
    for company in companies.values():
        with company.transaction():
            found = tokens.bearer(company, value) if value else None
        if found and found.state == "active" and "openid" in found.scope.split():
            return json_reply(200, _person(found.scope.split()))
    return json_reply(
        401,
        {"error": "invalid_token", "error_description": "The access token is invalid"},
        [("WWW-Authenticate", 'Bearer realm="Intuit", error="invalid_token"')],
    )


def _person(scopes: list[str]) -> dict[str, Any]:
    person: dict[str, Any] = {"sub": SUBJECT}
    if "email" in scopes:
        person |= {"email": "accountant@example.com", "emailVerified": True}
    if "profile" in scopes:
        person |= {"givenName": "Alex", "familyName": "Accountant"}
    if "phone" in scopes:
        person |= {"phoneNumber": "+1 555-0100", "phoneNumberVerified": False}
    return person


def id_token(company: Company, issuer: str, client_id: str) -> str:
    """Return a signed RS256 id_token for the company's realm, valid an hour of the company's clock."""
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.hashes import SHA256

    key = _private_key(company)
    now = int(company.now().timestamp())
    claims = {"sub": SUBJECT, "aud": [client_id], "realmid": company.realm_id, "auth_time": now, "iss": issuer}
    times = {"exp": now + tokens.ACCESS_SECONDS, "iat": now}
    head = {"kid": _public_key(key)["kid"], "typ": "JWT", "alg": "RS256"}
    signed = f"{_part(json.dumps(head).encode())}.{_part(json.dumps(claims | times).encode())}"
    return f"{signed}.{_part(key.sign(signed.encode(), PKCS1v15(), SHA256()))}"


def keys(companies: Mapping[str, Company], _: Request) -> Reply:
    """Return the public keys of every company as a JWK set."""
    return json_reply(200, {"keys": [_public_key(_private_key(company)) for company in companies.values()]})


def _private_key(company: Company) -> RSAPrivateKey:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
    from cryptography.hazmat.primitives.serialization import (
        Encoding,
        NoEncryption,
        PrivateFormat,
        load_pem_private_key,
    )

    with company.transaction():
        row = company.connection().execute("SELECT pem FROM oauth_key WHERE id=1").fetchone()
        if row:
            key = load_pem_private_key(row[0], None)
        else:
            key = generate_private_key(public_exponent=65537, key_size=2048)
            pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
            company.connection().execute("INSERT INTO oauth_key VALUES(1, ?)", (pem,))
    if not isinstance(key, RSAPrivateKey):
        raise TypeError("the company's signing key is not an RSA key")
    return key


def _public_key(key: RSAPrivateKey) -> dict[str, str]:
    numbers = key.public_key().public_numbers()
    modulus = numbers.n.to_bytes((numbers.n.bit_length() + 7) // 8, "big")
    return {
        "kty": "RSA",
        "use": "sig",
        "alg": "RS256",
        "kid": sha256(modulus).hexdigest()[:16],
        "e": _part(numbers.e.to_bytes(3, "big")),
        "n": _part(modulus),
    }


def _part(value: bytes) -> str:
    return urlsafe_b64encode(value).decode().rstrip("=")
