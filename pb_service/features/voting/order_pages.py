"""Staff's pages of a running vote: what several people sign together (strikes, more time, keys), incidents, reviews.

Whoever begins a step says what and why; the page of the step shows who has signed and who is missing, and lets each of
them sign exactly what is shown. With the last signature it stands in the record.
"""

import datetime as dt
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from litestar import Response, Router, get, post
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.core.record.canonical import b64u, encode, unb64u
from pb_service.core.record.signatures import fingerprint
from pb_service.core.rounds.fingerprint import uncrockford
from pb_service.core.rounds.setup import Setup
from pb_service.core.sealing.election import Election
from pb_service.features.accounts import staff_repository
from pb_service.features.accounts.frame import staff_page
from pb_service.features.accounts.policy import Actor, Role, may
from pb_service.features.accounts.signing import take_signature
from pb_service.features.accounts.signing_keys import own_keys
from pb_service.features.accounts.vocabulary import role_in_words
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
from pb_service.features.opening.state import state_of
from pb_service.features.proposals.errors import ReasonMissing
from pb_service.features.proposals.reading import Spoken, spoken_of
from pb_service.features.rounds.finding import find_round
from pb_service.features.rounds.tables import Round
from pb_service.features.voting import order_repository, orders, repository, reviews
from pb_service.features.voting.orders import REASONS, OrderRefused, Waiting
from pb_service.features.voting.reviews import ReviewRefused
from pb_service.features.voting.tables import OrderSignature, VoteOrder
from pb_service.web.formats import Catalogue, Reader
from pb_service.web.forms import Form, done, parse
from pb_service.web.locales import translations

_SEAL_SYMBOLS = 16
_LOOKALIKE = str.maketrans("OIL", "011", "- ")

#: Begins a step with a reason by language.
Ask = Callable[[Mapping[str, str]], Awaitable[VoteOrder]]


@dataclass(frozen=True)
class SignedLine:
    """A signature under a step: in which role, by whose key, and when."""

    role: str
    key: str
    name: str
    at: dt.datetime


@dataclass(frozen=True)
class OrderLine:
    """A step in words. ``state``: waiting, logged or dropped."""

    id: UUID
    kind: str
    title: str
    about: tuple[tuple[str, str], ...]
    reason: Spoken | None
    asked_at: dt.datetime
    asked_by: str
    signed: tuple[SignedLine, ...]
    missing: tuple[str, ...]
    state: str
    ended_at: dt.datetime | None


@get("/vote-steps", access="rounds.preview")
async def show_orders(request: PageRequest, session: Session, actor: Who) -> Response[str]:
    """Every step of the vote that people sign, newest first, and what can be begun."""
    return await _page(request, session, actor, Form.filled(translations(lang_of(request))))


@post("/vote-steps/strike", access="vote.strike")
async def strike(request: PageRequest, transaction: Session, actor: Who, clock: Now) -> Response[Any]:
    """Ask for an entry to count no more."""
    words, form = translations(lang_of(request)), await parse(request)
    found = await find_round(transaction, request.path_params["slug"], for_update=True)
    which = form.text("which", label=words.gettext("Which entry"), most=40)
    why = form.choice("why", REASONS, label=words.gettext("Reason for the record"))
    index = await _index_of(transaction, found, which) if which else None
    if which and index is None:
        form.refuse("which", words.gettext("There is no ballot with this number or seal code in the record."))
    return await _begin(
        request,
        transaction,
        actor,
        form,
        "which",
        ask=lambda reason: orders.ask_strike(
            transaction, actor, found, index or 0, why=why, reason=reason, now=clock()
        ),
    )


@post("/vote-steps/extend", access="vote.prepare")
async def extend(request: PageRequest, transaction: Session, actor: Who, clock: Now) -> Response[Any]:
    """Ask for a later end of the vote."""
    words, form = translations(lang_of(request)), await parse(request)
    found = await find_round(transaction, request.path_params["slug"], for_update=True)
    setup: Setup = (await frame_context(transaction, found, lang_of(request)))["setup"]
    day = form.date("day", label=words.gettext("New last day"))
    time = form.time("time", label=words.gettext("Time"))
    until = dt.datetime.combine(day, time, ZoneInfo(setup.dates.time_zone))
    return await _begin(
        request,
        transaction,
        actor,
        form,
        "day",
        ask=lambda reason: orders.ask_extend(transaction, actor, found, until, reason, now=clock()),
    )


