"""The web application: the only place that knows every stage."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from copy import copy
from functools import cache
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from litestar import Litestar, Request, Router
from litestar.config.compression import CompressionConfig
from litestar.datastructures import State
from litestar.di import Provide
from litestar.events import SimpleEventEmitter
from litestar.openapi.config import OpenAPIConfig
from litestar.types import Dependencies, Scope
from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.background import Tasks, at_work
from pb_service.features.accounts import guards
from pb_service.features.accounts.development import DevelopmentDriver
from pb_service.features.accounts.development_pages import development_router
from pb_service.features.accounts.drivers import SigninDriver, SigninDrivers
from pb_service.features.accounts.entry_pages import entry_router
from pb_service.features.accounts.factors import FactorBox
from pb_service.features.accounts.me_pages import me_router
from pb_service.features.accounts.passkeys import RelyingParty
from pb_service.features.accounts.policy import ACTS, Actor
from pb_service.features.accounts.provider_pages import provider_router
from pb_service.features.accounts.provider_signin import Providers, Purpose, PurposeHandler, providers_of
from pb_service.features.accounts.recognising import Recogniser
from pb_service.features.accounts.session_routes import session_api
from pb_service.features.accounts.staff_pages import staff_routers
from pb_service.features.accounts.stepup import Prover
from pb_service.features.accounts.token_pages import bearer_router, token_bearer
from pb_service.features.accounts.tokens import TokenSigner
from pb_service.features.accounts.ways_pages import ways_router
from pb_service.features.assessment.facts import AssessmentFacts
from pb_service.features.assessment.routers import assessment_routers
from pb_service.features.assessment.routes import assessment_api, list_data
from pb_service.features.counting.pages import closing_router, counting_router
from pb_service.features.counting.trustee_pages import trustees_router
from pb_service.features.desk.routers import desk_router
from pb_service.features.implementation.facts import ImplementationFacts
from pb_service.features.implementation.pages import implementation_router
from pb_service.features.implementation.routes import implementation_api, implementation_data
from pb_service.features.implementation.staff_pages import implementation_staff_router
from pb_service.features.opendata import routes as opendata
from pb_service.features.opendata.archive_pages import archive_router
from pb_service.features.opendata.evidence_pages import evidence_router
from pb_service.features.opendata.listing_routes import listing_data
from pb_service.features.opendata.openapi import DescribedApi
from pb_service.features.opendata.pages import data_router
from pb_service.features.opendata.proposal_routes import proposal_api, proposal_data
from pb_service.features.opening.drafting import Surroundings
from pb_service.features.opening.pages import opening_router
from pb_service.features.proposals.browse_pages import browse_router
from pb_service.features.proposals.conversation_pages import part_router, talk_router
from pb_service.features.proposals.file_pages import file_router
from pb_service.features.proposals.my_pages import my_router
from pb_service.features.proposals.staff_pages import staff_router as proposals_staff_router
from pb_service.features.proposals.statistics_pages import statistics_router
from pb_service.features.proposals.write_pages import write_router
from pb_service.features.record.routes import record_router
from pb_service.features.results.pages import results_router
from pb_service.features.results.state_pages import result_data, result_router, result_staff_router
from pb_service.features.roll.letter_pages import letters_router
from pb_service.features.roll.own_pages import own_roll_router
from pb_service.features.roll.pages import roll_router
from pb_service.features.rounds.finding import round_called
from pb_service.features.rounds.municipality import municipality
from pb_service.features.rounds.routers import round_routers
from pb_service.features.rounds.scopes import round_scopes
from pb_service.features.site.feedback_pages import feedback_router
from pb_service.features.site.help_pages import help_router
from pb_service.features.site.jobs_pages import jobs_router
from pb_service.features.site.news import news_data
from pb_service.features.site.operations import operations_router
from pb_service.features.site.pages import router as site_router
from pb_service.features.site.promises_pages import promises_router
from pb_service.features.site.round_pages import public_router
from pb_service.features.site.statement import usable_statement
from pb_service.features.voting.api import voting_api
from pb_service.features.voting.identify_api import VotingReturn, identify_api
from pb_service.features.voting.routers import voting_pages
from pb_service.features.voting.visits import Visits
from pb_service.platform.changes import Listener
from pb_service.platform.health import Health
from pb_service.service import Service
from pb_service.web.access import check_access, keep_private
from pb_service.web.assets import static_file
from pb_service.web.conditional import not_modified
from pb_service.web.errors import exception_handlers
from pb_service.web.headers import security_headers
from pb_service.web.kept import NOT_TWICE, KeptAnswers, find_in
from pb_service.web.observed import observed

#: The longest form, a checklist in three languages, is half as long. Files have a limit of their own, at their handler.
MOST_BYTES = 2_000_000


class Application(Litestar):
    """Pages, JSON API, downloads, and the files of the record; what is for everybody comes from what is kept."""

    kept: KeptAnswers

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer a request, or hold the lifespan."""
        await self.kept.answer(super().__call__, scope, receive, send)


