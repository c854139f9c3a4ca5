"""Queries of the stage roll."""

from collections import Counter
from collections.abc import AsyncIterator, Collection, Sequence
from datetime import datetime
from typing import Any
from typing import cast as cast_type
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    CursorResult,
    LargeBinary,
    Result,
    and_,
    cast,
    delete,
    func,
    not_,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from pb_service.features.accounts.identity_tables import ProvenIdentity
from pb_service.features.roll.letter_tables import CodeLetter
from pb_service.features.roll.tables import (
    Roll,
    RollBatch,
    RollChange,
    RollChangeSignature,
    RollDeclaration,
    RollRecord,
    RollRequest,
    RollRoot,
    RollSealed,
    RollSignature,
    RollUploadPart,
)
from pb_service.features.rounds.tables import Contest, Round, RoundAct

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


_FILE = """
SELECT string_agg(alias || coalesce(code_key, decode(repeat('00', 32), 'hex')), CAST('' AS bytea) ORDER BY alias)
FROM roll_record WHERE batch_id = :batch AND grp = :group AND NOT late
"""


async def roll_file(session: AsyncSession, batch_id: UUID, group: str) -> bytes:
    """Return the roll file of a group: its records, sorted; who was added to an open vote stands in none."""
    given = {"batch": batch_id, "group": group}
    return await session.scalar(text(_FILE), given) or b""


async def birth_years_of(
    session: AsyncSession, round_id: UUID, group: str, aliases: Collection[bytes]
) -> Counter[int | None]:
    """Return how many of these people of a roll were born in which year; who is not on it is left out."""
    wanted = RollRecord.alias == func.any(cast(list(aliases), ARRAY(LargeBinary)))
    found = (
        select(RollRecord.birth_year, func.count())
        .join(Roll, Roll.batch_id == RollRecord.batch_id)
        .where(Roll.round_id == round_id, RollRecord.group == group, wanted)
        .group_by(RollRecord.birth_year)
    )
    return Counter({row[0]: row[1] for row in await session.execute(found)})


async def birth_years_of_accounts(session: AsyncSession) -> list[tuple[UUID, int | None]]:
    """Return each account for which a provider has proven a year of birth, with it."""
    found = select(ProvenIdentity.account_id, func.min(ProvenIdentity.birth_year))
    known = found.where(ProvenIdentity.birth_year.is_not(None)).group_by(ProvenIdentity.account_id)
    return [(row[0], row[1]) for row in await session.execute(known)]


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


async def note_fixing(session: AsyncSession, round_id: UUID, begun: datetime, percent: int) -> None:
    """Note how far the roots are that were asked for then."""
    asked = update(Roll).where(Roll.round_id == round_id, Roll.fixing_since == begun)
    await session.execute(asked.values(fixing_percent=percent))


async def drop_roots(session: AsyncSession, round_id: UUID) -> None:
    """Forget the roots of a round with the signatures under them."""
    await session.execute(delete(RollSignature).where(RollSignature.round_id == round_id))
    await session.execute(delete(RollRoot).where(RollRoot.round_id == round_id))


# Imports


async def begin_roll(session: AsyncSession, round_id: UUID, scheme: str) -> Roll:
    """Return the roll of a round, held, and made if there is none."""
    await session.execute(insert(Roll).values(round_id=round_id, scheme=scheme).on_conflict_do_nothing())
    found = select(Roll).where(Roll.round_id == round_id).with_for_update()
    return (await session.scalars(found)).one()


async def batches_of(session: AsyncSession, round_id: UUID, states: Collection[str]) -> Sequence[RollBatch]:
    """Return the imports of a round in these states, newest first."""
    found = select(RollBatch).where(RollBatch.round_id == round_id, RollBatch.state.in_(states))
    return (await session.scalars(found.order_by(RollBatch.uploaded_at.desc(), RollBatch.id.desc()))).all()


async def waiting_since(session: AsyncSession, states: Collection[str], before: datetime) -> Sequence[RollBatch]:
    """Return imports that were handed in before a moment and are still in one of these states."""
    found = select(RollBatch).where(RollBatch.state.in_(states), RollBatch.uploaded_at < before)
    return (await session.scalars(found.with_for_update(skip_locked=True))).all()


async def piece(session: AsyncSession, batch_id: UUID, number: int) -> bytes | None:
    """Return a piece of what was handed in, sealed, or None after the last."""
    found = select(RollUploadPart.body).where(RollUploadPart.batch_id == batch_id, RollUploadPart.number == number)
    return await session.scalar(found)


