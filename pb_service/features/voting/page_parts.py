"""What every page of the vote needs: the vote, its round, and the reader's words."""

from dataclasses import dataclass
from datetime import datetime
from time import monotonic
from typing import Any

from litestar import Request, Response
from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.features.accounts.page_parts import IdleWatch
from pb_service.features.accounts.policy import Actor
from pb_service.features.proposals.browse_presentation import Names
from pb_service.features.proposals.forms import form_of
from pb_service.features.proposals.reading import reader_of, round_name
from pb_service.features.rounds.finding import published_round, void_contests
from pb_service.features.rounds.municipality import municipality
from pb_service.features.rounds.public import public_round
from pb_service.features.voting.errors import NoVote
from pb_service.features.voting.polling import Polling, Pollings
from pb_service.features.voting.presentation import BoothView, ContestView, at_moment, booth_view
from pb_service.web.locales import Language
from pb_service.web.render import page

PageRequest = Request[Any, Any, Any]

#: On a shared computer the vote is over with the receipt: its reader is signed out sooner.
_AT_THE_RECEIPT = IdleWatch(seconds=120)

#: As long as pages are kept by caches.
_KEPT_SECONDS = 30
_MOST_KEPT = 100

#: By election and language: what its pages show, and until when (this process's clock) that is shown without a look.
_kept: dict[tuple[bytes, Language], tuple[Names, BoothView, float]] = {}


@dataclass(frozen=True)
class Booth:
    """The vote of a round with everything that its pages show."""

    polling: Polling
    names: Names
    view: BoothView

    @property
    def base(self) -> str:
        return f"/{self.names.words.language}/rounds/{self.view.slug}"

    def contest(self, key: str) -> ContestView | None:
        """The contest that an address names, or the only one there is."""
        return self.view.contests[0] if len(self.view.contests) == 1 else self.view.contest(key)


async def enter(session: AsyncSession, pollings: Pollings, slug: str, language: Language, *, now: datetime) -> Booth:
    """Return the vote of a published round. Raises RoundNotFound, NoVote.

    A vote makes three pages for each voter, so what seldom changes is looked up once in a while alone; whether the vote
    is open and until when is asked each time.
    """
    polling = await pollings.find(session, slug)
    found = await published_round(session, slug, whole=False)
    key = (polling.manifest.eid, language)
    names, view, until = _kept.get(key, (None, None, 0.0))
    if names is None or view is None or monotonic() >= until:
        names, view = await _look_up(session, polling, language)
        if len(_kept) >= _MOST_KEPT:
            _kept.clear()
        _kept[key] = (names, view, monotonic() + _KEPT_SECONDS)
    return Booth(polling, names, at_moment(view, found, names.words, now=now))


async def _look_up(session: AsyncSession, polling: Polling, language: Language) -> tuple[Names, BoothView]:
    """Names, texts and contact of a vote; its contests and projects never change."""
    shown = await public_round(session, polling.slug)
    form, _ = await form_of(session, shown.id)
    names = Names(shown, {theme.key: theme.name for theme in form.themes}, reader_of(shown, language))
    contact = (await municipality(session)).contact
    return names, booth_view(polling, shown, names, contact, await void_contests(session, polling.round_id))


def show(
    request: PageRequest, step: str, booth: Booth, *, title: str, actor: Actor | None = None, **context: Any
) -> Response[str]:
    """Answer with a page of the vote by the name of its step. What is made for an actor is kept by no cache."""
    language = booth.names.words.language
    answer = page(
        request,
        f"voting/{step}.html",
        locale=language,
        step=step,
        title=title,
        booth=booth.view,
        slug=booth.view.slug,
        own=True,
        section="vote",
        words=booth.names.words,
        vote=f"{booth.base}/vote",
        idle=(_AT_THE_RECEIPT if step == "receipt" else IdleWatch()) if actor and actor.kiosk else None,
        **context,
    )
    if actor is not None:
        answer.headers["cache-control"] = "no-store"
    return answer


async def show_no_vote(request: PageRequest, session: AsyncSession, slug: str, language: Language) -> Response[str]:
    """Say that a round has no vote yet. Raises RoundNotFound for one that nobody may see."""
    shown = await public_round(session, slug)
    name = round_name(shown, language)
    return page(request, "voting/none.html", locale=language, slug=slug, own=True, name=name, section="vote")


__all__ = ["Booth", "NoVote", "PageRequest", "enter", "show", "show_no_vote"]
