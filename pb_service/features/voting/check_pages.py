"""The check page: anybody looks into a sealed ballot that was opened for a check, or finds a receipt code."""

import re
from typing import Annotated, Any

from litestar import Response, Router, get
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter
from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.core.rounds.fingerprint import uncrockford
from pb_service.features.voting import repository
from pb_service.features.voting.page_parts import Booth, PageRequest, enter, show
from pb_service.features.voting.polling import Pollings
from pb_service.features.voting.presentation import grouped
from pb_service.platform.clock import Clock
from pb_service.web.languages import language_of

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


async def _find(session: AsyncSession, booth: Booth, code: str) -> dict[str, Any] | None:
    """The envelope of a seal code, if the record holds it."""
    row = await repository.envelope_by_seal(session, booth.polling.log_id, uncrockford(code))
    if row is None or row.index is None:
        return None
    contest = booth.view.contest(row.contest)
    area = contest.title.text if contest and contest.title else ""
    return {"index": row.index, "area": area, "struck": row.is_struck, "seal": row.seal_hash.hex()}


check_router = Router("/{lang:str}/rounds/{slug:str}/vote", route_handlers=[show_check], include_in_schema=False)
