"""The service's own keys, as files outside the database: a copy of the database alone can neither sign nor open.

A signing key is one PEM file and stays. A secret is a line of a file `NAME.key`, 64 hexadecimal digits and when it was
made; when it is rotated the new one gets the first line, and the line below says until when the old one is accepted. A
file is exchanged whole, so a crash leaves the old ring or the new one.
"""

import fcntl
import hashlib
import os
import re
import secrets
import stat
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

_NAME = re.compile(r"[a-z][a-z0-9-]{0,31}")


class KeyFolderError(RuntimeError):
    """A key cannot be used. The message says which file and what to do; never what is in it."""


@dataclass(frozen=True)
class Secret:
    """A secret of 32 bytes. ``ends_at``: until when it is accepted after a newer one; None, as long as it is there."""

    key: bytes = field(repr=False)
    made_at: datetime
    ends_at: datetime | None = None

    @property
    def id(self) -> str:
        """Eight hexadecimal digits by which it can be named; they tell nothing of it."""
        return hashlib.sha256(b"pb/key-id" + self.key).hexdigest()[:8]

    def is_accepted(self, now: datetime) -> bool:
        return self.ends_at is None or now < self.ends_at


class KeyFolder:
    """A folder that only the service's own user can open, with one file for each key."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def ed25519(self, name: str) -> Ed25519PrivateKey:
        """Return the signing key of that name, made at its first use.

        Raises KeyFolderError when others could read or exchange the key, or the file holds no Ed25519 key.
        """
        made = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        file = self._file(name, ".pem", made)
        try:
            key = load_pem_private_key(file.read_bytes(), password=None)
        except ValueError as error:
            raise KeyFolderError(f"{file} is damaged. Restore it from its backup.") from error
        if not isinstance(key, Ed25519PrivateKey):
            raise KeyFolderError(f"{file} holds a key of another kind than Ed25519.")
        return key

    def secret(self, name: str) -> bytes:
        """Return the newest secret of that name, made at its first use. Raises KeyFolderError."""
        return self.secrets(name)[0].key

    def secrets(self, name: str) -> tuple[Secret, ...]:
        """Return the secrets of that name, newest first; the first of all is made at its first use.

        Raises KeyFolderError.
        """
        file = self._file(name, ".key", secrets.token_hex(32).encode())
        made_at = datetime.fromtimestamp(int(file.stat().st_mtime), UTC)
        try:
            found = tuple(_read(line, made_at) for line in file.read_text("ascii").splitlines())
        except (ValueError, IndexError):
            found = ()
        if not found:
            raise KeyFolderError(f"{file} is damaged. Restore it from its backup.")
        return found

    def has_secret(self, name: str) -> bool:
        """Whether there is a secret of that name yet."""
        return (self.path / f"{name}.key").exists()

    def signing_keys(self) -> list[tuple[str, datetime]]:
        """Return the names of the signing keys there are, and when each was made."""
        found = sorted(self.path.glob("[!.]*.pem"))
        return [(file.stem, datetime.fromtimestamp(int(file.stat().st_mtime), UTC)) for file in found]

    def ring(self, name: str) -> "Ring":
        """Return the secrets of that name as they are at each use. Raises KeyFolderError."""
        return Ring(self, name)

    def renew(self, name: str, now: datetime, overlap: timedelta | None) -> Secret:
        """Make a new secret and return it; the one before is accepted for ``overlap`` more, None: until it is dropped.

        No overlap at all ends the earlier ones too. Raises KeyFolderError.
        """
        made = Secret(secrets.token_bytes(32), now)
        with self._exchanging():
            ends_at = None if overlap is None else now + overlap
            known = [
                replace(secret, ends_at=ends_at) if secret.ends_at is None or overlap == timedelta() else secret
                for secret in self.secrets(name)
            ]
            self._exchange(name, [made, *known])
        return made

    def drop(self, name: str, unwanted: Callable[[Secret], bool]) -> int:
        """Erase older secrets, never the newest, and return how many went. Raises KeyFolderError."""
        with self._exchanging():
            newest, *older = self.secrets(name)
            kept = [secret for secret in older if not unwanted(secret)]
            if len(kept) < len(older):
                self._exchange(name, [newest, *kept])
        return len(older) - len(kept)

    def destroy(self, name: str) -> bool:
        """Erase all secrets of that name for good, so that nothing made with them can be made again.

        Returns whether there were any.
        """
        with self._exchanging():
            file = self.path / f"{name}.key"
            if not _NAME.fullmatch(name) or not os.path.lexists(file):
                return False
            file.unlink()
        return True

    @contextmanager
    def _exchanging(self) -> Iterator[None]:
        """Of two processes that exchange a key at once, one waits for the other."""
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.flock(folder, fcntl.LOCK_EX)
            yield
        finally:
            os.close(folder)

    def _exchange(self, name: str, content: Sequence[Secret]) -> None:
        """Put other secrets in place of a file's, all at once."""
        file = self.path / f"{name}.key"
        with _written_beside(file, "\n".join(map(_line, content)).encode()) as beside:
            beside.replace(file)

    def _file(self, name: str, ending: str, made: bytes) -> Path:
        """Return the private file of a key, with ``made`` in it when it is new."""
        if not _NAME.fullmatch(name):
            raise ValueError(f"not a name for a key: {name!r}")
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        _check_private(self.path, stat.S_ISDIR, 0o700)
        file = self.path / f"{name}{ending}"
        if not os.path.lexists(file):
            _create(file, made)
        _check_private(file, stat.S_ISREG, 0o600)
        return file


