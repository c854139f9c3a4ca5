"""`pb doctor` and what does not start: said by sentence and by exit status, and nothing is changed."""

import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import make_url, text

from pb_service.cli.doctor import examine_mail
from pb_service.features.accounts.identity_repository import add_account
from pb_service.features.accounts.identity_tables import ProvenIdentity
from pb_service.platform import jobs
from pb_service.platform.db import Database
from pb_service.service import open_service
from pb_service.settings import Settings
from tests.service.test_mail import Server, serving

PB = [sys.executable, "-c", "from pb_service.cli import main; main(prog_name='pb')"]


NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@pytest.fixture
def environ(database_url: str, folder: Path) -> dict[str, str]:
    """The environment of a command: a database and a data folder of this test alone."""
    own = {"PB_DATABASE_URL": database_url, "PB_DATA": str(folder / "data"), "PB_PORT": "18610"}
    return {name: value for name, value in os.environ.items() if not name.startswith("PB_")} | own


def pb(environ: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*PB, *arguments], env=environ, capture_output=True, text=True, check=False, timeout=300)


def lines(done: subprocess.CompletedProcess[str], verdict: str) -> list[str]:
    return [line.removeprefix(verdict).strip() for line in done.stdout.splitlines() if line.startswith(verdict)]


@contextmanager
def serving_pages(environ: dict[str, str]) -> Iterator["subprocess.Popen[str]"]:
    """A `pb serve` that has begun to serve."""
    started = subprocess.Popen([*PB, "serve"], env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert started.stdout
        assert "Serving" in started.stdout.readline()
        yield started
    finally:
        started.send_signal(signal.SIGINT)
        started.communicate(timeout=300)


def test_all_is_well(environ: dict[str, str]) -> None:
    done = pb(environ, "doctor")
    assert (done.returncode, lines(done, "warning"), lines(done, "STOP")) == (0, [], [])
    assert {line.split()[0] for line in lines(done, "ok")} >= {
        "settings",
        "database",
        "clock",
        "tables",
        "redis",
        "jobs",
    }


def test_it_changes_nothing(environ: dict[str, str], folder: Path) -> None:
    pb(environ, "doctor")
    assert not (folder / "data").exists()


@pytest.mark.parametrize(
    ("changes", "status", "sentence"),
    [
        ({"PB_LISTEN": "192.0.2.7"}, 2, "PB_LISTEN lets others in"),
        ({"PB_PORTT": "80"}, 2, "PB_PORTT is not a setting"),
        ({"PB_DATABASE_URL": "postgresql://pb@127.0.0.1:1/pb"}, 2, "cannot be looked at"),
        ({"PB_REDIS_URL": "redis://127.0.0.1:1"}, 1, "PB_REDIS_URL does not answer"),
        ({"PB_JOBS": "worker"}, 1, "no `pb worker` is connected"),
        ({"PB_SMTP_URL": "smtp://127.0.0.1:1", "PB_MAIL_FROM": "pb@example.org"}, 1, "cannot be reached"),
        ({"PB_SMTP_URL": "smtp://127.0.0.1:1"}, 2, "PB_MAIL_FROM must say"),
        ({"PB_MAIL_FROM": "pb@-example.org"}, 2, "cannot be used"),
        ({"PB_PUBLIC_URL": "https://127.0.0.1:1"}, 1, "does not answer from here"),
        ({"PB_SIGNIN": "/nowhere/signin.toml"}, 2, "/nowhere/signin.toml cannot be read"),
        ({"PB_SCAN_COMMAND": "/nowhere/scan --quiet -"}, 1, "no file is taken"),
        ({"PB_DEVELOPMENT": "1"}, 1, "signs anybody of this machine in"),
    ],
)
def test_what_is_wrong_is_said(environ: dict[str, str], changes: dict[str, str], status: int, sentence: str) -> None:
    done = pb(environ | changes, "doctor")
    assert (done.returncode, sentence in done.stdout + done.stderr) == (status, True), done.stdout + done.stderr


@pytest.mark.parametrize(
    ("name", "mode", "sentence"),
    [("", 0o777, "Others may write into"), ("keys", 0o755, "Others may enter"), ("keys/log.pem", 0o644, "may read")],
)
def test_a_folder_that_others_can_open_stops(
    environ: dict[str, str], folder: Path, name: str, mode: int, sentence: str
) -> None:
    (folder / "data" / "keys").mkdir(parents=True, mode=0o700)
    (folder / "data" / "keys" / "log.pem").touch(mode=0o600)
    (folder / "data" / name).chmod(mode)
    done = pb(environ, "doctor")
    assert (done.returncode, sentence in done.stdout) == (2, True), done.stdout


@pytest.mark.parametrize("wrong", [{"username": "nobody"}, {"database": "not-there"}, {"host": "127.0.0.1", "port": 1}])
def test_a_database_that_cannot_be_used_is_told_in_one_sentence(environ: dict[str, str], wrong: dict[str, Any]) -> None:
    """Another user, another name, not running: what to look at, no traceback."""
    url = make_url(environ["PB_DATABASE_URL"]).set(**wrong)
    if "host" in wrong:
        url = url.difference_update_query(["host", "port"])
    done = pb(environ | {"PB_DATABASE_URL": url.render_as_string(hide_password=False)}, "serve")
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1), done.stderr
    assert "PB_DATABASE_URL right?" in done.stderr


