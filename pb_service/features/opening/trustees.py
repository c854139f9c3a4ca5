"""Trustees with machines of their own: who they are, whose turn it is, and what they hand in.

Nobody's word is taken: a message is appended when the state of the vote takes it, with its signature and its proof;
what does not hold is kept as a refused step with the reason, never as an entry, and the trustee may try again. Trustees
whose keys lie on this server take their turns by themselves. Functions never commit.
"""

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.core.record.canonical import CanonicalError, b64u, decode, encode, unb64u
from pb_service.core.record.signatures import SIGNATURE_SIZE, is_sound_key
from pb_service.core.rounds.setup import Setup
from pb_service.core.sealing.ceremony import abandonment
from pb_service.core.sealing.election import Election, RecordError
from pb_service.core.sealing.rehearsal import ROWS, Rehearsal, RehearsalError
from pb_service.core.sealing.trusteeship import Trustee, TrusteeRefusal
from pb_service.core.voting.turns import CEREMONY, CONFIRMATION, ceremony_turn
from pb_service.features.accounts import access_log, signing_keys
from pb_service.features.accounts.policy import Actor, require
from pb_service.features.opening import repository
from pb_service.features.opening.errors import OpeningRefused
from pb_service.features.opening.keyholders import held_here, hold_ceremony
from pb_service.features.opening.state import VoteState, state_of
from pb_service.features.opening.tables import CeremonyStep, Opening, RehearsalMessage, TrusteeSeat
from pb_service.features.record import service as record
from pb_service.features.rounds.tables import Round
from pb_service.platform.keys import KeyFolder

#: Messages of a rehearsal, which are no entries.
_REHEARSED = ("rmix", "rdec")
#: Their fields that name files.
_NAMING = ("out", "pf", "f")


@dataclass(frozen=True)
class Turn:
    """Whose message is due, and of which kind: one of the ceremony's, of the rehearsal's, or the confirmation."""

    kind: str
    trustee: int


async def set_seat(
    session: AsyncSession,
    actor: Actor,
    found: Round,
    number: int,
    account_id: UUID | None,
    *,
    count: int,
    trustees: frozenset[UUID],
    now: datetime,
) -> None:
    """Say who is trustee ``number`` of ``count``: somebody with the role, or nobody, and then her key lies here.

    Another person brings another key. Not while a ceremony is under way or after it. Raises OpeningRefused.
    """
    require(actor, "vote.prepare", round_id=found.id, now=now)
    await _not_begun(session, found)
    if not 1 <= number <= count or (account_id is not None and account_id not in trustees):
        raise OpeningRefused("seat", "There is no such trustee.")
    seats = await repository.seats_of(session, found.id)
    if account_id is not None and any(
        seat.account_id == account_id for seat in seats.values() if seat.number != number
    ):
        raise OpeningRefused("same_seat", "One person is one trustee.")
    seat = seats.get(number)
    if seat is None:
        seat = TrusteeSeat(round_id=found.id, number=number)
        session.add(seat)
    if seat.account_id != account_id:
        seat.account_id, seat.public_key, seat.keyed_at = account_id, None, None
    await session.flush()
    await access_log.note(session, actor.account_id, "trustee.seated", f"{found.slug} {number}", now=now)


async def give_key(session: AsyncSession, actor: Actor, found: Round, public_key: str, *, now: datetime) -> None:
    """Take the key that a trustee's tool showed her. Its first message of the ceremony proves that she holds it.

    Raises OpeningRefused, Forbidden, StepUpNeeded.
    """
    require(actor, "keys.enrol", round_id=found.id, now=now)
    seat = await own_seat(session, actor, found)
    await _not_begun(session, found)
    try:
        key = unb64u(public_key, 32)
    except CanonicalError:
        key = b""
    seats = await repository.seats_of(session, found.id)
    taken = {other.public_key for other in seats.values() if other.number != seat.number}
    if not is_sound_key(key) or key in taken:
        raise OpeningRefused("key", "This is not what `pb trustee new` shows.")
    seat.public_key, seat.keyed_at = key, now
    await access_log.note(session, actor.account_id, "trustee.keyed", f"{found.slug} {seat.number}", now=now)


async def own_seat(session: AsyncSession, actor: Actor, found: Round) -> TrusteeSeat:
    """Return the seat of who is asking. Raises OpeningRefused."""
    seat = await repository.seat_of(session, found.id, actor.account_id) if actor.account_id else None
    if seat is None:
        raise OpeningRefused("no_seat", "You are no trustee of this round.")
    return seat


