"""Queries of the stage voting."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from typing import cast as cast_type
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    LargeBinary,
    Table,
    Text,
    Uuid,
    and_,
    cast,
    column,
    delete,
    func,
    literal,
    select,
    text,
    union,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.core.rounds.phases import Phase
from pb_service.features.accounts.tables import Account, AccountSession
from pb_service.features.record.tables import Log, LogEntry
from pb_service.features.rounds.tables import Round
from pb_service.features.voting.pass_tables import CastEvidence
from pb_service.features.voting.tables import CastEnvelope, CastNotice, EnvelopePoint, PaperHandout
from pb_service.platform.files import StoredFile

_MOMENT = CastNotice.cast_at.type
_COLUMNS = (
    CastEnvelope.entry_id,
    CastEnvelope.group,
    CastEnvelope.alias,
    CastEnvelope.seal_hash,
    CastEnvelope.rank,
    CastEnvelope.contest,
    CastEnvelope.at,
    CastEnvelope.struck_at,
)


@dataclass(frozen=True)
class Standing:
    """An envelope that was taken, with its place in the record if it has one."""

    entry_id: int
    index: int | None
    group: str
    alias: bytes
    seal_hash: bytes
    rank: int
    contest: str
    at: datetime
    struck_at: datetime | None

    @property
    def is_struck(self) -> bool:
        return self.struck_at is not None


class Moment(NamedTuple):
    """What decides whether a round takes envelopes now, and how many entries of its record have an index."""

    phase: Phase
    paused: bool
    opens_at: datetime | None
    closes_at: datetime | None
    size: int


async def moment(session: AsyncSession, log_id: UUID) -> Moment:
    """Return how a round stands now; as a row of its own, nothing that the process remembers."""
    query = select(Round.phase, Round.paused_at, Round.opens_at, Round.closes_at, Log.size).join(
        Log, Log.id == Round.log_id
    )
    phase, paused_at, opens_at, closes_at, size = (await session.execute(query.where(Log.id == log_id))).one()
    return Moment(phase, paused_at is not None, opens_at, closes_at, size)


async def hold_log(session: AsyncSession, log_id: UUID) -> None:
    """Wait while somebody adds a step to the vote, such as its close, and keep such steps waiting meanwhile."""
    await session.execute(select(Log.id).where(Log.id == log_id).with_for_update(read=True, key_share=True))


async def hold_aliases(session: AsyncSession, keys: Collection[int]) -> None:
    """Wait until nobody else is deciding about these aliases. Taken in one order by all, so that none waits in vain."""
    if keys:
        await session.execute(
            text("SELECT pg_advisory_xact_lock(key) FROM unnest(CAST(:keys AS bigint[])) AS given(key)"),
            {"keys": sorted(keys)},
        )


async def envelopes_of(
    session: AsyncSession, log_id: UUID, aliases: Collection[tuple[str, bytes]], seals: Collection[bytes] = ()
) -> list[Standing]:
    """Return the envelopes taken for these (group, alias), and those with these seals, oldest first."""
    by_alias = _given(aliases)
    found = (
        select(*_COLUMNS, LogEntry.idx)
        .join(LogEntry, LogEntry.id == CastEnvelope.entry_id)
        .where(CastEnvelope.log_id == log_id)
    )
    named = found.join(by_alias, and_(CastEnvelope.group == by_alias.c.grp, CastEnvelope.alias == by_alias.c.alias))
    sealed = found.where(CastEnvelope.seal_hash == func.any(cast(list(seals), ARRAY(LargeBinary))))
    # Two queries in one, each with an index of its own: an OR between them would read the whole table.
    rows = await session.execute(union(named, sealed) if seals else named)
    return sorted((_standing(row) for row in rows), key=lambda each: each.entry_id)


async def envelope_by_seal(session: AsyncSession, log_id: UUID, seal: bytes) -> Standing | None:
    """Return the envelope with a seal hash, or with a seal hash that begins so: whole bytes of what its code spells."""
    last = seal.ljust(32, b"\xff")
    query = (
        select(*_COLUMNS, LogEntry.idx)
        .join(LogEntry, LogEntry.id == CastEnvelope.entry_id)
        .where(CastEnvelope.log_id == log_id, CastEnvelope.seal_hash.between(seal, last))
        .order_by(CastEnvelope.entry_id)
        .limit(1)
    )
    found = (await session.execute(query)).one_or_none()
    return _standing(found) if found else None


async def picture_by_hash(session: AsyncSession, sha256: bytes) -> UUID | None:
    """Return the file of a picture with that content."""
    query = select(StoredFile.id).where(StoredFile.sha256 == sha256, StoredFile.kind == "picture").limit(1)
    return await session.scalar(query)


async def papers_of(
    session: AsyncSession, log_id: UUID, aliases: Collection[tuple[str, bytes]]
) -> Sequence[tuple[PaperHandout, int | None]]:
    """Return the paper ballots handed out to these (group, alias) with their places in the record, oldest first."""
    given = _given(aliases)
    query = (
        select(PaperHandout, LogEntry.idx)
        .join(LogEntry, LogEntry.id == PaperHandout.entry_id)
        .join(given, and_(PaperHandout.group == given.c.grp, PaperHandout.alias == given.c.alias))
        .where(PaperHandout.log_id == log_id)
        .order_by(PaperHandout.entry_id)
    )
    return [(row, index) for row, index in await session.execute(query)]


async def add_points(session: AsyncSession, log_id: UUID, points: Collection[bytes]) -> set[bytes]:
    """Keep points that may not come again; return those that were new. Sorted, so that nobody waits in a circle."""
    given = (
        func.unnest(cast(sorted(points), ARRAY(LargeBinary)))
        .table_valued(column("point", LargeBinary))
        .render_derived(name="given")
    )
    rows = select(literal(log_id, EnvelopePoint.log_id.type), given.c.point)
    added = insert(EnvelopePoint).from_select(["log_id", "point"], rows).on_conflict_do_nothing()
    return set((await session.scalars(added.returning(EnvelopePoint.point))).all())


async def drop_points(session: AsyncSession, log_id: UUID, points: Collection[bytes]) -> None:
    """Let go of points of an envelope that is not taken after all, in the transaction that had kept them."""
    wanted = EnvelopePoint.point == func.any(cast(list(points), ARRAY(LargeBinary)))
    await session.execute(delete(EnvelopePoint).where(EnvelopePoint.log_id == log_id, wanted))


async def add_envelopes(session: AsyncSession, rows: Sequence[Mapping[str, Any]]) -> None:
    """Keep what is known of envelopes beside their entries."""
    table = cast_type(Table, CastEnvelope.__table__)  # not the class: its rows need not become objects
    await session.execute(insert(table), rows)


async def add_evidence(session: AsyncSession, sealed: Sequence[tuple[int, bytes]]) -> None:
    """Keep the sealed evidence of sign-ins, by the numbers of the envelopes' entries."""
    if sealed:
        rows = [{"entry_id": number, "sealed": body} for number, body in sealed]
        await session.execute(insert(cast_type(Table, CastEvidence.__table__)), rows)


