"""Keeps the libraries below from printing secrets at DEBUG.

requests-oauthlib and oauthlib log whole headers, bodies and answers; urllib3 logs the address of each call, and that of
the sign-in holds the state.
"""

from __future__ import annotations

import logging

import oauthlib.oauth2  # noqa: F401  (its loggers must exist before they are pinned)
import requests_oauthlib  # noqa: F401

_TALKATIVE = ("oauthlib", "requests_oauthlib")


def _nothing(record: logging.LogRecord) -> bool:
    return record.levelno >= logging.WARNING


def _no_sign_in(record: logging.LogRecord) -> bool:
    return "/connect/oauth2" not in record.getMessage()


def pin() -> None:
    """Let those loggers, and each below them, pass warnings only, whatever level anybody sets later."""
    addresses = logging.getLogger("urllib3.connectionpool")
    if _no_sign_in not in addresses.filters:
        addresses.addFilter(_no_sign_in)
    for name in (*_TALKATIVE, *list(logging.root.manager.loggerDict)):
        if name.partition(".")[0] in _TALKATIVE:
            logger = logging.getLogger(name)
            if _nothing not in logger.filters:
                logger.addFilter(_nothing)
