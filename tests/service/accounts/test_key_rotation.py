"""Rotating the service's secrets: nothing stops working, the old key goes, a crash between two steps costs nothing."""

import os
import signal
import subprocess
import sys
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select

from pb_service.features.accounts import identities, signin
from pb_service.features.accounts.drivers import Identity
from pb_service.features.accounts.factors import prove_by_app
from pb_service.features.accounts.identity_errors import TokenRefused
from pb_service.features.accounts.identity_tables import ProvenIdentity
from pb_service.features.accounts.key_rotation import FIXED, SECRETS, NotRotatable, let_go, rotate
from pb_service.features.accounts.staff_tables import AuthenticatorApp
from pb_service.features.accounts.tables import AccessLog
from pb_service.features.accounts.tokens import LONGEST, TokenSigner
from pb_service.platform.db import uuid7
from pb_service.platform.mail import MailRefused
from pb_service.service import Service
from tests.conftest import FakeClock
from tests.staff import Member, box_of, hire

AINO = Identity(scheme="fi-hetu", person_id="010190-123A", assurance="high")
MATTI = Identity(scheme="fi-hetu", person_id="020280-456B", assurance="high")


async def renew(service: Service, name: str, *, at_once: bool = False) -> list[str]:
    """Rotate a key and return what was said."""
    told: list[str] = []
    await rotate(service.database, service.keys, name, at_once=at_once, now=service.clock(), done=told.append)
    return told


async def forget(service: Service) -> dict[str, int]:
    return await let_go(service.database, service.keys, now=service.clock())


async def come(service: Service, identity: Identity) -> UUID:
    """The person signs in by a provider."""
    async with service.database.transaction() as session:
        keys = service.keys.secrets("identity")
        return await identities.recognise(
            session, identity, driver="town", keys=keys, language="fi", now=service.clock()
        )


async def proves(service: Service, member: Member, steps: int) -> bool:
    async with service.database.transaction() as session:
        code = member.code(service, steps=steps)
        return await prove_by_app(session, member.id, box_of(service), code, now=service.clock())


async def key_ids(service: Service) -> list[str | None]:
    async with service.database.reading() as session:
        return list(await session.scalars(select(ProvenIdentity.key_id)))


async def test_an_app_goes_on_working_and_nothing_is_sealed_with_the_old_key(service: Service) -> None:
    member, box = await hire(service, "moderator"), box_of(service)
    await renew(service, "factors")
    async with service.database.reading() as session:
        row = await session.get_one(AuthenticatorApp, member.id)
    assert row.secret
    assert box.is_current(member.id, row.secret)
    assert await proves(service, member, 0)


async def test_a_leaked_key_of_factors_is_erased_at_once(service: Service) -> None:
    member = await hire(service, "moderator")
    await renew(service, "factors", at_once=True)
    assert len(service.keys.secrets("factors")) == 1
    assert await proves(service, member, 0)


async def test_what_was_sealed_meanwhile_is_sealed_anew_before_the_old_key_goes(
    service: Service, clock: FakeClock
) -> None:
    """A process may have sealed with the old key and written the row after everything had been sealed anew."""
    member = await hire(service, "moderator")
    async with service.database.reading() as session:
        late = (await session.get_one(AuthenticatorApp, member.id)).secret
    await renew(service, "factors")
    async with service.database.transaction() as session:
        (await session.get_one(AuthenticatorApp, member.id)).secret = late
    clock.advance(timedelta(hours=2))
    assert await forget(service) == {"factors": 1}
    assert await proves(service, member, 0)


async def test_a_secret_that_no_key_opens_keeps_nobody_else_from_a_new_one(service: Service) -> None:
    member, other = await hire(service, "moderator"), await hire(service, "assessor", name="Olli Other")
    async with service.database.transaction() as session:
        (await session.get_one(AuthenticatorApp, other.id)).secret = bytes(60)
    assert "1 could not be opened" in " ".join(await renew(service, "factors", at_once=True))
    assert await proves(service, member, 0)


@pytest.mark.parametrize("step", [1, 2, 3])
async def test_killed_between_two_steps_the_service_works_and_the_command_given_again_ends_well(
    service: Service, database_url: str, step: int
) -> None:
    member = await hire(service, "moderator")
    program = f"""
import asyncio, os, pathlib, signal
from pb_service.features.accounts.key_rotation import rotate
from pb_service.platform.clock import system_clock
from pb_service.platform.db import Database
from pb_service.platform.keys import KeyFolder
steps = iter(range(1, 9))
def done(_):
    if next(steps) == {step}:
        os.kill(os.getpid(), signal.SIGKILL)
keys = KeyFolder(pathlib.Path({str(service.keys.path)!r}))
asyncio.run(rotate(Database({database_url!r}), keys, "factors", at_once=True, now=system_clock(), done=done))
"""
    killed = subprocess.run([sys.executable, "-c", program], env=os.environ, capture_output=True, check=False)  # noqa: ASYNC221
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert await proves(service, member, 0)
    await renew(service, "factors", at_once=True)
    assert len(service.keys.secrets("factors")) == 1
    assert await proves(service, member, 1)


