"""The file of OpenID providers that `PB_SIGNIN` names: one table a provider, in the order of the sign-in page.

    [suomi]
    name = { fi = "Suomi.fi-tunnistus", sv = "Suomi.fi-identifikation", en = "Suomi.fi e-Identification" }
    issuer = "https://provider.example.org"
    client_id = "budget"
    secret_file = "suomi.secret"             # or key_file = "suomi.pem": signs in the client itself (private_key_jwt)
    scopes = ["openid", "profile"]
    scheme = "fi-hetu"                       # whose numbers the person ids are; without it, the issuer's own
    [suomi.claims]                           # which claim says what; ["address", "postal_code"] reaches inside one
    person_id = "urn:oid:1.2.246.21"
    birth_date = "birthdate"
    [suomi.assurance]                        # what the provider's `acr` values are worth; any other is "low"
    "http://ftn.ficora.fi/2017/loa3" = "high"
    [suomi.voting]                           # the client that voting signs in with (protocol.md 2.6)
    client_id = "budget-voting"
    secret_file = "suomi-voting.secret"

Paths are relative to the file. Secrets stand in files of their own, so that this one can be shown.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

import msgspec
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from joserfc.jwk import ECKey, Key, OKPKey, RSAKey

from pb_service.features.accounts.drivers import Assurance
from pb_service.features.accounts.identity_errors import SigninConfigError
from pb_service.web.locales import LANGUAGES, Language

#: Signatures of ID tokens that can be taken. Never "none", and never HMAC: whoever knows the client's secret could
#: then write tokens, and a public key could be passed off as that secret.
Algorithm = Literal["RS256", "PS256", "ES256", "Ed25519"]

_KEY = re.compile(r"[a-z][a-z0-9-]{0,31}")
#: Addresses below /sign-in/ that are not providers.
_TAKEN = frozenset({"development"})

ClaimPath = str | list[str]


class ClaimNames(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """Which claim says what."""

    person_id: ClaimPath = "sub"
    birth_date: ClaimPath | None = None
    municipality: ClaimPath | None = None
    postal_code: ClaimPath | None = None


class _Voting(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    client_id: str
    secret_file: str | None = None
    key_file: str | None = None


class _Table(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    name: dict[Language, str]
    issuer: str
    client_id: str
    secret_file: str | None = None
    key_file: str | None = None
    scopes: list[str] = msgspec.field(default_factory=lambda: ["openid"])
    scheme: str | None = None
    claims: ClaimNames = ClaimNames()
    assurance: dict[str, Assurance] = msgspec.field(default_factory=dict)
    acr_values: list[str] = msgspec.field(default_factory=list)
    prompt: Literal["login", "none-asked"] = "login"
    userinfo: bool = False
    algorithms: list[Algorithm] = msgspec.field(default_factory=lambda: ["RS256", "PS256", "ES256", "Ed25519"])
    timeout_s: int = 5
    voting: _Voting | None = None


@dataclass(frozen=True, kw_only=True)
class ClientCredentials:
    """Who we are to a provider: an id with a secret or with a key of our own."""

    client_id: str
    secret: str | None = field(default=None, repr=False)
    key: Key | None = field(default=None, repr=False)


@dataclass(frozen=True, kw_only=True)
class Provider:
    """One provider as the file describes it. ``login_again``: ask the person again, also when the provider still knows
    them, which on shared computers is often somebody else.
    """

    key: str
    names: Mapping[Language, str]
    issuer: str
    client: ClientCredentials
    voting: ClientCredentials | None = None
    scopes: tuple[str, ...] = ("openid",)
    scheme: str
    claims: ClaimNames
    assurance: Mapping[str, Assurance] = field(default_factory=dict)
    acr_values: tuple[str, ...] = ()
    login_again: bool = True
    userinfo: bool = False
    algorithms: tuple[Algorithm, ...]
    timeout_s: int = 5


def read_providers(path: Path) -> list[Provider]:
    """Return the providers of the file. Raises SigninConfigError."""
    try:
        tables = msgspec.toml.decode(path.read_bytes(), type=dict[str, _Table])
    except OSError as error:
        raise SigninConfigError(f"PB_SIGNIN: {path} cannot be read: {error.strerror}") from error
    except (msgspec.ValidationError, msgspec.DecodeError) as error:
        raise SigninConfigError(f"PB_SIGNIN: {path}: {error}") from error
    return [_provider(path, key, table) for key, table in tables.items()]


def _provider(path: Path, key: str, table: _Table) -> Provider:
    where = f"PB_SIGNIN: {path}: [{key}]"
    if not _KEY.fullmatch(key) or key in _TAKEN:
        raise SigninConfigError(f"{where} is not a name for a provider: small letters, digits, hyphens")
    if missing := [language for language in LANGUAGES if not table.name.get(language)]:
        raise SigninConfigError(f"{where}: name lacks {', '.join(missing)}")
    if not is_safe_address(table.issuer) or urlsplit(table.issuer).query:
        raise SigninConfigError(f"{where}: issuer must be an https:// address (http:// on this machine alone)")
    if "openid" not in table.scopes:
        raise SigninConfigError(f'{where}: scopes must hold "openid"')
    if not 1 <= table.timeout_s <= 30:
        raise SigninConfigError(f"{where}: timeout_s must be from 1 to 30")
    if table.voting and table.voting.client_id == table.client_id:
        raise SigninConfigError(f"{where}: voting needs a client_id of its own")
    return Provider(
        key=key,
        names=table.name,
        issuer=table.issuer,
        client=_credentials(path, where, table),
        voting=_credentials(path, f"{where}: voting", table.voting) if table.voting else None,
        scopes=tuple(table.scopes),
        scheme=table.scheme or table.issuer,
        claims=table.claims,
        assurance=table.assurance,
        acr_values=tuple(table.acr_values),
        login_again=table.prompt == "login",
        userinfo=table.userinfo,
        algorithms=tuple(table.algorithms),
        timeout_s=table.timeout_s,
    )


def is_safe_address(text: str) -> bool:
    """Whether nobody can listen in between: https, or plain http to this machine itself."""
    try:
        parts = urlsplit(text)
        host = parts.hostname or ""
        loopback = host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        loopback = False
    return bool(host) and not parts.fragment and (parts.scheme == "https" or (parts.scheme == "http" and loopback))


def _credentials(path: Path, where: str, table: _Table | _Voting) -> ClientCredentials:
    if (table.secret_file is None) == (table.key_file is None):
        raise SigninConfigError(f"{where}: give either secret_file or key_file")
    file = path.parent / (table.secret_file or table.key_file or "")
    try:
        content = file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SigninConfigError(f"{where}: {file} cannot be read") from error
    if not content:
        raise SigninConfigError(f"{where}: {file} is empty")
    if table.secret_file is not None:
        return ClientCredentials(client_id=table.client_id, secret=content)
    return ClientCredentials(client_id=table.client_id, key=_private_key(where, file, content))


def _private_key(where: str, file: Path, content: str) -> Key:
    try:
        loaded = load_pem_private_key(content.encode(), password=None)
    except (TypeError, ValueError) as error:
        raise SigninConfigError(f"{where}: {file} holds no private key without a passphrase (PEM)") from error
    if isinstance(loaded, RSAPrivateKey):
        return RSAKey.import_key(content)
    if isinstance(loaded, EllipticCurvePrivateKey) and isinstance(loaded.curve, SECP256R1):
        return ECKey.import_key(content)
    if isinstance(loaded, Ed25519PrivateKey):
        return OKPKey.import_key(content)
    raise SigninConfigError(f"{where}: {file} must hold a key of RSA, P-256 or Ed25519")
