"""Signing in by a provider, with a real one: what succeeds, and every way in which it must not."""

import asyncio
from collections.abc import AsyncIterator, Iterator, MutableMapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from sqlalchemy import select, text, update
from structlog.testing import capture_logs

from pb_service.app import create_app
from pb_service.core.record.canonical import b64u
from pb_service.features.accounts.identity_tables import ProvenIdentity, SigninAttempt
from pb_service.features.accounts.oidc import Answer
from pb_service.features.accounts.provider_signin import begin, come_back, prove, providers_of
from pb_service.features.accounts.tables import AccessLog, Account, AccountSession
from pb_service.service import Service, open_service
from pb_service.settings import Settings
from tests.conftest import FakeClock
from tests.http.conftest import running
from tests.provider import PATIENCE, RealProvider, parameters, running_provider
from tests.residents import csrf_in

SITE = "http://localhost:8000"
RETURNS = [f"{SITE}/sign-in/{key}/return" for key in ("town", "school", "keyed")]

PROVIDERS = """
[town]
name = {{ fi = "Kaupungin tunnistus", sv = "Stadens identifiering", en = "Town sign-in" }}
issuer = "{town}"
client_id = "budget"
secret_file = "budget.secret"
scopes = ["openid", "person"]
acr_values = ["loa3", "loa2"]
scheme = "fi-hetu"
timeout_s = {patience}
[town.claims]
person_id = "person"
birth_date = "birthdate"
municipality = "municipality"
postal_code = ["address", "postal_code"]
[town.assurance]
loa3 = "high"
[town.voting]
client_id = "voting"
secret_file = "voting.secret"

[school]
name = {{ fi = "Koulun tunnistus", sv = "Skolans identifiering", en = "School sign-in" }}
issuer = "{school}"
client_id = "other"
secret_file = "other.secret"
timeout_s = 30

[keyed]
name = {{ fi = "Avaimella", sv = "Med nyckel", en = "By key" }}
issuer = "{town}"
client_id = "keyed"
key_file = "client.pem"
scopes = ["openid", "person"]
scheme = "fi-hetu"
userinfo = true
[keyed.claims]
person_id = "person"
"""

#: Our own key as a client (private_key_jwt).
CLIENT_KEY = Ed25519PrivateKey.generate()


class NearClock(FakeClock):
    """The machine's clock, which is also the provider's, moved by what a test says; or held still, a little ahead."""

    def __init__(self) -> None:
        super().__init__()
        self.offset = timedelta()
        self.held = False

    def __call__(self) -> datetime:
        return self.now if self.held else datetime.now(UTC) + self.offset

    def advance(self, step: timedelta) -> None:
        self.offset += step
        self.now += step

    def hold(self) -> None:
        """Stand still two minutes ahead: tokens are valid there, and no time passes however slow the machine is."""
        self.now, self.held = datetime.now(UTC) + timedelta(minutes=2), True


@dataclass
class Visitor:
    """A browser, the service that it visits, and the providers."""

    browser: httpx.AsyncClient
    service: Service
    clock: NearClock
    town: RealProvider
    school: RealProvider
    log: list[MutableMapping[str, Any]]

    async def leave(self, provider: str = "town", language: str = "en", onward: str = "/en/rounds/spring") -> str:
        """Take the road of a provider and return where it leads."""
        answer = await self.browser.get(f"/{language}/sign-in/with/{provider}", params={"next": onward})
        return str(answer.headers["location"])

    async def sign_in(self, provider: str = "town", person: str = "aino") -> httpx.Response:
        there = self.school if provider == "school" else self.town
        return await self.browser.get(await there.visit(await self.leave(provider), person=person))

    def why(self, answer: httpx.Response, check: str = "") -> str:
        """The reason of a refused sign-in, which must have left nobody signed in; ``check`` is what refused it."""
        assert "pb-session" not in self.browser.cookies
        where = answer.headers["location"]
        assert "/sign-in/failed" in where
        assert check in [line["error"] for line in self.log if line["event"] == "sign-in failed"][-1]
        return str(parameters(where)["why"])

    async def rows(self, table: type[Any]) -> list[Any]:
        async with self.service.database.reading() as session:
            return list((await session.scalars(select(table))).all())


