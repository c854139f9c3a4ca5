"""Passwords: what is refused, what is taken, and that hashing is bounded."""

import asyncio

import pytest

from pb_service.features.accounts.passwords import Passwords, TooBusy, Weakness, weakness


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("nine lives", None),
        ("correct horse battery staple", None),
        ("jätkäsaaren lautta", None),
        ("matti 12 ilmari", None),
        ("short one", "short"),
        ("x" * 1025, "long"),
        ("Password123!", "common"),
        ("P@ssw0rd2024", "common"),
        ("salasana1234", "common"),
        ("Tammikuu2026", "common"),
        ("mittlösenord", "common"),
        ("Helsinki-2026", "common"),
        ("kesä kesä 12", "common"),
        ("1234567890", "common"),
        ("0501234567", "common"),
        ("qwertyuiop", "common"),
        ("abcabcabcabc", "common"),
        ("aaaaaaaaaaaaaaaa", "common"),
        ("aino.lehto1", "own"),
        ("Aino.Lehto@example.org", "own"),
        ("passwordpassword", "common"),
        ("p4ssw0rdp4ssw0rd", "common"),
        ("password1990password", "common"),
        ("salasanaSalasana!SALASANA", "common"),
        ("salasana" * 60, "common"),
        ("passwordqwerty", "common"),
        ("lösenordlösenord", "common"),
        ("qwertyasdfgh", "common"),
        ("zxcvbnmasdfghjkl", "common"),
        ("poiuytrewq99", "common"),
        ("asdf-qwer-zxcv-1234", "common"),
        ("öäasdfghjkl", "common"),
        ("ParticipatoryBudgeting", "common"),
        ("osallistuvabudjetointi", "common"),
        ("lehtolehto", "own"),
        ("LehtoAino1987", "own"),
        ("example2026!", "own"),
        ("Pirkkoliisa77", "own"),
        ("pikkula2026pikkula", "own"),
        ("aino rows past the island", None),
        ("password is what a horse eats", None),
        ("seven green boats", None),
        ("seven green boats seven green boats", None),
        ("sinisen veneen kansi on märkä", None),
        ("asdf lighthouse pudding", None),
        ("8391xkq7742", None),
    ],
)
def test_what_everybody_tries_first_is_refused(password: str, why: Weakness | None) -> None:
    assert weakness(password, email="aino.lehto@example.org", own=["Pirkkoliisa", "budjetti.pikkula.example"]) == why


@pytest.fixture
def passwords() -> Passwords:
    return Passwords()


async def test_a_password_matches_its_own_hash_alone(passwords: Passwords) -> None:
    stored = await passwords.hash("nine lives")
    assert stored.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert await passwords.matches(stored, "nine lives")
    assert not await passwords.matches(stored, "ten lives!")
    assert not await passwords.matches("damaged", "nine lives")


async def test_nobodys_password_never_matches(passwords: Passwords) -> None:
    """Not even the one that stands in for an account that is not there."""
    assert not await passwords.matches(None, "nobody's")


async def test_the_same_password_from_another_keyboard_matches(passwords: Passwords) -> None:
    """ä as one character or as two (Unicode NFKC)."""
    assert await passwords.matches(await passwords.hash("pa\u0308iva\u0308koti 7"), "p\u00e4iv\u00e4koti 7")


async def test_beyond_a_short_queue_more_are_turned_away(passwords: Passwords) -> None:
    answers = await asyncio.gather(*(passwords.hash(f"password {n}") for n in range(40)), return_exceptions=True)
    refused = [answer for answer in answers if isinstance(answer, TooBusy)]
    assert (len(answers) - len(refused), len(refused)) == (18, 22)
    assert await passwords.hash("the next one is served again")


async def test_weaker_hashes_are_known_as_such(passwords: Passwords) -> None:
    assert passwords.is_outdated(await Passwords(memory_kib=1024).hash("nine lives"))
    assert not passwords.is_outdated(await passwords.hash("nine lives"))
