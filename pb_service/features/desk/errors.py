"""What the desk does not do."""

from typing import ClassVar

from pb_service.platform.errors import StepRefused


class DeskRefused(StepRefused):
    """A step of the desk cannot be taken. ``code`` says why:

    phase, paused, place, no, shift, times, contest, person, paper, waiting, early, listed, unbalanced, too_many, few,
    begun, account, unknown, taken, same_hand, ballot, order, done, settled, not_ready, slip, nobody, unseen.
    """

    type: ClassVar[str] = "desk-refused"
    step: ClassVar[str] = "This step of the desk cannot be taken"


class NotThere(DeskRefused):
    """What an address names is not there."""

    status: ClassVar[int] = 404

    def __init__(self, detail: str = "There is nothing of the desk at this address.") -> None:
        super().__init__("unknown", detail)
