"""What identity knows of a person: proven identities, tokens and signing keys, collected and erased for them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.core.record.canonical import b64u
from pb_service.features.accounts import identity_repository as repository
from pb_service.features.accounts import signing_keys
from pb_service.features.accounts.personal import PersonalData
from pb_service.web.formats import Catalogue


async def _collect(session: AsyncSession, account_id: UUID) -> dict[str, Any]:
    return {
        "identities": [
            {
                "provider": found.driver,
                "assurance": found.assurance,
                "birth_year": found.birth_year,
                "municipality": found.municipality,
                "postal_code": found.postal_code,
                "proven_at": found.proven_at.isoformat(),
            }
            for found in await repository.identities_of(session, account_id)
        ],
        "tokens": [
            {"name": token.name, "acts": token.acts, "created_at": token.created_at.isoformat()}
            for token in await repository.tokens_of(session, account_id)
        ],
        "signing_keys": [
            {"name": key.label, "public_key": b64u(key.public_key), "enrolled_at": key.enrolled_at.isoformat()}
            for key in await repository.keys_of(session, account_id)
        ],
    }


async def _erase(session: AsyncSession, account_id: UUID, now: datetime) -> None:
    """Identities and tokens go with the account's row; keys end, and stay without their holder."""
    await signing_keys.forget_holder(session, account_id, now=now)


def _stays(words: Catalogue) -> Sequence[str]:
    return [
        words.gettext("The public halves of your signing keys, if you have any: the record needs them. No name stays.")
    ]


IDENTITY = PersonalData("identity", _collect, _erase, _stays)
