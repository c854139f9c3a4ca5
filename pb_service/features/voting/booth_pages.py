"""The booth: the ballot, the review, and where a sealed ballot is checked or cast.

The ballot is the same for everybody, so it may be kept by caches, and it never learns who reads it or what is chosen.
Review and casting belong to one person: without a session their addresses show the way to sign in and back again.
"""

from typing import Annotated, Any

from litestar import Response, Router, get
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter
from markupsafe import Markup
from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.features.accounts.guards import see_other
from pb_service.features.accounts.policy import Actor
from pb_service.features.accounts.provider_signin import Providers
from pb_service.features.voting import notices, passes, repository, service
from pb_service.features.voting.errors import NoVote
from pb_service.features.voting.identify_api import is_for_voting
from pb_service.features.voting.page_parts import Booth, PageRequest, enter, show, show_no_vote
from pb_service.features.voting.passes import Pass
from pb_service.features.voting.polling import Pollings
from pb_service.features.voting.presentation import (
    Asked,
    ContestView,
    about_format,
    grouped,
    legend,
    meter_name,
    prices,
    shown_to,
    theme_choices,
)
from pb_service.features.voting.service import Place
from pb_service.platform.clock import Clock
from pb_service.platform.keys import KeyFolder
from pb_service.web.cookies import CookieKind, drop_cookie
from pb_service.web.languages import language_of

Session = NamedDependency[AsyncSession]
Votes = NamedDependency[Pollings]
Now = NamedDependency[Clock]
Which = Annotated[str, QueryParameter(max_length=64)]

#: What a browser that many use must not remember of the one before, beside the session, which is signed out.
_LEFT_BY_OTHERS: tuple[CookieKind, ...] = ("pb-booth", "pb-draft", "pb-known", "pb-visit")

#: Drawings of buttons that no other page has.
_DRAWING = '<svg class="icon" viewBox="0 0 24 24" aria-hidden="true"><path d="{}"/></svg>'
LOCK = Markup(_DRAWING.format("M6 11h12v9H6zM8.5 11V8a3.5 3.5 0 0 1 7 0v3"))  # noqa: S704 - our own drawing
EYE = Markup(  # noqa: S704 - our own drawing
    _DRAWING.format(
        "M2.5 12s3.5-6 9.5-6 9.5 6 9.5 6-3.5 6-9.5 6-9.5-6-9.5-6zM12 9.5a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5z"
    )
)


@get("/", access="anyone", cache=True, step="ballot")
async def show_ballot(
    *,
    request: PageRequest,
    session: Session,
    pollings: Votes,
    clock: Now,
    lang: FromPath[str],
    slug: FromPath[str],
    contest: Which = "",
    q: Annotated[str, QueryParameter(max_length=100)] = "",
    most: Annotated[str, QueryParameter(max_length=20)] = "",
    theme: Annotated[list[str] | None, QueryParameter()] = None,
) -> Response[str]:
    """The ballot of a contest; where there are several and none is named, which they are."""
    language = language_of(lang)
    try:
        booth = await enter(session, pollings, slug, language, now=clock())
    except NoVote:
        return await show_no_vote(request, session, slug, language)
    chosen = booth.contest(contest)
    if chosen is None:
        return _show_areas(request, booth)
    words, several = booth.names.words, len(booth.view.contests) > 1
    asked = Asked(q.strip(), int(most) if most.isdecimal() else None, tuple(theme or ()))
    listed = shown_to(chosen, asked)
    return show(
        request,
        "ballot",
        booth,
        title=words.gettext("Your vote"),
        contest=listed,
        asked=asked,
        shown=sum(project.matches for project in listed.projects),
        about=about_format(chosen, booth.polling.manifest.contests[chosen.id].document["limits"], words),
        legend=legend(chosen, words),
        meter_name=meter_name(chosen, words),
        prices=prices(chosen, words),
        themes=theme_choices(chosen, booth.names),
        back=f"{booth.base}/vote" if several else booth.base,
        back_text=words.gettext("Areas") if several else words.gettext("The round"),
        review=_address(booth, "review", chosen),
    )


