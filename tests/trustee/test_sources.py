"""Reading a record over a network that means no good."""

from pathlib import Path

import pytest

from pb_service.trustee.sources import Address, SourceError
from tests.records import shown


def test_a_server_that_trickles_is_given_up(tmp_path: Path) -> None:
    """Each byte comes in time, the whole never would."""
    with shown(tmp_path) as site:
        site.fault = lambda _: (200, {}, [(0.1, b"x")] * 600)
        with pytest.raises(SourceError, match=r"slow|timed out"):
            Address(site.url, patience_seconds=2).read("checkpoint")


def test_a_server_that_says_nothing_is_given_up(tmp_path: Path) -> None:
    with shown(tmp_path) as site:
        site.fault = lambda _: (200, {}, [(5.0, b"x")])
        with pytest.raises(SourceError, match="cannot be reached"):
            Address(site.url, patience_seconds=0.3).read("checkpoint")


def test_half_an_answer_is_none(tmp_path: Path) -> None:
    with shown(tmp_path) as site:
        site.fault = lambda _: (200, {"content-length": "10"}, [(0.0, b"half")])
        with pytest.raises(SourceError, match="early"):
            Address(site.url).read("checkpoint")


def test_a_redirection_is_not_followed(tmp_path: Path) -> None:
    """Neither for reading nor for what is handed in."""
    with shown(tmp_path) as elsewhere, shown(tmp_path) as site:
        site.fault = lambda path: (307, {"location": elsewhere.url + path}, [])
        for act in (lambda: Address(site.url).read("checkpoint"), lambda: Address(site.url).hand_in("entry", b"x")):
            with pytest.raises(SourceError, match="307"):
                act()
    assert elsewhere.asked == []
