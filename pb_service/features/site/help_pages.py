"""Help in easy language: a page for each question that residents ask, with whom to ask for more."""

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
from litestar import Request, Response, Router, get
from litestar.di import NamedDependency
from litestar.exceptions import NotFoundException
from litestar.params import FromPath
from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.features.rounds.municipality import municipality
from pb_service.features.site.statement import Wordings
from pb_service.web.languages import language_of
from pb_service.web.render import page

PageRequest = Request[Any, Any, Any]
Session = NamedDependency[AsyncSession]


class Part(Struct, frozen=True, forbid_unknown_fields=True):
    """A heading with sentences below it, or with steps to be done in this order."""

    heading: Wordings
    text: tuple[Wordings, ...] = ()
    steps: tuple[Wordings, ...] = ()


class Topic(Struct, frozen=True, forbid_unknown_fields=True):
    """A question with its answer. ``buttons`` are those that the answer names, as the English catalogue has them."""

    key: str
    title: Wordings
    lead: Wordings
    part: tuple[Part, ...]
    buttons: tuple[str, ...] = ()


@cache
def topics() -> dict[str, Topic]:
    """Return the topics by key, in the order in which they are shown."""
    read = tomllib.loads(Path(__file__).with_name("help.toml").read_text(encoding="utf-8"))
    return {topic.key: topic for topic in msgspec.convert(read["topic"], tuple[Topic, ...])}


@get("/help", access="anyone", cache=True)
async def show_help(request: PageRequest, session: Session, lang: FromPath[str]) -> Response[str]:
    """Every question, and whom to ask for more."""
    contact = (await municipality(session)).contact
    return page(request, "site/help.html", locale=language_of(lang), topics=topics(), contact=contact)


@get("/help/{key:str}", access="anyone", cache=True)
async def show_topic(request: PageRequest, session: Session, lang: FromPath[str], key: FromPath[str]) -> Response[str]:
    """One question with its answer."""
    language = language_of(lang)
    if key not in topics():
        raise NotFoundException
    contact = (await municipality(session)).contact
    return page(request, "site/help_topic.html", locale=language, topic=topics()[key], topics=topics(), contact=contact)


help_router = Router("/{lang:str}", route_handlers=[show_help, show_topic], include_in_schema=False)
