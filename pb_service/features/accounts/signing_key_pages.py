"""Pages of signing keys: making and enrolling one's own, trying and revoking it; granting keys in a round."""

import datetime as dt
from typing import Any, cast
from uuid import UUID

from litestar import Response, Router, get, post
from litestar.di import NamedDependency, Provide
from litestar.exceptions import NotFoundException
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.core.record.canonical import b64u
from pb_service.core.record.signatures import fingerprint
from pb_service.features.accounts import policy, signing_keys
from pb_service.features.accounts.identity_errors import KeyRefused, SignatureRefused
from pb_service.features.accounts.policy import Role
from pb_service.features.accounts.scopes import RoundScope, ScopeList, Scopes
from pb_service.features.accounts.signing import signature_of
from pb_service.features.accounts.signing_keys import SIGNERS, WHYS, GrantOrder, HeldKey, KeptIn, Why
from pb_service.features.accounts.stepup import holder_of
from pb_service.features.accounts.visit import Visit, visit
from pb_service.features.accounts.vocabulary import role_in_words
from pb_service.platform.keys import KeyFolder
from pb_service.web.forms import Form, done

Session = NamedDependency[AsyncSession]
Asked = NamedDependency[Visit]
Rounds = NamedDependency[ScopeList]
Keys = NamedDependency[KeyFolder]

_MOST_DOCUMENT = 2000
_WHOLE = "-"


@get("/", access="staff.enter")
async def show_keys(session: Session, visit: Asked, scope_list: Rounds) -> Response[Any]:
    """One's own keys with what they may sign, and the rounds in which one may grant keys."""
    rounds = await scope_list(session)
    return visit.page(
        "keys",
        held=await _held(session, visit),
        scopes=Scopes(rounds),
        grants_in=[scope for scope in rounds if policy.may(visit.actor, "keys.grant", round_id=scope.id)],
        may_enrol=policy.may_somewhere(visit.actor, "keys.enrol"),
        section="keys",
        **_shown(visit),
    )


@get("/new", access="keys.enrol", step_up=True)
async def show_new(session: Session, visit: Asked, keys: Keys) -> Response[Any]:
    return await _new_page(session, visit, keys, Form.filled(visit.words))


@post("/new", access="keys.enrol")
async def enrol_key(transaction: Session, visit: Asked, keys: Keys) -> Response[Any]:
    """Enrol the key that the browser has just made."""
    form = await visit.form()
    label = form.text("label", label=visit.words.gettext("Name of the key"), most=60)
    document = form.text("proof", label=visit.words.gettext("Proof"), most=_MOST_DOCUMENT)
    return await _enrol(transaction, visit, keys, form, label=label, document=document.encode(), kept_in="browser")


@post("/file", access="keys.enrol")
async def enrol_file(transaction: Session, visit: Asked, keys: Keys) -> Response[Any]:
    """Enrol the key of the offline tool, by the statement that it has signed."""
    form = await visit.form()
    label = form.text("file_label", label=visit.words.gettext("Name of the key"), most=60)
    file = form.upload("file", label=visit.words.gettext("Signed statement"), most=_MOST_DOCUMENT)
    document = file.body.strip() if file else b""
    return await _enrol(transaction, visit, keys, form, label=label, document=document, kept_in="file")


@get("/statement", access="keys.enrol")
async def download_statement(visit: Asked, keys: Keys) -> Response[bytes]:
    """The statement that the offline tool signs, for one person and one day."""
    body = signing_keys.statement(keys.secret("cookie"), holder_of(visit.actor).account_id, visit.now)
    headers = {"content-disposition": 'attachment; filename="statement.json"'}
    return Response(body, media_type="application/json", headers=headers)


@get("/try", access="keys.enrol")
async def show_trial(session: Session, visit: Asked) -> Response[Any]:
    return await _trial_page(session, visit, Form.filled(visit.words))


