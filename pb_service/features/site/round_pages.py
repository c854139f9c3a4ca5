"""Rounds for everybody: the list, which district somebody lives in, and for staff a draft as residents will see it."""

from typing import Any

from litestar import Request, Response, Router, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.core.rounds.outlines import drawn_map
from pb_service.features.accounts.policy import Actor
from pb_service.features.accounts.units import contacts
from pb_service.features.rounds import public
from pb_service.features.rounds.errors import PlaceTableNeeded
from pb_service.features.rounds.finding import published_round
from pb_service.features.rounds.municipality import municipality
from pb_service.features.rounds.place_tables import Found, district_of
from pb_service.features.rounds.presentation import MAP_WIDTH, district_names, share_rows
from pb_service.features.rounds.public import PublicRound
from pb_service.features.site import service
from pb_service.features.site.own_rounds import own_round_line, own_round_page, spoken, words_for
from pb_service.features.site.presentation import named
from pb_service.web.formats import Catalogue
from pb_service.web.forms import Form, parse
from pb_service.web.languages import language_of
from pb_service.web.locales import translations
from pb_service.web.render import page

Session = NamedDependency[AsyncSession]
PageRequest = Request[Any, Any, Any]


@get("/rounds", access="anyone", cache=True)
async def show_rounds(request: PageRequest, session: Session, lang: FromPath[str]) -> Response[str]:
    """Every public round: those under way first, then those that were imported."""
    language = language_of(lang)
    own = [own_round_line(shown, language) for shown in await public.public_rounds(session)]
    slugs = {line.slug for line in own}
    return page(
        request,
        "site/rounds.html",
        locale=language,
        own=own,
        imported=[shown for shown in await service.published_rounds(session) if shown.slug not in slugs],
        title_in=lambda texts: named(texts, language),
    )


@get("/rounds/{slug:str}/district", access="anyone")
async def show_district_finder(
    request: PageRequest, session: Session, lang: FromPath[str], slug: FromPath[str]
) -> Response[str]:
    """Which is my district: by address or postal code, or by a press on the map, which leads here too."""
    shown = await public.public_round(session, slug)
    key = request.query_params.get("district", "")
    found = Found(key, (key,), "found") if key in {item.key for item in shown.setup.districts.districts} else None
    return await _finder_page(request, session, shown, Form.filled(translations(language_of(lang))), found)


@post("/rounds/{slug:str}/district", access="anyone")
async def find_district(
    request: PageRequest, session: Session, lang: FromPath[str], slug: FromPath[str]
) -> Response[str]:
    """Look up an address, which is sent in the body so that no address of a page holds it; nothing is stored."""
    words = translations(language_of(lang))
    shown = await public.public_round(session, slug)
    form = await parse(request)
    address = form.text("address", label=words.gettext("Address or postal code"), required=False)
    point = _point(form, words)
    if not address and not point and not form.errors:
        form.refuse("address", words.gettext("Write an address or a postal code"))
    found = None
    if not form.errors:
        try:
            row = await published_round(session, slug, whole=False)
            found = await district_of(session, row, point=point, address=address)
        except PlaceTableNeeded:
            form.refuse("address", words.gettext("This round has no table of addresses. Press on the map instead."))
    return await _finder_page(request, session, shown, form, found, status=422 if form.errors else 200)


@get("/staff/rounds/{slug:str}/preview", access="rounds.preview")
async def show_preview(
    request: PageRequest, session: Session, actor: NamedDependency[Actor], lang: FromPath[str], slug: FromPath[str]
) -> Response[str]:
    """A draft as residents will see it."""
    language = language_of(lang)
    shown = await public.preview(session, actor, slug)
    context = own_round_page(shown, await municipality(session), language)
    return page(request, "site/own_round.html", locale=language, **context, preview=True)


def _point(form: Form, words: Catalogue) -> tuple[float, float] | None:
    """Longitude and latitude of the form, if they are there."""
    values = []
    out_of_range = words.gettext("%(field)s: write degrees, at most %(most)s")
    for name, label, most in (("lon", words.gettext("Longitude"), 180), ("lat", words.gettext("Latitude"), 90)):
        typed = form.value(name).replace(",", ".")
        try:
            number = float(typed) if typed else None
        except ValueError:
            number = float("nan")
        if number is not None and not -most <= number <= most:
            form.refuse(name, out_of_range % {"field": label, "most": most})
        values.append(number)
    longitude, latitude = values
    return (longitude, latitude) if longitude is not None and latitude is not None else None


async def _finder_page(
    request: PageRequest,
    session: AsyncSession,
    shown: PublicRound,
    form: Form,
    found: Found | None,
    *,
    status: int = 200,
) -> Response[str]:
    language = language_of(request.path_params["lang"])
    districts = shown.setup.districts.districts
    settings = await municipality(session)
    base = f"/{language}/rounds/{shown.slug}"
    rows = share_rows(shown.setup.money, districts, language)
    answer = page(
        request,
        "site/district_finder.html",
        locale=language,
        status_code=status,
        round=shown,
        slug=shown.slug,
        own=True,
        rehearsal=shown.rehearsal,
        base=base,
        words=words_for(shown, language),
        name=spoken(shown.setup.texts.name, language),
        form=form,
        found=found,
        names=district_names(districts, language),
        district={item.key: item for item in districts},
        coordinators=await contacts(session, shown.id),
        money={item.key: row.amount for item, row in zip(districts, rows, strict=False)},
        map=drawn_map(districts, MAP_WIDTH),
        link=lambda key: f"{base}/district?district={key}#answer",
        free=shown.setup.districts.choice == "free",
        contact=settings.contact,
    )
    answer.headers["cache-control"] = "no-store"
    return answer


public_router = Router(
    "/{lang:str}",
    route_handlers=[show_rounds, show_district_finder, find_district, show_preview],
    include_in_schema=False,
)
