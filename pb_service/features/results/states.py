"""The states of a result: preliminary, confirmed by a decision, amended; and contests that are void.

Each state is a document of its own in the public record, and none takes another's place. Preliminary is what the count
gave, and is published with it. Every other state is drafted by a manager and signed by a registrar and an auditor with
keys that the record knows; with the second signature it is published. Functions never commit.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Literal, cast
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.core.record import entries
from pb_service.core.record.canonical import b64u, decode, encode, unb64u
from pb_service.core.rounds.documents import ManifestDocument, OutcomeDocument
from pb_service.core.rounds.phases import AFTER_COUNT, Phase
from pb_service.features.accounts import access_log, signing_keys
from pb_service.features.accounts.policy import Actor, require
from pb_service.features.accounts.two_people import Signer, are_complete, keep_signature
from pb_service.features.counting import repository as counting
from pb_service.features.opening.state import state_of
from pb_service.features.proposals.reasons import required_reason
from pb_service.features.record import service as record
from pb_service.features.results import repository
from pb_service.features.results.errors import StateNotFound, StateRefused
from pb_service.features.results.tables import ResultSignature, ResultState
from pb_service.features.rounds import repository as rounds
from pb_service.features.rounds.tables import Round
from pb_service.platform import jobs

#: The job of the stage opendata that checks a round's evidence; the delay lets the record be published and witnessed.
VERIFY_JOB, VERIFY_DELAY = "opendata.verify", timedelta(seconds=15)

StateKind = Literal["preliminary", "confirmed", "amended", "voided"]

#: The kinds of their entries in the record.
ENTRY_KINDS: Mapping[StateKind, str] = {
    "preliminary": "result.preliminary",
    "confirmed": "result.confirmed",
    "amended": "result.amended",
    "voided": "contest.voided",
}


@dataclass(frozen=True)
class Change:
    """What an amendment does to one project: whether it is funded, and with how much (minor units)."""

    contest: str
    project: str
    is_funded: bool
    cost: int


@dataclass(frozen=True)
class Published:
    """A state as published."""

    place: int
    kind: StateKind
    at: datetime
    sha256: bytes
    statement: Mapping[str, Any]

    def funded(self, contest: str) -> dict[str, int] | None:
        """What is funded in a contest, with costs, by the codes of projects; None where it says nothing of it."""
        for each in self.statement.get("contests", ()):
            if each["id"] == contest:
                return dict(each["funded"])
        return None


async def publish_preliminary(
    session: AsyncSession, found: Round, _source: Phase, target: Phase, now: datetime
) -> None:
    """A phase effect: with the count of a round of one's own its preliminary result is published as a document."""
    if target != "results" or found.imported or found.manifest_sha256 is None:
        return
    body = await record.get_file(session, found.manifest_sha256)
    manifest = cast(ManifestDocument, decode(body))
    contests = []
    counted = await counting.counts_of_round(session, found.id)
    void = await void_contests(session, found.id)
    for in_manifest, (contest, count) in zip(manifest["contests"], counted, strict=True):
        if contest.key in void:
            continue
        outcome = cast(OutcomeDocument, decode(await record.get_file(session, count.outcome_sha256)))
        funded = [list(in_manifest["pro"][number]) for number in outcome["winners"]]
        contests.append(
            {
                "id": contest.key,
                "outcome": b64u(count.outcome_sha256),
                "budget": in_manifest["budget"],
                "funded": funded,
            }
        )
    state = ResultState(
        round_id=found.id,
        kind="preliminary",
        statement=encode(_statement("preliminary", entries.election_id(body), {"contests": contests})),
        made_at=now,
    )
    await _publish(session, found, state, [], by="clock", now=now)


async def draft_confirmation(
    session: AsyncSession,
    actor: Actor,
    found: Round,
    *,
    reference: str,
    decider: str,
    decided_on: date,
    now: datetime,
) -> ResultState:
    """Draft that a decision confirms the result as it stands. Raises StateRefused, Forbidden, StepUpNeeded."""
    newest = await _newest(session, actor, found, now)
    if newest.kind == "confirmed":
        raise StateRefused("confirmed", "This result is confirmed already.")
    decision = {"reference": reference, "by": decider, "on": decided_on.isoformat()}
    contests = await _standing(session, found, newest)
    fields = {"decision": decision, "contests": contests, "before": b64u(newest.sha256)}
    return await _draft(session, actor, found, "confirmed", fields, now=now)


