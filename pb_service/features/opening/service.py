"""From a fixed ballot list to an open vote: the trustees' ceremony, the manifest, and two people who sign it.

What trustees outside hand in is taken by `trustees`.

Every step is an entry of the record, appended only after the state of the vote took it. The vote opens with the last
trustee's confirmation; the phase may begin from then on, not before the manifest's own time. Functions never commit.
"""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.core.record import entries
from pb_service.core.record.canonical import b64u, encode
from pb_service.core.record.signatures import public_bytes, sign_entry
from pb_service.core.rounds.phases import Phase
from pb_service.core.rounds.setup import Problem, Setup
from pb_service.core.sealing.election import Election
from pb_service.core.sealing.manifest import Manifest
from pb_service.core.sealing.rehearsal import Rehearsal
from pb_service.core.sealing.trusteeship import Trustee
from pb_service.core.voting.turns import has_key
from pb_service.features.accounts import access_log, signing_keys
from pb_service.features.accounts.policy import Actor, require
from pb_service.features.accounts.two_people import Signer, are_complete, keep_signature
from pb_service.features.assessment.lists import published_list
from pb_service.features.opening import repository
from pb_service.features.opening.drafting import Surroundings, draft, granted_keys, official_keys, vote_times
from pb_service.features.opening.errors import OpeningRefused
from pb_service.features.opening.keyholders import held_here, keyholders
from pb_service.features.opening.state import VoteState, state_of
from pb_service.features.opening.tables import ManifestSignature, Opening
from pb_service.features.opening.trustees import advance, keys_of_setup
from pb_service.features.record import service as record
from pb_service.features.rounds.setups import setup_of
from pb_service.features.rounds.tables import Round

#: For how long after the end those who had signed in before may still cast, in seconds.
GRACE = 900
#: For how long after the close envelopes may still be struck, in seconds, if nobody says otherwise.
STRIKES = 24 * 3600
MOST_STRIKES = 30 * 24 * 3600

#: How many trustees the server holds where the set-up names none, and how many of them open the ballots.
_TRUSTEES, _QUORUM = 3, 2


@dataclass(frozen=True)
class Order:
    """What a manager chooses at the beginning: whose key may abandon the ceremony (None: the first registrar's), how
    long after the close envelopes may be struck, and the text of the public lot where the rule needs one.
    """

    registrar_key: bytes | None = None
    strikes: int = STRIKES
    lot: str | None = None


async def begin(
    session: AsyncSession, actor: Actor, found: Round, order: Order, *, around: Surroundings, now: datetime
) -> Opening:
    """Begin the opening of a locked round: the setup is logged, and trustees on this server take their turns.

    A ceremony that was given up is begun again, by a setup with the next number. Raises OpeningRefused, Forbidden,
    StepUpNeeded.
    """
    require(actor, "vote.prepare", round_id=found.id, now=now)
    setup = await setup_of(session, found)
    await _require_ready(session, found, setup, around)
    state = await state_of(session, found.log, hold=True)
    opening = await repository.opening_of(session, found.id)
    if opening is not None and state.election.ended is None:
        raise OpeningRefused("begun")
    if not 0 <= order.strikes <= MOST_STRIKES:
        raise OpeningRefused("strikes")
    registrars = [key.public_key for grant, key in await granted_keys(session, found) if grant.role == "registrar"]
    registrar = order.registrar_key or next(iter(registrars), None)
    if registrar is None or registrar not in registrars:
        raise OpeningRefused("no_registrar", "No registrar's key is granted in this round.")
    if opening is None:
        opening = Opening(round_id=found.id, grace=GRACE)
        session.add(opening)
    opening.registrar_key, opening.strikes, opening.lot = registrar, order.strikes, order.lot
    opening.begun_by, opening.begun_at = actor.account_id, now
    opening.manifest, opening.manifest_at = None, None
    await session.flush()
    await repository.drop_signatures(session, found.id)
    await _log_setup(session, found, state, setup=setup, registrar=registrar, around=around, now=now)
    await advance(session, found, opening, state, around.keys, now=now)
    await access_log.note(session, actor.account_id, "vote.begun", found.slug, now=now)
    return opening


