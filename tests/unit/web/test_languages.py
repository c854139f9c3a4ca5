"""Which language a reader gets."""

import pytest
from litestar.exceptions import NotFoundException

from pb_service.web.languages import language_of, preferred
from pb_service.web.render import path_without_language


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("sv-FI,fi;q=0.8", "sv"),
        ("de;q=0.9, fi;q=0.3, en;q=0.5", "en"),
        ("nb-NO", "sv"),
        ("de", "en"),
        ("", "fi"),
        ("fi;q=0, sv;q=0.1", "sv"),
        ("fi;q=much", "en"),
    ],
)
def test_the_best_of_our_languages_is_chosen(header: str, language: str) -> None:
    assert preferred(header) == language


def test_an_unknown_language_in_the_path_is_no_page() -> None:
    with pytest.raises(NotFoundException):
        language_of("de")


@pytest.mark.parametrize(
    ("path", "rest"), [("/fi/rounds/demo", "/rounds/demo"), ("/fi", ""), ("/fi/", ""), ("/figs", ""), ("/", "")]
)
def test_the_language_switch_keeps_the_page(path: str, rest: str) -> None:
    assert path_without_language(path) == rest