def create_app(service: Service) -> Application:
    """Return the web application: pages, JSON API, downloads, and the files of the record.

    Raises UndeclaredAccess when a handler does not say who may use it.
    """

    purposes: dict[Purpose, PurposeHandler] = {}
    providers = providers_of(service.settings, service.keys, service.clock, purposes)
    purposes["vote"] = VotingReturn(service.pollings, service.keys, providers)
    drivers: list[SigninDriver] = [*providers.clients.values()]
    if service.settings.development:
        drivers.append(DevelopmentDriver())

    tasks: Tasks = {}
    visits = Visits(service.database, service.clock)

    @asynccontextmanager
    async def background(_app: Litestar) -> AsyncIterator[None]:
        usable_statement(service.settings.data)  # said in the log now, not at the first reader's request
        listener = Listener(service.database.url, service.database.name, app.kept.forget)
        listening = asyncio.create_task(listener.run_forever())
        try:
            with suppress(TimeoutError):  # pages are kept without it too
                await asyncio.wait_for(listener.is_listening.wait(), 1)
            async with at_work(service, jobs=service.settings.jobs == "server", tasks=tasks):
                yield
        finally:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)
            await visits.close()
            await providers.close()

    # What belongs to one service alone stands here; nothing of the routes themselves does.
    given = _given(service, providers, SigninDrivers(drivers), tasks)
    app = copy(_routes(tuple(given), development=bool(service.settings.development)))
    app.asgi_router = copy(app.asgi_router)
    app.asgi_router.app = app
    app.state = State({**given, **_door(service)})
    app.kept = KeptAnswers(find_in(app), visits.shown)
    app.event_emitter = SimpleEventEmitter([])
    app._lifespan_managers = [background]
    app.before_send = [security_headers, keep_private, not_modified, visits.note]
    app.asgi_handler = observed(app.asgi_handler)  # around the routing itself, so that what has no route counts too
    return app


@cache
def _routes(given: Sequence[str], *, development: bool) -> Application:
    """Return the application as far as it is the same for every service of this process: reading all signatures takes
    half a second. Handlers get what is ``given`` from the state of the application that is asked.
    """
    app = Application(
        route_handlers=[
            site_router,
            promises_router,
            help_router,
            public_router,
            browse_router,
            part_router,
            statistics_router,
            talk_router,
            file_router,
            write_router,
            my_router,
            proposals_staff_router,
            feedback_router,
            operations_router,
            jobs_router,
            results_router,
            result_router,
            result_staff_router,
            result_data,
            implementation_router,
            implementation_staff_router,
            implementation_api,
            implementation_data,
            evidence_router,
            opendata.api,
            opendata.data,
            listing_data,
            news_data,
            data_router,
            proposal_api,
            assessment_api,
            list_data,
            session_api,
            proposal_data,
            voting_api,
            identify_api,
            letters_router,
            roll_router,
            own_roll_router,
            opening_router,
            desk_router,
            closing_router,
            counting_router,
            trustees_router,
            *voting_pages,
            record_router,
            static_file,
            entry_router,
            me_router,
            ways_router,
            provider_router,
            bearer_router,
            *staff_routers,
            *round_routers,
            archive_router,
            *assessment_routers,
            *([development_router] if development else []),
        ],
        dependencies=_dependencies(given),
        guards=[guards.guard],
        logging_config=None,  # platform/logs.py decides what is written
        request_max_body_size=MOST_BYTES,
        compression_config=CompressionConfig(backend="gzip", minimum_size=1000),
        response_cache_config=NOT_TWICE,
        exception_handlers={**exception_handlers, **guards.exception_handlers},
        openapi_config=OpenAPIConfig(
            title="Participatory budgeting",
            version="1",
            description="Rounds, results and the files that anyone can count again. Free to use, no key.",
            openapi_router=Router("/api", route_handlers=[], opt={"access": "anyone"}),
            render_plugins=[DescribedApi(path="/openapi.json")],
        ),
    )
    check_access(app, ACTS)
    return app


