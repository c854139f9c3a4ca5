"""The borders of a district: drawn on a map of our own, or typed corner by corner."""

import math
from typing import Any, cast

import msgspec
from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.exceptions import NotFoundException
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.core.rounds.districts import REGIONS
from pb_service.core.rounds.outlines import Map, drawn_map
from pb_service.core.rounds.setup import District, DistrictsStep, to_content
from pb_service.features.accounts.frame import staff_page
from pb_service.features.accounts.policy import Actor
from pb_service.features.rounds import drafts
from pb_service.features.rounds.errors import StepChanged, WithProblems
from pb_service.features.rounds.finding import find_round
from pb_service.features.rounds.municipality import municipality
from pb_service.features.rounds.presentation import (
    district_names,
    round_context,
)
from pb_service.features.rounds.saved import StepState
from pb_service.features.rounds.sentences import sentence
from pb_service.features.rounds.setup_pages import reason_of
from pb_service.features.rounds.setups import setup_of
from pb_service.features.rounds.steps import outline
from pb_service.features.rounds.steps.labels import label_of, step_titles
from pb_service.platform.clock import Clock
from pb_service.web.forms import Form, done, parse
from pb_service.web.languages import language_of
from pb_service.web.locales import translations

Session = NamedDependency[AsyncSession]
Who = NamedDependency[Actor]
Now = NamedDependency[Clock]
PageRequest = Request[Any, Any, Any]

#: Kilometres in a degree of latitude.
_KILOMETRES = 111.32
#: Width and height of a map without borders, in its own units.
_SIZE = 800


@get("/borders/{key:str}", access="rounds.preview")
async def show_border(
    *, request: PageRequest, session: Session, actor: Who, lang: FromPath[str], slug: FromPath[str], key: FromPath[str]
) -> Response[str]:
    """The border of one district, to draw on the map or to type."""
    state = await drafts.step_state(session, actor, slug, "districts")
    district = _district(state, key)
    form = Form.filled(translations(language_of(lang)), outline=outline.shown(district.polygons))
    return await _border_page(request, session, state, district, form)


@post("/borders/{key:str}", access="rounds.edit")
async def save_border(
    *,
    request: PageRequest,
    transaction: Session,
    actor: Who,
    clock: Now,
    lang: FromPath[str],
    slug: FromPath[str],
    key: FromPath[str],
) -> Response[Any]:
    """Save the border of one district."""
    language = language_of(lang)
    form = await parse(request)
    state = await drafts.step_state(transaction, actor, slug, "districts")
    district = _district(state, key)
    polygons = outline.read(form, "outline", translations(language))
    version, reason = form.whole("version", most=10**9), reason_of(form, language)
    if form.errors:
        return await _border_page(request, transaction, state, district, form, status=422)
    step = cast(DistrictsStep, state.step)
    changed = tuple(
        msgspec.structs.replace(item, polygons=polygons) if item.key == key else item for item in step.districts
    )
    content = to_content(msgspec.structs.replace(step, districts=changed))
    try:
        async with transaction.begin_nested():
            await drafts.save_step(
                transaction, actor, slug, "districts", content, version=version, reason=reason, now=clock()
            )
    except WithProblems as refused:
        for problem in refused.problems:
            form.refuse("outline", sentence(problem, "districts", language))
        return await _border_page(request, transaction, state, district, form, status=refused.status)
    except StepChanged as theirs:
        words = translations(language)
        form.refuse(
            "outline", words.gettext("Somebody else saved the districts meanwhile. Look at the map and save again.")
        )
        return await _border_page(request, transaction, theirs.state, district, form, status=theirs.status)
    return done(f"/{language}/staff/rounds/{slug}/setup/districts", "saved")


def _district(state: StepState, key: str) -> District:
    for district in cast(DistrictsStep, state.step).districts:
        if district.key == key:
            return district
    raise NotFoundException("There is no such district.")


async def _border_page(
    request: PageRequest,
    session: AsyncSession,
    state: StepState,
    district: District,
    form: Form,
    *,
    status: int = 200,
) -> Response[str]:
    language = language_of(request.path_params["lang"])
    found = await find_round(session, request.path_params["slug"], whole=False)
    setup = await setup_of(session, found)
    step = cast(DistrictsStep, state.step)
    return staff_page(
        request,
        "rounds/border.html",
        locale=language,
        status_code=status,
        **round_context(found, language),
        title=step_titles(translations(language))["districts"],
        district=district,
        district_name=district_names([district], language)[district.key],
        simple=outline.is_simple(district.polygons),
        version=state.version,
        form=form,
        label=lambda path: label_of("districts", path, language),
        required_languages=(await municipality(session)).languages,
        names=district_names(step.districts, language),
        map=_ground(request, step, setup.dates.time_zone),
    )


def _ground(request: PageRequest, step: DistrictsStep, zone: str) -> Map:
    """The map to draw on: that of the borders there are, else a square around the place asked for."""
    query = request.query_params
    if not query.get("lat") and (drawn := drawn_map(step.districts)):
        return drawn
    west, south, east, north = REGIONS.get(zone, (19, 59, 32, 71))
    try:
        latitude, longitude, wide = (float(query[name].replace(",", ".")) for name in ("lat", "lon", "km"))
    except (KeyError, ValueError):
        latitude, longitude, wide = (south + north) / 2, (west + east) / 2, 1200.0
    return blank_map(latitude, longitude, wide)


def blank_map(latitude: float, longitude: float, kilometres: float) -> Map:
    """A map without outlines, so many kilometres wide and high, around a place. What is no place becomes one."""
    latitude, longitude = _within(latitude, 80.0, 60.2), _within(longitude, 170.0, 24.9)
    half = _within(kilometres, 2000.0, 20.0) / 2 / _KILOMETRES
    across = min(half / math.cos(math.radians(latitude)), 9.0)
    return Map(_SIZE, _SIZE, longitude - across, latitude - half, longitude + across, latitude + half, ())


def _within(value: float, bound: float, otherwise: float) -> float:
    return max(-bound, min(bound, value)) if math.isfinite(value) else otherwise


handlers = [show_border, save_border]
