"""Roles and decisions about people: who may give what to whom, and what is kept apart."""

import asyncio
from uuid import UUID

import pytest
from sqlalchemy import select

from pb_service.features.accounts import people
from pb_service.features.accounts.factors import factors_of
from pb_service.features.accounts.policy import Actor, Forbidden, Grant, SecondFactorNeeded, StepUpNeeded
from pb_service.features.accounts.sessions import grants_of, sessions_of
from pb_service.features.accounts.staff_errors import (
    BlockedOtherwise,
    DutiesApart,
    LastAdministrator,
    MayNotGive,
    NotOneself,
    PersonBlocked,
    PersonNotFound,
    RoleHeld,
    RoleNotHeld,
    UnknownScope,
)
from pb_service.features.accounts.staff_tables import Decision
from pb_service.features.accounts.tables import AccessLog, Account, RoleGrant
from pb_service.platform.jobs import Job
from pb_service.service import Service
from tests.staff import Member, actor_of, hire, open_spring, scopes_of

WHY = "Decided on 2 March."


@pytest.fixture
async def boss(service: Service) -> Member:
    return await hire(service, "administrator", name="Aino Lehto")


@pytest.fixture
async def bo(service: Service) -> Member:
    return await hire(service, "observer", name="Bo Ek")


async def spring(service: Service) -> UUID:
    """The id of a round with the districts north and south."""
    return await open_spring(service)


async def give(service: Service, actor: Actor, member: Member, wanted: Grant) -> None:
    scopes = await scopes_of(service)
    async with service.database.transaction() as session:
        await people.give_role(session, actor, member.id, wanted, scopes=scopes, reason=WHY, now=service.clock())


async def held_by(service: Service, member: Member) -> set[Grant]:
    async with service.database.reading() as session:
        return set(await grants_of(session, member.id))


async def grant_id(service: Service, member: Member) -> UUID:
    async with service.database.reading() as session:
        return (await session.scalars(select(RoleGrant.id).where(RoleGrant.account_id == member.id))).one()


async def take(service: Service, actor: Actor, member: Member) -> None:
    given = await grant_id(service, member)
    async with service.database.transaction() as session:
        await people.take_role(session, actor, member.id, given, reason=WHY, now=service.clock())


async def test_a_role_is_given_for_a_district_of_a_round_with_a_reason(
    service: Service, boss: Member, bo: Member
) -> None:
    wanted = Grant("desk", await spring(service), "north")
    await give(service, await actor_of(service, boss), bo, wanted)
    assert wanted in await held_by(service, bo)
    async with service.database.reading() as session:
        kept = (await session.scalars(select(Decision))).one()
        noted = (await session.scalars(select(AccessLog).where(AccessLog.act == "role.given"))).one()
    assert (kept.account_id, kept.decided_by, kept.reason) == (bo.id, boss.id, WHY)
    assert (noted.account_id, noted.object) == (boss.id, f"{bo.id} {kept.detail}")


async def test_a_person_shows_what_was_decided_by_whom_and_why(service: Service, boss: Member, bo: Member) -> None:
    actor, wanted = await actor_of(service, boss), Grant("desk", await spring(service), "north")
    await give(service, actor, bo, wanted)
    await block(service, actor, bo)
    async with service.database.reading() as session:
        found = await people.person(session, actor, bo.id, now=service.clock())
    decided = [(line.act, line.by, line.grant, line.reason) for line in found.decisions]
    assert decided == [("account.blocked", "Aino Lehto", None, WHY), ("role.given", "Aino Lehto", wanted, WHY)]


async def test_giving_a_role_ends_the_persons_sessions_and_tells_them(
    service: Service, boss: Member, bo: Member
) -> None:
    await actor_of(service, bo)
    await give(service, await actor_of(service, boss), bo, Grant("editor"))
    async with service.database.reading() as session:
        assert await sessions_of(session, bo.id, now=service.clock()) == []
        mail = (await session.scalars(select(Job).where(Job.name == "mail.deliver"))).one()
    assert (mail.payload["to"], mail.payload["context"]["reason"]) == (bo.email, WHY)