async def outdate(session: AsyncSession, round_id: UUID) -> None:
    """Have imports that were compared with a round's roll compared again: somebody was added or removed since."""
    compared = and_(RollBatch.round_id == round_id, RollBatch.state == "read")
    await session.execute(update(RollBatch).where(compared).values(based_on=None))


async def drop_pieces(session: AsyncSession, batch_id: UUID) -> None:
    """Let go of what was handed in."""
    await session.execute(delete(RollUploadPart).where(RollUploadPart.batch_id == batch_id))


async def progress(session: AsyncSession, batch_id: UUID, done: int) -> None:
    """Note how much of a file was read."""
    await session.execute(update(RollBatch).where(RollBatch.id == batch_id).values(done=done))


async def add_sealed(session: AsyncSession, batch_id: UUID, number: int, body: bytes) -> None:
    """Keep sealed person ids."""
    await session.execute(insert(RollSealed).values(batch_id=batch_id, number=number, body=body))


async def sealed_parts(session: AsyncSession, batch_id: UUID) -> AsyncIterator[bytes]:
    """Yield the sealed person ids of an import, part by part."""
    numbers = await session.scalars(
        select(RollSealed.number).where(RollSealed.batch_id == batch_id).order_by(RollSealed.number)
    )
    for number in numbers.all():
        found = await session.get_one(RollSealed, (batch_id, number))
        yield found.body
        session.expunge(found)


async def rows_of(
    session: AsyncSession, batch_id: UUID, group: str, pseudonyms: Collection[bytes]
) -> Sequence[RollRecord]:
    """Return the rows of a group with these pseudonyms, but those added to an open vote that were never logged."""
    wanted = RollRecord.pseudonym == func.any(cast(list(pseudonyms), ARRAY(LargeBinary)))
    logged = or_(not_(RollRecord.late), RollRecord.late_at.is_not(None))
    found = select(RollRecord).where(RollRecord.batch_id == batch_id, RollRecord.group == group, wanted, logged)
    return (await session.scalars(found)).all()


_STAGE = """
CREATE TEMPORARY TABLE roll_stage (
    line integer, grp text, pseudonym bytea, alias bytea, district text, language text,
    birth_year smallint
) ON COMMIT DROP
"""
_TAKE = """
INSERT INTO roll_record (batch_id, grp, pseudonym, alias, district, language, birth_year, line)
SELECT CAST(:batch AS uuid), grp, pseudonym, alias, district, language, birth_year, line
FROM (SELECT *, min(line) OVER (PARTITION BY pseudonym) AS first FROM roll_stage) AS staged
WHERE line = first
ORDER BY grp, pseudonym
"""
_REPEATED = """
SELECT line, first, count(*) OVER () AS number FROM (
    SELECT DISTINCT line, min(line) OVER (PARTITION BY pseudonym) AS first FROM roll_stage
) AS staged WHERE line > first ORDER BY line LIMIT :most
"""
_DIFFERENCE = """
WITH new AS (
    SELECT pseudonym, min(line) AS line, min(district) AS district, min(language) AS language
    FROM roll_record WHERE batch_id = :new GROUP BY pseudonym
), old AS (
    SELECT pseudonym, min(district) AS district, min(language) AS language
    FROM roll_record WHERE batch_id = CAST(:old AS uuid) GROUP BY pseudonym
), compared AS (
    SELECT new.line, new.district AS now, old.district AS before,
        CASE WHEN old.pseudonym IS NULL THEN 'added' WHEN new.pseudonym IS NULL THEN 'gone'
            WHEN (new.district, new.language) IS DISTINCT FROM (old.district, old.language) THEN 'changed'
            ELSE 'same' END AS what
    FROM new FULL JOIN old USING (pseudonym)
)
SELECT what, coalesce(now, before), count(*), (array_agg(line ORDER BY line))[1\\:200]
FROM compared GROUP BY what, coalesce(now, before) ORDER BY what, coalesce(now, before)
"""


async def begin_stage(session: AsyncSession) -> Any:
    """Make the table into which rows are copied as they come, and return the driver's connection to copy with."""
    await session.execute(text(_STAGE))
    connection = await session.connection()
    return (await connection.get_raw_connection()).driver_connection


async def take_stage(session: AsyncSession, batch_id: UUID, most: int) -> tuple[int, list[tuple[int, int]]]:
    """Make records of what was copied, each person once.

    Returns how many rows named somebody again, and the first of them: (row, the row before it with that person).
    """
    await session.execute(text("ANALYZE roll_stage"))
    await session.execute(text(_TAKE), {"batch": batch_id})
    rows = (await session.execute(text(_REPEATED), {"most": most})).all()
    return (rows[0].number if rows else 0), [(row.line, row.first) for row in rows]


