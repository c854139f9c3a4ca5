"""How far a count has come, for the page that everybody sees and the one of staff: from the steps that were kept."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.core.rounds.phases import AFTER_COUNT
from pb_service.core.rounds.setup import Setup
from pb_service.features.counting import repository
from pb_service.features.counting.tables import CountingStep, VoteClosing
from pb_service.features.opening.service import quorum_of, trustee_names
from pb_service.features.rounds.tables import Round

State = Literal["done", "now", "next"]


@dataclass(frozen=True)
class Stage:
    """A stage of the count as the whole round goes through it; ``trustee`` from 1 for a mix, else 0."""

    kind: Literal["close", "input", "mix", "dec", "result"]
    state: State
    at: datetime | None = None
    trustee: int = 0


@dataclass(frozen=True)
class ContestLine:
    """A contest: how many envelopes count (None: not listed yet), and when each step of it was taken."""

    id: str
    title: Sequence[Sequence[str]]
    rows: int | None
    mixes: tuple[datetime | None, ...]
    parts: int
    result: datetime | None

    @property
    def is_empty(self) -> bool:
        return self.rows == 0


@dataclass(frozen=True)
class Progress:
    """The whole of it. ``refused``: steps that did not hold, newest first; ``waits`` while the last step is one."""

    closing: VoteClosing | None
    stages: tuple[Stage, ...]
    contests: tuple[ContestLine, ...]
    trustees: tuple[str, ...]
    quorum: int
    refused: tuple[CountingStep, ...]
    waits: bool
    is_published: bool
    updated_at: datetime | None

    @property
    def counted(self) -> int:
        """How many envelopes count in all."""
        return sum(line.rows or 0 for line in self.contests)


async def progress_of(session: AsyncSession, found: Round, setup: Setup) -> Progress:
    """Return how far the count of a whole round is."""
    closing = await repository.closing_of(session, found.id)
    steps = await repository.steps_of(session, found.id)
    taken = [step for step in steps if not step.is_refused]
    trustees = tuple(trustee_names(setup))
    lines = tuple(_line(contest.key, contest.title, taken, len(trustees)) for contest in found.contests)
    closed_at = closing.closed_at if closing else None
    return Progress(
        closing=closing,
        stages=tuple(_stages(closed_at, lines, quorum_of(setup))),
        contests=lines,
        trustees=trustees,
        quorum=quorum_of(setup),
        refused=tuple(step for step in reversed(steps) if step.is_refused),
        waits=bool(steps) and steps[-1].is_refused,
        is_published=found.phase in AFTER_COUNT,
        updated_at=steps[-1].at if steps else closed_at,
    )


def _line(contest: str, title: Sequence[Sequence[str]], taken: Sequence[CountingStep], trustees: int) -> ContestLine:
    own = [step for step in taken if step.contest == contest]
    listed = next((step for step in own if step.kind == "input"), None)
    mixed = {step.trustee: step.at for step in own if step.kind == "mix"}
    return ContestLine(
        id=contest,
        title=title,
        rows=listed.about["rows"] if listed else None,
        mixes=tuple(mixed.get(number) for number in range(1, trustees + 1)),
        parts=sum(step.kind == "dec" for step in own),
        result=next((step.at for step in own if step.kind == "result"), None),
    )


def _stages(closed_at: datetime | None, lines: Sequence[ContestLine], quorum: int) -> list[Stage]:
    """The stages of the round, each done when every contest has it; the first that is not is now."""
    full = [line for line in lines if not line.is_empty]
    listed = bool(lines) and all(line.rows is not None for line in lines)
    trustees = len(lines[0].mixes) if lines else 0
    found: list[tuple[Literal["close", "input", "mix", "dec", "result"], int, bool, datetime | None]] = [
        ("close", 0, closed_at is not None, closed_at),
        ("input", 0, listed, None),
    ]
    for number in range(trustees):
        times = [line.mixes[number] for line in full]
        is_mixed = listed and all(times)
        found.append(("mix", number + 1, is_mixed, max((at for at in times if at), default=None) if is_mixed else None))
    found.append(("dec", 0, listed and all(line.parts >= quorum for line in full), None))
    results = [line.result for line in lines]
    found.append(("result", 0, bool(results) and all(results), max((at for at in results if at), default=None)))
    first = next((place for place, each in enumerate(found) if not each[2]), len(found))
    return [
        Stage(kind, "done" if is_done else "now" if place == first else "next", at if is_done else None, trustee)
        for place, (kind, trustee, is_done, at) in enumerate(found)
    ]
