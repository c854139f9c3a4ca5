"""The receipt: its page, which the voter's device fills, and every receipt of the record as text for anybody."""

import asyncio
import re
from typing import Any

from litestar import MediaType, Response, Router, get
from litestar.di import NamedDependency
from litestar.params import FromPath
from markupsafe import Markup
from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.features.accounts.policy import Actor
from pb_service.features.record.store import TileStore
from pb_service.features.voting import passes, repository, service
from pb_service.features.voting.casting import receipts
from pb_service.features.voting.errors import NoReceipt
from pb_service.features.voting.page_parts import PageRequest, enter, show
from pb_service.features.voting.polling import Pollings
from pb_service.platform.clock import Clock
from pb_service.platform.keys import KeyFolder
from pb_service.web.languages import language_of

Session = NamedDependency[AsyncSession]
Votes = NamedDependency[Pollings]

_SEAL = re.compile("[0-9a-f]{64}")
_COPY = Markup(  # our own drawing
    '<svg class="icon" viewBox="0 0 24 24" aria-hidden="true"><path d="M9 9h11v11H9zM5 15H4V4h11v1"/></svg>'
)
_MARK = Markup(  # our own drawing
    '<svg class="slip-mark" viewBox="0 0 36 36" aria-hidden="true"><rect class="mark-ground" width="36" height="36" '
    'rx="7"/><path class="mark-hill" d="M6 21l7.5-10 4.5 5.5L22.5 11 30 21z"/><path class="mark-wave" '
    'd="M6 25q3-2 6 0t6 0 6 0 6 0M6 30q3-2 6 0t6 0 6 0 6 0"/></svg>'
)
_SIZE = Markup('<span class="num" data-size></span>')


@get("/receipt", access="anyone", step="receipt")
async def show_receipt(
    *,
    request: PageRequest,
    session: Session,
    pollings: Votes,
    clock: NamedDependency[Clock],
    keys: NamedDependency[KeyFolder],
    actor: NamedDependency[Actor],
    lang: FromPath[str],
    slug: FromPath[str],
) -> Response[Any]:
    """The receipt of what this window cast last. Without one, where receipts are to be found."""
    now = clock()
    booth = await enter(session, pollings, slug, language_of(lang), now=now)
    words, base = booth.names.words, f"{booth.base}/vote"
    identified = await passes.of_request(request, session, booth.polling, now=now)
    is_known = identified is not None or actor.account_id is not None
    places = await service.places(session, booth.polling, actor, identified, keys=keys) if is_known else []
    remaining = [
        {"href": f"{base}?contest={place.contests[0]}" if len(place.contests) == 1 else base, "name": title.text}
        for place in places
        if place.stands.kind == "none" and (first := booth.view.contest(place.contests[0])) and (title := first.title)
    ]
    return show(
        request,
        "receipt",
        booth,
        actor=actor,
        title=words.gettext("Receipt"),
        today=words.short_date(now),
        remaining=remaining,
        signed_in=actor.account_id is not None,
        identified=identified.cls if identified else "",
        record=f"{base}/record",
        check=f"{base}/check",
        copy=_COPY,
        service_mark_small=_MARK,
        size_mark=_SIZE,
    )


@get("/{slug:str}/receipts/{seal:str}", summary="The receipt of a sealed ballot, by its seal", access="anyone")
async def show_text(
    session: Session,
    pollings: Votes,
    tile_store: NamedDependency[TileStore],
    slug: FromPath[str],
    seal: FromPath[str],
) -> Response[str]:
    """A C2SP tlog-proof against the newest published checkpoint; ``seal`` is the seal hash in hexadecimal."""
    polling = await pollings.find(session, slug)
    row = (
        await repository.envelope_by_seal(session, polling.log_id, bytes.fromhex(seal))
        if _SEAL.fullmatch(seal)
        else None
    )
    note = await asyncio.to_thread(tile_store.read_checkpoint, slug)
    if row is None or row.index is None or note is None:
        raise NoReceipt("No sealed ballot with this seal is in the record.")
    bodies = await repository.bodies_of(session, [row.entry_id])
    [text] = await asyncio.to_thread(receipts, tile_store, slug, note, [(bodies[row.entry_id][1], row.index)])
    return Response(text, media_type=MediaType.TEXT, headers={"cache-control": "no-cache"})


receipt_router = Router("/{lang:str}/rounds/{slug:str}/vote", route_handlers=[show_receipt], include_in_schema=False)
receipt_api = Router("/api/v1/rounds", route_handlers=[show_text])
