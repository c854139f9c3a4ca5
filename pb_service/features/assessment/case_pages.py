"""One case on staff's desk: what was proposed, moderation, the checklist, notes, whom it is with, and a review."""

from datetime import datetime
from typing import Any, cast
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.core.proposals.states import is_public, possible
from pb_service.features.accounts.frame import staff_page
from pb_service.features.accounts.policy import Actor, Forbidden, may
from pb_service.features.assessment import (
    assigning,
    costing,
    feasibility,
    moderation,
    neighbours,
    notes,
    repository,
    reviews,
)
from pb_service.features.assessment.errors import Refused
from pb_service.features.assessment.feasibility import Answer
from pb_service.features.assessment.moderation import Wanted
from pb_service.features.assessment.page_parts import (
    Keys,
    Now,
    PageRequest,
    Session,
    Who,
    deadline_of,
    frame_context,
    lang_of,
    people_key,
    reason_of,
    receiver_of,
    receivers,
    refuse_languages,
    round_here,
    said,
)
from pb_service.features.assessment.tables import OUTCOMES, Outcome
from pb_service.features.assessment.vocabulary import TOLD, cost_sentence, outcome_names, problem_sentence, told
from pb_service.features.proposals import repository as proposals
from pb_service.features.proposals import service as proposal_service
from pb_service.features.proposals.errors import ProposalNotFound, ReasonMissing
from pb_service.features.proposals.policy import is_author
from pb_service.features.proposals.tables import Proposal
from pb_service.features.proposals.vocabulary import act_sentences, state_names
from pb_service.features.rounds.setups import setup_of
from pb_service.features.rounds.tables import Round
from pb_service.web.forms import Form, done, once, parse
from pb_service.web.locales import translations

_ACCESS = ("proposals.moderate", "assessment.work", "assessment.sign", "assessment.review")


@get("/{number:int}", access="staff.enter")
async def show_case(
    request: PageRequest, session: Session, actor: Who, clock: Now, number: FromPath[int]
) -> Response[str]:
    """Everything about one proposal that staff work with."""
    found = await round_here(session, request)
    form = await _begun(session, request, actor, found, number)
    return await _case_page(request, session, actor, form, now=clock())


@post("/{number:int}/decision", access="proposals.moderate")
async def moderate(
    *,
    request: PageRequest,
    transaction: Session,
    actor: Who,
    clock: Now,
    keys: Keys,
    slug: FromPath[str],
    number: FromPath[int],
) -> Response[Any]:
    """Publish, ask for more or reject: at once, or prepared to be published with others."""
    language = lang_of(request)
    words = translations(language)
    form = await parse(request)
    found = await round_here(transaction, request)
    if form.value("act") == "template":
        row = next(
            (
                each
                for each in await repository.templates(transaction, found.id)
                if str(each.id) == form.value("template")
            ),
            None,
        )
        if row is not None:
            fields = {name: form.values(name) for name in form.names()}
            fields |= {f"reason_{code}": [text] for code, text in row.texts.items()}
            fields |= {"outcome": [row.outcome], "criterion": [row.criterion or form.value("criterion")]}
            form = form.with_fields(fields)
        return await _case_page(request, transaction, actor, form, now=clock())
    outcome = cast(Outcome, form.choice("outcome", OUTCOMES, label=words.gettext("Decision")) or "publish")
    wanted = Wanted(outcome, form.value("criterion"), reason_of(form, "reason"))
    if not form.errors:
        try:
            async with transaction.begin_nested():
                act = moderation.prepare_one if form.value("act") == "prepare" else moderation.decide
                await act(transaction, actor, found, number, wanted, key=people_key(keys), now=clock())
        except ReasonMissing as lacking:
            refuse_languages(form, "reason", lacking.languages, language)
        except Refused:
            form.refuse("criterion", words.gettext("Choose the criterion that is not met"))
        except TOLD as error:
            form.refuse("outcome", told(error, words))
        else:
            flag = "prepared" if form.value("act") == "prepare" else outcome
            return done(f"/{language}/staff/rounds/{slug}/proposals/{number}", flag)
    return await _case_page(request, transaction, actor, form, status=422, now=clock())


