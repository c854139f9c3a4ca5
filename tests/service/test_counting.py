"""From an imported round to a published result: what may happen when, and what each act leaves in the record."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from pb_service.cli.counting import count_round
from pb_service.core.record import canonical, checkpoint, entries
from pb_service.core.record.signatures import public_bytes
from pb_service.core.rounds.phases import PhaseError
from pb_service.features.counting.service import close, count
from pb_service.features.opendata.imports import import_round, plan_import
from pb_service.features.record import service as record
from pb_service.features.results.service import contest_documents
from pb_service.features.rounds.errors import RoundNotFound
from pb_service.features.rounds.service import find_round, published_round
from pb_service.service import Service
from tests.builders import import_options, pabulib_file
from tests.conftest import FakeClock
from tests.service.conftest import freeze_spring


@pytest.fixture
async def imported(service: Service) -> Service:
    """A service with one imported round of two districts, spring."""
    planned = plan_import([pabulib_file("North"), pabulib_file("South", budget="110")], import_options())
    async with service.database.transaction() as session:
        await import_round(session, planned, origin_host="example.org", now=service.clock())
    return service


async def close_spring(service: Service) -> None:
    async with service.database.transaction() as session:
        await close(session, "spring", operator=service.operator_key, now=service.clock())


async def entries_of(service: Service) -> list[dict[str, Any]]:
    async with service.database.reading() as session:
        bodies = await record.entries(session, (await find_round(session, "spring")).log)
    return [canonical.decode(body) for body in bodies]


async def test_a_round_goes_through_its_phases_to_a_preliminary_result(imported: Service) -> None:
    await count_round(imported, "spring", say=lambda _: None)
    kinds = [entry["k"] for entry in await entries_of(imported)]
    assert kinds[3:] == ["manifest", "close", "result", "result"]
    async with imported.database.reading() as session:
        documents = await contest_documents(session, "spring", "north")
    assert documents.outcome["winners"] == [0, 2]
    assert documents.official == [0, 2]


async def test_the_whole_record_keeps_to_the_rules_of_order_and_signature(imported: Service) -> None:
    await count_round(imported, "spring", say=lambda _: None)
    async with imported.database.reading() as session:
        log_id = (await find_round(session, "spring")).log
        parsed = [entries.parse(body) for body in await record.entries(session, log_id)]
    assert entries.check_sequence(parsed, {"north", "south"}).results == {"north", "south"}
    eid = canonical.unb64u(parsed[3].fields["e"])
    for entry in parsed:
        entries.check_signed(entry, eid, public_bytes(imported.operator_key))


async def test_everything_counted_is_in_a_published_checkpoint(imported: Service) -> None:
    await count_round(imported, "spring", say=lambda _: None)
    published = imported.tiles.read("spring", "checkpoint")
    assert published is not None
    assert checkpoint.parse(published).size == len(await entries_of(imported)) == 7


async def test_a_round_being_set_up_is_not_published(imported: Service) -> None:
    async with imported.database.reading() as session:
        with pytest.raises(RoundNotFound):
            await published_round(session, "spring")


async def test_counting_twice_changes_nothing(imported: Service) -> None:
    await count_round(imported, "spring", say=lambda _: None)
    before = await entries_of(imported)
    await count_round(imported, "spring", say=lambda _: None)
    assert await entries_of(imported) == before


async def test_a_frozen_round_cannot_be_frozen_again(imported: Service) -> None:
    await freeze_spring(imported)
    with pytest.raises(PhaseError, match="phase voting"):
        await freeze_spring(imported)


async def test_nothing_is_counted_before_the_close(imported: Service) -> None:
    await freeze_spring(imported)
    with pytest.raises(PhaseError, match="needs phase counting"):
        async with imported.database.transaction() as session:
            await count(session, "spring", operator=imported.operator_key, now=imported.clock())


async def test_a_vote_is_not_closed_before_its_time(imported: Service, clock: FakeClock) -> None:
    await freeze_spring(imported)
    clock.now = datetime(2025, 3, 31, 23, 59, 58, tzinfo=UTC)
    with pytest.raises(PhaseError, match="open until"):
        await close_spring(imported)
    clock.advance(timedelta(seconds=1))
    await close_spring(imported)


async def test_a_count_that_fails_half_way_leaves_nothing_behind(imported: Service) -> None:
    """The second district's count fails: the first one's result is not in the record either."""
    await freeze_spring(imported)
    await close_spring(imported)

    def fail_at_south(title: str) -> None:
        if title == "South":
            raise RuntimeError("the power went")

    with pytest.raises(RuntimeError):
        async with imported.database.transaction() as session:
            await count(session, "spring", operator=imported.operator_key, now=imported.clock(), progress=fail_at_south)
    await imported.sequencer.settle()
    assert "result" not in {entry["k"] for entry in await entries_of(imported)}
    await count_round(imported, "spring", say=lambda _: None)
    assert [entry["d"] for entry in await entries_of(imported) if entry["k"] == "result"] == ["north", "south"]


async def test_the_close_entry_names_the_size_of_the_record_before_it(imported: Service) -> None:
    """Also when entries still wait for their place."""
    await freeze_spring(imported)
    await close_spring(imported)
    await imported.sequencer.settle()
    found = await entries_of(imported)
    assert [(place, entry["n"]) for place, entry in enumerate(found) if entry["k"] == "close"] == [(4, 4)]
