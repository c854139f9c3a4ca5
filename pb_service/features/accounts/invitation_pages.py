"""The page behind an invitation's link: a name, a password, and on to the second factor."""

from typing import Any

from litestar import Request, Response, Router, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.features.accounts import invitations
from pb_service.features.accounts.guards import signed_in, visitor_of
from pb_service.features.accounts.page_parts import new_password, show
from pb_service.features.accounts.passwords import LEAST, Passwords
from pb_service.features.accounts.staff_errors import StaffError
from pb_service.features.accounts.staff_tables import Invitation
from pb_service.features.accounts.vocabulary import duty_in_words, role_in_words
from pb_service.platform.clock import Clock
from pb_service.platform.db import Database
from pb_service.web.forms import Form, parse
from pb_service.web.languages import language_of
from pb_service.web.locales import Language, translations

PageRequest = Request[Any, Any, Any]


@get("/", access="anyone")
async def show_invitation(
    request: PageRequest,
    session: NamedDependency[AsyncSession],
    clock: NamedDependency[Clock],
    lang: FromPath[str],
    secret: FromPath[str],
) -> Response[str]:
    """Show what the invitation is to. Looking does not use it up: mail programs look every link up."""
    language = language_of(lang)
    try:
        invitation = await invitations.find_invitation(session, secret, now=clock())
    except StaffError as error:
        return _ended(request, language, error)
    return _form_page(request, language, invitation, Form.filled(translations(language)))


@post("/", access="anyone")
async def accept_invitation(
    *,
    request: PageRequest,
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
    passwords: NamedDependency[Passwords],
    lang: FromPath[str],
    secret: FromPath[str],
) -> Response[Any]:
    """Accept: the account is made, signed in, and led to its second factor.

    Takes the database rather than a transaction: no connection is held while the password waits to be hashed.
    """
    language, now = language_of(lang), clock()
    words = translations(language)
    try:
        async with database.reading() as session:
            invitation = await invitations.find_invitation(session, secret, now=now)
        form = await parse(request, words)
        name = form.text("name", label=words.gettext("Your name"), most=100)
        password_hash = await new_password(request, form, words, passwords, email=invitation.email, name=name)
        if form.errors:
            return _form_page(request, language, invitation, form)
        async with database.transaction() as session:
            token = await invitations.accept(
                session, secret, name=name, password_hash=password_hash, visitor=visitor_of(request), now=now
            )
    except StaffError as error:
        return _ended(request, language, error)
    return signed_in(request, token, f"/{language}/staff/factors")


def _form_page(request: PageRequest, language: Language, invitation: Invitation, form: Form) -> Response[str]:
    words = translations(language)
    return show(
        request,
        "staff/invitation",
        language,
        form=form,
        invitation=invitation,
        role=role_in_words(invitation.role, words),
        duty=duty_in_words(invitation.role, words),
        least=LEAST,
    )


def _ended(request: PageRequest, language: Language, error: StaffError) -> Response[str]:
    sentence = error.in_words(translations(language))
    return show(request, "staff/invitation_ended", language, status=error.status, sentence=sentence)


invitation_router = Router(
    "/{lang:str}/invitation/{secret:str}",
    route_handlers=[show_invitation, accept_invitation],
    include_in_schema=False,
)
