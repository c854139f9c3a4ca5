"""A round's proposals in numbers: by district, theme, state and age group, and how long decisions took."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.core.proposals.filters import NONE
from pb_service.core.proposals.form import AGE_GROUPS
from pb_service.core.proposals.states import STATES
from pb_service.core.proposals.statistics import Days, days, suppressed
from pb_service.features.proposals import browse_repository as repository


@dataclass(frozen=True)
class Statistics:
    """Counts of public proposals. The key ``none`` stands for no district, no theme, or no age told.

    District, theme and state of every proposal are public anyway. Age groups are told of people: a cell under ten is
    None, and so is another one if the sum would tell it. ``to_publication`` and ``to_decision`` run from the day on
    which a proposal was received.
    """

    proposals: int
    supporters: int
    comments: int
    districts: Mapping[str, int]
    themes: Mapping[str, int]
    states: Mapping[str, int]
    languages: Mapping[str, int]
    ages: Mapping[str, int | None]
    to_publication: Days | None
    to_decision: Days | None


async def statistics(session: AsyncSession, round_id: UUID) -> Statistics:
    """Return the numbers of a round's public proposals."""
    rows = await repository.counted(session, round_id)
    ages = Counter(row.age_group or NONE for row in rows)
    states = Counter(row.state for row in rows)
    return Statistics(
        proposals=len(rows),
        supporters=await repository.people_supporting(session, round_id),
        comments=await repository.comments_in(session, round_id),
        districts=Counter(row.district or NONE for row in rows),
        themes=Counter(row.theme or NONE for row in rows),
        states={state: states[state] for state in STATES if states[state]},
        languages=Counter(row.language for row in rows),
        ages=suppressed({group: ages[group] for group in (*AGE_GROUPS, NONE)}),
        to_publication=days(
            [
                (row.published_at - row.received_at).total_seconds()
                for row in rows
                if row.published_at and row.received_at
            ]
        ),
        to_decision=days(
            [(row.decided_at - row.received_at).total_seconds() for row in rows if row.decided_at and row.received_at]
        ),
    )
