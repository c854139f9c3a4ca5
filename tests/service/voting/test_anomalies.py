"""What deserves a look after a vote: bursts are flagged, ordinary voting is not, and traces go in the end."""

from datetime import UTC, datetime, timedelta

from pb_service.features.rounds.finding import find_round
from pb_service.features.voting import anomalies, jobs
from pb_service.features.voting.anomalies import Cast, flags
from tests.voting import OpenVote, close

BEGIN = datetime(2026, 9, 7, 10, tzinfo=UTC)


def casts(people: int, *, minutes: float, address: bytes | None = None, days: int = 30, first: int = 0) -> list[Cast]:
    """Envelopes of so many people, so many minutes apart."""
    return [
        Cast(first + n, (first + n).to_bytes(32, "big"), BEGIN + timedelta(minutes=minutes * n), address, days)
        for n in range(people)
    ]


def test_many_people_at_one_address_within_an_hour_are_flagged() -> None:
    """Ten are many; the same ones over ten hours are not, nor is one person who votes ten times."""
    [flag] = flags(casts(10, minutes=5, address=b"a" * 16))
    assert (flag.kind, flag.people, flag.begins, flag.places) == ("address", 10, BEGIN, tuple(range(10)))
    assert flags(casts(9, minutes=5, address=b"a" * 16)) == []
    assert flags(casts(10, minutes=60, address=b"a" * 16)) == []
    assert flags([each._replace(alias=b"x" * 32) for each in casts(20, minutes=1, address=b"a" * 16)]) == []


def test_many_accounts_of_the_same_day_are_flagged() -> None:
    [flag] = flags(casts(12, minutes=2, days=0))
    assert (flag.kind, flag.people, flag.young) == ("young", 12, 12)
    assert flags(casts(12, minutes=2, days=1)) == []


def test_a_minute_that_stands_out_is_flagged() -> None:
    """By the median minute of the vote: a busy vote has busy minutes."""
    usual = casts(100, minutes=1)
    [flag] = flags(sorted([*usual, *casts(40, minutes=0.01, first=500)], key=lambda cast: cast.at))
    assert (flag.kind, flag.begins) == ("minute", BEGIN)
    assert flags(usual) == []


async def test_addresses_are_kept_as_keyed_hashes_and_not_for_long(vote: OpenVote) -> None:
    """Twelve people at one address are seen to be at one; the address stands nowhere, and some days later not even
    that."""
    service, polling = vote.service, await vote.polling()
    for number in range(12):
        voter = await vote.voter()
        where = "192.0.2.7" if number else "192.0.2.8"
        await service.casting.cast(polling, voter, await vote.sealed(voter, [0]), address=where)
    async with service.database.reading() as session:
        kinds = {flag.kind: flag.people for flag in await anomalies.flags_of(session, polling.log_id)}
    assert kinds["address"] == 11
    await close(vote)
    vote.clock.advance(timedelta(days=service.settings.keep_addresses_days + 1))
    await jobs.tidy(service, {})
    async with service.database.reading() as session:
        found = await find_round(session, vote.slug, whole=False)
        assert not await anomalies.traces_left(session, found.log)
        assert [flag.kind for flag in await anomalies.flags_of(session, found.log)] == []
