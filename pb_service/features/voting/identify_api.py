"""Being identified for one vote without an account: by the code of a letter, or by a sign-in bound to a key.

The booth's script is the only client. A code never comes here: the script makes the keys of it, and their public halves
are what is looked for. So guessing a code is hopeless, and trying is counted all the same.
"""

import secrets
from collections.abc import Awaitable, Callable
from datetime import datetime
from functools import partial
from http import HTTPStatus
from typing import Any, Literal

import msgspec
from litestar import Request, Response, Router, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.core.record.canonical import CanonicalError, b64u, encode, unb64u
from pb_service.core.record.entries import signed_entry
from pb_service.core.record.signatures import is_sound_key
from pb_service.core.sealing.evidence import is_auditable
from pb_service.features.accounts import provider_signin
from pb_service.features.accounts.guards import visitor_of
from pb_service.features.accounts.identity_errors import SigninFailed
from pb_service.features.accounts.oidc import Proof
from pb_service.features.accounts.provider_pages import DEPARTURES
from pb_service.features.accounts.provider_signin import Attempt, Providers
from pb_service.features.opening.state import state_of
from pb_service.features.record import service as record
from pb_service.features.rounds.finding import published_round
from pb_service.features.voting import passes, repository
from pb_service.features.voting.errors import BadEnvelope, NotIdentified, TooManyTries, WrongCode
from pb_service.features.voting.polling import Polling, Pollings
from pb_service.platform.clock import Clock
from pb_service.platform.keys import KeyFolder
from pb_service.platform.limits import Limits, Rate
from pb_service.web.cookies import drop_cookie, read_cookie, set_cookie

ApiRequest = Request[Any, Any, Any]
Transaction = NamedDependency[AsyncSession]
Votes = NamedDependency[Pollings]
Now = NamedDependency[Clock]

#: Codes that open nothing, from one network: slips of the pen are found in the browser and are none of these.
WRONG = Rate("codes-wrong", most=20, seconds=15 * 60)
_MOST_BYTES = 4_000


class CodeKeys(msgspec.Struct, forbid_unknown_fields=True):
    """The public keys that a code stands for, by group, in base64url."""

    keys: dict[str, str]


class DeskCode(msgspec.Struct, forbid_unknown_fields=True):
    """The code of a desk as it was typed."""

    code: str


class Departure(msgspec.Struct, forbid_unknown_fields=True):
    """A window that leaves for a provider: its session key ``p``, its blinding bytes ``o``, and where it goes on."""

    provider: str
    p: str
    o: str
    lang: Literal["fi", "sv", "en"]
    contest: str = ""


@post("/{slug:str}/booth/code", summary="Be identified by a code letter", access="anyone")
async def use_code(
    *,
    request: ApiRequest,
    transaction: Transaction,
    pollings: Votes,
    clock: Now,
    limits: NamedDependency[Limits],
    slug: FromPath[str],
) -> Response[Any]:
    """Answers with the groups in which the code gives a vote; the cookie says so to later requests."""
    polling, given = await pollings.find(transaction, slug), _read(await request.body(), CodeKeys)
    try:
        keys = {group: unb64u(key, 32) for group, key in given.keys.items()}
    except CanonicalError as error:
        raise BadEnvelope("These are no keys.") from error
    by_letter = partial(passes.begin_with_code, transaction, polling, keys, now=clock())
    return await _identified(request, limits, by_letter)


@post("/{slug:str}/booth/desk", summary="Be identified by the code of a desk", access="anyone")
async def use_desk_code(
    *,
    request: ApiRequest,
    transaction: Transaction,
    pollings: Votes,
    clock: Now,
    limits: NamedDependency[Limits],
    slug: FromPath[str],
) -> Response[Any]:
    """Takes the code that an officer has given to a person whom two look up; it is used up by this."""
    polling, given = await pollings.find(transaction, slug), _read(await request.body(), DeskCode)
    by_desk = partial(passes.begin_at_desk, transaction, polling, given.code, now=clock())
    return await _identified(request, limits, by_desk)


@post("/{slug:str}/booth/sign-in", summary="Leave for a provider to be identified for voting", access="anyone")
async def leave_for_provider(
    *,
    request: ApiRequest,
    transaction: Transaction,
    pollings: Votes,
    clock: Now,
    limits: NamedDependency[Limits],
    providers: NamedDependency[Providers],
    slug: FromPath[str],
) -> Response[Any]:
    """Answers with the provider's address, in which the nonce binds the token to the window's key."""
    polling, now = await pollings.find(transaction, slug), clock()
    given = _read(await request.body(), Departure)
    try:
        session_key, blind = unb64u(given.p, 32), unb64u(given.o, 32)
    except CanonicalError as error:
        raise BadEnvelope("This is no key.") from error
    found = await published_round(transaction, slug, whole=False)
    if found.phase != "voting" or now < found.vote[0]:
        raise NotIdentified("The vote is not open.")
    client, idp = providers.clients.get(given.provider), polling.manifest.document.get("idp")
    if client is None or not is_for_voting(client.provider, idp) or not is_sound_key(session_key):
        raise NotIdentified("Nobody is identified for this vote like that.")
    if not await limits.hit(DEPARTURES, visitor_of(request).address_prefix or "-"):
        raise TooManyTries("Too many sign-ins came from one network. Wait a little.")
    contest = given.contest if given.contest in polling.manifest.contests else ""
    onward = f"/{given.lang}/rounds/{polling.slug}/vote" + (f"/review?contest={contest}" if contest else "")
    browser = read_cookie(request, "pb-visit") or secrets.token_urlsafe(32)
    secret, nonce = await passes.begin_sign_in(transaction, polling, session_key, blind, now=now)
    try:
        address = await provider_signin.begin(
            transaction,
            providers,
            given.provider,
            browser=browser,
            language=given.lang,
            next_path=onward,
            now=now,
            nonce=nonce,
            purpose="vote",
        )
    except SigninFailed as error:
        raise NotIdentified("The provider does not answer just now.") from error
    response = Response[Any]({"address": address}, status_code=HTTPStatus.OK)
    set_cookie(response, request, "pb-visit", browser)
    set_cookie(response, request, "pb-booth", secret)
    return response


