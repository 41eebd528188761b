"""The token store: one company's connection, in the system's keyring, else in an encrypted file of its folder.

Client ID and secret live here too, never in company.toml. Nothing of it is ever printed: `Connection` shows no secret.
"""

from __future__ import annotations

import json
import os
from base64 import b64decode, b64encode, urlsafe_b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, fields, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from toolkit.problems import Problem, Severity, UsageError
from toolkit.qbo.filelock import locked

Passphrase = Callable[[], str | None]
"""Gives the passphrase of the token file, None for a key file instead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """The app's keys and, once connected, one company's tokens. Times are aware UTC, by this machine's clock.

    `realm` is the company ID that came with the connection; `refresh_ends` moves with each renewal, `hard_end` never.
    """

    client_id: str = field(repr=False)
    client_secret: str = field(repr=False)
    environment: str = ""
    realm: str = ""
    access_token: str = field(default="", repr=False)
    refresh_token: str = field(default="", repr=False)
    access_ends: datetime | None = None
    refresh_ends: datetime | None = None
    hard_end: datetime | None = None
    connected_at: datetime | None = None

    @property
    def connected(self) -> bool:
        """Whether it holds tokens (which QuickBooks may have ended since)."""
        return bool(self.refresh_token)

    def disconnected(self) -> Connection:
        """The same keys without tokens."""
        return Connection(client_id=self.client_id, client_secret=self.client_secret, environment=self.environment)

    def issued(self, token: dict[str, Any], now: datetime) -> Connection:
        """With the tokens of a token answer; a refresh token that is not repeated stays.

        Intuit: seconds come as numbers, in one recorded answer as strings.
        """
        lives = {name: _seconds(token.get(key)) for name, key in _LIVES.items()}
        ends: dict[str, Any] = {name: now + life for name, life in lives.items() if life is not None}
        return replace(
            self,
            access_token=str(token["access_token"]),
            refresh_token=str(token.get("refresh_token") or self.refresh_token),
            **ends,
        )

    def days_left(self, now: datetime) -> int | None:
        """Whole days until the connection ends by itself if it is not used, None if that was not said."""
        ends = [end for end in (self.refresh_ends, self.hard_end) if end is not None]
        return max(0, (min(ends) - now).days) if ends else None


_LIVES = {
    "access_ends": "expires_in",
    "refresh_ends": "x_refresh_token_expires_in",
    "hard_end": "x_refresh_token_hard_expires_in",
}


def _seconds(value: Any) -> timedelta | None:
    return None if value in (None, "") else timedelta(seconds=int(value))


class Store(Protocol):
    """Where a connection is kept."""

    def load(self) -> Connection | None:
        """What is stored, None if nothing; raises `UsageError` when it cannot be read."""

    def save(self, connection: Connection) -> None:
        """Store it, durably, before returning; raises `UsageError` when it cannot be written."""

    def clear(self) -> None:
        """Forget everything."""

    def locked(self) -> Any:
        """A context manager that only one thread of one process holds at a time."""


class Keyring(Protocol):
    """The part of the keyring library that is used."""

    def get_password(self, service_name: str, username: str) -> str | None:
        """The secret, None if there is none."""

    def set_password(self, service_name: str, username: str, password: str) -> None:
        """Keep a secret."""

    def delete_password(self, service_name: str, username: str) -> None:
        """Forget it."""


SERVICE = "coworks-qbo"
# Intuit: access tokens up to 4,096 characters, refresh tokens up to 512. Windows' keyring takes 1,280 characters.
_PROBE = "x" * 5_200


def open_store(
    folder: Path,
    *,
    sleep: Callable[[float], None],
    keyring: Keyring | None = None,
    passphrase: Passphrase | None = None,
) -> Store:
    """The store of the company in `folder`: the keyring if it works, tried with a secret as long as ours, else a file.

    A folder that already has a token file keeps it. `keyring` None means: the file. An emulated company's tokens guard
    nothing, so it is opened without.
    """
    file = FileStore(folder, sleep=sleep, passphrase=passphrase)
    if keyring is not None and not file.exists and keyring_works(keyring):
        return KeyringStore(folder, keyring, sleep=sleep)
    return file


def keyring_works(keyring: Keyring) -> bool:
    """Whether a long secret can be stored, read back and removed: tried, since no platform tells."""
    try:
        keyring.set_password(SERVICE, "probe", _PROBE)
        same = keyring.get_password(SERVICE, "probe") == _PROBE
        keyring.delete_password(SERVICE, "probe")
    except Exception:  # every backend has errors of its own
        return False
    return same


class KeyringStore:
    """A connection in the system's keyring, under the company folder's path."""

    def __init__(self, folder: Path, keyring: Keyring, *, sleep: Callable[[float], None]) -> None:
        self._folder, self._keyring, self._sleep = folder, keyring, sleep
        self._user = str(folder.resolve())

    def load(self) -> Connection | None:
        """What the keyring holds for this folder."""
        text = self._keyring.get_password(SERVICE, self._user)
        return _from_text(text) if text else None

    def save(self, connection: Connection) -> None:
        """Put it into the keyring."""
        self._keyring.set_password(SERVICE, self._user, _to_text(connection))

    def clear(self) -> None:
        """Remove it from the keyring."""
        if self._keyring.get_password(SERVICE, self._user) is not None:
            self._keyring.delete_password(SERVICE, self._user)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """The company's token lock."""
        with _company_lock(self._folder, self._sleep):
            yield


