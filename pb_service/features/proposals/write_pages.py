"""The writing helper: six steps to a proposal. Without an account, without JavaScript, and nothing typed is lost.

Every page is one form with all that was written so far, what other steps ask in hidden fields. The server keeps nothing
of somebody who is not signed in until they send it: then the draft waits, under a secret that only their browser has,
for them to sign in or to verify their address. Whoever is signed in finds every step saved among their own proposals.
A button may lead to the same step in another language.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID, uuid4

from litestar import Request, Response, Router, get, post
from litestar.di import NamedDependency
from litestar.exceptions import NotFoundException
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.core.proposals.form import AGE_GROUPS, Draft, ProposalForm
from pb_service.core.proposals.places import district_of_place, is_on_land
from pb_service.core.proposals.states import may_edit
from pb_service.core.rounds.outlines import drawn_map
from pb_service.features.accounts.guards import see_other, visitor_of
from pb_service.features.accounts.policy import Actor
from pb_service.features.proposals import drafts, repository
from pb_service.features.proposals.acts import phase_for
from pb_service.features.proposals.errors import ActRefused, AddressNotVerified, ProposalRefused, SentTooOften
from pb_service.features.proposals.forms import form_of
from pb_service.features.proposals.reading import reader_of, round_name, spoken
from pb_service.features.proposals.sentences import refusal
from pb_service.features.proposals.similar import similar
from pb_service.features.proposals.write_form import (
    REPEATED,
    STEPS,
    Step,
    check,
    labels,
    put_problems,
    read,
    shown,
    step_fields,
    step_of,
)
from pb_service.features.rounds.finding import published_round
from pb_service.features.rounds.presentation import MAP_WIDTH, district_names
from pb_service.features.rounds.public import PublicRound, public_round
from pb_service.features.rounds.tables import Round
from pb_service.platform.clock import Clock
from pb_service.platform.limits import Limits, Rate
from pb_service.web.cookies import set_cookie
from pb_service.web.formats import Reader
from pb_service.web.forms import Form, parse
from pb_service.web.languages import language_of
from pb_service.web.locales import Language, translations
from pb_service.web.render import page

Session = NamedDependency[AsyncSession]
Who = NamedDependency[Actor]
Now = NamedDependency[Clock]
PageRequest = Request[Any, Any, Any]

#: Proposals that one person may send, and drafts that one network may leave waiting.
SENT = Rate("proposals-sent", most=30, seconds=24 * 60 * 60)
WAITING = Rate("proposal-drafts", most=60, seconds=60 * 60)
#: Bytes of a form: 10 MB of text are answered with a page, not with a closed door.
_MOST_BYTES = 12_000_000


@get("/", access="anyone", sync_to_thread=False)
def begin(lang: FromPath[str], slug: FromPath[str]) -> Response[None]:
    """Lead to the first step."""
    return see_other(f"/{language_of(lang)}/rounds/{slug}/propose/need")


@get("/{step:str}", access="anyone")
async def show_step(
    *,
    request: PageRequest,
    session: Session,
    actor: Who,
    clock: Now,
    lang: FromPath[str],
    slug: FromPath[str],
    step: FromPath[str],
) -> Response[Any]:
    """A step without anything written yet, or with one's own draft (``?draft=``)."""
    language = language_of(lang)
    wanted = _step(step)
    public = await public_round(session, slug)
    found = await published_round(session, slug, whole=False)
    if not may_edit("draft", phase_for(found, "author", clock())):
        return _closed(request, public, language)
    draft, once = Draft(language=language), uuid4()
    if asked := _uuid(request.query_params.get("draft", "")):
        own = await drafts.own_proposal(session, actor, asked)
        draft, once = drafts.draft_of(own), own.once or once
    form = Form.of(shown(draft, once=once, unit=public.setup.money.unit), translations(language))
    return await _page(request, session, actor, public, wanted, form, draft)


