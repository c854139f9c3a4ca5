"""Which contests a person has one ballot for together (docs/protocol.md section 2: a group).

The contests of districts are one group, the one of the whole municipality beside them another.
"""

from collections.abc import Iterable

from pb_service.core.proposals.ballot_list import CITY_WIDE

DISTRICTS, CITY = "district", "city"


def group_of(contest: str) -> str:
    """Return the group of a contest by its id."""
    return CITY if contest == CITY_WIDE else DISTRICTS


def groups_of(contests: Iterable[str]) -> dict[str, list[str]]:
    """Return the contests of each group, both in the order of the ballot list."""
    found: dict[str, list[str]] = {}
    for contest in contests:
        found.setdefault(group_of(contest), []).append(contest)
    return found
