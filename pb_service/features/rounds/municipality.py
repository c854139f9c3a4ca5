"""What holds for all rounds of the municipality: its name, the languages of its texts, its word for a district."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.core.rounds.municipality import Municipality, municipality_problems, read_municipality
from pb_service.core.rounds.setup import to_content
from pb_service.features.accounts.policy import Actor, require
from pb_service.features.rounds import repository
from pb_service.features.rounds.errors import MunicipalityChanged, SetupRefused
from pb_service.features.rounds.saved import MunicipalityState


async def municipality_state(session: AsyncSession) -> MunicipalityState:
    """Return the municipality's settings, or their defaults before they were first saved."""
    row = await repository.municipality(session)
    if row is None:
        return MunicipalityState(Municipality(), 0)
    return MunicipalityState(read_municipality(row.content)[0] or Municipality(), row.version)


async def municipality(session: AsyncSession) -> Municipality:
    """Return the municipality's settings."""
    return (await municipality_state(session)).content


async def save_municipality(
    session: AsyncSession, actor: Actor, content: Mapping[str, Any], *, version: int, now: datetime
) -> MunicipalityState:
    """Save the settings. Raises SetupRefused, or MunicipalityChanged when somebody else saved in the meantime."""
    require(actor, "rounds.edit", now=now)
    wanted, problems = read_municipality(content)
    if wanted is None or (problems := municipality_problems(wanted)):
        raise SetupRefused("The settings of the municipality cannot be saved like this.", problems)
    row = await repository.lock_municipality(session, now)
    if row.version != version:
        raise MunicipalityChanged(await municipality_state(session))
    row.version, row.content = version + 1, to_content(wanted)
    row.edited_by, row.edited_at = actor.account_id, now
    await session.flush()
    return MunicipalityState(wanted, row.version)
