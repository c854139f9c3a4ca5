"""The built frontend: hashed addresses from Vite's manifest, and the files themselves under /static/.

A file whose name holds the hash of its content never changes, so browsers may keep it for a year.
"""

import json
from base64 import b64encode
from collections.abc import Mapping
from functools import cache
from hashlib import sha256, sha384
from pathlib import Path
from typing import cast

from litestar import Response, get
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

DIST = Path(__file__).resolve().parents[2] / "frontend_static" / "dist"

_MEDIA_TYPES: Mapping[str, str] = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
}


class MissingBuildError(RuntimeError):
    """The style sheet and the script are not there yet."""


@cache
def asset(source: str) -> str:
    """Return the address of a built file by its source's path, e.g. ``styles/main.css``. Raises MissingBuildError."""
    try:
        return "/static/" + cast(str, _manifest()[source]["file"])
    except KeyError:
        raise MissingBuildError(f"The frontend has no {source}: run `npm run build` in frontend_static.") from None


@cache
def integrity(source: str) -> str:
    """Return what a browser compares a built file with before it runs it: its SHA-384 (W3C Subresource Integrity)."""
    return _integrity(asset(source))


@cache
def script_imports(source: str) -> tuple[tuple[str, str], ...]:
    """Return address and integrity of the files that a script imports, so that pages name them beforehand."""
    entry = _manifest().get(source, {})
    addresses = [f"/static/{_manifest()[name]['file']}" for name in cast(list[str], entry.get("imports", []))]
    return tuple((address, _integrity(address)) for address in addresses)


@cache
def built_text(name: str) -> str:
    """Return a built file by its address or its name, to be written into a page. Raises MissingBuildError."""
    path = DIST / name.removeprefix("/static/")
    if not path.is_file():
        raise MissingBuildError(f"The frontend has no {name}: run `npm run build` in frontend_static.")
    return path.read_text(encoding="utf-8")


def _integrity(address: str) -> str:
    body = (DIST / address.removeprefix("/static/")).read_bytes()
    return "sha384-" + b64encode(sha384(body).digest()).decode()


@cache
def _manifest() -> dict[str, dict[str, object]]:
    path = DIST / ".vite" / "manifest.json"
    if not path.is_file():
        raise MissingBuildError(
            f"The frontend is not built ({path} is missing): scripts/run builds it, "
            "or run `npm ci && npm run build` in frontend_static."
        )
    return cast(dict[str, dict[str, object]], json.loads(path.read_bytes()))


@cache
def _servable() -> Mapping[str, Path]:
    """Return every file of the build that browsers may have, by its path below /static/."""
    _manifest()
    files = (path for path in DIST.rglob("*") if path.is_file() and path.suffix in _MEDIA_TYPES)
    return {path.relative_to(DIST).as_posix(): path for path in files}


@cache
def built_files() -> tuple[tuple[str, bytes], ...]:
    """Return the name and SHA-256 of every file of the build that browsers may have, sorted by name."""
    return tuple((name, sha256(path.read_bytes()).digest()) for name, path in sorted(_servable().items()))


@get("/static/{path:path}", include_in_schema=False, sync_to_thread=True, access="anyone", cache=3600)
def static_file(path: FromPath[Path]) -> Response[bytes]:
    """Serve one built file: only names that the build made, so no path can lead elsewhere."""
    name = path.as_posix().removeprefix("/")
    found = _servable().get(name)
    if found is None:
        raise NotFoundException("There is no such file.")
    lasting = name.startswith("assets/")
    return Response(
        found.read_bytes(),
        media_type=_MEDIA_TYPES[found.suffix],
        headers={"cache-control": "public, max-age=31536000, immutable" if lasting else "public, max-age=3600"},
    )
