"""Tokens of programs: what they may do, and every way in which one must not be taken."""

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID, uuid4

import httpx
import jwt
import pytest
from sqlalchemy import insert, text

from pb_service.features.accounts import people, tokens
from pb_service.features.accounts.identity_errors import TokenScopeError
from pb_service.features.accounts.policy import Act, Forbidden, Grant, StepUpNeeded
from pb_service.features.accounts.tokens import GRANTABLE, TokenOrder, TokenSigner
from pb_service.features.rounds.tables import Round
from pb_service.platform.db import uuid7
from pb_service.service import Service
from tests.staff import Desk, Member, actor_of, hire


def signer_of(service: Service) -> TokenSigner:
    return TokenSigner(service.settings.public_url, service.keys.ring("tokens"))


async def draft(service: Service, slug: str) -> UUID:
    """A round that is being set up."""
    round_id = uuid7()
    async with service.database.transaction() as session:
        row = {"id": round_id, "slug": slug, "mode": "open", "phase": "set_up", "names": [["en", slug]]}
        more = {"licence": "CC0", "source": "a test", "currency": "EUR", "unit": 100, "created_at": service.clock()}
        await session.execute(insert(Round).values(**row, **more))
    return round_id


async def make(
    service: Service,
    owner: Member,
    acts: Sequence[Act] = ("rounds.edit",),
    rounds: Sequence[UUID] | None = None,
    *,
    days: int = 30,
) -> str:
    order = TokenOrder(id=uuid4(), name="Import", acts=acts, round_ids=rounds, lasts=timedelta(days=days))
    actor = await actor_of(service, owner)
    async with service.database.transaction() as session:
        return await tokens.make(session, actor, order, signer_of(service), now=service.clock())


async def ask(client: httpx.AsyncClient, token: str, act: str = "rounds.edit", round_id: UUID | None = None) -> int:
    """The status of asking whether the token may do that."""
    query = {"act": act, **({"round": str(round_id)} if round_id else {})}
    return (await client.get("/api/token/may", params=query, headers=bearer(token))).status_code


def bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


async def test_a_token_may_do_what_it_was_made_for_and_nothing_else(
    client: httpx.AsyncClient, service: Service
) -> None:
    token = await make(service, await hire(service, "manager"))
    assert await ask(client, token) == 204
    assert await ask(client, token, "rounds.import") == 403


async def test_a_token_of_another_round_is_refused(client: httpx.AsyncClient, service: Service) -> None:
    spring, autumn = await draft(service, "spring"), await draft(service, "autumn")
    token = await make(service, await hire(service, "manager"), rounds=[spring])
    assert await ask(client, token, round_id=spring) == 204
    assert await ask(client, token, round_id=autumn) == 403
    assert await ask(client, token) == 403


async def test_a_token_never_does_more_than_its_owner_may_now(client: httpx.AsyncClient, service: Service) -> None:
    token = await make(service, await hire(service, "manager"))
    async with service.database.transaction() as session:
        await session.execute(text("UPDATE role_grant SET revoked_at = now()"))
    assert await ask(client, token) == 403


async def test_a_token_of_a_blocked_account_is_refused(client: httpx.AsyncClient, service: Service) -> None:
    token = await make(service, await hire(service, "manager"))
    async with service.database.transaction() as session:
        await session.execute(text("UPDATE account SET blocked_at = now(), blocked_reason = 'abuse'"))
    assert await ask(client, token) == 401


async def test_a_revoked_token_is_refused_at_once(client: httpx.AsyncClient, service: Service) -> None:
    owner = await hire(service, "manager")
    token = await make(service, owner)
    token_id = UUID(jwt.decode(token, options={"verify_signature": False})["jti"])
    actor = await actor_of(service, owner)
    async with service.database.transaction() as session:
        await tokens.revoke(session, actor, token_id, now=service.clock())
    assert await ask(client, token) == 401


async def test_a_token_ends_by_itself(client: httpx.AsyncClient, service: Service) -> None:
    token = await make(service, await hire(service, "manager"), days=1)
    service.clock.advance(timedelta(days=1, seconds=-1))  # type: ignore[attr-defined] # the clock of tests
    assert await ask(client, token) == 204
    service.clock.advance(timedelta(seconds=1))  # type: ignore[attr-defined]
    assert await ask(client, token) == 401


