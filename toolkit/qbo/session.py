"""The connection to one QuickBooks company: OAuth 2.0 through requests-oauthlib, renewed once for everybody.

Sources: developer.intuit.com OAuth pages; intuit/oauth-jsclient issue 138 (two workers that renew at the same time lose
the connection); python-quickbooks issue 397 (texts of invalid_grant).
"""

from __future__ import annotations

import secrets
import threading
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

import requests
from oauthlib.oauth2 import OAuth2Error
from requests.adapters import BaseAdapter, HTTPAdapter
from requests.auth import HTTPBasicAuth
from requests_oauthlib import OAuth2Session

from toolkit.problems import ReconnectNeeded, Unreachable, UsageError
from toolkit.qbo import connection_words, oauth_answers, quiet
from toolkit.qbo.addresses import ADDRESSES, SCOPE, Addresses
from toolkit.qbo.tokens import Connection, PassingStore, Store
from toolkit.settings import Environment

quiet.pin()

TIMEOUT = (10.0, 130.0)
"""Seconds to connect, and to wait for an answer: Intuit gives up after 120."""
# Renewed this long before its end, so that a call in flight does not outlive it.
_EARLY = timedelta(seconds=120)
EMULATOR_KEY = "emulator"
EMULATOR_REDIRECT = "http://localhost:8000/callback"
DEVELOPMENT_REDIRECT = "http://localhost:8765/callback"
"""What a development key may lead back to; a production key needs an https address (docs/connect.md)."""
# Intuit .NET and JS SDKs of 2026: asks for the day after which no renewal helps.
_HARD_END = {"x-include-refresh-token-hard-expires-in": "true"}


SCRUBBED = b"(secret)"
# The practice QuickBooks' own keys are one plain word, which is no secret and stands in many answers.
_SHORTEST = 12


class Refusing(BaseAdapter):
    """Refuses every plain-http address: tokens and books travel encrypted or not at all."""

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        """Always raises `UsageError`."""
        raise UsageError(connection_words.insecure(str(request.url)))

    def close(self) -> None:
        """Nothing to close."""


