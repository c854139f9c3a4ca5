"""Evidence for auditors: asked for by one of them, allowed by a registrar, sealed to the manifest's `aud` key.

What the record says of persons is pseudonyms; here stands whose they are, so nobody gets it alone, both acts are in the
access log, and the public record says that it was given. Functions never commit.
"""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.core.record import entries
from pb_service.core.record.canonical import b64u, encode, unb64u
from pb_service.core.rounds.phases import AFTER_COUNT
from pb_service.core.sealing.evidence_export import seal_export
from pb_service.core.sealing.manifest import Manifest
from pb_service.core.voting.aliases import alias_of, keyed_pseudonym, person_id
from pb_service.features.accounts import access_log
from pb_service.features.accounts.policy import Actor, Forbidden, require
from pb_service.features.opendata import repository
from pb_service.features.opendata.errors import EvidenceRefused
from pb_service.features.opendata.tables import EvidenceExport
from pb_service.features.record import service as record
from pb_service.features.roll.evidence import evidence_key, people_of
from pb_service.features.roll.standing import roll_key
from pb_service.features.rounds.tables import Round
from pb_service.features.voting.evidence import token_lines
from pb_service.platform.keys import KeyFolder

#: For how long after it was allowed an export can be taken.
LASTS = timedelta(hours=24)
MOST_SAMPLE = 10_000


async def ask(
    session: AsyncSession, actor: Actor, found: Round, seed: str, sample: int, *, now: datetime
) -> EvidenceExport:
    """Ask as an auditor for the evidence of a counted round. ``seed``: drawn in public after the close.

    Raises EvidenceRefused, Forbidden, StepUpNeeded.
    """
    require(actor, "evidence.read", round_id=found.id, now=now)
    if found.imported or found.phase not in AFTER_COUNT:
        raise EvidenceRefused("phase", "There is no published result yet.")
    if not seed.strip() or not 0 <= sample <= MOST_SAMPLE:
        raise EvidenceRefused("seed", "A seed and the size of the sample are needed.")
    export = EvidenceExport(
        round_id=found.id, seed=seed.strip(), sample=sample, asked_by=actor.account_id, asked_at=now
    )
    session.add(export)
    await session.flush()
    await access_log.note(session, actor.account_id, "evidence.asked", f"{found.slug} {export.id}", now=now)
    return export


async def allow(session: AsyncSession, actor: Actor, found: Round, export_id: UUID, *, now: datetime) -> None:
    """Allow an export as a registrar, another person than who asked; the record says that it was given.

    Raises EvidenceRefused, Forbidden, StepUpNeeded.
    """
    require(actor, "vote.confirm", round_id=found.id, now=now)
    if not any(grant.role == "registrar" and grant.reaches(found.id, None) for grant in actor.grants):
        raise Forbidden("A registrar allows it.")
    export = await export_of(session, found, export_id)
    if export.asked_by in {None, actor.account_id}:
        raise EvidenceRefused("same_hand", "Another person than who asked allows it.")
    if export.allowed_at is not None:
        raise EvidenceRefused("allowed", "It is allowed already.")
    export.allowed_by, export.allowed_at, export.ends_at = actor.account_id, now, now + LASTS
    at = await record.moment_of_act(session, found.log, now)
    content = {"seed": export.seed, "m": export.sample}
    sha256 = await record.salted_file(session, content, kind="evidence.given", at=at)
    entry = entries.act(
        "evidence.given", at=int(at.timestamp()), object_id=found.slug, by="registrar", file_hash=sha256
    )
    await record.append(session, found.log, entry)
    await access_log.note(session, actor.account_id, "evidence.allowed", f"{found.slug} {export.id}", now=now)


async def export_file(
    session: AsyncSession, actor: Actor, found: Round, export_id: UUID, *, keys: KeyFolder, now: datetime
) -> bytes:
    """Return the sealed evidence to the auditor who asked for it, within a day of its being allowed.

    The caller's transaction keeps that it was taken. Raises EvidenceRefused, Forbidden, StepUpNeeded.
    """
    require(actor, "evidence.read", round_id=found.id, now=now)
    export = await export_of(session, found, export_id)
    if export.asked_by != actor.account_id or export.ends_at is None or now >= export.ends_at:
        raise EvidenceRefused("ended", "It is not allowed, or not any more, or to somebody else.")
    assert found.manifest_sha256 is not None  # noqa: S101 - it is counted
    manifest = Manifest.read(await record.get_file(session, found.manifest_sha256))
    files = await evidence_files(session, found, manifest, export, keys=keys)
    await access_log.note(session, actor.account_id, "evidence.taken", f"{found.slug} {export.id}", now=now)
    return seal_export(files, unb64u(manifest.document["aud"], 32), manifest.eid)


async def evidence_files(
    session: AsyncSession, found: Round, manifest: Manifest, export: EvidenceExport, *, keys: KeyFolder
) -> dict[str, bytes]:
    """Return the folder of docs/protocol.md section 16, by the names of its files."""
    secret = roll_key(keys, found.id)
    head = {"v": 1, "e": b64u(manifest.eid), "key": b64u(secret), "seed": export.seed, "m": export.sample}
    tokens = [line async for line in token_lines(session, found.log, manifest.eid, evidence_key(keys))]
    files = {"audit.json": encode(head), "tokens.jsonl": b"".join(tokens)}
    voted = await _aliases(session, found, manifest)
    for group in manifest.groups.values():
        if group.roll is None:
            people = await _account_lines(session, group.id, secret, voted.get(group.id, frozenset()))
        else:
            people = [line async for line in people_of(session, found, group.id, keys=keys)]
        files[f"rolls/{group.id}.jsonl"] = b"".join(people)
    return files


async def export_of(session: AsyncSession, found: Round, export_id: UUID) -> EvidenceExport:
    """Return an export of a round. Raises EvidenceRefused."""
    export = await repository.export_by_id(session, export_id)
    if export is None or export.round_id != found.id:
        raise EvidenceRefused("absent", "There is no such export.")
    return export


async def _aliases(session: AsyncSession, found: Round, manifest: Manifest) -> dict[str, frozenset[bytes]]:
    """The aliases with an envelope or a paper ballot, by group."""
    seen: dict[str, set[bytes]] = {}
    for body in await record.entries(session, found.log):
        if b'"k":"env"' in body or b'"k":"paper"' in body:
            fields = entries.parse(body).fields
            if "a" in fields and "d" in fields:
                seen.setdefault(manifest.contests[fields["d"]].group, set()).add(unb64u(fields["a"]))
    return {group: frozenset(aliases) for group, aliases in seen.items()}


async def _account_lines(session: AsyncSession, group: str, secret: bytes, voted: frozenset[bytes]) -> list[bytes]:
    """The lines of the persons of an open group who voted: their ids are those of their accounts."""
    found = []
    for account_id in await repository.account_ids(session):
        pid = person_id(str(account_id))
        pseudonym = keyed_pseudonym(secret, pid)
        if alias_of(secret, pseudonym, pid, group) in voted:
            found.append(encode({"pid": pid, "ps": b64u(pseudonym)}) + b"\n")
    return found
