"""The JSON API of the vote. The booth's script is its only client; what it answers stands in docs/protocol.md and here.

`GET …/booth` is the same for everybody and may be cached; what is one person's own is never kept anywhere.
"""

import secrets
from datetime import datetime
from http import HTTPStatus
from typing import Any

import msgspec
from litestar import Request, Response, Router, get, post
from litestar.datastructures import CacheControlHeader
from litestar.di import NamedDependency
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.core.proposals.ballot_list import CITY_WIDE
from pb_service.core.record.canonical import CanonicalError, b64u, unb64u
from pb_service.core.rounds.fingerprint import crockford
from pb_service.core.sealing.envelope import Envelope, Place
from pb_service.features.accounts.guards import require_signed_in
from pb_service.features.accounts.policy import Actor, SignInNeeded
from pb_service.features.record.store import TileStore
from pb_service.features.rounds.service import published_round
from pb_service.features.voting import assisted, passes, service
from pb_service.features.voting.casting import CastingService
from pb_service.features.voting.errors import BadEnvelope, BaseOutdated, Busy
from pb_service.features.voting.passes import Pass
from pb_service.features.voting.polling import Polling, Pollings
from pb_service.platform.clock import Clock
from pb_service.platform.db import Database
from pb_service.platform.keys import KeyFolder
from pb_service.web.cookies import read_cookie

Session = NamedDependency[AsyncSession]

#: Who asks is known by a session or by a pass; what is answered is hers alone.
_KEPT_NOWHERE = CacheControlHeader(no_store=True)

#: An envelope of the widest ballot, and then some.
_MOST_BYTES = 20_000
_MOST_BLOCKS = 64
#: Who is sent away comes back after so many seconds: not all at the same moment.
_RETRY_SECONDS = range(2, 9)


class SealedBallot(msgspec.Struct, forbid_unknown_fields=True):
    """An envelope as the booth sends it: the fields of its entry, hashes, points and scalars in base64url.

    ``sg``: signature over the entry by the voter's own key, where she was identified without an account.
    """

    d: str
    a: str
    b: int
    ct: list[tuple[str, str]]
    pf: list[str]
    sg: str | None = None

    def envelope(self, eid: bytes) -> Envelope:
        """Return the envelope, its points and its proof not yet looked at. Raises BadEnvelope."""
        if not 0 <= self.b < 2**32 or not 1 <= len(self.ct) <= _MOST_BLOCKS or len(self.pf) != len(self.ct) + 1:
            raise BadEnvelope("This is no envelope.")
        try:
            place = Place(eid, self.d, unb64u(self.a, 32), self.b)
            pairs = tuple((unb64u(a, 32), unb64u(b, 32)) for a, b in self.ct)
            return Envelope(place, pairs, tuple(unb64u(part, 32) for part in self.pf))
        except CanonicalError as error:
            raise BadEnvelope(f"This is no envelope: {error}.") from error


@get("/{slug:str}/booth", summary="What is voted on: contests, projects, limits, times, key", access="anyone")
async def booth(session: Session, pollings: NamedDependency[Pollings], slug: FromPath[str]) -> Response[dict[str, Any]]:
    polling = await pollings.find(session, slug)
    found = await published_round(session, slug, whole=False)
    document = polling.manifest.document
    content = {
        "eid": b64u(polling.manifest.eid),
        "origin": document["origin"],
        "mode": document["mode"],
        "key": document["y"],
        "phase": found.phase,
        "paused": found.paused_at is not None,
        "opens": document["opens"],
        "closes": int(found.vote[1].timestamp()),
        "grace": document["grace"],
        "currency": document["currency"],
        "unit": document["unit"],
        "groups": [{"id": name, "contests": contests} for name, contests in polling.groups.items()],
        "contests": [_contest(polling, place) for place in range(len(document["contests"]))],
    }
    return Response(content, headers={"cache-control": "public, max-age=10"})


def _contest(polling: Polling, place: int) -> dict[str, Any]:
    """A contest as manifest and ballot list have it; ``category`` is the first theme."""
    document, listed = polling.manifest.document["contests"][place], polling.ballot_list["contests"][place]
    return {
        "id": document["id"],
        "group": document["g"],
        "city_wide": document["id"] == CITY_WIDE,
        "titles": dict(listed["title"]),
        "fmt": document["fmt"],
        "enc": document["enc"],
        "w": document["w"],
        "limits": document["limits"],
        "budget": document["budget"],
        "projects": [
            {
                "code": project["id"],
                "titles": dict(project["title"]),
                "texts": dict(project["text"]),
                "cost": project["cost"],
                "picture": project.get("picture"),
                "alt": dict(project.get("alt", [])),
                "category": next(iter(project["themes"]), None),
                "place": project.get("place"),
            }
            for project in listed["projects"]
        ],
    }


@get(
    "/{slug:str}/booth/me",
    summary="Where I may vote, and what stands in my name",
    access="anyone",
    cache_control=_KEPT_NOWHERE,
)
async def booth_me(
    *,
    request: Request[Any, Any, Any],
    session: Session,
    clock: NamedDependency[Clock],
    actor: NamedDependency[Actor],
    pollings: NamedDependency[Pollings],
    keys: NamedDependency[KeyFolder],
    slug: FromPath[str],
) -> list[dict[str, Any]]:
    polling = await pollings.find(session, slug)
    identified = await passes.of_request(request, session, polling, now=clock())
    if identified is None:
        require_signed_in(actor)
    return [
        {
            "group": place.standing.group,
            "alias": b64u(place.standing.alias),
            "cls": place.standing.cls,
            "contests": list(place.contests),
            "base": place.base,
            "stands": _stands(place.stands),
            **(identified.told(place.standing.group) if identified else {}),
        }
        for place in await service.places(session, polling, actor, identified, keys=keys)
    ]


