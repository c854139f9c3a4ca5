"""Counting a sealed vote: step by step, each an entry of the record, each checked before it is taken.

What comes next follows from the record, so whoever is interrupted looks there and goes on. A mix or a part whose proof
does not hold is refused: it is kept as a step that pages show, never as an entry, and the count waits.
"""

import asyncio
import hashlib
import multiprocessing
import os
import secrets
from collections.abc import AsyncIterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.core.record import entries
from pb_service.core.record.canonical import b64u, encode, unb64u
from pb_service.core.sealing import shuffle, threshold
from pb_service.core.sealing.election import Election, RecordError
from pb_service.core.sealing.group import Spread
from pb_service.core.sealing.manifest import Manifest
from pb_service.core.sealing.trusteeship import Trustee, TrusteeRefusal, checked_list, share_of, stage_of
from pb_service.core.voting.counting import Step, due_steps, open_contest, outcome_of
from pb_service.features.counting import repository
from pb_service.features.counting.tables import ContestCount, CountingStep
from pb_service.features.opening import repository as openings
from pb_service.features.opening.keyholders import held_here
from pb_service.features.opening.state import VoteState, own_state
from pb_service.features.record import service as record
from pb_service.features.rounds import repository as rounds
from pb_service.features.rounds.schedule import begin
from pb_service.features.rounds.tables import Round
from pb_service.platform.clock import Clock
from pb_service.platform.db import Database
from pb_service.platform.keys import KeyFolder

#: From so many pairs on, the work of a step is spread over processes: below, starting them takes longer.
_SPREAD_FROM = 1_000

#: Readers of pages come first.
_NICENESS = 5

log_event = structlog.get_logger()


class Surroundings(Protocol):
    """What a count needs of the service."""

    @property
    def database(self) -> Database: ...

    @property
    def clock(self) -> Clock: ...

    @property
    def keys(self) -> KeyFolder: ...

    @property
    def operator_key(self) -> Ed25519PrivateKey: ...


@dataclass(frozen=True)
class Made:
    """A step as somebody made it: its entry, the files that the entry names, and figures for pages."""

    step: Step
    entry: bytes
    files: tuple[tuple[str, bytes], ...] = ()
    about: Mapping[str, Any] = field(default_factory=dict)


class Crew:
    """Processes that share the work on long lists: started with the first such list, for it takes them seconds."""

    def __init__(self) -> None:
        self._pool: ProcessPoolExecutor | None = None

    def spread(self, election: Election, contest: str) -> Spread:
        """Return how a step of a contest is spread; over a short list at once, in this process."""
        rows, width = election.progress[contest].rows or 0, _manifest(election).contests[contest].shape.width
        if rows * width < _SPREAD_FROM:
            return map
        if self._pool is None:
            context = multiprocessing.get_context("spawn")  # a copy of this process would have its threads' locks
            self._pool = ProcessPoolExecutor(
                os.cpu_count() or 1, mp_context=context, initializer=os.nice, initargs=(_NICENESS,)
            )
        return self._pool.map

    def dismiss(self) -> None:
        """Let them end."""
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)


@asynccontextmanager
async def counting(service: Surroundings, counted: Round) -> AsyncIterator["Count"]:
    """Yield one process's work at a count; what helps in it ends with it."""
    crew = Crew()
    try:
        yield Count(service, counted, crew)
    finally:
        await asyncio.to_thread(crew.dismiss)


