"""Combinations of settings that would hurt somebody: with these the service does not start."""

import os
import socket
from collections.abc import Iterator
from ipaddress import ip_address
from urllib.parse import unquote, urlsplit

from sqlalchemy import text

from pb_service.platform.db import Database
from pb_service.settings import Settings

#: Passwords of examples and first set-ups. Whoever tries any tries these.
# fmt: off
_KNOWN = frozenset(
    {
        "admin", "administrator", "changeit", "changeme", "default", "example", "letmein", "master",
        "password", "passw0rd", "pb", "postgres", "postgresql", "qwerty", "redis", "root", "secret", "test",
        "valkey", "123456", "12345678", "123456789", "changemechangeme", "changeme12345678",
        "1234567890123456", "passwordpassword", "secretsecretsecret",
    }
)
# fmt: on

_SERVES = "pb-serve"
_WORKS = "pb-worker"


class UnsafeSettings(RuntimeError):
    """The service would be dangerous to run like this. The message says why and what to set."""


def dangers(settings: Settings) -> Iterator[str]:
    """Yield what is dangerous in the settings alone, a sentence each; secrets are never in it."""
    if settings.development and not settings.is_this_machine_alone:
        yield "PB_DEVELOPMENT signs anybody in as anybody: it needs PB_LISTEN and PB_PUBLIC_URL on this machine alone."
    public = urlsplit(settings.public_url)
    elsewhere = not all(ip_address(address).is_loopback for address in settings.listen)
    if public.scheme == "http" and not settings.is_this_machine_alone:
        how = "PB_LISTEN lets others in" if elsewhere else "PB_PUBLIC_URL is not on this machine"
        yield (
            f"{how}, but PB_PUBLIC_URL is not https: sessions and passwords would be readable on the way. Put a proxy "
            "with TLS in front and set PB_PUBLIC_URL to its https address."
        )
    if not settings.development:
        yield from _known_secrets(settings)


def _known_secrets(settings: Settings) -> Iterator[str]:
    urls = {
        "PB_DATABASE_URL": settings.database_url,
        "PB_REDIS_URL": settings.redis_url,
        "PB_SMTP_URL": settings.smtp_url,
    }
    for name, url in urls.items():
        if url and unquote(urlsplit(url).password or "").casefold() in _KNOWN:
            yield f"{name} holds a password that everybody tries first. Choose a long random one."
    if (settings.metrics_token or "").casefold() in _KNOWN:
        yield "PB_METRICS_TOKEN is one that everybody tries first. Choose a long random one."


def process_name(role: str) -> str:
    """Return what PostgreSQL's list of connections shows of this process: what it does, and where."""
    return f"pb-{role} {socket.gethostname()[:30]}:{os.getpid()}"


async def others_serving(database: Database, own: str = "") -> list[str]:
    """Return the other processes that serve pages from this database, by machine and process number."""
    return await _connected(database, _SERVES, own)


async def workers(database: Database) -> list[str]:
    """Return the processes that run jobs without serving pages."""
    return await _connected(database, _WORKS, "")


async def _connected(database: Database, role: str, own: str) -> list[str]:
    query = (
        "SELECT DISTINCT application_name FROM pg_stat_activity WHERE datname = current_database()"
        " AND application_name LIKE :role AND application_name <> :own ORDER BY 1"
    )
    async with database.reading() as session:
        names = await session.scalars(text(query), {"role": f"{role} %", "own": own})
        return [name.partition(" ")[2] for name in names]


async def refuse_unsafe(settings: Settings, database: Database, own: str) -> None:
    """Raise UnsafeSettings for what must not run: for those who serve."""
    found = list(dangers(settings))
    if settings.redis_url is None and (others := await others_serving(database, own)):
        found.append(several(others))
    if found:
        raise UnsafeSettings("not started: " + " ".join(found))


def several(others: list[str]) -> str:
    """The sentence about several serving processes that share nothing."""
    return (
        f"Another process serves from this database already ({', '.join(others)}). Use that one, end it first, or set "
        "PB_DATA or PB_DATABASE_URL to another; several need PB_REDIS_URL, or each counts attempts to sign in for "
        "itself and an attacker has as many more."
    )