async def test_nobody_gives_himself_a_role(service: Service, boss: Member) -> None:
    """So an administrator never gets at the evidence by his own hand."""
    actor = await actor_of(service, boss)
    with pytest.raises(NotOneself):
        await give(service, actor, boss, Grant("auditor"))
    assert await held_by(service, boss) == {Grant("administrator")}


async def test_another_administrator_cannot_do_it_for_him_either(service: Service, boss: Member) -> None:
    other = await hire(service, "administrator", name="Bo Ek")
    with pytest.raises(DutiesApart) as refused:
        await give(service, await actor_of(service, other), boss, Grant("auditor"))
    assert "administrator and auditor in the same round" in str(refused.value)


@pytest.mark.parametrize(("held", "wanted"), [("assessor", "manager"), ("manager", "assessor"), ("auditor", "desk")])
async def test_duties_are_kept_apart_in_one_round(service: Service, boss: Member, held: str, wanted: str) -> None:
    round_id = await spring(service)
    person = await hire(service, Grant(held, round_id), name="Bo Ek")  # type: ignore[arg-type]
    actor = await actor_of(service, boss)
    with pytest.raises(DutiesApart):
        await give(service, actor, person, Grant(wanted, round_id, "north"))  # type: ignore[arg-type]
    with pytest.raises(DutiesApart):
        await give(service, actor, person, Grant(wanted))  # type: ignore[arg-type]


async def test_two_that_give_what_must_be_apart_at_one_moment_do_not_both_succeed(
    service: Service, boss: Member, bo: Member
) -> None:
    actor = await actor_of(service, boss)
    wanted = [Grant("assessor"), Grant("manager")]
    done = await asyncio.gather(*(give(service, actor, bo, grant) for grant in wanted), return_exceptions=True)
    assert [type(each) for each in done if each] == [DutiesApart]


async def test_a_manager_gives_roles_in_his_own_round_alone(service: Service, bo: Member) -> None:
    round_id = await spring(service)
    manager = await actor_of(service, await hire(service, Grant("manager", round_id), name="Cia Berg"))
    await give(service, manager, bo, Grant("desk", round_id, "south"))
    with pytest.raises(MayNotGive):
        await give(service, manager, bo, Grant("desk"))
    with pytest.raises(MayNotGive):
        await give(service, manager, bo, Grant("desk", UUID(int=7)))


@pytest.mark.parametrize("role", ["administrator", "auditor", "manager", "registrar", "trustee"])
async def test_a_manager_gives_no_role_that_reaches_further_than_his_own(
    service: Service, bo: Member, role: str
) -> None:
    round_id = await spring(service)
    manager = await actor_of(service, await hire(service, Grant("manager", round_id), name="Cia Berg"))
    for wanted in (Grant(role), Grant(role, round_id)):  # type: ignore[arg-type]
        with pytest.raises(MayNotGive):
            await give(service, manager, bo, wanted)


@pytest.mark.parametrize(
    "wanted",
    [Grant("desk", UUID(int=7)), Grant("administrator", UUID(int=7)), Grant("desk", None, "north")],
)
async def test_a_role_is_bound_to_what_exists(service: Service, boss: Member, bo: Member, wanted: Grant) -> None:
    with pytest.raises(UnknownScope):
        await give(service, await actor_of(service, boss), bo, wanted)


async def test_an_administrator_is_never_bound_to_a_round(service: Service, boss: Member, bo: Member) -> None:
    with pytest.raises(UnknownScope):
        await give(service, await actor_of(service, boss), bo, Grant("administrator", await spring(service)))


async def test_a_role_is_not_given_twice_nor_to_residents_nor_to_the_blocked(
    service: Service, boss: Member, bo: Member
) -> None:
    actor = await actor_of(service, boss)
    with pytest.raises(RoleHeld):
        await give(service, actor, bo, Grant("observer"))
    with pytest.raises(PersonNotFound):
        await give(service, actor, await hire(service, staff=False, name="Resident"), Grant("desk"))
    await block(service, actor, bo)
    with pytest.raises(PersonBlocked):
        await give(service, actor, bo, Grant("desk"))


