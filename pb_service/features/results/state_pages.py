"""The round's result page: its states, the turnout; and staff's page where states are drafted and signed."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, cast

from litestar import MediaType, Response, Router, get, post
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.core.record.canonical import decode
from pb_service.core.rounds.phases import PHASES
from pb_service.features.accounts.frame import staff_page
from pb_service.features.accounts.policy import Actor, may
from pb_service.features.accounts.signing import take_signature
from pb_service.features.accounts.signing_keys import own_keys
from pb_service.features.accounts.two_people import SIGNERS, Signer
from pb_service.features.assessment.page_parts import (
    Now,
    PageRequest,
    Session,
    Who,
    frame_context,
    lang_of,
    reader,
    reason_of,
    refuse_languages,
)
from pb_service.features.opening.drafting import granted_keys
from pb_service.features.proposals.errors import ReasonMissing
from pb_service.features.results import repository, states
from pb_service.features.results.charts import district_bars, turnout_bars
from pb_service.features.results.districts import by_district
from pb_service.features.results.errors import StateRefused
from pb_service.features.results.states import Change, Published
from pb_service.features.results.turnout import ages_as_csv, ages_body, as_csv, turnout_body
from pb_service.features.results.vocabulary import age_group, channel_name, state_name, state_refusal
from pb_service.features.rounds.errors import RoundNotFound
from pb_service.features.rounds.finding import find_round, published_round
from pb_service.features.rounds.presentation import name_of
from pb_service.features.rounds.setups import setup_of
from pb_service.features.rounds.tables import Round
from pb_service.web.conditional import tag_of
from pb_service.web.formats import Reader, text_in
from pb_service.web.forms import Form, done, parse
from pb_service.web.locales import translations
from pb_service.web.render import page

_CACHE = {"Cache-Control": "public, max-age=300"}
_TEXT = 200


@dataclass(frozen=True)
class Shown:
    """A state as pages show it: what it is called, when, what it says, and where its document is."""

    place: int
    name: str
    kind: str
    when: str
    facts: tuple[str, ...]
    reason: tuple[str, str] | None
    href: str
    sha256: str
    is_newest: bool


@get("/result", access="anyone")
async def show_result(request: PageRequest, session: Session) -> Response[str]:
    """Every state of a round's result, and who voted in numbers."""
    language = lang_of(request)
    found = await published_round(session, request.path_params["slug"])
    published = await states.published_states(session, found.id)
    if not published:
        raise RoundNotFound("There is no result in this round yet.")
    words = reader(await setup_of(session, found), language)
    body, ages = await turnout_body(session, found), await ages_body(session, found)
    districts, previous = await by_district(session, found)
    return page(
        request,
        "results/states.html",
        locale=language,
        section="results",
        round=found,
        round_name=name_of(found.names, language),
        words=words,
        states=shown_states(found, published, words),
        contests=[(contest.key, *text_in(contest.title, language)) for contest in found.contests],
        is_counted=PHASES.index(found.phase) > PHASES.index("counting"),
        turnout=_turnout(found, decode(body), words) if body else None,
        ages=_ages(decode(ages), words) if ages else None,
        districts=district_bars(districts),
        title_of=lambda title: text_in(title, language),
        previous=previous,
    )


@get("/{slug:str}/states/{name:str}", access="anyone", media_type=MediaType.JSON)
async def state_document(session: Session, slug: FromPath[str], name: FromPath[str]) -> Response[bytes]:
    """A state of a round's result byte for byte as the record's entry names it by hash."""
    found = await published_round(session, slug)
    number = name.removesuffix(".json")
    place = int(number) if number.isascii() and number.isdigit() and len(number) < 6 else 0
    body = await states.document(session, found, place)
    return _tagged(body, MediaType.JSON, {"Content-Disposition": f'attachment; filename="{slug}-state-{place}.json"'})


@get("/{slug:str}/turnout.json", access="anyone", media_type=MediaType.JSON)
async def turnout_json(session: Session, slug: FromPath[str]) -> Response[bytes]:
    """Who voted, in numbers: canonical JSON that anybody can make of the record."""
    return _tagged(await _published_turnout(session, slug), MediaType.JSON)


