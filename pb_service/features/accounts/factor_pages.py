"""Pages where staff prove who they are: second factor, step-up, their own factors, and their own sessions."""

from typing import Any, cast
from urllib.parse import quote
from uuid import UUID

import segno
from litestar import Response, Router, get, post
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.features.accounts import access_log, factors, passkeys, sessions, stepup
from pb_service.features.accounts import staff_repository as repository
from pb_service.features.accounts.guards import safe_next, see_other, signed_in
from pb_service.features.accounts.policy import Forbidden
from pb_service.features.accounts.staff_errors import PersonNotFound, ProofRefused, StaffError, TooManyAttempts
from pb_service.features.accounts.stepup import Means, Proof, Prover, holder_of
from pb_service.features.accounts.visit import Visit, visit
from pb_service.platform.limits import Limits, Rate
from pb_service.web.forms import Form, done

Transaction = NamedDependency[AsyncSession]
Session = NamedDependency[AsyncSession]
Asked = NamedDependency[Visit]
Checks = NamedDependency[Prover]
Counters = NamedDependency[Limits]

#: Proofs of one account, right or wrong: at this pace nobody finds six digits.
PROOFS = Rate("proofs", most=10, seconds=15 * 60)
_MOST_ANSWER = 20_000
_MEANS: tuple[Means, ...] = ("code", "passkey", "recovery", "password")


# Proving oneself


@get("/second-factor", access="signed-in", without_factor=True)
async def show_second_factor(transaction: Transaction, visit: Asked, prover: Checks) -> Response[Any]:
    """Ask for a factor after the password; who has none yet is led to enrolling one."""
    if visit.actor.second_factor:
        return see_other(_onward(visit))
    return await _ask(transaction, visit, prover)


@post("/second-factor", access="signed-in", without_factor=True)
async def give_second_factor(transaction: Transaction, visit: Asked, prover: Checks, limits: Counters) -> Response[Any]:
    return await _prove(transaction, visit, prover, limits)


@get("/step-up", access="signed-in")
async def show_step_up(transaction: Transaction, visit: Asked, prover: Checks) -> Response[Any]:
    """Ask for the password or a factor once more before a dangerous act."""
    return await _ask(transaction, visit, prover)


@post("/step-up", access="signed-in")
async def give_step_up(transaction: Transaction, visit: Asked, prover: Checks, limits: Counters) -> Response[Any]:
    return await _prove(transaction, visit, prover, limits)


async def _ask(
    transaction: AsyncSession, visit: Visit, prover: Prover, *, form: Form | None = None, status: int = 0
) -> Response[Any]:
    holder = holder_of(visit.actor)
    held = await factors.factors_of(transaction, holder.account_id)
    if not (held.any or visit.actor.second_factor):
        return see_other(visit.path("factors"))
    return visit.page(
        "prove",
        form=form or Form.filled(visit.words, next=visit.query("next")),
        status=status,
        stepping_up=visit.actor.second_factor,
        factors=held,
        options=await passkeys.offer_proof(transaction, holder, prover.party, now=visit.now),
    )


async def _prove(transaction: AsyncSession, visit: Visit, prover: Prover, limits: Limits) -> Response[Any]:
    form = await visit.form()
    means = cast(Means, form.choice("means", _MEANS))
    field = "answer" if means == "passkey" else means or "code"
    text = form.secret(field, most=_MOST_ANSWER)
    status = 422
    if not form.errors:
        try:
            await _take_attempt(visit, limits)
            if not await stepup.prove(transaction, visit.actor, Proof(means, text), prover, now=visit.now):
                await stepup.refused(transaction, visit.actor, means, visitor=visit.visitor, now=visit.now)
                raise ProofRefused
        except StaffError as error:
            visit.refuse(form, field, error)
            status = error.status
    if form.errors:
        return await _ask(transaction, visit, prover, form=form, status=status)
    token = await stepup.proven(transaction, visit.actor, means, visitor=visit.visitor, now=visit.now)
    return signed_in(visit.request, token, _onward(visit, form.value("next")))


async def _take_attempt(visit: Visit, limits: Limits) -> None:
    """Count a proof before it is checked, so that many at one moment are counted too. Raises TooManyAttempts."""
    if not await limits.hit(PROOFS, str(holder_of(visit.actor).account_id)):
        raise TooManyAttempts


def _onward(visit: Visit, wanted: str = "") -> str:
    """Where the person wanted to go; from the sign-in's own default, my page, staff go to their desk instead."""
    onward = safe_next(wanted or visit.query("next"), default=visit.path())
    return visit.path() if onward == f"/{visit.language}/me" else onward