@post("/vote-steps/key", access="vote.prepare")
async def change_key(request: PageRequest, transaction: Session, actor: Who, clock: Now) -> Response[Any]:
    """Ask for a key to be known to the record from now on, or to sign no more."""
    words, form = translations(lang_of(request)), await parse(request)
    found = await find_round(transaction, request.path_params["slug"], for_update=True)
    election = (await state_of(transaction, found.log)).election
    offered = [value for value, _ in await _key_choices(transaction, found, election, words)]
    chosen = form.choice("which_key", offered, label=words.gettext("Key"))
    what, _, name = chosen.partition(" ")

    async def ask(reason: Mapping[str, str]) -> VoteOrder:
        if what == "add":
            return await orders.ask_key(transaction, actor, found, unb64u(name, 32), reason=reason, now=clock())
        return await orders.take_off_key(transaction, actor, found, name, reason=reason, now=clock())

    return await _begin(request, transaction, actor, form, "which_key", ask=ask)


@post("/vote-steps/incident", access="vote.prepare")
async def incident(request: PageRequest, transaction: Session, actor: Who, clock: Now, keys: Keys) -> Response[Any]:
    """Say in the record that something went wrong."""
    words, form = translations(lang_of(request)), await parse(request)
    found = await find_round(transaction, request.path_params["slug"], for_update=True)
    texts = reason_of(form, "incident")
    if not form.errors:
        try:
            async with transaction.begin_nested():
                key = keys.ed25519("op")
                await orders.note_incident(transaction, actor, found, texts, operator=key, now=clock())
        except ReasonMissing as error:
            refuse_languages(form, "incident", error.languages, lang_of(request))
        except OrderRefused as error:
            form.refuse("incident_fi", refusal_in_words(error.code, words))
        else:
            return done(_here(request), "noted")
    return await _page(request, transaction, actor, form, status=409)


@get("/vote-steps/{order_id:uuid}", access="rounds.preview")
async def show_order(request: PageRequest, session: Session, actor: Who, order_id: FromPath[UUID]) -> Response[str]:
    """One step: what is signed, who has signed, and who is missing."""
    return await _order_page(request, session, actor, order_id, Form.filled(translations(lang_of(request))))


@post("/vote-steps/{order_id:uuid}/sign", access="keys.enrol")
async def sign_order(
    *, request: PageRequest, transaction: Session, actor: Who, clock: Now, keys: Keys, order_id: FromPath[UUID]
) -> Response[Any]:
    """Take a signature; with the last one the step is logged."""
    words, form = translations(lang_of(request)), await parse(request)
    found = await find_round(transaction, request.path_params["slug"], for_update=True)
    role = form.choice("role", ("desk", "registrar", "auditor"), label=words.gettext("Role"))
    sign = partial(orders.sign, transaction, actor, found, order_id, _role(role), kinds=orders.STEPS)
    by = partial(sign, operator=keys.ed25519("op"), now=clock())
    is_logged = await take_signature(form, words, transaction, by, refusal_in_words)
    if is_logged is None:
        return await _order_page(request, transaction, actor, order_id, form, status=409)
    return done(f"{_here(request)}/{order_id}", "logged" if is_logged else "signed")


@post("/vote-steps/{order_id:uuid}/drop", access="staff.enter")
async def drop_order(
    request: PageRequest, transaction: Session, actor: Who, clock: Now, order_id: FromPath[UUID]
) -> Response[Any]:
    """Let go of a step that was not logged."""
    words, form = translations(lang_of(request)), await parse(request)
    found = await find_round(transaction, request.path_params["slug"], for_update=True)
    try:
        await orders.drop(transaction, actor, found, order_id, now=clock())
    except OrderRefused as error:
        form.refuse("sign", refusal_in_words(error.code, words))
        return await _order_page(request, transaction, actor, order_id, form, status=409)
    return done(_here(request), "dropped")


@post("/vote-steps/reviews/{index:int}", access="vote.prepare")
async def answer_review(
    request: PageRequest, transaction: Session, actor: Who, clock: Now, index: FromPath[int]
) -> Response[Any]:
    """Answer a voter who asked for a second look at a strike."""
    words, form = translations(lang_of(request)), await parse(request)
    found = await find_round(transaction, request.path_params["slug"], for_update=True)
    name = f"answer-{index}"
    text = form.text(name, label=words.gettext("Answer"), most=reviews.MOST_TEXT, lines=True)
    if not form.errors:
        try:
            await reviews.answer(transaction, actor, found, index, text, now=clock())
        except ReviewRefused as error:
            form.refuse(
                name,
                words.gettext("Somebody answers who has not signed the strike.")
                if error.code == "same_hand"
                else words.gettext("This is answered already."),
            )
        else:
            return done(_here(request), "answered")
    return await _page(request, transaction, actor, form, status=409)


async def usable_keys(session: AsyncSession, found: Round, actor: Actor, election: Election, role: str) -> list[str]:
    """Return the public halves of the actor's keys that the record knows in a role."""
    known = {b64u(public) for kind, public in election.keys.values() if kind == role}
    return [key for key in own_keys(await granted_keys(session, found), actor, role) if key in known]