def _dependencies(given: Sequence[str]) -> Dependencies:
    """What handlers may ask for by name; a handler takes ``session`` or ``transaction``, not both."""

    async def session(scope: Scope) -> AsyncGenerator[AsyncSession, None]:
        async with scope["app"].state.database.reading() as reading:
            yield reading

    async def transaction(scope: Scope) -> AsyncGenerator[AsyncSession, None]:
        # Left before the answer is sent: what the reader is told was done is committed, an exception rolls back.
        async with scope["app"].state.database.transaction() as writing:
            yield writing

    async def zone(scope: Scope) -> str:
        async with scope["app"].state.database.reading() as reading:
            return (await municipality(reading)).time_zone

    async def actor(request: Request[Any, Any, Any]) -> Actor:
        return await guards.actor_of(request)

    return {
        "session": Provide(session),
        "transaction": Provide(transaction),
        "actor": Provide(actor),
        "zone": Provide(zone),
        **{name: Provide(_out_of_state(name), sync_to_thread=False) for name in given},
    }


def _out_of_state(name: str) -> Any:
    def given(scope: Scope) -> Any:
        return scope["app"].state[name]

    return given


def _given(service: Service, providers: Providers, drivers: SigninDrivers, tasks: Tasks) -> dict[str, object]:
    """What of a service handlers may ask for by name."""
    return {
        "clock": service.clock,
        "settings": service.settings,
        "database": service.database,
        "keys": service.keys,
        "files": service.files,
        "health": Health(service.database, service.settings.redis_url, service.settings.jobs == "server", tasks),
        "limits": service.limits,
        "mailer": service.mailer,
        "personal_data": service.personal_data,
        "proposal_facts": ImplementationFacts(AssessmentFacts()),
        "providers": providers,
        "signin_drivers": drivers,
        "passwords": service.passwords,
        "prover": Prover(
            FactorBox(service.keys.ring("factors")),
            RelyingParty.of(service.settings.public_url),
            service.passwords.matches,
        ),
        "scope_list": round_scopes,
        "token_signer": TokenSigner(service.settings.public_url, service.keys.ring("tokens")),
        "service": service,
        "tile_store": service.tiles,
        "shelf": service.bundles,
        "opening_around": Surroundings(service.keys, service.witnesses, providers.clients),
        "pollings": service.pollings,
        "casting": service.casting,
    }


def _door(service: Service) -> dict[str, object]:
    """What the door needs before any handler: see features/accounts/guards.py, web/cookies.py and web/csrf.py."""
    public = urlsplit(service.settings.public_url)

    async def round_of(slug: str) -> UUID | None:
        async with service.database.reading() as session:
            return await round_called(session, slug)

    return {
        "recogniser": Recogniser(service.database, service.clock),
        "cookie_keys": service.keys.ring("cookie"),
        "secure": public.scheme == "https",
        "public_host": public.netloc,
        "token_bearer": token_bearer,
        "round_called": round_of,
    }
