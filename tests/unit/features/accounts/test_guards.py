"""Where to go on after signing in: never away from here."""

import pytest

from pb_service.features.accounts.guards import safe_next
from pb_service.features.accounts.sessions import shortened


@pytest.mark.parametrize(
    "wanted",
    [
        "https://evil.example/",
        "//evil.example/",
        "///evil.example/",
        "/\\evil.example",
        "\\\\evil.example",
        "javascript:alert(1)",
        "/fi/me\r\nSet-Cookie: a=b",
        "/fi/me\x00",
        "\t//evil.example",
        " /fi/me",
        "/../..//evil.example",
        "/./..",
        "http:evil.example",
        "evil.example",
        "/" + "a" * 600,
        "",
        None,
    ],
)
def test_other_addresses_are_not_followed(wanted: str | None) -> None:
    assert safe_next(wanted, default="/fi/me") == "/fi/me"


@pytest.mark.parametrize("wanted", ["/fi/me", "/sv/staff/rounds?page=2", "/en/rounds/demo/record?before=5"])
def test_paths_of_ours_are(wanted: str) -> None:
    assert safe_next(wanted, default="/fi/me") == wanted


def test_letters_beyond_ascii_cannot_break_the_header() -> None:
    assert safe_next("/fi/rounds/kevät", default="/") == "/fi/rounds/kev%C3%A4t"


@pytest.mark.parametrize(
    ("address", "kept"),
    [
        ("192.0.2.77", "192.0.2.0/24"),
        ("2001:db8:1:2::3", "2001:db8:1::/48"),
        ("::ffff:192.0.2.77", "192.0.2.0/24"),
        ("unix", None),
    ],
)
def test_of_an_address_only_the_network_is_kept(address: str, kept: str | None) -> None:
    assert shortened(address) == kept
