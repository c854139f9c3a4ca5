"""The audit report of a counted round, to be printed: what the checker said, hashes, counts, states of the result."""

from dataclasses import dataclass
from typing import Any

from litestar import Request, Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.core.record.canonical import unb64u
from pb_service.core.rounds.phases import AFTER_COUNT
from pb_service.features.counting import pages as counting_pages
from pb_service.features.counting import repository as counting
from pb_service.features.counting.progress import Progress, progress_of
from pb_service.features.opening.vocabulary import mode_in_words
from pb_service.features.record.store import TileStore
from pb_service.features.results import states
from pb_service.features.results.service import manifest_of, outcome_of
from pb_service.features.results.state_pages import Shown, shown_states
from pb_service.features.rounds.errors import RoundNotFound
from pb_service.features.rounds.finding import published_round
from pb_service.features.rounds.setups import setup_of
from pb_service.features.rounds.tables import Round
from pb_service.features.site import service
from pb_service.features.site.presentation import verify_page
from pb_service.web.formats import Reader, text_in
from pb_service.web.languages import language_of
from pb_service.web.render import page


@dataclass(frozen=True)
class CountedContest:
    """One contest of the report: its numbers, and the files that its entries in the record name, SHA-256 in hex."""

    key: str
    title: tuple[str, str]
    ballots: int
    blank: int
    over: int
    projects: int
    chosen: int
    cost: int
    budget: int
    hashes: tuple[tuple[str, str], ...]


@get("/{lang:str}/rounds/{slug:str}/report", include_in_schema=False, cache=True, access="anyone")
async def show_report(
    request: Request[Any, Any, Any],
    session: NamedDependency[AsyncSession],
    tile_store: NamedDependency[TileStore],
    lang: FromPath[str],
    slug: FromPath[str],
) -> Response[str]:
    """Everything an auditor attaches to a decision, on paper. Raises RoundNotFound before the count."""
    language = language_of(lang)
    found = await published_round(session, slug)
    shown = await service.round_view(session, slug)
    if not shown.counted or found.manifest_sha256 is None:
        raise RoundNotFound(f"The round {slug!r} has not been counted yet.")
    context = verify_page(shown, await service.verification_view(session, slug), language)
    words: Reader = context["words"]
    progress = await _progress(session, found)
    return page(
        request,
        "site/report.html",
        locale=language,
        record=await service.record_view(session, slug, tile_store, before=0),
        manifest=found.manifest_sha256.hex(),
        counted=await _counted(session, found, words),
        states=await _states(session, found, words),
        mode=words.gettext("open: ballots in clear, no secrecy claimed")
        if found.mode == "open"
        else mode_in_words(found.mode, words),
        count=counting_pages.shown(progress, words) if progress else None,
        **context,
    )


async def _counted(session: AsyncSession, found: Round, words: Reader) -> list[CountedContest]:
    _, manifest = await manifest_of(session, found)
    rows = []
    for contest, count in await counting.counts_of_round(session, found.id):
        outcome = await outcome_of(session, count)
        rows.append(
            CountedContest(
                key=contest.key,
                title=text_in(contest.title, words.language),
                ballots=outcome["counts"]["ballots"],
                blank=outcome["counts"]["blank"],
                over=outcome["counts"]["over"],
                projects=len(contest.projects),
                chosen=len(outcome["winners"]),
                cost=outcome["cost"],
                budget=outcome["budget"],
                hashes=(
                    (words.gettext("Ballot list"), unb64u(manifest["contests"][contest.position]["list"], 32).hex()),
                    (words.gettext("Ballots"), count.ballots_sha256.hex()),
                    (words.gettext("Outcome"), count.outcome_sha256.hex()),
                ),
            )
        )
    return rows


async def _states(session: AsyncSession, found: Round, words: Reader) -> list[Shown]:
    return shown_states(found, await states.published_states(session, found.id), words)


async def _progress(session: AsyncSession, found: Round) -> Progress | None:
    """The steps of a sealed count; a round that was imported has none."""
    if found.imported or found.phase not in AFTER_COUNT:
        return None
    return await progress_of(session, found, await setup_of(session, found))
