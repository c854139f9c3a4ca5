"""My page: what an account holder sees and changes: language, mails, password, address, sessions, data, the account."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec
from litestar import Request, Response, Router, get, post
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.features.accounts import access_log, service, sessions
from pb_service.features.accounts.guards import signed_in, signed_out, visitor_of
from pb_service.features.accounts.page_parts import confirm, email_in, entrance, may_ask, new_password, said, show
from pb_service.features.accounts.personal import PersonalData
from pb_service.features.accounts.policy import Actor
from pb_service.features.accounts.service import REFUSABLE, HoldsRole
from pb_service.features.accounts.signin import Entrance
from pb_service.platform import outbox
from pb_service.platform.clock import Clock
from pb_service.web.cookies import read_cookie
from pb_service.web.formats import Reader
from pb_service.web.forms import Form, done, parse
from pb_service.web.languages import language_of
from pb_service.web.locales import LANGUAGES, Language, translations

PageRequest = Request[Any, Any, Any]
Session = NamedDependency[AsyncSession]
Who = NamedDependency[Actor]
Now = NamedDependency[Clock]
#: The time zone of the municipality.
Zone = NamedDependency[str]
Checks = NamedDependency[Entrance]
Parts = NamedDependency[Sequence[PersonalData]]
Lang = FromPath[str]


@get("/", access="signed-in")
async def show_me(request: PageRequest, session: Session, actor: Who, lang: Lang) -> Response[str]:
    language = language_of(lang)
    account = await service.own_account(session, actor)
    refused = await outbox.refusals(session, account.email) if account.email else []
    wanted = [kind for kind in REFUSABLE if kind not in refused]
    form = Form.filled(translations(language), language=account.language, mails=wanted)
    return show(
        request,
        "me",
        language,
        form=form,
        email=account.email or "",
        actor=actor,
        waiting=bool(read_cookie(request, "pb-draft")),
    )


@post("/language", access="signed-in")
async def choose_language(request: PageRequest, transaction: Session, actor: Who, lang: Lang) -> Response[Any]:
    """Set the language of mails, and go on in it."""
    form = await parse(request)
    chosen = form.choice("language", LANGUAGES) or language_of(lang)
    await service.choose_language(transaction, actor, language_of(chosen))
    return done(f"/{chosen}/me", "saved")


@post("/mails", access="signed-in")
async def choose_mails(request: PageRequest, transaction: Session, actor: Who, clock: Now, lang: Lang) -> Response[Any]:
    """Set which kinds of mail are wanted; a kind that the page does not offer is left out."""
    form = await parse(request)
    wanted = [kind for kind in form.values("mails") if kind in REFUSABLE]
    await service.choose_mails(transaction, actor, wanted, now=clock())
    return done(f"/{language_of(lang)}/me", "saved")


@get("/awake", access="signed-in", status_code=204)
async def stay_awake(lang: Lang) -> None:
    """Reaching this keeps the session from ending idle: it is what the warning's button asks for."""
    language_of(lang)


@get("/security", access="signed-in")
async def show_security(
    *, request: PageRequest, session: Session, actor: Who, clock: Now, zone: Zone, lang: Lang
) -> Response[str]:
    language = language_of(lang)
    form = Form.filled(translations(language))
    return await _security(request, session, actor, clock=clock, zone=zone, form=form, language=language)


@post("/password", access="signed-in")
async def change_password(
    *, request: PageRequest, transaction: Session, entrance: Checks, actor: Who, clock: Now, zone: Zone, lang: Lang
) -> Response[Any]:
    """Change the password; sessions elsewhere end."""
    language = language_of(lang)
    words, form = translations(language), await parse(request)
    async with entrance.database.reading() as session:
        account = await service.own_account(session, actor)
    await confirm(form, words, "current", entrance, actor, now=clock())
    password_hash = ""
    if not form.errors:
        password_hash = await new_password(
            request, form, words, entrance.passwords, email=account.email or "", name=account.name or ""
        )
    if form.errors:
        return await _security(request, transaction, actor, clock=clock, zone=zone, form=form, language=language)
    token = await service.change_password(transaction, actor, password_hash, visitor=visitor_of(request), now=clock())
    return signed_in(request, token, f"/{language}/me/security?done=password")


