"""Answers that programs take away: with a tag, so that who has them already is told so without them, and cacheable.

web/conditional.py compares the tag. A minute in a shared cache is safe, since results change only by amendment, and
carries a rush.
"""

from collections.abc import Mapping
from datetime import datetime
from email.utils import format_datetime
from typing import Any

import msgspec
from litestar import MediaType, Response
from litestar.datastructures import ETag
from litestar.response import File

from pb_service.features.opendata.schema_files import schema_name
from pb_service.features.opendata.shelf import Kept
from pb_service.web.conditional import tag_of

CACHE = {"cache-control": "public, max-age=60"}
JSON = "application/json"
CSV = "text/csv; charset=utf-8"


def told(found: Any, *, schema: str | None = None) -> Response[Any]:
    """Answer with JSON, and with the address of the schema that it keeps to, if it has one."""
    return tagged(msgspec.json.encode(found), MediaType.JSON, described_by(schema) if schema else None)


def described_by(schema: str) -> dict[str, str]:
    """Return the header that names the schema of an answer (RFC 8288, relation describedby)."""
    return {"link": f'</data/schemas/{schema_name(schema)}>; rel="describedby"; type="application/schema+json"'}


def download(
    body: bytes, name: str, media_type: str, *, modified: datetime | None = None, schema: str | None = None
) -> Response[bytes]:
    """Answer with bytes to be kept under a name."""
    headers = {"content-disposition": f'attachment; filename="{name}"'} | (described_by(schema) if schema else {})
    return tagged(body, media_type, headers, modified=modified)


def tagged(
    body: bytes, media_type: str, headers: Mapping[str, str] | None = None, *, modified: datetime | None = None
) -> Response[bytes]:
    """Answer with a body, the start of its SHA-256 as tag, and when what it says was so."""
    since = {"last-modified": format_datetime(modified, usegmt=True)} if modified else {}
    return Response(body, media_type=_plain(media_type), headers={**CACHE, **(headers or {}), **tag_of(body), **since})


def kept(file: Kept, name: str, media_type: str) -> File:
    """Answer with a file of the shelf."""
    tag = ETag(value=file.sha256[:32])
    return File(file.path, filename=name, media_type=_plain(media_type), etag=tag, headers=dict(CACHE))


def _plain(media_type: str) -> str:
    """Return the type as Litestar takes it: it adds the charset to text by itself."""
    return media_type.partition(";")[0] if media_type.startswith("text/") else media_type
