"""The outcome of a contest, counted a second time: sections 7 and 8 of docs/schemas/bundle.md.

Shares nothing with the tally that it checks. Whole numbers and fractions only.
"""

from typing import Any

from pb_service.verifier.ballots import Ballot, is_over
from pb_service.verifier.canonical import b64u
from pb_service.verifier.manifest import Contest
from pb_service.verifier.tally import equal_shares, greedy
from pb_service.verifier.tally.election import Election, Progress


def outcome(contest: Contest, eid: bytes, ballots: list[Ballot], progress: Progress) -> dict[str, Any]:
    """The document that `outcomes/<contest>.json` must hold."""
    election = Election(contest, ballots)
    count = greedy.count(election) if contest.rule["name"] == "greedy" else equal_shares.count(election, progress)
    winners = [number for number, project in enumerate(count["projects"]) if project["won"]]
    return count | {
        "v": 1,
        "e": b64u(eid),
        "d": contest.id,
        "counts": counts(contest, ballots),
        "budget": contest.budget,
        "cost": sum(contest.costs[number] for number in winners),
        "winners": winners,
    }


def counts(contest: Contest, ballots: list[Ballot]) -> dict[str, int]:
    """How many ballots there are, how many are blank, how many break a limit."""
    return {
        "ballots": len(ballots),
        "blank": sum(not ballot for ballot in ballots),
        "over": sum(is_over(ballot, contest) for ballot in ballots),
    }