@post("/{slug:str}/booth/leave", summary="Be known here no more", access="anyone")
async def forget(*, request: ApiRequest, transaction: Transaction, slug: FromPath[str]) -> Response[Any]:
    """Ends what a code or a sign-in for voting began; an account stays signed in."""
    await published_round(transaction, slug, whole=False)
    await passes.leave(transaction, read_cookie(request, "pb-booth"))
    response = Response[Any]({}, status_code=HTTPStatus.OK)
    drop_cookie(response, request, "pb-booth")
    return response


class VotingReturn:
    """What happens when a browser comes back from a provider to vote: a `PurposeHandler` of provider_signin.py."""

    def __init__(self, pollings: Pollings, keys: KeyFolder, providers: Providers) -> None:
        self._pollings, self._keys, self._providers = pollings, keys, providers
        self._logged: set[tuple[bytes, bytes]] = set()  # key sets that a record is known to name, by election

    async def __call__(self, session: AsyncSession, attempt: Attempt, proof: Proof, now: datetime) -> str:
        """Keep what the token proves, sealed. Returns where the browser goes on. Raises SigninFailed."""
        row = await passes.waiting_for(session, attempt.nonce)
        if row is None:
            raise SigninFailed("expired", "no voter waits for this sign-in")
        slug = await repository.slug_of(session, row.round_id)
        polling = await self._pollings.find(session, slug)
        found, idp = await published_round(session, slug, whole=False), polling.manifest.document["idp"]
        opens, closes = (int(moment.timestamp()) for moment in found.vote)
        if not is_auditable(proof.id_token, idp["aud"], opens, closes):
            raise SigninFailed("invalid", "auditors would not take this token")
        await self._log_keys(session, polling, attempt.driver, now)
        await passes.finish_sign_in(session, polling, found, row=row, proof=proof, keys=self._keys, now=now)
        return attempt.next_path

    async def _log_keys(self, session: AsyncSession, polling: Polling, driver: str, now: datetime) -> None:
        """Name the provider's key set in the record if it is another than before: auditors check tokens by it."""
        body = encode(await self._providers.clients[driver].key_set())
        sha256, eid = await record.put_file(session, body, kind="jwks", at=now), polling.manifest.eid
        if b64u(sha256) == polling.manifest.document["idp"]["jwks"] or (eid, sha256) in self._logged:
            return
        if not await repository.names_key_set(session, polling.log_id, b64u(sha256)):
            state = await state_of(session, polling.log_id, hold=True)
            entry = signed_entry("jwks", eid, {"f": b64u(sha256)}, {"op": self._keys.ed25519("op")})
            await state.append(session, entry)
            return  # remembered at the next sign-in, when this one is committed
        self._logged.add((eid, sha256))


async def _identified(
    request: ApiRequest, limits: Limits, try_code: Callable[[], Awaitable[tuple[str, passes.Pass]]]
) -> Response[Any]:
    """Try a code, unless too many wrong ones have come from this network, and let the browser keep what it opens.

    Raises TooManyTries, WrongCode.
    """
    network = visitor_of(request).address_prefix or "-"
    if await limits.is_spent(WRONG, network):
        raise TooManyTries("Too many wrong codes were tried from this network. Wait a quarter of an hour.")
    try:
        secret, found = await try_code()
    except WrongCode:
        await limits.hit(WRONG, network)
        raise
    response = Response[Any]({"groups": [one.group for one in found.standings]}, status_code=HTTPStatus.OK)
    set_cookie(response, request, "pb-booth", secret)
    return response


def is_for_voting(provider: Any, idp: Any) -> bool:
    """Whether a provider is the one that the manifest names."""
    voting = provider.voting
    return bool(idp and voting and provider.issuer == idp["iss"] and voting.client_id == idp["aud"])


def _read(body: bytes, kind: Any) -> Any:
    if len(body) > _MOST_BYTES:
        raise BadEnvelope("This is too long.")
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.ValidationError, msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadEnvelope(f"This cannot be read: {error}") from error


identify_api = Router("/api/v1/rounds", route_handlers=[use_code, use_desk_code, leave_for_provider, forget])
