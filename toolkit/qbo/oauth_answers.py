"""What Intuit answers on the way to a connection: the address that a browser comes back to, and the token endpoint."""

from __future__ import annotations

import hmac
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests

from toolkit.problems import ReconnectNeeded, Unreachable
from toolkit.qbo import connection_words


def callback_answer(callback: str, state: str) -> dict[str, str]:
    """The parameters of the callback address; raises `ReconnectNeeded` unless state is ours and a code is there."""
    answer = {name: values[0] for name, values in parse_qs(urlsplit(callback.strip()).query).items()}
    if "error" in answer and "state" not in answer:
        raise ReconnectNeeded(
            connection_words.not_made(answer.get("error_description") or answer["error"], answer["error"])
        )
    if not hmac.compare_digest(answer.get("state", "").encode(), state.encode()):
        raise ReconnectNeeded(connection_words.foreign_state())
    if "error" in answer:
        raise ReconnectNeeded(
            connection_words.not_made(answer.get("error_description") or answer["error"], answer["error"])
        )
    if not answer.get("code") or not answer.get("realmId"):
        raise ReconnectNeeded(connection_words.not_made("the address holds no code and company ID", "callback"))
    return answer


def token_answer(answer: requests.Response) -> dict[str, Any]:
    """The token answer, or the flat OAuth error; raises `Unreachable` for anything else (Intuit is unwell)."""
    try:
        read = answer.json()
    except ValueError:
        read = None
    if isinstance(read, dict) and (
        "access_token" in read or (isinstance(read.get("error"), str) and not unwell(answer))
    ):
        return read
    raise Unreachable(connection_words.not_reachable("renew the connection", f"HTTP {answer.status_code}"))


def unwell(answer: requests.Response) -> bool:
    """Whether Intuit itself has a trouble that passes."""
    return answer.status_code >= 500 or answer.status_code == 429
