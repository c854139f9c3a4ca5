"""What can keep a vote from opening."""

from typing import ClassVar

from pb_service.platform.errors import DomainError, StepRefused


class OpeningRefused(StepRefused):
    """A step of the opening cannot be taken now. ``code`` says why:

    phase, imported, no_list, roll, provider, no_times, mode, begun, not_begun, no_registrar, no_auditor, lot, trustees,
    manifest, changed, fixed, same_hand, voucher, no_witness, no_key, too_many_here, key_missing; and of trustees seat,
    same_seat, no_seat, key, no_ceremony, other_registrar.
    """

    type: ClassVar[str] = "opening-refused"
    step: ClassVar[str] = "This step of the opening cannot be taken now"


class NoSealedVote(DomainError):
    """The round's ballots were imported in clear: its record is not that of a sealed vote."""

    status: ClassVar[int] = 404
    type: ClassVar[str] = "no-sealed-vote"
