"""Invitations into the staff: by mail, from the operator's terminal, used once."""

import asyncio
from datetime import timedelta
from itertools import chain
from typing import Any, get_args, get_type_hints

import pytest
from sqlalchemy import select

from pb_service.features.accounts import invitations, people, personal
from pb_service.features.accounts.emails import EmailRefused
from pb_service.features.accounts.factors import factors_of
from pb_service.features.accounts.jobs import apply_retention
from pb_service.features.accounts.policy import Actor, Grant, SecondFactorNeeded, require_somewhere
from pb_service.features.accounts.sessions import Visitor, grants_of, recognise
from pb_service.features.accounts.staff_errors import (
    DutiesApart,
    InvitationNotFound,
    InvitedOtherwise,
    IsStaffAlready,
    MayNotGive,
    PersonBlocked,
    StaffError,
)
from pb_service.features.accounts.staff_tables import Decision, Invitation
from pb_service.features.accounts.tables import AccessLog, Account, RoleGrant
from pb_service.platform.jobs import Job
from pb_service.service import Service
from tests.conftest import FakeClock
from tests.staff import actor_of, hire, open_spring, scopes_of

MODERATOR = Grant("moderator")
HASH = "a hash"


@pytest.fixture
async def boss(service: Service) -> Actor:
    return await actor_of(service, await hire(service, "administrator"))


async def invite(service: Service, actor: Actor, email: str = "bo@example.org", wanted: Grant = MODERATOR) -> str:
    """Invite and return the secret of the link in the mail."""
    scopes = await scopes_of(service)
    async with service.database.transaction() as session:
        await invitations.invite(
            session, actor, email, language="sv", wanted=wanted, reason="New", scopes=scopes, now=service.clock()
        )
    async with service.database.reading() as session:
        mail = (await session.scalars(select(Job).where(Job.name == "mail.deliver").order_by(Job.id.desc()))).first()
    assert mail
    assert (mail.payload["to"], mail.payload["language"]) == (email, "sv")
    return str(mail.payload["context"]["path"]).removeprefix("/sv/invitation/")


async def accept(service: Service, secret: str) -> str:
    async with service.database.transaction() as session:
        return await invitations.accept(
            session, secret, name="Bo Ek", password_hash=HASH, visitor=Visitor(), now=service.clock()
        )


async def account_of(service: Service, email: str = "bo@example.org") -> Account:
    async with service.database.reading() as session:
        return (await session.scalars(select(Account).where(Account.email == email))).one()


async def test_whoever_accepts_is_staff_with_the_role_and_may_do_nothing_before_a_second_factor(
    service: Service, boss: Actor
) -> None:
    token = await accept(service, await invite(service, boss))
    async with service.database.transaction() as session:
        actor = await recognise(session, token, now=service.clock())
    assert (actor.grants, actor.is_staff, actor.second_factor) == ((Grant("moderator"),), True, False)
    with pytest.raises(SecondFactorNeeded):
        require_somewhere(actor, "staff.enter")


async def test_an_invitation_works_once(service: Service, boss: Actor) -> None:
    secret = await invite(service, boss)
    await accept(service, secret)
    with pytest.raises(InvitationNotFound):
        await accept(service, secret)


async def test_of_two_who_accept_at_one_moment_one_succeeds(service: Service, boss: Actor) -> None:
    secret = await invite(service, boss)
    done = await asyncio.gather(*(accept(service, secret) for _ in range(3)), return_exceptions=True)
    assert sorted(type(each).__name__ for each in done) == ["InvitationNotFound", "InvitationNotFound", "str"]


async def test_an_invitation_ends_after_seven_days(service: Service, boss: Actor, clock: FakeClock) -> None:
    secret = await invite(service, boss)
    clock.advance(timedelta(days=7))
    with pytest.raises(InvitationNotFound):
        await accept(service, secret)


async def test_a_new_invitation_ends_the_one_before(service: Service, boss: Actor) -> None:
    first = await invite(service, boss)
    await accept(service, await invite(service, boss))
    with pytest.raises(InvitationNotFound):
        await accept(service, first)


