"""What the pages of staff know of a person: for the download of one's data, and for its end."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.features.accounts import staff_repository as repository
from pb_service.features.accounts.factors import factors_of
from pb_service.features.accounts.personal import PersonalData
from pb_service.web.formats import Catalogue

_MOST = 10_000


async def _collect(session: AsyncSession, account_id: UUID) -> dict[str, Any]:
    held = await factors_of(session, account_id)
    return {
        "authenticator_app_since": held.app_since.isoformat() if held.app_since else None,
        "passkeys": [{"name": key.name, "created_at": key.created_at.isoformat()} for key in held.passkeys],
        "recovery_codes_left": held.recovery_codes,
        "decisions": [
            {"at": row.at.isoformat(), "act": row.act, "detail": row.detail, "reason": row.reason}
            for row in await repository.decisions_about(session, account_id, _MOST)
        ],
        "units": [
            {"unit": str(row.unit_id), "title": row.title, "phone": row.phone}
            for row in await repository.memberships_of(session, account_id)
        ],
        "contact_of": [
            {"round": str(row.round_id), "district": row.district, "email": row.email, "phone": row.phone}
            for row in await repository.coordinators_of(session, account_id)
        ],
    }


async def _erase(session: AsyncSession, account_id: UUID, now: datetime) -> None:
    """Take away the invitations to the address, and end those that the person sent; everything else goes with the
    account's row."""
    await repository.withdraw_sent_invitations(session, account_id, now)
    account = await repository.account_by_id(session, account_id)
    if account and account.email_key:
        await repository.delete_invitations(session, account.email_key)


def _stays(words: Catalogue) -> list[str]:  # noqa: ARG001 # nothing does
    return []


#: The part of the staff pages.
STAFF = PersonalData("staff", _collect, _erase, _stays)