@get("/{slug:str}/turnout.csv", access="anyone", media_type="text/csv")
async def turnout_csv(session: Session, slug: FromPath[str]) -> Response[bytes]:
    """The same as a table."""
    text = as_csv(await _published_turnout(session, slug))
    return _tagged(text.encode("utf-8-sig"), "text/csv; charset=utf-8")


@get("/{slug:str}/ages.json", access="anyone", media_type=MediaType.JSON)
async def ages_json(session: Session, slug: FromPath[str]) -> Response[bytes]:
    """How old those were who voted, in numbers, as the service counted them; the record does not know it."""
    return _tagged(await _published_ages(session, slug), MediaType.JSON)


@get("/{slug:str}/ages.csv", access="anyone", media_type="text/csv")
async def ages_csv(session: Session, slug: FromPath[str]) -> Response[bytes]:
    """The same as a table."""
    text = ages_as_csv(await _published_ages(session, slug))
    return _tagged(text.encode("utf-8-sig"), "text/csv; charset=utf-8")


def _tagged(body: bytes, media_type: str, headers: Mapping[str, str] | None = None) -> Response[bytes]:
    """Answer with what programs take away; who has it already is told so by its tag (web/conditional.py)."""
    return Response(body, media_type=media_type, headers={**_CACHE, **(headers or {}), **tag_of(body)})


@get("/result", access="rounds.preview")
async def show_states(request: PageRequest, session: Session, actor: Who) -> Response[str]:
    """The states, the draft that waits for signatures, and the forms that begin one."""
    return await _page(request, session, actor, Form.filled(translations(lang_of(request))))


@post("/result/confirm", access="vote.prepare")
async def confirm(request: PageRequest, transaction: Session, actor: Who, clock: Now) -> Response[Any]:
    """Draft that a decision confirms the result."""
    words, form = translations(lang_of(request)), await parse(request)
    reference = form.text("reference", label=words.gettext("Reference number"), most=_TEXT)
    decider = form.text("decider", label=words.gettext("Who decided"), most=_TEXT)
    decided_on = form.date("decided_on", label=words.gettext("Date of the decision"))
    found = await _locked(request, transaction)
    if not form.errors:
        try:
            await states.draft_confirmation(
                transaction, actor, found, reference=reference, decider=decider, decided_on=decided_on, now=clock()
            )
        except StateRefused as error:
            form.refuse("reference", state_refusal(error.code, words))
        else:
            return done(_here(request), "drafted")
    return await _page(request, transaction, actor, form, status=409)


@post("/result/amend", access="vote.prepare")
async def amend(request: PageRequest, transaction: Session, actor: Who, clock: Now) -> Response[Any]:
    """Draft that a project is funded otherwise than the count said."""
    language = lang_of(request)
    words, form = translations(language), await parse(request)
    contest, _, project = form.value("project").partition(":")
    is_funded = form.choice("what", ("withdrawn", "cost"), label=words.gettext("What changes")) == "cost"
    cost = form.money("cost", label=words.gettext("New cost"), required=False)
    if is_funded and not cost:
        form.refuse("cost", words.gettext("New cost: fill this in"))
    found = await _locked(request, transaction)
    if not form.errors:
        try:
            async with transaction.begin_nested():
                changes = [Change(contest, project, is_funded, (cost or 0) if is_funded else 0)]
                await states.draft_amendment(
                    transaction,
                    actor,
                    found,
                    changes,
                    reason_of(form, "amended"),
                    reference=form.value("amended_reference")[:_TEXT],
                    now=clock(),
                )
        except ReasonMissing as error:
            refuse_languages(form, "amended", error.languages, language)
        except StateRefused as error:
            form.refuse("project", state_refusal(error.code, words))
        else:
            return done(_here(request), "drafted")
    return await _page(request, transaction, actor, form, status=409)


@post("/result/void", access="vote.prepare")
async def void(request: PageRequest, transaction: Session, actor: Who, clock: Now) -> Response[Any]:
    """Draft that a contest is void, and whether it is repeated."""
    language = lang_of(request)
    words, form = translations(language), await parse(request)
    found = await _locked(request, transaction)
    try:
        async with transaction.begin_nested():
            await states.draft_voiding(
                transaction,
                actor,
                found,
                form.value("contest"),
                reason_of(form, "void"),
                is_repeated=form.checked("repeated"),
                now=clock(),
            )
    except ReasonMissing as error:
        refuse_languages(form, "void", error.languages, language)
    except StateRefused as error:
        form.refuse("contest", state_refusal(error.code, words))
    else:
        return done(_here(request), "drafted")
    return await _page(request, transaction, actor, form, status=409)


