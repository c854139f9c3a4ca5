"""A witness that follows one record, in a folder of the test's own."""

from pathlib import Path

import pytest

from pb_service.trustee.witness import WitnessFolder
from tests.records import VKEY


@pytest.fixture
def witness(tmp_path: Path) -> WitnessFolder:
    made = WitnessFolder.create(tmp_path / "witness", "library.example/w1")
    made.follow(VKEY)
    return made
