"""Browsing a round's proposals, for everybody: the list, one proposal, and several side by side."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.core.proposals import filters
from pb_service.core.proposals.filters import Found, Line, Wanted
from pb_service.core.proposals.similarity import shingles
from pb_service.features.proposals import browse_repository as repository
from pb_service.features.proposals.browse_repository import Relative
from pb_service.features.proposals.errors import ProposalNotFound
from pb_service.features.proposals.facts import FactSource, ProposalFacts
from pb_service.features.proposals.tables import (
    Proposal,
    ProposalAct,
    ProposalComment,
    ProposalQuestion,
    ProposalVersion,
)
from pb_service.features.rounds.public import PublicRound

#: Words shorter than this are looked for as words alone, not inside others.
_LEAST_PART = 5
#: How many of the runs of letters of what was typed a proposal must hold when nothing fits exactly, in hundredths.
_NEARLY = 50
#: How well a part of a compound word matches, and what was mistyped: less than any word.
_PART, _MISTYPED = 0.01, 0.001

#: Threads of comments and questions on the page of a proposal; the others have a page of their own.
FIRST_COMMENTS, PAGE_OF_COMMENTS, MOST_QUESTIONS = 10, 40, 200
#: Answers shown with each comment; a page of its own has them all.
FIRST_ANSWERS = 5


@dataclass(frozen=True)
class Counts:
    """What many people did with a proposal."""

    supporters: int = 0
    comments: int = 0


@dataclass(frozen=True)
class Shelf:
    """A page of the list: what was found, the proposals of the page in their order, and what is told of each."""

    asked: Wanted
    found: Found
    ranges: tuple[str, ...]
    proposals: tuple[Proposal, ...]
    amounts: Mapping[UUID, int]
    counts: Mapping[UUID, Counts]
    all_public: int


@dataclass(frozen=True)
class Thread:
    """A comment with answers to it, oldest first; ``count`` says how many in all, ``more`` that some are left out."""

    comment: ProposalComment
    answers: tuple[ProposalComment, ...]
    count: int
    more: bool = False


@dataclass(frozen=True)
class Conversation:
    """A page of the comments on a proposal, newest thread first, and how many threads there are; or a page of one
    thread, and how many answers it has."""

    threads: tuple[Thread, ...]
    total: int
    page: int
    pages: int


@dataclass(frozen=True)
class Detail:
    """Everything that everybody may read of one proposal."""

    proposal: Proposal
    facts: ProposalFacts
    counts: Counts
    conversation: Conversation
    questions: tuple[ProposalQuestion, ...]
    acts: tuple[ProposalAct, ...]
    versions: tuple[ProposalVersion, ...]
    came_from: tuple[Relative, ...]
    went_into: tuple[Relative, ...]


async def browse(session: AsyncSession, shown: PublicRound, asked: Wanted, facts: FactSource) -> Shelf:
    """Return the page of a round's proposals that a reader asked for."""
    amounts = await facts.amounts(session, shown.id)
    lines = await repository.lines(session, shown.id, amounts)
    ranges = tuple(filters.cost_ranges([line.cost for line in lines if line.cost is not None], shown.setup.money.unit))
    support = await repository.support_of_round(session, shown.id) if asked.sort == "supported" else {}
    found = filters.select(
        lines,
        asked,
        matches=await search(session, shown.id, asked.words) if asked.words else None,
        ranges=ranges,
        support=support,
    )
    of_page = await repository.by_numbers(session, shown.id, [line.number for line in found.lines])
    return Shelf(
        asked=replace(asked, page=found.page),
        found=found,
        ranges=ranges,
        proposals=tuple(of_page),
        amounts=amounts,
        counts=await counts(session, [proposal.id for proposal in of_page]),
        all_public=len(lines),
    )


async def all_lines(session: AsyncSession, round_id: UUID, facts: FactSource) -> list[Line]:
    """Return every public proposal of a round, by number, as filters see it."""
    return await repository.lines(session, round_id, await facts.amounts(session, round_id))


