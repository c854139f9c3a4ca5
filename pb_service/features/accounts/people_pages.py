"""Pages about people: the directory, a person, invitations, and the decisions that need the step-up and a reason."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, cast
from uuid import UUID

from litestar import Response, Router, get, post
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.features.accounts import invitations, people, policy
from pb_service.features.accounts.emails import EmailRefused, email_key
from pb_service.features.accounts.guards import see_other
from pb_service.features.accounts.people import Person
from pb_service.features.accounts.policy import ROLES, Grant, Role
from pb_service.features.accounts.scopes import ScopeList, Scopes
from pb_service.features.accounts.staff_errors import PersonNotFound, StaffError
from pb_service.features.accounts.visit import Visit, visit
from pb_service.features.accounts.vocabulary import act_in_words, duty_in_words, grant_in_words, role_in_words
from pb_service.web.forms import Form, done
from pb_service.web.locales import LANGUAGES, Language

Transaction = NamedDependency[AsyncSession]
Session = NamedDependency[AsyncSession]
Asked = NamedDependency[Visit]
Rounds = NamedDependency[ScopeList]

_MOST_REASON = 1000
_MOST_PAGES = 10_000


# Looking


@get("/", access="people.read")
async def show_people(session: Session, visit: Asked, scope_list: Rounds) -> Response[Any]:
    """The directory of the staff: search by name or address and by role, a page at a time."""
    query, role = visit.query("q"), _role(visit.query("role"))
    number = visit.query("page")
    found = await people.directory(session, visit.actor, query=query, role=role, number=_page_number(number))
    waiting = (
        await invitations.open_invitations(session, visit.actor, now=visit.now)
        if policy.may_somewhere(visit.actor, "people.invite")
        else []
    )
    return visit.page(
        "people",
        form=Form.filled(visit.words, q=query, role=role or ""),
        found=found,
        waiting=waiting,
        invites=policy.may_somewhere(visit.actor, "people.invite"),
        may_block=policy.may_somewhere(visit.actor, "accounts.block"),
        roles=_role_options(visit, ROLES),
        section="people",
        **await _scoped(session, visit, scope_list),
    )


@get("/{account_id:uuid}", access="staff.enter")
async def show_person(session: Session, visit: Asked, scope_list: Rounds, account_id: FromPath[UUID]) -> Response[Any]:
    """One person: roles, factors, sessions, and what was decided before."""
    found = await people.person(session, visit.actor, account_id, now=visit.now)
    actor, oneself = visit.actor, account_id == visit.actor.account_id
    return visit.page(
        "person",
        person=found,
        oneself=oneself,
        may_give=found.is_staff and not oneself and policy.may_somewhere(actor, "people.invite"),
        may_take=lambda grant: policy.may_give(actor, grant),
        may_manage=not oneself and policy.may(actor, "people.manage"),
        may_block=not oneself and policy.may_somewhere(actor, "people.manage" if found.is_staff else "accounts.block"),
        act_in_words=lambda act: act_in_words(act, visit.words),
        section="people",
        **await _scoped(session, visit, scope_list),
    )


@get("/resident", access="accounts.block")
async def show_search(visit: Asked) -> Response[Any]:
    """Find the account of a resident by the whole address: residents cannot be browsed."""
    return visit.page("resident", form=Form.filled(visit.words), section="people")


@post("/resident", access="accounts.block")
async def find_resident(session: Session, visit: Asked) -> Response[Any]:
    form = await visit.form()
    email = form.text("email", most=254)
    if not form.errors:
        try:
            account_id = await people.find_resident(session, visit.actor, email_key(email))
            return see_other(visit.path(f"people/{account_id}"))
        except (EmailRefused, PersonNotFound):
            form.refuse("email", visit.words.gettext("No account has this address."))
    return visit.page("resident", form=form, section="people")


# Inviting


@get("/invite", access="people.invite", step_up=True)
async def show_invite(session: Session, visit: Asked, scope_list: Rounds) -> Response[Any]:
    return await _invite_page(session, visit, scope_list, Form.filled(visit.words, language=visit.language))


@post("/invite", access="people.invite")
async def send_invitation(transaction: Transaction, visit: Asked, scope_list: Rounds) -> Response[Any]:
    """Send an invitation by mail."""
    words, form = visit.words, await visit.form()
    email = form.text("email", label=words.gettext("E-mail"), most=254)
    language = form.choice("language", LANGUAGES, label=words.gettext("Language of the invitation"))
    wanted = _grant(form, visit)
    reason = _reason(form, visit)
    if not form.errors:
        try:
            async with transaction.begin_nested():
                await invitations.invite(
                    transaction,
                    visit.actor,
                    email,
                    language=cast(Language, language),
                    wanted=wanted,
                    reason=reason,
                    scopes=Scopes(await scope_list(transaction)),
                    now=visit.now,
                )
            return done(visit.path("people"), "invited")
        except EmailRefused:
            form.refuse("email", words.gettext("This is not an e-mail address that can be used."))
        except StaffError as error:
            visit.refuse(form, "role", error)
    return await _invite_page(transaction, visit, scope_list, form)


@post("/invitations/{invitation_id:uuid}/withdraw", access="people.invite")
async def withdraw_invitation(transaction: Transaction, visit: Asked, invitation_id: FromPath[UUID]) -> Response[Any]:
    await invitations.withdraw(transaction, visit.actor, invitation_id, now=visit.now)
    return done(visit.path("people"), "withdrawn")


# Roles


@get("/{account_id:uuid}/give", access="people.invite", step_up=True)
async def show_give(session: Session, visit: Asked, scope_list: Rounds, account_id: FromPath[UUID]) -> Response[Any]:
    found = await _staff(session, visit, account_id)
    return await _give_page(session, visit, scope_list, found, Form.filled(visit.words))


@post("/{account_id:uuid}/give", access="people.invite")
async def give_role(
    transaction: Transaction, visit: Asked, scope_list: Rounds, account_id: FromPath[UUID]
) -> Response[Any]:
    """Give a role. Only role, scope and reason are read of the form: whose role it is stands in the address."""
    form = await visit.form()
    wanted, reason = _grant(form, visit), _reason(form, visit)
    if not form.errors:
        try:
            async with transaction.begin_nested():
                await people.give_role(
                    transaction,
                    visit.actor,
                    account_id,
                    wanted,
                    scopes=Scopes(await scope_list(transaction)),
                    reason=reason,
                    now=visit.now,
                )
            return done(visit.path(f"people/{account_id}"), "given")
        except StaffError as error:
            visit.refuse(form, "role", error)
    return await _give_page(transaction, visit, scope_list, await _staff(transaction, visit, account_id), form)


@get("/{account_id:uuid}/take/{grant_id:uuid}", access="people.invite", step_up=True)
async def show_take(
    session: Session, visit: Asked, scope_list: Rounds, account_id: FromPath[UUID], grant_id: FromPath[UUID]
) -> Response[Any]:
    return await _take_page(
        session, visit, scope_list, Form.filled(visit.words), account_id=account_id, grant_id=grant_id
    )


@post("/{account_id:uuid}/take/{grant_id:uuid}", access="people.invite")
async def take_role(
    transaction: Transaction, visit: Asked, scope_list: Rounds, account_id: FromPath[UUID], grant_id: FromPath[UUID]
) -> Response[Any]:
    """Take a role away."""
    decide = partial(people.take_role, transaction, visit.actor, account_id, grant_id, now=visit.now)
    form = await _decide(transaction, visit, decide)
    if form is None:
        return done(visit.path(f"people/{account_id}"), "taken")
    return await _take_page(transaction, visit, scope_list, form, account_id=account_id, grant_id=grant_id)


# Blocking, lost factors, sessions


@get("/{account_id:uuid}/block", access="accounts.block", step_up=True)
async def show_block(session: Session, visit: Asked, account_id: FromPath[UUID]) -> Response[Any]:
    return await _block_page(session, visit, account_id, Form.filled(visit.words))


@post("/{account_id:uuid}/block", access="accounts.block")
async def block(transaction: Transaction, visit: Asked, account_id: FromPath[UUID]) -> Response[Any]:
    """Block an account."""
    return await _set_blocked(transaction, visit, account_id, people.block, "blocked")


@post("/{account_id:uuid}/unblock", access="accounts.block")
async def unblock(transaction: Transaction, visit: Asked, account_id: FromPath[UUID]) -> Response[Any]:
    """Let a blocked account in again."""
    return await _set_blocked(transaction, visit, account_id, people.unblock, "unblocked")


@get("/{account_id:uuid}/reset", access="people.manage", step_up=True)
async def show_reset(session: Session, visit: Asked, account_id: FromPath[UUID]) -> Response[Any]:
    return _reset_page(visit, await _staff(session, visit, account_id), Form.filled(visit.words))


@post("/{account_id:uuid}/reset", access="people.manage")
async def reset_factors(transaction: Transaction, visit: Asked, account_id: FromPath[UUID]) -> Response[Any]:
    """Take lost factors away, so that the person can enrol new ones."""
    decide = partial(people.reset_factors, transaction, visit.actor, account_id, now=visit.now)
    form = await _decide(transaction, visit, decide)
    if form is None:
        return done(visit.path(f"people/{account_id}"), "reset")
    return _reset_page(visit, await _staff(transaction, visit, account_id), form)


@get("/{account_id:uuid}/sessions", access="people.manage", step_up=True)
async def show_sessions(session: Session, visit: Asked, account_id: FromPath[UUID]) -> Response[Any]:
    found = await people.person(session, visit.actor, account_id, now=visit.now)
    return _sessions_page(visit, found, Form.filled(visit.words))


@post("/{account_id:uuid}/sessions", access="people.manage")
async def end_sessions(transaction: Transaction, visit: Asked, account_id: FromPath[UUID]) -> Response[Any]:
    """End sessions of somebody else."""
    found = await people.person(transaction, visit.actor, account_id, now=visit.now)
    form = await visit.form()
    chosen = form.choices("session", [str(each.id) for each in found.sessions], least=1)
    reason = _reason(form, visit)
    if form.errors:
        return _sessions_page(visit, found, form)
    await people.end_sessions(
        transaction, visit.actor, account_id, [UUID(each) for each in chosen], reason=reason, now=visit.now
    )
    return done(visit.path(f"people/{account_id}"), "ended")


async def _set_blocked(
    transaction: AsyncSession, visit: Visit, account_id: UUID, decide: Callable[..., Awaitable[None]], said: str
) -> Response[Any]:
    form = await _decide(transaction, visit, partial(decide, transaction, visit.actor, account_id, now=visit.now))
    if form is None:
        return done(visit.path(f"people/{account_id}"), said)
    return await _block_page(transaction, visit, account_id, form)


async def _decide(transaction: AsyncSession, visit: Visit, decide: Callable[..., Awaitable[None]]) -> Form | None:
    """Run a decision with the ``reason`` of the form; return the form when it was refused, with the sentences why."""
    form = await visit.form()
    reason = _reason(form, visit)
    if not form.errors:
        try:
            async with transaction.begin_nested():
                await decide(reason=reason)
        except StaffError as error:
            visit.refuse(form, "reason", error)
    return form if form.errors else None


async def _staff(session: AsyncSession, visit: Visit, account_id: UUID) -> Person:
    found = await people.person(session, visit.actor, account_id, now=visit.now)
    if not found.is_staff:
        raise PersonNotFound
    return found


async def _invite_page(session: AsyncSession, visit: Visit, scope_list: ScopeList, form: Form) -> Response[Any]:
    return visit.page("invite", form=form, section="people", **await _choices(session, visit, scope_list))


async def _give_page(
    session: AsyncSession, visit: Visit, scope_list: ScopeList, found: Person, form: Form
) -> Response[Any]:
    choices = await _choices(session, visit, scope_list)
    return visit.page("give", form=form, person=found, section="people", **choices)


async def _take_page(
    session: AsyncSession, visit: Visit, scope_list: ScopeList, form: Form, *, account_id: UUID, grant_id: UUID
) -> Response[Any]:
    found = await people.person(session, visit.actor, account_id, now=visit.now)
    held = next((role for role in found.line.roles if role.id == grant_id), None)
    if held is None:
        raise PersonNotFound
    scoped = await _scoped(session, visit, scope_list)
    words = visit.words
    return visit.page(
        "decide",
        form=form,
        person=found,
        heading=words.gettext("Take a role away"),
        lead=scoped["grant_in_words"](held.grant),
        note=words.gettext("The person can no longer do what the role allowed, from this moment on."),
        button=words.gettext("Take the role away"),
        section="people",
    )


async def _block_page(session: AsyncSession, visit: Visit, account_id: UUID, form: Form) -> Response[Any]:
    found = await people.person(session, visit.actor, account_id, now=visit.now)
    words = visit.words
    if found.blocked_at:
        return visit.page(
            "decide",
            form=form,
            person=found,
            heading=words.gettext("Let the account in again"),
            lead="",
            note=words.gettext("The person can sign in again and is told so by mail, with your reason."),
            button=words.gettext("Let the account in"),
            action=visit.path(f"people/{account_id}/unblock"),
            section="people",
        )
    return visit.page(
        "decide",
        form=form,
        person=found,
        heading=words.gettext("Block the account"),
        lead="",
        note=words.gettext(
            "The person is signed out everywhere and cannot sign in. They are told so by mail, with your reason."
        ),
        button=words.gettext("Block the account"),
        action=visit.path(f"people/{account_id}/block"),
        section="people",
    )


def _reset_page(visit: Visit, found: Person, form: Form) -> Response[Any]:
    words = visit.words
    return visit.page(
        "decide",
        form=form,
        person=found,
        heading=words.gettext("Reset the second factor"),
        lead=words.gettext(
            "For a person who has lost the phone or key and the recovery codes. Make sure who is asking."
        ),
        note=words.gettext(
            "Factors, recovery codes and password end. The person chooses a new password by mail, then a new factor."
        ),
        button=words.gettext("Reset the second factor"),
        section="people",
    )


def _sessions_page(visit: Visit, found: Person, form: Form) -> Response[Any]:
    return visit.page("end_sessions", form=form, person=found, section="people")


def _grant(form: Form, visit: Visit) -> Grant:
    """The role and what it is bound to: ``scope`` is empty, a round's id, or a round's id, a blank and a district."""
    words = visit.words
    role = form.choice("role", ROLES, label=words.gettext("Role"))
    round_text, _, district = form.value("scope").partition(" ")
    try:
        round_id = UUID(round_text) if round_text else None
    except ValueError:
        form.refuse("scope", words.gettext("Choose one of these"))
        round_id = None
    return Grant(cast(Role, role), round_id, district or None)


def _reason(form: Form, visit: Visit) -> str:
    return form.text("reason", label=visit.words.gettext("Reason"), least=5, most=_MOST_REASON, lines=True)


async def _choices(session: AsyncSession, visit: Visit, scope_list: ScopeList) -> dict[str, Any]:
    """The roles and scopes that this person may give."""
    scopes = await scope_list(session)
    words, language = visit.words, visit.language
    named = Scopes(scopes)
    bounds: list[tuple[UUID | None, str | None, str]] = [(None, None, words.gettext("All rounds"))]
    for scope in scopes:
        name = named.name(scope.id, language)
        bounds.append((scope.id, None, name))
        bounds += [
            (scope.id, each.key, f"{name}: {named.district_name(scope.id, each.key, language)}")
            for each in scope.districts
        ]
    given = {
        (role, bound[0], bound[1]) for bound in bounds for role in ROLES if _gives(visit, role, bound[0], bound[1])
    }
    roles = [role for role in ROLES if any(each[0] == role for each in given)]
    return {
        "roles": [(role, role_in_words(role, words), duty_in_words(role, words)) for role in roles],
        "scopes": [
            (f"{round_id or ''} {district or ''}".strip(), text)
            for round_id, district, text in bounds
            if any(each[1:] == (round_id, district) for each in given)
        ],
        "languages": [("fi", "Suomi"), ("sv", "Svenska"), ("en", "English")],
    }


def _gives(visit: Visit, role: Role, round_id: UUID | None, district: str | None) -> bool:
    return not (role in policy.UNBOUND and round_id) and policy.may_give(visit.actor, Grant(role, round_id, district))


async def _scoped(session: AsyncSession, visit: Visit, scope_list: ScopeList) -> dict[str, Any]:
    scopes = Scopes(await scope_list(session))
    return {"grant_in_words": lambda grant: grant_in_words(grant, scopes, visit.words)}


def _role_options(visit: Visit, roles: tuple[Role, ...]) -> list[tuple[str, str]]:
    return [("", visit.words.gettext("All roles")), *((role, role_in_words(role, visit.words)) for role in roles)]


def _role(text: str) -> Role | None:
    return next((role for role in ROLES if role == text), None)


def _page_number(text: str) -> int:
    return min(int(text), _MOST_PAGES) if text.isascii() and text.isdigit() and len(text) < 6 and int(text) else 1


people_router = Router(
    "/{lang:str}/staff/people",
    route_handlers=[
        show_people,
        show_person,
        show_search,
        find_resident,
        show_invite,
        send_invitation,
        withdraw_invitation,
        show_give,
        give_role,
        show_take,
        take_role,
        show_block,
        block,
        unblock,
        show_reset,
        reset_factors,
        show_sessions,
        end_sessions,
    ],
    dependencies={"visit": Provide(visit)},
    include_in_schema=False,
)