def _show_areas(request: PageRequest, booth: Booth) -> Response[str]:
    """Where somebody may vote: one of the contests of each group; districts where one must live stand together."""
    words, homes = booth.names.words, {group.id for group in booth.polling.rule.groups if group.home}
    groups: list[dict[str, Any]] = []
    for name, contests in booth.polling.groups.items():
        shown = [booth.view.contest(key) for key in contests]
        if name in homes and groups and groups[-1]["home"]:
            groups[-1]["contests"] += shown
        else:
            title = words.gettext("Where you live") if name in homes else _group_name(name, booth)
            groups.append({"name": title, "contests": shown, "home": name in homes})
    return show(
        request,
        "area",
        booth,
        title=words.gettext("Where do you want to vote?"),
        groups=groups,
        is_choice=any(len(contests) > 1 for contests in booth.polling.groups.values()),
        by_home=bool(homes),
        back=booth.base,
        back_text=words.gettext("The round"),
    )


def _group_name(group: str, booth: Booth) -> str:
    words = booth.names.words
    return words.gettext("The whole city") if group == "city" else words.gettext("One area")


@get("/review", access="anyone", step="review")
async def show_review(
    *,
    request: PageRequest,
    session: Session,
    pollings: Votes,
    clock: Now,
    keys: NamedDependency[KeyFolder],
    actor: NamedDependency[Actor],
    providers: NamedDependency[Providers],
    lang: FromPath[str],
    slug: FromPath[str],
    contest: Which = "",
) -> Response[Any]:
    """What was chosen, once more. The page holds every project; the script shows those of this device's ballot."""
    language = language_of(lang)
    booth = await enter(session, pollings, slug, language, now=clock())
    chosen = booth.contest(contest)
    if chosen is None:
        return _show_areas(request, booth)
    identified = await passes.of_request(request, session, booth.polling, now=clock())
    if not _is_known(booth, chosen, identified, actor):
        return show_identify_step(request, booth, chosen, "review", actor=actor, providers=providers)
    places = await service.places(session, booth.polling, actor, identified, keys=keys)
    place = next((one for one in places if chosen.id in one.contests), None)
    if place is None and booth.polling.asks_declaration(chosen.group):
        return see_other(f"{booth.base}/declare")
    words = booth.names.words
    return show(
        request,
        "review",
        booth,
        actor=actor,
        title=words.gettext("Review your vote"),
        contest=chosen,
        meter_name=meter_name(chosen, words),
        change=_address(booth, "", chosen),
        lock=LOCK,
        reminded=await notices.is_reminded(session, actor, booth.polling.round_id) if _is_own(identified) else None,
        identify=_address(booth, "identify", chosen),
        in_time=await _is_in_time(session, booth, identified, actor),
        this_page=_address(booth, "review", chosen),
        **_stands(place, booth),
    )


def _is_own(identified: Pass | None) -> bool:
    """Whether the account that is signed in, if any, is the voter's: at a desk it may be the officer's."""
    return identified is None or identified.cls != "desk"


async def _is_in_time(session: AsyncSession, booth: Booth, identified: Pass | None, actor: Actor) -> bool:
    """Whether somebody may still cast: in the minutes after the end only who had been identified before it."""
    if booth.view.now < booth.view.closes:
        return True
    since = identified.since if identified else await repository.signed_in_at(session, actor.session_id)
    return since is not None and since.timestamp() < booth.view.closes


def _stands(place: Place | None, booth: Booth) -> dict[str, Any]:
    """Whether somebody may vote here, and what stands in that name already."""
    stands = place.stands if place and place.stands.kind != "none" else None
    cast_in = booth.view.contest(stands.contest) if stands else None
    return {
        "may_vote": place is not None,
        "stands": stands,
        "stands_at": booth.names.words.moment(stands.at) if stands and stands.at else "",
        "stands_in": cast_in.title.text if cast_in and cast_in.title else "",
        "stands_code": grouped(stands.code) if stands else "",
        "outranked": place is not None and place.outranked,
    }


@get("/cast", access="anyone", step="cast")
async def show_cast(
    *,
    request: PageRequest,
    session: Session,
    pollings: Votes,
    clock: Now,
    actor: NamedDependency[Actor],
    providers: NamedDependency[Providers],
    lang: FromPath[str],
    slug: FromPath[str],
    contest: Which = "",
) -> Response[Any]:
    """Check or cast what was sealed in this window."""
    language = language_of(lang)
    booth = await enter(session, pollings, slug, language, now=clock())
    chosen = booth.contest(contest)
    if chosen is None:
        return _show_areas(request, booth)
    identified = await passes.of_request(request, session, booth.polling, now=clock())
    if not _is_known(booth, chosen, identified, actor):
        return show_identify_step(request, booth, chosen, "cast", actor=actor, providers=providers)
    return show(
        request,
        "cast",
        booth,
        actor=actor,
        title=booth.names.words.gettext("Check or cast"),
        contest=chosen,
        review=_address(booth, "review", chosen),
        identify=_address(booth, "identify", chosen),
        this_page=_address(booth, "cast", chosen),
        eye=EYE,
    )


