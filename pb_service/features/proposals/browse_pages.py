"""Proposals for everybody: the list with its filters, the map, one proposal, several side by side, the comments.

These pages are the same for everybody, so they may be kept by caches, hold no form that needs a token and set no
cookie. Who wants to support, follow or say something is led to a page of their own (conversation_pages.py). The list
itself is not kept by the server: hardly two readers have the same order.
"""

import asyncio
import secrets
from itertools import pairwise
from typing import Annotated, Any

from litestar import MediaType, Request, Response, Router, get
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter
from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.core.proposals.difference import differences
from pb_service.core.proposals.filters import MOST_COMPARED, NONE, Wanted, numbers, wanted
from pb_service.core.proposals.form import ProposalForm
from pb_service.core.proposals.order import draw_of
from pb_service.features.proposals import browse, browse_repository
from pb_service.features.proposals.browse_presentation import (
    Names,
    address,
    card_lines,
    cards,
    chosen,
    filter_list,
    pins,
    round_map,
    sorts,
)
from pb_service.features.proposals.detail_presentation import (
    TALKED,
    detail_context,
    field_names,
    side_by_side,
    thread_views,
)
from pb_service.features.proposals.errors import ProposalNotFound
from pb_service.features.proposals.facts import FactSource
from pb_service.features.proposals.forms import form_of
from pb_service.features.proposals.reading import reader_of, round_name, spoken, uuid_in
from pb_service.features.rounds.public import PublicRound, public_round
from pb_service.settings import Settings
from pb_service.web.languages import language_of
from pb_service.web.locales import Language
from pb_service.web.render import page
from pb_service.web.share_card import share_card

Session = NamedDependency[AsyncSession]
Facts = NamedDependency[FactSource]
PageRequest = Request[Any, Any, Any]


@get("/", access="anyone")
async def show_proposals(
    request: PageRequest, session: Session, proposal_facts: Facts, lang: FromPath[str], slug: FromPath[str]
) -> Response[Any]:
    """The list, or with ``view=map`` the map, of what the reader asked for in the address.

    Without a draw in the address the reader gets one, and is sent to the same list in the order of that draw.
    """
    language = language_of(lang)
    asked = wanted(request.query_params.multi_items())
    base = f"/{language}/rounds/{slug}/proposals"
    on_map = request.query_params.get("view") == "map"
    if asked.needs_draw:
        target = address(base, asked, draw=draw_of(secrets.token_bytes(8)), page=asked.page)
        return _see(target + ("&view=map" if on_map else ""))
    shown = await public_round(session, slug)
    form, _ = await form_of(session, shown.id)
    shelf = await browse.browse(session, shown, asked, proposal_facts)
    words = reader_of(shown, language)
    names = _names(shown, form, language)
    map_ = round_map(shown) if on_map else None
    return page(
        request,
        "proposals/browse.html",
        **_frame(shown, language, base),
        shelf=shelf,
        asked=asked,
        cards=cards(shelf.proposals, names, base=base, amounts=shelf.amounts, counts=shelf.counts),
        filters=filter_list(shelf, names),
        chosen=chosen(shelf, names, base),
        sorts=sorts(asked, words),
        to=lambda **changes: address(base, shelf.asked, **changes),
        paged=lambda page_: address(base, shelf.asked, page=page_),
        on_map=on_map,
        from_map=request.query_params.get("at") == "map",
        map=map_,
        map_names=names.districts,
        pins=pins(shelf, await browse_repository.places(session, shown.id), map_, names, base) if map_ else [],
        themes=[(name, place % 7) for place, name in enumerate(names.themes.values())],
        can_propose=shown.phase == "ideas" and shown.paused_at is None,
        district_page=_district_page(shown, asked, language),
    )


@get("/compare", access="anyone", cache=True)
async def compare_proposals(
    *,
    request: PageRequest,
    session: Session,
    proposal_facts: Facts,
    lang: FromPath[str],
    slug: FromPath[str],
    n: Annotated[str, QueryParameter()] = "",
) -> Response[str]:
    """Up to three proposals side by side: their numbers stand in the address, joined by points."""
    language = language_of(lang)
    shown = await public_round(session, slug)
    form, _ = await form_of(session, shown.id)
    names = _names(shown, form, language)
    base = f"/{language}/rounds/{slug}/proposals"
    found = await browse.compared(session, shown, numbers(n), proposal_facts)
    return page(
        request,
        "proposals/compare.html",
        **_frame(shown, language, base),
        columns=side_by_side(found, names, base),
        most=MOST_COMPARED,
    )


@get("/{number:int}", access="anyone", cache=True)
async def show_proposal(
    *,
    request: PageRequest,
    session: Session,
    proposal_facts: Facts,
    settings: NamedDependency[Settings],
    lang: FromPath[str],
    slug: FromPath[str],
    number: FromPath[int],
) -> Response[str]:
    """One proposal with everything that everybody may read of it."""
    language = language_of(lang)
    shown = await public_round(session, slug)
    found = await browse.detail(session, shown, number, proposal_facts)
    base = f"/{language}/rounds/{slug}/proposals"
    form, _ = await form_of(session, shown.id)
    names = _names(shown, form, language)
    if found.proposal.state == "hidden":
        return page(
            request,
            "proposals/hidden.html",
            status_code=410,
            **_frame(shown, language, base),
            **detail_context(shown, found, form, names, base),
        )
    return page(
        request,
        "proposals/proposal.html",
        share_address=f"{settings.public_url}{base}/{number}",
        **_frame(shown, language, base),
        **detail_context(shown, found, form, names, base),
    )


