"""The embedded PostgreSQL: who starts it, who stops it, and what survives when somebody is killed."""

import asyncio
import os
import signal
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from importlib.metadata import distribution
from pathlib import Path

import asyncpg
import pytest
from sqlalchemy.engine import make_url

from pb_service.platform import postgres
from pb_service.platform.postgres import PostgresError, database_url, embedded_postgres
from pb_service.settings import Settings

#: Another command: uses the server of its first argument, says so, and leaves when its input ends.
USER = """
import sys
from pathlib import Path
from pb_service.platform.postgres import embedded_postgres
with embedded_postgres(Path(sys.argv[1]), say=lambda _: None, durable=False) as url:
    print(url, flush=True)
    sys.stdin.read()
"""
#: The wheel's programs, and whatever other versions this machine has.
PROGRAMS = [None, *sorted(Path("/usr/lib/postgresql").glob("*/bin"))]

Start = Callable[[], "subprocess.Popen[str]"]


def quiet(_: str) -> None:
    """Say nothing."""


#: Without fsync, which only a power cut would tell from the real thing.
embedded = partial(embedded_postgres, say=quiet, durable=False)


def query(url: str, sql: str) -> str:
    async def run() -> str:
        parts = make_url(url)
        connection = await asyncpg.connect(user=parts.username, database=parts.database, host=parts.query["host"])
        try:
            return str(await connection.fetchval(sql))
        finally:
            await connection.close()

    return asyncio.run(run())


def server_pid(data: Path) -> int:
    return int((data / "postgres" / "postmaster.pid").read_text().split("\n")[0])


def is_up(data: Path) -> bool:
    return (data / "postgres" / "postmaster.pid").exists()


def wait_until(fact: Callable[[], bool]) -> None:
    give_up_at = time.monotonic() + 120
    while not fact():
        assert time.monotonic() < give_up_at
        time.sleep(0.01)


def wait_until_down(data: Path) -> None:
    wait_until(lambda: not is_up(data))


def kill_server(data: Path) -> None:
    """Kill the server alone, and wait until it is gone: a process that was killed dies when the machine comes to it."""
    pid = server_pid(data)
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not Path(f"/proc/{pid}/exe").exists())


@pytest.fixture
def data(folder: Path) -> Path:
    return folder / "data"


@pytest.fixture
def start(data: Path) -> Iterator[Start]:
    """Start another command that uses the server; whatever is left of them ends with the test."""
    commands: list[subprocess.Popen[str]] = []

    def start() -> "subprocess.Popen[str]":
        command = [sys.executable, "-c", USER, str(data)]
        commands.append(subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True))
        return commands[-1]

    yield start
    for command in commands:
        command.communicate()


def answer(command: "subprocess.Popen[str]") -> str:
    assert command.stdout
    return command.stdout.readline().strip()


@pytest.mark.parametrize("programs", PROGRAMS)
def test_what_was_written_is_there_at_the_next_start(data: Path, programs: Path | None) -> None:
    with embedded(data, pg_bin=programs) as url:
        query(url, "CREATE TABLE kept AS SELECT 7 AS n")
    assert not is_up(data)
    with embedded(data, pg_bin=programs) as url:
        assert query(url, "SELECT n FROM kept") == "7"


@pytest.mark.parametrize("programs", PROGRAMS)
def test_text_is_utf8_and_ordered_by_code_point_on_every_machine(data: Path, programs: Path | None) -> None:
    with embedded(data, pg_bin=programs) as url:
        assert query(url, "SHOW server_encoding") == "UTF8"
        assert query(url, "SELECT string_agg(c, '' ORDER BY c) FROM unnest('{å,z,Z,ä,a}'::text[]) c") == "Zazäå"


def test_it_listens_on_no_network_and_its_socket_is_closed_to_others(data: Path) -> None:
    with embedded(data) as url:
        assert query(url, "SHOW listen_addresses") == ""
        folder = Path(str(make_url(url).query["host"]))
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_it_never_runs_as_root(data: Path) -> None:
    with embedded(data):
        assert Path(f"/proc/{server_pid(data)}").stat().st_uid == (data / "postgres").stat().st_uid != 0


def test_a_long_path_gets_a_short_socket(folder: Path) -> None:
    with embedded(folder / ("long" * 30)) as url:
        assert query(url, "SELECT 1") == "1"


def test_the_first_start_says_what_it_waits_for(data: Path) -> None:
    said: list[str] = []
    for _ in range(2):
        with embedded_postgres(data, say=said.append, durable=False):
            pass
    assert said == ["Preparing the database (first start only, a few seconds)"]


def test_a_second_command_attaches_and_the_last_one_stops_it(data: Path, start: Start) -> None:
    first = start()
    url = answer(first)
    with embedded(data) as second_url:
        pid = server_pid(data)
        first.communicate()
        assert second_url == url
        assert query(url, "SELECT 1") == "1"
        assert server_pid(data) == pid
    assert not is_up(data)


def test_commands_that_start_together_share_one_server(data: Path, start: Start) -> None:
    commands = [start() for _ in range(4)]
    assert len({answer(command) for command in commands}) == 1
    assert sum(1 for line in (data / "postgres.log").read_text().splitlines() if "starting PostgreSQL" in line) == 1


def test_a_second_copy_runs_beside_the_first(folder: Path) -> None:
    with embedded(folder / "a") as first, embedded(folder / "b") as second:
        assert query(first, "SHOW data_directory") != query(second, "SHOW data_directory")


