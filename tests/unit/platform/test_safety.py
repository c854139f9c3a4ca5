"""Combinations of settings that would hurt somebody."""

from typing import Any

import pytest

from pb_service.platform.safety import dangers
from pb_service.settings import Settings

HTTPS = {"public_url": "https://budget.example.org", "listen": ("0.0.0.0",)}  # noqa: S104 - what a container does


def found(**given: Any) -> str:
    return " ".join(dangers(Settings(**{"public_url": "http://localhost:8000", **given})))


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"development": True},
        {"listen": ("127.0.0.1",), "public_url": "http://127.0.0.1:8000"},
        HTTPS,
        {"listen": ("127.0.0.1",), "public_url": "https://budget.example.org"},
        HTTPS | {"database_url": "postgresql+asyncpg://pb:a-long-random-one@db/pb"},
        {"development": True, "database_url": "postgresql+asyncpg://pb:pb@localhost/pb"},
        {"database_url": "postgresql+asyncpg://pb@/pb?host=/run/postgresql"},
    ],
)
def test_what_hurts_nobody_may_start(given: dict[str, Any]) -> None:
    assert found(**given) == ""


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"development": True} | HTTPS, "PB_DEVELOPMENT"),
        ({"development": True, "public_url": "http://budget.example.org"}, "PB_DEVELOPMENT"),
        ({"listen": ("127.0.0.1", "192.0.2.7")}, "PB_LISTEN lets others in"),
        ({"listen": ("::",)}, "PB_LISTEN lets others in"),
        ({"public_url": "http://budget.example.org"}, "PB_PUBLIC_URL is not on this machine"),
        ({"database_url": "postgresql+asyncpg://pb:postgres@db/pb"}, "PB_DATABASE_URL holds a password"),
        ({"redis_url": "redis://:Change%6de@cache"}, "PB_REDIS_URL holds a password"),
        ({"smtp_url": "smtp://pb:Secret@mail.example.org"}, "PB_SMTP_URL holds a password"),
        ({"metrics_token": "changemechangeme"}, "PB_METRICS_TOKEN"),
    ],
)
def test_what_would_hurt_somebody_is_named_without_its_secret(given: dict[str, Any], sentence: str) -> None:
    said = found(**given)
    assert sentence in said
    assert not any(secret in said.casefold() for secret in ("postgres@", "%6de", "secret@", "changemechangeme"))