async def prepare(session: AsyncSession, actor: Actor, found: Round, *, around: Surroundings, now: datetime) -> Opening:
    """Make the manifest of a locked round to be confirmed, anew if it was made before; signatures under it are gone.

    Raises OpeningRefused, Forbidden, StepUpNeeded.
    """
    require(actor, "vote.prepare", round_id=found.id, now=now)
    await _require_ready(session, found, await setup_of(session, found), around)
    opening = await _begun(session, found)
    roles = {key.role for key in await official_keys(session, found, now)}
    if "auditor" not in roles:
        raise OpeningRefused("no_auditor", "No auditor's key is granted in this round.")
    state = await state_of(session, found.log, hold=True)
    if not has_key(state.election):
        raise OpeningRefused("no_key", "The trustees have not made their key yet.")
    opening.manifest = await draft(session, found, opening, state.election, around, now=now)
    opening.manifest_at = now
    await repository.drop_signatures(session, found.id)
    await access_log.note(session, actor.account_id, "vote.prepared", found.slug, now=now)
    return opening


def to_sign(opening: Opening) -> dict[str, Any]:
    """Return the entry that people sign: the manifest's hash, without signatures. Raises OpeningRefused."""
    if opening.manifest is None:
        raise OpeningRefused("not_prepared")
    eid = entries.election_id(opening.manifest)
    return {"v": 1, "k": "manifest", "e": b64u(eid), "f": b64u(_sha256(opening.manifest))}


async def confirm(
    session: AsyncSession,
    actor: Actor,
    found: Round,
    role: Signer,
    eid: bytes,
    *,
    public_key: str,
    signature: str,
    around: Surroundings,
    now: datetime,
) -> bool:
    """Take one person's signature under the manifest of a locked round; with the second it is logged.

    ``eid`` is the manifest that was looked at. Returns whether the vote is opened now: not as long as trustees outside
    have to rehearse and confirm. Raises OpeningRefused,
    SignatureRefused, Forbidden, StepUpNeeded.
    """
    require(actor, "vote.confirm", round_id=found.id, now=now)
    opening = await _begun(session, found)
    if found.manifest_sha256 is not None:
        raise OpeningRefused("fixed")
    entry = to_sign(opening)
    if opening.manifest is None or entries.election_id(opening.manifest) != eid:
        raise OpeningRefused("changed", "The manifest was made anew since you looked at it.")
    key = await signing_keys.verify(
        session, actor, entry, public_key=public_key, signature=signature, round_id=found.id, role=role, now=now
    )
    election = (await state_of(session, found.log, hold=True)).election
    if await draft(session, found, opening, election, around, now=now) != opening.manifest:
        raise OpeningRefused("changed", "What the manifest is made of has changed since it was made.")
    manifest = Manifest.read(opening.manifest)
    if (role, key.public_key) not in manifest.keys.values():
        raise OpeningRefused("changed", "The manifest does not name this key: it was granted later.")
    signed = await keep_signature(
        session,
        actor,
        ManifestSignature(round_id=found.id, eid=eid),
        await repository.signatures_of(session, found.id),
        role=role,
        key=key,
        signature=signature,
        refused=OpeningRefused,
        noted=("vote.confirmed", found.slug),
        now=now,
    )
    if not are_complete(signed):
        return False
    await _open(session, found, opening, manifest=manifest, signed=list(signed.values()), around=around, now=now)
    return opening.opened_at is not None


async def guard_open(session: AsyncSession, found: Round, target: Phase, now: datetime) -> Problem | None:
    """A phase guard: a round of one's own votes from the last trustee's confirmation on, and from its own time."""
    if target != "voting" or found.imported:
        return None
    opening = await repository.opening_of(session, found.id)
    if opening is None or opening.opened_at is None:
        return Problem("phase", "not_confirmed")
    return Problem("phase", "before_opens") if found.opens_at and now < found.opens_at else None


async def _open(
    session: AsyncSession,
    found: Round,
    opening: Opening,
    *,
    manifest: Manifest,
    signed: Sequence[ManifestSignature],
    around: Surroundings,
    now: datetime,
) -> None:
    """Log the manifest with everybody's signatures, and let the trustees on this server rehearse and confirm."""
    body = opening.manifest
    assert body is not None  # noqa: S101 - it was signed
    found.manifest_sha256 = await record.put_file(session, body, kind="manifest", at=now)
    found.mode, document = str(manifest.document["mode"]), manifest.document
    found.opens_at, found.closes_at = (
        datetime.fromtimestamp(document[name], now.tzinfo) for name in ("opens", "closes")
    )
    state = await state_of(session, found.log, hold=True)
    names = {key: name for name, (_, key) in manifest.keys.items()}
    operator = sign_entry(to_sign(opening), {"op": around.keys.ed25519("op")})
    pairs = [*operator["sg"], *([names[one.public_key], b64u(one.signature)] for one in signed)]
    await state.append(session, encode({**operator, "sg": sorted(pairs)}))
    election = state.election
    assert election.setup is not None  # noqa: S101 - it took the manifest
    here = held_here(around.keys, found.id, election)
    if len(here) == election.setup.setting.trustees:
        opening.rehearsal = rehearse(election, list(here.values()))
    else:
        await repository.drop_rehearsal(session, found.id)
    await advance(session, found, opening, state, around.keys, now=now)


