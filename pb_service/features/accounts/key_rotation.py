"""Rotating the service's secrets: what was made with the old one goes on working for a while, or is made anew.

Every step leaves a state in which everything works: first the key folder holds both keys, then the database nothing
that needs the old one, then the old one is erased. Whoever is interrupted gives the command again, or leaves the rest
to the job that lets old keys go.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any, ClassVar, Protocol

import structlog

from pb_service.features.accounts import access_log
from pb_service.features.accounts import identity_repository as repository
from pb_service.features.accounts.factors import FactorBox, seal_anew
from pb_service.features.accounts.tokens import LONGEST
from pb_service.platform.clock import Clock
from pb_service.platform.db import Database
from pb_service.platform.errors import DomainError
from pb_service.platform.keys import KeyFolder, Secret

JOB = "accounts.keys"
EVERY = timedelta(hours=1)

log_event = structlog.get_logger()


class NotRotatable(DomainError):
    """This key cannot be exchanged. The message says why, and what to do instead."""

    status: ClassVar[int] = 409
    type: ClassVar[str] = "not-rotatable"


@dataclass(frozen=True)
class Use:
    """What a secret is for. ``overlap``: how long the one before is accepted; None, while somebody is known by it."""

    purpose: str
    overlap: timedelta | None


#: Every secret, with an overlap as long as what is made with it is good for.
SECRETS: Mapping[str, Use] = {
    # A statement to be signed on another machine is the longest (signing_keys.py); browsers that were known for longer
    # are strangers again, which only counts their wrong passwords with everybody's.
    "cookie": Use("forms, known browsers, sign-ins under way; sessions do not depend on it", timedelta(hours=24)),
    "tokens": Use("tokens of machines", LONGEST),
    "mail": Use("unsubscribe links in mails", timedelta(days=365)),
    # For a process that sealed with the old key and had not written it yet when everything was sealed anew.
    "factors": Use("sealing the secrets of authenticator apps", timedelta(hours=1)),
    "identity": Use("knowing people again who come by a provider", None),
}

#: Keys that stay, and what to do when one of them leaked.
FIXED: Mapping[str, str] = {
    "log": (
        "The key `log` signs the heads of the records. It stands in their manifests and in what auditors and witnesses "
        "keep; a head under another key is that of another record. So it stays for as long as its records. If it "
        "leaked: say so in public, let the rounds that run end under the eyes of witnesses, keep serving their records "
        "here, and begin the next rounds in a service with a PB_DATA, a database and a PB_ORIGIN of its own, which "
        "makes new keys. docs/operate.md says it step by step."
    ),
    "person": (
        "By what is computed with the key `person` accounts find their people on rolls; with another nobody would be "
        "found. It stays. If it leaked: it tells nothing without the database, and no number without trying them all; "
        "docs/operate.md says more."
    ),
    "op": (
        "The key `op` signs what the operator declares. It stands in the manifest of every round, which nobody may "
        "change, so it stays for as long as its rounds. If it leaked, do as for `log`: docs/operate.md says it step by "
        "step."
    ),
}


async def rotate(
    database: Database, keys: KeyFolder, name: str, *, at_once: bool, now: datetime, done: Callable[[str], None]
) -> None:
    """Give a secret a new value; ``done`` is told of every step that holds. Raises NotRotatable.

    ``at_once``: the old one leaked, so nothing that was made with it is accepted any more.
    """
    if name in FIXED:
        raise NotRotatable(FIXED[name])
    if name not in SECRETS:
        raise NotRotatable(f"There is no secret {name!r}: {', '.join(SECRETS)} can be rotated.")
    overlap = SECRETS[name].overlap
    if at_once and overlap is None:
        raise NotRotatable(
            "People are known by what was computed with the key `identity` from numbers that are not kept, so nothing "
            "can be computed anew: without the old key everybody would come back as a stranger. Rotate it without "
            "--at-once: whoever comes back is known by the new key from then on, and the old one goes with the last "
            "who needs it."
        )
    made = keys.renew(name, now, timedelta() if at_once else overlap)
    done(f"The new key {made.id} is in use.")
    async with database.transaction() as session:
        await access_log.note(session, None, "key.rotated", f"{name} {made.id}", now=now)
        unreadable = await seal_anew(session, FactorBox(keys.ring("factors"))) if name == "factors" else 0
    if name == "factors":
        done("Everything that is sealed has been sealed with it.")
    if unreadable:
        done(f"{unreadable} could not be opened with any key: these people need a reset of their second factor.")
    for old_name, count in (await let_go(database, keys, now=now)).items():
        done(f"Old keys of `{old_name}` erased: {count}.")


async def let_go(database: Database, keys: KeyFolder, *, now: datetime) -> dict[str, int]:
    """Erase every old secret that nothing needs any more; return how many went of each name."""
    async with database.transaction() as session:
        used = (await repository.identity_key_ids(session)).keys()
        if any(not secret.is_accepted(now) for secret in keys.secrets("factors")):
            await seal_anew(session, FactorBox(keys.ring("factors")))
    gone = {}
    for name, use in SECRETS.items():
        oldest = keys.secrets(name)[-1]
        if count := keys.drop(name, partial(_is_over, use=use, oldest=oldest, used=used, now=now)):
            gone[name] = count
    return gone


def _is_over(secret: Secret, *, use: Use, oldest: Secret, used: Collection[str | None], now: datetime) -> bool:
    if use.overlap is not None:
        return not secret.is_accepted(now)
    return secret.id not in used and not (secret == oldest and None in used)


class Surroundings(Protocol):
    """What the job needs of the service."""

    @property
    def database(self) -> Database: ...

    @property
    def clock(self) -> Clock: ...

    @property
    def keys(self) -> KeyFolder: ...


async def let_old_keys_go(surroundings: Surroundings, _payload: Mapping[str, Any]) -> None:
    """The job ``accounts.keys``."""
    for name, count in (await let_go(surroundings.database, surroundings.keys, now=surroundings.clock())).items():
        log_event.info("keys.erased", file=f"{name}.key", size=count)
