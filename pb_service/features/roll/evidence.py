"""Who is behind the aliases of a roll: person ids sealed to the evidence key as they are read, opened for auditors
alone (docs/protocol.md section 16). Nothing else of the service keeps a number by which a person is known elsewhere.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.core.record.canonical import CanonicalError, b64u, decode, encode
from pb_service.core.record.framing import frame
from pb_service.core.sealing.ceremony import HPKE
from pb_service.core.voting.aliases import person_of, roll_pseudonym
from pb_service.features.roll import repository
from pb_service.features.roll.errors import RollRefused
from pb_service.features.roll.standing import PERSON_KEY, roll_key
from pb_service.features.roll.tables import RollRecord
from pb_service.features.rounds.tables import Round
from pb_service.platform.keys import KeyFolder


def evidence_key(keys: KeyFolder) -> X25519PrivateKey:
    """Return the key that confidential evidence is sealed to; it lies on this server."""
    return X25519PrivateKey.from_private_bytes(keys.secret("evidence"))


def seal_ids(ids: Sequence[str], auditors: X25519PublicKey, batch_id: UUID) -> bytes:
    """Return person ids sealed to the auditors' key."""
    return HPKE.encrypt(encode(list(ids)), auditors, info=_info(batch_id))


def open_ids(sealed: bytes, auditors: X25519PrivateKey, batch_id: UUID) -> list[str]:
    """Return what `seal_ids` sealed. Raises RollRefused where the key is another one."""
    try:
        found: list[str] = decode(HPKE.decrypt(sealed, auditors, info=_info(batch_id)))
    except (InvalidTag, CanonicalError, ValueError) as error:
        raise RollRefused("sealed", "The people of this roll cannot be opened with this key.") from error
    return found


async def people_of(session: AsyncSession, found: Round, group: str, *, keys: KeyFolder) -> AsyncIterator[bytes]:
    """Yield the lines of `rolls/<group>.jsonl` for auditors: each person of the roll once, late ones marked.

    Whoever calls it sees to it that only who may see them gets them, and that it is noted. Raises RollRefused.
    """
    roll = await repository.roll_of(session, found.id)
    if roll is None or roll.batch_id is None:
        raise RollRefused("empty", "There is no roll.")
    secret, person_key = roll_key(keys, found.id), keys.secret(PERSON_KEY)
    auditors, told = evidence_key(keys), set[bytes]()
    async for sealed in repository.sealed_parts(session, roll.batch_id):
        ids = open_ids(sealed, auditors, roll.batch_id)
        named = {roll_pseudonym(secret, person_of(person_key, roll.scheme, pid)): pid for pid in ids}
        for row in await repository.rows_of(session, roll.batch_id, group, named.keys() - told):
            told.add(row.pseudonym)
            yield encode(_line(row, named[row.pseudonym])) + b"\n"


def _line(row: RollRecord, pid: str) -> Mapping[str, object]:
    line: dict[str, object] = {"pid": pid, "ps": b64u(row.pseudonym)}
    if row.code_key is not None:
        line["p"] = b64u(row.code_key)
    if row.late:
        line["late"] = True
    return line


def _info(batch_id: UUID) -> bytes:
    return frame(b"pb/roll-ids", batch_id.bytes)
