"""The ballots of a contest: section 6 of docs/schemas/bundle.md, and the limits of section 4."""

from itertools import pairwise
from typing import Any

from pb_service.verifier.canonical import NotCanonicalError, from_b64u, loads
from pb_service.verifier.findings import Found
from pb_service.verifier.manifest import Contest

Ballot = list[Any]  # project numbers, or [project number, value] for points and scores


def read_ballots(data: bytes, contest: Contest, eid: bytes) -> list[Ballot]:
    """The ballots of the contest. Raises Found with the place of the first ballot that is not as the format says."""
    member = f"ballots/{contest.id}.json"
    try:
        value = loads(data)
    except NotCanonicalError as error:
        raise Found("not_canonical", member=member) from error
    if type(value) is not dict or value.keys() != {"v", "e", "d", "open"} or type(value["open"]) is not list:
        raise Found("misshapen", member=member, path="v, e, d, open")
    if type(value["v"]) is not int or value["v"] != 1 or value["d"] != contest.id:
        raise Found("misshapen", member=member, path="v, d")
    if not _is_eid(value["e"], eid):
        raise Found("other_election", member=member)
    ballots: list[Ballot] = value["open"]
    form = _is_pairs if contest.fmt in ("points", "scores") else _is_choice
    for index, ballot in enumerate(ballots):
        if type(ballot) is not list or not form(ballot, contest):
            raise Found("ballot_form", contest=contest.id, ballot=index)
        if index and ballot < ballots[index - 1]:
            raise Found("ballots_unsorted", contest=contest.id, ballot=index)
    return ballots


def named(ballot: Ballot, contest: Contest) -> list[int]:
    """The numbers of the projects that a ballot names."""
    return [number for number, _ in ballot] if contest.fmt in ("points", "scores") else ballot


def is_over(ballot: Ballot, contest: Contest) -> bool:
    """Whether a ballot breaks a limit. A blank one breaks only a missing `blank`."""
    limits = contest.limits
    if not ballot:
        return not limits.get("blank", False)
    numbers = named(ballot, contest)
    broken = _outside(len(numbers), limits, "kmin", "k") or _outside(
        sum(contest.costs[number] for number in numbers), limits, "costmin", "cost"
    )
    if contest.fmt in ("points", "scores"):
        values = [value for _, value in ballot]
        broken |= _outside(sum(values), limits, "summin", "sum")
        broken |= any(_outside(v, limits, "eachmin", "each") or _outside(v, limits, "smin", "smax") for v in values)
    for category in limits.get("cats", ()):
        members = set(category["i"]).intersection(numbers)
        broken |= _outside(len(members), category, "", "k")
        broken |= _outside(sum(contest.costs[number] for number in members), category, "", "cost")
    return broken


def _outside(value: int, limits: dict[str, Any], least: str, most: str) -> bool:
    return (least in limits and value < limits[least]) or (most in limits and value > limits[most])


def _is_choice(ballot: Ballot, contest: Contest) -> bool:
    in_range = all(type(number) is int and 0 <= number < len(contest.costs) for number in ballot)
    if not in_range:
        return False
    if contest.fmt == "ordinal":
        return len(set(ballot)) == len(ballot)
    return all(a < b for a, b in pairwise(ballot))


def _is_pairs(ballot: Ballot, contest: Contest) -> bool:
    if not all(
        type(pair) is list and len(pair) == 2 and type(pair[0]) is int and type(pair[1]) is int for pair in ballot
    ):
        return False
    numbers = [number for number, _ in ballot]
    return (
        all(0 <= number < len(contest.costs) for number in numbers)
        and all(a < b for a, b in pairwise(numbers))
        and (contest.fmt == "scores" or all(value >= 0 for _, value in ballot))
    )


def _is_eid(text: Any, eid: bytes) -> bool:
    try:
        return from_b64u(text, 32) == eid
    except (ValueError, AttributeError):
        return False
