"""What can be refused to who takes part in the conversation about a proposal."""

from typing import ClassVar

from pb_service.platform.errors import DomainError, StepRefused


class ConversationClosed(StepRefused):
    """The round's phase, or the proposal's state, does not allow this. ``code``: phase, paused, state or own."""

    type: ClassVar[str] = "conversation-closed"
    step: ClassVar[str] = "This is not possible for this proposal now"


class SupportSpent(DomainError):
    """The round allows each resident to support only so many proposals."""

    status: ClassVar[int] = 409
    type: ClassVar[str] = "support-spent"

    def __init__(self, most: int) -> None:
        super().__init__(f"Each resident may support at most {most} proposals in this round.")
        self.most = most


class CommentNotFound(DomainError):
    """There is no such comment or question."""

    status: ClassVar[int] = 404
    type: ClassVar[str] = "comment-not-found"
