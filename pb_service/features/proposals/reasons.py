"""Reasons that everybody will read: in every language that the municipality requires."""

from collections.abc import Mapping

from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.core.proposals.texts import cleaned
from pb_service.features.proposals.errors import ReasonMissing
from pb_service.features.rounds.municipality import municipality

MOST_REASON = 2_000


async def required_reason(session: AsyncSession, reason: Mapping[str, str]) -> dict[str, str]:
    """Return a reason cleaned. Raises ReasonMissing naming the required languages without words."""
    kept = {code: cleaned(text)[:MOST_REASON] for code, text in reason.items() if cleaned(text)}
    lacking = [code for code in (await municipality(session)).languages if code not in kept]
    if lacking:
        raise ReasonMissing(lacking)
    return kept