@get("/identify", access="anyone")
async def show_identify(
    *,
    request: PageRequest,
    session: Session,
    pollings: Votes,
    clock: Now,
    actor: NamedDependency[Actor],
    providers: NamedDependency[Providers],
    lang: FromPath[str],
    slug: FromPath[str],
    contest: Which = "",
    at: Annotated[str, QueryParameter(max_length=10)] = "",
) -> Response[Any]:
    """Where a code letter leads: its code stands behind the ``#`` of this address, which no browser sends."""
    booth = await enter(session, pollings, slug, language_of(lang), now=clock())
    return show_identify_step(
        request, booth, booth.contest(contest), "review", actor=actor, providers=providers, at_desk=at == "desk"
    )


@get("/kiosk", access="anyone")
async def show_kiosk(
    *,
    request: PageRequest,
    session: Session,
    pollings: Votes,
    clock: Now,
    actor: NamedDependency[Actor],
    lang: FromPath[str],
    slug: FromPath[str],
    on: Annotated[str, QueryParameter(max_length=10)] = "",
) -> Response[Any]:
    """Where every vote begins and ends on a device that many use; the script wipes what is kept, and remembers what
    the device is. A link on somebody else's page makes nobody's device one: a person presses the button then."""
    booth = await enter(session, pollings, slug, language_of(lang), now=clock())
    own = request.headers.get("sec-fetch-site", "") in {"same-origin", "none"}
    answer = show(
        request,
        "kiosk",
        booth,
        actor=actor,
        title=booth.names.words.gettext("Vote here"),
        may_begin=own and bool(on),
        signed_in=actor.account_id is not None,
        with_desk=any("desk" in group.classes for group in booth.polling.manifest.groups.values()),
    )
    for left in _LEFT_BY_OTHERS if own and on else ():
        drop_cookie(answer, request, left)
    return answer


def _is_known(booth: Booth, contest: ContestView, identified: Pass | None, actor: Actor) -> bool:
    """Whether it is clear who wants to vote: by a pass for this vote, or by an account where that is enough."""
    if identified is not None and any(one.group == contest.group for one in identified.standings):
        return True
    if "acct" in booth.polling.manifest.groups[contest.group].classes:
        return actor.account_id is not None
    return identified is not None  # and may not vote here: the page says so


def show_identify_step(
    request: PageRequest,
    booth: Booth,
    contest: ContestView | None,
    onward: str,
    *,
    actor: Actor,
    providers: Providers,
    at_desk: bool = False,
) -> Response[str]:
    """Show who is not known yet how to be identified and come back; what was chosen stays on the device meanwhile.

    ``onward``: the step that comes then; ``record``, one's own entries, is none of the vote's steps.
    """
    document, groups = booth.polling.manifest.document, booth.polling.manifest.groups.values()
    concerned = [group for group in groups if contest is None or group.id == contest.group]
    classes = {cls for group in concerned for cls in group.classes}
    words = booth.names.words
    language = words.language
    roads = [
        (client.key, client.provider.names[language])
        for client in providers.clients.values()
        if "idt" in classes and is_for_voting(client.provider, document.get("idp"))
    ]
    return show(
        request,
        "identify",
        booth,
        actor=actor,
        title=words.gettext("Show who you are") if onward == "record" else words.gettext("Show that you may vote"),
        to_record=onward == "record",
        at_desk=at_desk,
        is_over=onward != "record" and booth.view.closes <= booth.view.now,
        contest=contest,
        with_code="code" in classes,
        with_desk="desk" in classes,
        code_groups=[group.id for group in groups if "code" in group.classes],
        origin=document["origin"],
        roads=roads,
        with_account="acct" in classes and actor.account_id is None,
        onward=f"{booth.base}/vote/record"
        if onward == "record"
        else _address(booth, onward, contest)
        if contest
        else f"{booth.base}/vote",
        change=_address(booth, "", contest) if contest else f"{booth.base}/vote",
    )


def _address(booth: Booth, step: str, contest: ContestView) -> str:
    """The address of a step; it names the contest where there are several."""
    several = len(booth.view.contests) > 1
    return f"{booth.base}/vote{'/' if step else ''}{step}{f'?contest={contest.id}' if several else ''}"


booth_router = Router(
    "/{lang:str}/rounds/{slug:str}/vote",
    route_handlers=[show_ballot, show_review, show_cast, show_identify, show_kiosk],
    include_in_schema=False,
)
