"""Pictures and PDFs of published proposals, for everybody."""

from uuid import UUID

from litestar import Response, Router, get
from litestar.di import NamedDependency
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.core.proposals.states import is_public
from pb_service.features.proposals import repository
from pb_service.features.proposals.errors import ProposalNotFound
from pb_service.features.rounds.finding import published_round
from pb_service.platform.files import FileStore, download_headers
from pb_service.web.languages import language_of


@get("/{number:int}/files/{file_id:uuid}", access="anyone")
async def show_file(
    *,
    session: NamedDependency[AsyncSession],
    files: NamedDependency[FileStore],
    lang: FromPath[str],
    slug: FromPath[str],
    number: FromPath[int],
    file_id: FromPath[UUID],
) -> Response[bytes]:
    """A file of a proposal that everybody may read; its content never changes under this address."""
    language_of(lang)
    found = await published_round(session, slug, whole=False)
    proposal = await repository.by_number(session, found.id, number)
    is_shown = proposal is not None and is_public(proposal.state, proposal.published_at is not None)
    if proposal is None or not is_shown or all(file.file_id != file_id for file in proposal.files):
        raise ProposalNotFound("There is no such file.")
    row, body = await files.open(session, file_id)
    headers = {**download_headers(row), "cache-control": "public, max-age=3600"}
    return Response(body, media_type=row.media_type, headers=headers)


file_router = Router("/{lang:str}/rounds/{slug:str}/proposals", route_handlers=[show_file], include_in_schema=False)
