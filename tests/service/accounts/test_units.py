"""Units and the contact persons of districts, and the access log's filters."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from pb_service.features.accounts import access_log, auditing, units
from pb_service.features.accounts.auditing import LogFilter, LogPage
from pb_service.features.accounts.policy import Actor, Forbidden, Grant
from pb_service.features.accounts.staff_errors import PersonNotFound, UnitNotFound, UnknownScope
from pb_service.features.accounts.tables import Account
from pb_service.features.accounts.units import UnitDetails
from pb_service.service import Service
from tests.conftest import FakeClock
from tests.staff import Member, actor_of, hire, open_spring, scopes_of

ALL = LogFilter()
PARKS = UnitDetails({"fi": "Puistot", "sv": "Parker"}, "parks@example.org", "+358 9 123 4567")


@pytest.fixture
async def boss(service: Service) -> Actor:
    return await actor_of(service, await hire(service, "administrator"))


async def create(service: Service, actor: Actor, unit_id: UUID) -> None:
    async with service.database.transaction() as session:
        await units.create_unit(session, actor, PARKS, unit_id=unit_id, now=service.clock())


async def test_a_unit_has_a_name_by_language_phone_mail_and_people(service: Service, boss: Actor) -> None:
    unit_id, bo = uuid4(), await hire(service, "moderator", name="Bo Ek")
    await create(service, boss, unit_id)
    async with service.database.transaction() as session:
        await units.put_member(session, boss, unit_id, bo.id, title="Gardener", phone="123", now=service.clock())
        (unit,) = await units.all_units(session, boss)
    assert (unit.name("sv"), unit.name("en"), unit.email) == ("Parker", "Puistot", "parks@example.org")
    assert [(member.name, member.title, member.phone) for member in unit.members] == [("Bo Ek", "Gardener", "123")]


async def test_the_same_form_sent_twice_makes_one_unit(service: Service, boss: Actor) -> None:
    unit_id = uuid4()
    await create(service, boss, unit_id)
    await create(service, boss, unit_id)
    async with service.database.reading() as session:
        assert len(await units.all_units(session, boss)) == 1


async def test_a_closed_unit_is_gone_and_a_resident_is_in_none(service: Service, boss: Actor) -> None:
    unit_id, resident = uuid4(), await hire(service, staff=False, name="Resident")
    await create(service, boss, unit_id)
    async with service.database.transaction() as session:
        with pytest.raises(PersonNotFound):
            await units.put_member(session, boss, unit_id, resident.id, title="x", phone="", now=service.clock())
        await units.close_unit(session, boss, unit_id, now=service.clock())
        assert await units.all_units(session, boss) == []
        with pytest.raises(UnitNotFound):
            await units.unit(session, boss, unit_id)


async def name_contact(service: Service, actor: Actor, member: Member, district: str, round_id: UUID) -> None:
    scopes = await scopes_of(service)
    async with service.database.transaction() as session:
        await units.name_contact(
            session,
            actor,
            member.id,
            round_id=round_id,
            district=district,
            email="north@example.org",
            phone="",
            scopes=scopes,
            now=service.clock(),
        )


async def test_a_regional_coordinator_is_the_public_contact_of_a_district(service: Service, boss: Actor) -> None:
    round_id, bo = await open_spring(service), await hire(service, "moderator", name="Bo Ek")
    await name_contact(service, boss, bo, "north", round_id)
    async with service.database.reading() as session:
        (contact,) = await units.contacts(session, round_id)
    assert (contact.district, contact.name, contact.email) == ("north", "Bo Ek", "north@example.org")


async def test_a_blocked_coordinator_is_shown_no_more(service: Service, boss: Actor) -> None:
    round_id, bo = await open_spring(service), await hire(service, "moderator", name="Bo Ek")
    await name_contact(service, boss, bo, "north", round_id)
    async with service.database.transaction() as session:
        account = await session.get_one(Account, bo.id)
        account.blocked_at, account.blocked_reason = service.clock(), "abuse"
    async with service.database.reading() as session:
        assert await units.contacts(session, round_id) == []


async def test_contacts_are_named_for_districts_that_exist_and_by_their_own_managers(
    service: Service, boss: Actor
) -> None:
    round_id, bo = await open_spring(service), await hire(service, "moderator", name="Bo Ek")
    manager = await actor_of(service, await hire(service, Grant("manager", round_id), name="Cia Berg"))
    with pytest.raises(UnknownScope):
        await name_contact(service, boss, bo, "west", round_id)
    await name_contact(service, manager, bo, "south", round_id)
    other = await actor_of(service, await hire(service, "editor", name="Di Falk"))
    with pytest.raises(Forbidden):
        await name_contact(service, other, bo, "north", round_id)


async def log(service: Service, actor: Actor, wanted: LogFilter = ALL, before: int | None = None) -> LogPage:
    scopes = await scopes_of(service)
    async with service.database.reading() as session:
        return await auditing.read_log(session, actor, wanted, before=before, scopes=scopes)


async def note(service: Service, who: UUID | None, act: str, concerning: str = "", outcome: str = "done") -> None:
    async with service.database.transaction() as session:
        await access_log.note(session, who, act, concerning, outcome=outcome, now=service.clock())


async def test_the_log_is_filtered_by_person_act_outcome_and_day(
    service: Service, boss: Actor, clock: FakeClock
) -> None:
    bo = await hire(service, "moderator", name="Bo Ek")
    await note(service, bo.id, "sign-in", "password")
    await note(service, bo.id, "sign-in", "password", outcome="refused")
    clock.advance(timedelta(days=2))
    await note(service, boss.account_id, "role.given", f"{bo.id} desk")
    day = clock() - timedelta(days=1)
    expected = {
        LogFilter(person="bo ek"): ["role.given", "sign-in", "sign-in"],
        LogFilter(person=str(bo.id)): ["role.given", "sign-in", "sign-in"],
        LogFilter(person="nobody"): [],
        LogFilter(act="role"): ["role.given"],
        LogFilter(outcome="done"): ["role.given", "sign-in"],
        LogFilter(outcome="not-done"): ["sign-in"],
        LogFilter(since=day): ["role.given"],
        LogFilter(until=day): ["sign-in", "sign-in"],
    }
    boss = await actor_of(service, await hire(service, "auditor", name="Cia Berg"))
    found = {wanted: [line.act for line in (await log(service, boss, wanted)).lines] for wanted in expected}
    assert found == expected


async def test_the_log_names_people_and_keeps_the_ids_of_those_who_are_gone(service: Service, boss: Actor) -> None:
    gone, round_id = uuid4(), await open_spring(service)
    await note(service, gone, "role.given", f"{boss.account_id} desk {round_id} north")
    line = (await log(service, boss)).lines[0]
    assert (line.who, line.object) == (str(gone), "Aino Lehto desk spring north")


async def test_the_log_comes_a_page_at_a_time(service: Service, boss: Actor) -> None:
    for _ in range(auditing.PAGE_SIZE + 1):
        await note(service, None, "sign-in")
    first = await log(service, boss)
    rest = await log(service, boss, before=first.older)
    assert (len(first.lines), len(rest.lines), rest.older) == (auditing.PAGE_SIZE, 1, None)


@pytest.mark.parametrize("text", ["'", "%", "_", "\\", "' OR '1'='1", "1; DELETE FROM access_log", "x" * 5000, "🦉"])
async def test_filters_are_values_never_sql(service: Service, boss: Actor, text: str) -> None:
    await note(service, boss.account_id, "sign-in", "password")
    assert (await log(service, boss, LogFilter(person=text))).lines == ()
    assert (await log(service, boss, LogFilter(act=text))).lines == ()


@pytest.mark.parametrize("role", ["manager", "moderator", "observer", "trustee", "desk"])
async def test_the_log_is_for_auditors_and_administrators(service: Service, role: str) -> None:
    actor = await actor_of(service, await hire(service, role))  # type: ignore[arg-type]
    with pytest.raises(Forbidden):
        await log(service, actor)


async def test_an_auditor_of_one_round_does_not_read_the_log_of_all(service: Service) -> None:
    actor = await actor_of(service, await hire(service, Grant("auditor", await open_spring(service))))
    with pytest.raises(Forbidden):
        await log(service, actor)
