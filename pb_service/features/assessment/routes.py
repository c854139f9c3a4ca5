"""The desk of assessment in the JSON API: the same acts as on its pages, for sessions of staff and, but for fixing the
list, for programs that bear a token of theirs. And the fixed list itself, byte for byte, for everybody.
"""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from litestar import Response, Router, delete, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.core.proposals.costs import CostLine
from pb_service.core.rounds.setup import LANGUAGES, Text, Wording, text_in
from pb_service.features.accounts.policy import Actor
from pb_service.features.assessment import assigning, costing, feasibility, lists, moderation, projects, reviews
from pb_service.features.assessment import repository as rows
from pb_service.features.assessment.assigning import Receiver
from pb_service.features.assessment.errors import NotThere
from pb_service.features.assessment.feasibility import Answer
from pb_service.features.assessment.moderation import Wanted
from pb_service.features.assessment.page_parts import people_key
from pb_service.features.assessment.projects import Details, text_of
from pb_service.features.assessment.tables import BallotProject, CostSheetRow, Outcome
from pb_service.features.proposals import repository as proposals
from pb_service.features.proposals.errors import ProposalNotFound
from pb_service.features.proposals.tables import Proposal
from pb_service.features.rounds.finding import find_round, published_round
from pb_service.features.rounds.setups import setup_of
from pb_service.features.rounds.tables import Round
from pb_service.platform.clock import Clock
from pb_service.platform.keys import KeyFolder

Session = NamedDependency[AsyncSession]
Transaction = NamedDependency[AsyncSession]
Who = NamedDependency[Actor]
Now = NamedDependency[Clock]
Keys = NamedDependency[KeyFolder]
Slug = FromPath[str]
Number = FromPath[int]

#: A reason that everybody will read: by language, in each that the municipality requires.
Reason = dict[str, str]
#: A moment with its time zone (RFC 3339).
Moment = Annotated[datetime, msgspec.Meta(tz=True)]


class _In(Struct, forbid_unknown_fields=True, kw_only=True):
    """What a program sends: fields that are not known are refused."""


class DecisionOrder(_In, kw_only=True):
    """A decision of moderation. A rejection names a criterion of the round; returning and rejecting need a reason.

    ``when``: at once, or prepared, to be published with others: by hand, or by itself at ``publish_at``.
    """

    outcome: Outcome
    criterion: str = ""
    reason: Reason = {}
    when: Literal["now", "prepared"] = "now"
    publish_at: Moment | None = None

    @property
    def is_now(self) -> bool:
        return self.when == "now" and self.publish_at is None


class BulkOrder(DecisionOrder, kw_only=True):
    """The same decision about many proposals. ``look``: say what it would do to each, and change nothing."""

    proposals: list[int]
    look: bool = False


class PublishOrder(_In, kw_only=True):
    """Prepared decisions to be published together; without numbers all of them."""

    proposals: list[int] | None = None


class Line(Struct):
    """What happened or would happen to a proposal; ``refused`` is the code of what stands against it, else empty."""

    number: int
    title: str
    state: str
    refused: str


class HandsOrder(_In, kw_only=True):
    """Proposals for a unit or a person (one of the two), until a moment; ``instead``: out of other hands."""

    proposals: list[int]
    unit: UUID | None = None
    account: UUID | None = None
    due: Moment | None = None
    lead: bool = False
    instead: bool = False


class HandsTold(Struct):
    """How many proposals were given out."""

    given: int


class PointAnswer(_In, kw_only=True):
    """What an assessor says to a point of the checklist; a no has its reason."""

    ok: bool
    reason: Reason = {}


class AnswersOrder(_In, kw_only=True):
    """One's answers to the whole checklist by the keys of its points, over the ``version`` of them that was read."""

    answers: dict[str, PointAnswer]
    version: int = 0


class FeasibilityOrder(_In, kw_only=True):
    """The decision: without answers what all assessors agree on, with them the word of the lead."""

    answers: dict[str, PointAnswer] | None = None


class StateTold(Struct):
    """A proposal after an act."""

    number: int
    state: str


class SheetOrder(_In, kw_only=True):
    """A cost sheet (docs/schemas/process.md): money in minor units, quantities in thousandths, contingency in tenths of
    a per cent. ``version`` is the one that was read, 0 for the first; a signed cost changes only with a reason.
    """

    version: int
    lines: list[CostLine]
    contingency: int = 0
    round_to: int = 1
    upkeep: list[CostLine] = []
    low: int | None = None
    high: int | None = None
    reason: Reason = {}


