"""The token store: one company's connection, in the system's keyring, else in an encrypted file of its folder.

Client ID and secret live here too, never in company.toml. Nothing of it is ever printed: `Connection` shows no secret.
"""

from __future__ import annotations

import json
import os
from base64 import b64decode, b64encode, urlsafe_b64encode
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, fields, replace
from datetime import datetime, timedelta
from pathlib import Path
from secrets import token_hex
from typing import Any, Protocol

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from toolkit import disk
from toolkit.problems import CompanyBusy, ReconnectNeeded, UsageError
from toolkit.qbo import token_words
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
        return None if self.ends is None else max(0, (self.ends - now).days)

    @property
    def ends(self) -> datetime | None:
        """When the connection ends by itself if it is not used, None if that was not said."""
        return min((end for end in (self.refresh_ends, self.hard_end) if end is not None), default=None)


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


class PassingStore:
    """A connection that is looked at before anybody decides to keep it: in memory only, and gone with it."""

    def __init__(self, connection: Connection) -> None:
        self._connection: Connection | None = connection

    def load(self) -> Connection | None:
        """What is held."""
        return self._connection

    def save(self, connection: Connection) -> None:
        """Hold it instead."""
        self._connection = connection

    def clear(self) -> None:
        """Forget it."""
        self._connection = None

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Nobody else has it."""
        yield


SERVICE = "coworks-qbo"
IN_KEYRING = "tokens.keyring"
"""An empty file: this company's connection is in the system's keyring."""
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
    nothing, so it is opened without. Raises `ReconnectNeeded` when the connection is in a keyring that cannot be opened
    now: it is not taken for a company that was never connected.
    """
    file = FileStore(folder, sleep=sleep, passphrase=passphrase)
    if keyring is None or file.exists:
        return file
    if keyring_works(keyring):
        return KeyringStore(folder, keyring, sleep=sleep)
    if (folder / IN_KEYRING).exists():
        raise ReconnectNeeded(token_words.keyring_closed(folder))
    return file


def keyring_works(keyring: Keyring) -> bool:
    """Whether a long secret can be stored, read back and removed: tried, since no platform tells."""
    name = f"probe {token_hex(8)}"  # of this trial: another process may be trying at the same time
    try:
        keyring.set_password(SERVICE, name, _PROBE)
        same = keyring.get_password(SERVICE, name) == _PROBE
        keyring.delete_password(SERVICE, name)
    except Exception:  # every backend has errors of its own
        return False
    return same


class KeyringStore:
    """A connection in the system's keyring, under the company folder's path."""

    def __init__(self, folder: Path, keyring: Keyring, *, sleep: Callable[[float], None]) -> None:
        self._folder, self._keyring, self._sleep = folder, keyring, sleep
        self._user = str(folder.resolve())

    def load(self) -> Connection | None:
        """What the keyring holds for this folder; raises `ReconnectNeeded` when it cannot be read."""
        try:
            text = self._keyring.get_password(SERVICE, self._user)
        except Exception:  # every backend has errors of its own
            raise ReconnectNeeded(token_words.keyring_closed(self._folder)) from None
        return _from_text(text, self._folder) if text else None

    def save(self, connection: Connection) -> None:
        """Put it into the keyring, and a mark into the folder that it is there."""
        try:
            (self._folder / IN_KEYRING).touch()
            self._keyring.set_password(SERVICE, self._user, _to_text(connection))
        except OSError as error:
            raise UsageError(token_words.unwritable(self._folder, error)) from None
        except Exception as error:  # every backend has errors of its own
            raise UsageError(token_words.unwritable(self._folder, OSError(type(error).__name__))) from None

    def clear(self) -> None:
        """Remove it from the keyring."""
        if self.load() is not None:
            self._keyring.delete_password(SERVICE, self._user)
        (self._folder / IN_KEYRING).unlink(missing_ok=True)

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
        """What the file holds.

        Raises `UsageError` when its passphrase is missing or wrong, or the disk does not give it, `ReconnectNeeded`
        when it can never be read again: damaged, or its key is lost or another machine's.
        """
        try:
            stored = json.loads(self._file.read_bytes())
            salt, sealed = b64decode(stored["salt"]), stored["tokens"].encode()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise UsageError(disk.refused(error)) from None
        except (ValueError, KeyError, TypeError, AttributeError):
            raise ReconnectNeeded(token_words.unreadable(self._folder, "it is damaged")) from None
        try:
            clear = self._opened(salt, sealed)
        except FileNotFoundError:
            raise ReconnectNeeded(token_words.unreadable(self._folder, "its key file tokens.key is missing")) from None
        except OSError as error:
            raise UsageError(disk.refused(error)) from None
        except InvalidToken:
            if salt:
                raise UsageError(
                    token_words.locked(self._folder, "The passphrase is not the one it was made with")
                ) from None
            raise ReconnectNeeded(
                token_words.unreadable(self._folder, "the key is not the one it was made with")
            ) from None
        except ValueError:
            raise ReconnectNeeded(token_words.unreadable(self._folder, "its key file tokens.key is damaged")) from None
        return _from_text(clear.decode(), self._folder)

    def save(self, connection: Connection) -> None:
        """Write the file whole, then swap it in: a reader sees the old or the new one, a crash leaves one of them."""
        try:
            salt = self._salt()
            sealed = Fernet(self._key(salt, make=True)).encrypt(_to_text(connection).encode()).decode()
            stored = {"version": 1, "salt": b64encode(salt).decode(), "tokens": sealed}
            _write_private(self._file, json.dumps(stored).encode())
        except OSError as error:
            raise UsageError(token_words.unwritable(self._folder, error)) from None

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
            raise UsageError(token_words.locked(self._folder, "It needs its passphrase, and none was given"))
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
    with ExitStack() as stack:
        try:
            stack.enter_context(locked(folder / "tokens.lock", sleep=sleep))
        except TimeoutError:
            raise CompanyBusy(token_words.held(folder)) from None
        except OSError as error:
            raise UsageError(token_words.unwritable(folder, error)) from None
        yield


_TIMES = frozenset({"access_ends", "refresh_ends", "hard_end", "connected_at"})


def _to_text(connection: Connection) -> str:
    plain = {one.name: getattr(connection, one.name) for one in fields(connection)}
    return json.dumps(
        {name: value.isoformat() if isinstance(value, datetime) else value for name, value in plain.items()}
    )


def _from_text(text: str, folder: Path) -> Connection:
    known = {one.name for one in fields(Connection)}
    try:
        plain: dict[str, Any] = {name: value for name, value in json.loads(text).items() if name in known}
        for name in _TIMES & plain.keys():
            plain[name] = datetime.fromisoformat(plain[name]) if plain[name] else None
        return Connection(**plain)
    except (ValueError, TypeError, AttributeError):
        raise ReconnectNeeded(token_words.unreadable(folder, "it is damaged")) from None
