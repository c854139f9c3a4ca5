"""Writing proposals in the JSON API: what residents do on pages, in a session of their own; no program does it."""

from typing import Any, Literal
from uuid import UUID

from litestar import delete, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from msgspec import UNSET, Struct, UnsetType
from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.core.proposals.form import Draft, ShowAuthor
from pb_service.core.proposals.places import Place, PlaceError, PlaceKind, checked
from pb_service.core.rounds.districts import SCALE
from pb_service.core.rounds.setup import Language, Problem
from pb_service.features.accounts.policy import Actor
from pb_service.features.proposals import merging, repository
from pb_service.features.proposals import service as proposals
from pb_service.features.proposals.errors import ProposalNotFound, ProposalRefused, SentTooOften
from pb_service.features.proposals.tables import Proposal
from pb_service.features.proposals.write_pages import SENT
from pb_service.features.rounds.finding import published_round
from pb_service.platform.clock import Clock
from pb_service.platform.limits import Limits

Transaction = NamedDependency[AsyncSession]
Who = NamedDependency[Actor]
Now = NamedDependency[Clock]

_KINDS: dict[str, PlaceKind] = {"Point": "point", "LineString": "line", "Polygon": "area"}


class Geometry(Struct, forbid_unknown_fields=True):
    """A GeoJSON geometry: positions are [longitude, latitude] in degrees; a polygon has one closed ring."""

    type: Literal["Point", "LineString", "Polygon"]
    coordinates: list[Any]


class ProposalWords(Struct, forbid_unknown_fields=True, kw_only=True):
    """What somebody proposes, in the language they write. ``cost_hint`` in minor units of the round's currency."""

    title: str
    idea: str
    language: Language = "fi"
    need: str = ""
    audience: str = ""
    theme: str | None = None
    district: str | None = None
    place: Geometry | None = None
    cost_hint: int | None = None
    answers: dict[str, str] = {}
    show_author: ShowAuthor = "hidden"
    group_name: str | None = None
    minor: bool = False


class NewProposal(ProposalWords, forbid_unknown_fields=True, kw_only=True):
    """A proposal to be sent. ``once`` is a UUID of the client's own: the same one sent twice makes one proposal."""

    once: UUID


class ChangedProposal(ProposalWords, forbid_unknown_fields=True, kw_only=True):
    """A proposal's words, over the ``version`` that was read. ``reason``: staff say why they change a text."""

    version: int
    reason: str = ""


class MergeOrder(Struct, forbid_unknown_fields=True):
    """Which proposals go on as part of another, and why, in the languages of the municipality."""

    proposals: list[int]
    reason: dict[str, str]


class Written(Struct):
    """A proposal after something was done to it. ``merge`` is the id by which a merge can be undone."""

    number: int
    state: str
    version: int
    merge: UUID | UnsetType = UNSET


@post(
    "/rounds/{slug:str}/proposals",
    summary="Send a proposal",
    description="In the phase of ideas, as a resident who is signed in with a verified address.",
    access="signed-in",
)
async def send_proposal(
    *,
    transaction: Transaction,
    actor: Who,
    clock: Now,
    limits: NamedDependency[Limits],
    slug: FromPath[str],
    data: JSONBody[NewProposal],
) -> Written:
    if not await limits.hit(SENT, str(actor.account_id)):
        raise SentTooOften("You have sent very many proposals. Try again tomorrow.")
    found = await published_round(transaction, slug, whole=False)
    draft = _draft(data)
    kept = await proposals.save_draft(transaction, actor, found, draft, once=data.once, now=clock())
    return _written(await proposals.send(transaction, actor, kept.id, now=clock()))


@put(
    "/rounds/{slug:str}/proposals/{number:int}",
    summary="Save a new version of a proposal",
    description="Authors in the phase of ideas, or when they were asked for more; staff who moderate, with a reason.",
    access="signed-in",
)
async def change_proposal(
    *,
    transaction: Transaction,
    actor: Who,
    clock: Now,
    slug: FromPath[str],
    number: FromPath[int],
    data: JSONBody[ChangedProposal],
) -> Written:
    row = await _proposal(transaction, slug, number)
    kept = await proposals.save_version(
        transaction, actor, row.id, _draft(data), version=data.version, reason=data.reason, now=clock()
    )
    return _written(kept)


