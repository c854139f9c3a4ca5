"""The page of a round's trustees: what each has done, what is due, what was refused; and how one of them hands in."""

import asyncio
from functools import partial
from typing import Any
from uuid import UUID

from litestar import Response, Router, get, post
from litestar.di import NamedDependency
from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.core.record import checkpoint
from pb_service.core.record.canonical import encode
from pb_service.core.record.forms import ABANDON_REASONS
from pb_service.core.record.signatures import public_bytes
from pb_service.core.rounds.setup import Setup
from pb_service.features.accounts import staff_repository as staff
from pb_service.features.accounts.frame import staff_page
from pb_service.features.accounts.policy import Actor, Role, may
from pb_service.features.accounts.signing import take_signature
from pb_service.features.accounts.signing_keys import own_keys
from pb_service.features.assessment import repository as assessment
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
from pb_service.features.counting import errands
from pb_service.features.counting import trustees as holding
from pb_service.features.counting.errors import AnswerRefused
from pb_service.features.counting.sealed import Surroundings
from pb_service.features.counting.trustee_words import doing_in_words, done_in_words, refusal_in_words, why_in_words
from pb_service.features.opening import trustees as opening
from pb_service.features.opening.drafting import granted_keys
from pb_service.features.opening.errors import OpeningRefused
from pb_service.features.opening.service import trustee_names
from pb_service.features.opening.state import state_of
from pb_service.features.opening.vocabulary import mode_in_words
from pb_service.features.proposals.errors import ReasonMissing
from pb_service.features.record import service as record
from pb_service.features.record.store import TileStore
from pb_service.features.rounds.finding import find_round
from pb_service.features.rounds.setups import setup_of
from pb_service.features.rounds.tables import Round
from pb_service.web.formats import text_in
from pb_service.web.forms import Form, done, parse
from pb_service.web.locales import translations

Tiles = NamedDependency[TileStore]
_TRUSTEE: tuple[Role, ...] = ("trustee",)


@get("/trustees", access="rounds.preview")
async def show_trustees(request: PageRequest, session: Session, actor: Who, keys: Keys) -> Response[str]:
    """Who holds the key, how far it is, and what the reader can do."""
    return await _page(request, session, actor, keys, Form.filled(translations(lang_of(request))))


@post("/trustees/seat", access="vote.prepare")
async def set_seat(request: PageRequest, transaction: Session, actor: Who, clock: Now, keys: Keys) -> Response[Any]:
    """Say who a trustee is."""
    form = await parse(request)
    number = form.whole("number", least=1, most=15)
    found = await find_round(transaction, request.path_params["slug"], for_update=True, whole=False)
    account, names = form.value("person"), trustee_names(await setup_of(transaction, found))
    try:
        account_id = UUID(account) if account else None
        if not form.errors:
            people = frozenset(account_id for account_id, _ in await _people(transaction, found))
            await opening.set_seat(
                transaction, actor, found, number, account_id, count=len(names), trustees=people, now=clock()
            )
            return done(_here(request), "seated")
    except (OpeningRefused, ValueError) as error:
        code = error.code if isinstance(error, OpeningRefused) else "seat"
        form.refuse("person", refusal_in_words(code, translations(lang_of(request))))
    return await _page(request, transaction, actor, keys, form, status=409)


@post("/trustees/key", access="keys.enrol")
async def give_key(request: PageRequest, transaction: Session, actor: Who, clock: Now, keys: Keys) -> Response[Any]:
    """Take the key that the trustee's tool showed."""
    form = await parse(request)
    found = await find_round(transaction, request.path_params["slug"], for_update=True, whole=False)
    try:
        await opening.give_key(transaction, actor, found, form.value("public_key"), now=clock())
    except OpeningRefused as error:
        form.refuse("public_key", refusal_in_words(error.code, translations(lang_of(request))))
        return await _page(request, transaction, actor, keys, form, status=409)
    return done(_here(request), "keyed")


@get("/trustees/errand.zip", access="trustee.serve")
async def download_errand(request: PageRequest, session: Session, actor: Who, tile_store: Tiles) -> Response[bytes]:
    """The record and what is due of it, for the tool of one trustee."""
    found = await find_round(session, request.path_params["slug"], whole=False)
    await opening.own_seat(session, actor, found)
    body = await errands.errand_file(session, found, tile_store)
    size = checkpoint.parse(tile_store.read(found.slug, "checkpoint") or b"").size
    name = f"{found.slug}-{size}.zip"
    headers = {"content-disposition": f'attachment; filename="{name}"', "cache-control": "no-store"}
    return Response(body, media_type="application/zip", headers=headers)


@post("/trustees/answer", access="trustee.serve", request_max_body_size=errands.MOST_BYTES + 1_000_000)
async def take_answer(
    request: PageRequest, session: Session, actor: Who, keys: Keys, service: NamedDependency[Any]
) -> Response[Any]:
    """Take what a trustee's tool wrote; what does not hold is shown with its reason, and nothing of it is logged."""
    words, form = translations(lang_of(request)), await parse(request)
    slug, upload = request.path_params["slug"], form.upload("answer", required=False, most=errands.MOST_BYTES)
    if upload is None:
        form.refuse("answer", words.gettext("Choose the file that the tool wrote"))
        return await _page(request, session, actor, keys, form, status=422)
    try:
        surroundings: Surroundings = service
        answer = await asyncio.to_thread(errands.read_answer, upload.body)
        _, refused = await holding.take_answer(surroundings, actor, slug, answer)
    except (AnswerRefused, OpeningRefused) as error:
        form.refuse("answer", refusal_in_words(error.code, words))
    else:
        if not refused:
            return done(_here(request), "taken")
        for why in refused:
            form.refuse("answer", words.gettext("Refused: %(why)s") % {"why": why})
    async with service.database.reading() as fresh:  # what was taken or refused meanwhile is to be seen
        return await _page(request, fresh, actor, keys, form, status=409)


