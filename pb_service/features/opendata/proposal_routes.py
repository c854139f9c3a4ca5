"""Proposals in the JSON API and as downloads. Free to use, no key; answers may be kept for a minute."""

from typing import Annotated

import msgspec
from litestar import MediaType, Response, Router, get
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter
from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.core.proposals.filters import wanted
from pb_service.core.rounds.setup import pairs
from pb_service.features.opendata import proposals
from pb_service.features.opendata.answers import CSV, JSON, download, tagged, told
from pb_service.features.opendata.proposal_schemas import ProposalPage, ProposalTold, StatisticsTold
from pb_service.features.opendata.tabular import for_spreadsheets
from pb_service.features.proposals.facts import FactSource
from pb_service.features.proposals.routes import write_handlers
from pb_service.features.rounds.public import public_round
from pb_service.settings import Settings

Session = NamedDependency[AsyncSession]
Facts = NamedDependency[FactSource]

_MOST_A_PAGE = 200


@get(
    "/rounds/{slug:str}/proposals",
    summary="The public proposals of a round, a page at a time",
    description="Filters may be repeated: district, theme, cost (a range in minor units, 0-2000000), state (published, "
    "assessed, on_ballot, not_going_on, merged, withdrawn; without it those that go on). q searches in all languages.",
    access="anyone",
)
async def list_proposals(
    *,
    session: Session,
    proposal_facts: Facts,
    slug: FromPath[str],
    q: Annotated[str, QueryParameter(max_length=200)] = "",
    district: Annotated[list[str] | None, QueryParameter()] = None,
    theme: Annotated[list[str] | None, QueryParameter()] = None,
    cost: Annotated[list[str] | None, QueryParameter()] = None,
    states: Annotated[list[str] | None, QueryParameter(name="state")] = None,
    sort: Annotated[str, QueryParameter(max_length=20)] = "number",
    page: Annotated[int, QueryParameter(ge=1, le=99_999)] = 1,
    per_page: Annotated[int, QueryParameter(ge=1, le=_MOST_A_PAGE)] = 50,
) -> Response[ProposalPage]:
    given = {"district": district, "theme": theme, "cost": cost, "state": states}
    several = [(name, value) for name, values in given.items() for value in values or ()]
    asked = wanted([("q", q), ("sort", sort), ("page", str(page)), *several])
    base = f"/api/v1/rounds/{slug}/proposals"
    found = await proposals.proposal_page(session, slug, proposal_facts, asked, per_page=per_page, base=base)
    links = [f'<{href}>; rel="{rel}"' for rel, href in (("next", found.next), ("prev", found.previous)) if href]
    answer = told(found, schema="proposal-page")
    if links:
        answer.headers["link"] = ", ".join([*links, answer.headers["link"]])
    return answer


@get("/rounds/{slug:str}/proposals/statistics", summary="A round's proposals in numbers", access="anyone")
async def get_statistics(*, session: Session, slug: FromPath[str]) -> Response[StatisticsTold]:
    return told(await proposals.proposal_statistics(session, slug), schema="proposal-statistics")


@get(
    "/rounds/{slug:str}/proposals/{number:int}",
    summary="A proposal with its states, reasons, costs and their history",
    access="anyone",
)
async def get_proposal(
    *, session: Session, proposal_facts: Facts, slug: FromPath[str], number: FromPath[int]
) -> Response[ProposalTold]:
    return told(await proposals.one_proposal(session, slug, number, proposal_facts), schema="proposal")


@get(
    "/{slug:str}/proposals.json",
    media_type=MediaType.JSON,
    summary="Every public proposal of a round, with history",
    access="anyone",
    cache=60,
)
async def proposals_json(session: Session, proposal_facts: Facts, slug: FromPath[str]) -> Response[bytes]:
    body = msgspec.json.encode(await proposals.all_proposals(session, slug, proposal_facts))
    return download(body, f"{slug}-proposals.json", JSON)


@get(
    "/{slug:str}/proposals.csv",
    media_type="text/csv",
    summary="Every public proposal of a round, one row each",
    access="anyone",
    cache=60,
)
async def proposals_csv(session: Session, proposal_facts: Facts, slug: FromPath[str]) -> Response[bytes]:
    text = await proposals.proposals_csv(session, slug, proposal_facts)
    return download(for_spreadsheets(text), f"{slug}-proposals.csv", CSV)


@get(
    "/{slug:str}/proposal-history.csv",
    media_type="text/csv",
    summary="What happened to the proposals of a round, and their costs, one row each",
    access="anyone",
    cache=60,
)
async def history_csv(session: Session, proposal_facts: Facts, slug: FromPath[str]) -> Response[bytes]:
    text = await proposals.history_csv(session, slug, proposal_facts)
    return download(for_spreadsheets(text), f"{slug}-proposal-history.csv", CSV)


@get(
    "/{slug:str}/proposals.atom",
    media_type="application/atom+xml",
    summary="The newest proposals of a round as a feed",
    access="anyone",
    cache=60,
)
async def proposals_atom(session: Session, settings: NamedDependency[Settings], slug: FromPath[str]) -> Response[bytes]:
    shown = await public_round(session, slug)
    name = next((text for _, text in pairs(shown.setup.texts.name)), slug)
    body = await proposals.feed(session, slug, public_url=settings.public_url, name=name)
    return tagged(body, "application/atom+xml; charset=utf-8")


proposal_api = Router(
    "/api/v1", route_handlers=[list_proposals, get_statistics, get_proposal, *write_handlers], tags=["proposals"]
)
proposal_data = Router(
    "/data/rounds", route_handlers=[proposals_json, proposals_csv, history_csv, proposals_atom], tags=["open data"]
)