class Count:
    """One process's work at a count, as long as it lasts: the state of the vote and the mixes that were checked."""

    def __init__(self, service: Surroundings, counted: Round, crew: Crew) -> None:
        self._crew = crew
        self._service = service
        self._round = counted
        self._state: VoteState | None = None
        self._checked: set[tuple[bytes, bytes, bytes]] = set()
        self._parts: dict[tuple[bytes, bytes, int], list[bytes]] = {}
        self._files: dict[bytes, bytes] = {}
        self._lost: frozenset[int] = frozenset()

    async def run(self) -> bool:
        """Take every step that this server can take. Returns whether all contests have their results."""
        while True:
            election, due = await self._look()
            if election.closed_at is None:
                return False
            if all(progress.result is not None for progress in election.progress.values()):
                return True
            step = next((step for step in due if self._is_ours(election, step)), None)
            if step is None or not await self._take(election, step):
                return False

    async def take(self, trustee: int, body: bytes, given: Mapping[bytes, bytes]) -> str:
        """Take a mix or a part that a trustee handed in. Returns why it is refused, or "" if the record has it."""
        election, due = await self._look()
        try:
            step = _step_of(body)
        except (entries.EntryError, KeyError):
            return "This is neither a mix nor a part of an opening."
        if step not in due or step.trustee != trustee:
            async with self._service.database.transaction() as session:
                is_known = body in await record.entries_from(session, self._round.log, 0, waiting=True)
            if not is_known:
                await self.refuse(replace(step, trustee=trustee), why := "It is not this step's turn.")
                return why
            return ""
        async with self._service.database.reading() as session:
            await self._gather(session, election, step.contest)
        try:
            made = await asyncio.to_thread(self._checked_step, election, step, body, given)
            await self._log(made)
        except (TrusteeRefusal, RecordError, shuffle.ShuffleError, threshold.DecryptionError, KeyError) as error:
            why = "A file is missing." if isinstance(error, KeyError) else str(error)
            await self.refuse(step, why)
            return why
        return ""

    async def _look(self) -> tuple[Election, list[Step]]:
        """The state of the vote, and the steps that are due in it."""
        async with self._service.database.transaction() as session:
            if self._state is None:
                self._state = await own_state(session, self._round.log)
            election = await self._state.hold(session)  # entries count from their commit on, indexed or not
            self._lost = await openings.lost_of(session, self._round.id)
        return election, due_steps(election, self._lost) if election.closed_at is not None else []

    def _is_ours(self, election: Election, step: Step) -> bool:
        """Whether this server can take a step now: by itself, or by the key of a trustee that lies here."""
        match step.kind:
            case "input":
                assert election.closed_at is not None  # noqa: S101 - steps are of a closed vote
                return self._service.clock().timestamp() >= election.closed_at + _strikes(election)
            case "mix" | "dec":
                return step.trustee in held_here(self._service.keys, self._round.id, election)
            case _:
                return step.kind == "result"

    def _checked_step(self, election: Election, step: Step, body: bytes, given: Mapping[bytes, bytes]) -> Made:
        """Check the proof of a step that somebody else took."""
        spread = self._crew.spread(election, step.contest)
        fields, about = entries.parse(body).fields, {"rows": election.progress[step.contest].rows}
        before = checked_list(election, step.contest, self._files, spread, self._checked)
        if step.kind == "mix":
            after, proof = given[unb64u(fields["out"])], given[unb64u(fields["pf"])]
            shuffle.verify(before, after, proof, stage_of(election, step.contest, step.stage, step.trustee), spread)
            self._checked.add((_sha256(before), _sha256(after), _sha256(proof)))
            return Made(step, body, (("mix", after), ("mix-proof", proof)), about)
        file = given[unb64u(fields["f"])]
        self._check_part(election, step, before, file, spread)
        return Made(step, body, (("part", file),), about)

    async def _take(self, election: Election, step: Step) -> bool:
        async with self._service.database.reading() as session:
            await self._gather(session, election, step.contest)
        try:
            made = await self._make(election, step)
        except (TrusteeRefusal, shuffle.ShuffleError, threshold.DecryptionError) as error:
            await self.refuse(step, str(error))
            return False
        await self._log(made)
        return True

    async def refuse(self, step: Step, why: str) -> None:
        """Keep what was refused, for staff to see."""
        log_event.error("counting.refused", round=self._round.slug, kind=step.kind, contest=step.contest)
        async with self._service.database.transaction() as session:
            row = _row(self._round.id, step, self._service.clock())
            row.is_refused, row.about = True, {"why": why}
            session.add(row)

    async def _make(self, election: Election, step: Step) -> Made:
        if step.kind == "dec":
            await self._keep_opened(election, step)
        makers = {"input": self._input, "mix": self._mix, "dec": self._part}
        return await asyncio.to_thread(makers.get(step.kind, self._result), election, step)

    def _input(self, election: Election, step: Step) -> Made:
        manifest = _manifest(election)
        rows = election.counting_rows(step.contest)
        count = len(rows) // (64 * manifest.contests[step.contest].shape.width)
        at = int(self._service.clock().timestamp())
        fields = {"d": step.contest, "n": count, "f": b64u(_sha256(rows)), "ts": at}
        return Made(step, self._by_operator("input", election, fields), about={"rows": count})

    def _mix(self, election: Election, step: Step) -> Made:
        spread = self._crew.spread(election, step.contest)
        trustee = self._trustee(election, step.trustee)
        trustee.checked = self._checked
        before = checked_list(election, step.contest, self._files, spread, self._checked)
        entry, after, proof = trustee.mix(election, step.contest, self._files, secrets.token_bytes, spread)
        # Not because we doubt ourselves: what the record takes was checked, whoever made it.
        shuffle.verify(before, after, proof, stage_of(election, step.contest, step.stage, step.trustee), spread)
        return Made(step, entry, (("mix", after), ("mix-proof", proof)), {"rows": election.progress[step.contest].rows})

    def _part(self, election: Election, step: Step) -> Made:
        spread = self._crew.spread(election, step.contest)
        trustee = self._trustee(election, step.trustee)
        trustee.checked = self._checked
        entry, file = trustee.decrypt(election, step.contest, self._files, secrets.token_bytes, spread)
        rows = checked_list(election, step.contest, self._files, spread, self._checked)
        self._check_part(election, step, rows, file, spread)
        return Made(step, entry, (("part", file),), {"rows": election.progress[step.contest].rows})

    def _check_part(self, election: Election, step: Step, rows: bytes, file: bytes, spread: Spread) -> None:
        points = threshold.verify(rows, file, share_of(election, step.contest, step.trustee), spread)
        self._parts[_sha256(rows), _sha256(file), step.trustee] = points

    def _result(self, election: Election, step: Step) -> Made:
        manifest, spread = _manifest(election), self._crew.spread(election, step.contest)
        contest = manifest.contests[step.contest]
        opened = open_contest(election, contest, self._files, spread, self._checked, parts_checked=self._parts)
        outcome = outcome_of(election, contest, opened)
        ballots, told = encode(opened.document(manifest.eid, contest.id)), encode(outcome)
        fields = {"d": contest.id, "bal": b64u(_sha256(ballots)), "out": b64u(_sha256(told))}
        about = {**outcome["counts"], "invalid": len(opened.invalid), "paper": len(opened.paper)}
        entry = self._by_operator("result", election, fields)
        return Made(step, entry, (("ballots", ballots), ("outcome", told)), about)

    def _trustee(self, election: Election, number: int) -> Trustee:
        return held_here(self._service.keys, self._round.id, election)[number]

    def _by_operator(self, kind: str, election: Election, fields: Mapping[str, Any]) -> bytes:
        return entries.signed_entry(kind, _manifest(election).eid, fields, {"op": self._service.operator_key})

    async def _keep_opened(self, election: Election, step: Step) -> None:
        """Bind a trustee to the one list of this contest that she opens, before there is anything to show of it."""
        wanted = election.progress[step.contest].list_hash
        async with self._service.database.transaction() as session:
            kept = await repository.keep_opened(session, self._round.id, step.contest, step.trustee, wanted)
        if kept != wanted:
            raise TrusteeRefusal("Another list of this contest was opened before; a second one never is.")

    async def _gather(self, session: AsyncSession, election: Election, contest: str) -> None:
        """Have at hand what the stages and parts of a contest named so far."""
        progress = election.progress[contest]
        named = [sha256 for _, *pair in progress.stages for sha256 in pair] + list(progress.parts.values())
        named += [progress.paper[1]] if progress.paper else []
        for sha256 in named:
            if sha256 not in self._files:
                self._files[sha256] = await record.get_file(session, sha256)

    async def _log(self, made: Made) -> None:
        """Append a step with its files, if it still is the next one."""
        now = self._service.clock()
        async with self._service.database.transaction() as session:
            state = self._state or await own_state(session, self._round.log)
            election = await state.hold(session)
            if made.step not in due_steps(election, self._lost):
                return  # somebody else took it meanwhile
            for kind, body in made.files:
                await record.put_file(session, body, kind=kind, at=now)
                self._files[_sha256(body)] = body
            try:
                await state.append(session, made.entry)
            except BaseException:
                self._state = None
                raise
            row = _row(self._round.id, made.step, now)
            row.about = dict(made.about)
            session.add(row)
            if made.step.kind == "result":
                await self._count_row(session, made, now)

    async def _count_row(self, session: AsyncSession, made: Made, now: datetime) -> None:
        fields = entries.parse(made.entry).fields
        contest = await repository.contest_called(session, self._round.id, made.step.contest)
        session.add(
            ContestCount(
                contest_id=contest.id,
                ballots_sha256=unb64u(fields["bal"]),
                outcome_sha256=unb64u(fields["out"]),
                counted_at=now,
            )
        )