@pytest.fixture(scope="module")
def town() -> Iterator[RealProvider]:
    jwk = {"kty": "OKP", "crv": "Ed25519", "x": b64u(CLIENT_KEY.public_key().public_bytes_raw()), "use": "sig"}
    with running_provider(RETURNS, [jwk]) as provider:
        yield provider


@pytest.fixture(scope="module")
def school() -> Iterator[RealProvider]:
    with running_provider(RETURNS) as provider:
        yield provider


@pytest.fixture
def patience() -> int:
    """How many seconds the service waits for the town's provider."""
    return 30


@pytest.fixture
async def visitor(
    *, settings: Settings, database_url: str, town: RealProvider, school: RealProvider, folder: Path, patience: int
) -> AsyncIterator[Visitor]:
    (folder / "signin.toml").write_text(PROVIDERS.format(town=town.issuer, school=school.issuer, patience=patience))
    (folder / "budget.secret").write_text("secret-of-the-tests\n")
    (folder / "voting.secret").write_text("secret-of-the-votes\n")
    pem = CLIENT_KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / "client.pem").write_bytes(pem)
    (folder / "other.secret").write_text("secret-of-another-service\n")
    clock = NearClock()
    settings = replace(settings, signin=folder / "signin.toml")
    async with open_service(settings, database_url, clock=clock) as service:
        app = create_app(service)
        transport = httpx.ASGITransport(app=app)
        async with running(app), httpx.AsyncClient(transport=transport, base_url=SITE) as browser:
            with capture_logs() as log:
                yield Visitor(browser, service, clock, town, school, log)


async def test_a_crowd_that_a_provider_keeps_waiting_keeps_nobody_else_from_the_database(visitor: Visitor) -> None:
    """More come back than there are connections, and none has one while the provider thinks."""
    states = [parameters(await visitor.leave("keyed"))["state"] for _ in range(25)]
    visitor.town.control(slow=30_000)
    answers = [{"state": state, "code": "x", "iss": visitor.town.issuer} for state in states]
    coming = [asyncio.create_task(visitor.browser.get("/sign-in/keyed/return", params=each)) for each in answers]
    try:
        while await visitor.rows(SigninAttempt):  # noqa: ASYNC110 - the database has no event for it
            await asyncio.sleep(0.02)
    finally:
        for one in coming:
            one.cancel()
        visitor.town.control(slow=0)


async def test_a_person_signs_in_and_comes_to_where_they_were_going(visitor: Visitor) -> None:
    answer = await visitor.sign_in()
    assert (answer.status_code, answer.headers["location"]) == (303, "/en/rounds/spring")
    assert "pb-session" in visitor.browser.cookies
    (log,) = await visitor.rows(AccessLog)
    assert (log.act, log.object, log.outcome) == ("sign-in", "town", "done")


async def test_of_a_person_only_the_year_of_birth_and_the_place_are_kept(visitor: Visitor) -> None:
    await visitor.sign_in()
    (kept,) = await visitor.rows(ProvenIdentity)
    assert (kept.birth_year, kept.municipality, kept.postal_code, kept.assurance) == (2003, "049", "02100", "high")
    async with visitor.service.database.reading() as session:
        for table in ("account", "proven_identity", "account_session", "access_log", "signin_attempt"):
            dump = str((await session.execute(text(f"SELECT t::text FROM {table} t"))).all())  # noqa: S608 - names from above
            assert not any(secret in dump for secret in ("010203A123N", "2003-02-01", "010203")), table