def forged(token: str, **changed: object) -> dict[str, object]:
    return {**jwt.decode(token, options={"verify_signature": False}), **changed}


async def test_a_token_that_somebody_else_wrote_is_refused(client: httpx.AsyncClient, service: Service) -> None:
    """No signature, another key, another algorithm, another issuer or audience, or a claim left out."""
    token, key = await make(service, await hire(service, "manager")), signer_of(service).keys.current
    assert await ask(client, jwt.encode(forged(token), key, algorithm="HS256")) == 204  # the forger's tools do work
    for wrong in (
        jwt.encode(forged(token), "", algorithm="none"),
        jwt.encode(forged(token), b"x" * 32, algorithm="HS256"),
        jwt.encode(forged(token), key + key, algorithm="HS512"),
        jwt.encode(forged(token, iss="https://evil.example"), key, algorithm="HS256"),
        jwt.encode(forged(token, aud="another"), key, algorithm="HS256"),
        jwt.encode(forged(token, jti=str(uuid4())), key, algorithm="HS256"),
        jwt.encode(forged(token, jti="1 OR 1=1"), key, algorithm="HS256"),
        jwt.encode({k: v for k, v in forged(token).items() if k != "exp"}, key, algorithm="HS256"),
        jwt.encode({k: v for k, v in forged(token).items() if k != "jti"}, key, algorithm="HS256"),
    ):
        assert await ask(client, wrong) == 401, wrong


async def test_the_header_cannot_choose_the_algorithm(client: httpx.AsyncClient, service: Service) -> None:
    """An asymmetric name in the header with an HMAC below it: the old confusion of keys."""
    token, key = await make(service, await hire(service, "manager")), signer_of(service).keys.current
    head = base64.urlsafe_b64encode(json.dumps({"alg": "EdDSA", "typ": "JWT"}).encode()).decode().rstrip("=")
    signed = f"{head}.{token.split('.')[1]}"
    mac = base64.urlsafe_b64encode(hmac.digest(key, signed.encode(), hashlib.sha256)).decode().rstrip("=")
    assert await ask(client, f"{signed}.{mac}") == 401


@pytest.mark.parametrize("given", ["", "Bearer", "Bearer ", "Basic YTpi", "Bearer x", "Bearer a.b.c", "Bearer ä"])
async def test_without_a_token_programs_are_told_to_bring_one(client: httpx.AsyncClient, given: str) -> None:
    answer = await client.get(
        "/api/token", headers=httpx.Headers({"authorization": given}, encoding="latin-1") if given else None
    )
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert answer.headers["content-type"].startswith("application/problem+json")


async def test_a_session_is_no_token_and_a_token_no_session(client: httpx.AsyncClient, service: Service) -> None:
    owner = await hire(service, "manager")
    token = await make(service, owner)
    assert (await client.get("/en/staff", headers=bearer(token))).status_code == 303
    await Desk(client, service).enter(owner)
    assert (await client.get("/api/token")).status_code == 401


async def test_a_token_says_what_it_may_do(client: httpx.AsyncClient, service: Service) -> None:
    spring = await draft(service, "spring")
    token = await make(service, await hire(service, "manager"), ["rounds.preview", "rounds.edit"], [spring])
    answer = (await client.get("/api/token", headers=bearer(token))).json()
    assert (answer["acts"], answer["rounds"]) == (["rounds.edit", "rounds.preview"], [str(spring)])


async def test_nobody_makes_a_token_for_what_they_may_not_do_there(service: Service) -> None:
    spring, autumn = await draft(service, "spring"), await draft(service, "autumn")
    owner = await hire(service, Grant("manager", spring))
    for acts, rounds in (
        (["roll.edit"], [spring]),
        (["rounds.edit"], [spring, autumn]),
        (["rounds.edit"], None),
        (["rounds.edit"], []),
        ([], [spring]),
        (["rounds.publish"], [spring]),
        (["tokens.manage"], [spring]),
    ):
        with pytest.raises(TokenScopeError):
            await make(service, owner, acts, rounds)  # type: ignore[arg-type] # lists of acts


