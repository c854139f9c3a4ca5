"""The page on which authors ask for a review of a refusal, with the municipality's appeal guidance beside it."""

from datetime import datetime
from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.core.proposals.states import PUBLIC
from pb_service.features.accounts.policy import Actor
from pb_service.features.assessment import repository, reviews
from pb_service.features.assessment.errors import Refused, ReviewRefused
from pb_service.features.assessment.page_parts import (
    Now,
    PageRequest,
    Session,
    Who,
    frame_context,
    lang_of,
    round_here,
    said,
)
from pb_service.features.assessment.vocabulary import TOLD, told
from pb_service.features.proposals import repository as proposals
from pb_service.features.proposals.errors import ProposalNotFound
from pb_service.features.proposals.forms import form_of
from pb_service.features.proposals.policy import is_author
from pb_service.features.proposals.tables import Proposal
from pb_service.web.forms import Form, done, parse
from pb_service.web.locales import translations
from pb_service.web.render import page


@get("/{number:int}/review", access="signed-in")
async def show_request(
    request: PageRequest, session: Session, actor: Who, clock: Now, number: FromPath[int]
) -> Response[str]:
    """The form for a request, or what became of it."""
    proposal = await _own(session, request, actor, number)
    form = Form.filled(translations(lang_of(request)))
    return await _page(request, session, proposal, form, now=clock())


@post("/{number:int}/review", access="signed-in")
async def ask(
    *,
    request: PageRequest,
    transaction: Session,
    actor: Who,
    clock: Now,
    slug: FromPath[str],
    number: FromPath[int],
) -> Response[Any]:
    """Ask for a review."""
    language = lang_of(request)
    words = translations(language)
    form = await parse(request)
    proposal = await _own(transaction, request, actor, number)
    body = form.text("body", label=words.gettext("Your reasons"), most=reviews.MOST_REQUEST, lines=True)
    if not form.errors:
        try:
            async with transaction.begin_nested():
                await reviews.ask(transaction, actor, proposal.id, body, now=clock())
        except (Refused, ReviewRefused, *TOLD) as error:
            form.refuse("body", told(error, words))
        else:
            return done(f"/{language}/rounds/{slug}/proposals/{number}/review", "asked")
    return await _page(request, transaction, proposal, form, now=clock(), status=422)


async def _own(session: AsyncSession, request: PageRequest, actor: Actor, number: int) -> Proposal:
    found = await round_here(session, request)
    proposal = await proposals.by_number(session, found.id, number)
    if proposal is None or proposal.state not in PUBLIC or not is_author(proposal, actor.account_id):
        raise ProposalNotFound("There is no such proposal among yours.")
    return proposal


async def _page(
    request: PageRequest, session: AsyncSession, proposal: Proposal, form: Form, *, now: datetime, status: int = 200
) -> Response[str]:
    language = lang_of(request)
    found = await round_here(session, request)
    context = await frame_context(session, found, language)
    asked = await repository.reviews(session, [proposal.id])
    refusal = await repository.last_refusal(session, proposal.id)
    asked_form, _ = await form_of(session, found.id)
    until = reviews.asked_until(proposal, asked_form)
    answer = page(
        request,
        "assessment/review.html",
        locale=language,
        status_code=status,
        **context,
        form=form,
        proposal=proposal,
        refusal=refusal,
        until=until,
        can=until is not None and now <= until and not any(refusal and row.asked_at >= refusal.at for row in asked),
        asked=asked[-1] if asked else None,
        appeal=said({c: w.text for c, w in context["setup"].closing.appeal.items()}, language),
        back=f"/{language}/rounds/{found.slug}/proposals/{proposal.number}",
        done=request.query_params.get("done", ""),
    )
    answer.headers["cache-control"] = "no-store"
    return answer


handlers = [show_request, ask]
