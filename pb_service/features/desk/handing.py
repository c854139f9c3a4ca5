"""Giving paper: two officers sign that the person behind an alias was given a paper ballot, and paper wins at once.

What stands in the person's name is shown without any choice; nobody here could know one.
"""

import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.core.record.canonical import b64u, unb64u
from pb_service.core.record.framing import frame
from pb_service.features.accounts import access_log
from pb_service.features.accounts.policy import Actor, require
from pb_service.features.desk import places
from pb_service.features.desk.errors import DeskRefused
from pb_service.features.desk.people import Person
from pb_service.features.desk.tables import DeskPlace
from pb_service.features.roll.standing import Standing
from pb_service.features.rounds.tables import Round
from pb_service.features.voting import orders, passes, repository
from pb_service.features.voting.orders import Waiting
from pb_service.features.voting.polling import Polling
from pb_service.features.voting.service import Stands, stands_in
from pb_service.features.voting.tables import VoteOrder
from pb_service.platform.keys import KeyFolder

#: For how long an officer who has looked a person up may sign: the person stands before her.
_SEEN_FOR = timedelta(minutes=15)
_DIGITS = 12


@dataclass(frozen=True)
class GroupState:
    """What stands in a person's name in a group. ``online_at``: when a ballot was cast online that would count, or
    counted before the paper; ``waiting``: a paper ballot that lacks a signature.
    """

    group: str
    contests: tuple[str, ...]
    stands: Stands
    online_at: datetime | None
    waiting: UUID | None


async def state_of_person(session: AsyncSession, polling: Polling, found: Round, person: Person) -> list[GroupState]:
    """Return what stands in somebody's name, group by group."""
    waiting = {}
    for one in await orders.orders(session, found, ["paper"], open_only=True):
        waiting[polling.manifest.contests[one.entry["d"]].group, unb64u(one.entry["a"])] = one.order.id
    states = []
    for group, alias in person.aliases.items():
        stands = await stands_in(session, polling, Standing(group, alias, "desk"))
        states.append(
            GroupState(
                group,
                tuple(polling.groups[group]),
                stands,
                await online_at(session, polling, group, alias),
                waiting.get((group, alias)),
            )
        )
    return states


async def online_at(session: AsyncSession, polling: Polling, group: str, alias: bytes) -> datetime | None:
    """Return when the newest envelope of an alias was cast that is not struck, or None if there is none."""
    found = await repository.envelopes_of(session, polling.log_id, [(group, alias)])
    return max((one.at for one in found if not one.is_struck), default=None)


async def give(
    session: AsyncSession,
    actor: Actor,
    found: Round,
    polling: Polling,
    person: Person,
    *,
    contest: str,
    place_id: UUID,
    now: datetime,
) -> VoteOrder:
    """Begin the handing over of a paper ballot at a place; it holds once two officers have signed.

    Raises DeskRefused, OrderRefused, Forbidden.
    """
    require(actor, "desk.serve", round_id=found.id)
    _check_open(found, now)
    place = await places.place_called(session, found, place_id)
    if place not in await places.places_open_to(session, actor, found, now):
        raise DeskRefused("shift", "You have no shift at this place now.")
    return await _ask(session, actor, found, polling, person, contest=contest, place=place, now=now)


def names_for_device(polling: Polling, person: Person) -> dict[str, bytes]:
    """Return the names of a person in groups whose votes may be sealed at a desk."""
    groups = polling.manifest.groups
    return {group: alias for group, alias in person.aliases.items() if "desk" in groups[group].classes}


async def call_to_device(
    session: AsyncSession, actor: Actor, found: Round, polling: Polling, person: Person, *, now: datetime
) -> str:
    """Let a person vote on a device of the desk. Returns the code that is typed there.

    Raises DeskRefused, Forbidden.
    """
    require(actor, "desk.serve", round_id=found.id)
    _check_open(found, now)
    if not await places.places_open_to(session, actor, found, now):
        raise DeskRefused("shift", "You have no shift at any place now.")
    names = names_for_device(polling, person)
    if not names:
        raise DeskRefused("contest", "Nothing can be sealed at a desk for this person.")
    code = await passes.call_from_desk(session, polling, names, officer=actor.account_id, now=now)
    await access_log.note(session, actor.account_id, "desk.device", found.slug, now=now)
    return code


def _check_open(found: Round, now: datetime) -> None:
    opens, closes = found.vote
    if found.phase != "voting" or not opens <= now < closes:
        raise DeskRefused("phase", "A desk serves while the vote is open.")
    if found.paused_at is not None:
        raise DeskRefused("paused", "The round is paused.")