@post("/{step:str}", access="anyone", request_max_body_size=_MOST_BYTES)
async def take_step(
    *,
    request: PageRequest,
    transaction: Session,
    actor: Who,
    clock: Now,
    limits: NamedDependency[Limits],
    lang: FromPath[str],
    slug: FromPath[str],
    step: FromPath[str],
) -> Response[Any]:
    """Look at what a step holds and show the next, or the same with what is wrong; at the end, send the proposal."""
    language = language_of(lang)
    is_last = step == "send"
    public = await public_round(transaction, slug)
    words = reader_of(public, language)
    asked, _ = await form_of(transaction, public.id)
    form = await parse(request, translations(language))
    came = _step(form.value("from") or "need")
    checks = is_last or form.value("go") == "next"
    fields = () if is_last else step_fields(came, asked)
    draft = read(form, asked, words, language=language, only=fields if checks else ("-",))
    districts = [district.key for district in public.setup.districts.districts]
    if checks:
        check(form, asked, draft, districts, words, only=fields)
    once = _uuid(form.value("once")) or uuid4()
    if form.errors:
        first = step_of(next(iter(form.errors))[0])
        return await _page(request, transaction, actor, public, first if is_last else came, form, draft, status=422)
    found = await published_round(transaction, slug, whole=False)
    try:
        async with transaction.begin_nested():
            if is_last:
                return await _send(request, transaction, actor, limits, found, draft, once, language, clock)
            if actor.account_id is not None:
                await drafts.save_draft(transaction, actor, found, draft, once=once, now=clock())
    except ProposalRefused as refused:
        put_problems(form, refused.problems, asked, words)
    except AddressNotVerified:
        if is_last:
            form.refuse("show_author", words.gettext("Verify your e-mail address first; then send the proposal."))
    except ActRefused as error:
        form.refuse(next(iter(step_fields(came, asked))), refusal(error, words))
    except SentTooOften:
        form.refuse("show_author", words.gettext("You have sent very many proposals. Try again tomorrow."))
    if form.errors:
        return await _page(request, transaction, actor, public, came, form, draft, status=409)
    if form.value("go") == "save":
        return see_other(f"/{language}/me/proposals?done=saved")
    return await _page(request, transaction, actor, public, _step(step), form, draft)


async def _send(  # noqa: PLR0917 # one call
    request: PageRequest,
    session: AsyncSession,
    actor: Actor,
    limits: Limits,
    found: Round,
    draft: Draft,
    once: UUID,
    language: Language,
    clock: Clock,
) -> Response[Any]:
    """Send what is written; for somebody who is not signed in it is kept until they are."""
    if actor.account_id is None:
        visitor = visitor_of(request)
        if not await limits.hit(WAITING, visitor.address_prefix or "-"):
            raise SentTooOften("Very many proposals were sent from here. Try again tomorrow.")
        secret = await drafts.keep_for_claim(session, found, draft, once=once, now=clock())
        answer = see_other(f"/{language}/sign-in?next=/{language}/me/proposals/claim")
        if secret:
            set_cookie(answer, request, "pb-draft", secret)
        return answer
    if not await limits.hit(SENT, str(actor.account_id)):
        raise SentTooOften("Very many proposals were sent from here. Try again tomorrow.")
    kept = await drafts.save_draft(session, actor, found, draft, once=once, now=clock())
    await drafts.send(session, actor, kept.id, now=clock())
    return see_other(f"/{language}/me/proposals/{kept.id}?done=sent")


async def _page(  # noqa: PLR0917 # one call
    request: PageRequest,
    session: AsyncSession,
    actor: Actor,
    public: PublicRound,
    step: Step,
    form: Form,
    draft: Draft,
    *,
    status: int = 200,
) -> Response[str]:
    language = language_of(request.path_params["lang"])
    words = reader_of(public, language)
    asked, _ = await form_of(session, public.id)
    number = STEPS.index(step)
    here = set(step_fields(step, asked))
    every = dict.fromkeys(name for each in STEPS for name in step_fields(each, asked))
    hidden = [(name, value) for name in every if name not in here for value in _values(form, name)]
    base = f"/{language}/rounds/{public.slug}"
    found = await similar(session, public.id, draft) if step == "similar" else []
    answer = page(
        request,
        "proposals/write.html",
        **write_frame(public, language),
        status_code=status,
        base=base,
        step=step,
        number=number + 1,
        bar=step_bar(step, words),
        **field_context(public, asked, form, language, here=(step,)),
        hidden=hidden,
        before=STEPS[number - 1] if number else None,
        after=STEPS[number + 1] if number + 1 < len(STEPS) else None,
        notes=await place_notes(session, public, draft, words),
        similar=found,
        why=lambda likeness: why_alike(likeness, words),
        draft=draft,
        signed_in=actor.account_id is not None,
        others=[(code, name) for code, name in LANGUAGE_NAMES if code != language],
    )
    answer.headers["cache-control"] = "no-store"
    return answer


