"""What can keep a vote from being closed."""

from typing import ClassVar

from pb_service.platform.errors import StepRefused


class ClosingRefused(StepRefused):
    """The vote cannot be closed now. ``code`` says why: phase, imported, early, paused, closed."""

    type: ClassVar[str] = "closing-refused"
    step: ClassVar[str] = "The vote cannot be closed now"


class AnswerRefused(StepRefused):
    """A trustee's file cannot be used at all. ``code`` says why: unpublished, large, form, absent."""

    status: ClassVar[int] = 422
    type: ClassVar[str] = "answer-refused"
    step: ClassVar[str] = "This answer cannot be used"