class SignatureOrder(_In, kw_only=True):
    """The version of a cost sheet that one has looked at."""

    version: int


class CostTold(Struct):
    """A version of a cost sheet. ``amount`` counts on the ballot once somebody else than who set it has signed."""

    of: str
    version: int
    kind: str
    amount: int
    low: int | None
    high: int | None
    upkeep: int
    signed: bool
    reason: Reason
    sheet: dict[str, Any]


class ReviewOrder(_In, kw_only=True):
    """What its author asks to be looked at again. It is not published."""

    body: str


class ReviewDecision(_In, kw_only=True):
    """The decision of somebody else than who refused, with its reason."""

    outcome: Literal["reinstated", "upheld"]
    reason: Reason


class ReviewTold(Struct):
    """A review: open while it has no outcome."""

    number: int
    due: datetime
    outcome: str | None


class Words(_In, kw_only=True):
    """A text in one language, with the state of that wording."""

    text: str
    state: Literal["original", "translated", "machine"] = "translated"


class ProjectWords(_In, kw_only=True):
    """What a project says on its ballot. What is left out stays as it is. ``picture``: a file of its proposals."""

    contest: str | None = None
    titles: dict[str, Words] | None = None
    texts: dict[str, Words] | None = None
    sets: list[str] | None = None
    mandatory: bool | None = None
    picture: UUID | None = None
    alt: dict[str, Words] | None = None


class ProjectOrder(ProjectWords, kw_only=True):
    """A project to be made of proposals; without words it begins with those of the first. ``once`` as for proposals."""

    proposals: list[int]
    once: UUID


class ProjectChange(ProjectWords, kw_only=True):
    """A project's words over the ``version`` that was read; with a reason once the list is fixed."""

    version: int
    reason: Reason = {}


class ReasonOrder(_In, kw_only=True):
    """Why."""

    reason: Reason


class OrderOrder(_In, kw_only=True):
    """The projects of a ballot in their order, by code."""

    codes: list[str]


class ProjectTold(Struct):
    """A project of a ballot."""

    code: str
    contest: str
    titles: dict[str, str]
    proposals: list[int]
    version: int


class PointTold(Struct):
    """A point of the checklist before the list is fixed, with what is missing as (field, code)."""

    name: str
    met: bool
    problems: list[tuple[str, str]]


class ListTold(Struct):
    """The list as it stands. ``sha256`` is empty while something is missing; ``fixed`` is the hash of the fixed one."""

    sha256: str
    waiting: bool
    fixed: str
    points: list[PointTold]


class Confirmation(_In, kw_only=True):
    """The hash of the list that one has looked at; an amendment has a reason."""

    sha256: str
    reason: Reason = {}


class Confirmed(Struct):
    """A version of the list, ``fixed`` once two people have confirmed it."""

    sha256: str
    version: int
    fixed: bool


@post(
    "/{slug:str}/proposals/{number:int}/decision",
    summary="Publish, ask for more, or reject",
    access="proposals.moderate",
    bearer=True,
    status_code=200,
)
async def decide_one(
    *,
    transaction: Transaction,
    actor: Who,
    clock: Now,
    keys: Keys,
    slug: Slug,
    number: Number,
    data: JSONBody[DecisionOrder],
) -> StateTold:
    found = await find_round(transaction, slug, whole=False)
    wanted, key, now = _wanted(data), people_key(keys), clock()
    if data.is_now:
        return _state(await moderation.decide(transaction, actor, found, number, wanted, key=key, now=now))
    await _known(transaction, found, number)
    await moderation.prepare_one(
        transaction, actor, found, number, wanted, publish_at=data.publish_at, key=key, now=now
    )
    return _state(await _known(transaction, found, number))


@post(
    "/{slug:str}/decisions",
    summary="One decision about many proposals",
    access="proposals.moderate",
    bearer=True,
    status_code=200,
)
async def decide_many(
    *, transaction: Transaction, actor: Who, clock: Now, keys: Keys, slug: Slug, data: JSONBody[BulkOrder]
) -> list[Line]:
    found = await find_round(transaction, slug, whole=False)
    wanted, key, now = _wanted(data), people_key(keys), clock()
    if data.look:
        return _lines(await moderation.preview(transaction, actor, found, data.proposals, data.outcome, now=now))
    prepared = await moderation.prepare(
        transaction, actor, found, data.proposals, wanted, publish_at=data.publish_at, key=key, now=now
    )
    if not data.is_now:
        return _lines(prepared)
    numbers = [line.number for line in prepared if not line.refused]
    published = await moderation.publish_prepared(transaction, actor, found, numbers, key=key, now=now)
    return _lines([*published, *(line for line in prepared if line.refused)])