async def difference(session: AsyncSession, new: UUID, old: UUID | None) -> dict[str, Any]:
    """Return how many people are added, gone, changed and the same, in whole and by district, with rows of the file."""
    counts: dict[str, Any] = {"added": 0, "gone": 0, "changed": 0, "same": 0, "by_district": {}, "lines": {}}
    for what, district, number, lines in await session.execute(text(_DIFFERENCE), {"new": new, "old": old}):
        counts[what] += number
        counts["by_district"].setdefault(district or "", {})[what] = number
        if what in {"added", "changed"} and old is not None:
            counts["lines"][what] = sorted([*counts["lines"].get(what, []), *lines])[:200]
    counts["people"] = counts["added"] + counts["changed"] + counts["same"]
    return counts


async def carry_codes(session: AsyncSession, old: UUID, new: UUID) -> None:
    """Give those who were on the roll before the keys of the letters that they have."""
    before = aliased(RollRecord)
    same = and_(
        RollRecord.batch_id == new,
        before.batch_id == old,
        RollRecord.group == before.group,
        RollRecord.pseudonym == before.pseudonym,
        before.code_key.is_not(None),
    )
    await session.execute(
        update(RollRecord).where(same).values(code_key=before.code_key).execution_options(synchronize_session=False)
    )


async def drop_records(session: AsyncSession, most: int) -> int:
    """Delete records and sealed ids of imports that are not needed any more, some at a time; return how many."""
    over = select(RollBatch.id).where(RollBatch.state.in_(("dropped", "failed", "replaced")))
    await session.execute(delete(RollSealed).where(RollSealed.batch_id.in_(over)))
    some = text(
        "DELETE FROM roll_record WHERE ctid = ANY(ARRAY("
        "SELECT ctid FROM roll_record WHERE batch_id = ANY(:over) LIMIT :most))"
    )
    ids = list(await session.scalars(over))
    return _number(await session.execute(some, {"over": ids, "most": most})) if ids else 0


def _number(done: Result[Any]) -> int:
    """How many rows a statement touched."""
    return cast_type(CursorResult[Any], done).rowcount


# Erasure


async def final_rounds(session: AsyncSession) -> Sequence[tuple[Round, datetime]]:
    """Return rounds of votes of our own whose roll is not erased, each with the moment when its result became final.

    That is when its implementation began, or it went to the archive.
    """
    final = func.min(RoundAct.at)
    found = (
        select(Round, final)
        .join(RoundAct, RoundAct.round_id == Round.id)
        .outerjoin(Roll, Roll.round_id == Round.id)
        .where(
            RoundAct.target.in_(("implementation", "archived")),
            not_(Round.imported),
            or_(Round.manifest_sha256.is_not(None), Roll.round_id.is_not(None)),
            Roll.erased_at.is_(None),
        )
        .group_by(Round.id)
    )
    return [(row[0], row[1]) for row in await session.execute(found)]


async def erase(session: AsyncSession, round_id: UUID, now: datetime) -> None:
    """Delete everything that a round's roll says of people; roots, counts and public files stay."""
    roll = await begin_roll(session, round_id, "")
    roll.batch_id, roll.erased_at = None, now
    for table in (CodeLetter, RollChange, RollDeclaration, RollRequest):
        await session.execute(delete(table).where(table.round_id == round_id))
    batches = select(RollBatch.id).where(RollBatch.round_id == round_id)
    for part in (RollUploadPart, RollSealed, RollRecord):
        await session.execute(delete(part).where(part.batch_id.in_(batches)))
    await session.execute(
        update(RollBatch).where(RollBatch.round_id == round_id, RollBatch.state == "current").values(state="replaced")
    )


async def erased_rounds(session: AsyncSession) -> Sequence[UUID]:
    """Return the rounds whose rolls are erased."""
    return (await session.scalars(select(Roll.round_id).where(Roll.erased_at.is_not(None)))).all()


# Single people, and what residents ask


async def remove_records(session: AsyncSession, batch_id: UUID | None, pseudonym: bytes) -> int:
    """Delete one person's rows of a roll; return how many there were."""
    gone = delete(RollRecord).where(RollRecord.batch_id == batch_id, RollRecord.pseudonym == pseudonym)
    return _number(await session.execute(gone))


async def next_sealed(session: AsyncSession, batch_id: UUID) -> int:
    """Return the number of the next part of sealed ids; whoever asks holds the roll."""
    found = select(func.coalesce(func.max(RollSealed.number), -1)).where(RollSealed.batch_id == batch_id)
    return (await session.scalar(found) or 0) + 1


