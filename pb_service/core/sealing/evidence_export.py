"""Evidence for auditors in one sealed file, which only who holds the manifest's `aud` key can open.

The file begins with a line of canonical JSON that says whose it is; the rest is a ZIP of the folder of docs/protocol.md
section 16, sealed by HPKE base mode (the suite of the ceremony) with the election's id in its info.
"""

import io
from collections.abc import Mapping
from zipfile import BadZipFile, ZipFile

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from pb_service.core.record.canonical import CanonicalError, b64u, decode, encode, unb64u
from pb_service.core.record.framing import frame
from pb_service.core.rounds.bundle import zip_stored

_SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.CHACHA20_POLY1305)
_KIND = "evidence"


class ExportError(ValueError):
    """Not a sealed export, of another key, or damaged."""


def seal_export(files: Mapping[str, bytes], auditors: bytes, eid: bytes) -> bytes:
    """Return the files, by their names in the folder, sealed to the auditors' X25519 key."""
    sealed = _SUITE.encrypt(zip_stored(files), X25519PublicKey.from_public_bytes(auditors), info=_info(eid))
    return encode({"v": 1, "k": _KIND, "e": b64u(eid)}) + b"\n" + sealed


def open_export(body: bytes, auditors: X25519PrivateKey) -> dict[str, bytes]:
    """Return the files of an export by their names. Raises ExportError."""
    head, _, sealed = body.partition(b"\n")
    try:
        fields = decode(head)
        if not isinstance(fields, dict) or (fields.get("v"), fields.get("k")) != (1, _KIND):
            raise ExportError("this is no export of evidence")
        opened = _SUITE.decrypt(sealed, auditors, info=_info(unb64u(fields["e"], 32)))
        with ZipFile(io.BytesIO(opened)) as file:
            return {name: file.read(name) for name in file.namelist()}
    except (CanonicalError, KeyError) as error:
        raise ExportError("this is no export of evidence") from error
    except (InvalidTag, BadZipFile, ValueError) as error:
        raise ExportError("this export cannot be opened with this key, or is damaged") from error


def _info(eid: bytes) -> bytes:
    return frame(b"pb/evidence-export", eid)
