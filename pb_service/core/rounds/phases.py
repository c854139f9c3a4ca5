"""The phases of a round and the only ways between them."""

from typing import Literal, get_args

#: set_up: staff may change everything; frozen: the manifest is signed; closed: no further ballot;
#: preliminary: counted and published, not yet confirmed by a decision.
Phase = Literal["set_up", "frozen", "closed", "preliminary"]

_ORDER: tuple[Phase, ...] = get_args(Phase)


class PhaseError(Exception):
    """A round cannot go from one phase to another in this way."""


def require(phase: Phase, wanted: Phase) -> None:
    """Raise PhaseError unless the round is in the phase that an act needs."""
    if phase != wanted:
        raise PhaseError(f"the round is in phase {phase}, and this needs phase {wanted}")


def following(phase: Phase) -> Phase:
    """Return the phase after this one. Raises PhaseError after the last."""
    place = _ORDER.index(phase) + 1
    if place == len(_ORDER):
        raise PhaseError(f"phase {phase} is the last")
    return _ORDER[place]
