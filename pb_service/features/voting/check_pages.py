"""The check page: anybody looks into a sealed ballot that was opened for a check, or finds a receipt code."""

import json
import re
from base64 import b64encode
from hashlib import sha256
from typing import Annotated, Any

from litestar import MediaType, Response, Router, get
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter
from markupsafe import Markup
from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.core.rounds.fingerprint import uncrockford
from pb_service.features.voting import repository
from pb_service.features.voting.page_parts import Booth, PageRequest, enter, show
from pb_service.features.voting.polling import Pollings
from pb_service.features.voting.presentation import grouped
from pb_service.platform.clock import Clock
from pb_service.web.assets import asset, built_text
from pb_service.web.languages import language_of
from pb_service.web.render import render

Session = NamedDependency[AsyncSession]

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
    read = code.upper().translate(_READ)
    found = await _find(session, booth, read) if _CODE.fullmatch(read) else None
    title = booth.names.words.gettext("Check a vote")
    return show(request, "check", booth, title=title, asked=grouped(read) if code else "", found=found)


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


async def _find(session: AsyncSession, booth: Booth, code: str) -> dict[str, Any] | None:
    """The envelope of a seal code, if the record holds it."""
    row = await repository.envelope_by_seal(session, booth.polling.log_id, uncrockford(code))
    if row is None or row.index is None:
        return None
    contest = booth.view.contest(row.contest)
    area = contest.title.text if contest and contest.title else ""
    return {"index": row.index, "area": area, "struck": row.is_struck, "seal": row.seal_hash.hex()}


check_router = Router(
    "/{lang:str}/rounds/{slug:str}/vote", route_handlers=[show_check, save_check], include_in_schema=False
)
