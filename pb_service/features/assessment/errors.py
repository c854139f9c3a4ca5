"""What can be wrong with what staff want to do in assessment."""

from collections.abc import Mapping, Sequence
from typing import ClassVar

from pb_service.core.proposals.ballot_list import Point
from pb_service.core.rounds.setup import Problem
from pb_service.features.accounts.policy import Forbidden
from pb_service.features.proposals.errors import problem_line
from pb_service.platform.errors import DomainError, StepRefused


class NotThere(DomainError):
    """There is no such thing in this round: a project, a note, a template, a decision."""

    status: ClassVar[int] = 404
    type: ClassVar[str] = "not-there"


class NotNow(StepRefused):
    """The phase of the round, or the fixed ballot list, does not allow this. ``code`` says which."""

    type: ClassVar[str] = "not-now"
    step: ClassVar[str] = "This cannot be done now"


class Refused(DomainError):
    """What was typed cannot be taken: the problems say which fields, and why."""

    status: ClassVar[int] = 422
    type: ClassVar[str] = "assessment-refused"

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("This cannot be taken as it is.")
        self.problems = list(problems)

    def errors(self) -> Sequence[Mapping[str, object]]:
        return [problem_line(problem) for problem in self.problems]


class Changed(DomainError):
    """Somebody else saved this in the meantime; ``version`` is theirs."""

    status: ClassVar[int] = 409
    type: ClassVar[str] = "assessment-changed"

    def __init__(self, version: int) -> None:
        super().__init__("Somebody else saved this in the meantime. Look at it and save again.")
        self.version = version

    def errors(self) -> Sequence[Mapping[str, object]]:
        return [{"field": "version", "code": "changed", "version": self.version}]


class SameHand(Forbidden):
    """A second pair of eyes is needed: not of who did the first part. ``code``: sign, review or confirm."""

    type: ClassVar[str] = "same-hand"

    def __init__(self, code: str) -> None:
        super().__init__(f"Somebody else than who did the first part must do this ({code}).")
        self.code = code

    def errors(self) -> Sequence[Mapping[str, object]]:
        return [{"code": self.code}]


class QuestionOpen(DomainError):
    """A question about the cost is open: answer or settle it first."""

    status: ClassVar[int] = 409
    type: ClassVar[str] = "question-open"


class NotAgreed(StepRefused):
    """The assessors do not agree, or not all have answered: their lead decides."""

    type: ClassVar[str] = "not-agreed"
    step: ClassVar[str] = "The assessors have not come to one answer"


class ReviewRefused(StepRefused):
    """A review cannot be asked for or decided. ``code``: late, again, nothing."""

    type: ClassVar[str] = "review-refused"
    step: ClassVar[str] = "No review is possible here"


class ListNotReady(DomainError):
    """The ballot list cannot be fixed yet: the points that are not met."""

    status: ClassVar[int] = 409
    type: ClassVar[str] = "list-not-ready"

    def __init__(self, points: Sequence[Point]) -> None:
        super().__init__("The ballot list cannot be fixed yet.")
        self.points = [point for point in points if not point.is_met]

    def errors(self) -> Sequence[Mapping[str, object]]:
        return [{"point": point.name, **problem_line(problem)} for point in self.points for problem in point.problems]


class ListChanged(DomainError):
    """The list is not the one that was looked at: something changed in the meantime. ``sha256`` is its hash now."""

    status: ClassVar[int] = 409
    type: ClassVar[str] = "list-changed"

    def __init__(self, sha256: str) -> None:
        super().__init__("The ballot list has changed since you looked at it. Look at it again.")
        self.sha256 = sha256

    def errors(self) -> Sequence[Mapping[str, object]]:
        return [{"field": "sha256", "code": "changed", "sha256": self.sha256}]