def test_a_killed_command_leaves_no_server_and_loses_nothing(data: Path, start: Start) -> None:
    command = start()
    query(answer(command), "CREATE TABLE kept AS SELECT 7 AS n")
    command.kill()
    wait_until_down(data)
    with embedded(data) as url:
        assert query(url, "SELECT n FROM kept") == "7"


def test_a_killed_command_does_not_stop_it_for_the_others(data: Path, start: Start) -> None:
    first = start()
    answer(first)
    with embedded(data) as url:
        first.kill()
        first.wait()
        assert query(url, "SELECT 1") == "1"


def test_a_killed_keeper_takes_its_server_with_it(data: Path, start: Start) -> None:
    command = start()
    answer(command)
    keeper = int(Path(f"/proc/{server_pid(data)}/stat").read_text().rsplit(")", 1)[1].split()[1])
    os.kill(keeper, signal.SIGKILL)
    wait_until_down(data)
    command.communicate()
    with embedded(data) as url:
        assert query(url, "SELECT 1") == "1"


def test_a_crashed_server_is_recovered_at_the_next_start(data: Path, start: Start) -> None:
    command = start()
    query(answer(command), "CREATE TABLE kept AS SELECT 7 AS n")
    kill_server(data)
    command.communicate()
    with embedded(data) as url:
        assert query(url, "SELECT n FROM kept") == "7"


def test_a_server_is_started_when_the_last_process_of_a_crashed_one_is_gone(data: Path, start: Start) -> None:
    """Its processes outlive it until each has noticed, and PostgreSQL does not start beside them."""
    command = start()
    answer(command)
    server = server_pid(data)
    session = int(Path(f"/proc/{server}/task/{server}/children").read_text().split()[0])
    os.kill(session, signal.SIGSTOP)
    kill_server(data)
    command.communicate()
    later = threading.Timer(1, os.kill, [session, signal.SIGCONT])
    later.start()
    with embedded(data) as url:
        assert query(url, "SELECT 1") == "1"
    later.join()


def test_a_pid_file_that_names_a_stranger_is_not_believed(data: Path) -> None:
    with embedded(data):
        left_behind = (data / "postgres" / "postmaster.pid").read_text().split("\n")
    (data / "postgres" / "postmaster.pid").write_text("\n".join([str(os.getpid()), *left_behind[1:]]))
    with embedded(data) as url:
        assert query(url, "SELECT 1") == "1"


def test_a_killed_first_start_leaves_nothing_half_made(data: Path) -> None:
    (data / "postgres.new").mkdir(parents=True)
    (data / "postgres.new" / "PG_VERSION").write_text("18\n")
    with embedded(data) as url:
        assert query(url, "SELECT 1") == "1"
    assert not (data / "postgres.new").exists()


def test_folders_above_are_never_opened(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Below a private folder root keeps the cluster elsewhere; an ordinary user owns the folder anyway."""
    monkeypatch.setattr(postgres, "SYSTEM_DATA", folder / "pb-service")
    private = folder / "private"
    private.mkdir(mode=0o700)
    with embedded(private / "data") as url:
        assert query(url, "SELECT 1") == "1"
    assert stat.S_IMODE(private.stat().st_mode) == 0o700


def test_programs_out_of_reach_are_copied_with_their_libraries(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Below a private folder root starts a copy; an ordinary user owns the folder anyway."""
    monkeypatch.setattr(postgres, "SYSTEM_CACHE", folder / "cache")
    installed = Path(str(distribution("embedded-postgres").locate_file("")))
    private = folder / "private"
    private.mkdir(mode=0o700)
    for name in ("embedded_postgres", "embedded_postgres.libs"):
        (private / name).symlink_to(installed / name)
    monkeypatch.syspath_prepend(private)
    with embedded(folder / "data") as url:
        assert query(url, "SELECT 1") == "1"


def test_a_cluster_of_another_version_is_refused_with_the_way_out(data: Path) -> None:
    with embedded(data):
        pass
    (data / "postgres" / "PG_VERSION").write_text("14\n")
    with pytest.raises(PostgresError, match="made by PostgreSQL 14,"), embedded(data):
        pass


def test_a_server_that_cannot_start_says_why(data: Path) -> None:
    with embedded(data):
        pass
    with (data / "postgres" / "postgresql.conf").open("a") as configuration:
        configuration.write("nonsense = on\n")
    with pytest.raises(PostgresError, match='parameter "nonsense"'), embedded(data):
        pass
    assert not is_up(data)


def test_a_data_folder_that_cannot_be_made_is_a_clear_error(folder: Path) -> None:
    (folder / "file").write_text("")
    with pytest.raises(PostgresError, match="cannot prepare"), embedded(folder / "file" / "data"):
        pass


def test_a_server_that_was_killed_under_another_command_is_reported(
    data: Path, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres, "PATIENCE_SECONDS", 0)
    answer(start())
    kill_server(data)
    with pytest.raises(PostgresError, match="its server is down"), embedded(data):
        pass


def test_an_external_server_is_used_as_it_stands(folder: Path) -> None:
    address = "postgresql://pb:secret@db.example/pb"
    settings = Settings.from_environment({"PB_DATABASE_URL": address, "PB_DATA": str(folder / "data")})
    with database_url(settings, say=quiet) as url:
        assert url == "postgresql+asyncpg://pb:secret@db.example/pb"
    assert not (folder / "data").exists()
