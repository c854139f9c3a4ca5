"""An open vote that asks for a declaration: made once by its page, needed for a standing, never more than counted."""

import pytest
from sqlalchemy import select

from pb_service.core.rounds.setup import EligibilityStep, School
from pb_service.features.roll import repository
from pb_service.features.roll.standing import standings
from pb_service.features.roll.tables import RollDeclaration
from pb_service.features.rounds.finding import find_round
from tests.rolls import opened
from tests.staff import Desk, Member
from tests.voting import OpenVote

PAGE = "rounds/spring/declare"


@pytest.fixture
def rule() -> EligibilityStep:
    return EligibilityStep(
        min_age=12,
        age_on="2026-12-31",
        grounds=("residence", "school"),
        postal_codes="02100-02380, 02600",
        schools=(School("Rantakoulu"),),
        declaration=True,
    )


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({}, "Tick that this is true"),
        ({"true": "yes", "ground": "residence", "born": "", "postal_code": "02100"}, "Fill this in"),
        ({"true": "yes", "ground": "residence", "born": "1.1.2020", "postal_code": "02100"}, "too young"),
        ({"true": "yes", "ground": "residence", "born": "1.1.1980", "postal_code": "00100"}, "do not vote"),
        ({"true": "yes", "ground": "school", "born": "1.1.2010", "school": "Muu"}, "Fill this in"),
        ({"true": "yes", "ground": "anyone", "born": "1.1.1980"}, "Choose one of these"),
    ],
)
async def test_who_does_not_meet_the_rule_gets_no_standing(
    desk: Desk, vote: OpenVote, said: dict[str, str], told: str
) -> None:
    voter = await vote.voter()
    assert voter.account_id
    await desk.enter(Member(voter.account_id, "", ""))
    refused = await desk.post(PAGE, on=PAGE, **said)
    assert refused.status_code == 422
    assert told.lower() in refused.text.lower()
    async with vote.service.database.reading() as session:
        assert not await standings(session, await find_round(session, "spring"), voter, keys=vote.service.keys)


async def test_a_declaration_gives_a_standing_and_is_not_kept_as_typed(desk: Desk, vote: OpenVote) -> None:
    """The review leads to the declaration first; afterwards to the ballot, and one ground is all that stays."""
    await opened(vote)
    voter = await vote.voter()
    assert voter.account_id
    await desk.enter(Member(voter.account_id, "", ""))
    sent = await desk.get("rounds/spring/vote/review?contest=pohjoinen")
    assert sent.headers["location"] == f"/en/{PAGE}"
    said = {"true": "yes", "ground": "residence", "born": "1.1.1980", "postal_code": "02600"}
    assert (await desk.post(PAGE, on=PAGE, **said)).headers["location"].startswith("/en/rounds/spring/vote")
    assert (await desk.get("rounds/spring/vote/review?contest=pohjoinen")).status_code == 200
    async with vote.service.database.reading() as session:
        found = await find_round(session, "spring")
        [standing] = await standings(session, found, voter, keys=vote.service.keys)
        [row] = (await session.execute(select(RollDeclaration.__table__))).all()
        assert await repository.declarations(session, found.id) == {"residence": 1}
    assert standing.cls == "acct"
    assert not {"1980", "02600"} & set(map(str, row))
