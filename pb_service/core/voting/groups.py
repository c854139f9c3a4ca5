"""Which contests a person has one ballot for together (docs/protocol.md section 2: a group).

The contests of districts are one group, the one of the whole municipality beside them another. Where a roll says in
which district everybody lives and people vote where they live, each district is a group by itself.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pb_service.core.proposals.ballot_list import CITY_WIDE, contests
from pb_service.core.rounds.setup import Setup

DISTRICTS, CITY = "district", "city"
_ROLLED: Mapping[str, frozenset[str]] = {
    "none": frozenset(),
    "all": frozenset({DISTRICTS, CITY}),
    "districts": frozenset({DISTRICTS}),
    "city": frozenset({CITY}),
}


@dataclass(frozen=True)
class Group:
    """A group of contests. ``rolled``: a roll says who may vote in it; else it is open.

    ``home``: it is one district, and only those are in it who live there.
    """

    id: str
    contests: tuple[str, ...]
    rolled: bool = False
    home: bool = False

    def holds(self, district: str | None) -> bool:
        """Whether somebody of the roll who lives in that district (None: nobody says where) is in this group."""
        return self.rolled and (not self.home or self.id == district)


def group_of(contest: str) -> str:
    """Return the group of a contest by its id, where no roll parts the districts."""
    return CITY if contest == CITY_WIDE else DISTRICTS


def groups_of(listed: Iterable[str]) -> dict[str, list[str]]:
    """Return the contests of each group, both in the order of the ballot list, where no roll parts the districts."""
    found: dict[str, list[str]] = {}
    for contest in listed:
        found.setdefault(group_of(contest), []).append(contest)
    return found


def groups_in(setup: Setup, listed: Iterable[str]) -> list[Group]:
    """Return the groups of a round with these contests, as its set-up has them, in the order of the ballot list."""
    rolled = _ROLLED[setup.eligibility.roll]
    apart = setup.districts.choice == "home" and len(setup.districts.districts) > 1
    found: list[Group] = []
    for group, members in groups_of(listed).items():
        if group == DISTRICTS and group in rolled and apart:
            found += [Group(contest, (contest,), rolled=True, home=True) for contest in members]
        else:
            found.append(Group(group, tuple(members), group in rolled))
    return found


def planned(setup: Setup) -> list[str]:
    """Return the ids of the contests that a round will have, in the order of its ballot list."""
    return [key for key, _, _ in contests(setup)]
