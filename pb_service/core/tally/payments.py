"""Who paid how much in which round of Equal Shares, worked out again from the published prices.

A purchase says its price alone. From the endowment on, every voter's money follows: each supporter pays the price for
each unit of her utility, or all that she has left. Everything is summed exactly and rounded once, at the end, to minor
units of money.
"""

from fractions import Fraction
from typing import Final, TypedDict, cast

from gmpy2 import mpq  # type: ignore[import-untyped]  # gmpy2 ships no types

from pb_service.core.rounds.documents import Purchase
from pb_service.core.tally.instance import Instance
from pb_service.core.tally.outcome import Outcome

#: So many purchases of a loser's supporters are named, those that took most of their money.
_MOST_NAMED: Final = 6


class Paid(TypedDict):
    """A round: project ``i``; ``full`` supporters paid the full price, ``rest`` gave what they had left: ``gave``."""

    i: int
    full: int
    rest: int
    gave: int


class Purse(TypedDict):
    """What the supporters of a project that lost had together at the ``start``, and have ``left``.

    ``spent``: pairs [project, what they paid for it], the largest first.
    """

    i: int
    start: int
    spent: list[tuple[int, int]]
    left: int


class Payments(TypedDict):
    rounds: list[Paid]
    purses: list[Purse]


def payments(instance: Instance, outcome: Outcome) -> Payments | None:
    """Return who paid what; None for an outcome that was not reached by payments."""
    rule = outcome.counted
    if rule["name"] != "equal_shares" or outcome.endowment is None:
        return None
    groups = list(instance.support(rule["utility"]).items())
    supporters: list[list[tuple[int, int]]] = [[] for _ in instance.projects]
    for group, (pairs, _) in enumerate(groups):
        for number, value in pairs:
            supporters[number].append((group, value))
    voters = [count for _, count in groups]
    endowment = mpq(outcome.endowment)
    money = [endowment] * len(groups)
    losers = [number for number, project in enumerate(outcome.projects) if not project["won"] and supporters[number]]
    wants: list[list[int]] = [[] for _ in groups]
    for number in losers:
        for group, _ in supporters[number]:
            wants[group].append(number)
    spent: dict[int, dict[int, mpq]] = {number: {} for number in losers}
    rounds: list[Paid] = []
    for step in cast(tuple[Purchase, ...], outcome.steps):
        bought = step["i"]
        price = mpq(step["price"]) * (instance.projects[bought].cost if rule["utility"] == "cost" else 1)
        paid = Paid(i=bought, full=0, rest=0, gave=0)
        gave = mpq(0)
        for group, value in supporters[bought]:
            asked = price * value
            given = min(money[group], asked)
            if given == asked:
                paid["full"] += voters[group]
            elif given:
                paid["rest"] += voters[group]
                gave += given * voters[group]
            if not given:
                continue
            money[group] -= given
            for number in wants[group]:
                spent[number][bought] = spent[number].get(bought, mpq(0)) + given * voters[group]
        paid["gave"] = _rounded(gave)
        rounds.append(paid)

    def purse(number: int) -> Purse:
        largest = sorted(spent[number].items(), key=lambda item: (-item[1], item[0]))
        together = sum(voters[group] for group, _ in supporters[number])
        return Purse(
            i=number,
            start=_rounded(endowment * together),
            spent=[(bought, _rounded(amount)) for bought, amount in largest[:_MOST_NAMED]],
            left=_rounded(sum((money[group] * voters[group] for group, _ in supporters[number]), mpq(0))),
        )

    return Payments(rounds=rounds, purses=[purse(number) for number in losers])


def _rounded(amount: mpq) -> int:
    """Minor units, halves to the even one."""
    return round(Fraction(int(amount.numerator), int(amount.denominator)))
