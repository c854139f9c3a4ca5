"""docs/verify.md names everything that the auditor's program has and says."""

import re
from pathlib import Path

import pytest

from pb_service.verifier.__main__ import USAGE, main

GUIDE = (Path(__file__).parents[2] / "docs" / "verify.md").read_text()


@pytest.mark.parametrize("option", re.findall(r"--\w+", USAGE))
def test_every_option_is_documented(option: str) -> None:
    assert f"`{option}" in GUIDE


def test_help_names_every_option(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    shown = capsys.readouterr().out
    assert all(option in shown for option in re.findall(r"--\w+", USAGE))


@pytest.mark.parametrize("check", ["V1", "V2", "V3", "V4 to V13", "V14", "V15", "V16", "V17", "V18"])
def test_every_check_is_explained(check: str) -> None:
    assert re.search(rf"\b{check}\b", GUIDE)