def rehearse(election: Election, trustees: Sequence[Trustee]) -> dict[str, Any]:
    """Let the server's trustees mix and open three known ballots with the real key (docs/protocol.md section 17).

    Raises RehearsalError, so that nobody confirms a key that does not open. Returns what is shown to staff.
    """
    rehearsal = Rehearsal(election)
    files: dict[bytes, bytes] = {}
    for trustee in trustees:
        message, after, proof = rehearsal.mix(trustee.number, trustee.key, secrets.token_bytes)
        files |= {_sha256(after): after, _sha256(proof): proof}
        rehearsal.append(message, files)
    for trustee in trustees:
        message, file = rehearsal.decrypt(trustee.number, trustee.key, trustee.share or 0, secrets.token_bytes)
        files[_sha256(file)] = file
        rehearsal.append(message, files)
    return {"ballots": 3, "mixes": rehearsal.mixes, "quorums": rehearsal.check_opened()}


async def _log_setup(
    session: AsyncSession,
    found: Round,
    state: VoteState,
    *,
    setup: Setup,
    registrar: bytes,
    around: Surroundings,
    now: datetime,
) -> None:
    count = _count(setup)
    here = {trustee.number: public_bytes(trustee.key) for trustee in keyholders(around.keys, found.id, count)}
    keys = await keys_of_setup(session, found, setup, here, quorum_of(setup))
    document = {
        "v": 1,
        "origin": await record.origin_of(session, found.log),
        "try": state.election.setup.attempt + 1 if state.election.setup else 1,
        "t": quorum_of(setup),
        "n": count,
        "trustees": [{"name": _name_of(setup, number), "pk": b64u(key)} for number, key in enumerate(keys, start=1)],
        "reg": b64u(registrar),
    }
    body = encode(document)
    await record.put_file(session, body, kind="setup", at=now)
    await state.append(session, entries.setup_entry(entries.setup_id(body), _sha256(body)))


def trustee_names(setup: Setup) -> list[str]:
    """Return what the trustees of a vote are called, in the order of their numbers."""
    return [_name_of(setup, number) for number in range(1, _count(setup) + 1)]


def quorum_of(setup: Setup) -> int:
    """Return how many trustees open the ballots."""
    return min(max(setup.trustees.threshold, 2), _count(setup)) if setup.trustees.trustees else _QUORUM


def _count(setup: Setup) -> int:
    named = len(setup.trustees.trustees)
    return min(named, 15) if named >= 2 else _TRUSTEES


def _name_of(setup: Setup, number: int) -> str:
    named = setup.trustees.trustees
    if len(named) < 2:
        return f"Server {number}"
    trustee = named[number - 1]
    return f"{trustee.name}, {trustee.organisation}" if trustee.organisation else trustee.name


async def _require_ready(session: AsyncSession, found: Round, setup: Setup, around: Surroundings) -> None:
    if found.imported:
        raise OpeningRefused("imported")
    if found.manifest_sha256 is not None:
        raise OpeningRefused("fixed")
    if found.phase != "assessment":
        raise OpeningRefused("phase")
    if setup.trustees.mode == "open":
        raise OpeningRefused("mode", "A vote in clear has no keys.")
    if setup.trustees.mode != "self" and around.witnesses is None:
        raise OpeningRefused("no_witness", "Where trustees are apart, witnesses sign the record.")
    if await published_list(session, found) is None:
        raise OpeningRefused("no_list", "The ballot list is not fixed.")
    vote_times(setup)


async def _begun(session: AsyncSession, found: Round) -> Opening:
    opening = await repository.opening_of(session, found.id)
    if opening is None:
        raise OpeningRefused("not_begun")
    return opening


def _sha256(body: bytes) -> bytes:
    return hashlib.sha256(body).digest()
