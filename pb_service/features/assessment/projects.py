"""Projects of the ballots: made from proposals found feasible, worded, translated, put in order, taken off again."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.core.proposals import ballot_list
from pb_service.core.proposals.ballot_list import FIRST_NUMBER, LONGEST_TEXT, LONGEST_TITLE
from pb_service.core.proposals.texts import cleaned, reason_sha256
from pb_service.core.rounds.setup import (
    LANGUAGES,
    Language,
    Problem,
    Setup,
    Text,
    Wording,
    to_content_of_text,
)
from pb_service.features.accounts.policy import Actor, may
from pb_service.features.assessment import repository
from pb_service.features.assessment.acts import Hand, hand_of, note, require_phase
from pb_service.features.assessment.errors import Changed, NotNow, NotThere, Refused
from pb_service.features.assessment.tables import BallotProject, ProjectSource
from pb_service.features.proposals import repository as proposals
from pb_service.features.proposals.reasons import required_reason
from pb_service.features.proposals.service import moved
from pb_service.features.proposals.tables import Proposal
from pb_service.features.rounds.setups import setup_of
from pb_service.features.rounds.tables import Round

MOST_SETS = 10
LONGEST_ALT = 300


@dataclass(frozen=True)
class Details:
    """What staff type about a project: its words by language with their state, its picture, and its sets."""

    contest: str
    titles: Text
    texts: Text
    sets: tuple[str, ...] = ()
    mandatory: bool = False
    picture_id: UUID | None = None
    alt: Text | None = None


async def make(
    session: AsyncSession,
    actor: Actor,
    found: Round,
    numbers: Collection[int],
    details: Details | None = None,
    *,
    once: UUID,
    key: bytes,
    now: datetime,
) -> BallotProject:
    """Make a project of proposals; without ``details`` it begins with the words of the first of them.

    ``once`` is the key of the form: sent twice, it makes one. Raises Refused, ActRefused, NotNow, OwnProposal,
    Forbidden.
    """
    require_phase(found)
    hand = hand_of(actor, "assessment.sign", found, key, now=now)
    if (made := await repository.project_by_once(session, once)) is not None:
        return made
    book = await proposals.book(session, found.id, for_update=True)
    if book.list_fixed_at is not None:
        raise NotNow("fixed")
    setup = await setup_of(session, found)
    rows = await _sources(session, found, numbers)
    details = details or _begun(setup, rows[0])
    _require_picture(details, rows)
    if problems := _problems(setup, details):
        raise Refused(problems)
    number = (await repository.last_project_number(session, found.id) or FIRST_NUMBER - 1) + 1
    themes = [theme for theme in dict.fromkeys(row.theme for row in rows) if theme]
    project = BallotProject(
        round_id=found.id,
        number=number,
        code=str(number),
        position=number,
        themes=themes,
        place=_place(rows[0]),
        once=once,
        made_by=hand.account_id,
        made_at=now,
        changed_at=now,
        version=1,
        **_columns(details),
    )
    session.add(project)
    await session.flush()
    session.add_all([ProjectSource(project_id=project.id, proposal_id=row.id) for row in rows])
    for row in rows:
        await _put(session, row, project, hand, now=now)
    about = {
        "code": project.code,
        "number": number,
        "proposals": sorted(row.number or 0 for row in rows),
        "contest": details.contest,
    }
    await note(session, found, "project.made", project.code, about, hand=hand, now=now)
    return project


async def change(
    session: AsyncSession,
    actor: Actor,
    found: Round,
    code: str,
    details: Details,
    *,
    version: int,
    reason: Mapping[str, str],
    key: bytes,
    now: datetime,
) -> BallotProject:
    """Save a project over the version that was looked at. Who only translates may change translations alone.

    After the list is fixed a change needs a reason, and shows on the ballot when an amended list is confirmed.
    Raises Refused, Changed, ReasonMissing, NotNow, NotThere, Forbidden.
    """
    require_phase(found)
    project = await _locked(session, found, code)
    translating = not may(actor, "assessment.sign", round_id=found.id)
    hand = hand_of(actor, "rounds.translate" if translating else "assessment.sign", found, key, now=now)
    if project.version != version:
        raise Changed(project.version)
    columns = _columns(details)
    before = {name: getattr(project, name) for name in columns}
    if columns == before:
        return project
    if translating and _untranslated(columns) != _untranslated(before):
        raise NotNow("translate")
    if problems := _problems(await setup_of(session, found), details):
        raise Refused(problems)
    ids = [each for each, _ in (await repository.sources(session, [project.id]))[project.id]]
    _require_picture(details, await proposals.several(session, ids))
    kept = await _reason_if_fixed(session, found, reason)
    for name, value in columns.items():
        setattr(project, name, value)
    project.version, project.changed_at = version + 1, now
    about: dict[str, Any] = {"code": code, "contest": details.contest}
    about |= {"reason_sha256": reason_sha256(kept).hex()} if kept else {}
    await note(session, found, "project.changed", code, about, hand=hand, now=now, shown={"reason": kept})
    return project


async def drop(
    session: AsyncSession,
    actor: Actor,
    found: Round,
    code: str,
    reason: Mapping[str, str],
    *,
    key: bytes,
    now: datetime,
) -> None:
    """Take a project off the ballot, with a reason; its proposals wait for another. Not after the list is fixed.

    Raises ReasonMissing, NotNow, NotThere, ActRefused, Forbidden.
    """
    require_phase(found)
    project = await _locked(session, found, code)
    hand = hand_of(actor, "assessment.sign", found, key, now=now)
    kept = await required_reason(session, reason)
    ids = [each for each, _ in (await repository.sources(session, [project.id]))[project.id]]
    for row in await proposals.several(session, ids, for_update=True):
        await moved(
            session,
            row,
            "leave_ballot",
            {"project": code},
            hand=_state_hand(hand),
            by_role=hand.role,
            account_id=hand.account_id,
            shown={"reason": kept},
            told=False,
            now=now,
        )
    await repository.drop_sources(session, project.id)
    project.dropped_at = now
    about = {"code": code, "proposals": [], "reason_sha256": reason_sha256(kept).hex()}
    await note(session, found, "project.changed", code, about, hand=hand, now=now, shown={"reason": kept})


async def arrange(
    session: AsyncSession, actor: Actor, found: Round, contest: str, codes: Sequence[str], *, key: bytes, now: datetime
) -> None:
    """Put the projects of a ballot in this order. Raises Refused for other codes than there are, NotNow, Forbidden."""
    require_phase(found)
    hand = hand_of(actor, "assessment.sign", found, key, now=now)
    book = await proposals.book(session, found.id, for_update=True)
    if book.list_fixed_at is not None:
        raise NotNow("fixed")
    rows = {row.code: row for row in await repository.projects(session, found.id) if row.contest == contest}
    if sorted(rows) != sorted(codes):
        raise Refused([Problem("order", "other_projects")])
    if [row.code for row in rows.values()] == list(codes):
        return
    for position, code in enumerate(codes):
        if rows[code].position != position:
            rows[code].position, rows[code].changed_at = position, now
            about = {"code": code, "position": position}
            await note(session, found, "project.changed", code, about, hand=hand, now=now)


async def _sources(session: AsyncSession, found: Round, numbers: Collection[int]) -> list[Proposal]:
    """Return the proposals of a project in the order in which they were named, locked."""
    wanted = list(dict.fromkeys(numbers))
    known = {row.number: row.id for row in await repository.proposals_numbered(session, found.id, wanted)}
    if not wanted or len(known) < len(wanted) or len(wanted) > 30:
        raise Refused([Problem("proposals", "unknown" if wanted else "required")])
    rows = {row.number: row for row in await proposals.several(session, list(known.values()), for_update=True)}
    return [rows[number] for number in wanted]


async def _put(session: AsyncSession, row: Proposal, project: BallotProject, hand: Hand, *, now: datetime) -> None:
    """A proposal's part in a new project; the record tells all parts in the project's entry."""
    await moved(
        session,
        row,
        "put_on_ballot",
        {"project": project.code},
        hand=_state_hand(hand),
        by_role=hand.role,
        account_id=hand.account_id,
        shown={"project": project.code},
        told=False,
        now=now,
    )


def _state_hand(hand: Hand) -> Any:
    return "assessor" if hand.role == "assessor" else "manager"


def _begun(setup: Setup, first: Proposal) -> Details:
    """The words with which a project begins: those of its first proposal, in its own language."""
    language: Language = first.language  # type: ignore[assignment] # the table's check allows no other
    known = [key for key, _, _ in ballot_list.contests(setup)]
    home = first.district if first.district in known else ballot_list.CITY_WIDE
    text = cleaned(f"{first.need}\n{first.idea}")[:LONGEST_TEXT]
    return Details(
        contest=home if home in known else known[0],
        titles={language: Wording(first.title[:LONGEST_TITLE], "original")},
        texts={language: Wording(text, "original")} if text else {},
    )


def _problems(setup: Setup, details: Details) -> list[Problem]:
    found = []
    if details.contest not in {key for key, _, _ in ballot_list.contests(setup)}:
        found.append(Problem("contest", "unknown"))
    if not any(wording.text for wording in details.titles.values()):
        found.append(Problem("title", "required"))
    lengths = (
        ("title", details.titles, LONGEST_TITLE),
        ("text", details.texts, LONGEST_TEXT),
        ("alt", details.alt or {}, LONGEST_ALT),
    )
    for name, text, most in lengths:
        found += [
            Problem(f"{name}.{language}", "too_long", {"most": most})
            for language in LANGUAGES
            if language in text and len(text[language].text) > most
        ]
    if len(details.sets) > MOST_SETS or any(not cleaned(name) or len(name) > 60 for name in details.sets):
        found.append(Problem("sets", "too_long", {"most": 60}))
    return found


def _require_picture(details: Details, sources: Collection[Proposal]) -> None:
    """Refuse a picture that none of the project's proposals has: its file may not be meant for everybody."""
    known = {file.file_id for row in sources for file in row.files if file.file.kind == "picture"}
    if details.picture_id and details.picture_id not in known:
        raise Refused([Problem("picture", "unknown")])