async def test_the_same_person_comes_back_to_the_same_account_and_another_does_not(visitor: Visitor) -> None:
    for person in ("aino", "aino", "otto"):
        await visitor.sign_in(person=person)
        visitor.browser.cookies.delete("pb-session")
    assert len(await visitor.rows(Account)) == 2


async def test_a_provider_that_names_no_person_signs_nobody_in(visitor: Visitor) -> None:
    assert visitor.why(await visitor.sign_in(person="nobody")) == "unknown-person"


async def test_a_person_who_refuses_is_not_signed_in(visitor: Visitor) -> None:
    assert visitor.why(await visitor.sign_in(person="refuse")) == "refused"


async def test_the_request_carries_pkce_state_nonce_and_asks_the_person_again(visitor: Visitor) -> None:
    sent = parameters(await visitor.leave())
    assert (sent["code_challenge_method"], sent["response_type"], sent["prompt"]) == ("S256", "code", "login")
    assert min(len(sent[name]) for name in ("state", "nonce", "code_challenge")) == 43
    assert sent["redirect_uri"] == RETURNS[0]


async def test_a_token_with_another_nonce_is_refused(visitor: Visitor) -> None:
    """Somebody changed the request on its way: the provider signs what it was asked, and that is not ours."""
    back = await visitor.town.visit(await visitor.leave(), nonce="x" * 43)
    assert visitor.why(await visitor.browser.get(back), "Invalid claim: 'nonce'") == "invalid"


async def test_an_expired_token_is_refused(visitor: Visitor) -> None:
    """The provider's tokens live for five minutes."""
    back = await visitor.town.visit(await visitor.leave())
    visitor.clock.advance(timedelta(minutes=9))
    assert visitor.why(await visitor.browser.get(back), "ExpiredTokenError") == "invalid"


async def test_clocks_may_differ_by_half_a_minute(visitor: Visitor) -> None:
    visitor.clock.advance(timedelta(seconds=-29))
    assert (await visitor.sign_in()).headers["location"] == "/en/rounds/spring"


async def test_a_token_from_the_future_is_refused(visitor: Visitor) -> None:
    visitor.clock.advance(timedelta(seconds=-60))
    assert visitor.why(await visitor.sign_in(), "issued in the future") == "invalid"


async def test_a_token_for_another_client_is_refused(visitor: Visitor) -> None:
    """A genuine token of the same provider, signed for another service, with our nonce."""
    address = await visitor.leave()
    visitor.town.control(id_token=await foreign_token(visitor, parameters(address)["nonce"]))
    assert visitor.why(await visitor.browser.get(await visitor.town.visit(address)), "aud") == "invalid"


@pytest.mark.parametrize("alg", ["none", "HS256"])
async def test_a_token_that_anybody_could_have_written_is_refused(visitor: Visitor, alg: str) -> None:
    """`none` has no signature, and HS256 is signed with what every client knows: its secret, or the public key."""
    address, now = await visitor.leave(), int(visitor.clock().timestamp())
    claims = {"iss": visitor.town.issuer, "sub": "aino", "aud": "budget", "iat": now, "exp": now + 60}
    claims |= {"nonce": parameters(address)["nonce"], "person": "010203A123N"}
    key = "secret-of-the-tests-made-longer-for-hs256" if alg == "HS256" else ""
    visitor.town.control(id_token=jwt.encode(claims, key, algorithm=alg))
    back = await visitor.town.visit(address)
    assert visitor.why(await visitor.browser.get(back), "algorithm that is not allowed") == "invalid"


async def test_a_return_works_once(visitor: Visitor) -> None:
    back = await visitor.town.visit(await visitor.leave())
    assert (await visitor.browser.get(back)).headers["location"] == "/en/rounds/spring"
    visitor.browser.cookies.delete("pb-session")
    assert visitor.why(await visitor.browser.get(back)) == "used"


async def test_a_state_is_used_up_also_when_the_sign_in_fails(visitor: Visitor) -> None:
    address = await visitor.leave()
    assert visitor.why(await visitor.browser.get(await visitor.town.visit(address, nonce="y" * 43))) == "invalid"
    assert await visitor.rows(SigninAttempt) == []


