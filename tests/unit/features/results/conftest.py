"""Counted contests and a reader for the tests of the result pages."""

from collections.abc import Callable

import pytest

from pb_service.features.results.documents import ContestDocuments
from pb_service.web.formats import Reader
from pb_service.web.locales import translations
from tests.contests import documents, greedy, ursus_2023

Made = Callable[..., ContestDocuments]


@pytest.fixture(scope="session")
def make_greedy() -> Made:
    return greedy


@pytest.fixture(scope="session")
def make_documents() -> Made:
    return documents


@pytest.fixture(scope="session")
def ursus() -> ContestDocuments:
    return ursus_2023()


@pytest.fixture(scope="session")
def english() -> Reader:
    return Reader("en", translations("en"), currency="PLN", unit=100)
