"""Keeps the OAuth libraries from printing tokens: they log whole headers, bodies and answers at DEBUG."""

from __future__ import annotations

import logging

import oauthlib.oauth2  # noqa: F401  (its loggers must exist before they are pinned)
import requests_oauthlib  # noqa: F401

_TALKATIVE = ("oauthlib", "requests_oauthlib")


def _nothing(record: logging.LogRecord) -> bool:
    return record.levelno >= logging.WARNING


def pin() -> None:
    """Let those loggers, and each below them, pass warnings only, whatever level anybody sets later."""
    for name in (*_TALKATIVE, *list(logging.root.manager.loggerDict)):
        if name.partition(".")[0] in _TALKATIVE:
            logger = logging.getLogger(name)
            if _nothing not in logger.filters:
                logger.addFilter(_nothing)
