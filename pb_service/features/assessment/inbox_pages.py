"""The inbox of staff: what waits for whom, given out and decided in bulk; the workload; rules and worded answers."""

from collections import Counter
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.core.rounds.setup import Setup
from pb_service.features.accounts.frame import staff_page
from pb_service.features.accounts.policy import Actor, may
from pb_service.features.assessment import assigning, lists, moderation, repository
from pb_service.features.assessment.assigning import RuleDetails
from pb_service.features.assessment.errors import Refused
from pb_service.features.assessment.inbox import GROUPS, TABS, Case, Inbox, Tab, inbox
from pb_service.features.assessment.moderation import Wanted
from pb_service.features.assessment.page_parts import (
    Keys,
    Now,
    PageRequest,
    Places,
    Session,
    Who,
    deadline_of,
    frame_context,
    lang_of,
    people_key,
    places_of,
    reader,
    reason_fields,
    reason_of,
    receiver_of,
    receivers,
    refuse_languages,
    round_here,
    said,
)
from pb_service.features.assessment.tables import OUTCOMES, Outcome
from pb_service.features.assessment.vocabulary import (
    group_names,
    outcome_names,
    point_names,
    refused_names,
    tab_names,
    todo_names,
)
from pb_service.features.proposals.errors import ReasonMissing
from pb_service.features.proposals.vocabulary import state_names
from pb_service.features.rounds.presentation import name_of
from pb_service.features.rounds.setups import setup_of
from pb_service.web.bars import Amount, parts_of
from pb_service.web.forms import Form, done, parse
from pb_service.web.locales import Language, translations

#: Cases on one page of the inbox.
PAGE = 50
#: Empty lines for new rules under those that there are.
_MORE_RULES = 3


@get("/inbox", access="staff.enter")
async def show_inbox(request: PageRequest, session: Session, actor: Who, clock: Now) -> Response[str]:
    """What is open, most urgent first."""
    return await _inbox_page(request, session, actor, now=clock())


@get("/inbox/workload", access="staff.enter")
async def show_workload(request: PageRequest, session: Session, actor: Who, clock: Now) -> Response[str]:
    """How much lies with whom, as a picture and as a table."""
    language = lang_of(request)
    words = translations(language)
    now = clock()
    found = await inbox(session, actor, slug=request.query_params.get("round", ""), now=now)
    loads = found.load(now)
    heaviest = max((load.total for load in loads), default=0)
    names = group_names(words)
    lines = [
        {
            "who": said(load.who, language).text if not isinstance(load.who, str) else load.who,
            "load": load,
            "bar": parts_of(
                heaviest, [Amount(load.counts[name], str(load.counts[name])) for name in GROUPS], districts=True
            ),
            "told": ", ".join(f"{names[name]}: {load.counts[name]}" for name in GROUPS if load.counts[name]),
        }
        for load in loads
    ]
    return staff_page(
        request,
        "assessment/workload.html",
        locale=language,
        section="inbox",
        lines=lines,
        names=names,
        groups=GROUPS,
        slug=request.query_params.get("round", ""),
    )


@post("/rounds/{slug:str}/cases", access="assessment.work")
async def give_out(
    request: PageRequest, transaction: Session, actor: Who, clock: Now, slug: FromPath[str]
) -> Response[Any]:
    """Give the chosen cases of a round to a unit or a person, with a deadline."""
    language = lang_of(request)
    words = translations(language)
    form = await parse(request)
    found = await round_here(transaction, request)
    numbers = _numbers(form)
    to = receiver_of(form.value("to"))
    due = deadline_of(form, "due", await setup_of(transaction, found), words.gettext("Until"))
    if not numbers:
        form.refuse("case", words.gettext("Choose at least one case"))
    if to is None:
        form.refuse("to", words.gettext("Choose whom to give them to"))
    if not form.errors and to is not None:
        try:
            async with transaction.begin_nested():
                await assigning.assign(
                    transaction,
                    actor,
                    found,
                    numbers,
                    to,
                    due_at=due,
                    lead=form.checked("lead"),
                    instead=form.checked("instead"),
                    now=clock(),
                )
        except Refused:
            form.refuse("to", words.gettext("Choose whom to give them to"))
        else:
            return done(f"/{language}/staff/inbox", "assigned", round=slug)
    return await _inbox_page(request, transaction, actor, form=form, slug=slug, status=422, now=clock())


@get("/rounds/{slug:str}/decide", access="proposals.moderate")
async def show_decide(request: PageRequest, session: Session, actor: Who, clock: Now) -> Response[str]:
    """The form for one decision about many proposals, with what it would do to each."""
    words = translations(lang_of(request))
    chosen = [value for value in request.query_params.getall("case", []) if value.isascii() and value.isdecimal()]
    outcome = request.query_params.get("outcome", "publish")
    form = Form.filled(words, case=chosen, outcome=outcome if outcome in OUTCOMES else "publish", when="now")
    return await _decide_page(request, session, actor, form, now=clock())


