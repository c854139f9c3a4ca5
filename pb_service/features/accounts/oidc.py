"""OpenID Connect, the client's side: code flow with PKCE, every answer checked before a word of it is believed.

Sources: OpenID Connect Core 1.0 (3.1), Discovery 1.0, RP-Initiated Logout 1.0; RFC 7636 (PKCE, S256), RFC 9207 (issuer
in the answer), RFC 9700 (best current practice). No database here, and no framework: see provider_signin.py and
provider_pages.py. The ID token itself is checked by Authlib (claims) over joserfc (signatures).
"""

import asyncio
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, TypeVar, cast
from urllib.parse import quote, urlencode, urlsplit

import httpx
import msgspec
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import CodeIDToken
from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import Key, KeySet

from pb_service.features.accounts.drivers import Assurance, Identity, Road
from pb_service.features.accounts.identity_errors import SigninFailed
from pb_service.features.accounts.providers import ClaimPath, ClientCredentials, Provider, is_safe_address
from pb_service.platform.clock import Clock
from pb_service.web.locales import Language

#: How far the clocks of a provider and of this machine may stand apart.
DRIFT_S = 30
#: How long the provider's description and keys are used before they are asked for again.
_FRESH = timedelta(hours=1)
#: A key that is not known makes us ask once; then not again for so long, whatever keys tokens name.
_REFETCH_EVERY = timedelta(minutes=1)
#: No answer of a provider is longer than this.
_MOST_BYTES = 256 * 1024
_MOST_TOKEN = 16 * 1024
_ALG_OF_KEY = {"RSA": "RS256", "EC": "ES256", "OKP": "Ed25519"}


_Shape = TypeVar("_Shape")


class _Metadata(msgspec.Struct, frozen=True):
    """What the provider says of itself, of which only this is used."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str | None = None
    end_session_endpoint: str | None = None
    token_endpoint_auth_methods_supported: list[str] = msgspec.field(default_factory=lambda: ["client_secret_basic"])
    code_challenge_methods_supported: list[str] | None = None
    authorization_response_iss_parameter_supported: bool = False


class _Tokens(msgspec.Struct, frozen=True):
    id_token: str
    access_token: str


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What the browser brought back from the provider, as it stood in the address."""

    state: str = field(repr=False)
    code: str | None = field(default=None, repr=False)
    error: str | None = None
    iss: str | None = None


@dataclass(frozen=True, kw_only=True)
class Proof:
    """A person, proven: the identity, and the ID token that says so (for voting's evidence; never stored by us)."""

    identity: Identity
    id_token: str = field(repr=False)


