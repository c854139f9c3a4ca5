"""The work desk, which shows what this person may do, and the access log."""

import datetime as dt
from typing import Any

from litestar import Response, Router, get
from litestar.di import NamedDependency, Provide
from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.features.accounts import auditing, policy
from pb_service.features.accounts.auditing import LogFilter
from pb_service.features.accounts.factors import factors_of
from pb_service.features.accounts.scopes import ScopeList, Scopes
from pb_service.features.accounts.stepup import holder_of
from pb_service.features.accounts.visit import Visit, visit
from pb_service.features.accounts.vocabulary import duty_in_words, grant_in_words
from pb_service.web.forms import Form

Session = NamedDependency[AsyncSession]
Asked = NamedDependency[Visit]

_OUTCOMES = ("done", "not-done")
_MOST_ID = 2**63 - 1


@get("/", access="staff.enter")
async def show_desk(session: Session, visit: Asked, scope_list: NamedDependency[ScopeList]) -> Response[Any]:
    """The work desk: one's roles, and the pages that they open."""
    scopes = Scopes(await scope_list(session))
    roles = [
        (grant_in_words(grant, scopes, visit.words), duty_in_words(grant.role, visit.words))
        for grant in visit.actor.grants
    ]
    held = await factors_of(session, holder_of(visit.actor).account_id)
    may_block = policy.may_somewhere(visit.actor, "accounts.block")
    return visit.page("desk", roles=roles, factors=held, may_block=may_block, section="desk")


@get("/log", access="log.read")
async def show_log(session: Session, visit: Asked, scope_list: NamedDependency[ScopeList]) -> Response[Any]:
    """The access log with its filters; the filters stand in the address, so that a search can be kept."""
    words = visit.words
    names = ("person", "act", "outcome", "since", "until")
    form = Form.of({name: visit.query(name) for name in names}, words)
    outcome = form.choice("outcome", _OUTCOMES, required=False)
    since, until = form.date("since", required=False), form.date("until", required=False)
    if since and until and until < since:
        form.refuse("until", words.gettext("The last day must not be before the first."))
    before = visit.query("before")
    shown = None
    if not form.errors:
        wanted = LogFilter(
            person=form.value("person"),
            act=form.value("act"),
            outcome=outcome,
            since=_midnight(since),
            until=_midnight(until, days=1),
        )
        shown = await auditing.read_log(
            session, visit.actor, wanted, before=_row_id(before), scopes=Scopes(await scope_list(session))
        )
    kept = {name: form.value(name) for name in names if form.value(name)}
    outcomes = [
        ("", words.gettext("All")),
        ("done", words.gettext("Done")),
        ("not-done", words.gettext("Not done: refused or failed")),
    ]
    return visit.page("log", form=form, log=shown, kept=kept, outcomes=outcomes, paged=bool(before), section="log")


def _midnight(day: dt.date | None, *, days: int = 0) -> dt.datetime | None:
    """The beginning of a day in UTC, as the log writes its times."""
    try:
        return dt.datetime.combine(day + dt.timedelta(days=days), dt.time(), dt.UTC) if day else None
    except OverflowError:
        return None


def _row_id(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 20 and int(text) <= _MOST_ID else None


desk_router = Router(
    "/{lang:str}/staff",
    route_handlers=[show_desk, show_log],
    dependencies={"visit": Provide(visit)},
    include_in_schema=False,
)