def field_context(
    public: PublicRound, asked: ProposalForm, form: Form, language: Language, *, here: Sequence[Step]
) -> dict[str, Any]:
    """What the fields of the steps ``here`` need (write_fields.html)."""
    words = reader_of(public, language)
    districts = public.setup.districts.districts
    names = district_names(districts, language)
    return {
        "shown_steps": here,
        "form": form,
        "asked": asked,
        "label": labels(asked, words),
        "helps": lambda name: _help(getattr(asked, name), language),
        "question_help": lambda question: _help(question, language),
        "options": lambda question: [(each.key, _name(each.name, each.key, language)) for each in question.options],
        "themes": [(theme.key, _name(theme.name, theme.key, language)) for theme in asked.themes],
        "districts": list(names.items()),
        "names": names,
        "map": drawn_map(districts, MAP_WIDTH) if "place" in here else None,
        "ages": [(group, "65+" if group == "65-" else group.replace("-", "\u2013")) for group in AGE_GROUPS],
    }


def write_frame(public: PublicRound, language: Language) -> dict[str, Any]:
    """What pages in a round give their frame."""
    return {
        "locale": language,
        "round": public,
        "slug": public.slug,
        "own": True,
        "rehearsal": public.rehearsal,
        "section": "proposals",
        "round_name": round_name(public, language),
        "words": reader_of(public, language),
        "licence": public.setup.closing.licence,
    }


#: The languages in which a proposal may be written, each by its own name.
LANGUAGE_NAMES = (("fi", "Suomi"), ("sv", "Svenska"), ("en", "English"))


def step_bar(here: Step, words: Reader) -> list[dict[str, str]]:
    """The six steps with the state of each."""
    names = {
        "need": words.gettext("The need"),
        "idea": words.gettext("The idea"),
        "place": words.gettext("The place"),
        "people": words.gettext("For whom"),
        "similar": words.gettext("Similar ideas"),
        "cost": words.gettext("Rough cost"),
    }
    at = STEPS.index(here)
    return [
        {"name": names[step], "state": "done" if number < at else "now" if number == at else "next", "step": step}
        for number, step in enumerate(STEPS)
    ]


async def place_notes(session: AsyncSession, public: PublicRound, draft: Draft, words: Reader) -> list[str]:
    """What should be known about a place: outside all districts, or on land that the municipality does not own."""
    if draft.place is None:
        return []
    found = []
    districts = public.setup.districts.districts
    if any(district.polygons for district in districts) and district_of_place(districts, draft.place) is None:
        found.append(words.gettext("The place lies outside the districts of this round. Look whether it is right."))
    land = await repository.land(session, public.id)
    if land is not None and not is_on_land(land.polygons, draft.place):
        found.append(
            words.gettext(
                "The municipality may not own all of this land. You can send the proposal all the same; it is "
                "looked at in the check."
            )
        )
    return found


def why_alike(likeness: Any, words: Reader) -> str:
    """Why two proposals are alike, in words."""
    texts = {
        "same_words": words.gettext("Much the same words."),
        "same_theme": words.gettext("The same theme."),
        "same_district": words.gettext("In the same district."),
    }
    found = []
    for reason in likeness.reasons:
        if reason == "same_place":
            found.append(words.gettext("The same place: %(metres)s away.") % {"metres": words.metres(likeness.metres)})
        else:
            found.append(texts[reason])
    return " ".join(found)


def _closed(request: PageRequest, public: PublicRound, language: Language) -> Response[str]:
    return page(request, "proposals/write_closed.html", **write_frame(public, language))


def _help(rule: Any, language: Language) -> str:
    text = spoken(rule.help, language)
    return text.text if text else ""


def _name(text: Any, key: str, language: Language) -> str:
    found = spoken(text, language)
    return found.text if found else key


def _values(form: Form, name: str) -> Sequence[str]:
    return form.values(name) if name in REPEATED else [form.value(name)]


def _step(name: str) -> Step:
    if name in STEPS:
        return name
    raise NotFoundException("There is no such step.")


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


write_router = Router(
    "/{lang:str}/rounds/{slug:str}/propose", route_handlers=[begin, show_step, take_step], include_in_schema=False
)
