"""Code letters: made for people of the roll before it is fixed, void, returned by mail, and found again by their keys.

A code exists while its letter is made, in memory, and from then on in the letter alone. The roll holds the public keys
that it stands for; so letters can be made only until the manifest names the roll. After that a code can die, but none
can be born: the record would not know it.
"""

import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar, NamedTuple
from uuid import UUID

from sqlalchemy import LargeBinary, and_, cast, func, select, tuple_, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.core.voting import codes
from pb_service.core.voting.aliases import person_id, person_of, roll_pseudonym
from pb_service.features.accounts import access_log
from pb_service.features.accounts.policy import Actor, require
from pb_service.features.record import service as record
from pb_service.features.roll.fixing import changeable, unfix
from pb_service.features.roll.letter_tables import VOIDED, CodeKey, CodeLetter, LetterBatch
from pb_service.features.roll.repository import ENTITLED
from pb_service.features.roll.standing import PERSON_KEY, roll_key
from pb_service.features.roll.tables import Roll, RollRecord
from pb_service.features.rounds.tables import Round
from pb_service.platform.db import uuid7
from pb_service.platform.errors import StepRefused
from pb_service.platform.keys import KeyFolder
from pb_service.web.locales import Language

#: Letters of one PDF.
MOST = 1_000


class LettersRefused(StepRefused):
    """Letters cannot be made or changed so. ``code``: too_many, nobody, addresses, unknown, void, why.

    ``rows``: with ``addresses``, what is wrong in which line.
    """

    type: ClassVar[str] = "letters-refused"
    step: ClassVar[str] = "These letters cannot be made or changed"

    def __init__(self, code: str, rows: Sequence["BadRow"] = ()) -> None:
        super().__init__(code)
        self.rows = tuple(rows)


class BadRow(NamedTuple):
    """A line of an address list for which no letter can be made. ``code``: stranger (not on the roll), twice."""

    line: int
    code: str


@dataclass(frozen=True)
class Recipient:
    """Whom a letter goes to. Number, name and address are used for the letter and kept nowhere.

    ``line``: where in the list they stood.
    """

    line: int
    pid: str = field(repr=False)
    address: tuple[str, ...] = field(repr=False)
    language: Language


@dataclass(frozen=True)
class Made:
    """A letter with its code, before it is printed."""

    number: int
    recipient: Recipient = field(repr=False)
    code: str = field(repr=False)


class Counts(NamedTuple):
    """People on the roll, and of them those with a letter in force; letters void, and those that came back."""

    people: int
    in_force: int
    void: int
    returned: int


async def make(
    session: AsyncSession,
    actor: Actor,
    found: Round,
    recipients: Sequence[Recipient],
    *,
    anew: bool,
    keys: KeyFolder,
    now: datetime,
) -> tuple[LetterBatch, list[Made]]:
    """Make letters of a locked round, at most `MOST`, for the first people who have none.

    ``anew``: also who has one in force gets another, and the old one is void; of more people than `MOST` none then.

    Raises LettersRefused and RollRefused, and then none is made; Forbidden.
    """
    require(actor, "letters.print", round_id=found.id, now=now)
    roll = await changeable(session, found)
    key, person_key = roll_key(keys, found.id), keys.secret(PERSON_KEY)
    persons = [person_of(person_key, roll.scheme, person_id(recipient.pid)) for recipient in recipients]
    named = [(roll_pseudonym(key, person), to) for person, to in zip(persons, recipients, strict=True)]
    records = await _records(session, roll, [name for name, _ in named])
    if bad := _bad_rows(named, records):
        raise LettersRefused("addresses", bad)
    standing = await _in_force(session, found.id, [name for name, _ in named])
    if anew and len(named) > MOST:
        raise LettersRefused("too_many")
    wanted = [(name, to) for name, to in named if anew or name not in standing][:MOST]
    if not wanted:
        raise LettersRefused("nobody")
    await _void(session, list(standing.values()) if anew else [], "reprinted", now)
    batch, first = await _new_batch(session, found.id, actor, len(wanted), now)
    origin = await record.origin_of(session, found.log)
    made, keyed = [], []
    for number, (name, recipient) in enumerate(wanted, start=first):
        code = codes.new_code(secrets.token_bytes)
        letter = CodeLetter(
            id=uuid7(),
            round_id=found.id,
            batch_id=batch.id,
            number=number,
            pseudonym=name,
            language=recipient.language,
        )
        session.add(letter)
        for row in records[name]:
            row.code_key = codes.public_key_of(code, origin, row.group)
            keyed.append(CodeKey(letter_id=letter.id, group=row.group, public_key=row.code_key))
        made.append(Made(number, recipient, code))
    await session.flush()
    session.add_all(keyed)
    await session.flush()
    await unfix(session, roll)
    await access_log.note(
        session, actor.account_id, "letters.printed", f"{found.slug} {batch.number}: {len(made)}", now=now
    )
    return batch, made


