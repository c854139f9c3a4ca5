"""When two addresses are one, and which look like another."""

import pytest

from pb_service.features.accounts.emails import EmailRefused, email_key, plain_email


@pytest.mark.parametrize(
    ("typed", "key"),
    [
        (" Aino@Example.ORG ", "aino@example.org"),
        ("\uff41ino@\uff45xample.org", "aino@example.org"),
        ("aino@p\u00e4iv\u00e4koti.fi", "aino@xn--pivkoti-5wac.fi"),
        ("aino@XN--PIVKOTI-5WAC.fi", "aino@xn--pivkoti-5wac.fi"),
        ("aino@pa\u0308iva\u0308koti.fi", "aino@xn--pivkoti-5wac.fi"),
        ("aino+vote@example.org", "aino+vote@example.org"),
    ],
)
def test_spellings_of_one_address_have_one_key(typed: str, key: str) -> None:
    assert email_key(typed) == key


@pytest.mark.parametrize(
    "typed",
    [
        "aino@ex\u0430mple.org",  # a Cyrillic a
        "a\u0456no@example.org",  # a Cyrillic i before the @
        "aino\u200b@example.org",  # a space of no width
        "aino@example.org\r\nBcc: all@example.org",
        "aino@example.org, eino@example.org",
        "Aino <aino@example.org>",
        '"a b"@example.org',
        "aino@example",
        "aino@@example.org",
        "aino@-example-.org",
        "@example.org",
        "aino",
        "a" * 65 + "@example.org",
        "a@" + "b" * 250 + ".org",
    ],
)
def test_what_is_no_address_or_imitates_one_is_refused(typed: str) -> None:
    with pytest.raises(EmailRefused):
        email_key(typed)


def test_the_part_before_the_at_is_shown_as_it_was_typed() -> None:
    assert plain_email("Aino.Lehto@Example.org") == "Aino.Lehto@example.org"
