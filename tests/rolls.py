"""Builders of rolls: identity codes that nobody has, lists of people, a round whose roll is imported and signed."""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from pb_service.core.rounds.setup import EligibilityStep
from pb_service.core.voting.identity_codes import _CHECKS
from pb_service.core.voting.roll_rows import Reading
from pb_service.features.accounts import identities
from pb_service.features.accounts.drivers import Identity
from pb_service.features.accounts.policy import Actor
from pb_service.features.accounts.two_people import Signer
from pb_service.features.roll import fixing, imports, repository
from pb_service.features.roll.reading import read_batch
from pb_service.features.roll.tables import RollBatch
from pb_service.features.rounds.finding import find_round
from pb_service.service import Service
from tests.voting import Official, OpenVote, begin_opening, begin_voting, confirm_manifest

#: Everybody's on the roll, whatever their age.
ROLLED = EligibilityStep(roll="all")


def code(number: int) -> str:
    """A code of the right form; its individual number from 900 on is given to nobody."""
    day, individual = date(1950, 1, 1) + timedelta(days=number // 99), 900 + number % 99
    digits = f"{day:%d%m%y}{individual}"
    return f"{digits[:6]}-{individual}{_CHECKS[int(digits) % 31]}"


def listed(numbers: Iterable[int], *, district: str = "Pohjoinen") -> bytes:
    """A list of people as a register gives it."""
    rows = [f"{code(number)};{district};fi" for number in numbers]
    return ("\r\n".join(["hetu;alue;kieli", *rows]) + "\r\n").encode()


async def handed_in(service: Service, by: Actor, body: bytes, slug: str = "spring") -> RollBatch:
    """A list that was handed in."""
    async with service.database.transaction() as session:
        found = await find_round(session, slug)
        return await imports.hand_in(session, by, found, body, keys=service.keys, now=service.clock())


async def read_in(service: Service, by: Actor, body: bytes, slug: str = "spring", **asked: Any) -> RollBatch:
    """A list that was handed in and read as it was guessed, but for what is asked."""
    batch = await handed_in(service, by, body, slug)
    async with service.database.transaction() as session:
        found = await find_round(session, slug)
        given = {**batch.reading, **asked.pop("reading", {})}
        reading = Reading(**{**given, "widths": tuple(map(tuple, given["widths"]))})
        await imports.begin_reading(session, by, found, batch.id, reading, **asked, now=service.clock())
    await read_batch(service, batch.id)
    return await batch_now(service, batch)


async def batch_now(service: Service, batch: RollBatch) -> RollBatch:
    async with service.database.reading() as session:
        return await session.get_one(RollBatch, batch.id)


async def taken(service: Service, by: Actor, body: bytes, slug: str = "spring", **asked: Any) -> RollBatch:
    """A list that is the roll now."""
    batch = await read_in(service, by, body, slug, **asked)
    async with service.database.transaction() as session:
        found = await find_round(session, slug)
        return await imports.take(session, by, found, batch.id, gone=batch.counts["gone"], now=service.clock())


async def signed(vote: OpenVote) -> None:
    """Fix the roll of a round, and let registrar and auditor sign it."""
    service = vote.service
    async with service.database.transaction() as session:
        found = await find_round(session, vote.slug)
        await fixing.begin_fixing(session, vote.registrar.actor, found, now=service.clock())
    await fixing.fix(service, found.id)
    people: dict[Signer, Official] = {"registrar": vote.registrar, "auditor": vote.auditor}
    for role, person in people.items():
        async with service.database.transaction() as session:
            found = await find_round(session, vote.slug)
            entry = fixing.to_sign(found.slug, await repository.roots_of(session, found.id))
            await fixing.sign(session, person.actor, found, role, **person.sign(entry), now=service.clock())


async def opened(vote: OpenVote) -> OpenVote:
    """Let the vote of a round with a signed roll begin."""
    await begin_opening(vote)
    await confirm_manifest(vote, "registrar")
    await confirm_manifest(vote, "auditor")
    await begin_voting(vote)
    return vote


async def proven(service: Service, number: int, *, scheme: str = "fi-hetu") -> Actor:
    """Somebody whom a provider has proven to be the person with that code."""
    identity = Identity(scheme=scheme, person_id=f" {code(number).lower()}", assurance="high")
    async with service.database.transaction() as session:
        account_id = await identities.recognise(
            session,
            identity,
            driver="suomi",
            keys=service.keys.secrets("identity"),
            person_key=service.keys.secret("person"),
            language="fi",
            now=service.clock(),
        )
    return Actor(account_id=account_id)
