"""The fingerprint reads the first 128 bits from the left, five at a time."""

from pb_service.core.rounds.fingerprint import fingerprint


def test_the_fingerprint_is_26_symbols_in_groups_of_four() -> None:
    assert fingerprint(bytes(32)) == "0000 0000 0000 0000 0000 0000 00"


def test_the_last_symbol_ends_with_two_zero_bits() -> None:
    assert fingerprint(b"\xff" * 16 + bytes(16)) == "ZZZZ ZZZZ ZZZZ ZZZZ ZZZZ ZZZZ ZW"
