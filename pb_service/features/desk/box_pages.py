"""Counting paper after the close: accounts of boxes, two readings, what differs, the sample, the signed list."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.core.record.canonical import encode
from pb_service.core.rounds.documents import Ballot
from pb_service.core.sealing import payload
from pb_service.core.sealing.manifest import Contest
from pb_service.core.sealing.payload import BallotShape
from pb_service.features.accounts import staff_repository
from pb_service.features.accounts.frame import staff_page
from pb_service.features.accounts.policy import Actor, Role, may
from pb_service.features.accounts.signing import take_signature
from pb_service.features.accounts.vocabulary import role_in_words
from pb_service.features.assessment.page_parts import Keys, Now, PageRequest, Session, Who, frame_context, lang_of
from pb_service.features.desk import boxes, repository
from pb_service.features.desk.boxes import AUDITOR, HANDS, THIRD, Box
from pb_service.features.desk.errors import DeskRefused, NotThere
from pb_service.features.desk.vocabulary import hand_in_words, refusal_in_words, step_in_words
from pb_service.features.opening.state import state_of
from pb_service.features.proposals.reading import Spoken, spoken_of
from pb_service.features.rounds.finding import find_round
from pb_service.features.rounds.tables import Round
from pb_service.features.voting import orders
from pb_service.features.voting.errors import NoVote
from pb_service.features.voting.order_pages import usable_keys
from pb_service.features.voting.orders import OrderRefused
from pb_service.features.voting.polling import Polling, Pollings
from pb_service.web.formats import Reader
from pb_service.web.forms import Form, done, parse
from pb_service.web.locales import Language, translations

Votes = NamedDependency[Pollings]
_MOST = 10_000_000
_SIGNERS: tuple[Role, ...] = ("desk", "auditor")


@dataclass(frozen=True)
class Choice:
    """A project on a paper ballot as it is keyed in: its number in the contest, its code, and what it is called."""

    number: int
    code: str
    title: Spoken


@get("/desk/boxes", access="rounds.preview")
async def show_boxes(request: PageRequest, session: Session, actor: Who, pollings: Votes) -> Response[str]:
    """Contest by contest: which boxes are counted, and the list that is signed."""
    return await _page(request, session, actor, pollings, Form.filled(translations(lang_of(request))))


@get("/desk/boxes/{contest:str}/{no:str}", access="rounds.preview")
async def show_box(
    *, request: PageRequest, session: Session, actor: Who, pollings: Votes, contest: FromPath[str], no: FromPath[str]
) -> Response[str]:
    """One box: its account, and how far its ballots are read."""
    found = await find_round(session, request.path_params["slug"])
    account = (await boxes.box_called(session, found, contest, no)).account
    filled = {name: getattr(account, name) for name in ("given", "in_box", "spoilt", "returned")} if account else {}
    form = Form.filled(translations(lang_of(request)), **filled)
    return await _box_page(request, session, actor, pollings, form, contest=contest, no=no)


@post("/desk/boxes/{contest:str}/{no:str}/account", access="desk.serve")
async def enter_account(
    *,
    request: PageRequest,
    transaction: Session,
    actor: Who,
    clock: Now,
    pollings: Votes,
    contest: FromPath[str],
    no: FromPath[str],
) -> Response[Any]:
    """Enter what became of the sheets."""
    words, form = translations(lang_of(request)), await parse(request)
    found = await find_round(transaction, request.path_params["slug"], for_update=True)
    labels = {
        "given": words.gettext("Sheets given out"),
        "in_box": words.gettext("Ballots in the box"),
        "spoilt": words.gettext("Spoilt and replaced"),
        "returned": words.gettext("Returned, or never put into the box"),
    }
    counts = {name: form.whole(name, label=label, most=_MOST) for name, label in labels.items()}
    if not form.errors:
        try:
            async with transaction.begin_nested():
                await boxes.enter_account(transaction, actor, found, contest, no, **counts, now=clock())
        except DeskRefused as error:
            form.refuse("in_box" if error.code == "too_many" else "given", refusal_in_words(error.code, words))
        else:
            return done(_box(request, contest, no), "account")
    return await _box_page(request, transaction, actor, pollings, form, contest=contest, no=no, status=409)


@post("/desk/boxes/{contest:str}/{no:str}/sample", access="evidence.read")
async def draw_sample(
    *,
    request: PageRequest,
    transaction: Session,
    actor: Who,
    pollings: Votes,
    contest: FromPath[str],
    no: FromPath[str],
) -> Response[Any]:
    """Draw by lot what the auditor reads again."""
    words, form = translations(lang_of(request)), await parse(request)
    found = await find_round(transaction, request.path_params["slug"], for_update=True)
    try:
        async with transaction.begin_nested():
            await boxes.draw_sample(transaction, actor, found, contest, no)
    except DeskRefused as error:
        form.refuse("sample", refusal_in_words(error.code, words))
        return await _box_page(request, transaction, actor, pollings, form, contest=contest, no=no, status=409)
    return done(_box(request, contest, no), "drawn")


@post("/desk/boxes/{contest:str}/{no:str}/anew", access="desk.serve")
async def begin_anew(
    *,
    request: PageRequest,
    transaction: Session,
    actor: Who,
    clock: Now,
    pollings: Votes,
    contest: FromPath[str],
    no: FromPath[str],
) -> Response[Any]:
    """Forget every reading of a box."""
    words, form = translations(lang_of(request)), await parse(request)
    found = await find_round(transaction, request.path_params["slug"], for_update=True)
    if not form.checked("sure"):
        form.refuse("sure", words.gettext("Tick that the box is read again from the beginning"))
    if not form.errors:
        try:
            async with transaction.begin_nested():
                await boxes.begin_anew(transaction, actor, found, contest, no, now=clock())
        except DeskRefused as error:
            form.refuse("sure", refusal_in_words(error.code, words))
        else:
            return done(_box(request, contest, no), "anew")
    return await _box_page(request, transaction, actor, pollings, form, contest=contest, no=no, status=409)


@get("/desk/boxes/{contest:str}/{no:str}/read/{hand:int}", access="rounds.preview")
async def show_reading(
    *,
    request: PageRequest,
    session: Session,
    pollings: Votes,
    contest: FromPath[str],
    no: FromPath[str],
    hand: FromPath[int],
) -> Response[str]:
    """The next ballot that a hand reads."""
    form = Form.filled(translations(lang_of(request)))
    return await _reading_page(request, session, pollings, form, contest=contest, no=no, hand=hand)


@post("/desk/boxes/{contest:str}/{no:str}/read/{hand:int}", access="rounds.preview")
async def read_ballot(
    *,
    request: PageRequest,
    transaction: Session,
    actor: Who,
    clock: Now,
    pollings: Votes,
    contest: FromPath[str],
    no: FromPath[str],
    hand: FromPath[int],
) -> Response[Any]:
    """Keep one reading of one ballot, and go on to the next. The service asks for the role that reads."""
    words, form = translations(lang_of(request)), await parse(request)
    found = await find_round(transaction, request.path_params["slug"], for_update=True)
    named = await _contest(transaction, pollings, found, contest)
    number = form.whole("number", label=words.gettext("Number of the ballot"), least=1)
    kind = form.choice("kind", ("choices", "blank", "void"), label=words.gettext("What is on the paper"))
    said = None if kind == "void" else [] if kind == "blank" else _said(form, named.shape, words)
    if kind == "choices" and said == [] and not form.errors:
        form.refuse("kind", words.gettext("Nothing is keyed in. If the ballot is blank, say so."))
    if not form.errors:
        try:
            async with transaction.begin_nested():
                await boxes.read_ballot(
                    transaction,
                    actor,
                    found,
                    contest,
                    no,
                    hand=_hand(hand),
                    number=number,
                    said=said,
                    shape=named.shape,
                    now=clock(),
                )
        except DeskRefused as error:
            form.refuse("kind", refusal_in_words(error.code, words))
        else:
            box = await boxes.box_called(transaction, found, contest, no)
            is_more = box.next_number(hand) is not None
            return done(f"{_box(request, contest, no)}/read/{hand}" if is_more else _box(request, contest, no), "read")
    return await _reading_page(request, transaction, pollings, form, contest=contest, no=no, hand=hand, status=409)


@post("/desk/contests/{contest:str}/list", access="desk.serve")
async def make_list(
    *, request: PageRequest, transaction: Session, actor: Who, clock: Now, pollings: Votes, contest: FromPath[str]
) -> Response[Any]:
    """Make the list of a contest, for two officers and an auditor to sign."""
    words, form = translations(lang_of(request)), await parse(request)
    found = await find_round(transaction, request.path_params["slug"], for_update=True)
    try:
        async with transaction.begin_nested():
            order = await boxes.make_list(transaction, actor, found, contest, now=clock())
    except (DeskRefused, OrderRefused) as error:
        form.refuse(f"list-{contest}", refusal_in_words(error.code, words))
        return await _page(request, transaction, actor, pollings, form, status=409)
    return done(_list(request, order.id), "made")


@get("/desk/lists/{order_id:uuid}", access="rounds.preview")
async def show_list(request: PageRequest, session: Session, actor: Who, order_id: FromPath[UUID]) -> Response[str]:
    """The list of a contest: what it counts, and who signs it."""
    return await _list_page(request, session, actor, order_id, Form.filled(translations(lang_of(request))))


@post("/desk/lists/{order_id:uuid}/sign", access="keys.enrol")
async def sign_list(
    *, request: PageRequest, transaction: Session, actor: Who, clock: Now, keys: Keys, order_id: FromPath[UUID]
) -> Response[Any]:
    """Take a signature under a list; with the third one it stands in the record, and the count goes on."""
    words, form = translations(lang_of(request)), await parse(request)
    found = await find_round(transaction, request.path_params["slug"], for_update=True)
    role = form.choice("role", _SIGNERS, label=words.gettext("Role"))
    signer: Role = "auditor" if role == "auditor" else "desk"
    sign = partial(orders.sign, transaction, actor, found, order_id, signer, kinds=orders.LISTS)
    by = partial(sign, operator=keys.ed25519("op"), now=clock())
    is_logged = await take_signature(form, words, transaction, by, refusal_in_words)
    if is_logged is None:
        return await _list_page(request, transaction, actor, order_id, form, status=409)
    return done(_list(request, order_id), "logged" if is_logged else "signed")


@post("/desk/lists/{order_id:uuid}/drop", access="desk.serve")
async def drop_list(
    request: PageRequest, transaction: Session, actor: Who, clock: Now, order_id: FromPath[UUID]
) -> Response[Any]:
    """Let go of a list that is not signed by all, so that a box can be looked at again."""
    await parse(request)
    found = await find_round(transaction, request.path_params["slug"], for_update=True)
    await orders.drop(transaction, actor, found, order_id, now=clock())
    return done(_here(request), "let-go")


async def _page(
    request: PageRequest, session: AsyncSession, actor: Actor, pollings: Pollings, form: Form, *, status: int = 200
) -> Response[str]:
    language = lang_of(request)
    found = await find_round(session, request.path_params["slug"])
    context = await frame_context(session, found, language)
    words: Reader = context["words"]
    try:
        polling = await pollings.find(session, found.slug)
        election = (await state_of(session, found.log)).election
    except NoVote:
        polling, election = None, None
    listed = await boxes.boxes_of(session, found) if polling else []
    lists = await boxes.lists_of(session, found) if polling else {}
    names = {place.no: place.name for place in await repository.places_of(session, found.id)}
    contests = [
        {
            "id": key,
            "title": _title(polling, key, language),
            "boxes": [(box, names.get(box.no, ""), step_in_words(box.step, words)) for box in own],
            "list": lists.get(key),
            "ready": all(box.step == "ready" for box in own),
            "listed": election is not None and election.progress[key].rows is not None,
        }
        for key in (polling.manifest.contests if polling else {})
        if (own := [box for box in listed if box.contest == key])
    ]
    return staff_page(
        request,
        "desk/boxes.html",
        locale=language,
        status_code=status,
        form=form,
        contests=contests,
        is_closed=election is not None and election.closed_at is not None,
        serves=may(actor, "desk.serve", round_id=found.id),
        **{**context, "section": "rounds"},
    )


async def _box_page(
    request: PageRequest,
    session: AsyncSession,
    actor: Actor,
    pollings: Pollings,
    form: Form,
    *,
    contest: str,
    no: str,
    status: int = 200,
) -> Response[str]:
    language = lang_of(request)
    found = await find_round(session, request.path_params["slug"])
    context = await frame_context(session, found, language)
    words: Reader = context["words"]
    box = await boxes.box_called(session, found, contest, no)
    election = (await state_of(session, found.log)).election
    people = await staff_repository.names_of(session, [one for one in box.hands.values() if one])
    serves, audits = (may(actor, act, round_id=found.id) for act in ("desk.serve", "evidence.read"))
    is_listed = contest in await boxes.lists_of(session, found)
    own = box.hand_of(actor.account_id)
    hands = []
    for hand in HANDS if box.account else ():
        holder = box.hands.get(hand)
        is_free = own is None and hand not in box.hands and (audits if hand == AUDITOR else serves)
        may_read = (own == hand or is_free) and not is_listed and box.next_number(hand) is not None
        who = people.get(holder, "") if holder else ""
        hands.append((hand, hand_in_words(hand, words), who, box.read(hand), len(_wanted(box, hand)), may_read))
    listed = await repository.places_of(session, found.id)
    return staff_page(
        request,
        "desk/box.html",
        locale=language,
        status_code=status,
        form=form,
        box=box,
        box_name=next((place.name for place in listed if place.no == no), ""),
        title=_title(await pollings.find(session, found.slug), contest, language),
        step=step_in_words(box.step, words),
        hands=hands,
        own=own,
        serves=serves and not is_listed,
        draws=audits and box.step == "draw",
        is_closed=election.closed_at is not None,
        **{**context, "section": "rounds"},
    )


async def _reading_page(
    request: PageRequest,
    session: AsyncSession,
    pollings: Pollings,
    form: Form,
    *,
    contest: str,
    no: str,
    hand: int,
    status: int = 200,
) -> Response[str]:
    language = lang_of(request)
    found = await find_round(session, request.path_params["slug"])
    context = await frame_context(session, found, language)
    words: Reader = context["words"]
    polling = await pollings.find(session, found.slug)
    named = await _contest(session, pollings, found, contest)
    box = await boxes.box_called(session, found, contest, no)
    number = box.next_number(_hand(hand))
    choices = _choices(polling, contest, language)
    shape = named.shape
    return staff_page(
        request,
        "desk/reading.html",
        locale=language,
        status_code=status,
        form=form,
        box=box,
        number=number,
        hand=hand,
        hand_name=hand_in_words(hand, words),
        title=_title(polling, contest, language),
        choices=choices,
        fmt=shape.fmt,
        limits=shape.limits,
        picks=range(1, shape.slots + 1),
        left=len([one for one in _wanted(box, hand) if one not in box.readings.get(hand, {})]),
        # The third hand sees what the two before it read; nobody else sees anything.
        others=[_in_words(box.readings[one].get(number), shape, choices, words) for one in (1, 2)]
        if hand == THIRD and number is not None
        else [],
        **{**context, "section": "rounds"},
    )


async def _list_page(
    request: PageRequest, session: AsyncSession, actor: Actor, order_id: UUID, form: Form, *, status: int = 200
) -> Response[str]:
    language = lang_of(request)
    found = await find_round(session, request.path_params["slug"])
    context = await frame_context(session, found, language)
    words: Reader = context["words"]
    waiting = await orders.waiting_order(session, found, order_id)
    if waiting.order.kind != "paperlist":
        raise OrderRefused("unknown")
    entry = waiting.entry
    is_open = waiting.order.logged_at is None and waiting.order.dropped_at is None
    has_signed = any(one.account_id == actor.account_id for one in waiting.signed)
    mine, usable = "", list[str]()
    election = (await state_of(session, found.log)).election
    for role in dict.fromkeys(waiting.missing if is_open and not has_signed else ()):
        if usable := await usable_keys(session, found, actor, election, role):
            mine = role
            break
    people = [one.account_id for one in waiting.signed if one.account_id]
    titles = {contest.key: contest.title for contest in found.contests}
    own = [box for box in await boxes.boxes_of(session, found) if box.contest == entry["d"]]
    return staff_page(
        request,
        "desk/list.html",
        locale=language,
        status_code=status,
        form=form,
        waiting=waiting,
        entry=encode(entry).decode(),
        number=entry["n"],
        sha256=entry["f"],
        boxes=own,
        void=sum(box.final(number) is None for box in own for number in box.numbers),
        title=spoken_of(dict(titles[entry["d"]]), language),
        state="logged" if waiting.order.logged_at else "dropped" if waiting.order.dropped_at else "waiting",
        names=await staff_repository.names_of(session, people),
        mine=mine,
        mine_in_words=role_in_words("auditor" if mine == "auditor" else "desk", words),
        usable=" ".join(usable),
        account=actor.account_id,
        roles={role: role_in_words(role, words) for role in _SIGNERS},
        serves=may(actor, "desk.serve", round_id=found.id),
        **{**context, "section": "rounds"},
    )


async def _contest(session: AsyncSession, pollings: Pollings, found: Round, contest: str) -> Contest:
    polling = await pollings.find(session, found.slug)
    if contest not in polling.manifest.contests:
        raise NotThere()
    return polling.manifest.contests[contest]


def _hand(hand: int) -> int:
    if hand not in HANDS:
        raise NotThere()
    return hand


def _wanted(box: Box, hand: int) -> Sequence[int]:
    if hand == THIRD:
        return box.differ
    return (box.account.sample or []) if hand == AUDITOR and box.account else box.numbers


def _said(form: Form, shape: BallotShape, words: Any) -> Ballot:
    """The ballot that was keyed in, in the order of projects, or of ranks for orders of preference."""
    if shape.fmt in {"knapsack", "approval"}:
        return sorted(int(value) for value in form.choices("p", [str(number) for number in range(len(shape.costs))]))
    label = words.gettext("Line %(number)s")
    values = {
        number: form.whole(f"p{number}", label=label % {"number": number + 1}, required=False, least=-255, most=65_534)
        for number in range(len(shape.costs))
    }
    typed = {number: value for number, value in values.items() if value is not None}
    if shape.fmt != "ordinal":
        return [[number, value] for number, value in sorted(typed.items()) if value or shape.fmt == "scores"]
    ranked = sorted(typed.items(), key=lambda pair: pair[1])
    if [rank for _, rank in ranked] != list(range(1, len(ranked) + 1)):
        form.refuse("kind", words.gettext("Ranks are 1, 2, 3 and so on, each once. If the paper says otherwise: void."))
    return [number for number, _ in ranked]


def _choices(polling: Polling, contest: str, language: Language) -> list[Choice]:
    listed = next(one for one in polling.ballot_list["contests"] if one["id"] == contest)
    return [
        Choice(number, project["id"], spoken_of(dict(project["title"]), language) or Spoken(language, project["id"]))
        for number, project in enumerate(listed["projects"])
    ]


def _in_words(body: bytes | None, shape: BallotShape, choices: Sequence[Choice], words: Reader) -> str:
    """What a reading says, in one line."""
    if body is None:
        return words.gettext("void")
    said = payload.decode(body, shape)
    if not said:
        return words.gettext("blank")
    return ", ".join(
        f"{choices[one[0]].code}: {one[1]}" if isinstance(one, list) else choices[one].code for one in said
    )


def _title(polling: Polling | None, contest: str, language: Language) -> Spoken:
    listed: Sequence[Mapping[str, Any]] = polling.ballot_list["contests"] if polling else []
    titles = {one["id"]: one["title"] for one in listed}
    return spoken_of(dict(titles.get(contest, [])), language) or Spoken(language, contest)


def _here(request: PageRequest) -> str:
    return f"/{lang_of(request)}/staff/rounds/{request.path_params['slug']}/desk/boxes"


def _box(request: PageRequest, contest: str, no: str) -> str:
    return f"{_here(request)}/{contest}/{no}"


def _list(request: PageRequest, order_id: UUID) -> str:
    return f"/{lang_of(request)}/staff/rounds/{request.path_params['slug']}/desk/lists/{order_id}"


handlers = [
    show_boxes,
    show_box,
    enter_account,
    draw_sample,
    begin_anew,
    show_reading,
    read_ballot,
    make_list,
    show_list,
    sign_list,
    drop_list,
]
