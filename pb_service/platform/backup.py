"""One file that brings a service back: database, files, record, and the keys sealed with a passphrase.

A ZIP: ``meta.json`` (version, time, the newest published head of every record, SHA-256 of every member),
``database.dump`` (pg_dump's own format), ``record/…``, ``files/…``, ``keys.sealed``. The dump is one snapshot; the
record on disk is read before it, so it is never newer than the database in the same backup, and files after it, so
every row has its own: files never change, and one that no row names stays for a day.
"""

import hashlib
import json
import os
import secrets
import subprocess
import tempfile
import zipfile
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from argon2.low_level import Type, hash_secret_raw
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from sqlalchemy.engine import make_url

_VERSION = 1
_SALT, _NONCE = 16, 12
_FOLDERS = ("record", "files")
#: RFC 9106, second recommended choice.
_ARGON = {"time_cost": 3, "memory_cost": 65_536, "parallelism": 4}


class BackupError(RuntimeError):
    """A backup cannot be made or brought back. The sentence says why and what to do."""


def write_backup(
    out: Path, *, url: str, programs: Path, data: Path, passphrase: str, heads: Mapping[str, int], now: datetime
) -> None:
    """Write the backup of the service in ``data`` with the database at ``url``; ``heads``: size of every record.

    The file is there whole or not at all, and readable by its owner alone. Raises BackupError.
    """
    beside = out.with_name(f".{out.name}-{secrets.token_hex(4)}")
    hashes: dict[str, str] = {}
    try:
        with (
            os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file,
            zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive,
        ):

            def put(name: str, body: bytes) -> None:
                hashes[name] = hashlib.sha256(body).hexdigest()
                archive.writestr(name, body)

            def put_folder(folder: str) -> None:
                for path in sorted((data / folder).rglob("*")):
                    if path.is_file() and not path.name.startswith("."):
                        with suppress(
                            FileNotFoundError
                        ):  # the service goes on: full tiles take the place of partial ones
                            put(path.relative_to(data).as_posix(), path.read_bytes())

            put_folder("record")
            put("database.dump", _dump(url, programs))
            put_folder("files")
            put("keys.sealed", _seal(_keys(data / "keys"), passphrase))
            meta = {"v": _VERSION, "made": now.isoformat(), "heads": dict(heads), "members": hashes}
            archive.writestr("meta.json", json.dumps(meta, sort_keys=True))
        beside.replace(out)
    finally:
        beside.unlink(missing_ok=True)


def restore_backup(
    source: Path, *, url: str, programs: Path, data: Path, passphrase: str, known_heads: Mapping[str, int]
) -> dict[str, Any]:
    """Bring a backup back into an empty database and a data folder without keys and files; return its meta.

    ``known_heads``: size of every record that is known to have been published. Everything is checked before the first
    byte is written. Raises BackupError, also for a backup that is older than a known head: a record is never rewritten.
    """
    try:
        with zipfile.ZipFile(source) as archive:
            members = {name: archive.read(name) for name in archive.namelist()}
    except (OSError, zipfile.BadZipFile, RuntimeError) as error:
        raise BackupError(f"{source} cannot be read as a backup: {error}.") from error
    meta = _checked_meta(members)
    for name, size in known_heads.items():
        if meta["heads"].get(name, 0) < size:
            raise BackupError(
                f"This backup knows {meta['heads'].get(name, 0)} entries of the record {name!r}, and {size} have been "
                "published: take a newer backup. A record must never be rewritten."
            )
    keys = _unseal(members["keys.sealed"], passphrase)
    for folder in ("keys", "files"):
        if any((data / folder).glob("*")):
            raise BackupError(f"{data / folder} is not empty: move it away first, so that nothing is lost.")
    for name in members:
        if not _is_inside(name):
            raise BackupError(f"This backup has a member with a strange name: {name!r}.")
    _load(url, programs, members["database.dump"])
    for name, body in members.items():
        if name.split("/")[0] in _FOLDERS:
            (data / name).unlink(missing_ok=True)  # of the record, what is there is older or the same
            _write(data / name, body, 0o644)
    for name, text in keys.items():
        _write(data / "keys" / name, bytes.fromhex(text), 0o600)
    (data / "keys").chmod(0o700)
    return meta