async def test_a_code_that_was_redeemed_before_is_refused_by_the_provider(visitor: Visitor) -> None:
    first, second = await visitor.leave(), await visitor.leave()
    back = await visitor.town.visit(first)
    await visitor.browser.get(back)
    visitor.browser.cookies.delete("pb-session")
    replayed = back.replace(parameters(back)["state"], parameters(second)["state"])
    assert visitor.why(await visitor.browser.get(replayed), "invalid_grant") == "invalid"


async def test_a_return_belongs_to_the_browser_that_left(visitor: Visitor) -> None:
    """Whoever is sent somebody else's return link is not signed in as them."""
    back = await visitor.town.visit(await visitor.leave())
    visitor.browser.cookies.clear()
    assert visitor.why(await visitor.browser.get(back)) == "elsewhere"


async def test_a_return_after_ten_minutes_is_too_late(visitor: Visitor) -> None:
    back = await visitor.town.visit(await visitor.leave())
    visitor.clock.advance(timedelta(minutes=10))
    assert visitor.why(await visitor.browser.get(back)) == "expired"


@pytest.mark.parametrize("state", ["", "invented", "x" * 43])
async def test_an_unknown_state_is_refused(visitor: Visitor, state: str) -> None:
    assert visitor.why(await visitor.browser.get(RETURNS[0], params={"state": state, "code": "c"})) == "used"


async def test_two_providers_are_not_mixed_up(visitor: Visitor) -> None:
    """The answer of one is not taken for the other's: not at its address, and not with its name."""
    back = await visitor.town.visit(await visitor.leave())
    other = back.replace("/town/", "/school/")
    assert visitor.why(await visitor.browser.get(other), "began at another provider") == "invalid"
    back = await visitor.town.visit(await visitor.leave())
    shifted = str(httpx.URL(back).copy_set_param("iss", visitor.school.issuer))
    assert visitor.why(await visitor.browser.get(shifted), "comes from another provider") == "invalid"


async def test_an_answer_without_its_issuer_is_refused_where_the_provider_gives_one(visitor: Visitor) -> None:
    back = httpx.URL(await visitor.town.visit(await visitor.leave())).copy_remove_param("iss")
    assert visitor.why(await visitor.browser.get(str(back)), "does not say from whom") == "invalid"


async def test_new_keys_of_the_provider_are_fetched_once_a_minute_at_most(visitor: Visitor) -> None:
    visitor.clock.hold()
    await visitor.sign_in()
    for minutes, expected in ((0, "done"), (0, "invalid"), (1, "done")):
        visitor.clock.advance(timedelta(minutes=minutes))
        visitor.browser.cookies.delete("pb-session")
        visitor.town.control(rotate=True)
        answer = await visitor.sign_in()
        assert ("done" if answer.headers["location"] == "/en/rounds/spring" else visitor.why(answer)) == expected


@pytest.mark.parametrize("patience", [1])
async def test_a_slow_provider_holds_nobody_for_longer_than_its_time(visitor: Visitor) -> None:
    address = ""
    while not address.startswith(visitor.town.issuer):  # the machine itself may have been too slow
        address = await visitor.leave()
    back = await visitor.town.visit(address)
    visitor.town.control(slow=20_000)
    assert visitor.why(await visitor.browser.get(back)) == "unavailable"
    visitor.town.control(slow=0)


async def test_a_provider_that_is_down_is_said_to_be_so_and_comes_back(visitor: Visitor) -> None:
    visitor.school.stop()
    answer = await visitor.browser.get("/sv/sign-in/with/school")
    assert visitor.why(answer) == "unavailable"
    visitor.school.start()
    assert (await visitor.leave("school")).startswith(visitor.school.issuer)


