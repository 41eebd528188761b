"""Answers that Intuit's gateway gives before a company is asked: tokens, throttling, unknown paths, broken servers.

Sources: minimul/qbo_api spec/vcr (401, unsupported operation), ruckus/quickbooks-ruby spec/fixtures (429, 10000),
public threads of python-quickbooks and node-quickbooks (403).
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from toolkit.emulator import fault
from toolkit.emulator.moments import answer_time
from toolkit.emulator.web import JSON, Reply, Request, json_reply

XML = "application/xml"
NAMESPACE = "http://schema.intuit.com/finance/v3"


def token_refused(detail: str, moment: datetime) -> Reply:
    """Return the 401 of an absent, malformed, expired or revoked access token."""
    message = "message=AuthenticationFailed; errorCode=003200; statusCode=401"
    body = _lower_case_fault(message, detail, "3200", "AUTHENTICATION", moment)
    return json_reply(401, body, [("WWW-Authenticate", 'Bearer realm="Intuit", error="invalid_token"')])


def not_authorized(moment: datetime) -> Reply:
    """Return the 403 of a token that is good, but not for this company: other realm, scope, or disconnected."""
    message = "message=ApplicationAuthorizationFailed; errorCode=003100; statusCode=403"
    return json_reply(403, _lower_case_fault(message, None, "3100", "SERVICE", moment))


def _lower_case_fault(message: str, detail: str | None, code: str, kind: str, moment: datetime) -> dict[str, Any]:
    error = {"message": message, "detail": detail, "code": code, "element": None}
    return {
        "warnings": None,
        "intuitObject": None,
        "fault": {"error": [error], "type": kind},
        "report": None,
        "queryResponse": None,
        "batchItemResponse": [],
        "attachableResponse": [],
        "syncErrorResponse": None,
        "requestId": None,
        "time": int(moment.timestamp() * 1000),
        "status": None,
        "cdcresponse": [],
    }


def throttled(moment: datetime) -> Reply:
    """Return the 429, which is XML even for clients that asked for JSON."""
    error = {
        "Message": "message=ThrottleExceeded; errorCode=003001; statusCode=429",
        "Detail": "The request limit was reached.  Try again later",
        "code": "3001",
    }
    return Reply(429, xml_fault([error], "SERVICE", answer_time(moment)), XML)


def unsupported(request: Request, moment: datetime) -> Reply:
    """Return the 400 with code "500" that stands for an unknown path or a wrong method."""
    return rendered(fault.no_resource(request.path), moment)


def rendered(refusal: fault.Fault, moment: datetime) -> Reply:
    """Return a Fault that was raised before a company was asked."""
    return json_reply(refusal.status, {"Fault": refusal.body(), "time": answer_time(moment)})


def html_page(status: int, title: str) -> Reply:
    """Return a load balancer's own page, which no client can parse as JSON."""
    page = f"<html>\r\n<head><title>{status} {title}</title></head>\r\n<body>\r\n<center><h1>{status} {title}</h1>"
    return Reply(status, f"{page}</center>\r\n</body>\r\n</html>\r\n".encode(), "text/html")


def as_xml(reply: Reply) -> None:
    """Turn a JSON reply in place into Intuit's XML, for a client that named no Accept header."""
    try:
        content = json.loads(reply.body, parse_float=str, parse_int=str)
    except ValueError:
        return
    if not isinstance(content, dict) or "fault" in content:
        return
    moment = str(content.pop("time", ""))
    refusal = content.get("Fault")
    if isinstance(refusal, dict):
        reply.body = xml_fault(refusal["Error"], refusal["type"], moment)
    else:
        inner = "".join(_element(name, value) for name, value in content.items())
        reply.body = _document(inner, moment)
    reply.content_type = XML if reply.content_type == JSON else f"{XML};charset=utf-8"


def xml_fault(errors: list[dict[str, Any]], kind: str, moment: str) -> bytes:
    """Return Intuit's XML form of a fault; an absent element is left out."""
    lines = []
    for error in errors:
        element = error.get("element")
        attributes = f" code={quoteattr(str(error.get('code', '')))}"
        attributes += f" element={quoteattr(element)}" if element else ""
        detail = error.get("Detail")
        inner = f"<Message>{escape(str(error.get('Message', '')))}</Message>"
        inner += f"<Detail>{escape(detail)}</Detail>" if detail else ""
        lines.append(f"<Error{attributes}>{inner}</Error>")
    return _document(f"<Fault type={quoteattr(kind)}>{''.join(lines)}</Fault>", moment)


def _document(inner: str, moment: str) -> bytes:
    head = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
    time_attribute = f" time={quoteattr(moment)}" if moment else ""
    return f"{head}<IntuitResponse{time_attribute} xmlns={quoteattr(NAMESPACE)}>{inner}</IntuitResponse>".encode()


# In JSON these stand beside an object's fields; in Intuit's XML they are attributes of its element.
ATTRIBUTES = frozenset(
    {"domain", "sparse", "status", "name", "type", "startPosition", "maxResults", "totalCount", "bId"}
)


def _element(name: str, value: Any) -> str:
    if isinstance(value, list):
        return "".join(_element(name, each) for each in value)
    if not isinstance(value, dict):
        return f"<{name}>{_text(value)}</{name}>"
    attributes = "".join(
        f" {key}={quoteattr(_plain(each))}"
        for key, each in value.items()
        if key in ATTRIBUTES and not isinstance(each, dict | list)
    )
    inner = "".join(
        _text(each) if key == "value" else _element(key, each)
        for key, each in value.items()
        if isinstance(each, dict | list) or key not in ATTRIBUTES
    )
    return f"<{name}{attributes}>{inner}</{name}>"


def _text(value: Any) -> str:
    return escape(_plain(value))


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)
