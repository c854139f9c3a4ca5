"""`pb admin create`: the first administrator gets a link, and nobody a password on a command line."""

import os
import re
import subprocess
import sys
from pathlib import Path

from pb_service.cli.admin import create
from pb_service.service import Service
from tests.staff import hire

PB = [sys.executable, "-c", "from pb_service.cli import main; main(prog_name='pb')"]


def pb(database_url: str, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environ = {name: value for name, value in os.environ.items() if not name.startswith("PB_")}
    own = {"PB_DATABASE_URL": database_url, "PB_DATA": str(folder), "PB_PUBLIC_URL": "https://budget.example.org"}
    return subprocess.run(
        [*PB, "admin", *arguments], env=environ | own, capture_output=True, text=True, check=False, timeout=300
    )


def test_it_prints_a_link_to_the_public_address(database_url: str, folder: Path) -> None:
    done = pb(database_url, folder, "create", "aino@example.org", "--language", "sv")
    assert re.fullmatch(r"https://budget\.example\.org/sv/invitation/[A-Za-z0-9_-]{43}\n", done.stdout), done.stderr
    assert "works once" in done.stderr


def test_an_address_that_is_none_is_refused(database_url: str, folder: Path) -> None:
    done = pb(database_url, folder, "create", "aino")
    assert (done.returncode, done.stdout) == (2, "")
    assert "Traceback" not in done.stderr


async def test_with_an_administrator_there_it_makes_another_only_when_asked(
    service: Service, database_url: str, folder: Path
) -> None:
    await hire(service, "administrator")
    refused = pb(database_url, folder, "create", "bo@example.org")
    assert (refused.returncode, "--another" in refused.stderr) == (2, True)
    assert pb(database_url, folder, "create", "bo@example.org", "--another").returncode == 0


def test_there_is_no_option_for_a_password() -> None:
    assert {name for option in create.params for name in option.opts} == {"email", "--language", "--another"}
