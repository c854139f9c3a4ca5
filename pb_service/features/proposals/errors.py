"""What can be wrong with what somebody wants to do to a proposal."""

from collections.abc import Mapping, Sequence
from typing import ClassVar

from pb_service.core.proposals.states import Code, State
from pb_service.core.rounds.setup import Problem
from pb_service.features.accounts.policy import Forbidden
from pb_service.platform.errors import DomainError, StepRefused


def problem_line(problem: Problem) -> Mapping[str, object]:
    """A problem as one line for programs: its field and code, and the values that its sentence needs."""
    return {"field": problem.field, "code": problem.code, **problem.values}


class ProposalNotFound(DomainError):
    """There is no such proposal, or not for this reader."""

    status: ClassVar[int] = 404
    type: ClassVar[str] = "proposal-not-found"


class ActRefused(DomainError):
    """The proposal's state, the phase of the round, or the fixed ballot list does not allow this (states.py).

    ``code`` says which: state, hand, phase, paused or fixed; ``state`` is the one found.
    """

    status: ClassVar[int] = 409
    type: ClassVar[str] = "act-refused"

    def __init__(self, code: Code | str, state: State) -> None:
        super().__init__(f"This cannot be done now: the proposal is {state} ({code}).")
        self.code, self.state = code, state

    def errors(self) -> Sequence[Mapping[str, object]]:
        return [{"code": self.code, "state": self.state}]


class SentTooOften(DomainError):
    """One person sends more proposals a day than anybody writes."""

    status: ClassVar[int] = 429
    type: ClassVar[str] = "too-many-proposals"


class OwnProposal(Forbidden):
    """Staff do not decide about what they wrote themselves."""

    type: ClassVar[str] = "own-proposal"


class AddressNotVerified(Forbidden):
    """Proposals, comments and support need an account whose e-mail address was verified."""

    type: ClassVar[str] = "address-not-verified"


class ProposalRefused(DomainError):
    """What was typed cannot be taken: the problems say which fields, and why."""

    status: ClassVar[int] = 422
    type: ClassVar[str] = "proposal-refused"

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("The proposal cannot be taken as it is.")
        self.problems = list(problems)

    def errors(self) -> Sequence[Mapping[str, object]]:
        return [problem_line(problem) for problem in self.problems]


class ReasonMissing(DomainError):
    """Everybody will read the reason: it is needed in each of these languages."""

    status: ClassVar[int] = 422
    type: ClassVar[str] = "reason-missing"

    def __init__(self, languages: Sequence[str]) -> None:
        super().__init__(f"A reason is missing in: {', '.join(languages)}.")
        self.languages = list(languages)

    def errors(self) -> Sequence[Mapping[str, object]]:
        return [{"field": f"reason.{language}", "code": "required"} for language in self.languages]


class ProposalChanged(DomainError):
    """Somebody else saved the proposal in the meantime; ``version`` is theirs."""

    status: ClassVar[int] = 409
    type: ClassVar[str] = "proposal-changed"

    def __init__(self, version: int) -> None:
        super().__init__("Somebody else changed this proposal in the meantime. Look at it and save again.")
        self.version = version

    def errors(self) -> Sequence[Mapping[str, object]]:
        return [{"field": "version", "code": "changed", "version": self.version}]


class MergeRefused(StepRefused):
    """These proposals cannot become one, or the joint cannot be undone. ``code``: circle, other_round, undone, used."""

    type: ClassVar[str] = "merge-refused"
    step: ClassVar[str] = "These proposals cannot be joined or parted like this"


class InvitationEnded(DomainError):
    """The invitation was used or taken back, or was never ours."""

    status: ClassVar[int] = 410
    type: ClassVar[str] = "invitation-ended"


class FormChanged(DomainError):
    """Somebody else saved the round's form in the meantime."""

    status: ClassVar[int] = 409
    type: ClassVar[str] = "form-changed"


class TooManyFiles(DomainError):
    """The round allows only so many pictures and PDFs."""

    status: ClassVar[int] = 409
    type: ClassVar[str] = "too-many-files"

    def __init__(self, most: int) -> None:
        super().__init__(f"A proposal has at most {most} files in this round.")
        self.most = most


class ImportRefused(DomainError):
    """The file cannot be imported: the problems say why."""

    status: ClassVar[int] = 422
    type: ClassVar[str] = "import-refused"

    def __init__(self, message: str, problems: Sequence[Problem]) -> None:
        super().__init__(message)
        self.problems = list(problems)
