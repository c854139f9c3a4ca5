"""The API keeps to its own description, and nothing that fits or breaks it makes the service fail."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from hypothesis.strategies import booleans
from litestar import Litestar
from schemathesis import Case
from schemathesis.core.result import Ok
from schemathesis.generation import GenerationMode
from schemathesis.schemas import APIOperation

from pb_service.app import create_app
from pb_service.platform.server import listen
from pb_service.service import Service
from tests.browser.conftest import served
from tests.http.conftest import service as service  # noqa: PLC0414 - the same round as over HTTP

#: Requests to each operation, of either kind: enough for every edge of a parameter, little enough for every run.
EXAMPLES = 8

REAL = {"slug": "spring", "contest": "north"}


@pytest.fixture
def app(service: Service) -> Litestar:
    return create_app(service)


@pytest.fixture
async def site(service: Service) -> AsyncIterator[str]:
    """The running service: schemathesis speaks to it from a thread, as a client would."""
    sockets, port = listen(["127.0.0.1"], 18500, say=lambda _: None)
    async with served(service, sockets):
        yield f"http://127.0.0.1:{port}"


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
async def test_no_request_makes_the_service_fail(app: Litestar, site: str, mode: GenerationMode) -> None:
    """Requests that keep to the description (positive) and such that break it (negative): never a 5xx."""
    schema = schemathesis.openapi.from_dict(app.openapi_schema.to_schema())
    operations = [found.ok() for found in schema.get_all_operations() if isinstance(found, Ok)]
    assert operations
    for operation in operations:
        await asyncio.to_thread(_try_out, operation, site, mode)


def _try_out(operation: APIOperation[Any, Any, Any, Any], site: str, mode: GenerationMode) -> None:
    @given(case=operation.as_strategy(generation_mode=mode), real=booleans())
    @settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck), database=None)
    def sent(case: Case[Any], real: bool) -> None:
        if real:  # a round and a district that exist, or all would end at "not found"
            case.path_parameters.update({key: REAL[key] for key in case.path_parameters if key in REAL})
        answer = case.call(base_url=site, timeout=60)
        assert answer.status_code < 500, (
            f"{case.method} {case.formatted_path}: {answer.status_code} {answer.text[:500]}"
        )

    with suppress(Unsatisfiable):  # an operation without parameters has nothing to break
        sent()
