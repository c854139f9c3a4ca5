"""Which contests a person has one ballot for together (docs/protocol.md section 2: a group).

The contests of districts are one group, the one of the whole municipality beside them another. Where a roll says in
which district everybody lives and people vote where they live, each district is a group by itself.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from pb_service.core.proposals.ballot_list import CITY_WIDE
from pb_service.core.rounds.setup import Setup

DISTRICTS, CITY = "district", "city"


@dataclass(frozen=True)
class Group:
    """A group of contests. ``rolled``: a roll says who may vote in it; else it is open."""

    id: str
    contests: tuple[str, ...]
    rolled: bool = False


def group_of(contest: str) -> str:
    """Return the group of a contest by its id, where no roll parts the districts."""
    return CITY if contest == CITY_WIDE else DISTRICTS


def groups_of(contests: Iterable[str]) -> dict[str, list[str]]:
    """Return the contests of each group, both in the order of the ballot list, where no roll parts the districts."""
    found: dict[str, list[str]] = {}
    for contest in contests:
        found.setdefault(group_of(contest), []).append(contest)
    return found


def groups_in(setup: Setup, contests: Iterable[str]) -> list[Group]:
    """Return the groups of a round with these contests, as its set-up has them, in the order of the ballot list."""
    rolled = {"none": set(), "all": {DISTRICTS, CITY}, "districts": {DISTRICTS}, "city": {CITY}}[setup.eligibility.roll]
    found: list[Group] = []
    for group, members in groups_of(contests).items():
        if group == DISTRICTS and group in rolled and setup.districts.choice == "home" and len(members) > 1:
            found += [Group(contest, (contest,), True) for contest in members]
        else:
            found.append(Group(group, tuple(members), group in rolled))
    return found