class FileStore:
    """A connection in `tokens.enc`, encrypted with a key from a passphrase (scrypt) or from `tokens.key` (0600)."""

    def __init__(self, folder: Path, *, sleep: Callable[[float], None], passphrase: Passphrase | None = None) -> None:
        self._folder, self._sleep, self._passphrase = folder, sleep, passphrase
        self._file, self._key_file = folder / "tokens.enc", folder / "tokens.key"
        self._known: dict[bytes, bytes] = {}

    @property
    def exists(self) -> bool:
        """Whether there is a token file."""
        return self._file.exists()

    def load(self) -> Connection | None:
        """What the file holds; raises `UsageError` for a wrong passphrase, a lost key file or a damaged file."""
        try:
            stored = json.loads(self._file.read_bytes())
            salt = b64decode(stored["salt"])
            clear = self._opened(salt, stored["tokens"].encode())
        except FileNotFoundError:
            if self._file.exists():
                raise UsageError(_unreadable(self._folder, "its key file tokens.key is missing")) from None
            return None
        except InvalidToken:
            raise UsageError(
                _unreadable(self._folder, "the passphrase or key is not the one it was made with")
            ) from None
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise UsageError(_unreadable(self._folder, type(error).__name__)) from None
        return _from_text(clear.decode())

    def save(self, connection: Connection) -> None:
        """Write the file whole, then swap it in: a reader sees the old or the new one, a crash leaves one of them."""
        try:
            salt = self._salt()
            sealed = Fernet(self._key(salt, make=True)).encrypt(_to_text(connection).encode()).decode()
            stored = {"version": 1, "salt": b64encode(salt).decode(), "tokens": sealed}
            _write_private(self._file, json.dumps(stored).encode())
        except OSError as error:
            raise UsageError(_unwritable(self._folder, error)) from None

    def clear(self) -> None:
        """Remove the file and its key."""
        for file in (self._file, self._key_file):
            file.unlink(missing_ok=True)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """The company's token lock."""
        with _company_lock(self._folder, self._sleep):
            yield

    def _salt(self) -> bytes:
        """A salt for a passphrase, kept while this process lives (scrypt is slow on purpose); empty means: key file."""
        if next(iter(self._known), b""):
            return next(iter(self._known))
        return os.urandom(16) if self._passphrase is not None and self._passphrase() else b""

    def _opened(self, salt: bytes, sealed: bytes) -> bytes:
        if salt in self._known:
            try:
                return Fernet(self._known[salt]).decrypt(sealed)
            except InvalidToken:  # another process may have made a new key file meanwhile
                self._known = {}
        return Fernet(self._key(salt)).decrypt(sealed)

    def _key(self, salt: bytes, *, make: bool = False) -> bytes:
        if salt not in self._known:
            self._known = {salt: self._stretched(salt) if salt else self._file_key(make=make)}
        return self._known[salt]

    def _stretched(self, salt: bytes) -> bytes:
        phrase = self._passphrase() if self._passphrase is not None else None
        if not phrase:
            raise UsageError(_unreadable(self._folder, "it needs its passphrase, and none was given"))
        return urlsafe_b64encode(Scrypt(salt=salt, length=32, n=2**15, r=8, p=1).derive(phrase.encode()))

    def _file_key(self, *, make: bool) -> bytes:
        if make and not self._key_file.exists():
            _write_private(self._key_file, Fernet.generate_key())
        return self._key_file.read_bytes()


def _write_private(path: Path, content: bytes) -> None:
    temporary = path.with_name(f"{path.name}.{os.getpid()}.part")
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def _company_lock(folder: Path, sleep: Callable[[float], None]) -> Iterator[None]:
    try:
        with locked(folder / "tokens.lock", sleep=sleep):
            yield
    except PermissionError as error:
        raise UsageError(_unwritable(folder, error)) from None


_TIMES = frozenset({"access_ends", "refresh_ends", "hard_end", "connected_at"})


def _to_text(connection: Connection) -> str:
    plain = {one.name: getattr(connection, one.name) for one in fields(connection)}
    return json.dumps(
        {name: value.isoformat() if isinstance(value, datetime) else value for name, value in plain.items()}
    )


def _from_text(text: str) -> Connection:
    known = {one.name for one in fields(Connection)}
    plain: dict[str, Any] = {name: value for name, value in json.loads(text).items() if name in known}
    for name in _TIMES & plain.keys():
        plain[name] = datetime.fromisoformat(plain[name]) if plain[name] else None
    return Connection(**plain)


def _unreadable(folder: Path, reason: str) -> Problem:
    return Problem(
        code="token-store-unreadable",
        where=f"{folder.name}/tokens.enc",
        what=f"The stored connection cannot be read: {reason}.",
        why="Without it nothing can be read from or posted to QuickBooks.",
        do="Give the right passphrase, or remove tokens.enc and tokens.key and connect again.",
        severity=Severity.FILE,
    )


def _unwritable(folder: Path, error: OSError) -> Problem:
    return Problem(
        code="token-store-unwritable",
        where=folder.name,
        what=f"The connection cannot be stored in the company's folder: {error.strerror or type(error).__name__}.",
        why="QuickBooks changes the key of a connection daily; one that is not stored is lost.",
        do="Make the folder writable and free some space, then run again.",
        severity=Severity.FILE,
    )
