"""Evidence of sign-ins for auditors: what was sealed as it came, opened for them alone (docs/protocol.md section 16).

Whoever calls this sees to it that only who may see it gets it, and that it is noted.
"""

from collections.abc import AsyncIterator
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.core.record.canonical import b64u, decode, encode, unb64u
from pb_service.core.sealing.evidence import open_sign_in
from pb_service.features.voting import repository


async def token_lines(
    session: AsyncSession, log_id: UUID, eid: bytes, auditors: X25519PrivateKey
) -> AsyncIterator[bytes]:
    """Yield the lines of `tokens.jsonl`: one for each envelope of class idt, in order of the log.

    Raises EvidenceError where the key is another one than the manifest's.
    """
    for index, body, sealed in await repository.evidence_of(session, log_id):
        session_key = unb64u(decode(body)["p"], 32)
        found = open_sign_in(sealed, auditors, eid, session_key)
        yield encode({"x": index, "o": b64u(found.blind), "token": found.token}) + b"\n"