async def evidence_of(session: AsyncSession, log_id: UUID) -> Sequence[tuple[int, bytes, bytes]]:
    """Return index and body of the entries that rest on sign-ins, with the sealed evidence, in order of the log."""
    query = (
        select(LogEntry.idx, LogEntry.body, CastEvidence.sealed)
        .join(CastEvidence, CastEvidence.entry_id == LogEntry.id)
        .where(LogEntry.log_id == log_id, LogEntry.idx.is_not(None))
        .order_by(LogEntry.idx)
    )
    rows = await session.execute(query)
    return [(index, body, sealed) for index, body, sealed in rows if index is not None]


async def slug_of(session: AsyncSession, round_id: UUID) -> str:
    """Return the slug of a round."""
    return (await session.scalars(select(Round.slug).where(Round.id == round_id))).one()


async def names_key_set(session: AsyncSession, log_id: UUID, sha256: str) -> bool:
    """Whether an entry of a log names a key set, by its hash in base64url. Looks at the whole log: asked for seldom."""
    is_key_set = text("position(CAST(:kind AS bytea) IN record_entry.body) > 0").bindparams(kind=b'"k":"jwks"')
    query = select(LogEntry.body).where(LogEntry.log_id == log_id, is_key_set)
    return any(sha256.encode() in body for body in await session.scalars(query))


