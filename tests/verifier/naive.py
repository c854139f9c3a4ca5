"""Outcomes counted in the most literal way: docs/schemas/bundle.md sections 7 and 8, voter by voter, in fractions."""

from fractions import Fraction
from typing import Any

Json = dict[str, Any]


def outcome(contest: Json, unit: int, eid: str, ballots: list[Any]) -> Json:
    """The outcome document of a contest of the manifest."""
    pairs = contest["fmt"] in ("points", "scores")
    named = [[pair[0] for pair in ballot] if pairs else ballot for ballot in ballots]
    costs = [cost for _, cost in contest["pro"]]
    votes = [sum(project in ballot for ballot in named) for project in range(len(costs))]
    rule = contest["rule"]
    if rule["name"] == "greedy":
        found = _greedy(contest, votes, [_score(rule["by"], p, ballots) for p in range(len(costs))])
    else:
        found = _equal_shares(contest, unit, named, votes)
    winners = [p for p, project in enumerate(found["projects"]) if project["won"]]
    return {
        "v": 1,
        "e": eid,
        "d": contest["id"],
        "counts": {
            "ballots": len(ballots),
            "blank": ballots.count([]),
            "over": sum(_over(contest, ballot, names) for ballot, names in zip(ballots, named, strict=True)),
        },
        "budget": contest["budget"],
        "cost": sum(costs[p] for p in winners),
        "winners": winners,
    } | found


def _score(by: str, project: int, ballots: list[Any]) -> int:
    if by == "votes":
        return sum(project in ballot or project in [p[0] for p in ballot if isinstance(p, list)] for ballot in ballots)
    if by == "points":
        return sum(value for ballot in ballots for number, value in ballot if number == project)
    return sum(len(ballot) - 1 - ballot.index(project) for ballot in ballots if project in ballot)


def _over(contest: Json, ballot: list[Any], names: list[int]) -> bool:
    limits = contest["limits"]
    if not ballot:
        return not limits.get("blank", False)
    cost = [contest["pro"][p][1] for p in names]
    held = [
        limits.get("kmin", 0) <= len(names) <= limits.get("k", 10**9),
        limits.get("costmin", 0) <= sum(cost) <= limits.get("cost", 10**18),
    ]
    if contest["fmt"] in ("points", "scores"):
        values = [value for _, value in ballot]
        held.append(limits.get("summin", -(10**9)) <= sum(values) <= limits.get("sum", 10**9))
        held += [limits.get("eachmin", -(10**9)) <= value <= limits.get("each", 10**9) for value in values]
        held += [limits.get("smin", -(10**9)) <= value <= limits.get("smax", 10**9) for value in values]
    for category in limits.get("cats", []):
        inside = [p for p in names if p in category["i"]]
        held.append(len(inside) <= category.get("k", 10**9))
        held.append(sum(contest["pro"][p][1] for p in inside) <= category.get("cost", 10**18))
    return not all(held)


def _key(contest: Json, votes: list[int], project: int, criteria: list[str]) -> list[Any]:
    name, cost = contest["pro"][project]
    return [{"cost": cost, "cost_desc": -cost, "votes": -votes[project], "id": name}[c] for c in criteria]


def _tie(contest: Json, votes: list[int], projects: list[int], **at: int) -> Json:
    ties = contest["rule"]["ties"]
    for length in range(1, len(ties) + 1):
        keys = [_key(contest, votes, p, ties[:length]) for p in projects]
        if all(keys.count(key) == 1 for key in keys):
            break
    return {"order": projects, "by": ties[:length]} | at


def _turns(ordered: list[int], costs: list[int], left: int, skip: bool) -> list[Json]:
    turns = []
    for project in ordered:
        turns.append({"i": project, "left": left, "ok": costs[project] <= left})
        if turns[-1]["ok"]:
            left -= costs[project]
        elif not skip:
            return turns
    return turns


def _shared(contest: Json, votes: list[int], ordered: list[int], scores: list[int]) -> list[Json]:
    ties = []
    for score in sorted({scores[p] for p in ordered}, reverse=True):
        projects = [p for p in ordered if scores[p] == score]
        if len(projects) > 1:
            ties.append(_tie(contest, votes, projects, score=score))
    return ties


def _greedy(contest: Json, votes: list[int], scores: list[int]) -> Json:
    rule, costs = contest["rule"], [cost for _, cost in contest["pro"]]
    within = [p for p in range(len(costs)) if "threshold" not in rule or scores[p] >= rule["threshold"]]
    ordered = sorted(within, key=lambda p: (-scores[p], _key(contest, votes, p, rule["ties"])))
    steps = _turns(ordered, costs, contest["budget"], rule["skip"])
    projects = []
    for p in range(len(costs)):
        turn = next((step for step in steps if step["i"] == p), None)
        if p not in within:
            why: Json = {"c": "below_threshold", "threshold": rule["threshold"]}
        elif turn is None:
            why = {"c": "stopped", "rank": ordered.index(p) + 1, "by": steps[-1]["i"]}
        else:
            reason = "chosen" if turn["ok"] else "too_dear"
            why = {"c": reason, "rank": ordered.index(p) + 1, "left": turn["left"]}
        won = turn is not None and turn["ok"]
        projects.append({"votes": votes[p], "score": scores[p], "won": won, "why": why})
    return {"projects": projects, "steps": steps, "ties": _shared(contest, votes, ordered, scores)}