class Ring:
    """The secrets of one name. What a rotation changes holds from the next use on, in every process on the folder.

    What cannot be read any more changes nothing: a service at work goes on with what it has.
    """

    def __init__(self, folder: KeyFolder, name: str) -> None:
        self._folder, self._name = folder, name
        self._secrets = folder.secrets(name)
        self._seen = self._state()

    @property
    def secrets(self) -> tuple[Secret, ...]:
        """All of them, newest first."""
        state = self._state()
        if state not in (None, self._seen):
            with suppress(KeyFolderError):
                self._secrets, self._seen = self._folder.secrets(self._name), state
        return self._secrets

    @property
    def current(self) -> bytes:
        """The newest: what is made now is made with it."""
        return self.secrets[0].key

    def accepted(self, now: datetime) -> list[bytes]:
        """Those with which something may have been made that counts at this moment, newest first."""
        return [secret.key for secret in self.secrets if secret.is_accepted(now)]

    def _state(self) -> tuple[int, int] | None:
        try:
            found = (self._folder.path / f"{self._name}.key").stat()
        except OSError:
            return None
        return found.st_ino, found.st_mtime_ns


def _read(line: str, made_at: datetime) -> Secret:
    """A line of a file of secrets; one that does not say when it was made is as old as its file."""
    key, *moments = line.split()
    if len(bytes.fromhex(key)) != 32 or len(moments) > 2:
        raise ValueError("no secret")
    made, ends = [*map(datetime.fromisoformat, moments), None, None][:2]
    return Secret(bytes.fromhex(key), made or made_at, ends)


def _line(secret: Secret) -> str:
    moments = (secret.made_at, secret.ends_at)
    return " ".join([secret.key.hex(), *(moment.isoformat() for moment in moments if moment)])


def _create(file: Path, content: bytes) -> None:
    """Make a key, whole or not at all; of two processes that do so at once, one wins and both use its key."""
    with _written_beside(file, content) as beside, suppress(FileExistsError):
        os.link(beside, file)  # unlike a rename, never replaces a key


@contextmanager
def _written_beside(file: Path, content: bytes) -> Iterator[Path]:
    """Yield a synced private file of that content, which gets its place inside; the folder is synced afterwards."""
    beside = file.with_name(f".{file.name}-{secrets.token_hex(8)}")
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as opened:
            opened.write(content)
            opened.flush()
            os.fsync(opened.fileno())
        yield beside
        folder = os.open(file.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    finally:
        beside.unlink(missing_ok=True)


def _check_private(path: Path, is_kind: Callable[[int], bool], mode: int) -> None:
    found = path.lstat()
    if not is_kind(found.st_mode) or found.st_uid != os.geteuid() or stat.S_IMODE(found.st_mode) & ~mode:
        raise KeyFolderError(
            f"{path} must belong to the user of the service alone: chown it, and chmod {mode:o} {path}."
        )
