"""Rounds and districts as this stage knows them: names to choose from. The stage of rounds fills the list (app.py)."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.web.formats import text_in

#: Language and text, in the order of the round.
Texts = Sequence[Sequence[str]]


@dataclass(frozen=True)
class DistrictScope:
    """A district of a round."""

    key: str
    names: Texts


@dataclass(frozen=True)
class RoundScope:
    """A round that a role or a contact person may be bound to."""

    id: UUID
    slug: str
    names: Texts
    districts: tuple[DistrictScope, ...]
    #: The round's record; None until it is published.
    log_id: UUID | None = None


#: Every round, newest first.
ScopeList = Callable[[AsyncSession], Awaitable[Sequence[RoundScope]]]


class Scopes:
    """The rounds of the service, to name what a role is bound to and to refuse what does not exist."""

    def __init__(self, rounds: Sequence[RoundScope]) -> None:
        self.rounds = rounds
        self._rounds = {scope.id: scope for scope in rounds}

    def exists(self, round_id: UUID | None, district: str | None) -> bool:
        """Whether the round is there and has the district; no round at all is the whole service."""
        if round_id is None:
            return district is None
        scope = self._rounds.get(round_id)
        return scope is not None and (district is None or any(known.key == district for known in scope.districts))

    def name(self, round_id: UUID, language: str) -> str:
        """The round's name, or its id when it is gone."""
        scope = self._rounds.get(round_id)
        return text_in(scope.names, language)[1] if scope and scope.names else str(round_id)

    def district_name(self, round_id: UUID, district: str, language: str) -> str:
        """The district's name, or its key when it is gone."""
        scope = self._rounds.get(round_id)
        known = next((known for known in scope.districts if known.key == district), None) if scope else None
        return text_in(known.names, language)[1] if known and known.names else district
