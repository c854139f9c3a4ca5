"""Money is an integer of minor units everywhere; only its written form has a decimal point."""

from collections.abc import Sequence
from dataclasses import dataclass

from pb_service.core.rounds.setup import District, MoneyStep


def decimal_text(minor: int, unit: int) -> str:
    """Return an amount in currency units, as short as exact: 4000 of unit 100 is ``40``, 4050 is ``40.5``.

    ``unit`` is a power of ten, the minor units in one currency unit.
    """
    whole, rest = divmod(abs(minor), unit)
    decimals = str(rest).zfill(len(str(unit)) - 1).rstrip("0")
    return f"{'-' if minor < 0 else ''}{whole}" + (f".{decimals}" if decimals else "")


@dataclass(frozen=True)
class Share:
    """One part of a pot, with how it came about: ``floor`` whole steps, ``remainder`` of ``of`` left over, ``extra``
    whether it got one more step for that. ``amount`` is in minor units.
    """

    amount: int
    floor: int
    remainder: int
    of: int
    extra: bool


def shared(pot: int, weights: Sequence[int], quantum: int = 1) -> list[Share]:
    """Share a pot out by weights in steps of ``quantum`` minor units, by largest remainder; the parts add up exactly.

    Each part is first rounded down to whole steps. The steps that are left go one each to the parts of the largest
    remainder; of equal remainders the larger weight goes first, then the earlier place. What is less than one step
    goes to the part that would be served next, so nothing is lost. Raises ValueError for negative numbers, no weight
    at all, or a step below one minor unit.
    """
    total = sum(weights)
    if pot < 0 or quantum < 1 or total <= 0 or min(weights) < 0:
        raise ValueError("a pot and weights are not negative, some weight is positive, and a step is one unit at least")
    steps, odd = divmod(pot, quantum)
    parts = [divmod(steps * weight, total) for weight in weights]
    line = sorted(range(len(weights)), key=lambda place: (-parts[place][1], -weights[place], place))
    left = steps - sum(floor for floor, _ in parts)
    served = set(line[:left])
    last = line[left % len(line)]
    return [
        Share(
            amount=(floor + (place in served)) * quantum + (odd if place == last else 0),
            floor=floor,
            remainder=remainder,
            of=total,
            extra=place in served,
        )
        for place, (floor, remainder) in enumerate(parts)
    ]


def district_money(money: MoneyStep, districts: Sequence[District]) -> dict[str, int] | None:
    """Return the money of each district by key, in minor units, or None as long as it cannot be told.

    Typed amounts as they stand; or the total less the city-wide pot, shared by population.
    """
    if not districts:
        return {}
    if money.mode == "typed":
        if any(district.key not in money.amounts for district in districts):
            return None
        return {district.key: money.amounts[district.key] for district in districts}
    shares = population_shares(money, districts)
    if shares is None:
        return None
    return {district.key: share.amount for district, share in zip(districts, shares, strict=True)}


def population_shares(money: MoneyStep, districts: Sequence[District]) -> list[Share] | None:
    """Return how the money is shared by population, in the order of the districts, or None if it cannot be."""
    weights = [district.population for district in districts]
    known = [weight for weight in weights if weight is not None and weight >= 0]
    pot = money.total - money.city_wide
    if len(known) < len(weights) or not any(known) or pot < 0 or money.quantum < 1:
        return None
    return shared(pot, known, money.quantum)