@get("/{number:int}/card.png", access="anyone", cache=600)
async def show_card(
    *, session: Session, proposal_facts: Facts, lang: FromPath[str], slug: FromPath[str], number: FromPath[int]
) -> Response[bytes]:
    """The picture that other services show beside a link to a proposal."""
    language = language_of(lang)
    shown = await public_round(session, slug)
    proposal = await browse.find(session, shown, number)
    if proposal.state == "hidden":
        raise ProposalNotFound(f"The proposal {number} is hidden.")
    form, _ = await form_of(session, shown.id)
    amounts = await proposal_facts.amounts(session, shown.id)
    lines = card_lines(proposal, _names(shown, form, language), amounts.get(proposal.id, proposal.cost_hint))
    name = round_name(shown, language).text
    body = await asyncio.to_thread(share_card, proposal.title, above=lines[0], below=[lines[1] or name, name])
    return Response(body, media_type="image/png", headers={"cache-control": "public, max-age=3600"})


@get("/{number:int}/comments", access="anyone", cache=True)
async def show_comments(
    *,
    request: PageRequest,
    session: Session,
    lang: FromPath[str],
    slug: FromPath[str],
    number: FromPath[int],
    thread: Annotated[str, QueryParameter(max_length=36)] = "",
    part: Annotated[int, QueryParameter(ge=1, le=10_000)] = 1,
) -> Response[str]:
    """Every comment on a proposal, a page of threads at a time; with ``thread``, every answer to one comment."""
    language = language_of(lang)
    shown = await public_round(session, slug)
    proposal = await browse.find(session, shown, number)
    if proposal.state == "hidden":
        raise ProposalNotFound(f"The proposal {number} is hidden.")
    base = f"/{language}/rounds/{slug}/proposals"
    found = await browse.conversation(session, proposal, page=part, root=uuid_in(thread))
    here = f"{base}/{number}"
    return page(
        request,
        "proposals/comments.html",
        **_frame(shown, language, base),
        proposal=proposal,
        number=number,
        here=here,
        one_thread=bool(thread),
        conversation=found,
        threads=thread_views(found, reader_of(shown, language)),
        can_comment=shown.phase in TALKED,
        paged=lambda part_: f"{here}/comments?{f'thread={thread}&' if thread else ''}part={part_}",
    )


@get("/{number:int}/versions", access="anyone", cache=True)
async def show_versions(
    *, request: PageRequest, session: Session, lang: FromPath[str], slug: FromPath[str], number: FromPath[int]
) -> Response[str]:
    """How the text of a proposal changed, version by version, newest first."""
    language = language_of(lang)
    shown = await public_round(session, slug)
    proposal = await browse.find(session, shown, number)
    if proposal.state == "hidden":
        raise ProposalNotFound(f"The proposal {number} is hidden.")
    versions = await browse_repository.versions_of(session, proposal.id)
    pairs = [(newer, differences(older.content, newer.content)) for older, newer in pairwise(versions)]
    form, _ = await form_of(session, shown.id)
    return page(
        request,
        "proposals/versions.html",
        **_frame(shown, language, f"/{language}/rounds/{slug}/proposals"),
        proposal=proposal,
        number=number,
        first=versions[0] if versions else None,
        changes=pairs[::-1],
        field_names=field_names(form, reader_of(shown, language)),
    )


def _frame(shown: PublicRound, language: Language, base: str) -> dict[str, Any]:
    """What every page of a round's proposals gives its template."""
    return {
        "locale": language,
        "round": shown,
        "slug": shown.slug,
        "own": True,
        "rehearsal": shown.rehearsal,
        "section": "proposals",
        "base": base,
        "round_href": base.removesuffix("/proposals"),
        "round_name": round_name(shown, language),
        "words": reader_of(shown, language),
        "licence": shown.setup.closing.licence,
    }


def _names(shown: PublicRound, form: ProposalForm, language: Language) -> Names:
    return Names(shown, {theme.key: theme.name for theme in form.themes}, reader_of(shown, language))


def _district_page(shown: PublicRound, asked: Wanted, language: Language) -> str:
    """The name of the district when the reader looks at one alone, so that the heading can say so."""
    if len(asked.districts) != 1 or asked.districts[0] == NONE:
        return ""
    for district in shown.setup.districts.districts:
        if district.key == asked.districts[0] and (name := spoken(district.name, language)):
            return name.text
    return ""


def _see(target: str) -> Response[Any]:
    return Response(
        None,
        media_type=MediaType.TEXT,
        status_code=302,
        headers={"location": target, "cache-control": "no-store"},
    )


browse_router = Router(
    "/{lang:str}/rounds/{slug:str}/proposals",
    route_handlers=[show_proposals, compare_proposals, show_proposal, show_card, show_comments, show_versions],
    include_in_schema=False,
)
