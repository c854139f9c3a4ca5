"""Whose turn it is in a key ceremony, as the record tells it."""

from pb_service.core.sealing.election import Election

#: The messages of a ceremony, in their order; the last one confirms the manifest.
CEREMONY = ("tk1", "tk2", "tk3")
CONFIRMATION = "tk4"


def ceremony_turn(election: Election) -> tuple[str, int] | None:
    """Return the kind of the next message of the ceremony and the trustee who sends it.

    None when it is nobody's turn: before a setup, after a ceremony that was given up, while the manifest is not
    confirmed by people yet, and once the vote is open.
    """
    setup = election.setup
    if setup is None or election.ended is not None:
        return None
    n = setup.setting.trustees
    for kind in CEREMONY:
        sent = len(election.messages[kind])
        if sent < n:
            return kind, sent + 1
    if election.manifest is None or election.opened:
        return None
    return CONFIRMATION, len(election.messages[CONFIRMATION]) + 1


def has_key(election: Election) -> bool:
    """Whether the ceremony under way has come to its end, so that there is a joint key."""
    setup = election.setup
    return (
        setup is not None
        and election.ended is None
        and all(len(election.messages[kind]) == setup.setting.trustees for kind in CEREMONY)
    )
