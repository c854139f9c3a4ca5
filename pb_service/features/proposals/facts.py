"""What later stages know of a proposal and its public pages show: app.py gives the functions that tell it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, runtime_checkable
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession


@dataclass(frozen=True)
class CostPart:
    """A line of a cost sheet: what, and its sum in minor units."""

    what: str
    amount: int
    source: str = ""


@dataclass(frozen=True)
class CostFact:
    """A published cost in minor units. ``amount`` is what counts on the ballot; a class or range has its ends too.

    ``parts`` are the lines; with ``contingency``, ``rounding`` and ``added`` (upkeep of the round's years, where the
    round adds it) they come to ``total``. ``signed_at`` is when a second person signed it. ``versions`` are the figures
    there were, oldest first, each with the published reason for its change by language (empty for the first).
    """

    amount: int
    low: int | None = None
    high: int | None = None
    upkeep: int | None = None
    set_at: datetime | None = None
    signed_at: datetime | None = None
    parts: tuple[CostPart, ...] = ()
    contingency: int = 0
    rounding: int = 0
    added: int = 0
    total: int = 0
    versions: tuple[tuple[int, datetime, Mapping[str, str]], ...] = ()


@dataclass(frozen=True)
class ProjectFact:
    """A project of the ballot that a proposal is part of."""

    number: int
    titles: Mapping[str, str]
    proposals: tuple[int, ...]


@dataclass(frozen=True)
class ProposalFacts:
    """What is known of one proposal beyond its own stage. ``review_until``: its authors may ask for a review so long.

    ``checks`` are the round's criteria with whether each is met, and the published reason by language if not.
    """

    cost: CostFact | None = None
    project: ProjectFact | None = None
    review_until: datetime | None = None
    checks: tuple[tuple[Mapping[str, str], bool, Mapping[str, str]], ...] = ()
    #: Where everybody sees how it is being built: a path without its language, empty as long as there is nothing.
    built_at: str = ""


@runtime_checkable
class FactSource(Protocol):
    """Tells of the proposals of a round what was published about them after their own stage."""

    async def amounts(self, session: AsyncSession, round_id: UUID) -> Mapping[UUID, int]:
        """Return the published costs of a round's proposals, in minor units."""

    async def about(self, session: AsyncSession, proposal_ids: Sequence[UUID]) -> Mapping[UUID, ProposalFacts]:
        """Return what is known of these proposals; who has nothing may be left out."""


class NoFacts:
    """A service without the stages after proposals."""

    async def amounts(self, session: AsyncSession, round_id: UUID) -> Mapping[UUID, int]:  # noqa: ARG002 # FactSource's
        return {}

    async def about(
        self,
        session: AsyncSession,  # noqa: ARG002 # FactSource's
        proposal_ids: Sequence[UUID],  # noqa: ARG002 # FactSource's
    ) -> Mapping[UUID, ProposalFacts]:
        return {}