@post("/rounds/{slug:str}/decide", access="proposals.moderate")
async def decide_many(
    *, request: PageRequest, transaction: Session, actor: Who, clock: Now, keys: Keys, slug: FromPath[str]
) -> Response[Any]:
    """Prepare one decision about many proposals, to be published together now, later, or by hand."""
    language = lang_of(request)
    words = translations(language)
    form = await parse(request)
    found = await round_here(transaction, request)
    now, key = clock(), people_key(keys)
    outcome = cast(Outcome, form.choice("outcome", OUTCOMES) or "publish")
    if form.value("act") == "look":
        form = await _use_template(transaction, form, found.id)
        return await _decide_page(request, transaction, actor, form, now=now)
    numbers = _numbers(form)
    at = deadline_of(form, "publish_on", await setup_of(transaction, found), words.gettext("Publish on"))
    if not numbers:
        form.refuse("case", words.gettext("Choose at least one case"))
    if form.value("when") == "later" and at is None:
        form.refuse("publish_on", words.gettext("Write the day on which they are published"))
    if not form.errors:
        wanted = Wanted(outcome, form.value("criterion"), reason_of(form, "reason"))
        try:
            async with transaction.begin_nested():
                await moderation.prepare(
                    transaction,
                    actor,
                    found,
                    numbers,
                    wanted,
                    publish_at=at if form.value("when") == "later" else None,
                    key=key,
                    now=now,
                )
                if form.value("when") == "now":
                    await moderation.publish_prepared(transaction, actor, found, numbers, key=key, now=now)
        except ReasonMissing as lacking:
            refuse_languages(form, "reason", lacking.languages, language)
        except Refused:
            form.refuse("criterion", words.gettext("Choose the criterion that is not met"))
        else:
            published = form.value("when") == "now"
            return done(
                f"/{language}/staff/rounds/{slug}/prepared" if not published else f"/{language}/staff/inbox",
                "published" if published else "prepared",
            )
    return await _decide_page(request, transaction, actor, form, now=now, status=422)


@get("/rounds/{slug:str}/prepared", access="proposals.moderate")
async def show_prepared(request: PageRequest, session: Session, actor: Who) -> Response[str]:
    """The decisions that wait to be published together."""
    language = lang_of(request)
    found = await round_here(session, request)
    rows = await moderation.waiting(session, actor, found)
    return staff_page(
        request,
        "assessment/prepared.html",
        locale=language,
        **await frame_context(session, found, language),
        rows=rows,
        outcomes=outcome_names(translations(language)),
        names=await repository.names(session, {row.prepared_by for row, _ in rows}),
        form=Form.filled(translations(language)),
    )


@post("/rounds/{slug:str}/prepared", access="proposals.moderate")
async def publish_prepared(
    *, request: PageRequest, transaction: Session, actor: Who, clock: Now, keys: Keys, slug: FromPath[str]
) -> Response[Any]:
    """Publish the prepared decisions together, or take one back."""
    language = lang_of(request)
    form = await parse(request)
    found = await round_here(transaction, request)
    drop = form.value("drop")
    if drop.isascii() and drop.isdecimal():
        await moderation.withdraw_prepared(transaction, actor, found, int(drop), now=clock())
        return done(f"/{language}/staff/rounds/{slug}/prepared", "dropped")
    await moderation.publish_prepared(transaction, actor, found, key=people_key(keys), now=clock())
    return done(f"/{language}/staff/rounds/{slug}/prepared", "published")


@get("/rounds/{slug:str}/rules", access="proposals.moderate")
async def show_rules(request: PageRequest, session: Session, actor: Who) -> Response[str]:  # noqa: ARG001 - the door
    """The rules of assignment and the worded answers of a round."""
    found = await round_here(session, request)
    values: dict[str, object] = {}
    for number, rule in enumerate(await repository.rules(session, found.id)):
        to = f"unit:{rule.unit_id}" if rule.unit_id else f"person:{rule.account_id}"
        values |= {f"rules.{number}.{name}": value for name, value in (("to", to), ("days", rule.days))}
        values |= {f"rules.{number}.district": rule.district or "", f"rules.{number}.theme": rule.theme or ""}
    return await _rules_page(request, session, Form.of(values, translations(lang_of(request))))


