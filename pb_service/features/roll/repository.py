"""Queries of the stage roll."""

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy import LargeBinary, and_, cast, delete, func, literal, not_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.features.accounts.identity_tables import ProvenIdentity
from pb_service.features.roll.tables import Roll, RollDeclaration, RollRecord, RollRoot, RollSignature
from pb_service.features.rounds.tables import Contest

#: Of the rows of a roll those whose people may vote now.
ENTITLED = and_(RollRecord.removed_at.is_(None), or_(not_(RollRecord.late), RollRecord.late_at.is_not(None)))


async def contests_of(session: AsyncSession, round_id: UUID) -> Sequence[str]:
    """Return the ids of a round's contests, in the order of the ballot list."""
    return (
        await session.scalars(select(Contest.key).where(Contest.round_id == round_id).order_by(Contest.position))
    ).all()


async def roll_of(session: AsyncSession, round_id: UUID, *, for_update: bool = False) -> Roll | None:
    """Return the roll of a round, held if ``for_update``, or None."""
    query = select(Roll).where(Roll.round_id == round_id)
    return (await session.scalars(query.with_for_update() if for_update else query)).one_or_none()


async def scheme_of(session: AsyncSession, round_id: UUID) -> str | None:
    """Return whose numbers the people of a round's roll are known by, None where there is no roll."""
    return await session.scalar(
        select(Roll.scheme).where(Roll.round_id == round_id, Roll.batch_id.is_not(None), Roll.erased_at.is_(None))
    )


async def is_erased(session: AsyncSession, round_id: UUID) -> bool:
    """Whether the time has passed for which a round's roll is kept."""
    found = select(func.count()).where(Roll.round_id == round_id, Roll.erased_at.is_not(None))
    return bool(await session.scalar(found))


async def has_declared(session: AsyncSession, round_id: UUID, account_id: UUID) -> bool:
    """Whether somebody has declared to meet a round's rule."""
    return await session.get(RollDeclaration, (round_id, account_id)) is not None


async def persons_of(session: AsyncSession, account_id: UUID) -> Sequence[bytes]:
    """Return by what rolls know the person of an account: one for each identity that a provider has proven."""
    found = select(ProvenIdentity.person).where(
        ProvenIdentity.account_id == account_id, ProvenIdentity.person.is_not(None)
    )
    return [person for person in await session.scalars(found) if person is not None]


async def records_of(session: AsyncSession, round_id: UUID, pseudonyms: Collection[bytes]) -> Sequence[RollRecord]:
    """Return the rows of the roll with these pseudonyms whose people may vote now."""
    found = (
        select(RollRecord)
        .join(Roll, Roll.batch_id == RollRecord.batch_id)
        .where(Roll.round_id == round_id, RollRecord.pseudonym.in_(pseudonyms), ENTITLED)
        .order_by(RollRecord.group)
    )
    return (await session.scalars(found)).all()


async def record_by_code(session: AsyncSession, round_id: UUID, group: str, code_key: bytes) -> RollRecord | None:
    """Return the row of the roll with that code key, if its person may vote now."""
    found = (
        select(RollRecord)
        .join(Roll, Roll.batch_id == RollRecord.batch_id)
        .where(Roll.round_id == round_id, RollRecord.group == group, RollRecord.code_key == code_key, ENTITLED)
    )
    return (await session.scalars(found)).one_or_none()


async def roll_file(session: AsyncSession, batch_id: UUID, group: str) -> bytes:
    """Return the roll file of a group: its records, sorted; who was added to an open vote stands in none."""
    body = RollRecord.alias.op("||")(func.coalesce(RollRecord.code_key, literal(bytes(32), LargeBinary)))
    of_group = and_(RollRecord.batch_id == batch_id, RollRecord.group == group, not_(RollRecord.late))
    parts = await session.stream_scalars(select(cast(body, LargeBinary)).where(of_group).order_by(RollRecord.alias))
    return b"".join([part async for part in parts])


async def roots_of(session: AsyncSession, round_id: UUID) -> Sequence[RollRoot]:
    """Return the fixed roots of a round, in the order of their groups' ids."""
    return (await session.scalars(select(RollRoot).where(RollRoot.round_id == round_id).order_by(RollRoot.group))).all()


async def file_of_root(session: AsyncSession, root: bytes) -> bytes | None:
    """Return the SHA-256 of the roll file with that tree hash."""
    return await session.scalar(select(RollRoot.file_sha256).where(RollRoot.root == root).limit(1))


async def signatures_of(session: AsyncSession, round_id: UUID) -> Sequence[RollSignature]:
    """Return who has signed a round's fixed roots, by role."""
    found = select(RollSignature).where(RollSignature.round_id == round_id).order_by(RollSignature.role)
    return (await session.scalars(found)).all()


async def drop_roots(session: AsyncSession, round_id: UUID) -> None:
    """Forget the roots of a round with the signatures under them."""
    await session.execute(delete(RollSignature).where(RollSignature.round_id == round_id))
    await session.execute(delete(RollRoot).where(RollRoot.round_id == round_id))
