"""What can keep a roll from being made, changed or used."""

from typing import ClassVar

from pb_service.platform.errors import DomainError


class RollRefused(DomainError):
    """A step with a roll cannot be taken. ``code`` says why:

    open, empty, fixed, phase, unfixed, unsigned, same_hand, changed, gone, state, busy, identifier, scheme, known,
    absent, district, erased, asked, answered.
    """

    status: ClassVar[int] = 409
    type: ClassVar[str] = "roll-refused"

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(detail or f"This step with the roll cannot be taken ({code}).")
        self.code = code
