"""The ballots of a round as everybody reads them: of the fixed list's own bytes, or as a preview of the list to be."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.core.proposals import ballot_list
from pb_service.core.proposals.ballot_list import Draft, Item
from pb_service.core.proposals.states import is_public
from pb_service.core.rounds.setup import pairs
from pb_service.features.assessment import repository
from pb_service.features.proposals import repository as proposals

#: Language and text, in the order of the languages.
Texts = Sequence[Sequence[str]]


@dataclass(frozen=True)
class Entry:
    """A project of a ballot. Money in minor units; ``cost`` None while nobody has signed one (in a preview alone)."""

    code: str
    title: Texts
    text: Texts
    cost: int | None
    low: int | None
    high: int | None
    upkeep: int
    proposals: tuple[int, ...]
    mandatory: bool
    #: Codes of the other projects of which it excludes every one.
    excludes: tuple[str, ...]
    alt: Texts


@dataclass(frozen=True)
class BallotView:
    """A ballot with its money, its limits and its rule, as the manifest will take them."""

    key: str
    title: Texts
    budget: int | None
    fmt: str
    limits: Mapping[str, Any]
    rule: Mapping[str, Any]
    entries: tuple[Entry, ...]


def of_document(listed: Mapping[str, Any]) -> list[BallotView]:
    """Return the ballots of a fixed list."""
    return [
        BallotView(
            contest["id"],
            contest["title"],
            contest["budget"],
            contest["fmt"],
            contest["limits"],
            contest["rule"],
            tuple(
                _entry(number, project, contest["rule"], [each["id"] for each in contest["projects"]])
                for number, project in enumerate(contest["projects"])
            ),
        )
        for contest in listed["contests"]
    ]


def of_draft(draft: Draft) -> list[BallotView]:
    """Return the ballots as they would be now, whatever is still missing."""
    setup = draft.setup
    views = []
    for ballot in draft.ballots:
        rule = ballot_list.rule_of(setup, ballot.items)
        codes = [item.code for item in ballot.items]
        views.append(
            BallotView(
                ballot.key,
                pairs(ballot.title),
                ballot.budget,
                setup.ballot.fmt,
                ballot_list.limits_of(setup.ballot, ballot.budget or 0, ballot.items),
                rule,
                tuple(_entry(number, _said(item), rule, codes) for number, item in enumerate(ballot.items)),
            )
        )
    return views


async def picture_paths(session: AsyncSession, round_id: UUID) -> dict[str, str]:
    """Return where the picture of each project that has one is served: under a public proposal it comes from."""
    rows = [row for row in await repository.projects(session, round_id) if row.picture_id]
    sources = await repository.sources(session, [row.id for row in rows])
    ids = {each for found in sources.values() for each, _ in found}
    known = {proposal.id: proposal for proposal in await proposals.several(session, ids)}
    paths = {}
    for row in rows:
        for source, number in sources[row.id]:
            proposal = known[source]
            shown = is_public(proposal.state, proposal.published_at is not None)
            if shown and any(file.file_id == row.picture_id for file in proposal.files):
                paths[row.code] = f"proposals/{number}/files/{row.picture_id}"
    return paths


def _said(item: Item) -> Mapping[str, Any]:
    """A project that is still worked on in the words of the list's document."""
    return {
        "id": item.code,
        "title": pairs(item.titles),
        "text": pairs(item.texts),
        "cost": item.cost,
        "low": item.low,
        "high": item.high,
        "upkeep": item.upkeep,
        "proposals": sorted(item.proposals),
        "alt": pairs(item.alt),
    }


def _entry(number: int, project: Mapping[str, Any], rule: Mapping[str, Any], codes: Sequence[str]) -> Entry:
    others = {each for group in rule.get("exclusive", []) if number in group for each in group} - {number}
    return Entry(
        code=project["id"],
        title=project["title"],
        text=project["text"],
        cost=project["cost"],
        low=project.get("low"),
        high=project.get("high"),
        upkeep=project["upkeep"],
        proposals=tuple(project["proposals"]),
        mandatory=number in rule.get("mandatory", []),
        excludes=tuple(codes[each] for each in sorted(others)),
        alt=project.get("alt", []),
    )
