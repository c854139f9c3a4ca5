"""The registrar's pages of a roll: lists handed in, looked at and taken; single people; roots signed by two people."""

from collections.abc import Mapping
from functools import partial
from typing import Any, cast
from uuid import UUID

import msgspec
from litestar import Response, Router, get, post
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.core.record.canonical import b64u, encode
from pb_service.core.rounds.setup import Setup
from pb_service.core.voting.roll_rows import IDENTITY_CODE, MAX_COLUMNS, Kind, Reading, RollFileError
from pb_service.features.accounts import signing_keys
from pb_service.features.accounts.frame import staff_page
from pb_service.features.accounts.policy import Actor, may
from pb_service.features.accounts.scopes import RoundScope
from pb_service.features.accounts.signing import take_signature
from pb_service.features.accounts.two_people import SIGNERS, Signer
from pb_service.features.assessment.page_parts import Keys, Now, PageRequest, Session, Who, frame_context, lang_of
from pb_service.features.roll import corrections, fixing, imports, repository
from pb_service.features.roll.corrections import OUTCOMES, Addition, Outcome
from pb_service.features.roll.errors import RollRefused
from pb_service.features.roll.standing import entitlement
from pb_service.features.roll.tables import RollBatch
from pb_service.features.roll.vocabulary import (
    group_in_words,
    problem_in_words,
    refusal_in_words,
    state_in_words,
    unreadable_in_words,
)
from pb_service.features.rounds.finding import find_round
from pb_service.features.rounds.tables import Round
from pb_service.web.formats import Reader
from pb_service.web.forms import Form, done, parse
from pb_service.web.locales import LANGUAGES, translations

_SHOWN = ("uploaded", "waiting", "reading", "read", "failed", "current", "replaced", "dropped")
#: Problems that a page shows at once.
_LISTED = 200


@get("/roll", access="rounds.preview")
async def show_roll(request: PageRequest, session: Session, actor: Who) -> Response[str]:
    """How many are on the roll, what was imported, whether it is signed, and the forms."""
    return await _roll_page(request, session, actor, Form.filled(translations(lang_of(request))))


@post("/roll/hand-in", access="roll.edit", request_max_body_size=imports.MAX_BYTES + 1_000_000)
async def hand_in(request: PageRequest, transaction: Session, actor: Who, clock: Now, keys: Keys) -> Response[Any]:
    """Keep a list, sealed, and go on to its look."""
    words, form = translations(lang_of(request)), await parse(request)
    file = form.upload("list", label=words.gettext("List"), most=imports.MAX_BYTES)
    found = await find_round(transaction, request.path_params["slug"], for_update=True)
    if file is not None:
        try:
            async with transaction.begin_nested():
                batch = await imports.hand_in(transaction, actor, found, file.body, keys=keys, now=clock())
        except RollFileError as error:
            form.refuse("list", unreadable_in_words(error.code, words))
        except RollRefused as error:
            form.refuse("list", refusal_in_words(error.code, words))
        else:
            return done(f"{_here(request)}/imports/{batch.id}", "kept")
    return await _roll_page(request, transaction, actor, form, status=422)


@get("/roll/imports/{batch_id:uuid}", access="roll.edit")
async def show_import(request: PageRequest, session: Session, actor: Who, batch_id: FromPath[UUID]) -> Response[str]:
    """An import as far as it is: its look, its progress, or how it differs from the roll."""
    found = await find_round(session, request.path_params["slug"])
    batch = await imports.batch_of(session, found, batch_id)
    words = translations(lang_of(request))
    return await _import_page(request, session, actor, found, batch, form=_asked(batch, words))


@post("/roll/imports/{batch_id:uuid}/look", access="roll.edit")
async def look_again(
    *, request: PageRequest, transaction: Session, actor: Who, clock: Now, keys: Keys, batch_id: FromPath[UUID]
) -> Response[Any]:
    """Look at a list again with other columns."""
    words, form = translations(lang_of(request)), await parse(request)
    found = await find_round(transaction, request.path_params["slug"], for_update=True)
    batch = await imports.batch_of(transaction, found, batch_id)
    parted = form.choice(
        "parted", [value for value, _ in _partings(words)], label=words.gettext("Columns are parted by")
    )
    widths = _widths(form, words) if parted == "fixed" else ()
    if not form.errors:
        kind: Kind = "fixed" if parted == "fixed" else "csv"
        reading = Reading(kind, 0, delimiter=_SIGNS.get(parted, ";"), widths=widths)
        try:
            async with transaction.begin_nested():
                await imports.show_as(transaction, actor, found, batch_id, reading, keys=keys, now=clock())
        except RollFileError as error:
            form.refuse("parted", unreadable_in_words(error.code, words))
        except RollRefused as error:
            form.refuse("parted", refusal_in_words(error.code, words))
        else:
            return done(f"{_here(request)}/imports/{batch_id}", "looked")
    return await _import_page(request, transaction, actor, found, batch, form=form, status=422)


