"""The check page: anybody looks into a sealed ballot that was opened for a check, or finds a receipt code."""

import json
import re
from base64 import b64encode
from hashlib import sha256
from typing import Annotated, Any
from urllib.parse import quote

from litestar import MediaType, Response, Router, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter
from markupsafe import Markup
from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.core.rounds.fingerprint import uncrockford
from pb_service.features.accounts.guards import see_other, visitor_of
from pb_service.features.proposals.reading import spoken_of
from pb_service.features.roll.standing import Standing
from pb_service.features.rounds.finding import published_round
from pb_service.features.voting import repository, reviews
from pb_service.features.voting.page_parts import Booth, PageRequest, enter, show
from pb_service.features.voting.polling import Pollings
from pb_service.features.voting.presentation import grouped
from pb_service.features.voting.reviews import ReviewRefused
from pb_service.platform.clock import Clock
from pb_service.platform.limits import Limits, Rate
from pb_service.web.assets import asset, built_text
from pb_service.web.forms import Form, parse
from pb_service.web.languages import language_of
from pb_service.web.locales import translations
from pb_service.web.render import render

Session = NamedDependency[AsyncSession]

#: Reviews asked for with a code alone, from one network.
_REVIEWS = Rate("strike-reviews", most=5, seconds=60 * 60)
_CODE = re.compile("[0-9A-HJKMNP-TV-Z]{16}")
_READ = str.maketrans("OIL", "011", "- \u00a0\u202f")


@get("/check", access="anyone")
async def show_check(
    *,
    request: PageRequest,
    session: Session,
    pollings: NamedDependency[Pollings],
    clock: NamedDependency[Clock],
    lang: FromPath[str],
    slug: FromPath[str],
    code: Annotated[str, QueryParameter(max_length=100)] = "",
) -> Response[str]:
    """The page is the same for everybody; what is looked into never reaches it."""
    booth = await enter(session, pollings, slug, language_of(lang), now=clock())
    return await _page(request, session, booth, Form.filled(translations(language_of(lang))), code=code)


@post("/check/review", access="anyone")
async def ask_review(
    *,
    request: PageRequest,
    transaction: Session,
    pollings: NamedDependency[Pollings],
    clock: NamedDependency[Clock],
    limits: NamedDependency[Limits],
    lang: FromPath[str],
    slug: FromPath[str],
) -> Response[Any]:
    """Ask for a review of a strike with the receipt's code alone, for who has no account and no letter any more.

    The code is in the record, so others could ask too; a review is asked for once, and its answer is for everybody.
    """
    now = clock()
    booth, form = await enter(transaction, pollings, slug, language_of(lang), now=now), await parse(request)
    words = booth.names.words
    code = form.value("code")[:100]
    text = form.text("text", label=words.gettext("What should be looked at"), most=reviews.MOST_TEXT, lines=True)
    if not await limits.hit(_REVIEWS, visitor_of(request).address_prefix or "-"):
        form.refuse("text", words.gettext("Too many reviews were asked for from this network. Try again in an hour."))
    row = await _row(transaction, booth, code)
    if not form.errors:
        try:
            if row is None or row.index is None:
                raise ReviewRefused("unknown")
            own = [Standing(row.group, row.alias, "")]
            await reviews.ask(transaction, booth.polling, own, row.index, text, now=now)
        except ReviewRefused:
            form.refuse("text", words.gettext("A review of this is asked for already, or this vote was not struck."))
        else:
            return see_other(f"{booth.base}/vote/check?code={quote(code)}&done=asked")
    shown = await _page(request, transaction, booth, form, code=code)
    shown.status_code = 422
    return shown


async def _page(request: PageRequest, session: AsyncSession, booth: Booth, form: Form, *, code: str) -> Response[str]:
    words = booth.names.words
    return show(
        request,
        "check",
        booth,
        title=words.gettext("Check a vote"),
        asked=grouped(code.upper().translate(_READ)) if code else "",
        found=await _find(session, booth, code),
        form=form,
        done=request.query_params.get("done", ""),
    )


@get("/check/offline", access="anyone")
async def save_check(
    *,
    session: Session,
    pollings: NamedDependency[Pollings],
    clock: NamedDependency[Clock],
    lang: FromPath[str],
    slug: FromPath[str],
) -> Response[str]:
    """The check page as one file, which works without any connection."""
    language = language_of(lang)
    booth = await enter(session, pollings, slug, language, now=clock())
    style, script = (
        built_text(asset("styles/main.css")),
        built_text("offline/check.js").replace("</script", "<\\/script"),
    )
    allowed = b64encode(sha256(script.encode()).digest()).decode()
    body = render(
        "voting/check_offline.html",
        locale=language,
        step="check",
        booth=booth.view,
        words=booth.names.words,
        title=booth.names.words.gettext("Check a vote"),
        contests=Markup(json.dumps(_contests(booth)).replace("<", "\\u003c")),  # noqa: S704 - no tag can end it
        style=Markup(style),  # noqa: S704 - our own
        script=Markup(script),  # noqa: S704 - our own
        policy=f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{allowed}'",
    )
    headers = {"content-disposition": f'attachment; filename="check-{booth.view.slug}.html"'}
    return Response(body, media_type=MediaType.HTML, headers=headers)


def _contests(booth: Booth) -> list[dict[str, Any]]:
    """Projects and limits of every contest, as the script wants them."""
    listed = zip(booth.polling.manifest.document["contests"], booth.polling.ballot_list["contests"], strict=True)
    return [
        {
            "id": contest["id"],
            "titles": dict(texts["title"]),
            "fmt": contest["fmt"],
            "limits": contest["limits"],
            "projects": [{"titles": dict(one["title"]), "cost": one["cost"]} for one in texts["projects"]],
        }
        for contest, texts in listed
    ]


async def _row(session: AsyncSession, booth: Booth, code: str) -> repository.Standing | None:
    """What stands under a seal code as somebody typed it."""
    read = code.upper().translate(_READ)
    if not _CODE.fullmatch(read):
        return None
    return await repository.envelope_by_seal(session, booth.polling.log_id, uncrockford(read))


async def _find(session: AsyncSession, booth: Booth, code: str) -> dict[str, Any] | None:
    """The envelope of a seal code, if the record holds it; of a struck one why, and what became of a review."""
    row = await _row(session, booth, code)
    if row is None or row.index is None:
        return None
    contest, struck = booth.view.contest(row.contest), None
    if row.is_struck:
        polled = await published_round(session, booth.polling.slug, whole=False)
        struck = (await reviews.strikes_of(session, polled)).get(row.index)
    return {
        "index": row.index,
        "area": contest.title.text if contest and contest.title else "",
        "void": contest.void if contest else None,
        "struck": row.is_struck,
        "seal": row.seal_hash.hex(),
        "reason": spoken_of(struck.reason, booth.names.words.language) if struck else None,
        "review": struck.review if struck else None,
    }


check_router = Router(
    "/{lang:str}/rounds/{slug:str}/vote", route_handlers=[show_check, ask_review, save_check], include_in_schema=False
)