@pytest.mark.parametrize("role", ["moderator", "assessor", "editor", "desk", "observer", "auditor", "trustee"])
async def test_other_roles_give_none(service: Service, bo: Member, role: str) -> None:
    actor = await actor_of(service, await hire(service, role, name="Cia Berg"))  # type: ignore[arg-type]
    with pytest.raises(Forbidden):
        await give(service, actor, bo, Grant("moderator"))


async def test_giving_needs_the_second_factor_and_the_step_up(service: Service, boss: Member, bo: Member) -> None:
    with pytest.raises(SecondFactorNeeded):
        await give(service, await actor_of(service, boss, factor=False), bo, Grant("desk"))
    with pytest.raises(StepUpNeeded):
        await give(service, await actor_of(service, boss, stepped_up=False), bo, Grant("desk"))


async def test_the_last_administrator_keeps_the_role(service: Service, boss: Member) -> None:
    actor = await actor_of(service, boss)
    with pytest.raises(LastAdministrator):
        await take(service, actor, boss)
    other = await hire(service, "administrator", name="Bo Ek")
    await take(service, actor, boss)
    with pytest.raises(LastAdministrator):
        await take(service, await actor_of(service, other), other)


async def test_a_blocked_administrator_does_not_count(service: Service, boss: Member) -> None:
    other = await hire(service, "administrator", name="Bo Ek")
    actor = await actor_of(service, boss)
    await block(service, actor, other)
    with pytest.raises(LastAdministrator):
        await take(service, actor, boss)


async def test_two_administrators_cannot_take_each_others_role_at_one_moment(service: Service, boss: Member) -> None:
    other = await hire(service, "administrator", name="Bo Ek")
    first, second = await actor_of(service, boss), await actor_of(service, other)
    done = await asyncio.gather(take(service, first, other), take(service, second, boss), return_exceptions=True)
    assert [type(each) for each in done if each] == [LastAdministrator]


async def test_a_role_is_taken_by_its_id_from_its_own_holder_alone(service: Service, boss: Member, bo: Member) -> None:
    """The id of somebody else's role under a person's address finds nothing."""
    actor = await actor_of(service, boss)
    given = await grant_id(service, boss)
    with pytest.raises(RoleNotHeld):
        async with service.database.transaction() as session:
            await people.take_role(session, actor, bo.id, given, reason=WHY, now=service.clock())


async def test_a_manager_takes_no_role_beyond_his_round(service: Service, boss: Member, bo: Member) -> None:
    manager = await actor_of(service, await hire(service, Grant("manager", await spring(service)), name="Cia Berg"))
    for member in (boss, bo):
        with pytest.raises(MayNotGive):
            await take(service, manager, member)


async def block(service: Service, actor: Actor, member: Member) -> None:
    async with service.database.transaction() as session:
        await people.block(session, actor, member.id, reason=WHY, now=service.clock())


async def test_a_moderator_blocks_an_abusive_resident_who_is_told_why(service: Service) -> None:
    actor = await actor_of(service, await hire(service, "moderator"))
    resident = await hire(service, staff=False, name="Resident")
    await actor_of(service, resident)
    await block(service, actor, resident)
    async with service.database.reading() as session:
        account = await session.get_one(Account, resident.id)
        assert await sessions_of(session, resident.id, now=service.clock()) == []
        mail = (await session.scalars(select(Job).where(Job.name == "mail.deliver"))).one()
        noted = (await session.scalars(select(AccessLog).where(AccessLog.act == "account.blocked"))).one()
    assert (account.blocked_at, account.blocked_reason) == (service.clock(), WHY)
    assert (mail.payload["to"], mail.payload["context"]["reason"]) == (resident.email, WHY)
    assert (noted.account_id, noted.object) == (actor.account_id, str(resident.id))


async def test_a_block_is_lifted_with_a_reason_of_its_own(service: Service) -> None:
    actor = await actor_of(service, await hire(service, "moderator"))
    resident = await hire(service, staff=False, name="Resident")
    await block(service, actor, resident)
    async with service.database.transaction() as session:
        await people.unblock(session, actor, resident.id, reason="A mistake.", now=service.clock())
    async with service.database.reading() as session:
        assert (await session.get_one(Account, resident.id)).blocked_at is None
        reasons = (await session.scalars(select(Decision.reason).order_by(Decision.id))).all()
    assert reasons == [WHY, "A mistake."]
    with pytest.raises(BlockedOtherwise):
        async with service.database.transaction() as session:
            await people.unblock(session, actor, resident.id, reason=WHY, now=service.clock())