@pytest.mark.parametrize(
    ("language", "sentences"),
    [
        ("fi", ["Ketään ei kirjattu sisään", "Koulun tunnistus", "sähköposti"]),
        ("sv", ["Ingen loggades in", "Skolans identifiering", "e-post"]),
        ("en", ["Nobody was signed in", "School sign-in", "e-mail"]),
    ],
)
async def test_a_failed_sign_in_names_the_other_roads(visitor: Visitor, language: str, sentences: list[str]) -> None:
    page = await visitor.browser.get(f"/{language}/sign-in/failed", params={"why": "unavailable", "with": "town"})
    assert page.status_code == 503
    assert [sentence for sentence in sentences if sentence not in page.text] == []


@pytest.mark.parametrize("onward", ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)"])
async def test_signing_in_leads_nowhere_else(visitor: Visitor, onward: str) -> None:
    back = await visitor.town.visit(await visitor.leave(onward=onward))
    assert (await visitor.browser.get(back)).headers["location"] == "/en/me"


async def test_a_blocked_account_is_not_signed_in(visitor: Visitor) -> None:
    await visitor.sign_in()
    visitor.browser.cookies.delete("pb-session")
    async with visitor.service.database.transaction() as session:
        await session.execute(text("UPDATE account SET blocked_at = now(), blocked_reason = 'abuse'"))
    assert visitor.why(await visitor.sign_in()) == "blocked"


async def test_on_a_shared_computer_the_session_is_short(visitor: Visitor) -> None:
    """And the provider asks anew: who used the computer before may be signed in there still."""
    answer = await visitor.browser.get("/en/sign-in/with/town", params={"shared": "yes"})
    assert parameters(answer.headers["location"])["prompt"] == "login"
    await visitor.browser.get(await visitor.town.visit(str(answer.headers["location"])))
    (session,) = await visitor.rows(AccountSession)
    assert session.kind == "kiosk"


async def test_staff_who_come_by_a_provider_have_the_short_session_of_staff(visitor: Visitor) -> None:
    await visitor.sign_in()
    async with visitor.service.database.transaction() as session:
        await session.execute(update(Account).values(is_staff=True))
    await visitor.sign_in()
    assert [row.kind for row in await visitor.rows(AccountSession)] == ["staff"]


async def test_no_secret_of_a_sign_in_gets_into_the_log(visitor: Visitor) -> None:
    back = await visitor.town.visit(await visitor.leave(), nonce="z" * 43)
    await visitor.browser.get(back)
    written = str([*visitor.log, await visitor.rows(AccessLog)])
    assert "sign-in failed" in written
    assert not any(parameters(back)[name] in written for name in ("code", "state"))


async def test_a_client_may_prove_itself_by_a_key_and_read_the_person_from_userinfo(visitor: Visitor) -> None:
    """The same person by two roads of one scheme has one account."""
    for provider in ("town", "keyed"):
        assert (await visitor.sign_in(provider)).headers["location"] == "/en/rounds/spring"
        visitor.browser.cookies.delete("pb-session")
    assert len(await visitor.rows(Account)) == 1


async def test_a_vote_signs_in_as_its_own_client_with_the_nonce_of_the_device(visitor: Visitor) -> None:
    """protocol.md 2.6: the token is bound to the voter's key by the nonce, and comes back to the caller."""
    service, nonce = visitor.service, "n" * 43
    providers = providers_of(service.settings, service.keys, visitor.clock)
    where: dict[str, Any] = {"browser": "b", "language": "sv", "next_path": "/sv/vote", "now": visitor.clock()}
    async with service.database.transaction() as session:
        address = await begin(session, providers, "town", nonce=nonce, purpose="vote", **where)
    back = parameters(await visitor.town.visit(address))
    async with service.database.transaction() as session:
        attempt = await come_back(session, "town", state=back["state"], browser="b", now=visitor.clock())
    proof = await prove(providers, attempt, Answer(state=back["state"], code=back["code"], iss=back["iss"]))
    await providers.close()
    claims = jwt.decode(proof.id_token, options={"verify_signature": False})
    assert (claims["aud"], claims["nonce"], claims["person"]) == ("voting", nonce, proof.identity.person_id)
    assert (attempt.purpose, attempt.next_path, proof.id_token in repr(proof)) == ("vote", "/sv/vote", False)


