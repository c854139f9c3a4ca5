"""What makes a count checkable without trusting the program that made it: its decisions in numbers to be added up.

A reader who has the ballots adds and compares these; nothing in them was rounded. They are derived from the outcome,
voter group by voter group in rationals, without the floats of the count. A price that does not pay its project exactly,
or that another project would have undercut, raises AssertionError: the count would be wrong.
"""

from collections.abc import Sequence
from typing import Any, cast

from gmpy2 import mpq  # type: ignore[import-untyped]  # gmpy2 ships no types

from pb_service.core.rounds.documents import EqualSharesRule, Utility
from pb_service.core.tally.constraints import Constraints
from pb_service.core.tally.instance import Instance
from pb_service.core.tally.knapsack import Item, by_worth
from pb_service.core.tally.outcome import Outcome


def certificate(instance: Instance, outcome: Outcome) -> dict[str, Any]:
    """Return how the outcome can be checked; money in minor units, projects by number, fractions as text.

    ``method`` names what is listed in ``rounds``:

    - ``order``: nothing but the scores and the steps is needed.
    - ``payments``: for each purchase the number of supporters who paid the full price times their utility, the sum of
      these utilities, and what all others, who gave the rest of their money, gave together. Full price x sum + rest =
      cost, and ``left`` of each project that lost is less than its cost.
    - ``loads``: for each round the sum of what its supporters carried before; (cost + sum) / supporters = load.
    - ``bound``: the welfare beside what the money could buy if parts of projects could be bought. Where the second,
      rounded down, is the first, that is the proof; otherwise the proof is the search.
    """
    rule = outcome.rule
    if outcome.endowment is not None:
        return {"method": "payments", "rounds": _payments(instance, cast(EqualSharesRule, rule), outcome)}
    match rule["name"]:
        case "phragmen":
            return {"method": "loads", "rounds": _loads(instance, outcome)}
        case "max_welfare":
            return {"method": "bound", **_bound(instance, outcome, rule["utility"])}
        case _:
            return {"method": "order"}


def _payments(instance: Instance, rule: EqualSharesRule, outcome: Outcome) -> list[dict[str, Any]]:
    voters = list(instance.support(rule["utility"]).items())
    costs = [project.cost for project in instance.projects]
    money = [mpq(str(outcome.endowment))] * len(voters)
    supporters = _supporters([dict(pairs) for pairs, _ in voters], len(costs))
    rounds: list[dict[str, Any]] = []
    for step in outcome.steps:
        project, price = step["i"], mpq(cast(Any, step)["price"])
        worth = costs[project] if rule["utility"] == "cost" else 1
        full = units = 0
        rest = mpq(0)
        for group, value in supporters[project]:
            count, asked = voters[group][1], price * value * worth
            if money[group] >= asked:
                full, units = full + count, units + count * value * worth
                money[group] -= asked
            else:
                rest += count * money[group]
                money[group] = mpq(0)
        if price * units + rest != costs[project]:
            raise AssertionError(f"The price of project {instance.projects[project].id!r} does not pay for it.")
        rounds.append({"i": project, "full": full, "utility": units, "rest": str(rest)})
    return rounds


def _loads(instance: Instance, outcome: Outcome) -> list[dict[str, Any]]:
    voters = list(instance.named.items())
    supporters = _supporters([dict.fromkeys(ballot, 1) for ballot, _ in voters], len(instance.projects))
    loads = [mpq(0)] * len(voters)
    rounds: list[dict[str, Any]] = []
    for step in outcome.steps:
        carried = sum((voters[group][1] * loads[group] for group, _ in supporters[step["i"]]), mpq(0))
        load = cast(Any, step).get("load")
        if load is not None:
            if (instance.projects[step["i"]].cost + carried) / cast(Any, step)["supporters"] != mpq(load):
                raise AssertionError(f"The load of project {instance.projects[step['i']].id!r} is not its supporters'.")
            for group, _ in supporters[step["i"]]:
                loads[group] = mpq(load)
        rounds.append({"i": step["i"], "carried": str(carried)})
    return rounds


def _bound(instance: Instance, outcome: Outcome, utility: Utility) -> dict[str, Any]:
    left = Constraints(instance, outcome.rule).budget
    bound = mpq(0)
    candidates = [n for n, project in enumerate(outcome.projects) if project["why"]["c"] in ("best", "not_best")]
    for item in by_worth([_item(instance, outcome, n, utility) for n in candidates]):
        money = min(left, item.cost)
        bound += mpq(item.value * money, item.cost)
        left -= money
    return {
        "welfare": outcome.welfare,
        "bound": str(bound),
        "proof": "bound" if int(bound) == outcome.welfare else "search",
    }


def _item(instance: Instance, outcome: Outcome, number: int, utility: Utility) -> Item:
    cost, score = instance.projects[number].cost, outcome.projects[number]["score"]
    return Item(number, cost, score * (cost if utility == "cost" else 1))


def _supporters(voters: Sequence[dict[int, int]], projects: int) -> list[list[tuple[int, int]]]:
    """For each project its groups, each with the value that it gives."""
    supporters: list[list[tuple[int, int]]] = [[] for _ in range(projects)]
    for group, values in enumerate(voters):
        for project, value in values.items():
            supporters[project].append((group, value))
    return supporters