class OidcClient:
    """One provider, spoken to. Its description and keys are kept for an hour; make one client a process."""

    def __init__(self, provider: Provider, *, clock: Clock) -> None:
        self.provider = provider
        self._clock = clock
        self._http: httpx.AsyncClient | None = None
        self._metadata: tuple[datetime, _Metadata] | None = None
        self._keys: tuple[datetime, KeySet] | None = None
        self._refetched_at: datetime | None = None
        self._fetching = asyncio.Lock()

    @property
    def key(self) -> str:
        return self.provider.key

    def road(self, language: Language, next_path: str) -> Road:
        """The link to the route that begins the sign-in."""
        href = f"/{language}/sign-in/with/{self.key}?next={quote(next_path, safe='/')}"
        return Road(self.key, href, self.provider.names[language])

    async def close(self) -> None:
        """Let go of the connections to the provider."""
        if self._http:
            await self._http.aclose()

    async def address(
        self,
        *,
        state: str,
        nonce: str,
        verifier: str,
        redirect_uri: str,
        voting: bool,
        language: Language,
        again: bool = False,
    ) -> str:
        """Return where the browser goes to sign in. ``again``: who is signed in at the provider must do so anew.

        Raises SigninFailed when the provider cannot be asked.
        """
        metadata = await self._described()
        query = {
            "response_type": "code",
            "client_id": self._client(voting).client_id,
            "redirect_uri": redirect_uri,
            "scope": " ".join(self.provider.scopes),
            "state": state,
            "nonce": nonce,
            "code_challenge": create_s256_code_challenge(verifier),
            "code_challenge_method": "S256",
            "ui_locales": language,
        }
        if self.provider.acr_values:
            query["acr_values"] = " ".join(self.provider.acr_values)
        if again or self.provider.login_again:
            query["prompt"] = "login"
        joint = "&" if urlsplit(metadata.authorization_endpoint).query else "?"
        return f"{metadata.authorization_endpoint}{joint}{urlencode(query)}"

    async def prove(self, answer: Answer, *, nonce: str, verifier: str, redirect_uri: str, voting: bool) -> Proof:
        """Exchange the code for an ID token, check it, and return who it names. Raises SigninFailed."""
        metadata = await self._described()
        # Two providers must not be mixed up: an answer that names its sender names this one (RFC 9207).
        if answer.iss is None and metadata.authorization_response_iss_parameter_supported:
            raise SigninFailed("invalid", "the answer does not say from whom it comes")
        if answer.iss not in (None, self.provider.issuer):
            raise SigninFailed("invalid", "the answer comes from another provider")
        if answer.code is None:
            raise SigninFailed("refused", "the provider or the person refused")
        tokens = await self._redeem(metadata, answer.code, verifier, redirect_uri, self._client(voting))
        claims = await self._checked(tokens, nonce, self._client(voting).client_id)
        if self.provider.userinfo and not voting:  # a vote rests on the signed token alone (protocol.md 2.6)
            claims = {**await self._userinfo(metadata, tokens, claims["sub"]), **claims}
        return Proof(identity=self._identity(claims), id_token=tokens.id_token)

    async def key_set(self) -> dict[str, Any]:
        """Return the keys that the provider signs with now, public halves alone, in an order that never changes.

        Raises SigninFailed.
        """
        await self._described()
        async with self._fetching:
            now = self._clock()
            if self._keys is None or now - self._keys[0] >= _FRESH:
                await self._fetch_keys(now)
            assert self._keys  # noqa: S101 - fetched before
            keys = [dict(key.as_dict(private=False)) for key in self._keys[1] if key.key_type != "oct"]
        return {"keys": sorted(keys, key=lambda key: sorted(map(str, key.items())))}

    async def sign_out_address(self, *, return_to: str, language: Language) -> str | None:
        """Return where the person can end the session at the provider too, or None if it has no such place."""
        end = (await self._described()).end_session_endpoint
        if end is None:
            return None
        query = {
            "client_id": self.provider.client.client_id,
            "post_logout_redirect_uri": return_to,
            "ui_locales": language,
        }
        return f"{end}{'&' if urlsplit(end).query else '?'}{urlencode(query)}"

    def _client(self, voting: bool) -> ClientCredentials:
        if not voting:
            return self.provider.client
        if self.provider.voting is None:
            raise SigninFailed("invalid", "the provider has no client for voting")
        return self.provider.voting

    async def _described(self) -> _Metadata:
        """The provider's description, at most an hour old."""
        async with self._fetching:
            if self._metadata and self._clock() - self._metadata[0] < _FRESH:
                return self._metadata[1]
            url = self.provider.issuer.rstrip("/") + "/.well-known/openid-configuration"
            metadata = _converted(await self._ask("GET", url), _Metadata)
            endpoints = [metadata.authorization_endpoint, metadata.token_endpoint, metadata.jwks_uri]
            endpoints += filter(None, [metadata.userinfo_endpoint, metadata.end_session_endpoint])
            if metadata.issuer != self.provider.issuer:
                raise SigninFailed("unavailable", "the description is another provider's")
            if not all(map(is_safe_address, endpoints)):
                raise SigninFailed("unavailable", "the description names an address that others could listen to")
            if "S256" not in (metadata.code_challenge_methods_supported or ["S256"]):
                raise SigninFailed("unavailable", "the provider cannot do PKCE with S256")
            self._metadata = (self._clock(), metadata)
            return metadata

    async def _redeem(
        self, metadata: _Metadata, code: str, verifier: str, redirect_uri: str, client: ClientCredentials
    ) -> _Tokens:
        fields = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "code_verifier": verifier,
        }
        authorization = None
        if client.key:
            fields["client_assertion_type"] = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
            fields["client_assertion"] = self._assertion(client.client_id, client.key)
            fields["client_id"] = client.client_id
        elif "client_secret_basic" in metadata.token_endpoint_auth_methods_supported:
            # RFC 6749 2.3.1: both are form-encoded before they are joined.
            authorization = httpx.BasicAuth(quote(client.client_id, safe=""), quote(client.secret or "", safe=""))
        else:
            fields |= {"client_id": client.client_id, "client_secret": client.secret or ""}
        return _converted(await self._ask("POST", metadata.token_endpoint, data=fields, auth=authorization), _Tokens)

    def _assertion(self, client_id: str, key: Key) -> str:
        """Who we are, signed with our key (RFC 7523). Meant for the issuer alone, so that no other can use it."""
        now = int(self._clock().timestamp())
        claims = {"iss": client_id, "sub": client_id, "aud": self.provider.issuer, "iat": now, "exp": now + 60}
        algorithm = _ALG_OF_KEY[key.key_type]
        return jwt.encode({"alg": algorithm}, {**claims, "jti": secrets.token_urlsafe(16)}, key, [algorithm])

    async def _checked(self, tokens: _Tokens, nonce: str, client_id: str) -> dict[str, Any]:
        """The claims of a genuine ID token for this client and this sign-in (OpenID Connect Core 3.1.3.7)."""
        if len(tokens.id_token) > _MOST_TOKEN:
            raise SigninFailed("invalid", "the token is too long")
        try:
            header = jws.extract_compact(tokens.id_token.encode()).headers()
            key = await self._key_named(header.get("kid"), header.get("alg"))
            token = jwt.decode(tokens.id_token, key, algorithms=list(self.provider.algorithms))
            claims = CodeIDToken(
                token.claims,
                token.header,
                options={
                    "iss": {"essential": True, "value": self.provider.issuer},
                    "aud": {"essential": True, "value": client_id},
                },
                params={"nonce": nonce, "client_id": client_id, "access_token": tokens.access_token},
            )
            claims.validate(now=int(self._clock().timestamp()), leeway=DRIFT_S)
        except (JoseError, ValueError) as error:
            raise SigninFailed("invalid", f"the token is not valid: {type(error).__name__} {error}"[:200]) from error
        return dict(token.claims)

    async def _key_named(self, kid: object, algorithm: object) -> Key:
        """The provider's key of that name; a name we do not know may be a new key, so we ask once a minute at most."""
        if algorithm not in self.provider.algorithms:
            raise SigninFailed("invalid", "the token is signed by an algorithm that is not allowed")
        async with self._fetching:
            now = self._clock()
            if self._keys is None or now - self._keys[0] >= _FRESH:
                await self._fetch_keys(now)
            found = self._find(kid)
            if found is None and (self._refetched_at is None or now - self._refetched_at >= _REFETCH_EVERY):
                self._refetched_at = now
                await self._fetch_keys(now)
                found = self._find(kid)
        if found is None:
            raise SigninFailed("invalid", "the token is signed with a key that the provider does not have")
        return found

    async def _fetch_keys(self, now: datetime) -> None:
        assert self._metadata  # noqa: S101 - a token comes after the description
        try:
            keys = KeySet.import_key_set(await self._ask("GET", self._metadata[1].jwks_uri))
        except (JoseError, ValueError, KeyError, TypeError) as error:
            raise SigninFailed("unavailable", "the provider's keys cannot be read") from error
        self._keys = (now, keys)

    def _find(self, kid: object) -> Key | None:
        """The signing key of that name; without a name, the only one there is. Shared secrets are no such keys."""
        assert self._keys  # noqa: S101 - fetched before
        usable = [key for key in self._keys[1] if key.key_type != "oct" and key.get("use", "sig") == "sig"]
        if kid is None:
            return usable[0] if len(usable) == 1 else None
        return next((key for key in usable if key.kid == kid), None)

    async def _userinfo(self, metadata: _Metadata, tokens: _Tokens, subject: object) -> dict[str, Any]:
        if metadata.userinfo_endpoint is None:
            raise SigninFailed("unavailable", "the provider has no userinfo")
        bearer = {"authorization": f"Bearer {tokens.access_token}"}
        claims = await self._ask("GET", metadata.userinfo_endpoint, headers=bearer)
        if not isinstance(claims, dict) or claims.get("sub") != subject:
            raise SigninFailed("invalid", "the userinfo is another person's")
        return claims

    def _identity(self, claims: Mapping[str, Any]) -> Identity:
        names = self.provider.claims
        person = _text(claims, names.person_id)
        if person is None:
            raise SigninFailed("unknown-person", "the person id is missing")
        assurance: Assurance = self.provider.assurance.get(str(claims.get("acr")), "low")
        return Identity(
            scheme=self.provider.scheme,
            person_id=person,
            assurance=assurance,
            birth_date=_day(_text(claims, names.birth_date)),
            municipality=_text(claims, names.municipality),
            postal_code=_text(claims, names.postal_code),
        )

    async def _ask(
        self,
        method: str,
        url: str,
        *,
        data: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        auth: httpx.BasicAuth | None = None,
    ) -> Any:
        """Return the JSON of an answer. One time limit for all of it: a provider that drips would hold us for ever."""
        if self._http is None:
            self._http = httpx.AsyncClient(follow_redirects=False, timeout=self.provider.timeout_s)
        request = self._http.build_request(
            method, url, data=data, headers={"accept": "application/json", **(headers or {})}
        )
        body = b""
        try:
            async with asyncio.timeout(self.provider.timeout_s):
                response = await self._http.send(request, auth=auth, stream=True)
                try:
                    async for part in response.aiter_bytes():
                        body += part
                        if len(body) > _MOST_BYTES:
                            raise SigninFailed("unavailable", "an answer of the provider is too long")
                finally:
                    await response.aclose()
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as error:
            raise SigninFailed("unavailable", f"the provider does not answer: {type(error).__name__}") from error
        if response.status_code in (400, 401) and method == "POST":
            raise SigninFailed("invalid", f"the provider refused the code: {_refusal(body)}")
        if response.status_code != 200:
            raise SigninFailed("unavailable", f"the provider answered {response.status_code}")
        try:
            return msgspec.json.decode(body)
        except msgspec.DecodeError as error:
            raise SigninFailed("unavailable", "an answer of the provider is no JSON") from error


