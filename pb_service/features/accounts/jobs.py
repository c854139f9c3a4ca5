"""Jobs of accounts: the mails that nobody waits for, and what retention takes away each night."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol
from uuid import UUID

import structlog

from pb_service.features.accounts import key_rotation, repository, service, staff_repository
from pb_service.features.accounts.personal import PersonalData
from pb_service.platform import jobs
from pb_service.platform.clock import Clock
from pb_service.platform.db import Database
from pb_service.platform.jobs import Handler
from pb_service.settings import Settings
from pb_service.web.languages import language_of

RETENTION = "accounts.retention"

#: How often retention is applied.
RETENTION_EVERY = timedelta(hours=6)
#: Accounts told or deleted in one run: a run stays short, the next one goes on.
_BATCH = 500
_MONTH = timedelta(days=365.25 / 12)

log_event = structlog.get_logger()


class Surroundings(Protocol):
    """What these jobs need of the service."""

    @property
    def settings(self) -> Settings: ...

    @property
    def database(self) -> Database: ...

    @property
    def clock(self) -> Clock: ...

    @property
    def personal_data(self) -> Sequence[PersonalData]: ...


@dataclass(frozen=True)
class Kept:
    """Until when data of each kind is kept: what is older than these moments goes."""

    addresses: datetime
    log_lines: datetime
    idle_accounts: datetime
    told: datetime

    @classmethod
    def of(cls, settings: Settings, now: datetime) -> "Kept":
        return cls(
            addresses=now - timedelta(days=settings.keep_addresses_days),
            log_lines=now - settings.keep_access_log_months * _MONTH,
            idle_accounts=now - settings.keep_idle_accounts_months * _MONTH,
            told=now - timedelta(days=settings.idle_notice_days),
        )


async def send_registration(surroundings: Surroundings, payload: Mapping[str, Any]) -> None:
    now = surroundings.clock()
    async with surroundings.database.transaction() as session:
        language, onward = language_of(payload["language"]), payload.get("onward", "")
        await service.send_registration(session, payload["email"], language, onward=onward, now=now)
        await jobs.complete(session, now=now)


async def send_reset(surroundings: Surroundings, payload: Mapping[str, Any]) -> None:
    now = surroundings.clock()
    async with surroundings.database.transaction() as session:
        await service.send_reset(session, payload["email"], onward=payload.get("onward", ""), now=now)
        await jobs.complete(session, now=now)


async def send_change(surroundings: Surroundings, payload: Mapping[str, Any]) -> None:
    now = surroundings.clock()
    async with surroundings.database.transaction() as session:
        await service.send_change(session, UUID(payload["account"]), payload["email"], now=now)
        await jobs.complete(session, now=now)


async def apply_retention(surroundings: Surroundings, _payload: Mapping[str, Any]) -> None:
    """Take away what is older than the settings say. Each part, and each account, is a transaction of its own: one that
    fails keeps none of the others from their work, and what has failed is said, and done again, at the next turn."""
    now = surroundings.clock()
    kept = Kept.of(surroundings.settings, now)
    failures: list[Exception] = []

    @contextmanager
    def apart() -> Iterator[None]:
        try:
            yield
        except Exception as error:
            failures.append(error)

    with apart():
        await _tidy(surroundings, kept, now)
    with apart():
        async with surroundings.database.reading() as session:
            abandoned = await repository.abandoned_accounts(session, told_before=kept.told, most=_BATCH)
        for account_id in abandoned:
            with apart():
                await _delete_abandoned(surroundings, account_id, kept, now)
    with apart():
        await _tell_idle(surroundings, kept, now)
    for error in failures:
        raise error


async def _tidy(surroundings: Surroundings, kept: Kept, now: datetime) -> None:
    async with surroundings.database.transaction() as session:
        await repository.begin_retention(session)
        await repository.drop_ended_sessions(session, now)
        await repository.drop_ended_links(session, now - timedelta(days=1))
        await staff_repository.drop_ended_invitations(session, now - _MONTH)
        await repository.forget_addresses(session, kept.addresses)
        await repository.drop_log_lines(session, kept.log_lines)


async def _delete_abandoned(surroundings: Surroundings, account_id: UUID, kept: Kept, now: datetime) -> None:
    async with surroundings.database.transaction() as session:
        if account := await repository.lock_abandoned(session, account_id, told_before=kept.told):
            await service.delete_abandoned(session, surroundings.personal_data, account, now=now)


async def _tell_idle(surroundings: Surroundings, kept: Kept, now: datetime) -> None:
    async with surroundings.database.transaction() as session:
        days = surroundings.settings.idle_notice_days
        for account in await repository.idle_accounts(session, seen_before=kept.idle_accounts, most=_BATCH):
            await service.tell_idle(session, account, days=days, now=now)


HANDLERS: Mapping[str, Handler[Any]] = {
    service.REGISTRATION: send_registration,
    service.RESET: send_reset,
    service.CHANGE: send_change,
    RETENTION: apply_retention,
    key_rotation.JOB: key_rotation.let_old_keys_go,
}
EVERY: Sequence[tuple[str, timedelta]] = ((RETENTION, RETENTION_EVERY), (key_rotation.JOB, key_rotation.EVERY))
