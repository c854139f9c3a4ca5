"""The registrar's page of an open vote's roll: people added late, signed by two, and people taken off by a notice."""

from functools import partial
from typing import Any, cast
from uuid import UUID

from litestar import Response, Router, get, post
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.core.record.canonical import b64u, encode
from pb_service.features.accounts.frame import staff_page
from pb_service.features.accounts.policy import Actor, may
from pb_service.features.accounts.signing import take_signature
from pb_service.features.accounts.signing_keys import own_keys
from pb_service.features.accounts.two_people import SIGNERS, Signer
from pb_service.features.assessment.page_parts import (
    Keys,
    Now,
    PageRequest,
    Session,
    Who,
    frame_context,
    lang_of,
    reason_of,
    refuse_languages,
)
from pb_service.features.opening.drafting import granted_keys
from pb_service.features.proposals.errors import ReasonMissing
from pb_service.features.roll.corrections import Addition
from pb_service.features.roll.errors import RollRefused
from pb_service.features.roll.standing import entitlement
from pb_service.features.roll.vocabulary import group_in_words, refusal_in_words
from pb_service.features.rounds.finding import find_round
from pb_service.features.voting import roll_changes
from pb_service.web.formats import Reader
from pb_service.web.forms import Form, done, parse
from pb_service.web.locales import LANGUAGES, translations


@get("/changes", access="rounds.preview")
async def show_changes(request: PageRequest, session: Session, actor: Who) -> Response[str]:
    """Who was added late, by alias alone, who is still to sign, and the forms."""
    return await _page(request, session, actor, Form.filled(translations(lang_of(request))))


@post("/changes/add", access="roll.edit")
async def add(request: PageRequest, transaction: Session, actor: Who, clock: Now, keys: Keys) -> Response[Any]:
    """Ask for a late addition."""
    words, form = translations(lang_of(request)), await parse(request)
    typed = form.text("person", label=words.gettext("Person id"), most=100)
    reason = reason_of(form, "reason")
    language = next((code for code in LANGUAGES if code == form.value("language")), None)
    found = await find_round(transaction, request.path_params["slug"], for_update=True)
    if not form.errors:
        try:
            async with transaction.begin_nested():
                wanted = Addition(typed, form.value("district") or None, language)
                await roll_changes.ask_late(transaction, actor, found, wanted, reason, keys=keys, now=clock())
        except ReasonMissing as lacking:
            refuse_languages(form, "reason", lacking.languages, lang_of(request))
        except RollRefused as error:
            form.refuse("person", refusal_in_words(error.code, words))
        else:
            return done(_here(request), "asked")
    return await _page(request, transaction, actor, form.without("person"), status=422)


@post("/changes/remove", access="roll.edit")
async def remove(request: PageRequest, transaction: Session, actor: Who, clock: Now, keys: Keys) -> Response[Any]:
    """Take somebody off by a notice."""
    words, form = translations(lang_of(request)), await parse(request)
    typed = form.text("leaving", label=words.gettext("Person id"), most=100)
    reason = reason_of(form, "why")
    found = await find_round(transaction, request.path_params["slug"], for_update=True)
    if not form.errors:
        try:
            async with transaction.begin_nested():
                standing = await roll_changes.remove(
                    transaction,
                    actor,
                    found,
                    typed,
                    reason,
                    keys=keys,
                    operator=keys.ed25519("op"),
                    now=clock(),
                )
        except ReasonMissing as lacking:
            refuse_languages(form, "why", lacking.languages, lang_of(request))
        except RollRefused as error:
            form.refuse("leaving", refusal_in_words(error.code, words))
        else:
            return done(_here(request), "removed", **({"entries": ",".join(map(str, standing))} if standing else {}))
    return await _page(request, transaction, actor, form.without("leaving"), status=422)


@post("/changes/{change_id:uuid}/sign", access="vote.confirm")
async def sign(
    *, request: PageRequest, transaction: Session, actor: Who, clock: Now, change_id: FromPath[UUID]
) -> Response[Any]:
    """Take a signature; with the second one the addition is logged."""
    words, form = translations(lang_of(request)), await parse(request)
    role = form.choice("role", SIGNERS, label=words.gettext("Role"))
    found = await find_round(transaction, request.path_params["slug"], for_update=True)
    by = partial(roll_changes.sign, transaction, actor, found, change_id, cast(Signer, role), now=clock())
    is_logged = await take_signature(form, words, transaction, by, refusal_in_words)
    if is_logged is None:
        return await _page(request, transaction, actor, form, status=409)
    return done(_here(request), "logged" if is_logged else "signed")


@post("/changes/{change_id:uuid}/drop", access="roll.edit")
async def drop(
    *, request: PageRequest, transaction: Session, actor: Who, clock: Now, change_id: FromPath[UUID]
) -> Response[Any]:
    """Let go of an addition that was not logged."""
    found = await find_round(transaction, request.path_params["slug"], for_update=True)
    await roll_changes.drop(transaction, actor, found, change_id, now=clock())
    return done(_here(request), "dropped")


async def _page(
    request: PageRequest, session: AsyncSession, actor: Actor, form: Form, *, status: int = 200
) -> Response[str]:
    language = lang_of(request)
    found = await find_round(session, request.path_params["slug"])
    context = await frame_context(session, found, language)
    words: Reader = context["words"]
    rule = await entitlement(session, found)
    granted = await granted_keys(session, found) if found.log_id else []
    own: dict[str, list[str]] = {role: own_keys(granted, actor, role) for role in SIGNERS}
    listed = []
    for waiting in await roll_changes.changes(session, found):
        signed = {one.role for one in waiting.signed}
        mine = next((role for role in SIGNERS if own[role] and role not in signed), "")
        is_open = waiting.change.logged_at is None and waiting.change.dropped_at is None
        listed.append(
            {
                "change": waiting.change,
                "signed": signed,
                "mine": mine if is_open else "",
                "usable": " ".join(own.get(mine, ())),
                "entry": encode(waiting.entry).decode(),
                "alias": b64u(waiting.change.alias),
                "is_open": is_open,
            }
        )
    return staff_page(
        request,
        "voting/roll_changes.html",
        locale=language,
        status_code=status,
        form=form,
        listed=listed,
        account=actor.account_id,
        edits=may(actor, "roll.edit", round_id=found.id),
        is_rolled=any(group.rolled for group in rule.groups),
        home=any(group.home for group in rule.groups),
        groups_named={group.id: group_in_words(group, context["places"], words) for group in rule.groups},
        languages=[("", words.gettext("Not known")), *((code, context["in_words"][code]) for code in LANGUAGES)],
        standing=_numbers(request.query_params.get("entries", "")),
        **{**context, "section": "rounds"},
    )


def _numbers(text: str) -> list[int]:
    """Places in the record, as the address of the page names them."""
    return [int(part) for part in text.split(",")[:20] if part.isdecimal() and len(part) < 12]


def _here(request: PageRequest) -> str:
    return f"/{lang_of(request)}/staff/rounds/{request.path_params['slug']}/roll/changes"


roll_changes_router = Router(
    "/{lang:str}/staff/rounds/{slug:str}/roll",
    route_handlers=[show_changes, add, remove, sign, drop],
    include_in_schema=False,
)
