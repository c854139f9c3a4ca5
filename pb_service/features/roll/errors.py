"""What can keep a roll from being made, changed or used."""

from typing import ClassVar

from pb_service.platform.errors import StepRefused


class RollRefused(StepRefused):
    """A step with a roll cannot be taken. ``code`` says why:

    key, open, empty, fixed, phase, unfixed, unsigned, same_hand, changed, gone, state, busy, identifier, scheme, known,
    absent, district, erased, asked, answered.
    """

    type: ClassVar[str] = "roll-refused"
    step: ClassVar[str] = "This step with the roll cannot be taken"