async def keys_of_setup(
    session: AsyncSession, found: Round, setup: Setup, here: Mapping[int, bytes], quorum: int
) -> list[bytes]:
    """Return the trustees' keys for a setup, in order. ``here``: those of this server, for who has no seat.

    In mode ``self`` all lie here. Apart, everybody outside has given hers, and fewer lie here than open a ballot.
    Raises OpeningRefused.
    """
    if setup.trustees.mode == "self":
        return [here[number] for number in sorted(here)]
    seats = await repository.seats_of(session, found.id)
    outside = {number: seat for number, seat in seats.items() if seat.account_id is not None and number in here}
    if len(here) - len(outside) >= quorum:
        raise OpeningRefused("too_many_here", "Fewer keys may lie on this server than open the ballots.")
    keys = {number: seat.public_key for number, seat in outside.items() if seat.public_key is not None}
    if len(keys) < len(outside):
        raise OpeningRefused("key_missing", "Not every trustee has given her key.")
    return [keys.get(number, here[number]) for number in sorted(here)]


async def turn_of(session: AsyncSession, found: Round, election: Election) -> Turn | None:
    """Return whose message is due before the vote, None when it is nobody's. The rehearsal comes before `tk4`."""
    due = ceremony_turn(election)
    if due is not None and due[0] == CONFIRMATION and (rehearsing := await _rehearsal(session, found, election)):
        rehearsed = rehearsing[0].turn
        if rehearsed is not None:
            return Turn(*rehearsed)
    return Turn(*due) if due else None


async def advance(
    session: AsyncSession, found: Round, opening: Opening, state: VoteState, keys: KeyFolder, *, now: datetime
) -> None:
    """Let the trustees on this server take their turns, up to one that is somebody's outside."""
    way = _Way(session, found, opening, state.election, now)
    while (turn := await turn_of(session, found, state.election)) is not None:
        trustee = held_here(keys, found.id, state.election).get(turn.trustee)
        if trustee is None:
            return
        if turn.kind in _REHEARSED:
            await way.rehearse_here(trustee)
            continue
        body = trustee.confirm(state.election) if turn.kind == CONFIRMATION else hold_ceremony(trustee, state.election)
        await state.append(session, body)
        way.note(turn)


async def take(
    session: AsyncSession,
    actor: Actor,
    found: Round,
    body: bytes,
    files: Mapping[bytes, bytes],
    *,
    keys: KeyFolder,
    now: datetime,
) -> str:
    """Take a message of a locked round's ceremony or rehearsal from its trustee. Returns why it is refused, or "".

    The same message once more is taken for taken. Raises OpeningRefused for who is no trustee.
    """
    require(actor, "trustee.serve", round_id=found.id)
    seat, opening = await own_seat(session, actor, found), await repository.opening_of(session, found.id)
    if opening is None:
        raise OpeningRefused("not_begun")
    state = await state_of(session, found.log, hold=True)
    election = state.election
    kind, way = _kind_of(body), _Way(session, found, opening, election, now)
    turn = await turn_of(session, found, election)
    due = Turn(kind, seat.number)
    if turn != due:
        is_known = body in await record.entries_from(session, found.log, 0, waiting=True)
        return "" if is_known else way.refuse(due, "It is not this message's turn.")
    try:
        if kind in _REHEARSED:
            await way.take_rehearsed(body, files)
        else:
            await state.append(session, body)
    except (RecordError, RehearsalError) as error:
        return way.refuse(due, str(error))
    way.note(due)
    try:
        await advance(session, found, opening, state, keys, now=now)
    except (TrusteeRefusal, RehearsalError) as error:  # of a trustee here: the message that was taken stays taken
        turn = await turn_of(session, found, election)
        way.refuse(turn or due, str(error))
    return ""


def to_abandon(election: Election, why: str) -> dict[str, Any]:
    """Return the entry that the registrar signs to give up the ceremony under way. Raises OpeningRefused."""
    if election.setup is None or election.ended is not None or election.manifest is not None:
        raise OpeningRefused("no_ceremony", "There is no ceremony under way.")
    return {
        "v": 1,
        "k": "abandon",
        "e": b64u(election.setup.sid),
        **abandonment(election.setup.attempt, why),
    }


async def abandon(
    session: AsyncSession,
    actor: Actor,
    found: Round,
    why: str,
    *,
    public_key: str,
    signature: str,
    now: datetime,
) -> bool:
    """Give up the ceremony of a locked round, by the key of its registrar alone: it is done, and can only be begun
    again.

    Raises OpeningRefused, SignatureRefused, Forbidden, StepUpNeeded.
    """
    require(actor, "vote.confirm", round_id=found.id, now=now)
    state = await state_of(session, found.log, hold=True)
    entry = to_abandon(state.election, why)
    key = await signing_keys.verify(
        session,
        actor,
        entry,
        public_key=public_key,
        signature=signature,
        round_id=found.id,
        role="registrar",
        now=now,
    )
    setup = state.election.setup
    assert setup is not None  # noqa: S101 - to_abandon saw to it
    if key.public_key != setup.registrar:
        raise OpeningRefused("other_registrar", "The setup names another registrar's key.")
    signed = {**entry, "sg": [["reg", b64u(unb64u(signature, SIGNATURE_SIZE))]]}
    try:
        await state.append(session, encode(signed))
    except RecordError as error:
        raise OpeningRefused("no_ceremony", str(error)) from error
    opening = await repository.opening_of(session, found.id)
    if opening is not None:
        opening.manifest, opening.manifest_at = None, None
    await repository.drop_signatures(session, found.id)
    await access_log.note(session, actor.account_id, "vote.abandoned", f"{found.slug} {setup.attempt} {why}", now=now)
    return True