async def _begin(
    request: PageRequest, session: AsyncSession, actor: Actor, form: Form, name: str, *, ask: Ask
) -> Response[Any]:
    words = translations(lang_of(request))
    reason = reason_of(form, f"{name}_reason")
    if not form.errors:
        try:
            async with session.begin_nested():
                order = await ask(reason)
        except ReasonMissing as error:
            refuse_languages(form, f"{name}_reason", error.languages, lang_of(request))
        except OrderRefused as error:
            form.refuse(name, refusal_in_words(error.code, words))
        else:
            return done(f"{_here(request)}/{order.id}", "begun")
    return await _page(request, session, actor, form, status=409)


async def _page(
    request: PageRequest, session: AsyncSession, actor: Actor, form: Form, *, status: int = 200
) -> Response[str]:
    language = lang_of(request)
    found = await find_round(session, request.path_params["slug"])
    context = await frame_context(session, found, language)
    words: Reader = context["words"]
    election = (await state_of(session, found.log)).election
    lines = [await _line(session, found, waiting, words) for waiting in await orders.orders(session, found)]
    is_running = election.opened and not election.counting
    struck = await reviews.strikes_of(session, found)
    return staff_page(
        request,
        "voting/orders.html",
        locale=language,
        status_code=status,
        form=form,
        lines=lines,
        is_running=is_running,
        is_open=is_running and election.closed_at is None,
        has_vote=election.manifest is not None,
        closes=election.closes,
        may_strike=may(actor, "vote.strike", round_id=found.id),
        may_prepare=may(actor, "vote.prepare", round_id=found.id),
        reasons=[(code, strike_in_words(code, words)) for code in REASONS],
        key_choices=await _key_choices(session, found, election, words) if is_running else [],
        reviews=[one for one in struck.values() if one.review is not None],
        said_of=lambda texts: spoken_of(texts, language),
        **{**context, "section": "rounds"},
    )


async def _order_page(
    request: PageRequest, session: AsyncSession, actor: Actor, order_id: UUID, form: Form, *, status: int = 200
) -> Response[str]:
    language = lang_of(request)
    found = await find_round(session, request.path_params["slug"])
    context = await frame_context(session, found, language)
    words: Reader = context["words"]
    waiting = await orders.waiting_order(session, found, order_id)
    if orders.kind_of(waiting.order) not in orders.STEPS:
        raise OrderRefused("unknown")  # the desk has pages of its own
    election = (await state_of(session, found.log)).election
    mine, usable = "", []
    if waiting.order.logged_at is None and waiting.order.dropped_at is None:
        has_signed = any(one.account_id == actor.account_id for one in waiting.signed)
        for role in dict.fromkeys(() if has_signed else waiting.missing):
            if usable := await usable_keys(session, found, actor, election, role):
                mine = role
                break
    return staff_page(
        request,
        "voting/order.html",
        locale=language,
        status_code=status,
        form=form,
        line=await _line(session, found, waiting, words),
        entry=encode(waiting.entry).decode(),
        mine=mine,
        mine_in_words=role_in_words(_role(mine), words) if mine else "",
        usable=" ".join(usable),
        account=actor.account_id,
        may_drop=may(actor, orders.BEGUN_BY[orders.kind_of(waiting.order)], round_id=found.id),
        **{**context, "section": "rounds"},
    )


async def _line(session: AsyncSession, found: Round, waiting: Waiting, words: Reader) -> OrderLine:
    order, entry = waiting.order, waiting.entry
    people = [one.account_id for one in waiting.signed if one.account_id] + ([order.asked_by] if order.asked_by else [])
    names = await staff_repository.names_of(session, people)
    state = "logged" if order.logged_at else "dropped" if order.dropped_at else "waiting"
    return OrderLine(
        id=order.id,
        kind=order.kind,
        title=_title(entry, words),
        about=tuple(await _about(session, found, entry, words)),
        reason=spoken_of(order.reason, words.language),
        asked_at=order.asked_at,
        asked_by=names.get(order.asked_by, "") if order.asked_by else "",
        signed=tuple(_signed(one, names, words) for one in waiting.signed),
        missing=tuple(role_in_words(role, words) for role in waiting.missing),
        state=state,
        ended_at=order.logged_at or order.dropped_at,
    )


def _signed(one: OrderSignature, names: Mapping[UUID, str], words: Reader) -> SignedLine:
    name = names.get(one.account_id, "") if one.account_id else ""
    return SignedLine(role_in_words(_role(one.role), words), fingerprint(one.public_key), name, one.signed_at)


