"""What a trustee keeps: one file, sealed with a passphrase, written whole or not at all."""

import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from argon2.low_level import Type, hash_secret_raw
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from pb_service.core.record.canonical import CanonicalError, b64u, decode, encode, unb64u
from pb_service.core.record.checkpoint import Checkpoint
from pb_service.core.sealing.ceremony import Secrets
from pb_service.core.sealing.trusteeship import Trustee
from pb_service.trustee.durable import replace

_NAME = "trustee.sealed"
#: RFC 9106, second recommended choice: 64 MiB, three passes, four lanes.
_ARGON = {"time_cost": 3, "memory_cost": 65_536, "parallelism": 4}


class VaultError(RuntimeError):
    """The file cannot be opened or written. The sentence says why; never what is in it."""


class Vault:
    """A folder that holds one trustee's secrets. Opened with her passphrase; ``save`` makes every change durable."""

    def __init__(self, folder: Path, seal: "Seal", trustee: Trustee, name: str) -> None:
        self.folder = folder
        self._seal = seal
        self.trustee = trustee
        self.name = name
        self.head: Checkpoint | None = None
        #: The one record that this folder is for, by its origin; empty until it was read for the first time.
        self.origin = ""
        self._on_paper: bytes | None = None  # the setup whose share is on paper

    @property
    def backed_up(self) -> bool:
        """Whether the share of this very ceremony is on paper."""
        return self._on_paper == self.trustee.sid

    def put_on_paper(self) -> None:
        """Note that the share is on paper, and that the paper was tried."""
        self._on_paper = self.trustee.sid

    def bind(self, origin: str) -> None:
        """Keep this folder to one record: what belongs to a rehearsal, or to another vote, never meets this one.

        Raises VaultError for any other record than the first.
        """
        if self.origin not in {"", origin}:
            raise VaultError(f"{self.folder} belongs to the record {self.origin}. Make a new folder for each record.")
        self.origin = origin

    @classmethod
    def create(cls, folder: Path, passphrase: str, name: str, key: Ed25519PrivateKey | None = None) -> "Vault":
        """Make a vault, with a new signing key unless one is given. Raises VaultError when there is one already."""
        path = folder / _NAME
        if path.exists():
            raise VaultError(f"{path} is there already. Give another folder.")
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)
        vault = cls(
            folder, Seal.of(passphrase, secrets.token_bytes(16)), Trustee(0, key or Ed25519PrivateKey.generate()), name
        )
        vault.save()
        return vault

    @classmethod
    def open(cls, folder: Path, passphrase: str) -> "Vault":
        """Open the vault of a folder. Raises VaultError for a wrong passphrase or a damaged file."""
        path = folder / _NAME
        try:
            document = decode(path.read_bytes())
            salt, nonce, sealed = (unb64u(document[field]) for field in ("salt", "nonce", "sealed"))
        except OSError as error:
            raise VaultError(f"{path}: {error.strerror}.") from error
        except (CanonicalError, KeyError, TypeError) as error:
            raise VaultError(f"{path} is damaged. Take the copy from your backup.") from error
        try:
            seal = Seal.of(passphrase, salt)
            plain = decode(seal.cipher.decrypt(nonce, sealed, b"pb/vault"))
        except InvalidTag as error:
            raise VaultError("The passphrase is not the one this folder was sealed with.") from error
        return cls._read(folder, seal, plain)

    def save(self) -> None:
        """Write the vault, whole or not at all; it is on the disk when this returns."""
        nonce = secrets.token_bytes(12)
        sealed = self._seal.cipher.encrypt(nonce, encode(self._document()), b"pb/vault")
        body = encode({"v": 1, "salt": b64u(self._seal.salt), "nonce": b64u(nonce), "sealed": b64u(sealed)})
        replace(self.folder / _NAME, body)

    def _document(self) -> dict[str, Any]:
        trustee = self.trustee
        document: dict[str, Any] = {
            "v": 1,
            "name": self.name,
            "number": trustee.number,
            "key": b64u(trustee.key.private_bytes_raw()),
            "opened": {f"c{place}": [name, b64u(sha)] for place, (name, sha) in enumerate(trustee.opened.items())},
            "origin": self.origin,
            "sid": b64u(trustee.sid),
        }
        if self._on_paper is not None:
            document["on_paper"] = b64u(self._on_paper)
        if trustee.secrets is not None:
            document["coefficients"] = [_scalar(value) for value in trustee.secrets.coefficients]
            document["receiving"] = b64u(trustee.secrets.receiving.private_bytes_raw())
        if trustee.share is not None:
            document["share"] = _scalar(trustee.share)
        if self.head is not None:
            document["head"] = [self.head.origin, self.head.size, b64u(self.head.root)]
        return document

    @classmethod
    def _read(cls, folder: Path, seal: "Seal", plain: dict[str, Any]) -> "Vault":
        kept = None
        if "coefficients" in plain:
            coefficients = tuple(_integer(text) for text in plain["coefficients"])
            kept = Secrets(coefficients, X25519PrivateKey.from_private_bytes(unb64u(plain["receiving"], 32)))
        trustee = Trustee(
            number=plain["number"],
            key=Ed25519PrivateKey.from_private_bytes(unb64u(plain["key"], 32)),
            secrets=kept,
            share=_integer(plain["share"]) if "share" in plain else None,
            sid=unb64u(plain["sid"]),
            opened={name: unb64u(sha, 32) for name, sha in plain["opened"].values()},
        )
        vault = cls(folder, seal, trustee, plain["name"])
        vault.origin = plain["origin"]
        vault._on_paper = unb64u(plain["on_paper"]) if "on_paper" in plain else None
        if "head" in plain:
            origin, size, root = plain["head"]
            vault.head = Checkpoint(origin, size, unb64u(root, 32))
        return vault


@dataclass(frozen=True)
class Seal:
    """What a passphrase gives with a folder's salt: slow to compute on purpose, so once for each sitting."""

    salt: bytes
    cipher: ChaCha20Poly1305 = field(repr=False)

    @classmethod
    def of(cls, passphrase: str, salt: bytes) -> "Seal":
        key = hash_secret_raw(passphrase.encode(), salt, hash_len=32, type=Type.ID, **_ARGON)
        return cls(salt, ChaCha20Poly1305(key))


def _scalar(value: int) -> str:
    return b64u(value.to_bytes(32, "little"))


def _integer(text: str) -> int:
    return int.from_bytes(unb64u(text, 32), "little")