@post(
    "/{slug:str}/decisions/publish",
    summary="Publish prepared decisions together",
    access="proposals.moderate",
    bearer=True,
    status_code=200,
)
async def publish_decisions(
    *, transaction: Transaction, actor: Who, clock: Now, keys: Keys, slug: Slug, data: JSONBody[PublishOrder]
) -> list[Line]:
    found = await find_round(transaction, slug, whole=False)
    return _lines(
        await moderation.publish_prepared(transaction, actor, found, data.proposals, key=people_key(keys), now=clock())
    )


@post(
    "/{slug:str}/hands",
    summary="Give proposals to a unit or a person",
    access="assessment.work",
    bearer=True,
    status_code=200,
)
async def give_out(
    *, transaction: Transaction, actor: Who, clock: Now, slug: Slug, data: JSONBody[HandsOrder]
) -> HandsTold:
    found = await find_round(transaction, slug, whole=False)
    given = await assigning.assign(
        transaction,
        actor,
        found,
        data.proposals,
        Receiver(data.unit, data.account),
        due_at=data.due,
        lead=data.lead,
        instead=data.instead,
        now=clock(),
    )
    return HandsTold(given)


@put(
    "/{slug:str}/proposals/{number:int}/answers",
    summary="Keep one's answers to the checklist",
    access="assessment.work",
    bearer=True,
)
async def keep_answers(
    *,
    transaction: Transaction,
    actor: Who,
    clock: Now,
    keys: Keys,
    slug: Slug,
    number: Number,
    data: JSONBody[AnswersOrder],
) -> AnswersOrder:
    found = await find_round(transaction, slug, whole=False)
    kept = await feasibility.answer(
        transaction,
        actor,
        found,
        number,
        _answers(data.answers),
        version=data.version,
        key=people_key(keys),
        now=clock(),
    )
    given = {name: PointAnswer(ok=point["ok"], reason=point["reason"]) for name, point in kept.answers.items()}
    return AnswersOrder(answers=given, version=kept.version)


@post(
    "/{slug:str}/proposals/{number:int}/feasibility",
    summary="Decide whether a proposal can be done",
    access="assessment.work",
    bearer=True,
    status_code=200,
)
async def decide_feasibility(
    *,
    transaction: Transaction,
    actor: Who,
    clock: Now,
    keys: Keys,
    slug: Slug,
    number: Number,
    data: JSONBody[FeasibilityOrder],
) -> StateTold:
    found = await find_round(transaction, slug, whole=False)
    answers = None if data.answers is None else _answers(data.answers)
    await feasibility.decide(transaction, actor, found, number, answers, key=people_key(keys), now=clock())
    return _state(await _known(transaction, found, number))


@get(
    "/{slug:str}/costs/{object_id:str}",
    summary="Every version of a cost sheet, the oldest first",
    description="Of a proposal (p17) or a project (101). What is not signed yet is for staff alone.",
    access="assessment.sign",
    bearer=True,
)
async def show_costs(session: Session, actor: Who, slug: Slug, object_id: FromPath[str]) -> list[CostTold]:
    found = await find_round(session, slug, whole=False)
    of = await costing.costed_for(session, actor, found, object_id)
    terms = (await setup_of(session, found)).costs
    return [_cost(object_id, version.row) for version in await costing.versions(session, of, terms)]


@put(
    "/{slug:str}/costs/{object_id:str}",
    summary="Save a new version of a cost sheet",
    access="costs.edit",
    bearer=True,
)
async def set_cost(
    *,
    transaction: Transaction,
    actor: Who,
    clock: Now,
    keys: Keys,
    slug: Slug,
    object_id: FromPath[str],
    data: JSONBody[SheetOrder],
) -> CostTold:
    found = await find_round(transaction, slug, whole=False)
    content = msgspec.to_builtins(data)
    for name in ("version", "reason"):
        del content[name]
    row = await costing.set_cost(
        transaction,
        actor,
        found,
        object_id,
        content,
        version=data.version,
        reason=data.reason,
        key=people_key(keys),
        now=clock(),
    )
    return _cost(object_id, row)


