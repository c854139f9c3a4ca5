"""Staff's page of evidence for auditors: one asks, another allows, the first takes a sealed file."""

from typing import Any
from uuid import UUID

from litestar import Response, Router, get, post
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.features.accounts import staff_repository as staff
from pb_service.features.accounts.frame import staff_page
from pb_service.features.accounts.policy import Actor, Forbidden, may
from pb_service.features.assessment.page_parts import Keys, Now, PageRequest, Session, Who, frame_context, lang_of
from pb_service.features.opendata import evidence, repository
from pb_service.features.opendata.errors import EvidenceRefused
from pb_service.features.rounds.finding import find_round
from pb_service.web.formats import Reader
from pb_service.web.forms import Form, done, parse
from pb_service.web.locales import translations


@get("/evidence", access="rounds.preview")
async def show_evidence(request: PageRequest, session: Session, actor: Who, clock: Now) -> Response[str]:
    """What was asked for, allowed and can be taken."""
    return await _page(request, session, actor, clock, Form.filled(translations(lang_of(request)), sample="20"))


@post("/evidence/ask", access="evidence.read")
async def ask(request: PageRequest, transaction: Session, actor: Who, clock: Now) -> Response[Any]:
    """Ask for the evidence of a counted round."""
    words, form = translations(lang_of(request)), await parse(request)
    seed = form.text("seed", label=words.gettext("Seed drawn in public"), most=500)
    sample = form.whole("sample", label=words.gettext("Persons in the sample"), most=evidence.MOST_SAMPLE)
    found = await find_round(transaction, request.path_params["slug"], for_update=True, whole=False)
    if not form.errors:
        try:
            await evidence.ask(transaction, actor, found, seed, sample, now=clock())
        except EvidenceRefused as error:
            form.refuse("seed", refusal_in_words(error.code, words))
        else:
            return done(_here(request), "asked")
    return await _page(request, transaction, actor, clock, form, status=409)


@post("/evidence/{export_id:uuid}/allow", access="vote.confirm")
async def allow(
    request: PageRequest, transaction: Session, actor: Who, clock: Now, export_id: FromPath[UUID]
) -> Response[Any]:
    """Allow it, as another person."""
    words, form = translations(lang_of(request)), await parse(request)
    found = await find_round(transaction, request.path_params["slug"], for_update=True, whole=False)
    try:
        await evidence.allow(transaction, actor, found, export_id, now=clock())
    except EvidenceRefused as error:
        form.refuse("seed", refusal_in_words(error.code, words))
    except Forbidden:
        form.refuse("seed", refusal_in_words("registrar", words))
    else:
        return done(_here(request), "allowed")
    return await _page(request, transaction, actor, clock, form, status=409)


@post("/evidence/{export_id:uuid}/take", access="evidence.read")
async def take(
    request: PageRequest, transaction: Session, actor: Who, clock: Now, *, keys: Keys, export_id: FromPath[UUID]
) -> Response[Any]:
    """Take the sealed file; that it was taken is in the access log."""
    words, form = translations(lang_of(request)), await parse(request)
    found = await find_round(transaction, request.path_params["slug"], whole=False)
    try:
        body = await evidence.export_file(transaction, actor, found, export_id, keys=keys, now=clock())
    except EvidenceRefused as error:
        form.refuse("seed", refusal_in_words(error.code, words))
        return await _page(request, transaction, actor, clock, form, status=409)
    headers = {
        "content-disposition": f'attachment; filename="{found.slug}-evidence.sealed"',
        "cache-control": "no-store",
    }
    return Response(body, media_type="application/octet-stream", status_code=200, headers=headers)


def refusal_in_words(code: str, words: Any) -> str:
    """Why evidence cannot be asked for, allowed or taken."""
    said: dict[str, str] = {
        "phase": words.gettext("There is no published result yet."),
        "seed": words.gettext("A seed and the size of the sample are needed."),
        "same_hand": words.gettext("Another person than who asked allows it."),
        "registrar": words.gettext("A registrar allows it."),
        "allowed": words.gettext("It is allowed already."),
        "ended": words.gettext("It is not allowed, or not any more, or to somebody else."),
    }
    return said.get(code) or str(words.gettext("This cannot be done now."))


async def _page(
    request: PageRequest, session: AsyncSession, actor: Actor, clock: Now, form: Form, *, status: int = 200
) -> Response[str]:
    language = lang_of(request)
    found = await find_round(session, request.path_params["slug"])
    context = await frame_context(session, found, language)
    words: Reader = context["words"]
    exports = await repository.exports_of(session, found.id)
    people = {one for export in exports for one in (export.asked_by, export.allowed_by) if one is not None}
    return staff_page(
        request,
        "opendata/evidence.html",
        locale=language,
        status_code=status,
        form=form,
        exports=exports,
        names=await staff.names_of(session, sorted(people)),
        now=clock(),
        account=actor.account_id,
        asks=may(actor, "evidence.read", round_id=found.id),
        allows=any(grant.role == "registrar" and grant.reaches(found.id, None) for grant in actor.grants),
        moment=words.moment,
        **{**context, "section": "rounds"},
    )


def _here(request: PageRequest) -> str:
    return f"/{lang_of(request)}/staff/rounds/{request.path_params['slug']}/evidence"


evidence_router = Router(
    "/{lang:str}/staff/rounds/{slug:str}", route_handlers=[show_evidence, ask, allow, take], include_in_schema=False
)
