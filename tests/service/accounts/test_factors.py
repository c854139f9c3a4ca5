"""Second factors: codes of an app, recovery codes, and what a copy of the database is worth."""

import asyncio
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pyotp
import pytest
from sqlalchemy import select

from pb_service.features.accounts.factors import (
    FactorBox,
    begin_app,
    confirm_app,
    factors_of,
    make_recovery_codes,
    pending_app,
    prove_by_app,
    prove_by_recovery_code,
)
from pb_service.features.accounts.staff_errors import CodeRefused, FactorUnreadable
from pb_service.features.accounts.staff_tables import AuthenticatorApp, RecoveryCode
from pb_service.platform.keys import KeyFolder
from pb_service.service import Service
from tests.conftest import FakeClock
from tests.staff import Member, box_of, code_of, hire


@pytest.fixture
async def member(service: Service) -> Member:
    return await hire(service, "moderator")


async def proves(service: Service, member: Member, code: str) -> bool:
    async with service.database.transaction() as session:
        return await prove_by_app(session, member.id, box_of(service), code, now=service.clock())


@pytest.mark.parametrize("steps", [0, 1])
async def test_a_phone_may_be_half_a_minute_off(service: Service, member: Member, steps: int) -> None:
    assert await proves(service, member, member.code(service, steps=steps))


async def test_a_phone_half_a_minute_behind_is_right_as_well(
    service: Service, member: Member, clock: FakeClock
) -> None:
    clock.advance(timedelta(minutes=5))
    assert await proves(service, member, member.code(service, steps=-1))


@pytest.mark.parametrize("steps", [-2, 2])
async def test_a_code_a_minute_off_is_refused(service: Service, member: Member, clock: FakeClock, steps: int) -> None:
    clock.advance(timedelta(minutes=5))
    assert not await proves(service, member, member.code(service, steps=steps))


async def test_a_code_works_once(service: Service, member: Member) -> None:
    code = member.code(service)
    assert [await proves(service, member, code), await proves(service, member, code)] == [True, False]


async def test_of_two_requests_with_one_code_at_one_moment_one_succeeds(service: Service, member: Member) -> None:
    code = member.code(service)
    assert sorted(await asyncio.gather(*(proves(service, member, code) for _ in range(4)))) == [False] * 3 + [True]


async def test_after_a_code_the_ones_before_it_are_used_up(service: Service, member: Member) -> None:
    assert await proves(service, member, member.code(service, steps=1))
    assert not await proves(service, member, member.code(service))


@pytest.mark.parametrize("code", ["", "12345", "1234567", "abcdef", "١٢٣٤٥٦", "-12345", "1e5000", "0x1234"])
async def test_what_is_no_code_is_refused(service: Service, member: Member, code: str) -> None:
    assert not await proves(service, member, code)


async def test_a_code_may_be_typed_with_a_blank(service: Service, member: Member) -> None:
    code = member.code(service)
    assert await proves(service, member, f" {code[:3]} {code[3:]} ")


async def test_a_new_app_counts_only_after_its_first_code(service: Service, member: Member) -> None:
    box = box_of(service)
    async with service.database.transaction() as session:
        await begin_app(session, member.id, box)
        with pytest.raises(CodeRefused):
            await confirm_app(session, member.id, box, "000000", now=service.clock())
    assert await proves(service, member, member.code(service))


async def test_the_new_app_replaces_the_old_one(service: Service, member: Member) -> None:
    box, now = box_of(service), service.clock()
    async with service.database.transaction() as session:
        await begin_app(session, member.id, box)
        secret = await pending_app(session, member.id, box)
        assert secret
        await confirm_app(session, member.id, box, pyotp.TOTP(secret).at(now), now=now)
    assert not await proves(service, member, member.code(service, steps=1))
    assert await proves(service, member, code_of(secret, service, steps=1))


async def test_a_copy_of_the_database_holds_no_secret(service: Service, member: Member, folder: Path) -> None:
    async with service.database.reading() as session:
        row = await session.get_one(AuthenticatorApp, member.id)
    assert row.secret
    assert member.secret.encode() not in row.secret
    with pytest.raises(FactorUnreadable):
        FactorBox(KeyFolder(folder / "another").ring("factors")).open(member.id, row.secret)


async def test_a_secret_moved_to_another_account_does_not_open(service: Service, member: Member) -> None:
    """Whoever may write to the table still cannot make their own app somebody else's."""
    async with service.database.reading() as session:
        row = await session.get_one(AuthenticatorApp, member.id)
    assert row.secret
    with pytest.raises(FactorUnreadable):
        box_of(service).open(UUID(int=1), row.secret)


async def codes_for(service: Service, member: Member) -> list[str]:
    async with service.database.transaction() as session:
        return await make_recovery_codes(session, member.id, now=service.clock())


async def recovers(service: Service, member: Member, code: str) -> bool:
    async with service.database.transaction() as session:
        return await prove_by_recovery_code(session, member.id, code, now=service.clock())


async def test_a_recovery_code_works_once_however_it_is_typed(service: Service, member: Member) -> None:
    code = (await codes_for(service, member))[0]
    typed = f" {code.upper().replace('-', ' ')} "
    assert [await recovers(service, member, typed), await recovers(service, member, code)] == [True, False]
    async with service.database.reading() as session:
        assert (await factors_of(session, member.id)).recovery_codes == 9


async def test_new_recovery_codes_end_the_old_ones(service: Service, member: Member) -> None:
    old = await codes_for(service, member)
    new = await codes_for(service, member)
    assert not await recovers(service, member, old[0])
    assert await recovers(service, member, new[0])


async def test_recovery_codes_are_nobody_elses(service: Service, member: Member) -> None:
    other = await hire(service, "moderator", name="Bo Ek")
    assert not await recovers(service, other, (await codes_for(service, member))[0])


async def test_recovery_codes_are_kept_as_hashes_and_differ(service: Service, member: Member) -> None:
    codes = await codes_for(service, member)
    async with service.database.reading() as session:
        kept = (await session.scalars(select(RecoveryCode.code_sha256))).all()
    assert len(set(codes)) == len(set(kept)) == 10
    assert all(code.replace("-", "").encode() not in hashed for code in codes for hashed in kept)