async def _not_begun(session: AsyncSession, found: Round) -> None:
    """Refuse while a ceremony is under way or done: what its setup names stays."""
    if found.manifest_sha256 is not None:
        raise OpeningRefused("fixed")
    if await repository.opening_of(session, found.id) is not None:
        election = (await state_of(session, found.log)).election
        if election.setup is not None and election.ended is None:
            raise OpeningRefused("begun")


async def _rehearsal(
    session: AsyncSession, found: Round, election: Election
) -> tuple[Rehearsal, dict[bytes, bytes]] | None:
    """Return the rehearsal as far as it has come, and its files; None in a round that has rehearsed in one go."""
    opening = await repository.opening_of(session, found.id)
    if opening is None or opening.rehearsal is not None:
        return None
    rehearsal, files = Rehearsal(election), dict[bytes, bytes]()
    for body in await repository.rehearsal_messages(session, found.id):
        files |= await message_files(session, body)
        rehearsal.append(body, files)
    return rehearsal, files


async def message_files(session: AsyncSession, body: bytes) -> dict[bytes, bytes]:
    """Return the files that a message of a rehearsal names."""
    fields = decode(body)
    named = [unb64u(fields[name], 32) for name in _NAMING if name in fields]
    return {sha256: await record.get_file(session, sha256) for sha256 in named}


def _kind_of(body: bytes) -> str:
    try:
        fields = decode(body)
    except CanonicalError:
        return ""
    kind = fields.get("k") if isinstance(fields, dict) else None
    return kind if isinstance(kind, str) and kind in {*CEREMONY, CONFIRMATION, *_REHEARSED} else ""


@dataclass(frozen=True)
class _Way:
    """One command's way through a ceremony: what its steps work with."""

    session: AsyncSession
    found: Round
    opening: Opening
    election: Election
    now: datetime

    def note(self, turn: Turn) -> None:
        """Keep that a message was taken; the last confirmation opens the vote."""
        self.session.add(self._row(turn))
        if self.election.opened and self.opening.opened_at is None:
            self.opening.opened_at = self.now

    def refuse(self, turn: Turn, why: str) -> str:
        """Keep that a message was refused, and return why."""
        row = self._row(turn)
        row.is_refused, row.why = True, why
        self.session.add(row)
        return why

    async def take_rehearsed(self, body: bytes, given: Mapping[bytes, bytes]) -> None:
        """Take the next message of the rehearsal with its files. Raises RehearsalError, and then nothing is kept."""
        known = await _rehearsal(self.session, self.found, self.election)
        assert known is not None  # noqa: S101 - it is the rehearsal's turn
        rehearsal, files = known
        rehearsal.append(body, {**files, **given})
        fields = decode(body)
        for name in _NAMING:
            if name in fields:
                await record.put_file(self.session, given[unb64u(fields[name], 32)], kind="rehearsal", at=self.now)
        place = len(await repository.rehearsal_messages(self.session, self.found.id))
        self.session.add(RehearsalMessage(round_id=self.found.id, place=place, body=body))
        if rehearsal.turn is None:
            quorums = rehearsal.check_opened()
            self.opening.rehearsal = {"ballots": ROWS, "mixes": rehearsal.mixes, "quorums": quorums}
        await self.session.flush()

    async def rehearse_here(self, trustee: Trustee) -> None:
        """Let a trustee on this server take her turn in the rehearsal."""
        known = await _rehearsal(self.session, self.found, self.election)
        assert known is not None  # noqa: S101 - it is the rehearsal's turn
        rehearsal, _ = known
        assert rehearsal.turn is not None  # noqa: S101 - as above
        turn = Turn(*rehearsal.turn)
        if turn.kind == "rmix":
            body, *given = rehearsal.mix(trustee.number, trustee.key, secrets.token_bytes)
        else:
            body, *given = rehearsal.decrypt(trustee.number, trustee.key, trustee.share or 0, secrets.token_bytes)
        await self.take_rehearsed(body, {hashlib.sha256(file).digest(): file for file in given})
        self.note(turn)

    def _row(self, turn: Turn) -> CeremonyStep:
        return CeremonyStep(
            round_id=self.found.id,
            attempt=self.election.setup.attempt if self.election.setup else 0,
            kind=turn.kind,
            trustee=turn.trustee,
            at=self.now,
            is_refused=False,
            why="",
        )
