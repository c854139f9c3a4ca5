"""Who may do what: roles, acts, and the one table that joins them. Pure: no database, no clock, no framework.

Two questions are asked of the table. At the door, before a request is read: may this person do such a thing anywhere,
or anywhere in the round that the address names (`may_somewhere`)? In the service, where the object is known: may they
do it *here* (`may`, `require`)? A grant without a round reaches every round, one without a district every district of
its round; asking without a round means "for the whole service", which only a grant without a round answers. So a scope
that was forgotten refuses; it never opens.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Literal, get_args
from uuid import UUID

from pb_service.platform.errors import DomainError

Role = Literal[
    "moderator",
    "assessor",
    "editor",
    "desk",
    "registrar",
    "trustee",
    "observer",
    "manager",
    "auditor",
    "administrator",
]

Act = Literal[
    "accounts.block",
    "accounts.export",
    "assessment.review",
    "assessment.sign",
    "assessment.work",
    "casting.review",
    "comments.moderate",
    "costs.edit",
    "counts.close",
    "desk.serve",
    "evidence.read",
    "feedback.answer",
    "files.add",
    "implementation.decide",
    "implementation.edit",
    "jobs.manage",
    "keys.enrol",
    "keys.grant",
    "letters.print",
    "list.fix",
    "log.read",
    "people.invite",
    "people.manage",
    "people.read",
    "proposals.enter",
    "proposals.moderate",
    "roll.edit",
    "rounds.archive",
    "rounds.create",
    "rounds.edit",
    "rounds.erase",
    "rounds.import",
    "rounds.phase",
    "rounds.preview",
    "rounds.publish",
    "rounds.translate",
    "staff.enter",
    "tokens.manage",
    "trustee.serve",
    "units.edit",
    "vote.confirm",
    "vote.prepare",
    "vote.strike",
]

ROLES: tuple[Role, ...] = get_args(Role)
ACTS: tuple[Act, ...] = get_args(Act)

_EVERYBODY: frozenset[Role] = frozenset(ROLES)
_SIGNERS: frozenset[Role] = frozenset({"registrar", "desk", "auditor", "observer", "manager", "trustee"})


def _roles(*roles: Role) -> frozenset[Role]:
    return frozenset(roles)


#: The roles that may do each act. Nobody may do what is not here.
PERMISSIONS: Mapping[Act, frozenset[Role]] = {
    "accounts.block": _roles("moderator", "administrator"),
    "accounts.export": _roles("administrator"),
    "assessment.review": _roles("moderator", "manager"),
    "assessment.sign": _roles("assessor", "manager"),
    "assessment.work": _roles("assessor", "moderator"),
    "casting.review": _roles("manager", "auditor"),
    "comments.moderate": _roles("moderator"),
    "costs.edit": _roles("assessor"),
    "counts.close": _roles("manager"),
    "desk.serve": _roles("desk", "registrar"),
    "evidence.read": _roles("auditor"),
    "feedback.answer": _roles("manager", "administrator", "editor"),
    "files.add": _roles("moderator", "assessor", "editor", "manager"),
    "implementation.decide": _roles("manager"),
    "implementation.edit": _roles("moderator", "assessor", "editor", "manager"),
    "jobs.manage": _roles("administrator"),
    "keys.enrol": _SIGNERS,
    "keys.grant": _roles("manager"),
    "letters.print": _roles("registrar"),
    "list.fix": _roles("manager"),
    "log.read": _roles("administrator", "auditor"),
    "people.invite": _roles("manager", "administrator"),
    "people.manage": _roles("administrator"),
    "people.read": _roles("manager", "auditor", "administrator"),
    "proposals.enter": _roles("moderator", "desk"),
    "proposals.moderate": _roles("moderator", "manager"),
    "roll.edit": _roles("registrar"),
    "rounds.archive": _roles("manager"),
    "rounds.create": _roles("manager"),
    "rounds.edit": _roles("manager"),
    "rounds.erase": _roles("manager"),
    "rounds.import": _roles("manager"),
    "rounds.phase": _roles("manager"),
    "rounds.preview": _EVERYBODY,
    "rounds.publish": _roles("manager"),
    "rounds.translate": _roles("editor", "manager"),
    "staff.enter": _EVERYBODY,
    "tokens.manage": _roles("registrar", "manager", "administrator"),
    "trustee.serve": _roles("trustee"),
    "units.edit": _roles("manager", "administrator"),
    "vote.confirm": _roles("registrar", "auditor"),
    "vote.prepare": _roles("manager"),
    "vote.strike": _roles("desk", "registrar"),
}

#: Acts that need the password or a factor once more, not more than ten minutes ago.
STEP_UP: frozenset[Act] = frozenset(
    {
        "accounts.block",
        "accounts.export",
        "counts.close",
        "evidence.read",
        "keys.enrol",
        "keys.grant",
        "letters.print",
        "list.fix",
        "people.invite",
        "people.manage",
        "rounds.erase",
        "rounds.publish",
        "tokens.manage",
        "vote.confirm",
        "vote.prepare",
        "vote.strike",
    }
)

#: Duties kept apart: no account holds both roles of a pair in the same round. Who estimates costs does not close the
#: count; who checks is not among the checked; who holds a key of the ballots has no other hand on them.
APART: frozenset[frozenset[Role]] = frozenset(
    frozenset(pair)
    for pair in (
        ("assessor", "manager"),
        ("auditor", "administrator"),
        ("auditor", "assessor"),
        ("auditor", "desk"),
        ("auditor", "manager"),
        ("auditor", "registrar"),
        ("trustee", "administrator"),
        ("trustee", "manager"),
        ("trustee", "registrar"),
    )
)

#: The roles that each role may give and take, within the rounds and districts that it reaches itself. Nobody gives a
#: role to himself (staff_errors.NotOneself), so a role over evidence always comes from somebody else's hand.
GIVES: Mapping[Role, frozenset[Role]] = {
    "administrator": _EVERYBODY,
    "manager": _roles("moderator", "assessor", "editor", "desk", "observer"),
}
#: Roles for the whole service: never bound to a round.
UNBOUND: frozenset[Role] = _roles("administrator")


@dataclass(frozen=True)
class Grant:
    """A role, in one round or (None) in all of them, in one district or (None) in all of the round's."""

    role: Role
    round_id: UUID | None = None
    district: str | None = None

    def reaches(self, round_id: UUID | None, district: str | None) -> bool:
        """Whether the grant holds for that round and district; None asks for all of them."""
        return (self.round_id is None or self.round_id == round_id) and (
            self.district is None or self.district == district
        )