async def count(service: Surroundings, round_id: UUID) -> bool:
    """Go on with the count of a closed round as far as this server can; publish when every contest is counted.

    Returns whether it is published. Whatever was interrupted is taken up where the record stands.
    """
    async with service.database.reading() as session:
        found = await repository.round_called(session, round_id)
    if found is None or found.phase != "counting":
        return found is not None and found.phase == "results"
    async with counting(service, found) as work:
        if not await work.run():
            return False
    async with service.database.transaction() as session:
        locked = await rounds.by_id(session, round_id)
        if locked is not None and locked.phase == "counting":
            await begin(session, locked, "results", pusher="count", role="clock", now=service.clock())
    return True


def _step_of(body: bytes) -> Step:
    """The step that a trustee's entry takes. Raises EntryError, and KeyError for an entry of another kind."""
    entry = entries.parse(body)
    fields = entry.fields
    if entry.kind == "mix":
        return Step("mix", fields["d"], fields["j"], fields["st"])
    return Step("dec", fields["d"], {"dec": fields}[entry.kind]["j"])


def _row(round_id: UUID, step: Step, now: datetime) -> CountingStep:
    return CountingStep(
        round_id=round_id,
        kind=step.kind,
        contest=step.contest,
        trustee=step.trustee,
        stage=step.stage,
        at=now,
        is_refused=False,
        about={},
    )


def _strikes(election: Election) -> int:
    """For how many seconds after the close envelopes may still be struck."""
    seconds: int = _manifest(election).document["strikes"]
    return seconds


def _manifest(election: Election) -> Manifest:
    assert election.manifest is not None  # noqa: S101 - it is closed
    return election.manifest


def _sha256(body: bytes) -> bytes:
    return hashlib.sha256(body).digest()