@post("/try", access="keys.enrol", status_code=200)
async def try_key(transaction: Session, visit: Asked) -> Response[Any]:
    """Check a signature that means nothing, as every other is checked."""
    form = await visit.form()
    public_key, signature = signature_of(form, visit.words, "sign")
    if form.errors:
        return await _trial_page(transaction, visit, form)
    try:
        key = await signing_keys.verify_trial(
            transaction,
            visit.actor,
            form.value("entry").encode(),
            public_key=public_key,
            signature=signature,
            now=visit.now,
        )
    except SignatureRefused as error:
        visit.refuse(form, "sign", error)
        return await _trial_page(transaction, visit, form)
    return await _trial_page(transaction, visit, Form.filled(visit.words), tried=key.label)


@get("/{key_id:uuid}/revoke", access="staff.enter")
async def show_revoke(session: Session, visit: Asked, key_id: FromPath[UUID]) -> Response[Any]:
    return await _revoke_page(session, visit, key_id, Form.filled(visit.words, why="lost"))


@post("/{key_id:uuid}/revoke", access="staff.enter")
async def revoke_key(transaction: Session, visit: Asked, key_id: FromPath[UUID]) -> Response[Any]:
    form = await visit.form()
    why = form.choice("why", WHYS, label=visit.words.gettext("Why"))
    if form.errors:
        return await _revoke_page(transaction, visit, key_id, form)
    try:
        await signing_keys.revoke(transaction, visit.actor, key_id, cast(Why, why), now=visit.now)
    except KeyRefused as error:
        visit.refuse(form, "why", error)
        return await _revoke_page(transaction, visit, key_id, form)
    return done(visit.path("keys"), "revoked")


@get("/rounds/{round_id:uuid}", access="keys.grant", step_up=True)
async def show_grants(session: Session, visit: Asked, scope_list: Rounds, round_id: FromPath[UUID]) -> Response[Any]:
    scope = await _round(session, scope_list, round_id)
    return await _grants_page(session, visit, scope, Form.filled(visit.words, district=_WHOLE))


@post("/rounds/{round_id:uuid}", access="keys.grant")
async def grant_key(transaction: Session, visit: Asked, scope_list: Rounds, round_id: FromPath[UUID]) -> Response[Any]:
    """Let a key sign in a role, by an entry of the round's record."""
    scope, form, words = await _round(transaction, scope_list, round_id), await visit.form(), visit.words
    offered = {f"{key.id} {role}" for key, _, role in await signing_keys.grantable(transaction, visit.actor, scope)}
    chosen = form.choice("key", offered, label=words.gettext("Key and role"))
    districts = [_WHOLE, *(district.key for district in scope.districts)]
    district = form.choice("district", districts, label=words.gettext("Where"))
    day = form.date("from", label=words.gettext("From"), required=False)
    if not form.errors:
        key_id, _, role = chosen.partition(" ")
        order = GrantOrder(
            key_id=UUID(key_id),
            role=cast(Role, role),
            district=None if district == _WHOLE else district,
            from_at=dt.datetime.combine(day, dt.time(), dt.UTC) if day else visit.now,
        )
        try:
            await signing_keys.grant(transaction, visit.actor, scope, order, now=visit.now)
            return done(visit.path(f"keys/rounds/{round_id}"), "granted")
        except KeyRefused as error:
            visit.refuse(form, "key", error)
    return await _grants_page(transaction, visit, scope, form)


@post("/rounds/{round_id:uuid}/grants/{grant_id:uuid}/withdraw", access="keys.grant")
async def withdraw_grant(
    transaction: Session, visit: Asked, round_id: FromPath[UUID], grant_id: FromPath[UUID]
) -> Response[Any]:
    await signing_keys.withdraw(transaction, visit.actor, grant_id, now=visit.now)
    return done(visit.path(f"keys/rounds/{round_id}"), "withdrawn")


