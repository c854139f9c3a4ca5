"""What was saved, as it stands now: what a page shows, and what a refusal because of somebody else's change carries."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from pb_service.core.rounds.municipality import Municipality
from pb_service.core.rounds.setup import Problem, Step, StepName


@dataclass(frozen=True)
class StepState:
    """A step as it stands: saved ``version`` times, last by whom and when, and what of it may change now.

    ``changeable`` are the fields that may still change in the round's phase (``*``: all); ``missing`` is what
    publishing lacks here.
    """

    name: StepName
    step: Step
    version: int
    edited_by: UUID | None
    edited_at: datetime | None
    changeable: frozenset[str]
    missing: tuple[Problem, ...]


@dataclass(frozen=True)
class MunicipalityState:
    """The settings that hold for all rounds of the municipality, as saved last; version 0: never."""

    content: Municipality
    version: int
