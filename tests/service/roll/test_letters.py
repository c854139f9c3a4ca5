"""Code letters: made for people of the roll until it is fixed, once for each, and nothing of a code stays."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import select, text

from pb_service.core.voting import codes
from pb_service.features.accounts.policy import Forbidden
from pb_service.features.roll import letters, repository
from pb_service.features.roll.address_lists import BadList, read_addresses
from pb_service.features.roll.errors import RollRefused
from pb_service.features.roll.letters import LettersRefused
from pb_service.features.roll.tables import RollRecord
from pb_service.features.rounds.finding import find_round
from pb_service.service import Service, open_service
from pb_service.settings import Settings
from tests.conftest import FakeClock
from tests.letters import ADDRESS, recipient, rolled_vote, written
from tests.rolls import code, listed, opened, signed, taken
from tests.voting import OpenVote


@pytest.fixture
async def service(settings: Settings, database_url: str, clock: FakeClock) -> AsyncIterator[Service]:
    async with open_service(settings, database_url, clock=clock) as opened_one:
        yield opened_one


@pytest.fixture
async def vote(service: Service, clock: FakeClock) -> OpenVote:
    return await rolled_vote(service, clock)


async def void(vote: OpenVote, number: int, why: str) -> None:
    async with vote.service.database.transaction() as session:
        found = await find_round(session, vote.slug, for_update=True, whole=False)
        await letters.void(session, vote.registrar.actor, found, number, why, now=vote.service.clock())


async def keys_of(vote: OpenVote) -> list[bytes]:
    async with vote.service.database.reading() as session:
        query = select(RollRecord.code_key).where(RollRecord.code_key.is_not(None))
        return [key for key in await session.scalars(query) if key]


async def opens(vote: OpenVote, typed: str) -> bool:
    """Whether a code gives a vote."""
    async with vote.service.database.reading() as session:
        found = await find_round(session, vote.slug, whole=False)
        keys = {g: codes.public_key_of(typed, f"example.org/pb/{vote.slug}", g) for g in ("pohjoinen", "etela", "city")}
        keys |= {"district": codes.public_key_of(typed, f"example.org/pb/{vote.slug}", "district")}
        return bool(await letters.aliases_of_keys(session, found.id, keys))


async def test_a_letter_gives_its_person_a_key_on_the_roll(vote: OpenVote) -> None:
    """And numbers go on from batch to batch."""
    first = await written(vote, [1, 2])
    second = await written(vote, [3])
    assert [one.number for one in first + second] == [1, 2, 3]
    assert all([await opens(vote, one.code) for one in first + second])
    assert len(await keys_of(vote)) == 3 * (len(await keys_of(vote)) // 3) > 0


async def test_nothing_of_a_code_or_an_address_is_kept(vote: OpenVote) -> None:
    """Not in any table of the stage, nor in the log of acts."""
    (made,) = await written(vote, [1])
    async with vote.service.database.reading() as session:
        for table in ("letter_batch", "code_letter", "code_key", "roll_record", "access_log", "record_entry"):
            dump = str((await session.execute(text(f"SELECT t::text FROM {table} t"))).all())  # noqa: S608 - names above
            wanted = (made.code, made.code.encode().hex(), ADDRESS[0], ADDRESS[1], code(1))
            assert not any(secret in dump for secret in wanted), table
        acts = (await session.execute(text("SELECT act, object FROM access_log WHERE act LIKE 'letter%'"))).all()
    assert [tuple(act) for act in acts] == [("letters.printed", "spring 1: 1")]
    assert made.code not in repr(made)


async def test_who_has_a_letter_gets_no_second_one_by_chance(vote: OpenVote) -> None:
    """The same list again reaches the others; when nobody is left it is refused."""
    await written(vote, [1, 2])
    assert [one.recipient.line for one in await written(vote, [1, 2, 3])] == [4]
    with pytest.raises(LettersRefused, match="nobody"):
        await written(vote, [1, 2, 3])


async def test_a_letter_made_anew_kills_the_old_code(vote: OpenVote) -> None:
    (old,) = await written(vote, [1])
    (new,) = await written(vote, [1], anew=True)
    assert (await opens(vote, old.code), await opens(vote, new.code)) == (False, True)


async def test_strangers_and_repeated_people_are_told_by_line(vote: OpenVote) -> None:
    """And no letter is made at all."""
    with pytest.raises(LettersRefused) as refused:
        await written(vote, [1, 77, 2, 1])
    assert [tuple(row) for row in refused.value.rows] == [(3, "stranger"), (5, "twice")]
    assert await keys_of(vote) == []


@pytest.mark.parametrize("why", ["returned", "lost", "stolen", "removed"])
async def test_a_void_letter_opens_nothing(vote: OpenVote, why: str) -> None:
    """Before the roll is fixed its key leaves the roll too; what came back by mail is counted."""
    (made,) = await written(vote, [1])
    await void(vote, made.number, why)
    assert not await opens(vote, made.code)
    assert await keys_of(vote) == []
    async with vote.service.database.reading() as session:
        found = await find_round(session, vote.slug, whole=False)
        assert await letters.counts(session, found) == (4, 0, 1, int(why == "returned"))
    with pytest.raises(LettersRefused, match="unknown"):
        await void(vote, 99, why)


async def test_letters_unfix_the_roll(vote: OpenVote) -> None:
    """Nobody signs for a roll without the codes that were made since."""
    await signed(vote)
    await written(vote, [1])
    async with vote.service.database.reading() as session:
        found = await find_round(session, vote.slug, whole=False)
        assert await repository.roots_of(session, found.id) == []


async def test_after_the_manifest_codes_can_die_and_none_is_born(vote: OpenVote) -> None:
    (made,) = await written(vote, [1])
    await signed(vote)
    await opened(vote)
    with pytest.raises(RollRefused, match="manifest"):
        await written(vote, [2])
    kept = await keys_of(vote)
    await void(vote, made.number, "stolen")
    assert not await opens(vote, made.code)
    assert await keys_of(vote) == kept


async def test_codes_survive_a_second_list(vote: OpenVote) -> None:
    """Who is on it still has the letter that was posted; who is not has none any more."""
    stays, leaves = await written(vote, [1, 4])
    await taken(vote.service, vote.registrar.actor, listed([1, 2, 5]))
    assert (await opens(vote, stays.code), await opens(vote, leaves.code)) == (True, False)


async def test_only_a_registrar_makes_letters(vote: OpenVote) -> None:
    async with vote.service.database.transaction() as session:
        found = await find_round(session, vote.slug)
        with pytest.raises(Forbidden):
            await letters.make(
                session, vote.manager, found, [recipient(1)], anew=False, keys=vote.service.keys, now=vote.clock()
            )


def test_address_lists_are_read_by_the_names_of_their_columns() -> None:
    """In three languages, in any order; a line without a language gets the one that was asked for."""
    head = "Nimi;Henkilötunnus;Postinumero;Katuosoite;Postitoimipaikka;Kieli"
    rows = ["Äijä Ö;1-2;02100;Katu 1;ESPOO;ruotsi", ";;;;;", "Bo Å;3-4;02110;Gata 2;ESBO;"]
    one, other = read_addresses("\n".join([head, *rows]).encode(), "en")
    assert (one.line, one.pid, one.address, one.language) == (2, "1-2", ("Äijä Ö", "Katu 1", "02100 ESPOO"), "sv")
    assert (other.line, other.language) == (4, "en")
    with pytest.raises(BadList, match="columns"):
        read_addresses(b"name,address\nA,B\n", "fi")
    with pytest.raises(BadList) as bad:
        read_addresses(b"id,name,address,postal code,place\n1,A,,02100,ESPOO\n", "fi")
    assert (bad.value.code, bad.value.line) == ("line", 2)