@post("/roll/imports/{batch_id:uuid}/read", access="roll.edit")
async def read(
    *, request: PageRequest, transaction: Session, actor: Who, clock: Now, batch_id: FromPath[UUID]
) -> Response[Any]:
    """Have the whole list read, as somebody says which column holds what."""
    words, form = translations(lang_of(request)), await parse(request)
    found = await find_round(transaction, request.path_params["slug"], for_update=True)
    batch = await imports.batch_of(transaction, found, batch_id)
    columns = [str(place) for place in range(len(batch.shape["columns"]))]
    identifier = form.choice("identifier", columns, label=words.gettext("Person id"))
    others = {name: form.choice(name, ["", *columns], required=False) for name in _OTHERS}
    scheme = form.text("scheme", label=words.gettext("Whose numbers they are"), most=100) or IDENTITY_CODE
    if not form.errors:
        reading = msgspec.structs.replace(
            msgspec.convert(batch.reading, Reading),
            identifier=int(identifier),
            district=int(others["district"]) if others["district"] else None,
            language=int(others["language"]) if others["language"] else None,
            birth_year=int(others["birth_year"]) if others["birth_year"] else None,
            header=form.checked("header"),
        )
        try:
            async with transaction.begin_nested():
                await imports.begin_reading(transaction, actor, found, batch_id, reading, scheme=scheme, now=clock())
        except RollRefused as error:
            form.refuse("identifier", refusal_in_words(error.code, words))
        else:
            return done(f"{_here(request)}/imports/{batch_id}", "reading")
    return await _import_page(request, transaction, actor, found, batch, form=form, status=422)


@post("/roll/imports/{batch_id:uuid}/take", access="roll.edit")
async def take(
    *, request: PageRequest, transaction: Session, actor: Who, clock: Now, batch_id: FromPath[UUID]
) -> Response[Any]:
    """Make an import the roll, as it was looked at."""
    words, form = translations(lang_of(request)), await parse(request)
    found = await find_round(transaction, request.path_params["slug"], for_update=True)
    batch = await imports.batch_of(transaction, found, batch_id)
    gone = form.whole("gone", most=10**9)
    if gone and not form.checked("agreed"):
        form.refuse("agreed", words.gettext("Tick that these people leave the roll"))
    if not form.errors:
        try:
            async with transaction.begin_nested():
                await imports.take(transaction, actor, found, batch_id, gone=gone, now=clock())
        except RollRefused as error:
            form.refuse("agreed", refusal_in_words(error.code, words))
        else:
            return done(_here(request), "taken")
    return await _import_page(request, transaction, actor, found, batch, form=form, status=409)


@post("/roll/imports/{batch_id:uuid}/compare", access="roll.edit")
async def compare(
    *, request: PageRequest, transaction: Session, actor: Who, clock: Now, batch_id: FromPath[UUID]
) -> Response[Any]:
    """Compare an import with the roll as it is now."""
    found = await find_round(transaction, request.path_params["slug"], for_update=True)
    await imports.compare_again(transaction, actor, found, batch_id, now=clock())
    return done(f"{_here(request)}/imports/{batch_id}", "compared")


@post("/roll/imports/{batch_id:uuid}/drop", access="roll.edit")
async def drop(
    *, request: PageRequest, transaction: Session, actor: Who, clock: Now, batch_id: FromPath[UUID]
) -> Response[Any]:
    """Let go of an import."""
    found = await find_round(transaction, request.path_params["slug"], for_update=True)
    await imports.drop(transaction, actor, found, batch_id, now=clock())
    return done(_here(request), "dropped")


