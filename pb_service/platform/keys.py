"""The service's own signing keys, as files outside the database: a backup of the database alone cannot sign."""

import os
import re
import secrets
import stat
from collections.abc import Callable
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


class KeyFolder:
    """A folder that only the service's own user can open, with one PEM file (PKCS #8) for each key."""

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
        """Return the secret of that name, 32 random bytes made at its first use. Raises KeyFolderError."""
        file = self._file(name, ".key", secrets.token_hex(32).encode())
        try:
            secret = bytes.fromhex(file.read_text("ascii").strip())
        except ValueError:
            secret = b""
        if len(secret) != 32:
            raise KeyFolderError(f"{file} is damaged. Restore it from its backup.")
        return secret

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


def _create(file: Path, content: bytes) -> None:
    """Make a key, whole or not at all; of two processes that do so at once, one wins and both use its key."""
    beside = file.with_name(f".{file.name}-{secrets.token_hex(8)}")
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as opened:
            opened.write(content)
            opened.flush()
            os.fsync(opened.fileno())
        try:
            os.link(beside, file)  # unlike a rename, never replaces a key
        except FileExistsError:
            return
        folder = os.open(file.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    finally:
        beside.unlink()


def _check_private(path: Path, is_kind: Callable[[int], bool], mode: int) -> None:
    found = path.lstat()
    if not is_kind(found.st_mode) or found.st_uid != os.geteuid() or stat.S_IMODE(found.st_mode) & ~mode:
        raise KeyFolderError(
            f"{path} must belong to the user of the service alone: chown it, and chmod {mode:o} {path}."
        )
