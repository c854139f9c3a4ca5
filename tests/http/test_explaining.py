"""The job that works out what the result pages need beyond the outcome."""

from dataclasses import replace
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import delete, select, update

from pb_service.app import create_app
from pb_service.cli.counting import count_round
from pb_service.features.opendata.imports import import_round, plan_import
from pb_service.features.results.districts import by_district
from pb_service.features.results.jobs import explain_results, turnout
from pb_service.features.results.service import keep_answer, open_questions
from pb_service.features.results.tables import ContestExplanation
from pb_service.features.rounds.finding import find_round
from pb_service.service import Service
from tests.builders import import_options, pabulib_file
from tests.conftest import FakeClock
from tests.http.conftest import running


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


@pytest.mark.usefixtures("client")
async def test_a_rehearsal_erased_meanwhile_needs_no_explanation(service: Service) -> None:
    """Nor a turnout: a job that comes too late is done, and no failure that people are called for."""
    await explain_results(service, {"slug": "erased"})
    await turnout(service, {"slug": "erased"})
    async with service.database.transaction() as session:
        await session.execute(delete(ContestExplanation))
        question = (await open_questions(session, "spring"))[0]
        await keep_answer(session, replace(question, contest_id=uuid4()), question.answer())
        assert (await session.scalars(select(ContestExplanation))).all() == []


async def test_the_round_before_is_the_last_with_one_of_the_districts(service: Service, clock: FakeClock) -> None:
    """An archive of other districts is not taken for it, nor a round that is not counted."""
    later = {"date_begin": "01.09.2025", "date_end": "30.09.2025"}
    between = {"date_begin": "01.05.2025", "date_end": "31.05.2025"}
    files = {
        "elsewhere": pabulib_file("Far away", **between),
        "open": pabulib_file("North", **between),
        "next": pabulib_file("North", **later),
    }
    for slug, file in files.items():
        async with service.database.transaction() as session:
            plan = plan_import([file], import_options(slug))
            await import_round(session, plan, origin_host="example.org", now=clock())
        if slug != "open":
            await count_round(service, slug, say=lambda _: None)
    async with service.database.reading() as session:
        [line], previous = await by_district(session, await find_round(session, "next"))
        _, none = await by_district(session, await find_round(session, "elsewhere"))
    assert previous is not None
    assert (previous.slug, previous.is_same_money, none) == ("spring", True, None)
    assert line.before == line.now
    assert (line.now.chosen, line.now.projects) == (2, 3)


async def test_a_round_under_any_rule_has_its_pages(service: Service) -> None:
    for slug, rule in (("loads", "phragmen"), ("dense", "greedy_density")):
        async with service.database.transaction() as session:
            plan = plan_import([pabulib_file("North")], import_options(slug, rule=rule))
            await import_round(session, plan, origin_host="example.org", now=service.clock())
        await count_round(service, slug, say=lambda _: None)
    app = create_app(service)
    transport = httpx.ASGITransport(app=app)
    async with running(app), httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        for slug in ("loads", "dense"):
            for path in ("", "/north", "/north/count", "/north/projects/0", "/report"):
                assert (await client.get(f"/fi/rounds/{slug}{path}")).status_code == 200, path