async def waiting_request(session: AsyncSession, round_id: UUID, account_id: UUID) -> RollRequest | None:
    """Return a resident's request that nobody has answered."""
    found = select(RollRequest).where(
        RollRequest.round_id == round_id, RollRequest.account_id == account_id, RollRequest.outcome.is_(None)
    )
    return (await session.scalars(found)).one_or_none()


async def own_requests(session: AsyncSession, round_id: UUID, account_id: UUID) -> Sequence[RollRequest]:
    """Return a resident's requests in a round, newest first."""
    found = select(RollRequest).where(RollRequest.round_id == round_id, RollRequest.account_id == account_id)
    return (await session.scalars(found.order_by(RollRequest.asked_at.desc()))).all()


async def requests_of(session: AsyncSession, round_id: UUID, most: int = 200) -> Sequence[RollRequest]:
    """Return the requests of a round: those that wait, oldest first, then the answered, newest first."""
    found = select(RollRequest).where(RollRequest.round_id == round_id)
    order = (RollRequest.outcome.is_not(None), RollRequest.answered_at.desc().nulls_last(), RollRequest.asked_at)
    return (await session.scalars(found.order_by(*order).limit(most))).all()


async def waiting_requests(session: AsyncSession, round_id: UUID) -> int:
    """Return how many requests wait for an answer."""
    found = select(func.count()).select_from(RollRequest)
    return await session.scalar(found.where(RollRequest.round_id == round_id, RollRequest.outcome.is_(None))) or 0


async def people_by_group(session: AsyncSession, round_id: UUID) -> dict[str, int]:
    """Return how many people of a round's roll may vote in each group now."""
    found = (
        select(RollRecord.group, func.count())
        .join(Roll, Roll.batch_id == RollRecord.batch_id)
        .where(Roll.round_id == round_id, ENTITLED)
        .group_by(RollRecord.group)
    )
    return {row[0]: row[1] for row in await session.execute(found)}


async def declarations(session: AsyncSession, round_id: UUID) -> dict[str, int]:
    """Return how many have declared to meet a round's rule, by ground."""
    found = select(RollDeclaration.ground, func.count()).where(RollDeclaration.round_id == round_id)
    return {row[0]: row[1] for row in await session.execute(found.group_by(RollDeclaration.ground))}


async def declare(session: AsyncSession, round_id: UUID, account_id: UUID, ground: str, now: datetime) -> bool:
    """Keep a declaration; a second one changes nothing. Returns whether it is the first."""
    row = insert(RollDeclaration).values(round_id=round_id, account_id=account_id, ground=ground, declared_at=now)
    return _number(await session.execute(row.on_conflict_do_nothing())) > 0


# Changes of an open vote's roll


async def changes_of(session: AsyncSession, round_id: UUID) -> Sequence[RollChange]:
    """Return the late additions of a round, newest first."""
    found = select(RollChange).where(RollChange.round_id == round_id)
    return (await session.scalars(found.order_by(RollChange.asked_at.desc(), RollChange.id.desc()))).all()


async def change_signatures(session: AsyncSession, change_ids: Collection[UUID]) -> Sequence[RollChangeSignature]:
    """Return who has signed late additions."""
    return (
        await session.scalars(select(RollChangeSignature).where(RollChangeSignature.change_id.in_(change_ids)))
    ).all()


async def drop_change_signatures(session: AsyncSession, round_id: UUID, public_key: bytes) -> None:
    """Forget what a key has signed of a round's late additions that are not logged."""
    waiting = select(RollChange.id).where(RollChange.round_id == round_id, RollChange.logged_at.is_(None))
    signed = and_(RollChangeSignature.public_key == public_key, RollChangeSignature.change_id.in_(waiting))
    await session.execute(delete(RollChangeSignature).where(signed))


async def entitle(session: AsyncSession, batch_id: UUID | None, change: RollChange, now: datetime) -> None:
    """Let somebody vote whose addition is logged now."""
    await session.execute(update(RollRecord).where(_late(batch_id, change)).values(late_at=now))


async def forget_late(session: AsyncSession, batch_id: UUID | None, change: RollChange) -> None:
    """Forget somebody whose addition was never logged."""
    await session.execute(delete(RollRecord).where(_late(batch_id, change), RollRecord.late_at.is_(None)))


def _late(batch_id: UUID | None, change: RollChange) -> ColumnElement[bool]:
    return and_(
        RollRecord.batch_id == batch_id,
        RollRecord.group == change.group,
        RollRecord.alias == change.alias,
        RollRecord.late,
    )
