"""Staff's page of the opening: what is done, what is missing, the manifest in plain words, and who signs it."""

from dataclasses import dataclass
from functools import partial
from typing import Any, cast

from litestar import Response, Router, get, post
from litestar.di import NamedDependency
from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.core.record.canonical import CanonicalError, b64u, encode, unb64u
from pb_service.core.rounds.fingerprint import fingerprint
from pb_service.core.rounds.setup import Setup
from pb_service.core.sealing.manifest import Manifest
from pb_service.core.voting.turns import has_key
from pb_service.features.accounts.frame import staff_page
from pb_service.features.accounts.policy import Actor, may
from pb_service.features.accounts.signing import take_signature
from pb_service.features.accounts.signing_keys import own_keys
from pb_service.features.accounts.two_people import SIGNERS, Signer
from pb_service.features.assessment.lists import published_list
from pb_service.features.assessment.page_parts import Now, PageRequest, Session, Who, frame_context, lang_of
from pb_service.features.opening import repository, service
from pb_service.features.opening.drafting import Surroundings, granted_keys
from pb_service.features.opening.errors import OpeningRefused
from pb_service.features.opening.service import Order
from pb_service.features.opening.state import state_of
from pb_service.features.opening.tables import Opening
from pb_service.features.opening.vocabulary import manifest_in_words, mode_in_words, refusal_in_words
from pb_service.features.rounds.finding import find_round
from pb_service.features.rounds.tables import Round
from pb_service.web.formats import Reader
from pb_service.web.forms import Form, done, parse
from pb_service.web.locales import translations

Around = NamedDependency[Surroundings]
_MOST_HOURS = service.MOST_STRIKES // 3600


@dataclass(frozen=True)
class Line:
    """A step on the way to an open vote: ``state`` is done, now or next."""

    name: str
    note: str
    state: str
    when: str = ""


@get("/opening", access="rounds.preview")
async def show_opening(request: PageRequest, session: Session, actor: Who) -> Response[str]:
    """How far the opening is, and what the reader can do for it."""
    return await _page(request, session, actor, Form.filled(translations(lang_of(request)), strikes="24"))


@post("/opening/begin", access="vote.prepare")
async def begin(
    request: PageRequest, transaction: Session, actor: Who, clock: Now, opening_around: Around
) -> Response[Any]:
    """Log the setup, and let trustees on this server take their turns in the ceremony."""
    words, form = translations(lang_of(request)), await parse(request)
    hours = form.whole("strikes", label=words.gettext("Hours for strikes after the close"), least=0, most=_MOST_HOURS)
    lot = form.text("lot", required=False, most=500) or None
    found = await find_round(transaction, request.path_params["slug"], for_update=True)
    if not form.errors:
        try:
            async with transaction.begin_nested():
                order = Order(strikes=(hours or 0) * 3600, lot=lot)
                await service.begin(transaction, actor, found, order, around=opening_around, now=clock())
                made = has_key((await state_of(transaction, found.log, hold=True)).election)
                if made:
                    await service.prepare(transaction, actor, found, around=opening_around, now=clock())
        except OpeningRefused as error:
            form.refuse("strikes", refusal_in_words(error.code, words))
        else:
            return done(_here(request), "begun" if made else "started")
    return await _page(request, transaction, actor, form, status=409)


@post("/opening/prepare", access="vote.prepare")
async def prepare(
    request: PageRequest, transaction: Session, actor: Who, clock: Now, opening_around: Around
) -> Response[Any]:
    """Make the manifest anew: keys were granted since, or the timetable changed."""
    words, form = translations(lang_of(request)), await parse(request)
    found = await find_round(transaction, request.path_params["slug"], for_update=True)
    try:
        async with transaction.begin_nested():
            await service.prepare(transaction, actor, found, around=opening_around, now=clock())
    except OpeningRefused as error:
        form.refuse("prepare", refusal_in_words(error.code, words))
        return await _page(request, transaction, actor, form, status=409)
    return done(_here(request), "prepared")


@post("/opening/confirm", access="vote.confirm")
async def confirm(
    request: PageRequest, transaction: Session, actor: Who, clock: Now, opening_around: Around
) -> Response[Any]:
    """Take a signature under the manifest; the second one opens the vote."""
    words, form = translations(lang_of(request)), await parse(request)
    role = form.choice("role", SIGNERS, label=words.gettext("Role"))
    found = await find_round(transaction, request.path_params["slug"], for_update=True)
    if not form.checked("read"):
        form.refuse("read", words.gettext("Tick that you have read the manifest"))
    by = partial(service.confirm, transaction, actor, found, cast(Signer, role), _hash(form.value("eid")))
    sign = partial(by, around=opening_around, now=clock())
    is_open = await take_signature(form, words, transaction, sign, refusal_in_words, name="read")
    if is_open is None:
        return await _page(request, transaction, actor, form, status=409)
    fixed = "fixed" if found.manifest_sha256 is not None else "confirmed"
    return done(_here(request), "opened" if is_open else fixed)


