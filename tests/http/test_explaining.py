"""The job that works out what the result pages need beyond the outcome."""

import httpx
from sqlalchemy import select, update

from pb_service.features.results.jobs import explain_results
from pb_service.features.results.service import open_questions
from pb_service.features.results.tables import ContestExplanation
from pb_service.service import Service


async def test_another_process_says_what_this_one_would_and_an_older_form_is_made_anew(
    service: Service, client: httpx.AsyncClient
) -> None:
    async with service.database.transaction() as session:
        assert await open_questions(session, "spring") == []
        before = {row.contest_id: row.explanation for row in await session.scalars(select(ContestExplanation))}
        old = {"v": 1, "needed": [], "ties": []}
        await session.execute(update(ContestExplanation).values(explanation=old))
    for path in ("north", "north/projects/2", "south", "south/count"):
        assert (await client.get(f"/en/rounds/spring/{path}")).status_code == 200, "an explanation of an older version"
    await explain_results(service, {"slug": "spring"})
    async with service.database.reading() as session:
        after = {row.contest_id: row.explanation for row in await session.scalars(select(ContestExplanation))}
    assert after == before
    assert all(row["v"] == 2 and row["fairness"]["own"] for row in after.values())
