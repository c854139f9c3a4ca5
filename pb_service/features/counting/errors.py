"""What can keep a vote from being closed."""

from typing import ClassVar

from pb_service.platform.errors import DomainError


class ClosingRefused(DomainError):
    """The vote cannot be closed now. ``code`` says why: phase, imported, early, paused, closed."""

    status: ClassVar[int] = 409
    type: ClassVar[str] = "closing-refused"

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(detail or f"The vote cannot be closed now ({code}).")
        self.code = code


class AnswerRefused(DomainError):
    """A trustee's file cannot be used at all. ``code`` says why: unpublished, large, form, absent."""

    status: ClassVar[int] = 422
    type: ClassVar[str] = "answer-refused"

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(detail or f"This answer cannot be used ({code}).")
        self.code = code