async def _enrol(
    session: AsyncSession, visit: Visit, keys: KeyFolder, form: Form, *, label: str, document: bytes, kept_in: KeptIn
) -> Response[Any]:
    if not form.errors:
        try:
            await signing_keys.enrol(
                session,
                visit.actor,
                document,
                label=label,
                kept_in=kept_in,
                secrets=keys.ring("cookie").accepted(visit.now),
                now=visit.now,
            )
            return done(visit.path("keys"), "enrolled")
        except KeyRefused as error:
            visit.refuse(form, "file" if kept_in == "file" else "label", error)
    return await _new_page(session, visit, keys, form)


async def _new_page(session: AsyncSession, visit: Visit, keys: KeyFolder, form: Form) -> Response[Any]:
    account_id = holder_of(visit.actor).account_id
    return visit.page(
        "key_new",
        form=form,
        account=account_id,
        statement=signing_keys.statement(keys.secret("cookie"), account_id, visit.now).decode(),
        enrolled=" ".join(held.public for held in await _held(session, visit)),
        section="keys",
    )


async def _trial_page(session: AsyncSession, visit: Visit, form: Form, *, tried: str = "") -> Response[Any]:
    usable = [held for held in await _held(session, visit) if held.key.revoked_at is None]
    return visit.page(
        "key_try",
        form=form,
        account=holder_of(visit.actor).account_id,
        entry=signing_keys.trial(visit.now).decode(),
        usable=" ".join(held.public for held in usable),
        tried=tried,
        section="keys",
    )


async def _revoke_page(session: AsyncSession, visit: Visit, key_id: UUID, form: Form) -> Response[Any]:
    key = await signing_keys.find(session, visit.actor, key_id)
    words = visit.words
    whys = {
        "lost": words.gettext("It is lost, or somebody else may have it"),
        "replaced": words.gettext("Another key takes its place"),
        "left": words.gettext("It is not needed any more"),
    }
    options = [(why, whys[why]) for why in WHYS]
    return visit.page("key_revoke", form=form, key=key, whys=options, section="keys", **_shown(visit))


async def _grants_page(session: AsyncSession, visit: Visit, scope: RoundScope, form: Form) -> Response[Any]:
    words, named = visit.words, Scopes([scope])
    offered = await signing_keys.grantable(session, visit.actor, scope)
    holders = {key.id: account.name or account.email or "" for key, account, _ in offered}
    return visit.page(
        "key_grants",
        form=form,
        scope=scope,
        round_name=named.name(scope.id, visit.language),
        granted=await signing_keys.granted(session, scope),
        holders=holders,
        options=[
            (
                f"{key.id} {role}",
                f"{holders[key.id]}: {role_in_words(role, words)}, {key.label}",
                fingerprint(key.public_key),
            )
            for key, _, role in sorted(offered, key=lambda row: (holders[row[0].id], SIGNERS.index(row[2])))
        ],
        districts=[
            (_WHOLE, words.gettext("The whole round")),
            *((known.key, named.district_name(scope.id, known.key, visit.language)) for known in scope.districts),
        ],
        district_name=lambda key: named.district_name(scope.id, key, visit.language),
        section="keys",
        **_shown(visit),
    )


async def _held(session: AsyncSession, visit: Visit) -> list[HeldKey]:
    return await signing_keys.held(session, holder_of(visit.actor).account_id)


async def _round(session: AsyncSession, scope_list: ScopeList, round_id: UUID) -> RoundScope:
    found = next((scope for scope in await scope_list(session) if scope.id == round_id), None)
    if found is None:
        raise NotFoundException("There is no such round.")
    return found


def _shown(visit: Visit) -> dict[str, Any]:
    """What templates need to show keys and roles."""
    return {
        "account": holder_of(visit.actor).account_id,
        "b64u": b64u,
        "fingerprint_of": fingerprint,
        "role_in_words": lambda role: role_in_words(role, visit.words),
    }


signing_key_router = Router(
    "/{lang:str}/staff/keys",
    route_handlers=[
        show_keys,
        show_new,
        enrol_key,
        enrol_file,
        download_statement,
        show_trial,
        try_key,
        show_revoke,
        revoke_key,
        show_grants,
        grant_key,
        withdraw_grant,
    ],
    dependencies={"visit": Provide(visit)},
    include_in_schema=False,
)
