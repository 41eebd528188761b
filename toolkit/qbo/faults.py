"""What QuickBooks answers when it refuses: every shape of body as one Fault.

Sources: developer.intuit.com error-codes; recorded bodies (minimul/qbo_api, Boulevard/ExQuickBooks,
ruckus/quickbooks-ruby); PHP SDK issue 54 (XML although JSON was asked for).
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from toolkit.qbo.exact_json import loads

THROTTLED = "3001"
TRY_LATER = frozenset({"130", "140", "150", "10000"})
"""Wrong cluster, company locked, maintenance, system failure: the same request may pass later."""
TOKEN_SPENT = frozenset({"3200", "100", "110"})
"""The access token is expired or not known: one refresh may cure it."""
DISCONNECTED = frozenset({"3100", "120", "invalid_grant", "invalid_client", "unauthorized_client"})
"""The connection is gone or never was for this company: only connecting again cures it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One refusal: Intuit's code ("" if the body had none), its texts, and where it stood.

    `message` and `detail` are Intuit's words, in the company's language: programs compare `code` only. `others`
    are further errors of the same body, each as "code: detail".
    """

    code: str
    message: str
    detail: str = ""
    element: str = ""
    type: str = ""
    status: int = 200
    intuit_tid: str = ""
    others: tuple[str, ...] = ()

    @property
    def throttled(self) -> bool:
        """Whether it says: too many requests (429; in 2016 the same fault came as 403)."""
        return self.status == 429 or self.code == THROTTLED

    @property
    def try_later(self) -> bool:
        """Whether QuickBooks itself was unwell, so that the outcome is not known."""
        return self.status >= 500 or self.code in TRY_LATER

    @property
    def stale(self) -> bool:
        """Whether somebody changed the record first: 5010, unless its message is the closed period's."""
        return self.code == "5010" and not self.closed

    @property
    def closed(self) -> bool:
        """Whether the date lies in closed books (6200, 6210; one report has 5010 with that message)."""
        return self.code in {"6200", "6210"} or (self.code == "5010" and "period" in f"{self.message}".casefold())

    @property
    def holder(self) -> str:
        """The transaction that holds a duplicate number (6140), "" if not named: the one token not localized."""
        found = re.search(r"TxnId=(\d+)", self.detail)
        return found[1] if found else ""


def read(status: int, body: bytes, *, intuit_tid: str = "") -> Fault | None:
    """The Fault in an HTTP answer, None if it is a success.

    Understands business JSON, the gateway's lower-case JSON, XML, OAuth's flat JSON, a Fault inside HTTP 200, HTML and
    empty bodies. A failure without a readable body is a Fault with code "".
    """
    parsed = _parsed(body)
    found = _from_json(parsed) if isinstance(parsed, Mapping) else _from_xml(body)
    if found is None and status < 400:
        return None
    return _made(found or [{"message": _first_words(body)}], status, intuit_tid)


def of_item(item: Mapping[str, Any], *, status: int = 200, intuit_tid: str = "") -> Fault | None:
    """The Fault inside one item of a batch or upload answer, None if it succeeded."""
    found = _from_json(item)
    return _made(found, status, intuit_tid) if found is not None else None


def _parsed(body: bytes) -> Any:
    try:
        return loads(body.decode("utf-8", "replace"))
    except ValueError:
        return None


_Errors = list[dict[str, Any]]


def _from_json(parsed: Mapping[str, Any]) -> _Errors | None:
    fault = parsed.get("Fault", parsed.get("fault"))
    if isinstance(fault, Mapping):
        errors = fault.get("Error", fault.get("error")) or [{}]
        kind = fault.get("type") or ""
        return [{str(name).lower(): value for name, value in error.items()} | {"type": kind} for error in errors]
    if isinstance(parsed.get("error"), str):
        return [{"code": parsed["error"], "message": parsed.get("error_description") or parsed["error"]}]
    return None


def _from_xml(body: bytes) -> _Errors | None:
    if b"<" not in body[:100] or b"<!" in body[:2000]:  # a document type is HTML's, and never parsed
        return None
    try:
        root = ET.fromstring(body)
    except ET.ParseError:
        return None
    fault = next((one for one in root.iter() if _name(one) == "Fault"), None)
    if fault is None:
        return None
    return [_xml_error(error, fault.get("type") or "") for error in fault if _name(error) == "Error"] or [{}]


def _xml_error(error: ET.Element, kind: str) -> dict[str, Any]:
    texts = {_name(part).lower(): part.text or "" for part in error}
    return texts | {"code": error.get("code") or "", "element": error.get("element") or "", "type": kind}


def _name(element: ET.Element) -> str:
    return element.tag.rpartition("}")[2]


def _made(errors: _Errors, status: int, intuit_tid: str) -> Fault:
    first, *rest = errors
    return Fault(
        code=_code(first),
        message=str(first.get("message") or ""),
        detail=str(first.get("detail") or ""),
        element=str(first.get("element") or ""),
        type=str(first.get("type") or ""),
        status=status,
        intuit_tid=intuit_tid,
        others=tuple(f"{_code(one)}: {one.get('detail') or one.get('message') or ''}" for one in rest),
    )


def _code(error: Mapping[str, Any]) -> str:
    code = str(error.get("code") or "")
    return code.lstrip("0") or code


def _first_words(body: bytes) -> str:
    text = re.sub(r"<[^>]*>", " ", body[:2000].decode("utf-8", "replace"))
    return " ".join(text.split())[:200]
