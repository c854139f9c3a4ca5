"""The outcome of a contest, counted a second time: sections 7 and 8 of docs/schemas/bundle.md.

Shares nothing with the tally that it checks. Whole numbers and fractions only.
"""

from typing import Any

from pb_service.verifier.ballots import Ballot, is_over
from pb_service.verifier.canonical import b64u
from pb_service.verifier.manifest import Contest
from pb_service.verifier.tally import equal_shares, greedy, phragmen, welfare
from pb_service.verifier.tally.election import Election, Progress


def outcome(
    contest: Contest, eid: bytes, ballots: list[Ballot], progress: Progress, channels: list[str] | None = None
) -> dict[str, Any]:
    """The document that `outcomes/<contest>.json` must hold; `channels` of the ballots, for a rule with weights."""
    election = Election(contest, ballots, channels)
    count = _count(election, progress)
    won, why, scores = election.mandatory | count.pop("won"), count.pop("why"), count.pop("scores")
    why |= election.refused | {project: {"c": "mandatory"} for project in election.mandatory}
    return count | {
        "v": 1,
        "e": b64u(eid),
        "d": contest.id,
        "counts": counts(contest, ballots),
        "budget": contest.budget,
        "cost": election.cost(won),
        "winners": sorted(won),
        "projects": [
            {"votes": votes, "score": scores[project], "won": project in won, "why": why[project]}
            for project, votes in enumerate(election.votes)
        ],
    }


def counts(contest: Contest, ballots: list[Ballot]) -> dict[str, int]:
    """How many ballots there are, how many are blank, how many break a limit."""
    return {
        "ballots": len(ballots),
        "blank": sum(not ballot for ballot in ballots),
        "over": sum(is_over(ballot, contest) for ballot in ballots),
    }


def _count(election: Election, progress: Progress) -> dict[str, Any]:
    match election.rule["name"]:
        case "greedy":
            return greedy.count(election, election.rule)
        case "phragmen":
            return phragmen.count(election)
        case "max_welfare":
            return welfare.count(election)
    found = equal_shares.count(election, progress)
    return compared(election, found) if "compare" in election.rule else found


def compared(election: Election, found: dict[str, Any]) -> dict[str, Any]:
    """The outcome found, or that of `greedy` by votes if more ballots name more of its winners."""
    other = greedy.count(election, {"by": "votes", "skip": True})
    for_found = for_other = 0
    for choice, number in election.choices.items():
        here, there = len(found["won"].intersection(choice)), len(other["won"].intersection(choice))
        for_found += number * (here > there)
        for_other += number * (here < there)
    taken, left = (other, found) if for_other > for_found else (found, other)
    winners = election.mandatory | left["won"]
    compare = {
        "equal_shares": for_found,
        "greedy": for_other,
        "taken": "equal_shares" if taken is found else "greedy",
        "cost": election.cost(winners),
        "other": sorted(winners),
    }
    return taken | {"compare": compare}