async def give_late(
    session: AsyncSession,
    actor: Actor,
    found: Round,
    polling: Polling,
    person: Person,
    *,
    contest: str,
    place: DeskPlace,
    now: datetime,
) -> VoteOrder:
    """Begin the entry of a paper ballot that was given while the network was cut. Raises DeskRefused, OrderRefused."""
    require(actor, "desk.serve", round_id=found.id)
    if found.phase != "voting":
        raise DeskRefused("phase", "The vote is closed: what was given on paper before cannot enter the record.")
    return await _ask(session, actor, found, polling, person, contest=contest, place=place, now=now)


async def _ask(
    session: AsyncSession,
    actor: Actor,
    found: Round,
    polling: Polling,
    person: Person,
    *,
    contest: str,
    place: DeskPlace,
    now: datetime,
) -> VoteOrder:
    group = polling.manifest.contests[contest].group if contest in polling.manifest.contests else ""
    if group not in person.aliases:
        raise DeskRefused("contest", "There is no such contest for this person.")
    state = next(one for one in await state_of_person(session, polling, found, person) if one.group == group)
    if state.stands.kind == "paper":
        raise DeskRefused("paper", "This person was given a paper ballot already.")
    if state.waiting is not None:
        raise DeskRefused("waiting", "A paper ballot for this person waits for a signature already.")
    fields = {"d": contest, "a": b64u(person.aliases[group]), "no": place.no}
    order = await orders.place_order(session, actor, found, "paper", fields, now=now)
    await access_log.note(session, actor.account_id, "desk.paper", f"{order.id} {place.no}", now=now)
    return order


async def sign(
    session: AsyncSession,
    actor: Actor,
    found: Round,
    order_id: UUID,
    seen: str,
    *,
    public_key: str,
    signature: str,
    keys: KeyFolder,
    now: datetime,
) -> bool:
    """Take an officer's signature under a paper ballot; with the second one it is logged. Returns whether it is.

    Who did not begin it has looked the person up just now: ``seen`` is what `seen_by` gave for that.
    Raises DeskRefused, OrderRefused, SignatureRefused, Forbidden.
    """
    require(actor, "desk.serve", round_id=found.id)
    waiting = await orders.waiting_order(session, found, order_id)
    if waiting.order.asked_by != actor.account_id and not has_seen(actor, waiting, seen, keys=keys, now=now):
        raise DeskRefused("unseen", "Look the person up first.")
    return await orders.sign(
        session,
        actor,
        found,
        order_id,
        "desk",
        kinds=orders.HANDED,
        public_key=public_key,
        signature=signature,
        operator=keys.ed25519("op"),
        now=now,
    )


def seen_by(
    actor: Actor, waiting: Waiting, polling: Polling, person: Person | None, *, keys: KeyFolder, now: datetime
) -> str:
    """Return what lets an officer sign who has looked this person up for a paper ballot; empty for another person.

    It is good for her alone, for this paper ballot, for a quarter of an hour. Nothing of the person is in it.
    """
    if person is None or not is_of(waiting, polling, person):
        return ""
    ends = int((now + _SEEN_FOR).timestamp())
    return f"{ends}.{_seal(keys.secret('cookie'), actor, waiting, ends)}"


def has_seen(actor: Actor, waiting: Waiting, seen: str, *, keys: KeyFolder, now: datetime) -> bool:
    """Whether an officer has looked up the person of a paper ballot lately, by what `seen_by` gave her."""
    ends, _, seal = seen.partition(".")
    if not ends.isascii() or not ends.isdecimal() or len(ends) > _DIGITS or now.timestamp() >= int(ends):
        return False
    secrets = keys.ring("cookie").accepted(now)
    return any(hmac.compare_digest(_seal(secret, actor, waiting, int(ends)), seal) for secret in secrets)


def _seal(secret: bytes, actor: Actor, waiting: Waiting, ends: int) -> str:
    about = frame(b"pb/desk-seen", str(actor.account_id).encode(), waiting.order.id.bytes, str(ends).encode())
    return hmac.digest(secret, about, hashlib.sha256).hex()


def is_of(waiting: Waiting, polling: Polling, person: Person) -> bool:
    """Whether a paper ballot is that of this person: the second officer looks the person up too."""
    return person.aliases.get(polling.manifest.contests[waiting.entry["d"]].group) == unb64u(waiting.entry["a"])