async def _page(
    request: PageRequest, session: AsyncSession, actor: Actor, form: Form, *, status: int = 200
) -> Response[str]:
    language = lang_of(request)
    found = await find_round(session, request.path_params["slug"])
    context = await frame_context(session, found, language)
    setup: Setup = context["setup"]
    words: Reader = context["words"]
    opening = await repository.opening_of(session, found.id)
    signed = {one.role: one for one in await repository.signatures_of(session, found.id)}
    granted = await granted_keys(session, found)
    listed = await published_list(session, found)
    election = (await state_of(session, found.log)).election if opening is not None else None
    manifest = Manifest.read(opening.manifest) if opening is not None and opening.manifest is not None else None
    titles = {contest.key: contest.title for contest in found.contests}
    trustees = service.trustee_names(setup)
    own = {role: own_keys(granted, actor, role) for role in SIGNERS}
    mine = next((role for role in SIGNERS if own[role] and role not in signed), "")
    return staff_page(
        request,
        "opening/opening.html",
        locale=language,
        status_code=status,
        form=form,
        opening=opening,
        lines=_lines(
            found, opening, listed is not None, signed.keys(), words, is_keyed=has_key(election) if election else False
        ),
        mode=mode_in_words(setup.trustees.mode if setup.trustees.mode != "open" else "self", words),
        is_apart=setup.trustees.mode in {"split", "split+outside"},
        has_key=has_key(election) if election else False,
        is_ended=election is not None and election.ended is not None,
        trustees=trustees,
        facts=manifest_in_words(manifest, trustees, service.quorum_of(setup), titles, words) if manifest else [],
        eid=b64u(manifest.eid) if manifest else "",
        printed=fingerprint(manifest.eid) if manifest else "",
        entry=encode(service.to_sign(opening)).decode() if opening and manifest else "",
        signed=signed,
        keys_of={
            role: [key for grant, key in granted if grant.role == role] for role in ("registrar", "auditor", "desk")
        },
        mine=mine,
        usable=" ".join(own[cast(Signer, mine)]) if mine else "",
        account=actor.account_id,
        prepares=may(actor, "vote.prepare", round_id=found.id),
        needs_lot=any("draw" in contest.rule["ties"] for contest in found.contests),
        is_fixed=found.manifest_sha256 is not None,
        is_listed=listed is not None,
        **{**context, "section": "rounds"},
    )


def _lines(
    found: Round, opening: Opening | None, is_listed: bool, signed: Any, words: Reader, *, is_keyed: bool
) -> list[Line]:
    """The way to an open vote, step by step."""
    opened = opening is not None and opening.opened_at is not None
    made = opening is not None and opening.manifest is not None
    rehearsed = opening is not None and opening.rehearsal is not None
    steps = [
        (words.gettext("Ballot list fixed"), is_listed, ""),
        (words.gettext("Key ceremony"), is_keyed, words.moment(opening.begun_at) if opening else ""),
        (words.gettext("Manifest"), made, words.moment(opening.manifest_at) if opening and opening.manifest_at else ""),
        (words.gettext("Registrar"), "registrar" in signed, ""),
        (words.gettext("Auditor"), "auditor" in signed, ""),
        (words.gettext("Rehearsal with three test ballots"), rehearsed, ""),
        (words.gettext("Trustees"), opened, words.moment(opening.opened_at) if opening and opening.opened_at else ""),
        (words.gettext("Voting"), found.phase not in {"announced", "ideas", "moderation", "assessment", "set_up"}, ""),
    ]
    first = next((place for place, (_, is_done, _) in enumerate(steps) if not is_done), len(steps))
    return [
        Line(name, "", "done" if is_done else "now" if place == first else "next", when)
        for place, (name, is_done, when) in enumerate(steps)
    ]


def _here(request: PageRequest) -> str:
    return f"/{lang_of(request)}/staff/rounds/{request.path_params['slug']}/opening"


def _hash(text: str) -> bytes:
    try:
        return unb64u(text, 32)
    except CanonicalError:
        return b""


#: Needs the dependency ``opening_around``.
opening_router = Router(
    "/{lang:str}/staff/rounds/{slug:str}",
    route_handlers=[show_opening, begin, prepare, confirm],
    include_in_schema=False,
)
