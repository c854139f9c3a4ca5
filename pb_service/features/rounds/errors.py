"""What can be wrong with a round. Errors about what people typed carry problems as (field, code, values)."""

from collections.abc import Sequence
from typing import ClassVar

from pb_service.core.rounds.setup import Problem
from pb_service.features.rounds.saved import MunicipalityState, StepState
from pb_service.platform.errors import DomainError


class RoundNotFound(DomainError):
    """There is no round of this name, or it is not published."""

    status = 404
    type = "round-not-found"


class RoundExists(DomainError):
    """A round of this name is there already."""

    status = 409
    type = "round-exists"


class WithProblems(DomainError):
    """Refused for reasons that a person can read one by one."""

    def __init__(self, message: str, problems: Sequence[Problem]) -> None:
        super().__init__(message)
        self.problems = list(problems)


class SetupRefused(WithProblems):
    """What was typed cannot be saved: the problems say which fields, and why."""

    status: ClassVar[int] = 422
    type: ClassVar[str] = "step-refused"


class StepChanged(DomainError):
    """Somebody else saved the step in the meantime. ``state`` is theirs, ``fields`` where the two differ."""

    status: ClassVar[int] = 409
    type: ClassVar[str] = "step-changed"

    def __init__(self, state: StepState, fields: Sequence[str]) -> None:
        super().__init__("Somebody else saved this step in the meantime. Look at both versions and save again.")
        self.state, self.fields = state, list(fields)


class MunicipalityChanged(DomainError):
    """Somebody else saved the municipality's settings in the meantime; ``state`` is theirs."""

    status: ClassVar[int] = 409
    type: ClassVar[str] = "municipality-changed"

    def __init__(self, state: MunicipalityState) -> None:
        super().__init__("Somebody else saved these settings in the meantime. Look at them and save again.")
        self.state = state


class ChangeRefused(WithProblems):
    """The phase that the round is in does not allow this change any more (core/rounds/phases.py, MAY_CHANGE)."""

    status: ClassVar[int] = 409
    type: ClassVar[str] = "change-refused"


class NotReady(WithProblems):
    """The round cannot be published yet: the problems say what is missing, their fields begin with the step."""

    status: ClassVar[int] = 409
    type: ClassVar[str] = "round-not-ready"


class PhaseRefused(WithProblems):
    """The round cannot go to that phase now, or does not do in this phase what was asked of it."""

    status: ClassVar[int] = 409
    type: ClassVar[str] = "phase-refused"

    def __init__(self, problem: Problem) -> None:
        super().__init__(f"This is not possible in the present phase of the round ({problem.code}).", [problem])


class NotErasable(DomainError):
    """Only a rehearsal, or a draft that was never published, can be erased."""

    status: ClassVar[int] = 409
    type: ClassVar[str] = "not-erasable"


class PlaceTableNeeded(DomainError):
    """The round has no table of this kind, and no areas on a map, to find a district with."""

    status: ClassVar[int] = 404
    type: ClassVar[str] = "no-place-table"


class ImportRejected(WithProblems):
    """The file cannot be imported as it is, or is not the one that was looked at in the preview."""

    status: ClassVar[int] = 422
    type: ClassVar[str] = "import-rejected"
