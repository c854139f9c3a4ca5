"""Queries of steps that several people sign, of the paper ballots among them, and of reviews of strikes."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.core.record.canonical import decode, unb64u
from pb_service.core.record.entries import parse
from pb_service.core.sealing.election import RANKS, envelope_of
from pb_service.core.sealing.manifest import Manifest
from pb_service.features.record.tables import LogEntry
from pb_service.features.voting.repository import add_points, envelopes_of, papers_of
from pb_service.features.voting.tables import CastEnvelope, OrderSignature, PaperHandout, StrikeReview, VoteOrder


async def orders_of(
    session: AsyncSession, round_id: UUID, kinds: Collection[str], *, open_only: bool = False
) -> Sequence[VoteOrder]:
    """Return the orders of a round of these kinds, newest first; only those that wait for signatures, or all."""
    query = select(VoteOrder).where(VoteOrder.round_id == round_id, VoteOrder.kind.in_(kinds))
    if open_only:
        query = query.where(VoteOrder.logged_at.is_(None), VoteOrder.dropped_at.is_(None))
    return (await session.scalars(query.order_by(VoteOrder.asked_at.desc(), VoteOrder.id))).all()


async def order_signatures(session: AsyncSession, order_id: UUID) -> Sequence[OrderSignature]:
    """Return who has signed an order, first one first."""
    query = select(OrderSignature).where(OrderSignature.order_id == order_id)
    return (await session.scalars(query.order_by(OrderSignature.signed_at, OrderSignature.public_key))).all()


async def drop_signatures(session: AsyncSession, round_id: UUID, public_key: bytes) -> None:
    """Forget what a key has signed in a round and is not logged."""
    waiting = select(VoteOrder.id).where(VoteOrder.round_id == round_id, VoteOrder.logged_at.is_(None))
    await session.execute(
        delete(OrderSignature).where(OrderSignature.public_key == public_key, OrderSignature.order_id.in_(waiting))
    )


async def add_paper(session: AsyncSession, log_id: UUID, body: bytes, group: str, now: datetime) -> None:
    """Keep what is known of a paper ballot beside its entry, which this transaction has just added."""
    entry = decode(body)
    own = select(func.max(LogEntry.id)).where(LogEntry.log_id == log_id, LogEntry.idx.is_(None), LogEntry.body == body)
    row = PaperHandout(
        entry_id=await session.scalar(own),
        log_id=log_id,
        group=group,
        alias=unb64u(entry["a"]),
        contest=entry["d"],
        no=entry["no"],
        at=now,
    )
    session.add(row)
    await session.flush()


async def add_envelope(session: AsyncSession, log_id: UUID, body: bytes, manifest: Manifest, now: datetime) -> None:
    """Keep what is known of an envelope of the desk beside its entry, which this transaction has just added."""
    envelope = envelope_of(parse(body), manifest.eid)
    own = select(func.max(LogEntry.id)).where(LogEntry.log_id == log_id, LogEntry.idx.is_(None), LogEntry.body == body)
    await add_points(session, log_id, [first for first, _ in envelope.pairs])
    session.add(
        CastEnvelope(
            entry_id=await session.scalar(own),
            log_id=log_id,
            group=manifest.contests[envelope.place.contest].group,
            alias=envelope.place.alias,
            seal_hash=envelope.seal_hash(),
            cls="desk",
            rank=RANKS["desk"],
            contest=envelope.place.contest,
            at=now,
        )
    )
    await session.flush()


async def order_of_entry(session: AsyncSession, round_id: UUID, kind: str, entry: bytes) -> VoteOrder | None:
    """Return the newest order of a kind under which exactly this is signed."""
    query = select(VoteOrder).where(VoteOrder.round_id == round_id, VoteOrder.kind == kind, VoteOrder.entry == entry)
    return await session.scalar(query.order_by(VoteOrder.asked_at.desc()).limit(1))


async def reviews_of(session: AsyncSession, round_id: UUID) -> Sequence[tuple[StrikeReview, int]]:
    """Return the reviews asked for in a round with the indices of what was struck, newest first."""
    query = (
        select(StrikeReview, LogEntry.idx)
        .join(LogEntry, LogEntry.id == StrikeReview.entry_id)
        .where(StrikeReview.round_id == round_id)
        .order_by(StrikeReview.asked_at.desc())
    )
    return [(review, index) for review, index in await session.execute(query) if index is not None]


async def struck_entry(
    session: AsyncSession, log_id: UUID, names: Collection[tuple[str, bytes]], index: int
) -> int | None:
    """Return the number of the struck entry at an index if it stands in one of these names."""
    envelopes = [(one.entry_id, one.index, one.struck_at) for one in await envelopes_of(session, log_id, names)]
    papers = [(row.entry_id, at, row.struck_at) for row, at in await papers_of(session, log_id, names)]
    return next((number for number, at, struck in [*envelopes, *papers] if at == index and struck is not None), None)


async def add_review(session: AsyncSession, entry_id: int, round_id: UUID, text: str, now: datetime) -> bool:
    """Keep a review. Returns whether it is the first one of its entry."""
    row = {"entry_id": entry_id, "round_id": round_id, "text": text, "asked_at": now}
    made = insert(StrikeReview).values(**row).on_conflict_do_nothing().returning(StrikeReview.entry_id)
    return await session.scalar(made) is not None


async def envelope_or_paper_at(session: AsyncSession, log_id: UUID, index: int) -> CastEnvelope | PaperHandout | None:
    """Return what is known of the envelope or paper ballot at an index."""
    entry = select(LogEntry.id).where(LogEntry.log_id == log_id, LogEntry.idx == index).scalar_subquery()
    envelope = await session.scalar(select(CastEnvelope).where(CastEnvelope.entry_id == entry))
    return envelope or await session.scalar(select(PaperHandout).where(PaperHandout.entry_id == entry))
