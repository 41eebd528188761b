"""What can go wrong with the stored connection, in words."""

from __future__ import annotations

from pathlib import Path

from toolkit.problems import Problem, Severity

_WHY = "Without it nothing can be read from or posted to QuickBooks; nothing was changed."


def unreadable(folder: Path, reason: str) -> Problem:
    """It can never be read again."""
    return Problem(
        code="token-store-unreadable",
        where=f"{folder.name}/tokens.enc",
        what=f"The stored connection cannot be read: {reason}.",
        why=_WHY,
        do="Move tokens.enc and tokens.key out of the company's folder and connect again (coworks-qbo connect).",
        severity=Severity.FILE,
    )


def locked(folder: Path, reason: str) -> Problem:
    """It needs its passphrase."""
    return Problem(
        code="token-store-locked",
        where=f"{folder.name}/tokens.enc",
        what=f"The stored connection cannot be opened. {reason}.",
        why=_WHY,
        do="Set COWORKS_TOKEN_PASSPHRASE to the passphrase; if it is lost, move tokens.enc away and connect again "
        "(coworks-qbo connect).",
        severity=Severity.FILE,
    )


def keyring_closed(folder: Path) -> Problem:
    """The keyring does not open."""
    return Problem(
        code="keyring-closed",
        where=f"{folder.name}/tokens.keyring",
        what="The connection is in this computer's keyring, and the keyring cannot be opened now.",
        why=_WHY,
        do="Unlock the keyring, or run as the person who connected; or remove tokens.keyring and connect again "
        "(coworks-qbo connect).",
        severity=Severity.FILE,
    )


def held(folder: Path) -> Problem:
    """Another run holds the lock."""
    return Problem(
        code="connection-busy",
        where=f"{folder.name}/tokens.lock",
        what="Another run has held the connection of this company for half a minute.",
        why="Two runs that renew it at once could end it.",
        do="Wait until the other run has ended, or end it, then run again.",
        severity=Severity.FILE,
    )


def unwritable(folder: Path, error: OSError) -> Problem:
    """It cannot be written."""
    return Problem(
        code="token-store-unwritable",
        where=folder.name,
        what=f"The connection cannot be stored in the company's folder: {error.strerror or type(error).__name__}.",
        why="QuickBooks changes the key of a connection daily; one that is not stored is lost.",
        do="Make the folder writable and free some space, then run again.",
        severity=Severity.FILE,
    )