@post("/roll/look-up", access="roll.edit")
async def look_up(request: PageRequest, transaction: Session, actor: Who, clock: Now, keys: Keys) -> Response[Any]:
    """Say whether somebody is on the roll, by a number that is kept nowhere and shown on no page."""
    words, form = translations(lang_of(request)), await parse(request)
    typed = form.text("identifier", label=words.gettext("Person id"), most=100)
    found = await find_round(transaction, request.path_params["slug"])
    told: Mapping[str, Any] = {}
    if not form.errors:
        try:
            given = await corrections.look_up(transaction, actor, found, typed, keys=keys, now=clock())
            told = {"looked_up": True, "standings": given}
        except RollRefused as error:
            form.refuse("identifier", refusal_in_words(error.code, words))
    status = 422 if form.errors else 200
    return await _roll_page(request, transaction, actor, form.without("identifier"), status=status, more=told)


@post("/roll/add", access="roll.edit")
async def add(request: PageRequest, transaction: Session, actor: Who, clock: Now, keys: Keys) -> Response[Any]:
    """Put one person on the roll."""
    words, form = translations(lang_of(request)), await parse(request)
    found = await find_round(transaction, request.path_params["slug"], for_update=True)
    typed = form.text("person", label=words.gettext("Person id"), most=100)
    district = form.value("district") or None
    language = next((code for code in LANGUAGES if code == form.value("language")), None)
    if not form.errors:
        try:
            async with transaction.begin_nested():
                wanted = Addition(typed, district, language)
                await corrections.add(transaction, actor, found, wanted, keys=keys, now=clock())
        except RollRefused as error:
            form.refuse("person", refusal_in_words(error.code, words))
        else:
            return done(_here(request), "added")
    return await _roll_page(request, transaction, actor, form.without("person"), status=422)


@post("/roll/remove", access="roll.edit")
async def remove(request: PageRequest, transaction: Session, actor: Who, clock: Now, keys: Keys) -> Response[Any]:
    """Take one person off the roll."""
    words, form = translations(lang_of(request)), await parse(request)
    found = await find_round(transaction, request.path_params["slug"], for_update=True)
    typed = form.text("leaving", label=words.gettext("Person id"), most=100)
    if not form.errors:
        try:
            async with transaction.begin_nested():
                await corrections.remove(transaction, actor, found, typed, keys=keys, now=clock())
        except RollRefused as error:
            form.refuse("leaving", refusal_in_words(error.code, words))
        else:
            return done(_here(request), "removed")
    return await _roll_page(request, transaction, actor, form.without("leaving"), status=422)


@post("/roll/fix", access="roll.edit")
async def fix(request: PageRequest, transaction: Session, actor: Who, clock: Now) -> Response[Any]:
    """Have roots and counts of the roll made, to be signed."""
    words, form = translations(lang_of(request)), await parse(request)
    found = await find_round(transaction, request.path_params["slug"], for_update=True)
    try:
        async with transaction.begin_nested():
            await fixing.begin_fixing(transaction, actor, found, now=clock())
    except RollRefused as error:
        form.refuse("fix", refusal_in_words(error.code, words))
        return await _roll_page(request, transaction, actor, form, status=409)
    return done(_here(request), "fixing")


@post("/roll/sign", access="vote.confirm")
async def sign(request: PageRequest, transaction: Session, actor: Who, clock: Now) -> Response[Any]:
    """Take a signature under roots and counts."""
    words, form = translations(lang_of(request)), await parse(request)
    role = form.choice("role", SIGNERS, label=words.gettext("Role"))
    found = await find_round(transaction, request.path_params["slug"], for_update=True)
    by = partial(fixing.sign, transaction, actor, found, cast(Signer, role), now=clock())
    both = await take_signature(form, words, transaction, by, refusal_in_words)
    if both is None:
        return await _roll_page(request, transaction, actor, form, status=409)
    return done(_here(request), "signed" if both else "half")


@get("/roll/requests", access="roll.edit")
async def show_requests(request: PageRequest, session: Session, actor: Who) -> Response[str]:
    """What residents ask to have corrected."""
    return await _requests_page(request, session, actor, Form.filled(translations(lang_of(request))))