@delete(
    "/rounds/{slug:str}/proposals/{number:int}", summary="Withdraw one's proposal", access="signed-in", status_code=200
)
async def withdraw_proposal(
    *, transaction: Transaction, actor: Who, clock: Now, slug: FromPath[str], number: FromPath[int]
) -> Written:
    row = await _proposal(transaction, slug, number)
    return _written(await proposals.withdraw(transaction, actor, row.id, now=clock()))


@post(
    "/rounds/{slug:str}/proposals/{number:int}/merges",
    summary="Let others go on as part of this proposal",
    access="proposals.moderate",
    bearer=True,
)
async def merge_proposals(
    *,
    transaction: Transaction,
    actor: Who,
    clock: Now,
    slug: FromPath[str],
    number: FromPath[int],
    data: JSONBody[MergeOrder],
) -> Written:
    into = await _proposal(transaction, slug, number)
    others = [(await _proposal(transaction, slug, each)).id for each in data.proposals[: merging.MOST + 1]]
    made = await proposals.merge(transaction, actor, into.id, others, data.reason, now=clock())
    kept = _written(into)
    kept.merge = made.id
    return kept


@delete(
    "/rounds/{slug:str}/merges/{merge_id:uuid}",
    summary="Undo a merge or a split",
    access="proposals.moderate",
    bearer=True,
    status_code=204,
)
async def undo_merge(
    *, transaction: Transaction, actor: Who, clock: Now, slug: FromPath[str], merge_id: FromPath[UUID]
) -> None:
    found = await published_round(transaction, slug, whole=False)
    made = await repository.merge_by_id(transaction, merge_id)
    if made is None or made.round_id != found.id:
        raise ProposalNotFound("There is no such merge.")
    await proposals.undo(transaction, actor, merge_id, now=clock())


async def _proposal(session: AsyncSession, slug: str, number: int) -> Proposal:
    found = await published_round(session, slug, whole=False)
    row = await repository.by_number(session, found.id, number)
    if row is None or row.state == "draft":
        raise ProposalNotFound("There is no such proposal.")
    return row


def _draft(words: ProposalWords) -> Draft:
    """What was sent as a draft. Raises ProposalRefused for a place that is none."""
    place = None
    if words.place is not None:
        try:
            place = _place(words.place)
        except PlaceError as error:
            raise ProposalRefused([Problem("place", error.code, error.values)]) from error
    return Draft(
        language=words.language,
        title=words.title,
        need=words.need,
        idea=words.idea,
        audience=words.audience,
        theme=words.theme,
        district=words.district,
        place=place,
        cost_hint=words.cost_hint,
        answers=words.answers,
        show_author=words.show_author,
        group_name=words.group_name,
        minor=words.minor,
    )


def _place(geometry: Geometry) -> Place:
    """A geometry as a place. Raises PlaceError."""
    given: Any = geometry.coordinates
    if geometry.type == "Point":
        given = [given]
    elif geometry.type == "Polygon":
        if len(given) != 1 or not isinstance(given[0], list) or len(given[0]) < 2 or given[0][0] != given[0][-1]:
            raise PlaceError("position")
        given = given[0][:-1]
    return checked(Place(_KINDS[geometry.type], tuple(map(_position, given))))


def _position(given: object) -> tuple[int, int]:
    if not isinstance(given, list) or len(given) != 2:
        raise PlaceError("position")
    for number in given:
        if isinstance(number, bool) or not isinstance(number, int | float) or not abs(number) <= 180:
            raise PlaceError("position")
    return round(given[0] * SCALE), round(given[1] * SCALE)


def _written(row: Proposal) -> Written:
    return Written(row.number or 0, row.state, row.version)


#: Beside those for reading, which are of a later stage: one router holds all handlers of a path.
write_handlers = [send_proposal, change_proposal, withdraw_proposal, merge_proposals, undo_merge]
