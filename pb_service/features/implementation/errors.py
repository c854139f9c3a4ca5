"""What can be wrong with what somebody wants to see of, or do to, a funded project."""

from collections.abc import Mapping, Sequence
from typing import ClassVar

from pb_service.core.rounds.setup import Problem
from pb_service.features.accounts.policy import Forbidden
from pb_service.features.proposals.errors import problem_line
from pb_service.platform.errors import DomainError


class NotBuiltYet(DomainError):
    """The round's result is not confirmed by a decision, so nothing is being built."""

    status: ClassVar[int] = 404
    type: ClassVar[str] = "implementation-not-begun"


class FundedProjectNotFound(DomainError):
    """The result funds no such project, or it has no such picture or document."""

    status: ClassVar[int] = 404
    type: ClassVar[str] = "funded-project-not-found"


class NotYourUnit(Forbidden):
    """Only the people of the unit that answers for a project, and the managers of the round, work on it."""

    type: ClassVar[str] = "not-your-unit"


class ImplementationRefused(DomainError):
    """An act cannot be taken: the problems say which fields, and why."""

    status: ClassVar[int] = 422
    type: ClassVar[str] = "implementation-refused"

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("This cannot be taken as it is.")
        self.problems = list(problems)

    def errors(self) -> Sequence[Mapping[str, object]]:
        return [problem_line(problem) for problem in self.problems]


class ImplementationChanged(DomainError):
    """Somebody else did something to the project in the meantime; ``version`` is the number of their act."""

    status: ClassVar[int] = 409
    type: ClassVar[str] = "implementation-changed"

    def __init__(self, version: int) -> None:
        super().__init__("Somebody else changed this in the meantime. Look at it and send yours again.")
        self.version = version

    def errors(self) -> Sequence[Mapping[str, object]]:
        return [{"field": "version", "code": "changed", "version": self.version}]