class Session:
    """One company's connection, shared by threads.

    `adapter` carries the emulator's address (and nothing else may be reached without encryption). `realm` is the
    company ID that company.toml names, "" before the first connection. `now` gives aware UTC.
    """

    def __init__(
        self,
        store: Store,
        environment: Environment,
        *,
        realm: str,
        now: Callable[[], datetime],
        adapter: BaseAdapter | None = None,
        connections: int = 16,
    ) -> None:
        self._store, self._environment, self._now = store, environment, now
        self._wanted = realm
        self._adapter = adapter or HTTPAdapter(pool_connections=4, pool_maxsize=connections)
        self._renewing = threading.Lock()
        self._known: Connection | None = None
        self._secrets: frozenset[bytes] = frozenset()
        self._http = self._oauth("")
        if environment is Environment.EMULATOR and adapter is None:
            raise ValueError("an emulated company is reached through an adapter")

    @property
    def addresses(self) -> Addresses:
        """The addresses of this environment."""
        return ADDRESSES[self._environment]

    @property
    def connection(self) -> Connection | None:
        """The stored connection, tokens or keys only; None when nothing was stored."""
        if self._known is None:
            self._known = self._store.load()
            if self._known is not None:
                self._remember(self._known)
        return self._known

    @property
    def has_keys(self) -> bool:
        """Whether keys for this environment are stored; keys stored without an environment count for any."""
        return self.connection is not None and self.connection.environment in ("", self._environment)

    @property
    def realm(self) -> str:
        """The company ID that is talked to; raises `ReconnectNeeded` when not connected or connected elsewhere."""
        return self._ready().realm

    @property
    def mark(self) -> str:
        """What changes when the company is connected anew: caches of its books are then not trusted."""
        made = self._ready().connected_at
        return f"{self._ready().realm} {made.isoformat() if made else ''}"

    def days_left(self) -> int | None:
        """Whole days until the connection ends by itself if it is not used."""
        return None if self.connection is None else self.connection.days_left(self._now())

    # connecting

    def keys(self, client_id: str, client_secret: str) -> None:
        """Store the app's keys for this environment; tokens of other keys or of another environment are dropped.

        Raises `ReconnectNeeded` when one of them is blank; what was stored stays then.
        """
        client_id, client_secret = client_id.strip(), client_secret.strip()
        if not client_id or not client_secret:
            raise ReconnectNeeded(connection_words.blank_keys())
        fresh = Connection(client_id=client_id, client_secret=client_secret, environment=str(self._environment))
        with self._store.locked():
            old = self._store.load()
            same = old is not None and (old.client_id, old.client_secret) == (client_id, client_secret)
            if old is None or not same or old.environment not in ("", self._environment):
                self._keep(fresh)

    def begin(self, redirect: str) -> tuple[str, str]:
        """The page to open in a browser and the state that must come back with the answer."""
        if self.connection is not None and not self.has_keys:
            # Intuit: development keys reach test companies only, production keys real ones only.
            raise ReconnectNeeded(
                connection_words.wrong_environment(self.connection.environment, str(self._environment))
            )
        state = secrets.token_urlsafe(24)
        oauth = OAuth2Session(self._keys().client_id, redirect_uri=redirect, scope=SCOPE)
        address, _ = oauth.authorization_url(self.addresses.authorize, state=state)
        return address, state

    def answered(self, callback: str, state: str, redirect: str) -> Session:
        """The connection that the address which Intuit led back to makes, held in memory until `keep` stores it.

        Raises `ReconnectNeeded` when the state is not ours, consent was refused, the code was used or too old, or the
        company is not the one of company.toml.
        """
        answer = oauth_answers.callback_answer(callback, state)
        realm = answer.get("realmId", "")
        if self._wanted and realm != self._wanted:
            raise ReconnectNeeded(connection_words.wrong_company(realm, self._wanted))
        made = self._exchange(answer["code"], redirect)
        connection = replace(made, realm=realm, environment=str(self._environment), connected_at=self._now())
        return Session(PassingStore(connection), self._environment, realm=realm, now=self._now, adapter=self._adapter)

    def keep(self, answered: Session) -> Connection:
        """Store the connection that `answered` holds: it is this company's from now on."""
        connection = answered._ready()
        with self._store.locked():
            self._keep(connection)
        return connection

    def finish(self, callback: str, state: str, redirect: str) -> Connection:
        """Connect with the address that Intuit led back to, and store the tokens; raises as `answered`."""
        return self.keep(self.answered(callback, state, redirect))

    def disconnect(self) -> bool:
        """Revoke the connection at Intuit and forget its tokens; the app's keys stay. False: only forgotten here.

        Raises `Unreachable` when Intuit cannot be asked; the tokens are then kept.
        """
        with self._store.locked():
            connection = self._store.load()
            if connection is None or not connection.connected:
                return True
            answer = self._post(
                self.addresses.revoke, connection, json={"token": connection.refresh_token}, what="end the connection"
            )
            if oauth_answers.unwell(answer):
                raise Unreachable(connection_words.not_reachable("end the connection", f"HTTP {answer.status_code}"))
            self._keep(connection.disconnected())
        # 400 says that the token is not known any more; 401 and 403 that these keys may not end it.
        return answer.status_code not in (401, 403)

    def forget(self) -> None:
        """Forget tokens and keys, asking nobody."""
        with self._store.locked():
            self._store.clear()
        self._known = None

    def ensure(self) -> None:
        """Have a token that should pass: renewed when its time is nearly over; an emulated company connects itself."""
        connection = self.connection
        if connection is None or not connection.connected:
            if self._environment is not Environment.EMULATOR:
                raise ReconnectNeeded(connection_words.not_connected())
            self._connect_emulated()
            return
        self._ready()
        if connection.access_ends is not None and connection.access_ends - _EARLY <= self._now():
            self.renew(connection.access_token)

    # talking

    def send(
        self,
        method: str,
        url: str,
        *,
        params: Mapping[str, str],
        body: bytes | None,
        headers: Mapping[str, str],
        timeout: tuple[float, float] = TIMEOUT,
    ) -> requests.Response:
        """One HTTP exchange with the access token; redirects are not followed; raises what requests raises."""
        if not url.startswith(f"{self.addresses.api}/"):
            raise UsageError(connection_words.insecure(url))
        return self._http.request(
            method,
            url,
            params=dict(params),
            data=body,
            headers=dict(headers),
            timeout=timeout,
            allow_redirects=False,
        )

    def scrubbed(self, content: bytes) -> bytes:
        """The content without any secret that this session has held: an answer may echo what was sent to it."""
        for secret in self._secrets:
            if secret in content:
                content = content.replace(secret, SCRUBBED)
        return content

    def _remember(self, connection: Connection) -> None:
        keys = f"{connection.client_id}:{connection.client_secret}"
        held = (connection.access_token, connection.refresh_token, connection.client_id, connection.client_secret)
        secret = {one.encode() for one in held if len(one) >= _SHORTEST}
        basic = {b64encode(keys.encode())} if connection.client_secret else set()
        self._secrets = self._secrets.union(secret, (quote(one).encode() for one in secret), basic)  # read by threads

    def token(self) -> str:
        """The access token in use, to say later which one was spent."""
        return self._ready().access_token

    def renew(self, spent: str) -> None:
        """Replace the access token `spent`, once for all threads and processes.

        Whoever comes second finds the new one stored and uses it. The new refresh token is stored before anything is
        sent with it. Raises `ReconnectNeeded` when Intuit has ended the connection, `Unreachable` when it cannot be
        asked.
        """
        with self._renewing, self._store.locked():
            stored = self._store.load()
            if stored is None or not stored.connected:
                self._known = stored
                self._gone("the stored connection was removed")
                return
            if stored.access_token != spent:
                self._use(stored)
                return
            self._renew_stored(stored)

    def _renew_stored(self, stored: Connection) -> None:
        answer = self._refresh(stored)
        if "error" in answer:
            # Another program may have renewed without our lock: its tokens are then already stored.
            again = self._store.load()
            if again is not None and again.connected and again.refresh_token != stored.refresh_token:
                self._use(again)
                return
            self._gone(*self._refusal(answer))
            return
        self._keep(stored.issued(answer, self._now()))

    def _gone(self, reason: str, code: str = "") -> None:
        if self._environment is Environment.EMULATOR:
            self._connect_emulated(locked=True)
            return
        raise ReconnectNeeded(connection_words.ended(reason, code))

    def _connect_emulated(self, *, locked: bool = False) -> None:
        """The whole code flow without a person: allowed on the emulator only, whose keys guard nothing."""
        if not locked:
            with self._store.locked():
                stored = self._store.load()
                if stored is not None and stored.connected:
                    self._use(stored)
                    self._ready()
                    return
                self._connect_emulated(locked=True)
                return
        self._known = Connection(client_id=EMULATOR_KEY, client_secret=EMULATOR_KEY, environment=str(self._environment))
        answer = self._approved(self._wanted)
        realm = answer.get("realmId", "")
        if self._wanted and realm != self._wanted:
            raise ReconnectNeeded(connection_words.wrong_company(realm, self._wanted))
        made = self._exchange(answer["code"], EMULATOR_REDIRECT)
        self._keep(replace(made, realm=realm, connected_at=self._now()))

    def _approved(self, realm: str) -> dict[str, str]:
        """The emulator's answer for a company, "" for the one that it has."""
        page, state = self.begin(EMULATOR_REDIRECT)
        chosen = {"approve": "1"} | ({"realmId": realm} if realm else {})
        came = self._bare("GET", page, params=chosen, what="connect").headers.get("Location", "")
        try:
            return oauth_answers.callback_answer(came, state)
        except ReconnectNeeded:
            if not came or not (realm or self._wanted):
                raise
        if not realm:
            return {}  # it has several companies, and none is ours
        return self._approved("")  # it has no such company: which one it has is said

    # the token endpoint

    def _exchange(self, code: str, redirect: str) -> Connection:
        keys = self._keys()
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect}
        answer = oauth_answers.token_answer(self._post(self.addresses.token, keys, data=form, what="connect"))
        if "error" in answer:
            self._secrets |= {code.encode()}
            raise ReconnectNeeded(connection_words.not_made(*self._refusal(answer)))
        return keys.disconnected().issued(answer, self._now())

    def _refusal(self, answer: Mapping[str, Any]) -> tuple[str, str]:
        """Reason and code of a flat OAuth error, the reason without what it may repeat of our request."""
        self._remember(self._keys())
        reason = str(answer.get("error_description") or answer["error"])
        return self.scrubbed(reason.encode()).decode("utf-8", "replace"), str(answer["error"])

    def _refresh(self, stored: Connection) -> dict[str, Any]:
        form = {"grant_type": "refresh_token", "refresh_token": stored.refresh_token}
        return oauth_answers.token_answer(
            self._post(self.addresses.token, stored, data=form, what="renew the connection")
        )

    def _post(self, url: str, keys: Connection, *, what: str, **content: Any) -> requests.Response:
        # Built-in renewal of requests-oauthlib sends no client credentials, which Intuit answers with invalid_client.
        basic = HTTPBasicAuth(keys.client_id, keys.client_secret)
        return self._bare("POST", url, what=what, auth=basic, headers=_HARD_END, **content)

    def _bare(self, method: str, url: str, *, what: str, **content: Any) -> requests.Response:
        headers = {"Accept": "application/json", **content.pop("headers", {})}
        try:
            return self._oauth("").request(
                method, url, withhold_token=True, timeout=TIMEOUT, allow_redirects=False, headers=headers, **content
            )
        except (requests.RequestException, OAuth2Error) as error:
            raise Unreachable(connection_words.not_reachable(what, connection_words.broken(error))) from None

    # state

    def _oauth(self, access_token: str) -> OAuth2Session:
        token = {"access_token": access_token, "token_type": "bearer"} if access_token else None
        session = OAuth2Session(client_id="", token=token)
        session.trust_env = self._environment is not Environment.EMULATOR
        session.mount("https://", self._adapter)
        session.mount("http://", Refusing())
        return session

    def _keys(self) -> Connection:
        if self.connection is None:
            raise ReconnectNeeded(connection_words.not_connected())
        return self.connection

    def _keep(self, connection: Connection) -> None:
        self._store.save(connection)
        self._use(connection)

    def _use(self, connection: Connection) -> None:
        self._remember(connection)
        if not self._known or self._known.access_token != connection.access_token:
            self._http = self._oauth(connection.access_token)
        self._known = connection

    def _ready(self) -> Connection:
        connection = self.connection
        if connection is None or not connection.connected:
            raise ReconnectNeeded(connection_words.not_connected())
        if connection.environment and connection.environment != self._environment:
            raise ReconnectNeeded(connection_words.wrong_environment(connection.environment, str(self._environment)))
        if self._wanted and connection.realm != self._wanted:
            raise ReconnectNeeded(connection_words.wrong_company(connection.realm, self._wanted))
        if not self._http.token:
            self._http = self._oauth(connection.access_token)
        return connection