@post("/{number:int}/hide", access="proposals.moderate")
async def hide(
    *, request: PageRequest, transaction: Session, actor: Who, clock: Now, slug: FromPath[str], number: FromPath[int]
) -> Response[Any]:
    """Hide what the law does not allow to be shown, with a reason that stays."""
    language = lang_of(request)
    form = await parse(request)
    found = await round_here(transaction, request)
    proposal = await _proposal(transaction, actor, found, number)
    try:
        async with transaction.begin_nested():
            await proposal_service.hide(transaction, actor, proposal.id, reason_of(form, "hide"), now=clock())
    except ReasonMissing as lacking:
        refuse_languages(form, "hide", lacking.languages, language)
    except TOLD as error:
        form.refuse("hide", told(error, translations(language)))
    else:
        return done(f"/{language}/staff/rounds/{slug}/proposals/{number}", "hidden")
    return await _case_page(request, transaction, actor, form, status=422, now=clock())


@post("/{number:int}/answers", access="assessment.work")
async def answer(
    *,
    request: PageRequest,
    transaction: Session,
    actor: Who,
    clock: Now,
    keys: Keys,
    slug: FromPath[str],
    number: FromPath[int],
) -> Response[Any]:
    """Keep one's answers to the checklist; or let them be the decision, agreed by all or the lead's own."""
    language = lang_of(request)
    words = translations(language)
    form = await parse(request)
    found = await round_here(transaction, request)
    key, now, act = people_key(keys), clock(), form.value("act")
    setup = await setup_of(transaction, found)
    answers = {
        criterion.key: Answer(form.value(f"ok_{criterion.key}") == "yes", reason_of(form, f"no_{criterion.key}"))
        for criterion in setup.criteria.criteria
        if form.value(f"ok_{criterion.key}")
    }
    version = form.whole("version", required=False) or 0
    try:
        async with transaction.begin_nested():
            if act == "agree":
                await feasibility.decide(transaction, actor, found, number, key=key, now=now)
            else:
                await feasibility.answer(transaction, actor, found, number, answers, version=version, key=key, now=now)
                if act == "decide":
                    await feasibility.decide(transaction, actor, found, number, answers, key=key, now=now)
    except Refused as refused:
        for problem in refused.problems:
            name, _, code = problem.field.partition(".")
            label = next(
                (
                    said({c: w.text for c, w in each.label.items()}, language).text
                    for each in setup.criteria.criteria
                    if each.key == name
                ),
                name,
            )
            context = await frame_context(transaction, found, language)
            sentence = problem_sentence(problem, context["words"])
            form.refuse(f"no_{name}_{code}" if code else f"ok_{name}", f"{label}: {sentence}")
    except TOLD as error:
        form.refuse("answers", told(error, words))
    else:
        flag = "decided" if act in {"agree", "decide"} else "answered"
        return done(f"/{language}/staff/rounds/{slug}/proposals/{number}", flag)
    return await _case_page(request, transaction, actor, form, status=422, now=now)


@post("/{number:int}/notes", access="assessment.work")
async def write_note(
    *, request: PageRequest, transaction: Session, actor: Who, clock: Now, slug: FromPath[str], number: FromPath[int]
) -> Response[Any]:
    """Write a private note, for colleagues who are told of it if they are named."""
    language = lang_of(request)
    words = translations(language)
    form = await parse(request)
    found = await round_here(transaction, request)
    body = form.text("note", label=words.gettext("Note"), most=notes.MOST_NOTE, lines=True)
    mentions = [to.account_id for to in map(receiver_of, form.values("mention")) if to and to.account_id]
    if not form.errors:
        await notes.add(
            transaction,
            actor,
            found,
            f"p{number}",
            body,
            mentions=mentions,
            once=_uuid(form.value("once")),
            now=clock(),
        )
        return done(f"/{language}/staff/rounds/{slug}/proposals/{number}#notes", "noted")
    return await _case_page(request, transaction, actor, form, status=422, now=clock())


