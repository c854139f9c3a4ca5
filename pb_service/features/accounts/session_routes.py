"""Where a program in somebody's own browser asks who is signed in, and gets the token for what it wants to write."""

from typing import Any

from litestar import Request, Router, get
from litestar.di import NamedDependency
from msgspec import Struct

from pb_service.features.accounts.policy import Actor
from pb_service.web.csrf import HEADER, CsrfToken


class SessionTold(Struct):
    """Who is signed in. ``csrf`` goes into the header ``X-CSRF-Token`` of every request that writes.

    ``roles`` are those of staff; ``second_factor`` says whether they can be used in this session.
    """

    csrf: str
    roles: list[str]
    second_factor: bool


@get(
    "/session",
    summary="Who is signed in, and the token for writing",
    description=f"For requests with the cookie of a session, which begins on the pages. Every POST, PUT and DELETE "
    f"then needs the header {HEADER.title()} with `csrf`, and an Origin of this service. Programs of the municipality "
    "bear a token instead (Authorization: Bearer) and need neither.",
    access="signed-in",
    without_factor=True,
)
async def show_session(request: Request[Any, Any, Any], actor: NamedDependency[Actor]) -> SessionTold:
    roles = sorted({grant.role for grant in actor.grants})
    return SessionTold(csrf=str(CsrfToken(request)), roles=list(roles), second_factor=actor.second_factor)


session_api = Router("/api/v1", route_handlers=[show_session], tags=["session"])