def _title(entry: Mapping[str, Any], words: Reader) -> str:
    if entry["k"] == "key":
        return words.gettext("Key signs no more") if "off" in entry else words.gettext("New key")
    return words.gettext("Strike") if entry["k"] == "strike" else words.gettext("More time")


async def _about(session: AsyncSession, found: Round, entry: Mapping[str, Any], words: Reader) -> list[tuple[str, str]]:
    if entry["k"] == "extend":
        return [(words.gettext("New end of the vote"), words.moment(entry["closes"]))]
    if entry["k"] == "key":
        named = [(words.gettext("Key"), entry["id"])]
        if "role" in entry:
            named += [
                (words.gettext("Role"), role_in_words(_role(entry["role"]), words)),
                (words.gettext("Fingerprint"), fingerprint(unb64u(entry["pk"]))),
            ]
        return named
    struck = await order_repository.envelope_or_paper_at(session, found.log, entry["x"])
    what = (
        words.gettext("A sealed vote")
        if struck is None or hasattr(struck, "seal_hash")
        else words.gettext("A paper ballot was handed out")
    )
    told = [
        (words.gettext("Entry of the record"), words.number(entry["x"])),
        (words.gettext("What it is"), what),
        (words.gettext("Reason for the record"), strike_in_words(entry["why"], words)),
    ]
    return [*told, (words.gettext("When"), words.moment(struck.at))] if struck else told


async def _index_of(session: AsyncSession, found: Round, typed: str) -> int | None:
    """The place of an entry by its number or its seal code."""
    plain = typed.upper().translate(_LOOKALIKE)
    if len(plain) == _SEAL_SYMBOLS:
        try:
            standing = await repository.envelope_by_seal(session, found.log, uncrockford(plain))
        except ValueError:
            return None
        return standing.index if standing else None
    return int(plain) if plain.isdecimal() and len(plain) < 10 else None


async def _key_choices(
    session: AsyncSession, found: Round, election: Election, words: Catalogue
) -> list[tuple[str, str]]:
    """What can be done with keys: those granted since the manifest can be added, those of officials taken off."""
    granted = await granted_keys(session, found)
    names = await staff_repository.names_of(session, [key.account_id for _, key in granted if key.account_id])
    holders = {key.public_key: names.get(key.account_id, "") if key.account_id else "" for _, key in granted}
    known = {public: name for name, (_, public) in election.keys.items()}
    roles: Sequence[Role] = ("registrar", "auditor", "desk")
    added = [
        (f"add {b64u(key.public_key)}", words.gettext("Add: %(role)s, %(name)s"), grant.role, key.public_key)
        for grant, key in granted
        if grant.role in roles and key.public_key not in known
    ]
    taken = [
        (f"off {name}", words.gettext("Take off: %(role)s, %(name)s"), role, public)
        for name, (role, public) in election.keys.items()
        if role in roles
    ]
    return [
        (value, text % {"role": role_in_words(_role(role), words), "name": holders.get(public) or fingerprint(public)})
        for value, text, role, public in [*added, *taken]
    ]


def strike_in_words(code: str, words: Catalogue) -> str:
    """Why an entry is struck, of the public list of reasons."""
    return {
        "person": words.gettext("somebody else had cast it, or the person had voted already"),
        "roll": words.gettext("the person may not vote here"),
        "token": words.gettext("the sign-in did not hold"),
        "code": words.gettext("the code letter was in wrong hands"),
        "desk": words.gettext("a mistake at the desk"),
    }[code]


def refusal_in_words(code: str, words: Catalogue) -> str:
    """Why a step cannot be taken."""
    sentences: Mapping[str, str] = {
        "phase": words.gettext("The vote is not open, or its envelopes are listed already."),
        "unknown": words.gettext("There is no such entry, key or step, or it is struck or known already."),
        "time": words.gettext("A vote can only be made longer, before it is closed."),
        "role": words.gettext("No signature of yours is missing here, or the record does not know your key yet."),
        "same_hand": words.gettext("Each signature is another person's."),
        "ended": words.gettext("This step has ended already."),
    }
    return sentences.get(code, words.gettext("The record does not take this step."))


def _role(text: str) -> Role:
    roles: Mapping[str, Role] = {"registrar": "registrar", "auditor": "auditor"}
    return roles.get(text, "desk")


def _here(request: PageRequest) -> str:
    return f"/{lang_of(request)}/staff/rounds/{request.path_params['slug']}/vote-steps"


orders_router = Router(
    "/{lang:str}/staff/rounds/{slug:str}",
    route_handlers=[
        show_orders,
        strike,
        extend,
        change_key,
        incident,
        show_order,
        sign_order,
        drop_order,
        answer_review,
    ],
    include_in_schema=False,
)