# One's own factors


@get("/factors", access="signed-in", without_factor=True)
async def show_factors(session: Session, visit: Asked) -> Response[Any]:
    """One's factors; the first one is chosen here."""
    _require_staff(visit)
    held = await factors.factors_of(session, holder_of(visit.actor).account_id)
    if held.any and not visit.actor.second_factor:
        return see_other(f"{visit.path('second-factor')}?next={quote(visit.path('factors'))}")
    return visit.page("factors", factors=held, section="factors")


@post("/factors/app", access="signed-in", without_factor=True)
async def begin_app(transaction: Transaction, visit: Asked, prover: Checks) -> Response[Any]:
    """Make a secret for an authenticator app and show it."""
    _require_staff(visit)
    account_id = await stepup.require_own_factors(transaction, visit.actor, now=visit.now)
    await factors.begin_app(transaction, account_id, prover.box)
    return see_other(visit.path("factors/app"))


@get("/factors/app", access="signed-in", without_factor=True)
async def show_app(session: Session, visit: Asked, prover: Checks) -> Response[Any]:
    """Show the secret that waits for its first code, as a picture and as text."""
    _require_staff(visit)
    await stepup.require_own_factors(session, visit.actor, now=visit.now)
    return await _app_page(session, visit, prover, Form.filled(visit.words))


@post("/factors/app/code", access="signed-in", without_factor=True)
async def confirm_app(transaction: Transaction, visit: Asked, prover: Checks, limits: Counters) -> Response[Any]:
    """Take the app into use with its first code."""
    _require_staff(visit)
    account_id = await stepup.require_own_factors(transaction, visit.actor, now=visit.now)
    form = await visit.form()
    code = form.text("code", most=20)
    if not form.errors:
        try:
            await _take_attempt(visit, limits)
            await factors.confirm_app(transaction, account_id, prover.box, code, now=visit.now)
        except StaffError as error:
            visit.refuse(form, "code", error)
    if form.errors:
        return await _app_page(transaction, visit, prover, form)
    return await _enrolled(transaction, visit, "app")


@post("/factors/app/remove", access="signed-in")
async def remove_app(transaction: Transaction, visit: Asked) -> Response[Any]:
    await stepup.remove_app(transaction, visit.actor, visitor=visit.visitor, now=visit.now)
    return done(visit.path("factors"), "removed")


@get("/factors/passkey", access="signed-in", without_factor=True)
async def show_passkey(transaction: Transaction, visit: Asked, prover: Checks) -> Response[Any]:
    """Offer to make a passkey on this device."""
    _require_staff(visit)
    await stepup.require_own_factors(transaction, visit.actor, now=visit.now)
    return await _passkey_page(transaction, visit, prover, Form.filled(visit.words))


@post("/factors/passkey", access="signed-in", without_factor=True)
async def add_passkey(transaction: Transaction, visit: Asked, prover: Checks, limits: Counters) -> Response[Any]:
    """Keep the passkey that the device made."""
    _require_staff(visit)
    await stepup.require_own_factors(transaction, visit.actor, now=visit.now)
    form = await visit.form()
    name = form.text("name", label=visit.words.gettext("Name"), most=60)
    answer = form.text("answer", most=_MOST_ANSWER)
    if not form.errors:
        try:
            await _take_attempt(visit, limits)
            await passkeys.enrol(transaction, holder_of(visit.actor), prover.party, answer, name=name, now=visit.now)
        except StaffError as error:
            visit.refuse(form, "name", error)
    if form.errors:
        return await _passkey_page(transaction, visit, prover, form)
    return await _enrolled(transaction, visit, "passkey")


@post("/factors/passkeys/{passkey_id:uuid}/remove", access="signed-in")
async def remove_passkey(transaction: Transaction, visit: Asked, passkey_id: FromPath[UUID]) -> Response[Any]:
    await stepup.remove_passkey(transaction, visit.actor, passkey_id, visitor=visit.visitor, now=visit.now)
    return done(visit.path("factors"), "removed")


@post("/factors/recovery", access="signed-in")
async def make_codes(transaction: Transaction, visit: Asked) -> Response[Any]:
    """Make new recovery codes and show them this once; the old ones end."""
    _require_staff(visit)
    account_id = await stepup.require_own_factors(transaction, visit.actor, now=visit.now)
    codes = await factors.make_recovery_codes(transaction, account_id, now=visit.now)
    await access_log.note(transaction, account_id, "factor.added", "recovery", visitor=visit.visitor, now=visit.now)
    return visit.page("recovery", codes=codes, section="factors")


