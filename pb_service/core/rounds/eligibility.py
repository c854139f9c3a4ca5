"""Who may vote, decided from as little as possible: an age on a date and a ground, never a birth date kept."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Literal

from pb_service.core.rounds.places import postal_ranges
from pb_service.core.rounds.setup import EligibilityStep, Problem
from pb_service.core.rounds.validation import day

Ground = Literal["residence", "school", "anyone"]


@dataclass(frozen=True)
class AgeFacts:
    """What remains of a birth date for a round: whether the person is old, and young, enough on its date."""

    old_enough: bool
    young_enough: bool


def age_on(born: date, when: date) -> int:
    """Return the age in full years on a date. Who is born on 29 February turns a year older on 1 March."""
    return when.year - born.year - ((when.month, when.day) < (born.month, born.day))


def age_facts(rule: EligibilityStep, born: date) -> AgeFacts:
    """Reduce a birth date to what the rule needs; the date itself need not be kept."""
    when = day(rule.age_on)
    if when is None:
        return AgeFacts(True, True)
    age = age_on(born, when)
    return AgeFacts(
        old_enough=rule.min_age is None or age >= rule.min_age,
        young_enough=rule.max_age is None or age <= rule.max_age,
    )


def refusals(rule: EligibilityStep, age: AgeFacts | None, grounds: Collection[Ground]) -> list[Problem]:
    """Return why somebody may not vote; an empty list: they may. ``age`` is None when it is not known.

    ``grounds`` are those that were shown to hold; one that the rule names is enough.
    """
    found = []
    if rule.min_age is not None or rule.max_age is not None:
        if age is None:
            found.append(Problem("age", "age_unknown"))
        elif not age.old_enough:
            found.append(Problem("age", "too_young", {"least": rule.min_age or 0, "on": rule.age_on}))
        elif not age.young_enough:
            found.append(Problem("age", "too_old", {"most": rule.max_age or 0, "on": rule.age_on}))
    if "anyone" not in rule.grounds and not set(grounds) & set(rule.grounds):
        found.append(Problem("grounds", "no_ground"))
    return found


def in_postal_codes(rule: EligibilityStep, code: str) -> bool:
    """Whether a postal code is among those that the rule names; without any, every one is."""
    ranges = postal_ranges(rule.postal_codes)
    return not ranges or any(first <= code <= last for first, last in ranges)
