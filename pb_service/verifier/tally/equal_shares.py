"""The rule `equal_shares`: its completions, and what the outcome says of them. One run of it is in `market.py`."""

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from pb_service.verifier.tally.election import Election, Progress, Why
from pb_service.verifier.tally.greedy import by_score, turns
from pb_service.verifier.tally.market import Market, Run
from pb_service.verifier.tally.phragmen import Loads


@dataclass(frozen=True)
class Result:
    """The run that decides, and how it was reached."""

    run: Run
    increments: int
    stop: str


@dataclass(frozen=True)
class Raising:
    """The endowments of a completion: `start`, each further one by `step`; how the rule lets it stop."""

    start: Fraction
    step: Fraction
    stop: str

    def endowment(self, increments: int) -> Fraction:
        """What every ballot has after so many increments."""
        return self.start + increments * self.step


def count(election: Election, progress: Progress) -> dict[str, Any]:
    """`won`, `why` and `scores` by project, `steps`, `ties`, `endowment`, `increments`, `stop`, `after` and `then`."""
    rule = election.rule
    market = Market(election, rule["utility"])
    result = complete(market, progress)
    run, left = result.run, election.budget
    why: dict[int, Why] = {}
    steps, ties = [], []
    for number, bought in enumerate(run.rounds, 1):
        left -= election.costs[bought.project]
        price = str(bought.price)
        steps.append({"i": bought.project, "price": price, "supporters": market.number(bought.project), "left": left})
        why[bought.project] = {"c": "bought", "round": number, "price": price}
        if len(bought.tied) > 1:
            ties.append(election.tie(bought.tied, round=number))
    document: dict[str, Any] = {
        "endowment": str(run.endowment),
        "increments": result.increments,
        "stop": result.stop,
        "steps": steps,
    }
    won = set(run.funded)
    if rule["completion"] == "phragmen":
        rounds = _loads(market, run, left)
        won, left = rounds.funded, rounds.left
        why |= rounds.why
        document["after"] = rounds.steps
        ties += rounds.ties(len(steps))
    why |= {project: _lost(market, run, project, won) for project in election.candidates if project not in won}
    scores = election.scores(rule["utility"] if rule["utility"] in ("points", "borda") else "votes")
    if "then" in rule:
        ordered = by_score(election, (project for project in election.candidates if project not in won), scores)
        document["then"], _ = turns(election, ordered, left, frozenset(won), skip=True)
        won |= {turn["i"] for turn in document["then"] if turn["ok"]}
        for rank, turn in enumerate(document["then"], 1):
            bar = election.bar(turn["i"], won)
            reason: Why = {"c": "added"} if turn["ok"] else bar or why[turn["i"]]
            why[turn["i"]] = reason | (
                {"rank": rank} if bar and not turn["ok"] else {"rank": rank, "left": turn["left"]}
            )
        ties += [election.tie(tied, score=score) for score, tied in election.shared(ordered, scores.__getitem__)]
    return document | {"won": won, "why": why, "scores": scores, "ties": ties}


def complete(market: Market, progress: Progress) -> Result:
    """Raises the endowment step by step until the rule says stop."""
    election = market.election
    if election.rule["completion"] in ("none", "phragmen") or not election.size:
        return Result(market.run(share(election)), 0, "fixed")
    raising = _raising(election)
    # Projects that could still be wanted: the test for a full budget, and the end when all of them are bought.
    supported = {project for project in election.candidates if market.supporters[project]}
    watched = set(election.candidates) if raising.stop == "exhaustive_all" else supported
    increments, stride = 0, 1
    while True:
        run = market.run(raising.endowment(increments))
        if run.cost > election.budget:
            if not increments:
                raise ArithmeticError("a run at B/n cannot cost more than B")
            return Result(market.run(raising.endowment(increments - 1)), increments - 1, "overspend")
        wanted = {p for p in watched - run.funded if not election.bar(p, run.funded)}
        if raising.stop != "overspend" and not any(election.costs[p] <= election.budget - run.cost for p in wanted):
            return Result(run, increments, "exhaustive")
        if not wanted & supported:
            return Result(run, increments, "all")
        # Steps at which the same projects are bought stop no more than this one did, and need no run of their own.
        while stride and not market.is_settled(run, raising.endowment(increments + stride)):
            stride //= 4
        increments += stride + 1
        stride = 2 * stride or 1
        progress(election.contest.id, increments)


def share(election: Election) -> Fraction:
    """An equal share of the budget."""
    return Fraction(election.budget, election.size) if election.size else Fraction(0)


def _raising(election: Election) -> Raising:
    rule, start = election.rule, share(election)
    if rule["completion"] == "percent":
        return Raising(start, start * Fraction(rule["percent"], 100), "exhaustive_all")
    unit = election.contest.unit
    first = start if rule["start"] == "exact" else Fraction(start // unit * unit)
    return Raising(first, Fraction(rule["step"]), rule["stop"])


def _loads(market: Market, run: Run, left: int) -> Loads:
    """The rounds of Phragmen after a run, in which ballots carry what they have paid."""
    election = market.election
    given = run.endowment * run.scale
    loads = [int(given) - money for money in run.money]
    rounds = Loads(
        election,
        sizes=market.sizes,
        supporters=market.supporters,
        loads=loads,
        scale=run.scale,
        funded=run.funded,
        left=left,
    )
    rounds.run((p for p in election.candidates if p not in run.funded), unsupported=False)
    return rounds


def _lost(market: Market, run: Run, project: int, won: set[int]) -> Why:
    if bar := market.election.bar(project, won):
        return bar
    if market.supporters[project]:
        return {"c": "short", "money": str(market.money_left(run, project))}
    return {"c": "unsupported"}