async def _enrolled(transaction: AsyncSession, visit: Visit, kind: str) -> Response[Any]:
    """Note a new factor. With the first one come recovery codes, and the session may do what its roles may."""
    holder = holder_of(visit.actor)
    await access_log.note(transaction, holder.account_id, "factor.added", kind, visitor=visit.visitor, now=visit.now)
    token = await sessions.rotate(transaction, holder.session_id, now=visit.now, second_factor=True)
    if await repository.count_unused_codes(transaction, holder.account_id):
        return signed_in(visit.request, token, f"{visit.path('factors')}?done=added")
    codes = await factors.make_recovery_codes(transaction, holder.account_id, now=visit.now)
    answer: Response[Any] = visit.page("recovery", codes=codes, section="factors")
    answer.cookies.extend(signed_in(visit.request, token, "/").cookies)
    return answer


async def _app_page(session: AsyncSession, visit: Visit, prover: Prover, form: Form) -> Response[Any]:
    account_id = holder_of(visit.actor).account_id
    secret = await factors.pending_app(session, account_id, prover.box)
    if secret is None:
        return see_other(visit.path("factors"))
    account = await repository.account_by_id(session, account_id)
    name = (account.email or account.name if account else None) or str(account_id)
    address = factors.app_address(secret, account=name, issuer=prover.party.id)
    return visit.page(
        "app",
        form=form,
        secret=" ".join(secret[start : start + 4] for start in range(0, len(secret), 4)),
        address=address,
        # Drawn into the page itself: as a picture of its own the secret would travel in an address.
        picture=segno.make_qr(address, error="m").svg_inline(
            scale=5, light="#fff", svgclass="qr", lineclass=None, omitsize=False
        ),
        section="factors",
    )


async def _passkey_page(transaction: AsyncSession, visit: Visit, prover: Prover, form: Form) -> Response[Any]:
    holder = holder_of(visit.actor)
    account = await repository.account_by_id(transaction, holder.account_id)
    name = (account.email or account.name if account else None) or str(holder.account_id)
    options = await passkeys.offer_enrolment(transaction, holder, prover.party, account=name, now=visit.now)
    return visit.page("passkey", form=form, options=options, section="factors")


def _require_staff(visit: Visit) -> None:
    if not visit.actor.is_staff:
        raise Forbidden("Second factors are for the staff.")


# One's own sessions


@get("/sessions", access="signed-in")
async def show_sessions(session: Session, visit: Asked) -> Response[Any]:
    """Where one is signed in."""
    _require_staff(visit)
    mine = await sessions.sessions_of(session, holder_of(visit.actor).account_id, now=visit.now)
    return visit.page("sessions", sessions=mine, current=visit.actor.session_id, section="sessions")


@post("/sessions/{session_id:uuid}/end", access="signed-in")
async def end_session(transaction: Transaction, visit: Asked, session_id: FromPath[UUID]) -> Response[Any]:
    """End one of one's own sessions. Raises PersonNotFound for anybody else's."""
    _require_staff(visit)
    holder = holder_of(visit.actor)
    if not await sessions.end(transaction, session_id, account_id=holder.account_id):
        raise PersonNotFound
    await access_log.note(transaction, holder.account_id, "session.ended", "own", visitor=visit.visitor, now=visit.now)
    return done(visit.path("sessions"), "ended")


@post("/sessions/end-others", access="signed-in")
async def end_other_sessions(transaction: Transaction, visit: Asked) -> Response[Any]:
    """End all of one's sessions but this one."""
    _require_staff(visit)
    holder = holder_of(visit.actor)
    await sessions.end_all(transaction, holder.account_id, but=holder.session_id)
    await access_log.note(
        transaction, holder.account_id, "session.ended", "own others", visitor=visit.visitor, now=visit.now
    )
    return done(visit.path("sessions"), "ended")


factor_router = Router(
    "/{lang:str}/staff",
    route_handlers=[
        show_second_factor,
        give_second_factor,
        show_step_up,
        give_step_up,
        show_factors,
        begin_app,
        show_app,
        confirm_app,
        remove_app,
        show_passkey,
        add_passkey,
        remove_passkey,
        make_codes,
        show_sessions,
        end_session,
        end_other_sessions,
    ],
    dependencies={"visit": Provide(visit)},
    include_in_schema=False,
)