async def test_whoever_comes_back_is_known_and_from_then_on_by_the_new_key(service: Service) -> None:
    known = await come(service, AINO)
    await renew(service, "identity")
    assert await come(service, AINO) == known
    assert await key_ids(service) == [service.keys.secrets("identity")[0].id]
    assert await come(service, AINO) == known


async def test_the_old_key_of_identities_goes_with_the_last_who_needs_it(service: Service, clock: FakeClock) -> None:
    await come(service, AINO)
    await come(service, MATTI)
    await renew(service, "identity")
    await come(service, AINO)
    clock.advance(timedelta(days=700))
    assert await forget(service) == {}
    await come(service, MATTI)
    assert await forget(service) == {"identity": 1}
    assert len(service.keys.secrets("identity")) == 1


async def test_people_from_before_keys_had_names_are_under_the_oldest(service: Service) -> None:
    known = await come(service, AINO)
    async with service.database.transaction() as session:
        (await session.scalars(select(ProvenIdentity))).one().key_id = None
    await renew(service, "identity")
    await renew(service, "identity")
    assert len(service.keys.secrets("identity")) == 2
    assert await come(service, AINO) == known


async def test_the_key_of_identities_cannot_go_at_once(service: Service) -> None:
    await come(service, AINO)
    with pytest.raises(NotRotatable, match="come back as a stranger"):
        await renew(service, "identity", at_once=True)
    assert len(service.keys.secrets("identity")) == 1


async def test_tokens_of_the_old_key_count_until_they_end(service: Service, clock: FakeClock) -> None:
    signer, made = TokenSigner("http://localhost", service.keys.ring("tokens")), uuid7()
    text = signer.write(made, clock(), clock() + LONGEST)
    await renew(service, "tokens")
    assert signer.read(text, clock()) == made
    clock.advance(LONGEST)
    assert await forget(service) == {"tokens": 1}
    fresh = signer.write(made, clock(), clock() + LONGEST)
    assert signer.read(fresh, clock()) == made


async def test_a_leaked_key_of_tokens_ends_every_token(service: Service, clock: FakeClock) -> None:
    signer = TokenSigner("http://localhost", service.keys.ring("tokens"))
    text = signer.write(uuid7(), clock(), clock() + LONGEST)
    await renew(service, "tokens", at_once=True)
    with pytest.raises(TokenRefused):
        signer.read(text, clock())


async def test_links_in_mails_work_for_a_year_more(service: Service, clock: FakeClock) -> None:
    url = service.mailer.unsubscribe_url("aino@example.org", "round")
    assert url
    await renew(service, "mail")
    token = url.rpartition("/")[2]
    assert service.mailer.opened(token, now=clock()) == ("aino@example.org", "round")
    clock.advance(timedelta(days=365))
    with pytest.raises(MailRefused):
        service.mailer.opened(token, now=clock())


async def test_a_browser_stays_known_for_a_day(service: Service, clock: FakeClock) -> None:
    ring, account_id = service.keys.ring("cookie"), uuid7()
    cookie = signin.known_browser(ring.current, account_id)
    await renew(service, "cookie")
    assert signin.is_known(ring.accepted(clock()), account_id, cookie)
    clock.advance(timedelta(days=1))
    assert not signin.is_known(ring.accepted(clock()), account_id, cookie)


@pytest.mark.parametrize("name", FIXED)
async def test_a_key_of_the_record_stays_and_it_is_said_what_to_do(service: Service, name: str) -> None:
    before = service.keys.ed25519(name).private_bytes_raw()
    with pytest.raises(NotRotatable, match=r"docs/operate\.md"):
        await renew(service, name)
    assert service.keys.ed25519(name).private_bytes_raw() == before


async def test_every_rotation_is_in_the_access_log_by_the_name_of_the_key(service: Service) -> None:
    for name in SECRETS:
        await renew(service, name)
    async with service.database.reading() as session:
        lines = await session.scalars(select(AccessLog.object).where(AccessLog.act == "key.rotated"))
        assert set(lines) == {f"{name} {service.keys.secrets(name)[0].id}" for name in SECRETS}
