"""Reading the access log: for auditors and administrators, filtered, newest first, a page at a time."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.features.accounts import policy
from pb_service.features.accounts import staff_repository as repository
from pb_service.features.accounts.policy import Actor
from pb_service.features.accounts.scopes import Scopes

PAGE_SIZE = 50
#: People found by a part of a name or an address; who finds more must say more.
_PEOPLE = 50


@dataclass(frozen=True)
class LogFilter:
    """What rows must match; empty matches all. ``person`` is an account's id, or a part of a name or an address;
    ``act`` how the act begins; ``outcome`` is ``done`` or ``not-done``."""

    person: str = ""
    act: str = ""
    outcome: str = ""
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True)
class LogLine:
    """A row of the access log. ``who`` is the name of who acted, or the id of an account that is gone, or empty."""

    id: int
    at: datetime
    who: str
    act: str
    object: str
    outcome: str
    address: str


@dataclass(frozen=True)
class LogPage:
    """Rows below ``before``; ``older`` is what to ask for next, None at the end."""

    lines: tuple[LogLine, ...]
    older: int | None


async def read_log(
    session: AsyncSession, actor: Actor, wanted: LogFilter, *, scopes: Scopes, before: int | None = None
) -> LogPage:
    """Return a page of the log. Ids in it are named where the account or the round still exists."""
    policy.require(actor, "log.read")
    rows = await repository.log_page(
        session,
        account_ids=await _accounts(session, wanted.person) if wanted.person else None,
        act=wanted.act,
        outcome=wanted.outcome,
        since=wanted.since,
        until=wanted.until,
        before=before,
        limit=PAGE_SIZE + 1,
    )
    shown = rows[:PAGE_SIZE]
    ids = {id_ for row in shown for id_ in (row.account_id, *_ids(row.object)) if id_}
    names = {scope.id: scope.slug for scope in scopes.rounds} | await repository.names_of(session, sorted(ids))
    lines = tuple(
        LogLine(
            row.id,
            row.at,
            names.get(row.account_id, str(row.account_id)) if row.account_id else "",
            row.act,
            " ".join(names.get(id_, word) if (id_ := _id(word)) else word for word in (row.object or "").split(" ")),
            row.outcome,
            row.address_prefix or "",
        )
        for row in shown
    )
    return LogPage(lines, shown[-1].id if len(rows) > PAGE_SIZE else None)


async def _accounts(session: AsyncSession, person: str) -> list[UUID]:
    id_ = _id(person)
    return [id_] if id_ else list(await repository.accounts_like(session, person, _PEOPLE))


def _ids(object_: str | None) -> list[UUID]:
    return [id_ for word in (object_ or "").split(" ") if (id_ := _id(word))]


def _id(word: str) -> UUID | None:
    """The id that a word is, if it is one as this service writes them."""
    try:
        found = UUID(word)
    except ValueError:
        return None
    return found if str(found) == word else None
