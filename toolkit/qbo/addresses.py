"""Where Intuit's services are, by environment: one table.

Source: intuit/oauth-jsclient (OAuthClient), developer.intuit.com OAuth pages. Sandbox and production share the
addresses that connect; only the books are elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass

from toolkit.settings import Environment

SCOPE = "com.intuit.quickbooks.accounting"
EMULATOR_HOST = "emulator.invalid"
"""A name that never resolves: an emulated company is reached through a mounted adapter or not at all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Addresses:
    """Connect (authorize, token, revoke) and the books' own address without a slash at the end."""

    authorize: str
    token: str
    revoke: str
    api: str

    def company(self, realm: str) -> str:
        """The address of one company's books."""
        return f"{self.api}/v3/company/{realm}"


_CONNECT = {
    "authorize": "https://appcenter.intuit.com/connect/oauth2",
    "token": "https://oauth.platform.intuit.com/oauth2/v1/tokens/bearer",
    "revoke": "https://developer.api.intuit.com/v2/oauth2/tokens/revoke",
}

ADDRESSES = {
    Environment.EMULATOR: Addresses(
        authorize=f"https://{EMULATOR_HOST}/connect/oauth2",
        token=f"https://{EMULATOR_HOST}/oauth2/v1/tokens/bearer",
        revoke=f"https://{EMULATOR_HOST}/v2/oauth2/tokens/revoke",
        api=f"https://{EMULATOR_HOST}",
    ),
    Environment.SANDBOX: Addresses(**_CONNECT, api="https://sandbox-quickbooks.api.intuit.com"),
    Environment.PRODUCTION: Addresses(**_CONNECT, api="https://quickbooks.api.intuit.com"),
}