def _rho(money: list[Fraction], cost: int, utility: int) -> Fraction | None:
    """Least rho with sum of min(money, rho x utility) = cost, tried at each number of voters who give all they have."""
    if sum(money) < cost:
        return None
    ordered = sorted(money)
    for poor in range(len(ordered)):
        cap = (cost - sum(ordered[:poor], Fraction(0))) / (len(ordered) - poor)
        if cap <= ordered[poor]:
            return cap / utility
    raise AssertionError


def _run(contest: Json, named: list[Any], votes: list[int], endowment: Fraction) -> tuple[list[Any], list[Fraction]]:
    money = [endowment] * len(named)
    rounds: list[Any] = []
    while True:
        prices = {}
        for p, (_, cost) in enumerate(contest["pro"]):
            supporters = [v for v, ballot in enumerate(named) if p in ballot]
            if supporters and p not in [bought for bought, _, _ in rounds]:
                worth = cost if contest["rule"]["utility"] == "cost" else 1
                prices[p] = (_rho([money[v] for v in supporters], cost, worth), worth, supporters)
        known = [rho for rho, _, _ in prices.values() if rho is not None]
        if not known:
            return rounds, money
        tied = [p for p, (rho, _, _) in prices.items() if rho == min(known)]
        tied.sort(key=lambda p: _key(contest, votes, p, contest["rule"]["ties"]))
        rho, worth, supporters = prices[tied[0]]
        assert rho is not None
        for v in supporters:
            money[v] -= min(money[v], rho * worth)
        rounds.append((tied[0], rho, tied))


def _equal_shares(contest: Json, unit: int, named: list[Any], votes: list[int]) -> Json:
    rule, budget, pro = contest["rule"], contest["budget"], contest["pro"]
    endowment = Fraction(budget, len(named)) if named else Fraction(0)
    rounds, money = _run(contest, named, votes, endowment)
    increments, stop = 0, "fixed"
    if rule["completion"] == "add_one" and named:
        start = endowment if rule["start"] == "exact" else Fraction(endowment // unit * unit)
        tried = [_run(contest, named, votes, start)]
        while True:
            funded = {p for p, _, _ in tried[-1][0]}
            cost = sum(pro[p][1] for p in funded)
            rest = [p for p in range(len(pro)) if p not in funded and (votes[p] or rule["stop"] == "exhaustive_all")]
            if cost > budget:
                stop = "overspend"
                tried.pop()
                break
            if rule["stop"] != "overspend" and not any(pro[p][1] <= budget - cost for p in rest):
                stop = "exhaustive"
                break
            if all(p in funded for p in range(len(pro)) if votes[p]):
                stop = "all"
                break
            tried.append(_run(contest, named, votes, start + len(tried) * rule["step"]))
        increments = len(tried) - 1
        rounds, money = tried[-1]
        endowment = start + increments * rule["step"]
    steps, ties, why, left = [], [], {}, budget
    for number, (p, rho, tied) in enumerate(rounds, 1):
        left -= pro[p][1]
        steps.append({"i": p, "price": str(rho), "supporters": votes[p], "left": left})
        why[p] = {"c": "bought", "round": number, "price": str(rho)}
        if len(tied) > 1:
            ties.append(_tie(contest, votes, tied, round=number))
    for p in range(len(pro)):
        if p not in why:
            held = sum((money[v] for v, ballot in enumerate(named) if p in ballot), Fraction(0))
            why[p] = {"c": "short", "money": str(held)} if votes[p] else {"c": "unsupported"}
    found: Json = {"endowment": str(endowment), "increments": increments, "stop": stop, "steps": steps, "ties": ties}
    won = {p for p, _, _ in rounds}
    if "then" in rule:
        rest = [p for p in range(len(pro)) if p not in won]
        rest.sort(key=lambda p: (-votes[p], _key(contest, votes, p, rule["ties"])))
        found["then"] = _turns(rest, [cost for _, cost in pro], left, skip=True)
        for rank, turn in enumerate(found["then"], 1):
            why[turn["i"]] = ({"c": "added"} if turn["ok"] else why[turn["i"]]) | {"rank": rank, "left": turn["left"]}
            won |= {turn["i"]} if turn["ok"] else set()
        ties += _shared(contest, votes, rest, votes)
    found["projects"] = [{"votes": n, "score": n, "won": p in won, "why": why[p]} for p, n in enumerate(votes)]
    return found
