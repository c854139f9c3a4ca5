"""The pictures of the projects on a ballot, by the hash under which the ballot list names them."""

from litestar import Response, Router, get
from litestar.di import NamedDependency
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.features.voting import repository
from pb_service.features.voting.polling import Pollings
from pb_service.platform.files import FileMissing, FileStore, download_headers
from pb_service.web.languages import language_of


@get("/pictures/{sha256:str}", access="anyone")
async def show_picture(
    *,
    session: NamedDependency[AsyncSession],
    pollings: NamedDependency[Pollings],
    files: NamedDependency[FileStore],
    lang: FromPath[str],
    slug: FromPath[str],
    sha256: FromPath[str],
) -> Response[bytes]:
    """A picture that the ballot list names; its content never changes under this address."""
    language_of(lang)
    contests = (await pollings.find(session, slug)).ballot_list["contests"]
    listed = {project.get("picture") for contest in contests for project in contest["projects"]}
    file_id = await repository.picture_by_hash(session, bytes.fromhex(sha256)) if sha256 in listed else None
    if file_id is None:
        raise FileMissing("There is no such picture on the ballot.")
    row, body = await files.open(session, file_id)
    headers = {**download_headers(row), "cache-control": "public, max-age=31536000, immutable"}
    return Response(body, media_type=row.media_type, headers=headers)


picture_router = Router("/{lang:str}/rounds/{slug:str}/vote", route_handlers=[show_picture], include_in_schema=False)
