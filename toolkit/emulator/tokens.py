"""Grants, codes and tokens of one company, in its database so that every process shares them; only hashes are kept."""

from __future__ import annotations

import hashlib
import secrets
import sqlite3
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from toolkit.emulator.company import Company

# Intuit: access tokens live 3,600 s; refresh tokens 8,726,400 s from their last issue, at most five years in all
# (blogs.intuit.com 2025-11-12); codes are short-lived, commonly quoted as five minutes.
ACCESS_SECONDS = 3_600
REFRESH_SECONDS = 8_726_400
HARD_SECONDS = 5 * 365 * 86_400
CODE_SECONDS = 300
# Intuit: when the refresh token's value rotates, the value before keeps working about 24 h more.
GRACE_SECONDS = 86_400

SCHEMA = """
CREATE TABLE IF NOT EXISTS oauth_grant(
  id INTEGER PRIMARY KEY, scope TEXT NOT NULL, created REAL NOT NULL, state TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS oauth_code(
  hash BLOB PRIMARY KEY, redirect_uri TEXT NOT NULL, scope TEXT NOT NULL, expires REAL NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS oauth_token(
  hash BLOB PRIMARY KEY, grant_id INTEGER NOT NULL, kind TEXT NOT NULL,
  issued REAL NOT NULL, expires REAL NOT NULL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS oauth_token_grant ON oauth_token(grant_id);
CREATE TABLE IF NOT EXISTS oauth_key(id INTEGER PRIMARY KEY, pem BLOB NOT NULL);
"""


@dataclass(frozen=True, slots=True)
class Issued:
    """What the token endpoint answers; lives in seconds from now."""

    access: str
    refresh: str
    refresh_seconds: int
    hard_seconds: int
    scope: str


@dataclass(frozen=True, slots=True)
class Bearer:
    """What is known of an access token: `state` is active, expired, revoked or disconnected."""

    state: str
    scope: str
    grant: int


def new_code(company: Company, redirect_uri: str, scope: str) -> str:
    """Return a code that can be exchanged once, within five minutes of the company's clock."""
    code = f"AB11{secrets.token_hex(23)}"
    expires = company.now().timestamp() + CODE_SECONDS
    with company.transaction():
        company.connection().execute(
            "INSERT INTO oauth_code VALUES(?,?,?,?)", (_hash(code), redirect_uri, scope, expires)
        )
    return code


def use_code(company: Company, code: str, redirect_uri: str) -> Issued | None:
    """Exchange a code for tokens; None when it is unknown here, used, too old or made for another address.

    The code is spent by the first try, whatever comes of it.
    """
    with company.transaction():
        connection = company.connection()
        row = connection.execute(
            "DELETE FROM oauth_code WHERE hash=? RETURNING redirect_uri, scope, expires", (_hash(code),)
        ).fetchone()
        if row is None or row[0] != redirect_uri or row[2] < company.now().timestamp():
            return None
        return _grant(company, str(row[1]))


def grant(company: Company, scope: str) -> Issued:
    """Connect the app to the company without asking anybody, as a server does for the tokens it prints at its start."""
    with company.transaction():
        return _grant(company, scope)


def _grant(company: Company, scope: str) -> Issued:
    now = company.now().timestamp()
    connection = company.connection()
    connection.execute("DELETE FROM oauth_token WHERE expires < ? AND kind='access'", (now - GRACE_SECONDS,))
    made = connection.execute(
        "INSERT INTO oauth_grant(scope, created, state) VALUES(?,?,'active')", (scope, now)
    ).lastrowid
    refresh = f"AB11{secrets.token_hex(23)}"
    _put(connection, refresh, (int(made or 0), "refresh"), now, now + REFRESH_SECONDS)
    return _issue(company, int(made or 0), refresh)


def refresh(company: Company, value: str) -> Issued | None:
    """Return new tokens for a refresh token of this company; None when it is unknown, expired or revoked.

    The value is replaced once it is `refresh_rotation_h` hours old; the one before works `GRACE_SECONDS` longer and
    then answers the newer value.
    """
    with company.transaction():
        row = (
            company.connection()
            .execute(
                "SELECT t.grant_id, t.issued, t.expires, g.state, g.created FROM oauth_token t"
                " JOIN oauth_grant g ON g.id=t.grant_id WHERE t.hash=? AND t.kind='refresh'",
                (_hash(value),),
            )
            .fetchone()
        )
        now = company.now().timestamp()
        if row is None or row[3] != "active" or now >= min(row[2], row[4] + HARD_SECONDS):
            return None
        return _issue(company, int(row[0]), _current(company, value, int(row[0]), now))