async def void(
    session: AsyncSession, actor: Actor, found: Round, number: int, why: str, *, now: datetime
) -> CodeLetter:
    """Let the code of a letter open nothing any more; ``why`` is one of VOIDED. Raises LettersRefused, Forbidden.

    ``returned`` also notes that it came back. Envelopes cast with the code before stand until they are struck.
    """
    require(actor, "roll.edit", round_id=found.id, now=now)
    if why not in VOIDED or why == "reprinted":
        raise LettersRefused("why")
    query = select(CodeLetter).where(CodeLetter.round_id == found.id, CodeLetter.number == number)
    letter = await session.scalar(query.with_for_update())
    if letter is None:
        raise LettersRefused("unknown")
    if why == "returned" and letter.returned_at is None:
        letter.returned_at = now
    elif letter.voided_at is not None:
        raise LettersRefused("void")
    if letter.voided_at is None:
        await _void(session, [letter], why, now)
        if found.manifest_sha256 is None and (roll := await session.get(Roll, found.id)) is not None:
            await _drop_keys(session, roll, letter.pseudonym)
    await session.flush()
    await access_log.note(session, actor.account_id, f"letter.{why}", f"{found.slug} {number}", now=now)
    return letter


async def counts(session: AsyncSession, found: Round) -> Counts:
    """Return how many letters a round has."""
    in_force = CodeLetter.voided_at.is_(None)
    query = select(
        func.count().filter(in_force),
        func.count().filter(~in_force),
        func.count(CodeLetter.returned_at),
    ).where(CodeLetter.round_id == found.id)
    standing, dead, returned = (await session.execute(query)).one()
    people = select(func.count(func.distinct(RollRecord.pseudonym))).join(Roll, Roll.batch_id == RollRecord.batch_id)
    on_roll = await session.scalar(people.where(Roll.round_id == found.id, ENTITLED))
    return Counts(on_roll or 0, standing, dead, returned)


async def batches(session: AsyncSession, found: Round) -> Sequence[LetterBatch]:
    """Return what was printed in a round, newest first."""
    query = select(LetterBatch).where(LetterBatch.round_id == found.id).order_by(LetterBatch.number.desc())
    return (await session.scalars(query)).all()


async def aliases_of_keys(session: AsyncSession, round_id: UUID, keys: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return the aliases that code keys may vote under, by group: those of letters in force, of people on the roll."""
    query = (
        select(RollRecord.group, RollRecord.alias)
        .join(Roll, Roll.batch_id == RollRecord.batch_id)
        .join(CodeKey, and_(CodeKey.public_key == RollRecord.code_key, CodeKey.group == RollRecord.group))
        .join(CodeLetter, CodeLetter.id == CodeKey.letter_id)
        .where(
            Roll.round_id == round_id,
            CodeLetter.round_id == round_id,
            CodeLetter.voided_at.is_(None),
            ENTITLED,
            tuple_(RollRecord.group, RollRecord.code_key).in_(list(keys.items())),
        )
    )
    return {row[0]: row[1] for row in await session.execute(query)}


async def _records(session: AsyncSession, roll: Roll, names: Collection[bytes]) -> dict[bytes, list[RollRecord]]:
    query = select(RollRecord).where(
        RollRecord.batch_id == roll.batch_id,
        ENTITLED,
        RollRecord.pseudonym == func.any(cast(list(names), ARRAY(LargeBinary))),
    )
    found: dict[bytes, list[RollRecord]] = {}
    for row in await session.scalars(query):
        found.setdefault(row.pseudonym, []).append(row)
    return found


async def _in_force(session: AsyncSession, round_id: UUID, names: Collection[bytes]) -> dict[bytes, CodeLetter]:
    query = select(CodeLetter).where(
        CodeLetter.round_id == round_id,
        CodeLetter.voided_at.is_(None),
        CodeLetter.pseudonym == func.any(cast(list(names), ARRAY(LargeBinary))),
    )
    return {letter.pseudonym: letter for letter in await session.scalars(query)}


def _bad_rows(named: Sequence[tuple[bytes, Recipient]], known: Collection[bytes]) -> list[BadRow]:
    bad: list[BadRow] = []
    seen: set[bytes] = set()
    for name, recipient in named:
        if name in seen:
            bad.append(BadRow(recipient.line, "twice"))
        elif name not in known:
            bad.append(BadRow(recipient.line, "stranger"))
        seen.add(name)
    return bad


async def _new_batch(
    session: AsyncSession, round_id: UUID, actor: Actor, size: int, now: datetime
) -> tuple[LetterBatch, int]:
    """A batch, and the number of its first letter."""
    of_round = LetterBatch.round_id == round_id
    last = await session.scalar(select(func.max(LetterBatch.number)).where(of_round))
    lettered = await session.scalar(select(func.max(CodeLetter.number)).where(CodeLetter.round_id == round_id))
    batch = LetterBatch(round_id=round_id, number=(last or 0) + 1, size=size, made_by=actor.account_id, made_at=now)
    session.add(batch)
    await session.flush()
    return batch, (lettered or 0) + 1


async def _void(session: AsyncSession, dead: Sequence[CodeLetter], why: str, now: datetime) -> None:
    for letter in dead:
        letter.voided_at, letter.voided_why = now, why
    await session.flush()


async def _drop_keys(session: AsyncSession, roll: Roll, pseudonym: bytes) -> None:
    wanted = and_(RollRecord.batch_id == roll.batch_id, RollRecord.pseudonym == pseudonym)
    await session.execute(update(RollRecord).where(wanted).values(code_key=None))
    await unfix(session, roll)