def _checked_meta(members: Mapping[str, bytes]) -> dict[str, Any]:
    try:
        meta: dict[str, Any] = json.loads(members["meta.json"])
        if meta["v"] != _VERSION:
            raise BackupError("This backup is of another version of the service.")
        listed = meta["members"]
    except (KeyError, ValueError, TypeError) as error:
        raise BackupError("This file is no backup of this service.") from error
    for name, sha256 in listed.items():
        if name not in members or hashlib.sha256(members[name]).hexdigest() != sha256:
            raise BackupError(f"This backup is damaged: {name}.")
    if set(members) != {*listed, "meta.json"} or not {"database.dump", "keys.sealed"} <= set(listed):
        raise BackupError("This backup is damaged: a member too many or too few.")
    return meta


def _is_inside(name: str) -> bool:
    parts = name.split("/")
    return not name.startswith("/") and "\\" not in name and all(part not in {"", ".", ".."} for part in parts)


def _dump(url: str, programs: Path) -> bytes:
    command: list[str | Path] = [programs / "pg_dump", "--format=custom", "--no-owner", "--no-privileges", *_where(url)]
    done = subprocess.run(command, capture_output=True, check=False, env=_environment(url))
    if done.returncode:
        raise BackupError(f"pg_dump failed: {done.stderr.decode(errors='replace').strip()}")
    return done.stdout


def _load(url: str, programs: Path, dump: bytes) -> None:
    """Load the dump in one transaction: all of it or nothing."""
    with tempfile.NamedTemporaryFile() as file:
        file.write(dump)
        file.flush()
        options = ["--single-transaction", "--exit-on-error", "--no-owner", "--no-privileges"]
        command: list[str | Path] = [programs / "pg_restore", *options, *_where(url), file.name]
        done = subprocess.run(command, capture_output=True, check=False, env=_environment(url))
    if done.returncode:
        raise BackupError(
            f"pg_restore failed, and nothing was changed: {done.stderr.decode(errors='replace').strip()} "
            "The database must be empty."
        )


def _where(url: str) -> list[str]:
    parts = make_url(url)
    host = parts.host or parts.query.get("host", "")
    found = {"--host": host, "--port": str(parts.port or ""), "--username": parts.username, "--dbname": parts.database}
    return [f"{name}={value}" for name, value in found.items() if value]


def _environment(url: str) -> dict[str, str]:
    """A password never stands on a command line, where every user of the machine could read it."""
    password = make_url(url).password
    return {**os.environ, **({"PGPASSWORD": str(password)} if password else {})}


def _keys(folder: Path) -> dict[str, str]:
    return {path.name: path.read_bytes().hex() for path in sorted(folder.glob("[!.]*")) if path.is_file()}


def _seal(keys: Mapping[str, str], passphrase: str) -> bytes:
    salt, nonce = secrets.token_bytes(_SALT), secrets.token_bytes(_NONCE)
    return salt + nonce + ChaCha20Poly1305(_key(passphrase, salt)).encrypt(nonce, json.dumps(keys).encode(), b"pb/keys")


def _unseal(sealed: bytes, passphrase: str) -> dict[str, str]:
    salt, nonce = sealed[:_SALT], sealed[_SALT : _SALT + _NONCE]
    try:
        plain = ChaCha20Poly1305(_key(passphrase, salt)).decrypt(nonce, sealed[_SALT + _NONCE :], b"pb/keys")
    except (InvalidTag, ValueError) as error:
        raise BackupError("The passphrase is not the one of this backup.") from error
    keys: dict[str, str] = json.loads(plain)
    if any("/" in name or name.startswith(".") for name in keys):
        raise BackupError("This backup has a key with a strange name.")
    return keys


def _key(passphrase: str, salt: bytes) -> bytes:
    return hash_secret_raw(passphrase.encode(), salt, hash_len=32, type=Type.ID, **_ARGON)


def _write(path: Path, body: bytes, mode: int) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        file.write(body)
        file.flush()
        os.fsync(file.fileno())
