"""What the desk does not do."""

from typing import ClassVar

from pb_service.platform.errors import DomainError


class DeskRefused(DomainError):
    """A step of the desk cannot be taken. ``code`` says why:

    phase, paused, place, no, shift, times, contest, person, paper, waiting, early, listed, unbalanced, too_many, few,
    begun, account, unknown, taken, same_hand, ballot, order, done, settled, not_ready, slip, nobody.
    """

    status: ClassVar[int] = 409
    type: ClassVar[str] = "desk-refused"

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(detail or f"This step of the desk cannot be taken ({code}).")
        self.code = code


class NotThere(DeskRefused):
    """What an address names is not there."""

    status: ClassVar[int] = 404

    def __init__(self, detail: str = "There is nothing of the desk at this address.") -> None:
        super().__init__("unknown", detail)