def _stands(stands: service.Stands) -> dict[str, Any]:
    if stands.kind == "none":
        return {"kind": "none"}
    common = {"kind": stands.kind, "contest": stands.contest, "index": stands.index, "at": _seconds(stands.at)}
    return common if stands.kind == "paper" else {**common, "code": stands.code}


@post(
    "/{slug:str}/cast",
    summary="Cast an envelope",
    access="anyone",
    request_max_body_size=_MOST_BYTES,
    cache_control=_KEPT_NOWHERE,
)
async def cast(
    *,
    request: Request[Any, Any, Any],
    actor: NamedDependency[Actor],
    clock: NamedDependency[Clock],
    database: NamedDependency[Database],
    pollings: NamedDependency[Pollings],
    casting: NamedDependency[CastingService],
    tile_store: NamedDependency[TileStore],
    slug: FromPath[str],
) -> Response[Any]:
    """Answers only when the published record holds the envelope; the same one again gets its receipt again."""
    if not read_cookie(request, "pb-booth"):
        require_signed_in(actor)
    polling = pollings.known(slug)
    if polling is None:
        async with database.reading() as session:
            polling = await pollings.find(session, slug)
    try:
        sealed = msgspec.json.decode(await request.body(), type=SealedBallot)
    except (msgspec.ValidationError, msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadEnvelope(f"This is no envelope: {error}") from error
    envelope, signed = sealed.envelope(polling.manifest.eid), None
    if sealed.sg is None:
        if read_cookie(request, "pb-booth"):
            async with database.transaction() as session:
                identified = await passes.of_request(request, session, polling, now=clock())
                if identified is not None and identified.cls == "desk":
                    return await _cast_at_desk(session, polling, identified, envelope, tiles=tile_store, now=clock())
        require_signed_in(actor)
    elif contest := polling.manifest.contests.get(sealed.d):
        async with database.reading() as session:
            identified = await passes.of_request(request, session, polling, now=clock())
        if identified is None:
            raise SignInNeeded("Be identified again.")
        signed = identified.signed(contest.group, envelope.place.alias, sealed.sg)
    try:
        address = request.client.host if request.client else None
        answer = await casting.cast(polling, actor, envelope, signed=signed, address=address)
    except BaseOutdated as error:
        return _problem(error.status, error.type, str(error), base=error.base)
    except Busy as error:
        answered = _problem(error.status, error.type, str(error))
        answered.headers["retry-after"] = str(secrets.choice(_RETRY_SECONDS))
        return answered
    return Response(
        {"index": answer.index, "seal": answer.seal.hex(), "code": answer.code, "receipt": answer.receipt},
        status_code=HTTPStatus.CREATED if answer.is_new else HTTPStatus.OK,
    )


async def _cast_at_desk(
    session: AsyncSession, polling: Polling, identified: Pass, envelope: Envelope, *, tiles: TileStore, now: datetime
) -> Response[Any]:
    """Lay an envelope before two officers: 202 until both have signed and the published record holds it."""
    try:
        offered = await assisted.offer(session, polling, identified, envelope, now=now)
    except BaseOutdated as error:
        return _problem(error.status, error.type, str(error), base=error.base)
    code, receipt = crockford(envelope.seal_hash()[:10]), None
    if offered.entry_id is not None and offered.index is not None:
        receipt = await service.receipt_at(session, polling, offered.entry_id, offered.index, tiles=tiles)
    if receipt is None:
        return Response({"waits": "officers", "code": code}, status_code=HTTPStatus.ACCEPTED)
    shown = {"index": offered.index, "seal": envelope.seal_hash().hex(), "code": code, "receipt": receipt}
    return Response(shown, status_code=HTTPStatus.OK)


@get(
    "/{slug:str}/voting-record",
    summary="Every entry of the record in my name",
    access="anyone",
    cache_control=_KEPT_NOWHERE,
)
async def voting_record(
    *,
    request: Request[Any, Any, Any],
    session: Session,
    clock: NamedDependency[Clock],
    actor: NamedDependency[Actor],
    pollings: NamedDependency[Pollings],
    keys: NamedDependency[KeyFolder],
    tile_store: NamedDependency[TileStore],
    slug: FromPath[str],
) -> list[dict[str, Any]]:
    polling = await pollings.find(session, slug)
    identified = await passes.of_request(request, session, polling, now=clock())
    if identified is None:
        require_signed_in(actor)
    entries = await service.own_entries(session, polling, actor, identified, keys=keys, tiles=tile_store)
    return [
        {
            "kind": found.kind,
            "group": found.group,
            "contest": found.contest,
            "index": found.index,
            "at": _seconds(found.at),
            "seal": found.seal.hex(),
            "code": found.code,
            "struck": _seconds(found.struck_at),
            "counts": found.counts,
            "receipt": found.receipt,
        }
        for found in entries
    ]


def _seconds(at: datetime | None) -> int | None:
    return int(at.timestamp()) if at else None


def _problem(status: int, kind: str, detail: str, **more: Any) -> Response[Any]:
    content = {"type": kind, "title": HTTPStatus(status).phrase, "status": status, "detail": detail, **more}
    return Response(
        msgspec.json.encode(content),
        media_type="application/problem+json",
        status_code=status,
        headers={"cache-control": "no-store"},
    )


#: Needs the dependencies ``pollings`` and ``casting``.
voting_api = Router("/api/v1/rounds", route_handlers=[booth, booth_me, cast, voting_record])
