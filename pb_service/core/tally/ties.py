"""The declared order among projects that a rule finds equal (bundle.md section 7, "Tie order")."""

from collections.abc import Sequence
from typing import get_args

from pb_service.core.rounds.documents import Tie
from pb_service.core.tally.instance import Instance, TallyError


class TieOrder:
    """A strict order of all projects, made from the list ``ties`` of a rule, which must end with ``id``.

    The order is fixed before counting, so the same tie is resolved alike in every round and every step of a completion.
    """

    def __init__(self, instance: Instance, ties: Sequence[Tie]) -> None:
        check_ties(ties)
        self.ties: tuple[Tie, ...] = tuple(ties)
        self._keys = [_key(instance, tie) for tie in self.ties]
        columns = [tuple(key[number] for key in self._keys) for number in range(len(instance.projects))]
        order = sorted(range(len(columns)), key=columns.__getitem__)
        #: For each project its place in the order; lower goes first.
        self.rank = [0] * len(order)
        for place, number in enumerate(order):
            self.rank[number] = place

    def resolve(self, tied: Sequence[int]) -> tuple[list[int], list[Tie]]:
        """Order projects that are otherwise equal; also return the shortest prefix of the list that orders them."""
        length = 1
        while len({tuple(key[number] for key in self._keys[:length]) for number in tied}) < len(tied):
            length += 1
        return sorted(tied, key=self.rank.__getitem__), list(self.ties[:length])


def check_ties(ties: Sequence[Tie]) -> None:
    """Raise TallyError unless ``ties`` names known criteria, none twice, and ends with ``id``."""
    known = get_args(Tie)
    for tie in ties:
        if tie not in known:
            raise TallyError(f"There is no tie rule {tie!r}; there are {', '.join(known)}.")
    if len(set(ties)) != len(ties):
        raise TallyError("The tie rule names a criterion twice.")
    if not ties or ties[-1] != "id":
        raise TallyError("The tie rule must end with id, so that it always decides.")


def _key(instance: Instance, tie: Tie) -> list[int] | list[str]:
    match tie:
        case "cost":
            return [project.cost for project in instance.projects]
        case "cost_desc":
            return [-project.cost for project in instance.projects]
        case "votes":
            return [-votes for votes in instance.votes]
        case "id":
            return [project.id for project in instance.projects]