@pytest.mark.parametrize("days", [0, 91])
async def test_a_token_lives_for_ninety_days_at_most(service: Service, days: int) -> None:
    with pytest.raises(TokenScopeError):
        await make(service, await hire(service, "manager"), days=days)


async def test_making_a_token_needs_the_role_and_the_step_up(service: Service) -> None:
    order = TokenOrder(id=uuid4(), name="", acts=["rounds.edit"], round_ids=None, lasts=timedelta(days=1))
    for member, stepped_up, refusal in (
        (await hire(service, "editor", name="Eva Engblom"), True, Forbidden),
        (await hire(service, "manager"), False, StepUpNeeded),
    ):
        actor = await actor_of(service, member, stepped_up=stepped_up)
        with pytest.raises(refusal):
            async with service.database.transaction() as session:
                await tokens.make(session, actor, order, signer_of(service), now=service.clock())


async def test_nobody_revokes_the_token_of_another_but_who_manages_people(service: Service) -> None:
    token = await make(service, await hire(service, "manager"))
    token_id = UUID(jwt.decode(token, options={"verify_signature": False})["jti"])
    other = await actor_of(service, await hire(service, "manager", name="Olli Oja"))
    boss = await actor_of(service, await hire(service, "administrator", name="Ylva Yli"))
    with pytest.raises(Forbidden):
        async with service.database.transaction() as session:
            await tokens.revoke(session, other, token_id, now=service.clock())
    async with service.database.transaction() as session:
        await tokens.revoke(session, boss, token_id, now=service.clock())


def test_no_token_can_be_made_for_what_asks_people_for_a_step_up() -> None:
    assert not {"people.manage", "keys.grant", "evidence.read", "staff.enter"} & set(GRANTABLE)


async def test_the_page_shows_a_token_once(client: httpx.AsyncClient, service: Service) -> None:
    """The answer to the form holds it, no address does, and the same form sent twice makes no second one."""
    desk = Desk(client, service)
    await desk.enter(await hire(service, "manager"))
    form = (await desk.get("staff/tokens/new")).text
    once = re.findall(r'name="once" value="([^"]+)"', form)[0]
    fields = {"name": "Import", "acts": ["rounds.import", "rounds.edit"], "rounds": "all", "days": "7", "once": once}
    made = await desk.post("staff/tokens/new", on="staff/tokens/new", **fields)
    token = re.findall(r"ey[\w-]+\.[\w-]+\.[\w-]+", made.text)[0]
    assert (made.status_code, made.headers["cache-control"], await ask(client, token)) == (200, "no-store", 204)
    again = await desk.post("staff/tokens/new", on="staff/tokens/new", **fields)
    assert again.status_code == 422
    assert token not in (await desk.get("staff/tokens")).text


@pytest.mark.parametrize("language", ["fi", "sv", "en"])
async def test_the_pages_exist_in_each_language(client: httpx.AsyncClient, service: Service, language: str) -> None:
    desk = Desk(client, service)
    owner = await hire(service, "manager")
    await make(service, owner)
    await desk.enter(owner)
    for path in ("staff/tokens", "staff/tokens/new"):
        assert (await desk.get(path, language)).status_code == 200


async def test_a_token_ends_with_the_factors_of_its_owner(client: httpx.AsyncClient, service: Service) -> None:
    owner = await hire(service, "manager")
    token = await make(service, owner)
    assert await ask(client, token) == 204
    boss = await actor_of(service, await hire(service, "administrator", name="Eva Ek"))
    async with service.database.transaction() as session:
        await people.reset_factors(session, boss, owner.id, reason="Lost", now=service.clock())
    assert await ask(client, token) == 401


async def test_a_body_that_is_no_form_is_read_only_for_whom_we_know(client: httpx.AsyncClient) -> None:
    answer = await client.post("/en/register", content=b"a=" + b"%41" * 50_000, headers={"origin": "http://localhost"})
    assert answer.status_code == 413