@post("/result/sign", access="vote.confirm")
async def sign(request: PageRequest, transaction: Session, actor: Who, clock: Now) -> Response[Any]:
    """Take a signature under the draft; the second one publishes it."""
    words, form = translations(lang_of(request)), await parse(request)
    role = form.choice("role", SIGNERS, label=words.gettext("Role"))
    found = await _locked(request, transaction)
    by = partial(states.sign, transaction, actor, found, cast(Signer, role), now=clock())
    is_published = await take_signature(form, words, transaction, by, state_refusal, name="role")
    if is_published is None:
        return await _page(request, transaction, actor, form, status=409)
    return done(_here(request), "published" if is_published else "signed")


@post("/result/drop", access="vote.prepare")
async def drop(request: PageRequest, transaction: Session, actor: Who, clock: Now) -> Response[Any]:
    """Let go of the draft."""
    words, form = translations(lang_of(request)), await parse(request)
    found = await _locked(request, transaction)
    try:
        await states.drop(transaction, actor, found, now=clock())
    except StateRefused as error:
        form.refuse("role", state_refusal(error.code, words))
        return await _page(request, transaction, actor, form, status=409)
    return done(_here(request), "dropped")


async def _page(
    request: PageRequest, session: AsyncSession, actor: Actor, form: Form, *, status: int = 200
) -> Response[str]:
    language = lang_of(request)
    found = await find_round(session, request.path_params["slug"])
    context = await frame_context(session, found, language)
    words: Reader = context["words"]
    published = await states.published_states(session, found.id)
    draft = await repository.draft_of(session, found.id)
    signed = {one.role: one for one in await repository.signatures_under(session, draft.id)} if draft else {}
    granted = await granted_keys(session, found)
    own = {role: own_keys(granted, actor, role) for role in SIGNERS}
    mine = next((role for role in SIGNERS if draft and own[role] and role not in signed), "")
    void = {state.statement["contest"] for state in published if state.kind == "voided"}
    return staff_page(
        request,
        "results/staff_states.html",
        locale=language,
        status_code=status,
        form=form,
        states=shown_states(found, published, words),
        has_result=any(state.kind != "voided" for state in published),
        is_bound=found.manifest_sha256 is not None and not found.imported,
        draft=draft,
        draft_name=state_name(draft.kind, words) if draft else "",
        draft_facts=_facts(found, draft.kind, decode(draft.statement), words) if draft else (),
        draft_reason=_reason(decode(draft.statement), words) if draft else None,
        signed=signed,
        mine=mine,
        usable=" ".join(own[cast(Signer, mine)]) if mine else "",
        account=actor.account_id,
        prepares=may(actor, "vote.prepare", round_id=found.id),
        projects=[
            (f"{contest.key}:{project.code}", f"{_contest_title(found, contest.key, words)}: {project.title}")
            for contest in found.contests
            for project in contest.projects
            if contest.key not in void
        ],
        contests=[
            (contest.key, _contest_title(found, contest.key, words))
            for contest in found.contests
            if contest.key not in void
        ],
        **{**context, "section": "rounds"},
    )


def shown_states(found: Round, published: Sequence[Published], words: Reader) -> list[Shown]:
    """The states, newest first."""
    return [
        Shown(
            place=state.place,
            name=state_name(state.kind, words),
            kind=state.kind,
            when=words.moment(state.at),
            facts=_facts(found, state.kind, state.statement, words),
            reason=_reason(state.statement, words),
            href=f"/data/{found.slug}/states/{state.place}.json",
            sha256=state.sha256.hex(),
            is_newest=state is published[-1],
        )
        for state in reversed(published)
    ]


