"""What can be wrong with a request for a result."""

from pb_service.platform.errors import DomainError, StepRefused


class ContestNotFound(DomainError):
    """The round has no such contest, or it has not been counted."""

    status = 404
    type = "contest-not-found"


class TurnNotFound(DomainError):
    """The count ended before this turn."""

    status = 404
    type = "turn-not-found"


class ProjectNotFound(DomainError):
    """The ballot list has no such project."""

    status = 404
    type = "project-not-found"


class ManifestNotFound(DomainError):
    """The round is published, and what its ballots will hold is still being prepared."""

    status = 404
    type = "manifest-not-found"


class StateRefused(StepRefused):
    """A state of a result cannot be drafted or signed. ``code`` says why:

    phase, confirmed, change, nothing, budget, contest, key, key_gone, same_hand, draft, no_draft.
    """

    type = "result-state-refused"


class StateNotFound(DomainError):
    """The round has no published state of this number."""

    status = 404
    type = "result-state-not-found"
