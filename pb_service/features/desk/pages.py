"""The desk: places and shifts, looking a person up, and giving paper with two signatures."""

import datetime as dt
from functools import partial
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.core.record.canonical import b64u, encode, unb64u
from pb_service.core.record.entries import Entry
from pb_service.core.rounds.fingerprint import crockford
from pb_service.core.rounds.setup import Setup
from pb_service.core.sealing.election import envelope_of
from pb_service.features.accounts import access_log, staff_repository
from pb_service.features.accounts.frame import staff_page
from pb_service.features.accounts.policy import Actor, may, require
from pb_service.features.accounts.signing import take_signature
from pb_service.features.assessment.page_parts import Keys, Now, PageRequest, Session, Who, frame_context, lang_of
from pb_service.features.desk import handing, places, repository
from pb_service.features.desk.errors import DeskRefused
from pb_service.features.desk.people import Typed, find_person
from pb_service.features.desk.vocabulary import refusal_in_words
from pb_service.features.opening.state import state_of
from pb_service.features.proposals.reading import Spoken
from pb_service.features.roll.standing import Standing
from pb_service.features.rounds.finding import find_round
from pb_service.features.rounds.tables import Round
from pb_service.features.voting import orders
from pb_service.features.voting.errors import NoVote
from pb_service.features.voting.order_pages import usable_keys
from pb_service.features.voting.orders import OrderRefused
from pb_service.features.voting.passes import DESK_CODE_LASTS
from pb_service.features.voting.polling import Polling, Pollings
from pb_service.features.voting.presentation import grouped
from pb_service.features.voting.service import stands_in
from pb_service.platform.keys import KeyFolder
from pb_service.web.formats import Reader, text_in
from pb_service.web.forms import Form, done, parse
from pb_service.web.locales import Language, translations

Votes = NamedDependency[Pollings]


@get("/desk", access="rounds.preview")
async def show_desk(request: PageRequest, session: Session, actor: Who, clock: Now, pollings: Votes) -> Response[str]:
    """Where one serves, whom one serves, and what waits for a second signature."""
    return await _page(request, session, actor, pollings, Form.filled(translations(lang_of(request))), now=clock())


@post("/desk/places", access="rounds.edit")
async def add_place(
    request: PageRequest, transaction: Session, actor: Who, clock: Now, pollings: Votes
) -> Response[Any]:
    """Add a place with its box."""
    words, form = translations(lang_of(request)), await parse(request)
    found = await find_round(transaction, request.path_params["slug"], for_update=True)
    name = form.text("place", label=words.gettext("Name of the place"), most=80)
    no = form.text("no", label=words.gettext("Box"), most=32)
    if not form.errors:
        try:
            await places.add_place(transaction, actor, found, name, no, now=clock())
        except DeskRefused as error:
            form.refuse("no", refusal_in_words(error.code, words))
        else:
            return done(here(request), "place")
    return await _page(request, transaction, actor, pollings, form, now=clock(), status=422)


@post("/desk/shifts", access="rounds.edit")
async def add_shift(
    request: PageRequest, transaction: Session, actor: Who, clock: Now, pollings: Votes
) -> Response[Any]:
    """Plan who serves where and when."""
    words, form = translations(lang_of(request)), await parse(request)
    found = await find_round(transaction, request.path_params["slug"], for_update=True)
    setup: Setup = (await frame_context(transaction, found, lang_of(request)))["setup"]
    listed = {str(place.id): place for place in await repository.places_of(transaction, found.id)}
    officers = [str(account) for account, _ in await repository.officers_of(transaction, found.id)]
    place = form.choice("at", listed, label=words.gettext("Place"))
    officer = form.choice("officer", officers, label=words.gettext("Officer"))
    day = form.date("day", label=words.gettext("Day"))
    hours = form.time("from", label=words.gettext("From")), form.time("to", label=words.gettext("To"))
    if not form.errors:
        zone = ZoneInfo(setup.dates.time_zone)
        first, last = (dt.datetime.combine(day, hour, zone) for hour in hours)
        try:
            await places.add_shift(
                transaction, actor, found, UUID(place), account_id=UUID(officer), times=(first, last), now=clock()
            )
        except DeskRefused as error:
            form.refuse("to", refusal_in_words(error.code, words))
        else:
            return done(here(request), "shift")
    return await _page(request, transaction, actor, pollings, form, now=clock(), status=422)


@post("/desk/shifts/{shift_id:uuid}/drop", access="rounds.edit")
async def drop_shift(request: PageRequest, transaction: Session, actor: Who, shift_id: FromPath[UUID]) -> Response[Any]:
    """Take a shift away."""
    await parse(request)
    found = await find_round(transaction, request.path_params["slug"], for_update=True)
    await places.drop_shift(transaction, actor, found, shift_id)
    return done(here(request), "dropped")