async def draft_amendment(
    session: AsyncSession,
    actor: Actor,
    found: Round,
    changes: Sequence[Change],
    reason: Mapping[str, str],
    *,
    reference: str,
    now: datetime,
) -> ResultState:
    """Draft another result after a count that stands: a project withdrawn, or funded at a lower cost.

    What is funded must fit the budget, and no cost may be above that of the ballot. Raises StateRefused,
    ReasonMissing, Forbidden, StepUpNeeded.
    """
    newest = await _newest(session, actor, found, now)
    costs = await _costs(session, found)
    standing = await _standing(session, found, newest)
    contests = {each["id"]: {**each, "funded": dict(each["funded"])} for each in standing}
    for change in changes:
        known = costs.get(change.contest, {}).get(change.project)
        if known is None or change.contest not in contests or (change.is_funded and not 0 < change.cost <= known):
            raise StateRefused("change", "There is no such project, or it cost less on the ballot.")
        funded = contests[change.contest]["funded"]
        was = funded.pop(change.project, None)
        if change.is_funded:
            funded[change.project] = change.cost
        if was == (change.cost if change.is_funded else None):
            raise StateRefused("nothing", "This changes nothing.")
    for each in contests.values():
        if sum(each["funded"].values()) > each["budget"]:
            raise StateRefused("budget", "What is funded does not fit the budget.")
        order = list(costs[each["id"]])
        each["funded"] = [[code, each["funded"][code]] for code in order if code in each["funded"]]
    fields: dict[str, Any] = {
        "reason": _pairs(await required_reason(session, reason)),
        "changes": [
            {"contest": one.contest, "project": one.project, "funded": one.is_funded}
            | ({"cost": one.cost} if one.is_funded else {})
            for one in changes
        ],
        "contests": list(contests.values()),
        "before": b64u(newest.sha256),
    }
    if reference:
        fields["decision"] = {"reference": reference}
    return await _draft(session, actor, found, "amended", fields, now=now)


async def draft_voiding(
    session: AsyncSession,
    actor: Actor,
    found: Round,
    contest: str,
    reason: Mapping[str, str],
    *,
    is_repeated: bool,
    now: datetime,
) -> ResultState:
    """Draft that a contest is void, from its manifest on, and whether it will be voted on again in another round.

    The record goes on: what was cast is counted and published, and decides nothing. Raises StateRefused,
    ReasonMissing, Forbidden, StepUpNeeded.
    """
    require(actor, "vote.prepare", round_id=found.id, now=now)
    if found.imported or found.manifest_sha256 is None:
        raise StateRefused("phase", "Nothing is voted on yet, so nothing is void.")
    if contest not in await _costs(session, found) or contest in await void_contests(session, found.id):
        raise StateRefused("contest", "There is no such contest, or it is void already.")
    fields = {
        "contest": contest,
        "repeated": is_repeated,
        "reason": _pairs(await required_reason(session, reason)),
    }
    return await _draft(session, actor, found, "voided", fields, now=now)


async def sign(
    session: AsyncSession,
    actor: Actor,
    found: Round,
    role: Signer,
    *,
    public_key: str,
    signature: str,
    now: datetime,
) -> bool:
    """Take one person's signature under the draft of a locked round; with the second it is published.

    Returns whether it is published now. Raises StateRefused, SignatureRefused, Forbidden, StepUpNeeded.
    """
    require(actor, "vote.confirm", round_id=found.id, now=now)
    draft = await waiting(session, found)
    key = await signing_keys.verify(
        session,
        actor,
        decode(draft.statement),
        public_key=public_key,
        signature=signature,
        round_id=found.id,
        role=role,
        now=now,
    )
    election = (await state_of(session, found.log, hold=True)).election
    known = {(kind, public): name for name, (kind, public) in election.keys.items()}
    if (role, key.public_key) not in known:
        raise StateRefused("key", "The record does not know this key in this role.")
    signed = await keep_signature(
        session,
        actor,
        ResultSignature(state_id=draft.id),
        await repository.signatures_under(session, draft.id),
        role=role,
        key=key,
        signature=signature,
        refused=StateRefused,
        noted=("result.signed", draft.id),
        now=now,
    )
    if not are_complete(signed):
        return False
    if any((one.role, one.public_key) not in known for one in signed.values()):
        raise StateRefused("key_gone", "The key of the other signature was taken off meanwhile.")
    pairs = sorted([known[one.role, one.public_key], b64u(one.signature)] for one in signed.values())
    await _publish(session, found, draft, pairs, by="manager", now=now)
    await access_log.note(session, actor.account_id, f"result.{draft.kind}", found.slug, now=now)
    if found.phase in AFTER_COUNT:
        await check_anew(session, found, now)
    return True


async def check_anew(session: AsyncSession, found: Round, now: datetime) -> None:
    """Have the round's evidence given to the checker, once what was added to the record is published."""
    await jobs.enqueue(
        session, VERIFY_JOB, {"slug": found.slug}, run_at=now + VERIFY_DELAY, key=f"{VERIFY_JOB}:{found.id}"
    )


async def drop(session: AsyncSession, actor: Actor, found: Round, *, now: datetime) -> None:
    """Let go of a draft that nobody has published. Raises StateRefused, Forbidden, StepUpNeeded."""
    require(actor, "vote.prepare", round_id=found.id, now=now)
    (await waiting(session, found)).dropped_at = now