async def test_a_database_from_the_future_stops(environ: dict[str, str], database: Database) -> None:
    async with database.transaction() as session:
        await session.execute(text("UPDATE alembic_version SET version_num = 'from-the-future'"))
    done = pb(environ, "doctor")
    assert (done.returncode, "newer version of the service" in done.stdout) == (2, True)


async def test_what_is_stuck_is_told(environ: dict[str, str], database: Database, settings: Settings) -> None:
    async with open_service(settings, database.url) as service, database.transaction() as session:
        await jobs.enqueue(session, "of nobody", {}, run_at=service.clock() - 2 * jobs.LATE)
    done = pb(environ, "doctor")
    assert (done.returncode, "1 are stuck" in done.stdout) == (1, True)


def test_a_broken_statement_is_said_to_be(environ: dict[str, str], folder: Path) -> None:
    (folder / "data").mkdir()
    (folder / "data" / "statement.toml").write_text('conformity = "full"')
    done = pb(environ, "doctor")
    assert (done.returncode, "statement.toml: Object missing required field" in done.stdout) == (1, True), done.stdout


async def test_people_who_are_known_by_a_lost_key_stop(environ: dict[str, str], database: Database) -> None:
    async with database.transaction() as session:
        account = await add_account(session, "fi", NOW)
        row = {"key_id": "0123abcd", "driver": "town", "assurance": "high", "proven_at": NOW}
        session.add(ProvenIdentity(pseudonym=bytes(32), account_id=account.id, **row))
    done = pb(environ, "doctor")
    assert (done.returncode, "1 people are known by a key that is not in" in done.stdout) == (2, True), done.stdout


@pytest.fixture
async def mail_server() -> AsyncIterator[Server]:
    async with serving(Server()) as server:
        yield server


async def test_a_mail_server_is_tried_out_without_sending_anything(mail_server: Server) -> None:
    said: list[tuple[str, str, str]] = []
    given = Settings(smtp_url=f"smtp+plain://127.0.0.1:{mail_server.port}", alarm_mail=("duty@example.org",))
    await examine_mail(given, lambda *line: said.append(line))
    assert [(verdict, about) for verdict, about, _ in said] == [("ok", "mail"), ("warning", "mail")]
    assert mail_server.got == []


def test_what_would_hurt_somebody_does_not_start(environ: dict[str, str]) -> None:
    for command in ("serve", "worker"):
        done = pb(environ | {"PB_LISTEN": "192.0.2.7"}, command)
        assert (done.returncode, "PB_LISTEN lets others in" in done.stderr) == (2, True), done.stderr


def test_a_second_serving_process_needs_redis(environ: dict[str, str], valkey_url: str) -> None:
    with serving_pages(environ):
        done = pb(environ, "serve")
        assert (done.returncode, "several need PB_REDIS_URL" in done.stderr) == (2, True), done.stderr
        with serving_pages(environ | {"PB_REDIS_URL": valkey_url}):
            done = pb(environ, "doctor")
            assert (done.returncode, "several need PB_REDIS_URL" in done.stdout) == (2, True), done.stdout
            assert pb(environ | {"PB_REDIS_URL": valkey_url}, "doctor").returncode == 0