async def test_staff_are_blocked_by_administrators_alone_and_nobody_blocks_himself(
    service: Service, boss: Member, bo: Member
) -> None:
    moderator = await hire(service, "moderator", name="Cia Berg")
    for actor, target, error in (
        (moderator, bo, Forbidden),
        (moderator, moderator, NotOneself),
        (boss, boss, NotOneself),
    ):
        with pytest.raises(error):
            await block(service, await actor_of(service, actor), target)


async def test_lost_factors_are_reset_by_another_administrator_and_the_password_goes_with_them(
    service: Service, boss: Member, bo: Member
) -> None:
    """Or whoever has the password would enrol a factor in the person's place."""
    async with service.database.transaction() as session:
        await people.reset_factors(session, await actor_of(service, boss), bo.id, reason=WHY, now=service.clock())
    async with service.database.reading() as session:
        assert (await session.get_one(Account, bo.id)).password_hash is None
        assert not (await factors_of(session, bo.id)).any
        assert await sessions_of(session, bo.id, now=service.clock()) == []


@pytest.mark.parametrize("role", ["manager", "auditor", "moderator"])
async def test_only_administrators_reset_factors(service: Service, bo: Member, role: str) -> None:
    actor = await actor_of(service, await hire(service, role, name="Cia Berg"))  # type: ignore[arg-type]
    with pytest.raises(Forbidden):
        async with service.database.transaction() as session:
            await people.reset_factors(session, actor, bo.id, reason=WHY, now=service.clock())


async def test_an_administrator_does_not_reset_his_own(service: Service, boss: Member) -> None:
    actor = await actor_of(service, boss)
    with pytest.raises(NotOneself):
        async with service.database.transaction() as session:
            await people.reset_factors(session, actor, boss.id, reason=WHY, now=service.clock())


async def test_an_administrator_ends_sessions_of_others_by_id_and_only_theirs(
    service: Service, boss: Member, bo: Member
) -> None:
    actor, theirs = await actor_of(service, boss), await actor_of(service, bo)
    assert actor.session_id
    assert theirs.session_id
    ids = [theirs.session_id, actor.session_id]
    async with service.database.transaction() as session:
        await people.end_sessions(session, actor, bo.id, ids, reason=WHY, now=service.clock())
    async with service.database.reading() as session:
        assert await sessions_of(session, bo.id, now=service.clock()) == []
        assert [row.id for row in await sessions_of(session, boss.id, now=service.clock())] == [actor.session_id]


HOSTILE = ["'", "' OR 1=1 --", "%", "_", "\\", "%' ESCAPE '", "a; DROP TABLE account", "🦉", "x" * 5000]


@pytest.mark.parametrize("query", HOSTILE)
async def test_a_search_text_is_a_value_and_finds_only_what_holds_it(
    service: Service, boss: Member, query: str
) -> None:
    actor = await actor_of(service, boss)
    async with service.database.reading() as session:
        assert (await people.directory(session, actor, query=query)).found == 0


async def test_the_directory_is_searched_by_name_address_and_role(service: Service, boss: Member, bo: Member) -> None:
    await hire(service, staff=False, name="Bo Resident", email="resident@example.org")
    actor = await actor_of(service, boss)
    async with service.database.reading() as session:
        everybody = await people.directory(session, actor)
        by_name = await people.directory(session, actor, query="BO e")
        by_address = await people.directory(session, actor, query="aino@")
        by_role = await people.directory(session, actor, role="observer")
    assert [line.name for line in everybody.people] == ["Aino Lehto", "Bo Ek"]
    assert [page.people[0].id for page in (by_name, by_address, by_role)] == [bo.id, boss.id, bo.id]


async def test_the_directory_is_for_those_who_may_read_people(service: Service, boss: Member) -> None:
    actor = await actor_of(service, await hire(service, "moderator", name="Cia Berg"))
    async with service.database.reading() as session:
        with pytest.raises(Forbidden):
            await people.directory(session, actor)
        with pytest.raises(Forbidden):
            await people.person(session, actor, boss.id, now=service.clock())
