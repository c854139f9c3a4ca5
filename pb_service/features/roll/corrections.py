"""Single people put on a roll or taken off it before the vote, and what residents ask to have corrected."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.core.voting.aliases import alias_of, person_id, person_of, roll_pseudonym
from pb_service.core.voting.identity_codes import IdentityCodeError, born
from pb_service.core.voting.roll_rows import IDENTITY_CODE, MAX_ID
from pb_service.features.accounts import access_log
from pb_service.features.accounts.policy import Actor, SignInNeeded, require
from pb_service.features.roll import fixing, repository
from pb_service.features.roll.errors import RollRefused
from pb_service.features.roll.evidence import evidence_key, seal_ids
from pb_service.features.roll.standing import PERSON_KEY, Standing, entitlement, find_on_roll, roll_key, standings
from pb_service.features.roll.tables import Roll, RollRecord, RollRequest
from pb_service.features.rounds.tables import Round
from pb_service.platform.keys import KeyFolder
from pb_service.web.locales import Language

Wanted = Literal["missing", "wrong"]
Outcome = Literal["corrected", "right", "refused"]
OUTCOMES: tuple[Outcome, ...] = ("corrected", "right", "refused")


@dataclass(frozen=True)
class Addition:
    """Somebody to be put on a roll. ``district`` where the round votes by districts, as a key of the set-up."""

    identifier: str
    district: str | None = None
    language: Language | None = None


@dataclass(frozen=True)
class OwnPlace:
    """What a roll says of whoever asks. ``state``: none (no roll), unproven (nobody has said who it is), off, on."""

    state: Literal["none", "unproven", "off", "on"]
    district: str | None = None


async def own_place(session: AsyncSession, found: Round, actor: Actor, *, keys: KeyFolder) -> OwnPlace:
    """Say whether somebody who is signed in is on the roll. Raises SignInNeeded."""
    if actor.account_id is None:
        raise SignInNeeded("Sign in first.")
    if await repository.scheme_of(session, found.id) is None:
        return OwnPlace("none")
    given = [one for one in await standings(session, found, actor, keys=keys) if one.cls == "idt"]
    if given:
        return OwnPlace("on", next((one.district for one in given if one.district), None))
    proven = await repository.persons_of(session, actor.account_id)
    return OwnPlace("off" if proven else "unproven")


async def look_up(
    session: AsyncSession, actor: Actor, found: Round, identifier: str, *, keys: KeyFolder, now: datetime
) -> list[Standing]:
    """Return where the person with that number may vote; the look-up is noted, without the number.

    Raises RollRefused, Forbidden.
    """
    require(actor, "roll.edit", round_id=found.id, now=now)
    pid = await checked(session, found, identifier)
    await access_log.note(session, actor.account_id, "roll.looked-up", found.slug, now=now)
    return await find_on_roll(session, found.id, await entitlement(session, found), pid, keys=keys)


async def add(
    session: AsyncSession, actor: Actor, found: Round, wanted: Addition, *, keys: KeyFolder, now: datetime
) -> None:
    """Put somebody on a roll that no manifest names yet. Signatures under it are dropped.

    Raises RollRefused, Forbidden.
    """
    require(actor, "roll.edit", round_id=found.id, now=now)
    roll = await fixing.changeable(session, found)
    pid = await checked(session, found, wanted.identifier)
    for row in await records_for(session, found, roll, wanted, pid, keys=keys):
        session.add(row)
    try:
        await session.flush()
    except IntegrityError:
        raise RollRefused("known", "This person is on the roll already.") from None
    await keep_id(session, roll, pid, keys=keys)
    await fixing.unfix(session, roll)
    await repository.outdate(session, found.id)
    await access_log.note(session, actor.account_id, "roll.added", found.slug, now=now)


async def remove(
    session: AsyncSession, actor: Actor, found: Round, identifier: str, *, keys: KeyFolder, now: datetime
) -> None:
    """Take somebody off a roll that no manifest names yet. Signatures under it are dropped.

    Raises RollRefused, Forbidden.
    """
    require(actor, "roll.edit", round_id=found.id, now=now)
    roll = await fixing.changeable(session, found)
    pseudonym = pseudonym_of(roll, await checked(session, found, identifier), keys=keys)
    if not await repository.remove_records(session, roll.batch_id, pseudonym):
        raise RollRefused("absent", "This person is not on the roll.")
    await fixing.unfix(session, roll)
    await repository.outdate(session, found.id)
    await access_log.note(session, actor.account_id, "roll.removed", found.slug, now=now)


async def records_for(
    session: AsyncSession, found: Round, roll: Roll, wanted: Addition, pid: str, *, keys: KeyFolder
) -> list[RollRecord]:
    """Return the records of one person more, one for each group, not yet kept. Raises RollRefused."""
    groups = (await entitlement(session, found)).groups
    if any(group.home for group in groups) and all(group.id != wanted.district for group in groups):
        raise RollRefused("district", "Everybody votes where they live: say where that is.")
    if roll.batch_id is None:
        raise RollRefused("empty", "There is no roll yet.")
    pseudonym, key = pseudonym_of(roll, pid, keys=keys), roll_key(keys, found.id)
    year = born(pid).year if roll.scheme == IDENTITY_CODE else None
    return [
        RollRecord(
            batch_id=roll.batch_id,
            group=group.id,
            pseudonym=pseudonym,
            alias=alias_of(key, pseudonym, pid, group.id),
            district=wanted.district,
            language=wanted.language,
            birth_year=year,
        )
        for group in groups
        if group.holds(wanted.district)
    ]


async def keep_id(session: AsyncSession, roll: Roll, pid: str, *, keys: KeyFolder) -> None:
    """Keep the id of one person more, sealed for auditors."""
    assert roll.batch_id is not None  # noqa: S101 - there are records
    sealed = seal_ids([pid], evidence_key(keys).public_key(), roll.batch_id)
    await repository.add_sealed(session, roll.batch_id, await repository.next_sealed(session, roll.batch_id), sealed)


def pseudonym_of(roll: Roll, pid: str, *, keys: KeyFolder) -> bytes:
    """Return by what a round's roll knows the person with that id."""
    return roll_pseudonym(roll_key(keys, roll.round_id), person_of(keys.secret(PERSON_KEY), roll.scheme, pid))


