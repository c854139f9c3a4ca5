"""The page of a round's open data: every file in plain words, with its address, size and SHA-256."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from litestar import Request, Response, Router, get
from litestar.di import NamedDependency
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.features.opendata.dcat import LICENCES
from pb_service.features.opendata.listing import listing
from pb_service.features.opendata.schemas import ListedFile
from pb_service.features.opendata.shelf import BundleShelf
from pb_service.features.opendata.vocabulary import file_in_words
from pb_service.features.record.store import TileStore
from pb_service.features.rounds.service import published_round
from pb_service.settings import Settings
from pb_service.web.formats import Reader, text_in
from pb_service.web.languages import language_of
from pb_service.web.locales import translations
from pb_service.web.render import page

#: Where a licence can be read, by the name that rounds have it under.
_DEEDS = {
    "CC BY 4.0": "https://creativecommons.org/licenses/by/4.0/",
    "CC0 1.0": "https://creativecommons.org/publicdomain/zero/1.0/",
    "CC BY-SA 4.0": "https://creativecommons.org/licenses/by-sa/4.0/",
}


@dataclass(frozen=True)
class FileGroup:
    """Files that belong together: those of the round, or of one of its districts."""

    key: str
    title: str | None
    language: str
    files: Sequence[tuple[str, str, ListedFile]]


@get("/data", access="anyone", cache=60)
async def show_data(
    *,
    request: Request[Any, Any, Any],
    session: NamedDependency[AsyncSession],
    shelf: NamedDependency[BundleShelf],
    tile_store: NamedDependency[TileStore],
    settings: NamedDependency[Settings],
    lang: FromPath[str],
    slug: FromPath[str],
) -> Response[str]:
    """Everything that can be taken away of a round."""
    language = language_of(lang)
    found = await listing(session, slug, shelf, tile_store)
    words = Reader(language, translations(language))
    shown = await published_round(session, slug)
    titles = {contest.key: text_in(contest.title, language) for contest in shown.contests}
    groups = [FileGroup("round", None, language, _lines(found.listing.files, None, words))]
    for key, (spoken, title) in titles.items():
        if lines := _lines(found.listing.files, key, words):
            groups.append(FileGroup(key, title, spoken, lines))
    return page(
        request,
        "opendata/data.html",
        locale=language,
        slug=slug,
        own=found.own is not None,
        base=f"/{language}/rounds/{slug}",
        name=text_in(found.listing.names, language),
        words=words,
        groups=groups,
        licence=found.listing.licence,
        deed=_DEEDS.get(found.listing.licence),
        open_licence=found.listing.licence in LICENCES,
        source=found.listing.source,
        public_url=settings.public_url,
    )


def _lines(files: Sequence[ListedFile], contest: str | None, words: Reader) -> list[tuple[str, str, ListedFile]]:
    return [(*file_in_words(file, words), file) for file in files if file.contest == contest]


data_router = Router("/{lang:str}/rounds/{slug:str}", route_handlers=[show_data], include_in_schema=False)