@post(
    "/{slug:str}/costs/{object_id:str}/signature",
    summary="Sign a cost, as somebody else than who set it",
    access="assessment.sign",
    bearer=True,
    status_code=200,
)
async def sign_cost(
    *,
    transaction: Transaction,
    actor: Who,
    clock: Now,
    keys: Keys,
    slug: Slug,
    object_id: FromPath[str],
    data: JSONBody[SignatureOrder],
) -> CostTold:
    found = await find_round(transaction, slug, whole=False)
    row = await costing.sign_cost(
        transaction, actor, found, object_id, version=data.version, key=people_key(keys), now=clock()
    )
    return _cost(object_id, row)


@post("/{slug:str}/proposals/{number:int}/review", summary="Ask for a review of a refusal", access="signed-in")
async def ask_review(
    *, transaction: Transaction, actor: Who, clock: Now, slug: Slug, number: Number, data: JSONBody[ReviewOrder]
) -> ReviewTold:
    found = await published_round(transaction, slug, whole=False)
    proposal = await _known(transaction, found, number)
    row = await reviews.ask(transaction, actor, proposal.id, data.body, now=clock())
    return ReviewTold(number, row.due_at, row.outcome)


@put(
    "/{slug:str}/proposals/{number:int}/review",
    summary="Decide a review",
    access="assessment.review",
    bearer=True,
)
async def decide_review(
    *,
    transaction: Transaction,
    actor: Who,
    clock: Now,
    keys: Keys,
    slug: Slug,
    number: Number,
    data: JSONBody[ReviewDecision],
) -> ReviewTold:
    found = await find_round(transaction, slug, whole=False)
    row = await reviews.decide(
        transaction,
        actor,
        found,
        number,
        outcome=data.outcome,
        reason=data.reason,
        key=people_key(keys),
        now=clock(),
    )
    return ReviewTold(number, row.due_at, row.outcome)


@post("/{slug:str}/projects", summary="Make a project of proposals", access="assessment.sign", bearer=True)
async def make_project(
    *, transaction: Transaction, actor: Who, clock: Now, keys: Keys, slug: Slug, data: JSONBody[ProjectOrder]
) -> ProjectTold:
    found = await find_round(transaction, slug, whole=False)
    key, now = people_key(keys), clock()
    made = await projects.make(transaction, actor, found, data.proposals, once=data.once, key=key, now=now)
    details = _details(made, data)
    if made.version == 1:
        made = await projects.change(
            transaction, actor, found, made.code, details, version=1, reason={}, key=key, now=now
        )
    return await _project(transaction, made)


@put("/{slug:str}/projects/{code:str}", summary="Change a project", access="rounds.preview", bearer=True)
async def change_project(
    *,
    transaction: Transaction,
    actor: Who,
    clock: Now,
    keys: Keys,
    slug: Slug,
    code: FromPath[str],
    data: JSONBody[ProjectChange],
) -> ProjectTold:
    found = await find_round(transaction, slug, whole=False)
    row = await rows.project(transaction, found.id, code)
    if row is None:
        raise NotThere("There is no project with this number.")
    kept = await projects.change(
        transaction,
        actor,
        found,
        code,
        _details(row, data),
        version=data.version,
        reason=data.reason,
        key=people_key(keys),
        now=clock(),
    )
    return await _project(transaction, kept)


@delete(
    "/{slug:str}/projects/{code:str}",
    summary="Take a project off its ballot",
    access="assessment.sign",
    bearer=True,
    status_code=204,
)
async def drop_project(
    *,
    transaction: Transaction,
    actor: Who,
    clock: Now,
    keys: Keys,
    slug: Slug,
    code: FromPath[str],
    data: JSONBody[ReasonOrder],
) -> None:
    found = await find_round(transaction, slug, whole=False)
    await projects.drop(transaction, actor, found, code, data.reason, key=people_key(keys), now=clock())


@put(
    "/{slug:str}/ballots/{contest:str}/order",
    summary="Put the projects of a ballot in their order",
    access="assessment.sign",
    bearer=True,
    status_code=204,
)
async def arrange(
    *,
    transaction: Transaction,
    actor: Who,
    clock: Now,
    keys: Keys,
    slug: Slug,
    contest: FromPath[str],
    data: JSONBody[OrderOrder],
) -> None:
    found = await find_round(transaction, slug, whole=False)
    await projects.arrange(transaction, actor, found, contest, data.codes, key=people_key(keys), now=clock())


@get(
    "/{slug:str}/list",
    summary="The ballot list as it stands, and what it lacks",
    access="rounds.preview",
    bearer=True,
)
async def show_list(session: Session, actor: Who, slug: Slug) -> ListTold:
    found = await find_round(session, slug, whole=False)
    state = await lists.state_of(session, actor, found)
    return ListTold(
        sha256=state.sha256,
        waiting=state.waiting is not None,
        fixed=state.fixed.sha256.hex() if state.fixed else "",
        points=[
            PointTold(point.name, point.is_met, [(problem.field, problem.code) for problem in point.problems])
            for point in state.points
        ],
    )


