"""Rounds and districts for the stage of accounts, which names what roles and contact persons are bound to."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.features.accounts.scopes import DistrictScope, RoundScope
from pb_service.features.rounds.tables import Contest, Round, RoundStep
from pb_service.web.locales import LANGUAGES


async def round_scopes(session: AsyncSession) -> Sequence[RoundScope]:
    """Return every round, newest first: its districts as the set-up has them, else those of its votes."""
    rounds = (await session.scalars(select(Round).order_by(Round.created_at.desc(), Round.slug))).all()
    districts: dict[Any, list[DistrictScope]] = {found.id: [] for found in rounds}
    steps = select(RoundStep.round_id, RoundStep.content).where(RoundStep.step == "districts")
    for round_id, content in await session.execute(steps):
        districts[round_id] = [
            DistrictScope(each["key"], _texts(each.get("name", {}), each["key"])) for each in content["districts"]
        ]
    contests = select(Contest.round_id, Contest.key, Contest.title).order_by(Contest.round_id, Contest.position)
    for round_id, key, title in await session.execute(contests):
        if all(known.key != key for known in districts[round_id]):
            districts[round_id].append(DistrictScope(key, title))
    return [RoundScope(found.id, found.slug, found.names, tuple(districts[found.id]), found.log_id) for found in rounds]


def _texts(name: Mapping[str, Mapping[str, str]], key: str) -> list[list[str]]:
    """The name of a district in a set-up, in the languages that have it; its key while there is none."""
    texts = [[code, name[code]["text"]] for code in LANGUAGES if name.get(code, {}).get("text")]
    return texts or [["en", key]]
