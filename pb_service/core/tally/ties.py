"""The declared order among projects that a rule finds equal (bundle.md section 7, "Tie order" and "Drawn order")."""

from collections.abc import Sequence
from typing import get_args

from pb_service.core.record.canonical import b64u, unb64u
from pb_service.core.record.framing import h32
from pb_service.core.rounds.documents import Draw, RuleDocument, Tie
from pb_service.core.tally.instance import Instance, TallyError


class TieOrder:
    """A strict order of all projects, made from the list ``ties`` of a rule, which must end with ``id``.

    The order is fixed before counting, so the same tie is resolved alike in every round and every step of a completion.
    """

    def __init__(self, instance: Instance, ties: Sequence[Tie], draw: Draw | None = None) -> None:
        check_ties(ties, draw)
        self.ties: tuple[Tie, ...] = tuple(ties)
        self._keys = [_key(instance, tie, draw) for tie in self.ties]
        columns = [tuple(key[number] for key in self._keys) for number in range(len(instance.projects))]
        order = sorted(range(len(columns)), key=columns.__getitem__)
        #: For each project its place in the order; lower goes first.
        self.rank = [0] * len(order)
        for place, number in enumerate(order):
            self.rank[number] = place

    @classmethod
    def of(cls, instance: Instance, rule: RuleDocument) -> "TieOrder":
        """Return the tie order of a rule."""
        return cls(instance, rule["ties"], rule.get("draw"))

    def resolve(self, tied: Sequence[int]) -> tuple[list[int], list[Tie]]:
        """Order projects that are otherwise equal; also return the shortest prefix of the list that orders them."""
        length = 1
        while len({tuple(key[number] for key in self._keys[:length]) for number in tied}) < len(tied):
            length += 1
        return sorted(tied, key=self.rank.__getitem__), list(self.ties[:length])


def draw_of(lot: str) -> Draw:
    """Return the field ``draw`` of a rule for the text of a public lot, as the officers typed it in."""
    return {"lot": lot, "seed": b64u(h32("pb/lot", lot.encode()))}


def check_ties(ties: Sequence[Tie], draw: Draw | None = None) -> None:
    """Raise TallyError unless ``ties`` names known criteria, none twice, ends with ``id`` and has the draw it needs."""
    known = get_args(Tie)
    for tie in ties:
        if tie not in known:
            raise TallyError(f"There is no tie rule {tie!r}; there are {', '.join(known)}.")
    if len(set(ties)) != len(ties):
        raise TallyError("The tie rule names a criterion twice.")
    if not ties or ties[-1] != "id":
        raise TallyError("The tie rule must end with id, so that it always decides.")
    if draw is None and "draw" in ties:
        raise TallyError("The tie rule draw needs the text of a public lot.")
    if draw is not None:
        if "draw" not in ties:
            raise TallyError("The rule has a lot, but its tie rule does not name draw.")
        lot = draw.get("lot") if isinstance(draw, dict) else None
        if not isinstance(lot, str) or not 1 <= len(lot) <= 1000 or draw != draw_of(lot):
            raise TallyError("The lot of a rule is a text of 1 to 1,000 characters and the seed that follows from it.")


def _key(instance: Instance, tie: Tie, draw: Draw | None) -> list[int] | list[str] | list[bytes]:
    match tie:
        case "cost":
            return [project.cost for project in instance.projects]
        case "cost_desc":
            return [-project.cost for project in instance.projects]
        case "votes":
            return [-votes for votes in instance.votes]
        case "draw":
            seed, contest = unb64u(draw["seed"] if draw else "", 32), instance.contest.encode()
            return [h32("pb/draw", seed, contest, project.id.encode()) for project in instance.projects]
        case "id":
            return [project.id for project in instance.projects]