def _columns(details: Details) -> dict[str, Any]:
    return {
        "contest": details.contest,
        "titles": to_content_of_text(_kept(details.titles, lines=False)),
        "texts": to_content_of_text(_kept(details.texts)),
        "sets": sorted({cleaned(name, lines=False) for name in details.sets}),
        "mandatory": details.mandatory,
        "picture_id": details.picture_id,
        "alt": to_content_of_text(_kept(details.alt or {}, lines=False)),
    }


def _kept(text: Text, *, lines: bool = True) -> Text:
    """A text cleaned; languages without words are left out."""
    words = {
        language: Wording(
            cleaned(wording.text, lines=lines), wording.state if wording.state != "missing" else "translated"
        )
        for language, wording in text.items()
    }
    return {language: wording for language, wording in words.items() if wording.text}


def _untranslated(columns: Mapping[str, Any]) -> dict[str, Any]:
    """What a translator may not change: everything but the wordings that are no originals."""
    return {
        name: {code: each for code, each in value.items() if each.get("state") == "original"}
        if name in {"titles", "texts", "alt"}
        else value
        for name, value in columns.items()
    }


def text_of(content: Mapping[str, Any]) -> Text:
    """Return a stored text."""
    return msgspec.convert(content, Text)


async def _locked(session: AsyncSession, found: Round, code: str) -> BallotProject:
    project = await repository.project(session, found.id, code, for_update=True)
    if project is None:
        raise NotThere("There is no project with this number.")
    return project


async def _reason_if_fixed(session: AsyncSession, found: Round, reason: Mapping[str, str]) -> dict[str, str]:
    book = await proposals.book(session, found.id)
    return await required_reason(session, reason) if book.list_fixed_at is not None else {}


def _place(row: Proposal) -> list[str] | None:
    """The place of a point as [latitude, longitude] in decimals; lines and areas are shown by their proposals."""
    if not row.place or row.place.get("type") != "Point":
        return None
    longitude, latitude = row.place["coordinates"]
    return [_degrees(latitude), _degrees(longitude)]


def _degrees(millionths: int) -> str:
    whole, rest = divmod(abs(millionths), 10**6)
    return f"{'-' if millionths < 0 else ''}{whole}.{rest:06d}".rstrip("0").rstrip(".")