@post("/roll/requests/{request_id:uuid}", access="roll.edit")
async def answer(
    *, request: PageRequest, transaction: Session, actor: Who, clock: Now, request_id: FromPath[UUID]
) -> Response[Any]:
    """Answer a request."""
    words, form = translations(lang_of(request)), await parse(request)
    outcome = form.choice("outcome", OUTCOMES, label=words.gettext("Outcome"))
    said = form.text("answer", label=words.gettext("Answer"), most=1_000, lines=True)
    found = await find_round(transaction, request.path_params["slug"])
    if not form.errors:
        try:
            async with transaction.begin_nested():
                await corrections.answer(
                    transaction, actor, found, request_id, outcome=cast(Outcome, outcome), said=said, now=clock()
                )
        except RollRefused as error:
            form.refuse("outcome", refusal_in_words(error.code, words))
        else:
            return done(f"{_here(request)}/requests", "answered")
    return await _requests_page(request, transaction, actor, form, status=422, about=request_id)


async def _roll_page(
    request: PageRequest,
    session: AsyncSession,
    actor: Actor,
    form: Form,
    *,
    status: int = 200,
    more: Mapping[str, Any] | None = None,
) -> Response[str]:
    language = lang_of(request)
    found = await find_round(session, request.path_params["slug"])
    context = await frame_context(session, found, language)
    setup: Setup = context["setup"]
    words: Reader = context["words"]
    roll, roots = await repository.roll_of(session, found.id), await repository.roots_of(session, found.id)
    rule = await entitlement(session, found)
    people = await repository.people_by_group(session, found.id)
    signed = {one.role: one for one in await repository.signatures_of(session, found.id)}
    scope = RoundScope(found.id, found.slug, found.names, (), found.log_id)
    granted = await signing_keys.granted(session, scope) if found.log_id else []
    own: dict[str, list[str]] = {role: signing_keys.own_keys(granted, actor, role) for role in SIGNERS}
    mine = next((role for role in SIGNERS if own[role] and role not in signed), "")
    declared = await repository.declarations(session, found.id)
    batches = await repository.batches_of(session, found.id, _SHOWN)
    return staff_page(
        request,
        "roll/roll.html",
        locale=language,
        status_code=status,
        form=form,
        roll=roll,
        rolled=any(group.rolled for group in rule.groups),
        groups=[
            (group_in_words(group, context["places"], words), group.rolled, people.get(group.id, 0))
            for group in rule.groups
        ],
        people=max(people.values(), default=0) if not any(g.home for g in rule.groups) else None,
        roots=[(_group(rule, each.group, context, words), each) for each in roots],
        root_text={each.group: b64u(each.root) for each in roots},
        signed=signed,
        mine=mine if roots else "",
        usable=" ".join(own.get(mine, ())),
        entry=encode(fixing.to_sign(found.slug, roots)).decode() if roots else "",
        account=actor.account_id,
        edits=may(actor, "roll.edit", round_id=found.id),
        is_fixed=found.manifest_sha256 is not None,
        reload=roll is not None and roll.fixing_since is not None,
        batches=[
            (batch, state_in_words(batch.state, words), words.moment(batch.uploaded_at)) for batch in batches[:20]
        ],
        waiting=await repository.waiting_requests(session, found.id),
        home=any(group.home for group in rule.groups),
        declaration=setup.eligibility.declaration,
        declared=sum(declared.values()),
        languages=[("", words.gettext("Not known")), *((code, context["in_words"][code]) for code in LANGUAGES)],
        groups_named={group.id: group_in_words(group, context["places"], words) for group in rule.groups},
        **{**context, "section": "rounds", **(more or {})},
    )