async def test_a_withdrawn_invitation_does_not_work(service: Service, boss: Actor) -> None:
    secret = await invite(service, boss)
    async with service.database.transaction() as session:
        (line,) = await invitations.open_invitations(session, boss, now=service.clock())
        await invitations.withdraw(session, boss, line.id, now=service.clock())
    with pytest.raises(InvitationNotFound):
        await accept(service, secret)


@pytest.mark.parametrize("how", ["blocked", "role taken", "deleted"])
async def test_whoever_is_put_out_takes_their_invitations_along(service: Service, boss: Actor, how: str) -> None:
    """A stolen account that is stopped must not go on making staff by links that it sent before."""
    thief = await hire(service, "administrator", name="Thea Thief")
    secret = await invite(service, await actor_of(service, thief), wanted=Grant("administrator"))
    async with service.database.transaction() as session:
        if how == "blocked":
            await people.block(session, boss, thief.id, reason="Stolen", now=service.clock())
        else:
            (grant,) = (await session.scalars(select(RoleGrant).where(RoleGrant.account_id == thief.id))).all()
            await people.take_role(session, boss, thief.id, grant.id, reason="Stolen", now=service.clock())
        if how == "deleted":
            await personal.erase(service.personal_data, session, thief.id, now=service.clock())
    with pytest.raises(InvitationNotFound):
        await accept(service, secret)


async def test_the_database_does_not_hold_the_link(service: Service, boss: Actor) -> None:
    secret = await invite(service, boss)
    async with service.database.reading() as session:
        kept = (await session.scalars(select(Invitation))).one()
    assert secret.encode() not in kept.token_sha256


@pytest.mark.parametrize("secret", ["", "x", "'; DROP TABLE invitation; --", "å" * 43, "A" * 43])
async def test_no_other_secret_opens_anything(service: Service, boss: Actor, secret: str) -> None:
    await invite(service, boss)
    with pytest.raises(InvitationNotFound):
        await accept(service, secret)


async def test_a_resident_who_is_invited_becomes_staff_with_a_new_password(service: Service, boss: Actor) -> None:
    resident = await hire(service, staff=False, name="Bo Ek")
    await accept(service, await invite(service, boss))
    account = await account_of(service)
    assert (account.id, account.is_staff, account.password_hash) == (resident.id, True, HASH)


async def test_an_invitation_that_one_may_not_give_one_cannot_end_by_another(service: Service, boss: Actor) -> None:
    round_id = await open_spring(service)
    manager = await actor_of(service, await hire(service, Grant("manager", round_id), name="Cia Berg"))
    secret = await invite(service, boss, wanted=Grant("auditor"))
    with pytest.raises(InvitedOtherwise):
        await invite(service, manager, wanted=Grant("desk", round_id, "north"))
    await accept(service, secret)


async def test_who_is_staff_is_not_invited_again(service: Service, boss: Actor) -> None:
    await hire(service, "moderator", name="Bo Ek")
    with pytest.raises(IsStaffAlready):
        await invite(service, boss)


async def test_a_blocked_person_does_not_come_in_by_invitation(service: Service, boss: Actor) -> None:
    await hire(service, staff=False, name="Bo Ek")
    secret = await invite(service, boss)
    async with service.database.transaction() as session:
        account = (await session.scalars(select(Account).where(Account.email == "bo@example.org"))).one()
        account.blocked_at, account.blocked_reason = service.clock(), "abuse"
    with pytest.raises(PersonBlocked):
        await accept(service, secret)


async def test_a_manager_invites_to_his_round_alone(service: Service) -> None:
    round_id = await open_spring(service)
    manager = await actor_of(service, await hire(service, Grant("manager", round_id), name="Cia Berg"))
    await invite(service, manager, wanted=Grant("desk", round_id, "north"))
    for wanted in (Grant("desk"), Grant("administrator"), Grant("auditor", round_id)):
        with pytest.raises(MayNotGive):
            await invite(service, manager, wanted=wanted)


