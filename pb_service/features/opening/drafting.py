"""What the manifest of a round is made of: its set-up, its fixed ballot list, the ceremony, granted keys, times."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import cast

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.core.record import canonical
from pb_service.core.record.policy import Policy
from pb_service.core.record.signatures import public_bytes
from pb_service.core.rounds import calendar
from pb_service.core.rounds.documents import RuleDocument
from pb_service.core.rounds.setup import Setup, pairs
from pb_service.core.sealing.election import Election
from pb_service.core.tally.ties import draw_of
from pb_service.core.voting.groups import Group, groups_in
from pb_service.core.voting.manifest import (
    BallotContest,
    BallotGroup,
    IdentityProvider,
    Mode,
    OfficialKey,
    Terms,
    manifest_of,
)
from pb_service.features.accounts import signing_keys
from pb_service.features.accounts.identity_errors import SigninFailed
from pb_service.features.accounts.identity_tables import KeyGrant, SigningKey
from pb_service.features.accounts.oidc import OidcClient
from pb_service.features.accounts.scopes import RoundScope
from pb_service.features.opening.errors import OpeningRefused
from pb_service.features.opening.tables import Opening
from pb_service.features.record import service as record
from pb_service.features.roll import repository as roll
from pb_service.features.roll.errors import RollRefused
from pb_service.features.roll.fixing import signed_roots
from pb_service.features.rounds.service import ballot_list
from pb_service.features.rounds.setups import setup_of
from pb_service.features.rounds.tables import Contest, Round
from pb_service.platform.keys import KeyFolder
from pb_service.web.assets import built_files

#: How people may be known in a group with a roll, and in an open one, strongest first.
ROLLED_CLASSES = ("idt", "desk", "code")
OPEN_CLASSES = ("desk", "acct")

#: Roles whose granted keys the manifest names, and how their ids begin.
_OFFICIALS = {"registrar": "reg", "auditor": "aud", "desk": "desk"}


@dataclass(frozen=True)
class Surroundings:
    """What a manifest holds of the service: its key folder, the witnesses that it asks, and who proves identities."""

    keys: KeyFolder
    witnesses: Policy | None
    providers: Mapping[str, OidcClient] = field(default_factory=dict)


def vote_times(setup: Setup) -> tuple[datetime, datetime]:
    """Return when the vote opens and closes by the timetable. Raises OpeningRefused where it does not say."""
    planned = {item.phase: calendar.starts(item, setup.dates.time_zone) for item in setup.dates.phases}
    opens, closes = planned.get("voting"), planned.get("counting")
    if opens is None or closes is None or opens >= closes:
        raise OpeningRefused("no_times", "The timetable does not say when the vote opens and closes.")
    return opens, closes


async def draft(
    session: AsyncSession, found: Round, opening: Opening, election: Election, around: Surroundings, *, now: datetime
) -> bytes:
    """Return the manifest of a round after its ceremony, its files kept. Raises OpeningRefused."""
    setup = await setup_of(session, found)
    assert election.setup is not None  # noqa: S101 - after the ceremony
    opens, closes = vote_times(setup)
    client = canonical.encode({"v": 1, "files": [[name, canonical.b64u(sha256)] for name, sha256 in built_files()]})
    policy, groups = around.witnesses, groups_in(setup, [contest.key for contest in found.contests])
    provider = await _provider(session, found, around, now) if any(group.rolled for group in groups) else None
    terms = Terms(
        origin=await record.origin_of(session, found.log),
        mode=cast(Mode, setup.trustees.mode),
        names=[(language, text) for language, text in pairs(setup.texts.name)],
        licence=setup.closing.data_licence,
        source=setup.closing.source or found.slug,
        currency=setup.money.currency,
        unit=setup.money.unit,
        opens=int(opens.timestamp()),
        closes=int(closes.timestamp()),
        grace=opening.grace,
        strikes=opening.strikes,
        witnesses=(policy.quorum, [witness.vkey for witness in policy.keys]) if policy else (0, []),
        client=await record.put_file(session, client, kind="client", at=now),
        evidence_key=evidence_key(around.keys).public_key().public_bytes_raw(),
        keys=[*_own_keys(around.keys), *await official_keys(session, found, now)],
        groups=await _groups(session, found, groups, with_provider=provider is not None),
        provider=provider,
        contests=[
            await _contest(session, contest, opening, next(g.id for g in groups if contest.key in g.contests), now)
            for contest in found.contests
        ],
    )
    try:
        return manifest_of(terms, election.setup.sid, election.joint_key())
    except ValueError as error:  # of forms, payloads and tallies: what nobody could vote on, or count
        raise OpeningRefused("manifest", f"This cannot be voted on: {error}.") from error


def evidence_key(keys: KeyFolder) -> X25519PrivateKey:
    """Return the key that confidential evidence is sealed to; it lies on this server."""
    return X25519PrivateKey.from_private_bytes(keys.secret("evidence"))


async def official_keys(session: AsyncSession, found: Round, now: datetime) -> list[OfficialKey]:
    """Return the keys granted in a round to registrars, auditors and desk officers, with their ids in the manifest."""
    numbers: dict[str, int] = {}
    listed: dict[bytes, OfficialKey] = {}
    for grant, key in await granted_keys(session, found):
        if grant.role in _OFFICIALS and grant.from_at <= now and key.public_key not in listed:
            numbers[grant.role] = numbers.get(grant.role, 0) + 1
            name = f"{_OFFICIALS[grant.role]}{numbers[grant.role]}"
            listed[key.public_key] = OfficialKey(name, grant.role, key.public_key)
    return list(listed.values())


async def granted_keys(session: AsyncSession, found: Round) -> Sequence[tuple[KeyGrant, SigningKey]]:
    """Return what keys may sign in a round, oldest grant first."""
    return await signing_keys.granted(session, RoundScope(found.id, found.slug, found.names, (), found.log_id))


def _own_keys(keys: KeyFolder) -> list[OfficialKey]:
    named = (("log", "log"), ("op", "operator"), ("vouch", "vouch"))
    return [OfficialKey(name, role, public_bytes(keys.ed25519(name))) for name, role in named]


async def _provider(
    session: AsyncSession, found: Round, around: Surroundings, now: datetime
) -> IdentityProvider | None:
    """The provider whose people the roll knows and that signs in for voting, or None. Raises OpeningRefused."""
    scheme = await roll.scheme_of(session, found.id)
    for client in around.providers.values():
        described, claim = client.provider, client.provider.claims.person_id
        if described.voting is None or described.scheme != scheme or not isinstance(claim, str):
            continue
        try:
            keys = canonical.encode(await client.key_set())
        except SigninFailed as error:
            raise OpeningRefused("provider", f"The provider's keys cannot be had: {error}.") from error
        sha256 = await record.put_file(session, keys, kind="jwks", at=now)
        return IdentityProvider(described.issuer, described.voting.client_id, sha256, claim)
    return None


async def _groups(
    session: AsyncSession, found: Round, groups: Sequence[Group], *, with_provider: bool
) -> list[BallotGroup]:
    """The groups of the manifest: with the roots that a registrar and an auditor have signed, or open."""
    if not any(group.rolled for group in groups):
        return [BallotGroup(group.id, OPEN_CLASSES) for group in groups]
    try:
        signed = await signed_roots(session, found)
    except RollRefused as error:
        raise OpeningRefused("roll", str(error)) from error
    classes = tuple(cls for cls in ROLLED_CLASSES if with_provider or cls != "idt")
    return [
        BallotGroup(group.id, classes, *signed[group.id]) if group.rolled else BallotGroup(group.id, OPEN_CLASSES)
        for group in groups
    ]


async def _contest(
    session: AsyncSession, contest: Contest, opening: Opening, group: str, now: datetime
) -> BallotContest:
    listed = canonical.encode(ballot_list(contest))
    return BallotContest(
        id=contest.key,
        group=group,
        fmt=contest.fmt,
        limits=contest.limits,
        budget=contest.budget,
        rule=_with_lot(contest.rule, opening.lot),
        projects=[(project.code, project.cost) for project in contest.projects],
        list_sha256=await record.put_file(session, listed, kind="list", at=now),
    )


def _with_lot(rule: RuleDocument, lot: str | None) -> RuleDocument:
    """The rule with the public draw that its ties ask for."""
    if "draw" not in rule["ties"]:
        return rule
    if not lot:
        raise OpeningRefused("lot", "The rule ends ties by a draw: its public lot is needed.")
    return cast(RuleDocument, {**rule, "draw": draw_of(lot)})