@post("/desk/find", access="desk.serve", status_code=200)
async def find(
    *, request: PageRequest, transaction: Session, actor: Who, clock: Now, pollings: Votes, keys: Keys
) -> Response[Any]:
    """Show what stands in the name of the person before the officers. That somebody looked is noted, not at whom."""
    words, form = translations(lang_of(request)), await parse(request)
    found = await find_round(transaction, request.path_params["slug"])
    require(actor, "desk.serve", round_id=found.id)
    polling = await pollings.find(transaction, found.slug)
    typed = typed_in(form, words)
    person = None
    if not form.errors:
        person = await find_person(transaction, polling, typed, keys=keys)
        await access_log.note(transaction, actor.account_id, "desk.looked-up", found.slug, now=clock())
    if person is None:
        if not form.errors:
            form.refuse("number" if form.value("number") else "email", _nobody(typed_in(form, words), words))
        return await _page(request, transaction, actor, pollings, form, now=clock(), status=422)
    return await _person_page(request, transaction, actor, found, form, polling=polling, keys=keys, now=clock())


@post("/desk/give", access="desk.serve")
async def give(
    *, request: PageRequest, transaction: Session, actor: Who, clock: Now, pollings: Votes, keys: Keys
) -> Response[Any]:
    """Begin the handing over of a paper ballot."""
    words, form = translations(lang_of(request)), await parse(request)
    found = await find_round(transaction, request.path_params["slug"], for_update=True)
    polling = await pollings.find(transaction, found.slug)
    contest = form.choice("contest", polling.manifest.contests, label=words.gettext("Contest"))
    listed = [str(place.id) for place in await repository.places_of(transaction, found.id)]
    place = form.choice("at", listed, label=words.gettext("Place"))
    person = await find_person(transaction, polling, typed_in(form, words), keys=keys)
    if person is None:
        form.refuse("number" if form.value("number") else "email", _nobody(typed_in(form, words), words))
        return await _page(request, transaction, actor, pollings, form, now=clock(), status=422)
    if not form.errors:
        try:
            async with transaction.begin_nested():
                order = await handing.give(
                    transaction, actor, found, polling, person, contest=contest, place_id=UUID(place), now=clock()
                )
        except (DeskRefused, OrderRefused) as error:
            form.refuse("contest", refusal_in_words(error.code, words))
        else:
            return done(f"{here(request)}/papers/{order.id}", "begun")
    return await _person_page(
        request, transaction, actor, found, form, polling=polling, keys=keys, now=clock(), status=409
    )


@post("/desk/device", access="desk.serve", status_code=200)
async def call_to_device(
    *, request: PageRequest, transaction: Session, actor: Who, clock: Now, pollings: Votes, keys: Keys
) -> Response[Any]:
    """Let a person vote on a device of the desk: shows the code that is typed there, and keeps it nowhere."""
    words, form = translations(lang_of(request)), await parse(request)
    found = await find_round(transaction, request.path_params["slug"])
    polling = await pollings.find(transaction, found.slug)
    person = await find_person(transaction, polling, typed_in(form, words), keys=keys)
    if person is None:
        form.refuse("number" if form.value("number") else "email", _nobody(typed_in(form, words), words))
        return await _page(request, transaction, actor, pollings, form, now=clock(), status=422)
    try:
        code = await handing.call_to_device(transaction, actor, found, polling, person, now=clock())
    except DeskRefused as error:
        form.refuse("device", refusal_in_words(error.code, words))
        return await _person_page(
            request, transaction, actor, found, form, polling=polling, keys=keys, now=clock(), status=409
        )
    context = await frame_context(transaction, found, lang_of(request))
    answer = staff_page(
        request,
        "desk/device.html",
        locale=lang_of(request),
        code=f"{code[:4]} {code[4:]}",
        address=f"/{lang_of(request)}/rounds/{found.slug}/vote/identify",
        minutes=int(DESK_CODE_LASTS.total_seconds()) // 60,
        **{**context, "section": "rounds"},
    )
    answer.headers["cache-control"] = "no-store"
    return answer


@get("/desk/papers/{order_id:uuid}", access="rounds.preview")
async def show_paper(
    request: PageRequest, session: Session, actor: Who, pollings: Votes, order_id: FromPath[UUID]
) -> Response[str]:
    """One paper ballot: what is signed, and who is missing."""
    form = Form.filled(translations(lang_of(request)))
    return await _paper_page(request, session, actor, pollings, form, order_id=order_id)


