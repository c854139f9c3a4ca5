"""The municipality's own settings by screen: its name, the languages it owes people, its word for a district."""

from typing import Any

from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.core.rounds.setup import to_content
from pb_service.features.accounts.frame import staff_page
from pb_service.features.accounts.policy import Actor
from pb_service.features.rounds.errors import MunicipalityChanged, SetupRefused
from pb_service.features.rounds.municipality import municipality_state, save_municipality
from pb_service.features.rounds.presentation import time_zones
from pb_service.features.rounds.saved import MunicipalityState
from pb_service.features.rounds.sentences import sentence
from pb_service.features.rounds.steps.kinds import CONTACT, Line, Record, Several, Words
from pb_service.features.rounds.steps.labels import label_of
from pb_service.platform.clock import Clock
from pb_service.web.forms import Form, done, parse
from pb_service.web.languages import language_of
from pb_service.web.locales import translations

Session = NamedDependency[AsyncSession]
Who = NamedDependency[Actor]
PageRequest = Request[Any, Any, Any]

_FIELDS = Record(
    {
        "name": Words(),
        "languages": Several(),
        "district": Words(),
        "districts": Words(),
        "contact": CONTACT,
        "time_zone": Line(),
    }
)


@get("/municipality", access="rounds.edit")
async def show_municipality(request: PageRequest, session: Session, lang: FromPath[str]) -> Response[str]:
    """The settings as they were saved last."""
    state = await municipality_state(session)
    form = Form.of(dict(_FIELDS.show("", to_content(state.content))), translations(language_of(lang)))
    return _page(request, state, form)


@post("/municipality", access="rounds.edit")
async def change_municipality(
    request: PageRequest, transaction: Session, actor: Who, clock: NamedDependency[Clock], lang: FromPath[str]
) -> Response[Any]:
    """Save the settings; when somebody else was faster, what was typed stays on the page."""
    language = language_of(lang)
    form = await parse(request)
    content = _FIELDS.read(form, "", lambda path: label_of("municipality", path, language))
    version = form.whole("version", most=10**9)
    state = await municipality_state(transaction)
    if form.errors:
        return _page(request, state, form, status=422)
    try:
        async with transaction.begin_nested():
            await save_municipality(transaction, actor, content, version=version, now=clock())
    except SetupRefused as refused:
        for problem in refused.problems:
            form.refuse(problem.field, sentence(problem, "municipality", language))
        return _page(request, state, form, status=refused.status)
    except MunicipalityChanged as changed:
        words = translations(language)
        form.refuse("name", words.gettext("Somebody else saved these settings meanwhile. Look at them and save again."))
        return _page(request, changed.state, form, status=changed.status)
    return done(f"/{language}/staff/municipality", "saved")


def _page(request: PageRequest, state: MunicipalityState, form: Form, *, status: int = 200) -> Response[str]:
    language = language_of(request.path_params["lang"])
    return staff_page(
        request,
        "rounds/municipality.html",
        locale=language,
        status_code=status,
        section="municipality",
        form=form,
        version=state.version,
        required_languages=state.content.languages,
        zones=time_zones(state.content.time_zone),
        label=lambda path: label_of("municipality", path, language),
    )


handlers = [show_municipality, change_municipality]
