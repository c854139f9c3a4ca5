"""What machines ask the service: whether it lives and is ready, its figures, and to send a reader no more mail."""

import hmac
import shutil
from collections.abc import Iterator
from datetime import datetime
from typing import Any, NamedTuple

import msgspec
from litestar import MediaType, Request, Response, Router, get, post
from litestar.di import NamedDependency
from litestar.exceptions import NotAuthorizedException, NotFoundException
from litestar.params import FromPath
from prometheus_client import REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector
from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.features.record.repository import waiting_by_log
from pb_service.platform import jobs, outbox
from pb_service.platform.clock import Clock
from pb_service.platform.db import Database, DatabaseUnavailable
from pb_service.platform.health import Health
from pb_service.platform.mail import MailRefused
from pb_service.platform.outbox import Mailer
from pb_service.settings import Settings
from pb_service.web.languages import language_of_request
from pb_service.web.render import COME_BACK_SECONDS, page

PageRequest = Request[Any, Any, Any]
Transaction = NamedDependency[AsyncSession]

_FRESH = {"cache-control": "no-store"}


@get("/live", access="anyone", include_in_schema=False, sync_to_thread=False)
def live() -> Response[str]:
    """The process answers. Whoever gets nothing here may start it anew; a lost database is no reason to."""
    return Response("ok\n", media_type=MediaType.TEXT, headers=_FRESH)


@get("/ready", access="anyone", include_in_schema=False)
async def ready(health: NamedDependency[Health]) -> Response[bytes]:
    """Whether requests can be answered: 200, degraded or not, or 503; the body says which part is how."""
    report = await health.look()
    unready = report.status == "unready"
    return Response(
        msgspec.json.encode(report),
        media_type=MediaType.JSON,
        status_code=503 if unready else 200,
        headers=_FRESH | ({"retry-after": str(COME_BACK_SECONDS)} if unready else {}),
    )


@get("/metrics", access="anyone", include_in_schema=False)
async def metrics(
    request: PageRequest,
    settings: NamedDependency[Settings],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> Response[bytes]:
    """Figures in Prometheus' text format, for whoever shows PB_METRICS_TOKEN; without that setting there are none."""
    if settings.metrics_token is None:
        raise NotFoundException
    shown = request.headers.get("authorization", "")
    if not hmac.compare_digest(shown.encode(), f"Bearer {settings.metrics_token}".encode()):
        raise NotAuthorizedException("The figures are for the holder of PB_METRICS_TOKEN.")
    waiting = await _waiting(database, clock)
    here = CollectorRegistry()
    here.register(_Figures(waiting, shutil.disk_usage(settings.data).free))
    body = generate_latest(REGISTRY) + generate_latest(here)
    return Response(body, headers=_FRESH | {"content-type": CONTENT_TYPE_LATEST})


class _Waiting(NamedTuple):
    """What waits in the database, of jobs by name and of entries by log."""

    jobs: list[jobs.Counts]
    entries: list[tuple[str, int]]


async def _waiting(database: Database, clock: Clock) -> _Waiting | None:
    try:
        async with database.reading() as session:
            entries = [(slug, number) for slug, _, number in await waiting_by_log(session)]
            return _Waiting(await jobs.counts(session, now=clock()), entries)
    except DatabaseUnavailable:
        return None


class _Figures(Collector):
    """What is counted at the moment of asking."""

    def __init__(self, waiting: _Waiting | None, free_bytes: int) -> None:
        self._waiting = waiting
        self._free_bytes = free_bytes

    def collect(self) -> Iterator[GaugeMetricFamily]:
        yield GaugeMetricFamily("pb_database_up", "1 if the database answers", value=int(self._waiting is not None))
        yield GaugeMetricFamily("pb_disk_free_bytes", "Free on the disk of PB_DATA", value=self._free_bytes)
        if self._waiting is None:
            return
        found = GaugeMetricFamily("pb_jobs_now", "Jobs in the database, by state", labels=["name", "state"])
        for count in self._waiting.jobs:
            for state in ("waiting", "running", "dead", "stuck"):
                found.add_metric([count.name, state], getattr(count, state))
        yield found
        entries = GaugeMetricFamily("pb_record_waiting_entries", "Entries without a place yet", labels=["round"])
        for slug, number in self._waiting.entries:
            entries.add_metric([slug], number)
        yield entries


@get("/mail/unsubscribe/{token:str}", access="anyone", include_in_schema=False, sync_to_thread=False)
def ask_unsubscribe(
    request: PageRequest, mailer: NamedDependency[Mailer], clock: NamedDependency[Clock], token: FromPath[str]
) -> Response[str]:
    """The link as people open it: a page with one button, so that a program that looks at links changes nothing."""
    return _unsubscribe_page(request, mailer, token, refused=False, now=clock())


@post("/mail/unsubscribe/{token:str}", access="anyone", by_link=True, include_in_schema=False, status_code=200)
async def unsubscribe(
    request: PageRequest,
    transaction: Transaction,
    mailer: NamedDependency[Mailer],
    clock: NamedDependency[Clock],
    token: FromPath[str],
) -> Response[str]:
    """One click (RFC 8058), by a mail program or by the button: no more mail of this kind. Twice is the same."""
    answer = _unsubscribe_page(request, mailer, token, refused=True, now=clock())
    if answer.status_code == 200:
        to, kind = mailer.opened(token, now=clock())
        await outbox.refuse(transaction, to, kind, now=clock())
    return answer


def _unsubscribe_page(
    request: PageRequest, mailer: Mailer, token: str, *, refused: bool, now: datetime
) -> Response[str]:
    try:
        mailer.opened(token, now=now)
    except MailRefused:
        status, known = 404, False
    else:
        status, known = 200, True
    language = language_of_request(request)
    answer = page(
        request, "site/unsubscribe.html", locale=language, status_code=status, known=known, refused=refused, token=token
    )
    # The address holds a capability: it goes into no cache, and to no other page as a referrer.
    answer.headers.update(_FRESH | {"referrer-policy": "no-referrer"})
    return answer


operations_router = Router(
    "/", route_handlers=[live, ready, metrics, ask_unsubscribe, unsubscribe], include_in_schema=False
)