@post("/desk/papers/{order_id:uuid}", access="desk.serve", status_code=200)
async def look_up(
    *,
    request: PageRequest,
    transaction: Session,
    actor: Who,
    clock: Now,
    pollings: Votes,
    keys: Keys,
    order_id: FromPath[UUID],
) -> Response[Any]:
    """Let the second officer look the person up: the signature is offered for the same person alone."""
    words, form = translations(lang_of(request)), await parse(request)
    found = await find_round(transaction, request.path_params["slug"])
    require(actor, "desk.serve", round_id=found.id)
    polling = await pollings.find(transaction, found.slug)
    waiting = await orders.waiting_order(transaction, found, order_id)
    person = None
    if not form.errors:
        person = await find_person(transaction, polling, typed_in(form, words), keys=keys)
        await access_log.note(transaction, actor.account_id, "desk.looked-up", found.slug, now=clock())
    seen = handing.seen_by(actor, waiting, polling, person, keys=keys, now=clock())
    if not seen:
        form.refuse("email", words.gettext("This paper ballot is not for that person. Do not sign."))
    return await _paper_page(
        request, transaction, actor, pollings, form, order_id=order_id, seen=seen, status=200 if seen else 422
    )


@post("/desk/papers/{order_id:uuid}/sign", access="desk.serve")
async def sign_paper(
    *,
    request: PageRequest,
    transaction: Session,
    actor: Who,
    clock: Now,
    pollings: Votes,
    keys: Keys,
    order_id: FromPath[UUID],
) -> Response[Any]:
    """Take an officer's signature; with the second one the paper ballot stands in the record."""
    words, form = translations(lang_of(request)), await parse(request)
    found = await find_round(transaction, request.path_params["slug"], for_update=True)
    by = partial(handing.sign, transaction, actor, found, order_id, form.value("seen"), keys=keys, now=clock())
    is_logged = await take_signature(form, words, transaction, by, refusal_in_words)
    if is_logged is None:
        return await _paper_page(request, transaction, actor, pollings, form, order_id=order_id, status=409)
    kind = (await orders.waiting_order(transaction, found, order_id)).order.kind
    logged = "sealed" if kind == "env" else "logged"
    return done(f"{here(request)}/papers/{order_id}", logged if is_logged else "signed")


@post("/desk/papers/{order_id:uuid}/drop", access="desk.serve")
async def drop_paper(
    request: PageRequest, transaction: Session, actor: Who, clock: Now, order_id: FromPath[UUID]
) -> Response[Any]:
    """Let go of a paper ballot that was not given after all."""
    await parse(request)
    found = await find_round(transaction, request.path_params["slug"], for_update=True)
    await orders.drop(transaction, actor, found, order_id, now=clock())
    return done(here(request), "let-go")


def typed_in(form: Form, words: Any) -> Typed:
    """What was typed about a person: a number on the roll, an address, or name and day of birth."""
    number = form.text("number", label=words.gettext("Personal identity code"), required=False, most=40)
    if number:
        return Typed(number=number)
    email = form.text("email", label=words.gettext("E-mail address of the account"), required=False, most=254)
    if email:
        return Typed(email=email)
    name = form.text("name", label=words.gettext("Name as in the document"), most=120)
    born = form.date("born", label=words.gettext("Day of birth"))
    return Typed(name=name, born=born)


async def _page(
    request: PageRequest,
    session: AsyncSession,
    actor: Actor,
    pollings: Pollings,
    form: Form,
    *,
    now: dt.datetime,
    status: int = 200,
) -> Response[str]:
    language = lang_of(request)
    found = await find_round(session, request.path_params["slug"])
    context = await frame_context(session, found, language)
    try:
        has_vote, rolled = True, has_roll(await pollings.find(session, found.slug))
    except NoVote:
        has_vote = rolled = False
    officers = await repository.officers_of(session, found.id)
    listed = await repository.places_of(session, found.id)
    names, boxes = dict(officers), {place.id: place for place in listed}
    waiting = await orders.orders(session, found, ["paper", "env"], open_only=True)
    given = await repository.given_out(session, found.log) if found.log_id else {}
    return staff_page(
        request,
        "desk/desk.html",
        locale=language,
        status_code=status,
        form=form,
        has_vote=has_vote,
        rolled=rolled,
        is_open=found.phase == "voting",
        serves=may(actor, "desk.serve", round_id=found.id),
        plans=may(actor, "rounds.edit", round_id=found.id),
        desks=listed,
        officers=[(str(account), name) for account, name in officers],
        shifts=[
            (shift, boxes[shift.place_id].name, names.get(shift.account_id, ""))
            for shift in await repository.shifts_of(session, found.id)
            if shift.to_at > now
        ],
        own=await places.places_open_to(session, actor, found, now),
        waiting=[(one, "" if one.order.kind == "env" else _box_name(one.entry["no"], listed)) for one in waiting],
        given=sum(one.standing for one in given.values()),
        title_of=_titles(found, language),
        **{**context, "section": "rounds"},
    )