@post("/rounds/{slug:str}/rules", access="proposals.moderate")
async def save_rules(
    request: PageRequest, transaction: Session, actor: Who, clock: Now, slug: FromPath[str]
) -> Response[Any]:
    """Save the rules, tried from the top; a line without a receiver is left out."""
    language = lang_of(request)
    words = translations(language)
    form = await parse(request)
    found = await round_here(transaction, request)
    wanted = []
    for number in _rows(form):
        at = f"rules.{number}."
        to = receiver_of(form.value(f"{at}to"))
        if to is None:
            continue
        days = form.whole(f"{at}days", label=words.gettext("Days"), least=1, most=365)
        wanted.append(RuleDetails(form.value(f"{at}district"), form.value(f"{at}theme"), to, days))
    if not form.errors:
        try:
            async with transaction.begin_nested():
                await assigning.save_rules(transaction, actor, found, wanted, now=clock())
        except Refused:
            form.refuse("rules.0.to", words.gettext("Choose whom to give them to"))
        else:
            return done(f"/{language}/staff/rounds/{slug}/rules")
    return await _rules_page(request, transaction, form, status=422)


@post("/rounds/{slug:str}/templates", access="proposals.moderate")
async def save_template(
    request: PageRequest, transaction: Session, actor: Who, clock: Now, slug: FromPath[str]
) -> Response[Any]:
    """Keep a worded answer under a name, or forget one."""
    language = lang_of(request)
    words = translations(language)
    form = await parse(request)
    found = await round_here(transaction, request)
    if drop := form.value("drop"):
        rows = await repository.templates(transaction, found.id)
        if any(str(row.id) == drop for row in rows):
            await moderation.drop_template(transaction, actor, found, UUID(drop))
        return done(f"/{language}/staff/rounds/{slug}/rules", "dropped")
    name = form.text("template_name", label=words.gettext("Name"), most=100)
    outcome = cast(Outcome, form.choice("template_outcome", OUTCOMES) or "reject")
    if not form.errors:
        try:
            async with transaction.begin_nested():
                await moderation.save_template(
                    transaction,
                    actor,
                    found,
                    name=name,
                    outcome=outcome,
                    criterion=form.value("template_criterion"),
                    texts=reason_of(form, "template"),
                    for_all=False,
                    now=clock(),
                )
        except ReasonMissing as lacking:
            refuse_languages(form, "template", lacking.languages, language)
        else:
            return done(f"/{language}/staff/rounds/{slug}/rules", "template")
    return await _rules_page(request, transaction, form, status=422)


