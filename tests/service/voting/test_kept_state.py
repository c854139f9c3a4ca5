"""The state of a vote is kept by the process: it is what the record says, and nobody's attempt changes it."""

from uuid import UUID

import pytest

from pb_service.core.record import entries
from pb_service.core.record.canonical import b64u
from pb_service.core.sealing.election import Election, RecordError
from pb_service.features.opening.state import VoteState, own_state, state_of
from pb_service.features.record import service as record
from pb_service.features.rounds.finding import find_round
from tests.voting import OpenVote, cast


async def log_of(vote: OpenVote) -> UUID:
    async with vote.service.database.reading() as session:
        return (await find_round(session, vote.slug, whole=False)).log


def told(election: Election) -> tuple[int, *tuple[object, ...]]:
    """What follows from a state, as far as anybody asks."""
    rows = {contest: election.counting_rows(contest) for contest in election.progress}
    return election.size, rows, election.closed_at, dict(election.keys), election.messages, set(election.struck)


async def read_anew(vote: OpenVote) -> Election:
    """The state as somebody makes it who reads the whole record."""
    anew, log = VoteState(await log_of(vote)), await log_of(vote)
    async with vote.service.database.reading() as session:
        return await anew.take(session, await record.entries_from(session, log, 0))


async def test_what_is_kept_is_what_the_record_says(vote: OpenVote) -> None:
    """Also after it has gone on from what it was before; and it is read only where there is something new."""
    log = await log_of(vote)
    for ballot in ([0], [1], [0, 1]):
        await cast(vote, await vote.voter(), ballot)
        async with vote.service.database.reading() as session:
            first, second = await state_of(session, log), await state_of(session, log)
        assert first is second
        assert told(first.election) == told(await read_anew(vote))


async def test_who_adds_to_it_adds_for_themselves(vote: OpenVote) -> None:
    """What was appended in a transaction that came to nothing is known to nobody afterwards."""
    log, operator = await log_of(vote), vote.service.operator_key
    async with vote.service.database.reading() as session:
        before = told((await state_of(session, log)).election)
    with pytest.raises(RecordError):
        async with vote.service.database.transaction() as session:
            held = await state_of(session, log, hold=True)
            manifest = held.election.manifest
            assert manifest
            sha256 = await record.put_file(session, b"{}", kind="notice", at=vote.clock())
            notice = entries.signed_entry("notice", manifest.eid, {"f": b64u(sha256)}, {"op": operator})
            await held.append(session, notice)
            assert held.election.size == before[0] + 1
            await held.append(session, entries.close_entry(manifest.eid, 0, 0, {"op": operator}))
    async with vote.service.database.reading() as session:
        assert told((await state_of(session, log)).election) == before
        assert told((await own_state(session, log)).election) == before