@post(
    "/{slug:str}/list/confirmations",
    summary="Confirm the list: as the first of two people, or as the second, who fixes it",
    description="In a session that was stepped up in the last ten minutes. No token can do it.",
    access="list.fix",
    status_code=200,
)
async def confirm_list(
    *, transaction: Transaction, actor: Who, clock: Now, keys: Keys, slug: Slug, data: JSONBody[Confirmation]
) -> Confirmed:
    found = await find_round(transaction, slug, for_update=True, whole=False)
    row = await lists.confirm(transaction, actor, found, data.sha256, data.reason, key=people_key(keys), now=clock())
    return Confirmed(row.sha256.hex(), row.version, row.confirmed_second_at is not None)


@get(
    "/{slug:str}/ballot-list.json",
    media_type="application/json",
    summary="The fixed ballot list, byte for byte as it is hashed",
    access="anyone",
)
async def show_fixed_list(session: Session, slug: Slug) -> Response[bytes]:
    found = await published_round(session, slug, whole=False)
    row = await lists.published_list(session, found)
    if row is None:
        raise NotThere("The ballot list of this round is not fixed yet.")
    headers = {
        "cache-control": "public, max-age=60",
        "etag": f'"{row.sha256.hex()}"',
        "content-disposition": f'attachment; filename="{slug}-ballot-list.json"',
    }
    return Response(row.body, media_type="application/json", headers=headers)


async def _known(session: AsyncSession, found: Round, number: int) -> Proposal:
    row = await proposals.by_number(session, found.id, number)
    if row is None or row.state == "draft":
        raise ProposalNotFound("There is no such proposal.")
    return row


def _state(row: Proposal) -> StateTold:
    return StateTold(row.number or 0, row.state)


def _wanted(data: DecisionOrder) -> Wanted:
    return Wanted(data.outcome, data.criterion, data.reason)


def _lines(found: list[moderation.Line]) -> list[Line]:
    return sorted((Line(each.number, each.title, each.state, each.refused) for each in found), key=lambda x: x.number)


def _answers(given: dict[str, PointAnswer]) -> dict[str, Answer]:
    return {name: Answer(point.ok, point.reason) for name, point in given.items()}


def _cost(object_id: str, row: CostSheetRow) -> CostTold:
    return CostTold(
        of=object_id,
        version=row.version,
        kind=row.kind,
        amount=row.amount,
        low=row.low,
        high=row.high,
        upkeep=row.upkeep,
        signed=row.signed_at is not None,
        reason=row.reason or {},
        sheet=row.content,
    )


def _details(row: BallotProject, data: ProjectWords) -> Details:
    """A project's details with what was sent put over them."""
    return Details(
        contest=row.contest if data.contest is None else data.contest,
        titles=text_of(row.titles) if data.titles is None else _text(data.titles),
        texts=text_of(row.texts) if data.texts is None else _text(data.texts),
        sets=tuple(row.sets if data.sets is None else data.sets),
        mandatory=row.mandatory if data.mandatory is None else data.mandatory,
        picture_id=row.picture_id if data.picture is None else data.picture,
        alt=text_of(row.alt) if data.alt is None else _text(data.alt),
    )


def _text(given: dict[str, Words]) -> Text:
    return {code: Wording(given[code].text, given[code].state) for code in LANGUAGES if code in given}


async def _project(session: AsyncSession, row: BallotProject) -> ProjectTold:
    sources = (await rows.sources(session, [row.id]))[row.id]
    titles = text_of(row.titles)
    return ProjectTold(
        code=row.code,
        contest=row.contest,
        titles={code: text_in(titles, code) for code in titles},
        proposals=[number for _, number in sources],
        version=row.version,
    )


assessment_api = Router(
    "/api/v1/rounds",
    route_handlers=[
        decide_one,
        decide_many,
        publish_decisions,
        give_out,
        keep_answers,
        decide_feasibility,
        show_costs,
        set_cost,
        sign_cost,
        ask_review,
        decide_review,
        make_project,
        change_project,
        drop_project,
        arrange,
        show_list,
        confirm_list,
    ],
    tags=["assessment"],
)
list_data = Router("/data/rounds", route_handlers=[show_fixed_list], tags=["open data"])
