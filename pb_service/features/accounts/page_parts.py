"""What the pages of residents share: how they are shown, and the fields that stand on several of them."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from litestar import Request, Response
from litestar.di import NamedDependency

from pb_service.features.accounts import service, sessions
from pb_service.features.accounts.emails import EmailRefused, email_key, plain_email
from pb_service.features.accounts.guards import visitor_of
from pb_service.features.accounts.links import Purpose
from pb_service.features.accounts.passwords import LEAST, MOST, Passwords, TooBusy, Weakness, weakness
from pb_service.features.accounts.policy import ANONYMOUS, Actor
from pb_service.features.accounts.service import HoldsRole, WrongPassword
from pb_service.features.accounts.sessions import LIFETIMES
from pb_service.features.accounts.signin import AccountBlocked, Entrance, SignInRefused, TooManyTries
from pb_service.platform.db import Database
from pb_service.platform.errors import DomainError
from pb_service.platform.limits import Limits, Rate
from pb_service.web.formats import Catalogue
from pb_service.web.forms import Form
from pb_service.web.locales import Language
from pb_service.web.render import page

#: Mails that may be asked for from one network, and that may be sent to one address: nobody's box is flooded from here.
ASKED = Rate("mails-asked", most=60, seconds=60 * 60)
SENT = Rate("mails-sent", most=5, seconds=60 * 60)
#: Wrong passwords of who is signed in already: somebody else at an unlocked computer.
CONFIRMED = Rate("password-confirmed", most=10, seconds=15 * 60)


@dataclass(frozen=True)
class IdleWatch:
    """When a session on a shared computer ends, and how long before its reader is warned."""

    seconds: int = int(LIFETIMES["kiosk"][0].total_seconds())
    warn_seconds: int = 60


def show(
    request: Request[Any, Any, Any], template: str, language: Language, *, status: int = 0, **context: Any
) -> Response[str]:
    """Answer with a page of accounts: 422 when its form has errors. No cache keeps it, no other site learns its address
    (it may hold a secret from a mail)."""
    form = context.get("form")
    actor: Actor = request.scope["state"].get("actor", ANONYMOUS)
    answer = page(
        request,
        f"accounts/{template}.html",
        locale=language,
        status_code=status or (422 if form is not None and form.errors else 200),
        done=request.query_params.get("done", ""),
        idle=IdleWatch() if actor.kiosk else None,
        **context,
    )
    answer.headers["cache-control"] = "no-store"
    answer.headers["referrer-policy"] = "same-origin"
    return answer


def email_in(form: Form, words: Catalogue) -> str:
    """Return the address in a form as it is kept; nothing, and an error at the field, when it is none."""
    typed = form.text("email", label=words.gettext("E-mail address"), most=254)
    if not typed:
        return ""
    try:
        return plain_email(typed)
    except EmailRefused:
        form.refuse("email", words.gettext("Write an e-mail address, for example name@example.org"))
        return ""


async def may_ask(
    request: Request[Any, Any, Any], form: Form, words: Catalogue, limits: Limits, email: str, *, purpose: Purpose
) -> bool:
    """Return whether another mail may leave. Too many from one network is said at the field; too many to one address
    is not: the answer stays that of an address that never got one. Each purpose is counted for itself: who has others
    registered in somebody's name must not use up the mails with which that person comes in again."""
    if not await limits.hit(ASKED, visitor_of(request).address_prefix or "-"):
        form.refuse("email", words.gettext("Too many mails were asked for from your network. Try again in an hour"))
        return False
    return await limits.hit(SENT, purpose, hashlib.sha256(email_key(email).encode()).hexdigest())


async def entrance(
    request: Request[Any, Any, Any],
    database: NamedDependency[Database],
    passwords: NamedDependency[Passwords],
    limits: NamedDependency[Limits],
) -> Entrance:
    """The dependency ``entrance`` of the routers of accounts."""
    return Entrance(database, passwords, limits, request.app.state.cookie_keys)


async def new_password(
    request: Request[Any, Any, Any],
    form: Form,
    words: Catalogue,
    passwords: Passwords,
    *,
    email: str,
    name: str = "",
) -> str:
    """Return the hash of the new password in a form; nothing, and an error at the field, when it is too weak.

    ``email`` and ``name`` are whose password it will be.
    """
    password = form.secret("password", label=words.gettext("New password"), most=MOST)
    if not password:
        return ""
    if found := weakness(password, email=email, own=[name, request.app.state.public_host]):
        form.refuse("password", _weak(found, words))
        return ""
    try:
        return await passwords.hash(password)
    except TooBusy as error:
        form.refuse("password", said(error, words))
        return ""


async def confirm(form: Form, words: Catalogue, field: str, entrance: Entrance, actor: Actor, *, now: datetime) -> None:
    """Note an error at the field unless it holds the account's password. Wrong ones are counted for the account.

    An account without a password must have been signed in to just now: whoever finds it open adds no way of their own.
    """
    async with entrance.database.reading() as session:
        if (await service.own_account(session, actor)).password_hash is None:
            assert actor.session_id is not None  # noqa: S101 - own_account
            if not await sessions.began_lately(session, actor.session_id, now=now):
                form.refuse(field, words.gettext("Sign out and sign in again: you did so longer than ten minutes ago"))
            return
    password = form.secret(field, label=words.gettext("Password"), most=MOST)
    if not password:
        return
    try:
        if await entrance.limits.is_spent(CONFIRMED, str(actor.account_id)):
            raise TooManyTries
        await service.confirm_password(entrance.database, entrance.passwords, actor, password)
    except WrongPassword as error:
        await entrance.limits.hit(CONFIRMED, str(actor.account_id))
        form.refuse(field, said(error, words))
    except (TooManyTries, TooBusy) as error:
        form.refuse(field, said(error, words))


def said(error: DomainError, words: Catalogue) -> str:
    """What went wrong, in the reader's language."""
    texts: dict[type[DomainError], str] = {
        SignInRefused: words.gettext("The e-mail address or the password is wrong"),
        AccountBlocked: words.gettext("The account is blocked. The reason given: %(reason)s") % {"reason": str(error)},
        TooManyTries: words.gettext(
            "Too many wrong passwords. Try again in a quarter of an hour, or ask for a new password by mail"
        ),
        TooBusy: words.gettext("Very many people are signing in just now. Try again in a moment"),
        WrongPassword: words.gettext("The password is wrong"),
        HoldsRole: words.gettext("Your account has roles. Ask an administrator to take them back first"),
    }
    return texts[type(error)]


def _weak(found: Weakness, words: Catalogue) -> str:
    match found:
        case "short":
            return words.gettext("The password must have at least %(count)s characters") % {"count": LEAST}
        case "long":
            return words.gettext("The password may have at most %(count)s characters") % {"count": MOST}
        case "own":
            return words.gettext("The password must not be made of your name, your address or the name of the service")
        case "common":
            return words.gettext("This password is among the first that are tried. Several words in a row are better")
