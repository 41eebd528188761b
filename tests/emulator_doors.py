"""Both doors of the emulator for tests: in this process, and HTTP on a loopback port."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import requests

from toolkit.emulator import tokens
from toolkit.emulator.adapter import ORIGIN, EmulatorAdapter, LoopbackAdapter
from toolkit.emulator.admin import set_switch
from toolkit.emulator.app import TABLES, EmulatorApp
from toolkit.emulator.company import Company
from toolkit.emulator.door import Door

REALM = "9130350000000001"
OTHER = "9130350000000002"
SCOPE = "com.intuit.quickbooks.accounting openid profile email"
NOW = datetime(2026, 2, 2, 17, 0, tzinfo=UTC)
CALLBACK = "http://localhost:8123/callback"


def open_company(folder: Path, realm: str = REALM, *, fixed: bool = True, **switches: str) -> Company:
    """An empty company with quotas off unless said otherwise, its clock fixed at NOW."""
    company = Company.open(folder / f"{realm}.db", seed={"format": 1, "realm_id": realm})
    company.ensure(TABLES)
    if fixed:
        company.set_clock(NOW)
    for name, value in {"quotas": "off", **switches}.items():
        set_switch(company, name, value)
    return company


class Client:
    """A requests session at one door, with a token for one company."""

    def __init__(self, base: str, company: Company, adapter: requests.adapters.BaseAdapter | None = None):
        self.base, self.company = base, company
        self.session = requests.Session()
        self.session.trust_env = False
        if adapter is not None:
            self.session.mount(base, adapter)
        self.issued = tokens.grant(company, SCOPE)
        self.session.headers.update({"Accept": "application/json", "Authorization": f"Bearer {self.issued.access}"})

    def api(self, method: str, path: str, **options: Any) -> requests.Response:
        """Call /v3/company/<realm>/<path>."""
        return self.request(method, f"/v3/company/{self.company.realm_id}/{path}", **options)

    def request(self, method: str, path: str, **options: Any) -> requests.Response:
        """Call any path of the door, never following a redirect."""
        options.setdefault("timeout", 20)
        return self.session.request(method, self.base + path, allow_redirects=False, **options)

    def post(self, path: str, content: object, **options: Any) -> requests.Response:
        """POST JSON to the company."""
        return self.api("POST", path, json=content, **options)

    def create(self, entity: str, content: object) -> dict[str, Any]:
        """Create one object and return it."""
        answered = self.post(entity.lower(), content)
        assert answered.status_code == 200, answered.text
        created: dict[str, Any] = answered.json()[entity]
        return created


def in_process(app: EmulatorApp, company: Company, **options: Any) -> Client:
    """A client whose session carries the application itself."""
    return Client(ORIGIN, company, EmulatorAdapter(app, **options))


@contextmanager
def listening(app: EmulatorApp) -> Iterator[str]:
    """The base URL of an HTTP server over the application, ended afterwards."""
    door = Door(app, "127.0.0.1", 0)
    thread = threading.Thread(target=door.run, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{door.port}"
    finally:
        door.close()


def over_http(base: str, company: Company) -> Client:
    """A client that speaks HTTP itself."""
    return Client(base, company)


def over_loopback(base: str, company: Company) -> Client:
    """A client that speaks of https://emulator.invalid while its session goes to the HTTP server."""
    return Client(ORIGIN, company, LoopbackAdapter(base))