@post("/trustees/abandon", access="vote.confirm")
async def abandon(request: PageRequest, transaction: Session, actor: Who, clock: Now, keys: Keys) -> Response[Any]:
    """Give up a ceremony that has stalled, by its registrar's signature."""
    words, form = translations(lang_of(request)), await parse(request)
    why = form.choice("why", ABANDON_REASONS, label=words.gettext("Reason"))
    found = await find_round(transaction, request.path_params["slug"], for_update=True, whole=False)
    sign = partial(opening.abandon, transaction, actor, found, why, now=clock())
    if not await take_signature(form, words, transaction, sign, refusal_in_words, name="why"):
        return await _page(request, transaction, actor, keys, form, status=409)
    return done(_here(request), "abandoned")


@post("/trustees/lost", access="counts.close")
async def set_lost(request: PageRequest, transaction: Session, actor: Who, clock: Now, keys: Keys) -> Response[Any]:
    """Let the count go on without a trustee, or with her again, for a published reason."""
    language = lang_of(request)
    words, form = translations(language), await parse(request)
    number = form.whole("number", least=1, most=15)
    found = await find_round(transaction, request.path_params["slug"], for_update=True, whole=False)
    if not form.errors:
        try:
            async with transaction.begin_nested():
                reason, is_lost = reason_of(form, "reason"), form.value("lost") == "yes"
                await holding.set_lost(
                    transaction, actor, found, number, reason, keys=keys, is_lost=is_lost, now=clock()
                )
        except ReasonMissing as error:
            refuse_languages(form, "reason", error.languages, language)
        except AnswerRefused as error:
            form.refuse("number", refusal_in_words(error.code, words))
        else:
            return done(_here(request), "lost" if is_lost else "back")
    return await _page(request, transaction, actor, keys, form, status=409)


async def _page(
    request: PageRequest, session: AsyncSession, actor: Actor, keys: Any, form: Form, *, status: int = 200
) -> Response[str]:
    language = lang_of(request)
    found = await find_round(session, request.path_params["slug"])
    context = await frame_context(session, found, language)
    setup: Setup = context["setup"]
    words = context["words"]
    state = await holding.trustees_of(session, actor, found, setup, keys)
    prepares = may(actor, "vote.prepare", round_id=found.id)
    log_key = public_bytes(keys.ed25519("log"))
    chosen = request.query_params.get("why", "")
    entry, usable = "", ""
    if state.is_under_way and chosen in ABANDON_REASONS and may(actor, "vote.confirm", round_id=found.id):
        election = (await state_of(session, found.log)).election
        entry = encode(opening.to_abandon(election, chosen)).decode()
        usable = " ".join(own_keys(await granted_keys(session, found), actor, "registrar"))
    return staff_page(
        request,
        "counting/trustees.html",
        locale=language,
        status_code=status,
        form=form,
        state=state,
        mode=mode_in_words(setup.trustees.mode if setup.trustees.mode != "open" else "self", words),
        is_apart=setup.trustees.mode not in {"self", "open"},
        quorum=min(max(setup.trustees.threshold, 2), max(len(state.holders), 2)),
        doing=lambda kind: doing_in_words(kind, words),
        did=lambda step: done_in_words(step.kind, words),
        contest_title=lambda key: _title(found, key, words.language),
        people=[(str(account_id), name) for account_id, name in await _people(session, found)] if prepares else [],
        prepares=prepares,
        closes=may(actor, "counts.close", round_id=found.id),
        abandons=may(actor, "vote.confirm", round_id=found.id),
        whys=[(why, why_in_words(why, words)) for why in ABANDON_REASONS],
        chosen=chosen,
        entry=entry,
        usable=usable,
        account=actor.account_id,
        vkey=checkpoint.vkey(await record.origin_of(session, found.log), log_key) if found.log_id else "",
        witnesses=_witnesses(await _manifest_witnesses(session, found, state)),
        languages=context["required_languages"],
        **{**context, "section": "rounds"},
    )


def _witnesses(known: tuple[int, list[str]]) -> list[str]:
    """The options that make the tool ask for witnesses' signatures."""
    quorum, vkeys = known
    return [*(f"--witness '{vkey}'" for vkey in vkeys), *([f"--quorum {quorum}"] if quorum else [])]


async def _manifest_witnesses(session: AsyncSession, found: Round, state: holding.Trustees) -> tuple[int, list[str]]:
    if not state.has_manifest:
        return 0, []
    election = (await state_of(session, found.log)).election
    if election.manifest is None:
        return 0, []
    asked = election.manifest.document["wit"]
    return asked["k"], list(asked["vkeys"])


async def _people(session: AsyncSession, found: Round) -> list[tuple[UUID, str]]:
    """Who has the role trustee in a round, with their names."""
    holders = {
        grant.account_id for grant in await assessment.holders(session, _TRUSTEE) if grant.round_id in (None, found.id)
    }
    names = await staff.names_of(session, sorted(holders))
    return sorted(names.items(), key=lambda pair: (pair[1], pair[0]))


def _title(found: Round, key: str, language: str) -> str:
    for contest in found.contests:
        if contest.key == key:
            return text_in(contest.title, language)[1]
    return key


def _here(request: PageRequest) -> str:
    return f"/{lang_of(request)}/staff/rounds/{request.path_params['slug']}/trustees"


trustees_router = Router(
    "/{lang:str}/staff/rounds/{slug:str}",
    route_handlers=[show_trustees, set_seat, give_key, download_errand, take_answer, abandon, set_lost],
    include_in_schema=False,
)