async def _import_page(
    request: PageRequest,
    session: AsyncSession,
    actor: Actor,
    found: Round,
    batch: RollBatch,
    *,
    form: Form,
    status: int = 200,
) -> Response[str]:
    language = lang_of(request)
    context = await frame_context(session, found, language)
    words: Reader = context["words"]
    roll = await repository.roll_of(session, found.id)
    headings = [each["heading"] or words.gettext("Column %(number)s") % {"number": place}
                for place, each in enumerate(batch.shape["columns"], start=1)]  # fmt: skip
    columns = [(str(place), heading) for place, heading in enumerate(headings)]
    by_district = batch.counts.get("by_district", {})
    outdated = batch.state == "read" and roll is not None and roll.batch_id != batch.based_on
    return staff_page(
        request,
        "roll/import.html",
        locale=language,
        status_code=status,
        form=form,
        batch=batch,
        state=state_in_words(batch.state, words),
        percent=100 * batch.done // max(batch.size, 1),
        headings=headings,
        columns=columns,
        or_none=[("", words.gettext("Not in the list")), *columns],
        partings=_partings(words),
        outdated=outdated,
        first=batch.based_on is None and not outdated,
        problems=[(each[0], problem_in_words(each, words)) for each in batch.problems[:_LISTED]],
        codes=[(problem_in_words([0, code], words), number) for code, number in batch.counts.get("codes", {}).items()],
        unreadable=unreadable_in_words(batch.counts.get("error", ""), words),
        by_district=[
            (context["places"].district(key) if key else words.gettext("No district"), numbers)
            for key, numbers in sorted(by_district.items())
        ],
        lines={what: ", ".join(map(str, rows[:50])) for what, rows in batch.counts.get("lines", {}).items()},
        edits=may(actor, "roll.edit", round_id=found.id),
        reload=batch.state in {"waiting", "reading"},
        **{**context, "section": "rounds"},
    )


async def _requests_page(
    request: PageRequest,
    session: AsyncSession,
    actor: Actor,
    form: Form,
    *,
    status: int = 200,
    about: UUID | None = None,
) -> Response[str]:
    language = lang_of(request)
    found = await find_round(session, request.path_params["slug"])
    context = await frame_context(session, found, language)
    words: Reader = context["words"]
    return staff_page(
        request,
        "roll/requests.html",
        locale=language,
        status_code=status,
        form=form,
        about=about,
        requests=await corrections.requests(session, actor, found),
        outcomes=[
            ("corrected", words.gettext("The roll is corrected")),
            ("right", words.gettext("The roll is right as it is")),
            ("refused", words.gettext("It cannot be decided here")),
        ],
        **{**context, "section": "rounds"},
    )


#: What columns may say beside the person id.
_OTHERS = ("district", "language", "birth_year")
_SIGNS: Mapping[str, str] = {"semicolon": ";", "tab": "\t", "comma": ",", "bar": "|"}


def _partings(words: Any) -> list[tuple[str, str]]:
    return [
        ("semicolon", words.gettext("semicolon")),
        ("tab", words.gettext("tabulator")),
        ("comma", words.gettext("comma")),
        ("bar", words.gettext("vertical bar")),
        ("fixed", words.gettext("their place: fixed width")),
    ]


def _asked(batch: RollBatch, words: Any) -> Form:
    """The form of an import as its file was guessed."""
    reading = msgspec.convert(batch.reading, Reading)
    sign = next((name for name, sign in _SIGNS.items() if sign == reading.delimiter), "semicolon")
    return Form.filled(
        words,
        identifier=str(reading.identifier),
        district="" if reading.district is None else str(reading.district),
        language="" if reading.language is None else str(reading.language),
        birth_year="" if reading.birth_year is None else str(reading.birth_year),
        header=reading.header,
        parted="fixed" if reading.kind == "fixed" else sign,
        widths=", ".join(f"{first}-{last}" for first, last in reading.widths),
        scheme=batch.scheme,
    )


def _widths(form: Form, words: Any) -> tuple[tuple[int, int], ...]:
    """Columns by their places, such as ``1-11, 12-40``; none: they are guessed."""
    found = []
    for part in form.value("widths").replace(",", " ").split():
        first, _, last = part.partition("-")
        if not (first.isdecimal() and last.isdecimal() and 0 < int(first[:6]) <= int(last[:6])):
            form.refuse("widths", words.gettext("Write places such as 1-11, 12-40"))
            return ()
        found.append((int(first[:6]), int(last[:6])))
    return tuple(found[:MAX_COLUMNS])


def _group(rule: Any, group_id: str, context: Mapping[str, Any], words: Reader) -> str:
    group = next((each for each in rule.groups if each.id == group_id), None)
    return group_in_words(group, context["places"], words) if group else group_id


def _here(request: PageRequest) -> str:
    return f"/{lang_of(request)}/staff/rounds/{request.path_params['slug']}/roll"


roll_router = Router(
    "/{lang:str}/staff/rounds/{slug:str}",
    route_handlers=[
        show_roll,
        hand_in,
        show_import,
        look_again,
        read,
        take,
        compare,
        drop,
        look_up,
        add,
        remove,
        fix,
        sign,
        show_requests,
        answer,
    ],
    include_in_schema=False,
)
