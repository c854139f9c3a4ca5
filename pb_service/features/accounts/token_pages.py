"""Pages of machine tokens for staff, and the address where a machine asks what its token may do."""

from datetime import timedelta
from typing import Annotated, Any, cast
from uuid import UUID

from litestar import Request, Response, Router, get, post
from litestar.connection import ASGIConnection
from litestar.di import NamedDependency, Provide
from litestar.exceptions import NotAuthorizedException
from litestar.handlers import BaseRouteHandler
from litestar.params import FromPath, QueryParameter
from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.features.accounts import policy, tokens
from pb_service.features.accounts.identity_errors import TokenRefused, TokenScopeError
from pb_service.features.accounts.identity_tables import ApiToken
from pb_service.features.accounts.policy import Act, Actor
from pb_service.features.accounts.scopes import ScopeList, Scopes
from pb_service.features.accounts.tokens import GRANTABLE, TokenOrder, TokenSigner
from pb_service.features.accounts.visit import Visit, visit
from pb_service.features.accounts.vocabulary import permission_in_words
from pb_service.web.forms import Form, done, once

Transaction = NamedDependency[AsyncSession]
Asked = NamedDependency[Visit]
Rounds = NamedDependency[ScopeList]

_ALL_ROUNDS = "all"
_CHALLENGE = {"www-authenticate": "Bearer"}


@get("/", access="tokens.manage")
async def show_tokens(session: Transaction, visit: Asked, scope_list: Rounds) -> Response[Any]:
    """The tokens that one has made, or for who manages people everybody's."""
    found = await tokens.shown(session, visit.actor, now=visit.now)
    return visit.page(
        "tokens",
        found=found,
        scopes=Scopes(await scope_list(session)),
        in_force=lambda token: tokens.is_in_force(token, visit.now),
        permission_in_words=lambda act: permission_in_words(act, visit.words),
        section="tokens",
    )


@get("/new", access="tokens.manage", step_up=True)
async def show_form(session: Transaction, visit: Asked, scope_list: Rounds) -> Response[Any]:
    form = Form.filled(visit.words, days="30", once=once())
    return await _form_page(session, visit, scope_list, form)


@post("/new", access="tokens.manage", status_code=200)
async def make_token(transaction: Transaction, visit: Asked, scope_list: Rounds) -> Response[Any]:
    """Make a token and show it, this once: the answer to the post itself, so that no address ever holds it."""
    words, form = visit.words, await visit.form()
    known = {str(scope.id) for scope in await scope_list(transaction)}
    name = form.text("name", label=words.gettext("What the token is for"), most=80)
    acts = form.choices("acts", GRANTABLE, label=words.gettext("What it may do"), least=1)
    rounds = form.choices("rounds", [_ALL_ROUNDS, *known], label=words.gettext("In which rounds"), least=1)
    days = form.whole("days", label=words.gettext("For how many days"), least=1, most=tokens.LONGEST.days)
    token_id = _uuid(form.value("once"))
    if form.errors or token_id is None:
        return await _form_page(transaction, visit, scope_list, form)
    order = TokenOrder(
        id=token_id,
        name=name,
        acts=[cast(Act, act) for act in acts],
        round_ids=None if _ALL_ROUNDS in rounds else [UUID(given) for given in rounds],
        lasts=timedelta(days=days),
    )
    try:
        signer: TokenSigner = visit.request.app.state.token_signer
        text = await tokens.make(transaction, visit.actor, order, signer, now=visit.now)
    except TokenScopeError:
        form.refuse(
            "acts",
            words.gettext("You may not do all of this in these rounds yourself, or this token was made already."),
        )
        return await _form_page(transaction, visit, scope_list, form)
    return visit.page("token_made", name=name, token=text, section="tokens")


@post("/{token_id:uuid}/revoke", access="tokens.manage")
async def revoke_token(transaction: Transaction, visit: Asked, token_id: FromPath[UUID]) -> Response[Any]:
    await tokens.revoke(transaction, visit.actor, token_id, now=visit.now)
    return done(visit.path("tokens"), "revoked")


async def _form_page(session: AsyncSession, visit: Visit, scope_list: ScopeList, form: Form) -> Response[Any]:
    scopes = await scope_list(session)
    named = Scopes(scopes)
    return visit.page(
        "token_form",
        form=form,
        acts=[
            (act, permission_in_words(act, visit.words)) for act in GRANTABLE if policy.may_somewhere(visit.actor, act)
        ],
        rounds=[
            (_ALL_ROUNDS, visit.words.gettext("All rounds, also later ones")),
            *((str(scope.id), named.name(scope.id, visit.language)) for scope in scopes),
        ],
        most_days=tokens.LONGEST.days,
        section="tokens",
    )


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


token_router = Router(
    "/{lang:str}/staff/tokens",
    route_handlers=[show_tokens, show_form, make_token, revoke_token],
    dependencies={"visit": Provide(visit)},
    include_in_schema=False,
)


class TokenInfo(Struct):
    """What a token may do. ``rounds`` is left out when it reaches all of them; ``expires`` is UTC."""

    acts: list[str]
    expires: str
    rounds: list[UUID] | None = None


@get("/api/token", access="token", tags=["tokens"])
async def show_own_token(request: Request[Any, Any, Any]) -> TokenInfo:
    """Say what the token of this request may do, and until when."""
    token: ApiToken = request.scope["state"]["token"]
    return TokenInfo(acts=list(token.acts), expires=token.expires_at.isoformat(), rounds=token.round_ids)


@get("/api/token/may", access="token", tags=["tokens"], status_code=204)
async def ask_permission(
    actor: NamedDependency[Actor],
    act: Annotated[Act, QueryParameter(description="What the program is about to do.")],
    round_id: Annotated[UUID | None, QueryParameter(name="round", description="In which round; none: in all.")] = None,
) -> None:
    """Answer 204 if the token may do that there, else 403: a program can ask before it begins."""
    policy.require(actor, act, round_id=round_id)


bearer_router = Router("/", route_handlers=[show_own_token, ask_permission])


async def token_bearer(connection: ASGIConnection[Any, Any, Any, Any], _handler: BaseRouteHandler) -> Actor:
    """Return who bears the token of a request; guards.py calls this for handlers of programs.

    Raises NotAuthorizedException (401) with the challenge that RFC 6750 asks for.
    """
    scheme, _, text = connection.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not text:
        raise NotAuthorizedException("Give a token: Authorization: Bearer …", headers=_CHALLENGE)
    state = connection.app.state
    try:
        async with state.database.transaction() as session:
            found = await tokens.bearer(session, text.strip(), state.token_signer, now=state.clock())
    except TokenRefused as error:
        raise NotAuthorizedException(str(error), headers={"www-authenticate": 'Bearer error="invalid_token"'}) from None
    connection.scope["state"]["token"] = found.token
    return found.actor