async def waiting(session: AsyncSession, found: Round) -> ResultState:
    """Return the draft that waits for signatures. Raises StateRefused."""
    draft = await repository.draft_of(session, found.id)
    if draft is None:
        raise StateRefused("no_draft", "Nothing waits for signatures.")
    return draft


async def published_states(session: AsyncSession, round_id: UUID) -> list[Published]:
    """Return the published states of a round, oldest first."""
    found = []
    for row in await repository.states_of(session, round_id):
        assert row.place is not None and row.published_at is not None and row.sha256 is not None  # noqa: S101, PT018
        statement = decode(row.statement)
        found.append(Published(row.place, cast(StateKind, row.kind), row.published_at, row.sha256, statement))
    return found


async def void_contests(session: AsyncSession, round_id: UUID) -> dict[str, Published]:
    """Return the contests of a round that are void, with what says so."""
    states = await published_states(session, round_id)
    return {state.statement["contest"]: state for state in states if state.kind == "voided"}


async def state_files(session: AsyncSession, bodies: Sequence[bytes]) -> dict[str, bytes]:
    """Return the documents of the states in a record with these entries, by their names in an evidence bundle."""
    kinds = set(ENTRY_KINDS.values())
    named = [
        unb64u(entry.fields["h"])
        for body in bodies
        if (b'"k":"result.' in body or b'"k":"contest.' in body) and (entry := entries.parse(body)).kind in kinds
    ]
    return {
        f"states/{place}.json": await record.get_file(session, sha256) for place, sha256 in enumerate(named, start=1)
    }


async def document(session: AsyncSession, found: Round, place: int) -> bytes:
    """Return a published state byte for byte as its entry names it. Raises StateRefused."""
    for state in await published_states(session, found.id):
        if state.place == place:
            return await record.get_file(session, state.sha256)
    raise StateNotFound("There is no such document.")


async def _newest(session: AsyncSession, actor: Actor, found: Round, now: datetime) -> Published:
    """The state that is to be confirmed or amended."""
    require(actor, "vote.prepare", round_id=found.id, now=now)
    states = [state for state in await published_states(session, found.id) if state.kind != "voided"]
    if found.phase not in AFTER_COUNT or not states:
        raise StateRefused("phase", "There is no published result yet.")
    return states[-1]


async def _standing(session: AsyncSession, found: Round, newest: Published) -> list[dict[str, Any]]:
    """What a state says of the contests that are not void."""
    void = await void_contests(session, found.id)
    return [each for each in newest.statement["contests"] if each["id"] not in void]


async def _draft(
    session: AsyncSession, actor: Actor, found: Round, kind: StateKind, fields: Mapping[str, Any], *, now: datetime
) -> ResultState:
    if await repository.draft_of(session, found.id) is not None:
        raise StateRefused("draft", "Another draft waits for signatures.")
    assert found.manifest_sha256 is not None  # noqa: S101 - asked before
    eid = entries.election_id(await record.get_file(session, found.manifest_sha256))
    state = ResultState(
        round_id=found.id,
        kind=kind,
        statement=encode(_statement(kind, eid, fields)),
        made_by=actor.account_id,
        made_at=now,
    )
    session.add(state)
    await session.flush()
    await access_log.note(session, actor.account_id, "result.drafted", f"{state.id} {kind}", now=now)
    return state


async def _publish(
    session: AsyncSession,
    found: Round,
    state: ResultState,
    pairs: Sequence[Sequence[str]],
    *,
    by: str,
    now: datetime,
) -> None:
    at = await record.moment_of_act(session, found.log, now)
    kind = ENTRY_KINDS[cast(StateKind, state.kind)]
    content = {**decode(state.statement), "t": int(at.timestamp())}
    if pairs:
        content["sg"] = list(pairs)
    sha256 = await record.salted_file(session, content, kind=kind, at=at)
    place = len(await repository.states_of(session, found.id)) + 1
    state.sha256, state.place, state.published_at = sha256, place, at  # at once: the table refuses anything between
    entry = entries.act(kind, at=int(at.timestamp()), object_id=found.slug, by=by, file_hash=sha256)
    await record.append(session, found.log, entry)
    session.add(state)  # whole: a draft may wait meanwhile
    await session.flush()
    if state.kind == "voided":
        await rounds.mark_void(session, found.id, content["contest"], content["reason"], at)


async def _costs(session: AsyncSession, found: Round) -> dict[str, dict[str, int]]:
    """The costs of the ballot by contest and code, in the manifest's order."""
    assert found.manifest_sha256 is not None  # noqa: S101 - asked before
    manifest = cast(ManifestDocument, decode(await record.get_file(session, found.manifest_sha256)))
    return {contest["id"]: dict(contest["pro"]) for contest in manifest["contests"]}


def _statement(kind: StateKind, eid: bytes, fields: Mapping[str, Any]) -> dict[str, Any]:
    return {"v": 1, "k": ENTRY_KINDS[kind], "e": b64u(eid), **fields}


def _pairs(texts: Mapping[str, str]) -> list[list[str]]:
    return [[language, text] for language, text in sorted(texts.items())]
