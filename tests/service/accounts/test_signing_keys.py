"""Signing keys of people: enrolled by proof, granted and revoked in the record, checked at each signature."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import select, text

from pb_service.core.record import canonical, entries
from pb_service.core.record.canonical import b64u, unb64u
from pb_service.core.record.signatures import public_bytes, sign_entry
from pb_service.features.accounts import people, personal, signing_keys
from pb_service.features.accounts.identity_data import IDENTITY
from pb_service.features.accounts.identity_errors import KeyRefused, SignatureRefused
from pb_service.features.accounts.identity_tables import KeyGrant, SigningKey
from pb_service.features.accounts.policy import Actor, Forbidden, Grant, Role, StepUpNeeded
from pb_service.features.accounts.scopes import RoundScope
from pb_service.features.accounts.signing_keys import GrantOrder
from pb_service.features.accounts.tables import AccessLog, RoleGrant
from pb_service.features.opendata.imports import import_round, plan_import
from pb_service.features.record import service as record
from pb_service.features.rounds.scopes import round_scopes
from pb_service.service import Service
from tests.builders import import_options, pabulib_file
from tests.staff import Member, actor_of, hire

SECRET = b"s" * 32


@pytest.fixture
async def scope(service: Service) -> RoundScope:
    """The round spring, with its record."""
    async with service.database.transaction() as session:
        planned = plan_import([pabulib_file("North")], import_options())
        await import_round(session, planned, origin_host="example.org", now=service.clock())
        (found,) = await round_scopes(session)
    return found


def proof(service: Service, account_id: UUID, key: Ed25519PrivateKey, **changed: object) -> bytes:
    """The statement of the page, signed as the browser and the offline tool sign it."""
    statement = canonical.decode(signing_keys.statement(SECRET, account_id, service.clock()))
    return canonical.encode(sign_entry({**statement, "pk": b64u(public_bytes(key)), **changed}, {"p": key}))


async def enrol(service: Service, actor: Actor, document: bytes) -> SigningKey:
    async with service.database.transaction() as session:
        return await signing_keys.enrol(
            session, actor, document, label="laptop", kept_in="browser", secrets=[SECRET], now=service.clock()
        )


async def grant(
    service: Service,
    scope: RoundScope,
    key: SigningKey,
    role: Role = "auditor",
    *,
    by: Actor,
    district: str | None = None,
) -> KeyGrant:
    order = GrantOrder(key_id=key.id, role=role, district=district, from_at=service.clock())
    async with service.database.transaction() as session:
        return await signing_keys.grant(session, by, scope, order, now=service.clock())


async def verify(
    service: Service, actor: Actor, scope: RoundScope, key: Ed25519PrivateKey, entry: Mapping[str, Any], **more: Any
) -> SigningKey:
    signature = sign_entry(more.pop("signed", entry), {"p": key})["sg"][0][1]
    async with service.database.reading() as session:
        return await signing_keys.verify(
            session,
            actor,
            entry,
            public_key=b64u(public_bytes(key)),
            signature=signature,
            round_id=scope.id,
            **{"role": "auditor", "now": service.clock(), **more},
        )


async def acts(service: Service, scope: RoundScope) -> list[tuple[str, str, dict[str, Any]]]:
    """Kind, role and content of the key entries of the record, in order."""
    assert scope.log_id
    found = []
    async with service.database.reading() as session:
        rows = await session.execute(text("SELECT body FROM record_entry ORDER BY id"))
        for (body,) in rows.all():
            entry = entries.parse(body)
            if entry.kind.startswith("key."):
                file = canonical.decode(await record.get_file(session, unb64u(entry.fields["h"])))
                found.append((entry.kind, entry.fields["by"], file["content"]))
    return found


ENTRY = {"v": 1, "k": "strike", "x": 7}


@pytest.fixture
async def auditor(service: Service) -> Member:
    return await hire(service, "auditor", name="Gunnar Gran")


@pytest.fixture
async def manager(service: Service) -> Actor:
    return await actor_of(service, await hire(service, "manager", name="Katri Kierros"))


async def test_a_key_is_enrolled_by_who_proves_to_hold_it(service: Service, auditor: Member) -> None:
    key, actor = Ed25519PrivateKey.generate(), await actor_of(service, auditor)
    enrolled = await enrol(service, actor, proof(service, auditor.id, key))
    assert (enrolled.public_key, enrolled.account_id) == (public_bytes(key), auditor.id)


async def test_a_proof_of_another_key_person_or_day_is_refused(service: Service, auditor: Member) -> None:
    key, other = Ed25519PrivateKey.generate(), await hire(service, "observer", name="Olli Oja")
    actor = await actor_of(service, auditor)
    foreign_key = b64u(public_bytes(Ed25519PrivateKey.generate()))
    for document, rule in (
        (proof(service, other.id, key), "foreign"),
        (proof(service, auditor.id, key, t=2**40), "foreign"),
        (proof(service, auditor.id, key, pk=foreign_key), "unsigned"),
        (proof(service, auditor.id, key, pk=b64u(bytes(32))), "unsigned"),
        (proof(service, auditor.id, key, more=1), "unsigned"),
        (proof(service, auditor.id, key)[:-1], "unsigned"),
        (proof(service, auditor.id, key).replace(b":", b": ", 1), "unsigned"),
        (b"[]", "unsigned"),
        (b"\xff", "unsigned"),
    ):
        with pytest.raises(KeyRefused) as refused:
            await enrol(service, actor, document)
        assert refused.value.rule == rule, document


async def test_a_statement_is_good_for_a_day(service: Service, auditor: Member) -> None:
    document = proof(service, auditor.id, Ed25519PrivateKey.generate())
    service.clock.advance(timedelta(days=1))  # type: ignore[attr-defined] # the clock of tests
    with pytest.raises(KeyRefused) as refused:
        await enrol(service, await actor_of(service, auditor), document)
    assert refused.value.rule == "old"


async def test_a_key_is_enrolled_once_and_never_again(service: Service, auditor: Member) -> None:
    key, actor = Ed25519PrivateKey.generate(), await actor_of(service, auditor)
    enrolled = await enrol(service, actor, proof(service, auditor.id, key))
    async with service.database.transaction() as session:
        await signing_keys.revoke(session, actor, enrolled.id, "lost", now=service.clock())
    with pytest.raises(KeyRefused) as refused:
        await enrol(service, actor, proof(service, auditor.id, key))
    assert refused.value.rule == "enrolled"


async def test_enrolling_needs_a_role_that_signs_and_the_step_up(service: Service, auditor: Member) -> None:
    editor = await hire(service, "editor", name="Eva Engblom")
    for member, stepped_up, refusal in ((editor, True, Forbidden), (auditor, False, StepUpNeeded)):
        actor = await actor_of(service, member, stepped_up=stepped_up)
        with pytest.raises(refusal):
            await enrol(service, actor, proof(service, member.id, Ed25519PrivateKey.generate()))


async def test_nobody_has_more_than_ten_keys(service: Service, auditor: Member) -> None:
    actor = await actor_of(service, auditor)
    for _ in range(10):
        await enrol(service, actor, proof(service, auditor.id, Ed25519PrivateKey.generate()))
    with pytest.raises(KeyRefused) as refused:
        await enrol(service, actor, proof(service, auditor.id, Ed25519PrivateKey.generate()))
    assert refused.value.rule == "many"


async def test_a_grant_and_its_end_stand_in_the_record_without_a_person(
    service: Service, scope: RoundScope, auditor: Member, manager: Actor
) -> None:
    private, actor = Ed25519PrivateKey.generate(), await actor_of(service, auditor)
    key = await enrol(service, actor, proof(service, auditor.id, private))
    made = await grant(service, scope, key, by=manager)
    async with service.database.transaction() as session:
        await signing_keys.withdraw(session, manager, made.id, now=service.clock())
    public, at = b64u(public_bytes(private)), int(service.clock().timestamp())
    assert await acts(service, scope) == [
        ("key.granted", "manager", {"key": public, "role": "auditor", "from": at}),
        ("key.revoked", "manager", {"key": public, "role": "auditor"}),
    ]


async def test_a_granted_key_signs_what_its_role_may_and_nothing_changed(
    service: Service, scope: RoundScope, auditor: Member, manager: Actor
) -> None:
    private, actor = Ed25519PrivateKey.generate(), await actor_of(service, auditor)
    key = await enrol(service, actor, proof(service, auditor.id, private))
    with pytest.raises(SignatureRefused, match="no grant"):
        await verify(service, actor, scope, private, ENTRY)
    await grant(service, scope, key, by=manager)
    assert (await verify(service, actor, scope, private, ENTRY)).id == key.id
    with pytest.raises(SignatureRefused, match="not valid"):
        await verify(service, actor, scope, private, ENTRY, signed={**ENTRY, "x": 8})
    with pytest.raises(SignatureRefused, match="no grant"):
        await verify(service, actor, scope, private, ENTRY, role="manager")


async def test_a_grant_holds_from_its_moment_and_in_its_district(
    service: Service, scope: RoundScope, auditor: Member, manager: Actor
) -> None:
    private, actor = Ed25519PrivateKey.generate(), await actor_of(service, auditor)
    key = await enrol(service, actor, proof(service, auditor.id, private))
    await grant(service, scope, key, by=manager, district=scope.districts[0].key)
    assert await verify(service, actor, scope, private, ENTRY, district=scope.districts[0].key)
    with pytest.raises(SignatureRefused, match="no grant"):
        await verify(service, actor, scope, private, ENTRY)
    with pytest.raises(SignatureRefused, match="no grant"):
        before = service.clock() - timedelta(seconds=1)
        await verify(service, actor, scope, private, ENTRY, district=scope.districts[0].key, now=before)


async def test_a_lost_key_is_revoked_in_every_round_and_a_new_one_takes_its_place(
    service: Service, scope: RoundScope, auditor: Member, manager: Actor
) -> None:
    lost, fresh, actor = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate(), await actor_of(service, auditor)
    await grant(service, scope, await enrol(service, actor, proof(service, auditor.id, lost)), by=manager)
    async with service.database.transaction() as session:
        (held,) = await signing_keys.held(session, auditor.id)
        await signing_keys.revoke(session, actor, held.key.id, "lost", now=service.clock())
    with pytest.raises(SignatureRefused, match="no key of yours"):
        await verify(service, actor, scope, lost, ENTRY)
    await grant(service, scope, await enrol(service, actor, proof(service, auditor.id, fresh)), by=manager)
    assert await verify(service, actor, scope, fresh, ENTRY)
    assert [kind for kind, _, _ in await acts(service, scope)] == ["key.granted", "key.revoked", "key.granted"]


async def test_a_key_signs_no_more_when_its_holder_has_lost_the_role_or_is_blocked(
    service: Service, scope: RoundScope, auditor: Member, manager: Actor
) -> None:
    private, actor = Ed25519PrivateKey.generate(), await actor_of(service, auditor)
    await grant(service, scope, await enrol(service, actor, proof(service, auditor.id, private)), by=manager)
    for change in (
        "UPDATE account SET blocked_at = now(), blocked_reason = 'x' WHERE name LIKE 'Gunnar%'",
        "UPDATE account SET blocked_at = NULL, blocked_reason = NULL",
        "UPDATE role_grant SET revoked_at = now() WHERE role = 'auditor'",
    ):
        async with service.database.transaction() as session:
            await session.execute(text(change))
        if "NULL" in change:
            continue
        with pytest.raises(SignatureRefused, match="role any more"):
            await verify(service, actor, scope, private, ENTRY)


async def test_nobody_signs_with_the_key_of_another(
    service: Service, scope: RoundScope, auditor: Member, manager: Actor
) -> None:
    private = Ed25519PrivateKey.generate()
    actor = await actor_of(service, auditor)
    await grant(service, scope, await enrol(service, actor, proof(service, auditor.id, private)), by=manager)
    other = await actor_of(service, await hire(service, "auditor", name="Greta Gran"))
    with pytest.raises(SignatureRefused, match="no key of yours"):
        await verify(service, other, scope, private, ENTRY)


async def test_keys_are_granted_only_for_what_is_there(
    service: Service, scope: RoundScope, auditor: Member, manager: Actor
) -> None:
    """A role of the holder, in a round with a record, in one of its districts, once."""
    actor = await actor_of(service, auditor)
    key = await enrol(service, actor, proof(service, auditor.id, Ed25519PrivateKey.generate()))
    unpublished = RoundScope(scope.id, scope.slug, scope.names, scope.districts)
    await grant(service, scope, key, by=manager)
    wrong: list[tuple[RoundScope, Role, str | None, str]] = [
        (unpublished, "auditor", None, "no-record"),
        (scope, "registrar", None, "no-role"),
        (scope, "auditor", "atlantis", "no-district"),
        (scope, "auditor", None, "granted"),
    ]
    for where, role, district, rule in wrong:
        with pytest.raises(KeyRefused) as refused:
            await grant(service, where, key, role, by=manager, district=district)
        assert refused.value.rule == rule


async def test_who_manages_another_round_grants_no_keys_here(
    service: Service, scope: RoundScope, auditor: Member
) -> None:
    actor = await actor_of(service, auditor)
    key = await enrol(service, actor, proof(service, auditor.id, Ed25519PrivateKey.generate()))
    nowhere = await actor_of(service, await hire(service, "observer", name="Olli Oja"))
    elsewhere = Actor(**{**vars(nowhere), "grants": (Grant("manager", auditor.id),)})
    for stranger in (nowhere, elsewhere, actor):
        with pytest.raises(Forbidden):
            await grant(service, scope, key, by=stranger)


async def test_nobody_revokes_the_key_of_another_but_who_manages_people(
    service: Service, scope: RoundScope, auditor: Member, manager: Actor
) -> None:
    key = await enrol(
        service, await actor_of(service, auditor), proof(service, auditor.id, Ed25519PrivateKey.generate())
    )
    await grant(service, scope, key, by=manager)
    boss = await actor_of(service, await hire(service, "administrator", name="Ylva Yli"))
    with pytest.raises(Forbidden):
        async with service.database.transaction() as session:
            await signing_keys.revoke(session, manager, key.id, "left", now=service.clock())
    async with service.database.transaction() as session:
        await signing_keys.revoke(session, boss, key.id, "left", now=service.clock())
    assert (await acts(service, scope))[-1][:2] == ("key.revoked", "administrator")


async def test_a_key_can_be_tried(service: Service, auditor: Member) -> None:
    private, actor = Ed25519PrivateKey.generate(), await actor_of(service, auditor)
    await enrol(service, actor, proof(service, auditor.id, private))
    body = signing_keys.trial(service.clock())
    public, signature = b64u(public_bytes(private)), sign_entry(canonical.decode(body), {"p": private})["sg"][0][1]
    async with service.database.reading() as session:
        again: dict[str, Any] = {"public_key": public, "now": service.clock()}
        assert await signing_keys.verify_trial(session, actor, body, signature=signature, **again)
        for wrong, given in ((body, "A" * 86), (b'{"k":"strike","v":1}', signature), (b"{}", signature)):
            with pytest.raises(SignatureRefused):
                await signing_keys.verify_trial(session, actor, wrong, signature=given, **again)


async def test_of_a_deleted_account_the_keys_end_and_stay_without_a_name(
    service: Service, scope: RoundScope, auditor: Member, manager: Actor
) -> None:
    key = await enrol(
        service, await actor_of(service, auditor), proof(service, auditor.id, Ed25519PrivateKey.generate())
    )
    await grant(service, scope, key, by=manager)
    async with service.database.transaction() as session:
        known = await IDENTITY.collect(session, auditor.id)
        await personal.erase(service.personal_data, session, auditor.id, now=service.clock())
    assert [one["name"] for one in known["signing_keys"]] == ["laptop"]
    async with service.database.reading() as session:
        (left,) = (await session.scalars(select(SigningKey))).all()
    assert (left.account_id, left.label, left.revoked_why) == (None, "", "left")
    assert [kind for kind, _, _ in await acts(service, scope)] == ["key.granted", "key.revoked"]


async def test_the_times_of_the_record_do_not_run_back_with_the_clock(
    service: Service, scope: RoundScope, auditor: Member, manager: Actor
) -> None:
    actor = await actor_of(service, auditor)
    key = await enrol(service, actor, proof(service, auditor.id, Ed25519PrivateKey.generate()))
    made = await grant(service, scope, key, by=manager)
    async with service.database.transaction() as session:
        await signing_keys.withdraw(session, manager, made.id, now=service.clock() - timedelta(hours=1))
        rows = (await session.execute(text("SELECT body FROM record_entry ORDER BY id"))).all()
    granted, revoked = [entries.parse(body).time for (body,) in rows][-2:]
    assert granted == revoked == int(service.clock().timestamp())


async def take_role(service: Service, by: Actor, member: Member, role: Role) -> None:
    async with service.database.transaction() as session:
        held = await session.scalars(
            select(RoleGrant.id).where(RoleGrant.account_id == member.id, RoleGrant.role == role)
        )
        await people.take_role(session, by, member.id, held.one(), reason="moves on", now=service.clock())


async def test_with_a_role_goes_what_its_keys_were_granted_and_the_record_says_so(
    service: Service, scope: RoundScope, auditor: Member, manager: Actor
) -> None:
    actor, boss = await actor_of(service, auditor), await hire(service, "administrator", name="Ylva Yli")
    key = await enrol(service, actor, proof(service, auditor.id, Ed25519PrivateKey.generate()))
    await grant(service, scope, key, by=manager)
    await take_role(service, await actor_of(service, boss), auditor, "auditor")
    ended = {"key": b64u(key.public_key), "role": "auditor"}
    assert [entry for entry in await acts(service, scope) if entry[0] == "key.revoked"] == [
        ("key.revoked", "administrator", ended)
    ]
    async with service.database.reading() as session:
        lines = await session.scalars(select(AccessLog.object).where(AccessLog.act == "key.revoked"))
        assert list(lines) == [f"{key.id} auditor"]
        assert (await session.get_one(SigningKey, key.id)).revoked_at is None


async def test_a_grant_that_another_role_carries_stays(
    service: Service, scope: RoundScope, auditor: Member, manager: Actor
) -> None:
    async with service.database.transaction() as session:
        session.add(RoleGrant(account_id=auditor.id, role="observer", granted_at=service.clock()))
    boss = await hire(service, "administrator", name="Ylva Yli")
    key = await enrol(
        service, await actor_of(service, auditor), proof(service, auditor.id, Ed25519PrivateKey.generate())
    )
    await grant(service, scope, key, by=manager)
    await take_role(service, await actor_of(service, boss), auditor, "observer")
    assert [kind for kind, _, _ in await acts(service, scope)] == ["key.granted"]