def _facts(found: Round, kind: str, statement: Mapping[str, Any], words: Reader) -> tuple[str, ...]:
    """What a state says, in sentences."""
    lines: list[str] = []
    decision = statement.get("decision", {})
    if kind == "confirmed":
        said = words.gettext("Decision %(reference)s, %(by)s, %(on)s")
        day = words.date_of(dt.date.fromisoformat(decision["on"]))
        lines.append(said % {"reference": decision["reference"], "by": decision["by"], "on": day})
    elif decision:
        lines.append(words.gettext("Decision %(reference)s") % {"reference": decision["reference"]})
    if kind == "voided":
        lines.append(_contest_title(found, statement["contest"], words))
        lines.append(
            words.gettext("It is voted on again in a round of its own.")
            if statement["repeated"]
            else words.gettext("It is not repeated.")
        )
    for change in statement.get("changes", ()):
        said = (
            words.gettext("%(contest)s: %(project)s is funded with %(cost)s")
            if change["funded"]
            else words.gettext("%(contest)s: %(project)s is not funded")
        )
        lines.append(
            said
            % {
                "contest": _contest_title(found, change["contest"], words),
                "project": _project_title(found, change["contest"], change["project"]),
                "cost": words.money(change.get("cost", 0)),
            }
        )
    for contest in statement.get("contests", ()):
        said = words.ngettext(
            "%(contest)s: %(count)s project funded, %(cost)s of %(budget)s",
            "%(contest)s: %(count)s projects funded, %(cost)s of %(budget)s",
            len(contest["funded"]),
        )
        lines.append(
            said
            % {
                "contest": _contest_title(found, contest["id"], words),
                "count": words.number(len(contest["funded"])),
                "cost": words.money(sum(cost for _, cost in contest["funded"])),
                "budget": words.money(contest["budget"]),
            }
        )
    return tuple(lines)


def _reason(statement: Mapping[str, Any], words: Reader) -> tuple[str, str] | None:
    texts = statement.get("reason")
    return text_in(texts, words.language) if texts else None


def _turnout(found: Round, read: Mapping[str, Any], words: Reader) -> dict[str, Any]:
    """What the page shows of the turnout: tables, and a picture of each."""
    districts = [(_contest_title(found, each["id"], words), each["n"]) for each in read["districts"]]
    channels = [(channel_name(each["channel"], words), each.get("n")) for each in read["channels"]]
    hours = [
        (words.moment(each["t"]) if "t" in each else words.gettext("before the first hour"), each.get("n"))
        for each in read["hours"]
    ]
    return {
        "total": read["total"],
        "least": read["least"],
        "tables": [
            (words.gettext("By district"), words.gettext("District"), turnout_bars(districts)),
            (words.gettext("By channel"), words.gettext("Channel"), turnout_bars(channels)),
            (words.gettext("By hour"), words.gettext("Hour that began"), turnout_bars(hours)),
        ],
    }


def _ages(read: Mapping[str, Any], words: Reader) -> dict[str, Any]:
    """What the page shows of the ages: a table with a picture."""
    rows = [(age_group(each["group"], words), each.get("n")) for each in read["ages"]]
    return {"least": read["least"], "year": read["year"], "rows": turnout_bars(rows)}


def _contest_title(found: Round, key: str, words: Reader) -> str:
    for contest in found.contests:
        if contest.key == key:
            return text_in(contest.title, words.language)[1]
    return key


def _project_title(found: Round, contest_key: str, code: str) -> str:
    titles = {p.code: p.title for contest in found.contests if contest.key == contest_key for p in contest.projects}
    return titles.get(code, code)


async def _published_turnout(session: AsyncSession, slug: str) -> bytes:
    body = await turnout_body(session, await published_round(session, slug, whole=False))
    if body is None:
        raise RoundNotFound("There is no turnout in this round yet.")
    return body


async def _locked(request: PageRequest, session: AsyncSession) -> Round:
    return await find_round(session, request.path_params["slug"], for_update=True)


async def _published_ages(session: AsyncSession, slug: str) -> bytes:
    body = await ages_body(session, await published_round(session, slug, whole=False))
    if body is None:
        raise RoundNotFound("There are no ages of voters in this round.")
    return body


def _here(request: PageRequest) -> str:
    return f"/{lang_of(request)}/staff/rounds/{request.path_params['slug']}/result"


result_router = Router("/{lang:str}/rounds/{slug:str}", route_handlers=[show_result], include_in_schema=False)
result_staff_router = Router(
    "/{lang:str}/staff/rounds/{slug:str}",
    route_handlers=[show_states, confirm, amend, void, sign, drop],
    include_in_schema=False,
)
result_data = Router(
    "/data",
    route_handlers=[state_document, turnout_json, turnout_csv, ages_json, ages_csv],
    include_in_schema=False,
)