@post("/email", access="signed-in")
async def ask_to_change_email(
    *, request: PageRequest, transaction: Session, entrance: Checks, actor: Who, clock: Now, zone: Zone, lang: Lang
) -> Response[Any]:
    """Have a link sent to the new address and word of it to the old one; nothing changes before the link is used."""
    language = language_of(lang)
    words, form = translations(language), await parse(request)
    email = email_in(form, words)
    await confirm(form, words, "confirm", entrance, actor, now=clock())
    if not form.errors and await may_ask(request, form, words, entrance.limits, email, purpose="change"):
        await service.ask_to_change_email(transaction, actor, email)
    if form.errors:
        return await _security(request, transaction, actor, clock=clock, zone=zone, form=form, language=language)
    return done(f"/{language}/me/security", "sent")


@post("/sessions/{session_id:uuid}/end", access="signed-in")
async def end_session(
    transaction: Session, actor: Who, clock: Now, lang: Lang, session_id: FromPath[UUID]
) -> Response[Any]:
    """End one of the actor's own sessions."""
    await service.end_session(transaction, actor, session_id, now=clock())
    return done(f"/{language_of(lang)}/me/security", "session")


@post("/sessions/end", access="signed-in")
async def end_other_sessions(transaction: Session, actor: Who, clock: Now, lang: Lang) -> Response[Any]:
    """End every session of the actor but this one."""
    await service.end_other_sessions(transaction, actor, now=clock())
    return done(f"/{language_of(lang)}/me/security", "session")


@get("/data", access="signed-in")
async def show_data(request: PageRequest, lang: Lang) -> Response[str]:
    return show(request, "data", language_of(lang))


@post("/data", access="signed-in", status_code=200)
async def download_data(
    *, request: PageRequest, transaction: Session, personal_data: Parts, actor: Who, clock: Now, lang: Lang
) -> Response[bytes]:
    """Everything the service knows of the actor, as one JSON file."""
    language_of(lang)
    content = await service.export(transaction, personal_data, actor, visitor=visitor_of(request), now=clock())
    return Response(
        msgspec.json.format(msgspec.json.encode(content), indent=2),
        media_type="application/json",
        headers={"content-disposition": 'attachment; filename="my-data.json"'},
    )


@get("/delete", access="signed-in")
async def show_delete(
    request: PageRequest, session: Session, personal_data: Parts, actor: Who, lang: Lang
) -> Response[str]:
    """Say what goes and what stays, and ask for the password."""
    language = language_of(lang)
    return await _delete(
        request, session, actor, parts=personal_data, form=Form.filled(translations(language)), language=language
    )


@post("/delete", access="signed-in")
async def delete_account(
    *,
    request: PageRequest,
    transaction: Session,
    entrance: Checks,
    personal_data: Parts,
    actor: Who,
    clock: Now,
    lang: Lang,
) -> Response[Any]:
    """Delete the account at once."""
    language = language_of(lang)
    words, form = translations(language), await parse(request)
    await confirm(form, words, "current", entrance, actor, now=clock())
    if not form.checked("sure"):
        form.refuse("sure", words.gettext("Tick the box if you are sure"))
    if not form.errors:
        try:
            await service.delete_account(transaction, personal_data, actor, visitor=visitor_of(request), now=clock())
            return signed_out(request, f"/{language}/signed-out?why=deleted")
        except HoldsRole as error:
            form.refuse("sure", said(error, words))
    return await _delete(request, transaction, actor, parts=personal_data, form=form, language=language)


async def _security(
    request: PageRequest,
    session: AsyncSession,
    actor: Actor,
    *,
    clock: Clock,
    zone: str,
    form: Form,
    language: Language,
) -> Response[str]:
    account = await service.own_account(session, actor)
    return show(
        request,
        "security",
        language,
        form=form,
        email=account.email or "",
        has_password=account.password_hash is not None,
        sessions=await sessions.sessions_of(session, account.id, now=clock()),
        lines=await access_log.lines_of(session, account.id, most=20),
        actor=actor,
        words=Reader(language, translations(language), zone=zone),
        zone=zone,
    )


async def _delete(
    request: PageRequest,
    session: AsyncSession,
    actor: Actor,
    *,
    parts: Sequence[PersonalData],
    form: Form,
    language: Language,
) -> Response[str]:
    account = await service.own_account(session, actor)
    return show(
        request,
        "delete",
        language,
        form=form,
        stays=[sentence for part in parts for sentence in part.stays(translations(language))],
        email=account.email or "",
        has_password=account.password_hash is not None,
    )


me_router = Router(
    "/{lang:str}/me",
    include_in_schema=False,
    dependencies={"entrance": Provide(entrance)},
    route_handlers=[
        show_me,
        choose_language,
        choose_mails,
        stay_awake,
        show_security,
        change_password,
        ask_to_change_email,
        end_session,
        end_other_sessions,
        show_data,
        download_data,
        show_delete,
        delete_account,
    ],
)