def _converted(content: object, kind: type[_Shape]) -> _Shape:
    try:
        return msgspec.convert(content, kind)
    except msgspec.ValidationError as error:
        raise SigninFailed("unavailable", "an answer of the provider lacks what it must hold") from error


def _refusal(body: bytes) -> str:
    """The provider's error code, such as ``invalid_grant``; nothing else of what it says may reach a log."""
    try:
        code = msgspec.json.decode(body).get("error")
    except (msgspec.DecodeError, AttributeError):
        return "no reason"
    return code if isinstance(code, str) and code.isascii() and code.replace("_", "").isalnum() else "no reason"


def _text(claims: Mapping[str, Any], path: ClaimPath | None) -> str | None:
    """The text of a claim, trimmed; None if it is missing, empty, absurdly long or no text."""
    found: object = claims
    for name in [path] if isinstance(path, str) else path or ["\0"]:
        found = cast(Mapping[str, Any], found).get(name) if isinstance(found, Mapping) else None
    text = found.strip() if isinstance(found, str) else ""
    return text if 0 < len(text) <= 200 else None


def _day(text: str | None) -> date | None:
    """A full date (2003-02-01); providers may also give a year alone, which is none."""
    try:
        return date.fromisoformat(text) if text and len(text) == 10 else None
    except ValueError:
        return None
