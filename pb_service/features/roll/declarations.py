"""Where no roll says who may vote: people declare it, and what they type is held against the rule and forgotten.

That somebody lied cannot be seen here. So results call such groups open and count their aliases, and pages say that
this is a weaker check than a roll.
"""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.core.rounds.eligibility import Ground, age_facts, in_postal_codes, refusals
from pb_service.core.rounds.places import normal_code
from pb_service.core.rounds.setup import EligibilityStep, Problem
from pb_service.features.accounts.policy import Actor, SignInNeeded
from pb_service.features.roll import repository
from pb_service.features.roll.errors import RollRefused
from pb_service.features.rounds.setups import setup_of
from pb_service.features.rounds.tables import Round


@dataclass(frozen=True)
class Declared:
    """What somebody says of herself: the day of birth if the rule has an age, one ground, and what goes with it."""

    ground: Ground
    born: date | None = None
    postal_code: str = ""
    school: str = ""


async def declare(session: AsyncSession, actor: Actor, found: Round, said: Declared, *, now: datetime) -> list[Problem]:
    """Take a declaration and return why it is not enough; with an empty list it stands, once and for all.

    Raises RollRefused, SignInNeeded.
    """
    if actor.account_id is None:
        raise SignInNeeded("Sign in first.")
    rule = (await setup_of(session, found)).eligibility
    if not rule.declaration or found.imported:
        raise RollRefused("open", "Nobody is asked to declare anything in this round.")
    if found.phase in {"counting", "results", "implementation", "archived"}:
        raise RollRefused("phase", "The vote is over.")
    problems = problems_of(rule, said)
    if not problems:
        await repository.declare(session, found.id, actor.account_id, said.ground, now)
    return problems


def problems_of(rule: EligibilityStep, said: Declared) -> list[Problem]:
    """Return why somebody may not vote by what she says of herself; an empty list: she may."""
    found = refusals(rule, age_facts(rule, said.born) if said.born else None, [said.ground])
    if said.ground not in rule.grounds:
        return found or [Problem("grounds", "no_ground")]
    if said.ground == "residence" and rule.postal_codes:
        code = normal_code(said.postal_code)
        if not code:
            found.append(Problem("postal_code", "required"))
        elif not in_postal_codes(rule, code):
            found.append(Problem("postal_code", "outside"))
    if said.ground == "school" and said.school not in {school.name for school in rule.schools}:
        found.append(Problem("school", "required"))
    return found
