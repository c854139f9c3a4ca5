"""My voting record: everything in the public record that was done in my name, also that there is nothing."""

from dataclasses import dataclass
from typing import Any

from litestar import Response, Router, get
from litestar.di import NamedDependency
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.features.accounts.guards import require_signed_in
from pb_service.features.accounts.policy import Actor
from pb_service.features.record.store import TileStore
from pb_service.features.voting import passes, service
from pb_service.features.voting.page_parts import Booth, PageRequest, enter, show
from pb_service.features.voting.polling import Pollings
from pb_service.features.voting.presentation import grouped
from pb_service.features.voting.service import OwnEntry
from pb_service.platform.clock import Clock
from pb_service.platform.keys import KeyFolder
from pb_service.web.languages import language_of


@dataclass(frozen=True)
class RecordLine:
    """An entry in words: what it is, whether it counts and if not why, and its receipt."""

    what: str
    when: str
    area: str
    note: str
    state: str
    state_kind: str
    state_mark: str
    index: int
    code: str
    code_grouped: str
    receipt: str


@get("/record", access="anyone")
async def show_record(
    *,
    request: PageRequest,
    session: NamedDependency[AsyncSession],
    pollings: NamedDependency[Pollings],
    clock: NamedDependency[Clock],
    keys: NamedDependency[KeyFolder],
    tile_store: NamedDependency[TileStore],
    actor: NamedDependency[Actor],
    lang: FromPath[str],
    slug: FromPath[str],
) -> Response[Any]:
    """Every entry in my name, newest first."""
    booth = await enter(session, pollings, slug, language_of(lang), now=clock())
    identified = await passes.of_request(request, session, booth.polling, now=clock())
    if identified is None:
        require_signed_in(actor)
    found = await service.own_entries(session, booth.polling, actor, identified, keys=keys, tiles=tile_store)
    entries = [_line(entry, found, booth) for entry in reversed(found)]
    title = booth.names.words.gettext("All that was done with my right to vote")
    return show(request, "record", booth, title=title, actor=actor, entries=entries)


def _line(entry: OwnEntry, found: list[OwnEntry], booth: Booth) -> RecordLine:
    words = booth.names.words
    contest = booth.view.contest(entry.contest)
    state, kind, mark = words.gettext("Replaced"), "", ""
    note = ""
    if entry.struck_at:
        state, kind, mark = words.gettext("Struck"), "error", "cross"
        note = words.gettext("struck on %(when)s; the public record says why") % {"when": words.moment(entry.struck_at)}
    elif entry.counts:
        is_over = booth.view.state == "closed"
        state, kind, mark = words.gettext("Counts") if is_over else words.gettext("Counts as it stands"), "ok", "check"
    elif later := next((one for one in found if one.group == entry.group and one.counts), None):
        note = words.gettext("replaced by the one of %(when)s") % {"when": words.moment(later.at)}
    return RecordLine(
        what=words.gettext("A paper ballot was handed out")
        if entry.kind == "paper"
        else words.gettext("A sealed vote"),
        when=words.moment(entry.at),
        area=contest.title.text if contest and contest.title else "",
        note=note,
        state=state,
        state_kind=kind,
        state_mark=mark,
        index=entry.index,
        code=entry.code,
        code_grouped=grouped(entry.code),
        receipt=entry.receipt,
    )


record_router = Router("/{lang:str}/rounds/{slug:str}/vote", route_handlers=[show_record], include_in_schema=False)