async def search(session: AsyncSession, round_id: UUID, words: str) -> dict[int, float]:
    """Return the numbers of public proposals that match what was typed, with how well.

    By the words and their inflections in the three languages; by long words inside compounds; by the public number;
    and when nothing fits, by most of the letters, for what was mistyped.
    """
    found = await repository.matches(session, round_id, words)
    number = words.lower().removeprefix("p").removeprefix("nr").removeprefix("nro").strip(" .")
    if number.isascii() and number.isdigit() and len(number) < 8:
        found[int(number)] = 2.0
    runs = [run for run in shingles(words) if " " not in run]
    if runs and all(len(word) >= _LEAST_PART for word in words.split()):
        for part in await repository.holding(session, round_id, runs):
            found.setdefault(part, _PART)
    if not found and (typed := shingles(words)):
        close = await repository.nearly(session, round_id, typed, -(-len(typed) * _NEARLY // 100))
        found = {number: _MISTYPED * share for number, share in close.items()}
    return found


async def counts(session: AsyncSession, proposal_ids: Sequence[UUID]) -> dict[UUID, Counts]:
    """Return how many support and comment on each of these proposals."""
    supporters = await repository.supporters(session, proposal_ids)
    comments = await repository.comment_counts(session, proposal_ids)
    return {each: Counts(supporters.get(each, 0), comments.get(each, 0)) for each in proposal_ids}


async def find(session: AsyncSession, shown: PublicRound, number: int) -> Proposal:
    """Return a proposal that everybody may read, or one that was hidden. Raises ProposalNotFound."""
    found = await repository.by_number(session, shown.id, number)
    if found is None:
        raise ProposalNotFound(f"The round {shown.slug!r} has no public proposal {number}.")
    return found


async def detail(session: AsyncSession, shown: PublicRound, number: int, facts: FactSource) -> Detail:
    """Return one proposal with everything that everybody may read of it. Raises ProposalNotFound."""
    proposal = await find(session, shown, number)
    known = await facts.about(session, [proposal.id])
    counted = await counts(session, [proposal.id])
    return Detail(
        proposal=proposal,
        facts=known.get(proposal.id, ProposalFacts()),
        counts=counted[proposal.id],
        conversation=await conversation(session, proposal, page_size=FIRST_COMMENTS),
        questions=tuple(await questions(session, proposal)),
        acts=tuple(await repository.acts_of(session, proposal.id)),
        versions=tuple(await repository.versions_of(session, proposal.id)),
        came_from=tuple(await repository.came_from(session, proposal)),
        went_into=tuple(await repository.went_into(session, proposal)),
    )


async def conversation(
    session: AsyncSession,
    proposal: Proposal,
    *,
    page: int = 1,
    page_size: int = PAGE_OF_COMMENTS,
    root: UUID | None = None,
) -> Conversation:
    """Return a page of the comments on a proposal and on what was merged into it; with ``root``, of the answers to
    that comment alone. Raises ProposalNotFound for a comment of another proposal."""
    first = (page - 1) * page_size
    if root is not None:
        found = await repository.comments_in_talk(session, proposal.id, [root])
        if not found or found[0].parent is not None:
            raise ProposalNotFound("There is no such comment on this proposal.")
        answers = await repository.answers_to(session, [root], first=first, most=page_size)
        total = (await repository.answer_counts(session, [root])).get(root, 0)
        return Conversation((Thread(found[0], tuple(answers), total),), total, page, max(1, -(-total // page_size)))
    roots, total = await repository.comments_of(session, proposal.id, first=first, most=page_size)
    ids = [each.id for each in roots]
    counts = await repository.answer_counts(session, ids)
    of: dict[UUID | None, list[ProposalComment]] = {}
    for answer in await repository.answers_to(session, ids, first=0, most=FIRST_ANSWERS) if counts else ():
        of.setdefault(answer.parent, []).append(answer)
    threads = tuple(
        Thread(each, tuple(of.get(each.id, ())), counts.get(each.id, 0), counts.get(each.id, 0) > FIRST_ANSWERS)
        for each in roots
    )
    return Conversation(threads, total, page, max(1, -(-total // page_size)))


async def questions(session: AsyncSession, proposal: Proposal) -> list[ProposalQuestion]:
    """Return the newest questions about a proposal and what was merged into it."""
    return await repository.questions_of(session, proposal.id, most=MOST_QUESTIONS)


async def compared(
    session: AsyncSession, shown: PublicRound, numbers: Sequence[int], facts: FactSource
) -> list[tuple[Proposal, ProposalFacts, Counts]]:
    """Return the proposals to look at side by side: the first of those asked for, at most MOST_COMPARED."""
    found = await repository.by_numbers(session, shown.id, list(numbers[: filters.MOST_COMPARED]))
    ids = [proposal.id for proposal in found]
    known, counted = await facts.about(session, ids), await counts(session, ids)
    return [(proposal, known.get(proposal.id, ProposalFacts()), counted[proposal.id]) for proposal in found]