async def accounts_made(session: AsyncSession, account_ids: Collection[UUID]) -> dict[UUID, datetime]:
    """Return when accounts were made."""
    wanted = Account.id == func.any(cast(list(account_ids), ARRAY(Uuid)))
    return {row[0]: row[1] for row in await session.execute(select(Account.id, Account.created_at).where(wanted))}


async def note_casts(
    session: AsyncSession, log_id: UUID, casts: Collection[tuple[UUID, str]], now: datetime, *, apart: timedelta
) -> None:
    """Have people told of a ballot in their name, given as (account, contest), once in ``apart``: those with a mail
    address that is theirs."""
    ordered = sorted(set(casts))
    given = (
        func.unnest(
            cast([account for account, _ in ordered], ARRAY(Uuid)),
            cast([contest for _, contest in ordered], ARRAY(Text)),
        )
        .table_valued(column("account_id", Uuid), column("contest", Text))
        .render_derived(name="given")
    )
    rows = (
        select(given.c.account_id, literal(log_id, CastNotice.log_id.type), given.c.contest, literal(now, _MOMENT))
        .join(Account, Account.id == given.c.account_id)
        .where(Account.email_verified_at.is_not(None))
    )
    added = insert(CastNotice).from_select(["account_id", "log_id", "contest", "cast_at"], rows)
    await session.execute(
        added.on_conflict_do_update(
            index_elements=[CastNotice.account_id, CastNotice.log_id, CastNotice.contest],
            set_={"cast_at": now, "sent_at": None},
            where=and_(CastNotice.sent_at.is_not(None), CastNotice.sent_at <= now - apart),
        )
    )


async def indices_below(session: AsyncSession, entry_ids: Collection[int], size: int) -> dict[int, int]:
    """Return the indices of those entries that the first ``size`` of their log hold."""
    wanted = LogEntry.id == func.any(cast(list(entry_ids), ARRAY(BigInteger)))
    found = await session.execute(select(LogEntry.id, LogEntry.idx).where(wanted, LogEntry.idx < size))
    return {number: index for number, index in found if index is not None}


async def bodies_of(session: AsyncSession, entry_ids: Collection[int]) -> dict[int, tuple[int | None, bytes]]:
    """Return index and body of entries by their numbers."""
    wanted = LogEntry.id == func.any(cast(list(entry_ids), ARRAY(BigInteger)))
    found = await session.execute(select(LogEntry.id, LogEntry.idx, LogEntry.body).where(wanted))
    return {number: (index, body) for number, index, body in found}


async def signed_in_at(session: AsyncSession, session_id: UUID | None) -> datetime | None:
    """Return when a session began, or None if there is none."""
    return await session.scalar(select(AccountSession.created_at).where(AccountSession.id == session_id))


async def strike(session: AsyncSession, log_id: UUID, index: int, now: datetime) -> None:
    """Mark the envelope or paper ballot at an index as one that counts no more."""
    entry = select(LogEntry.id).where(LogEntry.log_id == log_id, LogEntry.idx == index).scalar_subquery()
    for table in (CastEnvelope, PaperHandout):
        await session.execute(update(table).where(table.entry_id == entry).values(struck_at=now))


def _given(aliases: Collection[tuple[str, bytes]]) -> Any:
    ordered = sorted(aliases)
    groups, names = [group for group, _ in ordered], [alias for _, alias in ordered]
    return (
        func.unnest(cast(groups, ARRAY(Text)), cast(names, ARRAY(LargeBinary)))
        .table_valued(column("grp", Text), column("alias", LargeBinary))
        .render_derived(name="given")
    )


def _standing(row: Sequence[Any]) -> Standing:
    """The standing of a row of _COLUMNS and the entry's index."""
    entry_id, group, alias, seal_hash, rank, contest, at, struck_at, index = row
    return Standing(
        entry_id=entry_id,
        index=index,
        group=group,
        alias=alias,
        seal_hash=seal_hash,
        rank=rank,
        contest=contest,
        at=at,
        struck_at=struck_at,
    )
