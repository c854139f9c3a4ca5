"""What this stage adds to what the pages of proposals know: where a proposal's project is being built."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.features.implementation import reading, repository
from pb_service.features.implementation.errors import NotBuiltYet
from pb_service.features.proposals.facts import FactSource, ProposalFacts


class ImplementationFacts:
    """Tells what an earlier stage tells, and of funded proposals also the address of what is being built."""

    def __init__(self, earlier: FactSource) -> None:
        self._earlier = earlier

    async def amounts(self, session: AsyncSession, round_id: UUID) -> Mapping[UUID, int]:
        return await self._earlier.amounts(session, round_id)

    async def about(self, session: AsyncSession, proposal_ids: Sequence[UUID]) -> Mapping[UUID, ProposalFacts]:
        found = dict(await self._earlier.about(session, proposal_ids))
        funded: dict[UUID, set[tuple[str, str]]] = {}
        for proposal_id, project, shown in await repository.projects_of_proposals(session, proposal_ids):
            if shown.id not in funded:
                try:
                    known = await reading.funded_projects(session, shown)
                except NotBuiltYet:
                    known = []
                funded[shown.id] = {(one.contest, one.code) for one in known}
            if (project.contest, project.code) in funded[shown.id]:
                path = f"/rounds/{shown.slug}/implementation/{project.contest}/{project.code}"
                found[proposal_id] = replace(found.get(proposal_id, ProposalFacts()), built_at=path)
        return found