@post("/{number:int}/hands", access="assessment.work")
async def give(
    *, request: PageRequest, transaction: Session, actor: Who, clock: Now, slug: FromPath[str], number: FromPath[int]
) -> Response[Any]:
    """Give the case to a unit or a person, or take it out of all hands."""
    language = lang_of(request)
    words = translations(language)
    form = await parse(request)
    found = await round_here(transaction, request)
    if form.value("act") == "release":
        await assigning.release(transaction, actor, found, number, now=clock())
        return done(f"/{language}/staff/rounds/{slug}/proposals/{number}", "released")
    to = receiver_of(form.value("to"))
    due = deadline_of(form, "due", await setup_of(transaction, found), words.gettext("Until"))
    if to is None:
        form.refuse("to", words.gettext("Choose whom to give it to"))
    if not form.errors and to is not None:
        try:
            async with transaction.begin_nested():
                await assigning.assign(
                    transaction, actor, found, [number], to, due_at=due, lead=form.checked("lead"), now=clock()
                )
        except Refused:
            form.refuse("to", words.gettext("Choose whom to give it to"))
        else:
            return done(f"/{language}/staff/rounds/{slug}/proposals/{number}", "assigned")
    return await _case_page(request, transaction, actor, form, status=422, now=clock())


@post("/{number:int}/review", access="assessment.review")
async def decide_review(
    *,
    request: PageRequest,
    transaction: Session,
    actor: Who,
    clock: Now,
    keys: Keys,
    slug: FromPath[str],
    number: FromPath[int],
) -> Response[Any]:
    """Decide a review: the refusal stays, or the proposal is published again."""
    language = lang_of(request)
    words = translations(language)
    form = await parse(request)
    found = await round_here(transaction, request)
    outcome = form.choice("review_outcome", ("reinstated", "upheld"), label=words.gettext("Decision"))
    if not form.errors:
        try:
            async with transaction.begin_nested():
                await reviews.decide(
                    transaction,
                    actor,
                    found,
                    number,
                    outcome="reinstated" if outcome == "reinstated" else "upheld",
                    reason=reason_of(form, "review"),
                    key=people_key(keys),
                    now=clock(),
                )
        except ReasonMissing as lacking:
            refuse_languages(form, "review", lacking.languages, language)
        except TOLD as error:
            form.refuse("review_outcome", told(error, words))
        else:
            return done(f"/{language}/staff/rounds/{slug}/proposals/{number}", f"review_{outcome}")
    return await _case_page(request, transaction, actor, form, status=422, now=clock())


async def _begun(session: AsyncSession, request: PageRequest, actor: Actor, found: Round, number: int) -> Form:
    """The form as it stands first: one's own answers to the checklist, or the reasons that the round words."""
    proposal = await _proposal(session, actor, found, number)
    words = translations(lang_of(request))
    setup = await setup_of(session, found)
    mine = next(
        (row for row in await repository.opinions(session, [proposal.id]) if row.account_id == actor.account_id), None
    )
    given = feasibility.read(mine.answers) if mine else {}
    values: dict[str, object] = {"version": mine.version if mine else 0, "once": once()}
    for criterion in setup.criteria.criteria:
        point = given.get(criterion.key)
        values[f"ok_{criterion.key}"] = "" if point is None else "yes" if point.ok else "no"
        reason = point.reason if point and not point.ok else feasibility.standard_reason(criterion)
        values |= {f"no_{criterion.key}_{code}": text for code, text in reason.items()}
    return Form.of(values, words)


async def _proposal(session: AsyncSession, actor: Actor, found: Round, number: int) -> Proposal:
    """The proposal, for who has anything to do with it."""
    proposal = await proposals.by_number(session, found.id, number)
    if proposal is None or proposal.state == "draft":
        raise ProposalNotFound("There is no such proposal.")
    if not any(may(actor, act, round_id=found.id, district=proposal.district) for act in _ACCESS):  # type: ignore[arg-type]
        raise Forbidden("Your account has no role that may do this here.")
    return proposal


