"""The few plain pages a person sees: the start page, connect an app to a company, what went wrong."""

from __future__ import annotations

import json
from collections.abc import Mapping
from html import escape
from typing import TYPE_CHECKING

from toolkit.emulator import tokens
from toolkit.emulator.web import Reply

if TYPE_CHECKING:
    from toolkit.emulator.company import Company

HTML = "text/html; charset=utf-8"
STYLE = """
body{font:16px/1.5 system-ui,sans-serif;margin:4rem auto;max-width:38rem;padding:0 1rem;color:#222;background:#fff}
button{font:inherit;padding:.6rem 1.6rem;border-radius:.4rem;border:1px solid #0b6b1d;cursor:pointer}
button.yes{background:#0b6b1d;color:#fff}button.no{background:#fff;color:#222;border-color:#666}
select{font:inherit;padding:.4rem;max-width:100%}
.note{background:#fff6d6;border-left:4px solid #b58900;padding:.6rem 1rem}
td,th{text-align:left;padding:.3rem 1rem .3rem 0;vertical-align:top}
"""


def page(title: str, body: str, status: int = 200) -> Reply:
    """Return a whole page; `body` is markup, `title` is plain text."""
    text = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{STYLE}</style></head>"
        f"<body><main><h1>{escape(title)}</h1>{body}</main></body></html>"
    )
    headers = [
        ("Cache-Control", "no-store"),
        ("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'"),
    ]
    return Reply(status, text.encode(), HTML, headers)


def refusal(reason: str) -> Reply:
    """Return the page shown where a redirect would be unsafe."""
    return page("This app cannot be connected", f"<p>{escape(reason)}</p>", 400)


def consent(companies: Mapping[str, Company], asked: Mapping[str, str]) -> Reply:
    """Return the page that asks a person whether the app may use a company's books."""
    hidden = "".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'
        for name, value in asked.items()
        if name not in ("approve", "realmId")
    )
    body = (
        '<p class="note">This is an emulated QuickBooks Online on your own computer. No real books are touched.</p>'
        f"<p>An app at <b>{escape(asked['redirect_uri'])}</b> asks for: {escape(asked['scope'])}.</p>"
        f'<form method="post" action="/connect/oauth2">{hidden}{_chooser(companies, asked.get("realmId", ""))}'
        '<p><button class="yes" name="approve" value="1">Connect</button> '
        '<button class="no" name="approve" value="0" formnovalidate>Deny</button></p></form>'
    )
    return page("Connect an app to your company", body)


def _chooser(companies: Mapping[str, Company], chosen: str) -> str:
    options = "".join(
        f'<option value="{escape(realm)}"{" selected" if realm == chosen else ""}>'
        f"{escape(company_name(company))} (company ID {escape(realm)})</option>"
        for realm, company in companies.items()
    )
    if len(companies) > 1 and chosen not in companies:
        options = '<option value="">Choose a company</option>' + options
    return f'<p><label for="realm">Company</label> <select id="realm" name="realmId" required>{options}</select></p>'


def start(companies: Mapping[str, Company], base_url: str) -> Reply:
    """Return the start page: what is served here, under which addresses, and who is connected."""
    rows = "".join(
        f"<tr><td>{escape(company_name(company))}</td><td>{escape(realm)}</td><td>{_connection(company)}</td></tr>"
        for realm, company in companies.items()
    )
    body = (
        '<p class="note">An emulated QuickBooks Online on your own computer. No real books are touched.</p>'
        f"<table><tr><th>Company</th><th>Company ID</th><th>Apps</th></tr>{rows}</table>"
        f"<p>Point a QuickBooks program at <code>{escape(base_url)}/v3/company/</code>; its discovery document is "
        f"<code>{escape(base_url)}/.well-known/openid_sandbox_configuration</code>. "
        "Client ID and client secret are both <code>emulator</code>.</p>"
    )
    return page("Emulated QuickBooks Online", body)


def _connection(company: Company) -> str:
    with company.transaction():
        count = tokens.connected(company)
    if not count:
        return "not connected"
    return (
        f'{count} connected <form method="post" action="/app/disconnect">'
        f'<input type="hidden" name="realmId" value="{escape(company.realm_id)}">'
        '<button class="no">Disconnect</button></form>'
    )


def company_name(company: Company) -> str:
    """Return the company's name as its own CompanyInfo shows it."""
    shown = company.call("GET", f"companyinfo/{company.realm_id}", {}, b"", "")
    return str(json.loads(shown.body)["CompanyInfo"]["CompanyName"])