async def test_a_manager_sees_and_withdraws_no_invitation_of_others(service: Service, boss: Actor) -> None:
    await invite(service, boss, wanted=Grant("auditor"))
    manager = await actor_of(
        service, await hire(service, Grant("manager", await open_spring(service)), name="Cia Berg")
    )
    async with service.database.transaction() as session:
        assert await invitations.open_invitations(session, manager, now=service.clock()) == []
        invitation = (await session.scalars(select(Invitation))).one()
        with pytest.raises(InvitationNotFound):
            await invitations.withdraw(session, manager, invitation.id, now=service.clock())


@pytest.mark.parametrize("email", ["", "bo", "bo@", "bo@exämple", "bo@b.org\nBcc: x@b.org", "\u0430@bo.org"])
async def test_an_address_that_is_none_is_refused(service: Service, boss: Actor, email: str) -> None:
    """So is one that looks like another's: its first letter is Cyrillic in the last case."""
    scopes = await scopes_of(service)
    with pytest.raises(EmailRefused):
        async with service.database.transaction() as session:
            await invitations.invite(
                session,
                boss,
                email,
                language="fi",
                wanted=Grant("moderator"),
                reason="New",
                scopes=scopes,
                now=service.clock(),
            )


async def by_operator(service: Service, email: str) -> str:
    async with service.database.transaction() as session:
        path = await invitations.invite_administrator(session, email, language="fi", now=service.clock())
    return path.removeprefix("/fi/invitation/")


async def test_the_operator_makes_the_first_administrator_by_a_link(service: Service) -> None:
    await accept(service, await by_operator(service, "bo@example.org"))
    account = await account_of(service)
    async with service.database.reading() as session:
        assert await grants_of(session, account.id) == (Grant("administrator"),)
        acts = (await session.scalars(select(AccessLog.act).order_by(AccessLog.id))).all()
    assert acts == ["staff.invited", "staff.accepted"]


async def test_the_operator_lets_an_administrator_in_who_lost_everything(service: Service) -> None:
    member = await hire(service, "administrator", name="Bo Ek")
    await accept(service, await by_operator(service, member.email))
    async with service.database.reading() as session:
        assert not (await factors_of(session, member.id)).any
        assert await grants_of(session, member.id) == (Grant("administrator"),)


async def test_not_even_the_operator_makes_an_auditor_administrator(service: Service) -> None:
    await hire(service, "auditor", name="Bo Ek")
    secret = await by_operator(service, "bo@example.org")
    with pytest.raises(DutiesApart):
        await accept(service, secret)


def all_of(kind: Any) -> list[StaffError]:
    """One error of a kind, or one for each rule that may be broken."""
    if kind is DutiesApart:
        return []
    rules = get_args(get_type_hints(kind.__init__).get("rule"))
    return [kind(rule) for rule in rules] if rules else [kind()]


def test_every_error_says_so_in_three_languages() -> None:
    from pb_service.web.locales import translations

    for error in chain.from_iterable(map(all_of, StaffError.__subclasses__())):
        sentences = {error.in_words(translations(language)) for language in ("fi", "sv", "en")}
        assert (error, len(sentences)) == (error, 3)


async def test_old_invitations_are_forgotten_with_their_addresses(
    service: Service, boss: Actor, clock: FakeClock
) -> None:
    await invite(service, boss)
    for days, left in ((30, 1), (30, 0)):
        clock.advance(timedelta(days=days))
        await apply_retention(service, {})
        async with service.database.reading() as session:
            assert len((await session.scalars(select(Invitation))).all()) == left


async def test_who_leaves_takes_every_trace_of_the_staff_pages_along(service: Service, boss: Actor) -> None:
    await accept(service, await invite(service, boss))
    account = await account_of(service)
    async with service.database.transaction() as session:
        collected = await personal.collect(service.personal_data, session, account.id)
        await personal.erase(service.personal_data, session, account.id, now=service.clock())
    assert [row["reason"] for row in collected["staff"]["decisions"]] == ["New"]
    async with service.database.reading() as session:
        for table in (Invitation, Decision):
            assert (await session.scalars(select(table))).all() == []