async def checked(session: AsyncSession, found: Round, identifier: str) -> str:
    """Return the person id that was typed, in its one spelling. Raises RollRefused; the id stands in no message."""
    scheme = await repository.scheme_of(session, found.id)
    if scheme is None:
        raise RollRefused("empty", "There is no roll yet.")
    pid = person_id(identifier)
    try:
        if scheme == IDENTITY_CODE:
            born(pid)
    except IdentityCodeError as error:
        raise RollRefused("identifier", "This is no personal identity code.") from error
    if not pid or len(pid) > MAX_ID or not pid.isprintable():
        raise RollRefused("identifier", "This is no person id.")
    return pid


# What residents ask


async def ask(
    session: AsyncSession, actor: Actor, found: Round, wanted: Wanted, message: str, *, now: datetime
) -> RollRequest:
    """Ask for a correction of the roll, before the vote. One request of a person waits at a time.

    Raises RollRefused, SignInNeeded.
    """
    if actor.account_id is None:
        raise SignInNeeded("Sign in first.")
    if not await takes_requests(session, found):
        raise RollRefused("phase", "The roll is not corrected by request now.")
    if await repository.waiting_request(session, found.id, actor.account_id):
        raise RollRefused("asked", "Your request waits already.")
    made = RollRequest(round_id=found.id, account_id=actor.account_id, wanted=wanted, message=message, asked_at=now)
    session.add(made)
    await session.flush()
    return made


async def takes_requests(session: AsyncSession, found: Round) -> bool:
    """Whether residents can ask for corrections: there is a roll, and the manifest does not name it yet."""
    return found.manifest_sha256 is None and await repository.scheme_of(session, found.id) is not None


async def answer(
    session: AsyncSession,
    actor: Actor,
    found: Round,
    request_id: UUID,
    *,
    outcome: Outcome,
    said: str,
    now: datetime,
) -> RollRequest:
    """Answer a request; the correction itself is made by `add` or `remove`. Raises RollRefused, Forbidden."""
    require(actor, "roll.edit", round_id=found.id, now=now)
    asked = await session.get(RollRequest, request_id, with_for_update=True)
    if asked is None or asked.round_id != found.id:
        raise RollRefused("gone")
    if asked.outcome is not None:
        raise RollRefused("answered", "Somebody has answered already.")
    asked.outcome, asked.answer, asked.answered_by, asked.answered_at = outcome, said, actor.account_id, now
    await access_log.note(session, actor.account_id, "roll.answered", f"{found.slug} {asked.id}", now=now)
    return asked


async def requests(session: AsyncSession, actor: Actor, found: Round) -> Sequence[RollRequest]:
    """Return what waits for an answer, oldest first, then what was answered last. Raises Forbidden."""
    require(actor, "roll.edit", round_id=found.id)
    return await repository.requests_of(session, found.id)
