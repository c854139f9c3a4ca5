"""Votes on a device at the desk, with help or without: class ``desk`` of docs/protocol.md section 6.

Two officers look the person up, as for paper. The first one gets a code that the person types on a device of the desk;
from then on that window knows under which alias it votes, and no account and no letter is needed. A helper may read and
type; the person casts. What is cast is sealed already: the officers see its seal code, compare it with the one on the
device, and both sign the entry of the record. Only then it is in the box, and the device shows the receipt.

Nothing is kept of help: neither that there was any nor by whom.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.core.record.canonical import b64u, encode
from pb_service.core.sealing.election import RANKS
from pb_service.core.sealing.envelope import Envelope, EnvelopeError, check
from pb_service.features.accounts.policy import Actor
from pb_service.features.rounds.finding import find_round
from pb_service.features.voting import order_repository, orders, repository
from pb_service.features.voting.casting import fields_of, grace_is_over, not_open
from pb_service.features.voting.errors import BadEnvelope, BaseOutdated, Closed, NotSigned, NotYours, OnPaper, Repeated
from pb_service.features.voting.passes import Pass
from pb_service.features.voting.polling import Polling


@dataclass(frozen=True)
class Offered:
    """What became of an envelope of a desk. ``index``: its place in the record once the officers have signed and it
    has one; ``entry_id``: its number there once they have signed."""

    entry_id: int | None = None
    index: int | None = None


async def offer(
    session: AsyncSession, polling: Polling, identified: Pass, envelope: Envelope, *, now: datetime
) -> Offered:
    """Lay an envelope before the officers, or say what became of it: the same one may be offered again and again.

    One that was not signed yet gives way to the next one of the same person.

    Raises NotYours, BadEnvelope, and the CastRefused of the door.
    """
    contest = polling.manifest.contests.get(envelope.place.contest)
    if contest is None or len(envelope.pairs) != contest.shape.width:
        raise BadEnvelope("This envelope belongs to no contest of the vote.")
    name = (contest.group, envelope.place.alias)
    if name not in {(one.group, one.alias) for one in identified.standings}:
        raise NotYours("This envelope has another alias than the one that the desk has looked up.")
    seal, log_id = envelope.seal_hash(), polling.log_id
    earlier = await repository.envelopes_of(session, log_id, [name], [seal])
    if logged := next((one for one in earlier if one.seal_hash == seal), None):
        return Offered(logged.entry_id, logged.index)
    entry = encode({"v": 1, "k": "env", "e": b64u(polling.manifest.eid), **fields_of(envelope, "desk")})
    found = await find_round(session, polling.slug, for_update=True, whole=False)
    laid = await order_repository.order_of_entry(session, found.id, "env", entry)
    if laid is not None and laid.dropped_at is not None:
        raise NotSigned("The officers have let this envelope go.")
    await _refuse(session, polling, identified, envelope, earlier, now=now)
    if laid is None:
        try:
            check(envelope)
        except EnvelopeError as error:
            raise BadEnvelope(f"This envelope does not hold: {error}.") from error
        await _let_go(session, polling, envelope, now)
        officer = Actor(account_id=identified.begun_by)
        await orders.place_order(session, officer, found, "env", fields_of(envelope, "desk"), now=now)
    return Offered()


async def _refuse(
    session: AsyncSession,
    polling: Polling,
    identified: Pass,
    envelope: Envelope,
    earlier: list[repository.Standing],
    *,
    now: datetime,
) -> None:
    """Refuse what the door would refuse (casting.py), before anybody is asked to sign it."""
    moment = await repository.moment(session, polling.log_id)
    grace = timedelta(seconds=polling.manifest.document["grace"])
    if refusal := not_open(moment, now):
        raise refusal
    if grace_is_over(moment, grace, identified.since, now):
        raise Closed("The vote is over.")
    place = envelope.place
    group = polling.manifest.contests[place.contest].group
    papers = await repository.papers_of(session, polling.log_id, [(group, place.alias)])
    if any(paper.struck_at is None for paper, _ in papers):
        raise OnPaper("A paper ballot was given in this name, and paper wins.")
    assert all(one.rank <= RANKS["desk"] for one in earlier)  # noqa: S101 - nothing is stronger
    last = earlier[-1] if earlier else None
    if place.base > moment.size or (last is not None and (last.index is None or last.index >= place.base)):
        raise BaseOutdated(moment.size)
    points = [first for first, _ in envelope.pairs]
    if len(set(points)) < len(points):
        raise Repeated("This envelope repeats a part of another one.")


async def _let_go(session: AsyncSession, polling: Polling, envelope: Envelope, now: datetime) -> None:
    """Let go of what the same person had laid before the officers and they have not signed."""
    found = await find_round(session, polling.slug, whole=False)
    group = polling.manifest.contests[envelope.place.contest].group
    for waiting in await orders.orders(session, found, ["env"], open_only=True):
        entry = waiting.entry
        if (polling.manifest.contests[entry["d"]].group, entry["a"]) == (group, b64u(envelope.place.alias)):
            waiting.order.dropped_at = now
