"""From a vote that was held to what is built: the checker of the vote takes the entries of a promise that changed."""

import asyncio
from datetime import date

from pb_service.core.implementation.orders import Close, GiveUp, Move
from pb_service.core.record.canonical import decode
from pb_service.features.implementation import reading
from pb_service.features.implementation import service as implementation
from pb_service.features.results import states
from pb_service.features.results.presentation import project_page
from pb_service.features.results.reading import contest_result
from pb_service.features.results.service import contest_documents
from pb_service.features.rounds.finding import find_round
from pb_service.service import Service
from pb_service.web.formats import Reader
from pb_service.web.locales import translations
from pb_service.web.render import render
from tests.conftest import FakeClock
from tests.implementation import NORTH, said
from tests.voting import OpenVote, cast, close, counted, open_vote, verified

_EN = translations("en")


async def confirm(vote: OpenVote) -> None:
    """Let a decision confirm the result: drafted by a manager, signed by a registrar and an auditor."""
    async with vote.service.database.transaction() as session:
        found = await find_round(session, vote.slug, for_update=True)
        await states.draft_confirmation(
            session, vote.manager, found, reference="KH 2027-1", decider="Board", decided_on=date(2026, 10, 5),
            now=vote.clock(),
        )  # fmt: skip
    for person, role in ((vote.registrar, "registrar"), (vote.auditor, "auditor")):
        async with vote.service.database.transaction() as session:
            found = await find_round(session, vote.slug, for_update=True)
            signed = person.sign(decode((await states.waiting(session, found)).statement))
            await states.sign(session, person.actor, found, role, **signed, now=vote.clock())  # type: ignore[arg-type]


async def test_checker_accepts_a_record_in_which_promises_changed(service: Service, clock: FakeClock) -> None:
    """One project is closed, one given up; the evidence of the vote still passes every check."""
    vote = await open_vote(service, clock)
    sequencing = asyncio.create_task(service.sequencer.run_forever(0.01))
    for choice in ([0], [0, 1]):
        await cast(vote, await vote.voter(), choice)
    await close(vote)
    await counted(vote)
    await confirm(vote)
    async with service.database.transaction() as session:
        found = await find_round(session, vote.slug, for_update=True, whole=False)
        board = await reading.board(session, found, clock())
        first, second, *_ = [one.key for one in board.projects if one.funded.contest == NORTH]
        closing = Close(happened=said(), learned=said(), develop=said())
        moving = Move(state="under_way")
        await implementation.act(session, vote.manager, found, first, moving, version=0, now=clock())
        await implementation.act(session, vote.manager, found, first, closing, version=1, now=clock())
        gaveup = GiveUp(reason=said(), decision="KH 2027-2")
        await implementation.act(session, vote.manager, found, second, gaveup, version=0, now=clock())
    await service.sequencer.settle(0.01)
    sequencing.cancel()
    await asyncio.gather(sequencing, return_exceptions=True)
    assert (await verified(vote))["verdict"] == "pass"
    async with service.database.reading() as session:
        view = contest_result(await contest_documents(session, vote.slug, NORTH))
    row = next(row for row in view.projects if row.project_id == first[1])
    page = render("results/project.html", locale="en", csrf="", **project_page(view, Reader("en", _EN), row))
    assert f"/en/rounds/{vote.slug}/implementation/{NORTH}/{first[1]}" in page