async def _person_page(
    request: PageRequest,
    session: AsyncSession,
    actor: Actor,
    found: Round,
    form: Form,
    *,
    polling: Polling,
    keys: KeyFolder,
    now: dt.datetime,
    status: int = 200,
) -> Response[str]:
    language = lang_of(request)
    context = await frame_context(session, found, language)
    typed = typed_in(form, translations(language))
    person = await find_person(session, polling, typed, keys=keys)
    assert person is not None  # noqa: S101 - asked before
    return staff_page(
        request,
        "desk/person.html",
        locale=language,
        status_code=status,
        form=form,
        typed=typed,
        has_account=person.is_one,
        states=await handing.state_of_person(session, polling, found, person),
        may_seal=bool(handing.names_for_device(polling, person)),
        own=await places.places_open_to(session, actor, found, now),
        title_of=_titles(found, language),
        **{**context, "section": "rounds"},
    )


async def _paper_page(
    request: PageRequest,
    session: AsyncSession,
    actor: Actor,
    pollings: Pollings,
    form: Form,
    *,
    order_id: UUID,
    seen: str = "",
    status: int = 200,
) -> Response[str]:
    language = lang_of(request)
    found = await find_round(session, request.path_params["slug"])
    context = await frame_context(session, found, language)
    words: Reader = context["words"]
    polling = await pollings.find(session, found.slug)
    waiting = await orders.waiting_order(session, found, order_id)
    if waiting.order.kind not in {"paper", "env"}:
        raise OrderRefused("unknown")
    sealed = envelope_of(Entry("env", waiting.entry), polling.manifest.eid) if waiting.order.kind == "env" else None
    is_open = waiting.order.logged_at is None and waiting.order.dropped_at is None
    has_signed = any(one.account_id == actor.account_id for one in waiting.signed)
    election = (await state_of(session, found.log)).election if is_open else None
    usable = await usable_keys(session, found, actor, election, "desk") if election and not has_signed else []
    people = [one.account_id for one in waiting.signed if one.account_id]
    entry = waiting.entry
    group, alias = polling.manifest.contests[entry["d"]].group, unb64u(entry["a"])
    stands = await stands_in(session, polling, Standing(group, alias, "desk"))
    online = await handing.online_at(session, polling, group, alias)
    return staff_page(
        request,
        "desk/paper.html",
        locale=language,
        status_code=status,
        form=form,
        rolled=has_roll(polling),
        waiting=waiting,
        entry=encode(entry).decode(),
        contest=_titles(found, language)(entry["d"]),
        box="" if sealed else _box_name(entry["no"], await repository.places_of(session, found.id)),
        sealed=grouped(crockford(sealed.seal_hash()[:10])) if sealed else "",
        names=await staff_repository.names_of(session, people),
        state="logged" if waiting.order.logged_at else "dropped" if waiting.order.dropped_at else "waiting",
        stands=stands,
        online=words.moment(online) if online else "",
        usable=" ".join(usable),
        # Who began has just looked the person up; whoever signs second does so too.
        offered=bool(usable) and (bool(seen) or waiting.order.asked_by == actor.account_id),
        looks_up=bool(usable) and waiting.order.asked_by != actor.account_id and not seen,
        seen=seen,
        has_signed=has_signed,
        account=actor.account_id,
        serves=may(actor, "desk.serve", round_id=found.id),
        alias=b64u(alias)[:8],
        **{**context, "section": "rounds"},
    )


def has_roll(polling: Polling) -> bool:
    """Whether people of some group stand on a roll, where their number finds them."""
    return any(group.roll is not None for group in polling.manifest.groups.values())


def _nobody(typed: Typed, words: Any) -> str:
    if typed.number:
        told: str = words.gettext("Nobody on the roll has this number. Compare it with the document.")
    else:
        told = words.gettext("Nobody with this address has an account. Type name and day of birth.")
    return told


def _titles(found: Round, language: Language) -> Any:
    titles = {contest.key: Spoken(*text_in(contest.title, language)) for contest in found.contests}
    return lambda key: titles.get(key, Spoken(language, key))


def _box_name(no: str, listed: Any) -> str:
    return next((f"{place.name} ({no})" for place in listed if place.no == no), no)


def here(request: PageRequest) -> str:
    """The address of the desk of a round."""
    return f"/{lang_of(request)}/staff/rounds/{request.path_params['slug']}/desk"


handlers = [
    show_desk,
    add_place,
    add_shift,
    drop_shift,
    find,
    give,
    call_to_device,
    show_paper,
    look_up,
    sign_paper,
    drop_paper,
]