@pytest.mark.parametrize("nonce", ["", "short", "x" * 129, "a b" * 20, "ä" * 43])
async def test_a_nonce_of_a_caller_is_long_enough_and_plain(visitor: Visitor, nonce: str) -> None:
    service = visitor.service
    providers = providers_of(service.settings, service.keys, visitor.clock)
    with pytest.raises(ValueError, match="a nonce has"):
        async with service.database.transaction() as session:
            where: dict[str, Any] = {"browser": "b", "language": "fi", "next_path": "/", "now": visitor.clock()}
            await begin(session, providers, "town", nonce=nonce, **where)


async def test_signing_out_offers_to_sign_out_at_the_provider_too(visitor: Visitor) -> None:
    await visitor.sign_in()
    me = await visitor.browser.get("/en/me")
    out = await visitor.browser.post("/en/sign-out", data={"csrf": csrf_in(me)}, headers={"origin": SITE})
    assert out.headers["location"] == "/en/signed-out?with=town"
    page = await visitor.browser.get(out.headers["location"])
    assert "Sign out at Town sign-in" in page.text
    away = str((await visitor.browser.get("/en/sign-out/with/town")).headers["location"])
    assert away.startswith(f"{visitor.town.issuer}/session/end?")
    assert parameters(away)["post_logout_redirect_uri"] == f"{SITE}/"


async def test_signing_out_here_does_not_wait_for_a_provider_that_is_down(visitor: Visitor) -> None:
    visitor.school.stop()
    answer = await visitor.browser.get("/en/sign-out/with/school")
    assert answer.headers["location"] == "/en/signed-out"
    visitor.school.start()


@pytest.mark.parametrize("path", ["sign-in/with/nobody", "sign-in/with/%2e%2e", "sign-out/with/nobody"])
async def test_a_provider_that_there_is_not_leads_nowhere(visitor: Visitor, path: str) -> None:
    assert (await visitor.browser.get(f"/en/{path}")).headers.get("location", "/").startswith("/")


async def test_the_access_log_holds_no_text_of_strangers(visitor: Visitor) -> None:
    """Anybody may open any address: of a provider that there is not, nothing is kept, nor is it an error of ours."""
    for name in ("buy-this-now", "x" * 3000):
        answer = await visitor.browser.get(f"/sign-in/{name}/return?state=x")
        assert (answer.status_code, answer.headers["location"]) == (303, "/fi/sign-in/failed?why=used&with=")
    assert (await visitor.browser.get("/sign-in/%00/return?state=x")).status_code == 404
    assert [row.object for row in await visitor.rows(AccessLog)] == [None, None]


async def foreign_token(visitor: Visitor, nonce: str) -> str:
    """Sign in to another service with the same provider and nonce, and take its token."""
    verifier = "v" * 43
    query = {
        "client_id": "other",
        "response_type": "code",
        "scope": "openid",
        "redirect_uri": RETURNS[1],
        "state": "s",
        "nonce": nonce,
        "code_challenge_method": "S256",
        "code_challenge": create_s256_code_challenge(verifier),
    }
    back = await visitor.town.visit(str(httpx.URL(f"{visitor.town.issuer}/auth", params=query)))
    fields = {
        "grant_type": "authorization_code",
        "code": parameters(back)["code"],
        "redirect_uri": RETURNS[1],
        "code_verifier": verifier,
    }
    async with httpx.AsyncClient(auth=("other", "secret-of-another-service"), timeout=PATIENCE) as outside:
        answer = await outside.post(f"{visitor.town.issuer}/token", data=fields)
    return str(answer.json()["id_token"])
