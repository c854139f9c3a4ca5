"""News of a round as an Atom feed: what happened to it, its counts, and every state of its result."""

from typing import Annotated, Any, Literal

from litestar import Response, Router, get
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter
from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.features.counting import repository as counting
from pb_service.features.opendata import atom
from pb_service.features.opendata.answers import tagged
from pb_service.features.opendata.atom import News
from pb_service.features.results import states
from pb_service.features.results.vocabulary import state_name
from pb_service.features.rounds.public import public_round
from pb_service.features.rounds.service import published_round
from pb_service.features.rounds.tables import Round
from pb_service.features.site.own_rounds import change_line
from pb_service.settings import Settings
from pb_service.web.formats import Reader, text_in
from pb_service.web.locales import Language, translations

#: News in the feed.
_MOST = 50


@get(
    "/{slug:str}/news.atom",
    media_type="application/atom+xml",
    summary="News of a round as a feed: phases, results, decisions",
    access="anyone",
    cache=60,
)
async def news_atom(
    session: NamedDependency[AsyncSession],
    settings: NamedDependency[Settings],
    slug: FromPath[str],
    lang: Annotated[Literal["fi", "sv", "en"], QueryParameter()] = "fi",
) -> Response[bytes]:
    found = await published_round(session, slug)
    news = await round_news(session, found, lang, public_url=settings.public_url)
    name = text_in(found.names, lang)[1]
    body = atom.feed(
        news[:_MOST],
        own=f"{settings.public_url}/data/{slug}/news.atom?lang={lang}",
        page=f"{settings.public_url}/{lang}/rounds/{slug}",
        title=name,
        author=name,
        rights=found.licence,
        updated=found.published_at or found.created_at,
    )
    return tagged(body, atom.MEDIA_TYPE)


async def round_news(session: AsyncSession, found: Round, language: Language, *, public_url: str) -> list[News]:
    """Return what happened to a round, newest first."""
    words = Reader(language, translations(language))
    base = f"{public_url}/{language}/rounds/{found.slug}"
    own = f"{public_url}/data/{found.slug}/news"
    news = []
    for place, act in enumerate(() if found.imported else (await public_round(session, found.slug)).acts):
        if (line := change_line(act, language)) is not None:
            reason = line.reason.text if line.reason else ""
            news.append(News(f"{own}#act-{place}", line.what, base, line.at, language, reason, line.at, (act.kind,)))
    for contest, count in await counting.counts_of_round(session, found.id):
        title = words.gettext("Counted: %(contest)s") % {"contest": text_in(contest.title, language)[1]}
        at, href = count.counted_at, f"{base}/{contest.key}"
        news.append(News(f"{own}#count-{contest.key}", title, href, at, language, published=at, categories=("result",)))
    for state in await states.published_states(session, found.id):
        title = state_name(state.kind, words)
        reason = _reason(state.statement, language)
        at, href = state.at, f"{base}/result"
        news.append(News(f"{own}#state-{state.place}", title, href, at, language, reason, at, ("state", state.kind)))
    return sorted(news, key=lambda each: (each.updated, each.id), reverse=True)


def _reason(statement: Any, language: Language) -> str:
    texts = statement.get("reason")
    return text_in(texts, language)[1] if texts else ""


news_data = Router("/data", route_handlers=[news_atom], tags=["open data"])