async def _inbox_page(
    request: PageRequest,
    session: AsyncSession,
    actor: Actor,
    *,
    form: Form | None = None,
    slug: str = "",
    status: int = 200,
    now: datetime,
) -> Response[str]:
    language = lang_of(request)
    words = translations(language)
    query = request.query_params
    slug = slug or query.get("round", "")
    everything = await inbox(session, actor, slug=slug, now=now)
    if not slug and len(everything.rounds) == 1:
        slug = everything.rounds[0].slug
    tab = cast(Tab, query.get("tab") if query.get("tab") in TABS else "all")
    cases = everything.of(tab, now)
    if wanted := query.get("q", "").strip().casefold():
        cases = [case for case in cases if _is_meant(case, wanted, language)]
    page = max(1, int(query["page"])) if query.get("page", "").isdecimal() and len(query["page"]) < 6 else 1
    shown = cases[(page - 1) * PAGE : page * PAGE]
    setups: dict[str, tuple[Setup, Places]] = {}
    for found in everything.rounds:
        if any(case.slug == found.slug for case in shown) or found.slug == slug:
            setup = await setup_of(session, found)
            setups[found.slug] = (setup, await places_of(session, found, setup, language))
    chosen = next((found for found in everything.rounds if found.slug == slug), None)
    groups = everything.groups()
    return staff_page(
        request,
        "assessment/inbox.html",
        locale=language,
        status_code=status,
        section="inbox",
        form=form or Form.filled(words),
        tab=tab,
        tabs=[(name, title, len(everything.of(name, now))) for name, title in tab_names(words).items()],
        cases=[_line(case, setups, language, now) for case in shown],
        found=len(cases),
        page=page,
        pages=-(-len(cases) // PAGE),
        q=query.get("q", ""),
        slug=slug,
        rounds=[(found.slug, name_of(found.names, language)) for found in everything.rounds],
        one_round=chosen,
        may_assign=bool(chosen and may(actor, "assessment.work", round_id=chosen.id)),
        may_decide=bool(chosen and may(actor, "proposals.moderate", round_id=chosen.id)),
        receivers=await receivers(session, chosen, language),
        outcomes=outcome_names(words),
        points=(await lists.state_of(session, actor, chosen)).points if chosen else (),
        point_names=point_names(words),
        groups=[(group_names(words)[name], number) for name, number in groups.items()],
        progress=_progress(everything, groups),
        done_cases=everything.done,
        answer_days=everything.answer_days,
        late=len(everything.of("late", now)),
        mine=len(everything.of("mine", now)),
    )


def _is_meant(case: Case, wanted: str, language: Language) -> bool:
    """Whether a search finds a case: by words of its title, by its number, or by who has it."""
    holders = (who if isinstance(who, str) else said(who, language).text for who in case.with_whom)
    return wanted == f"p{case.number}" or any(wanted in text.casefold() for text in (case.title, *holders))


def _line(case: Case, setups: dict[str, tuple[Setup, Places]], language: Language, now: datetime) -> dict[str, Any]:
    """A case in the reader's words."""
    setup, places = setups[case.slug]
    words = reader(setup, language)
    names = [said(who, language).text if not isinstance(who, str) else who for who in case.with_whom]
    days = (now - case.due_at).days if case.due_at else 0
    return {
        "case": case,
        "district": places.district(case.district),
        "todo": todo_names(words)[case.todo],
        "state": state_names(words)[case.state],
        "late": case.late(now),
        "today": bool(case.due_at and not case.late(now) and words.date(case.due_at) == words.date(now)),
        "days_over": max(1, days),
        "due": words.date(case.due_at) if case.due_at else "",
        "received": words.date(case.received_at) if case.received_at else "",
        "names": names,
    }


def _progress(found: Inbox, groups: dict[str, int]) -> list[Any]:
    """The bar of how far assessment is: what is done, then what is open by kind of work."""
    parts = [found.done, *groups.values()]
    return parts_of(sum(parts), [Amount(number, str(number)) for number in parts if number], districts=True)


async def _decide_page(
    request: PageRequest, session: AsyncSession, actor: Actor, form: Form, *, now: datetime, status: int = 200
) -> Response[str]:
    language = lang_of(request)
    words = translations(language)
    found = await round_here(session, request)
    outcome = cast(Outcome, form.value("outcome") if form.value("outcome") in OUTCOMES else "publish")
    lines = await moderation.preview(session, actor, found, _numbers(form), outcome, now=now)
    context = await frame_context(session, found, language)
    counted = Counter(line.refused for line in lines)
    return staff_page(
        request,
        "assessment/decide.html",
        locale=language,
        status_code=status,
        **context,
        form=form,
        outcome=outcome,
        outcomes=outcome_names(words),
        lines=lines,
        states=state_names(words),
        refused=refused_names(words),
        able=counted[""],
        criteria=[
            (criterion.key, said({c: w.text for c, w in criterion.label.items()}, language).text)
            for criterion in context["setup"].criteria.criteria
        ],
        templates=[
            (str(row.id), row.name) for row in await repository.templates(session, found.id) if row.outcome == outcome
        ],
    )


async def _use_template(session: AsyncSession, form: Form, round_id: UUID) -> Form:
    """Return the form with the reason of the worded answer that was chosen."""
    row = next(
        (row for row in await repository.templates(session, round_id) if str(row.id) == form.value("template")), None
    )
    if row is not None:
        fields = {name: form.values(name) for name in form.names()}
        fields |= {name: [text] for name, text in reason_fields("reason", row.texts).items()}
        fields["criterion"] = [row.criterion or form.value("criterion")]
        return form.with_fields(fields)
    return form


async def _rules_page(request: PageRequest, session: AsyncSession, form: Form, *, status: int = 200) -> Response[str]:
    language = lang_of(request)
    found = await round_here(session, request)
    context = await frame_context(session, found, language)
    known = _rows(form)
    return staff_page(
        request,
        "assessment/rules.html",
        locale=language,
        status_code=status,
        **context,
        form=form,
        rows=[*known, *range(max(known, default=-1) + 1, max(known, default=-1) + 1 + _MORE_RULES)],
        receivers=await receivers(session, found, language),
        templates=await repository.templates(session, found.id),
        outcomes=outcome_names(translations(language)),
        criteria=[
            (criterion.key, said({c: w.text for c, w in criterion.label.items()}, language).text)
            for criterion in context["setup"].criteria.criteria
        ],
    )


def _rows(form: Form) -> list[int]:
    numbers = {name.split(".")[1] for name in form.names() if name.startswith("rules.") and name.count(".") == 2}
    return sorted(int(each) for each in numbers if each.isascii() and each.isdecimal() and len(each) < 4)


def _numbers(form: Form) -> list[int]:
    """The numbers of the chosen cases."""
    typed = [value for value in form.values("case") if value.isascii() and value.isdecimal() and len(value) < 9]
    return sorted({int(value) for value in typed})


handlers = [
    show_inbox,
    show_workload,
    give_out,
    show_decide,
    decide_many,
    show_prepared,
    publish_prepared,
    show_rules,
    save_rules,
    save_template,
]
