"""My voting record: everything in the public record that was done in my name, also that there is nothing."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from litestar import Response, Router, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.features.accounts.guards import require_signed_in
from pb_service.features.accounts.policy import Actor
from pb_service.features.accounts.provider_signin import Providers
from pb_service.features.proposals.reading import Spoken, spoken_of
from pb_service.features.record.store import TileStore
from pb_service.features.rounds.finding import published_round
from pb_service.features.voting import passes, reviews, service
from pb_service.features.voting.booth_pages import show_identify_step
from pb_service.features.voting.page_parts import Booth, PageRequest, enter, show
from pb_service.features.voting.passes import Pass
from pb_service.features.voting.polling import Pollings
from pb_service.features.voting.presentation import grouped
from pb_service.features.voting.reviews import ReviewRefused, Struck
from pb_service.features.voting.service import OwnEntry
from pb_service.features.voting.tables import StrikeReview
from pb_service.platform.clock import Clock
from pb_service.platform.keys import KeyFolder
from pb_service.web.forms import Form, done, parse
from pb_service.web.languages import language_of
from pb_service.web.locales import translations


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
    reason: Spoken | None
    review: StrikeReview | None
    may_ask: bool


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
    providers: NamedDependency[Providers],
    slug: FromPath[str],
) -> Response[Any]:
    """Every entry in my name, newest first. Who votes without an account says first who she is, as for a vote."""
    form = Form.filled(translations(language_of(lang)))
    booth = await enter(session, pollings, slug, language_of(lang), now=clock())
    classes = {cls for group in booth.polling.manifest.groups.values() for cls in group.classes}
    if actor.account_id is None and classes & {"idt", "code"}:
        identified = await passes.of_request(request, session, booth.polling, now=clock())
        if identified is None:
            return show_identify_step(request, booth, None, "record", actor=actor, providers=providers)
    return await _page(request, session, booth, actor, form, keys=keys, tiles=tile_store, now=clock())


@post("/record/{index:int}/review", access="anyone")
async def ask_review(
    *,
    request: PageRequest,
    transaction: NamedDependency[AsyncSession],
    pollings: NamedDependency[Pollings],
    clock: NamedDependency[Clock],
    keys: NamedDependency[KeyFolder],
    tile_store: NamedDependency[TileStore],
    actor: NamedDependency[Actor],
    lang: FromPath[str],
    slug: FromPath[str],
    index: FromPath[int],
) -> Response[Any]:
    """Ask that somebody else looks at a strike again."""
    now = clock()
    booth, form = await enter(transaction, pollings, slug, language_of(lang), now=now), await parse(request)
    words = booth.names.words
    name = f"text-{index}"
    text = form.text(name, label=words.gettext("What should be looked at"), most=reviews.MOST_TEXT, lines=True)
    if not form.errors:
        try:
            identified = await _identified(request, transaction, booth, actor, now=now)
            own = await service.standings(transaction, booth.polling, actor, identified, keys=keys)
            await reviews.ask(transaction, booth.polling, own, index, text, now=now)
        except ReviewRefused:
            form.refuse(name, words.gettext("A review of this is asked for already, or nothing of yours was struck."))
        else:
            return done(f"{booth.base}/vote/record", "asked")
    shown = await _page(request, transaction, booth, actor, form, keys=keys, tiles=tile_store, now=now)
    shown.status_code = 422
    return shown


async def _identified(
    request: PageRequest, session: AsyncSession, booth: Booth, actor: Actor, *, now: datetime
) -> Pass | None:
    """How somebody is known who is not signed in. Raises SignInNeeded."""
    identified = await passes.of_request(request, session, booth.polling, now=now)
    if identified is None:
        require_signed_in(actor)
    return identified


async def _page(
    request: PageRequest,
    session: AsyncSession,
    booth: Booth,
    actor: Actor,
    form: Form,
    *,
    keys: KeyFolder,
    tiles: TileStore,
    now: datetime,
) -> Response[Any]:
    identified = await _identified(request, session, booth, actor, now=now)
    found = await service.own_entries(session, booth.polling, actor, identified, keys=keys, tiles=tiles)
    struck = {}
    if any(entry.struck_at for entry in found):
        polled = await published_round(session, booth.polling.slug, whole=False)
        struck = await reviews.strikes_of(session, polled)
    entries = [_line(entry, found, booth, struck.get(entry.index)) for entry in reversed(found)]
    title = booth.names.words.gettext("All that was done with my right to vote")
    is_done = request.query_params.get("done", "")
    return show(
        request,
        "record",
        booth,
        title=title,
        actor=actor,
        entries=entries,
        form=form,
        done=is_done,
        signed_in=actor.account_id is not None,
    )


def _line(entry: OwnEntry, found: list[OwnEntry], booth: Booth, struck: Struck | None) -> RecordLine:
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
        reason=spoken_of(struck.reason, words.language) if struck and entry.struck_at else None,
        review=struck.review if struck else None,
        may_ask=struck is not None and struck.review is None and entry.struck_at is not None,
    )


record_router = Router(
    "/{lang:str}/rounds/{slug:str}/vote", route_handlers=[show_record, ask_review], include_in_schema=False
)