def _current(company: Company, value: str, grant_id: int, now: float) -> str:
    """Follow a grant from a refresh value to its newest one, making the next when it is due, and extend its life."""
    connection = company.connection()
    find = "SELECT issued FROM oauth_token WHERE hash=? AND kind='refresh'"
    while connection.execute(find, (_hash(_successor(value)),)).fetchone():
        value = _successor(value)
    issued = connection.execute(find, (_hash(value),)).fetchone()[0]
    if now - issued >= company.switches.number("refresh_rotation_h") * 3_600:
        connection.execute("UPDATE oauth_token SET expires=? WHERE hash=?", (now + GRACE_SECONDS, _hash(value)))
        value = _successor(value)
        _put(connection, value, (grant_id, "refresh"), now, now + REFRESH_SECONDS)
    else:
        connection.execute("UPDATE oauth_token SET expires=? WHERE hash=?", (now + REFRESH_SECONDS, _hash(value)))
    return value


def _successor(value: str) -> str:
    # The next value follows from the one before, so that the old one, in its grace, can be answered with the new one
    # although only hashes are kept. Whoever holds the old value is entitled to the new one anyway.
    return f"AB11{hashlib.sha256(b'next ' + value.encode()).hexdigest()[:46]}"


def _issue(company: Company, grant_id: int, refresh_value: str) -> Issued:
    connection = company.connection()
    now = company.now().timestamp()
    access = _access_value()
    _put(connection, access, (grant_id, "access"), now, now + ACCESS_SECONDS)
    scope, created = connection.execute("SELECT scope, created FROM oauth_grant WHERE id=?", (grant_id,)).fetchone()
    hard = int(created + HARD_SECONDS - now)
    return Issued(access, refresh_value, min(REFRESH_SECONDS, hard), hard, str(scope))


def _access_value() -> str:
    # As long as Intuit's encrypted tokens are, so that a column or a header too short for those shows here.
    head = urlsafe_b64encode(b'{"enc":"A128CBC-HS256","alg":"dir"}').decode().rstrip("=")
    parts = (secrets.token_urlsafe(16), secrets.token_urlsafe(510), secrets.token_urlsafe(16))
    return f"{head}..{'.'.join(parts)}"


def _put(connection: sqlite3.Connection, value: str, owner: tuple[int, str], now: float, expires: float) -> None:
    connection.execute("INSERT OR REPLACE INTO oauth_token VALUES(?,?,?,?,?)", (_hash(value), *owner, now, expires))


def bearer(company: Company, value: str) -> Bearer | None:
    """Return what this company knows of an access token, or None when it was never issued for it."""
    sql = (
        "SELECT t.expires, g.state, g.scope, g.id FROM oauth_token t JOIN oauth_grant g ON g.id=t.grant_id"
        " WHERE t.hash=? AND t.kind='access'"
    )
    with company.reading():
        row = company.connection().execute(sql, (_hash(value),)).fetchone()
        now = company.now().timestamp()
    if row is None:
        return None
    state = str(row[1])
    if state == "active" and row[0] <= now:
        state = "expired"
    return Bearer(state, str(row[2]), int(row[3]))


def expire_access(company: Company, value: str) -> None:
    """Let one access token end now, as the hour's end would."""
    with company.transaction():
        company.connection().execute("UPDATE oauth_token SET expires=0 WHERE hash=?", (_hash(value),))


def revoke(company: Company, value: str) -> bool:
    """End the grant an access or refresh token belongs to; False when the token is not of this company."""
    with company.transaction():
        return (
            company.connection()
            .execute(
                "UPDATE oauth_grant SET state='revoked' WHERE state='active' AND id IN"
                " (SELECT grant_id FROM oauth_token WHERE hash=?)",
                (_hash(value),),
            )
            .rowcount
            > 0
        )


def disconnect(company: Company) -> int:
    """Do what a person does who disconnects the app inside QuickBooks; return how many grants that ended."""
    with company.transaction():
        return company.connection().execute("UPDATE oauth_grant SET state='disconnected' WHERE state='active'").rowcount


def connected(company: Company) -> int:
    """Return how many grants are active."""
    with company.reading():
        count = company.connection().execute("SELECT COUNT(*) FROM oauth_grant WHERE state='active'").fetchone()
    return int(count[0])


def _hash(value: str) -> bytes:
    return hashlib.sha256(value.encode("utf-8", "replace")).digest()