async def _case_page(
    request: PageRequest, session: AsyncSession, actor: Actor, form: Form, *, now: datetime, status: int = 200
) -> Response[str]:
    language = lang_of(request)
    words = translations(language)
    found = await round_here(session, request)
    proposal = await _proposal(session, actor, found, request.path_params["number"])
    number = proposal.number or 0
    context = await frame_context(session, found, language)
    setup, reader = context["setup"], context["words"]
    book = await proposals.book_to_read(session, found.id)
    fixed = book is not None and book.list_fixed_at is not None
    own = is_author(proposal, actor.account_id)
    district = proposal.district

    def allowed(act: Any) -> bool:
        return not own and may(actor, act, round_id=found.id, district=district)

    acts = possible(proposal.state, hand="moderator", phase=found.phase, fixed=fixed)
    opinions = await repository.opinions(session, [proposal.id])
    decision = (await repository.feasibility_decisions(session, [proposal.id])).get(proposal.id)
    held = await repository.assignments(session, [proposal.id])
    said_notes = await repository.notes(session, proposal_id=proposal.id)
    asked = await repository.reviews(session, [proposal.id])
    rows = await repository.sheets(session, proposals=[proposal.id])
    sheets = [costing.version_of(row, setup.costs) for row in rows]
    templates = await repository.templates(session, found.id)
    waiting = [row for row, each in await repository.decisions_waiting(session, found.id) if each.id == proposal.id]
    history = await proposals.acts_of(session, proposal.id)
    more = await repository.acts(session, found.id, [f"p{number}"])
    ids = {row.account_id for row in opinions} | {row.account_id for row in held} | {row.set_by for row in rows}
    ids |= {row.account_id for row in said_notes}
    ids |= {row.signed_by for row in rows} | {row.prepared_by for row in waiting}
    ids |= {act.account_id for act in more}
    project = (await repository.projects_of(session, [proposal.id])).get(proposal.id)
    everybody = await receivers(session, found, language)
    people = [(value, name) for value, name in everybody if value.startswith("person:")]
    return staff_page(
        request,
        "assessment/case.html",
        locale=language,
        status_code=status,
        **context,
        form=form,
        proposal=proposal,
        number=number,
        this_page=f"/{language}/staff/rounds/{found.slug}/proposals/{number}",
        is_public=is_public(proposal.state, proposal.published_at is not None),
        public=f"/{language}/rounds/{found.slug}/proposals/{number}",
        state=state_names(words)[proposal.state],
        own=own,
        pin=neighbours.pin_of(setup, proposal),
        similar=await neighbours.similar_to(session, proposal),
        joints=await neighbours.joints_of(session, proposal),
        open_acts=acts,
        fixed=fixed,
        may_talk=may(actor, "comments.moderate", round_id=found.id),
        outcomes=[(name, text) for name, text in outcome_names(words).items() if name in acts],
        may_moderate=allowed("proposals.moderate"),
        templates=[(str(row.id), row.name) for row in templates],
        waiting=waiting[0] if waiting else None,
        criteria=[
            (criterion, said({c: w.text for c, w in criterion.label.items()}, language))
            for criterion in setup.criteria.criteria
        ],
        may_assess=allowed("assessment.work")
        and bool(
            {"assess", "find_infeasible"}
            & set(possible(proposal.state, hand="assessor", phase=found.phase, fixed=fixed))
        ),
        opinions=[(row, feasibility.read(row.answers)) for row in opinions],
        decision=decision,
        answers=feasibility.read(decision.answers) if decision else {},
        sheets=sheets,
        may_cost=allowed("costs.edit") or allowed("assessment.sign"),
        held=[
            (
                row,
                next((name for value, name in everybody if value.endswith(str(row.unit_id or row.account_id))), "")
                or words.gettext("Somebody"),
            )
            for row in held
        ],
        may_assign=allowed("assessment.work"),
        receivers=everybody,
        people=people,
        notes=said_notes,
        asked=asked,
        open_review=next((row for row in asked if row.decided_at is None), None),
        may_review=allowed("assessment.review"),
        appeal=said({c: w.text for c, w in setup.closing.appeal.items()}, language),
        history=sorted(
            [
                *((act.at, act_sentences(words).get(act.act, act.kind), act.shown.get("reason")) for act in history),
                *((act.at, cost_sentence(act, reader), act.shown.get("reason")) for act in more),
            ],
            key=lambda line: line[0],
        ),
        signed_before=next((each.row.amount for each in reversed(sheets[:-1]) if each.row.signed_at), None)
        if sheets and sheets[-1].row.signed_at is None
        else None,
        names=await repository.names(session, ids),
        project=project,
        now=now,
        once_key=once(),
        money=reader.money,
    )


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


handlers = [show_case, moderate, hide, answer, write_note, give, decide_review]