@dataclass(frozen=True)
class Actor:
    """Who is asking, as the session told it. ``second_factor`` and ``stepped_up_until`` belong to this session."""

    account_id: UUID | None = None
    grants: tuple[Grant, ...] = ()
    language: str = "fi"
    session_id: UUID | None = None
    second_factor: bool = False
    stepped_up_until: datetime | None = None
    kiosk: bool = False
    is_staff: bool = False
    #: The only acts that the bearer of a token may do; None for people.
    acts: frozenset[Act] | None = None
    #: Shown in the frame of staff pages; decides nothing.
    name: str = ""

    def stepped_up(self, now: datetime) -> bool:
        """Whether the person gave the password or a factor again lately enough for a dangerous act."""
        return self.stepped_up_until is not None and now < self.stepped_up_until


ANONYMOUS = Actor()


class SignInNeeded(DomainError):
    """Nobody is signed in. Pages send the reader to the sign-in and back."""

    status: ClassVar[int] = 401
    type: ClassVar[str] = "sign-in-needed"


class Forbidden(DomainError):
    """The person is known and may not do this, or not here."""

    status: ClassVar[int] = 403
    type: ClassVar[str] = "forbidden"


class SecondFactorNeeded(Forbidden):
    """Staff without a second factor may do nothing but enrol or give one."""

    type: ClassVar[str] = "second-factor-needed"


class StepUpNeeded(Forbidden):
    """A dangerous act: the password or a factor must be given again first."""

    type: ClassVar[str] = "step-up-needed"


def may(actor: Actor, act: Act, *, round_id: UUID | None = None, district: str | None = None) -> bool:
    """Whether the actor may do that in the round and district; without them, in the whole service."""
    return actor.second_factor and any(grant.reaches(round_id, district) for grant in _grants_for(actor, act))


def may_somewhere(actor: Actor, act: Act, *, round_id: UUID | None = None) -> bool:
    """Whether there is any round or district, or any district of that round, in which the actor may do that."""
    return actor.second_factor and any(
        round_id is None or grant.round_id in (None, round_id) for grant in _grants_for(actor, act)
    )


def require(
    actor: Actor, act: Act, *, round_id: UUID | None = None, district: str | None = None, now: datetime | None = None
) -> None:
    """Refuse what the actor may not do there. Give ``now`` to ask for the step-up of dangerous acts as well.

    Raises SignInNeeded, SecondFactorNeeded, StepUpNeeded or Forbidden.
    """
    _require(actor, act, may(actor, act, round_id=round_id, district=district), now)


def require_somewhere(actor: Actor, act: Act, *, round_id: UUID | None = None, now: datetime | None = None) -> None:
    """Refuse what the actor may do nowhere, or nowhere in that round: the question at the door. Raises as `require`."""
    _require(actor, act, may_somewhere(actor, act, round_id=round_id), now)


def may_give(actor: Actor, wanted: Grant) -> bool:
    """Whether the actor may give or take that role there. A role for all rounds is given by who reaches all rounds."""
    return actor.second_factor and any(
        wanted.role in GIVES.get(grant.role, frozenset()) and grant.reaches(wanted.round_id, wanted.district)
        for grant in actor.grants
    )


def kept_apart(held: Iterable[Grant], wanted: Grant) -> Grant | None:
    """Return a grant already held that may not stand beside the wanted one in the same round, if there is one."""
    for grant in held:
        same_round = grant.round_id is None or wanted.round_id is None or grant.round_id == wanted.round_id
        if same_round and frozenset({grant.role, wanted.role}) in APART:
            return grant
    return None


def _require(actor: Actor, act: Act, allowed: bool, now: datetime | None) -> None:
    if actor.account_id is None:
        raise SignInNeeded("Sign in first.")
    if actor.grants and not actor.second_factor:
        raise SecondFactorNeeded("Your role needs a second factor: give it, or enrol one, first.")
    if not allowed:
        raise Forbidden("Your account has no role that may do this here.")
    if now is not None and act in STEP_UP and not actor.stepped_up(now):
        raise StepUpNeeded("This needs your password or second factor once more.")


def _grants_for(actor: Actor, act: Act) -> list[Grant]:
    if actor.acts is not None and act not in actor.acts:
        return []
    return [grant for grant in actor.grants if grant.role in PERMISSIONS[act]]
